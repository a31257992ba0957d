/* CPU schedule of Joseph's and Siddon's cone-beam projections and their exact adjoints, host side.
 */
#ifndef VXG_CT_SCHEDULE_CONE_JOSEPH_H
#define VXG_CT_SCHEDULE_CONE_JOSEPH_H

#include "ct/geometry/geometry.h"
#include "op/op.h"

struct vxg_ray_state;
struct vxg_cj_scan;
struct vxg_cj_forward_args;

/* ---- Shared with the schedule of footprints (footprint.c) ---- */
/* Fills in sizes; 0 where they are too large. */
int vxg__columns_sizes(const vxg_ct_geometry *geo, const vxg_ct_volume *vol,
                       struct vxg_cj_scan *sizes);
/* Views that are copied at a time, and the bytes of such a copy or of one of slices. */
int vxg__columns_chunk(const struct vxg_cj_scan *sizes);
size_t vxg__columns_copy(const struct vxg_cj_scan *sizes);
/* How a forward call is cut: columns, rows and views of a unit, and how many units there are. */
int64_t vxg__columns_cut(const struct vxg_cj_scan *sizes, struct vxg_cj_forward_args *cut);

typedef struct vxg_cone_joseph_plan vxg_cone_joseph_plan;

/* *out is NULL (and the status VXG_OK) where no schedule applies: not the cpu device, detector rows
 * that are not steps along the volume's z, rays steeper than 45 degrees in voxels, sources 10^6
 * voxels away, VXG_CPU_SCHEDULE=0. Sources inside the volume and curved detectors are fine. */
int vxg__cone_joseph_plan_new(const vxg_device *dev, const struct vxg_ray_state *state, int siddon,
                              vxg_cone_joseph_plan **out);
void vxg__cone_joseph_plan_free(vxg_cone_joseph_plan *plan); /* NULL is fine */
/* Its tables, 68 bytes a detector column and view, which live as long as it does. */
int64_t vxg__cone_joseph_plan_bytes(const vxg_cone_joseph_plan *plan);
/* The larger of: a copy of up to 256 slices of the volume; a copy of a chunk of views, of about 32
 * MB or 32 views up to 256 MB or one view. For the call's subset of views; where they do not follow
 * each other, their tables too, 68 bytes a detector column and view. */
size_t vxg__cone_joseph_plan_workspace(const vxg_cone_joseph_plan *plan, const vxg_call *call);
/* Contiguous float32 arrays: volume to projections, or with adjoint projections to volume. Bits do
 * not depend on threads. */
int vxg__cone_joseph_plan_run(const vxg_cone_joseph_plan *plan, int adjoint, const vxg_call *call,
                              const vxg_array *in, const vxg_array *out);
#endif
