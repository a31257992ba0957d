/* Spaces, and the workspace of a call: what the files of operators share, below all of them. */
#include "op/op.h"

#include <string.h>

/* ---- Spaces ---- */
int64_t vxg_space_count(const vxg_space *s) {
    int64_t n = 1;
    if (!s || s->ndim < 0 || s->ndim > VXG_MAX_DIMS) return 0;
    for (int i = 0; i < s->ndim; i++)
        if (s->shape[i] <= 0) return 0;
    for (int i = 0; i < s->ndim; i++) {
        if (n > VXG_MAX_ELEMENTS / s->shape[i]) return 0;
        n *= s->shape[i];
    }
    return n;
}
size_t vxg_workspace_bytes(size_t bytes) {
    if (bytes > SIZE_MAX - VXG_WORKSPACE_ALIGN) return SIZE_MAX; /* more than there can be */
    return (bytes + VXG_WORKSPACE_ALIGN - 1) / VXG_WORKSPACE_ALIGN * VXG_WORKSPACE_ALIGN;
}
size_t vxg_space_bytes(const vxg_space *s) {
    return s ? vxg_workspace_bytes((size_t)vxg_space_count(s) * vxg_dtype_size(s->dtype)) : 0;
}
int vxg_space_equal(const vxg_space *a, const vxg_space *b) {
    if (!a || !b || a->ndim < 0 || a->ndim > VXG_MAX_DIMS) return 0;
    return a->dtype == b->dtype && a->ndim == b->ndim &&
           !memcmp(a->shape, b->shape, (size_t)a->ndim * sizeof *a->shape);
}

int vxg__space_check(const vxg_space *s, const char *name, const char *what, int number) {
    int64_t n = 1;
    VXG_TRY(VXG_FIXED(vxg_space, s));
    VXG_RESERVED(vxg_space, s);
    VXG_FAIL_IF(s->ndim < 0 || s->ndim > VXG_MAX_DIMS, VXG_ERR_ARGUMENT,
                "operator %s: %s %d has rank %d, 0..%d are possible", name, what, number, s->ndim,
                VXG_MAX_DIMS);
    VXG_FAIL_IF(vxg_dtype_size(s->dtype) == 0, VXG_ERR_ARGUMENT,
                "operator %s: %s %d has the unknown type %d", name, what, number, (int)s->dtype);
    for (int i = 0; i < s->ndim; i++) {
        VXG_FAIL_IF(s->shape[i] < 0, VXG_ERR_ARGUMENT, "operator %s: %s %d: size %lld of axis %d",
                    name, what, number, (long long)s->shape[i], i);
        const int64_t size = s->shape[i] ? s->shape[i] : 1; /* an empty one has strides too */
        VXG_FAIL_IF(n > VXG_MAX_ELEMENTS / size, VXG_ERR_ARGUMENT,
                    "operator %s: %s %d has more than 2^40 elements", name, what, number);
        n *= size;
    }
    return VXG_OK;
}

/* ---- Workspace ---- */
/* Moves the call's mark over `bytes`; *at is where they begin. */
static int take(vxg_call *call, size_t bytes, size_t *at) {
    assert(call->workspace);
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
    VXG_TRY(vxg__space_check(space, "workspace", "array", 0));
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
