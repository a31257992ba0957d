/* Arrays of volumes become fields, a voxel's numbers side by side. */
#include "array/launch.h"
#include "track/track.h"

int vxg__track_turn(const vxg__tracker *t, const vxg_array *rows, int64_t count, int64_t to) {
    vxg_launch l = {
        .global = {count, t->voxels < 65536 ? t->voxels : 65536, (t->voxels + 65535) / 65536},
        .nints = 2,
        .ints = {(int)to, (int)t->room}};
    vxg__push_long(&l, t->voxels);
    vxg__push_array(&l, rows);
    vxg__push_array(&l, &t->field);
    return vxg__launch(t->dev, t->queue, "walkers_turn", t->real, &l);
}
