/* What random examples of scans are made of: a function of the seed alone. */
#include "ct/registry/examples.h"

#include <math.h>
#include <string.h>

double vxg__roll(vxg__dice *d, double lo, double hi) {
    uint32_t r[4];
    d->counter[0]++;
    vxg_philox(d->counter, d->key, r);
    return lo + (hi - lo) * (double)(r[0] >> 8) / 16777216.0;
}
int64_t vxg__roll_int(vxg__dice *d, int64_t lo, int64_t hi) {
    return lo + (int64_t)vxg__roll(d, 0, (double)(hi - lo + 1));
}

void vxg__roll_rotation(vxg__dice *d, double most, double *m) {
    /* about x, then y, then z by up to `most` radians */
    double a = vxg__roll(d, -most, most), b = vxg__roll(d, -most, most),
           c = vxg__roll(d, -most, most);
    double sa = sin(a), ca = cos(a), sb = sin(b), cb = cos(b), sc = sin(c), cc = cos(c);
    double r[9] = {cb * cc,
                   sa * sb * cc - ca * sc,
                   ca * sb * cc + sa * sc,
                   cb * sc,
                   sa * sb * sc + ca * cc,
                   ca * sb * sc - sa * cc,
                   -sb,
                   sa * cb,
                   ca * cb};
    memcpy(m, r, sizeof r);
}
void vxg__rotate(const double *m, double *v) {
    double t[3] = {vxg__dot3(m, v), vxg__dot3(m + 3, v), vxg__dot3(m + 6, v)};
    memcpy(v, t, sizeof t);
}
