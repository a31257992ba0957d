/* Kernel dialect, C target: the CPU build of the library (VXG_LEVEL names the instruction-set level) and users'
 * kernels compiled by the system compiler. docs/kernels.md lists every K_ name. */
#ifndef K_PRELUDE
#define K_PRELUDE
#include <math.h>
#include <stdint.h>

#if defined(VXG_DTYPE_f64)
typedef double real;
typedef uint64_t k_bits;
typedef int64_t k_sbits;
#define K_REFERENCE_MATHS 1 /* the C library's: the oracle */
#define K_M(name) name
#define K_FMA_BUILTIN __builtin_fma
#define K_DTYPE f64
#else
typedef float real;
typedef uint32_t k_bits;
typedef int32_t k_sbits;
#define K_VECTORS 1 /* lanes are vectors of the instruction-set level */
#define K_M(name) name##f
#define K_FMA_BUILTIN __builtin_fmaf
#define K_DTYPE f32
#endif
typedef int64_t k_long;
typedef uint32_t k_uint;
typedef uint8_t k_u8;
typedef uint16_t k_u16;
#include "kernels/prelude/params.h"

#define K_GLOBAL
#define K_LOCAL
#define K_PRIVATE
#define K_FN static inline __attribute__((unused))
#define K_TABLE static const

#define K_R(x) ((real)(x))
#define K_I(k) (k_p->i[k])
#define K_P(k) (k_p->r[k])
#define K_N(axis) (k_p->n[axis])

/* Fused where the instruction set has it; elsewhere the library call would cost more than the rounding
 * is worth. */
#if defined(__FMA__) || defined(__aarch64__)
#define K_fma(a, b, c) K_FMA_BUILTIN((a), (b), (c))
#else
#define K_fma(a, b, c) ((a) * (b) + (c))
#endif
#define K_abs(x) K_M(fabs)(x)
#define K_floor(x) K_M(floor)(x)
#define K_ceil(x) K_M(ceil)(x)
#define K_sqrt(x) K_M(sqrt)(x)
#define K_exp(x) K_M(exp)(x)
#define K_log(x) K_M(log)(x)
#define K_sin(x) K_M(sin)(x)
#define K_cos(x) K_M(cos)(x)
#define K_atan(x) K_M(atan)(x)
#define K_atan2(y, x) K_M(atan2)((y), (x))
#define K_pow(x, y) K_M(pow)((x), (y))
#define K_isfinite(x) (isfinite(x) != 0)
#define K_min(a, b) ((a) < (b) ? (a) : (b))
#define K_max(a, b) ((a) > (b) ? (a) : (b))
#define K_imin(a, b) ((a) < (b) ? (a) : (b))
#define K_imax(a, b) ((a) > (b) ? (a) : (b))
#define K_int(x) ((int)(x))
#define K_real(x) ((real)(x))
#define K_mulhi(a, b) ((k_uint)(((uint64_t)(a) * (uint64_t)(b)) >> 32))

/* The bits of a real as an int of its width, and back. */
K_FN k_sbits K_bits(const real x) {
    k_sbits i;
    __builtin_memcpy(&i, &x, sizeof i);
    return i;
}
K_FN real K_of_bits(const k_sbits i) {
    real x;
    __builtin_memcpy(&x, &i, sizeof x);
    return x;
}

/* Adds to memory that items share; returns nothing on every target. */
K_FN void K_atomic_add(K_GLOBAL real *p, real v) {
    k_bits old = __atomic_load_n((k_bits *)(void *)p, __ATOMIC_RELAXED), want;
    real now;
    do {
        __builtin_memcpy(&now, &old, sizeof now);
        now += v;
        __builtin_memcpy(&want, &now, sizeof want);
    } while (!__atomic_compare_exchange_n((k_bits *)(void *)p, &old, want, 1, __ATOMIC_RELAXED,
                                          __ATOMIC_RELAXED));
}

/* On cells of int or k_uint; v has the cell's type. */
#define K_atomic_iadd(p, v) ((void)__atomic_fetch_add((p), (v), __ATOMIC_RELAXED))
K_FN void k_least_int(int *p, int v) {
    int old = __atomic_load_n(p, __ATOMIC_RELAXED);
    while (v < old && !__atomic_compare_exchange_n(p, &old, v, 1, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {}
}
K_FN void k_most_int(int *p, int v) {
    int old = __atomic_load_n(p, __ATOMIC_RELAXED);
    while (v > old && !__atomic_compare_exchange_n(p, &old, v, 1, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {}
}
K_FN void k_least_uint(k_uint *p, k_uint v) {
    k_uint old = __atomic_load_n(p, __ATOMIC_RELAXED);
    while (v < old && !__atomic_compare_exchange_n(p, &old, v, 1, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {}
}
K_FN void k_most_uint(k_uint *p, k_uint v) {
    k_uint old = __atomic_load_n(p, __ATOMIC_RELAXED);
    while (v > old && !__atomic_compare_exchange_n(p, &old, v, 1, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {}
}
#define K_atomic_imin(p, v) _Generic((p), int *: k_least_int, k_uint *: k_least_uint)((p), (v))
#define K_atomic_imax(p, v) _Generic((p), int *: k_most_int, k_uint *: k_most_uint)((p), (v))

/* Entries (entries.h): the C form is a function over a range of x at one (y, z), called by the pool. */
#ifndef VXG_LEVEL
#define VXG_LEVEL user
#endif
#ifndef K_LINKAGE
#define K_LINKAGE
#endif
#define K_JOIN2(a, b, c) k_##a##_##b##_##c
#define K_JOIN(a, b, c) K_JOIN2(a, b, c)
#define K_SYM(name) K_JOIN(VXG_LEVEL, K_DTYPE, name)
#define K_MAYBE __attribute__((unused))
#define K_ITEM_ARGS                                                                                \
    K_MAYBE const k_params *k_p, K_MAYBE const int gx, K_MAYBE const int gy, K_MAYBE const int gz
/* restrict: no buffer is the parameters, so that they are read once and not for every item. */
#define K_RANGE_ARGS                                                                               \
    void *const *k_b, const k_params *restrict k_p, int k_x0, int k_x1, int k_y, int k_z
/* words: what an entry of lanes (kernels/prelude/lanes.h) adds to a step, else nothing. */
#define K_LOOP(words) for (int k_x = k_x0; k_x < k_x1; k_x += 1 words)
#define K_ENTRY_SIZED
#define K_BY_LANES +(V_LANES - 1)
#define K_ENTRY(f, words, item, entry, locals, call, x, y, z)                                      \
    K_FN void f##_item item;                                                                       \
    K_LINKAGE void K_SYM(f)(K_RANGE_ARGS);                                                         \
    K_LINKAGE void K_SYM(f)(K_RANGE_ARGS) {                                                        \
        locals K_LOOP(words) f##_item call;                                                               \
    }                                                                                              \
    K_FN void f##_item item
#define K_TAIL k_p, k_x, k_y, k_z
#define K_BUF(A, a, n) ((A)k_b[n] + k_p->off[n])
#define K_IMAGE_BUF(a) ((K_IMAGE)k_b[0])
#define K_G 0, 0, 0
#define K_W 0, 0, 0

/* Layered images: float32, w columns, h rows; see src/device/image.h. The sampler's arithmetic is free: no
 * target repeats another's. */
typedef struct k_image {
    const float *p;
    int w, h;
} k_image;
#define K_IMAGE const k_image *
K_FN real k_texel(K_IMAGE a, const int layer, const int col, const int row) {
    if (col < 0 || col >= a->w || row < 0 || row >= a->h) return 0;
    return a->p[((k_long)layer * a->h + row) * a->w + col];
}
K_FN real K_tex(K_IMAGE a, const int layer, const real q, const real r) {
    if (!(q > -1 && q < (real)a->w && r > -1 && r < (real)a->h)) return 0;
    const real fq = K_floor(q), fr = K_floor(r), u = q - fq, v = r - fr;
    const int col = (int)fq, row = (int)fr;
    const real up = K_fma(u, k_texel(a, layer, col + 1, row), (1 - u) * k_texel(a, layer, col, row));
    const real down = K_fma(u, k_texel(a, layer, col + 1, row + 1), (1 - u) * k_texel(a, layer, col, row + 1));
    return K_fma(v, down, (1 - v) * up);
}

/* Group kernels: gx, gy, gz number groups of K_GROUP items. The text between barriers stands in
 * K_ITEMS(item) { ... } K_END_ITEMS: a loop here, one item and a barrier on GPUs. Nothing private
 * survives K_END_ITEMS except loop counters that are the same in all items. */
#ifndef K_GROUP
#define K_GROUP 64
#endif
#define K_STRIP_FIRST 0
#define K_STRIP_STEP V_LANES
#define K_STRIP_END
#define K_GROUP_ARGS
#define K_GROUP_PASS
#define K_ITEMS(item)                                                                              \
    for (int item = 0; item < K_GROUP; item++) {
#define K_END_ITEMS }
#define K_LOCAL_ARRAY(T, l, n) T l[n]
#include "kernels/prelude/entries.h"

/* Schedules exist on the CPU alone: pure functions of (args, unit, scratch). */
#define K_SCHEDULE(name)                                                                           \
    K_LINKAGE void K_SYM(name)(const void *args, int64_t unit, void *scratch);                     \
    K_LINKAGE void K_SYM(name)(const void *args, int64_t unit, void *scratch)
#endif
