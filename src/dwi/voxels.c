/* Voxels in tiles: the series is repacked block by block, so that fits read what lies side by side.
 */
#include "array/launch.h"
#include "dwi/dwi.h"

/* Numbers of a block's widest tiles: what a core's cache holds, times the threads, and what keeps a
 * GPU busy. */
#define MOST_CPU ((int64_t)1 << 17)
#define MOST ((int64_t)1 << 25)
#define LEAST 1024 /* voxels */

/* A number beyond the series would be read and written outside it. */
static int check_list(const vxg__voxels *v, const char *what) {
    const int64_t n = vxg_array_count(v->list);
    uint32_t *list = vxg__calloc((size_t)n + 1, sizeof *list);
    int status = list ? vxg_array_read(v->queue, v->list, list) : VXG_ERR_MEMORY;
    for (int64_t i = 0; i < n && !status; i++)
        if ((int64_t)list[i] >= v->all)
            status = vxg_error_set(VXG_ERR_ARGUMENT, "%s: the list of voxels names %u of %lld",
                                   what, list[i], (long long)v->all);
    vxg__free(list);
    return status;
}

int vxg__voxels_begin(vxg__voxels *v, vxg_queue *queue, const vxg_array *dwi, const vxg_array *list,
                      const char *what) {
    *v = (vxg__voxels){.queue = queue, .series = dwi, .list = list};
    VXG_TRY(vxg__array_check(dwi, what));
    VXG_FAIL_IF(dwi->dtype != VXG_F32 && dwi->dtype != VXG_F64, VXG_ERR_ARGUMENT,
                "%s: the series is %s; float32 or float64 is expected", what,
                vxg_dtype_name(dwi->dtype));
    VXG_FAIL_IF(dwi->ndim < 2 || !vxg_array_is_contiguous(dwi), VXG_ERR_ARGUMENT,
                "%s: a contiguous series (volumes, voxels...) is expected", what);
    v->dev = vxg_buffer_device(dwi->buffer);
    v->real = vxg__arithmetic(dwi->dtype);
    v->volumes = dwi->shape[0];
    v->all = v->volumes ? vxg_array_count(dwi) / v->volumes : 0;
    VXG_FAIL_IF(v->volumes > INT32_MAX || v->all > UINT32_MAX, VXG_ERR_ARGUMENT,
                "%s: a series of %lld volumes of %lld voxels", what, (long long)v->volumes,
                (long long)v->all);
    if (list) {
        VXG_TRY(vxg__array_check(list, what));
        VXG_FAIL_IF(list->dtype != VXG_U32 || !vxg_array_is_contiguous(list) ||
                        vxg_buffer_device(list->buffer) != v->dev,
                    VXG_ERR_ARGUMENT,
                    "%s: the list of voxels is to be contiguous uint32 on the series' device",
                    what);
        VXG_TRY(check_list(v, what));
    }
    v->count = list ? vxg_array_count(list) : v->all;
    vxg__voxels_fit(v, v->volumes);
    return VXG_OK;
}

int vxg__voxels_tell(const vxg__voxels *v, int64_t done) {
    VXG_FAIL_IF(vxg__poll(v->progress), VXG_ERR_CANCELLED, "interrupted");
    vxg__report(v->progress, "voxels", (double)done, (double)v->count);
    return VXG_OK;
}

void vxg__voxels_fit(vxg__voxels *v, int64_t rows) {
    const int64_t most =
        vxg_device_get_info(v->dev)->is_cpu ? MOST_CPU * (int64_t)vxg_threads() : MOST;
    v->block = rows > 0 ? most / rows / 128 * 128 : LEAST; /* runs of tiles_pack */
    if (v->block < LEAST) v->block = LEAST;
    if (v->block > v->count) v->block = vxg__tile_items(v->count);
}

/* (rows, voxels...) with the series' voxels, or (rows, voxels); one row also without its axis. */
static int fits(const vxg__voxels *v, const vxg_array *out, int64_t rows) {
    const int bare = rows == 1 && out->ndim == v->series->ndim - 1;
    if (!bare && (out->ndim < 2 || out->shape[0] != rows)) return 0;
    if (!bare && out->ndim == 2 && out->shape[1] == v->all) return 1;
    int same = bare || out->ndim == v->series->ndim;
    for (int i = 1; i < v->series->ndim && same; i++)
        same = out->shape[i - bare] == v->series->shape[i];
    return same;
}

static int check_map(const vxg__voxels *v, const vxg__voxels_map *m) {
    VXG_TRY(vxg__array_check_written(m->out, m->what));
    VXG_FAIL_IF(m->out->dtype != vxg_real_dtype(v->real) || !vxg_array_is_contiguous(m->out) ||
                    vxg_buffer_device(m->out->buffer) != v->dev || !fits(v, m->out, m->rows),
                VXG_ERR_ARGUMENT,
                "%s: a contiguous array of %lld rows of %lld voxels in the series' shape, %s, on "
                "the series' device is expected",
                m->what, (long long)m->rows, (long long)v->all, vxg_real_name(v->real));
    VXG_FAIL_IF(vxg__arrays_overlap(m->out, v->series) ||
                    (v->list && vxg__arrays_overlap(m->out, v->list)),
                VXG_ERR_ARGUMENT, "%s overlaps what is read", m->what);
    return VXG_OK;
}

static int is_wanted(const vxg__voxels_map *m) {
    return m->out && m->out->buffer;
}

int vxg__voxels_check(const vxg__voxels *v, const vxg__voxels_map *maps, int n) {
    for (int i = 0; i < n; i++) {
        if (!is_wanted(&maps[i])) continue;
        VXG_TRY(check_map(v, &maps[i]));
        for (int k = 0; k < i; k++)
            VXG_FAIL_IF(is_wanted(&maps[k]) && vxg__arrays_overlap(maps[i].out, maps[k].out),
                        VXG_ERR_ARGUMENT, "%s overlaps %s", maps[i].what, maps[k].what);
    }
    return VXG_OK;
}

int vxg__voxels_clear(const vxg__voxels *v, const vxg__voxels_map *maps, int n) {
    for (int i = 0; i < n && v->list; i++)
        if (is_wanted(&maps[i])) VXG_TRY(vxg_array_fill(v->queue, maps[i].out, maps[i].outside));
    return VXG_OK;
}

int vxg__tiles_new(const vxg__voxels *v, int64_t rows, vxg_array *tiles) {
    const int64_t shape[3] = {v->block / 32, rows, 32};
    return vxg_array_new(v->dev, vxg_real_dtype(v->real), 3, shape, tiles);
}

/* What pack and unpack say alike. */
static vxg_launch launch_of(const vxg__voxels *v, int64_t rows, int64_t first, int64_t n) {
    vxg_launch l = {.nints = 1, .ints = {(int)rows}, .nreals = 1, .reals = {1}};
    vxg__push_long(&l, v->all);
    vxg__push_long(&l, first);
    l.ints[l.nints++] = (int)n;
    l.ints[l.nints++] = v->list != NULL;
    return l;
}
/* A list of any kind where there is none: it is not read. */
static vxg_array list_of(const vxg__voxels *v, const vxg_array *other) {
    vxg_array a = v->list ? *v->list : *other;
    if (!v->list) a.dtype = VXG_U32, a.offset = 0;
    return a;
}

int vxg__voxels_pack(const vxg__voxels *v, const vxg_array *dwi, int64_t first, int64_t n,
                     const vxg_array *tiles) {
    const vxg_array list = list_of(v, dwi);
    vxg_launch l = launch_of(v, v->volumes, first, n);
    assert(n > 0 && n <= v->block && first >= 0 && first + n <= v->count);
    l.global[0] = vxg__tile_items(n);
    vxg__push_array(&l, dwi);
    vxg__push_array(&l, &list);
    vxg__push_array(&l, tiles);
    return vxg__launch(v->dev, v->queue, "tiles_pack", v->real, &l);
}

int vxg__voxels_unpack(const vxg__voxels *v, const vxg_array *tiles, const vxg__tile_rows *r,
                       int64_t first, int64_t n, const vxg_array *out) {
    if (!out || !out->buffer) return VXG_OK;
    const vxg_array list = list_of(v, tiles);
    vxg_launch l = launch_of(v, r->rows, first, n);
    l.global[0] = vxg__tile_items(n), l.global[1] = r->count;
    l.ints[l.nints++] = (int)r->from, l.ints[l.nints++] = (int)r->to;
    l.reals[0] = r->factor;
    vxg__push_array(&l, tiles);
    vxg__push_array(&l, &list);
    vxg__push_array(&l, out);
    return vxg__launch(v->dev, v->queue, "tiles_unpack", v->real, &l);
}

int vxg__tiles_matrix(const vxg__voxels *v, int64_t rows, int64_t columns, const double *m,
                      vxg_array *out) {
    const int64_t blocks = (rows + 7) / 8, shape[3] = {blocks, columns, 8};
    double *t = vxg__calloc((size_t)(blocks * columns * 8), sizeof *t);
    if (!t) return VXG_ERR_MEMORY;
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < columns; c++)
            t[(r / 8 * columns + c) * 8 + r % 8] = m[r * columns + c];
    const int status = vxg__array_from_doubles(v->dev, v->real, 3, shape, t, out);
    vxg__free(t);
    return status;
}

int vxg__tiles_product(const vxg__voxels *v, const vxg_array *m, int64_t rows, int64_t columns,
                       const vxg_array *x, int64_t x_rows, int64_t x_from, int64_t n,
                       const vxg_array *y) {
    vxg_launch l = {.global = {vxg__tile_items(n), (rows + 7) / 8, 1},
                    .nints = 4,
                    .ints = {(int)rows, (int)columns, (int)x_rows, (int)x_from}};
    vxg__push_array(&l, m);
    vxg__push_array(&l, x);
    vxg__push_array(&l, y);
    return vxg__launch(v->dev, v->queue, "tiles_product", v->real, &l);
}
