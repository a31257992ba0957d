/* Cone-beam backprojectors. */
#include "ct/ct.h"

int vxg__ct_cone_backprojector(vxg_device *dev, const vxg_ct_geometry *geo,
                               const vxg_ct_volume *vol, const vxg_ct_projector_opts *opts,
                               vxg_op **out) {
    (void)dev, (void)geo, (void)vol, (void)opts;
    *out = NULL;
    VXG_FAIL(VXG_ERR_ARGUMENT, "cone-beam backprojectors are not part of this version");
}
