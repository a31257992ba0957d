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
#endif
