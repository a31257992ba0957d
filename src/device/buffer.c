/* Buffers: checks and reference counts above the backends. */
#include "device/backend.h"

int vxg__buffer_check(const vxg_buffer *buf, const char *who) {
    VXG_FAIL_IF(!vxg__object_is(buf, VXG_KIND_BUFFER), VXG_ERR_ARGUMENT,
                "%s: the buffer is NULL or was released", who);
    return VXG_OK;
}

int vxg_buffer_new(vxg_device *dev, size_t bytes, vxg_buffer **out) {
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "new buffer: out is NULL");
    *out = NULL;
    VXG_TRY(vxg__device_check(dev, "new buffer"));
    VXG_FAIL_IF(dev->info.max_buffer > 0 && bytes > (size_t)dev->info.max_buffer, VXG_ERR_MEMORY,
                "buffer of %zu bytes: the largest on %s is %lld", bytes, dev->info.spec,
                (long long)dev->info.max_buffer);
    vxg_buffer *buf = vxg__object_new(VXG_KIND_BUFFER, sizeof *buf);
    if (!buf) return VXG_ERR_MEMORY;
    buf->dev = dev, buf->bytes = bytes, buf->references = 1;
    int status = dev->backend->buffer_new(buf);
    if (status) {
        vxg__object_free(buf);
        return status;
    }
    vxg_device_retain(dev);
    *out = buf;
    return VXG_OK;
}

vxg_buffer *vxg_buffer_retain(vxg_buffer *buf) {
    if (!vxg__object_is(buf, VXG_KIND_BUFFER)) return NULL;
    __atomic_add_fetch(&buf->references, 1, __ATOMIC_RELAXED);
    return buf;
}

void vxg_buffer_release(vxg_buffer *buf) {
    if (!vxg__object_is(buf, VXG_KIND_BUFFER)) return;
    if (__atomic_sub_fetch(&buf->references, 1, __ATOMIC_ACQ_REL)) return;
    vxg_device *dev = buf->dev;
    if (!vxg__device_lost(dev)) dev->backend->buffer_free(buf);
    vxg__free(buf->image);
    vxg__object_free(buf);
    vxg_device_release(dev);
}

size_t vxg_buffer_size(const vxg_buffer *buf) {
    return vxg__object_is(buf, VXG_KIND_BUFFER) ? buf->bytes : 0;
}
vxg_device *vxg_buffer_device(const vxg_buffer *buf) {
    return vxg__object_is(buf, VXG_KIND_BUFFER) ? buf->dev : NULL;
}
void *vxg_buffer_host(const vxg_buffer *buf) {
    return vxg__object_is(buf, VXG_KIND_BUFFER) ? buf->host : NULL;
}

static int check_span(const vxg_buffer *buf, size_t offset, size_t bytes, const char *what) {
    VXG_TRY(vxg__buffer_check(buf, what));
    VXG_FAIL_IF(offset > buf->bytes || bytes > buf->bytes - offset, VXG_ERR_ARGUMENT,
                "%s: bytes %zu..%zu of a buffer of %zu", what, offset, offset + bytes, buf->bytes);
    return VXG_OK;
}

int vxg_buffer_write(vxg_queue *queue, vxg_buffer *dst, size_t offset, const void *src,
                     size_t bytes) {
    VXG_TRY(check_span(dst, offset, bytes, "write"));
    VXG_FAIL_IF(!src && bytes, VXG_ERR_ARGUMENT, "write: the source is NULL");
    VXG_TRY(vxg__queue_pick(dst->dev, &queue, "write"));
    return bytes ? dst->dev->backend->write(queue, dst, offset, src, bytes) : VXG_OK;
}

int vxg_buffer_read(vxg_queue *queue, const vxg_buffer *src, size_t offset, void *dst,
                    size_t bytes) {
    VXG_TRY(check_span(src, offset, bytes, "read"));
    VXG_FAIL_IF(!dst && bytes, VXG_ERR_ARGUMENT, "read: the destination is NULL");
    VXG_TRY(vxg__queue_pick(src->dev, &queue, "read"));
    return bytes ? src->dev->backend->read(queue, src, offset, dst, bytes) : VXG_OK;
}

int vxg_buffer_copy(vxg_queue *queue, vxg_buffer *dst, size_t dst_offset, const vxg_buffer *src,
                    size_t src_offset, size_t bytes) {
    VXG_TRY(check_span(dst, dst_offset, bytes, "copy to"));
    VXG_TRY(check_span(src, src_offset, bytes, "copy from"));
    VXG_FAIL_IF(src->dev != dst->dev, VXG_ERR_ARGUMENT, "copy: buffers on different devices");
    VXG_TRY(vxg__queue_pick(dst->dev, &queue, "copy"));
    if (!bytes || (src == dst && src_offset == dst_offset)) return VXG_OK;
    VXG_FAIL_IF(src == dst && src_offset < dst_offset + bytes && dst_offset < src_offset + bytes,
                VXG_ERR_ARGUMENT, "copy: the two ranges of one buffer overlap");
    return dst->dev->backend->copy(queue, dst, dst_offset, src, src_offset, bytes);
}

int vxg_buffer_zero(vxg_queue *queue, vxg_buffer *dst, size_t offset, size_t bytes) {
    VXG_TRY(check_span(dst, offset, bytes, "zero"));
    VXG_TRY(vxg__queue_pick(dst->dev, &queue, "zero"));
    return bytes ? dst->dev->backend->zero(queue, dst, offset, bytes) : VXG_OK;
}
