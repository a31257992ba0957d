/* Angles and weights of rays on circular scans. */
#include <math.h>

#include "ct/analytic/fdk.h"

#define ROUNDING 1e-9     /* radians by which angles may miss the ends of a scan */
#define SHARE_OVER 0.1745 /* radians from a gap over which a view's part rises */

/* ---- Rays of one view ---- */
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
    return vxg__ct_fan_rows(geo, view, axis, 0, vxg_ct_geometry_nv(geo), gamma, cosine);
}

int vxg__ct_fan_rows(const vxg_ct_geometry *geo, int64_t view, const double axis[2], int64_t r0,
                     int64_t r1, double *gamma, double *cosine) {
    VXG_FAIL_IF(vxg_ct_geometry_beam(geo) != VXG_CT_BEAM_CONE, VXG_ERR_ARGUMENT,
                "fan angles: a parallel beam has no source");
    const vxg_ct_view *v = vxg_ct_geometry_view(geo, view);
    VXG_FAIL_IF(!v, VXG_ERR_ARGUMENT, "fan angles: there is no view %lld", (long long)view);
    const int64_t nu = vxg_ct_geometry_nu(geo);
    vxg__ct_view_frame f;
    double ray[3];
    vxg__ct_frame(v, axis, &f);
    VXG_FAIL_IF(!(f.radius > 0), VXG_ERR_ARGUMENT, "fan angles: the source is on the axis");
    for (int64_t k = 0; k < (r1 - r0) * nu; k++) {
        vxg__ct_to_pixel(geo, v, (double)(k % nu), (double)(r0 + k / nu), ray);
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

/* F. Noo, M. Defrise, R. Clackdoyle, H. Kudo, Phys. Med. Biol. 47 (2002) 2525: any measured arcs.
 */
double vxg__ct_shared_weight(const vxg__ct_scan *scan, double t, double g) {
    const double t2 = t + M_PI - (scan->beam == VXG_CT_BEAM_CONE ? 2 * g : 0);
    const double pair[2] = {g, -g};
    double side[2] = {1, 1};
    if (scan->by_position && scan->reach[0] < 0 && scan->reach[1] > 0)
        vxg_ct_offset_weights(scan->reach[0], scan->reach[1], 2, pair, side);
    const double a = side[0] * sin2(fmin(1, vxg__cover_inside(&scan->turn, t) / SHARE_OVER));
    const double b = side[1] * sin2(fmin(1, vxg__cover_inside(&scan->turn, t2) / SHARE_OVER));
    return a > 0 ? a / (a + b) : 0;
}
