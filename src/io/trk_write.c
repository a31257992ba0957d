/* Writing TRK: version 2, little endian; the number of streamlines is put into the header at the
 * end. */
#include "io/trk.h"

#include "io/elements.h"

#include <math.h>
#include <stdio.h>

/* ---- What TRK can hold ---- */

/* name, or name, 0, number of components, in 20 bytes. */
static int put_name(const char *path, const vxg_tract_column *c, uint8_t *to) {
    char text[96] = "";
    size_t n = strlen(c->name);
    memcpy(text, c->name, n);
    if (c->components > 1) n += 1 + (size_t)snprintf(text + n + 1, 16, "%d", (int)c->components);
    VXG_FAIL_IF(n > VXG__TRK_NAME, VXG_ERR_UNSUPPORTED,
                "%s: TRK has %d bytes for the name of a column and its number of components; '%s' "
                "takes %zu",
                path, VXG__TRK_NAME, c->name, n);
    memcpy(to, text, n);
    return VXG_OK;
}

static int put_columns(const char *path, const char *kind, int n, const vxg_tract_column *list,
                       uint8_t *names, uint8_t *count) {
    int total = 0;
    VXG_FAIL_IF(n > VXG__TRK_NAMES, VXG_ERR_UNSUPPORTED,
                "%s: %d columns of numbers for each %s; TRK holds %d", path, n, kind,
                VXG__TRK_NAMES);
    for (int i = 0; i < n; i++) {
        VXG_TRY(put_name(path, &list[i], names + i * VXG__TRK_NAME));
        VXG_FAIL_IF(list[i].components > INT16_MAX - total, VXG_ERR_UNSUPPORTED,
                    "%s: more than %d numbers for each %s, with '%s'", path, INT16_MAX, kind,
                    list[i].name);
        total += list[i].components;
    }
    vxg__put_le(count, (uint64_t)total, 2);
    return VXG_OK;
}

static void put_float(uint8_t *to, float v) {
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    vxg__put_le(to, bits, 4);
}

static int put_place(const char *path, const vxg_tract_info *info, uint8_t *head) {
    VXG_FAIL_IF(info->space != VXG_TRACT_CORNER, VXG_ERR_UNSUPPORTED,
                "%s: TRK holds streamlines in mm from the corner of the image; info.space is "
                "another",
                path);
    VXG_FAIL_IF(!info->has_affine, VXG_ERR_ARGUMENT,
                "%s: TRK needs the image's matrix: info.affine is missing", path);
    VXG_FAIL_IF(!vxg__tract_affine_good(info->affine), VXG_ERR_ARGUMENT,
                "%s: info.affine is no matrix that places voxels", path);
    for (int i = 0; i < 3; i++) {
        VXG_FAIL_IF(info->grid[i] < 1 || info->grid[i] > INT16_MAX, VXG_ERR_ARGUMENT,
                    "%s: TRK needs the image's size, 1 to %d along each axis: info.grid[%d] is "
                    "%lld",
                    path, INT16_MAX, i, (long long)info->grid[i]);
        const float size = (float)info->voxel[i];
        VXG_FAIL_IF(!(size > 0) || !isfinite(size), VXG_ERR_ARGUMENT,
                    "%s: TRK needs the voxels' size: info.voxel[%d] is %g", path, i,
                    info->voxel[i]);
        vxg__put_le(head + VXG__TRK_DIM + 2 * i, (uint64_t)info->grid[i], 2);
        put_float(head + VXG__TRK_VOXEL + 4 * i, size);
    }
    for (int i = 0; i < 12; i++) put_float(head + VXG__TRK_AFFINE + 4 * i, (float)info->affine[i]);
    put_float(head + VXG__TRK_AFFINE + 60, 1);
    VXG_FAIL_IF(!vxg__trk_order_good(info->voxel_order), VXG_ERR_ARGUMENT,
                "%s: TRK needs the order of the axes, three letters such as LPS: info.voxel_order "
                "is '%s'",
                path, VXG_SHOW(info->voxel_order));
    memcpy(head + VXG__TRK_ORDER, info->voxel_order, 3);
    return VXG_OK;
}

static int make_header(const char *path, const vxg_tract_create_opts *o, uint8_t *head) {
    const vxg_tract_info *info = &o->info;
    VXG_FAIL_IF(o->folder || o->offset_bits, VXG_ERR_ARGUMENT,
                "%s: folder and offset_bits are of TRX", path);
    VXG_FAIL_IF(info->dtype != VXG_F32, VXG_ERR_UNSUPPORTED,
                "%s: TRK holds positions of float32, not of %s", path, vxg_dtype_name(info->dtype));
    VXG_FAIL_IF(info->ngroups > 0, VXG_ERR_UNSUPPORTED, "%s: TRK holds no groups, as '%s'", path,
                info->groups[0].name);
    memcpy(head, "TRACK", 6);
    VXG_TRY(put_place(path, info, head));
    VXG_TRY(put_columns(path, "point", info->npoint_columns, info->point_columns,
                        head + VXG__TRK_SCALARS, head + VXG__TRK_NSCALARS));
    VXG_TRY(put_columns(path, "streamline", info->nline_columns, info->line_columns,
                        head + VXG__TRK_PROPERTIES, head + VXG__TRK_NPROPERTIES));
    vxg__put_le(head + VXG__TRK_VERSION, 2, 4);
    vxg__put_le(head + VXG__TRK_HDR_SIZE, VXG__TRK_HEAD, 4);
    if (info->nattributes > 0)
        vxg__log(0, "%s: TRK holds no attributes: %d are left out", path, (int)info->nattributes);
    return VXG_OK;
}

/* ---- Streamlines ---- */

/* A float that is the number exactly, or an error: what is read back is what was written. NaN is
 * NaN. */
static int exact(vxg_dtype dtype, const void *from, float *to) {
    double d = 0;
    int64_t i = 0;
    uint64_t u = 0;
    switch (dtype) {
    case VXG_F32: memcpy(to, from, sizeof *to); return 1;
    case VXG_F64: memcpy(&d, from, sizeof d); break;
    case VXG_I64:
        memcpy(&i, from, sizeof i);
        *to = (float)i;
        return *to < 9.2e18f && (int64_t)*to == i;
    case VXG_U64:
        memcpy(&u, from, sizeof u);
        *to = (float)u;
        return *to < 1.8e19f && (uint64_t)*to == u;
    default: vxg__elements_convert(dtype, from, 1, VXG_F64, &d); break;
    }
    if (isfinite(d) && fabs(d) > 3.4028234663852886e38) return 0;
    *to = (float)d;
    return (double)*to == d || isnan(d);
}

static int add_values(vxg__line_file *t, const vxg_tract_column *c, const void *values,
                      int64_t at) {
    const size_t each = vxg_dtype_size(c->dtype);
    const char *from = (const char *)values + (size_t)at * (size_t)c->components * each;
    for (int k = 0; k < c->components; k++, from += each) {
        float v = 0;
        uint8_t bytes[4];
        VXG_FAIL_IF(!exact(c->dtype, from, &v), VXG_ERR_UNSUPPORTED,
                    "%s: TRK holds float32; a value of the column '%s' (%s) is none", t->out.path,
                    c->name, vxg_dtype_name(c->dtype));
        put_float(bytes, v);
        VXG_TRY(vxg__sink_add(&t->sink, bytes, 4));
    }
    return VXG_OK;
}

static int add_point(vxg__line_file *t, const vxg_tract_batch *b, int64_t at) {
    const vxg_tract_info *info = &t->base.info;
    uint8_t bytes[12];
    for (int k = 0; k < 3; k++) {
        const int64_t i = 3 * at + k;
        const float v = b->dtype == VXG_F32 ? ((const float *)b->positions)[i]
                                            : (float)((const double *)b->positions)[i];
        VXG_FAIL_IF(!isfinite(v), VXG_ERR_ARGUMENT, "%s: a position is beyond float32",
                    t->out.path);
        put_float(bytes + 4 * k, v);
    }
    VXG_TRY(vxg__sink_add(&t->sink, bytes, sizeof bytes));
    for (int i = 0; i < info->npoint_columns; i++)
        VXG_TRY(add_values(t, &info->point_columns[i], b->point_values[i], at));
    return VXG_OK;
}

static int add_line(vxg__line_file *t, const vxg_tract_batch *b, int64_t line) {
    const vxg_tract_info *info = &t->base.info;
    const int64_t n = b->offsets[line + 1] - b->offsets[line];
    uint8_t bytes[4];
    VXG_FAIL_IF(n > INT32_MAX, VXG_ERR_UNSUPPORTED, "%s: a streamline of %lld points; TRK holds %d",
                t->out.path, (long long)n, INT32_MAX);
    vxg__put_le(bytes, (uint64_t)n, 4);
    VXG_TRY(vxg__sink_add(&t->sink, bytes, 4));
    for (int64_t i = b->offsets[line]; i < b->offsets[line + 1]; i++) VXG_TRY(add_point(t, b, i));
    for (int i = 0; i < info->nline_columns; i++)
        VXG_TRY(add_values(t, &info->line_columns[i], b->line_values[i], line));
    return VXG_OK;
}

/* 0 stands for a number that is not known: of so many as TRK cannot count. */
static int end_file(vxg__line_file *t) {
    uint8_t count[4] = {0};
    if (t->lines <= INT32_MAX) vxg__put_le(count, (uint64_t)t->lines, 4);
    VXG_TRY(vxg__sink_flush(&t->sink));
    return vxg__write_all(t->out.fd, count, 4, VXG__TRK_COUNT, t->out.path);
}

int vxg__trk_create(const char *path, const vxg_tract_create_opts *o, vxg_tract_writer **out) {
    uint8_t head[VXG__TRK_HEAD] = {0};
    const vxg__line_file like = {.add_line = add_line, .end = end_file};
    VXG_TRY(make_header(path, o, head));
    return vxg__line_file_create(path, o, &like, head, sizeof head, out);
}
