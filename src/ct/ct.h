/* Private side of ct. */
#ifndef VXG_CT_PRIVATE_H
#define VXG_CT_PRIVATE_H

#include <voxgrad/ct.h>

#include "base/base.h"

extern const vxg_op_row vxg__ct_rows[];
extern const int vxg__ct_row_count;

double vxg__dot3(const double *a, const double *b);
double vxg__norm3(const double *a);
void vxg__cross3(const double *a, const double *b, double *out);

/* Checks a volume and fills in its defaults (voxel size 1, identity rotation). */
int vxg__ct_volume_check(const vxg_ct_volume *in, vxg_ct_volume *out);
/* A view in voxel index units counted from the volume's middle; |r| is the index length of a world
 * unit. */
void vxg__ct_index_view(const vxg_ct_volume *vol, const vxg_ct_view *view, vxg_ct_view *out);

/* State of projectors and backprojectors: the geometry in index units, rounded once. */
typedef struct vxg_ct_projection {
    vxg_ct_geometry *geo;
    vxg_ct_volume vol;
    vxg_ct_model model;
    vxg_array coef; /* (nviews, coefficients) of the kernels, on the device */
    double *coef64; /* the same before rounding, for schedules */
    int coefs;      /* per view */
    int no_schedule;
} vxg_ct_projection;

/* Every voxel slice z and detector row r match one to one (row r is slice r + *shift) in every view
 * and rays run within slices: the 3-D problem is the same 2-D problem per slice. */
int vxg__ct_slice_aligned(const vxg_ct_geometry *geo, const vxg_ct_volume *vol, int64_t *shift);

/* Fast CPU schedules (src/ct/schedule_*.c). Each returns 1 when it took the call (then *status says
 * how it ended), 0 when the plain kernels must run. Arrays are contiguous float32. */
int vxg__ct_schedule_joseph(const vxg_op *op, const vxg_ct_projection *p, const vxg_call *call,
                            const vxg_array *vol, const vxg_array *proj, int adjoint, int *status);
int vxg__ct_schedule_backproject(const vxg_op *op, const vxg_ct_projection *p, const vxg_call *call,
                                 const vxg_array *proj, const vxg_array *vol, int *status);
/* rows (nrows, nu) times the response (n/2 + 1 doubles), weights per `per_weight` rows or NULL. */
typedef struct vxg_ct_filter_state {
    int64_t nviews, nrows_per_view, nu, n;
    double *response; /* n/2 + 1 */
    double *weights;  /* nviews */
    vxg_array table;
    int logn;
} vxg_ct_filter_state;
int vxg__ct_schedule_filter(const vxg_op *op, const vxg_ct_filter_state *s, const vxg_call *call,
                            const vxg_array *in, const vxg_array *out, int *status);

/* Random scan geometries of the registry's examples; *empty: the beam misses the volume. */
int vxg__ct_example(const vxg_problem *problem, int planar, vxg_ct_geometry **geo,
                    vxg_ct_volume *vol, int *empty);

#endif
