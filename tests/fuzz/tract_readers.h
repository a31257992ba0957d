/* Reading a file of streamlines whole, twice: both ways see the same, whatever is in it. */
#ifndef VXG_TRACT_READERS_H
#define VXG_TRACT_READERS_H
#include "fuzz.h"
#include <voxgrad/tracts.h>

#include <string.h>

static volatile double tract_sum; /* every byte that is handed out is looked at */

static void tract_use(const vxg_tract_info *info, const vxg_tract_batch *b) {
    const int64_t points = b->offsets[b->lines];
    const size_t each = b->dtype == VXG_F64 ? 8 : 4;
    const uint8_t *p = b->positions;
    unsigned sum = 0;
    for (int64_t i = 0; i < points * 3 * (int64_t)each; i++) sum += p[i];
    for (int k = 0; k < info->npoint_columns + info->nline_columns; k++) {
        const int line = k >= info->npoint_columns;
        const vxg_tract_column *c =
            line ? &info->line_columns[k - info->npoint_columns] : &info->point_columns[k];
        p = line ? b->line_values[k - info->npoint_columns] : b->point_values[k];
        const int64_t n =
            (line ? b->lines : points) * c->components * (int64_t)vxg_dtype_size(c->dtype);
        for (int64_t i = 0; i < n; i++) sum += p[i];
        sum += (unsigned)strlen(c->name);
    }
    tract_sum += sum;
}

static int tract_read(const char *path, const char *format, int64_t lines, int64_t points,
                      vxg_dtype dtype, int64_t count[2]) {
    const vxg_tract_open_opts opts = {.format = format, .max_memory = 1 << 24};
    vxg_tract_reader *r = NULL;
    vxg_tract_batch b = {0};
    if (vxg_io_register()) abort();
    int status = vxg_tract_open(path, &opts, &r);
    for (int i = 0; !status && i < r->info.nattributes; i++)
        tract_sum +=
            (double)(strlen(r->info.attributes[i].name) + strlen(r->info.attributes[i].text));
    for (int i = 0; !status && i < r->info.ngroups; i++) {
        const vxg_tract_group *g = &r->info.groups[i];
        for (int64_t k = 0; k < g->count; k++)
            if (g->index[k] >= r->info.streamlines) abort();
    }
    do {
        if (!status) status = vxg_tract_next(r, lines, points, dtype, &b);
        if (!status && b.lines > 0) tract_use(&r->info, &b);
    } while (!status && b.lines > 0);
    if (!status) count[0] = r->lines, count[1] = r->points;
    vxg_tract_close(r);
    return status;
}

static void tract_fuzz(const uint8_t *data, size_t n, const char *format) {
    int64_t whole[2] = {0}, parts[2] = {0};
    const char *path = fuzz_file(data, n);
    const int a = tract_read(path, format, 1 << 20, 1 << 20, VXG_F64, whole);
    const int b = tract_read(path, format, 2, 3, VXG_F64, parts);
    if ((a == 0) != (b == 0) && a != VXG_ERR_MEMORY && b != VXG_ERR_MEMORY) abort();
    if (a == 0 && b == 0 && (whole[0] != parts[0] || whole[1] != parts[1])) abort();
    vxg_error_clear();
    fuzz_check_leaks();
}
#endif
