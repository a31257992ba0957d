/* The cpu schedules of slice-aligned parallel beam against the plain kernels: parity over
 * geometries with every awkward feature, exact zeros, the same bits for every slab, and proof that
 * they run. */
#include "schedule.h"

/* Slice-aligned scans: seed by seed one-column detectors, axes far off, mirrored columns, voxels
 * much larger and smaller than pixels, rotated volumes, detectors turned in plane, rows above and
 * below the volume, exact right angles. */
static int make_scene(int seed, scene *s) {
    vxg_ct_view views[70];
    state = (uint32_t)seed * 2654435761u + 1;
    int64_t nviews = roll_int(1, 70), nu = seed % 7 == 1 ? 1 : roll_int(2, 90);
    int64_t nv = roll_int(1, seed % 5 == 0 ? 70 : 9);
    double pitch = roll(0.5, 2), pixel = seed % 2 ? roll(0.3, 2.5) : 1;
    int64_t shift = seed % 3 ? roll_int(-4, 4) : 0, extra = seed % 3 ? roll_int(0, 6) : 0;
    s->vol = (vxg_ct_volume){.nz = nv + extra, .ny = roll_int(1, 75), .nx = roll_int(1, 75)};
    s->vol.dz = pitch;
    s->vol.dy = seed % 2 ? roll(0.4, 2) : 1, s->vol.dx = seed % 2 ? roll(0.4, 2) : 1;
    if (seed % 6 == 2) { /* the volume turned by a right angle about z */
        static const double R[9] = {0, -1, 0, 1, 0, 0, 0, 0, 1};
        memcpy(s->vol.rotation, R, sizeof R);
    }
    double far = seed % 8 == 3 ? 3 * (double)nu : 5, turn = seed % 4 == 1 ? 0.5 : 0;
    double off = roll(-far, far);
    s->vol.center[0] = roll(-3, 3), s->vol.center[1] = roll(-3, 3), s->vol.center[2] = 1.25;
    /* row 0 is slice `shift` */
    double z = s->vol.center[2] + pitch * ((double)shift + 0.5 * (double)(nv - s->vol.nz));
    for (int64_t i = 0; i < nviews; i++) {
        double t = seed % 4 == 2 ? M_PI / 2 * (double)i : roll(-4, 4), g = t + roll(-turn, turn);
        double sign = seed % 9 == 5 ? -pixel : pixel;
        views[i] = (vxg_ct_view){.r = {-sin(t), cos(t), 0},
                                 .d = {off * cos(t), off * sin(t), z},
                                 .U = {sign * cos(g), sign * sin(g), 0},
                                 .V = {0, 0, pitch}};
    }
    return vxg_ct_parallel_views(nviews, nv, nu, views, &s->geo);
}

typedef int (*make_fn)(vxg_device *, const vxg_ct_geometry *, const vxg_ct_volume *,
                       const vxg_ct_projector_opts *, vxg_op **);
enum { FORWARD, ADJOINT, BACKPROJECT, SPREAD };
static const make_fn makers[] = {vxg_ct_projector, vxg_ct_projector, vxg_ct_backprojector,
                                 vxg_ct_backprojector};

/* Applies one task to seeded random input. */
static int run(int task, const scene *s, int no_schedule, vxg_array *out) {
    vxg_ct_projector_opts o = {.no_schedule = no_schedule};
    vxg_op *op;
    vxg_array in;
    int adjoint = task == ADJOINT || task == SPREAD,
        status = makers[task](dev, s->geo, &s->vol, &o, &op);
    if (status) return status;
    vxg_op_new_array(op, adjoint ? -1 : 0, &in);
    vxg_op_new_array(op, adjoint ? 0 : -1, out);
    vxg_array_random(NULL, &in, 11, -0.5, 1);
    vxg_array_fill(NULL, out, NAN); /* every element must be set */
    status = adjoint ? vxg_op_apply_adjoint(op, NULL, &in, out) : vxg_op_apply(op, NULL, &in, out);
    vxg_array_release(&in);
    vxg_op_release(op);
    return status;
}

static void parity(int task) {
    static const char *const names[] = {"forward", "adjoint", "backprojection", "spread"};
    int differing = 0, zero = 0;
    for (int seed = 0; seed < 72; seed++) {
        scene s;
        vxg_array fast, plain;
        double most = 0, diff = 0;
        CHECK_OK(make_scene(seed, &s));
        CHECK_OK(run(task, &s, 0, &fast));
        CHECK_OK(run(task, &s, 1, &plain));
        CHECK_OK(vxg_array_max_diff(NULL, &plain, NULL, &most));
        CHECK_OK(vxg_array_max_diff(NULL, &fast, &plain, &diff));
        EXPECT(diff <= 1e-5 * most, "%s, seed %d: differs by %.3g of %.3g", names[task], seed, diff,
               most);
        differing += diff > 0, zero += most == 0;
        vxg_array_release(&fast), vxg_array_release(&plain);
        vxg_ct_geometry_release(s.geo);
    }
    EXPECT(differing > 0, "%s: schedule and plain loop agree to the bit: did the schedule run?",
           names[task]);
    EXPECT(zero < 20, "%s: %d of 72 scans are empty", names[task], zero);
}
TEST(forward_parity)
{ parity(FORWARD); }
TEST(adjoint_parity)
{ parity(ADJOINT); }
TEST(backprojection_parity)
{ parity(BACKPROJECT); }
TEST(spread_parity) /* the transpose of the backprojection */
{ parity(SPREAD); }

/* Slices computed 70 at a time and a few at a time: lane blocks of other widths, the same bits. */
static int standard(int64_t rows, vxg_ct_geometry **geo, vxg_ct_volume *vol) {
    double angles[37];
    for (int i = 0; i < 37; i++) angles[i] = 0.1 + M_PI * i / 37;
    vxg_ct_parallel_opts o = {.angles = angles, .nviews = 37, .rows = rows, .cols = 61};
    o.center = 31.3, o.has_center = 1;
    int status = vxg_ct_parallel_circular(&o, geo);
    if (!status) vxg_ct_fit_volume(*geo, vol), vol->nx += 9, vol->dx = 0.8;
    return status;
}

static void apply_slab(int task, const float *in, int64_t rows, float *out) {
    vxg_ct_geometry *geo;
    vxg_ct_volume vol = {0};
    vxg_op *op;
    vxg_array x, y;
    int adjoint = task == ADJOINT || task == SPREAD;
    CHECK_OK(standard(rows, &geo, &vol));
    CHECK_OK(makers[task](dev, geo, &vol, NULL, &op));
    CHECK_OK(vxg_op_new_array(op, adjoint ? -1 : 0, &x));
    CHECK_OK(vxg_op_new_array(op, adjoint ? 0 : -1, &y));
    CHECK_OK(vxg_array_write(NULL, &x, in));
    if (adjoint) {
        CHECK_OK(vxg_op_apply_adjoint(op, NULL, &x, &y));
    } else {
        CHECK_OK(vxg_op_apply(op, NULL, &x, &y));
    }
    CHECK_OK(vxg_array_read(NULL, &y, out));
    vxg_array_release(&x), vxg_array_release(&y);
    vxg_op_release(op);
    vxg_ct_geometry_release(geo);
}

/* Copies rows [r, r + n) of (outer, 70, inner) to or from (outer, n, inner). */
static void slab(float *all, float *part, int64_t outer, int64_t inner, int64_t r, int64_t n,
                 int put) {
    for (int64_t o = 0; o < outer; o++) {
        float *a = all + (o * 70 + r) * inner, *p = part + o * n * inner;
        memcpy(put ? a : p, put ? p : a, (size_t)(n * inner) * sizeof *a);
    }
}

static void slabs(int task) {
    static const int64_t parts[] = {1, 2, 3, 5, 9, 17, 33}; /* 70 together */
    const int64_t pixels = 61, voxels = 70 * 61;
    const int forward = task == FORWARD || task == SPREAD; /* volume to projections */
    int64_t in_outer = forward ? 1 : 37, in_inner = forward ? voxels : pixels;
    int64_t out_outer = forward ? 37 : 1, out_inner = forward ? pixels : voxels;
    float *in = malloc((size_t)(in_outer * 70 * in_inner) * 4), *in_part = malloc(1 << 22);
    float *whole = malloc((size_t)(out_outer * 70 * out_inner) * 4), *out_part = malloc(1 << 22);
    float *joined = calloc((size_t)(out_outer * 70 * out_inner), 4);
    state = 5;
    for (int64_t i = 0; i < in_outer * 70 * in_inner; i++) in[i] = (float)roll(-1, 1);
    apply_slab(task, in, 70, whole);
    for (int64_t r = 0, k = 0; r < 70; r += parts[k++]) {
        slab(in, in_part, in_outer, in_inner, r, parts[k], 0);
        apply_slab(task, in_part, parts[k], out_part);
        slab(joined, out_part, out_outer, out_inner, r, parts[k], 1);
    }
    EXPECT(!memcmp(whole, joined, (size_t)(out_outer * 70 * out_inner) * 4),
           "slabs of 1, 2, 3, 5, 9, 17 and 33 slices differ from 70 at once");
    free(in), free(in_part), free(whole), free(out_part), free(joined);
}
TEST(forward_slabs)
{ slabs(FORWARD); }
TEST(adjoint_slabs)
{ slabs(ADJOINT); }
TEST(backprojection_slabs)
{ slabs(BACKPROJECT); }
TEST(spread_slabs)
{ slabs(SPREAD); }

/* Row r of a scan and its slice, by themselves; *slice -1 where the row has none. */
static void single(const scene *s, int64_t r, scene *one, int64_t *slice) {
    vxg_ct_view views[70];
    const int64_t nviews = vxg_ct_geometry_nviews(s->geo), nv = vxg_ct_geometry_nv(s->geo);
    const double up = (double)r - 0.5 * (double)(nv - 1);
    for (int64_t i = 0; i < nviews; i++) {
        views[i] = *vxg_ct_geometry_view(s->geo, i);
        views[i].d[2] += up * views[i].V[2];
    }
    const double level = (views[0].d[2] - s->vol.center[2]) / s->vol.dz;
    *slice = (int64_t)llround(level + 0.5 * (double)(s->vol.nz - 1));
    if (*slice < 0 || *slice >= s->vol.nz) *slice = -1;
    one->vol = s->vol, one->vol.nz = 1, one->vol.center[2] += level * s->vol.dz;
    CHECK_OK(vxg_ct_parallel_views(nviews, 1, vxg_ct_geometry_nu(s->geo), views, &one->geo));
}

/* Whether a result has the bits of row or slice `at` of `all`. */
static void same_bits(const vxg_array *all, int axis, int64_t at, const vxg_array *part,
                      int *same) {
    vxg_array cut;
    const size_t bytes = (size_t)vxg_array_count(part) * 4;
    float *a = malloc(bytes), *b = malloc(bytes);
    CHECK_OK(vxg_array_slice(all, axis, at, at + 1, &cut));
    CHECK_OK(vxg_array_read(NULL, &cut, a));
    CHECK_OK(vxg_array_read(NULL, part, b));
    *same = !memcmp(a, b, bytes);
    free(a), free(b);
}

/* Columns many voxels apart, up to the 64 that a schedule takes: places are counted modulo 512. */
TEST(wide_columns)
{
    for (int k = 0; k < 12; k++)
        for (int64_t nv = 1; nv <= 65; nv += 64) {
            const double pixel = 26 + 3.3 * k, t = 0.3 * k;
            vxg_ct_view v = {.r = {-sin(t), cos(t), 0}, .V = {0, 0, 1}};
            v.U[0] = pixel * cos(t), v.U[1] = pixel * sin(t);
            scene s = {.vol = {.nz = nv, .ny = 70, .nx = 64}};
            double most, diff;
            CHECK_OK(vxg_ct_parallel_views(1, nv, 40, &v, &s.geo));
            for (int task = FORWARD; task <= ADJOINT; task++) {
                vxg_array fast, plain;
                CHECK_OK(run(task, &s, 0, &fast));
                CHECK_OK(run(task, &s, 1, &plain));
                CHECK_OK(vxg_array_max_diff(NULL, &plain, NULL, &most));
                CHECK_OK(vxg_array_max_diff(NULL, &fast, &plain, &diff));
                EXPECT(most > 0 && diff <= 1e-5 * most, "pixel %g, %d rows, task %d: %.3g of %.3g",
                       pixel, (int)nv, task, diff, most);
                vxg_array_release(&fast), vxg_array_release(&plain);
            }
            vxg_ct_geometry_release(s.geo);
        }
}

/* One slice has pixels or columns as lanes, many have slices: the same bits, whatever the scan. */
static void alone(int task, const scene *s, int64_t r, int *compared) {
    const int adjoint = task == ADJOINT || task == SPREAD;
    const int forward = task == FORWARD || task == SPREAD; /* volume to projections */
    const vxg_ct_projector_opts o = {0};
    scene one;
    vxg_op *op[2];
    vxg_array in, row, all, part, cut;
    int64_t slice;
    int same = 0;
    single(s, r, &one, &slice);
    if (slice < 0) {
        vxg_ct_geometry_release(one.geo);
        return;
    }
    CHECK_OK(makers[task](dev, s->geo, &s->vol, &o, &op[0]));
    CHECK_OK(makers[task](dev, one.geo, &one.vol, &o, &op[1]));
    vxg_op_new_array(op[0], adjoint ? -1 : 0, &in), vxg_op_new_array(op[0], adjoint ? 0 : -1, &all);
    vxg_op_new_array(op[1], adjoint ? -1 : 0, &row);
    vxg_op_new_array(op[1], adjoint ? 0 : -1, &part);
    vxg_array_random(NULL, &in, 11, -0.5, 1);
    const int64_t from = forward ? slice : r; /* (nz, ny, nx), or (nviews, nv, nu) */
    CHECK_OK(vxg_array_slice(&in, !forward, from, from + 1, &cut));
    CHECK_OK(vxg_array_copy(NULL, &cut, &row));
    CHECK_OK(adjoint ? vxg_op_apply_adjoint(op[0], NULL, &in, &all)
                     : vxg_op_apply(op[0], NULL, &in, &all));
    CHECK_OK(adjoint ? vxg_op_apply_adjoint(op[1], NULL, &row, &part)
                     : vxg_op_apply(op[1], NULL, &row, &part));
    same_bits(&all, forward, forward ? r : slice, &part, &same);
    EXPECT(same, "task %d: slice %d alone has other bits", task, (int)slice);
    vxg_array_release(&in), vxg_array_release(&row);
    vxg_array_release(&all), vxg_array_release(&part);
    vxg_op_release(op[0]), vxg_op_release(op[1]);
    vxg_ct_geometry_release(one.geo);
    ++*compared;
}
TEST(one_slice_alone)
{
    for (int task = FORWARD; task <= SPREAD; task++) {
        int compared = 0;
        for (int seed = 0; seed < 72; seed++) {
            scene s;
            CHECK_OK(make_scene(seed, &s));
            const int64_t nv = vxg_ct_geometry_nv(s.geo);
            if (nv > 1) alone(task, &s, seed % nv, &compared);
            vxg_ct_geometry_release(s.geo);
        }
        EXPECT(compared > 30, "only %d scans were compared", compared);
    }
}

/* ---- Row filter ---- */
static int filter_run(vxg_dtype dtype, int64_t nviews, int64_t nv, int64_t nu, int64_t nfft,
                      int adjoint, const double *in, double *out) {
    double *response = malloc((size_t)(nfft / 2 + 1) * sizeof *response), weights[64];
    vxg_space space = {.dtype = dtype, .ndim = 3, .shape = {nviews, nv, nu}};
    vxg_array x = {0}, y = {0};
    vxg_op *op = NULL;
    int64_t n = nviews * nv * nu;
    float *narrow = malloc((size_t)n * sizeof *narrow);
    for (int64_t k = 0; k <= nfft / 2; k++)
        response[k] = 0.3 + 0.7 * (double)k / (double)nfft + 0.2 * sin(0.1 * (double)k);
    for (int i = 0; i < 64; i++) weights[i] = 0.5 + 0.03 * i;
    int status = vxg_ct_filter(dev, &space, response, nfft, weights, (vxg_real)dtype, &op);
    if (!status) status = vxg_op_new_array(op, 0, &x);
    if (!status) status = vxg_op_new_array(op, -1, &y);
    for (int64_t i = 0; i < n; i++) narrow[i] = (float)in[i];
    if (!status) status = vxg_array_write(NULL, &x, dtype == VXG_F64 ? (const void *)in : narrow);
    if (!status)
        status = adjoint ? vxg_op_apply_adjoint(op, NULL, &x, &y) : vxg_op_apply(op, NULL, &x, &y);
    if (!status) status = vxg_array_read(NULL, &y, dtype == VXG_F64 ? (void *)out : narrow);
    for (int64_t i = 0; i < n && dtype == VXG_F32; i++) out[i] = (double)narrow[i];
    vxg_array_release(&x), vxg_array_release(&y);
    vxg_op_release(op);
    free(response), free(narrow);
    return status;
}

/* Against the plain kernel in double; the FFT is exact to about 1e-6 of the largest value. */
TEST(filter_parity)
{
    static const int64_t sizes[][4] = {{1, 1, 1, 2},    {2, 1, 2, 4},       {5, 3, 5, 16},
                                       {1, 40, 7, 16},  {64, 1, 33, 128},   {3, 17, 100, 256},
                                       {8, 9, 64, 128}, {2, 21, 500, 1024}, {4, 5, 1000, 2048}};
    for (int k = 0; k < (int)(sizeof sizes / sizeof *sizes); k++)
        for (int adjoint = 0; adjoint < 2; adjoint++) {
            const int64_t *s = sizes[k], n = s[0] * s[1] * s[2];
            double *in = malloc((size_t)n * 8), *a = malloc((size_t)n * 8);
            double *b = malloc((size_t)n * 8), most = 0, diff = 0;
            state = 3;
            for (int64_t i = 0; i < n; i++) in[i] = (double)(float)roll(-0.5, 1);
            CHECK_OK(filter_run(VXG_F32, s[0], s[1], s[2], s[3], adjoint, in, a));
            CHECK_OK(filter_run(VXG_F64, s[0], s[1], s[2], s[3], adjoint, in, b));
            for (int64_t i = 0; i < n; i++) {
                if (!(fabs(a[i] - b[i]) <= diff)) diff = fabs(a[i] - b[i]);
                if (fabs(b[i]) > most) most = fabs(b[i]);
            }
            EXPECT(diff <= 2e-6 * most, "(%d, %d, %d) nfft %d adjoint %d: differs by %.3g of %.3g",
                   (int)s[0], (int)s[1], (int)s[2], (int)s[3], adjoint, diff, most);
            free(in), free(a), free(b);
        }
}

/* A row's bits must not depend on which other rows are filtered in the same call. */
TEST(filter_slabs)
{
    const int64_t nviews = 7, nu = 50, nfft = 128;
    double *in = malloc(7 * 23 * 50 * 8), *whole = malloc(7 * 23 * 50 * 8);
    double *part = malloc(7 * 23 * 50 * 8), *out = malloc(7 * 23 * 50 * 8);
    state = 9;
    for (int64_t i = 0; i < 7 * 23 * 50; i++) in[i] = roll(-1, 1);
    CHECK_OK(filter_run(VXG_F32, nviews, 23, nu, nfft, 0, in, whole));
    for (int64_t r = 0, n; r < 23; r += n) {
        n = r % 2 ? 4 : 3;
        if (r + n > 23) n = 23 - r;
        for (int64_t v = 0; v < nviews; v++)
            memcpy(part + v * n * nu, in + (v * 23 + r) * nu, (size_t)(n * nu) * 8);
        CHECK_OK(filter_run(VXG_F32, nviews, n, nu, nfft, 0, part, out));
        for (int64_t v = 0; v < nviews; v++)
            EXPECT(!memcmp(out + v * n * nu, whole + (v * 23 + r) * nu, (size_t)(n * nu) * 8),
                   "rows %d.. filtered apart differ from all at once", (int)r);
    }
    free(in), free(whole), free(part), free(out);
}

int main(int argc, char **argv) {
    static const test_entry list[] = {
        T(forward_parity), T(adjoint_parity),  T(backprojection_parity), T(spread_parity),
        T(forward_slabs),  T(adjoint_slabs),   T(backprojection_slabs),  T(spread_slabs),
        T(wide_columns),   T(one_slice_alone), T(filter_parity),         T(filter_slabs)};
    return run_levels("ct_schedule", list, (int)(sizeof list / sizeof *list), argc, argv);
}
