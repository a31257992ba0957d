/* Row filter: every row times a real symmetric response in the Fourier domain. Two real rows make
 * one complex row; 16, 8 or 4 complex rows are the lanes.
 *
 * Decimation in frequency going down and in time coming up, in place, depth first: no bit reversal
 * (the response is stored in the order the way down leaves), and below the first stage everything
 * is done in the first-level cache. The padded half of the input is never stored, the padded half
 * of the output never computed. */
#include "kernels/ct/schedule/schedule_args.h"
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

/* LANE_W pairs from pair number p on, side 0 or 1 of the pair: rows to x or back. */
LANE_FN void fft_rows(const vxg_filter_args *a, int64_t p, int side, float *x, int out) {
    const int64_t npairs = (a->nviews + 1) / 2 * a->nv;
    for (int l = 0; l < LANE_W; l += 4) {
        int64_t offset[4];
        float scale[4];
        int have = 0, same = 1;
        for (int k = 0; k < 4; k++) {
            int64_t pair = p + l + k, view = pair / a->nv * 2 + side;
            int in = pair < npairs && view < a->nviews;
            offset[k] = in ? (view * a->nv + pair % a->nv) * a->nu : -1;
            scale[k] = in && a->scale && out ? a->scale[view] : 1;
            have += in, same = same && scale[k] == scale[0];
        }
        float *const lanes = x + side * LANE_W + l;
        if (have == 4 && same && !out) {
            const float *in = a->in;
            const float *const rows[4] = {in + offset[0], in + offset[1], in + offset[2],
                                          in + offset[3]};
            lane_in4(lanes, 2 * LANE_W, rows, a->nu, scale[0]);
        } else if (have == 4 && same) {
            float *const rows[4] = {a->out + offset[0], a->out + offset[1], a->out + offset[2],
                                    a->out + offset[3]};
            lane_out4(rows, lanes, 2 * LANE_W, a->nu, scale[0], a->add);
        } else {
            for (int k = 0; k < 4; k++)
                for (int i = 0; i < a->nu; i++) {
                    float *v = lanes + (int64_t)i * 2 * LANE_W + k;
                    if (!out) {
                        *v = offset[k] >= 0 ? scale[k] * a->in[offset[k] + i] : 0;
                    } else if (offset[k] >= 0) {
                        float *to = a->out + offset[k] + i;
                        *to = a->add ? *to + scale[k] * *v : scale[k] * *v;
                    }
                }
        }
    }
}

K_SCHEDULE(fft_filter) {
    const vxg_filter_args *a = args;
    float *const x = scratch;
    const int half = a->nfft >= 8 && a->nu <= a->nfft / 2;
    for (int s = 0; s < VXG_FILTER_PAIRS; s += LANE_W) {
        const int64_t p = unit * VXG_FILTER_PAIRS + s, width = 2 * LANE_W;
        const int end = half ? a->nfft / 2 : a->nfft;
        fft_rows(a, p, 0, x, 0);
        fft_rows(a, p, 1, x, 0);
        memset(x + a->nu * width, 0, (size_t)((end - a->nu) * width) * sizeof *x);
        if (half) {
            fft_outer((fft_v *)x, a->nfft, a->twiddle, a->response);
        } else {
            fft_inner((fft_v *)x, a->nfft, a->twiddle, a->response);
        }
        fft_rows(a, p, 0, x, 1);
        fft_rows(a, p, 1, x, 1);
    }
}
#endif
