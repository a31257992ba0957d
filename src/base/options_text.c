/* Whole structs of options as text and back: lines `name = value` or a JSON object. */
#include "base/json.h"
#include "base/options.h"

#include <stdio.h>
#include <string.h>

/* ---- Writing ---- */

static int is_text(const vxg_option *o) {
    return o->type == VXG_OPT_TEXT || o->type == VXG_OPT_FILE || o->type == VXG_OPT_OUTPUT;
}

/* JSON holds characters alone; a line holds whatever bytes a file's name has. */
static int is_json_text(const vxg_option *o, const char *field) {
    const vxg_words *w = (const vxg_words *)(const void *)field;
    if (is_text(o)) return vxg__json_is_utf8(*(const char *const *)(const void *)field);
    for (int64_t i = 0; o->type == VXG_OPT_WORDS && i < w->count; i++)
        if (!vxg__json_is_utf8(w->value[i])) return 0;
    return 1;
}

/* Whether reading gives the field back as it is. */
static int check_field(const vxg_option *o, const void *options, const char *name, int json) {
    VXG_FAIL_IF(json && !is_json_text(o, (const char *)options + o->offset), VXG_ERR_ARGUMENT,
                "%s: is not UTF-8, which JSON needs", name);
    return is_text(o) ? VXG_OK : vxg__option_comes_back(o, options, name);
}

/* A text that a line would not give back as it is. */
static int needs_quotes(const char *s) {
    const size_t n = strlen(s);
    if (!n || *s == '"' || *s == ' ' || s[n - 1] == ' ') return 1;
    for (; *s; s++)
        if ((unsigned char)*s < ' ' || *s == 127) return 1;
    return 0;
}

static void add_quoted(vxg_text *t, const char *s) {
    const size_t n = vxg__option_quote(s, NULL, 0) + 1;
    char *room = vxg__calloc(n, 1);
    if (!room) {
        t->failed = 1;
        return;
    }
    vxg__option_quote(s, room, n);
    vxg__text_append(t, room, n - 1);
    vxg__free(room);
}

static void add_plain(vxg_text *t, const vxg_option *o, const void *options) {
    const int n = vxg_options_text(o, options, NULL, 0);
    char *room = vxg__calloc((size_t)n + 1, 1);
    if (!room) {
        t->failed = 1;
        return;
    }
    vxg_options_text(o, options, room, (size_t)n + 1);
    vxg__text_append(t, room, (size_t)n);
    vxg__free(room);
}

static void add_json_list(vxg_text *t, const vxg_option *o, const char *field) {
    const vxg_words *w = (const vxg_words *)(const void *)field;
    vxg__text_add(t, "[");
    for (int64_t i = 0; i < w->count; i++) {
        if (i) vxg__text_add(t, ", ");
        if (o->type == VXG_OPT_WORDS) {
            add_quoted(t, w->value[i]);
        } else if (o->type == VXG_OPT_NUMBERS) {
            vxg__text_add(t, "%.17g", ((const vxg_numbers *)(const void *)field)->value[i]);
        } else {
            const vxg_option one = {.type = VXG_OPT_RANGE};
            vxg__text_add(t, "\"");
            add_plain(t, &one, &((const vxg_ranges *)(const void *)field)->value[i]);
            vxg__text_add(t, "\"");
        }
    }
    vxg__text_add(t, "]");
}

static void add_json_value(vxg_text *t, const vxg_option *o, const void *options) {
    const char *field = (const char *)options + o->offset;
    if (is_text(o)) {
        add_quoted(t, *(const char *const *)(const void *)field);
    } else if (o->type == VXG_OPT_FLAG) {
        vxg__text_add(t, *(const int *)(const void *)field ? "true" : "false");
    } else if (vxg__option_is_list(o)) {
        add_json_list(t, o, field);
    } else {
        const int word =
            o->type == VXG_OPT_CHOICE || o->type == VXG_OPT_RANGE || o->type == VXG_OPT_SPAN;
        const char *open = word ? "\"" : o->count ? "[" : "";
        vxg__text_add(t, "%s", open);
        add_plain(t, o, options);
        vxg__text_add(t, "%s", *open == '[' ? "]" : open);
    }
}

static int write_json(const vxg_option *table, int count, const void *options, const char *before,
                      int depth, vxg_text *t) {
    int n = 0;
    vxg__text_add(t, "{");
    for (int i = 0; i < count; i++) {
        const vxg_option *o = &table[i];
        char full[VXG__OPTION_NAME];
        if (vxg__option_absent(o, options)) continue;
        VXG_TRY(vxg__option_join(o, before, full));
        vxg__text_add(t, "%s\n%*s\"%s\": ", n++ ? "," : "", 2 * depth, "", o->name);
        if (o->type == VXG_OPT_GROUP) {
            VXG_TRY(write_json(o->part, o->count, (const char *)options + o->offset, full,
                               depth + 1, t));
        } else {
            VXG_TRY(check_field(o, options, full, 1));
            add_json_value(t, o, options);
        }
    }
    vxg__text_add(t, n ? "\n%*s}" : "%*s}", n ? 2 * (depth - 1) : 0, "");
    return VXG_OK;
}

static int write_lines(const vxg_option *table, int count, const void *options, const char *before,
                       vxg_text *t) {
    for (int i = 0; i < count; i++) {
        const vxg_option *o = &table[i];
        char full[VXG__OPTION_NAME];
        VXG_TRY(vxg__option_join(o, before, full));
        if (o->type == VXG_OPT_GROUP) {
            VXG_TRY(write_lines(o->part, o->count, (const char *)options + o->offset, full, t));
            continue;
        }
        if (vxg__option_absent(o, options)) continue;
        VXG_TRY(check_field(o, options, full, 0));
        vxg__text_add(t, "%s = ", full);
        const char *text =
            is_text(o) ? *(const char *const *)(const void *)((const char *)options + o->offset)
                       : NULL;
        if (text && needs_quotes(text)) {
            add_quoted(t, text);
        } else {
            add_plain(t, o, options);
        }
        vxg__text_add(t, "\n");
    }
    return VXG_OK;
}

int vxg_options_write(const vxg_option *table, int count, const void *options,
                      vxg_options_form form, char **out) {
    VXG_FAIL_IF((count && !table) || !options || !out, VXG_ERR_ARGUMENT,
                "options: table, options or out is NULL");
    *out = NULL;
    VXG_FAIL_IF(form != VXG_OPTIONS_LINES && form != VXG_OPTIONS_JSON, VXG_ERR_ARGUMENT,
                "options: %d is no form", (int)form);
    vxg_text t = {0};
    int status = form == VXG_OPTIONS_JSON ? write_json(table, count, options, "", 1, &t)
                                          : write_lines(table, count, options, "", &t);
    if (form == VXG_OPTIONS_JSON) vxg__text_add(&t, "\n");
    vxg__text_append(&t, "", 0); /* an empty table is an empty text */
    if (!status && t.failed) status = VXG_ERR_MEMORY;
    if (status) {
        vxg__text_free(&t);
        return status;
    }
    *out = t.s;
    return VXG_OK;
}

/* ---- Reading: into a copy of the fields, which becomes the struct when all is well ---- */
typedef struct reader {
    const vxg_option *table;
    int count;
    const char *title;
    char *copy; /* of the struct, as far as the table reaches; lists that were not read: -1 */
    char *room; /* where the next text goes, in the block of texts */
    int line;   /* 0: JSON */
    char **names;
    int64_t nnames, most;
} reader;

typedef void list_fn(const vxg_option *row, void *copy, void *options);

static void each_list(const vxg_option *table, int count, char *copy, char *options, list_fn *fn) {
    for (int i = 0; i < count; i++) {
        const vxg_option *o = &table[i];
        if (o->type == VXG_OPT_GROUP)
            each_list(o->part, o->count, copy + o->offset, options + o->offset, fn);
        else if (vxg__option_is_list(o))
            fn(o, copy + o->offset, options + o->offset);
    }
}

static void list_unset(const vxg_option *o, void *copy, void *options) {
    static const vxg_words none = {-1, NULL};
    (void)o, (void)options;
    memcpy(copy, &none, sizeof none);
}
static void list_drop(const vxg_option *o, void *copy, void *options) {
    (void)o, (void)options;
    vxg__option_list_free(copy);
}
static void list_take(const vxg_option *o, void *copy, void *options) {
    (void)o;
    if (((const vxg_words *)copy)->count < 0) {
        memcpy(copy, options, sizeof(vxg_words));
    } else {
        vxg__option_list_free(options);
    }
}

/* Bytes of a struct that its table reaches. */
static size_t reach(const vxg_option *table, int count) {
    size_t most = 0;
    for (int i = 0; i < count; i++) {
        const vxg_option *o = &table[i];
        const size_t n = o->offset + (o->type == VXG_OPT_GROUP ? reach(o->part, o->count)
                                                               : vxg__option_bytes(o));
        if (n > most) most = n;
    }
    return most;
}

static void copy_fields(const vxg_option *table, int count, char *to, const char *from) {
    for (int i = 0; i < count; i++) {
        const vxg_option *o = &table[i];
        if (o->type == VXG_OPT_GROUP)
            copy_fields(o->part, o->count, to + o->offset, from + o->offset);
        else
            memcpy(to + o->offset, from + o->offset, vxg__option_bytes(o));
    }
}

static int failed(const reader *r, int status) {
    if (status == VXG_ERR_MEMORY) return status;
    if (r->line) return vxg_error_context(VXG_ERR_INPUT, "%s: line %d", r->title, r->line);
    return vxg_error_context(VXG_ERR_INPUT, "%s", r->title);
}

static int set_named(reader *r, const char *name, const char *text) {
    void *at = r->copy;
    const vxg_option *o = vxg__option_find(r->table, r->count, name, &at);
    if (!o || (!name[1] && strcmp(o->name, name) != 0)) /* letters are the command's */
        return failed(r, vxg__option_unknown(r->table, r->count, "", name));
    for (int64_t i = 0; i < r->nnames; i++)
        if (!strcmp(r->names[i], name))
            return failed(r, vxg_error_set(VXG_ERR_INPUT, "%s stands twice", name));
    if (r->nnames == r->most) {
        const int64_t more = r->most ? 2 * r->most : 32;
        char **names = vxg__realloc(r->names, (size_t)more, sizeof *names);
        if (!names) return VXG_ERR_MEMORY;
        r->names = names, r->most = more;
    }
    if (!(r->names[r->nnames] = vxg__strdup(name))) return VXG_ERR_MEMORY;
    r->nnames++;
    if (is_text(o)) { /* texts stay in the block, which is as long as the whole text */
        const size_t n = strlen(text) + 1;
        memmove(r->room, text, n);
        text = r->room;
        r->room += n;
    }
    const int status = vxg__option_set(o, at, name, text);
    return status ? failed(r, status) : VXG_OK;
}

/* ---- Lines ---- */
static char *trim(char *s) {
    while (*s == ' ' || *s == '\t') s++;
    size_t n = strlen(s);
    while (n && strchr(" \t\r", s[n - 1])) s[--n] = 0;
    return s;
}

static int read_line(reader *r, char *line) {
    line = trim(line);
    if (!*line || *line == '#') return VXG_OK;
    char *equals = strchr(line, '=');
    if (!equals)
        return failed(r, vxg_error_set(VXG_ERR_INPUT, "'%s' is not name = value", VXG_SHOW(line)));
    *equals = 0;
    char *name = trim(line), *value = trim(equals + 1);
    void *at = r->copy;
    const vxg_option *o = vxg__option_find(r->table, r->count, name, &at);
    if (o && is_text(o) && *value == '"') {
        const char *p = value;
        char *end = vxg__option_unquote(&p, value);
        if (!end || *p)
            return failed(r, vxg_error_set(VXG_ERR_INPUT, "%s: the quoted text is no JSON", name));
    }
    return set_named(r, name, value);
}

static int read_lines(reader *r, const char *text) {
    int status = VXG_OK;
    char *own = vxg__strdup(text);
    if (!own) return VXG_ERR_MEMORY;
    for (char *p = own; p && !status;) {
        char *end = strchr(p, '\n');
        if (end) *end = 0;
        r->line++;
        status = read_line(r, p);
        p = end ? end + 1 : NULL;
    }
    vxg__free(own);
    return status;
}

/* ---- JSON: values become the texts that the setter takes ---- */
static int json_text(reader *r, const char *name, const vxg_json *v, int quoted, vxg_text *t) {
    switch (vxg__json_kind(v)) {
    case VXG_JSON_BOOL: vxg__text_add(t, "%d", vxg__json_bool(v)); return VXG_OK;
    case VXG_JSON_NUMBER: vxg__text_add(t, "%s", vxg__json_digits(v)); return VXG_OK;
    case VXG_JSON_TEXT:
        if (quoted) {
            add_quoted(t, vxg__json_text(v));
        } else {
            vxg__text_append(t, vxg__json_text(v), strlen(vxg__json_text(v)));
        }
        return VXG_OK;
    default: return failed(r, vxg_error_set(VXG_ERR_INPUT, "%s: null, or a list or object", name));
    }
}

/* A value of the wrong kind is refused, not made to fit: "1" is no number, 1 no flag. */
static int kind_fits(const vxg_option *o, const vxg_json *v) {
    const vxg_json_kind kind = vxg__json_kind(v);
    switch (o->type) {
    case VXG_OPT_FLAG: return kind == VXG_JSON_BOOL;
    case VXG_OPT_INT:
    case VXG_OPT_REAL:
    case VXG_OPT_INT64: return kind == (o->count ? VXG_JSON_LIST : VXG_JSON_NUMBER);
    case VXG_OPT_NUMBERS:
    case VXG_OPT_RANGES:
    case VXG_OPT_WORDS: return kind == VXG_JSON_LIST;
    default: return kind == VXG_JSON_TEXT;
    }
}

static int element_fits(const vxg_option *o, const vxg_json *v) {
    const int words = o->type == VXG_OPT_RANGES || o->type == VXG_OPT_WORDS;
    return vxg__json_kind(v) == (words ? VXG_JSON_TEXT : VXG_JSON_NUMBER);
}

static int read_value(reader *r, const vxg_option *o, const char *name, const vxg_json *v) {
    static const char *const words[] = {"true or false", "a list", "a number", "a text"};
    vxg_text t = {0};
    int status = VXG_OK, i = 0, good = kind_fits(o, v);
    const int list = vxg__option_is_list(o) || o->count;
    if (good && list)
        for (const vxg_json *e = vxg__json_first(v); e; e = vxg__json_next(e))
            good &= element_fits(o, e);
    if (!good) {
        const int number =
            o->type == VXG_OPT_INT || o->type == VXG_OPT_REAL || o->type == VXG_OPT_INT64;
        return failed(r, vxg_error_set(VXG_ERR_INPUT, "%s: not %s", name,
                                       words[o->type == VXG_OPT_FLAG ? 0
                                             : list                  ? 1
                                             : number                ? 2
                                                                     : 3]));
    }
    vxg__text_append(&t, "", 0);
    if (list) {
        for (const vxg_json *e = vxg__json_first(v); e && !status; e = vxg__json_next(e)) {
            if (i++) vxg__text_add(&t, ",");
            status = json_text(r, name, e, o->type == VXG_OPT_WORDS, &t);
        }
    } else {
        status = json_text(r, name, v, 0, &t);
    }
    if (!status) status = t.failed ? VXG_ERR_MEMORY : set_named(r, name, t.s);
    vxg__text_free(&t);
    return status;
}

static int read_object(reader *r, const vxg_option *table, int count, const char *before,
                       const vxg_json *object) {
    for (const vxg_json *v = vxg__json_first(object); v; v = vxg__json_next(v)) {
        char name[VXG__OPTION_NAME];
        const char *key = vxg__json_key(v);
        const vxg_option *o = NULL;
        void *at = r->copy;
        vxg__format(name, sizeof name, "%s%s", before, VXG_SHOW(key));
        for (int i = 0; i < count; i++)
            if (!strcmp(table[i].name, key)) o = &table[i];
        if (!o && strchr(key, '.') && vxg__option_find(table, count, key, &at))
            return failed(r, vxg_error_set(VXG_ERR_INPUT,
                                           "%s: in JSON a group is an object inside the object, no "
                                           "name with a dot",
                                           name));
        if (!o) return failed(r, vxg__option_unknown(r->table, r->count, "", name));
        if (o->type != VXG_OPT_GROUP) {
            VXG_TRY(read_value(r, o, name, v));
            continue;
        }
        if (vxg__json_kind(v) != VXG_JSON_OBJECT)
            return failed(r, vxg_error_set(VXG_ERR_INPUT, "%s: not an object", name));
        VXG_TRY(vxg__option_join(o, before, name));
        VXG_TRY(read_object(r, o->part, o->count, name, v));
    }
    return VXG_OK;
}

static int read_json(reader *r, const char *text) {
    vxg_json *tree = NULL;
    VXG_TRY(vxg__json_parse(text, strlen(text), r->title, 1 << 22, &tree));
    const int status = read_object(r, r->table, r->count, "", tree);
    vxg__json_free(tree);
    return status;
}

int vxg_options_read(const vxg_option *table, int count, void *options, const char *text,
                     const char *title, char **kept) {
    VXG_FAIL_IF((count && !table) || !options || !text || !title || !kept, VXG_ERR_ARGUMENT,
                "options: table, options, text, title or kept is NULL");
    const size_t bytes = reach(table, count);
    reader r = {.table = table, .count = count, .title = title};
    char *texts = vxg__calloc(strlen(text) + 2, 1);
    r.copy = vxg__calloc(bytes + 1, 1);
    r.room = texts;
    *kept = NULL;
    int status = texts && r.copy ? VXG_OK : VXG_ERR_MEMORY;
    if (!status) {
        copy_fields(table, count, r.copy, options);
        each_list(table, count, r.copy, options, list_unset);
        status = text[strspn(text, " \t\r\n")] == '{' ? read_json(&r, text) : read_lines(&r, text);
        each_list(table, count, r.copy, options, status ? list_drop : list_take);
    }
    if (!status) {
        copy_fields(table, count, options, r.copy);
        *kept = texts;
    } else {
        vxg__free(texts);
    }
    for (int64_t i = 0; i < r.nnames; i++) vxg__free(r.names[i]);
    vxg__free(r.names);
    vxg__free(r.copy);
    return status;
}
