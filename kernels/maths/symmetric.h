/* Eigenvalues and eigenvectors of symmetric 3 x 3 matrices, of lanes, by Jacobi's method. */
#ifndef MATHS_SYMMETRIC_H
#define MATHS_SYMMETRIC_H
#include "kernels/prelude/lanes.h"

/* A quarter of a rounding; what a square can hold of a matrix of 1; the bits of the exponent. */
#if defined(VXG_DTYPE_f64)
#define MATHS_QUARTER K_R(5.55e-17)
#define MATHS_NOTHING K_R(1e-140)
#define MATHS_EXPONENT ((k_sbits)0x7ff0000000000000)
#else
#define MATHS_QUARTER K_R(2.98e-8)
#define MATHS_NOTHING K_R(1e-18)
#define MATHS_EXPONENT 0x7f800000
#endif

/* Whether a rotation would change neither diagonal element. */
V_FN vmask maths_is_flat(const vreal app, const vreal aqq, const vreal apq) {
    const vreal size = V_abs(apq), most = V_fma(V_abs(app) + V_abs(aqq), V_set(MATHS_QUARTER), V_set(MATHS_NOTHING));
    return V_le(size, most);
}
/* One rotation of Jacobi's method that makes a[p][q] zero; r is the third axis. The tangent is the smaller root of
 * t^2 + 2 t (aqq - app) / (2 apq) - 1: 2 apq / u, u = |aqq - app| + h, h = sqrt((aqq - app)^2 + (2 apq)^2). What is
 * below the rounding of its diagonal is left out, so that a matrix that is diagonal stays as it is. */
V_FN void maths_rotate(K_PRIVATE vreal *app, K_PRIVATE vreal *aqq, K_PRIVATE vreal *apq, K_PRIVATE vreal *apr,
                        K_PRIVATE vreal *aqr, K_PRIVATE vreal *vp, K_PRIVATE vreal *vq) {
    const vreal zero = V_set(K_R(0.0)), one = V_set(K_R(1.0));
    const vmask flat = maths_is_flat(*app, *aqq, *apq);
    const vreal off = V_select(flat, zero, *apq), d = V_select(flat, one, *aqq - *app), twice = off * K_R(2.0);
    const vreal h = V_sqrt(V_fma(d, d, twice * twice)), u = V_abs(d) + h;
    const vreal side = V_select(V_lt(d, zero), -twice, twice);
    /* u^2 + (2 apq)^2 = 2 h u: the tangent 2 apq / u without a division. */
    const vreal over = K_R(1.0) / V_sqrt(V_fma(u, u, twice * twice)), c = u * over, s = side * over, t = s * over * (h + h);
    *app = *app - t * off;
    *aqq = *aqq + t * off;
    *apq = zero;
    const vreal pr = *apr, qr = *aqr;
    *apr = c * pr - s * qr;
    *aqr = s * pr + c * qr;
    for (int i = 0; i < 3; i++) {
        const vreal a = vp[i], b = vq[i];
        vp[i] = c * a - s * b;
        vq[i] = s * a + c * b;
    }
}
/* a and its vector change places with b's where b is larger. */
V_FN void maths_order(K_PRIVATE vreal *a, K_PRIVATE vreal *b, K_PRIVATE vreal *va, K_PRIVATE vreal *vb) {
    const vmask turn = V_lt(*a, *b);
    const vreal x = *a;
    *a = V_select(turn, *b, x);
    *b = V_select(turn, x, *b);
    for (int i = 0; i < 3; i++) {
        const vreal y = va[i];
        va[i] = V_select(turn, vb[i], y);
        vb[i] = V_select(turn, y, vb[i]);
    }
}

/* a: xx yy zz xy xz yz; its first three become the eigenvalues, falling. v: x y z of the first vector, the second, the
 * third. */
V_FN void maths_eigen3(K_PRIVATE vreal *a, K_PRIVATE vreal *v) {
    /* Over the power of two below the largest entry: whatever the unit, squares keep their digits. */
    vreal most = V_set(K_R(1e-30));
    for (int i = 0; i < 6; i++) most = V_max(V_abs(a[i]), most);
    const vreal unit = V_of_bits(V_bits(most) & MATHS_EXPONENT), over = K_R(1.0) / unit;
    for (int i = 0; i < 6; i++) a[i] = a[i] * over;
    for (int i = 0; i < 9; i++) v[i] = V_set(i % 4 == 0 ? K_R(1.0) : K_R(0.0));
    for (int sweep = 0; sweep < 6; sweep++) {
        const vmask xy = maths_is_flat(a[0], a[1], a[3]), xz = maths_is_flat(a[0], a[2], a[4]);
        if (!V_any(V_not(xy & xz & maths_is_flat(a[1], a[2], a[5])))) break;
        maths_rotate(a, a + 1, a + 3, a + 4, a + 5, v, v + 3);
        maths_rotate(a, a + 2, a + 4, a + 3, a + 5, v, v + 6);
        maths_rotate(a + 1, a + 2, a + 5, a + 3, a + 4, v + 3, v + 6);
    }
    /* A further sweep, for a neighbour's sake, would change no more than the signs of zeros. */
    for (int i = 0; i < 3; i++) a[i] = a[i] * unit + K_R(0.0);
    for (int i = 0; i < 9; i++) v[i] = v[i] + K_R(0.0);
    maths_order(a, a + 1, v, v + 3);
    maths_order(a, a + 2, v, v + 6);
    maths_order(a + 1, a + 2, v + 3, v + 6);
}
#endif
