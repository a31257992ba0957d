/* Streamlines: rows of formats, and what is the same for all of them: checking what goes in and
 * comes out. */
#include <voxgrad/tracts.h>

#include "array/rows.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

enum {
    LEAST_MEMORY = 1 << 16,
    MOST_COLUMNS = 1 << 12,
    MOST_COMPONENTS = 1 << 15,
    MOST_GROUPS = 1 << 14
};

static vxg_tract_format own[VXG__MOST_ROWS];
static vxg__rows formats = {.own = own, .size = sizeof own[0]};

int vxg_tract_format_count(void) {
    return vxg__rows_count(&formats);
}

const vxg_tract_format *vxg_tract_format_at(int i) {
    return vxg__rows_at(&formats, i);
}

const vxg_tract_format *vxg_tract_format_find(const char *name) {
    return vxg__rows_find(&formats, name);
}

int vxg_tract_format_register(const vxg_tract_format *given) {
    vxg_tract_format f;
    VXG_FAIL_IF(!given, VXG_ERR_ARGUMENT, "format row is NULL");
    VXG_TRY(VXG_IN(vxg_tract_format, &f, given));
    const vxg__row row = {f.name,       f.summary,      f.extensions,    f.sniff,
                          f.sniff_path, f.open != NULL, f.create != NULL};
    return vxg__rows_add(&formats, &row, &f);
}

/* ---- what info says ---- */

static int is_real(vxg_dtype dtype) {
    return vxg_dtype_size(dtype) > 0 && dtype != VXG_C64 && dtype != VXG_C128;
}

/* kind: "point column"; i: its number, for names that cannot be shown. */
static int check_name(const char *path, const char *kind, int i, const char name[64]) {
    VXG_FAIL_IF(!memchr(name, 0, 64) || !name[0], VXG_ERR_ARGUMENT,
                "%s: the name of %s %d is empty or has no end", path, kind, i);
    for (const char *p = name; *p; p++)
        VXG_FAIL_IF(*p == '/' || *p == '.' || iscntrl((unsigned char)*p), VXG_ERR_ARGUMENT,
                    "%s: the name of %s '%s' has a '/', a '.' or a control character", path, kind,
                    VXG_SHOW(name));
    return VXG_OK;
}

static int check_columns(const char *path, const char *kind, int32_t n,
                         const vxg_tract_column *list) {
    VXG_FAIL_IF(n < 0 || n > MOST_COLUMNS || (n > 0 && !list), VXG_ERR_ARGUMENT,
                "%s: %d %ss, or their list is NULL", path, (int)n, kind);
    for (int i = 0; i < n; i++) {
        const vxg_tract_column *c = &list[i];
        VXG_TRY(VXG_FIXED(vxg_tract_column, c));
        VXG_TRY(check_name(path, kind, i, c->name));
        VXG_FAIL_IF(c->components < 1 || c->components > MOST_COMPONENTS, VXG_ERR_ARGUMENT,
                    "%s: %s '%s' has %d components, 1 to %d expected", path, kind, c->name,
                    (int)c->components, (int)MOST_COMPONENTS);
        VXG_FAIL_IF(!is_real(c->dtype), VXG_ERR_ARGUMENT, "%s: %s '%s' is of the type %s", path,
                    kind, c->name, vxg_dtype_name(c->dtype));
        VXG_FAIL_IF(c->reserved, VXG_ERR_ARGUMENT, "%s: %s '%s': reserved is not 0", path, kind,
                    c->name);
        for (int k = 0; k < i; k++)
            VXG_FAIL_IF(!strcmp(list[k].name, c->name), VXG_ERR_ARGUMENT,
                        "%s: two %ss are called '%s'", path, kind, c->name);
    }
    return VXG_OK;
}

static int check_groups(const char *path, const vxg_tract_info *info) {
    VXG_FAIL_IF(info->ngroups < 0 || info->ngroups > MOST_GROUPS ||
                    (info->ngroups > 0 && !info->groups),
                VXG_ERR_ARGUMENT, "%s: %d groups, or their list is NULL", path, (int)info->ngroups);
    for (int i = 0; i < info->ngroups; i++) {
        const vxg_tract_group *g = &info->groups[i];
        VXG_TRY(VXG_FIXED(vxg_tract_group, g));
        VXG_TRY(check_name(path, "group", i, g->name));
        VXG_FAIL_IF(g->count < 0 || (g->count > 0 && !g->index), VXG_ERR_ARGUMENT,
                    "%s: group '%s': %lld streamlines, or index is NULL", path, g->name,
                    (long long)g->count);
        VXG_TRY(check_columns(path, "group's column", g->ncolumns, g->columns));
        for (int k = 0; k < g->ncolumns; k++)
            VXG_FAIL_IF(!g->values || !g->values[k], VXG_ERR_ARGUMENT,
                        "%s: group '%s': the values of '%s' are NULL", path, g->name,
                        g->columns[k].name);
        for (int k = 0; k < i; k++)
            VXG_FAIL_IF(!strcmp(info->groups[k].name, g->name), VXG_ERR_ARGUMENT,
                        "%s: two groups are called '%s'", path, g->name);
    }
    return VXG_OK;
}

static int check_place(const char *path, const vxg_tract_info *info) {
    VXG_FAIL_IF(info->space != VXG_TRACT_RAS && info->space != VXG_TRACT_CORNER, VXG_ERR_ARGUMENT,
                "%s: space %d is unknown", path, (int)info->space);
    for (int i = 0; i < 12 && info->has_affine; i++)
        VXG_FAIL_IF(!isfinite(info->affine[i]), VXG_ERR_ARGUMENT, "%s: the affine is not finite",
                    path);
    for (int i = 0; i < 3; i++) {
        VXG_FAIL_IF(info->grid[i] < 0, VXG_ERR_ARGUMENT, "%s: a grid of %lld voxels", path,
                    (long long)info->grid[i]);
        VXG_FAIL_IF(!isfinite(info->voxel[i]) || info->voxel[i] < 0, VXG_ERR_ARGUMENT,
                    "%s: a voxel of %g mm", path, info->voxel[i]);
    }
    VXG_FAIL_IF(!memchr(info->voxel_order, 0, sizeof info->voxel_order), VXG_ERR_ARGUMENT,
                "%s: voxel_order has no end", path);
    return VXG_OK;
}

static int check_info(const char *path, const vxg_tract_info *info) {
    VXG_TRY(VXG_FIXED(vxg_tract_info, info));
    VXG_FAIL_IF(info->dtype != VXG_F16 && info->dtype != VXG_F32 && info->dtype != VXG_F64,
                VXG_ERR_ARGUMENT, "%s: positions of %s; float16, float32 or float64 expected", path,
                vxg_dtype_name(info->dtype));
    VXG_TRY(check_place(path, info));
    VXG_TRY(check_columns(path, "point column", info->npoint_columns, info->point_columns));
    VXG_TRY(check_columns(path, "line column", info->nline_columns, info->line_columns));
    VXG_TRY(check_groups(path, info));
    VXG_FAIL_IF(info->nattributes < 0 || (info->nattributes > 0 && !info->attributes),
                VXG_ERR_ARGUMENT, "%s: %d attributes, or their list is NULL", path,
                (int)info->nattributes);
    for (int i = 0; i < info->nattributes; i++)
        VXG_FAIL_IF(
            !info->attributes[i].name || !*info->attributes[i].name || !info->attributes[i].text,
            VXG_ERR_ARGUMENT, "%s: the name or text of attribute %d is NULL or empty", path, i);
    return VXG_OK;
}

/* ---- batches ---- */

/* The first of n numbers that is not finite, or n: by their bits, which compilers do many at a
 * time. */
static int64_t first_odd(vxg_dtype dtype, const void *p, int64_t n) {
    enum { RUN = 4096 };
    const uint64_t high = UINT64_C(0x7ff) << 52;
    for (int64_t i = 0; i < n; i += RUN) {
        const int64_t end = n - i < RUN ? n : i + RUN;
        uint32_t odd = 0;
        for (int64_t k = i; k < end && dtype == VXG_F32; k++) {
            uint32_t bits;
            memcpy(&bits, (const float *)p + k, sizeof bits);
            odd |= (bits & 0x7f800000u) == 0x7f800000u;
        }
        for (int64_t k = i; k < end && dtype == VXG_F64; k++) {
            uint64_t bits;
            memcpy(&bits, (const double *)p + k, sizeof bits);
            odd |= (bits & high) == high;
        }
        for (int64_t k = i; k < end && odd; k++)
            if (!isfinite(dtype == VXG_F32 ? (double)((const float *)p)[k]
                                           : ((const double *)p)[k]))
                return k;
    }
    return n;
}

/* Offsets, positions and pointers of a batch; before: streamlines that came earlier. bad: the
 * status of what is wrong. */
static int check_batch(const char *path, const vxg_tract_info *info, const vxg_tract_batch *b,
                       int64_t before, int bad) {
    VXG_FAIL_IF(b->lines < 0 || (b->lines > 0 && !b->offsets), bad,
                "%s: a batch of %lld streamlines, or its offsets are NULL", path,
                (long long)b->lines);
    if (b->lines == 0) return VXG_OK;
    VXG_FAIL_IF(b->dtype != VXG_F32 && b->dtype != VXG_F64, bad,
                "%s: positions of %s in a batch; float32 or float64 expected", path,
                vxg_dtype_name(b->dtype));
    VXG_FAIL_IF(b->offsets[0] != 0, bad, "%s: the offsets of a batch begin with %lld", path,
                (long long)b->offsets[0]);
    for (int64_t i = 0; i < b->lines; i++)
        VXG_FAIL_IF(b->offsets[i + 1] < b->offsets[i], bad,
                    "%s: streamline %lld ends before it begins", path, (long long)(before + i));
    const int64_t points = b->offsets[b->lines];
    VXG_FAIL_IF(points > VXG_MAX_ELEMENTS, bad, "%s: %lld points in a batch", path,
                (long long)points);
    VXG_FAIL_IF(points > 0 && !b->positions, bad, "%s: the positions of a batch are NULL", path);
    const int64_t odd = first_odd(b->dtype, b->positions, 3 * points);
    if (odd < 3 * points) {
        int64_t line = 0;
        while (b->offsets[line + 1] <= odd / 3) line++;
        VXG_FAIL(bad, "%s: point %lld of streamline %lld is not finite", path,
                 (long long)(odd / 3 - b->offsets[line]), (long long)(before + line));
    }
    for (int i = 0; i < info->npoint_columns && points > 0; i++)
        VXG_FAIL_IF(!b->point_values || !b->point_values[i], bad,
                    "%s: a batch has no values of the point column '%s'", path,
                    info->point_columns[i].name);
    for (int i = 0; i < info->nline_columns; i++)
        VXG_FAIL_IF(!b->line_values || !b->line_values[i], bad,
                    "%s: a batch has no values of the line column '%s'", path,
                    info->line_columns[i].name);
    return VXG_OK;
}

/* ---- reading ---- */

int vxg_tract_open(const char *path, const vxg_tract_open_opts *given, vxg_tract_reader **out) {
    vxg_tract_open_opts opts;
    const void *found = NULL;
    VXG_FAIL_IF(!path || !out, VXG_ERR_ARGUMENT, "path or out is NULL");
    *out = NULL;
    VXG_TRY(VXG_IN(vxg_tract_open_opts, &opts, given));
    VXG_FAIL_IF(opts.max_memory != 0 && opts.max_memory < LEAST_MEMORY, VXG_ERR_ARGUMENT,
                "max_memory is %lld, at least %d expected", (long long)opts.max_memory,
                (int)LEAST_MEMORY);
    VXG_TRY(vxg__rows_open(&formats, path, opts.format, &found));
    const vxg_tract_format *row = found;
    vxg_tract_reader *r = NULL;
    VXG_TRY(row->open(path, &opts, &r));
    VXG_FAIL_IF(!r || !r->next || !r->close || !r->path, VXG_ERR_FAILED,
                "format %s opened a reader that is not complete", row->name);
    *out = r;
    return VXG_OK;
}

/* At the end: what came is what the header said; where that said nothing it is known now. */
static int check_end(vxg_tract_reader *r) {
    vxg_tract_info *info = &r->info;
    VXG_FAIL_IF(info->streamlines >= 0 && info->streamlines != r->lines, VXG_ERR_INPUT,
                "%s: the header says %lld streamlines, %lld are there", r->path,
                (long long)info->streamlines, (long long)r->lines);
    VXG_FAIL_IF(info->points >= 0 && info->points != r->points, VXG_ERR_INPUT,
                "%s: the header says %lld points, %lld are there", r->path, (long long)info->points,
                (long long)r->points);
    info->streamlines = r->lines, info->points = r->points;
    return VXG_OK;
}

int vxg_tract_next(vxg_tract_reader *r, int64_t max_lines, int64_t max_points, vxg_dtype dtype,
                   vxg_tract_batch *out) {
    VXG_FAIL_IF(!r, VXG_ERR_ARGUMENT, "reader is NULL");
    VXG_TRY(VXG_OUT_CHECK(vxg_tract_batch, out));
    VXG_FAIL_IF(max_lines < 1 || max_points < 1, VXG_ERR_ARGUMENT,
                "%s: at most %lld streamlines and %lld points; at least 1 expected", r->path,
                (long long)max_lines, (long long)max_points);
    VXG_FAIL_IF(dtype != VXG_F32 && dtype != VXG_F64, VXG_ERR_ARGUMENT,
                "%s: positions are read as float32 or float64, not as %s", r->path,
                vxg_dtype_name(dtype));
    vxg_tract_batch b = {.size = sizeof b, .dtype = dtype};
    VXG_TRY(r->next(r, max_lines, max_points, dtype, &b));
    VXG_FAIL_IF(b.lines > max_lines || b.dtype != dtype, VXG_ERR_FAILED,
                "%s: the reader gives other batches than it was asked for", r->path);
    VXG_TRY(check_batch(r->path, &r->info, &b, r->lines, VXG_ERR_INPUT));
    VXG_FAIL_IF(b.lines > 1 && b.offsets[b.lines] > max_points, VXG_ERR_FAILED,
                "%s: the reader gives other batches than it was asked for", r->path);
    if (b.lines > 0) r->lines += b.lines, r->points += b.offsets[b.lines];
    if (b.lines == 0) VXG_TRY(check_end(r));
    return VXG_OUT(vxg_tract_batch, out, &b);
}

void vxg_tract_close(vxg_tract_reader *reader) {
    if (reader) reader->close(reader);
}

/* ---- writing ---- */

int vxg_tract_create(const char *path, const vxg_tract_create_opts *given, vxg_tract_writer **out) {
    vxg_tract_create_opts opts;
    const void *found = NULL;
    VXG_FAIL_IF(!path || !*path || !out || !given, VXG_ERR_ARGUMENT,
                "path, opts or out is NULL or empty");
    *out = NULL;
    VXG_TRY(VXG_IN(vxg_tract_create_opts, &opts, given));
    VXG_FAIL_IF(opts.offset_bits != 0 && opts.offset_bits != 32 && opts.offset_bits != 64,
                VXG_ERR_ARGUMENT, "%s: offset_bits is %d; 0, 32 or 64 expected", path,
                (int)opts.offset_bits);
    VXG_TRY(check_info(path, &opts.info));
    VXG_TRY(vxg__rows_create(&formats, path, opts.format, &found));
    const vxg_tract_format *row = found;
    vxg_tract_writer *w = NULL;
    VXG_TRY(row->create(path, &opts, &w));
    VXG_FAIL_IF(!w || !w->write || !w->finish || !w->abandon, VXG_ERR_FAILED,
                "format %s opened a writer that is not complete", row->name);
    *out = w;
    return VXG_OK;
}

int vxg_tract_write(vxg_tract_writer *w, const vxg_tract_batch *batch) {
    VXG_FAIL_IF(!w || !batch, VXG_ERR_ARGUMENT, "writer or batch is NULL");
    VXG_READ(vxg_tract_batch, batch);
    VXG_TRY(check_batch("streamlines to write", &w->info, batch, w->lines, VXG_ERR_ARGUMENT));
    if (batch->lines == 0) return VXG_OK;
    VXG_TRY(w->write(w, batch));
    w->lines += batch->lines, w->points += batch->offsets[batch->lines];
    return VXG_OK;
}
