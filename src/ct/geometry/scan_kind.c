/* What kind of scan a geometry is for analytic reconstruction. */
#include "ct/geometry/scan_kind.h"

#include <math.h>
#include <string.h>

#include "ct/geometry/tools.h"

#define DEG (180 / M_PI)
#define OFF_MIDDLE 0.05    /* of the detector's width: the axis is at its side */
#define MOST_Z 0.01        /* the source's way along z, relative to its distance: no helix */
#define HELIX_SHARE 0.9    /* of all heights, parallel beam: less is seen by every view */
#define MOST_RADIUS 0.01   /* relative change of the source's distance from the axis */
#define MOST_ROLL 0.2      /* radians by which rows may be off the level */
#define MOST_TILT 1e-3     /* radians by which parallel rays may be off the level */
#define STEPS_MISSING 1.5  /* a short scan may end this much early */
#define SHARED_OVER 0.1745 /* radians beyond half a turn from which parallel rays are shared */

/* ---- Looking ---- */
/* Column, from the detector's middle, at which row r sees the axis. */
static double axis_column(const vxg_ct_geometry *geo, const vxg_ct_view *v, const double axis[2],
                          double r) {
    const double half = 0.5 * (double)vxg_ct_geometry_nu(geo);
    double at[2] = {vxg__ct_across(geo, v, axis, -half, r), vxg__ct_across(geo, v, axis, half, r)};
    if (vxg_ct_geometry_beam(geo) == VXG_CT_BEAM_CONE &&
        vxg_ct_geometry_detector(geo) == VXG_CT_DETECTOR_FLAT) {
        vxg__ct_view_frame f; /* distances across are linear in columns, angles are not */
        vxg__ct_frame(v, axis, &f);
        for (int k = 0; k < 2; k++) {
            double p[3];
            vxg__ct_point(geo, v, k ? half : -half, r, p);
            at[k] = vxg__dot3(p, f.u) - vxg__dot3(v->s, f.u);
        }
    }
    return half * (at[0] + at[1]) / (at[0] - at[1]);
}

static void look_across(const vxg_ct_geometry *geo, const vxg_ct_view *v, vxg__ct_scan *s) {
    const double half[2] = {0.5 * (double)vxg_ct_geometry_nu(geo),
                            0.5 * (double)vxg_ct_geometry_nv(geo)};
    const double a = vxg__ct_across(geo, v, s->axis, -half[0], 0);
    const double b = vxg__ct_across(geo, v, s->axis, half[0], 0);
    s->border[0] = fmax(s->border[0], fmin(a, b)), s->border[1] = fmin(s->border[1], fmax(a, b));
    for (int row = 0; row < 2; row++) {
        const double q = half[0] - 0.5, r = (half[1] - 0.5) * (row ? 1 : -1);
        const double c = vxg__ct_across(geo, v, s->axis, -q, r);
        const double d = vxg__ct_across(geo, v, s->axis, q, r);
        s->reach[0] = fmax(s->reach[0], fmin(c, d)), s->reach[1] = fmin(s->reach[1], fmax(c, d));
        s->most = fmax(s->most, fmax(fabs(c), fabs(d)));
        const double column = axis_column(geo, v, s->axis, r);
        if (!(fabs(column) <= half[0])) continue;
        const int64_t more = (int64_t)ceil(fabs(2 * column) - 1e-9);
        int64_t *const side = column < 0 ? &s->before : &s->after;
        if (*side < more) *side = more;
    }
    const double pitch = vxg__ct_level_pitch(geo, v);
    s->pitch[0] = fmin(s->pitch[0], pitch), s->pitch[1] = fmax(s->pitch[1], pitch);
}

/* Heights at the axis that the middle column sees: by every view and by any. */
static int parallel_helix(const vxg_ct_geometry *geo) {
    double every[2] = {-INFINITY, INFINITY}, any[2] = {INFINITY, -INFINITY};
    for (int64_t i = 0; i < vxg_ct_geometry_nviews(geo); i++) {
        const vxg_ct_view *v = vxg_ct_geometry_view(geo, i);
        const double tall = 0.5 * (double)vxg_ct_geometry_nv(geo) * fabs(v->V[2]);
        every[0] = fmax(every[0], v->d[2] - tall), every[1] = fmin(every[1], v->d[2] + tall);
        any[0] = fmin(any[0], v->d[2] - tall), any[1] = fmax(any[1], v->d[2] + tall);
    }
    return !(every[1] - every[0] > HELIX_SHARE * (any[1] - any[0]));
}

static int cone_helix(const vxg_ct_geometry *geo, double radius) {
    const double z0 = vxg_ct_geometry_view(geo, 0)->s[2];
    for (int64_t i = 1; i < vxg_ct_geometry_nviews(geo); i++)
        if (!(fabs(vxg_ct_geometry_view(geo, i)->s[2] - z0) <= MOST_Z * radius)) return 1;
    return 0;
}

static int look_axis(const vxg_ct_geometry *geo, vxg__ct_scan *s) {
    if (s->beam == VXG_CT_BEAM_PARALLEL) {
        vxg__ct_parallel_axis(geo, s->axis);
        s->circle = 1, s->helix = parallel_helix(geo);
        for (int64_t i = 0; i < s->nviews; i++)
            s->angles[i] = vxg__ct_angle(geo, vxg_ct_geometry_view(geo, i));
        return VXG_OK;
    }
    const int status = vxg_ct_source_angles(geo, s->axis, s->angles, s->radius);
    s->circle = !status;
    if (status) { /* what can be said about any views */
        vxg_error_clear();
        s->axis[0] = s->axis[1] = 0;
        for (int64_t i = 0; i < s->nviews; i++)
            s->angles[i] = vxg__ct_angle(geo, vxg_ct_geometry_view(geo, i));
    }
    s->helix = s->circle && cone_helix(geo, s->radius[0]);
    return VXG_OK;
}

static int look(const vxg_ct_geometry *geo, vxg__wedge wedge, vxg__ct_scan *s) {
    VXG_TRY(look_axis(geo, s));
    VXG_TRY(vxg__cover_new(s->nviews, s->angles, 2 * M_PI, wedge, s->turn_weights, &s->turn));
    for (int64_t i = 0; i < s->nviews; i++) look_across(geo, vxg_ct_geometry_view(geo, i), s);
    const double width = s->border[1] - s->border[0];
    s->offset = width > 0 ? 0.5 * (s->border[0] + s->border[1]) / width : INFINITY;
    s->aside = !(fabs(s->offset) <= OFF_MIDDLE);
    if (s->beam == VXG_CT_BEAM_PARALLEL) {
        VXG_TRY(vxg__cover_new(s->nviews, s->angles, M_PI, wedge, s->half_weights, &s->half));
        s->unseen = s->half.missing / M_PI;
    } else {
        s->unseen = vxg__cover_unseen(&s->turn, fmax(0, fmin(-s->border[0], s->border[1])));
    }
    return VXG_OK;
}

void vxg__ct_scan_free(vxg__ct_scan *s) {
    vxg__free(s->angles), vxg__free(s->radius);
    vxg__free(s->turn_weights), vxg__free(s->half_weights);
    vxg__cover_free(&s->turn), vxg__cover_free(&s->half);
    memset(s, 0, sizeof *s);
}

int vxg__ct_scan_look(const vxg_ct_geometry *geo, vxg_ct_arc arc, vxg__ct_scan *out) {
    static const vxg__wedge wedges[] = {VXG__WEDGE_AUTO, VXG__WEDGE_NONE, VXG__WEDGE_WIDEST,
                                        VXG__WEDGE_AUTO};
    const size_t n = (size_t)vxg_ct_geometry_nviews(geo);
    *out = (vxg__ct_scan){.beam = vxg_ct_geometry_beam(geo),
                          .nviews = (int64_t)n,
                          .border = {-INFINITY, INFINITY},
                          .reach = {-INFINITY, INFINITY},
                          .pitch = {INFINITY, 0}};
    out->angles = vxg__calloc(n, sizeof *out->angles);
    out->radius = vxg__calloc(n, sizeof *out->radius);
    out->turn_weights = vxg__calloc(n, sizeof *out->turn_weights);
    out->half_weights = vxg__calloc(n, sizeof *out->half_weights);
    int status = out->angles && out->radius && out->turn_weights && out->half_weights
                     ? VXG_OK
                     : VXG_ERR_MEMORY;
    if (!status) status = look(geo, wedges[arc], out);
    if (status) vxg__ct_scan_free(out);
    return status;
}

int vxg__ct_scan_half_fan(const vxg__ct_scan *s) {
    return s->aside && !s->turn.ngaps && s->nviews > 2 && !s->helix && s->border[0] < 0 &&
           s->border[1] > 0;
}

/* ---- What it cannot do ---- */
static int check_orbit(const vxg_ct_geometry *geo, const char *who, const vxg__ct_scan *s) {
    double axis[2];
    if (!s->circle) return vxg_ct_source_angles(geo, axis, NULL, NULL);
    for (int64_t i = 0; i < s->nviews; i++)
        VXG_FAIL_IF(
            !(fabs(s->radius[i] - s->radius[0]) <= MOST_RADIUS * s->radius[0]), VXG_ERR_ARGUMENT,
            "%s: view %lld: the source is %g from the axis (%g, %g), in view 0 %g: a circle "
            "around an axis along z is expected",
            who, (long long)i, s->radius[i], s->axis[0], s->axis[1], s->radius[0]);
    VXG_FAIL_IF(!(s->most < 0.5 * M_PI), VXG_ERR_ARGUMENT,
                "%s: a ray leaves the source %.1f degrees off the line to the axis: the detector "
                "is not behind the axis",
                who, s->most * DEG);
    return VXG_OK;
}

static int check_parallel(const vxg_ct_geometry *geo, const char *who, const vxg__ct_scan *s) {
    for (int64_t i = 0; i < s->nviews; i++) {
        const double *r = vxg_ct_geometry_view(geo, i)->r;
        const double tilt = asin(fmin(1, fabs(r[2]) / vxg__norm3(r)));
        VXG_FAIL_IF(!(tilt <= MOST_TILT), VXG_ERR_UNSUPPORTED,
                    "%s: view %lld: the rays are %.4g degrees off the x-y plane (laminography): "
                    "filtered backprojection of slices does not do it",
                    who, (long long)i, tilt * DEG);
    }
    VXG_FAIL_IF(s->helix, VXG_ERR_UNSUPPORTED,
                "%s: the detector moves along z (a helix): no slice, or only some, is seen by "
                "every view, and parallel beams are reconstructed slice by slice",
                who);
    return VXG_OK;
}

static int check_detector(const vxg_ct_geometry *geo, const char *who) {
    const int curved = vxg_ct_geometry_detector(geo) == VXG_CT_DETECTOR_CURVED;
    for (int64_t i = 0; i < vxg_ct_geometry_nviews(geo); i++) {
        const vxg_ct_view *v = vxg_ct_geometry_view(geo, i);
        const double roll = asin(fmin(1, fabs(v->U[2]) / vxg__norm3(v->U)));
        double e[3];
        for (int k = 0; k < 3; k++) e[k] = v->d[k] - v->s[k];
        VXG_FAIL_IF(!(roll <= MOST_ROLL), VXG_ERR_ARGUMENT,
                    "%s: view %lld: U is %.1f degrees off the level; rows are filtered as they "
                    "are, at most %.1f are possible",
                    who, (long long)i, roll * DEG, MOST_ROLL * DEG);
        VXG_FAIL_IF(curved && !(fabs(e[2]) <= 1e-3 * vxg__norm3(e)), VXG_ERR_ARGUMENT,
                    "%s: view %lld: d - s of a curved detector must be level", who, (long long)i);
    }
    return VXG_OK;
}

static int check_axis(const vxg__scan_opts *o, const vxg__ct_scan *s) {
    const int cone = s->beam == VXG_CT_BEAM_CONE;
    const double unit = cone ? DEG : 1;
    VXG_FAIL_IF(
        !(s->border[0] < 0 && s->border[1] > 0), VXG_ERR_ARGUMENT,
        "%s: %s: the detector reaches from %.5g to %.5g %s: the axis (0) is not on it in every "
        "view",
        o->who, o->half, s->border[0] * unit, s->border[1] * unit,
        cone ? "degrees of fan angle" : "beside the axis");
    return VXG_OK;
}

/* ---- Deciding ---- */
/* Degrees measured, for messages. */
static double measured(const vxg__ct_scan *s) {
    return (2 * M_PI - s->turn.missing) * DEG;
}

static int refuse_arc(const vxg__scan_opts *o, const vxg__ct_scan *s, double least) {
    VXG_FAIL_IF(
        s->turn.ngaps < 2, VXG_ERR_ARGUMENT,
        "%s: arc: the views cover %.2f degrees; with fan angles up to %.2f at least %.2f are "
        "needed",
        o->who, s->turn.range * DEG, (least - M_PI) * 0.5 * DEG, least * DEG);
    VXG_FAIL(VXG_ERR_ARGUMENT,
             "%s: arc: %lld gaps leave %.2f degrees measured, and %.1f %% of the rays through the "
             "field of view are in no view",
             o->who, (long long)s->turn.ngaps, measured(s), 100 * s->unseen);
}

static int decide_cone(const vxg__scan_opts *o, vxg__ct_scan *s) {
    const int open = s->turn.ngaps > 0, want = o->half_fan == VXG_CT_HALF_FAN_YES;
    const int aside = want || (s->aside && o->half_fan == VXG_CT_HALF_FAN_AUTO);
    if (s->helix) {
        VXG_FAIL_IF(o->arc == VXG_CT_ARC_SHORT, VXG_ERR_ARGUMENT,
                    "%s: arc: a helix has no short scan", o->who);
        VXG_FAIL_IF(aside, VXG_ERR_ARGUMENT,
                    "%s: %s: not for a helix; the axis is %.3g of the detector's width off its "
                    "middle, up to %g is possible, more where both sides see all of the object "
                    "(half-fan: no)",
                    o->who, o->half, fabs(s->offset), OFF_MIDDLE);
        s->method = VXG__SCAN_HELIX;
        return VXG_OK;
    }
    VXG_FAIL_IF(want && open, VXG_ERR_ARGUMENT,
                "%s: %s: the views cover only %.2f degrees; a full turn is needed", o->who, o->half,
                measured(s));
    s->by_position = aside;
    if (!open) {
        s->method = aside ? VXG__SCAN_OFFSET : VXG__SCAN_EVEN;
        return VXG_OK;
    }
    s->method = s->turn.ngaps > 1 || aside ? VXG__SCAN_SHARED : VXG__SCAN_PARKER;
    const int parker = s->method == VXG__SCAN_PARKER;
    const double range = s->turn.range;
    const double step = parker && s->nviews > 1 ? range / (double)(s->nviews - 1) : s->turn.median;
    /* rays that the short side does not reach are in no field of view */
    const double least = M_PI + 2 * (parker ? s->most : fmin(-s->border[0], s->border[1]));
    const int enough = s->turn.ngaps > 1 ? s->unseen * M_PI <= STEPS_MISSING * step
                                         : range + STEPS_MISSING * step >= least;
    if (!enough && o->arc != VXG_CT_ARC_LIMITED) return refuse_arc(o, s, least);
    if (!enough) s->method = VXG__SCAN_SHARED;
    s->first = s->turn.first - (range < least ? 0.5 * (least - range) : 0);
    s->range = fmin(fmax(range, least), 2 * M_PI);
    return VXG_OK;
}

static int decide_parallel(const vxg__scan_opts *o, vxg__ct_scan *s) {
    const int open = s->turn.ngaps > 0, want = o->half_fan == VXG_CT_HALF_FAN_YES;
    const int aside = want || (s->aside && o->half_fan == VXG_CT_HALF_FAN_AUTO);
    VXG_FAIL_IF(want && open, VXG_ERR_ARGUMENT,
                "%s: %s: the views cover only %.2f degrees; a full turn is needed", o->who, o->half,
                measured(s));
    s->method = VXG__SCAN_EVEN;
    if (aside && !open) s->method = VXG__SCAN_OFFSET;
    if (aside && open && 2 * M_PI - s->turn.missing > M_PI + SHARED_OVER)
        s->method = VXG__SCAN_SHARED;
    s->by_position = s->method != VXG__SCAN_EVEN;
    return VXG_OK;
}

int vxg__ct_scan_decide(const vxg_ct_geometry *geo, const vxg__scan_opts *o, vxg__ct_scan *s) {
    const int cone = s->beam == VXG_CT_BEAM_CONE;
    VXG_TRY(cone ? check_orbit(geo, o->who, s) : check_parallel(geo, o->who, s));
    VXG_TRY(check_detector(geo, o->who));
    VXG_TRY(check_axis(o, s));
    VXG_TRY(cone ? decide_cone(o, s) : decide_parallel(o, s));
    /* with a rolled detector the axis leaves some rows before it leaves the middle one */
    VXG_FAIL_IF(s->by_position && vxg_ct_geometry_nu(geo) > 1 &&
                    !(s->reach[0] < 0 && s->reach[1] > 0),
                VXG_ERR_ARGUMENT,
                "%s: %s: the axis is off the first or last column in some row: no weights share "
                "its rays",
                o->who, o->half);
    return VXG_OK;
}

int vxg__ct_scan_words(const vxg__ct_scan *s, char *out, size_t size) {
    static const char *const words[] = {
        "", "a short scan: rays seen twice are shared by Parker's weights", "",
        "rays seen twice are shared by their distance from the gaps", "a helix: approximate"};
    const int cone = s->beam == VXG_CT_BEAM_CONE;
    const char *what = words[s->method];
    if (s->method == VXG__SCAN_EVEN)
        what = cone                ? "a full turn"
               : s->nviews < 2     ? "one view"
               : s->half.ngaps > 0 ? "what was measured of half a turn"
               : s->turn.ngaps > 0 ? "half a turn"
                                   : "a full turn, opposite views share their rays";
    if (s->method == VXG__SCAN_OFFSET)
        what = cone ? "half-fan: the axis is at the detector's side, both halves of the turn "
                      "complete each other"
                    : "half-acquisition: the axis is at the detector's side, both halves of the "
                      "turn complete each other";
    return vxg__format(out, size, "%s", what);
}
