/* Buffers: making, moving bytes; checks above the backends. order.c releases them. */
#include "device/backend.h"

static int make(vxg_buffer *buf) {
    assert(!buf->host && !buf->impl);
    const int status = buf->dev->backend->buffer_new(buf);
    /* pinned memory is the host's: what the device has is of no use there */
    if (status != VXG_ERR_MEMORY || (buf->flags & VXG_BUFFER_PINNED)) return status;
    return vxg__order_reclaim(buf->dev) ? buf->dev->backend->buffer_new(buf) : status;
}

int vxg_buffer_new_with(vxg_device *dev, size_t bytes, unsigned flags, vxg_buffer **out) {
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "new buffer: out is NULL");
    *out = NULL;
    VXG_TRY(vxg__device_check(dev, "new buffer"));
    VXG_FAIL_IF(flags & ~(VXG_BUFFER_UNINITIALISED | VXG_BUFFER_PINNED), VXG_ERR_ARGUMENT,
                "new buffer: flags %x are not known", flags);
    const int on_device = !(flags & VXG_BUFFER_PINNED) && dev->info.max_buffer > 0;
    VXG_FAIL_IF(on_device && bytes > (size_t)dev->info.max_buffer, VXG_ERR_MEMORY,
                "buffer of %zu bytes: the largest on %s is %lld", bytes, dev->info.spec,
                (long long)dev->info.max_buffer);
    vxg__order_sweep(dev, 0);
    vxg_buffer *buf = vxg__object_new(VXG_KIND_BUFFER, sizeof *buf);
    if (!buf) return VXG_ERR_MEMORY;
    buf->dev = dev, buf->bytes = bytes, buf->flags = flags, buf->references = 1;
    int status = make(buf);
    if (status) {
        vxg__object_free(buf);
        return status;
    }
    vxg_device_retain(dev);
    *out = buf;
    return VXG_OK;
}

int vxg_buffer_new(vxg_device *dev, size_t bytes, vxg_buffer **out) {
    return vxg_buffer_new_with(dev, bytes, 0, out);
}

int vxg_buffer_wrap(vxg_device *dev, void *memory, size_t bytes, unsigned flags,
                    vxg_release_fn release, void *context, vxg_buffer **out) {
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "wrap buffer: out is NULL");
    *out = NULL;
    VXG_TRY(vxg__device_check(dev, "wrap buffer"));
    VXG_FAIL_IF(flags & ~(unsigned)VXG_WRAP_READ_ONLY, VXG_ERR_ARGUMENT,
                "wrap buffer: flags %x are not known", flags);
    VXG_FAIL_IF(!memory && bytes, VXG_ERR_ARGUMENT, "wrap buffer: the memory is NULL");
    vxg_buffer *buf = vxg__object_new(VXG_KIND_BUFFER, sizeof *buf);
    if (!buf) return VXG_ERR_MEMORY;
    buf->dev = dev, buf->bytes = bytes, buf->references = 1;
    buf->foreign = 1, buf->read_only = (flags & VXG_WRAP_READ_ONLY) != 0;
    const int status = dev->backend->buffer_wrap(buf, memory);
    if (status) {
        vxg__object_free(buf);
        return vxg_error_context(status, "wrap buffer");
    }
    buf->release = release, buf->context = context;
    vxg_device_retain(dev);
    *out = buf;
    return VXG_OK;
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
void *vxg_buffer_pinned(const vxg_buffer *buf) {
    if (!vxg__object_is(buf, VXG_KIND_BUFFER) || !(buf->flags & VXG_BUFFER_PINNED)) return NULL;
    return buf->host ? buf->host : buf->pinned;
}

static int check_span(const vxg_buffer *buf, size_t offset, size_t bytes, const char *what) {
    VXG_TRY(vxg__buffer_check(buf, what));
    VXG_FAIL_IF(offset > buf->bytes || bytes > buf->bytes - offset, VXG_ERR_ARGUMENT,
                "%s: bytes %zu..%zu of a buffer of %zu", what, offset, offset + bytes, buf->bytes);
    return VXG_OK;
}

static int check_writable(const vxg_buffer *buf, const char *what) {
    VXG_FAIL_IF(buf->read_only, VXG_ERR_ARGUMENT, "%s: the buffer was wrapped for reading only",
                what);
    return VXG_OK;
}

/* After work that returns when it is done. */
static int finish(vxg_queue *queue, vxg_buffer *buf, unsigned written, int status) {
    const int noted = vxg__order_end(queue, 1, &buf, written);
    if (!status && !noted) vxg__order_synced(queue);
    return status ? status : noted;
}

int vxg_buffer_write(vxg_queue *queue, vxg_buffer *dst, size_t offset, const void *src,
                     size_t bytes) {
    VXG_TRY(check_span(dst, offset, bytes, "write"));
    VXG_TRY(check_writable(dst, "write"));
    VXG_FAIL_IF(!src && bytes, VXG_ERR_ARGUMENT, "write: the source is NULL");
    VXG_TRY(vxg__queue_pick(dst->dev, &queue, "write"));
    if (!bytes) return VXG_OK;
    VXG_TRY(vxg__order_begin(queue, 1, &dst, 1));
    return finish(queue, dst, 1, dst->dev->backend->write(queue, dst, offset, src, bytes));
}

int vxg_buffer_read(vxg_queue *queue, const vxg_buffer *src, size_t offset, void *dst,
                    size_t bytes) {
    VXG_TRY(check_span(src, offset, bytes, "read"));
    VXG_FAIL_IF(!dst && bytes, VXG_ERR_ARGUMENT, "read: the destination is NULL");
    VXG_TRY(vxg__queue_pick(src->dev, &queue, "read"));
    if (!bytes) return VXG_OK;
    vxg_buffer *from = (vxg_buffer *)(uintptr_t)src; /* it remembers its readers */
    VXG_TRY(vxg__order_begin(queue, 1, &from, 0));
    return finish(queue, from, 0, src->dev->backend->read(queue, src, offset, dst, bytes));
}

#define ACROSS ((size_t)4 << 20) /* bytes on the host between two devices */

/* From another device, through the host: each part is there before the next is read. */
static int copy_across(vxg_queue *queue, vxg_buffer *dst, size_t to, const vxg_buffer *src,
                       size_t from, size_t bytes) {
    const size_t most = bytes < ACROSS ? bytes : ACROSS;
    char *const host = vxg__alloc_aligned(most ? most : 1);
    int status = host ? VXG_OK : VXG_ERR_MEMORY;
    for (size_t done = 0; done < bytes && !status; done += most) {
        const size_t n = bytes - done < most ? bytes - done : most;
        status = vxg_buffer_read(NULL, src, from + done, host, n);
        if (!status) status = vxg_buffer_write(queue, dst, to + done, host, n);
    }
    vxg__free(host);
    return status;
}

int vxg_buffer_copy(vxg_queue *queue, vxg_buffer *dst, size_t dst_offset, const vxg_buffer *src,
                    size_t src_offset, size_t bytes) {
    VXG_TRY(check_span(dst, dst_offset, bytes, "copy to"));
    VXG_TRY(check_span(src, src_offset, bytes, "copy from"));
    VXG_TRY(check_writable(dst, "copy to"));
    VXG_TRY(vxg__queue_pick(dst->dev, &queue, "copy"));
    if (src->dev != dst->dev) return copy_across(queue, dst, dst_offset, src, src_offset, bytes);
    if (!bytes || (src == dst && src_offset == dst_offset)) return VXG_OK;
    VXG_FAIL_IF(src == dst && src_offset < dst_offset + bytes && dst_offset < src_offset + bytes,
                VXG_ERR_ARGUMENT, "copy: the two ranges of one buffer overlap");
    vxg_buffer *const both[] = {dst, (vxg_buffer *)(uintptr_t)src};
    const int n = src == dst ? 1 : 2;
    VXG_TRY(vxg__order_begin(queue, n, both, 1));
    const int status = dst->dev->backend->copy(queue, dst, dst_offset, src, src_offset, bytes);
    const int noted = vxg__order_end(queue, n, both, 1);
    return status ? status : noted;
}

int vxg_buffer_zero(vxg_queue *queue, vxg_buffer *dst, size_t offset, size_t bytes) {
    VXG_TRY(check_span(dst, offset, bytes, "zero"));
    VXG_TRY(check_writable(dst, "zero"));
    VXG_TRY(vxg__queue_pick(dst->dev, &queue, "zero"));
    if (!bytes) return VXG_OK;
    VXG_TRY(vxg__order_begin(queue, 1, &dst, 1));
    const int status = dst->dev->backend->zero(queue, dst, offset, bytes);
    const int noted = vxg__order_end(queue, 1, &dst, 1);
    return status ? status : noted;
}

int vxg_buffer_pointer(vxg_buffer *buf, vxg_queue *queue, int writes, void **out) {
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "pointer: out is NULL");
    *out = NULL;
    VXG_TRY(vxg__buffer_check(buf, "pointer"));
    VXG_FAIL_IF(buf->image, VXG_ERR_ARGUMENT, "pointer: an image has none");
    if (writes) VXG_TRY(check_writable(buf, "pointer"));
    const int on_host = !queue;
    const unsigned written = writes != 0;
    VXG_TRY(vxg__queue_pick(buf->dev, &queue, "pointer"));
    VXG_TRY(vxg__order_begin(queue, 1, &buf, written));
    VXG_TRY(vxg__order_end(queue, 1, &buf, on_host ? written : written | VXG_OPEN));
    if (on_host) VXG_TRY(vxg_queue_sync(queue));
    *out = buf->dev->backend->mark_record ? buf->impl : buf->host;
    return VXG_OK;
}
