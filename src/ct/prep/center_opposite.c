/* Rotation axis of a full turn: every view against the mirrored one half a turn later, all at once,
 * wherever on the detector the axis is: p(t + pi, c + s) = p(t, c - s).
 *
 * Both views see the columns from 2c - (nu - 1) to 2c, as far as they are on the detector: a strip
 * about the axis, narrow where the axis is at the side (half-acquisition). How well the strips
 * agree is the correlation r(c) = 2 sum a b / sum (a a + b b). All sums of products come from one
 * cross-spectrum that every pair adds to, so any number of views takes the memory of a few rows,
 * and the sums of squares are running sums over columns.
 *
 * A column that reads wrong by a constant would match its own mirror image at random places. The
 * mean over the views of all pairs holds that constant and what of the object is the same from all
 * sides; the latter is symmetric about the axis, so the mean can be subtracted from each view, and
 * the rest still mirrors. Rows are smoothed as far as noise buries the signal.
 *
 * Strips of unlike width are compared by how much likelier the strips' values are as one signal
 * seen twice than as two signals, both Gaussian, where views that show the same agree as well as
 * the best do: a wrong axis with a wide strip loses by its mismatch, a narrow strip that agrees by
 * chance by the few columns it explains. */
#include <math.h>

#include <voxgrad/ct.h>

#include "array/fft_host.h"
#include "base/base.h"
#include "ct/prep/center_search.h"

#define PI 3.14159265358979323846
#define MAX_ROWS 32 /* detector rows are summed to at most this many */
#define CHUNKS 16   /* sums are formed in these parts, whatever the threads */
#define LEAST_PAIRS 4
#define LEAST_STRIP 16 /* columns, and nu / 16 */
#define MOST_SIGMA 12.0
#define STRIPE 21  /* columns; what is narrower than half of it counts as a stripe */
#define BEST 0.97  /* agreement to be had on a grid of half columns */
#define AIR 1e-4   /* part of the mean square that a strip must hold to say something */
#define CHANCE 6.0 /* times what noise agrees by */

typedef struct opposite_pair {
    int64_t a, b0, b1; /* indices into views */
    double f;          /* the opposite view is (1 - f) b0 + f b1 */
} opposite_pair;

typedef struct sums {                        /* of one chunk */
    double *x_re, *x_im;                     /* (n): cross-spectrum */
    double *aa, *bb;                         /* (nu): squares by column */
    double *power;                           /* (n / 2 + 1): of both, for the noise */
    double *a_re, *a_im, *b_re, *b_im, *row; /* scratch (n) */
} sums;

typedef struct opposite {
    const char *who;
    const float *projections;
    int64_t nv, nu, rows, n;
    vxg__views views;
    opposite_pair *pair;
    int64_t npairs;
    double *mean; /* (rows, nu) */
    double sigma, *taps;
    int64_t radius, edge; /* of the smoothing; columns left out at each end */
    vxg__fft plan;
    sums part[CHUNKS];
    double *store;
    int first_pass;
    double *x_re, *x_im, *aa, *bb; /* the whole: bb and aa running sums (nu + 1) */
    double best;                   /* largest correlation */
    double scale;                  /* squares by column, of all */
    int64_t least;                 /* columns of a strip */
} opposite;

/* ---- Which views ---- */
static int find_pairs(opposite *w) {
    const vxg__views *v = &w->views;
    const double same = fmax(2e-6, fmin(1e-3 * v->step, 1e-4));
    w->pair = vxg__calloc((size_t)v->n, sizeof *w->pair);
    if (!w->pair) return VXG_ERR_MEMORY;
    int64_t j = 0, half = 0;
    for (int64_t i = 0; i < v->n && v->angle[i] < PI - same; i++, half++) {
        const double t = v->angle[i] + PI;
        while (j < v->n && v->angle[j] < t - same) j++;
        if (j == v->n) continue;
        opposite_pair p = {i, j, j, 0};
        if (v->angle[j] > t + same) {
            if (j == 0 || v->angle[j] - v->angle[j - 1] > 3 * v->step) continue;
            p.b0 = j - 1, p.f = (t - v->angle[j - 1]) / (v->angle[j] - v->angle[j - 1]);
        }
        w->pair[w->npairs++] = p;
    }
    VXG_FAIL_IF(w->npairs < LEAST_PAIRS || 2 * w->npairs < half, VXG_ERR_INPUT,
                "%s: %lld of the %lld views of the first half turn have one opposite; expected a "
                "full turn",
                w->who, (long long)w->npairs, (long long)half);
    return VXG_OK;
}

/* ---- Rows ---- */
static void add_view(const opposite *w, int64_t view, int64_t row, double factor, double *out) {
    const int64_t r0 = w->nv * row / w->rows, r1 = w->nv * (row + 1) / w->rows;
    factor /= (double)(r1 - r0);
    for (int64_t r = r0; r < r1; r++) {
        const float *p = w->projections + (w->views.view[view] * w->nv + r) * w->nu;
        for (int64_t u = 0; u < w->nu; u++) out[u] += factor * p[u];
    }
}

static void mean_part(void *context, int64_t begin, int64_t end, int worker) {
    (void)worker;
    opposite *w = context;
    const double share = 0.5 / (double)w->npairs;
    for (int64_t row = begin; row < end; row++)
        for (int64_t i = 0; i < w->npairs; i++) {
            const opposite_pair *p = &w->pair[i];
            double *m = w->mean + row * w->nu;
            add_view(w, p->a, row, share, m);
            add_view(w, p->b0, row, share * (1 - p->f), m);
            if (p->f > 0) add_view(w, p->b1, row, share * p->f, m);
        }
}

/* Less the mean; smoothed. At the ends, where values are continued and noise is averaged less, 0:
 * more noise there than elsewhere would draw the axis away from the middle. */
static void finish_row(const opposite *w, int64_t row, const double *in, double *re, double *im) {
    const double *m = w->mean + row * w->nu;
    const int64_t n = w->nu;
    for (int64_t u = 0; u < w->n; u++) re[u] = im[u] = 0;
    for (int64_t u = w->edge; u < n - w->edge; u++) {
        double sum = w->taps[0] * (in[u] - m[u]);
        for (int64_t i = 1; i <= w->radius; i++) {
            const int64_t l = u > i ? u - i : 0, r = u + i < n ? u + i : n - 1;
            sum += w->taps[i] * (in[l] - m[l] + in[r] - m[r]);
        }
        re[u] = sum;
    }
}

/* A window that falls to 0 at the ends, so that cut objects show no step. */
static void taper(const opposite *w, double *re) {
    for (int64_t u = 0; u < w->nu; u++)
        re[u] *= 0.5 - 0.5 * cos(2 * PI * ((double)u + 0.5) / (double)w->nu);
}

static void one_pair(opposite *w, sums *s, int64_t i, int64_t row) {
    const opposite_pair *p = &w->pair[i];
    for (int64_t u = 0; u < w->nu; u++) s->row[u] = 0;
    add_view(w, p->a, row, 1, s->row);
    finish_row(w, row, s->row, s->a_re, s->a_im);
    for (int64_t u = 0; u < w->nu; u++) s->row[u] = 0;
    add_view(w, p->b0, row, 1 - p->f, s->row);
    if (p->f > 0) add_view(w, p->b1, row, p->f, s->row);
    finish_row(w, row, s->row, s->b_re, s->b_im);
    if (w->first_pass) {
        taper(w, s->a_re);
    } else {
        for (int64_t u = 0; u < w->nu; u++)
            s->aa[u] += s->a_re[u] * s->a_re[u], s->bb[u] += s->b_re[u] * s->b_re[u];
        vxg__fft_run(&w->plan, s->b_re, s->b_im, -1);
    }
    vxg__fft_run(&w->plan, s->a_re, s->a_im, -1);
    for (int64_t k = 0; k <= w->n / 2; k++) {
        const double ar = s->a_re[k], ai = s->a_im[k], br = s->b_re[k], bi = s->b_im[k];
        if (w->first_pass) {
            s->power[k] += ar * ar + ai * ai;
        } else {
            s->x_re[k] += ar * br - ai * bi, s->x_im[k] += ar * bi + ai * br;
        }
    }
}

static void pairs_part(void *context, int64_t begin, int64_t end, int worker) {
    (void)worker;
    opposite *w = context;
    const int64_t all = w->npairs * w->rows;
    for (int64_t c = begin; c < end; c++)
        for (int64_t k = all * c / CHUNKS; k < all * (c + 1) / CHUNKS; k++)
            one_pair(w, &w->part[c], k / w->rows, k % w->rows);
}

/* ---- Smoothing ---- */
static int make_taps(opposite *w, double sigma) {
    vxg__free(w->taps);
    w->sigma = sigma;
    w->radius = sigma > 0 ? (int64_t)ceil(4 * sigma) : 0;
    w->edge = sigma > 0 ? (int64_t)ceil(2 * sigma) : 0;
    w->taps = vxg__calloc((size_t)w->radius + 1, sizeof(double));
    if (!w->taps) return VXG_ERR_MEMORY;
    double sum = 0;
    for (int64_t i = 0; i <= w->radius; i++) {
        w->taps[i] = i ? exp(-0.5 * (double)(i * i) / (sigma * sigma)) : 1;
        sum += w->taps[i] * (i ? 2 : 1);
    }
    for (int64_t i = 0; i <= w->radius; i++) w->taps[i] /= sum;
    return VXG_OK;
}

/* 1 over the frequency where the signal's power falls to the noise's, which is what the highest
 * quarter of the frequencies holds; 1 to nu / 16 columns, at most MOST_SIGMA. */
static double choose_sigma(const opposite *w) {
    const int64_t top = w->n / 2, q = 3 * top / 4;
    double noise = 0;
    for (int64_t k = q; k <= top; k++) noise += w->part[0].power[k] / (double)(top - q + 1);
    int64_t k = 4;
    for (; k + 4 < q; k++) {
        double p = 0;
        for (int64_t i = -4; i <= 4; i++) p += w->part[0].power[k + i] / 9;
        if (p < 2 * noise) break;
    }
    const double sigma = (double)top / (PI * (double)k);
    return fmin(fmax(sigma, 1), fmin(fmax((double)w->nu / 16, 1), MOST_SIGMA));
}

/* ---- Score ---- */
/* Running sum up to column x, which lies between columns. */
static double until(const double *running, double x) {
    const int64_t i = (int64_t)floor(x);
    const double f = x - (double)i;
    return f > 0 ? (1 - f) * running[i] + f * running[i + 1] : running[i];
}

static double strip_of(const opposite *w, double center, double *lo, double *hi) {
    const double first = (double)w->edge, last = (double)(w->nu - 1 - w->edge);
    *lo = fmax(first, 2 * center - last), *hi = fmin(last, 2 * center - first);
    return *hi - *lo + 1;
}

/* Sums of products and of squares over the strip; 0 where there is too little of it. */
static int strip_sums(const opposite *w, double center, double *products, double *squares,
                      double *width) {
    double lo, hi, sum = 0;
    *width = strip_of(w, center, &lo, &hi);
    if (*width < (double)w->least) return 0;
    const double turn = 4 * PI * center / (double)w->n;
    for (int64_t k = 0; k <= w->n / 2; k++) {
        const double part = w->x_re[k] * cos(turn * (double)k) - w->x_im[k] * sin(turn * (double)k);
        sum += k == 0 || 2 * k == w->n ? part : 2 * part;
    }
    *products = sum / (double)w->n;
    *squares = until(w->aa, hi + 1) - until(w->aa, lo) + until(w->bb, hi + 1) - until(w->bb, lo);
    return *squares > 0;
}

static double agreement(const opposite *w, double center) {
    double products, squares, width;
    if (!strip_sums(w, center, &products, &squares, &width)) return NAN;
    return 2 * products / (squares + AIR * w->scale * width);
}

/* Squares of the differences by column: it does not depend on how much of the object the strip
 * holds, so that a wider strip pulls to no side. */
static double difference(void *context, double center) {
    const opposite *w = context;
    double products, squares, width;
    if (!strip_sums(w, center, &products, &squares, &width)) return NAN;
    return (squares - 2 * products) / width / w->scale;
}

static double less_likely(void *context, double center) {
    const opposite *w = context;
    const double r = agreement(w, center), b = w->best, left = 1 - b * b;
    double lo, hi;
    const double width = strip_of(w, center, &lo, &hi) / (double)w->nu;
    return -width * (-0.5 * log(left) - b * (b - r) / left);
}

/* ---- Entry ---- */
static int64_t chunk_values(int64_t n, int64_t nu) {
    return 2 * n + 2 * nu + (n / 2 + 1) + 4 * n + nu;
}

int64_t vxg__center_opposite_bytes(int64_t nviews, int64_t nv, int64_t nu) {
    const int64_t n = vxg_fft_size(2 * nu), rows = nv < MAX_ROWS ? nv : MAX_ROWS;
    const int64_t round = 4 * nu + vxg_threads() * 4 * (nu + STRIPE); /* of keep_round */
    return (int64_t)sizeof(opposite) + nviews * (int64_t)sizeof(opposite_pair) + round +
           8 * (rows * nu + CHUNKS * chunk_values(n, nu) + 3 * n + 2 * (nu + 1) + 64);
}

static int allocate(opposite *w) {
    const int64_t n = w->n, nu = w->nu, each = chunk_values(n, nu);
    w->mean = vxg__calloc((size_t)w->rows, (size_t)nu * sizeof(double));
    w->store = vxg__calloc(CHUNKS, (size_t)each * sizeof(double));
    w->x_re = vxg__calloc((size_t)(2 * n + 2 * (nu + 1)), sizeof(double));
    if (!w->mean || !w->store || !w->x_re) return VXG_ERR_MEMORY;
    w->x_im = w->x_re + n, w->aa = w->x_im + n, w->bb = w->aa + nu + 1;
    for (int c = 0; c < CHUNKS; c++) {
        double *p = w->store + c * each;
        sums *s = &w->part[c];
        s->x_re = p, s->x_im = p + n, p += 2 * n;
        s->aa = p, s->bb = p + nu, p += 2 * nu;
        s->power = p, p += n / 2 + 1;
        s->a_re = p, s->a_im = p + n, s->b_re = p + 2 * n, s->b_im = p + 3 * n;
        s->row = p + 4 * n;
    }
    return vxg__fft_plan(&w->plan, n);
}

static void add_up(opposite *w) {
    for (int c = 0; c < CHUNKS; c++) {
        const sums *s = &w->part[c];
        for (int64_t k = 0; k <= w->n / 2; k++) w->x_re[k] += s->x_re[k], w->x_im[k] += s->x_im[k];
        for (int64_t u = 0; u < w->nu; u++) w->aa[u + 1] += s->aa[u], w->bb[u + 1] += s->bb[u];
    }
    for (int64_t u = 0; u < w->nu; u++) w->aa[u + 1] += w->aa[u], w->bb[u + 1] += w->bb[u];
    w->scale = (w->aa[w->nu] + w->bb[w->nu]) / (double)w->nu;
}

static void empty(opposite *w) {
    const int64_t n = w->n, nu = w->nu;
    for (int64_t k = 0; k < 2 * n + 2 * (nu + 1); k++) w->x_re[k] = 0;
    for (int c = 0; c < CHUNKS; c++) {
        sums *s = &w->part[c];
        for (int64_t k = 0; k < 2 * n + 2 * nu + n / 2 + 1; k++) s->x_re[k] = 0;
    }
}

/* Twice over all pairs: for the noise, which says how smooth, and for the sums. */
static int all_sums(opposite *w) {
    empty(w);
    VXG_TRY(make_taps(w, 0));
    w->first_pass = 1;
    vxg__parallel(CHUNKS, 1, pairs_part, w);
    for (int c = 1; c < CHUNKS; c++)
        for (int64_t k = 0; k <= w->n / 2; k++) w->part[0].power[k] += w->part[c].power[k];
    VXG_TRY(make_taps(w, choose_sigma(w)));
    w->first_pass = 0;
    vxg__parallel(CHUNKS, 1, pairs_part, w);
    add_up(w);
    return VXG_OK;
}

static int prepare(opposite *w, const double *theta, int64_t nviews) {
    VXG_TRY(vxg__views_order(w->who, nviews, theta, &w->views));
    VXG_FAIL_IF(w->views.n < 2, VXG_ERR_INPUT, "%s: all views have one angle", w->who);
    VXG_TRY(find_pairs(w));
    w->n = vxg_fft_size(2 * w->nu);
    VXG_TRY(allocate(w));
    vxg__parallel(w->rows, 1, mean_part, w);
    return all_sums(w);
}

/* The best agreement of the range, and whether noise alone would hardly reach it. */
static int best_agreement(opposite *w, const vxg_ct_center_opts *o) {
    double best = -INFINITY, at = o->lo, lo, hi;
    for (int64_t i = 0; o->lo + (double)i * o->step <= o->hi; i++) {
        const double c = o->lo + (double)i * o->step, r = agreement(w, c);
        if (r > best) best = r, at = c;
    }
    w->best = fmin(best, BEST);
    const double samples = (double)(w->npairs * w->rows) * strip_of(w, at, &lo, &hi);
    return best > CHANCE * sqrt(2.5 * w->sigma / samples);
}

/* An object that looks the same from all sides has gone with the mean: what is left of the mean are
 * its narrow stripes, so that the object stays. */
static int keep_round(opposite *w) {
    const int64_t nu = w->nu;
    float *m = vxg__calloc((size_t)nu, sizeof *m);
    int status = m ? VXG_OK : VXG_ERR_MEMORY;
    const int size = STRIPE < 2 * nu - 1 ? STRIPE : (int)(2 * nu - 1);
    for (int64_t r = 0; !status && r < w->rows; r++) {
        double *mean = w->mean + r * nu;
        for (int64_t u = 0; u < nu; u++) m[u] = (float)mean[u];
        status = vxg_ct_ring_mean(m, 1, 1, nu, size);
        for (int64_t u = 0; u < nu; u++) mean[u] -= m[u];
    }
    vxg__free(m);
    return status ? status : all_sums(w);
}

/* The search over all strips, then about the best by the difference alone. */
static int search(opposite *w, const vxg_ct_center_opts *given, vxg_ct_center_curve *curve,
                  double *center) {
    vxg_ct_center_opts o, in;
    VXG_TRY(vxg__center_resolve(w->who, given, w->nu, &o));
    VXG_TRY(VXG_IN(vxg_ct_center_opts, &in, given));
    w->least = w->nu / 16 > LEAST_STRIP ? w->nu / 16 : LEAST_STRIP;
    if (w->least > w->nu / 2) w->least = w->nu / 2;
    if (in.lo == 0 && in.hi == 0) {
        o.lo = (double)w->edge + 0.5 * (double)(w->least - 1);
        o.hi = (double)(w->nu - 1) - o.lo;
    }
    if (!best_agreement(w, &o)) {
        VXG_TRY(keep_round(w));
        VXG_FAIL_IF(!best_agreement(w, &o), VXG_ERR_INPUT,
                    "%s: opposite views agree nowhere from column %g to %g: no structure, or no "
                    "axis there",
                    w->who, o.lo, o.hi);
    }
    vxg__judged all, near;
    VXG_TRY(vxg__center_search(w->who, &o, w->nu, less_likely, w, curve, &all, center));
    double lo, hi;
    const double c = *center, reach = fmax(2, strip_of(w, c, &lo, &hi) / 8);
    o.lo = fmax(o.lo, c - reach), o.hi = fmin(o.hi, c + reach);
    VXG_TRY(vxg__center_search(w->who, &o, w->nu, difference, w, NULL, &near, center));
    const int border = vxg__center_at_border(&all, c) || vxg__center_at_border(&near, *center);
    return vxg__center_tell(w->who, &all, border, curve);
}

int vxg_ct_center_opposite(const float *projections, int64_t nviews, int64_t nv, int64_t nu,
                           const double *theta, const vxg_ct_center_opts *opts,
                           vxg_ct_center_curve *curve, double *center) {
    const char *who = "centre (opposite)";
    VXG_FAIL_IF(!projections || !theta || !center, VXG_ERR_ARGUMENT,
                "%s: projections, theta or center is NULL", who);
    VXG_TRY(vxg__center_views_check(who, nviews, nv, nu));
    for (int64_t i = 0; i < nviews * nv * nu; i++)
        VXG_FAIL_IF(!isfinite(projections[i]), VXG_ERR_INPUT,
                    "%s: the projections are %g at view %lld, row %lld, column %lld", who,
                    (double)projections[i], (long long)(i / nu / nv), (long long)(i / nu % nv),
                    (long long)(i % nu));
    opposite *w = vxg__calloc(1, sizeof *w);
    if (!w) return VXG_ERR_MEMORY;
    *w = (opposite){.who = who, .projections = projections, .nv = nv, .nu = nu};
    w->rows = nv < MAX_ROWS ? nv : MAX_ROWS;
    int status = prepare(w, theta, nviews);
    if (!status) status = search(w, opts, curve, center);
    vxg__views_free(&w->views);
    vxg__fft_free(&w->plan);
    vxg__free(w->pair);
    vxg__free(w->mean);
    vxg__free(w->taps);
    vxg__free(w->store);
    vxg__free(w->x_re);
    vxg__free(w);
    return status;
}
