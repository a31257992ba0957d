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

#define SAME_VIEW 1e-7    /* relative to the source's distance */
#define MOST_ROLL 0.2     /* radians by which rows may be off the level */
#define MOST_RADIUS 0.01  /* relative change of the source's distance from the axis */
#define MOST_Z 0.01       /* the source's way along z, relative to that distance: no helix */
#define OFF_MIDDLE 0.05   /* of the detector's width: a half-fan */
#define STEPS_MISSING 1.5 /* a short scan may end this much early */

void vxg__fdk_plan_free(vxg__fdk_plan *p) {
    vxg__free(p->angles), vxg__free(p->radius), vxg__free(p->view_weights);
    vxg__free(p->cosine), vxg__free(p->redundancy), vxg__free(p->taper);
    vxg__free(p->turns);
    memset(p, 0, sizeof *p);
}

/* ---- What it cannot do ---- */
static int check_orbit(const vxg_ct_geometry *geo, const vxg__fdk_plan *p) {
    for (int64_t i = 0; i < vxg_ct_geometry_nviews(geo); i++) {
        const double r = p->radius[i];
        VXG_FAIL_IF(
            !(fabs(r - p->radius[0]) <= MOST_RADIUS * p->radius[0]), VXG_ERR_ARGUMENT,
            "fdk: view %lld: the source is %g from the axis (%g, %g), in view 0 %g: a circle "
            "around an axis along z is expected",
            (long long)i, r, p->axis[0], p->axis[1], p->radius[0]);
    }
    return VXG_OK;
}

static int is_helix(const vxg_ct_geometry *geo, const vxg__fdk_plan *p) {
    const double z0 = vxg_ct_geometry_view(geo, 0)->s[2];
    for (int64_t i = 1; i < vxg_ct_geometry_nviews(geo); i++)
        if (!(fabs(vxg_ct_geometry_view(geo, i)->s[2] - z0) <= MOST_Z * p->radius[0])) return 1;
    return 0;
}

/* Views of a helix follow each other: each stands for half the way to both neighbours. */
static int follow_helix(const vxg_ct_geometry *geo, const vxg_ct_fdk_opts *o, vxg__fdk_plan *p) {
    const int64_t n = vxg_ct_geometry_nviews(geo);
    VXG_FAIL_IF(o->arc == VXG_CT_ARC_SHORT, VXG_ERR_ARGUMENT,
                "fdk: arc: a helix has no short scan");
    VXG_FAIL_IF(o->half_fan == VXG_CT_HALF_FAN_YES, VXG_ERR_ARGUMENT,
                "fdk: half_fan: not for a helix");
    p->turns = vxg__calloc((size_t)n, sizeof *p->turns);
    if (!p->turns) return VXG_ERR_MEMORY;
    for (int64_t i = 0; i + 1 < n; i++) {
        const double step = fabs(remainder(p->angles[i + 1] - p->angles[i], 2 * M_PI));
        VXG_FAIL_IF(!(step < 0.5 * M_PI), VXG_ERR_ARGUMENT,
                    "fdk: views %lld and %lld are %.1f degrees apart: the views of a helix must "
                    "follow each other",
                    (long long)i, (long long)i + 1, step * 180 / M_PI);
        p->turns[i] += 0.25 * step / M_PI, p->turns[i + 1] += 0.25 * step / M_PI;
    }
    for (int64_t i = 0; i < n; i++) p->view_weights[i] = 2 * M_PI * p->turns[i];
    return VXG_OK;
}

static int check_detector(const vxg_ct_geometry *geo) {
    const int curved = vxg_ct_geometry_detector(geo) == VXG_CT_DETECTOR_CURVED;
    for (int64_t i = 0; i < vxg_ct_geometry_nviews(geo); i++) {
        const vxg_ct_view *v = vxg_ct_geometry_view(geo, i);
        const double roll = asin(fabs(v->U[2]) / vxg__norm3(v->U));
        double e[3];
        for (int k = 0; k < 3; k++) e[k] = v->d[k] - v->s[k];
        VXG_FAIL_IF(
            !(roll <= MOST_ROLL), VXG_ERR_ARGUMENT,
            "fdk: view %lld: U is %.1f degrees off the level; rows are filtered as they are, "
            "at most %.1f are possible",
            (long long)i, roll * 180 / M_PI, MOST_ROLL * 180 / M_PI);
        VXG_FAIL_IF(curved && !(fabs(e[2]) <= 1e-3 * vxg__norm3(e)), VXG_ERR_ARGUMENT,
                    "fdk: view %lld: d - s of a curved detector must be level", (long long)i);
    }
    return VXG_OK;
}

/* ---- Weights of rays ---- */
/* A view as seen from its own source. */
static void local_view(const vxg_ct_view *v, const double axis[2], double l[10]) {
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
    local_view(vxg_ct_geometry_view(geo, 0), axis, a);
    for (int64_t i = 1; i < vxg_ct_geometry_nviews(geo); i++) {
        local_view(vxg_ct_geometry_view(geo, i), axis, b);
        const double extent = (double)(vxg_ct_geometry_nu(geo) + vxg_ct_geometry_nv(geo));
        for (int k = 0; k < 10; k++) {
            const double reach = k > 2 && k < 9 ? extent : 1;
            if (!(fabs(a[k] - b[k]) * reach <= SAME_VIEW * a[9])) return 1;
        }
    }
    return 0;
}

/* Fan angles depend on the column alone: V along z, rows level. */
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

/* The fan angles every row reaches on both sides, and the largest of all. */
static void reach_of(const double *gamma, int64_t nv, int64_t nu, double *lo, double *hi,
                     double *most) {
    for (int64_t r = 0; r < nv; r++) {
        double low = gamma[r * nu], high = low;
        for (int64_t q = 1; q < nu; q++)
            low = fmin(low, gamma[r * nu + q]), high = fmax(high, gamma[r * nu + q]);
        *lo = fmax(*lo, low), *hi = fmin(*hi, high);
        *most = fmax(*most, fmax(-low, high));
    }
}

typedef struct fans { /* of all views */
    double *gamma;    /* as plan.cosine */
    double lo, hi, most;
} fans;

static int make_rays(const vxg_ct_geometry *geo, vxg__fdk_plan *p, fans *f) {
    const int64_t nu = vxg_ct_geometry_nu(geo), nv = vxg_ct_geometry_nv(geo);
    p->cosine_per_view = views_differ(geo, p->axis);
    const int64_t views = p->cosine_per_view ? vxg_ct_geometry_nviews(geo) : 1;
    p->cosine = vxg__calloc((size_t)(views * nv * nu), sizeof *p->cosine);
    f->gamma = vxg__calloc((size_t)(views * nv * nu), sizeof *f->gamma);
    if (!p->cosine || !f->gamma) return VXG_ERR_MEMORY;
    f->lo = -INFINITY, f->hi = INFINITY, f->most = 0;
    for (int64_t i = 0; i < views; i++) {
        double *gamma = f->gamma + i * nv * nu, *cosine = p->cosine + i * nv * nu;
        VXG_TRY(vxg_ct_fan_angles(geo, i, p->axis, gamma, cosine));
        scale_cosine(geo, vxg_ct_geometry_view(geo, i), p->radius[i], cosine);
        reach_of(gamma, nv, nu, &f->lo, &f->hi, &f->most);
    }
    VXG_FAIL_IF(
        !(f->most < 0.5 * M_PI), VXG_ERR_ARGUMENT,
        "fdk: a ray leaves the source %.1f degrees off the line to the axis: the detector is "
        "not behind the axis",
        f->most * 180 / M_PI);
    return VXG_OK;
}

/* ---- Redundancy ---- */
static int parker(const vxg_ct_geometry *geo, vxg__fdk_plan *p, const fans *f, double first,
                  double range) {
    const int64_t nu = vxg_ct_geometry_nu(geo), nv = vxg_ct_geometry_nv(geo);
    const int64_t nviews = vxg_ct_geometry_nviews(geo);
    const double step = nviews > 1 ? range / (double)(nviews - 1) : 0;
    const double least = M_PI + 2 * f->most;
    VXG_FAIL_IF(
        !(range + STEPS_MISSING * step >= least), VXG_ERR_ARGUMENT,
        "fdk: arc: the views cover %.2f degrees; with fan angles up to %.2f at least %.2f are "
        "needed",
        range * 180 / M_PI, f->most * 180 / M_PI, least * 180 / M_PI);
    if (range < least) first -= 0.5 * (least - range), range = least;
    p->redundancy_per_row = !rows_agree(geo);
    const int64_t n = (p->redundancy_per_row ? nv : 1) * nu;
    p->redundancy = vxg__calloc((size_t)(nviews * n), sizeof *p->redundancy);
    if (!p->redundancy) return VXG_ERR_MEMORY;
    for (int64_t i = 0; i < nviews; i++)
        VXG_TRY(vxg_ct_parker_weights(p->angles[i], first, fmin(range, 2 * M_PI), n,
                                      f->gamma + (p->cosine_per_view ? i * nv * nu : 0),
                                      p->redundancy + i * n));
    return VXG_OK;
}

/* Half of everything, or the offset weights, go into the cosines. */
static int whole_turn(const vxg_ct_geometry *geo, vxg__fdk_plan *p, const fans *f, int half_fan) {
    const int64_t views = p->cosine_per_view ? vxg_ct_geometry_nviews(geo) : 1;
    const int64_t n = views * vxg_ct_geometry_nv(geo) * vxg_ct_geometry_nu(geo);
    double *w = vxg__calloc((size_t)n, sizeof *w);
    int status = w ? VXG_OK : VXG_ERR_MEMORY;
    if (!status && half_fan) status = vxg_ct_offset_weights(f->lo, f->hi, n, f->gamma, w);
    for (int64_t k = 0; k < n && !status; k++) p->cosine[k] *= half_fan ? w[k] : 0.5;
    vxg__free(w);
    return status;
}

/* A half-fan's filtered rows do not end where its weights do: they are needed as far from the axis
 * as the other side reaches. */
static void mirror_columns(const vxg_ct_geometry *geo, const fans *f, vxg__fdk_plan *p) {
    const int64_t nu = vxg_ct_geometry_nu(geo);
    const double *g = f->gamma + vxg_ct_geometry_nv(geo) / 2 * nu;
    double axis = 0.5 * (double)(nu - 1);
    for (int64_t q = 0; q + 1 < nu; q++)
        if ((g[q] < 0) != (g[q + 1] < 0)) axis = (double)q + g[q] / (g[q] - g[q + 1]);
    const int64_t more = (int64_t)ceil(fabs((double)(nu - 1) - 2 * axis));
    *(axis < 0.5 * (double)(nu - 1) ? &p->before : &p->after) = more;
}

static int redundancy(const vxg_ct_geometry *geo, const vxg_ct_fdk_opts *o, vxg__fdk_plan *p,
                      const fans *f, double first, double range) {
    static const vxg__wedge wedges[] = {VXG__WEDGE_AUTO, VXG__WEDGE_NONE, VXG__WEDGE_WIDEST};
    const int open = range < 2 * M_PI && wedges[o->arc] != VXG__WEDGE_NONE && !p->turns;
    const int beside = f->hi > f->lo && !(f->lo < 0 && f->hi > 0);
    int half_fan = o->half_fan == VXG_CT_HALF_FAN_YES;
    if (o->half_fan == VXG_CT_HALF_FAN_AUTO && !p->turns)
        half_fan = fabs(f->hi + f->lo) > 2 * OFF_MIDDLE * (f->hi - f->lo);
    VXG_FAIL_IF(
        half_fan && beside, VXG_ERR_ARGUMENT,
        "fdk: half_fan: the detector reaches from %.2f to %.2f degrees of fan angle: the axis "
        "(0) is not on it",
        f->lo * 180 / M_PI, f->hi * 180 / M_PI);
    VXG_FAIL_IF(
        half_fan && open, VXG_ERR_ARGUMENT,
        "fdk: half_fan: the axis is off the detector's middle, and the views cover only %.2f "
        "degrees; a full turn is needed",
        range * 180 / M_PI);
    if (half_fan) mirror_columns(geo, f, p);
    return open ? parker(geo, p, f, first, range) : whole_turn(geo, p, f, half_fan);
}

/* Columns for options.extend, and the falling factors of the edge's value. */
static int extend(const vxg_ct_geometry *geo, double fraction, vxg__fdk_plan *p) {
    const int64_t n = (int64_t)ceil(fraction * (double)vxg_ct_geometry_nu(geo));
    if (p->before < n) p->before = n;
    if (p->after < n) p->after = n;
    const int64_t most = p->before > p->after ? p->before : p->after;
    p->taper = vxg__calloc((size_t)most + 1, sizeof *p->taper);
    if (!p->taper) return VXG_ERR_MEMORY;
    for (int64_t i = 0; i < n; i++)
        p->taper[i] = 0.5 + 0.5 * cos(M_PI * (double)(i + 1) / (double)(n + 1));
    return VXG_OK;
}

static int fill(const vxg_ct_geometry *geo, const vxg_ct_fdk_opts *o, vxg__fdk_plan *p) {
    static const vxg__wedge wedges[] = {VXG__WEDGE_AUTO, VXG__WEDGE_NONE, VXG__WEDGE_WIDEST};
    const int64_t nviews = vxg_ct_geometry_nviews(geo);
    const vxg_ct_view *v = vxg_ct_geometry_view(geo, 0);
    fans f = {0};
    double first, range, e[3];
    VXG_TRY(vxg_ct_source_angles(geo, p->axis, p->angles, p->radius));
    VXG_TRY(check_orbit(geo, p));
    VXG_TRY(check_detector(geo));
    VXG_TRY(vxg__ct_circle_weights(nviews, p->angles, 2 * M_PI, wedges[o->arc], p->view_weights,
                                   &first, &range));
    if (is_helix(geo, p)) VXG_TRY(follow_helix(geo, o, p));
    p->pitch = hypot(v->U[0], v->U[1]);
    for (int64_t i = 0; i < nviews; i++) {
        const double *U = vxg_ct_geometry_view(geo, i)->U;
        p->view_weights[i] *= p->pitch / hypot(U[0], U[1]);
    }
    for (int i = 0; i < 3; i++) e[i] = v->d[i] - v->s[i];
    if (vxg_ct_geometry_detector(geo) == VXG_CT_DETECTOR_CURVED)
        p->step = vxg__norm3(v->U) / vxg__norm3(e);
    int status = make_rays(geo, p, &f);
    if (!status) status = redundancy(geo, o, p, &f, first, range);
    if (!status) status = extend(geo, o->extend, p);
    vxg__free(f.gamma);
    return status;
}

int vxg__fdk_plan_new(const vxg_ct_geometry *geo, const vxg_ct_fdk_opts *opts, vxg__fdk_plan *p) {
    const size_t n = (size_t)vxg_ct_geometry_nviews(geo);
    memset(p, 0, sizeof *p);
    p->angles = vxg__calloc(n, sizeof *p->angles);
    p->radius = vxg__calloc(n, sizeof *p->radius);
    p->view_weights = vxg__calloc(n, sizeof *p->view_weights);
    int status = p->angles && p->radius && p->view_weights ? VXG_OK : VXG_ERR_MEMORY;
    if (!status) status = fill(geo, opts, p);
    if (status) vxg__fdk_plan_free(p);
    return status;
}
