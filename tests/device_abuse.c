/* Every function of device.h with NULLs, released and foreign objects and ranges outside: a status
 * (or NULL, 0, nothing), never a crash. */
#include <voxgrad/voxgrad.h>

#include "test.h"

#pragma GCC diagnostic ignored "-Wnonnull"
static vxg_device *dev, *other, *dead_device;
static vxg_queue *q, *other_q, *dead_q;
static vxg_buffer *buf, *other_buf, *dead_buf;
static vxg_kernel *k, *dead_k;
static vxg_launch fill;
static char bytes[64];

#define BAD(call)                                                                                  \
    do {                                                                                           \
        vxg_error_clear();                                                                         \
        const int status_ = (call);                                                                \
        EXPECT(status_ != VXG_OK && *vxg_error_message(), "%s: %d '%s'", #call, status_,           \
               vxg_error_message());                                                               \
    } while (0)

static int release_all(void) {
    vxg_kernel_release(k);
    vxg_buffer_release(buf), vxg_buffer_release(other_buf);
    vxg_queue_free(q), vxg_queue_free(other_q);
    vxg_device_release(dev), vxg_device_release(other);
    return vxg_alloc_live() == 0;
}

static int make_all(void) {
    int status = vxg_device_open("cpu", &dev);
    if (vxg_device_open("cpu:v2", &other) && vxg_device_open("cpu:base", &other)) return 1;
    status |= vxg_queue_new(dev, &q) | vxg_queue_new(other, &other_q) | vxg_queue_new(dev, &dead_q);
    status |= vxg_buffer_new(dev, 64, &buf) | vxg_buffer_new(other, 64, &other_buf);
    status |= vxg_buffer_new(dev, 64, &dead_buf);
    status |= vxg_kernel_get(dev, "array_fill", VXG_REAL_F32, &k);
    vxg_queue_free(dead_q);
    vxg_buffer_release(dead_buf);
    vxg_device *d;
    if (vxg_device_open("cpu:v3", &d) == 0 && d != dev && d != other) {
        status |= vxg_kernel_get(d, "array_fill", VXG_REAL_F32, &dead_k);
        vxg_kernel_release(dead_k);
        dead_device = d;
        vxg_device_release(d);
    }
    fill = (vxg_launch){.global = {16, 1, 1}, .nbuffers = 1, .nints = 6, .nreals = 1};
    fill.buffer[0] = buf;
    return status;
}

TEST(devices)
{
    vxg_device *d;
    vxg_device_info info[2] = {0};
    int n;
    char longest[5000];
    memset(longest, 'a', sizeof longest - 1), longest[sizeof longest - 1] = 0;
    BAD(vxg_device_open("cpu", NULL));
    BAD(vxg_device_open("", &d));
    BAD(vxg_device_open("cpu:99999999999999999999", &d));
    BAD(vxg_device_open("cpu:-1", &d));
    BAD(vxg_device_open("%s%n%s", &d));
    BAD(vxg_device_open(longest, &d));
    BAD(vxg_device_list(NULL, 5, &n));
    BAD(vxg_device_list(info, -1, &n));
    BAD(vxg_device_list(NULL, 0, NULL));
    EXPECT(*vxg_device_why(NULL) && *vxg_device_why("no backend"), "why");
    EXPECT(!vxg_device_get_info(NULL) && !vxg_device_retain(NULL), "of NULL");
    vxg_device_release(NULL);
    if (!dead_device) return;
    EXPECT(!vxg_device_get_info(dead_device) && !vxg_device_retain(dead_device), "of the dead");
    vxg_device_release(dead_device);
    vxg_device_release(dead_device);
    vxg_queue *no_queue;
    vxg_buffer *no_buffer;
    BAD(vxg_queue_new(dead_device, &no_queue));
    BAD(vxg_buffer_new(dead_device, 4, &no_buffer));
}

TEST(queues)
{
    vxg_queue *made;
    vxg_graph *graph;
    double seconds;
    BAD(vxg_queue_new(NULL, &made));
    BAD(vxg_queue_new(dev, NULL));
    vxg_queue *const bad[] = {NULL, dead_q};
    for (int i = 0; i < 2; i++) {
        BAD(vxg_queue_sync(bad[i]));
        BAD(vxg_queue_time_begin(bad[i]));
        BAD(vxg_queue_time_end(bad[i], &seconds));
        BAD(vxg_queue_capture_begin(bad[i]));
        BAD(vxg_queue_capture_end(bad[i], &graph));
        EXPECT(!vxg_queue_device(bad[i]), "device");
        vxg_queue_free(bad[i]);
    }
    BAD(vxg_queue_time_end(q, NULL));
    BAD(vxg_queue_capture_end(q, NULL));
    BAD(vxg_graph_launch(NULL, q));
    vxg_graph_free(NULL);
}

TEST(buffers)
{
    vxg_buffer *made;
    BAD(vxg_buffer_new(NULL, 8, &made));
    BAD(vxg_buffer_new(dev, 8, NULL));
    BAD(vxg_buffer_new(dev, SIZE_MAX, &made));
    BAD(vxg_buffer_new(dev, (size_t)1 << 62, &made));
    vxg_buffer *const bad[] = {NULL, dead_buf};
    for (int i = 0; i < 2; i++) {
        BAD(vxg_buffer_write(NULL, bad[i], 0, bytes, 8));
        BAD(vxg_buffer_read(NULL, bad[i], 0, bytes, 8));
        BAD(vxg_buffer_copy(NULL, bad[i], 0, buf, 0, 8));
        BAD(vxg_buffer_copy(NULL, buf, 0, bad[i], 0, 8));
        BAD(vxg_buffer_zero(NULL, bad[i], 0, 8));
        EXPECT(!vxg_buffer_device(bad[i]) && !vxg_buffer_host(bad[i]) && !vxg_buffer_size(bad[i]) &&
                   !vxg_buffer_retain(bad[i]),
               "of a bad buffer");
        vxg_buffer_release(bad[i]);
    }
    BAD(vxg_buffer_write(NULL, buf, 0, NULL, 8));
    BAD(vxg_buffer_read(NULL, buf, 0, NULL, 8));
    static const size_t spans[][2] = {{65, 0}, {0, 65}, {60, 5}, {SIZE_MAX, 1}, {1, SIZE_MAX}};
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        const size_t at = spans[i][0], n = spans[i][1];
        BAD(vxg_buffer_write(NULL, buf, at, bytes, n));
        BAD(vxg_buffer_read(NULL, buf, at, bytes, n));
        BAD(vxg_buffer_zero(NULL, buf, at, n));
        BAD(vxg_buffer_copy(NULL, buf, at, other_buf, 0, n));
    }
    BAD(vxg_buffer_copy(NULL, buf, 0, buf, 4, 32));
    vxg_queue *const wrong[] = {other_q, dead_q};
    for (int i = 0; i < 2; i++) {
        BAD(vxg_buffer_write(wrong[i], buf, 0, bytes, 8));
        BAD(vxg_buffer_read(wrong[i], buf, 0, bytes, 8));
        BAD(vxg_buffer_zero(wrong[i], buf, 0, 8));
    }
}

TEST(events)
{
    vxg_event *e, *dead, *made;
    int done;
    BAD(vxg_event_new(NULL, &made));
    BAD(vxg_event_new(dev, NULL));
    CHECK_OK(vxg_event_new(dev, &e));
    CHECK_OK(vxg_event_new(dev, &dead));
    vxg_event_free(dead);
    vxg_event *const bad[] = {NULL, dead};
    for (int i = 0; i < 2; i++) {
        BAD(vxg_event_record(bad[i], q));
        BAD(vxg_event_wait(bad[i], q));
        BAD(vxg_event_sync(bad[i]));
        BAD(vxg_event_done(bad[i], &done));
        vxg_event_free(bad[i]);
    }
    BAD(vxg_event_done(e, NULL));
    BAD(vxg_event_record(e, other_q));
    BAD(vxg_event_wait(e, other_q));
    BAD(vxg_event_record(e, dead_q));
    CHECK_OK(vxg_event_record(e, NULL));
    vxg_event_free(e);
}

TEST(wraps)
{
    vxg_buffer *b;
    vxg_queue *made;
    vxg_device *d;
    void *p;
    BAD(vxg_buffer_wrap(NULL, bytes, 8, 0, NULL, NULL, &b));
    BAD(vxg_buffer_wrap(dev, NULL, 8, 0, NULL, NULL, &b));
    BAD(vxg_buffer_wrap(dev, bytes, 8, 0, NULL, NULL, NULL));
    BAD(vxg_buffer_wrap(dev, bytes, 8, 1u << 20, NULL, NULL, &b));
    BAD(vxg_buffer_pointer(NULL, NULL, 0, &p));
    BAD(vxg_buffer_pointer(dead_buf, NULL, 0, &p));
    BAD(vxg_buffer_pointer(buf, NULL, 0, NULL));
    BAD(vxg_buffer_pointer(buf, other_q, 0, &p));
    BAD(vxg_queue_wrap(NULL, NULL, 0, &made));
    BAD(vxg_queue_wrap(dev, NULL, 0, NULL));
    BAD(vxg_queue_wrap(dev, NULL, 7, &made));
    BAD(vxg_device_wrap(NULL, bytes, NULL, &d));
    BAD(vxg_device_wrap("opencl", NULL, NULL, &d));
    BAD(vxg_device_wrap("opencl", bytes, NULL, NULL));
    BAD(vxg_device_wrap("abacus", bytes, NULL, &d));
}

TEST(kernels)
{
    static const char text[] = "K_KERNEL1(a, K_GLOBAL real *, y) { y[gx] = 0; }";
    vxg_kernel *made;
    BAD(vxg_kernel_get(NULL, "array_fill", VXG_REAL_F32, &made));
    BAD(vxg_kernel_get(dev, NULL, VXG_REAL_F32, &made));
    BAD(vxg_kernel_get(dev, "", VXG_REAL_F32, &made));
    BAD(vxg_kernel_get(dev, "array_fill", VXG_REAL_F32, NULL));
    BAD(vxg_kernel_get(dev, "array_fill", 7, &made));
    BAD(vxg_kernel_get(dev, "array_fill", -1, &made));
    BAD(vxg_kernel_from_source(NULL, text, "a", NULL, VXG_REAL_F32, &made));
    BAD(vxg_kernel_from_source(dev, NULL, "a", NULL, VXG_REAL_F32, &made));
    BAD(vxg_kernel_from_source(dev, text, NULL, NULL, VXG_REAL_F32, &made));
    BAD(vxg_kernel_from_source(dev, text, "a", NULL, VXG_REAL_F32, NULL));
    BAD(vxg_kernel_from_source(dev, text, "a", NULL, 9, &made));
    BAD(vxg_kernel_from_source(dev, text, "a", "-o /tmp/x", VXG_REAL_F32, &made));
    BAD(vxg_kernel_from_source(dev, text, "a", "@/etc/passwd", VXG_REAL_F32, &made));
    vxg_kernel_release(NULL);
    EXPECT(!vxg_kernel_retain(NULL), "retained NULL");
    if (dead_k) {
        BAD(vxg_kernel_launch(dead_k, NULL, &fill));
        EXPECT(!vxg_kernel_retain(dead_k), "retained a dead kernel");
        vxg_kernel_release(dead_k);
    }
}

TEST(launches)
{
    BAD(vxg_kernel_launch(NULL, NULL, &fill));
    BAD(vxg_kernel_launch(k, NULL, NULL));
    BAD(vxg_kernel_launch(k, other_q, &fill));
    BAD(vxg_kernel_launch(k, dead_q, &fill));
#define WITH(...)                                                                                  \
    do {                                                                                           \
        vxg_launch l = fill;                                                                       \
        __VA_ARGS__;                                                                               \
        vxg_error_clear();                                                                         \
        EXPECT(vxg_kernel_launch(k, NULL, &l) && *vxg_error_message(), "%s", #__VA_ARGS__);        \
    } while (0)
    WITH(l.nbuffers = 0);
    WITH(l.nbuffers = -1);
    WITH(l.nbuffers = 100);
    WITH(l.nints = 100);
    WITH(l.nints = -1);
    WITH(l.nreals = 100);
    WITH(l.buffer[0] = NULL);
    WITH(l.buffer[0] = dead_buf);
    WITH(l.buffer[0] = other_buf);
    WITH(l.offset[0] = -1);
    WITH(l.offset[0] = 17);
    WITH(l.offset[0] = (int64_t)1 << 62);
    WITH(l.offset[0] = INT64_MAX);
    WITH(l.global[0] = -1);
    WITH(l.global[1] = (int64_t)1 << 40);
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(devices), T(queues),  T(buffers), T(events),
                                      T(wraps),   T(kernels), T(launches)};
    if (make_all()) return puts(vxg_error_message()), 1;
    const int status = test_run("device_abuse", list, 7, argc, argv);
    return release_all() ? status : (puts("FAIL device_abuse.leak: objects are left"), 1);
}
