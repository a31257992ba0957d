/* Volumes: what is open is filled in, and world vectors become voxel index units. */
#include <math.h>

#include "ct/geometry/tools.h"

int vxg_ct_fit_volume(const vxg_ct_geometry *geo, vxg_ct_volume *out) {
    VXG_FAIL_IF(!geo || !out, VXG_ERR_ARGUMENT, "fit_volume: geometry or volume is NULL");
    const vxg_ct_view *w = vxg_ct_geometry_view(geo, 0);
    double pu = vxg__norm3(w->U), pv = vxg__norm3(w->V);
    if (vxg_ct_geometry_beam(geo) == VXG_CT_BEAM_CONE) {
        double n[3], ray[3];
        for (int i = 0; i < 3; i++) ray[i] = w->d[i] - w->s[i];
        vxg__cross3(w->U, w->V, n);
        double magnification = fabs(vxg__dot3(n, ray) / vxg__dot3(n, w->s));
        if (isfinite(magnification)) pu /= magnification, pv /= magnification;
    }
    *out = (vxg_ct_volume){.size = (uint32_t)sizeof *out,
                           .nz = vxg_ct_geometry_nv(geo),
                           .ny = vxg_ct_geometry_nu(geo),
                           .nx = vxg_ct_geometry_nu(geo),
                           .dz = pv,
                           .dy = pu,
                           .dx = pu};
    return VXG_OK;
}

int vxg__ct_volume_check(const vxg_ct_volume *in, vxg_ct_volume *out) {
    VXG_FAIL_IF(!in, VXG_ERR_ARGUMENT, "volume is NULL");
    VXG_TRY(VXG_FIXED(vxg_ct_volume, in));
    *out = *in;
    out->size = (uint32_t)sizeof *out;
    const int64_t n[] = {in->nz, in->ny, in->nx};
    double *d[] = {&out->dz, &out->dy, &out->dx};
    static const char *const names[] = {"z", "y", "x"};
    for (int i = 0; i < 3; i++) {
        VXG_FAIL_IF(n[i] < 1 || n[i] > INT32_MAX, VXG_ERR_ARGUMENT,
                    "volume: n%s is %lld, at least 1 and below 2^31 is expected", names[i],
                    (long long)n[i]);
        if (*d[i] == 0) *d[i] = 1;
        VXG_FAIL_IF(!(*d[i] > 0) || !isfinite(*d[i]), VXG_ERR_ARGUMENT,
                    "volume: voxel size d%s must be positive", names[i]);
        VXG_FAIL_IF(!isfinite(in->center[i]), VXG_ERR_ARGUMENT,
                    "volume: center[%d] is not a finite number", i);
    }
    VXG_FAIL_IF(n[1] > VXG_MAX_ELEMENTS / n[2] || n[0] > VXG_MAX_ELEMENTS / (n[1] * n[2]),
                VXG_ERR_ARGUMENT, "volume: more than 2^40 voxels");
    int zero = 1;
    for (int i = 0; i < 9; i++) zero = zero && in->rotation[i] == 0;
    if (zero) out->rotation[0] = out->rotation[4] = out->rotation[8] = 1;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) {
            double dot = vxg__dot3(out->rotation + 3 * i, out->rotation + 3 * j);
            VXG_FAIL_IF(!(fabs(dot - (i == j)) < 1e-9), VXG_ERR_ARGUMENT,
                        "volume: rotation is not orthonormal (rows %d and %d)", i, j);
        }
    return VXG_OK;
}

/* World vector to voxel index units about the volume's middle (a point when `point`). */
void vxg__ct_to_index(const vxg_ct_volume *vol, const double *w, int point, double *out) {
    const double size[3] = {vol->dx, vol->dy, vol->dz};
    double p[3];
    for (int i = 0; i < 3; i++) p[i] = w[i] - (point ? vol->center[i] : 0);
    for (int i = 0; i < 3; i++)
        out[i] =
            (vol->rotation[i] * p[0] + vol->rotation[3 + i] * p[1] + vol->rotation[6 + i] * p[2]) /
            size[i];
}

void vxg__ct_index_view(const vxg_ct_volume *vol, const vxg_ct_view *view, vxg_ct_view *out) {
    double r[3];
    for (int i = 0; i < 3; i++) r[i] = view->r[i] / vxg__norm3(view->r); /* |r| = 1 in the world */
    vxg__ct_to_index(vol, r, 0, out->r);
    vxg__ct_to_index(vol, view->d, 1, out->d);
    vxg__ct_to_index(vol, view->U, 0, out->U);
    vxg__ct_to_index(vol, view->V, 0, out->V);
}

void vxg__ct_index_cone(const vxg_ct_volume *vol, const vxg_ct_view *view, vxg_ct_view *out) {
    vxg__ct_to_index(vol, view->s, 1, out->s);
    vxg__ct_to_index(vol, view->d, 1, out->d);
    vxg__ct_to_index(vol, view->U, 0, out->U);
    vxg__ct_to_index(vol, view->V, 0, out->V);
}

int vxg__ct_slice_aligned(const vxg_ct_geometry *geo, const vxg_ct_volume *vol, int64_t *shift) {
    vxg_ct_volume v = {0};
    int64_t nv = vxg_ct_geometry_nv(geo);
    if (vxg__ct_volume_check(vol, &v)) return 0;
    for (int64_t i = 0; i < vxg_ct_geometry_nviews(geo); i++) {
        vxg_ct_view w;
        vxg__ct_index_view(&v, vxg_ct_geometry_view(geo, i), &w);
        double row0 = w.d[2] - 0.5 * (double)(nv - 1) + 0.5 * (double)(v.nz - 1);
        int64_t s = (int64_t)llround(fabs(row0) < 1e9 ? row0 : 0);
        if (i == 0) *shift = s;
        /* any V where the one row lies in the one slice */
        if (nv == 1 && v.nz == 1 && s == 0) w.V[0] = w.V[1] = 0, w.V[2] = 1;
        if (fabs(w.r[2]) > 1e-12 * vxg__norm3(w.r) || fabs(w.U[2]) * 1e9 > 1 ||
            fabs(w.V[0]) * 1e9 > 1 || fabs(w.V[1]) * 1e9 > 1 || fabs(w.V[2] - 1) > 1e-9 ||
            fabs(row0 - (double)s) > 1e-6 || s != *shift)
            return 0;
    }
    return 1;
}
