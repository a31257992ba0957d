/* Rays' positions are good to the last places whatever the size: float32 operators of parallel
 * beams against float64 ones at 2048 to 16384 columns, plain loops and schedules, and pairs that
 * stay exact there. Volumes are thin, so that a test takes no time: what counts is how far from the
 * middle things are. */
#include <voxgrad/voxgrad.h>

#include "positions.h"

#define MOST 1e-5 /* of the maximum */

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

/* One operator, both ways: largest errors, and single entries. */
static void compare_scan(const scan *s, int64_t n, int kind, int plain) {
    const vxg_ct_volume vol = {
        .nz = s->nz, .ny = s->ny, .nx = s->nx, .center = {s->x, s->y, s->nz > 1 ? 0.2 : 0}};
    /* the schedule for any rays has 1 - f for the weight of one cell, rounded as 1 is */
    comparison c = {.name = s->name,
                    .n = n,
                    .vol = &vol,
                    .kind = kind,
                    .plain = plain,
                    .forward = MOST,
                    .back = MOST,
                    .entries = 5,
                    .tries = 100,
                    .unit = s->nv > 1 && !plain};
    CHECK_OK(geometry_of(s, &c.geo));
    compare(&c);
    vxg_ct_geometry_release(c.geo);
}

static void sizes(int kind, int plain) {
    for (int which = 0; which < 4; which++)
        for (int64_t n = 2048; n <= 16384; n *= which == 3 ? 8 : 2) {
            const scan s = scan_of(which, n);
            /* Siddon's lengths are quotients by the slope: a flat ray tells nothing of positions */
            if (kind == 1 && which == 1) continue;
            compare_scan(&s, n, kind, plain);
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
    return positions_main("ct_positions", list, (int)(sizeof list / sizeof *list), argc, argv);
}
