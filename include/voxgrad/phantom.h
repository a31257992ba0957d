/* Voxgrad phantoms: objects made of simple shapes whose line integrals are known exactly, and the
 * counts a detector would show of them.
 *
 * Conventions as in ct.h. A phantom has its own length unit (the built-in ones fill about the unit
 * sphere); vxg_phantom_opts says how long that unit is in the geometry's world. Values are
 * attenuation per world length unit. All functions are thread-safe on distinct outputs.
 *
 * Stability: stable (docs/abi.md). */
#ifndef VOXGRAD_PHANTOM_H
#define VOXGRAD_PHANTOM_H

#include "ct.h"

#ifdef __cplusplus
extern "C" {
#endif

/* X(enum, name in files, numbers of centre and half axes) */
#define VXG_SHAPE_LIST(X)                                                                          \
    X(ELLIPSOID, "ellipsoid", 3)                                                                   \
    X(BOX, "box", 3)                                                                               \
    X(CYLINDER, "cylinder", 3) /* elliptic; its axis is the shape's own z */                       \
    X(ELLIPSE, "ellipse", 2)   /* 2-D: unbounded in z */                                           \
    X(RECTANGLE, "rectangle", 2)
typedef enum vxg_shape_kind {
#define VXG_X(e, n, d) VXG_SHAPE_##e,
    VXG_SHAPE_LIST(VXG_X)
#undef VXG_X
} vxg_shape_kind;

/* A point p of the shape is center + R q, q within the half axes, R = Rz(angle[0]) Ry(angle[1])
 * Rz(angle[2]). The density at a point starts at 0; going through the shapes in order, each that
 * contains the point adds its value, or with `replace` sets the density to it. */
typedef struct vxg_shape {
    vxg_shape_kind kind;
    int replace;
    double value;     /* attenuation; may be negative */
    double center[3]; /* x, y, z in phantom units; 2-D: z is ignored */
    double half[3];   /* half axes (radii, half edges) in phantom units; 2-D: z is ignored */
    double angle[3];  /* radians; 2-D: the last two must be 0 */
} vxg_shape;

typedef struct vxg_phantom vxg_phantom; /* immutable */

/* A phantom of n >= 1 shapes, copied. VXG_ERR_ARGUMENT names the shape (from 0) and field. */
VXG_API int vxg_phantom_new(const vxg_shape *shapes, int64_t n, vxg_phantom **out);
/* A phantom from the text of a phantom file (docs/phantoms.md). `title` (the file's name) begins
 * every message; VXG_ERR_INPUT names the line and field. */
VXG_API int vxg_phantom_parse(const char *text, const char *title, vxg_phantom **out);
/* A built-in phantom. VXG_ERR_ARGUMENT lists the names. */
VXG_API int vxg_phantom_named(const char *name, vxg_phantom **out);
/* Name of built-in phantom `index` and the text of its file (may be NULL); NULL behind the last. */
VXG_API const char *vxg_phantom_name(int index, const char **text);
VXG_API void vxg_phantom_release(vxg_phantom *phantom);
VXG_API int64_t vxg_phantom_count(const vxg_phantom *phantom);
VXG_API const vxg_shape *vxg_phantom_shapes(const vxg_phantom *phantom);

typedef struct vxg_phantom_opts {
    uint32_t size;      /* of this struct; 0: the first layout */
    vxg_dtype dtype;    /* of the output: float32 or float64 */
    double unit;        /* world length of one phantom unit; 0: 1 */
    double density;     /* factor on all values; 0: 1 */
    double center[3];   /* world place of the phantom's origin */
    int64_t begin, end; /* views (or slices) to compute; end 0: to the last */
    int samples;        /* sub-samples along each side of a pixel (voxel); 0: 1 (voxels: 4) */
    uint32_t reserved0; /* 0 */
    const vxg_progress *progress;
} vxg_phantom_opts;

/* Exact line integrals in double, rounded once to the output: host array (end - begin, nv, nu) of
 * opts->dtype. Along the half-line from the source through the pixel's centre (cone and fan beam,
 * not ended at the detector) or the whole line (parallel beam); with samples > 1 the mean over the
 * pixel's sub-samples. opts NULL: all zero. VXG_ERR_ARGUMENT when a ray runs along the z axis
 * through a shape that is unbounded in z. */
VXG_API int vxg_phantom_project(const vxg_phantom *phantom, const vxg_ct_geometry *geo,
                                const vxg_phantom_opts *opts, void *out);
/* Density averaged over each voxel: host array (end - begin, ny, nx) of opts->dtype. Voxels that no
 * surface crosses are exact; the others are means over samples^3 points. */
VXG_API int vxg_phantom_voxelize(const vxg_phantom *phantom, const vxg_ct_volume *vol,
                                 const vxg_phantom_opts *opts, void *out);

/* ---- Counts ---- */
/* A Poisson number of this mean, a function of (mean, key, counter) alone: counter = (item low,
 * item high, step, sub-item * 2^16), the low 16 bits count the draws. Means below 10 by inversion,
 * others by transformed rejection (PTRS: W. Hoermann, Insurance: Math. Econ. 12 (1993) 39); both
 * exact up to rounding in double. Means above 1e15 are returned rounded, means <= 0 give 0. */
VXG_API double vxg_poisson(double mean, const uint32_t key[2], const uint32_t counter[4]);

/* A detector of counts: dark + white / photons * Poisson(photons * s * exp(-integral)), rounded and
 * cut to 0..65535. s is the pixel's sensitivity, 1 + flat_pattern * (-1..1): half of it smooth,
 * half from pixel to pixel. */
typedef struct vxg_ct_exposure {
    uint32_t size;      /* of this struct; 0: the first layout */
    uint32_t reserved0; /* 0 */
    double photons;     /* of an open pixel, on average; 0: no noise */
    double white;       /* counts of the open beam above dark */
    double dark;        /* counts without beam */
    double flat_pattern;
    uint64_t seed;
} vxg_ct_exposure;
/* Counts of frames [first, first + nframes) of (nv, nu) pixels. integrals: as many doubles for
 * VXG_FRAME_DATA, NULL otherwise. Every pixel depends on (seed, kind, frame, pixel) alone.
 * *saturated is added to (may be NULL): counts that were cut at 65535. */
VXG_API int vxg_ct_expose(const vxg_ct_exposure *exposure, vxg_frame_kind kind, int64_t first,
                          int64_t nframes, int64_t nv, int64_t nu, const double *integrals,
                          uint16_t *counts, int64_t *saturated);

#ifdef __cplusplus
}
#endif
#endif
