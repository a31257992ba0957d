/* A matrix as an operator of the cpu, and how a method is run on it. */
#ifndef TESTS_SOLVE_MATRIX_H
#define TESTS_SOLVE_MATRIX_H

#include "test.h"

static vxg_device *dev;

/* A matrix as an operator of the cpu; `fails` counts down to a call that fails. */
typedef struct matrix {
    int rows, cols;
    vxg_dtype dtype;
    double a[400];
} matrix;
static int fails = -1;

static double get(const vxg_array *a, int64_t i) {
    const void *p = vxg_buffer_host(a->buffer);
    return a->dtype == VXG_F64 ? ((const double *)p)[a->offset + i]
                               : (double)((const float *)p)[a->offset + i];
}
static void put(const vxg_array *a, int64_t i, double v) {
    void *p = vxg_buffer_host(a->buffer);
    if (a->dtype == VXG_F64)
        ((double *)p)[a->offset + i] = v;
    else
        ((float *)p)[a->offset + i] = (float)v;
}
static int times(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                 const vxg_array *out) {
    const matrix *m = vxg_op_state(op);
    (void)call;
    if (fails >= 0 && fails-- == 0) return vxg_error_set(VXG_ERR_FAILED, "this call fails");
    for (int i = 0; i < m->rows; i++) {
        double sum = 0;
        for (int j = 0; j < m->cols; j++) sum += m->a[i * m->cols + j] * get(in, j);
        put(out, i, sum);
    }
    return VXG_OK;
}
static int back(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                const vxg_array *cotangent, const vxg_array *grad) {
    const matrix *m = vxg_op_state(op);
    (void)call, (void)in;
    if (fails >= 0 && fails-- == 0) return vxg_error_set(VXG_ERR_FAILED, "this call fails");
    for (int j = 0; j < m->cols; j++) {
        double sum = 0;
        for (int i = 0; i < m->rows; i++) sum += m->a[i * m->cols + j] * get(cotangent, i);
        put(grad, j, sum);
    }
    return VXG_OK;
}
static vxg_op *matrix_op(const matrix *m) {
    static const vxg_op_class cls = {
        .size = sizeof cls, .name = "matrix", .apply = times, .vjp = back};
    const vxg_space in = {.dtype = m->dtype, .ndim = 1, .shape = {m->cols}};
    const vxg_space out = {.dtype = m->dtype, .ndim = 1, .shape = {m->rows}};
    const vxg_op_opts o = {.size = sizeof o,
                           .linear = 1,
                           .device = dev,
                           .in = &in,
                           .ninputs = 1,
                           .out = &out,
                           .state = (void *)m};
    vxg_op *op = NULL;
    if (vxg_op_new(&cls, &o, &op)) printf("FAIL solve_faults.matrix: %s\n", vxg_error_message());
    return op;
}
__attribute__((unused)) static vxg_array vector(const vxg_op *op, int input, const double *values) {
    vxg_array a = {0};
    if (vxg_op_new_array(op, input, &a)) return a;
    for (int64_t i = 0; i < vxg_array_count(&a); i++) put(&a, i, values[i]);
    return a;
}

/* One run; x receives the result. */
__attribute__((unused)) static int solve(const char *method, const matrix *m, const double *b,
                                         const vxg_solve_opts *o, double *x, vxg_solve_report *r) {
    vxg_op *op = matrix_op(m);
    vxg_array data_of = vector(op, -1, b);
    vxg_solver *s = NULL;
    const vxg_solve_problem p = {.op = op, .data = &data_of};
    int status = vxg_solver_new(method, &p, o, &s);
    if (!status) status = vxg_solver_run(s, NULL);
    for (int j = 0; j < m->cols && !status; j++) x[j] = get(vxg_solver_x(s), j);
    if (!status && r) status = vxg_solver_report(s, r);
    vxg_solver_release(s);
    vxg_array_release(&data_of);
    vxg_op_release(op);
    return status;
}
__attribute__((unused)) static double off(const double *x, const double *want, int n) {
    double most = 0;
    for (int i = 0; i < n; i++) most = fmax(most, fabs(x[i] - want[i]));
    return isnan(x[0]) ? NAN : most;
}

#endif
