/* Rays of any scan as lines in voxel index units, shared by the cone-beam projectors, their exact
 * adjoints, the gradients and every schedule of them.
 *
 * A ray is its Pluecker pair: direction D and moment M = x cross D, x any point of it, lengths in
 * voxels from the volume's middle. Within a view both are alpha X0 + beta X1 + r' X2: flat detector
 * alpha = 1, beta = q'; curved alpha = cos g, beta = sin g, from a table. Pixels q', r' and slices k'
 * are counted from the middle of the detector and of the volume. With the dominant axis a, the
 * largest component of D, the ray passes slice k' at the straight lines b + sb k', c + sc k'.
 * Forward and adjoint evaluate them by ray_line_of and par_at alone: the same bits give the same
 * weights, and that makes the pair exact.
 */
#ifndef K_CT_RAY
#define K_CT_RAY
#include "kernels/ct/project/parallel.h"

/* Coefficients of a view, K_RAY_COEFS reals, made in src/ct/project/cone.c. */
#define K_RAY_AXIS 0    /* the axis a of all rays of the view; -1: rays differ */
#define K_RAY_D 1       /* D0 D1 D2, three components each */
#define K_RAY_M 10      /* M0 M1 M2 */
#define K_RAY_W 19      /* Wx Wy Wz W0: depth W = W0 + Wx x + Wy y + Wz z of a point */
#define K_RAY_Q 23      /* its pixel on a flat detector: q' = Q / W (curved: tan g) */
#define K_RAY_R 27      /* r' = R / W (curved: r' / cos g) */
#define K_RAY_SLACK 31  /* what rounding can do to W, Q, R */
#define K_RAY_SOURCE 34 /* x y z */
#define K_RAY_HALF 37   /* 1: the ray begins at the source; 0: a whole line (parallel beam) */
#define K_RAY_TABLE 38  /* number of the view's table of (cos g, sin g) per column */
#define K_RAY_COLUMNS 39 /* columns per radian of a curved detector */
#define K_RAY_OFFSET 40 /* q0 of a curved detector */
#define K_RAY_COEFS 41
/* Rows of the table on the device; in float32 they also hold D and M as 18 whole multiples (k_long) of the grid,
 * a power of two, see ray_whole.h. */
#if defined(VXG_DTYPE_f64)
#define K_RAY_ROW K_RAY_COEFS
#else
#define K_RAY_GRID 41
#define K_RAY_WHOLE 42
#define K_RAY_ROW 78
#endif

/* Another axis wins when it is larger by this factor: rays at exactly 45 degrees are x before y
 * before z in every precision. */
#define K_RAY_TIE K_R(1.0000305)
/* Smaller slopes move a ray by less than 1e-6 voxel over the longest volume. */
#define K_RAY_FLAT K_R(1e-10)

struct ray_line {
    int axis;
    real b, sb, c, sc; /* lines, indices from 0 at k' = 0 */
    real ib, ic;       /* 1/sb, 1/sc, 0 where the slope is 0 */
    real inverse;      /* 1 over the component of D along the axis */
    real length;       /* across one slice, world units */
    real start, sign;  /* slices k' with sign (k' - start) > 0 lie on the ray; sign 0: all do */
};

struct ray_vector {
    real x, y, z;
};

K_FN struct ray_vector ray_mix(K_GLOBAL const real *v, const int curved, const real alpha, const real beta,
                        const real r) {
    struct ray_vector out;
    out.x = K_fma(v[3], beta, K_fma(v[6], r, curved ? alpha * v[0] : v[0]));
    out.y = K_fma(v[4], beta, K_fma(v[7], r, curved ? alpha * v[1] : v[1]));
    out.z = K_fma(v[5], beta, K_fma(v[8], r, curved ? alpha * v[2] : v[2]));
    return out;
}

K_FN int ray_axis(K_GLOBAL const real *coef, const struct ray_vector d) {
    const int shared = K_int(coef[K_RAY_AXIS]);
    if (shared >= 0) return shared;
    const real x = K_abs(d.x), y = K_abs(d.y), z = K_abs(d.z);
    const int a = y > K_RAY_TIE * x ? 1 : 0;
    return z > K_RAY_TIE * (a ? y : x) ? 2 : a;
}

K_FN real ray_slope(const real slope) {
    return K_abs(slope) < K_RAY_FLAT ? K_R(0.0) : slope;
}

/* Components of D and M along the axes a, b, c of ray_line: da, db, dc, and eb, ec with
 * b = (eb + k' db) / da, c = (ec + k' dc) / da. */
struct ray_parts {
    real da, db, dc, eb, ec;
};

K_FN struct ray_parts ray_split(const int axis, const struct ray_vector d, const struct ray_vector m) {
    struct ray_parts p;
    p.da = axis == 0 ? d.x : axis == 1 ? d.y : d.z;
    p.db = axis == 0 ? d.y : d.x;
    p.dc = axis == 2 ? d.y : d.z;
    p.eb = axis == 0 ? -m.z : axis == 1 ? m.z : -m.y;
    p.ec = axis == 0 ? m.y : axis == 1 ? -m.x : m.x;
    return p;
}

/* ints: 0 nx, 1 ny, 2 nz. reals: 0 dx, 1 dy, 2 dz. */
K_FN real ray_middle(K_PRIVATE const k_params *k_p, const int axis) {
    return K_R(0.5) * K_real((axis == 0 ? K_I(0) : axis == 1 ? K_I(1) : K_I(2)) - 1);
}

K_FN real ray_world_length(K_PRIVATE const k_params *k_p, const struct ray_vector d) {
    const real x = d.x * K_P(0), y = d.y * K_P(1), z = d.z * K_P(2);
    return K_sqrt(x * x + y * y + z * z);
}

/* All of a line but its length; mb, mc: the middles of the axes b and c. */
K_FN struct ray_line ray_line_along(K_GLOBAL const real *coef, const int siddon, const int axis,
                             const struct ray_parts p, const real mb, const real mc) {
    struct ray_line line;
    const real inverse = K_R(1.0) / p.da;
    line.axis = axis, line.inverse = inverse;
    line.b = K_fma(p.eb, inverse, mb), line.c = K_fma(p.ec, inverse, mc);
    line.sb = ray_slope(p.db * inverse), line.sc = ray_slope(p.dc * inverse);
    line.ib = siddon && line.sb != K_R(0.0) ? K_R(1.0) / line.sb : K_R(0.0);
    line.ic = siddon && line.sc != K_R(0.0) ? K_R(1.0) / line.sc : K_R(0.0);
    line.length = K_R(0.0);
    line.start = line.axis == 0   ? coef[K_RAY_SOURCE]
                 : line.axis == 1 ? coef[K_RAY_SOURCE + 1]
                                  : coef[K_RAY_SOURCE + 2];
    line.sign = p.da > K_R(0.0) ? coef[K_RAY_HALF] : -coef[K_RAY_HALF];
    return line;
}

K_FN real ray_length_along(K_PRIVATE const k_params *k_p, const int axis, const struct ray_parts p) {
    struct ray_vector d;
    d.x = axis == 0 ? p.da : p.db;
    d.y = axis == 0 ? p.db : axis == 1 ? p.da : p.dc;
    d.z = axis == 2 ? p.da : p.dc;
    return ray_world_length(k_p, d) * K_abs(K_R(1.0) / p.da);
}

K_FN struct ray_line ray_line_of(K_GLOBAL const real *coef, const int siddon, const struct ray_vector d,
                          const struct ray_vector m, K_PRIVATE const k_params *k_p) {
    const int axis = ray_axis(coef, d);
    const struct ray_parts p = ray_split(axis, d, m);
    struct ray_line line = ray_line_along(coef, siddon, axis, p, ray_middle(k_p, axis == 0 ? 1 : 0),
                                          ray_middle(k_p, axis == 2 ? 1 : 2));
    line.length = ray_length_along(k_p, axis, p);
    return line;
}

/* The ray of pixel (q', r'); alpha and beta of a curved detector come from its table. */
K_FN struct ray_line ray_of(K_GLOBAL const real *coef, const int siddon, const int curved, const real alpha,
                     const real beta, const real r, K_PRIVATE const k_params *k_p) {
    return ray_line_of(coef, siddon, ray_mix(coef + K_RAY_D, curved, alpha, beta, r),
                       ray_mix(coef + K_RAY_M, curved, alpha, beta, r), k_p);
}

/* Joseph counts a slice whose plane lies in front of the source. */
K_FN int ray_counts(const struct ray_line line, const real k) {
    return line.sign * (k - line.start) > K_R(0.0) || line.sign == K_R(0.0);
}

/* The weight of cell (j, l) of slice k' for a ray that passes it at (b, c), without the length.
 * Siddon ends the cell's part of the ray at the source. */
K_FN real ray_weight(const int siddon, const struct ray_line line, const real k, const real b, const real c,
                     const int j, const int l) {
    if (!siddon) return ray_counts(line, k) ? par_hat(b, j) * par_hat(c, l) : K_R(0.0);
    const real from = line.start - k;
    real lo = -K_R(0.5), hi = K_R(0.5);
    if (line.sign > K_R(0.0)) lo = K_max(lo, from);
    if (line.sign < K_R(0.0)) hi = K_min(hi, from);
    par_cut(b - (K_real(j) - K_R(0.5)), b - (K_real(j) + K_R(0.5)), line.ib, &lo, &hi);
    par_cut(c - (K_real(l) - K_R(0.5)), c - (K_real(l) + K_R(0.5)), line.ic, &lo, &hi);
    return hi > lo ? hi - lo : K_R(0.0);
}

/* ---- Which slices a ray can meet ---- */
/* Cuts [lo, hi], numbers of slices, to where b + s k' lies within w of cells 0 .. n - 1, one slice
 * more at each end for rounding. Nearly flat lines are left to the caller's test of each slice. */
K_FN void ray_range(const real b, const real s, const real w, const int n, const real middle,
                    K_PRIVATE real *lo, K_PRIVATE real *hi) {
    if (!(K_abs(s) > K_R(1e-3))) return;
    const real t0 = (-w - b) / s + middle, t1 = (K_real(n - 1) + w - b) / s + middle;
    *lo = K_max(*lo, K_min(t0, t1) - K_R(1.0));
    *hi = K_min(*hi, K_max(t0, t1) + K_R(1.0));
}

/* ---- Which pixels a cell can be seen by ---- */
struct ray_box { /* columns q0 .. q1 and rows r0 .. r1 */
    int q0, q1, r0, r1;
};

/* Sum of |g| over the axes a ray's point can differ in from the cell's centre where its weight is
 * not zero: Joseph less than 1 across the dominant axis (unknown: the most), Siddon 1/2 in all. */
K_FN real ray_reach(const int siddon, const int axis, const real x, const real y, const real z) {
    const real gx = K_abs(x), gy = K_abs(y), gz = K_abs(z), all = gx + gy + gz;
    if (siddon) return K_R(0.505) * all;
    if (axis < 0) return K_R(1.01) * (all - K_min(gx, K_min(gy, gz)));
    return K_R(1.01) * (axis == 0 ? gy + gz : axis == 1 ? gx + gz : gx + gy);
}

/* The axis of all rays that can have weight for the cell at (x, y, z), -1: they may differ. Such a ray
 * passes within 1 of the cell's centre along each axis, and its direction is from the source to there. */
K_FN int ray_cell_axis(K_GLOBAL const real *coef, const real x, const real y, const real z) {
    const int shared = K_int(coef[K_RAY_AXIS]);
    if (shared >= 0 || !(coef[K_RAY_HALF] > K_R(0.0))) return shared;
    const real dx = K_abs(x - coef[K_RAY_SOURCE]), dy = K_abs(y - coef[K_RAY_SOURCE + 1]);
    const real dz = K_abs(z - coef[K_RAY_SOURCE + 2]), most = K_max(dx, K_max(dy, dz));
    const real far = K_R(0.999) * (most - K_R(1.1)) - K_R(1.1);
    if (dy < far && dz < far) return 0;
    if (dx < far && dz < far) return 1;
    return dx < far && dy < far ? 2 : -1;
}

K_FN real ray_affine(K_GLOBAL const real *g, const real x, const real y, const real z) {
    return K_fma(g[0], x, K_fma(g[1], y, K_fma(g[2], z, g[3])));
}

/* Cuts the pixels lo .. hi, counted from the middle of n, to whole numbers. */
K_FN int ray_cut(const real lo, const real hi, const int n, K_PRIVATE int *first, K_PRIVATE int *last) {
    const real middle = K_R(0.5) * K_real(n - 1);
    const real from = K_max(K_R(0.0), lo + middle - K_R(0.01));
    const real to = K_min(K_real(n - 1), hi + middle + K_R(0.01));
    if (!(from <= to)) return 0;
    *first = K_int(K_ceil(from));
    *last = K_int(K_floor(to));
    return 1;
}

/* Columns and rows of a curved detector from the interval of tan g and of r' / cos g. */
K_FN void ray_curve(K_GLOBAL const real *coef, K_PRIVATE real *q0, K_PRIVATE real *q1,
                    K_PRIVATE real *r0, K_PRIVATE real *r1) {
    const real a = K_abs(*q0), b = K_abs(*q1), most = K_max(a, b);
    const real least = (*q0 > K_R(0.0)) == (*q1 > K_R(0.0)) ? K_min(a, b) : K_R(0.0);
    const real narrow = K_R(0.999) / K_sqrt(K_R(1.0) + most * most);
    const real wide = K_R(1.001) / K_sqrt(K_R(1.0) + least * least);
    *q0 = K_atan(*q0) * coef[K_RAY_COLUMNS] - coef[K_RAY_OFFSET];
    *q1 = K_atan(*q1) * coef[K_RAY_COLUMNS] - coef[K_RAY_OFFSET];
    *r0 *= *r0 < K_R(0.0) ? wide : narrow;
    *r1 *= *r1 > K_R(0.0) ? wide : narrow;
}

/* All pixels whose rays can have weight for the cell at (x, y, z), counted from the middle: with
 * q = Q/W, |q(x + e) - q| <= sum |Q_i - q W_i| / (W - sum |W_i|) over |e_i| <= 1. Returns 0 when
 * there are none; all pixels where the cell reaches the plane through the source. axis: of
 * ray_cell_axis. ints: 3 nu, 4 nv. */
K_FN int ray_shadow(K_GLOBAL const real *coef, const int axis, const int siddon, const int curved,
                    K_PRIVATE const k_params *k_p, const real x, const real y, const real z,
                    K_PRIVATE struct ray_box *box) {
    K_GLOBAL const real *g = coef + K_RAY_W, *u = coef + K_RAY_Q, *v = coef + K_RAY_R;
    K_GLOBAL const real *slack = coef + K_RAY_SLACK;
    const real w = ray_affine(g, x, y, z);
    const real near = ray_reach(siddon, axis, g[0], g[1], g[2]) + slack[0];
    if (!(w + near > K_R(0.0))) return 0;
    box->q0 = 0, box->q1 = K_I(3) - 1, box->r0 = 0, box->r1 = K_I(4) - 1;
    if (!(w - near > K_R(0.0))) return 1;
    const real inverse = K_R(1.0) / w, margin = K_R(1.0) / (w - near);
    const real q = ray_affine(u, x, y, z) * inverse, r = ray_affine(v, x, y, z) * inverse;
    const real hq = margin * (ray_reach(siddon, axis, u[0] - q * g[0], u[1] - q * g[1], u[2] - q * g[2]) +
                              slack[1] + K_abs(q) * slack[0]);
    const real hr = margin * (ray_reach(siddon, axis, v[0] - r * g[0], v[1] - r * g[1], v[2] - r * g[2]) +
                              slack[2] + K_abs(r) * slack[0]);
    real q0 = q - hq, q1 = q + hq, r0 = r - hr, r1 = r + hr;
    if (curved) ray_curve(coef, &q0, &q1, &r0, &r1);
    return ray_cut(q0, q1, K_I(3), &box->q0, &box->q1) && ray_cut(r0, r1, K_I(4), &box->r0, &box->r1);
}
#endif
