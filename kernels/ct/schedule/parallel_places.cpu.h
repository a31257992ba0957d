/* Where slice-aligned parallel rays lie, for the schedules of many slices (parallel.cpu.h) and of
 * one (parallel_slice.cpu.h): the same numbers for both. */
#ifndef VXG_PARALLEL_PLACES_CPU_H
#define VXG_PARALLEL_PLACES_CPU_H
#include "kernels/ct/schedule/schedule_args.h"
#include "kernels/num/lanes.cpu.h"
#if !defined(VXG_DTYPE_f64)
#define CT_ALONE static __attribute__((noinline))
#define CT_EDGE (VXG_CT_TILE + 1) /* cells along an edge of a tile of the projection */

typedef struct ct_tile {
    int x, y, nx, ny;
} ct_tile;

/* Where pixel (0, 0) of a tile falls in the views of a block: whole columns and the rest; and
 * where each view's column 0 lies among the packed ones. */
typedef struct ct_places {
    float whole[VXG_CT_BLOCK], rest[VXG_CT_BLOCK];
    int32_t start[VXG_CT_BLOCK];
} ct_places;

LANE_FN void ct_places_of(const vxg_ct_coefficients *c, int v0, int n, double x, double y,
                          int columns, int lanes, ct_places *restrict places) {
    const double *restrict u0 = c->d[VXG_CT_OF_1] + v0, *restrict ux = c->d[VXG_CT_OF_X] + v0;
    const double *restrict uy = c->d[VXG_CT_OF_Y] + v0;
    const int width = columns + 2 * VXG_CT_PAD;
    for (int v = 0; v < n; v++) {
        const double u = u0[v] + (ux[v] * x + uy[v] * y), whole = __builtin_floor(u);
        places->whole[v] = (float)whole;
        places->rest[v] = (float)(u - whole);
        places->start[v] = (v * width + VXG_CT_PAD) * lanes;
    }
}

/* ---- Joseph's places, the same whole numbers in both directions ---- */
#define CT_ONE (1 << VXG_CT_CELL)
/* Added to a float below 2^22 it leaves a whole number of units in the low bits. */
#define CT_ROUND 12582912.0f
#define CT_ROUND_BITS 0x4b400000u
#define CT_UNIT (1.0f / CT_ONE)

LANE_FN uint32_t ct_bits(float x) {
    uint32_t bits;
    __builtin_memcpy(&bits, &x, sizeof bits);
    return bits;
}
LANE_FN float ct_float(uint32_t bits) {
    float x;
    __builtin_memcpy(&x, &bits, sizeof x);
    return x;
}
/* The rounded rest of column q, from that of slice k: rest = ct_rest_of(r[1], r[0], k). */
LANE_FN float ct_rest_of(float slope, float base, float k) {
    return lane_fma1(slope, k, base) + CT_ROUND;
}
LANE_FN uint32_t ct_rest_at(float slope, float q, float rest) {
    return ct_bits(lane_fma1(slope, q, rest));
}
/* Choices below are made of masks, all ones or zero: conditions that several results depend on are
 * turned into a tree of them by compilers, a result and a choice for every branch. */
LANE_FN uint32_t ct_below_zero(uint32_t x) {
    return (uint32_t)((int32_t)x >> 31);
}
LANE_FN uint32_t ct_chosen(uint32_t mask, uint32_t x, uint32_t otherwise) {
    return otherwise ^ ((x ^ otherwise) & mask);
}
LANE_FN uint32_t ct_way(uint32_t distance) {
    const uint32_t sign = ct_below_zero(distance);
    return (distance ^ sign) - sign;
}
/* Joseph's weight at a distance from the cell. */
LANE_FN float ct_hat(uint32_t distance) {
    const uint32_t w = CT_ONE - ct_way(distance);
    return (float)(int32_t)(w & ~ct_below_zero(w)) * CT_UNIT;
}

/* What a row of pixels knows of a block of views before its pixels are told apart, each linear in
 * the pixel's index i: the place of column 0 (base + across i, and the rest), and the estimate of
 * the first column that touches the pixel. */
typedef struct ct_row {
    uint32_t base[VXG_CT_BLOCK], across[VXG_CT_BLOCK];
    float rest[VXG_CT_BLOCK], rest_across[VXG_CT_BLOCK];
    float first[VXG_CT_BLOCK], first_across[VXG_CT_BLOCK];
    int32_t start[VXG_CT_BLOCK]; /* of the view's column 0 among the packed ones */
} ct_row;

/* Along a row either k stays and the cell moves on by one (y is dominant), or k moves and the cell
 * stays. A term that stays is multiplied by zero, which changes no bit of the sum. */
CT_ALONE void ct_row_of(const vxg_ct_gather_args *a, int v0, int n, int j, ct_row *restrict row) {
    const float *restrict m = a->c.a[VXG_CT_AXIS] + v0, *restrict b0 = a->c.a[VXG_CT_START] + v0;
    const float *restrict bk = a->c.a[VXG_CT_STEP] + v0, *restrict inverse =
                                                             a->c.a[VXG_CT_COLUMNS] + v0;
    const float *restrict slack = a->c.a[VXG_CT_SLACK] + v0;
    const uint32_t *restrict n0 = a->c.n[VXG_CT_OF_1] + v0, *restrict nk = a->c.n[VXG_CT_OF_K] + v0;
    const float *restrict r0 = a->c.r[VXG_CT_OF_1] + v0, *restrict rk = a->c.r[VXG_CT_OF_K] + v0;
    const float fj = (float)j, y = fj - 0.5f * (float)(a->ny - 1), x0 = -0.5f * (float)(a->nx - 1);
    const float middle = 0.5f * (float)(a->nu - 1) + 1;
    const int width = a->nu + 2 * VXG_CT_PAD;
    for (int v = 0; v < n; v++) {
        const int y_first = m[v] > 0;
        const float c = lane_fma1(bk[v], y_first ? y : x0, b0[v]) - (y_first ? 0 : fj);
        const float at_0 = middle - __builtin_fabsf(inverse[v]) - slack[v];
        row->base[v] = n0[v] - CT_ROUND_BITS +
                       (y_first ? nk[v] * (uint32_t)j : 0u - ((uint32_t)j << VXG_CT_CELL));
        row->across[v] = y_first ? 0u - CT_ONE : nk[v];
        row->rest[v] = lane_fma1(y_first ? rk[v] : 0, fj, r0[v]);
        row->rest_across[v] = y_first ? 0 : rk[v];
        row->first[v] = lane_fma1(-c, inverse[v], at_0);
        row->first_across[v] = y_first ? inverse[v] : -(bk[v] * inverse[v]);
        row->start[v] = (v * width + VXG_CT_PAD) * a->lanes;
    }
}

/* Passes of two columns a block needs: columns whose places differ by less than two cells, the
 * rounding of both ends included. */
static int ct_passes(const vxg_ct_gather_args *a, int v0, int n) {
    int most = 1;
    for (int v = v0; v < v0 + n; v++) {
        const double step =
            (double)(int32_t)a->c.n[VXG_CT_OF_Q][v] + (double)a->c.r[VXG_CT_OF_Q][v];
        const double all = 2.0 * CT_ONE - 0.5;
        const int columns = 1 + (int)(all / (step < 0 ? -step : step));
        if ((columns + 1) / 2 > most) most = (columns + 1) / 2;
    }
    return most;
}
#endif
#endif
