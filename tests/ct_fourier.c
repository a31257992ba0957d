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
    int sharp;
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
    if (!status) status = vxg_array_fill(NULL, &x, 7); /* all of it is written */
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
                                   .sharp = s->sharp,
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
    const int64_t most = s->sharp ? n / 2 : 2 * n;
    double *re = calloc((size_t)(2 * most + 2), sizeof *re), *im = re + most + 1;
    for (int64_t k = 0; k <= most; k++) {
        for (int64_t q = 0; q < s->cols; q++) {
            const double a = 2 * M_PI * (double)(k * q % n) / (double)n;
            re[k] += row[q] * cos(a), im[k] -= row[q] * sin(a);
        }
        const double f = M_PI * (double)k / (double)n, c = f > 0 && !s->sharp ? sin(f) / f : 1;
        const double h = c * c * weight * response[k % n <= n / 2 ? k % n : n - k % n] / (double)n *
                         (k == 0 || (s->sharp && 2 * k == n) ? 1 : 2);
        re[k] *= h, im[k] *= h;
    }
    for (int64_t j = 0; j < s->n[1]; j++)
        for (int64_t i = 0; i < s->n[2]; i++) {
            const double x = ((double)i - 0.5 * (double)(s->n[2] - 1)) * s->voxel[0];
            const double y = ((double)j - 0.5 * (double)(s->n[1] - 1)) * s->voxel[1];
            const double q = s->center + (x * cos(t) + y * sin(t)) / s->pixel;
            const double a = 2 * M_PI * q / (double)n, c = cos(a), d = sin(a);
            double wr = 1, wi = 0, sum = 0;
            for (int64_t k = 0; k <= most; k++) {
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
        {.nviews = 31, .rows = 2, .cols = 37, .n = {4, 23, 9}, .pixel = 0.7, .voxel = {0.5, 0.69}},
        {.nviews = 7, .rows = 5, .cols = 20, .n = {3, 1, 33}, .pixel = 2, .voxel = {1.9, 2}},
        {.nviews = 40, .rows = 1, .cols = 61, .n = {1, 48, 47}, .pixel = 1, .voxel = {1.6, 1.3}}};
    *s = scans[which];
    s->sharp = which == 1;
    if (which == 3) s->window = VXG_CT_WINDOW_HANN, s->cutoff = 0.6;
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
    static const double accuracy[] = {2e-2, 4e-3, 5e-4, 9e-5, 2e-5};
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
            EXPECT(off <= accuracy[i] + (real == VXG_REAL_F32 ? 1e-6 : 0),
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

/* A wave: one frequency of one view, which is what accuracy is said of; the constant one among
 * them. */
TEST(waves)
{
    static const double accuracy[] = {2e-2, 4e-3, 5e-4, 9e-5, 2e-5};
    double angles[MOST_VIEWS], *in, *sum, *out;
    scan s;
    random_scan(0, &s, angles, &in, &sum, &out);
    s.nviews = 12, s.rows = s.n[0] = 1;
    const int64_t voxels = s.n[1] * s.n[2];
    for (int k = 0; k < 12; k++) angles[k] = M_PI * k / 12 + 0.003;
    for (int only = 0; only < 2; only++) { /* the constant of all views; all of one view */
        for (int64_t i = 0; i < s.nviews * s.cols; i++)
            in[i] = only ? (i / s.cols == 5) * sin(2.1 * (double)i) : 1;
        s.cutoff = only ? 0 : 1e-9, s.sharp = !only;
        CHECK_OK(reference(&s, in, sum));
        const double most = largest(sum, voxels);
        for (int i = 0; i < 5; i++)
            for (int real = 0; real < 2; real++) {
                CHECK_OK(fourier(&s, accuracy[i], (vxg_real)real, 0, in, out));
                const double off = apart(sum, out, voxels) / most;
                if (getenv("VERBOSE")) printf("%d %g %d: %g\n", only, accuracy[i], real, off);
                EXPECT(off <= accuracy[i] + (real == VXG_REAL_F32 ? 2e-5 : 0),
                       "%s at %g: off by %.3g", only ? "one view" : "the constant", accuracy[i],
                       off);
            }
    }
    free(in), free(sum);
}

/* Many columns and narrow volumes: places in two parts of which the high one may be nothing. The
 * schedule, the plain kernels and float64 agree, and the plain pair is one. */
TEST(far_places)
{
    static const struct {
        int64_t cols, ny, nx;
        double dx, dy;
    } all[] = {{4096, 40, 512, 1, 1},
               {2500, 700, 5, 1, 1},
               {640, 1000, 4, 1, 30},
               {640, 4, 1000, 30, 1},
               {512, 24, 24, 20, 20}};
    for (int which = 0; which < 5; which++) {
        double angles[5];
        for (int i = 0; i < 5; i++) angles[i] = M_PI * i / 5 + (i == 2 ? 0 : 0.0017 * i);
        const scan s = {.nviews = 5,
                        .rows = 1,
                        .cols = all[which].cols,
                        .n = {1, all[which].ny, all[which].nx},
                        .pixel = 1,
                        .center = 0.5 * (double)all[which].cols - 0.3,
                        .voxel = {all[which].dx, all[which].dy},
                        .angles = angles};
        const int64_t rays = 5 * s.cols, voxels = s.n[1] * s.n[2];
        double *in = malloc((size_t)(rays + 3 * voxels) * sizeof *in), *out[3];
        for (int i = 0; i < 3; i++) out[i] = in + rays + i * voxels;
        uint64_t state = 5;
        for (int64_t i = 0; i < rays; i++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            in[i] = (double)(state >> 33) / 2147483648.0 - 0.3;
        }
        CHECK_OK(fourier(&s, 1e-4, VXG_REAL_F64, 1, in, out[0]));
        CHECK_OK(fourier(&s, 1e-4, VXG_REAL_F32, 1, in, out[1]));
        CHECK_OK(fourier(&s, 1e-4, VXG_REAL_F32, 0, in, out[2]));
        const double most = largest(out[0], voxels);
        for (int i = 1; i < 3; i++)
            EXPECT(apart(out[0], out[i], voxels) <= 2e-5 * most,
                   "%d columns, %d x %d: %s is off float64 by %.3g", (int)s.cols, (int)s.n[1],
                   (int)s.n[2], i == 1 ? "plain float32" : "the schedule",
                   apart(out[0], out[i], voxels) / most);
        free(in);
        for (int real = 0; real < 2; real++) {
            const vxg_ct_fourier_opts o = {.real = (vxg_real)real};
            vxg_ct_geometry *geo = NULL;
            vxg_ct_volume vol;
            vxg_op *op = NULL;
            vxg_check_result r = {0};
            CHECK_OK(open_scan(&s, &geo, &vol));
            CHECK_OK(vxg_ct_fourier(dev, geo, &vol, &o, &op));
            CHECK_OK(vxg_check_adjoint(op, NULL, &r));
            EXPECT(r.passed, "%d columns: adjoint %.3g > %.3g", (int)s.cols, r.residual,
                   r.tolerance);
            vxg_op_release(op), vxg_ct_geometry_release(geo);
        }
    }
}

/* ---- Against filtered backprojection ---- */
typedef struct difference {
    double rms, worst;
} difference;

static int fbp(const scan *s, const double *in, double *out) {
    const vxg_ct_fbp_opts o = {.window = s->window, .cutoff = s->cutoff};
    vxg_ct_geometry *geo = NULL;
    vxg_ct_volume vol;
    vxg_op *op = NULL;
    int status = open_scan(s, &geo, &vol);
    if (!status) status = vxg_ct_fbp(dev, geo, &vol, &o, &op);
    if (!status) status = run(op, in, out);
    vxg_ct_geometry_release(geo);
    return status;
}

/* Within 0.98 of the circle that all views see: a - b, over the largest value of b. */
static difference within(const scan *s, const double *a, const double *b) {
    const int64_t n = s->n[2];
    difference d = {0};
    double most = 0;
    int64_t count = 0;
    for (int64_t k = 0; k < n * n; k++) {
        const double x = (double)(k % n) - 0.5 * (double)(n - 1),
                     y = (double)(k / n) - 0.5 * (double)(n - 1);
        if (hypot(x, y) > 0.49 * (double)s->cols) continue;
        const double e = a[k] - b[k];
        most = fmax(most, fabs(b[k])), d.rms += e * e, count++;
        d.worst = fmax(d.worst, fabs(e));
    }
    d.rms = sqrt(d.rms / (double)count) / most, d.worst /= most;
    return d;
}

static void even(double *angles, int64_t n, double span) {
    for (int64_t i = 0; i < n; i++) angles[i] = span * (double)i / (double)n;
}
static scan square(int64_t n, int64_t nviews, const double *angles) {
    return (scan){.nviews = nviews,
                  .rows = 1,
                  .cols = n,
                  .n = {1, n, n},
                  .pixel = 1,
                  .center = 0.5 * (double)(n - 1),
                  .voxel = {1, 1},
                  .angles = angles};
}
static double *head(const scan *s) {
    double *y = malloc((size_t)(s->nviews * s->cols) * sizeof *y);
    for (int64_t v = 0; v < s->nviews; v++)
        for (int64_t u = 0; u < s->cols; u++)
            y[v * s->cols + u] = 0.5 * (double)s->cols *
                                 exact_ellipses(exact_shepp, EXACT_SHEPP, s->angles[v],
                                                2 * ((double)u - s->center) / (double)s->cols);
    return y;
}

#define SIDE 256
/* The head of Shepp and Logan: what the grid adds is far below what linear interpolation loses. */
TEST(interpolation)
{
    static const double accuracy[] = {0, 2e-5}, limit[] = {1e-3, 1e-5};
    static double angles[360], out[SIDE * SIDE], exact[SIDE * SIDE], linear[SIDE * SIDE];
    scan s = square(SIDE / 2, 180, angles);
    s.window = VXG_CT_WINDOW_SHEPP;
    even(angles, 180, M_PI);
    double *y = head(&s);
    CHECK_OK(reference(&s, y, exact));
    CHECK_OK(fbp(&s, y, linear));
    const difference lost = within(&s, linear, exact);
    for (int i = 0; i < 2; i++) {
        CHECK_OK(fourier(&s, accuracy[i], VXG_REAL_F32, 0, y, out));
        const difference d = within(&s, out, exact);
        EXPECT(d.rms <= limit[i], "accuracy %g: %.3g rms", accuracy[i], d.rms);
        EXPECT(d.rms < 0.2 * lost.rms, "accuracy %g: %.3g rms; fbp %.3g", accuracy[i], d.rms,
               lost.rms);
    }
    free(y);
}

/* Where rows hold no high frequencies, linear interpolation loses nothing either. */
TEST(smooth_rows)
{
    static double angles[180], out[SIDE * SIDE], linear[SIDE * SIDE];
    scan s = square(SIDE, 180, angles);
    s.window = VXG_CT_WINDOW_HANN, s.cutoff = 0.25;
    even(angles, 180, M_PI);
    double *y = head(&s);
    CHECK_OK(fbp(&s, y, linear));
    CHECK_OK(fourier(&s, 0, VXG_REAL_F32, 0, y, out));
    const difference d = within(&s, out, linear);
    EXPECT(d.rms <= 1e-3, "%.3g rms", d.rms);
    free(y);
}

/* Discs as filtered backprojection is tested by, in the scans that it takes: the mean and the worst
 * pixel 4 pixels and more from the edge. */
static void disc_check(const char *what, scan s, const exact_ellipse *disc, double tolerance) {
    static double out[SIDE * SIDE];
    double *y = malloc((size_t)(s.nviews * s.cols) * sizeof *y), sum = 0, worst = 0, count = 0;
    for (int64_t v = 0; v < s.nviews; v++)
        for (int64_t u = 0; u < s.cols; u++)
            y[v * s.cols + u] =
                exact_ellipses(disc, 1, s.angles[v], ((double)u - s.center) * s.pixel);
    CHECK_OK(fourier(&s, 0, VXG_REAL_F32, 0, y, out));
    const int64_t n = s.n[2];
    for (int64_t k = 0; k < n * n; k++) {
        const double px = ((double)(k % n) - 0.5 * (double)(n - 1)) * s.voxel[0] - disc->x;
        const double py = ((double)(k / n) - 0.5 * (double)(n - 1)) * s.voxel[1] - disc->y;
        if (hypot(px, py) > disc->a - 4 * s.pixel) continue;
        sum += out[k], count++, worst = fmax(worst, fabs(out[k] - 1));
    }
    EXPECT(fabs(sum / count - 1) <= 0.001, "%s: mean %.5f", what, sum / count);
    EXPECT(worst <= tolerance, "%s: a pixel is off by %.5f", what, worst);
    free(y);
}
TEST(discs)
{
    static const exact_ellipse disc = {.x = 13, .y = -21, .a = 70, .b = 70, .value = 1};
    static double angles[361];
    scan s = square(SIDE, 360, angles);
    even(angles, 360, M_PI);
    disc_check("180 degrees", s, &disc, 0.006);
    even(angles, 360, 2 * M_PI);
    disc_check("360 degrees", s, &disc, 0.006);
    even(angles, 360, M_PI);
    s.center = 131.83;
    disc_check("the axis 4.33 columns off the middle", s, &disc, 0.006);
    s.center = 127.5;
    for (int i = 0; i < 360; i++) angles[i] = M_PI * ((i * 197) % 360) / 360 - 1;
    disc_check("views in another order", s, &disc, 0.006);
    for (int i = 0; i < 360; i++)
        angles[i] = M_PI * i / 360 + 0.45 * M_PI / 360 * sin(i * 2 * M_PI / 360 * 40);
    disc_check("uneven angles", s, &disc, 0.012);
    /* half-acquisition: the axis at the detector's side */
    static double turn[720];
    even(turn, 720, 2 * M_PI);
    s = square(SIDE, 720, turn);
    s.cols = 150, s.center = 25;
    disc_check("half-acquisition", s, &disc, 0.012);
}

/* ---- Bits, and what is refused ---- */
/* Slices are those of one row alone, whatever stands beside them and however many threads there
 * are; those that no row sees are empty. */
TEST(slices)
{
    static double angles[24];
    double *in, *sum, *out;
    scan s;
    random_scan(0, &s, angles, &in, &sum, &out);
    s.rows = 37, s.n[0] = 41; /* two empty slices on either side */
    const int64_t rays = s.nviews * s.rows * s.cols, each = s.n[1] * s.n[2];
    free(in), free(sum);
    in = malloc((size_t)rays * sizeof *in);
    double *whole = malloc((size_t)(s.n[0] * each) * sizeof *whole);
    double *alone = malloc((size_t)(s.nviews * s.cols + each) * sizeof *alone);
    for (int64_t i = 0; i < rays; i++) in[i] = sin(0.37 * (double)(i * i % 1009));
    for (int threads = 1; threads <= 3; threads += 2) {
        vxg_set_threads(threads);
        CHECK_OK(fourier(&s, 0, VXG_REAL_F32, 0, in, whole));
        for (int64_t z = 0; z < s.n[0]; z++) {
            scan one = s;
            one.rows = one.n[0] = 1;
            double *const slice = alone + s.nviews * s.cols;
            const int seen = z >= 2 && z < 39;
            for (int64_t v = 0; v < s.nviews && seen; v++)
                memcpy(alone + v * s.cols, in + (v * s.rows + z - 2) * s.cols,
                       (size_t)s.cols * sizeof *in);
            if (seen) CHECK_OK(fourier(&one, 0, VXG_REAL_F32, 0, alone, slice));
            if (!seen) memset(slice, 0, (size_t)each * sizeof *slice);
            EXPECT(!memcmp(slice, whole + z * each, (size_t)each * sizeof *slice),
                   "slice %d is another one by itself, %d threads", (int)z, threads);
        }
    }
    vxg_set_threads(0);
    free(in), free(whole), free(alone);
}

static void refused(const scan *s, const vxg_ct_fourier_opts *o, int status, const char *words) {
    vxg_ct_geometry *geo = NULL;
    vxg_ct_volume vol;
    vxg_op *op = NULL;
    CHECK_OK(open_scan(s, &geo, &vol));
    const int is = vxg_ct_fourier(dev, geo, &vol, o, &op);
    EXPECT(is == status && !op && strstr(vxg_error_message(), words), "%s: %d, %s", words, is,
           vxg_error_message());
    vxg_op_release(op);
    vxg_ct_geometry_release(geo);
}
TEST(refusals)
{
    static double angles[16];
    even(angles, 16, M_PI);
    const scan good = square(32, 16, angles);
    scan s = good;
    vxg_ct_fourier_opts o = {.accuracy = 1e-5};
    refused(&s, &o, VXG_ERR_ARGUMENT, "accuracy");
    o.accuracy = NAN;
    refused(&s, &o, VXG_ERR_ARGUMENT, "accuracy");
    o = (vxg_ct_fourier_opts){.real = (vxg_real)7};
    refused(&s, &o, VXG_ERR_ARGUMENT, "fourier");
    o = (vxg_ct_fourier_opts){.cutoff = 2};
    refused(&s, &o, VXG_ERR_ARGUMENT, "cutoff");
    o = (vxg_ct_fourier_opts){0};
    s.voxel[0] = 40;
    refused(&s, &o, VXG_ERR_UNSUPPORTED, "voxels of 40 columns");
    vxg_ct_geometry *geo = NULL;
    vxg_ct_volume vol;
    vxg_op *op = NULL;
    CHECK_OK(open_scan(&s, &geo, &vol));
    vol.dx = 1, vol.center[2] = 0.25; /* between two rows */
    EXPECT(vxg_ct_fourier(dev, geo, &vol, NULL, &op) == VXG_ERR_UNSUPPORTED &&
               strstr(vxg_error_message(), "detector row"),
           "slices between rows: %s", vxg_error_message());
    vxg_ct_geometry_release(geo);
    const vxg_ct_cone_opts cone = {
        .nviews = 8, .rows = 4, .cols = 8, .sod = 60, .sdd = 120, .pixel = 2};
    CHECK_OK(vxg_ct_cone_circular(&cone, &geo));
    vxg_ct_fit_volume(geo, &vol);
    EXPECT(vxg_ct_fourier(dev, geo, &vol, NULL, &op) == VXG_ERR_ARGUMENT, "a cone is taken");
    vxg_ct_geometry_release(geo);
}

/* The table of docs/fourier.md. */
static int print_table(void) {
    static const double accuracy[] = {2e-2, 4e-3, 5e-4, 9e-5, 2e-5};
    static double angles[360], out[SIDE * SIDE], exact[SIDE * SIDE], linear[SIDE * SIDE];
    scan s = square(SIDE, 360, angles);
    even(angles, 360, M_PI);
    double *y = head(&s);
    int status = reference(&s, y, exact);
    if (!status) status = fbp(&s, y, linear);
    const difference d = within(&s, linear, exact);
    printf("| accuracy | rms | worst |\n| --- | --- | --- |\n");
    for (int i = 0; i < 5 && !status; i++) {
        status = fourier(&s, accuracy[i], VXG_REAL_F32, 0, y, out);
        const difference e = within(&s, out, exact);
        printf("| %g | %.1e | %.1e |\n", accuracy[i], e.rms, e.worst);
    }
    printf("| linear interpolation (`fbp`) | %.1e | %.1e |\n", d.rms, d.worst);
    free(y);
    return status;
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(sums),       T(sums_schedule), T(sums_double), T(waves),
                                      T(far_places), T(interpolation), T(smooth_rows), T(discs),
                                      T(slices),     T(refusals)};
    if (vxg_device_open("cpu", &dev))
        return printf("FAIL ct_fourier.cpu: %s\n", vxg_error_message()), 1;
    const int failed =
        argc > 1 && !strcmp(argv[1], "--table")
            ? print_table()
            : test_run("ct_fourier", list, (int)(sizeof list / sizeof *list), argc, argv);
    vxg_device_release(dev);
    return failed;
}
