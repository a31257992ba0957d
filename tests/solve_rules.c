/* What solvers refuse, when they end, what they tell. */
#include <voxgrad/voxgrad.h>

#include "solve_method.h"
#include "solve_refused.h"

static vxg_device *dev;
static vxg_op *op;
static vxg_array b, x;

static int make(const char *method, const vxg_solve_problem *p, const vxg_solve_opts *o,
                vxg_solver **s) {
    vxg_solve_problem whole = p ? *p : (vxg_solve_problem){0};
    if (!whole.op) whole.op = op;
    if (!whole.data) whole.data = &b;
    return vxg_solver_new(method, &whole, o, s);
}

TEST(refused)
{
    vxg_solver *s = NULL;
    vxg_array wrong, bad;
    vxg_op *curved;
    CHECK_OK(make("mlem", NULL, NULL, &s)); /* the device keeps kernels that were used */
    vxg_solver_release(s);
    s = NULL;
    const int64_t n = 5, live = vxg_alloc_live();
    CHECK_OK(vxg_array_new(dev, VXG_F32, 1, &n, &wrong));
    CHECK_OK(vxg_op_new_array(op, -1, &bad));
    CHECK_OK(vxg_op_math(dev, VXG_MATH_EXP, 1, vxg_op_domain(op, 0), &curved));
    REFUSED(make("sirrt", NULL, NULL, &s), VXG_ERR_ARGUMENT, "sirt, sart");
    REFUSED(make(NULL, NULL, NULL, &s), VXG_ERR_ARGUMENT, "there is no method ''");
    REFUSED(vxg_solver_new("sirt", NULL, NULL, &s), VXG_ERR_ARGUMENT, "problem is NULL");
    REFUSED(vxg_solver_new("sirt", &(vxg_solve_problem){.op = op}, NULL, &s), VXG_ERR_ARGUMENT,
            "data is NULL");
    REFUSED(vxg_solver_new("sirt", &(vxg_solve_problem){.data = &b}, NULL, &s), VXG_ERR_ARGUMENT,
            "the operator is NULL");
    REFUSED(make("sirt", &(vxg_solve_problem){.op = curved}, NULL, &s), VXG_ERR_ARGUMENT,
            "not linear");
    REFUSED(make("sirt", &(vxg_solve_problem){.data = &wrong}, NULL, &s), VXG_ERR_ARGUMENT, "data");
    REFUSED(make("sirt", &(vxg_solve_problem){.start = &wrong}, NULL, &s), VXG_ERR_ARGUMENT,
            "start");
    REFUSED(make("sirt", &(vxg_solve_problem){.weights = &wrong}, NULL, &s), VXG_ERR_ARGUMENT,
            "weights");
    REFUSED(make("sirt", &(vxg_solve_problem){.mask = &wrong}, NULL, &s), VXG_ERR_ARGUMENT, "mask");
    REFUSED(make("sirt", NULL, &(vxg_solve_opts){.damping = 1}, &s), VXG_ERR_ARGUMENT,
            "takes no damping");
    REFUSED(make("cgls", NULL, &(vxg_solve_opts){.bounds = VXG_BOUNDS_POSITIVE}, &s),
            VXG_ERR_ARGUMENT, "takes no bounds");
    REFUSED(make("sirt", NULL, &(vxg_solve_opts){.subsets = 2}, &s), VXG_ERR_ARGUMENT,
            "takes no subsets");
    REFUSED(make("os-sart", NULL, &(vxg_solve_opts){.subsets = 1000}, &s), VXG_ERR_ARGUMENT,
            "1000 subsets of 5 views");
    REFUSED(make("sart", NULL, &(vxg_solve_opts){.order = VXG_ORDER_GIVEN}, &s), VXG_ERR_ARGUMENT,
            "list is empty");
    REFUSED(make("sart", NULL,
                 &(vxg_solve_opts){.order = VXG_ORDER_GIVEN, .list = {1, &(double){7}}}, &s),
            VXG_ERR_ARGUMENT, "list[0] is 7; subsets are 0 to 4");
    REFUSED(make("sirt", NULL, &(vxg_solve_opts){.iterations = -1}, &s), VXG_ERR_ARGUMENT,
            "iterations is -1");
    REFUSED(make("sirt", NULL, &(vxg_solve_opts){.relaxation = NAN}, &s), VXG_ERR_ARGUMENT,
            "relaxation is nan");
    REFUSED(make("sirt", NULL, &(vxg_solve_opts){.bounds = VXG_BOUNDS_BOX, .lower = 1}, &s),
            VXG_ERR_ARGUMENT, "a box from 1 to 0");
    REFUSED(make("sirt", NULL, &(vxg_solve_opts){.noise = -1}, &s), VXG_ERR_ARGUMENT, "noise");
    CHECK_OK(vxg_array_fill(NULL, &bad, NAN));
    REFUSED(make("sirt", &(vxg_solve_problem){.data = &bad}, NULL, &s), VXG_ERR_INPUT,
            "data holds a number that is not finite; put a number there, with weight 0");
    CHECK_OK(vxg_array_fill(NULL, &bad, -1));
    REFUSED(make("mlem", &(vxg_solve_problem){.data = &bad}, NULL, &s), VXG_ERR_INPUT,
            "data holds -1");
    REFUSED(make("sirt", &(vxg_solve_problem){.weights = &bad}, NULL, &s), VXG_ERR_INPUT,
            "weights holds -1");
    CHECK_OK(vxg_array_fill(NULL, &bad, 0));
    REFUSED(make("sirt", &(vxg_solve_problem){.weights = &bad}, NULL, &s), VXG_ERR_INPUT,
            "all weights are 0");
    EXPECT(!s, "a solver after all");
    vxg_array_release(&wrong), vxg_array_release(&bad);
    vxg_op_release(curved);
    EXPECT(vxg_alloc_live() == live, "%d blocks are left", (int)(vxg_alloc_live() - live));
}

/* Options for x in another unit: what they become, what is refused; a first layout is enough. */
TEST(scale)
{
    vxg_solve_opts o = {.lower = 1,
                        .upper = 2,
                        .bend = 3,
                        .smooth = 4,
                        .delta = 5,
                        .damping = 6,
                        .weight = 8,
                        .noise = 9,
                        .relaxation = 10};
    CHECK_OK(vxg_solve_opts_scale(&o, 2));
    EXPECT(o.lower == 2 && o.upper == 4 && o.bend == 6 && o.smooth == 8 && o.delta == 10 &&
               o.damping == 3 && o.weight == 4 && o.noise == 9 && o.relaxation == 10 && o.size == 0,
           "scaled by 2");
    o.penalty = VXG_PENALTY_SQUARE;
    CHECK_OK(vxg_solve_opts_scale(&o, 0.5));
    EXPECT(o.lower == 1 && o.weight == 16, "scaled by 1/2: %g, %g", o.lower, o.weight);
    static const double bad[] = {0, -1, NAN, INFINITY};
    for (int i = 0; i < 4; i++)
        EXPECT(vxg_solve_opts_scale(&o, bad[i]) == VXG_ERR_ARGUMENT, "factor %g", bad[i]);
    EXPECT(vxg_solve_opts_scale(NULL, 1) == VXG_ERR_ARGUMENT && o.lower == 1, "NULL");
}

/* Memory that runs out anywhere leaves nothing behind. */
TEST(memory)
{
    for (int i = 0; i < vxg_solve_row_count(); i++) {
        const char *method = vxg_solve_row_at(i)->name;
        const vxg_solve_opts o = needed(method, (vxg_solve_opts){0});
        vxg_solver *s = NULL;
        int64_t n = 0, bytes;
        CHECK_OK(make(method, NULL, &o, &s)); /* the device keeps kernels that were used */
        vxg_solver_release(s);
        const int64_t live = vxg_alloc_live();
        vxg_alloc_count();
        CHECK_OK(make(method, NULL, &o, &s));
        const int64_t requests = vxg_alloc_count();
        vxg_solver_release(s);
        for (n = 0; n < requests; n++) {
            vxg_alloc_fail_at(n);
            const int status = make(method, NULL, &o, &s);
            vxg_alloc_fail_at(-1);
            EXPECT(status == VXG_ERR_MEMORY && !s, "%s, request %d of %d: status %d", method,
                   (int)n, (int)requests, status);
            if (!status) vxg_solver_release(s);
        }
        EXPECT(vxg_alloc_live() == live, "%s: %d blocks are left", method,
               (int)(vxg_alloc_live() - live));
        const vxg_solve_problem p = {.op = op, .data = &b};
        CHECK_OK(vxg_solver_memory(method, &p, &o, &bytes));
        EXPECT(bytes > 1000 && bytes < 100000, "%s: %d bytes", method, (int)bytes);
    }
}

typedef struct seen {
    int calls, answer_at, answer;
    vxg_solve_report last;
    float first;
} seen;
static int see(void *context, const vxg_solve_report *r, const vxg_array *at) {
    seen *w = context;
    float values[256];
    w->last = *r;
    if (vxg_array_read(NULL, at, values)) return VXG_ERR_FAILED;
    w->first = values[0];
    return ++w->calls == w->answer_at ? w->answer : 0;
}

TEST(ends)
{
    vxg_solver *s;
    vxg_solve_reason reason;
    vxg_solve_report r = {.size = sizeof r};
    seen w = {0};
    vxg_solve_opts o = {.iterations = 50, .callback = see, .context = &w};
    CHECK_OK(make("sirt", NULL, &o, &s));
    CHECK_OK(vxg_solver_run(s, &reason));
    CHECK_OK(vxg_solver_report(s, &r));
    EXPECT(reason == VXG_SOLVED_ITERATIONS && w.calls == 50 && r.iteration == 50 &&
               r.residual == w.last.residual && r.data > 0 && isnan(r.change),
           "reason %d after %d", (int)reason, w.calls);
    const double reached = r.residual / r.data;
    vxg_solver_release(s);
    w = (seen){.answer_at = 7, .answer = VXG_SOLVE_STOP};
    CHECK_OK(make("sirt", NULL, &o, &s));
    CHECK_OK(vxg_solver_run(s, &reason));
    EXPECT(reason == VXG_SOLVED_CALLBACK && w.calls == 7, "reason %d after %d", (int)reason,
           w.calls);
    CHECK_OK(vxg_solver_run(s, &reason)); /* goes on */
    CHECK_OK(vxg_solver_report(s, &r));
    EXPECT(reason == VXG_SOLVED_ITERATIONS && r.iteration == 50 &&
               fabs(r.residual / r.data - reached) == 0,
           "went on to %d", r.iteration);
    vxg_solver_release(s);
    w = (seen){.answer_at = 3, .answer = VXG_ERR_INPUT};
    CHECK_OK(make("sirt", NULL, &o, &s));
    REFUSED(vxg_solver_run(s, &reason), VXG_ERR_INPUT, "the callback failed after iteration 3");
    vxg_solver_release(s);
    o = (vxg_solve_opts){.iterations = 5000, .tolerance = 1.02 * reached};
    CHECK_OK(make("sirt", NULL, &o, &s));
    CHECK_OK(vxg_solver_run(s, &reason));
    CHECK_OK(vxg_solver_report(s, &r));
    EXPECT(reason == VXG_SOLVED_TOLERANCE && r.iteration > 10 && r.iteration <= 50 &&
               r.residual <= o.tolerance * r.data,
           "reason %d after %d", (int)reason, r.iteration);
    vxg_solver_release(s);
    o = (vxg_solve_opts){.iterations = 5000, .noise = 1.02 * reached * r.data};
    CHECK_OK(make("sirt", NULL, &o, &s));
    CHECK_OK(vxg_solver_run(s, &reason));
    EXPECT(reason == VXG_SOLVED_NOISE, "reason %d", (int)reason);
    vxg_solver_release(s);
    o = (vxg_solve_opts){.iterations = 5000, .change = 1e-3, .callback = see, .context = &w};
    w = (seen){0};
    CHECK_OK(make("sirt", NULL, &o, &s));
    CHECK_OK(vxg_solver_run(s, &reason));
    EXPECT(reason == VXG_SOLVED_CHANGE && w.last.change > 0, "reason %d, change %g", (int)reason,
           w.last.change);
    vxg_solver_release(s);
    volatile int cancel = 1;
    const vxg_progress progress = {.cancel = &cancel};
    o = (vxg_solve_opts){.progress = &progress};
    cancel = 0;
    CHECK_OK(make("sirt", NULL, &o, &s));
    cancel = 1;
    REFUSED(vxg_solver_run(s, &reason), VXG_ERR_CANCELLED, "cancelled");
    vxg_solver_release(s);
}

/* Values stay between bounds, and are 0 under a mask; a start is where it begins. */
TEST(bounds_and_masks)
{
    for (int i = 0; i < vxg_solve_row_count(); i++) {
        const vxg_solve_row *row = vxg_solve_row_at(i);
        vxg_solver *s;
        vxg_array mask;
        float values[256], masks[256];
        const int64_t n = vxg_space_count(vxg_op_domain(op, 0));
        for (int64_t k = 0; k < n; k++) masks[k] = k % 3 != 1;
        CHECK_OK(vxg_op_new_array(op, 0, &mask));
        CHECK_OK(vxg_array_write(NULL, &mask, masks));
        vxg_solve_opts o = needed(row->name, (vxg_solve_opts){.iterations = 6});
        const int bounded = strstr(row->uses, "bounds") != NULL;
        if (bounded) o.bounds = VXG_BOUNDS_BOX, o.lower = 0.3, o.upper = 0.6;
        CHECK_OK(make(row->name, &(vxg_solve_problem){.mask = &mask}, &o, &s));
        CHECK_OK(vxg_solver_run(s, NULL));
        CHECK_OK(vxg_array_read(NULL, vxg_solver_x(s), values));
        int moved = 0;
        for (int64_t k = 0; k < n; k++) {
            EXPECT(masks[k] != 0 ? !bounded || (values[k] >= 0.3f && values[k] <= 0.6f)
                                 : values[k] == 0,
                   "%s: element %d is %g", row->name, (int)k, (double)values[k]);
            moved += values[k] != 0;
        }
        EXPECT(moved > n / 2, "%s: nothing has moved", row->name);
        vxg_solver_release(s);
        vxg_array_release(&mask);
        /* from the solution nothing changes, but by methods that change values for their levels, or
         * whatever the size of the gradient */
        if (takes(row->name, "levels") || takes(row->name, "beta1")) continue;
        CHECK_OK(make(row->name, &(vxg_solve_problem){.start = &x},
                      &(vxg_solve_opts){.iterations = 1}, &s));
        CHECK_OK(vxg_solver_run(s, NULL));
        CHECK_OK(vxg_array_read(NULL, vxg_solver_x(s), values));
        float want[256];
        CHECK_OK(vxg_array_read(NULL, &x, want));
        for (int64_t k = 0; k < n; k++)
            EXPECT(fabs((double)values[k] - (double)want[k]) < 1e-4,
                   "%s: element %d moved to %g from %g", row->name, (int)k, (double)values[k],
                   (double)want[k]);
        vxg_solver_release(s);
    }
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(refused), T(scale), T(memory), T(ends),
                                      T(bounds_and_masks)};
    const double angles[] = {0.1, 0.7, 1.3, 1.9, 2.6};
    const vxg_ct_parallel_opts g = {.angles = angles, .nviews = 5, .rows = 1, .cols = 12};
    const vxg_ct_volume vol = {.nz = 1, .ny = 8, .nx = 8};
    vxg_ct_geometry *geo;
    if (vxg_device_open("cpu", &dev) || vxg_ct_parallel_circular(&g, &geo) ||
        vxg_ct_projector(dev, geo, &vol, NULL, &op) || vxg_op_new_array(op, 0, &x) ||
        vxg_op_new_array(op, -1, &b) || vxg_array_random(NULL, &x, 3, 0.1, 1) ||
        vxg_op_apply(op, NULL, &x, &b))
        return printf("FAIL solve_rules.start: %s\n", vxg_error_message()), 1;
    const int failed = test_run("solve_rules", list, (int)(sizeof list / sizeof *list), argc, argv);
    vxg_array_release(&x), vxg_array_release(&b);
    vxg_op_release(op), vxg_ct_geometry_release(geo), vxg_device_release(dev);
    return failed;
}
