/* A small scan and its matrix, and how a method is run on it: what tests of solvers share. */
#ifndef TESTS_SOLVE_SCAN_H
#define TESTS_SOLVE_SCAN_H

#include "test.h"

#define MOST 160

static vxg_device *dev;
static vxg_real type;

/* A small scan: its operator, and its matrix. */
typedef struct scan {
    vxg_op *op;
    int rows, cols, width, side; /* width: rays of a view; side: the image is side x side */
    double a[MOST][MOST];        /* rows x cols */
    double b[MOST], w[MOST], x[MOST];
} scan;

static double get(const void *p, int64_t i) {
    return type == VXG_REAL_F64 ? ((const double *)p)[i] : (double)((const float *)p)[i];
}
static int put(const vxg_array *a, const double *values) {
    const int64_t n = vxg_array_count(a);
    float f[MOST];
    for (int64_t i = 0; i < n; i++) f[i] = (float)values[i];
    return vxg_array_write(NULL, a, type == VXG_REAL_F64 ? (const void *)values : f);
}
static int take(const vxg_array *a, double *values) {
    double raw[MOST];
    const int status = vxg_array_read(NULL, a, raw);
    for (int64_t i = 0; i < vxg_array_count(a); i++) values[i] = get(raw, i);
    return status;
}

/* The operator as a matrix, column by column. */
static int write_out(scan *s) {
    vxg_array x, y = {0};
    int status = vxg_op_new_array(s->op, 0, &x);
    if (!status) status = vxg_op_new_array(s->op, -1, &y);
    for (int j = 0; j < s->cols && !status; j++) {
        double unit[MOST] = {0}, column[MOST];
        unit[j] = 1;
        status = put(&x, unit);
        if (!status) status = vxg_op_apply(s->op, NULL, &x, &y);
        if (!status) status = take(&y, column);
        for (int i = 0; i < s->rows; i++) s->a[i][j] = column[i];
    }
    vxg_array_release(&x), vxg_array_release(&y);
    return status;
}

static int make_scan(scan *s, int n, int nviews) {
    double angles[32];
    vxg_ct_geometry *geo;
    for (int i = 0; i < nviews; i++) angles[i] = 0.1 + 3.14159265 * i / nviews;
    const vxg_ct_parallel_opts g = {.angles = angles, .nviews = nviews, .rows = 1, .cols = n + 3};
    const vxg_ct_volume vol = {.nz = 1, .ny = n, .nx = n};
    const vxg_ct_projector_opts o = {.real = type};
    int status = vxg_ct_parallel_circular(&g, &geo);
    if (status) return status;
    if (!status) status = vxg_ct_projector(dev, geo, &vol, &o, &s->op);
    vxg_ct_geometry_release(geo);
    if (status) return status;
    s->width = n + 3, s->side = n, s->rows = nviews * s->width, s->cols = n * n;
    if (s->rows > MOST || s->cols > MOST) return -1;
    status = write_out(s);
    uint32_t state = 5;
    for (int j = 0; j < s->cols; j++) {
        state = state * 1664525u + 1013904223u;
        s->x[j] = (float)(state >> 8) / 16777216.0f;
    }
    for (int i = 0; i < s->rows; i++) { /* data that no x explains */
        double sum = 0;
        for (int j = 0; j < s->cols; j++) sum += s->a[i][j] * s->x[j];
        state = state * 1664525u + 1013904223u;
        s->b[i] = (float)(sum * (1 + 0.05 * ((double)(state >> 8) / 8388608.0 - 1)));
        s->w[i] = (float)(0.2 + (double)(state >> 20) / 4096.0);
        if (i % 13 == 5) s->w[i] = 0;
    }
    return status;
}

__attribute__((unused)) static void times(const scan *s, const double *x, double *y) {
    for (int i = 0; i < s->rows; i++) {
        y[i] = 0;
        for (int j = 0; j < s->cols; j++) y[i] += s->a[i][j] * x[j];
    }
}
__attribute__((unused)) static void back(const scan *s, const double *y, double *x) {
    for (int j = 0; j < s->cols; j++) {
        x[j] = 0;
        for (int i = 0; i < s->rows; i++) x[j] += s->a[i][j] * y[i];
    }
}

/* Runs a method; x receives the result, residual and penalty what was told of every iteration. */
__attribute__((unused)) static int solve(const char *method, const scan *s, const vxg_solve_opts *o,
                                         const double *weights, const double *start, double *x,
                                         double *residual, double *penalty) {
    vxg_array b, w = {0}, first = {0};
    vxg_solver *solver = NULL;
    int count, status = vxg_op_new_array(s->op, -1, &b);
    if (!status) status = put(&b, s->b);
    if (weights && !status) status = vxg_op_new_array(s->op, -1, &w);
    if (weights && !status) status = put(&w, weights);
    if (start && !status) status = vxg_op_new_array(s->op, 0, &first);
    if (start && !status) status = put(&first, start);
    const vxg_solve_problem p = {
        .op = s->op, .data = &b, .weights = weights ? &w : NULL, .start = start ? &first : NULL};
    if (!status) status = vxg_solver_new(method, &p, o, &solver);
    if (!status) status = vxg_solver_run(solver, NULL);
    if (!status) status = take(vxg_solver_x(solver), x);
    if (!status && (residual || penalty))
        status = vxg_solver_history(solver, residual, penalty, o->iterations, &count);
    vxg_solver_release(solver);
    vxg_array_release(&b), vxg_array_release(&w), vxg_array_release(&first);
    return status;
}

static double distance(const double *a, const double *b, int n) {
    double d = 0, most = 0;
    for (int i = 0; i < n; i++) d = fmax(d, fabs(a[i] - b[i])), most = fmax(most, fabs(b[i]));
    return d / most;
}
__attribute__((unused)) static double close_to(void) {
    return type == VXG_REAL_F64 ? 1e-10 : 2e-5;
}

/* Runs the tests in float32 and float64 on the cpu and in float32 elsewhere. */
static int scan_main(const char *name, const test_entry *list, int n, int (*start)(void),
                     void (*stop)(void), int argc, char **argv) {
    static const char *const specs[] = {"cpu", "cpu", "opencl:0", "cuda:0"};
    static const char *const kinds[] = {"cpu_f32", "cpu_f64", "opencl", "cuda"};
    int failed = 0;
    for (int k = 0; k < 4; k++) {
        char suite[64];
        snprintf(suite, sizeof suite, "%s_%s", name, kinds[k]);
        type = k == 1 ? VXG_REAL_F64 : VXG_REAL_F32;
        if (vxg_device_open(specs[k], &dev)) {
            printf("SKIP %s.all: %s\n", suite, vxg_error_message());
            continue;
        }
        if (start()) return printf("FAIL %s.scans: %s\n", suite, vxg_error_message()), 1;
        failed |= test_run(suite, list, n, argc, argv);
        stop();
        vxg_device_release(dev);
    }
    return failed;
}

#endif
