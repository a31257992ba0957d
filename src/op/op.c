/* The operator type: validation, batches, layout and workspace, so that classes see only contiguous
 * arrays of the declared shape. */
#include "op/op.h"

#include "device/backend.h"

#include <stdio.h>
#include <string.h>

#define ALIGN 256

struct vxg_op {
    const vxg_op_class *cls; /* own */
    vxg_op_class own;
    vxg_device *dev;
    int ninputs;
    vxg_space in[VXG_MAX_INPUTS], out;
    void *state;
    int references; /* atomic */
};

int64_t vxg__space_count(const vxg_space *s) {
    int64_t n = 1;
    for (int i = 0; i < s->ndim; i++) n *= s->shape[i];
    return n;
}
size_t vxg__space_bytes(const vxg_space *s) {
    size_t n = (size_t)vxg__space_count(s) * vxg_dtype_size(s->dtype);
    return (n + ALIGN - 1) / ALIGN * ALIGN;
}
int vxg__space_equal(const vxg_space *a, const vxg_space *b) {
    return a->dtype == b->dtype && a->ndim == b->ndim &&
           !memcmp(a->shape, b->shape, (size_t)a->ndim * sizeof *a->shape);
}

vxg_array vxg__workspace_array(vxg_call *call, const vxg_space *space) {
    vxg_array a = {.size = (uint32_t)sizeof a,
                   .buffer = call->workspace,
                   .dtype = space->dtype,
                   .ndim = space->ndim};
    int64_t n = 1;
    for (int i = space->ndim - 1; i >= 0; i--)
        a.shape[i] = space->shape[i], a.stride[i] = n, n *= space->shape[i];
    a.offset = (int64_t)(call->workspace_used / vxg_dtype_size(space->dtype));
    call->workspace_used += vxg__space_bytes(space);
    return a;
}

static int check_space(const vxg_space *s, const char *name) {
    VXG_TRY(VXG_FIXED(vxg_space, s));
    VXG_FAIL_IF(!vxg_dtype_size(s->dtype), VXG_ERR_ARGUMENT,
                "operator %s: a space of unknown storage type %d", name, (int)s->dtype);
    VXG_FAIL_IF(s->ndim < 0 || s->ndim > VXG_MAX_DIMS, VXG_ERR_ARGUMENT,
                "operator %s: a space of rank %d, 0..%d is possible", name, s->ndim, VXG_MAX_DIMS);
    int64_t n = 1;
    for (int i = 0; i < s->ndim; i++) {
        VXG_FAIL_IF(s->shape[i] < 0, VXG_ERR_ARGUMENT, "operator %s: a space of negative size %lld",
                    name, (long long)s->shape[i]);
        VXG_FAIL_IF(s->shape[i] && n > VXG_MAX_ELEMENTS / s->shape[i], VXG_ERR_ARGUMENT,
                    "operator %s: a space of more than 2^40 elements", name);
        n *= s->shape[i];
    }
    return VXG_OK;
}

static int check_new(const vxg_op_class *cls, const vxg_device *dev, int ninputs,
                     const vxg_space *in, const vxg_space *out) {
    VXG_FAIL_IF(!cls->name || !cls->apply, VXG_ERR_ARGUMENT, "operator %s: name or apply is NULL",
                cls->name ? cls->name : "");
    VXG_FAIL_IF(!dev || !in || !out, VXG_ERR_ARGUMENT,
                "operator %s: device, inputs or output is NULL", cls->name);
    VXG_FAIL_IF(ninputs < 1 || ninputs > VXG_MAX_INPUTS, VXG_ERR_ARGUMENT,
                "operator %s: %d inputs, 1..%d are possible", cls->name, ninputs, VXG_MAX_INPUTS);
    for (int i = 0; i < ninputs; i++) VXG_TRY(check_space(&in[i], cls->name));
    return check_space(out, cls->name);
}

/* On failure, too, the state is the operator's; of a class that cannot be read it is left alone. */
int vxg_op_new(const vxg_op_class *cls, vxg_device *dev, int ninputs, const vxg_space *in,
               const vxg_space *out, void *state, vxg_op **result) {
    VXG_FAIL_IF(!cls || !result, VXG_ERR_ARGUMENT, "operator: class or result is NULL");
    *result = NULL;
    vxg_op_class own;
    VXG_TRY(VXG_IN(vxg_op_class, &own, cls));
    int status = check_new(&own, dev, ninputs, in, out);
    vxg_op *op = status ? NULL : vxg__calloc(1, sizeof *op);
    if (!op) {
        if (own.destroy) own.destroy(state);
        return status ? status : VXG_ERR_MEMORY;
    }
    op->own = own, op->cls = &op->own;
    op->ninputs = ninputs, op->out = *out, op->state = state, op->references = 1;
    memcpy(op->in, in, (size_t)ninputs * sizeof *in);
    op->out.size = (uint32_t)sizeof op->out;
    for (int i = 0; i < ninputs; i++) op->in[i].size = (uint32_t)sizeof op->in[i];
    op->dev = vxg_device_retain(dev);
    *result = op;
    return VXG_OK;
}

vxg_op *vxg_op_retain(const vxg_op *op) {
    vxg_op *o = (vxg_op *)(uintptr_t)op; /* immutable but for the count */
    __atomic_add_fetch(&o->references, 1, __ATOMIC_RELAXED);
    return o;
}

void vxg_op_release(vxg_op *op) {
    if (!op || __atomic_sub_fetch(&op->references, 1, __ATOMIC_ACQ_REL)) return;
    if (op->cls->destroy) op->cls->destroy(op->state);
    vxg_device_release(op->dev);
    vxg__free(op);
}

const char *vxg_op_name(const vxg_op *op) {
    return op->cls->name;
}
void *vxg_op_state(const vxg_op *op) {
    return op->state;
}
vxg_device *vxg_op_device(const vxg_op *op) {
    return op->dev;
}
int vxg_op_inputs(const vxg_op *op) {
    return op->ninputs;
}
const vxg_space *vxg_op_domain(const vxg_op *op, int input) {
    return &op->in[input];
}
const vxg_space *vxg_op_range(const vxg_op *op) {
    return &op->out;
}
int vxg_op_is_linear(const vxg_op *op) {
    return op->ninputs == 1 && (op->cls->linear & 1);
}
int vxg__op_linear_in(const vxg_op *op, int input) {
    return (op->cls->linear >> input) & 1;
}
size_t vxg_op_workspace(const vxg_op *op) {
    return op->cls->workspace ? op->cls->workspace(op) : 0;
}
int vxg_op_new_array(const vxg_op *op, int input, vxg_array *out) {
    VXG_FAIL_IF(input >= op->ninputs, VXG_ERR_ARGUMENT, "%s has no input %d", op->cls->name, input);
    const vxg_space *s = input < 0 ? &op->out : &op->in[input];
    return vxg_array_new(op->dev, s->dtype, s->ndim, s->shape, out);
}

/* ---- Evaluation ---- */
typedef enum kind { APPLY, JVP, VJP } kind;

/* Everything one evaluation reads (in, then tangents or the cotangent) and writes. */
typedef struct slot {
    const vxg_array *array; /* as given; NULL: absent */
    const vxg_space *space;
    const char *what;
    vxg_array part; /* contiguous, one batch item */
    int owned;      /* part is a temporary */
} slot;

typedef struct evaluation {
    const vxg_op *op;
    kind kind;
    slot in[VXG_MAX_INPUTS], extra[VXG_MAX_INPUTS], out[VXG_MAX_INPUTS];
    int nextra, nout;
    int64_t batch[VXG_MAX_DIMS];
    int nbatch, have_batch;
} evaluation;

static int check_slot(evaluation *e, slot *s) {
    const vxg_array *a = s->array;
    const vxg_space *want = s->space;
    const char *name = e->op->cls->name;
    if (!a || !a->buffer) {
        s->array = NULL;
        return VXG_OK;
    }
    VXG_FAIL_IF(vxg_buffer_device(a->buffer) != e->op->dev, VXG_ERR_ARGUMENT,
                "%s: %s is on another device", name, s->what);
    VXG_FAIL_IF(a->dtype != want->dtype, VXG_ERR_ARGUMENT, "%s: %s is %s, %s is expected", name,
                s->what, vxg_dtype_name(a->dtype), vxg_dtype_name(want->dtype));
    int extra = a->ndim - want->ndim;
    int good = extra >= 0;
    for (int i = 0; i < want->ndim && good; i++) good = a->shape[extra + i] == want->shape[i];
    if (!good) {
        char text[128] = "";
        for (int i = 0; i < want->ndim; i++)
            snprintf(text + strlen(text), sizeof text - strlen(text), "%s%lld", i ? " x " : "",
                     (long long)want->shape[i]);
        VXG_FAIL(VXG_ERR_ARGUMENT, "%s: %s has another shape, %s is expected (after batch axes)",
                 name, s->what, text);
    }
    if (!e->have_batch) {
        e->nbatch = extra, e->have_batch = 1;
        memcpy(e->batch, a->shape, (size_t)extra * sizeof *a->shape);
    }
    VXG_FAIL_IF(extra != e->nbatch || memcmp(e->batch, a->shape, (size_t)extra * sizeof *a->shape),
                VXG_ERR_ARGUMENT, "%s: %s has other batch axes than the arrays before it", name,
                s->what);
    return VXG_OK;
}

/* The given array's part for one batch item. */
static vxg_array item_view(const evaluation *e, const slot *s, int64_t item) {
    vxg_array v = *s->array;
    for (int i = e->nbatch - 1; i >= 0; i--) {
        v.offset += item % e->batch[i] * v.stride[i];
        item /= e->batch[i];
    }
    v.ndim = s->space->ndim;
    memmove(v.shape, v.shape + e->nbatch, (size_t)v.ndim * sizeof *v.shape);
    memmove(v.stride, v.stride + e->nbatch, (size_t)v.ndim * sizeof *v.stride);
    return v;
}

/* One batch item of a slot as a contiguous array; outputs that cannot be written in place and the
 * class's missing accumulation go through a temporary. */
static int open_slot(evaluation *e, slot *s, int64_t item, vxg_queue *queue, int is_out, int adds) {
    vxg_array v;
    s->owned = 0;
    s->part = (vxg_array){0};
    if (!s->array) return VXG_OK;
    v = item_view(e, s, item);
    s->part = v;
    if (vxg_array_is_contiguous(&v) && !(is_out && adds && !e->op->cls->accumulates)) return VXG_OK;
    vxg_array t;
    VXG_TRY(vxg_array_new(e->op->dev, v.dtype, v.ndim, v.shape, &t));
    int status = VXG_OK;
    if (!is_out || (adds && e->op->cls->accumulates)) status = vxg_array_copy(queue, &v, &t);
    if (status) {
        vxg_array_release(&t);
        return status;
    }
    s->owned = 1;
    s->part = t;
    return VXG_OK;
}

static int close_slot(evaluation *e, slot *s, int64_t item, vxg_queue *queue, int is_out, int adds,
                      int status) {
    if (!s->owned) return status;
    if (is_out && !status) {
        vxg_array given = item_view(e, s, item);
        double keep = adds && !e->op->cls->accumulates ? 1 : 0;
        status = vxg_array_axpby(queue, 1, &s->part, keep, &given);
    }
    if (!status) status = vxg_queue_sync(queue); /* the temporary must outlive the copy */
    vxg_array_release(&s->part);
    s->owned = 0;
    return status;
}

static int call_class(evaluation *e, const vxg_call *call) {
    vxg_array in[VXG_MAX_INPUTS], extra[VXG_MAX_INPUTS], out[VXG_MAX_INPUTS];
    const vxg_op_class *c = e->op->cls;
    for (int i = 0; i < VXG_MAX_INPUTS; i++)
        in[i] = e->in[i].part, extra[i] = e->extra[i].part, out[i] = e->out[i].part;
    switch (e->kind) {
    case APPLY: return c->apply(e->op, call, in, out);
    case JVP:
        if (c->jvp) return c->jvp(e->op, call, in, extra, out);
        return c->apply(e->op, call, extra, out); /* linear in its only input */
    case VJP: return c->vjp(e->op, call, in, extra, out);
    }
    return VXG_ERR_FAILED;
}

static int run_item(evaluation *e, const vxg_call *call, int64_t item) {
    int status = VXG_OK, n = e->op->ninputs, adds = call->accumulate;
    for (int i = 0; i < n && !status; i++)
        status = open_slot(e, &e->in[i], item, call->queue, 0, 0);
    for (int i = 0; i < e->nextra && !status; i++)
        status = open_slot(e, &e->extra[i], item, call->queue, 0, 0);
    for (int i = 0; i < e->nout && !status; i++)
        status = open_slot(e, &e->out[i], item, call->queue, 1, adds);
    if (!status) {
        vxg_call inner = *call;
        inner.accumulate = adds && e->op->cls->accumulates;
        status = call_class(e, &inner);
    }
    for (int i = 0; i < n; i++) status = close_slot(e, &e->in[i], item, call->queue, 0, 0, status);
    for (int i = 0; i < e->nextra; i++)
        status = close_slot(e, &e->extra[i], item, call->queue, 0, 0, status);
    for (int i = 0; i < e->nout; i++)
        status = close_slot(e, &e->out[i], item, call->queue, 1, adds, status);
    return status;
}

static int evaluate_in_scope(evaluation *e, const vxg_call *given) {
    vxg_call call;
    VXG_TRY(VXG_IN(vxg_call, &call, given));
    VXG_TRY(vxg__progress_check(call.progress));
    vxg_device *dev = e->op->dev;
    size_t need = vxg_op_workspace(e->op);
    vxg_buffer *own = NULL;
    for (int i = 0; i < e->op->ninputs; i++) VXG_TRY(check_slot(e, &e->in[i]));
    for (int i = 0; i < e->nextra; i++) VXG_TRY(check_slot(e, &e->extra[i]));
    for (int i = 0; i < e->nout; i++) VXG_TRY(check_slot(e, &e->out[i]));
    if (!call.queue) VXG_TRY(vxg__device_queue(dev, &call.queue));
    VXG_FAIL_IF(vxg_queue_device(call.queue) != dev, VXG_ERR_ARGUMENT,
                "%s: the call's queue is on another device", e->op->cls->name);
    VXG_FAIL_IF(call.workspace && vxg_buffer_device(call.workspace) != dev, VXG_ERR_ARGUMENT,
                "%s: the call's workspace is on another device", e->op->cls->name);
    if (need && (!call.workspace || vxg_buffer_size(call.workspace) < call.workspace_used + need)) {
        VXG_TRY(vxg_buffer_new(dev, need, &own));
        call.workspace = own, call.workspace_used = 0;
    }
    int64_t items = 1;
    for (int i = 0; i < e->nbatch; i++) items *= e->batch[i];
    int status = VXG_OK;
    for (int64_t item = 0; item < items && !status; item++) {
        status = vxg__cancelled(call.progress) ? vxg_error_set(VXG_ERR_CANCELLED, "interrupted")
                                               : run_item(e, &call, item);
    }
    if (own) {
        int synced = vxg_queue_sync(call.queue);
        if (!status) status = synced;
        vxg_buffer_release(own);
    }
    return status;
}

/* One thread count for all that is planned and run here. */
static int evaluate(evaluation *e, const vxg_call *given) {
    vxg_scope scope;
    vxg__scope_enter(&scope);
    const int status = evaluate_in_scope(e, given);
    vxg__scope_leave(&scope);
    return status;
}

static const char *const input_words[] = {"input 0", "input 1", "input 2", "input 3"};

static void set_inputs(evaluation *e, const vxg_array *in) {
    for (int i = 0; i < e->op->ninputs; i++)
        e->in[i] =
            (slot){.array = in ? &in[i] : NULL, .space = &e->op->in[i], .what = input_words[i]};
}

static int need_inputs(const vxg_op *op, const vxg_array *in) {
    for (int i = 0; i < op->ninputs; i++)
        VXG_FAIL_IF(!in || !in[i].buffer, VXG_ERR_ARGUMENT, "%s: input %d is missing",
                    op->cls->name, i);
    return VXG_OK;
}

int vxg_op_apply(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                 const vxg_array *out) {
    evaluation e = {.op = op, .kind = APPLY, .nout = 1};
    VXG_TRY(need_inputs(op, in));
    VXG_FAIL_IF(!out || !out->buffer, VXG_ERR_ARGUMENT, "%s: output is missing", op->cls->name);
    set_inputs(&e, in);
    e.out[0] = (slot){.array = out, .space = &op->out, .what = "output"};
    return evaluate(&e, call);
}

int vxg_op_jvp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
               const vxg_array *tangent, const vxg_array *out) {
    evaluation e = {.op = op, .kind = JVP, .nextra = op->ninputs, .nout = 1};
    int linear = vxg_op_is_linear(op);
    VXG_FAIL_IF(!op->cls->jvp && !linear, VXG_ERR_UNSUPPORTED, "%s has no jvp", op->cls->name);
    if (!linear) VXG_TRY(need_inputs(op, in));
    VXG_FAIL_IF(!out || !out->buffer || !tangent || (linear && !tangent->buffer), VXG_ERR_ARGUMENT,
                "%s: jvp needs a tangent and an output", op->cls->name);
    set_inputs(&e, linear ? NULL : in);
    for (int i = 0; i < op->ninputs; i++)
        e.extra[i] = (slot){.array = &tangent[i], .space = &op->in[i], .what = "tangent"};
    e.out[0] = (slot){.array = out, .space = &op->out, .what = "output"};
    return evaluate(&e, call);
}

int vxg_op_vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
               const vxg_array *cotangent, const vxg_array *grad) {
    evaluation e = {.op = op, .kind = VJP, .nextra = 1, .nout = op->ninputs};
    VXG_FAIL_IF(!op->cls->vjp, VXG_ERR_UNSUPPORTED, "%s has no vjp", op->cls->name);
    if (!vxg_op_is_linear(op)) VXG_TRY(need_inputs(op, in));
    VXG_FAIL_IF(!cotangent || !cotangent->buffer || !grad, VXG_ERR_ARGUMENT,
                "%s: vjp needs a cotangent and gradients", op->cls->name);
    set_inputs(&e, in);
    e.extra[0] = (slot){.array = cotangent, .space = &op->out, .what = "cotangent"};
    for (int i = 0; i < op->ninputs; i++)
        e.out[i] = (slot){.array = &grad[i], .space = &op->in[i], .what = "gradient"};
    return evaluate(&e, call);
}

int vxg_op_apply_adjoint(const vxg_op *op, const vxg_call *call, const vxg_array *y,
                         const vxg_array *x) {
    VXG_FAIL_IF(!vxg_op_is_linear(op), VXG_ERR_ARGUMENT, "%s is not linear: it has no adjoint",
                op->cls->name);
    VXG_FAIL_IF(!x || !x->buffer, VXG_ERR_ARGUMENT, "%s: output is missing", op->cls->name);
    return vxg_op_vjp(op, call, NULL, y, x);
}
