/* Who reads and writes what: queues that use one buffer are put in order by marks, so that callers
 * need not wait. Backends whose calls return when the work is done (the cpu) have no marks, and all
 * of this is nothing there. */
#ifndef VXG_ORDER_H
#define VXG_ORDER_H

#include <voxgrad/device.h>

#include "base/base.h"

#define VXG_READERS 4 /* queues that are remembered as readers of a buffer */
#define VXG_SEEN 8    /* other queues whose work a queue remembers to have waited for */

/* The nth piece of work of a queue; queues are numbered, from 1, and never again the same. */
typedef struct vxg_access {
    uint64_t queue, nth;
    int open; /* the caller's own work may follow it in that queue at any time */
} vxg_access;
#define VXG_OPEN (1u << 31) /* in the words of written below: such an access */

/* A place in a queue: all of its work up to `at.nth` lies before. */
typedef struct vxg_mark {
    void *impl; /* the backend's */
    vxg_access at;
    int references; /* under the device's order lock */
    struct vxg_mark *next;
} vxg_mark;

/* What a buffer, a queue and a device remember; in their structs. Under the device's lock `order`
 * where nothing else is said. */
typedef struct vxg_buffer_order {
    vxg_access writer, readers[VXG_READERS];
    int nreaders;
    vxg_mark *marks[VXG_READERS + 1]; /* released, and work was queued: what it waits for */
    int nmarks;
    int unknown;      /* and of some work nobody can tell: it rests until the device is closed */
    vxg_buffer *next; /* the next one that waits */
} vxg_buffer_order;

typedef struct vxg_queue_order {
    uint64_t number, issued, completed; /* pieces of work */
    vxg_mark *fence;                    /* the newest mark, NULL: none yet */
    vxg_access seen[VXG_SEEN];
    int next_seen;
    int recording;     /* a graph; the owning thread's */
    vxg_buffer **held; /* buffers of the graph that is recorded; the owning thread's */
    unsigned char *held_written;
    int nheld, held_room;
    vxg_queue *next;
} vxg_queue_order;

typedef struct vxg_device_order {
    vxg_lock lock;
    uint64_t queues_made;
    vxg_queue *queues;
    vxg_mark *tails;     /* last marks of queues that were freed */
    vxg_mark *spare;     /* marks to use again */
    vxg_buffer *resting; /* released buffers whose work is not done */
    int recording;       /* queues that record a graph */
} vxg_device_order;

/* Before and after a piece of work of `queue` is handed to the backend. Buffer i is written when
 * bit i of written is set, else read. begin makes the queue wait; when it fails nothing may be
 * enqueued. end is called even when the work could not be enqueued. */
int vxg__order_suspended(const vxg_queue *queue); /* it records a graph */
int vxg__order_begin(vxg_queue *queue, int n, vxg_buffer *const *buffers, unsigned written);
int vxg__order_end(vxg_queue *queue, int n, vxg_buffer *const *buffers, unsigned written);
/* All that the queue had been given is done: the backend has just waited for it. */
void vxg__order_synced(vxg_queue *queue);
/* The place behind everything in the queue, with a reference. */
int vxg__order_mark(vxg_queue *queue, vxg_mark **out);
void vxg__order_drop(vxg_device *dev, vxg_mark *mark); /* takes the reference back; NULL is fine */

void vxg__order_queue_new(vxg_queue *queue);
void vxg__order_queue_free(vxg_queue *queue); /* before the backend frees it */
/* Frees what has rested long enough; with `wait`, everything that rests and is known to be done in
 * the end. While a graph is recorded nothing is asked, waited for or freed. How many buffers it
 * were. */
int vxg__order_sweep(vxg_device *dev, int wait);
/* Memory was refused: frees everything that rests, and what the backend keeps. 1: another try may
 * be of use. */
int vxg__order_reclaim(vxg_device *dev);
void vxg__order_close(vxg_device *dev); /* before the backend closes it: all marks and buffers go */

/* Recording of a graph: order is suspended, and the graph keeps the buffers. */
int vxg__order_record_begin(vxg_queue *queue);                  /* before the backend begins */
void vxg__order_record_end(vxg_queue *queue, vxg_graph *graph); /* graph NULL: it is dropped */
int vxg__order_graph(vxg_graph *graph, vxg_queue *queue, int is_end);

#endif
