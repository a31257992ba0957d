/* docs/kernels.md and docs/adding/kernel.md: the kernel y = a x, run. */
#include <stdio.h>
#include <voxgrad/voxgrad.h>

#include "snippet_text.h"

enum { N = 5 };

static int run(vxg_device *dev) {
    const float x[N] = {-2, -1, 0, 1, 3};
    float y[N] = {0};
    vxg_kernel *kernel = NULL;
    vxg_launch launch = {.global = {N, 1, 1}, .nbuffers = 2, .nreals = 1, .reals = {2.5}};
    launch.nints = 1, launch.ints[0] = N;
    int status = vxg_kernel_from_source(dev, SNIPPET_TEXT, "scale", NULL, VXG_REAL_F32, &kernel);
    for (int i = 0; i < 2 && !status; i++)
        status = vxg_buffer_new(dev, sizeof x, &launch.buffer[i]);
    if (!status) status = vxg_buffer_write(NULL, launch.buffer[0], 0, x, sizeof x);
    if (!status) status = vxg_kernel_launch(kernel, NULL, &launch);
    if (!status) status = vxg_buffer_read(NULL, launch.buffer[1], 0, y, sizeof y);
    for (int i = 0; i < N && !status; i++) status = y[i] != 2.5f * x[i];
    for (int i = 0; i < 2; i++) vxg_buffer_release(launch.buffer[i]);
    vxg_kernel_release(kernel);
    return status;
}

int main(void) {
    vxg_device *dev = NULL;
    int status = vxg_device_open("cpu", &dev);
    if (!status) status = run(dev);
    vxg_device_release(dev);
    if (status) fprintf(stderr, "not a x, or %s\n", vxg_error_message());
    return status != 0;
}
