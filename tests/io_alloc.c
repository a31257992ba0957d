/* Every memory request fails once: nothing crashes, nothing leaks, no file is left. */
#include "io_test.h"
#include <voxgrad/tracts.h>

enum { N = 6 };
static float volume[N * N * N];
static const vxg_attribute attributes[] = {{"version", "0.1.0"}};

static int write_volume(vxg_volume_format format, const char *path) {
    vxg_volume_writer *w = NULL;
    vxg_volume_writer_opts o = {.format = format,
                                .path = path,
                                .nz = N,
                                .ny = N,
                                .nx = N,
                                .voxel = {1, 1, 1},
                                .unit = "mm",
                                .attributes = attributes,
                                .nattributes = 1};
    int status = vxg_volume_writer_open(&o, &w);
    if (!status) status = w->write(w, 3, 3, volume);
    if (!status) status = w->write(w, 0, 3, volume);
    if (!status) return w->finish(w);
    if (w) w->abandon(w);
    return status;
}
static int tiff_folder(void) {
    return write_volume(VXG_VOLUME_TIFF, at("out/t"));
}
static int tiff_stack(void) {
    return write_volume(VXG_VOLUME_TIFF_STACK, at("out/t.tif"));
}
static int hdf5(void) {
    return write_volume(VXG_VOLUME_H5, at("out/t.h5"));
}
static int npy(void) {
    return write_volume(VXG_VOLUME_NPY, at("out/t.npy"));
}

static int scan_out(void) {
    static const uint16_t frames[2 * N] = {1};
    static const double theta[2] = {0, 90};
    vxg_scan_writer *w = NULL;
    vxg_scan_writer_opts o = {.path = at("out/s.h5"),
                              .nviews = 2,
                              .nrows = 1,
                              .ncols = N,
                              .nflats = 1,
                              .theta = theta,
                              .pixel_size = 2,
                              .pixel_unit = "um",
                              .attributes = attributes,
                              .nattributes = 1};
    int status = vxg_scan_writer_open(&o, &w);
    if (!status) status = w->write(w, VXG_FRAME_DATA, 0, 2, frames);
    if (!status) status = w->write(w, VXG_FRAME_FLAT, 0, 1, frames);
    if (!status) return w->finish(w);
    if (w) w->abandon(w);
    return status;
}

static int scan(const char *name) {
    char path[512];
    float v[60];
    vxg_scan_reader *r = NULL;
    snprintf(path, sizeof path, "%s/tests/data/io/%s.h5", VXG_SOURCE_DIR, name);
    int status = vxg_scan_open(path, &r);
    if (!status) status = r->read(r, VXG_FRAME_DATA, 0, 2, 0, 2, 0, 3, v);
    vxg_scan_close(r);
    return status;
}
static int exchange(void) {
    return scan("plain");
}
static int packed(void) {
    return scan("gzip");
}
static int even(void) {
    return scan("theta_missing");
}
static int tomo(void) {
    return scan("nxtomo");
}

static int read_back(const char *name) {
    char path[512];
    float *v = NULL;
    int64_t shape[3];
    snprintf(path, sizeof path, "%s/tests/fuzz/corpus/%s", VXG_SOURCE_DIR, name);
    int status = vxg_volume_read(path, &v, shape);
    vxg_free(v);
    return status;
}
static int read_tiff(void) {
    return read_back("tiff/stack.tif");
}
static int read_hdf5(void) {
    return read_back("hdf5/volume.h5");
}
/* Blocks: a file of several slices with all there is to say, written and read back. */
static int blocks(const char *path) {
    vxg_block_writer *w = NULL;
    vxg_block_reader *r = NULL;
    float v[N * N];
    const int64_t zeros[3] = {0}, all[3] = {2, N, N}, row[3] = {1, N, N};
    vxg_block_create_opts o = {.info = {.ndim = 3, .dtype = VXG_F32}};
    int status = vxg_io_register();
    for (int i = 0; i < 3; i++) {
        o.info.axis[i] = (vxg_axis){.count = all[i], .step = 0.5, .name = "z", .unit = "mm"};
        o.info.axis[i].name[0] += (char)-i;
    }
    o.info.has_affine = !strstr(path, ".tif");
    o.info.attributes = attributes, o.info.nattributes = 1;
    if (!status) status = vxg_block_create(path, &o, &w);
    if (!status) status = w->write(w, zeros, all, volume);
    if (!status) {
        status = w->finish(w);
    } else if (w) {
        w->abandon(w);
    }
    if (!status) status = vxg_block_open(path, NULL, &r);
    if (!status) status = vxg_block_read(r, zeros, row, VXG_F32, v);
    vxg_block_close(r);
    if (status) unlink(path), rmdir(at("out"));
    return status;
}
static int blocks_npy(void) {
    return blocks(at("out/b.npy"));
}
static int blocks_h5(void) {
    return blocks(at("out/b.h5"));
}
static int blocks_tiff(void) {
    return blocks(at("out/b.tif"));
}
/* Streamlines with columns, groups and attributes, written and read back. */
static int tracts(const char *path, int folder) {
    static const int64_t offsets[3] = {0, 2, 3};
    static const float numbers[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    static const uint32_t first[1] = {0};
    static const vxg_tract_column column = {.components = 1, .name = "x"};
    const void *const values[1] = {numbers};
    const vxg_tract_group group = {.count = 1,
                                   .index = first,
                                   .name = "g",
                                   .ncolumns = 1,
                                   .columns = &column,
                                   .values = values};
    const int trk = strstr(path, ".trk") != NULL, trx = strstr(path, ".trx") != NULL;
    vxg_tract_create_opts o = {.folder = folder, .info = {.has_affine = 1}};
    const vxg_tract_batch b = {.lines = 2,
                               .offsets = offsets,
                               .positions = numbers,
                               .point_values = values,
                               .line_values = values};
    vxg_tract_writer *w = NULL;
    vxg_tract_reader *r = NULL;
    vxg_tract_batch got = {0};
    for (int i = 0; i < 3; i++) o.info.affine[5 * i] = o.info.voxel[i] = 1, o.info.grid[i] = 10;
    memcpy(o.info.voxel_order, "RAS", 4);
    o.info.space = trk ? VXG_TRACT_CORNER : VXG_TRACT_RAS;
    if (trk || trx) {
        o.info.npoint_columns = o.info.nline_columns = 1;
        o.info.point_columns = o.info.line_columns = &column;
    }
    if (trx) o.info.ngroups = 1, o.info.groups = &group;
    if (!trk) o.info.attributes = attributes, o.info.nattributes = 1;
    int status = vxg_io_register();
    if (!status) status = vxg_tract_create(path, &o, &w);
    if (!status) status = vxg_tract_write(w, &b);
    if (!status) {
        status = w->finish(w);
    } else if (w) {
        w->abandon(w);
    }
    if (!status) status = vxg_tract_open(path, NULL, &r);
    if (!status) status = vxg_tract_next(r, 9, 9, VXG_F64, &got);
    vxg_tract_close(r);
    if (status) unlink(path), scratch_clear(path), rmdir(path), rmdir(at("out"));
    return status;
}
static int tracts_trk(void) {
    return tracts(at("out/t.trk"), 0);
}
static int tracts_tck(void) {
    return tracts(at("out/t.tck"), 0);
}
static int tracts_trx(void) {
    return tracts(at("out/t.trx"), 0);
}
static int tracts_folder(void) {
    return tracts(at("out/f.trx"), 1);
}
static int tracts_deflated(void) {
    vxg_tract_reader *r = NULL;
    vxg_tract_batch b = {0};
    int status = vxg_io_register();
    if (!status)
        status = vxg_tract_open(VXG_SOURCE_DIR "/tests/fuzz/corpus/trx/deflated.trx", NULL, &r);
    if (!status) status = vxg_tract_next(r, 9, 9, VXG_F64, &b);
    vxg_tract_close(r);
    return status;
}
static int slices_back(void) {
    float *v = NULL;
    int64_t shape[3];
    int status = write_volume(VXG_VOLUME_TIFF, at("out/t"));
    if (!status) status = vxg_volume_read(at("out"), &v, shape);
    vxg_free(v);
    if (status) scratch_clear(at("out")), rmdir(at("out"));
    return status;
}
static int read_npy(void) {
    return read_back("npy/f4.npy");
}
static int read_npy8(void) {
    return read_back("npy/f8.npy");
}

static int text(void) {
    return vxg_text_write(at("out/t.txt"), "words", 0);
}
static int sha(void) {
    char hex[65];
    return vxg_file_sha256(VXG_SOURCE_DIR "/tests/io_alloc.c", hex);
}
static int png(const vxg_picture *p) {
    return vxg_picture_write_png(p, at("out/p.png"), attributes, 1, 0);
}
static int slices(void) {
    vxg_picture p = {0};
    const int64_t shape[3] = {N, N, N};
    int status = vxg_picture_orthoslices(volume, volume, volume, shape, NULL, NULL, &p);
    if (!status) status = png(&p);
    vxg_picture_free(&p);
    return status;
}
static int montage(void) {
    vxg_picture p = {0};
    const char *labels[N] = {"1", "2", "3", "4", "5", "6"};
    int status = vxg_picture_montage(volume, N, N, N, labels, &p);
    vxg_picture_free(&p);
    return status;
}
static int curves(void) {
    vxg_picture p = {0};
    const double x[3] = {0, 1, 2}, y[3] = {1, 0, 1};
    vxg_curve c = {.x = x, .y = y, .n = 3, .label = "score", .mark = 1};
    int status = vxg_picture_curves(&c, 1, "t", "x", "y", &p);
    vxg_picture_free(&p);
    return status;
}

static int fill_report(vxg_report *r) {
    const double x[3] = {0, 1, 2}, y[3] = {1, 10, 100};
    const vxg_curve c = {.x = x, .y = y, .n = 3, .label = "score", .mark = 1};
    const char *const names[] = {"read", "compute"};
    vxg_picture p = {0};
    int status = vxg_report_section(r, "section");
    if (!status) status = vxg_report_warning(r, "words");
    if (!status) status = vxg_report_table(r, attributes, 1);
    if (!status) status = vxg_picture_gray(volume, N, N, 0, 1, 0, 0, &p);
    if (!status) status = vxg_report_picture(r, &p, "slice", 0, 1, "1/mm");
    vxg_picture_free(&p);
    if (!status) status = vxg_report_stages(r, names, x, 2);
    return status ? status : vxg_report_chart(r, &c, 1, "t", "x", "y", VXG_REPORT_LOG_Y);
}
static int report(void) {
    vxg_report *r = NULL;
    char *page = NULL;
    int status = vxg_report_new("title", &r);
    if (!status) status = fill_report(r);
    if (!status) status = vxg_report_html(r, &page);
    vxg_free(page);
    vxg_report_free(r);
    return status;
}

static const struct {
    const char *name;
    int (*fn)(void);
} cases[] = {{"tiff_folder", tiff_folder},
             {"tiff_stack", tiff_stack},
             {"hdf5", hdf5},
             {"npy", npy},
             {"scan_out", scan_out},
             {"exchange", exchange},
             {"packed", packed},
             {"even", even},
             {"tomo", tomo},
             {"read_tiff", read_tiff},
             {"read_hdf5", read_hdf5},
             {"blocks_npy", blocks_npy},
             {"blocks_h5", blocks_h5},
             {"blocks_tiff", blocks_tiff},
             {"slices_back", slices_back},
             {"tracts_trk", tracts_trk},
             {"tracts_tck", tracts_tck},
             {"tracts_trx", tracts_trx},
             {"tracts_folder", tracts_folder},
             {"tracts_deflated", tracts_deflated},
             {"read_npy", read_npy},
             {"read_npy8", read_npy8},
             {"text", text},
             {"sha", sha},
             {"slices", slices},
             {"montage", montage},
             {"curves", curves},
             {"report", report}};

static void fail_each(int (*fn)(void)) {
    int64_t requests = 0;
    scratch_clear(at(""));
    vxg_alloc_count();
    CHECK_OK(fn());
    requests = vxg_alloc_count();
    scratch_clear(at(""));
    vxg_error_clear();
    int64_t live = vxg_alloc_live();
    CHECK(requests > 0, "no memory was asked for");
    for (int64_t i = 0; i < requests; i++) {
        vxg_alloc_fail_at(i);
        int status = fn();
        vxg_alloc_fail_at(-1);
        CHECK(status == VXG_ERR_MEMORY, "request %lld of %lld: status %d: %s", (long long)i,
              (long long)requests, status, vxg_error_message());
        vxg_error_clear();
        CHECK(vxg_alloc_live() == live, "request %lld: %lld blocks left", (long long)i,
              (long long)(vxg_alloc_live() - live));
        CHECK(entries(at("")) == 0, "request %lld: %d entries left", (long long)i, entries(at("")));
    }
}

int main(int argc, char **argv) {
    test_suite = "io_alloc";
    for (int i = 0; i < N * N * N; i++) volume[i] = (float)(i % 17);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (argc > 1 && !strstr(cases[i].name, argv[1])) continue;
        test_case_begin();
        fail_each(cases[i].fn);
        test_case_end(cases[i].name);
    }
    return test_failed != 0;
}
