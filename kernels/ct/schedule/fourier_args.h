/* Arguments of the cpu schedule of Fourier reconstruction (fourier.cpu.h), filled in src/ct/schedule/fourier.c. */
#ifndef VXG_FOURIER_ARGS_H
#define VXG_FOURIER_ARGS_H
#include "kernels/num/fft_args.h"

#define VXG_FOURIER_TAPS 8 /* the most; what shares are padded to */
#define VXG_FOURIER_PAD 8  /* rows beyond the end of a column of the grid, folded back */
#define VXG_FOURIER_FINE 64 /* as FOURIER_FINE */
#define VXG_FOURIER_BLOCK 8 /* frequencies of a view that follow each other */

/* Slices, as many as a vector has lanes, from projections (nviews, nv, nu) to a volume (nz, ny, nx), through
 *   spectra (blocks, nviews, VXG_FOURIER_BLOCK) of the rows, frequencies 0 to n / 2 in blocks, views by angle, and columns (gx / 2 + 1, ny) of the transformed grid,
 * complex vectors [re][im]. */
typedef struct vxg_fourier_args {
    const float *in; /* the first view's row of the first slice */
    float *out;      /* the first slice */
    float *spectra, *columns;
    int nviews, nv, nu, ny, nx;
    int slices;  /* that there are of this vector */
    int n, most; /* points of a padded row, the last frequency */
    int gx, gy, taps, degree;
    int turns; /* of the grid along x, by the last frequency */
    int band; /* columns that a unit of fourier_spread_lanes fills */
    int add;
    const float *response; /* most + 1 */
    const float *phases;   /* each view's: cos, sin of VXG_FOURIER_FINE fine ones, then the coarse ones */
    const int *order, *place; /* views by angle, and where a view is among them */
    const float *steps;    /* of views by angle, (nviews, 4): as in kernels/ct/analytic/fourier.h */
    const float *shares;   /* (degree + 1, VXG_FOURIER_TAPS) */
    const float *scale_x, *scale_y; /* the latter with the sign of columns counted from their middle */
    vxg_fft_line rows, along_y, along_x;
} vxg_fourier_args;
#endif
