/* Host side of rays as lines (kernels/ct/project/ray.h): the coefficients of views, the projectors'
 * state.
 */
#ifndef VXG_CT_RAYS_H
#define VXG_CT_RAYS_H

#include "ct/ct.h"

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
       VXG_RAY_COEFS = 41
};

/* State of the cone- and fan-beam projectors. */
typedef struct vxg_ray_state {
    vxg_ct_geometry *geo;
    vxg_ct_volume vol;
    vxg_ct_model model;
    vxg_array coef;  /* (nviews, VXG_RAY_COEFS) on the device */
    double *coef64;  /* the same before rounding */
    int64_t tables;  /* of curved detectors; 0: flat */
    vxg_array table; /* (tables, nu, 2): cos g, sin g */
    double *table64;
    struct vxg_cone_joseph_plan *plan; /* these two NULL: the plain kernels run */
    struct vxg_ray_joseph_plan *rays;
} vxg_ray_state;
void vxg__ct_ray_state_free(void *state);

/* Coefficients of a view with a flat detector, its vectors in index units (vxg__ct_index_cone, for
 * a parallel beam vxg__ct_index_view). */
void vxg__ct_ray_flat(const vxg_ct_volume *vol, vxg_ct_beam beam, const vxg_ct_view *view,
                      int64_t nu, int64_t nv, double *coefs);
/* Direction of a ray, index units: flat alpha 1, beta q'; curved cos g, sin g. */
void vxg__ct_ray_direction(const double *coefs, double alpha, double beta, double r, double *d);
/* Puts a view of a 2-D scan, in index units, into the slice's plane; refuses one that is not in it
 * to 1e-6. */
int vxg__ct_ray_planar(const vxg_ct_volume *vol, vxg_ct_beam beam, int64_t index,
                       vxg_ct_view *view);
/* Refuses a view of a 2-D scan, in index units, whose rays leave the slice. */
int vxg__ct_within_slice(const vxg_ct_volume *vol, const vxg_ct_geometry *geo, int64_t index,
                         const vxg_ct_view *view);
/* vxg__ct_sizes, and the reals of the kernels of cone.k and ray_gradient.k. */
void vxg__ct_ray_sizes(const vxg_ct_geometry *geo, const vxg_ct_volume *vol, int64_t nviews,
                       int to_pixels, int accumulate, vxg_launch *l);
#endif
