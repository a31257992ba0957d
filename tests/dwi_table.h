/* A gradient table of 64 directions about the sphere behind two unweighted volumes, and exact
 * signals. */
#ifndef DWI_TABLE_H
#define DWI_TABLE_H
#include "dwi_data.h"

enum { N = 66, FIRST = 2 };
static double b[N], d[3 * N];

__attribute__((unused)) static void table_of(double most) {
    for (int i = 0; i < N; i++) {
        const double z = i < FIRST ? 0 : 1 - 2 * (i - FIRST + 0.5) / (N - FIRST),
                     r = sqrt(1 - z * z);
        b[i] = i < FIRST ? 0 : most;
        d[3 * i] = r * cos(2.399963 * i), d[3 * i + 1] = r * sin(2.399963 * i), d[3 * i + 2] = z;
    }
}
/* A unit vector for every voxel. */
__attribute__((unused)) static void fibre_of(int v, int which, double *f) {
    const uint32_t counter[4] = {(uint32_t)v, (uint32_t)which, 0, 0}, key[2] = {1, 2};
    uint32_t r[4];
    vxg_philox(counter, key, r);
    const double z = 2 * (r[0] * 0x1p-32) - 1, s = sqrt(1 - z * z), phi = r[1] * 0x1p-32 * 2 * M_PI;
    f[0] = s * cos(phi), f[1] = s * sin(phi), f[2] = z;
}
__attribute__((unused)) static double signal_of(int i, const double *f, double along,
                                                double across) {
    const double c = f[0] * d[3 * i] + f[1] * d[3 * i + 1] + f[2] * d[3 * i + 2];
    return exp(-b[i] * (across + (along - across) * c * c));
}
#endif
