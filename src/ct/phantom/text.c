/* The phantom file format: one shape a line, strict, messages with line and field.
 *
 *   phantom 1
 *   ellipsoid add 1.0  0 0 0  0.69 0.92 0.81  30
 */
#include "ct/phantom/phantom.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_LINE 1000

typedef struct reader {
    const char *title;
    int line;
    char *rest; /* what follows in the line */
    vxg_shape *shapes;
    int64_t n, room;
    int begun; /* "phantom 1" was read */
} reader;

static const struct {
    const char *name;
    int axes;
} kinds[] = {
#define VXG_X(e, n, d) {n, d},
    VXG_SHAPE_LIST(VXG_X)
#undef VXG_X
};

/* The next word of the line, NULL at its end. */
static const char *word(reader *r) {
    char *w = r->rest + strspn(r->rest, " \t");
    if (!*w) return NULL;
    char *end = w + strcspn(w, " \t");
    r->rest = *end ? end + 1 : end;
    *end = 0;
    return w;
}

static int number(reader *r, const char *field, double *out) {
    const char *w = word(r);
    char *end;
    VXG_FAIL_IF(!w, VXG_ERR_INPUT, "%s: line %d: %s is missing", r->title, r->line, field);
    *out = vxg__number(w, &end);
    VXG_FAIL_IF(*end || strspn(w, "+-.0123456789eE") != strlen(w) || !isfinite(*out), VXG_ERR_INPUT,
                "%s: line %d: %s: '%s' is not a number", r->title, r->line, field, VXG_SHOW(w));
    return VXG_OK;
}

static int numbers(reader *r, const char *group, int count, double *out) {
    static const char *const axes[] = {"x", "y", "z"};
    for (int i = 0; i < count; i++) {
        char field[32];
        snprintf(field, sizeof field, "%s %s", group, axes[i]);
        VXG_TRY(number(r, field, &out[i]));
    }
    return VXG_OK;
}

/* The angles may be left out from the end. */
static int angles(reader *r, int most, double *out) {
    static const char *const names[] = {"angle phi", "angle theta", "angle psi"};
    for (int i = 0; i < most && r->rest[strspn(r->rest, " \t")]; i++) {
        VXG_TRY(number(r, names[i], &out[i]));
        out[i] *= M_PI / 180;
    }
    const char *extra = word(r);
    VXG_FAIL_IF(extra, VXG_ERR_INPUT, "%s: line %d: '%s' is one field too many", r->title, r->line,
                VXG_SHOW(extra));
    return VXG_OK;
}

static int kind_of(const reader *r, const char *w, vxg_shape_kind *kind) {
    const int n = (int)(sizeof kinds / sizeof *kinds);
    for (int i = 0; i < n; i++) {
        *kind = (vxg_shape_kind)i;
        if (!strcmp(w, kinds[i].name)) return VXG_OK;
    }
    VXG_FAIL(VXG_ERR_INPUT,
             "%s: line %d: kind: '%s' is not ellipsoid, box, cylinder, ellipse or rectangle",
             r->title, r->line, VXG_SHOW(w));
}

static int shape(reader *r, const char *first, vxg_shape *s) {
    memset(s, 0, sizeof *s);
    VXG_TRY(kind_of(r, first, &s->kind));
    const int axes = kinds[s->kind].axes;
    const char *mode = word(r);
    VXG_FAIL_IF(!mode, VXG_ERR_INPUT, "%s: line %d: mode (add or replace) is missing", r->title,
                r->line);
    s->replace = !strcmp(mode, "replace");
    VXG_FAIL_IF(!s->replace && strcmp(mode, "add") != 0, VXG_ERR_INPUT,
                "%s: line %d: mode: '%s' is not add or replace", r->title, r->line, VXG_SHOW(mode));
    VXG_TRY(number(r, "value", &s->value));
    VXG_TRY(numbers(r, "center", axes, s->center));
    VXG_TRY(numbers(r, "half axis", axes, s->half));
    for (int i = 0; i < axes; i++)
        VXG_FAIL_IF(!(s->half[i] > 0), VXG_ERR_INPUT, "%s: line %d: half axis %c must be positive",
                    r->title, r->line, "xyz"[i]);
    return angles(r, axes == 3 ? 3 : 1, s->angle);
}

static int keep(reader *r, const vxg_shape *s) {
    if (r->n == r->room) {
        int64_t room = r->room ? 2 * r->room : 16;
        vxg_shape *more = vxg__realloc(r->shapes, (size_t)room, sizeof *more);
        if (!more) return VXG_ERR_MEMORY;
        r->shapes = more, r->room = room;
    }
    r->shapes[r->n++] = *s;
    return VXG_OK;
}

static int header(reader *r, const char *first) {
    const char *version = word(r), *extra = version ? word(r) : NULL;
    VXG_FAIL_IF(strcmp(first, "phantom") != 0 || !version || strcmp(version, "1") != 0 || extra,
                VXG_ERR_INPUT, "%s: line %d: 'phantom 1' is expected before the shapes", r->title,
                r->line);
    r->begun = 1;
    return VXG_OK;
}

static int read_line(reader *r, char *line) {
    vxg_shape s;
    line[strcspn(line, "#")] = 0;
    for (size_t i = 0; line[i]; i++)
        VXG_FAIL_IF(line[i] != '\t' && (line[i] < ' ' || line[i] > '~'), VXG_ERR_INPUT,
                    "%s: line %d: a character that is not plain text", r->title, r->line);
    r->rest = line;
    const char *first = word(r);
    if (!first) return VXG_OK;
    if (!r->begun) return header(r, first);
    VXG_TRY(shape(r, first, &s));
    return keep(r, &s);
}

static int read_text(reader *r, const char *text) {
    char line[MAX_LINE + 1];
    while (*text) {
        size_t n = strcspn(text, "\n"), used = n;
        r->line++;
        if (used && text[used - 1] == '\r') used--;
        VXG_FAIL_IF(used > MAX_LINE, VXG_ERR_INPUT, "%s: line %d: more than %d characters",
                    r->title, r->line, MAX_LINE);
        memcpy(line, text, used);
        line[used] = 0;
        VXG_TRY(read_line(r, line));
        text += n + (text[n] == '\n');
    }
    VXG_FAIL_IF(!r->begun, VXG_ERR_INPUT, "%s: not a phantom file: no line 'phantom 1'", r->title);
    VXG_FAIL_IF(!r->n, VXG_ERR_INPUT, "%s: no shapes", r->title);
    return VXG_OK;
}

int vxg_phantom_parse(const char *text, const char *title, vxg_phantom **out) {
    VXG_FAIL_IF(!text || !out, VXG_ERR_ARGUMENT, "phantom: text or out is NULL");
    *out = NULL;
    reader r = {.title = title ? title : "phantom"};
    int status = read_text(&r, text);
    if (!status) {
        status = vxg_phantom_new(r.shapes, r.n, out);
        if (status == VXG_ERR_ARGUMENT) {
            vxg_error_context(status, "%s", r.title);
            status = VXG_ERR_INPUT;
        }
    }
    vxg__free(r.shapes);
    return status;
}
