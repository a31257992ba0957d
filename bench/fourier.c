/* Fourier reconstruction beside filtered backprojection: a Markdown row on stdout.
 *
 * bench_fourier [--columns N] [--views N] [--slices N] [--digits N] [--reps N] [--level v3]
 *
 * N slices of columns x columns voxels, one thread, room for both operators made once. In every
 * repetition the two run in turn; by processor time: the median of each in milliseconds a slice,
 * and of their ratios, the least and the largest. --digits 3: an accuracy of 1e-3; 0: the default.
 */
#include "bench.h"

enum { FOURIER, FBP, RATIO, COUNT };

int main(int argc, char **argv) {
    int columns = 512, views = 512, slices = 64, digits = 0, reps = 5;
    const bench_number list[] = {{"--columns", &columns},
                                 {"--views", &views},
                                 {"--slices", &slices},
                                 {"--digits", &digits},
                                 {"--reps", &reps}};
    char spec[32];
    vxg_device *dev;
    vxg_ct_geometry *geo;
    vxg_ct_volume vol = {0};
    vxg_op *op[2];
    vxg_array x, y;
    vxg_call call = {0};
    double time[COUNT][99];
    bench_options(argc, argv, list, (int)(sizeof list / sizeof *list), spec);
    if (reps < 1 || reps > 99) reps = 5;
    double *angles = calloc((size_t)views, sizeof *angles);
    for (int i = 0; i < views; i++) angles[i] = M_PI * i / views;
    must(vxg_device_open(spec, &dev), spec);
    must(vxg_set_threads(1), "threads");
    const vxg_ct_parallel_opts o = {
        .angles = angles, .nviews = views, .rows = slices, .cols = columns};
    must(vxg_ct_parallel_circular(&o, &geo), "scan");
    vxg_ct_fit_volume(geo, &vol);
    const vxg_ct_fourier_opts f = {.accuracy = digits ? pow(10, -digits) : 0};
    must(vxg_ct_fourier(dev, geo, &vol, &f, &op[FOURIER]), "fourier");
    must(vxg_ct_fbp(dev, geo, &vol, NULL, &op[FBP]), "fbp");
    must(vxg_op_new_array(op[FBP], 0, &y), "projections");
    must(vxg_op_new_array(op[FBP], -1, &x), "volume");
    must(vxg_array_random(NULL, &y, 1, 0, 1), "projections");
    const size_t a = vxg_op_workspace(op[FOURIER], NULL), b = vxg_op_workspace(op[FBP], NULL);
    must(vxg_buffer_new(dev, a > b ? a : b, &call.workspace), "workspace");
    for (int r = -1; r < reps; r++) { /* the first does not count */
        double seconds[2];
        for (int k = 0; k < 2; k++) {
            const double begin = cpu_seconds();
            must(vxg_op_apply(op[k], &call, &y, &x), k ? "fbp" : "fourier");
            seconds[k] = cpu_seconds() - begin;
        }
        if (r < 0) continue;
        for (int k = 0; k < 2; k++) time[k][r] = 1e3 * seconds[k] / slices;
        time[RATIO][r] = seconds[FOURIER] / seconds[FBP];
    }
    for (int k = 0; k < COUNT; k++) qsort(time[k], (size_t)reps, sizeof *time[k], by_value);
    printf("| %d slices of %d^2, %d views | %.2f | %.2f | %.3f (%.3f to %.3f) | %.0f |\n", slices,
           columns, views, time[FOURIER][reps / 2], time[FBP][reps / 2], time[RATIO][reps / 2],
           time[RATIO][0], time[RATIO][reps - 1], 1e-6 * (double)a);
    vxg_buffer_release(call.workspace);
    vxg_array_release(&x), vxg_array_release(&y);
    vxg_op_release(op[FOURIER]), vxg_op_release(op[FBP]);
    vxg_ct_geometry_release(geo), vxg_device_release(dev);
    free(angles);
    return 0;
}
