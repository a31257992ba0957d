/* Order between queues against the simulated CUDA driver, whose streams run nothing until something
 * waits for them: what is not ordered is wrong every time. And the caller's own streams, memory and
 * contexts there. */
#include "fake_cuda/open.h"
#include "order.h"

TEST(queues)
{
    fake.reset();
    order_all("cuda", 3);
    EXPECT_CLEAN();
}

/* A graph keeps its buffers, and each launch of it is in order with other queues. */
TEST(graphs)
{
    order_scene s;
    vxg_array t;
    vxg_graph *g;
    fake.reset();
    CHECK(!order_open(&s, "cuda", 3), "%s", vxg_error_message());
    CHECK_OK(order_array(s.dev, &t));
    CHECK_OK(vxg_array_fill(s.q[1], &t, 2));
    CHECK_OK(vxg_queue_capture_begin(s.q[0]));
    CHECK_OK(order_slow(&s, s.q[0], &s.a, &t, 1));
    CHECK_OK(order_slow(&s, s.q[0], &t, &s.b, 1));
    vxg_event *e;
    CHECK_OK(vxg_event_new(s.dev, &e));
    EXPECT(vxg_event_record(e, s.q[0]) == VXG_ERR_ARGUMENT, "an event inside a graph");
    EXPECT(vxg_event_wait(e, s.q[0]) == VXG_ERR_ARGUMENT, "a wait inside a graph");
    vxg_event_free(e);
    CHECK_OK(vxg_array_fill(s.q[2], &s.c, 1)); /* another queue goes on meanwhile */
    CHECK_OK(vxg_queue_capture_end(s.q[0], &g));
    vxg_array_release(&t); /* the graph has it */
    for (int round = 0; round < 3; round++) {
        CHECK_OK(vxg_array_fill(s.q[3], &s.a, 10 * round));
        CHECK_OK(vxg_graph_launch(g, s.q[round]));
        CHECK_OK(vxg_array_fill(s.q[4], &s.a, -1));
        ORDER_IS(NULL, &s.b, 10 * (float)round + 2);
    }
    CHECK_OK(vxg_graph_launch(g, s.q[0]));
    vxg_graph_free(g);
    ORDER_IS(s.q[5], &s.b, 1);
    order_close(&s);
    EXPECT_CLEAN();
}

/* The caller's stream and memory: his own work on them is waited for, and waits. */
TEST(foreign_work)
{
    order_scene s;
    CUcontext context;
    CUstream stream;
    CUdeviceptr memory;
    vxg_queue *q;
    vxg_buffer *b;
    void *p;
    fake.reset();
    CHECK(!fake.retain(&context, 0) && !fake.push(context) && !fake.stream_new(&stream, 0) &&
              !fake.alloc(&memory, ORDER_N * 4),
          "the caller's things");
    CHECK(!order_open(&s, "cuda", 3), "%s", vxg_error_message());
    CHECK_OK(vxg_queue_wrap(s.dev, stream, 0, &q));
    CHECK_OK(vxg_buffer_wrap(s.dev, (void *)(uintptr_t)memory, ORDER_N * 4, 0, NULL, NULL, &b));
    vxg_array view = s.a;
    view.buffer = b;
    CHECK_OK(vxg_array_fill(s.q[0], &view, 3));
    CHECK_OK(vxg_buffer_pointer(b, q, 1, &p)); /* the stream waits for the fill */
    EXPECT(p == (void *)(uintptr_t)memory, "another pointer");
    CHECK(!fake.memset8(memory, 0, ORDER_N * 4, stream), "the caller's work");
    CHECK_OK(vxg_array_axpby(s.q[1], 1, &view, 0, &s.b));
    ORDER_IS(NULL, &s.b, 0);
    CHECK_OK(vxg_array_fill(s.q[2], &s.c, 4)); /* makes marks of the stream that are too early */
    CHECK_OK(vxg_buffer_pointer(b, q, 1, &p));
    CHECK_OK(vxg_array_axpby(q, 1, &s.c, 0, &s.a));
    ORDER_IS(s.q[3], &s.a, 4);
    CHECK(!fake.memset8(memory, 0, ORDER_N * 4, stream), "more of it");
    CHECK_OK(vxg_array_axpby(s.q[1], 1, &view, 1, &s.a));
    ORDER_IS(NULL, &s.a, 4);
    CHECK_OK(vxg_array_fill(s.q[0], &view, 5));
    CHECK_OK(vxg_buffer_pointer(b, q, 1, &p));
    CHECK_OK(vxg_array_axpby(s.q[1], 1, &view, 0, &s.b)); /* a mark before the caller's work */
    CHECK(!fake.memset8(memory, 0, ORDER_N * 4, stream), "work after that");
    CHECK_OK(vxg_array_axpby(s.q[2], 1, &view, 0, &s.c));
    ORDER_IS(s.q[2], &s.c, 0);
    CHECK_OK(vxg_buffer_pointer(b, q, 0, &p)); /* read by the caller: a writer waits */
    vxg_queue_free(q);                         /* leaves its work behind */
    CHECK_OK(vxg_array_fill(s.q[0], &view, 8));
    ORDER_IS(NULL, &view, 8);
    vxg_buffer_release(b);
    order_close(&s);
    fake.stream_free(stream);
    fake.free(memory);
    fake.pop(&context), fake.release(0);
    EXPECT_CLEAN();
}

/* While the caller's stream records a graph nothing of the library's order goes into it. */
TEST(foreign_capture)
{
    order_scene s;
    CUcontext context;
    CUstream stream;
    CUgraph graph = NULL;
    vxg_queue *q;
    fake.reset();
    CHECK(!fake.retain(&context, 0) && !fake.push(context) && !fake.stream_new(&stream, 0),
          "the caller's things");
    CHECK(!order_open(&s, "cuda", 3), "%s", vxg_error_message());
    CHECK_OK(vxg_queue_wrap(s.dev, stream, 0, &q));
    CHECK_OK(vxg_array_fill(s.q[0], &s.a, 3));
    CHECK(!fake.capture(stream, 1), "capture");
    CHECK_OK(order_slow(&s, q, &s.a, &s.b, 1));
    CHECK_OK(order_slow(&s, s.q[1], &s.b, &s.c, 1));
    vxg_queue_free(q);
    CHECK(!fake.capture_end(stream, &graph) && graph, "the capture was broken");
    fake.graph_free(graph);
    ORDER_IS(NULL, &s.c, 1);
    order_close(&s);
    fake.stream_free(stream);
    fake.pop(&context), fake.release(0);
    EXPECT_CLEAN();
}

/* A context of the caller's is a device, the same one every time. */
TEST(foreign_context)
{
    CUcontext context, other;
    CUstream stream;
    vxg_device *dev, *again, *usual;
    vxg_queue *q;
    vxg_array x;
    fake.reset();
    CHECK(!fake.retain(&context, 0) && !fake.push(context) && !fake.stream_new(&stream, 0),
          "the caller's things");
    CHECK_OK(vxg_device_wrap("cuda", context, NULL, &dev));
    CHECK_OK(vxg_device_wrap("cuda", context, NULL, &again));
    EXPECT(dev == again, "one context, two devices");
    vxg_device_release(again);
    CHECK_OK(vxg_device_open("cuda", &usual));
    EXPECT(usual != dev, "a wrapped context is what open gives");
    vxg_device_release(usual);
    EXPECT(!strcmp(vxg_device_get_info(dev)->spec, "cuda:0"), "%s", vxg_device_get_info(dev)->spec);
    CHECK_OK(vxg_queue_wrap(dev, stream, 0, &q));
    CHECK_OK(order_array(dev, &x));
    CHECK_OK(vxg_array_fill(q, &x, 6));
    ORDER_IS(NULL, &x, 6);
    vxg_array_release(&x);
    vxg_queue_free(q);
    vxg_device_release(dev);
    EXPECT(vxg_device_wrap("cuda", NULL, NULL, &dev) == VXG_ERR_ARGUMENT, "no context");
    EXPECT(vxg_device_wrap("nothing", context, NULL, &dev) == VXG_ERR_ARGUMENT, "no backend");
    fake.stream_free(stream);
    fake.pop(&other), fake.release(0);
    EXPECT_CLEAN();
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(queues), T(graphs), T(foreign_work), T(foreign_capture),
                                      T(foreign_context)};
    setenv("VXG_CUDA_LIB", FAKE_LIB, 1);
    setenv("VXG_NVRTC_LIB", FAKE_LIB, 1);
    if (!open_fake()) {
        printf("SKIP order.all: the simulated driver needs a C compiler\n");
        return 0;
    }
    return test_run("order", list, 5, argc, argv);
}
