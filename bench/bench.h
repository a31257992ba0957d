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
#endif
