/* Blocks of datasets that lie in files: pieces through the window, or stored chunks that are
 * unpacked by several threads while the helper reads the next ones. */
#include "io/h5/dataset.h"

#include <stdio.h>
#include <string.h>

enum { MOST_BATCH = 256, MOST_SLOTS = 64 };
static const int64_t PIECE = (int64_t)1 << 19; /* bytes of half the window for plain elements */

static int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* ---- boxes of plain elements ---- */

typedef struct box {
    int64_t start[VXG_MAX_DIMS], count[VXG_MAX_DIMS];
} box;

/* Pieces of a block: of axis `axis` so many at once, all of those behind it, one of those before.
 */
typedef struct pieces {
    const vxg__h5_dataset *d;
    const int64_t *start, *count;
    int axis;
    int64_t most;
    int64_t at[VXG_MAX_DIMS]; /* of the next piece, inside the block */
    int done;
} pieces;

static pieces cut(const vxg__h5_dataset *d, const int64_t *start, const int64_t *count) {
    pieces p = {.d = d, .start = start, .count = count, .axis = d->ndim - 1, .most = 1};
    int64_t room = PIECE / d->bytes;
    for (int i = d->ndim - 1; i >= 0; i--) {
        p.axis = i, p.most = least(room, count[i]);
        if (count[i] > room) break;
        room /= count[i];
    }
    if (p.most < 1) p.most = 1;
    return p;
}

/* The next piece: its place in the block and its box in the dataset. */
static int next_piece(pieces *p, int64_t place[VXG_MAX_DIMS], box *b) {
    if (p->done) return 0;
    for (int i = 0; i < p->d->ndim; i++) {
        place[i] = p->at[i];
        b->start[i] = p->start[i] + p->at[i];
        b->count[i] = i < p->axis   ? 1
                      : i > p->axis ? p->count[i]
                                    : least(p->most, p->count[i] - p->at[i]);
    }
    p->done = 1;
    for (int i = p->axis; i >= 0 && p->done; i--) {
        p->at[i] += i == p->axis ? p->most : 1;
        p->done = p->at[i] >= p->count[i];
        if (p->done) p->at[i] = 0;
    }
    return 1;
}

static int begin_box(const vxg__h5_dataset *d, const box *b, int64_t place) {
    vxg__h5_body *r = vxg__h5_request(d->session);
    vxg__h5_put(r, d->number);
    vxg__h5_put(r, place);
    for (int i = 0; i < d->ndim; i++) vxg__h5_put(r, b->start[i]);
    for (int i = 0; i < d->ndim; i++) vxg__h5_put(r, b->count[i]);
    return vxg__h5_begin(d->session, VXG__H5_BOX);
}

static int never_written(const vxg__h5_dataset *d, const int64_t *at) {
    char text[200] = "";
    size_t n = 0;
    for (int i = 0; i < d->ndim; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%lld", i ? ", " : "", (long long)at[i]);
    VXG_FAIL(VXG_ERR_INPUT, "the elements from (%s) on were never written", text);
}

/* A box that came through the window goes to its place. */
static int take_box(const vxg__h5_dataset *d, const box *b, const int64_t *place,
                    const uint8_t *from, const vxg__h5_target *to) {
    int64_t step[VXG_MAX_DIMS], n = 1;
    const int missing = vxg__h5_take(&d->session->reply) != 0;
    for (int i = d->ndim - 1; i >= 0; i--) {
        step[i] = n;
        n *= b->count[i];
    }
    if (missing) return never_written(d, b->start);
    vxg__h5_convert(d, from, step, b->count, to, place);
    return VXG_OK;
}

/* While one half of the window is converted, the helper fills the other. */
static int read_pieces(const vxg__h5_dataset *d, const int64_t *start, const int64_t *count,
                       const vxg__h5_target *to) {
    pieces p = cut(d, start, count);
    int64_t place[2][VXG_MAX_DIMS] = {{0}};
    box b[2];
    int now = 0, status = VXG_OK;
    int more = next_piece(&p, place[0], &b[0]);
    if (more) status = begin_box(d, &b[0], 0);
    while (more && !status) {
        const int next = !now;
        status = vxg__h5_finish(d->session);
        if (status) break;
        /* the reply is used before the next request: it has one number */
        const int missing = vxg__h5_take(&d->session->reply) != 0;
        more = next_piece(&p, place[next], &b[next]);
        if (more) status = begin_box(d, &b[next], next * PIECE);
        vxg__h5_body_clear(&d->session->reply);
        vxg__h5_put(&d->session->reply, missing);
        const int taken = take_box(d, &b[now], place[now], d->session->window + now * PIECE, to);
        if (taken && more && !status) vxg__h5_finish(d->session); /* what is on its way */
        if (taken) status = taken;
        now = next;
    }
    return status;
}

/* ---- chunks ---- */

typedef struct grid {                                           /* the chunks a block touches */
    int64_t first[VXG_MAX_DIMS], n[VXG_MAX_DIMS], total, bytes; /* bytes of an unpacked chunk */
} grid;

static void set_grid(const vxg__h5_dataset *d, const int64_t *start, const int64_t *count,
                     grid *g) {
    double bytes = (double)d->bytes;
    g->total = 1;
    for (int i = 0; i < d->ndim; i++) {
        g->first[i] = start[i] / d->chunk[i];
        g->n[i] = (start[i] + count[i] - 1) / d->chunk[i] - g->first[i] + 1;
        g->total *= g->n[i];
        bytes *= (double)d->chunk[i];
    }
    g->bytes = bytes < (double)VXG_MAX_ELEMENTS ? (int64_t)bytes : VXG_MAX_ELEMENTS;
}

static int make_grid(const vxg__h5_dataset *d, const int64_t *start, const int64_t *count,
                     grid *g) {
    set_grid(d, start, count, g);
    VXG_FAIL_IF(2 * (double)g->bytes > (double)d->session->memory, VXG_ERR_INPUT,
                "its chunks of %.0f MB each need more memory than the %.0f MB there are for "
                "reading; h5repack makes smaller ones",
                (double)g->bytes / 1e6, (double)d->session->memory / 1e6);
    return VXG_OK;
}

static void chunk_at(const vxg__h5_dataset *d, const grid *g, int64_t index, int64_t *corner) {
    for (int i = d->ndim - 1; i >= 0; i--) {
        corner[i] = (g->first[i] + index % g->n[i]) * d->chunk[i];
        index /= g->n[i];
    }
}

/* The part of a chunk that the block wants: its place in the block; its box. */
static void overlap(const vxg__h5_dataset *d, const int64_t *corner, const int64_t *start,
                    const int64_t *count, int64_t *place, box *b) {
    for (int i = 0; i < d->ndim; i++) {
        const int64_t end = least(corner[i] + d->chunk[i], start[i] + count[i]);
        b->start[i] = corner[i] > start[i] ? corner[i] : start[i];
        b->count[i] = end - b->start[i];
        place[i] = b->start[i] - start[i];
    }
}

typedef struct batch { /* stored chunks in the window */
    int64_t first, n;  /* which of the grid's */
    int64_t place[MOST_BATCH], bytes[MOST_BATCH];
    uint32_t mask[MOST_BATCH];
} batch;

typedef struct work { /* of the threads that unpack a batch */
    const vxg__h5_dataset *d;
    const int64_t *start, *count;
    const vxg__h5_target *to;
    const grid *g;
    const batch *b;
    uint8_t *scratch;
    int64_t room; /* bytes of one scratch buffer */
    int slots, buffers;
    int64_t half; /* bytes of half the window for stored chunks */
    const char *why[MOST_SLOTS];
    int64_t which[MOST_SLOTS]; /* the chunk it is about */
} work;

static uint32_t mask_of(const vxg__h5_dataset *d, const int64_t *corner, uint32_t mask) {
    if (!d->plain_edges) return mask;
    for (int i = 0; i < d->ndim; i++)
        if (corner[i] + d->chunk[i] > d->shape[i]) return UINT32_MAX;
    return mask;
}

static const char *unpack_one(const work *w, int slot, int64_t i) {
    const vxg__h5_dataset *d = w->d;
    int64_t corner[VXG_MAX_DIMS], place[VXG_MAX_DIMS], step[VXG_MAX_DIMS], n = 1, at = 0;
    uint8_t *a = w->scratch ? w->scratch + (int64_t)slot * w->buffers * w->room : NULL;
    uint8_t *other = w->buffers > 1 ? a + w->room : a;
    const uint8_t *plain = NULL;
    box b;
    chunk_at(d, w->g, w->b->first + i, corner);
    overlap(d, corner, w->start, w->count, place, &b);
    if (w->b->bytes[i] == 0) return "it was never written"; /* whatever its fill value */
    const char *why =
        vxg__h5_decode(d, mask_of(d, corner, w->b->mask[i]), w->g->bytes,
                       d->session->window + w->b->place[i], w->b->bytes[i], a, other, &plain);
    if (why) return why;
    for (int k = d->ndim - 1; k >= 0; k--) {
        step[k] = n;
        at += (b.start[k] - corner[k]) * n;
        n *= d->chunk[k];
    }
    vxg__h5_convert(d, plain + at * d->bytes, step, b.count, w->to, place);
    return NULL;
}

/* Slot s takes every slots-th chunk, so that each has memory of its own whatever the threads. */
static void unpack_slots(void *context, int64_t begin, int64_t end, int worker) {
    work *w = context;
    (void)worker;
    for (int64_t slot = begin; slot < end; slot++)
        for (int64_t i = slot; i < w->b->n && !w->why[slot]; i += w->slots) {
            w->why[slot] = unpack_one(w, (int)slot, i);
            w->which[slot] = w->b->first + i;
        }
}

static int bad_chunk(const work *w, int64_t index, const char *why) {
    int64_t corner[VXG_MAX_DIMS];
    char text[200] = "";
    size_t n = 0;
    chunk_at(w->d, w->g, index, corner);
    for (int i = 0; i < w->d->ndim; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%lld", i ? ", " : "",
                              (long long)corner[i]);
    VXG_FAIL(VXG_ERR_INPUT, "the chunk at (%s): %s", text, why);
}

static int unpack_batch(work *w) {
    memset(w->why, 0, sizeof w->why);
    vxg__parallel(w->slots, 1, unpack_slots, w);
    int first = -1; /* the first chunk that is bad, whatever the threads */
    for (int i = 0; i < w->slots; i++)
        if (w->why[i] && (first < 0 || w->which[i] < w->which[first])) first = i;
    if (first < 0) return VXG_OK;
    return bad_chunk(w, w->which[first], w->why[first]);
}

static int begin_batch(const vxg__h5_dataset *d, const grid *g, int64_t first, int64_t place,
                       int64_t room, batch *b) {
    vxg__h5_body *r = vxg__h5_request(d->session);
    b->first = first, b->n = least(g->total - first, MOST_BATCH);
    b->place[0] = place;
    vxg__h5_put(r, d->number);
    vxg__h5_put(r, place);
    vxg__h5_put(r, room);
    vxg__h5_put(r, b->n);
    for (int64_t i = 0; i < b->n; i++) {
        int64_t corner[VXG_MAX_DIMS];
        chunk_at(d, g, first + i, corner);
        for (int k = 0; k < d->ndim; k++) vxg__h5_put(r, corner[k]);
    }
    return vxg__h5_begin(d->session, VXG__H5_CHUNKS);
}

/* Ends what begin_batch began: b->n becomes what is there. *wanted: bytes of a chunk that needs
 * more room, 0: none. */
static int finish_batch(const vxg__h5_dataset *d, int64_t room, batch *b, int64_t *wanted) {
    int64_t place = b->place[0], i = 0;
    const int64_t end = place + room;
    vxg__h5_body *r = &d->session->reply;
    *wanted = 0;
    VXG_TRY(vxg__h5_finish(d->session));
    for (; i < b->n && !*wanted; i++) {
        const int64_t bytes = vxg__h5_take(r), mask = vxg__h5_take(r);
        VXG_FAIL_IF(r->bad || bytes > end - place, VXG_ERR_INPUT,
                    "the HDF5 helper gave an answer that makes no sense");
        if (bytes < 0) {
            *wanted = -bytes;
            break;
        }
        b->place[i] = place, b->bytes[i] = bytes, b->mask[i] = (uint32_t)mask;
        place += bytes;
    }
    b->n = i;
    return VXG_OK;
}

/* A chunk too large for half the window gets all of it, alone. */
static int large_chunk(work *w, batch *b, int64_t wanted) {
    const int64_t room = w->d->session->window_bytes;
    int64_t still = 0;
    if (wanted > room || wanted > w->g->bytes + w->g->bytes / 64 + 65536)
        return bad_chunk(w, b->first, "it takes more bytes than a packed chunk can have");
    VXG_TRY(begin_batch(w->d, w->g, b->first, 0, room, b));
    VXG_TRY(finish_batch(w->d, room, b, &still));
    VXG_FAIL_IF(b->n == 0, VXG_ERR_INPUT, "a stored chunk of %lld bytes", (long long)still);
    b->n = 1;
    w->b = b;
    return unpack_batch(w);
}

static int read_batches(work *w, batch b[2]) {
    const vxg__h5_dataset *d = w->d;
    const int64_t half = w->half;
    int now = 0, status = begin_batch(d, w->g, 0, 0, half, &b[0]);
    for (int64_t done = 0; done < w->g->total && !status;) {
        int64_t wanted = 0;
        batch *this = &b[now];
        status = finish_batch(d, half, this, &wanted);
        if (!status && this->n == 0) {
            status = large_chunk(w, this, wanted);
            done += this->n;
            if (!status && done < w->g->total)
                status = begin_batch(d, w->g, done, 0, half, &b[now = 0]);
            continue;
        }
        if (status) break;
        done += this->n, now = !now;
        const int more = done < w->g->total;
        if (more) status = begin_batch(d, w->g, done, now * half, half, &b[now]);
        w->b = this;
        const int unpacked = unpack_batch(w);
        if (unpacked && more && !status) vxg__h5_finish(d->session); /* what is on its way */
        if (unpacked) {
            /* finish may have put another message */
            return unpack_batch(w);
        }
    }
    return status;
}

/* How many chunks are unpacked at once, in how much memory. */
static void plan_work(const vxg__h5_dataset *d, const grid *g, work *w) {
    w->room = (vxg__h5_decode_room(d, g->bytes) + 63) / 64 * 64;
    w->buffers = d->nfilters > 1 ? 2 : d->nfilters;
    const int64_t share = d->session->share;
    const int64_t slots = least(least(vxg_threads(), MOST_SLOTS), g->total);
    const int64_t fit = share / 4 / (w->buffers ? w->buffers * w->room : 1);
    w->slots = (int)(slots < fit ? slots : fit < 1 ? 1 : fit);
    /* every thread gets a chunk while as many more are read */
    w->half = least(least(w->slots * g->bytes, share / 8), d->session->window_bytes / 2);
    if (w->half < PIECE) w->half = PIECE;
}

/* The helper's own memory: libhdf5's and its libraries' code and data; and its lists of chunks, of
 * which libhdf5 keeps a part (files.c): measured, 14 MB of 720000 chunks. */
static const int64_t HELPER = (int64_t)16 << 20, LISTS = (int64_t)14 << 20, LISTED = 300;

int vxg__h5_dataset_grain(vxg__h5_dataset *d, int64_t *grain, int64_t *memory) {
    for (int i = 0; i < d->ndim; i++) grain[i] = 1;
    *memory = HELPER + 2 * (2 * PIECE);
    if (d->layout == VXG__H5_VIRTUAL) return vxg__h5_virtual_grain(d, grain, memory);
    if (d->layout != VXG__H5_CHUNKED) return VXG_OK;
    grid g;
    work w = {.d = d};
    const int64_t zeros[VXG_MAX_DIMS] = {0};
    set_grid(d, zeros, d->shape, &g); /* what does not fit has its price too */
    plan_work(d, &g, &w);
    for (int i = 0; i < d->ndim; i++) grain[i] = d->chunk[i];
    const int64_t lists = g.total > LISTS / LISTED ? LISTS : g.total * LISTED;
    if (d->native) {
        const int64_t window = 2 * w.half > g.bytes ? 2 * w.half : g.bytes;
        *memory = HELPER + lists + 2 * window + w.slots * w.buffers * w.room;
    } else {
        *memory = HELPER + lists + 5 * g.bytes; /* the window, and libhdf5's buffers */
    }
    return VXG_OK;
}

static int read_chunks(const vxg__h5_dataset *d, const int64_t *start, const int64_t *count,
                       const vxg__h5_target *to) {
    grid g;
    VXG_TRY(make_grid(d, start, count, &g));
    work w = {.d = d, .start = start, .count = count, .to = to, .g = &g};
    plan_work(d, &g, &w);
    batch *b = vxg__calloc(2, sizeof *b);
    if (b && d->nfilters) w.scratch = vxg__alloc_aligned((size_t)(w.slots * w.buffers * w.room));
    int status = b && (w.scratch || !d->nfilters) ? VXG_OK : VXG_ERR_MEMORY;
    if (!status) status = read_batches(&w, b);
    vxg__free(w.scratch);
    vxg__free(b);
    return status;
}

/* Filters that are not known here: chunk by chunk through libhdf5 in the helper. */
static int read_foreign(const vxg__h5_dataset *d, const int64_t *start, const int64_t *count,
                        const vxg__h5_target *to) {
    grid g;
    VXG_TRY(make_grid(d, start, count, &g));
    for (int i = 0; i < d->nfilters; i++)
        VXG_FAIL_IF(!vxg__h5_filter_known(d->filters[i].id) && !d->filters[i].available,
                    VXG_ERR_INPUT,
                    "it is packed by the HDF5 filter %s (number %lld), which is not installed "
                    "here; HDF5_PLUGIN_PATH names the folder of filter plug-ins",
                    vxg__h5_filter_name(&d->filters[i]), (long long)d->filters[i].id);
    for (int64_t i = 0; i < g.total; i++) {
        int64_t corner[VXG_MAX_DIMS], place[VXG_MAX_DIMS], bytes = d->bytes;
        box b;
        chunk_at(d, &g, i, corner);
        overlap(d, corner, start, count, place, &b);
        for (int k = 0; k < d->ndim; k++) bytes *= b.count[k];
        VXG_FAIL_IF(bytes > d->session->window_bytes, VXG_ERR_INPUT,
                    "its chunks of %.0f MB need more memory than there is for reading",
                    (double)bytes / 1e6);
        VXG_TRY(begin_box(d, &b, 0));
        VXG_TRY(vxg__h5_finish(d->session));
        VXG_TRY(take_box(d, &b, place, d->session->window, to));
    }
    return VXG_OK;
}

int vxg__h5_read_block(vxg__h5_dataset *d, const int64_t *start, const int64_t *count,
                       const vxg__h5_target *to) {
    for (int i = 0; i < d->ndim; i++) {
        if (count[i] == 0) return VXG_OK;
        VXG_FAIL_IF(start[i] < 0 || count[i] < 0 || start[i] > d->shape[i] ||
                        count[i] > d->shape[i] - start[i],
                    VXG_ERR_ARGUMENT, "a block outside the dataset");
    }
    switch (d->layout) {
    case VXG__H5_VIRTUAL: return vxg__h5_read_virtual(d, start, count, to);
    case VXG__H5_CHUNKED:
        return d->native ? read_chunks(d, start, count, to) : read_foreign(d, start, count, to);
    default: return read_pieces(d, start, count, to);
    }
}
