/* Kernel dialect, CUDA C++ target: compiled by NVRTC with -default-device and --fmad=false. The host
 * splits launches whose y or z pass the grid's limit; k_y0 and k_z0 are where a part begins. */
#ifndef K_PRELUDE
#define K_PRELUDE
typedef float real;
typedef long long k_long;
typedef unsigned int k_uint;
typedef unsigned char k_u8;
typedef unsigned short k_u16;
#include "kernels/prelude/params.h"

#define K_GLOBAL
#define K_LOCAL
#define K_PRIVATE
#define K_FN static __device__ __forceinline__
#define K_TABLE static __device__ const

#define K_RF(x) ((real)(x##f))
#define K_R(x) K_RF(x) /* a macro's name may stand in it */
#define K_I(k) (k_p->i[k])
#define K_P(k) (k_p->r[k])
#define K_N(axis) (k_p->n[axis])

#define K_fma(a, b, c) __fmaf_rn((real)(a), (real)(b), (real)(c))
#define K_abs(x) fabsf(x)
#define K_floor(x) floorf(x)
#define K_ceil(x) ceilf(x)
#define K_sqrt(x) sqrtf(x)
#define K_exp(x) expf(x)
#define K_log(x) logf(x)
#define K_sin(x) sinf(x)
#define K_cos(x) cosf(x)
#define K_atan(x) atanf(x)
#define K_atan2(y, x) atan2f((y), (x))
#define K_pow(x, y) powf((x), (y))
#define K_isfinite(x) (isfinite((real)(x)) != 0)
#define K_min(a, b) ((a) < (b) ? (a) : (b))
#define K_max(a, b) ((a) > (b) ? (a) : (b))
#define K_imin(a, b) ((a) < (b) ? (a) : (b))
#define K_imax(a, b) ((a) > (b) ? (a) : (b))
#define K_int(x) ((int)(x))
#define K_real(x) ((real)(x))
#define K_mulhi(a, b) __umulhi((a), (b))

K_FN void K_atomic_add(K_GLOBAL real *p, real v) {
    atomicAdd(p, v);
}

/* On cells of int or k_uint; v has the cell's type. */
#define K_atomic_iadd(p, v) ((void)atomicAdd((p), (v)))
#define K_atomic_imin(p, v) ((void)atomicMin((p), (v)))
#define K_atomic_imax(p, v) ((void)atomicMax((p), (v)))

/* The bits of a real as an int, and back. */
typedef int k_sbits;
#define K_bits(x) __float_as_int(x)
#define K_of_bits(i) __int_as_float(i)

/* Layered texture objects; texel centres lie at halves. */
typedef unsigned long long k_image;
#define K_IMAGE const k_image
#define K_IMAGE_SLOT
#ifdef __cplusplus
#define K_tex(a, layer, q, r) tex2DLayered<float>((a), (q) + 0.5f, (r) + 0.5f, (layer))
#else /* the tests' simulated device */
#define K_tex(a, layer, q, r) fake_tex2DLayered((a), (q) + 0.5f, (r) + 0.5f, (layer))
#endif

#ifdef __cplusplus
#define K_ENTRY_WORD extern "C" __global__
#else
#define K_ENTRY_WORD __global__
#endif
/* Keeps the parameters where they arrive although their address is taken. */
#if defined(__CUDACC_VER_MAJOR__) && __CUDACC_VER_MAJOR__ >= 12
#define K_IN_PLACE __grid_constant__
#else
#define K_IN_PLACE
#endif
#define K_ENTRY_SIZED __launch_bounds__(K_GROUP)
#define K_SLOT(n)
#define K_LOCAL_ARRAY(T, l, n) __shared__ T l[n]
#define K_PARAMS_ARG const K_IN_PLACE k_params k_v, const k_uint k_y0, const k_uint k_z0
#define K_ENTRY_BEGIN
#define K_ITEM_MORE
#define K_GROUP_MORE
#define K_TAIL_MORE
#define K_G                                                                                        \
    blockIdx.x *blockDim.x + threadIdx.x, k_y0 + blockIdx.y * blockDim.y + threadIdx.y,            \
        k_z0 + blockIdx.z * blockDim.z + threadIdx.z
#define K_W blockIdx.x, k_y0 + blockIdx.y, k_z0 + blockIdx.z
#define K_LOCAL_ID ((int)threadIdx.x)
#define K_BARRIER __syncthreads()
#include "kernels/prelude/gpu.h"
#endif
