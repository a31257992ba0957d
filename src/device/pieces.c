/* Large launches in pieces, so that a call can be stopped between them.
 *
 * A device is given about as many items as it runs at a time, a few such pieces at once, and the
 * calling thread asks (vxg__poll) before each. Pieces whose end comes sooner than the next piece is
 * made grow, so that short kernels are cut into few. Items see the same indices as in one launch
 * and do not know of each other: the results are the same.
 */
#include "device/backend.h"

#define IN_FLIGHT 3   /* pieces that the device has at a time: it must not wait for the host */
#define PER_UNIT 8192 /* items of a piece for each compute unit of a GPU */
#define PER_UNIT_OF_CPU 1024

int64_t vxg__piece_items;

typedef struct cut {
    const vxg_launch *launch;
    int64_t step[3];
    int64_t items; /* wanted in a piece */
    vxg_part at;   /* the piece to come */
} cut;

static int64_t lesser(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* The extent along an axis that `want` parts of it make, in whole steps. */
static int64_t extent(const cut *c, int axis, int64_t want) {
    const int64_t step = c->step[axis], n = (want + step - 1) / step * step;
    return n < step ? step : n;
}

/* The end of the piece that begins at at.begin: some of y at one step of z, or whole planes. */
static void place_end(cut *c) {
    const int64_t *n = c->launch->global;
    assert(c->items > 0 && c->step[1] > 0 && c->step[2] > 0);
    const int64_t row = n[0], plane = n[0] * n[1];
    c->at.begin[0] = 0, c->at.end[0] = n[0];
    if (c->at.begin[1] == 0 && plane * c->step[2] <= c->items) {
        c->at.end[1] = n[1];
        c->at.end[2] = lesser(n[2], c->at.begin[2] + extent(c, 2, c->items / plane));
    } else {
        const int64_t depth = lesser(n[2] - c->at.begin[2], c->step[2]);
        c->at.end[1] = lesser(n[1], c->at.begin[1] + extent(c, 1, c->items / (row * depth)));
        c->at.end[2] = c->at.begin[2] + depth;
    }
}

/* Moves on to the next piece; 0: there is none. */
static int next_piece(cut *c) {
    if (c->at.end[1] < c->launch->global[1]) {
        c->at.begin[1] = c->at.end[1];
    } else {
        c->at.begin[1] = 0, c->at.begin[2] = c->at.end[2];
    }
    if (c->at.begin[2] >= c->launch->global[2]) return 0;
    place_end(c);
    return 1;
}

/* Waits for the oldest piece; one that was done already was short. */
static int wait_for_oldest(vxg_device *dev, vxg_mark *mark, int64_t *items) {
    int done = 0;
    VXG_TRY(dev->backend->mark_done(dev, mark->impl, &done));
    if (!done) return dev->backend->mark_sync(dev, mark->impl);
    *items = *items < INT64_MAX / 4 ? *items * 2 : *items;
    return VXG_OK;
}

static int run_pieces(vxg_kernel *k, vxg_queue *q, cut *c, const vxg_progress *p) {
    vxg_mark *marks[IN_FLIGHT] = {NULL};
    int status = VXG_OK, more = 1;
    for (int i = 0; more && !status; i = (i + 1) % IN_FLIGHT) {
        if (marks[i]) status = wait_for_oldest(q->dev, marks[i], &c->items);
        vxg__order_drop(q->dev, marks[i]);
        marks[i] = NULL;
        if (!status && vxg__poll(p)) status = vxg_error_set(VXG_ERR_CANCELLED, "interrupted");
        assert(c->at.begin[1] < c->at.end[1] && c->at.begin[2] < c->at.end[2]);
        if (!status) status = q->dev->backend->launch(k, q, c->launch, &c->at);
        if (!status && (more = next_piece(c))) status = vxg__order_mark(q, &marks[i]);
    }
    for (int i = 0; i < IN_FLIGHT; i++) vxg__order_drop(q->dev, marks[i]);
    return status;
}

int vxg__launch_in_pieces(vxg_kernel *k, vxg_queue *q, const vxg_launch *l) {
    const vxg_backend *b = k->dev->backend;
    const vxg_progress *p = vxg__scope_progress();
    assert(l->global[0] > 0 && l->global[1] > 0 && l->global[2] > 0);
    const vxg_part all = {.end = {l->global[0], l->global[1], l->global[2]}};
    cut c = {.launch = l};
    if (!p || !b->launch_step || !b->launch_step(k, l, c.step) || vxg__order_suspended(q))
        return b->launch(k, q, l, &all);
    const int units = k->dev->info.units > 0 ? k->dev->info.units : 1;
    c.items = (int64_t)units * (k->dev->info.is_cpu ? PER_UNIT_OF_CPU : PER_UNIT);
    if (vxg__piece_items) c.items = vxg__piece_items;
    if (k->group) c.items /= k->group;
    if (c.items < 1) c.items = 1;
    place_end(&c);
    if (c.at.end[1] == l->global[1] && c.at.end[2] == l->global[2]) return b->launch(k, q, l, &all);
    return run_pieces(k, q, &c, p);
}
