/* What a reconstruction says before it (vxg_ct_recon_plan) and after it (trace): a plan is what the
 * run then does, and reads nothing; the trace is the solver's own history, of all slabs together.
 */
#include <math.h>
#include <voxgrad/voxgrad.h>

#include "memory_scan.h"
#include "test.h"

enum { VIEWS = 30, ROWS = 70, COLS = 48 };

static vxg_device *dev;
static float lines[VIEWS * ROWS * COLS];
static double theta[VIEWS];
static memory_scan memory = {lines, ROWS, COLS};
static int reads;

static int counted_read(vxg_scan_reader *self, vxg_frame_kind kind, int64_t v0, int64_t v1,
                        int64_t r0, int64_t r1, int64_t c0, int64_t c1, float *dst) {
    reads++;
    return memory_scan_read(self, kind, v0, v1, r0, r1, c0, c1, dst);
}

static vxg_scan_reader scan_here(void) {
    for (int i = 0; i < VIEWS; i++) theta[i] = 180.0 * i / VIEWS;
    for (int v = 0; v < VIEWS; v++)
        for (int r = 0; r < ROWS; r++)
            for (int c = 0; c < COLS; c++) {
                const double s = (c - 22.0 - 3 * cos(0.1 * v)) / (6 + 0.1 * r);
                lines[(v * ROWS + r) * COLS + c] = (float)exp(-s * s);
            }
    vxg_scan_reader scan = memory_scan_reader(&memory, VIEWS, theta);
    scan.read = counted_read;
    reads = 0;
    return scan;
}

static int drop(vxg_volume_writer *self, int64_t z0, int64_t nz, const float *src) {
    (void)self, (void)z0, (void)nz, (void)src;
    return VXG_OK;
}

static vxg_ct_recon_opts options(const char *method) {
    return (vxg_ct_recon_opts){
        .size = sizeof(vxg_ct_recon_opts), .center = 23.5, .no_minus_log = 1, .algorithm = method};
}

/* The plan, then the run: the same numbers, but for what only the run can know. */
static void plan_is_run(const vxg_ct_geometry *geo, const vxg_ct_volume *vol,
                        const vxg_ct_recon_opts *o) {
    const char *const name = o->algorithm ? o->algorithm : "auto";
    vxg_ct_recon_stats plan = {.size = sizeof plan}, run = {.size = sizeof run};
    vxg_volume_writer w = {.write = drop};
    vxg_scan_reader scan = scan_here();
    const int planned = vxg_ct_recon_plan(dev, &scan, geo, vol, o, &plan);
    EXPECT(reads == 0, "%s: the plan reads", name);
    const int status = geo ? vxg_ct_reconstruct_views(dev, &scan, geo, vol, o, &w, &run)
                           : vxg_ct_reconstruct(dev, &scan, o, &w, &run);
    EXPECT(planned == status, "%s: planned %d, run %d: %s", name, planned, status,
           vxg_error_message());
    EXPECT(plan.peak_bytes == run.peak_bytes && plan.peak_bytes > 0 && plan.chunk == run.chunk,
           "%s, %lld bytes allowed: %lld bytes in chunks of %lld planned, %lld and %lld run", name,
           (long long)o->max_memory, (long long)plan.peak_bytes, (long long)plan.chunk,
           (long long)run.peak_bytes, (long long)run.chunk);
    if (status) return;
    EXPECT(plan.slices == run.slices && plan.ny == run.ny && plan.nx == run.nx &&
               !strcmp(plan.algorithm, run.algorithm) && plan.iterations == run.iterations,
           "%s: another size, algorithm or number of iterations", name);
}

TEST(plans)
{
    static const char *const methods[] = {NULL,      "fbp",  "fourier", "sirt",
                                          "os-sart", "mlem", "cgls"};
    static const int64_t room[] = {64 << 20, 3 << 20, 1000}; /* plenty, little, below the least */
    const vxg_solve_opts three = {.size = sizeof three, .iterations = 3};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        for (int k = 0; k < 3; k++) {
            vxg_ct_recon_opts o = options(methods[i]);
            if (i > 2) o.solve = &three;
            o.max_memory = room[k];
            plan_is_run(NULL, NULL, &o);
        }
}

TEST(refused_memory)
{
    vxg_scan_reader scan = scan_here();
    vxg_ct_recon_stats s = {.size = sizeof s};
    vxg_ct_recon_opts o = options("fbp");
    o.max_memory = 1000;
    EXPECT(vxg_ct_recon_plan(dev, &scan, NULL, NULL, &o, &s) == VXG_ERR_MEMORY &&
               s.peak_bytes > 1000 && strstr(vxg_error_message(), "this scan needs"),
           "%s", vxg_error_message());
}

TEST(geometries)
{
    vxg_ct_geometry *geo = NULL;
    vxg_ct_volume vol = {0};
    const vxg_ct_volume_spec open = {0};
    CHECK_OK(vxg_ct_cone_circular(
        &(vxg_ct_cone_opts){
            .nviews = VIEWS, .rows = ROWS, .cols = COLS, .sod = 300, .sdd = 450, .pixel = 1},
        &geo));
    CHECK_OK(vxg_ct_complete_volume(geo, &open, &vol));
    const vxg_solve_opts three = {.size = sizeof three, .iterations = 3};
    static const char *const methods[] = {NULL, "cgls", "sirt"};
    for (int i = 0; i < 3; i++)
        for (int limited = 0; limited < 2; limited++) {
            vxg_ct_recon_opts o = options(methods[i]);
            o.max_memory = limited ? 1000 : 256 << 20;
            o.solve = i ? &three : NULL;
            plan_is_run(geo, &vol, &o);
        }
    vxg_scan_reader scan = scan_here();
    vxg_ct_recon_stats s = {.size = sizeof s};
    const vxg_ct_recon_opts o = options(NULL), none = options("nobody");
    EXPECT(vxg_ct_recon_plan(dev, &scan, geo, NULL, &o, &s) == VXG_ERR_ARGUMENT, "no volume");
    EXPECT(vxg_ct_recon_plan(dev, &scan, NULL, &vol, &o, &s) == VXG_ERR_ARGUMENT, "no geometry");
    EXPECT(vxg_ct_recon_plan(dev, &scan, NULL, NULL, &none, &s) == VXG_ERR_ARGUMENT, "no method");
    EXPECT(vxg_ct_recon_plan(dev, &scan, NULL, NULL, NULL, &s) == VXG_ERR_ARGUMENT, "no options");
    EXPECT(vxg_ct_recon_plan(dev, NULL, NULL, NULL, &o, &s) == VXG_ERR_ARGUMENT, "no scan");
    EXPECT(vxg_ct_recon_plan(dev, &scan, NULL, NULL, &o, NULL) == VXG_ERR_ARGUMENT, "no stats");
    vxg_ct_geometry_release(geo);
}

/* ---- The trace ---- */
enum { MOST = 40 };
typedef struct course {
    int n, odd;
    double residual[MOST], penalty[MOST];
} course;
static void note(void *context, int iteration, double residual, double penalty) {
    course *c = context;
    c->odd += iteration != c->n + 1 || c->n >= MOST;
    if (c->n >= MOST) return;
    c->residual[c->n] = residual, c->penalty[c->n++] = penalty;
}

static int traced(const char *method, const vxg_solve_opts *solve, int64_t max_memory, course *c,
                  vxg_ct_recon_stats *s) {
    vxg_scan_reader scan = scan_here();
    vxg_volume_writer w = {.write = drop};
    vxg_ct_recon_opts o = options(method);
    o.solve = solve, o.max_memory = max_memory;
    o.trace = note, o.trace_context = c;
    *c = (course){0}, *s = (vxg_ct_recon_stats){.size = sizeof *s};
    return vxg_ct_reconstruct(dev, &scan, &o, &w, s);
}

/* A solver of the whole scan. */
static int history(const char *method, const vxg_solve_opts *opts, course *c) {
    vxg_ct_geometry *geo = NULL;
    vxg_op *op = NULL;
    vxg_array y = {0};
    vxg_solver *s = NULL;
    double angles[VIEWS];
    for (int i = 0; i < VIEWS; i++) angles[i] = theta[i] * (3.14159265358979323846 / 180);
    const vxg_ct_parallel_opts g = {.angles = angles,
                                    .nviews = VIEWS,
                                    .rows = ROWS,
                                    .cols = COLS,
                                    .center = 23.5,
                                    .has_center = 1};
    const vxg_ct_volume vol = {.nz = ROWS, .ny = COLS, .nx = COLS};
    int status = vxg_ct_parallel_circular(&g, &geo);
    if (!status) status = vxg_ct_projector(dev, geo, &vol, NULL, &op);
    if (!status) status = vxg_op_new_array(op, -1, &y);
    if (!status) status = vxg_array_write(NULL, &y, lines);
    const vxg_solve_problem p = {.op = op, .data = &y};
    if (!status) status = vxg_solver_new(method, &p, opts, &s);
    if (!status) status = vxg_solver_run(s, NULL);
    if (!status) status = vxg_solver_history(s, c->residual, c->penalty, MOST, &c->n);
    vxg_solver_release(s);
    vxg_array_release(&y);
    vxg_op_release(op);
    vxg_ct_geometry_release(geo);
    return status;
}

static void same_course(const char *method, const vxg_solve_opts *opts, int64_t max_memory) {
    course told, want = {0};
    vxg_ct_recon_stats s = {.size = sizeof s};
    CHECK_OK(traced(method, opts, max_memory, &told, &s));
    CHECK_OK(history(method, opts, &want));
    EXPECT(told.n == want.n && told.n == s.iterations && !told.odd,
           "%s: %d iterations told, %d done, %d of them out of turn", method, told.n, want.n,
           told.odd);
    for (int i = 0; i < told.n; i++) {
        EXPECT(fabs(told.residual[i] - want.residual[i]) <= 1e-5 * want.residual[0],
               "%s: residual %d is %.9g, not %.9g", method, i + 1, told.residual[i],
               want.residual[i]);
        EXPECT(fabs(told.penalty[i] - want.penalty[i]) <= 1e-5 * fabs(want.penalty[i]),
               "%s: penalty %d is %.9g, not %.9g", method, i + 1, told.penalty[i], want.penalty[i]);
    }
}

TEST(traces)
{
    const vxg_solve_opts six = {.size = sizeof six, .iterations = 6};
    const vxg_solve_opts tv = {.size = sizeof tv, .iterations = 6, .weight = 0.01};
    const vxg_solve_opts ends = {.size = sizeof ends, .iterations = 30, .tolerance = 0.1};
    same_course("sirt", &six, 64 << 20);
    same_course("sirt", &six, 3 << 20); /* in slabs */
    same_course("os-sart", &six, 3 << 20);
    same_course("cgls", &six, 0);
    same_course("fista-tv", &tv, 0);
    same_course("cgls", &ends, 0);
}

/* Nothing is told of work that failed or is not iterative. */
TEST(nothing_told)
{
    course c;
    vxg_ct_recon_stats s = {.size = sizeof s};
    const vxg_solve_opts wild = {
        .size = sizeof wild, .iterations = 40, .relaxation = 1e30, .plain = 1};
    EXPECT(traced("sirt", &wild, 0, &c, &s) == VXG_ERR_NUMERICAL && c.n == 0,
           "told of work that failed: %d", c.n);
    CHECK_OK(traced("fbp", NULL, 0, &c, &s));
    EXPECT(c.n == 0, "an analytic reconstruction has no iterations");
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(plans), T(refused_memory), T(geometries), T(traces),
                                      T(nothing_told)};
    if (vxg_device_open("cpu", &dev)) {
        printf("FAIL ct_recon_plan.device: %s\n", vxg_error_message());
        return 1;
    }
    const int code = test_run("ct_recon_plan", list, (int)(sizeof list / sizeof *list), argc, argv);
    vxg_device_release(dev);
    return code;
}
