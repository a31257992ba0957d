/* Order between queues on the devices there are. */
#include "order.h"

TEST(cpu)
{ order_all("cpu", 10); }
TEST(opencl)
{ order_all("opencl", 200000); }
TEST(cuda)
{ order_all("cuda", 200000); }

/* Memory, streams and contexts of the caller on the cpu. */
TEST(wrapped_on_the_cpu)
{
    vxg_device *dev, *none;
    vxg_buffer *b;
    vxg_queue *q;
    vxg_array a = {.dtype = VXG_F32, .ndim = 1, .shape = {100}, .stride = {1}};
    float memory[104], other[26] = {0};
    CHECK_OK(vxg_device_open("cpu", &dev));
    memory[100] = 5;
    CHECK_OK(vxg_buffer_wrap(dev, memory, 100 * sizeof(float), 0, NULL, NULL, &b));
    a.buffer = b;
    CHECK_OK(vxg_queue_wrap(dev, NULL, 0, &q));
    CHECK_OK(vxg_array_fill(q, &a, 3));
    EXPECT(memory[0] == 3 && memory[99] == 3 && memory[100] == 5, "%g %g", (double)memory[0],
           (double)memory[100]);
    EXPECT(vxg_buffer_host(b) == memory, "another pointer");
    EXPECT(vxg_buffer_write(NULL, b, 400, other, 4) == VXG_ERR_ARGUMENT, "outside");
    vxg_buffer_release(b);
    vxg_queue_free(q);
    EXPECT(vxg_queue_wrap(dev, other, 0, &q) == VXG_ERR_ARGUMENT, "a stream of the cpu");
    EXPECT(vxg_queue_wrap(dev, NULL, 1, &q) == VXG_ERR_ARGUMENT, "unknown flags");
    EXPECT(vxg_buffer_wrap(dev, (char *)other + 1, 8, 0, NULL, NULL, &b) == VXG_ERR_ARGUMENT,
           "not aligned");
    EXPECT(vxg_buffer_wrap(dev, other, 8, 8, NULL, NULL, &b) == VXG_ERR_ARGUMENT, "unknown flags");
    EXPECT(vxg_device_wrap("cpu", other, NULL, &none) == VXG_ERR_UNSUPPORTED,
           "a context of the cpu");
    /* float32 memory may lie at any multiple of 4, float64 must lie at one of 8 */
    vxg_kernel *k;
    char *const odd = (char *)other + ((uintptr_t)other % 8 ? 0 : 4);
    vxg_launch l = {.global = {4, 1, 1}, .nbuffers = 1, .nints = 6, .nreals = 1};
    CHECK_OK(vxg_buffer_wrap(dev, odd, 64, 0, NULL, NULL, &b));
    CHECK_OK(vxg_kernel_get(dev, "array_fill", VXG_REAL_F64, &k));
    l.buffer[0] = b;
    EXPECT(vxg_kernel_launch(k, NULL, &l) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "aligned"),
           "%s", vxg_error_message());
    vxg_kernel_release(k);
    vxg_buffer_release(b);
    vxg_device_release(dev);
}

TEST_MAIN("device_order", T(cpu), T(opencl), T(cuda), T(wrapped_on_the_cpu))
