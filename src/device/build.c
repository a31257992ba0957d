/* Build errors and group shapes, the same for every backend that compiles at run time. */
#include "device/build.h"

#include <string.h>

static void log_lines(const char *text) {
    for (const char *p = text; *p;) {
        size_t n = strcspn(p, "\n");
        vxg__log(2, "%.*s", (int)n, p);
        p += n + (p[n] == '\n');
    }
}

int vxg__build_failed(const char *name, int is_user, const char *compiler, const char *log,
                      const char *source) {
    vxg_text listing = {0};
    vxg__log(2, "%s does not compile %s:", compiler, name);
    log_lines(log);
    vxg__program_listing(source, &listing);
    if (listing.s) log_lines(listing.s);
    vxg__text_free(&listing);
    VXG_FAIL(is_user ? VXG_ERR_ARGUMENT : VXG_ERR_DEVICE, "%s does not compile '%s':\n%.1200s",
             compiler, name, log);
}

char *vxg__unit_name(const char *unit, const char *options) {
    vxg_text t = {0};
    char *name = NULL;
    vxg__text_add(&t, "%s %s", unit, options);
    if (!t.failed) name = vxg__strdup(t.s);
    vxg__text_free(&t);
    return name;
}

void vxg__group_shape(const int64_t global[3], int64_t limit, const int64_t max[3],
                      int64_t out[3]) {
    assert(limit > 0 && (limit & (limit - 1)) == 0);
    assert(max[0] > 0 && max[1] > 0 && max[2] > 0);
    const int64_t wish[3] = {global[1] * global[2] > 1 ? 32 : 256, 256, 256};
    for (int i = 0; i < 3; i++) {
        int64_t n = 1;
        while (n * 2 <= limit && n * 2 <= max[i] && n * 2 <= wish[i] && n < global[i]) n *= 2;
        out[i] = n;
        limit /= n;
    }
}
