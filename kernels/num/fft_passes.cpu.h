/* The passes of a mixed-radix Fourier transform of lines that stand side by side as lanes, 16, 8 or 4 of them: the
 * arithmetic of fft_pass.k. Two arrays are used in turn. */
#ifndef K_FFT_PASSES_CPU_H
#define K_FFT_PASSES_CPU_H
#include "kernels/num/fft_args.h"
#include "kernels/num/lanes.cpu.h"
#if !defined(VXG_DTYPE_f64)

typedef lane_widest fft_lane;
#undef FFT_T
#undef FFT_FN
#undef FFT_NAME
#define FFT_T fft_lane
#define FFT_FN LANE_FN
#define FFT_LANE_JOIN(word, radix) fft_lane_##word##_##radix
#define FFT_LANE_JOIN2(word, radix) FFT_LANE_JOIN(word, radix)
#define FFT_NAME(word) FFT_LANE_JOIN2(word, FFT_RADIX)
#pragma push_macro("FFT_RADIX")

/* A pass over n numbers of [re][im]; s as in fft_pass.k. */
#define FFT_LANE_PASS(r)                                                                                     \
    static void fft_lane_pass_##r(const fft_lane *x, fft_lane *y, const float *table, int n, int s,          \
                                  float sign) {                                                              \
        const int m = n / s / r;                                                                             \
        for (int p = 0; p < m; p++) {                                                                        \
            float c[r], d[r];                                                                                \
            for (int k = 0; k < r; k++)                                                                      \
                c[k] = table[2 * (p * k * s)], d[k] = sign * table[2 * (p * k * s) + 1];                     \
            for (int q = 0; q < s; q++) {                                                                    \
                const fft_lane *from = x + 2 * (q + s * p);                                                  \
                fft_lane *to = y + 2 * (q + s * r * p), re[r], im[r];                                        \
                for (int j = 0; j < r; j++) re[j] = from[2 * s * m * j], im[j] = from[2 * s * m * j + 1];    \
                fft_lane_butterfly_##r(re, im, sign);                                                        \
                for (int k = 0; k < r; k++) {                                                                \
                    to[2 * s * k] = c[k] * re[k] - d[k] * im[k];                                             \
                    to[2 * s * k + 1] = c[k] * im[k] + d[k] * re[k];                                         \
                }                                                                                            \
            }                                                                                                \
        }                                                                                                    \
    }
#undef FFT_RADIX
#define FFT_RADIX 2
#include "kernels/num/fft_butterfly.h"
FFT_LANE_PASS(2)
#undef FFT_RADIX
#define FFT_RADIX 3
#include "kernels/num/fft_butterfly.h"
FFT_LANE_PASS(3)
#undef FFT_RADIX
#define FFT_RADIX 4
#include "kernels/num/fft_butterfly.h"
FFT_LANE_PASS(4)
#undef FFT_RADIX
#define FFT_RADIX 5
#include "kernels/num/fft_butterfly.h"
FFT_LANE_PASS(5)
#undef FFT_RADIX
#define FFT_RADIX 7
#include "kernels/num/fft_butterfly.h"
FFT_LANE_PASS(7)
#undef FFT_RADIX
#define FFT_RADIX 8
#include "kernels/num/fft_butterfly.h"
FFT_LANE_PASS(8)
#pragma pop_macro("FFT_RADIX")

/* All passes; the result is in *x, the other array in *y. */
static void fft_lane_passes(const vxg_fft_line *a, fft_lane **x, fft_lane **y, float sign) {
    int s = 1;
    for (int i = 0; i < a->passes; i++) {
        const int r = a->radix[i];
        switch (r) {
        case 2: fft_lane_pass_2(*x, *y, a->twiddle, a->m, s, sign); break;
        case 3: fft_lane_pass_3(*x, *y, a->twiddle, a->m, s, sign); break;
        case 4: fft_lane_pass_4(*x, *y, a->twiddle, a->m, s, sign); break;
        case 5: fft_lane_pass_5(*x, *y, a->twiddle, a->m, s, sign); break;
        case 7: fft_lane_pass_7(*x, *y, a->twiddle, a->m, s, sign); break;
        default: fft_lane_pass_8(*x, *y, a->twiddle, a->m, s, sign); break;
        }
        fft_lane *const t = *x;
        *x = *y, *y = t;
        s *= r;
    }
}

/* count floats of each of `lines` rows that stand pitch apart, to lanes that stand stride floats apart, or
 * back; lanes without a row get 0. */
static inline __attribute__((unused)) void fft_lane_in(float *x, int stride, const float *rows, int64_t pitch, int lines, int count) {
    for (int l = 0; l < LANE_W; l += 4) {
        if (l + 4 <= lines) {
            const float *const r = rows + l * pitch, *const four[4] = {r, r + pitch, r + 2 * pitch, r + 3 * pitch};
            lane_in4(x + l, stride, four, count, 1);
            continue;
        }
        for (int k = l; k < l + 4; k++)
            for (int i = 0; i < count; i++)
                x[(int64_t)i * stride + k] = k < lines ? rows[k * pitch + i] : 0;
    }
}
static inline __attribute__((unused)) void fft_lane_out(float *rows, int64_t pitch, const float *x, int stride, int lines, int count, int add) {
    for (int l = 0; l < lines; l += 4) {
        if (l + 4 <= lines) {
            float *const r = rows + l * pitch, *const four[4] = {r, r + pitch, r + 2 * pitch, r + 3 * pitch};
            lane_out4(four, x + l, stride, count, 1, add);
            continue;
        }
        for (int k = l; k < lines; k++)
            for (int i = 0; i < count; i++) {
                float *to = rows + k * pitch + i;
                const float v = x[(int64_t)i * stride + k];
                *to = add ? *to + v : v;
            }
    }
}
#endif
#endif
