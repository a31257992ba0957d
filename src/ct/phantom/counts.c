/* Counts: Poisson numbers from a counter, and a detector that shows them. */
#include "ct/phantom/phantom.h"

#include <math.h>
#include <stdatomic.h>

#define PURPOSE_COUNTS 0x636f756eu /* keys of unlike purposes share no numbers */
#define PURPOSE_PATTERN 0x70617474u

/* (0, 1), 53 bits: never an end point, so that logarithms are finite */
static double unit(uint32_t high, uint32_t low) {
    return ((double)(high >> 5) * 67108864.0 + (double)(low >> 6) + 0.5) / 9007199254740992.0;
}

static void two_units(const uint32_t key[2], const uint32_t counter[4], uint32_t draw, double *u,
                      double *v) {
    const uint32_t c[4] = {counter[0], counter[1], counter[2], counter[3] + draw};
    uint32_t r[4];
    vxg_philox(c, key, r);
    *u = unit(r[0], r[1]), *v = unit(r[2], r[3]);
}

static double by_inversion(double mean, double u) {
    double k = 0, p = exp(-mean), sum = p;
    while (u > sum && k < 200) { /* 200: only rounding keeps the sum below u that long */
        k++;
        p *= mean / k;
        sum += p;
    }
    return k;
}

/* log of the probability of k. By Stirling's series about k: the large terms cancel before they are
 * rounded, which k log(mean) - mean - log(k!) would not do. */
static double log_probability(double k, double mean) {
    if (k < 16) {
        double factorial = 1;
        for (int i = 2; i <= (int)k; i++) factorial *= i;
        return k * log(mean) - mean - log(factorial);
    }
    const double x = (mean - k) / k, k2 = k * k;
    const double series = (1 - (1 - (2 - 1.5 / k2) / (7 * k2)) / (30 * k2)) / (12 * k);
    return k * (log1p(x) - x) - 0.5 * log(2 * M_PI * k) - series;
}

static double by_rejection(double mean, const uint32_t key[2], const uint32_t counter[4]) {
    const double b = 0.931 + 2.53 * sqrt(mean), a = -0.059 + 0.02483 * b;
    const double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4), vr = 0.9277 - 3.6224 / (b - 2);
    for (uint32_t draw = 0; draw < 65536; draw++) { /* about 1.2 draws on average */
        double u, v;
        two_units(key, counter, draw, &u, &v);
        u -= 0.5;
        const double us = 0.5 - fabs(u), k = floor((2 * a / us + b) * u + mean + 0.43);
        if (us >= 0.07 && v <= vr) return k;
        if (k < 0 || (us < 0.013 && v > us)) continue;
        if (log(v * inverse_alpha / (a / (us * us) + b)) <= log_probability(k, mean)) return k;
    }
    return floor(mean + 0.5);
}

double vxg_poisson(double mean, const uint32_t key[2], const uint32_t counter[4]) {
    double u, v;
    if (!(mean > 0)) return 0;
    if (mean > 1e15) return floor(mean + 0.5);
    if (mean >= 10) return by_rejection(mean, key, counter);
    two_units(key, counter, 0, &u, &v);
    return by_inversion(mean, u);
}

typedef struct job {
    const vxg_ct_exposure *e;
    vxg_frame_kind kind;
    int64_t first, nv, nu;
    const double *integrals;
    uint16_t *counts;
    _Atomic int64_t saturated;
} job;

static double sensitivity(const vxg_ct_exposure *e, int64_t nv, int64_t nu, int64_t pixel) {
    if (e->flat_pattern == 0) return 1;
    const uint32_t key[2] = {(uint32_t)e->seed ^ PURPOSE_PATTERN, (uint32_t)(e->seed >> 32)};
    const uint32_t counter[4] = {(uint32_t)pixel, (uint32_t)((uint64_t)pixel >> 32), 0, 0};
    double u, v;
    two_units(key, counter, 0, &u, &v);
    const double x = ((double)(pixel % nu) + 0.5) / (double)nu - 0.5;
    const double y = ((double)(pixel / nu) + 0.5) / (double)nv - 0.5;
    return 1 + e->flat_pattern * (cos(M_PI * x) * cos(M_PI * y) - 0.5 + (u - 0.5));
}

/* Counts before rounding. */
static double level(const job *j, int64_t frame, int64_t pixel, double integral) {
    const vxg_ct_exposure *e = j->e;
    if (j->kind == VXG_FRAME_DARK) return e->dark;
    const double open = sensitivity(e, j->nv, j->nu, pixel) * exp(-integral);
    if (!(e->photons > 0)) return e->dark + e->white * open;
    const uint32_t key[2] = {(uint32_t)e->seed ^ PURPOSE_COUNTS, (uint32_t)(e->seed >> 32)};
    const uint32_t counter[4] = {(uint32_t)pixel, (uint32_t)((uint64_t)pixel >> 32),
                                 (uint32_t)frame, (uint32_t)j->kind << 16};
    return e->dark + e->white / e->photons * vxg_poisson(e->photons * open, key, counter);
}

static void expose_rows(void *context, int64_t begin, int64_t end, int worker) {
    job *j = context;
    int64_t over = 0;
    (void)worker;
    for (int64_t i = begin * j->nu; i < end * j->nu; i++) {
        const int64_t frame = i / (j->nv * j->nu), pixel = i % (j->nv * j->nu);
        const double c =
            floor(level(j, j->first + frame, pixel, j->integrals ? j->integrals[i] : 0) + 0.5);
        over += c > 65535;
        j->counts[i] = (uint16_t)(c > 65535 ? 65535 : c > 0 ? c : 0);
    }
    atomic_fetch_add(&j->saturated, over);
}

static int check(const vxg_ct_exposure *e) {
    VXG_FAIL_IF(!(e->photons >= 0) || !isfinite(e->photons), VXG_ERR_ARGUMENT,
                "exposure: photons must not be negative");
    VXG_FAIL_IF(!(e->white > 0) || !isfinite(e->white), VXG_ERR_ARGUMENT,
                "exposure: white must be positive");
    VXG_FAIL_IF(!(e->dark >= 0 && e->dark <= 65535), VXG_ERR_ARGUMENT,
                "exposure: dark must be 0 to 65535");
    VXG_FAIL_IF(!(e->flat_pattern >= 0 && e->flat_pattern < 1), VXG_ERR_ARGUMENT,
                "exposure: flat_pattern must be at least 0 and below 1");
    return VXG_OK;
}

int vxg_ct_expose(const vxg_ct_exposure *e, vxg_frame_kind kind, int64_t first, int64_t nframes,
                  int64_t nv, int64_t nu, const double *integrals, uint16_t *counts,
                  int64_t *saturated) {
    VXG_FAIL_IF(!e || !counts, VXG_ERR_ARGUMENT, "exposure or counts is NULL");
    VXG_READ(vxg_ct_exposure, e);
    VXG_TRY(check(e));
    VXG_FAIL_IF((int)kind < 0 || kind > VXG_FRAME_DARK, VXG_ERR_ARGUMENT,
                "exposure: unknown frame kind %d", (int)kind);
    VXG_FAIL_IF((kind == VXG_FRAME_DATA) != (integrals != NULL), VXG_ERR_ARGUMENT,
                "exposure: line integrals belong to projections");
    VXG_FAIL_IF(first < 0 || nframes < 0 || first > UINT32_MAX - nframes, VXG_ERR_ARGUMENT,
                "exposure: frames %lld + %lld are out of range", (long long)first,
                (long long)nframes);
    VXG_FAIL_IF(nv < 1 || nu < 1 || nu > VXG_MAX_ELEMENTS / nv, VXG_ERR_ARGUMENT,
                "exposure: frames of %lld x %lld pixels", (long long)nv, (long long)nu);
    job j = {.e = e,
             .kind = kind,
             .first = first,
             .nv = nv,
             .nu = nu,
             .integrals = integrals,
             .counts = counts};
    vxg__parallel(nframes * nv, 16, expose_rows, &j);
    if (saturated) *saturated += j.saturated;
    return VXG_OK;
}
