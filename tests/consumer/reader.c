/* A program outside the project that writes a file and reads it. */
#include <math.h>
#include <stdio.h>
#include <voxgrad/io.h>

int main(int argc, char **argv) {
    const float out[2] = {1.5f, 2.5f};
    const int64_t two = 2;
    float *in = NULL;
    int ndim = 0;
    int64_t shape[VXG_MAX_DIMS];
    if (argc < 2 || vxg_npy_write(argv[1], VXG_F32, 1, &two, out, 1) ||
        vxg_npy_read(argv[1], &in, &ndim, shape))
        return fprintf(stderr, "%s\n", vxg_error_message()), 1;
    printf("%d axis, %.1f\n", ndim, fabs((double)in[0]));
    vxg_free(in);
    return 0;
}
