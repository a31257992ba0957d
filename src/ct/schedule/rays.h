/* Rays as lines (kernels/ct/project/ray.h), as host code and schedules see them: the coefficients
 * of a view and the state of the projectors that use them. */
#ifndef VXG_CT_SCHEDULE_RAYS_H
#define VXG_CT_SCHEDULE_RAYS_H

#include "ct/geometry/geometry.h"

enum { /* K_RAY_ names of kernels/ct/project/ray.h */
       RAY_AXIS = 0,
       RAY_D = 1,
       RAY_M = 10,
       RAY_W = 19,
       RAY_Q = 23,
       RAY_R = 27,
       RAY_SLACK = 31,
       RAY_SOURCE = 34,
       RAY_HALF = 37,
       RAY_TABLE = 38,
       RAY_COLUMNS = 39,
       RAY_OFFSET = 40,
       VXG_RAY_COEFS = 41,
       RAY_GRID = 41, /* of the table on the device in float32 */
       RAY_WHOLE = 42,
       VXG_RAY_ROW = 78
};

/* State of the cone- and fan-beam projectors. */
typedef struct vxg_ray_state {
    vxg_ct_geometry *geo;
    vxg_ct_volume vol;
    vxg_ct_model model;
    vxg_array coef;  /* (nviews, vxg__ct_ray_row_size) on the device */
    double *coef64;  /* (nviews, VXG_RAY_COEFS), before rounding */
    int64_t tables;  /* of curved detectors; 0: flat */
    vxg_array table; /* (tables, nu, 2): cos g, sin g */
    double *table64;
    struct vxg_cone_joseph_plan *plan; /* these two NULL: the plain kernels run */
    struct vxg_ray_joseph_plan *rays;
} vxg_ray_state;
/* Direction of a ray, index units: flat alpha 1, beta q'; curved cos g, sin g. */
void vxg__ct_ray_direction(const double *coefs, double alpha, double beta, double r, double *d);
#endif
