/* Values of options from texts and back to texts. */
#include "base/options.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MOST_ELEMENTS = 1 << 20 };
#define MOST_INT 2147483647.0
#define MOST_WHOLE 9007199254740992.0 /* 2^53 */

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

/* "a", "a:b" or "a:b:step"; without a it begins at 0, without b it has no end. *rest: behind it. */
static int parse_range(const char *text, const char **rest, vxg_range *r) {
    const char *p = text;
    *r = (vxg_range){.stop = INFINITY};
    if (*p != ':' && !parse_number(text, &p, &r->start)) return 0;
    *rest = p;
    r->given = 1;
    if (*p != ':') {
        r->stop = r->start;
        return p != text;
    }
    p++;
    if (*p && *p != ':' && *p != ',' && !parse_number(p, &p, &r->stop)) return 0;
    if (*p == ':' && (!parse_number(p + 1, &p, &r->step) || r->step <= 0)) return 0;
    *rest = p;
    return r->stop > r->start;
}

/* A number that is refused for its size alone. */
static const char *too_large(const vxg_option *o, const char *text) {
    char *end;
    errno = 0;
    const double x = fabs(vxg__number(text, &end));
    if (end == text) return "";
    if (o->type == VXG_OPT_INT) return x > MOST_INT ? " (at most 2147483647)" : "";
    if (o->type == VXG_OPT_INT64) return x >= MOST_WHOLE ? " (at most 2^53)" : "";
    return errno ? " (0 or in size from 2.3e-308 to 1.7e308)" : "";
}

/* `at` is where a number of the text begins that is at fault; NULL: it is no number alone. */
static int bad(const vxg_option *o, const char *label, const char *text, const char *expected,
               const char *at) {
    char bounds[96] = "";
    const double most = 1e12; /* nobody means this: there is no upper bound */
    if (o->min > -most && o->max >= most)
        vxg__format(bounds, sizeof bounds, ", %.10g or more", o->min);
    else if (o->max < most && (o->min != 0 || o->max != 0))
        vxg__format(bounds, sizeof bounds, " from %.10g to %.10g", o->min, o->max);
    else if (at)
        vxg__format(bounds, sizeof bounds, "%s", too_large(o, at));
    return vxg_error_set(VXG_ERR_ARGUMENT, "%s: '%.200s' is not %s%s%s%s%s", label, text, expected,
                         bounds, o->unit ? " (" : "", o->unit ? o->unit : "", o->unit ? ")" : "");
}

/* ---- Numbers, one or an array ---- */
static int is_whole(const vxg_option *o, double x) {
    if (o->type == VXG_OPT_REAL) return 1;
    return x == floor(x) && fabs(x) <= (o->type == VXG_OPT_INT ? MOST_INT : MOST_WHOLE);
}

/* 9007199254740993 becomes 2^53 when it is read: a number of that value has its digits, or is none.
 */
static int rounded(const char *text, const char *end, double x) {
    static const char most[] = "9007199254740992";
    size_t n = 0;
    if (fabs(x) != MOST_WHOLE) return 0;
    for (; text < end && *text != 'e' && *text != 'E'; text++) {
        if (*text < '0' || *text > '9' || (!n && *text == '0')) continue;
        if (n < sizeof most - 1 ? *text != most[n] : *text != '0') return 1;
        n++;
    }
    return n < sizeof most - 1;
}

static void store(const vxg_option *o, char *field, int i, double x) {
    if (o->type == VXG_OPT_INT) {
        ((int *)(void *)field)[i] = (int)x;
    } else if (o->type == VXG_OPT_INT64) {
        ((int64_t *)(void *)field)[i] = (int64_t)x;
    } else {
        ((double *)(void *)field)[i] = x;
    }
}

static double load(const vxg_option *o, const char *field, int i) {
    if (o->type == VXG_OPT_INT) return ((const int *)(const void *)field)[i];
    if (o->type == VXG_OPT_INT64) return (double)((const int64_t *)(const void *)field)[i];
    return ((const double *)(const void *)field)[i];
}

/* All of them are looked at before the first is stored. */
static int set_numbers(const vxg_option *o, char *field, const char *label, const char *text) {
    const int n = o->count ? o->count : 1;
    const char *whole = o->type == VXG_OPT_REAL ? "" : "whole ";
    char what[64];
    vxg__format(what, sizeof what, "a %snumber", whole);
    if (o->count) vxg__format(what, sizeof what, "%d %snumbers separated by commas", n, whole);
    for (int pass = 0; pass < 2; pass++) {
        const char *p = text;
        for (int i = 0; i < n; i++) {
            const char *at = p;
            double x;
            if (!parse_number(p, &p, &x) || *p != (i + 1 < n ? ',' : 0) || !is_whole(o, x) ||
                !in_bounds(o, x) || (o->type != VXG_OPT_REAL && rounded(at, p, x)))
                return bad(o, label, text, what, at);
            if (pass) store(o, field, i, x);
            p++;
        }
    }
    return VXG_OK;
}

static int set_span(const vxg_option *o, char *field, const char *label, const char *text) {
    static const char *const expected =
        "start:stop in whole numbers with stop > start and without a step; without start from 0, "
        "without stop to the end";
    vxg_range r;
    const char *rest, *colon = strchr(text, ':');
    if (!parse_range(text, &rest, &r) || *rest || r.step != 0)
        return bad(o, label, text, expected, NULL);
    const double end = r.start == r.stop ? r.start + 1 : isinf(r.stop) ? 0 : r.stop;
    if (r.start != floor(r.start) || end != floor(end) || r.start < 0 || r.start > MOST_WHOLE ||
        end > MOST_WHOLE || !in_bounds(o, r.start) || !in_bounds(o, end))
        return bad(o, label, text, expected, NULL);
    const int beyond = (end != 0 && end <= r.start) || /* 2^53 + 1 is no double */
                       rounded(text, colon ? colon : rest, r.start) ||
                       (colon && rounded(colon + 1, rest, r.stop));
    if (beyond) return bad(o, label, text, "up to 2^53", NULL);
    const int64_t both[2] = {(int64_t)r.start, (int64_t)end};
    memcpy(field, both, sizeof both);
    return VXG_OK;
}

/* ---- Lists ---- */
int vxg__option_is_list(const vxg_option *row) {
    return row->type == VXG_OPT_NUMBERS || row->type == VXG_OPT_RANGES ||
           row->type == VXG_OPT_WORDS;
}

void vxg__option_list_free(void *list) {
    vxg_words own; /* the three kinds have one layout: a count and a pointer */
    _Static_assert(sizeof(vxg_numbers) == sizeof own && sizeof(vxg_ranges) == sizeof own, "");
    memcpy(&own, list, sizeof own);
    vxg__free(own.value);
    memset(list, 0, sizeof own);
}

static void take_list(char *field, int64_t n, void *value) {
    vxg__option_list_free(field);
    if (n) {
        const vxg_words list = {n, value};
        memcpy(field, &list, sizeof list);
    } else {
        vxg__free(value);
    }
}

static int64_t commas(const char *text) {
    int64_t n = *text != 0;
    for (; *text; text++) n += *text == ',';
    return n;
}

static int set_list(const vxg_option *o, char *field, const char *label, const char *text) {
    const int ranges = o->type == VXG_OPT_RANGES;
    const int64_t n = commas(text);
    VXG_FAIL_IF(n > MOST_ELEMENTS, VXG_ERR_ARGUMENT, "%s: more than %d elements", label,
                MOST_ELEMENTS);
    const size_t bytes = ranges ? sizeof(vxg_range) : sizeof(double);
    char *value = vxg__calloc((size_t)n + 1, bytes);
    if (!value) return VXG_ERR_MEMORY;
    const char *p = text;
    for (int64_t i = 0; i < n; i++) {
        char *at = value + (size_t)i * bytes;
        vxg_range r;
        double x;
        const char *begin = p;
        const int good = ranges ? parse_range(p, &p, &r) : parse_number(p, &p, &x);
        if (!good || *p != (i + 1 < n ? ',' : 0) || (!ranges && !in_bounds(o, x))) {
            vxg__free(value);
            return bad(o, label, text,
                       ranges ? "a list of ranges start:stop[:step] with stop > start and step > "
                                "0, separated by commas"
                              : "a list of numbers separated by commas",
                       ranges ? NULL : begin);
        }
        memcpy(at, ranges ? (const void *)&r : (const void *)&x, bytes);
        p++;
    }
    take_list(field, n, value);
    return VXG_OK;
}

/* Words stand behind the pointers to them, in one block. */
static int set_words(const vxg_option *o, char *field, const char *label, const char *text) {
    const int64_t most = commas(text);
    VXG_FAIL_IF(most > MOST_ELEMENTS, VXG_ERR_ARGUMENT, "%s: more than %d elements", label,
                MOST_ELEMENTS);
    const size_t room = strlen(text) + 2;
    char **value = vxg__calloc(1, ((size_t)most + 1) * sizeof *value + room);
    if (!value) return VXG_ERR_MEMORY;
    char *out = (char *)(value + most + 1);
    int64_t n = 0;
    for (const char *p = text; *text;) {
        value[n++] = out;
        if (*p == '"') {
            out = vxg__option_unquote(&p, out);
        } else {
            const size_t length = strcspn(p, ",\"");
            memcpy(out, p, length);
            out += length, p += length;
            *out++ = 0;
        }
        if (!out || (*p && *p != ',')) {
            vxg__free(value);
            return bad(o, label, text, "a list of words separated by commas", NULL);
        }
        if (!*p++) break;
    }
    take_list(field, n, value);
    return VXG_OK;
}

/* ---- One field ---- */
int vxg__option_set(const vxg_option *o, void *options, const char *label, const char *text) {
    char *field = (char *)options + o->offset;
    const char *rest;
    switch (o->type) {
    case VXG_OPT_FLAG:
        if (strcmp(text, "0") && strcmp(text, "1")) return bad(o, label, text, "0 or 1", NULL);
        *(int *)(void *)field = text[0] == '1';
        return VXG_OK;
    case VXG_OPT_INT:
    case VXG_OPT_REAL:
    case VXG_OPT_INT64: return set_numbers(o, field, label, text);
    case VXG_OPT_FILE:
    case VXG_OPT_OUTPUT:
    case VXG_OPT_TEXT: *(const char **)(void *)field = text; return VXG_OK;
    case VXG_OPT_CHOICE: {
        int index = choice_index(o->choices, text);
        if (index < 0)
            VXG_FAIL(VXG_ERR_ARGUMENT, "%s: '%.200s' is not one of %s", label, text, o->choices);
        *(int *)(void *)field = index;
        return VXG_OK;
    }
    case VXG_OPT_RANGE: {
        vxg_range r;
        if (!parse_range(text, &rest, &r) || *rest)
            return bad(
                o, label, text,
                "start:stop or start:stop:step with stop > start and step > 0; without start "
                "from 0, without stop to the end",
                NULL);
        *(vxg_range *)(void *)field = r;
        return VXG_OK;
    }
    case VXG_OPT_SPAN: return set_span(o, field, label, text);
    case VXG_OPT_NUMBERS:
    case VXG_OPT_RANGES: return set_list(o, field, label, text);
    case VXG_OPT_WORDS: return set_words(o, field, label, text);
    case VXG_OPT_GROUP: break;
    }
    return vxg_error_set(VXG_ERR_ARGUMENT, "%s: an option of no type", label);
}

size_t vxg__option_bytes(const vxg_option *o) {
    const size_t n = o->count ? (size_t)o->count : 1;
    switch (o->type) {
    case VXG_OPT_FLAG:
    case VXG_OPT_CHOICE: return sizeof(int);
    case VXG_OPT_INT: return n * sizeof(int);
    case VXG_OPT_REAL: return n * sizeof(double);
    case VXG_OPT_INT64: return n * sizeof(int64_t);
    case VXG_OPT_FILE:
    case VXG_OPT_OUTPUT:
    case VXG_OPT_TEXT: return sizeof(char *);
    case VXG_OPT_RANGE: return sizeof(vxg_range);
    case VXG_OPT_SPAN: return 2 * sizeof(int64_t);
    case VXG_OPT_NUMBERS:
    case VXG_OPT_RANGES:
    case VXG_OPT_WORDS: return sizeof(vxg_words);
    case VXG_OPT_GROUP: break;
    }
    return 0;
}

int vxg__option_absent(const vxg_option *o, const void *options) {
    const char *field = (const char *)options + o->offset;
    const int64_t *span = (const int64_t *)(const void *)field;
    switch (o->type) {
    case VXG_OPT_FILE:
    case VXG_OPT_OUTPUT:
    case VXG_OPT_TEXT: return !*(const char *const *)(const void *)field;
    case VXG_OPT_RANGE: return !((const vxg_range *)(const void *)field)->given;
    case VXG_OPT_SPAN: return !span[0] && !span[1];
    case VXG_OPT_NUMBERS:
    case VXG_OPT_RANGES:
    case VXG_OPT_WORDS: return span[0] <= 0;
    default: return 0;
    }
}

/* ---- Back to text: a sink that counts as snprintf does ---- */
typedef struct sink {
    char *out;
    size_t size, n;
} sink;

static void put(sink *s, const char *text, size_t length) {
    for (size_t i = 0; i < length; i++, s->n++)
        if (s->n + 1 < s->size) s->out[s->n] = text[i];
    if (s->size) s->out[s->n < s->size ? s->n : s->size - 1] = 0;
}

static void put_text(sink *s, const char *text) {
    put(s, text, strlen(text));
}

static void put_number(sink *s, double x) {
    char text[40];
    vxg__format(text, sizeof text, "%.17g", x);
    put_text(s, text);
}

static void put_range(sink *s, const vxg_range *r) {
    if (!r->given) return;
    put_number(s, r->start);
    if (r->start == r->stop) return;
    put_text(s, ":");
    if (isfinite(r->stop)) put_number(s, r->stop);
    if (r->step == 0) return;
    put_text(s, ":");
    put_number(s, r->step);
}

static void put_word(sink *s, const char *word) {
    const size_t n = strlen(word);
    int plain = n > 0 && word[0] != ' ' && word[n - 1] != ' ';
    for (const char *p = word; *p; p++)
        if ((unsigned char)*p < ' ' || *p == ',' || *p == '"' || *p == 127) plain = 0;
    if (plain) {
        put(s, word, n);
        return;
    }
    const size_t at = s->n < s->size ? s->n : s->size;
    s->n += vxg__option_quote(word, s->size ? s->out + at : NULL, s->size - at);
}

static void put_list(sink *s, const vxg_option *o, const char *field) {
    const vxg_words *w = (const vxg_words *)(const void *)field;
    for (int64_t i = 0; i < w->count; i++) {
        if (i) put_text(s, ",");
        if (o->type == VXG_OPT_WORDS) put_word(s, w->value[i]);
        if (o->type == VXG_OPT_NUMBERS)
            put_number(s, ((const vxg_numbers *)(const void *)field)->value[i]);
        if (o->type == VXG_OPT_RANGES)
            put_range(s, &((const vxg_ranges *)(const void *)field)->value[i]);
    }
}

static void put_span(sink *s, const char *field) {
    int64_t v[2];
    char text[64];
    memcpy(v, field, sizeof v);
    if (!v[0] && !v[1]) return;
    vxg__format(text, sizeof text, v[1] ? "%lld:%lld" : "%lld:", (long long)v[0], (long long)v[1]);
    put_text(s, text);
}

static void put_numbers(sink *s, const vxg_option *o, const char *field) {
    for (int i = 0; i < (o->count ? o->count : 1); i++) {
        char text[40];
        if (i) put_text(s, ",");
        if (o->type == VXG_OPT_INT64) {
            vxg__format(text, sizeof text, "%lld",
                        (long long)((const int64_t *)(const void *)field)[i]);
            put_text(s, text);
        } else {
            put_number(s, load(o, field, i));
        }
    }
}

static const char *choice_word(const char *choices, int index) {
    const char *p = index < 0 ? NULL : choices;
    for (; p && index > 0; index--) p = strchr(p, '|') ? strchr(p, '|') + 1 : NULL;
    return p;
}

int vxg_options_text(const vxg_option *o, const void *options, char *out, size_t size) {
    sink s = {out, out ? size : 0, 0};
    put(&s, "", 0);
    if (!o || !options) {
        vxg_error_set(VXG_ERR_ARGUMENT, "options: row or options is NULL");
        return -1;
    }
    const char *field = (const char *)options + o->offset;
    switch (o->type) {
    case VXG_OPT_FLAG: put_text(&s, *(const int *)(const void *)field ? "1" : "0"); break;
    case VXG_OPT_INT:
    case VXG_OPT_REAL:
    case VXG_OPT_INT64: put_numbers(&s, o, field); break;
    case VXG_OPT_FILE:
    case VXG_OPT_OUTPUT:
    case VXG_OPT_TEXT: {
        const char *text = *(const char *const *)(const void *)field;
        put_text(&s, text ? text : "");
        break;
    }
    case VXG_OPT_CHOICE: {
        const int index = *(const int *)(const void *)field;
        const char *p = choice_word(o->choices, index);
        if (!p) {
            vxg_error_set(VXG_ERR_ARGUMENT, "%s: %d is none of %s", o->name, index, o->choices);
            return -1;
        }
        put(&s, p, strcspn(p, "|"));
        break;
    }
    case VXG_OPT_RANGE: put_range(&s, (const vxg_range *)(const void *)field); break;
    case VXG_OPT_SPAN: put_span(&s, field); break;
    case VXG_OPT_NUMBERS:
    case VXG_OPT_RANGES:
    case VXG_OPT_WORDS: put_list(&s, o, field); break;
    case VXG_OPT_GROUP: break;
    }
    return (int)s.n;
}

/* ---- Whether a text brings a field back ---- */
static int same_range(const vxg_range *a, const vxg_range *b) {
    return a->start == b->start && a->stop == b->stop && a->step == b->step && a->given && b->given;
}

/* Zeros of either sign are the same number. */
static int same_list(const vxg_option *o, const void *a, const void *b) {
    const vxg_words *x = a, *y = b;
    if (x->count != y->count) return 0;
    for (int64_t i = 0; i < x->count; i++) {
        if (o->type == VXG_OPT_WORDS && strcmp(x->value[i], y->value[i]) != 0) return 0;
        if (o->type == VXG_OPT_NUMBERS &&
            ((const vxg_numbers *)a)->value[i] != ((const vxg_numbers *)b)->value[i])
            return 0;
        if (o->type == VXG_OPT_RANGES &&
            !same_range(&((const vxg_ranges *)a)->value[i], &((const vxg_ranges *)b)->value[i]))
            return 0;
    }
    return 1;
}

static int same_field(const vxg_option *o, const void *a, const void *b) {
    if (vxg__option_is_list(o)) return same_list(o, a, b);
    if (o->type == VXG_OPT_RANGE) return same_range(a, b);
    if (o->type == VXG_OPT_FLAG) return !*(const int *)a == !*(const int *)b;
    return !memcmp(a, b, vxg__option_bytes(o)); /* the setter takes no NaN */
}

int vxg__option_comes_back(const vxg_option *row, const void *options, const char *name) {
    const char *field = (const char *)options + row->offset;
    vxg_option o = *row;
    o.offset = 0, o.name = name;
    const int n = vxg_options_text(&o, field, NULL, 0);
    if (n < 0) return VXG_ERR_ARGUMENT;
    char *text = vxg__calloc((size_t)n + 1, 1);
    void *again = vxg__calloc(vxg__option_bytes(row) + 1, 1);
    int status = text && again ? VXG_OK : VXG_ERR_MEMORY;
    if (!status) {
        vxg_options_text(&o, field, text, (size_t)n + 1);
        status = vxg__option_set(&o, again, name, text);
        if (!status && !same_field(&o, field, again))
            status =
                vxg_error_set(VXG_ERR_ARGUMENT,
                              "%s: holds what no text can set; '%.200s' is nearest", name, text);
        if (vxg__option_is_list(row)) vxg__option_list_free(again);
    }
    vxg__free(text);
    vxg__free(again);
    return status;
}

/* ---- Quoted words ---- */
size_t vxg__option_quote(const char *word, char *out, size_t size) {
    sink s = {out, size, 0};
    put_text(&s, "\"");
    for (const char *p = word; *p; p++) {
        const unsigned char c = (unsigned char)*p;
        char text[8] = {*p};
        if (c == '"' || c == '\\') vxg__format(text, sizeof text, "\\%c", c);
        if (c < ' ' || c == 127) vxg__format(text, sizeof text, "\\u%04x", c);
        put_text(&s, text);
    }
    put_text(&s, "\"");
    return s.n;
}

static int hex_digit(char c) {
    const char *const digits = "0123456789abcdef";
    const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* Of numbered letters only those that vxg__option_quote writes, of one byte: it leaves all others
 * as they are, in UTF-8. */
char *vxg__option_unquote(const char **text, char *out) {
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *p = *text;
    if (*p++ != '"') return NULL;
    while (*p && *p != '"') {
        if (*p != '\\') {
            *out++ = *p++;
            continue;
        }
        p++;
        const char *at = *p ? strchr(from, *p) : NULL;
        if (at) {
            *out++ = to[at - from], p++;
            continue;
        }
        int code = 0;
        if (*p++ != 'u') return NULL;
        for (int i = 0; i < 4; i++, p++) {
            const int digit = hex_digit(*p);
            if (digit < 0) return NULL;
            code = 16 * code + digit;
        }
        if (code < 1 || code > 127) return NULL;
        *out++ = (char)code;
    }
    if (*p != '"') return NULL;
    *text = p + 1;
    *out++ = 0;
    return out;
}
