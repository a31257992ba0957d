/* Layered images of float32, read by kernels through the device's sampler: K_tex(image, layer, q,
 * r) of kernels/prelude is bilinear in (q, r), 0 outside. How exact the fractions are is the
 * device's business (NVIDIA: 8 bits); the cpu and PoCL compute them in float. */
#ifndef VXG_IMAGE_H
#define VXG_IMAGE_H
#include <voxgrad/device.h>

/* Largest image of the device: layers, height, width; zeros where it has none. */
int vxg__image_limits(vxg_device *dev, int64_t limits[3]);
/* A zero-filled image, released by vxg_buffer_release. VXG_ERR_UNSUPPORTED names what the device
 * has not. */
int vxg__image_new(vxg_device *dev, int64_t layers, int64_t height, int64_t width,
                   vxg_buffer **out);
/* Layers [first, first + layers) from memory of the same device, C order; offset in bytes.
 * Enqueued, like a launch. */
int vxg__image_write(vxg_queue *queue, vxg_buffer *image, int64_t first, int64_t layers,
                     const vxg_buffer *src, size_t offset);
#endif
