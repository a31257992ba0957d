/* Parts of a problem: some views, boxes of voxels, slices of any direction, prepared projections.
 */
#include <voxgrad/voxgrad.h>

#include "test.h"

static vxg_device *dev;

static double noise(uint64_t n) { /* in [-1/2, 1), repeatable */
    const double x = sin((double)n * 12.9898 + 4.1) * 43758.5453;
    return (x - floor(x)) * 1.5 - 0.5;
}
static double dot(const double *a, const double *b) {
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}
static double triple(const double *a, const double *b, const double *c) {
    const double n[3] = {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2],
                         a[0] * b[1] - a[1] * b[0]};
    return dot(n, c);
}

/* What is made of a geometry and a volume. */
typedef enum maker { JOSEPH, FOOTPRINT, BACKPROJECTOR, JOSEPH_ADJOINT } maker;

static int make(maker kind, const vxg_ct_geometry *geo, const vxg_ct_volume *vol, vxg_dtype dtype,
                vxg_op **out) {
    const vxg_ct_projector_opts o = {.real = (vxg_real)dtype,
                                     .model = kind == FOOTPRINT ? VXG_CT_FOOTPRINT : VXG_CT_JOSEPH};
    vxg_op *op;
    if (kind == BACKPROJECTOR) return vxg_ct_backprojector(dev, geo, vol, &o, out);
    if (kind != JOSEPH_ADJOINT) return vxg_ct_projector(dev, geo, vol, &o, out);
    int status = vxg_ct_projector(dev, geo, vol, &o, &op);
    if (!status) status = vxg_op_adjoint(op, out);
    vxg_op_release(op);
    return status;
}

/* The operator applied to x, C order; out may hold a sum to add to. */
static int apply(const vxg_op *op, const void *x, void *y, int accumulate) {
    const vxg_call call = {.accumulate = accumulate};
    vxg_array in = {0}, out = {0};
    int status = vxg_op_new_array(op, 0, &in);
    if (!status) status = vxg_op_new_array(op, -1, &out);
    if (!status) status = vxg_array_write(NULL, &in, x);
    if (!status) status = vxg_array_write(NULL, &out, y);
    if (!status) status = vxg_op_apply(op, &call, &in, &out);
    if (!status) status = vxg_array_read(NULL, &out, y);
    vxg_array_release(&in), vxg_array_release(&out);
    return status;
}
static int make_and_apply(maker kind, const vxg_ct_geometry *geo, const vxg_ct_volume *vol,
                          vxg_dtype dtype, const void *x, void *y, int accumulate) {
    vxg_op *op;
    int status = make(kind, geo, vol, dtype, &op);
    if (!status) status = apply(op, x, y, accumulate);
    vxg_op_release(op);
    return status;
}

/* Parallel views that turn, rays that climb; columns off the middle. At 0 rows are the slices of
 * vxg_ct_fit_volume: schedules run. */
#define NVIEWS 7
#define NV 9
#define NU 15
static int tilted_views(double climb, vxg_ct_geometry **geo) {
    vxg_ct_view v[NVIEWS];
    for (int i = 0; i < NVIEWS; i++) {
        const double t = 0.5 * i + 0.1, c = cos(t), s = sin(t);
        v[i] = (vxg_ct_view){.r = {-s, c, climb},
                             .d = {0.3 * c, 0.3 * s, -climb},
                             .U = {0.9 * c, 0.9 * s, 0},
                             .V = {0, 0, 1.1}};
    }
    return vxg_ct_parallel_views(NVIEWS, NV, NU, v, geo);
}
static const vxg_ct_volume whole = {.nz = 6,
                                    .ny = 8,
                                    .nx = 7,
                                    .dz = 1.2,
                                    .dy = 0.8,
                                    .dx = 1.1,
                                    .center = {0.4, -0.3, 0.5},
                                    .rotation = {0.8, -0.6, 0, 0.6, 0.8, 0, 0, 0, 1}};
#define NVOX (6 * 8 * 7)

/* ---- Boxes ---- */
static void voxel(const vxg_ct_volume *v, int64_t k, int64_t j, int64_t i, double *p) {
    const double at[3] = {((double)i - 0.5 * (double)(v->nx - 1)) * v->dx,
                          ((double)j - 0.5 * (double)(v->ny - 1)) * v->dy,
                          ((double)k - 0.5 * (double)(v->nz - 1)) * v->dz};
    for (int n = 0; n < 3; n++) p[n] = v->center[n] + dot(v->rotation + 3 * n, at);
}

static const int64_t cut_z[] = {0, 1, 6}, cut_y[] = {0, 3, 8}, cut_x[] = {0, 4, 5, 7};
#define NBOXES 12
static int box_at(int n, int64_t b[6], vxg_ct_volume *out) {
    const int z = n / 6, y = n / 3 % 2, x = n % 3;
    b[0] = cut_z[z], b[1] = cut_z[z + 1], b[2] = cut_y[y], b[3] = cut_y[y + 1], b[4] = cut_x[x],
    b[5] = cut_x[x + 1];
    return vxg_ct_volume_box(&whole, b[0], b[1], b[2], b[3], b[4], b[5], out);
}

TEST(voxels_of_a_box)
{
    for (int n = 0; n < NBOXES; n++) {
        int64_t b[6];
        vxg_ct_volume box = {0};
        CHECK_OK(box_at(n, b, &box));
        for (int64_t k = b[0]; k < b[1]; k++)
            for (int64_t j = b[2]; j < b[3]; j++)
                for (int64_t i = b[4]; i < b[5]; i++) {
                    double p[3], q[3];
                    voxel(&whole, k, j, i, p), voxel(&box, k - b[0], j - b[2], i - b[4], q);
                    for (int a = 0; a < 3; a++)
                        EXPECT(fabs(p[a] - q[a]) <= 1e-14, "box %d: %g is %g", n, p[a], q[a]);
                }
    }
    vxg_ct_volume box = {0};
    EXPECT(vxg_ct_volume_box(&whole, 0, 6, 0, 9, 0, 7, &box) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "y from 0 to 9"),
           "%s", vxg_error_message());
    EXPECT(vxg_ct_volume_box(&whole, 2, 2, 0, 8, 0, 7, &box) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "z from 2 to 2"),
           "%s", vxg_error_message());
    EXPECT(vxg_ct_volume_box(&whole, 0, 6, 0, 8, -1, 7, &box) == VXG_ERR_ARGUMENT, "x from -1");
}

static double worst_difference(const double *a, const double *b, int64_t n) {
    double worst = 0, most = 0;
    for (int64_t i = 0; i < n; i++)
        worst = fmax(worst, fabs(a[i] - b[i])), most = fmax(most, fabs(b[i]));
    return worst / most;
}

/* Box n of the volume x, and back. */
static void copy_box(const int64_t b[6], double *x, double *part, int back) {
    int64_t n = 0;
    for (int64_t k = b[0]; k < b[1]; k++)
        for (int64_t j = b[2]; j < b[3]; j++)
            for (int64_t i = b[4]; i < b[5]; i++, n++) {
                double *at = &x[(k * 8 + j) * 7 + i];
                if (back)
                    *at = part[n];
                else
                    part[n] = *at;
            }
}

TEST(boxes_add_up)
{
    const maker kinds[] = {JOSEPH, FOOTPRINT};
    double x[NVOX], part[NVOX], y[NVIEWS * NV * NU], sum[NVIEWS * NV * NU];
    for (int n = 0; n < NVOX; n++) x[n] = noise((uint64_t)n);
    for (int k = 0; k < 2; k++) {
        vxg_ct_geometry *geo;
        CHECK_OK(tilted_views(0.2, &geo));
        CHECK_OK(make_and_apply(kinds[k], geo, &whole, VXG_F64, x, y, 0));
        memset(sum, 0, sizeof sum);
        for (int n = 0; n < NBOXES; n++) {
            int64_t b[6];
            vxg_ct_volume box = {0};
            CHECK_OK(box_at(n, b, &box));
            copy_box(b, x, part, 0);
            CHECK_OK(make_and_apply(kinds[k], geo, &box, VXG_F64, part, sum, 1));
        }
        const double d = worst_difference(sum, y, NVIEWS * NV * NU);
        EXPECT(d <= 1e-13, "model %d: the sum of the boxes is off by %.3g", k, d);
        vxg_ct_geometry_release(geo);
    }
}

TEST(boxes_of_a_backprojection)
{
    const maker kinds[] = {BACKPROJECTOR, JOSEPH_ADJOINT};
    double y[NVIEWS * NV * NU], x[NVOX], part[NVOX], joined[NVOX];
    for (int n = 0; n < NVIEWS * NV * NU; n++) y[n] = noise((uint64_t)n);
    for (int k = 0; k < 2; k++) {
        vxg_ct_geometry *geo;
        CHECK_OK(tilted_views(0.2, &geo));
        CHECK_OK(make_and_apply(kinds[k], geo, &whole, VXG_F64, y, x, 0));
        for (int n = 0; n < NBOXES; n++) {
            int64_t b[6];
            vxg_ct_volume box = {0};
            CHECK_OK(box_at(n, b, &box));
            CHECK_OK(make_and_apply(kinds[k], geo, &box, VXG_F64, y, part, 0));
            copy_box(b, joined, part, 1);
        }
        const double d = worst_difference(joined, x, NVOX);
        EXPECT(d <= 1e-13, "operator %d: the boxes are off by %.3g", k, d);
        vxg_ct_geometry_release(geo);
    }
}

/* ---- Views ---- */
/* float32 with and without schedules: the views taken have the bits they have in the whole. */
TEST(views_have_their_bits)
{
    static const int64_t take[] = {5, 0, 3};
    const maker kinds[] = {JOSEPH, FOOTPRINT};
    for (int k = 0; k < 4; k++) {
        const vxg_ct_volume turned = whole;
        vxg_ct_geometry *geo, *some;
        vxg_ct_volume vol = {0};
        CHECK_OK(tilted_views(k / 2 ? 0.2 : 0, &geo));
        vol = turned;
        if (k < 2) vxg_ct_fit_volume(geo, &vol); /* k < 2: slices are rows, schedules run */
        const int64_t n = vol.nz * vol.ny * vol.nx, view = NV * NU;
        float *x = calloc((size_t)n, sizeof *x), *y = calloc(NVIEWS * NV * NU, sizeof *y);
        float *z = calloc(3 * NV * NU, sizeof *z);
        for (int64_t i = 0; i < n; i++) x[i] = (float)noise((uint64_t)i);
        CHECK_OK(vxg_ct_geometry_take(geo, 3, take, &some));
        CHECK_OK(make_and_apply(kinds[k % 2], geo, &vol, VXG_F32, x, y, 0));
        CHECK_OK(make_and_apply(kinds[k % 2], some, &vol, VXG_F32, x, z, 0));
        for (int i = 0; i < 3; i++)
            EXPECT(!memcmp(z + i * view, y + take[i] * view, (size_t)view * sizeof *y),
                   "case %d: view %d differs", k, (int)take[i]);
        vxg_ct_geometry_release(geo), vxg_ct_geometry_release(some);
        free(x), free(y), free(z);
    }
}

/* Backprojections of disjoint subsets, accumulated, make up the whole. */
TEST(subsets_add_up)
{
    static const int64_t sets[3][3] = {{6, 1, 4}, {0, 5, 0}, {2, 3, 0}};
    static const int64_t sizes[] = {3, 2, 2};
    const maker kinds[] = {BACKPROJECTOR, JOSEPH_ADJOINT};
    double y[NVIEWS * NV * NU], some[3 * NV * NU], x[NVOX], sum[NVOX];
    vxg_ct_geometry *geo, *part;
    for (int n = 0; n < NVIEWS * NV * NU; n++) y[n] = noise((uint64_t)n);
    CHECK_OK(tilted_views(0.2, &geo));
    for (int k = 0; k < 2; k++) {
        memset(sum, 0, sizeof sum);
        CHECK_OK(make_and_apply(kinds[k], geo, &whole, VXG_F64, y, x, 0));
        for (int s = 0; s < 3; s++) {
            CHECK_OK(vxg_ct_geometry_take(geo, sizes[s], sets[s], &part));
            for (int i = 0; i < sizes[s]; i++)
                memcpy(some + i * NV * NU, y + sets[s][i] * NV * NU, NV * NU * sizeof *y);
            CHECK_OK(make_and_apply(kinds[k], part, &whole, VXG_F64, some, sum, 1));
            vxg_ct_geometry_release(part);
        }
        const double d = worst_difference(sum, x, NVOX);
        EXPECT(d <= 1e-13, "operator %d: the sum of the subsets is off by %.3g", k, d);
    }
    vxg_ct_geometry_release(geo);
}

/* ---- Slices ---- */
/* y at (row, column), linear in both, 0 outside. */
static double sample(const double *y, double r, double q) {
    double sum = 0;
    for (int i = (int)floor(r); i <= (int)floor(r) + 1; i++)
        for (int j = (int)floor(q); j <= (int)floor(q) + 1; j++)
            if (i >= 0 && i < NV && j >= 0 && j < NU)
                sum += (1 - fabs(r - i)) * (1 - fabs(q - j)) * y[i * NU + j];
    return sum;
}

TEST(oblique_slice)
{
    /* x and y at right angles, neither along an axis */
    const vxg_ct_slice s = {
        .ny = 4, .nx = 6, .center = {0.3, -0.4, 0.2}, .x = {0.6, 0.3, 0.2}, .y = {-0.5, 0.8, 0.3}};
    double y[NVIEWS * NV * NU], x[24];
    vxg_ct_geometry *geo;
    vxg_ct_volume vol = {0};
    for (int n = 0; n < NVIEWS * NV * NU; n++) y[n] = noise((uint64_t)n);
    CHECK_OK(tilted_views(0.2, &geo));
    CHECK_OK(vxg_ct_volume_slice(&s, &vol));
    EXPECT(vol.nz == 1 && fabs(vol.dz - 0.7) < 1e-12, "%g thick", vol.dz);
    CHECK_OK(make_and_apply(BACKPROJECTOR, geo, &vol, VXG_F64, y, x, 0));
    for (int n = 0; n < 24; n++) {
        double want = 0, to[3];
        for (int view = 0; view < NVIEWS; view++) {
            const vxg_ct_view *v = vxg_ct_geometry_view(geo, view);
            for (int a = 0; a < 3; a++)
                to[a] = s.center[a] + (n % 6 - 2.5) * s.x[a] + (n / 6 - 1.5) * s.y[a] - v->d[a];
            const double det = triple(v->U, v->V, v->r);
            want += sample(y + view * NV * NU, triple(v->U, to, v->r) / det + 0.5 * (NV - 1),
                           triple(to, v->V, v->r) / det + 0.5 * (NU - 1));
        }
        EXPECT(fabs(x[n] - want) <= 1e-12, "pixel %d: %.12g, %.12g is expected", n, x[n], want);
    }
    vxg_ct_geometry_release(geo);
}

TEST(slice_refusals)
{
    vxg_ct_slice s = {.ny = 4, .nx = 6, .x = {1, 0, 0}, .y = {0, 0, 2}};
    vxg_ct_volume v = {0};
    CHECK_OK(vxg_ct_volume_slice(&s, &v));
    EXPECT(v.dx == 1 && v.dy == 2 && v.dz == 1 && v.rotation[5] == -1, "an upright slice");
    s.y[0] = 0.1;
    EXPECT(vxg_ct_volume_slice(&s, &v) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "right angles"),
           "%s", vxg_error_message());
    s.y[0] = s.y[2] = 0;
    EXPECT(vxg_ct_volume_slice(&s, &v) == VXG_ERR_ARGUMENT && strstr(vxg_error_message(), "y has"),
           "%s", vxg_error_message());
    s.y[2] = NAN;
    EXPECT(vxg_ct_volume_slice(&s, &v) == VXG_ERR_ARGUMENT, "a NaN");
    s.y[2] = 1, s.nx = 0;
    EXPECT(vxg_ct_volume_slice(&s, &v) == VXG_ERR_ARGUMENT && strstr(vxg_error_message(), "nx"),
           "%s", vxg_error_message());
    s.nx = 6, s.thickness = -1;
    EXPECT(vxg_ct_volume_slice(&s, &v) == VXG_ERR_ARGUMENT, "a negative thickness");
}

/* ---- Prepared projections ---- */
static vxg_space projections(vxg_dtype dtype) {
    return (vxg_space){.dtype = dtype, .ndim = 3, .shape = {NVIEWS, NV, NU}};
}

/* Views [first, first + n) of `y` (float) as an array. */
static int some_views(const float *y, int64_t first, int64_t n, vxg_array *out) {
    const int64_t shape[3] = {n, NV, NU};
    const int status = vxg_array_new(dev, VXG_F32, 3, shape, out);
    return status ? status : vxg_array_write(NULL, out, y + first * NV * NU);
}
static void fill(float *y, uint64_t seed) {
    for (uint64_t n = 0; n < NVIEWS * NV * NU; n++) y[n] = (float)noise(n + seed * 100000);
}

/* Two patches share the projections; bits are those of the operators themselves, also after the
 * window slides by three views. */
TEST(sliding_window)
{
    static float old[NVIEWS * NV * NU], fresh[NVIEWS * NV * NU];
    const vxg_space space = projections(VXG_F32);
    vxg_ct_geometry *geo;
    vxg_ct_volume vol = {0}, box[2] = {0};
    vxg_ct_prepared *p;
    vxg_array views, out;
    fill(old, 1), fill(fresh, 2);
    CHECK_OK(tilted_views(0, &geo));
    vxg_ct_fit_volume(geo, &vol);
    CHECK_OK(vxg_ct_volume_box(&vol, 2, 3, 3, 11, 0, 9, &box[0]));
    CHECK_OK(vxg_ct_volume_box(&vol, 0, 9, 4, 5, 0, 15, &box[1]));
    CHECK_OK(vxg_ct_prepared_new(&space, dev, NULL, NULL, &p));
    CHECK_OK(some_views(old, 0, NVIEWS, &views));
    CHECK_OK(vxg_ct_prepared_update(p, 0, NULL, &views));
    vxg_array_release(&views);
    for (int round = 0; round < 2; round++) {
        for (int b = 0; b < 2; b++) {
            float got[NV * NU * NU], want[NV * NU * NU];
            vxg_op *op;
            CHECK_OK(make(BACKPROJECTOR, geo, &box[b], VXG_F32, &op));
            CHECK_OK(vxg_op_new_array(op, -1, &out));
            CHECK_OK(vxg_ct_prepared_backproject(p, op, 0, NULL, &out));
            CHECK_OK(vxg_array_read(NULL, &out, got));
            CHECK_OK(apply(op, old, want, 0));
            EXPECT(!memcmp(got, want, (size_t)vxg_array_count(&out) * sizeof *got),
                   "round %d, box %d: other bits", round, b);
            vxg_array_release(&out);
            vxg_op_release(op);
        }
        memcpy(old + 3 * NV * NU, fresh, 3 * NV * NU * sizeof *old);
        CHECK_OK(some_views(fresh, 0, 3, &views));
        CHECK_OK(vxg_ct_prepared_update(p, 3, NULL, &views));
        vxg_array_release(&views);
    }
    vxg_ct_prepared_release(p);
    vxg_ct_geometry_release(geo);
}

/* A window of views that starts inside, accumulated onto what the output holds. */
TEST(some_prepared_views)
{
    static float y[NVIEWS * NV * NU], got[NVOX], want[NVOX], back[4 * NV * NU];
    static const int64_t take[] = {2, 3, 4, 5};
    const vxg_space space = projections(VXG_F32);
    const vxg_call add = {.accumulate = 1};
    vxg_ct_geometry *geo, *part;
    vxg_ct_prepared *p;
    vxg_array views, out;
    vxg_op *op;
    fill(y, 3);
    CHECK_OK(tilted_views(0.2, &geo));
    CHECK_OK(vxg_ct_geometry_take(geo, 4, take, &part));
    CHECK_OK(vxg_ct_prepared_new(&space, dev, NULL, NULL, &p));
    CHECK_OK(some_views(y, 0, NVIEWS, &views));
    CHECK_OK(vxg_ct_prepared_update(p, 0, NULL, &views));
    vxg_array_release(&views);
    CHECK_OK(make(JOSEPH_ADJOINT, part, &whole, VXG_F32, &op));
    CHECK_OK(vxg_op_new_array(op, -1, &out));
    CHECK_OK(vxg_array_fill(NULL, &out, 2));
    CHECK_OK(vxg_ct_prepared_backproject(p, op, 2, &add, &out));
    CHECK_OK(vxg_array_read(NULL, &out, got));
    for (int i = 0; i < NVOX; i++) want[i] = 2;
    CHECK_OK(apply(op, y + 2 * NV * NU, want, 1));
    EXPECT(!memcmp(got, want, sizeof got), "other bits");
    CHECK_OK(vxg_ct_prepared_views(p, 2, 4, &views));
    CHECK_OK(vxg_array_read(NULL, &views, back));
    EXPECT(!memcmp(back, y + 2 * NV * NU, sizeof back), "other views");
    vxg_array_release(&views);
    EXPECT(vxg_ct_prepared_backproject(p, op, 4, NULL, &out) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "views 4 to 8 of 7"),
           "%s", vxg_error_message());
    EXPECT(vxg_ct_prepared_backproject(p, op, -1, NULL, &out) == VXG_ERR_ARGUMENT, "view -1");
    vxg_array_release(&out);
    vxg_op_release(op);
    vxg_ct_prepared_release(p);
    vxg_ct_geometry_release(geo), vxg_ct_geometry_release(part);
}

/* Filter and weights as views arrive: the filter of single views and of the whole agree to rounding
 * with one operator that filters and weights everything. */
TEST(filtered)
{
    enum { NFFT = 32 };
    static float y[NVIEWS * NV * NU], got[NVIEWS * NV * NU], want[NVIEWS * NV * NU];
    double response[NFFT / 2 + 1], weights[NVIEWS];
    vxg_space space = projections(VXG_F32), one = space;
    vxg_op *all, *filter[2];
    vxg_array views;
    fill(y, 4);
    one.shape[0] = 1;
    for (int i = 0; i < NVIEWS; i++) weights[i] = 0.5 + 0.2 * i;
    CHECK_OK(vxg_ct_filter_response(VXG_CT_WINDOW_HANN, 0, NFFT, 0.9, response));
    CHECK_OK(vxg_ct_filter(dev, &space, response, NFFT, weights, VXG_REAL_F32, &all));
    CHECK_OK(vxg_ct_filter(dev, &space, response, NFFT, NULL, VXG_REAL_F32, &filter[0]));
    CHECK_OK(vxg_ct_filter(dev, &one, response, NFFT, NULL, VXG_REAL_F32, &filter[1]));
    CHECK_OK(apply(all, y, want, 0));
    for (int k = 0; k < 2; k++) {
        vxg_ct_prepared *p;
        double worst = 0, most = 0;
        CHECK_OK(vxg_ct_prepared_new(&space, dev, filter[k], weights, &p));
        for (int part = 0; part < (k ? 3 : 1); part++) { /* views 0, 1..2 and 3..6, or all */
            const int64_t first = k ? (1 << part) - 1 : 0, n = k ? 1 << part : NVIEWS;
            CHECK_OK(some_views(y, first, n, &views));
            CHECK_OK(vxg_ct_prepared_update(p, first, NULL, &views));
            vxg_array_release(&views);
        }
        CHECK_OK(vxg_ct_prepared_views(p, 0, NVIEWS, &views));
        CHECK_OK(vxg_array_read(NULL, &views, got));
        for (int i = 0; i < NVIEWS * NV * NU; i++)
            worst = fmax(worst, fabs((double)got[i] - (double)want[i])),
            most = fmax(most, fabs((double)want[i]));
        EXPECT(worst <= 1e-6 * most, "filter %d: off by %.3g", k, worst / most);
        vxg_array_release(&views);
        vxg_ct_prepared_release(p);
    }
    vxg_op_release(all), vxg_op_release(filter[0]), vxg_op_release(filter[1]);
}

TEST(prepared_refusals)
{
    vxg_space space = projections(VXG_F32), other = space, flat = {.ndim = 1, .shape = {5}};
    vxg_ct_prepared *p;
    vxg_op *scale;
    vxg_array views;
    other.shape[2]++;
    CHECK_OK(vxg_op_math(dev, VXG_MATH_SCALE, 2, &other, &scale));
    EXPECT(vxg_ct_prepared_new(&space, dev, scale, NULL, &p) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "filter"),
           "%s", vxg_error_message());
    EXPECT(vxg_ct_prepared_new(&flat, dev, NULL, NULL, &p) == VXG_ERR_ARGUMENT, "one axis");
    vxg_op_release(scale);
    other.shape[2]--, other.shape[0] = NVIEWS;
    CHECK_OK(vxg_op_math(dev, VXG_MATH_SCALE, 2, &other, &scale));
    CHECK_OK(vxg_ct_prepared_new(&space, dev, scale, NULL, &p));
    const int64_t shape[3] = {2, NV, NU};
    CHECK_OK(vxg_array_new(dev, VXG_F32, 3, shape, &views));
    EXPECT(vxg_ct_prepared_update(p, 0, NULL, &views) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "takes 7 at a time"),
           "%s", vxg_error_message());
    EXPECT(vxg_ct_prepared_update(p, 6, NULL, &views) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "views 6 to 8 of 7"),
           "%s", vxg_error_message());
    vxg_array_release(&views);
    vxg_ct_prepared_release(vxg_ct_prepared_retain(p));
    vxg_op_release(scale);
    vxg_ct_prepared_release(p);
}

/* After the first call nothing is asked for: plain kernels and schedules, own workspace and the
 * caller's. */
TEST(no_requests)
{
    const maker kinds[] = {BACKPROJECTOR, JOSEPH_ADJOINT, BACKPROJECTOR, BACKPROJECTOR};
    for (int k = 0; k < 4; k++) {
        const vxg_dtype dtype = k == 3 ? VXG_F64 : VXG_F32;
        const vxg_space space = projections(dtype);
        vxg_ct_geometry *geo;
        vxg_ct_prepared *p;
        vxg_array out;
        vxg_op *op;
        CHECK_OK(tilted_views(k == 2 ? 0.2 : 0, &geo)); /* 2: no schedule */
        vxg_ct_volume vol = {0};
        vxg_ct_fit_volume(geo, &vol);
        CHECK_OK(make(kinds[k], geo, &vol, dtype, &op));
        EXPECT(k >= 2 || vxg_op_workspace(op, NULL) > 0, "case %d: no schedule", k);
        CHECK_OK(vxg_op_new_array(op, -1, &out));
        CHECK_OK(vxg_ct_prepared_new(&space, dev, NULL, NULL, &p));
        CHECK_OK(vxg_ct_prepared_backproject(p, op, 0, NULL, &out));
        vxg_alloc_count();
        for (int n = 0; n < 3; n++) CHECK_OK(vxg_ct_prepared_backproject(p, op, 0, NULL, &out));
        const int64_t requests = vxg_alloc_count();
        EXPECT(requests == 0, "case %d: %lld requests", k, (long long)requests);
        vxg_array_release(&out);
        vxg_ct_prepared_release(p);
        vxg_op_release(op);
        vxg_ct_geometry_release(geo);
    }
}

/* Every request refused in turn: the call fails with words, nothing stays alive. */
static int build_and_use(void) {
    static const float y[NVIEWS * NV * NU] = {1};
    const double weights[NVIEWS] = {1, 2};
    const vxg_space space = projections(VXG_F32);
    vxg_ct_geometry *geo = NULL;
    vxg_ct_prepared *p = NULL;
    vxg_array views = {0}, out = {0};
    vxg_op *op = NULL;
    int status = tilted_views(0, &geo);
    if (!status) {
        vxg_ct_volume vol = {0};
        vxg_ct_fit_volume(geo, &vol);
        status = make(BACKPROJECTOR, geo, &vol, VXG_F32, &op);
    }
    if (!status) status = vxg_ct_prepared_new(&space, dev, NULL, weights, &p);
    if (!status) status = some_views(y, 0, NVIEWS, &views);
    if (!status) status = vxg_ct_prepared_update(p, 0, NULL, &views);
    if (!status) status = vxg_op_new_array(op, -1, &out);
    if (!status) status = vxg_ct_prepared_backproject(p, op, 0, NULL, &out);
    vxg_array_release(&views), vxg_array_release(&out);
    vxg_ct_prepared_release(p);
    vxg_op_release(op);
    vxg_ct_geometry_release(geo);
    return status;
}

TEST(memory_refused_in_turn)
{
    CHECK_OK(build_and_use()); /* kernels are loaded now */
    vxg_alloc_count();
    const int64_t live = vxg_alloc_live();
    CHECK_OK(build_and_use());
    const int64_t n = vxg_alloc_count();
    CHECK(n > 5, "%lld requests", (long long)n);
    for (int64_t k = 0; k < n; k++) {
        vxg_alloc_fail_at(k);
        const int status = build_and_use();
        vxg_alloc_fail_at(-1);
        EXPECT(status == VXG_ERR_MEMORY, "request %lld: status %d", (long long)k, status);
        EXPECT(vxg_alloc_live() == live, "request %lld: blocks stay alive", (long long)k);
    }
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(voxels_of_a_box),
                                      T(boxes_add_up),
                                      T(boxes_of_a_backprojection),
                                      T(views_have_their_bits),
                                      T(subsets_add_up),
                                      T(oblique_slice),
                                      T(slice_refusals),
                                      T(sliding_window),
                                      T(some_prepared_views),
                                      T(filtered),
                                      T(prepared_refusals),
                                      T(no_requests),
                                      T(memory_refused_in_turn)};
    if (vxg_device_open("cpu", &dev))
        return printf("FAIL partial.cpu: %s\n", vxg_error_message()), 1;
    const int failed = test_run("ct_partial", list, (int)(sizeof list / sizeof *list), argc, argv);
    vxg_device_release(dev);
    return failed;
}
