/* SIMD helpers of the cpu schedules: vectors of 4, 8, 16 floats with an explicit fused
 * multiply-add, and transposes between rows in memory and lanes. LANE_W is the widest vector of
 * this instruction-set level. All widths compute the same bits, so the number of lanes is free to
 * choose. */
#ifndef VXG_LANES_CPU_H
#define VXG_LANES_CPU_H
#if !defined(VXG_DTYPE_f64)
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#define LANE_FN static inline __attribute__((always_inline, unused))
typedef float lane4 __attribute__((vector_size(16), may_alias));
typedef float lane4u __attribute__((vector_size(16), may_alias, aligned(4)));
#if defined(__AVX__)
typedef float lane8 __attribute__((vector_size(32), may_alias));
#endif
#if defined(__AVX512F__) || defined(VXG_WIDE_LANES) /* the latter: v4's lanes on AVX2, in tests */
typedef float lane16 __attribute__((vector_size(64), may_alias));
#define LANE_W 16
#elif defined(__AVX__)
#define LANE_W 8
#else
#define LANE_W 4
#endif
/* A vector of equal lanes; not {0} + x, which is an addition because of -0. */
#define LANE_SET(T, x) LANE_SET_##T(x)
#define LANE_SET_float(x) (x)
#define LANE_SET_lane4(x) ((lane4){x, x, x, x})
#define LANE_SET_lane8(x) ((lane8){x, x, x, x, x, x, x, x})
#define LANE_SET_lane16(x) ((lane16){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x})

/* a b + c, fused where the level has it (the rule of K_fma). */
LANE_FN float lane_fma1(float a, float b, float c) {
#if defined(__FMA__) || defined(__aarch64__)
    return __builtin_fmaf(a, b, c);
#else
    return a * b + c;
#endif
}
LANE_FN lane4 lane_fma4(lane4 a, lane4 b, lane4 c) {
#if defined(__FMA__)
    return (lane4)_mm_fmadd_ps((__m128)a, (__m128)b, (__m128)c);
#elif defined(__aarch64__)
    return (lane4)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
#else
    return a * b + c;
#endif
}
#if LANE_W >= 8
LANE_FN lane8 lane_fma8(lane8 a, lane8 b, lane8 c) {
#if defined(__FMA__)
    return (lane8)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#else
    return a * b + c;
#endif
}
#endif
#if LANE_W >= 16
LANE_FN lane16 lane_fma16(lane16 a, lane16 b, lane16 c) {
#if defined(__AVX512F__)
    return (lane16)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#else
    lane16 r;
    for (int i = 0; i < 16; i++) r[i] = lane_fma1(a[i], b[i], c[i]);
    return r;
#endif
}
#endif
#if LANE_W == 16
#define LANE_FMA lane_fma16
#define LANE_SET_lane_widest LANE_SET_lane16
typedef lane16 lane_widest;
#elif LANE_W == 8
#define LANE_FMA lane_fma8
#define LANE_SET_lane_widest LANE_SET_lane8
typedef lane8 lane_widest;
#else
#define LANE_FMA lane_fma4
#define LANE_SET_lane_widest LANE_SET_lane4
typedef lane4 lane_widest;
#endif

/* t in a register: AVX2's permutes take twice as long when they read memory themselves. */
LANE_FN lane_widest lane_held(lane_widest t) {
#if LANE_W == 8 && defined(__AVX2__)
    __asm__("" : "+x"(t));
#endif
    return t;
}

#if defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector)
#define LANE_SHUFFLE 1
#endif
#endif

#ifdef LANE_SHUFFLE
/* 4 x 4 transpose in registers. */
LANE_FN void lane_transpose(lane4 v[4]) {
    lane4 a = __builtin_shufflevector(v[0], v[1], 0, 4, 1, 5);
    lane4 b = __builtin_shufflevector(v[0], v[1], 2, 6, 3, 7);
    lane4 c = __builtin_shufflevector(v[2], v[3], 0, 4, 1, 5);
    lane4 d = __builtin_shufflevector(v[2], v[3], 2, 6, 3, 7);
    v[0] = __builtin_shufflevector(a, c, 0, 1, 4, 5);
    v[1] = __builtin_shufflevector(a, c, 2, 3, 6, 7);
    v[2] = __builtin_shufflevector(b, d, 0, 1, 4, 5);
    v[3] = __builtin_shufflevector(b, d, 2, 3, 6, 7);
}
#endif

/* dst[i * stride + l] = scale * rows[l][i] for l < 4, i < n. */
static inline __attribute__((unused)) void
lane_in4(float *dst, int64_t stride, const float *const rows[4], int n, float scale) {
    int i = 0;
#ifdef LANE_SHUFFLE
    for (; i + 4 <= n; i += 4) {
        lane4 v[4];
        for (int l = 0; l < 4; l++) v[l] = *(const lane4u *)(rows[l] + i) * scale;
        lane_transpose(v);
        for (int l = 0; l < 4; l++) *(lane4 *)(dst + (i + l) * stride) = v[l];
    }
#endif
    for (; i < n; i++)
        for (int l = 0; l < 4; l++) dst[i * stride + l] = scale * rows[l][i];
}
/* rows[l][i] = scale * src[i * stride + l], added to what is there when add. */
static inline __attribute__((unused)) void lane_out4(float *const rows[4], const float *src,
                                                     int64_t stride, int n, float scale, int add) {
    int i = 0;
#ifdef LANE_SHUFFLE
    for (; i + 4 <= n; i += 4) {
        lane4 v[4];
        for (int l = 0; l < 4; l++) v[l] = *(const lane4 *)(src + (i + l) * stride) * scale;
        lane_transpose(v);
        for (int l = 0; l < 4; l++) {
            lane4u *out = (lane4u *)(rows[l] + i);
            if (add) v[l] += *out;
            *out = v[l];
        }
    }
#endif
    for (; i < n; i++)
        for (int l = 0; l < 4; l++) {
            float v = scale * src[i * stride + l];
            rows[l][i] = add ? rows[l][i] + v : v;
        }
}

#define LANE_RUN                                                                                   \
    64 /* columns moved at a time: 64 columns of 64 lanes stay in the first-level cache */

/* Rows to lanes: lane l of [first, last) gets row src + (l - first) * pitch, dst[i * lanes + l] =
 * scale * row[i] for i < n; the other lanes are 0. */
static inline __attribute__((unused)) void lane_in(float *dst, int lanes, const float *src,
                                                   int64_t pitch, int first, int last, int n,
                                                   float scale) {
    for (int i0 = 0; i0 < n; i0 += LANE_RUN) {
        const int m = n - i0 < LANE_RUN ? n - i0 : LANE_RUN;
        float *const d = dst + (int64_t)i0 * lanes;
        for (int l = 0; l < lanes; l += 4) {
            if (lanes >= 4 && l >= first && l + 4 <= last) {
                const float *s = src + (l - first) * pitch + i0;
                const float *const rows[4] = {s, s + pitch, s + 2 * pitch, s + 3 * pitch};
                lane_in4(d + l, lanes, rows, m, scale);
                continue;
            }
            for (int k = l; k < l + 4 && k < lanes; k++) {
                const int in = k >= first && k < last;
                for (int i = 0; i < m; i++)
                    d[(int64_t)i * lanes + k] = in ? scale * src[(k - first) * pitch + i0 + i] : 0;
            }
        }
    }
}
/* Lanes to rows: dst[l * pitch + i] = (or +=) scale * src[i * lanes + l] for l < count, i < n. */
static inline __attribute__((unused)) void lane_out(float *dst, int64_t pitch, const float *src,
                                                    int lanes, int count, int n, float scale,
                                                    int add) {
    for (int i0 = 0; i0 < n; i0 += LANE_RUN) {
        const int m = n - i0 < LANE_RUN ? n - i0 : LANE_RUN;
        const float *const s = src + (int64_t)i0 * lanes;
        for (int l = 0; l < count; l += 4) {
            if (l + 4 <= count) {
                float *d = dst + l * pitch + i0;
                float *const rows[4] = {d, d + pitch, d + 2 * pitch, d + 3 * pitch};
                lane_out4(rows, s + l, lanes, m, scale, add);
                continue;
            }
            for (int k = l; k < count; k++)
                for (int i = 0; i < m; i++) {
                    float *d = dst + k * pitch + i0 + i, v = scale * s[(int64_t)i * lanes + k];
                    *d = add ? *d + v : v;
                }
        }
    }
}
#endif
#endif
