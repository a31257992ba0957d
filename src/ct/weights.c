/* Quadrature weights over angle for filtered backprojection.
 *
 * Parallel rays at t and t + pi are the same, so the integral over a half turn is a sum over the
 * angles folded into [0, pi): each distinct angle owns half the gap to both circular neighbours
 * (trapezium rule on the circle), and views that share an angle share its weight. Sum: pi.
 *
 * A wedge that was not measured must not land on the two views at its rim. The widest gap counts as
 * such a wedge when it is over 5 times the median gap and over 3 times the next widest (random
 * angles practically never do that); it then counts as one median gap, and the sum is pi less the
 * rest. */
#include <math.h>
#include <stdlib.h>

#include <voxgrad/ct.h>

#include "base/base.h"

#define PI 3.14159265358979323846
#define SAME_ANGLE 1e-9
#define WEDGE_OVER_MEDIAN 5
#define WEDGE_OVER_NEXT 3

typedef struct folded {
    double angle;
    int64_t view, group;
} folded;

static int by_angle(const void *a, const void *b) {
    const folded *x = a, *y = b;
    if (x->angle != y->angle) return x->angle < y->angle ? -1 : 1;
    return (x->view > y->view) - (x->view < y->view);
}
static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Numbers the distinct angles; returns how many. start[g] is the angle of group g. */
static int64_t make_groups(folded *f, int64_t n, double *start) {
    int64_t groups = 0;
    for (int64_t i = 0; i < n; i++) {
        if (groups == 0 || f[i].angle - start[groups - 1] > SAME_ANGLE)
            start[groups++] = f[i].angle;
        f[i].group = groups - 1;
    }
    if (groups > 1 && start[0] + PI - start[groups - 1] <= SAME_ANGLE) {
        groups--; /* just under pi is the same ray set as 0 */
        for (int64_t i = n - 1; f[i].group == groups; i--) f[i].group = 0;
    }
    return groups;
}

/* gap[g] lies between group g and the next one round the circle; sorted is scratch. */
static void cap_wedge(double *gap, int64_t n, double *sorted) {
    if (n < 2) return;
    for (int64_t g = 0; g < n; g++) sorted[g] = gap[g];
    qsort(sorted, (size_t)n, sizeof *sorted, by_value);
    double widest = sorted[n - 1], next = sorted[n - 2];
    int64_t first = 0; /* angles equal but for rounding are no spacing */
    while (sorted[first] < 1e-3 * next) first++;
    double median = sorted[first + (n - 1 - first) / 2];
    if (widest <= WEDGE_OVER_MEDIAN * median || widest <= WEDGE_OVER_NEXT * next) return;
    for (int64_t g = 0; g < n; g++)
        if (gap[g] == widest) gap[g] = median;
}

static void share(folded *f, int64_t n, double *start, int64_t groups, double *gap,
                  int64_t *members, double *weights) {
    for (int64_t g = 0; g < groups; g++)
        gap[g] = g + 1 < groups ? start[g + 1] - start[g] : start[0] + PI - start[g];
    cap_wedge(gap, groups, start);
    for (int64_t i = 0; i < n; i++) members[f[i].group]++;
    for (int64_t i = 0; i < n; i++) {
        int64_t g = f[i].group;
        double both = gap[g] + gap[g > 0 ? g - 1 : groups - 1];
        weights[f[i].view] = 0.5 * both / (double)members[g];
    }
}

int vxg_ct_angle_weights(int64_t nviews, const double *angles, double *weights) {
    VXG_FAIL_IF(nviews < 1, VXG_ERR_ARGUMENT, "angle weights: %lld views; expected 1 or more",
                (long long)nviews);
    VXG_FAIL_IF(!angles || !weights, VXG_ERR_ARGUMENT, "angle weights: angles or weights is NULL");
    for (int64_t i = 0; i < nviews; i++)
        VXG_FAIL_IF(!isfinite(angles[i]), VXG_ERR_ARGUMENT,
                    "angle weights: angles[%lld] is %g; expected radians", (long long)i, angles[i]);
    folded *f = vxg__calloc((size_t)nviews, sizeof *f);
    double *start = vxg__calloc((size_t)nviews, sizeof *start);
    double *gap = vxg__calloc((size_t)nviews, sizeof *gap);
    int64_t *members = vxg__calloc((size_t)nviews, sizeof *members);
    int status = f && start && gap && members ? VXG_OK : VXG_ERR_MEMORY;
    if (!status) {
        for (int64_t i = 0; i < nviews; i++) {
            double a = fmod(angles[i], PI);
            if (a < 0) a += PI;
            f[i].angle = a < PI ? a : 0;
            f[i].view = i;
        }
        qsort(f, (size_t)nviews, sizeof *f, by_angle);
        share(f, nviews, start, make_groups(f, nviews, start), gap, members, weights);
    }
    vxg__free(f);
    vxg__free(start);
    vxg__free(gap);
    vxg__free(members);
    return status;
}
