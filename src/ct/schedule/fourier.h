/* Fourier reconstruction: its plan (src/ct/analytic/fourier_plan.c), which grid, where samples fall
 * on it, in double.
 */
#ifndef VXG_CT_FOURIER_H
#define VXG_CT_FOURIER_H

#include "ct/geometry/geometry.h"
#include "op/op.h"

enum { VXG__FOURIER_MOST_TAPS = 8, VXG__FOURIER_MOST_DEGREE = 9 };

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
    int64_t most;            /* the last frequency that counts */
    int64_t grid[2];         /* cells along x, y; even */
    int64_t far[2];          /* cells from the origin that samples reach at most */
    int taps, degree;        /* cells that a sample is spread to along an axis; of polynomials */
    double *shares;          /* (degree + 1, taps), highest power first */
    vxg__fourier_view *view; /* sorted by angle */
    double *response;        /* most + 1, over n, with what interpolation leaves */
    double *scale;           /* nx, then ny: what spreading did to the image is divided away */
} vxg__fourier_plan;

/* What is asked for: a parallel beam, n the points of a padded row, its response (n / 2 + 1). */
typedef struct vxg__fourier_task {
    const vxg_ct_geometry *geo;
    const vxg_ct_volume *vol;
    int64_t n;
    const double *response;
    double accuracy; /* 0: the default */
    int sharp;       /* 1: rows are not smoothed as linear interpolation smooths them */
} vxg__fourier_task;

/* VXG_ERR_UNSUPPORTED, by name: slices that are not detector rows, voxels of many columns. */
int vxg__fourier_plan_new(const vxg__fourier_task *task, vxg__fourier_plan *out);
void vxg__fourier_plan_free(vxg__fourier_plan *p);

/* ---- On the cpu ---- */
typedef struct vxg__fourier_schedule vxg__fourier_schedule;
/* *out is NULL (and the status VXG_OK) where none applies. weights: of the views, NULL: 1. */
int vxg__fourier_schedule_new(const vxg_device *dev, const vxg__fourier_plan *p,
                              const double *weights, vxg__fourier_schedule **out);
void vxg__fourier_schedule_free(vxg__fourier_schedule *s); /* NULL is fine */
size_t vxg__fourier_schedule_workspace(const vxg__fourier_schedule *s);
/* Contiguous float32 arrays. Bits depend neither on threads nor on which other slices there are. */
int vxg__fourier_schedule_run(const vxg__fourier_schedule *s, const vxg_call *call,
                              const vxg_array *in, const vxg_array *out);

/* exp(2 pi i k at / n) of every view is one of FINE phases, times the view's weight, times one of
 * every FINE-th: (views, FINE + coarse, 2) doubles, in the projections' order. */
enum { VXG__FOURIER_FINE = 64 };
static inline int64_t vxg__fourier_coarse(const vxg__fourier_plan *p) {
    return p->most / VXG__FOURIER_FINE + 1;
}
/* Cells from a frequency to the next of the i-th view by angle, along x and y, each in two parts:
 * high ones whole multiples of what keeps their products with frequencies exact in float32. */
void vxg__fourier_steps(const vxg__fourier_plan *p, int64_t i, double out[4]);
void vxg__fourier_phases(const vxg__fourier_plan *p, const double *weights, double *out);
#endif
