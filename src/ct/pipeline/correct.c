/* Rows of a scan become line integrals: read, dark/flat correction and logarithm, repair of bad
 * values, ring removal. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ct/pipeline/pipeline.h"
#include "solve/solve.h"

#define MOST_BAD 0.25 /* of the values of rows that are not empty */

/* ---- Reading ---- */
static int read_block(const vxg__corrector *c, vxg_frame_kind kind, int64_t v0, int64_t v1,
                      int64_t r0, int64_t r1, float *dst) {
    if (c->reading) pthread_mutex_lock(c->reading);
    int status = c->scan->read(c->scan, kind, v0, v1, r0, r1, c->part->c0, c->part->c1, dst);
    if (c->reading) pthread_mutex_unlock(c->reading);
    return status;
}

static int read_fields(const vxg__corrector *c, int64_t r0, int64_t r1, const vxg__scan_fields *f) {
    const vxg_scan_reader *scan = c->scan;
    int64_t n = (r1 - r0) * c->part->ncols,
            most = scan->nflats > scan->ndarks ? scan->nflats : scan->ndarks;
    const vxg_frame_kind kinds[] = {VXG_FRAME_FLAT, VXG_FRAME_DARK};
    const int64_t counts[] = {scan->nflats, scan->ndarks};
    float *means[] = {f->flat, f->dark};
    float *frames = vxg__calloc((size_t)(most * n), sizeof *frames);
    int status = frames ? VXG_OK : VXG_ERR_MEMORY;
    for (int k = 0; k < 2 && !status; k++) {
        memset(means[k], 0, (size_t)n * sizeof *means[k]);
        if (!counts[k]) continue;
        status = read_block(c, kinds[k], 0, counts[k], r0, r1, frames);
        if (!status) status = vxg_ct_frame_mean(frames, counts[k], n, means[k]);
    }
    vxg__free(frames);
    return status;
}

int vxg__correct_read(const vxg__corrector *c, int64_t r0, int64_t r1, float *proj,
                      const vxg__scan_fields *f) {
    VXG_TRY(read_block(c, VXG_FRAME_DATA, c->part->v0, c->part->v1, r0, r1, proj));
    return c->opts->no_minus_log ? VXG_OK : read_fields(c, r0, r1, f);
}

/* ---- Bad values ---- */
/* Line integrals, bad values NaN; pixels [skip0, skip1) of a view are not counted. Returns 1 when
 * there are bad values. */
static int to_lines(const vxg__corrector *c, int64_t rows, const vxg__scan_fields *f, int64_t skip0,
                    int64_t skip1, float *proj, vxg_ct_bad_counts *bad) {
    const int64_t n = rows * c->part->ncols;
    if (c->opts->no_minus_log)
        return vxg__ct_mark(proj, c->part->nviews, n, skip0, skip1, &bad->nonfinite);
    return vxg__ct_normalize(proj, c->part->nviews, n, f->flat, f->dark, NAN, skip0, skip1, bad);
}

typedef struct more_rows {
    const vxg__corrector *c;
    int64_t r0; /* the detector row that is row 0 */
} more_rows;

/* A row beside those held, for the repair of a whole row at their edge. */
static int row_beside(void *context, int64_t r, float *row, int *good) {
    const more_rows *m = context;
    const vxg__corrector *c = m->c;
    const int64_t at = m->r0 + r;
    vxg_ct_bad_counts uncounted = {0};
    int64_t bad = 0;
    *good = -1;
    if (at < 0 || at >= c->scan->nrows) return VXG_OK;
    float *fields = vxg__calloc((size_t)(2 * c->part->ncols), sizeof *fields);
    if (!fields) return VXG_ERR_MEMORY;
    const vxg__scan_fields f = {fields, fields + c->part->ncols};
    int status = vxg__correct_read(c, at, at + 1, row, &f);
    if (!status && to_lines(c, 1, &f, 0, 0, row, &uncounted))
        vxg__ct_repair(row, c->part->nviews, 1, c->part->ncols, &bad);
    *good = bad >= 0;
    vxg__free(fields);
    return status;
}

/* ---- Rings ---- */
typedef struct ring_job {
    const vxg__corrector *c;
    float *proj;
    int64_t rows, lanes;
    pthread_mutex_t lock;
    int64_t failed; /* the first row that failed; message holds its words */
    int status;
    char message[512];
} ring_job;

static void ring_lane(void *context, int64_t begin, int64_t end, int worker) {
    ring_job *j = context;
    const vxg__scan_part *p = j->c->part;
    (void)worker, (void)end;
    for (int64_t row = begin; row < j->rows; row += j->lanes) {
        int status = vxg__cancelled(j->c->opts->progress)
                         ? vxg_error_set(VXG_ERR_CANCELLED, "interrupted")
                         : vxg__ct_ring_sort(j->proj + row * p->ncols, p->nviews, p->ncols,
                                             j->rows * p->ncols, j->c->opts->ring_size);
        if (!status) continue;
        pthread_mutex_lock(&j->lock);
        if (!j->status || row < j->failed) {
            j->status = status, j->failed = row;
            snprintf(j->message, sizeof j->message, "%s", vxg_error_message());
        }
        pthread_mutex_unlock(&j->lock);
        return;
    }
}

int64_t vxg__ring_bytes(const vxg__scan_part *p) {
    return 8 * p->nviews * p->ncols + 16 * p->nviews + 8 * p->ncols;
}

/* Each lane takes every lanes-th row: the rows do not know of each other. */
static int remove_rings(const vxg__corrector *c, int64_t rows, float *proj) {
    const int64_t most = c->ring_lanes > 0 ? c->ring_lanes : vxg_threads();
    ring_job j = {.c = c, .proj = proj, .rows = rows, .lanes = most < rows ? most : rows};
    pthread_mutex_init(&j.lock, NULL);
    vxg__parallel(j.lanes, 1, ring_lane, &j);
    pthread_mutex_destroy(&j.lock);
    return j.status ? vxg_error_set(j.status, "%s", j.message) : VXG_OK;
}

/* ---- All of it ---- */
/* Which of rows [r0, r1) came before; those that come are seen from now on. */
static void see_rows(vxg__corrector *c, int64_t r0, int64_t r1, int64_t *skip0, int64_t *skip1) {
    *skip0 = c->seen0 > r0 ? c->seen0 : r0, *skip1 = c->seen1 < r1 ? c->seen1 : r1;
    if (*skip1 <= *skip0) *skip0 = *skip1 = r0;
    if (c->seen1 == c->seen0 || r0 < c->seen0) c->seen0 = r0;
    if (r1 > c->seen1) c->seen1 = r1;
}

static int repair(vxg__corrector *c, int64_t r0, int64_t r1, int64_t skip0, int64_t skip1,
                  float *proj) {
    const vxg__scan_part *p = c->part;
    const int64_t rows = r1 - r0, values = p->nviews * p->ncols;
    more_rows more = {c, r0};
    int64_t *bad = vxg__calloc((size_t)rows, sizeof *bad);
    if (!bad) return VXG_ERR_MEMORY;
    vxg__ct_repair(proj, p->nviews, rows, p->ncols, bad);
    int status = vxg__ct_repair_rows(proj, p->nviews, rows, p->ncols, bad, row_beside, &more);
    for (int64_t i = 0; i < rows; i++) {
        if (r0 + i >= skip0 && r0 + i < skip1) continue;
        c->empty_rows += bad[i] < 0;
        c->values -= bad[i] < 0 ? values : 0;
        c->repaired += bad[i] > 0 ? bad[i] : 0;
    }
    vxg__free(bad);
    return status;
}

int vxg__correct_rows(vxg__corrector *c, int64_t r0, int64_t r1, const vxg__scan_fields *f,
                      float *proj) {
    const int64_t ncols = c->part->ncols;
    int64_t skip0, skip1;
    see_rows(c, r0, r1, &skip0, &skip1);
    c->values += (r1 - r0 - (skip1 - skip0)) * c->part->nviews * ncols;
    if (to_lines(c, r1 - r0, f, (skip0 - r0) * ncols, (skip1 - r0) * ncols, proj, &c->bad))
        VXG_TRY(repair(c, r0, r1, skip0, skip1, proj));
    return c->opts->ring_size > 0 ? remove_rings(c, r1 - r0, proj) : VXG_OK;
}

static int judge(const vxg_ct_bad_counts *b, int64_t pixels, int64_t values, int64_t repaired) {
    VXG_FAIL_IF(pixels == 0, VXG_ERR_INPUT,
                "no detector row sees the volume: is it where the geometry's rays are?");
    /* empty rows are no error, wherever slabs begin and end; a scan of nothing else is */
    if (b->dead == pixels) return vxg__ct_all_dead();
    VXG_FAIL_IF(values == 0, VXG_ERR_NUMERICAL,
                "no detector row holds a value that can be used: %lld are not numbers, %lld are "
                "not above the dark field, %lld pixels are dead",
                (long long)b->nonfinite, (long long)b->nonpositive, (long long)b->dead);
    VXG_FAIL_IF((double)repaired > MOST_BAD * (double)values, VXG_ERR_NUMERICAL,
                "%.1f %% of the values are bad, %.0f %% can be repaired: %lld are not numbers, "
                "%lld are not above the dark field, %lld pixels are dead",
                100 * (double)repaired / (double)values, 100 * MOST_BAD, (long long)b->nonfinite,
                (long long)b->nonpositive, (long long)b->dead);
    return VXG_OK;
}

int vxg__correct_judge(const vxg__corrector *c) {
    if (c->opts->part) return VXG_OK;
    return judge(&c->bad, (c->seen1 - c->seen0) * c->part->ncols, c->values, c->repaired);
}

int vxg_ct_recon_judge(const vxg_ct_recon_stats *sum, int64_t pixels) {
    VXG_FAIL_IF(!sum, VXG_ERR_ARGUMENT, "reconstruct: the sum is NULL");
    VXG_READ(vxg_ct_recon_stats, sum);
    VXG_TRY(judge(&sum->bad, pixels, sum->values, sum->repaired));
    const int solved = sum->algorithm && vxg_solve_row_find(sum->algorithm) != NULL;
    return solved ? vxg__solve_range(sum->algorithm, VXG_REAL_F32, sum->largest) : VXG_OK;
}
