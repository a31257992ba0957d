/* Analytic reconstruction of scans that are not plain: the axis at the detector's side, gaps
 * between the views, pitches that change, over-scans, rows of a whole. Against exact phantoms. */
#include <voxgrad/voxgrad.h>

#include "memory_scan.h"
#include "test.h"

#define DEG (M_PI / 180)
#define SIDE 128 /* voxels of 1 across */

static vxg_device *dev;

/* ---- Scans ---- */
typedef struct scan {
    vxg_ct_beam beam;
    int64_t nviews, cols;
    double first, step; /* radians */
    double center, pixel;
    double skip[4][2]; /* views at angles within, degrees, are left out */
    vxg_ct_arc arc;
} scan;

static int make(const scan *s, vxg_ct_geometry **out) {
    double *t = malloc((size_t)s->nviews * sizeof *t);
    int64_t n = 0;
    for (int64_t i = 0; i < s->nviews; i++) {
        const double at = s->first + s->step * (double)i;
        int keep = 1;
        for (int k = 0; k < 4; k++)
            if (at > s->skip[k][0] * DEG && at < s->skip[k][1] * DEG) keep = 0;
        if (keep) t[n++] = at;
    }
    int status;
    if (s->beam == VXG_CT_BEAM_PARALLEL) {
        const vxg_ct_parallel_opts o = {.angles = t,
                                        .nviews = n,
                                        .rows = 1,
                                        .cols = s->cols,
                                        .pixel = s->pixel,
                                        .center = s->center,
                                        .has_center = 1};
        status = vxg_ct_parallel_circular(&o, out);
    } else {
        const vxg_ct_cone_opts o = {.angles = t,
                                    .nviews = n,
                                    .rows = 1,
                                    .cols = s->cols,
                                    .sod = 300,
                                    .sdd = 450,
                                    .pixel = s->pixel,
                                    .center = s->center,
                                    .has_center = 1};
        status = vxg_ct_cone_circular(&o, out);
    }
    free(t);
    return status;
}

static int operator_of(const vxg_ct_geometry *geo, const vxg_ct_volume *vol, vxg_ct_arc arc,
                       const vxg_ct_geometry *whole, vxg_op **op) {
    const vxg_ct_fbp_opts fbp = {.window = VXG_CT_WINDOW_HANN, .whole = whole};
    const vxg_ct_fdk_opts fdk = {.window = VXG_CT_WINDOW_HANN, .arc = arc, .whole = whole};
    return vxg_ct_geometry_beam(geo) == VXG_CT_BEAM_PARALLEL ? vxg_ct_fbp(dev, geo, vol, &fbp, op)
                                                             : vxg_ct_fdk(dev, geo, vol, &fdk, op);
}

static int run(const vxg_ct_geometry *geo, const vxg_ct_volume *vol, vxg_ct_arc arc,
               const vxg_ct_geometry *whole, const float *proj, float *out) {
    vxg_op *op = NULL;
    vxg_array x = {0}, y = {0};
    int status = operator_of(geo, vol, arc, whole, &op);
    if (!status) status = vxg_op_new_array(op, 0, &y);
    if (!status) status = vxg_op_new_array(op, -1, &x);
    if (!status) status = vxg_array_write(NULL, &y, proj);
    if (!status) status = vxg_op_apply(op, NULL, &y, &x);
    if (!status) status = vxg_array_read(NULL, &x, out);
    vxg_array_release(&x), vxg_array_release(&y);
    vxg_op_release(op);
    return status;
}

/* Error of the Shepp-Logan phantom, `size` its radius in voxels, within `radius` of the axis. */
static int error_of(const scan *s, double size, double radius, double *error) {
    const vxg_ct_volume vol = {.nz = 1, .ny = SIDE, .nx = SIDE};
    const vxg_phantom_opts o = {.unit = size, .samples = 8};
    static float got[SIDE * SIDE], want[SIDE * SIDE];
    vxg_ct_geometry *geo = NULL;
    vxg_phantom *p = NULL;
    *error = NAN;
    int status = make(s, &geo);
    if (status) return status;
    float *proj = malloc((size_t)(vxg_ct_geometry_nviews(geo) * s->cols) * sizeof *proj);
    status = vxg_phantom_named("shepp-logan-2d", &p);
    if (!status) status = vxg_phantom_project(p, geo, &o, proj);
    if (!status) status = vxg_phantom_voxelize(p, &vol, &o, want);
    if (!status) status = run(geo, &vol, s->arc, NULL, proj, got);
    double sum = 0;
    int count = 0;
    for (int i = 0; i < SIDE * SIDE && !status; i++) {
        const double d = (double)got[i] - (double)want[i];
        if (hypot(i % SIDE - 0.5 * (SIDE - 1), i / SIDE - 0.5 * (SIDE - 1)) > radius) continue;
        sum += d * d, count++;
    }
    if (!status) *error = sqrt(sum / count);
    vxg_phantom_release(p);
    vxg_ct_geometry_release(geo);
    free(proj);
    return status;
}

static double error_in(const scan *s, double size) {
    double error;
    if (error_of(s, size, 64, &error)) printf("# %s\n", vxg_error_message());
    return error;
}

/* One degree steps over half a turn, the axis in the middle; and the fan's whole turn. */
static const scan half_turn = {
    .nviews = 180, .cols = 136, .step = DEG, .center = 67.5, .pixel = 1, .first = 0.1};
static const scan fan_turn = {.beam = VXG_CT_BEAM_CONE,
                              .nviews = 360,
                              .cols = 144,
                              .step = DEG,
                              .center = 71.5,
                              .pixel = 1.5,
                              .first = 1e-4};

/* ---- The axis at the side ---- */
TEST(half_acquisition)
{
    const double centred = error_in(&half_turn, 62);
    const double first[] = {0.1, 2.9, -4};
    CHECK(centred < 0.07, "centred: rmse %.4f", centred);
    for (int k = 0; k < 6; k++) {
        scan s = half_turn;
        s.nviews = k % 3 == 1 ? 361 : 360; /* both ends */
        s.first = first[k % 3], s.step = k % 2 ? -DEG : DEG;
        s.cols = 80, s.center = k < 3 ? 13.25 : 66.5;
        const double error = error_in(&s, 62);
        EXPECT(error <= 1.02 * centred, "case %d: rmse %.4f, centred %.4f", k, error, centred);
    }
    scan s = half_turn; /* every other view of the other half turn between those of the first */
    s.nviews = 361, s.step = 360.0 / 361 * DEG, s.cols = 90, s.center = 23;
    EXPECT(error_in(&s, 62) <= 1.02 * centred, "interleaved: rmse %.4f", error_in(&s, 62));
    s = half_turn; /* 7 % off the middle: nearly all rays twice */
    s.nviews = 360, s.cols = 130, s.center = 55;
    EXPECT(error_in(&s, 62) <= 1.02 * centred, "7 %% off: rmse %.4f", error_in(&s, 62));
    s.pixel = 0.5, s.cols = 170, s.center = 40; /* lengths */
    EXPECT(error_in(&s, 62) <= 1.05 * centred, "half pixels: rmse %.4f", error_in(&s, 62));
}

/* Away from the origin, columns counted the other way, detectors yawed: the same picture. */
TEST(half_acquisition_elsewhere)
{
    enum { N = 240, COLS = 60, R = 30 };
    const vxg_shape disc = {
        .kind = VXG_SHAPE_CYLINDER, .value = 1, .center = {50, -20, 0}, .half = {R, R, 100}};
    const vxg_ct_volume vol = {.nz = 1, .ny = 64, .nx = 64, .center = {50, -20, 0}};
    vxg_ct_view views[N];
    static float proj[N * COLS], got[64 * 64];
    vxg_phantom *p;
    CHECK_OK(vxg_phantom_new(&disc, 1, &p));
    for (int c = 0; c < 4; c++) {
        vxg_ct_geometry *geo;
        for (int i = 0; i < N; i++) {
            const double t = 2 * M_PI * i / N, yaw = c == 2 ? 0.4 : c == 3 ? 0.3 * (i % 2) : 0;
            const double q = 18, flip = c == 1 ? -1 : 1; /* the middle column is 18 off the axis */
            const double u[2] = {cos(t), sin(t)}, w[2] = {cos(t + yaw), sin(t + yaw)};
            views[i] = (vxg_ct_view){.r = {-u[1], u[0], 0},
                                     .d = {50 + q * u[0], -20 + q * u[1], 0},
                                     .U = {flip * w[0], flip * w[1], 0},
                                     .V = {0, 0, 1}};
        }
        CHECK_OK(vxg_ct_parallel_views(N, 1, COLS, views, &geo));
        CHECK_OK(vxg_phantom_project(p, geo, NULL, proj));
        CHECK_OK(run(geo, &vol, VXG_CT_ARC_AUTO, NULL, proj, got));
        double sum[3] = {0};
        int count[3] = {0};
        for (int i = 0; i < 64 * 64; i++) {
            const double r = hypot(i % 64 - 31.5, i / 64 - 31.5);
            if (r < 27) sum[(int)(r / 9)] += (double)got[i], count[(int)(r / 9)]++;
        }
        for (int k = 0; k < 3; k++)
            EXPECT(fabs(sum[k] / count[k] - 1) < 0.004, "case %d, ring %d: mean %.4f", c, k,
                   sum[k] / count[k]);
        vxg_ct_geometry_release(geo);
    }
    vxg_phantom_release(p);
}

/* ---- Parallel beams: pitch and angle are those of the rays ---- */
TEST(pitch_of_rays)
{
    enum { N = 180, COLS = 100, ROWS = 12 };
    const vxg_shape disc = {
        .kind = VXG_SHAPE_CYLINDER, .value = 1, .center = {4, -3, 0}, .half = {22, 22, 100}};
    const vxg_ct_volume vol = {.nz = 1, .ny = 64, .nx = 64};
    vxg_ct_view views[N];
    static float proj[N * ROWS * COLS], got[64 * 64];
    vxg_phantom *p;
    CHECK_OK(vxg_phantom_new(&disc, 1, &p));
    for (int c = 0; c < 4; c++) {
        vxg_ct_geometry *geo;
        for (int i = 0; i < N; i++) {
            const double t = M_PI * i / N + 7, yaw = c == 0   ? 0.5236
                                                     : c == 3 ? 0.5 * sin(5 * t)
                                                              : 0;
            const double pitch = c > 0 && i % 2 ? 0.7 : 1, roll = c == 2 ? 0.1 : 0;
            views[i] = (vxg_ct_view){.r = {-3 * sin(t), 3 * cos(t), 0},
                                     .d = {-sin(t) * 50, cos(t) * 50, 0},
                                     .U = {pitch * cos(t + yaw) * cos(roll),
                                           pitch * sin(t + yaw) * cos(roll), pitch * sin(roll)},
                                     .V = {-cos(t) * sin(roll), -sin(t) * sin(roll), cos(roll)}};
        }
        CHECK_OK(vxg_ct_parallel_views(N, ROWS, COLS, views, &geo));
        CHECK_OK(vxg_phantom_project(p, geo, NULL, proj));
        CHECK_OK(run(geo, &vol, VXG_CT_ARC_AUTO, NULL, proj, got));
        double sum = 0;
        int count = 0;
        for (int i = 0; i < 64 * 64; i++) {
            const double r = hypot(i % 64 - 31.5 - 4, i / 64 - 31.5 + 3);
            if (r < 19) sum += (double)got[i], count++;
        }
        EXPECT(fabs(sum / count - 1) < 0.004, "case %d: mean %.4f", c, sum / count);
        vxg_ct_geometry_release(geo);
    }
    vxg_phantom_release(p);
}

static void refused(vxg_ct_geometry *geo, const char *word, int expected) {
    const vxg_ct_volume vol = {.nz = 1, .ny = 4, .nx = 4};
    vxg_op *op = NULL;
    const int status = vxg_ct_fbp(dev, geo, &vol, NULL, &op);
    EXPECT(status == expected && !op == !!status, "%s: status %d", word, status);
    EXPECT(!status || strstr(vxg_error_message(), word), "'%s' is not in: %s", word,
           vxg_error_message());
    vxg_op_release(op);
    vxg_ct_geometry_release(geo);
}

TEST(fbp_refusals)
{
    enum { N = 36 };
    const vxg_ct_cone_opts cone = {.nviews = 8, .cols = 8, .sod = 30, .sdd = 50};
    vxg_ct_trajectory_opts o = {0};
    vxg_ct_geometry *geo;
    CHECK_OK(vxg_ct_cone_circular(&cone, &geo));
    refused(geo, "vxg_ct_fdk", VXG_ERR_ARGUMENT);
    vxg_ct_trajectory_defaults(VXG_CT_PATH_CIRCULAR, VXG_CT_BEAM_PARALLEL, &o);
    o.nviews = N, o.rows = 4, o.cols = 8, o.tilt = 0.05;
    CHECK_OK(vxg_ct_trajectory(&o, &geo));
    refused(geo, "laminography", VXG_ERR_UNSUPPORTED);
    o.tilt = 1e-4; /* what calibration finds */
    CHECK_OK(vxg_ct_trajectory(&o, &geo));
    refused(geo, "", VXG_OK);
    o.tilt = 0, o.roll = 0.3;
    CHECK_OK(vxg_ct_trajectory(&o, &geo));
    refused(geo, "off the level", VXG_ERR_ARGUMENT);
    o.roll = 0, o.center = -3, o.has_center = 1;
    for (int turn = 0; turn < 2; turn++) {
        o.range = turn ? 2 * M_PI : M_PI;
        CHECK_OK(vxg_ct_trajectory(&o, &geo));
        refused(geo, "the axis (0) is not on it", VXG_ERR_ARGUMENT);
    }
    vxg_ct_trajectory_defaults(VXG_CT_PATH_HELICAL, VXG_CT_BEAM_PARALLEL, &o);
    o.nviews = N, o.rows = 4, o.cols = 8, o.z_range = 10;
    CHECK_OK(vxg_ct_trajectory(&o, &geo));
    refused(geo, "helix", VXG_ERR_UNSUPPORTED);
}

/* ---- Arcs that are longer than needed, or in pieces ---- */
TEST(overscans)
{
    const double half = error_in(&half_turn, 62), fan = error_in(&fan_turn, 62);
    scan s = half_turn;
    s.nviews = 182; /* 0 to 181 */
    EXPECT(error_in(&s, 62) < 1.02 * half, "0..181: %.4f, %.4f", error_in(&s, 62), half);
    s.nviews = 271;
    EXPECT(error_in(&s, 62) < 1.02 * half, "0..270: %.4f, %.4f", error_in(&s, 62), half);
    s.nviews = 721;
    EXPECT(error_in(&s, 62) < 1.02 * half, "0..720: %.4f, %.4f", error_in(&s, 62), half);
    s.nviews = 271, s.center = 57; /* at the side: the short side's field of view is right */
    EXPECT(error_in(&s, 54) < 1.05 * half, "0..270 off the middle: %.4f, %.4f", error_in(&s, 54),
           half);
    /* all but 20 degrees: rays that only the far side sees count in full */
    for (int beam = 0; beam < 2; beam++) {
        double error;
        s = beam ? fan_turn : half_turn;
        s.nviews = 341, s.center = beam ? 45 : 40, s.cols = beam ? 135 : 110;
        CHECK_OK(error_of(&s, 62, 36, &error));
        EXPECT(error < 0.016, "340 degrees, the axis at the side: rmse %.4f", error);
    }
    s = fan_turn, s.nviews = 721;
    EXPECT(error_in(&s, 62) < 1.02 * fan, "fan 0..720: %.4f, %.4f", error_in(&s, 62), fan);
    s.nviews = 360, s.step = -DEG;
    EXPECT(error_in(&s, 62) < 1.02 * fan, "fan descending: %.4f, %.4f", error_in(&s, 62), fan);
}

/* Whatever the gaps, a ray that is measured once counts once, one measured twice counts half twice.
 * Errors are compared with those of the same views less what is missing: at most 15 % more. */
TEST(gaps)
{
    static const double skips[][4][2] = {{{20, 35}, {140, 152}, {255, 280}}, /* the reported case */
                                         {{10, 20}, {60, 80}, {100, 108}, {320, 335}},
                                         {{0.5, 10.5}, {350, 361}},
                                         {{100, 140}, {200, 240}},
                                         {{30, 50}, {60, 80}, {90, 110}}};
    const double full = error_in(&fan_turn, 62), half = error_in(&half_turn, 62);
    for (int k = 0; k < 5; k++) {
        scan s = fan_turn;
        memcpy(s.skip, skips[k], sizeof s.skip);
        const double error = error_in(&s, 62);
        EXPECT(error < 1.15 * full, "fan, case %d: rmse %.4f, all views %.4f", k, error, full);
        s = half_turn, s.nviews = 360;
        memcpy(s.skip, skips[k], sizeof s.skip);
        const double parallel = error_in(&s, 62);
        EXPECT(parallel < 1.1 * half, "parallel, case %d: rmse %.4f, all views %.4f", k, parallel,
               half);
    }
}

TEST(gap_weights)
{
    double t[720], w[720], sum = 0, most = 0;
    int n = 0;
    for (int i = 0; i < 720; i++) {
        const double a = 0.5 * i;
        if ((a > 20 && a < 32) || (a > 100 && a < 124) || (a > 200 && a < 211)) continue;
        t[n++] = a * DEG;
    }
    double first, range;
    CHECK_OK(vxg_ct_turn_weights(n, t, w, &first, &range));
    for (int i = 0; i < n; i++) sum += w[i], most = fmax(most, w[i]);
    EXPECT(most < 1.01 * 0.5 * DEG, "greatest weight: %g steps", most / (0.5 * DEG));
    EXPECT(fabs(sum - (360 - 12 - 24 - 11 + 1.5) * DEG) < 1e-9, "sum %g degrees", sum / DEG);
    EXPECT(fabs(first - 124 * DEG) < 1e-9 && fabs(range - 336 * DEG) < 1e-9, "%g, %g", first / DEG,
           range / DEG);
    /* random angles have no gaps */
    uint32_t state = 7;
    int lost = 0;
    for (int round = 0; round < 200; round++) {
        for (int i = 0; i < 300; i++) {
            state = state * 1664525u + 1013904223u;
            t[i] = 2 * M_PI * (double)state / 4294967296.0;
        }
        CHECK_OK(vxg_ct_turn_weights(300, t, w, &first, &range));
        lost += range < 2 * M_PI;
    }
    EXPECT(lost <= 2, "%d of 200 scans of random angles have gaps", lost);
}

static void refused_scan(const scan *s, const char *word) {
    double error;
    EXPECT(error_of(s, 62, 64, &error) == VXG_ERR_ARGUMENT, "%s: accepted, rmse %.4f", word, error);
    EXPECT(strstr(vxg_error_message(), word), "'%s' is not in: %s", word, vxg_error_message());
}
TEST(limited_angles)
{
    scan s = fan_turn;
    s.skip[0][0] = 30, s.skip[0][1] = 180, s.skip[1][0] = 210, s.skip[1][1] = 360; /* two of 30 */
    refused_scan(&s, "2 gaps");
    s.arc = VXG_CT_ARC_LIMITED;
    EXPECT(error_in(&s, 62) < 0.3, "two arcs as they are: %.4f", error_in(&s, 62));
    s = fan_turn, s.nviews = 150;
    refused_scan(&s, "the views cover 149.00 degrees");
    s.arc = VXG_CT_ARC_LIMITED;
    EXPECT(error_in(&s, 62) < 0.15, "150 degrees as they are: %.4f", error_in(&s, 62));
    s = fan_turn; /* opposite gaps */
    s.skip[0][0] = 30, s.skip[0][1] = 60, s.skip[1][0] = 210, s.skip[1][1] = 240;
    refused_scan(&s, "in no view");
}

/* ---- Short scans whose axis is off the middle ---- */
TEST(short_scan_off_the_middle)
{
    static const int64_t views[] = {218, 240, 300, 340};
    const double full = error_in(&fan_turn, 55);
    for (int k = 0; k < 8; k++) {
        scan s = fan_turn;
        s.nviews = views[k % 4];
        s.cols = 144, s.center = k < 4 ? 61 : 82; /* 7 % */
        const double error = error_in(&s, 55);
        EXPECT(error < 1.1 * full, "%d views, axis at %g: rmse %.4f, full turn %.4f", (int)s.nviews,
               s.center, error, full);
    }
    scan s =
        fan_turn; /* the far side's fan is wider than the arc allows, the short side's is not */
    s.nviews = 208, s.center = 45, s.cols = 135;
    const double error = error_in(&s, 41);
    EXPECT(error < 1.2 * full, "the short side is enough: rmse %.4f, full turn %.4f", error, full);
    s.nviews = 190;
    refused_scan(&s, "arc");
}

/* ---- One column ---- */
TEST(one_column)
{
    for (int beam = 0; beam < 2; beam++)
        for (int k = 0; k < 5; k++) {
            const vxg_ct_volume vol = {.nz = 1, .ny = 1, .nx = 1};
            scan s = beam ? fan_turn : half_turn;
            vxg_ct_geometry *geo;
            vxg_op *op = NULL;
            s.nviews = k == 4 ? 7 : 36, s.step = 2 * M_PI / (double)s.nviews;
            s.cols = 1, s.center = 0.1 * (k % 4), s.first = 0.3 * k;
            CHECK_OK(make(&s, &geo));
            CHECK_OK(operator_of(geo, &vol, VXG_CT_ARC_AUTO, NULL, &op));
            vxg_op_release(op);
            vxg_ct_geometry_release(geo);
        }
}

/* ---- In two dimensions rays lie in the slice ---- */
TEST(rays_leave_the_slice)
{
    static const vxg_ct_model models[] = {VXG_CT_JOSEPH, VXG_CT_SIDDON, VXG_CT_FOOTPRINT};
    const vxg_ct_volume vol = {.nz = 1, .ny = 500, .nx = 500};
    for (int k = 0; k < 18; k++) {
        const int beam = k % 2, fault = k / 2 % 3;
        const vxg_ct_projector_opts po = {.model = models[k / 6]};
        scan s = beam ? fan_turn : half_turn;
        vxg_ct_view views[9];
        vxg_ct_geometry *geo, *odd;
        vxg_op *op = NULL;
        s.nviews = 9, s.step = 0.3;
        CHECK_OK(make(&s, &geo));
        CHECK_OK(vxg_ct_projector2d(dev, geo, &vol, &po, &op));
        vxg_op_release(op);
        for (int i = 0; i < 9; i++) views[i] = *vxg_ct_geometry_view(geo, i);
        views[7].s[2] += fault == 0 ? (beam ? 0.6 : 3e-3) : 0;
        views[7].d[2] += fault == 1 ? 0.6 : 0;
        views[7].U[2] += fault == 2 ? 0.01 : 0;
        CHECK_OK(vxg_ct_geometry_new(
            &(vxg_ct_views){.beam = s.beam, .nviews = 9, .nv = 1, .nu = s.cols, .views = views},
            &odd));
        EXPECT(vxg_ct_projector2d(dev, odd, &vol, &po, &op) == VXG_ERR_ARGUMENT && !op,
               "beam %d, model %d, fault %d: accepted", beam, k / 6, fault);
        EXPECT(strstr(vxg_error_message(), "view 7"), "%s", vxg_error_message());
        vxg_ct_geometry_release(geo), vxg_ct_geometry_release(odd);
    }
}

/* ---- A helix needs the axis in the middle, or to be told ---- */
TEST(helix_off_the_middle)
{
    const vxg_ct_volume vol = {.nz = 1, .ny = 4, .nx = 4};
    vxg_ct_trajectory_opts o = {0};
    vxg_ct_geometry *geo;
    vxg_op *op = NULL;
    vxg_ct_trajectory_defaults(VXG_CT_PATH_HELICAL, VXG_CT_BEAM_CONE, &o);
    o.nviews = 80, o.rows = 8, o.cols = 20, o.sod = 300, o.sdd = 400, o.center = 6,
    o.has_center = 1;
    CHECK_OK(vxg_ct_trajectory(&o, &geo));
    EXPECT(vxg_ct_fdk(dev, geo, &vol, NULL, &op) == VXG_ERR_ARGUMENT && !op &&
               strstr(vxg_error_message(), "not for a helix"),
           "%s", vxg_error_message());
    CHECK_OK(vxg_ct_fdk(dev, geo, &vol, &(vxg_ct_fdk_opts){.half_fan = VXG_CT_HALF_FAN_NO}, &op));
    vxg_op_release(op);
    vxg_ct_geometry_release(geo);
}

/* ---- Rows of a whole ---- */
/* A rolled detector with the axis at its side: 8 rows by themselves would be weighted otherwise. */
static void rows_of_a_whole(vxg_ct_beam beam, int64_t nviews, double range) {
    enum { ROWS = 60, COLS = 50, BAND = 12, FIRST = 40 };
    const vxg_ct_volume vol = {.nz = 2, .ny = 24, .nx = 24, .center = {0, 0, 14}};
    static float proj[120 * ROWS * COLS], part[120 * BAND * COLS], a[2 * 24 * 24], b[2 * 24 * 24];
    vxg_ct_view views[120];
    vxg_ct_trajectory_opts o = {0};
    vxg_ct_geometry *geo, *band;
    uint32_t state = 5;
    vxg_ct_trajectory_defaults(VXG_CT_PATH_CIRCULAR, beam, &o);
    o.nviews = nviews, o.range = range, o.rows = ROWS, o.cols = COLS, o.sod = 200, o.sdd = 250;
    o.center = 15, o.has_center = 1, o.roll = 0.1;
    CHECK_OK(vxg_ct_trajectory(&o, &geo));
    for (int i = 0; i < nviews; i++) {
        views[i] = *vxg_ct_geometry_view(geo, i);
        for (int k = 0; k < 3; k++)
            views[i].d[k] += (FIRST + 0.5 * BAND - 0.5 * ROWS) * views[i].V[k];
    }
    CHECK_OK(vxg_ct_geometry_new(
        &(vxg_ct_views){.beam = beam, .nviews = nviews, .nv = BAND, .nu = COLS, .views = views},
        &band));
    for (int i = 0; i < nviews * ROWS * COLS; i++) {
        state = state * 1664525u + 1013904223u;
        proj[i] = (float)(state >> 8) / 16777216.0f;
    }
    for (int i = 0; i < nviews; i++)
        memcpy(part + i * BAND * COLS, proj + (i * ROWS + FIRST) * COLS,
               sizeof(float) * BAND * COLS);
    CHECK_OK(run(geo, &vol, VXG_CT_ARC_AUTO, NULL, proj, a));
    CHECK_OK(run(band, &vol, VXG_CT_ARC_AUTO, geo, part, b));
    double most = 0, off = 0;
    for (int i = 0; i < 2 * 24 * 24; i++)
        most = fmax(most, fabs((double)a[i])), off = fmax(off, fabs((double)a[i] - (double)b[i]));
    EXPECT(off < 1e-5 * most, "beam %d, %d views: rows of the whole differ by %.3g of %.3g",
           (int)beam, (int)nviews, off, most);
    vxg_ct_geometry_release(geo), vxg_ct_geometry_release(band);
}
TEST(whole)
{
    rows_of_a_whole(VXG_CT_BEAM_CONE, 120, 2 * M_PI);
    rows_of_a_whole(VXG_CT_BEAM_CONE, 90, 4.5);
    rows_of_a_whole(VXG_CT_BEAM_PARALLEL, 120, 2 * M_PI);
    rows_of_a_whole(VXG_CT_BEAM_PARALLEL, 100, 5);
}

/* ---- A scan in memory, slab by slab ---- */
enum { VIEWS = 120, ROWS = 70, COLS = 30, WIDE = 46 };
static float lines[VIEWS * ROWS * COLS];

static int keep(vxg_volume_writer *self, int64_t z0, int64_t nz, const float *src) {
    memcpy((float *)self->impl + z0 * WIDE * WIDE, src, (size_t)(nz * WIDE * WIDE) * sizeof *src);
    return VXG_OK;
}

TEST(pipeline)
{
    static float whole[ROWS * WIDE * WIDE], slabs[2][ROWS * WIDE * WIDE], tries[3 * COLS * COLS];
    double theta[VIEWS], angles[VIEWS];
    const double centers[3] = {6, 7, 8};
    uint32_t state = 3;
    for (int i = 0; i < VIEWS; i++) theta[i] = 3.0 * i, angles[i] = theta[i] * DEG;
    for (int i = 0; i < VIEWS * ROWS * COLS; i++) {
        state = state * 1664525u + 1013904223u;
        lines[i] = (float)(state >> 8) / 16777216.0f;
    }
    memory_scan m = {lines, ROWS, COLS};
    vxg_scan_reader reader = memory_scan_reader(&m, VIEWS, theta);
    vxg_ct_recon_opts o = {.center = 7, .no_minus_log = 1, .window = VXG_CT_WINDOW_HANN};
    CHECK_OK(vxg_ct_recon_side(&reader, &o, &o.side));
    CHECK(o.side == 45, "%d voxels across", (int)o.side);
    o.side = WIDE;
    for (int k = 0; k < 2; k++) {
        vxg_volume_writer writer = {.write = keep, .impl = slabs[k]};
        vxg_ct_recon_stats stats = {0};
        o.max_memory = k ? 2000000 : 0;
        CHECK_OK(vxg_ct_reconstruct(dev, &reader, &o, &writer, &stats));
        CHECK(stats.nx == WIDE && stats.ny == WIDE && (k == 0 || stats.chunk < 64),
              "%d slices at once", (int)stats.chunk);
    }
    EXPECT(!memcmp(slabs[0], slabs[1], sizeof whole), "the memory allowed changes bits");
    const vxg_ct_parallel_opts p = {.angles = angles,
                                    .nviews = VIEWS,
                                    .rows = ROWS,
                                    .cols = COLS,
                                    .center = 7,
                                    .has_center = 1};
    const vxg_ct_volume vol = {.nz = ROWS, .ny = WIDE, .nx = WIDE};
    vxg_ct_geometry *geo;
    CHECK_OK(vxg_ct_parallel_circular(&p, &geo));
    CHECK_OK(run(geo, &vol, VXG_CT_ARC_AUTO, NULL, lines, whole));
    double off = 0, most = 0;
    for (int i = 0; i < ROWS * WIDE * WIDE; i++)
        most = fmax(most, fabs((double)whole[i])),
        off = fmax(off, fabs((double)whole[i] - (double)slabs[0][i]));
    EXPECT(off < 1e-6 * most, "slabs differ from the whole by %.3g of %.3g", off, most);
    o.max_memory =
        0; /* the tries are the middle of slices: an even and an odd side differ by half */
    CHECK_OK(vxg_ct_try_centers(dev, &reader, &o, 33, 3, centers, tries));
    off = 0;
    for (int i = 0; i < COLS * COLS; i++) {
        const int at =
            (33 * WIDE + i / COLS + (WIDE - COLS) / 2) * WIDE + i % COLS + (WIDE - COLS) / 2;
        off = fmax(off, fabs((double)tries[COLS * COLS + i] - (double)whole[at]));
    }
    EXPECT(off < 1e-5 * most, "a try differs from the slice by %.3g of %.3g", off, most);
    o.col_begin = 10, o.col_end = 30; /* the axis is cut off */
    const int64_t live = vxg_alloc_live();
    EXPECT(vxg_ct_recon_side(&reader, &o, &o.side) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "not on it"),
           "%s", vxg_error_message());
    EXPECT(vxg_alloc_live() == live, "a refusal keeps %d blocks of memory",
           (int)(vxg_alloc_live() - live));
    vxg_ct_geometry_release(geo);
}

/* ---- A measured fan ---- */
/* 721 views over a turn of which three gaps are left out: the picture of all views, nearly. */
TEST(measured_gaps)
{
    enum { N = 721, NU = 560, SIZE = 280 };
    char path[512];
    if (!test_data("ct_fan_htc2022_ta/htc2022_ta_full.h5", path, sizeof path))
        SKIP("ct_fan_htc2022_ta is not in VXG_TEST_DATA");
    static float proj[N * NU], part[N * NU], got[2][SIZE * SIZE];
    const vxg_ct_volume vol = {
        .nz = 1, .ny = SIZE, .nx = SIZE, .dy = 0.29664464, .dx = 0.29664464, .dz = 1};
    vxg_scan_reader *reader;
    vxg_ct_geometry *geo, *less;
    double t[N];
    int64_t index[N], n = 0;
    const int status = vxg_scan_open_dataset(path, "sinogram", &reader);
    if (status == VXG_ERR_UNSUPPORTED) SKIP("%s", vxg_error_message());
    CHECK(!status, "%s", vxg_error_message());
    CHECK_OK(reader->read(reader, VXG_FRAME_DATA, 0, N, 0, 1, 0, NU, proj));
    vxg_scan_close(reader);
    for (int i = 0; i < N; i++) {
        const double a = 0.5 * i;
        t[i] = (90 + a) * DEG;
        if ((a > 20 && a < 35) || (a > 140 && a < 152) || (a > 255 && a < 280)) continue;
        memcpy(part + n * NU, proj + i * NU, NU * sizeof *proj);
        index[n++] = i;
    }
    const vxg_ct_cone_opts o = {
        .angles = t, .nviews = N, .cols = NU, .sod = 410.66, .sdd = 553.74, .pixel = 0.2};
    CHECK_OK(vxg_ct_cone_circular(&o, &geo));
    CHECK_OK(vxg_ct_geometry_take(geo, n, index, &less));
    CHECK_OK(run(geo, &vol, VXG_CT_ARC_AUTO, NULL, proj, got[0]));
    CHECK_OK(run(less, &vol, VXG_CT_ARC_AUTO, NULL, part, got[1]));
    double m[2] = {0}, s[3] = {0};
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < SIZE * SIZE; i++) m[k] += (double)got[k][i] / (SIZE * SIZE);
    for (int i = 0; i < SIZE * SIZE; i++) {
        const double a = (double)got[0][i] - m[0], b = (double)got[1][i] - m[1];
        s[0] += a * a, s[1] += b * b, s[2] += a * b;
    }
    const double correlation = s[2] / sqrt(s[0] * s[1]);
    printf("# correlation with the picture of all views: %.4f\n", correlation);
    EXPECT(correlation > 0.99, "correlation %.4f", correlation);
    vxg_ct_geometry_release(geo), vxg_ct_geometry_release(less);
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(half_acquisition),
                                      T(half_acquisition_elsewhere),
                                      T(pitch_of_rays),
                                      T(fbp_refusals),
                                      T(overscans),
                                      T(gaps),
                                      T(gap_weights),
                                      T(limited_angles),
                                      T(short_scan_off_the_middle),
                                      T(one_column),
                                      T(rays_leave_the_slice),
                                      T(helix_off_the_middle),
                                      T(whole),
                                      T(pipeline),
                                      T(measured_gaps)};
    if (vxg_device_open("cpu", &dev)) return printf("FAIL ct_scans: %s\n", vxg_error_message()), 1;
    int failed = test_run("ct_scans", list, (int)(sizeof list / sizeof *list), argc, argv);
    vxg_device_release(dev);
    return failed;
}
