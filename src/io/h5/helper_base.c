/* Base's names inside the helper, which has one thread and neither pool nor log: memory without
 * counts, locks that are none. Messages are base's own (base/message.c). */
#include "base/base.h"

#include <stdlib.h>

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
