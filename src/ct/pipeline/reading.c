/* What reading a scan takes: memory beside the pipeline's own (the reader's helper process too),
 * and work that comes again where chunks of the file hold more rows than a band does. */
#include <stdio.h>
#include <stdlib.h>

#include "ct/pipeline/pipeline.h"

/* So many passes over the file, and a copy, which is written and read again, is cheaper. */
#define PASSES_MOST 3

/* A kind of frames that the pipeline reads, and which part of it. */
typedef struct kind_part {
    vxg_frame_kind kind;
    int64_t used, all; /* frames */
} kind_part;

static int kinds_of(const vxg__corrector *c, kind_part out[3]) {
    const vxg_scan_reader *scan = c->scan;
    int n = 0;
    out[n++] = (kind_part){VXG_FRAME_DATA, c->part->nviews, scan->nviews};
    if (c->opts->no_minus_log) return n;
    if (scan->nflats) out[n++] = (kind_part){VXG_FRAME_FLAT, scan->nflats, scan->nflats};
    if (scan->ndarks) out[n++] = (kind_part){VXG_FRAME_DARK, scan->ndarks, scan->ndarks};
    return n;
}

static int cost_of(const vxg__corrector *c, vxg_frame_kind kind, int64_t r0, int64_t r1,
                   vxg_read_cost *out) {
    *out = (vxg_read_cost){.size = sizeof *out};
    if (!c->scan->cost) {
        out->row_step = 1;
        return VXG_OK;
    }
    if (c->reading) pthread_mutex_lock(c->reading);
    const int status = c->scan->cost(c->scan, kind, r0, r1, out);
    if (c->reading) pthread_mutex_unlock(c->reading);
    return status;
}

int vxg__reading_look(const vxg__corrector *c, vxg__reading *out) {
    kind_part kinds[3];
    const int n = kinds_of(c, kinds);
    *out = (vxg__reading){.row_step = 1};
    for (int i = 0; i < n; i++) {
        vxg_read_cost cost;
        VXG_TRY(cost_of(c, kinds[i].kind, 0, c->scan->nrows, &cost));
        VXG_FAIL_IF(cost.memory < 0 || cost.row_step < 1, VXG_ERR_INPUT,
                    "%s: its reader says that reading takes %lld bytes in steps of %lld rows",
                    c->scan->path, (long long)cost.memory, (long long)cost.row_step);
        if (cost.memory > out->memory) out->memory = cost.memory;
        if (i == 0) out->row_step = cost.row_step;
    }
    return VXG_OK;
}

/* Whether bands [r0, r1), [r1, r1 + step)... up to `end` unpack the frames over and over. */
static int comes_again(const vxg__corrector *c, const kind_part *k, const vxg__bands *b, int *out) {
    vxg_read_cost cost;
    double sum = 0;
    *out = 0;
    VXG_TRY(cost_of(c, k->kind, 0, c->scan->nrows, &cost));
    const double once = (double)cost.unpacked;
    for (int64_t r0 = b->begin, r1 = b->begin + b->first; r0 < b->end; r0 = r1, r1 += b->step) {
        VXG_TRY(cost_of(c, k->kind, r0, r1 < b->end ? r1 : b->end, &cost));
        sum += (double)cost.unpacked;
    }
    *out = sum * (double)k->used > PASSES_MOST * once * (double)k->all;
    return VXG_OK;
}

/* A copy that cannot be made, for want of memory or of a place, costs time alone. */
static int copy_kind(const vxg__corrector *c, vxg_frame_kind kind, int64_t room) {
    vxg_scan_reader *scan = c->scan;
    vxg_read_cost cost;
    char folder[4200];
    VXG_TRY(cost_of(c, kind, 0, scan->nrows, &cost));
    VXG_TRY(vxg__scratch_folder(c->opts->scratch, folder, sizeof folder));
    if (cost.memory + cost.copy_memory > room) {
        vxg__log(0,
                 "%s: bands of rows unpack the same chunks again and again; a copy that need not "
                 "would take %.1f MB, %.1f MB are allowed",
                 scan->path, (double)(cost.memory + cost.copy_memory) * 1e-6, (double)room * 1e-6);
        return VXG_OK;
    }
    const int status =
        scan->prepare(scan, kind, c->part->c0, c->part->c1, folder, c->opts->progress);
    /* the copy is of all frames: one that is chosen away may be unreadable */
    if (status != VXG_ERR_OUTPUT && status != VXG_ERR_INPUT) return status;
    vxg__log(0, "%s: bands of rows unpack the same chunks again and again: %s", scan->path,
             vxg_error_message());
    return VXG_OK;
}

int vxg__reading_prepare(const vxg__corrector *c, const vxg__bands *bands, int64_t room) {
    kind_part kinds[3];
    const int n = kinds_of(c, kinds);
    if (!c->scan->cost || !c->scan->prepare) return VXG_OK;
    for (int i = 0; i < n; i++) {
        int again;
        VXG_TRY(comes_again(c, &kinds[i], bands, &again));
        if (again) VXG_TRY(copy_kind(c, kinds[i].kind, room));
    }
    return VXG_OK;
}
