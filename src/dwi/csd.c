/* Constrained spherical deconvolution: matrices in double, then kernels/dwi/csd.k. */
#include "array/launch.h"
#include "dwi/dwi.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { START_ORDER = 4, MOST_ORDER = 16, FLOAT32_ORDER = 10 }; /* up to which it needs no help */
/* MRtrix3's factors of the two weights: beside the response's first term, beside that of X'X. */
#define MRTRIX_CONSTRAINT 50.0
#define MRTRIX_NORM 0.0002

typedef struct csd_job {
    vxg__voxels v;
    vxg_csd_opts opts;
    const vxg_sphere *sphere;
    int64_t terms, weighted; /* of the result; volumes of the shell */
    double threshold;        /* over the start's first term */
    vxg_array base, rows, right,
        start; /* X'X; the constraint; X' and the start's matrix, as tiles_product reads them */
    vxg_array order, signal, shell, z, work, result;
} csd_job;

/* The response's part of every coefficient: zonal term over the value of a delta function there. */
static void fill_kernel(int order, const vxg_response *r, double *kernel) {
    for (int l = 0, row = 0; l <= order; l += 2) {
        const double v = l <= r->order ? r->zonal[l / 2] / sqrt((2 * l + 1) / (4 * M_PI)) : 0;
        for (int m = -l; m <= l; m++) kernel[row++] = v;
    }
}

static int choose_volumes(csd_job *j, const vxg_gradients *g, double *directions) {
    int32_t *order = vxg__calloc((size_t)g->n, sizeof *order);
    if (!order) return VXG_ERR_MEMORY;
    for (int64_t i = 0, k = 0; i < g->n; i++)
        if (g->shell[i] == j->opts.shell) {
            memcpy(directions + 3 * k, g->directions + 3 * i, 3 * sizeof *directions);
            order[k++] = (int32_t)i;
        }
    int status = vxg_array_new(j->v.dev, VXG_I32, 1, &j->weighted, &j->order);
    if (!status) status = vxg_array_write(j->v.queue, &j->order, order);
    vxg__free(order);
    return status;
}

/* gram (terms, terms) = X'X, X (weighted, terms) = B kernel / scale. */
static void multiply(const csd_job *j, const double *b, const double *kernel, double scale,
                     double *x, double *gram) {
    const int64_t n = j->terms;
    for (int64_t i = 0; i < j->weighted; i++)
        for (int64_t k = 0; k < n; k++) x[i * n + k] = b[i * n + k] * kernel[k] / scale;
    for (int64_t k = 0; k < n; k++)
        for (int64_t l = 0; l < n; l++) {
            double s = 0;
            for (int64_t i = 0; i < j->weighted; i++) s += x[i * n + k] * x[i * n + l];
            gram[k * n + l] = s;
        }
}

/* Orders that the response has and the data determine. */
static int64_t determined(const csd_job *j, int response) {
    int order = j->opts.order < response ? j->opts.order : response;
    while (order > START_ORDER && vxg_sh_count(order) > j->weighted) order -= 2;
    return vxg_sh_count(order);
}

/* Cut at order 4 by MRtrix's rules. */
static int64_t terms_of_start(const csd_job *j) {
    const int64_t cut = vxg_sh_count(START_ORDER);
    return j->terms < cut ? j->terms : cut;
}

/* The start (terms, weighted): the least-squares density of all orders (DIPY), the first terms of
 * that of the orders that are determined (MRtrix). *norm joins the diagonal of X'X: MRtrix3's share
 * of it always; by DIPY's rules where the data, or float32, do not determine the order. There DIPY
 * adds 1e-5 in the signals' units, which rounding drowns. */
static int make_start(const csd_job *j, const double *x, const double *gram, int response,
                      double *start, double *norm) {
    const int64_t n = j->terms, all = j->weighted;
    const int dipy = j->opts.rules == VXG_CSD_DIPY;
    const int narrow = j->v.real == VXG_REAL_F32 && j->opts.order > FLOAT32_ORDER;
    const int64_t used = dipy ? n : determined(j, response), rows = dipy ? n : terms_of_start(j);
    double *part = vxg__calloc((size_t)(used * (2 * all + 1)), sizeof *part);
    if (!part) return VXG_ERR_MEMORY;
    double *inverse = part + used * all, *ridge = inverse + used * all;
    for (int64_t i = 0; i < all; i++)
        for (int64_t k = 0; k < used; k++) part[i * used + k] = x[i * n + k];
    *norm = dipy ? 0 : MRTRIX_NORM * gram[0];
    int status = VXG_ERR_NUMERICAL;
    if (!dipy || !narrow)
        status = vxg__pseudo_inverse(all, used, part, NULL, inverse, "deconvolution");
    if (status == VXG_ERR_NUMERICAL) {
        *norm = MRTRIX_NORM * gram[0];
        for (int64_t k = 0; k < used; k++) ridge[k] = *norm;
        status = vxg__pseudo_inverse(all, used, part, ridge, inverse, "deconvolution");
    }
    for (int64_t k = 0; k < rows && !status; k++)
        memcpy(start + k * all, inverse + k * all, (size_t)all * sizeof *start);
    vxg__free(part);
    return status;
}

/* The matrices of the device. Signals and response are divided by the response's first part, so
 * that numbers stay near 1. */
static int upload(csd_job *j, const double *x, const double *gram, const double *looks,
                  double scale, double norm, const double *start) {
    const int64_t n = j->terms, pairs = n * (n + 1) / 2, all = j->weighted, nlooks = j->sphere->n;
    const int64_t shape[2] = {nlooks, n};
    double *m = vxg__calloc((size_t)(pairs + n * all), sizeof *m), *turned = m + pairs;
    if (!m) return VXG_ERR_MEMORY;
    for (int64_t k = 0, p = 0; k < n; k++)
        for (int64_t l = 0; l <= k; l++, p++) m[p] = gram[k * n + l] + (k == l ? norm : 0);
    for (int64_t k = 0; k < n; k++)
        for (int64_t i = 0; i < all; i++) turned[k * all + i] = x[i * n + k] / scale;
    int status = vxg__array_from_doubles(j->v.dev, j->v.real, 1, &pairs, m, &j->base);
    if (!status) status = vxg__array_from_doubles(j->v.dev, j->v.real, 2, shape, looks, &j->rows);
    if (!status) status = vxg__tiles_matrix(&j->v, n, all, turned, &j->right);
    for (int64_t i = 0; i < n * all; i++) turned[i] = start[i] / scale;
    if (!status) status = vxg__tiles_matrix(&j->v, n, all, turned, &j->start);
    vxg__free(m);
    return status;
}

static int make_tables(csd_job *j, const vxg_gradients *g, const vxg_response *r) {
    const int64_t n = j->terms, all = j->weighted, looks = j->sphere->n;
    double *d = vxg__calloc((size_t)(3 * all + n + 3 * all * n + n * n + looks * n), sizeof *d);
    if (!d) return VXG_ERR_MEMORY;
    double *kernel = d + 3 * all, *b = kernel + n, *x = b + all * n, *start = x + all * n;
    double *gram = start + all * n, *rows = gram + n * n;
    int status = choose_volumes(j, g, d);
    if (!status) status = vxg_sh_matrix(j->opts.basis, j->opts.order, all, d, b);
    if (!status)
        status = vxg_sh_matrix(j->opts.basis, j->opts.order, looks, j->sphere->directions, rows);
    fill_kernel(j->opts.order, r, kernel);
    const double scale = kernel[0], first = sqrt(1 / (4 * M_PI));
    double norm = 0;
    const int mrtrix = j->opts.rules == VXG_CSD_MRTRIX;
    multiply(j, b, kernel, scale, x, gram);
    if (!status) status = make_start(j, x, gram, r->order, start, &norm);
    /* MRtrix's weights are of the zonal term itself, DIPY's of the kernel; here both over scale. */
    const double weight = mrtrix ? j->opts.lambda * MRTRIX_CONSTRAINT * first / (double)looks
                                 : j->opts.lambda * (double)n / (sqrt((double)looks) * sqrt(362.0));
    /* c0 of the constraint times tau: rows hold weight times harmonics, so the threshold does too.
     */
    j->threshold = mrtrix ? 0 : first * j->opts.tau * weight;
    for (int64_t i = 0; i < looks * n; i++) rows[i] *= weight;
    if (!status) status = upload(j, x, gram, rows, scale, norm, start);
    vxg__free(d);
    return status;
}

static int fit_block(const csd_job *j, const vxg_array *dwi, int64_t first, int64_t n,
                     const vxg_array *sh) {
    vxg_launch take = {
        .global = {vxg__tile_items(n), 1, 1},
        .nints = 5,
        .ints = {(int)j->v.volumes, (int)j->weighted, 0, VXG_ODF_AMPLITUDES, (int)j->weighted},
        .nreals = 1};
    const double epsilon = j->v.real == VXG_REAL_F64 ? DBL_EPSILON : FLT_EPSILON;
    vxg_launch fit = {.global = {vxg__tile_items(n), 1, 1},
                      .nints = 5,
                      .ints = {(int)j->terms, (int)j->sphere->n, j->opts.iterations,
                               (int)terms_of_start(j), j->opts.rules == VXG_CSD_DIPY},
                      .nreals = 2,
                      .reals = {j->threshold, (double)j->terms * epsilon}};
    const vxg_array *const arrays[] = {&j->base, &j->rows, &j->z, &j->work, &j->result};
    const vxg__tile_rows all = {j->terms, 0, 0, j->terms, 1};
    VXG_TRY(vxg__voxels_pack(&j->v, dwi, first, n, &j->signal));
    vxg__push_array(&take, &j->signal);
    vxg__push_array(&take, &j->order);
    vxg__push_array(&take, &j->shell);
    VXG_TRY(vxg__launch(j->v.dev, j->v.queue, "odf_signal", j->v.real, &take));
    VXG_TRY(vxg__tiles_product(&j->v, &j->right, j->terms, j->weighted, &j->shell, j->weighted, 0,
                               n, &j->z));
    VXG_TRY(vxg__tiles_product(&j->v, &j->start, j->terms, j->weighted, &j->shell, j->weighted, 0,
                               n, &j->result));
    for (int i = 0; i < 5; i++) vxg__push_array(&fit, arrays[i]);
    VXG_TRY(vxg__launch(j->v.dev, j->v.queue, "csd_fit", j->v.real, &fit));
    return vxg__voxels_unpack(&j->v, &j->result, &all, first, n, sh);
}

/* The highest shell with as many directions as the order has terms; else the one with most. */
static int choose_shell(const vxg_gradients *g, int64_t terms) {
    int best = 1;
    for (int s = 2; s < g->nshells; s++)
        if (g->shell_count[s] >= terms || g->shell_count[s] > g->shell_count[best]) best = s;
    return best;
}

/* What a signal that is nowhere negative gives: no term is above sqrt(2 l + 1) of the first; noise
 * may have made it more. */
static int check_response(const vxg_response *r) {
    VXG_TRY(VXG_FIXED(vxg_response, r));
    VXG_FAIL_IF(r->order < 2 || r->order > VXG_SH_MOST || r->order % 2 || !(r->zonal[0] > 0),
                VXG_ERR_ARGUMENT, "deconvolution: the response has order %d and begins with %g",
                r->order, r->zonal[0]);
    for (int l = 0; l <= r->order; l += 2)
        VXG_FAIL_IF(!isfinite(r->zonal[l / 2]) || !(fabs(r->zonal[l / 2]) <= 1e3 * r->zonal[0]),
                    VXG_ERR_ARGUMENT,
                    "deconvolution: the response's term of order %d is %g, the first %g", l,
                    r->zonal[l / 2], r->zonal[0]);
    VXG_FAIL_IF(!(r->b >= 0) || !isfinite(r->b), VXG_ERR_ARGUMENT,
                "deconvolution: the response's b is %g s/mm2", r->b);
    VXG_FAIL_IF(r->reserved[0], VXG_ERR_ARGUMENT,
                "deconvolution: reserved of the response is not 0");
    return VXG_OK;
}

static int take_options(csd_job *j, const vxg_gradients *g, const vxg_response *r,
                        const vxg_csd_opts *given) {
    vxg_csd_opts *o = &j->opts;
    VXG_TRY(VXG_IN(vxg_csd_opts, o, given));
    VXG_FAIL_IF(o->rules < VXG_CSD_DIPY || o->rules > VXG_CSD_MRTRIX, VXG_ERR_ARGUMENT,
                "deconvolution: there are no rules %d", (int)o->rules);
    VXG_TRY(vxg__progress_check(o->progress));
    if (o->order == 0) o->order = 8;
    j->terms = o->order <= MOST_ORDER ? vxg_sh_count(o->order) : 0;
    VXG_FAIL_IF(!j->terms || o->order < 2, VXG_ERR_ARGUMENT,
                "deconvolution: order %d; an even number from 2 to %d is expected", o->order,
                MOST_ORDER);
    VXG_FAIL_IF(g->nshells < 2, VXG_ERR_INPUT,
                "deconvolution: no volume has a b-value above %g s/mm2", g->opts.b0_threshold);
    VXG_FAIL_IF(o->shell < 0 || o->shell >= g->nshells, VXG_ERR_ARGUMENT,
                "deconvolution: shell %d of %d", o->shell, g->nshells - 1);
    if (!o->shell) o->shell = choose_shell(g, j->terms);
    j->weighted = g->shell_count[o->shell];
    VXG_FAIL_IF(j->weighted < vxg_sh_count(START_ORDER < o->order ? START_ORDER : o->order),
                VXG_ERR_INPUT,
                "deconvolution: %lld directions at b = %g s/mm2; %lld at least are expected",
                (long long)j->weighted, g->shell_b[o->shell],
                (long long)vxg_sh_count(START_ORDER < o->order ? START_ORDER : o->order));
    VXG_FAIL_IF(o->iterations < 0 || o->iterations > 1000, VXG_ERR_ARGUMENT,
                "deconvolution: %d iterations", o->iterations);
    VXG_FAIL_IF(!(o->lambda >= 0) || o->lambda > 1e6 || !(o->tau >= 0) || o->tau > 1e3,
                VXG_ERR_ARGUMENT, "deconvolution: lambda is %g, tau %g", o->lambda, o->tau);
    if (o->sphere) VXG_TRY(vxg__sphere_check(o->sphere, "deconvolution"));
    VXG_TRY(check_response(r));
    VXG_FAIL_IF(r->b > 0 && fabs(r->b - g->shell_b[o->shell]) > g->opts.shell_tolerance,
                VXG_ERR_ARGUMENT, "deconvolution: the response is of b = %g s/mm2, the shell of %g",
                r->b, g->shell_b[o->shell]);
    if (o->iterations == 0) o->iterations = 50;
    if (o->lambda == 0) o->lambda = 1;
    if (o->tau == 0) o->tau = 0.1;
    return VXG_OK;
}

int vxg_dwi_csd(vxg_queue *queue, const vxg_gradients *g, const vxg_array *dwi,
                const vxg_array *voxels, const vxg_response *response, const vxg_csd_opts *given,
                const vxg_array *sh) {
    csd_job j = {0};
    vxg_sphere *own = NULL;
    VXG_TRY(vxg__gradients_check(g, "deconvolution"));
    VXG_FAIL_IF(!response || !sh || !sh->buffer, VXG_ERR_ARGUMENT,
                "deconvolution: the response or sh is NULL");
    VXG_TRY(take_options(&j, g, response, given));
    VXG_TRY(vxg__voxels_begin(&j.v, queue, dwi, voxels, "deconvolution"));
    j.v.progress = j.opts.progress;
    VXG_FAIL_IF(j.v.volumes != g->n, VXG_ERR_ARGUMENT,
                "deconvolution: the series has %lld volumes, the gradient table %lld",
                (long long)j.v.volumes, (long long)g->n);
    const vxg__voxels_map map = {sh, j.terms, "deconvolution: sh", 0};
    VXG_TRY(vxg__voxels_check(&j.v, &map, 1));
    if (j.v.count == 0) return vxg__voxels_clear(&j.v, &map, 1);
    if (!j.opts.sphere) VXG_TRY(vxg_sphere_named("hemi:symmetric362", &own));
    j.sphere = j.opts.sphere ? j.opts.sphere : own;
    const int64_t work = j.terms * (j.terms + 1) + j.sphere->n + j.terms;
    vxg__voxels_fit(&j.v, work);
    int status = make_tables(&j, g, response);
    const struct {
        vxg_array *tiles;
        int64_t rows;
    } rooms[] = {{&j.signal, j.v.volumes},
                 {&j.shell, j.weighted},
                 {&j.z, j.terms},
                 {&j.work, work},
                 {&j.result, j.terms}};
    for (int i = 0; i < 5 && !status; i++)
        status = vxg__tiles_new(&j.v, rooms[i].rows, rooms[i].tiles);
    if (!status) status = vxg__voxels_clear(&j.v, &map, 1);
    for (int64_t first = 0; first < j.v.count && !status; first += j.v.block) {
        const int64_t left = j.v.count - first;
        status = vxg__voxels_tell(&j.v, first);
        if (!status) status = fit_block(&j, dwi, first, left < j.v.block ? left : j.v.block, sh);
    }
    if (!status) status = vxg__voxels_tell(&j.v, j.v.count);
    vxg_array *const all[] = {&j.base,  &j.rows,   &j.right, &j.start, &j.order,
                              &j.shell, &j.signal, &j.z,     &j.work,  &j.result};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) vxg_array_release(all[i]);
    vxg_sphere_release(own);
    return status;
}
