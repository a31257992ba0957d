/* Arguments of the cpu schedules of Joseph's and Siddon's cone-beam projection and their exact
 * adjoints (cone_joseph.cpu.h, siddon.cpu.h), shared with the host code that fills them
 * (src/ct/schedule/cone_joseph.c).
 *
 * Detector rows are steps along the volume's z, so all rays of a detector column cross the slices
 * of their dominant axis, x or y, at the same points of the (x, y) plane, and at heights z(row) =
 * z0 + dz row',  z0 = c + sc k',  dz = d + ds k' with rows and slices k' counted from the middle.
 * Rows are numbered upwards (dz > 0): where the detector's run downwards, row v here is row nv - 1
 * - v there. */
#ifndef VXG_CONE_JOSEPH_ARGS_H
#define VXG_CONE_JOSEPH_ARGS_H
#include <stdint.h>

#define VXG_CJ_TILE 16 /* voxel columns along an edge of a tile */
#define VXG_FS_TILE 64 /* pixels along an edge of a tile of one slice */
#define VXG_CJ_ZCHUNK                                                                              \
    256 /* at most so many cells of z in a tile: it stays in the second-level cache */
#define VXG_CJ_GROUP 4 /* neighbouring detector columns handled together */
#define VXG_CJ_PAD 48  /* zero cells beside a column, for the widest lanes */

typedef struct vxg_cj_column {
    double b, sb;   /* the ray passes slice k' at cell b + sb k' of the other horizontal axis */
    double c, sc;   /* height at row' = 0, cells from 0 */
    double d, ds;   /* height of a row */
    float across;   /* squared world length within the slice plane per slice */
    int32_t axis;   /* dominant: 0 x, 1 y */
    int32_t k0, k1; /* slices [k0, k1) lie in front of the source */
} vxg_cj_column;

/* Seen from the source s, a point p lies at tangent (p - s).e / (p - s).n where (p - s).n > 0. */
typedef struct vxg_cj_view {
    double s[2], n[2], e[2];
    int flip; /* rows run downwards */
} vxg_cj_view;

typedef struct vxg_cj_scan {
    const vxg_cj_view *views;
    const vxg_cj_column *columns; /* (nviews, nu) */
    const float *tangent;         /* (nviews, nu), rising */
    int nviews, nv, nu, nz, ny, nx;
    int zchunk; /* cells of z in a tile, the last has the rest */
    float up;   /* world height of a cell of z */
} vxg_cj_scan;

/* cj_slab: unit y <= ny + 1 copies row y - 1 of cells [z, z + scan.zchunk) to
 * out[y][x + 1][z], with a border of zero columns. */
typedef struct vxg_cj_slab_args {
    const float *in;
    float *out;
    vxg_cj_scan scan;
    int z;
} vxg_cj_slab_args;

/* cj_forward: unit (block of views, block of columns, block of rows), rows fastest, adds cells
 * [z, z + scan.zchunk). Scratch: vxg_cj_forward_floats. */
typedef struct vxg_cj_forward_args {
    const float *in; /* cj_slab's output */
    float *out;
    vxg_cj_scan scan;
    int z;
    int views, columns, rows; /* of a unit; rows a multiple of 16 */
    int add;
} vxg_cj_forward_args;

/* cj_pack: unit v < nviews copies view first + v, times the rays' length, to
 * out[v][column][pad + row]. */
typedef struct vxg_cj_pack_args {
    const float *in;
    float *out;
    vxg_cj_scan scan;
    int first;
} vxg_cj_pack_args;

/* cj_adjoint: unit t adds views [first, first + views) to one tile, x fastest, z slowest.
 * Scratch: vxg_cj_adjoint_floats. */
typedef struct vxg_cj_adjoint_args {
    const float *in; /* cj_pack's output */
    float *out;
    vxg_cj_scan scan;
    int first, views;
    int add;
} vxg_cj_adjoint_args;

static inline int64_t vxg_cj_round(int64_t n) {
    return (n + 15) / 16 * 16;
}
static inline int64_t vxg_cj_height(const vxg_cj_scan *s) { /* floats of a column of a chunk */
    return vxg_cj_round(s->zchunk) + 16;
}
static inline int64_t vxg_cj_slab_floats(const vxg_cj_scan *s) {
    return (int64_t)(s->ny + 2) * (s->nx + 2) * vxg_cj_height(s);
}
static inline int64_t vxg_cj_blend_floats(const vxg_cj_scan *s) {
    return vxg_cj_height(s) + 3 * VXG_CJ_PAD;
}
static inline int64_t vxg_cj_forward_floats(const vxg_cj_forward_args *a) {
    return VXG_CJ_GROUP * vxg_cj_blend_floats(&a->scan) + (int64_t)a->views * a->columns * a->rows;
}
static inline int64_t vxg_cj_pack_height(const vxg_cj_scan *s) {
    return vxg_cj_round(s->nv) + 2 * VXG_CJ_PAD;
}
static inline int64_t vxg_cj_adjoint_floats(const vxg_cj_scan *s) {
    return (VXG_CJ_TILE * VXG_CJ_TILE + 2) * vxg_cj_height(s);
}
/* One slice (fan_slice.cpu.h). fs_pad: unit y <= ny + 1 is a row of the volume with its border;
 * fs_forward: a unit has `views` views and all columns; fs_adjoint: a unit is a tile, of all views,
 * and reads the projections as they are. */
static inline int64_t vxg_fs_pad_floats(const vxg_cj_scan *s) {
    return (int64_t)(s->ny + 2) * (s->nx + 2);
}
static inline int64_t vxg_fs_forward_floats(const vxg_cj_forward_args *a) {
    return (int64_t)a->views * a->scan.nu;
}
#define VXG_FS_ADJOINT_FLOATS ((VXG_FS_TILE + 2) * (VXG_FS_TILE + 2))

/* Of Siddon's adjoint: rows' slopes and what goes to their cells beside the tile. */
static inline int64_t vxg_siddon_adjoint_floats(const vxg_cj_scan *s) {
    return 16 + VXG_CJ_TILE * VXG_CJ_TILE * vxg_cj_height(s) + 4 * (vxg_cj_round(s->nv) + 16);
}
#endif
