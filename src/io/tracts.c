/* Streamlines: files from front to back, batches that grow, what info holds. */
#include "io/tracts.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>
#ifdef VXG_HAVE_ZLIB
#include <zlib.h>
#endif

enum { USUAL_ROOM = 1 << 20, LEAST_ROOM = 1 << 12, SINK = 1 << 16 };

/* ---- A file from front to back ---- */

size_t vxg__source_room(int64_t max_memory) {
    const int64_t part = max_memory / 4;
    if (max_memory == 0 || part > USUAL_ROOM) return USUAL_ROOM;
    return part < LEAST_ROOM ? LEAST_ROOM : (size_t)part;
}

int vxg__source_open(const char *path, size_t room, vxg__source *s) {
    *s = (vxg__source){.fd = -1, .room = room};
    s->path = vxg__strdup(path);
    s->buffer = vxg__calloc(room, 1);
    if (!s->path || !s->buffer) return VXG_ERR_MEMORY;
    s->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    VXG_FAIL_IF(s->fd < 0, VXG_ERR_INPUT, "%s: cannot open: %s", path, strerror(errno));
    VXG_FAIL_IF(fstat(s->fd, &s->was) != 0 || !S_ISREG(s->was.st_mode), VXG_ERR_INPUT,
                "%s: not a regular file", path);
    s->size = (int64_t)s->was.st_size;
    return VXG_OK;
}

void vxg__source_close(vxg__source *s) {
    if (s->fd >= 0) close(s->fd);
    vxg__free(s->buffer);
    vxg__free(s->path);
    *s = (vxg__source){.fd = -1};
}

int64_t vxg__source_at(const vxg__source *s) {
    return s->begin + (int64_t)s->at;
}

int64_t vxg__source_left(const vxg__source *s) {
    return s->size - vxg__source_at(s);
}

void vxg__source_seek(vxg__source *s, int64_t at) {
    if (at >= s->begin && at <= s->begin + (int64_t)s->held) {
        s->at = (size_t)(at - s->begin);
    } else {
        s->begin = at, s->held = s->at = 0;
    }
}

int vxg__source_peek(vxg__source *s, size_t least, const uint8_t **p, size_t *n) {
    assert(least <= s->room);
    if (s->held - s->at < least) {
        const int64_t left = vxg__source_left(s);
        VXG_FAIL_IF(left < (int64_t)least, VXG_ERR_INPUT, "%s: the file ends too early", s->path);
        memmove(s->buffer, s->buffer + s->at, s->held - s->at);
        s->begin += (int64_t)s->at, s->held -= s->at, s->at = 0;
        const size_t wanted = left < (int64_t)s->room ? (size_t)left : s->room;
        VXG_TRY(vxg__read_exact(s->fd, s->buffer + s->held, wanted - s->held,
                                s->begin + (int64_t)s->held, s->path));
        s->held = wanted;
    }
    *p = s->buffer + s->at, *n = s->held - s->at;
    return VXG_OK;
}

void vxg__source_skip(vxg__source *s, size_t n) {
    assert(n <= s->held - s->at);
    s->at += n;
}

int vxg__source_same(const vxg__source *s) {
    struct stat now;
    VXG_FAIL_IF(fstat(s->fd, &now) != 0 || !vxg__stat_same(&now, &s->was), VXG_ERR_INPUT,
                "%s changed while it was read", s->path);
    return VXG_OK;
}

/* ---- Batches ---- */

static size_t column_bytes(const vxg_tract_column *c) {
    return (size_t)c->components * vxg_dtype_size(c->dtype);
}

int vxg__lines_new(const vxg_tract_info *info, int64_t max_memory, vxg__lines *b) {
    const size_t np = (size_t)info->npoint_columns, nl = (size_t)info->nline_columns;
    *b = (vxg__lines){.info = info,
                      .most_bytes = max_memory / 2}; /* room may be half as much again */
    b->values = vxg__calloc(np + nl + 1, sizeof *b->values);
    b->point_values = vxg__calloc(np + nl + 1, sizeof *b->point_values);
    if (!b->values || !b->point_values) return VXG_ERR_MEMORY;
    b->line_values = b->point_values + np;
    return VXG_OK;
}

void vxg__lines_free(vxg__lines *b) {
    const int n = b->values ? b->info->npoint_columns + b->info->nline_columns : 0;
    for (int i = 0; i < n; i++) vxg__free(b->values[i].p);
    vxg__free(b->values);
    vxg__free(b->point_values);
    vxg__free(b->offsets.p);
    vxg__free(b->positions.p);
    *b = (vxg__lines){0};
}

void vxg__lines_begin(vxg__lines *b, int64_t most_lines, int64_t most_points, vxg_dtype dtype) {
    b->lines = b->points = 0, b->dtype = dtype;
    b->most_lines = most_lines, b->most_points = most_points;
}

static double point_bytes(const vxg__lines *b) {
    double n = 3 * (double)vxg_dtype_size(b->dtype);
    for (int i = 0; i < b->info->npoint_columns; i++)
        n += (double)column_bytes(&b->info->point_columns[i]);
    return n;
}

static double line_bytes(const vxg__lines *b) {
    double n = sizeof(int64_t);
    for (int i = 0; i < b->info->nline_columns; i++)
        n += (double)column_bytes(&b->info->line_columns[i]);
    return n;
}

static int within(const vxg__lines *b, int64_t lines, int64_t points) {
    return !b->most_bytes ||
           (double)lines * line_bytes(b) + (double)points * point_bytes(b) <= (double)b->most_bytes;
}

int64_t vxg__lines_left(const vxg__lines *b) {
    if (b->lines == 0) return INT64_MAX;
    const int64_t before = vxg__lines_offsets(b)[b->lines];
    int64_t left = b->most_points - before;
    if (b->lines >= b->most_lines || left < 0) return -1;
    if (b->most_bytes) {
        const double bytes = (double)b->most_bytes - (double)(b->lines + 1) * line_bytes(b) -
                             (double)before * point_bytes(b);
        if (bytes < 0) return -1;
        if (bytes / point_bytes(b) < (double)left) left = (int64_t)(bytes / point_bytes(b));
    }
    return left;
}

/* Room grows by a half at least, so that a streamline of unknown length is copied seldom. */
static int grow(vxg__grown *g, int64_t needed, size_t each) {
    if ((uint64_t)needed <= g->bytes / each) return VXG_OK;
    const size_t more = g->bytes / each + g->bytes / each / 2;
    const size_t n = (size_t)needed > more ? (size_t)needed : more;
    void *p = vxg__realloc(g->p, n, each);
    if (!p) return VXG_ERR_MEMORY;
    g->p = p, g->bytes = n * each;
    return VXG_OK;
}

int vxg__lines_room(vxg__lines *b, int64_t points, const char *path) {
    const vxg_tract_info *info = b->info;
    VXG_FAIL_IF(!within(b, b->lines + 1, points), VXG_ERR_MEMORY,
                "%s: a streamline of %lld points or more does not go into max_memory", path,
                (long long)(points - (b->lines ? vxg__lines_offsets(b)[b->lines] : 0)));
    VXG_TRY(grow(&b->offsets, b->lines + 2, sizeof(int64_t)));
    vxg__lines_offsets(b)[0] = 0;
    VXG_TRY(grow(&b->positions, points, 3 * vxg_dtype_size(b->dtype)));
    for (int i = 0; i < info->npoint_columns; i++)
        VXG_TRY(grow(&b->values[i], points, column_bytes(&info->point_columns[i])));
    for (int i = 0; i < info->nline_columns; i++)
        VXG_TRY(grow(&b->values[info->npoint_columns + i], b->lines + 1,
                     column_bytes(&info->line_columns[i])));
    return VXG_OK;
}

void *vxg__lines_point_value(const vxg__lines *b, int column, int64_t point) {
    return (char *)b->values[column].p +
           (size_t)point * column_bytes(&b->info->point_columns[column]);
}

void *vxg__lines_line_value(const vxg__lines *b, int column, int64_t line) {
    return (char *)b->values[b->info->npoint_columns + column].p +
           (size_t)line * column_bytes(&b->info->line_columns[column]);
}

int64_t *vxg__lines_offsets(const vxg__lines *b) {
    return b->offsets.p;
}

void vxg__lines_end(vxg__lines *b) {
    vxg__lines_offsets(b)[++b->lines] = b->points;
}

void vxg__lines_give(vxg__lines *b, vxg_tract_batch *out) {
    const int np = b->info->npoint_columns, nl = b->info->nline_columns;
    for (int i = 0; i < np; i++) b->point_values[i] = b->values[i].p;
    for (int i = 0; i < nl; i++) b->line_values[i] = b->values[np + i].p;
    *out = (vxg_tract_batch){.size = sizeof *out,
                             .dtype = b->dtype,
                             .lines = b->lines,
                             .offsets = b->offsets.p,
                             .positions = b->positions.p,
                             .point_values = b->point_values,
                             .line_values = b->line_values};
}

/* ---- Info ---- */

static void *copy_of(const void *from, size_t n, size_t size) {
    void *p = vxg__calloc(n + 1, size);
    if (p && n > 0) memcpy(p, from, n * size);
    return p;
}

static void free_const(const void *p) {
    vxg__free((void *)(uintptr_t)p);
}

void vxg__tract_info_free(vxg_tract_info *info) {
    for (int i = 0; info->groups && i < info->ngroups; i++) {
        const vxg_tract_group *g = &info->groups[i];
        for (int k = 0; g->values && k < g->ncolumns; k++) free_const(g->values[k]);
        free_const(g->index);
        free_const(g->columns);
        free_const(g->values);
    }
    for (int i = 0; info->attributes && i < info->nattributes; i++) {
        free_const(info->attributes[i].name);
        free_const(info->attributes[i].text);
    }
    free_const(info->point_columns);
    free_const(info->line_columns);
    free_const(info->groups);
    free_const(info->attributes);
    info->point_columns = info->line_columns = NULL;
    info->groups = NULL, info->attributes = NULL;
    info->npoint_columns = info->nline_columns = info->ngroups = info->nattributes = 0;
}

static int copy_group(const vxg_tract_group *from, vxg_tract_group *to) {
    const size_t n = (size_t)from->ncolumns;
    *to = *from;
    const void **values = vxg__calloc(n + 1, sizeof *values);
    to->values = values;
    to->index = copy_of(from->index, (size_t)from->count, sizeof *from->index);
    to->columns = copy_of(from->columns, n, sizeof *from->columns);
    int good = values && to->index && to->columns;
    for (size_t k = 0; good && k < n; k++) {
        values[k] = copy_of(from->values[k], 1, column_bytes(&from->columns[k]));
        good = values[k] != NULL;
    }
    return good ? VXG_OK : VXG_ERR_MEMORY;
}

static int copy_lists(const vxg_tract_info *from, vxg_tract_info *to) {
    const size_t np = (size_t)from->npoint_columns, nl = (size_t)from->nline_columns;
    vxg_tract_group *groups = vxg__calloc((size_t)from->ngroups + 1, sizeof *groups);
    vxg_attribute *attributes = vxg__calloc((size_t)from->nattributes + 1, sizeof *attributes);
    to->groups = groups, to->attributes = attributes;
    to->point_columns = copy_of(from->point_columns, np, sizeof *to->point_columns);
    to->line_columns = copy_of(from->line_columns, nl, sizeof *to->line_columns);
    if (!groups || !attributes || !to->point_columns || !to->line_columns) return VXG_ERR_MEMORY;
    for (int i = 0; i < from->ngroups; i++) VXG_TRY(copy_group(&from->groups[i], &groups[i]));
    for (int i = 0; i < from->nattributes; i++) {
        attributes[i].name = vxg__strdup(from->attributes[i].name);
        attributes[i].text = vxg__strdup(from->attributes[i].text);
        if (!attributes[i].name || !attributes[i].text) return VXG_ERR_MEMORY;
    }
    return VXG_OK;
}

int vxg__tract_info_copy(const vxg_tract_info *from, vxg_tract_info *to) {
    *to = *from;
    to->size = sizeof *to;
    to->streamlines = to->points = -1;
    const int status = copy_lists(from, to);
    if (status) vxg__tract_info_free(to);
    return status;
}

static int taken(const vxg_tract_column *others, int n, const char *name) {
    for (int i = 0; i < n; i++)
        if (!strcmp(others[i].name, name)) return 1;
    return 0;
}

void vxg__tract_name(const char *from, size_t length, const vxg_tract_column *others, int n,
                     char name[64]) {
    enum { KEPT = 56 };
    char text[KEPT + 1] = {0};
    size_t at = 0;
    memcpy(text, from, length < KEPT ? length : KEPT);
    for (const char *p = text; *p;) {
        const int bytes = vxg_utf8_length(p);
        const int good = bytes > 1 || (bytes == 1 && (unsigned char)*p >= ' ' && *p != 127 &&
                                       *p != '/' && *p != '.');
        for (int k = 0; k < (good ? bytes : 1); k++) name[at++] = good ? p[k] : '_';
        p += good ? bytes : 1;
    }
    name[at] = 0;
    if (at == 0) name[0] = '_', name[1] = 0, at = 1;
    for (int k = 2; taken(others, n, name); k++) snprintf(name + at, 64 - at, "_%d", k);
}

int vxg__tract_affine_good(const double a[12]) {
    for (int i = 0; i < 12; i++)
        if (!isfinite(a[i])) return 0;
    const double det = a[0] * (a[5] * a[10] - a[6] * a[9]) - a[1] * (a[4] * a[10] - a[6] * a[8]) +
                       a[2] * (a[4] * a[9] - a[5] * a[8]);
    return isfinite(det) && det != 0;
}

/* ---- Bytes on their way to a file ---- */

int vxg__sink_open(int fd, const char *path, vxg__sink *s) {
    *s = (vxg__sink){.fd = fd, .path = path};
    s->buffer = vxg__calloc(SINK, 1);
    return s->buffer ? VXG_OK : VXG_ERR_MEMORY;
}

int vxg__sink_flush(vxg__sink *s) {
    const size_t n = s->held;
    s->held = 0;
    return vxg__write_all(s->fd, s->buffer, n, s->done - (int64_t)n, s->path);
}

int vxg__sink_add(vxg__sink *s, const void *bytes, size_t n) {
    for (const uint8_t *p = bytes; n > 0;) {
        const size_t k = n < SINK - s->held ? n : SINK - s->held;
        memcpy(s->buffer + s->held, p, k);
#ifdef VXG_HAVE_ZLIB
        if (s->sum) s->crc = (uint32_t)crc32(s->crc, p, (uInt)k);
#endif
        s->held += k, s->done += (int64_t)k, p += k, n -= k;
        if (s->held == SINK) VXG_TRY(vxg__sink_flush(s));
    }
    return VXG_OK;
}

void vxg__sink_free(vxg__sink *s) {
    vxg__free(s->buffer);
    s->buffer = NULL;
}

void vxg__put_le(uint8_t *p, uint64_t v, int bytes) {
    for (int i = 0; i < bytes; i++) p[i] = (uint8_t)(v >> 8 * i);
}
