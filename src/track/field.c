/* Fields on the device, a voxel's numbers side by side; maps and regions as trackers read them. */
#include "array/launch.h"
#include "track/track.h"

#include <math.h>
#include <string.h>

vxg_launch vxg__track_launch(const vxg__tracker *t, int64_t x, int64_t y, int64_t z) {
    const uint64_t key = t->opts.seed ^ VXG__PURPOSE_TRACK;
    vxg_launch l = {.global = {x, y, z},
                    .nints = VXG_MAX_INTS,
                    .ints = {(int)t->n[0], (int)t->n[1], (int)t->n[2], (int)t->room},
                    .nreals = 2,
                    .reals = {cos(t->opts.max_angle * (M_PI / 180)), t->opts.threshold}};
    l.ints[6] = t->most_points;
    l.ints[9] = (int)(uint32_t)key, l.ints[10] = (int)(uint32_t)(key >> 32);
    l.ints[VXG__TRACK_HALF_AT] = t->opts.half, l.ints[VXG__TRACK_LOOKS_AT] = t->looks;
    return l;
}

int vxg__track_run_groups(const vxg__tracker *t, const char *kernel, vxg_launch *l) {
    const int is_cpu = !strcmp(vxg_device_get_info(t->dev)->backend, "cpu");
    return vxg__launch_with(t->dev, t->queue, kernel, is_cpu ? "-DK_GROUP=1" : "-DK_GROUP=32",
                            t->real, l);
}

int vxg__track_field_new(vxg__tracker *t, int64_t room, const int32_t *order) {
    const int64_t shape[2] = {t->voxels, room};
    t->room = room;
    VXG_FAIL_IF(t->voxels > VXG_MAX_ELEMENTS / room, VXG_ERR_ARGUMENT,
                "track: the field is too large");
    int32_t *own = vxg__calloc((size_t)room, sizeof *own);
    if (!own) return VXG_ERR_MEMORY;
    for (int64_t i = 0; i < room; i++) own[i] = order && i < t->numbers ? order[i] : (int32_t)i;
    int status = vxg_array_new(t->dev, t->opts.half ? VXG_U16 : vxg_real_dtype(t->real), 2, shape,
                               &t->field);
    if (!status) status = vxg_array_new(t->dev, VXG_I32, 1, &room, &t->order);
    if (!status) status = vxg_array_write(t->queue, &t->order, own);
    vxg__free(own);
    return status;
}

int vxg__track_turn(const vxg__tracker *t, const vxg_array *rows, int64_t count, int64_t to) {
    vxg_launch l = {
        .global = {count, t->voxels < 65536 ? t->voxels : 65536, (t->voxels + 65535) / 65536},
        .nints = 2,
        .ints = {(int)to, (int)t->room},
        .nreals = 1,
        .reals = {t->opts.half ? t->scale : 1}};
    vxg__push_long(&l, t->voxels);
    l.nints = VXG_MAX_INTS, l.ints[VXG__TRACK_HALF_AT] = t->opts.half;
    vxg__push_array(&l, rows);
    vxg__push_array(&l, &t->order);
    vxg__push_array(&l, &t->field);
    return vxg__launch(t->dev, t->queue, "walkers_turn", t->real, &l);
}

int vxg__track_field_fill(vxg__tracker *t, const vxg_array *values) {
    return vxg__track_turn(t, values, t->numbers, 0);
}

int vxg__track_gather(const vxg__tracker *t, const vxg_array *seeds, int64_t n, int64_t count,
                      vxg_array *tiles) {
    const int64_t shape[3] = {(n + 31) / 32, count, 32};
    const int64_t items = vxg__tile_items(n);
    vxg_launch l =
        vxg__track_launch(t, count, items < 65536 ? items : 65536, (items + 65535) / 65536);
    l.ints[4] = (int)count, l.ints[5] = (int)n, l.ints[11] = (int)items;
    VXG_TRY(vxg_array_new(t->dev, vxg_real_dtype(t->real), 3, shape, tiles));
    const vxg_array *const arrays[] = {&t->field, &t->order, seeds, tiles};
    for (int i = 0; i < 4; i++) vxg__push_array(&l, arrays[i]);
    return vxg__launch(t->dev, t->queue, "walkers_field", t->real, &l);
}

int vxg__track_tile_peaks(const vxg__tracker *t, const vxg_array *tiles, int64_t n, int harmonics,
                          vxg_array *peaks) {
    const vxg_peaks_opts o = {.size = sizeof o,
                              .peaks = t->opts.peaks,
                              .basis = t->basis,
                              .relative_threshold = t->opts.relative_peak_threshold,
                              .min_separation = t->opts.min_separation};
    /* DIPY looks for first directions where values that do not count are 0 already. */
    const int cuts = t->opts.rules == VXG_TRACK_DIPY && t->opts.getter <= VXG_TRACK_DETERMINISTIC;
    return vxg__tiles_peaks(t->queue, tiles, n, harmonics, t->sphere, &o,
                            cuts ? t->opts.pmf_threshold : 0, t->even, peaks);
}
