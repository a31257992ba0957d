/* Voxgrad diffusion: gradient tables, spherical harmonics, directions on the sphere, local models
 * fitted in every voxel.
 *
 * b-values are in s/mm2 here, directions are unit vectors in scanner coordinates (right, front,
 * top); diffusivities in mm2/s. A series is an array (volumes, voxels...) with the voxels
 * contiguous, as a NIfTI file holds it.
 *
 * Experimental: all of it.
 *
 * Stability: stable but for what is marked (docs/abi.md). */
#ifndef VOXGRAD_DWI_H
#define VOXGRAD_DWI_H

#include "array.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Gradient tables ---- */
typedef struct vxg_gradients vxg_gradients; /* immutable, reference-counted, shareable */

typedef struct vxg_gradients_opts {
    uint32_t size;          /* of this struct; 0: the first layout */
    uint32_t reserved0;     /* 0 */
    double b0_threshold;    /* s/mm2; up to it a volume counts as unweighted; 0: 50 */
    double unit_tolerance;  /* how far from 1 the length of a weighted volume's direction may be; it
                               is made 1; 0: 0.01 */
    double shell_tolerance; /* s/mm2; neighbours in the sorted b-values that are further apart are
                               of two shells; 0: 80 */
} vxg_gradients_opts;

/* A table of n volumes: b, and directions (n, 3) in scanner coordinates. Those of unweighted
 * volumes with b above 0 stay where they are unit vectors, since the tensor reckons with so small a
 * weight too; others become 0. VXG_ERR_INPUT names the volume whose b is negative or no number, or
 * whose direction is none. */
VXG_API int vxg_gradients_new(int64_t n, const double *b, const double *directions,
                              const vxg_gradients_opts *opts, vxg_gradients **out);
/* FSL's files: nb numbers b, and vectors of (rows, columns), 3 x nb, or nb x 3 as some write them,
 * along the image's axes. affine: rows of 4, index to scanner mm. Where its determinant is
 * positive FSL's x points against the first axis. */
VXG_API int vxg_gradients_fsl(int64_t nb, const double *b, int64_t rows, int64_t columns,
                              const double *vectors, const double affine[12],
                              const vxg_gradients_opts *opts, vxg_gradients **out);
/* MRtrix's: (n, 4), x y z b, in scanner coordinates. A row that is no number is unweighted. */
VXG_API int vxg_gradients_mrtrix(int64_t n, const double *table, const vxg_gradients_opts *opts,
                                 vxg_gradients **out);
/* Some of the volumes, in the order of the list. */
VXG_API int vxg_gradients_take(const vxg_gradients *g, int64_t count, const int64_t *volumes,
                               vxg_gradients **out);
VXG_API vxg_gradients *vxg_gradients_retain(vxg_gradients *g);
VXG_API void vxg_gradients_release(vxg_gradients *g);
VXG_API int64_t vxg_gradients_count(const vxg_gradients *g);            /* 0 of NULL */
VXG_API const double *vxg_gradients_b(const vxg_gradients *g);          /* count */
VXG_API const double *vxg_gradients_directions(const vxg_gradients *g); /* count, 3 */
/* Shells by rising b; shell 0 is the unweighted volumes, also where there are none. */
VXG_API int vxg_gradients_shells(const vxg_gradients *g);
VXG_API double vxg_gradients_shell_b(const vxg_gradients *g, int shell); /* mean; 0 of shell 0 */
VXG_API int64_t vxg_gradients_shell_count(const vxg_gradients *g, int shell);
VXG_API int vxg_gradients_shell_of(const vxg_gradients *g, int64_t volume);

/* ---- Spherical harmonics ----
 * Real, even order l = 0, 2 ... L, m = -l ... l; coefficient (l, m) has the number l (l + 1) / 2 +
 * m. Orthonormal on the sphere, with the Condon-Shortley phase. */
typedef enum vxg_sh_basis {
    VXG_SH_TOURNIER07 = 0,      /* MRtrix3: m < 0: sqrt 2 Im Y_l^|m|, m > 0: sqrt 2 Re Y_l^m */
    VXG_SH_DESCOTEAUX07_LEGACY, /* DIPY: m < 0: sqrt 2 Re Y_l^|m|, m > 0: sqrt 2 Im Y_l^m */
    VXG_SH_DESCOTEAUX07         /* DIPY, legacy=False: m < 0: sqrt 2 Re Y_l^m, m > 0 as before */
} vxg_sh_basis;
#define VXG_SH_MOST 20                   /* the largest order */
VXG_API int64_t vxg_sh_count(int order); /* (L + 1) (L + 2) / 2; 0 of an odd order */
VXG_API int vxg_sh_order(int64_t count); /* of so many coefficients; -1: of none */
/* matrix (n, count): the functions at n directions, which need not be unit vectors.
 * VXG_ERR_ARGUMENT names the direction that is 0 0 0 or no number. */
VXG_API int vxg_sh_matrix(vxg_sh_basis basis, int order, int64_t n, const double *directions,
                          double *matrix);
/* Coefficients from one basis to another, in place: n sets of vxg_sh_count(order). */
VXG_API int vxg_sh_convert(vxg_sh_basis from, vxg_sh_basis to, int order, int64_t n,
                           double *coefficients);

/* ---- Directions on the sphere ---- */
typedef struct vxg_sphere vxg_sphere; /* immutable, reference-counted, shareable */
/* By name: "repulsion724", "repulsion200", "repulsion100", "symmetric724", "symmetric642",
 * "symmetric362" (pairs of opposite directions); "hemi:" in front: one of each pair, neighbours
 * across the rim included. NULL: "hemi:repulsion724". */
VXG_API int vxg_sphere_named(const char *name, vxg_sphere **out);
VXG_API const char *vxg_sphere_name_at(int index); /* NULL behind the last */
/* n directions (n, 3) of the caller's, at least 6, made unit vectors; symmetric: each stands for
 * its opposite too. Neighbours are those of the convex hull. */
VXG_API int vxg_sphere_new(int64_t n, const double *directions, int symmetric, vxg_sphere **out);
VXG_API vxg_sphere *vxg_sphere_retain(vxg_sphere *s);
VXG_API void vxg_sphere_release(vxg_sphere *s);
VXG_API int64_t vxg_sphere_count(const vxg_sphere *s);
VXG_API const double *vxg_sphere_directions(const vxg_sphere *s);             /* count, 3 */
VXG_API int64_t vxg_sphere_edges(const vxg_sphere *s, const int32_t **pairs); /* how many */
VXG_API int vxg_sphere_is_symmetric(const vxg_sphere *s);

/* ---- Fits ----
 * Everywhere below: `dwi` is an array (volumes, voxels...) of float32, or of float64 on devices
 * that have it, whose volumes are those of the gradient table. voxels: a list of uint32, the
 * numbers of the voxels to be looked at (vxg_array_compact of a mask makes one), or NULL: all.
 * Results are arrays (rows, voxels...) of the same type, with the series' axes of voxels or one for
 * all, one row also without its axis; none may share memory with another; one whose buffer is NULL
 * is not wanted. Voxels that are not in the list are set to 0 (numbers of peaks: -1); a call that
 * is refused changes nothing; one that is cancelled (progress, of the options) leaves some voxels
 * without their results. Of a voxel with a signal that is NaN or infinite all results are NaN;
 * it has no peaks. Each voxel is fitted by itself: the bits do not depend on the list, on threads
 * or on how many are fitted at once. VXG_ERR_ARGUMENT names an array that does not fit. */
/* What is taken out of a mask, and put into it. Voxels are of one part that share a side. */
typedef enum vxg_mask_clean {
    VXG_MASK_NONE = 0,
    VXG_MASK_ISLANDS, /* the largest part alone is left */
    VXG_MASK_HOLES,   /* what it encloses is of it: parts outside it that do not reach the image's
                         border */
    VXG_MASK_BOTH     /* islands, then holes */
} vxg_mask_clean;
typedef struct vxg_mask_opts {
    uint32_t size;  /* of this struct; 0: the first layout */
    int32_t radius; /* voxels; boxes of 2 radius + 1 a side; 0: 4 */
    int32_t passes; /* medians one after the other; 0: 4, below 0: none */
    int32_t dilate; /* layers of voxels that are put around it */
    vxg_mask_clean clean;
    uint32_t reserved0; /* 0 */
} vxg_mask_opts;
/* A mask of the head: the mean of the unweighted volumes (g NULL: of all), smoothed by medians over
 * boxes (mirrored at the border, the last voxel twice), above Otsu's threshold of its histogram of
 * 256 bins. With opts NULL as DIPY's median_otsu. dwi: (volumes, k, j, i). mask: (k, j, i) of
 * uint32, 0 and 1. VXG_ERR_INPUT: no unweighted volume, a mean that is not finite;
 * VXG_ERR_NUMERICAL: the same signal everywhere. */
VXG_API int vxg_dwi_mask(vxg_queue *queue, const vxg_gradients *g, const vxg_array *dwi,
                         const vxg_mask_opts *opts, const vxg_array *mask);

/* How weights begin. */
typedef enum vxg_tensor_start {
    VXG_TENSOR_OLS = 0, /* ordinary least squares, then the signal that it predicts */
    VXG_TENSOR_DATA     /* the measured signal, as MRtrix3 does: one weighted fit more */
} vxg_tensor_start;
typedef struct vxg_tensor_opts {
    uint32_t size;      /* of this struct; 0: the first layout */
    int32_t iterations; /* 0: ordinary least squares of the logarithms; n: n weighted fits after
                           it, the weights being the squared signal that the fit before predicts */
    vxg_tensor_start start;
    uint32_t reserved0; /* 0 */
    double min_signal;  /* what is smaller counts as that; 0: 1e-4 */
    double min_share;   /* likewise, of the largest signal of the voxel; 0: none. MRtrix3: 1e-6 */
    double min_eigenvalue;        /* mm2/s; smaller ones count as that in the maps; 0: 1e-6 over the
                                     largest entry of the design, below 0: none */
    const vxg_progress *progress; /* between blocks of voxels */
} vxg_tensor_opts;
typedef struct vxg_tensor_maps { /* of one layout; rows */
    uint32_t size;               /* of this struct, or 0 */
    uint32_t reserved0;          /* 0 */
    vxg_array tensor;            /* 6: Dxx Dyy Dzz Dxy Dxz Dyz, mm2/s, scanner axes */
    vxg_array s0;                /* 1 */
    vxg_array eigenvalues;       /* 3, falling, mm2/s */
    vxg_array eigenvectors;      /* 9: x y z of the first, the second, the third */
    vxg_array fa, md, ad, rd;    /* 1: fractional anisotropy; mean, axial, radial diffusivity */
    vxg_array rgb;               /* 3: magnitudes of the first eigenvector, times FA */
} vxg_tensor_maps;
/* The diffusion tensor. The table must span it: six directions at least, two b-values. */
VXG_API int vxg_dwi_tensor(vxg_queue *queue, const vxg_gradients *g, const vxg_array *dwi,
                           const vxg_array *voxels, const vxg_tensor_opts *opts,
                           const vxg_tensor_maps *maps);

/* Orientation functions out of one shell, as spherical harmonics of the given basis. */
typedef enum vxg_odf_kind {
    VXG_ODF_AMPLITUDES = 0, /* the signals themselves */
    VXG_ODF_QBALL, /* M. Descoteaux et al., Magn. Reson. Med. 58, 2007, without the factor 2 pi */
    VXG_ODF_CSA,   /* constant solid angle: I. Aganj et al., Magn. Reson. Med. 64, 2010 */
    VXG_ODF_OPDT   /* A. Tristan-Vega et al., NeuroImage 47, 2009 */
} vxg_odf_kind;
typedef struct vxg_odf_opts {
    uint32_t size; /* of this struct; 0: the first layout */
    vxg_odf_kind kind;
    int32_t order;      /* of the harmonics, even; 0: 4 */
    int32_t shell;      /* which; 0: the only one there is */
    vxg_sh_basis basis; /* of the result */
    uint32_t reserved0; /* 0 */
    double smooth;      /* factor of the squared Laplace-Beltrami operator; 0: 0.006 (of amplitudes:
                           none), below 0: none */
    double min_signal;  /* what is smaller counts as that, before it is divided by the unweighted
                           signal; 0: 1e-5. Not for amplitudes */
    const vxg_progress *progress; /* between blocks of voxels */
} vxg_odf_opts;
/* sh: vxg_sh_count(order) rows. The kinds but amplitudes need an unweighted volume. */
VXG_API int vxg_dwi_odf(vxg_queue *queue, const vxg_gradients *g, const vxg_array *dwi,
                        const vxg_array *voxels, const vxg_odf_opts *opts, const vxg_array *sh);
/* Generalised fractional anisotropy of harmonics (coefficients, voxels...): one row; 0 where all
 * are 0. */
VXG_API int vxg_dwi_gfa(vxg_queue *queue, const vxg_array *sh, const vxg_array *voxels,
                        const vxg_array *gfa);

/* The signal of one fibre along z in a shell: its harmonics of m = 0, orders 0, 2 ... */
typedef struct vxg_response { /* of one layout */
    uint32_t size;            /* of this struct, or 0 */
    int32_t order;            /* of the harmonics */
    double zonal[VXG_SH_MOST / 2 + 1];
    double eigenvalues[3]; /* mm2/s, of the tensor that it was made of; 0: of none */
    double s0;             /* the unweighted signal */
    int64_t voxels;        /* how many it was estimated from; 0: it was given */
    double b;             /* of its shell, s/mm2; 0: not known. The deconvolution refuses another */
    uint64_t reserved[1]; /* 0 */
} vxg_response;
/* That of a tensor, its signals at the shell's directions fitted to the order. shell 0: the only
 * one there is. */
VXG_API int vxg_response_tensor(const vxg_gradients *g, int shell, int order,
                                const double eigenvalues[3], double s0, vxg_response *out);
/* The mean tensor of the voxels of a list (NULL: all) whose FA is above fa (0: 0.7): the first
 * eigenvalue, the second for both others, and the mean unweighted signal. Where the second is above
 * 0.3 of the first it is not of single fibres. VXG_ERR_NUMERICAL: no voxel is. */
VXG_API int vxg_response_auto(vxg_queue *queue, const vxg_gradients *g, const vxg_array *dwi,
                              const vxg_array *voxels, int shell, int order, double fa,
                              vxg_response *out);

typedef struct vxg_recursive_opts {
    uint32_t size;         /* of this struct; 0: the first layout */
    int32_t order;         /* of the deconvolution and of the response, even; 0: 8 */
    int32_t shell;         /* which; 0: the only one there is */
    int32_t iterations;    /* at most; 0: 8 */
    double peak_threshold; /* a voxel with a second peak below that share of the first is of one
                              fibre; 0: 0.01 */
    double fa, trace;      /* of the tensor that it begins with; trace in mm2/s; 0: 0.08, 0.0021 */
    double convergence;    /* it ends when no term changes by more than that share; 0: 0.001 */
    const vxg_sphere *sphere;     /* where peaks are looked for; NULL: the default set */
    const vxg_progress *progress; /* of the iterations, asked between blocks of voxels */
} vxg_recursive_opts;
/* Recursive calibration: C. M. W. Tax et al., NeuroImage 86, 2014, as DIPY's recursive_response.
 * The voxels of the list (NULL: all; those of white matter are meant) are deconvolved, and those
 * with a single peak make the next response. out->voxels is how many were left at the end.
 * VXG_ERR_NUMERICAL: none was. */
VXG_API int vxg_response_recursive(vxg_queue *queue, const vxg_gradients *g, const vxg_array *dwi,
                                   const vxg_array *voxels, const vxg_recursive_opts *opts,
                                   vxg_response *out);

/* Constrained spherical deconvolution: J.-D. Tournier et al., NeuroImage 35, 2007. */
typedef enum vxg_csd_rules {
    VXG_CSD_DIPY = 0, /* the fibres' density is pressed down where it is below tau times its mean:
                         first where the start's orders up to 4 are, or where those are nowhere, its
                         full order; where that is nowhere either, the start is the result */
    VXG_CSD_MRTRIX    /* where it is below 0 */
} vxg_csd_rules;
typedef struct vxg_csd_opts {
    uint32_t size; /* of this struct; 0: the first layout */
    vxg_csd_rules rules;
    int32_t order;            /* of the result, even; 0: 8 */
    int32_t shell;            /* which; 0: the only one there is, or the highest that has directions
                                 for the order */
    int32_t iterations;       /* at most; 0: 50 */
    vxg_sh_basis basis;       /* of the result */
    double lambda;            /* weight of the constraint; 0: 1 */
    double tau;               /* of the mean; 0: 0.1. DIPY's rules alone */
    const vxg_sphere *sphere; /* where it is looked at; NULL: "hemi:symmetric362" */
    const vxg_progress *progress; /* between blocks of voxels */
} vxg_csd_opts;
/* sh: vxg_sh_count(order) rows. Orders beyond the response's are held by the constraint alone.
 * Where the directions do not determine the order, and in float32 beyond order 10, DIPY's rules add
 * 0.0002 of its first entry to the diagonal of the normal matrix, as MRtrix3's always do (DIPY:
 * 1e-5 in the signals' units, which rounding drowns). A coefficient that neither signals nor
 * constraint determine beyond rounding is 0: in float32 that may be, in almost isotropic voxels,
 * what float64 still tells from noise. VXG_ERR_ARGUMENT: also a response with a term that is no
 * number, or beyond 1000 times the first. */
VXG_API int vxg_dwi_csd(vxg_queue *queue, const vxg_gradients *g, const vxg_array *dwi,
                        const vxg_array *voxels, const vxg_response *response,
                        const vxg_csd_opts *opts, const vxg_array *sh);

typedef struct vxg_peaks_opts {
    uint32_t size;      /* of this struct; 0: the first layout */
    int32_t peaks;      /* how many at most; 0: 5 */
    vxg_sh_basis basis; /* of the harmonics */
    uint32_t reserved0; /* 0 */
    double
        relative_threshold; /* of the first peak's height over the minimum; 0: 0.5, below 0: none */
    double min_separation;  /* degrees; 0: 25 */
    const vxg_progress *progress; /* between blocks of voxels */
} vxg_peaks_opts;
typedef struct vxg_peaks_maps { /* of one layout */
    uint32_t size;              /* of this struct, or 0 */
    uint32_t reserved0;         /* 0 */
    vxg_array directions;       /* 3 rows a peak, 0 0 0 where there is none */
    vxg_array values;           /* one row a peak */
    vxg_array numbers;          /* one row a peak: of the direction on the sphere; -1: none */
} vxg_peaks_maps;
/* Peaks of harmonics on a set of directions (NULL: the default set), the highest first. A function
 * that is the same everywhere but for rounding has none. */
VXG_API int vxg_dwi_peaks(vxg_queue *queue, const vxg_array *sh, const vxg_array *voxels,
                          const vxg_sphere *sphere, const vxg_peaks_opts *opts,
                          const vxg_peaks_maps *maps);

#ifdef __cplusplus
}
#endif
#endif
