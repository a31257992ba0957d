/* What the files of projectors share. */
#ifndef VXG_CT_PROJECT_H
#define VXG_CT_PROJECT_H

#include "ct/geometry/geometry.h"
#include "op/op.h"

/* Where vxg_ct_projector (planar: vxg_ct_projector2d) and vxg_ct_backprojector send each beam and
 * model. Arguments are checked but for the volume; opts is not NULL. */
int vxg__ct_parallel_projector(vxg_device *dev, const vxg_ct_geometry *geo,
                               const vxg_ct_volume *vol, const vxg_ct_projector_opts *opts,
                               int planar, vxg_op **out);
int vxg__ct_parallel_backprojector(vxg_device *dev, const vxg_ct_geometry *geo,
                                   const vxg_ct_volume *vol, const vxg_ct_projector_opts *opts,
                                   vxg_op **out);
int vxg__ct_cone_projector(vxg_device *dev, const vxg_ct_geometry *geo, const vxg_ct_volume *vol,
                           const vxg_ct_projector_opts *opts, int planar, vxg_op **out);
int vxg__ct_cone_backprojector(vxg_device *dev, const vxg_ct_geometry *geo,
                               const vxg_ct_volume *vol, const vxg_ct_projector_opts *opts,
                               vxg_op **out);
int vxg__ct_footprint_projector(vxg_device *dev, const vxg_ct_geometry *geo,
                                const vxg_ct_volume *vol, const vxg_ct_projector_opts *opts,
                                int planar, vxg_op **out);
/* Bytes of tables with an entry for every view and column that a projector keeps as long as it
 * lives; what it keeps of a view alone is not in it. */
int64_t vxg__ct_table_bytes(const vxg_op *projector);
/* Operator spaces of a volume and of projections, without the slice or row axis when planar. */
void vxg__ct_spaces(const vxg_ct_geometry *geo, const vxg_ct_volume *vol, vxg_real real, int planar,
                    vxg_space *volume, vxg_space *projections);

/* A launch of a projector's kernel over pixels (to_pixels) or voxels: the range, and ints 0 to 6:
 * nx, ny, nz, nu, nv, nviews, accumulate. Further ints come behind. */
void vxg__ct_sizes(const vxg_ct_volume *vol, int64_t nu, int64_t nv, int64_t nviews, int to_pixels,
                   int accumulate, vxg_launch *l);

/* Refuses a view of a 2-D scan, in index units, whose rays leave the slice. */
int vxg__ct_within_slice(const vxg_ct_volume *vol, const vxg_ct_geometry *geo, int64_t index,
                         const vxg_ct_view *view);
#endif
