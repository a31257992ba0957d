/* Scans written and read back; what is refused; nothing left after a failure. */
#include "io_test.h"

enum { VIEWS = 5, ROWS = 3, COLS = 7, FLATS = 2, DARKS = 1, F = ROWS * COLS };
static const double theta[VIEWS] = {0, 36.5, -72, 108.25, 1e3};
static const vxg_attribute attributes[] = {{"command", "a test"}, {"empty", ""}};
static uint16_t frames[3][VIEWS * F];

static vxg_scan_writer_opts options(const char *path) {
    for (int k = 0; k < 3; k++)
        for (int i = 0; i < VIEWS * F; i++) frames[k][i] = (uint16_t)(i * 613 + k * 20000 + 7);
    return (vxg_scan_writer_opts){.path = path,
                                  .nviews = VIEWS,
                                  .nrows = ROWS,
                                  .ncols = COLS,
                                  .nflats = FLATS,
                                  .ndarks = DARKS,
                                  .theta = theta,
                                  .pixel_size = 1.25,
                                  .pixel_unit = "um",
                                  .attributes = attributes,
                                  .nattributes = 2};
}

static int write_all(vxg_scan_writer *w, int flats, int darks) {
    int status = w->write(w, VXG_FRAME_DATA, 3, 2, frames[0] + 3 * F);
    if (!status && darks) status = w->write(w, VXG_FRAME_DARK, 0, darks, frames[2]);
    if (!status) status = w->write(w, VXG_FRAME_DATA, 0, 3, frames[0]);
    if (!status && flats) status = w->write(w, VXG_FRAME_FLAT, 0, flats, frames[1]);
    return status;
}

static void read_back(const char *path, const int64_t counts[3]) {
    float v[VIEWS * F];
    vxg_scan_reader *r = NULL;
    CHECK_OK(vxg_scan_open(path, &r));
    int good = r->nviews == counts[0] && r->nflats == counts[1] && r->ndarks == counts[2] &&
               r->nrows == ROWS && r->ncols == COLS && !strcmp(r->dtype, "uint16");
    EXPECT(good, "sizes or type differ");
    for (int i = 0; i < VIEWS; i++) EXPECT(r->theta[i] == theta[i], "theta %d: %g", i, r->theta[i]);
    for (int k = 0; good && k < 3; k++) {
        if (!counts[k]) continue;
        CHECK_OK(r->read(r, (vxg_frame_kind)k, 0, counts[k], 0, ROWS, 0, COLS, v));
        for (int64_t i = 0; i < counts[k] * F; i++)
            EXPECT(v[i] == (float)frames[k][i], "kind %d element %d: %g", k, (int)i, (double)v[i]);
    }
    vxg_scan_close(r);
}

TEST(round_trip)
{
    const int64_t counts[3] = {VIEWS, FLATS, DARKS};
    vxg_scan_writer *w = NULL;
    vxg_scan_writer_opts o = options(at("deep/er/a.h5"));
    int status = vxg_scan_writer_open(&o, &w);
    if (status == VXG_ERR_UNSUPPORTED) SKIP("built without HDF5");
    CHECK(!status, "%s", vxg_error_message());
    EXPECT(access(o.path, F_OK) != 0, "the file is there before it is finished");
    CHECK_OK(write_all(w, FLATS, DARKS));
    CHECK_OK(w->finish(w));
    EXPECT(entries(at("deep/er")) == 1, "%d entries", entries(at("deep/er")));
    read_back(o.path, counts);
    vxg_scan_reader *r = NULL;
    CHECK_OK(vxg_scan_open(o.path, &r));
    EXPECT(r->pixel_size == 1.25 && !strcmp(r->pixel_unit, "um"), "pixel %g %s", r->pixel_size,
           r->pixel_unit);
    vxg_scan_close(r);
    /* without flats, darks and pixel size; over the first */
    o.nflats = o.ndarks = 0, o.pixel_size = 0;
    EXPECT(vxg_scan_writer_open(&o, &w) == VXG_ERR_OUTPUT && !w, "an existing file is replaced");
    o.force = 1;
    CHECK_OK(vxg_scan_writer_open(&o, &w));
    CHECK_OK(write_all(w, 0, 0));
    CHECK_OK(w->finish(w));
    read_back(o.path, (const int64_t[3]){VIEWS, 0, 0});
}

/* The same contents give the same bytes. */
TEST(same_bytes)
{
    char hex[2][65];
    for (int i = 0; i < 2; i++) {
        vxg_scan_writer *w = NULL;
        vxg_scan_writer_opts o = options(at(i ? "b.h5" : "a.h5"));
        int status = vxg_scan_writer_open(&o, &w);
        if (status == VXG_ERR_UNSUPPORTED) SKIP("built without HDF5");
        CHECK(!status, "%s", vxg_error_message());
        CHECK_OK(write_all(w, FLATS, DARKS));
        CHECK_OK(w->finish(w));
        CHECK_OK(vxg_file_sha256(o.path, hex[i]));
    }
    EXPECT(!strcmp(hex[0], hex[1]), "two files differ");
}

TEST(refused_and_abandoned)
{
    vxg_scan_writer *w = NULL;
    vxg_scan_writer_opts o = options(at("gone/c.h5"));
    int status = vxg_scan_writer_open(&o, &w);
    if (status == VXG_ERR_UNSUPPORTED) SKIP("built without HDF5");
    CHECK(!status, "%s", vxg_error_message());
    EXPECT(w->write(w, VXG_FRAME_DATA, 4, 2, frames[0]) == VXG_ERR_ARGUMENT, "view 5 of 5");
    EXPECT(w->write(w, VXG_FRAME_DARK, -1, 1, frames[0]) == VXG_ERR_ARGUMENT, "dark -1");
    EXPECT(w->write(w, (vxg_frame_kind)3, 0, 1, frames[0]) == VXG_ERR_ARGUMENT, "kind 3");
    EXPECT(w->write(w, VXG_FRAME_DATA, 0, 1, NULL) == VXG_ERR_ARGUMENT, "NULL");
    CHECK_OK(w->write(w, VXG_FRAME_DATA, 1, 1, frames[0]));
    EXPECT(w->write(w, VXG_FRAME_DATA, 0, 2, frames[0]) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "frame 1 of the projections was written already"),
           "twice: %s", vxg_error_message());
    EXPECT(w->finish(w) == VXG_ERR_ARGUMENT && strstr(vxg_error_message(), "7 frames"),
           "finished without frames: %s", vxg_error_message());
    EXPECT(entries(at("gone")) < 0, "the folder is left");
    CHECK_OK(vxg_scan_writer_open(&o, &w));
    w->abandon(w);
    EXPECT(entries(at("gone")) < 0, "the folder is left after abandon");
    EXPECT(vxg_alloc_live() == 0, "%d blocks are left", (int)vxg_alloc_live());
}

TEST(bad_options)
{
    const double nan_theta[VIEWS] = {0, 1, 2, NAN, 4};
    vxg_scan_writer *w = NULL;
    vxg_scan_writer_opts o = options(at("d.h5")), bad = o;
    bad.nviews = 0;
    EXPECT(vxg_scan_writer_open(&bad, &w) == VXG_ERR_ARGUMENT, "no views");
    bad = o, bad.nrows = (int64_t)1 << 40;
    EXPECT(vxg_scan_writer_open(&bad, &w) == VXG_ERR_ARGUMENT, "too large");
    bad = o, bad.nflats = -1;
    EXPECT(vxg_scan_writer_open(&bad, &w) == VXG_ERR_ARGUMENT, "-1 flats");
    bad = o, bad.theta = nan_theta;
    EXPECT(vxg_scan_writer_open(&bad, &w) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "theta of view 3"),
           "theta: %s", vxg_error_message());
    bad = o, bad.path = "";
    EXPECT(vxg_scan_writer_open(&bad, &w) == VXG_ERR_ARGUMENT, "no path");
    bad = o, bad.pixel_size = -1;
    EXPECT(vxg_scan_writer_open(&bad, &w) == VXG_ERR_ARGUMENT, "negative pixel");
    EXPECT(!w && entries(at("")) <= 3, "something is left");
}

TEST_MAIN("io_scan_write", T(round_trip), T(same_bytes), T(refused_and_abandoned), T(bad_options))
