/* Filtered backprojection as one operator: backprojector after filter. */
#include "ct/ct.h"

int vxg_ct_fbp(vxg_device *dev, const vxg_ct_geometry *geo, const double *angles,
               const vxg_ct_volume *vol, const vxg_ct_fbp_opts *opts, vxg_op **out) {
    vxg_ct_fbp_opts defaults = {0};
    *out = NULL;
    if (!opts) opts = &defaults;
    VXG_FAIL_IF(!geo || !angles, VXG_ERR_ARGUMENT, "fbp: geometry or angles is NULL");
    int64_t nviews = vxg_ct_geometry_nviews(geo), nu = vxg_ct_geometry_nu(geo);
    int64_t nfft = vxg_fft_size(2 * nu);
    vxg_space space = {
        .dtype = opts->dtype, .ndim = 3, .shape = {nviews, vxg_ct_geometry_nv(geo), nu}};
    vxg_ct_projector_opts bp_opts = {.dtype = opts->dtype, .no_schedule = opts->no_schedule};
    double *response = vxg__calloc((size_t)(nfft / 2 + 1), sizeof *response);
    double *weights = vxg__calloc((size_t)nviews, sizeof *weights);
    vxg_op *filter = NULL, *bp = NULL;
    int status = response && weights ? VXG_OK : VXG_ERR_MEMORY;
    double pitch = vxg__norm3(vxg_ct_geometry_view(geo, 0)->U);
    if (!status) status = vxg_ct_filter_response(opts->window, opts->cutoff, nfft, pitch, response);
    if (!status) status = vxg_ct_angle_weights(nviews, angles, weights);
    if (!status) status = vxg_ct_filter(dev, &space, response, nfft, weights, opts->dtype, &filter);
    if (!status) status = vxg_ct_backprojector(dev, geo, vol, &bp_opts, &bp);
    if (!status) status = vxg_op_compose(bp, filter, out);
    vxg_op_release(bp), vxg_op_release(filter);
    vxg__free(response), vxg__free(weights);
    return status;
}
