/* Layered images: checks in front of the backends. */
#include "device/image.h"

#include <string.h>

#include "device/backend.h"

int vxg__image_limits(vxg_device *dev, int64_t limits[3]) {
    memset(limits, 0, 3 * sizeof *limits);
    return dev->backend->image_limits ? dev->backend->image_limits(dev, limits) : VXG_OK;
}

/* One layer of zeros, written to all. */
static int clear(vxg_buffer *image) {
    const vxg_image *im = image->image;
    vxg_buffer *zeros;
    VXG_TRY(vxg_buffer_new(image->dev, (size_t)(im->height * im->width) * sizeof(float), &zeros));
    int status = VXG_OK;
    for (int64_t i = 0; i < im->layers && !status; i++)
        status = vxg__image_write(NULL, image, i, 1, zeros, 0);
    vxg_buffer_release(zeros); /* it rests until it is read */
    return status;
}

static int make(vxg_buffer *buf, const int64_t size[3]) {
    if (!(buf->image = vxg__calloc(1, sizeof *buf->image))) return VXG_ERR_MEMORY;
    buf->image->layers = size[0], buf->image->height = size[1], buf->image->width = size[2];
    const int status = buf->dev->backend->image_new(buf);
    if (status != VXG_ERR_MEMORY) return status;
    return vxg__order_reclaim(buf->dev) ? buf->dev->backend->image_new(buf) : status;
}

int vxg__image_new(vxg_device *dev, int64_t layers, int64_t height, int64_t width,
                   vxg_buffer **out) {
    static const char *const names[] = {"layers", "rows", "columns"};
    const int64_t size[] = {layers, height, width};
    int64_t limits[3];
    *out = NULL;
    VXG_TRY(vxg__image_limits(dev, limits));
    VXG_FAIL_IF(limits[0] < 1, VXG_ERR_UNSUPPORTED, "%s has no layered images", dev->info.spec);
    for (int i = 0; i < 3; i++)
        VXG_FAIL_IF(size[i] < 1 || size[i] > limits[i], VXG_ERR_UNSUPPORTED,
                    "image of %lld %s: %s takes 1 to %lld", (long long)size[i], names[i],
                    dev->info.spec, (long long)limits[i]);
    vxg_buffer *buf = vxg__object_new(VXG_KIND_BUFFER, sizeof *buf);
    if (!buf) return VXG_ERR_MEMORY;
    buf->dev = dev, buf->references = 1;
    const int status = make(buf, size);
    if (status) {
        vxg__free(buf->image);
        vxg__object_free(buf);
        return vxg_error_context(status, "image on %s", dev->info.spec);
    }
    vxg_device_retain(dev);
    const int cleared = clear(buf);
    if (cleared) {
        vxg_buffer_release(buf);
        return cleared;
    }
    *out = buf;
    return VXG_OK;
}

int vxg__image_write(vxg_queue *queue, vxg_buffer *image, int64_t first, int64_t layers,
                     const vxg_buffer *src, size_t offset) {
    const vxg_image *im = image->image;
    vxg_device *dev = image->dev;
    VXG_TRY(vxg__queue_pick(dev, &queue, "image"));
    VXG_FAIL_IF(!im || src->image || src->dev != dev, VXG_ERR_ARGUMENT,
                "image: written from memory of its own device");
    VXG_FAIL_IF(first < 0 || layers < 1 || first > im->layers - layers, VXG_ERR_ARGUMENT,
                "image: layers %lld to %lld of %lld", (long long)first, (long long)(first + layers),
                (long long)im->layers);
    const size_t bytes = (size_t)(layers * im->height * im->width) * sizeof(float);
    VXG_FAIL_IF(offset > src->bytes || bytes > src->bytes - offset, VXG_ERR_ARGUMENT,
                "image: %zu bytes at %zu of a buffer of %zu", bytes, offset, src->bytes);
    vxg_buffer *const both[] = {image, (vxg_buffer *)(uintptr_t)src};
    VXG_TRY(vxg__order_begin(queue, 2, both, 1));
    const int status = dev->backend->image_write(queue, image, first, layers, src, offset);
    const int noted = vxg__order_end(queue, 2, both, 1);
    return status ? status : noted;
}
