/* The per-thread message chain. Of base the HDF5 helper needs this and text.c alone. */
#include "base.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local char message[VXG_MESSAGE];

const char *vxg_error_message(void) {
    return message;
}
void vxg_error_clear(void) {
    message[0] = 0;
}

int vxg_error_set(int status, const char *format, ...) {
    char text[sizeof message]; /* arguments may point into the old message */
    va_list ap;
    va_start(ap, format);
    vxg__format_list(text, sizeof text, format, ap);
    va_end(ap);
    memcpy(message, text, sizeof message);
    return status;
}

int vxg_error_context(int status, const char *format, ...) {
    char text[sizeof message];
    va_list ap;
    va_start(ap, format);
    int n = vxg__format_list(text, sizeof text, format, ap);
    va_end(ap);
    if (n < 0) return status;
    if ((size_t)n < sizeof text) {
        snprintf(text + n, sizeof text - (size_t)n, ": %.*s", (int)(sizeof text - 3 - (size_t)n),
                 message);
    }
    memcpy(message, text, sizeof message);
    return status;
}
