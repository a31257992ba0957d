/* A scan in words. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ct/geometry/tools.h"

#define DEG (180 / M_PI)

typedef struct pen {
    vxg_text t;
    const char *unit; /* " mm" or "" */
} pen;

/* "label 3 mm" or, where views differ, "label 3 to 4 mm". */
static void span(pen *p, const char *label, const double pair[2], const char *unit) {
    const double size = fmax(fabs(pair[0]), fabs(pair[1]));
    vxg__text_add(&p->t, "%s %.6g", label, pair[0] + 0.0);
    if (pair[1] - pair[0] > 1e-6 * size) vxg__text_add(&p->t, " to %.6g", pair[1]);
    vxg__text_add(&p->t, "%s", unit);
}

static void distances(pen *p, const vxg_ct_summary *s) {
    if (s->beam == VXG_CT_BEAM_CONE) {
        span(p, "source to axis", s->sod, p->unit);
        span(p, ", source to detector", s->sdd, p->unit);
        span(p, ", magnification", s->magnification, "\n");
    }
    vxg__text_add(&p->t, "pixels of %.6g x %.6g%s", s->pixel[0], s->pixel[1], p->unit);
    if (s->beam == VXG_CT_BEAM_CONE)
        vxg__text_add(&p->t, ", at the axis %.6g x %.6g%s", s->at_axis[0], s->at_axis[1], p->unit);
    span(p, "\nthe axis is seen at column", s->center, "");
    vxg__text_add(&p->t, " (middle of the detector: %.6g)", 0.5 * (double)(s->cols - 1));
    if (s->rows > 1) {
        span(p, s->beam == VXG_CT_BEAM_CONE ? "; the source's plane at row" : "; z = 0 at row",
             s->row, "");
        vxg__text_add(&p->t, " (middle: %.6g)", 0.5 * (double)(s->rows - 1));
    }
    vxg__text_add(&p->t, "\n");
}

static const char *halves(const vxg_ct_summary *s) {
    if (!s->half_fan) return "";
    return s->beam == VXG_CT_BEAM_CONE ? " with both halves of the turn (half-fan)"
                                       : " with both halves of the turn (half-acquisition)";
}

static void view_field(pen *p, const vxg_ct_summary *s) {
    if (!isfinite(s->fov_radius)) {
        vxg__text_add(&p->t, "field of view: none, the detector misses the axis\n");
    } else if (s->rows == 1) {
        vxg__text_add(&p->t, "field of view: a disc of diameter %.6g%s%s\n", 2 * s->fov_radius,
                      p->unit, halves(s));
    } else {
        vxg__text_add(&p->t,
                      "field of view: a cylinder of diameter %.6g%s%s, heights %.6g to %.6g%s\n",
                      2 * s->fov_radius, p->unit, halves(s), s->fov_z[0], s->fov_z[1], p->unit);
    }
    if (s->beam == VXG_CT_BEAM_CONE)
        vxg__text_add(&p->t, "the beam opens %.5g degrees across%s", s->fan_angle * DEG,
                      s->rows > 1 ? "" : "\n");
    if (s->beam == VXG_CT_BEAM_CONE && s->rows > 1)
        vxg__text_add(&p->t, " and %.5g degrees along z\n", s->cone_angle * DEG);
    if (fabs(s->tilt) > 1e-6)
        vxg__text_add(&p->t, "laminography: rays run %.6g degrees below the x-y plane\n",
                      s->tilt * DEG);
    if (fabs(s->roll) > 1e-6)
        vxg__text_add(&p->t, "the detector is rotated by %.6g degrees in its plane (V against z)\n",
                      s->roll * DEG);
}

static const char *coverage(const vxg_ct_summary *s) {
    const double slack = 0.5 * s->step[1] + 1e-9;
    const double turn = 2 * M_PI;
    if (s->gaps > 1 && s->unseen * M_PI > 1.5 * s->step[1])
        return "limited angles, some rays are in no view";
    if (s->covered < s->needed - slack) return "less than a short scan";
    if (s->gaps > 1) return "every ray is in some view";
    if (s->covered < s->needed + slack)
        return s->beam == VXG_CT_BEAM_PARALLEL ? "half a turn" : "a minimal short scan";
    if (s->covered < turn - slack)
        return s->beam == VXG_CT_BEAM_PARALLEL ? "more than half a turn (over-scan)"
                                               : "a short scan with some to spare (over-scan)";
    if (s->covered < turn + 2 * slack) return "a full turn";
    return "more than a full turn";
}

static void rotation(pen *p, const vxg_ct_summary *s) {
    if (s->nviews < 2 || s->step[2] == 0) {
        vxg__text_add(&p->t, "all views at %.6g degrees\n", s->first * DEG);
        return;
    }
    vxg__text_add(&p->t, "turns %s, from %.6g to %.6g degrees, ",
                  s->direction > 0   ? "counter-clockwise (seen from +z)"
                  : s->direction < 0 ? "clockwise (seen from +z)"
                                     : "to and fro",
                  s->first * DEG, s->last * DEG);
    if (s->step[2] - s->step[0] < 1e-6 * s->step[1] + 1e-12) {
        vxg__text_add(&p->t, "steps of %.6g degrees\n", s->step[1] * DEG);
    } else {
        vxg__text_add(&p->t, "steps of %.6g to %.6g degrees\n", s->step[0] * DEG, s->step[2] * DEG);
    }
    vxg__text_add(&p->t, "covers %.6g degrees", s->covered * DEG);
    if (s->gaps > 1)
        vxg__text_add(
            &p->t, " between %lld gaps, the widest%s from %.6g to %.6g", (long long)s->gaps,
            s->beam == VXG_CT_BEAM_PARALLEL && s->unseen > 0 ? " that opposite views do not fill"
                                                             : "",
            s->gap[0] * DEG, s->gap[1] * DEG);
    vxg__text_add(&p->t, ": %s", coverage(s));
    if (s->beam == VXG_CT_BEAM_CONE)
        vxg__text_add(&p->t, " (a short scan is %.6g)", s->needed * DEG);
    vxg__text_add(&p->t, "%s\n", s->repeated_end ? "; the last view repeats the first" : "");
}

static void path(pen *p, const vxg_ct_geometry *geo, const vxg_ct_summary *s) {
    const char *what = s->beam == VXG_CT_BEAM_CONE ? "source" : "detector";
    const double rise = s->z[1] - s->z[0], size = fmax(s->pixel[1], fabs(s->z[1]));
    if (s->z_per_turn != 0) {
        vxg__text_add(&p->t, "helix: %.6g%s along z per turn", s->z_per_turn, p->unit);
        if (s->rows > 1)
            vxg__text_add(&p->t, ", pitch %.4g of the detector's height at the axis",
                          fabs(s->z_per_turn) / ((double)s->rows * s->at_axis[1]));
        vxg__text_add(&p->t, ", %s at heights %.6g to %.6g%s\n", what, s->z[0], s->z[1], p->unit);
    } else if (rise > 1e-6 * size) {
        vxg__text_add(&p->t, "the %s moves along z, %.6g to %.6g%s\n", what, s->z[0], s->z[1],
                      p->unit);
    }
    if (s->beam == VXG_CT_BEAM_CONE && s->sod[1] - s->sod[0] > 1e-6 * s->sod[1])
        vxg__text_add(&p->t, "not a circle: the source's distance from the axis changes\n");
    (void)geo;
}

static void volume(pen *p, const vxg_ct_volume *v) {
    vxg__text_add(&p->t,
                  "volume: %lld x %lld x %lld voxels (x, y, z) of %.6g x %.6g x %.6g%s about "
                  "(%.6g, %.6g, %.6g)\n",
                  (long long)v->nx, (long long)v->ny, (long long)v->nz, v->dx, v->dy, v->dz,
                  p->unit, v->center[0], v->center[1], v->center[2]);
}

int vxg_ct_geometry_words(const vxg_ct_geometry *geo, const vxg_ct_notes *notes, char **out) {
    vxg_ct_summary s = {0};
    pen p = {.unit = ""};
    char unit[20];
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "text is NULL");
    *out = NULL;
    VXG_READ(vxg_ct_notes, notes);
    VXG_TRY(vxg__ct_notes_check(&notes_own));
    VXG_TRY(vxg_ct_geometry_summary(geo, notes, &s));
    if (notes && notes->units[0]) {
        snprintf(unit, sizeof unit, " %.15s", notes->units);
        p.unit = unit;
    }
    const int cone = s.beam == VXG_CT_BEAM_CONE, fan = cone && s.rows == 1;
    vxg__text_add(&p.t,
                  "%s beam, %s detector, %lld view%s of %lld x %lld pixels (rows x columns)\n",
                  fan    ? "fan"
                  : cone ? "cone"
                         : "parallel",
                  s.detector == VXG_CT_DETECTOR_CURVED ? "curved" : "flat", (long long)s.nviews,
                  s.nviews == 1 ? "" : "s", (long long)s.rows, (long long)s.cols);
    distances(&p, &s);
    view_field(&p, &s);
    rotation(&p, &s);
    path(&p, geo, &s);
    if (s.ray_pitch[1] > (1 + 1e-6) * s.ray_pitch[0])
        vxg__text_add(&p.t,
                      "neighbouring rays are %.6g to %.6g%s apart on the detector: views differ\n",
                      s.ray_pitch[0], s.ray_pitch[1], p.unit);
    if (notes && notes->has_volume) volume(&p, &notes->volume);
    if (!s.refused) vxg__text_add(&p.t, "reconstruction: %s\n", s.method);
    if (p.t.failed) {
        vxg__text_free(&p.t);
        return VXG_ERR_MEMORY;
    }
    *out = p.t.s;
    return VXG_OK;
}
