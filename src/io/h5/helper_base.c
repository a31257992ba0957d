/* Base's names inside the helper, which has one thread and neither pool nor log: memory and
 * messages without counts and locks. */
#include "base/base.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char message[2048];

const char *vxg_error_message(void) {
    return message;
}
void vxg_error_clear(void) {
    message[0] = 0;
}

int vxg_error_set(int status, const char *format, ...) {
    char text[sizeof message]; /* arguments may point into the old message */
    va_list list;
    va_start(list, format);
    vxg__format_list(text, sizeof text, format, list);
    va_end(list);
    memcpy(message, text, sizeof message);
    return status;
}

void *vxg__calloc(size_t count, size_t size) {
    void *p = calloc(count ? count : 1, size ? size : 1);
    if (!p) vxg_error_set(VXG_ERR_MEMORY, "out of memory: %zu x %zu bytes", count, size);
    return p;
}

void *vxg__realloc(void *p, size_t count, size_t size) {
    void *q = size && count > SIZE_MAX / size ? NULL : realloc(p, count * size);
    if (!q) vxg_error_set(VXG_ERR_MEMORY, "out of memory: %zu x %zu bytes", count, size);
    return q;
}

void vxg__free(void *p) {
    free(p);
}

void vxg__lock_add(vxg_lock *lock) {
    (void)lock;
}
void vxg__lock(vxg_lock *lock) {
    (void)lock;
}
void vxg__unlock(vxg_lock *lock) {
    (void)lock;
}
