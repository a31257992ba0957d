/* Geometry algebra by what it does to rays and pixels; volumes completed from the field of view. */
#include <voxgrad/voxgrad.h>

#include "test.h"

static int scan(vxg_ct_beam beam, vxg_ct_detector detector, double center, vxg_ct_geometry **geo) {
    vxg_ct_trajectory_opts o = {0};
    vxg_ct_trajectory_defaults(VXG_CT_PATH_CIRCULAR, beam, &o);
    o.detector = detector, o.nviews = 12, o.rows = 8, o.cols = 16, o.sod = 100, o.sdd = 150;
    o.pixel = 0.5, o.center = center, o.has_center = center >= 0, o.start = 0.2;
    o.roll = detector == VXG_CT_DETECTOR_FLAT ? 0.1 : 0;
    return vxg_ct_trajectory(&o, geo);
}
static double far_apart(const double *a, const double *b) {
    return hypot(hypot(a[0] - b[0], a[1] - b[1]), a[2] - b[2]);
}

TEST(take_and_slice)
{
    static const int64_t index[] = {11, 0, 5, 5};
    vxg_ct_geometry *geo = NULL, *part = NULL;
    CHECK_OK(scan(VXG_CT_BEAM_CONE, VXG_CT_DETECTOR_FLAT, 3, &geo));
    CHECK_OK(vxg_ct_geometry_take(geo, 4, index, &part));
    CHECK(vxg_ct_geometry_nviews(part) == 4 && vxg_ct_geometry_nu(part) == 16, "sizes");
    for (int i = 0; i < 4; i++)
        EXPECT(!memcmp(vxg_ct_geometry_view(part, i), vxg_ct_geometry_view(geo, index[i]),
                       sizeof(vxg_ct_view)),
               "view %d is another", i);
    vxg_ct_geometry_release(part);
    static const int64_t cuts[][4] = {{1, 12, 3, 4}, {11, -1, -5, 3}, {0, 1, 7, 1}, {0, 12, 1, 12}};
    for (int c = 0; c < 4; c++) {
        const int64_t *k = cuts[c];
        CHECK_OK(vxg_ct_geometry_slice(geo, k[0], k[1], k[2], &part));
        CHECK(vxg_ct_geometry_nviews(part) == k[3], "slice %d has %d views", c,
              (int)vxg_ct_geometry_nviews(part));
        for (int64_t i = 0; i < k[3]; i++)
            EXPECT(!memcmp(vxg_ct_geometry_view(part, i),
                           vxg_ct_geometry_view(geo, k[0] + i * k[2]), sizeof(vxg_ct_view)),
                   "slice %d: view %d", c, (int)i);
        vxg_ct_geometry_release(part);
    }
    int64_t outside = 12;
    part = NULL;
    EXPECT(vxg_ct_geometry_take(geo, 1, &outside, &part) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "index[0] is 12"),
           "%s", vxg_error_message());
    EXPECT(vxg_ct_geometry_slice(geo, 3, 3, 1, &part) == VXG_ERR_ARGUMENT, "an empty slice");
    EXPECT(vxg_ct_geometry_slice(geo, 0, 3, 0, &part) == VXG_ERR_ARGUMENT, "a step of 0");
    vxg_ct_geometry_release(geo);
}

/* Two sources and detectors, the second a quarter turn on. */
TEST(concat)
{
    vxg_ct_geometry *a = NULL, *b = NULL, *c = NULL, *both = NULL;
    double R[9];
    vxg_ct_rotation(0, 0, M_PI / 2, R);
    CHECK_OK(scan(VXG_CT_BEAM_CONE, VXG_CT_DETECTOR_FLAT, 3, &a));
    CHECK_OK(vxg_ct_geometry_rotate(a, R, &b));
    CHECK_OK(vxg_ct_geometry_concat(2, (const vxg_ct_geometry *const[]){a, b}, &both));
    CHECK(vxg_ct_geometry_nviews(both) == 24, "views");
    for (int64_t i = 0; i < 9; i++) /* 12 views a turn: a quarter turn is three views */
        EXPECT(far_apart(vxg_ct_geometry_view(both, 12 + i)->s,
                         vxg_ct_geometry_view(both, 3 + i)->s) < 1e-11,
               "view %d of the second", (int)i);
    vxg_ct_geometry_release(both);
    CHECK_OK(scan(VXG_CT_BEAM_CONE, VXG_CT_DETECTOR_CURVED, 3, &c));
    both = NULL;
    EXPECT(vxg_ct_geometry_concat(2, (const vxg_ct_geometry *const[]){a, c}, &both) ==
                   VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "of geometry 1 differs"),
           "%s", vxg_error_message());
    vxg_ct_geometry_release(a), vxg_ct_geometry_release(b), vxg_ct_geometry_release(c);
}

/* x-then-y-then-z about fixed axes. */
TEST(rotation_order)
{
    double R[9], A[9], x[3] = {0.3, -0.7, 0.2}, y[3], z[3];
    vxg_ct_rotation(M_PI / 2, 0, 0, R);
    EXPECT(fabs(R[7] - 1) < 1e-15 && fabs(R[5] + 1) < 1e-15, "roll takes y to z");
    vxg_ct_rotation(0, M_PI / 2, 0, R);
    EXPECT(fabs(R[2] - 1) < 1e-15 && fabs(R[6] + 1) < 1e-15, "pitch takes z to x");
    vxg_ct_rotation(0, 0, M_PI / 2, R);
    EXPECT(fabs(R[3] - 1) < 1e-15 && fabs(R[1] + 1) < 1e-15, "yaw takes x to y");
    const double angle[3] = {0.4, -0.5, 1.2};
    memcpy(z, x, sizeof z);
    for (int a = 0; a < 3; a++) {
        vxg_ct_rotation(a == 0 ? angle[0] : 0, a == 1 ? angle[1] : 0, a == 2 ? angle[2] : 0, A);
        memcpy(y, z, sizeof y);
        for (int k = 0; k < 3; k++)
            z[k] = A[3 * k] * y[0] + A[3 * k + 1] * y[1] + A[3 * k + 2] * y[2];
    }
    vxg_ct_rotation(angle[0], angle[1], angle[2], R);
    for (int k = 0; k < 3; k++)
        EXPECT(fabs(R[3 * k] * x[0] + R[3 * k + 1] * x[1] + R[3 * k + 2] * x[2] - z[k]) < 1e-15,
               "roll, pitch, yaw are not turned in this order");
}

/* Pixels and sources go where the map takes them, for every beam and detector. */
static void moved(vxg_ct_beam beam, vxg_ct_detector detector, int what) {
    vxg_ct_geometry *geo = NULL, *to = NULL;
    const double by[3] = {3, -4, 5}, factor[3] = {2, detector ? 2 : 3, detector ? 2 : 0.5};
    double R[9], p[3], q[3], want[3];
    vxg_ct_rotation(0.3, -0.8, 2, R);
    CHECK_OK(scan(beam, detector, 3, &geo));
    CHECK_OK(what == 0   ? vxg_ct_geometry_shift(geo, by, &to)
             : what == 1 ? vxg_ct_geometry_scale(geo, factor, &to)
                         : vxg_ct_geometry_rotate(geo, R, &to));
    for (int64_t i = 0; i < 12; i++) {
        CHECK_OK(vxg_ct_pixel(geo, i, 2.5, 7, p));
        CHECK_OK(vxg_ct_pixel(to, i, 2.5, 7, q));
        for (int turn = 0; turn < 2; turn++) { /* a pixel, then the source or ray */
            for (int k = 0; k < 3; k++)
                want[k] = what == 0   ? p[k] + (turn && beam == VXG_CT_BEAM_PARALLEL ? 0 : by[k])
                          : what == 1 ? p[k] * factor[k]
                                      : R[3 * k] * p[0] + R[3 * k + 1] * p[1] + R[3 * k + 2] * p[2];
            EXPECT(far_apart(q, want) < 1e-11,
                   "beam %d, detector %d, map %d, view %d: %s is %g off", beam, detector, what,
                   (int)i, turn ? "the source" : "a pixel", far_apart(q, want));
            memcpy(p, vxg_ct_geometry_view(geo, i)->s, sizeof p);
            memcpy(q, vxg_ct_geometry_view(to, i)->s, sizeof q);
        }
    }
    vxg_ct_geometry_release(geo), vxg_ct_geometry_release(to);
}
TEST(moves)
{
    for (int what = 0; what < 3; what++) {
        moved(VXG_CT_BEAM_PARALLEL, VXG_CT_DETECTOR_FLAT, what);
        moved(VXG_CT_BEAM_CONE, VXG_CT_DETECTOR_FLAT, what);
        moved(VXG_CT_BEAM_CONE, VXG_CT_DETECTOR_CURVED, what);
    }
}

TEST(recenter)
{
    const double by[3] = {7, -8, 9};
    for (int beam = 0; beam < 2; beam++) {
        vxg_ct_geometry *geo = NULL, *off = NULL, *back = NULL;
        double p[3];
        CHECK_OK(scan(beam, VXG_CT_DETECTOR_FLAT, -1, &geo));
        CHECK_OK(vxg_ct_geometry_shift(geo, by, &off));
        if (beam) {
            CHECK_OK(vxg_ct_geometry_isocenter(off, p));
            EXPECT(far_apart(p, by) < 1e-9, "the isocenter is %g %g %g", p[0], p[1], p[2]);
            CHECK_OK(vxg_ct_geometry_recenter(off, NULL, &back));
        } else {
            CHECK_OK(vxg_ct_geometry_recenter(off, by, &back));
        }
        EXPECT(far_apart(vxg_ct_geometry_view(back, 5)->d, vxg_ct_geometry_view(geo, 5)->d) < 1e-9,
               "recentering does not undo a shift");
        vxg_ct_geometry_release(back);
        CHECK_OK(vxg_ct_geometry_slice(geo, 0, 1, 1, &back));
        EXPECT(vxg_ct_geometry_isocenter(back, p) == VXG_ERR_ARGUMENT, "one view has a centre");
        vxg_ct_geometry_release(back);
        vxg_ct_geometry_release(geo), vxg_ct_geometry_release(off);
    }
}

TEST(detector)
{
    vxg_ct_geometry *geo = NULL, *to = NULL;
    double p[3], q[3], m[3];
    CHECK_OK(scan(VXG_CT_BEAM_CONE, VXG_CT_DETECTOR_FLAT, 3, &geo));
    CHECK_OK(vxg_ct_detector_shift(geo, 2, -1.5, &to));
    for (int64_t i = 0; i < 12; i++) {
        CHECK_OK(vxg_ct_pixel(geo, i, 5, 2.5, p));
        CHECK_OK(vxg_ct_pixel(to, i, 3, 4, q));
        EXPECT(far_apart(p, q) < 1e-11, "shift: view %d is %g off", (int)i, far_apart(p, q));
    }
    vxg_ct_geometry_release(to);
    CHECK_OK(vxg_ct_detector_roll(geo, M_PI / 2, &to)); /* U becomes V, V becomes -U */
    for (int64_t i = 0; i < 12; i++) {
        CHECK_OK(vxg_ct_pixel(geo, i, 7.5, 3.5 + 2, p));
        CHECK_OK(vxg_ct_pixel(to, i, 7.5 + 2, 3.5, q));
        EXPECT(far_apart(p, q) < 1e-11, "roll: view %d is %g off", (int)i, far_apart(p, q));
    }
    vxg_ct_geometry_release(geo), vxg_ct_geometry_release(to);
    CHECK_OK(scan(VXG_CT_BEAM_CONE, VXG_CT_DETECTOR_CURVED, 3, &geo));
    CHECK_OK(vxg_ct_detector_shift(geo, 2, 0, &to));
    CHECK_OK(vxg_ct_pixel(geo, 4, 5, 2, p));
    CHECK_OK(vxg_ct_pixel(to, 4, 3, 2, q));
    CHECK_OK(vxg_ct_pixel(to, 4, 4, 2, m));
    EXPECT(far_apart(p, q) < 1e-11 && far_apart(p, m) > 0.4, "shift along the arc: %g off",
           far_apart(p, q));
    vxg_ct_geometry_release(to);
    to = NULL;
    EXPECT(vxg_ct_detector_shift(geo, 0, 1, &to) == VXG_ERR_ARGUMENT, "rows of an arc");
    EXPECT(vxg_ct_detector_roll(geo, 1, &to) == VXG_ERR_ARGUMENT, "roll of an arc");
    vxg_ct_geometry_release(geo);
}

/* ---- Field of view and volumes ---- */
static int plain(vxg_ct_beam beam, int64_t rows, double center, double pitch_z, double tilt,
                 vxg_ct_geometry **geo) {
    vxg_ct_trajectory_opts o = {0};
    vxg_ct_trajectory_defaults(pitch_z > 0 ? VXG_CT_PATH_HELICAL : VXG_CT_PATH_CIRCULAR, beam, &o);
    o.nviews = 36, o.rows = rows, o.cols = 200, o.sod = 100, o.sdd = 200, o.pixel = 0.5;
    o.center = center, o.has_center = center >= 0, o.z_range = pitch_z, o.turns = 2, o.tilt = tilt;
    return vxg_ct_trajectory(&o, geo);
}

TEST(field_of_view)
{
    vxg_ct_geometry *geo = NULL;
    double r, z[2];
    /* cone: half a fan of atan(50/200); the cylinder touches the edge rays */
    const double edge = 100 * sin(atan(0.25));
    CHECK_OK(plain(VXG_CT_BEAM_CONE, 40, -1, 0, 0, &geo));
    CHECK_OK(vxg_ct_field_of_view(geo, &r, z));
    EXPECT(fabs(r - edge) < 1e-9, "cone: radius %g, %g expected", r, edge);
    EXPECT(fabs(z[0] + 5) < 1e-9 && fabs(z[1] - 5) < 1e-9, "cone: heights %g %g", z[0], z[1]);
    vxg_ct_geometry_release(geo);
    /* a slight shift of the axis narrows it, a large one widens it: half-fan */
    CHECK_OK(plain(VXG_CT_BEAM_CONE, 40, 109.5, 0, 0, &geo));
    CHECK_OK(vxg_ct_field_of_view(geo, &r, z));
    EXPECT(fabs(r - 100 * sin(atan(45.0 / 200))) < 1e-9, "shifted: radius %g", r);
    vxg_ct_geometry_release(geo);
    CHECK_OK(plain(VXG_CT_BEAM_CONE, 40, 179.5, 0, 0, &geo));
    CHECK_OK(vxg_ct_field_of_view(geo, &r, z));
    EXPECT(fabs(r - 100 * sin(atan(90.0 / 200))) < 1e-9, "half-fan: radius %g", r);
    vxg_ct_geometry_release(geo);
    CHECK_OK(plain(VXG_CT_BEAM_PARALLEL, 40, 179.5, 0, 0, &geo)); /* half a turn: no opposites */
    CHECK_OK(vxg_ct_field_of_view(geo, &r, z));
    EXPECT(fabs(r - 10) < 1e-9 && fabs(z[1] - z[0] - 20) < 1e-9, "parallel: radius %g", r);
    vxg_ct_geometry_release(geo);
    CHECK_OK(plain(VXG_CT_BEAM_CONE, 40, -1, 60, 0, &geo));
    CHECK_OK(vxg_ct_field_of_view(geo, &r, z));
    EXPECT(fabs(z[0] + 35) < 1e-9 && fabs(z[1] - 35) < 1e-9, "helix: heights %g %g", z[0], z[1]);
    vxg_ct_geometry_release(geo);
    /* rays 30 degrees below the plane: a row of the detector covers 1/cos 30 of the axis */
    CHECK_OK(plain(VXG_CT_BEAM_PARALLEL, 40, -1, 0, M_PI / 6, &geo));
    CHECK_OK(vxg_ct_field_of_view(geo, &r, z));
    EXPECT(fabs(r - 50) < 1e-9 && fabs(z[1] - 10 / cos(M_PI / 6)) < 1e-9, "tilt: %g %g", r, z[1]);
    vxg_ct_geometry_release(geo);
    CHECK_OK(plain(VXG_CT_BEAM_PARALLEL, 40, 230, 0, 0, &geo));
    EXPECT(vxg_ct_field_of_view(geo, &r, z) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "misses the rotation axis"),
           "%s", vxg_error_message());
    vxg_ct_geometry_release(geo);
}

TEST(complete_volume)
{
    vxg_ct_geometry *geo = NULL, *fan = NULL;
    vxg_ct_volume v = {0};
    CHECK_OK(plain(VXG_CT_BEAM_CONE, 40, -1, 0, 0, &geo));
    CHECK_OK(plain(VXG_CT_BEAM_CONE, 1, -1, 0, 0, &fan));
    const double d = 2 * 100 * sin(atan(0.25));
#define CASE(words, of, nx_, ny_, nz_, dx_, dy_, dz_, ...)                                         \
    do {                                                                                           \
        CHECK_OK(vxg_ct_complete_volume(of, &(vxg_ct_volume_spec){__VA_ARGS__}, &v));              \
        EXPECT(v.nx == (nx_) && v.ny == (ny_) && v.nz == (nz_) && fabs(v.dx - (dx_)) < 1e-9 &&     \
                   fabs(v.dy - (dy_)) < 1e-9 && fabs(v.dz - (dz_)) < 1e-9,                         \
               words ": %d %d %d of %g %g %g", (int)v.nx, (int)v.ny, (int)v.nz, v.dx, v.dy, v.dz); \
    } while (0)
    CASE("nothing", geo, 195, 195, 40, 0.25, 0.25, 0.25, .nx = 0); /* 48.5 / 0.25 = 194.03 */
    CASE("nothing, fan", fan, 195, 195, 1, 0.25, 0.25, 0.25, .nx = 0);
    CASE("a voxel size", geo, 49, 49, 10, 1, 1, 1, .dx = 1);
    CASE("a count", geo, 97, 97, (int)ceil(10 / (d / 97)), d / 97, d / 97, d / 97, .ny = 97);
    CASE("two counts", geo, 97, 97, 3, d / 97, d / 97, d / 97, .nx = 97, .nz = 3);
    CASE("slices only", geo, 98, 98, 20, 0.5, 0.5, 0.5, .nz = 20);
    CASE("a size", geo, 30, 30, 5, 2, 2, 2, .extent = {60}, .nx = 30);
    CASE("size and voxel", geo, 31, 97, 20, 2, 0.5, 0.5, .extent = {61.5}, .dx = 2, .dy = 0.5,
         .ny = 97);
    CASE("all", NULL, 3, 4, 5, 6, 7, 8, .nx = 3, .ny = 4, .nz = 5, .dx = 6, .dy = 7, .dz = 8);
    CASE("sizes", NULL, 3, 4, 5, 2, 3, 4, .nx = 3, .ny = 4, .nz = 5, .extent = {6, 12, 20});
    CHECK_OK(vxg_ct_complete_volume(
        geo, &(vxg_ct_volume_spec){.center = {1, 2, 3}, .has_center = 1}, &v));
    EXPECT(v.center[2] == 3 && v.rotation[8] == 1, "centre and rotation");
#define REFUSED(of, word, ...)                                                                     \
    EXPECT(vxg_ct_complete_volume(of, &(vxg_ct_volume_spec){__VA_ARGS__}, &v) ==                   \
                   VXG_ERR_ARGUMENT &&                                                             \
               strstr(vxg_error_message(), word),                                                  \
           "'%s' does not say %s", vxg_error_message(), word)
    REFUSED(geo, "nx = 3 times dx = 2 is not size[0] = 7", .nx = 3, .dx = 2, .extent = {7});
    REFUSED(geo, "nx is -1", .nx = -1);
    REFUSED(geo, "dz", .dz = -1);
    REFUSED(geo, "size[1]", .extent = {0, NAN});
    REFUSED(geo, "below 2^31", .dx = 1e-12);
    REFUSED(geo, "2^40", .dx = 1e-4, .dy = 1e-4, .dz = 1e-4);
    REFUSED(NULL, "nz, dz or size[2] is missing", .nx = 3, .dx = 1);
    REFUSED(geo, "rotation", .rotation = {1, 1, 1});
    vxg_ct_geometry_release(geo);
    CHECK_OK(plain(VXG_CT_BEAM_PARALLEL, 40, 230, 0, 0, &geo));
    REFUSED(geo, "stays open: field of view: the detector misses", .nx = 3);
    vxg_ct_geometry_release(geo), vxg_ct_geometry_release(fan);
}

TEST_MAIN("ct_geometry_algebra", T(take_and_slice), T(concat), T(rotation_order), T(moves),
          T(recenter), T(detector), T(field_of_view), T(complete_volume))
