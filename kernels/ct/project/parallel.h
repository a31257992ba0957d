/* Parallel-beam ray/cell weights, shared by the forward projector and its adjoint.
 *
 * A view's rays all have one dominant axis a, chosen on the host. In voxel index units a ray passes
 * slice k of that axis at b = B0 + Bu q' + Bv r' + sb k'      c = C0 + Cu q' + Cv r' + sc k' on the
 * two other axes, with |sb|, |sc| <= 1 and q', r', k' counted from the middle of the detector and
 * of the volume. A float32 of several thousand says too little of where in a cell the ray is, so
 * each number of a line is the sum of two: the high parts are multiples of a power of two chosen by
 * the host so that their whole sum is exact, whatever its order; the low parts are what is left.
 * The place relative to a cell is (high - cell) + low: one rounding of a small number. Forward and
 * adjoint must evaluate the low sum in the order written: the same bits give the same weights, and
 * that is what makes the pair exact.
 */
#ifndef K_CT_PARALLEL
#define K_CT_PARALLEL

/* Coefficients of a view, K_PAR_COEFS reals. */
#define K_PAR_AXIS 0     /* 0 x, 1 y, 2 z */
#define K_PAR_LENGTH 1   /* of the ray across one slice, in world units */
#define K_PAR_B 2        /* B0 Bu Bv sb, high parts */
#define K_PAR_C 6        /* C0 Cu Cv sc */
#define K_PAR_INVERSE 10 /* q' r' from b c: qb qc rb rc */
#define K_PAR_HALF 14    /* half widths of a cell's shadow in q and r, margin included */
#define K_PAR_SLOPE 16   /* 1/sb 1/sc, 0 where the slope is 0 */
#define K_PAR_B_LOW 18   /* the low parts of B0 Bu Bv sb */
#define K_PAR_C_LOW 22   /* of C0 Cu Cv sc */
#define K_PAR_COEFS 26

/* The low sum of a line without its part in q': k varies along a ray, q from ray to ray. */
K_FN real par_low(K_GLOBAL const real *low, const real r, const real k) {
    return K_fma(low[3], k, K_fma(low[2], r, low[0]));
}
K_FN real par_at(const real base, const real slope, const real k) {
    return K_fma(slope, k, base);
}

/* Joseph: linear interpolation in the slice. */
K_FN real par_hat(const real b, const int cell) {
    const real d = K_R(1.0) - K_abs(b - K_real(cell));
    return d > K_R(0.0) ? d : K_R(0.0);
}

/* The two cells that a place between them has weights for: high + low must fit an int. The sum of
 * the two parts may be rounded across a cell's middle; the way from the cell, which the weights are
 * made of, tells. The weights have the bits of par_hat at (high - cell) + low. */
struct par_cells {
    int first;
    real w0, w1;
};
K_FN struct par_cells par_cells_of(const real high, const real low) {
    real cell = K_floor(high + low), rest = high - cell, way = rest + low;
    struct par_cells s;
    if (!(way >= K_R(0.0) && way < K_R(1.0))) { /* seldom */
        cell += way < K_R(0.0) ? -K_R(1.0) : K_R(1.0);
        rest = high - cell, way = rest + low;
    }
    s.first = K_int(cell);
    s.w0 = K_R(1.0) - way;
    s.w1 = K_R(1.0) + ((rest - K_R(1.0)) + low);
    return s;
}

/* Siddon: the part of [-1/2, 1/2] (the slice's thickness along a) for which a ray lies between a
 * cell's two faces; updates [lo, hi]. below, above: where it passes the slice's middle, from the lower
 * and from the upper face. inverse is 1 over the slope, or 0.
 * Neighbouring cells must get the same number for the face between them: a nearly flat ray along a
 * face would be given to both, or to none, by two numbers that differ in their last bit. */
K_FN void par_cut(const real below, const real above, const real inverse, K_PRIVATE real *lo,
                  K_PRIVATE real *hi) {
    if (inverse == K_R(0.0)) {
        if (!(below >= K_R(0.0) && above < K_R(0.0))) *hi = *lo;
        return;
    }
    const real t0 = -below * inverse, t1 = -above * inverse;
    *lo = K_max(*lo, K_min(t0, t1));
    *hi = K_min(*hi, K_max(t0, t1));
}

/* Siddon's part of a cell for a ray that passes (b, c) beside its middle, each high + low, without the length: c's
 * cut first, which cells along b often share, then what is left of it by b. The high part less half a cell is exact:
 * faces are rounded once, as the small numbers that they are. */
struct par_part {
    real lo, hi;
};
K_FN void par_faces(const real high, const real low, const real inverse, K_PRIVATE struct par_part *s) {
    par_cut((high + K_R(0.5)) + low, (high - K_R(0.5)) + low, inverse, &s->lo, &s->hi);
}
K_FN struct par_part par_part_of(const real high, const real low, const real inverse_c) {
    struct par_part s;
    s.lo = -K_R(0.5), s.hi = K_R(0.5);
    par_faces(high, low, inverse_c, &s);
    return s;
}
K_FN real par_part_length(struct par_part s, const real high, const real low, const real inverse_b) {
    par_faces(high, low, inverse_b, &s);
    return s.hi > s.lo ? s.hi - s.lo : K_R(0.0);
}
#endif
