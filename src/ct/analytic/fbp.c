/* Filtered backprojection of parallel beams as one operator: backprojector after filter, with
 * weights before them where the scan's rays do not all count the same. */
#include "ct/analytic/fdk.h"

#include "array/launch.h"

/* All rays count the same. */
static int plain(vxg_device *dev, const vxg_ct_geometry *geo, const vxg_ct_volume *vol,
                 const vxg_ct_fdk_opts *o, const vxg__fdk_plan *p, vxg_op **out) {
    const int64_t nu = vxg_ct_geometry_nu(geo), nfft = vxg_fft_size(2 * nu);
    const vxg_space space = {.dtype = vxg_real_dtype(o->real),
                             .ndim = 3,
                             .shape = {p->scan.nviews, vxg_ct_geometry_nv(geo), nu}};
    const vxg_ct_projector_opts bo = {.real = o->real, .no_schedule = o->no_schedule};
    double *response = vxg__calloc((size_t)(nfft / 2 + 1), sizeof *response);
    vxg_op *filter = NULL, *bp = NULL;
    int status = response ? VXG_OK : VXG_ERR_MEMORY;
    if (!status) status = vxg_ct_filter_response(o->window, o->cutoff, nfft, p->pitch, response);
    if (!status)
        status = vxg_ct_filter(dev, &space, response, nfft, p->view_weights, o->real, &filter);
    if (!status) status = vxg_ct_backprojector(dev, geo, vol, &bo, &bp);
    if (!status) status = vxg_op_compose(bp, filter, out);
    vxg_op_release(bp), vxg_op_release(filter);
    vxg__free(response);
    return status;
}

int vxg_ct_fbp(vxg_device *dev, const vxg_ct_geometry *geo, const vxg_ct_volume *vol,
               const vxg_ct_fbp_opts *opts, vxg_op **out) {
    vxg__fdk_plan plan;
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "fbp: out is NULL");
    *out = NULL;
    VXG_READ_OPTS(vxg_ct_fbp_opts, opts);
    VXG_FAIL_IF(!dev || !geo, VXG_ERR_ARGUMENT, "fbp: device or geometry is NULL");
    VXG_TRY(vxg__real_check(opts->real, "fbp"));
    VXG_FAIL_IF(vxg_ct_geometry_beam(geo) != VXG_CT_BEAM_PARALLEL, VXG_ERR_ARGUMENT,
                "fbp: a parallel beam is expected; vxg_ct_fdk is for fan and cone beams");
    VXG_FAIL_IF((int)opts->half_acquisition < 0 || opts->half_acquisition > VXG_CT_HALF_FAN_YES,
                VXG_ERR_ARGUMENT, "fbp: unknown half_acquisition %d", (int)opts->half_acquisition);
    const vxg_ct_fdk_opts o = {.window = opts->window,
                               .cutoff = opts->cutoff,
                               .real = opts->real,
                               .no_schedule = opts->no_schedule,
                               .half_fan = opts->half_acquisition,
                               .whole = opts->whole};
    VXG_TRY(vxg__fdk_plan_new(geo, "fbp", "half_acquisition", &o, &plan));
    int status = plan.scan.method == VXG__SCAN_EVEN
                     ? plain(dev, geo, vol, &o, &plan, out)
                     : vxg__fdk_assemble(dev, geo, vol, &o, &plan, out);
    vxg__fdk_plan_free(&plan);
    return status;
}
