/* JSON as RFC 8259 has it, read into one block of memory: a row of values and the texts behind it.
 */
#include "base/json.h"

#include <string.h>

#define MAX_BYTES ((size_t)256 << 20)
#define MAX_DEPTH 32

struct vxg_json {
    vxg_json_kind kind;
    const char *key, *text; /* NULL: none; text: of a number its digits */
    double number;          /* of a truth value 0 or 1 */
    vxg_json *first, *next;
};

/* Values and texts are handed out from blocks whose sizes were counted before. */
typedef struct parser {
    const char *text, *p, *end;
    const char *what; /* what messages call the text */
    vxg_json *values;
    int64_t used;
    char *texts;
} parser;

static int syntax_error(const char *text, const char *at, const char *what, const char *words) {
    int line = 1;
    const char *start = text;
    for (const char *p = text; p < at; p++) {
        if (*p != '\n') continue;
        line++;
        start = p + 1;
    }
    VXG_FAIL(VXG_ERR_INPUT, "%s: line %d, column %d: %s", what, line, (int)(at - start) + 1, words);
}

/* Counts values and levels without taking memory. The count is never too small. */
static int measure(const char *text, size_t n, const char *what, int64_t max_values,
                   int64_t *count) {
    int64_t values = 1;
    int depth = 0, quoted = 0;
    for (const char *p = text; p < text + n; p++) {
        if (*p == 0) return syntax_error(text, p, what, "a zero byte");
        if (quoted) {
            if (*p == '\\' && p + 1 < text + n)
                p++;
            else if (*p == '"')
                quoted = 0;
            continue;
        }
        quoted = *p == '"';
        if (*p == '[' || *p == '{') {
            values++;
            depth++;
        }
        if (*p == ']' || *p == '}') depth--;
        if (*p == ',') values++;
        if (depth > MAX_DEPTH) return syntax_error(text, p, what, "more than 32 levels");
        if (values > max_values)
            VXG_FAIL(VXG_ERR_INPUT, "%s: more than %lld values", what, (long long)max_values);
    }
    *count = values;
    return VXG_OK;
}

static int refuse(const parser *s, const char *words) {
    return syntax_error(s->text, s->p, s->what, words);
}

static void skip_space(parser *s) {
    while (s->p < s->end && strchr(" \t\r\n", *s->p)) s->p++;
}

static int next_is(parser *s, char c) {
    skip_space(s);
    return s->p < s->end && *s->p == c;
}

static int is_digit(const parser *s) {
    return s->p < s->end && *s->p >= '0' && *s->p <= '9';
}

static int digits(parser *s) {
    if (!is_digit(s)) return refuse(s, "a digit expected");
    while (is_digit(s)) s->p++;
    return VXG_OK;
}

/* The grammar first: strtod takes more than JSON does, such as 0x10, inf and 1. */
static int read_number(parser *s, vxg_json *v) {
    const char *begin = s->p;
    if (*s->p == '-') s->p++;
    const int zero = s->p < s->end && *s->p == '0';
    VXG_TRY(digits(s));
    if (zero && s->p - begin > (*begin == '-' ? 2 : 1)) {
        s->p = begin;
        return refuse(s, "a number that begins with 0");
    }
    if (s->p < s->end && *s->p == '.') {
        s->p++;
        VXG_TRY(digits(s));
    }
    if (s->p < s->end && (*s->p == 'e' || *s->p == 'E')) {
        s->p++;
        if (s->p < s->end && (*s->p == '+' || *s->p == '-')) s->p++;
        VXG_TRY(digits(s));
    }
    const size_t n = (size_t)(s->p - begin);
    memcpy(s->texts, begin, n);
    s->texts[n] = 0;
    v->kind = VXG_JSON_NUMBER, v->text = s->texts;
    v->number = vxg__number(s->texts, NULL);
    s->texts += n + 1;
    return VXG_OK;
}

/* The four digits of \u, behind which s->p then stands; negative when there are none. */
static int32_t hex(parser *s) {
    int32_t v = 0;
    if (s->end - s->p < 4) return -1;
    for (int i = 0; i < 4; i++, s->p++) {
        const char c = *s->p;
        if (c >= '0' && c <= '9') {
            v = v * 16 + (c - '0');
        } else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')) {
            v = v * 16 + ((c | 32) - 'a' + 10);
        } else {
            return -1;
        }
    }
    return v;
}

static void put_utf8(parser *s, int32_t c) {
    char *t = s->texts;
    if (c < 0x80) {
        *t++ = (char)c;
    } else if (c < 0x800) {
        *t++ = (char)(0xc0 | c >> 6);
    } else if (c < 0x10000) {
        *t++ = (char)(0xe0 | c >> 12);
    } else {
        *t++ = (char)(0xf0 | c >> 18);
        *t++ = (char)(0x80 | (c >> 12 & 63));
    }
    if (c >= 0x800) *t++ = (char)(0x80 | (c >> 6 & 63));
    if (c >= 0x80) *t++ = (char)(0x80 | (c & 63));
    s->texts = t;
}

/* \uXXXX, or two of them for a character beyond 16 bits. */
static int read_code(parser *s) {
    int32_t c = hex(s);
    if (c >= 0xd800 && c < 0xdc00 && s->end - s->p >= 2 && s->p[0] == '\\' && s->p[1] == 'u') {
        s->p += 2;
        const int32_t low = hex(s);
        c = low >= 0xdc00 && low < 0xe000 ? 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00) : -1;
    }
    if (c < 0 || (c >= 0xd800 && c < 0xe000)) return refuse(s, "\\u without a character's number");
    if (c == 0) return refuse(s, "a zero character"); /* it would end the text */
    put_utf8(s, c);
    return VXG_OK;
}

static int read_escape(parser *s) {
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *at = ++s->p < s->end ? strchr(from, *s->p) : NULL;
    if (s->p < s->end && *s->p == 'u') {
        s->p++;
        return read_code(s);
    }
    if (!at || !*at) return refuse(s, "an unknown escape");
    *s->texts++ = to[at - from];
    s->p++;
    return VXG_OK;
}

/* Bytes of the UTF-8 character at p; 0: it is none. */
static int utf8_length(const char *p, const char *end) {
    const unsigned char c = (unsigned char)*p;
    const int n = c < 0x80                ? 1
                  : c >= 0xc2 && c < 0xe0 ? 2
                  : c >= 0xe0 && c < 0xf0 ? 3
                  : c >= 0xf0 && c < 0xf5 ? 4
                                          : 0;
    if (n == 0 || end - p < n) return 0;
    for (int i = 1; i < n; i++)
        if (((unsigned char)p[i] & 0xc0) != 0x80) return 0;
    const unsigned char second = n > 1 ? (unsigned char)p[1] : 0;
    const int odd = (c == 0xe0 && second < 0xa0) || (c == 0xed && second > 0x9f) ||
                    (c == 0xf0 && second < 0x90) || (c == 0xf4 && second > 0x8f);
    return odd ? 0 : n; /* overlong, a surrogate, beyond the last character */
}

static int read_text(parser *s, const char **out) {
    *out = s->texts;
    s->p++;
    while (s->p < s->end && *s->p != '"') {
        if (*s->p == '\\') {
            VXG_TRY(read_escape(s));
            continue;
        }
        if ((unsigned char)*s->p < ' ') return refuse(s, "a control character in a text");
        const int n = utf8_length(s->p, s->end);
        if (!n) return refuse(s, "a text that is not UTF-8");
        memcpy(s->texts, s->p, (size_t)n);
        s->texts += n, s->p += n;
    }
    if (s->p == s->end) return refuse(s, "a text without end");
    s->p++;
    *s->texts++ = 0;
    return VXG_OK;
}

static int read_value(parser *s, const char *key, vxg_json **out);

/* Members of a list or object up to its closing sign. */
static int read_members(parser *s, vxg_json *v, char close) {
    vxg_json **end = &v->first;
    s->p++;
    if (next_is(s, close)) {
        s->p++;
        return VXG_OK;
    }
    for (;;) {
        const char *key = NULL;
        if (close == '}') {
            if (!next_is(s, '"')) return refuse(s, "a name in quotation marks expected");
            VXG_TRY(read_text(s, &key));
            if (!next_is(s, ':')) return refuse(s, "a colon expected");
            s->p++;
        }
        VXG_TRY(read_value(s, key, end));
        end = &(*end)->next;
        if (next_is(s, close)) break;
        if (!next_is(s, ',')) return refuse(s, "a comma or the end of the list expected");
        s->p++;
    }
    s->p++;
    return VXG_OK;
}

static int read_word(parser *s, vxg_json *v) {
    static const struct {
        const char *word;
        vxg_json_kind kind;
        double number;
    } words[] = {
        {"true", VXG_JSON_BOOL, 1}, {"false", VXG_JSON_BOOL, 0}, {"null", VXG_JSON_NULL, 0}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const size_t n = strlen(words[i].word);
        if ((size_t)(s->end - s->p) < n || memcmp(s->p, words[i].word, n) != 0) continue;
        v->kind = words[i].kind, v->number = words[i].number;
        s->p += n;
        return VXG_OK;
    }
    return refuse(s, "not JSON from here on");
}

/* measure has bounded the depth. */
static int read_value(parser *s, const char *key, vxg_json **out) {
    skip_space(s);
    if (s->p == s->end) return refuse(s, "the text ends too early");
    vxg_json *v = &s->values[s->used++];
    v->key = key;
    *out = v;
    switch (*s->p) {
    case '{': v->kind = VXG_JSON_OBJECT; return read_members(s, v, '}');
    case '[': v->kind = VXG_JSON_LIST; return read_members(s, v, ']');
    case '"': v->kind = VXG_JSON_TEXT; return read_text(s, &v->text);
    default: break;
    }
    return *s->p == '-' || is_digit(s) ? read_number(s, v) : read_word(s, v);
}

int vxg__json_parse(const char *text, size_t n, const char *what, int64_t max_values,
                    vxg_json **out) {
    int64_t count = 0;
    *out = NULL;
    VXG_FAIL_IF(!text || n == 0, VXG_ERR_INPUT, "%s: no text", what);
    VXG_FAIL_IF(n > MAX_BYTES, VXG_ERR_INPUT, "%s: more than 256 MiB", what);
    VXG_TRY(measure(text, n, what, max_values, &count));
    /* A text is shorter than its source; a number is copied with one byte behind it, where its
     * source has a comma, a bracket, a blank or the end. */
    vxg_json *values = vxg__calloc((size_t)count * sizeof *values + n + 1, 1), *root = NULL;
    if (!values) return VXG_ERR_MEMORY;
    parser s = {.text = text, .p = text, .end = text + n, .what = what, .values = values};
    s.texts = (char *)(values + count);
    if (n >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) s.p += 3; /* a byte order mark */
    int status = read_value(&s, NULL, &root);
    skip_space(&s);
    if (!status && s.p < s.end) status = refuse(&s, "more text after the end");
    if (status) {
        vxg__free(values);
        return status;
    }
    *out = root; /* the first of the values */
    return VXG_OK;
}

void vxg__json_free(vxg_json *tree) {
    vxg__free(tree);
}

vxg_json_kind vxg__json_kind(const vxg_json *v) {
    return v->kind;
}
const char *vxg__json_key(const vxg_json *v) {
    return v->key ? v->key : "";
}
double vxg__json_number(const vxg_json *v) {
    return v->number;
}
const char *vxg__json_text(const vxg_json *v) {
    return v->text && v->kind == VXG_JSON_TEXT ? v->text : "";
}
const char *vxg__json_digits(const vxg_json *v) {
    return v->text && v->kind == VXG_JSON_NUMBER ? v->text : "";
}
int vxg__json_bool(const vxg_json *v) {
    return v->kind == VXG_JSON_BOOL && v->number != 0;
}
const vxg_json *vxg__json_first(const vxg_json *v) {
    return v->first;
}
const vxg_json *vxg__json_next(const vxg_json *v) {
    return v->next;
}

int64_t vxg__json_count(const vxg_json *v) {
    int64_t n = 0;
    for (v = vxg__json_first(v); v; v = vxg__json_next(v)) n++;
    return n;
}

int vxg__json_is_utf8(const char *text) {
    const char *end = text + strlen(text);
    for (int n; text < end; text += n)
        if (!(n = utf8_length(text, end))) return 0;
    return 1;
}
