/* Tests that run the command: a scratch folder `work`, voxgrad(arguments), volumes read back. */
#ifndef VXG_TEST_COMMAND_H
#define VXG_TEST_COMMAND_H
#include <stdarg.h>
#include <unistd.h>
#include <voxgrad/voxgrad.h>

#include "test.h"

static char work[256];

/* Runs the command; its exit code. Output goes to work/log. */
__attribute__((format(printf, 1, 2))) static int voxgrad(const char *format, ...) {
    char line[4096];
    int n = snprintf(line, sizeof line, "%s/bin/voxgrad ", VXG_BINARY_DIR);
    va_list ap;
    va_start(ap, format);
    n += vsnprintf(line + n, sizeof line - (size_t)n, format, ap);
    va_end(ap);
    snprintf(line + n, sizeof line - (size_t)n, " >%s/log 2>&1", work);
    int rc = system(line);
    if (rc) {
        snprintf(line, sizeof line, "cat %s/log >&2", work);
        if (system(line)) return -1;
    }
    return rc;
}

typedef struct volume {
    float *v;
    int64_t shape[3];
} volume;

__attribute__((format(printf, 2, 3), unused)) static int load(volume *out, const char *format,
                                                              ...) {
    char path[512];
    int n = snprintf(path, sizeof path, "%s/", work);
    va_list ap;
    va_start(ap, format);
    vsnprintf(path + n, sizeof path - (size_t)n, format, ap);
    va_end(ap);
    memset(out, 0, sizeof *out);
    return vxg_volume_read(path, &out->v, out->shape);
}

#define RUN(...) CHECK(voxgrad(__VA_ARGS__) == 0, "the command failed")
#define LOAD(v, ...) CHECK(load(v, __VA_ARGS__) == 0, "%s", vxg_error_message())

/* main of such a program: the scratch folder exists while the tests run. */
static int run_in_work(const char *suite, const test_entry *list, int n, int argc, char **argv) {
    char line[512];
    if (test_scratch(work, sizeof work, suite, "/tmp")) return 1;
    int rc = test_run(suite, list, n, argc, argv);
    snprintf(line, sizeof line, "rm -rf '%s'", work);
    return system(line) ? 1 : rc;
}
#endif
