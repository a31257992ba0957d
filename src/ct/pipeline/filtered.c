/* Filtered rows of a scan, made once each and kept while slabs need them. Every number of a row is
 * the same whatever rows it is made with: weights count rows from the scan's first, the filter
 * pairs the same row of two views. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "ct/pipeline/pipeline.h"

#define WEIGHT_VIEWS 16 /* whose tables exist at a time */

/* ---- The scratch file ---- */
static int scratch_open(vxg__filtered *f, const char *given) {
    const int64_t bytes = f->nviews * (f->last - f->first) * f->width * (int64_t)sizeof(float);
    char folder[4160];
    VXG_TRY(vxg__scratch_folder(given, folder, sizeof folder));
    return vxg__scratch_open(folder, "filtered rows", bytes, &f->file);
}

/* All of n bytes at offset `at`, written or read. */
static int scratch_move(int file, int writing, char *p, int64_t n, int64_t at) {
    while (n > 0) {
        const ssize_t k = writing ? pwrite(file, p, (size_t)n, at) : pread(file, p, (size_t)n, at);
        if (k < 0 && errno == EINTR) continue;
        VXG_FAIL_IF(k <= 0, VXG_ERR_OUTPUT, "scratch file of filtered rows: %s",
                    k < 0 ? strerror(errno) : "it ends too early");
        p += k, n -= k, at += k;
    }
    return VXG_OK;
}

static int64_t scratch_at(const vxg__filtered *f, int64_t view, int64_t row) {
    return (view * (f->last - f->first) + row - f->first) * f->width * (int64_t)sizeof(float);
}

/* ---- Memory ---- */
int64_t vxg__filtered_bytes(const vxg__filtered *f, int64_t chunk) {
    const vxg_scan_reader *scan = f->correct->scan;
    const int64_t frames = scan->nflats > scan->ndarks ? scan->nflats : scan->ndarks;
    const int64_t weighted = vxg__fdk_weighted(f->plan);
    const int64_t rings = f->correct->opts->ring_size > 0 ? vxg__ring_bytes(f->correct->part) : 0;
    const int64_t lanes = chunk < vxg_threads() ? chunk : vxg_threads();
    const int64_t beside = 2 * f->nviews * f->nu; /* rows beside, for the repair of whole rows */
    return 4 * (chunk * f->nviews * (f->nu + weighted * f->width) +
                chunk * f->nu * (2 + (f->correct->opts->no_minus_log ? 0 : frames)) + beside) +
           rings * lanes + vxg__fdk_table_bytes(f->plan, WEIGHT_VIEWS, chunk, f->nu);
}

int vxg__filtered_open(vxg__filtered *f, const char *folder) {
    f->file = -1;
    VXG_TRY(vxg__staging_new(f->dev, f->nviews * f->chunk * f->nu, &f->proj));
    if (vxg__fdk_weighted(f->plan))
        VXG_TRY(vxg__staging_new(f->dev, f->nviews * f->chunk * f->width, &f->wide));
    f->fields = vxg__calloc((size_t)(2 * f->chunk * f->nu), sizeof *f->fields);
    if (!f->fields) return VXG_ERR_MEMORY;
    if (!f->held) return scratch_open(f, folder);
    f->ring = vxg__calloc((size_t)(f->nviews * f->held), (size_t)f->width * sizeof *f->ring);
    return f->ring ? VXG_OK : VXG_ERR_MEMORY;
}

void vxg__filtered_free(vxg__filtered *f) {
    vxg__staging_free(&f->proj);
    vxg__staging_free(&f->wide);
    vxg__free(f->fields);
    vxg__free(f->ring);
    vxg_op_release(f->filter);
    if (f->file >= 0) (void)close(f->file);
}

/* ---- Making rows ---- */
/* Part of a staging array: views from v0 on, (views, rows, columns). */
static vxg_array views_of(const vxg__staging *s, int64_t v0, const int64_t shape[3]) {
    vxg_array a = vxg__staging_array(s, shape);
    a.offset += v0 * shape[1] * shape[2];
    return a;
}

static int weigh_views(vxg__filtered *f, const vxg__fdk_window *w) {
    const int64_t from[3] = {w->v1 - w->v0, w->r1 - w->r0, f->nu};
    const int64_t to[3] = {from[0], from[1], f->width};
    const vxg_array y = views_of(&f->proj, w->v0, from), x = views_of(&f->wide, w->v0, to);
    vxg_call call = {.progress = f->correct->opts->progress};
    vxg_op *weight = NULL;
    VXG_TRY(vxg__fdk_tables(f->geo, w, f->plan));
    int status = vxg__fdk_weight(f->dev, f->nu, f->plan, VXG_REAL_F32, &weight);
    if (!status) status = vxg_op_apply(weight, &call, &y, &x);
    vxg_op_release(weight);
    return status;
}

static int filter_rows(vxg__filtered *f, int64_t r0, int64_t r1) {
    const int64_t rows = r1 - r0, shape[3] = {f->nviews, rows, f->width};
    const int weighted = vxg__fdk_weighted(f->plan);
    const vxg__staging *s = weighted ? &f->wide : &f->proj;
    vxg_call call = {.progress = f->correct->opts->progress};
    for (int64_t v = 0; v < f->nviews && weighted; v += WEIGHT_VIEWS) {
        const int64_t end = v + WEIGHT_VIEWS < f->nviews ? v + WEIGHT_VIEWS : f->nviews;
        VXG_TRY(weigh_views(f, &(vxg__fdk_window){v, end, r0, r1}));
    }
    if (f->filter_rows != rows) {
        vxg_op_release(f->filter);
        f->filter = NULL, f->filter_rows = rows;
        VXG_TRY(vxg__fdk_filter(f->dev, rows, f->nu, &f->opts, f->plan, &f->filter));
    }
    const vxg_array y = vxg__staging_array(s, shape);
    VXG_TRY(vxg_op_apply(f->filter, &call, &y, &y)); /* in place: a pair is read whole first */
    return s->owned ? vxg_array_read(NULL, &y, s->host) : VXG_OK;
}

static int keep_rows(vxg__filtered *f, int64_t r0, int64_t r1) {
    const int64_t rows = r1 - r0, bytes = f->width * (int64_t)sizeof(float);
    float *const host = vxg__fdk_weighted(f->plan) ? f->wide.host : f->proj.host;
    for (int64_t v = 0; v < f->nviews; v++) {
        float *const from = host + v * rows * f->width;
        if (!f->held)
            VXG_TRY(scratch_move(f->file, 1, (char *)from, rows * bytes, scratch_at(f, v, r0)));
        for (int64_t r = r0; r < r1 && f->held; r++)
            memcpy(f->ring + (v * f->held + r % f->held) * f->width, from + (r - r0) * f->width,
                   (size_t)bytes);
    }
    return VXG_OK;
}

static int make_rows(vxg__filtered *f, int64_t r0, int64_t r1) {
    const vxg__scan_fields fields = {f->fields, f->fields + f->chunk * f->nu};
    if (vxg__cancelled(f->correct->opts->progress)) VXG_FAIL(VXG_ERR_CANCELLED, "interrupted");
    VXG_TRY(vxg__correct_read(f->correct, r0, r1, f->proj.host, &fields));
    VXG_TRY(vxg__correct_rows(f->correct, r0, r1, &fields, f->proj.host));
    if (f->proj.owned) {
        const int64_t shape[3] = {f->nviews, r1 - r0, f->nu};
        const vxg_array y = vxg__staging_array(&f->proj, shape);
        VXG_TRY(vxg_array_write(NULL, &y, f->proj.host));
    }
    VXG_TRY(filter_rows(f, r0, r1));
    return keep_rows(f, r0, r1);
}

/* Rows come next to those that came before, so that each is counted once. */
static int make_range(vxg__filtered *f, int64_t r0, int64_t r1) {
    const int down = r0 < f->correct->seen0;
    for (int64_t done = 0; done < r1 - r0; done += f->chunk) {
        const int64_t n = r1 - r0 - done < f->chunk ? r1 - r0 - done : f->chunk;
        const int64_t at = down ? r1 - done - n : r0 + done;
        VXG_TRY(make_rows(f, at, at + n));
    }
    return VXG_OK;
}

int vxg__filtered_need(vxg__filtered *f, int64_t r0, int64_t r1) {
    if (!f->held) {
        if (f->w0 == f->w1) VXG_TRY(make_range(f, f->first, f->last));
        f->w0 = f->first, f->w1 = f->last;
        return VXG_OK;
    }
    const int64_t keep0 = f->w0 > r0 ? f->w0 : r0, keep1 = f->w1 < r1 ? f->w1 : r1;
    if (keep0 < keep1) {
        VXG_TRY(make_range(f, r0, keep0));
        VXG_TRY(make_range(f, keep1, r1));
    } else {
        VXG_TRY(make_range(f, r0, r1));
    }
    f->w0 = r0, f->w1 = r1;
    return VXG_OK;
}

int vxg__filtered_copy(const vxg__filtered *f, int64_t v0, int64_t v1, int64_t r0, int64_t r1,
                       float *dst, int64_t rows, int64_t at) {
    const int64_t bytes = f->width * (int64_t)sizeof(float);
    for (int64_t v = v0; v < v1; v++) {
        float *const to = dst + ((v - v0) * rows + at) * f->width;
        if (!f->held)
            VXG_TRY(scratch_move(f->file, 0, (char *)to, (r1 - r0) * bytes, scratch_at(f, v, r0)));
        for (int64_t r = r0; r < r1 && f->held; r++)
            memcpy(to + (r - r0) * f->width, f->ring + (v * f->held + r % f->held) * f->width,
                   (size_t)bytes);
    }
    return VXG_OK;
}
