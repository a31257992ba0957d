/* Combinators that fix something of one operator: an input (bind), or which entries of the range
 * there are (subset, slice). */
#include <string.h>

#include "op/op.h"

/* ---- subset and slice: some entries of the range ---- */
/* The call of the part: its own subset, or the entries of that which this call wants. *owned is to
 * be freed after the call. */
static int part_subset(const vxg_op *op, const vxg_call *call, vxg_call *inner, vxg_subset *subset,
                       int64_t **owned) {
    const vxg_parts *p = vxg__parts(op);
    *inner = *call, *owned = NULL;
    inner->subset = &p->subset;
    if (!call->subset) return VXG_OK;
    VXG_TRY(vxg__subset_check(call->subset, p->subset.count, "subset"));
    VXG_TRY(vxg__subset_of(&p->subset, call->subset, subset, owned));
    inner->subset = subset;
    return VXG_OK;
}
static size_t subset_workspace(const vxg_op *op, const vxg_call *call) {
    vxg_subset s;
    vxg_call inner;
    int64_t *owned;
    if (part_subset(op, call, &inner, &s, &owned)) return 0;
    const size_t n = vxg_op_workspace(vxg__parts(op)->op[0], &inner);
    vxg__free(owned);
    return n;
}
static int subset_apply(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                        const vxg_array *out) {
    vxg_subset s;
    vxg_call inner;
    int64_t *owned;
    VXG_TRY(part_subset(op, call, &inner, &s, &owned));
    const int status = vxg_op_apply(vxg__parts(op)->op[0], &inner, in, out);
    vxg__free(owned);
    return status;
}
static int subset_jvp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                      const vxg_array *tangent, const vxg_array *out) {
    vxg_subset s;
    vxg_call inner;
    int64_t *owned;
    VXG_TRY(part_subset(op, call, &inner, &s, &owned));
    const int status = vxg_op_jvp(vxg__parts(op)->op[0], &inner, in, tangent, out);
    vxg__free(owned);
    return status;
}
static int subset_vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                      const vxg_array *cotangent, const vxg_array *grad) {
    vxg_subset s;
    vxg_call inner;
    int64_t *owned;
    VXG_TRY(part_subset(op, call, &inner, &s, &owned));
    const int status = vxg_op_vjp(vxg__parts(op)->op[0], &inner, in, cotangent, grad);
    vxg__free(owned);
    return status;
}
static int subset_normal(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                         const vxg_array *out) {
    vxg_subset s;
    vxg_call inner;
    int64_t *owned;
    VXG_TRY(part_subset(op, call, &inner, &s, &owned));
    const int status = vxg__op_normal(vxg__parts(op)->op[0], &inner, in, out);
    vxg__free(owned);
    return status;
}
#define SUBSET_CLASS                                                                               \
    .name = "subset", .accumulates = 1, .apply = subset_apply, .jvp = subset_jvp,                  \
    .vjp = subset_vjp, .workspace = subset_workspace, .destroy = vxg__parts_free
static const vxg_op_class subset_class = {SUBSET_CLASS};
/* Of a part that has a normal of its own, which a subset reaches. */
static const vxg_op_class subset_normal_class = {SUBSET_CLASS, .normal = subset_normal};

int vxg_op_subset(const vxg_op *op, const vxg_subset *subset, vxg_op **out) {
    VXG_TRY(vxg__combine_begin(out, "subset"));
    VXG_NEED_OP(op, "subset");
    VXG_FAIL_IF(!subset, VXG_ERR_ARGUMENT, "subset: the subset is NULL");
    vxg_space range;
    vxg_subset s;
    VXG_TRY(VXG_IN(vxg_subset, &s, subset));
    VXG_TRY(vxg_op_call_range(op, &(vxg_call){.subset = &s}, &range));
    vxg_parts *p = vxg__parts_new(&op, 1);
    if (!p) return VXG_ERR_MEMORY;
    const size_t n = (size_t)s.count;
    p->subset = s;
    if (s.index) {
        p->index = vxg__calloc(n, sizeof *p->index);
        if (!p->index) {
            vxg__parts_free(p);
            return VXG_ERR_MEMORY;
        }
        memcpy(p->index, s.index, n * sizeof *p->index);
        p->subset.index = p->index;
    }
    const int fused = op->cls.normal && op->subsets;
    return vxg__parts_op(fused ? &subset_normal_class : &subset_class, op->linear,
                         vxg__part_subsets(op), op, &range, p, out);
}

int vxg_op_slice(const vxg_op *op, int64_t begin, int64_t end, vxg_op **out) {
    VXG_TRY(vxg__combine_begin(out, "slice"));
    VXG_NEED_OP(op, "slice");
    const int64_t n = op->out.ndim ? op->out.shape[0] : 0;
    VXG_FAIL_IF(begin < 0 || end <= begin || end > n, VXG_ERR_ARGUMENT,
                "slice: rows %lld..%lld of a range with %lld", (long long)begin, (long long)end,
                (long long)n);
    return vxg_op_subset(op, &(vxg_subset){.first = begin, .count = end - begin}, out);
}

/* ---- bind: one input fixed ---- */
/* All inputs of the part, from those of the bound operator and what stands at the bound one. */
static void spread(const vxg_parts *p, const vxg_array *given, vxg_array bound, vxg_array *all) {
    for (int i = 0, k = 0; i < vxg_op_inputs(p->op[0]); i++)
        all[i] = i == p->input ? bound : given[k++];
}
static int bind_apply(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                      const vxg_array *out) {
    const vxg_parts *p = vxg__parts(op);
    vxg_array all[VXG_MAX_INPUTS];
    spread(p, in, p->value, all);
    return vxg_op_apply(p->op[0], call, all, out);
}
static int bind_jvp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                    const vxg_array *tangent, const vxg_array *out) {
    const vxg_parts *p = vxg__parts(op);
    vxg_array all[VXG_MAX_INPUTS], t[VXG_MAX_INPUTS];
    spread(p, in, p->value, all);
    spread(p, tangent, (vxg_array){0}, t);
    return vxg_op_jvp(p->op[0], call, all, t, out);
}
static int bind_vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                    const vxg_array *cotangent, const vxg_array *grad) {
    const vxg_parts *p = vxg__parts(op);
    vxg_array all[VXG_MAX_INPUTS], g[VXG_MAX_INPUTS];
    spread(p, in, p->value, all);
    spread(p, grad, (vxg_array){0}, g);
    return vxg_op_vjp(p->op[0], call, all, cotangent, g);
}
static const vxg_op_class bind_class = {.name = "bind",
                                        .accumulates = 1,
                                        .apply = bind_apply,
                                        .jvp = bind_jvp,
                                        .vjp = bind_vjp,
                                        .workspace = vxg__parts_workspace,
                                        .destroy = vxg__parts_free};

/* What is left of the operator without one input. */
static int remaining(const vxg_op *op, int input, vxg_space *in, uint32_t *linear) {
    const uint32_t below = ((uint32_t)1 << input) - 1;
    int n = 0;
    for (int i = 0; i < op->ninputs; i++)
        if (i != input) in[n++] = op->in[i];
    *linear = (op->linear & below) | (op->linear >> 1 & ~below);
    return n;
}

/* The class's own binding, where it has one; *out NULL where it has not. */
static int specialised(const vxg_op *op, int input, const vxg_array *value, const vxg_op_opts *want,
                       vxg_op **out) {
    *out = NULL;
    if (!op->cls.bind) return VXG_OK;
    VXG_TRY(op->cls.bind(op, input, value, out));
    if (!*out) return VXG_OK;
    int good = (*out)->dev == op->dev && (*out)->ninputs == want->ninputs &&
               vxg_space_equal(&(*out)->out, want->out) && !(want->linear & ~(*out)->linear);
    for (int i = 0; i < want->ninputs && good; i++)
        good = vxg_space_equal(&(*out)->in[i], &want->in[i]);
    if (good) return VXG_OK;
    vxg_op_release(*out);
    *out = NULL;
    return vxg_error_set(VXG_ERR_FAILED,
                         "bind: what %s makes for input %d has other inputs, another range or "
                         "fewer linear inputs",
                         vxg_op_name(op), input);
}

/* A copy of the value that is there when the caller goes on: the operator may be applied on any
 * queue. */
static int copy_value(const vxg_op *op, int input, const vxg_array *value, vxg_array *copy) {
    vxg_queue *queue = NULL;
    VXG_TRY(vxg_op_new_array(op, input, copy));
    int status = vxg__op_queue(op, &queue);
    if (!status) status = vxg_array_copy(queue, value, copy);
    if (!status) status = vxg_queue_sync(queue);
    if (status) vxg_array_release(copy);
    return status;
}

int vxg_op_bind(const vxg_op *op, int input, const vxg_array *value, vxg_op **out) {
    vxg_space in[VXG_MAX_INPUTS];
    vxg_array copy;
    VXG_TRY(vxg__combine_begin(out, "bind"));
    VXG_NEED_OP(op, "bind");
    VXG_FAIL_IF(input < 0 || input >= op->ninputs, VXG_ERR_ARGUMENT, "bind: %s has no input %d",
                vxg_op_name(op), input);
    VXG_FAIL_IF(op->ninputs < 2, VXG_ERR_ARGUMENT, "bind: %s has a single input", vxg_op_name(op));
    VXG_TRY(vxg__check_array(op, value, &op->in[input], "the value for input", input));
    VXG_TRY(copy_value(op, input, value, &copy));
    vxg_op_opts opts = {
        .device = op->dev, .in = in, .out = &op->out, .subsets = vxg__part_subsets(op)};
    opts.ninputs = remaining(op, input, in, &opts.linear);
    int status = specialised(op, input, &copy, &opts, out);
    vxg_parts *p = status || *out ? NULL : vxg__parts_new(&op, 1);
    if (!p) {
        vxg_array_release(&copy);
        return status || *out ? status : VXG_ERR_MEMORY;
    }
    p->input = input, p->value = copy;
    opts.state = p;
    return vxg_op_new(&bind_class, &opts, out);
}
