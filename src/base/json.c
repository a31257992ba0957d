/* JSON through cJSON. */
#include "base/json.h"

#include <string.h>

#ifdef VXG_HAVE_CJSON
#include <cjson/cJSON.h>
#include <pthread.h>

#define MAX_BYTES ((size_t)256 << 20)
#define MAX_DEPTH 32

/* cJSON notes the place of the last error in a global. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int syntax_error(const char *text, const char *at, const char *what, const char *words) {
    int line = 1;
    const char *start = text;
    for (const char *p = text; p < at; p++)
        if (*p == '\n') line++, start = p + 1;
    VXG_FAIL(VXG_ERR_INPUT, "%s: line %d, column %d: %s", what, line, (int)(at - start) + 1, words);
}

/* Counts values and levels without taking memory. */
static int measure(const char *text, size_t n, const char *what, int64_t max_values) {
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
        if (*p == '[' || *p == '{') values++, depth++;
        if (*p == ']' || *p == '}') depth--;
        if (*p == ',') values++;
        if (depth > MAX_DEPTH) return syntax_error(text, p, what, "more than 32 levels");
        if (values > max_values)
            VXG_FAIL(VXG_ERR_INPUT, "%s: more than %lld values", what, (long long)max_values);
    }
    return VXG_OK;
}

int vxg__json_parse(const char *text, size_t n, const char *what, int64_t max_values,
                    vxg_json **out) {
    const char *end = NULL;
    *out = NULL;
    VXG_FAIL_IF(!text || n == 0, VXG_ERR_INPUT, "%s: no text", what);
    VXG_FAIL_IF(n > MAX_BYTES, VXG_ERR_INPUT, "%s: more than 256 MiB", what);
    VXG_TRY(measure(text, n, what, max_values));
    pthread_mutex_lock(&lock);
    void *before = vxg__plain_enter();
    cJSON *tree = cJSON_ParseWithLengthOpts(text, n, &end, 0);
    vxg__plain_leave(before);
    pthread_mutex_unlock(&lock);
    if (!end || end < text || end > text + n) end = text;
    if (!tree) return syntax_error(text, end, what, "not JSON from here on");
    while (end < text + n && strchr(" \t\r\n", *end)) end++;
    if (end < text + n) {
        cJSON_Delete(tree);
        return syntax_error(text, end, what, "more text after the end");
    }
    *out = (vxg_json *)tree;
    return VXG_OK;
}

void vxg__json_free(vxg_json *tree) {
    cJSON_Delete((cJSON *)tree);
}

static const cJSON *value(const vxg_json *v) {
    return (const cJSON *)v;
}

vxg_json_kind vxg__json_kind(const vxg_json *v) {
    switch (value(v)->type & 0xff) {
    case cJSON_True:
    case cJSON_False: return VXG_JSON_BOOL;
    case cJSON_Number: return VXG_JSON_NUMBER;
    case cJSON_String: return VXG_JSON_TEXT;
    case cJSON_Array: return VXG_JSON_LIST;
    case cJSON_Object: return VXG_JSON_OBJECT;
    default: return VXG_JSON_NULL;
    }
}
const char *vxg__json_key(const vxg_json *v) {
    return value(v)->string ? value(v)->string : "";
}
double vxg__json_number(const vxg_json *v) {
    return value(v)->valuedouble;
}
const char *vxg__json_text(const vxg_json *v) {
    return value(v)->valuestring ? value(v)->valuestring : "";
}
int vxg__json_bool(const vxg_json *v) {
    return cJSON_IsTrue(value(v));
}
const vxg_json *vxg__json_first(const vxg_json *v) {
    return (const vxg_json *)value(v)->child;
}
const vxg_json *vxg__json_next(const vxg_json *v) {
    return (const vxg_json *)value(v)->next;
}

#else
int vxg__json_parse(const char *text, size_t n, const char *what, int64_t max_values,
                    vxg_json **out) {
    (void)text, (void)n, (void)max_values;
    *out = NULL;
    VXG_FAIL(VXG_ERR_UNSUPPORTED,
             "%s: this build cannot read JSON: the library cJSON (libcjson-dev) was not there",
             what);
}
void vxg__json_free(vxg_json *tree) {
    (void)tree;
}
vxg_json_kind vxg__json_kind(const vxg_json *v) {
    (void)v;
    return VXG_JSON_NULL;
}
const char *vxg__json_key(const vxg_json *v) {
    (void)v;
    return "";
}
double vxg__json_number(const vxg_json *v) {
    (void)v;
    return 0;
}
const char *vxg__json_text(const vxg_json *v) {
    (void)v;
    return "";
}
int vxg__json_bool(const vxg_json *v) {
    (void)v;
    return 0;
}
const vxg_json *vxg__json_first(const vxg_json *v) {
    (void)v;
    return NULL;
}
const vxg_json *vxg__json_next(const vxg_json *v) {
    (void)v;
    return NULL;
}
#endif

int64_t vxg__json_count(const vxg_json *v) {
    int64_t n = 0;
    for (v = vxg__json_first(v); v; v = vxg__json_next(v)) n++;
    return n;
}
