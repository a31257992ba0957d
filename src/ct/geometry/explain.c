/* What a scan is in numbers, and what looks wrong about it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ct/geometry/scan_kind.h"
#include "ct/geometry/tools.h"

#define DEG (180 / M_PI)

const char *vxg_ct_warning_id(vxg_ct_warning w) {
    static const char *const ids[] = {
#define VXG_X(e, id) id,
        VXG_CT_WARNING_LIST(VXG_X)
#undef VXG_X
    };
    return (int)w >= 0 && w < VXG_CT_WARNING_COUNT ? ids[w] : "";
}

static void widen(double pair[2], double x) {
    pair[0] = fmin(pair[0], x), pair[1] = fmax(pair[1], x);
}
static double between(const double *a, const double *b) { /* angle of two vectors */
    double c[3];
    vxg__cross3(a, b, c);
    return atan2(vxg__norm3(c), vxg__dot3(a, b));
}
/* The whole turn nearest below, and so on: angles as people write them. */
static int by_size(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* ---- One view ---- */
typedef struct tally { /* beside the summary */
    int off_axis, mirrored, unseen;
    double up;   /* sum of V . z */
    double skew; /* largest |cos| between U and V */
    double step; /* greatest step that is no gap */
} tally;

/* Some view sees none of the box: all corners beyond one edge of the detector. */
static int misses(const vxg_ct_geometry *geo, const vxg_ct_view *v, const vxg_ct_volume *vol) {
    const double half[2] = {0.5 * (double)vxg_ct_geometry_nu(geo),
                            0.5 * (double)vxg_ct_geometry_nv(geo)};
    int beyond[4] = {0};
    for (int c = 0; c < 8; c++) {
        double p[3], q, r;
        vxg__ct_corner(vol, c, p);
        if (!vxg__ct_see(geo, v, p, &q, &r)) return 0;
        beyond[0] += q<-half[0], beyond[1] += q> half[0];
        beyond[2] += r<-half[1], beyond[3] += r> half[1];
    }
    return beyond[0] == 8 || beyond[1] == 8 || beyond[2] == 8 || beyond[3] == 8;
}

static void add_view(const vxg_ct_geometry *geo, const vxg_ct_notes *notes, int64_t i,
                     vxg_ct_summary *o, tally *t) {
    const vxg_ct_view *v = vxg_ct_geometry_view(geo, i);
    const int cone = o->beam == VXG_CT_BEAM_CONE;
    const double half = 0.5 * (double)o->cols;
    double n[3], side[3], arm[3], axis[3] = {0}, q = NAN, r = NAN;
    vxg__ct_normal(geo, v, n);
    for (int k = 0; k < 3; k++) arm[k] = v->d[k] - v->s[k];
    /* the axis' point straight before the source: where its plane, or its tilted ray, passes */
    const double flat = n[0] * n[0] + n[1] * n[1];
    if (cone) axis[2] = v->s[2] - (v->s[0] * n[0] + v->s[1] * n[1]) / flat * n[2];
    if (!isfinite(axis[2])) axis[2] = 0;
    if (cone) {
        widen(o->sod, hypot(v->s[0], v->s[1]));
        widen(o->sdd, vxg__dot3(n, arm));
        widen(o->magnification, vxg__ct_magnification(geo, v, axis));
    }
    widen(o->z, cone ? v->s[2] : v->d[2]);
    if (!vxg__ct_see(geo, v, axis, &q, &r) || !(fabs(q) <= half)) t->off_axis++;
    if (isfinite(q)) {
        widen(o->center, q + half - 0.5);
        widen(o->row, r + 0.5 * (double)(o->rows - 1));
    }
    vxg__cross3(v->V, v->U, side);
    t->mirrored += vxg__dot3(side, n) < 0;
    t->up += v->V[2] / vxg__norm3(v->V);
    t->skew = fmax(t->skew, fabs(cos(between(v->U, v->V))));
    if (notes && notes->has_volume) t->unseen += misses(geo, v, &notes->volume);
}

/* ---- Angles ---- */
/* half: of a parallel beam, what neither views nor their opposites measure. */
static int add_angles(const vxg_ct_geometry *geo, const vxg__cover *turn, const vxg__cover *half,
                      vxg_ct_summary *o, tally *extra) {
    const int64_t n = o->nviews;
    double *t = vxg__calloc((size_t)n, sizeof *t);
    if (!t) return VXG_ERR_MEMORY;
    int status = vxg_ct_geometry_angles(geo, t);
    o->first = t[0], o->last = t[n - 1];
    o->direction = o->last > o->first ? 1 : o->last < o->first ? -1 : 0;
    int64_t forward = 0;
    for (int64_t i = 0; i + 1 < n; i++) {
        const double step = t[i + 1] - t[i];
        forward += step > 0 ? 1 : step < 0 ? -1 : 0;
        t[i] = fabs(step);
    }
    if (llabs(forward) * 10 < (n - 1) * 8) o->direction = 0; /* to and fro */
    if (n > 1) {
        qsort(t, (size_t)n - 1, sizeof *t, by_size);
        o->step[0] = t[0], o->step[1] = t[(n - 1) / 2], o->step[2] = t[n - 2];
    }
    double least = INFINITY;
    for (int64_t g = 0; g < turn->ngaps; g++)
        least = fmin(least, turn->gaps[g].to - turn->gaps[g].from);
    for (int64_t i = 0; i + 1 < n; i++)
        if (t[i] < 0.999 * least) extra->step = fmax(extra->step, t[i]);
    o->covered = fabs(o->last - o->first) + o->step[1];
    if (turn->ngaps) {
        o->covered = 2 * M_PI - turn->missing;
        o->gap[0] = turn->gaps[turn->widest].from, o->gap[1] = turn->gaps[turn->widest].to;
        if (half->ngaps)
            o->gap[0] = half->gaps[half->widest].from, o->gap[1] = half->gaps[half->widest].to;
    } else if (turn->median < 2 * M_PI) {
        o->covered = fmax(o->covered, 2 * M_PI);
    }
    o->gaps = turn->ngaps;
    vxg__free(t);
    return status;
}

/* The last view is the first one again. */
static int repeats(const vxg_ct_geometry *geo) {
    const int64_t n = vxg_ct_geometry_nviews(geo);
    const double *a = (const double *)vxg_ct_geometry_view(geo, 0);
    const double *b = (const double *)vxg_ct_geometry_view(geo, n - 1);
    double size = 0, off = 0;
    for (int k = 0; k < 12; k++) size = fmax(size, fabs(a[k])), off = fmax(off, fabs(a[k] - b[k]));
    return n > 2 && off < 1e-6 * size;
}

static int add_shape(const vxg_ct_geometry *geo, vxg_ct_summary *o) {
    const vxg_ct_view *v = vxg_ct_geometry_view(geo, 0);
    const double half = 0.5 * (double)o->cols, tall = 0.5 * (double)o->rows;
    const double m = o->beam == VXG_CT_BEAM_CONE ? o->magnification[0] : 1;
    double from[3], a[3], b[3], u0[3], v0[3], n[3];
    o->pixel[0] = vxg__norm3(v->U), o->pixel[1] = vxg__norm3(v->V);
    for (int k = 0; k < 2; k++) o->at_axis[k] = o->pixel[k] / fabs(m);
    const double q = isfinite(o->center[0]) ? o->center[0] + 0.5 - half : 0;
    const double r = isfinite(o->row[0]) ? o->row[0] + 0.5 - tall : 0;
    vxg__ct_ray(geo, v, -half, r, from, a);
    vxg__ct_ray(geo, v, half, r, from, b);
    o->fan_angle = between(a, b);
    vxg__ct_ray(geo, v, q, -tall, from, a);
    vxg__ct_ray(geo, v, q, tall, from, b);
    o->cone_angle = between(a, b);
    o->needed = M_PI + o->fan_angle;
    vxg__ct_normal(geo, v, n);
    if (o->beam == VXG_CT_BEAM_PARALLEL)
        for (int k = 0; k < 3; k++) n[k] = v->r[k] / vxg__norm3(v->r);
    o->tilt = -asin(fmax(-1, fmin(1, n[2])));
    u0[0] = n[1], u0[1] = -n[0], u0[2] = 0;
    vxg__cross3(u0, n, v0);
    o->roll = atan2(-vxg__dot3(v->V, u0), vxg__dot3(v->V, v0));
    if (o->z[1] - o->z[0] > 1e-6 * (o->pixel[1] + o->z[1] - o->z[0]) && o->last != o->first) {
        const vxg_ct_view *w = vxg_ct_geometry_view(geo, o->nviews - 1);
        const int cone = o->beam == VXG_CT_BEAM_CONE;
        const double rise = cone ? w->s[2] - v->s[2] : w->d[2] - v->d[2];
        /* a helix rises evenly: what a saddle or an error does comes back */
        if (fabs(rise) > 0.9 * (o->z[1] - o->z[0]))
            o->z_per_turn = rise / fabs(o->last - o->first) * 2 * M_PI;
    }
    const int status = vxg_ct_field_of_view(geo, &o->fov_radius, o->fov_z);
    if (status == VXG_ERR_MEMORY) return status;
    if (status) { /* there is none */
        o->fov_radius = o->fov_z[0] = o->fov_z[1] = NAN;
        vxg_error_clear();
    }
    return VXG_OK;
}

/* What analytic reconstruction makes of the scan. */
static int add_method(const vxg_ct_geometry *geo, vxg__ct_scan *s, vxg_ct_summary *o) {
    const int cone = o->beam == VXG_CT_BEAM_CONE;
    const vxg__scan_opts opts = {.who = cone ? "fdk" : "fbp",
                                 .half = cone ? "half_fan" : "half_acquisition"};
    o->unseen = s->unseen;
    o->half_fan = vxg__ct_scan_half_fan(s);
    o->ray_pitch[0] = s->pitch[0], o->ray_pitch[1] = s->pitch[1];
    const int status = vxg__ct_scan_decide(geo, &opts, s);
    if (status == VXG_ERR_MEMORY) return status;
    o->refused = status != VXG_OK;
    if (status) {
        vxg__format(o->method, sizeof o->method, "%s", vxg_error_message());
        vxg_error_clear();
    } else {
        vxg__ct_scan_words(s, o->method, sizeof o->method);
    }
    return VXG_OK;
}

/* ---- Warnings ---- */
static void check_volume(const vxg_ct_geometry *geo, const vxg_ct_volume *vol, const tally *t,
                         vxg_ct_summary *o, int *on) {
    const double sizes[3] = {(double)vol->nx * vol->dx, (double)vol->ny * vol->dy,
                             (double)vol->nz * vol->dz};
    on[VXG_CT_WARNING_VOLUME_OUTSIDE] = t->unseen > 0;
    /* the box's largest upright cylinder, where it is not rotated */
    double reach = 0, high = 0;
    for (int k = 0; k < 2; k++) reach = fmax(reach, fabs(vol->center[k]) + 0.5 * sizes[k]);
    high = fmax(vol->center[2] + 0.5 * sizes[2] - o->fov_z[1],
                o->fov_z[0] - vol->center[2] + 0.5 * sizes[2]);
    const double one = o->rows == 1 ? INFINITY : fmax(vol->dz, 0.05 * (o->fov_z[1] - o->fov_z[0]));
    on[VXG_CT_WARNING_VOLUME_LARGE] =
        !t->unseen && (reach > 1.05 * o->fov_radius + vol->dx || high > one);
    on[VXG_CT_WARNING_VOXEL_FINE] = fmin(vol->dx, vol->dy) < 0.5 * o->at_axis[0] ||
                                    (o->rows > 1 && vol->dz < 0.5 * o->at_axis[1]);
    const double radius = 0.5 * vxg__norm3(sizes);
    for (int64_t i = 0; i < o->nviews && o->beam == VXG_CT_BEAM_CONE; i++) {
        double arm[3];
        for (int k = 0; k < 3; k++) arm[k] = vxg_ct_geometry_view(geo, i)->s[k] - vol->center[k];
        if (vxg__norm3(arm) < radius) on[VXG_CT_WARNING_SOURCE_INSIDE] = 1;
    }
}

static void find_warnings(const vxg_ct_geometry *geo, const vxg_ct_notes *notes, const tally *t,
                          vxg_ct_summary *o) {
    int on[VXG_CT_WARNING_COUNT] = {0};
    const int cone = o->beam == VXG_CT_BEAM_CONE, many = o->nviews >= 8;
    const double step = o->step[1];
    on[VXG_CT_WARNING_AXIS_OFF] = t->off_axis > 0;
    on[VXG_CT_WARNING_DETECTOR_NEAR] = cone && o->magnification[0] < 1;
    on[VXG_CT_WARNING_RADIANS] = many && o->covered > 0 && o->covered < 7 / DEG;
    on[VXG_CT_WARNING_SHORT] =
        many && !on[VXG_CT_WARNING_RADIANS] &&
        (o->gaps > 1 ? o->unseen * M_PI > 1.5 * step : o->covered < o->needed - 0.5 * step);
    on[VXG_CT_WARNING_GAPS] = many && o->gaps > 1;
    on[VXG_CT_WARNING_REFUSED] = o->refused;
    on[VXG_CT_WARNING_DUPLICATE] = o->repeated_end;
    on[VXG_CT_WARNING_MIRRORED] = t->mirrored > 0;
    on[VXG_CT_WARNING_ROWS_REVERSED] = t->up < 0;
    on[VXG_CT_WARNING_DIRECTION] =
        notes && notes->reverse >= 0 && o->direction == (notes->reverse ? 1 : -1);
    on[VXG_CT_WARNING_SKEW] = t->skew > 1e-3;
    on[VXG_CT_WARNING_UNEVEN] =
        o->nviews > 3 && (t->step > 1.1 * step || o->step[0] < 0.9 * step) && step > 0;
    on[VXG_CT_WARNING_WIDE] = cone && (o->fan_angle > 100 / DEG || o->cone_angle > 100 / DEG);
    const double shape = o->pixel[0] / o->pixel[1];
    on[VXG_CT_WARNING_OBLONG] = o->rows > 1 && (shape > 1.5 || shape < 1 / 1.5);
    if (notes && notes->has_volume) check_volume(geo, &notes->volume, t, o, on);
    for (int w = 0; w < VXG_CT_WARNING_COUNT; w++) o->warnings |= (uint32_t)on[w] << w;
}

static int fill(const vxg_ct_geometry *geo, const vxg_ct_notes *notes, vxg__ct_scan *scan,
                vxg_ct_summary *o) {
    tally t = {0};
    *o = (vxg_ct_summary){.beam = vxg_ct_geometry_beam(geo),
                          .detector = vxg_ct_geometry_detector(geo),
                          .nviews = vxg_ct_geometry_nviews(geo),
                          .rows = vxg_ct_geometry_nv(geo),
                          .cols = vxg_ct_geometry_nu(geo)};
    double *const pairs[] = {o->sod, o->sdd, o->magnification, o->center, o->row, o->z};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        pairs[i][0] = INFINITY, pairs[i][1] = -INFINITY;
    for (int64_t i = 0; i < o->nviews; i++) add_view(geo, notes, i, o, &t);
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (!isfinite(pairs[i][0])) pairs[i][0] = pairs[i][1] = NAN;
    VXG_TRY(add_angles(geo, &scan->turn, &scan->half, o, &t));
    VXG_TRY(add_shape(geo, o));
    VXG_TRY(add_method(geo, scan, o));
    o->repeated_end = repeats(geo);
    find_warnings(geo, notes, &t, o);
    return VXG_OK;
}

int vxg_ct_geometry_summary(const vxg_ct_geometry *geo, const vxg_ct_notes *notes,
                            vxg_ct_summary *out) {
    vxg__ct_scan scan;
    vxg_ct_summary found = {0};
    VXG_FAIL_IF(!geo || !out, VXG_ERR_ARGUMENT, "geometry or summary is NULL");
    VXG_READ(vxg_ct_notes, notes);
    VXG_TRY(vxg__ct_notes_check(&notes_own));
    VXG_TRY(VXG_OUT_CHECK(vxg_ct_summary, out));
    VXG_TRY(vxg__ct_scan_look(geo, VXG_CT_ARC_AUTO, &scan));
    const int status = fill(geo, notes, &scan, &found);
    vxg__ct_scan_free(&scan);
    return status ? status : VXG_OUT(vxg_ct_summary, out, &found);
}

int vxg_ct_warning_words(const vxg_ct_summary *s, vxg_ct_warning w, char *out, size_t size) {
    VXG_FAIL_IF(!s || (size && !out), -VXG_ERR_ARGUMENT, "warning: summary or out is NULL");
    switch (w) {
    case VXG_CT_WARNING_AXIS_OFF:
        return vxg__format(
            out, size,
            "the rotation axis is seen at column %.6g to %.6g, off the detector's 0 to "
            "%lld in some view: check center, d and U",
            s->center[0], s->center[1], (long long)s->cols - 1);
    case VXG_CT_WARNING_DETECTOR_NEAR:
        return vxg__format(
            out, size,
            "the detector (sdd %.6g) is nearer to the source than the axis (sod %.6g): "
            "are the two distances exchanged, or is sdd the axis-detector distance?",
            s->sdd[0], s->sod[1]);
    case VXG_CT_WARNING_RADIANS:
        return vxg__format(
            out, size,
            "all views together cover %.4g degrees: are the angles in radians? Files "
            "give degrees",
            s->covered * DEG);
    case VXG_CT_WARNING_SHORT:
        return vxg__format(
            out, size,
            "the views cover %.5g degrees%s, a short scan needs %.5g: %.3g %% of the "
            "rays through the field of view are measured nowhere",
            s->covered * DEG, s->gaps > 1 ? " in pieces" : "", s->needed * DEG, 100 * s->unseen);
    case VXG_CT_WARNING_GAPS:
        return vxg__format(out, size,
                           "%lld gaps between the views, %s from %.5g to %.5g degrees: rays "
                           "are shared by the views there are, %.3g %% of them are in no view",
                           (long long)s->gaps,
                           s->beam == VXG_CT_BEAM_PARALLEL && s->unseen > 0
                               ? "the widest that opposite views do not fill"
                               : "the widest",
                           s->gap[0] * DEG, s->gap[1] * DEG, 100 * s->unseen);
    case VXG_CT_WARNING_REFUSED:
        return vxg__format(out, size, "recon does not reconstruct this scan: %s",
                           s->refused ? s->method : "(it does)");
    case VXG_CT_WARNING_DUPLICATE:
        return vxg__format(
            out, size, "the last view repeats the first: leave it out, or let weights share it");
    case VXG_CT_WARNING_ROWS_REVERSED:
        return vxg__format(out, size,
                           "rows run towards -z: slices come out upside down where row 0 is meant "
                           "to be the lowest");
    case VXG_CT_WARNING_MIRRORED:
        return vxg__format(
            out, size,
            "U and V show the object mirrored as seen along the rays: a flipped U or "
            "V, or a detector read from behind");
    case VXG_CT_WARNING_DIRECTION:
        return vxg__format(out, size, "the views turn %s but \"reverse\" says %s",
                           s->direction > 0 ? "counter-clockwise" : "clockwise",
                           s->direction > 0 ? "clockwise" : "counter-clockwise");
    case VXG_CT_WARNING_VOLUME_OUTSIDE:
        return vxg__format(out, size, "in some view no part of the volume is on the detector");
    case VXG_CT_WARNING_VOLUME_LARGE:
        return vxg__format(out, size,
                           "the volume reaches beyond the field of view (radius %.6g, heights %.6g "
                           "to %.6g): its margin is measured in part only",
                           s->fov_radius, s->fov_z[0], s->fov_z[1]);
    case VXG_CT_WARNING_VOXEL_FINE:
        return vxg__format(out, size,
                           "voxels are smaller than half a pixel at the axis (%.6g): that takes "
                           "time and shows nothing more",
                           s->at_axis[0]);
    case VXG_CT_WARNING_SOURCE_INSIDE:
        return vxg__format(out, size, "the source comes within the volume's bounding sphere");
    case VXG_CT_WARNING_SKEW: return vxg__format(out, size, "U and V are not at right angles");
    case VXG_CT_WARNING_UNEVEN:
        return vxg__format(out, size,
                           "angular steps are uneven, %.5g to %.5g degrees (median %.5g): weights "
                           "that assume equal steps are wrong",
                           s->step[0] * DEG, s->step[2] * DEG, s->step[1] * DEG);
    case VXG_CT_WARNING_WIDE:
        return vxg__format(
            out, size,
            "the beam opens %.4g x %.4g degrees: are pixels and distances in the same "
            "unit?",
            s->fan_angle * DEG, s->cone_angle * DEG);
    case VXG_CT_WARNING_OBLONG:
        return vxg__format(out, size, "pixels are not square: %.6g x %.6g", s->pixel[0],
                           s->pixel[1]);
    case VXG_CT_WARNING_COUNT: break;
    }
    return vxg__format(out, size, "unknown warning");
}
