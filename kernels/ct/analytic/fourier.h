/* Where the samples of a parallel beam's spectrum fall on a grid, and how much of each a cell gets: what spreading
 * samples to cells and its transpose share (fourier.k). */

#ifndef K_FOURIER_H
#define K_FOURIER_H

/* A view's numbers: the direction's angle in [0, pi), cells along x and y from one frequency to the next, each in two
 * parts, high ones first, and its number among the projections. Views stand sorted by angle. */
#define FOURIER_VIEW 6
/* The parts of a view's phases: of its first frequencies, and of every FOURIER_FINE-th. */
#define FOURIER_FINE 64

/* The first of `taps` cells that frequency k reaches, and *t in [0, 1], how far it lies behind its own first border. The
 * product of the high part is exact: no place is off by more than rounding of a fraction of a cell. */
K_FN int fourier_first(const real high, const real low, const int k, const int taps, K_PRIVATE real *t) {
    const real whole = K_real(k) * high - K_R(0.5) * K_real(taps), cell = K_floor(whole);
    const real rest = (whole - cell) + K_real(k) * low, up = K_ceil(rest);
    *t = up - rest;
    return K_int(cell) + K_int(up);
}

/* The share of cell m of those: a polynomial for each, coefficients (degree + 1, taps), highest power first. */
K_FN real fourier_share(K_GLOBAL const real *shares, const int taps, const int degree, const int m, const real t) {
    const real s = t + t - K_R(1.0);
    real v = shares[m];
    for (int d = 1; d <= degree; d++) v = K_fma(v, s, shares[d * taps + m]);
    return v;
}
#endif
