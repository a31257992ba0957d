/* Fan-beam FBP and FDK against exact projections: the Shepp-Logan phantom, truncated and tilted
 * detectors, unit density, what is refused. Reconstructions of a few slices see all of the
 * detector's rows that they would see in the whole volume: rows are filtered one by one. */
#include <voxgrad/voxgrad.h>

#include "test.h"

/* The sanitizers look at code paths, not at values, and take ten times as long. */
#if defined(__SANITIZE_ADDRESS__)
#define NOT_SANITIZED() SKIP("takes too long under the sanitizers")
#else
#define NOT_SANITIZED() ((void)0)
#endif

static vxg_device *dev;

/* ---- A scan and its reconstruction ---- */
#define SID 600.0
#define SDD 900.0

typedef struct scan {
    int64_t nviews, rows, cols; /* rows 1: a fan */
    double first, range;        /* radians; 0: a full turn. Both ends of an arc are views */
    double pixel;
    double center; /* axis column */
    vxg_ct_detector detector;
    int64_t n, slices; /* reconstruction: n x n voxels of 1, `slices` in the middle of n */
    double size;       /* half the phantom's field, in voxels */
    const char *phantom;
    vxg_ct_fdk_opts opts;
} scan;

static void scan_angles(const scan *s, double *t) {
    const int64_t gaps = s->range > 0 ? s->nviews - 1 : s->nviews;
    for (int64_t i = 0; i < s->nviews; i++)
        t[i] = s->first + (s->range > 0 ? s->range : 2 * M_PI) * (double)i / (double)gaps;
}

static int scan_geometry(const scan *s, vxg_ct_geometry **geo) {
    double *t = malloc((size_t)s->nviews * sizeof *t);
    scan_angles(s, t);
    const vxg_ct_cone_opts o = {.angles = t,
                                .nviews = s->nviews,
                                .rows = s->rows,
                                .cols = s->cols,
                                .sod = SID,
                                .sdd = SDD,
                                .pixel = s->pixel,
                                .center = s->center,
                                .has_center = 1,
                                .detector = s->detector};
    const int status = vxg_ct_cone_circular(&o, geo);
    free(t);
    return status;
}

static vxg_ct_volume scan_volume(const scan *s) {
    return (vxg_ct_volume){.nz = s->slices, .ny = s->n, .nx = s->n, .dz = 1, .dy = 1, .dx = 1};
}

/* proj -> *out (malloc'ed) */
static int reconstruct(const vxg_ct_geometry *geo, const vxg_ct_volume *vol,
                       const vxg_ct_fdk_opts *opts, const float *proj, float **out) {
    vxg_op *op = NULL;
    vxg_array x = {0}, y = {0};
    *out = malloc((size_t)(vol->nz * vol->ny * vol->nx) * sizeof **out);
    int status = vxg_ct_fdk(dev, geo, vol, opts, &op);
    if (!status) status = vxg_op_new_array(op, 0, &y);
    if (!status) status = vxg_op_new_array(op, -1, &x);
    if (!status) status = vxg_array_write(NULL, &y, proj);
    if (!status) status = vxg_op_apply(op, NULL, &y, &x);
    if (!status) status = vxg_array_read(NULL, &x, *out);
    vxg_array_release(&x), vxg_array_release(&y);
    vxg_op_release(op);
    return status;
}

static float *project(const char *phantom, const vxg_ct_geometry *geo, double size) {
    const vxg_phantom_opts o = {.unit = size};
    vxg_phantom *p;
    float *proj = malloc(
        (size_t)(vxg_ct_geometry_nviews(geo) * vxg_ct_geometry_nv(geo) * vxg_ct_geometry_nu(geo)) *
        sizeof *proj);
    if (vxg_phantom_named(phantom, &p)) return free(proj), NULL;
    const int status = vxg_phantom_project(p, geo, &o, proj);
    vxg_phantom_release(p);
    return status ? (free(proj), NULL) : proj;
}

static float *truth(const scan *s) {
    const vxg_phantom_opts o = {.unit = s->size, .samples = 8};
    const vxg_ct_volume vol = scan_volume(s);
    vxg_phantom *p;
    float *want = malloc((size_t)(vol.nz * vol.ny * vol.nx) * sizeof *want);
    if (vxg_phantom_named(s->phantom, &p)) return free(want), NULL;
    const int status = vxg_phantom_voxelize(p, &vol, &o, want);
    vxg_phantom_release(p);
    return status ? (free(want), NULL) : want;
}

static double rmse(const float *a, const float *b, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
    return sqrt(sum / (double)n);
}

/* Error of slice slices/2; *out, if wanted, is the reconstruction. */
static int scan_error(const scan *s, double *error, float **out, float **want) {
    vxg_ct_geometry *geo;
    const vxg_ct_volume vol = scan_volume(s);
    float *got = NULL, *proj = NULL, *exact = truth(s);
    int status = scan_geometry(s, &geo);
    if (status) return free(exact), status;
    proj = project(s->phantom, geo, s->size);
    status = proj && exact ? reconstruct(geo, &vol, &s->opts, proj, &got) : VXG_ERR_FAILED;
    const int64_t slice = vol.ny * vol.nx, at = vol.nz / 2 * slice;
    *error = status ? NAN : rmse(got + at, exact + at, slice);
    vxg_ct_geometry_release(geo);
    free(proj);
    if (out && !status)
        *out = got, *want = exact;
    else
        free(got), free(exact);
    return status;
}

/* 128^3 voxels of 1, 360 views, 256^2 pixels. The phantom fills the cube's field, [-1, 1] over
 * voxel middles; pixels of 0.85 let the detector's columns just see its corners on the level
 * (63.5 * 900 / (600 - 63.5) = 107 to each side, 108.8 covered). */
static scan cone_scan(int64_t rows, vxg_ct_window window) {
    return (scan){.nviews = 360,
                  .rows = rows,
                  .cols = 256,
                  .pixel = 0.85,
                  .center = 127.5,
                  .n = 128,
                  .slices = 2,
                  .size = 63.5,
                  .phantom = "shepp-logan-3d",
                  .opts = {.window = window}};
}
/* 256^2 pixels, 360 views, 600 columns of 1 */
static scan fan_scan(vxg_ct_window window) {
    return (scan){.nviews = 360,
                  .rows = 1,
                  .cols = 600,
                  .pixel = 1,
                  .center = 299.5,
                  .n = 256,
                  .slices = 1,
                  .size = 127.5,
                  .phantom = "shepp-logan-2d",
                  .opts = {.window = window}};
}

/* ---- Accuracy ---- */
/* Mean over a disc of phantom units well inside one tissue, against the table's density. */
static void expect_regions(const float *slice, const scan *s) {
    static const double regions[][4] = {
        {0, 0.35, 0.15, 0.3},   {0.22, 0, 0.07, 0},      {-0.22, 0, 0.1, 0},  {0, -0.75, 0.06, 0.2},
        {0.4, -0.35, 0.1, 0.2}, {-0.4, 0.45, 0.06, 0.2}, {0, 0.77, 0.05, 0.2}};
    for (int k = 0; k < 7; k++) {
        double sum = 0;
        int count = 0;
        for (int64_t i = 0; i < s->n * s->n; i++) {
            const double x = ((double)(i % s->n) - 0.5 * (double)(s->n - 1)) / s->size;
            const double y = ((double)(i / s->n) - 0.5 * (double)(s->n - 1)) / s->size;
            if (hypot(x - regions[k][0], y - regions[k][1]) > regions[k][2]) continue;
            sum += (double)slice[i], count++;
        }
        EXPECT(count > 5 && fabs(sum / count - regions[k][3]) <= 0.005,
               "region %d (%d voxels): mean %.5f, %.2f is expected", k, count, sum / count,
               regions[k][3]);
    }
}

static void accuracy(const scan *s, double most) {
    float *got, *want;
    double error;
    CHECK_OK(scan_error(s, &error, &got, &want));
    EXPECT(error <= most, "rmse %.4f, at most %.4f is expected", error, most);
    expect_regions(got + s->slices / 2 * s->n * s->n, s);
    free(got), free(want);
}

TEST(cone_ramp)
{
    for (int detector = 0; detector < 2; detector++) {
        scan s = cone_scan(16, VXG_CT_WINDOW_RAMP);
        s.detector = (vxg_ct_detector)detector;
        accuracy(&s, 0.025);
    }
}
TEST(cone_hann)
{
    NOT_SANITIZED();
    for (int detector = 0; detector < 2; detector++) {
        scan s = cone_scan(16, VXG_CT_WINDOW_HANN);
        s.detector = (vxg_ct_detector)detector;
        accuracy(&s, 0.035);
    }
}
TEST(fan)
{
    NOT_SANITIZED();
    for (int k = 0; k < 4; k++) {
        scan s = fan_scan(k % 2 ? VXG_CT_WINDOW_HANN : VXG_CT_WINDOW_RAMP);
        s.detector = (vxg_ct_detector)(k / 2);
        accuracy(&s, k % 2 ? 0.035 : 0.025);
    }
}

/* All 256 rows: the middle slice is what few rows give, and a section along z keeps
 * close to the phantom, although FDK is approximate away from the middle. */
TEST(cone_whole)
{
    scan s = cone_scan(256, VXG_CT_WINDOW_RAMP), few = cone_scan(16, VXG_CT_WINDOW_RAMP);
    NOT_SANITIZED();
    const vxg_ct_volume middle = scan_volume(&s), section = {.nz = 128, .ny = 2, .nx = 128};
    const vxg_phantom_opts o = {.unit = s.size, .samples = 8};
    float *a, *b, *along, *want = malloc(sizeof(float) * 128 * 2 * 128);
    vxg_ct_geometry *geo, *geo_few;
    vxg_phantom *p;
    CHECK_OK(scan_geometry(&s, &geo));
    CHECK_OK(scan_geometry(&few, &geo_few));
    float *proj = project(s.phantom, geo, s.size), *rows = project(s.phantom, geo_few, s.size);
    CHECK_OK(reconstruct(geo, &middle, &s.opts, proj, &a));
    CHECK_OK(reconstruct(geo_few, &middle, &few.opts, rows, &b));
    EXPECT(rmse(a, b, 2 * 128 * 128) < 1e-6, "16 rows and 256 differ by %.3g",
           rmse(a, b, 2 * 128 * 128));
    CHECK_OK(reconstruct(geo, &section, &s.opts, proj, &along));
    CHECK_OK(vxg_phantom_named(s.phantom, &p));
    CHECK_OK(vxg_phantom_voxelize(p, &section, &o, want));
    const double error = rmse(along, want, 128 * 2 * 128);
    EXPECT(error <= 0.035, "section along z: rmse %.4f", error);
    vxg_phantom_release(p);
    vxg_ct_geometry_release(geo), vxg_ct_geometry_release(geo_few);
    free(a), free(b), free(along), free(want), free(proj), free(rows);
}

/* Short scans, over-scans and half-fans of the same angular step: within 10 % of the full scan. */
static void arc(scan *s, int64_t nviews) {
    s->range = 2 * M_PI * (double)(nviews - 1) / (double)s->nviews, s->nviews = nviews;
}
static void within_ten_percent(const scan *s, const char *what, double full) {
    double error;
    CHECK_OK(scan_error(s, &error, NULL, NULL));
    EXPECT(error <= 1.1 * full, "%s, detector %d: rmse %.4f, full scan %.4f", what,
           (int)s->detector, error, full);
}
static void partial(const scan *whole) {
    const double reach = atan(0.5 * (double)whole->cols * whole->pixel / SDD);
    const int64_t least =
        2 + (int64_t)ceil((M_PI + 2 * reach) * (double)whole->nviews / (2 * M_PI));
    double full;
    CHECK_OK(scan_error(whole, &full, NULL, NULL));
    scan s = *whole;
    s.first = 0.3;
    arc(&s, least);
    within_ten_percent(&s, "short scan", full);
    s = *whole, arc(&s, least + whole->nviews / 9);
    within_ten_percent(&s, "over-scan", full);
    s = *whole, arc(&s, whole->nviews / 18 * 17);
    within_ten_percent(&s, "340 degrees", full);
    s = *whole; /* a quarter of the detector is gone, on one side and on the other */
    s.cols -= s.cols / 4;
    within_ten_percent(&s, "half-fan", full);
    s.center = whole->center - (double)(whole->cols - s.cols);
    within_ten_percent(&s, "half-fan, other side", full);
}
static void partial_both(scan s) {
    for (int detector = 0; detector < 2; detector++) {
        s.detector = (vxg_ct_detector)detector;
        partial(&s);
    }
}
TEST(partial_cone)
{
    NOT_SANITIZED();
    partial_both(cone_scan(6, VXG_CT_WINDOW_RAMP));
}
TEST(partial_fan)
{
    NOT_SANITIZED();
    scan s = fan_scan(VXG_CT_WINDOW_RAMP);
    s.n = 128, s.size = 63.5, s.cols = 256, s.center = 127.5, s.pixel = 0.85;
    partial_both(s); /* 256^2 pixels would need more views: half a turn has half the lines */
}

/* Views in any order, one of them twice (0 and 360 degrees), angles anywhere: the same image. */
TEST(view_order)
{
    scan s = fan_scan(VXG_CT_WINDOW_HANN);
    vxg_ct_geometry *geo, *mixed;
    vxg_ct_view views[181];
    float *got, *again, *proj, *shuffled;
    s.nviews = 180, s.n = 64, s.size = 31.5, s.cols = 150, s.center = 74.5;
    const vxg_ct_volume vol = scan_volume(&s);
    CHECK_OK(scan_geometry(&s, &geo));
    proj = project(s.phantom, geo, s.size);
    shuffled = malloc((size_t)(181 * s.cols) * sizeof *shuffled);
    for (int i = 0; i < 181; i++) {
        const int from = i * 7 % 180;
        views[i] = *vxg_ct_geometry_view(geo, from);
        memcpy(shuffled + i * s.cols, proj + from * s.cols, (size_t)s.cols * sizeof *proj);
    }
    CHECK_OK(vxg_ct_cone_views(181, 1, s.cols, views, &mixed));
    CHECK_OK(reconstruct(geo, &vol, &s.opts, proj, &got));
    CHECK_OK(reconstruct(mixed, &vol, &s.opts, shuffled, &again));
    const double off = rmse(got, again, vol.ny * vol.nx);
    EXPECT(off < 1e-5, "shuffled views change the image by %.3g", off);
    vxg_ct_geometry_release(geo), vxg_ct_geometry_release(mixed);
    free(got), free(again), free(proj), free(shuffled);
}

/* ---- Unit density, whatever the detector ---- */
/* Mean over the middle of a ball of density 1, radius 20, seen by detectors turned about their
 * column axis (yaw), about their row axis (pitch) and within their plane (roll). */
static int turned(double yaw, double pitch, double roll, double zoom, vxg_ct_geometry **geo) {
    enum { N = 120, ROWS = 8, COLS = 100 };
    vxg_ct_view views[N];
    for (int i = 0; i < N; i++) {
        const double t = 2 * M_PI * i / N, a[3] = {cos(t), sin(t), 0}, b[3] = {-sin(t), cos(t), 0};
        const double p = zoom * 0.8;
        for (int k = 0; k < 3; k++) {
            const double z = k == 2, across = a[k] * cos(yaw) + b[k] * sin(yaw);
            const double up = z * cos(pitch) + b[k] * sin(pitch);
            views[i].s[k] = -SID * b[k];
            views[i].d[k] = (zoom - 1) * SID * b[k] + 3.3 * a[k];
            views[i].U[k] = p * (across * cos(roll) + up * sin(roll));
            views[i].V[k] = 1.3 * p * (up * cos(roll) - across * sin(roll));
        }
    }
    return vxg_ct_cone_views(N, ROWS, COLS, views, geo);
}

TEST(unit_density)
{
    static const double cases[][4] = {
        {0, 0, 0, 1.5},    {0, 0, 0, 3},     {0.3, 0, 0, 1.5},     {-0.5, 0, 0, 2},
        {0, 0.25, 0, 1.5}, {0, 0, 0.1, 1.5}, {0.2, -0.2, 0.05, 2},
    };
    const vxg_shape ball = {
        .kind = VXG_SHAPE_ELLIPSOID, .value = 1, .center = {4, -3, 0}, .half = {20, 20, 20}};
    const vxg_ct_volume vol = {.nz = 2, .ny = 64, .nx = 64};
    vxg_phantom *p;
    CHECK_OK(vxg_phantom_new(&ball, 1, &p));
    for (int c = 0; c < (int)(sizeof cases / sizeof *cases); c++) {
        const double *k = cases[c];
        vxg_ct_geometry *geo;
        float *proj = malloc(sizeof(float) * 120 * 8 * 100), *got;
        double sum = 0, out = 0;
        int count = 0, nout = 0;
        CHECK_OK(turned(k[0], k[1], k[2], k[3], &geo));
        CHECK_OK(vxg_phantom_project(p, geo, NULL, proj));
        CHECK_OK(
            reconstruct(geo, &vol, &(vxg_ct_fdk_opts){.window = VXG_CT_WINDOW_HANN}, proj, &got));
        for (int i = 0; i < 2 * 64 * 64; i++) {
            const double r = hypot(i % 64 - 31.5 - 4, i / 64 % 64 - 31.5 + 3);
            if (r < 15) sum += (double)got[i], count++;
            if (r > 23 && r < 26) out += (double)got[i], nout++;
        }
        /* filtering along rolled rows is right for what does not vary along z; a ball comes out up
         * to 1 / cos roll too bright */
        EXPECT(fabs(sum / count - 1) < 0.003 + 1 / cos(k[2]) - 1,
               "case %d: the ball's mean is %.5f", c, sum / count);
        EXPECT(fabs(out / nout) < 0.01, "case %d: beside the ball %.5f", c, out / nout);
        vxg_ct_geometry_release(geo);
        free(proj), free(got);
    }
    vxg_phantom_release(p);
}

/* A source so close that rays leave it up to 40 degrees off the middle. */
TEST(wide_fan)
{
    const vxg_shape disc = {
        .kind = VXG_SHAPE_ELLIPSE, .value = 1, .center = {3, -2, 0}, .half = {25, 25, 1}};
    const vxg_ct_volume vol = {.nz = 1, .ny = 64, .nx = 64};
    vxg_phantom *p;
    CHECK_OK(vxg_phantom_new(&disc, 1, &p));
    for (int k = 0; k < 4; k++) {
        vxg_ct_cone_opts o = {.nviews = 180, .cols = 160, .sod = 45, .sdd = 90};
        vxg_ct_geometry *geo;
        float proj[180 * 160], *got;
        double sum[4] = {0}, angles[180];
        int count[4] = {0};
        o.detector = (vxg_ct_detector)(k % 2);
        o.pixel = 2.0 * 90 / 160 * (k % 2 ? 0.72 : 0.88); /* 41 degrees to each side */
        for (int i = 0; i < 180; i++) angles[i] = 0.2 + (M_PI + 1.5) * i / 179;
        if (k > 1) o.angles = angles; /* short scan */
        CHECK_OK(vxg_ct_cone_circular(&o, &geo));
        CHECK_OK(vxg_phantom_project(p, geo, NULL, proj));
        CHECK_OK(
            reconstruct(geo, &vol, &(vxg_ct_fdk_opts){.window = VXG_CT_WINDOW_HANN}, proj, &got));
        for (int i = 0; i < 64 * 64; i++) { /* means over rings of the disc */
            const double r = hypot(i % 64 - 31.5 - 3, i / 64 - 31.5 + 2) / 6;
            if (r < 4 && r * 6 < 22) sum[(int)r] += (double)got[i], count[(int)r]++;
        }
        for (int r = 0; r < 4; r++)
            EXPECT(fabs(sum[r] / count[r] - 1) < 0.004, "case %d, ring %d: mean %.5f", k, r,
                   sum[r] / count[r]);
        vxg_ct_geometry_release(geo);
        free(got);
    }
    vxg_phantom_release(p);
}

/* Three turns of a helix about a long cylinder of density 1 with a denser ball in it. */
TEST(helix)
{
    enum { N = 360, ROWS = 24, COLS = 80, SLICES = 24 };
    const vxg_shape body[2] = {
        {.kind = VXG_SHAPE_CYLINDER, .value = 1, .center = {2, 3, 0}, .half = {22, 22, 200}},
        {.kind = VXG_SHAPE_ELLIPSOID, .value = 0.5, .center = {-5, 4, 2}, .half = {8, 8, 8}}};
    const vxg_ct_volume vol = {.nz = SLICES, .ny = 64, .nx = 64};
    vxg_ct_cone_opts o = {
        .nviews = N, .rows = ROWS, .cols = COLS, .sod = SID, .sdd = SDD, .pixel = 1.6};
    double angles[N], sum[2] = {0};
    int count[2] = {0};
    vxg_ct_view *views = malloc(sizeof *views * N);
    float *proj = malloc(sizeof(float) * N * ROWS * COLS), *got;
    vxg_ct_geometry *geo;
    vxg_phantom *p;
    for (int i = 0; i < N; i++) angles[i] = 6 * M_PI * i / N;
    o.angles = angles;
    CHECK_OK(vxg_ct_cone_circular(&o, &geo));
    for (int i = 0; i < N; i++) { /* 15 a turn: the detector sees 25.6 */
        views[i] = *vxg_ct_geometry_view(geo, i);
        const double z = 45.0 * (i - 0.5 * (N - 1)) / N;
        views[i].s[2] += z, views[i].d[2] += z;
    }
    vxg_ct_geometry_release(geo);
    CHECK_OK(vxg_ct_cone_views(N, ROWS, COLS, views, &geo));
    CHECK_OK(vxg_phantom_new(body, 2, &p));
    CHECK_OK(vxg_phantom_project(p, geo, NULL, proj));
    CHECK_OK(reconstruct(geo, &vol, &(vxg_ct_fdk_opts){.window = VXG_CT_WINDOW_HANN}, proj, &got));
    for (int i = 0; i < SLICES * 64 * 64; i++) {
        const double x = i % 64 - 31.5, y = i / 64 % 64 - 31.5, z = i / 4096 - 11.5;
        const double ball = sqrt((x + 5) * (x + 5) + (y - 4) * (y - 4) + (z - 2) * (z - 2));
        const int inside = ball < 6;
        if (hypot(x - 2, y - 3) > 18 || (ball >= 6 && ball < 10)) continue;
        sum[inside] += (double)got[i], count[inside]++;
        EXPECT(fabs((double)got[i] - (inside ? 1.5 : 1)) < 0.1, "voxel (%g, %g, %g): %g", x, y, z,
               (double)got[i]);
    }
    for (int k = 0; k < 2; k++)
        EXPECT(fabs(sum[k] / count[k] - (k ? 1.5 : 1)) < 0.01, "mean %d: %.5f", k,
               sum[k] / count[k]);
    vxg_phantom_release(p);
    vxg_ct_geometry_release(geo);
    free(views), free(proj), free(got);
}

/* A detector that ends inside the object: continued rows take the cupping away. */
TEST(truncated)
{
    scan s = fan_scan(VXG_CT_WINDOW_HANN);
    double error[2];
    s.phantom = "shepp-logan-2d", s.nviews = 240, s.n = 100, s.size = 80, s.cols = 150;
    s.center = 74.5; /* sees 100 of the 160 voxels the head is wide */
    float *want = NULL, *got = NULL;
    for (int k = 0; k < 2; k++) {
        s.opts.extend = k ? 0.5 : 0;
        CHECK_OK(scan_error(&s, &error[k], &got, &want));
        double sum = 0; /* over what all views see but its rim */
        int count = 0;
        for (int i = 0; i < 100 * 100; i++)
            if (hypot(i % 100 - 49.5, i / 100 - 49.5) < 40) {
                const double d = (double)got[i] - (double)want[i];
                sum += d * d, count++;
            }
        error[k] = sqrt(sum / count);
        free(got), free(want);
    }
    EXPECT(error[1] < 0.5 * error[0], "rmse %.4f without, %.4f with extension", error[0], error[1]);
}

/* ---- Refused ---- */
static void refused(vxg_ct_geometry *geo, const vxg_ct_fdk_opts *o, const char *word) {
    const vxg_ct_volume vol = {.nz = 1, .ny = 4, .nx = 4};
    vxg_op *op;
    EXPECT(vxg_ct_fdk(dev, geo, &vol, o, &op) == VXG_ERR_ARGUMENT && !op, "%s: accepted", word);
    EXPECT(strstr(vxg_error_message(), word), "'%s' is not in: %s", word, vxg_error_message());
    vxg_ct_geometry_release(geo);
}
static vxg_ct_geometry *changed(const scan *s, int field, double by) {
    vxg_ct_geometry *geo, *out;
    vxg_ct_view views[400];
    if (scan_geometry(s, &geo)) return NULL;
    for (int64_t i = 0; i < s->nviews; i++) {
        views[i] = *vxg_ct_geometry_view(geo, i);
        if (field == 0) views[i].s[2] += by * (double)i;
        if (field == 1 && i % 2)
            for (int k = 0; k < 2; k++) views[i].s[k] *= by;
        if (field == 2) views[i].U[2] += by;
    }
    vxg_ct_geometry_release(geo);
    return vxg_ct_cone_views(s->nviews, s->rows, s->cols, views, &out) ? NULL : out;
}

TEST(refusals)
{
    const double two[2] = {0, 1};
    const vxg_ct_parallel_opts po = {.angles = two, .nviews = 2, .rows = 2, .cols = 4};
    const vxg_ct_fdk_opts none = {0};
    vxg_ct_geometry *geo;
    scan s = fan_scan(VXG_CT_WINDOW_RAMP);
    CHECK_OK(vxg_ct_parallel_circular(&po, &geo));
    refused(geo, &none, "fan or cone beam");
    refused(changed(&s, 0, 1), &(vxg_ct_fdk_opts){.arc = VXG_CT_ARC_SHORT}, "helix");
    refused(changed(&s, 0, 1), &(vxg_ct_fdk_opts){.half_fan = VXG_CT_HALF_FAN_YES}, "helix");
    refused(changed(&s, 1, 1.03), &none, "a circle");
    refused(changed(&s, 2, 0.5), &none, "off the level");
    s.nviews = 190, s.range = 3.2; /* the fan needs more */
    refused(changed(&s, -1, 0), &none, "arc");
    s.nviews = 250, s.range = 4.2, s.center = 150; /* a half-fan needs a turn */
    refused(changed(&s, -1, 0), &(vxg_ct_fdk_opts){.half_fan = VXG_CT_HALF_FAN_YES}, "half_fan");
    s.range = 0, s.center = -20;
    refused(changed(&s, -1, 0), &none, "half_fan");
    s.center = 299.5;
    refused(changed(&s, -1, 0), &(vxg_ct_fdk_opts){.extend = -1}, "extend");
    refused(changed(&s, -1, 0), &(vxg_ct_fdk_opts){.arc = (vxg_ct_arc)9}, "arc");
    refused(changed(&s, -1, 0), &(vxg_ct_fdk_opts){.cutoff = 2}, "cutoff");
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(cone_ramp),  T(cone_hann),    T(fan),
                                      T(cone_whole), T(partial_cone), T(partial_fan),
                                      T(view_order), T(unit_density), T(truncated),
                                      T(wide_fan),   T(helix),        T(refusals)};
    if (vxg_device_open("cpu", &dev)) return printf("FAIL ct_fdk: %s\n", vxg_error_message()), 1;
    int failed = test_run("ct_fdk", list, (int)(sizeof list / sizeof *list), argc, argv);
    vxg_device_release(dev);
    return failed;
}
