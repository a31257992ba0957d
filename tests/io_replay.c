/* Every file of the fuzzing corpus and every finding goes through the readers: an error or ok,
 * never a crash, no memory left. Built with sanitizers this is the regression test of all findings.
 */
#include "io_test.h"
#include <voxgrad/tracts.h>

static void use_scan(vxg_scan_reader *r) {
    float block[4096];
    const int64_t frames[3] = {r->nviews, r->nflats, r->ndarks};
    for (int k = 0; k < 3; k++) {
        int64_t n = frames[k] < 8 ? frames[k] : 8, rows = r->nrows < 8 ? r->nrows : 8;
        int64_t cols = r->ncols < 64 ? r->ncols : 64;
        if (n == 0) continue;
        r->read(r, (vxg_frame_kind)k, 0, n, 0, rows, 0, cols, block);
        r->read(r, (vxg_frame_kind)k, frames[k] - 1, frames[k], r->nrows - 1, r->nrows, 0, cols,
                block);
    }
}

/* Whatever has axes: a box at the end. */
static void use_block(vxg_block_reader *r) {
    int64_t start[VXG_MAX_DIMS], count[VXG_MAX_DIMS], n = 1;
    static double v[4096];
    for (int i = 0; i < r->info.ndim; i++) {
        const int64_t all = r->info.axis[i].count, room = 4096 / n;
        count[i] = all < room ? all : room;
        start[i] = all - count[i];
        n *= count[i];
    }
    vxg_block_read(r, start, count, VXG_F64, v);
}

static void replay_others(const char *path) {
    double *table = NULL;
    int64_t rows, columns;
    vxg_block_reader *b = NULL;
    vxg_io_register();
    int status = vxg_block_open(path, NULL, &b);
    CHECK(status == 0 || status == VXG_ERR_INPUT || status == VXG_ERR_UNSUPPORTED,
          "blocks: status %d: %s", status, vxg_error_message());
    if (!status) use_block(b);
    vxg_block_close(b);
    status = vxg_numbers_read(path, &table, &rows, &columns, NULL);
    CHECK(status == 0 || status == VXG_ERR_INPUT, "numbers: status %d: %s", status,
          vxg_error_message());
    vxg_free(table);
}

/* Streamlines, if the file begins like some. */
static int use_tracts(const char *path) {
    vxg_tract_reader *r = NULL;
    vxg_tract_batch b = {.lines = 1};
    int status = vxg_tract_open(path, NULL, &r);
    while (!status && b.lines > 0) status = vxg_tract_next(r, 16, 64, VXG_F32, &b);
    vxg_tract_close(r);
    return status;
}

static void replay(const char *path) {
    float *v = NULL;
    int ndim = 0;
    int64_t shape[VXG_MAX_DIMS];
    vxg_scan_reader *r = NULL;
    int status = vxg_scan_open(path, &r);
    CHECK(status == 0 || status == VXG_ERR_INPUT || status == VXG_ERR_UNSUPPORTED,
          "scan: status %d: %s", status, vxg_error_message());
    if (!status) use_scan(r);
    vxg_scan_close(r);
    status = vxg_volume_read(path, &v, shape);
    CHECK(status == 0 || status == VXG_ERR_INPUT || status == VXG_ERR_UNSUPPORTED,
          "volume: status %d: %s", status, vxg_error_message());
    vxg_free(v);
    v = NULL;
    status = vxg_npy_read(path, &v, &ndim, shape);
    CHECK(status == 0 || status == VXG_ERR_INPUT, "npy: status %d: %s", status,
          vxg_error_message());
    vxg_free(v);
    replay_others(path);
    status = use_tracts(path);
    CHECK(status == 0 || status == VXG_ERR_INPUT || status == VXG_ERR_UNSUPPORTED,
          "streamlines: status %d: %s", status, vxg_error_message());
    vxg_error_clear();
    CHECK(vxg_alloc_live() == 0, "%lld blocks left", (long long)vxg_alloc_live());
}

static int by_name(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* Returns the number of files. */
static int replay_folder(const char *folder) {
    char path[1024], name[512];
    struct dirent **list = NULL;
    int files = 0;
    snprintf(path, sizeof path, "%s/tests/fuzz/%s", VXG_SOURCE_DIR, folder);
    int n = scandir(path, &list, NULL, by_name);
    for (int i = 0; i < n; i++) {
        snprintf(path, sizeof path, "%s/tests/fuzz/%s/%s", VXG_SOURCE_DIR, folder, list[i]->d_name);
        snprintf(name, sizeof name, "%s/%s", folder, list[i]->d_name);
        free(list[i]);
        if (strrchr(name, '/')[1] == '.') continue;
        test_case_begin();
        replay(path);
        test_case_end(name);
        files++;
    }
    free(list);
    return files;
}

int main(void) {
    static const char *const folders[] = {
        "corpus/hdf5",    "corpus/tiff", "corpus/npy", "corpus/nifti", "corpus/mif",
        "corpus/numbers", "corpus/trk",  "corpus/tck", "corpus/trx",   "findings"};
    const int n = sizeof folders / sizeof *folders;
    setenv("VXG_H5_SECONDS", "1", 0); /* for files that make HDF5 run without end */
    test_suite = "io_replay";
    if (vxg_io_register()) return 1;
    for (int i = 0; i < n; i++)
        if (replay_folder(folders[i]) == 0) {
            test_case_begin();
            test_note(1, __FILE__, __LINE__, "there are no files in tests/fuzz/%s", folders[i]);
            test_case_end(folders[i]);
        }
    return test_failed != 0;
}
