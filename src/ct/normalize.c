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

int vxg_ct_normalize(float *data, int64_t nviews, int64_t n, const float *flat, const float *dark,
                     double floor, vxg_ct_bad_counts *counts) {
    VXG_FAIL_IF(!data || !flat, VXG_ERR_ARGUMENT, "normalize: data or flat is NULL");
    VXG_FAIL_IF(nviews < 1 || n < 1, VXG_ERR_ARGUMENT,
                "normalize: %lld views of %lld pixels; expected 1 or more of each",
                (long long)nviews, (long long)n);
    VXG_FAIL_IF(!(floor >= 0) || !isfinite(floor), VXG_ERR_ARGUMENT,
                "normalize: floor %g; expected a positive transmission, or 0 for %g", floor,
                DEFAULT_FLOOR);
    vxg_ct_bad_counts bad = {0};
    for (int64_t i = 0; i < n; i++) bad.dead += open_beam(flat, dark, i) == 0;
    VXG_FAIL_IF(bad.dead == n, VXG_ERR_INPUT, "flat field is zero or below the dark everywhere");

    const float worst = (float)-log(floor > 0 ? floor : DEFAULT_FLOOR);
    for (int64_t v = 0; v < nviews; v++) {
        float *row = data + v * n;
        for (int64_t i = 0; i < n; i++) {
            double open = open_beam(flat, dark, i);
            double t = ((double)row[i] - (dark ? (double)dark[i] : 0)) / open;
            if (open == 0) {
                row[i] = 0;
            } else if (!isfinite(t)) {
                row[i] = worst, bad.nonfinite++;
            } else if (t <= 0) {
                row[i] = worst, bad.nonpositive++;
            } else {
                row[i] = (float)-log(t);
            }
        }
    }
    if (counts) {
        counts->nonpositive += bad.nonpositive;
        counts->nonfinite += bad.nonfinite;
        counts->dead += bad.dead;
    }
    return VXG_OK;
}
