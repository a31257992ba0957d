/* Projections as layered images, for backprojectors that read them through the device's sampler. */
#ifndef VXG_CT_TEXTURE_H
#define VXG_CT_TEXTURE_H
#include <voxgrad/ct.h>

typedef struct vxg_ct_texture vxg_ct_texture;
struct vxg_ct_texture {
    int64_t nviews, chunk; /* view v is layer v % chunk of image v / chunk */
    int64_t count;
    vxg_buffer **image;
};

/* Zero-filled images for (nviews, nv, nu) in float32. VXG_ERR_UNSUPPORTED where the device has no
 * such images, with what it lacks. */
int vxg__ct_texture_new(vxg_device *dev, int64_t nviews, int64_t nv, int64_t nu,
                        vxg_ct_texture **out);
void vxg__ct_texture_free(vxg_ct_texture *t); /* NULL is fine */
/* Views [first, first + n) from a contiguous array (n, nv, nu); enqueued. */
int vxg__ct_texture_write(vxg_ct_texture *t, vxg_queue *queue, int64_t first,
                          const vxg_array *views);

/* Whether op backprojects from textures; and views [first, ...) of t through it, or those listed:
 * vxg_op_apply with the texture already filled. Views are checked by the caller. */
int vxg__ct_is_texture_op(const vxg_op *op);
int vxg__ct_texture_apply(const vxg_op *op, const vxg_call *call, const vxg_ct_texture *t,
                          const int64_t *views, int64_t first, const vxg_array *out);
#endif
