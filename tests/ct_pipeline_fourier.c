/* Scan to volume by Fourier reconstruction: chosen by the sizes alone, the operator's bits in any
 * slabs, memory and threads; fbp where it is asked for. */
#include <math.h>
#include <voxgrad/voxgrad.h>

#include "ct_exact.h"
#include "memory_scan.h"
#include "test.h"

enum { VIEWS = 256, ROWS = 19, COLS = 512, AREA = COLS * COLS };

static vxg_device *dev;
static float *lines; /* (VIEWS, ROWS, COLS) */
static double theta[VIEWS];
static int64_t columns = COLS;

static vxg_scan_reader scan_of(void) {
    static memory_scan m;
    m = (memory_scan){lines, ROWS, COLS};
    vxg_scan_reader r = memory_scan_reader(&m, VIEWS, theta);
    r.ncols = columns;
    return r;
}

/* Discs that grow from row to row. */
static void fill_lines(void) {
    for (int v = 0; v < VIEWS; v++) {
        theta[v] = 180.0 * v / VIEWS;
        for (int r = 0; r < ROWS; r++) {
            const exact_ellipse e[2] = {{.x = 20, .y = -31, .a = 120 + r, .b = 150, .value = 1},
                                        {.x = -40, .y = 25, .a = 30, .b = 20 + r, .value = -0.5}};
            for (int c = 0; c < COLS; c++)
                lines[(v * ROWS + r) * COLS + c] =
                    (float)exact_ellipses(e, 2, theta[v] * M_PI / 180, c - 254.3);
        }
    }
}

typedef struct kept {
    float *out;
    int64_t area;
} kept;
static int keep(vxg_volume_writer *self, int64_t z0, int64_t nz, const float *src) {
    const kept *k = self->impl;
    memcpy(k->out + z0 * k->area, src, (size_t)(nz * k->area) * sizeof *src);
    return VXG_OK;
}

static vxg_ct_recon_opts options(const char *algorithm) {
    return (vxg_ct_recon_opts){.size = sizeof(vxg_ct_recon_opts),
                               .center = 254.3,
                               .no_minus_log = 1,
                               .window = VXG_CT_WINDOW_SHEPP,
                               .algorithm = algorithm};
}
static int pipeline(const vxg_ct_recon_opts *o, float *out, vxg_ct_recon_stats *stats) {
    vxg_scan_reader scan = scan_of();
    kept k = {out, columns * columns};
    vxg_volume_writer w = {.write = keep, .impl = &k};
    *stats = (vxg_ct_recon_stats){.size = sizeof *stats};
    return vxg_ct_reconstruct(dev, &scan, o, &w, stats);
}

static float *volume(void) {
    return malloc((size_t)ROWS * AREA * sizeof(float));
}

/* Nobody chose: the sizes do, and what comes out is the operator's. */
TEST(chosen)
{
    float *got = volume(), *want = volume();
    vxg_ct_recon_stats s = {.size = sizeof s};
    vxg_ct_recon_opts o = options(NULL);
    CHECK_OK(pipeline(&o, got, &s));
    CHECK(!strcmp(s.algorithm, "fourier"), "256 views of 512 columns by %s", s.algorithm);
    double angles[VIEWS];
    for (int i = 0; i < VIEWS; i++) angles[i] = theta[i] * (M_PI / 180);
    const vxg_ct_parallel_opts g = {.angles = angles,
                                    .nviews = VIEWS,
                                    .rows = ROWS,
                                    .cols = COLS,
                                    .center = 254.3,
                                    .has_center = 1};
    const vxg_ct_fourier_opts f = {.window = VXG_CT_WINDOW_SHEPP};
    vxg_ct_geometry *geo;
    vxg_ct_volume vol = {0};
    vxg_op *op = NULL;
    vxg_array x = {0}, y = {0};
    CHECK_OK(vxg_ct_parallel_circular(&g, &geo));
    vxg_ct_fit_volume(geo, &vol);
    CHECK_OK(vxg_ct_fourier(dev, geo, &vol, &f, &op));
    CHECK_OK(vxg_op_new_array(op, 0, &y));
    CHECK_OK(vxg_op_new_array(op, -1, &x));
    CHECK_OK(vxg_array_write(NULL, &y, lines));
    CHECK_OK(vxg_op_apply(op, NULL, &y, &x));
    CHECK_OK(vxg_array_read(NULL, &x, want));
    EXPECT(!memcmp(got, want, (size_t)ROWS * AREA * sizeof *got), "not the operator's volume");
    vxg_array_release(&x), vxg_array_release(&y);
    vxg_op_release(op);
    vxg_ct_geometry_release(geo);
    free(got), free(want);
}

/* The same bits with one slice at a time and some rows only; what fbp makes is near. */
TEST(same_bits)
{
    float *whole = volume(), *other = volume();
    vxg_ct_recon_stats s, t;
    vxg_ct_recon_opts o = options("fourier");
    CHECK_OK(pipeline(&o, whole, &s));
    o.max_memory = 1; /* what it would need at least */
    EXPECT(pipeline(&o, other, &t) == VXG_ERR_MEMORY && strstr(vxg_error_message(), "fbp takes"),
           "in a byte: %s", vxg_error_message());
    o.max_memory = t.peak_bytes;
    CHECK_OK(pipeline(&o, other, &t));
    EXPECT(t.chunk == 1 && !memcmp(whole, other, (size_t)ROWS * AREA * sizeof *whole),
           "%lld slices at once are others", (long long)t.chunk);
    o = options("auto");
    o.row_begin = 7, o.row_end = 9;
    vxg_set_threads(3);
    CHECK_OK(pipeline(&o, other, &t));
    vxg_set_threads(0);
    EXPECT(!memcmp(whole + 7 * AREA, other, 2 * AREA * sizeof *whole),
           "two rows alone, by 3 threads, are others");
    o = options("fbp");
    CHECK_OK(pipeline(&o, other, &t));
    EXPECT(!strcmp(t.algorithm, "fbp"), "fbp is %s", t.algorithm);
    double sum = 0, count = 0;
    for (int64_t k = 0; k < AREA; k++) {
        const double px = (double)(k % COLS) - 255.5, py = (double)(k / COLS) - 255.5;
        if (hypot(px, py) > 250) continue;
        const double e = whole[3 * AREA + k] - other[3 * AREA + k];
        sum += e * e, count++;
    }
    EXPECT(sqrt(sum / count) < 1e-3, "%.3g rms from fbp", sqrt(sum / count));
    free(whole), free(other);
}

TEST(not_chosen)
{
    float *out = volume();
    vxg_ct_recon_stats s = {.size = sizeof s};
    vxg_ct_recon_opts o = options("auto");
    columns = 511;
    CHECK_OK(pipeline(&o, out, &s));
    EXPECT(!strcmp(s.algorithm, "fbp"), "511 columns by %s", s.algorithm);
    columns = COLS;
    o.view_end = 255;
    CHECK_OK(pipeline(&o, out, &s));
    EXPECT(!strcmp(s.algorithm, "fbp"), "255 views by %s", s.algorithm);
    o = options("fourier");
    vxg_scan_reader scan = scan_of();
    const double center = 254;
    EXPECT(vxg_ct_try_centers(dev, &scan, &o, 3, 1, &center, out) == VXG_ERR_UNSUPPORTED,
           "centres tried by it");
    vxg_ct_geometry *geo;
    vxg_ct_volume vol = {0};
    const vxg_ct_cone_opts c = {
        .nviews = VIEWS, .rows = ROWS, .cols = COLS, .sod = 2000, .sdd = 4000, .pixel = 2};
    CHECK_OK(vxg_ct_cone_circular(&c, &geo));
    vol = (vxg_ct_volume){.nz = 4, .ny = 8, .nx = 8};
    kept k = {out, 64};
    vxg_volume_writer w = {.write = keep, .impl = &k};
    EXPECT(vxg_ct_reconstruct_views(dev, &scan, geo, &vol, &o, &w, NULL) == VXG_ERR_UNSUPPORTED &&
               strstr(vxg_error_message(), "fourier"),
           "a cone: %s", vxg_error_message());
    vxg_ct_geometry_release(geo);
    free(out);
}

/* What it is made by, of a scan of these sizes that is refused for its memory. */
static int by_fourier(int64_t nviews, int64_t ncols, int64_t *bytes) {
    vxg_scan_reader scan = scan_of();
    kept k = {NULL, 0};
    vxg_volume_writer w = {.write = keep, .impl = &k};
    vxg_ct_recon_opts o = options("auto");
    vxg_ct_recon_stats s = {.size = sizeof s};
    double *angles = malloc((size_t)nviews * sizeof *angles);
    for (int64_t i = 0; i < nviews; i++) angles[i] = 180.0 * (double)i / (double)nviews;
    scan.nviews = nviews, scan.ncols = ncols, scan.theta = angles;
    o.center = 0.5 * (double)ncols, o.max_memory = 1;
    const int status = vxg_ct_reconstruct(dev, &scan, &o, &w, &s);
    free(angles);
    *bytes = s.peak_bytes;
    return status != VXG_ERR_MEMORY                                  ? -1
           : strstr(vxg_error_message(), "the algorithm is fourier") ? 1
                                                                     : 0;
}
/* It is chosen where its memory is bounded, with room for what stands beside it. */
TEST(bounded)
{
    static const struct {
        int64_t views, cols;
        int is;
    } all[] = {{256, 512, 1},   {255, 512, 0},   {256, 511, 0},  {1024, 1024, 1}, {3000, 1024, 1},
               {3200, 1024, 0}, {1500, 2048, 0}, {300, 2048, 1}, {900, 1100, 1},  {1600, 1100, 0}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        int64_t bytes;
        const int is = by_fourier(all[i].views, all[i].cols, &bytes);
        EXPECT(is == all[i].is, "%d views of %d columns: %d", (int)all[i].views, (int)all[i].cols,
               is);
        EXPECT(!all[i].is || bytes < 850000000, "%d views of %d columns take %.0f MB",
               (int)all[i].views, (int)all[i].cols, 1e-6 * (double)bytes);
    }
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(chosen), T(same_bits), T(not_chosen), T(bounded)};
    if (vxg_device_open("cpu", &dev))
        return printf("FAIL pipeline_fourier.cpu: %s\n", vxg_error_message()), 1;
    lines = malloc((size_t)VIEWS * ROWS * COLS * sizeof *lines);
    fill_lines();
    const int failed =
        test_run("pipeline_fourier", list, (int)(sizeof list / sizeof *list), argc, argv);
    free(lines);
    vxg_device_release(dev);
    return failed;
}
