/* Geometries as JSON text: compact where a circle or helix says it all, else view by view. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ct/geometry/keys.h"

#define DEG (180 / M_PI)

/* ---- Recognising a circle ---- */
static double largest_difference(const vxg_ct_geometry *a, const vxg_ct_geometry *b) {
    double most = 0;
    for (int64_t i = 0; i < vxg_ct_geometry_nviews(a); i++) {
        const double *x = (const double *)vxg_ct_geometry_view(a, i);
        const double *y = (const double *)vxg_ct_geometry_view(b, i);
        for (int k = 0; k < 12; k++) most = fmax(most, fabs(x[k] - y[k])); /* s, d, U, V */
    }
    return most;
}

/* The circle that fits view 0, and every view's angle about z. */
static void fit_first(const vxg_ct_geometry *geo, vxg__circle *c) {
    const vxg_ct_view *v = vxg_ct_geometry_view(geo, 0);
    const int cone = vxg_ct_geometry_beam(geo) == VXG_CT_BEAM_CONE;
    const int curved = vxg_ct_geometry_detector(geo) == VXG_CT_DETECTOR_CURVED;
    double e[3], rest[3], u0[3], v0[3];
    vxg__ct_normal(geo, v, e);
    const double flat = hypot(e[0], e[1]);
    const double t = atan2(-e[0], e[1]);
    c->tilt = atan2(-e[2], flat);
    c->sod = cone ? -(v->s[0] * e[0] + v->s[1] * e[1]) / (flat * flat) : 0;
    c->z_first = cone ? v->s[2] + c->sod * e[2] : 0;
    for (int k = 0; k < 3; k++) rest[k] = cone ? v->d[k] - v->s[k] : v->d[k];
    c->sdd = cone ? vxg__dot3(rest, e) : 0;
    for (int k = 0; k < 3; k++) rest[k] -= c->sdd * e[k];
    c->pixel = vxg__norm3(v->U), c->row_pitch = vxg__norm3(v->V);
    const double mu = 0.5 * (double)(vxg_ct_geometry_nu(geo) - 1);
    const double mv = 0.5 * (double)(vxg_ct_geometry_nv(geo) - 1);
    const double q = vxg__dot3(rest, v->U) / (c->pixel * c->pixel);
    const double r = vxg__dot3(rest, v->V) / (c->row_pitch * c->row_pitch);
    c->center = mu - (curved ? vxg_ct_geometry_column_offset(geo) : q), c->center_row = mv - r;
    c->has_center = c->center != mu, c->has_center_row = !curved && c->center_row != mv;
    u0[0] = cos(t), u0[1] = sin(t), u0[2] = 0;
    vxg__cross3(u0, e, v0);
    c->roll = atan2(vxg__dot3(v->U, v0), vxg__dot3(v->U, u0));
    if (fabs(c->tilt) < 1e-13) c->tilt = 0;
    if (fabs(c->roll) < 1e-13) c->roll = 0;
    if (fabs(c->center - mu) < 1e-10 * (mu + 1)) {
        c->center = mu;
        c->has_center = 0;
    }
    if (fabs(c->center_row - mv) < 1e-10 * (mv + 1)) {
        c->center_row = mv;
        c->has_center_row = 0;
    }
    if (fabs(c->z_first) < 1e-13 * (c->sod + c->pixel)) c->z_first = 0;
}

static void fit_angles(const vxg_ct_geometry *geo, vxg__circle *c) {
    const int64_t n = vxg_ct_geometry_nviews(geo);
    for (int64_t i = 0; i < n; i++) {
        double e[3];
        vxg__ct_normal(geo, vxg_ct_geometry_view(geo, i), e);
        const double t = atan2(-e[0], e[1]);
        c->angles[i] = i ? c->angles[i - 1] + remainder(t - c->angles[i - 1], 2 * M_PI) : t;
    }
    const int cone = vxg_ct_geometry_beam(geo) == VXG_CT_BEAM_CONE;
    if (cone && n > 1 && c->angles[n - 1] != c->angles[0]) {
        const double rise =
            vxg_ct_geometry_view(geo, n - 1)->s[2] - vxg_ct_geometry_view(geo, 0)->s[2];
        c->z_per_radian = rise / (c->angles[n - 1] - c->angles[0]);
        if (fabs(rise) < 1e-12 * c->sdd) c->z_per_radian = 0;
    }
}

static int build(const vxg_ct_geometry *geo, const vxg__circle *c, vxg_ct_geometry **out) {
    vxg_ct_trajectory_opts o = {0};
    vxg_ct_view *views;
    vxg_ct_geometry *flat;
    vxg_ct_trajectory_defaults(VXG_CT_PATH_CIRCULAR, vxg_ct_geometry_beam(geo), &o);
    o.detector = vxg_ct_geometry_detector(geo), o.nviews = vxg_ct_geometry_nviews(geo);
    o.rows = vxg_ct_geometry_nv(geo), o.cols = vxg_ct_geometry_nu(geo), o.angles = c->angles;
    o.sod = c->sod, o.sdd = c->sdd, o.pixel = c->pixel, o.row_pitch = c->row_pitch;
    o.center = c->center, o.has_center = c->has_center, o.tilt = c->tilt, o.roll = c->roll;
    o.center_row = c->center_row, o.has_center_row = c->has_center_row;
    VXG_TRY(vxg_ct_trajectory(&o, &flat));
    int status = vxg__ct_views_new(o.nviews, 1, 1, &views);
    for (int64_t i = 0; i < o.nviews && !status; i++) {
        const double z = c->z_first + c->z_per_radian * (c->angles[i] - c->angles[0]);
        views[i] = *vxg_ct_geometry_view(flat, i);
        if (o.beam == VXG_CT_BEAM_CONE) views[i].s[2] += z, views[i].d[2] += z;
    }
    if (!status) status = vxg__ct_with_views(flat, o.nviews, views, out);
    vxg_ct_geometry_release(flat);
    vxg__free(views);
    return status;
}

/* The length of a parallel view's r says nothing: compare with |r| = 1. */
static int unit_rays(const vxg_ct_geometry *geo) {
    if (vxg_ct_geometry_beam(geo) == VXG_CT_BEAM_CONE) return 1;
    for (int64_t i = 0; i < vxg_ct_geometry_nviews(geo); i++)
        if (fabs(vxg__norm3(vxg_ct_geometry_view(geo, i)->r) - 1) > 1e-12) return 0;
    return 1;
}

int vxg__ct_circle_fit(const vxg_ct_geometry *geo, double tolerance, int *found, vxg__circle *c) {
    vxg_ct_geometry *again = NULL;
    *c = (vxg__circle){0}, *found = 0;
    fit_first(geo, c);
    const int cone = vxg_ct_geometry_beam(geo) == VXG_CT_BEAM_CONE;
    if (cone && !(c->sod > 0 && c->sdd > 0 && isfinite(c->sod))) return VXG_OK;
    if (!(fabs(c->tilt) < 1.5) || !unit_rays(geo)) return VXG_OK;
    c->angles = vxg__calloc((size_t)vxg_ct_geometry_nviews(geo), sizeof(double));
    if (!c->angles) return VXG_ERR_MEMORY;
    fit_angles(geo, c);
    int status = build(geo, c, &again);
    if (!status) {
        const double width = c->pixel * (double)vxg_ct_geometry_nu(geo);
        *found = largest_difference(geo, again) <= tolerance * fmax(c->sdd, width);
        vxg_ct_geometry_release(again);
    } else if (status == VXG_ERR_ARGUMENT) {
        status = VXG_OK, vxg_error_clear();
    }
    if (status || !*found) {
        vxg__free(c->angles);
        c->angles = NULL;
    }
    return status;
}

/* ---- Text ---- */
static void head(vxg_text *t, const vxg_ct_geometry *geo, const vxg_ct_notes *notes) {
    const int cone = vxg_ct_geometry_beam(geo) == VXG_CT_BEAM_CONE;
    const int fan = cone && vxg_ct_geometry_nv(geo) == 1;
    vxg__text_add(t, "{\n  \"beam\": \"%s\"", fan ? "fan" : cone ? "cone" : "parallel");
    if (vxg_ct_geometry_detector(geo) == VXG_CT_DETECTOR_CURVED)
        vxg__text_add(t, ",\n  \"detector\": \"curved\"");
    if (notes && notes->units[0]) {
        vxg__text_add(t, ",\n  \"units\": \"");
        vxg__text_quoted(t, notes->units);
        vxg__text_add(t, "\"");
    }
    vxg__text_add(t, ",\n  \"rows\": %lld,\n  \"cols\": %lld", (long long)vxg_ct_geometry_nv(geo),
                  (long long)vxg_ct_geometry_nu(geo));
}

/* Evenly spaced angles as a number of views and a range, others as a list. */
static void write_angles(vxg_text *t, const double *a, int64_t n, int reverse) {
    const double sign = reverse ? -1 : 1, step = n > 1 ? (a[n - 1] - a[0]) / (double)(n - 1) : 0;
    int even = n > 1;
    for (int64_t i = 0; i < n && even; i++)
        even = fabs(a[0] + step * (double)i - a[i]) <= 4 * DBL_EPSILON * (1 + fabs(a[i]));
    const double start = vxg__tidy(a[0] * DEG), range = vxg__tidy(sign * step * (double)n * DEG);
    if (even) {
        vxg__text_add(t, ",\n  \"views\": %lld", (long long)n);
        if (start != 0) vxg__text_member(t, "start_deg", start);
        vxg__text_member(t, "range_deg", range);
    } else {
        vxg__text_add(t, ",\n  \"angles_deg\": ");
        vxg__text_list(t, a, n, sign * DEG, 8);
    }
}

static void write_compact(vxg_text *t, const vxg_ct_geometry *geo, const vxg__circle *c,
                          int reverse) {
    const int64_t n = vxg_ct_geometry_nviews(geo);
    const int fan = vxg_ct_geometry_beam(geo) == VXG_CT_BEAM_CONE && vxg_ct_geometry_nv(geo) == 1;
    if (vxg_ct_geometry_beam(geo) == VXG_CT_BEAM_CONE) {
        vxg__text_member(t, "sod", vxg__tidy(c->sod));
        vxg__text_member(t, "sdd", vxg__tidy(c->sdd));
    }
    vxg__text_member(t, "pixel", vxg__tidy(c->pixel));
    if (c->row_pitch != c->pixel) vxg__text_member(t, "row_pitch", vxg__tidy(c->row_pitch));
    if (c->has_center) vxg__text_member(t, "center", vxg__tidy(c->center));
    if (c->has_center_row && !fan) vxg__text_member(t, "center_row", vxg__tidy(c->center_row));
    if (c->tilt != 0) vxg__text_member(t, "tilt_deg", vxg__tidy(c->tilt * DEG));
    if (c->roll != 0) vxg__text_member(t, "roll_deg", vxg__tidy(c->roll * DEG));
    if (c->z_per_radian != 0 || c->z_first != 0) {
        vxg__text_member(t, "z_per_turn",
                         vxg__tidy(c->z_per_radian * 2 * M_PI * (reverse ? -1 : 1)));
        vxg__text_member(t, "z_start", vxg__tidy(c->z_first));
    }
    write_angles(t, c->angles, n, reverse);
}

static void write_views(vxg_text *t, const vxg_ct_geometry *geo) {
    const int cone = vxg_ct_geometry_beam(geo) == VXG_CT_BEAM_CONE;
    if (vxg_ct_geometry_column_offset(geo) != 0)
        vxg__text_member(t, "column_offset", vxg_ct_geometry_column_offset(geo));
    vxg__text_add(t, ",\n  \"views\": [\n");
    for (int64_t i = 0; i < vxg_ct_geometry_nviews(geo); i++) {
        const vxg_ct_view *v = vxg_ct_geometry_view(geo, i);
        vxg__text_add(t, "%s    {\"%s\": ", i ? ",\n" : "", cone ? "s" : "r");
        vxg__text_list(t, v->s, 3, 1, 3);
        vxg__text_add(t, ", \"d\": ");
        vxg__text_list(t, v->d, 3, 1, 3);
        vxg__text_add(t, ", \"U\": ");
        vxg__text_list(t, v->U, 3, 1, 3);
        vxg__text_add(t, ", \"V\": ");
        vxg__text_list(t, v->V, 3, 1, 3);
        vxg__text_add(t, "}");
    }
    vxg__text_add(t, "\n  ]");
}

static void write_volume(vxg_text *t, const vxg_ct_volume *v) {
    const double *R = v->rotation;
    vxg__text_add(t, ",\n  \"volume\": {\"nx\": %lld, \"ny\": %lld, \"nz\": %lld, \"dx\": ",
                  (long long)v->nx, (long long)v->ny, (long long)v->nz);
    vxg__text_number(t, v->dx);
    vxg__text_add(t, ", \"dy\": ");
    vxg__text_number(t, v->dy);
    vxg__text_add(t, ", \"dz\": ");
    vxg__text_number(t, v->dz);
    vxg__text_add(t, ", \"center\": ");
    vxg__text_list(t, v->center, 3, 1, 3);
    /* R = Rz(yaw) Ry(pitch) Rx(roll) */
    const double a[3] = {atan2(R[7], R[8]), atan2(-R[6], hypot(R[7], R[8])), atan2(R[3], R[0])};
    if (a[0] != 0 || a[1] != 0 || a[2] != 0) {
        vxg__text_add(t, ", \"rotation_deg\": ");
        vxg__text_list(t, a, 3, DEG, 3);
    }
    vxg__text_add(t, "}");
}

int vxg_ct_geometry_to_json(const vxg_ct_geometry *geo, const vxg_ct_notes *notes, int vectors,
                            char **out) {
    vxg_text t = {0};
    vxg__circle c = {0};
    int compact = 0;
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "text is NULL");
    *out = NULL;
    VXG_READ(vxg_ct_notes, notes);
    VXG_TRY(vxg__ct_notes_check(&notes_own));
    VXG_FAIL_IF(!geo, VXG_ERR_ARGUMENT, "geometry is NULL");
    /* in a fan's file there is no word for heights, tilts or rolls */
    if (!vectors) VXG_TRY(vxg__ct_circle_fit(geo, 1e-12, &compact, &c));
    const int fan = vxg_ct_geometry_beam(geo) == VXG_CT_BEAM_CONE && vxg_ct_geometry_nv(geo) == 1;
    if (fan &&
        (c.tilt != 0 || c.roll != 0 || c.z_first != 0 || c.z_per_radian != 0 || c.has_center_row))
        compact = 0;
    head(&t, geo, notes);
    const int reverse = notes && notes->reverse == 1;
    if (notes && notes->reverse >= 0)
        vxg__text_add(&t, ",\n  \"reverse\": %s", reverse ? "true" : "false");
    if (compact)
        write_compact(&t, geo, &c, reverse);
    else
        write_views(&t, geo);
    if (notes && notes->has_volume) write_volume(&t, &notes->volume);
    vxg__text_add(&t, "\n}\n");
    vxg__free(c.angles);
    if (t.failed) {
        vxg__text_free(&t);
        return VXG_ERR_MEMORY;
    }
    *out = t.s;
    return VXG_OK;
}
