/* libhdf5 behind one lock, its reasons in our messages. */
#include "io/h5.h"

#ifdef VXG_HAVE_HDF5
#include <stdarg.h>
#include <string.h>

VXG_LOCK(h5_lock, VXG_RANK_FILES);

void vxg__h5_enter(vxg__h5_guard *g) {
    vxg__lock(&h5_lock);
    g->print = NULL, g->context = NULL;
    H5Eget_auto2(H5E_DEFAULT, &g->print, &g->context);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

void vxg__h5_leave(vxg__h5_guard *g) {
    H5Eset_auto2(H5E_DEFAULT, g->print, g->context);
    vxg__unlock(&h5_lock);
}

hid_t vxg__h5_half(H5T_order_t order) {
    const hid_t type = H5Tcopy(H5T_IEEE_F32LE);
    if (type >= 0 && H5Tset_fields(type, 15, 10, 5, 0, 10) >= 0 && H5Tset_size(type, 2) >= 0 &&
        H5Tset_ebias(type, 15) >= 0 && H5Tset_order(type, order) >= 0)
        return type;
    if (type >= 0) H5Tclose(type);
    return -1;
}

static herr_t innermost(unsigned n, const H5E_error2_t *e, void *context) {
    (void)n;
    const char **words = context;
    if (!*words && e->desc && *e->desc) *words = e->desc;
    return 0;
}

int vxg__h5_fail(int status, const char *format, ...) {
    char text[1024];
    const char *words = NULL, *end;
    va_list ap;
    va_start(ap, format);
    vxg__format_list(text, sizeof text, format, ap);
    va_end(ap);
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, innermost, &words);
    if (!words) return vxg_error_set(status, "%s", text);
    /* Of the drivers' long records (time, descriptor, ...) people need the system's words. */
    const char *system = strstr(words, "error message = '");
    if (system) {
        system += strlen("error message = '");
        end = strchr(system, '\'');
        return vxg_error_set(status, "%s: %.*s", text,
                             end ? (int)(end - system) : (int)strlen(system), system);
    }
    return vxg_error_set(status, "%s (HDF5: %s)", text, words);
}
#else
typedef int vxg__no_h5; /* a file without declarations is not C */
#endif
