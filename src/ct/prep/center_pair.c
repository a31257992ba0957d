/* Rotation centre from opposite views: p(t + pi, c + s) = p(t, c - s).
 *
 * A group holds direct rows near one angle and rows near the opposite angle, mirrored about the
 * candidate column: at the right column all are samples of one smooth function of angle. The score
 * is what a low polynomial in angle, fitted at every column offset, leaves unexplained, over the
 * rows' variation. Two exactly opposite views give a polynomial of degree 0: plain registration.
 * Where the scan stops short of 180 degrees the group is the seam: the last views against the
 * mirrored first ones, degree 3, which corrects the missing angle at every column by the views' own
 * motion.
 *
 * Rows are smoothed (Gaussian, 1 px; over a gap of angle d by half the way d/2 a point at the
 * detector's edge turns) so that what moves between views is resolved, and mirrored rows are cubic
 * B-splines. */
#include <math.h>

#include <voxgrad/ct.h>

#include "base/base.h"
#include "ct/prep/center_search.h"

#define PI 3.14159265358979323846
#define MAX_NODES 8   /* rows of one side of a group; more views than that are averaged */
#define MAX_BASIS 4   /* polynomial degree 3 */
#define MAX_GROUPS 16 /* opposite pairs used of a full turn */
#define MAX_ROWS 32   /* detector rows are summed to at most this many */
#define PAD 3         /* spline coefficients beyond the row: 1 before, 2 after */

typedef struct node {
    int64_t begin, end; /* views averaged, in order of angle */
    double angle;
} node;

typedef struct group {
    int na, nb, nbasis;
    int64_t first;            /* number of nodes in the groups before */
    node node[2 * MAX_NODES]; /* direct ones first, then mirrored */
    double basis[MAX_BASIS][2 * MAX_NODES];
} group;

typedef struct pair_work {
    const char *who;
    const float *projections;
    int64_t nv, nu, rows; /* rows after summing */
    vxg__views views;
    group group[MAX_GROUPS];
    int ngroups;
    int64_t nodes;
    double sigma, smooth; /* of all smoothing; what the caller asked for */
    int64_t radius;
    double *taps; /* Gaussian, radius + 1 */
    double *data; /* (group, node, row, nu + PAD): values, or spline coefficients from index 1 on */
    int workers;
    double *scratch; /* per worker: nu */
} pair_work;

/* ---- Which views ---- */
/* n <= MAX_NODES nodes over the views [begin, end). */
static int make_nodes(const vxg__views *v, int64_t begin, int64_t end, double shift, node *out) {
    int64_t count = end - begin, n = count < MAX_NODES ? count : MAX_NODES;
    for (int64_t i = 0; i < n; i++) {
        node *o = &out[i];
        o->begin = begin + count * i / n, o->end = begin + count * (i + 1) / n;
        o->angle = 0;
        for (int64_t j = o->begin; j < o->end; j++) o->angle += v->angle[j];
        o->angle = o->angle / (double)(o->end - o->begin) + shift;
    }
    return (int)n;
}

/* Orthonormal polynomials on the nodes' angles (Gram-Schmidt, twice for accuracy). */
static void make_basis(group *g, int degree) {
    int n = g->na + g->nb;
    double middle = 0, reach = 0;
    for (int i = 0; i < n; i++) middle += g->node[i].angle / n;
    for (int i = 0; i < n; i++) reach = fmax(reach, fabs(g->node[i].angle - middle));
    g->nbasis = degree + 1 < n - 1 ? degree + 1 : n - 1;
    for (int b = 0; b < g->nbasis; b++) {
        double *v = g->basis[b];
        for (int i = 0; i < n; i++) {
            double x = reach > 0 ? (g->node[i].angle - middle) / reach : 0;
            v[i] = b ? pow(x, b) : 1;
        }
        for (int pass = 0; pass < 2; pass++)
            for (int a = 0; a < b; a++) {
                double dot = 0;
                for (int i = 0; i < n; i++) dot += v[i] * g->basis[a][i];
                for (int i = 0; i < n; i++) v[i] -= dot * g->basis[a][i];
            }
        double norm = 0;
        for (int i = 0; i < n; i++) norm += v[i] * v[i];
        for (int i = 0; i < n; i++) v[i] /= sqrt(norm);
    }
}

static void add_group(pair_work *w, int64_t a0, int64_t a1, int64_t b0, int64_t b1, double b_shift,
                      int degree) {
    group *g = &w->group[w->ngroups++];
    g->first = w->nodes;
    g->na = make_nodes(&w->views, a0, a1, 0, g->node);
    g->nb = make_nodes(&w->views, b0, b1, b_shift, g->node + g->na);
    make_basis(g, degree);
    w->nodes += g->na + g->nb;
}

static int64_t nearest(const vxg__views *v, double angle) {
    int64_t best = 0;
    for (int64_t i = 1; i < v->n; i++)
        if (fabs(v->angle[i] - angle) < fabs(v->angle[best] - angle)) best = i;
    return best;
}

/* Views whose opposite view was measured: exact pairs if there are any, else four views round each.
 */
static int opposite_groups(pair_work *w) {
    const vxg__views *v = &w->views;
    double same = fmax(2e-6, fmin(1e-3 * v->step, 1e-4));
    int64_t all = 0, exact = 0;
    while (all < v->n && v->angle[all] + PI <= v->angle[v->n - 1] + same) all++;
    for (int64_t i = 0; i < all; i++)
        exact += fabs(v->angle[nearest(v, v->angle[i] + PI)] - v->angle[i] - PI) <= same;
    VXG_FAIL_IF(all && !exact && v->step * 180 / PI > VXG__CENTER_MAX_GAP, VXG_ERR_INPUT,
                "%s: no two views are 180 degrees apart, and steps of %.3g degrees are too wide to "
                "interpolate",
                w->who, v->step * 180 / PI);
    int64_t usable = exact ? exact : all, k = 0;
    int64_t wanted = usable < MAX_GROUPS ? usable : MAX_GROUPS;
    for (int64_t i = 0; i < all; i++) {
        int64_t j = nearest(v, v->angle[i] + PI);
        if (exact && fabs(v->angle[j] - v->angle[i] - PI) > same) continue;
        if (k++ != usable * w->ngroups / wanted || w->ngroups == wanted) continue;
        if (exact) {
            add_group(w, i, i + 1, j, j + 1, -PI, 0);
            continue;
        }
        int64_t b0 = v->angle[j] > v->angle[i] + PI ? j - 2 : j - 1;
        if (b0 > v->n - 4) b0 = v->n - 4;
        if (b0 < 0) b0 = 0;
        int64_t a0 = i > 0 ? i - 1 : 0;
        add_group(w, a0, a0 + 4 < v->n ? a0 + 4 : v->n, b0, b0 + 4 < v->n ? b0 + 4 : v->n, -PI, 3);
    }
    w->sigma = exact ? 1 : hypot(1, (double)w->nu / 4 * v->step);
    return VXG_OK;
}

/* The last views against the mirrored first: twice the gap on either side, at least four views. */
static int seam_group(pair_work *w) {
    const vxg__views *v = &w->views;
    double gap = PI - v->angle[v->n - 1], reach = 2 * gap * (1 + 1e-6);
    VXG_FAIL_IF(gap * 180 / PI > VXG__CENTER_MAX_GAP, VXG_ERR_INPUT,
                "%s: the views cover %.4g degrees; expected about 180, at most %g missing", w->who,
                v->angle[v->n - 1] * 180 / PI, VXG__CENTER_MAX_GAP);
    int64_t a = 0, b = 0;
    while (a < v->n && (a < 4 || v->angle[v->n - 1] - v->angle[v->n - 1 - a] <= reach)) a++;
    while (b < v->n && (b < 4 || v->angle[b] <= reach)) b++;
    if (a > v->n / 2) a = v->n / 2;
    if (b > v->n / 2) b = v->n / 2;
    add_group(w, v->n - a, v->n, 0, b, PI, 3);
    w->sigma = hypot(1, (double)w->nu / 4 * gap);
    return VXG_OK;
}

/* ---- Rows ---- */
static double *row_data(const pair_work *w, int g, int n, int64_t row) {
    return w->data + ((w->group[g].first + n) * w->rows + row) * (w->nu + PAD);
}

/* Mean of a node's views over the detector rows of one summed row; 0 where the input is not finite.
 */
static int gather(const pair_work *w, const node *o, int64_t row, double *out) {
    int64_t r0 = w->nv * row / w->rows, r1 = w->nv * (row + 1) / w->rows;
    double scale = 1 / (double)((o->end - o->begin) * (r1 - r0)), check = 0;
    for (int64_t u = 0; u < w->nu; u++) out[u] = 0;
    for (int64_t i = o->begin; i < o->end; i++)
        for (int64_t r = r0; r < r1; r++) {
            const float *p = w->projections + (w->views.view[i] * w->nv + r) * w->nu;
            for (int64_t u = 0; u < w->nu; u++) out[u] += p[u] * scale;
        }
    for (int64_t u = 0; u < w->nu; u++) check += out[u] * 0;
    return check == 0; /* NaN when any was NaN or infinite */
}

/* Gaussian with the end values continued. */
static void smooth(const pair_work *w, const double *in, double *out) {
    int64_t n = w->nu;
    for (int64_t u = 0; u < n; u++) {
        double sum = w->taps[0] * in[u];
        for (int64_t i = 1; i <= w->radius; i++)
            sum += w->taps[i] * (in[u > i ? u - i : 0] + in[u + i < n ? u + i : n - 1]);
        out[u] = sum;
    }
}

/* Values c[1..n] become cubic B-spline coefficients in c[0..n+2], mirrored about the end samples
 * (Unser, IEEE Signal Process. Mag. 16 (1999) 22). */
static void spline_coefficients(double *c, int64_t n) {
    const double z = sqrt(3.0) - 2;
    double *x = c + 1, whole = pow(z, (double)(2 * n - 2));
    double start = x[0] + pow(z, (double)(n - 1)) * x[n - 1], up = z, down = whole / z;
    for (int64_t i = 1; i < n - 1; i++, up *= z, down /= z) start += (up + down) * x[i];
    start /= 1 - whole;
    x[0] = start;
    for (int64_t i = 1; i < n; i++) x[i] += z * x[i - 1];
    x[n - 1] = z / (z * z - 1) * (x[n - 1] + z * x[n - 2]);
    for (int64_t i = n - 2; i >= 0; i--) x[i] = z * (x[i + 1] - x[i]);
    for (int64_t i = 0; i < n; i++) x[i] *= 6;
    x[-1] = x[1], x[n] = x[n - 2], x[n + 1] = x[n - 3];
}

static void rows_part(void *context, int64_t begin, int64_t end, int worker) {
    pair_work *w = context;
    double *scratch = w->scratch + (int64_t)worker * w->nu;
    for (int64_t i = begin; i < end; i++) {
        int64_t row = i % w->rows, n = i / w->rows;
        int g = 0;
        while (g + 1 < w->ngroups && w->group[g + 1].first <= n) g++;
        const group *gr = &w->group[g];
        n -= gr->first;
        double *c = row_data(w, g, (int)n, row);
        if (!gather(w, &gr->node[n], row, scratch)) {
            c[0] = NAN; /* found by check_rows */
            continue;
        }
        smooth(w, scratch, c + 1);
        if (n >= gr->na) spline_coefficients(c, w->nu);
    }
}

/* Names the first non-finite input of the views used. */
static int check_rows(const pair_work *w) {
    for (int g = 0; g < w->ngroups; g++)
        for (int n = 0; n < w->group[g].na + w->group[g].nb; n++)
            for (int64_t row = 0; row < w->rows; row++) {
                if (!isnan(row_data(w, g, n, row)[0])) continue;
                const node *o = &w->group[g].node[n];
                for (int64_t i = o->begin; i < o->end; i++)
                    for (int64_t r = 0; r < w->nv; r++)
                        for (int64_t u = 0; u < w->nu; u++) {
                            int64_t view = w->views.view[i];
                            float p = w->projections[(view * w->nv + r) * w->nu + u];
                            VXG_FAIL_IF(!isfinite(p), VXG_ERR_INPUT,
                                        "%s: the projections are %g at view %lld, row %lld, "
                                        "column %lld",
                                        w->who, (double)p, (long long)view, (long long)r,
                                        (long long)u);
                        }
            }
    return VXG_OK;
}

/* ---- Score ---- */
typedef struct sums {
    double unexplained, variation;
} sums;

/* One group in one row over columns [k0, k1]; mirrored rows are read at 2c - k = base - k + f. */
static void row_sums(const pair_work *w, int g, int64_t row, int64_t k0, int64_t k1, int64_t base,
                     double f, sums *out) {
    const group *gr = &w->group[g];
    const double *data[2 * MAX_NODES];
    int n = gr->na + gr->nb;
    for (int i = 0; i < n; i++) data[i] = row_data(w, g, i, row) + (i < gr->na);
    double e = 1 - f, b0 = e * e * e / 6, b3 = f * f * f / 6;
    double b1 = 2.0 / 3 - 0.5 * f * f * (2 - f), b2 = 2.0 / 3 - 0.5 * e * e * (2 - e);
    double mean[2 * MAX_NODES] = {0}, square = 0, explained = 0;
    for (int64_t k = k0; k <= k1; k++) {
        double y[2 * MAX_NODES];
        for (int i = 0; i < gr->na; i++) y[i] = data[i][k];
        for (int i = gr->na; i < n; i++) {
            const double *c = data[i] + base - k;
            y[i] = b0 * c[0] + b1 * c[1] + b2 * c[2] + b3 * c[3];
        }
        for (int i = 0; i < n; i++) mean[i] += y[i], square += y[i] * y[i];
        for (int b = 0; b < gr->nbasis; b++) {
            double dot = 0;
            for (int i = 0; i < n; i++) dot += gr->basis[b][i] * y[i];
            explained += dot * dot;
        }
    }
    /* The rows' means may differ (beam drift): they are left out of both sums. */
    double count = (double)(k1 - k0 + 1), offsets = 0, fitted = 0;
    for (int i = 0; i < n; i++) offsets += mean[i] * mean[i] / count;
    for (int b = 0; b < gr->nbasis; b++) {
        double dot = 0;
        for (int i = 0; i < n; i++) dot += gr->basis[b][i] * mean[i];
        fitted += dot * dot / count;
    }
    out->variation += square - offsets;
    out->unexplained += square - offsets - (explained - fitted);
}

static double pair_score(void *context, double center) {
    const pair_work *w = context;
    double twice = 2 * center, last = (double)(w->nu - 1);
    /* Where the ends of the row are continued, noise is smoothed less. */
    const double edge = ceil(2 * w->smooth);
    int64_t k0 = (int64_t)ceil(fmax(edge, twice - last + edge));
    int64_t k1 = (int64_t)floor(fmin(last - edge, twice - edge)), base = (int64_t)floor(twice);
    int64_t least = w->nu / 8 > 8 ? w->nu / 8 : 8;
    if (k1 - k0 + 1 < least) return NAN;
    sums s = {0, 0};
    for (int g = 0; g < w->ngroups; g++)
        for (int64_t row = 0; row < w->rows; row++)
            row_sums(w, g, row, k0, k1, base, twice - (double)base, &s);
    return s.variation > 0 ? s.unexplained / s.variation : NAN;
}

/* ---- Entry ---- */
int64_t vxg__center_pair_bytes(int64_t nviews, int64_t nv, int64_t nu) {
    const int64_t rows = nv < MAX_ROWS ? nv : MAX_ROWS;
    /* four direct and four mirrored views a group, or one group of the seam */
    const int64_t most = MAX_GROUPS * 8;
    const int64_t nodes = most < 8 * nviews ? most : 8 * nviews;
    const int64_t taps = 5 + (int64_t)ceil(4 * hypot(1, PI * (double)nu / 4));
    return (int64_t)sizeof(pair_work) + 8 * (nodes * rows * (nu + PAD) + vxg_threads() * nu + taps);
}

static int allocate(pair_work *w) {
    w->radius = (int64_t)ceil(4 * w->sigma);
    w->taps = vxg__calloc((size_t)w->radius + 1, sizeof(double));
    w->data =
        vxg__calloc((size_t)w->nodes * (size_t)w->rows, (size_t)(w->nu + PAD) * sizeof(double));
    w->workers = vxg_threads();
    w->scratch = vxg__calloc((size_t)w->workers, (size_t)w->nu * sizeof(double));
    if (!w->taps || !w->data || !w->scratch) return VXG_ERR_MEMORY;
    double sum = 0;
    for (int64_t i = 0; i <= w->radius; i++) {
        w->taps[i] = exp(-0.5 * (double)(i * i) / (w->sigma * w->sigma));
        sum += w->taps[i] * (i ? 2 : 1);
    }
    for (int64_t i = 0; i <= w->radius; i++) w->taps[i] /= sum;
    return VXG_OK;
}

static int prepare(pair_work *w, const double *theta, int64_t nviews, double smooth) {
    VXG_TRY(vxg__views_order(w->who, nviews, theta, &w->views));
    VXG_FAIL_IF(w->views.n < 2, VXG_ERR_INPUT, "%s: all views have one angle", w->who);
    VXG_TRY(opposite_groups(w));
    if (w->ngroups == 0) VXG_TRY(seam_group(w));
    w->smooth = smooth;
    w->sigma = fmax(w->sigma, smooth);
    VXG_TRY(allocate(w));
    vxg__parallel_on(w->workers, w->nodes * w->rows, 1, rows_part, w);
    return check_rows(w);
}

int vxg_ct_center_pair(const float *projections, int64_t nviews, int64_t nv, int64_t nu,
                       const double *theta, const vxg_ct_center_opts *opts,
                       vxg_ct_center_curve *curve, double *center) {
    const char *who = "centre (pair)";
    VXG_FAIL_IF(!projections || !theta || !center, VXG_ERR_ARGUMENT,
                "%s: projections, theta or center is NULL", who);
    VXG_TRY(vxg__center_views_check(who, nviews, nv, nu));
    pair_work *w = vxg__calloc(1, sizeof *w);
    if (!w) return VXG_ERR_MEMORY;
    *w = (pair_work){.who = who, .projections = projections, .nv = nv, .nu = nu};
    w->rows = nv < MAX_ROWS ? nv : MAX_ROWS;
    vxg_ct_center_opts o;
    vxg__judged judged;
    int status = vxg__center_resolve(who, opts, nu, &o);
    if (!status) status = prepare(w, theta, nviews, o.smooth);
    if (!status) status = vxg__center_search(who, opts, nu, pair_score, w, curve, &judged, center);
    if (!status)
        status = vxg__center_tell(who, &judged, vxg__center_at_border(&judged, *center), curve);
    vxg__views_free(&w->views);
    vxg__free(w->taps);
    vxg__free(w->data);
    vxg__free(w->scratch);
    vxg__free(w);
    return status;
}
