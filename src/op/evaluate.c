/* Evaluation: checks, batches, layout, subsets and workspace, so that classes see only contiguous
 * arrays of the declared shape that overlap nothing. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "array/launch.h"
#include "device/backend.h"
#include "op/op.h"

typedef enum kind { APPLY, JVP, VJP, NORMAL } kind;

/* One array that an evaluation reads or writes. */
typedef struct slot {
    const vxg_array *array; /* as given; NULL: absent */
    const vxg_space *space;
    const char *what;
    int number;     /* of the input it belongs to, or -1 */
    int is_out;     /* it is written */
    int in_range;   /* it is of the range: a subset applies to it */
    int temporary;  /* the class gets `own` in its place */
    vxg_array own;  /* contiguous, one batch item; released at the end */
    int64_t lo, hi; /* elements of its buffer it reaches: [lo, hi) */
} slot;

#define MOST_SLOTS (2 * VXG_MAX_INPUTS + 1)

typedef struct evaluation {
    const vxg_op *op;
    kind kind;
    int nin, nextra, nout;
    vxg_space range; /* of this call */
    int expand;      /* the class has no subsets: it makes the whole */
    vxg_array whole; /* where it does, in the workspace */
    int64_t batch[VXG_MAX_DIMS];
    int nbatch, have_batch;
    int64_t items; /* of the batch */
    /* Inputs, then tangents or the cotangent, then outputs. The last field, and set one by one: all
     * of it would be several thousand bytes to clear in every call. */
    slot slots[MOST_SLOTS];
} evaluation;

static void begin(evaluation *e, const vxg_op *op, kind what) {
    memset(e, 0, offsetof(evaluation, slots));
    e->op = op;
    e->kind = what;
}
static int used_slots(const evaluation *e) {
    return e->nin + e->nextra + e->nout;
}

static const char *name_of(const evaluation *e) {
    return e->op->cls.name;
}

/* "input 2", "the output": for messages, in a buffer of the caller's. */
static const char *words(const slot *s, char buffer[32]) {
    if (s->number < 0) return s->what;
    snprintf(buffer, 32, "%s %d", s->what, s->number);
    return buffer;
}

/* ---- Checks ---- */
/* The elements an array reaches must lie in its buffer. */
static int check_reach(const evaluation *e, slot *s) {
    const vxg_array *a = s->array;
    const int64_t n = (int64_t)(vxg_buffer_size(a->buffer) / vxg_dtype_size(a->dtype));
    int64_t lo = a->offset, hi = a->offset, way;
    int good = a->offset >= 0, empty = 0;
    char buffer[32];
    for (int i = 0; i < a->ndim; i++) {
        VXG_FAIL_IF(a->shape[i] < 0, VXG_ERR_ARGUMENT, "%s: %s has the size %lld along axis %d",
                    name_of(e), words(s, buffer), (long long)a->shape[i], i);
        empty |= a->shape[i] == 0;
    }
    for (int i = 0; i < a->ndim && good && !empty; i++)
        good = !__builtin_mul_overflow(a->shape[i] - 1, a->stride[i], &way) &&
               !(way < 0 ? __builtin_add_overflow(lo, way, &lo)
                         : __builtin_add_overflow(hi, way, &hi));
    if (good && !empty) good = lo >= 0 && hi < n;
    VXG_FAIL_IF(!good, VXG_ERR_ARGUMENT,
                "%s: %s reaches outside its buffer (offset %lld; the buffer has %lld elements)",
                name_of(e), words(s, buffer), (long long)a->offset, (long long)n);
    s->lo = lo, s->hi = empty ? lo : hi + 1;
    return VXG_OK;
}

/* What is written: its memory may be, and every element has its own. */
static int check_written(const evaluation *e, const slot *s) {
    const vxg_array *a = s->array;
    const int empty = s->lo == s->hi;
    char buffer[32];
    VXG_FAIL_IF(a->buffer->read_only, VXG_ERR_ARGUMENT,
                "%s: the buffer of %s was wrapped for reading only", name_of(e), words(s, buffer));
    for (int i = 0; i < a->ndim; i++)
        VXG_FAIL_IF(a->stride[i] == 0 && a->shape[i] > 1 && !empty, VXG_ERR_ARGUMENT,
                    "%s: %s has stride 0 along axis %d: its elements share memory", name_of(e),
                    words(s, buffer), i);
    VXG_FAIL_IF(vxg__array_shares(a), VXG_ERR_ARGUMENT,
                "%s: %s has strides by which its elements share memory", name_of(e),
                words(s, buffer));
    return VXG_OK;
}

static int check_shape(evaluation *e, const slot *s) {
    const vxg_array *a = s->array;
    const vxg_space *want = s->space;
    const int extra = a->ndim - want->ndim;
    int good = extra >= 0;
    char buffer[32], text[160] = "";
    for (int i = 0; i < want->ndim && good; i++) good = a->shape[extra + i] == want->shape[i];
    for (int i = 0; i < want->ndim && !good && strlen(text) < 120; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%lld", i ? " x " : "",
                 (long long)want->shape[i]);
    VXG_FAIL_IF(!good, VXG_ERR_ARGUMENT,
                "%s: %s has another shape, %s is expected (after batch axes)", name_of(e),
                words(s, buffer), text);
    if (!e->have_batch) {
        e->nbatch = extra, e->have_batch = 1, e->items = 1;
        memcpy(e->batch, a->shape, (size_t)extra * sizeof *a->shape);
        for (int i = 0; i < extra; i++)
            VXG_FAIL_IF(a->shape[i] < 0 || __builtin_mul_overflow(e->items, a->shape[i], &e->items),
                        VXG_ERR_ARGUMENT, "%s: %s has the size %lld along batch axis %d",
                        name_of(e), words(s, buffer), (long long)a->shape[i], i);
    }
    VXG_FAIL_IF(extra != e->nbatch || memcmp(e->batch, a->shape, (size_t)extra * sizeof *a->shape),
                VXG_ERR_ARGUMENT, "%s: %s has other batch axes than the arrays before it",
                name_of(e), words(s, buffer));
    return VXG_OK;
}

static int check_slot(evaluation *e, slot *s) {
    const vxg_array *a = s->array;
    char buffer[32];
    if (!a || !a->buffer) {
        s->array = NULL;
        return VXG_OK;
    }
    VXG_TRY(VXG_FIXED(vxg_array, a));
    VXG_RESERVED(vxg_array, a);
    VXG_FAIL_IF(!vxg__object_is(a->buffer, VXG_KIND_BUFFER), VXG_ERR_ARGUMENT,
                "%s: the buffer of %s was released", name_of(e), words(s, buffer));
    VXG_FAIL_IF(vxg_buffer_device(a->buffer) != e->op->dev, VXG_ERR_ARGUMENT,
                "%s: %s is on another device", name_of(e), words(s, buffer));
    VXG_FAIL_IF(a->dtype != s->space->dtype, VXG_ERR_ARGUMENT, "%s: %s is %s, %s is expected",
                name_of(e), words(s, buffer), vxg_dtype_name(a->dtype),
                vxg_dtype_name(s->space->dtype));
    VXG_FAIL_IF(a->ndim < 0 || a->ndim > VXG_MAX_DIMS, VXG_ERR_ARGUMENT, "%s: %s has rank %d",
                name_of(e), words(s, buffer), a->ndim);
    VXG_TRY(check_shape(e, s));
    VXG_TRY(check_reach(e, s));
    return s->is_out ? check_written(e, s) : VXG_OK;
}

int vxg__check_array(const vxg_op *op, const vxg_array *array, const vxg_space *space,
                     const char *what, int number) {
    evaluation e;
    begin(&e, op, APPLY);
    e.have_batch = 1;
    slot s = {.array = array, .space = space, .what = what, .number = number};
    VXG_FAIL_IF(!array || !array->buffer, VXG_ERR_ARGUMENT, "%s: %s %d is missing", op->cls.name,
                what, number);
    return check_slot(&e, &s);
}

/* An output that shares memory with an input is written through a temporary; the items of a batch
 * are made one after the other, so that there the two must be the same array. */
static int check_overlap(evaluation *e) {
    const int first = e->nin + e->nextra, n = first + e->nout;
    char buffer[32], other[32];
    for (int i = first; i < n; i++)
        for (int k = 0; k < n; k++) {
            slot *const out = &e->slots[i];
            const slot *const s = &e->slots[k];
            if (i == k || !out->array || !s->array) continue;
            const vxg_buffer *const to = out->array->buffer, *const from = s->array->buffer;
            if (to != from && !(to->foreign && from->foreign)) continue; /* no memory in common */
            if (!vxg__arrays_overlap(out->array, s->array)) continue;
            const int same = vxg__same_layout(out->array, s->array);
            VXG_FAIL_IF(k >= first, VXG_ERR_ARGUMENT, "%s: %s %s %s", name_of(e),
                        words(out, buffer), same ? "is the same array as" : "overlaps",
                        words(s, other));
            VXG_FAIL_IF(e->nbatch && !same, VXG_ERR_ARGUMENT, "%s: %s of a batch overlaps %s",
                        name_of(e), words(out, buffer), words(s, other));
            out->temporary = 1;
        }
    return VXG_OK;
}

/* What the caller gave must not lie in the part of the workspace that the call may use. */
static int check_workspace(const evaluation *e, const vxg_call *call) {
    char buffer[32];
    if (!call->workspace) return VXG_OK;
    VXG_FAIL_IF(!vxg__object_is(call->workspace, VXG_KIND_BUFFER), VXG_ERR_ARGUMENT,
                "%s: the call's workspace was released", name_of(e));
    VXG_FAIL_IF(vxg_buffer_device(call->workspace) != e->op->dev, VXG_ERR_ARGUMENT,
                "%s: the call's workspace is on another device", name_of(e));
    VXG_FAIL_IF(call->workspace->read_only, VXG_ERR_ARGUMENT,
                "%s: the call's workspace was wrapped for reading only", name_of(e));
    VXG_FAIL_IF((uintptr_t)call->workspace->host % VXG_WORKSPACE_BASE, VXG_ERR_ARGUMENT,
                "%s: the call's workspace begins at %p, which is no multiple of %d", name_of(e),
                call->workspace->host, VXG_WORKSPACE_BASE);
    for (int i = 0; i < used_slots(e); i++) {
        const slot *s = &e->slots[i];
        VXG_FAIL_IF(s->array && s->array->buffer == call->workspace &&
                        (size_t)s->hi * vxg_dtype_size(s->space->dtype) > call->workspace_used,
                    VXG_ERR_ARGUMENT, "%s: %s lies in the call's workspace", name_of(e),
                    words(s, buffer));
    }
    return VXG_OK;
}

/* ---- One item of a batch ---- */
/* The given array's part for one batch item. */
static void item_view(const evaluation *e, const slot *s, int64_t item, vxg_array *v) {
    *v = *s->array;
    assert(item >= 0 && item < e->items && v->ndim == e->nbatch + s->space->ndim);
    if (!e->nbatch) return;
    for (int i = e->nbatch - 1; i >= 0; i--) {
        v->offset += item % e->batch[i] * v->stride[i];
        item /= e->batch[i];
    }
    v->ndim = s->space->ndim;
    memmove(v->shape, v->shape + e->nbatch, (size_t)v->ndim * sizeof *v->shape);
    memmove(v->stride, v->stride + e->nbatch, (size_t)v->ndim * sizeof *v->stride);
}

/* One batch item as the class gets it: contiguous, of the declared shape. */
static int open_slot(evaluation *e, slot *s, int64_t item, const vxg_call *call, vxg_array *part) {
    if (!s->array) {
        *part = (vxg_array){0};
        return VXG_OK;
    }
    item_view(e, s, item, part);
    const int adds = call->accumulate, accumulates = e->op->cls.accumulates;
    if (e->expand && s->in_range) {
        const vxg_array given = *part;
        *part = e->whole;
        if (s->is_out) return VXG_OK;
        VXG_TRY(vxg__array_clear(call->queue, &e->whole));
        return vxg_subset_put(call->queue, call->subset, &given, &e->whole);
    }
    if (!vxg_array_is_contiguous(part) || (s->is_out && adds && !accumulates)) s->temporary = 1;
    if (!s->temporary) return VXG_OK;
    const vxg_array given = *part;
    if (!s->own.buffer)
        VXG_TRY(vxg_array_new(e->op->dev, given.dtype, given.ndim, given.shape, &s->own));
    *part = s->own;
    if (s->is_out && !(adds && accumulates)) return VXG_OK;
    return vxg_array_copy(call->queue, &given, &s->own);
}

/* Brings an output from where the class wrote it to where it belongs. */
static int close_output(evaluation *e, slot *s, int64_t item, const vxg_call *call) {
    vxg_array given;
    if (!s->array || !(s->temporary || (e->expand && s->in_range))) return VXG_OK;
    item_view(e, s, item, &given);
    if (e->expand && s->in_range)
        return vxg_subset_take(call->queue, call->subset, &e->whole, call->accumulate ? 1 : 0,
                               &given);
    assert(s->is_out && s->own.buffer);
    if (!call->accumulate || e->op->cls.accumulates)
        return vxg_array_copy(call->queue, &s->own, &given);
    return vxg_array_axpby(call->queue, 1, &s->own, 1, &given);
}

static int call_class(const evaluation *e, const vxg_call *call, const vxg_array *part) {
    const vxg_op_class *c = &e->op->cls;
    const vxg_array *const in = part, *const extra = part + e->nin, *const out = extra + e->nextra;
    switch (e->kind) {
    case APPLY: return c->apply(e->op, call, in, out);
    case JVP: return c->jvp(e->op, call, in, extra, out);
    case VJP: return c->vjp(e->op, call, in, extra, out);
    case NORMAL: return c->normal(e->op, call, in, out);
    }
    return VXG_ERR_FAILED;
}

static int run_item(evaluation *e, const vxg_call *call, int64_t item) {
    vxg_array part[MOST_SLOTS];
    const int first = e->nin + e->nextra, n = first + e->nout;
    for (int i = 0; i < n; i++) VXG_TRY(open_slot(e, &e->slots[i], item, call, &part[i]));
    vxg_call inner = *call;
    if (e->expand) inner.subset = NULL;
    const int range_is_out = e->kind == APPLY || e->kind == JVP;
    inner.accumulate = call->accumulate && e->op->cls.accumulates && !(e->expand && range_is_out);
    VXG_TRY(call_class(e, &inner, part));
    for (int i = first; i < n; i++) VXG_TRY(close_output(e, &e->slots[i], item, call));
    return VXG_OK;
}

/* ---- All of it ---- */
static int run_batch(evaluation *e, vxg_call *call) {
    if (e->expand) VXG_TRY(vxg_call_workspace(call, &e->op->out, &e->whole));
    for (int64_t item = 0; item < e->items; item++) {
        if (vxg__poll(call->progress)) return vxg_error_set(VXG_ERR_CANCELLED, "interrupted");
        VXG_TRY(run_item(e, call, item));
    }
    return VXG_OK;
}

/* Gives back what the evaluation took for itself, once the queue no longer needs it. */
static int release_own(evaluation *e, const vxg_call *call, vxg_buffer *workspace, int status) {
    int any = workspace != NULL;
    for (int i = 0; i < used_slots(e); i++) any |= e->slots[i].own.buffer != NULL;
    if (!any) return status;
    const int synced = vxg_queue_sync(call->queue);
    for (int i = 0; i < used_slots(e); i++) vxg_array_release(&e->slots[i].own);
    vxg_buffer_release(workspace);
    return status ? status : synced;
}

/* What the core adds for the class must be numbers it can add: outputs of a class that does not
 * accumulate, and rows of a cotangent or an output that go to or come from the whole range. */
static int check_sums(const evaluation *e, const vxg_call *call) {
    char buffer[32];
    for (int i = e->nin; i < used_slots(e); i++) {
        const slot *s = &e->slots[i];
        const int rows = e->expand && s->in_range;
        const int adds = s->is_out ? call->accumulate && (rows || !e->op->cls.accumulates) : rows;
        VXG_FAIL_IF(s->array && adds && !vxg__is_arithmetic(s->space->dtype), VXG_ERR_UNSUPPORTED,
                    "%s: %s is %s, which cannot be added; float32, float64, complex64 and "
                    "complex128 can",
                    name_of(e), words(s, buffer), vxg_dtype_name(s->space->dtype));
    }
    return VXG_OK;
}

static int evaluate_in_scope(evaluation *e, vxg_call call) {
    vxg_subset subset;
    vxg_buffer *own = NULL;
    VXG_TRY(VXG_IN(vxg_subset, &subset, call.subset));
    if (call.subset) call.subset = &subset;
    VXG_TRY(vxg_op_call_range(e->op, &call, &e->range));
    e->expand = call.subset && !e->op->subsets;
    for (int i = 0; i < used_slots(e); i++) VXG_TRY(check_slot(e, &e->slots[i]));
    VXG_TRY(check_overlap(e));
    if (call.accumulate || e->expand) VXG_TRY(check_sums(e, &call));
    VXG_TRY(vxg__op_queue(e->op, &call.queue));
    VXG_TRY(check_workspace(e, &call));
    const size_t need = vxg_op_workspace(e->op, &call);
    const size_t size = call.workspace ? vxg_buffer_size(call.workspace) : 0;
    call.workspace_used = vxg_workspace_bytes(call.workspace_used); /* SIZE_MAX: nothing is left */
    if (need && (size < need || call.workspace_used > size - need)) {
        VXG_TRY(vxg_buffer_new_with(e->op->dev, need, VXG_BUFFER_UNINITIALISED, &own));
        call.workspace = own, call.workspace_used = 0;
    }
    return release_own(e, &call, own, run_batch(e, &call));
}

/* One thread count for all that is planned and run here. */
static int evaluate(evaluation *e, const vxg_call *given) {
    vxg_scope scope;
    vxg_call call; /* the caller's may be shorter */
    VXG_TRY(VXG_IN(vxg_call, &call, given));
    VXG_TRY(vxg__progress_check(call.progress));
    vxg__scope_enter(&scope, call.progress);
    const int status = evaluate_in_scope(e, call);
    vxg__scope_leave(&scope);
    return status;
}

/* ---- Setting up ---- */
/* The next slot, its fields set one by one: a call on one voxel takes half a microsecond, and an
 * initialiser clears `own` too. */
static slot *add_slot(evaluation *e, int *count, const vxg_array *array, const vxg_space *space,
                      const char *what, int number) {
    assert(used_slots(e) < MOST_SLOTS && space && what);
    assert((count == &e->nout || !e->nout) && "outputs come last");
    slot *const s = &e->slots[used_slots(e)];
    s->array = array, s->space = space;
    s->what = what, s->number = number;
    s->is_out = s->in_range = s->temporary = 0;
    s->own.buffer = NULL;
    s->lo = s->hi = 0;
    ++*count;
    return s;
}
/* One of each input: arrays[i], or absent. */
static void add_inputs(evaluation *e, const vxg_array *in) {
    for (int i = 0; i < e->op->ninputs; i++)
        add_slot(e, &e->nin, in ? &in[i] : NULL, &e->op->in[i], "input", i);
}
static void add_output(evaluation *e, const vxg_array *out) {
    slot *const s = add_slot(e, &e->nout, out, &e->range, "output", -1);
    s->is_out = s->in_range = 1;
}

/* Which of these arrays are there: bit i. */
static uint32_t present(const vxg_op *op, const vxg_array *arrays) {
    uint32_t mask = 0;
    for (int i = 0; i < op->ninputs; i++)
        if (arrays[i].buffer) mask |= (uint32_t)1 << i;
    return mask;
}

/* The derivative by input k does not depend on input i where i is k and the operator linear in it;
 * otherwise input i is needed. */
static int need_inputs(const vxg_op *op, const vxg_array *in, uint32_t wanted) {
    for (int i = 0; i < op->ninputs; i++) {
        const uint32_t bit = (uint32_t)1 << i, others = wanted & ~(op->linear & bit);
        VXG_FAIL_IF(others && (!in || !in[i].buffer), VXG_ERR_ARGUMENT, "%s: input %d is missing",
                    op->cls.name, i);
    }
    return VXG_OK;
}

int vxg_op_apply(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                 const vxg_array *out) {
    evaluation e;
    begin(&e, op, APPLY);
    VXG_NEED_OP(op, "apply");
    for (int i = 0; i < op->ninputs; i++)
        VXG_FAIL_IF(!in || !in[i].buffer, VXG_ERR_ARGUMENT, "%s: input %d is missing", op->cls.name,
                    i);
    VXG_FAIL_IF(!out || !out->buffer, VXG_ERR_ARGUMENT, "%s: output is missing", op->cls.name);
    add_inputs(&e, in);
    add_output(&e, out);
    return evaluate(&e, call);
}

/* Without a jvp: linear in each input that moves, so dF/dx_i t = F(.., t in the place of x_i, ..).
 */
static int jvp_by_apply(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                        const vxg_array *tangent, uint32_t moved, const vxg_array *out) {
    vxg_call c;
    VXG_TRY(VXG_IN(vxg_call, &c, call));
    VXG_FAIL_IF(moved & ~op->linear, VXG_ERR_UNSUPPORTED, "%s has no jvp", op->cls.name);
    for (int i = 0; i < op->ninputs; i++) {
        vxg_array at[VXG_MAX_INPUTS] = {{0}};
        if (!(moved >> i & 1)) continue;
        for (int k = 0; k < op->ninputs && in; k++) at[k] = in[k];
        at[i] = tangent[i];
        VXG_TRY(vxg_op_apply(op, &c, at, out));
        c.accumulate = 1;
    }
    return VXG_OK;
}

int vxg_op_jvp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
               const vxg_array *tangent, const vxg_array *out) {
    evaluation e;
    begin(&e, op, JVP);
    VXG_NEED_OP(op, "jvp");
    VXG_FAIL_IF(!out || !out->buffer || !tangent, VXG_ERR_ARGUMENT,
                "%s: jvp needs a tangent and an output", op->cls.name);
    const uint32_t moved = present(op, tangent);
    VXG_TRY(need_inputs(op, in, moved));
    if (moved && !op->cls.jvp) return jvp_by_apply(op, call, in, tangent, moved, out);
    add_inputs(&e, in);
    for (int i = 0; i < op->ninputs; i++)
        add_slot(&e, &e.nextra, &tangent[i], &op->in[i], "tangent", i);
    add_output(&e, out);
    if (moved) return evaluate(&e, call);
    /* nothing moves */
    vxg_call c;
    VXG_TRY(VXG_IN(vxg_call, &c, call));
    VXG_TRY(vxg_op_call_range(op, &c, &e.range));
    VXG_TRY(check_slot(&e, &e.slots[e.nin + e.nextra]));
    VXG_TRY(vxg__op_queue(op, &c.queue));
    return c.accumulate ? VXG_OK : vxg__array_clear(c.queue, out);
}

int vxg_op_vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
               const vxg_array *cotangent, const vxg_array *grad) {
    evaluation e;
    begin(&e, op, VJP);
    VXG_NEED_OP(op, "vjp");
    VXG_FAIL_IF(!op->cls.vjp, VXG_ERR_UNSUPPORTED, "%s has no vjp", op->cls.name);
    VXG_FAIL_IF(!cotangent || !cotangent->buffer || !grad, VXG_ERR_ARGUMENT,
                "%s: vjp needs a cotangent and gradients", op->cls.name);
    const uint32_t wanted = present(op, grad);
    VXG_TRY(need_inputs(op, in, wanted));
    if (!wanted) return VXG_OK;
    add_inputs(&e, in);
    add_slot(&e, &e.nextra, cotangent, &e.range, "cotangent", -1)->in_range = 1;
    for (int i = 0; i < op->ninputs; i++)
        add_slot(&e, &e.nout, &grad[i], &op->in[i], "gradient", i)->is_out = 1;
    return evaluate(&e, call);
}

int vxg_op_apply_adjoint(const vxg_op *op, const vxg_call *call, const vxg_array *y,
                         const vxg_array *x) {
    VXG_NEED_OP(op, "adjoint");
    VXG_FAIL_IF(!vxg_op_is_linear(op), VXG_ERR_ARGUMENT, "%s is not linear: it has no adjoint",
                op->cls.name);
    VXG_FAIL_IF(!x || !x->buffer, VXG_ERR_ARGUMENT, "%s: output is missing", op->cls.name);
    return vxg_op_vjp(op, call, NULL, y, x);
}

/* ---- A'A ---- */
/* Whether the class does it itself for such a call. */
static int has_normal(const vxg_op *op, const vxg_call *call) {
    return op->cls.normal && (!call || !call->subset || op->subsets);
}

size_t vxg__op_normal_workspace(const vxg_op *op, const vxg_call *call) {
    vxg_space range;
    const size_t own = vxg_op_workspace(op, call);
    if (has_normal(op, call) || vxg_op_call_range(op, call, &range)) return own;
    return vxg__bytes_add(own, vxg_space_bytes(&range));
}

int vxg__op_normal(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                   const vxg_array *out) {
    vxg_call inner = vxg__part_call(call, 0);
    vxg_space range;
    vxg_array y;
    if (has_normal(op, call)) {
        evaluation e;
        begin(&e, op, NORMAL);
        add_inputs(&e, in);
        add_slot(&e, &e.nout, out, &op->in[0], "output", -1)->is_out = 1;
        return evaluate(&e, call);
    }
    VXG_TRY(vxg_op_call_range(op, call, &range));
    VXG_TRY(vxg_call_workspace(&inner, &range, &y));
    const vxg_call last = vxg__part_call(&inner, call->accumulate);
    VXG_TRY(vxg_op_apply(op, &inner, in, &y));
    return vxg_op_apply_adjoint(op, &last, &y, out);
}
