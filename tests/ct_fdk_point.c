/* A point object comes back at its own voxel from fan-beam FBP and FDK: flat and curved detectors,
 * off-centre and half-fan ones, short scans, shifted volumes and axes, columns counted the other
 * way. The point stands asymmetrically, so that a flip, a wrong sense of rotation or half a pixel
 * shows. Projections are formulas of the conventions page, not the library's own. */
#include <voxgrad/voxgrad.h>

#include "test.h"

#define SOD 300.0
#define SDD 480.0
#define SIGMA 2.5 /* of the Gaussian point, in voxels */
#define NEAR 0.05 /* voxels */
#define VIEWS 180
#define SIDE 48
#define ROWS 12
#define COLS 80

typedef struct scan {
    int64_t rows, slices;
    vxg_ct_detector detector;
    double range; /* radians; 0: a turn */
    double center, center_row;
    double move[3];   /* of everything: the axis does not pass the origin */
    double middle[3]; /* of the volume, beyond that */
    double voxel[3];  /* dz, dy, dx */
    int flip;         /* columns counted the other way */
    int64_t at[3];    /* the point's voxel: slice, row, column */
} scan;

static vxg_device *dev;
static const double pixel = 1.6;

static scan plain(int fan) {
    return (scan){.rows = fan ? 1 : ROWS,
                  .slices = fan ? 1 : 7,
                  .center = 0.5 * (COLS - 1),
                  .center_row = fan ? 0 : 0.5 * (ROWS - 1),
                  .voxel = {1, 1, 1},
                  .at = {fan ? 0 : 2, 33, 17}};
}

static double angle_of(const scan *s, int64_t view) {
    return s->range > 0 ? 0.4 + s->range * (double)view / (VIEWS - 1) : 2 * M_PI * view / VIEWS;
}
static vxg_ct_volume volume_of(const scan *s) {
    vxg_ct_volume v = {.nz = s->slices, .ny = SIDE, .nx = SIDE};
    v.dz = s->voxel[0], v.dy = s->voxel[1], v.dx = s->voxel[2];
    for (int k = 0; k < 3; k++) v.center[k] = s->move[k] + s->middle[k];
    return v;
}

/* From the source to a pixel, in the scan's own frame, by the conventions page. */
static void ray_of(const scan *s, double t, int64_t row, int64_t col, double *from, double *ray) {
    const double q = ((double)(s->flip ? COLS - 1 - col : col) - s->center) * pixel;
    const double up = ((double)row - s->center_row) * pixel;
    const double g = q / SDD; /* the fan angle of a curved detector */
    const int flat = s->detector == VXG_CT_DETECTOR_FLAT;
    const double along = flat ? SDD : SDD * cos(g), across = flat ? q : SDD * sin(g);
    from[0] = SOD * sin(t), from[1] = -SOD * cos(t), from[2] = 0;
    ray[0] = -along * sin(t) + across * cos(t);
    ray[1] = along * cos(t) + across * sin(t);
    ray[2] = up;
}

/* A Gaussian of height 1 has sigma sqrt(2 pi) exp(-distance^2 / 2 sigma^2) along a line. */
static float *projections(const scan *s) {
    const vxg_ct_volume v = volume_of(s);
    const double d[3] = {v.dx, v.dy, v.dz};
    const int64_t n[3] = {v.nx, v.ny, v.nz};
    double p[3];
    for (int k = 0; k < 3; k++)
        p[k] = s->middle[k] + ((double)s->at[2 - k] - 0.5 * (double)(n[k] - 1)) * d[k];
    float *proj = malloc((size_t)(VIEWS * s->rows * COLS) * sizeof *proj);
    for (int64_t i = 0; i < VIEWS * s->rows * COLS; i++) {
        double from[3], ray[3], rr = 0, wr = 0, ww = 0;
        ray_of(s, angle_of(s, i / COLS / s->rows), i / COLS % s->rows, i % COLS, from, ray);
        for (int k = 0; k < 3; k++) {
            const double w = p[k] - from[k];
            rr += ray[k] * ray[k], wr += w * ray[k], ww += w * w;
        }
        proj[i] = (float)(SIGMA * sqrt(2 * M_PI) * exp(-(ww - wr * wr / rr) / (2 * SIGMA * SIGMA)));
    }
    return proj;
}

/* The library's geometry of the same scan, moved as a whole. */
static int geometry_of(const scan *s, vxg_ct_geometry **geo) {
    const int curved = s->detector == VXG_CT_DETECTOR_CURVED;
    const double mq = 0.5 * (COLS - 1) - s->center,
                 mr = 0.5 * (double)(s->rows - 1) - s->center_row;
    vxg_ct_view views[VIEWS];
    for (int64_t i = 0; i < VIEWS; i++) {
        const double t = angle_of(s, i), c = cos(t), n = sin(t);
        const double across = curved ? 0 : mq * pixel, sign = s->flip ? -1 : 1;
        views[i] =
            (vxg_ct_view){.s = {SOD * n + s->move[0], -SOD * c + s->move[1], s->move[2]},
                          .d = {-(SDD - SOD) * n + across * c + s->move[0],
                                (SDD - SOD) * c + across * n + s->move[1], mr * pixel + s->move[2]},
                          .U = {sign * pixel * c, sign * pixel * n, 0},
                          .V = {0, 0, pixel}};
    }
    return vxg_ct_geometry_new(
        &(vxg_ct_views){.beam = VXG_CT_BEAM_CONE,
                        .detector = s->detector,
                        .nviews = VIEWS,
                        .nv = s->rows,
                        .nu = COLS,
                        .column_offset = curved ? mq * (s->flip ? -1 : 1) : 0,
                        .views = views},
        geo);
}

/* Offset of a parabola's vertex through three samples. */
static double vertex(float a, float b, float c) {
    return 0.5 * ((double)a - (double)c) / ((double)a - 2 * (double)b + (double)c);
}

static void expect_point(const float *vol, const scan *s, const char *what) {
    const int64_t n[3] = {s->slices, SIDE, SIDE}, step[3] = {SIDE * SIDE, SIDE, 1};
    int64_t best = 0;
    for (int64_t k = 1; k < n[0] * n[1] * n[2]; k++)
        if (vol[k] > vol[best]) best = k;
    const int64_t at[3] = {best / step[0], best / SIDE % SIDE, best % SIDE};
    for (int k = 0; k < 3; k++) {
        CHECK(at[k] == s->at[k], "%s: the peak is at index %d along %c, the point at %d", what,
              (int)at[k], "zyx"[k], (int)s -> at[k]);
        if (n[k] == 1) continue;
        const double off = vertex(vol[best - step[k]], vol[best], vol[best + step[k]]);
        EXPECT(fabs(off) <= NEAR, "%s: the peak is %.3f voxels off along %c", what, off, "zyx"[k]);
    }
    /* linear interpolation and the pixel's pitch widen the point */
    EXPECT(vol[best] > 0.93F && vol[best] < 1.01F, "%s: the peak is %g high", what,
           (double)vol[best]);
}

static void point_case(const scan *s, const char *what) {
    const vxg_ct_volume vol = volume_of(s);
    float *proj = projections(s), *out = malloc((size_t)(s->slices * SIDE * SIDE) * sizeof *out);
    vxg_ct_geometry *geo;
    vxg_array x, y;
    vxg_op *op;
    CHECK_OK(geometry_of(s, &geo));
    CHECK_OK(vxg_ct_fdk(dev, geo, &vol, NULL, &op));
    CHECK_OK(vxg_op_new_array(op, 0, &y));
    CHECK_OK(vxg_op_new_array(op, -1, &x));
    CHECK_OK(vxg_array_write(NULL, &y, proj));
    CHECK_OK(vxg_op_apply(op, NULL, &y, &x));
    CHECK_OK(vxg_array_read(NULL, &x, out));
    expect_point(out, s, what);
    vxg_array_release(&x), vxg_array_release(&y);
    vxg_op_release(op);
    vxg_ct_geometry_release(geo);
    free(proj), free(out);
}

static void all_cases(int fan, vxg_ct_detector detector) {
    scan s = plain(fan);
    s.detector = detector;
    point_case(&s, "full turn");
    s.center += 2.3; /* under 5 % of the detector: both sides count alike */
    point_case(&s, "axis off the middle");
    s.center = 22.3;
    point_case(&s, "half-fan");
    s.flip = 1;
    point_case(&s, "half-fan, columns the other way");
    s.center = 60.6;
    point_case(&s, "half-fan to the other side");
    s = plain(fan), s.detector = detector, s.range = 1.3 * M_PI;
    point_case(&s, "short scan");
    s.flip = 1, s.range = 1.7 * M_PI;
    point_case(&s, "over-scan, columns the other way");
    s = plain(fan), s.detector = detector;
    s.middle[0] = 3.3, s.middle[1] = -4.1, s.middle[2] = fan ? 0 : 0.8;
    point_case(&s, "shifted volume");
    s.move[0] = 41, s.move[1] = -17, s.move[2] = 9;
    point_case(&s, "everything shifted");
    s = plain(fan), s.detector = detector;
    s.voxel[0] = fan ? 1 : 0.9, s.voxel[1] = 0.8, s.voxel[2] = 1.1;
    point_case(&s, "anisotropic voxels");
    if (fan || detector == VXG_CT_DETECTOR_CURVED) return;
    s = plain(fan), s.center_row = 4.2;
    point_case(&s, "detector off the level");
}

TEST(fan_flat)
{ all_cases(1, VXG_CT_DETECTOR_FLAT); }
TEST(fan_curved)
{ all_cases(1, VXG_CT_DETECTOR_CURVED); }
TEST(cone_flat)
{ all_cases(0, VXG_CT_DETECTOR_FLAT); }
TEST(cone_curved)
{ all_cases(0, VXG_CT_DETECTOR_CURVED); }

int main(int argc, char **argv) {
    static const test_entry list[] = {T(fan_flat), T(fan_curved), T(cone_flat), T(cone_curved)};
    if (vxg_device_open("cpu", &dev))
        return printf("FAIL ct_fdk_point: %s\n", vxg_error_message()), 1;
    int failed = test_run("ct_fdk_point", list, 4, argc, argv);
    vxg_device_release(dev);
    return failed;
}
