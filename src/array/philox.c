/* The generator of random numbers, Philox4x32-10 (J. K. Salmon et al., SC 2011). It needs no device
 * and no array: what reads geometries draws from it too. */
#include "base/base.h"
#include <voxgrad/array.h>

void vxg_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
    uint32_t c[4] = {counter[0], counter[1], counter[2], counter[3]}, k[2] = {key[0], key[1]};
    for (int round = 0; round < 10; round++) {
        uint64_t p = (uint64_t)0xD2511F53u * c[0], q = (uint64_t)0xCD9E8D57u * c[2];
        uint32_t a = (uint32_t)(q >> 32) ^ c[1] ^ k[0], b = (uint32_t)(p >> 32) ^ c[3] ^ k[1];
        c[0] = a, c[1] = (uint32_t)q, c[2] = b, c[3] = (uint32_t)p;
        k[0] += 0x9E3779B9u, k[1] += 0xBB67AE85u;
    }
    for (int i = 0; i < 4; i++) out[i] = c[i];
}
