/* What libvoxgrad lends to libvoxgrad_io, which is of the same version but must not see hidden
 * names: counted memory, the thread pool and the log. Messages, progress and options are public.
 *
 * The name of the function carries the table's version, so that libraries that do not fit together
 * do not load. Members may be added at the end within a version; size tells how many there are. */
#ifndef VXG_BASE_EXPORT_H
#define VXG_BASE_EXPORT_H

#include "base/base.h"

typedef struct vxgi_base_table {
    uint32_t size;
    void *(*calloc)(size_t count, size_t size); /* as vxg__calloc and so on */
    void *(*alloc_aligned)(size_t bytes);
    void *(*realloc)(void *p, size_t count, size_t size);
    void (*free)(void *p);
    void (*parallel)(int64_t n, int64_t grain, vxg_range_fn fn, void *context);
    int (*threads_wanted)(void);
    void (*log)(int level, const char *text);
    void (*lock_add)(vxg_lock *lock);
    void (*lock)(vxg_lock *lock);
    void (*unlock)(vxg_lock *lock);
    int (*thread_start)(pthread_t *thread, void *(*fn)(void *), void *context);
} vxgi_base_table;

VXG_API const vxgi_base_table *vxgi_base_v1(void);

#endif
