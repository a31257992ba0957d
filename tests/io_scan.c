/* Data Exchange and NXtomo scans. The files of tests/data/io come from its make.py: element number
 * i of projections has the value i, negated in signed types. */
#include "io_test.h"

#include <pthread.h>

static const char *data_file(const char *name) {
    static char path[512];
    snprintf(path, sizeof path, "%s/tests/data/io/%s.h5", VXG_SOURCE_DIR, name);
    return path;
}

#define OPEN(name, r)                                                                              \
    vxg_scan_reader *r = NULL;                                                                     \
    CHECK_OK(vxg_scan_open(data_file(name), &r))

TEST(element_types)
{
    static const char *const types[][2] = {
        {"u1", "uint8"},      {"u2", "uint16"},  {"u2_be", "uint16"}, {"u4", "uint32"},
        {"i2", "int16"},      {"i4", "int32"},   {"i4_be", "int32"},  {"f4", "float32"},
        {"f4_be", "float32"}, {"f8", "float64"},
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        char name[32];
        float all[60], part[8];
        double sign = strchr("if", types[i][0][0]) ? -1 : 1;
        snprintf(name, sizeof name, "type_%s", types[i][0]);
        OPEN(name, r);
        CHECK(!strcmp(r->dtype, types[i][1]), "%s: dtype is %s", name, r->dtype);
        CHECK(r->nviews == 4 && r->nrows == 3 && r->ncols == 5, "%s: shape", name);
        CHECK(r->nflats == 0 && r->ndarks == 0, "%s: has flats or darks", name);
        CHECK_OK(r->read(r, VXG_FRAME_DATA, 0, 4, 0, 3, 0, 5, all));
        for (int k = 0; k < 60; k++) CHECK(all[k] == sign * k, "%s[%d] = %g", name, k, all[k]);
        CHECK_OK(r->read(r, VXG_FRAME_DATA, 1, 3, 1, 3, 2, 4, part));
        for (int k = 0; k < 8; k++) {
            int index = ((1 + k / 4) * 3 + 1 + k / 2 % 2) * 5 + 2 + k % 2;
            CHECK(part[k] == sign * index, "%s: block element %d = %g", name, k, part[k]);
        }
        vxg_scan_close(r);
    }
    CHECK(vxg_alloc_live() == 0, "%lld blocks left", (long long)vxg_alloc_live());
}

TEST(exchange)
{
    float flat[30], dark[15];
    OPEN("plain", r);
    CHECK(!strcmp(r->format, "Data Exchange"), "format is %s", r->format);
    CHECK(r->nflats == 2 && r->ndarks == 1, "%d flats, %d darks", (int)r->nflats, (int)r->ndarks);
    CHECK(r->pixel_size == 0.65 && !strcmp(r->pixel_unit, "um"), "pixel %g %s", r->pixel_size,
          r->pixel_unit);
    CHECK(!r->theta_missing, "theta is there");
    for (int i = 0; i < 4; i++) CHECK(r->theta[i] == 45.0 * i, "theta[%d] = %g", i, r->theta[i]);
    CHECK_OK(r->read(r, VXG_FRAME_FLAT, 0, 2, 0, 3, 0, 5, flat));
    CHECK_OK(r->read(r, VXG_FRAME_DARK, 0, 1, 0, 3, 0, 5, dark));
    CHECK(flat[0] == 100 && flat[29] == 129, "flats %g %g", flat[0], flat[29]);
    CHECK(dark[0] == -1 && dark[14] == -15, "darks %g %g", dark[0], dark[14]);
    vxg_scan_close(r);
}

TEST(bare_dataset)
{
    float v[15];
    vxg_scan_reader *r = NULL;
    CHECK_OK(vxg_scan_open_dataset(data_file("type_u2"), "exchange/data", &r));
    CHECK(r->nviews == 4 && r->nrows == 3 && r->ncols == 5 && !r->nflats, "shape of rank 3");
    CHECK(!strcmp(r->format, "HDF5 dataset"), "format %s", r->format);
    CHECK(!r->theta_missing && r->theta[1] > r->theta[0], "the angles beside the dataset");
    CHECK_OK(r->read(r, VXG_FRAME_DATA, 2, 3, 0, 3, 0, 5, v));
    CHECK(v[0] == 30 && v[14] == 44, "rank 3 read %g %g", v[0], v[14]);
    vxg_scan_close(r);
    CHECK_OK(vxg_scan_open_dataset(data_file("flat_single"), "/exchange/data_white", &r));
    CHECK(r->nviews == 3 && r->nrows == 1 && r->ncols == 5, "rank 2: views and columns");
    CHECK(r->theta_missing, "angles of another number of views are not this dataset's");
    CHECK_OK(r->read(r, VXG_FRAME_DATA, 1, 3, 0, 1, 2, 5, v));
    CHECK(v[0] == 107 && v[5] == 114, "rank 2 read %g %g", v[0], v[5]);
    vxg_scan_close(r);
    CHECK(vxg_scan_open_dataset(data_file("plain"), "exchange/nothing", &r) == VXG_ERR_INPUT &&
              strstr(vxg_error_message(), "exchange/nothing"),
          "a missing dataset: %s", vxg_error_message());
    CHECK(vxg_scan_open_dataset(data_file("plain"), "exchange/theta", &r) == VXG_ERR_INPUT &&
              strstr(vxg_error_message(), "rank 1"),
          "rank 1: %s", vxg_error_message());
    CHECK(vxg_alloc_live() == 0, "%lld blocks left", (long long)vxg_alloc_live());
}

TEST(exchange_variants)
{
    float v[15];
    OPEN("theta_missing", a);
    CHECK(a->theta_missing && a->theta[0] == 0 && a->theta[3] == 135, "even angles expected");
    CHECK(a->pixel_size == 0 && !strcmp(a->pixel_unit, ""), "no pixel size expected");
    vxg_scan_close(a);
    OPEN("theta_radians", b);
    CHECK(fabs(b->theta[3] - 135) < 1e-12, "radians read as %g", b->theta[3]);
    vxg_scan_close(b);
    OPEN("theta_column", c);
    CHECK(c->theta[3] == 3, "float column read as %g", c->theta[3]);
    vxg_scan_close(c);
    OPEN("flat_single", d);
    CHECK(d->nflats == 1 && d->ndarks == 0, "one flat expected");
    CHECK_OK(d->read(d, VXG_FRAME_FLAT, 0, 1, 1, 3, 2, 5, v));
    CHECK(v[0] == 107 && v[5] == 114, "single flat %g %g", v[0], v[5]);
    vxg_scan_close(d);
    OPEN("pixel_objective", e);
    CHECK(e->pixel_size == 1.5 && !strcmp(e->pixel_unit, "um"), "objective's pixel");
    vxg_scan_close(e);
}

TEST(chunked_and_packed)
{
    float v[6 * 2 * 10];
    OPEN("gzip", r);
    CHECK_OK(r->read(r, VXG_FRAME_DATA, 0, 6, 2, 4, 0, 10, v)); /* across a border of chunks */
    for (int i = 0; i < 120; i++) {
        int index = i / 20 * 80 + 20 + i % 20;
        CHECK(v[i] == index, "element %d is %g", index, v[i]);
    }
    vxg_scan_close(r);
}

TEST(nxtomo)
{
    static const char *const names[] = {"nxtomo",        "nxtomo_names",       "nxtomo_plain",
                                        "nxtomo_linked", "nxtomo_projections", "nxtomo_no_angles"};
    /* Keys 2 1 0 0 1 3 0: projections are frames 2, 3, 6; flats 1, 4; dark 0; 5 is left out. */
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        float v[18], f[12], one[2];
        OPEN(names[k], r);
        CHECK(!strcmp(r->format, "NXtomo"), "%s: format is %s", names[k], r->format);
        CHECK(r->nviews == 3 && r->nflats == 2 && r->ndarks == 1 && r->nrows == 2 && r->ncols == 3,
              "%s: shape", names[k]);
        CHECK_OK(r->read(r, VXG_FRAME_DATA, 0, 3, 0, 2, 0, 3, v));
        CHECK(v[0] == 12 && v[6] == 18 && v[12] == 36 && v[17] == 41, "%s: projections", names[k]);
        CHECK_OK(r->read(r, VXG_FRAME_FLAT, 0, 2, 0, 2, 0, 3, f));
        CHECK(f[0] == 6 && f[6] == 24, "%s: flats", names[k]);
        CHECK_OK(r->read(r, VXG_FRAME_DATA, 2, 3, 1, 2, 1, 3, one));
        CHECK(one[0] == 40 && one[1] == 41, "%s: block", names[k]);
        if (r->theta_missing) {
            CHECK(k == 5 && r->theta[2] == 120, "%s: even angles", names[k]);
        } else {
            CHECK(r->theta[0] == 10 && r->theta[1] == 20 && r->theta[2] == 30, "%s: angles",
                  names[k]);
        }
        vxg_scan_close(r);
    }
    OPEN("nxtomo", r);
    CHECK(r->pixel_size == 6.5e-6 && !strcmp(r->pixel_unit, "m"), "pixel size");
    vxg_scan_close(r);
}

TEST(bad_input)
{
    /* File, and what the message must name: dataset, expected and found. */
    static const char *const cases[][3] = {
        {"bad_rank2", "exchange/data", "rank 2, rank 3"},
        {"bad_rank4", "exchange/data", "rank 4, rank 3"},
        {"bad_text", "exchange/data", "not plain numbers"},
        {"bad_empty", "exchange/data", "size 0 is 0"},
        {"bad_group", "exchange/data", "not a dataset"},
        {"bad_flats", "exchange/data_white", "frames of 3 x 6, 3 x 5 expected"},
        {"bad_darks", "exchange/data_dark", "frames of 4 x 5, 3 x 5 expected"},
        {"bad_flats_rank", "exchange/data_white", "rank 4"},
        {"bad_theta_count", "exchange/theta", "5 angles, 4 expected"},
        {"bad_theta_nan", "exchange/theta", "projection 1 is nan"},
        {"bad_theta_inf", "exchange/theta", "projection 3 is inf"},
        {"bad_theta_huge", "exchange/data", "bytes expected, only 0 are stored"},
        {"bad_nothing", "no scan", "exchange/data"},
        {"bad_soft", "no scan", "exchange/data"},
        {"bad_tomo_angles", "sample/rotation_angle", "5 angles, 7 expected"},
        {"bad_tomo_keys", "detector/image_key", "7 keys, 6 expected"},
        {"bad_tomo_none", "detector/image_key", "key 0"},
        {"bad_tomo_nan", "sample/rotation_angle", "projection 1 is nan"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        vxg_scan_reader *r = NULL;
        int status = vxg_scan_open(data_file(cases[i][0]), &r);
        const char *m = vxg_error_message();
        CHECK(status == VXG_ERR_INPUT && !r, "%s: status %d", cases[i][0], status);
        CHECK(strstr(m, cases[i][0]) && strstr(m, cases[i][1]) && strstr(m, cases[i][2]),
              "%s: message is \"%s\"", cases[i][0], m);
    }
    vxg_scan_reader *r = NULL;
    CHECK(vxg_scan_open(at("absent.h5"), &r) == VXG_ERR_INPUT, "absent file");
    CHECK(strstr(vxg_error_message(), "No such file"), "%s", vxg_error_message());
    CHECK(vxg_scan_open(scratch, &r) == VXG_ERR_INPUT, "folder");
    CHECK(vxg_scan_open(VXG_SOURCE_DIR "/tests/io_scan.c", &r) == VXG_ERR_INPUT, "text file");
    CHECK(strstr(vxg_error_message(), "not an HDF5 file"), "%s", vxg_error_message());
    CHECK(vxg_scan_open(NULL, &r) == VXG_ERR_ARGUMENT, "NULL");
    CHECK(vxg_alloc_live() == 0, "%lld blocks left", (long long)vxg_alloc_live());
}

TEST(truncated)
{
    static const char *const names[] = {"plain", "gzip", "nxtomo", "type_u2"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        size_t n = 0;
        uint8_t *whole = slurp(data_file(names[k]), &n);
        CHECK(whole, "cannot read %s", names[k]);
        for (size_t cut = 0; cut < n; cut += cut < 2100 ? 41 : 397) {
            vxg_scan_reader *r = NULL;
            CHECK(!spill(at("cut.h5"), whole, cut), "cannot write");
            int status = vxg_scan_open(at("cut.h5"), &r);
            CHECK(status == VXG_ERR_INPUT, "%s cut to %zu of %zu bytes: status %d", names[k], cut,
                  n, status);
            CHECK(strstr(vxg_error_message(), "cut.h5"), "%s", vxg_error_message());
        }
        free(whole);
    }
    CHECK(vxg_alloc_live() == 0, "%lld blocks left", (long long)vxg_alloc_live());
}

TEST(ranges)
{
    float v[4] = {7, 7, 7, 7};
    OPEN("plain", r);
    const int64_t bad[][6] = {{-1, 1, 0, 1, 0, 1}, {0, 5, 0, 1, 0, 1},        {2, 1, 0, 1, 0, 1},
                              {0, 1, 0, 4, 0, 1},  {0, 1, -1, 1, 0, 1},       {0, 1, 0, 1, 0, 6},
                              {0, 1, 0, 1, 3, 2},  {0, INT64_MAX, 0, 1, 0, 1}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const int64_t *b = bad[i];
        int status = r->read(r, VXG_FRAME_DATA, b[0], b[1], b[2], b[3], b[4], b[5], v);
        CHECK(status == VXG_ERR_ARGUMENT, "range %d: status %d", (int)i, status);
        CHECK(strstr(vxg_error_message(), "outside 4 x 3 x 5"), "%s", vxg_error_message());
    }
    CHECK(r->read(r, VXG_FRAME_DARK, 1, 2, 0, 1, 0, 1, v) == VXG_ERR_ARGUMENT, "second dark");
    CHECK_OK(r->read(r, VXG_FRAME_DATA, 2, 2, 0, 3, 0, 5, v)); /* empty ranges are fine */
    CHECK_OK(r->read(r, VXG_FRAME_DATA, 0, 4, 1, 1, 0, 5, NULL));
    CHECK(v[0] == 7, "an empty range wrote");
    vxg_scan_close(r);
    vxg_scan_close(NULL);
}

static long long bytes_of(const char *pid) {
    char path[300];
    long long n = -1;
    snprintf(path, sizeof path, "/proc/%s/io", pid);
    FILE *f = fopen(path, "r");
    if (!f) return -1;
    if (fscanf(f, "rchar: %lld", &n) != 1) n = -1;
    fclose(f);
    return n;
}

static int is_child(const char *pid) {
    char path[300];
    long parent = 0;
    snprintf(path, sizeof path, "/proc/%s/stat", pid);
    FILE *f = fopen(path, "r");
    if (!f) return 0;
    if (fscanf(f, "%*d %*s %*c %ld", &parent) != 1) parent = 0;
    fclose(f);
    return parent == (long)getpid();
}

/* Bytes this process and its children (HDF5's helper) have read so far, -1 where the system does
 * not say. */
static long long bytes_read(void) {
    long long n = bytes_of("self");
    DIR *dir = n < 0 ? NULL : opendir("/proc");
    for (struct dirent *e; dir && (e = readdir(dir));) {
        if (e->d_name[0] < '1' || e->d_name[0] > '9' || !is_child(e->d_name)) continue;
        const long long more = bytes_of(e->d_name);
        n = more < 0 ? -1 : n + more;
    }
    if (dir) closedir(dir);
    return n;
}

TEST(one_slice_reads_one_slice)
{
    enum { V = 48, R = 64, C = 256 };
    static float volume[R * C], sinogram[V * C];
    vxg_volume_writer *w = NULL;
    vxg_volume_writer_opts o = {.format = VXG_VOLUME_H5, .nz = V, .ny = R, .nx = C};
    o.path = at("large.h5");
    CHECK_OK(vxg_volume_writer_open(&o, &w));
    for (int v = 0; v < V; v++) {
        for (int i = 0; i < R * C; i++) volume[i] = (float)(v * R * C + i);
        CHECK_OK(w->write(w, v, 1, volume));
    }
    CHECK_OK(w->finish(w));
    vxg_scan_reader *r = NULL;
    CHECK_OK(vxg_scan_open(o.path, &r));
    const long long before = bytes_read(), again = bytes_read();
    if (before < 0) {
        vxg_scan_close(r);
        SKIP("/proc/self/io does not count bytes here");
    }
    bytes_read();
    long long own = again - before, start = bytes_read();
    CHECK_OK(r->read(r, VXG_FRAME_DATA, 0, V, 17, 18, 0, C, sinogram));
    long long row = bytes_read() - start - own, slack = 16384; /* looks at /proc differ */
    start = bytes_read();
    CHECK_OK(r->read(r, VXG_FRAME_DATA, 5, 7, 10, 20, 32, 64, sinogram));
    long long block = bytes_read() - start - own;
    vxg_scan_close(r);
    CHECK(row >= 4 * V * C - slack && row <= 4 * V * C + slack, "%lld bytes for one row of %d", row,
          4 * V * C);
    CHECK(block <= 4 * 2 * 10 * 32 + slack, "%lld bytes for a block of %d", block, 4 * 2 * 10 * 32);
    CHECK(sinogram[0] == 5 * R * C + 10 * C + 32, "block starts with %g", sinogram[0]);
}

static void *read_often(void *context) {
    int *failed = context;
    for (int i = 0; i < 40; i++) {
        vxg_scan_reader *r = NULL;
        float v[60];
        const char *name = i % 2 ? "gzip" : "plain";
        char path[512];
        snprintf(path, sizeof path, "%s/tests/data/io/%s.h5", VXG_SOURCE_DIR, name);
        if (vxg_scan_open(path, &r) || r->read(r, VXG_FRAME_DATA, 1, 2, 1, 2, 0, 5, v)) *failed = 1;
        if (r && v[1] != (i % 2 ? 91 : 21)) *failed = 1;
        vxg_scan_close(r);
    }
    return NULL;
}

TEST(threads)
{
    pthread_t threads[4];
    int failed[4] = {0};
    for (int i = 0; i < 4; i++)
        CHECK(pthread_create(&threads[i], NULL, read_often, &failed[i]) == 0, "no thread");
    for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    for (int i = 0; i < 4; i++) CHECK(!failed[i], "thread %d read wrong values", i);
}

TEST(tooth)
{
    char path[512];
    float v[4];
    if (!test_data("ct_parallel_tooth/tooth.h5", path, sizeof path))
        SKIP("VXG_TEST_DATA is not set");
    vxg_scan_reader *r = NULL;
    CHECK_OK(vxg_scan_open(path, &r));
    CHECK(r->nviews == 181 && r->nrows == 2 && r->ncols == 640, "shape");
    CHECK(r->nflats == 10 && r->ndarks == 10 && !strcmp(r->dtype, "float32"), "flats, darks, type");
    CHECK(r->theta[0] == 0 && fabs(r->theta[180] - 179.005524862) < 1e-6, "theta ends with %.9f",
          r->theta[180]);
    CHECK_OK(r->read(r, VXG_FRAME_DATA, 90, 91, 1, 2, 300, 304, v));
    CHECK(v[0] > 3921 && v[0] < 33892, "counts of %g", v[0]);
    vxg_scan_close(r);
}

TEST(diamond_24737)
{
    char path[512], tiff[512];
    float *stack = NULL, *frame = calloc(135 * 160, sizeof *frame);
    int64_t shape[3];
    if (!test_data("ct_parallel_24737/24737_nxtomo.h5", path, sizeof path)) {
        free(frame);
        SKIP("VXG_TEST_DATA is not set");
    }
    vxg_scan_reader *r = NULL;
    CHECK_OK(vxg_scan_open(path, &r));
    CHECK(r->nviews == 91 && r->nrows == 135 && r->ncols == 160, "shape");
    CHECK(r->nflats == 1 && r->ndarks == 1 && !strcmp(r->dtype, "uint16"), "flats, darks, type");
    CHECK(fabs(r->theta[0] + 88.2) < 1e-3 && fabs(r->theta[90] - 91.8) < 1e-3, "theta %g..%g",
          r->theta[0], r->theta[90]);
    /* The same frame as the TIFF file it was assembled from. */
    CHECK(test_data("ct_parallel_24737/tiff/raw_00037.tiff", tiff, sizeof tiff), "no TIFF");
    CHECK_OK(r->read(r, VXG_FRAME_DATA, 37, 38, 0, 135, 0, 160, frame));
    CHECK_OK(vxg_volume_read(tiff, &stack, shape));
    CHECK(shape[0] == 1 && shape[1] == 135 && shape[2] == 160, "TIFF's shape");
    CHECK(!memcmp(stack, frame, 135 * 160 * sizeof *frame), "frame 37 differs from its TIFF");
    vxg_free(stack);
    CHECK(test_data("ct_parallel_24737/dark_00001.tiff", tiff, sizeof tiff), "no TIFF");
    CHECK_OK(r->read(r, VXG_FRAME_DARK, 0, 1, 0, 135, 0, 160, frame));
    CHECK_OK(vxg_volume_read(tiff, &stack, shape));
    CHECK(!memcmp(stack, frame, 135 * 160 * sizeof *frame), "the dark differs from its TIFF");
    vxg_free(stack);
    vxg_scan_close(r);
    free(frame);
}

TEST_MAIN("io_scan", T(element_types), T(exchange), T(bare_dataset), T(exchange_variants),
          T(chunked_and_packed), T(nxtomo), T(bad_input), T(truncated), T(ranges),
          T(one_slice_reads_one_slice), T(threads), T(tooth), T(diamond_24737))
