/* The error function, exp(x) - 1, log(1 + x) and scaled modified Bessel functions of lanes, the same operations on every
 * target. In float32 within 4 units in the last place of the true value (tests/internal_lanes.c goes through the
 * numbers). In float64, the oracle, they are the C library's; the Bessel functions are series there. The coefficients are
 * minimax fits of our own. */
#ifndef MATHS_SPECIAL_H
#define MATHS_SPECIAL_H
#include "kernels/maths/elementary.h"
#if defined(K_REFERENCE_MATHS)
#define V_erf(x) erf(x)
#define V_expm1(x) expm1(x)
#define V_log1p(x) log1p(x)
/* The power series below 30, where no term is negative; above, Hankel's in 1/x, whose terms fall for long enough. */
K_FN real maths_bessel(const real x, const int order) {
    const real size = K_abs(x);
    real sum = K_R(1.0), term = K_R(1.0);
    if (size < K_R(30.0)) {
        for (int k = 1; k < 100; k++) {
            term = term * (size * size * K_R(0.25)) / (K_real(k) * K_real(k + order));
            sum = sum + term;
        }
        sum = sum * K_exp(-size);
        return order ? sum * x * K_R(0.5) : sum;
    }
    for (int k = 1; k < 24; k++) {
        term = term * K_real((2 * k - 1) * (2 * k - 1) - 4 * order * order) / (K_real(8 * k) * size);
        sum = sum + term;
    }
    sum = sum / K_sqrt(K_R(6.283185307179586477) * size);
    return order && x < K_R(0.0) ? -sum : sum;
}
#define V_i0e(x) maths_bessel(x, 0)
#define V_i1e(x) maths_bessel(x, 1)
#else

/* x P(x^2) up to 1; above, 1 - e^Q(x), which is 1 from 3.93 on. */
V_FN vreal V_erf(const vreal x) {
    const vreal size = V_min(V_abs(x), V_set(K_R(4.0))), square = size * size;
    vreal p = V_set(K_R(7.85386098e-05));
    p = V_fma(p, square, V_set(K_R(-0.000801019351)));
    p = V_fma(p, square, V_set(K_R(0.00518832767)));
    p = V_fma(p, square, V_set(K_R(-0.0268538119)));
    p = V_fma(p, square, V_set(K_R(0.112835851)));
    p = V_fma(p, square, V_set(K_R(-0.376126258)));
    p = V_fma(p, square, V_set(K_R(1.12837917)));
    vreal q = V_set(K_R(-2.16975893e-05));
    q = V_fma(q, size, V_set(K_R(0.000441472326)));
    q = V_fma(q, size, V_set(K_R(-0.00420528296)));
    q = V_fma(q, size, V_set(K_R(0.0252103344)));
    q = V_fma(q, size, V_set(K_R(-0.10842209)));
    q = V_fma(q, size, V_set(K_R(-0.633216406)));
    q = V_fma(q, size, V_set(K_R(-1.12958031)));
    q = V_fma(q, size, V_set(K_R(0.000188466604)));
    const vreal tail = K_R(1.0) - V_exp(q);
    const vreal y = V_select(V_lt(size, V_set(K_R(1.0))), x * p, V_select(V_lt(x, V_set(K_R(0.0))), -tail, tail));
    return V_select(V_eq(x, x), y, x);
}

/* 2^n (e^r - 1) + (2^n - 1), as V_exp. By half of 2^n: 2^128 is no number, the half of it is. */
V_FN vreal V_expm1(const vreal x) {
    vreal whole;
    const vreal p = maths_exp_rest(V_min(V_max(x, V_set(K_R(-18.0))), V_set(K_R(89.0))), &whole);
    const vreal half = maths_power_of_two(V_int(whole) - 1);
    const vreal y = V_fma(p, half, half - K_R(0.5)) * K_R(2.0);
    return V_select(V_eq(x, x), V_select(V_eq(x, V_set(K_R(0.0))), x, y), x);
}

/* log u of u = 1 + x as it is rounded, and what rounding lost of x over u. */
V_FN vreal V_log1p(const vreal x) {
    const vreal one = V_set(K_R(1.0)), u = x + one;
    const vreal lost = V_select(V_lt(u, V_set(K_R(16777216.0))), x - (u - one), V_set(K_R(0.0)));
    const vreal y = V_log(u) + V_select(V_eq(u, V_set(K_R(0.0))), V_set(K_R(0.0)), lost / u);
    return V_select(V_eq(x, V_set(K_R(0.0))), x, y);
}

/* e^-|x| I0(x): a polynomial in x^2 without a negative term up to 6, above one in 1/x over sqrt x. */
V_FN vreal V_i0e(const vreal x) {
    const vreal size = V_abs(x), six = V_set(K_R(6.0)), held = V_min(size, six), z = held * held;
    vreal p = V_set(K_R(1.45854571e-14));
    p = V_fma(p, z, V_set(K_R(2.07498006e-12)));
    p = V_fma(p, z, V_set(K_R(4.81476765e-10)));
    p = V_fma(p, z, V_set(K_R(6.76279669e-08)));
    p = V_fma(p, z, V_set(K_R(6.78359058e-06)));
    p = V_fma(p, z, V_set(K_R(0.000434017505)));
    p = V_fma(p, z, V_set(K_R(0.015625026)));
    p = V_fma(p, z, V_set(K_R(0.249999977)));
    p = V_fma(p, z, V_set(K_R(1.0)));
    const vreal r = K_R(1.0) / V_max(size, six);
    vreal q = V_set(K_R(0.916840958));
    q = V_fma(q, r, V_set(K_R(0.128175367)));
    q = V_fma(q, r, V_set(K_R(0.00834485467)));
    q = V_fma(q, r, V_set(K_R(0.0334848969)));
    q = V_fma(q, r, V_set(K_R(0.0278660405)));
    q = V_fma(q, r, V_set(K_R(0.049870509)));
    q = V_fma(q, r, V_set(K_R(0.398942274)));
    const vreal y = V_select(V_lt(size, six), p * V_exp(-held), q * V_sqrt(r));
    return V_select(V_eq(x, x), y, x);
}
/* e^-|x| I1(x), likewise. */
V_FN vreal V_i1e(const vreal x) {
    const vreal size = V_abs(x), six = V_set(K_R(6.0)), held = V_min(size, six), z = held * held;
    vreal p = V_set(K_R(7.86247217e-16));
    p = V_fma(p, z, V_set(K_R(1.32890937e-13)));
    p = V_fma(p, z, V_set(K_R(3.42194106e-11)));
    p = V_fma(p, z, V_set(K_R(5.6404097e-09)));
    p = V_fma(p, z, V_set(K_R(6.78287154e-07)));
    p = V_fma(p, z, V_set(K_R(5.42527757e-05)));
    p = V_fma(p, z, V_set(K_R(0.00260416863)));
    p = V_fma(p, z, V_set(K_R(0.062499998)));
    p = V_fma(p, z, V_set(K_R(0.5)));
    const vreal r = K_R(1.0) / V_max(size, six);
    vreal q = V_set(K_R(-1.17826389));
    q = V_fma(q, r, V_set(K_R(-0.0988606882)));
    q = V_fma(q, r, V_set(K_R(-0.024741248)));
    q = V_fma(q, r, V_set(K_R(-0.0451560549)));
    q = V_fma(q, r, V_set(K_R(-0.0465591967)));
    q = V_fma(q, r, V_set(K_R(-0.149606274)));
    q = V_fma(q, r, V_set(K_R(0.398942287)));
    const vreal large = q * V_sqrt(r);
    const vreal y = V_select(V_lt(size, six), x * p * V_exp(-held), V_select(V_lt(x, V_set(K_R(0.0))), -large, large));
    return V_select(V_eq(x, x), y, x);
}
#endif
#endif
