/* What analytic reconstruction of fan and cone beams shares between its files. */
#ifndef VXG_CT_FDK_H
#define VXG_CT_FDK_H

#include "ct/geometry/scan_kind.h"

/* From the source to the centre of pixel (row, column), fractions allowed. */
void vxg__ct_to_pixel(const vxg_ct_geometry *geo, const vxg_ct_view *v, double column, double row,
                      double ray[3]);

/* A scan's views [v0, v1) and rows [r0, r1). */
typedef struct vxg__fdk_window {
    int64_t v0, v1, r0, r1;
} vxg__fdk_window;

/* Host tables of the pre-weights (kernels/ct/analytic/fdk.k). */
typedef struct vxg__fdk_plan {
    vxg__ct_scan scan;
    double *view_weights;   /* of all views */
    vxg__fdk_window window; /* what the tables are of, views by rows below */
    double *cosine;         /* (rows, nu), or (views, rows, nu) where views differ: cosine, distance
                             * ratio and, where the axis is at the side of a full turn, redundancy */
    double *redundancy;     /* of a ray by view: (views, nu) or (views, rows, nu); NULL: none */
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
/* The same without the tables, which vxg__fdk_tables then makes of one window after the other: each
 * number is the same whatever window it is made with. */
int vxg__fdk_plan_begin(const vxg_ct_geometry *geo, const char *who, const char *half,
                        const vxg_ct_fdk_opts *opts, vxg__fdk_plan *p);
int vxg__fdk_tables(const vxg_ct_geometry *geo, const vxg__fdk_window *window, vxg__fdk_plan *p);
/* Host bytes of the tables of a window, and while they are made. */
int64_t vxg__fdk_table_bytes(const vxg__fdk_plan *p, int64_t views, int64_t rows, int64_t nu);
/* 1: there are pre-weights, and columns may be added. */
int vxg__fdk_weighted(const vxg__fdk_plan *p);
void vxg__fdk_plan_free(vxg__fdk_plan *p);
/* Weights, row filter and backprojector of a plan as one operator. */
int vxg__fdk_assemble(vxg_device *dev, const vxg_ct_geometry *geo, const vxg_ct_volume *vol,
                      const vxg_ct_fdk_opts *opts, const vxg__fdk_plan *p, vxg_op **out);
/* Part of its line's weight that the ray of a view at t at position g gets by its distance from the
 * scan's gaps and, where scan->by_position, by its position: the parts of a ray and of its opposite
 * sum to 1. */
double vxg__ct_shared_weight(const vxg__ct_scan *scan, double t, double g);

/* The pre-weights of the plan's window as an operator, (views, rows, nu) -> (views, rows, before +
 * nu + after); the filter of such rows of all views; and the backprojector of a geometry with the
 * plan's columns added, which may be some views and rows of the scan. */
int vxg__fdk_weight(vxg_device *dev, int64_t nu, const vxg__fdk_plan *p, vxg_real real,
                    vxg_op **out);
int vxg__fdk_filter(vxg_device *dev, int64_t rows, int64_t nu, const vxg_ct_fdk_opts *o,
                    const vxg__fdk_plan *p, vxg_op **out);
int vxg__fdk_backprojector(vxg_device *dev, const vxg_ct_geometry *geo, const vxg_ct_volume *vol,
                           const vxg_ct_fdk_opts *o, const vxg__fdk_plan *p, vxg_op **out);
/* The same views with the plan's columns added. */
int vxg__fdk_wider(const vxg_ct_geometry *geo, const vxg__fdk_plan *p, vxg_ct_geometry **out);
/* What a voxel of a helix that a detector saw during so many turns is multiplied with. */
double vxg__fdk_share(double turns);
/* Fan angles and cosines of rows [r0, r1) of a view. */
int vxg__ct_fan_rows(const vxg_ct_geometry *geo, int64_t view, const double axis[2], int64_t r0,
                     int64_t r1, double *gamma, double *cosine);
#endif
