/* Texts that grow, and copies of texts. */
#include "base.h"

#include <stdarg.h>
#include <string.h>

char *vxg__strdup(const char *text) {
    size_t n = strlen(text) + 1;
    char *p = vxg__calloc(n, 1);
    if (p) memcpy(p, text, n);
    return p;
}

void vxg__text_append(vxg_text *t, const char *s, size_t n) {
    if (t->failed) return;
    if (t->length + n + 1 > t->capacity) {
        size_t capacity = (t->length + n + 1) * 2 + 256;
        char *grown = vxg__realloc(t->s, capacity, 1);
        if (!grown) {
            t->failed = 1;
            return;
        }
        t->s = grown, t->capacity = capacity;
    }
    memcpy(t->s + t->length, s, n);
    t->length += n;
    t->s[t->length] = 0;
}

void vxg__text_add(vxg_text *t, const char *format, ...) {
    char small[512];
    va_list ap, again;
    va_start(ap, format);
    va_copy(again, ap);
    int n = vxg__format_list(small, sizeof small, format, ap);
    va_end(ap);
    if (n >= 0 && (size_t)n < sizeof small) {
        vxg__text_append(t, small, (size_t)n);
    } else if (n >= 0) {
        char *big = vxg__calloc((size_t)n + 1, 1);
        if (big) {
            vxg__format_list(big, (size_t)n + 1, format, again);
            vxg__text_append(t, big, (size_t)n);
        } else {
            t->failed = 1;
        }
        vxg__free(big);
    }
    va_end(again);
}

void vxg__text_free(vxg_text *t) {
    vxg__free(t->s);
    *t = (vxg_text){0};
}
