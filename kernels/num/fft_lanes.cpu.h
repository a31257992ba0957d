/* The Fourier transform of rows or columns, 16, 8 or 4 at a time as lanes: read once, all passes in the
 * cache, written once. The arithmetic is that of fft_pass.k and fft_ends.k. */
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
static void fft_lane_passes(const vxg_fft_args *a, fft_lane **x, fft_lane **y, float sign) {
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
static void fft_lane_in(float *x, int stride, const float *rows, int64_t pitch, int lines, int count) {
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
static void fft_lane_out(float *rows, int64_t pitch, const float *x, int stride, int lines, int count, int add) {
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

/* Lines line .. line + lines of one outer (inner not 1), or of neighbouring outers, to n numbers in x. */
static void fft_lane_read(const vxg_fft_args *a, int64_t outer, int column, int lines, fft_lane *x) {
    const int n = a->n, h = n / 2 + 1;
    if (a->inner > 1) {
        for (int k = 0; k < n; k++) {
            const float *from = a->in + ((outer * n + k) * a->inner + column) * 2;
            float *re = (float *)(x + 2 * k), *im = (float *)(x + 2 * k + 1);
            for (int l = 0; l < lines; l++) re[l] = from[2 * l], im[l] = from[2 * l + 1];
            for (int l = lines; l < LANE_W; l++) re[l] = im[l] = 0;
        }
    } else if (a->from == 0) {
        fft_lane_in((float *)x, LANE_W, a->in + outer * 2 * n, 2 * (int64_t)n, lines, 2 * n);
    } else if (a->from == 1) {
        fft_lane_in((float *)x, 2 * LANE_W, a->in + outer * n, n, lines, n);
        for (int k = 0; k < n; k++) x[2 * k + 1] = LANE_SET(lane_widest, 0.0f);
    } else {
        fft_lane_in((float *)x, LANE_W, a->in + outer * 2 * h, 2 * (int64_t)h, lines, 2 * h);
        for (int k = 0; k < h; k++) {
            if (k == 0 || 2 * k == n) {
                x[2 * k + 1] = LANE_SET(lane_widest, 0.0f);
                continue;
            }
            x[2 * k] = a->weight_in * x[2 * k], x[2 * k + 1] = a->weight_in * x[2 * k + 1];
            x[2 * (n - k)] = x[2 * k], x[2 * (n - k) + 1] = -x[2 * k + 1];
        }
    }
}

static void fft_lane_write(const vxg_fft_args *a, int64_t outer, int column, int lines, fft_lane *x) {
    const int n = a->n, h = n / 2 + 1, count = a->to == 2 ? h : n;
    for (int k = 0; k < count; k++) {
        const int alone = k == 0 || 2 * k == n;
        const float factor = a->to == 2 && !alone ? a->scale * a->weight_out : a->scale;
        x[2 * k] = factor * x[2 * k];
        x[2 * k + 1] = factor * x[2 * k + 1];
        if (a->to == 2 && alone) x[2 * k + 1] = LANE_SET(lane_widest, 0.0f);
    }
    if (a->inner > 1) {
        for (int k = 0; k < n; k++) {
            float *to = a->out + ((outer * n + k) * a->inner + column) * 2;
            const float *re = (float *)(x + 2 * k), *im = (float *)(x + 2 * k + 1);
            for (int l = 0; l < lines; l++) {
                to[2 * l] = a->add ? to[2 * l] + re[l] : re[l];
                to[2 * l + 1] = a->add ? to[2 * l + 1] + im[l] : im[l];
            }
        }
    } else if (a->to == 1) {
        fft_lane_out(a->out + outer * n, n, (float *)x, 2 * LANE_W, lines, n, a->add);
    } else {
        fft_lane_out(a->out + outer * 2 * count, 2 * (int64_t)count, (float *)x, LANE_W, lines, 2 * count, a->add);
    }
}

/* x times a table, number by number. */
LANE_FN void fft_lane_times(fft_lane *x, const float *table, int count) {
    for (int k = 0; k < count; k++) {
        const float c = table[2 * k], s = table[2 * k + 1];
        const fft_lane re = c * x[2 * k] - s * x[2 * k + 1];
        x[2 * k + 1] = c * x[2 * k + 1] + s * x[2 * k];
        x[2 * k] = re;
    }
}
static void fft_lane_conjugate(const vxg_fft_args *a, fft_lane *x) {
    for (int k = 0; k < a->n && a->sign > 0; k++) x[2 * k + 1] = -x[2 * k + 1];
}

K_SCHEDULE(fft_lanes) {
    const vxg_fft_args *a = args;
    const int blocks = (a->inner + VXG_FFT_LINES - 1) / VXG_FFT_LINES;
    for (int l = 0; l < VXG_FFT_LINES; l += LANE_W) {
        fft_lane *x = scratch, *y = x + 2 * (int64_t)a->m;
        const int64_t outer = a->inner > 1 ? unit / blocks : unit * VXG_FFT_LINES + l;
        const int column = a->inner > 1 ? (int)(unit % blocks) * VXG_FFT_LINES + l : 0;
        const int64_t left = a->inner > 1 ? a->inner - column : a->outer - outer;
        const int lines = left < LANE_W ? (int)left : LANE_W;
        if (lines <= 0) return;
        fft_lane_read(a, outer, column, lines, x);
        if (a->chirped) {
            fft_lane_conjugate(a, x);
            fft_lane_times(x, a->chirp, a->n);
            memset(x + 2 * (int64_t)a->n, 0, (size_t)(2 * (int64_t)(a->m - a->n)) * sizeof *x);
            fft_lane_passes(a, &x, &y, -1);
            fft_lane_times(x, a->spectrum, a->m);
            fft_lane_passes(a, &x, &y, 1);
            fft_lane_times(x, a->chirp, a->n);
            fft_lane_conjugate(a, x);
        } else {
            fft_lane_passes(a, &x, &y, a->sign);
        }
        fft_lane_write(a, outer, column, lines, x);
    }
}
#endif
