/* Voxgrad tracking: streamlines through orientation functions, from seeds, into a writer of
 * streamlines (tracts.h).
 *
 * Positions are in scanner coordinates (right, front, top), steps and lengths in mm. The same seeds
 * and options give the same streamlines, bit for bit on one device, whatever the threads and the
 * blocks they are worked on in: random numbers are functions of the seed's number, the half and the
 * step.
 *
 * Experimental: all of it.
 *
 * Stability: stable but for what is marked (docs/abi.md). */
#ifndef VOXGRAD_TRACK_H
#define VOXGRAD_TRACK_H

#include "dwi.h"
#include "tracts.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The image that streamlines run through. */
typedef struct vxg_track_field { /* of one layout */
    uint32_t size;               /* of this struct, or 0 */
    vxg_sh_basis basis;          /* of harmonics */
    vxg_array values; /* (numbers, k, j, i): harmonics, samples on the sphere's directions, vectors,
                         tensors, or a series of images, as the getter needs them; float32, or
                         float64 on devices that have it */
    int32_t samples;  /* 1: samples */
    int32_t nregions; /* of include regions, 0 to VXG_TRACK_REGIONS */
    const vxg_gradients *gradients; /* of a series */
    const vxg_odf_opts *model;      /* of a series: VXG_ODF_CSA or VXG_ODF_OPDT */
    vxg_array map; /* (k, j, i): a streamline goes on while it is above the threshold; buffer NULL:
                      it goes on everywhere */
    vxg_array regions;        /* uint32 (k, j, i), VXG_TRACK_STOP, ... of the nearest voxel; buffer
                                 NULL: none */
    double affine[12];        /* rows of 4: index (i, j, k) of a voxel's centre and 1 to mm */
    const vxg_sphere *sphere; /* the directions; NULL: the default set */
    uint64_t reserved[2];     /* 0 */
} vxg_track_field;

/* Bits of vxg_track_field.regions. A streamline is looked at in all its points, the seed among
 * them, each in the voxel whose centre is nearest. */
#define VXG_TRACK_STOP 1u                /* it ends before this voxel */
#define VXG_TRACK_EXCLUDE 2u             /* it is left out if it comes here */
#define VXG_TRACK_INCLUDE(n) (4u << (n)) /* it is left out if it comes to no voxel of region n */
#define VXG_TRACK_REGIONS 16

/* Rows of 4 that lead from a file's positions to scanner coordinates in mm: of RAS the identity; of
 * TrackVis' from the corner in voxel_order over voxel indices (half a voxel from the corner, turned
 * into the affine's order of axes) by the affine. VXG_ERR_INPUT: what that needs is not known, or
 * voxel_order does not name three axes. */
VXG_API int vxg_tract_to_ras(const vxg_tract_info *info, double rows[12]);
/* And back. */
VXG_API int vxg_tract_from_ras(const vxg_tract_info *info, double rows[12]);
/* n positions of float32 or float64, in place. */
VXG_API int vxg_tract_move(const double rows[12], vxg_dtype dtype, int64_t n, void *positions);

/* ---- Streamlines after tracking ---- */

typedef struct vxg_tract_filter_opts {
    uint32_t size;      /* of this struct; 0: the first layout */
    int32_t linearize;  /* 1: points that are not needed go, as vxg_tract_linearize does it */
    double tolerance;   /* mm, of it; 0: 0.1 */
    double max_segment; /* mm, of it; 0: 10 */
    double min_length;  /* mm; shorter streamlines stay behind */
    double max_length;  /* mm; longer ones do; 0: none */
    int32_t points;     /* of each streamline: set anew, as vxg_tract_resample does it; 0: not */
    uint32_t reserved0; /* 0 */
    double step;        /* mm, of it; 0: not */
} vxg_tract_filter_opts;
typedef struct vxg_tract_filter_stats {
    uint32_t size;                 /* set by the caller: sizeof of this struct, or 0 */
    uint32_t reserved0;            /* 0 */
    int64_t streamlines, points;   /* that went on */
    int64_t short_ones, long_ones; /* that stayed behind */
    int64_t dropped;               /* points of streamlines that went on */
    double length;                 /* mm, of all that went on, before points were dropped */
} vxg_tract_filter_stats;
/* A writer in front of another one: it moves streamlines from the space that `from` says (NULL: the
 * other's) into the other's, and hands on those that are long enough with the points they need and
 * their columns, which are the other's (info.npoint_columns...). Lengths and distances are measured
 * in scanner coordinates; positions that need not be moved come through as they are. Points that
 * are set anew have no columns: then the other has none of points (VXG_ERR_ARGUMENT). Numbers of
 * streamlines in groups are the caller's matter. vxg_tract_copy may write into it; finishing or
 * abandoning it does that to the other, which until then is not to be touched. VXG_ERR_INPUT: a
 * space that is not known. opts may be NULL. */
VXG_API int vxg_tract_filter_new(vxg_tract_writer *to, const vxg_tract_info *from,
                                 const vxg_tract_filter_opts *opts, vxg_tract_writer **out);
/* So far. VXG_ERR_ARGUMENT: the writer is no filter. */
VXG_API int vxg_tract_filter_get_stats(const vxg_tract_writer *filter, vxg_tract_filter_stats *out);

/* What makes a streamline count in a voxel. A voxel is [index - 1/2, index + 1/2) along each axis;
 * a streamline counts once in it, however often it comes by. */
typedef enum vxg_tract_density_by {
    VXG_TRACT_BY_SEGMENTS = 0, /* its line passes through, however its points are spaced */
    VXG_TRACT_BY_POINTS,       /* one of its points lies in it: DIPY's density_map; linearised
                                  streamlines have holes in it */
    VXG_TRACT_BY_SAMPLES /* one of its points does, or one of those that are set between them on
                            a smooth curve, a third of the shortest side apart: MRtrix3's
                            tckmap; corners that are cut by less than that are left out */
} vxg_tract_density_by;
typedef struct vxg_tract_density_opts {
    uint32_t size; /* of this struct; 0: the first layout */
    vxg_tract_density_by by;
    int32_t color; /* 1: directions are added too */
    uint32_t reserved0;
    int64_t grid[3];   /* voxels along i, j, k; 2^31 - 1 in all at most */
    double affine[12]; /* rows of 4: index (i, j, k) of a voxel's centre and 1 to mm */
} vxg_tract_density_opts;
typedef struct vxg_tract_density_stats {
    uint32_t size;               /* set by the caller: sizeof of this struct, or 0 */
    uint32_t reserved0;          /* 0 */
    int64_t streamlines, points; /* that were added */
    int64_t outside;             /* points that lie in no voxel */
    int64_t leaving;             /* streamlines with such points */
    int64_t missed;              /* streamlines that count in no voxel */
} vxg_tract_density_stats;
typedef struct vxg_tract_density vxg_tract_density; /* belongs to one thread at a time */
/* A map of the grid, empty. Memory: 8 bytes a voxel, with colours 32. VXG_ERR_ARGUMENT: a grid that
 * is none; VXG_ERR_INPUT: an affine without inverse. */
VXG_API int vxg_tract_density_new(const vxg_tract_density_opts *opts, vxg_tract_density **out);
/* Streamlines in the space that info says. The map does not depend on how they come in batches.
 * VXG_ERR_INPUT: a space that is not known, a point more than 1e8 voxels away. VXG_ERR_UNSUPPORTED:
 * over 2^32 - 1 streamlines; over a million samples between two points. */
VXG_API int vxg_tract_density_add(vxg_tract_density *density, const vxg_tract_info *info,
                                  const vxg_tract_batch *batch);
/* (k, j, i): streamlines in each voxel; the map's own. */
VXG_API const uint32_t *vxg_tract_density_counts(const vxg_tract_density *density);
/* (3, k, j, i): the direction of each voxel's streamlines along x, y and z, as magnitudes, times
 * their number (MRtrix3's directionally-encoded colours): that of the sum of each one's own in the
 * voxel as a unit vector. By segments that is of its parts there, else at each point from the one
 * before to the one behind. VXG_ERR_ARGUMENT: made without color. */
VXG_API int vxg_tract_density_colors(const vxg_tract_density *density, float *out);
VXG_API int vxg_tract_density_get_stats(const vxg_tract_density *density,
                                        vxg_tract_density_stats *out);
VXG_API void vxg_tract_density_free(vxg_tract_density *density); /* NULL is fine */

/* ---- Tracking ---- */

typedef enum vxg_track_getter {
    VXG_TRACK_PROBABILISTIC = 0, /* a direction of the sphere, drawn by the function's values */
    VXG_TRACK_DETERMINISTIC,     /* the direction where it is highest */
    VXG_TRACK_BOOTSTRAP,         /* the peak nearest to the last direction, of a function of signals
                                    with residuals drawn anew. J. I. Berman et al., NeuroImage 39,
                                    2008 */
    VXG_TRACK_PTT,    /* parallel transport: an arc, drawn by the function's values along it. D. B.
                         Aydogan, Y. Shi, IEEE Trans. Med. Imaging 40, 2021 */
    VXG_TRACK_PEAK,   /* the maximum of harmonics that is reached uphill from the last direction, by
                         Newton's steps on the sphere. J.-D. Tournier et al., Int. J. Imaging Syst.
                         Technol. 22, 2012 */
    VXG_TRACK_TENSOR, /* the first eigenvector of tensors (6 numbers: xx yy zz xy xz yz) that are
                         interpolated, or, where the field has gradients, of those that are fitted
                         to the logarithms of the interpolated series (512 volumes at most). P. J.
                         Basser et al., Magn. Reson. Med. 44, 2000 */
    VXG_TRACK_VECTOR  /* of one or several vectors a voxel (3 numbers each; their sign is of no
                         meaning, those of no length and those that are no numbers are none) in each
                         corner the one nearest to the last direction, interpolated */
} vxg_track_getter;

/* Of the getters that follow a field: peak, tensor, vector. */
typedef enum vxg_track_integrator {
    VXG_TRACK_EULER = 0,
    VXG_TRACK_RK4 /* Runge-Kutta of order 4: four looks a step, the map and the regions at its end
                     alone. Steps may be shorter than `step`; a half ends where a look finds no
                     direction or lies outside the image */
} vxg_track_integrator;

/* What programs that people know do otherwise; --rules of the command. */
typedef enum vxg_track_rules {
    VXG_TRACK_OWN =
        0,          /* both halves leave the seed along its peak; a bootstrap attempt without a peak
                       is made anew; seeds where the map is not above the threshold are left out */
    VXG_TRACK_DIPY, /* the second half leaves against the first one's first step; seeds are not
                       looked at */
    VXG_TRACK_CUSLINES, /* a bootstrap attempt without a peak in the cone is made anew; of its
                           function values below 5 % of the highest count as 0; seeds are not looked
                           at */
    VXG_TRACK_NIBRARY   /* parallel transport alone: its parameters */
} vxg_track_rules;

typedef struct vxg_track_opts {
    uint32_t size; /* of this struct; 0: the first layout */
    vxg_track_getter getter;
    vxg_track_rules rules;
    int32_t attempts;  /* of a bootstrap step; 0: 5 */
    double step;       /* mm; 0: half the smallest side of a voxel */
    double max_angle;  /* degrees between steps; 0: 20, of bootstrap, peak, tensor and vector 60 */
    double min_length; /* mm, as many steps; with VXG_TRACK_RK4 a bound of the true length */
    double max_length; /* mm; 0: 500 */
    double threshold;  /* of the map */
    double pmf_threshold; /* values below this share of the highest do not count; 0: 0.1, with
                             cuslines' rules 0.05, below 0: none */
    int32_t peaks;        /* streamlines of a seed at most, one for each peak there; 0: 1 */
    int32_t block;        /* seeds that are worked on together; 0: chosen here */
    double relative_peak_threshold; /* as of vxg_peaks_opts */
    double min_separation;          /* degrees, likewise */
    double angular_weight; /* w, 0 to 1: after the first step values at an angle a to the last
                              direction count 1 - w + w |cos a| times; not of the getters from ptt
                              on */
    double cutoff; /* peak: least height there; tensor: least FA; vector: least length; a half
                      ends in a point where it is below. 0: 0.1, below 0: none. The other getters
                      refuse it */
    vxg_track_integrator integrator;
    int32_t half; /* 1: the field is held in half precision (11 bits, scaled by its largest number);
                     float32 alone, harmonics or samples, all finite */
    /* Parallel transport; 0: as the rules have it (docs/tracking.md has the table). */
    double probe_length;   /* mm: how far ahead the function is looked at */
    double probe_radius;   /* mm: of the ring of lines that are looked along */
    double min_radius;     /* mm: of curvature */
    double min_support;    /* least mean of the function along the probe; below 0: none */
    double support_power;  /* weights are the support to that power */
    int32_t probe_quality; /* points along the probe, the beginning among them, 2 to 64 */
    int32_t probe_count;   /* lines on the ring, 1 to 16; 1: the arc itself */
    int32_t small_steps;   /* arcs a step, 1 to 100 */
    int32_t disc_rings; /* curvatures are drawn from a disc of triangles in so many rings, 1 to 6 */
    int32_t tries;      /* of curvatures, before a half ends, 1 to 10000 */
    int32_t first_tries; /* of curvatures at the seed, the best is taken, 1 to 1000 */
    int32_t weak_links;  /* 1: points of the probe may lie below min_support, 2: none may */
    int32_t normalize;   /* 1: the function is divided by its highest value in each voxel, 2: not */
    int32_t best;        /* 1: no draw but the curvatures of the highest support */
    int32_t reserved1;   /* 0 */
    uint64_t seed;       /* of the random numbers */
    int64_t first;       /* the number of the first seed; a part of a list of seeds gives
                            what it gives in the whole */
    const vxg_progress *progress;
} vxg_track_opts;

typedef struct vxg_track_stats {
    uint32_t size;      /* set by the caller: sizeof of this struct, or 0 */
    uint32_t reserved0; /* 0 */
    int64_t seeds, outside, streamlines, points; /* outside: seeds that are not in the image */
    int64_t short_ones;                          /* streamlines below min_length, left out */
    int64_t region_ones;                         /* left out for their regions */
    double length;                               /* mm, of all that were written: their steps */
    int64_t ended[8]; /* halves by how they ended: 1 no direction, 2 the map, 3 outside, 4 too long,
                         5 a region, 6 a turn beyond max_angle */
} vxg_track_stats;

/* ---- Seeds ---- */
typedef enum vxg_seeds_kind {
    VXG_SEEDS_RANDOM = 0, /* `number` in all, anywhere in the mask, each voxel equally often */
    VXG_SEEDS_PER_VOXEL,  /* `number` at random in each voxel */
    VXG_SEEDS_GRID        /* `number` along each axis of each voxel, evenly, about its centre */
} vxg_seeds_kind;
typedef struct vxg_seeds_opts {
    uint32_t size; /* of this struct; 0: the first layout */
    vxg_seeds_kind kind;
    int64_t number; /* 0: 1 */
    uint64_t seed;  /* of the random numbers */
    int64_t first;  /* the first of them that is wanted */
} vxg_seeds_opts;
/* How many seeds a mask (host memory: n[0] n[1] n[2] bytes, i fastest; what is not 0 is in it)
 * gives in all. */
VXG_API int vxg_track_seeds_count(const int64_t n[3], const uint8_t *mask,
                                  const vxg_seeds_opts *opts, int64_t *count);
/* `room` of them at most from opts->first on, scanner coordinates in mm (room, 3), voxel after
 * voxel in the order i, j, k (random ones in order of their numbers); *got: how many. affine: rows
 * of 4. Each seed depends on its number and the mask alone, so that parts are the whole's.
 * VXG_ERR_INPUT: the mask is empty. */
VXG_API int vxg_track_seeds(const int64_t n[3], const uint8_t *mask, const double affine[12],
                            const vxg_seeds_opts *opts, int64_t room, double *seeds, int64_t *got);

/* Tracks from n seeds (n, 3), mm, in order, and writes each streamline once, in the writer's space
 * (the writer is neither finished nor abandoned). stats may be NULL. VXG_ERR_ARGUMENT names an
 * option or an array that does not fit; VXG_ERR_CANCELLED. */
VXG_API int vxg_track_run(vxg_queue *queue, const vxg_track_field *field, int64_t n,
                          const double *seeds, const vxg_track_opts *opts, vxg_tract_writer *writer,
                          vxg_track_stats *stats);

#ifdef __cplusplus
}
#endif
#endif
