/* Program texts for run-time compilers. */
#include "device/backend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_INCLUDES 32

typedef struct flatten {
    const char *seen[MAX_INCLUDES];
    int count;
    vxg_text *out;
} flatten;

static int add_text(flatten *f, const char *name, const char *text);

static int add_include(flatten *f, const char *name, size_t length) {
    char key[128];
    snprintf(key, sizeof key, "%.*s", (int)length, name);
    const char *text = vxg__kernel_text(key);
    VXG_FAIL_IF(!text, VXG_ERR_ARGUMENT, "#include \"%s\": the library has no such kernel header",
                key);
    for (int i = 0; i < f->count; i++)
        if (f->seen[i] == text) return VXG_OK;
    VXG_FAIL_IF(f->count == MAX_INCLUDES, VXG_ERR_ARGUMENT, "more than %d kernel headers",
                MAX_INCLUDES);
    f->seen[f->count++] = text;
    return add_text(f, key, text);
}

static int add_text(flatten *f, const char *name, const char *text) {
    int line = 0;
    vxg__text_add(f->out, "#line 1 \"%s\"\n", name);
    for (const char *p = text; *p; line++) {
        size_t n = strcspn(p, "\n");
        const char *q = p + strspn(p, " \t");
        const char *open = !strncmp(q, "#include \"", 10) ? q + 10 : NULL;
        const char *close = open ? memchr(open, '"', n - (size_t)(open - p)) : NULL;
        if (close) {
            VXG_TRY(add_include(f, open, (size_t)(close - open)));
            vxg__text_add(f->out, "#line %d \"%s\"\n", line + 2, name);
        } else {
            vxg__text_append(f->out, p, n);
            vxg__text_append(f->out, "\n", 1);
        }
        p += n + (p[n] == '\n');
    }
    return VXG_OK;
}

int vxg__program_text(const char *prelude, const char *name, const char *text, vxg_text *out) {
    flatten f = {.out = out};
    VXG_TRY(add_include(&f, prelude, strlen(prelude)));
    VXG_TRY(add_text(&f, name, text));
    return out->failed ? VXG_ERR_MEMORY : VXG_OK;
}

void vxg__program_listing(const char *source, vxg_text *out) {
    int line = 1;
    for (const char *p = source; *p; line++) {
        size_t n = strcspn(p, "\n");
        vxg__text_add(out, "%5d  %.*s\n", line, (int)n, p);
        if (!strncmp(p, "#line ", 6)) line = atoi(p + 6) - 1;
        p += n + (p[n] == '\n');
    }
}
