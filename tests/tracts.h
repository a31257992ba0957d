/* Streamlines for tests: whole files in memory, read in batches of any size, written, compared. */
#ifndef VXG_TESTS_TRACTS_H
#define VXG_TESTS_TRACTS_H
#include "io_test.h"
#include <voxgrad/tracts.h>

enum { WHOLE_COLUMNS = 16 };

typedef struct whole {
    int64_t lines, points;
    int64_t *offsets;
    double *positions;
    void *point[WHOLE_COLUMNS], *line[WHOLE_COLUMNS];
} whole;

static size_t tract_bytes(const vxg_tract_column *c) {
    return (size_t)c->components * vxg_dtype_size(c->dtype);
}

__attribute__((unused)) static void whole_free(whole *w) {
    for (int i = 0; i < WHOLE_COLUMNS; i++) free(w->point[i]), free(w->line[i]);
    free(w->offsets), free(w->positions);
    memset(w, 0, sizeof *w);
}

static void *longer(void *p, size_t have, const void *more, size_t n) {
    p = realloc(p, have + n + 1);
    if (n) memcpy((char *)p + have, more, n);
    return p;
}

static void whole_add(whole *w, const vxg_tract_info *info, const vxg_tract_batch *b) {
    const int64_t n = b->offsets[b->lines];
    w->offsets = realloc(w->offsets, sizeof(int64_t) * (size_t)(w->lines + b->lines + 1));
    w->offsets[0] = 0;
    for (int64_t i = 1; i <= b->lines; i++) w->offsets[w->lines + i] = w->points + b->offsets[i];
    w->positions = realloc(w->positions, sizeof(double) * (size_t)(3 * (w->points + n) + 1));
    for (int64_t i = 0; i < 3 * n; i++)
        w->positions[3 * w->points + i] = b->dtype == VXG_F64
                                              ? ((const double *)b->positions)[i]
                                              : (double)((const float *)b->positions)[i];
    for (int i = 0; i < info->npoint_columns; i++) {
        const size_t each = tract_bytes(&info->point_columns[i]);
        w->point[i] =
            longer(w->point[i], each * (size_t)w->points, b->point_values[i], each * (size_t)n);
    }
    for (int i = 0; i < info->nline_columns; i++) {
        const size_t each = tract_bytes(&info->line_columns[i]);
        w->line[i] =
            longer(w->line[i], each * (size_t)w->lines, b->line_values[i], each * (size_t)b->lines);
    }
    w->lines += b->lines, w->points += n;
}

/* All that a reader still has. */
__attribute__((unused)) static int whole_read(vxg_tract_reader *r, int64_t max_lines,
                                              int64_t max_points, vxg_dtype dtype, whole *w) {
    memset(w, 0, sizeof *w);
    for (;;) {
        vxg_tract_batch b = {0};
        const int status = vxg_tract_next(r, max_lines, max_points, dtype, &b);
        if (status || b.lines == 0) return status;
        whole_add(w, &r->info, &b);
    }
}

__attribute__((unused)) static int whole_open(const char *path, whole *w) {
    vxg_tract_reader *r = NULL;
    memset(w, 0, sizeof *w);
    int status = vxg_tract_open(path, NULL, &r);
    if (!status) status = whole_read(r, INT64_MAX, INT64_MAX, VXG_F64, w);
    vxg_tract_close(r);
    return status;
}

__attribute__((unused)) static int whole_same(const whole *a, const whole *b,
                                              const vxg_tract_info *info) {
    int same = a->lines == b->lines && a->points == b->points;
    if (!same || a->lines == 0) return same;
    same = !memcmp(a->offsets, b->offsets, sizeof(int64_t) * (size_t)(a->lines + 1)) &&
           !memcmp(a->positions, b->positions, sizeof(double) * (size_t)(3 * a->points));
    for (int i = 0; i < info->npoint_columns && same; i++)
        same = !memcmp(a->point[i], b->point[i],
                       tract_bytes(&info->point_columns[i]) * (size_t)a->points);
    for (int i = 0; i < info->nline_columns && same; i++)
        same =
            !memcmp(a->line[i], b->line[i], tract_bytes(&info->line_columns[i]) * (size_t)a->lines);
    return same;
}

/* Columns, groups, place: what a file says beside its streamlines. */
__attribute__((unused)) static int same_columns(int n, const vxg_tract_column *a, int m,
                                                const vxg_tract_column *b) {
    int same = n == m;
    for (int i = 0; i < n && same; i++)
        same = !strcmp(a[i].name, b[i].name) && a[i].components == b[i].components &&
               a[i].dtype == b[i].dtype;
    return same;
}

__attribute__((unused)) static int same_info(const vxg_tract_info *a, const vxg_tract_info *b) {
    int same =
        a->space == b->space && a->has_affine == b->has_affine && a->ngroups == b->ngroups &&
        a->dtype == b->dtype && !strcmp(a->voxel_order, b->voxel_order) &&
        !memcmp(a->affine, b->affine, sizeof a->affine) &&
        !memcmp(a->grid, b->grid, sizeof a->grid) &&
        same_columns(a->npoint_columns, a->point_columns, b->npoint_columns, b->point_columns) &&
        same_columns(a->nline_columns, a->line_columns, b->nline_columns, b->line_columns);
    for (int i = 0; i < a->ngroups && same; i++) {
        const vxg_tract_group *g = &a->groups[i], *h = &b->groups[i];
        same = !strcmp(g->name, h->name) && g->count == h->count &&
               (!g->count || !memcmp(g->index, h->index, sizeof *g->index * (size_t)g->count)) &&
               same_columns(g->ncolumns, g->columns, h->ncolumns, h->columns);
        for (int k = 0; k < g->ncolumns && same; k++)
            same = !memcmp(g->values[k], h->values[k], tract_bytes(&g->columns[k]));
    }
    return same;
}

/* Writes what a reader has as opts say, whose info is the reader's where change is NULL. */
__attribute__((unused)) static int rewrite(const char *from, const char *to,
                                           vxg_tract_create_opts opts,
                                           void (*change)(vxg_tract_info *info)) {
    vxg_tract_reader *r = NULL;
    vxg_tract_writer *w = NULL;
    int status = vxg_tract_open(from, NULL, &r);
    if (!status) opts.info = r->info;
    if (!status && change) change(&opts.info);
    if (!status) status = vxg_tract_create(to, &opts, &w);
    if (!status) status = vxg_tract_copy(r, w, NULL);
    if (!status) {
        status = w->finish(w);
    } else if (w) {
        w->abandon(w);
    }
    vxg_tract_close(r);
    return status;
}

/* Small streamlines of the test's own: 4 lines of 3, 0, 1 and 5 points, with a column of every
 * kind where columns is 1. */
enum { OWN_LINES = 4, OWN_POINTS = 9 };
static const int64_t own_offsets[OWN_LINES + 1] = {0, 3, 3, 4, 9};
static float own_positions[3 * OWN_POINTS];
static float own_fa[OWN_POINTS], own_colours[3 * OWN_POINTS], own_weight[2 * OWN_LINES];
static const void *const own_point_values[2] = {own_fa, own_colours};
static const void *const own_line_values[1] = {own_weight};
static const vxg_tract_column own_point_columns[2] = {
    {.components = 1, .dtype = VXG_F32, .name = "fa"},
    {.components = 3, .dtype = VXG_F32, .name = "colours"}};
static const vxg_tract_column own_line_columns[1] = {
    {.components = 2, .dtype = VXG_F32, .name = "weight"}};

__attribute__((unused)) static vxg_tract_batch own_batch(void) {
    for (int i = 0; i < 3 * OWN_POINTS; i++) own_positions[i] = (float)(i * 5 % 17) - 3.25f;
    for (int i = 0; i < OWN_POINTS; i++) own_fa[i] = (float)i / 9;
    for (int i = 0; i < 3 * OWN_POINTS; i++) own_colours[i] = (float)(i % 7) / 6;
    for (int i = 0; i < 2 * OWN_LINES; i++) own_weight[i] = (float)(i + 1) * 1.5f;
    return (vxg_tract_batch){.dtype = VXG_F32,
                             .lines = OWN_LINES,
                             .offsets = own_offsets,
                             .positions = own_positions,
                             .point_values = own_point_values,
                             .line_values = own_line_values};
}

__attribute__((unused)) static vxg_tract_create_opts own_opts(vxg_tract_space space, int columns) {
    static const double affine[12] = {2, 0, 0, -10, 0, 2.5, 0, -11.5, 0, 0, 3, -12.25};
    vxg_tract_create_opts o = {.info = {.space = space, .has_affine = 1}};
    memcpy(o.info.affine, affine, sizeof affine);
    for (int i = 0; i < 3; i++) o.info.grid[i] = 10 + i, o.info.voxel[i] = 2 + 0.5 * i;
    memcpy(o.info.voxel_order, "RAS", 4);
    if (columns) {
        o.info.npoint_columns = 2, o.info.point_columns = own_point_columns;
        o.info.nline_columns = 1, o.info.line_columns = own_line_columns;
    }
    return o;
}

/* Writes the streamlines above. */
__attribute__((unused)) static int own_write(const char *path, const vxg_tract_create_opts *o) {
    vxg_tract_writer *w = NULL;
    const vxg_tract_batch b = own_batch();
    int status = vxg_tract_create(path, o, &w);
    if (!status) status = vxg_tract_write(w, &b);
    if (!status) return w->finish(w);
    if (w) w->abandon(w);
    return status;
}

/* The last warning of the log; listen() clears it. */
static char heard[1024];
static void hear(void *context, int level, const char *text) {
    (void)context, (void)level;
    snprintf(heard, sizeof heard, "%s", text);
}
__attribute__((unused)) static void listen_to_log(void) {
    heard[0] = 0;
    vxg_set_log(hear, NULL, 0);
}

#endif
