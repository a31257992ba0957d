/* Projections that stay on the device, filtered and weighted once, for many backprojections. */
#include <string.h>

#include "ct/project/project.h"
#include "ct/project/texture.h"

struct vxg_ct_prepared {
    vxg_device *dev;
    vxg_array data; /* (nviews, nv, nu), or (nviews, nu) */
    vxg_op *filter;
    double *weights; /* nviews, or NULL */
    vxg_buffer *workspace;
    vxg_array gathered;      /* views of a list side by side, as large as the longest so far */
    vxg_ct_texture *texture; /* or NULL: the same views for the device's sampler */
    int references;          /* atomic */
};

static int check_filter(const vxg_space *s, vxg_device *dev, const vxg_op *filter) {
    if (!filter) return VXG_OK;
    const vxg_space *in = vxg_op_domain(filter, 0), *out = vxg_op_range(filter);
    int good = vxg_op_inputs(filter) == 1 && in->ndim == s->ndim && out->ndim == s->ndim &&
               in->dtype == s->dtype && out->dtype == s->dtype && in->shape[0] >= 1 &&
               s->shape[0] % in->shape[0] == 0 && out->shape[0] == in->shape[0];
    for (int i = 1; i < s->ndim && good; i++)
        good = in->shape[i] == s->shape[i] && out->shape[i] == s->shape[i];
    VXG_FAIL_IF(!good, VXG_ERR_ARGUMENT,
                "prepared: the filter does not map views of these projections to such views");
    VXG_FAIL_IF(vxg_op_device(filter) != dev, VXG_ERR_ARGUMENT,
                "prepared: the filter is on another device");
    return VXG_OK;
}

int vxg_ct_prepared_new(const vxg_space *s, vxg_device *dev, const vxg_op *filter,
                        const double *weights, vxg_ct_prepared **out) {
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "%s: out is NULL", __func__);
    *out = NULL;
    VXG_FAIL_IF(!dev, VXG_ERR_ARGUMENT, "prepared: device is NULL");
    if (s) VXG_TRY(vxg__space_check(s, "prepared", "projections", 0));
    VXG_FAIL_IF(!s || s->ndim < 2 || s->ndim > 3 || s->shape[0] < 1, VXG_ERR_ARGUMENT,
                "prepared: projections (views, rows, columns) or (views, columns) are expected");
    VXG_FAIL_IF(s->dtype != VXG_F32 && s->dtype != VXG_F64, VXG_ERR_UNSUPPORTED,
                "prepared: projections are %s; float32 and float64 are done",
                vxg_dtype_name(s->dtype));
    VXG_TRY(check_filter(s, dev, filter));
    vxg_ct_prepared *p = vxg__calloc(1, sizeof *p);
    if (!p) return VXG_ERR_MEMORY;
    const size_t n = (size_t)s->shape[0];
    int status = vxg_array_new(dev, s->dtype, s->ndim, s->shape, &p->data);
    if (!status && weights && !(p->weights = vxg__calloc(n, sizeof *weights)))
        status = VXG_ERR_MEMORY;
    if (status) {
        vxg_array_release(&p->data);
        vxg__free(p);
        return status;
    }
    if (weights) memcpy(p->weights, weights, n * sizeof *weights);
    p->dev = vxg_device_retain(dev), p->filter = filter ? vxg_op_retain(filter) : NULL;
    p->references = 1;
    *out = p;
    return VXG_OK;
}

vxg_ct_prepared *vxg_ct_prepared_retain(vxg_ct_prepared *p) {
    if (p) __atomic_add_fetch(&p->references, 1, __ATOMIC_RELAXED);
    return p;
}

void vxg_ct_prepared_release(vxg_ct_prepared *p) {
    if (!p || __atomic_sub_fetch(&p->references, 1, __ATOMIC_ACQ_REL)) return;
    vxg_array_release(&p->data);
    vxg_array_release(&p->gathered);
    vxg__ct_texture_free(p->texture);
    vxg_buffer_release(p->workspace);
    vxg_op_release(p->filter);
    vxg__free(p->weights);
    vxg_device_release(p->dev);
    vxg__free(p);
}

/* Views [first, first + n) without a reference on their own. */
static int views_of(const vxg_ct_prepared *p, int64_t first, int64_t n, vxg_array *out) {
    VXG_FAIL_IF(!p, VXG_ERR_ARGUMENT, "prepared: NULL");
    VXG_FAIL_IF(first < 0 || n < 1 || first > p->data.shape[0] - n, VXG_ERR_ARGUMENT,
                "prepared: views %lld to %lld of %lld", (long long)first,
                (long long)((uint64_t)first + (uint64_t)n), (long long)p->data.shape[0]);
    *out = p->data;
    out->offset += first * out->stride[0];
    out->shape[0] = n;
    return VXG_OK;
}

/* A call with workspace for op: the caller's, else the object's own, which grows to the largest. */
static int complete(vxg_ct_prepared *p, const vxg_op *op, const vxg_call *given, vxg_call *call) {
    VXG_TRY(VXG_IN(vxg_call, call, given));
    const size_t need = vxg_op_workspace(op, NULL);
    if (call->workspace || !need) return VXG_OK;
    if (!p->workspace || vxg_buffer_size(p->workspace) < need) {
        vxg_buffer *larger;
        VXG_TRY(vxg_buffer_new_with(p->dev, need, VXG_BUFFER_UNINITIALISED, &larger));
        const int status = p->workspace && call->queue ? vxg_queue_sync(call->queue) : VXG_OK;
        vxg_buffer_release(p->workspace); /* nothing runs in it any more */
        p->workspace = larger;
        if (status) return status;
    }
    call->workspace = p->workspace, call->workspace_used = 0;
    return VXG_OK;
}

/* (n, ...) as (n / k, k, ...): a batch of what takes k views. */
static vxg_array batched(const vxg_array *a, int64_t k) {
    vxg_array b = *a;
    b.ndim++;
    for (int i = a->ndim; i > 1; i--) b.shape[i] = a->shape[i - 1], b.stride[i] = a->stride[i - 1];
    b.shape[0] = a->shape[0] / k, b.stride[0] = k * a->stride[0];
    b.shape[1] = k, b.stride[1] = a->stride[0];
    return b;
}

int vxg_ct_prepared_update(vxg_ct_prepared *p, int64_t first, const vxg_call *given,
                           const vxg_array *views) {
    vxg_array to;
    VXG_FAIL_IF(!p, VXG_ERR_ARGUMENT, "prepared: NULL");
    VXG_READ(vxg_call, given);
    VXG_FAIL_IF(!views || !views->buffer || views->ndim != p->data.ndim, VXG_ERR_ARGUMENT,
                "prepared: views of another rank");
    VXG_TRY(views_of(p, first, views->shape[0], &to));
    vxg_queue *queue = given ? given->queue : NULL;
    if (!p->filter) {
        VXG_TRY(vxg_array_copy(queue, views, &to));
    } else {
        vxg_call call;
        const int64_t k = vxg_op_domain(p->filter, 0)->shape[0];
        VXG_FAIL_IF(to.shape[0] % k, VXG_ERR_ARGUMENT,
                    "prepared: %lld views are given, the filter takes %lld at a time",
                    (long long)to.shape[0], (long long)k);
        VXG_TRY(complete(p, p->filter, given, &call));
        call.accumulate = 0;
        const vxg_array from = batched(views, k), into = batched(&to, k);
        VXG_TRY(vxg_op_apply(p->filter, &call, &from, &into));
    }
    for (int64_t i = 0; i < to.shape[0] && p->weights; i++) {
        vxg_array one;
        VXG_TRY(views_of(p, first + i, 1, &one));
        VXG_TRY(vxg_array_axpby(queue, p->weights[first + i], &one, 0, &one));
    }
    return p->texture ? vxg__ct_texture_write(p->texture, queue, first, &to) : VXG_OK;
}

int vxg_ct_prepared_keep_texture(vxg_ct_prepared *p, const vxg_call *call) {
    vxg_ct_texture *t;
    VXG_FAIL_IF(!p, VXG_ERR_ARGUMENT, "prepared: NULL");
    const int64_t *n = p->data.shape;
    VXG_READ(vxg_call, call);
    if (p->texture) return VXG_OK;
    VXG_FAIL_IF(p->data.dtype != VXG_F32 || p->data.ndim != 3, VXG_ERR_UNSUPPORTED,
                "prepared: texture holds (views, rows, columns) in float32 only");
    VXG_TRY(vxg__ct_texture_new(p->dev, n[0], n[1], n[2], &t));
    const int status = vxg__ct_texture_write(t, call ? call->queue : NULL, 0, &p->data);
    if (status) {
        vxg__ct_texture_free(t);
        return status;
    }
    p->texture = t;
    return VXG_OK;
}

int vxg_ct_prepared_views(const vxg_ct_prepared *p, int64_t first, int64_t n, vxg_array *out) {
    vxg_array a;
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "prepared: out is NULL");
    memset(out, 0, sizeof *out);
    VXG_TRY(views_of(p, first, n, &a));
    *out = vxg_array_retain(&a);
    return VXG_OK;
}

/* Views of another size would be read as if they had the prepared ones'. */
static int same_size(const vxg_ct_prepared *p, const vxg_op *op) {
    VXG_FAIL_IF(!p || !op, VXG_ERR_ARGUMENT, "prepared: NULL, or the operator is");
    const vxg_space *in = vxg_op_domain(op, 0);
    int same = vxg_op_inputs(op) == 1 && in->ndim == p->data.ndim;
    for (int i = 1; same && i < in->ndim; i++) same = in->shape[i] == p->data.shape[i];
    VXG_FAIL_IF(!same, VXG_ERR_ARGUMENT,
                "prepared: operator %s does not take projections of the prepared size",
                vxg_op_name(op));
    return VXG_OK;
}

int vxg_ct_prepared_backproject(vxg_ct_prepared *p, const vxg_op *op, int64_t first,
                                const vxg_call *given, const vxg_array *out) {
    vxg_array views;
    vxg_call call;
    const vxg_space *in = vxg_op_domain(op, 0);
    VXG_TRY(same_size(p, op));
    VXG_TRY(views_of(p, first, in->shape[0], &views));
    VXG_TRY(complete(p, op, given, &call));
    if (p->texture && vxg__ct_is_texture_op(op))
        return vxg__ct_texture_apply(op, &call, p->texture, NULL, first, out);
    return vxg_op_apply(op, &call, &views, out);
}

/* ---- Sets of views that are not a range ---- */
/* Room for n views side by side. What runs in the old room is waited for. */
static int room(vxg_ct_prepared *p, int64_t n, vxg_queue *queue) {
    if (p->gathered.buffer && p->gathered.shape[0] >= n) return VXG_OK;
    int64_t shape[VXG_MAX_DIMS];
    vxg_array larger;
    memcpy(shape, p->data.shape, sizeof shape);
    shape[0] = n;
    VXG_TRY(vxg_array_new(p->dev, p->data.dtype, p->data.ndim, shape, &larger));
    const int status = p->gathered.buffer && queue ? vxg_queue_sync(queue) : VXG_OK;
    vxg_array_release(&p->gathered);
    p->gathered = larger;
    return status;
}

/* The listed views, copied side by side: runs of neighbours in one copy. */
static int gather(vxg_ct_prepared *p, int64_t n, const int64_t *list, vxg_queue *queue,
                  vxg_array *out) {
    VXG_TRY(room(p, n, queue));
    *out = p->gathered, out->shape[0] = n;
    for (int64_t i = 0, k; i < n; i += k) {
        vxg_array from, to = *out;
        for (k = 1; i + k < n && list[i + k] == list[i] + k;) k++;
        VXG_TRY(views_of(p, list[i], k, &from));
        to.offset += i * to.stride[0], to.shape[0] = k;
        VXG_TRY(vxg_array_copy(queue, &from, &to));
    }
    return VXG_OK;
}

int vxg_ct_prepared_backproject_list(vxg_ct_prepared *p, const vxg_op *op, int64_t n,
                                     const int64_t *list, const vxg_call *given,
                                     const vxg_array *out) {
    vxg_array views;
    vxg_call call;
    const vxg_space *in = vxg_op_domain(op, 0);
    int64_t rising = 1;
    VXG_TRY(same_size(p, op));
    VXG_FAIL_IF(!list || in->shape[0] != n, VXG_ERR_ARGUMENT,
                "prepared: operator %s does not take %lld such views", vxg_op_name(op),
                (long long)n);
    for (int64_t i = 0; i < n; i++)
        VXG_FAIL_IF(list[i] < 0 || list[i] >= p->data.shape[0], VXG_ERR_ARGUMENT,
                    "prepared: view %lld, number %lld of the list, is not one of %lld",
                    (long long)list[i], (long long)i, (long long)p->data.shape[0]);
    while (rising < n && list[rising] == list[0] + rising) rising++;
    if (rising == n) return vxg_ct_prepared_backproject(p, op, list[0], given, out);
    VXG_TRY(complete(p, op, given, &call));
    if (p->texture && vxg__ct_is_texture_op(op))
        return vxg__ct_texture_apply(op, &call, p->texture, list, 0, out);
    VXG_TRY(gather(p, n, list, call.queue, &views));
    return vxg_op_apply(op, &call, &views, out);
}
