/* The Fourier transform of rows or columns, 16, 8 or 4 at a time as lanes: read once, all passes in the
 * cache, written once. The arithmetic is that of fft_pass.k and fft_ends.k. */
#include "kernels/num/fft_args.h"
#include "kernels/num/fft_passes.cpu.h"
#include "kernels/num/lanes.cpu.h"
#if !defined(VXG_DTYPE_f64)

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
        fft_lane *x = scratch, *y = x + 2 * (int64_t)a->line.m;
        const int64_t outer = a->inner > 1 ? unit / blocks : unit * VXG_FFT_LINES + l;
        const int column = a->inner > 1 ? (int)(unit % blocks) * VXG_FFT_LINES + l : 0;
        const int64_t left = a->inner > 1 ? a->inner - column : a->outer - outer;
        const int lines = left < LANE_W ? (int)left : LANE_W;
        if (lines <= 0) return;
        fft_lane_read(a, outer, column, lines, x);
        if (a->chirped) {
            fft_lane_conjugate(a, x);
            fft_lane_times(x, a->chirp, a->n);
            memset(x + 2 * (int64_t)a->n, 0, (size_t)(2 * (int64_t)(a->line.m - a->n)) * sizeof *x);
            fft_lane_passes(&a->line, &x, &y, -1);
            fft_lane_times(x, a->spectrum, a->line.m);
            fft_lane_passes(&a->line, &x, &y, 1);
            fft_lane_times(x, a->chirp, a->n);
            fft_lane_conjugate(a, x);
        } else {
            fft_lane_passes(&a->line, &x, &y, a->sign);
        }
        fft_lane_write(a, outer, column, lines, x);
    }
}
#endif
