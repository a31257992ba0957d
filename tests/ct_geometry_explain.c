/* Numbers, words and warnings about scans: every warning has a file that triggers it and one that
 * does not. */
#include <voxgrad/voxgrad.h>

#include "geometry_file.h"
#include "test.h"

static int load(const char *name, vxg_ct_notes *notes, vxg_ct_geometry **geo) {
    size_t n;
    char *text = geometry_file(name, &n);
    int status = text ? vxg_ct_geometry_from_json(text, n, notes, geo) : VXG_ERR_INPUT;
    free(text);
    return status;
}

TEST(warnings)
{
    for (int w = 0; w < VXG_CT_WARNING_COUNT; w++)
        for (int good = 0; good < 2; good++) {
            char name[80], words[600];
            vxg_ct_geometry *geo = NULL;
            vxg_ct_notes notes = {0};
            vxg_ct_summary s = {0};
            snprintf(name, sizeof name, "%s%s.json", vxg_ct_warning_id((vxg_ct_warning)w),
                     good ? ".ok" : "");
            const int status = load(name, &notes, &geo);
            if (status == VXG_ERR_UNSUPPORTED) SKIP("%s", vxg_error_message());
            CHECK(!status, "%s: %s", name, vxg_error_message());
            CHECK_OK(vxg_ct_geometry_summary(geo, &notes, &s));
            EXPECT((s.warnings >> w & 1) == !good, "%s: the warnings are %x", name, s.warnings);
            EXPECT(!good || !s.warnings, "%s: other warnings: %x", name, s.warnings);
            const int length = vxg_ct_warning_words(&s, (vxg_ct_warning)w, words, sizeof words);
            EXPECT(length > 20 && length < (int)sizeof words && !strstr(words, "nan"),
                   "%s: the words are '%s'", name, words);
            vxg_ct_geometry_release(geo);
        }
}

/* A scan whose every number is known. */
TEST(summary)
{
    vxg_ct_trajectory_opts o = {0};
    vxg_ct_geometry *geo = NULL;
    vxg_ct_summary s = {0};
    vxg_ct_trajectory_defaults(VXG_CT_PATH_CIRCULAR, VXG_CT_BEAM_CONE, &o);
    o.nviews = 90, o.rows = 40, o.cols = 60, o.sod = 300, o.sdd = 500, o.pixel = 2, o.row_pitch = 3;
    o.center = 45, o.has_center = 1, o.center_row = 12, o.has_center_row = 1, o.reverse = 1;
    o.start = 0.5;
    CHECK_OK(vxg_ct_trajectory(&o, &geo));
    CHECK_OK(vxg_ct_geometry_summary(geo, NULL, &s));
#define IS(field, value)                                                                           \
    EXPECT(fabs(s.field - (value)) < 1e-9, #field " is %.12g, %.12g expected", s.field,            \
           (double)(value))
    IS(sod[0], 300);
    IS(sdd[1], 500);
    IS(magnification[0], 5.0 / 3);
    IS(pixel[1], 3);
    IS(at_axis[0], 1.2);
    IS(center[0], 45);
    IS(center[1], 45);
    IS(row[0], 12);
    IS(first, 0.5);
    IS(last, 0.5 - 2 * M_PI * 89 / 90);
    IS(step[1], 2 * M_PI / 90);
    IS(covered, 2 * M_PI);
    IS(fan_angle, atan(91.0 / 500) + atan(29.0 / 500));
    IS(needed, M_PI + s.fan_angle);
    IS(z[0], 0);
    IS(z_per_turn, 0);
    IS(tilt, 0);
    IS(roll, 0);
    EXPECT(s.direction == -1 && s.half_fan == 1 && !s.repeated_end, "direction, half-fan, end");
    IS(fov_radius, 300 * sin(atan(91.0 / 500)));
    vxg_ct_geometry_release(geo);
    vxg_ct_trajectory_defaults(VXG_CT_PATH_HELICAL, VXG_CT_BEAM_CONE, &o);
    o.nviews = 181, o.rows = 40, o.cols = 60, o.sod = 300, o.sdd = 500, o.roll = 0.1;
    CHECK_OK(vxg_ct_trajectory(&o, &geo));
    CHECK_OK(vxg_ct_geometry_summary(geo, NULL, &s));
    IS(z_per_turn, 50);
    IS(z[0], -50);
    IS(roll, 0.1);
    EXPECT(s.direction == 1, "direction");
    vxg_ct_geometry_release(geo);
    vxg_ct_trajectory_defaults(VXG_CT_PATH_CIRCULAR, VXG_CT_BEAM_PARALLEL, &o);
    o.nviews = 180, o.rows = 40, o.cols = 60, o.tilt = 0.4;
    CHECK_OK(vxg_ct_trajectory(&o, &geo));
    CHECK_OK(vxg_ct_geometry_summary(geo, NULL, &s));
    IS(tilt, 0.4);
    IS(covered, M_PI);
    IS(needed, M_PI);
    IS(fov_radius, 30);
    EXPECT(isnan(s.sod[0]) && isnan(s.magnification[1]), "distances of a parallel beam");
    vxg_ct_geometry_release(geo);
}

/* What the words say is what reconstruction does. */
static void kind_of(const vxg_ct_trajectory_opts *o, const char *method, int half, int gaps) {
    const vxg_ct_volume vol = {.nz = 1, .ny = 2, .nx = 2};
    vxg_ct_geometry *geo = NULL;
    vxg_ct_summary s = {.size = sizeof s};
    vxg_device *dev;
    vxg_op *op = NULL;
    char *text;
    CHECK_OK(vxg_device_open("cpu", &dev));
    CHECK_OK(vxg_ct_trajectory(o, &geo));
    CHECK_OK(vxg_ct_geometry_summary(geo, NULL, &s));
    CHECK_OK(vxg_ct_geometry_words(geo, NULL, &text));
    EXPECT(strstr(s.method, method), "'%s' is not in: %s", method, s.method);
    EXPECT(s.refused || strstr(text, s.method), "'%s' is not in: %s", s.method, text);
    EXPECT(s.half_fan == half && s.gaps == gaps, "%s: half %d, gaps %d", method, s.half_fan,
           (int)s.gaps);
    const int status = o->beam == VXG_CT_BEAM_PARALLEL ? vxg_ct_fbp(dev, geo, &vol, NULL, &op)
                                                       : vxg_ct_fdk(dev, geo, &vol, NULL, &op);
    EXPECT(!status == !s.refused, "%s: status %d, refused %d", method, status, s.refused);
    EXPECT(!status || !strcmp(vxg_error_message(), s.method), "%s: %s", s.method,
           vxg_error_message());
    vxg_op_release(op);
    vxg_ct_geometry_release(geo);
    vxg_device_release(dev);
    vxg_free(text);
}

TEST(kinds)
{
    vxg_ct_trajectory_opts o = {0}, p;
    double t[100];
    vxg_ct_trajectory_defaults(VXG_CT_PATH_CIRCULAR, VXG_CT_BEAM_PARALLEL, &o);
    o.nviews = 100, o.rows = 4, o.cols = 50;
    kind_of(&o, "half a turn", 0, 1);
    o.range = 2 * M_PI;
    kind_of(&o, "opposite views share", 0, 0);
    o.center = 10, o.has_center = 1;
    kind_of(&o, "half-acquisition", 1, 0);
    o.range = 4;
    kind_of(&o, "distance from the gaps", 0, 1);
    o.range = 2;
    kind_of(&o, "what was measured of half a turn", 0, 1);
    p = o, p.tilt = 0.3;
    kind_of(&p, "laminography", 0, 1);
    p = o, p.center = -7;
    kind_of(&p, "the axis (0) is not on it", 0, 1);
    vxg_ct_trajectory_defaults(VXG_CT_PATH_CIRCULAR, VXG_CT_BEAM_CONE, &o);
    o.nviews = 100, o.rows = 4, o.cols = 50, o.sod = 200, o.sdd = 300;
    kind_of(&o, "a full turn", 0, 0);
    p = o, p.center = 40, p.has_center = 1;
    kind_of(&p, "half-fan", 1, 0);
    p.range = 4;
    kind_of(&p, "distance from the gaps", 0, 1);
    p.has_center = 0;
    kind_of(&p, "a short scan", 0, 1);
    p.range = 3;
    kind_of(&p, "arc: the views cover", 0, 1);
    for (int i = 0; i < 100; i++) t[i] = 2 * M_PI / 140 * (i + (i > 20) * 20 + (i > 50) * 20);
    o.angles = t;
    kind_of(&o, "distance from the gaps", 0, 2);
    for (int i = 0; i < 100; i++) t[i] = i % 50 * 0.01 + (i < 50 ? 0 : 1.7);
    kind_of(&o, "2 gaps leave", 0, 2);
    vxg_ct_trajectory_defaults(VXG_CT_PATH_HELICAL, VXG_CT_BEAM_CONE, &o);
    o.nviews = 100, o.rows = 4, o.cols = 50, o.sod = 200, o.sdd = 300;
    kind_of(&o, "a helix", 0, 0);
    o.center = 40, o.has_center = 1;
    kind_of(&o, "not for a helix", 0, 0);
}

TEST(words_and_sketch)
{
    static const vxg_ct_path paths[] = {VXG_CT_PATH_CIRCULAR, VXG_CT_PATH_HELICAL,
                                        VXG_CT_PATH_SADDLE};
    for (int c = 0; c < 8; c++) {
        vxg_ct_notes notes = {.units = "<&\"", .reverse = -1, .has_volume = 1};
        vxg_ct_trajectory_opts o = {0};
        vxg_ct_geometry *geo = NULL;
        char *text = NULL;
        vxg_ct_trajectory_defaults(paths[c % 3], c < 6 ? VXG_CT_BEAM_CONE : VXG_CT_BEAM_PARALLEL,
                                   &o);
        o.nviews = c == 5 ? 1 : 50, o.rows = c == 4 ? 1 : 30, o.cols = 60;
        o.sod = 300, o.sdd = 500;
        if (c == 3) o.detector = VXG_CT_DETECTOR_CURVED;
        if (c == 7) o.center = 200, o.has_center = 1; /* no field of view */
        CHECK_OK(vxg_ct_trajectory(&o, &geo));
        CHECK_OK(vxg_ct_complete_volume(
            geo, &(vxg_ct_volume_spec){.nx = 9, .ny = 9, .nz = 9, .dx = 4, .dy = 4, .dz = 4},
            &notes.volume));
        CHECK_OK(vxg_ct_geometry_words(geo, &notes, &text));
        EXPECT(strstr(text, c >= 6   ? "parallel beam"
                            : c == 4 ? "fan beam"
                                     : "cone beam") &&
                   !strstr(text, "nan") && !strstr(text, "inf"),
               "case %d:\n%s", c, text);
        EXPECT(!strstr(text, "helix") == (c % 3 != 1), "case %d: helix:\n%s", c, text);
        vxg_free(text);
        CHECK_OK(vxg_ct_geometry_svg(geo, &notes, &text));
        EXPECT(!strncmp(text, "<svg ", 5) && strstr(text, "</svg>") && !strstr(text, "nan") &&
                   !strstr(text, "inf,") && !strstr(text, "<&"),
               "case %d: the sketch", c);
        vxg_free(text);
        vxg_ct_geometry_release(geo);
    }
}

TEST_MAIN("ct_geometry_explain", T(warnings), T(summary), T(kinds), T(words_and_sketch))
