/* What an operator carries: its linear mask through every combinator, the slots of a class (normal,
 * bind, subsets), many inputs; and that the checks see a slot that is wrong. */
#include <voxgrad/voxgrad.h>

#include "test.h"

static vxg_device *dev;
static const vxg_space space = {.dtype = VXG_F64, .ndim = 2, .shape = {5, 3}};
#define N 15
#define TRY(call)                                                                                  \
    do {                                                                                           \
        const int try_ = (call);                                                                   \
        if (try_) return try_;                                                                     \
    } while (0)

static vxg_op *math_op(vxg_math kind, double a) {
    vxg_op *op = NULL;
    if (vxg_op_math(dev, kind, a, &space, &op)) test_note(1, __FILE__, __LINE__, "math");
    return op;
}
static vxg_array random_array(uint64_t seed) {
    vxg_array a = {0};
    if (vxg_array_new(dev, VXG_F64, 2, space.shape, &a) || vxg_array_random(NULL, &a, seed, -1, 1))
        test_note(1, __FILE__, __LINE__, "array");
    return a;
}

typedef int (*check_fn)(const vxg_op *, const vxg_check_opts *, vxg_check_result *);
static void passes(const char *what, check_fn fn, const vxg_op *op) {
    vxg_check_result r = {0};
    CHECK_OK(fn(op, NULL, &r));
    EXPECT(r.passed, "%s of %s: %.3g > %.3g (%s)", what, vxg_op_name(op), r.residual, r.tolerance,
           r.detail);
}
static void fails(const char *what, check_fn fn, const vxg_op *op, const char *words) {
    vxg_check_result r = {0};
    CHECK_OK(fn(op, NULL, &r));
    EXPECT(!r.passed && strstr(r.detail, words), "%s of %s passes: %.3g (%s)", what,
           vxg_op_name(op), r.residual, r.detail);
}

static uint32_t mask(const vxg_op *op) {
    uint32_t m = 0;
    for (int i = 0; i < vxg_op_inputs(op); i++) m |= (uint32_t)vxg_op_linear_in(op, i) << i;
    return m;
}

/* A weighted model: A (w x) as a function of x and w, bound to the weights. */
TEST(weighted_model)
{
    vxg_op *a = math_op(VXG_MATH_SCALE, 1.5), *mul, *model, *bound[2], *adjoint, *normal;
    vxg_array w = random_array(1);
    CHECK_OK(vxg_op_multiply(dev, &space, &mul));
    CHECK_OK(vxg_op_compose(a, mul, &model));
    EXPECT(mask(model) == 3 && !vxg_op_is_linear(model), "compose(A, multiply): %u", mask(model));
    for (int i = 0; i < 2; i++) {
        CHECK_OK(vxg_op_bind(model, i, &w, &bound[i]));
        EXPECT(vxg_op_is_linear(bound[i]), "bound to input %d it is linear", i);
        passes("adjoint", vxg_check_adjoint, bound[i]);
        passes("transpose", vxg_check_transpose, bound[i]);
        passes("jvp", vxg_check_jvp, bound[i]);
    }
    CHECK_OK(vxg_op_adjoint(bound[0], &adjoint));
    CHECK_OK(vxg_op_normal(bound[0], &normal));
    passes("transpose of the adjoint", vxg_check_transpose, adjoint);
    passes("transpose of the normal", vxg_check_transpose, normal);
    passes("bind", vxg_check_bind, model);
    vxg_op_release(a), vxg_op_release(mul), vxg_op_release(model), vxg_op_release(adjoint);
    vxg_op_release(normal), vxg_op_release(bound[0]), vxg_op_release(bound[1]);
    vxg_array_release(&w);
}

TEST(masks)
{
    vxg_op *a = math_op(VXG_MATH_SCALE, 2), *ex = math_op(VXG_MATH_EXP, 0.5), *mul, *op[9];
    vxg_array w = random_array(2);
    int n = 0;
    CHECK_OK(vxg_op_multiply(dev, &space, &mul));
    EXPECT(mask(a) == 1 && mask(ex) == 0 && mask(mul) == 3, "the operators' own");
    CHECK_OK(vxg_op_compose(ex, mul, &op[n++]));                         /* 0 */
    CHECK_OK(vxg_op_compose(a, ex, &op[n++]));                           /* 1 */
    CHECK_OK(vxg_op_add(mul, mul, &op[n++]));                            /* 2 */
    CHECK_OK(vxg_op_add(a, ex, &op[n++]));                               /* 3 */
    CHECK_OK(vxg_op_scale(-2, mul, &op[n++]));                           /* 4 */
    CHECK_OK(vxg_op_slice(mul, 1, 3, &op[n++]));                         /* 5 */
    CHECK_OK(vxg_op_bind(op[0], 0, &w, &op[n++]));                       /* 6: exp(w x) */
    CHECK_OK(vxg_op_stack((const vxg_op *[]){a, ex}, 2, &op[n++]));      /* 7 */
    CHECK_OK(vxg_op_stack((const vxg_op *[]){mul, op[2]}, 2, &op[n++])); /* 8 */
    static const uint32_t want[] = {0, 0, 3, 0, 3, 3, 0, 0, 3};
    for (int i = 0; i < n; i++) {
        EXPECT(mask(op[i]) == want[i], "operator %d, %s: %u", i, vxg_op_name(op[i]), mask(op[i]));
        passes("jvp", vxg_check_jvp, op[i]);
        passes("vjp", vxg_check_vjp, op[i]);
        passes("subset", vxg_check_subset, op[i]);
        if (vxg_op_inputs(op[i]) > 1) passes("bind", vxg_check_bind, op[i]);
        vxg_op_release(op[i]);
    }
    vxg_op *out;
    EXPECT(vxg_op_adjoint(mul, &out) == VXG_ERR_ARGUMENT && !out, "multiply has no adjoint");
    vxg_op_release(a), vxg_op_release(ex), vxg_op_release(mul);
    vxg_array_release(&w);
}

/* ---- Many inputs: y = sum_i (i + 1) x_i, and the last one squared ---- */
static int many_apply(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                      const vxg_array *out) {
    const int n = vxg_op_inputs(op);
    double x[N], y[N] = {0};
    for (int i = 0; i < n; i++) {
        TRY(vxg_array_read(call->queue, &in[i], x));
        for (int k = 0; k < N; k++) y[k] += i == n - 1 ? x[k] * x[k] : (i + 1) * x[k];
    }
    return vxg_array_write(call->queue, out, y);
}
static int many_jvp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                    const vxg_array *tangent, const vxg_array *out) {
    const int n = vxg_op_inputs(op);
    double x[N], t[N], y[N] = {0};
    for (int i = 0; i < n; i++) {
        if (!tangent[i].buffer) continue;
        TRY(vxg_array_read(call->queue, &tangent[i], t));
        if (i == n - 1) TRY(vxg_array_read(call->queue, &in[i], x));
        for (int k = 0; k < N; k++) y[k] += i == n - 1 ? 2 * x[k] * t[k] : (i + 1) * t[k];
    }
    return vxg_array_write(call->queue, out, y);
}
static int many_vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                    const vxg_array *cotangent, const vxg_array *grad) {
    const int n = vxg_op_inputs(op);
    double x[N], c[N], g[N];
    TRY(vxg_array_read(call->queue, cotangent, c));
    for (int i = 0; i < n; i++) {
        if (!grad[i].buffer) continue;
        if (i == n - 1) TRY(vxg_array_read(call->queue, &in[i], x));
        for (int k = 0; k < N; k++) g[k] = i == n - 1 ? 2 * x[k] * c[k] : (i + 1) * c[k];
        TRY(vxg_array_write(call->queue, &grad[i], g));
    }
    return VXG_OK;
}
TEST(many_inputs)
{
    static const vxg_op_class cls = {
        .name = "many", .apply = many_apply, .jvp = many_jvp, .vjp = many_vjp};
    vxg_space in[VXG_MAX_INPUTS] = {0};
    for (int i = 0; i < VXG_MAX_INPUTS; i++) in[i] = space;
    vxg_op *op, *less, *scaled, *both;
    vxg_array w = random_array(3);
    const vxg_op_opts o = {.linear = 0, .device = dev, .in = in, .ninputs = 16, .out = &space};
    EXPECT(VXG_MAX_INPUTS == 16, "the bound");
    CHECK_OK(vxg_op_new(&cls, &o, &op));
    CHECK_OK(vxg_op_scale(0.5, op, &scaled));
    CHECK_OK(vxg_op_add(op, scaled, &both));
    CHECK_OK(vxg_op_bind(both, 7, &w, &less));
    EXPECT(vxg_op_inputs(less) == 15, "%d inputs are left", vxg_op_inputs(less));
    const vxg_op *all[] = {op, scaled, both, less};
    for (int i = 0; i < 4; i++) {
        passes("jvp", vxg_check_jvp, all[i]);
        passes("vjp", vxg_check_vjp, all[i]);
        passes("accumulate", vxg_check_accumulate, all[i]);
        passes("batch", vxg_check_batch, all[i]);
        passes("subset", vxg_check_subset, all[i]);
    }
    vxg_op_release(op), vxg_op_release(less), vxg_op_release(scaled), vxg_op_release(both);
    vxg_array_release(&w);
}

/* ---- A class without a jvp, linear in each of two inputs ---- */
static int plain_apply(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                       const vxg_array *out) {
    double x[N], w[N], y[N];
    (void)op;
    TRY(vxg_array_read(call->queue, &in[0], x));
    TRY(vxg_array_read(call->queue, &in[1], w));
    for (int k = 0; k < N; k++) y[k] = w[k] * x[k];
    return vxg_array_write(call->queue, out, y);
}
static int plain_vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                     const vxg_array *cotangent, const vxg_array *grad) {
    double x[N], c[N];
    (void)op;
    TRY(vxg_array_read(call->queue, cotangent, c));
    for (int i = 0; i < 2; i++) {
        double g[N];
        if (!grad[i].buffer) continue;
        TRY(vxg_array_read(call->queue, &in[1 - i], x));
        for (int k = 0; k < N; k++) g[k] = x[k] * c[k];
        TRY(vxg_array_write(call->queue, &grad[i], g));
    }
    return VXG_OK;
}
TEST(jvp_by_apply)
{
    static const vxg_op_class cls = {.name = "plain", .apply = plain_apply, .vjp = plain_vjp};
    const vxg_space in[2] = {space, space};
    vxg_op_opts o = {.linear = 3, .device = dev, .in = in, .ninputs = 2, .out = &space};
    vxg_op *op, *curved;
    CHECK_OK(vxg_op_new(&cls, &o, &op));
    passes("jvp", vxg_check_jvp, op);
    passes("vjp", vxg_check_vjp, op);
    passes("bind", vxg_check_bind, op);
    /* one tangent: its own input need not be there; none: zero */
    vxg_array x = random_array(4), t = random_array(5), y = random_array(6);
    double got[N], want[N], xs[N];
    const vxg_array none[2] = {{0}};
    CHECK_OK(vxg_op_jvp(op, NULL, (const vxg_array[]){{0}, x}, (const vxg_array[]){t, {0}}, &y));
    CHECK_OK(vxg_array_read(NULL, &y, got));
    CHECK_OK(vxg_array_read(NULL, &t, want));
    CHECK_OK(vxg_array_read(NULL, &x, xs));
    for (int k = 0; k < N; k++) EXPECT(got[k] == want[k] * xs[k], "element %d", k);
    CHECK_OK(vxg_op_jvp(op, NULL, none, none, &y));
    CHECK_OK(vxg_array_read(NULL, &y, got));
    for (int k = 0; k < N; k++) EXPECT(got[k] == 0, "no tangent: %g", got[k]);
    EXPECT(vxg_op_jvp(op, NULL, none, (const vxg_array[]){t, {0}}, &y) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "input 1 is missing"),
           "the other input is needed: %s", vxg_error_message());
    o.linear = 1;
    CHECK_OK(vxg_op_new(&cls, &o, &curved));
    EXPECT(vxg_op_jvp(curved, NULL, (const vxg_array[]){x, x}, (const vxg_array[]){x, t}, &y) ==
               VXG_ERR_UNSUPPORTED,
           "no jvp by an input in which it is not linear");
    vxg_op_release(op), vxg_op_release(curved);
    vxg_array_release(&x), vxg_array_release(&t), vxg_array_release(&y);
}

/* ---- Slots of a class: y = state x, with a fused normal and subsets of its own ---- */
typedef struct slots {
    double factor, normal_factor; /* right: normal_factor is the square */
    int subset_shift;             /* right: 0 */
    int normals, subsets;         /* calls seen */
} slots;
static int slots_rows(slots *s, const vxg_call *call, double factor, const vxg_array *in,
                      const vxg_array *out, int in_rows) {
    const vxg_subset whole = {.count = space.shape[0]}, *sub = call->subset ? call->subset : &whole;
    double x[N], y[N] = {0};
    if (call->subset) s->subsets++;
    TRY(vxg_array_read(call->queue, in, x));
    for (int64_t i = 0; i < sub->count; i++)
        for (int64_t k = 0; k < 3; k++) {
            const int64_t at = (vxg_subset_at(sub, i) + (call->subset ? s->subset_shift : 0)) % 5;
            if (in_rows)
                y[at * 3 + k] += factor * x[i * 3 + k];
            else
                y[i * 3 + k] = factor * x[at * 3 + k];
        }
    return vxg_array_write(call->queue, out, y);
}
static int slots_apply(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                       const vxg_array *out) {
    slots *s = vxg_op_state(op);
    return slots_rows(s, call, s->factor, in, out, 0);
}
static int slots_vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                     const vxg_array *cotangent, const vxg_array *grad) {
    slots *s = vxg_op_state(op);
    (void)in;
    return slots_rows(s, call, s->factor, cotangent, grad, 1);
}
static int slots_normal(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                        const vxg_array *out) {
    slots *s = vxg_op_state(op);
    double x[N], y[N] = {0};
    s->normals++;
    TRY(vxg_array_read(call->queue, in, x));
    for (int64_t i = 0; i < (call->subset ? call->subset->count : 5); i++) {
        const int64_t at = call->subset ? vxg_subset_at(call->subset, i) : i;
        for (int64_t k = 0; k < 3; k++) y[at * 3 + k] += s->normal_factor * x[at * 3 + k];
    }
    return vxg_array_write(call->queue, out, y);
}
static const vxg_op_class slots_class = {
    .name = "slots", .apply = slots_apply, .vjp = slots_vjp, .normal = slots_normal};
static vxg_op *slots_op(slots *s, vxg_subsets subsets) {
    vxg_op *op = NULL;
    if (vxg_op_new(&slots_class,
                   &(vxg_op_opts){.linear = 1,
                                  .device = dev,
                                  .in = &space,
                                  .ninputs = 1,
                                  .subsets = subsets,
                                  .out = &space,
                                  .state = s},
                   &op))
        test_note(1, __FILE__, __LINE__, "%s", vxg_error_message());
    return op;
}

TEST(normal_slot)
{
    slots s = {.factor = 3, .normal_factor = 9};
    vxg_op *op = slots_op(&s, VXG_SUBSETS_EXACT), *normal;
    vxg_array x = random_array(7), y = random_array(8);
    passes("normal", vxg_check_normal, op);
    CHECK_OK(vxg_op_normal(op, &normal));
    s.normals = 0;
    CHECK_OK(vxg_op_apply(normal, NULL, &x, &y));
    EXPECT(s.normals == 1, "the slot is used: %d", s.normals);
    EXPECT(vxg_op_workspace(normal, NULL) == 0, "and needs no memory between");
    passes("accumulate", vxg_check_accumulate, normal);
    passes("batch", vxg_check_batch, normal);
    s.normal_factor = 9.001;
    fails("normal", vxg_check_normal, op, "normal");
    vxg_op_release(op), vxg_op_release(normal);
    /* a class that does not know subsets cannot use it for one */
    s = (slots){.factor = 3, .normal_factor = 9};
    op = slots_op(&s, VXG_SUBSETS_NONE);
    passes("normal", vxg_check_normal, op);
    EXPECT(s.subsets == 0, "no subset reaches such a class");
    vxg_op_release(op);
    vxg_array_release(&x), vxg_array_release(&y);
}

TEST(subset_slot)
{
    slots s = {.factor = 3, .normal_factor = 9};
    vxg_op *op = slots_op(&s, VXG_SUBSETS_EXACT), *ex = math_op(VXG_MATH_EXP, 0.5), *made[8];
    const int64_t list[] = {4, 0, 4, 1};
    const vxg_subset by_list = {.count = 4, .index = list},
                     by_step = {.count = 3, .first = 4, .step = -2};
    int n = 0;
    passes("subset", vxg_check_subset, op);
    EXPECT(s.subsets > 0, "the slot is used");
    CHECK_OK(vxg_op_subset(op, &by_list, &made[n++])); /* 0 */
    CHECK_OK(vxg_op_subset(made[0], &(vxg_subset){.count = 2, .first = 3, .step = -2},
                           &made[n++]));               /* 1: a list */
    CHECK_OK(vxg_op_subset(op, &by_step, &made[n++])); /* 2 */
    CHECK_OK(vxg_op_subset(made[2], &(vxg_subset){.count = 2, .first = 1}, &made[n++])); /* 3 */
    CHECK_OK(vxg_op_stack((const vxg_op *[]){made[0], op, ex, made[1]}, 4, &made[n++])); /* 4 */
    CHECK_OK(vxg_op_subset(made[4], &(vxg_subset){.count = 6, .first = 15, .step = -3},
                           &made[n++]));               /* 5: over all parts */
    CHECK_OK(vxg_op_compose(made[0], ex, &made[n++])); /* 6 */
    CHECK_OK(vxg_op_scale(0.3, made[4], &made[n++]));  /* 7 */
    for (int i = 0; i < n; i++) {
        passes("subset", vxg_check_subset, made[i]);
        passes("jvp", vxg_check_jvp, made[i]);
        passes("vjp", vxg_check_vjp, made[i]);
        passes("accumulate", vxg_check_accumulate, made[i]);
        passes("batch", vxg_check_batch, made[i]);
        if (vxg_op_is_linear(made[i])) passes("normal", vxg_check_normal, made[i]);
    }
    /* the list is the operator's own; entries are where they belong */
    vxg_array x = random_array(9), y;
    double xs[N], got[12];
    CHECK_OK(vxg_op_new_array(made[0], -1, &y));
    CHECK_OK(vxg_op_apply(made[0], NULL, &x, &y));
    CHECK_OK(vxg_array_read(NULL, &x, xs));
    CHECK_OK(vxg_array_read(NULL, &y, got));
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < 3; k++)
            EXPECT(got[3 * i + k] == 3 * xs[3 * list[i] + k], "entry %d, column %d", i, k);
    for (int i = 0; i < n; i++) vxg_op_release(made[i]);
    s.subset_shift = 1;
    fails("subset", vxg_check_subset, op, "subset");
    vxg_op_release(op), vxg_op_release(ex);
    vxg_array_release(&x), vxg_array_release(&y);
}

/* Other bits than the whole's are seen where an operator claims them. */
static double jitter;
static int jitter_apply(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                        const vxg_array *out) {
    (void)op;
    if (!call->subset) return vxg_array_axpby(call->queue, 1, in, 0, out);
    TRY(vxg_subset_take(call->queue, call->subset, in, 0, out));
    return vxg_array_axpby(call->queue, jitter, out, 0, out);
}
static int jitter_vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                      const vxg_array *cotangent, const vxg_array *grad) {
    (void)op, (void)in;
    if (!call->subset) return vxg_array_axpby(call->queue, 1, cotangent, 0, grad);
    TRY(vxg_array_fill(call->queue, grad, 0));
    return vxg_subset_put(call->queue, call->subset, cotangent, grad);
}
TEST(subset_bits)
{
    static const vxg_op_class cls = {.name = "jitter", .apply = jitter_apply, .vjp = jitter_vjp};
    vxg_op_opts o = {.linear = 1, .device = dev, .in = &space, .ninputs = 1, .out = &space};
    vxg_op *exact, *own;
    o.subsets = VXG_SUBSETS_EXACT;
    CHECK_OK(vxg_op_new(&cls, &o, &exact));
    o.subsets = VXG_SUBSETS_OWN;
    CHECK_OK(vxg_op_new(&cls, &o, &own));
    jitter = 1;
    passes("subset", vxg_check_subset, exact);
    jitter = 1 + 1e-15;
    passes("subset", vxg_check_subset, own);
    fails("subset", vxg_check_subset, exact, "other bits");
    vxg_op_release(exact), vxg_op_release(own);
}

/* ---- A class that binds itself: y = w x becomes a diagonal operator of its own ---- */
static double bind_factor = 1;
static int binds, bad_shape;
static int diag_bind(const vxg_op *op, int input, const vxg_array *value, vxg_op **out) {
    vxg_op *mul, *bound, *scale;
    const vxg_space other = {.dtype = VXG_F64, .ndim = 2, .shape = {5, 4}};
    if (input == 0) return VXG_OK; /* nothing better */
    binds++;
    if (bad_shape) return vxg_op_math(dev, VXG_MATH_SCALE, 1, &other, out);
    TRY(vxg_op_multiply(vxg_op_device(op), &space, &mul));
    TRY(vxg_op_bind(mul, 0, value, &bound));
    TRY(vxg_op_math(dev, VXG_MATH_SCALE, bind_factor, &space, &scale));
    const int status = vxg_op_compose(scale, bound, out);
    vxg_op_release(mul), vxg_op_release(bound), vxg_op_release(scale);
    return status;
}
TEST(bind_slot)
{
    static const vxg_op_class cls = {
        .name = "self", .apply = plain_apply, .vjp = plain_vjp, .bind = diag_bind};
    const vxg_space in[2] = {space, space};
    vxg_op *op, *bound;
    vxg_array w = random_array(10);
    CHECK_OK(vxg_op_new(
        &cls, &(vxg_op_opts){.linear = 3, .device = dev, .in = in, .ninputs = 2, .out = &space},
        &op));
    const int64_t before = vxg_alloc_live();
    CHECK_OK(vxg_op_bind(op, 1, &w, &bound));
    EXPECT(binds == 1 && !strcmp(vxg_op_name(bound), "compose"), "the slot is used: %s",
           vxg_op_name(bound));
    vxg_op_release(bound);
    CHECK_OK(vxg_op_bind(op, 0, &w, &bound));
    EXPECT(!strcmp(vxg_op_name(bound), "bind"), "the general one: %s", vxg_op_name(bound));
    vxg_op_release(bound);
    EXPECT(vxg_alloc_live() == before, "%d blocks stay", (int)(vxg_alloc_live() - before));
    passes("bind", vxg_check_bind, op);
    bind_factor = 1.001;
    fails("bind", vxg_check_bind, op, "bound input 1");
    bad_shape = 1;
    EXPECT(vxg_op_bind(op, 1, &w, &bound) == VXG_ERR_FAILED && !bound, "another range is refused");
    EXPECT(vxg_alloc_live() == before, "%d blocks stay", (int)(vxg_alloc_live() - before));
    vxg_op_release(op);
    vxg_array_release(&w);
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(weighted_model), T(masks),       T(many_inputs),
                                      T(jvp_by_apply),   T(normal_slot), T(subset_slot),
                                      T(subset_bits),    T(bind_slot)};
    if (vxg_device_open("cpu", &dev))
        return printf("FAIL op_combine.cpu: %s\n", vxg_error_message()), 1;
    const int failed = test_run("op_combine", list, (int)(sizeof list / sizeof *list), argc, argv);
    vxg_device_release(dev);
    return failed;
}
