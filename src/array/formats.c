/* Files by blocks: rows of formats, and what is the same for all of them: checking boxes. */
#include <voxgrad/array.h>

#include "array/rows.h"

#include <string.h>

static vxg_format own[VXG__MOST_ROWS];
static vxg__rows formats = {.own = own, .size = sizeof own[0]};

int vxg_format_count(void) {
    return vxg__rows_count(&formats);
}

const vxg_format *vxg_format_at(int i) {
    return vxg__rows_at(&formats, i);
}

const vxg_format *vxg_format_find(const char *name) {
    return vxg__rows_find(&formats, name);
}

int vxg_format_register(const vxg_format *given) {
    vxg_format f;
    VXG_FAIL_IF(!given, VXG_ERR_ARGUMENT, "format row is NULL");
    VXG_TRY(VXG_IN(vxg_format, &f, given));
    const vxg__row row = {f.name,       f.summary,      f.extensions,    f.sniff,
                          f.sniff_path, f.open != NULL, f.create != NULL};
    return vxg__rows_add(&formats, &row, &f);
}

/* ---- reading ---- */

static int check_reader(const vxg_format *row, vxg_block_reader *r) {
    int good = r && r->read && r->close && r->info.ndim >= 0 && r->info.ndim <= VXG_MAX_DIMS;
    for (int i = 0; good && i < r->info.ndim; i++) good = r->info.axis[i].count > 0;
    VXG_FAIL_IF(!good, VXG_ERR_FAILED, "format %s opened a reader that is not complete", row->name);
    return VXG_OK;
}

int vxg_block_open(const char *path, const vxg_block_opts *given, vxg_block_reader **out) {
    vxg_block_opts opts;
    const void *found = NULL;
    VXG_FAIL_IF(!path || !out, VXG_ERR_ARGUMENT, "path or out is NULL");
    *out = NULL;
    VXG_TRY(VXG_IN(vxg_block_opts, &opts, given));
    VXG_FAIL_IF(opts.max_memory < 0, VXG_ERR_ARGUMENT, "max_memory is negative");
    VXG_TRY(vxg__rows_open(&formats, path, opts.format, &found));
    const vxg_format *row = found;
    vxg_block_reader *r = NULL;
    VXG_TRY(row->open(path, &opts, &r));
    const int status = check_reader(row, r);
    if (status) return status;
    *out = r;
    return VXG_OK;
}

static int check_box(const vxg_block_info *info, const int64_t *start, const int64_t *count,
                     int64_t *elements) {
    *elements = 1;
    VXG_FAIL_IF(info->ndim > 0 && (!start || !count), VXG_ERR_ARGUMENT, "start or count is NULL");
    for (int i = 0; i < info->ndim; i++) {
        const int64_t n = info->axis[i].count;
        VXG_FAIL_IF(start[i] < 0 || count[i] < 0 || start[i] > n || count[i] > n - start[i],
                    VXG_ERR_ARGUMENT, "axis %d: %lld:%lld is outside 0:%lld", i,
                    (long long)start[i], (long long)(start[i] + count[i]), (long long)n);
        *elements *= count[i];
    }
    return VXG_OK;
}

static void scale(const vxg_block_info *info, int64_t n, vxg_dtype dtype, void *p) {
    float *f = p;
    double *d = p;
    for (int64_t i = 0; i < n; i++)
        if (dtype == VXG_F32)
            f[i] = (float)(info->slope * (double)f[i] + info->intercept);
        else
            d[i] = info->slope * d[i] + info->intercept;
}

int vxg_block_read(vxg_block_reader *r, const int64_t *start, const int64_t *count, vxg_dtype dtype,
                   void *dst) {
    int64_t elements = 0;
    VXG_FAIL_IF(!r, VXG_ERR_ARGUMENT, "reader is NULL");
    VXG_TRY(check_box(&r->info, start, count, &elements));
    VXG_FAIL_IF(dtype != r->info.dtype && dtype != VXG_F32 && dtype != VXG_F64, VXG_ERR_UNSUPPORTED,
                "%s: elements of %s are read as such, as float32 or float64, not as %s", r->path,
                vxg_dtype_name(r->info.dtype), vxg_dtype_name(dtype));
    if (elements == 0) return VXG_OK;
    VXG_FAIL_IF(!dst, VXG_ERR_ARGUMENT, "dst is NULL");
    VXG_TRY(r->read(r, start, count, dtype, dst));
    if (r->info.slope != 0 && dtype != r->info.dtype) scale(&r->info, elements, dtype, dst);
    return VXG_OK;
}

int vxg_block_cost_of(vxg_block_reader *r, const int64_t *start, const int64_t *count,
                      vxg_block_cost *out) {
    int64_t elements = 0;
    VXG_FAIL_IF(!r, VXG_ERR_ARGUMENT, "reader is NULL");
    VXG_TRY(VXG_OUT_CHECK(vxg_block_cost, out));
    VXG_TRY(check_box(&r->info, start, count, &elements));
    vxg_block_cost cost = {.wanted = elements * (int64_t)vxg_dtype_size(r->info.dtype)};
    cost.unpacked = cost.wanted;
    if (r->cost && elements) VXG_TRY(r->cost(r, start, count, &cost));
    return VXG_OUT(vxg_block_cost, out, &cost);
}

void vxg_block_close(vxg_block_reader *reader) {
    if (reader) reader->close(reader);
}

/* ---- writing ---- */

int vxg_block_create(const char *path, const vxg_block_create_opts *given, vxg_block_writer **out) {
    vxg_block_create_opts opts;
    const void *found = NULL;
    VXG_FAIL_IF(!path || !*path || !out || !given, VXG_ERR_ARGUMENT,
                "path, opts or out is NULL or empty");
    *out = NULL;
    VXG_TRY(VXG_IN(vxg_block_create_opts, &opts, given));
    VXG_FAIL_IF(opts.info.ndim < 1 || opts.info.ndim > VXG_MAX_DIMS, VXG_ERR_ARGUMENT,
                "%s: rank %d, 1 to %d expected", path, (int)opts.info.ndim, VXG_MAX_DIMS);
    int64_t most = VXG_MAX_ELEMENTS;
    for (int i = 0; i < opts.info.ndim; i++) {
        const int64_t n = opts.info.axis[i].count;
        VXG_FAIL_IF(n < 1 || n > most, VXG_ERR_ARGUMENT, "%s: %lld elements along axis %d", path,
                    (long long)n, i);
        most /= n;
    }
    VXG_TRY(vxg__rows_create(&formats, path, opts.format, &found));
    const vxg_format *row = found;
    return row->create(path, &opts, out);
}
