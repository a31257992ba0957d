/* Texts from outside, such as file names, which may hold any bytes, made fit for files that promise
 * UTF-8 or lines. */
#include "io/io.h"

#include <math.h>
#include <string.h>

/* Unicode 15, table 3-7. */
int vxg_utf8_length(const char *text) {
    const unsigned char *s = (const unsigned char *)text;
    if (s[0] < 0x80) return s[0] != 0;
    const int n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if (s[0] < 0xc2 || s[0] > 0xf4) return 0;
    const unsigned least = s[0] == 0xe0 ? 0xa0 : s[0] == 0xf0 ? 0x90 : 0x80;
    const unsigned most = s[0] == 0xed ? 0x9f : s[0] == 0xf4 ? 0x8f : 0xbf;
    if (s[1] < least || s[1] > most) return 0;
    for (int i = 2; i < n; i++)
        if ((s[i] & 0xc0) != 0x80) return 0;
    return n;
}

char *vxg__plain_words(const char *text, int lines) {
    vxg_text t = {0};
    vxg__text_append(&t, "", 0);
    for (int n; *text; text += n) {
        const unsigned char c = (unsigned char)*text;
        n = vxg_utf8_length(text);
        if (n > 1 || (c >= ' ' && c < 127) || (c == '\n' && lines)) {
            vxg__text_append(&t, text, (size_t)n);
        } else {
            vxg__text_add(&t, "\\x%02x", c);
            n = 1;
        }
    }
    if (!t.failed) return t.s; /* not NULL: the empty text was appended */
    vxg__text_free(&t);
    return NULL;
}

/* 15 digits are right for every number that has no more; zeros at their end are left out. */
void vxg__number_word(double x, char out[VXG__NUMBER]) {
    if (!isfinite(x)) {
        vxg__format(out, VXG__NUMBER, "%s", isnan(x) ? "nan" : x < 0 ? "-inf" : "inf");
        return;
    }
    for (int digits = x != 0 && !isnormal(x) ? 1 : 15; digits <= 17; digits++) {
        vxg__format(out, VXG__NUMBER, "%.*g", digits, x);
        if (vxg__number(out, NULL) == x) return;
    }
}
