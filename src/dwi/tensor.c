/* The diffusion tensor (kernels/dwi/tensor.k). Inside, b is in ms/um2 and D in um2/ms, which keeps
 * the numbers near 1.
 */
#include "array/launch.h"
#include "dwi/dwi.h"

#include <math.h>

/* ROWS: of a tile of maps, as tensor.k has them */
enum { TERMS = VXG__TENSOR_TERMS, ROWS = 26, MAPS = 9 };

typedef struct tensor_job {
    vxg__voxels v;
    const vxg_tensor_maps *maps;
    vxg_tensor_opts opts;
    vxg_array inverse, design, signal, result;
} tensor_job;

static void design_row(double b, const double *g, double *row) {
    const double f[6] = {g[0] * g[0],     2 * g[0] * g[1], g[1] * g[1],
                         2 * g[0] * g[2], 2 * g[1] * g[2], g[2] * g[2]};
    for (int k = 0; k < 6; k++) row[k] = -b * f[k];
    row[6] = -1;
}

int vxg__tensor_design(const vxg_gradients *g, double *design, double *inverse) {
    for (int64_t i = 0; i < g->n; i++)
        design_row(g->b[i] * 1e-3, g->directions + 3 * i, design + i * TERMS);
    return vxg__pseudo_inverse(g->n, TERMS, design, NULL, inverse, "tensor");
}

/* The design, its inverse, and the least eigenvalue that follows from it. */
static int make_tables(tensor_job *j, const vxg_gradients *g) {
    const int64_t n = g->n, shape[2] = {n, 8};
    double *x = vxg__calloc((size_t)n, (TERMS + TERMS + 8) * sizeof *x), *inverse = x + n * TERMS;
    double *padded = inverse + n * TERMS, least = 0;
    if (!x) return VXG_ERR_MEMORY;
    int status = vxg__tensor_design(g, x, inverse);
    for (int64_t i = 0; i < n; i++) {
        for (int k = 0; k < 6; k++) least = fmin(least, x[i * TERMS + k]);
        for (int k = 0; k < TERMS; k++) padded[i * 8 + k] = inverse[k * n + i];
    }
    if (!status)
        status = vxg__array_from_doubles(j->v.dev, j->v.real, 2, shape, padded, &j->inverse);
    for (int64_t i = 0; i < n; i++)
        for (int k = 0; k < TERMS; k++) padded[i * 8 + k] = x[i * TERMS + k];
    if (!status)
        status = vxg__array_from_doubles(j->v.dev, j->v.real, 2, shape, padded, &j->design);
    if (j->opts.min_eigenvalue == 0) j->opts.min_eigenvalue = 1e-6 / fmax(-least * 1e3, 1);
    vxg__free(x);
    return status;
}

static int run_fit(const tensor_job *j, int64_t n) {
    vxg_launch fit = {.global = {vxg__tile_items(n), 1, 1},
                      .nints = 4,
                      .ints = {(int)j->v.volumes, j->opts.iterations + j->opts.start, ROWS,
                               j->opts.start == VXG_TENSOR_DATA},
                      .nreals = 2,
                      .reals = {j->opts.min_signal, j->opts.min_share}};
    vxg_launch maps = {
        .global = {vxg__tile_items(n), 1, 1},
        .nints = 1,
        .ints = {ROWS},
        .nreals = 1,
        .reals = {j->opts.min_eigenvalue < 0 ? -1e30 : j->opts.min_eigenvalue * 1e3}};
    vxg__push_array(&fit, &j->signal);
    vxg__push_array(&fit, &j->inverse);
    vxg__push_array(&fit, &j->design);
    vxg__push_array(&fit, &j->result);
    vxg__push_array(&maps, &j->result);
    VXG_TRY(vxg__launch(j->v.dev, j->v.queue, "tensor_fit", j->v.real, &fit));
    return vxg__launch(j->v.dev, j->v.queue, "tensor_maps", j->v.real, &maps);
}

static int unpack(const tensor_job *j, int64_t first, int64_t n) {
    static const int place[6] = {0, 3, 1, 4, 5, 2}; /* of Dxx Dxy Dyy Dxz Dyz Dzz in the result */
    const vxg_tensor_maps *m = j->maps;
    const struct {
        const vxg_array *out;
        vxg__tile_rows rows;
    } all[] = {{&m->s0, {ROWS, 6, 0, 1, 1}},
               {&m->eigenvalues, {ROWS, 7, 0, 3, 1e-3}},
               {&m->eigenvectors, {ROWS, 10, 0, 9, 1}},
               {&m->fa, {ROWS, 19, 0, 1, 1}},
               {&m->md, {ROWS, 20, 0, 1, 1e-3}},
               {&m->ad, {ROWS, 21, 0, 1, 1e-3}},
               {&m->rd, {ROWS, 22, 0, 1, 1e-3}},
               {&m->rgb, {ROWS, 23, 0, 3, 1}}};
    for (int i = 0; i < 6; i++) {
        const vxg__tile_rows r = {ROWS, i, place[i], 1, 1e-3};
        VXG_TRY(vxg__voxels_unpack(&j->v, &j->result, &r, first, n, &m->tensor));
    }
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        VXG_TRY(vxg__voxels_unpack(&j->v, &j->result, &all[i].rows, first, n, all[i].out));
    return VXG_OK;
}

static int fit_all(tensor_job *j, const vxg_gradients *g, const vxg__voxels_map *results) {
    int status = make_tables(j, g);
    if (!status) status = vxg__tiles_new(&j->v, j->v.volumes, &j->signal);
    if (!status) status = vxg__tiles_new(&j->v, ROWS, &j->result);
    if (!status) status = vxg__voxels_clear(&j->v, results, MAPS);
    for (int64_t first = 0; first < j->v.count && !status; first += j->v.block) {
        const int64_t left = j->v.count - first, n = left < j->v.block ? left : j->v.block;
        status = vxg__voxels_tell(&j->v, first);
        if (!status) status = vxg__voxels_pack(&j->v, j->v.series, first, n, &j->signal);
        if (!status) status = run_fit(j, n);
        if (!status) status = unpack(j, first, n);
    }
    if (!status) status = vxg__voxels_tell(&j->v, j->v.count);
    vxg_array_release(&j->inverse), vxg_array_release(&j->design);
    vxg_array_release(&j->signal), vxg_array_release(&j->result);
    return status;
}

static int take_options(vxg_tensor_opts *o, const vxg_tensor_opts *given) {
    VXG_TRY(VXG_IN(vxg_tensor_opts, o, given));
    VXG_FAIL_IF(o->reserved0, VXG_ERR_ARGUMENT, "tensor: reserved0 is not 0");
    VXG_TRY(vxg__progress_check(o->progress));
    VXG_FAIL_IF(o->iterations < 0 || o->iterations > 100, VXG_ERR_ARGUMENT,
                "tensor: %d iterations; 0 to 100 are expected", o->iterations);
    VXG_FAIL_IF(o->start < VXG_TENSOR_OLS || o->start > VXG_TENSOR_DATA, VXG_ERR_ARGUMENT,
                "tensor: there is no start %d", (int)o->start);
    VXG_FAIL_IF(!(o->min_signal >= 0 && o->min_signal <= 1e30), VXG_ERR_ARGUMENT,
                "tensor: min_signal is %g; 0 to 1e30 are expected", o->min_signal);
    VXG_FAIL_IF(!(o->min_share >= 0) || o->min_share > 1, VXG_ERR_ARGUMENT,
                "tensor: min_share is %g", o->min_share);
    VXG_FAIL_IF(!isfinite(o->min_eigenvalue), VXG_ERR_ARGUMENT, "tensor: min_eigenvalue is %g",
                o->min_eigenvalue);
    if (o->min_signal == 0) o->min_signal = 1e-4;
    return VXG_OK;
}

int vxg_dwi_tensor(vxg_queue *queue, const vxg_gradients *g, const vxg_array *dwi,
                   const vxg_array *voxels, const vxg_tensor_opts *given,
                   const vxg_tensor_maps *maps) {
    tensor_job j = {.maps = maps};
    VXG_TRY(vxg__gradients_check(g, "tensor"));
    VXG_FAIL_IF(!maps, VXG_ERR_ARGUMENT, "tensor: maps is NULL");
    VXG_TRY(take_options(&j.opts, given));
    VXG_TRY(VXG_FIXED(vxg_tensor_maps, maps));
    VXG_FAIL_IF(maps->reserved0, VXG_ERR_ARGUMENT, "tensor: reserved0 of the maps is not 0");
    const vxg__voxels_map results[MAPS] = {{&maps->tensor, 6, "tensor", 0},
                                           {&maps->s0, 1, "tensor: s0", 0},
                                           {&maps->eigenvalues, 3, "tensor: eigenvalues", 0},
                                           {&maps->eigenvectors, 9, "tensor: eigenvectors", 0},
                                           {&maps->fa, 1, "tensor: fa", 0},
                                           {&maps->md, 1, "tensor: md", 0},
                                           {&maps->ad, 1, "tensor: ad", 0},
                                           {&maps->rd, 1, "tensor: rd", 0},
                                           {&maps->rgb, 3, "tensor: rgb", 0}};
    VXG_TRY(vxg__voxels_begin(&j.v, queue, dwi, voxels, "tensor"));
    j.v.progress = j.opts.progress;
    VXG_FAIL_IF(j.v.volumes != g->n, VXG_ERR_ARGUMENT,
                "tensor: the series has %lld volumes, the gradient table %lld",
                (long long)j.v.volumes, (long long)g->n);
    VXG_TRY(vxg__voxels_check(&j.v, results, MAPS));
    return j.v.count ? fit_all(&j, g, results) : vxg__voxels_clear(&j.v, results, MAPS);
}
