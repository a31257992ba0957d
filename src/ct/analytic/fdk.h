/* What analytic reconstruction of fan and cone beams shares between its files. */
#ifndef VXG_CT_FDK_H
#define VXG_CT_FDK_H

#include "ct/geometry/scan_kind.h"

/* From the source to the centre of pixel (row, column), fractions allowed. */
void vxg__ct_to_pixel(const vxg_ct_geometry *geo, const vxg_ct_view *v, double column, double row,
                      double ray[3]);

/* Host tables of the pre-weights (kernels/ct/analytic/fdk.k), made by vxg__fdk_plan_new. */
typedef struct vxg__fdk_plan {
    vxg__ct_scan scan;
    double *view_weights; /* nviews */
    double *cosine;     /* (nv, nu), or (nviews, nv, nu) where views differ: cosine, distance ratio
                         * and, where the axis is at the side of a full turn, redundancy */
    double *redundancy; /* of a ray by view: (nviews, nu) or (nviews, nv, nu); NULL: none */
    int cosine_per_view, redundancy_per_row;
    int64_t before, after; /* columns added on both sides */
    double *taper;         /* max(before, after) factors of the edge columns, 0 after `extend` */
    double *turns;         /* helix: the part of a turn each view stands for; NULL: a circle */
    double pitch;          /* of the columns along the level line, view 0 */
    double step;           /* angle of a column of a curved detector; 0: flat */
} vxg__fdk_plan;
/* Fan, cone and parallel beams. opts->whole decides for the geometry, which may be rows of it. */
int vxg__fdk_plan_new(const vxg_ct_geometry *geo, const char *who, const char *half,
                      const vxg_ct_fdk_opts *opts, vxg__fdk_plan *p);
void vxg__fdk_plan_free(vxg__fdk_plan *p);
/* Weights, row filter and backprojector of a plan as one operator. */
int vxg__fdk_assemble(vxg_device *dev, const vxg_ct_geometry *geo, const vxg_ct_volume *vol,
                      const vxg_ct_fdk_opts *opts, const vxg__fdk_plan *p, vxg_op **out);
/* Part of its line's weight that the ray of a view at t at position g gets by its distance from the
 * scan's gaps and, where scan->by_position, by its position: the parts of a ray and of its opposite
 * sum to 1. */
double vxg__ct_shared_weight(const vxg__ct_scan *scan, double t, double g);

/* The pre-weights as an operator, (nviews, nv, nu) -> (nviews, nv, before + nu + after). */
int vxg__fdk_weight(vxg_device *dev, const vxg_ct_geometry *geo, const vxg__fdk_plan *p,
                    vxg_real real, vxg_op **out);
#endif
