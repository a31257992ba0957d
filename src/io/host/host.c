/* Base's names inside libvoxgrad_io: each call goes to libvoxgrad through its table. */
#include "base/export.h"

#include <stdarg.h>

void *vxg__calloc(size_t count, size_t size) {
    return vxgi_base_v1()->calloc(count, size);
}
void *vxg__alloc_aligned(size_t bytes) {
    return vxgi_base_v1()->alloc_aligned(bytes);
}
void *vxg__realloc(void *p, size_t count, size_t size) {
    return vxgi_base_v1()->realloc(p, count, size);
}
void vxg__free(void *p) {
    vxgi_base_v1()->free(p);
}
void vxg__parallel(int64_t n, int64_t grain, vxg_range_fn fn, void *context) {
    vxgi_base_v1()->parallel(n, grain, fn, context);
}
int vxg__threads_wanted(void) {
    return vxgi_base_v1()->threads_wanted();
}
void vxg__lock_add(vxg_lock *lock) {
    vxgi_base_v1()->lock_add(lock);
}
void vxg__lock(vxg_lock *lock) {
    vxgi_base_v1()->lock(lock);
}
void vxg__unlock(vxg_lock *lock) {
    vxgi_base_v1()->unlock(lock);
}
int vxg__thread_start(pthread_t *thread, void *(*fn)(void *), void *context) {
    return vxgi_base_v1()->thread_start(thread, fn, context);
}
void vxg__log(int level, const char *format, ...) {
    char text[2048];
    va_list list;
    va_start(list, format);
    vxg__format_list(text, sizeof text, format, list);
    va_end(list);
    vxgi_base_v1()->log(level, text);
}
