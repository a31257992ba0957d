/* CPU schedule of Joseph's projection along any rays and its exact adjoint, host side. */
#ifndef VXG_CT_SCHEDULE_RAY_JOSEPH_H
#define VXG_CT_SCHEDULE_RAY_JOSEPH_H

#include "ct/geometry/geometry.h"
#include "op/op.h"

typedef struct vxg_ray_joseph_plan vxg_ray_joseph_plan;

/* The rays of geo by their coefficients (nviews, VXG_RAY_COEFS) of ct/rays.h and, for a curved
 * detector, its table of (tables, nu, 2), else NULL; both must live as long as the plan. *out is
 * NULL (and the status VXG_OK) where no schedule applies: not the cpu device, more than 2^20 voxels
 * or pixels along an edge, sources 10^9 voxels away, VXG_CPU_SCHEDULE=0. Detectors may be tilted,
 * sources inside the volume, the axes along which rays run different within a view. */
int vxg__ray_joseph_plan_new(const vxg_device *dev, const vxg_ct_geometry *geo,
                             const vxg_ct_volume *vol, const double *coefs, const double *table,
                             vxg_ray_joseph_plan **out);
void vxg__ray_joseph_plan_free(vxg_ray_joseph_plan *plan); /* NULL is fine */
/* A copy of at most 34 slices of the volume, and 300 KB a thread. For the call's subset of views.
 */
size_t vxg__ray_joseph_plan_workspace(const vxg_ray_joseph_plan *plan, const vxg_call *call);
/* Contiguous float32 arrays: volume to projections, or with adjoint projections to volume. Bits do
 * not depend on threads. */
int vxg__ray_joseph_plan_run(const vxg_ray_joseph_plan *plan, int adjoint, const vxg_call *call,
                             const vxg_array *in, const vxg_array *out);
#endif
