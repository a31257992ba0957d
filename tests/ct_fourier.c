/* Fourier reconstruction against the sum that it is, in double: filtered rows, interpolated by
 * their band limit, at every voxel's column. Then against filtered backprojection, whose linear
 * interpolation of rows sampled finely is the same, and against bodies in closed form.
 * With --table: the accuracies of docs/fourier.md. */
#include <voxgrad/voxgrad.h>

#include "ct_exact.h"
#include "test.h"

static vxg_device *dev;

typedef struct scan {
    int64_t nviews, rows, cols, n[3]; /* z, y, x */
    double pixel, center, voxel[2];   /* x, y */
    const double *angles;
    vxg_ct_window window;
    double cutoff;
} scan;

static int open_scan(const scan *s, vxg_ct_geometry **geo, vxg_ct_volume *vol) {
    const vxg_ct_parallel_opts o = {.angles = s->angles,
                                    .nviews = s->nviews,
                                    .rows = s->rows,
                                    .cols = s->cols,
                                    .pixel = s->pixel,
                                    .center = s->center,
                                    .has_center = 1};
    *vol = (vxg_ct_volume){.nz = s->n[0], .ny = s->n[1], .nx = s->n[2]};
    vol->dz = s->pixel, vol->dy = s->voxel[1], vol->dx = s->voxel[0];
    return vxg_ct_parallel_circular(&o, geo);
}

/* in (views, rows, cols) to out (z, y, x) by an operator, both in double. */
static int run(vxg_op *op, const double *in, double *out) {
    vxg_array x = {0}, y = {0};
    int status = vxg_op_new_array(op, 0, &y);
    if (!status) status = vxg_op_new_array(op, -1, &x);
    const int64_t from = status ? 0 : vxg_array_count(&y), to = status ? 0 : vxg_array_count(&x);
    float *f = malloc((size_t)(from + to + 1) * sizeof *f);
    if (!status && y.dtype == VXG_F64) {
        status = vxg_array_write(NULL, &y, in);
        if (!status) status = vxg_op_apply(op, NULL, &y, &x);
        if (!status) status = vxg_array_read(NULL, &x, out);
    } else if (!status) {
        for (int64_t i = 0; i < from; i++) f[i] = (float)in[i];
        status = vxg_array_write(NULL, &y, f);
        if (!status) status = vxg_op_apply(op, NULL, &y, &x);
        if (!status) status = vxg_array_read(NULL, &x, f);
        for (int64_t i = 0; i < to; i++) out[i] = f[i];
    }
    free(f);
    vxg_array_release(&x), vxg_array_release(&y);
    vxg_op_release(op);
    return status;
}

static int fourier(const scan *s, double accuracy, vxg_real real, int no_schedule, const double *in,
                   double *out) {
    const vxg_ct_fourier_opts o = {.window = s->window,
                                   .cutoff = s->cutoff,
                                   .accuracy = accuracy,
                                   .real = real,
                                   .no_schedule = no_schedule};
    vxg_ct_geometry *geo = NULL;
    vxg_ct_volume vol;
    vxg_op *op = NULL;
    int status = open_scan(s, &geo, &vol);
    if (!status) status = vxg_ct_fourier(dev, geo, &vol, &o, &op);
    if (!status) status = run(op, in, out);
    vxg_ct_geometry_release(geo);
    return status;
}

/* ---- The sum ---- */
/* Row r's part of a slice, added. */
static void add_row(const scan *s, const double *row, const double *response, int64_t n, double t,
                    double weight, double *out) {
    double *re = calloc((size_t)n + 2, sizeof *re), *im = re + n / 2 + 1;
    for (int64_t k = 0; k <= n / 2; k++) {
        for (int64_t q = 0; q < s->cols; q++) {
            const double a = 2 * M_PI * (double)(k * q % n) / (double)n;
            re[k] += row[q] * cos(a), im[k] -= row[q] * sin(a);
        }
        const double h = weight * response[k] / (double)n * (k == 0 || 2 * k == n ? 1 : 2);
        re[k] *= h, im[k] *= h;
    }
    for (int64_t j = 0; j < s->n[1]; j++)
        for (int64_t i = 0; i < s->n[2]; i++) {
            const double x = ((double)i - 0.5 * (double)(s->n[2] - 1)) * s->voxel[0];
            const double y = ((double)j - 0.5 * (double)(s->n[1] - 1)) * s->voxel[1];
            const double q = s->center + (x * cos(t) + y * sin(t)) / s->pixel;
            const double a = 2 * M_PI * q / (double)n, c = cos(a), d = sin(a);
            double wr = 1, wi = 0, sum = 0;
            for (int64_t k = 0; k <= n / 2; k++) {
                sum += re[k] * wr - im[k] * wi;
                const double r = wr * c - wi * d;
                wi = wr * d + wi * c, wr = r;
            }
            out[j * s->n[2] + i] += sum;
        }
    free(re);
}

static int reference(const scan *s, const double *in, double *out) {
    const int64_t n = vxg_fft_size(2 * s->cols), voxels = s->n[1] * s->n[2];
    double *response = malloc((size_t)(n / 2 + 1 + s->nviews) * sizeof *response);
    double *weights = response + n / 2 + 1;
    int status = vxg_ct_filter_response(s->window, s->cutoff, n, s->pixel, response);
    if (!status) status = vxg_ct_angle_weights(s->nviews, s->angles, weights);
    memset(out, 0, (size_t)(s->n[0] * voxels) * sizeof *out);
    for (int64_t z = 0; z < s->n[0] && !status; z++) {
        const int64_t row = z + (s->rows - s->n[0]) / 2; /* both are centred */
        for (int64_t v = 0; v < s->nviews && row >= 0 && row < s->rows; v++)
            add_row(s, in + (v * s->rows + row) * s->cols, response, n, s->angles[v], weights[v],
                    out + z * voxels);
    }
    free(response);
    return status;
}

static double largest(const double *a, int64_t n) {
    double most = 0;
    for (int64_t i = 0; i < n; i++) most = fmax(most, fabs(a[i]));
    return most;
}
static double apart(const double *a, const double *b, int64_t n) {
    double most = 0;
    for (int64_t i = 0; i < n; i++) most = fmax(most, fabs(a[i] - b[i]));
    return most;
}

#define MOST_VIEWS 64
/* Angles in no order, of no spacing, over a full turn; anything at all as values. */
static void random_scan(int which, scan *s, double *angles, double **in, double **sum,
                        double **out) {
    static const scan scans[] = {
        {.nviews = 24, .rows = 3, .cols = 48, .n = {3, 40, 52}, .pixel = 1, .voxel = {1, 1}},
        {.nviews = 31, .rows = 2, .cols = 37, .n = {5, 23, 9}, .pixel = 0.7, .voxel = {0.5, 0.69}},
        {.nviews = 7, .rows = 5, .cols = 20, .n = {2, 1, 33}, .pixel = 2, .voxel = {1.9, 2}},
        {.nviews = 40, .rows = 1, .cols = 61, .n = {1, 48, 47}, .pixel = 1, .voxel = {1.6, 1.3}}};
    *s = scans[which];
    if (which == 3) s->window = VXG_CT_WINDOW_HANN, s->cutoff = 0.6; /* voxels over pixels */
    s->center = 0.5 * (double)(s->cols - 1) + (which - 1.3) * 0.77;
    s->angles = angles;
    for (int64_t i = 0; i < s->nviews; i++)
        angles[i] = fmod(2.4 * (double)(i * i) + 0.3, 2 * M_PI) - 1;
    const int64_t rays = s->nviews * s->rows * s->cols, voxels = s->n[0] * s->n[1] * s->n[2];
    *in = malloc((size_t)rays * sizeof **in);
    *sum = malloc((size_t)(2 * voxels) * sizeof **sum), *out = *sum + voxels;
    uint64_t state = 77 + (uint64_t)which;
    for (int64_t i = 0; i < rays; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        (*in)[i] = (double)(state >> 33) / 2147483648.0 - 0.3;
    }
}

static void sums_check(vxg_real real, int no_schedule) {
    static const double accuracy[] = {1e-2, 1e-3, 1e-4, 1e-5, 1e-6};
    for (int which = 0; which < 4; which++) {
        double angles[MOST_VIEWS], *in, *sum, *out;
        scan s;
        random_scan(which, &s, angles, &in, &sum, &out);
        const int64_t voxels = s.n[0] * s.n[1] * s.n[2];
        CHECK_OK(reference(&s, in, sum));
        const double most = largest(sum, voxels);
        for (int i = 0; i < 5; i++) {
            CHECK_OK(fourier(&s, accuracy[i], real, no_schedule, in, out));
            const double off = apart(sum, out, voxels) / most;
            if (getenv("VERBOSE")) printf("%d %g: %g\n", which, accuracy[i], off);
            EXPECT(off <= fmax(accuracy[i], real == VXG_REAL_F32 ? 3e-6 : 0),
                   "scan %d at %g: off by %.3g of the largest", which, accuracy[i], off);
        }
        free(in), free(sum);
    }
}
TEST(sums)
{ sums_check(VXG_REAL_F32, 1); }
TEST(sums_schedule)
{ sums_check(VXG_REAL_F32, 0); }
TEST(sums_double)
{ sums_check(VXG_REAL_F64, 1); }

int main(int argc, char **argv) {
    static const test_entry list[] = {T(sums), T(sums_schedule), T(sums_double)};
    if (vxg_device_open("cpu", &dev))
        return printf("FAIL ct_fourier.cpu: %s\n", vxg_error_message()), 1;
    const int failed = test_run("ct_fourier", list, (int)(sizeof list / sizeof *list), argc, argv);
    vxg_device_release(dev);
    return failed;
}
