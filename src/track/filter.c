/* A writer in front of another: streamlines are moved into its space, too short and too long ones
 * stay behind, and points that are not needed. */
#include "array/tract_shape.h"
#include "track/track.h"

#include <math.h>
#include <string.h>

typedef struct filter {
    vxg_tract_writer base;
    vxg_tract_writer *to;
    vxg_tract_filter_opts opts;
    vxg_tract_info from; /* what is known of the batches' space; its lists are not looked at */
    int moves;
    double to_ras[12], to_file[12]; /* from the batches' space; from mm to the other's */
    vxg_tract_filter_stats stats;
    /* Of a batch. */
    double *mm, *lengths;
    int64_t *offsets, *kept, *lines; /* lines: numbers of those that stay */
    void **columns;
} filter;

static void free_batch(filter *f) {
    const int n = f->to->info.npoint_columns + f->to->info.nline_columns;
    for (int i = 0; i < n && f->columns; i++) vxg__free(f->columns[i]);
    vxg__free(f->columns), vxg__free(f->mm), vxg__free(f->lengths);
    vxg__free(f->offsets), vxg__free(f->kept), vxg__free(f->lines);
    f->columns = NULL, f->mm = f->lengths = NULL, f->offsets = f->kept = f->lines = NULL;
}

static int room_for(filter *f, const vxg_tract_batch *b) {
    const size_t points = (size_t)b->offsets[b->lines] + 1, lines = (size_t)b->lines + 1;
    const int columns = f->to->info.npoint_columns + f->to->info.nline_columns;
    f->mm = vxg__calloc(points, 3 * sizeof *f->mm);
    f->lengths = vxg__calloc(lines, sizeof *f->lengths);
    f->offsets = vxg__calloc(lines, sizeof *f->offsets);
    f->kept = vxg__calloc(points, sizeof *f->kept);
    f->lines = vxg__calloc(lines, sizeof *f->lines);
    f->columns = vxg__calloc((size_t)columns + 1, sizeof *f->columns);
    return f->mm && f->lengths && f->offsets && f->kept && f->lines && f->columns ? VXG_OK
                                                                                  : VXG_ERR_MEMORY;
}

/* Lines that stay, their points, and where each begins. b: in mm. Returns how many. */
static int choose(filter *f, const vxg_tract_batch *b, int64_t *count) {
    const vxg_tract_filter_opts *o = &f->opts;
    const vxg_tract_linearize_opts linear = {
        .size = sizeof linear, .tolerance = o->tolerance, .max_segment = o->max_segment};
    int64_t n = 0, points = 0;
    VXG_TRY(vxg_tract_lengths(b, f->lengths));
    if (o->linearize) {
        VXG_TRY(vxg_tract_linearize(b, &linear, f->offsets, f->kept));
    } else {
        memcpy(f->offsets, b->offsets, ((size_t)b->lines + 1) * sizeof *f->offsets);
        for (int64_t i = 0; i < b->offsets[b->lines]; i++) f->kept[i] = i;
    }
    for (int64_t i = 0; i < b->lines; i++) {
        const int64_t begin = f->offsets[i], end = f->offsets[i + 1];
        const int low = f->lengths[i] < o->min_length;
        const int high = o->max_length > 0 && f->lengths[i] > o->max_length;
        f->stats.short_ones += low, f->stats.long_ones += high;
        if (low || high) continue;
        f->stats.length += f->lengths[i];
        f->stats.dropped += b->offsets[i + 1] - b->offsets[i] - (end - begin);
        memmove(f->kept + points, f->kept + begin, (size_t)(end - begin) * sizeof *f->kept);
        f->offsets[n] = points; /* behind what is still to be read */
        f->lines[n++] = i;
        points += end - begin;
    }
    f->offsets[n] = points;
    *count = n;
    return VXG_OK;
}

/* Rows `which` of a column. */
static int pick(const vxg_tract_column *c, const void *from, int64_t n, const int64_t *which,
                void **out) {
    const size_t each = (size_t)c->components * vxg_dtype_size(c->dtype);
    char *to = *out = vxg__calloc((size_t)n + 1, each);
    if (!to) return VXG_ERR_MEMORY;
    for (int64_t i = 0; i < n; i++)
        memcpy(to + (size_t)i * each, (const char *)from + (size_t)which[i] * each, each);
    return VXG_OK;
}

/* The points that stay, where the file has them: those that were not moved as they came. */
static int place_points(filter *f, const vxg_tract_batch *b, int64_t n, vxg_tract_batch *out) {
    const size_t each = 3 * vxg_dtype_size(b->dtype);
    char *to = (char *)f->mm;
    out->positions = f->mm;
    if (!f->moves) {
        out->dtype = b->dtype;
        for (int64_t i = 0; i < n; i++)
            memcpy(to + (size_t)i * each, (const char *)b->positions + (size_t)f->kept[i] * each,
                   each);
        return VXG_OK;
    }
    out->dtype = VXG_F64;
    for (int64_t i = 0; i < n; i++) /* numbers rise: what is written was read */
        memmove(f->mm + 3 * i, f->mm + 3 * f->kept[i], 3 * sizeof *f->mm);
    return vxg_tract_move(f->to_file, VXG_F64, n, f->mm);
}

static int sets_points(const vxg_tract_filter_opts *o) {
    return o->points != 0 || o->step > 0;
}

/* Points that are spaced evenly instead of those of `lines` streamlines, where the file has them.
 */
static int set_points(filter *f, int64_t lines, vxg_tract_batch *out) {
    const vxg_tract_resample_opts o = {
        .size = sizeof o, .points = f->opts.points, .step = f->opts.step};
    for (int64_t i = 0; i < f->offsets[lines]; i++) /* numbers rise: what is written was read */
        memmove(f->mm + 3 * i, f->mm + 3 * f->kept[i], 3 * sizeof *f->mm);
    const vxg_tract_batch in = {.size = sizeof in,
                                .dtype = VXG_F64,
                                .lines = lines,
                                .offsets = f->offsets,
                                .positions = f->mm};
    int64_t *offsets = vxg__calloc((size_t)lines + 1, sizeof *offsets);
    double *mm = NULL;
    int status = offsets ? vxg_tract_resample(&in, &o, offsets, NULL) : VXG_ERR_MEMORY;
    if (!status && !(mm = vxg__calloc((size_t)offsets[lines] + 1, 3 * sizeof *mm)))
        status = VXG_ERR_MEMORY;
    if (!status) status = vxg_tract_resample(&in, &o, offsets, mm);
    if (!status && f->moves) status = vxg_tract_move(f->to_file, VXG_F64, offsets[lines], mm);
    if (status) {
        vxg__free(offsets), vxg__free(mm);
        return status;
    }
    vxg__free(f->offsets), vxg__free(f->mm);
    f->offsets = offsets, f->mm = mm;
    out->dtype = VXG_F64, out->positions = mm;
    return VXG_OK;
}

static int write_batch(filter *f, const vxg_tract_batch *b) {
    const vxg_tract_info *info = &f->to->info;
    const int np = info->npoint_columns, nl = info->nline_columns;
    int64_t lines = 0;
    VXG_TRY(room_for(f, b));
    vxg__batch_mm(b, 0, b->offsets[b->lines], f->to_ras, f->mm);
    vxg_tract_batch out = *b;
    out.dtype = VXG_F64, out.positions = f->mm;
    VXG_TRY(choose(f, &out, &lines));
    VXG_TRY(sets_points(&f->opts) ? set_points(f, lines, &out)
                                  : place_points(f, b, f->offsets[lines], &out));
    const int64_t points = f->offsets[lines];
    for (int i = 0; i < np; i++)
        VXG_TRY(pick(&info->point_columns[i], b->point_values[i], points, f->kept, &f->columns[i]));
    for (int i = 0; i < nl; i++)
        VXG_TRY(
            pick(&info->line_columns[i], b->line_values[i], lines, f->lines, &f->columns[np + i]));
    out.lines = lines, out.offsets = f->offsets;
    out.point_values = (const void *const *)f->columns;
    out.line_values = out.point_values + np;
    f->stats.streamlines += lines, f->stats.points += points;
    return vxg_tract_write(f->to, &out);
}

static int filter_write(vxg_tract_writer *self, const vxg_tract_batch *b) {
    filter *f = self->impl;
    const int status = write_batch(f, b);
    free_batch(f);
    return status;
}

static int filter_finish(vxg_tract_writer *self) {
    filter *f = self->impl;
    vxg_tract_writer *const to = f->to;
    vxg__free(f);
    return to->finish(to);
}

static void filter_abandon(vxg_tract_writer *self) {
    if (!self) return;
    filter *f = self->impl;
    f->to->abandon(f->to);
    vxg__free(f);
}

/* Whether two files' positions mean the same. */
static int same_space(const vxg_tract_info *a, const vxg_tract_info *b) {
    if (a->space != b->space) return 0;
    return a->space == VXG_TRACT_RAS ||
           (a->has_affine == b->has_affine && !memcmp(a->affine, b->affine, sizeof a->affine) &&
            !memcmp(a->grid, b->grid, sizeof a->grid) &&
            !memcmp(a->voxel, b->voxel, sizeof a->voxel) &&
            !strcmp(a->voxel_order, b->voxel_order));
}

static int check_opts(const vxg_tract_filter_opts *o) {
    VXG_FAIL_IF(!(o->min_length >= 0) || !(o->max_length >= 0) ||
                    (o->max_length > 0 && o->max_length < o->min_length),
                VXG_ERR_ARGUMENT, "streamlines: lengths of %g to %g mm", o->min_length,
                o->max_length);
    VXG_FAIL_IF(!(o->tolerance >= 0) || !(o->max_segment >= 0), VXG_ERR_ARGUMENT,
                "streamlines: a tolerance of %g mm and segments of %g mm at most", o->tolerance,
                o->max_segment);
    VXG_FAIL_IF(o->points < 0 || o->points == 1 || !(o->step >= 0) ||
                    (o->points > 0) + (o->step > 0) + (o->linearize != 0) > 1,
                VXG_ERR_ARGUMENT,
                "streamlines: %d points, a step of %g mm%s: one of them, at least 2 or above 0",
                (int)o->points, o->step, o->linearize ? ", fewer points" : "");
    return VXG_OK;
}

int vxg_tract_filter_new(vxg_tract_writer *to, const vxg_tract_info *from,
                         const vxg_tract_filter_opts *given, vxg_tract_writer **out) {
    vxg_tract_filter_opts o;
    VXG_FAIL_IF(!to || !to->write || !to->finish || !to->abandon || !out, VXG_ERR_ARGUMENT,
                "streamlines: the writer or out is NULL");
    *out = NULL;
    VXG_TRY(VXG_IN(vxg_tract_filter_opts, &o, given));
    VXG_TRY(check_opts(&o));
    VXG_FAIL_IF(sets_points(&o) && to->info.npoint_columns > 0, VXG_ERR_ARGUMENT,
                "streamlines: points that are set anew have no numbers, as '%s'",
                to->info.point_columns[0].name);
    if (from) VXG_TRY(VXG_FIXED(vxg_tract_info, from));
    filter *f = vxg__calloc(1, sizeof *f);
    if (!f) return VXG_ERR_MEMORY;
    f->to = to, f->opts = o, f->from = from ? *from : to->info;
    /* Points that are set anew are worked out in scanner coordinates. */
    f->moves = !same_space(&f->from, &to->info) || sets_points(&o);
    f->base = (vxg_tract_writer){.size = sizeof f->base,
                                 .info = to->info, /* its lists live as long as the other */
                                 .write = filter_write,
                                 .finish = filter_finish,
                                 .abandon = filter_abandon,
                                 .impl = f};
    f->base.info.space = f->from.space;
    int status = vxg_tract_to_ras(&f->from, f->to_ras);
    if (!status && f->moves) status = vxg_tract_from_ras(&to->info, f->to_file);
    if (status) {
        vxg__free(f);
        return status;
    }
    *out = &f->base;
    return VXG_OK;
}

int vxg_tract_filter_get_stats(const vxg_tract_writer *self, vxg_tract_filter_stats *out) {
    VXG_FAIL_IF(!self || self->write != filter_write, VXG_ERR_ARGUMENT,
                "streamlines: the writer is no filter");
    return VXG_OUT(vxg_tract_filter_stats, out, &((const filter *)self->impl)->stats);
}
