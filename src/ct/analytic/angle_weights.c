/* Quadrature weights over angle for filtered backprojection.
 *
 * Parallel rays at t and t + pi are the same, so the integral over a half turn is a sum over the
 * angles folded into [0, pi): each distinct angle owns half the gap to both circular neighbours
 * (trapezium rule on the circle), and views that share an angle share its weight. Sum: pi. Sources
 * of fan and cone beams are folded into a turn instead: 2 pi.
 *
 * A wedge that was not measured must not land on the two views at its rim. The widest gap counts as
 * such a wedge when it is over 5 times the median gap and over 3 times the next widest (random
 * angles practically never do that); it then counts as one median gap, and the sum is pi less the
 * rest. */
#include <math.h>
#include <stdlib.h>

#include "ct/ct.h"

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
static int64_t make_groups(folded *f, int64_t n, double period, double *start) {
    int64_t groups = 0;
    for (int64_t i = 0; i < n; i++) {
        if (groups == 0 || f[i].angle - start[groups - 1] > SAME_ANGLE)
            start[groups++] = f[i].angle;
        f[i].group = groups - 1;
    }
    if (groups > 1 && start[0] + period - start[groups - 1] <= SAME_ANGLE) {
        groups--; /* just under the period is the same ray set as 0 */
        for (int64_t i = n - 1; f[i].group == groups; i--) f[i].group = 0;
    }
    return groups;
}

/* gap[g] lies between group g and the next one round the circle; sorted is scratch. Returns the gap
 * that was not measured, cut to one median gap, or -1. */
static int64_t cap_wedge(double *gap, int64_t n, vxg__wedge wedge, double *sorted) {
    if (n < 2 || wedge == VXG__WEDGE_NONE) return -1;
    for (int64_t g = 0; g < n; g++) sorted[g] = gap[g];
    qsort(sorted, (size_t)n, sizeof *sorted, by_value);
    double widest = sorted[n - 1], next = sorted[n - 2];
    int64_t first = 0, at = 0; /* angles equal but for rounding are no spacing */
    while (sorted[first] < 1e-3 * next) first++;
    double median = sorted[first + (n - 1 - first) / 2];
    if (wedge == VXG__WEDGE_AUTO &&
        (widest <= WEDGE_OVER_MEDIAN * median || widest <= WEDGE_OVER_NEXT * next))
        return -1;
    while (gap[at] != widest) at++;
    gap[at] = median;
    return at;
}

typedef struct arrays {
    folded *f;
    double *start, *gap;
    int64_t *members;
} arrays;

static void share(const arrays *a, int64_t n, double period, vxg__wedge wedge, double *weights,
                  double *first, double *range) {
    const int64_t groups = make_groups(a->f, n, period, a->start);
    *first = a->start[0], *range = period;
    for (int64_t g = 0; g < groups; g++)
        a->gap[g] = (g + 1 < groups ? a->start[g + 1] : a->start[0] + period) - a->start[g];
    const int64_t cut = cap_wedge(a->gap, groups, wedge, weights);
    if (cut >= 0) {
        const int64_t next = cut + 1 < groups ? cut + 1 : 0;
        *first = a->start[next];
        *range = period - (a->start[next] - a->start[cut] + (next ? 0 : period));
    }
    for (int64_t i = 0; i < n; i++) a->members[a->f[i].group]++;
    for (int64_t i = 0; i < n; i++) {
        int64_t g = a->f[i].group;
        double both = a->gap[g] + a->gap[g > 0 ? g - 1 : groups - 1];
        weights[a->f[i].view] = 0.5 * both / (double)a->members[g];
    }
}

int vxg__ct_circle_weights(int64_t nviews, const double *angles, double period, vxg__wedge wedge,
                           double *weights, double *first, double *range) {
    VXG_FAIL_IF(nviews < 1, VXG_ERR_ARGUMENT, "angle weights: %lld views; expected 1 or more",
                (long long)nviews);
    VXG_FAIL_IF(!angles || !weights, VXG_ERR_ARGUMENT, "angle weights: angles or weights is NULL");
    for (int64_t i = 0; i < nviews; i++)
        VXG_FAIL_IF(!isfinite(angles[i]), VXG_ERR_ARGUMENT,
                    "angle weights: angles[%lld] is %g; expected radians", (long long)i, angles[i]);
    double f0, r0;
    arrays a = {.f = vxg__calloc((size_t)nviews, sizeof *a.f),
                .start = vxg__calloc((size_t)nviews, sizeof *a.start),
                .gap = vxg__calloc((size_t)nviews, sizeof *a.gap),
                .members = vxg__calloc((size_t)nviews, sizeof *a.members)};
    int status = a.f && a.start && a.gap && a.members ? VXG_OK : VXG_ERR_MEMORY;
    if (!status) {
        for (int64_t i = 0; i < nviews; i++) {
            double t = fmod(angles[i], period);
            if (t < 0) t += period;
            a.f[i].angle = t < period ? t : 0;
            a.f[i].view = i;
        }
        qsort(a.f, (size_t)nviews, sizeof *a.f, by_angle);
        share(&a, nviews, period, wedge, weights, first ? first : &f0, range ? range : &r0);
    }
    vxg__free(a.f);
    vxg__free(a.start);
    vxg__free(a.gap);
    vxg__free(a.members);
    return status;
}

int vxg_ct_angle_weights(int64_t nviews, const double *angles, double *weights) {
    return vxg__ct_circle_weights(nviews, angles, PI, VXG__WEDGE_AUTO, weights, NULL, NULL);
}

int vxg_ct_turn_weights(int64_t nviews, const double *angles, double *weights, double *first,
                        double *range) {
    return vxg__ct_circle_weights(nviews, angles, 2 * PI, VXG__WEDGE_AUTO, weights, first, range);
}
