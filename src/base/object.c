/* Objects behind handles: devices, queues, buffers, kernels...
 *
 * A handle that was released must not be used, but hosts do it, and with a garbage-collected
 * language on top they do it often. The memory of an object therefore keeps its kind for ever: it
 * is never given back, and it is used again only for objects of the same kind, the one that was
 * freed longest ago first. Looking at a released handle is thus always legal, and the mark in its
 * head says that it is dead.
 */
#include "base.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK 32 /* objects that are made at a time, and that rest before one is used again */

typedef struct pool {
    vxg_object *first, *last; /* free, the oldest first */
    int count;
    void *chunks; /* of all objects: the first word points at the next */
} pool;
VXG_LOCK(object_lock, VXG_RANK_LEAF);
static pool pools[VXG_KINDS];

/* object_lock is held. */
static void put(pool *p, vxg_object *o) {
    assert(vxg__lock_mine(&object_lock));
    o->next = NULL;
    if (p->last) {
        p->last->next = o;
    } else {
        p->first = o;
    }
    p->last = o;
    p->count++;
}

static int grow(pool *p, size_t size) {
    assert(size % sizeof(max_align_t) == 0);
    char *chunk = calloc(1, sizeof(max_align_t) + CHUNK * size);
    if (!chunk) return 0;
    memcpy(chunk, &p->chunks, sizeof p->chunks);
    p->chunks = chunk;
    for (size_t i = 0; i < CHUNK; i++)
        put(p, (vxg_object *)(chunk + sizeof(max_align_t) + i * size));
    return 1;
}

void *vxg__object_new(vxg_kind kind, size_t size) {
    vxg_object *o = NULL;
    assert((int)kind >= 0 && kind < VXG_KINDS && size >= sizeof *o);
    size = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
    if (!vxg__memory_request(size)) return NULL;
    vxg__lock(&object_lock);
    pool *p = &pools[kind];
    if (p->count > CHUNK || grow(p, size)) {
        o = p->first;
        assert(o && p->count > 0);
        p->first = o->next;
        if (!p->first) p->last = NULL;
        p->count--;
        memset(o, 0, size);
        o->kind = kind;
        __atomic_store_n(&o->mark, VXG_MARK + (unsigned)kind, __ATOMIC_RELAXED);
    }
    vxg__unlock(&object_lock);
    if (!o) {
        vxg__memory_returned();
        vxg_error_set(VXG_ERR_MEMORY, "out of memory: %zu bytes were refused", size);
    }
    return o;
}

void vxg__object_free(void *object) {
    vxg_object *o = object;
    if (!o) return;
    assert((int)o->kind >= 0 && o->kind < VXG_KINDS);
    vxg__lock(&object_lock);
    vxg__object_hide(o);
    put(&pools[o->kind], o);
    vxg__unlock(&object_lock);
    vxg__memory_returned();
}
