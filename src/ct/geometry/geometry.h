/* What every room of ct knows of views and volumes. */
#ifndef VXG_CT_GEOMETRY_PRIVATE_H
#define VXG_CT_GEOMETRY_PRIVATE_H

#include <voxgrad/ct.h>

#include "base/base.h"

double vxg__dot3(const double *a, const double *b);
double vxg__norm3(const double *a);
void vxg__cross3(const double *a, const double *b, double *out);

/* Checks one view of a set; messages name it by its index. g->views is not looked at. */
int vxg__ct_view_check(const vxg_ct_views *g, const vxg_ct_view *view, int64_t index);
/* Checks a volume and fills in its defaults (voxel size 1, identity rotation). */
int vxg__ct_volume_check(const vxg_ct_volume *in, vxg_ct_volume *out);
/* A view in voxel index units counted from the volume's middle; |r| is the index length of a world
 * unit. */
void vxg__ct_index_view(const vxg_ct_volume *vol, const vxg_ct_view *view, vxg_ct_view *out);

/* A world vector, or a point, in voxel index units counted from the volume's middle. */
void vxg__ct_to_index(const vxg_ct_volume *vol, const double *w, int point, double *out);
/* The same of a cone-beam view: s and d points, U and V steps. */
void vxg__ct_index_cone(const vxg_ct_volume *vol, const vxg_ct_view *view, vxg_ct_view *out);

/* Every voxel slice z and detector row r match one to one (row r is slice r + *shift) in every view
 * and rays run within slices: the 3-D problem is the same 2-D problem per slice. */
int vxg__ct_slice_aligned(const vxg_ct_geometry *geo, const vxg_ct_volume *vol, int64_t *shift);
#endif
