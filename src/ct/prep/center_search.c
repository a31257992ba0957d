#include "ct/prep/center_search.h"

#include <math.h>
#include <stdlib.h>

#include "base/base.h"

#define TWO_PI 6.283185307179586476925286766559
#define SAME_ANGLE 2e-6 /* radians: float32 angles of a whole turn differ by less */
#define MAX_CANDIDATES 1000000

typedef struct angle_view {
    double angle;
    int64_t view;
} angle_view;

static int by_angle(const void *a, const void *b) {
    const angle_view *x = a, *y = b;
    if (x->angle != y->angle) return x->angle < y->angle ? -1 : 1;
    return (x->view > y->view) - (x->view < y->view);
}

/* The view after the widest gap of the full circle; the smallest angle on a tie. */
static int64_t first_view(const angle_view *a, int64_t n) {
    int64_t first = 0;
    double widest = a[0].angle + TWO_PI - a[n - 1].angle + SAME_ANGLE;
    for (int64_t i = 1; i < n; i++) {
        if (a[i].angle - a[i - 1].angle <= widest) continue;
        widest = a[i].angle - a[i - 1].angle + SAME_ANGLE, first = i;
    }
    return first;
}

static double median_step(const double *angle, int64_t n, double *scratch) {
    for (int64_t i = 1; i < n; i++) scratch[i - 1] = angle[i] - angle[i - 1];
    qsort(scratch, (size_t)(n - 1), sizeof *scratch, vxg__compare_doubles);
    return scratch[(n - 1) / 2];
}

int vxg__center_views_check(const char *who, int64_t nviews, int64_t nv, int64_t nu) {
    VXG_FAIL_IF(nviews < 2 || nv < 1 || nu < 8 || nv > VXG_MAX_ELEMENTS / nu ||
                    nviews > VXG_MAX_ELEMENTS / (nv * nu),
                VXG_ERR_ARGUMENT,
                "%s: %lld views of %lld rows, %lld columns; expected 2 views, 1 row and 8 columns "
                "or more",
                who, (long long)nviews, (long long)nv, (long long)nu);
    return VXG_OK;
}

int vxg__views_order(const char *who, int64_t nviews, const double *theta, vxg__views *out) {
    *out = (vxg__views){0};
    for (int64_t i = 0; i < nviews; i++)
        VXG_FAIL_IF(!isfinite(theta[i]), VXG_ERR_INPUT, "%s: theta[%lld] is %g; expected radians",
                    who, (long long)i, theta[i]);
    angle_view *a = vxg__calloc((size_t)nviews, sizeof *a);
    double *scratch = vxg__calloc((size_t)nviews, sizeof *scratch);
    out->angle = vxg__calloc((size_t)nviews, sizeof *out->angle);
    out->view = vxg__calloc((size_t)nviews, sizeof *out->view);
    int status = a && scratch && out->angle && out->view ? VXG_OK : VXG_ERR_MEMORY;
    if (!status) {
        for (int64_t i = 0; i < nviews; i++) {
            double t = fmod(theta[i], TWO_PI);
            a[i] = (angle_view){t < 0 ? t + TWO_PI : t, i};
        }
        qsort(a, (size_t)nviews, sizeof *a, by_angle);
        int64_t first = first_view(a, nviews);
        for (int64_t i = 0; i < nviews; i++) {
            const angle_view *v = &a[(first + i) % nviews];
            double t = v->angle - a[first].angle;
            if (t < 0) t += TWO_PI;
            if (out->n && t - out->angle[out->n - 1] <= SAME_ANGLE) continue;
            if (TWO_PI - t <= SAME_ANGLE) continue; /* the first view again */
            out->angle[out->n] = t, out->view[out->n++] = v->view;
        }
        if (out->n > 1) out->step = median_step(out->angle, out->n, scratch);
    }
    vxg__free(a);
    vxg__free(scratch);
    if (status) vxg__views_free(out);
    return status;
}

int64_t vxg__views_bytes(int64_t nviews) {
    return nviews * (int64_t)(sizeof(angle_view) + 3 * sizeof(double));
}

void vxg__views_free(vxg__views *views) {
    vxg__free(views->angle);
    vxg__free(views->view);
    *views = (vxg__views){0};
}

/* ---- Search ---- */
typedef struct grid {
    double first, step;
    int64_t n;
    double *score;
    vxg__center_score fn;
    void *context;
} grid;

static double grid_center(const grid *g, int64_t i) {
    return g->first + (double)i * g->step;
}

static void grid_part(void *context, int64_t begin, int64_t end, int worker) {
    (void)worker;
    grid *g = context;
    for (int64_t i = begin; i < end; i++) g->score[i] = g->fn(g->context, grid_center(g, i));
}

/* Scores [lo, hi] and returns the index of the lowest in *best; -1 when every score is NaN. */
static int grid_scan(grid *g, double lo, double hi, int64_t *best) {
    g->first = lo;
    g->n = (int64_t)floor((hi - lo) / g->step + 1e-6) + 1;
    g->score = vxg__calloc((size_t)g->n, sizeof *g->score);
    if (!g->score) return VXG_ERR_MEMORY;
    vxg__parallel(g->n, 4, grid_part, g);
    *best = -1;
    for (int64_t i = 0; i < g->n; i++)
        if (!isnan(g->score[i]) && (*best < 0 || g->score[i] < g->score[*best])) *best = i;
    return VXG_OK;
}

/* Vertex of the parabola through the minimum and its neighbours. */
static double grid_vertex(const grid *g, int64_t i) {
    if (i == 0 || i == g->n - 1) return grid_center(g, i);
    double a = g->score[i - 1], b = g->score[i], c = g->score[i + 1], bend = a - 2 * b + c;
    double shift = bend > 0 ? 0.5 * (a - c) / bend : 0;
    return grid_center(g, i) + g->step * (shift > 0.5 ? 0.5 : shift < -0.5 ? -0.5 : shift);
}

/* Both grids in order of centre, fine points in place of the coarse ones they cover; every k-th
 * point when the caller's arrays are short. */
static void fill_curve(vxg_ct_center_curve *curve, const grid *coarse, const grid *fine) {
    double lo = fine->first, hi = grid_center(fine, fine->n - 1);
    int64_t k = 1;
    for (int pass = 0; pass < 2; pass++) {
        int64_t seen = 0, i = 0, j = 0;
        curve->count = 0;
        while (i < coarse->n || j < fine->n) {
            double c = i < coarse->n ? grid_center(coarse, i) : INFINITY;
            int take_fine = j < fine->n && grid_center(fine, j) <= c;
            const grid *g = take_fine ? fine : coarse;
            int64_t at = take_fine ? j++ : i++;
            if (isnan(g->score[at]) || (!take_fine && c >= lo && c <= hi)) continue;
            if (pass == 1 && seen % k == 0 && curve->count < curve->capacity) {
                curve->center[curve->count] = grid_center(g, at);
                curve->score[curve->count++] = g->score[at];
            }
            seen++;
        }
        if (pass == 0) k = (seen + curve->capacity - 1) / curve->capacity;
    }
}

int vxg__center_resolve(const char *who, const vxg_ct_center_opts *given, int64_t nu,
                        vxg_ct_center_opts *o) {
    double last = (double)(nu - 1);
    VXG_TRY(VXG_IN(vxg_ct_center_opts, o, given));
    if (o->lo == 0 && o->hi == 0) o->lo = last / 4, o->hi = last * 3 / 4;
    if (o->step == 0) o->step = 0.5;
    if (o->fine == 0) o->fine = fmin(0.05, o->step);
    VXG_FAIL_IF(!(o->lo >= 0 && o->lo <= o->hi && o->hi <= last), VXG_ERR_ARGUMENT,
                "%s: columns %g to %g; expected a range on the detector, 0 to %lld", who, o->lo,
                o->hi, (long long)(nu - 1));
    VXG_FAIL_IF(!(o->step > 0 && o->fine > 0 && o->fine <= o->step), VXG_ERR_ARGUMENT,
                "%s: steps %g and %g; expected coarse >= fine > 0 columns", who, o->step, o->fine);
    VXG_FAIL_IF(!(o->smooth >= 0 && o->smooth <= (double)nu), VXG_ERR_ARGUMENT,
                "%s: smooth %g; expected 0 to %lld columns", who, o->smooth, (long long)nu);
    VXG_FAIL_IF((o->hi - o->lo) / o->step > MAX_CANDIDATES || o->step / o->fine > MAX_CANDIDATES,
                VXG_ERR_ARGUMENT,
                "%s: steps %g and %g over columns %g to %g are over %d candidates", who, o->step,
                o->fine, o->lo, o->hi, MAX_CANDIDATES);
    return VXG_OK;
}

static vxg__judged judged_part(const grid *g, double fine) {
    int64_t first = 0, last = g->n - 1;
    while (first < last && isnan(g->score[first])) first++;
    while (last > first && isnan(g->score[last])) last--;
    return (vxg__judged){grid_center(g, first), grid_center(g, last), fine};
}

int vxg__center_at_border(const vxg__judged *j, double center) {
    return j->lo < j->hi && (center - j->lo < j->fine || j->hi - center < j->fine);
}

int vxg__center_tell(const char *who, const vxg__judged *j, int border, vxg_ct_center_curve *out) {
    vxg_ct_center_curve curve;
    if (!out && border)
        vxg__log(0, "%s: the best score lies at the border of columns %g to %g", who, j->lo, j->hi);
    if (!out) return VXG_OK;
    VXG_TRY(VXG_IN(vxg_ct_center_curve, &curve, out));
    curve.lo = j->lo, curve.hi = j->hi, curve.at_border = border;
    return VXG_OUT(vxg_ct_center_curve, out, &curve);
}

int vxg__center_search(const char *who, const vxg_ct_center_opts *opts, int64_t nu,
                       vxg__center_score score, void *context, vxg_ct_center_curve *out,
                       vxg__judged *judged, double *center) {
    vxg_ct_center_opts o;
    vxg_ct_center_curve own, *const curve = out ? &own : NULL;
    VXG_TRY(VXG_IN(vxg_ct_center_curve, &own, out));
    VXG_FAIL_IF(curve && (curve->capacity < 1 || !curve->center || !curve->score), VXG_ERR_ARGUMENT,
                "%s: curve without room for its points", who);
    VXG_TRY(vxg__center_resolve(who, opts, nu, &o));
    grid coarse = {.step = o.step, .fn = score, .context = context};
    grid fine = {.step = o.fine, .fn = score, .context = context};
    int64_t best;
    int status = grid_scan(&coarse, o.lo, o.hi, &best);
    if (!status && best < 0)
        status =
            vxg_error_set(VXG_ERR_INPUT,
                          "%s: no centre from column %g to %g can be judged: too little overlap "
                          "with the opposite view, or no structure",
                          who, o.lo, o.hi);
    if (status) goto done;
    if (judged) *judged = judged_part(&coarse, o.fine);

    double c = grid_center(&coarse, best);
    double reach = 2 * o.step > 1 ? 2 * o.step : 1;
    /* Whole fine steps to both sides, so that the coarse minimum is on the fine grid. */
    double below = floor(fmin(reach, c - o.lo) / o.fine + 1e-6) * o.fine;
    VXG_GOTO(status, grid_scan(&fine, c - below, fmin(c + reach, o.hi), &best), done);
    if (best < 0) best = 0; /* not reached: the coarse minimum is on the fine grid */
    *center = grid_vertex(&fine, best);
    if (curve) {
        fill_curve(curve, &coarse, &fine);
        VXG_GOTO(status, VXG_OUT(vxg_ct_center_curve, out, curve), done);
    }
done:
    vxg__free(coarse.score);
    vxg__free(fine.score);
    return status;
}
