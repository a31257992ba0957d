/* Arguments of the cpu schedule of separable footprints (footprint.cpu.h), filled in
 * src/ct/schedule/footprint.c.
 *
 * Of a point (x, y, z) in voxels from the volume's middle: it falls N / D columns and Y / D rows
 * from the detector's middle, N, D and Y linear in it, D 1 on the detector. Rows are numbered
 * upwards (Y grows with z): where the detector's run downwards row v here is row nv - 1 - v there.
 */
#ifndef VXG_FOOTPRINT_ARGS_H
#define VXG_FOOTPRINT_ARGS_H
#include "kernels/ct/schedule/cone_joseph_args.h"

#define VXG_FP_MOST 12  /* columns that a voxel's shadow may touch */
#define VXG_FP_GROUP 4  /* columns of voxels handled together */
#define VXG_FP_ROOM 128 /* zeros behind the rows that such a column falls on */

typedef struct vxg_fp_view {
    double n[3], d[3], y[4]; /* N, D: 1, x, y; Y: 1, x, y, z */
    double source[3];
    double length; /* of parallel rays in a voxel */
    int flip;      /* rows run downwards */
} vxg_fp_view;

typedef struct vxg_fp_scan {
    vxg_cj_scan size; /* sizes alone, no tables; up: the height of a voxel */
    const vxg_fp_view *views;
    int cone;
    int aligned, offset; /* 1: rows are slices: slice z falls on row z + offset and on no other */
    float dx, dy;
} vxg_fp_scan;

/* sf_forward: a unit is what cut says (cj_forward), from cj_slab's output; sf_pack copies view
 * first + unit as cj_pack does; sf_adjoint: a unit is a tile, as cj_adjoint's. */
typedef struct vxg_fp_forward_args {
    vxg_cj_forward_args cut;
    vxg_fp_scan scan;
} vxg_fp_forward_args;
typedef struct vxg_fp_adjoint_args {
    const float *in;
    float *out;
    vxg_fp_scan scan;
    int first, views;
    int add;
} vxg_fp_adjoint_args;

/* Floats of a unit's scratch. */
static inline int64_t vxg_fp_rows(const vxg_cj_scan *s) { /* of a column, with zeros around */
    return vxg_cj_round(s->nv) + 16 + VXG_FP_ROOM;
}
static inline int64_t vxg_fp_forward_floats(const vxg_cj_forward_args *a) {
    return VXG_FP_GROUP * vxg_cj_blend_floats(&a->scan) + (int64_t)a->views * a->columns * a->rows +
           a->rows + 16;
}
static inline int64_t vxg_fp_adjoint_floats(const vxg_cj_scan *s) {
    return VXG_CJ_TILE * VXG_CJ_TILE * vxg_cj_height(s) + VXG_FP_GROUP * vxg_fp_rows(s);
}
#endif
