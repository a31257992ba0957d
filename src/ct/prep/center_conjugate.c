/* Where the axis of a full turn of a fan beam is seen, or of a cone beam's plane of the source:
 * every ray is measured twice, from both ends. The ray at fan angle g of the view in direction b is
 * the ray at -g of the view in direction b + pi + 2 g, and -g is the column as far on the other
 * side of the axis: p(b, c + x) = p(b + pi + 2 g(x), c - x).
 *
 * In b both sides are periodic: with P(m, u) the Fourier coefficients over views of column u,
 * P(m, c + x) = (-1)^m exp(2 i m g(x)) P(m, c - x). No view is ever interpolated, and m = 0, where
 * a column that reads wrong by a constant (a ring) shows, is left out. The score of c is what
 * remains of the difference, over both sides' squares, in the columns that lie evenly about c. */
#include <math.h>

#include <voxgrad/ct.h>
#include <voxgrad/geometry.h>

#include "base/base.h"
#include "ct/prep/center_search.h"

#define PI 3.14159265358979323846
#define MOST_HARMONICS 64
#define LEAST_VIEWS 16
#define LEAST_STRIP 16
#define SIGMA 1.5     /* columns: rows are smoothed before they are read between columns */
#define EDGE 3        /* columns that the smoothing spoils at each end */
#define OBLIQUE 5e-3  /* radians between the detector's normal and the ray through the axis */
#define NOT_ALIKE 0.9 /* score of conjugate rays that have nothing in common: 1 */

typedef struct conjugate {
    const char *who;
    const float *projections;
    int64_t nviews, nu, nm;
    const double *direction; /* of every view, radians */
    double *weight;          /* share of the turn */
    double pitch;            /* pixel over distance to the detector */
    int curved;
    double sense;    /* 1: fan angles grow with the column counter-clockwise */
    double *re, *im; /* (nm, nu): harmonics 1..nm */
} conjugate;

/* ---- The scan ---- */
static int check_views(const conjugate *w, const vxg_ct_geometry *geo, const vxg_ct_summary *s) {
    VXG_FAIL_IF(s->beam != VXG_CT_BEAM_CONE, VXG_ERR_ARGUMENT,
                "%s: the beam is parallel; its axis is found by vxg_ct_center_opposite", w->who);
    VXG_FAIL_IF(s->nviews != w->nviews || s->cols != w->nu, VXG_ERR_ARGUMENT,
                "%s: the geometry has %lld views of %lld columns; %lld of %lld expected", w->who,
                (long long)s->nviews, (long long)s->cols, (long long)w->nviews, (long long)w->nu);
    VXG_FAIL_IF(s->sod[1] > 1.001 * s->sod[0] || s->sdd[1] > 1.001 * s->sdd[0] ||
                    s->z[1] - s->z[0] > 0.01 * s->pixel[1],
                VXG_ERR_INPUT, "%s: the source does not go round on a circle about the axis",
                w->who);
    const vxg_ct_view *v = vxg_ct_geometry_view(geo, 0);
    const double nx = v->U[1] * v->V[2] - v->U[2] * v->V[1];
    const double ny = v->U[2] * v->V[0] - v->U[0] * v->V[2];
    const double across = nx * v->s[1] - ny * v->s[0];
    VXG_FAIL_IF(fabs(across) > OBLIQUE * hypot(nx, ny) * hypot(v->s[0], v->s[1]), VXG_ERR_INPUT,
                "%s: the detector does not stand at a right angle to the ray through the axis",
                w->who);
    return VXG_OK;
}

/* Shares of the turn, half the spacing to both neighbours; refuses gaps. */
static int weigh_views(conjugate *w) {
    vxg__views v;
    VXG_TRY(vxg__views_order(w->who, w->nviews, w->direction, &v));
    double widest = 0;
    for (int64_t i = 0; i < v.n; i++) {
        const double next = i + 1 < v.n ? v.angle[i + 1] : 2 * PI + v.angle[0];
        const double before = i ? v.angle[i - 1] : v.angle[v.n - 1] - 2 * PI;
        w->weight[v.view[i]] = (next - before) / 2 / (2 * PI);
        widest = fmax(widest, next - v.angle[i]);
    }
    const double step = 2 * PI / (double)v.n;
    const int64_t n = v.n;
    vxg__views_free(&v);
    VXG_FAIL_IF(n < LEAST_VIEWS || widest > 3 * step, VXG_ERR_INPUT,
                "%s: a short scan has too few conjugate rays: %lld views with a gap of %.4g "
                "degrees; expected a full turn of %d views or more",
                w->who, (long long)n, widest * 180 / PI, LEAST_VIEWS);
    w->nm = (n - 1) / 2 < MOST_HARMONICS ? (n - 1) / 2 : MOST_HARMONICS;
    return VXG_OK;
}

/* ---- Harmonics ---- */
static void smooth(double *x, double *scratch, int64_t n) {
    const int64_t radius = (int64_t)ceil(4 * SIGMA);
    for (int64_t u = 0; u < n; u++) {
        double sum = x[u], all = 1;
        for (int64_t i = 1; i <= radius; i++) {
            const double g = exp(-0.5 * (double)(i * i) / (SIGMA * SIGMA));
            sum += g * (x[u > i ? u - i : 0] + x[u + i < n ? u + i : n - 1]), all += 2 * g;
        }
        scratch[u] = sum / all;
    }
    for (int64_t u = 0; u < n; u++) x[u] = scratch[u];
}

/* Harmonic m + 1, with scratch behind all of them. */
static void harmonics_part(void *context, int64_t begin, int64_t end, int worker) {
    const conjugate *w = context;
    double *scratch = w->re + (2 * w->nm + worker) * w->nu;
    for (int64_t m = begin; m < end; m++) {
        double *re = w->re + m * w->nu, *im = w->im + m * w->nu;
        for (int64_t i = 0; i < w->nviews; i++) {
            const double a = (double)(m + 1) * w->direction[i];
            const double c = w->weight[i] * cos(a), s = -w->weight[i] * sin(a);
            const float *p = w->projections + i * w->nu;
            for (int64_t u = 0; u < w->nu; u++) re[u] += c * p[u], im[u] += s * p[u];
        }
        smooth(re, scratch, w->nu);
        smooth(im, scratch, w->nu);
    }
}

/* ---- Score ---- */
/* Cubic through four columns (Catmull and Rom). */
static double between(const double *x, double f) {
    return x[1] + 0.5 * f *
                      (x[2] - x[0] +
                       f * (2 * x[0] - 5 * x[1] + 4 * x[2] - x[3] +
                            f * (3 * (x[1] - x[2]) + x[3] - x[0])));
}

static double conjugate_score(void *context, double center) {
    const conjugate *w = context;
    const double last = (double)(w->nu - 1 - EDGE), least = fmax((double)w->nu / 8, LEAST_STRIP);
    const int64_t k0 = (int64_t)ceil(fmax(EDGE, 2 * center - last));
    const int64_t k1 = (int64_t)floor(fmin(last, 2 * center - EDGE));
    double differ = 0, squares = 0;
    if ((double)(k1 - k0 + 1) < least) return NAN;
    for (int64_t k = k0; k <= k1; k++) {
        const double x = (double)k - center, at = center - x, f = at - floor(at);
        const double g = w->sense * (w->curved ? x * w->pitch : atan(x * w->pitch));
        const int64_t j = (int64_t)floor(at) - 1;
        for (int64_t m = 0; m < w->nm; m++) {
            const double ar = w->re[m * w->nu + k], ai = w->im[m * w->nu + k];
            const double br = between(w->re + m * w->nu + j, f);
            const double bi = between(w->im + m * w->nu + j, f);
            const double turn = (double)(m + 1) * (PI + 2 * g), c = cos(turn), s = sin(turn);
            const double dr = ar - (c * br - s * bi), di = ai - (c * bi + s * br);
            differ += dr * dr + di * di;
            squares += ar * ar + ai * ai + br * br + bi * bi;
        }
    }
    return squares > 0 ? differ / squares : NAN;
}

/* ---- Entry ---- */
static int prepare(conjugate *w, const vxg_ct_geometry *geo, const vxg_ct_summary *s,
                   double *direction) {
    VXG_TRY(check_views(w, geo, s));
    for (int64_t i = 0; i < w->nviews; i++) {
        const vxg_ct_view *v = vxg_ct_geometry_view(geo, i);
        direction[i] = atan2(-v->s[1], -v->s[0]); /* from the source to the axis */
    }
    const vxg_ct_view *v = vxg_ct_geometry_view(geo, 0);
    w->sense = v->U[1] * -v->s[0] - v->U[0] * -v->s[1] > 0 ? 1 : -1;
    w->pitch = s->pixel[0] / s->sdd[0];
    w->curved = s->detector == VXG_CT_DETECTOR_CURVED;
    VXG_TRY(weigh_views(w));
    const int workers = vxg_threads();
    w->re = vxg__calloc((size_t)(2 * w->nm + workers), (size_t)w->nu * sizeof(double));
    if (!w->re) return VXG_ERR_MEMORY;
    w->im = w->re + w->nm * w->nu;
    vxg__parallel_on(workers, w->nm, 1, harmonics_part, w);
    return VXG_OK;
}

int64_t vxg__center_conjugate_bytes(int64_t nviews, int64_t nu) {
    return (int64_t)sizeof(conjugate) +
           8 * ((2 * MOST_HARMONICS + vxg_threads()) * nu + 4 * nviews);
}

static int search(conjugate *w, const vxg_ct_summary *s, const vxg_ct_center_opts *given,
                  vxg_ct_center_curve *curve, double *center) {
    vxg_ct_center_opts o, in;
    VXG_TRY(vxg__center_resolve(w->who, given, w->nu, &o));
    VXG_TRY(VXG_IN(vxg_ct_center_opts, &in, given));
    if (in.lo == 0 && in.hi == 0) {
        const double middle = 0.5 * (s->center[0] + s->center[1]), reach = (double)w->nu / 8;
        o.lo = fmin(fmax(middle - reach, 0), (double)(w->nu - 1));
        o.hi = fmin(fmax(middle + reach, o.lo), (double)(w->nu - 1));
    }
    double found;
    vxg__judged judged;
    VXG_TRY(vxg__center_search(w->who, &o, w->nu, conjugate_score, w, curve, &judged, &found));
    const double score = conjugate_score(w, found);
    VXG_FAIL_IF(!(score < NOT_ALIKE), VXG_ERR_INPUT,
                "%s: conjugate rays agree nowhere from column %g to %g: %.3g of their squares is "
                "unlike",
                w->who, o.lo, o.hi, score);
    *center = found;
    return vxg__center_tell(w->who, &judged, vxg__center_at_border(&judged, found), curve);
}

int vxg_ct_center_conjugate(const float *projections, int64_t nviews, int64_t nu,
                            const vxg_ct_geometry *geo, const vxg_ct_center_opts *opts,
                            vxg_ct_center_curve *curve, double *center) {
    const char *who = "centre (conjugate)";
    VXG_FAIL_IF(!projections || !geo || !center, VXG_ERR_ARGUMENT,
                "%s: projections, geometry or center is NULL", who);
    VXG_FAIL_IF(nviews < 2 || nu < 2 * LEAST_STRIP || nviews > VXG_MAX_ELEMENTS / nu,
                VXG_ERR_ARGUMENT,
                "%s: %lld views of %lld columns; expected 2 views, %d columns "
                "or more",
                who, (long long)nviews, (long long)nu, 2 * LEAST_STRIP);
    for (int64_t i = 0; i < nviews * nu; i++)
        VXG_FAIL_IF(!isfinite(projections[i]), VXG_ERR_INPUT,
                    "%s: the projections are %g at view %lld, column %lld", who,
                    (double)projections[i], (long long)(i / nu), (long long)(i % nu));
    vxg_ct_summary s = {.size = sizeof s};
    VXG_TRY(vxg_ct_geometry_summary(geo, NULL, &s));
    double *direction = vxg__calloc((size_t)nviews, 2 * sizeof *direction);
    if (!direction) return VXG_ERR_MEMORY;
    conjugate w = {.who = who, .projections = projections, .nviews = nviews, .nu = nu};
    w.direction = direction, w.weight = direction + nviews;
    int status = prepare(&w, geo, &s, direction);
    if (!status) status = search(&w, &s, opts, curve, center);
    vxg__free(direction);
    vxg__free(w.re);
    return status;
}
