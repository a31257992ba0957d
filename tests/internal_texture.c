/* Layered images where the public API cannot look: what the sampler gives texel by texel on every
 * target; a simulated CUDA device (tests/fake_cuda) that takes three layers in an image, or none;
 * every call of the driver failing in turn. Says nothing about a real GPU. */
#include <voxgrad/voxgrad.h>

#include "device/image.h"
#include "fake_cuda/open.h"
#include "test.h"

/* ---- Texels ---- */
enum { LAYERS = 4, H = 3, W = 5, POINTS = 9 };
static const float at[2 * POINTS] = {0,    0, 4, 2,     1.5f, 0,    2,    1.25f, 3.75f,
                                     1.5f, 9, 0, -0.5f, 1,    4.5f, 2.5f, 1,     -3};

static double texel(int layer, int row, int col) {
    return row < 0 || row >= H || col < 0 || col >= W ? 0 : 100 * layer + 10 * row + col * col + 1;
}
static double expected(int layer, double q, double r) {
    const int col = (int)floor(q), row = (int)floor(r);
    const double u = q - col, v = r - row;
    return (1 - v) * ((1 - u) * texel(layer, row, col) + u * texel(layer, row, col + 1)) +
           v * ((1 - u) * texel(layer, row + 1, col) + u * texel(layer, row + 1, col + 1));
}

/* Layers 1 to 3 are written, 0 stays empty. Fractions here have at most 2 bits: exact everywhere.
 */
static int sample(vxg_device *dev, vxg_buffer *image, int layer, float *got) {
    float values[3 * H * W];
    vxg_buffer *data = NULL;
    vxg_kernel *k = NULL;
    vxg_launch l = {.global = {POINTS, 1, 1}, .nbuffers = 3, .nints = 1, .ints = {layer}};
    for (int i = 0; i < 3 * H * W; i++) values[i] = (float)texel(1 + i / (H * W), i / W % H, i % W);
    int status = vxg_buffer_new(dev, sizeof values, &data);
    if (!status) status = vxg_buffer_write(NULL, data, 0, values, sizeof values);
    if (!status) status = vxg__image_write(NULL, image, 1, 3, data, 0);
    if (!status) status = vxg_buffer_new(dev, sizeof at, &l.buffer[1]);
    if (!status) status = vxg_buffer_new(dev, POINTS * sizeof *got, &l.buffer[2]);
    if (!status) status = vxg_buffer_write(NULL, l.buffer[1], 0, at, sizeof at);
    if (!status) status = vxg_kernel_get(dev, "conformance_image", VXG_REAL_F32, &k);
    l.buffer[0] = image;
    if (!status) status = vxg_kernel_launch(k, NULL, &l);
    if (!status) status = vxg_buffer_read(NULL, l.buffer[2], 0, got, POINTS * sizeof *got);
    vxg_kernel_release(k);
    vxg_buffer_release(data), vxg_buffer_release(l.buffer[1]), vxg_buffer_release(l.buffer[2]);
    return status;
}

static void texels_on(const char *spec) {
    vxg_device *dev;
    vxg_buffer *image;
    float got[POINTS];
    if (vxg_device_open(spec, &dev)) SKIP("%s", vxg_error_message());
    CHECK_OK(vxg__image_new(dev, LAYERS, H, W, &image));
    for (int layer = 0; layer < LAYERS; layer++) {
        CHECK_OK(sample(dev, image, layer, got));
        for (int i = 0; i < POINTS; i++) {
            const double want =
                layer ? expected(layer, (double)at[2 * i], (double)at[2 * i + 1]) : 0;
            EXPECT(fabs((double)got[i] - want) <= 1e-4, "layer %d at (%g, %g): %g, not %g", layer,
                   (double)at[2 * i], (double)at[2 * i + 1], (double)got[i], want);
        }
    }
    EXPECT(vxg_buffer_read(NULL, image, 0, got, 4) == VXG_ERR_ARGUMENT,
           "an image was read as memory");
    EXPECT(vxg__image_write(NULL, image, 2, 3, image, 0) == VXG_ERR_ARGUMENT, "an image as source");
    vxg_buffer_release(image);
    vxg_device_release(dev);
}
TEST(texels_cpu)
{ texels_on("cpu"); }
TEST(texels_opencl)
{ texels_on("opencl:0"); }
TEST(texels_cuda)
{ texels_on("cuda:0"); }

/* ---- An image and memory are not mixed up ---- */
TEST(wrong_arguments)
{
    vxg_device *dev;
    vxg_kernel *k;
    vxg_launch l = {.global = {1, 1, 1}, .nbuffers = 3};
    CHECK_OK(vxg_device_open("cpu", &dev));
    CHECK_OK(vxg_kernel_get(dev, "conformance_image", VXG_REAL_F32, &k));
    for (int i = 0; i < 3; i++) CHECK_OK(vxg_buffer_new(dev, 64, &l.buffer[i]));
    EXPECT(vxg_kernel_launch(k, NULL, &l) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "buffer 0 is no image"),
           "%s", vxg_error_message());
    vxg_buffer_release(l.buffer[0]), vxg_buffer_release(l.buffer[1]);
    CHECK_OK(vxg__image_new(dev, 1, 1, 1, &l.buffer[0]));
    CHECK_OK(vxg__image_new(dev, 1, 1, 1, &l.buffer[1]));
    EXPECT(vxg_kernel_launch(k, NULL, &l) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "buffer 1 is an image"),
           "%s", vxg_error_message());
    for (int i = 0; i < 3; i++) vxg_buffer_release(l.buffer[i]);
    EXPECT(vxg__image_new(dev, 1, 0, 1, &l.buffer[0]) == VXG_ERR_UNSUPPORTED,
           "an image of no rows");
    vxg_kernel_release(k);
    vxg_device_release(dev);
}

/* ---- Limits and failures of the driver ---- */
#define VIEWS 7
static int backproject(int texture, float *out) {
    const double angles[VIEWS] = {0.1, 1, 2, 3, 4, 5, 6};
    vxg_ct_view v[VIEWS];
    vxg_ct_geometry *geo;
    vxg_device *dev;
    vxg_op *op = NULL;
    vxg_array x = {0}, y = {0};
    const vxg_ct_volume vol = {.nz = 9, .ny = 6, .nx = 5};
    const vxg_ct_projector_opts o = {.texture = texture};
    for (int i = 0; i < VIEWS; i++) {
        const double a = cos(angles[i]), b = sin(angles[i]);
        v[i] = (vxg_ct_view){
            .s = {30 * b, -30 * a, 0}, .d = {-9 * b, 9 * a, 0}, .U = {a, b, 0}, .V = {0, 0, 1}};
    }
    int status = vxg_device_open("cuda:0", &dev);
    if (status) return status;
    status = vxg_ct_cone_views(VIEWS, 8, 9, v, &geo);
    if (!status) status = vxg_ct_backprojector(dev, geo, &vol, &o, &op);
    if (!status) status = vxg_op_new_array(op, 0, &y);
    if (!status) status = vxg_op_new_array(op, -1, &x);
    if (!status) status = vxg_array_random(NULL, &y, 5, 0, 1);
    if (!status) status = vxg_op_apply(op, NULL, &y, &x);
    if (!status) status = vxg_array_read(NULL, &x, out);
    vxg_array_release(&x), vxg_array_release(&y);
    vxg_op_release(op);
    vxg_ct_geometry_release(geo);
    vxg_device_release(dev);
    return status;
}

TEST(pieces_of_three_layers)
{
    float want[9 * 6 * 5], got[9 * 6 * 5];
    fake.reset();
    CHECK_OK(backproject(0, want));
    fake.set("layers", 3);
    CHECK_OK(backproject(1, got));
    fake.reset();
    for (int i = 0; i < 9 * 6 * 5; i++) /* weights 1: 7 fetches, both axes, values from 0 to 1 */
        EXPECT(fabsf(got[i] - want[i]) <= VIEWS * 2 / 512.0f, "voxel %d: %g, not %g", i,
               (double)got[i], (double)want[i]);
}

TEST(no_images)
{
    float out[9 * 6 * 5];
    char words[256];
    fake.reset();
    fake.set("layers", 0);
    EXPECT(backproject(1, out) == VXG_ERR_UNSUPPORTED && strstr(vxg_error_message(), "texture"),
           "%s", vxg_error_message());
    fake.reset();
    EXPECT(fake.live(words, sizeof words) == 0, "alive: %s", words);
}

TEST(failures)
{
    static const char *const names[] = {"cuArray3DCreate_v2", "cuTexObjectCreate",
                                        "cuMemcpy3DAsync_v2"};
    float out[9 * 6 * 5];
    char words[256];
    for (int i = 0; i < 3; i++)
        for (int nth = 0; nth < 2; nth++) {
            fake.reset();
            fake.set("layers", 3);
            if (i > 1) fake.fail(names[i], nth, 2);
            if (i < 2) fake.fail_always(names[i], 2); /* they are tried twice */
            const int status = backproject(1, out);
            EXPECT(fake.hit() && status == VXG_ERR_MEMORY && strstr(vxg_error_message(), names[i]),
                   "%s: %d, %s", names[i], status, vxg_error_message());
            EXPECT(fake.live(words, sizeof words) == 0, "%s: alive: %s", names[i], words);
        }
    fake.reset();
    fake.set("layers", 3);
    fake.fail(names[0], 0, 2); /* what is kept for later buffers goes, and there is room */
    CHECK_OK(backproject(1, out));
    EXPECT(fake.hit() && fake.calls("cuMemPoolTrimTo") == 1, "%d trims",
           fake.calls("cuMemPoolTrimTo"));
    fake.reset();
}

/* A prepared texture: a backprojection launches and copies nothing, an update copies once; a graph
 * holds both. */
static void prepared_calls(vxg_device *dev, vxg_ct_prepared *p, const vxg_op *op, vxg_array *x,
                           vxg_array *one) {
    vxg_call call = {0};
    vxg_graph *graph;
    CHECK_OK(vxg_queue_new(dev, &call.queue));
    CHECK_OK(vxg_ct_prepared_keep_texture(p, &call));
    CHECK_OK(vxg_ct_prepared_backproject(p, op, 0, &call, x));
    CHECK_OK(vxg_ct_prepared_update(p, 1, &call, one));
    CHECK_OK(vxg_queue_sync(call.queue));
    fake.reset();
    CHECK_OK(vxg_ct_prepared_backproject(p, op, 0, &call, x));
    EXPECT(fake.calls("cuLaunchKernel") == 1 && !fake.calls("cuMemcpy3DAsync_v2") &&
               !fake.calls("cuMemAllocFromPoolAsync") && !fake.calls("cuStreamSynchronize"),
           "%d launches, %d copies", fake.calls("cuLaunchKernel"),
           fake.calls("cuMemcpy3DAsync_v2"));
    CHECK_OK(vxg_queue_capture_begin(call.queue));
    CHECK_OK(vxg_ct_prepared_update(p, 1, &call, one));
    EXPECT(fake.calls("cuMemcpy3DAsync_v2") == 1, "%d copies", fake.calls("cuMemcpy3DAsync_v2"));
    CHECK_OK(vxg_ct_prepared_backproject(p, op, 0, &call, x));
    CHECK_OK(vxg_queue_capture_end(call.queue, &graph));
    CHECK_OK(vxg_graph_launch(graph, call.queue));
    CHECK_OK(vxg_queue_sync(call.queue));
    vxg_graph_free(graph);
    vxg_queue_free(call.queue);
}

TEST(prepared)
{
    const vxg_ct_view v[2] = {{.s = {0, -30, 0}, .d = {0, 9, 0}, .U = {1, 0, 0}, .V = {0, 0, 1}},
                              {.s = {-30, 0, 0}, .d = {9, 0, 0}, .U = {0, -1, 0}, .V = {0, 0, 1}}};
    const vxg_ct_volume vol = {.nz = 5, .ny = 4, .nx = 4};
    const vxg_ct_projector_opts o = {.texture = 1};
    const vxg_space space = {.dtype = VXG_F32, .ndim = 3, .shape = {2, 5, 6}};
    vxg_device *dev;
    vxg_ct_geometry *geo;
    vxg_ct_prepared *p;
    vxg_op *op;
    vxg_array x, one;
    char words[256];
    fake.reset();
    CHECK_OK(vxg_device_open("cuda:0", &dev));
    CHECK_OK(vxg_ct_cone_views(2, 5, 6, v, &geo));
    CHECK_OK(vxg_ct_backprojector(dev, geo, &vol, &o, &op));
    CHECK_OK(vxg_ct_prepared_new(&space, dev, NULL, NULL, &p));
    CHECK_OK(vxg_op_new_array(op, -1, &x));
    CHECK_OK(vxg_array_new(dev, VXG_F32, 3, (int64_t[]){1, 5, 6}, &one));
    prepared_calls(dev, p, op, &x, &one);
    vxg_array_release(&x), vxg_array_release(&one);
    vxg_ct_prepared_release(p);
    vxg_op_release(op);
    vxg_ct_geometry_release(geo);
    vxg_device_release(dev);
    EXPECT(fake.live(words, sizeof words) == 0, "alive: %s", words);
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(texels_cpu), T(texels_opencl), T(wrong_arguments)};
    static const test_entry fakes[] = {T(texels_cuda), T(pieces_of_three_layers), T(no_images),
                                       T(failures), T(prepared)};
    setenv("VXG_CUDA_LIB", FAKE_LIB, 1);
    setenv("VXG_NVRTC_LIB", FAKE_LIB, 1);
    setenv("VXG_CACHE", "0", 1);
    int failed = test_run("internal_texture", list, 3, argc, argv);
    if (!open_fake()) {
        printf("SKIP internal_texture.cuda: the simulated driver needs a C compiler\n");
        return failed;
    }
    return test_run("internal_texture", fakes, 5, argc, argv) || failed;
}
