/* Queues and recorded graphs: checks above the backends. */
#include "device/backend.h"

int vxg__queue_pick(vxg_device *dev, vxg_queue **queue, const char *who) {
    VXG_TRY(vxg__device_check(dev, who));
    if (!*queue) return vxg__device_queue(dev, queue);
    VXG_TRY(vxg__queue_check(*queue, who));
    VXG_FAIL_IF((*queue)->dev != dev, VXG_ERR_ARGUMENT, "%s: queue of another device", who);
    return VXG_OK;
}

static int queue_make(vxg_device *dev, vxg_queue **out) {
    assert(!vxg__device_lost(dev));
    vxg_queue *q = vxg__object_new(VXG_KIND_QUEUE, sizeof *q);
    if (!q) return VXG_ERR_MEMORY;
    q->dev = dev;
    int status = dev->backend->queue_new(q);
    if (status) {
        vxg__object_free(q);
        return status;
    }
    vxg__order_queue_new(q);
    *out = q;
    return VXG_OK;
}

void vxg__queue_drop(vxg_queue *queue) {
    assert(vxg__object_is(queue, VXG_KIND_QUEUE));
    if (!vxg__device_lost(queue->dev)) {
        vxg__order_queue_free(queue);
        queue->dev->backend->queue_free(queue);
    }
    vxg__object_free(queue);
}

int vxg_queue_wrap(vxg_device *dev, void *handle, unsigned flags, vxg_queue **out) {
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "wrap queue: out is NULL");
    *out = NULL;
    VXG_TRY(vxg__device_check(dev, "wrap queue"));
    VXG_FAIL_IF(flags, VXG_ERR_ARGUMENT, "wrap queue: flags %x are not known", flags);
    vxg_queue *q = vxg__object_new(VXG_KIND_QUEUE, sizeof *q);
    if (!q) return VXG_ERR_MEMORY;
    q->dev = dev, q->foreign = 1;
    const int status = dev->backend->queue_wrap(q, handle);
    if (status) {
        vxg__object_free(q);
        return vxg_error_context(status, "wrap queue");
    }
    vxg__order_queue_new(q);
    vxg_device_retain(dev);
    *out = q;
    return VXG_OK;
}

int vxg_queue_new(vxg_device *dev, vxg_queue **out) {
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "new queue: out is NULL");
    *out = NULL;
    VXG_TRY(vxg__device_check(dev, "new queue"));
    VXG_TRY(queue_make(dev, out));
    vxg_device_retain(dev);
    return VXG_OK;
}

void vxg_queue_free(vxg_queue *queue) {
    if (!vxg__object_is(queue, VXG_KIND_QUEUE) || queue == queue->dev->queue) return;
    vxg_device *dev = queue->dev;
    vxg__queue_drop(queue);
    vxg_device_release(dev);
}

int vxg__device_queue(vxg_device *dev, vxg_queue **out) {
    vxg__lock(&dev->lock);
    int status = dev->queue ? VXG_OK : queue_make(dev, &dev->queue);
    *out = dev->queue;
    vxg__unlock(&dev->lock);
    return status;
}

int vxg_queue_sync(vxg_queue *queue) {
    VXG_TRY(vxg__queue_check(queue, "sync"));
    VXG_TRY(queue->dev->backend->sync(queue));
    vxg__order_synced(queue);
    vxg__order_sweep(queue->dev, 0);
    return VXG_OK;
}
vxg_device *vxg_queue_device(const vxg_queue *queue) {
    return vxg__object_is(queue, VXG_KIND_QUEUE) ? queue->dev : NULL;
}

static int unsupported(const vxg_device *dev, const char *what) {
    VXG_FAIL(VXG_ERR_UNSUPPORTED, "%s: %s devices have none", what, dev->backend->name);
}

int vxg_queue_time_begin(vxg_queue *queue) {
    VXG_TRY(vxg__queue_check(queue, "time"));
    const vxg_backend *b = queue->dev->backend;
    if (!b->time_begin) return unsupported(queue->dev, "timers");
    VXG_TRY(b->time_begin(queue));
    queue->timed = 1;
    return VXG_OK;
}
int vxg_queue_time_end(vxg_queue *queue, double *seconds) {
    VXG_FAIL_IF(!seconds, VXG_ERR_ARGUMENT, "time: seconds is NULL");
    *seconds = 0;
    VXG_TRY(vxg__queue_check(queue, "time"));
    const vxg_backend *b = queue->dev->backend;
    if (!b->time_end) return unsupported(queue->dev, "timers");
    VXG_FAIL_IF(!queue->timed, VXG_ERR_ARGUMENT, "time: it was not begun on this queue");
    return b->time_end(queue, seconds);
}

/* ---- Graphs ---- */
int vxg_queue_capture_begin(vxg_queue *queue) {
    VXG_TRY(vxg__queue_check(queue, "capture"));
    const vxg_backend *b = queue->dev->backend;
    if (!b->capture_begin) return unsupported(queue->dev, "graph capture");
    VXG_FAIL_IF(queue->order.recording, VXG_ERR_ARGUMENT,
                "capture: the queue is recording a graph");
    VXG_TRY(vxg__order_record_begin(queue));
    const int status = b->capture_begin(queue);
    if (status) vxg__order_record_end(queue, NULL);
    return status;
}
int vxg_queue_capture_end(vxg_queue *queue, vxg_graph **out) {
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "capture: out is NULL");
    *out = NULL;
    VXG_TRY(vxg__queue_check(queue, "capture"));
    vxg_device *dev = queue->dev;
    if (!dev->backend->capture_end) return unsupported(dev, "graph capture");
    vxg_graph *g = vxg__object_new(VXG_KIND_GRAPH, sizeof *g);
    if (!g) return VXG_ERR_MEMORY;
    g->dev = dev;
    int status = dev->backend->capture_end(queue, g);
    vxg__order_record_end(queue, status ? NULL : g);
    if (status) {
        vxg__object_free(g);
        return status;
    }
    vxg_device_retain(dev);
    *out = g;
    return VXG_OK;
}
int vxg_graph_launch(vxg_graph *graph, vxg_queue *queue) {
    VXG_FAIL_IF(!vxg__object_is(graph, VXG_KIND_GRAPH), VXG_ERR_ARGUMENT,
                "graph launch: the graph is NULL or was freed");
    VXG_TRY(vxg__queue_pick(graph->dev, &queue, "graph launch"));
    VXG_FAIL_IF(queue->order.recording, VXG_ERR_ARGUMENT,
                "graph launch: the queue is recording a graph");
    VXG_TRY(vxg__order_graph(graph, queue, 0));
    const int status = graph->dev->backend->graph_launch(graph, queue);
    const int noted = vxg__order_graph(graph, queue, 1);
    return status ? status : noted;
}
void vxg_graph_free(vxg_graph *graph) {
    if (!vxg__object_is(graph, VXG_KIND_GRAPH)) return;
    vxg_device *dev = graph->dev;
    if (!vxg__device_lost(dev)) dev->backend->graph_free(graph);
    for (int i = 0; i < graph->nheld; i++) vxg_buffer_release(graph->held[i]);
    vxg__free(graph->held);
    vxg__free(graph->held_written);
    vxg__object_free(graph);
    vxg_device_release(dev);
}
