/* Separable footprints (kernels/ct/project/footprint.k: rectangles along rows) where detector rows
 * are steps along z: a column of voxels, or of detector rows, as SIMD lanes.
 *
 * A column of voxels throws one trapezoid on the detector's columns, whatever the height: it is
 * integrated once, for a row of a tile at a time. Along rows its voxels abut: they are intervals
 * between edges base + pitch k, and a row gets of a voxel what their intervals have in common.
 * Forward: rows pick their voxels, the sum goes to the few detector columns by the trapezoid's
 * shares. Adjoint: these columns are blended into one, and voxels pick their rows from it. Where
 * rows are slices nothing is picked.
 *
 * The pair is exact: both directions get the trapezoid's shares and the edges from the same
 * operations on the same numbers, and the part in common from the same minima and maxima. Places
 * are formed in double; edges count from the tile's middle voxel and from the row it begins in, so
 * that a float rounds what lies within half a tile. Tiles, units and the order of sums are those of
 * cone_joseph.cpu.h: neither lanes nor threads matter. */
#include "kernels/ct/schedule/column_lanes.cpu.h"
#include "kernels/ct/schedule/footprint_args.h"
#if !defined(VXG_DTYPE_f64)

#define SF_TILE VXG_CJ_TILE
#define SF_GROUP VXG_FP_GROUP
#define SF_SLACK 1e-3f /* of a voxel: more than rounding moves the estimate of the first one */

/* A row of SF_TILE columns of voxels as a view sees them. */
typedef struct sf_list {
    float weight[VXG_FP_MOST][SF_TILE];    /* of detector columns first, first + 1 .. */
    int32_t first[SF_TILE], taps[SF_TILE]; /* taps 0: beside the detector */
    int32_t row[SF_TILE];                  /* row 0 of edges */
    float base[SF_TILE], pitch[SF_TILE];   /* edge k is at row base + pitch k */
    float across[SF_TILE], scale[SF_TILE]; /* rays are scale sqrt(across + (dz z)^2) long */
} sf_list;

typedef struct sf_tile {
    int x, y, z; /* first voxel */
    int nx, ny, nz;
    int64_t height; /* floats of a column */
} sf_tile;
LANE_FN int sf_low(sf_tile t) { /* the first voxel, from the middle one */
    return -(t.nz / 2);
}

LANE_FN double sf_within(double x, double most) {
    const double above = x > -most ? x : -most;
    return above < most ? above : most;
}

/* ---- The trapezoid ---- */
LANE_FN cj_f sf_clamp(cj_f x, cj_f most) {
    return cj_min(cj_positive(x), most);
}
/* 1 / (2 x), and 0 where the slope is a step */
LANE_FN cj_f sf_half_inverse(cj_f x) {
    const cj_i steep = (cj_i)(x > CJ_SET(1e-12f));
    return (cj_f)((cj_i)(CJ_SET(0.5f) / cj_max(x, CJ_SET(1e-12f))) & steep);
}

/* Corners of the shadows, from their centres, and the shares of detector columns whose first begins
 * `edge` from there: differences of the trapezoid's integral. */
static void sf_shares(const float corner[4][SF_TILE], const float *edge, int taps, sf_list *l) {
    for (int i = 0; i < SF_TILE; i += CJ_W) {
        cj_f o[4];
        for (int k = 0; k < 4; k++) o[k] = cj_load(corner[k] + i);
        for (int pass = 0; pass < 3; pass++) /* rising */
            for (int k = 0; k + pass < 3; k++) {
                const cj_f a = o[k], b = o[k + 1];
                o[k] = cj_min(a, b), o[k + 1] = cj_max(a, b);
            }
        const cj_f rise = o[1] - o[0], flat = o[2] - o[1], fall = o[3] - o[2];
        const cj_f rises = sf_half_inverse(rise), falls = sf_half_inverse(fall);
        const cj_f rest = CJ_SET(0.5f) * fall;
        cj_f before = CJ_SET(0.0f), at = cj_load(edge + i);
        for (int n = 0; n < taps; n++) { /* the first column begins in front of the shadow */
            at += CJ_SET(1.0f);
            const cj_f a = sf_clamp(at - o[0], rise), b = sf_clamp(at - o[1], flat);
            const cj_f c = sf_clamp(o[3] - at, fall);
            const cj_f all = (a * a * rises + b) + (rest - c * c * falls);
            *(cj_fu *)(l->weight[n] + i) = cj_positive(all - before);
            before = all;
        }
    }
}

/* Columns [u0, u0 + nu) of the detector count. */
static void sf_shadows(const vxg_fp_scan *s, int view, sf_tile t, int y, int u0, int nu,
                       sf_list *l) {
    const vxg_fp_view *const v = s->views + view;
    const double my = y - 0.5 * (s->size.ny - 1), mx = t.x - 0.5 * (s->size.nx - 1);
    const double mz = t.z + t.nz / 2 - 0.5 * s->size.nz; /* lower edge of the middle voxel */
    const double n0 = v->n[0] + v->n[2] * my, d0 = v->d[0] + v->d[2] * my;
    const double y0 = v->y[0] + v->y[2] * my + v->y[3] * mz;
    const float nx = (float)(0.5 * v->n[1]), ny = (float)(0.5 * v->n[2]);
    const float dx = (float)(0.5 * v->d[1]), dy = (float)(0.5 * v->d[2]);
    float corner[4][SF_TILE], edge[SF_TILE];
    int most = 0;
    for (int i = 0; i < SF_TILE; i++) {
        const double x = mx + (i < t.nx ? i : t.nx - 1), inverse = 1 / (d0 + v->d[1] * x);
        const double column = (n0 + v->n[1] * x) * inverse;
        const float q = (float)column, d = (float)(d0 + v->d[1] * x);
        const float hx = lane_fma1(-q, dx, nx), hy = lane_fma1(-q, dy, ny);
        corner[0][i] = (hx + hy) / (d + (dx + dy));
        corner[1][i] = (hx - hy) / (d + (dx - dy));
        corner[2][i] = (hy - hx) / (d + (dy - dx));
        corner[3][i] = (-hx - hy) / (d - (dx + dy));
        const float low01 = corner[0][i] < corner[1][i] ? corner[0][i] : corner[1][i];
        const float low23 = corner[2][i] < corner[3][i] ? corner[2][i] : corner[3][i];
        const float top01 = corner[0][i] < corner[1][i] ? corner[1][i] : corner[0][i];
        const float top23 = corner[2][i] < corner[3][i] ? corner[3][i] : corner[2][i];
        const double at = sf_within(column, 1e6) + 0.5 * s->size.nu;
        const double begin = __builtin_floor(at + (double)(low01 < low23 ? low01 : low23));
        const double end = __builtin_floor(at + (double)(top01 > top23 ? top01 : top23));
        const double row = sf_within((y0 + v->y[1] * x) * inverse, 1e6) + 0.5 * s->size.nv;
        const double whole = __builtin_floor(row);
        edge[i] = (float)(begin - at);
        l->first[i] = (int32_t)begin;
        l->taps[i] = (int32_t)(end - begin) + 1;
        l->row[i] = (int32_t)whole, l->base[i] = (float)(row - whole);
        l->pitch[i] = (float)(v->y[3] * inverse);
    }
    for (int i = 0; i < SF_TILE; i++) {
        const int alive = i < t.nx && l->first[i] < u0 + nu && l->first[i] + l->taps[i] > u0;
        if (!alive) l->taps[i] = 0;
        if (l->taps[i] > VXG_FP_MOST) l->taps[i] = VXG_FP_MOST;
        if (l->taps[i] > most) most = l->taps[i];
    }
    if (!most) return;
    sf_shares((const float(*)[SF_TILE])corner, edge, most, l);
    for (int i = 0; i < SF_TILE; i++) {
        const float wx = (float)(mx + i - v->source[0]), wy = (float)(my - v->source[1]);
        const float ax = wx * s->dx, ay = wy * s->dy;
        const float main =
            __builtin_fabsf(wx) > __builtin_fabsf(wy) ? __builtin_fabsf(wx) : __builtin_fabsf(wy);
        l->across[i] = s->cone ? lane_fma1(ax, ax, ay * ay) : 1;
        l->scale[i] = s->cone ? 1 / main : (float)v->length;
    }
}

/* Lengths of rays through voxels: of cell z of the tile, from the source. */
typedef struct sf_length {
    float across, scale, up, from;
} sf_length;
LANE_FN sf_length sf_length_of(const vxg_fp_scan *s, int view, sf_tile t, const sf_list *l, int i) {
    const double first = t.z - 0.5 * (s->size.nz - 1) - s->views[view].source[2];
    return (sf_length){l->across[i], l->scale[i], s->cone ? s->size.up : 0,
                       s->cone ? (float)first : 0};
}
LANE_FN cj_f sf_lengths(const sf_length *l, cj_f z) {
    const cj_f high = (z + CJ_SET(l->from)) * CJ_SET(l->up);
    return CJ_SET(l->scale) * cj_root(LANE_FMA(high, high, CJ_SET(l->across)));
}

/* ---- To and from a few detector columns ---- */
/* column[n][k] += weight[n] data[k] for n < N, begin <= k < end, and data[k] (or += where add)
 * sum of weight[n] column[n][k]; columns lie `stride` apart. */
#define SF_COLUMNS(N)                                                                              \
    LANE_FN void sf_give##N(float *column, int64_t stride, const float *weight, const float *data, \
                            int begin, int end) {                                                  \
        int k = begin;                                                                             \
        for (; k + CJ_W <= end; k += CJ_W) {                                                       \
            const cj_f v = cj_load(data + k);                                                      \
            for (int n = 0; n < N; n++) {                                                          \
                float *const to = column + n * stride + k;                                         \
                *(cj_fu *)to = LANE_FMA(CJ_SET(weight[n]), v, cj_load(to));                        \
            }                                                                                      \
        }                                                                                          \
        for (; k < end; k++)                                                                       \
            for (int n = 0; n < N; n++)                                                            \
                column[n * stride + k] = lane_fma1(weight[n], data[k], column[n * stride + k]);    \
    }                                                                                              \
    LANE_FN void sf_take##N(const float *column, int64_t stride, const float *weight, float *data, \
                            int begin, int end, int add) {                                         \
        int k = begin;                                                                             \
        for (; k + CJ_W <= end; k += CJ_W) {                                                       \
            cj_f v = add ? cj_load(data + k) : CJ_SET(0.0f);                                       \
            for (int n = 0; n < N; n++)                                                            \
                v = LANE_FMA(CJ_SET(weight[n]), cj_load(column + n * stride + k), v);              \
            *(cj_fu *)(data + k) = v;                                                              \
        }                                                                                          \
        for (; k < end; k++) {                                                                     \
            float v = add ? data[k] : 0;                                                           \
            for (int n = 0; n < N; n++) v = lane_fma1(weight[n], column[n * stride + k], v);       \
            data[k] = v;                                                                           \
        }                                                                                          \
    }
SF_COLUMNS(1)
SF_COLUMNS(2)
SF_COLUMNS(3)
SF_COLUMNS(4)

static void sf_give(float *column, int64_t stride, const float *weight, int taps, const float *data,
                    int begin, int end) {
    for (; taps > 4; taps -= 4, weight += 4, column += 4 * stride)
        sf_give4(column, stride, weight, data, begin, end);
    if (taps == 4) sf_give4(column, stride, weight, data, begin, end);
    if (taps == 3) sf_give3(column, stride, weight, data, begin, end);
    if (taps == 2) sf_give2(column, stride, weight, data, begin, end);
    if (taps == 1) sf_give1(column, stride, weight, data, begin, end);
}
static void sf_take(const float *column, int64_t stride, const float *weight, int taps, float *data,
                    int begin, int end, int add) {
    for (; taps > 4; taps -= 4, weight += 4, column += 4 * stride, add = 1)
        sf_take4(column, stride, weight, data, begin, end, add);
    if (taps == 4) sf_take4(column, stride, weight, data, begin, end, add);
    if (taps == 3) sf_take3(column, stride, weight, data, begin, end, add);
    if (taps == 2) sf_take2(column, stride, weight, data, begin, end, add);
    if (taps == 1) sf_take1(column, stride, weight, data, begin, end, add);
}

/* The shares of column i on detector columns within [u0, u0 + nu), times f: how many, from *first.
 */
LANE_FN int sf_weights(const sf_list *l, int i, int u0, int nu, float f, float *weight,
                       int *first) {
    const int from = l->first[i] < u0 ? u0 - l->first[i] : 0;
    const int past = l->first[i] + l->taps[i] - (u0 + nu), to = l->taps[i] - (past > 0 ? past : 0);
    for (int n = from; n < to; n++) weight[n - from] = f * l->weight[n][i];
    *first = l->first[i] + from;
    return to - from;
}

/* ---- Forward ---- */
/* What a column of voxels throws on rows: out[r] for blocks [lo, hi) of rows counted from `first`,
 * itself counted from the list's row. Voxels are those that end above the row's lower edge, one by
 * one; too many rather than too few. */
#define SF_RESAMPLE(NAME, PICK, TAPS)                                                              \
    static void NAME(float *restrict out, const float *restrict column, float first, float b,      \
                     float p, int lo, int hi, int low, int top, int taps) {                        \
        const cj_f pitch = CJ_SET(p), base = CJ_SET(b), one = CJ_SET(1.0f);                        \
        const cj_f zero = CJ_SET(0.0f), inverse = CJ_SET(1 / p);                                   \
        const cj_f from = CJ_SET(-b * (1 / p) - SF_SLACK), step = CJ_SET((float)CJ_W);             \
        const cj_f least = CJ_SET((float)(low - 2)), most = CJ_SET((float)top);                    \
        cj_f row = cj_iota() + CJ_SET(first + (float)(lo * CJ_W));                                 \
        (void)taps, (void)zero;                                                                    \
        for (int k = lo; k < hi; k++, row += step) {                                               \
            cj_f cell = cj_max(cj_min(cj_floor(LANE_FMA(row, inverse, from)), most), least);       \
            cj_i i = cj_trunc(cell);                                                               \
            const int32_t begin = i[0];                                                            \
            const float *const p0 = column + begin;                                                \
            const cj_f above = row + one;                                                          \
            cj_f sum;                                                                              \
            i -= begin;                                                                            \
            TAPS(PICK)                                                                             \
            *(cj_f *)(out + k * CJ_W) = sum;                                                       \
        }                                                                                          \
    }
/* pitch > 1: the first voxel reaches below the row, the second above */
#define SF_TWO(PICK)                                                                               \
    const cj_f edge = LANE_FMA(pitch, cell + one, base);                                           \
    sum = cj_positive(cj_min(above, edge) - row) * PICK(p0, i);                                    \
    sum = LANE_FMA(cj_positive(above - cj_max(row, edge)), PICK(p0 + 1, i), sum);
#define SF_ANY(PICK)                                                                               \
    cj_f lower = LANE_FMA(pitch, cell, base);                                                      \
    sum = zero;                                                                                    \
    for (int n = 0; n < taps; n++) {                                                               \
        cell += one;                                                                               \
        const cj_f upper = LANE_FMA(pitch, cell, base);                                            \
        const cj_f w = cj_positive(cj_min(above, upper) - cj_max(row, lower));                     \
        sum = LANE_FMA(w, PICK(p0 + n, i), sum);                                                   \
        lower = upper;                                                                             \
    }
SF_RESAMPLE(sf_rows_two, cj_pick, SF_TWO)
SF_RESAMPLE(sf_rows_few, cj_pick2, SF_ANY)
SF_RESAMPLE(sf_rows_any, cj_gather, SF_ANY)

typedef struct sf_unit {
    const vxg_fp_forward_args *a;
    float *columns, *acc, *rows;
    int v0, nviews, u0, nu, row, nrows;
} sf_unit;

/* Rows [*lo, *hi) from the unit's first that column i falls on. */
LANE_FN void sf_span(const sf_list *l, int i, int low, int nz, int first, int n, int *lo, int *hi) {
    const float a = lane_fma1(l->pitch[i], (float)low, l->base[i]);
    const float b = lane_fma1(l->pitch[i], (float)(low + nz), l->base[i]);
    const int begin = (int)__builtin_floorf(a) + l->row[i] - first;
    const int end = (int)__builtin_floorf(b) + l->row[i] - first + 1;
    *lo = begin > 0 ? begin : 0, *hi = end < n ? end : n;
}

/* Column i, times the rays' lengths, with zeros around. */
LANE_FN void sf_lift(const sf_unit *w, sf_tile t, int view, const sf_list *l, int i,
                     const float *column, float *out) {
    const sf_length length = sf_length_of(&w->a->scan, view, t, l, i);
    cj_f z = cj_iota();
    for (int k = 0; k < t.nz; k += CJ_W, z += CJ_SET((float)CJ_W))
        *(cj_fu *)(out + k) = cj_load(column + k) * sf_lengths(&length, z);
}

static void sf_forward_rows(const sf_unit *w, sf_tile t, const sf_list *l, int i, int lo, int hi,
                            const float *lifted) {
    const int low = sf_low(t), top = low + t.nz;
    const float p = l->pitch[i], b = l->base[i], first = (float)(w->row - l->row[i]);
    const float *const column = lifted - low;
    const int from = lo / CJ_W, to = (hi + CJ_W - 1) / CJ_W;
    if (p > 1.003f) {
        sf_rows_two(w->rows, column, first, b, p, from, to, low, top, 2);
    } else if (p > 0.51f) {
        sf_rows_few(w->rows, column, first, b, p, from, to, low, top, 3);
    } else {
        sf_rows_any(w->rows, column, first, b, p, from, to, low, top, (int)(1.01f / p) + 2);
    }
}

/* Where rows are slices. */
static void sf_forward_aligned(const sf_unit *w, sf_tile t, const sf_list *l, const float *columns,
                               float *acc) {
    const int offset = t.z + w->a->scan.offset - w->row; /* of the tile's first voxel */
    const int begin = offset < 0 ? -offset : 0;
    const int end = t.nz < w->nrows - offset ? t.nz : w->nrows - offset;
    for (int i = 0; i < t.nx && begin < end; i++) {
        float weight[VXG_FP_MOST];
        int first, taps;
        if (!l->taps[i]) continue;
        taps = sf_weights(l, i, w->u0, w->nu, l->scale[i], weight, &first);
        sf_give(acc + (int64_t)(first - w->u0) * w->a->cut.rows + offset, w->a->cut.rows, weight,
                taps, columns + i * t.height, begin, end);
    }
}

/* A row of a tile onto a view; columns: its first column of voxels. */
static void sf_forward_view(const sf_unit *w, sf_tile t, int view, int y, const float *columns,
                            float *acc) {
    const vxg_fp_scan *s = &w->a->scan;
    const int64_t spare = vxg_cj_blend_floats(&s->size), stride = w->a->cut.rows;
    sf_list l;
    sf_shadows(s, view, t, y, w->u0, w->nu, &l);
    if (s->aligned) {
        sf_forward_aligned(w, t, &l, columns, acc);
        return;
    }
    for (int x = 0; x < t.nx; x += SF_GROUP) {
        const int n = t.nx - x < SF_GROUP ? t.nx - x : SF_GROUP;
        int lo[SF_GROUP], hi[SF_GROUP];
        /* all are lifted before one is read: what was just stored cannot be loaded at another
         * alignment until it has reached the cache */
        for (int k = 0; k < n; k++) {
            lo[k] = hi[k] = 0;
            if (!l.taps[x + k]) continue;
            sf_span(&l, x + k, sf_low(t), t.nz, w->row, w->nrows, &lo[k], &hi[k]);
            if (lo[k] < hi[k])
                sf_lift(w, t, view, &l, x + k, columns + (x + k) * t.height,
                        w->columns + k * spare + VXG_CJ_PAD);
        }
        for (int k = 0; k < n; k++) {
            float weight[VXG_FP_MOST];
            int first, taps;
            if (lo[k] >= hi[k]) continue;
            sf_forward_rows(w, t, &l, x + k, lo[k], hi[k], w->columns + k * spare + VXG_CJ_PAD);
            taps = sf_weights(&l, x + k, w->u0, w->nu, 1, weight, &first);
            sf_give(acc + (first - w->u0) * stride, stride, weight, taps, w->rows,
                    lo[k] / CJ_W * CJ_W, (hi[k] + CJ_W - 1) / CJ_W * CJ_W);
        }
    }
}

static void sf_store(const sf_unit *w) {
    const vxg_fp_scan *s = &w->a->scan;
    const int stride = w->a->cut.rows, nu = s->size.nu, nv = s->size.nv;
    for (int v = 0; v < w->nviews; v++) {
        const int view = w->v0 + v, flip = s->views[view].flip;
        const int row = flip ? nv - 1 - w->row : w->row;
        lane_out(w->a->cut.out + ((int64_t)view * nv + row) * nu + w->u0, flip ? -nu : nu,
                 w->acc + (int64_t)v * w->a->cut.columns * stride, stride, w->nrows, w->nu, 1,
                 w->a->cut.add);
    }
}

K_SCHEDULE(sf_forward) {
    const vxg_fp_forward_args *a = args;
    const vxg_cj_forward_args *cut = &a->cut;
    const vxg_cj_scan *s = &a->scan.size;
    const int down = (s->nv + cut->rows - 1) / cut->rows,
              across = (s->nu + cut->columns - 1) / cut->columns;
    const int64_t height = vxg_cj_height(s), line = (s->nx + 2) * height;
    sf_tile t = {.z = cut->z, .height = height};
    sf_unit w = {.a = a, .columns = scratch};
    t.nz = s->nz - cut->z < s->zchunk ? s->nz - cut->z : s->zchunk;
    w.row = (int)(unit % down) * cut->rows;
    w.u0 = (int)(unit / down % across) * cut->columns;
    w.v0 = (int)(unit / down / across) * cut->views;
    w.nrows = s->nv - w.row < cut->rows ? s->nv - w.row : cut->rows;
    w.nu = s->nu - w.u0 < cut->columns ? s->nu - w.u0 : cut->columns;
    w.nviews = s->nviews - w.v0 < cut->views ? s->nviews - w.v0 : cut->views;
    w.rows = w.columns + SF_GROUP * vxg_cj_blend_floats(s);
    w.acc = w.rows + cut->rows;
    memset(scratch, 0, (size_t)vxg_fp_forward_floats(cut) * sizeof(float));
    for (t.y = 0; t.y < s->ny; t.y += SF_TILE)
        for (t.x = 0; t.x < s->nx; t.x += SF_TILE) {
            t.nx = s->nx - t.x < SF_TILE ? s->nx - t.x : SF_TILE;
            t.ny = s->ny - t.y < SF_TILE ? s->ny - t.y : SF_TILE;
            for (int v = 0; v < w.nviews; v++)
                for (int y = t.y; y < t.y + t.ny; y++)
                    sf_forward_view(&w, t, w.v0 + v, y,
                                    cut->in + (y + 1) * line + (t.x + 1) * height,
                                    w.acc + (int64_t)v * cut->columns * cut->rows);
        }
    sf_store(&w);
}

/* ---- Adjoint ---- */
K_SCHEDULE(sf_pack) {
    const vxg_fp_adjoint_args *a = args;
    const vxg_cj_scan *s = &a->scan.size;
    const int64_t height = vxg_cj_pack_height(s), view = a->first + unit;
    const int flip = a->scan.views[view].flip;
    const float *in = a->in + (view * s->nv + (flip ? s->nv - 1 : 0)) * s->nu;
    float *const out = a->out + unit * s->nu * height;
    (void)scratch;
    for (int u = 0; u < s->nu; u += LANE_RUN) {
        const int n = s->nu - u < LANE_RUN ? s->nu - u : LANE_RUN;
        float *const to = out + u * height + VXG_CJ_PAD;
        cj_transpose(to, height, in + u, flip ? -s->nu : s->nu, s->nv, n);
        for (int i = 0; i < n; i++) {
            float *const column = to + i * height;
            memset(column - VXG_CJ_PAD, 0, VXG_CJ_PAD * sizeof(float));
            memset(column + s->nv, 0, (size_t)(height - VXG_CJ_PAD - s->nv) * sizeof(float));
        }
    }
}

/* Rows of one column, and what of voxels they are: data[r] for rows counted from `begin`, itself
 * from the list's row. Voxels pick the rows from the one their lower edge lies in. */
typedef struct sf_rows {
    const float *data;
    float *out;
    int begin, end;  /* rows, from the list's row */
    int low, lo, hi; /* the first voxel; blocks of lanes */
} sf_rows;

#define SF_SPREAD(NAME, PICK, TAPS)                                                                \
    static void NAME(const sf_rows *c, float b, float p, const sf_length *length, int taps) {      \
        const cj_f pitch = CJ_SET(p), base = CJ_SET(b), one = CJ_SET(1.0f);                        \
        const cj_f least = CJ_SET((float)c->begin - 1), most = CJ_SET((float)c->end + 1);          \
        const cj_f step = CJ_SET((float)CJ_W), low = CJ_SET((float)c->low);                        \
        cj_f z = cj_iota() + CJ_SET((float)(c->lo * CJ_W));                                        \
        (void)taps, (void)one;                                                                     \
        for (int k = c->lo; k < c->hi; k++, z += step) {                                           \
            const cj_f lower = LANE_FMA(pitch, z + low, base);                                     \
            const cj_f upper = LANE_FMA(pitch, z + low + one, base);                               \
            cj_f row = cj_max(cj_min(cj_floor(lower), most), least), sum;                          \
            cj_i i = cj_trunc(row);                                                                \
            const int32_t first = i[0];                                                            \
            const float *const p0 = c->data + (first - c->begin);                                  \
            i -= first;                                                                            \
            TAPS(PICK)                                                                             \
            cj_fu *const out = (cj_fu *)(c->out + k * CJ_W);                                       \
            *out = LANE_FMA(sum, sf_lengths(length, z), *out);                                     \
        }                                                                                          \
    }
/* pitch < 1 */
#define SF_ROWS2(PICK)                                                                             \
    row += one;                                                                                    \
    sum = (cj_min(row, upper) - lower) * PICK(p0, i);                                              \
    sum = LANE_FMA(cj_positive(upper - row), PICK(p0 + 1, i), sum);
/* pitch < 2 */
#define SF_ROWS3(PICK)                                                                             \
    row += one;                                                                                    \
    sum = (cj_min(row, upper) - lower) * PICK(p0, i);                                              \
    const cj_f next = row + one;                                                                   \
    sum = LANE_FMA(cj_positive(cj_min(next, upper) - row), PICK(p0 + 1, i), sum);                  \
    sum = LANE_FMA(cj_positive(upper - next), PICK(p0 + 2, i), sum);
#define SF_ROWS_ANY(PICK)                                                                          \
    sum = CJ_SET(0.0f);                                                                            \
    for (int n = 0; n < taps; n++, row += one)                                                     \
        sum = LANE_FMA(cj_positive(cj_min(row + one, upper) - cj_max(row, lower)),                 \
                       PICK(p0 + n, i), sum);
SF_SPREAD(sf_spread_two, cj_pick, SF_ROWS2)
SF_SPREAD(sf_spread_three, cj_pick2, SF_ROWS3)
SF_SPREAD(sf_spread_any, cj_gather, SF_ROWS_ANY)

static void sf_spread(const sf_rows *c, const sf_list *l, int i, const sf_length *length) {
    const float p = l->pitch[i], b = l->base[i];
    if (p < 0.999f) {
        sf_spread_two(c, b, p, length, 2);
    } else if (p < 1.999f) {
        sf_spread_three(c, b, p, length, 3);
    } else {
        sf_spread_any(c, b, p, length, (int)(1.001f * p) + 2);
    }
}

/* Voxels [c->lo, c->hi), in blocks of lanes, that rows [begin, end) of c may touch. */
LANE_FN void sf_cells(const sf_list *l, int i, int nz, sf_rows *c) {
    const float inverse = 1 / l->pitch[i], low = (float)c->low;
    const float a = ((float)c->begin - l->base[i]) * inverse - low - 1;
    const float b = ((float)c->end - l->base[i]) * inverse - low + 1;
    const int from = a > 0 ? a < (float)nz ? (int)a : nz : 0;
    const int to = b > 0 ? b < (float)nz ? (int)b + 1 : nz : 0;
    c->lo = from / CJ_W, c->hi = (to + CJ_W - 1) / CJ_W;
}

/* A view onto a row of a tile; columns: its first column of voxels, spare: SF_GROUP of rows. */
static void sf_adjoint_view(const vxg_fp_scan *s, sf_tile t, int view, int y, const float *data,
                            float *columns, float *spare) {
    const int64_t height = vxg_cj_pack_height(&s->size), rows = vxg_fp_rows(&s->size);
    const int nu = s->size.nu, nv = s->size.nv;
    float weight[VXG_FP_MOST];
    int first, taps;
    sf_list l;
    sf_shadows(s, view, t, y, 0, nu, &l);
    if (s->aligned) {
        const int offset = t.z + s->offset, begin = offset < 0 ? -offset : 0;
        const int end = t.nz < nv - offset ? t.nz : nv - offset;
        for (int i = 0; i < t.nx && begin < end; i++) {
            if (!l.taps[i]) continue;
            taps = sf_weights(&l, i, 0, nu, l.scale[i], weight, &first);
            sf_take(data + first * height + VXG_CJ_PAD + offset, height, weight, taps,
                    columns + i * t.height, begin, end, 1);
        }
        return;
    }
    for (int x = 0; x < t.nx; x += SF_GROUP) {
        const int n = t.nx - x < SF_GROUP ? t.nx - x : SF_GROUP;
        int lo[SF_GROUP], hi[SF_GROUP];
        for (int k = 0; k < n; k++) {
            float *const blended = spare + k * rows + 16;
            lo[k] = hi[k] = 0;
            if (!l.taps[x + k]) continue;
            sf_span(&l, x + k, sf_low(t), t.nz, 0, nv, &lo[k], &hi[k]);
            if (lo[k] >= hi[k]) continue;
            taps = sf_weights(&l, x + k, 0, nu, 1, weight, &first);
            sf_take(data + first * height + VXG_CJ_PAD + lo[k], height, weight, taps, blended, 0,
                    hi[k] - lo[k], 0);
            const int room = l.pitch[x + k] < 1.999f ? 2 * CJ_W + 8 : VXG_FP_ROOM;
            memset(blended + (hi[k] - lo[k]), 0, (size_t)room * sizeof(float));
        }
        for (int k = 0; k < n; k++) {
            const sf_length length = sf_length_of(s, view, t, &l, x + k);
            sf_rows c = {.data = spare + k * rows + 16, .out = columns + (x + k) * t.height};
            if (lo[k] >= hi[k]) continue;
            c.begin = lo[k] - l.row[x + k], c.end = hi[k] - l.row[x + k], c.low = sf_low(t);
            sf_cells(&l, x + k, t.nz, &c);
            sf_spread(&c, &l, x + k, &length);
        }
    }
}

K_SCHEDULE(sf_adjoint) {
    const vxg_fp_adjoint_args *a = args;
    const vxg_cj_scan *s = &a->scan.size;
    const int64_t across = (s->nx + SF_TILE - 1) / SF_TILE, down = (s->ny + SF_TILE - 1) / SF_TILE;
    const int64_t slice = (int64_t)s->ny * s->nx, height = vxg_cj_height(s);
    sf_tile t = {.x = (int)(unit % across) * SF_TILE,
                 .y = (int)(unit / across % down) * SF_TILE,
                 .z = (int)(unit / across / down) * s->zchunk,
                 .height = height};
    t.nz = s->nz - t.z < s->zchunk ? s->nz - t.z : s->zchunk;
    t.nx = s->nx - t.x < SF_TILE ? s->nx - t.x : SF_TILE;
    t.ny = s->ny - t.y < SF_TILE ? s->ny - t.y : SF_TILE;
    float *const tile = scratch, *const spare = tile + SF_TILE * SF_TILE * height;
    float *const out = a->out + t.z * slice + (int64_t)t.y * s->nx + t.x;
    memset(tile, 0, (size_t)vxg_fp_adjoint_floats(s) * sizeof(float));
    for (int y = 0; y < t.ny && a->add; y++)
        lane_in(tile + y * SF_TILE * height, (int)height, out + (int64_t)y * s->nx, slice, 0, t.nz,
                t.nx, 1);
    for (int v = 0; v < a->views; v++)
        for (int y = 0; y < t.ny; y++)
            sf_adjoint_view(&a->scan, t, a->first + v, t.y + y,
                            a->in + (int64_t)v * s->nu * vxg_cj_pack_height(s),
                            tile + y * SF_TILE * height, spare);
    for (int y = 0; y < t.ny; y++)
        lane_out(out + (int64_t)y * s->nx, slice, tile + y * SF_TILE * height, (int)height, t.nz,
                 t.nx, 1, 0);
}
#endif
