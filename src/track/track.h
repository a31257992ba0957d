/* Private side of tracking. */
#ifndef VXG_TRACK_PRIVATE_H
#define VXG_TRACK_PRIVATE_H

#include <voxgrad/track.h>

#include "base/base.h"
#include "dwi/dwi.h"

extern const vxg_option_set vxg__track_option_sets[];

/* As kernels/track/walk.h has them. */
enum {
    VXG__TRACK_PAGE = 32,
    VXG__TRACK_STATE = 12,
    VXG__TRACK_SETUP = 32,
    VXG__TRACK_COUNTS = 4,
    VXG__TRACK_STRIP = 128, /* numbers of a voxel and directions: multiples of it */
    VXG__TRACK_MOST = 768,
    VXG__TRACK_ENDS = 5
};
#define VXG__PURPOSE_TRACK 0x7472616bu /* keys of unlike purposes share no numbers */

/* What stays the same for all blocks of seeds, on the device. */
typedef struct vxg__tracker {
    vxg_device *dev;
    vxg_queue *queue;
    vxg_real real;
    vxg_track_opts opts;
    const vxg_sphere *sphere;
    vxg_sh_basis basis;
    int64_t n[3], voxels;           /* along i, j, k; of all */
    int64_t numbers, room;          /* of a voxel; with the padding */
    int64_t directions;             /* padded */
    int terms;                      /* harmonics; 0: samples */
    int most_points;                /* of a half */
    double inverse[12];             /* mm to voxel indices */
    double setup[VXG__TRACK_SETUP]; /* as walk.h has it */
    vxg_array field, map, tables;
    /* Of the bootstrap (kernels/track/boot.k). */
    vxg__odf_plan plan;
    vxg_array near; /* neighbours of directions */
    int64_t weighted, unweighted, from,
        kept;     /* padded volumes, the others, where they and U' begin */
    int64_t wide; /* terms, padded */
} vxg__tracker;
int vxg__tracker_make(vxg__tracker *t, vxg_queue *queue, const vxg_track_field *field,
                      const vxg_track_opts *opts);
void vxg__tracker_free(vxg__tracker *t);
/* tracker.c uses it: field and tables of a series (boot.c). */
int vxg__boot_make(vxg__tracker *t, const vxg_track_field *field);
/* The launch's own numbers behind what all getters have. */
void vxg__boot_launch(const vxg__tracker *t, vxg_launch *l);
/* rows of a (rows, voxels) array to the voxels' numbers from `to` on. */
int vxg__track_turn(const vxg__tracker *t, const vxg_array *rows, int64_t count, int64_t to);
static inline int64_t vxg__pad(int64_t n, int64_t step) {
    return (n + step - 1) / step * step;
}
static inline int64_t vxg__track_padded(int64_t n) {
    return (n + VXG__TRACK_STRIP - 1) / VXG__TRACK_STRIP * VXG__TRACK_STRIP;
}

#endif
