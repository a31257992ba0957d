/* Angles and weights of fan and cone beams on circular scans. */
#include <math.h>

#include "ct/analytic/fdk.h"

#define ROUNDING 1e-9 /* radians by which angles may miss the ends of a scan */

/* ---- Where the sources are ---- */
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

/* ---- Rays of one view ---- */
void vxg__ct_frame(const vxg_ct_view *v, const double axis[2], vxg__ct_view_frame *f) {
    const double x = v->s[0] - axis[0], y = v->s[1] - axis[1], r = hypot(x, y);
    *f = (vxg__ct_view_frame){.u = {-y / r, x / r, 0}, .c = {-x / r, -y / r, 0}, .radius = r};
}

void vxg__ct_to_pixel(const vxg_ct_geometry *geo, const vxg_ct_view *v, double column, double row,
                      double ray[3]) {
    const double q = column - 0.5 * (double)(vxg_ct_geometry_nu(geo) - 1);
    const double r = row - 0.5 * (double)(vxg_ct_geometry_nv(geo) - 1);
    double e[3];
    for (int i = 0; i < 3; i++) e[i] = v->d[i] - v->s[i];
    if (vxg_ct_geometry_detector(geo) == VXG_CT_DETECTOR_FLAT) {
        for (int i = 0; i < 3; i++) ray[i] = e[i] + q * v->U[i] + r * v->V[i];
        return;
    }
    const double u = vxg__norm3(v->U), rho = vxg__norm3(e);
    const double g = (q + vxg_ct_geometry_column_offset(geo)) * u / rho;
    for (int i = 0; i < 3; i++) ray[i] = cos(g) * e[i] + sin(g) * rho / u * v->U[i] + r * v->V[i];
}

int vxg_ct_fan_angles(const vxg_ct_geometry *geo, int64_t view, const double axis[2], double *gamma,
                      double *cosine) {
    VXG_FAIL_IF(!geo || !axis, VXG_ERR_ARGUMENT, "fan angles: geometry or axis is NULL");
    VXG_FAIL_IF(vxg_ct_geometry_beam(geo) != VXG_CT_BEAM_CONE, VXG_ERR_ARGUMENT,
                "fan angles: a parallel beam has no source");
    const vxg_ct_view *v = vxg_ct_geometry_view(geo, view);
    VXG_FAIL_IF(!v, VXG_ERR_ARGUMENT, "fan angles: there is no view %lld", (long long)view);
    const int64_t nu = vxg_ct_geometry_nu(geo), nv = vxg_ct_geometry_nv(geo);
    vxg__ct_view_frame f;
    double ray[3];
    vxg__ct_frame(v, axis, &f);
    VXG_FAIL_IF(!(f.radius > 0), VXG_ERR_ARGUMENT, "fan angles: the source is on the axis");
    for (int64_t k = 0; k < nv * nu; k++) {
        vxg__ct_to_pixel(geo, v, (double)(k % nu), (double)(k / nu), ray);
        const double along = vxg__dot3(ray, f.c);
        if (gamma) gamma[k] = atan2(vxg__dot3(ray, f.u), along);
        if (cosine) cosine[k] = along / vxg__norm3(ray);
    }
    return VXG_OK;
}

/* ---- Redundancy ---- */
static double sin2(double part) { /* of the way from 0 to 1 */
    const double s = sin(0.5 * M_PI * part);
    return s * s;
}

int vxg_ct_parker_weights(double t, double first, double range, int64_t n, const double *gamma,
                          double *weights) {
    VXG_FAIL_IF(!gamma || !weights, VXG_ERR_ARGUMENT, "parker weights: gamma or weights is NULL");
    VXG_FAIL_IF(!isfinite(t) || !isfinite(first), VXG_ERR_ARGUMENT,
                "parker weights: t or first is not a finite number");
    VXG_FAIL_IF(!(range > M_PI && range <= 2 * M_PI + ROUNDING), VXG_ERR_ARGUMENT,
                "parker weights: range %g; expected over pi, up to 2 pi", range);
    const double delta = 0.5 * (range - M_PI);
    double b = fmod(t - first, 2 * M_PI);
    if (b < 0) b += 2 * M_PI;
    if (b > 2 * M_PI - ROUNDING && range < 2 * M_PI - ROUNDING) b = 0;
    for (int64_t i = 0; i < n; i++) {
        const double g = gamma[i];
        double w = 1;
        if (fabs(g) > delta || b > range + ROUNDING) {
            w = 0;
        } else if (b < 2 * (delta + g)) {
            w = sin2(0.5 * b / (delta + g));
        } else if (b > M_PI + 2 * g) {
            const double left = range - b;
            w = left > 0 ? sin2(0.5 * left / (delta - g)) : 0;
        }
        weights[i] = w;
    }
    return VXG_OK;
}

int vxg_ct_offset_weights(double lo, double hi, int64_t n, const double *gamma, double *weights) {
    VXG_FAIL_IF(!gamma || !weights, VXG_ERR_ARGUMENT, "offset weights: gamma or weights is NULL");
    VXG_FAIL_IF(!(lo < 0 && hi > 0), VXG_ERR_ARGUMENT,
                "offset weights: the detector reaches from %g to %g; the axis (0) must be on it",
                lo, hi);
    const double edge = hi < -lo ? hi : -lo, far = hi < -lo ? -1 : 1;
    for (int64_t i = 0; i < n; i++) {
        const double g = far * gamma[i];
        weights[i] = g >= edge ? 1 : g <= -edge ? 0 : 0.5 + 0.5 * sin(0.5 * M_PI * g / edge);
    }
    return VXG_OK;
}
