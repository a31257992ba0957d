/* Status codes, the per-thread message chain, and the log. */
#include "base.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local char message[2048];

const char *vxg_version(void) {
    return VXG_VERSION;
}

const char *vxg_status_text(int status) {
    switch (status) {
#define VXG_X(name, value, code, words)                                                            \
    case value: return words;
        VXG_STATUS_LIST(VXG_X)
#undef VXG_X
    }
    return "unknown status";
}

int vxg_status_exit_code(int status) {
    switch (status) {
#define VXG_X(name, value, code, words)                                                            \
    case value: return code;
        VXG_STATUS_LIST(VXG_X)
#undef VXG_X
    }
    return 1;
}

const char *vxg_error_message(void) {
    return message;
}
void vxg_error_clear(void) {
    message[0] = 0;
}

int vxg_error_set(int status, const char *format, ...) {
    char text[sizeof message]; /* arguments may point into the old message */
    va_list ap;
    va_start(ap, format);
    vxg__format_list(text, sizeof text, format, ap);
    va_end(ap);
    memcpy(message, text, sizeof message);
    return status;
}

int vxg_error_context(int status, const char *format, ...) {
    char text[sizeof message];
    va_list ap;
    va_start(ap, format);
    int n = vxg__format_list(text, sizeof text, format, ap);
    va_end(ap);
    if (n < 0) return status;
    if ((size_t)n < sizeof text) {
        snprintf(text + n, sizeof text - (size_t)n, ": %.*s", (int)(sizeof text - 3 - (size_t)n),
                 message);
    }
    memcpy(message, text, sizeof message);
    return status;
}

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static vxg_log_fn log_fn;
static void *log_context;
static int log_level = -1;

void vxg_set_log(vxg_log_fn fn, void *context, int max_level) {
    pthread_mutex_lock(&log_lock);
    log_fn = fn, log_context = context, log_level = fn ? max_level : -1;
    pthread_mutex_unlock(&log_lock);
}

void vxg__log(int level, const char *format, ...) {
    if (level > log_level) return;
    char text[4096];
    va_list ap;
    va_start(ap, format);
    vxg__format_list(text, sizeof text, format, ap);
    va_end(ap);
    pthread_mutex_lock(&log_lock);
    if (log_fn && level <= log_level) log_fn(log_context, level, text);
    pthread_mutex_unlock(&log_lock);
}
