/* Detector columns and columns of voxels as SIMD lanes: loading, transposing, and picking from one
 * what falls on the other. Of the schedules whose detector rows are steps along z
 * (cone_joseph.cpu.h, footprint.cpu.h). */
#ifndef VXG_COLUMN_LANES_CPU_H
#define VXG_COLUMN_LANES_CPU_H
#include "kernels/ct/schedule/cone_joseph_args.h"
#include "kernels/num/lanes.cpu.h"
#if !defined(VXG_DTYPE_f64)

typedef lane_widest cj_f;
typedef int32_t cj_i __attribute__((vector_size(LANE_W * 4), may_alias));
typedef float cj_fu __attribute__((vector_size(LANE_W * 4), may_alias, aligned(4)));
#define CJ_W LANE_W
#define CJ_SET(x) LANE_SET_lane_widest(x)
#define CJ_PAD (2 * CJ_W + 16 < VXG_CJ_PAD ? 2 * CJ_W + 16 : VXG_CJ_PAD)

LANE_FN cj_f cj_load(const float *p) {
    return *(const cj_fu *)p;
}
LANE_FN cj_f cj_iota(void) {
    cj_f r;
    for (int i = 0; i < CJ_W; i++) r[i] = (float)i;
    return r;
}
LANE_FN cj_i cj_trunc(cj_f x) {
    return __builtin_convertvector(x, cj_i);
}
LANE_FN cj_f cj_floor(cj_f x) {
#if defined(__AVX512F__)
    return (cj_f)_mm512_roundscale_ps((__m512)x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
#elif LANE_W == 8
    return (cj_f)_mm256_floor_ps((__m256)x);
#elif LANE_W == 4 && defined(__x86_64__) && defined(__SSE4_1__)
    return (cj_f)_mm_floor_ps((__m128)x);
#elif LANE_W == 4 && defined(__aarch64__)
    return (cj_f)vrndmq_f32((float32x4_t)x);
#else
    const cj_f r = __builtin_convertvector(cj_trunc(x), cj_f);
    return r + __builtin_convertvector((cj_i)(r > x), cj_f); /* true is -1 */
#endif
}
LANE_FN cj_f cj_real(cj_i x) {
    return __builtin_convertvector(x, cj_f);
}
/* p[i], any i */
LANE_FN cj_f cj_gather(const float *p, cj_i i) {
#if defined(__AVX512F__)
    return (cj_f)_mm512_i32gather_ps((__m512i)i, p, 4);
#elif LANE_W == 8 && defined(__AVX2__)
    return (cj_f)_mm256_i32gather_ps(p, (__m256i)i, 4);
#else
    cj_f r;
    for (int k = 0; k < CJ_W; k++) r[k] = p[i[k]];
    return r;
#endif
}
/* p[i], 0 <= i < CJ_W */
LANE_FN cj_f cj_pick(const float *p, cj_i i) {
#if defined(__AVX512F__)
    return (cj_f)_mm512_permutexvar_ps((__m512i)i, (__m512)cj_load(p));
#elif LANE_W == 8 && defined(__AVX2__)
    return (cj_f)_mm256_permutevar8x32_ps((__m256)lane_held(cj_load(p)), (__m256i)i);
#else
    return cj_gather(p, i);
#endif
}
/* p[i], 0 <= i < 2 CJ_W */
LANE_FN cj_f cj_pick2(const float *p, cj_i i) {
#if defined(__AVX512F__)
    return (cj_f)_mm512_permutex2var_ps((__m512)cj_load(p), (__m512i)i, (__m512)cj_load(p + 16));
#elif LANE_W == 8 && defined(__AVX2__)
    const __m256 low = (__m256)lane_held(cj_load(p)), high = (__m256)lane_held(cj_load(p + 8));
    /* bit 3 of i to the sign */
    return (cj_f)_mm256_blendv_ps(_mm256_permutevar8x32_ps(low, (__m256i)i),
                                  _mm256_permutevar8x32_ps(high, (__m256i)i),
                                  _mm256_castsi256_ps(_mm256_slli_epi32((__m256i)i, 28)));
#else
    return cj_gather(p, i);
#endif
}
LANE_FN cj_f cj_abs(cj_f x) {
    return (cj_f)((cj_i)x & 0x7fffffff);
}
LANE_FN cj_f cj_positive(cj_f x) { /* max(x, 0) */
#if defined(__AVX512F__)
    return (cj_f)_mm512_max_ps((__m512)x, _mm512_setzero_ps());
#elif LANE_W == 8
    return (cj_f)_mm256_max_ps((__m256)x, _mm256_setzero_ps());
#else
    return (cj_f)((cj_i)x & (cj_i)(x > CJ_SET(0.0f)));
#endif
}
LANE_FN cj_f cj_min(cj_f a, cj_f b) {
#if defined(__AVX512F__)
    return (cj_f)_mm512_min_ps((__m512)a, (__m512)b);
#elif LANE_W == 8
    return (cj_f)_mm256_min_ps((__m256)a, (__m256)b);
#else
    const cj_i less = (cj_i)(a < b);
    return (cj_f)(((cj_i)a & less) | ((cj_i)b & ~less));
#endif
}
LANE_FN cj_f cj_max(cj_f a, cj_f b) {
#if defined(__AVX512F__)
    return (cj_f)_mm512_max_ps((__m512)a, (__m512)b);
#elif LANE_W == 8
    return (cj_f)_mm256_max_ps((__m256)a, (__m256)b);
#else
    const cj_i more = (cj_i)(a > b);
    return (cj_f)(((cj_i)a & more) | ((cj_i)b & ~more));
#endif
}
LANE_FN cj_i cj_lesser(cj_i a, cj_i b) {
#if defined(__AVX512F__)
    return (cj_i)_mm512_min_epi32((__m512i)a, (__m512i)b);
#elif LANE_W == 8 && defined(__AVX2__)
    return (cj_i)_mm256_min_epi32((__m256i)a, (__m256i)b);
#else
    const cj_i less = (cj_i)(a < b);
    return (a & less) | (b & ~less);
#endif
}
LANE_FN cj_i cj_greater(cj_i a, cj_i b) {
#if defined(__AVX512F__)
    return (cj_i)_mm512_max_epi32((__m512i)a, (__m512i)b);
#elif LANE_W == 8 && defined(__AVX2__)
    return (cj_i)_mm256_max_epi32((__m256i)a, (__m256i)b);
#else
    const cj_i more = (cj_i)(a > b);
    return (a & more) | (b & ~more);
#endif
}
/* Whole numbers modulo 2^32 */
typedef uint32_t cj_u __attribute__((vector_size(LANE_W * 4), may_alias));
#define CJ_WHOLE(x) ((cj_u){0} + (uint32_t)(x))
LANE_FN cj_f cj_root(cj_f a) {
#if defined(__AVX512F__)
    return (cj_f)_mm512_sqrt_ps((__m512)a);
#elif LANE_W == 8
    return (cj_f)_mm256_sqrt_ps((__m256)a);
#else
    cj_f r;
    for (int i = 0; i < CJ_W; i++) r[i] = __builtin_sqrtf(a[i]);
    return r;
#endif
}

/* dst[x * height + z] = src[z * pitch + x] for z < nz, x < n. */
static void cj_transpose(float *dst, int64_t height, const float *src, int64_t pitch, int nz,
                         int n) {
    int z = 0;
    for (; z + 4 <= nz; z += 4) {
        const float *const p = src + z * pitch;
        const float *const rows[4] = {p, p + pitch, p + 2 * pitch, p + 3 * pitch};
        lane_in4(dst + z, height, rows, n, 1);
    }
    for (; z < nz; z++)
        for (int x = 0; x < n; x++) dst[x * height + z] = src[z * pitch + x];
}
#endif
#endif
