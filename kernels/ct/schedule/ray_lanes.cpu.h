/* Lanes of the schedule for any rays (ct/ray_joseph.cpu.h): halves in double, minima over lanes,
 * and four floats of each lane to and from memory. */
#ifndef VXG_RAY_LANES_CPU_H
#define VXG_RAY_LANES_CPU_H
#include "kernels/num/lanes.cpu.h"
#if !defined(VXG_DTYPE_f64)

#define RJ_W LANE_W
#define RJ_HALF (RJ_W / 2)
#define RJ_SET(x) LANE_SET_lane_widest(x)
#define RJ_FAR 2097152.0 /* 2^21: anchors further off are put there, beyond any volume */

typedef lane_widest rj_f;
typedef int32_t rj_i __attribute__((vector_size(RJ_W * 4), may_alias));
typedef double rj_d __attribute__((vector_size(RJ_W * 4), may_alias)); /* half of the lanes */

LANE_FN rj_f rj_real(rj_i x) {
    return __builtin_convertvector(x, rj_f);
}
LANE_FN rj_i rj_trunc(rj_f x) {
    return __builtin_convertvector(x, rj_i);
}
LANE_FN rj_f rj_abs(rj_f x) {
    return (rj_f)((rj_i)x & 0x7fffffff);
}
LANE_FN rj_f rj_keep(rj_i mask, rj_f x) {
    return (rj_f)(mask & (rj_i)x);
}
/* a where the mask is all ones, b where it is 0. */
LANE_FN rj_f rj_pick(rj_i mask, rj_f a, rj_f b) {
#if defined(__AVX512F__)
    return (rj_f)_mm512_ternarylogic_epi32((__m512i)mask, (__m512i)a, (__m512i)b, 0xca);
#elif RJ_W == 8
    return (rj_f)_mm256_blendv_ps((__m256)b, (__m256)a, (__m256)mask);
#else
    return (rj_f)((mask & (rj_i)a) | (~mask & (rj_i)b));
#endif
}
LANE_FN rj_f rj_low(rj_f a, rj_f b) { /* b where one is no number */
#if defined(__AVX512F__)
    return (rj_f)_mm512_min_ps((__m512)a, (__m512)b);
#elif RJ_W == 8
    return (rj_f)_mm256_min_ps((__m256)a, (__m256)b);
#else
    return rj_pick((rj_i)(a < b), a, b);
#endif
}
LANE_FN rj_f rj_high(rj_f a, rj_f b) {
#if defined(__AVX512F__)
    return (rj_f)_mm512_max_ps((__m512)a, (__m512)b);
#elif RJ_W == 8
    return (rj_f)_mm256_max_ps((__m256)a, (__m256)b);
#else
    return rj_pick((rj_i)(a > b), a, b);
#endif
}
LANE_FN rj_f rj_root(rj_f x) {
#if defined(__AVX512F__)
    return (rj_f)_mm512_sqrt_ps((__m512)x);
#elif RJ_W == 8
    return (rj_f)_mm256_sqrt_ps((__m256)x);
#else
    for (int i = 0; i < RJ_W; i++) x[i] = __builtin_sqrtf(x[i]);
    return x;
#endif
}
LANE_FN rj_f rj_ceil(rj_f x) {
#if defined(__AVX512F__)
    return (rj_f)_mm512_roundscale_ps((__m512)x, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC);
#elif RJ_W == 8
    return (rj_f)_mm256_ceil_ps((__m256)x);
#else
    for (int i = 0; i < RJ_W; i++) x[i] = __builtin_ceilf(x[i]);
    return x;
#endif
}
LANE_FN float rj_least(rj_f x) {
#if defined(__AVX512F__)
    return _mm512_reduce_min_ps((__m512)x);
#elif RJ_W == 8
    __m128 a = _mm_min_ps(_mm256_castps256_ps128((__m256)x), _mm256_extractf128_ps((__m256)x, 1));
    a = _mm_min_ps(a, _mm_movehl_ps(a, a));
    return _mm_cvtss_f32(_mm_min_ss(a, _mm_movehdup_ps(a)));
#else
    float r = x[0];
    for (int i = 1; i < RJ_W; i++) r = x[i] < r ? x[i] : r;
    return r;
#endif
}
LANE_FN float rj_most(rj_f x) {
    return -rj_least(-x);
}
LANE_FN rj_d rj_floor(rj_d x) {
#if defined(__AVX512F__)
    return (rj_d)_mm512_roundscale_pd((__m512d)x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
#elif RJ_W == 8
    return (rj_d)_mm256_floor_pd((__m256d)x);
#else
    for (int i = 0; i < RJ_HALF; i++) x[i] = __builtin_floor(x[i]);
    return x;
#endif
}
LANE_FN rj_d rj_clamp(rj_d x) {
#if defined(__AVX512F__)
    return (rj_d)_mm512_max_pd(_mm512_min_pd((__m512d)x, _mm512_set1_pd(RJ_FAR)),
                               _mm512_set1_pd(-RJ_FAR));
#elif RJ_W == 8
    return (rj_d)_mm256_max_pd(_mm256_min_pd((__m256d)x, _mm256_set1_pd(RJ_FAR)),
                               _mm256_set1_pd(-RJ_FAR));
#else
    for (int i = 0; i < RJ_HALF; i++) { /* not a number becomes RJ_FAR, as above */
        x[i] = x[i] < RJ_FAR ? x[i] : RJ_FAR;
        x[i] = x[i] > -RJ_FAR ? x[i] : -RJ_FAR;
    }
    return x;
#endif
}
LANE_FN rj_f rj_narrow(const rj_d x[2]) {
#if defined(__AVX512F__)
    return (rj_f)_mm512_castpd_ps(
        _mm512_insertf64x4(_mm512_castps_pd(_mm512_castps256_ps512(_mm512_cvtpd_ps((__m512d)x[0]))),
                           _mm256_castps_pd(_mm512_cvtpd_ps((__m512d)x[1])), 1));
#elif RJ_W == 8
    return (rj_f)_mm256_insertf128_ps(_mm256_castps128_ps256(_mm256_cvtpd_ps((__m256d)x[0])),
                                      _mm256_cvtpd_ps((__m256d)x[1]), 1);
#else
    rj_f r = {0};
    for (int i = 0; i < RJ_W; i++) r[i] = (float)x[i / RJ_HALF][i % RJ_HALF];
    return r;
#endif
}

LANE_FN rj_d rj_wide(rj_i x, int half) {
    rj_d r = {0};
    for (int i = 0; i < RJ_HALF; i++) r[i] = x[half * RJ_HALF + i];
    return r;
}

/* Transposes 4 x 4 within each quarter, eighth... of 4 lanes. */
LANE_FN void rj_transpose4(rj_f v[4]) {
#if defined(__AVX512F__) || (RJ_W == 8)
#if defined(__AVX512F__)
#define RJ_OP(name) _mm512_##name
    typedef __m512 rj_v;
#else
#define RJ_OP(name) _mm256_##name
    typedef __m256 rj_v;
#endif
    const rj_v a = RJ_OP(unpacklo_ps)((rj_v)v[0], (rj_v)v[1]);
    const rj_v b = RJ_OP(unpackhi_ps)((rj_v)v[0], (rj_v)v[1]);
    const rj_v c = RJ_OP(unpacklo_ps)((rj_v)v[2], (rj_v)v[3]);
    const rj_v d = RJ_OP(unpackhi_ps)((rj_v)v[2], (rj_v)v[3]);
    v[0] = (rj_f)RJ_OP(shuffle_ps)(a, c, 0x44), v[1] = (rj_f)RJ_OP(shuffle_ps)(a, c, 0xee);
    v[2] = (rj_f)RJ_OP(shuffle_ps)(b, d, 0x44), v[3] = (rj_f)RJ_OP(shuffle_ps)(b, d, 0xee);
#undef RJ_OP
#elif RJ_W == 4 && defined(LANE_SHUFFLE)
    lane_transpose(v);
#else
    for (int n = 0; n < RJ_W; n += 4)
        for (int i = 0; i < 4; i++)
            for (int k = 0; k < i; k++) {
                const float x = v[i][n + k];
                v[i][n + k] = v[k][n + i], v[k][n + i] = x;
            }
#endif
}

/* Through memory: three loads a cycle, where extracting takes two operations each. */
typedef struct rj_index {
    int32_t i[RJ_W] __attribute__((aligned(64)));
} rj_index;
LANE_FN void rj_indices(rj_i at, rj_index *x) {
    *(rj_i *)x->i = at;
    __asm__("" : "+m"(*x));
}

/* Four floats at pair i[lane] of every lane; tap[m]: float m of all lanes. */
LANE_FN void rj_load(const float *brick, rj_i at, rj_f tap[4]) {
    rj_index x;
    rj_indices(at, &x);
    for (int m = 0; m < 4; m++) {
#if defined(__AVX512F__)
        __m512 y = _mm512_castps128_ps512(_mm_loadu_ps(brick + 2 * (int64_t)x.i[m]));
        y = _mm512_insertf32x4(y, _mm_loadu_ps(brick + 2 * (int64_t)x.i[m + 4]), 1);
        y = _mm512_insertf32x4(y, _mm_loadu_ps(brick + 2 * (int64_t)x.i[m + 8]), 2);
        y = _mm512_insertf32x4(y, _mm_loadu_ps(brick + 2 * (int64_t)x.i[m + 12]), 3);
        tap[m] = (rj_f)y;
#elif RJ_W == 8
        const __m256 y = _mm256_castps128_ps256(_mm_loadu_ps(brick + 2 * (int64_t)x.i[m]));
        tap[m] = (rj_f)_mm256_insertf128_ps(y, _mm_loadu_ps(brick + 2 * (int64_t)x.i[m + 4]), 1);
#else
        for (int n = 0; n < RJ_W; n += 4) {
            const lane4 y = *(const lane4u *)(brick + 2 * (int64_t)x.i[m + n]);
            for (int k = 0; k < 4; k++) tap[m][n + k] = y[k];
        }
#endif
    }
    rj_transpose4(tap);
}

/* Adds to the four floats at pair i[lane], lane after lane. */
LANE_FN void rj_add(float *brick, rj_i at, rj_f tap[4]) {
    rj_index x;
    rj_indices(at, &x);
    rj_transpose4(tap);
    for (int lane = 0; lane < RJ_W; lane++) {
        lane4u *const to = (lane4u *)(brick + 2 * (int64_t)x.i[lane]);
        const rj_f y = tap[lane % 4];
#if defined(__AVX512F__)
        *to += lane / 4 == 0   ? (lane4)_mm512_castps512_ps128((__m512)y)
               : lane / 4 == 1 ? (lane4)_mm512_extractf32x4_ps((__m512)y, 1)
               : lane / 4 == 2 ? (lane4)_mm512_extractf32x4_ps((__m512)y, 2)
                               : (lane4)_mm512_extractf32x4_ps((__m512)y, 3);
#elif RJ_W == 8
        *to += lane / 4 ? (lane4)_mm256_extractf128_ps((__m256)y, 1)
                        : (lane4)_mm256_castps256_ps128((__m256)y);
#else
        const int n = lane / 4 * 4;
        *to += (lane4){y[n], y[n + 1], y[n + 2], y[n + 3]};
#endif
    }
}
#endif
#endif
