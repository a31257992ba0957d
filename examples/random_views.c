/* Backprojections of random subsets of filtered views that stay on the device ("prepared"): what a
 * stochastic method, or a network that is trained on such images, asks for again and again. Each
 * line is an image of fewer views than there are, and how far it is from that of all.
 *
 *   random_views            on the default device
 *   random_views opencl     on a named one
 *
 * Build: cc random_views.c $(pkg-config --cflags --libs voxgrad) -lm -o random_views */
#include <math.h>
#include <stdio.h>
#include <voxgrad/voxgrad.h>

enum { SIDE = 128, VIEWS = 192, COLUMNS = 192 };
#define PI 3.14159265358979323846

/* A disc with a smaller one beside its middle, as parallel rays see it: lengths in pixels. */
static float disc(double across, double x, double y, double radius, double angle) {
    const double s = across - (x * cos(angle) + y * sin(angle));
    return (float)(fabs(s) < radius ? 2 * sqrt(radius * radius - s * s) : 0);
}

static int make_scan(double *angles, float *lines, vxg_ct_geometry **geo) {
    for (int v = 0; v < VIEWS; v++) {
        angles[v] = PI * v / VIEWS;
        for (int q = 0; q < COLUMNS; q++) {
            const double across = q - 0.5 * (COLUMNS - 1);
            lines[v * COLUMNS + q] =
                disc(across, 0, 0, 55, angles[v]) - 0.6F * disc(across, 20, -12, 14, angles[v]);
        }
    }
    const vxg_ct_parallel_opts o = {.angles = angles, .nviews = VIEWS, .rows = 1, .cols = COLUMNS};
    return vxg_ct_parallel_circular(&o, geo);
}

/* The filtered views, kept on the device. Each is weighted as one of all that stand there; an image
 * of n of them is multiplied by VIEWS / n. */
static int prepare(vxg_device *dev, const float *lines, vxg_ct_prepared **out) {
    const vxg_space space = {.dtype = VXG_F32, .ndim = 3, .shape = {VIEWS, 1, COLUMNS}};
    const vxg_space one = {.dtype = VXG_F32, .ndim = 3, .shape = {1, 1, COLUMNS}};
    static double response[513], weights[VIEWS];
    vxg_op *filter = NULL;
    vxg_array all = {0};
    for (int v = 0; v < VIEWS; v++) weights[v] = PI / VIEWS;
    int status = vxg_ct_filter_response(VXG_CT_WINDOW_HANN, 0, 512, 1, response);
    if (!status) status = vxg_ct_filter(dev, &one, response, 512, NULL, VXG_REAL_F32, &filter);
    if (!status) status = vxg_ct_prepared_new(&space, dev, filter, weights, out);
    if (!status) status = vxg_array_new(dev, VXG_F32, 3, space.shape, &all);
    if (!status) status = vxg_array_write(NULL, &all, lines);
    if (!status) status = vxg_ct_prepared_update(*out, 0, NULL, &all);
    vxg_array_release(&all);
    vxg_op_release(filter);
    return status;
}

/* The first n of a random order of all views. */
static void shuffle(int64_t *order, uint64_t seed) {
    for (int64_t i = 0; i < VIEWS; i++) order[i] = i;
    for (int64_t i = VIEWS - 1; i > 0; i--) {
        const uint32_t key[2] = {(uint32_t)seed, 1}, counter[4] = {(uint32_t)i};
        uint32_t random[4];
        vxg_philox(counter, key, random);
        const int64_t k = random[0] % (uint32_t)(i + 1), kept = order[i];
        order[i] = order[k], order[k] = kept;
    }
}

/* The image of n views. */
static int image_of(vxg_device *dev, const vxg_ct_geometry *geo, vxg_ct_prepared *prepared,
                    const int64_t *views, int64_t n, vxg_array *image) {
    const vxg_ct_volume vol = {.nz = 1, .ny = SIDE, .nx = SIDE};
    vxg_ct_geometry *part = NULL;
    vxg_op *back = NULL;
    int status = vxg_ct_geometry_take(geo, n, views, &part);
    if (!status) status = vxg_ct_backprojector(dev, part, &vol, NULL, &back);
    if (!status) status = vxg_op_new_array(back, -1, image);
    if (!status) status = vxg_ct_prepared_backproject_list(prepared, back, n, views, NULL, image);
    if (!status) status = vxg_array_axpby(NULL, (double)VIEWS / (double)n, image, 0, image);
    vxg_op_release(back);
    vxg_ct_geometry_release(part);
    return status;
}

static int run(vxg_device *dev) {
    static const int counts[] = {VIEWS, VIEWS / 2, VIEWS / 4, VIEWS / 8};
    static float lines[VIEWS * COLUMNS];
    double angles[VIEWS], energy = 0;
    int64_t order[VIEWS];
    vxg_ct_geometry *geo = NULL;
    vxg_ct_prepared *prepared = NULL;
    vxg_array all = {0};
    int status = make_scan(angles, lines, &geo);
    if (!status) status = prepare(dev, lines, &prepared);
    shuffle(order, 7);
    if (!status) status = image_of(dev, geo, prepared, order, VIEWS, &all);
    if (!status) status = vxg_array_dot(NULL, &all, &all, &energy);
    for (size_t i = 0; i < sizeof counts / sizeof *counts && !status; i++) {
        vxg_array image = {0};
        double off = 0;
        shuffle(order, 7 + i);
        status = image_of(dev, geo, prepared, order, counts[i], &image);
        if (!status) status = vxg_array_axpby(NULL, -1, &all, 1, &image);
        if (!status) status = vxg_array_dot(NULL, &image, &image, &off);
        if (!status)
            printf("%3d random views: |image - all| / |all| = %.4f\n", counts[i],
                   sqrt(off / energy));
        vxg_array_release(&image);
    }
    vxg_array_release(&all);
    vxg_ct_prepared_release(prepared);
    vxg_ct_geometry_release(geo);
    return status;
}

int main(int argc, char **argv) {
    vxg_device *dev = NULL;
    int status = vxg_device_open(argc > 1 ? argv[1] : NULL, &dev);
    if (!status) status = run(dev);
    vxg_device_release(dev);
    if (status) fprintf(stderr, "%s\n", vxg_error_message());
    return vxg_status_exit_code(status);
}
