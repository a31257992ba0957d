/* RTK's geometry XML. Its frame: y is the axis of rotation, the source of gantry angle 0 lies on +z
 * and angles grow towards +x. World (x, y, z) there is (x, -z, y) here. A view is a rotation
 * Rz(-inplane) Rx(-outofplane) Ry(-gantry) of the world, after which the source lies at (source
 * offsets, SID) and the detector's middle at (projection offsets, SID - SDD), columns along x, rows
 * along y. SDD 0 is a parallel beam. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ct/geometry/convert.h"

#define WHAT "RTK geometry"
#define DEG (180 / M_PI)
#define MAX_VIEWS 4000000

enum {
    SID,
    SDD,
    SOURCE_X,
    SOURCE_Y,
    OFFSET_X,
    OFFSET_Y,
    GANTRY,
    OUT_OF_PLANE,
    IN_PLANE,
    RADIUS,
    COUNT
};
static const char *const tags[COUNT] = {
    [SID] = "SourceToIsocenterDistance",
    [SDD] = "SourceToDetectorDistance",
    [SOURCE_X] = "SourceOffsetX",
    [SOURCE_Y] = "SourceOffsetY",
    [OFFSET_X] = "ProjectionOffsetX",
    [OFFSET_Y] = "ProjectionOffsetY",
    [GANTRY] = "GantryAngle",
    [OUT_OF_PLANE] = "OutOfPlaneAngle",
    [IN_PLANE] = "InPlaneAngle",
    [RADIUS] = "RadiusCylindricalDetector",
};

/* ---- Frames ---- */
static void to_rtk(const double *a, double *b) {
    b[0] = a[0], b[1] = a[2], b[2] = -a[1];
}
static void from_rtk(const double *b, double *a) {
    a[0] = b[0], a[1] = -b[2], a[2] = b[1];
}

static void rotation(const double *p, double R[9]) {
    const double a = -p[IN_PLANE] / DEG, b = -p[OUT_OF_PLANE] / DEG, c = -p[GANTRY] / DEG;
    const double ca = cos(a), sa = sin(a), cb = cos(b), sb = sin(b), cc = cos(c), sc = sin(c);
    const double m[9] = {ca * cc - sa * sb * sc,
                         -sa * cb,
                         ca * sc + sa * sb * cc,
                         sa * cc + ca * sb * sc,
                         ca * cb,
                         sa * sc - ca * sb * cc,
                         -cb * sc,
                         sb,
                         cb * cc};
    memcpy(R, m, sizeof m);
}

/* R' (x, y, z), in this project's frame */
static void back(const double *R, double x, double y, double z, double *out) {
    double w[3];
    for (int k = 0; k < 3; k++) w[k] = R[k] * x + R[3 + k] * y + R[6 + k] * z;
    from_rtk(w, out);
}

static void view_of(const double *p, const vxg_ct_detector_size *size, vxg_ct_view *v) {
    const double pv = size->row_pitch > 0 ? size->row_pitch : size->pixel;
    double R[9];
    rotation(p, R);
    if (p[SDD] == 0) {
        back(R, 0, 0, -1, v->r);
        back(R, p[OFFSET_X], p[OFFSET_Y], 0, v->d);
    } else {
        back(R, p[SOURCE_X], p[SOURCE_Y], p[SID], v->s);
        back(R, p[OFFSET_X], p[OFFSET_Y], p[SID] - p[SDD], v->d);
    }
    back(R, size->pixel, 0, 0, v->U);
    back(R, 0, pv, 0, v->V);
}

/* ---- Reading ---- */
typedef struct reader {
    double now[COUNT]; /* values stay from one projection to the next */
    vxg_ct_view *views;
    int64_t count, room;
    int parallel;
    const vxg_ct_detector_size *size;
} reader;

static int add_projection(reader *r) {
    const double *p = r->now;
    const int64_t i = r->count;
    VXG_FAIL_IF(p[RADIUS] != 0, VXG_ERR_UNSUPPORTED,
                WHAT ": projection %lld: cylindrical detectors are not converted", (long long)i);
    VXG_FAIL_IF(i >= r->room, VXG_ERR_INPUT, WHAT ": more </Projection> than <Projection>");
    if (i == 0) r->parallel = p[SDD] == 0;
    VXG_FAIL_IF(r->parallel != (p[SDD] == 0), VXG_ERR_INPUT,
                WHAT ": projection %lld: parallel and cone beams are mixed", (long long)i);
    VXG_FAIL_IF(!r->parallel && (!(p[SDD] > 0) || !(p[SID] > 0)), VXG_ERR_INPUT,
                WHAT ": projection %lld: %s is missing or not positive", (long long)i,
                p[SDD] > 0 ? tags[SID] : tags[SDD]);
    view_of(p, r->size, &r->views[r->count++]);
    return VXG_OK;
}

/* One "<name>number" at p, past its '<'. */
static int read_tag(reader *r, const char *p) {
    const size_t n = strcspn(p, ">");
    if (!strncmp(p, "/Projection>", 12)) return add_projection(r);
    for (int k = 0; k < COUNT; k++) {
        if (strlen(tags[k]) != n || strncmp(p, tags[k], n) || !p[n]) continue;
        char *end;
        const double x = vxg__number(p + n + 1, &end);
        while (isspace((unsigned char)*end)) end++;
        VXG_FAIL_IF(*end != '<' || end == p + n + 1 || !isfinite(x), VXG_ERR_INPUT,
                    WHAT ": %s of projection %lld is not a finite number", tags[k],
                    (long long)r->count);
        r->now[k] = x;
    }
    return VXG_OK;
}

static int read_text(reader *r, const char *text) {
    VXG_FAIL_IF(!strstr(text, "<RTKThreeDCircularGeometry"), VXG_ERR_INPUT,
                WHAT ": there is no <RTKThreeDCircularGeometry>");
    VXG_FAIL_IF(!strstr(text, "</RTKThreeDCircularGeometry>"), VXG_ERR_INPUT,
                WHAT ": the text is cut off: no </RTKThreeDCircularGeometry>");
    for (const char *p = text; (p = strstr(p, "<Projection>")); p++) r->room++;
    VXG_FAIL_IF(r->room < 1 || r->room > MAX_VIEWS, VXG_ERR_INPUT,
                WHAT ": %lld projections, 1 to 4000000 are expected", (long long)r->room);
    VXG_TRY(vxg__ct_views_new(r->room, r->size->rows, r->size->cols, &r->views));
    for (const char *p = text; (p = strchr(p, '<')); p++) VXG_TRY(read_tag(r, p + 1));
    VXG_FAIL_IF(r->count != r->room, VXG_ERR_INPUT, WHAT ": a <Projection> does not end");
    return VXG_OK;
}

int vxg_ct_geometry_from_rtk(const char *text, size_t n, const vxg_ct_detector_size *size,
                             vxg_ct_geometry **out) {
    char *copy;
    VXG_FAIL_IF(!text || !out, VXG_ERR_ARGUMENT, "geometry: text or out is NULL");
    *out = NULL;
    VXG_READ(vxg_ct_detector_size, size);
    VXG_TRY(vxg__ct_detector_size(size, WHAT));
    reader r = {.size = size};
    VXG_TRY(vxg__ct_text_copy(text, n, WHAT, &copy));
    int status = read_text(&r, copy);
    if (!status)
        status = vxg_ct_geometry_new(
            &(vxg_ct_views){.beam = r.parallel ? VXG_CT_BEAM_PARALLEL : VXG_CT_BEAM_CONE,
                            .nviews = r.count,
                            .nv = size->rows,
                            .nu = size->cols,
                            .views = r.views},
            out);
    vxg__free(r.views);
    vxg__free(copy);
    return status == VXG_ERR_ARGUMENT ? vxg_error_context(VXG_ERR_INPUT, WHAT) : status;
}

/* ---- Writing ---- */
/* The nine numbers of a view, and its matrix from RTK's world to the detector in length units. */
static int numbers_of(const vxg_ct_geometry *geo, int64_t i, double *p, double M[12]) {
    const vxg_ct_view *v = vxg_ct_geometry_view(geo, i);
    const int cone = vxg_ct_geometry_beam(geo) == VXG_CT_BEAM_CONE;
    const double u = vxg__norm3(v->U), w = vxg__norm3(v->V);
    double R[9], s[3], d[3], ray[3], rotated[3];
    to_rtk(v->U, R), to_rtk(v->V, R + 3), to_rtk(v->s, s), to_rtk(v->d, d);
    for (int k = 0; k < 3; k++) R[k] /= u, R[3 + k] /= w, ray[k] = cone ? d[k] - s[k] : s[k];
    vxg__cross3(R, R + 3, R + 6);
    VXG_FAIL_IF(!(fabs(vxg__dot3(R, R + 3)) < 1e-6), VXG_ERR_UNSUPPORTED,
                WHAT ": view %lld: U and V must be at right angles", (long long)i);
    for (int k = 0; k < 3; k++) rotated[k] = vxg__dot3(R + 3 * k, ray);
    VXG_FAIL_IF(!(rotated[2] < 0), VXG_ERR_UNSUPPORTED,
                WHAT ": view %lld: U and V mirror the picture, which RTK cannot say", (long long)i);
    VXG_FAIL_IF(
        !cone && hypot(rotated[0], rotated[1]) > 1e-6 * fabs(rotated[2]), VXG_ERR_UNSUPPORTED,
        WHAT ": view %lld: parallel rays must stand at right angles on the detector", (long long)i);
    memset(p, 0, COUNT * sizeof *p);
    p[OUT_OF_PLANE] = -asin(fmax(-1, fmin(1, R[7]))) * DEG;
    p[GANTRY] = atan2(R[6], R[8]) * DEG;
    if (p[GANTRY] < 0) p[GANTRY] += 360;
    p[IN_PLANE] = atan2(R[1], R[4]) * DEG;
    p[OFFSET_X] = vxg__dot3(R, d), p[OFFSET_Y] = vxg__dot3(R + 3, d);
    if (cone) {
        p[SOURCE_X] = vxg__dot3(R, s), p[SOURCE_Y] = vxg__dot3(R + 3, s);
        p[SID] = vxg__dot3(R + 6, s), p[SDD] = p[SID] - vxg__dot3(R + 6, d);
        VXG_FAIL_IF(!(p[SID] > 0), VXG_ERR_UNSUPPORTED,
                    WHAT ": view %lld: the source lies behind the origin", (long long)i);
    }
    for (int k = 0; k < 3; k++) {
        M[k] = cone ? -p[SDD] * R[k] : R[k], M[4 + k] = cone ? -p[SDD] * R[3 + k] : R[3 + k];
        M[8 + k] = cone ? R[6 + k] : 0;
        for (int row = 0; row < 2 && cone; row++)
            M[4 * row + k] += (p[SOURCE_X + row] - p[OFFSET_X + row]) * R[6 + k];
    }
    for (int row = 0; row < 3; row++) M[4 * row + 3] = cone ? -vxg__dot3(M + 4 * row, s) : 1;
    for (int row = 0; row < 2 && !cone; row++) M[4 * row + 3] = -p[OFFSET_X + row];
    return VXG_OK;
}

static void write_projection(vxg_text *t, const double *p, const double *M) {
    vxg__text_add(t, "  <Projection>\n");
    for (int k = 0; k < COUNT; k++)
        if (k != RADIUS) vxg__text_add(t, "    <%s>%.17g</%s>\n", tags[k], p[k], tags[k]);
    vxg__text_add(t, "    <Matrix>\n");
    for (int row = 0; row < 3; row++)
        vxg__text_add(t, "      %.17g %.17g %.17g %.17g\n", M[4 * row], M[4 * row + 1],
                      M[4 * row + 2], M[4 * row + 3]);
    vxg__text_add(t, "    </Matrix>\n  </Projection>\n");
}

int vxg_ct_geometry_to_rtk(const vxg_ct_geometry *geo, char **out) {
    vxg_text t = {0};
    double p[COUNT], M[12];
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "%s: out is NULL", __func__);
    *out = NULL;
    VXG_FAIL_IF(!geo, VXG_ERR_ARGUMENT, WHAT ": geometry is NULL");
    VXG_FAIL_IF(vxg_ct_geometry_detector(geo) != VXG_CT_DETECTOR_FLAT, VXG_ERR_UNSUPPORTED,
                WHAT ": cylindrical detectors are not converted");
    vxg__text_add(&t, "<?xml version=\"1.0\"?>\n<!DOCTYPE RTKGEOMETRY>\n"
                      "<RTKThreeDCircularGeometry version=\"3\">\n");
    for (int64_t i = 0; i < vxg_ct_geometry_nviews(geo); i++) {
        int status = numbers_of(geo, i, p, M);
        if (status) {
            vxg__text_free(&t);
            return status;
        }
        write_projection(&t, p, M);
    }
    vxg__text_add(&t, "</RTKThreeDCircularGeometry>\n");
    return vxg__ct_text_done(&t, out);
}
