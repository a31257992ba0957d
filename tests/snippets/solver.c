/* docs/solvers.md: a slice from its projections. */
#include <math.h>
#include <stdio.h>
#include <voxgrad/voxgrad.h>

enum { N = 16, VIEWS = 24 };

static int make(vxg_device *dev, vxg_op **projector) {
    double angles[VIEWS];
    vxg_ct_geometry *geo = NULL;
    for (int i = 0; i < VIEWS; i++) angles[i] = 3.14159265358979 * i / VIEWS;
    const vxg_ct_parallel_opts o = {.angles = angles, .nviews = VIEWS, .rows = 1, .cols = N + 8};
    const vxg_ct_volume vol = {.nz = 1, .ny = N, .nx = N};
    int status = vxg_ct_parallel_circular(&o, &geo);
    if (!status) status = vxg_ct_projector(dev, geo, &vol, NULL, projector);
    vxg_ct_geometry_release(geo);
    return status;
}

static void solve(const vxg_op *projector, vxg_array sinogram, float *volume) {
#include "snippet.inc"
}

int main(void) {
    vxg_device *dev = NULL;
    vxg_op *projector = NULL;
    vxg_array x = {0}, sinogram = {0};
    float truth[N * N], volume[N * N] = {0};
    double off = 0;
    for (int i = 0; i < N * N; i++) truth[i] = hypot(i % N - 7.5, i / N - 7.5) < 5 ? 1 : 0;
    int status = vxg_device_open("cpu", &dev);
    if (!status) status = make(dev, &projector);
    if (!status) status = vxg_op_new_array(projector, 0, &x);
    if (!status) status = vxg_op_new_array(projector, -1, &sinogram);
    if (!status) status = vxg_array_write(NULL, &x, truth);
    if (!status) status = vxg_op_apply(projector, NULL, &x, &sinogram);
    if (!status) solve(projector, sinogram, volume);
    for (int i = 0; i < N * N; i++) off += fabs((double)volume[i] - (double)truth[i]) / (N * N);
    vxg_array_release(&x), vxg_array_release(&sinogram);
    vxg_op_release(projector), vxg_device_release(dev);
    if (status || off > 0.1) fprintf(stderr, "%g off, or %s\n", off, vxg_error_message());
    return status || off > 0.1;
}
