/* Exponential and logarithm of lanes, the same operations on every target. In float32 they are within 2 units in the
 * last place of the true value (tests/internal_lanes.c goes through the numbers); in float64, the oracle, they are the
 * C library's. The coefficients are minimax fits of our own, formed in 40 digits. V_log_normal is the logarithm of numbers
 * that are known to be positive, normal and finite: nothing is asked. */
#ifndef MATHS_ELEMENTARY_H
#define MATHS_ELEMENTARY_H
#include "kernels/prelude/lanes.h"
#if defined(K_REFERENCE_MATHS)
#define V_exp(x) K_exp(x)
#define V_log(x) K_log(x)
#define V_log_normal(x) K_log(x)
#else

/* 2^n, n from -126 to 127. */
V_FN vreal maths_power_of_two(const vint n) {
    return V_of_bits((n + 127) << 23);
}

/* x = n ln 2 + r, |r| <= ln 2 / 2: e^r - 1 = r + r^2 P(r); *n: a whole number. x from -104 to 89. */
V_FN vreal maths_exp_rest(const vreal x, K_PRIVATE vreal *n) {
    const vreal shift = V_set(K_R(12582912.0)); /* 1.5 2^23: what is added to it is rounded to whole numbers */
    const vreal whole = V_fma(x, V_set(K_R(1.44269504)), shift) - shift;
    const vreal r = V_fma(whole, V_set(K_R(-1.42860677e-6)), V_fma(whole, V_set(K_R(-0.693145752)), x));
    vreal p = V_set(K_R(0.00139505405));
    p = V_fma(p, r, V_set(K_R(0.00836891774)));
    p = V_fma(p, r, V_set(K_R(0.041666206)));
    p = V_fma(p, r, V_set(K_R(0.166665182)));
    p = V_fma(p, r, V_set(K_R(0.5)));
    *n = whole;
    return V_fma(p, r * r, r);
}

/* 2^n e^r; 2^n in two factors, so that results below the smallest normal number are rounded once and those beyond the
 * largest become infinite. */
V_FN vreal V_exp(const vreal x) {
    vreal whole;
    vreal p = maths_exp_rest(V_min(V_max(x, V_set(K_R(-104.0))), V_set(K_R(89.0))), &whole) + K_R(1.0);
    const vint n = V_int(whole), part = n >> 1;
    p = p * maths_power_of_two(part) * maths_power_of_two(n - part);
    return V_select(V_eq(x, x), p, x);
}

/* x = m 2^k, m from sqrt 1/2 to sqrt 2, f = m - 1: k ln 2 + f - f^2 / 2 + f^3 Q(f); less: taken off k. Of positive normal
 * numbers that are finite. */
V_FN vreal maths_log(const vreal x, const vreal less) {
    const vint bits = V_bits(x), k = (bits - 0x3f3504f3) >> 23;
    const vreal f = V_of_bits(bits - (k << 23)) - K_R(1.0);
    const vreal e = V_real(k) - less;
    vreal q = V_set(K_R(-0.0763531849));
    q = V_fma(q, f, V_set(K_R(0.127628148)));
    q = V_fma(q, f, V_set(K_R(-0.131604642)));
    q = V_fma(q, f, V_set(K_R(0.142016128)));
    q = V_fma(q, f, V_set(K_R(-0.166233152)));
    q = V_fma(q, f, V_set(K_R(0.200012311)));
    q = V_fma(q, f, V_set(K_R(-0.250008225)));
    q = V_fma(q, f, V_set(K_R(0.333333313)));
    const vreal square = f * f;
    vreal y = V_fma(e, V_set(K_R(1.42860677e-6)), q * (f * square));
    y = V_fma(square, V_set(K_R(-0.5)), y) + f;
    return V_fma(e, V_set(K_R(0.693145752)), y);
}
#define V_log_normal(x) maths_log(x, V_set(K_R(0.0)))

/* 0 gives minus infinity, what is negative no number. */
V_FN vreal V_log(const vreal x) {
    const vmask small = V_lt(x, V_set(K_R(1.17549435e-38)));
    vreal y = maths_log(V_select(small, x * K_R(8388608.0), x), V_select(small, V_set(K_R(23.0)), V_set(K_R(0.0))));
    y = V_select(V_eq(x, V_set(K_R(0.0))), V_set(-K_R(1.0) / K_R(0.0)), y);
    y = V_select(V_lt(x, V_set(K_R(0.0))), V_set(K_R(0.0)) / V_set(K_R(0.0)), y);
    /* infinity and what is no number stay */
    return V_select(V_lt(V_set(K_R(3.40282347e38)), x) | V_not(V_eq(x, x)), x, y);
}
#endif
#endif
