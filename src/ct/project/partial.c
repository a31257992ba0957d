/* Parts of volumes: boxes of voxels and single slices of any direction, as volumes of their own. */
#include <math.h>

#include "ct/project/project.h"

int vxg_ct_volume_box(const vxg_ct_volume *vol, int64_t z0, int64_t z1, int64_t y0, int64_t y1,
                      int64_t x0, int64_t x1, vxg_ct_volume *out) {
    vxg_ct_volume v = {0};
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "volume box: out is NULL");
    VXG_TRY(vxg__ct_volume_check(vol, &v));
    const int64_t begin[] = {x0, y0, z0}, end[] = {x1, y1, z1}, n[] = {v.nx, v.ny, v.nz};
    const double size[] = {v.dx, v.dy, v.dz};
    double shift[3];
    for (int i = 0; i < 3; i++) {
        VXG_FAIL_IF(begin[i] < 0 || end[i] <= begin[i] || end[i] > n[i], VXG_ERR_ARGUMENT,
                    "volume box: %c from %lld to %lld does not lie in 0..%lld", "xyz"[i],
                    (long long)begin[i], (long long)end[i], (long long)n[i]);
        /* middles lie on whole or half voxels: exact */
        shift[i] = 0.5 * (double)(begin[i] + end[i] - n[i]) * size[i];
    }
    for (int i = 0; i < 3; i++) v.center[i] += vxg__dot3(v.rotation + 3 * i, shift);
    v.nx = x1 - x0, v.ny = y1 - y0, v.nz = z1 - z0;
    *out = v;
    return VXG_OK;
}

int vxg_ct_volume_slice(const vxg_ct_slice *s, vxg_ct_volume *out) {
    double axis[3][3];
    VXG_FAIL_IF(!s || !out, VXG_ERR_ARGUMENT, "slice or volume is NULL");
    VXG_READ(vxg_ct_slice, s);
    const double dx = vxg__norm3(s->x), dy = vxg__norm3(s->y);
    VXG_FAIL_IF(!(dx > 0) || !isfinite(dx), VXG_ERR_ARGUMENT, "slice: x has no length");
    VXG_FAIL_IF(!(dy > 0) || !isfinite(dy), VXG_ERR_ARGUMENT, "slice: y has no length");
    VXG_FAIL_IF(!(fabs(vxg__dot3(s->x, s->y)) <= 1e-6 * dx * dy), VXG_ERR_ARGUMENT,
                "slice: x and y are not at right angles");
    VXG_FAIL_IF(!(s->thickness >= 0), VXG_ERR_ARGUMENT, "slice: thickness is negative");
    vxg_ct_volume v = {.nz = 1, .ny = s->ny, .nx = s->nx, .dy = dy, .dx = dx};
    v.dz = s->thickness > 0 ? s->thickness : fmin(dx, dy);
    for (int i = 0; i < 3; i++) axis[0][i] = s->x[i] / dx;
    const double off = vxg__dot3(axis[0], s->y) / dy;
    for (int i = 0; i < 3; i++) axis[1][i] = s->y[i] / dy - off * axis[0][i];
    const double length = vxg__norm3(axis[1]);
    for (int i = 0; i < 3; i++) axis[1][i] /= length;
    vxg__cross3(axis[0], axis[1], axis[2]);
    for (int i = 0; i < 3; i++) {
        v.center[i] = s->center[i];
        for (int j = 0; j < 3; j++) v.rotation[3 * i + j] = axis[j][i];
    }
    return vxg__ct_volume_check(&v, out);
}
