/* Converters against the numbers of the packages themselves (tools/geometry_reference.py: ASTRA
 * 2.5.0, RTK 2.7.0), there and back, and refusals. */
#include <voxgrad/voxgrad.h>

#include "geometry_file.h"
#include "test.h"

/* Rows of numbers of a committed file, its first line left out. */
static int64_t numbers(const char *name, double *x, int64_t room) {
    size_t n;
    char *text = geometry_file(name, &n), *p = text ? strchr(text, '\n') : NULL;
    int64_t count = 0;
    while (p && count < room) {
        char *end;
        x[count] = strtod(p, &end);
        if (end == p) break;
        p = end, count++;
    }
    free(text);
    return count;
}

static int astra(const char *name, vxg_ct_geometry **geo) {
    size_t n;
    char *text = geometry_file(name, &n);
    int status = text ? vxg_ct_geometry_from_astra(text, n, geo) : VXG_ERR_INPUT;
    free(text);
    return status;
}

/* Where ASTRA's projector puts a small square. Its shadow is some 15 whole columns: its middle is
 * known to a quarter of a column and more; conventions half a column off show. */
static void seen_by_astra(const char *kind) {
    static double x[400];
    char name[80];
    vxg_ct_geometry *geo = NULL;
    double P[12 * 5];
    snprintf(name, sizeof name, "astra_%s.txt", kind);
    CHECK_OK(astra(name, &geo));
    snprintf(name, sizeof name, "astra_%s_seen.txt", kind);
    const int64_t n = numbers(name, x, 400) / 4;
    CHECK(n == 20 && vxg_ct_geometry_nviews(geo) == 5, "%s: %d points", name, (int)n);
    CHECK_OK(vxg_ct_to_matrices(geo, P));
    for (int64_t i = 0; i < n; i++) {
        const double *row = x + 4 * i, *Q = P + 12 * (int)row[0];
        const double column =
            (Q[0] * row[1] + Q[1] * row[2] + Q[3]) / (Q[8] * row[1] + Q[9] * row[2] + Q[11]);
        EXPECT(fabs(column - row[3]) < 0.3, "%s: (%g, %g) of view %d is seen at %g, by ASTRA at %g",
               kind, row[1], row[2], (int)row[0], column, row[3]);
    }
    vxg_ct_geometry_release(geo);
}
TEST(astra_projects)
{
    seen_by_astra("fanflat_vec");
    seen_by_astra("parallel_vec");
}

/* ASTRA's vectors of its standard scans are those of the standard scans here. */
TEST(astra_standard_scans)
{
    static const char *const files[] = {"astra_parallel_vec.txt", "astra_fanflat_vec.txt",
                                        "astra_parallel3d_vec.txt", "astra_cone_vec.txt"};
    static const double angles[] = {0, 0.3, 1.7, 3.0, 4.4};
    for (int kind = 0; kind < 4; kind++) {
        vxg_ct_trajectory_opts o = {0};
        vxg_ct_geometry *geo = NULL, *want = NULL;
        double a[60], b[60];
        const int cone = kind % 2, flat = kind < 2, n = flat ? 30 : 60;
        CHECK_OK(astra(files[kind], &geo));
        vxg_ct_trajectory_defaults(VXG_CT_PATH_CIRCULAR,
                                   cone ? VXG_CT_BEAM_CONE : VXG_CT_BEAM_PARALLEL, &o);
        o.nviews = 5, o.angles = angles, o.sod = 100, o.sdd = 150, o.rows = flat ? 1 : 10;
        o.cols = vxg_ct_geometry_nu(geo), o.pixel = flat ? 0.02 : 1.5;
        o.row_pitch = flat ? 0.02 : 1.2;
        CHECK_OK(vxg_ct_trajectory(&o, &want));
        EXPECT((int)vxg_ct_astra_kind(want) == kind && (int)vxg_ct_astra_kind(geo) == kind,
               "%s: kind", files[kind]);
        CHECK_OK(vxg_ct_to_astra(geo, (vxg_ct_astra)kind, a));
        CHECK_OK(vxg_ct_to_astra(want, (vxg_ct_astra)kind, b));
        for (int i = 0; i < n; i++) { /* ASTRA's parallel rays run the other way: the same lines */
            const int ray = !cone && i % (flat ? 6 : 12) < (flat ? 2 : 3);
            EXPECT(fabs(a[i] - (ray ? -b[i] : b[i])) < 1e-12, "%s: number %d is %g, here %g",
                   files[kind], i, a[i], b[i]);
        }
        vxg_ct_geometry_release(geo), vxg_ct_geometry_release(want);
    }
}

TEST(astra_there_and_back)
{
    static const char *const files[] = {"astra_parallel_vec.txt", "astra_fanflat_vec.txt",
                                        "astra_parallel3d_vec.txt", "astra_cone_vec.txt"};
    for (int kind = 0; kind < 4; kind++) {
        vxg_ct_geometry *geo = NULL, *again = NULL;
        char *text = NULL;
        CHECK_OK(astra(files[kind], &geo));
        CHECK_OK(vxg_ct_geometry_to_astra(geo, &text));
        CHECK_OK(vxg_ct_geometry_from_astra(text, strlen(text), &again));
        CHECK(vxg_ct_geometry_nu(again) == vxg_ct_geometry_nu(geo), "columns");
        for (int64_t i = 0; i < 5; i++)
            EXPECT(!memcmp(vxg_ct_geometry_view(geo, i), vxg_ct_geometry_view(again, i),
                           sizeof(vxg_ct_view)),
                   "%s: view %d comes back changed", files[kind], (int)i);
        vxg_free(text);
        vxg_ct_geometry_release(geo), vxg_ct_geometry_release(again);
    }
}

/* ---- RTK ---- */
static const vxg_ct_detector_size small = {.rows = 40, .cols = 50, .pixel = 0.5, .row_pitch = 0.8};

static int rtk(const char *name, vxg_ct_geometry **geo) {
    size_t n;
    char *text = geometry_file(name, &n);
    int status = text ? vxg_ct_geometry_from_rtk(text, n, &small, geo) : VXG_ERR_INPUT;
    free(text);
    return status;
}

static void seen_by_rtk(const char *kind) {
    static double x[400], P[12 * 6];
    char name[80];
    vxg_ct_geometry *geo = NULL;
    snprintf(name, sizeof name, "%s.xml", kind);
    CHECK_OK(rtk(name, &geo));
    snprintf(name, sizeof name, "%s_seen.txt", kind);
    const int64_t n = numbers(name, x, 400) / 6;
    CHECK(n == 24 && vxg_ct_geometry_nviews(geo) == 6, "%s: %d points", name, (int)n);
    CHECK_OK(vxg_ct_to_matrices(geo, P));
    for (int64_t i = 0; i < n; i++) {
        const double *row = x + 6 * i, *Q = P + 12 * (int)row[0];
        const double p[4] = {row[1], -row[3], row[2], 1}; /* RTK's y is the axis */
        double h[3] = {0};
        for (int r = 0; r < 3; r++)
            for (int k = 0; k < 4; k++) h[r] += Q[4 * r + k] * p[k];
        const double u = (h[0] / h[2] - 24.5) * 0.5, v = (h[1] / h[2] - 19.5) * 0.8;
        EXPECT(fabs(u - row[4]) < 1e-9 && fabs(v - row[5]) < 1e-9,
               "%s: a point of view %d is seen at (%g, %g), by RTK at (%g, %g)", kind, (int)row[0],
               u, v, row[4], row[5]);
    }
    vxg_ct_geometry_release(geo);
}
TEST(rtk_projects)
{
    seen_by_rtk("rtk_cone");
    seen_by_rtk("rtk_parallel");
}

/* The value of the nth <tag> of a text; values stay until they are given again. */
static double tag_value(const char *text, const char *tag, int projection) {
    char open[80];
    double x = NAN;
    snprintf(open, sizeof open, "<%s>", tag);
    for (const char *p = text; (p = strchr(p, '<')); p++) {
        if (!strncmp(p, open, strlen(open))) x = strtod(p + strlen(open), NULL);
        if (!strncmp(p, "</Projection>", 13) && projection-- == 0) break;
    }
    return x;
}

/* The nine numbers RTK wrote come out of the views again, modulo whole turns; so do the views. */
TEST(rtk_there_and_back)
{
    static const char *const tags[] = {"GantryAngle",
                                       "InPlaneAngle",
                                       "OutOfPlaneAngle",
                                       "SourceToIsocenterDistance",
                                       "SourceOffsetX",
                                       "SourceOffsetY",
                                       "ProjectionOffsetX",
                                       "ProjectionOffsetY",
                                       "SourceToDetectorDistance"};
    for (int parallel = 0; parallel < 2; parallel++) {
        const char *name = parallel ? "rtk_parallel.xml" : "rtk_cone.xml";
        vxg_ct_geometry *geo = NULL, *again = NULL;
        size_t n;
        char *text = NULL, *theirs = geometry_file(name, &n);
        CHECK(theirs, "%s is missing", name);
        CHECK_OK(rtk(name, &geo));
        CHECK_OK(vxg_ct_geometry_to_rtk(geo, &text));
        CHECK_OK(vxg_ct_geometry_from_rtk(text, strlen(text), &small, &again));
        for (int i = 0; i < 6; i++) {
            for (int k = 0; k < 9; k++) {
                const double a = tag_value(theirs, tags[k], i), b = tag_value(text, tags[k], i);
                if (parallel && (k == 3 || !isfinite(a))) continue;
                EXPECT(fabs(k < 3 ? remainder(a - b, 360) : a - b) < 1e-8,
                       "%s: %s of projection %d is %g, RTK's is %g", name, tags[k], i, b, a);
            }
            const double *x = (const double *)vxg_ct_geometry_view(geo, i);
            const double *y = (const double *)vxg_ct_geometry_view(again, i);
            for (int k = 0; k < 12; k++)
                EXPECT(fabs(x[k] - y[k]) < 1e-10, "%s: view %d comes back changed", name, i);
        }
        vxg_free(text);
        free(theirs);
        vxg_ct_geometry_release(geo), vxg_ct_geometry_release(again);
    }
}

/* A circular scan in RTK has gantry angles t. */
TEST(rtk_circle)
{
    vxg_ct_trajectory_opts o = {0};
    vxg_ct_geometry *geo = NULL;
    char *text = NULL;
    vxg_ct_trajectory_defaults(VXG_CT_PATH_CIRCULAR, VXG_CT_BEAM_CONE, &o);
    o.nviews = 8, o.rows = 40, o.cols = 50, o.sod = 100, o.sdd = 150, o.pixel = 0.5;
    o.center = 20, o.has_center = 1;
    CHECK_OK(vxg_ct_trajectory(&o, &geo));
    CHECK_OK(vxg_ct_geometry_to_rtk(geo, &text));
    for (int i = 0; i < 8; i++) {
        EXPECT(fabs(remainder(tag_value(text, "GantryAngle", i) - 45.0 * i, 360)) < 1e-9,
               "view %d: gantry %g", i, tag_value(text, "GantryAngle", i));
        EXPECT(fabs(tag_value(text, "ProjectionOffsetX", i) - 4.5 * 0.5) < 1e-9, "offset");
        EXPECT(fabs(tag_value(text, "SourceToIsocenterDistance", i) - 100) < 1e-9, "sid");
    }
    vxg_free(text);
    vxg_ct_geometry_release(geo);
}

/* ---- Matrices and refusals ---- */
TEST(matrix_text)
{
    vxg_ct_geometry *geo = NULL, *again = NULL;
    char *text = NULL;
    CHECK_OK(rtk("rtk_cone.xml", &geo));
    CHECK_OK(vxg_ct_geometry_to_matrix_text(geo, &text));
    CHECK_OK(vxg_ct_geometry_from_matrix_text(text, strlen(text), &small, &again));
    for (int64_t i = 0; i < 6; i++) {
        double a[3], b[3], r[2] = {0};
        const double *s = vxg_ct_geometry_view(geo, i)->s;
        CHECK_OK(vxg_ct_pixel(geo, i, 7, 30, a));
        CHECK_OK(vxg_ct_pixel(again, i, 7, 30, b)); /* on one ray from the source */
        for (int k = 0; k < 3; k++) r[0] += pow(a[k] - s[k], 2), r[1] += pow(b[k] - s[k], 2);
        for (int k = 0; k < 3; k++)
            EXPECT(fabs((a[k] - s[k]) / sqrt(r[0]) - (b[k] - s[k]) / sqrt(r[1])) < 1e-10,
                   "view %d: another ray", (int)i);
    }
    const double *U = vxg_ct_geometry_view(again, 0)->U;
    EXPECT(fabs(sqrt(U[0] * U[0] + U[1] * U[1] + U[2] * U[2]) - 0.5) < 1e-12, "pixel size");
    vxg_free(text);
    vxg_ct_geometry_release(geo), vxg_ct_geometry_release(again);
}

TEST(refusals)
{
    vxg_ct_geometry *geo = NULL, *cone = NULL;
    vxg_ct_detector_size none = {.cols = 5, .pixel = 1};
    char *text = NULL;
    double P[12 * 6];
#define REFUSED(code, call, word)                                                                  \
    EXPECT((call) == (code) && !geo && !text && strstr(vxg_error_message(), word),                 \
           "'%s' does not say %s", vxg_error_message(), word)
#define ASTRA(t) vxg_ct_geometry_from_astra(t, strlen(t), &geo)
#define RTK(t) vxg_ct_geometry_from_rtk(t, strlen(t), &small, &geo)
    REFUSED(VXG_ERR_INPUT, ASTRA("1 2 3"), "# KIND ROWS COLS");
    REFUSED(VXG_ERR_INPUT, ASTRA("# cube_vec 1 2\n1 2 3"), "# KIND ROWS COLS");
    REFUSED(VXG_ERR_INPUT, ASTRA("# cone_vec 4 2\n1 2 3"), "3 numbers");
    REFUSED(VXG_ERR_INPUT, ASTRA("# cone_vec 4 2\n1 2 x"), "line 2: 'x'");
    REFUSED(VXG_ERR_INPUT, ASTRA("# cone_vec 4 2\n1 nan"), "finite");
    REFUSED(VXG_ERR_INPUT, ASTRA("# cone_vec 4 2\n"), "no numbers");
    REFUSED(VXG_ERR_INPUT, ASTRA("# fanflat_vec 4 2\n0 -4 0 2 1 0"), "rows is 4");
    REFUSED(VXG_ERR_INPUT, ASTRA("# fanflat_vec 1 2\n0 -4 0 2 0 0"), "U has no length");
    REFUSED(VXG_ERR_INPUT, RTK("<xml/>"), "<RTKThreeDCircularGeometry>");
    REFUSED(VXG_ERR_INPUT, RTK("<RTKThreeDCircularGeometry version=\"3\"><Projection>"), "cut off");
#define XML(inner) "<RTKThreeDCircularGeometry>" inner "</RTKThreeDCircularGeometry>"
    REFUSED(VXG_ERR_INPUT, RTK(XML("")), "0 projections");
    REFUSED(VXG_ERR_INPUT, RTK(XML("<Projection>")), "does not end");
    REFUSED(VXG_ERR_INPUT, RTK(XML("<Projection></Projection></Projection>")),
            "more </Projection>");
    REFUSED(VXG_ERR_INPUT,
            RTK(XML("<SourceToDetectorDistance>5</SourceToDetectorDistance><Projection>"
                    "</Projection>")),
            "SourceToIsocenterDistance is missing");
    REFUSED(VXG_ERR_INPUT, RTK(XML("<Projection><GantryAngle>x</GantryAngle></Projection>")),
            "GantryAngle of projection 0");
    REFUSED(VXG_ERR_UNSUPPORTED,
            RTK(XML("<Projection><RadiusCylindricalDetector>5</RadiusCylindricalDetector>"
                    "</Projection>")),
            "cylindrical");
    REFUSED(VXG_ERR_ARGUMENT, vxg_ct_geometry_from_rtk("<a>", 3, &none, &geo), "rows or cols");
    REFUSED(VXG_ERR_INPUT, vxg_ct_geometry_from_matrix_text("1 2 3", 5, &small, &geo), "3 numbers");
    CHECK_OK(rtk("rtk_cone.xml", &cone));
    REFUSED(VXG_ERR_ARGUMENT, vxg_ct_to_astra(cone, VXG_CT_ASTRA_PARALLEL3D, P), "parallel3d_vec");
    REFUSED(VXG_ERR_ARGUMENT, vxg_ct_to_astra(cone, VXG_CT_ASTRA_FANFLAT, P), "one row");
    vxg_ct_geometry_release(cone);
    vxg_ct_trajectory_opts o = {0};
    vxg_ct_trajectory_defaults(VXG_CT_PATH_CIRCULAR, VXG_CT_BEAM_CONE, &o);
    o.nviews = o.rows = o.cols = 3, o.sod = 100, o.sdd = 150, o.detector = VXG_CT_DETECTOR_CURVED;
    CHECK_OK(vxg_ct_trajectory(&o, &cone));
    REFUSED(VXG_ERR_UNSUPPORTED, vxg_ct_geometry_to_astra(cone, &text), "curved");
    REFUSED(VXG_ERR_UNSUPPORTED, vxg_ct_geometry_to_rtk(cone, &text), "cylindrical");
    REFUSED(VXG_ERR_UNSUPPORTED, vxg_ct_geometry_to_matrix_text(cone, &text), "curved");
    vxg_ct_geometry_release(cone);
}

TEST_MAIN("ct_geometry_convert", T(astra_projects), T(astra_standard_scans),
          T(astra_there_and_back), T(rtk_projects), T(rtk_there_and_back), T(rtk_circle),
          T(matrix_text), T(refusals))
