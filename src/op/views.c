/* An operator of two functions of the caller's, one view at a time. */
#include "array/launch.h"
#include "op/op.h"

/* Entry i of the call's range, and the view it is; without the first axis. */
static vxg_array entry(const vxg_call *call, const vxg_array *all, int64_t i, int64_t *view) {
    vxg_array a = vxg__rows(all, i, 1);
    *view = call->subset ? vxg_subset_at(call->subset, i) : i;
    a.ndim--;
    for (int k = 0; k < a.ndim; k++) a.shape[k] = a.shape[k + 1], a.stride[k] = a.stride[k + 1];
    return a;
}

static int answer(const vxg_op *op, int status, const char *what, int64_t view) {
    if (!status) return VXG_OK;
    return vxg_error_set(status, "%s: %s of view %lld failed with status %d", vxg_op_name(op), what,
                         (long long)view, status);
}

static int apply(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                 const vxg_array *out) {
    const vxg_view_functions *f = vxg_op_state(op);
    for (int64_t i = 0; i < out->shape[0]; i++) {
        int64_t view;
        const vxg_array projection = entry(call, out, i, &view);
        VXG_TRY(answer(op, f->forward(f->context, call, in, view, &projection), "forward", view));
    }
    return VXG_OK;
}

static int vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
               const vxg_array *cotangent, const vxg_array *grad) {
    const vxg_view_functions *f = vxg_op_state(op);
    (void)in;
    VXG_TRY(vxg_array_fill(call->queue, grad, 0));
    for (int64_t i = 0; i < cotangent->shape[0]; i++) {
        int64_t view;
        const vxg_array projection = entry(call, cotangent, i, &view);
        VXG_TRY(answer(op, f->back(f->context, call, &projection, view, grad), "back", view));
    }
    return VXG_OK;
}

static void destroy(void *state) {
    vxg_view_functions *f = state;
    if (f->destroy) f->destroy(f->context);
    vxg__free(f);
}

int vxg_op_views(vxg_device *dev, const vxg_space *volume, const vxg_space *projections,
                 const vxg_view_functions *functions, vxg_op **out) {
    static const vxg_op_class cls = {
        .size = sizeof cls, .name = "views", .apply = apply, .vjp = vjp, .destroy = destroy};
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "views: out is NULL");
    *out = NULL;
    VXG_FAIL_IF(!functions, VXG_ERR_ARGUMENT, "views: the functions are NULL");
    VXG_READ(vxg_view_functions, functions);
    VXG_FAIL_IF(functions->reserved0, VXG_ERR_ARGUMENT, "views: reserved0 is not 0");
    VXG_FAIL_IF(!functions->forward || !functions->back, VXG_ERR_ARGUMENT, "views: %s is NULL",
                functions->forward ? "back" : "forward");
    VXG_FAIL_IF(!projections || projections->ndim < 1, VXG_ERR_ARGUMENT,
                "views: projections have no axis of views");
    vxg_view_functions *f = vxg__calloc(1, sizeof *f);
    if (!f) return VXG_ERR_MEMORY;
    *f = *functions;
    f->destroy = NULL; /* not ours until there is an operator */
    const vxg_op_opts opts = {.device = dev,
                              .linear = 1,
                              .in = volume,
                              .ninputs = 1,
                              .out = projections,
                              .subsets = VXG_SUBSETS_EXACT,
                              .state = f};
    VXG_TRY(vxg_op_new(&cls, &opts, out));
    f->destroy = functions->destroy;
    return VXG_OK;
}
