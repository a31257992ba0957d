/* Option tables: one description drives flags, help, man pages, completion and provenance. */
#include "base/options.h"

#include <stdio.h>
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

/* The rest of a name behind "group."; NULL: it is not in that group. */
static const char *inside(const vxg_option *row, const char *name) {
    const size_t n = strlen(row->name);
    if (row->type != VXG_OPT_GROUP || strncmp(row->name, name, n) != 0 || name[n] != '.')
        return NULL;
    return name + n + 1;
}

const vxg_option *vxg__option_find(const vxg_option *table, int count, const char *name,
                                   void **options) {
    for (int i = 0; i < count; i++) {
        const vxg_option *o = &table[i];
        const char *rest = inside(o, name);
        if (rest) {
            *options = (char *)*options + o->offset;
            return vxg__option_find(o->part, o->count, rest, options);
        }
        if (o->type == VXG_OPT_GROUP) continue;
        if (!strcmp(o->name, name)) return o;
        if (o->letter && name[0] == o->letter && !name[1]) return o;
    }
    return NULL;
}

int vxg__option_join(const vxg_option *o, const char *before, char out[VXG__OPTION_NAME]) {
    const char *dot = o->type == VXG_OPT_GROUP ? "." : "";
    const int n = vxg__format(out, VXG__OPTION_NAME, "%s%s%s", before, o->name, dot);
    VXG_FAIL_IF(n >= VXG__OPTION_NAME, VXG_ERR_ARGUMENT,
                "%s%s: a name and its groups have more than %d letters", before, o->name,
                VXG__OPTION_NAME - 1);
    return VXG_OK;
}

/* The name next to `name`, at most `*best` letters off, into found. */
static void nearest(const vxg_option *table, int count, const char *before, const char *name,
                    int *best, char *found, size_t size) {
    for (int i = 0; i < count; i++) {
        char full[VXG__OPTION_NAME];
        if (vxg__option_join(&table[i], before, full)) continue;
        if (table[i].type == VXG_OPT_GROUP) {
            nearest(table[i].part, table[i].count, full, name, best, found, size);
            continue;
        }
        const int d = vxg__word_distance(name, full);
        if (d >= *best) continue;
        *best = d;
        vxg__format(found, size, "%s", full);
    }
}

int vxg__option_unknown(const vxg_option *table, int count, const char *dashes, const char *name) {
    char found[VXG__OPTION_NAME] = "";
    int best = 4;
    nearest(table, count, "", name, &best, found, sizeof found);
    if (*found)
        VXG_FAIL(VXG_ERR_ARGUMENT, "unknown option %s%s (did you mean %s%s?)", dashes, name, dashes,
                 found);
    VXG_FAIL(VXG_ERR_ARGUMENT, "unknown option %s%s", dashes, name);
}

int vxg_options_set(const vxg_option *table, int count, void *options, const char *name,
                    const char *text) {
    VXG_FAIL_IF((count && !table) || !options || !name || !text, VXG_ERR_ARGUMENT,
                "options: table, options, name or text is NULL");
    char label[VXG__OPTION_NAME + 2];
    const vxg_option *o = vxg__option_find(table, count, name, &options);
    if (!o) return vxg__option_unknown(table, count, "--", name);
    vxg__format(label, sizeof label, "--%s", name[1] ? name : o->name); /* -x is told in full */
    return vxg__option_set(o, options, label, text);
}

int vxg_options_defaults(const vxg_option *table, int count, void *options) {
    VXG_FAIL_IF((count && !table) || !options, VXG_ERR_ARGUMENT,
                "options: table or options is NULL");
    for (int i = 0; i < count; i++) {
        const vxg_option *o = &table[i];
        if (o->type == VXG_OPT_GROUP)
            VXG_TRY(vxg_options_defaults(o->part, o->count, (char *)options + o->offset));
        else if (o->fallback)
            VXG_TRY(vxg__option_set(o, options, o->name, o->fallback));
    }
    return VXG_OK;
}

void vxg_options_free(const vxg_option *table, int count, void *options) {
    for (int i = 0; options && table && i < count; i++) {
        void *field = (char *)options + table[i].offset;
        if (table[i].type == VXG_OPT_GROUP)
            vxg_options_free(table[i].part, table[i].count, field);
        else if (vxg__option_is_list(&table[i]))
            vxg__option_list_free(field);
    }
}

/* ---- Checks of a table ---- */
static int check_fallback(const vxg_option *o) {
    double scratch[32] = {0}; /* of more than any one field */
    vxg_option moved = *o;
    moved.offset = 0;
    VXG_FAIL_IF(vxg__option_bytes(o) == 0 || vxg__option_bytes(o) > sizeof scratch,
                VXG_ERR_ARGUMENT, "--%s: no such type, or more than 32 numbers", o->name);
    if (!o->fallback) return VXG_OK;
    char label[96];
    vxg__format(label, sizeof label, "--%s", o->name);
    const int status = vxg__option_set(&moved, scratch, label, o->fallback);
    if (vxg__option_is_list(o)) vxg__option_list_free(scratch);
    return status;
}

static int check_table(const vxg_option *table, int count, const char *before, int level);

/* `level` bounds a table that holds itself, too. */
static int check_group(const vxg_option *o, const char *full, int level) {
    VXG_FAIL_IF(level == VXG__OPTION_LEVELS, VXG_ERR_ARGUMENT, "%s: more than %d structs inside",
                o->name, VXG__OPTION_LEVELS);
    const int status = check_table(o->part, o->count, full, level + 1);
    return status ? vxg_error_context(status, "%s", o->name) : VXG_OK;
}

static int check_row(const vxg_option *o, int i, const char *before, int level) {
    char full[VXG__OPTION_NAME];
    const int group = o->type == VXG_OPT_GROUP;
    VXG_FAIL_IF(!o->name || !o->help, VXG_ERR_ARGUMENT, "row %d lacks a name or help", i);
    VXG_FAIL_IF(!*o->name || strlen(o->name) > 40 || strpbrk(o->name, ".= \t\n\"#{"),
                VXG_ERR_ARGUMENT, "row %d: '%s' is no name", i, o->name);
    VXG_FAIL_IF(o->type == VXG_OPT_CHOICE && (!o->choices || !o->fallback), VXG_ERR_ARGUMENT,
                "--%s: a choice needs choices and a default", o->name);
    VXG_FAIL_IF(!(o->min <= o->max), VXG_ERR_ARGUMENT, "--%s: bounds are reversed", o->name);
    VXG_FAIL_IF(o->count < 0 || o->reserved0 || (group ? !o->part : o->part != NULL),
                VXG_ERR_ARGUMENT, "--%s: part, count or a reserved word", o->name);
    VXG_FAIL_IF(o->count && !group && o->type != VXG_OPT_INT && o->type != VXG_OPT_REAL &&
                    o->type != VXG_OPT_INT64,
                VXG_ERR_ARGUMENT, "--%s: a count goes with numbers", o->name);
    VXG_TRY(vxg__option_join(o, before, full));
    return group ? check_group(o, full, level) : check_fallback(o);
}

static int check_table(const vxg_option *table, int count, const char *before, int level) {
    for (int i = 0; i < count; i++) {
        const vxg_option *o = &table[i];
        VXG_TRY(check_row(o, i, before, level));
        for (int j = 0; j < i; j++) {
            VXG_FAIL_IF(!strcmp(o->name, table[j].name), VXG_ERR_ARGUMENT, "--%s stands twice",
                        o->name);
            VXG_FAIL_IF(o->letter && o->letter == table[j].letter, VXG_ERR_ARGUMENT,
                        "-%c stands twice", o->letter);
        }
    }
    return VXG_OK;
}

int vxg_options_check(const vxg_option *table, int count) {
    VXG_FAIL_IF(count < 0 || (count && !table), VXG_ERR_ARGUMENT,
                "options: table is NULL or count negative");
    return check_table(table, count, "", 1);
}
