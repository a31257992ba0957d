/* An operator of your own, checked by `voxgrad check shift --plugin ./operator_plugin.so`:
 * y[i] = weight x[i - 1] along a line, y[0] = 0, and its exact adjoint. It works on the CPU's
 * memory; docs/adding/operator.md shows the form with a kernel, which runs on every device.
 *
 *   cc -shared -fPIC operator_plugin.c -o operator_plugin.so $(pkg-config --cflags --libs voxgrad)
 */
#include <stdlib.h>
#include <voxgrad/voxgrad.h>

/* Arrays come contiguous, of the declared shape and type, on the operator's device. */
static double get(const vxg_array *a, int64_t i) {
    const char *p = (const char *)vxg_buffer_host(a->buffer);
    return a->dtype == VXG_F32 ? (double)((const float *)(const void *)p)[a->offset + i]
                               : ((const double *)(const void *)p)[a->offset + i];
}
static void set(const vxg_array *a, int64_t i, double x) {
    char *p = (char *)vxg_buffer_host(a->buffer);
    if (a->dtype == VXG_F32)
        ((float *)(void *)p)[a->offset + i] = (float)x;
    else
        ((double *)(void *)p)[a->offset + i] = x;
}

static int shift_apply(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                       const vxg_array *out) {
    const double *weight = vxg_op_state(op);
    (void)call;
    set(out, 0, 0);
    for (int64_t i = 1; i < in->shape[0]; i++) set(out, i, *weight * get(in, i - 1));
    return VXG_OK;
}

/* For a linear operator the vjp is the adjoint: every weight at its mirrored place. */
static int shift_vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                     const vxg_array *cotangent, const vxg_array *grad) {
    const double *weight = vxg_op_state(op);
    int64_t n = cotangent->shape[0];
    (void)call, (void)in;
    for (int64_t i = 0; i + 1 < n; i++) set(grad, i, *weight * get(cotangent, i + 1));
#ifdef WRONG_ADJOINT /* to see the check fail: the last element is forgotten */
    set(grad, n - 1, get(cotangent, n - 1));
#else
    set(grad, n - 1, 0);
#endif
    return VXG_OK;
}

static const vxg_op_class shift_class = {
    .name = "example.shift", .apply = shift_apply, .vjp = shift_vjp, .destroy = free};

/* A row makes example problems; it is all the checks need. */
static int make_shift(vxg_device *dev, const vxg_problem *problem, vxg_op **out) {
    if (!vxg_device_get_info(dev)->has_f64) /* only the cpu backend's memory can be touched here */
        return vxg_error_set(VXG_ERR_UNSUPPORTED, "example.shift runs on the cpu device only");
    int64_t n = problem->scale == VXG_PROBLEM_TINY ? 1 + (int64_t)(problem->seed % 8) : 4096;
    vxg_space space = {.dtype = vxg_real_dtype(problem->real), .ndim = 1, .shape = {n}};
    double *weight = malloc(sizeof *weight);
    if (!weight) return vxg_error_set(VXG_ERR_MEMORY, "out of memory");
    *weight = 1.5 + (double)problem->seed;
    return vxg_op_new(&shift_class,
                      &(vxg_op_opts){.linear = 1, /* in input 0 */
                                     .device = dev,
                                     .in = &space,
                                     .ninputs = 1,
                                     .out = &space,
                                     .state = weight},
                      out);
}

/* A line of one element is shifted to nothing: then Ax and A'y are exactly zero. */
static int is_empty(const vxg_problem *problem) {
    return problem->scale == VXG_PROBLEM_TINY && problem->seed % 8 == 0;
}

static const vxg_op_row shift_row = {.name = "example.shift",
                                     .summary = "a line shifted by one, times a weight",
                                     .make = make_shift,
                                     .examples = 10,
                                     .is_empty = is_empty};

int vxg_plugin_register(void);
int vxg_plugin_register(void) {
    return vxg_op_register(&shift_row);
}
