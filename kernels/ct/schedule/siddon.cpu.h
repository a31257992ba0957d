/* Siddon's cone-beam projection (exact lengths in voxels) and its exact adjoint where detector rows
 * are steps along z: neighbouring rows as SIMD lanes.
 *
 * The rays of a detector column share their path in (x, y). A slice of its main axis cuts it into
 * one or two pieces, each within one column of voxels; along a piece a ray climbs by at most one
 * voxel, so it lies in at most two, one above the other: a share w of its length in the lower one,
 * 1 - w in the upper. Forward, rows pick these two; adjoint, rows give to them, one by one and in
 * order. Tiles and walks are those of cone_joseph.cpu.h; heights are
 * whole numbers, as where a flat ray crosses a voxel's face hangs on its height a hundredfold.
 *
 * The pair is exact: both directions get w from the same operations on the same numbers.
 * Source: R. L. Siddon, Med. Phys. 12 (1985) 252. */
#include "kernels/ct/schedule/cone_columns.cpu.h"
#if !defined(VXG_DTYPE_f64)

#define SD_PIECES (2 * CJ_TILE)
/* Heights are whole numbers of 2^-22 voxels, modulo 2^32: 1024 voxels, four times a tile. */
#define SD_BITS 22
#define SD_ONE (1 << SD_BITS)
#define SD_ROUND 12582912.0f /* a float below 2^22 added to it is rounded to a whole number ... */
#define SD_ROUND_BITS 0x4b400000u /* ... which its bits are, beside these */

#define SD_FLAT 0.02 /* slopes below which that is too coarse: a cut is a height over a slope */

/* Pieces of a detector column's path in a tile. Heights at an end of a piece, of row r from 0 on:
 * z + dz r, from the lower edge of the tile's middle voxel, and the same in whole numbers: at + step
 * r + the rounded rest r. */
typedef struct sd_end {
    double z[SD_PIECES], dz[SD_PIECES];
    uint32_t at[SD_PIECES], step[SD_PIECES];
    float rest[SD_PIECES];
} sd_end;
typedef struct sd_list {
    sd_end begin, end;
    float length[SD_PIECES];                   /* along the main axis; 0: not in this tile */
    int32_t slice[SD_PIECES], cell[SD_PIECES]; /* from the tile's first, along main and other axis */
} sd_list;

/* Where along the main axis rays begin or end at their source; in front of it d > 0. */
LANE_FN void sd_front(const vxg_cj_scan *s, int view, int64_t column, int axis, double *from,
                      double *to) {
    const vxg_cj_view *v = s->views + view;
    const double d = v->n[axis] + (double)s->tangent[column] * v->e[axis];
    *from = d > 0 ? v->s[axis] : -1e9;
    *to = d > 0 ? 1e9 : v->s[axis];
}

LANE_FN void sd_height(sd_end *e, int i, double z, double dz) {
    const double at = __builtin_rint(z * SD_ONE), step = __builtin_rint(dz * SD_ONE);
    e->at[i] = (uint32_t)(uint64_t)(int64_t)at - SD_ROUND_BITS;
    e->step[i] = (uint32_t)(uint64_t)(int64_t)step;
    e->rest[i] = (float)(dz * SD_ONE - step);
    e->z[i] = z, e->dz[i] = dz;
}

static void sd_path(const vxg_cj_scan *s, int view, int q, cj_tile t, sd_list *restrict l) {
    const int64_t at = (int64_t)view * s->nu + q;
    const vxg_cj_column *c = s->columns + at;
    const int first = c->axis ? t.y : t.x, other = c->axis ? t.x : t.y;
    const int n = c->axis ? s->ny : s->nx, m = c->axis ? s->nx : s->ny;
    const double middle = 0.5 * (n - 1), center = 0.5 * (s->nv - 1);
    const double zero = c->c + (cj_low(t) - t.z) + 0.5, inverse = 1 / c->sb;
    const int top = (other + CJ_TILE < m ? other + CJ_TILE : m) - other;
    double from, to;
    sd_front(s, view, at, c->axis, &from, &to);
    for (int i = 0; i < CJ_TILE; i++) {
        const double k = first + i - middle;
        const double t0 = cj_within(k - 0.5, from, to), t1 = cj_within(k + 0.5, from, to);
        /* the border that the path crosses, if it does: at tc */
        const double a = __builtin_floor(c->sb * t0 + (c->b + 0.5));
        const double b = __builtin_floor(c->sb * t1 + (c->b + 0.5)), border = a > b ? a : b;
        const double cut = a == b ? t1 : (border - 0.5 - c->b) * inverse;
        const double tc = cj_within(cut, t0, t1), ends[3] = {t0, tc, t1};
        const double places[2] = {a - other, b - other};
        double z[3], dz[3];
        for (int k3 = 0; k3 < 3; k3++) {
            dz[k3] = c->ds * ends[k3] + c->d;
            z[k3] = c->sc * ends[k3] + zero - dz[k3] * center;
        }
        for (int p = 0; p < 2; p++) {
            const int cell = (int)cj_within(places[p], -1, CJ_TILE);
            const int here = cell >= 0 && cell < top && first + i < n && (p == 0 || a != b);
            sd_height(&l->begin, 2 * i + p, z[p], dz[p]);
            sd_height(&l->end, 2 * i + p, z[p + 1], dz[p + 1]);
            l->slice[2 * i + p] = i, l->cell[2 * i + p] = cell;
            l->length[2 * i + p] = here ? (float)(ends[p + 1] - ends[p]) : 0;
        }
    }
}

/* Blocks [*lo, *hi) of CJ_W of the rows [row, row + rows) that piece i may bring into the tile. */
LANE_FN void sd_rows(cj_tile t, const sd_list *l, int i, int row, int rows, int *lo, int *hi) {
    const float below = (float)(cj_low(t) - 1), above = (float)(cj_low(t) + t.nz + 1);
    const sd_end *const both[2] = {&l->begin, &l->end};
    const int blocks = (rows + CJ_W - 1) / CJ_W;
    *lo = blocks, *hi = 0;
    for (int k = 0; k < 2; k++) {
        const float d = (float)both[k]->dz[i], z = (float)(both[k]->z[i] + both[k]->dz[i] * row);
        const float last = lane_fma1(d, (float)(rows - 1), z);
        const int flat = last - z < 4; /* too flat to divide by */
        const float inverse = flat ? 0 : 1 / d;
        if (last < below || z > above) continue;
        const int a = cj_clamp((below - z) * inverse - 0.5f, rows) / CJ_W;
        const int b = cj_clamp((above - z) * inverse + 0.5f + CJ_W, rows + CJ_W) / CJ_W;
        const int begin = flat ? 0 : a, end = flat || b > blocks ? blocks : b;
        if (begin < *lo) *lo = begin;
        if (end > *hi) *hi = end;
    }
}

/* Of rows [row, row + rows) of a column: 1 / |slope|, slope the climb along the main axis, and the
 * blocks [flat[0], flat[1]) of CJ_W rows among which are flat ones. */
static void sd_slopes(const vxg_cj_scan *s, const vxg_cj_column *c, int row, int rows, int flat[2],
                      float *restrict out) {
    const float first = (float)row - 0.5f * (float)(s->nv - 1);
    const cj_f ds = CJ_SET((float)c->ds), sc = CJ_SET((float)c->sc), least = CJ_SET(1e-6f);
    const double a = (-SD_FLAT - c->sc) / c->ds, b = (SD_FLAT - c->sc) / c->ds;
    cj_f r = cj_iota() + CJ_SET(first);
    for (int k = 0; k < rows; k += CJ_W, r += CJ_SET((float)CJ_W))
        *(cj_fu *)(out + k) = CJ_SET(1.0f) / cj_max(cj_abs(LANE_FMA(ds, r, sc)), least);
    flat[0] = cj_clamp((float)(a < b ? a : b) - first - 1, rows) / CJ_W;
    flat[1] = cj_clamp((float)(a < b ? b : a) - first + 1 + CJ_W, rows + CJ_W) / CJ_W;
    if (c->ds == 0) flat[0] = 0, flat[1] = rows; /* all alike */
}

/* The shares of flat rows that a face cuts, few as they are, in double. */
static void sd_cut(const sd_list *l, int i, int row, cj_i whole, float share[CJ_W]) {
    for (int k = 0; k < CJ_W; k++) {
        const double a = l->begin.z[i] + l->begin.dz[i] * (row + k);
        const double b = l->end.z[i] + l->end.dz[i] * (row + k), low = a < b ? a : b;
        const double climb = a < b ? b - a : a - b;
        if (share[k] < 1 && climb > 0)
            share[k] = (float)cj_within((whole[k] + 1.0 - low) / climb, 0, 1);
    }
}

/* What SD_SHARE reads; heights move on by CJ_W rows. */
#define SD_PIECE(first_row)                                                                        \
    const cj_f rest_a = CJ_SET(l->begin.rest[i]), rest_b = CJ_SET(l->end.rest[i]);                 \
    const cj_f one = CJ_SET(1.0f), length = CJ_SET(l->length[i]), round = CJ_SET(SD_ROUND);        \
    const cj_f inverse = CJ_SET(1.0f / SD_ONE / l->length[i]), step = CJ_SET((float)CJ_W);         \
    const cj_i least = (cj_i){0} + (cj_low(t) - 2), most = (cj_i){0} + (cj_low(t) + t.nz);         \
    const cj_u jump_a = CJ_WHOLE(CJ_W * l->begin.step[i]);                                         \
    const cj_u jump_b = CJ_WHOLE(CJ_W * l->end.step[i]);                                           \
    cj_f row = cj_iota() + CJ_SET((float)(first_row));                                             \
    cj_u high_a = CJ_WHOLE(l->begin.at[i]) + CJ_WHOLE(l->begin.step[i]) * (cj_u)cj_trunc(row);     \
    cj_u high_b = CJ_WHOLE(l->end.at[i]) + CJ_WHOLE(l->end.step[i]) * (cj_u)cj_trunc(row);
/* Of a block of rows: the lower voxel, and its share. */
#define SD_SHARE(SLOPES)                                                                           \
    const cj_i a = (cj_i)(high_a + (cj_u)LANE_FMA(rest_a, row, round));                            \
    const cj_i b = (cj_i)(high_b + (cj_u)LANE_FMA(rest_b, row, round)), low = cj_lesser(a, b);     \
    const cj_i whole = cj_greater(cj_lesser(low >> SD_BITS, most), least);                         \
    const cj_f left = cj_real(SD_ONE - (low & (SD_ONE - 1)));                                      \
    cj_f share = cj_min(left * (cj_load(SLOPES) * inverse), one);                                  \
    if (k >= flat[0] && k < flat[1]) { /* a number of the row, exact, and of nothing else */       \
        float cut[CJ_W];                                                                           \
        *(cj_fu *)cut = share;                                                                     \
        sd_cut(l, i, (int)row[0], whole, cut);                                                     \
        share = cj_load(cut);                                                                      \
    }
#define SD_NEXT row += step, high_a += jump_a, high_b += jump_b

/* ---- Forward ---- */
#define SD_RESAMPLE(NAME, PICK)                                                                    \
    static void NAME(float *restrict acc, const float *restrict column, const float *slopes,       \
                     cj_tile t, const sd_list *l, int i, const int flat[2], int first, int lo,     \
                     int hi) {                                                                     \
        SD_PIECE(first + lo * CJ_W)                                                                \
        for (int k = lo; k < hi; k++, SD_NEXT) {                                                   \
            SD_SHARE(slopes + k * CJ_W)                                                            \
            const int32_t from = whole[0];                                                         \
            const cj_i n = whole - from;                                                           \
            const cj_f lower = PICK(column + from, n), upper = PICK(column + from + 1, n);         \
            cj_f *const out = (cj_f *)(acc + k * CJ_W);                                            \
            *out = LANE_FMA(length, LANE_FMA(share, lower - upper, upper), *out);                  \
        }                                                                                          \
    }
SD_RESAMPLE(sd_resample1, cj_pick)
SD_RESAMPLE(sd_resample2, cj_pick2)
SD_RESAMPLE(sd_resample_far, cj_gather)

static void sd_forward_view(const cj_unit *w, cj_tile t, int view, float *acc) {
    const vxg_cj_scan *s = &w->a->scan;
    const int64_t line = (s->nx + 2) * t.height;
    float *const slopes = w->blended;
    sd_list l;
    int q0, q1;
    cj_columns(s, view, t.x, t.y, CJ_TILE, &q0, &q1);
    if (q0 < w->u0) q0 = w->u0;
    if (q1 > w->u0 + w->nu) q1 = w->u0 + w->nu;
    for (int q = q0; q < q1; q++) {
        const vxg_cj_column *c = s->columns + (int64_t)view * s->nu + q;
        float *const out = acc + (int64_t)(q - w->u0) * w->a->rows;
        int known = 0, flat[2] = {0, 0};
        sd_path(s, view, q, t, &l);
        for (int i = 0; i < SD_PIECES; i++) {
            const int x = c->axis ? l.cell[i] : l.slice[i], y = c->axis ? l.slice[i] : l.cell[i];
            int lo, hi;
            if (!(l.length[i] > 0)) continue;
            sd_rows(t, &l, i, w->row, w->rows, &lo, &hi);
            if (lo >= hi) continue;
            if (!known) sd_slopes(s, c, w->row, w->rows, flat, slopes);
            known = 1;
            const float *const column =
                w->a->in + (t.y + y + 1) * line + (t.x + x + 1) * t.height - cj_low(t);
            const double a = l.begin.dz[i], b = l.end.dz[i], steep = a > b ? a : b;
            if (steep <= 0.999) {
                sd_resample1(out, column, slopes, t, &l, i, flat, w->row, lo, hi);
            } else if (steep <= 1.999) {
                sd_resample2(out, column, slopes, t, &l, i, flat, w->row, lo, hi);
            } else {
                sd_resample_far(out, column, slopes, t, &l, i, flat, w->row, lo, hi);
            }
        }
    }
}

K_SCHEDULE(sd_forward) {
    cj_walk_forward(args, unit, scratch, 0, sd_forward_view);
}

/* ---- Adjoint ---- */
/* What rows of blocks [lo, hi) give to the lower voxel and to the upper, and which is the lower. */
static void sd_shares(const float *restrict data, const float *restrict slopes, cj_tile t,
                      const sd_list *l, int i, const int flat[2], int lo, int hi,
                      float *restrict lower, float *restrict upper, int32_t *restrict cell) {
    SD_PIECE(lo * CJ_W)
    for (int k = lo; k < hi; k++, SD_NEXT) {
        SD_SHARE(slopes + k * CJ_W)
        const cj_f all = cj_load(data + k * CJ_W) * length, part = share * all;
        *(cj_fu *)(lower + k * CJ_W) = part;
        *(cj_fu *)(upper + k * CJ_W) = all - part;
        *(cj_i *)(cell + k * CJ_W) = whole;
    }
}

/* tile: 16 floats in front of its first column, which take what falls below; behind its columns
 * the rows' slopes and shares. */
static void sd_adjoint_view(const vxg_cj_scan *s, cj_tile t, int view, const float *data,
                            float *tile) {
    const int64_t height = vxg_cj_pack_height(s), rows = vxg_cj_round(s->nv) + 16;
    float *const slopes = tile + CJ_TILE * CJ_TILE * t.height, *const lower = slopes + rows;
    float *const upper = lower + rows;
    int32_t *const cell = (int32_t *)(void *)(upper + rows);
    sd_list l;
    int q0, q1;
    cj_columns(s, view, t.x, t.y, CJ_TILE, &q0, &q1);
    for (int q = q0; q < q1; q++) {
        const vxg_cj_column *c = s->columns + (int64_t)view * s->nu + q;
        int known = 0, flat[2] = {0, 0};
        sd_path(s, view, q, t, &l);
        for (int i = 0; i < SD_PIECES; i++) {
            const int x = c->axis ? l.cell[i] : l.slice[i], y = c->axis ? l.slice[i] : l.cell[i];
            int lo, hi;
            if (!(l.length[i] > 0)) continue;
            sd_rows(t, &l, i, 0, s->nv, &lo, &hi);
            if (lo >= hi) continue;
            if (!known) sd_slopes(s, c, 0, s->nv, flat, slopes);
            known = 1;
            sd_shares(data + q * height + VXG_CJ_PAD, slopes, t, &l, i, flat, lo, hi, lower, upper,
                      cell);
            float *const out = tile + (y * CJ_TILE + x) * t.height - cj_low(t);
            const int end = hi * CJ_W < s->nv ? hi * CJ_W : s->nv;
            for (int r = lo * CJ_W; r < end; r++) {
                out[cell[r]] += lower[r];
                out[cell[r] + 1] += upper[r];
            }
        }
    }
}

K_SCHEDULE(sd_adjoint) {
    const vxg_cj_adjoint_args *a = args;
    cj_walk_adjoint(a, unit, scratch, 16, vxg_siddon_adjoint_floats(&a->scan), sd_adjoint_view);
}
#endif
