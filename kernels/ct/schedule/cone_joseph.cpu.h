/* Cone-beam Joseph projection and its exact adjoint where detector rows are steps along z
 * (circular, helical and fan scans): neighbouring rows, or cells of z, as SIMD lanes.
 *
 * A detector column's rays share their path in (x, y). Forward: the two voxel columns beside the
 * path are blended into one, and rows pick their two cells from it. Adjoint: cells of z pick the
 * rows that touch them, and the sum goes to both voxel columns. Picking is a permutation of
 * contiguous loads. Both directions work through tiles of 16 x 16 voxel columns that stay in the
 * second-level cache, each voxel and each pixel is written by one unit, and per voxel and pixel the
 * operations and their order depend on the tiles alone: neither on lanes nor on threads.
 *
 * The pair is exact: both directions get heights z from the same operations, and z - cell and
 * 1 - |z - cell| round alike in both. Paths are in double. Heights count from the tile's middle
 * cell, rows from one that passes a slice next to it, whose height is formed in double: a float
 * rounds what is within half a tile, and neither the detector's nor the volume's size matters. */
#include "kernels/ct/schedule/cone_columns.cpu.h"
#if !defined(VXG_DTYPE_f64)

#define CJ_BELOW 4 /* sums kept below a tile's first cell */

/* Slice i of the tile: path cell, weights of it and its neighbour, heights. */
typedef struct cj_list {
    float w0[CJ_TILE], w1[CJ_TILE], z0[CJ_TILE], dz[CJ_TILE];
    float row[CJ_TILE];               /* the row whose height is z0 */
    float inverse[CJ_TILE];           /* 1 / dz, 1e6 at most */
    int32_t cell[CJ_TILE];            /* from the tile's first */
    int32_t lo[CJ_TILE], hi[CJ_TILE]; /* blocks of lanes; lo == hi: nothing here */
} cj_list;

/* Everything but lo and hi, which become 0, 1 where the path crosses cells [below, CJ_TILE) of the
 * tile and the volume in front of the source. */
LANE_FN void cj_path(const vxg_cj_scan *s, const vxg_cj_column *c, cj_tile t, int below,
                     cj_list *restrict l) {
    const int first = c->axis ? t.y : t.x, other = c->axis ? t.x : t.y;
    const int n = c->axis ? s->ny : s->nx, m = c->axis ? s->nx : s->ny;
    const int k0 = first > c->k0 ? first : c->k0, k1 = n < c->k1 ? n : c->k1;
    const double middle = 0.5 * (n - 1), center = 0.5 * (s->nv - 1);
    const double zero = c->c + (cj_low(t) - t.z);
    const double low = other + below, high = (other + CJ_TILE < m ? other + CJ_TILE : m) - 1;
    const float most = (float)(s->nv - 1), half = 0.5f + (float)center;
    for (int i = 0; i < CJ_TILE; i++) {
        const double k = first + i - middle, z = c->sc * k + zero, step = c->ds * k + c->d;
        const double b = c->sb * k + c->b, dz = step > 0 ? step : 0;
        const double floor = __builtin_floor(b), cell = cj_within(floor, low, high);
        const float slope = (float)dz, inverse = 1 / (slope > 1e-6f ? slope : 1e-6f);
        /* any row near where the path is level with the tile's middle will do: floats choose it */
        const float level = half - (float)z * inverse, above = level > 0 ? level : 0;
        const float row = __builtin_floorf(above < most ? above : most);
        l->lo[i] = 0;
        l->hi[i] = (first + i >= k0) & (first + i < k1) & (cell == floor);
        l->w0[i] = (float)(1 - (b - cell)), l->w1[i] = (float)(b - cell);
        l->cell[i] = (int32_t)cell - other;
        l->row[i] = row, l->dz[i] = slope, l->inverse[i] = inverse;
        l->z0[i] = (float)(z + dz * ((double)row - center));
    }
}

/* ---- Forward ---- */
/* Blocks of CJ_W of the rows [row, row + rows) that may touch the tile's cells. */
LANE_FN void cj_rows(cj_tile t, int row, int rows, cj_list *restrict l) {
    const float below = (float)(cj_low(t) - 1), above = (float)(cj_low(t) + t.nz);
    const int blocks = (rows + CJ_W - 1) / CJ_W;
    for (int i = 0; i < CJ_TILE; i++) {
        const float z0 = l->z0[i], dz = l->dz[i], a = (float)row - l->row[i];
        const float b = (float)(row + rows - 1) - l->row[i];
        const float za = lane_fma1(dz, a, z0), zb = lane_fma1(dz, b, z0);
        const int flat = zb - za < 4; /* too flat to divide by */
        const float inverse = flat ? 0 : l->inverse[i];
        const int32_t lo = cj_clamp((below - za) * inverse - 0.5f, rows) / CJ_W;
        const int32_t hi = cj_clamp((above - za) * inverse + 0.5f + CJ_W, rows + CJ_W) / CJ_W;
        const int32_t end = hi < blocks ? hi : blocks;
        const int32_t alive = -(int32_t)((l->hi[i] != 0) & (za < above) & (zb > below));
        l->lo[i] = (flat ? 0 : lo) & alive;
        l->hi[i] = (flat ? blocks : end) & alive;
    }
}

/* acc[row] += the blended column at the row's height, rows of blocks [lo, hi). WINDOW: vectors of
 * cells that CJ_W rows span, 0: more than 2. */
#define CJ_RESAMPLE(NAME, PICK, CLAMP)                                                             \
    static void NAME(float *restrict acc, const float *restrict column, float first, float z0,     \
                     float dz, int lo, int hi, int32_t low, int32_t top) {                         \
        const cj_f slope = CJ_SET(dz), base = CJ_SET(z0), step = CJ_SET((float)CJ_W);              \
        cj_f row = cj_iota() + CJ_SET(first + (float)(lo * CJ_W));                                 \
        (void)low, (void)top;                                                                      \
        for (int k = lo; k < hi; k++, row += step) {                                               \
            const cj_f z = LANE_FMA(slope, row, base);                                             \
            const cj_f whole = cj_floor(z), f = z - whole;                                         \
            cj_i i = cj_trunc(whole);                                                              \
            CLAMP                                                                                  \
            const int32_t from = i[0];                                                             \
            i -= from;                                                                             \
            const cj_f a = PICK(column + from, i), b = PICK(column + from + 1, i);                 \
            cj_f *const out = (cj_f *)(acc + k * CJ_W);                                            \
            *out = LANE_FMA(f, b - a, *out + a);                                                   \
        }                                                                                          \
    }
#define CJ_CLAMPED                                                                                 \
    for (int n = 0; n < CJ_W; n++) i[n] = i[n] < low - 2 ? low - 2 : i[n] > top ? top : i[n];
CJ_RESAMPLE(cj_resample1, cj_pick, )
CJ_RESAMPLE(cj_resample2, cj_pick2, )
CJ_RESAMPLE(cj_resample_far, cj_gather, CJ_CLAMPED)

/* out = w0 column + w1 next, cells from .. to. */
LANE_FN void cj_blend(float *restrict out, const float *restrict column, const float *restrict next,
                      float w0, float w1, int from, int to) {
    const cj_f u = CJ_SET(w0), v = CJ_SET(w1);
    for (int z = from; z <= to; z += CJ_W)
        *(cj_fu *)(out + z) = LANE_FMA(v, cj_load(next + z), u * cj_load(column + z));
}

/* Slice i of one detector column: the two voxel columns beside the path blended into one. Outside
 * the volume's cells the blended column stays 0. */
LANE_FN void cj_forward_blend(const cj_unit *w, cj_tile t, const vxg_cj_column *c, const cj_list *l,
                              int i, float *blended) {
    const vxg_cj_scan *s = &w->a->scan;
    const int64_t line = (s->nx + 2) * t.height;
    const int x = c->axis ? l->cell[i] : i, y = c->axis ? i : l->cell[i];
    const float *column = w->a->in + (t.y + y + 1) * line + (t.x + x + 1) * t.height;
    const float first = (float)w->row - l->row[i], z0 = l->z0[i], dz = l->dz[i];
    const float za = lane_fma1(dz, first + (float)(l->lo[i] * CJ_W), z0);
    const float zb = lane_fma1(dz, first + (float)(l->hi[i] * CJ_W - 1), z0);
    const int low = cj_low(t), end = t.nz - 1;
    const int from = za > (float)low ? (int)__builtin_floorf(za) - low : 0;
    const int to = zb < (float)(low + end) ? (int)__builtin_floorf(zb) + 1 - low : end;
    cj_blend(blended + VXG_CJ_PAD, column, column + (c->axis ? t.height : line), l->w0[i], l->w1[i],
             from / CJ_W * CJ_W, dz > 2 ? end : to);
}

LANE_FN void cj_forward_rows(const cj_unit *w, cj_tile t, const cj_list *l, int i,
                             const float *blended, float *acc) {
    const float first = (float)w->row - l->row[i];
    const int32_t low = cj_low(t);
    const float *const column = blended + VXG_CJ_PAD - low;
    const float z0 = l->z0[i], dz = l->dz[i];
    const int32_t lo = l->lo[i], hi = l->hi[i], top = low + t.nz;
    if (dz <= 0.999f) {
        cj_resample1(acc, column, first, z0, dz, lo, hi, low, top);
    } else if (dz <= 2) {
        cj_resample2(acc, column, first, z0, dz, lo, hi, low, top);
    } else {
        cj_resample_far(acc, column, first, z0, dz, lo, hi, low, top);
    }
}

static void cj_forward_view(const cj_unit *w, cj_tile t, int view, float *acc) {
    const vxg_cj_scan *s = &w->a->scan;
    const vxg_cj_column *columns = s->columns + (int64_t)view * s->nu;
    const int64_t height = vxg_cj_blend_floats(s);
    cj_list list[CJ_GROUP];
    int q0, q1;
    cj_columns(s, view, t.x, t.y, CJ_TILE, &q0, &q1);
    if (q0 < w->u0) q0 = w->u0;
    if (q1 > w->u0 + w->nu) q1 = w->u0 + w->nu;
    for (int q = q0; q < q1; q += CJ_GROUP) {
        const int n = q1 - q < CJ_GROUP ? q1 - q : CJ_GROUP;
        for (int u = 0; u < n; u++) {
            cj_path(s, columns + q + u, t, 0, &list[u]);
            cj_rows(t, w->row, w->rows, &list[u]);
        }
        /* all columns are blended before one is read: what was just stored cannot be loaded at
         * another alignment until it has reached the cache */
        for (int i = 0; i < CJ_TILE; i++) {
            for (int u = 0; u < n; u++)
                if (list[u].lo[i] < list[u].hi[i])
                    cj_forward_blend(w, t, columns + q + u, &list[u], i, w->blended + u * height);
            for (int u = 0; u < n; u++)
                if (list[u].lo[i] < list[u].hi[i])
                    cj_forward_rows(w, t, &list[u], i, w->blended + u * height,
                                    acc + (int64_t)(q + u - w->u0) * w->a->rows);
        }
    }
}

K_SCHEDULE(cj_forward) {
    cj_walk_forward(args, unit, scratch, -1,
                    cj_forward_view); /* voxel -1: rays beside the volume */
}

/* ---- Adjoint ---- */
/* Blocks of CJ_W of the tile's cells that rows may touch. */
LANE_FN void cj_cells(const vxg_cj_scan *s, cj_tile t, cj_list *restrict l) {
    const float last = (float)(s->nv - 1), n = (float)t.nz, first = (float)cj_low(t);
    for (int i = 0; i < CJ_TILE; i++) {
        const float low = l->z0[i] - l->dz[i] * l->row[i] - 1.01f - first;
        const float high = l->z0[i] + l->dz[i] * (last - l->row[i]) + 1.01f - first;
        const int32_t alive = -(int32_t)((l->hi[i] != 0) & (low < n) & (high > 0));
        l->lo[i] = (cj_clamp(low, t.nz) / CJ_W) & alive;
        l->hi[i] = ((cj_clamp(high, t.nz - 1) + CJ_W) / CJ_W) & alive;
    }
}

/* A slice of a detector column: data[r] at heights z0 + dz (r - row). */
typedef struct cj_slice {
    const float *data;
    float z0, dz, inverse, w0, w1, row;
    float *column, *next;
    int lo, hi, low; /* low: the first cell's height */
} cj_slice;

/* Cells pick the rows with |z - cell| < 1: TAPS adds rows from an estimate that is never too high,
 * at most `slack` of a row too low; the weights 1 - |z - cell| decide. */
#define CJ_SPREAD(NAME, PICK, TAPS)                                                                \
    static void NAME(const cj_slice *c, float inverse, float slack, int taps) {                    \
        const cj_f slope = CJ_SET(c->dz), base = CJ_SET(c->z0), one = CJ_SET(1.0f);                \
        const cj_f scale = CJ_SET(inverse), u = CJ_SET(c->w0), v = CJ_SET(c->w1);                  \
        const cj_f from =                                                                          \
            CJ_SET((float)CJ_PAD + 1 + c->row - (inverse + slack) - c->z0 * inverse);              \
        const cj_f zero = CJ_SET((float)CJ_PAD + c->row), step = CJ_SET((float)CJ_W);              \
        cj_f cell = cj_iota() + CJ_SET((float)(c->low + c->lo * CJ_W));                            \
        (void)taps;                                                                                \
        for (int k = c->lo; k < c->hi; k++, cell += step) {                                        \
            cj_i i = cj_trunc(LANE_FMA(cell, scale, from));                                        \
            cj_f row = cj_real(i) - zero, sum;                                                     \
            const int32_t first = i[0];                                                            \
            const float *p = c->data + first - CJ_PAD;                                             \
            i -= first;                                                                            \
            TAPS(PICK)                                                                             \
            cj_f *const a = (cj_f *)(c->column + k * CJ_W), *const b =                             \
                                                                (cj_f *)(c->next + k * CJ_W);      \
            *a = LANE_FMA(u, sum, *a);                                                             \
            *b = LANE_FMA(v, sum, *b);                                                             \
        }                                                                                          \
    }
#define CJ_TAP_Z LANE_FMA(slope, row, base)
#define CJ_TAPS(PICK)                                                                              \
    sum = CJ_SET(0.0f);                                                                            \
    for (int n = 0; n < taps; n++, row += one) {                                                   \
        const cj_f w = cj_positive(one - cj_abs(CJ_TAP_Z - cell));                                 \
        sum = LANE_FMA(w, PICK(p + n, i), sum);                                                    \
    }
/* dz > 1: the second row is above the cell */
#define CJ_TAPS2(PICK)                                                                             \
    sum = cj_positive(one - cj_abs(CJ_TAP_Z - cell)) * PICK(p, i);                                 \
    row += one;                                                                                    \
    sum = LANE_FMA(cj_positive((cell + one) - CJ_TAP_Z), PICK(p + 1, i), sum);
/* 2/3 < dz < 1: the first row is below the cell, the third above, the second has weight */
#define CJ_TAPS3(PICK)                                                                             \
    sum = cj_positive(CJ_TAP_Z - (cell - one)) * PICK(p, i);                                       \
    row += one;                                                                                    \
    sum = LANE_FMA(one - cj_abs(CJ_TAP_Z - cell), PICK(p + 1, i), sum);                            \
    row += one;                                                                                    \
    sum = LANE_FMA(cj_positive((cell + one) - CJ_TAP_Z), PICK(p + 2, i), sum);
CJ_SPREAD(cj_spread_two, cj_pick, CJ_TAPS2)
CJ_SPREAD(cj_spread_three, cj_pick2, CJ_TAPS3)
CJ_SPREAD(cj_spread_any, cj_pick2, CJ_TAPS)

/* Rows so close that more than four may touch a cell: one by one, in order. */
static void cj_spread_close(const cj_slice *c, int nv, int nz, float *restrict sum) {
    const int n = c->hi * CJ_W;
    memset(sum, 0, (size_t)(n + CJ_BELOW + 1) * sizeof *sum);
    for (int r = 0; r < nv; r++) {
        const float z = lane_fma1(c->dz, (float)r - c->row, c->z0);
        if (!(z > (float)(c->low - 1)) || !(z < (float)(c->low + nz))) continue;
        const float whole = __builtin_floorf(z), f = z - whole;
        const int i = (int)whole - c->low + CJ_BELOW;
        sum[i] = lane_fma1(1 - f, c->data[r], sum[i]);
        sum[i + 1] = lane_fma1(f, c->data[r], sum[i + 1]);
    }
    for (int z = c->lo * CJ_W; z < n; z++) {
        c->column[z] = lane_fma1(c->w0, sum[z + CJ_BELOW], c->column[z]);
        c->next[z] = lane_fma1(c->w1, sum[z + CJ_BELOW], c->next[z]);
    }
}

static void cj_spread(const cj_slice *c, int nv, int nz, float *sum) {
    if (!(c->dz > 0.51f)) {
        cj_spread_close(c, nv, nz, sum);
        return;
    }
    /* what rounding can do to the estimate, in rows */
    const float inverse = c->inverse;
    const float slack = 1e-3f + 1e-6f * (__builtin_fabsf(c->z0) + (float)(nz + nv)) * inverse;
    const float reach = inverse + slack;
    if (reach + slack < 0.999f) {
        cj_spread_two(c, inverse, slack, 2);
    } else if (reach < 1.499f && inverse > 1.001f + 2 * slack) {
        cj_spread_three(c, inverse, slack, 3);
    } else {
        cj_spread_any(c, inverse, slack, (int)(2 * reach) + 1);
    }
}

/* One view of a tile; tile holds its columns without padding above, then a column for what falls
 * beside it and one for sums. */
static void cj_adjoint_view(const vxg_cj_scan *s, cj_tile t, int view, const float *data,
                            float *tile) {
    const vxg_cj_column *columns = s->columns + (int64_t)view * s->nu;
    const int64_t height = vxg_cj_pack_height(s);
    float *const beside = tile + CJ_TILE * CJ_TILE * t.height, *const sum = beside + t.height;
    cj_list list[CJ_GROUP];
    int q0, q1;
    cj_columns(s, view, t.x, t.y, CJ_TILE, &q0, &q1);
    for (int q = q0; q < q1; q += CJ_GROUP) {
        const int n = q1 - q < CJ_GROUP ? q1 - q : CJ_GROUP;
        for (int u = 0; u < n; u++) {
            cj_path(s, columns + q + u, t, -1, &list[u]);
            cj_cells(s, t, &list[u]);
        }
        for (int i = 0; i < CJ_TILE; i++)
            for (int u = 0; u < n; u++) {
                const cj_list *l = &list[u];
                const int axis = columns[q + u].axis, cell = l->cell[i];
                if (l->lo[i] >= l->hi[i]) continue;
                const int64_t across = (axis ? 1 : CJ_TILE) * t.height;
                float *const slice = tile + (axis ? CJ_TILE : 1) * t.height * i;
                cj_slice c = {.data = data + (q + u) * height + VXG_CJ_PAD};
                c.z0 = l->z0[i], c.dz = l->dz[i], c.inverse = l->inverse[i], c.row = l->row[i],
                c.low = cj_low(t), c.w0 = l->w0[i], c.w1 = l->w1[i];
                c.column = cell < 0 ? beside : slice + cell * across;
                c.next = cell + 1 < CJ_TILE ? slice + (cell + 1) * across : beside;
                c.lo = l->lo[i], c.hi = l->hi[i];
                cj_spread(&c, s->nv, t.nz, sum);
            }
    }
}

K_SCHEDULE(cj_adjoint) {
    const vxg_cj_adjoint_args *a = args;
    cj_walk_adjoint(a, unit, scratch, 0, vxg_cj_adjoint_floats(&a->scan), cj_adjoint_view);
}
#endif
