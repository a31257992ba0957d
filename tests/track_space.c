/* Coordinates of TrackVis files: made up grids in every order of axes, and the three standard files
 * that say the same points in three ways. */
#include "dwi_data.h"

TEST(orders)
{
    static const char *const orders[] = {"RAS", "LPS", "LAI", "SRA", "PIR", "ASL"};
    const double affine[12] = {0.1, -1.9, 0.05, 12,  2.9, 0.1,
                               0.2, -7,   -0.1, 0.1, 1.2, 3}; /* columns along A, L, S */
    /* Which letter an axis of the image has, with its sign. */
    static const char own[] = "ALS", other[] = "PRI";
    for (size_t o = 0; o < sizeof orders / sizeof *orders; o++) {
        vxg_tract_info info = {.space = VXG_TRACT_CORNER, .has_affine = 1};
        const int64_t grid[3] = {20, 30, 40};
        const double sides[3] = {sqrt(0.1 * 0.1 + 2.9 * 2.9 + 0.01), sqrt(1.9 * 1.9 + 0.02),
                                 sqrt(0.05 * 0.05 + 0.04 + 1.44)};
        const double index[3] = {4.25, 11, 30.5};
        double p[3], rows[12], back[12], want[3];
        memcpy(info.affine, affine, sizeof affine);
        snprintf(info.voxel_order, sizeof info.voxel_order, "%s", orders[o]);
        for (int g = 0; g < 3; g++)
            for (int a = 0; a < 3; a++) {
                const int same = orders[o][g] == own[a], against = orders[o][g] == other[a];
                if (!same && !against) continue;
                info.grid[g] = grid[a], info.voxel[g] = sides[a];
                p[g] = ((same ? index[a] : (double)grid[a] - 1 - index[a]) + 0.5) * sides[a];
            }
        for (int k = 0; k < 3; k++)
            want[k] = affine[4 * k] * index[0] + affine[4 * k + 1] * index[1] +
                      affine[4 * k + 2] * index[2] + affine[4 * k + 3];
        CHECK_OK(vxg_tract_to_ras(&info, rows));
        CHECK_OK(vxg_tract_from_ras(&info, back));
        double q[3] = {p[0], p[1], p[2]};
        CHECK_OK(vxg_tract_move(rows, VXG_F64, 1, q));
        for (int k = 0; k < 3; k++)
            EXPECT(fabs(q[k] - want[k]) < 1e-12, "%s: %g, not %g", orders[o], q[k], want[k]);
        CHECK_OK(vxg_tract_move(back, VXG_F64, 1, q));
        for (int k = 0; k < 3; k++)
            EXPECT(fabs(q[k] - p[k]) < 1e-12, "%s back: %g, not %g", orders[o], q[k], p[k]);
    }
}

TEST(refused)
{
    vxg_tract_info info = {.space = VXG_TRACT_CORNER, .voxel = {1, 1, 1}};
    double rows[12];
    EXPECT(vxg_tract_to_ras(&info, rows) == VXG_ERR_INPUT, "no affine");
    info.has_affine = 1;
    info.affine[0] = info.affine[5] = info.affine[10] = 1;
    EXPECT(vxg_tract_to_ras(&info, rows) == VXG_ERR_INPUT && strstr(vxg_error_message(), "grid"),
           "LPS without a grid");
    snprintf(info.voxel_order, sizeof info.voxel_order, "RAR");
    EXPECT(vxg_tract_to_ras(&info, rows) == VXG_ERR_INPUT, "RAR");
    snprintf(info.voxel_order, sizeof info.voxel_order, "RAS");
    CHECK_OK(vxg_tract_to_ras(&info, rows));
    info.voxel[1] = 0;
    EXPECT(vxg_tract_to_ras(&info, rows) == VXG_ERR_INPUT, "a side of 0");
    EXPECT(vxg_tract_move(rows, VXG_I16, 1, rows) == VXG_ERR_ARGUMENT, "int16");
}

/* 120 streamlines of 3 points in RAS mm from each. */
static int standard(const char *name, double *p) {
    char path[512], full[128];
    vxg_tract_reader *r = NULL;
    vxg_tract_batch b = {.lines = 1};
    double rows[12];
    int64_t n = 0;
    snprintf(full, sizeof full, "tractograms/%.60s", name);
    if (!test_data(full, path, sizeof path)) return -1;
    int status = vxg_io_register();
    if (!status) status = vxg_tract_open(path, NULL, &r);
    if (!status) status = vxg_tract_to_ras(&r->info, rows);
    while (!status && b.lines) {
        status = vxg_tract_next(r, 50, 1000, VXG_F64, &b);
        const int64_t m = status || !b.lines ? 0 : b.offsets[b.lines];
        if (n + m > 360) return VXG_ERR_FAILED;
        if (m) memcpy(p + 3 * n, b.positions, (size_t)m * 24);
        n += m;
    }
    vxg_tract_close(r);
    return status ? status : n != 360 ? VXG_ERR_FAILED : vxg_tract_move(rows, VXG_F64, n, p);
}
TEST(standard_files)
{
    static double tck[1080], trk[1080], lps[1080];
    const int status = standard("nibabel_standard.tck", tck);
    if (status < 0) SKIP("no test data");
    CHECK(!status && !standard("nibabel_standard.trk", trk) &&
              !standard("nibabel_standard.LPS.trk", lps),
          "%s", vxg_error_message());
    for (int i = 0; i < 1080; i++)
        CHECK(fabs(trk[i] - tck[i]) < 1e-4 && fabs(lps[i] - tck[i]) < 1e-4, "number %d: %g, %g, %g",
              i, tck[i], trk[i], lps[i]);
}

TEST_MAIN("track_space", T(orders), T(refused), T(standard_files))
