/* Eigenvalues and eigenvectors of symmetric 3 x 3 matrices, of lanes, by Jacobi's method. */
#ifndef MATHS_SYMMETRIC_H
#define MATHS_SYMMETRIC_H
#include "kernels/prelude/lanes.h"

/* One rotation of Jacobi's method that makes a[p][q] zero; r is the third axis. */
V_FN void maths_rotate(K_PRIVATE vreal *app, K_PRIVATE vreal *aqq, K_PRIVATE vreal *apq, K_PRIVATE vreal *apr,
                        K_PRIVATE vreal *aqr, K_PRIVATE vreal *vp, K_PRIVATE vreal *vq) {
    const vreal off = *apq, zero = V_set(K_R(0.0));
    const vmask flat = V_eq(off, zero);
    const vreal theta = (*aqq - *app) / V_select(flat, V_set(K_R(1.0)), off * K_R(2.0));
    vreal t = K_R(1.0) / (V_abs(theta) + V_sqrt(theta * theta + K_R(1.0)));
    t = V_select(V_lt(theta, zero), -t, t);
    t = V_select(flat, zero, t);
    const vreal c = K_R(1.0) / V_sqrt(t * t + K_R(1.0)), s = t * c;
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
    for (int i = 0; i < 9; i++) v[i] = V_set(i % 4 == 0 ? K_R(1.0) : K_R(0.0));
    for (int sweep = 0; sweep < 6; sweep++) {
        maths_rotate(a, a + 1, a + 3, a + 4, a + 5, v, v + 3);
        maths_rotate(a, a + 2, a + 4, a + 3, a + 5, v, v + 6);
        maths_rotate(a + 1, a + 2, a + 5, a + 3, a + 4, v + 3, v + 6);
    }
    maths_order(a, a + 1, v, v + 3);
    maths_order(a, a + 2, v, v + 6);
    maths_order(a + 1, a + 2, v + 3, v + 6);
}
#endif
