/* Where projectors and backprojectors are made: the beam and the model choose the file. */
#include "array/launch.h"
#include "ct/project/project.h"

static int make(vxg_device *dev, const vxg_ct_geometry *geo, const vxg_ct_volume *vol,
                const vxg_ct_projector_opts *opts, int planar, vxg_op **out) {
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "projector: out is NULL");
    *out = NULL;
    VXG_READ_OPTS(vxg_ct_projector_opts, opts);
    VXG_FAIL_IF(!dev || !geo, VXG_ERR_ARGUMENT, "projector: device or geometry is NULL");
    VXG_TRY(vxg__real_check(opts->real, "projector"));
    VXG_FAIL_IF((int)opts->model < 0 || opts->model > VXG_CT_FOOTPRINT_TT, VXG_ERR_ARGUMENT,
                "projector: unknown model %d", (int)opts->model);
    if (opts->model >= VXG_CT_FOOTPRINT)
        return vxg__ct_footprint_projector(dev, geo, vol, opts, planar, out);
    if (vxg_ct_geometry_beam(geo) == VXG_CT_BEAM_CONE)
        return vxg__ct_cone_projector(dev, geo, vol, opts, planar, out);
    return vxg__ct_parallel_projector(dev, geo, vol, opts, planar, out);
}

int vxg_ct_projector(vxg_device *dev, const vxg_ct_geometry *geo, const vxg_ct_volume *vol,
                     const vxg_ct_projector_opts *opts, vxg_op **out) {
    return make(dev, geo, vol, opts, 0, out);
}

int vxg_ct_projector2d(vxg_device *dev, const vxg_ct_geometry *geo, const vxg_ct_volume *vol,
                       const vxg_ct_projector_opts *opts, vxg_op **out) {
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "projector2d: out is NULL");
    *out = NULL;
    VXG_FAIL_IF(!geo || !vol || vxg_ct_geometry_nv(geo) != 1 || vol->nz != 1, VXG_ERR_ARGUMENT,
                "projector2d: one detector row and one slice are expected");
    return make(dev, geo, vol, opts, 1, out);
}

int vxg_ct_backprojector(vxg_device *dev, const vxg_ct_geometry *geo, const vxg_ct_volume *vol,
                         const vxg_ct_projector_opts *opts, vxg_op **out) {
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "backprojector: out is NULL");
    *out = NULL;
    VXG_READ_OPTS(vxg_ct_projector_opts, opts);
    VXG_FAIL_IF(!dev || !geo, VXG_ERR_ARGUMENT, "backprojector: device or geometry is NULL");
    VXG_TRY(vxg__real_check(opts->real, "backprojector"));
    VXG_FAIL_IF((int)opts->weighting < 0 || opts->weighting > VXG_CT_WEIGHTING_DISTANCE,
                VXG_ERR_ARGUMENT, "backprojector: unknown weighting %d", (int)opts->weighting);
    if (vxg_ct_geometry_beam(geo) == VXG_CT_BEAM_CONE)
        return vxg__ct_cone_backprojector(dev, geo, vol, opts, out);
    return vxg__ct_parallel_backprojector(dev, geo, vol, opts, out);
}
