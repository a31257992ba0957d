/* Places as quotients of 64-bit whole numbers, for float32. A float of several thousand says too little of where
 * in a cell a ray is, but a sum of products of whole numbers has no rounding, whatever its order: n = x - j d, for
 * the quotient x / d and cell j, is the same number in a projector and in its adjoint, and only n / d, which is
 * small, becomes a float. What the coefficients lose when the host rounds them is a matter of 2^-20 cells.
 * d > 0 here. The cell below has weight 1 - n / d, the cell above n / d, with n from the cell below in both. */
#ifndef K_CT_WHOLE
#define K_CT_WHOLE

/* Weight of a cell by its own n. */
K_FN real whole_hat(const k_long n, const k_long d, const real inverse) {
    const int above = n < 0;
    const k_long from = above ? n + d : n;
    const real f = K_real(from) * inverse, w = above ? f : K_max(K_R(1.0) - f, K_R(0.0));
    return from >= 0 && from < d ? w : K_R(0.0);
}

/* The cell below the quotient x / d, and what is left: the estimate is off by less than a cell up to 2^22 cells;
 * beyond 10^9 there are none, and no cell is right. */
K_FN int whole_cell(const k_long x, const k_long d, const real inverse, K_PRIVATE k_long *n) {
    const real most = K_R(1e9), about = K_floor(K_real(x) * inverse);
    const int j = K_int(K_max(K_min(about, most), -most));
    const k_long left = x - j * d;
    const int down = left < 0, up = left >= d;
    *n = left + (down ? d : up ? -d : (k_long)0);
    return j + up - down;
}
#endif
