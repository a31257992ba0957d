/* Arguments of the cpu schedule of Joseph's projection along any rays and its exact adjoint
 * (ct/ray_joseph.cpu.h), shared with the host code that fills them
 * (src/ct/schedule/ray_joseph.c). */
#ifndef VXG_RAY_JOSEPH_ARGS_H
#define VXG_RAY_JOSEPH_ARGS_H
#include <stdint.h>

#define VXG_RJ_MOST 32 /* edge of a brick at most */

typedef struct vxg_rj_scan {
    const double *coefs; /* (nviews, K_RAY_COEFS) of kernels/ct/project/ray.h, before rounding */
    const double *table; /* curved detectors: (tables, nu, 2) of cos g, sin g; else NULL */
    int nviews, nv, nu;
    int n[3];      /* voxels along x, y, z */
    int tile[3];   /* voxels of a brick along x, y, z */
    float size[3]; /* of a voxel along x, y, z, world units */
} vxg_rj_scan;

/* rj_transpose: unit y copies row y of a layer of bricks, with a slice more at each end, to
 * out[y][x][z - first + 1]; slices outside the volume are 0. */
typedef struct vxg_rj_transpose_args {
    const float *in;
    float *out;
    vxg_rj_scan scan;
    int layer;
} vxg_rj_transpose_args;

/* rj_forward: unit (block of views, block of rows, block of columns), columns fastest, adds what a
 * layer of bricks gives; the first layer starts from 0 unless add. Scratch: vxg_rj_brick_floats. */
typedef struct vxg_rj_forward_args {
    const float *in, *transposed;
    float *out;
    vxg_rj_scan scan;
    int layer;
    int views, rows, columns; /* of a unit */
    int add;
} vxg_rj_forward_args;

/* rj_adjoint: unit i sums all views into one brick, x fastest. Scratch: vxg_rj_brick_floats. */
typedef struct vxg_rj_adjoint_args {
    const float *in;
    float *out;
    vxg_rj_scan scan;
    int add;
} vxg_rj_adjoint_args;

static inline int vxg_rj_parts(int n, int most) {
    return (n + most - 1) / most;
}
static inline int64_t vxg_rj_column(const vxg_rj_scan *s) { /* floats of rj_transpose's columns */
    return s->tile[2] + 2;
}
static inline int64_t vxg_rj_transposed_floats(const vxg_rj_scan *s) {
    return (int64_t)s->n[1] * s->n[0] * vxg_rj_column(s);
}
/* slices x (cells beside + 1) x (cells beside + 2) pairs, whatever the axis, and two for each of
 * 16 idle lanes from a slice's first on */
static inline int64_t vxg_rj_brick_floats(const vxg_rj_scan *s) {
    return (int64_t)(s->tile[0] + 2) * (s->tile[1] + 2) * (s->tile[2] + 2) * 2 + 64;
}
#endif
