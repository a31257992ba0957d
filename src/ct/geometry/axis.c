/* The rotation axis of a scan and positions about it. */
#include <math.h>

#include "ct/geometry/scan_kind.h"
#include "ct/geometry/tools.h"

/* ---- Sources on a circle ---- */
/* The circle x^2 + y^2 + 2 a x + 2 b y + c = 0 through points, least squares (Kasa), about their
 * mean; 0 when they determine none. */
static int fit_circle(const vxg_ct_geometry *geo, double middle[2]) {
    const int64_t n = vxg_ct_geometry_nviews(geo);
    double mean[2] = {0, 0}, xx = 0, xy = 0, yy = 0, xw = 0, yw = 0;
    for (int64_t i = 0; i < n; i++)
        for (int k = 0; k < 2; k++) mean[k] += vxg_ct_geometry_view(geo, i)->s[k] / (double)n;
    for (int64_t i = 0; i < n; i++) {
        const double *s = vxg_ct_geometry_view(geo, i)->s;
        const double x = s[0] - mean[0], y = s[1] - mean[1], w = 0.5 * (x * x + y * y);
        xx += x * x, xy += x * y, yy += y * y, xw += x * w, yw += y * w;
    }
    const double det = xx * yy - xy * xy;
    if (!(det > 1e-12 * (xx + yy) * (xx + yy))) return 0;
    middle[0] = mean[0] + (xw * yy - yw * xy) / det;
    middle[1] = mean[1] + (yw * xx - xw * xy) / det;
    return 1;
}

int vxg_ct_source_angles(const vxg_ct_geometry *geo, double axis[2], double *angles,
                         double *radius) {
    VXG_FAIL_IF(!geo || !axis, VXG_ERR_ARGUMENT, "source angles: geometry or axis is NULL");
    VXG_FAIL_IF(vxg_ct_geometry_beam(geo) != VXG_CT_BEAM_CONE, VXG_ERR_ARGUMENT,
                "source angles: a parallel beam has no source");
    axis[0] = axis[1] = 0;
    VXG_FAIL_IF(vxg_ct_geometry_nviews(geo) > 2 && !fit_circle(geo, axis), VXG_ERR_ARGUMENT,
                "source angles: the sources stand in one place or in a line: an axis along z with "
                "the sources on a circle around it is expected");
    for (int64_t i = 0; i < vxg_ct_geometry_nviews(geo); i++) {
        const double *s = vxg_ct_geometry_view(geo, i)->s;
        const double x = s[0] - axis[0], y = s[1] - axis[1], r = hypot(x, y);
        VXG_FAIL_IF(!(r > 0), VXG_ERR_ARGUMENT,
                    "source angles: view %lld: the source is on the axis", (long long)i);
        if (angles) angles[i] = atan2(x, -y);
        if (radius) radius[i] = r;
    }
    return VXG_OK;
}

/* ---- Parallel beams ---- */
/* Where the detector's middle is across the rays, about the origin. */
static double middle_of(const vxg_ct_view *v, double u[2]) {
    const double flat = hypot(v->r[0], v->r[1]);
    u[0] = flat > 0 ? v->r[1] / flat : 1, u[1] = flat > 0 ? -v->r[0] / flat : 0;
    return v->d[0] * u[0] + v->d[1] * u[1];
}

/* With u = (cos t, sin t) across the rays, the detector's middle is at d . u = axis . u + constant:
 * least squares over the views, the constant eliminated. */
int vxg__ct_parallel_axis(const vxg_ct_geometry *geo, double axis[2]) {
    const int64_t n = vxg_ct_geometry_nviews(geo);
    double mean[3] = {0, 0, 0}, u[2], least = INFINITY, most = -INFINITY;
    axis[0] = axis[1] = 0;
    for (int64_t i = 0; i < n; i++) {
        const double m = middle_of(vxg_ct_geometry_view(geo, i), u);
        least = fmin(least, m), most = fmax(most, m);
        mean[0] += u[0] / (double)n, mean[1] += u[1] / (double)n, mean[2] += m / (double)n;
    }
    const double width =
        vxg__norm3(vxg_ct_geometry_view(geo, 0)->U) * (double)vxg_ct_geometry_nu(geo);
    if (most - least <= 1e-9 * (width + fabs(most))) return 1; /* about the origin */
    double xx = 0, xy = 0, yy = 0, xm = 0, ym = 0;
    for (int64_t i = 0; i < n; i++) {
        const double m = middle_of(vxg_ct_geometry_view(geo, i), u) - mean[2];
        const double x = u[0] - mean[0], y = u[1] - mean[1];
        xx += x * x, xy += x * y, yy += y * y, xm += x * m, ym += y * m;
    }
    const double det = xx * yy - xy * xy;
    if (!(det > 1e-3 * (xx + yy) * (xx + yy))) return 0; /* too short an arc to tell */
    axis[0] = (xm * yy - ym * xy) / det, axis[1] = (ym * xx - xm * xy) / det;
    return 1;
}

/* ---- Positions ---- */
void vxg__ct_frame(const vxg_ct_view *v, const double axis[2], vxg__ct_view_frame *f) {
    const double x = v->s[0] - axis[0], y = v->s[1] - axis[1], r = hypot(x, y);
    *f = (vxg__ct_view_frame){.u = {-y / r, x / r, 0}, .c = {-x / r, -y / r, 0}, .radius = r};
}

double vxg__ct_level_pitch(const vxg_ct_geometry *geo, const vxg_ct_view *v) {
    double u[2];
    if (vxg_ct_geometry_beam(geo) == VXG_CT_BEAM_CONE) return hypot(v->U[0], v->U[1]);
    middle_of(v, u);
    return fabs(v->U[0] * u[0] + v->U[1] * u[1]);
}

double vxg__ct_across(const vxg_ct_geometry *geo, const vxg_ct_view *v, const double axis[2],
                      double q, double r) {
    double from[3], ray[3], u[2];
    if (vxg_ct_geometry_beam(geo) == VXG_CT_BEAM_PARALLEL) {
        const double middle = middle_of(v, u) - axis[0] * u[0] - axis[1] * u[1];
        return middle + q * (v->U[0] * u[0] + v->U[1] * u[1]) +
               r * (v->V[0] * u[0] + v->V[1] * u[1]);
    }
    vxg__ct_view_frame f;
    vxg__ct_frame(v, axis, &f);
    vxg__ct_ray(geo, v, q, r, from, ray);
    return atan2(vxg__dot3(ray, f.u), vxg__dot3(ray, f.c));
}
