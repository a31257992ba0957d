/* Scan to volume of any geometry in slabs: equals the one operator over the whole volume, whatever
 * way rows and slices run, and counts bad values once. */
#include <voxgrad/voxgrad.h>

#include "test.h"

enum { VIEWS = 60, ROWS = 90, COLS = 20, SLICES = 100, SIDE = 16 };

/* ---- a scan and a volume in memory ---- */
static float counts[VIEWS * ROWS * COLS];
static int reads[ROWS]; /* of the data of each row */

static int read_counts(vxg_scan_reader *self, vxg_frame_kind kind, int64_t v0, int64_t v1,
                       int64_t r0, int64_t r1, int64_t c0, int64_t c1, float *dst) {
    (void)self;
    for (int64_t r = r0; r < r1 && kind == VXG_FRAME_DATA; r++) reads[r]++;
    for (int64_t v = v0; v < v1; v++)
        for (int64_t r = r0; r < r1; r++)
            for (int64_t c = c0; c < c1; c++)
                *dst++ = kind == VXG_FRAME_DATA   ? counts[(v * ROWS + r) * COLS + c]
                         : kind == VXG_FRAME_FLAT ? (r == 45 && c == 3 ? 0.0f : 1000.0f)
                                                  : 0.0f;
    return VXG_OK;
}

static vxg_scan_reader scan_of(const double *theta) {
    return (vxg_scan_reader){.path = "memory",
                             .format = "memory",
                             .dtype = "float32",
                             .nviews = VIEWS,
                             .nrows = ROWS,
                             .ncols = COLS,
                             .nflats = 1,
                             .theta = theta,
                             .pixel_unit = "",
                             .read = read_counts};
}

static int keep(vxg_volume_writer *self, int64_t z0, int64_t nz, const float *src) {
    memcpy((float *)self->impl + z0 * SIDE * SIDE, src, (size_t)(nz * SIDE * SIDE) * sizeof *src);
    return VXG_OK;
}

/* Counts of a smooth random object would do; noise reaches every pixel and is harder. */
static void fill_counts(void) {
    uint32_t state = 1;
    for (int i = 0; i < VIEWS * ROWS * COLS; i++) {
        state = state * 1664525u + 1013904223u;
        counts[i] = 200 + (float)(state >> 8) * (600.0f / 16777216.0f);
    }
    counts[(7 * ROWS + 44) * COLS + 9] = 0;
    counts[(9 * ROWS + 46) * COLS + 2] = NAN;
}

/* The same by one operator over all rows and slices. */
static int at_once(vxg_device *dev, const vxg_ct_geometry *geo, const vxg_ct_volume *vol,
                   float *out) {
    static float lines[VIEWS * ROWS * COLS], flat[ROWS * COLS];
    vxg_op *fdk = NULL;
    vxg_array y = {0}, x = {0};
    memcpy(lines, counts, sizeof lines);
    for (int i = 0; i < ROWS * COLS; i++) flat[i] = i == 45 * COLS + 3 ? 0 : 1000;
    int status = vxg_ct_normalize(lines, VIEWS, ROWS * COLS, flat, NULL, 0, NULL);
    lines[(7 * ROWS + 44) * COLS + 9] = lines[(9 * ROWS + 46) * COLS + 2] = NAN;
    for (int v = 0; v < VIEWS; v++) lines[(v * ROWS + 45) * COLS + 3] = NAN;
    if (!status) status = vxg_ct_repair(lines, VIEWS, ROWS, COLS, NULL, NULL);
    if (!status) status = vxg_ct_fdk(dev, geo, vol, NULL, &fdk);
    if (!status) status = vxg_op_new_array(fdk, 0, &y);
    if (!status) status = vxg_op_new_array(fdk, -1, &x);
    if (!status) status = vxg_array_write(NULL, &y, lines);
    if (!status) status = vxg_op_apply(fdk, NULL, &y, &x);
    if (!status) status = vxg_array_read(NULL, &x, out);
    vxg_array_release(&y), vxg_array_release(&x);
    vxg_op_release(fdk);
    return status;
}

static void compare(vxg_device *dev, const vxg_ct_geometry *geo, const vxg_ct_volume *vol,
                    const char *what) {
    static float slabs[SLICES * SIDE * SIDE], whole[SLICES * SIDE * SIDE];
    static const double theta[VIEWS];
    vxg_scan_reader scan = scan_of(theta);
    vxg_volume_writer writer = {.write = keep, .impl = slabs};
    vxg_ct_recon_opts opts = {0};
    vxg_ct_recon_stats stats = {0};
    CHECK_OK(vxg_ct_reconstruct_views(dev, &scan, geo, vol, &opts, &writer, &stats));
    CHECK_OK(at_once(dev, geo, vol, whole));
    double worst = 0, most = 0;
    for (int i = 0; i < SLICES * SIDE * SIDE; i++) {
        const double d = fabs((double)slabs[i] - (double)whole[i]);
        if (!(d <= worst)) worst = d; /* NaN stays */
        most = fmax(most, fabs((double)whole[i]));
    }
    CHECK(stats.chunk == 64 && stats.slices == SLICES, "%s: slabs of %lld", what,
          (long long)stats.chunk);
    CHECK(worst < 2e-5 * most, "%s: slabs differ by %.2g of %.2g", what, worst, most);
    CHECK(stats.bad.dead == 1 && stats.bad.nonpositive == 1 && stats.bad.nonfinite == 1,
          "%s: %lld dead, %lld not positive, %lld not finite; one of each", what,
          (long long)stats.bad.dead, (long long)stats.bad.nonpositive,
          (long long)stats.bad.nonfinite);
}

static int circle(vxg_ct_detector detector, double flip, vxg_ct_geometry **out) {
    vxg_ct_geometry *g;
    vxg_ct_view views[VIEWS];
    vxg_ct_cone_opts o = {.nviews = VIEWS,
                          .rows = ROWS,
                          .cols = COLS,
                          .sod = 80,
                          .sdd = 100,
                          .pixel = 1.2,
                          .detector = detector};
    int status = vxg_ct_cone_circular(&o, &g);
    if (status) return status;
    for (int i = 0; i < VIEWS; i++) {
        views[i] = *vxg_ct_geometry_view(g, i);
        for (int k = 0; k < 3; k++) views[i].V[k] *= flip;
    }
    vxg_ct_views v = {.beam = VXG_CT_BEAM_CONE,
                      .detector = detector,
                      .nviews = VIEWS,
                      .nv = ROWS,
                      .nu = COLS,
                      .views = views};
    status = vxg_ct_geometry_new(&v, out);
    vxg_ct_geometry_release(g);
    return status;
}

TEST(slabs_equal_the_whole)
{
    vxg_device *dev;
    vxg_ct_geometry *geo;
    vxg_ct_volume vol = {.nz = SLICES, .ny = SIDE, .nx = SIDE, .dz = 0.7, .center = {0.3, -1, 2}};
    fill_counts();
    CHECK_OK(vxg_device_open("cpu", &dev));
    CHECK_OK(circle(VXG_CT_DETECTOR_FLAT, 1, &geo));
    compare(dev, geo, &vol, "flat");
    vxg_ct_geometry_release(geo);
    CHECK_OK(circle(VXG_CT_DETECTOR_FLAT, -1, &geo));
    compare(dev, geo, &vol, "rows downwards");
    vol.rotation[1] = -1, vol.rotation[3] = 1, vol.rotation[8] = 1; /* turned about z */
    compare(dev, geo, &vol, "turned volume");
    vxg_ct_geometry_release(geo);
    CHECK_OK(circle(VXG_CT_DETECTOR_CURVED, 1, &geo));
    compare(dev, geo, &vol, "curved");
    vxg_ct_geometry_release(geo);
    vxg_device_release(dev);
}

/* Views that are not alike: every one has weights of its own. */
static int crooked(vxg_ct_geometry **out) {
    vxg_ct_geometry *g;
    vxg_ct_view views[VIEWS];
    int status = circle(VXG_CT_DETECTOR_FLAT, 1, &g);
    if (status) return status;
    for (int i = 0; i < VIEWS; i++) {
        views[i] = *vxg_ct_geometry_view(g, i);
        views[i].d[2] += 0.3 * sin(i), views[i].U[2] += 0.02 * cos(2 * i);
    }
    vxg_ct_views v = {
        .beam = VXG_CT_BEAM_CONE, .nviews = VIEWS, .nv = ROWS, .nu = COLS, .views = views};
    status = vxg_ct_geometry_new(&v, out);
    vxg_ct_geometry_release(g);
    return status;
}

static int helix(vxg_ct_geometry **out) {
    vxg_ct_geometry *g;
    vxg_ct_view views[VIEWS];
    int status = circle(VXG_CT_DETECTOR_CURVED, 1, &g);
    if (status) return status;
    for (int i = 0; i < VIEWS; i++) {
        views[i] = *vxg_ct_geometry_view(g, 2 * i % VIEWS); /* two turns */
        views[i].s[2] += i - 0.5 * VIEWS, views[i].d[2] += i - 0.5 * VIEWS;
    }
    vxg_ct_views v = {.beam = VXG_CT_BEAM_CONE,
                      .detector = VXG_CT_DETECTOR_CURVED,
                      .nviews = VIEWS,
                      .nv = ROWS,
                      .nu = COLS,
                      .views = views};
    status = vxg_ct_geometry_new(&v, out);
    vxg_ct_geometry_release(g);
    return status;
}

/* Every row is read once, and no bit depends on the memory: rows kept in memory or in a scratch
 * file, made one, some or all at a time. */
static void each_row_once(vxg_device *dev, const vxg_ct_geometry *geo, const char *what) {
    static float first[SLICES * SIDE * SIDE], again[SLICES * SIDE * SIDE];
    static const double theta[VIEWS];
    const vxg_ct_volume vol = {.nz = SLICES, .ny = SIDE, .nx = SIDE, .dz = 0.7};
    vxg_scan_reader scan = scan_of(theta);
    vxg_volume_writer writer = {.write = keep, .impl = first};
    vxg_ct_recon_opts opts = {.ring_size = 3};
    vxg_ct_recon_stats whole = {0}, stats = {0};
    memset(reads, 0, sizeof reads);
    CHECK_OK(vxg_ct_reconstruct_views(dev, &scan, geo, &vol, &opts, &writer, &whole));
    opts.max_memory = 1;
    CHECK(vxg_ct_reconstruct_views(dev, &scan, geo, &vol, &opts, &writer, &stats) ==
                  VXG_ERR_MEMORY &&
              strstr(vxg_error_message(), "this scan needs"),
          "%s: %s", what, vxg_error_message());
    const int64_t least = stats.peak_bytes, most = whole.peak_bytes;
    CHECK(least > 0 && least < most, "%s: %d to %d bytes", what, (int)least, (int)most);
    writer.impl = again;
    for (int i = 0; i < 5; i++) {
        vxg_set_threads(1 + i % 3);
        opts.max_memory = least + (most - least) * i / 4;
        CHECK_OK(vxg_ct_reconstruct_views(dev, &scan, geo, &vol, &opts, &writer, &stats));
        EXPECT(!memcmp(first, again, sizeof first), "%s, memory %d of 4: other bits", what, i);
        EXPECT(stats.peak_bytes <= opts.max_memory, "%s: %d of %d bytes", what,
               (int)stats.peak_bytes, (int)opts.max_memory);
    }
    vxg_set_threads(0);
    for (int r = 0; r < ROWS; r++)
        EXPECT(reads[r] == 0 || reads[r] == 6, "%s: row %d is read %d times in 6 runs", what, r,
               reads[r]);
    opts.scratch = "/nowhere/at/all", opts.max_memory = least;
    EXPECT(vxg_ct_reconstruct_views(dev, &scan, geo, &vol, &opts, &writer, &stats) ==
                   VXG_ERR_OUTPUT &&
               strstr(vxg_error_message(), "/nowhere/at/all"),
           "%s: %s", what, vxg_error_message());
}

/* Made in parts, on boundaries of slabs and beside them, in another order, in little memory: the
 * bits of one run, and the counts of all parts are its counts. */
static void in_parts(vxg_device *dev, const vxg_ct_geometry *geo, const char *what) {
    static float whole[SLICES * SIDE * SIDE], part[SLICES * SIDE * SIDE];
    static const double theta[VIEWS];
    static const int64_t cuts[][2] = {{64, 100}, {0, 64}, {0, 13}, {71, 72}, {72, 0}, {13, 71}};
    const vxg_ct_volume vol = {.nz = SLICES, .ny = SIDE, .nx = SIDE, .dz = 0.7};
    vxg_scan_reader scan = scan_of(theta);
    vxg_volume_writer writer = {.write = keep, .impl = whole};
    vxg_ct_recon_opts opts = {0};
    vxg_ct_recon_stats all = {0}, s = {0};
    CHECK_OK(vxg_ct_reconstruct_views(dev, &scan, geo, &vol, &opts, &writer, &all));
    int64_t sums[2][4] = {{0}}, slices = 0;
    opts.part = 1;
    for (int i = 0; i < 6; i++) {
        const int64_t z0 = cuts[i][0], z1 = cuts[i][1] ? cuts[i][1] : SLICES;
        opts.slice_begin = z0, opts.slice_end = cuts[i][1], opts.max_memory = i % 2 ? 4000000 : 0;
        memset(part, 0x55, sizeof part);
        writer.impl = part;
        CHECK_OK(vxg_ct_reconstruct_views(dev, &scan, geo, &vol, &opts, &writer, &s));
        EXPECT(!memcmp(part, whole + z0 * SIDE * SIDE,
                       (size_t)((z1 - z0) * SIDE * SIDE) * sizeof *part),
               "%s: slices %d to %d have other bits", what, (int)z0, (int)z1);
        memset(part, 0x55, (size_t)((z1 - z0) * SIDE * SIDE) * sizeof *part);
        EXPECT(!memcmp(part, part + 1, sizeof part - sizeof *part),
               "%s: slices %d to %d: more is written", what, (int)z0, (int)z1);
        int64_t *const sum = sums[i > 1];
        sum[0] += s.values, sum[1] += s.repaired, sum[2] += s.bad.dead, sum[3] += s.empty_rows;
        slices += s.slices;
    }
    EXPECT(slices == 2 * SLICES, "%s: %d slices", what, (int)slices);
    for (int k = 0; k < 2; k++)
        EXPECT(sums[k][0] == all.values && sums[k][1] == all.repaired && all.repaired > 0 &&
                   sums[k][2] == all.bad.dead && sums[k][3] == all.empty_rows,
               "%s: parts count %lld values, %lld repaired; one run %lld, %lld", what,
               (long long)sums[k][0], (long long)sums[k][1], (long long)all.values,
               (long long)all.repaired);
}

TEST(parts)
{
    vxg_device *dev;
    vxg_ct_geometry *geo;
    fill_counts();
    CHECK_OK(vxg_device_open("cpu", &dev));
    for (int i = 0; i < 5; i++) {
        static const char *const what[] = {"flat", "rows downwards", "curved", "crooked", "helix"};
        CHECK_OK(i == 4   ? helix(&geo)
                 : i == 3 ? crooked(&geo)
                          : circle(i == 2 ? VXG_CT_DETECTOR_CURVED : VXG_CT_DETECTOR_FLAT,
                                   i == 1 ? -1 : 1, &geo));
        in_parts(dev, geo, what[i]);
        if (i < 4) vxg_ct_geometry_release(geo);
    }
    static const double theta[VIEWS];
    static float out[SLICES * SIDE * SIDE];
    const vxg_ct_volume vol = {.nz = SLICES, .ny = SIDE, .nx = SIDE, .dz = 0.7};
    vxg_scan_reader scan = scan_of(theta);
    vxg_volume_writer writer = {.write = keep, .impl = out};
    const vxg_ct_recon_opts last = {.size = sizeof last, .slice_begin = 99}; /* counted elsewhere */
    CHECK_OK(vxg_ct_reconstruct_views(dev, &scan, geo, &vol, &last, &writer, NULL));
    static const struct {
        int64_t begin, end;
        const char *algorithm, *words;
    } wrong[] = {{-1, 0, NULL, "slices [-1, 100) of 100"},
                 {0, 101, NULL, "slices [0, 101) of 100"},
                 {7, 7, NULL, "slices [7, 7) of 100"},
                 {100, 0, NULL, "slices [100, 100) of 100"},
                 {0, 64, "sirt", "slices are chosen of filtered backprojection"}};
    for (int i = 0; i < 5; i++) {
        const vxg_ct_recon_opts o = {.size = sizeof o,
                                     .slice_begin = wrong[i].begin,
                                     .slice_end = wrong[i].end,
                                     .algorithm = wrong[i].algorithm};
        const int status = vxg_ct_reconstruct_views(dev, &scan, geo, &vol, &o, &writer, NULL);
        EXPECT(status == VXG_ERR_ARGUMENT && strstr(vxg_error_message(), wrong[i].words),
               "slices %d to %d: %s", (int)wrong[i].begin, (int)wrong[i].end, vxg_error_message());
    }
    const vxg_ct_recon_opts o = {.size = sizeof o, .center = 9, .slice_end = 64};
    EXPECT(vxg_ct_reconstruct(dev, &scan, &o, &writer, NULL) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "with a geometry alone"),
           "slices without a geometry: %s", vxg_error_message());
    vxg_ct_geometry_release(geo);
    vxg_device_release(dev);
}

TEST(memory)
{
    vxg_device *dev;
    vxg_ct_geometry *geo;
    fill_counts();
    CHECK_OK(vxg_device_open("cpu", &dev));
    CHECK_OK(circle(VXG_CT_DETECTOR_FLAT, 1, &geo));
    each_row_once(dev, geo, "flat");
    vxg_ct_geometry_release(geo);
    CHECK_OK(circle(VXG_CT_DETECTOR_FLAT, -1, &geo));
    each_row_once(dev, geo, "rows downwards");
    vxg_ct_geometry_release(geo);
    CHECK_OK(circle(VXG_CT_DETECTOR_CURVED, 1, &geo));
    each_row_once(dev, geo, "curved");
    vxg_ct_geometry_release(geo);
    CHECK_OK(crooked(&geo));
    each_row_once(dev, geo, "crooked");
    vxg_ct_volume vol = {.nz = SLICES, .ny = SIDE, .nx = SIDE, .dz = 0.7};
    compare(dev, geo, &vol, "crooked");
    vxg_ct_geometry_release(geo);
    CHECK_OK(helix(&geo));
    each_row_once(dev, geo, "helix");
    compare(dev, geo, &vol, "helix");
    vxg_ct_geometry_release(geo);
    vxg_device_release(dev);
}

/* A standard parallel-beam scan, its geometry from a file: the volume of vxg_ct_reconstruct. */
TEST(parallel_beam)
{
    vxg_device *dev;
    vxg_ct_geometry *geo;
    double theta[VIEWS], angles[VIEWS];
    static float by_views[ROWS * SIDE * SIDE], by_rows[ROWS * SIDE * SIDE];
    for (int i = 0; i < VIEWS; i++) theta[i] = 3.0 * i, angles[i] = theta[i] * 0.017453292519943295;
    fill_counts();
    vxg_scan_reader scan = scan_of(theta);
    vxg_ct_recon_opts opts = {.center = 9.25, .col_begin = 2, .col_end = 2 + SIDE};
    vxg_ct_parallel_opts o = {.angles = angles,
                              .nviews = VIEWS,
                              .rows = ROWS,
                              .cols = SIDE,
                              .center = 7.25,
                              .has_center = 1};
    vxg_volume_writer to_views = {.write = keep, .impl = by_views};
    vxg_volume_writer to_rows = {.write = keep, .impl = by_rows};
    CHECK_OK(vxg_device_open("cpu", &dev));
    CHECK_OK(vxg_ct_parallel_circular(&o, &geo));
    vxg_ct_volume vol = {0};
    vxg_ct_fit_volume(geo, &vol);
    vxg_ct_recon_stats stats = {.size = sizeof stats};
    CHECK_OK(vxg_ct_reconstruct_views(dev, &scan, geo, &vol, &opts, &to_views, &stats));
    EXPECT(!strcmp(stats.algorithm, "fbp"), "parallel beams by %s", stats.algorithm);
    CHECK_OK(vxg_ct_reconstruct(dev, &scan, &opts, &to_rows, NULL));
    double worst = 0;
    for (int i = 0; i < ROWS * SIDE * SIDE; i++) {
        const double d = fabs((double)by_views[i] - (double)by_rows[i]);
        if (!(d <= worst)) worst = d;
    }
    CHECK(worst < 1e-5, "differs by %.2g", worst);
    vxg_ct_geometry_release(geo);
    vxg_device_release(dev);
}

/* Every row of a rolled detector sees the axis elsewhere: weights must be those of the whole scan.
 */
TEST(rolled_with_the_axis_at_the_side)
{
    const vxg_ct_volume vol = {.nz = SLICES, .ny = SIDE, .nx = SIDE, .dz = 0.7};
    vxg_ct_trajectory_opts o = {.size = sizeof o};
    vxg_device *dev;
    vxg_ct_geometry *geo;
    fill_counts();
    CHECK_OK(vxg_device_open("cpu", &dev));
    vxg_ct_trajectory_defaults(VXG_CT_PATH_CIRCULAR, VXG_CT_BEAM_CONE, &o);
    o.nviews = VIEWS, o.rows = ROWS, o.cols = COLS, o.sod = 80, o.sdd = 100, o.pixel = 1.2;
    o.center = 6, o.has_center = 1, o.roll = 0.08;
    CHECK_OK(vxg_ct_trajectory(&o, &geo));
    compare(dev, geo, &vol, "rolled");
    vxg_ct_geometry_release(geo);
    o.range = 4.6;
    CHECK_OK(vxg_ct_trajectory(&o, &geo));
    compare(dev, geo, &vol, "rolled, a short scan");
    vxg_ct_geometry_release(geo);
    vxg_device_release(dev);
}

TEST_MAIN("ct_pipeline_views", T(slabs_equal_the_whole), T(rolled_with_the_axis_at_the_side),
          T(memory), T(parts), T(parallel_beam))
