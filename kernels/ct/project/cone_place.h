/* Where a voxel centre falls on the detector of a cone-beam view, and its distance weight: shared by the
 * backprojector, its transpose and the schedules.
 *
 * x', y', z' are voxel indices counted from the volume's middle. Three numbers are affine in them,
 *     W = c[0] + c[1] x' + c[2] y' + c[3] z',    Q = c[4..7] likewise,    R = c[8..11] likewise.
 * Flat detector: W is the depth along the detector's normal over that of the detector, W = 1 on it, and the
 * voxel falls at column q = Q / W + (nu-1)/2, row r = R / W + (nv-1)/2; weight 1 / W^2.
 * Curved: W and Q are the offsets from the source along n and U over the radius rho, h = sqrt(W^2 + Q^2);
 * q = c[12] atan(Q / W) + c[13], r = R / h + (nv-1)/2; weight 1 / h^2.
 * The weight is the square of the magnification at the voxel. W <= 0 lies behind the source. */
#ifndef K_CT_CONE_PLACE
#define K_CT_CONE_PLACE
#include "kernels/ct/project/cone_atan.h"
#include "kernels/ct/project/parallel.h"

#define K_CONE_BP_COEFS 16
#define K_CONE_RADIAN 12 /* columns per radian */
#define K_CONE_MIDDLE 13 /* column where the angle is 0 */
#define K_CONE_STEP 14   /* radians per column */
#define K_CONE_SECANT 15 /* of 1.02 columns, at least; 0: a column is too wide to tell */
/* Rows of the table on the device. In float32 they also hold W, Q, R as 12 whole numbers (k_long) of voxels and
 * pixels counted from 0, a depth of 1 being K_CONE_UNITS: column and row of a flat detector are the quotients Q / W
 * and R / W, and where between two pixels they lie is the remainder, without rounding (see whole.h). */
#if defined(VXG_DTYPE_f64)
#define K_CONE_ROW K_CONE_BP_COEFS
#else
#define K_CONE_UNITS 16
#define K_CONE_WHOLE 18
#define K_CONE_ROW 42
#endif

K_FN real cone_at(K_GLOBAL const real *c, const real x, const real y, const real z) {
    return K_fma(c[1], x, K_fma(c[2], y, K_fma(c[3], z, c[0])));
}

/* atan(b / a) of a > 0, h = sqrt(a^2 + b^2): the tangent is halved twice, which leaves |t| <= 0.4143. */
K_FN real cone_angle(const real a, const real b, const real h) {
    const real t1 = b / (a + h);
    const real t = t1 / (K_R(1.0) + K_sqrt(K_fma(t1, t1, K_R(1.0)))), s = t * t;
    real p = K_R(0.0);
#define CONE_TERM(sign, c) p = K_fma(p, s, sign K_R(c));
    CONE_ATAN(CONE_TERM)
#undef CONE_TERM
    return K_R(4.0) * K_fma(p * s, t, t);
}

/* Column of a voxel and the inverse of W (flat) or h; 0 where it lies behind the source. */
K_FN int cone_column(K_GLOBAL const real *c, const int curved, const real x, const real y, const real z,
                     const real middle_u, K_PRIVATE real *q, K_PRIVATE real *inverse) {
    const real w = cone_at(c, x, y, z), b = cone_at(c + 4, x, y, z);
    if (!(w > K_R(0.0))) return 0;
    const real h = curved ? K_sqrt(K_fma(w, w, b * b)) : w;
    *inverse = K_R(1.0) / h;
    *q = curved ? K_fma(cone_angle(w, b, h), c[K_CONE_RADIAN], c[K_CONE_MIDDLE])
                : K_fma(b, *inverse, middle_u);
    return 1;
}

/* Column, row and weight of a voxel; 0 where it lies behind the source. middle: (nu-1)/2, (nv-1)/2. */
K_FN int cone_place(K_GLOBAL const real *c, const int curved, const real x, const real y, const real z,
                    const real middle_u, const real middle_v, K_PRIVATE real *q, K_PRIVATE real *r,
                    K_PRIVATE real *weight) {
    real inverse;
    if (!cone_column(c, curved, x, y, z, middle_u, q, &inverse)) return 0;
    *r = K_fma(cone_at(c + 8, x, y, z), inverse, middle_v);
    *weight = inverse * inverse;
    return 1;
}

/* ---- The two pixels of an axis that a voxel falls between ---- */
struct cone_between {
    int cell;    /* the pixel below; -2: beside the detector */
    real w0, w1; /* weight of it and of the next */
};
struct cone_depth {
    real inverse; /* of W or h */
    real near;    /* and in whole numbers the inverse of `whole` */
    k_long whole;
};

K_FN real cone_from_middle(const int i, const int n) {
    return K_real(i) - K_R(0.5) * K_real(n - 1);
}
K_FN struct cone_between cone_between_reals(const real q, const int n) {
    struct cone_between b;
    b.cell = q > -K_R(1.0) && q < K_real(n) ? K_int(K_floor(q)) : -2;
    b.w0 = par_hat(q, b.cell), b.w1 = par_hat(q, b.cell + 1);
    return b;
}

#if !defined(VXG_DTYPE_f64)
K_FN k_long cone_whole_at(K_GLOBAL const real *coef, const int form, const int gx, const int gy, const int gz) {
    K_GLOBAL const k_long *c = (K_GLOBAL const k_long *)(coef + K_CONE_WHOLE) + 4 * form;
    return c[0] + gx * c[1] + gy * c[2] + gz * c[3];
}
/* Whether the quotient x / W lies beside all pixels, known before W is divided by. */
K_FN int cone_beside(const k_long x, const k_long whole, const int n) {
    return x < -whole || x >= n * whole;
}
K_FN struct cone_depth cone_depth_of(const k_long whole, const real units) {
    struct cone_depth d;
    d.whole = whole, d.near = K_R(1.0) / K_real(whole), d.inverse = d.near * units;
    return d;
}
/* Of the quotient x / W: a float finds the pixel or the next one, the remainder tells. */
K_FN struct cone_between cone_between_wholes(const k_long x, const struct cone_depth d) {
    struct cone_between b;
    int cell = K_int(K_real(x) * d.near);
    k_long left = x - cell * d.whole;
    if (left < 0) {
        left += d.whole, cell--;
    } else if (left >= d.whole) {
        left -= d.whole, cell++;
    }
    const real f = K_real(left) * d.near;
    b.cell = cell, b.w0 = K_max(K_R(1.0) - f, K_R(0.0)), b.w1 = f;
    return b;
}
#endif

/* Columns of voxel (gx, gy, gz) and its depth; 0 where it lies behind the source or beside all columns.
 * ints: 0 nx, 1 ny, 2 nz, 3 nu, 4 nv. */
K_FN int cone_columns_of(K_GLOBAL const real *c, const int curved, K_PRIVATE const k_params *k_p, const int gx,
                         const int gy, const int gz, K_PRIVATE struct cone_between *q,
                         K_PRIVATE struct cone_depth *d) {
#if !defined(VXG_DTYPE_f64)
    if (!curved) {
        const k_long whole = cone_whole_at(c, 0, gx, gy, gz), column = cone_whole_at(c, 1, gx, gy, gz);
        if (whole <= 0 || cone_beside(column, whole, K_I(3))) return 0;
        *d = cone_depth_of(whole, c[K_CONE_UNITS]);
        *q = cone_between_wholes(column, *d);
        return 1;
    }
#endif
    const real x = cone_from_middle(gx, K_I(0)), y = cone_from_middle(gy, K_I(1));
    real column;
    d->whole = 0, d->near = K_R(0.0);
    if (!cone_column(c, curved, x, y, cone_from_middle(gz, K_I(2)), K_R(0.5) * K_real(K_I(3) - 1), &column,
                     &d->inverse))
        return 0;
    *q = cone_between_reals(column, K_I(3));
    return q->cell >= -1;
}
K_FN struct cone_between cone_rows_of(K_GLOBAL const real *c, const int curved, K_PRIVATE const k_params *k_p,
                                      const int gx, const int gy, const int gz, const struct cone_depth d) {
#if !defined(VXG_DTYPE_f64)
    if (!curved) {
        const k_long row = cone_whole_at(c, 2, gx, gy, gz);
        struct cone_between none;
        none.cell = -2, none.w0 = none.w1 = K_R(0.0);
        return cone_beside(row, d.whole, K_I(4)) ? none : cone_between_wholes(row, d);
    }
#endif
    const real x = cone_from_middle(gx, K_I(0)), y = cone_from_middle(gy, K_I(1));
    const real at = cone_at(c + 8, x, y, cone_from_middle(gz, K_I(2)));
    (void)curved;
    return cone_between_reals(K_fma(at, d.inverse, K_R(0.5) * K_real(K_I(4) - 1)), K_I(4));
}
/* Both; 0 where the voxel lies beside the detector, which costs no division. */
K_FN int cone_pixels_of(K_GLOBAL const real *c, const int curved, K_PRIVATE const k_params *k_p, const int gx,
                        const int gy, const int gz, K_PRIVATE struct cone_between *q,
                        K_PRIVATE struct cone_between *r, K_PRIVATE struct cone_depth *d) {
#if !defined(VXG_DTYPE_f64)
    if (!curved) {
        const k_long whole = cone_whole_at(c, 0, gx, gy, gz), column = cone_whole_at(c, 1, gx, gy, gz);
        if (whole <= 0 || cone_beside(column, whole, K_I(3))) return 0;
        const k_long row = cone_whole_at(c, 2, gx, gy, gz);
        if (cone_beside(row, whole, K_I(4))) return 0;
        *d = cone_depth_of(whole, c[K_CONE_UNITS]);
        *q = cone_between_wholes(column, *d), *r = cone_between_wholes(row, *d);
        return 1;
    }
#endif
    if (!cone_columns_of(c, curved, k_p, gx, gy, gz, q, d)) return 0;
    *r = cone_rows_of(c, curved, k_p, gx, gy, gz, *d);
    return r->cell >= -1;
}
#if !defined(VXG_DTYPE_f64)
/* Weight of the pixel that lies `left` below the quotient's dividend, -whole <= left < whole. */
K_FN real cone_weight_wholes(const k_long left, const struct cone_depth d) {
    const real f = K_real(left < 0 ? left + d.whole : left) * d.near;
    return left < 0 ? f : K_max(K_R(1.0) - f, K_R(0.0));
}
#endif
/* Weight of pixel (column, row) at a voxel and its distance weight; 0 where there is none, known before W is divided
 * by: cone_pixels_of the other way round, the same bits. */
K_FN int cone_pixel_weight(K_GLOBAL const real *c, const int curved, K_PRIVATE const k_params *k_p, const int gx,
                           const int gy, const int gz, const int column, const int row, K_PRIVATE real *weight,
                           K_PRIVATE real *distance) {
#if !defined(VXG_DTYPE_f64)
    if (!curved) {
        const k_long whole = cone_whole_at(c, 0, gx, gy, gz), q = cone_whole_at(c, 1, gx, gy, gz) - column * whole;
        if (whole <= 0 || q < -whole || q >= whole) return 0;
        const k_long r = cone_whole_at(c, 2, gx, gy, gz) - row * whole;
        if (r < -whole || r >= whole) return 0;
        const struct cone_depth d = cone_depth_of(whole, c[K_CONE_UNITS]);
        *weight = cone_weight_wholes(q, d) * cone_weight_wholes(r, d);
        *distance = d.inverse * d.inverse;
        return *weight > K_R(0.0);
    }
#endif
    const real x = cone_from_middle(gx, K_I(0)), y = cone_from_middle(gy, K_I(1)), z = cone_from_middle(gz, K_I(2));
    const real middle_u = K_R(0.5) * K_real(K_I(3) - 1), middle_v = K_R(0.5) * K_real(K_I(4) - 1);
    real u, v;
    if (!cone_place(c, curved, x, y, z, middle_u, middle_v, &u, &v, distance)) return 0;
    *weight = par_hat(u, column) * par_hat(v, row);
    return *weight > K_R(0.0);
}
#endif
