/* The field of view of a scan, and volumes completed from it. */
#include <math.h>
#include <string.h>

#include "ct/geometry/scan_kind.h"
#include "ct/geometry/tools.h"

void vxg__ct_passing(const vxg_ct_geometry *geo, const vxg_ct_view *v, double q, double r,
                     double *side, double *z) {
    double p[3], e[3];
    vxg__ct_ray(geo, v, q, r, p, e);
    const double flat = e[0] * e[0] + e[1] * e[1];
    const double along = -(p[0] * e[0] + p[1] * e[1]) / flat;
    *side = (p[0] * e[1] - p[1] * e[0]) / sqrt(flat);
    *z = p[2] + along * e[2];
}

typedef struct reach {            /* of the scan so far */
    double least_side, least_far; /* smaller and larger of both sides, smallest over views */
    double every[2], any[2];      /* heights at the axis seen by every and by any view */
} reach;

static void add_view(const vxg_ct_geometry *geo, const vxg_ct_view *v, reach *a) {
    const double half = 0.5 * (double)vxg_ct_geometry_nu(geo);
    const double tall = 0.5 * (double)vxg_ct_geometry_nv(geo);
    double side[2], z[2], unused;
    vxg__ct_passing(geo, v, -half, 0, &side[0], &unused);
    vxg__ct_passing(geo, v, half, 0, &side[1], &unused);
    if (side[1] < side[0]) {
        unused = side[0];
        side[0] = side[1];
        side[1] = unused;
    }
    const double lo = fmin(-side[0], side[1]), hi = fmax(-side[0], side[1]);
    a->least_side = fmin(a->least_side, lo), a->least_far = fmin(a->least_far, hi);
    /* the column at which the axis is seen: between the edges in proportion to their distances */
    const double q = half * (-side[0] - side[1]) / (side[1] - side[0]);
    for (int k = 0; k < 2; k++) vxg__ct_passing(geo, v, q, k ? tall : -tall, &unused, &z[k]);
    a->every[0] = fmax(a->every[0], fmin(z[0], z[1]));
    a->every[1] = fmin(a->every[1], fmax(z[0], z[1]));
    a->any[0] = fmin(a->any[0], fmin(z[0], z[1]));
    a->any[1] = fmax(a->any[1], fmax(z[0], z[1]));
}

int vxg_ct_field_of_view(const vxg_ct_geometry *geo, double *radius, double z[2]) {
    VXG_FAIL_IF(!geo || !radius || !z, VXG_ERR_ARGUMENT, "field of view: an argument is NULL");
    const int64_t n = vxg_ct_geometry_nviews(geo);
    reach a = {INFINITY, INFINITY, {-INFINITY, INFINITY}, {INFINITY, -INFINITY}};
    vxg__ct_scan scan;
    VXG_TRY(vxg__ct_scan_look(geo, VXG_CT_ARC_AUTO, &scan));
    const int half_fan = vxg__ct_scan_half_fan(&scan);
    vxg__ct_scan_free(&scan);
    for (int64_t i = 0; i < n; i++) add_view(geo, vxg_ct_geometry_view(geo, i), &a);
    *radius = half_fan ? a.least_far : a.least_side;
    const int helix = !(a.every[1] - a.every[0] > 0.9 * (a.any[1] - a.any[0]));
    z[0] = helix ? a.any[0] : a.every[0], z[1] = helix ? a.any[1] : a.every[1];
    VXG_FAIL_IF(!isfinite(*radius) || !(*radius > 0), VXG_ERR_ARGUMENT,
                "field of view: the detector misses the rotation axis (z) in some view");
    VXG_FAIL_IF(!isfinite(z[0]) || !isfinite(z[1]) || !(z[1] > z[0]), VXG_ERR_ARGUMENT,
                "field of view: the rays run along the rotation axis (z)");
    return VXG_OK;
}

/* ---- Completing a volume: arrays in the order x, y, z ---- */
typedef struct open_volume {
    double n[3], d[3], size[3]; /* 0: open */
} open_volume;

static const char axis_names[] = "xyz";

static int check_spec(const vxg_ct_volume_spec *s, open_volume *v) {
    *v = (open_volume){{(double)s->nx, (double)s->ny, (double)s->nz},
                       {s->dx, s->dy, s->dz},
                       {s->extent[0], s->extent[1], s->extent[2]}};
    for (int k = 0; k < 3; k++) {
        VXG_FAIL_IF(!(v->n[k] >= 0) || v->n[k] > INT32_MAX, VXG_ERR_ARGUMENT,
                    "volume: n%c is %.0f, at least 1 and below 2^31 is expected", axis_names[k],
                    v->n[k]);
        VXG_FAIL_IF(!(v->d[k] >= 0) || !isfinite(v->d[k]), VXG_ERR_ARGUMENT,
                    "volume: voxel size d%c must be positive", axis_names[k]);
        VXG_FAIL_IF(!(v->size[k] >= 0) || !isfinite(v->size[k]), VXG_ERR_ARGUMENT,
                    "volume: size[%d] must be positive", k);
        VXG_FAIL_IF(v->n[k] > 0 && v->d[k] > 0 && v->size[k] > 0 &&
                        !(fabs(v->n[k] * v->d[k] - v->size[k]) <= 1e-6 * v->size[k]),
                    VXG_ERR_ARGUMENT, "volume: n%c = %.0f times d%c = %g is not size[%d] = %g",
                    axis_names[k], v->n[k], axis_names[k], v->d[k], k, v->size[k]);
    }
    return VXG_OK;
}

/* What follows from two of the three. */
static void solve(open_volume *v) {
    for (int k = 0; k < 3; k++) {
        if (v->n[k] > 0 && v->size[k] > 0 && v->d[k] == 0) v->d[k] = v->size[k] / v->n[k];
        if (v->d[k] > 0 && v->size[k] > 0 && v->n[k] == 0)
            v->n[k] = fmax(1, ceil(v->size[k] / v->d[k] - 1e-6));
        if (v->n[k] > 0 && v->d[k] > 0) v->size[k] = v->n[k] * v->d[k];
    }
}

static void share_voxel_size(open_volume *v) {
    double least = INFINITY;
    for (int k = 0; k < 3; k++)
        if (v->d[k] > 0) least = fmin(least, v->d[k]);
    for (int k = 0; k < 3 && isfinite(least); k++)
        if (v->d[k] == 0) v->d[k] = least;
}

/* Suggests extents and, where none is known, a voxel size. */
static int use_view(const vxg_ct_geometry *geo, open_volume *v, double *middle) {
    static const double origin[3] = {0};
    double radius, z[2];
    VXG_TRY(vxg_ct_field_of_view(geo, &radius, z));
    const double fov[3] = {2 * radius, 2 * radius, z[1] - z[0]};
    *middle = 0.5 * (z[0] + z[1]);
    if (vxg_ct_geometry_nv(geo) == 1 && v->n[2] == 0 && v->size[2] == 0) v->n[2] = 1;
    for (int k = 0; k < 2 && v->d[0] == 0; k++)
        if (v->n[k] > 0) v->d[k] = fov[k] / v->n[k];
    share_voxel_size(v);
    if (v->d[0] == 0 && v->n[2] > 0 && vxg_ct_geometry_nv(geo) > 1) v->d[2] = fov[2] / v->n[2];
    share_voxel_size(v);
    if (v->d[0] == 0) {
        const vxg_ct_view *w = vxg_ct_geometry_view(geo, 0);
        v->d[0] = vxg__norm3(w->U) / fabs(vxg__ct_magnification(geo, w, origin));
    }
    share_voxel_size(v);
    for (int k = 0; k < 3; k++)
        if (v->n[k] == 0 && v->size[k] == 0) v->size[k] = fov[k];
    solve(v);
    return VXG_OK;
}

int vxg_ct_complete_volume(const vxg_ct_geometry *geo, const vxg_ct_volume_spec *spec,
                           vxg_ct_volume *out) {
    open_volume v;
    double middle = 0;
    VXG_FAIL_IF(!spec || !out, VXG_ERR_ARGUMENT, "volume: the specification is NULL");
    VXG_READ(vxg_ct_volume_spec, spec);
    VXG_TRY(check_spec(spec, &v));
    solve(&v);
    share_voxel_size(&v);
    solve(&v);
    for (int k = 0; k < 2; k++)
        if (v.n[k] == 0 && v.size[k] == 0 && v.n[1 - k] > 0) v.n[k] = v.n[1 - k];
    solve(&v);
    int open = -1;
    for (int k = 0; k < 3; k++)
        if (v.n[k] == 0 || v.d[k] == 0) open = k;
    VXG_FAIL_IF(open >= 0 && !geo, VXG_ERR_ARGUMENT,
                "volume: n%c, d%c or size[%d] is missing and there is no geometry to suggest it",
                axis_names[open], axis_names[open], open);
    if (geo && (open >= 0 || !spec->has_center)) {
        int status = use_view(geo, &v, &middle);
        if (status == VXG_ERR_MEMORY) return status;
        if (status && open >= 0)
            return vxg_error_context(status, "volume: n%c, d%c or size[%d] stays open",
                                     axis_names[open], axis_names[open], open);
    }
    for (int k = 0; k < 3; k++)
        VXG_FAIL_IF(!(v.n[k] >= 1) || v.n[k] > INT32_MAX, VXG_ERR_ARGUMENT,
                    "volume: n%c comes out as %.0f, at least 1 and below 2^31 is expected",
                    axis_names[k], v.n[k]);
    vxg_ct_volume done = {.nx = (int64_t)v.n[0],
                          .ny = (int64_t)v.n[1],
                          .nz = (int64_t)v.n[2],
                          .dx = v.d[0],
                          .dy = v.d[1],
                          .dz = v.d[2],
                          .center = {0, 0, middle}};
    if (spec->has_center) memcpy(done.center, spec->center, sizeof done.center);
    memcpy(done.rotation, spec->rotation, sizeof done.rotation);
    return vxg__ct_volume_check(&done, out);
}

int vxg__ct_notes_check(vxg_ct_notes *notes) {
    notes->units[sizeof notes->units - 1] = 0;
    return notes->has_volume ? VXG_FIXED(vxg_ct_volume, &notes->volume) : VXG_OK;
}

void vxg__ct_corner(const vxg_ct_volume *vol, int corner, double *p) {
    const double half[3] = {(corner & 1 ? 0.5 : -0.5) * (double)vol->nx * vol->dx,
                            (corner & 2 ? 0.5 : -0.5) * (double)vol->ny * vol->dy,
                            (corner & 4 ? 0.5 : -0.5) * (double)vol->nz * vol->dz};
    for (int k = 0; k < 3; k++) p[k] = vol->center[k] + vxg__dot3(vol->rotation + 3 * k, half);
}
