/* The plan of Fourier reconstruction (fourier.c): which grid, where samples fall on it, in double.
 */
#ifndef VXG_CT_FOURIER_H
#define VXG_CT_FOURIER_H

#include "ct/geometry/geometry.h"

enum { VXG__FOURIER_MOST_TAPS = 8, VXG__FOURIER_MOST_DEGREE = 13 };

/* A view: q = at + x[0] x' + x[1] y' is the column, from 0, that voxel (x', y') falls on, whole
 * steps from the voxel numbered (nx / 2, ny / 2). */
typedef struct vxg__fourier_view {
    double at, x[2];
    double angle; /* of the line that its frequencies lie on among the grid's cells, in [0, pi) */
    int64_t view;
} vxg__fourier_view;

typedef struct vxg__fourier_plan {
    int64_t nviews, nv, nu, nz, ny, nx;
    int64_t shift;           /* slice = row + shift */
    int64_t n;               /* points of a padded row */
    int64_t most;            /* the last frequency that counts, n / 2 at most */
    int64_t grid[2];         /* cells along x, y; even */
    int taps, degree;        /* cells that a sample is spread to along an axis; of polynomials */
    double *shares;          /* (degree + 1, taps), highest power first */
    vxg__fourier_view *view; /* sorted by angle */
    double *response;        /* most + 1, over n */
    double *scale;           /* nx, then ny: what spreading did to the image is divided away */
} vxg__fourier_plan;

/* What is asked for: a parallel beam, n the points of a padded row, its response (n / 2 + 1). */
typedef struct vxg__fourier_task {
    const vxg_ct_geometry *geo;
    const vxg_ct_volume *vol;
    int64_t n;
    const double *response;
    double accuracy; /* 0: the default */
} vxg__fourier_task;

/* VXG_ERR_UNSUPPORTED, by name: slices that are not detector rows, frequencies beyond the voxels'.
 */
int vxg__fourier_plan_new(const vxg__fourier_task *task, vxg__fourier_plan *out);
void vxg__fourier_plan_free(vxg__fourier_plan *p);
#endif
