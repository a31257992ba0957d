/* Footprint projectors. */
#include "ct/ct.h"

int vxg__ct_footprint_projector(vxg_device *dev, const vxg_ct_geometry *geo,
                                const vxg_ct_volume *vol, const vxg_ct_projector_opts *opts,
                                int planar, vxg_op **out) {
    (void)dev, (void)geo, (void)vol, (void)opts;
    (void)planar;
    *out = NULL;
    VXG_FAIL(VXG_ERR_ARGUMENT, "footprint projectors are not part of this version");
}
