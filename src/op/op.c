/* The operator type: spaces, making an operator, what it says of itself, workspace. */
#include "op/op.h"

#include "device/backend.h"

#include <string.h>

/* ---- Spaces ---- */
int64_t vxg_space_count(const vxg_space *s) {
    int64_t n = s ? 1 : 0;
    for (int i = 0; s && i < s->ndim; i++) n *= s->shape[i];
    return n;
}
size_t vxg_workspace_bytes(size_t bytes) {
    return (bytes + VXG_WORKSPACE_ALIGN - 1) / VXG_WORKSPACE_ALIGN * VXG_WORKSPACE_ALIGN;
}
size_t vxg_space_bytes(const vxg_space *s) {
    return s ? vxg_workspace_bytes((size_t)vxg_space_count(s) * vxg_dtype_size(s->dtype)) : 0;
}
int vxg_space_equal(const vxg_space *a, const vxg_space *b) {
    if (!a || !b) return 0;
    return a->dtype == b->dtype && a->ndim == b->ndim &&
           !memcmp(a->shape, b->shape, (size_t)a->ndim * sizeof *a->shape);
}

static int check_space(const vxg_space *s, const char *name, const char *what, int number) {
    int64_t n = 1;
    VXG_TRY(VXG_FIXED(vxg_space, s));
    VXG_FAIL_IF(s->ndim < 0 || s->ndim > VXG_MAX_DIMS, VXG_ERR_ARGUMENT,
                "operator %s: %s %d has rank %d, 0..%d are possible", name, what, number, s->ndim,
                VXG_MAX_DIMS);
    VXG_FAIL_IF(vxg_dtype_size(s->dtype) == 0, VXG_ERR_ARGUMENT,
                "operator %s: %s %d has the unknown type %d", name, what, number, (int)s->dtype);
    for (int i = 0; i < s->ndim; i++) {
        VXG_FAIL_IF(s->shape[i] < 0, VXG_ERR_ARGUMENT, "operator %s: %s %d: size %lld of axis %d",
                    name, what, number, (long long)s->shape[i], i);
        VXG_FAIL_IF(s->shape[i] && n > VXG_MAX_ELEMENTS / s->shape[i], VXG_ERR_ARGUMENT,
                    "operator %s: %s %d has more than 2^40 elements", name, what, number);
        n *= s->shape[i];
    }
    return VXG_OK;
}

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
    VXG_TRY(check_space(o->out, cls->name, "output", 0));
    for (int i = 0; i < o->ninputs; i++) VXG_TRY(check_space(&o->in[i], cls->name, "input", i));
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
    op->out = *o.out, op->state = o.state, op->references = 1;
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
    return own + (whole ? vxg_space_bytes(&op->out) : 0);
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

/* ---- Workspace ---- */
/* Moves the call's mark over `bytes`; *at is where they begin. */
static int take(vxg_call *call, size_t bytes, size_t *at) {
    const size_t begin = vxg_workspace_bytes(call->workspace_used);
    const size_t size = vxg_buffer_size(call->workspace);
    VXG_FAIL_IF(begin > size || bytes > size - begin, VXG_ERR_ARGUMENT,
                "workspace: %zu bytes are taken at %zu of %zu: the class promised fewer", bytes,
                begin, size);
    *at = begin;
    call->workspace_used = begin + vxg_workspace_bytes(bytes);
    return VXG_OK;
}

int vxg_call_workspace(vxg_call *call, const vxg_space *space, vxg_array *out) {
    size_t at;
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "workspace: out is NULL");
    *out = (vxg_array){0};
    VXG_FAIL_IF(!call || !call->workspace || !space, VXG_ERR_ARGUMENT,
                "workspace: the call, its workspace or the space is NULL");
    VXG_TRY(check_space(space, "workspace", "array", 0));
    vxg_array a = {.size = (uint32_t)sizeof a,
                   .buffer = call->workspace,
                   .dtype = space->dtype,
                   .ndim = space->ndim};
    int64_t n = 1;
    for (int i = space->ndim - 1; i >= 0; i--) {
        a.shape[i] = space->shape[i], a.stride[i] = n;
        n *= space->shape[i];
    }
    VXG_TRY(take(call, (size_t)n * vxg_dtype_size(space->dtype), &at));
    a.offset = (int64_t)(at / vxg_dtype_size(space->dtype));
    *out = a;
    return VXG_OK;
}

void *vxg_call_scratch(vxg_call *call, size_t bytes) {
    size_t at;
    char *host = call && call->workspace ? vxg_buffer_host(call->workspace) : NULL;
    return host && !take(call, bytes, &at) ? host + at : NULL;
}

int vxg__op_queue(const vxg_op *op, vxg_queue **queue) {
    if (!*queue) return vxg__device_queue(op->dev, queue);
    VXG_FAIL_IF(!vxg__object_is(*queue, VXG_KIND_QUEUE), VXG_ERR_ARGUMENT,
                "%s: the call's queue was released", op->cls.name);
    VXG_FAIL_IF(vxg_queue_device(*queue) != op->dev, VXG_ERR_ARGUMENT,
                "%s: the call's queue is on another device", op->cls.name);
    return VXG_OK;
}
