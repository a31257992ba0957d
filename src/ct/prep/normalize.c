/* Dark/flat correction and minus logarithm. Arithmetic in double, one rounding to float at the end.
 */
#include <math.h>

#include <voxgrad/ct.h>

#include "base/base.h"

#define BLOCK 512 /* pixels whose sums stay in cache while the frames go by */
#define DEFAULT_FLOOR 1e-6

static void mean_block(const float *frames, int64_t nframes, int64_t n, int64_t first,
                       int64_t count, float *mean) {
    double sum[BLOCK] = {0};
    int64_t used[BLOCK] = {0};
    for (int64_t f = 0; f < nframes; f++) {
        const float *row = frames + f * n + first;
        for (int64_t i = 0; i < count; i++) {
            if (isnan(row[i])) continue;
            sum[i] += row[i];
            used[i]++;
        }
    }
    for (int64_t i = 0; i < count; i++)
        mean[first + i] = used[i] ? (float)(sum[i] / (double)used[i]) : NAN;
}

int vxg_ct_frame_mean(const float *frames, int64_t nframes, int64_t n, float *mean) {
    VXG_FAIL_IF(!frames || !mean, VXG_ERR_ARGUMENT, "frame mean: frames or mean is NULL");
    VXG_FAIL_IF(nframes < 1 || n < 1, VXG_ERR_ARGUMENT,
                "frame mean: %lld frames of %lld pixels; expected 1 or more of each",
                (long long)nframes, (long long)n);
    for (int64_t first = 0; first < n; first += BLOCK)
        mean_block(frames, nframes, n, first, n - first < BLOCK ? n - first : BLOCK, mean);
    return VXG_OK;
}

/* Open beam over dark; 0 marks a dead pixel (a NaN or infinite flat or dark is dead as well). */
static double open_beam(const float *flat, const float *dark, int64_t i) {
    double open = (double)flat[i] - (dark ? (double)dark[i] : 0);
    return open > 0 && isfinite(open) ? open : 0;
}

typedef struct normalize_job {
    float *data;
    const float *flat, *dark;
    int64_t n, skip0, skip1; /* pixels [skip0, skip1) were counted before */
    float worst, dead;       /* what bad values and those of dead pixels become */
    int64_t any;             /* bad values, counted before or not */
    vxg_ct_bad_counts bad;   /* added to by all threads: whole numbers, any order */
} normalize_job;

static void normalize_views(void *context, int64_t begin, int64_t end, int worker) {
    normalize_job *j = context;
    int64_t nonpositive = 0, nonfinite = 0, any = 0;
    (void)worker;
    for (int64_t v = begin; v < end; v++) {
        float *row = j->data + v * j->n;
        for (int64_t i = 0; i < j->n; i++) {
            double open = open_beam(j->flat, j->dark, i);
            double t = ((double)row[i] - (j->dark ? (double)j->dark[i] : 0)) / open;
            const int counts = i < j->skip0 || i >= j->skip1;
            if (open == 0) {
                row[i] = j->dead;
            } else if (!isfinite(t)) {
                row[i] = j->worst;
                nonfinite += counts, any++;
            } else if (t <= 0) {
                row[i] = j->worst;
                nonpositive += counts, any++;
            } else {
                row[i] = (float)-log(t);
            }
        }
    }
    __atomic_add_fetch(&j->any, any, __ATOMIC_RELAXED);
    __atomic_add_fetch(&j->bad.nonpositive, nonpositive, __ATOMIC_RELAXED);
    __atomic_add_fetch(&j->bad.nonfinite, nonfinite, __ATOMIC_RELAXED);
}

int vxg__ct_normalize(float *data, int64_t nviews, int64_t n, const float *flat, const float *dark,
                      double floor, int64_t skip0, int64_t skip1, vxg_ct_bad_counts *counts) {
    normalize_job j = {data, flat, dark, .n = n, .skip0 = skip0, .skip1 = skip1};
    j.worst = isnan(floor) ? NAN : (float)-log(floor > 0 ? floor : DEFAULT_FLOOR);
    j.dead = isnan(floor) ? NAN : 0;
    for (int64_t i = 0; i < n; i++)
        if (open_beam(flat, dark, i) == 0) {
            j.bad.dead += i < skip0 || i >= skip1;
            j.any++;
        }
    vxg__parallel(nviews, 1 + 16384 / n, normalize_views, &j);
    if (counts) {
        counts->nonpositive += j.bad.nonpositive;
        counts->nonfinite += j.bad.nonfinite;
        counts->dead += j.bad.dead;
    }
    return j.any > 0;
}

int vxg__ct_all_dead(void) {
    return vxg_error_set(VXG_ERR_INPUT,
                         "flat field is zero or below the dark everywhere, or not a number (NaN)");
}

int vxg_ct_normalize(float *data, int64_t nviews, int64_t n, const float *flat, const float *dark,
                     double floor, vxg_ct_bad_counts *counts) {
    VXG_FAIL_IF(!data || !flat, VXG_ERR_ARGUMENT, "normalize: data or flat is NULL");
    if (counts) VXG_TRY(VXG_FIXED(vxg_ct_bad_counts, counts));
    VXG_FAIL_IF(nviews < 1 || n < 1, VXG_ERR_ARGUMENT,
                "normalize: %lld views of %lld pixels; expected 1 or more of each",
                (long long)nviews, (long long)n);
    VXG_FAIL_IF(!(floor >= 0) || !isfinite(floor), VXG_ERR_ARGUMENT,
                "normalize: floor %g; expected a positive transmission, or 0 for %g", floor,
                DEFAULT_FLOOR);
    int64_t dead = 0;
    for (int64_t i = 0; i < n; i++) dead += open_beam(flat, dark, i) == 0;
    if (dead == n) return vxg__ct_all_dead();
    vxg__ct_normalize(data, nviews, n, flat, dark, floor, 0, 0, counts);
    return VXG_OK;
}
