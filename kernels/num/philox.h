/* Random numbers that are functions of their place: Philox4x32-10 (J. K. Salmon et al., SC 2011), the same words as
 * vxg_philox. */
#ifndef NUM_PHILOX_H
#define NUM_PHILOX_H
#include "kernels/prelude/lanes.h"

/* Ten rounds of a counter c of four words, of one item or of lanes: T their type, `high` the high half of a product. */
#define PHILOX_ROUNDS(T, high, first, second)                                             \
    for (int round = 0; round < 10; round++) {                                            \
        const T high0 = high(first, c[0]), low0 = first * c[0];                           \
        const T high1 = high(second, c[2]), low1 = second * c[2];                         \
        c[0] = high1 ^ c[1] ^ k0;                                                         \
        c[1] = low1;                                                                      \
        c[2] = high0 ^ c[3] ^ k1;                                                         \
        c[3] = low0;                                                                      \
        k0 += (k_uint)0x9E3779B9;                                                         \
        k1 += (k_uint)0xBB67AE85;                                                         \
    }
#define PHILOX_FIRST ((k_uint)0xD2511F53)
#define PHILOX_SECOND ((k_uint)0xCD9E8D57)

/* The counter c becomes four random words. */
K_FN void philox(K_PRIVATE k_uint *c, const k_uint key0, const k_uint key1) {
    k_uint k0 = key0, k1 = key1;
    PHILOX_ROUNDS(k_uint, K_mulhi, PHILOX_FIRST, PHILOX_SECOND)
}

#if V_LANES > 1
/* The same of the counters of all lanes. */
V_FN void philox_lanes(vuint *c, const k_uint key0, const k_uint key1) {
    const vuint first = V_uset(PHILOX_FIRST), second = V_uset(PHILOX_SECOND);
    k_uint k0 = key0, k1 = key1;
    PHILOX_ROUNDS(vuint, V_mulhi, first, second)
}
#endif

/* A word as a number in [0, 1): 24 bits, exact in float32 and the same in both precisions. */
K_FN real philox_uniform(const k_uint word) {
    return K_real((int)(word >> 8)) * K_R(5.9604644775390625e-8);
}
#endif
