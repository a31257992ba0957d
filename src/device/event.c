/* Events: marks in queues that callers hold. */
#include "device/backend.h"

static int check(const vxg_event *event, const char *who) {
    VXG_FAIL_IF(!vxg__object_is(event, VXG_KIND_EVENT), VXG_ERR_ARGUMENT,
                "%s: the event is NULL or was freed", who);
    return vxg__device_check(event->dev, who);
}

int vxg_event_new(vxg_device *dev, vxg_event **out) {
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "new event: out is NULL");
    *out = NULL;
    VXG_TRY(vxg__device_check(dev, "new event"));
    vxg_event *e = vxg__object_new(VXG_KIND_EVENT, sizeof *e);
    if (!e) return VXG_ERR_MEMORY;
    e->dev = vxg_device_retain(dev);
    *out = e;
    return VXG_OK;
}

void vxg_event_free(vxg_event *event) {
    if (!vxg__object_is(event, VXG_KIND_EVENT)) return;
    vxg_device *dev = event->dev;
    if (!vxg__device_lost(dev)) vxg__order_drop(dev, event->mark);
    vxg__object_free(event);
    vxg_device_release(dev);
}

int vxg_event_record(vxg_event *event, vxg_queue *queue) {
    vxg_mark *mark;
    VXG_TRY(check(event, "event"));
    VXG_TRY(vxg__queue_pick(event->dev, &queue, "event"));
    VXG_TRY(vxg__order_mark(queue, &mark));
    vxg__order_drop(event->dev, event->mark);
    event->mark = mark;
    return VXG_OK;
}

int vxg_event_wait(vxg_event *event, vxg_queue *queue) {
    VXG_TRY(check(event, "event"));
    VXG_TRY(vxg__queue_pick(event->dev, &queue, "event"));
    VXG_FAIL_IF(queue->order.recording, VXG_ERR_ARGUMENT, "event: the queue is recording a graph");
    return event->mark ? event->dev->backend->mark_wait(queue, event->mark->impl) : VXG_OK;
}

int vxg_event_sync(vxg_event *event) {
    VXG_TRY(check(event, "event"));
    return event->mark ? event->dev->backend->mark_sync(event->dev, event->mark->impl) : VXG_OK;
}

int vxg_event_done(vxg_event *event, int *done) {
    VXG_FAIL_IF(!done, VXG_ERR_ARGUMENT, "event: done is NULL");
    *done = 0;
    VXG_TRY(check(event, "event"));
    if (event->mark) return event->dev->backend->mark_done(event->dev, event->mark->impl, done);
    *done = 1;
    return VXG_OK;
}
