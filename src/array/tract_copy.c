/* Streamlines from a reader to a writer, batch by batch. */
#include <voxgrad/tracts.h>

#include "base/base.h"

#include <string.h>

enum { MOST_LINES = 1 << 16, MOST_POINTS = 1 << 18 };

/* map[i]: which of the reader's columns the writer's column i is. */
static int match(const char *path, const char *kind, int n, const vxg_tract_column *wanted,
                 int there, const vxg_tract_column *list, int *map) {
    for (int i = 0; i < n; i++) {
        const vxg_tract_column *c = &wanted[i];
        map[i] = -1;
        for (int k = 0; k < there; k++)
            if (!strcmp(c->name, list[k].name) && c->components == list[k].components &&
                c->dtype == list[k].dtype)
                map[i] = k;
        VXG_FAIL_IF(map[i] < 0, VXG_ERR_ARGUMENT, "%s has no %s '%s' of %d x %s", path, kind,
                    c->name, (int)c->components, vxg_dtype_name(c->dtype));
    }
    return VXG_OK;
}

static int copy_all(vxg_tract_reader *from, vxg_tract_writer *to, const vxg_progress *progress,
                    const int *map, const void **values) {
    const int np = to->info.npoint_columns, nl = to->info.nline_columns;
    const vxg_dtype dtype = from->info.dtype == VXG_F64 ? VXG_F64 : VXG_F32;
    for (;;) {
        vxg_tract_batch b = {.size = sizeof b};
        VXG_FAIL_IF(vxg__poll(progress), VXG_ERR_CANCELLED, "interrupted");
        VXG_TRY(vxg_tract_next(from, MOST_LINES, MOST_POINTS, dtype, &b));
        if (b.lines == 0) return VXG_OK;
        for (int i = 0; i < np; i++) values[i] = b.point_values[map[i]];
        for (int i = np; i < np + nl; i++) values[i] = b.line_values[map[i]];
        b.point_values = values, b.line_values = values + np;
        VXG_TRY(vxg_tract_write(to, &b));
        if (from->info.streamlines > 0)
            vxg__report(progress, "streamlines", (double)from->lines,
                        (double)from->info.streamlines);
    }
}

int vxg_tract_copy(vxg_tract_reader *from, vxg_tract_writer *to, const vxg_progress *progress) {
    VXG_FAIL_IF(!from || !to, VXG_ERR_ARGUMENT, "reader or writer is NULL");
    VXG_TRY(vxg__progress_check(progress));
    VXG_FAIL_IF(from->info.space != to->info.space, VXG_ERR_ARGUMENT,
                "%s: the reader's streamlines are in another space than the writer's", from->path);
    const vxg_tract_info *a = &from->info, *b = &to->info;
    const size_t n = (size_t)b->npoint_columns + (size_t)b->nline_columns;
    int *map = vxg__calloc(n + 1, sizeof *map);
    const void **values = vxg__calloc(n + 1, sizeof *values);
    int status = map && values ? VXG_OK : VXG_ERR_MEMORY;
    if (!status)
        status = match(from->path, "point column", b->npoint_columns, b->point_columns,
                       a->npoint_columns, a->point_columns, map);
    if (!status)
        status = match(from->path, "line column", b->nline_columns, b->line_columns,
                       a->nline_columns, a->line_columns, map + b->npoint_columns);
    if (!status) status = copy_all(from, to, progress, map, values);
    vxg__free(map);
    vxg__free(values);
    return status;
}
