/* What projectors of every beam and model share: the spaces of their arrays, the range and sizes of
 * a launch, and what a 2-D scan must keep to. */
#include <math.h>

#include "ct/project/project.h"

void vxg__ct_spaces(const vxg_ct_geometry *geo, const vxg_ct_volume *vol, vxg_real real, int planar,
                    vxg_space *volume, vxg_space *projections) {
    vxg_space v = {.dtype = vxg_real_dtype(real), .ndim = 3, .shape = {vol->nz, vol->ny, vol->nx}};
    vxg_space y = {
        .dtype = vxg_real_dtype(real),
        .ndim = 3,
        .shape = {vxg_ct_geometry_nviews(geo), vxg_ct_geometry_nv(geo), vxg_ct_geometry_nu(geo)}};
    if (planar) {
        v.ndim = y.ndim = 2;
        v.shape[0] = v.shape[1], v.shape[1] = v.shape[2];
        y.shape[1] = y.shape[2];
    }
    *volume = v, *projections = y;
}

void vxg__ct_sizes(const vxg_ct_volume *vol, int64_t nu, int64_t nv, int64_t nviews, int to_pixels,
                   int accumulate, vxg_launch *l) {
    const int64_t n[] = {vol->nx, vol->ny, vol->nz, nu, nv, nviews, accumulate};
    l->nints = 7;
    for (int i = 0; i < 7; i++) l->ints[i] = (int)n[i];
    for (int i = 0; i < 3; i++) l->global[i] = n[to_pixels ? 3 + i : i];
}

int vxg__ct_within_slice(const vxg_ct_volume *vol, const vxg_ct_geometry *geo, int64_t index,
                         const vxg_ct_view *v) {
    const double columns = 0.5 * (double)(vxg_ct_geometry_nu(geo) - 1);
    const double pixels = fabs(v->d[2]) + columns * fabs(v->U[2]);
    /* parallel rays rise over the whole slice, others between two points that are within it */
    double rise = fabs(v->s[2]);
    if (vxg_ct_geometry_beam(geo) == VXG_CT_BEAM_PARALLEL)
        rise = pixels + fabs(v->r[2]) / hypot(v->r[0], v->r[1]) * 0.5 * (double)(vol->nx + vol->ny);
    VXG_FAIL_IF(!(fmax(rise, pixels) <= 0.5 + 1e-6), VXG_ERR_ARGUMENT,
                "projector2d: view %lld: rays are up to %.4g slices off the slice's middle plane: "
                "they leave the slice",
                (long long)index, fmax(rise, pixels));
    return VXG_OK;
}
