/* CPU schedule of separable footprints and their exact adjoint, host side. */
#ifndef VXG_CT_SCHEDULE_FOOTPRINT_H
#define VXG_CT_SCHEDULE_FOOTPRINT_H

#include "ct/geometry/geometry.h"
#include "op/op.h"

#define VXG_FP_COEFS 16 /* K_FP_COEFS of kernels/ct/project/footprint.k */

typedef struct vxg_footprint_plan vxg_footprint_plan;

/* From the kernel's coefficients in double, VXG_FP_COEFS a view. *out is NULL (and the status
 * VXG_OK) where no schedule applies: not the cpu device, columns that are no steps along z or rows
 * that are no steps across it, sources among the voxels, voxels whose shadow touches more than 12
 * columns or that are not 1/32 to 64 rows high, VXG_CPU_SCHEDULE=0. Rectangles along rows only. */
int vxg__footprint_plan_new(const vxg_device *dev, const vxg_ct_geometry *geo,
                            const vxg_ct_volume *vol, const double *coefs,
                            vxg_footprint_plan **out);
void vxg__footprint_plan_free(vxg_footprint_plan *plan); /* NULL is fine */
/* As of vxg__cone_joseph_plan_workspace, with 130 bytes a view in place of tables. */
size_t vxg__footprint_plan_workspace(const vxg_footprint_plan *plan, const vxg_call *call);
/* Contiguous float32 arrays: volume to projections, or with adjoint projections to volume. Bits do
 * not depend on threads. */
int vxg__footprint_plan_run(const vxg_footprint_plan *plan, int adjoint, const vxg_call *call,
                            const vxg_array *in, const vxg_array *out);
#endif
