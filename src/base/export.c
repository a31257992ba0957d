/* The table of what libvoxgrad_io uses. */
#include "base/export.h"

static void log_text(int level, const char *text) {
    vxg__log(level, "%s", text);
}

const vxgi_base_table *vxgi_base_v1(void) {
    static const vxgi_base_table table = {
        .size = sizeof table,
        .calloc = vxg__calloc,
        .alloc_aligned = vxg__alloc_aligned,
        .realloc = vxg__realloc,
        .free = vxg__free,
        .parallel = vxg__parallel,
        .threads_wanted = vxg__threads_wanted,
        .log = log_text,
        .lock_add = vxg__lock_add,
        .lock = vxg__lock,
        .unlock = vxg__unlock,
        .thread_start = vxg__thread_start,
    };
    return &table;
}
