#include "fuzz.h"

/* Of libhdf5: objects that are open. Declared here because only src/io sees its headers. */
ssize_t H5Fget_obj_count(int64_t file, unsigned types);

/* Reads some of everything: all of a small block, single rows of a large one. */
static void use(vxg_scan_reader *r) {
    float block[4096];
    const int64_t frames[3] = {r->nviews, r->nflats, r->ndarks};
    for (int k = 0; k < 3; k++) {
        int64_t n = frames[k], rows = r->nrows, cols = r->ncols;
        if (n == 0) continue;
        if (cols > 64) cols = 64;
        if (rows > 8) rows = 8;
        if (n > 8) n = 8;
        r->read(r, (vxg_frame_kind)k, 0, n, 0, rows, 0, cols, block);
        r->read(r, (vxg_frame_kind)k, frames[k] - 1, frames[k], r->nrows - 1, r->nrows, 0, cols,
                block);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    float *values = NULL;
    int64_t shape[3];
    vxg_scan_reader *r = NULL;
    const char *path = fuzz_file(data, n);
    if (vxg_scan_open(path, &r) == 0) {
        use(r);
        vxg_scan_close(r);
    }
    if (vxg_volume_read(path, &values, shape) == 0) vxg_free(values);
    fuzz_check_leaks();
    if (H5Fget_obj_count(0x1f, 0x1f) != 0) abort(); /* H5F_OBJ_ALL: none may be left open */
    return 0;
}
