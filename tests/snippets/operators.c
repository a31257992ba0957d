/* docs/operators.md: a weighted model of some views. */
#include <stdio.h>
#include <voxgrad/voxgrad.h>

#include "snippet.inc"

enum { VIEWS = 8, SOME = 3, PIXELS = 10 * 10 };

static int run(vxg_device *dev) {
    vxg_ct_geometry *geo = NULL;
    vxg_ct_volume vol = {.nz = 8, .ny = 8, .nx = 8};
    vxg_op *A = NULL;
    vxg_array x = {0}, w = {0}, all = {0}, y = {0}, back = {0};
    static float whole[VIEWS][PIXELS], part[SOME][PIXELS];
    const vxg_ct_cone_opts o = {.nviews = VIEWS, .rows = 10, .cols = 10, .sod = 40, .sdd = 60};
    int status = vxg_ct_cone_circular(&o, &geo);
    if (!status) status = vxg_ct_projector(dev, geo, &vol, NULL, &A);
    if (!status) status = vxg_op_new_array(A, 0, &x);
    if (!status) status = vxg_op_new_array(A, 0, &back);
    if (!status) status = vxg_op_new_array(A, -1, &w);
    if (!status) status = vxg_op_new_array(A, -1, &all);
    if (!status) status = vxg_array_new(dev, VXG_F32, 3, (const int64_t[]){SOME, 10, 10}, &y);
    if (!status) status = vxg_array_random(NULL, &x, 1, 0, 1);
    if (!status) status = vxg_array_fill(NULL, &w, 0.5);
    if (!status) status = some_weighted_views(A, &w, &x, &y, &back);
    if (!status) status = vxg_op_apply(A, NULL, &x, &all);
    if (!status) status = vxg_array_read(NULL, &all, whole);
    if (!status) status = vxg_array_read(NULL, &y, part);
    for (int v = 0; v < SOME; v++)
        for (int i = 0; i < PIXELS && !status; i++) status = part[v][i] != 0.5f * whole[3 * v][i];
    vxg_array_release(&x), vxg_array_release(&w), vxg_array_release(&all);
    vxg_array_release(&y), vxg_array_release(&back);
    vxg_op_release(A);
    vxg_ct_geometry_release(geo);
    return status;
}

int main(void) {
    vxg_device *dev = NULL;
    int status = vxg_device_open("cpu", &dev);
    if (!status) status = run(dev);
    vxg_device_release(dev);
    if (status) fprintf(stderr, "other values, or %s\n", vxg_error_message());
    return status != 0;
}
