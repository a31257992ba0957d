/* Fourier reconstruction: the grid, the function that samples are spread with, where they fall.
 *
 * Samples are spread with the window of Kaiser and Bessel, I0(b sqrt(1 - (2 z / w)^2)) over w cells
 * (J. I. Jackson et al., IEEE Trans. Med. Imaging 10 (1991) 473), b for the width and the grid's
 * length over the image's (P. J. Beatty et al., IEEE Trans. Med. Imaging 24 (2005) 799). Its
 * transform, by which the image is divided, is known. A wave is off by less than 26 times exp(-pi w
 * sqrt(1 - 1 / length)) of its height anywhere in the image. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ct/schedule/fourier.h"
#include "op/fft.h"

#define GRID 1.5      /* cells over voxels, at least */
#define ACCURACY 2e-2 /* when none is asked for */
#define LOBES 2       /* cycles a column up to which linear interpolation is followed */
#define MOST_TURNS 64 /* of the grid, by the highest frequency */

/* The modified Bessel function of the first kind, order 0: the series, all terms positive. */
static double bessel_i0(double x) {
    double sum = 1, term = 1;
    for (int k = 1; term > 1e-17 * sum; k++) {
        term *= (0.5 * x / k) * (0.5 * x / k);
        sum += term;
    }
    return sum;
}

static double window(double z, int taps, double shape) {
    const double r = 2 * z / taps, inside = 1 - r * r;
    return bessel_i0(shape * sqrt(inside > 0 ? inside : 0)) / bessel_i0(shape);
}
/* Its transform at `nu` cycles a cell. */
static double window_transform(double nu, int taps, double shape) {
    const double square = shape * shape - (M_PI * taps * nu) * (M_PI * taps * nu);
    const double root = sqrt(fabs(square));
    const double form = root < 1e-8 ? 1 : square > 0 ? sinh(root) / root : sin(root) / root;
    return taps * form / bessel_i0(shape);
}

static double shape_of(int taps, int64_t cells, int64_t voxels) {
    const double length = (double)cells / (double)voxels;
    const double w = taps / length * (length - 0.5);
    return M_PI * sqrt(w * w - 0.8);
}

/* ---- The polynomials: share m of t is the window at t + m - taps / 2 ---- */
/* Coefficients in s = 2 t - 1 of the polynomial through the window at Chebyshev's nodes, by
 * Newton's divided differences. */
static void fit(int taps, double shape, int degree, int m, double *shares) {
    double node[VXG__FOURIER_MOST_DEGREE + 1], c[VXG__FOURIER_MOST_DEGREE + 1],
        power[VXG__FOURIER_MOST_DEGREE + 1] = {0};
    for (int i = 0; i <= degree; i++) {
        node[i] = cos(M_PI * (i + 0.5) / (degree + 1));
        c[i] = window(0.5 * (node[i] + 1) + m - 0.5 * taps, taps, shape);
    }
    for (int k = 1; k <= degree; k++)
        for (int i = degree; i >= k; i--) c[i] = (c[i] - c[i - 1]) / (node[i] - node[i - k]);
    for (int i = degree; i >= 0; i--) { /* power = power (s - node) + c */
        for (int k = degree; k > 0; k--) power[k] = power[k - 1] - node[i] * power[k];
        power[0] = c[i] - node[i] * power[0];
    }
    for (int k = 0; k <= degree; k++) shares[(degree - k) * taps + m] = power[k];
}

static int make_shares(vxg__fourier_plan *p, double shape) {
    p->degree = p->taps + 1; /* off by a hundredth of the window's own error, or less */
    p->shares = vxg__calloc((size_t)((p->degree + 1) * p->taps), sizeof(double));
    if (!p->shares) return VXG_ERR_MEMORY;
    for (int m = 0; m < p->taps; m++) fit(p->taps, shape, p->degree, m, p->shares);
    return VXG_OK;
}

/* ---- The grid ---- */
static int64_t cells_for(int64_t voxels, int taps) {
    int64_t n = (int64_t)ceil(GRID * (double)voxels);
    if (n < 2 * taps + 2) n = 2 * taps + 2;
    for (n += n % 2; !vxg__fft_is_smooth(n);) n += 2;
    return n;
}

static int taps_for(double accuracy) {
    int taps = 4;
    while (taps < VXG__FOURIER_MOST_TAPS && 26 * exp(-M_PI * taps * sqrt(1 - 1 / GRID)) > accuracy)
        taps++;
    return taps;
}

/* One window for both axes, the narrower grid's; each axis is divided by its own transform. */
static int make_grid(vxg__fourier_plan *p) {
    const int64_t n[2] = {p->nx, p->ny};
    double shape = INFINITY;
    for (int i = 0; i < 2; i++) {
        p->grid[i] = cells_for(n[i], p->taps);
        shape = fmin(shape, shape_of(p->taps, p->grid[i], n[i]));
    }
    p->scale = vxg__calloc((size_t)(n[0] + n[1]), sizeof(double));
    if (!p->scale) return VXG_ERR_MEMORY;
    double *to = p->scale;
    for (int i = 0; i < 2; i++)
        for (int64_t k = 0; k < n[i]; k++)
            *to++ =
                1 / window_transform((double)(k - n[i] / 2) / (double)p->grid[i], p->taps, shape);
    return make_shares(p, shape);
}

/* ---- Views ---- */
static int by_angle(const void *a, const void *b) {
    const vxg__fourier_view *x = a, *y = b;
    if (x->angle != y->angle) return x->angle < y->angle ? -1 : 1;
    return x->view < y->view ? -1 : x->view > y->view;
}

/* p = d + q' U + t r within the slice gives q' = (p - d) . n, n = (r_y, -r_x) / det. */
static void place(const vxg_ct_view *v, int64_t nu, const int64_t n[2], vxg__fourier_view *out) {
    const double det = v->U[0] * v->r[1] - v->U[1] * v->r[0];
    out->x[0] = v->r[1] / det, out->x[1] = -v->r[0] / det;
    out->at = 0.5 * (double)(nu - 1) - v->d[0] * out->x[0] - v->d[1] * out->x[1];
    for (int i = 0; i < 2; i++) /* from the volume's middle to that voxel: half a step, or none */
        out->at += out->x[i] * ((double)(n[i] / 2) - 0.5 * (double)(n[i] - 1));
}

/* Of the line that a view's frequencies lie on among the grid's cells. */
static double angle_of(const vxg__fourier_view *v, const int64_t grid[2]) {
    double angle = atan2(v->x[1] * (double)grid[1], v->x[0] * (double)grid[0]);
    if (angle < 0) angle += M_PI;
    return angle >= M_PI ? 0 : angle;
}

static int make_views(const vxg__fourier_task *t, const vxg_ct_volume *vol, vxg__fourier_plan *p) {
    const int64_t n[2] = {p->nx, p->ny};
    double most[2] = {0};
    p->view = vxg__calloc((size_t)p->nviews, sizeof *p->view);
    if (!p->view) return VXG_ERR_MEMORY;
    for (int64_t i = 0; i < p->nviews; i++) {
        vxg_ct_view v;
        vxg__ct_index_view(vol, vxg_ct_geometry_view(t->geo, i), &v);
        place(&v, p->nu, n, &p->view[i]);
        p->view[i].view = i, p->view[i].angle = angle_of(&p->view[i], p->grid);
        for (int k = 0; k < 2; k++) {
            const double far = fabs(p->view[i].x[k]) * (double)p->grid[k] / (double)p->n;
            most[k] = fmax(most[k], far * (double)p->most);
        }
    }
    qsort(p->view, (size_t)p->nviews, sizeof *p->view, by_angle);
    for (int k = 0; k < 2; k++) {
        VXG_FAIL_IF(!(most[k] < MOST_TURNS * (double)p->grid[k]), VXG_ERR_UNSUPPORTED,
                    "fourier: voxels of %.3g columns are too large; fbp takes them",
                    most[k] / (double)p->grid[k] * (double)p->n / (double)p->most);
        p->far[k] = (int64_t)ceil(most[k]) + p->taps / 2 + 1;
    }
    return VXG_OK;
}

/* What linear interpolation between columns leaves of a frequency in cycles a column. */
static double linear(double f) {
    const double x = M_PI * f, sinc = x > 0 ? sin(x) / x : 1;
    return sinc * sinc;
}

/* Of frequencies beyond half a cycle a column, which are those below it once more. Sharp: the band
 * alone, whose highest frequency and its conjugate are one number of the spectrum. */
static double factor(const vxg__fourier_task *t, int64_t k) {
    const int64_t q = k % t->n, folded = 2 * q > t->n ? t->n - q : q;
    if (!t->sharp)
        return k % t->n || !k ? t->response[folded] * linear((double)k / (double)t->n) : 0;
    return k > 0 && 2 * k == t->n ? 0.5 * t->response[folded] : t->response[folded];
}

static int make_response(const vxg__fourier_task *t, vxg__fourier_plan *p) {
    p->most = t->sharp ? t->n / 2 : LOBES * t->n;
    while (p->most > 0 && factor(t, p->most) == 0) p->most--;
    p->response = vxg__calloc((size_t)(p->most + 1), sizeof(double));
    if (!p->response) return VXG_ERR_MEMORY;
    for (int64_t k = 0; k <= p->most; k++) p->response[k] = factor(t, k) / (double)t->n;
    return VXG_OK;
}

int vxg__fourier_plan_new(const vxg__fourier_task *t, vxg__fourier_plan *p) {
    vxg_ct_volume vol = {0};
    *p = (vxg__fourier_plan){.n = t->n};
    VXG_TRY(vxg__ct_volume_check(t->vol, &vol));
    VXG_FAIL_IF(!(t->accuracy == 0 || (t->accuracy >= 2e-5 && t->accuracy <= 2e-2)),
                VXG_ERR_ARGUMENT, "fourier: accuracy %g; expected 0 (default) or 2e-5 to 2e-2",
                t->accuracy);
    VXG_FAIL_IF(!vxg__ct_slice_aligned(t->geo, &vol, &p->shift), VXG_ERR_UNSUPPORTED,
                "fourier: every slice must lie on one detector row, rays within their slice; fbp "
                "takes other scans");
    p->nviews = vxg_ct_geometry_nviews(t->geo), p->nv = vxg_ct_geometry_nv(t->geo);
    p->nu = vxg_ct_geometry_nu(t->geo), p->nz = vol.nz, p->ny = vol.ny, p->nx = vol.nx;
    VXG_FAIL_IF(p->nviews > 1 << 24, VXG_ERR_UNSUPPORTED, "fourier: %lld views; 2^24 at most",
                (long long)p->nviews);
    p->taps = taps_for(t->accuracy > 0 ? t->accuracy : ACCURACY);
    int status = make_response(t, p);
    if (!status) status = make_grid(p);
    if (!status) status = make_views(t, &vol, p);
    if (status) vxg__fourier_plan_free(p);
    return status;
}

void vxg__fourier_plan_free(vxg__fourier_plan *p) {
    vxg__free(p->shares), vxg__free(p->view), vxg__free(p->response), vxg__free(p->scale);
    *p = (vxg__fourier_plan){0};
}
