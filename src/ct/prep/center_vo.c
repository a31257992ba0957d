/* Rotation centre from the Fourier double wedge (Vo et al., Opt. Express 22 (2014) 19078).
 *
 * The views of half a turn and their mirror images about column c make the sinogram of a whole
 * turn. Its 2-D spectrum, angular harmonic m against frequency w along the row, is empty where |m|
 * > w R (R the object's radius) if and only if c is the rotation axis: a wrong c leaves a jump
 * where the halves meet. The score is the weighted mean magnitude in that region over the mean it
 * could have.
 *
 * Mirroring about c conjugates a row's transform F and turns it by exp(-2 i w c). So the spectrum
 * is U + exp(-2 i w c) V with U and V transformed once, for all c: no row is ever shifted or
 * interpolated, and the score is a smooth function of c. The angular transform is a plain DFT: of
 * the many harmonics only a few hundred are used, and any number of views keeps its exact period.
 *
 * From the paper: harmonics up to 20 (at most 5 % of all) are left out, as are the lowest two
 * frequencies of the row, R is half the detector. Different: magnitudes are weighted by 1/m^2,
 * which is the decay of the jump's spectrum, because far from the wedge there is only noise; a line
 * through the row's two ends is taken off, because an object wider than the detector ends in a
 * step; and the search is repeated on the columns that lie evenly about the centre found. */
#include <math.h>

#include <voxgrad/ct.h>

#include "array/fft_host.h"
#include "base/base.h"
#include "ct/prep/center_search.h"

#define PI 3.14159265358979323846
#define DROP_HARMONICS 20
#define DROP_FRACTION 0.05
#define DROP_FREQUENCIES 2
#define TOP_HARMONICS 8 /* times the dropped ones: beyond, the weight is under 2 % */
#define TOP_AT_LEAST 64
#define MAX_VIEWS 8192
#define MAX_ROUNDS 4
#define MAX_HOLE 10.01 /* degrees; beyond, the error passes a quarter of a column */

typedef struct wedge {
    const char *who;
    const float *sinogram;
    int64_t stride;    /* columns of the sinogram */
    int64_t begin, nu; /* those used */
    double smooth;     /* sigma, columns */
    vxg__views views;  /* those of the first half turn */
    int64_t m;         /* evenly spaced views of half a turn */
    int64_t low, top;  /* harmonics low < h <= top */
    int64_t k0, nk;    /* frequencies k0 .. k0 + nk - 1 of n */
    vxg__fft plan;
    int workers;
    double *scratch; /* per worker: 2 room */
    int64_t room;
    double *re, *im; /* (nk, views): the rows' transforms */
    double *source;  /* per even view: position in views, fractional */
    double *turn;    /* cos, sin of 2 pi i / 2m */
    double *seam;    /* per harmonic: what the mirrored first view adds, re and im */
    int64_t *first;  /* per frequency: lowest harmonic inside the wedge's gap */
    double *u_re, *u_im, *v_re, *v_im; /* (nk, top - low) */
    double full;                       /* largest value of the weighted sum */
} wedge;

/* Keeps the views of the first half turn; refuses large holes. */
static int first_half(wedge *w) {
    vxg__views *v = &w->views;
    int64_t n = 0;
    while (n < v->n && v->angle[n] < PI - 1e-3 * v->step) n++;
    v->n = n;
    double hole = PI - v->angle[n - 1];
    for (int64_t i = 1; i < n; i++) hole = fmax(hole, v->angle[i] - v->angle[i - 1]);
    /* Even steps may be coarse; a single hole is filled by interpolation, which must stay short. */
    double most = fmin(fmax(MAX_HOLE, 1.5 * v->step * 180 / PI), VXG__CENTER_MAX_GAP);
    hole *= 180 / PI;
    VXG_FAIL_IF(hole > most, VXG_ERR_INPUT,
                "%s: %.3g degrees of the half turn have no view; at most %g may be missing", w->who,
                hole, most);
    w->m = (int64_t)floor(PI / v->step + 0.5);
    if (w->m < n) w->m = n;
    if (w->m > MAX_VIEWS) w->m = MAX_VIEWS;
    return VXG_OK;
}

/* The region used: which harmonics and frequencies. */
static void choose_region(wedge *w, int64_t n) {
    int64_t drop = (int64_t)ceil(DROP_FRACTION * 2 * (double)w->m);
    w->low = drop < DROP_HARMONICS ? drop : DROP_HARMONICS;
    w->top = TOP_HARMONICS * w->low > TOP_AT_LEAST ? TOP_HARMONICS * w->low : TOP_AT_LEAST;
    if (w->top > w->m - 1) w->top = w->m - 1;
    /* |m| > nu/2 * 2 pi k / n */
    double per_k = PI * (double)w->nu / (double)n;
    w->k0 = (DROP_FREQUENCIES * n + w->nu - 1) / w->nu;
    int64_t end = (int64_t)ceil((double)w->top / per_k);
    w->nk = end > w->k0 ? end - w->k0 : 0;
    if (w->nk > n / 2 - w->k0) w->nk = n / 2 - w->k0;
}

/* Gaussian with the end values continued: before the line through the ends is taken off, so that
 * this line is less noisy too. */
static void smooth_row(const wedge *w, const float *in, double *out) {
    const int64_t n = w->nu, radius = (int64_t)ceil(4 * w->smooth);
    if (!(w->smooth > 0)) {
        for (int64_t u = 0; u < n; u++) out[u] = in[u];
        return;
    }
    for (int64_t u = 0; u < n; u++) {
        double sum = in[u], weights = 1;
        for (int64_t i = 1; i <= radius; i++) {
            const double x = (double)i / w->smooth, g = exp(-0.5 * x * x);
            sum += g * ((double)in[u > i ? u - i : 0] + in[u + i < n ? u + i : n - 1]);
            weights += 2 * g;
        }
        out[u] = sum / weights;
    }
}

static void row_transform(wedge *w, int64_t view, double *re, double *im) {
    const float *from = w->sinogram + w->views.view[view] * w->stride + w->begin;
    double *row = im; /* before it is needed */
    int64_t edge = w->nu / 50 > 1 ? w->nu / 50 : 1, nv = w->views.n;
    double left = 0, right = 0;
    smooth_row(w, from, row);
    for (int64_t i = 0; i < edge; i++) left += row[i], right += row[w->nu - 1 - i];
    left /= (double)edge, right /= (double)edge;
    for (int64_t i = 0; i < w->plan.n; i++)
        re[i] = i < w->nu ? row[i] - (left + (right - left) * (double)i / (double)(w->nu - 1)) : 0;
    for (int64_t i = 0; i < w->plan.n; i++) im[i] = 0;
    vxg__fft_run(&w->plan, re, im, -1);
    for (int64_t k = 0; k < w->nk; k++) {
        w->re[k * nv + view] = re[w->k0 + k];
        w->im[k * nv + view] = im[w->k0 + k];
    }
}
static void rows_part(void *context, int64_t begin, int64_t end, int worker) {
    wedge *w = context;
    double *re = w->scratch + (int64_t)worker * 2 * w->room;
    for (int64_t v = begin; v < end; v++) row_transform(w, v, re, re + w->plan.n);
}

/* Where each evenly spaced view lies between the measured ones, and the mirrored first view's share
 * in those after the last: seam[h] = sum over views of share * exp(-i pi h j / m). */
static void place_views(wedge *w) {
    const vxg__views *v = &w->views;
    for (int64_t i = 0; i < 2 * w->m; i++) {
        w->turn[2 * i] = cos(PI * (double)i / (double)w->m);
        w->turn[2 * i + 1] = sin(PI * (double)i / (double)w->m);
    }
    for (int64_t j = 0, i = 0; j < w->m; j++) {
        double t = PI * (double)j / (double)w->m;
        while (i + 1 < v->n && v->angle[i + 1] <= t) i++;
        double next = i + 1 < v->n ? v->angle[i + 1] : PI;
        double f = (t - v->angle[i]) / (next - v->angle[i]);
        if (f < 1e-3) f = 0; /* rounding of the angles is no reason to blend */
        if (f > 1 - 1e-3) f = 1;
        w->source[j] = (double)i + f;
        if (i + 1 < v->n) continue;
        for (int64_t h = w->low + 1; h <= w->top; h++) {
            const double *e = w->turn + 2 * (j * h % (2 * w->m));
            w->seam[2 * h] += f * e[0], w->seam[2 * h + 1] -= f * e[1];
        }
    }
}

/* One frequency: the DFT over views at +h and -h, then U and V. */
static void frequency(wedge *w, int64_t k, double *gr, double *gi) {
    int64_t nv = w->views.n, nh = w->top - w->low;
    const double *re = w->re + k * nv, *im = w->im + k * nv;
    for (int64_t j = 0; j < w->m; j++) {
        int64_t i = (int64_t)w->source[j];
        double f = w->source[j] - (double)i;
        gr[j] = (i < nv ? (1 - f) * re[i] : 0) + (i + 1 < nv ? f * re[i + 1] : 0);
        gi[j] = (i < nv ? (1 - f) * im[i] : 0) + (i + 1 < nv ? f * im[i + 1] : 0);
    }
    for (int64_t h = w->first[k]; h <= w->top; h++) {
        double rc = 0, rs = 0, ic = 0, is = 0;
        for (int64_t j = 0, at = 0; j < w->m; j++) {
            double c = w->turn[2 * at], s = w->turn[2 * at + 1];
            rc += gr[j] * c, rs += gr[j] * s, ic += gi[j] * c, is += gi[j] * s;
            at += h;
            if (at >= 2 * w->m) at -= 2 * w->m;
        }
        double sign = h % 2 ? -1 : 1, br = w->seam[2 * h], bi = w->seam[2 * h + 1];
        double fr = re[0], fi = im[0];
        int64_t at = k * nh + h - w->low - 1;
        /* U = A(h) + (-1)^h b F0, V = (-1)^h conj(A(-h)) + b conj(F0) */
        w->u_re[at] = rc + is + sign * (br * fr - bi * fi);
        w->u_im[at] = ic - rs + sign * (br * fi + bi * fr);
        w->v_re[at] = sign * (rc - is) + br * fr + bi * fi;
        w->v_im[at] = -sign * (ic + rs) + bi * fr - br * fi;
    }
}
static void frequencies_part(void *context, int64_t begin, int64_t end, int worker) {
    wedge *w = context;
    double *g = w->scratch + (int64_t)worker * 2 * w->room;
    for (int64_t k = begin; k < end; k++) frequency(w, k, g, g + w->m);
}

static double harmonic_weight(int64_t h) {
    return 1 / ((double)h * (double)h);
}

static double wedge_score(void *context, double center) {
    const wedge *w = context;
    int64_t nh = w->top - w->low;
    double sum = 0;
    for (int64_t k = 0; k < w->nk; k++) {
        double angle = 4 * PI * (double)(w->k0 + k) / (double)w->plan.n * center;
        double er = cos(angle), ei = -sin(angle);
        for (int64_t h = w->first[k]; h <= w->top; h++) {
            int64_t at = k * nh + h - w->low - 1;
            double re = w->u_re[at] + er * w->v_re[at] - ei * w->v_im[at];
            double im = w->u_im[at] + er * w->v_im[at] + ei * w->v_re[at];
            sum += harmonic_weight(h) * sqrt(re * re + im * im);
        }
    }
    return sum / w->full;
}

/* Of all columns: the parts searched again are smaller. */
int64_t vxg__center_vo_bytes(int64_t nviews, int64_t nu) {
    const int64_t top = TOP_HARMONICS * DROP_HARMONICS > TOP_AT_LEAST
                            ? TOP_HARMONICS * DROP_HARMONICS
                            : TOP_AT_LEAST;
    const int64_t n = vxg_fft_size(2 * nu), room = n > MAX_VIEWS ? n : MAX_VIEWS;
    const int64_t nk = (int64_t)((double)top * 4 / PI) + 2; /* n is less than 4 nu */
    return 8 * (n + 2 * vxg_threads() * room + 2 * nk * nviews + 5 * MAX_VIEWS + 2 * (top + 1) +
                nk + 4 * nk * top);
}

static int allocate(wedge *w, int64_t n) {
    size_t nk = (size_t)w->nk, nv = (size_t)w->views.n, m = (size_t)w->m;
    size_t nh = (size_t)(w->top - w->low);
    w->room = n > w->m ? n : w->m;
    VXG_TRY(vxg__fft_plan(&w->plan, n));
    w->workers = vxg_threads();
    w->scratch = vxg__calloc((size_t)w->workers * 2, (size_t)w->room * sizeof(double));
    w->re = vxg__calloc(nk, nv * sizeof(double));
    w->im = vxg__calloc(nk, nv * sizeof(double));
    w->source = vxg__calloc(m, sizeof(double));
    w->turn = vxg__calloc(m, 4 * sizeof(double));
    w->seam = vxg__calloc((size_t)w->top + 1, 2 * sizeof(double));
    w->first = vxg__calloc(nk, sizeof(int64_t));
    w->u_re = vxg__calloc(nk, 4 * nh * sizeof(double));
    if (!w->scratch || !w->re || !w->im || !w->source || !w->turn || !w->seam || !w->first ||
        !w->u_re)
        return VXG_ERR_MEMORY;
    w->u_im = w->u_re + nk * nh, w->v_re = w->u_im + nk * nh, w->v_im = w->v_re + nk * nh;
    return VXG_OK;
}

/* Transforms of the columns in use. */
static int prepare(wedge *w) {
    int64_t n = vxg_fft_size(2 * w->nu);
    choose_region(w, n);
    VXG_FAIL_IF(w->nk < 1 || w->top <= w->low, VXG_ERR_INPUT,
                "%s: %lld views of %lld columns are too few for this method", w->who,
                (long long)w->views.n, (long long)w->nu);
    VXG_TRY(allocate(w, n));
    for (int64_t k = 0; k < w->nk; k++) {
        int64_t h = (int64_t)floor(PI * (double)w->nu * (double)(w->k0 + k) / (double)n) + 1;
        w->first[k] = h > w->low ? h : w->low + 1;
    }
    place_views(w);
    vxg__parallel_on(w->workers, w->views.n, 8, rows_part, w);
    vxg__parallel_on(w->workers, w->nk, 2, frequencies_part, w);
    int64_t nh = w->top - w->low;
    for (int64_t k = 0; k < w->nk; k++)
        for (int64_t h = w->first[k]; h <= w->top; h++) {
            int64_t at = k * nh + h - w->low - 1;
            w->full += harmonic_weight(h) *
                       (hypot(w->u_re[at], w->u_im[at]) + hypot(w->v_re[at], w->v_im[at]));
        }
    return VXG_OK;
}

static void release(wedge *w) {
    vxg__fft_free(&w->plan);
    vxg__free(w->scratch);
    vxg__free(w->re);
    vxg__free(w->im);
    vxg__free(w->source);
    vxg__free(w->turn);
    vxg__free(w->seam);
    vxg__free(w->first);
    vxg__free(w->u_re);
}

/* One search over the columns [begin, end). */
static int search(const wedge *views, int64_t begin, int64_t end, double largest,
                  const vxg_ct_center_opts *opts, vxg_ct_center_curve *curve, vxg__judged *judged,
                  double *center) {
    wedge w = *views;
    w.begin = begin, w.nu = end - begin;
    int status = prepare(&w);
    if (!status && w.full <= 1e-12 * largest)
        status = vxg_error_set(VXG_ERR_INPUT, "%s: the sinogram shows no structure", w.who);
    if (!status)
        status = vxg__center_search(w.who, opts, w.nu, wedge_score, &w, curve, judged, center);
    release(&w);
    if (!status) *center += (double)begin;
    return status;
}

/* Searches again close to the centre found, on the columns that lie evenly about it, until these
 * stay the same: an object wider than the detector then ends at opposite places in opposite views,
 * and the step there pulls to neither side. */
static int refine(const wedge *views, double largest, const vxg_ct_center_opts *opts,
                  double *center) {
    int64_t nu = views->stride, begin = 0, end = nu;
    vxg_ct_center_opts all;
    VXG_TRY(vxg__center_resolve(views->who, opts, nu, &all));
    for (int round = 0; round < MAX_ROUNDS; round++) {
        int64_t shift = (int64_t)floor(2 * *center + 0.5) - (nu - 1); /* of the mirror image */
        int64_t b = shift > 0 ? shift : 0, e = shift > 0 ? nu : nu + shift;
        if ((b == begin && e == end) || e - b < nu / 4 || e - b < 16) break;
        begin = b, end = e;
        double reach = fmax(4, 4 * all.step), first = (double)begin;
        vxg_ct_center_opts o = all;
        o.lo = fmax(fmax(*center - reach, all.lo) - first, 0);
        o.hi = fmin(fmin(*center + reach, all.hi) - first, (double)(end - begin - 1));
        VXG_TRY(search(views, begin, end, largest, &o, NULL, NULL, center));
    }
    return VXG_OK;
}

int vxg_ct_center_vo(const float *sinogram, int64_t nviews, int64_t nu, const double *theta,
                     const vxg_ct_center_opts *opts, vxg_ct_center_curve *curve, double *center) {
    const char *who = "centre (vo)";
    VXG_FAIL_IF(!sinogram || !theta || !center, VXG_ERR_ARGUMENT,
                "%s: sinogram, theta or center is NULL", who);
    VXG_TRY(vxg__center_views_check(who, nviews, 1, nu));
    double largest = 0;
    for (int64_t i = 0; i < nviews * nu; i++) {
        VXG_FAIL_IF(!isfinite(sinogram[i]), VXG_ERR_INPUT,
                    "%s: the sinogram is %g at view %lld, column %lld", who, (double)sinogram[i],
                    (long long)(i / nu), (long long)(i % nu));
        largest = fmax(largest, fabs((double)sinogram[i]));
    }
    wedge w = {.who = who, .sinogram = sinogram, .stride = nu};
    vxg_ct_center_opts o;
    vxg__judged judged;
    int status = vxg__center_resolve(who, opts, nu, &o);
    w.smooth = o.smooth;
    if (!status) status = vxg__views_order(who, nviews, theta, &w.views);
    if (!status) status = first_half(&w);
    if (!status) status = search(&w, 0, nu, largest, opts, curve, &judged, center);
    if (!status) status = refine(&w, largest, opts, center);
    if (!status)
        status = vxg__center_tell(who, &judged, vxg__center_at_border(&judged, *center), curve);
    vxg__views_free(&w.views);
    return status;
}
