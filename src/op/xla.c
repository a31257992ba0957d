/* Operators called by XLA: a handler of its foreign function interface (xla.h), and the handles
 * under which compiled programs know operators. */
#include "op/xla.h"

#include <string.h>
#include <sys/random.h>
#include <voxgrad/op.h>

#include "base/base.h"

/* ---- Handles ---- */
typedef struct entry {
    struct entry *next;
    int64_t handle;
    vxg_op *op;
    int calls; /* under way: the operator is let go after the last */
    int gone;
} entry;
VXG_LOCK(lock, VXG_RANK_LEAF);
static entry *entries;
static uint64_t base; /* of this process's handles */

/* Programs that XLA has kept from another process carry its handles: those must not be ours. */
static int choose_base(void) {
    while (!base)
        VXG_FAIL_IF(getrandom(&base, sizeof base, 0) != sizeof base, VXG_ERR_FAILED,
                    "XLA: the system gives no random numbers");
    return VXG_OK;
}

int vxg_xla_register(const vxg_op *op, int64_t *handle) {
    static uint64_t made;
    VXG_FAIL_IF(!op || !handle, VXG_ERR_ARGUMENT, "XLA: the operator or the handle is NULL");
    *handle = 0;
    entry *e = vxg__calloc(1, sizeof *e);
    if (!e) return VXG_ERR_MEMORY;
    vxg__lock(&lock);
    const int status = choose_base();
    if (!status) {
        e->op = vxg_op_retain(op), e->handle = (int64_t)(base + ++made);
        e->next = entries, entries = e;
        *handle = e->handle;
    }
    vxg__unlock(&lock);
    if (status) vxg__free(e);
    return status;
}

static entry **find(int64_t handle) {
    entry **e = &entries;
    while (*e && (*e)->handle != handle) e = &(*e)->next;
    return e;
}

/* Takes e out when nobody needs it any more; the lock is held. */
static entry *take_out(entry **at) {
    entry *const e = *at;
    if (!e || !e->gone || e->calls) return NULL;
    *at = e->next;
    return e;
}
static void let_go(entry *e) {
    if (e) vxg_op_release(e->op);
    vxg__free(e);
}

void vxg_xla_forget(int64_t handle) {
    vxg__lock(&lock);
    entry **const at = find(handle);
    if (*at) (*at)->gone = 1;
    entry *const e = take_out(at);
    vxg__unlock(&lock);
    let_go(e);
}

static int hold(int64_t handle, vxg_op **op) {
    vxg__lock(&lock);
    entry *const e = *find(handle);
    const int there = e && !e->gone;
    if (there) e->calls++, *op = e->op;
    vxg__unlock(&lock);
    VXG_FAIL_IF(!there, VXG_ERR_ARGUMENT,
                "XLA: the program calls an operator that is gone; it was compiled for another "
                "process, or the operator was released");
    return VXG_OK;
}
static void unhold(int64_t handle) {
    vxg__lock(&lock);
    entry **const at = find(handle);
    if (*at) (*at)->calls--;
    entry *const e = take_out(at);
    vxg__unlock(&lock);
    let_go(e);
}

/* ---- Arrays ---- */
static int dtype_of(int xla, vxg_dtype *out) {
    static const struct {
        int xla;
        vxg_dtype own;
    } pairs[] = {{VXG_XLA_F32, VXG_F32},
                 {VXG_XLA_F64, VXG_F64},
                 {VXG_XLA_C64, VXG_C64},
                 {VXG_XLA_C128, VXG_C128}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (pairs[i].xla == xla) {
            *out = pairs[i].own;
            return VXG_OK;
        }
    VXG_FAIL(VXG_ERR_UNSUPPORTED, "XLA: arrays of its type %d are not taken", xla);
}

/* XLA's arrays are C-contiguous. */
static int wrap(vxg_device *dev, const vxg_xla_values *v, int64_t i, unsigned flags,
                vxg_array *out) {
    const vxg_xla_buffer *const b = v->values[i];
    vxg_array a = {.size = sizeof a};
    int64_t n = 1;
    VXG_FAIL_IF(v->types[i] != VXG_XLA_BUFFER, VXG_ERR_UNSUPPORTED,
                "XLA: argument %lld is no array", (long long)i);
    VXG_FAIL_IF(b->rank > VXG_MAX_DIMS, VXG_ERR_UNSUPPORTED, "XLA: array with %lld axes",
                (long long)b->rank);
    VXG_TRY(dtype_of(b->dtype, &a.dtype));
    a.ndim = (int)b->rank;
    for (int k = a.ndim - 1; k >= 0; k--) {
        a.shape[k] = b->dims[k], a.stride[k] = n;
        n *= b->dims[k];
    }
    VXG_TRY(vxg_buffer_wrap(dev, b->data, (size_t)n * vxg_dtype_size(a.dtype), flags, NULL, NULL,
                            &a.buffer));
    *out = a;
    return VXG_OK;
}

typedef struct arrays {
    vxg_array in[VXG_MAX_INPUTS], out;
} arrays;

static int wrap_all(vxg_device *dev, const vxg_xla_frame *f, const vxg_op *op, arrays *a) {
    const int n = vxg_op_inputs(op);
    VXG_FAIL_IF(f->args.size != n || f->rets.size != 1, VXG_ERR_ARGUMENT,
                "XLA: %s takes %d arrays and gives one, not %lld and %lld", vxg_op_name(op), n,
                (long long)f->args.size, (long long)f->rets.size);
    for (int i = 0; i < n; i++) VXG_TRY(wrap(dev, &f->args, i, VXG_WRAP_READ_ONLY, &a->in[i]));
    return wrap(dev, &f->rets, 0, 0, &a->out);
}

/* ---- Calls ---- */
static int queue_of(const vxg_xla_frame *f, vxg_device *dev, vxg_queue **queue) {
    vxg_xla_stream_args args = {.struct_size = sizeof args, .context = f->context};
    *queue = NULL;
    if (strcmp(vxg_device_get_info(dev)->backend, "cuda") != 0) return VXG_OK;
    VXG_FAIL_IF(f->api->stream_get(&args), VXG_ERR_DEVICE, "XLA: no stream is given");
    return vxg_queue_wrap(dev, args.stream, 0, queue);
}

static int apply(const vxg_xla_frame *f, const vxg_op *op) {
    vxg_device *const dev = vxg_op_device(op);
    vxg_call call = {.size = sizeof call};
    arrays a = {0};
    int status = queue_of(f, dev, &call.queue);
    if (!status) status = wrap_all(dev, f, op, &a);
    if (!status) status = vxg_op_apply(op, &call, a.in, &a.out);
    for (int i = 0; i < VXG_MAX_INPUTS; i++) vxg_array_release(&a.in[i]);
    vxg_array_release(&a.out);
    vxg_queue_free(call.queue);
    return status;
}

static int handle_of(const vxg_xla_frame *f, int64_t *handle) {
    static const char name[] = "operator";
    for (int64_t i = 0; i < f->attrs.size; i++) {
        const vxg_xla_text *const t = f->attrs.names[i];
        const vxg_xla_scalar *const s = f->attrs.values[i];
        if (t->len != sizeof name - 1 || memcmp(t->ptr, name, t->len) != 0) continue;
        VXG_FAIL_IF(f->attrs.types[i] != VXG_XLA_SCALAR || s->dtype != VXG_XLA_S64,
                    VXG_ERR_ARGUMENT, "XLA: attribute 'operator' is no 64-bit number");
        memcpy(handle, s->value, sizeof *handle);
        return VXG_OK;
    }
    VXG_FAIL(VXG_ERR_ARGUMENT, "XLA: attribute 'operator' is missing");
}

static int run(const vxg_xla_frame *f) {
    vxg_op *op = NULL;
    int64_t handle = 0;
    VXG_TRY(handle_of(f, &handle));
    VXG_TRY(hold(handle, &op));
    const int status = apply(f, op);
    unhold(handle);
    return status;
}

static void *error_of(const vxg_xla_frame *f, int status) {
    vxg_xla_error_args args = {.struct_size = sizeof args, .message = vxg_error_message()};
    args.code = status == VXG_ERR_ARGUMENT      ? VXG_XLA_INVALID
                : status == VXG_ERR_MEMORY      ? VXG_XLA_EXHAUSTED
                : status == VXG_ERR_UNSUPPORTED ? VXG_XLA_UNIMPLEMENTED
                : status == VXG_ERR_CANCELLED   ? VXG_XLA_CANCELLED
                                                : VXG_XLA_UNKNOWN;
    return f->api->error_create(&args);
}

/* A frame with the metadata extension asks for the version this handler was written for. */
static int tells_version(const vxg_xla_frame *f) {
    vxg_xla_extension *const e = f->extension_start;
    if (!e || e->type != VXG_XLA_METADATA) return 0;
    vxg_xla_version *const v = &((vxg_xla_metadata_extension *)e)->metadata->api_version;
    v->major_version = 0, v->minor_version = f->api ? f->api->version.minor_version : 0;
    ((vxg_xla_metadata_extension *)e)->metadata->traits = 0;
    return 1;
}

void *vxg_xla_call(void *call_frame) {
    const vxg_xla_frame *const f = call_frame;
    if (tells_version(f) || f->stage != VXG_XLA_EXECUTE) return NULL;
    const int status = run(f);
    return status ? error_of(f, status) : NULL;
}
