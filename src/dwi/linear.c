/* Small dense least squares on the host, in double. */
#include "dwi/dwi.h"

#include <math.h>

/* m (k, k), lower triangle, becomes its Cholesky factor. */
static int factor(int64_t k, double *m, const char *what) {
    double largest = 0;
    for (int64_t i = 0; i < k; i++) largest = fmax(largest, m[i * k + i]);
    for (int64_t i = 0; i < k; i++) {
        for (int64_t j = 0; j <= i; j++) {
            double s = m[i * k + j];
            for (int64_t l = 0; l < j; l++) s -= m[i * k + l] * m[j * k + l];
            if (j < i) m[i * k + j] = s / m[j * k + j];
            VXG_FAIL_IF(i == j && !(s > 1e-12 * largest), VXG_ERR_NUMERICAL,
                        "%s: the measurements do not determine it (unknown %lld of %lld)", what,
                        (long long)i, (long long)k);
            if (j == i) m[i * k + i] = sqrt(s);
        }
    }
    return VXG_OK;
}

static void solve(int64_t k, const double *m, double *x) {
    for (int64_t i = 0; i < k; i++) {
        for (int64_t l = 0; l < i; l++) x[i] -= m[i * k + l] * x[l];
        x[i] /= m[i * k + i];
    }
    for (int64_t i = k - 1; i >= 0; i--) {
        for (int64_t l = i + 1; l < k; l++) x[i] -= m[l * k + i] * x[l];
        x[i] /= m[i * k + i];
    }
}

int vxg__pseudo_inverse(int64_t n, int64_t k, const double *a, const double *ridge, double *inverse,
                        const char *what) {
    double *m = vxg__calloc((size_t)(k * (k + 2)), sizeof *m), *x = m + k * k, *r = x + k;
    if (!m) return VXG_ERR_MEMORY;
    for (int64_t i = 0; i < k; i++)
        for (int64_t j = 0; j <= i; j++) {
            double s = i == j && ridge ? ridge[i] : 0;
            for (int64_t p = 0; p < n; p++) s += a[p * k + i] * a[p * k + j];
            m[i * k + j] = s;
        }
    int status = factor(k, m, what);
    for (int64_t p = 0; p < n && !status; p++) {
        for (int64_t i = 0; i < k; i++) x[i] = a[p * k + i];
        solve(k, m, x);
        /* Once more for what rounding left: of A x - (row p of the unit matrix), seen through A'.
         */
        for (int64_t i = 0; i < k; i++) r[i] = a[p * k + i] - (ridge ? ridge[i] * x[i] : 0);
        for (int64_t q = 0; q < n; q++) {
            double s = 0;
            for (int64_t i = 0; i < k; i++) s += a[q * k + i] * x[i];
            for (int64_t i = 0; i < k; i++) r[i] -= a[q * k + i] * s;
        }
        solve(k, m, r);
        for (int64_t i = 0; i < k; i++) inverse[i * n + p] = x[i] + r[i];
    }
    vxg__free(m);
    return status;
}
