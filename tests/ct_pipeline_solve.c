/* Scan to volume by iterative methods: the same bits as a solver that is given everything, whatever
 * the memory and threads; what goes slab by slab and what at once; what is refused. */
#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include <voxgrad/voxgrad.h>

#include "memory_scan.h"
#include "test.h"

#define PI 3.14159265358979323846
enum { VIEWS = 24, ROWS = 70, COLS = 40, CELLS = ROWS * COLS * COLS };

static vxg_device *dev;
static float lines[VIEWS * ROWS * COLS]; /* line integrals, some of them below 0 */
static double theta[VIEWS];

static vxg_scan_reader scan_over(double degrees) {
    for (int i = 0; i < VIEWS; i++) theta[i] = degrees * i / VIEWS;
    static memory_scan m = {lines, ROWS, COLS};
    return memory_scan_reader(&m, VIEWS, theta);
}

static int keep(vxg_volume_writer *self, int64_t z0, int64_t nz, const float *src) {
    memcpy((float *)self->impl + z0 * COLS * COLS, src, (size_t)(nz * COLS * COLS) * sizeof *src);
    return VXG_OK;
}

static int keep_wide(vxg_volume_writer *self, int64_t z0, int64_t nz, const float *src) {
    (void)nz;
    if (z0 == 0) memcpy(self->impl, src, 3600 * sizeof *src);
    return VXG_OK;
}

/* A blurred disc that changes from row to row, and noise. */
static void fill_lines(void) {
    uint32_t state = 1;
    for (int v = 0; v < VIEWS; v++)
        for (int r = 0; r < ROWS; r++)
            for (int c = 0; c < COLS; c++) {
                const double s = (c - 18.0 - 3 * cos(0.1 * v)) / (6 + 0.1 * r);
                state = state * 1664525u + 1013904223u;
                lines[(v * ROWS + r) * COLS + c] =
                    (float)(exp(-s * s) + 0.05 * ((double)(state >> 8) / 16777216.0 - 0.4));
            }
}

static vxg_ct_recon_opts options(const char *method, const vxg_solve_opts *solve) {
    return (vxg_ct_recon_opts){.size = sizeof(vxg_ct_recon_opts),
                               .center = 19.2,
                               .no_minus_log = 1,
                               .algorithm = method,
                               .solve = solve};
}

static int pipeline(vxg_scan_reader *scan, const vxg_ct_recon_opts *o, float *out,
                    vxg_ct_recon_stats *stats) {
    vxg_volume_writer w = {.write = keep, .impl = out};
    *stats = (vxg_ct_recon_stats){.size = sizeof *stats};
    return vxg_ct_reconstruct(dev, scan, o, &w, stats);
}

/* A solver of the whole scan; values below 0 count as 0 where `positive`. */
static int solver(const vxg_ct_geometry *geo, const vxg_ct_volume *vol, const char *method,
                  const vxg_solve_opts *opts, int positive, float *out, vxg_solve_report *report) {
    static float data[VIEWS * ROWS * COLS], image[VIEWS * ROWS * COLS];
    vxg_op *op = NULL;
    vxg_array y = {0};
    vxg_solver *s = NULL;
    for (int i = 0; i < VIEWS * ROWS * COLS; i++) data[i] = positive && lines[i] < 0 ? 0 : lines[i];
    *report = (vxg_solve_report){.size = sizeof *report};
    int status = vxg_ct_projector(dev, geo, vol, NULL, &op);
    if (!status) status = vxg_op_new_array(op, -1, &y);
    if (!status) status = vxg_array_write(NULL, &y, data);
    const vxg_solve_problem p = {.op = op, .data = &y};
    if (!status) status = vxg_solver_new(method, &p, opts, &s);
    if (!status) status = vxg_solver_run(s, NULL);
    if (!status) status = vxg_solver_report(s, report);
    if (!status) status = vxg_array_read(NULL, vxg_solver_x(s), out);
    /* what is left of the data by the x that it ends with */
    if (!status) status = vxg_op_apply(op, NULL, vxg_solver_x(s), &y);
    if (!status) status = vxg_array_read(NULL, &y, image);
    double sum = 0;
    for (int i = 0; i < VIEWS * ROWS * COLS; i++)
        sum += ((double)image[i] - data[i]) * ((double)image[i] - data[i]);
    report->residual = sqrt(sum);
    vxg_solver_release(s);
    vxg_array_release(&y);
    vxg_op_release(op);
    return status;
}

static int parallel(vxg_ct_geometry **geo, vxg_ct_volume *vol) {
    static double angles[VIEWS];
    for (int i = 0; i < VIEWS; i++) angles[i] = theta[i] * PI / 180;
    const vxg_ct_parallel_opts o = {.angles = angles,
                                    .nviews = VIEWS,
                                    .rows = ROWS,
                                    .cols = COLS,
                                    .center = 19.2,
                                    .has_center = 1};
    *vol = (vxg_ct_volume){.nz = ROWS, .ny = COLS, .nx = COLS};
    return vxg_ct_parallel_circular(&o, geo);
}

static const struct {
    const char *method;
    vxg_solve_opts opts;
    int slabs, positive;
} cases[] = {
    {"sirt", {.iterations = 6, .bounds = VXG_BOUNDS_POSITIVE}, 1, 0},
    {"sart", {.iterations = 2, .order = VXG_ORDER_GOLDEN}, 1, 0},
    {"os-sart", {.iterations = 3, .subsets = 5}, 1, 0},
    {"mlem", {.iterations = 5}, 1, 1},
    {"osem", {.iterations = 2, .subsets = 4}, 1, 1},
    {"sirt", {.iterations = 50, .tolerance = 0.3}, 0, 0},
    {"cgls", {.iterations = 4, .damping = 0.1}, 0, 0},
    {"fista-tv", {.iterations = 4, .weight = 0.01}, 0, 0},
};

TEST(as_a_solver_of_all)
{
    static float got[CELLS], again[CELLS], expected[CELLS];
    vxg_scan_reader scan = scan_over(180);
    vxg_ct_geometry *geo;
    vxg_ct_volume vol;
    CHECK_OK(parallel(&geo, &vol));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const name = cases[i].method;
        vxg_ct_recon_opts o = options(name, &cases[i].opts);
        vxg_ct_recon_stats s = {.size = sizeof s};
        vxg_solve_report r;
        CHECK_OK(solver(geo, &vol, name, &cases[i].opts, cases[i].positive, expected, &r));
        CHECK_OK(pipeline(&scan, &o, got, &s));
        EXPECT(!memcmp(got, expected, sizeof got), "%s: other bits than the solver's", name);
        EXPECT(s.iterations == r.iteration, "%s: %d iterations, not %d", name, s.iterations,
               r.iteration);
        EXPECT(fabs(s.residual - r.residual) <= 1e-5 * r.residual &&
                   fabs(s.data - r.data) <= 1e-5 * r.data,
               "%s: residual %.9g of %.9g, not %.9g of %.9g", name, s.residual, s.data, r.residual,
               r.data);
        EXPECT((s.negative > 0) == cases[i].positive, "%s: %lld values below 0", name,
               (long long)s.negative);
        EXPECT(s.chunk == (cases[i].slabs ? 64 : ROWS), "%s: %d slices at once", name,
               (int)s.chunk);
        /* as little memory as there is a way, and one thread */
        const int64_t usual = s.peak_bytes, negative = s.negative;
        o.max_memory = 1;
        EXPECT(pipeline(&scan, &o, again, &s) == VXG_ERR_MEMORY, "%s in a byte: %s", name,
               vxg_error_message());
        EXPECT(s.peak_bytes < usual, "%s: at least %lld bytes, %lld usually", name,
               (long long)s.peak_bytes, (long long)usual);
        o.max_memory = s.peak_bytes;
        vxg_set_threads(1);
        CHECK_OK(pipeline(&scan, &o, again, &s));
        vxg_set_threads(0);
        EXPECT(!memcmp(again, expected, sizeof again), "%s: memory changes the result", name);
        EXPECT(s.chunk == (cases[i].slabs ? 1 : ROWS), "%s: %d slices at once", name, (int)s.chunk);
        EXPECT((s.scratch_bytes > 0) == !cases[i].slabs, "%s: %lld bytes in a file", name,
               (long long)s.scratch_bytes);
        EXPECT(s.negative == negative, "%s: %lld values below 0, %lld before", name,
               (long long)s.negative, (long long)negative);
    }
    vxg_ct_geometry_release(geo);
}

static const vxg_ct_cone_opts cone_scan = {
    .nviews = VIEWS, .rows = ROWS, .cols = COLS, .sod = 90, .sdd = 180, .pixel = 1};
static const vxg_ct_volume fine = {
    .nz = ROWS, .ny = COLS, .nx = COLS, .dz = 0.25, .dy = 0.5, .dx = 0.5};

/* Any geometry, all at once. */
TEST(a_cone)
{
    static float got[CELLS], expected[CELLS];
    const vxg_solve_opts sirt = {.iterations = 3}, tv = {.iterations = 2, .weight = 0.1};
    vxg_scan_reader scan = scan_over(360);
    vxg_volume_writer w = {.write = keep, .impl = got};
    vxg_ct_recon_stats s = {.size = sizeof s};
    vxg_solve_report r;
    vxg_ct_geometry *geo;
    CHECK_OK(vxg_ct_cone_circular(&cone_scan, &geo));
    vxg_ct_recon_opts q = options("sirt", &sirt);
    CHECK_OK(solver(geo, &fine, "sirt", &sirt, 0, expected, &r));
    CHECK_OK(vxg_ct_reconstruct_views(dev, &scan, geo, &fine, &q, &w, &s));
    EXPECT(!memcmp(got, expected, sizeof got), "other bits than the solver's");
    EXPECT(s.iterations == 3 && s.chunk == ROWS, "%d iterations, %d slices at once", s.iterations,
           (int)s.chunk);
    /* neighbours' distances are the voxels' */
    vxg_solve_opts half = tv;
    half.spacing[0] = 0.5, half.spacing[1] = half.spacing[2] = 1;
    q = options("fista-tv", &tv);
    CHECK_OK(solver(geo, &fine, "fista-tv", &half, 0, expected, &r));
    CHECK_OK(vxg_ct_reconstruct_views(dev, &scan, geo, &fine, &q, &w, &s));
    EXPECT(!memcmp(got, expected, sizeof got), "other differences than the voxels'");
    vxg_ct_geometry_release(geo);
}

static int cone(const vxg_ct_recon_opts *q, float *out, vxg_ct_recon_stats *s) {
    vxg_scan_reader scan = scan_over(360);
    vxg_volume_writer w = {.write = keep, .impl = out};
    vxg_ct_geometry *geo;
    int status = vxg_ct_cone_circular(&cone_scan, &geo);
    if (status) return status;
    *s = (vxg_ct_recon_stats){.size = sizeof *s};
    status = vxg_ct_reconstruct_views(dev, &scan, geo, &fine, q, &w, s);
    vxg_ct_geometry_release(geo);
    return status;
}

/* In as little memory as there is a way, by every method: the bits of a run that has room for all.
 */
TEST(in_a_file)
{
    static float got[CELLS], expected[CELLS];
    static double levels[] = {0.02, 0.1};
    vxg_ct_recon_stats s = {.size = sizeof s};
    for (int i = 0; i < vxg_solve_row_count(); i++) {
        const vxg_solve_row *const row = vxg_solve_row_at(i);
        vxg_solve_opts all = {.iterations = 2};
        if (strstr(row->name, "-tv")) all.weight = 0.05;
        if (strstr(row->name, "awtv")) all.delta = 0.01;
        if (!strcmp(row->name, "dart")) all.levels = (vxg_numbers){.count = 2, .value = levels};
        if (!strcmp(row->name, "adam")) all.step = 0.01;
        vxg_ct_recon_opts q = options(row->name, &all);
        CHECK_OK(cone(&q, expected, &s));
        EXPECT(s.scratch_bytes == 0, "%s: %lld bytes in a file, nothing asks for it", row->name,
               (long long)s.scratch_bytes);
        q.max_memory = 1;
        EXPECT(cone(&q, got, &s) == VXG_ERR_MEMORY, "%s in a byte", row->name);
        const int64_t least = s.peak_bytes;
        memset(got, 0x55, sizeof got);
        q.max_memory = least;
        CHECK_OK(cone(&q, got, &s));
        EXPECT(!memcmp(got, expected, sizeof got), "%s: other bits", row->name);
        EXPECT(s.scratch_bytes > 4 * (CELLS + VIEWS * ROWS * COLS) && s.peak_bytes <= least,
               "%s: %lld bytes in a file, %lld of %lld in memory", row->name,
               (long long)s.scratch_bytes, (long long)s.peak_bytes, (long long)least);
        q.scratch = "/nowhere/at/all";
        EXPECT(cone(&q, got, &s) == VXG_ERR_OUTPUT &&
                   strstr(vxg_error_message(), "/nowhere/at/all"),
               "%s: %s", row->name, vxg_error_message());
    }
}

/* No room on the disk: refused before anything is made. */
TEST(no_room)
{
    static float out[CELLS];
    const vxg_solve_opts opts = {.iterations = 2};
    vxg_ct_recon_stats s = {.size = sizeof s};
    vxg_ct_recon_opts q = options("sirt", &opts);
    struct rlimit usual, small;
    q.max_memory = 1;
    (void)cone(&q, out, &s);
    q.max_memory = s.peak_bytes;
    getrlimit(RLIMIT_FSIZE, &usual);
    small = usual, small.rlim_cur = 100000;
    void (*const before)(int) = signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    const int status = cone(&q, out, &s);
    setrlimit(RLIMIT_FSIZE, &usual);
    signal(SIGXFSZ, before);
    EXPECT(status == VXG_ERR_OUTPUT && strstr(vxg_error_message(), "no room for"), "%s",
           vxg_error_message());
}

/* A geometry scan whose voxels are not of size 1, and solvers of the same problem in the world's
 * unit, whose options are what a caller gives: 1 / length. */
static const vxg_ct_volume uneven = {
    .nz = ROWS, .ny = COLS, .nx = COLS, .dz = 0.2, .dy = 0.3, .dx = 0.4};
static const double ratios[3] = {0.5, 0.75, 1};

static double apart(const float *a, const float *b) {
    double sum = 0, size = 0;
    for (int i = 0; i < CELLS; i++) {
        sum += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
        size += (double)b[i] * b[i];
    }
    return sqrt(sum / size);
}

/* By the pipeline and by a solver with `direct`; how far apart volumes are. */
static double both(const char *method, const vxg_solve_opts *given, const vxg_solve_opts *direct) {
    static float got[CELLS], expected[CELLS];
    vxg_scan_reader scan = scan_over(360);
    vxg_volume_writer w = {.write = keep, .impl = got};
    vxg_ct_recon_stats s = {.size = sizeof s};
    const vxg_ct_recon_opts q = options(method, given);
    vxg_solve_report r = {0};
    vxg_ct_geometry *geo;
    int status = vxg_ct_cone_circular(&cone_scan, &geo);
    if (!status) status = solver(geo, &uneven, method, direct, 0, expected, &r);
    if (!status) status = vxg_ct_reconstruct_views(dev, &scan, geo, &uneven, &q, &w, &s);
    EXPECT(!status, "%s: %s", method, vxg_error_message());
    if (status) return NAN;
    EXPECT(fabs(s.residual - r.residual) <= 1e-4 * r.residual &&
               fabs(s.data - r.data) <= 1e-5 * r.data && s.residual < s.data,
           "%s: residual %.9g of %.9g, not %.9g of %.9g", method, s.residual, s.data, r.residual,
           r.data);
    vxg_ct_geometry_release(geo);
    return apart(got, expected);
}

TEST(units)
{
    static double levels[] = {0.01, 0.06};
    const struct {
        const char *method;
        vxg_solve_opts opts;
        int differences;
    } all[] = {
        {"sirt", {.iterations = 5, .bounds = VXG_BOUNDS_BOX, .lower = 0.02, .upper = 0.08}, 0},
        {"cgls", {.iterations = 5, .damping = 3}, 0},
        {"fista-tv", {.iterations = 8, .weight = 0.3}, 1},
        {"fista-tv",
         {.iterations = 8, .weight = 0.3, .penalty = VXG_PENALTY_HUBER, .bend = 0.05},
         1},
        {"fista-tv", {.iterations = 8, .weight = 3, .penalty = VXG_PENALTY_SQUARE}, 1},
        {"tv-pocs", {.iterations = 2, .subsets = 4, .inner = 4, .smooth = 0.05}, 1},
        {"awtv-pocs",
         {.iterations = 2, .subsets = 4, .inner = 4, .alpha = 0.1, .smooth = 0.02, .delta = 0.03},
         1},
        {"dart", {.iterations = 1, .first = 3, .inner = 2, .fixed = 1, .levels = {2, levels}}, 0},
        {"lbfgs", {.iterations = 6, .weight = 0.3, .smooth = 0.02, .damping = 0.5}, 1},
        {"adam",
         {.iterations = 4, .subsets = 4, .step = 0.01, .eps = 0.3, .weight = 0.3, .smooth = 0.02},
         1},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        vxg_solve_opts direct = all[i].opts;
        if (all[i].differences) memcpy(direct.spacing, ratios, sizeof ratios);
        const double far = both(all[i].method, &all[i].opts, &direct);
        EXPECT(far < 2e-3, "%s (%d): volumes are %g apart", all[i].method, (int)i, far);
    }
}

/* What is not said of the spacing is the voxels', each axis by itself. */
TEST(half_said_spacing)
{
    const vxg_solve_opts given = {.iterations = 8, .weight = 0.3, .spacing = {2, 0, 0}},
                         direct = {.iterations = 8, .weight = 0.3, .spacing = {2, 0.75, 1}};
    const double far = both("fista-tv", &given, &direct);
    EXPECT(far < 2e-3, "volumes are %g apart", far);
}

/* What callbacks see and write. */
typedef struct seen {
    double most, change;
} seen;
static int write_half(void *context, const vxg_solve_report *r, const vxg_array *x) {
    static float values[CELLS];
    seen *s = context;
    if (vxg_array_read(NULL, x, values)) return VXG_ERR_FAILED;
    if (r->iteration == 2) s->change = r->change;
    for (int i = 0; i < CELLS; i++) {
        s->most = fmax(s->most, values[i]);
        values[i] = fminf(values[i], 0.05f);
    }
    if (r->iteration != 2) return 0;
    return vxg_array_write(NULL, x, values) ? VXG_ERR_FAILED : VXG_SOLVE_WROTE;
}

TEST(callback_in_the_unit)
{
    seen there = {0}, direct = {0};
    vxg_solve_opts a = {.iterations = 3, .change = 1e-9, .callback = write_half}, b = a;
    a.context = &there, b.context = &direct;
    const double far = both("cgls", &a, &b);
    EXPECT(far < 2e-3, "volumes are %g apart", far);
    EXPECT(fabs(there.most - direct.most) < 1e-3 * direct.most &&
               fabs(there.change - direct.change) < 1e-3 * direct.change,
           "values up to %g, not %g; change %g, not %g", there.most, direct.most, there.change,
           direct.change);
}

/* A result that is finite, with projections that are not, is an error: some number of iterations
 * ends with one. */
TEST(projections_overflow)
{
    static float got[CELLS];
    vxg_scan_reader scan = scan_over(180);
    int failed = 0, of_projections = 0;
    for (int n = 30; n < 80 && failed < 4; n++) {
        const vxg_solve_opts solve = {.iterations = n, .relaxation = 6};
        vxg_ct_recon_opts o = options("sirt", &solve);
        vxg_ct_recon_stats s = {.size = sizeof s};
        o.row_end = 2;
        vxg_volume_writer w = {.write = keep, .impl = got};
        const int status = vxg_ct_reconstruct(dev, &scan, &o, &w, &s);
        EXPECT(status == VXG_ERR_NUMERICAL || (!status && isfinite(s.residual)),
               "%d iterations: status %d, residual %g", n, status, s.residual);
        failed += status != 0;
        of_projections += status && strstr(vxg_error_message(), "projections of the result");
    }
    EXPECT(failed && of_projections, "%d failed, %d by projections", failed, of_projections);
}

/* Arcs of less than half a turn, and half-acquisitions. */
TEST(arcs)
{
    static float got[CELLS];
    const vxg_solve_opts few = {.iterations = 2};
    vxg_scan_reader scan = scan_over(100);
    vxg_ct_recon_opts o = options("sirt", &few);
    vxg_ct_recon_stats s = {.size = sizeof s};
    int64_t side;
    CHECK_OK(pipeline(&scan, &o, got, &s));
    scan = scan_over(360);
    o.center = 6;
    CHECK_OK(vxg_ct_recon_side(&scan, &o, &side));
    EXPECT(side == 67, "%d voxels across a half-acquisition", (int)side);
}

static void refused(int status, const char *words) {
    EXPECT(status && strstr(vxg_error_message(), words), "'%s', not '%s'",
           status ? vxg_error_message() : "done", words);
}

static int callback(void *context, const vxg_solve_report *r, const vxg_array *x) {
    (void)r, (void)x;
    return ++*(int *)context == 2 ? VXG_SOLVE_STOP : 0;
}

TEST(refused_by_name)
{
    static float got[CELLS];
    const double center = 19;
    int calls = 0;
    vxg_solve_opts solve = {.iterations = 2};
    vxg_scan_reader scan = scan_over(180);
    vxg_ct_recon_stats s = {.size = sizeof s};
    vxg_ct_recon_opts o = options("fbp", &solve);
    refused(pipeline(&scan, &o, got, &s), "the algorithm is fbp");
    o = options("siart", NULL);
    refused(pipeline(&scan, &o, got, &s),
            "there is no 'siart'; there are auto, fbp, fourier, landweber, sirt");
    o = options("sirt", &solve);
    refused(vxg_ct_try_centers(dev, &scan, &o, 3, 1, &center, got), "the algorithm is sirt");
    o.cutoff = 0.5;
    refused(pipeline(&scan, &o, got, &s), "window and cutoff are of filtered backprojection");
    o.cutoff = 0, solve = (vxg_solve_opts){.bounds = VXG_BOUNDS_BOX, .lower = -2, .upper = 1};
    o.algorithm = "mlem";
    refused(pipeline(&scan, &o, got, &s), "mlem: lower is -2; values are never below 0");
    vxg_ct_geometry *geo;
    const vxg_ct_cone_opts cone = {
        .nviews = VIEWS, .rows = ROWS, .cols = COLS, .sod = 90, .sdd = 180, .pixel = 1};
    vxg_volume_writer w = {.write = keep, .impl = got};
    CHECK_OK(vxg_ct_cone_circular(&cone, &geo));
    refused(vxg_ct_reconstruct_views(dev, &scan, geo, &uneven, &o, &w, &s),
            "mlem: lower is -2; values are never below 0");
    vxg_ct_geometry_release(geo);
    o.algorithm = "sirt", solve = (vxg_solve_opts){.iterations = 2, .damping = 1};
    refused(pipeline(&scan, &o, got, &s), "sirt: takes no damping");
    solve = (vxg_solve_opts){.iterations = 9, .callback = callback, .context = &calls};
    CHECK_OK(pipeline(&scan, &o, got, &s));
    EXPECT(calls == 2 && s.iterations == 2, "%d calls, %d iterations", calls, s.iterations);
}

/* Whether data are within what can be computed with is judged of all of them: not of slabs. */
TEST(tiny_rows)
{
    static float got[CELLS];
    const vxg_solve_opts solve = {.iterations = 1};
    vxg_scan_reader scan = scan_over(180);
    vxg_ct_recon_opts o = options("sirt", &solve);
    vxg_ct_recon_stats s = {.size = sizeof s};
    o.max_memory = 1;
    EXPECT(pipeline(&scan, &o, got, &s) == VXG_ERR_MEMORY, "in a byte");
    o.max_memory = s.peak_bytes;
    for (int v = 0; v < VIEWS; v++)
        for (int c = 0; c < COLS; c++) lines[(v * ROWS + 5) * COLS + c] *= 1e-15f;
    CHECK_OK(pipeline(&scan, &o, got, &s));
    EXPECT(s.chunk == 1, "%d slices at once", (int)s.chunk);
    for (int i = 0; i < VIEWS * ROWS * COLS; i++) lines[i] *= 1e-18f;
    for (int k = 0; k < 2; k++, o.max_memory = 0)
        refused(pipeline(&scan, &o, got, &s), "sirt: data is 1.0");
    fill_lines();
}

/* What no ray meets is not what the method began with. */
TEST(unseen)
{
    static float got[CELLS];
    int unseen = 0;
    /* no line integral of 0, which would make voxels 0 that are seen */
    for (int i = 0; i < VIEWS * ROWS * COLS; i++) lines[i] += 1;
    for (int k = 0; k < 3; k++) {
        /* of more than 16 subsets no sums are kept */
        const vxg_solve_opts solve = {.iterations = 3, .subsets = k == 2 ? 20 : 0};
        vxg_scan_reader scan = scan_over(60);
        vxg_ct_recon_opts o = options(k ? "osem" : "mlem", &solve);
        vxg_ct_recon_stats s = {.size = sizeof s};
        o.center = 9, o.side = 60, o.row_end = 4;
        vxg_volume_writer w = {.write = keep_wide, .impl = got};
        CHECK_OK(vxg_ct_reconstruct(dev, &scan, &o, &w, &s));
        int zero = 0, one = 0;
        for (int i = 0; i < 60 * 60; i++) zero += got[i] == 0, one += got[i] == 1;
        EXPECT(zero > 300 && !one, "%d voxels are 0, %d are 1", zero, one);
        if (k == 0) unseen = zero;
        EXPECT(zero == unseen, "osem (%d): %d voxels are 0, %d by mlem", k, zero, unseen);
    }
    fill_lines();
}

typedef struct told {
    double last, total;
    int calls, backwards, stop_at;
    volatile int cancel;
} told;
static void tell(void *context, const char *what, double done, double total) {
    told *t = context;
    if (!strcmp(what, "rows")) return;
    t->backwards += done < t->last, t->last = done, t->total = total;
    if (++t->calls == t->stop_at) t->cancel = 1;
}

/* What is reported grows to the end; stopped in the middle nothing is left. */
TEST(progress)
{
    static float got[CELLS];
    const vxg_solve_opts solve = {.iterations = 4};
    vxg_scan_reader scan = scan_over(180);
    for (int whole = 0; whole < 2; whole++) {
        told t = {0};
        const vxg_progress p = {
            .size = sizeof p, .report = tell, .context = &t, .cancel = &t.cancel};
        vxg_ct_recon_opts o = options(whole ? "cgls" : "sirt", &solve);
        vxg_ct_recon_stats s = {.size = sizeof s};
        o.progress = &p;
        CHECK_OK(pipeline(&scan, &o, got, &s));
        EXPECT(!t.backwards && t.calls >= 4 && t.last <= t.total, "%d reports, %d backwards",
               t.calls, t.backwards);
        const int64_t live = vxg_alloc_live();
        t = (told){.stop_at = 3};
        EXPECT(pipeline(&scan, &o, got, &s) == VXG_ERR_CANCELLED, "stopped: %s",
               vxg_error_message());
        EXPECT(vxg_alloc_live() == live, "%d blocks are left", (int)(vxg_alloc_live() - live));
    }
}

TEST(without_memory)
{
    static float got[CELLS];
    const vxg_solve_opts solve = {.iterations = 1};
    vxg_scan_reader scan = scan_over(180);
    for (int whole = 0; whole < 2; whole++) {
        vxg_ct_recon_opts o = options(whole ? "cgls" : "sirt", &solve);
        vxg_ct_recon_stats s = {.size = sizeof s};
        const int64_t live = vxg_alloc_live();
        int failed = 0;
        for (int64_t n = 0; n < 400; n++) {
            vxg_alloc_fail_at(n);
            const int status = pipeline(&scan, &o, got, &s);
            vxg_alloc_fail_at(-1);
            if (!status) break;
            failed++;
            EXPECT(status == VXG_ERR_MEMORY, "request %d: status %d, %s", (int)n, status,
                   vxg_error_message());
            EXPECT(vxg_alloc_live() == live, "request %d: %d blocks are left", (int)n,
                   (int)(vxg_alloc_live() - live));
        }
        EXPECT(failed > 20, "%d requests failed", failed);
    }
}

/* Sums of parts are judged as a whole is. */
TEST(judged)
{
    vxg_ct_recon_stats s = {.size = sizeof s, .values = 100, .repaired = 20, .algorithm = "fbp"};
    CHECK_OK(vxg_ct_recon_judge(&s, 50));
    s.algorithm = "sirt", s.largest = 1;
    CHECK_OK(vxg_ct_recon_judge(&s, 50));
    s.largest = 1e-20;
    refused(vxg_ct_recon_judge(&s, 50), "data is 1e-20 at most");
    s.largest = 1, s.repaired = 26;
    EXPECT(vxg_ct_recon_judge(&s, 50) == VXG_ERR_NUMERICAL, "26 of 100 values are bad");
    s.values = 0;
    EXPECT(vxg_ct_recon_judge(&s, 50) == VXG_ERR_NUMERICAL, "no row is good");
    s.values = 100, s.bad.dead = 50;
    EXPECT(vxg_ct_recon_judge(&s, 50) == VXG_ERR_INPUT, "all pixels are dead");
    EXPECT(vxg_ct_recon_judge(NULL, 50) == VXG_ERR_ARGUMENT, "no sum");
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(as_a_solver_of_all),
                                      T(a_cone),
                                      T(in_a_file),
                                      T(no_room),
                                      T(units),
                                      T(half_said_spacing),
                                      T(callback_in_the_unit),
                                      T(projections_overflow),
                                      T(arcs),
                                      T(refused_by_name),
                                      T(tiny_rows),
                                      T(unseen),
                                      T(progress),
                                      T(without_memory),
                                      T(judged)};
    if (vxg_device_open("cpu", &dev)) return printf("FAIL solve: %s\n", vxg_error_message()), 1;
    fill_lines();
    const int failed =
        test_run("pipeline_solve", list, (int)(sizeof list / sizeof *list), argc, argv);
    vxg_device_release(dev);
    return failed;
}
