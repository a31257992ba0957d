/* Fourier reconstruction (kernels/ct/analytic/fourier.k) of as many slices as a vector has lanes, in three steps:
 * spectra of rows; samples to the grid and its transform along y, while a band of columns is in the cache; the transform
 * along x. Two real lines make one complex one: rows of neighbouring views, rows of the image; slices never mix. */
#include "kernels/ct/analytic/fourier.h"
#include "kernels/ct/schedule/fourier_args.h"
#include "kernels/num/fft_passes.cpu.h"
#if !defined(VXG_DTYPE_f64)

_Static_assert(VXG_FOURIER_FINE == FOURIER_FINE, "the plain kernels' table of phases is this one");
typedef lane_widest fourier_v;

/* Frequency r of the i-th view by angle. Blocks of frequencies of neighbouring views follow each other, so that a band,
 * which reads about the same of each, reads on and on. */
LANE_FN fourier_v *fourier_at(const vxg_fourier_args *a, int i, int r) {
    return (fourier_v *)a->spectra + 2 * (((int64_t)(r / VXG_FOURIER_BLOCK) * a->nviews + i) * VXG_FOURIER_BLOCK +
                                          r % VXG_FOURIER_BLOCK);
}

/* The spectrum of one of the two views that z holds: side 0 is (z(k) + z(-k)*) / 2, side 1 the same of -i z. */
LANE_FN void fourier_half(const vxg_fourier_args *a, const fourier_v *z, int view, const int side) {
    const int n = a->n;
    for (int k = 0; k <= n / 2; k++) {
        fourier_v *const to = fourier_at(a, a->place[view], k);
        const fourier_v *f = z + 2 * k, *g = z + 2 * (k ? n - k : 0);
        to[0] = 0.5f * (side ? f[1] + g[1] : f[0] + g[0]);
        to[1] = 0.5f * (side ? g[0] - f[0] : f[1] - g[1]);
    }
}

/* Unit: a pair of views. Scratch: 4 n vectors. */
K_SCHEDULE(fourier_rows_lanes) {
    const vxg_fourier_args *a = args;
    const int view = 2 * (int)unit, two = view + 1 < a->nviews;
    fourier_v *x = scratch, *y = x + 2 * (int64_t)a->n;
    float *const f = (float *)x;
    const int64_t pitch = (int64_t)a->nv * a->nu;
    fft_lane_in(f, 2 * LANE_W, a->in + view * pitch, a->nu, a->slices, a->nu);
    if (two) fft_lane_in(f + LANE_W, 2 * LANE_W, a->in + (view + 1) * pitch, a->nu, a->slices, a->nu);
    for (int i = 0; i < a->nu && !two; i++) x[2 * i + 1] = LANE_SET(lane_widest, 0.0f);
    memset(x + 2 * (int64_t)a->nu, 0, (size_t)(2 * (int64_t)(a->n - a->nu)) * sizeof *x);
    fft_lane_passes(&a->rows, &x, &y, -1);
    fourier_half(a, x, view, 0);
    if (two) fourier_half(a, x, view + 1, 1);
}

/* Frequencies whose places are worked out together, as lanes. */
#define FOURIER_RUN 8

/* Along an axis, of each of them: the first of `taps` cells that it reaches, and the shares of all of them. */
typedef struct fourier_places {
    int first[FOURIER_RUN];
    float share[VXG_FOURIER_TAPS][FOURIER_RUN];
} fourier_places;

LANE_FN void fourier_run(const vxg_fourier_args *a, const float *step, int sign, int k, const int taps,
                         fourier_places *p) {
    float s[FOURIER_RUN];
    for (int e = 0; e < FOURIER_RUN; e++) {
        float t;
        p->first[e] = fourier_first(step[0], step[1], sign * (k + e), taps, &t);
        s[e] = t + t - 1;
    }
#pragma GCC unroll 8
    for (int m = 0; m < taps; m++) {
        const float *c = a->shares + m;
        float v[FOURIER_RUN];
        for (int e = 0; e < FOURIER_RUN; e++) v[e] = c[0];
#pragma GCC unroll 9
        for (int d = 1; d <= taps + 1; d++)
            for (int e = 0; e < FOURIER_RUN; e++) v[e] = lane_fma1(v[e], s[e], c[d * VXG_FOURIER_TAPS]);
        for (int e = 0; e < FOURIER_RUN; e++) p->share[m][e] = v[e];
    }
}

/* The columns [x0, x1) that a unit fills, each gy + pad long. */
typedef struct fourier_band {
    fourier_v *cells;
    int x0, x1;
    int64_t pitch; /* vectors from one column to the next */
} fourier_band;

/* A sample to its cells: vector re, im, shares of the run's number e. */
LANE_FN void fourier_add(const vxg_fourier_args *a, const fourier_band *b, const fourier_places *x,
                         const fourier_places *y, int e, int off, fourier_v re, fourier_v im, const int taps) {
    const int i0 = x->first[e] + off;
    const int m0 = b->x0 > i0 ? b->x0 - i0 : 0, m1 = b->x1 - i0 < taps ? b->x1 - i0 : taps;
    int j0 = y->first[e];
    while (j0 < -a->gy / 2) j0 += a->gy;
    while (j0 >= a->gy / 2) j0 -= a->gy;
    fourier_v *cell = b->cells + (i0 + m0 - b->x0) * b->pitch + 2 * (j0 + a->gy / 2);
    for (int m = m0; m < m1; m++, cell += b->pitch) {
        const fourier_v vr = x->share[m][e] * re, vi = x->share[m][e] * im;
#pragma GCC unroll 8
        for (int j = 0; j < taps; j++) {
            const fourier_v w = LANE_SET(lane_widest, y->share[j][e]);
            cell[2 * j] = LANE_FMA(w, vr, cell[2 * j]);
            cell[2 * j + 1] = LANE_FMA(w, vi, cell[2 * j + 1]);
        }
    }
}

/* The samples of one sign of the i-th view by angle, those that reach the band at columns `off` higher. */
LANE_FN void fourier_line(const vxg_fourier_args *a, const fourier_band *b, int i, int sign, int off,
                          const int taps) {
    const float *const step = a->steps + 4 * (int64_t)i;
    const double sx = sign * ((double)step[0] + step[1]), reach = 0.5 * taps + 1;
    const double lo = b->x0 - reach - off, hi = b->x1 - 1 + reach - off;
    double from = 0, to = a->most;
    if (sx > 1e-9)
        from = lo / sx, to = hi / sx;
    else if (sx < -1e-9)
        from = hi / sx, to = lo / sx;
    else if (lo > 1 || hi < -1)
        return;
    const double least = sign < 0 ? 1 : 0;
    if (from < least) from = least;
    if (to > a->most) to = a->most;
    if (!(from <= to)) return;
    const int n = a->n, coarse = a->most / VXG_FOURIER_FINE + 1, last = (int)to;
    const float *fine = a->phases + (int64_t)a->order[i] * 2 * (VXG_FOURIER_FINE + coarse);
    int turn = 0;
    for (int k0 = (int)from; k0 <= last; k0 += FOURIER_RUN) {
        fourier_places x, y;
        fourier_run(a, step, sign, k0, taps, &x);
        fourier_run(a, step + 2, sign, k0, taps, &y);
        for (int k = k0; k < k0 + FOURIER_RUN && k <= last; k++) {
            const float h = a->response[k];
            const int i0 = x.first[k - k0] + off;
            if (h == 0 || k < least || i0 >= b->x1 || i0 + taps <= b->x0) continue;
            const float *p = fine + 2 * ((unsigned)k % VXG_FOURIER_FINE);
            const float *q = fine + 2 * (VXG_FOURIER_FINE + (unsigned)k / VXG_FOURIER_FINE);
            const float c = h * (p[0] * q[0] - p[1] * q[1]), d = h * (p[0] * q[1] + p[1] * q[0]);
            while (k - turn >= n) turn += n;
            const int r = k - turn, folded = r > n / 2;
            const fourier_v *s = fourier_at(a, i, folded ? n - r : r);
            __builtin_prefetch(s + 4 * VXG_FOURIER_BLOCK); /* of the view after the next */
            __builtin_prefetch(s + 4 * VXG_FOURIER_BLOCK + 1);
            const float e = folded ? -1 : 1, conjugate = sign < 0 ? -1 : 1;
            const fourier_v re = c * s[0] - (d * e) * s[1];
            const fourier_v im = (conjugate * c * e) * s[1] + (conjugate * d) * s[0];
            fourier_add(a, b, &x, &y, k - k0, off, re, im, taps);
        }
    }
}

/* All views' samples, by angle, so that neighbours follow each other; a column is every gx-th, too. */
#define FOURIER_FILL(taps)                                                                                           \
    static void fourier_fill_##taps(const vxg_fourier_args *a, const fourier_band *b) {                               \
        for (int i = 0; i < a->nviews; i++)                                                                           \
            for (int sign = 1; sign >= -1; sign -= 2) {                                                               \
                const float *step = a->steps + 4 * (int64_t)i;                                                          \
                const int back = sign * ((double)step[0] + step[1]) > 0 ? -a->gx : a->gx;                             \
                for (int turn = 0; turn <= a->turns; turn++) fourier_line(a, b, i, sign, turn * back, taps);          \
            }                                                                                                         \
    }
FOURIER_FILL(4)
FOURIER_FILL(5)
FOURIER_FILL(6)
FOURIER_FILL(7)
FOURIER_FILL(8)

/* A column's transform, what is of the slice, over what spreading made of it. */
static void fourier_column(const vxg_fourier_args *a, fourier_v *cells, fourier_v *spare, fourier_v *to) {
    fourier_v *x = cells, *y = spare;
    for (int i = 0; i < 2 * VXG_FOURIER_PAD; i++) cells[i] += cells[2 * (int64_t)a->gy + i];
    fft_lane_passes(&a->along_y, &x, &y, 1);
    for (int i = 0; i < a->ny; i++) {
        const int k = i < a->ny / 2 ? i - a->ny / 2 + a->gy : i - a->ny / 2;
        to[2 * i] = a->scale_y[i] * x[2 * k];
        to[2 * i + 1] = a->scale_y[i] * x[2 * k + 1];
    }
}

/* Unit: a band of columns. Scratch: for each gy + pad complex vectors, and gy. */
K_SCHEDULE(fourier_spread_lanes) {
    const vxg_fourier_args *a = args;
    const int x0 = (int)unit * a->band, end = a->gx / 2 + 1, x1 = x0 + a->band < end ? x0 + a->band : end;
    const fourier_band b = {
        .cells = scratch, .x0 = x0, .x1 = x1, .pitch = 2 * (int64_t)(a->gy + VXG_FOURIER_PAD)};
    memset(b.cells, 0, (size_t)((x1 - x0) * b.pitch) * sizeof *b.cells);
    switch (a->taps) {
    case 4: fourier_fill_4(a, &b); break;
    case 5: fourier_fill_5(a, &b); break;
    case 6: fourier_fill_6(a, &b); break;
    case 7: fourier_fill_7(a, &b); break;
    default: fourier_fill_8(a, &b); break;
    }
    for (int x = x0; x < x1; x++)
        fourier_column(a, b.cells + (x - x0) * b.pitch, b.cells + a->band * b.pitch,
                       (fourier_v *)a->columns + (int64_t)x * 2 * a->ny);
}

/* Unit: two rows of the image, as one complex row. Scratch: 4 gx vectors. */
K_SCHEDULE(fourier_image_lanes) {
    const vxg_fourier_args *a = args;
    const int row = 2 * (int)unit, two = row + 1 < a->ny, gx = a->gx;
    fourier_v *x = scratch, *y = x + 2 * (int64_t)gx;
    for (int i = 0; i <= gx / 2; i++) {
        const fourier_v *f = (const fourier_v *)a->columns + ((int64_t)i * a->ny + row) * 2;
        const fourier_v zero = LANE_SET(lane_widest, 0.0f), br = two ? f[2] : zero, bi = two ? f[3] : zero;
        if (i == 0 || 2 * i == gx) {
            x[2 * i] = f[0], x[2 * i + 1] = br;
            continue;
        }
        x[2 * i] = f[0] - bi, x[2 * i + 1] = f[1] + br;
        x[2 * (gx - i)] = f[0] + bi, x[2 * (gx - i) + 1] = br - f[1];
    }
    fft_lane_passes(&a->along_x, &x, &y, 1);
    for (int i = 0; i < a->nx; i++) {
        const int k = i < a->nx / 2 ? i - a->nx / 2 + gx : i - a->nx / 2;
        y[2 * i] = a->scale_x[i] * x[2 * k];
        y[2 * i + 1] = a->scale_x[i] * x[2 * k + 1];
    }
    float *const out = a->out + (int64_t)row * a->nx;
    const int64_t pitch = (int64_t)a->ny * a->nx;
    fft_lane_out(out, pitch, (const float *)y, 2 * LANE_W, a->slices, a->nx, a->add);
    if (two) fft_lane_out(out + a->nx, pitch, (const float *)y + LANE_W, 2 * LANE_W, a->slices, a->nx, a->add);
}
#endif
