/* Private side of tracking. A getter (how the next direction is found) is a row: its name, its
 * kernel, how its field and tables are made, what its launch adds, where streamlines begin. */
#ifndef VXG_TRACK_PRIVATE_H
#define VXG_TRACK_PRIVATE_H

#include <voxgrad/track.h>

#include "base/base.h"
#include "dwi/dwi.h"

extern const vxg_option_set vxg__track_option_sets[], vxg__shape_option_sets[];

/* As kernels/track/walk.h has them. */
enum {
    VXG__TRACK_PAGE = 32,
    VXG__TRACK_STATE = 12,
    VXG__TRACK_SETUP = 32,
    VXG__TRACK_COUNTS = 8,
    VXG__TRACK_MOST = 768, /* directions */
    VXG__TRACK_ENDS = 7,
    VXG__TRACK_PEAK =
        5, /* numbers of a peak at a seed: x, y, z, height, which (-1: there is none) */
    VXG__TRACK_HALF_AT = 22,
    VXG__TRACK_LOOKS_AT = 23
};
#define VXG__PURPOSE_TRACK 0x7472616bu /* keys of unlike purposes share no numbers */
#define VXG__PURPOSE_SEEDS 0x73656564u

typedef struct vxg__tracker vxg__tracker;
typedef struct vxg__getter {
    const char *name;
    const char *kernel;
    double max_angle; /* where none is asked for, degrees */
    int samples;      /* 1: fields of samples are taken, the others of harmonics */
    int half;         /* 1: they may be held in half precision */
    /* Checks the field's numbers of a voxel; field, tables and what else the launch needs. */
    int (*make)(vxg__tracker *t, const vxg_track_field *field);
    /* The getter's own numbers and arrays of its launch, whose common ones stand; buffers that come
     * behind field, map and tables. */
    void (*launch)(const vxg__tracker *t, vxg_launch *l);
    /* Tiles of opts.peaks peaks at n seeds (device array of voxel indices), to be released. */
    int (*peaks)(const vxg__tracker *t, const vxg_array *seeds, int64_t n, vxg_array *peaks);
} vxg__getter;
#define VXG__GETTERS (VXG_TRACK_VECTOR + 1)
extern const vxg__getter *const vxg__getters[VXG__GETTERS]; /* by vxg_track_getter */
extern const vxg__getter vxg__getter_probabilistic, vxg__getter_deterministic,
    vxg__getter_bootstrap, vxg__getter_ptt, vxg__getter_peak, vxg__getter_tensor,
    vxg__getter_vector;

/* What stays the same for all blocks of seeds, on the device. */
struct vxg__tracker {
    vxg_device *dev;
    vxg_queue *queue;
    vxg_real real;
    const vxg__getter *getter;
    vxg_track_opts opts; /* as they were taken */
    const vxg_sphere *sphere;
    vxg_sh_basis basis;
    int64_t n[3], voxels;  /* along i, j, k; of all */
    int64_t numbers, room; /* of a voxel of the caller's; of the field's */
    int64_t directions;    /* padded */
    int terms;             /* harmonics; 0: samples */
    int most_points;       /* of a half */
    int looks;             /* walk.h */
    uint32_t wanted;       /* regions that a streamline must have come to */
    double scale;          /* of a field in half precision: its largest number becomes 1024 */
    int even;              /* the function of opposite directions is the same */
    double side;           /* the smallest of a voxel, mm */
    double inverse[12];    /* mm to voxel indices */
    double setup[VXG__TRACK_SETUP]; /* as walk.h has it */
    vxg_array field, map, tables;
    vxg_array order; /* int32: where a voxel's numbers stand in the field */
    /* Of the bootstrap (kernels/track/boot.k). */
    vxg__odf_plan plan;
    vxg_array near; /* neighbours of directions; ptt: the nearest ones, triangles; probabilistic
                       tracking: each voxel's highest value */
    int64_t weighted, unweighted, from,
        kept;     /* padded volumes, the others, where they and U' begin */
    int64_t wide; /* terms, padded */
    /* Of parallel transport (kernels/track/ptt.k): the disc's corners, with padding, triangles. */
    int corners, padded_corners, triangles;
    int follows; /* what the field holds, as kernels/track/follow.k numbers it */
};
int vxg__tracker_make(vxg__tracker *t, vxg_queue *queue, const vxg_track_field *field,
                      const vxg_track_opts *opts);
void vxg__tracker_free(vxg__tracker *t);
/* Options that the getter of the tracker would not look at, as they were given: those of the
 * getters that follow a field with another one, and the other way round. */
int vxg__follow_check(const vxg__tracker *t);
/* A launch with the numbers that all kernels of tracking read (walk.h). */
vxg_launch vxg__track_launch(const vxg__tracker *t, int64_t x, int64_t y, int64_t z);
/* Runs a kernel that was written for groups: of one item on the cpu, of 32 elsewhere. */
int vxg__track_run_groups(const vxg__tracker *t, const char *kernel, vxg_launch *l);
/* The field's room, then the caller's numbers in it; order (numbers): where each stands, NULL: as
 * they are. */
int vxg__track_field_new(vxg__tracker *t, int64_t room, const int32_t *order);
int vxg__track_field_fill(vxg__tracker *t, const vxg_array *values);
/* rows of a (rows, voxels) array to the voxels' numbers order[to] ... */
int vxg__track_turn(const vxg__tracker *t, const vxg_array *rows, int64_t count, int64_t to);
/* count numbers of the field at n seeds, in the order they were given in, as tiles. */
int vxg__track_gather(const vxg__tracker *t, const vxg_array *seeds, int64_t n, int64_t count,
                      vxg_array *tiles);
/* Peaks of tiles of harmonics or samples. */
int vxg__track_tile_peaks(const vxg__tracker *t, const vxg_array *tiles, int64_t n, int harmonics,
                          vxg_array *peaks);
/* The sphere's directions in blocks of 32 neighbours; of symmetric sets those of one half. turned
 * (n, 3): the directions in their own order, list (n): which is where. */
int vxg__sample_order(const vxg__tracker *t, double *turned, int32_t *list);
/* space.c. The inverse of rows of 4; VXG_ERR_INPUT: there is none. */
int vxg__affine_inverse(const double a[12], double inverse[12]);
/* n points of a batch from `first` on by rows of 4 (vxg_tract_to_ras) as float64. */
void vxg__batch_mm(const vxg_tract_batch *b, int64_t first, int64_t n, const double rows[12],
                   double *mm);
static inline int64_t vxg__pad(int64_t n, int64_t step) {
    return (n + step - 1) / step * step;
}

#endif
