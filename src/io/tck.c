/* Reading TCK, MRtrix's format: a header of text, then points; one of NaN ends a streamline, one of
 * infinity the file. */
#include "io/tracts.h"

#include "io/elements.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

enum { FIRST_HEADER = 1 << 14, MOST_HEADER = 1 << 24 };

typedef struct tck {
    vxg_tract_reader base;
    vxg__source s;
    vxg__lines b;
    int turned, size; /* the other byte order; bytes of a number */
    int ended;        /* the point of infinity was read */
    int64_t counted;  /* what the header says; -1: nothing */
    int64_t left;     /* points that the streamline which grows may have in this batch */
} tck;

int vxg__tck_sniff(const uint8_t *head, size_t n) {
    return n >= 13 && !memcmp(head, "mrtrix tracks", 13) ? 100 : 0;
}

/* ---- The header ---- */

/* All lines up to END, as one text that ends with a zero; *length: bytes of the file up to behind
 * END. */
static int load_header(const tck *t, char **text, int64_t *length) {
    const char *path = t->s.path;
    for (int64_t room = FIRST_HEADER;; room *= 4) {
        const size_t n = (size_t)(t->s.size < room ? t->s.size : room);
        vxg__free(*text);
        if (!(*text = vxg__calloc(n + 1, 1))) return VXG_ERR_MEMORY;
        VXG_TRY(vxg__read_exact(t->s.fd, *text, n, 0, path));
        for (char *p = *text; p && p < *text + n; p = memchr(p, '\n', n - (size_t)(p - *text))) {
            p += *p == '\n';
            const size_t left = n - (size_t)(p - *text);
            if (left >= 4 && !memcmp(p, "END", 3) && (p[3] == '\n' || p[3] == '\r')) {
                *p = 0, *length = p + 4 - *text;
                return VXG_OK;
            }
        }
        VXG_FAIL_IF((int64_t)n == t->s.size || room >= MOST_HEADER, VXG_ERR_INPUT,
                    "%s: the header has no line END", path);
    }
}

/* Cuts blanks off both ends. */
static char *trim(char *text) {
    size_t n = strlen(text);
    while (n > 0 && isspace((unsigned char)text[n - 1])) text[--n] = 0;
    return text + strspn(text, " \t\r");
}

static int whole_number(const char *text, int64_t *out) {
    char *end = NULL;
    errno = 0;
    const long long v = strtoll(text, &end, 10);
    *out = v;
    return end != text && !*end && errno == 0 && v >= 0;
}

static int read_type(tck *t, const char *text) {
    static const struct {
        const char *name;
        int size, little;
    } types[] = {
        {"Float32LE", 4, 1}, {"Float32BE", 4, 0}, {"Float64LE", 8, 1}, {"Float64BE", 8, 0}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (!strcmp(text, types[i].name)) {
            t->size = types[i].size, t->turned = types[i].little != vxg__host_is_little();
            t->base.info.dtype = t->size == 8 ? VXG_F64 : VXG_F32;
            return VXG_OK;
        }
    VXG_FAIL(VXG_ERR_INPUT,
             "%s: datatype is '%s'; Float32LE, Float32BE, Float64LE or Float64BE "
             "expected",
             t->s.path, VXG_SHOW(text));
}

/* file: . OFFSET */
static int read_place(const tck *t, const char *text, int64_t header, int64_t *offset) {
    VXG_FAIL_IF(text[0] != '.' || (text[1] != ' ' && text[1] != '\t') ||
                    !whole_number(text + 1, offset),
                VXG_ERR_INPUT, "%s: file is '%s'; '. OFFSET' expected, points in the file itself",
                t->s.path, VXG_SHOW(text));
    VXG_FAIL_IF(*offset < header || *offset > t->s.size, VXG_ERR_INPUT,
                "%s: the points begin at byte %lld, which is not between the header's end (%lld) "
                "and the file's (%lld)",
                t->s.path, (long long)*offset, (long long)header, (long long)t->s.size);
    return VXG_OK;
}

static int add_attribute(vxg_tract_info *info, vxg_attribute *list, const char *key,
                         const char *text) {
    vxg_attribute *a = &list[info->nattributes++];
    a->name = vxg__plain_words(key, 0);
    a->text = vxg__plain_words(text, 0);
    return a->name && a->text ? VXG_OK : VXG_ERR_MEMORY;
}

/* Lines of a text, the first of which was looked at. */
static int read_lines(tck *t, char *text, int64_t header, int64_t *offset) {
    vxg_tract_info *info = &t->base.info;
    size_t lines = 1;
    int typed = 0;
    for (const char *p = text; (p = strchr(p, '\n')); p++) lines++;
    vxg_attribute *list = vxg__calloc(lines, sizeof *list);
    info->attributes = list;
    if (!list) return VXG_ERR_MEMORY;
    *offset = -1, t->counted = -1;
    for (char *p = strchr(text, '\n'), *next; p; p = next) {
        next = strchr(++p, '\n');
        if (next) *next = 0;
        char *colon = strchr(p, ':');
        if (!colon) {
            VXG_FAIL_IF(*trim(p), VXG_ERR_INPUT, "%s: a line of the header is no 'key: value': %s",
                        t->s.path, VXG_SHOW(trim(p)));
            continue;
        }
        *colon = 0;
        const char *key = trim(p), *value = trim(colon + 1);
        VXG_FAIL_IF(!*key, VXG_ERR_INPUT, "%s: a line of the header has no key: %s", t->s.path,
                    VXG_SHOW(value));
        if (!strcmp(key, "datatype")) {
            VXG_TRY(read_type(t, value));
            typed = 1;
        } else if (!strcmp(key, "file")) {
            VXG_TRY(read_place(t, value, header, offset));
        } else {
            if (!strcmp(key, "count") && !whole_number(value, &t->counted)) t->counted = -1;
            VXG_TRY(add_attribute(info, list, key, value));
        }
    }
    VXG_FAIL_IF(!typed, VXG_ERR_INPUT, "%s: the header has no datatype", t->s.path);
    VXG_FAIL_IF(*offset < 0, VXG_ERR_INPUT, "%s: the header has no line 'file: . OFFSET'",
                t->s.path);
    return VXG_OK;
}

static int read_header(tck *t) {
    vxg_tract_info *info = &t->base.info;
    char *text = NULL;
    int64_t header = 0, offset = 0;
    uint8_t head[16] = {0};
    *info = (vxg_tract_info){
        .size = sizeof *info, .space = VXG_TRACT_RAS, .streamlines = -1, .points = -1};
    const size_t n = t->s.size < 13 ? (size_t)t->s.size : 13;
    VXG_TRY(vxg__read_exact(t->s.fd, head, n, 0, t->s.path));
    VXG_FAIL_IF(n < 13 || memcmp(head, "mrtrix tracks", 13) != 0, VXG_ERR_INPUT,
                "%s: not a TCK file", t->s.path);
    int status = load_header(t, &text, &header);
    for (int64_t i = 0; i < header - 4 && !status; i++)
        if (!text[i])
            status = vxg_error_set(VXG_ERR_INPUT, "%s: the header has a zero byte", t->s.path);
    if (!status) status = read_lines(t, text, header, &offset);
    vxg__free(text);
    vxg__source_seek(&t->s, offset);
    return status;
}

/* ---- Points ---- */

typedef enum kind { POINT, END_OF_LINE, END_OF_FILE, ODD } kind;

static kind kind_of(const double p[3]) {
    if (isfinite(p[0]) && isfinite(p[1]) && isfinite(p[2])) return POINT;
    if (isnan(p[0]) && isnan(p[1]) && isnan(p[2])) return END_OF_LINE;
    if (isinf(p[0]) && isinf(p[1]) && isinf(p[2])) return END_OF_FILE;
    return ODD;
}

static void triplet(const tck *t, const uint8_t *from, double p[3]) {
    double d[3];
    float f[3];
    if (t->size == 8) {
        memcpy(d, from, sizeof d);
        if (t->turned) vxg__elements_turn(VXG_F64, d, 3);
        memcpy(p, d, sizeof d);
        return;
    }
    memcpy(f, from, sizeof f);
    if (t->turned) vxg__elements_turn(VXG_F32, f, 3);
    for (int k = 0; k < 3; k++) p[k] = (double)f[k];
}

static void put(vxg__lines *b, const double p[3]) {
    if (b->dtype == VXG_F64) {
        memcpy(vxg__lines_position(b, b->points), p, 3 * sizeof *p);
    } else {
        float *to = vxg__lines_position(b, b->points);
        for (int k = 0; k < 3; k++) to[k] = (float)p[k];
    }
    b->points++;
}

/* The streamline that grows does not belong to this batch: it will be read again. */
static void put_back(tck *t, int64_t begin) {
    t->b.points = t->b.lines ? vxg__lines_offsets(&t->b)[t->b.lines] : 0;
    vxg__source_seek(&t->s, begin);
}

/* One more point, for which there is room most times. */
static int add_point(tck *t, const double p[3]) {
    if ((size_t)(t->b.points + 1) * 3 * vxg_dtype_size(t->b.dtype) > t->b.positions.bytes)
        VXG_TRY(vxg__lines_room(&t->b, t->b.points + 1, t->s.path));
    put(&t->b, p);
    return VXG_OK;
}

/* What stands at one point; *begin: where in the file the streamline begins. *full: the batch is
 * complete. */
static int take(tck *t, const double p[3], int64_t at, int64_t *begin, int *full) {
    vxg__lines *b = &t->b;
    const int64_t before = b->lines ? vxg__lines_offsets(b)[b->lines] : 0;
    switch (kind_of(p)) {
    case POINT: *full = b->points - before >= t->left; return *full ? VXG_OK : add_point(t, p);
    case END_OF_LINE:
        VXG_TRY(vxg__lines_room(b, b->points, t->s.path));
        vxg__lines_end(b);
        t->left = vxg__lines_left(b);
        *begin = at + 3 * t->size;
        *full = t->left < 0;
        return VXG_OK;
    case END_OF_FILE:
        VXG_FAIL_IF(b->points != before, VXG_ERR_INPUT,
                    "%s: the file ends inside streamline %lld, which no point of NaN ends",
                    t->s.path, (long long)(t->base.lines + b->lines));
        t->ended = *full = 1;
        return VXG_OK;
    default:
        VXG_FAIL(VXG_ERR_INPUT, "%s: point %lld of streamline %lld is (%g, %g, %g)", t->s.path,
                 (long long)(b->points - before), (long long)(t->base.lines + b->lines), p[0], p[1],
                 p[2]);
    }
}

/* What the header counts is not needed to read the file, and programs leave it wrong when they are
 * stopped. */
static void look_at_end(const tck *t, int64_t left) {
    const int64_t n = t->base.lines + t->b.lines;
    if (t->counted >= 0 && t->counted != n)
        vxg__log(0, "%s: the header says %lld streamlines, %lld are there", t->s.path,
                 (long long)t->counted, (long long)n);
    if (left > 0)
        vxg__log(0, "%s: %lld bytes behind the end of the streamlines are not read", t->s.path,
                 (long long)left);
}

static int tck_next(vxg_tract_reader *self, int64_t max_lines, int64_t max_points, vxg_dtype dtype,
                    vxg_tract_batch *out) {
    tck *t = self->impl;
    const size_t each = 3 * (size_t)t->size;
    int64_t begin = vxg__source_at(&t->s);
    int full = t->ended;
    vxg__lines_begin(&t->b, max_lines, max_points, dtype);
    t->left = vxg__lines_left(&t->b);
    while (!full) {
        const uint8_t *p = NULL;
        size_t held = 0, i = 0;
        const int64_t at = vxg__source_at(&t->s);
        VXG_FAIL_IF(vxg__source_left(&t->s) < (int64_t)each, VXG_ERR_INPUT,
                    "%s: the file is cut off: it ends at streamline %lld without the point of "
                    "infinity that ends a TCK file",
                    t->s.path, (long long)(self->lines + t->b.lines));
        VXG_TRY(vxg__source_peek(&t->s, each, &p, &held));
        for (; (i + 1) * each <= held && !full; i++) {
            double point[3];
            triplet(t, p + i * each, point);
            VXG_TRY(take(t, point, at + (int64_t)(i * each), &begin, &full));
        }
        vxg__source_skip(&t->s, i * each);
        if (t->ended) look_at_end(t, vxg__source_left(&t->s));
    }
    if (!t->ended) put_back(t, begin);
    VXG_TRY(vxg__source_same(&t->s));
    vxg__lines_give(&t->b, out);
    return VXG_OK;
}

static void tck_close(vxg_tract_reader *self) {
    tck *t = self->impl;
    vxg__lines_free(&t->b);
    vxg__tract_info_free(&self->info);
    vxg__source_close(&t->s);
    vxg__free(t);
}

int vxg__tck_open(const char *path, const vxg_tract_open_opts *o, vxg_tract_reader **out) {
    tck *t = vxg__calloc(1, sizeof *t);
    if (!t) return VXG_ERR_MEMORY;
    t->base = (vxg_tract_reader){
        .size = sizeof t->base, .format = "tck", .next = tck_next, .close = tck_close, .impl = t};
    int status = vxg__source_open(path, vxg__source_room(o->max_memory), &t->s);
    if (!status) status = read_header(t);
    if (!status) status = vxg__lines_new(&t->base.info, o->max_memory, &t->b);
    if (status) {
        tck_close(&t->base);
        return status;
    }
    t->base.path = t->s.path;
    vxg__file_id(&t->s.was, &t->base.id);
    *out = &t->base;
    return VXG_OK;
}
