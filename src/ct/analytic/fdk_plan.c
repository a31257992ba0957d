/* What a scan needs before it is filtered: which arc, how redundant each ray is, and its weight. It
 * is made for fan and cone beams (FDK, whose name it has) and for parallel beams (FBP), which share
 * everything but the cosine, the distances, and the folding of half a turn.
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
    assert(p->view_weights && !p->turns && "once");
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

/* cosine (rows, nu) of a view from row r0 on, times R / D. */
static void scale_cosine(const vxg_ct_geometry *geo, const vxg_ct_view *v, double radius,
                         int64_t r0, int64_t rows, double *cosine) {
    const int64_t nu = vxg_ct_geometry_nu(geo);
    const double level = hypot(v->U[0], v->U[1]);
    const double normal[3] = {-v->U[1] / level, v->U[0] / level, 0};
    double e[3], ray[3];
    for (int i = 0; i < 3; i++) e[i] = v->d[i] - v->s[i];
    for (int64_t k = 0; k < rows * nu; k++) {
        double distance = vxg__norm3(e);
        if (vxg_ct_geometry_detector(geo) == VXG_CT_DETECTOR_FLAT) {
            vxg__ct_to_pixel(geo, v, (double)(k % nu), (double)(r0 + k / nu), ray);
            distance = fabs(vxg__dot3(ray, normal));
        }
        cosine[k] *= radius / distance;
    }
}

/* Positions and cosines (rows, nu) of a view from row r0 on; cosine may be NULL. */
static int view_rays(const vxg_ct_geometry *geo, int64_t i, const vxg__ct_scan *s, int64_t r0,
                     int64_t rows, double *position, double *cosine) {
    const int64_t nu = vxg_ct_geometry_nu(geo), nv = vxg_ct_geometry_nv(geo);
    const vxg_ct_view *v = vxg_ct_geometry_view(geo, i);
    if (s->beam == VXG_CT_BEAM_CONE) {
        VXG_TRY(vxg__ct_fan_rows(geo, i, s->axis, r0, r0 + rows, position, cosine));
        if (cosine) scale_cosine(geo, v, s->radius[i], r0, rows, cosine);
        return VXG_OK;
    }
    for (int64_t k = 0; k < rows * nu; k++) {
        const double q = (double)(k % nu) - 0.5 * (double)(nu - 1);
        const double r = (double)(r0 + k / nu) - 0.5 * (double)(nv - 1);
        position[k] = vxg__ct_across(geo, v, s->axis, q, r);
        if (cosine) cosine[k] = 1;
    }
    return VXG_OK;
}

static int64_t window_rows(const vxg__fdk_plan *p) {
    return p->window.r1 - p->window.r0;
}
static int64_t window_views(const vxg__fdk_plan *p) {
    return p->window.v1 - p->window.v0;
}

/* ---- Redundancy ---- */
/* Of every view's rays, for scans with gaps. Where rows agree, row 0 speaks for all. */
static int view_by_view(const vxg_ct_geometry *geo, vxg__fdk_plan *p) {
    const int64_t nu = vxg_ct_geometry_nu(geo), per_row = p->redundancy_per_row;
    const int64_t rows = per_row ? window_rows(p) : 1, n = rows * nu, views = window_views(p);
    const vxg__ct_scan *s = &p->scan;
    double *g = vxg__calloc((size_t)n, sizeof *g);
    p->redundancy = vxg__calloc((size_t)(views * n), sizeof *p->redundancy);
    int status = g && p->redundancy ? VXG_OK : VXG_ERR_MEMORY;
    for (int64_t i = 0; i < views && !status; i++) {
        const int64_t view = p->window.v0 + i;
        double *w = p->redundancy + i * n;
        if (i == 0 || p->cosine_per_view)
            status = view_rays(geo, p->cosine_per_view ? view : 0, s, per_row ? p->window.r0 : 0,
                               rows, g, NULL);
        if (!status && s->method == VXG__SCAN_PARKER)
            status = vxg_ct_parker_weights(s->angles[view], s->first, s->range, n, g, w);
        for (int64_t k = 0; k < n && !status && s->method == VXG__SCAN_SHARED; k++)
            w[k] = vxg__ct_shared_weight(s, s->angles[view], g[k]);
    }
    vxg__free(g);
    return status;
}

/* Half of everything, or the offset weights, go into the cosines of a view. */
static int whole_turn(const vxg__fdk_plan *p, int64_t n, const double *position, double *w,
                      double *cosine) {
    const vxg__ct_scan *s = &p->scan;
    if (s->method != VXG__SCAN_OFFSET) {
        for (int64_t k = 0; k < n; k++) cosine[k] *= 0.5;
        return VXG_OK;
    }
    if (!(s->reach[0] < 0 && s->reach[1] > 0)) return VXG_OK; /* one column: every ray once */
    VXG_TRY(vxg_ct_offset_weights(s->reach[0], s->reach[1], n, position, w));
    for (int64_t k = 0; k < n; k++) cosine[k] *= w[k];
    return VXG_OK;
}

static int is_open(const vxg__fdk_plan *p) {
    return p->scan.method == VXG__SCAN_PARKER || p->scan.method == VXG__SCAN_SHARED;
}

static int make_cosines(const vxg_ct_geometry *geo, vxg__fdk_plan *p) {
    const int64_t n = window_rows(p) * vxg_ct_geometry_nu(geo);
    const int64_t views = p->cosine_per_view ? window_views(p) : 1;
    const int64_t first = p->cosine_per_view ? p->window.v0 : 0;
    double *scratch = vxg__calloc((size_t)(2 * n), sizeof *scratch);
    p->cosine = vxg__calloc((size_t)(views * n), sizeof *p->cosine);
    int status = scratch && p->cosine ? VXG_OK : VXG_ERR_MEMORY;
    for (int64_t i = 0; i < views && !status; i++) {
        double *const c = p->cosine + i * n;
        status = view_rays(geo, first + i, &p->scan, p->window.r0, window_rows(p), scratch, c);
        if (!status && !is_open(p)) status = whole_turn(p, n, scratch, scratch + n, c);
    }
    vxg__free(scratch);
    return status;
}

int vxg__fdk_weighted(const vxg__fdk_plan *p) {
    return p->taper != NULL;
}

int64_t vxg__fdk_table_bytes(const vxg__fdk_plan *p, int64_t views, int64_t rows, int64_t nu) {
    if (!vxg__fdk_weighted(p)) return 0;
    const int64_t cosine = (p->cosine_per_view ? views : 1) * rows * nu;
    const int64_t redundancy = is_open(p) ? views * (p->redundancy_per_row ? rows : 1) * nu : 0;
    return 16 * cosine + 12 * redundancy + 24 * rows * nu; /* doubles, again, floats */
}

int vxg__fdk_tables(const vxg_ct_geometry *geo, const vxg__fdk_window *window, vxg__fdk_plan *p) {
    assert(window->v0 >= 0 && window->v0 < window->v1 && window->v1 <= p->scan.nviews);
    assert(window->r0 >= 0 && window->r0 < window->r1 && window->r1 <= vxg_ct_geometry_nv(geo));
    vxg__free(p->cosine), vxg__free(p->redundancy);
    p->cosine = p->redundancy = NULL;
    p->window = *window;
    if (!vxg__fdk_weighted(p)) return VXG_OK;
    VXG_TRY(make_cosines(geo, p));
    return is_open(p) ? view_by_view(geo, p) : VXG_OK;
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
    double e[3];
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
    p->cosine_per_view = views_differ(geo, s->axis);
    p->redundancy_per_row = !rows_agree(geo);
    return extend(geo, fraction, p);
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

int vxg__fdk_plan_begin(const vxg_ct_geometry *geo, const char *who, const char *half,
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

int vxg__fdk_plan_new(const vxg_ct_geometry *geo, const char *who, const char *half,
                      const vxg_ct_fdk_opts *opts, vxg__fdk_plan *p) {
    VXG_TRY(vxg__fdk_plan_begin(geo, who, half, opts, p));
    const vxg__fdk_window all = {0, p->scan.nviews, 0, vxg_ct_geometry_nv(geo)};
    int status = vxg__fdk_tables(geo, &all, p);
    if (status) vxg__fdk_plan_free(p);
    return status;
}
