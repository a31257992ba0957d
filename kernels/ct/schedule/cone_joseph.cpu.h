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
#include "kernels/ct/schedule/cone_joseph_args.h"
#include "kernels/num/lanes.cpu.h"
#if !defined(VXG_DTYPE_f64)

#define CJ_TILE VXG_CJ_TILE
#define CJ_BELOW 4 /* sums kept below a tile's first cell */
#define CJ_GROUP VXG_CJ_GROUP

/* ---- Lanes that pick ---- */
typedef lane_widest cj_f;
typedef int32_t cj_i __attribute__((vector_size(LANE_W * 4), may_alias));
typedef float cj_fu __attribute__((vector_size(LANE_W * 4), may_alias, aligned(4)));
#define CJ_W LANE_W
#define CJ_SET(x) LANE_SET_lane_widest(x)
#define CJ_PAD (2 * CJ_W + 16 < VXG_CJ_PAD ? 2 * CJ_W + 16 : VXG_CJ_PAD)

LANE_FN cj_f cj_load(const float *p) {
    return *(const cj_fu *)p;
}
LANE_FN cj_f cj_iota(void) {
    cj_f r;
    for (int i = 0; i < CJ_W; i++) r[i] = (float)i;
    return r;
}
LANE_FN cj_i cj_trunc(cj_f x) {
    return __builtin_convertvector(x, cj_i);
}
LANE_FN cj_f cj_floor(cj_f x) {
#if defined(__AVX512F__)
    return (cj_f)_mm512_roundscale_ps((__m512)x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
#elif LANE_W == 8
    return (cj_f)_mm256_floor_ps((__m256)x);
#elif LANE_W == 4 && defined(__x86_64__) && defined(__SSE4_1__)
    return (cj_f)_mm_floor_ps((__m128)x);
#elif LANE_W == 4 && defined(__aarch64__)
    return (cj_f)vrndmq_f32((float32x4_t)x);
#else
    const cj_f r = __builtin_convertvector(cj_trunc(x), cj_f);
    return r + __builtin_convertvector((cj_i)(r > x), cj_f); /* true is -1 */
#endif
}
LANE_FN cj_f cj_real(cj_i x) {
    return __builtin_convertvector(x, cj_f);
}
/* p[i], any i */
LANE_FN cj_f cj_gather(const float *p, cj_i i) {
#if defined(__AVX512F__)
    return (cj_f)_mm512_i32gather_ps((__m512i)i, p, 4);
#elif LANE_W == 8 && defined(__AVX2__)
    return (cj_f)_mm256_i32gather_ps(p, (__m256i)i, 4);
#else
    cj_f r;
    for (int k = 0; k < CJ_W; k++) r[k] = p[i[k]];
    return r;
#endif
}
/* p[i], 0 <= i < CJ_W */
LANE_FN cj_f cj_pick(const float *p, cj_i i) {
#if defined(__AVX512F__)
    return (cj_f)_mm512_permutexvar_ps((__m512i)i, (__m512)cj_load(p));
#elif LANE_W == 8 && defined(__AVX2__)
    return (cj_f)_mm256_permutevar8x32_ps((__m256)lane_held(cj_load(p)), (__m256i)i);
#else
    return cj_gather(p, i);
#endif
}
/* p[i], 0 <= i < 2 CJ_W */
LANE_FN cj_f cj_pick2(const float *p, cj_i i) {
#if defined(__AVX512F__)
    return (cj_f)_mm512_permutex2var_ps((__m512)cj_load(p), (__m512i)i, (__m512)cj_load(p + 16));
#elif LANE_W == 8 && defined(__AVX2__)
    const __m256 low = (__m256)lane_held(cj_load(p)), high = (__m256)lane_held(cj_load(p + 8));
    /* bit 3 of i to the sign */
    return (cj_f)_mm256_blendv_ps(_mm256_permutevar8x32_ps(low, (__m256i)i),
                                  _mm256_permutevar8x32_ps(high, (__m256i)i),
                                  _mm256_castsi256_ps(_mm256_slli_epi32((__m256i)i, 28)));
#else
    return cj_gather(p, i);
#endif
}
LANE_FN cj_f cj_abs(cj_f x) {
    return (cj_f)((cj_i)x & 0x7fffffff);
}
LANE_FN cj_f cj_positive(cj_f x) { /* max(x, 0) */
#if defined(__AVX512F__)
    return (cj_f)_mm512_max_ps((__m512)x, _mm512_setzero_ps());
#elif LANE_W == 8
    return (cj_f)_mm256_max_ps((__m256)x, _mm256_setzero_ps());
#else
    return (cj_f)((cj_i)x & (cj_i)(x > CJ_SET(0.0f)));
#endif
}

/* ---- A detector column in a tile ---- */
typedef struct cj_tile {
    int x, y, z;    /* first cell */
    int nz;         /* cells of z */
    int64_t height; /* floats of a column */
} cj_tile;
/* The height of the first cell. */
LANE_FN int cj_low(cj_tile t) {
    return -(t.nz / 2);
}

/* Slice i of the tile: path cell, weights of it and its neighbour, heights. */
typedef struct cj_list {
    float w0[CJ_TILE], w1[CJ_TILE], z0[CJ_TILE], dz[CJ_TILE];
    float row[CJ_TILE];               /* the row whose height is z0 */
    float inverse[CJ_TILE];           /* 1 / dz, 1e6 at most */
    int32_t cell[CJ_TILE];            /* from the tile's first */
    int32_t lo[CJ_TILE], hi[CJ_TILE]; /* blocks of lanes; lo == hi: nothing here */
} cj_list;

/* Choices are single minima, maxima and masks: a nested choice that several results depend on is
 * compiled into a tree of branches. */
LANE_FN int32_t cj_clamp(float x, int32_t n) { /* floor, within 0..n */
    const float above = x > 0 ? x : 0, top = (float)n;
    return (int32_t)(above < top ? above : top);
}
LANE_FN double cj_within(double x, double low, double high) {
    const double above = x > low ? x : low;
    return above < high ? above : high;
}

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

/* First column >= from whose tangent is not below x. */
static int cj_search(const float *tangent, int from, int n, double x) {
    int lo = from, hi = n;
    while (lo < hi) {
        int m = lo + (hi - lo) / 2;
        if ((double)tangent[m] < x) {
            lo = m + 1;
        } else {
            hi = m;
        }
    }
    return lo;
}

/* Columns [*q0, *q1) of a view that may cross a tile: all where it reaches the plane of the source.
 */
static void cj_columns(const vxg_cj_scan *s, int view, cj_tile t, int *q0, int *q1) {
    const vxg_cj_view *v = s->views + view;
    const float *tangent = s->tangent + (int64_t)view * s->nu;
    const double mx = 0.5 * (s->nx - 1), my = 0.5 * (s->ny - 1);
    double least = 1e30, most = -1e30;
    int front = 0;
    for (int corner = 0; corner < 4; corner++) {
        const double x = t.x + (corner & 1 ? CJ_TILE + 1.5 : -1.5) - mx - v->s[0];
        const double y = t.y + (corner & 2 ? CJ_TILE + 1.5 : -1.5) - my - v->s[1];
        const double depth = x * v->n[0] + y * v->n[1], tan = (x * v->e[0] + y * v->e[1]) / depth;
        if (depth <= 1e-3) continue;
        front++;
        if (tan < least) least = tan;
        if (tan > most) most = tan;
    }
    *q0 = 0, *q1 = front ? s->nu : 0;
    if (front < 4) return;
    *q0 = cj_search(tangent, 0, s->nu, least);
    *q1 = cj_search(tangent, *q0, s->nu, most);
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

typedef struct cj_unit { /* of the forward projection */
    const vxg_cj_forward_args *a;
    float *blended, *acc;
    int v0, nviews, u0, nu, row, rows;
} cj_unit;

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
    cj_columns(s, view, t, &q0, &q1);
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

/* Times the length of the rays within a slice. */
static void cj_lengths(const vxg_cj_scan *s, const vxg_cj_column *c, int row, int rows,
                       float *restrict data) {
    const float first = (float)row - 0.5f * (float)(s->nv - 1), up = s->up * s->up;
    const float ds = (float)c->ds, sc = (float)c->sc;
    for (int r = 0; r < rows; r++) {
        const float slope = lane_fma1(ds, first + (float)r, sc);
        data[r] *= __builtin_sqrtf(lane_fma1(slope * slope, up, c->across));
    }
}

static void cj_store(const cj_unit *w) {
    const vxg_cj_scan *s = &w->a->scan;
    const int stride = w->a->rows;
    for (int v = 0; v < w->nviews; v++) {
        const int view = w->v0 + v;
        float *acc = w->acc + (int64_t)v * w->a->columns * stride;
        const vxg_cj_column *c = s->columns + (int64_t)view * s->nu + w->u0;
        for (int u = 0; u < w->nu; u++) cj_lengths(s, c + u, w->row, w->rows, acc + u * stride);
        const int flip = s->views[view].flip, row = flip ? s->nv - 1 - w->row : w->row;
        lane_out(w->a->out + ((int64_t)view * s->nv + row) * s->nu + w->u0, flip ? -s->nu : s->nu,
                 acc, stride, w->rows, w->nu, 1, w->a->add);
    }
}

/* dst[x * height + z] = src[z * pitch + x] for z < nz, x < n. */
static void cj_transpose(float *dst, int64_t height, const float *src, int64_t pitch, int nz, int n) {
    int z = 0;
    for (; z + 4 <= nz; z += 4) {
        const float *const p = src + z * pitch;
        const float *const rows[4] = {p, p + pitch, p + 2 * pitch, p + 3 * pitch};
        lane_in4(dst + z, height, rows, n, 1);
    }
    for (; z < nz; z++)
        for (int x = 0; x < n; x++) dst[x * height + z] = src[z * pitch + x];
}

K_SCHEDULE(cj_slab) {
    const vxg_cj_slab_args *a = args;
    const vxg_cj_scan *s = &a->scan;
    const int64_t height = vxg_cj_height(s), slice = (int64_t)s->ny * s->nx, line = s->nx + 2;
    const int nz = s->nz - a->z < s->zchunk ? s->nz - a->z : s->zchunk, y = (int)unit - 1;
    float *const out = a->out + unit * line * height;
    (void)scratch;
    if (y < 0 || y >= s->ny || nz < height) memset(out, 0, (size_t)(line * height) * sizeof *out);
    if (y < 0 || y >= s->ny) return;
    for (int x = 0; x < s->nx; x += LANE_RUN)
        cj_transpose(out + (x + 1) * height, height, a->in + a->z * slice + (int64_t)y * s->nx + x,
                slice, nz, s->nx - x < LANE_RUN ? s->nx - x : LANE_RUN);
}

K_SCHEDULE(cj_forward) {
    const vxg_cj_forward_args *a = args;
    const vxg_cj_scan *s = &a->scan;
    const int down = (s->nv + a->rows - 1) / a->rows,
              across = (s->nu + a->columns - 1) / a->columns;
    const int nz = s->nz - a->z < s->zchunk ? s->nz - a->z : s->zchunk;
    cj_unit w = {.a = a, .blended = scratch};
    w.row = (int)(unit % down) * a->rows;
    w.u0 = (int)(unit / down % across) * a->columns;
    w.v0 = (int)(unit / down / across) * a->views;
    w.rows = s->nv - w.row < a->rows ? s->nv - w.row : a->rows;
    w.nu = s->nu - w.u0 < a->columns ? s->nu - w.u0 : a->columns;
    w.nviews = s->nviews - w.v0 < a->views ? s->nviews - w.v0 : a->views;
    w.acc = w.blended + CJ_GROUP * vxg_cj_blend_floats(s);
    memset(w.blended, 0, (size_t)vxg_cj_forward_floats(a) * sizeof(float));
    for (int y = -1; y < s->ny; y += CJ_TILE) /* cell -1: rays beside the volume */
        for (int x = -1; x < s->nx; x += CJ_TILE) {
            const cj_tile t = {x, y, a->z, nz, vxg_cj_height(s)};
            for (int v = 0; v < w.nviews; v++)
                cj_forward_view(&w, t, w.v0 + v, w.acc + (int64_t)v * a->columns * a->rows);
        }
    cj_store(&w);
}

/* ---- Adjoint ---- */
K_SCHEDULE(cj_pack) {
    const vxg_cj_pack_args *a = args;
    const vxg_cj_scan *s = &a->scan;
    const int64_t height = vxg_cj_pack_height(s), view = a->first + unit;
    const int flip = s->views[view].flip;
    const int64_t pitch = flip ? -s->nu : s->nu;
    const float *in = a->in + (view * s->nv + (flip ? s->nv - 1 : 0)) * s->nu;
    float *const out = a->out + unit * s->nu * height;
    (void)scratch;
    for (int u = 0; u < s->nu; u += LANE_RUN) {
        const int n = s->nu - u < LANE_RUN ? s->nu - u : LANE_RUN;
        float *const to = out + u * height + VXG_CJ_PAD;
        cj_transpose(to, height, in + u, pitch, s->nv, n);
        for (int i = 0; i < n; i++) {
            float *const column = to + i * height;
            memset(column - VXG_CJ_PAD, 0, VXG_CJ_PAD * sizeof(float));
            memset(column + s->nv, 0, (size_t)(height - VXG_CJ_PAD - s->nv) * sizeof(float));
            cj_lengths(s, s->columns + view * s->nu + u + i, 0, s->nv, column);
        }
    }
}

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
    cj_columns(s, view, t, &q0, &q1);
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
    const vxg_cj_scan *s = &a->scan;
    const int64_t across = (s->nx + CJ_TILE - 1) / CJ_TILE, down = (s->ny + CJ_TILE - 1) / CJ_TILE;
    const int64_t slice = (int64_t)s->ny * s->nx, height = vxg_cj_height(s);
    cj_tile t = {(int)(unit % across) * CJ_TILE, (int)(unit / across % down) * CJ_TILE,
                 (int)(unit / across / down) * s->zchunk, 0, height};
    t.nz = s->nz - t.z < s->zchunk ? s->nz - t.z : s->zchunk;
    const int nx = s->nx - t.x < CJ_TILE ? s->nx - t.x : CJ_TILE;
    const int ny = s->ny - t.y < CJ_TILE ? s->ny - t.y : CJ_TILE;
    float *const tile = scratch, *const out = a->out + t.z * slice + (int64_t)t.y * s->nx + t.x;
    memset(tile, 0, (size_t)((CJ_TILE * CJ_TILE + 2) * height) * sizeof(float));
    for (int y = 0; y < ny && a->add; y++)
        lane_in(tile + y * CJ_TILE * height, (int)height, out + (int64_t)y * s->nx, slice, 0, t.nz,
                nx, 1);
    for (int v = 0; v < a->views; v++)
        cj_adjoint_view(s, t, a->first + v, a->in + (int64_t)v * s->nu * vxg_cj_pack_height(s),
                        tile);
    for (int y = 0; y < ny; y++)
        lane_out(out + (int64_t)y * s->nx, slice, tile + y * CJ_TILE * height, (int)height, t.nz,
                 nx, 1, 0);
}
#endif
