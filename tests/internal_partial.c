/* A prepared backprojection on a simulated CUDA driver (tests/fake_cuda): after the first call it
 * launches one kernel and talks to the driver about nothing else, so that a graph can hold it. Says
 * nothing about a real GPU. */
#include <voxgrad/voxgrad.h>

#include "fake_cuda/open.h"
#include "test.h"

#define N 6
typedef struct setup {
    vxg_device *dev;
    vxg_ct_geometry *geo;
    vxg_op *op;
    vxg_ct_prepared *prepared;
    vxg_array views, out;
    vxg_call call;
} setup;

static int begin(setup *s) {
    const double angles[] = {0.1, 1.2, 2.9};
    const vxg_ct_parallel_opts o = {.angles = angles, .nviews = 3, .rows = 2, .cols = N};
    const vxg_space space = {.dtype = VXG_F32, .ndim = 3, .shape = {3, 2, N}};
    memset(s, 0, sizeof *s);
    int status = vxg_device_open("cuda:0", &s->dev);
    if (!status) status = vxg_ct_parallel_circular(&o, &s->geo);
    if (status) return status;
    vxg_ct_volume vol = {0};
    vxg_ct_fit_volume(s->geo, &vol);
    status = vxg_ct_backprojector(s->dev, s->geo, &vol, NULL, &s->op);
    if (!status) status = vxg_ct_prepared_new(&space, s->dev, NULL, NULL, &s->prepared);
    if (!status) status = vxg_op_new_array(s->op, 0, &s->views);
    if (!status) status = vxg_op_new_array(s->op, -1, &s->out);
    if (!status) status = vxg_array_random(NULL, &s->views, 1, 0, 1);
    if (!status) status = vxg_queue_new(s->dev, &s->call.queue);
    if (!status) status = vxg_ct_prepared_update(s->prepared, 0, &s->call, &s->views);
    return status;
}

static void end(setup *s) {
    vxg_array_release(&s->views), vxg_array_release(&s->out);
    vxg_ct_prepared_release(s->prepared);
    vxg_op_release(s->op);
    vxg_ct_geometry_release(s->geo);
    vxg_queue_free(s->call.queue);
    vxg_device_release(s->dev);
}

TEST(one_launch)
{
    static const char *const silent[] = {"cuMemAlloc_v2",           "cuMemFree_v2",
                                         "cuModuleLoadDataEx",      "cuModuleGetFunction",
                                         "cuMemAllocFromPoolAsync", "cuMemFreeAsync",
                                         "cuStreamSynchronize",     "cuCtxSynchronize",
                                         "cuMemcpyHtoDAsync_v2",    "cuMemcpyDtoHAsync_v2",
                                         "cuEventSynchronize",      "cuMemsetD8Async"};
    setup s;
    CHECK_OK(begin(&s));
    CHECK_OK(vxg_ct_prepared_backproject(s.prepared, s.op, 0, &s.call, &s.out));
    EXPECT(fake.calls("cuMemAllocFromPoolAsync") > 0 && fake.calls("cuModuleGetFunction") > 0,
           "nothing is counted");
    fake.reset();
    vxg_alloc_count();
    CHECK_OK(vxg_ct_prepared_backproject(s.prepared, s.op, 0, &s.call, &s.out));
    const int64_t requests = vxg_alloc_count();
    EXPECT(requests == 0, "%lld requests for memory", (long long)requests);
    EXPECT(fake.calls("cuLaunchKernel") == 1, "%d launches", fake.calls("cuLaunchKernel"));
    for (int i = 0; i < (int)(sizeof silent / sizeof *silent); i++)
        EXPECT(fake.calls(silent[i]) == 0, "%s was called", silent[i]);
    end(&s);
}

/* Recorded once, replayed on views that have changed since. */
TEST(graph)
{
    setup s;
    vxg_graph *graph;
    float got[2 * N * N], want[2 * N * N];
    CHECK_OK(begin(&s));
    CHECK_OK(vxg_ct_prepared_backproject(s.prepared, s.op, 0, &s.call, &s.out));
    CHECK_OK(vxg_queue_capture_begin(s.call.queue));
    CHECK_OK(vxg_ct_prepared_backproject(s.prepared, s.op, 0, &s.call, &s.out));
    CHECK_OK(vxg_queue_capture_end(s.call.queue, &graph));
    CHECK_OK(vxg_array_random(s.call.queue, &s.views, 2, 0, 1));
    CHECK_OK(vxg_ct_prepared_update(s.prepared, 0, &s.call, &s.views));
    CHECK_OK(vxg_graph_launch(graph, s.call.queue));
    CHECK_OK(vxg_array_read(s.call.queue, &s.out, got));
    CHECK_OK(vxg_op_apply(s.op, &s.call, &s.views, &s.out));
    CHECK_OK(vxg_array_read(s.call.queue, &s.out, want));
    EXPECT(!memcmp(got, want, sizeof got), "the graph gives other bits");
    vxg_graph_free(graph);
    end(&s);
    char words[256];
    const int n = fake.live(words, sizeof words);
    EXPECT(n == 0, "alive: %s", words);
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(one_launch), T(graph)};
    setenv("VXG_CUDA_LIB", FAKE_LIB, 1);
    setenv("VXG_NVRTC_LIB", FAKE_LIB, 1);
    setenv("VXG_CACHE", "0", 1);
    unsetenv("VXG_DEVICE");
    if (!open_fake()) {
        printf("SKIP internal_partial.all: the simulated driver needs a C compiler\n");
        return 0;
    }
    return test_run("internal_partial", list, 2, argc, argv);
}
