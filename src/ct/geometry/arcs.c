/* Quadrature weights over angle, and the arcs that were not measured.
 *
 * Parallel rays at t and t + pi are the same, so the integral over a half turn is a sum over the
 * angles folded into [0, pi): each distinct angle owns half the gap to both circular neighbours
 * (trapezium rule on the circle), and views that share an angle share its weight. Sum: pi. Sources
 * of fan and cone beams are folded into a turn instead: 2 pi.
 *
 * An arc that was not measured must not land on the two views at its rim, and a scan may have
 * several such arcs. A spacing counts as one when it is over 5 times the median spacing and over
 * what irregular spacing explains: with m spacings whose size beyond the median falls off
 * exponentially by `tail`, as that of random angles does, the largest of them stays below
 * median + tail (ln m + 7) in 999 of 1000 scans. `tail` comes from the quartiles. On a whole turn
 * the arc of a half-turn scan counts as well, which few views do not show otherwise. A spacing that
 * counts as not measured is cut to one median spacing, so that no view's weight exceeds that of a
 * spacing which can be told from an arc; the sum of weights is the period less the rest. */
#include "ct/geometry/arcs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PI 3.14159265358979323846
#define SAME_ANGLE 1e-9
#define ARC_OVER_MEDIAN 5
#define ARC_OVER_TAIL 7     /* e^-7: one scan of random angles in a thousand */
#define HALF_TURN_OPEN 0.45 /* of a turn */
#define HALF_TURN_OVER_NEXT 1.9

typedef struct folded {
    double angle;
    int64_t view, group;
} folded;

static int by_angle(const void *a, const void *b) {
    const folded *x = a, *y = b;
    if (x->angle != y->angle) return x->angle < y->angle ? -1 : 1;
    return (x->view > y->view) - (x->view < y->view);
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

/* What a spacing has to exceed to count as not measured; spacings are sorted. */
static double arc_limit(const double *spacing, int64_t n, double period, double *median) {
    assert(n > 1 && spacing[0] <= spacing[n - 1] && "sorted");
    const double widest = spacing[n - 1], next = spacing[n - 2];
    int64_t first = 0; /* angles equal but for rounding are no spacing */
    while (spacing[first] < 1e-3 * next) first++;
    const int64_t m = n - first;
    const double *s = spacing + first;
    const double q1 = s[(m - 1) / 4], q2 = s[(m - 1) / 2], q3 = s[3 * (m - 1) / 4];
    const double tail = fmax((q3 - q2) / log(2), (q2 - q1) / log(1.5));
    const double limit = fmax(ARC_OVER_MEDIAN * q2, q2 + tail * (log((double)m) + ARC_OVER_TAIL));
    const int half_turn = period > 1.5 * PI && widest >= HALF_TURN_OPEN * period &&
                          widest > HALF_TURN_OVER_NEXT * next;
    *median = q2;
    return half_turn ? fmin(limit, next) : limit;
}

typedef struct arrays {
    folded *f;
    double *start, *spacing;
    int64_t *members;
} arrays;

/* spacing[g] lies between group g and the next one round the circle; `sorted` is scratch. Cuts the
 * spacings that were not measured and lists them. */
static int cut_arcs(const arrays *a, int64_t groups, vxg__wedge wedge, double *sorted,
                    vxg__cover *out) {
    if (groups < 2) return VXG_OK;
    memcpy(sorted, a->spacing, (size_t)groups * sizeof *sorted);
    qsort(sorted, (size_t)groups, sizeof *sorted, vxg__compare_doubles);
    double limit = arc_limit(sorted, groups, out->period, &out->median);
    if (wedge == VXG__WEDGE_NONE) return VXG_OK;
    const int one = wedge == VXG__WEDGE_WIDEST && limit >= sorted[groups - 1];
    if (one) limit = nextafter(sorted[groups - 1], 0);
    int64_t count = 0, widest = 0;
    for (int64_t g = 0; g < groups; g++) count += a->spacing[g] > limit;
    if (one) count = 1;
    if (!count) return VXG_OK;
    out->gaps = vxg__calloc((size_t)count, sizeof *out->gaps);
    if (!out->gaps) return VXG_ERR_MEMORY;
    for (int64_t g = 0; g < groups && out->ngaps < count; g++) {
        if (!(a->spacing[g] > limit)) continue;
        vxg__gap *gap = &out->gaps[out->ngaps++];
        *gap = (vxg__gap){a->start[g], a->start[g] + a->spacing[g]};
        out->missing += a->spacing[g] - out->median;
        if (a->spacing[g] > out->gaps[widest].to - out->gaps[widest].from) widest = out->ngaps - 1;
        a->spacing[g] = out->median;
    }
    const vxg__gap w = out->gaps[widest];
    out->widest = widest;
    out->first = w.to >= out->period ? w.to - out->period : w.to;
    out->range = out->period - (w.to - w.from);
    return VXG_OK;
}

static int share(const arrays *a, int64_t n, vxg__wedge wedge, double *weights, vxg__cover *out) {
    const int64_t groups = make_groups(a->f, n, out->period, a->start);
    out->first = a->start[0], out->range = out->median = out->period;
    for (int64_t g = 0; g < groups; g++)
        a->spacing[g] =
            (g + 1 < groups ? a->start[g + 1] : a->start[0] + out->period) - a->start[g];
    VXG_TRY(cut_arcs(a, groups, wedge, weights, out));
    for (int64_t i = 0; i < n; i++) a->members[a->f[i].group]++;
    for (int64_t i = 0; i < n; i++) {
        int64_t g = a->f[i].group;
        double both = a->spacing[g] + a->spacing[g > 0 ? g - 1 : groups - 1];
        weights[a->f[i].view] = 0.5 * both / (double)a->members[g];
    }
    return VXG_OK;
}

void vxg__cover_free(vxg__cover *c) {
    vxg__free(c->gaps);
    memset(c, 0, sizeof *c);
}

int vxg__cover_new(int64_t nviews, const double *angles, double period, vxg__wedge wedge,
                   double *weights, vxg__cover *out) {
    assert(period > 0);
    *out = (vxg__cover){.period = period};
    VXG_FAIL_IF(nviews < 1, VXG_ERR_ARGUMENT, "angle weights: %lld views; expected 1 or more",
                (long long)nviews);
    VXG_FAIL_IF(!angles || !weights, VXG_ERR_ARGUMENT, "angle weights: angles or weights is NULL");
    for (int64_t i = 0; i < nviews; i++)
        VXG_FAIL_IF(!isfinite(angles[i]), VXG_ERR_ARGUMENT,
                    "angle weights: angles[%lld] is %g; expected radians", (long long)i, angles[i]);
    arrays a = {.f = vxg__calloc((size_t)nviews, sizeof *a.f),
                .start = vxg__calloc((size_t)nviews, sizeof *a.start),
                .spacing = vxg__calloc((size_t)nviews, sizeof *a.spacing),
                .members = vxg__calloc((size_t)nviews, sizeof *a.members)};
    int status = a.f && a.start && a.spacing && a.members ? VXG_OK : VXG_ERR_MEMORY;
    if (!status) {
        for (int64_t i = 0; i < nviews; i++) {
            double t = fmod(angles[i], period);
            if (t < 0) t += period;
            a.f[i].angle = t < period ? t : 0;
            a.f[i].view = i;
        }
        qsort(a.f, (size_t)nviews, sizeof *a.f, by_angle);
        status = share(&a, nviews, wedge, weights, out);
    }
    vxg__free(a.f);
    vxg__free(a.start);
    vxg__free(a.spacing);
    vxg__free(a.members);
    if (status) vxg__cover_free(out);
    return status;
}

/* ---- What lies in gaps ---- */
double vxg__cover_inside(const vxg__cover *c, double t) {
    double least = INFINITY;
    assert(c->period > 0);
    for (int64_t g = 0; g < c->ngaps; g++) {
        /* half a spacing beyond the views at the rim belongs to them */
        const double from = c->gaps[g].from + 0.5 * c->median;
        const double width = c->gaps[g].to - c->gaps[g].from - c->median;
        double at = fmod(t - from, c->period);
        if (at < 0) at += c->period;
        if (at < width) return 0;
        least = fmin(least, fmin(at - width, c->period - at));
    }
    return least;
}

/* The length of what two arcs [0, a) and [at, at + b) of a circle share. */
static double overlap(double a, double at, double b, double period) {
    assert(period > 0 && a <= period && b <= period);
    at = fmod(at, period);
    if (at < 0) at += period;
    const double once = fmax(0, fmin(a, at + b) - fmax(0, at));
    return once + fmax(0, fmin(a, at + b - period));
}

double vxg__cover_unseen(const vxg__cover *c, double fan) {
    enum { STEPS = 65 };
    const int steps = fan > 0 ? STEPS : 1;
    double sum = 0;
    for (int i = 0; i < steps; i++) {
        const double g = steps > 1 ? fan * (2.0 * i / (steps - 1) - 1) : 0;
        const double share = steps > 1 && (i == 0 || i == steps - 1) ? 0.5 : 1;
        for (int64_t k = 0; k < c->ngaps; k++)
            for (int64_t m = 0; m < c->ngaps; m++) {
                const double a = c->gaps[k].to - c->gaps[k].from - c->median;
                const double b = c->gaps[m].to - c->gaps[m].from - c->median;
                const double at = c->gaps[m].from - (c->gaps[k].from + PI - 2 * g);
                sum += share * overlap(a, at, b, c->period);
            }
    }
    return sum / ((steps > 1 ? steps - 1 : 1) * c->period);
}

/* ---- Public ---- */
int vxg_ct_angle_weights(int64_t nviews, const double *angles, double *weights) {
    vxg__cover c;
    VXG_TRY(vxg__cover_new(nviews, angles, PI, VXG__WEDGE_AUTO, weights, &c));
    vxg__cover_free(&c);
    return VXG_OK;
}

int vxg_ct_turn_weights(int64_t nviews, const double *angles, double *weights, double *first,
                        double *range) {
    vxg__cover c;
    VXG_TRY(vxg__cover_new(nviews, angles, 2 * PI, VXG__WEDGE_AUTO, weights, &c));
    if (first) *first = c.first;
    if (range) *range = c.range;
    vxg__cover_free(&c);
    return VXG_OK;
}
