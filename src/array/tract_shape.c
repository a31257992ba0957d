/* Lengths of streamlines, and the points that they need. */
#include "array/tract_shape.h"

#include <math.h>

enum { MOST_RUN = 4096 }; /* points that are left out in a row at most: what a run costs */

int vxg__batch_check(const vxg_tract_batch *b) {
    VXG_FAIL_IF(b->lines < 0 || (b->lines > 0 && !b->offsets), VXG_ERR_ARGUMENT,
                "streamlines: a batch of %lld, or its offsets are NULL", (long long)b->lines);
    VXG_FAIL_IF(b->dtype != VXG_F32 && b->dtype != VXG_F64, VXG_ERR_ARGUMENT,
                "streamlines: positions of %s; float32 or float64 expected",
                vxg_dtype_name(b->dtype));
    for (int64_t i = 0; i < b->lines; i++)
        VXG_FAIL_IF(b->offsets[i + 1] < b->offsets[i] || b->offsets[0] != 0, VXG_ERR_ARGUMENT,
                    "streamlines: streamline %lld of a batch ends before it begins", (long long)i);
    VXG_FAIL_IF(b->lines > 0 && b->offsets[b->lines] > 0 && !b->positions, VXG_ERR_ARGUMENT,
                "streamlines: the positions of a batch are NULL");
    return VXG_OK;
}

static void point(const vxg_tract_batch *b, int64_t i, double p[3]) {
    for (int k = 0; k < 3; k++)
        p[k] = b->dtype == VXG_F64 ? ((const double *)b->positions)[3 * i + k]
                                   : (double)((const float *)b->positions)[3 * i + k];
}

static double distance(const double a[3], const double b[3]) {
    const double x = b[0] - a[0], y = b[1] - a[1], z = b[2] - a[2];
    return sqrt(x * x + y * y + z * z);
}

static double length_of(const vxg_tract_batch *b, int64_t line) {
    double p[3] = {0}, q[3], sum = 0;
    for (int64_t i = b->offsets[line]; i < b->offsets[line + 1]; i++) {
        point(b, i, q);
        if (i > b->offsets[line]) sum += distance(p, q);
        for (int k = 0; k < 3; k++) p[k] = q[k];
    }
    return sum;
}

int vxg_tract_lengths(const vxg_tract_batch *batch, double *lengths) {
    VXG_FAIL_IF(!batch || !lengths, VXG_ERR_ARGUMENT, "streamlines: batch or lengths is NULL");
    VXG_READ(vxg_tract_batch, batch);
    VXG_TRY(vxg__batch_check(batch));
    for (int64_t n = 0; n < batch->lines; n++) lengths[n] = length_of(batch, n);
    return VXG_OK;
}

/* Whether a is within `tolerance` of the straight line from p to q that ends at both. */
static int close_to(const double p[3], const double q[3], const double a[3], double tolerance) {
    double d[3], length = 0, along = 0, square = 0;
    for (int k = 0; k < 3; k++) {
        d[k] = q[k] - p[k];
        length += d[k] * d[k], along += d[k] * (a[k] - p[k]);
    }
    const double t = length > 0 ? fmin(fmax(along / length, 0), 1) : 0;
    for (int k = 0; k < 3; k++) {
        const double off = a[k] - p[k] - t * d[k];
        square += off * off;
    }
    return square <= tolerance * tolerance;
}

/* Whether all points between i and j may go. */
static int may_join(const vxg_tract_batch *b, int64_t i, int64_t j, double tolerance,
                    double max_segment) {
    double p[3], q[3], a[3];
    point(b, i, p), point(b, j, q);
    if (j - i > MOST_RUN || !(distance(p, q) <= max_segment)) return 0;
    for (int64_t k = j - 1; k > i; k--) { /* the last ones are the likeliest to be off */
        point(b, k, a);
        if (!close_to(p, q, a, tolerance)) return 0;
    }
    return 1;
}

int vxg_tract_linearize(const vxg_tract_batch *batch, const vxg_tract_linearize_opts *given,
                        int64_t *offsets, int64_t *kept) {
    vxg_tract_linearize_opts o;
    VXG_FAIL_IF(!batch || !offsets, VXG_ERR_ARGUMENT, "streamlines: batch or offsets is NULL");
    VXG_READ(vxg_tract_batch, batch);
    VXG_TRY(vxg__batch_check(batch));
    VXG_TRY(VXG_IN(vxg_tract_linearize_opts, &o, given));
    VXG_FAIL_IF(!(o.tolerance >= 0) || !(o.max_segment >= 0) || o.tolerance > 1e6 ||
                    o.max_segment > 1e6,
                VXG_ERR_ARGUMENT, "streamlines: a tolerance of %g mm and segments of %g mm at most",
                o.tolerance, o.max_segment);
    VXG_FAIL_IF(!kept && batch->lines > 0 && batch->offsets[batch->lines] > 0, VXG_ERR_ARGUMENT,
                "streamlines: kept is NULL");
    const double tolerance = o.tolerance > 0 ? o.tolerance : 0.1;
    const double max_segment = o.max_segment > 0 ? o.max_segment : 10;
    int64_t n = 0;
    offsets[0] = 0;
    for (int64_t line = 0; line < batch->lines; line++) {
        const int64_t begin = batch->offsets[line], end = batch->offsets[line + 1];
        int64_t last = begin;
        if (end > begin) kept[n++] = begin;
        for (int64_t i = begin + 2; i < end; i++)
            if (!may_join(batch, last, i, tolerance, max_segment)) kept[n++] = last = i - 1;
        if (end > begin + 1) kept[n++] = end - 1;
        offsets[line + 1] = n;
    }
    return VXG_OK;
}

/* ---- Points that are spaced evenly ---- */
/* n points of a streamline that has at least two. */
static void spread(const vxg_tract_batch *b, int64_t line, double length, int64_t n, double *out) {
    const int64_t last = b->offsets[line + 1] - 1;
    int64_t at = b->offsets[line]; /* the segment from it on is the one at hand */
    double before = 0, p[3], q[3];
    point(b, at, p), point(b, at + 1, q);
    for (int64_t i = 0; i < n; i++) {
        const double wanted = length * (double)i / (double)(n - 1);
        double own = distance(p, q);
        while (before + own < wanted && at + 1 < last) {
            before += own, at++;
            point(b, at, p), point(b, at + 1, q);
            own = distance(p, q);
        }
        const double t = own > 0 ? fmin(fmax((wanted - before) / own, 0), 1) : 0;
        for (int k = 0; k < 3; k++) out[3 * i + k] = p[k] + t * (q[k] - p[k]);
    }
    point(b, b->offsets[line], out), point(b, last, out + 3 * (n - 1)); /* the ends as they are */
}

int vxg_tract_resample(const vxg_tract_batch *batch, const vxg_tract_resample_opts *given,
                       int64_t *offsets, double *positions) {
    vxg_tract_resample_opts o;
    VXG_FAIL_IF(!batch || !offsets, VXG_ERR_ARGUMENT, "streamlines: batch or offsets is NULL");
    VXG_READ(vxg_tract_batch, batch);
    VXG_TRY(vxg__batch_check(batch));
    VXG_TRY(VXG_IN(vxg_tract_resample_opts, &o, given));
    VXG_FAIL_IF((o.points != 0) == (o.step != 0) || o.points < 0 || o.points == 1 ||
                    !(o.step >= 0) || !isfinite(o.step),
                VXG_ERR_ARGUMENT,
                "streamlines: %d points or a step of %g mm; one of them is to be said, at least 2 "
                "or above 0",
                (int)o.points, o.step);
    offsets[0] = 0;
    for (int64_t line = 0; line < batch->lines; line++) {
        const int64_t begin = batch->offsets[line], have = batch->offsets[line + 1] - begin;
        const double length = have > 1 ? length_of(batch, line) : 0;
        const double wanted = have < 2   ? (double)have
                              : o.points ? o.points
                                         : fmax(1, floor(length / o.step + 0.5)) + 1;
        VXG_FAIL_IF(!(wanted <= INT32_MAX), VXG_ERR_ARGUMENT,
                    "streamlines: a streamline of %g mm in steps of %g mm", length, o.step);
        const int64_t n = (int64_t)wanted;
        VXG_FAIL_IF(n > VXG_MAX_ELEMENTS - offsets[line], VXG_ERR_ARGUMENT,
                    "streamlines: more than 2^40 points");
        offsets[line + 1] = offsets[line] + n;
        if (!positions) continue;
        double *out = positions + 3 * offsets[line];
        if (have == 1) point(batch, begin, out);
        if (have > 1) spread(batch, line, length, n, out);
    }
    return VXG_OK;
}
