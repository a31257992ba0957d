/* Option tables: one description drives flags, help, man pages, completion and provenance. */
#include "base.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Damerau-Levenshtein without transpositions, for "did you mean"; names are short. */
int vxg__word_distance(const char *a, const char *b) {
    int n = (int)strlen(a), m = (int)strlen(b), row[64];
    if (n > 60 || m > 60) return 99;
    for (int j = 0; j <= m; j++) row[j] = j;
    for (int i = 1; i <= n; i++) {
        int diagonal = row[0];
        row[0] = i;
        for (int j = 1; j <= m; j++) {
            int best = diagonal + (a[i - 1] != b[j - 1]);
            if (row[j] + 1 < best) best = row[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            diagonal = row[j];
            row[j] = best;
        }
    }
    return row[m];
}

static const vxg_option *find(const vxg_option *table, int count, const char *name) {
    for (int i = 0; i < count; i++) {
        if (!strcmp(table[i].name, name)) return &table[i];
        if (table[i].letter && name[0] == table[i].letter && !name[1]) return &table[i];
    }
    return NULL;
}

static int choice_index(const char *choices, const char *text) {
    size_t n = strlen(text);
    int index = 0;
    for (const char *p = choices; p && *p; index++) {
        const char *end = strchr(p, '|');
        size_t length = end ? (size_t)(end - p) : strlen(p);
        if (length == n && !strncmp(p, text, n)) return index;
        p = end ? end + 1 : NULL;
    }
    return -1;
}

static int parse_number(const char *text, const char **rest, double *out) {
    char *end;
    errno = 0;
    *out = vxg__number(text, &end);
    *rest = end;
    return end != text && !errno && isfinite(*out);
}

static int in_bounds(const vxg_option *o, double x) {
    return (o->min == 0 && o->max == 0) || (x >= o->min && x <= o->max);
}

/* "a", "a:b" or "a:b:step"; without a it begins at 0, without b it has no end. */
static int parse_range(const char *text, vxg_range *r) {
    const char *p = text;
    *r = (vxg_range){.stop = INFINITY};
    if (*p != ':' && !parse_number(text, &p, &r->start)) return 0;
    if (!*p && p != text) {
        r->stop = r->start;
        r->given = 1;
        return 1;
    }
    if (*p++ != ':') return 0;
    if (*p && *p != ':' && !parse_number(p, &p, &r->stop)) return 0;
    if (*p == ':' && (!parse_number(p + 1, &p, &r->step) || r->step <= 0)) return 0;
    r->given = 1;
    return !*p && r->stop > r->start;
}

static int bad(const vxg_option *o, const char *text, const char *expected) {
    char bounds[96] = "";
    if (o->min != 0 || o->max != 0)
        vxg__format(bounds, sizeof bounds, " from %.10g to %.10g", o->min, o->max);
    return vxg_error_set(VXG_ERR_ARGUMENT, "--%s: '%s' is not %s%s%s%s%s", o->name, text, expected,
                         bounds, o->unit ? " (" : "", o->unit ? o->unit : "", o->unit ? ")" : "");
}

static int set_row(const vxg_option *o, void *options, const char *text) {
    char *field = (char *)options + o->offset;
    const char *rest;
    double x;
    switch (o->type) {
    case VXG_OPT_FLAG:
        if (strcmp(text, "0") && strcmp(text, "1")) return bad(o, text, "0 or 1");
        *(int *)field = text[0] == '1';
        return VXG_OK;
    case VXG_OPT_INT:
        if (!parse_number(text, &rest, &x) || *rest || x != floor(x) || fabs(x) > 2147483647.0 ||
            !in_bounds(o, x))
            return bad(o, text, "a whole number");
        *(int *)field = (int)x;
        return VXG_OK;
    case VXG_OPT_REAL:
        if (!parse_number(text, &rest, &x) || *rest || !in_bounds(o, x))
            return bad(o, text, "a number");
        *(double *)field = x;
        return VXG_OK;
    case VXG_OPT_INT64:
        if (!parse_number(text, &rest, &x) || *rest || x != floor(x) ||
            fabs(x) > 9007199254740992.0 || !in_bounds(o, x))
            return bad(o, text, "a whole number");
        *(int64_t *)field = (int64_t)x;
        return VXG_OK;
    case VXG_OPT_FILE:
    case VXG_OPT_TEXT: *(const char **)field = text; return VXG_OK;
    case VXG_OPT_CHOICE: {
        int index = choice_index(o->choices, text);
        if (index < 0)
            VXG_FAIL(VXG_ERR_ARGUMENT, "--%s: '%s' is not one of %s", o->name, text, o->choices);
        *(int *)field = index;
        return VXG_OK;
    }
    case VXG_OPT_RANGE:
        if (!parse_range(text, (vxg_range *)field))
            return bad(
                o, text,
                "start:stop or start:stop:step with stop > start and step > 0; without start "
                "from 0, without stop to the end");
        return VXG_OK;
    }
    return VXG_ERR_ARGUMENT;
}

int vxg_options_set(const vxg_option *table, int count, void *options, const char *name,
                    const char *text) {
    VXG_FAIL_IF((count && !table) || !options || !name || !text, VXG_ERR_ARGUMENT,
                "options: table, options, name or text is NULL");
    const vxg_option *o = find(table, count, name);
    if (o) return set_row(o, options, text);
    int best = 4;
    for (int i = 0; i < count; i++) {
        int d = vxg__word_distance(name, table[i].name);
        if (d < best) best = d, o = &table[i];
    }
    if (o) VXG_FAIL(VXG_ERR_ARGUMENT, "unknown option --%s (did you mean --%s?)", name, o->name);
    VXG_FAIL(VXG_ERR_ARGUMENT, "unknown option --%s", name);
}

int vxg_options_defaults(const vxg_option *table, int count, void *options) {
    VXG_FAIL_IF((count && !table) || !options, VXG_ERR_ARGUMENT,
                "options: table or options is NULL");
    for (int i = 0; i < count; i++)
        if (table[i].fallback) VXG_TRY(set_row(&table[i], options, table[i].fallback));
    return VXG_OK;
}

int vxg_options_check(const vxg_option *table, int count) {
    VXG_FAIL_IF(count && !table, VXG_ERR_ARGUMENT, "options: table is NULL");
    for (int i = 0; i < count; i++) {
        const vxg_option *o = &table[i];
        union {
            int i;
            double d;
            const char *s;
            vxg_range r;
            int64_t n;
        } scratch = {0};
        vxg_option moved = *o;
        moved.offset = 0;
        VXG_FAIL_IF(!o->name || !o->help, VXG_ERR_ARGUMENT, "row %d lacks a name or help", i);
        VXG_FAIL_IF(o->type == VXG_OPT_CHOICE && (!o->choices || !o->fallback), VXG_ERR_ARGUMENT,
                    "--%s: a choice needs choices and a default", o->name);
        VXG_FAIL_IF(o->min > o->max, VXG_ERR_ARGUMENT, "--%s: bounds are reversed", o->name);
        if (o->fallback) VXG_TRY(set_row(&moved, &scratch, o->fallback));
        for (int j = 0; j < i; j++) {
            VXG_FAIL_IF(!strcmp(o->name, table[j].name), VXG_ERR_ARGUMENT, "--%s stands twice",
                        o->name);
            VXG_FAIL_IF(o->letter && o->letter == table[j].letter, VXG_ERR_ARGUMENT,
                        "-%c stands twice", o->letter);
        }
    }
    return VXG_OK;
}

int vxg_options_text(const vxg_option *o, const void *options, char *out, size_t size) {
    const char *field = (const char *)options + o->offset;
    switch (o->type) {
    case VXG_OPT_FLAG:
    case VXG_OPT_INT: return snprintf(out, size, "%d", *(const int *)field);
    case VXG_OPT_REAL: return vxg__format(out, size, "%.17g", *(const double *)field);
    case VXG_OPT_INT64: return snprintf(out, size, "%lld", (long long)*(const int64_t *)field);
    case VXG_OPT_FILE:
    case VXG_OPT_TEXT: {
        const char *s = *(const char *const *)field;
        return snprintf(out, size, "%s", s ? s : "");
    }
    case VXG_OPT_CHOICE: {
        const char *p = o->choices;
        for (int i = *(const int *)field; i > 0 && p; i--)
            p = strchr(p, '|') ? strchr(p, '|') + 1 : p;
        return snprintf(out, size, "%.*s", (int)strcspn(p, "|"), p);
    }
    case VXG_OPT_RANGE: {
        const vxg_range *r = (const vxg_range *)field;
        if (!r->given) return snprintf(out, size, "%s", "");
        if (r->start == r->stop) return vxg__format(out, size, "%.17g", r->start);
        char stop[40] = "", step[40] = "";
        if (isfinite(r->stop)) vxg__format(stop, sizeof stop, "%.17g", r->stop);
        if (r->step != 0) vxg__format(step, sizeof step, ":%.17g", r->step);
        return vxg__format(out, size, "%.17g:%s%s", r->start, stop, step);
    }
    }
    return 0;
}
