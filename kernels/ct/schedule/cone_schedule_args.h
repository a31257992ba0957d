/* Arguments of the cpu schedule of cone-beam backprojection (ct/cone_backproject.cpu.h), shared
 * with the host code that fills them (src/ct/schedule/cone.c).
 *
 * Slices are lanes. Projections are repacked view by view into columns, [view][column][row], with
 * the rows one slab of slices can see; rows and columns beyond the detector are zero. */
#ifndef VXG_CT_CONE_SCHEDULE_ARGS_H
#define VXG_CT_CONE_SCHEDULE_ARGS_H
#include <stdint.h>

#define VXG_CONE_TILE 16   /* voxels along an edge of a tile in x and y */
#define VXG_CONE_SLAB 128  /* slices of a slab at most; a multiple of the widest vector */
#define VXG_CONE_BLOCK 16  /* views at a time: what a tile sees of them stays in the L2 cache */
#define VXG_CONE_REACH 32  /* rows one window of two widest vectors spans */
#define VXG_CONE_PIXELS 64 /* few slices: voxels of a tile along x */
#define VXG_CONE_MARGIN 2  /* zero columns before and after the detector */

/* Where a voxel falls: three forms in x, y and z, which count from the volume's middle. The form Q is
 * a[VXG_CONE_Q] + a[VXG_CONE_QX] x + a[VXG_CONE_QY] y + a[VXG_CONE_QZ] z; R and W are made likewise.
 * Column Q / W and row R / W count from 0. Voxels with W <= 0 are not seen. Of curved detectors, with
 * h = sqrt(W^2 + Q^2), the column is PER_ANGLE atan(Q / W) + MIDDLE and the row R / h + (nv - 1) / 2.
 * All are doubles, one array per coefficient (nviews long). */
enum {
    VXG_CONE_Q,
    VXG_CONE_QX,
    VXG_CONE_QY,
    VXG_CONE_QZ,
    VXG_CONE_R,
    VXG_CONE_RX,
    VXG_CONE_RY,
    VXG_CONE_RZ,
    VXG_CONE_W,
    VXG_CONE_WX,
    VXG_CONE_WY,
    VXG_CONE_WZ,
    VXG_CONE_PER_ANGLE, /* columns in an angle of one radian */
    VXG_CONE_MIDDLE,    /* the column at which Q is 0 */
    VXG_CONE_COEFS
};
typedef struct vxg_cone_coefficients {
    const double *a[VXG_CONE_COEFS];
} vxg_cone_coefficients;

/* cone_pack: unit v < nviews copies its projection (row, column) to out[v][VXG_CONE_MARGIN +
 * column][row - row0[v]], height rows a column, zero outside the detector and in the margins. Views
 * with row0 VXG_CONE_UNSEEN are left out. */
#define VXG_CONE_UNSEEN INT32_MAX
typedef struct vxg_cone_pack_args {
    const float *in;
    float *out;
    const int32_t *row0;
    int nv, nu, height; /* height: a multiple of 4 */
} vxg_cone_pack_args;

/* cone_pairs: out[v][k][VXG_CONE_MARGIN + column][2] = rows row0[v] + k and row0[v] + k + 1,
 * likewise.
 *
 * cone_pixels: as cone_gather below, for few slices, from cone_pairs; tiles of VXG_CONE_PIXELS x
 * VXG_CONE_TILE columns of voxels. Scratch: that, times nz, floats. Of the sizes below only nviews,
 * nv, nu, height, nz, ny, nx and add are read, and columns may move with z.
 *
 * cone_gather: unit t < tiles adds views to its tile of one slab. Scratch: VXG_CONE_TILE^2 slab
 * floats. */
typedef struct vxg_cone_gather_args {
    const float *in; /* cone_pack's output */
    float *out;      /* the slab's first slice */
    const int32_t *row0;
    vxg_cone_coefficients c;
    int distance;          /* 1: a view is weighted by 1 / W^2 (curved: 1 / h^2) */
    int curved;            /* only where steady */
    int nviews, block;     /* views, and views per block (at most VXG_CONE_BLOCK) */
    int nv, nu, height;    /* detector; rows of a packed column */
    int nz, ny, nx, first; /* volume; the slab's first slice */
    int slab, used;        /* slices reserved in scratch (a multiple of 16) and there are */
    int steady;            /* QZ and WZ are 0: columns and W do not change along z */
    int add;               /* start from what out holds */
} vxg_cone_gather_args;
#endif
