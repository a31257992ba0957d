/* Rays of flat detectors in float32: ray.h's lines in whole numbers.
 * Columns, rows and voxels are counted from number n / 2 of theirs. A ray passes slice k of its axis a at the
 * quotient b = (eb + k db) / da, c likewise; all five are whole multiples of the view's grid. Floats tell which
 * slices and pixels are looked at, how long a ray is and which axis it has. */
#ifndef K_CT_RAY_WHOLE
#define K_CT_RAY_WHOLE
#include "kernels/ct/project/ray.h"
#include "kernels/ct/project/whole.h"
#if !defined(VXG_DTYPE_f64)

struct ray_whole {
    k_long da, db, dc, eb, ec;
};

/* The view's D and M, K_RAY_D's order. */
K_FN K_GLOBAL const k_long *whole_view(K_GLOBAL const real *coef) {
    return (K_GLOBAL const k_long *)(coef + K_RAY_WHOLE);
}
K_FN int whole_middle(K_PRIVATE const k_params *k_p, const int axis) {
    return (axis == 0 ? K_I(0) : axis == 1 ? K_I(1) : K_I(2)) / 2;
}
K_FN k_long whole_mix(K_GLOBAL const k_long *v, const int q, const int r) {
    return v[0] + q * v[3] + r * v[6];
}

K_FN struct ray_whole whole_ray(K_GLOBAL const real *coef, K_PRIVATE const k_params *k_p, const int axis,
                                const int col, const int row) {
    K_GLOBAL const k_long *d = whole_view(coef), *m = d + 9;
    const int q = col - K_I(3) / 2, r = row - K_I(4) / 2, b = axis == 0 ? 1 : 0, c = axis == 2 ? 1 : 2;
    const k_long sign = axis == 1 ? 1 : -1; /* as in ray_split */
    struct ray_whole w;
    w.da = whole_mix(d + axis, q, r), w.db = whole_mix(d + b, q, r), w.dc = whole_mix(d + c, q, r);
    w.eb = sign * whole_mix(m + c, q, r), w.ec = -sign * whole_mix(m + b, q, r);
    return w;
}

/* The same line with da > 0. */
K_FN struct ray_whole whole_forth(const struct ray_whole w) {
    const k_long sign = w.da < 0 ? -1 : 1;
    struct ray_whole f;
    f.da = sign * w.da, f.db = sign * w.db, f.dc = sign * w.dc, f.eb = sign * w.eb, f.ec = sign * w.ec;
    return f;
}

/* Siddon, as par_cut: the part of the slice for which n + t d2 lies within half of d, d2 how n changes from slice
 * to slice. The quotient by d2 is formed last, so that flat rays are cut as well as steep ones. */
K_FN real whole_slope(const k_long d2, const real inverse) {
    const real s = K_real(d2);
    return K_abs(s) * inverse < K_RAY_FLAT ? K_R(0.0) : K_R(0.5) / s;
}
K_FN void whole_cut(const k_long n, const k_long d, const real slope, K_PRIVATE real *lo, K_PRIVATE real *hi) {
    if (slope == K_R(0.0)) {
        if (!(2 * n >= -d && 2 * n < d)) *hi = *lo;
        return;
    }
    const real t0 = K_real(-d - 2 * n) * slope, t1 = K_real(d - 2 * n) * slope;
    *lo = K_max(*lo, K_min(t0, t1));
    *hi = K_min(*hi, K_max(t0, t1));
}
/* Siddon's ray_weight, c's part first, which cells along b share; from: the source's slice less this one, sign 1 where
 * the ray runs up, -1 down, 0 both. */
K_FN struct par_part whole_part_of(const k_long m, const k_long d, const real sc, const real from, const real sign) {
    struct par_part s;
    s.lo = -K_R(0.5), s.hi = K_R(0.5);
    if (sign > K_R(0.0)) s.lo = K_max(s.lo, from);
    if (sign < K_R(0.0)) s.hi = K_min(s.hi, from);
    whole_cut(m, d, sc, &s.lo, &s.hi);
    return s;
}
K_FN real whole_part_length(struct par_part s, const k_long n, const k_long d, const real sb) {
    whole_cut(n, d, sb, &s.lo, &s.hi);
    return s.hi > s.lo ? s.hi - s.lo : K_R(0.0);
}

/* Of all rays of a view n = base + col q + row r for one cell: three such forms are da, and b and c of the cell. */
struct ray_form {
    k_long base, col, row;
};
K_FN k_long whole_term(K_GLOBAL const k_long *e, K_GLOBAL const k_long *s, K_GLOBAL const k_long *d,
                       const k_long sign, const k_long k, const k_long j) {
    return sign * e[0] + k * s[0] - j * d[0];
}
/* sign e + k s - j d */
K_FN struct ray_form whole_form(K_GLOBAL const k_long *e, K_GLOBAL const k_long *s, K_GLOBAL const k_long *d,
                                const k_long sign, const int k, const int j, const k_long flip) {
    struct ray_form f;
    f.base = flip * whole_term(e, s, d, sign, k, j);
    f.col = flip * whole_term(e + 3, s + 3, d + 3, sign, k, j);
    f.row = flip * whole_term(e + 6, s + 6, d + 6, sign, k, j);
    return f;
}
K_FN k_long whole_at(const struct ray_form f, const int q, const int r) {
    return f.base + q * f.col + r * f.row;
}
#endif
#endif
