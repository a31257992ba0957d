/* Foreign words in messages. */
#include "base.h"

const char *vxg__shown(const char *text, char out[VXG_SHOWN]) {
    int n = 0;
    for (; n < VXG_SHOWN - 1 && text[n]; n++) {
        const unsigned char c = (unsigned char)text[n];
        out[n] = c < ' ' || c == 127 ? '?' : (char)c;
    }
    out[n] = 0;
    return out;
}
