/* Parallel beam against closed forms: discs, the modified Shepp-Logan phantom and Gaussian blobs
 * with exact line integrals, lengths of rays in a box. All references are formulas in double. With
 * --table: prints bench/results/accuracy.md. */
#include <voxgrad/voxgrad.h>

#include "ct_exact.h"
#include "test.h"

static vxg_device *dev;

/* Filtered backprojection of one slice: sino (nviews, cols) to out (n, n). */
typedef struct slice_scan {
    const double *angles;
    int64_t nviews, cols;
    double pixel, center;
    vxg_ct_window window;
    double cutoff;
} slice_scan;

static int slice_fbp(const slice_scan *s, const float *sino, float *out) {
    vxg_ct_parallel_opts o = {.angles = s->angles,
                              .nviews = s->nviews,
                              .rows = 1,
                              .cols = s->cols,
                              .pixel = s->pixel,
                              .center = s->center,
                              .has_center = 1};
    vxg_ct_fbp_opts f = {.window = s->window, .cutoff = s->cutoff};
    vxg_ct_geometry *geo;
    vxg_op *op = NULL;
    vxg_array x = {0}, y = {0};
    int status = vxg_ct_parallel_circular(&o, &geo);
    if (status) return status;
    vxg_ct_volume vol = {0};
    vxg_ct_fit_volume(geo, &vol);
    status = vxg_ct_fbp(dev, geo, &vol, &f, &op);
    if (!status) status = vxg_op_new_array(op, 0, &y);
    if (!status) status = vxg_op_new_array(op, -1, &x);
    if (!status) status = vxg_array_write(NULL, &y, sino);
    if (!status) status = vxg_op_apply(op, NULL, &y, &x);
    if (!status) status = vxg_array_read(NULL, &x, out);
    vxg_array_release(&x), vxg_array_release(&y);
    vxg_op_release(op);
    vxg_ct_geometry_release(geo);
    return status;
}

static void even_angles(double *angles, int64_t n, double span) {
    for (int64_t i = 0; i < n; i++) angles[i] = span * (double)i / (double)n;
}

static void ellipse_sinogram(const slice_scan *s, const exact_ellipse *e, int count, float *sino) {
    for (int64_t v = 0; v < s->nviews; v++)
        for (int64_t u = 0; u < s->cols; u++)
            sino[v * s->cols + u] =
                (float)exact_ellipses(e, count, s->angles[v], ((double)u - s->center) * s->pixel);
}

/* ---- Disc ---- */
typedef struct disc_result {
    double mean, worst, worst_outside;
} disc_result;

/* A disc of value 1, measured at pixels at least `margin` pixels off its edge. */
static int disc_measure(const slice_scan *s, const exact_ellipse *disc, double margin,
                        disc_result *r) {
    int64_t n = s->cols;
    float *sino = malloc((size_t)(s->nviews * n) * sizeof *sino);
    float *out = malloc((size_t)(n * n) * sizeof *out);
    double sum = 0, count = 0;
    memset(r, 0, sizeof *r);
    ellipse_sinogram(s, disc, 1, sino);
    int status = slice_fbp(s, sino, out);
    for (int64_t k = 0; k < n * n && !status; k++) {
        double x = ((double)(k % n) - 0.5 * (double)(n - 1)) * s->pixel - disc->x;
        double y = ((double)(k / n) - 0.5 * (double)(n - 1)) * s->pixel - disc->y;
        double depth = (disc->a - hypot(x, y)) / s->pixel;
        if (depth >= margin) {
            sum += out[k], count++;
            r->worst = fmax(r->worst, fabs(out[k] - 1));
        } else if (depth <= -margin &&
                   hypot(x + disc->x, y + disc->y) < 0.49 * (double)n * s->pixel) {
            r->worst_outside = fmax(r->worst_outside, fabs((double)out[k]));
        }
    }
    r->mean = sum / count;
    free(sino), free(out);
    return status;
}

static void disc_check(const char *what, const slice_scan *s, const exact_ellipse *disc,
                       double margin, double mean_tolerance, double tolerance) {
    disc_result r;
    CHECK_OK(disc_measure(s, disc, margin, &r));
    EXPECT(fabs(r.mean - 1) <= mean_tolerance, "%s: mean %.5f", what, r.mean);
    EXPECT(r.worst <= tolerance, "%s: a pixel is off by %.5f", what, r.worst);
    /* Off the axis a disc of 360 views has streaks outside; about the axis there must be none. */
    if (disc->x == 0 && disc->y == 0)
        EXPECT(r.worst_outside <= tolerance, "%s: a pixel outside is %.5f", what, r.worst_outside);
}

#define VIEWS 360
static double angles[1024];

TEST(unit_disc)
{
    static const exact_ellipse disc = {.a = 110, .b = 110, .value = 1};
    slice_scan s = {.angles = angles, .nviews = VIEWS, .cols = 256, .pixel = 1, .center = 127.5};
    even_angles(angles, VIEWS, M_PI);
    disc_check("360 views over 180 degrees", &s, &disc, 4, 0.001, 0.006);
}

/* The same disc in every kind of scan, off the axis. */
TEST(disc_scans)
{
    static const exact_ellipse disc = {.x = 13, .y = -21, .a = 70, .b = 70, .value = 1};
    slice_scan s = {.angles = angles, .nviews = VIEWS, .cols = 256, .pixel = 1, .center = 127.5};
    even_angles(angles, VIEWS, 2 * M_PI);
    disc_check("360 degrees", &s, &disc, 4, 0.001, 0.006);
    s.nviews = 361; /* the end is the start again: both share the weight */
    angles[360] = 2 * M_PI;
    disc_check("360 degrees, end included", &s, &disc, 4, 0.001, 0.006);
    s.nviews = VIEWS;
    even_angles(angles, VIEWS, M_PI);
    s.center = 131.83;
    disc_check("axis 4.33 columns off the middle", &s, &disc, 4, 0.001, 0.006);
    s.center = 127.5;
    for (int i = 0; i < VIEWS; i++) angles[i] = M_PI * ((i * 197) % VIEWS) / VIEWS - 1;
    disc_check("views in another order", &s, &disc, 4, 0.001, 0.006);
    for (int i = 0; i < VIEWS; i++) /* spacings between 0.55 and 1.45 of the even one */
        angles[i] = M_PI * i / VIEWS + 0.45 * M_PI / VIEWS * sin(i * 2 * M_PI / VIEWS * 40);
    disc_check("uneven angles", &s, &disc, 4, 0.001, 0.012);
    for (int i = 0; i < VIEWS; i++) /* denser and denser: without weights the mean still holds */
        angles[i] = M_PI * pow((double)i / VIEWS, 1.5);
    disc_check("angles from sparse to dense", &s, &disc, 4, 0.001, 0.02);
}

/* Attenuation comes out in 1/unit whatever the pixel's size. */
TEST(pixel_size)
{
    static const double pixels[] = {0.25, 0.007, 3};
    slice_scan s = {.angles = angles, .nviews = VIEWS, .cols = 256, .center = 127.5};
    even_angles(angles, VIEWS, M_PI);
    for (int i = 0; i < 3; i++) {
        s.pixel = pixels[i];
        exact_ellipse disc = {
            .x = 9 * pixels[i], .a = 80 * pixels[i], .b = 80 * pixels[i], .value = 1};
        disc_check("pixel size", &s, &disc, 4, 0.001, 0.006);
    }
}

/* Low-pass windows keep the mean. */
TEST(windows)
{
    static const exact_ellipse disc = {.x = -10, .y = 17, .a = 80, .b = 80, .value = 1};
    static const double cutoffs[] = {0, 0.4};
    slice_scan s = {.angles = angles, .nviews = VIEWS, .cols = 256, .pixel = 1, .center = 127.5};
    even_angles(angles, VIEWS, M_PI);
    for (int w = 0; w < VXG_CT_WINDOW_NONE; w++)
        for (int c = 0; c < 2; c++) {
            char what[64];
            snprintf(what, sizeof what, "window %d, cutoff %g", w, cutoffs[c]);
            s.window = (vxg_ct_window)w, s.cutoff = cutoffs[c];
            /* a cut ramp rings: the mean alone holds then */
            disc_check(what, &s, &disc, 12, 0.001, c == 0 ? 0.01 : 0.1);
        }
}

/* A lower cutoff must smooth: the peak of a sharp point falls. */
TEST(cutoff_smooths)
{
    double peak[4];
    static const double cutoffs[] = {1, 0.7, 0.5, 0.3};
    exact_ellipse dot = {.a = 0.8, .b = 0.8, .value = 1};
    slice_scan s = {.angles = angles, .nviews = 90, .cols = 33, .pixel = 1, .center = 16};
    float sino[90 * 33], out[33 * 33];
    even_angles(angles, 90, M_PI);
    ellipse_sinogram(&s, &dot, 1, sino);
    for (int w = 0; w < VXG_CT_WINDOW_NONE; w++)
        for (int i = 0; i < 4; i++) {
            s.window = (vxg_ct_window)w, s.cutoff = cutoffs[i];
            CHECK_OK(slice_fbp(&s, sino, out));
            peak[i] = out[16 * 33 + 16];
            EXPECT(i == 0 || peak[i] < 0.85 * peak[i - 1],
                   "window %d: peak %g at cutoff %g, %g at %g", w, peak[i], cutoffs[i], peak[i - 1],
                   cutoffs[i - 1]);
        }
}

/* ---- Modified Shepp-Logan, 256 x 256 ---- */
#define SHEPP 256
#define REACH 3 /* pixels around that must belong to the same bodies */

static unsigned members(double x, double y) {
    unsigned mask = 0;
    for (int i = 0; i < EXACT_SHEPP; i++)
        if (exact_inside(&exact_shepp[i], x, y)) mask |= 1u << i;
    return mask;
}

TEST(shepp_logan)
{
    static unsigned mask[SHEPP * SHEPP];
    static float sino[512 * SHEPP], out[SHEPP * SHEPP];
    double sum[1 << EXACT_SHEPP] = {0}, count[1 << EXACT_SHEPP] = {0};
    slice_scan s = {.angles = angles, .nviews = 512, .cols = SHEPP, .pixel = 2.0 / SHEPP};
    int regions = 0;
    s.center = 0.5 * (SHEPP - 1);
    even_angles(angles, 512, M_PI);
    ellipse_sinogram(&s, exact_shepp, EXACT_SHEPP, sino);
    CHECK_OK(slice_fbp(&s, sino, out));
    for (int k = 0; k < SHEPP * SHEPP; k++)
        mask[k] = members((k % SHEPP - s.center) * s.pixel, (k / SHEPP - s.center) * s.pixel);
    for (int j = REACH; j < SHEPP - REACH; j++)
        for (int i = REACH; i < SHEPP - REACH; i++) {
            unsigned m = mask[j * SHEPP + i];
            int same = hypot(i - s.center, j - s.center) < 0.5 * SHEPP - 2;
            for (int y = -REACH; y <= REACH && same; y++)
                for (int x = -REACH; x <= REACH && same; x++)
                    same = x * x + y * y > REACH * REACH || mask[(j + y) * SHEPP + i + x] == m;
            if (same) sum[m] += out[j * SHEPP + i], count[m]++;
        }
    for (unsigned m = 0; m < 1u << EXACT_SHEPP; m++) {
        double want = 0;
        if (count[m] < 10) continue;
        for (int i = 0; i < EXACT_SHEPP; i++)
            if (m >> i & 1) want += exact_shepp[i].value;
        regions++;
        EXPECT(fabs(sum[m] / count[m] - want) <= 0.002,
               "region %#x (%g pixels): mean %.5f, %.5f is "
               "expected",
               m, count[m], sum[m] / count[m], want);
    }
    EXPECT(regions >= 7, "only %d regions were measured", regions);
}

/* ---- Order of convergence on Gaussian blobs ---- */
enum { JOSEPH, SIDDON, FBP, METHODS };
static const char *const method_names[] = {"Joseph forward", "Siddon forward", "FBP"};
#define SIZES 4
static const int sizes[SIZES] = {64, 128, 256, 512};

/* Root mean square error over the largest value, field [-1, 1]^2 on n x n. */
static int forward_error(vxg_ct_model model, int n, double *error) {
    vxg_ct_projector_opts p = {.model = model};
    enum { NVIEWS = 31 };
    vxg_ct_parallel_opts o = {.angles = angles, .nviews = NVIEWS, .rows = 1, .cols = n};
    vxg_ct_geometry *geo;
    vxg_op *op = NULL;
    vxg_array x = {0}, y = {0};
    float *image = malloc((size_t)(n * n) * sizeof *image);
    float *sino = malloc((size_t)(NVIEWS * n) * sizeof *sino);
    double sum = 0, most = 0, middle = 0.5 * (n - 1), h = 2.0 / n;
    for (int i = 0; i < NVIEWS; i++) angles[i] = 0.05 + 2 * M_PI * i / NVIEWS;
    o.pixel = h;
    for (int k = 0; k < n * n; k++)
        image[k] = (float)exact_blobs_value((k % n - middle) * h, (k / n - middle) * h);
    int status = vxg_ct_parallel_circular(&o, &geo);
    if (status) goto done;
    vxg_ct_volume vol = {0};
    vxg_ct_fit_volume(geo, &vol);
    status = vxg_ct_projector2d(dev, geo, &vol, &p, &op);
    if (!status) status = vxg_op_new_array(op, 0, &x);
    if (!status) status = vxg_op_new_array(op, -1, &y);
    if (!status) status = vxg_array_write(NULL, &x, image);
    if (!status) status = vxg_op_apply(op, NULL, &x, &y);
    if (!status) status = vxg_array_read(NULL, &y, sino);
    for (int v = 0; v < NVIEWS; v++)
        for (int u = 0; u < n; u++) {
            double want = exact_blobs_line(angles[v], (u - middle) * h), d = sino[v * n + u] - want;
            sum += d * d;
            most = fmax(most, want);
        }
    *error = sqrt(sum / (NVIEWS * n)) / most;
    vxg_array_release(&x), vxg_array_release(&y);
    vxg_op_release(op);
    vxg_ct_geometry_release(geo);
done:
    free(image), free(sino);
    return status;
}

static int fbp_error(int n, double *error) {
    slice_scan s = {.angles = angles, .nviews = 3 * n / 2, .cols = n};
    float *sino = malloc((size_t)(s.nviews * n) * sizeof *sino);
    float *out = malloc((size_t)(n * n) * sizeof *out);
    double sum = 0, most = 0;
    s.pixel = 2.0 / n, s.center = 0.5 * (n - 1);
    even_angles(angles, s.nviews, M_PI);
    for (int64_t v = 0; v < s.nviews; v++)
        for (int u = 0; u < n; u++)
            sino[v * n + u] = (float)exact_blobs_line(angles[v], (u - s.center) * s.pixel);
    int status = slice_fbp(&s, sino, out);
    double count = 0;
    for (int k = 0; k < n * n && !status; k++) {
        double x = (k % n - s.center) * s.pixel, y = (k / n - s.center) * s.pixel;
        double want = exact_blobs_value(x, y), d = out[k] - want;
        if (hypot(x, y) > 0.97) continue; /* beyond what every view sees */
        sum += d * d, count++;
        most = fmax(most, want);
    }
    *error = sqrt(sum / count) / most;
    free(sino), free(out);
    return status;
}

static int method_error(int method, int n, double *error) {
    *error = 0;
    return method == FBP
               ? fbp_error(n, error)
               : forward_error(method == JOSEPH ? VXG_CT_JOSEPH : VXG_CT_SIDDON, n, error);
}

/* Least-squares slope of log error against log 1/n. */
static double order_of(const double *error) {
    double sx = 0, sy = 0, sxx = 0, sxy = 0;
    for (int i = 0; i < SIZES; i++) {
        double x = -log(sizes[i]), y = log(error[i]);
        sx += x, sy += y, sxx += x * x, sxy += x * y;
    }
    return (SIZES * sxy - sx * sy) / (SIZES * sxx - sx * sx);
}

static void order_check(int method, double least) {
    double error[SIZES];
    for (int i = 0; i < SIZES; i++) CHECK_OK(method_error(method, sizes[i], &error[i]));
    EXPECT(order_of(error) >= least, "%s: order %.3f (errors %.3g %.3g %.3g %.3g)",
           method_names[method], order_of(error), error[0], error[1], error[2], error[3]);
    EXPECT(error[SIZES - 1] < 1e-3, "%s: error %.3g at 512", method_names[method],
           error[SIZES - 1]);
}
TEST(order_joseph)
{ order_check(JOSEPH, 1.8); }
TEST(order_siddon)
{ order_check(SIDDON, 0.9); }
TEST(order_fbp)
{ order_check(FBP, 1.8); }

/* ---- Lengths of rays in a box of ones ---- */
static uint32_t dice = 5;
static double roll(double lo, double hi) {
    dice = dice * 1664525u + 1013904223u;
    return lo + (hi - lo) * (double)(dice >> 8) / 16777216.0;
}

/* Exact length in the box of the ray along r from p, in voxel index units from the middle. */
static double box_length(const double *p, const double *r, const double *size, const int64_t *n) {
    double lo = -INFINITY, hi = INFINITY, length = 0;
    for (int i = 0; i < 3; i++) {
        double half = 0.5 * (double)n[i], t0 = (-half - p[i]) / r[i], t1 = (half - p[i]) / r[i];
        lo = fmax(lo, fmin(t0, t1)), hi = fmin(hi, fmax(t0, t1));
        length += r[i] * r[i] * size[i] * size[i];
    }
    return hi > lo ? (hi - lo) * sqrt(length) : 0;
}

/* Whether the ray meets the box through the two faces across its dominant axis and never comes
 * within half a voxel of the others: there Joseph's sum is the length. */
static int far_from_sides(const double *p, const double *r, const int64_t *n) {
    int a = 0;
    for (int i = 1; i < 3; i++)
        if (fabs(r[i]) > fabs(r[a])) a = i;
    for (int i = 0; i < 3; i++)
        for (int end = -1; end <= 1 && i != a; end += 2) {
            double t = (0.5 * (double)(end * n[a]) - p[a]) / r[a];
            if (!(fabs(p[i] + t * r[i]) < 0.5 * (double)n[i] - 0.51)) return 0;
        }
    return 1;
}

/* Coordinates are rounded: the shortest and longest ray within `moved` voxels. Rays that leave
 * through a face nearly along it are long or short by moved / slope. */
static void length_range(const double *p, const double *r, const double *size, const int64_t *n,
                         double moved, double *least, double *most) {
    *least = *most = box_length(p, r, size, n);
    for (int k = 0; k < 27; k++) {
        const double q[3] = {p[0] + moved * (k % 3 - 1), p[1] + moved * (k / 3 % 3 - 1),
                             p[2] + moved * (k / 9 - 1)};
        double length = box_length(q, r, size, n);
        *least = fmin(*least, length), *most = fmax(*most, length);
    }
}

static void box_check(vxg_ct_model model, vxg_dtype dtype) {
    enum { NVIEWS = 24, NU = 40, NV = 30 };
    vxg_ct_volume vol = {.nz = 21, .ny = 26, .nx = 33, .dz = 0.7, .dy = 1.3, .dx = 0.9};
    const double size[3] = {0.9, 1.3, 0.7};
    const int64_t n[3] = {33, 26, 21};
    vxg_ct_view views[NVIEWS];
    vxg_ct_projector_opts o = {.model = model, .real = (vxg_real)dtype};
    vxg_ct_geometry *geo;
    vxg_op *op;
    vxg_array x, y;
    double *sums = malloc(NVIEWS * NU * NV * sizeof *sums);
    int compared = 0;
    for (int i = 0; i < NVIEWS; i++) {
        double t = roll(0, 2 * M_PI), tilt = i % 3 ? roll(-0.5, 0.5) : 1e-3;
        views[i] = (vxg_ct_view){.r = {-sin(t) * cos(tilt), cos(t) * cos(tilt), sin(tilt)},
                                 .d = {roll(-2, 2), roll(-2, 2), roll(-1, 1)},
                                 .U = {1.1 * cos(t), 1.1 * sin(t), 0.05},
                                 .V = {0.02, 0.03, 0.8}};
    }
    CHECK_OK(vxg_ct_parallel_views(NVIEWS, NV, NU, views, &geo));
    CHECK_OK(vxg_ct_projector(dev, geo, &vol, &o, &op));
    CHECK_OK(vxg_op_new_array(op, 0, &x));
    CHECK_OK(vxg_op_new_array(op, -1, &y));
    CHECK_OK(vxg_array_fill(NULL, &x, 1));
    CHECK_OK(vxg_op_apply(op, NULL, &x, &y));
    CHECK_OK(vxg_array_read(NULL, &y, sums));
    for (int k = 0; k < NVIEWS * NU * NV; k++) {
        const vxg_ct_view *v = &views[k / (NU * NV)];
        double col = k % NU - 0.5 * (NU - 1), row = k / NU % NV - 0.5 * (NV - 1), p[3], r[3];
        for (int i = 0; i < 3; i++) {
            p[i] = (v->d[i] + col * v->U[i] + row * v->V[i]) / size[i];
            r[i] = v->r[i] / size[i];
        }
        double got = dtype == VXG_F64 ? sums[k] : (double)((float *)sums)[k], least, most;
        double eps = dtype == VXG_F64 ? 1e-13 : 4e-6; /* an ulp of coordinates to 64 */
        if (model == VXG_CT_JOSEPH && !far_from_sides(p, r, n)) continue;
        length_range(p, r, size, n, eps, &least, &most);
        compared += least > 1;
        EXPECT(got >= least - 10 * eps && got <= most + 10 * eps,
               "view %d, row %g, column %g: %.7g, the box is %.7g to %.7g long", k / (NU * NV), row,
               col, got, least, most);
    }
    EXPECT(compared > 2000, "only %d rays compared", compared);
    free(sums);
    vxg_array_release(&x), vxg_array_release(&y);
    vxg_op_release(op);
    vxg_ct_geometry_release(geo);
}
TEST(lengths_siddon)
{
    box_check(VXG_CT_SIDDON, VXG_F32);
    box_check(VXG_CT_SIDDON, VXG_F64);
}
TEST(lengths_joseph)
{
    box_check(VXG_CT_JOSEPH, VXG_F32);
    box_check(VXG_CT_JOSEPH, VXG_F64);
}

/* Rays that run along cells' faces, or cross one at a slope of a float's rounding: every slice is
 * given to one of the two cells beside the face, or shared among them. */
static void along_faces(int axis, double slope, vxg_real real) {
    enum { N = 24, NU = 15, NV = 13 };
    const vxg_ct_volume vol = {.nz = N, .ny = N, .nx = N, .dz = 1, .dy = 1, .dx = 1};
    const vxg_ct_projector_opts o = {.model = VXG_CT_SIDDON, .real = real};
    const int u = (axis + 1) % 3, v = (axis + 2) % 3;
    vxg_ct_view view = {0};
    vxg_ct_geometry *geo = NULL;
    vxg_op *op = NULL;
    vxg_array x = {0}, y = {0};
    double got[NU * NV];
    view.r[axis] = 1, view.r[u] = slope, view.r[v] = -slope / 2;
    view.U[u] = 1, view.V[v] = 1; /* 15 and 13 places between the faces of 24 cells */
    CHECK_OK(vxg_ct_parallel_views(1, NV, NU, &view, &geo));
    CHECK_OK(vxg_ct_projector(dev, geo, &vol, &o, &op));
    CHECK_OK(vxg_op_new_array(op, 0, &x));
    CHECK_OK(vxg_op_new_array(op, -1, &y));
    CHECK_OK(vxg_array_fill(NULL, &x, 1));
    CHECK_OK(vxg_op_apply(op, NULL, &x, &y));
    CHECK_OK(vxg_array_read(NULL, &y, got));
    for (int i = 0; i < NU * NV; i++) {
        const double length = real == VXG_REAL_F64 ? got[i] : (double)((const float *)got)[i];
        EXPECT(fabs(length - N) < 1e-4, "axis %d, slope %g, ray %d: %.7g of %d", axis, slope, i, length, N);
    }
    vxg_array_release(&x), vxg_array_release(&y);
    vxg_op_release(op), vxg_ct_geometry_release(geo);
}
TEST(faces_siddon)
{
    static const double slopes[] = {0,    1e-17, 1e-10, 1e-9,    3e-9,         1e-8, 2e-8,
                                    3e-8, 5e-8,  1e-7,  4.37e-8, -4.371139e-8, 3e-7, -1e-6};
    for (int axis = 0; axis < 3; axis++)
        for (size_t i = 0; i < sizeof slopes / sizeof *slopes; i++) {
            along_faces(axis, slopes[i], VXG_REAL_F32);
            along_faces(axis, slopes[i], VXG_REAL_F64);
        }
}

/* ---- Table ---- */
static int print_table(void) {
    double error[METHODS][SIZES];
    printf(
        "# Accuracy on Gaussian blobs\n\n"
        "Three Gaussian blobs in the field [-1, 1] x [-1, 1] with exact line integrals, float32.\n"
        "Forward: n x n samples, 31 angles, against the integrals. FBP: ramp filter, 1.5 n views\n"
        "over 180 degrees, against the samples in the circle all views see. Root mean square error "
        "over the largest value;\n"
        "order: least-squares slope over all sizes. Written by `test_ct_accuracy --table`.\n\n"
        "| n |");
    for (int m = 0; m < METHODS; m++) printf(" %s |", method_names[m]);
    printf("\n|---|---|---|---|\n");
    for (int i = 0; i < SIZES; i++) {
        printf("| %d |", sizes[i]);
        for (int m = 0; m < METHODS; m++) {
            if (method_error(m, sizes[i], &error[m][i]))
                return fprintf(stderr, "%s\n", vxg_error_message()), 1;
            printf(" %.2e |", error[m][i]);
        }
        printf("\n");
    }
    printf("| order |");
    for (int m = 0; m < METHODS; m++) printf(" %.2f |", order_of(error[m]));
    printf("\n| required | 1.8 | 0.9 | 1.8 |\n");
    return 0;
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(unit_disc),      T(disc_scans),     T(pixel_size),
                                      T(windows),        T(cutoff_smooths), T(shepp_logan),
                                      T(order_joseph),   T(order_siddon),   T(order_fbp),
                                      T(lengths_siddon), T(lengths_joseph),
                                      T(faces_siddon)};
    if (vxg_device_open("cpu", &dev))
        return printf("FAIL ct_accuracy.cpu: %s\n", vxg_error_message()), 1;
    int failed = argc > 1 && !strcmp(argv[1], "--table")
                     ? print_table()
                     : test_run("ct_accuracy", list, (int)(sizeof list / sizeof *list), argc, argv);
    vxg_device_release(dev);
    return failed;
}
