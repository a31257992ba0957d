/* CPU schedules of slice-aligned parallel beam and of the row filter, host side. A plan is made
 * with its operator; where there is none the plain kernels run. */
#ifndef VXG_CT_SCHEDULE_H
#define VXG_CT_SCHEDULE_H

#include "ct/geometry/geometry.h"
#include "op/op.h"

/* What a fast CPU schedule needs beside the operator's state. */
typedef struct vxg_ct_plan vxg_ct_plan;
typedef struct vxg_filter_plan vxg_filter_plan;

/* State of projectors and backprojectors: the geometry in index units, rounded once. */
typedef struct vxg_ct_projection {
    vxg_ct_geometry *geo;
    vxg_ct_volume vol;
    vxg_ct_model model;
    vxg_array coef;    /* (nviews, coefficients) of the kernels, on the device */
    double *coef64;    /* the same before rounding, for schedules */
    int coefs;         /* per view */
    vxg_ct_plan *plan; /* this and the next two NULL: the plain kernels run */
    struct vxg_ray_joseph_plan *rays;
    struct vxg_ct_cone_bp_plan *oblique; /* backprojection alone */
    double *ray64;                       /* (nviews, VXG_RAY_COEFS) of rays */
} vxg_ct_projection;

/* Row filtering. */
typedef struct vxg_ct_filter_state {
    int64_t nviews, nrows_per_view, nu, n;
    double *response; /* n/2 + 1 */
    double *weights;  /* nviews */
    vxg_array table;
    int logn;
    vxg_filter_plan *plan; /* NULL: the plain kernel runs */
} vxg_ct_filter_state;

typedef enum vxg_ct_task {
    VXG_CT_TASK_FORWARD,     /* Joseph */
    VXG_CT_TASK_ADJOINT,     /* its exact adjoint */
    VXG_CT_TASK_BACKPROJECT, /* voxel-driven linear */
    VXG_CT_TASK_SPREAD       /* its exact transpose */
} vxg_ct_task;

/* *out is NULL (and the status VXG_OK) where no schedule applies: not the cpu device, rays that
 * leave their slice, rows that are not slices, detector columns much finer than voxels,
 * VXG_CPU_SCHEDULE=0. p->coef64 must be filled. */
int vxg__ct_plan_new(const vxg_device *dev, const vxg_ct_projection *p, int backproject,
                     vxg_ct_plan **out);
void vxg__ct_plan_free(vxg_ct_plan *plan); /* NULL is fine */
/* At most about 32 MB, or one block of 32 views of 64 slices where that is more. For the call's
 * subset of views, whose tables are copied where they do not follow each other. */
size_t vxg__ct_plan_workspace(const vxg_ct_plan *plan, const vxg_call *call);
/* Contiguous float32 arrays. Bits depend neither on the threads nor on which other slices there
 * are. */
int vxg__ct_plan_run(const vxg_ct_plan *plan, vxg_ct_task task, const vxg_call *call,
                     const vxg_array *in, const vxg_array *out);

int vxg__filter_plan_new(const vxg_device *dev, const vxg_ct_filter_state *s,
                         vxg_filter_plan **out);
void vxg__filter_plan_free(vxg_filter_plan *plan);
/* Bits of a row depend on the same row of its partner view (0
 * with 1, 2 with 3...), on nothing else. */
int vxg__filter_plan_run(const vxg_filter_plan *plan, const vxg_call *call, const vxg_array *in,
                         const vxg_array *out);
#endif
