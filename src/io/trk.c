/* Reading TRK, TrackVis's format: a header of 1000 bytes, then each streamline with its numbers.
 * Coordinates are handed over as they stand. */
#include "io/trk.h"

#include "io/elements.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>

typedef struct trk {
    vxg_tract_reader base;
    vxg__source s;
    vxg__lines b;
    int turned; /* the file's byte order is not this machine's */
    int nscalars, nproperties;
    int warned;
} trk;

int vxg__trk_sniff(const uint8_t *head, size_t n) {
    return n >= 6 && !memcmp(head, "TRACK", 6) ? 90 : 0;
}

/* ---- Numbers ---- */

static void number(const trk *t, vxg_dtype dtype, const void *from, int n, void *to) {
    memcpy(to, from, (size_t)n * vxg_dtype_size(dtype));
    if (t->turned) vxg__elements_turn(dtype, to, n);
}

static int short_at(const trk *t, const uint8_t *head, int at) {
    int16_t v;
    number(t, VXG_I16, head + at, 1, &v);
    return v;
}

static int32_t int_at(const trk *t, const uint8_t *p) {
    int32_t v;
    number(t, VXG_I32, p, 1, &v);
    return v;
}

/* ---- The header ---- */

/* Names of 20 bytes each; "name\0k" stands for k numbers of one name. Numbers without a name make
 * one column more, as in nibabel. */
static int read_columns(const char *path, const char *names, int total, const char *rest,
                        vxg_tract_column **out, int32_t *count) {
    vxg_tract_column *c = vxg__calloc(VXG__TRK_NAMES + 1, sizeof *c);
    int n = 0, done = 0;
    *out = c;
    if (!c) return VXG_ERR_MEMORY;
    for (int i = 0; i < VXG__TRK_NAMES && done < total; i++) {
        char word[VXG__TRK_NAME + 1] = {0};
        memcpy(word, names + i * VXG__TRK_NAME, VXG__TRK_NAME);
        const size_t length = strlen(word);
        if (length == 0) continue;
        char *end = word + length;
        const char *digits = length < VXG__TRK_NAME ? word + length + 1 : end;
        const long k = *digits ? strtol(digits, &end, 10) : 1;
        VXG_FAIL_IF((*digits && *end) || k < 1, VXG_ERR_INPUT,
                    "%s: the header says that '%s' has '%s' values", path, VXG_SHOW(word),
                    VXG_SHOW(digits));
        VXG_FAIL_IF(k > total - done, VXG_ERR_INPUT,
                    "%s: the header names more numbers than the %d it counts: '%s'", path, total,
                    VXG_SHOW(word));
        c[n].size = sizeof *c, c[n].components = (int32_t)k, c[n].dtype = VXG_F32;
        vxg__tract_name(word, length, c, n, c[n].name);
        done += (int)k, n++;
    }
    if (done < total) {
        c[n].size = sizeof *c, c[n].components = total - done, c[n].dtype = VXG_F32;
        vxg__tract_name(rest, strlen(rest), c, n, c[n].name);
        n++;
    }
    *count = n;
    return VXG_OK;
}

int vxg__trk_order_good(const char *order) {
    static const char letters[] = "RLAPSI";
    int seen = 0;
    if (strlen(order) != 3) return 0;
    for (int i = 0; i < 3; i++) {
        const char *p = strchr(letters, order[i]);
        if (!p) return 0;
        seen |= 1 << (p - letters) / 2;
    }
    return seen == 7;
}

static int read_order(const char *path, const uint8_t *head, vxg_tract_info *info) {
    char order[5] = {0};
    memcpy(order, head + VXG__TRK_ORDER, 4);
    for (char *p = order; *p; p++) *p = (char)toupper((unsigned char)*p);
    for (size_t n = strlen(order); n > 0 && order[n - 1] == ' ';) order[--n] = 0;
    if (!*order) memcpy(order, "LPS", 4); /* TrackVis's own */
    VXG_FAIL_IF(!vxg__trk_order_good(order), VXG_ERR_INPUT,
                "%s: voxel_order is '%s'; three letters such as LPS expected", path,
                VXG_SHOW(order));
    memcpy(info->voxel_order, order, 4);
    return VXG_OK;
}

static int read_affine(const trk *t, const uint8_t *head, int version, vxg_tract_info *info) {
    float m[16];
    const char *path = t->s.path;
    number(t, VXG_F32, head + VXG__TRK_AFFINE, 16, m);
    if (version < 2 || m[15] == 0) {
        vxg__log(0,
                 "%s: the header has no matrix of the image (vox_to_ras)%s: where the streamlines "
                 "lie in the scanner is not known",
                 path, version < 2 ? ", as it is of version 1" : "");
        return VXG_OK;
    }
    for (int i = 0; i < 12; i++) info->affine[i] = m[i];
    VXG_FAIL_IF(!vxg__tract_affine_good(info->affine) || m[12] != 0 || m[13] != 0 || m[14] != 0 ||
                    m[15] != 1,
                VXG_ERR_INPUT, "%s: vox_to_ras is no matrix that places voxels", path);
    info->has_affine = 1;
    return VXG_OK;
}

static int read_place(const trk *t, const uint8_t *head, vxg_tract_info *info) {
    float voxel[3];
    number(t, VXG_F32, head + VXG__TRK_VOXEL, 3, voxel);
    for (int i = 0; i < 3; i++) {
        const int n = short_at(t, head, VXG__TRK_DIM + 2 * i);
        VXG_FAIL_IF(n < 0, VXG_ERR_INPUT, "%s: dim is %d along axis %d", t->s.path, n, i);
        VXG_FAIL_IF(!isfinite(voxel[i]) || voxel[i] < 0, VXG_ERR_INPUT,
                    "%s: voxel_size is %g along axis %d", t->s.path, (double)voxel[i], i);
        info->grid[i] = n, info->voxel[i] = (double)voxel[i];
    }
    if (info->voxel[0] == 0 || info->voxel[1] == 0 || info->voxel[2] == 0)
        vxg__log(0, "%s: the header has no voxel_size", t->s.path);
    return read_order(t->s.path, head, info);
}

/* Each streamline takes the bytes of its length and of its own numbers. */
static int read_counts(trk *t, const uint8_t *head, vxg_tract_info *info) {
    const char *path = t->s.path;
    vxg_tract_column *c = NULL;
    t->nscalars = short_at(t, head, VXG__TRK_NSCALARS);
    t->nproperties = short_at(t, head, VXG__TRK_NPROPERTIES);
    const int32_t n = int_at(t, head + VXG__TRK_COUNT);
    VXG_FAIL_IF(t->nscalars < 0 || t->nproperties < 0, VXG_ERR_INPUT,
                "%s: n_scalars is %d and n_properties is %d", path, t->nscalars, t->nproperties);
    const int64_t most = (t->s.size - VXG__TRK_HEAD) / (4 + 4 * (int64_t)t->nproperties);
    VXG_FAIL_IF(n < 0, VXG_ERR_INPUT, "%s: n_count is %d", path, (int)n);
    VXG_FAIL_IF(n > most, VXG_ERR_INPUT,
                "%s: the header says %d streamlines, the file has room for %lld at most", path,
                (int)n, (long long)most);
    info->streamlines = n > 0 ? n : -1;
    info->points = -1;
    int status = read_columns(path, (const char *)head + VXG__TRK_SCALARS, t->nscalars, "scalars",
                              &c, &info->npoint_columns);
    info->point_columns = c;
    if (status) return status;
    status = read_columns(path, (const char *)head + VXG__TRK_PROPERTIES, t->nproperties,
                          "properties", &c, &info->nline_columns);
    info->line_columns = c;
    return status;
}

static int read_header(trk *t) {
    const uint8_t *head = NULL;
    size_t n = 0;
    const char *path = t->s.path;
    vxg_tract_info *info = &t->base.info;
    *info = (vxg_tract_info){.size = sizeof *info, .space = VXG_TRACT_CORNER, .dtype = VXG_F32};
    VXG_FAIL_IF(t->s.size < VXG__TRK_HEAD, VXG_ERR_INPUT,
                "%s: %lld bytes; a TRK file has a header of %d", path, (long long)t->s.size,
                VXG__TRK_HEAD);
    VXG_TRY(vxg__source_peek(&t->s, VXG__TRK_HEAD, &head, &n));
    VXG_FAIL_IF(memcmp(head, "TRACK", 6) != 0, VXG_ERR_INPUT, "%s: not a TRK file", path);
    t->turned = int_at(t, head + VXG__TRK_HDR_SIZE) != VXG__TRK_HEAD;
    VXG_FAIL_IF(t->turned && int_at(t, head + VXG__TRK_HDR_SIZE) != VXG__TRK_HEAD, VXG_ERR_INPUT,
                "%s: hdr_size is not %d in either byte order", path, VXG__TRK_HEAD);
    const int32_t version = int_at(t, head + VXG__TRK_VERSION);
    VXG_FAIL_IF(version < 1 || version > 3, VXG_ERR_INPUT, "%s: version %d; 1 to 3 expected", path,
                (int)version);
    VXG_TRY(read_place(t, head, info));
    VXG_TRY(read_affine(t, head, version, info));
    VXG_TRY(read_counts(t, head, info));
    VXG_FAIL_IF(12 + 4 * (size_t)t->nscalars > t->s.room || 4 * (size_t)t->nproperties > t->s.room,
                VXG_ERR_MEMORY, "%s: a point of %d numbers does not go into max_memory", path,
                3 + t->nscalars);
    vxg__source_skip(&t->s, VXG__TRK_HEAD);
    return VXG_OK;
}

/* ---- Streamlines ---- */

/* The numbers of one streamline or point to column after column. */
static void spread(const trk *t, const uint8_t *from, int line, int64_t at) {
    const int n = line ? t->base.info.nline_columns : t->base.info.npoint_columns;
    const vxg_tract_column *list = line ? t->base.info.line_columns : t->base.info.point_columns;
    for (int i = 0; i < n; i++) {
        void *to =
            line ? vxg__lines_line_value(&t->b, i, at) : vxg__lines_point_value(&t->b, i, at);
        number(t, VXG_F32, from, list[i].components, to);
        from += 4 * (size_t)list[i].components;
    }
}

static void put_point(const trk *t, const uint8_t *from, int64_t at) {
    float p[3];
    number(t, VXG_F32, from, 3, p);
    vxg__elements_convert(VXG_F32, p, 3, t->b.dtype, vxg__lines_position(&t->b, at));
    spread(t, from + 12, 0, at);
}

/* n points and what follows them; their bytes are there. */
static int read_line(trk *t, int64_t n) {
    const size_t each = 12 + 4 * (size_t)t->nscalars;
    const uint8_t *p = NULL;
    size_t held = 0;
    VXG_TRY(vxg__lines_room(&t->b, t->b.points + n, t->s.path));
    while (n > 0) {
        VXG_TRY(vxg__source_peek(&t->s, each, &p, &held));
        const int64_t k = (int64_t)(held / each) < n ? (int64_t)(held / each) : n;
        for (int64_t i = 0; i < k; i++) put_point(t, p + (size_t)i * each, t->b.points + i);
        vxg__source_skip(&t->s, (size_t)k * each);
        t->b.points += k, n -= k;
    }
    if (t->nproperties > 0) {
        VXG_TRY(vxg__source_peek(&t->s, 4 * (size_t)t->nproperties, &p, &held));
        spread(t, p, 1, t->b.lines);
        vxg__source_skip(&t->s, 4 * (size_t)t->nproperties);
    }
    vxg__lines_end(&t->b);
    return VXG_OK;
}

/* How many points the next streamline has; -1: there is none. */
static int look(trk *t, int64_t *points) {
    const uint8_t *p = NULL;
    size_t held = 0;
    const int64_t line = t->base.lines + t->b.lines, left = vxg__source_left(&t->s);
    const int counted = t->base.info.streamlines >= 0 && line == t->base.info.streamlines;
    *points = -1;
    if (counted && left > 0 && !t->warned)
        vxg__log(0,
                 "%s: %lld bytes behind the %lld streamlines that the header counts are not read",
                 t->s.path, (long long)left, (long long)line);
    t->warned |= counted;
    if (counted || (left == 0 && t->base.info.streamlines < 0)) return VXG_OK;
    VXG_FAIL_IF(left < 4, VXG_ERR_INPUT, "%s: the file ends in the middle, at streamline %lld",
                t->s.path, (long long)line);
    VXG_TRY(vxg__source_peek(&t->s, 4, &p, &held));
    const int64_t n = int_at(t, p);
    VXG_FAIL_IF(n < 0, VXG_ERR_INPUT, "%s: streamline %lld has %lld points", t->s.path,
                (long long)line, (long long)n);
    const int64_t bytes = n * (12 + 4 * (int64_t)t->nscalars) + 4 * (int64_t)t->nproperties;
    VXG_FAIL_IF(bytes > left - 4, VXG_ERR_INPUT,
                "%s: streamline %lld has %lld points, which take %lld bytes; %lld are left",
                t->s.path, (long long)line, (long long)n, (long long)bytes, (long long)(left - 4));
    *points = n;
    return VXG_OK;
}

static int trk_next(vxg_tract_reader *self, int64_t max_lines, int64_t max_points, vxg_dtype dtype,
                    vxg_tract_batch *out) {
    trk *t = self->impl;
    int64_t n = 0;
    vxg__lines_begin(&t->b, max_lines, max_points, dtype);
    while (t->b.lines < max_lines) {
        VXG_TRY(look(t, &n));
        if (n < 0 || n > vxg__lines_left(&t->b)) break;
        vxg__source_skip(&t->s, 4);
        VXG_TRY(read_line(t, n));
    }
    VXG_TRY(vxg__source_same(&t->s));
    vxg__lines_give(&t->b, out);
    return VXG_OK;
}

static void trk_close(vxg_tract_reader *self) {
    trk *t = self->impl;
    vxg__lines_free(&t->b);
    vxg__tract_info_free(&self->info);
    vxg__source_close(&t->s);
    vxg__free(t);
}

int vxg__trk_open(const char *path, const vxg_tract_open_opts *o, vxg_tract_reader **out) {
    trk *t = vxg__calloc(1, sizeof *t);
    if (!t) return VXG_ERR_MEMORY;
    t->base = (vxg_tract_reader){
        .size = sizeof t->base, .format = "trk", .next = trk_next, .close = trk_close, .impl = t};
    int status = vxg__source_open(path, vxg__source_room(o->max_memory), &t->s);
    if (!status) status = read_header(t);
    if (!status) status = vxg__lines_new(&t->base.info, o->max_memory, &t->b);
    if (status) {
        trk_close(&t->base);
        return status;
    }
    t->base.path = t->s.path;
    vxg__file_id(&t->s.was, &t->base.id);
    *out = &t->base;
    return VXG_OK;
}
