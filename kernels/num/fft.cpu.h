/* Rows times a real symmetric response in the Fourier domain, complex rows as lanes: 16, 8 or 4 of them.
 *
 * Decimation in frequency going down and in time coming up, in place, depth first: no bit reversal
 * (the response is stored in the order the way down leaves), and below the first stage everything
 * is done in the first-level cache. With fft_outer the padded half of the input is never stored, the
 * padded half of the output never computed. */
#ifndef K_FFT_CPU_H
#define K_FFT_CPU_H
#include "kernels/num/lanes.cpu.h"
#if !defined(VXG_DTYPE_f64)

/* y = a w and y = a conj(w), complex. */
typedef lane_widest fft_v;
#define FFT_MUL(yr, yi, ar, ai, wr, wi)                                                            \
    const fft_v yr = LANE_FMA(-(wi), ai, (wr) * (ar)), yi = LANE_FMA(wi, ar, (wr) * (ai))

/* One radix-4 stage down over m points of [re][im]; tw holds w^j, w^2j, w^3j of exp(-2 pi i j / m).
 * With half the upper half of x is taken as zero. */
LANE_FN void fft_down(fft_v *x, int m, const float *tw, int half) {
    fft_v *const xa = x, *const xb = x + m / 2, *const xc = x + m, *const xd = xb + m;
    for (int j = 0; j < m / 2; j += 2, tw += 6) {
        fft_v ar = xa[j], ai = xa[j + 1], br = xb[j], bi = xb[j + 1];
        fft_v t0r = ar, t0i = ai, t1r = ar, t1i = ai, t2r = br, t2i = bi, t3r = bi, t3i = -br;
        if (!half) {
            fft_v cr = xc[j], ci = xc[j + 1], dr = xd[j], di = xd[j + 1];
            t0r = ar + cr, t0i = ai + ci, t1r = ar - cr, t1i = ai - ci;
            t2r = br + dr, t2i = bi + di, t3r = bi - di, t3i = dr - br;
        }
        fft_v w1r = LANE_SET(lane_widest, tw[0]), w1i = LANE_SET(lane_widest, tw[1]);
        fft_v w2r = LANE_SET(lane_widest, tw[2]), w2i = LANE_SET(lane_widest, tw[3]);
        fft_v w3r = LANE_SET(lane_widest, tw[4]), w3i = LANE_SET(lane_widest, tw[5]);
        fft_v y1r = t1r + t3r, y1i = t1i + t3i, y2r = t0r - t2r, y2i = t0i - t2i;
        fft_v y3r = t1r - t3r, y3i = t1i - t3i;
        xa[j] = t0r + t2r, xa[j + 1] = t0i + t2i;
        FFT_MUL(z1r, z1i, y1r, y1i, w1r, w1i);
        xb[j] = z1r, xb[j + 1] = z1i;
        FFT_MUL(z2r, z2i, y2r, y2i, w2r, w2i);
        xc[j] = z2r, xc[j + 1] = z2i;
        FFT_MUL(z3r, z3i, y3r, y3i, w3r, w3i);
        xd[j] = z3r, xd[j + 1] = z3i;
    }
}
/* The inverse of fft_down times 4; with half only the lower half is written. */
LANE_FN void fft_up(fft_v *x, int m, const float *tw, int half) {
    fft_v *const xa = x, *const xb = x + m / 2, *const xc = x + m, *const xd = xb + m;
    for (int j = 0; j < m / 2; j += 2, tw += 6) {
        fft_v w1r = LANE_SET(lane_widest, tw[0]), w1i = LANE_SET(lane_widest, -tw[1]);
        fft_v w2r = LANE_SET(lane_widest, tw[2]), w2i = LANE_SET(lane_widest, -tw[3]);
        fft_v w3r = LANE_SET(lane_widest, tw[4]), w3i = LANE_SET(lane_widest, -tw[5]);
        FFT_MUL(y1r, y1i, xb[j], xb[j + 1], w1r, w1i);
        FFT_MUL(y2r, y2i, xc[j], xc[j + 1], w2r, w2i);
        FFT_MUL(y3r, y3i, xd[j], xd[j + 1], w3r, w3i);
        fft_v y0r = xa[j], y0i = xa[j + 1];
        fft_v s0r = y0r + y2r, s0i = y0i + y2i, s1r = y0r - y2r, s1i = y0i - y2i;
        fft_v p0r = y1r + y3r, p0i = y1i + y3i, p1r = y3i - y1i, p1i = y1r - y3r;
        xa[j] = s0r + p0r, xa[j + 1] = s0i + p0i, xb[j] = s1r + p1r, xb[j + 1] = s1i + p1i;
        if (half) continue;
        xc[j] = s0r - p0r, xc[j + 1] = s0i - p0i, xd[j] = s1r - p1r, xd[j + 1] = s1i - p1i;
    }
}
/* Down, response and up again of 4 points in registers. */
LANE_FN void fft_leaf4(fft_v *x, const float *h) {
    const fft_v h0 = LANE_SET(lane_widest, h[0]), h1 = LANE_SET(lane_widest, h[1]);
    const fft_v h2 = LANE_SET(lane_widest, h[2]), h3 = LANE_SET(lane_widest, h[3]);
    fft_v t0r = x[0] + x[4], t0i = x[1] + x[5], t1r = x[0] - x[4], t1i = x[1] - x[5];
    fft_v t2r = x[2] + x[6], t2i = x[3] + x[7], t3r = x[3] - x[7], t3i = x[6] - x[2];
    fft_v y0r = (t0r + t2r) * h0, y0i = (t0i + t2i) * h0;
    fft_v y1r = (t1r + t3r) * h1, y1i = (t1i + t3i) * h1;
    fft_v y2r = (t0r - t2r) * h2, y2i = (t0i - t2i) * h2;
    fft_v y3r = (t1r - t3r) * h3, y3i = (t1i - t3i) * h3;
    fft_v s0r = y0r + y2r, s0i = y0i + y2i, s1r = y0r - y2r, s1i = y0i - y2i;
    fft_v p0r = y1r + y3r, p0i = y1i + y3i, p1r = y3i - y1i, p1i = y1r - y3r;
    x[0] = s0r + p0r, x[1] = s0i + p0i, x[2] = s1r + p1r, x[3] = s1i + p1i;
    x[4] = s0r - p0r, x[5] = s0i - p0i, x[6] = s1r - p1r, x[7] = s1i - p1i;
}
LANE_FN void fft_leaf2(fft_v *x, const float *h) {
    fft_v sr = (x[0] + x[2]) * h[0], si = (x[1] + x[3]) * h[0];
    fft_v dr = (x[0] - x[2]) * h[1], di = (x[1] - x[3]) * h[1];
    x[0] = sr + dr, x[1] = si + di, x[2] = sr - dr, x[3] = si - di;
}
static void fft_inner(fft_v *x, int m, const float *tw, const float *h) {
    if (m == 2) {
        fft_leaf2(x, h);
        return;
    }
    if (m == 4) {
        fft_leaf4(x, h);
        return;
    }
    fft_down(x, m, tw, 0);
    for (int r = 0; r < 4; r++) fft_inner(x + m / 2 * r, m / 4, tw + m / 4 * 6, h + m / 4 * r);
    fft_up(x, m, tw, 0);
}
static void fft_outer(fft_v *x, int m, const float *tw, const float *h) {
    fft_down(x, m, tw, 1);
    for (int r = 0; r < 4; r++) fft_inner(x + m / 2 * r, m / 4, tw + m / 4 * 6, h + m / 4 * r);
    fft_up(x, m, tw, 1);
}
#endif
#endif
