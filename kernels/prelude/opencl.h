/* Kernel dialect, OpenCL C 1.2 target. */
#ifndef K_PRELUDE
#define K_PRELUDE
#pragma OPENCL FP_CONTRACT OFF
typedef float real;
typedef long k_long;
typedef uint k_uint;
typedef uchar k_u8;
typedef ushort k_u16;
#include "kernels/prelude/params.h"

#define K_GLOBAL __global
#define K_LOCAL __local
#define K_PRIVATE __private
#define K_FN static inline
#define K_TABLE __constant

#define K_RF(x) ((real)(x##f))
#define K_R(x) K_RF(x) /* a macro's name may stand in it */
#define K_I(k) (k_p->i[k])
#define K_P(k) (k_p->r[k])
#define K_N(axis) (k_p->n[axis])

#define K_fma(a, b, c) fma((real)(a), (real)(b), (real)(c))
#define K_abs(x) fabs(x)
#define K_floor(x) floor(x)
#define K_ceil(x) ceil(x)
#define K_sqrt(x) sqrt(x)
#define K_exp(x) exp(x)
#define K_log(x) log(x)
#define K_sin(x) sin(x)
#define K_cos(x) cos(x)
#define K_atan(x) atan(x)
#define K_atan2(y, x) atan2((real)(y), (real)(x))
#define K_pow(x, y) pow((real)(x), (real)(y))
#define K_isfinite(x) (isfinite((real)(x)) != 0)
#define K_min(a, b) ((a) < (b) ? (a) : (b))
#define K_max(a, b) ((a) > (b) ? (a) : (b))
#define K_imin(a, b) ((a) < (b) ? (a) : (b))
#define K_imax(a, b) ((a) > (b) ? (a) : (b))
#define K_int(x) ((int)(x))
#define K_real(x) ((real)(x))
#define K_mulhi(a, b) mul_hi((k_uint)(a), (k_uint)(b))

K_FN void K_atomic_add(K_GLOBAL real *p, real v) {
    volatile __global uint *cell = (volatile __global uint *)p;
    uint old = atomic_cmpxchg(cell, 0u, 0u), seen; /* a plain load would race with the others' exchanges */
    while ((seen = atomic_cmpxchg(cell, old, as_uint(as_float(old) + v))) != old) old = seen;
}

/* On cells of int or k_uint; v has the cell's type. */
#define K_atomic_iadd(p, v) ((void)atomic_add((p), (v)))
#define K_atomic_imin(p, v) ((void)atomic_min((p), (v)))
#define K_atomic_imax(p, v) ((void)atomic_max((p), (v)))

/* The bits of a real as an int, and back. */
typedef int k_sbits;
#define K_bits(x) as_int((real)(x))
#define K_of_bits(i) as_float((int)(i))

/* Texel centres lie at halves; the third coordinate is the layer. */
#define K_IMAGE __read_only image2d_array_t
#define K_IMAGE_SLOT
#define K_tex(a, layer, q, r)                                                                      \
    read_imagef(a, CLK_NORMALIZED_COORDS_FALSE | CLK_ADDRESS_CLAMP | CLK_FILTER_LINEAR,            \
                (float4)((q) + 0.5f, (r) + 0.5f, (float)(layer), 0.0f))                            \
        .x

#define K_ENTRY_WORD __kernel
#define K_ENTRY_SIZED __attribute__((reqd_work_group_size(K_GROUP, 1, 1)))
#define K_SLOT(n)
#define K_LOCAL_ARRAY(T, l, n) __local T l[n]
#define K_PARAMS_ARG const k_params k_v
#define K_ENTRY_BEGIN
#define K_ITEM_MORE
#define K_GROUP_MORE
#define K_TAIL_MORE
#define K_G get_global_id(0), get_global_id(1), get_global_id(2)
#define K_W get_group_id(0), get_group_id(1), get_group_id(2)
#define K_LOCAL_ID ((int)get_local_id(0))
#define K_BARRIER barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE)
#include "kernels/prelude/gpu.h"
#endif
