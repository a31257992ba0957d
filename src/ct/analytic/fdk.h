/* What analytic reconstruction of fan and cone beams shares between its files. */
#ifndef VXG_CT_FDK_H
#define VXG_CT_FDK_H

#include "ct/ct.h"

typedef struct vxg__ct_view_frame { /* level unit vectors: across the fan, from source to axis */
    double u[3], c[3], radius;
} vxg__ct_view_frame;
void vxg__ct_frame(const vxg_ct_view *v, const double axis[2], vxg__ct_view_frame *f);
/* From the source to the centre of pixel (row, column), fractions allowed. */
void vxg__ct_to_pixel(const vxg_ct_geometry *geo, const vxg_ct_view *v, double column, double row,
                      double ray[3]);

/* Host tables of the pre-weights (kernels/ct/analytic/fdk.k), made by vxg__fdk_plan. */
typedef struct vxg__fdk_plan {
    double axis[2];
    double *angles, *radius, *view_weights; /* nviews each */
    double *cosine; /* (nv, nu), or (nviews, nv, nu) where views differ: cosine, distance ratio and,
                     * for a half-fan, redundancy */
    double *redundancy; /* Parker weights (nviews, nu) or (nviews, nv, nu); NULL: none */
    int cosine_per_view, redundancy_per_row;
    int64_t before, after; /* columns added on both sides */
    double *taper;         /* max(before, after) factors of the edge columns, 0 after `extend` */
    double *turns;         /* helix: the part of a turn each view stands for; NULL: a circle */
    double pitch;          /* of the columns along the level line, view 0 */
    double step;           /* angle of a column of a curved detector; 0: flat */
} vxg__fdk_plan;
int vxg__fdk_plan_new(const vxg_ct_geometry *geo, const vxg_ct_fdk_opts *opts, vxg__fdk_plan *p);
void vxg__fdk_plan_free(vxg__fdk_plan *p);

/* The pre-weights as an operator, (nviews, nv, nu) -> (nviews, nv, before + nu + after). */
int vxg__fdk_weight(vxg_device *dev, const vxg_ct_geometry *geo, const vxg__fdk_plan *p,
                    vxg_dtype dtype, vxg_op **out);
#endif
