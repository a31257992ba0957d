/* JSON texts about geometry: tables of keys, numbers and lists. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ct/geometry/keys.h"

/* ---- Reading ---- */
int vxg__keys_unknown(const char *what, const vxg__key *table, int count, const char *place,
                      const char *name) {
    const vxg__key *near = NULL;
    int best = 4;
    for (int i = 0; i < count; i++) {
        int d = vxg__word_distance(name, table[i].name);
        if (d < best) {
            best = d;
            near = &table[i];
        }
    }
    if (near)
        VXG_FAIL(VXG_ERR_INPUT, "%s: %sunknown key \"%s\" (did you mean \"%s\"?)", what, place,
                 VXG_SHOW(name), near->name);
    VXG_FAIL(VXG_ERR_INPUT, "%s: %sunknown key \"%s\"", what, place, VXG_SHOW(name));
}

int vxg__keys_real(const char *what, const vxg_json *v, const char *place, const char *name,
                   double *out) {
    VXG_FAIL_IF(vxg__json_kind(v) != VXG_JSON_NUMBER, VXG_ERR_INPUT, "%s: %s\"%s\" is no number",
                what, place, name);
    *out = vxg__json_number(v);
    VXG_FAIL_IF(!isfinite(*out), VXG_ERR_INPUT, "%s: %s\"%s\" is not a finite number", what, place,
                name);
    return VXG_OK;
}

static int set_key(const char *what, const vxg__key *k, const char *place, const vxg_json *v,
                   char *target) {
    double x = 0;
    char *field = target + k->offset;
    switch (k->type) {
    case VXG__KEY_TEXT:
        VXG_FAIL_IF(vxg__json_kind(v) != VXG_JSON_TEXT, VXG_ERR_INPUT, "%s: %s\"%s\" is no text",
                    what, place, k->name);
        *(const char **)field = vxg__json_text(v);
        return VXG_OK;
    case VXG__KEY_NUMBER:
    case VXG__KEY_POSITIVE:
        VXG_TRY(vxg__keys_real(what, v, place, k->name, &x));
        VXG_FAIL_IF(k->type == VXG__KEY_POSITIVE && !(x > 0), VXG_ERR_INPUT,
                    "%s: %s\"%s\" is %g, a positive number is expected", what, place, k->name, x);
        *(double *)field = x;
        return VXG_OK;
    case VXG__KEY_COUNT:
        VXG_TRY(vxg__keys_real(what, v, place, k->name, &x));
        VXG_FAIL_IF(x != floor(x) || x < 1 || x > INT32_MAX, VXG_ERR_INPUT,
                    "%s: %s\"%s\" is %g, a whole number from 1 to 2^31 - 1 is expected", what,
                    place, k->name, x);
        *(int64_t *)field = (int64_t)x;
        return VXG_OK;
    case VXG__KEY_FLAG:
        VXG_FAIL_IF(vxg__json_kind(v) != VXG_JSON_BOOL, VXG_ERR_INPUT,
                    "%s: %s\"%s\" is not true or false", what, place, k->name);
        *(int64_t *)field = vxg__json_bool(v);
        return VXG_OK;
    case VXG__KEY_LIST:
        VXG_FAIL_IF(vxg__json_kind(v) != VXG_JSON_LIST, VXG_ERR_INPUT, "%s: %s\"%s\" is no list",
                    what, place, k->name);
        break;
    case VXG__KEY_OBJECT:
        VXG_FAIL_IF(vxg__json_kind(v) != VXG_JSON_OBJECT, VXG_ERR_INPUT,
                    "%s: %s\"%s\" is no object", what, place, k->name);
        break;
    case VXG__KEY_ANY: break;
    }
    *(const vxg_json **)field = v;
    return VXG_OK;
}

int vxg__keys_read(const char *what, const vxg__key *table, int count, const char *place,
                   const vxg_json *object, void *target, uint64_t *given) {
    for (const vxg_json *v = vxg__json_first(object); v; v = vxg__json_next(v)) {
        int i = 0;
        while (i < count && strcmp(table[i].name, vxg__json_key(v))) i++;
        if (i == count) return vxg__keys_unknown(what, table, count, place, vxg__json_key(v));
        VXG_FAIL_IF(*given >> i & 1, VXG_ERR_INPUT, "%s: %s\"%s\" is there twice", what, place,
                    table[i].name);
        *given |= (uint64_t)1 << i;
        VXG_TRY(set_key(what, &table[i], place, v, target));
    }
    return VXG_OK;
}

int vxg__keys_units(const char *what, const char *units, vxg_ct_notes *notes) {
    VXG_FAIL_IF(units && strlen(units) >= sizeof notes->units, VXG_ERR_INPUT,
                "%s: \"units\" is longer than %d bytes", what, (int)sizeof notes->units - 1);
    snprintf(notes->units, sizeof notes->units, "%s", units ? units : "");
    return VXG_OK;
}

int vxg__keys_views(const char *what, const char *name, int64_t n) {
    VXG_FAIL_IF(n < 1 || n > VXG__MOST_VIEWS, VXG_ERR_INPUT,
                "%s: \"%s\" has %lld entries, 1 to %d are expected", what, name, (long long)n,
                VXG__MOST_VIEWS);
    return VXG_OK;
}

int vxg__keys_list(const char *what, const vxg_json *list, const char *place, const char *name,
                   int64_t n, double *out) {
    VXG_FAIL_IF(vxg__json_kind(list) != VXG_JSON_LIST, VXG_ERR_INPUT, "%s: %s\"%s\" is no list",
                what, place, name);
    int64_t i = 0, count = vxg__json_count(list);
    VXG_FAIL_IF(count != n, VXG_ERR_INPUT, "%s: %s\"%s\" has %lld numbers, %lld are expected", what,
                place, name, (long long)count, (long long)n);
    for (const vxg_json *v = vxg__json_first(list); v; v = vxg__json_next(v))
        VXG_TRY(vxg__keys_real(what, v, place, name, &out[i++]));
    return VXG_OK;
}

/* ---- Writing ---- */
void vxg__text_number(vxg_text *t, double x) {
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        vxg__format(text, sizeof text, "%.*g", digits, x);
        if (vxg__number(text, NULL) == x) break;
    }
    vxg__text_add(t, "%s", text);
}

double vxg__tidy(double x) {
    char text[40];
    vxg__format(text, sizeof text, "%.12g", x);
    const double back = vxg__number(text, NULL);
    return (fabs(back - x) <= 8 * DBL_EPSILON * fabs(x) ? back : x) + 0.0; /* no -0 */
}

void vxg__text_member(vxg_text *t, const char *key, double x) {
    vxg__text_add(t, ",\n  \"%s\": ", key);
    vxg__text_number(t, x);
}

void vxg__text_list(vxg_text *t, const double *x, int64_t n, double factor, int per_line) {
    vxg__text_add(t, "[");
    for (int64_t i = 0; i < n; i++) {
        if (i) vxg__text_add(t, i % per_line ? ", " : ",\n    ");
        vxg__text_number(t, factor == 1 ? x[i] : vxg__tidy(x[i] * factor));
    }
    vxg__text_add(t, "]");
}

void vxg__text_quoted(vxg_text *t, const char *s) {
    for (; *s; s++) {
        const unsigned char c = (unsigned char)*s;
        if (c == '"' || c == '\\') {
            vxg__text_add(t, "\\%c", c);
        } else if (c < 32) {
            vxg__text_add(t, "\\u%04x", c);
        } else {
            vxg__text_append(t, s, 1);
        }
    }
}

int vxg__ct_read_json(const char *what, const char *text, size_t n, vxg__ct_tree_reader *read_tree,
                      vxg_ct_notes *notes, vxg_ct_geometry **out) {
    vxg_json *tree;
    vxg_ct_notes found = {0};
    VXG_FAIL_IF(!text || !out, VXG_ERR_ARGUMENT, "%s: text or out is NULL", what);
    *out = NULL;
    if (notes) VXG_TRY(VXG_OUT_CHECK(vxg_ct_notes, notes));
    VXG_TRY(vxg__json_parse(text, n, what, VXG__MOST_VALUES, &tree));
    int status = VXG_OK;
    if (vxg__json_kind(tree) != VXG_JSON_OBJECT)
        status = vxg_error_set(VXG_ERR_INPUT, "%s: an object {...} is expected", what);
    if (!status) status = read_tree(tree, &found, out);
    vxg__json_free(tree);
    if (!status) return notes ? VXG_OUT(vxg_ct_notes, notes, &found) : VXG_OK;
    vxg_ct_geometry_release(*out);
    *out = NULL;
    return status == VXG_ERR_ARGUMENT ? vxg_error_context(VXG_ERR_INPUT, "%s", what) : status;
}
