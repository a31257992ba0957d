/* Property checks of every registered operator, combinators included. */
#include <voxgrad/voxgrad.h>

#include "test.h"

static vxg_device *dev;

typedef int (*check_fn)(const vxg_op *, const vxg_check_opts *, vxg_check_result *);

static void run_check(const char *what, check_fn fn, const vxg_op *op, vxg_check_opts opts) {
    vxg_check_result r = {0};
    int status = fn(op, &opts, &r);
    if (status == VXG_ERR_UNSUPPORTED) return; /* not linear, or no room for a batch axis */
    EXPECT(status == 0, "%s of %s (seed %llu): %s", what, vxg_op_name(op),
           (unsigned long long)opts.seed, vxg_error_message());
    EXPECT(status || r.passed, "%s of %s (seed %llu): residual %.3g > %.3g (%s)", what,
           vxg_op_name(op), (unsigned long long)opts.seed, r.residual, r.tolerance, r.detail);
}

static void all_checks(const vxg_op *op, const vxg_op_row *row, uint64_t seed, int tiny,
                       int empty) {
    vxg_check_opts o = {.seed = seed,
                        .input_range = row ? row->input_range : NULL,
                        .nranges = row ? row->nranges : 0,
                        .declared_empty = empty,
                        .kinks = row ? row->kinks : 0};
    run_check("adjoint", vxg_check_adjoint, op, o);
    run_check("jvp", vxg_check_jvp, op, o);
    run_check("vjp", vxg_check_vjp, op, o);
    if (tiny) {
        run_check("transpose", vxg_check_transpose, op, o);
        run_check("accumulate", vxg_check_accumulate, op, o);
        run_check("batch", vxg_check_batch, op, o);
        run_check("repeat", vxg_check_repeat, op, o);
        run_check("normal", vxg_check_normal, op, o);
        run_check("subset", vxg_check_subset, op, o);
        run_check("bind", vxg_check_bind, op, o);
    }
}

static void row_case(const vxg_op_row *row, vxg_dtype dtype, vxg_problem_size size) {
    for (int seed = 0; seed < row->examples; seed++) {
        vxg_problem p = {.real = (vxg_real)dtype, .scale = size, .seed = (uint64_t)seed};
        vxg_op *op;
        CHECK_OK(row->make(dev, &p, &op));
        all_checks(op, row, p.seed, size == VXG_PROBLEM_TINY, row->is_empty && row->is_empty(&p));
        vxg_op_release(op);
    }
}

/* One test per row x dtype x size. */
static void run_rows(const char *only) {
    static const char *const sizes[] = {"tiny", "small"};
    for (int i = 0; i < vxg_op_row_count(); i++)
        for (int dtype = 0; dtype < 2; dtype++)
            for (int size = 0; size < 2; size++) {
                const vxg_op_row *row = vxg_op_row_at(i);
                char name[128];
                snprintf(name, sizeof name, "%s.%s.%s", row->name, vxg_dtype_name(dtype),
                         sizes[size]);
                if (!strstr(name, only)) continue;
                test_case_begin();
                row_case(row, (vxg_dtype)dtype, (vxg_problem_size)size);
                test_case_end(name);
            }
}

/* ---- combinators ---- */
static const vxg_space space3 = {.dtype = VXG_F64, .ndim = 2, .shape = {3, 4}};

TEST(combinators)
{
    vxg_op *scale, *ex, *lg, *mul, *made[9] = {0};
    vxg_array v;
    CHECK_OK(vxg_op_math(dev, VXG_MATH_SCALE, 2.5, &space3, &scale));
    CHECK_OK(vxg_op_math(dev, VXG_MATH_EXP, 0.5, &space3, &ex));
    CHECK_OK(vxg_op_math(dev, VXG_MATH_LOG, 1, &space3, &lg));
    CHECK_OK(vxg_op_multiply(dev, &space3, &mul));
    CHECK_OK(vxg_op_new_array(mul, 0, &v));
    CHECK_OK(vxg_array_random(NULL, &v, 5, -1, 1));
    int n = 0;
    CHECK_OK(vxg_op_bind(mul, 1, &v, &made[n++]));        /* 0: diagonal, linear */
    CHECK_OK(vxg_op_compose(ex, scale, &made[n++]));      /* 1: exp(0.5 * 2.5 x) */
    CHECK_OK(vxg_op_compose(made[0], scale, &made[n++])); /* 2: linear */
    CHECK_OK(vxg_op_add(made[0], scale, &made[n++]));     /* 3 */
    CHECK_OK(vxg_op_scale(-3, made[3], &made[n++]));      /* 4 */
    CHECK_OK(vxg_op_stack((const vxg_op *[]){made[0], scale, made[3]}, 3, &made[n++])); /* 5 */
    CHECK_OK(vxg_op_slice(made[5], 2, 7, &made[n++]));                                  /* 6 */
    CHECK_OK(vxg_op_adjoint(made[6], &made[n++]));                                      /* 7 */
    CHECK_OK(vxg_op_normal(made[6], &made[n++]));                                       /* 8 */
    for (int i = 0; i < n; i++) all_checks(made[i], NULL, (uint64_t)i, 1, 0);
    EXPECT(vxg_op_is_linear(made[0]) && vxg_op_is_linear(made[8]), "linearity is inherited");
    EXPECT(!vxg_op_is_linear(made[1]), "exp is not linear");
    for (int i = 0; i < n; i++) vxg_op_release(made[i]);
    vxg_op_release(scale), vxg_op_release(ex), vxg_op_release(lg), vxg_op_release(mul);
    vxg_array_release(&v);
}

TEST(normal_is_composition)
{
    vxg_op *mul, *d, *normal;
    vxg_array v, x, y;
    double got[12], want[12];
    CHECK_OK(vxg_op_multiply(dev, &space3, &mul));
    CHECK_OK(vxg_op_new_array(mul, 0, &v));
    CHECK_OK(vxg_op_new_array(mul, 0, &x));
    CHECK_OK(vxg_op_new_array(mul, 0, &y));
    CHECK_OK(vxg_array_random(NULL, &v, 1, -1, 1));
    CHECK_OK(vxg_array_fill(NULL, &x, 2));
    CHECK_OK(vxg_op_bind(mul, 0, &v, &d));
    CHECK_OK(vxg_op_normal(d, &normal));
    CHECK_OK(vxg_op_apply(normal, NULL, &x, &y));
    CHECK_OK(vxg_array_read(NULL, &y, got));
    CHECK_OK(vxg_array_read(NULL, &v, want));
    for (int i = 0; i < 12; i++)
        EXPECT(fabs(got[i] - 2 * want[i] * want[i]) < 1e-14, "element %d: %g", i, got[i]);
    vxg_array_fill(NULL, &v, 0); /* the bound value is a copy: nothing changes */
    CHECK_OK(vxg_op_apply(normal, NULL, &x, &y));
    CHECK_OK(vxg_array_read(NULL, &y, want));
    EXPECT(!memcmp(got, want, sizeof got), "binding keeps its own value");
    vxg_op_release(mul), vxg_op_release(d), vxg_op_release(normal);
    vxg_array_release(&v), vxg_array_release(&x), vxg_array_release(&y);
}

/* ---- checks must fail on wrong operators ---- */
static int wrong_apply(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                       const vxg_array *out) {
    return (void)op, vxg_array_axpby(call->queue, 2, in, 0, out);
}
static double wrong_factor = 2.02;
static int wrong_vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                     const vxg_array *c, const vxg_array *grad) {
    return (void)op, (void)in, vxg_array_axpby(call->queue, wrong_factor, c, 0, grad);
}
TEST(checks_have_teeth)
{
    static const vxg_op_class cls = {.name = "wrong", .apply = wrong_apply, .vjp = wrong_vjp};
    vxg_op *op;
    vxg_check_result r = {0};
    CHECK_OK(vxg_op_new(
        &cls,
        &(vxg_op_opts){.linear = 1, .device = dev, .in = &space3, .ninputs = 1, .out = &space3},
        &op));
    CHECK_OK(vxg_check_adjoint(op, NULL, &r));
    EXPECT(!r.passed, "a 1 %% wrong adjoint passes the dot test");
    CHECK_OK(vxg_check_transpose(op, NULL, &r));
    EXPECT(!r.passed && fabs(r.residual - 0.01) < 1e-9, "transpose residual %g", r.residual);
    CHECK_OK(vxg_check_vjp(op, NULL, &r));
    EXPECT(!r.passed, "a wrong vjp passes");
    wrong_factor = 0;
    vxg_check_opts declared = {.declared_empty = 1};
    CHECK_OK(vxg_check_adjoint(op, &declared, &r));
    EXPECT(!r.passed, "declared empty, but Ax is not zero");
    CHECK_OK(vxg_check_accumulate(op, NULL, &r));
    EXPECT(r.passed, "the core adds for classes that do not: %s", r.detail);
    wrong_factor = 2.02;
    vxg_op_release(op);
}

TEST(bad_arguments)
{
    vxg_op *scale, *other, *out;
    vxg_array x, y;
    vxg_space narrow = space3, longer = space3;
    narrow.dtype = VXG_F32, longer.shape[0] = 4;
    CHECK_OK(vxg_op_math(dev, VXG_MATH_SCALE, 1, &space3, &scale));
    CHECK_OK(vxg_op_math(dev, VXG_MATH_SCALE, 1, &longer, &other));
    CHECK_OK(vxg_array_new(dev, VXG_F32, 2, narrow.shape, &x));
    CHECK_OK(vxg_op_new_array(scale, -1, &y));
    EXPECT(vxg_op_apply(scale, NULL, &x, &y) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "float64 is expected"),
           "wrong type: %s", vxg_error_message());
    vxg_array_release(&x);
    CHECK_OK(vxg_op_new_array(other, 0, &x));
    EXPECT(vxg_op_apply(scale, NULL, &x, &y) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "3 x 4 is expected"),
           "wrong shape: %s", vxg_error_message());
    EXPECT(vxg_op_apply(scale, NULL, NULL, &y) == VXG_ERR_ARGUMENT, "missing input");
    EXPECT(vxg_op_compose(scale, other, &out) == VXG_ERR_ARGUMENT && !out, "compose");
    EXPECT(vxg_op_add(scale, other, &out) == VXG_ERR_ARGUMENT && !out, "add");
    EXPECT(vxg_op_slice(scale, 2, 9, &out) == VXG_ERR_ARGUMENT && !out, "slice");
    EXPECT(vxg_op_bind(scale, 0, &y, &out) == VXG_ERR_ARGUMENT && !out, "bind a single input");
    vxg_op_release(scale), vxg_op_release(other);
    vxg_array_release(&x), vxg_array_release(&y);
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(combinators), T(normal_is_composition),
                                      T(checks_have_teeth), T(bad_arguments)};
    if (vxg_device_open("cpu", &dev)) return printf("FAIL op: %s\n", vxg_error_message()), 1;
    int failed = test_run("op", list, 4, argc, argv);
    run_rows(argc > 1 ? argv[1] : "");
    vxg_device_release(dev);
    return failed || test_failed;
}
