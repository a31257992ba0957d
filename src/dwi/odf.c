/* Orientation functions as spherical harmonics: matrices in double, then a kernel of lanes. */
#include "array/launch.h"
#include "dwi/dwi.h"

#include <math.h>

typedef struct odf_job {
    vxg__voxels v;
    vxg_odf_opts opts;
    int64_t weighted, unweighted, columns, terms; /* columns: of the matrix */
    vxg_array order, matrix, signal, taken, result;
} odf_job;

/* P_l(0). */
static double legendre_at_0(int l) {
    double p = 1;
    for (int k = 2; k <= l; k += 2) p *= -(double)(k - 1) / k;
    return p;
}

/* The volumes of the shell, then those without weight. */
static int choose_volumes(odf_job *j, const vxg_gradients *g) {
    const int shell = j->opts.shell ? j->opts.shell : 1;
    int32_t *order = vxg__calloc((size_t)g->n, sizeof *order);
    if (!order) return VXG_ERR_MEMORY;
    for (int64_t i = 0; i < g->n; i++)
        if (g->shell[i] == shell) order[j->weighted++] = (int32_t)i;
    for (int64_t i = 0; i < g->n; i++)
        if (g->shell[i] == 0) order[j->weighted + j->unweighted++] = (int32_t)i;
    const int64_t n = j->weighted + j->unweighted;
    int status = vxg_array_new(j->v.dev, VXG_I32, 1, &n, &j->order);
    if (!status) status = vxg_array_write(j->v.queue, &j->order, order);
    vxg__free(order);
    VXG_TRY(status);
    VXG_FAIL_IF(j->opts.kind != VXG_ODF_AMPLITUDES && !j->unweighted, VXG_ERR_INPUT,
                "orientation function: there is no unweighted volume (b up to %g s/mm2)",
                g->opts.b0_threshold);
    return VXG_OK;
}

/* inverse: of the harmonics, smoothed. Rows of the matrix times what the kind makes of them. */
static void fill_matrix(const odf_job *j, const double *inverse, double *m) {
    const int64_t n = j->weighted;
    for (int l = 0, row = 0; l <= j->opts.order; l += 2)
        for (int k = -l; k <= l; k++, row++) {
            const double laplace = -(double)l * (l + 1), f = legendre_at_0(l);
            const double *from = inverse + row * n;
            double *to = m + row * j->columns;
            for (int64_t i = 0; i < n; i++) switch (j->opts.kind) {
                case VXG_ODF_QBALL: to[i] = f * from[i]; break;
                case VXG_ODF_CSA: to[i] = f * laplace / (8 * M_PI) * from[i]; break;
                case VXG_ODF_OPDT:
                    to[i] = 4 * f * from[i];
                    to[n + i] = -f * laplace * from[i];
                    break;
                default: to[i] = from[i];
                }
        }
}

static int make_matrix(odf_job *j, const vxg_gradients *g) {
    const int64_t n = j->weighted, terms = j->terms;
    double *d = vxg__calloc((size_t)(n * (3 + 2 * terms) + terms * (1 + j->columns)), sizeof *d);
    if (!d) return VXG_ERR_MEMORY;
    double *b = d + 3 * n, *inverse = b + n * terms, *ridge = inverse + n * terms;
    double *m = ridge + terms;
    const int shell = j->opts.shell ? j->opts.shell : 1;
    for (int64_t i = 0, k = 0; i < g->n; i++)
        if (g->shell[i] == shell) {
            for (int c = 0; c < 3; c++) d[3 * k + c] = g->directions[3 * i + c];
            k++;
        }
    int status = vxg_sh_matrix(j->opts.basis, j->opts.order, n, d, b);
    for (int l = 0, row = 0; l <= j->opts.order; l += 2)
        for (int k = -l; k <= l; k++, row++)
            ridge[row] = j->opts.smooth * pow((double)l * (l + 1), 2);
    if (!status) status = vxg__pseudo_inverse(n, terms, b, ridge, inverse, "orientation function");
    if (!status) fill_matrix(j, inverse, m);
    if (!status) status = vxg__tiles_matrix(&j->v, terms, j->columns, m, &j->matrix);
    vxg__free(d);
    return status;
}

static int fit_block(const odf_job *j, const vxg_array *dwi, int64_t first, int64_t n,
                     const vxg_array *sh) {
    vxg_launch take = {.global = {vxg__tile_items(n), 1, 1},
                       .nints = 5,
                       .ints = {(int)j->v.volumes, (int)j->weighted, (int)j->unweighted,
                                (int)j->opts.kind, (int)j->columns},
                       .nreals = 1,
                       .reals = {j->opts.min_signal}};
    const vxg__tile_rows all = {j->terms, 0, 0, j->terms, 1};
    VXG_TRY(vxg__voxels_pack(&j->v, dwi, first, n, &j->signal));
    vxg__push_array(&take, &j->signal);
    vxg__push_array(&take, &j->order);
    vxg__push_array(&take, &j->taken);
    VXG_TRY(vxg__launch(j->v.dev, j->v.queue, "odf_signal", j->v.real, &take));
    VXG_TRY(vxg__tiles_product(&j->v, &j->matrix, j->terms, j->columns, &j->taken, j->columns, 0, n,
                               &j->result));
    if (j->opts.kind == VXG_ODF_CSA) { /* the function's integral is 1 */
        vxg_launch set = {.global = {vxg__tile_items(n), 1, 1},
                          .nints = 1,
                          .ints = {(int)j->terms},
                          .nreals = 1,
                          .reals = {0.5 / sqrt(M_PI)}};
        vxg__push_array(&set, &j->result);
        VXG_TRY(vxg__launch(j->v.dev, j->v.queue, "odf_constant", j->v.real, &set));
    }
    return vxg__voxels_unpack(&j->v, &j->result, &all, first, n, sh);
}

static int take_options(odf_job *j, const vxg_gradients *g, const vxg_odf_opts *given) {
    vxg_odf_opts *o = &j->opts;
    VXG_TRY(VXG_IN(vxg_odf_opts, o, given));
    VXG_FAIL_IF(o->kind < VXG_ODF_AMPLITUDES || o->kind > VXG_ODF_OPDT, VXG_ERR_ARGUMENT,
                "orientation function: there is no kind %d", (int)o->kind);
    if (o->order == 0) o->order = 4;
    j->terms = vxg_sh_count(o->order);
    VXG_FAIL_IF(!j->terms, VXG_ERR_ARGUMENT,
                "orientation function: order %d; an even number from 2 to %d is expected", o->order,
                VXG_SH_MOST);
    VXG_FAIL_IF(o->shell < 0 || o->shell >= (g->nshells > 1 ? g->nshells : 2), VXG_ERR_ARGUMENT,
                "orientation function: shell %d of %d", o->shell, g->nshells - 1);
    VXG_FAIL_IF(g->nshells < 2, VXG_ERR_INPUT,
                "orientation function: no volume has a b-value above %g s/mm2",
                g->opts.b0_threshold);
    VXG_FAIL_IF(!o->shell && g->nshells > 2, VXG_ERR_ARGUMENT,
                "orientation function: the table has %d shells; say which is meant",
                g->nshells - 1);
    VXG_FAIL_IF(isnan(o->smooth) || o->smooth > 1e6 || !(o->min_signal >= 0) ||
                    !isfinite(o->min_signal),
                VXG_ERR_ARGUMENT, "orientation function: smooth is %g, min_signal %g", o->smooth,
                o->min_signal);
    if (o->smooth == 0 && o->kind != VXG_ODF_AMPLITUDES) o->smooth = 0.006;
    if (o->smooth < 0) o->smooth = 0;
    if (o->min_signal == 0) o->min_signal = 1e-5;
    return VXG_OK;
}

int vxg_dwi_odf(vxg_queue *queue, const vxg_gradients *g, const vxg_array *dwi,
                const vxg_array *voxels, const vxg_odf_opts *given, const vxg_array *sh) {
    odf_job j = {0};
    VXG_FAIL_IF(!g || !sh || !sh->buffer, VXG_ERR_ARGUMENT,
                "orientation function: the gradient table or sh is NULL");
    VXG_TRY(take_options(&j, g, given));
    VXG_TRY(vxg__voxels_begin(&j.v, queue, dwi, voxels, "orientation function"));
    VXG_FAIL_IF(j.v.volumes != g->n, VXG_ERR_ARGUMENT,
                "orientation function: the series has %lld volumes, the gradient table %lld",
                (long long)j.v.volumes, (long long)g->n);
    VXG_TRY(vxg__voxels_result(&j.v, sh, j.terms, "orientation function: sh"));
    if (j.v.count == 0) return VXG_OK;
    int status = choose_volumes(&j, g);
    j.columns = j.opts.kind == VXG_ODF_OPDT ? 2 * j.weighted : j.weighted;
    if (!status) status = make_matrix(&j, g);
    if (!status) status = vxg__tiles_new(&j.v, j.v.volumes, &j.signal);
    if (!status) status = vxg__tiles_new(&j.v, j.columns, &j.taken);
    if (!status) status = vxg__tiles_new(&j.v, j.terms, &j.result);
    for (int64_t first = 0; first < j.v.count && !status; first += j.v.block) {
        const int64_t left = j.v.count - first;
        status = fit_block(&j, dwi, first, left < j.v.block ? left : j.v.block, sh);
    }
    vxg_array_release(&j.order), vxg_array_release(&j.matrix), vxg_array_release(&j.signal);
    vxg_array_release(&j.taken), vxg_array_release(&j.result);
    return status;
}

int vxg_dwi_gfa(vxg_queue *queue, const vxg_array *sh, const vxg_array *voxels,
                const vxg_array *gfa) {
    vxg__voxels v;
    vxg_array tiles = {0}, result = {0};
    VXG_TRY(vxg__voxels_begin(&v, queue, sh, voxels, "gfa"));
    VXG_FAIL_IF(!gfa || !gfa->buffer, VXG_ERR_ARGUMENT, "gfa: the result is NULL");
    VXG_TRY(vxg__voxels_result(&v, gfa, 1, "gfa"));
    if (v.count == 0) return VXG_OK;
    const vxg__tile_rows one = {1, 0, 0, 1, 1};
    int status = vxg__tiles_new(&v, v.volumes, &tiles);
    if (!status) status = vxg__tiles_new(&v, 1, &result);
    for (int64_t first = 0; first < v.count && !status; first += v.block) {
        const int64_t left = v.count - first, n = left < v.block ? left : v.block;
        vxg_launch l = {.global = {vxg__tile_items(n), 1, 1}, .nints = 1, .ints = {(int)v.volumes}};
        status = vxg__voxels_pack(&v, sh, first, n, &tiles);
        vxg__push_array(&l, &tiles);
        vxg__push_array(&l, &result);
        if (!status) status = vxg__launch(v.dev, queue, "odf_gfa", v.real, &l);
        if (!status) status = vxg__voxels_unpack(&v, &result, &one, first, n, gfa);
    }
    vxg_array_release(&tiles), vxg_array_release(&result);
    return status;
}
