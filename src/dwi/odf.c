/* Orientation functions as spherical harmonics: matrices in double, then a kernel of lanes. */
#include "array/launch.h"
#include "dwi/dwi.h"

#include <math.h>
#include <string.h>

/* P_l(0). */
static double legendre_at_0(int l) {
    double p = 1;
    for (int k = 2; k <= l; k += 2) p *= -(double)(k - 1) / k;
    return p;
}

/* ---- The plan: volumes and matrix, on the host ---- */

/* The volumes of the shell, then those without weight. */
static int choose_volumes(vxg__odf_plan *p, const vxg_gradients *g) {
    p->order = vxg__calloc((size_t)g->n, sizeof *p->order);
    p->directions = vxg__calloc((size_t)g->n, 3 * sizeof *p->directions);
    if (!p->order || !p->directions) return VXG_ERR_MEMORY;
    for (int64_t i = 0; i < g->n; i++)
        if (g->shell[i] == p->opts.shell) {
            memcpy(p->directions + 3 * p->weighted, g->directions + 3 * i, 3 * sizeof(double));
            p->order[p->weighted++] = (int32_t)i;
        }
    for (int64_t i = 0; i < g->n; i++)
        if (g->shell[i] == 0) p->order[p->weighted + p->unweighted++] = (int32_t)i;
    VXG_FAIL_IF(p->opts.kind != VXG_ODF_AMPLITUDES && !p->unweighted, VXG_ERR_INPUT,
                "orientation function: there is no unweighted volume (b up to %g s/mm2)",
                g->opts.b0_threshold);
    p->columns = p->opts.kind == VXG_ODF_OPDT ? 2 * p->weighted : p->weighted;
    return VXG_OK;
}

/* inverse: of the harmonics, smoothed. Rows of the matrix times what the kind makes of them. */
static void fill_matrix(vxg__odf_plan *p, const double *inverse) {
    const int64_t n = p->weighted;
    for (int l = 0, row = 0; l <= p->opts.order; l += 2)
        for (int k = -l; k <= l; k++, row++) {
            const double laplace = -(double)l * (l + 1), f = legendre_at_0(l);
            const double *from = inverse + row * n;
            double *to = p->matrix + row * p->columns;
            for (int64_t i = 0; i < n; i++) switch (p->opts.kind) {
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

static int make_matrix(vxg__odf_plan *p) {
    const int64_t n = p->weighted, terms = p->terms;
    double *b = vxg__calloc((size_t)(2 * n * terms + terms), sizeof *b);
    double *inverse = b + n * terms, *ridge = inverse + n * terms;
    p->matrix = vxg__calloc((size_t)(terms * p->columns), sizeof *p->matrix);
    int status = b && p->matrix ? VXG_OK : VXG_ERR_MEMORY;
    if (!status) status = vxg_sh_matrix(p->opts.basis, p->opts.order, n, p->directions, b);
    for (int l = 0, row = 0; l <= p->opts.order && !status; l += 2)
        for (int k = -l; k <= l; k++, row++)
            ridge[row] = p->opts.smooth * pow((double)l * (l + 1), 2);
    if (!status) status = vxg__pseudo_inverse(n, terms, b, ridge, inverse, "orientation function");
    if (!status) fill_matrix(p, inverse);
    vxg__free(b);
    return status;
}

static int take_options(vxg__odf_plan *p, const vxg_gradients *g, const vxg_odf_opts *given) {
    vxg_odf_opts *o = &p->opts;
    VXG_TRY(VXG_IN(vxg_odf_opts, o, given));
    VXG_TRY(vxg__progress_check(o->progress));
    VXG_FAIL_IF(o->reserved0, VXG_ERR_ARGUMENT, "orientation function: reserved0 is not 0");
    VXG_FAIL_IF(o->kind < VXG_ODF_AMPLITUDES || o->kind > VXG_ODF_OPDT, VXG_ERR_ARGUMENT,
                "orientation function: there is no kind %d", (int)o->kind);
    if (o->order == 0) o->order = 4;
    p->terms = vxg_sh_count(o->order);
    VXG_FAIL_IF(!p->terms, VXG_ERR_ARGUMENT,
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
    if (o->shell == 0) o->shell = 1;
    if (o->smooth == 0 && o->kind != VXG_ODF_AMPLITUDES) o->smooth = 0.006;
    if (o->smooth < 0) o->smooth = 0;
    if (o->min_signal == 0) o->min_signal = 1e-5;
    return VXG_OK;
}

void vxg__odf_plan_free(vxg__odf_plan *p) {
    vxg__free(p->order), vxg__free(p->directions), vxg__free(p->matrix);
    *p = (vxg__odf_plan){0};
}

int vxg__odf_plan_make(const vxg_gradients *g, const vxg_odf_opts *opts, vxg__odf_plan *p) {
    *p = (vxg__odf_plan){.volumes = g->n};
    VXG_TRY(take_options(p, g, opts));
    int status = choose_volumes(p, g);
    if (!status) status = make_matrix(p);
    if (status) vxg__odf_plan_free(p);
    return status;
}

/* ---- On a device ---- */
void vxg__odf_tables_free(vxg__odf_tables *t) {
    vxg_array_release(&t->order), vxg_array_release(&t->matrix), vxg_array_release(&t->taken);
}

int vxg__odf_tables_make(const vxg__voxels *v, const vxg__odf_plan *p, vxg__odf_tables *t) {
    const int64_t n = p->weighted + p->unweighted;
    *t = (vxg__odf_tables){0};
    int status = vxg_array_new(v->dev, VXG_I32, 1, &n, &t->order);
    if (!status) status = vxg_array_write(v->queue, &t->order, p->order);
    if (!status) status = vxg__tiles_matrix(v, p->terms, p->columns, p->matrix, &t->matrix);
    if (!status) status = vxg__tiles_new(v, p->columns, &t->taken);
    if (status) vxg__odf_tables_free(t);
    return status;
}

int vxg__odf_tiles(const vxg__voxels *v, const vxg__odf_plan *p, const vxg__odf_tables *t,
                   const vxg_array *signal, int64_t n, const vxg_array *sh) {
    vxg_launch take = {.global = {vxg__tile_items(n), 1, 1},
                       .nints = 5,
                       .ints = {(int)p->volumes, (int)p->weighted, (int)p->unweighted,
                                (int)p->opts.kind, (int)p->columns},
                       .nreals = 1,
                       .reals = {p->opts.min_signal}};
    vxg__push_array(&take, signal);
    vxg__push_array(&take, &t->order);
    vxg__push_array(&take, &t->taken);
    VXG_TRY(vxg__launch(v->dev, v->queue, "odf_signal", v->real, &take));
    VXG_TRY(
        vxg__tiles_product(v, &t->matrix, p->terms, p->columns, &t->taken, p->columns, 0, n, sh));
    if (p->opts.kind != VXG_ODF_CSA) return VXG_OK;
    vxg_launch set = {.global = {vxg__tile_items(n), 1, 1},
                      .nints = 1,
                      .ints = {(int)p->terms},
                      .nreals = 1,
                      .reals = {VXG__CSA_FIRST}};
    vxg__push_array(&set, sh);
    return vxg__launch(v->dev, v->queue, "odf_constant", v->real, &set);
}

static int fit_all(const vxg__voxels *v, const vxg__odf_plan *p, const vxg__odf_tables *t,
                   const vxg_array *dwi, const vxg_array *sh) {
    const vxg__tile_rows all = {p->terms, 0, 0, p->terms, 1};
    vxg_array signal = {0}, result = {0};
    int status = vxg__tiles_new(v, v->volumes, &signal);
    if (!status) status = vxg__tiles_new(v, p->terms, &result);
    for (int64_t first = 0; first < v->count && !status; first += v->block) {
        const int64_t left = v->count - first, n = left < v->block ? left : v->block;
        status = vxg__voxels_tell(v, first);
        if (!status) status = vxg__voxels_pack(v, dwi, first, n, &signal);
        if (!status) status = vxg__odf_tiles(v, p, t, &signal, n, &result);
        if (!status) status = vxg__voxels_unpack(v, &result, &all, first, n, sh);
    }
    if (!status) status = vxg__voxels_tell(v, v->count);
    vxg_array_release(&signal), vxg_array_release(&result);
    return status;
}

int vxg_dwi_odf(vxg_queue *queue, const vxg_gradients *g, const vxg_array *dwi,
                const vxg_array *voxels, const vxg_odf_opts *opts, const vxg_array *sh) {
    vxg__voxels v;
    vxg__odf_plan p;
    vxg__odf_tables t = {0};
    VXG_TRY(vxg__gradients_check(g, "orientation function"));
    VXG_FAIL_IF(!sh || !sh->buffer, VXG_ERR_ARGUMENT, "orientation function: sh is NULL");
    VXG_TRY(vxg__voxels_begin(&v, queue, dwi, voxels, "orientation function"));
    VXG_FAIL_IF(v.volumes != g->n, VXG_ERR_ARGUMENT,
                "orientation function: the series has %lld volumes, the gradient table %lld",
                (long long)v.volumes, (long long)g->n);
    VXG_TRY(vxg__odf_plan_make(g, opts, &p));
    v.progress = p.opts.progress;
    const vxg__voxels_map result = {sh, p.terms, "orientation function: sh", 0};
    int status = vxg__voxels_check(&v, &result, 1);
    if (!status && v.count) status = vxg__odf_tables_make(&v, &p, &t);
    if (!status) status = vxg__voxels_clear(&v, &result, 1);
    if (!status && v.count) status = fit_all(&v, &p, &t, dwi, sh);
    vxg__odf_tables_free(&t), vxg__odf_plan_free(&p);
    return status;
}

int vxg_dwi_gfa(vxg_queue *queue, const vxg_array *sh, const vxg_array *voxels,
                const vxg_array *gfa) {
    vxg__voxels v;
    vxg_array tiles = {0}, result = {0};
    VXG_TRY(vxg__voxels_begin(&v, queue, sh, voxels, "gfa"));
    VXG_FAIL_IF(!gfa || !gfa->buffer, VXG_ERR_ARGUMENT, "gfa: the result is NULL");
    VXG_FAIL_IF(vxg_sh_order(v.volumes) < 0, VXG_ERR_ARGUMENT,
                "gfa: %lld coefficients are no set of harmonics of even order",
                (long long)v.volumes);
    const vxg__voxels_map map = {gfa, 1, "gfa", 0};
    VXG_TRY(vxg__voxels_check(&v, &map, 1));
    VXG_TRY(vxg__voxels_clear(&v, &map, 1));
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
