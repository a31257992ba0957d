/* Definitions of kernels ("-DTILE=16 -DUNROLL"): checking, one order for all ways to write them. */
#include "device/definitions.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"

#define BLANKS " \t\n"
#define MAX_DEFINITIONS 48

typedef struct definition {
    const char *text; /* "-DNAME=VALUE" */
    int length, name; /* of the whole; of "-DNAME" */
} definition;

static int is_name_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static int check(const definition *d, const char *options) {
    const char *name = d->text + 2;
    int n = d->name - 2, good = n > 0 && !strncmp(d->text, "-D", 2) && (*name < '0' || *name > '9');
    for (int i = 0; i < n && good; i++) good = is_name_char(name[i]);
    VXG_FAIL_IF(!good, VXG_ERR_ARGUMENT, "kernel options '%s': only -DNAME=VALUE words are allowed",
                options);
    const int is_group = n == 7 && !strncmp(name, "K_GROUP", 7);
    VXG_FAIL_IF((!strncmp(name, "K_", 2) && !is_group) || !strncmp(name, "VXG_", 4),
                VXG_ERR_ARGUMENT,
                "kernel options '%s': %.*s cannot be defined, the dialect owns such names", options,
                n, name);
    return VXG_OK;
}

static int by_name(const void *a, const void *b) {
    const definition *x = a, *y = b;
    int order = strncmp(x->text, y->text, (size_t)(x->name < y->name ? x->name : y->name));
    return order ? order : x->name - y->name;
}

int vxg__definitions_sort(const char *options, char **out) {
    definition list[MAX_DEFINITIONS];
    int count = 0;
    vxg_text t = {0};
    assert(options && out);
    *out = NULL;
    for (const char *p = options; *(p += strspn(p, BLANKS)); p += list[count++].length) {
        VXG_FAIL_IF(count == MAX_DEFINITIONS, VXG_ERR_ARGUMENT,
                    "kernel options: more than %d words", MAX_DEFINITIONS);
        definition *d = &list[count];
        d->text = p, d->length = (int)strcspn(p, BLANKS);
        const char *equals = memchr(p, '=', (size_t)d->length);
        d->name = equals ? (int)(equals - p) : d->length;
        VXG_TRY(check(d, options));
    }
    qsort(list, (size_t)count, sizeof *list, by_name);
    for (int i = 0; i < count; i++) {
        if (i && by_name(&list[i - 1], &list[i]) == 0) {
            vxg__text_free(&t);
            VXG_FAIL(VXG_ERR_ARGUMENT, "kernel options '%s': %.*s is defined twice", options,
                     list[i].name - 2, list[i].text + 2);
        }
        if (i) vxg__text_append(&t, " ", 1);
        vxg__text_append(&t, list[i].text, (size_t)list[i].length);
    }
    if (!t.failed) *out = vxg__strdup(t.s ? t.s : "");
    vxg__text_free(&t);
    return *out ? VXG_OK : VXG_ERR_MEMORY;
}

int vxg__definitions_group(const char *options, int otherwise, int *out) {
    const char *p = strstr(options, "-DK_GROUP=");
    *out = otherwise;
    if (!p) {
        VXG_FAIL_IF(strstr(options, "-DK_GROUP"), VXG_ERR_ARGUMENT,
                    "kernel options '%s': K_GROUP needs a value", options);
        return VXG_OK;
    }
    char *end;
    const long n = strtol(p + 10, &end, 10);
    VXG_FAIL_IF(n < 1 || n > VXG_MAX_GROUP || (*end && *end != ' '), VXG_ERR_ARGUMENT,
                "kernel options '%s': K_GROUP is the number of items in a group, 1 to %d", options,
                VXG_MAX_GROUP);
    *out = (int)n;
    return VXG_OK;
}

/* "#ifndef NAME" at the beginning of a line. */
static int offers(const char *text, const char *name, int length) {
    for (const char *p = text; (p = strstr(p, "#ifndef ")); p += 8)
        if ((p == text || p[-1] == '\n') && !strncmp(p + 8, name, (size_t)length) &&
            !is_name_char(p[8 + length]))
            return 1;
    return 0;
}

int vxg__definitions_known(const char *options, const char *text, const char *unit) {
    for (const char *p = options; *(p += strspn(p, BLANKS)); p += strcspn(p, BLANKS)) {
        int n = (int)strcspn(p + 2, "= ");
        if (!strncmp(p + 2, "K_GROUP", (size_t)n)) continue;
        VXG_FAIL_IF(!offers(text, p + 2, n), VXG_ERR_ARGUMENT,
                    "kernel options '%s': %s has no definition %.*s", options, unit, n, p + 2);
    }
    return VXG_OK;
}
