/* The operator type: making an operator, what it says of itself. */
#include "op/op.h"

#include "device/backend.h"

#include <string.h>

/* ---- Making ---- */
static int check_opts(const vxg_op_class *cls, const vxg_op_opts *o) {
    VXG_FAIL_IF(!cls->name || !cls->apply, VXG_ERR_ARGUMENT,
                "operator class: the name or apply is missing");
    VXG_FAIL_IF(!o->device || !o->in || !o->out, VXG_ERR_ARGUMENT,
                "operator %s: device, in or out is missing", cls->name);
    VXG_TRY(vxg__device_check(o->device, cls->name));
    VXG_FAIL_IF(o->ninputs < 1 || o->ninputs > VXG_MAX_INPUTS, VXG_ERR_ARGUMENT,
                "operator %s: %d inputs, 1..%d are possible", cls->name, o->ninputs,
                VXG_MAX_INPUTS);
    VXG_FAIL_IF(o->linear >> o->ninputs, VXG_ERR_ARGUMENT,
                "operator %s: linear has bits of inputs that there are not", cls->name);
    VXG_FAIL_IF((int)o->subsets < 0 || o->subsets > VXG_SUBSETS_EXACT, VXG_ERR_ARGUMENT,
                "operator %s: subsets is %d", cls->name, (int)o->subsets);
    VXG_FAIL_IF(o->subsets && o->out->ndim < 1, VXG_ERR_ARGUMENT,
                "operator %s: a range of rank 0 has no subsets", cls->name);
    VXG_FAIL_IF(cls->normal && (o->ninputs != 1 || !(o->linear & 1)), VXG_ERR_ARGUMENT,
                "operator %s: normal is for an operator linear in its only input", cls->name);
    VXG_TRY(vxg__space_check(o->out, cls->name, "output", 0));
    for (int i = 0; i < o->ninputs; i++)
        VXG_TRY(vxg__space_check(&o->in[i], cls->name, "input", i));
    return VXG_OK;
}

int vxg_op_new(const vxg_op_class *cls, const vxg_op_opts *opts, vxg_op **result) {
    vxg_op_class own;
    vxg_op_opts o;
    VXG_FAIL_IF(!cls || !opts || !result, VXG_ERR_ARGUMENT,
                "operator: the class, the options or the result is NULL");
    *result = NULL;
    VXG_TRY(VXG_IN(vxg_op_class, &own, cls));
    VXG_TRY(VXG_IN(vxg_op_opts, &o, opts));
    const int status = check_opts(&own, &o);
    vxg_op *op = status ? NULL : vxg__object_new(VXG_KIND_OP, sizeof *op);
    if (!op) {
        if (own.destroy) own.destroy(o.state);
        return status ? status : VXG_ERR_MEMORY;
    }
    op->cls = own, op->ninputs = o.ninputs, op->linear = o.linear, op->subsets = o.subsets;
    op->out = *o.out, op->state = o.state, op->references = 1, op->norm = -1;
    memcpy(op->in, o.in, (size_t)o.ninputs * sizeof *o.in);
    op->out.size = (uint32_t)sizeof op->out;
    for (int i = 0; i < o.ninputs; i++) op->in[i].size = (uint32_t)sizeof op->in[i];
    op->dev = vxg_device_retain(o.device);
    *result = op;
    return VXG_OK;
}

int vxg__op_new_linear(const vxg_op_class *cls, vxg_device *dev, const vxg_space *in,
                       const vxg_space *out, vxg_subsets subsets, void *state, vxg_op **result) {
    const vxg_op_opts opts = {.linear = 1,
                              .device = dev,
                              .in = in,
                              .ninputs = 1,
                              .subsets = subsets,
                              .out = out,
                              .state = state};
    return vxg_op_new(cls, &opts, result);
}

vxg_op *vxg_op_retain(const vxg_op *op) {
    vxg_op *o = (vxg_op *)(uintptr_t)op; /* immutable but for the count */
    if (!vxg__op_is(op)) return NULL;
    __atomic_add_fetch(&o->references, 1, __ATOMIC_RELAXED);
    return o;
}

void vxg_op_release(vxg_op *op) {
    if (!vxg__op_is(op) || __atomic_sub_fetch(&op->references, 1, __ATOMIC_ACQ_REL)) return;
    if (op->cls.destroy) op->cls.destroy(op->state);
    vxg_device_release(op->dev);
    vxg__object_free(op);
}

/* ---- What it says of itself ---- */
const char *vxg_op_name(const vxg_op *op) {
    return vxg__op_is(op) ? op->cls.name : "";
}
void *vxg_op_state(const vxg_op *op) {
    return vxg__op_is(op) ? op->state : NULL;
}
vxg_device *vxg_op_device(const vxg_op *op) {
    return vxg__op_is(op) ? op->dev : NULL;
}
int vxg_op_inputs(const vxg_op *op) {
    return vxg__op_is(op) ? op->ninputs : 0;
}
const vxg_space *vxg_op_domain(const vxg_op *op, int input) {
    return vxg__op_is(op) && input >= 0 && input < op->ninputs ? &op->in[input] : NULL;
}
const vxg_space *vxg_op_range(const vxg_op *op) {
    return vxg__op_is(op) ? &op->out : NULL;
}
int vxg_op_is_linear(const vxg_op *op) {
    return vxg__op_is(op) && op->ninputs == 1 && (op->linear & 1);
}
int vxg_op_linear_in(const vxg_op *op, int input) {
    return vxg__op_is(op) && input >= 0 && input < op->ninputs && (op->linear >> input & 1);
}
vxg_subsets vxg_op_subsets(const vxg_op *op) {
    return vxg__op_is(op) ? op->subsets : VXG_SUBSETS_NONE;
}

int vxg_op_call_range(const vxg_op *op, const vxg_call *call, vxg_space *out) {
    VXG_NEED_OP(op, "range of a call");
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "range of a call: out is NULL");
    *out = op->out;
    if (!call || !call->subset) return VXG_OK;
    vxg_subset subset;
    VXG_TRY(VXG_IN(vxg_subset, &subset, call->subset));
    VXG_FAIL_IF(op->out.ndim < 1, VXG_ERR_ARGUMENT, "%s: a range of rank 0 has no subsets",
                op->cls.name);
    VXG_TRY(vxg__subset_check(&subset, op->out.shape[0], op->cls.name));
    out->shape[0] = subset.count;
    return VXG_OK;
}

size_t vxg_op_workspace(const vxg_op *op, const vxg_call *call) {
    if (!vxg__op_is(op)) return 0;
    vxg_call c;
    if (VXG_IN(vxg_call, &c, call)) return 0;
    const int whole = c.subset && !op->subsets;
    if (whole) c.subset = NULL;
    const size_t own = op->cls.workspace ? vxg_workspace_bytes(op->cls.workspace(op, &c)) : 0;
    return vxg__bytes_add(own, whole ? vxg_space_bytes(&op->out) : 0);
}

int vxg_op_new_array(const vxg_op *op, int input, vxg_array *out) {
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "new array: out is NULL");
    *out = (vxg_array){0};
    VXG_NEED_OP(op, "new array");
    VXG_FAIL_IF(input < -1 || input >= op->ninputs, VXG_ERR_ARGUMENT, "%s has no input %d",
                op->cls.name, input);
    const vxg_space *s = input < 0 ? &op->out : &op->in[input];
    return vxg_array_new(op->dev, s->dtype, s->ndim, s->shape, out);
}

int vxg__op_queue(const vxg_op *op, vxg_queue **queue) {
    if (!*queue) return vxg__device_queue(op->dev, queue);
    VXG_FAIL_IF(!vxg__object_is(*queue, VXG_KIND_QUEUE), VXG_ERR_ARGUMENT,
                "%s: the call's queue was released", op->cls.name);
    VXG_FAIL_IF(vxg_queue_device(*queue) != op->dev, VXG_ERR_ARGUMENT,
                "%s: the call's queue is on another device", op->cls.name);
    return VXG_OK;
}
