/* A writer of streamlines that keeps them. */
#ifndef TRACK_KEEP_H
#define TRACK_KEEP_H
#include <voxgrad/voxgrad.h>

#include "test.h"

typedef struct keeper {
    vxg_tract_writer base;
    int64_t lines, points, room, line_room;
    int64_t *begin; /* lines + 1 */
    double *p;
} keeper;
static int keep(vxg_tract_writer *self, const vxg_tract_batch *b) {
    keeper *k = (keeper *)self;
    const int64_t n = b->offsets[b->lines];
    while (k->points + n > k->room)
        k->p = realloc(k->p, (size_t)(k->room = 2 * k->room + 1024) * 24);
    while (k->lines + b->lines + 1 > k->line_room)
        k->begin = realloc(k->begin, (size_t)(k->line_room = 2 * k->line_room + 64) * 8);
    if (k->lines == 0) k->begin[0] = 0;
    for (int64_t i = 0; i < 3 * n; i++)
        k->p[3 * k->points + i] = b->dtype == VXG_F64 ? ((const double *)b->positions)[i]
                                                      : (double)((const float *)b->positions)[i];
    for (int64_t i = 1; i <= b->lines; i++) k->begin[k->lines + i] = k->points + b->offsets[i];
    k->lines += b->lines, k->points += n;
    return VXG_OK;
}
static keeper keeper_new(void) {
    return (keeper){.base = {.size = sizeof(vxg_tract_writer), .write = keep}};
}
static void keeper_free(keeper *k) {
    free(k->begin), free(k->p);
}
#endif
