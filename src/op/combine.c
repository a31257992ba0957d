/* Combinators: compose, add, scale, stack, adjoint, normal. Only public calls inside; each keeps
 * its parts and carves intermediates from the call's workspace. See bind.c for bind, subset, slice.
 */
#include <math.h>
#include <string.h>

#include "array/launch.h"
#include "op/op.h"

vxg_parts *vxg__parts_new(const vxg_op *const *ops, int count) {
    vxg_parts *p = vxg__calloc(1, sizeof *p + (size_t)count * sizeof(vxg_op *));
    if (!p) return NULL;
    p->count = count;
    for (int i = 0; i < count; i++) p->op[i] = vxg_op_retain(ops[i]);
    return p;
}

void vxg__parts_free(void *state) {
    vxg_parts *p = state;
    if (!p) return;
    for (int i = 0; i < p->count; i++) vxg_op_release(p->op[i]);
    vxg_array_release(&p->value);
    vxg__free(p->index);
    vxg__free(p);
}

size_t vxg__parts_workspace(const vxg_op *op, const vxg_call *call) {
    size_t most = 0;
    for (int i = 0; i < vxg__parts(op)->count; i++) {
        const size_t n = vxg_op_workspace(vxg__parts(op)->op[i], call);
        if (n > most) most = n;
    }
    return most;
}

int vxg__parts_op(const vxg_op_class *cls, uint32_t linear, vxg_subsets subsets, const vxg_op *like,
                  const vxg_space *range, vxg_parts *p, vxg_op **out) {
    *out = NULL;
    if (!p) return VXG_ERR_MEMORY;
    const vxg_op_opts opts = {.linear = linear,
                              .device = like->dev,
                              .in = like->in,
                              .ninputs = like->ninputs,
                              .subsets = subsets,
                              .out = range,
                              .state = p};
    return vxg_op_new(cls, &opts, out);
}

static int same_device(const vxg_op *a, const vxg_op *b, const char *what) {
    VXG_FAIL_IF(vxg_op_device(a) != vxg_op_device(b), VXG_ERR_ARGUMENT,
                "%s: %s and %s are on different devices", what, vxg_op_name(a), vxg_op_name(b));
    return VXG_OK;
}

int vxg__combine_begin(vxg_op **out, const char *what) {
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "%s: out is NULL", what);
    *out = NULL;
    return VXG_OK;
}

/* ---- compose: y = f(g(x)) ---- */
/* The subset is of the outer operator's range; the inner one makes all of its own. */
static vxg_call inner_call(const vxg_call *call) {
    vxg_call c = vxg__part_call(call, 0);
    c.subset = NULL;
    return c;
}
static vxg_call outer_call(const vxg_call *inner, const vxg_call *call, int accumulate) {
    vxg_call c = vxg__part_call(inner, accumulate);
    c.subset = call->subset;
    return c;
}
static size_t compose_workspace(const vxg_op *op, const vxg_call *call) {
    const vxg_parts *p = vxg__parts(op);
    const vxg_call whole = inner_call(call);
    const size_t outer = vxg_op_workspace(p->op[0], call);
    const size_t inner = vxg_op_workspace(p->op[1], &whole);
    const size_t copies = vxg_op_is_linear(p->op[0]) ? 1 : 2; /* the point, and its tangent */
    return vxg__bytes_add(copies * vxg_space_bytes(vxg_op_range(p->op[1])),
                          outer > inner ? outer : inner);
}
static int compose_apply(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                         const vxg_array *out) {
    const vxg_parts *p = vxg__parts(op);
    vxg_call inner = inner_call(call);
    vxg_array mid;
    VXG_TRY(vxg_call_workspace(&inner, vxg_op_range(p->op[1]), &mid));
    const vxg_call outer = outer_call(&inner, call, call->accumulate);
    VXG_TRY(vxg_op_apply(p->op[1], &inner, in, &mid));
    return vxg_op_apply(p->op[0], &outer, &mid, out);
}
/* What the derivatives need between the two: the point, where the outer operator is not linear, and
 * room for its tangent. */
static int compose_middle(const vxg_parts *p, vxg_call *inner, const vxg_array *in, vxg_array *mid,
                          vxg_array *dmid) {
    const vxg_space *s = vxg_op_range(p->op[1]);
    const int curved = !vxg_op_is_linear(p->op[0]);
    *mid = (vxg_array){0};
    if (curved) VXG_TRY(vxg_call_workspace(inner, s, mid));
    VXG_TRY(vxg_call_workspace(inner, s, dmid));
    return curved ? vxg_op_apply(p->op[1], inner, in, mid) : VXG_OK;
}
static int compose_jvp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                       const vxg_array *tangent, const vxg_array *out) {
    const vxg_parts *p = vxg__parts(op);
    vxg_call inner = inner_call(call);
    vxg_array mid, dmid;
    VXG_TRY(compose_middle(p, &inner, in, &mid, &dmid));
    const vxg_call outer = outer_call(&inner, call, call->accumulate);
    VXG_TRY(vxg_op_jvp(p->op[1], &inner, in, tangent, &dmid));
    return vxg_op_jvp(p->op[0], &outer, &mid, &dmid, out);
}
static int compose_vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                       const vxg_array *cotangent, const vxg_array *grad) {
    const vxg_parts *p = vxg__parts(op);
    vxg_call inner = inner_call(call);
    vxg_array mid, dmid;
    VXG_TRY(compose_middle(p, &inner, in, &mid, &dmid));
    const vxg_call outer = outer_call(&inner, call, 0);
    const vxg_call last = vxg__part_call(&inner, call->accumulate);
    VXG_TRY(vxg_op_vjp(p->op[0], &outer, &mid, cotangent, &dmid));
    return vxg_op_vjp(p->op[1], &last, in, &dmid, grad);
}
static const vxg_op_class compose_class = {.name = "compose",
                                           .accumulates = 1,
                                           .apply = compose_apply,
                                           .jvp = compose_jvp,
                                           .vjp = compose_vjp,
                                           .workspace = compose_workspace,
                                           .destroy = vxg__parts_free};

int vxg_op_compose(const vxg_op *outer, const vxg_op *inner, vxg_op **out) {
    const vxg_op *ops[] = {outer, inner};
    VXG_TRY(vxg__combine_begin(out, "compose"));
    VXG_NEED_OP(outer, "compose");
    VXG_NEED_OP(inner, "compose");
    VXG_TRY(same_device(outer, inner, "compose"));
    VXG_FAIL_IF(vxg_op_inputs(outer) != 1, VXG_ERR_ARGUMENT,
                "compose: the outer operator %s has %d inputs; bind all but one",
                vxg_op_name(outer), vxg_op_inputs(outer));
    VXG_FAIL_IF(!vxg_space_equal(vxg_op_domain(outer, 0), vxg_op_range(inner)), VXG_ERR_ARGUMENT,
                "compose: the range of %s is not the domain of %s", vxg_op_name(inner),
                vxg_op_name(outer));
    return vxg__parts_op(&compose_class, vxg_op_is_linear(outer) ? inner->linear : 0,
                         vxg__part_subsets(outer), inner, &outer->out, vxg__parts_new(ops, 2), out);
}

/* ---- add: y = a(x) + b(x) ---- */
static int add_apply(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                     const vxg_array *out) {
    const vxg_call second = vxg__part_call(call, 1);
    VXG_TRY(vxg_op_apply(vxg__parts(op)->op[0], call, in, out));
    return vxg_op_apply(vxg__parts(op)->op[1], &second, in, out);
}
static int add_jvp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                   const vxg_array *tangent, const vxg_array *out) {
    const vxg_call second = vxg__part_call(call, 1);
    VXG_TRY(vxg_op_jvp(vxg__parts(op)->op[0], call, in, tangent, out));
    return vxg_op_jvp(vxg__parts(op)->op[1], &second, in, tangent, out);
}
static int add_vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                   const vxg_array *cotangent, const vxg_array *grad) {
    const vxg_call second = vxg__part_call(call, 1);
    VXG_TRY(vxg_op_vjp(vxg__parts(op)->op[0], call, in, cotangent, grad));
    return vxg_op_vjp(vxg__parts(op)->op[1], &second, in, cotangent, grad);
}
static const vxg_op_class add_class = {.name = "add",
                                       .accumulates = 1,
                                       .apply = add_apply,
                                       .jvp = add_jvp,
                                       .vjp = add_vjp,
                                       .workspace = vxg__parts_workspace,
                                       .destroy = vxg__parts_free};

static int same_domains(const vxg_op *a, const vxg_op *b, const char *what) {
    int same = vxg_op_inputs(a) == vxg_op_inputs(b);
    VXG_TRY(same_device(a, b, what));
    for (int i = 0; i < vxg_op_inputs(a) && same; i++)
        same = vxg_space_equal(vxg_op_domain(a, i), vxg_op_domain(b, i));
    VXG_FAIL_IF(!same, VXG_ERR_ARGUMENT, "%s: the domains of %s and %s differ", what,
                vxg_op_name(a), vxg_op_name(b));
    return VXG_OK;
}

int vxg_op_add(const vxg_op *a, const vxg_op *b, vxg_op **out) {
    const vxg_op *ops[] = {a, b};
    VXG_TRY(vxg__combine_begin(out, "add"));
    VXG_NEED_OP(a, "add");
    VXG_NEED_OP(b, "add");
    VXG_TRY(same_domains(a, b, "add"));
    VXG_FAIL_IF(!vxg_space_equal(vxg_op_range(a), vxg_op_range(b)), VXG_ERR_ARGUMENT,
                "add: the ranges of %s and %s differ", vxg_op_name(a), vxg_op_name(b));
    /* the second part adds to the first in pieces of its own choice: not bit for bit */
    return vxg__parts_op(&add_class, a->linear & b->linear,
                         a->out.ndim ? VXG_SUBSETS_OWN : VXG_SUBSETS_NONE, a, &a->out,
                         vxg__parts_new(ops, 2), out);
}

/* ---- scale: y = factor f(x) ---- */
static size_t scale_workspace(const vxg_op *op, const vxg_call *call) {
    vxg_space range;
    if (vxg_op_call_range(op, call, &range)) range = op->out;
    return vxg__bytes_add(vxg_space_bytes(&range), vxg__parts_workspace(op, call));
}
/* Room for what the part makes, or is given, in the range of this call. */
static int scale_room(const vxg_op *op, vxg_call *inner, vxg_array *t) {
    vxg_space range;
    VXG_TRY(vxg_op_call_range(op, inner, &range));
    return vxg_call_workspace(inner, &range, t);
}
static int scale_out(const vxg_op *op, const vxg_call *call, const vxg_array *t,
                     const vxg_array *out) {
    return vxg_array_axpby(call->queue, vxg__parts(op)->factor, t, call->accumulate ? 1 : 0, out);
}
static int scale_apply(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                       const vxg_array *out) {
    vxg_call inner = vxg__part_call(call, 0);
    vxg_array t;
    VXG_TRY(scale_room(op, &inner, &t));
    VXG_TRY(vxg_op_apply(vxg__parts(op)->op[0], &inner, in, &t));
    return scale_out(op, call, &t, out);
}
static int scale_jvp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                     const vxg_array *tangent, const vxg_array *out) {
    vxg_call inner = vxg__part_call(call, 0);
    vxg_array t;
    VXG_TRY(scale_room(op, &inner, &t));
    VXG_TRY(vxg_op_jvp(vxg__parts(op)->op[0], &inner, in, tangent, &t));
    return scale_out(op, call, &t, out);
}
static int scale_vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                     const vxg_array *cotangent, const vxg_array *grad) {
    vxg_call inner = *call;
    vxg_array t;
    VXG_TRY(scale_room(op, &inner, &t));
    VXG_TRY(vxg_array_axpby(call->queue, vxg__parts(op)->factor, cotangent, 0, &t));
    return vxg_op_vjp(vxg__parts(op)->op[0], &inner, in, &t, grad);
}
static const vxg_op_class scale_class = {.name = "scale",
                                         .accumulates = 1,
                                         .apply = scale_apply,
                                         .jvp = scale_jvp,
                                         .vjp = scale_vjp,
                                         .workspace = scale_workspace,
                                         .destroy = vxg__parts_free};

int vxg_op_scale(double factor, const vxg_op *op, vxg_op **out) {
    VXG_TRY(vxg__combine_begin(out, "scale"));
    VXG_NEED_OP(op, "scale");
    VXG_FAIL_IF(!isfinite(factor), VXG_ERR_ARGUMENT, "scale: the factor is %g", factor);
    VXG_FAIL_IF(!vxg__is_arithmetic(op->out.dtype), VXG_ERR_UNSUPPORTED,
                "scale: the range of %s is %s; float32, float64, complex64 and complex128 are "
                "done",
                vxg_op_name(op), vxg_dtype_name(op->out.dtype));
    vxg_parts *p = vxg__parts_new(&op, 1);
    if (p) p->factor = factor;
    return vxg__parts_op(&scale_class, op->linear, vxg__part_subsets(op), op, &op->out, p, out);
}

/* ---- stack: ranges joined along their first axis ---- */
/* A piece of a stack's call: entries that one part makes. */
typedef struct piece {
    const vxg_op *part;
    int64_t first, count; /* rows of the call's range */
    int64_t top;          /* the part's first row in the whole range */
    vxg_subset subset;    /* of the part's rows, where the call has a subset */
} piece;

static void part_at(const vxg_parts *p, int64_t row, piece *k) {
    int i = 0;
    assert(row >= 0);
    k->top = 0;
    while (row >= k->top + vxg_op_range(p->op[i])->shape[0])
        k->top += vxg_op_range(p->op[i++])->shape[0];
    assert(i < p->count);
    k->part = p->op[i];
}

/* The piece behind k, or the first one when k is zero; 0 when there is none. A subset's entries go
 * to the part that has them as long as they follow each other there. */
static int next_piece(const vxg_op *op, const vxg_subset *s, piece *k) {
    const int64_t total = s ? s->count : op->out.shape[0], first = k->first + k->count;
    if (first >= total) return 0;
    part_at(vxg__parts(op), s ? vxg_subset_at(s, first) : first, k);
    const int64_t bottom = k->top + vxg_op_range(k->part)->shape[0];
    k->first = first, k->count = 0;
    if (!s) {
        k->count = bottom - k->top;
        return 1;
    }
    while (first + k->count < total) {
        const int64_t row = vxg_subset_at(s, first + k->count);
        if (row < k->top || row >= bottom) break;
        k->count++;
    }
    k->subset = (vxg_subset){.count = k->count, .first = s->first - k->top, .step = s->step};
    if (s->index) {
        k->subset.index = s->index + first;
    } else {
        k->subset.first = vxg_subset_at(s, first) - k->top;
    }
    return 1;
}
static vxg_call piece_call(const vxg_call *call, const piece *k, int accumulate) {
    vxg_call c = vxg__part_call(call, accumulate);
    c.subset = call->subset ? &k->subset : NULL;
    return c;
}
static size_t stack_workspace(const vxg_op *op, const vxg_call *call) {
    size_t most = 0;
    piece k = {0};
    if (call->subset && vxg__subset_check(call->subset, op->out.shape[0], "stack")) return 0;
    while (next_piece(op, call->subset, &k)) {
        const vxg_call c = piece_call(call, &k, 0);
        const size_t n = vxg_op_workspace(k.part, &c);
        if (n > most) most = n;
    }
    return most;
}
static int stack_apply(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                       const vxg_array *out) {
    piece k = {0};
    while (next_piece(op, call->subset, &k)) {
        const vxg_array rows = vxg__rows(out, k.first, k.count);
        const vxg_call c = piece_call(call, &k, call->accumulate);
        VXG_TRY(vxg_op_apply(k.part, &c, in, &rows));
    }
    return VXG_OK;
}
static int stack_jvp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                     const vxg_array *tangent, const vxg_array *out) {
    piece k = {0};
    while (next_piece(op, call->subset, &k)) {
        const vxg_array rows = vxg__rows(out, k.first, k.count);
        const vxg_call c = piece_call(call, &k, call->accumulate);
        VXG_TRY(vxg_op_jvp(k.part, &c, in, tangent, &rows));
    }
    return VXG_OK;
}
static int stack_vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                     const vxg_array *cotangent, const vxg_array *grad) {
    piece k = {0};
    while (next_piece(op, call->subset, &k)) {
        const vxg_array rows = vxg__rows(cotangent, k.first, k.count);
        const vxg_call c = piece_call(call, &k, k.first > 0 || call->accumulate);
        VXG_TRY(vxg_op_vjp(k.part, &c, in, &rows, grad));
    }
    return VXG_OK;
}
static const vxg_op_class stack_class = {.name = "stack",
                                         .accumulates = 1,
                                         .apply = stack_apply,
                                         .jvp = stack_jvp,
                                         .vjp = stack_vjp,
                                         .workspace = stack_workspace,
                                         .destroy = vxg__parts_free};

int vxg_op_stack(const vxg_op *const *ops, int count, vxg_op **out) {
    vxg_subsets subsets = VXG_SUBSETS_EXACT;
    VXG_TRY(vxg__combine_begin(out, "stack"));
    VXG_FAIL_IF(!ops || count < 1, VXG_ERR_ARGUMENT, "stack: no operators");
    for (int i = 0; i < count; i++) VXG_NEED_OP(ops[i], "stack");
    vxg_space range = *vxg_op_range(ops[0]);
    uint32_t linear = ops[0]->linear;
    VXG_FAIL_IF(range.ndim < 1, VXG_ERR_ARGUMENT, "stack: ranges of rank 0");
    for (int i = 0; i < count; i++) {
        vxg_space r = *vxg_op_range(ops[i]);
        VXG_TRY(same_domains(ops[0], ops[i], "stack"));
        const int64_t n = r.ndim ? r.shape[0] : 0;
        if (r.ndim) r.shape[0] = range.shape[0];
        VXG_FAIL_IF(!vxg_space_equal(&r, &range), VXG_ERR_ARGUMENT,
                    "stack: the ranges of %s and %s differ beyond their first axis",
                    vxg_op_name(ops[0]), vxg_op_name(ops[i]));
        if (i) range.shape[0] += n;
        linear &= ops[i]->linear;
        if (ops[i]->subsets == VXG_SUBSETS_OWN) subsets = VXG_SUBSETS_OWN;
    }
    return vxg__parts_op(&stack_class, linear, subsets, ops[0], &range, vxg__parts_new(ops, count),
                         out);
}

/* ---- adjoint and normal: linear operators only ---- */
static int need_linear(const vxg_op *op, const char *what) {
    VXG_NEED_OP(op, what);
    VXG_FAIL_IF(!vxg_op_is_linear(op), VXG_ERR_ARGUMENT,
                "%s: %s is not linear in a single input; bind the others or use the vjp", what,
                vxg_op_name(op));
    return VXG_OK;
}
/* An operator from `in` to `range`, linear, that makes the whole for a subset. */
static int linear_op(const vxg_op_class *cls, const vxg_op *op, const vxg_space *in,
                     const vxg_space *range, vxg_op **out) {
    vxg_parts *p = vxg__parts_new(&op, 1);
    if (!p) return VXG_ERR_MEMORY;
    return vxg__op_new_linear(cls, op->dev, in, range, VXG_SUBSETS_NONE, p, out);
}

static int adjoint_apply(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                         const vxg_array *out) {
    return vxg_op_apply_adjoint(vxg__parts(op)->op[0], call, in, out);
}
static int adjoint_vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                       const vxg_array *cotangent, const vxg_array *grad) {
    (void)in;
    return vxg_op_apply(vxg__parts(op)->op[0], call, cotangent, grad);
}
static const vxg_op_class adjoint_class = {.name = "adjoint",
                                           .accumulates = 1,
                                           .apply = adjoint_apply,
                                           .vjp = adjoint_vjp,
                                           .workspace = vxg__parts_workspace,
                                           .destroy = vxg__parts_free};

int vxg_op_adjoint(const vxg_op *op, vxg_op **out) {
    VXG_TRY(vxg__combine_begin(out, "adjoint"));
    VXG_TRY(need_linear(op, "adjoint"));
    VXG_FAIL_IF(!op->cls.vjp, VXG_ERR_UNSUPPORTED, "adjoint: %s has no vjp", vxg_op_name(op));
    return linear_op(&adjoint_class, op, &op->out, &op->in[0], out);
}

static size_t normal_workspace(const vxg_op *op, const vxg_call *call) {
    return vxg__op_normal_workspace(vxg__parts(op)->op[0], call);
}
static int normal_apply(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                        const vxg_array *out) {
    return vxg__op_normal(vxg__parts(op)->op[0], call, in, out);
}
static int normal_vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                      const vxg_array *cotangent, const vxg_array *grad) {
    (void)in;
    return normal_apply(op, call, cotangent, grad); /* A'A is symmetric */
}
static const vxg_op_class normal_class = {.name = "normal",
                                          .accumulates = 1,
                                          .apply = normal_apply,
                                          .vjp = normal_vjp,
                                          .workspace = normal_workspace,
                                          .destroy = vxg__parts_free};

int vxg_op_normal(const vxg_op *op, vxg_op **out) {
    VXG_TRY(vxg__combine_begin(out, "normal"));
    VXG_TRY(need_linear(op, "normal"));
    VXG_FAIL_IF(!op->cls.vjp && !op->cls.normal, VXG_ERR_UNSUPPORTED, "normal: %s has no vjp",
                vxg_op_name(op));
    return linear_op(&normal_class, op, &op->in[0], &op->in[0], out);
}
