/* Arguments of the cpu schedules of slice-aligned parallel beam (parallel.cpu.h) and of the row
 * filter (filter.cpu.h), shared with the host code that fills them (src/ct/schedule/parallel.c).
 *
 * Slice-aligned: rays lie in slices and detector row r is slice r + offset, so all slices are the
 * same 2-D problem and become SIMD lanes. */
#ifndef VXG_CT_SCHEDULE_ARGS_H
#define VXG_CT_SCHEDULE_ARGS_H
#include <stdint.h>

#define VXG_CT_TILE 32  /* pixels along an edge of an image tile */
#define VXG_CT_BLOCK 32 /* views per inner block */
#define VXG_CT_PAD 2    /* zero columns before and after the detector in the lanes layout */

/* Per-view coefficients in index units, one array per coefficient (nviews long). Primes count from
 * the middle of the detector or of the volume.
 *
 * Voxel-driven: the column is u = d[OF_1] + d[OF_X] x' + d[OF_Y] y', in double where a tile begins;
 * a[BP_X] and a[BP_Y] are its slopes within the tile.
 *
 * Joseph: a[AXIS] is 0 where x is the dominant axis, 1 where y is. With k' along it the ray of
 * column q' crosses the other axis at b = a[START] + a[STEP] k' + a[COLUMN] q', which is good for
 * estimates; a[COLUMNS] = 1 / a[COLUMN]; a[LENGTH] is the physical length of a step of k; a[SLACK]
 * columns are as far as an estimate of a column may be off.
 *
 * The place itself is a whole number of 2^-23 cells, modulo 2^32: n[OF_1] + n[OF_K] k + n[OF_Q] q
 * and the rounded sum of what these leave, r[OF_1] + r[OF_K] k + r[OF_Q] q in the same unit; k and
 * q count from 0. So it is as good far from the middle as near it, and the same whatever it is
 * counted from. (All names begin with VXG_CT_.) */
#define VXG_CT_CELL 23
enum {
    VXG_CT_AXIS,
    VXG_CT_START,
    VXG_CT_COLUMN,
    VXG_CT_STEP,
    VXG_CT_COLUMNS,
    VXG_CT_LENGTH,
    VXG_CT_SLACK,
    VXG_CT_FLOATS,
    VXG_CT_BP_X = 1,
    VXG_CT_BP_Y = 2
};
enum { VXG_CT_OF_1, VXG_CT_OF_X, VXG_CT_OF_Y, VXG_CT_OF_K = 1, VXG_CT_OF_Q = 2, VXG_CT_LINE = 3 };
typedef struct vxg_ct_coefficients {
    const float *a[VXG_CT_FLOATS], *r[VXG_CT_LINE];
    const uint32_t *n[VXG_CT_LINE];
    const double *d[VXG_CT_LINE];
} vxg_ct_coefficients;

/* ct_pack: unit v < nviews copies projections (view, row, column) of one lane block to
 * out[v][VXG_CT_PAD + column][lane], zero outside. */
typedef struct vxg_ct_pack_args {
    const float *in; /* the row of lane `first` in the first view */
    float *out;
    const float *scale;     /* per view, or NULL */
    int64_t view_pitch;     /* elements between views of in */
    int lanes, first, last; /* lanes [first, last) have a row */
    int nu;
} vxg_ct_pack_args;

/* ct_gather: unit t < tiles adds views to its image tile of one lane block. Scratch:
 * VXG_CT_TILE^2 lanes floats. */
typedef struct vxg_ct_gather_args {
    const float *in; /* ct_pack's output */
    float *out;      /* slice of lane 0 */
    vxg_ct_coefficients c;
    int joseph; /* 0: voxel-driven linear; 1: adjoint of ct_joseph */
    int nviews, nu, nx, ny;
    int lanes, used; /* lanes [0, used) have a slice */
    int add;         /* start from what out holds */
} vxg_ct_gather_args;

/* ct_joseph, and ct_spread, the transpose of voxel-driven ct_gather: unit b nblocks + k projects
 * views [k block, ...) of rows [row + b lanes, ...); slice = row + offset. Scratch:
 * vxg_ct_joseph_floats floats. */
typedef struct vxg_ct_joseph_args {
    const float *in; /* slice 0 */
    float *out;      /* row 0 of view 0 */
    vxg_ct_coefficients c;
    int nviews, nv, nu, nz, ny, nx;
    int block, nblocks; /* views per unit, units per lane block */
    int lanes, row, offset;
    int add;
} vxg_ct_joseph_args;
#define VXG_CT_BEYOND 64 /* floats that vectors of one slice read beyond what they use, at most */
/* One slice: its tile with the axes exchanged. */
#define VXG_CT_TURNED ((VXG_CT_TILE + 1) * (VXG_CT_TILE + 1) + VXG_CT_BEYOND)
static inline int64_t vxg_ct_joseph_floats(int64_t block, int64_t nu, int64_t lanes) {
    return (block * (nu + 2 * VXG_CT_PAD) + (VXG_CT_TILE + 1) * (VXG_CT_TILE + 1)) * lanes +
           (lanes == 1 ? VXG_CT_TURNED : 0);
}

/* fft_filter: unit g filters 16 pairs of rows; a pair is the same row of views 2m and 2m + 1, so
 * that a row's bits do not depend on which rows share the call. Scratch: 32 nfft floats. */
#define VXG_FILTER_PAIRS 16
typedef struct vxg_filter_args {
    const float *in;
    float *out;                      /* may be in */
    const float *twiddle, *response; /* vxg__filter_tables */
    const float *scale;              /* per view, or NULL */
    int64_t nviews, nv;
    int nu, nfft, add;
} vxg_filter_args;
#endif
