/* Order between queues.
 *
 * Every queue counts its pieces of work. A buffer remembers the last piece that wrote it and, since
 * then, the last piece of each queue that read it. Work of another queue that comes into conflict
 * waits, on the device, for a mark behind that piece; marks are made when somebody needs one, so
 * that work within one queue costs none. Released buffers rest until marks behind their last uses
 * are reached.
 */
#include "device/backend.h"

#include <string.h>

static const vxg_backend *backend_of(const vxg_queue *q) {
    return q->dev->backend;
}
static int has_order(const vxg_device *dev) {
    return dev->backend->mark_record != NULL;
}

/* ---- Marks; the lock is held ---- */
static void unhold(vxg_device *dev, vxg_mark *m) {
    assert(vxg__lock_mine(&dev->order.lock) && (!m || m->references > 0));
    if (!m || --m->references) return;
    m->next = dev->order.spare, dev->order.spare = m;
}

static int new_mark(vxg_queue *q, vxg_mark **out) {
    vxg_device_order *d = &q->dev->order;
    vxg_mark *m = d->spare;
    assert(vxg__lock_mine(&q->dev->order.lock) && has_order(q->dev));
    if (m) {
        d->spare = m->next;
    } else if (!(m = vxg__calloc(1, sizeof *m))) {
        return VXG_ERR_MEMORY;
    }
    const int status = backend_of(q)->mark_record(q, &m->impl);
    if (status) {
        m->next = d->spare, d->spare = m;
        return status;
    }
    m->at = (vxg_access){.queue = q->order.number, .nth = q->order.issued};
    m->references = 1, m->next = NULL;
    *out = m;
    return VXG_OK;
}

/* The queue's work goes into a graph: of ours, or of the caller's on a stream of his. */
static int is_suspended(const vxg_queue *q) {
    int yes = q->order.recording;
    if (yes || !q->foreign || !backend_of(q)->capturing) return yes;
    if (backend_of(q)->capturing(q, &yes))
        vxg_error_clear(); /* a stream that fails says so later */
    return yes;
}

/* A mark of the queue behind the access; the queue keeps the reference. While a graph is recorded
 * there can be no new one: the last one before it stands there, for our own recordings. */
static int fence_behind(vxg_queue *q, vxg_access a, vxg_mark **out) {
    vxg_queue_order *o = &q->order;
    assert(vxg__lock_mine(&q->dev->order.lock) && a.nth <= o->issued);
    if ((!o->fence || o->fence->at.nth < a.nth || a.open) && !is_suspended(q)) {
        vxg_mark *m;
        VXG_TRY(new_mark(q, &m));
        unhold(q->dev, o->fence);
        o->fence = m;
    }
    *out = o->fence;
    return VXG_OK;
}

static vxg_queue *find_queue(const vxg_device *dev, uint64_t number) {
    vxg_queue *q = dev->order.queues;
    assert(vxg__lock_mine(&dev->order.lock));
    while (q && q->order.number != number) q = q->order.next;
    return q;
}

static int is_done(vxg_device *dev, vxg_mark *m) {
    int done = 0;
    assert(vxg__lock_mine(&dev->order.lock) && m->references > 0);
    if (dev->backend->mark_done(dev, m->impl, &done)) {
        vxg_error_clear();
        return 0; /* nobody knows: what rests does so until the device is closed */
    }
    vxg_queue *q = done ? find_queue(dev, m->at.queue) : NULL;
    if (q && q->order.completed < m->at.nth) q->order.completed = m->at.nth;
    return done;
}

/* A mark behind the access; NULL when that is done already. */
static int mark_behind(vxg_device *dev, vxg_access a, vxg_mark **out) {
    *out = NULL;
    if (!a.queue) return VXG_OK;
    vxg_queue *q = find_queue(dev, a.queue);
    if (q && (a.open || q->order.completed < a.nth)) return fence_behind(q, a, out);
    if (q) return VXG_OK;
    vxg_mark *tail = dev->order.tails;
    while (tail && tail->at.queue != a.queue) tail = tail->next;
    *out = tail;
    return VXG_OK;
}

/* ---- Waiting; the lock is held ---- */
static int has_seen(const vxg_queue_order *o, vxg_access a) {
    for (int i = 0; i < VXG_SEEN; i++)
        if (o->seen[i].queue == a.queue && o->seen[i].nth >= a.nth) return 1;
    return 0;
}

static void note_seen(vxg_queue_order *o, vxg_access a) {
    int i = 0;
    while (i < VXG_SEEN && o->seen[i].queue != a.queue) i++;
    if (i == VXG_SEEN) i = o->next_seen++ % VXG_SEEN;
    o->seen[i] = a;
}

static int wait_for(vxg_queue *q, vxg_access a) {
    vxg_mark *m;
    if (!a.queue || a.queue == q->order.number) return VXG_OK;
    if (!a.open && has_seen(&q->order, a)) return VXG_OK;
    VXG_TRY(mark_behind(q->dev, a, &m));
    if (!m) return VXG_OK;
    VXG_TRY(backend_of(q)->mark_wait(q, m->impl));
    note_seen(&q->order, m->at);
    return VXG_OK;
}

static int wait_for_conflicts(vxg_queue *q, const vxg_buffer_order *b, int writes) {
    assert(vxg__lock_mine(&q->dev->order.lock) && b->nreaders >= 0 && b->nreaders <= VXG_READERS);
    VXG_TRY(wait_for(q, b->writer));
    for (int i = 0; i < b->nreaders && writes; i++) VXG_TRY(wait_for(q, b->readers[i]));
    return VXG_OK;
}

static int add_reader(vxg_queue *q, vxg_buffer_order *b, vxg_access now) {
    int i = 0;
    assert(now.queue == q->order.number && b->nreaders <= VXG_READERS);
    while (i < b->nreaders && b->readers[i].queue != now.queue) i++;
    if (i == VXG_READERS) { /* this queue stands for the one before from here on */
        i = (int)(now.nth % VXG_READERS);
        VXG_TRY(wait_for(q, b->readers[i]));
    } else if (i == b->nreaders) {
        b->nreaders++;
    }
    b->readers[i] = now;
    return VXG_OK;
}

/* Whether the caller works on the buffer in this queue: that does not end with the next access. */
static int is_open(const vxg_buffer_order *b, uint64_t queue) {
    int open = b->writer.queue == queue && b->writer.open;
    for (int i = 0; i < b->nreaders; i++)
        open |= b->readers[i].queue == queue && b->readers[i].open;
    return open;
}

/* ---- Work ---- */
static int hold(vxg_queue *q, vxg_buffer *b, int written) {
    vxg_queue_order *o = &q->order;
    for (int i = 0; i < o->nheld; i++)
        if (o->held[i] == b) {
            o->held_written[i] |= (unsigned char)written;
            return VXG_OK;
        }
    if (o->nheld == o->held_room) {
        const int room = 2 * o->held_room + 16;
        vxg_buffer **held = vxg__realloc(o->held, (size_t)room, sizeof *held);
        if (!held) return VXG_ERR_MEMORY;
        o->held = held;
        unsigned char *flags = vxg__realloc(o->held_written, (size_t)room, 1);
        if (!flags) return VXG_ERR_MEMORY;
        o->held_written = flags, o->held_room = room;
    }
    o->held_written[o->nheld] = (unsigned char)written;
    o->held[o->nheld++] = vxg_buffer_retain(b);
    return VXG_OK;
}

int vxg__order_suspended(const vxg_queue *q) {
    return is_suspended(q);
}

int vxg__order_begin(vxg_queue *q, int n, vxg_buffer *const *buffers, unsigned written) {
    int status = VXG_OK;
    assert(n >= 0 && n < 31 && "a bit of `written` each");
    if (!has_order(q->dev)) return VXG_OK;
    if (is_suspended(q)) {
        for (int i = 0; i < n && q->order.recording; i++)
            VXG_TRY(hold(q, buffers[i], (written >> i) & 1));
        return VXG_OK;
    }
    vxg__lock(&q->dev->order.lock);
    for (int i = 0; i < n && !status; i++)
        status = wait_for_conflicts(q, &buffers[i]->order, (written >> i) & 1);
    vxg__unlock(&q->dev->order.lock);
    return status;
}

int vxg__order_end(vxg_queue *q, int n, vxg_buffer *const *buffers, unsigned written) {
    int status = VXG_OK;
    if (!has_order(q->dev) || is_suspended(q)) return VXG_OK;
    vxg__lock(&q->dev->order.lock);
    vxg_access now = {.queue = q->order.number, .nth = ++q->order.issued};
    for (int i = 0; i < n; i++) {
        vxg_buffer_order *b = &buffers[i]->order;
        now.open = (written & VXG_OPEN) || is_open(b, now.queue);
        if ((written >> i) & 1) {
            b->writer = now, b->nreaders = 0;
        } else if (!status) {
            status = add_reader(q, b, now);
        }
    }
    vxg__unlock(&q->dev->order.lock);
    return status;
}

void vxg__order_synced(vxg_queue *q) {
    if (!has_order(q->dev)) return;
    vxg__lock(&q->dev->order.lock);
    q->order.completed = q->order.issued;
    vxg__unlock(&q->dev->order.lock);
}

int vxg__order_mark(vxg_queue *q, vxg_mark **out) {
    vxg_mark *m = NULL;
    *out = NULL;
    if (!has_order(q->dev)) return VXG_OK;
    VXG_FAIL_IF(is_suspended(q), VXG_ERR_ARGUMENT, "event: the queue is recording a graph");
    vxg__lock(&q->dev->order.lock);
    const int status = new_mark(q, &m); /* a caller's stream may hold more than is counted */
    vxg__unlock(&q->dev->order.lock);
    *out = m;
    return status;
}

void vxg__order_drop(vxg_device *dev, vxg_mark *mark) {
    if (!mark) return;
    vxg__lock(&dev->order.lock);
    unhold(dev, mark);
    vxg__unlock(&dev->order.lock);
}

/* ---- Queues ---- */
void vxg__order_queue_new(vxg_queue *q) {
    vxg_device_order *d = &q->dev->order;
    vxg__lock(&d->lock);
    q->order.number = ++d->queues_made;
    q->order.next = d->queues, d->queues = q;
    vxg__unlock(&d->lock);
}

static void forget_tails(vxg_device *dev) {
    for (vxg_mark **p = &dev->order.tails; *p;) {
        vxg_mark *m = *p;
        if (!is_done(dev, m)) {
            p = &m->next;
            continue;
        }
        *p = m->next;
        unhold(dev, m);
    }
}

void vxg__order_queue_free(vxg_queue *q) {
    vxg_device_order *d = &q->dev->order;
    vxg_queue_order *o = &q->order;
    vxg__lock(&d->lock);
    for (vxg_queue **p = &d->queues; *p; p = &(*p)->order.next)
        if (*p == q) {
            *p = o->next;
            break;
        }
    if (has_order(q->dev) && o->issued) {
        vxg_mark *tail;
        if (!d->recording) forget_tails(q->dev);
        if (fence_behind(q, (vxg_access){.nth = o->issued, .open = 1}, &tail)) {
            vxg_error_clear(); /* no mark can be had: wait here */
            (void)backend_of(q)->sync(q);
        } else if (tail) { /* the queue's reference becomes the list's */
            tail->next = d->tails, d->tails = tail;
            o->fence = NULL;
        }
    }
    unhold(q->dev, o->fence);
    vxg__unlock(&d->lock);
    vxg__order_record_end(q, NULL); /* freed while it records */
}

/* ---- Released buffers ---- */
/* Marks behind all accesses; an access whose mark cannot be had is waited for. */
static void collect_marks(vxg_buffer *b) {
    vxg_buffer_order *o = &b->order;
    for (int i = -1; i < o->nreaders; i++) {
        const vxg_access a = i < 0 ? o->writer : o->readers[i];
        vxg_mark *m = NULL;
        if (mark_behind(b->dev, a, &m)) {
            vxg_queue *q = find_queue(b->dev, a.queue);
            vxg_error_clear();
            if (q && backend_of(q)->sync(q)) o->unknown = 1;
            vxg_error_clear();
            continue;
        }
        if (!m || (!b->dev->order.recording && is_done(b->dev, m))) continue;
        m->references++;
        assert(o->nmarks < (int)(sizeof o->marks / sizeof *o->marks));
        o->marks[o->nmarks++] = m;
    }
}

/* 1 when it can be freed now, else it rests until its work is done. A thread that records must
 * neither ask about other work nor free: what is released meanwhile rests. */
static int can_go(vxg_buffer *b) {
    vxg_device_order *d = &b->dev->order;
    if (!has_order(b->dev)) return 1;
    vxg__lock(&d->lock);
    collect_marks(b);
    const int now = b->order.nmarks == 0 && !b->order.unknown && !d->recording;
    if (!now) {
        b->order.next = d->resting;
        d->resting = b;
    }
    vxg__unlock(&d->lock);
    return now;
}

/* Frees what has no work left. */
static void destroy(vxg_buffer *buf) {
    assert(buf->references == 0 && !vxg__object_is(buf, VXG_KIND_BUFFER));
    vxg_device *dev = buf->dev;
    const vxg_release_fn release = buf->release;
    void *const context = buf->context;
    if (vxg__device_lost(dev)) {
        /* the driver is not asked in a child */
    } else if (buf->foreign) {
        dev->backend->buffer_unwrap(buf);
    } else {
        dev->backend->buffer_free(buf);
    }
    vxg__free(buf->image);
    vxg__object_free(buf);
    if (release) release(context);
}

void vxg_buffer_release(vxg_buffer *buf) {
    if (!vxg__object_is(buf, VXG_KIND_BUFFER)) return;
    if (__atomic_sub_fetch(&buf->references, 1, __ATOMIC_ACQ_REL)) return;
    vxg_device *dev = buf->dev;
    vxg__object_hide(buf);
    if (vxg__device_lost(dev) || can_go(buf)) destroy(buf);
    vxg_device_release(dev);
}

enum { ASK, WAIT, CLOSE }; /* how a sweep finds out what is done; CLOSE: it is the last */

static int has_rested(vxg_buffer *b, int how) {
    vxg_buffer_order *o = &b->order;
    if (o->unknown && how != CLOSE) return 0;
    for (; o->nmarks; o->nmarks--) {
        vxg_mark *m = o->marks[o->nmarks - 1];
        if (how == ASK) {
            if (!is_done(b->dev, m)) return 0;
        } else if (b->dev->backend->mark_sync(b->dev, m->impl)) {
            vxg_error_clear();
            if (how != CLOSE) return 0;
        }
        unhold(b->dev, m);
    }
    return 1;
}

static int sweep(vxg_device *dev, int how) {
    vxg_buffer *free_now = NULL;
    vxg_device_order *d = &dev->order;
    int count = 0;
    if (!has_order(dev)) return 0;
    vxg__lock(&d->lock);
    if (!d->recording || how == CLOSE)
        for (vxg_buffer **p = &d->resting; *p;) {
            vxg_buffer *b = *p;
            if (!has_rested(b, how)) {
                p = &b->order.next;
                continue;
            }
            *p = b->order.next;
            b->order.next = free_now, free_now = b;
        }
    vxg__unlock(&d->lock);
    for (vxg_buffer *next; free_now; free_now = next) {
        next = free_now->order.next;
        destroy(free_now);
        count++;
    }
    return count;
}

int vxg__order_sweep(vxg_device *dev, int wait) {
    return sweep(dev, wait ? WAIT : ASK);
}

int vxg__order_reclaim(vxg_device *dev) {
    if (!has_order(dev)) return 0;
    vxg__lock(&dev->order.lock);
    const int recording = dev->order.recording;
    vxg__unlock(&dev->order.lock);
    if (recording) return 0;
    sweep(dev, WAIT);
    if (dev->backend->trim) dev->backend->trim(dev);
    return 1; /* another thread may have freed something too */
}

static void free_marks(vxg_device *dev, vxg_mark *list) {
    for (vxg_mark *next; list; list = next) {
        next = list->next;
        if (list->impl) dev->backend->mark_free(dev, list->impl);
        vxg__free(list);
    }
}

void vxg__order_close(vxg_device *dev) {
    sweep(dev, CLOSE);
    assert(!dev->order.queues && !dev->order.resting && "they hold the device");
    free_marks(dev, dev->order.tails);
    free_marks(dev, dev->order.spare);
    dev->order.tails = dev->order.spare = NULL;
}

/* ---- Graphs ---- */
int vxg__order_record_begin(vxg_queue *q) {
    vxg_queue_order *o = &q->order;
    int status = VXG_OK;
    vxg_mark *m;
    vxg__lock(&q->dev->order.lock);
    /* Others may have to wait for what was given before: no mark can be made while recording. */
    if (has_order(q->dev) && o->completed < o->issued)
        status = fence_behind(q, (vxg_access){.nth = o->issued}, &m);
    if (!status) q->dev->order.recording++;
    vxg__unlock(&q->dev->order.lock);
    if (!status) o->recording = 1;
    return status;
}

void vxg__order_record_end(vxg_queue *q, vxg_graph *graph) {
    vxg_queue_order *o = &q->order;
    if (!o->recording) return;
    o->recording = 0;
    vxg__lock(&q->dev->order.lock);
    assert(q->dev->order.recording > 0);
    q->dev->order.recording--;
    vxg__unlock(&q->dev->order.lock);
    if (graph) {
        graph->held = o->held, graph->held_written = o->held_written, graph->nheld = o->nheld;
    } else {
        for (int i = 0; i < o->nheld; i++) vxg_buffer_release(o->held[i]);
        vxg__free(o->held);
        vxg__free(o->held_written);
    }
    o->held = NULL, o->held_written = NULL, o->nheld = o->held_room = 0;
}

int vxg__order_graph(vxg_graph *g, vxg_queue *q, int is_end) {
    for (int first = 0; first < g->nheld; first += 16) {
        const int n = g->nheld - first < 16 ? g->nheld - first : 16;
        unsigned written = 0;
        for (int i = 0; i < n; i++) written |= (unsigned)(g->held_written[first + i] & 1) << i;
        VXG_TRY((is_end ? vxg__order_end : vxg__order_begin)(q, n, g->held + first, written));
    }
    return VXG_OK;
}
