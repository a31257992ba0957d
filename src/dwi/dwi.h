/* Private side of diffusion. */
#ifndef VXG_DWI_PRIVATE_H
#define VXG_DWI_PRIVATE_H

#include <voxgrad/dwi.h>

#include "base/base.h"

extern const vxg_option_set vxg__dwi_option_sets[];

struct vxg_gradients {
    vxg_object object;
    int references; /* atomic */
    int nshells;
    int64_t n;
    double *b, *directions; /* n; n, 3 */
    int32_t *shell;         /* n */
    double *shell_b;
    int64_t *shell_count;
    vxg_gradients_opts opts; /* as they were taken */
};

struct vxg_sphere {
    vxg_object object;
    int references; /* atomic */
    int symmetric;
    int64_t n, nedges;
    double *directions; /* n, 3 */
    int32_t *edges;     /* nedges, 2 */
};
/* Whether a handle is one of a table, of a set, that is alive; VXG_ERR_ARGUMENT with `what` in
 * front if not. */
int vxg__gradients_check(const vxg_gradients *g, const char *what);
int vxg__sphere_check(const vxg_sphere *s, const char *what);
/* The sets that are built in: half of the directions of each, the other half are their opposites.
 */
typedef struct vxg_sphere_row {
    const char *name;
    int half;
    const double *directions; /* half, 3 */
} vxg_sphere_row;
extern const vxg_sphere_row vxg__sphere_rows[]; /* ends with name NULL */

/* ---- Voxels in tiles (kernels/num/tiles.k) ---- */
typedef struct vxg__voxels {
    vxg_device *dev;
    vxg_queue *queue;
    vxg_real real;
    const vxg_array *series, *list; /* list NULL: all */
    int64_t volumes, all;           /* of the series: volumes, voxels of each */
    int64_t count;                  /* voxels that are looked at */
    int64_t block;                  /* so many at once, a multiple of 32 */
    const vxg_progress *progress;   /* the caller's, or NULL */
} vxg__voxels;
/* Checks the series and the list. */
int vxg__voxels_begin(vxg__voxels *v, vxg_queue *queue, const vxg_array *dwi, const vxg_array *list,
                      const char *what);
/* In front of every block and behind the last: whether to go on, and how far it is. */
int vxg__voxels_tell(const vxg__voxels *v, int64_t done);
/* So many voxels at once that tiles of `rows` numbers a voxel are not too large. */
void vxg__voxels_fit(vxg__voxels *v, int64_t rows);
/* Results of so many rows; out NULL or without a buffer: not wanted. _check changes nothing;
 * _clear, behind everything that may be refused, sets `outside` everywhere where there is a list.
 */
typedef struct vxg__voxels_map {
    const vxg_array *out;
    int64_t rows;
    const char *what;
    double outside;
} vxg__voxels_map;
int vxg__voxels_check(const vxg__voxels *v, const vxg__voxels_map *maps, int n);
int vxg__voxels_clear(const vxg__voxels *v, const vxg__voxels_map *maps, int n);
/* Room for the tiles of a block, `rows` numbers a voxel. */
int vxg__tiles_new(const vxg__voxels *v, int64_t rows, vxg_array *tiles);
/* Voxels [first, first + n) of the list into tiles, n at most a block. */
int vxg__voxels_pack(const vxg__voxels *v, const vxg_array *dwi, int64_t first, int64_t n,
                     const vxg_array *tiles);
/* `count` rows from `from` on of tiles that have `rows`, times a factor, to rows of out from `to`
 * on; nothing where out is not wanted. */
typedef struct vxg__tile_rows {
    int64_t rows, from, to, count;
    double factor;
} vxg__tile_rows;
int vxg__voxels_unpack(const vxg__voxels *v, const vxg_array *tiles, const vxg__tile_rows *r,
                       int64_t first, int64_t n, const vxg_array *out);
/* Items of a launch over the tiles of n voxels. */
static inline int64_t vxg__tile_items(int64_t n) {
    return (n + 31) / 32 * 32;
}
/* A matrix (rows, columns) as tiles_product reads it. */
int vxg__tiles_matrix(const vxg__voxels *v, int64_t rows, int64_t columns, const double *m,
                      vxg_array *out);
/* y = M x; x has x_rows rows, of which M's columns begin at x_from. */
int vxg__tiles_product(const vxg__voxels *v, const vxg_array *m, int64_t rows, int64_t columns,
                       const vxg_array *x, int64_t x_rows, int64_t x_from, int64_t n,
                       const vxg_array *y);

/* An array's values, and those of volume i of a series, in double. */
int vxg__array_fetch(vxg_queue *queue, const vxg_array *a, double *out);
int vxg__volume_fetch(vxg_queue *queue, const vxg_array *dwi, int64_t i, int64_t all, double *out);
/* The mean of the unweighted volumes (g NULL: of all) in every one of `all` voxels; one: room for
 * as many. */
int vxg__mean_unweighted(vxg_queue *queue, const vxg_gradients *g, const vxg_array *dwi,
                         int64_t all, double *one, double *mean);

/* Where each direction's neighbours begin, n + 1 numbers, then the neighbours, as int32. place:
 * another number for each direction; NULL: its own. */
int vxg__sphere_neighbours(const vxg_sphere *s, const int32_t *place, vxg_device *dev,
                           vxg_queue *queue, vxg_array *out);
/* Peaks of n items' tiles, harmonics (opts->basis) or samples on the sphere: tiles of 5 rows a
 * peak, as odf_peaks writes them, to be released. cut: a minimum below that share of the highest
 * value counts as 0; even: opposite directions have equal values, whatever the set. */
int vxg__tiles_peaks(vxg_queue *queue, const vxg_array *tiles, int64_t n, int harmonics,
                     const vxg_sphere *sphere, const vxg_peaks_opts *opts, double cut, int even,
                     vxg_array *peaks);

/* ---- The tensor ---- */
#define VXG__TENSOR_TERMS 7 /* Dxx Dxy Dyy Dxz Dyz Dzz in um2/ms, -ln S0 */
/* design (n, terms): rows whose product with the terms is ln S; inverse (terms, n): its
 * pseudo-inverse. VXG_ERR_NUMERICAL: the table does not span the tensor. */
int vxg__tensor_design(const vxg_gradients *g, double *design, double *inverse);

/* ---- Orientation functions of one shell ---- */
#define VXG__CSA_FIRST                                                                             \
    0.28209479177387814 /* 1 / (2 sqrt pi): the first term, so that the integral is 1 */
typedef struct vxg__odf_plan {
    vxg_odf_opts opts; /* as they were taken */
    int64_t volumes, weighted, unweighted;
    int64_t columns, terms; /* of the matrix */
    int32_t *order;         /* the weighted volumes, then the unweighted */
    double *directions;     /* weighted, 3 */
    double *matrix;         /* terms, columns: from what odf_signal makes of the signals */
} vxg__odf_plan;
int vxg__odf_plan_make(const vxg_gradients *g, const vxg_odf_opts *opts, vxg__odf_plan *p);
void vxg__odf_plan_free(vxg__odf_plan *p);
typedef struct vxg__odf_tables { /* the same on a device, with room for a block's tiles */
    vxg_array order, matrix, taken;
} vxg__odf_tables;
int vxg__odf_tables_make(const vxg__voxels *v, const vxg__odf_plan *p, vxg__odf_tables *t);
void vxg__odf_tables_free(vxg__odf_tables *t);
/* sh (tiles of terms) of n items' signals (tiles of volumes). */
int vxg__odf_tiles(const vxg__voxels *v, const vxg__odf_plan *p, const vxg__odf_tables *t,
                   const vxg_array *signal, int64_t n, const vxg_array *sh);

/* ---- Small dense matrices, in double on the host ---- */
/* inverse (k, n) = (A'A + diag ridge)^-1 A' of A (n, k); ridge may be NULL. VXG_ERR_NUMERICAL with
 * `what` in front: A does not span. */
int vxg__pseudo_inverse(int64_t n, int64_t k, const double *a, const double *ridge, double *inverse,
                        const char *what);

static inline double vxg__dwi_dot(const double *a, const double *b) {
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}
static inline void vxg__dwi_cross(const double *a, const double *b, double *out) {
    out[0] = a[1] * b[2] - a[2] * b[1];
    out[1] = a[2] * b[0] - a[0] * b[2];
    out[2] = a[0] * b[1] - a[1] * b[0];
}

#endif
