/* Real spherical harmonics of even order: values at directions, and other packages' bases. */
#include "dwi/dwi.h"

#include <math.h>

int64_t vxg_sh_count(int order) {
    return order < 0 || order > VXG_SH_MOST || order % 2 ? 0
                                                         : (int64_t)(order + 1) * (order + 2) / 2;
}

int vxg_sh_order(int64_t count) {
    for (int order = 0; order <= VXG_SH_MOST; order += 2)
        if (vxg_sh_count(order) == count) return order;
    return -1;
}

static int number_of(int l, int m) {
    return l * (l + 1) / 2 + m;
}

/* P[l][m] = N_lm P_l^m(z) with the Condon-Shortley phase, so that Y_l^m = P[l][m] e^(i m phi) is
 * orthonormal; s = sqrt(1 - z^2). The usual recursion from the diagonal upwards, which is stable.
 */
static void legendre(int order, double z, double s, double p[VXG_SH_MOST + 1][VXG_SH_MOST + 1]) {
    double diagonal = sqrt(1 / (4 * M_PI));
    for (int m = 0; m <= order; m++) {
        if (m > 0) diagonal *= -sqrt((2.0 * m + 1) / (2.0 * m)) * s;
        p[m][m] = diagonal;
        if (m < order) p[m + 1][m] = sqrt(2.0 * m + 3) * z * diagonal;
        for (int l = m + 2; l <= order; l++) {
            const double a = sqrt((4.0 * l * l - 1) / ((double)l * l - (double)m * m));
            const double k = (double)(l - 1) * (l - 1);
            const double b = sqrt((k - (double)m * m) / (4 * k - 1));
            p[l][m] = a * (z * p[l - 1][m] - b * p[l - 2][m]);
        }
    }
}

/* The factor and the place in the tournier07 basis of a basis' coefficient (l, m): c = sign t[l,
 * place]. */
static int place_of(vxg_sh_basis basis, int m, double *sign) {
    *sign = 1;
    if (basis == VXG_SH_TOURNIER07) return m;
    if (basis == VXG_SH_DESCOTEAUX07 && m < 0 && m % 2) *sign = -1;
    return -m;
}

static int check(vxg_sh_basis basis, int order) {
    VXG_FAIL_IF(basis < VXG_SH_TOURNIER07 || basis > VXG_SH_DESCOTEAUX07, VXG_ERR_ARGUMENT,
                "spherical harmonics: there is no basis %d", (int)basis);
    VXG_FAIL_IF(!vxg_sh_count(order), VXG_ERR_ARGUMENT,
                "spherical harmonics: order %d; an even number from 0 to %d is expected", order,
                VXG_SH_MOST);
    return VXG_OK;
}

static void row_of(vxg_sh_basis basis, int order, const double d[3], double *row) {
    double p[VXG_SH_MOST + 1][VXG_SH_MOST + 1], sign;
    const double across = hypot(d[0], d[1]), r = hypot(across, d[2]); /* without overflow */
    const double z = d[2] / r, s = across / r, phi = atan2(d[1], d[0]);
    legendre(order, z, s, p);
    for (int l = 0; l <= order; l += 2)
        for (int m = -l; m <= l; m++) {
            const int t = place_of(basis, m, &sign);
            const double value = t < 0   ? sqrt(2.0) * p[l][-t] * sin(-t * phi)
                                 : t > 0 ? sqrt(2.0) * p[l][t] * cos(t * phi)
                                         : p[l][0];
            row[number_of(l, m)] = sign * value;
        }
}

int vxg_sh_matrix(vxg_sh_basis basis, int order, int64_t n, const double *directions,
                  double *matrix) {
    VXG_FAIL_IF(!directions || !matrix || n < 0, VXG_ERR_ARGUMENT,
                "spherical harmonics: directions or matrix is NULL");
    VXG_TRY(check(basis, order));
    const int64_t count = vxg_sh_count(order);
    for (int64_t i = 0; i < n; i++) {
        const double *d = directions + 3 * i, r = hypot(hypot(d[0], d[1]), d[2]);
        VXG_FAIL_IF(!isfinite(r) || r == 0, VXG_ERR_ARGUMENT,
                    "spherical harmonics: direction %lld is %g %g %g", (long long)i, d[0], d[1],
                    d[2]);
        row_of(basis, order, d, matrix + i * count);
    }
    return VXG_OK;
}

int vxg_sh_convert(vxg_sh_basis from, vxg_sh_basis to, int order, int64_t n, double *c) {
    double tournier[(VXG_SH_MOST + 1) * (VXG_SH_MOST + 2) / 2], sign;
    VXG_FAIL_IF(!c || n < 0, VXG_ERR_ARGUMENT, "spherical harmonics: coefficients are NULL");
    VXG_TRY(check(from, order));
    VXG_TRY(check(to, order));
    const int64_t count = vxg_sh_count(order);
    for (int64_t i = 0; i < n; i++, c += count) {
        for (int l = 0; l <= order; l += 2)
            for (int m = -l; m <= l; m++) {
                const int t = place_of(from, m, &sign);
                tournier[number_of(l, t)] = sign * c[number_of(l, m)];
            }
        for (int l = 0; l <= order; l += 2)
            for (int m = -l; m <= l; m++) {
                const int t = place_of(to, m, &sign);
                c[number_of(l, m)] = sign * tournier[number_of(l, t)];
            }
    }
    return VXG_OK;
}
