/* Combinators: bind, compose, add, scale, stack, slice, adjoint, normal. Only public calls inside;
 * each keeps its parts and carves intermediates from the call's workspace. */
#include <string.h>

#include "op/op.h"

typedef struct parts {
    int count;
    double factor;      /* scale */
    int64_t begin, end; /* slice */
    int input;          /* bind */
    vxg_array value;    /* bind */
    vxg_op *op[];       /* retained */
} parts;

static parts *parts_new(const vxg_op *const *ops, int count) {
    parts *p = vxg__calloc(1, sizeof *p + (size_t)count * sizeof(vxg_op *));
    if (!p) return NULL;
    p->count = count;
    for (int i = 0; i < count; i++) p->op[i] = vxg_op_retain(ops[i]);
    return p;
}

static void parts_free(void *state) {
    parts *p = state;
    for (int i = 0; i < p->count; i++) vxg_op_release(p->op[i]);
    vxg_array_release(&p->value);
    vxg__free(p);
}

static const parts *get(const vxg_op *op) {
    return vxg_op_state(op);
}

static size_t most_workspace(const vxg_op *op) {
    size_t most = 0;
    for (int i = 0; i < get(op)->count; i++) {
        size_t n = vxg_op_workspace(get(op)->op[i]);
        if (n > most) most = n;
    }
    return most;
}

/* The call a part gets: same workspace behind what is used, set or added as told. */
static vxg_call part_call(const vxg_call *call, int accumulate) {
    vxg_call c = *call;
    c.accumulate = accumulate;
    return c;
}

static int all_linear(const vxg_op *const *ops, int count) {
    int linear = 1;
    for (int i = 0; i < count; i++) linear = linear && vxg_op_is_linear(ops[i]);
    return linear;
}

/* A class has a linear and a general face; they differ in one declared bit. */
#define CLASS_PAIR(id, words, ...)                                                                 \
    static const vxg_op_class id##_linear = {.name = words, .linear = 1, __VA_ARGS__};             \
    static const vxg_op_class id##_general = {.name = words, __VA_ARGS__};

static int make(const vxg_op_class *linear, const vxg_op_class *general, const vxg_op *const *ops,
                int count, const vxg_space *in, int ninputs, const vxg_space *range, parts *p,
                vxg_op **out) {
    *out = NULL;
    if (!p) return VXG_ERR_MEMORY;
    const vxg_op_class *cls = all_linear(ops, count) ? linear : general;
    return vxg_op_new(cls, vxg_op_device(ops[0]), ninputs, in, range, p, out);
}

static void domains(const vxg_op *op, vxg_space *in) {
    for (int i = 0; i < vxg_op_inputs(op); i++) in[i] = *vxg_op_domain(op, i);
}

static int same_device(const vxg_op *a, const vxg_op *b, const char *what) {
    VXG_FAIL_IF(vxg_op_device(a) != vxg_op_device(b), VXG_ERR_ARGUMENT,
                "%s: %s and %s are on different devices", what, vxg_op_name(a), vxg_op_name(b));
    return VXG_OK;
}

/* ---- compose: y = f(g(x)) ---- */
static size_t compose_workspace(const vxg_op *op) {
    int copies = vxg_op_is_linear(get(op)->op[0]) ? 1 : 2; /* point and tangent, or one of them */
    return (size_t)copies * vxg__space_bytes(vxg_op_range(get(op)->op[1])) + most_workspace(op);
}
static int compose_apply(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                         const vxg_array *out) {
    const parts *p = get(op);
    vxg_call inner = part_call(call, 0);
    vxg_array mid = vxg__workspace_array(&inner, vxg_op_range(p->op[1]));
    vxg_call outer = part_call(&inner, call->accumulate);
    VXG_TRY(vxg_op_apply(p->op[1], &inner, in, &mid));
    return vxg_op_apply(p->op[0], &outer, &mid, out);
}
static int compose_jvp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                       const vxg_array *tangent, const vxg_array *out) {
    const parts *p = get(op);
    vxg_call inner = part_call(call, 0);
    int linear = vxg_op_is_linear(p->op[0]); /* then the point does not matter */
    vxg_array mid = {0};
    if (!linear) mid = vxg__workspace_array(&inner, vxg_op_range(p->op[1]));
    vxg_array dmid = vxg__workspace_array(&inner, vxg_op_range(p->op[1]));
    vxg_call outer = part_call(&inner, call->accumulate);
    if (!linear) VXG_TRY(vxg_op_apply(p->op[1], &inner, in, &mid));
    VXG_TRY(vxg_op_jvp(p->op[1], &inner, in, tangent, &dmid));
    return vxg_op_jvp(p->op[0], &outer, linear ? NULL : &mid, &dmid, out);
}
static int compose_vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                       const vxg_array *cotangent, const vxg_array *grad) {
    const parts *p = get(op);
    vxg_call inner = part_call(call, 0);
    int linear = vxg_op_is_linear(p->op[0]); /* then the point does not matter */
    vxg_array mid = {0};
    if (!linear) mid = vxg__workspace_array(&inner, vxg_op_range(p->op[1]));
    vxg_array dmid = vxg__workspace_array(&inner, vxg_op_range(p->op[1]));
    vxg_call last = part_call(&inner, call->accumulate);
    if (!linear) VXG_TRY(vxg_op_apply(p->op[1], &inner, in, &mid));
    VXG_TRY(vxg_op_vjp(p->op[0], &inner, linear ? NULL : &mid, cotangent, &dmid));
    return vxg_op_vjp(p->op[1], &last, vxg_op_is_linear(p->op[1]) ? NULL : in, &dmid, grad);
}
CLASS_PAIR(compose, "compose", .accumulates = 1, .apply = compose_apply, .jvp = compose_jvp,
           .vjp = compose_vjp, .workspace = compose_workspace, .destroy = parts_free)

int vxg_op_compose(const vxg_op *outer, const vxg_op *inner, vxg_op **out) {
    const vxg_op *ops[] = {outer, inner};
    vxg_space in[VXG_MAX_INPUTS];
    *out = NULL;
    VXG_TRY(same_device(outer, inner, "compose"));
    VXG_FAIL_IF(vxg_op_inputs(outer) != 1, VXG_ERR_ARGUMENT,
                "compose: the outer operator %s has %d inputs; bind all but one",
                vxg_op_name(outer), vxg_op_inputs(outer));
    VXG_FAIL_IF(!vxg__space_equal(vxg_op_domain(outer, 0), vxg_op_range(inner)), VXG_ERR_ARGUMENT,
                "compose: the range of %s is not the domain of %s", vxg_op_name(inner),
                vxg_op_name(outer));
    domains(inner, in);
    return make(&compose_linear, &compose_general, ops, 2, in, vxg_op_inputs(inner),
                vxg_op_range(outer), parts_new(ops, 2), out);
}

/* ---- add: y = a(x) + b(x) ---- */
static int add_apply(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                     const vxg_array *out) {
    vxg_call first = part_call(call, call->accumulate), second = part_call(call, 1);
    VXG_TRY(vxg_op_apply(get(op)->op[0], &first, in, out));
    return vxg_op_apply(get(op)->op[1], &second, in, out);
}
static int add_jvp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                   const vxg_array *tangent, const vxg_array *out) {
    vxg_call first = part_call(call, call->accumulate), second = part_call(call, 1);
    VXG_TRY(vxg_op_jvp(get(op)->op[0], &first, in, tangent, out));
    return vxg_op_jvp(get(op)->op[1], &second, in, tangent, out);
}
static int add_vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                   const vxg_array *cotangent, const vxg_array *grad) {
    vxg_call first = part_call(call, call->accumulate), second = part_call(call, 1);
    VXG_TRY(vxg_op_vjp(get(op)->op[0], &first, in, cotangent, grad));
    return vxg_op_vjp(get(op)->op[1], &second, in, cotangent, grad);
}
CLASS_PAIR(add, "add", .accumulates = 1, .apply = add_apply, .jvp = add_jvp, .vjp = add_vjp,
           .workspace = most_workspace, .destroy = parts_free)

static int same_domains(const vxg_op *a, const vxg_op *b, const char *what) {
    int same = vxg_op_inputs(a) == vxg_op_inputs(b);
    VXG_TRY(same_device(a, b, what));
    for (int i = 0; i < vxg_op_inputs(a) && same; i++)
        same = vxg__space_equal(vxg_op_domain(a, i), vxg_op_domain(b, i));
    VXG_FAIL_IF(!same, VXG_ERR_ARGUMENT, "%s: the domains of %s and %s differ", what,
                vxg_op_name(a), vxg_op_name(b));
    return VXG_OK;
}

int vxg_op_add(const vxg_op *a, const vxg_op *b, vxg_op **out) {
    const vxg_op *ops[] = {a, b};
    vxg_space in[VXG_MAX_INPUTS];
    *out = NULL;
    VXG_TRY(same_domains(a, b, "add"));
    VXG_FAIL_IF(!vxg__space_equal(vxg_op_range(a), vxg_op_range(b)), VXG_ERR_ARGUMENT,
                "add: the ranges of %s and %s differ", vxg_op_name(a), vxg_op_name(b));
    domains(a, in);
    return make(&add_linear, &add_general, ops, 2, in, vxg_op_inputs(a), vxg_op_range(a),
                parts_new(ops, 2), out);
}

/* ---- scale: y = factor f(x) ---- */
static size_t scale_workspace(const vxg_op *op) {
    size_t most = vxg__space_bytes(vxg_op_range(op));
    for (int i = 0; i < vxg_op_inputs(op); i++) {
        size_t n = vxg__space_bytes(vxg_op_domain(op, i));
        if (n > most) most = n;
    }
    return most + most_workspace(op);
}
static int scale_out(const vxg_op *op, const vxg_call *call, const vxg_array *t,
                     const vxg_array *out) {
    return vxg_array_axpby(call->queue, get(op)->factor, t, call->accumulate ? 1 : 0, out);
}
static int scale_apply(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                       const vxg_array *out) {
    vxg_call inner = part_call(call, 0);
    vxg_array t = vxg__workspace_array(&inner, vxg_op_range(op));
    VXG_TRY(vxg_op_apply(get(op)->op[0], &inner, in, &t));
    return scale_out(op, call, &t, out);
}
static int scale_jvp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                     const vxg_array *tangent, const vxg_array *out) {
    vxg_call inner = part_call(call, 0);
    vxg_array t = vxg__workspace_array(&inner, vxg_op_range(op));
    VXG_TRY(vxg_op_jvp(get(op)->op[0], &inner, in, tangent, &t));
    return scale_out(op, call, &t, out);
}
static int scale_vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                     const vxg_array *cotangent, const vxg_array *grad) {
    vxg_call inner = part_call(call, call->accumulate);
    vxg_array t = vxg__workspace_array(&inner, vxg_op_range(op));
    VXG_TRY(vxg_array_axpby(call->queue, get(op)->factor, cotangent, 0, &t));
    return vxg_op_vjp(get(op)->op[0], &inner, in, &t, grad);
}
CLASS_PAIR(scale, "scale", .accumulates = 1, .apply = scale_apply, .jvp = scale_jvp,
           .vjp = scale_vjp, .workspace = scale_workspace, .destroy = parts_free)

int vxg_op_scale(double factor, const vxg_op *op, vxg_op **out) {
    vxg_space in[VXG_MAX_INPUTS];
    parts *p = parts_new(&op, 1);
    if (p) p->factor = factor;
    domains(op, in);
    return make(&scale_linear, &scale_general, &op, 1, in, vxg_op_inputs(op), vxg_op_range(op), p,
                out);
}

/* ---- stack: ranges joined along their first axis ---- */
static vxg_array rows_of(const vxg_array *a, int64_t begin, int64_t count) {
    vxg_array v = *a; /* borrowed */
    v.offset += begin * v.stride[0];
    v.shape[0] = count;
    return v;
}
static int stack_apply(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                       const vxg_array *out) {
    const parts *p = get(op);
    int64_t row = 0;
    for (int i = 0; i < p->count; i++) {
        int64_t n = vxg_op_range(p->op[i])->shape[0];
        vxg_array part = rows_of(out, row, n);
        VXG_TRY(vxg_op_apply(p->op[i], call, in, &part));
        row += n;
    }
    return VXG_OK;
}
static int stack_jvp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                     const vxg_array *tangent, const vxg_array *out) {
    const parts *p = get(op);
    int64_t row = 0;
    for (int i = 0; i < p->count; i++) {
        int64_t n = vxg_op_range(p->op[i])->shape[0];
        vxg_array part = rows_of(out, row, n);
        VXG_TRY(vxg_op_jvp(p->op[i], call, in, tangent, &part));
        row += n;
    }
    return VXG_OK;
}
static int stack_vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                     const vxg_array *cotangent, const vxg_array *grad) {
    const parts *p = get(op);
    int64_t row = 0;
    for (int i = 0; i < p->count; i++) {
        int64_t n = vxg_op_range(p->op[i])->shape[0];
        vxg_array part = rows_of(cotangent, row, n);
        vxg_call c = part_call(call, i > 0 || call->accumulate);
        VXG_TRY(vxg_op_vjp(p->op[i], &c, in, &part, grad));
        row += n;
    }
    return VXG_OK;
}
CLASS_PAIR(stack, "stack", .accumulates = 1, .apply = stack_apply, .jvp = stack_jvp,
           .vjp = stack_vjp, .workspace = most_workspace, .destroy = parts_free)

int vxg_op_stack(const vxg_op *const *ops, int count, vxg_op **out) {
    vxg_space in[VXG_MAX_INPUTS], range;
    *out = NULL;
    VXG_FAIL_IF(count < 1, VXG_ERR_ARGUMENT, "stack: no operators");
    range = *vxg_op_range(ops[0]);
    VXG_FAIL_IF(range.ndim < 1, VXG_ERR_ARGUMENT, "stack: ranges of rank 0");
    for (int i = 1; i < count; i++) {
        vxg_space r = *vxg_op_range(ops[i]);
        VXG_TRY(same_domains(ops[0], ops[i], "stack"));
        int64_t n = r.ndim ? r.shape[0] : 0;
        if (r.ndim) r.shape[0] = range.shape[0];
        VXG_FAIL_IF(!vxg__space_equal(&r, &range), VXG_ERR_ARGUMENT,
                    "stack: the ranges of %s and %s differ beyond their first axis",
                    vxg_op_name(ops[0]), vxg_op_name(ops[i]));
        range.shape[0] += n;
    }
    domains(ops[0], in);
    return make(&stack_linear, &stack_general, ops, count, in, vxg_op_inputs(ops[0]), &range,
                parts_new(ops, count), out);
}

/* ---- slice: rows begin..end of the range ---- */
static size_t slice_workspace(const vxg_op *op) {
    return vxg__space_bytes(vxg_op_range(get(op)->op[0])) + most_workspace(op);
}
static int slice_out(const vxg_op *op, const vxg_call *call, const vxg_array *full,
                     const vxg_array *out) {
    vxg_array part = rows_of(full, get(op)->begin, get(op)->end - get(op)->begin);
    return vxg_array_axpby(call->queue, 1, &part, call->accumulate ? 1 : 0, out);
}
static int slice_apply(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                       const vxg_array *out) {
    vxg_call inner = part_call(call, 0);
    vxg_array full = vxg__workspace_array(&inner, vxg_op_range(get(op)->op[0]));
    VXG_TRY(vxg_op_apply(get(op)->op[0], &inner, in, &full));
    return slice_out(op, call, &full, out);
}
static int slice_jvp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                     const vxg_array *tangent, const vxg_array *out) {
    vxg_call inner = part_call(call, 0);
    vxg_array full = vxg__workspace_array(&inner, vxg_op_range(get(op)->op[0]));
    VXG_TRY(vxg_op_jvp(get(op)->op[0], &inner, in, tangent, &full));
    return slice_out(op, call, &full, out);
}
static int slice_vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                     const vxg_array *cotangent, const vxg_array *grad) {
    vxg_call inner = part_call(call, call->accumulate);
    vxg_array full = vxg__workspace_array(&inner, vxg_op_range(get(op)->op[0]));
    vxg_array part = rows_of(&full, get(op)->begin, get(op)->end - get(op)->begin);
    VXG_TRY(vxg_array_fill(call->queue, &full, 0));
    VXG_TRY(vxg_array_copy(call->queue, cotangent, &part));
    return vxg_op_vjp(get(op)->op[0], &inner, in, &full, grad);
}
CLASS_PAIR(slice, "slice", .accumulates = 1, .apply = slice_apply, .jvp = slice_jvp,
           .vjp = slice_vjp, .workspace = slice_workspace, .destroy = parts_free)

int vxg_op_slice(const vxg_op *op, int64_t begin, int64_t end, vxg_op **out) {
    vxg_space in[VXG_MAX_INPUTS], range = *vxg_op_range(op);
    *out = NULL;
    VXG_FAIL_IF(range.ndim < 1 || begin < 0 || end <= begin || end > range.shape[0],
                VXG_ERR_ARGUMENT, "slice: rows %lld..%lld of a range with %lld", (long long)begin,
                (long long)end, (long long)(range.ndim ? range.shape[0] : 0));
    parts *p = parts_new(&op, 1);
    if (p) p->begin = begin, p->end = end;
    range.shape[0] = end - begin;
    domains(op, in);
    return make(&slice_linear, &slice_general, &op, 1, in, vxg_op_inputs(op), &range, p, out);
}

/* ---- adjoint and normal: linear operators only ---- */
static int need_linear(const vxg_op *op, const char *what) {
    VXG_FAIL_IF(!vxg_op_is_linear(op), VXG_ERR_ARGUMENT,
                "%s: %s is not linear in a single input; bind the others or use the vjp", what,
                vxg_op_name(op));
    return VXG_OK;
}
static int adjoint_apply(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                         const vxg_array *out) {
    return vxg_op_apply_adjoint(get(op)->op[0], call, in, out);
}
static int adjoint_vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                       const vxg_array *cotangent, const vxg_array *grad) {
    (void)in;
    return vxg_op_apply(get(op)->op[0], call, cotangent, grad);
}
static const vxg_op_class adjoint_class = {.name = "adjoint",
                                           .linear = 1,
                                           .accumulates = 1,
                                           .apply = adjoint_apply,
                                           .vjp = adjoint_vjp,
                                           .workspace = most_workspace,
                                           .destroy = parts_free};

int vxg_op_adjoint(const vxg_op *op, vxg_op **out) {
    *out = NULL;
    VXG_TRY(need_linear(op, "adjoint"));
    return make(&adjoint_class, &adjoint_class, &op, 1, vxg_op_range(op), 1, vxg_op_domain(op, 0),
                parts_new(&op, 1), out);
}

static size_t normal_workspace(const vxg_op *op) {
    return vxg__space_bytes(vxg_op_range(get(op)->op[0])) + most_workspace(op);
}
static int normal_apply(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                        const vxg_array *out) {
    vxg_call inner = part_call(call, 0);
    vxg_array y = vxg__workspace_array(&inner, vxg_op_range(get(op)->op[0]));
    vxg_call last = part_call(&inner, call->accumulate);
    VXG_TRY(vxg_op_apply(get(op)->op[0], &inner, in, &y));
    return vxg_op_apply_adjoint(get(op)->op[0], &last, &y, out);
}
static int normal_vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                      const vxg_array *cotangent, const vxg_array *grad) {
    (void)in;
    return normal_apply(op, call, cotangent, grad); /* A'A is symmetric */
}
static const vxg_op_class normal_class = {.name = "normal",
                                          .linear = 1,
                                          .accumulates = 1,
                                          .apply = normal_apply,
                                          .vjp = normal_vjp,
                                          .workspace = normal_workspace,
                                          .destroy = parts_free};

int vxg_op_normal(const vxg_op *op, vxg_op **out) {
    *out = NULL;
    VXG_TRY(need_linear(op, "normal"));
    return make(&normal_class, &normal_class, &op, 1, vxg_op_domain(op, 0), 1, vxg_op_domain(op, 0),
                parts_new(&op, 1), out);
}

/* ---- bind: one input fixed ---- */
static void bound_inputs(const parts *p, const vxg_array *in, vxg_array *all) {
    for (int i = 0, k = 0; i < vxg_op_inputs(p->op[0]); i++)
        all[i] = i == p->input ? p->value : in ? in[k++] : (vxg_array){0};
}
static void free_inputs(const parts *p, const vxg_array *in, vxg_array *all) {
    for (int i = 0, k = 0; i < vxg_op_inputs(p->op[0]); i++)
        all[i] = i == p->input ? (vxg_array){0} : in[k++];
}
static int bind_apply(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                      const vxg_array *out) {
    vxg_array all[VXG_MAX_INPUTS];
    bound_inputs(get(op), in, all);
    return vxg_op_apply(get(op)->op[0], call, all, out);
}
static int bind_jvp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                    const vxg_array *tangent, const vxg_array *out) {
    vxg_array all[VXG_MAX_INPUTS], t[VXG_MAX_INPUTS];
    bound_inputs(get(op), in, all);
    free_inputs(get(op), tangent, t);
    return vxg_op_jvp(get(op)->op[0], call, all, t, out);
}
/* Linear in the free input: any point will do, the cotangent's own tangent stands in. */
static int bind_linear_jvp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                           const vxg_array *tangent, const vxg_array *out) {
    (void)in;
    return bind_apply(op, call, tangent, out);
}
static int bind_vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                    const vxg_array *cotangent, const vxg_array *grad) {
    vxg_array all[VXG_MAX_INPUTS], g[VXG_MAX_INPUTS];
    bound_inputs(get(op), in, all);
    free_inputs(get(op), grad, g);
    return vxg_op_vjp(get(op)->op[0], call, all, cotangent, g);
}
/* The part wants a point in every input; the gradient of a linear input does not depend on it, so
 * the output's own memory stands in (it has the right shape; its values are not used). */
static int bind_linear_vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                           const vxg_array *cotangent, const vxg_array *grad) {
    return bind_vjp(op, call, in && in->buffer ? in : grad, cotangent, grad);
}
static const vxg_op_class bind_general = {.name = "bind",
                                          .accumulates = 1,
                                          .apply = bind_apply,
                                          .jvp = bind_jvp,
                                          .vjp = bind_vjp,
                                          .workspace = most_workspace,
                                          .destroy = parts_free};
static const vxg_op_class bind_linear = {.name = "bind",
                                         .linear = 1,
                                         .accumulates = 1,
                                         .apply = bind_apply,
                                         .jvp = bind_linear_jvp,
                                         .vjp = bind_linear_vjp,
                                         .workspace = most_workspace,
                                         .destroy = parts_free};

int vxg_op_bind(const vxg_op *op, int input, const vxg_array *value, vxg_op **out) {
    vxg_space in[VXG_MAX_INPUTS];
    vxg_array copy;
    int n = vxg_op_inputs(op), free_input = 0, count = 0;
    *out = NULL;
    VXG_FAIL_IF(input < 0 || input >= n, VXG_ERR_ARGUMENT, "bind: %s has no input %d",
                vxg_op_name(op), input);
    VXG_FAIL_IF(n < 2, VXG_ERR_ARGUMENT, "bind: %s has a single input", vxg_op_name(op));
    const vxg_space *s = vxg_op_domain(op, input);
    VXG_FAIL_IF(!value || !value->buffer || value->ndim != s->ndim || value->dtype != s->dtype ||
                    memcmp(value->shape, s->shape, (size_t)s->ndim * sizeof *s->shape),
                VXG_ERR_ARGUMENT, "bind: the value of input %d has another shape or type", input);
    /* a copy: operators are immutable whatever the caller does to the array */
    VXG_TRY(vxg_op_new_array(op, input, &copy));
    int status = vxg_array_copy(NULL, value, &copy);
    parts *p = status ? NULL : parts_new(&op, 1);
    if (!p) {
        vxg_array_release(&copy);
        return status ? status : VXG_ERR_MEMORY;
    }
    p->input = input, p->value = copy;
    for (int i = 0; i < n; i++)
        if (i != input) in[count++] = *vxg_op_domain(op, i), free_input = i;
    const vxg_op_class *cls =
        count == 1 && vxg__op_linear_in(op, free_input) ? &bind_linear : &bind_general;
    return vxg_op_new(cls, vxg_op_device(op), count, in, vxg_op_range(op), p, out);
}
