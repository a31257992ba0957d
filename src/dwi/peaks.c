/* Peaks of orientation functions on a set of directions (kernels/dwi/odf.k). */
#include "array/launch.h"
#include "dwi/dwi.h"

#include <float.h>
#include <math.h>

enum { MOST_PEAKS = 32, ROWS = 5 }; /* ROWS: of a peak, as odf_peaks writes them */
#define FLAT 512 /* roundings that a constant's harmonics and values may have seen */

typedef struct peaks_job {
    vxg__voxels v;
    vxg_peaks_opts opts;
    const vxg_sphere *sphere;
    int even;   /* a direction's opposite is the same peak */
    double cut; /* the minimum counts as 0 below that share of the highest value */
    vxg_array matrix, directions, near, harmonics, values, left, result;
} peaks_job;

static int32_t numbered(const int32_t *place, int32_t direction) {
    return place ? place[direction] : direction;
}
int vxg__sphere_neighbours(const vxg_sphere *s, const int32_t *place, vxg_device *dev,
                           vxg_queue *queue, vxg_array *out) {
    const int64_t count = s->n + 1 + 2 * s->nedges;
    int32_t *near = vxg__calloc((size_t)count, sizeof *near);
    if (!near) return VXG_ERR_MEMORY;
    for (int64_t e = 0; e < 2 * s->nedges; e++) near[numbered(place, s->edges[e]) + 1]++;
    near[0] = (int32_t)(s->n + 1);
    for (int64_t i = 0; i < s->n; i++) near[i + 1] += near[i];
    for (int64_t e = 0; e < 2 * s->nedges; e++)
        near[near[numbered(place, s->edges[e])]++] = numbered(place, s->edges[e ^ 1]);
    for (int64_t i = s->n; i > 0; i--) near[i] = near[i - 1]; /* beginnings moved to ends */
    near[0] = (int32_t)(s->n + 1);
    int status = vxg_array_new(dev, VXG_I32, 1, &count, out);
    if (!status) status = vxg_array_write(queue, out, near);
    vxg__free(near);
    return status;
}

/* harmonics 0: samples are given, no matrix is needed. */
static int make_tables(peaks_job *j, int harmonics) {
    const vxg_sphere *s = j->sphere;
    const int64_t terms = j->v.volumes, shape[2] = {s->n, 3};
    double *b = vxg__calloc((size_t)(s->n * terms), sizeof *b);
    if (!b) return VXG_ERR_MEMORY;
    int status = VXG_OK;
    if (harmonics)
        status = vxg_sh_matrix(j->opts.basis, vxg_sh_order(terms), s->n, s->directions, b);
    if (!status && harmonics) status = vxg__tiles_matrix(&j->v, s->n, terms, b, &j->matrix);
    if (!status)
        status =
            vxg__array_from_doubles(j->v.dev, j->v.real, 2, shape, s->directions, &j->directions);
    if (!status) status = vxg__sphere_neighbours(s, NULL, j->v.dev, j->v.queue, &j->near);
    vxg__free(b);
    return status;
}

static int find_peaks(const peaks_job *j, const vxg_array *values, int64_t n) {
    const vxg_array *const arrays[] = {values, &j->directions, &j->near, &j->left, &j->result};
    vxg_launch l = {
        .global = {vxg__tile_items(n), 1, 1},
        .nints = 3,
        .ints = {(int)j->sphere->n, j->opts.peaks, j->even},
        .nreals = 4,
        .reals = {cos(j->opts.min_separation * (M_PI / 180)), j->opts.relative_threshold,
                  FLAT * (j->v.real == VXG_REAL_F64 ? DBL_EPSILON : FLT_EPSILON), j->cut}};
    for (int i = 0; i < 5; i++) vxg__push_array(&l, arrays[i]);
    return vxg__launch(j->v.dev, j->v.queue, "odf_peaks", j->v.real, &l);
}

static int block(const peaks_job *j, const vxg_array *sh, int64_t first, int64_t n,
                 const vxg_peaks_maps *maps) {
    VXG_TRY(vxg__voxels_pack(&j->v, sh, first, n, &j->harmonics));
    VXG_TRY(vxg__tiles_product(&j->v, &j->matrix, j->sphere->n, j->v.volumes, &j->harmonics,
                               j->v.volumes, 0, n, &j->values));
    VXG_TRY(find_peaks(j, &j->values, n));
    for (int p = 0; p < j->opts.peaks; p++) {
        const vxg__tile_rows d = {ROWS * j->opts.peaks, ROWS * p, 3 * p, 3, 1};
        const vxg__tile_rows value = {ROWS * j->opts.peaks, ROWS * p + 3, p, 1, 1};
        const vxg__tile_rows number = {ROWS * j->opts.peaks, ROWS * p + 4, p, 1, 1};
        VXG_TRY(vxg__voxels_unpack(&j->v, &j->result, &d, first, n, &maps->directions));
        VXG_TRY(vxg__voxels_unpack(&j->v, &j->result, &value, first, n, &maps->values));
        VXG_TRY(vxg__voxels_unpack(&j->v, &j->result, &number, first, n, &maps->numbers));
    }
    return VXG_OK;
}

static int take_options(vxg_peaks_opts *o, const vxg_peaks_opts *given) {
    VXG_TRY(VXG_IN(vxg_peaks_opts, o, given));
    VXG_FAIL_IF(o->reserved0, VXG_ERR_ARGUMENT, "peaks: reserved0 is not 0");
    VXG_TRY(vxg__progress_check(o->progress));
    VXG_FAIL_IF(o->peaks < 0 || o->peaks > MOST_PEAKS, VXG_ERR_ARGUMENT,
                "peaks: %d peaks; 1 to %d are expected", o->peaks, MOST_PEAKS);
    VXG_FAIL_IF(isnan(o->relative_threshold) || o->relative_threshold > 1, VXG_ERR_ARGUMENT,
                "peaks: relative_threshold is %g; at most 1 is expected", o->relative_threshold);
    VXG_FAIL_IF(!(o->min_separation >= 0) || o->min_separation > 180, VXG_ERR_ARGUMENT,
                "peaks: min_separation is %g degrees", o->min_separation);
    if (o->peaks == 0) o->peaks = 5;
    if (o->relative_threshold == 0) o->relative_threshold = 0.5;
    if (o->relative_threshold < 0) o->relative_threshold = 0;
    if (o->min_separation == 0) o->min_separation = 25;
    return VXG_OK;
}

static void free_arrays(peaks_job *j) {
    vxg_array *const all[] = {&j->matrix, &j->directions, &j->near,  &j->harmonics,
                              &j->values, &j->left,       &j->result};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) vxg_array_release(all[i]);
}

int vxg__tiles_peaks(vxg_queue *queue, const vxg_array *tiles, int64_t n, int harmonics,
                     const vxg_sphere *sphere, const vxg_peaks_opts *opts, double cut, int even,
                     vxg_array *peaks) {
    peaks_job j = {.sphere = sphere, .cut = cut, .even = even || sphere->symmetric};
    VXG_TRY(take_options(&j.opts, opts));
    j.v = (vxg__voxels){.dev = vxg_buffer_device(tiles->buffer),
                        .queue = queue,
                        .real = vxg__arithmetic(tiles->dtype),
                        .volumes = tiles->shape[1],
                        .count = n,
                        .block = vxg__tile_items(n)};
    assert(harmonics || tiles->shape[1] == sphere->n);
    int status = make_tables(&j, harmonics);
    if (!status && harmonics) status = vxg__tiles_new(&j.v, sphere->n, &j.values);
    if (!status) status = vxg__tiles_new(&j.v, sphere->n, &j.left);
    if (!status) status = vxg__tiles_new(&j.v, ROWS * (int64_t)j.opts.peaks, &j.result);
    if (!status && harmonics)
        status = vxg__tiles_product(&j.v, &j.matrix, sphere->n, j.v.volumes, tiles, j.v.volumes, 0,
                                    n, &j.values);
    if (!status) status = find_peaks(&j, harmonics ? &j.values : tiles, n);
    if (!status) {
        *peaks = j.result;
        j.result = (vxg_array){0};
    }
    free_arrays(&j);
    return status;
}

int vxg_dwi_peaks(vxg_queue *queue, const vxg_array *sh, const vxg_array *voxels,
                  const vxg_sphere *sphere, const vxg_peaks_opts *given,
                  const vxg_peaks_maps *maps) {
    peaks_job j = {0};
    vxg_sphere *own = NULL;
    VXG_FAIL_IF(!maps, VXG_ERR_ARGUMENT, "peaks: maps is NULL");
    VXG_TRY(VXG_FIXED(vxg_peaks_maps, maps));
    VXG_FAIL_IF(maps->reserved0, VXG_ERR_ARGUMENT, "peaks: reserved0 of the maps is not 0");
    if (sphere) VXG_TRY(vxg__sphere_check(sphere, "peaks"));
    VXG_TRY(take_options(&j.opts, given));
    VXG_TRY(vxg__voxels_begin(&j.v, queue, sh, voxels, "peaks"));
    j.v.progress = j.opts.progress;
    VXG_FAIL_IF(vxg_sh_order(j.v.volumes) < 0, VXG_ERR_ARGUMENT,
                "peaks: %lld coefficients are no set of harmonics of even order",
                (long long)j.v.volumes);
    const vxg__voxels_map results[] = {
        {&maps->directions, 3 * (int64_t)j.opts.peaks, "peaks: directions", 0},
        {&maps->values, j.opts.peaks, "peaks: values", 0},
        {&maps->numbers, j.opts.peaks, "peaks: numbers", -1}};
    VXG_TRY(vxg__voxels_check(&j.v, results, 3));
    if (j.v.count == 0) return vxg__voxels_clear(&j.v, results, 3);
    if (!sphere) VXG_TRY(vxg_sphere_named(NULL, &own));
    j.sphere = sphere ? sphere : own;
    j.even = 1; /* harmonics of even orders */
    vxg__voxels_fit(&j.v, j.sphere->n);
    int status = make_tables(&j, 1);
    if (!status) status = vxg__tiles_new(&j.v, j.v.volumes, &j.harmonics);
    if (!status) status = vxg__tiles_new(&j.v, j.sphere->n, &j.values);
    if (!status) status = vxg__tiles_new(&j.v, j.sphere->n, &j.left);
    if (!status) status = vxg__tiles_new(&j.v, ROWS * (int64_t)j.opts.peaks, &j.result);
    if (!status) status = vxg__voxels_clear(&j.v, results, 3);
    for (int64_t first = 0; first < j.v.count && !status; first += j.v.block) {
        const int64_t left = j.v.count - first;
        status = vxg__voxels_tell(&j.v, first);
        if (!status) status = block(&j, sh, first, left < j.v.block ? left : j.v.block, maps);
    }
    if (!status) status = vxg__voxels_tell(&j.v, j.v.count);
    free_arrays(&j);
    vxg_sphere_release(own);
    return status;
}
