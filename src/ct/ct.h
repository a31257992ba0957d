/* Private side of ct. */
#ifndef VXG_CT_PRIVATE_H
#define VXG_CT_PRIVATE_H

#include <voxgrad/ct.h>

#include "base/base.h"
#include "op/op.h"

extern const vxg_op_row vxg__ct_rows[];
extern const int vxg__ct_row_count;
extern const vxg_op_row vxg__ct_cone_rows[];
extern const int vxg__ct_cone_row_count;
extern const vxg_op_row vxg__ct_fdk_rows[];
extern const int vxg__ct_fdk_row_count;
extern const vxg_op_row vxg__ct_footprint_rows[];
extern const int vxg__ct_footprint_row_count;
extern const vxg_op_row vxg__ct_gradient_rows[];
extern const int vxg__ct_gradient_row_count;

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

/* Where vxg_ct_projector (planar: vxg_ct_projector2d) and vxg_ct_backprojector send cone and fan
 * beams (cone.c, cone_backproject.c) and the footprint model (footprint.c, any beam). Arguments are
 * checked but for the volume; opts is not NULL. */
int vxg__ct_cone_projector(vxg_device *dev, const vxg_ct_geometry *geo, const vxg_ct_volume *vol,
                           const vxg_ct_projector_opts *opts, int planar, vxg_op **out);
int vxg__ct_cone_backprojector(vxg_device *dev, const vxg_ct_geometry *geo,
                               const vxg_ct_volume *vol, const vxg_ct_projector_opts *opts,
                               vxg_op **out);
int vxg__ct_footprint_projector(vxg_device *dev, const vxg_ct_geometry *geo,
                                const vxg_ct_volume *vol, const vxg_ct_projector_opts *opts,
                                int planar, vxg_op **out);
/* Operator spaces of a volume and of projections, without the slice or row axis when planar. */
void vxg__ct_spaces(const vxg_ct_geometry *geo, const vxg_ct_volume *vol, vxg_real real, int planar,
                    vxg_space *volume, vxg_space *projections);

/* A launch of a projector's kernel over pixels (to_pixels) or voxels: the range, and ints 0 to 6:
 * nx, ny, nz, nu, nv, nviews, accumulate. Further ints come behind. */
void vxg__ct_sizes(const vxg_ct_volume *vol, int64_t nu, int64_t nv, int64_t nviews, int to_pixels,
                   int accumulate, vxg_launch *l);

/* What a fast CPU schedule needs beside the operator's state (src/ct/schedule/schedule.h). */
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
    vxg_ct_plan *plan; /* this and rays NULL: the plain kernels run */
    struct vxg_ray_joseph_plan *rays;
    double *ray64; /* (nviews, VXG_RAY_COEFS) of rays */
} vxg_ct_projection;

/* Every voxel slice z and detector row r match one to one (row r is slice r + *shift) in every view
 * and rays run within slices: the 3-D problem is the same 2-D problem per slice. */
int vxg__ct_slice_aligned(const vxg_ct_geometry *geo, const vxg_ct_volume *vol, int64_t *shift);

/* Row filtering. */
typedef struct vxg_ct_filter_state {
    int64_t nviews, nrows_per_view, nu, n;
    double *response; /* n/2 + 1 */
    double *weights;  /* nviews */
    vxg_array table;
    int logn;
    vxg_filter_plan *plan; /* NULL: the plain kernel runs */
} vxg_ct_filter_state;

/* vxg_ct_normalize of part of a scan: arguments are right, and all pixels may be dead. Pixels
 * [skip0, skip1) of a view are corrected but not counted. A NaN floor makes bad values and those of
 * dead pixels NaN, for vxg__ct_repair. Returns 1 when any value was bad, counted or not. */
int vxg__ct_normalize(float *data, int64_t nviews, int64_t n, const float *flat, const float *dark,
                      double floor, int64_t skip0, int64_t skip1, vxg_ct_bad_counts *counts);
int vxg__ct_all_dead(void); /* the error of a scan whose pixels are all dead */

/* ---- Bad values of projections (nviews, nv, nu), marked by NaN (repair.c) ---- */
/* Infinite values become NaN; returns 1 when there is any. Values of pixels [skip0, skip1) of a
 * view are not counted in *nonfinite. */
int vxg__ct_mark(float *data, int64_t nviews, int64_t n, int64_t skip0, int64_t skip1,
                 int64_t *nonfinite);
/* Interpolates within each row of the detector: along the row, or where the row of a view holds no
 * good value from the views before and after. bad[r] becomes the number of NaN of row r, negative
 * when the row has no good value in any view and was left alone. */
void vxg__ct_repair(float *data, int64_t nviews, int64_t nv, int64_t nu, int64_t *bad);
/* Rows without good values (bad[r] < 0) between good ones, up to VXG__CT_REPAIRED_ROWS neighbours,
 * are interpolated, which makes bad[r] positive; others become 0. The source gives corrected rows
 * that are not held: row r, counted from the first that is held, into (nviews, nu); *good: 0 it
 * holds no good value, -1 there is no such row. NULL: there are no more rows. */
#define VXG__CT_REPAIRED_ROWS 4
typedef int (*vxg__row_source)(void *context, int64_t r, float *row, int *good);
int vxg__ct_repair_rows(float *data, int64_t nviews, int64_t nv, int64_t nu, int64_t *bad,
                        vxg__row_source source, void *context);
/* The place of the first value that is not a number, -1: there is none. */
int64_t vxg__ct_first_nonfinite(const float *x, int64_t n);

/* vxg_ct_ring_sort of a sinogram whose views lie `pitch` apart. */
int vxg__ct_ring_sort(float *sinogram, int64_t nviews, int64_t nu, int64_t pitch, int size);

/* Random scan geometries of the registry's examples; *empty: the beam misses the volume. */
int vxg__ct_example(const vxg_problem *problem, int planar, vxg_ct_geometry **geo,
                    vxg_ct_volume *vol, int *empty);

#endif
