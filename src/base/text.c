/* Numbers in texts, in whatever locale the host program runs: 1.5 and never 1,5. Foreign words in
 * messages. */
#include "base.h"

#include <locale.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static locale_t plain; /* the C locale; 0: there was no memory for it */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_plain(void) {
    plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

/* Of this thread alone; messages in words (strerror) are asked for before. */
void *vxg__plain_enter(void) {
    pthread_once(&once, make_plain);
    return plain ? (void *)uselocale(plain) : NULL;
}

void vxg__plain_leave(void *before) {
    if (before) uselocale((locale_t)before);
}

double vxg__number(const char *text, char **end) {
    void *before = vxg__plain_enter();
    const double x = strtod(text, end);
    vxg__plain_leave(before);
    return x;
}

int vxg__format_list(char *out, size_t size, const char *format, va_list list) {
    void *before = vxg__plain_enter();
    const int n = vsnprintf(out, size, format, list);
    vxg__plain_leave(before);
    return n;
}

int vxg__format(char *out, size_t size, const char *format, ...) {
    va_list list;
    va_start(list, format);
    const int n = vxg__format_list(out, size, format, list);
    va_end(list);
    return n;
}

const char *vxg__shown(const char *text, char out[VXG_SHOWN]) {
    int n = 0;
    for (; n < VXG_SHOWN - 1 && text[n]; n++) {
        const unsigned char c = (unsigned char)text[n];
        out[n] = c < ' ' || c == 127 ? '?' : (char)c;
    }
    out[n] = 0;
    return out;
}
