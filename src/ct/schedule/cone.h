/* Cone-beam backprojectors: the operator's state and the hooks of its fast CPU schedule. */
#ifndef VXG_CT_SCHEDULE_CONE_H
#define VXG_CT_SCHEDULE_CONE_H

#include "ct/geometry/geometry.h"
#include "ct/schedule/schedule.h"
typedef struct vxg_ct_texture vxg_ct_texture; /* src/ct/project/texture.h */

#define VXG_CONE_BP_COEFS                                                                          \
    16 /* K_CONE_BP_COEFS of kernels/ct/project/cone_place.h, which says what they are */
/* Rows of the kernels' table in float32, see K_CONE_ROW there. */
#define VXG_CONE_UNITS 16
#define VXG_CONE_WHOLE 18
#define VXG_CONE_ROW 42
#define VXG_CONE_RUN 8 /* CONE_RUN of kernels/ct/project/cone_columns.k */

typedef struct vxg_ct_cone_bp_plan vxg_ct_cone_bp_plan;

typedef struct vxg_ct_cone_bp {
    vxg_ct_geometry *geo;
    vxg_ct_volume vol;         /* checked: sizes and rotation filled in */
    int curved;                /* detector */
    int weighted;              /* distance weight */
    int steady;                /* column and weight of every view are the same along z */
    vxg_array coef;            /* (nviews, VXG_CONE_BP_COEFS or VXG_CONE_ROW) on the device */
    double *coef64;            /* (nviews, VXG_CONE_BP_COEFS) before rounding, for schedules */
    vxg_ct_cone_bp_plan *plan; /* NULL: kernels run */
    vxg_ct_texture *texture;   /* NULL: projections are read from memory */
    const char *kernel;        /* which kernel backprojects: voxel by voxel, or in runs along z */
} vxg_ct_cone_bp;

/* Hooks of a schedule, as vxg__ct_plan_*. *out is NULL and the status VXG_OK where none applies;
 * tasks are VXG_CT_TASK_BACKPROJECT and VXG_CT_TASK_SPREAD. A plan that has no schedule for a task
 * says so by vxg__ct_cone_bp_plan_has, and the plain kernel runs. */
int vxg__ct_cone_bp_plan_new(const vxg_device *dev, const vxg_ct_cone_bp *p,
                             vxg_ct_cone_bp_plan **out);
void vxg__ct_cone_bp_plan_free(vxg_ct_cone_bp_plan *plan); /* NULL is fine */
int vxg__ct_cone_bp_plan_has(const vxg_ct_cone_bp_plan *plan, vxg_ct_task task);
size_t vxg__ct_cone_bp_plan_workspace(const vxg_ct_cone_bp_plan *plan);
int vxg__ct_cone_bp_plan_run(const vxg_ct_cone_bp_plan *plan, vxg_ct_task task,
                             const vxg_call *call, const vxg_array *in, const vxg_array *out);
#endif
