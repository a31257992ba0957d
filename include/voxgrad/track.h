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
    vxg_array
        values;         /* (numbers, k, j, i): harmonics, samples on the sphere's directions, or for
                           the bootstrap the series itself; float32, or float64 on devices that have it */
    int32_t samples;    /* 1: samples */
    uint32_t reserved0; /* 0 */
    const vxg_gradients *gradients; /* of a series */
    const vxg_odf_opts *model;      /* of a series: VXG_ODF_CSA or VXG_ODF_OPDT */
    vxg_array map;            /* (k, j, i): a streamline goes on while it is above the threshold */
    double affine[12];        /* rows of 4: index (i, j, k) of a voxel's centre and 1 to mm */
    const vxg_sphere *sphere; /* the directions; NULL: the default set */
    uint64_t reserved[2];     /* 0 */
} vxg_track_field;

/* Rows of 4 that lead from a file's positions to scanner coordinates in mm: of RAS the identity; of
 * TrackVis' from the corner in voxel_order over voxel indices (half a voxel from the corner, turned
 * into the affine's order of axes) by the affine. VXG_ERR_INPUT: what that needs is not known, or
 * voxel_order does not name three axes. */
VXG_API int vxg_tract_to_ras(const vxg_tract_info *info, double rows[12]);
/* And back. */
VXG_API int vxg_tract_from_ras(const vxg_tract_info *info, double rows[12]);
/* n positions of float32 or float64, in place. */
VXG_API int vxg_tract_move(const double rows[12], vxg_dtype dtype, int64_t n, void *positions);

typedef enum vxg_track_getter {
    VXG_TRACK_PROBABILISTIC = 0, /* a direction of the sphere, drawn by the function's values */
    VXG_TRACK_DETERMINISTIC,     /* the direction where it is highest */
    VXG_TRACK_BOOTSTRAP /* the nearest peak of the function of resampled signals: residual bootstrap
                         */
} vxg_track_getter;

/* What programs that people know do otherwise; --rules of the command. */
typedef enum vxg_track_rules {
    VXG_TRACK_OWN =
        0,          /* both halves leave the seed along its peak; a bootstrap attempt without a peak
                       is made anew; seeds where the map is not above the threshold are left out */
    VXG_TRACK_DIPY, /* the second half leaves against the first one's first step; seeds are not
                       looked at */
    VXG_TRACK_CUSLINES /* a bootstrap attempt without a peak in the cone is made anew; values below
                          5 % of the highest count as 0; seeds are not looked at */
} vxg_track_rules;

typedef struct vxg_track_opts {
    uint32_t size; /* of this struct; 0: the first layout */
    vxg_track_getter getter;
    vxg_track_rules rules;
    int32_t attempts;     /* of a bootstrap step; 0: 5 */
    double step;          /* mm; 0: half the smallest side of a voxel */
    double max_angle;     /* degrees between steps; 0: 20, of the bootstrap 60 */
    double min_length;    /* mm */
    double max_length;    /* mm; 0: 500 */
    double threshold;     /* of the map */
    double pmf_threshold; /* values below this share of the highest do not count; 0: 0.1, below 0:
                             none */
    int32_t peaks;        /* streamlines of a seed at most, one for each peak there; 0: 1 */
    int32_t block;        /* seeds that are worked on together; 0: chosen here */
    double relative_peak_threshold; /* as of vxg_peaks_opts */
    double min_separation;          /* degrees, likewise */
    uint64_t seed;                  /* of the random numbers */
    int64_t first;                  /* the number of the first seed; a part of a list of seeds gives
                                       what it gives in the whole */
    const vxg_progress *progress;
} vxg_track_opts;

typedef struct vxg_track_stats {
    uint32_t size;      /* set by the caller: sizeof of this struct, or 0 */
    uint32_t reserved0; /* 0 */
    int64_t seeds, outside, streamlines, points; /* outside: seeds that are not in the image */
    int64_t short_ones;                          /* streamlines below min_length, left out */
    double length;                               /* mm, of all that were written */
    int64_t
        ended[5]; /* halves by how they ended: 1 no direction, 2 the map, 3 outside, 4 too long */
} vxg_track_stats;

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
