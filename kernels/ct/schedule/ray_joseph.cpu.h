/* Joseph's projection along any rays and its exact adjoint: rays as SIMD lanes.
 *
 * The volume is worked through in bricks. A brick lies in the second-level cache as slices along
 * the rays' dominant axis a, cells (j, l) of a slice as pairs (v[j][l], v[j + 1][l]), so that the
 * four cells around a point are one load of four floats. Lanes march through the slices together:
 * forward transposes the loads of all lanes into four vectors and interpolates; the adjoint
 * transposes the other way and adds lane by lane. Eight lanes are spread evenly over the pixels
 * that see the brick: they touch different cells, an addition hardly ever waits for the one before.
 *
 * A ray's place in slice k is anchor + slope (k - first slice of the brick). The anchor comes from
 * doubles and counts from a cell next to it, so that its rounding does not grow with the volume. It
 * depends on the ray and on where the brick begins along a, on nothing else: neighbouring bricks
 * get the same bits, and each point lies in one of them. Both directions share the code.
 *
 * Forward, a unit owns pixels; adjoint, a brick, and its sums run through views, groups of rays and
 * lanes in an order that depends on neither threads nor the number of lanes. */
#include "kernels/ct/project/ray.h"
#include "kernels/ct/schedule/ray_joseph_args.h"
#include "kernels/ct/schedule/ray_lanes.cpu.h"
#if !defined(VXG_DTYPE_f64)

#define RJ_GROUP 8        /* rays spread over a window */
#define RJ_TIE 1.0000305f /* K_RAY_TIE of ct/ray.h */
#define RJ_FLAT 0.0009765625f
#define RJ_MARGIN 0.0625f /* RJ_MARGIN / RJ_FLAT > VXG_RJ_MOST */

/* ---- A view in a brick ---- */
/* Slices [k, k + nk) of the axis; floor cells [j, j + nj) and [l, l + nl) of the axes b, c. */
typedef struct rj_box {
    int axis, b, c;
    int k, nk, j, nj, l, nl;
    int pitch, slice; /* pairs from a row, a slice to the next */
} rj_box;

LANE_FN void rj_box_of(const vxg_rj_scan *s, int axis, rj_box *x) {
    x->axis = axis, x->b = axis == 2 ? 1 : axis == 1 ? 0 : 1, x->c = axis == 2 ? 0 : 2;
    x->pitch = s->tile[x->c] + 2;
    x->slice = (s->tile[x->b] + 1) * x->pitch;
}

/* Affine forms of (cos or 1, sin or q', r') in the brick. */
typedef struct rj_view {
    double a[3], b[3], c[3]; /* place beside the first slice: b / a, c / a */
    double db[3], dc[3];     /* slopes db / a, dc / a */
    double mb, mc;           /* cell 0's middle */
    float first, last;       /* slices in front of the source: from first where a > 0, to last */
    float wa, wb, wc;        /* squared voxel sizes */
    int any;                 /* rays of the view have different axes */
    const double *table;     /* curved: (cos g, sin g) of column 0 */
    int curved;
} rj_view;

static void rj_view_of(const vxg_rj_scan *s, const rj_box *x, int view, rj_view *v) {
    const double *const coef = s->coefs + (int64_t)view * K_RAY_COEFS;
    const double *const d = coef + K_RAY_D, *const m = coef + K_RAY_M;
    const int third = 3 - x->axis - x->b; /* = c */
    const double sign = (x->b - x->axis + 3) % 3 == 1 ? -1 : 1;
    const double middle = 0.5 * (s->n[x->axis] - 1), k = x->k - middle;
    for (int i = 0; i < 3; i++) {
        v->a[i] = d[3 * i + x->axis];
        v->db[i] = d[3 * i + x->b], v->dc[i] = d[3 * i + x->c];
        v->b[i] = sign * m[3 * i + third] + k * v->db[i];
        v->c[i] = -sign * m[3 * i + x->b] + k * v->dc[i];
    }
    v->mb = 0.5 * (s->n[x->b] - 1), v->mc = 0.5 * (s->n[x->c] - 1);
    const double start = (double)(float)coef[K_RAY_SOURCE + x->axis] - k;
    const int half = coef[K_RAY_HALF] != 0 && start > -RJ_FAR && start < RJ_FAR;
    v->first = half ? (float)(__builtin_floor(start) + 1) : -1e9f;
    v->last = half ? (float)(__builtin_ceil(start) - 1) : 1e9f;
    if (coef[K_RAY_HALF] != 0 && start <= -RJ_FAR) v->last = -1e9f;
    if (coef[K_RAY_HALF] != 0 && start >= RJ_FAR) v->first = 1e9f;
    v->wa = s->size[x->axis] * s->size[x->axis];
    v->wb = s->size[x->b] * s->size[x->b];
    v->wc = s->size[x->c] * s->size[x->c];
    v->any = coef[K_RAY_AXIS] < 0;
    v->curved = s->table != NULL;
    v->table = s->table ? s->table + 2 * s->nu * (int64_t)coef[K_RAY_TABLE] : NULL;
}

/* Pixels [q0, q1) x [r0, r1). */
typedef struct rj_window {
    int q0, q1, r0, r1;
} rj_window;

LANE_FN int rj_cut(double lo, double hi, int n, int *first, int *end) {
    const double middle = 0.5 * (n - 1), a = lo + middle - 0.01, b = hi + middle + 0.01;
    if (!(b >= 0) || !(a <= n - 1)) return 0;
    *first = a > 0 ? (int)__builtin_ceil(a) : 0;
    *end = b < n - 1 ? (int)b + 1 : n;
    return *first < *end;
}

/* Corner i of what rays of the brick can touch, counted from the volume's middle. */
LANE_FN void rj_corner(const vxg_rj_scan *s, const rj_box *x, int i, double p[3]) {
    p[x->axis] = (i & 1 ? x->k + x->nk - 0.99 : x->k - 0.01) - 0.5 * (s->n[x->axis] - 1);
    p[x->b] = (i & 2 ? x->j + x->nj + 0.01 : x->j - 0.01) - 0.5 * (s->n[x->b] - 1);
    p[x->c] = (i & 4 ? x->l + x->nl + 0.01 : x->l - 0.01) - 0.5 * (s->n[x->c] - 1);
}

/* The pixels whose rays may cross the brick: the shadow of its corners where all lie in front of
 * the source, all pixels where some do. */
static int rj_window_of(const vxg_rj_scan *s, const rj_box *x, int view, rj_window *w) {
    const double *const coef = s->coefs + (int64_t)view * K_RAY_COEFS, *const g = coef + K_RAY_W;
    double least[2] = {1e30, 1e30}, most[2] = {-1e30, -1e30};
    const int axis = (int)coef[K_RAY_AXIS];
    int front = 0;
    if (axis >= 0 && axis != x->axis) return 0;
    for (int i = 0; i < 8; i++) {
        double p[3], f[3];
        rj_corner(s, x, i, p);
        for (int n = 0; n < 3; n++)
            f[n] = g[4 * n] * p[0] + g[4 * n + 1] * p[1] + g[4 * n + 2] * p[2] + g[4 * n + 3];
        if (!(f[0] > 1e-3)) continue;
        front++;
        for (int n = 0; n < 2; n++) {
            const double at = f[n + 1] / f[0];
            least[n] = at < least[n] ? at : least[n];
            most[n] = at > most[n] ? at : most[n];
        }
    }
    *w = (rj_window){0, s->nu, 0, s->nv};
    if (front < 8) return front > 0 || coef[K_RAY_HALF] == 0;
    if (s->table) {
        const double a = least[0] * least[0], b = most[0] * most[0], big = a > b ? a : b;
        const double far = 1 / __builtin_sqrt(1 + big);
        const double small = least[0] < 0 && most[0] > 0 ? 0 : a < b ? a : b;
        const double near = 1 / __builtin_sqrt(1 + small);
        least[0] = atan(least[0]) * coef[K_RAY_COLUMNS] - coef[K_RAY_OFFSET];
        most[0] = atan(most[0]) * coef[K_RAY_COLUMNS] - coef[K_RAY_OFFSET];
        least[1] *= least[1] < 0 ? near : far, most[1] *= most[1] > 0 ? near : far;
    }
    return rj_cut(least[0], most[0], s->nu, &w->q0, &w->q1) &&
           rj_cut(least[1], most[1], s->nv, &w->r0, &w->r1);
}

/* ---- Rays in lanes ---- */
typedef struct rj_rays {
    rj_f u, su, v, sv;   /* place (u, v) in slice t: u + su t, never below 0 */
    rj_f lu, hu, lv, hv; /* it lies in the brick where lu <= place < hu */
    rj_f first, last;    /* and first <= t <= last */
    rj_f length;         /* of the ray in a slice, world units; 0: the ray is not here */
    rj_i base;           /* pair of place (0, 0), slice 0 */
    int t0, t1, s0, s1;  /* rays are here in [t0, t1), all of them in [s0, s1) */
    int ask;             /* some are not in all slices of [first, last] */
} rj_rays;

/* The rays of one vector: columns and rows from the middle of the detector; live: there is one. */
typedef struct rj_pixels {
    rj_d q[2], r[2];
    rj_i live;
    int32_t column[RJ_W]; /* of a curved detector, within it */
    int64_t at, step;     /* of the first ray in the view; from lane to lane, times walk.spread */
} rj_pixels;

LANE_FN rj_d rj_form(const double f[3], rj_d alpha, rj_d beta, rj_d r) {
    return (f[1] * beta + f[0] * alpha) + f[2] * r;
}

/* The first slice in which the place has passed the edge, going up or down; exact unless the line
 * is flat, where the division may miss by more than one. */
LANE_FN rj_f rj_cross(rj_f u, rj_f slope, rj_i up, rj_f edge, rj_f inverse, int n) {
    const rj_f one = RJ_SET(1.0f), way = rj_pick(up, edge - u, u - edge) * inverse;
    const rj_f at = rj_low(rj_high(rj_ceil(way), RJ_SET(0.0f)), RJ_SET((float)(n + 1)));
    const rj_i late = (rj_i)(LANE_FMA(slope, at, u) >= edge) ^ up;
    const rj_i early = (rj_i)(LANE_FMA(slope, at - one, u) >= edge) ^ ~up;
    return at + rj_keep(late, one) - rj_keep(early, one);
}

/* Cuts the slices to where the place lies within [low, high); 1 in the lanes where a flat line so
 * close to an edge leaves that to be asked in each slice. */
LANE_FN rj_i rj_times(rj_f u, rj_f slope, rj_f low, rj_f high, int n, rj_f *first, rj_f *last) {
    const rj_f flat = RJ_SET(RJ_FLAT), near = RJ_SET(RJ_MARGIN);
    const rj_f inverse = RJ_SET(1.0f) / rj_high(rj_abs(slope), flat);
    const rj_i up = (rj_i)(slope >= RJ_SET(0.0f));
    const rj_i ask = (rj_i)(rj_abs(slope) < flat) &
                     ((rj_i)(rj_abs(u - low) < near) | (rj_i)(rj_abs(u - high) < near));
    const rj_f in = rj_cross(u, slope, up, rj_pick(up, low, high), inverse, n);
    const rj_f out = rj_cross(u, slope, up, rj_pick(up, high, low), inverse, n) - RJ_SET(1.0f);
    *first = rj_high(*first, rj_pick(ask, *first, in));
    *last = rj_low(*last, rj_pick(ask, *last, out));
    return ask;
}

LANE_FN int rj_int(float x, int n) { /* x within 0..n */
    return x > 0 ? x < (float)n ? (int)x : n : 0;
}

/* Pairs of a slice where lanes without a ray read, and add 0: one each, as an addition to what was
 * just stored waits for it. */
LANE_FN rj_i rj_idle(void) {
    rj_i r;
    for (int i = 0; i < RJ_W; i++) r[i] = 2 * i;
    return r;
}

/* Which slices, of each ray, of all, of any; rays that miss are put where they do no harm. */
LANE_FN int rj_range(const rj_box *x, rj_i live, rj_rays *w) {
    const rj_f far = RJ_SET(1e9f);
    rj_i ask = rj_times(w->u, w->su, w->lu, w->hu, x->nk, &w->first, &w->last);
    ask |= rj_times(w->v, w->sv, w->lv, w->hv, x->nk, &w->first, &w->last);
    live &= (rj_i)(w->first <= w->last);
    const float t0 = rj_least(rj_pick(live, w->first, far));
    const float t1 = rj_most(rj_pick(live, w->last, -far));
    if (!(t0 <= t1)) return 0;
    const float s0 = rj_most(rj_pick(live, w->first, -far));
    const float s1 = rj_least(rj_pick(live, w->last, far)) + 1;
    w->ask = rj_most(rj_keep(live & ask, RJ_SET(1.0f))) > 0;
    w->t0 = rj_int(t0, x->nk), w->t1 = rj_int(t1 + 1, x->nk);
    w->s0 = rj_int(s0, w->t1), w->s1 = rj_int(s1, w->t1);
    if (w->s1 < w->s0 || w->ask) w->s0 = w->s1 = w->t1;
    w->u = rj_keep(live, w->u), w->su = rj_keep(live, w->su);
    w->v = rj_keep(live, w->v), w->sv = rj_keep(live, w->sv);
    w->length = rj_keep(live, w->length);
    w->last = rj_pick(live, w->last, -far);
    w->base = (live & w->base) | (~live & rj_idle());
    return w->t0 < w->t1;
}

/* The anchor beside the first slice: its whole cells as a float, the rest from `bias` on. */
LANE_FN rj_f rj_anchor(const rj_d place[2], rj_f slope, float bias, rj_f *whole) {
    rj_d cell[2], rest[2];
    for (int h = 0; h < 2; h++) {
        const rj_d at = rj_clamp(place[h]);
        cell[h] = rj_floor(at), rest[h] = at - cell[h];
    }
    const rj_f lift = rj_keep((rj_i)(slope < RJ_SET(0.0f)), RJ_SET(bias));
    *whole = rj_narrow(cell) - lift;
    return rj_narrow(rest) + lift;
}

/* Rays of the dominant axis a; x before y before z where they tie, as ray_axis of ct/ray.h. */
LANE_FN rj_i rj_dominant(const rj_box *x, rj_f a, rj_f b, rj_f c) {
    const rj_f tie = RJ_SET(RJ_TIE);
    a = rj_abs(a), b = rj_abs(b), c = rj_abs(c);
    if (x->axis == 0) return (rj_i)(b <= tie * a) & (rj_i)(c <= tie * a);
    if (x->axis == 1) return (rj_i)(a > tie * b) & (rj_i)(c <= tie * a);
    return (rj_i)(a > tie * rj_pick((rj_i)(b > tie * c), b, c));
}

LANE_FN int rj_start(const rj_view *v, const rj_box *x, const rj_pixels *p, rj_rays *w) {
    rj_d a[2], b[2], c[2], db[2], dc[2];
    rj_i live = p->live;
    for (int h = 0; h < 2; h++) {
        rj_d alpha = (rj_d){0} + 1, beta = p->q[h];
        for (int i = 0; i < RJ_HALF && v->curved; i++) {
            const double *const t = v->table + 2 * (int64_t)p->column[h * RJ_HALF + i];
            alpha[i] = t[0], beta[i] = t[1];
        }
        a[h] = rj_form(v->a, alpha, beta, p->r[h]);
        const rj_d inverse = 1 / a[h];
        b[h] = rj_form(v->b, alpha, beta, p->r[h]) * inverse + v->mb;
        c[h] = rj_form(v->c, alpha, beta, p->r[h]) * inverse + v->mc;
        db[h] = rj_form(v->db, alpha, beta, p->r[h]);
        dc[h] = rj_form(v->dc, alpha, beta, p->r[h]);
        if (!v->any) db[h] *= inverse, dc[h] *= inverse;
    }
    w->su = rj_narrow(db), w->sv = rj_narrow(dc);
    const rj_f da = rj_narrow(a);
    if (v->any) {
        live &= rj_dominant(x, da, w->su, w->sv);
        for (int h = 0; h < 2; h++) db[h] /= a[h], dc[h] /= a[h];
        w->su = rj_keep(live, rj_narrow(db)), w->sv = rj_keep(live, rj_narrow(dc));
    }
    const float bias = VXG_RJ_MOST;
    rj_f cell;
    w->u = rj_anchor(b, w->su, bias, &cell);
    w->lu = RJ_SET((float)x->j) - cell, w->hu = RJ_SET((float)(x->j + x->nj)) - cell;
    w->v = rj_anchor(c, w->sv, bias, &cell);
    w->lv = RJ_SET((float)x->l) - cell, w->hv = RJ_SET((float)(x->l + x->nl)) - cell;
    w->base = -(rj_trunc(w->lu) * x->pitch + rj_trunc(w->lv));
    w->length = rj_root(LANE_FMA(w->su * w->su, RJ_SET(v->wb),
                                 LANE_FMA(w->sv * w->sv, RJ_SET(v->wc), RJ_SET(v->wa))));
    const rj_i ahead = (rj_i)(da > RJ_SET(0.0f));
    w->first = rj_high(RJ_SET(0.0f), rj_pick(ahead, RJ_SET(v->first), RJ_SET(-1.0f)));
    w->last = rj_low(RJ_SET((float)(x->nk - 1)), rj_pick(ahead, RJ_SET(1e9f), RJ_SET(v->last)));
    return rj_range(x, live, w);
}

/* Pair and fractions in slice t; masked: 0 and pair 0 for rays that are not there, 2: ask where
 * they are. */
LANE_FN rj_i rj_place(const rj_rays *w, int pitch, int masked, rj_f t, rj_i slice, rj_f f[2],
                      rj_i *here) {
    const rj_f u = LANE_FMA(w->su, t, w->u), v = LANE_FMA(w->sv, t, w->v);
    const rj_i j = rj_trunc(u), l = rj_trunc(v);
    rj_i at = j * pitch + l + w->base + slice;
    f[0] = u - rj_real(j), f[1] = v - rj_real(l);
    if (!masked) return at;
    *here = (rj_i)(t >= w->first) & (rj_i)(t <= w->last);
    if (masked > 1)
        *here &= (rj_i)(u >= w->lu) & (rj_i)(u < w->hu) & (rj_i)(v >= w->lv) & (rj_i)(v < w->hv);
    return at & *here;
}

LANE_FN rj_f rj_take(const rj_rays *w, const float *brick, const rj_box *x, int masked, int from,
                     int to, rj_f sum) {
    rj_f t = RJ_SET((float)from);
    rj_i slice = (rj_i){0} + from * x->slice;
    const int pitch = x->pitch;
    for (int k = from; k < to; k++, t += RJ_SET(1.0f), slice += x->slice) {
        rj_f f[2], tap[4];
        rj_i here;
        rj_load(brick, rj_place(w, pitch, masked, t, slice, f, &here), tap);
        const rj_f low = LANE_FMA(f[0], tap[1] - tap[0], tap[0]);
        const rj_f high = LANE_FMA(f[0], tap[3] - tap[2], tap[2]);
        const rj_f all = LANE_FMA(f[1], high - low, low);
        sum += masked ? rj_keep(here, all) : all;
    }
    return sum;
}
LANE_FN void rj_give(const rj_rays *w, float *brick, const rj_box *x, int masked, int from, int to,
                     rj_f value) {
    rj_f t = RJ_SET((float)from);
    rj_i slice = (rj_i){0} + from * x->slice;
    const int pitch = x->pitch;
    for (int k = from; k < to; k++, t += RJ_SET(1.0f), slice += x->slice) {
        rj_f f[2], tap[4];
        rj_i here;
        rj_i at = rj_place(w, pitch, masked, t, slice, f, &here);
        if (masked) at |= ~here & (slice + rj_idle());
        const rj_f all = masked ? rj_keep(here, value) : value;
        const rj_f high = f[1] * all, low = all - high;
        tap[1] = f[0] * low, tap[0] = low - tap[1];
        tap[3] = f[0] * high, tap[2] = high - tap[3];
        rj_add(brick, at, tap);
    }
}

/* ---- The rays of a window ---- */
/* 1 where rows, rather than columns, go along c: lanes then differ in cells that are neighbours in
 * memory. */
static int rj_along_rows(const rj_view *v, const vxg_rj_scan *s, rj_window w) {
    const double q = 0.5 * (w.q0 + w.q1 - s->nu), r = 0.5 * (w.r0 + w.r1 - s->nv);
    const double *const t = v->curved ? v->table + 2 * (int64_t)((w.q0 + w.q1) / 2) : NULL;
    const double alpha = t ? t[0] : 1, beta = t ? t[1] : q;
    const double a = v->a[0] * alpha + v->a[1] * beta + v->a[2] * r;
    const double c = (v->c[0] * alpha + v->c[1] * beta + v->c[2] * r) / a;
    if (w.r1 - w.r0 < RJ_GROUP / 2 && w.q1 - w.q0 > w.r1 - w.r0) return 0;
    if (w.q1 - w.q0 < RJ_GROUP / 2 && w.r1 - w.r0 > w.q1 - w.q0) return 1;
    return __builtin_fabs(v->c[2] - c * v->a[2]) >= __builtin_fabs(v->c[1] - c * v->a[1]);
}

/* Groups of RJ_GROUP rays: ray i of group g is first + i stride + g. A vector holds part of a
 * group, one or several. */
typedef struct rj_walk {
    int first, end, stride, rows;
    int vectors;
    rj_i spread; /* of lane i in pixels */
    int32_t lane[RJ_W];
} rj_walk;

LANE_FN void rj_walk_of(int first, int end, int rows, rj_walk *k) {
    k->first = first, k->end = end, k->rows = rows;
    k->stride = (end - first + RJ_GROUP - 1) / RJ_GROUP;
    k->vectors = (k->stride * RJ_GROUP + RJ_W - 1) / RJ_W;
    for (int i = 0; i < RJ_W; i++) k->lane[i] = i % RJ_GROUP * k->stride + i / RJ_GROUP;
    k->spread = *(const rj_i *)k->lane;
}

/* Vector n of the line `across`. */
LANE_FN void rj_pixels_of(const vxg_rj_scan *s, const rj_walk *k, const rj_d spread[2], int n,
                          int across, int curved, rj_pixels *p) {
    const int parts = RJ_W < RJ_GROUP ? RJ_GROUP / RJ_W : 1;
    const int many = RJ_W > RJ_GROUP ? RJ_W / RJ_GROUP : 1;
    const int group = n / parts * many, part = n % parts * (RJ_W < RJ_GROUP ? RJ_W : 0);
    const int from = k->first + group + part * k->stride;
    const double along = from - 0.5 * ((k->rows ? s->nv : s->nu) - 1);
    const double other = across - 0.5 * ((k->rows ? s->nu : s->nv) - 1);
    p->live = (rj_i)(k->spread < k->end - from);
    for (int i = RJ_GROUP; i < RJ_W; i++)
        if (group + i / RJ_GROUP >= k->stride) p->live[i] = 0;
    for (int i = 0; i < RJ_W && curved; i++) {
        const int q = k->rows ? across : from + k->lane[i];
        p->column[i] = q < s->nu ? q : s->nu - 1;
    }
    for (int h = 0; h < 2; h++) {
        const rj_d x = spread[h] + along, y = (rj_d){0} + other;
        p->q[h] = k->rows ? y : x, p->r[h] = k->rows ? x : y;
    }
    p->at = k->rows ? (int64_t)from * s->nu + across : (int64_t)across * s->nu + from;
    p->step = k->rows ? s->nu : 1;
}

static void rj_project(const vxg_rj_scan *s, const rj_box *x, int view, rj_window win,
                       const float *brick, float *out) {
    rj_view v;
    rj_walk walk;
    rj_view_of(s, x, view, &v);
    const int rows = rj_along_rows(&v, s, win);
    rj_walk_of(rows ? win.r0 : win.q0, rows ? win.r1 : win.q1, rows, &walk);
    const rj_d spread[2] = {rj_wide(walk.spread, 0), rj_wide(walk.spread, 1)};
    for (int across = rows ? win.q0 : win.r0; across < (rows ? win.q1 : win.r1); across++)
        for (int n = 0; n < walk.vectors; n++) {
            rj_pixels p;
            rj_rays w;
            rj_pixels_of(s, &walk, spread, n, across, v.curved, &p);
            if (!rj_start(&v, x, &p, &w)) continue;
            rj_f sum = RJ_SET(0.0f);
            if (w.ask) {
                sum = rj_take(&w, brick, x, 2, w.t0, w.t1, sum);
                w.t0 = w.t1;
            }
            sum = rj_take(&w, brick, x, 1, w.t0, w.s0, sum);
            sum = rj_take(&w, brick, x, 0, w.s0, w.s1, sum);
            sum = rj_take(&w, brick, x, 1, w.s1, w.t1, sum) * w.length;
            for (int i = 0; i < RJ_W; i++)
                if (w.length[i] > 0) out[p.at + p.step * walk.lane[i]] += sum[i];
        }
}

static void rj_spread(const vxg_rj_scan *s, const rj_box *x, int view, rj_window win,
                      const float *in, float *brick) {
    rj_view v;
    rj_walk walk;
    rj_view_of(s, x, view, &v);
    const int rows = rj_along_rows(&v, s, win);
    rj_walk_of(rows ? win.r0 : win.q0, rows ? win.r1 : win.q1, rows, &walk);
    const rj_d spread[2] = {rj_wide(walk.spread, 0), rj_wide(walk.spread, 1)};
    for (int across = rows ? win.q0 : win.r0; across < (rows ? win.q1 : win.r1); across++)
        for (int n = 0; n < walk.vectors; n++) {
            rj_pixels p;
            rj_rays w;
            rj_pixels_of(s, &walk, spread, n, across, v.curved, &p);
            if (!rj_start(&v, x, &p, &w)) continue;
            rj_f value;
            for (int i = 0; i < RJ_W; i++)
                value[i] = w.length[i] > 0 ? in[p.at + p.step * walk.lane[i]] : 0;
            value *= w.length;
            if (w.ask) {
                rj_give(&w, brick, x, 2, w.t0, w.t1, value);
                w.t0 = w.t1;
            }
            rj_give(&w, brick, x, 1, w.t0, w.s0, value);
            rj_give(&w, brick, x, 0, w.s0, w.s1, value);
            rj_give(&w, brick, x, 1, w.s1, w.t1, value);
        }
}

/* ---- Forward ---- */
K_SCHEDULE(rj_transpose) {
    const vxg_rj_transpose_args *a = args;
    const vxg_rj_scan *s = &a->scan;
    const int64_t height = vxg_rj_column(s), nx = s->n[0], slice = nx * s->n[1];
    const int first = a->layer * s->tile[2] - 1;
    float *const out = a->out + unit * nx * height;
    (void)scratch;
    for (int i = 0; i < height; i += 4) {
        static const float none[LANE_RUN] = {0};
        const int z = first + i;
        for (int64_t x = 0; x < nx; x += LANE_RUN) {
            const int n = nx - x < LANE_RUN ? (int)(nx - x) : LANE_RUN;
            const float *rows[4];
            for (int k = 0; k < 4; k++)
                rows[k] =
                    z + k < 0 || z + k >= s->n[2] ? none : a->in + (z + k) * slice + unit * nx + x;
            for (int j = 0; j < n; j++)
                for (int k = 0; k < 4 && i + k < height; k++)
                    out[(x + j) * height + i + k] = rows[k][j];
        }
    }
}

/* Row (k, j) of the box, cells [l, l + nl]: pointer to the cell l of the row, or NULL outside. */
LANE_FN const float *rj_row(const vxg_rj_forward_args *a, const rj_box *x, int k, int j) {
    const vxg_rj_scan *s = &a->scan;
    const int64_t nx = s->n[0];
    if (j < 0 || j >= s->n[x->b]) return NULL;
    if (x->axis == 2) return a->in + ((int64_t)k * s->n[1] + j) * nx + x->l;
    const int64_t column = x->axis == 0 ? j * nx + k : k * nx + j;
    return a->transposed + column * vxg_rj_column(s) + (x->l - a->layer * s->tile[2] + 1);
}

/* to[2 l] = p[l], to[2 l + 1] = q[l] */
LANE_FN void rj_pair(const float *p, const float *q, int n, float *restrict to) {
    int l = 0;
#ifdef LANE_SHUFFLE
    for (; l + 4 <= n; l += 4) {
        const lane4 a = *(const lane4u *)(p + l), b = *(const lane4u *)(q + l);
        *(lane4u *)(to + 2 * l) = __builtin_shufflevector(a, b, 0, 4, 1, 5);
        *(lane4u *)(to + 2 * l + 4) = __builtin_shufflevector(a, b, 2, 6, 3, 7);
    }
#endif
    for (; l < n; l++) to[2 * l] = p[l], to[2 * l + 1] = q[l];
}

/* The brick as pairs; rows next to each other in memory one after the other. */
static void rj_fill(const vxg_rj_forward_args *a, const rj_box *x, float *brick) {
    static const float none[VXG_RJ_MOST + 2] = {0};
    const int n = x->nl + 1; /* along x, cells outside the volume are not there to be read */
    const int before = x->axis == 2 && x->l < 0, end = a->scan.n[x->c] - x->l;
    const int within = x->axis == 2 && end < n ? end : n, along_x = x->axis == 0;
    for (int i = 0; i < x->nk * x->nj; i++) {
        const int k = along_x ? i % x->nk : i / x->nj, j = along_x ? i / x->nk : i % x->nj;
        const float *const p = rj_row(a, x, x->k + k, x->j + j);
        const float *const q = rj_row(a, x, x->k + k, x->j + j + 1);
        float *const to = brick + 2 * ((int64_t)k * x->slice + (int64_t)j * x->pitch);
        if (before) to[0] = to[1] = 0;
        rj_pair((p ? p : none) + before, (q ? q : none) + before, within - before, to + 2 * before);
        for (int l = within; l < n; l++) to[2 * l] = to[2 * l + 1] = 0;
    }
}

/* Floor cells of part i along an axis: the first begins one before the volume. */
LANE_FN void rj_cells(const vxg_rj_scan *s, int axis, int i, int *from, int *n) {
    const int t = s->tile[axis], end = (i + 1) * t < s->n[axis] ? (i + 1) * t : s->n[axis];
    *from = i ? i * t : -1;
    *n = end - *from;
}

typedef struct rj_unit {
    const vxg_rj_forward_args *a;
    int view, views;
    rj_window own;
    float *brick;
} rj_unit;

static void rj_forward_brick(const rj_unit *u, const rj_box *x) {
    const vxg_rj_scan *s = &u->a->scan;
    int filled = 0;
    for (int v = u->view; v < u->view + u->views; v++) {
        rj_window w;
        if (!rj_window_of(s, x, v, &w)) continue;
        w.q0 = w.q0 > u->own.q0 ? w.q0 : u->own.q0, w.q1 = w.q1 < u->own.q1 ? w.q1 : u->own.q1;
        w.r0 = w.r0 > u->own.r0 ? w.r0 : u->own.r0, w.r1 = w.r1 < u->own.r1 ? w.r1 : u->own.r1;
        if (w.q0 >= w.q1 || w.r0 >= w.r1) continue;
        if (!filled) rj_fill(u->a, x, u->brick);
        filled = 1;
        rj_project(s, x, v, w, u->brick, u->a->out + (int64_t)v * s->nv * s->nu);
    }
}

K_SCHEDULE(rj_forward) {
    const vxg_rj_forward_args *a = args;
    const vxg_rj_scan *s = &a->scan;
    const int across = vxg_rj_parts(s->nu, a->columns), down = vxg_rj_parts(s->nv, a->rows);
    const int col = (int)(unit % across) * a->columns, row = (int)(unit / across % down) * a->rows;
    rj_unit u = {.a = a, .brick = scratch};
    u.view = (int)(unit / across / down) * a->views;
    u.views = s->nviews - u.view < a->views ? s->nviews - u.view : a->views;
    u.own = (rj_window){col, col + a->columns < s->nu ? col + a->columns : s->nu, row,
                        row + a->rows < s->nv ? row + a->rows : s->nv};
    for (int v = u.view; v < u.view + u.views && !a->layer && !a->add; v++)
        for (int r = u.own.r0; r < u.own.r1; r++)
            memset(a->out + ((int64_t)v * s->nv + r) * s->nu + u.own.q0, 0,
                   (size_t)(u.own.q1 - u.own.q0) * sizeof(float));
    for (int y = 0; y < vxg_rj_parts(s->n[1], s->tile[1]); y++)
        for (int x = 0; x < vxg_rj_parts(s->n[0], s->tile[0]); x++)
            for (int axis = 0; axis < 3; axis++) {
                const int at[3] = {x, y, a->layer};
                rj_box box;
                rj_box_of(s, axis, &box);
                box.k = at[axis] * s->tile[axis];
                box.nk = s->n[axis] - box.k < s->tile[axis] ? s->n[axis] - box.k : s->tile[axis];
                rj_cells(s, box.b, at[box.b], &box.j, &box.nj);
                rj_cells(s, box.c, at[box.c], &box.l, &box.nl);
                rj_forward_brick(&u, &box);
            }
}

/* ---- Adjoint ---- */
/* Adds the brick's sums to its voxels of the volume, or puts them there. */
static void rj_fold(const vxg_rj_scan *s, const rj_box *x, const float *brick, int add,
                    float *restrict out) {
    const int64_t stride[3] = {1, s->n[0], (int64_t)s->n[0] * s->n[1]};
    float *const to =
        out + x->k * stride[x->axis] + (x->j + 1) * stride[x->b] + (x->l + 1) * stride[x->c];
    /* slices, j, l: the one along x last, so that voxels come one after the other */
    static const int orders[3][3] = {{1, 2, 0}, {0, 2, 1}, {0, 1, 2}};
    const int axes[3] = {x->axis, x->b, x->c}, count[3] = {x->nk, x->nj - 1, x->nl - 1};
    const int64_t way[3] = {2 * (int64_t)x->slice, 2 * (int64_t)x->pitch, 2};
    const int o0 = orders[x->axis][0], o1 = orders[x->axis][1], o2 = orders[x->axis][2];
    for (int i = 0; i < count[o0]; i++)
        for (int h = 0; h < count[o1]; h++) {
            const float *const p = brick + way[1] + way[2] + i * way[o0] + h * way[o1];
            const float *const q = p - way[1] + 1;
            float *const row = to + i * stride[axes[o0]] + h * stride[axes[o1]];
            for (int n = 0; n < count[o2]; n++) {
                const float sum = p[n * way[o2]] + q[n * way[o2]];
                row[n] = add ? row[n] + sum : sum;
            }
        }
}

static int rj_adjoint_brick(const vxg_rj_adjoint_args *a, const rj_box *x, float *brick, int add) {
    const vxg_rj_scan *s = &a->scan;
    int used = 0;
    for (int v = 0; v < s->nviews; v++) {
        rj_window w;
        if (!rj_window_of(s, x, v, &w)) continue;
        if (!used) memset(brick, 0, (size_t)vxg_rj_brick_floats(s) * sizeof(float));
        used = 1;
        rj_spread(s, x, v, w, a->in + (int64_t)v * s->nv * s->nu, brick);
    }
    if (used) rj_fold(s, x, brick, add, a->out);
    return used;
}

K_SCHEDULE(rj_adjoint) {
    const vxg_rj_adjoint_args *a = args;
    const vxg_rj_scan *s = &a->scan;
    const int across = vxg_rj_parts(s->n[0], s->tile[0]), down = vxg_rj_parts(s->n[1], s->tile[1]);
    const int at[3] = {(int)(unit % across), (int)(unit / across % down),
                       (int)(unit / across / down)};
    int first[3], n[3], add = a->add;
    for (int i = 0; i < 3; i++) {
        first[i] = at[i] * s->tile[i];
        n[i] = s->n[i] - first[i] < s->tile[i] ? s->n[i] - first[i] : s->tile[i];
    }
    for (int axis = 0; axis < 3; axis++) {
        rj_box x;
        rj_box_of(s, axis, &x);
        x.k = first[axis], x.nk = n[axis];
        x.j = first[x.b] - 1, x.nj = n[x.b] + 1;
        x.l = first[x.c] - 1, x.nl = n[x.c] + 1;
        add |= rj_adjoint_brick(a, &x, scratch, add);
    }
    for (int z = 0; z < n[2] && !add; z++)
        for (int y = 0; y < n[1]; y++)
            memset(a->out + ((int64_t)(first[2] + z) * s->n[1] + first[1] + y) * s->n[0] + first[0],
                   0, (size_t)n[0] * sizeof(float));
}
#endif
