/* Memory of the cuda backend on a simulated driver: the pool that freed memory stays in, buffers
 * that are not zeroed, pinned memory and copies that nobody waits for. */
#include <stdlib.h>
#include <voxgrad/voxgrad.h>

#include "fake_cuda/open.h"
#include "test.h"

/* Freed memory stays in the driver's pool up to a bound, and goes where memory is refused; plain
 * allocations where there are no pools. Memory is neither used before it is there nor freed early
 * (EXPECT_CLEAN counts both). */
TEST(pool)
{
    static const struct {
        int pools;
        const char *bound;
        int from_pool;
    } want[] = {{1, NULL, 1}, {1, "1", 1}, {1, "0", 0}, {1, "all", 1}, {0, NULL, 0}};
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        vxg_device *dev;
        vxg_buffer *b[3], *none;
        vxg_queue *q;
        fake.reset();
        fake.set("pools", want[i].pools), fake.set("memory_mb", 100);
        if (want[i].bound) setenv("VXG_CUDA_POOL_MB", want[i].bound, 1);
        CHECK_OK(vxg_device_open("cuda", &dev));
        unsetenv("VXG_CUDA_POOL_MB");
        CHECK_OK(vxg_queue_new(dev, &q));
        for (int k = 0; k < 3; k++) CHECK_OK(vxg_buffer_new(dev, 20 << 20, &b[k]));
        CHECK_OK(vxg_buffer_zero(q, b[0], 0, 20 << 20));
        for (int k = 0; k < 3; k++) vxg_buffer_release(b[k]); /* the first while it is worked on */
        EXPECT((fake.calls("cuMemAllocFromPoolAsync") == 3) == want[i].from_pool &&
                   (fake.calls("cuMemAlloc_v2") == 3) == !want[i].from_pool &&
                   (fake.calls("cuMemFree_v2") == 2) == !want[i].from_pool,
               "row %zu: %d of a pool, %d plain", i, fake.calls("cuMemAllocFromPoolAsync"),
               fake.calls("cuMemAlloc_v2"));
        /* an image is not the pool's memory: what the pool keeps makes room for it */
        CHECK_OK(vxg_buffer_new(dev, 70 << 20, &b[0]));
        EXPECT(vxg_buffer_new(dev, 50 << 20, &none) == VXG_ERR_MEMORY, "row %zu: 120 of 100 MB", i);
        vxg_buffer_release(b[0]);
        CHECK_OK(vxg_buffer_new(dev, 90 << 20, &b[0]));
        vxg_buffer_release(b[0]);
        vxg_queue_free(q);
        vxg_device_release(dev);
        EXPECT_CLEAN();
    }
}

/* No zeros where none are wanted; flags that are not known. */
TEST(uninitialised)
{
    vxg_device *dev;
    vxg_buffer *b, *none;
    unsigned char back[8];
    fake.reset();
    CHECK_OK(vxg_device_open("cuda", &dev));
    CHECK_OK(vxg_buffer_new_with(dev, 8, VXG_BUFFER_UNINITIALISED, &b));
    EXPECT(!fake.calls("cuMemsetD8Async"), "it was filled");
    CHECK_OK(vxg_buffer_read(NULL, b, 0, back, 8));
    EXPECT(back[0] == 0xFF && back[7] == 0xFF, "%d", back[0]);
    EXPECT(!vxg_buffer_pinned(b) && !vxg_buffer_host(b), "device memory has a place on the host");
    vxg_buffer_release(b);
    EXPECT(vxg_buffer_new_with(dev, 8, 4, &none) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "flags 4") && !none,
           "%s", vxg_error_message());
    vxg_device_release(dev);
    EXPECT_CLEAN();
}

/* Copies from and to pinned memory return before they are done, and are in order with the work of
 * other queues; kernels take it as any memory. */
TEST(pinned)
{
    enum { N = 64 };
    vxg_device *dev;
    vxg_queue *q[2];
    vxg_array x;
    vxg_buffer *in, *out;
    fake.reset();
    CHECK_OK(vxg_device_open("cuda", &dev));
    for (int i = 0; i < 2; i++) CHECK_OK(vxg_queue_new(dev, &q[i]));
    CHECK_OK(vxg_array_new(dev, VXG_F32, 1, (const int64_t[]){N}, &x));
    CHECK_OK(vxg_buffer_new_with(dev, N * 4, VXG_BUFFER_PINNED | VXG_BUFFER_UNINITIALISED, &in));
    CHECK_OK(vxg_buffer_new_with(dev, N * 4, VXG_BUFFER_PINNED, &out));
    float *const from = vxg_buffer_pinned(in), *const to = vxg_buffer_pinned(out);
    CHECK(from && to && !vxg_buffer_host(in), "no place on the host");
    for (int i = 0; i < N; i++) CHECK(to[i] == 0, "pinned memory is not zero");
    for (int i = 0; i < N; i++) from[i] = (float)i;
    const int waits = fake.calls("cuStreamSynchronize");
    CHECK_OK(vxg_buffer_copy(q[0], x.buffer, 0, in, 0, N * 4));
    CHECK_OK(vxg_array_axpby(q[1], 2, &x, 1, &x)); /* after the first queue's copy */
    CHECK_OK(vxg_buffer_copy(q[0], out, 0, x.buffer, 0, N * 4));
    EXPECT(to[5] == 0 && fake.calls("cuStreamSynchronize") == waits, "a copy was waited for");
    void *p;
    CHECK_OK(vxg_buffer_pointer(out, NULL, 0, &p)); /* the host waits */
    for (int i = 0; i < N; i++) EXPECT(to[i] == 3 * (float)i, "%d: %g", i, to[i]);
    vxg_array view = x;
    view.buffer = out;
    CHECK_OK(vxg_array_axpby(q[1], 1, &view, 1, &view));
    CHECK_OK(vxg_queue_sync(q[1]));
    EXPECT(to[7] == 42, "a kernel's: %g", to[7]);
    CHECK_OK(vxg_buffer_copy(q[0], x.buffer, 0, in, 0, N * 4));
    vxg_buffer_release(in); /* rests until the copy is done */
    vxg_buffer_release(out), vxg_array_release(&x);
    for (int i = 0; i < 2; i++) vxg_queue_free(q[i]);
    vxg_device_release(dev);
    EXPECT_CLEAN();
}

/* What stays in the pool is bounded beside what is in use, however much that is. */
TEST(bound)
{
    vxg_device *dev;
    vxg_buffer *large, *b;
    vxg_queue *q;
    fake.reset();
    fake.set("memory_mb", 100);
    setenv("VXG_CUDA_POOL_MB", "10", 1);
    CHECK_OK(vxg_device_open("cuda", &dev));
    unsetenv("VXG_CUDA_POOL_MB");
    CHECK_OK(vxg_queue_new(dev, &q));
    CHECK_OK(vxg_buffer_new(dev, 50 << 20, &large));
    const int trims = fake.calls("cuMemPoolTrimTo");
    for (int i = 0; i < 5; i++) { /* some stay beside the 50 */
        CHECK_OK(vxg_buffer_new(dev, 8 << 20, &b));
        vxg_buffer_release(b);
        CHECK_OK(vxg_queue_sync(q));
    }
    EXPECT(fake.kept() > 0 && fake.kept() <= 10 << 20, "%zu bytes are kept", fake.kept());
    CHECK_OK(vxg_buffer_new(dev, 30 << 20, &b));
    vxg_buffer_release(b);
    CHECK_OK(vxg_buffer_new(dev, 4, &b)); /* waits: what is beyond the bound goes */
    EXPECT(fake.kept() <= 10 << 20, "%zu bytes are kept", fake.kept());
    EXPECT(fake.calls("cuMemPoolTrimTo") == trims, "memory was refused");
    vxg_buffer_release(b), vxg_buffer_release(large);
    vxg_queue_free(q);
    vxg_device_release(dev);
    EXPECT_CLEAN();
}

/* Memory is made and released while a graph is recorded, of all kinds: the recording is good, and
 * what was released goes afterwards. */
TEST(while_recording)
{
    static const char *const bounds[] = {"", "0"};
    for (int i = 0; i < 2; i++) {
        vxg_device *dev;
        vxg_queue *q, *other;
        vxg_buffer *idle, *pinned, *busy, *made[3], *b;
        vxg_graph *graph = NULL;
        char words[64];
        fake.reset();
        setenv("VXG_CUDA_POOL_MB", bounds[i], 1);
        CHECK_OK(vxg_device_open("cuda", &dev));
        unsetenv("VXG_CUDA_POOL_MB");
        CHECK_OK(vxg_queue_new(dev, &q));
        CHECK_OK(vxg_queue_new(dev, &other));
        CHECK_OK(vxg_buffer_new(dev, 64, &b));
        CHECK_OK(vxg_buffer_new(dev, 64, &idle));
        CHECK_OK(vxg_buffer_new(dev, 64, &busy));
        CHECK_OK(vxg_buffer_new_with(dev, 64, VXG_BUFFER_PINNED, &pinned));
        CHECK_OK(vxg_queue_capture_begin(q));
        CHECK_OK(vxg_buffer_zero(q, b, 0, 64));
        CHECK_OK(vxg_buffer_zero(other, busy, 0, 64)); /* another queue goes on */
        vxg_buffer_release(idle), vxg_buffer_release(pinned), vxg_buffer_release(busy);
        vxg_queue_free(other);
        for (unsigned k = 0; k < 3; k++) CHECK_OK(vxg_buffer_new_with(dev, 64, k, &made[k]));
        fake.fail_always("cuMemHostAlloc", 2); /* refused memory waits for nothing */
        vxg_buffer *none;
        EXPECT(vxg_buffer_new_with(dev, 64, VXG_BUFFER_PINNED, &none) == VXG_ERR_MEMORY, "made");
        fake.fail(NULL, 0, 0);
        const int before = fake.live(words, sizeof words);
        CHECK_OK(vxg_queue_capture_end(q, &graph));
        CHECK_OK(vxg_graph_launch(graph, q));
        CHECK_OK(vxg_queue_sync(q));
        for (unsigned k = 0; k < 3; k++) vxg_buffer_release(made[k]);
        CHECK_OK(vxg_buffer_new(dev, 4, &idle)); /* what rests is looked through */
        CHECK_OK(vxg_queue_sync(q));
        EXPECT(fake.live(words, sizeof words) < before, "%s", words);
        vxg_buffer_release(idle), vxg_buffer_release(b);
        vxg_graph_free(graph);
        vxg_queue_free(q);
        vxg_device_release(dev);
        EXPECT_CLEAN();
    }
}

/* A driver that does not say when work is done: nothing is freed that may be at work, and memory
 * that is refused then stays so. */
TEST(failing_waits)
{
    static const char *const names[] = {"cuEventSynchronize", "cuEventQuery", "cuEventRecord"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        vxg_device *dev;
        vxg_buffer *b, *none;
        vxg_queue *q;
        fake.reset();
        fake.set("memory_mb", 100);
        CHECK_OK(vxg_device_open("cuda", &dev));
        CHECK_OK(vxg_queue_new(dev, &q));
        CHECK_OK(vxg_buffer_new(dev, 60 << 20, &b));
        CHECK_OK(vxg_buffer_zero(q, b, 0, 60 << 20));
        fake.fail_always(names[i], 999);
        vxg_buffer_release(b);
        EXPECT(i == 2 || vxg_buffer_new(dev, 60 << 20, &none) == (i ? VXG_OK : VXG_ERR_MEMORY),
               "%s: %s", names[i], vxg_error_message());
        fake.fail(NULL, 0, 0);
        if (i == 1) vxg_buffer_release(none);
        vxg_queue_free(q);
        vxg_device_release(dev);
        EXPECT_CLEAN();
    }
}

static int told;
static void listen(void *context, int level, const char *text) {
    (void)context;
    told += level == 0 && strstr(text, "VXG_CUDA_POOL_MB") && strstr(text, "no number");
}
/* A bound that is no number is said; the usual one is taken. */
TEST(wrong_bounds)
{
    static const char *const wrong[] = {"-1", "x", "5 MB", "1e99", "nan"};
    vxg_set_log(listen, NULL, 0);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        vxg_device *dev;
        fake.reset();
        told = 0;
        setenv("VXG_CUDA_POOL_MB", wrong[i], 1);
        CHECK_OK(vxg_device_open("cuda", &dev));
        EXPECT(told == 1 && fake.calls("cuMemPoolCreate") == 1, "'%s': said %d times", wrong[i],
               told);
        unsetenv("VXG_CUDA_POOL_MB");
        vxg_device_release(dev);
    }
    vxg_set_log(NULL, NULL, 0);
    vxg_device *dev;
    vxg_buffer *b;
    fake.reset();
    fake.fail_always("cuMemPoolCreate", 801);
    CHECK_OK(vxg_device_open("cuda", &dev)); /* plain allocations where a pool cannot be had */
    CHECK_OK(vxg_buffer_new(dev, 100, &b));
    EXPECT(fake.calls("cuMemAlloc_v2") == 1, "%d", fake.calls("cuMemAlloc_v2"));
    vxg_buffer_release(b);
    vxg_device_release(dev);
    EXPECT_CLEAN();
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(pool),        T(uninitialised),   T(pinned),
                                      T(bound),       T(while_recording), T(failing_waits),
                                      T(wrong_bounds)};
    setenv("VXG_CUDA_LIB", FAKE_LIB, 0);
    setenv("VXG_NVRTC_LIB", FAKE_LIB, 0);
    if (!open_fake()) {
        printf("SKIP cuda_memory.all: the simulated driver needs a C compiler\n");
        return 0;
    }
    return test_run("cuda_memory", list, (int)(sizeof list / sizeof *list), argc, argv);
}
