/* What a scan needs before it is filtered: which arc, how redundant each ray is, and its weight.
 *
 * With D(pixel) the distance of the pixel's column line from the source, along the level normal of
 * the columns, and U_h the level part of the column step,
 *     f = sum over views of dt / W^2 interpolated [ ramp_h * (R / D) cos w p ],
 * R the source's distance from the axis, cos the cosine between the ray and the level line to the
 * axis, w the redundancy weight, ramp_h for pitch |U_h| and 1 / W^2 the square of the magnification
 * at the voxel. That is the fan-beam formula (Kak & Slaney 1988, sec. 3.4) on the detector itself
 * instead of a virtual one through the axis, so its columns need neither face the axis nor be
 * centred; R / D is constant along a row and commutes with the filter. */
#include <math.h>
#include <string.h>

#include "ct/analytic/fdk.h"

#define SAME_VIEW 1e-7 /* relative to the source's distance, or the detector's width */

void vxg__fdk_plan_free(vxg__fdk_plan *p) {
    vxg__ct_scan_free(&p->scan);
    vxg__free(p->view_weights);
    vxg__free(p->cosine), vxg__free(p->redundancy), vxg__free(p->taper);
    vxg__free(p->turns);
    memset(p, 0, sizeof *p);
}

/* Views of a helix follow each other: each stands for half the way to both neighbours. */
static int follow_helix(vxg__fdk_plan *p) {
    const int64_t n = p->scan.nviews;
    const double *angles = p->scan.angles;
    p->turns = vxg__calloc((size_t)n, sizeof *p->turns);
    if (!p->turns) return VXG_ERR_MEMORY;
    for (int64_t i = 0; i + 1 < n; i++) {
        const double step = fabs(remainder(angles[i + 1] - angles[i], 2 * M_PI));
        VXG_FAIL_IF(!(step < 0.5 * M_PI), VXG_ERR_ARGUMENT,
                    "fdk: views %lld and %lld are %.1f degrees apart: the views of a helix must "
                    "follow each other",
                    (long long)i, (long long)i + 1, step * 180 / M_PI);
        p->turns[i] += 0.25 * step / M_PI, p->turns[i + 1] += 0.25 * step / M_PI;
    }
    for (int64_t i = 0; i < n; i++) p->view_weights[i] = 2 * M_PI * p->turns[i];
    return VXG_OK;
}

/* ---- Weights of rays ---- */
/* A view as seen from its own source; parallel beams: across the rays. */
static void local_view(const vxg_ct_geometry *geo, const vxg_ct_view *v, const double axis[2],
                       double l[10]) {
    memset(l, 0, 10 * sizeof *l);
    if (vxg_ct_geometry_beam(geo) == VXG_CT_BEAM_PARALLEL) {
        l[0] = vxg__ct_across(geo, v, axis, 0, 0);
        l[3] = vxg__ct_across(geo, v, axis, 1, 0) - l[0];
        l[6] = vxg__ct_across(geo, v, axis, 0, 1) - l[0];
        l[9] = fabs(l[3]) * (double)vxg_ct_geometry_nu(geo);
        return;
    }
    vxg__ct_view_frame f;
    vxg__ct_frame(v, axis, &f);
    const double z[3] = {0, 0, 1}, *const along[3] = {f.u, f.c, z};
    for (int k = 0; k < 3; k++) {
        l[k] = vxg__dot3(v->d, along[k]) - vxg__dot3(v->s, along[k]);
        l[3 + k] = vxg__dot3(v->U, along[k]), l[6 + k] = vxg__dot3(v->V, along[k]);
    }
    l[9] = f.radius;
}

static int views_differ(const vxg_ct_geometry *geo, const double axis[2]) {
    double a[10], b[10];
    local_view(geo, vxg_ct_geometry_view(geo, 0), axis, a);
    for (int64_t i = 1; i < vxg_ct_geometry_nviews(geo); i++) {
        local_view(geo, vxg_ct_geometry_view(geo, i), axis, b);
        const double extent = (double)(vxg_ct_geometry_nu(geo) + vxg_ct_geometry_nv(geo));
        for (int k = 0; k < 10; k++) {
            const double reach = k > 2 && k < 9 ? extent : 1;
            if (!(fabs(a[k] - b[k]) * reach <= SAME_VIEW * a[9])) return 1;
        }
    }
    return 0;
}

/* Positions depend on the column alone: V along z, rows level. */
static int rows_agree(const vxg_ct_geometry *geo) {
    for (int64_t i = 0; i < vxg_ct_geometry_nviews(geo); i++) {
        const vxg_ct_view *v = vxg_ct_geometry_view(geo, i);
        if (hypot(v->V[0], v->V[1]) > 1e-9 * vxg__norm3(v->V)) return 0;
    }
    return 1;
}

/* cosine (nv, nu) of a view times R / D. */
static void scale_cosine(const vxg_ct_geometry *geo, const vxg_ct_view *v, double radius,
                         double *cosine) {
    const int64_t nu = vxg_ct_geometry_nu(geo), nv = vxg_ct_geometry_nv(geo);
    const double level = hypot(v->U[0], v->U[1]);
    const double normal[3] = {-v->U[1] / level, v->U[0] / level, 0};
    double e[3], ray[3];
    for (int i = 0; i < 3; i++) e[i] = v->d[i] - v->s[i];
    for (int64_t k = 0; k < nv * nu; k++) {
        double distance = vxg__norm3(e);
        if (vxg_ct_geometry_detector(geo) == VXG_CT_DETECTOR_FLAT) {
            vxg__ct_to_pixel(geo, v, (double)(k % nu), (double)(k / nu), ray);
            distance = fabs(vxg__dot3(ray, normal));
        }
        cosine[k] *= radius / distance;
    }
}

/* Positions and cosines (nv, nu) of a view. */
static int view_rays(const vxg_ct_geometry *geo, int64_t i, const vxg__ct_scan *s, double *position,
                     double *cosine) {
    const int64_t nu = vxg_ct_geometry_nu(geo), nv = vxg_ct_geometry_nv(geo);
    const vxg_ct_view *v = vxg_ct_geometry_view(geo, i);
    if (s->beam == VXG_CT_BEAM_CONE) {
        VXG_TRY(vxg_ct_fan_angles(geo, i, s->axis, position, cosine));
        scale_cosine(geo, v, s->radius[i], cosine);
        return VXG_OK;
    }
    for (int64_t k = 0; k < nv * nu; k++) {
        const double q = (double)(k % nu) - 0.5 * (double)(nu - 1);
        const double r = (double)(k / nu) - 0.5 * (double)(nv - 1);
        position[k] = vxg__ct_across(geo, v, s->axis, q, r);
        cosine[k] = 1;
    }
    return VXG_OK;
}

/* position: as plan.cosine */
static int make_rays(const vxg_ct_geometry *geo, vxg__fdk_plan *p, double **position) {
    const int64_t n = vxg_ct_geometry_nu(geo) * vxg_ct_geometry_nv(geo);
    p->cosine_per_view = views_differ(geo, p->scan.axis);
    const int64_t views = p->cosine_per_view ? p->scan.nviews : 1;
    p->cosine = vxg__calloc((size_t)(views * n), sizeof *p->cosine);
    *position = vxg__calloc((size_t)(views * n), sizeof **position);
    if (!p->cosine || !*position) return VXG_ERR_MEMORY;
    for (int64_t i = 0; i < views; i++)
        VXG_TRY(view_rays(geo, i, &p->scan, *position + i * n, p->cosine + i * n));
    return VXG_OK;
}

/* ---- Redundancy ---- */
/* Of every view's rays, for scans with gaps. */
static int view_by_view(const vxg_ct_geometry *geo, vxg__fdk_plan *p, const double *position) {
    const int64_t nu = vxg_ct_geometry_nu(geo), nv = vxg_ct_geometry_nv(geo);
    const vxg__ct_scan *s = &p->scan;
    p->redundancy_per_row = !rows_agree(geo);
    const int64_t n = (p->redundancy_per_row ? nv : 1) * nu;
    p->redundancy = vxg__calloc((size_t)(s->nviews * n), sizeof *p->redundancy);
    if (!p->redundancy) return VXG_ERR_MEMORY;
    for (int64_t i = 0; i < s->nviews; i++) {
        const double *g = position + (p->cosine_per_view ? i * nv * nu : 0);
        double *w = p->redundancy + i * n;
        if (s->method == VXG__SCAN_PARKER)
            VXG_TRY(vxg_ct_parker_weights(s->angles[i], s->first, s->range, n, g, w));
        for (int64_t k = 0; k < n && s->method == VXG__SCAN_SHARED; k++)
            w[k] = vxg__ct_shared_weight(s, s->angles[i], g[k]);
    }
    return VXG_OK;
}

/* Half of everything, or the offset weights, go into the cosines. */
static int whole_turn(const vxg_ct_geometry *geo, vxg__fdk_plan *p, const double *position) {
    const vxg__ct_scan *s = &p->scan;
    const int64_t views = p->cosine_per_view ? s->nviews : 1;
    const int64_t n = views * vxg_ct_geometry_nv(geo) * vxg_ct_geometry_nu(geo);
    if (s->method != VXG__SCAN_OFFSET) {
        for (int64_t k = 0; k < n; k++) p->cosine[k] *= 0.5;
        return VXG_OK;
    }
    if (!(s->reach[0] < 0 && s->reach[1] > 0)) return VXG_OK; /* one column: every ray once */
    double *w = vxg__calloc((size_t)n, sizeof *w);
    int status = w ? VXG_OK : VXG_ERR_MEMORY;
    if (!status) status = vxg_ct_offset_weights(s->reach[0], s->reach[1], n, position, w);
    for (int64_t k = 0; k < n && !status; k++) p->cosine[k] *= w[k];
    vxg__free(w);
    return status;
}

/* Columns for options.extend, and the falling factors of the edge's value. Where the axis is at the
 * side, filtered rows do not end where their weights do: they are needed as far from the axis as
 * the other side reaches. */
static int extend(const vxg_ct_geometry *geo, double fraction, vxg__fdk_plan *p) {
    const int64_t n = (int64_t)ceil(fraction * (double)vxg_ct_geometry_nu(geo));
    if (p->scan.by_position) p->before = p->scan.before, p->after = p->scan.after;
    if (p->before < n) p->before = n;
    if (p->after < n) p->after = n;
    const int64_t most = p->before > p->after ? p->before : p->after;
    p->taper = vxg__calloc((size_t)most + 1, sizeof *p->taper);
    if (!p->taper) return VXG_ERR_MEMORY;
    for (int64_t i = 0; i < n; i++)
        p->taper[i] = 0.5 + 0.5 * cos(M_PI * (double)(i + 1) / (double)(n + 1));
    return VXG_OK;
}

static int fill(const vxg_ct_geometry *geo, double fraction, vxg__fdk_plan *p) {
    const vxg__ct_scan *s = &p->scan;
    const vxg_ct_view *v = vxg_ct_geometry_view(geo, 0);
    const int folded = s->beam == VXG_CT_BEAM_PARALLEL && s->method == VXG__SCAN_EVEN;
    double *position = NULL, e[3];
    memcpy(p->view_weights, folded ? s->half_weights : s->turn_weights,
           (size_t)s->nviews * sizeof *p->view_weights);
    if (s->method == VXG__SCAN_HELIX) VXG_TRY(follow_helix(p));
    p->pitch = vxg__ct_level_pitch(geo, v);
    for (int64_t i = 0; i < s->nviews; i++)
        p->view_weights[i] *= p->pitch / vxg__ct_level_pitch(geo, vxg_ct_geometry_view(geo, i));
    if (folded) return VXG_OK; /* rows as they are */
    for (int i = 0; i < 3; i++) e[i] = v->d[i] - v->s[i];
    if (vxg_ct_geometry_detector(geo) == VXG_CT_DETECTOR_CURVED)
        p->step = vxg__norm3(v->U) / vxg__norm3(e);
    const int open = s->method == VXG__SCAN_PARKER || s->method == VXG__SCAN_SHARED;
    int status = make_rays(geo, p, &position);
    if (!status) status = open ? view_by_view(geo, p, position) : whole_turn(geo, p, position);
    if (!status) status = extend(geo, fraction, p);
    vxg__free(position);
    return status;
}

static int check_whole(const vxg_ct_geometry *geo, const vxg_ct_geometry *whole, const char *who) {
    VXG_FAIL_IF(vxg_ct_geometry_beam(geo) != vxg_ct_geometry_beam(whole) ||
                    vxg_ct_geometry_detector(geo) != vxg_ct_geometry_detector(whole) ||
                    vxg_ct_geometry_nviews(geo) != vxg_ct_geometry_nviews(whole) ||
                    vxg_ct_geometry_nu(geo) != vxg_ct_geometry_nu(whole),
                VXG_ERR_ARGUMENT,
                "%s: whole: a scan of the same beam, views and columns is expected", who);
    return VXG_OK;
}

int vxg__fdk_plan_new(const vxg_ct_geometry *geo, const char *who, const char *half,
                      const vxg_ct_fdk_opts *opts, vxg__fdk_plan *p) {
    const vxg_ct_geometry *whole = opts->whole ? opts->whole : geo;
    const vxg__scan_opts o = {who, half, opts->arc, opts->half_fan};
    memset(p, 0, sizeof *p);
    VXG_TRY(check_whole(geo, whole, who));
    p->view_weights = vxg__calloc((size_t)vxg_ct_geometry_nviews(geo), sizeof *p->view_weights);
    int status = p->view_weights ? VXG_OK : VXG_ERR_MEMORY;
    if (!status) status = vxg__ct_scan_look(whole, opts->arc, &p->scan);
    if (!status) status = vxg__ct_scan_decide(whole, &o, &p->scan);
    if (!status) status = fill(geo, opts->extend, p);
    if (status) vxg__fdk_plan_free(p);
    return status;
}
