/* docs/fan-cone-reconstruction.md: a scan, then the lines of the document. */
#include <stdio.h>
#include <voxgrad/voxgrad.h>

static vxg_device *dev;
static vxg_ct_geometry *geo;
static vxg_op *op;
static vxg_ct_volume vol;
static vxg_array projections, volume;

static int open_scan(void) {
    vxg_ct_trajectory_opts o = {0};
    vxg_ct_trajectory_defaults(VXG_CT_PATH_CIRCULAR, VXG_CT_BEAM_CONE, &o);
    o.nviews = 24, o.rows = 8, o.cols = 24, o.sod = 100, o.sdd = 150;
    if (vxg_device_open("cpu", &dev) || vxg_ct_trajectory(&o, &geo)) return 1;
    vxg_ct_fit_volume(geo, &vol);
    return 0;
}

static int run(void) {
#include "snippet.inc"
    return 0;
}

/* Arrays of the operator's shapes, which the lines themselves make. */
static int open_arrays(void) {
    vxg_ct_fdk_opts o = {.window = VXG_CT_WINDOW_HANN};
    if (vxg_ct_fdk(dev, geo, &vol, &o, &op)) return 1;
    int bad = vxg_op_new_array(op, 0, &projections) || vxg_op_new_array(op, -1, &volume) ||
              vxg_array_fill(NULL, &projections, 1);
    vxg_op_release(op);
    op = NULL;
    return bad;
}

int main(void) {
    double sum = 0;
    int bad = open_scan() || open_arrays() || run() || vxg_array_dot(NULL, &volume, &volume, &sum);
    if (bad) fprintf(stderr, "%s\n", vxg_error_message());
    vxg_array_release(&projections);
    vxg_array_release(&volume);
    vxg_op_release(op);
    vxg_ct_geometry_release(geo);
    vxg_device_release(dev);
    if (!bad && !(sum > 0)) fprintf(stderr, "the volume is empty: %g\n", sum);
    return bad || !(sum > 0) || vxg_alloc_live() != 0;
}
