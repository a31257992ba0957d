/* Slice-aligned parallel beam: voxel-driven backprojection, Joseph projection and its exact
 * adjoint, all with slices as SIMD lanes.
 *
 * One inner loop serves all three: acc += w0 * cell + w1 * (cell at distance d) over a list of
 * (offset, w0, w1), each cell being 4..64 lanes. What differs is where the list comes from. Per
 * lane the operations and their order do not depend on the number of lanes, so a slice has the same
 * bits in whatever block it is computed. A slice by itself has neighbouring pixels, or columns, as
 * lanes instead (parallel_slice.cpu.h): the same bits again. */
#include "kernels/ct/schedule/parallel_slice.cpu.h"
#if !defined(VXG_DTYPE_f64)

typedef void (*ct_pair_fn)(float *restrict acc, const float *restrict base,
                           const int32_t *restrict offset, const float *restrict w0,
                           const float *restrict w1, int n, int64_t d);

/* The product is added last: the chain of dependent operations is one addition a step. */
#define CT_PAIR(NAME, T, FMA, COUNT)                                                               \
    static void NAME(float *restrict acc, const float *restrict base,                              \
                     const int32_t *restrict offset, const float *restrict w0,                     \
                     const float *restrict w1, int n, int64_t d) {                                 \
        T *const out = (T *)acc;                                                                   \
        CT_REP_##COUNT(CT_LOAD, T) for (int s = 0; s < n; s++) {                                   \
            const T *const p = (const T *)(base + offset[s]);                                      \
            const T *const q = (const T *)(base + offset[s] + d);                                  \
            const T u = LANE_SET(T, w0[s]), v = LANE_SET(T, w1[s]);                                \
            CT_REP_##COUNT(CT_STEP, FMA)                                                           \
        }                                                                                          \
        CT_REP_##COUNT(CT_STORE, T)                                                                \
    }
#define CT_REP_1(X, a) X(0, a)
#define CT_REP_2(X, a) X(0, a) X(1, a)
#define CT_REP_4(X, a) CT_REP_2(X, a) X(2, a) X(3, a)
#define CT_REP_8(X, a) CT_REP_4(X, a) X(4, a) X(5, a) X(6, a) X(7, a)
#define CT_LOAD(i, T) T a##i = out[i];
#define CT_STEP(i, FMA) a##i += FMA(v, q[i], u * p[i]);
#define CT_STORE(i, T) out[i] = a##i;

CT_PAIR(ct_pair1, float, lane_fma1, 1)
CT_PAIR(ct_pair4, lane4, lane_fma4, 1)
#if LANE_W == 4
CT_PAIR(ct_pair8, lane4, lane_fma4, 2)
CT_PAIR(ct_pair16, lane4, lane_fma4, 4)
CT_PAIR(ct_pair32, lane4, lane_fma4, 8)
static void ct_pair64(float *restrict acc, const float *restrict base,
                      const int32_t *restrict offset, const float *restrict w0,
                      const float *restrict w1, int n, int64_t d) {
    ct_pair32(acc, base, offset, w0, w1, n, d);
    ct_pair32(acc + 32, base + 32, offset, w0, w1, n, d);
}
#elif LANE_W == 8
CT_PAIR(ct_pair8, lane8, lane_fma8, 1)
CT_PAIR(ct_pair16, lane8, lane_fma8, 2)
CT_PAIR(ct_pair32, lane8, lane_fma8, 4)
CT_PAIR(ct_pair64, lane8, lane_fma8, 8)
#else
CT_PAIR(ct_pair8, lane8, lane_fma8, 1)
CT_PAIR(ct_pair16, lane16, lane_fma16, 1)
CT_PAIR(ct_pair32, lane16, lane_fma16, 2)
CT_PAIR(ct_pair64, lane16, lane_fma16, 4)
#endif

LANE_FN ct_pair_fn ct_pair_for(int lanes) {
    return lanes == 64   ? ct_pair64
           : lanes == 32 ? ct_pair32
           : lanes == 16 ? ct_pair16
           : lanes == 8  ? ct_pair8
           : lanes == 4  ? ct_pair4
                         : ct_pair1;
}

K_SCHEDULE(ct_pack) {
    const vxg_ct_pack_args *a = args;
    const int64_t width = a->nu + 2 * VXG_CT_PAD;
    float *const out = a->out + unit * width * a->lanes;
    const size_t edge = (size_t)(VXG_CT_PAD * a->lanes) * sizeof *out;
    (void)scratch;
    memset(out, 0, edge);
    if (a->lanes == 1 && a->first == 0 && a->last == 1 && !a->scale)
        memcpy(out + VXG_CT_PAD, a->in + unit * a->view_pitch, (size_t)a->nu * sizeof *out);
    else
        lane_in(out + VXG_CT_PAD * a->lanes, a->lanes, a->in + unit * a->view_pitch, a->nu,
                a->first, a->last, a->nu, a->scale ? a->scale[unit] : 1);
    memset(out + (VXG_CT_PAD + a->nu) * a->lanes, 0, edge);
}

/* ---- Gather: which columns a pixel takes from each view of a block, and with which weights ----
 */
typedef struct ct_list {
    int32_t offset[VXG_CT_BLOCK];
    float w0[VXG_CT_BLOCK], w1[VXG_CT_BLOCK];
} ct_list;

/* x, y: of the pixel within its tile. A function of its own, as inlined it spills the vectors that
 * it holds to the caller's frame. Clamped as a float: far outside the detector both columns are
 * zero padding. */
CT_ALONE void ct_linear_list(ct_list *restrict list, const vxg_ct_coefficients *c,
                             const ct_places *restrict places, int v0, int n, float x, float y,
                             int columns, int lanes) {
    const float *restrict ux = c->a[VXG_CT_BP_X] + v0, *restrict uy = c->a[VXG_CT_BP_Y] + v0;
    const float nu = (float)columns;
    const int shift = __builtin_ctz((unsigned)lanes); /* lanes: a power of two */
    for (int v = 0; v < n; v++) {
        const float u = lane_fma1(ux[v], x, lane_fma1(uy[v], y, places->rest[v]));
        const float whole = __builtin_floorf(u);
        float q = places->whole[v] + whole;
        q = q < -VXG_CT_PAD ? -VXG_CT_PAD : q > nu ? nu : q;
        list->w1[v] = u - whole;
        list->w0[v] = 1 - (u - whole);
        list->offset[v] = places->start[v] + (int32_t)((uint32_t)(int32_t)q << shift);
    }
}

/* The rays of a view that touch pixel i of the row are consecutive columns: the rounded rest is
 * monotone in q. The estimate of the first is low by up to one column; the place of that column
 * says whether it is the next. Then the pair after `skip` columns is taken: of the three columns
 * from there on the first two or the last two. */
LANE_FN void ct_joseph_pair(ct_list *restrict list, const vxg_ct_gather_args *a,
                            const ct_row *restrict row, int v0, int n, int i, int skip) {
    const uint32_t *restrict nq = a->c.n[VXG_CT_OF_Q] + v0;
    const float *restrict rq = a->c.r[VXG_CT_OF_Q] + v0, *restrict bu = a->c.a[VXG_CT_COLUMN] + v0;
    const float fi = (float)i;
    const int shift = __builtin_ctz((unsigned)a->lanes), nu = a->nu; /* lanes: a power of two */
    for (int v = 0; v < n; v++) {
        /* Below 10^6 by size, as SLACK < 0.45 says: a whole number, and good for ct_rest_at. */
        float q = __builtin_floorf(lane_fma1(row->first_across[v], fi, row->first[v]));
        const uint32_t column = (uint32_t)(int32_t)q;
        const float rest = lane_fma1(row->rest_across[v], fi, row->rest[v]) + CT_ROUND;
        uint32_t at = row->base[v] + row->across[v] * (uint32_t)i + nq[v] * column;
        const uint32_t before = at + ct_rest_at(rq[v], q, rest);
        const uint32_t touches = ct_below_zero(ct_way(before) - CT_ONE);
        if (skip) at += nq[v] * (uint32_t)skip, q += (float)skip;
        const uint32_t p0 = at + ct_rest_at(rq[v], q, rest);
        const uint32_t p1 = at + nq[v] + ct_rest_at(rq[v], q + 1, rest);
        const uint32_t p2 = at + nq[v] + nq[v] + ct_rest_at(rq[v], q + 2, rest);
        list->w0[v] = ct_hat(ct_chosen(touches, p0, p1));
        list->w1[v] = ct_hat(ct_chosen(touches, p1, p2));
        if (skip) { /* another view of the block needs as many columns; places repeat themselves */
            const uint32_t within =
                ct_below_zero(ct_bits((float)(skip - 1) * __builtin_fabsf(bu[v]) - 2.5f));
            list->w0[v] = ct_float(ct_bits(list->w0[v]) & within);
            list->w1[v] = ct_float(ct_bits(list->w1[v]) & within);
        }
        const int32_t first = (int32_t)(column + (uint32_t)skip + 1 + touches);
        const int32_t low = first < -VXG_CT_PAD ? -VXG_CT_PAD : first, inside = low > nu ? nu : low;
        list->offset[v] = row->start[v] + (int32_t)((uint32_t)inside << shift);
    }
}
CT_ALONE void ct_joseph_first(ct_list *restrict list, const vxg_ct_gather_args *a,
                              const ct_row *restrict row, int v0, int n, int i) {
    ct_joseph_pair(list, a, row, v0, n, i, 0);
}
CT_ALONE void ct_joseph_next(ct_list *restrict list, const vxg_ct_gather_args *a,
                             const ct_row *restrict row, int v0, int n, int i, int pass) {
    ct_joseph_pair(list, a, row, v0, n, i, 2 * pass);
}

#define CT_SUB                                                                                     \
    8 /* pixels along an edge of the square whose columns stay in the first-level cache */

/* Pixel (x, y) of the tile. */
static void ct_gather_pixel(const vxg_ct_gather_args *a, ct_tile t, const ct_places *places,
                            const ct_row *row, int x, int y, float *acc, int v0, int n, int pass) {
    const int64_t lanes = a->lanes;
    const float *const in = a->in + v0 * (int64_t)(a->nu + 2 * VXG_CT_PAD) * lanes;
    ct_list list;
    if (a->joseph && pass == 0)
        ct_joseph_first(&list, a, row, v0, n, t.x + x);
    else if (a->joseph)
        ct_joseph_next(&list, a, row, v0, n, t.x + x, pass);
    else
        ct_linear_list(&list, &a->c, places, v0, n, (float)x, (float)y, a->nu, a->lanes);
    ct_pair_for(a->lanes)(acc + (y * VXG_CT_TILE + x) * lanes, in, list.offset, list.w0, list.w1, n,
                          lanes);
}

static void ct_gather_block(const vxg_ct_gather_args *a, ct_tile t, float *acc, int v0, int n) {
    const int passes = a->joseph ? ct_passes(a, v0, n) : 1;
    ct_places places;
    ct_row row;
    if (!a->joseph)
        ct_places_of(&a->c, v0, n, t.x - 0.5 * (a->nx - 1), t.y - 0.5 * (a->ny - 1), a->nu,
                     a->lanes, &places);
    for (int sy = 0; sy < t.ny; sy += CT_SUB)
        for (int sx = 0; sx < t.nx; sx += CT_SUB) {
            const int ey = sy + CT_SUB < t.ny ? sy + CT_SUB : t.ny;
            const int ex = sx + CT_SUB < t.nx ? sx + CT_SUB : t.nx;
            for (int y = sy; y < ey; y++) {
                if (a->joseph) ct_row_of(a, v0, n, t.y + y, &row);
                for (int x = sx; x < ex; x++)
                    for (int pass = 0; pass < passes; pass++)
                        ct_gather_pixel(a, t, &places, &row, x, y, acc, v0, n, pass);
            }
        }
}

K_SCHEDULE(ct_gather) {
    const vxg_ct_gather_args *a = args;
    const int64_t across = (a->nx + VXG_CT_TILE - 1) / VXG_CT_TILE;
    ct_tile t = {(int)(unit % across) * VXG_CT_TILE, (int)(unit / across) * VXG_CT_TILE, 0, 0};
    t.nx = a->nx - t.x < VXG_CT_TILE ? a->nx - t.x : VXG_CT_TILE;
    t.ny = a->ny - t.y < VXG_CT_TILE ? a->ny - t.y : VXG_CT_TILE;
    float *const acc = scratch;
    const int64_t row = (int64_t)VXG_CT_TILE * a->lanes;
    const int64_t slice = (int64_t)a->ny * a->nx;
    float *const out = a->out + (int64_t)t.y * a->nx + t.x;
    for (int y = 0; y < t.ny; y++)
        lane_in(acc + y * row, a->lanes, out + (int64_t)y * a->nx, slice, 0, a->add ? a->used : 0,
                t.nx, 1);
    for (int v = 0; v < a->nviews; v += VXG_CT_BLOCK)
        (a->lanes == 1 ? cs_gather_block : ct_gather_block)(
            a, t, acc, v, a->nviews - v < VXG_CT_BLOCK ? a->nviews - v : VXG_CT_BLOCK);
    for (int y = 0; y < t.ny; y++)
        lane_out(out + (int64_t)y * a->nx, slice, acc + y * row, a->lanes, a->used, t.nx, 1, 0);
}

/* ---- Joseph projection ---- */
/* Adds one tile to one view. The tile holds cells [x, x + CT_EDGE) x [y, y + CT_EDGE) and owns the
 * points of rays whose cell index floor(b) lies in its first VXG_CT_TILE, so every point belongs to
 * one tile; floor(b) is monotone along a ray, so they are one run. One slice: `turned` is the tile
 * with its axes exchanged. */
static void ct_joseph_view(const vxg_ct_joseph_args *a, const float *tile, const float *turned,
                           ct_tile t, int view, float *acc) {
    const int m = a->c.a[VXG_CT_AXIS][view] > 0, lanes = a->lanes;
    const float b0 = a->c.a[VXG_CT_START][view], bu = a->c.a[VXG_CT_COLUMN][view],
                bk = a->c.a[VXG_CT_STEP][view];
    const int lo = m ? t.y : t.x, length = m ? a->ny : a->nx;
    const int k0 = lo < 0 ? 0 : lo, k1 = lo + VXG_CT_TILE < length ? lo + VXG_CT_TILE : length;
    const int c0 = m ? t.x : t.y, n = k1 - k0;
    const int step = (m ? CT_EDGE : 1) * lanes, across = (m ? 1 : CT_EDGE) * lanes;
    const uint32_t n0 = a->c.n[VXG_CT_OF_1][view], nk = a->c.n[VXG_CT_OF_K][view],
                   nq = a->c.n[VXG_CT_OF_Q][view];
    const float r0 = a->c.r[VXG_CT_OF_1][view], rk = a->c.r[VXG_CT_OF_K][view],
                rq = a->c.r[VXG_CT_OF_Q][view];
    float rest[VXG_CT_TILE], w0[VXG_CT_TILE], w1[VXG_CT_TILE];
    uint32_t from[VXG_CT_TILE];
    int32_t offset[VXG_CT_TILE];
    if (n <= 0) return;
    /* Columns that may own a point here: too many do no harm. */
    const float middle = 0.5f * (float)(length - 1), half = 0.5f * (float)(a->nu - 1);
    double ca = b0 + (double)bk * (k0 - middle), cb = b0 + (double)bk * (k1 - 1 - middle);
    double qa = (c0 - (ca > cb ? ca : cb)) / bu + half;
    double qb = (c0 + VXG_CT_TILE - (ca > cb ? cb : ca)) / bu + half;
    double q_lo = (qa < qb ? qa : qb) - 0.5, q_hi = (qa < qb ? qb : qa) + 0.5;
    const int q0 = q_lo < 0 ? 0 : q_lo > a->nu ? a->nu : (int)q_lo;
    const int q1 = q_hi < 0 ? 0 : q_hi > a->nu - 1 ? a->nu : (int)q_hi + 1;
    const ct_pair_fn pair = ct_pair_for(lanes);
    /* All VXG_CT_TILE points, so that the loops have a constant length; those past n do not count.
     */
    const uint32_t origin = n0 - ((uint32_t)c0 << VXG_CT_CELL) - CT_ROUND_BITS;
    for (int i = 0; i < VXG_CT_TILE; i++) {
        from[i] = origin + nk * (uint32_t)(k0 + i);
        rest[i] = ct_rest_of(rk, r0, (float)(k0 + i));
    }
    if (lanes == 1) {
        cs_project((m ? tile : turned) + (k0 - lo) * CT_EDGE, CT_EDGE, from, rest, n, nq, rq, bu,
                   q0, q1, acc);
        return;
    }
    const float *base = tile + (int64_t)(k0 - lo) * step;
    for (int q = q0; q < q1; q++) {
        const float at = (float)q;
        const uint32_t column = nq * (uint32_t)q;
        int below = 0, above = 0;
        for (int i = 0; i < VXG_CT_TILE; i++) {
            const uint32_t place = from[i] + column + ct_rest_at(rq, at, rest[i]);
            int32_t cell = (int32_t)place >> VXG_CT_CELL; /* from the tile's first on */
            below += i < n && cell < 0, above += i < n && cell >= VXG_CT_TILE;
            cell = cell < 0 ? 0 : cell > VXG_CT_TILE ? VXG_CT_TILE : cell;
            w1[i] = ct_float((place & (CT_ONE - 1)) | 0x3f800000u) - 1;
            w0[i] = 1 - w1[i];
            offset[i] = cell * across + i * step;
        }
        const int begin = bk < 0 ? above : below, end = n - (bk < 0 ? below : above);
        if (begin < end)
            pair(acc + (int64_t)q * lanes, base, offset + begin, w0 + begin, w1 + begin,
                 end - begin, across);
    }
}

/* Cells of the tile to lanes, zero outside the image; lanes [first, last) hold slices from `in` on.
 */
static void ct_load_tile(const vxg_ct_joseph_args *a, ct_tile t, const float *in, int first,
                         int last, float *tile) {
    const int64_t row = (int64_t)CT_EDGE * a->lanes, slice = (int64_t)a->ny * a->nx;
    const int x0 = t.x < 0 ? 0 : t.x, x1 = t.x + CT_EDGE < a->nx ? t.x + CT_EDGE : a->nx;
    for (int y = t.y; y < t.y + CT_EDGE; y++) {
        float *out = tile + (y - t.y) * row;
        if (y < 0 || y >= a->ny || x1 - x0 < CT_EDGE) memset(out, 0, (size_t)row * sizeof *out);
        if (y < 0 || y >= a->ny) continue;
        lane_in(out + (int64_t)(x0 - t.x) * a->lanes, a->lanes, in + (int64_t)y * a->nx + x0, slice,
                first, last, x1 - x0, 1);
    }
}

/* ---- Transpose of the voxel-driven backprojection ---- */
typedef void (*ct_spread_fn)(const float *restrict cell, float *restrict base,
                             const int32_t *restrict offset, const float *restrict w0,
                             const float *restrict w1, int n, int64_t d);
/* base[offset[s]] += w0[s] cell, base[offset[s] + d] += w1[s] cell. */
#define CT_SPREAD(NAME, T, FMA, COUNT)                                                             \
    static void NAME(const float *restrict cell, float *restrict base,                             \
                     const int32_t *restrict offset, const float *restrict w0,                     \
                     const float *restrict w1, int n, int64_t d) {                                 \
        const T *const in = (const T *)cell;                                                       \
        CT_REP_##COUNT(CT_CELL, T) for (int s = 0; s < n; s++) {                                   \
            T *const p = (T *)(base + offset[s]), *const q = (T *)(base + offset[s] + d);          \
            const T u = LANE_SET(T, w0[s]), v = LANE_SET(T, w1[s]);                                \
            CT_REP_##COUNT(CT_GIVE, FMA)                                                           \
        }                                                                                          \
    }
#define CT_CELL(i, T) const T a##i = in[i];
#define CT_GIVE(i, FMA) p[i] = FMA(u, a##i, p[i]), q[i] = FMA(v, a##i, q[i]);
CT_SPREAD(ct_spread1, float, lane_fma1, 1)
CT_SPREAD(ct_spread4, lane4, lane_fma4, 1)
#if LANE_W == 4
CT_SPREAD(ct_spread8, lane4, lane_fma4, 2)
#else
CT_SPREAD(ct_spread8, lane8, lane_fma8, 1)
#endif
#if LANE_W == 4
CT_SPREAD(ct_spread16, lane4, lane_fma4, 4)
#elif LANE_W == 8
CT_SPREAD(ct_spread16, lane8, lane_fma8, 2)
#else
CT_SPREAD(ct_spread16, lane16, lane_fma16, 1)
#endif
#if LANE_W == 4
CT_SPREAD(ct_spread32, lane4, lane_fma4, 8)
static void ct_spread64(const float *restrict cell, float *restrict base,
                        const int32_t *restrict offset, const float *restrict w0,
                        const float *restrict w1, int n, int64_t d) {
    ct_spread32(cell, base, offset, w0, w1, n, d);
    ct_spread32(cell + 32, base + 32, offset, w0, w1, n, d);
}
#elif LANE_W == 8
CT_SPREAD(ct_spread32, lane8, lane_fma8, 4)
CT_SPREAD(ct_spread64, lane8, lane_fma8, 8)
#else
CT_SPREAD(ct_spread32, lane16, lane_fma16, 2)
CT_SPREAD(ct_spread64, lane16, lane_fma16, 4)
#endif

static void ct_spread_tile(const vxg_ct_joseph_args *a, const float *tile, ct_tile t, int v0, int n,
                           float *acc) {
    const int64_t width = (int64_t)(a->nu + 2 * VXG_CT_PAD) * a->lanes;
    const int nx = a->nx - t.x < VXG_CT_TILE ? a->nx - t.x : VXG_CT_TILE;
    const int ny = a->ny - t.y < VXG_CT_TILE ? a->ny - t.y : VXG_CT_TILE;
    const ct_spread_fn spread = a->lanes == 64   ? ct_spread64
                                : a->lanes == 32 ? ct_spread32
                                : a->lanes == 16 ? ct_spread16
                                : a->lanes == 8  ? ct_spread8
                                : a->lanes == 4  ? ct_spread4
                                                 : ct_spread1;
    ct_places places;
    ct_list list;
    for (int v = 0; v < n; v += VXG_CT_BLOCK) {
        const int m = n - v < VXG_CT_BLOCK ? n - v : VXG_CT_BLOCK;
        ct_places_of(&a->c, v0 + v, m, t.x - 0.5 * (a->nx - 1), t.y - 0.5 * (a->ny - 1), a->nu,
                     a->lanes, &places);
        for (int sy = 0; sy < ny; sy += CT_SUB)
            for (int sx = 0; sx < nx; sx += CT_SUB)
                for (int y = sy; y < sy + CT_SUB && y < ny; y++)
                    for (int x = sx; x < sx + CT_SUB && x < nx; x++) {
                        ct_linear_list(&list, &a->c, &places, v0 + v, m, (float)x, (float)y, a->nu,
                                       a->lanes);
                        spread(tile + (int64_t)(y * CT_EDGE + x) * a->lanes, acc + v * width,
                               list.offset, list.w0, list.w1, m, a->lanes);
                    }
    }
}

/* One unit of ct_joseph or, with spread, of ct_spread. */
LANE_FN void ct_project(const vxg_ct_joseph_args *a, int64_t unit, float *scratch, int spread) {
    const int r0 = a->row + (int)(unit / a->nblocks) * a->lanes, s0 = r0 + a->offset;
    const int v0 = (int)(unit % a->nblocks) * a->block;
    const int n = a->nviews - v0 < a->block ? a->nviews - v0 : a->block;
    const int used = a->nv - r0 < a->lanes ? a->nv - r0 : a->lanes;
    const int first = s0 < 0 ? -s0 : 0, last = a->nz - s0 < used ? a->nz - s0 : used;
    float *const tile = scratch, *const turned = tile + (int64_t)CT_EDGE * CT_EDGE * a->lanes;
    float *const acc = turned + (a->lanes == 1 ? VXG_CT_TURNED : 0);
    const int64_t width = (int64_t)(a->nu + 2 * VXG_CT_PAD) * a->lanes;
    float *const detector = acc + VXG_CT_PAD * a->lanes;
    memset(acc, 0, (size_t)(n * width) * sizeof *acc);
    /* Joseph: cell -1 exists, as rays less than one cell outside still touch cell 0. */
    for (int y = spread ? 0 : -1; y < a->ny && first < last; y += VXG_CT_TILE)
        for (int x = spread ? 0 : -1; x < a->nx; x += VXG_CT_TILE) {
            const ct_tile t = {x, y, CT_EDGE, CT_EDGE};
            ct_load_tile(a, t, a->in + (int64_t)(s0 + first) * a->ny * a->nx, first, last, tile);
            if (spread) ct_spread_tile(a, tile, t, v0, n, acc);
            for (int i = 0; i < CT_EDGE * CT_EDGE && !spread && a->lanes == 1; i++)
                turned[i] = tile[i % CT_EDGE * CT_EDGE + i / CT_EDGE];
            for (int v = 0; v < n && !spread; v++)
                ct_joseph_view(a, tile, turned, t, v0 + v, detector + v * width);
        }
    for (int v = 0; v < n; v++)
        lane_out(a->out + ((int64_t)(v0 + v) * a->nv + r0) * a->nu, a->nu, detector + v * width,
                 a->lanes, used, a->nu, spread ? 1 : a->c.a[VXG_CT_LENGTH][v0 + v], a->add);
}

K_SCHEDULE(ct_joseph) {
    ct_project(args, unit, scratch, 0);
}
K_SCHEDULE(ct_spread) {
    ct_project(args, unit, scratch, 1);
}
#endif
