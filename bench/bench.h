/* What the benchmark programs share: failing, CPU time, medians. */
#ifndef VXG_BENCH_H
#define VXG_BENCH_H
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <voxgrad/voxgrad.h>

static inline void must(int status, const char *what) {
    if (!status) return;
    fprintf(stderr, "%s: %s\n", what, vxg_error_message());
    exit(1);
}
/* CPU time of the whole process: rates are per core whatever else the machine does. */
static inline double cpu_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
/* For qsort of doubles. */
static inline int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}
typedef struct bench_number { /* an option with a whole number */
    const char *name;
    int *value;
} bench_number;
/* Every "--name N" of the list, and --level L as the device spec "cpu:L". */
static inline void bench_options(int argc, char **argv, const bench_number *list, int n,
                                 char spec[32]) {
    snprintf(spec, 32, "cpu");
    for (int i = 1; i + 1 < argc; i++) {
        for (int k = 0; k < n; k++)
            if (!strcmp(argv[i], list[k].name)) *list[k].value = atoi(argv[i + 1]);
        if (!strcmp(argv[i], "--level")) snprintf(spec, 32, "cpu:%s", argv[i + 1]);
    }
}
static inline int bench_flag(int argc, char **argv, const char *name) {
    for (int i = 1; i < argc; i++)
        if (!strcmp(argv[i], name)) return 1;
    return 0;
}

/* An operator, one way, with its arrays and workspace: inputs are uniform random numbers in 0..1.
 */
typedef struct bench_call {
    vxg_array in, out;
    vxg_call call;
} bench_call;
static inline void bench_prepare(const vxg_op *op, int adjoint, bench_call *d) {
    memset(d, 0, sizeof *d);
    must(vxg_op_new_array(op, adjoint ? -1 : 0, &d->in), "input");
    must(vxg_op_new_array(op, adjoint ? 0 : -1, &d->out), "output");
    must(vxg_array_random(NULL, &d->in, 1, 0, 1), "input");
    must(vxg_buffer_new(vxg_op_device(op), vxg_op_workspace(op, NULL), &d->call.workspace),
         "workspace");
}
static inline void bench_finish(bench_call *d) {
    vxg_buffer_release(d->call.workspace);
    vxg_array_release(&d->in), vxg_array_release(&d->out);
}
/* CPU seconds of one call. */
static inline double bench_once(const vxg_op *op, int adjoint, bench_call *d) {
    const double t = cpu_seconds();
    must(adjoint ? vxg_op_apply_adjoint(op, &d->call, &d->in, &d->out)
                 : vxg_op_apply(op, &d->call, &d->in, &d->out),
         "apply");
    return cpu_seconds() - t;
}

/* Wall time of one thread over that of two, runs alternated so that what else the machine does
 * falls on both: the median of seven, printed with its range. Threads are one again after it. */
static inline void bench_scaling(const char *name, void (*run)(void *context), void *context) {
    double ratio[7];
    for (int k = 0; k < 7; k++) {
        double seconds[2];
        for (int threads = 1; threads <= 2; threads++) {
            struct timespec from, to;
            must(vxg_set_threads(threads), "threads");
            clock_gettime(CLOCK_MONOTONIC, &from);
            run(context);
            clock_gettime(CLOCK_MONOTONIC, &to);
            seconds[threads - 1] =
                (double)(to.tv_sec - from.tv_sec) + 1e-9 * (double)(to.tv_nsec - from.tv_nsec);
        }
        ratio[k] = seconds[0] / seconds[1];
    }
    must(vxg_set_threads(1), "threads");
    qsort(ratio, 7, sizeof *ratio, by_value);
    printf("| %s | 1 to 2 threads | %.2f | %.2f-%.2f |\n", name, ratio[3], ratio[0], ratio[6]);
    fflush(stdout);
}
#endif
