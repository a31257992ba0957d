/* Places of cone- and fan-beam rays are good to the last places whatever the size: float32
 * operators against float64 ones of the same scan at 2048 and 16384 columns, plain loops and
 * schedules, and pairs that stay exact there. Volumes are thin, so that a test takes no time: what
 * counts is how far from the middle things are. And a cube of 256 voxels.
 *
 * Bounds, of the maximum. Plain loops place rays in whole numbers; what is left is the rounding of
 * sums, of as many as 8192 slices: 3e-6. Schedules of Joseph's projector have heights and paths in
 * floats of at most half a tile, 128 cells, which round by 4e-6; the one for any rays likewise. */
#include <voxgrad/voxgrad.h>

#include "positions.h"

#define PLAIN 5e-6
#define SCHEDULE 1e-5

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

/* One operator, both ways: largest errors, of the maximum, and single entries. */
static void compare_scan(const scan *s, int64_t n, int kind, int plain, double bound) {
    const vxg_ct_volume vol = {.nz = s->nz, .ny = s->ny, .nx = s->nx, .center = {s->x, s->y, s->z}};
    /* the cube is large; the backprojector's transpose has no schedule */
    const int large = s->nz >= 256 && s->nx >= 256, half = kind == 2 && !plain;
    /* schedules have 1 - f for the weight of one cell, rounded as 1 is */
    comparison c = {.name = s->name,
                    .n = n,
                    .vol = &vol,
                    .kind = kind,
                    .plain = plain,
                    .forward = bound,
                    .back = bound,
                    .entries = large || half ? 0 : 2,
                    .tries = 30,
                    .unit = !plain};
    CHECK_OK(geometry_of(s, n, &c.geo));
    compare(&c);
    vxg_ct_geometry_release(c.geo);
}

static void sizes(int kind, int plain, double bound) {
    for (int which = 0; which < SCANS; which++)
        for (int64_t n = 2048; n <= 16384; n *= 8) {
            const scan s = scan_of(which, n);
            compare_scan(&s, n, kind, plain, bound);
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
    compare_scan(&s, 512, 0, 0, SCHEDULE);
}
/* Rays that run along x although y is the larger part of them, by 2e-5: more than a cell a slice.
 */
TEST(ties)
{
    const scan s = scan_of(TIE, 800);
    compare_scan(&s, 800, 0, 1, PLAIN);
    compare_scan(&s, 800, 1, 1, PLAIN);
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(joseph_plain),
                                      T(joseph_schedules),
                                      T(siddon),
                                      T(backprojector_plain),
                                      T(backprojector_schedule),
                                      T(cube),
                                      T(ties)};
    return positions_main("ct_cone_positions", list, (int)(sizeof list / sizeof *list), argc, argv);
}
