/* Places of cone- and fan-beam rays are good to the last places whatever the size: float32
 * operators against float64 ones of the same scan at 2048 and 16384 columns, plain loops and
 * schedules, and pairs that stay exact there. Volumes are thin, so that a test takes no time: what
 * counts is how far from the middle things are. And a cube of 256 voxels.
 *
 * Bounds, of the maximum. Plain loops place rays in whole numbers; what is left is the rounding of
 * sums, of as many as 8192 slices: 3e-6. Schedules of Joseph's projector have heights and paths in
 * floats of at most half a tile, 128 cells, which round by 4e-6; the one for any rays likewise. */
#include <voxgrad/voxgrad.h>

#include "test.h"

#define PLAIN 5e-6
#define SCHEDULE 1e-5
#define DEG 0.017453292519943295

typedef struct scan {
    const char *name;
    int64_t nv, nu, nz, ny, nx;
    double x, y, z;   /* the volume's middle */
    double angles[4]; /* degrees */
    int nviews;
    double tilt; /* radians: rows that are no steps along z */
    double far;  /* source to axis over n; 0: 1.3 */
} scan;

/* A strip along the whole fan, seen from its side and from its end, a box far off the axis, a box
 * of many rows, the same with the detector rolled. The source stands 1.3 n from the axis,
 * magnification 2, so that a voxel is about a pixel. */
static scan scan_of(int which, int64_t n) {
    const double far = 0.31 * (double)n, off = -0.17 * (double)n;
    const scan wide = {"wide", 1, n, 1, 5, n / 2, 0, 0, 0, {0.3, 11.7, -23.1}, 3, 0, 0};
    const scan deep = {"deep", 1, 90, 1, 6, n / 2, 0, 0, 0, {88.9, 90, 90.3}, 3, 0, 0};
    const scan box = {"far", 1, n, 1, 40, 48, far, off, 0, {3.2, 44.8, 100.3, 151.1}, 4, 0, 0};
    const scan tall = {"tall", n / 4, 64, n / 8, 5, 7, 3, 9, 0.4, {11.1, 84.5}, 2, 0, 0};
    const scan rolled = {"rolled", 7, n, 6, 5, n / 2, 0, 0, 0.2, {11.1, 24.5}, 2, 0.07, 0};
    const scan cube = {"cube", n, n, n / 2, n / 2, n / 2, 0, 0, 0, {11.1, 57.3}, 2, 0, 0};
    const scan tie = {"tie", 1, n, 1, n, n, 0, 0, 0, {44.99943}, 1, 0, 1e5};
    const scan all[] = {wide, deep, box, tall, rolled, cube, tie};
    return all[which];
}
enum { SCANS = 5, CUBE = 5, TIE = 6 };

static vxg_device *dev;

static int geometry_of(const scan *s, int64_t n, vxg_ct_geometry **out) {
    const double sod = (s->far > 0 ? s->far : 1.3) * (double)n, cs = cos(s->tilt),
                 sn = sin(s->tilt), pixel = 1.07;
    vxg_ct_view views[4];
    for (int i = 0; i < s->nviews; i++) {
        const double t = s->angles[i] * DEG, c = cos(t), d = sin(t);
        views[i] = (vxg_ct_view){.s = {sod * d, -sod * c, 0.3},
                                 .d = {-sod * d, sod * c, 0.1},
                                 .U = {pixel * cs * c, pixel * cs * d, pixel * sn},
                                 .V = {-pixel * sn * c, -pixel * sn * d, pixel * cs}};
    }
    const vxg_ct_views v = {
        .beam = VXG_CT_BEAM_CONE, .nviews = s->nviews, .nv = s->nv, .nu = s->nu, .views = views};
    return vxg_ct_geometry_new(&v, out);
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
    return most > 0 ? worst / most : NAN; /* a scan that sees nothing tells nothing */
}

/* Entries of the matrix, from one voxel's projections and from that pixel's backprojection: the
 * same numbers. Schedules have 1 - f for the weight of one cell, whose rounding is that of 1. */
static void entries(const char *what, const vxg_op *op, int plain, const vxg_array *x,
                    const vxg_array *y, const vxg_array *seen_by) {
    const int64_t nx = vxg_array_count(x), ny = vxg_array_count(y);
    float *hx = calloc((size_t)nx, sizeof *hx), *hy = calloc((size_t)ny, sizeof *hy);
    float *all = calloc((size_t)ny, sizeof *all);
    int seen = 0;
    CHECK_OK(vxg_array_read(NULL, seen_by, all));
    for (int n = 0; n < 30 && seen < 2; n++) {
        int64_t i = (int64_t)(n * 0.618034 * (double)ny) % ny, j = 0;
        for (int64_t k = 0; k < ny && all[i] == 0; k++) i = (i + 1) % ny;
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
        const double size = fmax(fabs((double)entry), plain ? 0 : 1);
        EXPECT(fabs((double)hy[i] - (double)entry) <= 1.3e-7 * size,
               "%s: entry (%d, %d) is %.9g forward, %.9g adjoint", what, (int)i, (int)j,
               (double)hy[i], (double)entry);
        seen++;
    }
    EXPECT(seen >= 1, "%s: %d entries", what, seen);
    free(hx), free(hy), free(all);
}

/* One operator, both ways: largest errors, of the maximum, and single entries. */
static void compare(const scan *s, int64_t n, int kind, int plain, double bound) {
    static const char *const kinds[] = {"Joseph", "Siddon", "backprojector"};
    vxg_ct_geometry *geo;
    vxg_op *op[2] = {NULL, NULL};
    vxg_array x[2] = {{0}}, y[2] = {{0}}, ax[2] = {{0}}, ay[2] = {{0}};
    const vxg_ct_volume vol = {.nz = s->nz, .ny = s->ny, .nx = s->nx, .center = {s->x, s->y, s->z}};
    CHECK_OK(geometry_of(s, n, &geo));
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
    EXPECT(forward < bound && back < bound, "%s %s%s, %d: %.2g forward, %.2g adjoint", s->name,
           kinds[kind], plain ? " plain" : "", (int)n, forward, back);
    /* the cube is large; the backprojector's transpose has no schedule */
    const int large = s->nz >= 256 && s->nx >= 256, half = kind == 2 && !plain;
    if (!large && !half) entries(s->name, op[0], plain, &x[0], &y[0], &ax[0]);
    for (int i = 0; i < 2; i++) {
        vxg_array_release(&x[i]), vxg_array_release(&y[i]);
        vxg_array_release(&ax[i]), vxg_array_release(&ay[i]);
        vxg_op_release(op[i]);
    }
    vxg_ct_geometry_release(geo);
}

static void sizes(int kind, int plain, double bound) {
    for (int which = 0; which < SCANS; which++)
        for (int64_t n = 2048; n <= 16384; n *= 8) {
            const scan s = scan_of(which, n);
            compare(&s, n, kind, plain, bound);
        }
}

TEST(joseph_plain)
{ sizes(0, 1, PLAIN); }
TEST(joseph_schedules)
{ sizes(0, 0, SCHEDULE); }
TEST(siddon)
{ sizes(1, 1, PLAIN); }
TEST(backprojector_plain)
{ sizes(2, 1, PLAIN); }
TEST(backprojector_schedule)
{ sizes(2, 0, SCHEDULE); }
TEST(cube)
{
    const scan s = scan_of(CUBE, 512);
    compare(&s, 512, 0, 0, SCHEDULE);
}
/* Rays that run along x although y is the larger part of them, by 2e-5: more than a cell a slice.
 */
TEST(ties)
{
    const scan s = scan_of(TIE, 800);
    compare(&s, 800, 0, 1, PLAIN);
    compare(&s, 800, 1, 1, PLAIN);
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(joseph_plain),
                                      T(joseph_schedules),
                                      T(siddon),
                                      T(backprojector_plain),
                                      T(backprojector_schedule),
                                      T(cube),
                                      T(ties)};
    if (vxg_device_open("cpu", &dev)) return printf("FAIL positions: %s\n", vxg_error_message()), 1;
    int failed = test_run("ct_cone_positions", list, (int)(sizeof list / sizeof *list), argc, argv);
    vxg_device_release(dev);
    return failed;
}
