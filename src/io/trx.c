/* Reading TRX: every array is read from front to back, in step with the streamlines. */
#include "io/trx.h"

#include "io/elements.h"

#include <math.h>
#include <unistd.h>

enum { OFFSETS = 4096, PIECE = 12288, MOST_COLUMNS = 1 << 10 };

typedef struct trx {
    vxg_tract_reader base;
    vxg__trx_store store;
    vxg__lines b;
    vxg__zip_stream positions, offsets;
    vxg__zip_stream *columns; /* of points, then of lines */
    int ncolumns;             /* that were opened */
    vxg_dtype offset_type;
    int64_t entries;       /* numbers in the array of offsets */
    int64_t read;          /* of them, so far */
    int64_t held[OFFSETS]; /* those read last */
    int64_t begin, end;    /* points of the next streamline; end < 0: not looked for */
    uint8_t piece[PIECE];  /* positions on their way */
} trx;

/* ---- Opening ---- */

/* The one array of that base in the file itself; *m NULL: there is none. */
static int find_array(const trx *t, const char *base, const vxg__zip_member **m,
                      vxg__trx_name *name) {
    const vxg__trx_store *s = &t->store;
    const size_t n = strlen(base);
    *m = NULL;
    for (int64_t i = 0; i < s->zip.count; i++) {
        const char *p = s->zip.members[i].name;
        if (strncmp(p, base, n) != 0 || p[n] != '.' || strchr(p, '/')) continue;
        VXG_FAIL_IF(*m, VXG_ERR_INPUT, "%s: '%s' is there twice, as '%s' and '%s'", s->path, base,
                    VXG_SHOW((*m)->name), VXG_SHOW(p));
        *m = &s->zip.members[i];
        VXG_TRY(vxg__trx_parse(s->path, p, name));
    }
    return VXG_OK;
}

static int wrong_size(const trx *t, const vxg__zip_member *m, int64_t n) {
    VXG_FAIL(VXG_ERR_INPUT, "%s: '%s' is %lld bytes; by header.json it is %lld", t->store.path,
             VXG_SHOW(m->name), (long long)m->size, (long long)n);
}

static int open_positions(trx *t) {
    const vxg__zip_member *m = NULL;
    vxg__trx_name name = {.dtype = VXG_F32};
    const int64_t points = t->base.info.points;
    VXG_TRY(find_array(t, "positions", &m, &name));
    VXG_FAIL_IF(!m && points > 0, VXG_ERR_INPUT,
                "%s: no array of positions, but %lld points by header.json", t->store.path,
                (long long)points);
    t->base.info.dtype = name.dtype;
    if (!m) return VXG_OK;
    VXG_FAIL_IF(name.components != 3 ||
                    (name.dtype != VXG_F16 && name.dtype != VXG_F32 && name.dtype != VXG_F64),
                VXG_ERR_INPUT, "%s: '%s': 3 x float16, float32 or float64 expected", t->store.path,
                VXG_SHOW(m->name));
    const int64_t bytes = points * 3 * (int64_t)vxg_dtype_size(name.dtype);
    if (m->size != bytes) return wrong_size(t, m, bytes);
    return vxg__trx_stream(&t->store, m, &t->positions);
}

/* One number more than streamlines; the last one is missing in older files. */
static int open_offsets(trx *t) {
    const vxg__zip_member *m = NULL;
    vxg__trx_name name = {.dtype = VXG_U32};
    const int64_t lines = t->base.info.streamlines;
    VXG_TRY(find_array(t, "offsets", &m, &name));
    VXG_FAIL_IF(!m && lines > 0, VXG_ERR_INPUT,
                "%s: no array of offsets, but %lld streamlines by header.json", t->store.path,
                (long long)lines);
    t->offset_type = name.dtype;
    if (!m) return VXG_OK;
    VXG_FAIL_IF(name.components != 1 || (name.dtype != VXG_U32 && name.dtype != VXG_U64 &&
                                         name.dtype != VXG_I32 && name.dtype != VXG_I64),
                VXG_ERR_INPUT, "%s: '%s': uint32 or uint64 expected", t->store.path,
                VXG_SHOW(m->name));
    const int64_t each = (int64_t)vxg_dtype_size(name.dtype);
    t->entries = m->size / each;
    if (m->size % each || (t->entries != lines && t->entries != lines + 1))
        return wrong_size(t, m, (lines + 1) * each);
    return vxg__trx_stream(&t->store, m, &t->offsets);
}

/* Whether a member is prefix and a name without a further folder. */
static int is_in(const char *member, const char *prefix) {
    const size_t n = strlen(prefix);
    return !strncmp(member, prefix, n) && !strchr(member + n, '/');
}

static int open_column(trx *t, const vxg__zip_member *m, int64_t rows, vxg_tract_column *list,
                       int32_t *n) {
    vxg__trx_name name;
    const char *path = t->store.path;
    VXG_TRY(vxg__trx_parse(path, m->name, &name));
    for (int i = 0; i < *n; i++)
        VXG_FAIL_IF(!strcmp(list[i].name, name.base), VXG_ERR_INPUT,
                    "%s: '%s' is there twice with other types", path, VXG_SHOW(m->name));
    const int64_t bytes = rows * name.components * (int64_t)vxg_dtype_size(name.dtype);
    if (m->size != bytes) return wrong_size(t, m, bytes);
    const int status = vxg__trx_stream(&t->store, m, &t->columns[t->ncolumns]);
    t->ncolumns++; /* so that it is closed */
    if (status) return status;
    vxg_tract_column *c = &list[(*n)++];
    *c = (vxg_tract_column){.size = sizeof *c, .components = name.components, .dtype = name.dtype};
    memcpy(c->name, name.base, sizeof c->name);
    return VXG_OK;
}

static int open_columns(trx *t) {
    vxg_tract_info *info = &t->base.info;
    const vxg__trx_store *s = &t->store;
    int64_t n = 0;
    for (int64_t i = 0; i < s->zip.count; i++)
        n += is_in(s->zip.members[i].name, "dpv/") || is_in(s->zip.members[i].name, "dps/");
    VXG_FAIL_IF(n > MOST_COLUMNS, VXG_ERR_INPUT, "%s: %lld columns; %d are read", s->path,
                (long long)n, MOST_COLUMNS);
    vxg_tract_column *points = vxg__calloc((size_t)n + 1, sizeof *points);
    info->point_columns = points;
    vxg_tract_column *lines = vxg__calloc((size_t)n + 1, sizeof *lines);
    info->line_columns = lines;
    t->columns = vxg__calloc((size_t)n + 1, sizeof *t->columns);
    if (!points || !lines || !t->columns) return VXG_ERR_MEMORY;
    for (int64_t i = 0; i < s->zip.count; i++)
        if (is_in(s->zip.members[i].name, "dpv/"))
            VXG_TRY(
                open_column(t, &s->zip.members[i], info->points, points, &info->npoint_columns));
    for (int64_t i = 0; i < s->zip.count; i++)
        if (is_in(s->zip.members[i].name, "dps/"))
            VXG_TRY(
                open_column(t, &s->zip.members[i], info->streamlines, lines, &info->nline_columns));
    return VXG_OK;
}

static int known(const char *name) {
    return !strcmp(name, "header.json") || is_in(name, "positions.") || is_in(name, "offsets.") ||
           is_in(name, "dpv/") || is_in(name, "dps/") || is_in(name, "groups/") ||
           !strncmp(name, "dpg/", 4);
}

static void tell_others(const trx *t) {
    for (int64_t i = 0; i < t->store.zip.count; i++)
        if (!known(t->store.zip.members[i].name))
            vxg__log(0, "%s: '%s' is no part of a TRX file: it is not read", t->store.path,
                     VXG_SHOW(t->store.zip.members[i].name));
}

static int open_all(trx *t, const char *path, int64_t max_memory) {
    vxg_tract_info *info = &t->base.info;
    *info = (vxg_tract_info){.size = sizeof *info, .space = VXG_TRACT_RAS};
    VXG_TRY(vxg__trx_store_open(path, &t->store));
    VXG_TRY(vxg__trx_header(&t->store, info));
    VXG_FAIL_IF(info->streamlines == 0 && info->points > 0, VXG_ERR_INPUT,
                "%s: header.json says %lld points of no streamlines", path,
                (long long)info->points);
    VXG_TRY(open_positions(t));
    VXG_TRY(open_offsets(t));
    VXG_TRY(open_columns(t));
    VXG_TRY(vxg__trx_groups(&t->store, max_memory / 4, info));
    tell_others(t);
    return vxg__lines_new(info, max_memory, &t->b);
}

/* ---- Offsets ---- */

/* The next numbers of the array, as 64-bit ones that rise up to the number of points. */
static int fill_offsets(trx *t) {
    uint8_t bytes[8 * OFFSETS];
    const size_t each = vxg_dtype_size(t->offset_type);
    const int64_t left = t->entries - t->read, n = left < OFFSETS ? left : OFFSETS;
    int64_t last = t->read ? t->held[(t->read - 1) % OFFSETS] : 0;
    VXG_TRY(vxg__zip_stream_read(&t->offsets, bytes, (size_t)n * each));
    for (int64_t i = 0; i < n; i++) {
        const uint8_t *p = bytes + (size_t)i * each;
        const uint64_t v = each == 4 ? vxg__u32le(p) : vxg__u64le(p);
        VXG_FAIL_IF(v > (uint64_t)t->base.info.points || (int64_t)v < last, VXG_ERR_INPUT,
                    "%s: the offset of streamline %lld is %llu; %lld to %lld expected",
                    t->store.path, (long long)(t->read + i), (unsigned long long)v, (long long)last,
                    (long long)t->base.info.points);
        last = t->held[i] = (int64_t)v;
    }
    VXG_FAIL_IF(t->read == 0 && n > 0 && t->held[0] != 0, VXG_ERR_INPUT,
                "%s: the first offset is %lld", t->store.path, (long long)t->held[0]);
    t->read += n;
    return VXG_OK;
}

/* Where streamline `line` ends: the next one's begin, or the last point. */
static int find_end(trx *t, int64_t line) {
    const int64_t lines = t->base.info.streamlines;
    if (t->end >= 0) return VXG_OK;
    if (t->read == 0) VXG_TRY(fill_offsets(t));
    if (line + 1 == t->entries) { /* an older file */
        t->end = t->base.info.points;
        return VXG_OK;
    }
    if (line + 1 == t->read) VXG_TRY(fill_offsets(t));
    const int64_t end = t->held[(line + 1) % OFFSETS];
    VXG_FAIL_IF(line + 1 == lines && end != t->base.info.points, VXG_ERR_INPUT,
                "%s: the last offset is %lld, but header.json says %lld points", t->store.path,
                (long long)end, (long long)t->base.info.points);
    t->end = end;
    return VXG_OK;
}

/* ---- Streamlines ---- */

/* Positions of the points from `from` up to t->b.points. */
static int read_positions(trx *t, int64_t from) {
    const vxg_dtype dtype = t->base.info.dtype;
    const size_t each = vxg_dtype_size(dtype);
    const int64_t most = PIECE / (int64_t)each / 3;
    for (int64_t n = 0; from < t->b.points; from += n) {
        n = t->b.points - from < most ? t->b.points - from : most;
        VXG_TRY(vxg__zip_stream_read(&t->positions, t->piece, (size_t)n * 3 * each));
        if (!vxg__host_is_little()) vxg__elements_turn(dtype, t->piece, 3 * n);
        vxg__elements_convert(dtype, t->piece, 3 * n, t->b.dtype, vxg__lines_position(&t->b, from));
    }
    return VXG_OK;
}

static int read_column(trx *t, int i) {
    const vxg_tract_info *info = &t->base.info;
    const int line = i >= info->npoint_columns;
    const vxg_tract_column *c =
        line ? &info->line_columns[i - info->npoint_columns] : &info->point_columns[i];
    const int64_t n = (line ? t->b.lines : t->b.points) * c->components;
    if (n == 0) return VXG_OK;
    void *to = line ? vxg__lines_line_value(&t->b, i - info->npoint_columns, 0)
                    : vxg__lines_point_value(&t->b, i, 0);
    VXG_TRY(vxg__zip_stream_read(&t->columns[i], to, (size_t)n * vxg_dtype_size(c->dtype)));
    if (!vxg__host_is_little()) vxg__elements_turn(c->dtype, to, n);
    return VXG_OK;
}

static int unchanged(const trx *t) {
    struct stat now;
    VXG_FAIL_IF(!t->store.folder &&
                    (fstat(t->store.fd, &now) != 0 || !vxg__stat_same(&now, &t->store.was)),
                VXG_ERR_INPUT, "%s changed while it was read", t->store.path);
    return VXG_OK;
}

/* First which streamlines they are, then each array in one go. */
static int trx_next(vxg_tract_reader *self, int64_t max_lines, int64_t max_points, vxg_dtype dtype,
                    vxg_tract_batch *out) {
    trx *t = self->impl;
    vxg__lines *b = &t->b;
    vxg__lines_begin(b, max_lines, max_points, dtype);
    while (self->lines + b->lines < self->info.streamlines && b->lines < max_lines) {
        VXG_TRY(find_end(t, self->lines + b->lines));
        const int64_t n = t->end - t->begin;
        if (n > vxg__lines_left(b)) break;
        VXG_TRY(vxg__lines_room(b, b->points + n, t->store.path));
        b->points += n, t->begin = t->end, t->end = -1;
        vxg__lines_end(b);
    }
    if (b->lines > 0) {
        VXG_TRY(read_positions(t, 0));
        for (int i = 0; i < t->ncolumns; i++) VXG_TRY(read_column(t, i));
    }
    VXG_TRY(unchanged(t));
    vxg__lines_give(b, out);
    return VXG_OK;
}

static void trx_close(vxg_tract_reader *self) {
    trx *t = self->impl;
    vxg__zip_stream_close(&t->positions);
    vxg__zip_stream_close(&t->offsets);
    for (int i = 0; i < t->ncolumns; i++) vxg__zip_stream_close(&t->columns[i]);
    vxg__free(t->columns);
    vxg__lines_free(&t->b);
    vxg__tract_info_free(&self->info);
    vxg__trx_store_close(&t->store);
    vxg__free(t);
}

int vxg__trx_open(const char *path, const vxg_tract_open_opts *o, vxg_tract_reader **out) {
    trx *t = vxg__calloc(1, sizeof *t);
    if (!t) return VXG_ERR_MEMORY;
    t->base = (vxg_tract_reader){
        .size = sizeof t->base, .format = "trx", .next = trx_next, .close = trx_close, .impl = t};
    t->positions.fd = t->offsets.fd = t->store.fd = -1, t->end = -1;
    const int status = open_all(t, path, o->max_memory);
    if (status) {
        trx_close(&t->base);
        return status;
    }
    t->base.path = t->store.path;
    vxg__file_id(&t->store.was, &t->base.id);
    *out = &t->base;
    return VXG_OK;
}
