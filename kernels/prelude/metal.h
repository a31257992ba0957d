/* Kernel dialect, Metal Shading Language target. Only a stub of the language has compiled and run it
 * so far (tests/metal_stub): never an Apple device. */
#ifndef K_PRELUDE
#define K_PRELUDE
#include <metal_stdlib>
using namespace metal;
#pragma clang fp contract(off)
typedef float real;
typedef long k_long;
typedef uint k_uint;
typedef uchar k_u8;
typedef ushort k_u16;
#include "kernels/prelude/params.h"

#define K_GLOBAL device
#define K_LOCAL threadgroup
#define K_PRIVATE thread
#define K_FN static inline
#define K_TABLE constant

#define K_RF(x) ((real)(x##f))
#define K_R(x) K_RF(x) /* a macro's name may stand in it */
#define K_I(k) (k_p->i[k])
#define K_P(k) (k_p->r[k])
#define K_N(axis) (k_p->n[axis])

/* precise:: keeps its meaning under the fast-math default of run-time compilation. */
#define K_fma(a, b, c) fma((real)(a), (real)(b), (real)(c))
#define K_abs(x) fabs(x)
#define K_floor(x) floor(x)
#define K_ceil(x) ceil(x)
#define K_sqrt(x) precise::sqrt(x)
#define K_exp(x) precise::exp(x)
#define K_log(x) precise::log(x)
#define K_sin(x) precise::sin(x)
#define K_cos(x) precise::cos(x)
#define K_atan(x) precise::atan(x)
#define K_atan2(y, x) precise::atan2((real)(y), (real)(x))
#define K_pow(x, y) precise::pow((real)(x), (real)(y))
#define K_isfinite(x) (((as_type<uint>((real)(x))) & 0x7f800000u) != 0x7f800000u) /* fast-math does not see it */
#define K_min(a, b) ((a) < (b) ? (a) : (b))
#define K_max(a, b) ((a) > (b) ? (a) : (b))
#define K_imin(a, b) ((a) < (b) ? (a) : (b))
#define K_imax(a, b) ((a) > (b) ? (a) : (b))
#define K_int(x) ((int)(x))
#define K_real(x) ((real)(x))
#define K_mulhi(a, b) mulhi((k_uint)(a), (k_uint)(b))

K_FN void K_atomic_add(K_GLOBAL real *p, real v) {
    K_GLOBAL atomic_uint *cell = (K_GLOBAL atomic_uint *)p;
    uint old = atomic_load_explicit(cell, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(cell, &old,
                                                  as_type<uint>(as_type<float>(old) + v),
                                                  memory_order_relaxed, memory_order_relaxed)) {
    }
}

/* On cells of int or k_uint; v has the cell's type. */
#define K_ATOMICS(space, T, cell)                                                                  \
    K_FN void K_atomic_iadd(space T *p, T v) {                                                     \
        atomic_fetch_add_explicit((space cell *)p, v, memory_order_relaxed);                       \
    }                                                                                              \
    K_FN void K_atomic_imin(space T *p, T v) {                                                     \
        atomic_fetch_min_explicit((space cell *)p, v, memory_order_relaxed);                       \
    }                                                                                              \
    K_FN void K_atomic_imax(space T *p, T v) {                                                     \
        atomic_fetch_max_explicit((space cell *)p, v, memory_order_relaxed);                       \
    }
K_ATOMICS(device, int, atomic_int)
K_ATOMICS(device, k_uint, atomic_uint)
#ifndef K_ONE_SPACE /* the tests' stub, where both spaces are the same */
K_ATOMICS(threadgroup, int, atomic_int)
K_ATOMICS(threadgroup, k_uint, atomic_uint)
#define K_LOCAL_ARRAY(T, l, n) threadgroup T l[n]
#endif

/* The bits of a real as an int, and back. */
typedef int k_sbits;
#define K_bits(x) as_type<int>((real)(x))
#define K_of_bits(i) as_type<float>((int)(i))

#define K_IMAGE texture2d_array<float, access::sample>
#define K_IMAGE_SLOT [[texture(0)]]
K_FN real K_tex(K_IMAGE a, const int layer, const real q, const real r) {
    constexpr sampler s(coord::pixel, address::clamp_to_zero, filter::linear);
    return a.sample(s, float2(q + 0.5f, r + 0.5f), (uint)layer).x;
}

/* MSL hands positions to the entry alone, so an item receives its number in the group. */
#define K_ENTRY_WORD kernel
#define K_ENTRY_SIZED
#define K_SLOT(n) [[buffer(n)]]
#define K_PARAMS_ARG                                                                               \
    constant k_params &k_c [[buffer(8)]], uint3 k_at [[thread_position_in_grid]],                  \
        uint3 k_in [[threadgroup_position_in_grid]], uint k_nr [[thread_index_in_threadgroup]]
#define K_ENTRY_BEGIN                                                                              \
    const k_params k_v = k_c;                                                                      \
    (void)k_at, (void)k_in;
#define K_ITEM_MORE , const int k_local
#define K_GROUP_MORE , k_local
#define K_TAIL_MORE , (int)k_nr
#define K_G k_at.x, k_at.y, k_at.z
#define K_W k_in.x, k_in.y, k_in.z
#define K_LOCAL_ID k_local
#define K_BARRIER threadgroup_barrier(mem_flags::mem_device | mem_flags::mem_threadgroup)
#include "kernels/prelude/gpu.h"
#endif
