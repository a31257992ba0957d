/* Wrong use of operators gives a status and words, never a crash or a silent result: NULLs from a
 * table, arrays that are gone, reach outside their buffer, overlap, or lie in the workspace. */
#include <voxgrad/voxgrad.h>

#include "test.h"

static vxg_device *dev;
static const vxg_space space = {.dtype = VXG_F32, .ndim = 2, .shape = {3, 4}};
static vxg_op *scale, *mul;
static vxg_array x, y, z;

#define REFUSED(call, words)                                                                       \
    do {                                                                                           \
        vxg_error_clear();                                                                         \
        const int status_ = (call);                                                                \
        EXPECT(status_ == VXG_ERR_ARGUMENT && strstr(vxg_error_message(), words),                  \
               "%s: status %d, '%s'", #call, status_, vxg_error_message());                        \
    } while (0)

static int made(vxg_device *d, const vxg_problem *problem, vxg_op **out) {
    (void)problem;
    return vxg_op_math(d, VXG_MATH_SCALE, 1, &space, out);
}

TEST(null_operators)
{
    const vxg_subset s = {.count = 1};
    const vxg_op *list[2] = {scale, NULL};
    vxg_op *out = scale;
    vxg_array a;
    vxg_space range = {0};
    EXPECT(!vxg_op_retain(NULL) && !*vxg_op_name(NULL) && !vxg_op_state(NULL), "retain to state");
    EXPECT(!vxg_op_device(NULL) && !vxg_op_inputs(NULL) && !vxg_op_domain(NULL, 0),
           "device to domain");
    EXPECT(!vxg_op_range(NULL) && !vxg_op_is_linear(NULL) && !vxg_op_linear_in(NULL, 0), "range");
    EXPECT(!vxg_op_workspace(NULL, NULL) && !vxg_op_subsets(NULL), "workspace and subsets");
    EXPECT(!vxg_space_count(NULL) && !vxg_space_bytes(NULL) && !vxg_space_equal(NULL, &space),
           "spaces");
    EXPECT(!vxg_call_scratch(NULL, 8) && vxg_subset_at(NULL, 0) == -1 &&
               vxg_subset_run(NULL, 0) == 1,
           "calls and subsets");
    vxg_op_release(NULL);
    REFUSED(vxg_op_new_array(NULL, 0, &a), "NULL");
    REFUSED(vxg_op_new_array(scale, 0, NULL), "NULL");
    REFUSED(vxg_op_new_array(scale, 1, &a), "no input 1");
    REFUSED(vxg_op_new_array(scale, -2, &a), "no input -2");
    REFUSED(vxg_op_call_range(NULL, NULL, &range), "NULL");
    REFUSED(vxg_op_call_range(scale, NULL, NULL), "NULL");
    REFUSED(vxg_op_apply(NULL, NULL, &x, &y), "NULL");
    REFUSED(vxg_op_jvp(NULL, NULL, &x, &x, &y), "NULL");
    REFUSED(vxg_op_vjp(NULL, NULL, &x, &y, &x), "NULL");
    REFUSED(vxg_op_apply_adjoint(NULL, NULL, &y, &x), "NULL");
    REFUSED(vxg_op_bind(NULL, 0, &x, &out), "NULL");
    EXPECT(!out, "out is not set");
    REFUSED(vxg_op_compose(scale, NULL, &out), "NULL");
    REFUSED(vxg_op_compose(NULL, scale, &out), "NULL");
    REFUSED(vxg_op_add(scale, NULL, &out), "NULL");
    REFUSED(vxg_op_scale(1, NULL, &out), "NULL");
    REFUSED(vxg_op_scale(NAN, scale, &out), "the factor is nan");
    REFUSED(vxg_op_math(dev, VXG_MATH_EXP, INFINITY, &space, &out), "a is inf");
    REFUSED(vxg_op_stack(NULL, 1, &out), "no operators");
    REFUSED(vxg_op_stack(list, 2, &out), "NULL");
    REFUSED(vxg_op_slice(NULL, 0, 1, &out), "NULL");
    REFUSED(vxg_op_subset(NULL, &s, &out), "NULL");
    REFUSED(vxg_op_subset(scale, NULL, &out), "NULL");
    REFUSED(vxg_op_adjoint(NULL, &out), "NULL");
    REFUSED(vxg_op_normal(NULL, &out), "NULL");
    REFUSED(vxg_op_math(NULL, VXG_MATH_EXP, 1, &space, &out), "NULL");
    REFUSED(vxg_op_math(dev, VXG_MATH_EXP, 1, NULL, &out), "NULL");
    REFUSED(vxg_op_math(dev, (vxg_math)77, 1, &space, &out), "unknown kind");
    REFUSED(vxg_op_multiply(NULL, &space, &out), "NULL");
    REFUSED(vxg_op_multiply(dev, NULL, &out), "NULL");
}

TEST(null_results)
{
    const vxg_subset s = {.count = 1};
    REFUSED(vxg_op_bind(mul, 0, &x, NULL), "NULL");
    REFUSED(vxg_op_compose(scale, scale, NULL), "NULL");
    REFUSED(vxg_op_add(scale, scale, NULL), "NULL");
    REFUSED(vxg_op_scale(1, scale, NULL), "NULL");
    REFUSED(vxg_op_stack((const vxg_op *[]){scale}, 1, NULL), "NULL");
    REFUSED(vxg_op_slice(scale, 0, 1, NULL), "NULL");
    REFUSED(vxg_op_subset(scale, &s, NULL), "NULL");
    REFUSED(vxg_op_adjoint(scale, NULL), "NULL");
    REFUSED(vxg_op_normal(scale, NULL), "NULL");
    REFUSED(vxg_op_math(dev, VXG_MATH_EXP, 1, &space, NULL), "NULL");
    REFUSED(vxg_op_multiply(dev, &space, NULL), "NULL");
}

TEST(null_checks)
{
    typedef int (*check_fn)(const vxg_op *, const vxg_check_opts *, vxg_check_result *);
    static const check_fn checks[] = {vxg_check_adjoint, vxg_check_transpose,  vxg_check_jvp,
                                      vxg_check_vjp,     vxg_check_accumulate, vxg_check_batch,
                                      vxg_check_repeat,  vxg_check_normal,     vxg_check_subset,
                                      vxg_check_bind};
    vxg_check_result r = {0};
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        EXPECT(checks[i](NULL, NULL, &r) == VXG_ERR_ARGUMENT && !r.passed, "check %d of NULL",
               (int)i);
        EXPECT(checks[i](scale, NULL, NULL) == VXG_ERR_ARGUMENT, "check %d into NULL", (int)i);
    }
    REFUSED(vxg_check_backends(scale, NULL, NULL, &r), "NULL");
    REFUSED(vxg_check_backends(NULL, scale, NULL, &r), "NULL");
    REFUSED(vxg_check_backends(scale, scale, NULL, NULL), "NULL");
}

static int destroyed;
static void count_destroyed(void *state) {
    (void)state;
    destroyed++;
}
static int nothing(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                   const vxg_array *out) {
    (void)op, (void)call, (void)in, (void)out;
    return VXG_OK;
}

TEST(new_operators)
{
    static const vxg_op_class cls = {.name = "test", .apply = nothing, .destroy = count_destroyed};
    static const vxg_op_class nameless = {.apply = nothing}, idle = {.name = "idle"};
    static const vxg_op_class fused = {.name = "fused", .apply = nothing, .normal = nothing};
    const vxg_op_opts good = {.device = dev, .in = &space, .ninputs = 1, .out = &space};
    vxg_space bad[5] = {space, space, space, space, space}, point = {.dtype = VXG_F32};
    vxg_op *out = scale;
    bad[0].ndim = 7, bad[1].ndim = -1, bad[2].shape[1] = -4, bad[3].shape[0] = (int64_t)1 << 40;
    bad[4].dtype = (vxg_dtype)99;
    REFUSED(vxg_op_new(NULL, &good, &out), "class");
    REFUSED(vxg_op_new(&cls, NULL, &out), "NULL");
    REFUSED(vxg_op_new(&cls, &good, NULL), "NULL");
    REFUSED(vxg_op_new(&nameless, &good, &out), "name");
    REFUSED(vxg_op_new(&idle, &good, &out), "apply");
    destroyed = 0;
    vxg_op_opts o = good;
    o.device = NULL;
    REFUSED(vxg_op_new(&cls, &o, &out), "missing");
    EXPECT(destroyed == 1, "the state is taken on failure: %d", destroyed);
    o = good, o.in = NULL;
    REFUSED(vxg_op_new(&cls, &o, &out), "missing");
    o = good, o.out = NULL;
    REFUSED(vxg_op_new(&cls, &o, &out), "missing");
    o = good, o.ninputs = 0;
    REFUSED(vxg_op_new(&cls, &o, &out), "0 inputs");
    o.ninputs = VXG_MAX_INPUTS + 1;
    REFUSED(vxg_op_new(&cls, &o, &out), "17 inputs");
    o = good, o.linear = 2;
    REFUSED(vxg_op_new(&cls, &o, &out), "linear");
    o = good, o.subsets = (vxg_subsets)9;
    REFUSED(vxg_op_new(&cls, &o, &out), "subsets");
    o = good, o.out = &point, o.subsets = VXG_SUBSETS_OWN;
    REFUSED(vxg_op_new(&cls, &o, &out), "rank 0");
    REFUSED(vxg_op_new(&fused, &good, &out), "normal");
    for (int i = 0; i < 5; i++) {
        o = good, o.in = &bad[i];
        REFUSED(vxg_op_new(&cls, &o, &out), "input 0");
        o = good, o.out = &bad[i];
        REFUSED(vxg_op_new(&cls, &o, &out), "output 0");
    }
    EXPECT(!out, "no operator");
    const vxg_op_row row = {.name = "", .make = made, .examples = 0};
    EXPECT(vxg_op_register(&row) == VXG_ERR_ARGUMENT, "a row without examples");
}

/* Arrays whose elements do not lie in their buffer. */
TEST(reach)
{
    vxg_array a = x;
    a.offset = 1;
    REFUSED(vxg_op_apply(scale, NULL, &a, &y), "input 0 reaches outside its buffer");
    REFUSED(vxg_op_apply(scale, NULL, &x, &a), "output reaches outside");
    a.offset = -1;
    REFUSED(vxg_op_apply(scale, NULL, &a, &y), "reaches outside");
    a = x, a.stride[0] = 5;
    REFUSED(vxg_op_apply(scale, NULL, &a, &y), "reaches outside");
    a = x, a.stride[0] = -4;
    REFUSED(vxg_op_apply(scale, NULL, &a, &y), "reaches outside");
    a.offset = 8; /* rows backwards, all inside */
    EXPECT(vxg_op_apply(scale, NULL, &a, &y) == VXG_OK, "%s", vxg_error_message());
    a = x, a.stride[1] = INT64_MAX / 2;
    REFUSED(vxg_op_apply(scale, NULL, &a, &y), "reaches outside");
    a = x, a.offset = INT64_MAX;
    REFUSED(vxg_op_apply(scale, NULL, &a, &y), "reaches outside");
    a = y, a.stride[0] = 0;
    REFUSED(vxg_op_apply(scale, NULL, &x, &a), "stride 0 along axis 0");
    EXPECT(vxg_op_apply(scale, NULL, &a, &y) == VXG_OK, "an input may be broadcast: %s",
           vxg_error_message());
    a = x, a.ndim = 99;
    REFUSED(vxg_op_apply(scale, NULL, &a, &y), "rank 99");
    a.ndim = -3;
    REFUSED(vxg_op_apply(scale, NULL, &a, &y), "rank -3");
    a = x, a.ndim = 3; /* a batch of -5, and one whose size overflows */
    for (int i = 2; i > 0; i--) a.shape[i] = x.shape[i - 1], a.stride[i] = x.stride[i - 1];
    a.shape[0] = -5, a.stride[0] = 0;
    REFUSED(vxg_op_apply(scale, NULL, &a, &a), "the size -5");
    a.ndim = 6;
    for (int i = 0; i < 4; i++) a.shape[i] = (int64_t)1 << 40, a.stride[i] = 0;
    for (int i = 4; i < 6; i++) a.shape[i] = x.shape[i - 4], a.stride[i] = x.stride[i - 4];
    REFUSED(vxg_op_apply(scale, NULL, &a, &a), "along batch axis 1");
    a = x, a.shape[1] = -4;
    REFUSED(vxg_op_apply(scale, NULL, &a, &y), "3 x 4 is expected");
    a = x, a.dtype = VXG_F64;
    REFUSED(vxg_op_apply(scale, NULL, &a, &y), "float32 is expected");
    a = x, a.shape[1] = 3;
    REFUSED(vxg_op_apply(scale, NULL, &x, &a), "3 x 4 is expected");
    REFUSED(vxg_op_vjp(scale, NULL, NULL, &a, &y), "cotangent has another shape");
    a = x, a.offset = 5;
    vxg_op *out;
    REFUSED(vxg_op_bind(mul, 1, &a, &out), "reaches outside");
    REFUSED(vxg_op_bind(mul, 2, &x, &out), "no input 2");
    REFUSED(vxg_op_bind(mul, 1, NULL, &out), "missing");
}

/* Released arrays are empty ones. */
TEST(released)
{
    vxg_array gone, both[2];
    CHECK_OK(vxg_op_new_array(scale, 0, &gone));
    vxg_array_release(&gone);
    both[0] = x, both[1] = gone;
    REFUSED(vxg_op_apply(scale, NULL, &gone, &y), "input 0 is missing");
    REFUSED(vxg_op_apply(scale, NULL, NULL, &y), "input 0 is missing");
    REFUSED(vxg_op_apply(scale, NULL, &x, &gone), "output is missing");
    REFUSED(vxg_op_apply(scale, NULL, &x, NULL), "output is missing");
    REFUSED(vxg_op_apply(mul, NULL, both, &y), "input 1 is missing");
    REFUSED(vxg_op_jvp(scale, NULL, NULL, NULL, &y), "needs a tangent");
    REFUSED(vxg_op_jvp(scale, NULL, NULL, &x, &gone), "needs a tangent and an output");
    REFUSED(vxg_op_vjp(scale, NULL, NULL, NULL, &y), "needs a cotangent");
    REFUSED(vxg_op_vjp(scale, NULL, NULL, &gone, &y), "needs a cotangent");
    REFUSED(vxg_op_vjp(scale, NULL, NULL, &y, NULL), "gradients");
    REFUSED(vxg_op_vjp(mul, NULL, both, &y, (const vxg_array[]){z, {0}}), "input 1 is missing");
    REFUSED(vxg_op_apply_adjoint(mul, NULL, &y, &z), "not linear");
    REFUSED(vxg_op_apply_adjoint(scale, NULL, &y, NULL), "missing");
    /* a buffer, a workspace, a queue that is gone */
    vxg_array stale;
    vxg_call call = {0};
    CHECK_OK(vxg_op_new_array(scale, 0, &gone));
    stale = gone;
    vxg_array_release(&gone);
    REFUSED(vxg_op_apply(scale, NULL, &stale, &y), "the buffer of input 0 was released");
    REFUSED(vxg_op_apply(scale, NULL, &x, &stale), "the buffer of output was released");
    call.workspace = stale.buffer;
    REFUSED(vxg_op_apply(scale, &call, &x, &y), "workspace was released");
    call.workspace = NULL;
    CHECK_OK(vxg_queue_new(dev, &call.queue));
    vxg_queue_free(call.queue);
    REFUSED(vxg_op_apply(scale, &call, &x, &y), "queue was released");
    /* an operator that is gone: used, and released once more */
    vxg_op *dead, *out;
    CHECK_OK(vxg_op_math(dev, VXG_MATH_SCALE, 3, &space, &dead));
    vxg_op_release(dead);
    REFUSED(vxg_op_apply(dead, NULL, &x, &y), "NULL or was released");
    REFUSED(vxg_op_vjp(dead, NULL, NULL, &x, &y), "NULL or was released");
    REFUSED(vxg_op_compose(scale, dead, &out), "NULL or was released");
    REFUSED(vxg_op_bind(dead, 0, &x, &out), "NULL or was released");
    EXPECT(!vxg_op_retain(dead) && !vxg_op_inputs(dead) && !vxg_op_range(dead), "it says nothing");
    vxg_op_release(dead);
    /* the parts of a combinator live as long as it */
    vxg_op *part, *twice;
    CHECK_OK(vxg_op_math(dev, VXG_MATH_SCALE, 3, &space, &part));
    CHECK_OK(vxg_op_compose(part, part, &twice));
    vxg_op_release(part);
    CHECK_OK(vxg_op_apply(twice, NULL, &x, &y));
    vxg_op_release(twice);
}

/* An output that is an input, or a part of it. */
TEST(overlap)
{
    const vxg_space line = {.dtype = VXG_F32, .ndim = 1, .shape = {4}};
    float numbers[12], got[12];
    vxg_op *op, *product;
    vxg_array a, from, to;
    CHECK_OK(vxg_op_math(dev, VXG_MATH_SCALE, 2, &line, &op));
    CHECK_OK(vxg_op_multiply(dev, &line, &product));
    CHECK_OK(vxg_array_new(dev, VXG_F32, 1, (const int64_t[]){12}, &a));
    for (int i = 0; i < 12; i++) numbers[i] = (float)i;
    CHECK_OK(vxg_array_write(NULL, &a, numbers));
    CHECK_OK(vxg_array_slice(&a, 0, 0, 4, &from));
    CHECK_OK(vxg_array_slice(&a, 0, 1, 5, &to));
    CHECK_OK(vxg_op_apply(op, NULL, &from, &to)); /* 0 1 2 3 -> places 1 .. 4 */
    CHECK_OK(vxg_array_read(NULL, &a, got));
    for (int i = 0; i < 4; i++) EXPECT(got[1 + i] == (float)(2 * i), "shifted: %g", got[1 + i]);
    CHECK_OK(vxg_array_write(NULL, &a, numbers));
    vxg_array next = from; /* gradients onto the inputs */
    next.offset = 4;
    CHECK_OK(vxg_op_vjp(product, NULL, (const vxg_array[]){from, next}, &from,
                        (const vxg_array[]){next, from}));
    CHECK_OK(vxg_array_read(NULL, &a, got));
    /* grad0 = x1 c = (4 5 6 7)(0 1 2 3) at 4..7, grad1 = x0 c = squares at 0..3 */
    const float want[8] = {0, 1, 4, 9, 0, 5, 12, 21};
    for (int i = 0; i < 8; i++) EXPECT(got[i] == want[i], "place %d: %g", i, got[i]);
    REFUSED(vxg_op_vjp(product, NULL, (const vxg_array[]){from, to}, &from,
                       (const vxg_array[]){to, to}),
            "gradient 0 is the same array as gradient 1");
    vxg_array_release(&from), vxg_array_release(&to);
    /* batches: onto itself, but not shifted */
    CHECK_OK(vxg_array_write(NULL, &a, numbers));
    vxg_array rows = a, shifted;
    rows.ndim = 2, rows.shape[0] = 2, rows.shape[1] = 4, rows.stride[0] = 4, rows.stride[1] = 1;
    shifted = rows, shifted.offset = 2;
    REFUSED(vxg_op_apply(op, NULL, &rows, &shifted), "output of a batch overlaps input 0");
    CHECK_OK(vxg_op_apply(op, NULL, &rows, &rows));
    CHECK_OK(vxg_array_read(NULL, &a, got));
    for (int i = 0; i < 12; i++) EXPECT(got[i] == (float)(i < 8 ? 2 * i : i), "batch: %g", got[i]);
    vxg_array_release(&a);
    vxg_op_release(op), vxg_op_release(product);
}

TEST(workspace)
{
    vxg_op *twice;
    vxg_call call = {0};
    CHECK_OK(vxg_op_compose(scale, scale, &twice));
    const size_t need = vxg_op_workspace(twice, NULL);
    EXPECT(need == VXG_WORKSPACE_ALIGN, "%zu bytes for 48", need);
    CHECK_OK(vxg_buffer_new(dev, 2 * need, &call.workspace));
    vxg_array inside = {.buffer = call.workspace, .ndim = 2, .shape = {3, 4}, .stride = {4, 1}};
    REFUSED(vxg_op_apply(twice, &call, &inside, &y), "input 0 lies in the call's workspace");
    REFUSED(vxg_op_apply(twice, &call, &x, &inside), "output lies in the call's workspace");
    call.workspace_used = 48; /* not aligned: what is before belongs to the caller */
    CHECK_OK(vxg_op_apply(twice, &call, &inside, &y));
    call.workspace_used = SIZE_MAX - 3; /* too small: the call takes its own */
    CHECK_OK(vxg_op_apply(twice, &call, &x, &y));
    vxg_array a;
    vxg_call c = {.workspace = call.workspace};
    CHECK_OK(vxg_call_workspace(&c, &space, &a));
    EXPECT(c.workspace_used == VXG_WORKSPACE_ALIGN && a.offset == 0, "first array");
    EXPECT((char *)vxg_call_scratch(&c, 1) == (char *)vxg_buffer_host(call.workspace) + 256,
           "scratch");
    REFUSED(vxg_call_workspace(&c, &space, &a), "promised fewer");
    EXPECT(!a.buffer && !vxg_call_scratch(&c, 1), "nothing is left");
    REFUSED(vxg_call_workspace(&c, NULL, &a), "NULL");
    REFUSED(vxg_call_workspace(NULL, &space, &a), "NULL");
    vxg_buffer_release(call.workspace);
    vxg_op_release(twice);
}

TEST(subsets)
{
    const int64_t far[2] = {0, 3}, huge[2] = {0, INT64_MAX};
    const vxg_subset bad[] = {
        {.count = 0},
        {.count = -1},
        {.count = 4},
        {.count = 1, .first = 3},
        {.count = 1, .first = -1},
        {.count = 2, .first = 0, .step = -1},
        {.count = 3, .step = 2},
        {.count = INT64_MAX, .step = INT64_MAX},
        {.count = (int64_t)1 << 39, .first = 1, .step = INT64_MAX / 2},
        {.count = 2, .index = far},
        {.count = 2, .index = huge, .first = 1},
        {.count = 2, .index = far, .first = -1},
    };
    vxg_op *out;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const vxg_call call = {.subset = &bad[i]};
        EXPECT(vxg_op_apply(scale, &call, &x, &y) == VXG_ERR_ARGUMENT, "subset %d", (int)i);
        EXPECT(vxg_op_vjp(scale, &call, NULL, &x, &y) == VXG_ERR_ARGUMENT, "vjp, subset %d",
               (int)i);
        EXPECT(vxg_op_subset(scale, &bad[i], &out) == VXG_ERR_ARGUMENT && !out, "op, %d", (int)i);
    }
    const vxg_subset two = {.count = 2, .first = 1};
    const vxg_call call = {.subset = &two};
    REFUSED(vxg_op_apply(scale, &call, &x, &y), "2 x 4 is expected");
    const vxg_space point = {.dtype = VXG_F32};
    vxg_op *op;
    vxg_array p, q;
    CHECK_OK(vxg_op_math(dev, VXG_MATH_EXP, 1, &point, &op));
    CHECK_OK(vxg_op_new_array(op, 0, &p));
    CHECK_OK(vxg_op_new_array(op, 0, &q));
    REFUSED(vxg_op_apply(op, &call, &p, &q), "rank 0");
    CHECK_OK(vxg_op_apply(op, NULL, &p, &q));
    REFUSED(vxg_subset_take(NULL, NULL, &x, 0, &y), "missing");
    REFUSED(vxg_subset_put(NULL, &two, &x, NULL), "missing");
    REFUSED(vxg_subset_take(NULL, &two, &x, 0, &y), "differ");
    vxg_array_release(&p), vxg_array_release(&q);
    vxg_op_release(op);
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(null_operators), T(null_results), T(null_checks),
                                      T(new_operators),  T(reach),        T(released),
                                      T(overlap),        T(workspace),    T(subsets)};
    if (vxg_device_open("cpu", &dev) || vxg_op_math(dev, VXG_MATH_SCALE, 2, &space, &scale) ||
        vxg_op_multiply(dev, &space, &mul) || vxg_op_new_array(scale, 0, &x) ||
        vxg_op_new_array(scale, 0, &y) || vxg_op_new_array(scale, 0, &z))
        return printf("FAIL op_misuse.start: %s\n", vxg_error_message()), 1;
    const int failed = test_run("op_misuse", list, (int)(sizeof list / sizeof *list), argc, argv);
    vxg_array_release(&x), vxg_array_release(&y), vxg_array_release(&z);
    vxg_op_release(scale), vxg_op_release(mul);
    vxg_device_release(dev);
    return failed;
}
