/* Rays' positions are good to the last places whatever the size: float32 operators of parallel
 * beams against float64 ones at 2048 to 16384 columns, plain loops and schedules, and pairs that
 * stay exact there. Volumes are thin, so that a test takes no time: what counts is how far from the
 * middle things are. */
#include <voxgrad/voxgrad.h>

#include "test.h"

#define MOST 1e-5 /* of the maximum */
#define DEG 0.017453292519943295

typedef struct scan {
    const char *name;
    int64_t nv, nu, nz, ny, nx;
    double x, y;      /* the volume's middle */
    double angles[5]; /* degrees */
    int nviews;
    double center, pitch;
} scan;

/* A wide strip seen along its short side, the same from its end, boxes far off the axis. */
static scan scan_of(int which, int64_t n) {
    const scan wide = {"wide", 1, n, 1, 5, n, 0, 0, {0.3, 11.7, -23.1}, 3, 0.5 * (double)n - 0.3,
                       1};
    const scan deep = {"deep", 1, 90, 1, 6, n, 0, 0, {89.99, 90, 90.01}, 3, 44.2, 1};
    const scan far = {"far",
                      1,
                      n,
                      1,
                      40,
                      48,
                      0.31 * (double)n,
                      -0.17 * (double)n,
                      {3.2, 44.8, 45.3, 100.3, 151.1},
                      5,
                      0.5 * (double)n + 11.7,
                      1};
    const scan rows = {"rows",           7,   n / 2, 9, 5, n / 2, 0, 3, {11.1, 24.5}, 2,
                       0.25 * (double)n, 1.07};
    const scan all[] = {wide, deep, far, rows};
    return all[which];
}

static vxg_device *dev;

static int geometry_of(const scan *s, vxg_ct_geometry **out) {
    double angles[5];
    vxg_ct_geometry *g;
    for (int i = 0; i < s->nviews; i++) angles[i] = s->angles[i] * DEG;
    vxg_ct_parallel_opts o = {.angles = angles,
                              .nviews = s->nviews,
                              .rows = s->nv,
                              .cols = s->nu,
                              .center = s->center,
                              .has_center = 1};
    int status = vxg_ct_parallel_circular(&o, &g);
    if (status || s->nv == 1) {
        *out = g;
        return status;
    }
    /* rows that are not slices: tilted, so that no slice schedule applies */
    vxg_ct_view views[5];
    for (int i = 0; i < s->nviews; i++) {
        views[i] = *vxg_ct_geometry_view(g, i);
        views[i].r[2] += 0.05, views[i].V[2] *= s->pitch;
        for (int k = 0; k < 3; k++) views[i].U[k] *= s->pitch;
    }
    vxg_ct_views v = {.beam = VXG_CT_BEAM_PARALLEL,
                      .nviews = s->nviews,
                      .nv = s->nv,
                      .nu = s->nu,
                      .views = views};
    status = vxg_ct_geometry_new(&v, out);
    vxg_ct_geometry_release(g);
    return status;
}

static int make(int kind, const vxg_ct_geometry *geo, const vxg_ct_volume *vol, vxg_real type,
                int plain, vxg_op **out) {
    const vxg_ct_projector_opts o = {.model = kind == 1 ? VXG_CT_SIDDON : VXG_CT_JOSEPH,
                                     .real = (vxg_real)type,
                                     .no_schedule = plain};
    return kind == 2 ? vxg_ct_backprojector(dev, geo, vol, &o, out)
                     : vxg_ct_projector(dev, geo, vol, &o, out);
}

/* The same random numbers in both types: every one is a float. */
static int random_pair(const vxg_array *a, const vxg_array *b, unsigned seed) {
    const int64_t n = vxg_array_count(a);
    float *x = malloc((size_t)n * sizeof *x);
    double *y = malloc((size_t)n * sizeof *y);
    uint32_t state = seed;
    for (int64_t i = 0; i < n; i++) {
        state = state * 1664525u + 1013904223u;
        x[i] = (float)(state >> 8) * (1.0f / 16777216.0f), y[i] = x[i];
    }
    int status = vxg_array_write(NULL, a, x);
    if (!status) status = vxg_array_write(NULL, b, y);
    free(x), free(y);
    return status;
}

static double difference(const vxg_array *a, const vxg_array *b) {
    const int64_t n = vxg_array_count(a);
    float *x = malloc((size_t)n * sizeof *x);
    double *y = malloc((size_t)n * sizeof *y), worst = 0, most = 0;
    if (vxg_array_read(NULL, a, x) || vxg_array_read(NULL, b, y)) worst = NAN;
    for (int64_t i = 0; i < n; i++) {
        const double d = fabs(x[i] - y[i]);
        if (!(d <= worst)) worst = d; /* NaN stays */
        most = fmax(most, fabs(y[i]));
    }
    free(x), free(y);
    return worst / most;
}

/* Entries of the matrix, from one voxel's projections and from that pixel's backprojection: the
 * same numbers. */
static void entries(const char *what, const vxg_op *op, const vxg_array *x, const vxg_array *y) {
    const int64_t nx = vxg_array_count(x), ny = vxg_array_count(y);
    float *hx = calloc((size_t)nx, sizeof *hx), *hy = calloc((size_t)ny, sizeof *hy);
    int seen = 0;
    for (int n = 0; n < 100 && seen < 5; n++) {
        const int64_t i = (int64_t)(n * 0.618034 * (double)ny) % ny;
        int64_t j = 0;
        memset(hy, 0, (size_t)ny * sizeof *hy);
        hy[i] = 1;
        CHECK_OK(vxg_array_write(NULL, y, hy));
        CHECK_OK(vxg_op_apply_adjoint(op, NULL, y, x));
        CHECK_OK(vxg_array_read(NULL, x, hx));
        for (int64_t k = 0; k < nx; k++)
            if (hx[k] != 0 && (hx[j] == 0 || (k * 7 + n) % 5 < 2)) j = k;
        const float entry = hx[j];
        if (entry == 0) continue;
        memset(hx, 0, (size_t)nx * sizeof *hx);
        hx[j] = 1;
        CHECK_OK(vxg_array_write(NULL, x, hx));
        CHECK_OK(vxg_op_apply(op, NULL, x, y));
        CHECK_OK(vxg_array_read(NULL, y, hy));
        EXPECT(fabs((double)hy[i] - (double)entry) <= 1.3e-7 * fabs((double)entry),
               "%s: entry (%d, %d) is %.9g forward, %.9g adjoint", what, (int)i, (int)j,
               (double)hy[i], (double)entry);
        seen++;
    }
    EXPECT(seen >= 1, "%s: %d entries", what, seen);
    free(hx), free(hy);
}

/* One operator, both ways: largest errors, and single entries. */
static void compare(const scan *s, int64_t n, int kind, int plain) {
    static const char *const kinds[] = {"Joseph", "Siddon", "backprojector"};
    vxg_ct_geometry *geo;
    vxg_op *op[2] = {NULL, NULL};
    vxg_array x[2] = {{0}}, y[2] = {{0}}, ax[2] = {{0}}, ay[2] = {{0}};
    const vxg_ct_volume vol = {
        .nz = s->nz, .ny = s->ny, .nx = s->nx, .center = {s->x, s->y, s->nz > 1 ? 0.2 : 0}};
    CHECK_OK(geometry_of(s, &geo));
    CHECK_OK(make(kind, geo, &vol, VXG_REAL_F32, plain, &op[0]));
    CHECK_OK(make(kind, geo, &vol, VXG_REAL_F64, 1, &op[1]));
    for (int i = 0; i < 2; i++) {
        CHECK_OK(vxg_op_new_array(op[i], 0, &x[i]));
        CHECK_OK(vxg_op_new_array(op[i], -1, &y[i]));
        CHECK_OK(vxg_op_new_array(op[i], 0, &ay[i]));
        CHECK_OK(vxg_op_new_array(op[i], -1, &ax[i]));
    }
    CHECK_OK(random_pair(&x[0], &x[1], 1));
    CHECK_OK(random_pair(&y[0], &y[1], 2));
    for (int i = 0; i < 2; i++) {
        CHECK_OK(vxg_op_apply(op[i], NULL, &x[i], &ax[i]));
        CHECK_OK(vxg_op_apply_adjoint(op[i], NULL, &y[i], &ay[i]));
    }
    const double forward = difference(&ax[0], &ax[1]), back = difference(&ay[0], &ay[1]);
    EXPECT(forward < MOST && back < MOST, "%s %s%s, %d: %.2g forward, %.2g adjoint", s->name,
           kinds[kind], plain ? " plain" : "", (int)n, forward, back);
    entries(s->name, op[0], &x[0], &y[0]);
    for (int i = 0; i < 2; i++) {
        vxg_array_release(&x[i]), vxg_array_release(&y[i]);
        vxg_array_release(&ax[i]), vxg_array_release(&ay[i]);
        vxg_op_release(op[i]);
    }
    vxg_ct_geometry_release(geo);
}

static void sizes(int kind, int plain) {
    for (int which = 0; which < 4; which++)
        for (int64_t n = 2048; n <= 16384; n *= which == 3 ? 8 : 2) {
            const scan s = scan_of(which, n);
            /* Siddon's lengths are quotients by the slope: a flat ray tells nothing of positions */
            if (kind == 1 && which == 1) continue;
            compare(&s, n, kind, plain);
        }
}

TEST(joseph_plain)
{ sizes(0, 1); }
TEST(joseph_schedules)
{ sizes(0, 0); }
TEST(siddon)
{ sizes(1, 1); }
TEST(backprojector_plain)
{ sizes(2, 1); }
TEST(backprojector_schedule)
{ sizes(2, 0); }

int main(int argc, char **argv) {
    static const test_entry list[] = {T(joseph_plain), T(joseph_schedules), T(siddon),
                                      T(backprojector_plain), T(backprojector_schedule)};
    if (vxg_device_open("cpu", &dev)) return printf("FAIL positions: %s\n", vxg_error_message()), 1;
    int failed = test_run("ct_positions", list, (int)(sizeof list / sizeof *list), argc, argv);
    vxg_device_release(dev);
    return failed;
}
