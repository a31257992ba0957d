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
#endif
