/* A point object comes back at its own voxel from every code path: adjoints, backprojector and FBP,
 * in 2-D and 3-D, on every device, for every kind of scan. The point stands asymmetrically, so that
 * a flip, a transposition, a wrong sense of rotation or half a pixel shows. The sinograms are
 * formulas of the conventions page, not the library's own projections. */
#include <voxgrad/voxgrad.h>

#include "test.h"

#define SIGMA 2.5 /* of the Gaussian point, in voxels */
#define NEAR 0.05 /* voxels */
#define VIEWS 96
#define SIDE 48 /* voxels along an edge */
#define FINE 4  /* columns per voxel where rays, not interpolation, do the sampling */
#define ROWS 9

typedef struct scan {
    double angles[VIEWS];
    double center, pixel, pitch; /* axis column, column and row pitch */
    int64_t rows, cols;
    vxg_ct_volume vol;
    int64_t at[3]; /* the point's voxel: slice, row, column */
} scan;

typedef enum path { JOSEPH, SIDDON, BACKPROJECT, FBP, PATHS } path;
static const char *const path_names[] = {"joseph_adjoint", "siddon_adjoint", "backprojector",
                                         "fbp"};

/* Rays of a pixel's spacing sample a voxel once or twice, which moves peaks of the projectors by a
 * tenth of a voxel: they get finer columns. */
static int fineness(path p) {
    return p == JOSEPH || p == SIDDON ? FINE : 1;
}
static void set_center(scan *s, double voxels) { /* from the detector's left edge */
    s->center = voxels / s->pixel - 0.5;
}

static void scan_new(scan *s, int planar, path p) {
    *s = (scan){.pixel = 1.0 / fineness(p), .pitch = 1, .rows = planar ? 1 : ROWS};
    s->cols = SIDE * fineness(p);
    set_center(s, 25.3);
    for (int i = 0; i < VIEWS; i++) s->angles[i] = M_PI * i / VIEWS;
    s->vol = (vxg_ct_volume){.nz = s->rows, .ny = SIDE, .nx = SIDE, .dz = 1, .dy = 1, .dx = 1};
    s->at[0] = planar ? 0 : 2, s->at[1] = 33, s->at[2] = 17;
}

static void position(const scan *s, double p[3]) { /* of the point, x y z */
    const vxg_ct_volume *v = &s->vol;
    p[0] = v->center[0] + ((double)s->at[2] - 0.5 * (double)(v->nx - 1)) * v->dx;
    p[1] = v->center[1] + ((double)s->at[1] - 0.5 * (double)(v->ny - 1)) * v->dy;
    p[2] = v->center[2] + ((double)s->at[0] - 0.5 * (double)(v->nz - 1)) * v->dz;
}

static double gauss(double d, double sigma) {
    return exp(-d * d / (2 * sigma * sigma));
}

/* Exact projections of a point of height 1: s = x cos t + y sin t, row r at (r - (rows - 1) / 2).
 */
static float *point_projections(const scan *s) {
    float *proj = malloc((size_t)(VIEWS * s->rows * s->cols) * sizeof *proj);
    double p[3], sigma = SIGMA * s->vol.dx;
    position(s, p);
    for (int64_t k = 0; k < VIEWS * s->rows * s->cols; k++) {
        double t = s->angles[k / s->cols / s->rows], u = (double)(k % s->cols) - s->center;
        double r = (double)(k / s->cols % s->rows) - 0.5 * (double)(s->rows - 1);
        double along = s->rows > 1 ? gauss(r * s->pitch - p[2], sigma) : 1;
        proj[k] = (float)(sigma * sqrt(2 * M_PI) * along *
                          gauss(u * s->pixel - p[0] * cos(t) - p[1] * sin(t), sigma));
    }
    return proj;
}

static float *point_volume(const scan *s, int single) {
    const vxg_ct_volume *v = &s->vol;
    float *vol = calloc((size_t)(v->nz * v->ny * v->nx), sizeof *vol);
    for (int64_t k = 0; k < v->nz * v->ny * v->nx; k++) {
        double dx = (double)(k % v->nx - s->at[2]), dy = (double)(k / v->nx % v->ny - s->at[1]);
        double dz = (double)(k / v->nx / v->ny - s->at[0]);
        vol[k] = single ? dx == 0 && dy == 0 && dz == 0
                        : (float)(gauss(dx, SIGMA) * gauss(dy, SIGMA) * gauss(dz, SIGMA));
    }
    return vol;
}

/* ---- Code paths ---- */
static int path_op(vxg_device *dev, const scan *s, path p, int no_schedule, vxg_op **op) {
    vxg_ct_parallel_opts o = {.angles = s->angles,
                              .nviews = VIEWS,
                              .rows = s->rows,
                              .cols = s->cols,
                              .pixel = s->pixel,
                              .row_pitch = s->pitch,
                              .center = s->center,
                              .has_center = 1};
    vxg_ct_projector_opts po = {.no_schedule = no_schedule};
    vxg_ct_fbp_opts fo = {.no_schedule = no_schedule};
    vxg_ct_geometry *geo;
    int status = vxg_ct_parallel_circular(&o, &geo);
    if (status) return status;
    po.model = p == SIDDON ? VXG_CT_SIDDON : VXG_CT_JOSEPH;
    if (p == FBP) {
        status = vxg_ct_fbp(dev, geo, &s->vol, &fo, op);
    } else if (p == BACKPROJECT) {
        status = vxg_ct_backprojector(dev, geo, &s->vol, &po, op);
    } else if (s->rows == 1) {
        status = vxg_ct_projector2d(dev, geo, &s->vol, &po, op);
    } else {
        status = vxg_ct_projector(dev, geo, &s->vol, &po, op);
    }
    vxg_ct_geometry_release(geo);
    return status;
}

/* from -> *to (malloc'ed): the operator or its adjoint. */
static int run_op(const vxg_op *op, int adjoint, const float *from, float **to) {
    vxg_array x = {0}, y = {0};
    int status = vxg_op_new_array(op, adjoint ? -1 : 0, &x);
    if (!status) status = vxg_op_new_array(op, adjoint ? 0 : -1, &y);
    if (!status) status = vxg_array_write(NULL, &x, from);
    if (!status)
        status = adjoint ? vxg_op_apply_adjoint(op, NULL, &x, &y) : vxg_op_apply(op, NULL, &x, &y);
    *to = status ? NULL : malloc((size_t)vxg_array_count(&y) * sizeof **to);
    if (!status) status = vxg_array_read(NULL, &y, *to);
    vxg_array_release(&x), vxg_array_release(&y);
    return status;
}

/* ---- Where the peak is ---- */
/* Offset of a parabola's vertex through three samples. */
static double vertex(double a, double b, double c) {
    return 0.5 * (a - c) / (a - 2 * b + c);
}

static void expect_point(const float *vol, const scan *s, double height) {
    const int64_t n[3] = {s->vol.nz, s->vol.ny, s->vol.nx};
    const int64_t step[3] = {n[1] * n[2], n[2], 1};
    int64_t best = 0, want = (s->at[0] * n[1] + s->at[1]) * n[2] + s->at[2];
    for (int64_t k = 1; k < n[0] * n[1] * n[2]; k++)
        if (vol[k] > vol[best]) best = k;
    CHECK(best == want, "the peak is at (%d, %d, %d), the point at (%d, %d, %d)",
          (int)(best / step[0]), (int)(best / n[2] % n[1]), (int)(best % n[2]), (int)s->at[0],
          (int)s->at[1], (int)s->at[2]);
    for (int i = 0; i < 3; i++) {
        if (n[i] == 1) continue;
        double off =
            vertex((double)vol[best - step[i]], (double)vol[best], (double)vol[best + step[i]]);
        EXPECT(fabs(off) <= NEAR, "the peak is %.3f voxels off along %c", off, "zyx"[i]);
    }
    /* linear interpolation widens the point by sqrt(1/6) pixel */
    if (height > 0)
        EXPECT(vol[best] > 0.95 * height && vol[best] < 1.01 * height,
               "the peak is %g high, %g is "
               "expected",
               (double)vol[best], height);
}

static void point_case(vxg_device *dev, const scan *s, path p, int no_schedule) {
    vxg_op *op;
    float *proj = point_projections(s), *vol = NULL;
    CHECK_OK(path_op(dev, s, p, no_schedule, &op));
    CHECK_OK(run_op(op, p == JOSEPH || p == SIDDON, proj, &vol));
    expect_point(vol, s, p == FBP ? 1 : 0);
    free(proj), free(vol);
    vxg_op_release(op);
}

/* A blob in the volume must move along s = x cos t + y sin t, in its own row: the least-squares fit
 * of x, y and the axis to the centroids of all views. */
static void forward_case(vxg_device *dev, const scan *s, path p, int no_schedule) {
    vxg_op *op;
    float *vol = point_volume(s, 0), *proj = NULL;
    double at[3], fit[3] = {0}, rows_off = 0;
    position(s, at);
    CHECK_OK(path_op(dev, s, p, no_schedule, &op));
    CHECK_OK(run_op(op, 0, vol, &proj));
    for (int64_t v = 0; v < VIEWS; v++) { /* over a full turn 1, cos, sin are orthogonal */
        const float *frame = proj + v * s->rows * s->cols;
        double sum = 0, su = 0, sv = 0, t = s->angles[v];
        for (int64_t k = 0; k < s->rows * s->cols; k++) {
            int64_t row = k / s->cols - s->at[0];
            sum += frame[k], su += frame[k] * (double)(k % s->cols);
            if (row >= -2 && row <= 2) sv += frame[k] * (double)row;
        }
        double off = (su / sum - s->center) * s->pixel - (at[0] * cos(t) + at[1] * sin(t));
        fit[0] += off / VIEWS, fit[1] += 2 * off * cos(t) / VIEWS;
        fit[2] += 2 * off * sin(t) / VIEWS, rows_off += sv / sum / VIEWS;
        EXPECT(fabs(off) < 0.3, "view %d: %.3f voxels off", (int)v, off);
    }
    for (int i = 0; i < 3; i++)
        EXPECT(fabs(fit[i]) <= NEAR, "%s: %.3f voxels off", i ? i == 1 ? "x" : "y" : "axis",
               fit[i]);
    EXPECT(s->rows == 1 || fabs(rows_off) <= NEAR, "%.3f rows off", rows_off);
    free(vol), free(proj);
    vxg_op_release(op);
}

/* One bright voxel, projected and reconstructed. */
static void round_trip(vxg_device *dev, const scan *s, path p, int no_schedule) {
    vxg_op *forward, *fbp;
    float *vol = point_volume(s, 1), *proj = NULL, *out = NULL;
    CHECK_OK(path_op(dev, s, p, no_schedule, &forward));
    CHECK_OK(path_op(dev, s, FBP, no_schedule, &fbp));
    CHECK_OK(run_op(forward, 0, vol, &proj));
    CHECK_OK(run_op(fbp, 0, proj, &out));
    expect_point(out, s, 0);
    free(vol), free(proj), free(out);
    vxg_op_release(forward), vxg_op_release(fbp);
}

/* ---- Every path on every device ---- */
typedef void (*case_fn)(vxg_device *, const scan *, path, int);

static void run_case(case_fn fn, vxg_device *dev, const scan *s, path p, int no_schedule,
                     const char *what, const char *label) {
    char name[128];
    snprintf(name, sizeof name, "%s.%dd.%s", what, s->rows > 1 ? 3 : 2, label);
    test_case_begin();
    fn(dev, s, p, no_schedule);
    test_case_end(name);
}

static void turn_fully(scan *s) {
    for (int i = 0; i < VIEWS; i++) s->angles[i] = 2 * M_PI * i / VIEWS + 0.3;
}

static void all_paths(vxg_device *dev, int no_schedule, const char *label) {
    for (int planar = 0; planar < 2; planar++) {
        scan s;
        for (int p = 0; p < PATHS; p++) {
            scan_new(&s, planar, (path)p);
            run_case(point_case, dev, &s, (path)p, no_schedule, path_names[p], label);
        }
        scan_new(&s, planar, JOSEPH);
        turn_fully(&s);
        run_case(forward_case, dev, &s, JOSEPH, no_schedule, "joseph", label);
        run_case(forward_case, dev, &s, SIDDON, no_schedule, "siddon", label);
        run_case(round_trip, dev, &s, JOSEPH, no_schedule, "joseph_and_fbp", label);
        run_case(round_trip, dev, &s, SIDDON, no_schedule, "siddon_and_fbp", label);
    }
}

/* ---- Every kind of scan ---- */
static vxg_device *cpu;

static void both(const scan *s, path p) {
    for (int no_schedule = 0; no_schedule < 2; no_schedule++) point_case(cpu, s, p, no_schedule);
}

TEST(full_turn)
{
    for (int p = 0; p < PATHS; p++) {
        scan s;
        scan_new(&s, 0, (path)p);
        turn_fully(&s);
        both(&s, (path)p);
    }
}
TEST(negative_angles)
{
    for (int p = 0; p < PATHS; p++) {
        scan s;
        scan_new(&s, 0, (path)p);
        for (int i = 0; i < VIEWS; i++) s.angles[i] = -M_PI * i / VIEWS - 5;
        both(&s, (path)p);
    }
}
TEST(unsorted_uneven_angles)
{
    scan s;
    scan_new(&s, 0, FBP);
    for (int i = 0; i < VIEWS; i++)
        s.angles[i] = M_PI * (i * 37 % VIEWS + 0.4 * sin(2.5 * i)) / VIEWS + (i % 2 ? M_PI : 0);
    both(&s, FBP);
}
TEST(axis_off_the_middle)
{
    static const double centers[] = {20.75, 24, 29.6};
    for (int i = 0; i < 3; i++)
        for (int p = 0; p < PATHS; p++) {
            scan s;
            scan_new(&s, 0, (path)p);
            set_center(&s, centers[i]);
            both(&s, (path)p);
        }
}
TEST(pixel_and_row_pitch)
{
    for (int p = 0; p < PATHS; p++) {
        scan s;
        scan_new(&s, 0, (path)p);
        s.pixel *= 0.35, s.pitch = 0.5;
        s.vol.dx = s.vol.dy = 0.35, s.vol.dz = 0.5;
        both(&s, (path)p);
    }
}
/* Voxels unlike pixels, the volume off the axis, more rows than columns, slices off the rows. */
TEST(other_volumes)
{
    for (int p = 0; p < PATHS; p++) {
        scan s;
        scan_new(&s, 0, (path)p);
        s.vol = (vxg_ct_volume){.nz = 9, .ny = 37, .nx = 41, .dz = 1, .dy = 0.9, .dx = 0.8};
        s.vol.center[0] = 2.3, s.vol.center[1] = -1.7;
        s.at[1] = 25, s.at[2] = 12;
        both(&s, (path)p);
        s.vol.center[2] = 2, s.at[0] = 1; /* two rows up */
        both(&s, (path)p);
        s.vol.dz = 0.7; /* rows further apart than slices: interpolation alone finds the middle */
        if (fineness((path)p) == 1) both(&s, (path)p);
    }
}
/* The volume turned about z: its voxel (j, i) is where R says. */
TEST(turned_volume)
{
    const double a = 0.6, c = cos(a), n = sin(a), R[9] = {c, -n, 0, n, c, 0, 0, 0, 1};
    for (int p = 0; p < PATHS; p++) {
        vxg_op *op;
        scan s, turned;
        float *proj, *vol = NULL;
        scan_new(&s, 0, (path)p);
        turned = s;
        memcpy(turned.vol.rotation, R, sizeof R);
        for (int i = 0; i < VIEWS; i++) s.angles[i] -= a; /* what the turned volume sees */
        proj = point_projections(&s);
        CHECK_OK(path_op(cpu, &turned, (path)p, 0, &op));
        CHECK_OK(run_op(op, p == JOSEPH || p == SIDDON, proj, &vol));
        expect_point(vol, &turned, 0);
        free(proj), free(vol);
        vxg_op_release(op);
    }
}

int main(int argc, char **argv) {
    static const test_entry list[] = {
        T(full_turn),           T(negative_angles),     T(unsorted_uneven_angles),
        T(axis_off_the_middle), T(pixel_and_row_pitch), T(other_volumes),
        T(turned_volume)};
    vxg_device_info info[32] = {0};
    char label[64];
    int n = 0;
    test_suite = "ct_point";
    if (vxg_device_open("cpu", &cpu))
        return printf("FAIL ct_point.cpu: %s\n", vxg_error_message()), 1;
    vxg_set_threads(1); /* the problems are too small for more */
    int failed = test_run("ct_point", list, (int)(sizeof list / sizeof *list), argc, argv);
    if (argc > 1) return failed;
    all_paths(cpu, 1, "cpu");
    all_paths(cpu, 0, "cpu_schedule");
    vxg_device_list(info, 32, &n);
    for (int i = 0; i < n && i < 32; i++) {
        vxg_device *dev;
        if (!strcmp(info[i].backend, "cpu") || vxg_device_open(info[i].spec, &dev)) continue;
        snprintf(label, sizeof label, "%s", info[i].spec);
        for (char *p = label; *p; p++)
            if (*p == ':') *p = '_';
        all_paths(dev, 0, label);
        vxg_device_release(dev);
    }
    static const char *const others[] = {"opencl", "cuda"};
    for (int i = 0; i < 2; i++) {
        if (!*vxg_device_why(others[i])) continue;
        test_case_begin();
        test_note(2, __FILE__, __LINE__, "%s", vxg_device_why(others[i]));
        test_case_end(others[i]);
    }
    vxg_device_release(cpu);
    return failed || test_failed;
}
