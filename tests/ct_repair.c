/* Bad values of a scan: the rule by which neighbours replace them, and what the pipeline makes of
 * NaN, infinities, zero flats and negative transmissions, whatever the slabs. */
#include <voxgrad/voxgrad.h>

#include "test.h"

/* ---- the rule ---- */
enum { V = 5, R = 12, U = 7 };
static float lines[V * R * U];
static float *at(int v, int r, int u) {
    return &lines[(v * R + r) * U + u];
}
static float truth(int v, int r, int u) {
    return (float)(100 * v + 10 * r + u); /* linear: interpolation is exact */
}
static void fill(void) {
    for (int v = 0; v < V; v++)
        for (int r = 0; r < R; r++)
            for (int u = 0; u < U; u++) *at(v, r, u) = truth(v, r, u);
}

TEST(rule)
{
    int64_t repaired, empty;
    fill();
    *at(1, 0, 3) = NAN;                           /* along the row */
    *at(2, 0, 2) = INFINITY, *at(2, 0, 3) = NAN;  /* a gap of two */
    *at(3, 0, 0) = -INFINITY, *at(3, 0, 6) = NAN; /* both ends: the nearest value */
    for (int u = 0; u < U; u++) *at(2, 1, u) = *at(3, 1, u) = NAN; /* two views of a row */
    for (int u = 0; u < U; u++) *at(0, 2, u) = NAN;                /* the first: the next one's */
    for (int v = 0; v < V; v++) *at(v, 3, 4) = NAN;                /* a pixel in all views */
    for (int i = 0; i < V * 2 * U; i++) *at(i / 14, 5 + i / 7 % 2, i % 7) = NAN; /* rows 5, 6 */
    for (int i = 0; i < V * U; i++) *at(i / 7, 11, i % 7) = NAN; /* the last row: nothing beyond */
    CHECK_OK(vxg_ct_repair(lines, V, R, U, &repaired, &empty));
    CHECK(empty == 1 && repaired == 1 + 2 + 2 + 14 + 7 + 5 + 70, "%d values, %d rows empty",
          (int)repaired, (int)empty);
    double worst = 0;
    for (int v = 0; v < V; v++)
        for (int r = 0; r < R; r++)
            for (int u = 0; u < U; u++) {
                float want = truth(v, r, u);
                if (r == 0 && v == 3 && u == 0) want = truth(3, 0, 1);
                if (r == 0 && v == 3 && u == 6) want = truth(3, 0, 5);
                if (r == 2 && v == 0) want = truth(1, r, u);
                if (r == 11) want = 0;
                double d = fabs((double)*at(v, r, u) - (double)want);
                if (!(d <= worst)) worst = d;
            }
    CHECK(worst < 1e-4, "off by %g", worst);
    fill();
    for (int r = 3; r < 8; r++) /* five rows are too many */
        for (int i = 0; i < V * U; i++) *at(i / 7, r, i % 7) = NAN;
    CHECK_OK(vxg_ct_repair(lines, V, R, U, &repaired, &empty));
    CHECK(empty == 5 && repaired == 0 && *at(0, 5, 3) == 0, "a gap of five: %d", (int)empty);
    CHECK(vxg_ct_repair(NULL, V, R, U, NULL, NULL) == VXG_ERR_ARGUMENT, "NULL");
}

/* ---- scans ---- */
enum { VIEWS = 40, ROWS = 20, COLS = 32 };
static float counts[VIEWS * ROWS * COLS], flats[ROWS * COLS];
static int read_counts(vxg_scan_reader *self, vxg_frame_kind kind, int64_t v0, int64_t v1,
                       int64_t r0, int64_t r1, int64_t c0, int64_t c1, float *dst) {
    (void)self;
    for (int64_t v = v0; v < v1; v++)
        for (int64_t r = r0; r < r1; r++)
            for (int64_t c = c0; c < c1; c++)
                *dst++ = kind == VXG_FRAME_DATA   ? counts[(v * ROWS + r) * COLS + c]
                         : kind == VXG_FRAME_FLAT ? flats[r * COLS + c]
                                                  : 10.0f;
    return VXG_OK;
}
static double theta[VIEWS];
static vxg_scan_reader scan = {.path = "memory",
                               .format = "memory",
                               .dtype = "float32",
                               .nviews = VIEWS,
                               .nrows = ROWS,
                               .ncols = COLS,
                               .nflats = 1,
                               .ndarks = 1,
                               .theta = theta,
                               .pixel_unit = "",
                               .read = read_counts};
static float volume[ROWS * COLS * COLS];
static int keep(vxg_volume_writer *self, int64_t z0, int64_t nz, const float *src) {
    (void)self;
    memcpy(volume + z0 * COLS * COLS, src, (size_t)(nz * COLS * COLS) * sizeof *src);
    return VXG_OK;
}
static vxg_volume_writer writer = {.write = keep};
static vxg_device *dev;

/* A cylinder, counts or line integrals. */
static void fill_scan(int ready) {
    for (int v = 0; v < VIEWS; v++) theta[v] = 180.0 * v / VIEWS;
    for (int i = 0; i < VIEWS * ROWS * COLS; i++) {
        const double s = i % COLS - 15.7;
        const double p = fabs(s) < 10 ? 0.04 * sqrt(100 - s * s) : 0;
        counts[i] = (float)(ready ? p : 10 + 990 * exp(-p));
    }
    for (int i = 0; i < ROWS * COLS; i++) flats[i] = 1000;
}
static float *count(int v, int r, int c) {
    return &counts[(v * ROWS + r) * COLS + c];
}

static float clean[ROWS * COLS * COLS];
static double change(int64_t z0, int64_t z1) {
    double worst = 0;
    for (int64_t i = z0 * COLS * COLS; i < z1 * COLS * COLS; i++) {
        const double d = fabs((double)volume[i] - (double)clean[i]);
        if (!(d <= worst)) worst = d;
    }
    return worst;
}

/* One bad value of each kind and a row without a good value change little; slabs of 1, 3.. slices
 * and any threads give the same bits. The attenuation is 0.02. */
TEST(repaired)
{
    static float first[ROWS * COLS * COLS];
    for (int ready = 0; ready < 2; ready++) {
        vxg_ct_recon_opts o = {.center = 15.7, .no_minus_log = ready, .ring_size = 3};
        vxg_ct_recon_stats stats = {0};
        fill_scan(ready);
        CHECK_OK(vxg_ct_reconstruct(dev, &scan, &o, &writer, &stats));
        CHECK(stats.repaired == 0 && stats.empty_rows == 0, "a clean scan is repaired");
        memcpy(clean, volume, sizeof clean);
        *count(3, 5, 12) = NAN, *count(4, 6, 20) = INFINITY, *count(7, 7, 16) = NAN;
        for (int i = 0; i < VIEWS * COLS; i++) *count(i / COLS, 9, i % COLS) = NAN;
        int64_t want = 3 + VIEWS * COLS;
        if (!ready) {
            *count(8, 8, 14) = 10, *count(9, 8, 15) = -5; /* transmission 0 and below */
            flats[12 * COLS + 3] = 0, flats[13 * COLS + 9] = NAN;
            for (int i = 0; i < 2 * COLS; i++) flats[15 * COLS + i] = 0; /* rows 15 and 16 */
            want += 2 + 2 * VIEWS + 2 * VIEWS * COLS;
        }
        for (int run = 0; run < 5; run++) {
            vxg_set_threads(1 + run % 3);
            o.max_memory = (int64_t[]){0, 1, 100000, 200000, 300000}[run];
            if (run && vxg_ct_reconstruct(dev, &scan, &o, &writer, &stats) == VXG_ERR_MEMORY)
                o.max_memory = stats.peak_bytes; /* what one slice takes */
            CHECK_OK(vxg_ct_reconstruct(dev, &scan, &o, &writer, &stats));
            CHECK(stats.repaired == want && stats.empty_rows == 0, "run %d: %d repaired, %d", run,
                  (int)stats.repaired, (int)want);
            EXPECT(stats.bad.nonfinite == 3 + VIEWS * COLS, "%d not finite",
                   (int)stats.bad.nonfinite);
            if (!ready)
                EXPECT(stats.bad.nonpositive == 2 && stats.bad.dead == 2 + 2 * COLS,
                       "%d not positive, %d dead", (int)stats.bad.nonpositive, (int)stats.bad.dead);
            if (!run) memcpy(first, volume, sizeof first);
            EXPECT(!memcmp(first, volume, sizeof first), "run %d, %d slices: other bits", run,
                   (int)stats.chunk);
        }
        EXPECT(change(0, ROWS) < 0.002, "the volume changes by %g", change(0, ROWS));
    }
    vxg_set_threads(0);
}

TEST(too_many)
{
    vxg_ct_recon_opts o = {.center = 15.7};
    fill_scan(0);
    for (int i = 0; i < VIEWS * ROWS * COLS / 3; i++) counts[3 * i] = NAN;
    EXPECT(vxg_ct_reconstruct(dev, &scan, &o, &writer, NULL) == VXG_ERR_NUMERICAL &&
               strstr(vxg_error_message(), "of the values are bad"),
           "a third: %s", vxg_error_message());
    for (int i = 0; i < VIEWS * ROWS * COLS; i++) counts[i] = 10;
    EXPECT(vxg_ct_reconstruct(dev, &scan, &o, &writer, NULL) == VXG_ERR_NUMERICAL &&
               strstr(vxg_error_message(), "no detector row"),
           "no beam: %s", vxg_error_message());
    /* finite, but its filtered row is not */
    fill_scan(1);
    o.no_minus_log = 1;
    *count(2, 3, 8) = 3e38f, *count(2, 3, 9) = -3e38f, *count(2, 3, 10) = 3e38f;
    EXPECT(vxg_ct_reconstruct(dev, &scan, &o, &writer, NULL) == VXG_ERR_NUMERICAL &&
               strstr(vxg_error_message(), "slice 3"),
           "overflow: %s", vxg_error_message());
}

/* A trial of a centre is that slice, also where its row was repaired. */
TEST(trial)
{
    vxg_ct_recon_opts o = {0};
    const double center = 15.7;
    fill_scan(0);
    for (int i = 0; i < VIEWS * 5; i++) *count(i / 5, 9, 3 + i % 5) = NAN;
    for (int i = 0; i < COLS; i++) *count(7, 9, i) = NAN;
    CHECK_OK(vxg_ct_try_centers(dev, &scan, &o, 9, 1, &center, clean));
    o.center = center;
    CHECK_OK(vxg_ct_reconstruct(dev, &scan, &o, &writer, NULL));
    EXPECT(!memcmp(clean, volume + 9 * COLS * COLS, COLS * COLS * sizeof *clean), "other bits");
    for (int i = 0; i < VIEWS * COLS; i++) *count(i / COLS, 9, i % COLS) = NAN;
    EXPECT(vxg_ct_try_centers(dev, &scan, &o, 9, 1, &center, clean) == VXG_ERR_NUMERICAL,
           "a slice of which nothing was measured");
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(rule), T(repaired), T(too_many), T(trial)};
    if (vxg_device_open("cpu", &dev)) return printf("FAIL repair: %s\n", vxg_error_message()), 1;
    int failed = test_run("ct_repair", list, (int)(sizeof list / sizeof *list), argc, argv);
    vxg_device_release(dev);
    return failed;
}
