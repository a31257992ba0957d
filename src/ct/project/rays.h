/* Making the coefficients of rays as lines out of views. */
#ifndef VXG_CT_RAYS_H
#define VXG_CT_RAYS_H

#include "ct/project/project.h"
#include "ct/schedule/rays.h"

void vxg__ct_ray_state_free(void *state);

/* Coefficients of a view with a flat detector, its vectors in index units (vxg__ct_index_cone, for
 * a parallel beam vxg__ct_index_view). */
void vxg__ct_ray_flat(const vxg_ct_volume *vol, vxg_ct_beam beam, const vxg_ct_view *view,
                      int64_t nu, int64_t nv, double *coefs);
/* Puts a view of a 2-D scan, in index units, into the slice's plane; refuses one that is not in it
 * to 1e-6. */
int vxg__ct_ray_planar(const vxg_ct_volume *vol, vxg_ct_beam beam, int64_t index,
                       vxg_ct_view *view);
/* A view's row of the table that kernels read, vxg__ct_ray_row_size numbers of type real: the
 * coefficients rounded, in float32 also whole multiples of a grid
 * (kernels/ct/project/ray_whole.h). */
int64_t vxg__ct_ray_row_size(vxg_real real);
void vxg__ct_ray_row(const vxg_ct_volume *vol, int64_t nu, int64_t nv, vxg_real real,
                     const double *coefs, void *row);
/* vxg__ct_sizes, and the reals of the kernels of cone.k and ray_gradient.k. */
void vxg__ct_ray_sizes(const vxg_ct_geometry *geo, const vxg_ct_volume *vol, int64_t nviews,
                       int to_pixels, int accumulate, vxg_launch *l);
#endif
