/* Cone-beam voxel-driven bilinear backprojection with slices as SIMD lanes.
 *
 * Along z a voxel's row moves by about a constant, its column hardly: the two rows a lane needs lie
 * in a short window of packed columns, so taps are picked by permutes of whole vectors instead of
 * gathers. Positions are formed in double at a slab's first slice, split into whole and fraction,
 * and carried on in float from there: at a row a slice they are good to 1e-5 of a pixel however
 * large the detector.
 *
 * Per lane the operations and their order are the same in every class below and for every number of
 * lanes, so bits do not depend on them; they depend on the fixed slabs and blocks of views. */
#include "kernels/ct/schedule/cone_atan.cpu.h"
#include "kernels/ct/schedule/cone_schedule_args.h"
#include "kernels/ct/schedule/cone_lanes.cpu.h"
#if !defined(VXG_DTYPE_f64)

/* Registers are allotted function by function: the inner loops have one each. */
#define CB_ALONE static __attribute__((noinline))

#define CB_VECTORS (VXG_CONE_SLAB / LANE_W)
#define CB_SUMS 8 /* vectors of one voxel column in registers */
#define CB_ROUNDS ((CB_VECTORS + LANE_W - 1) / LANE_W)

/* ---- What a column of voxels sees of each view of a block ---- */
typedef enum cb_class {
    CB_NEAR,    /* column constant, at most one row a slice: two windows one row apart */
    CB_FAR,     /* column constant, at most CB_MOST rows a slice: windows for four slices each */
    CB_WIDE,    /* column constant, at most CB_STEEP rows a slice: lane by lane */
    CB_LEAN,    /* columns move with z, by at most one along eight slices; rows as CB_NEAR */
    CB_EXACT,   /* many rows, or close to the source: slice by slice in double */
    CB_LEANFAR, /* as CB_LEAN; rows as CB_FAR */
    CB_TILTED,  /* columns or rows move faster */
    CB_CLASSES, /* also: not seen */
} cb_class;
#define CB_ONE (1 - 1.0 / 1024) /* rounding must not carry a lane into the next row */
#define CB_MOST                                                                                    \
    1.7 /* CB_FOUR: next row of lane 7 before floor(4 step) + 8: 7 step + 2 < 4 step + 7 */
#define CB_STEEP 4 /* faster, a float loses the fraction over a slab */

typedef struct cb_views {
    int32_t column[VXG_CONE_BLOCK], row[VXG_CONE_BLOCK]; /* whole part at the first slice */
    float fu[VXG_CONE_BLOCK], fv[VXG_CONE_BLOCK];        /* fraction there */
    float du[VXG_CONE_BLOCK], dv[VXG_CONE_BLOCK];        /* steps a slice, before 1 / (1 + e z) */
    float e[VXG_CONE_BLOCK], weight[VXG_CONE_BLOCK];
    int count[CB_CLASSES + 1];
    uint8_t list[CB_CLASSES + 1][VXG_CONE_BLOCK];
} cb_views;

typedef struct cb_exact { /* the same before rounding */
    double u[VXG_CONE_BLOCK], v[VXG_CONE_BLOCK], du[VXG_CONE_BLOCK], dv[VXG_CONE_BLOCK];
    double e[VXG_CONE_BLOCK], w[VXG_CONE_BLOCK], weight[VXG_CONE_BLOCK];
    int64_t class[VXG_CONE_BLOCK];
} cb_exact;

/* The voxel column at hand. */
typedef struct cb_frame {
    const vxg_cone_gather_args *a;
    const float *block; /* packed columns of the block's first view */
    int64_t view, v0;   /* floats of a packed view; the block's first view */
    double x, y, z;     /* the first slice */
} cb_frame;

/* Steady views: column and W do not change along z. Loops without branches, over views as lanes. */
LANE_FN void cb_steady_positions(const cb_frame *f, int n, const int curved, cb_exact *restrict p) {
    const double *const *a = f->a->c.a;
    const int64_t v0 = f->v0;
    const double *restrict q0 = a[VXG_CONE_Q] + v0, *restrict qx = a[VXG_CONE_QX] + v0,
                           *restrict qy = a[VXG_CONE_QY] + v0;
    const double *restrict r0 = a[VXG_CONE_R] + v0, *restrict rx = a[VXG_CONE_RX] + v0,
                           *restrict ry = a[VXG_CONE_RY] + v0;
    const double *restrict w0 = a[VXG_CONE_W] + v0, *restrict wx = a[VXG_CONE_WX] + v0,
                           *restrict wy = a[VXG_CONE_WY] + v0;
    const double *restrict rz = a[VXG_CONE_RZ] + v0,
                           *restrict per_angle = a[VXG_CONE_PER_ANGLE] + v0,
                           *restrict mid = a[VXG_CONE_MIDDLE] + v0;
    const double x = f->x, y = f->y, z = f->z, nu = f->a->nu, nv = f->a->nv;
    const double last = f->a->used - 1, distance = f->a->distance ? 1 : 0;
    const double middle = curved ? 0.5 * (nv - 1) : 0;
    for (int i = 0; i < n; i++) {
        const double depth = w0[i] + wx[i] * x + wy[i] * y, w = depth > 0 ? depth : 1;
        const double q = q0[i] + qx[i] * x + qy[i] * y;
        const double h = curved ? __builtin_sqrt(w * w + q * q) : w, s = 1 / h;
        const double u = curved ? cone_atan(w, q, h) * per_angle[i] + mid[i] : q * s,
                     dv = rz[i] * s;
        const double v = (r0[i] + rx[i] * x + ry[i] * y + rz[i] * z) * s + middle;
        const double end = v + dv * last;
        const double step = dv < 0 ? -dv : dv, lo = v < end ? v : end, hi = v < end ? end : v;
        const int64_t seen = (depth > 0) & (u > -1) & (u < nu) & (hi > -1) & (lo < nv);
        const int64_t class =
            (step > CB_ONE) + (step > CB_MOST) + (step > CB_STEEP) * (CB_EXACT - CB_WIDE);
        p->class[i] = seen ? class : CB_CLASSES;
        p->u[i] = seen ? u : 0, p->v[i] = seen ? v : 0, p->dv[i] = seen ? dv : 0;
        p->weight[i] = distance > 0 ? s * s : 1;
    }
}

LANE_FN void cb_tilted_positions(const cb_frame *f, int n, cb_exact *restrict p) {
    const double *const *a = f->a->c.a;
    for (int i = 0; i < n; i++) {
        const int64_t v = f->v0 + i;
        const double w = a[VXG_CONE_W][v] + a[VXG_CONE_WX][v] * f->x + a[VXG_CONE_WY][v] * f->y +
                         a[VXG_CONE_WZ][v] * f->z,
                     s = 1 / w;
        const double u = (a[VXG_CONE_Q][v] + a[VXG_CONE_QX][v] * f->x + a[VXG_CONE_QY][v] * f->y +
                          a[VXG_CONE_QZ][v] * f->z) *
                         s;
        const double r = (a[VXG_CONE_R][v] + a[VXG_CONE_RX][v] * f->x + a[VXG_CONE_RY][v] * f->y +
                          a[VXG_CONE_RZ][v] * f->z) *
                         s;
        p->u[i] = u, p->v[i] = r, p->w[i] = w, p->e[i] = a[VXG_CONE_WZ][v] * s;
        p->du[i] = (a[VXG_CONE_QZ][v] - u * a[VXG_CONE_WZ][v]) * s,
        p->dv[i] = (a[VXG_CONE_RZ][v] - r * a[VXG_CONE_WZ][v]) * s;
        p->weight[i] = f->a->distance ? s * s : 1;
    }
}

/* Of a step in z, over a slab's slices, where 1 / (1 + e z) stretches columns and rows. */
LANE_FN double cb_least_stretch(double e, double end) {
    const double g = 1 / (1 + __builtin_fabs(e) * end);
    return g * g;
}

LANE_FN int cb_outside(double from, double to, int n) {
    return (from <= -1 && to <= -1) || (from >= n && to >= n);
}

/* Along z column and row are monotone where W > 0, so both ends tell. */
LANE_FN cb_class cb_tilted_class(const cb_frame *f, const cb_exact *p, int i) {
    const vxg_cone_gather_args *a = f->a;
    const double last = a->used - 1, end = a->slab - 1;
    const double w = p->w[i], step = a->c.a[VXG_CONE_WZ][f->v0 + i];
    if (w <= 0 && w + step * last <= 0) return CB_CLASSES;
    if (!(w > 0) || !(w + step * last > 0)) return CB_EXACT;
    const double s = last / (1 + p->e[i] * last);
    if (cb_outside(p->u[i], p->u[i] + p->du[i] * s, a->nu) ||
        cb_outside(p->v[i], p->v[i] + p->dv[i] * s, a->nv))
        return CB_CLASSES;
    const double e = __builtin_fabs(p->e[i]) * end, g = 1 / (1 - e);
    const double du = __builtin_fabs(p->du[i]), dv = __builtin_fabs(p->dv[i]);
    if (!(e <= 0.5 && du <= CB_STEEP && dv <= CB_STEEP)) return CB_EXACT;
    if (du * g * g * 7 > CB_ONE || dv * g * g > CB_MOST) return CB_TILTED;
    if (dv * g * g <= CB_ONE) return CB_LEAN;
    return 7 * g * g * dv - 4 * cb_least_stretch(p->e[i], end) * dv < 4.9 ? CB_LEANFAR : CB_TILTED;
}

LANE_FN void cb_tilted_classes(const cb_frame *f, int n, cb_exact *restrict p) {
    for (int i = 0; i < n; i++) {
        p->class[i] = cb_tilted_class(f, p, i);
        if (p->class[i] != CB_EXACT && p->class[i] != CB_CLASSES) continue;
        p->u[i] = p->v[i] = p->du[i] = p->dv[i] = p->e[i] = p->weight[i] = 0;
    }
}

/* Whole parts, fractions and lists. */
LANE_FN void cb_split(const cb_frame *f, const cb_exact *restrict p, int n, cb_views *restrict s) {
    const int32_t *restrict row0 = f->a->row0 + f->v0;
    for (int i = 0; i < n; i++) {
        const double u = __builtin_floor(p->u[i]), v = __builtin_floor(p->v[i]);
        s->column[i] = (int32_t)u, s->row[i] = (int32_t)v - row0[i];
        s->fu[i] = (float)(p->u[i] - u), s->fv[i] = (float)(p->v[i] - v);
        s->dv[i] = (float)p->dv[i], s->weight[i] = (float)p->weight[i];
    }
    for (int c = 0; c <= CB_CLASSES; c++) s->count[c] = 0;
    for (int i = 0; i < n; i++) {
        const int64_t c = row0[i] == VXG_CONE_UNSEEN ? CB_CLASSES : p->class[i];
        s->list[c][s->count[c]++] = (uint8_t)i;
    }
}

/* ---- Steady columns ---- */
/* Past the detector a window slides no further: rows there are zero. */
LANE_FN cb_whole cb_offset(cb_lane low, int row, int height) {
    const cb_lane at = low + cb_set((float)row), none = cb_set(0);
    const cb_lane most = cb_set((float)(height - VXG_CONE_REACH));
    const cb_lane up = cb_pick(at > none, at, none);
    return __builtin_convertvector(cb_pick(up < most, up, most), cb_whole);
}

/* One view of a list. Slices in groups of eight, whatever the vectors' width: rows of a group are
 * low + start + dv (0 .. 7), low whole. */
#define CB_GROUPS (VXG_CONE_SLAB / 8)
_Static_assert(CB_GROUPS % LANE_W == 0, "groups fill vectors");
typedef struct cb_step {
    float start[CB_GROUPS] __attribute__((aligned(64))), low[CB_GROUPS];
    int32_t offset[CB_GROUPS];
    float w0, w1, dv;
    int32_t shift[2];
    int64_t column; /* floats from the block's first view */
} cb_step;

/* Ahead of the sums, so that they wait for no address. */
static void cb_steady_steps(const cb_frame *f, const cb_views *s, int class, cb_step *step) {
    const int height = f->a->height, n = s->count[class];
    for (int m = 0; m < n; m++) {
        const int i = s->list[class][m];
        cb_step *const t = step + m;
        t->w1 = s->weight[i] * s->fu[i], t->w0 = s->weight[i] - t->w1, t->dv = s->dv[i];
        t->column = i * f->view + (s->column[i] + VXG_CONE_MARGIN) * (int64_t)height;
        cb_shifts(s->dv[i], t->shift);
        const cb_lane dv = cb_set(s->dv[i]), fv = cb_set(s->fv[i]);
        const cb_lane back = cb_set(s->dv[i] < 0 ? s->dv[i] * 7 : 0);
        for (int j = 0; j < CB_GROUPS; j += LANE_W) {
            const cb_lane at = LANE_FMA(dv, cb_from(j) * cb_set(8), fv);
            const cb_lane low = cb_floor(at + back);
            *(cb_lane *)(t->start + j) = at - low, *(cb_lane *)(t->low + j) = low;
            *(cb_whole *)(t->offset + j) = cb_offset(low, s->row[i], height);
        }
    }
    step[n] = step[n - 1]; /* what is fetched ahead of the last */
}

/* Rows of vector k from the lowest row of its window, whole and fraction. steps: dv times the
 * lanes' numbers in their group. */
LANE_FN cb_whole cb_index(const cb_step *t, int k, cb_lane steps, cb_lane *fraction) {
#if LANE_W == 16
    const int g = 2 * k;
    const float base = t->low[g] < t->low[g + 1] ? t->low[g] : t->low[g + 1];
    const cb_lane r = steps + cb_two(t->start[g], t->start[g + 1]);
    const cb_whole index = __builtin_convertvector(r, cb_whole);
    *fraction = r - __builtin_convertvector(index, cb_lane);
    return index +
           __builtin_convertvector(cb_two(t->low[g] - base, t->low[g + 1] - base), cb_whole);
#else
    const cb_lane r = steps + cb_set(t->start[k * LANE_W / 8]);
    const cb_whole index = __builtin_convertvector(r, cb_whole);
    *fraction = r - __builtin_convertvector(index, cb_lane);
    return index;
#endif
}
LANE_FN int cb_window(const cb_step *t, int k) {
#if LANE_W == 16
    return t->offset[2 * k] < t->offset[2 * k + 1] ? t->offset[2 * k] : t->offset[2 * k + 1];
#else
    return t->offset[k * LANE_W / 8];
#endif
}

/* Two columns blended, at the lanes' rows and the rows after. */
LANE_FN cb_lane cb_blend(const float *p, const float *q, cb_lane w0, cb_lane w1) {
    return LANE_FMA(w1, cb_at(q), w0 * cb_at(p));
}
LANE_FN void cb_taps(const float *p, const float *q, const cb_step *t, cb_lane w0, cb_lane w1,
                     cb_whole index, const cb_reach reach, cb_lane *lo, cb_lane *hi) {
#if LANE_W == 4 /* no permutes of so many */
    cb_lane a, b, c, d;
    (void)reach, (void)t;
    for (int i = 0; i < 4; i++) {
        a[i] = p[index[i]], b[i] = p[index[i] + 1];
        c[i] = q[index[i]], d[i] = q[index[i] + 1];
    }
    *lo = LANE_FMA(w1, c, w0 * a), *hi = LANE_FMA(w1, d, w0 * b);
#else
    const cb_rows r = cb_rows_of(index, t->shift, reach);
    const cb_lane a = cb_blend(p + r.from[0], q + r.from[0], w0, w1);
    cb_two_rows(a, cb_blend(p + r.from[1], q + r.from[1], w0, w1), &r, reach, lo, hi);
#endif
}

/* Vectors [k, k + R) of a column of voxels. */
static inline __attribute__((always_inline)) void cb_steady(const cb_frame *f, const cb_step *step,
                                                            int n, float *acc, int k, const int R,
                                                            const cb_reach reach) {
    const int64_t height = f->a->height;
    cb_lane sum[CB_SUMS];
#pragma GCC unroll 8
    for (int j = 0; j < R; j++) sum[j] = *(const cb_lane *)(acc + (k + j) * LANE_W);
    for (const cb_step *t = step; t < step + n; t++) {
        const float *const p = f->block + t->column, *const ahead = f->block + t[1].column;
        const cb_lane w0 = cb_set(t->w0), w1 = cb_set(t->w1), dv = cb_set(t->dv);
        const cb_lane steps[2] = {dv * cb_at(cb_lanes), dv * cb_at(cb_lanes + 4)};
#pragma GCC unroll 8
        for (int j = 0; j < R; j++) {
            const float *const at = p + cb_window(t, k + j);
            cb_lane f1, lo, hi;
            if (j % 2 == 0) {
                const float *const line = ahead + cb_window(t + 1, k + j);
                __builtin_prefetch(line), __builtin_prefetch(line + height);
            }
            const cb_whole index = cb_index(t, k + j, steps[LANE_W == 4 && (k + j) % 2], &f1);
            cb_taps(at, at + height, t, w0, w1, index, reach, &lo, &hi);
            sum[j] += LANE_FMA(f1, hi - lo, lo);
        }
    }
#pragma GCC unroll 8
    for (int j = 0; j < R; j++) *(cb_lane *)(acc + (k + j) * LANE_W) = sum[j];
}

#define CB_STEADY(NAME, reach)                                                                     \
    CB_ALONE void NAME(const cb_frame *f, const cb_step *s, int n, float *acc, int vectors) {      \
        int k = 0;                                                                                 \
        for (; k + CB_SUMS <= vectors; k += CB_SUMS) cb_steady(f, s, n, acc, k, CB_SUMS, reach);   \
        for (; k + 2 <= vectors; k += 2) cb_steady(f, s, n, acc, k, 2, reach);                     \
        for (; k < vectors; k++) cb_steady(f, s, n, acc, k, 1, reach);                             \
    }
CB_STEADY(cb_steady_near, CB_ONE_EACH)
CB_STEADY(cb_steady_far, CB_FOUR)

/* The same sums lane by lane. */
static void cb_steady_wide(const cb_frame *f, const cb_views *s, float *acc, int used) {
    const int height = f->a->height;
    for (int m = 0; m < s->count[CB_WIDE]; m++) {
        const int i = s->list[CB_WIDE][m];
        const float *const p =
            f->block + i * f->view + (s->column[i] + VXG_CONE_MARGIN) * (int64_t)height;
        const float *const q = p + height;
        const float w1 = s->weight[i] * s->fu[i], w0 = s->weight[i] - w1;
        for (int k = 0; k < used; k++) {
            const float t = lane_fma1(s->dv[i], (float)k, s->fv[i]), low = __builtin_floorf(t);
            const int r = s->row[i] + (int)low;
            if (r < 0 || r + 1 >= height) continue;
            const float lo = lane_fma1(w1, q[r], w0 * p[r]);
            const float hi = lane_fma1(w1, q[r + 1], w0 * p[r + 1]);
            acc[k] += lane_fma1(t - low, hi - lo, lo);
        }
    }
}

static void cb_steady_voxels(const cb_frame *f, const cb_views *s, float *acc, int vectors) {
    cb_step step[VXG_CONE_BLOCK + 1];
    if (s->count[CB_NEAR]) {
        cb_steady_steps(f, s, CB_NEAR, step);
        cb_steady_near(f, step, s->count[CB_NEAR], acc, vectors);
    }
    if (s->count[CB_FAR]) {
        cb_steady_steps(f, s, CB_FAR, step);
        cb_steady_far(f, step, s->count[CB_FAR], acc, vectors);
    }
    if (s->count[CB_WIDE]) cb_steady_wide(f, s, acc, f->a->used);
}

/* ---- Tilted columns ---- */
typedef struct cb_spot {
    cb_lane u, v, g; /* column and row from the whole parts at the first slice; 1 / (1 + e z) */
} cb_spot;

LANE_FN cb_spot cb_spots(const cb_views *s, int i, cb_lane z) {
    const cb_lane one = cb_set(1);
    cb_spot r;
    r.g = one / LANE_FMA(cb_set(s->e[i]), z, one);
    const cb_lane t = z * r.g;
    r.u = LANE_FMA(cb_set(s->du[i]), t, cb_set(s->fu[i]));
    r.v = LANE_FMA(cb_set(s->dv[i]), t, cb_set(s->fv[i]));
    return r;
}

typedef struct cb_tilts { /* of each vector: lowest row, its span, first column, how many more */
    float low[CB_ROUNDS * LANE_W] __attribute__((aligned(64)));
    int32_t offset[CB_ROUNDS * LANE_W] __attribute__((aligned(64)));
    float first[CB_ROUNDS * LANE_W] __attribute__((aligned(64)));
    int32_t more[CB_ROUNDS * LANE_W] __attribute__((aligned(64)));
    int32_t span[CB_ROUNDS * LANE_W] __attribute__((aligned(64)));
} cb_tilts;

/* Columns and rows are monotone along z, in float too: the first and the last lane tell. */
LANE_FN void cb_tilted_windows(const cb_views *s, int i, int height, cb_tilts *w) {
    for (int j = 0; j < CB_ROUNDS; j++) {
        const cb_lane z = cb_from(j * LANE_W) * cb_set(LANE_W);
        const cb_spot a = cb_spots(s, i, z), b = cb_spots(s, i, z + cb_set(LANE_W - 1));
        const cb_lane ua = cb_floor(a.u), ub = cb_floor(b.u), va = cb_floor(a.v),
                      vb = cb_floor(b.v);
        const cb_lane first = cb_pick(ua < ub, ua, ub), low = cb_pick(va < vb, va, vb);
        const cb_lane more = cb_pick(ua < ub, ub, ua) - first;
        const cb_lane span = cb_pick(va < vb, vb, va) - low;
        *(cb_lane *)(w->first + j * LANE_W) = first;
        *(cb_lane *)(w->low + j * LANE_W) = low;
        *(cb_whole *)(w->more + j * LANE_W) = __builtin_convertvector(more, cb_whole);
        *(cb_whole *)(w->span + j * LANE_W) = __builtin_convertvector(span, cb_whole);
        *(cb_whole *)(w->offset + j * LANE_W) = cb_offset(low, s->row[i], height);
    }
}

/* A column at the lanes' rows. */
LANE_FN cb_lane cb_column(const float *p, const cb_rows *r, cb_lane fv, const cb_reach reach) {
    const cb_lane a = lane_held(cb_at(p + r->from[0])), b = lane_held(cb_at(p + r->from[1]));
    cb_lane lo, hi;
    cb_two_rows(a, b, r, reach, &lo, &hi);
    return LANE_FMA(fv, hi - lo, lo);
}

/* Interpolated across columns: the lanes lie in columns [first, first + more]. */
LANE_FN cb_lane cb_across(const float *p, int64_t height, int nu, int first, int more, cb_lane fu,
                          cb_lane lane, const cb_rows *r, cb_lane fv, const cb_reach reach) {
    cb_lane left = cb_set(0), right = left;
    if (more == 0 && first >= 0 && first + 1 < nu) {
        left = cb_column(p, r, fv, reach), right = cb_column(p + height, r, fv, reach);
        return LANE_FMA(fu, right - left, left);
    }
    for (int c = 0; c < more + 2; c++) {
        if (first + c < 0 || first + c >= nu) continue;
        const cb_lane t = cb_column(p + c * height, r, fv, reach), at = cb_set((float)c);
        left = cb_pick(lane == at, t, left);
        right = cb_pick(lane + cb_set(1) == at, t, right);
    }
    return LANE_FMA(fu, right - left, left);
}

LANE_FN float cb_tap(const float *p, int height, int row) {
    return row >= 0 && row < height ? p[row] : 0;
}
/* The same lane by lane, where windows do not reach. */
CB_ALONE cb_lane cb_scattered(const float *p, int height, int nu, int first, int row, cb_lane fu,
                              cb_lane lane, cb_lane fv, cb_lane low) {
    cb_lane r;
    for (int l = 0; l < LANE_W; l++) {
        const int c = (int)lane[l], k = row + (int)low[l];
        float side[2] = {0, 0};
        for (int d = 0; d < 2; d++) {
            if (first + c + d < 0 || first + c + d >= nu) continue;
            const float *const t = p + (c + d) * (int64_t)height;
            const float lo = cb_tap(t, height, k), hi = cb_tap(t, height, k + 1);
            side[d] = lane_fma1(fv[l], hi - lo, lo);
        }
        r[l] = lane_fma1(fu[l], side[1] - side[0], side[0]);
    }
    return r;
}

/* One view of a list of CB_LEAN or CB_LEANFAR: of each vector its first column, its lowest row, and
 * where they are from the block's first view, which is negative where a wide vector begins beside
 * the first view's margin; CB_MISSED where the vector misses the detector. */
#define CB_MISSED INT32_MIN
typedef struct cb_lean_step {
    float first[CB_ROUNDS * LANE_W] __attribute__((aligned(64)));
    float low[CB_ROUNDS * LANE_W] __attribute__((aligned(64)));
    int32_t offset[CB_ROUNDS * LANE_W] __attribute__((aligned(64)));
    int32_t more[CB_ROUNDS * LANE_W] __attribute__((aligned(64)));
    int32_t view, shift[2];
} cb_lean_step;

static void cb_lean_steps(const cb_frame *f, const cb_views *s, int class, cb_lean_step *step) {
    const int height = f->a->height, n = s->count[class];
    for (int m = 0; m < n; m++) {
        const int i = s->list[class][m];
        cb_lean_step *const t = step + m;
        cb_tilts w;
        t->view = i;
        cb_shifts((float)(s->dv[i] * cb_least_stretch(s->e[i], f->a->slab - 1)), t->shift);
        cb_tilted_windows(s, i, height, &w);
        for (int j = 0; j < CB_ROUNDS * LANE_W; j += LANE_W) {
            const cb_lane first = *(const cb_lane *)(w.first + j);
            const cb_whole column = __builtin_convertvector(first, cb_whole) + s->column[i];
            const cb_whole last = column + *(const cb_whole *)(w.more + j);
            const cb_whole at = (column + VXG_CONE_MARGIN) * height + (int32_t)(i * f->view);
            const cb_whole missed = (last < -1) | (column >= f->a->nu);
            *(cb_whole *)(t->offset + j) =
                ((at + *(const cb_whole *)(w.offset + j)) & ~missed) | (missed & CB_MISSED);
            *(cb_lane *)(t->first + j) = first;
            *(cb_lane *)(t->low + j) = *(const cb_lane *)(w.low + j);
            *(cb_whole *)(t->more + j) = *(const cb_whole *)(w.more + j);
        }
    }
    step[n] = step[n - 1];
}

typedef struct cb_lean_lanes {
    cb_lane fu[CB_VECTORS], fv[CB_VECTORS], weight[CB_VECTORS];
    cb_lane lane[CB_VECTORS]; /* column from the vector's first */
    cb_whole index[CB_VECTORS];
} cb_lean_lanes;

LANE_FN void cb_lean_place(const cb_views *s, const cb_lean_step *t, int vectors, int distance,
                           cb_lean_lanes *restrict l) {
    const int i = t->view;
    const cb_lane e = cb_set(s->e[i]), du = cb_set(s->du[i]), dv = cb_set(s->dv[i]);
    const cb_lane u0 = cb_set(s->fu[i]), v0 = cb_set(s->fv[i]), one = cb_set(1);
    const cb_lane weight = cb_set(s->weight[i]);
    for (int k = 0; k < vectors; k++) {
        const cb_lane z = cb_from(k * LANE_W);
        const cb_lane g = one / LANE_FMA(e, z, one), zg = z * g;
        const cb_lane u = LANE_FMA(du, zg, u0), v = LANE_FMA(dv, zg, v0);
        const cb_lane wu = cb_floor(u), wv = cb_floor(v);
        l->fu[k] = u - wu, l->fv[k] = v - wv, l->weight[k] = weight;
        if (distance) l->weight[k] *= g * g;
        l->index[k] = __builtin_convertvector(wv - cb_set(t->low[k]), cb_whole);
        l->lane[k] = wu - cb_set(t->first[k]);
    }
}

/* Of three columns a lane needs the first two or the last two: a choice, not a branch. */
LANE_FN cb_lane cb_of_three(const float *p, int64_t height, cb_lane fu, cb_lane lane,
                            const cb_rows *r, cb_lane fv, const cb_reach reach) {
    const cb_lane a = cb_column(p, r, fv, reach), b = cb_column(p + height, r, fv, reach);
    const cb_lane c = cb_column(p + 2 * height, r, fv, reach);
    const cb_whole second = lane > cb_set(0);
    const cb_lane left = cb_pick(second, b, a), right = cb_pick(second, c, b);
    return LANE_FMA(fu, right - left, left);
}

LANE_FN void cb_lean(const cb_frame *f, const cb_views *s, const cb_lean_step *step, int n,
                     float *acc, int vectors, const cb_reach reach) {
    const int64_t height = f->a->height;
    cb_lean_lanes l;
    for (const cb_lean_step *t = step; t < step + n; t++) {
        cb_lean_place(s, t, vectors, f->a->distance, &l);
        for (int k = 0; k < vectors; k++) {
            const float *const p = f->block + t->offset[k];
            const float *const ahead = f->block + (t[1].offset[k] & INT32_MAX);
            cb_lane *const sum = (cb_lane *)(acc + k * LANE_W);
            cb_lane r;
            if (t->offset[k] == CB_MISSED) continue;
            __builtin_prefetch(ahead), __builtin_prefetch(ahead + height);
            __builtin_prefetch(ahead + 2 * height);
            const cb_rows rows = cb_rows_of(l.index[k], t->shift, reach);
            if (LANE_W > 8 && t->more[k] > 1) /* vectors wider than the class is meant for */
                r = cb_across(p, height, f->a->nu, s->column[t->view] + (int)t->first[k],
                              t->more[k], l.fu[k], l.lane[k], &rows, l.fv[k], reach);
            else
                r = cb_of_three(p, height, l.fu[k], l.lane[k], &rows, l.fv[k], reach);
            *sum = LANE_FMA(l.weight[k], r, *sum);
        }
    }
}

CB_ALONE void cb_lean_near(const cb_frame *f, const cb_views *s, const cb_lean_step *step, int n,
                           float *acc, int vectors) {
    cb_lean(f, s, step, n, acc, vectors, CB_ONE_EACH);
}
CB_ALONE void cb_lean_far(const cb_frame *f, const cb_views *s, const cb_lean_step *step, int n,
                          float *acc, int vectors) {
    cb_lean(f, s, step, n, acc, vectors, CB_FOUR);
}

static void cb_lean_voxels(const cb_frame *f, const cb_views *s, float *acc, int vectors) {
    cb_lean_step step[VXG_CONE_BLOCK + 1];
    if (s->count[CB_LEAN]) {
        cb_lean_steps(f, s, CB_LEAN, step);
        cb_lean_near(f, s, step, s->count[CB_LEAN], acc, vectors);
    }
    if (s->count[CB_LEANFAR]) {
        cb_lean_steps(f, s, CB_LEANFAR, step);
        cb_lean_far(f, s, step, s->count[CB_LEANFAR], acc, vectors);
    }
}

#define CB_COLUMNS 12 /* more are taken lane by lane */
static void cb_tilted(const cb_frame *f, const cb_views *s, float *acc, int vectors) {
    const int height = f->a->height, nu = f->a->nu, distance = f->a->distance;
    for (int m = 0; m < s->count[CB_TILTED]; m++) {
        const int i = s->list[CB_TILTED][m];
        cb_tilts w;
        cb_tilted_windows(s, i, height, &w);
        for (int k = 0; k < vectors; k++) {
            const int first = s->column[i] + (int)w.first[k], more = w.more[k], span = w.span[k];
            if (first + more < -1 || first >= nu) continue;
            const cb_spot at = cb_spots(s, i, cb_from(k * LANE_W));
            const cb_lane u = cb_floor(at.u), v = cb_floor(at.v);
            const cb_lane lane = u - cb_set(w.first[k]), fu = at.u - u, fv = at.v - v;
            const cb_whole index = __builtin_convertvector(v - cb_set(w.low[k]), cb_whole);
            const float *const p =
                f->block + i * f->view + (first + VXG_CONE_MARGIN) * (int64_t)height;
            cb_lane r;
            if (more > CB_COLUMNS || span > 2 * LANE_W - 2)
                r = cb_scattered(p, height, nu, first, s->row[i], fu, lane, fv, v);
            else if (span < LANE_W) {
                const cb_rows rows = cb_rows_of(index, NULL, CB_ONE_EACH);
                r = cb_across(p + w.offset[k], height, nu, first, more, fu, lane, &rows, fv,
                              CB_ONE_EACH);
            } else {
                const cb_rows rows = cb_rows_of(index, NULL, CB_LONG);
                r = cb_across(p + w.offset[k], height, nu, first, more, fu, lane, &rows, fv,
                              CB_LONG);
            }
            cb_lane weight = cb_set(s->weight[i]);
            if (distance) weight *= at.g * at.g;
            cb_lane *const sum = (cb_lane *)(acc + k * LANE_W);
            *sum = LANE_FMA(weight, r, *sum);
        }
    }
}

/* ---- Slice by slice ---- */
static float cb_voxel(const cb_frame *f, int i, double z) {
    const double *const *a = f->a->c.a;
    const int64_t v = f->v0 + i;
    const int height = f->a->height, nu = f->a->nu, nv = f->a->nv;
    const double w = a[VXG_CONE_W][v] + a[VXG_CONE_WX][v] * f->x + a[VXG_CONE_WY][v] * f->y +
                     a[VXG_CONE_WZ][v] * z;
    if (!(w > 0)) return 0;
    const double b = a[VXG_CONE_Q][v] + a[VXG_CONE_QX][v] * f->x + a[VXG_CONE_QY][v] * f->y +
                     a[VXG_CONE_QZ][v] * z;
    const double h = f->a->curved ? __builtin_sqrt(w * w + b * b) : w;
    const double q = f->a->curved
                         ? cone_atan(w, b, h) * a[VXG_CONE_PER_ANGLE][v] + a[VXG_CONE_MIDDLE][v]
                         : b / h;
    const double r = (a[VXG_CONE_R][v] + a[VXG_CONE_RX][v] * f->x + a[VXG_CONE_RY][v] * f->y +
                      a[VXG_CONE_RZ][v] * z) /
                         h +
                     (f->a->curved ? 0.5 * (nv - 1) : 0);
    if (!(q > -1 && q < nu && r > -1 && r < nv)) return 0;
    const double c = __builtin_floor(q), k = __builtin_floor(r);
    const float fu = (float)(q - c), fv = (float)(r - k);
    const float *const p = f->block + i * f->view + ((int)c + VXG_CONE_MARGIN) * (int64_t)height;
    const int row = (int)k - f->a->row0[v];
    const float left =
        lane_fma1(fv, cb_tap(p, height, row + 1) - cb_tap(p, height, row), cb_tap(p, height, row));
    const float *const n = p + height;
    const float right =
        lane_fma1(fv, cb_tap(n, height, row + 1) - cb_tap(n, height, row), cb_tap(n, height, row));
    const float weight = f->a->distance ? (float)(1 / (h * h)) : 1;
    return weight * lane_fma1(fu, right - left, left);
}

static void cb_slices(const cb_frame *f, const cb_views *s, float *acc) {
    for (int m = 0; m < s->count[CB_EXACT]; m++)
        for (int k = 0; k < f->a->used; k++) acc[k] += cb_voxel(f, s->list[CB_EXACT][m], f->z + k);
}

static void cb_voxels(const cb_frame *f, int n, float *acc) {
    const int vectors = (f->a->used + LANE_W - 1) / LANE_W;
    cb_exact p;
    cb_views s;
    if (f->a->steady) {
        if (f->a->curved)
            cb_steady_positions(f, n, 1, &p);
        else
            cb_steady_positions(f, n, 0, &p);
        cb_split(f, &p, n, &s);
        cb_steady_voxels(f, &s, acc, vectors);
    } else {
        cb_tilted_positions(f, n, &p);
        cb_tilted_classes(f, n, &p);
        cb_split(f, &p, n, &s);
        for (int i = 0; i < n; i++) s.du[i] = (float)p.du[i], s.e[i] = (float)p.e[i];
        cb_lean_voxels(f, &s, acc, vectors);
        if (s.count[CB_TILTED]) cb_tilted(f, &s, acc, vectors);
    }
    if (s.count[CB_EXACT]) cb_slices(f, &s, acc);
}

K_SCHEDULE(cone_gather) {
    const vxg_cone_gather_args *a = args;
    const int64_t across = (a->nx + VXG_CONE_TILE - 1) / VXG_CONE_TILE;
    const int x0 = (int)(unit % across) * VXG_CONE_TILE, y0 = (int)(unit / across) * VXG_CONE_TILE;
    const int nx = a->nx - x0 < VXG_CONE_TILE ? a->nx - x0 : VXG_CONE_TILE;
    const int ny = a->ny - y0 < VXG_CONE_TILE ? a->ny - y0 : VXG_CONE_TILE;
    const int64_t slice = (int64_t)a->ny * a->nx, row = (int64_t)VXG_CONE_TILE * a->slab;
    float *const acc = scratch, *const out = a->out + (int64_t)y0 * a->nx + x0;
    cb_frame f = {.a = a, .view = (int64_t)(a->nu + 2 * VXG_CONE_MARGIN) * a->height};
    f.z = a->first - 0.5 * (a->nz - 1);
    for (int y = 0; y < ny; y++)
        lane_in(acc + y * row, a->slab, out + (int64_t)y * a->nx, slice, 0, a->add ? a->used : 0,
                nx, 1);
    for (int v = 0; v < a->nviews; v += a->block) {
        const int n = a->nviews - v < a->block ? a->nviews - v : a->block;
        f.block = a->in + v * f.view, f.v0 = v;
        for (int y = 0; y < ny; y++)
            for (int x = 0; x < nx; x++) {
                f.x = x0 + x - 0.5 * (a->nx - 1), f.y = y0 + y - 0.5 * (a->ny - 1);
                cb_voxels(&f, n, acc + y * row + x * a->slab);
            }
    }
    for (int y = 0; y < ny; y++)
        lane_out(out + (int64_t)y * a->nx, slice, acc + y * row, a->slab, a->used, nx, 1, 0);
}

K_SCHEDULE(cone_pack) {
    const vxg_cone_pack_args *a = args;
    const int64_t h = a->height, lo = a->row0[unit], edge = VXG_CONE_MARGIN * h;
    float *const out = a->out + unit * (a->nu * h + 2 * edge);
    (void)scratch;
    if (lo == VXG_CONE_UNSEEN) return;
    const int64_t first = lo < 0 ? -lo : 0, last = a->nv - lo < h ? a->nv - lo : h;
    memset(out, 0, (size_t)edge * sizeof *out);
    lane_in(out + edge, (int)h, a->in + (unit * a->nv + lo + first) * a->nu, a->nu, (int)first,
            (int)(last < first ? first : last), a->nu, 1);
    memset(out + edge + a->nu * h, 0, (size_t)edge * sizeof *out);
}
#endif
