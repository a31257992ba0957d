/* What every file of this room may call, below all of them: checks of handles, references, and the
 * sizes and names of types. */
#include "device/backend.h"

/* ---- Types ---- */
size_t vxg_dtype_size(vxg_dtype dtype) {
    switch (dtype) {
#define VXG_X(name, value, bytes, words)                                                           \
    case VXG_##name: return bytes;
        VXG_DTYPE_LIST(VXG_X)
#undef VXG_X
    }
    return 0;
}
const char *vxg_dtype_name(vxg_dtype dtype) {
    switch (dtype) {
#define VXG_X(name, value, bytes, words)                                                           \
    case VXG_##name: return words;
        VXG_DTYPE_LIST(VXG_X)
#undef VXG_X
    }
    return "unknown";
}
vxg_dtype vxg_real_dtype(vxg_real real) {
    return real == VXG_REAL_F64 ? VXG_F64 : VXG_F32;
}
size_t vxg_real_size(vxg_real real) {
    return vxg_dtype_size(vxg_real_dtype(real));
}
const char *vxg_real_name(vxg_real real) {
    return vxg_dtype_name(vxg_real_dtype(real));
}

/* ---- Checks ---- */
int vxg__device_check(const vxg_device *dev, const char *who) {
    VXG_FAIL_IF(!vxg__object_is(dev, VXG_KIND_DEVICE), VXG_ERR_ARGUMENT,
                "%s: the device is NULL or was released", who);
    VXG_FAIL_IF(vxg__device_lost(dev), VXG_ERR_DEVICE,
                "%s: %s was opened before this process was forked and does not work in the child",
                who, dev->info.spec);
    return VXG_OK;
}

int vxg__queue_check(const vxg_queue *queue, const char *who) {
    VXG_FAIL_IF(!vxg__object_is(queue, VXG_KIND_QUEUE), VXG_ERR_ARGUMENT,
                "%s: the queue is NULL or was freed", who);
    return vxg__device_check(queue->dev, who);
}

int vxg__buffer_check(const vxg_buffer *buf, const char *who) {
    VXG_FAIL_IF(!vxg__object_is(buf, VXG_KIND_BUFFER), VXG_ERR_ARGUMENT,
                "%s: the buffer is NULL or was released", who);
    return VXG_OK;
}

/* ---- References ---- */
vxg_device *vxg_device_retain(vxg_device *dev) {
    if (!vxg__object_is(dev, VXG_KIND_DEVICE)) return NULL;
    __atomic_add_fetch(&dev->references, 1, __ATOMIC_RELAXED);
    return dev;
}

/* Queues, buffers and kernels hold their device, and the device's end frees a queue and kernels: so
 * device.c hands it down in the device. */
void vxg_device_release(vxg_device *dev) {
    if (vxg__object_is(dev, VXG_KIND_DEVICE)) dev->release(dev);
}

vxg_buffer *vxg_buffer_retain(vxg_buffer *buf) {
    if (!vxg__object_is(buf, VXG_KIND_BUFFER)) return NULL;
    __atomic_add_fetch(&buf->references, 1, __ATOMIC_RELAXED);
    return buf;
}
