/* Projections as layered images, in pieces of as many layers as the device takes. */
#include "ct/project/texture.h"

#include "ct/project/project.h"
#include "device/image.h"

void vxg__ct_texture_free(vxg_ct_texture *t) {
    if (!t) return;
    for (int64_t i = 0; i < t->count; i++) vxg_buffer_release(t->image[i]);
    vxg__free(t->image);
    vxg__free(t);
}

static int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

int vxg__ct_texture_new(vxg_device *dev, int64_t nviews, int64_t nv, int64_t nu,
                        vxg_ct_texture **out) {
    int64_t limits[3];
    *out = NULL;
    VXG_TRY(vxg__image_limits(dev, limits));
    VXG_FAIL_IF(limits[0] < 1, VXG_ERR_UNSUPPORTED, "texture: %s has no layered images",
                vxg_device_get_info(dev)->spec);
    vxg_ct_texture *t = vxg__calloc(1, sizeof *t);
    if (!t) return VXG_ERR_MEMORY;
    t->nviews = nviews, t->chunk = least(limits[0], nviews);
    t->count = (nviews + t->chunk - 1) / t->chunk;
    t->image = vxg__calloc((size_t)t->count, sizeof(vxg_buffer *));
    int status = t->image ? VXG_OK : VXG_ERR_MEMORY;
    for (int64_t i = 0; i < t->count && !status; i++)
        status = vxg__image_new(dev, least(t->chunk, nviews - i * t->chunk), nv, nu, &t->image[i]);
    if (status) {
        if (!t->image) t->count = 0;
        vxg__ct_texture_free(t);
        return vxg_error_context(status, "texture");
    }
    *out = t;
    return VXG_OK;
}

int vxg__ct_texture_write(vxg_ct_texture *t, vxg_queue *queue, int64_t first,
                          const vxg_array *views) {
    const int64_t n = views->shape[0];
    for (int64_t v = 0, part; v < n; v += part) {
        const int64_t layer = (first + v) % t->chunk;
        part = least(t->chunk - layer, n - v);
        VXG_TRY(vxg__image_write(queue, t->image[(first + v) / t->chunk], layer, part,
                                 views->buffer,
                                 (size_t)(views->offset + v * views->stride[0]) * sizeof(float)));
    }
    return VXG_OK;
}
