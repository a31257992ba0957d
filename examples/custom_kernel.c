/* A kernel of your own, written once, launched on any device:
 *
 *   custom_kernel            on the default device
 *   custom_kernel opencl     on a named one ("cpu", "opencl:0", "cuda:0")
 *
 * Build: cc custom_kernel.c $(pkg-config --cflags --libs voxgrad) -o custom_kernel
 * The dialect is described in docs/kernels.md. */
#include <stdio.h>
#include <voxgrad/voxgrad.h>

static const char text[] = "/* y = 1 / (1 + exp(-steepness x)) */\n"
                           "K_KERNEL2(sigmoid, K_GLOBAL const real *, x, K_GLOBAL real *, y) {\n"
                           "    y[gx] = K_R(1.0) / (K_R(1.0) + K_exp(-K_P(0) * x[gx]));\n"
                           "}\n";

enum { N = 5 };

static int run(vxg_device *dev) {
    const float x[N] = {-2, -1, 0, 1, 2};
    float y[N];
    vxg_kernel *kernel = NULL;
    vxg_launch launch = {.global = {N, 1, 1}, .nbuffers = 2, .nreals = 1, .reals = {1.0}};
    int status = vxg_kernel_from_source(dev, text, "sigmoid", NULL, VXG_REAL_F32, &kernel);
    for (int i = 0; i < 2 && !status; i++)
        status = vxg_buffer_new(dev, sizeof x, &launch.buffer[i]);
    if (!status) status = vxg_buffer_write(NULL, launch.buffer[0], 0, x, sizeof x);
    if (!status) status = vxg_kernel_launch(kernel, NULL, &launch);
    if (!status) status = vxg_buffer_read(NULL, launch.buffer[1], 0, y, sizeof y);
    for (int i = 0; i < N && !status; i++)
        printf("sigmoid(%g) = %.6f\n", (double)x[i], (double)y[i]);
    for (int i = 0; i < 2; i++) vxg_buffer_release(launch.buffer[i]);
    vxg_kernel_release(kernel);
    return status;
}

int main(int argc, char **argv) {
    vxg_device *dev = NULL;
    int status = vxg_device_open(argc > 1 ? argv[1] : NULL, &dev);
    if (!status) {
        printf("on %s, %s\n", vxg_device_get_info(dev)->spec, vxg_device_get_info(dev)->name);
        status = run(dev);
    }
    vxg_device_release(dev);
    if (status) fprintf(stderr, "%s\n", vxg_error_message());
    return vxg_status_exit_code(status);
}
