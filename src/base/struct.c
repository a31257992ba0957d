/* Structs of callers whose layout may be older or newer than the library's (docs/abi.md). */
#include "base/base.h"

#include <string.h>

/* Bytes the struct has, by its own word; 0 and a message when it cannot have them. */
static size_t bytes_of(const void *s, size_t first, const char *name) {
    uint32_t size;
    assert(s && first >= sizeof size);
    memcpy(&size, s, sizeof size);
    if (size == 0) return first;
    if (size >= first) return size;
    vxg_error_set(VXG_ERR_ARGUMENT, "%s: size is %u, but the struct has at least %zu bytes", name,
                  (unsigned)size, first);
    return 0;
}

static int unknown_tail(const char *s, size_t from, size_t end) {
    for (size_t i = from; i < end; i++)
        if (s[i]) return 1;
    return 0;
}

int vxg__struct_in(void *dst, size_t known, size_t first, const void *src, const char *name) {
    const uint32_t full = (uint32_t)known;
    assert(dst && dst != src && first <= known);
    memset(dst, 0, known);
    size_t n = src ? bytes_of(src, first, name) : 0;
    if (src && !n) return VXG_ERR_ARGUMENT;
    VXG_FAIL_IF(
        n > known && unknown_tail(src, known, n), VXG_ERR_UNSUPPORTED,
        "%s: filled for a newer library: %zu bytes, known are %zu, and those beyond are not "
        "zero",
        name, n, known);
    if (n) memcpy(dst, src, n < known ? n : known);
    memcpy(dst, &full, sizeof full);
    return VXG_OK;
}

int vxg__struct_out_check(const void *dst, size_t first, const char *name) {
    VXG_FAIL_IF(!dst, VXG_ERR_ARGUMENT, "%s: NULL", name);
    return bytes_of(dst, first, name) ? VXG_OK : VXG_ERR_ARGUMENT;
}

int vxg__struct_out(void *dst, const void *src, size_t known, size_t first, const char *name) {
    VXG_TRY(vxg__struct_out_check(dst, first, name));
    const size_t head = sizeof(uint32_t), n = bytes_of(dst, first, name);
    assert(src && src != dst && first <= known);
    /* Never more than is known: what is beyond stays as the caller set it, and a struct that the
     * caller forgot to initialise, whose size is anything, is not overrun. */
    const size_t shared = n < known ? n : known;
    if (shared > head) memcpy((char *)dst + head, (const char *)src + head, shared - head);
    return VXG_OK;
}

int vxg__struct_fixed(const void *s, size_t known, const char *name) {
    uint32_t size;
    VXG_FAIL_IF(!s, VXG_ERR_ARGUMENT, "%s: NULL", name);
    memcpy(&size, s, sizeof size);
    VXG_FAIL_IF(size && size != known, VXG_ERR_ARGUMENT,
                "%s: size is %u; it is 0 or %zu in this version of the interface", name,
                (unsigned)size, known);
    return VXG_OK;
}

int vxg__progress_check(const vxg_progress *p) {
    vxg_progress known;
    return VXG_IN(vxg_progress, &known, p);
}
