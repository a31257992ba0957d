/* Counted memory: every request of the library passes here, so that tests can fail each of them and
 * see what is still alive. The header in front of a block keeps the pointer malloc returned. */
#include "base.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif

static _Atomic int64_t fail_at = -1, requests, live;

void vxg_alloc_fail_at(int64_t n) {
    atomic_store(&fail_at, n);
}
int64_t vxg_alloc_count(void) {
    return atomic_exchange(&requests, 0);
}
int64_t vxg_alloc_live(void) {
    return atomic_load(&live);
}

static int request_fails(void) {
    atomic_fetch_add(&requests, 1);
    int64_t n = atomic_load(&fail_at);
    while (n >= 0) /* counts down to -1, once */
        if (atomic_compare_exchange_weak(&fail_at, &n, n - 1)) return n == 0;
    return 0;
}

typedef struct block_head {
    void *base;
    size_t bytes;
} block_head;
#define ALIGNMENT 64

/* Large blocks on huge pages where the system gives them on request: strided walks through volumes
 * otherwise wait for address translation as much as for memory. */
#define HUGE_PAGE ((uintptr_t)2 << 20)
static void ask_for_huge_pages(void *block, size_t bytes) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    const uintptr_t first = ((uintptr_t)block + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
    const uintptr_t last = ((uintptr_t)block + bytes) & ~(HUGE_PAGE - 1);
    if (last > first && last - first >= 2 * HUGE_PAGE)
        (void)madvise((void *)first, last - first, MADV_HUGEPAGE); /* refused: nothing is lost */
#else
    (void)block, (void)bytes;
#endif
}

int vxg__memory_request(size_t bytes) {
    if (request_fails()) {
        vxg_error_set(VXG_ERR_MEMORY, "out of memory: %zu bytes were refused", bytes);
        return 0;
    }
    atomic_fetch_add(&live, 1);
    return 1;
}
void vxg__memory_returned(void) {
    assert(atomic_load(&live) > 0);
    atomic_fetch_sub(&live, 1);
}

void *vxg__alloc_aligned(size_t bytes) {
    char *base = NULL;
    int refused = request_fails();
    if (!refused && bytes < SIZE_MAX - 2 * ALIGNMENT) base = calloc(1, bytes + 2 * ALIGNMENT);
    if (!base) {
        vxg_error_set(VXG_ERR_MEMORY, "out of memory: %zu bytes were refused", bytes);
        return NULL;
    }
    ask_for_huge_pages(base, bytes);
    uintptr_t p =
        ((uintptr_t)base + sizeof(block_head) + ALIGNMENT - 1) & ~(uintptr_t)(ALIGNMENT - 1);
    block_head *head = (block_head *)p - 1;
    assert(p % ALIGNMENT == 0 && (char *)head >= base);
    assert(p + bytes <= (uintptr_t)base + bytes + 2 * ALIGNMENT);
    head->base = base;
    head->bytes = bytes;
    atomic_fetch_add(&live, 1);
    return (void *)p;
}

void *vxg__calloc(size_t count, size_t size) {
    if (size && count > SIZE_MAX / size) {
        vxg_error_set(VXG_ERR_MEMORY, "out of memory: %zu x %zu bytes overflow", count, size);
        return NULL;
    }
    return vxg__alloc_aligned(count * size);
}

void vxg__free(void *p) {
    if (!p) return;
    assert((uintptr_t)p % ALIGNMENT == 0 && "not of vxg__calloc");
    assert(atomic_load(&live) > 0);
    atomic_fetch_sub(&live, 1);
    free(((block_head *)p - 1)->base);
}

void *vxg__realloc(void *p, size_t count, size_t size) {
    void *q = vxg__calloc(count, size);
    if (!q || !p) return q;
    size_t old = ((block_head *)p - 1)->bytes;
    memcpy(q, p, old < count * size ? old : count * size);
    vxg__free(p);
    return q;
}

void vxg_free(void *p) {
    vxg__free(p);
}
