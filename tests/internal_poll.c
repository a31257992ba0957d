/* A call asks between pieces of its work whether to go on: on every device, on the thread that made
 * the call, with the same results, and it ends where it is told to. Counted, not timed. */
#include <pthread.h>
#include <voxgrad/voxgrad.h>

#include "device/backend.h"
#include "test.h"

#define FAKE_LIB VXG_BINARY_DIR "/tests/libfake_cuda.so"
enum { VIEWS = 12, ROWS = 16, COLS = 48 };

typedef struct scene {
    vxg_device *dev;
    vxg_op *op;
    vxg_array x, y;
    float *plain, *back;
    size_t bytes;
} scene;

typedef struct asked {
    int count, stop_at; /* stop_at < 0: never */
    pthread_t thread;
    int elsewhere; /* asked on another thread */
} asked;

static int ask(void *context) {
    asked *a = context;
    a->elsewhere += !pthread_equal(pthread_self(), a->thread);
    return a->count++ == a->stop_at;
}

static int apply(scene *s, asked *a, int stop_at) {
    *a = (asked){.stop_at = stop_at, .thread = pthread_self()};
    const vxg_progress p = {.size = sizeof p, .poll = ask, .context = a};
    const vxg_call call = {.progress = &p};
    return vxg_op_apply(s->op, &call, &s->x, &s->y);
}

static int make(scene *s, const char *spec) {
    static double angles[VIEWS];
    vxg_ct_geometry *geo;
    const vxg_ct_volume vol = {.nz = ROWS, .ny = COLS, .nx = COLS};
    for (int i = 0; i < VIEWS; i++) angles[i] = 0.25 * i;
    VXG_TRY(vxg_device_open(spec, &s->dev));
    const vxg_ct_parallel_opts o = {.angles = angles, .nviews = VIEWS, .rows = ROWS, .cols = COLS};
    VXG_TRY(vxg_ct_parallel_circular(&o, &geo));
    int status = vxg_ct_projector(s->dev, geo, &vol, NULL, &s->op);
    vxg_ct_geometry_release(geo);
    if (status) return status;
    VXG_TRY(vxg_op_new_array(s->op, 0, &s->x));
    VXG_TRY(vxg_op_new_array(s->op, -1, &s->y));
    VXG_TRY(vxg_array_random(NULL, &s->x, 7, 0, 1));
    s->bytes = (size_t)vxg_array_count(&s->y) * sizeof(float);
    s->plain = malloc(s->bytes), s->back = malloc(s->bytes);
    VXG_TRY(vxg_op_apply(s->op, NULL, &s->x, &s->y));
    return vxg_array_read(NULL, &s->y, s->plain);
}

static void asks(scene *s, int least) {
    asked a;
    CHECK_OK(vxg_array_fill(NULL, &s->y, -1));
    CHECK_OK(apply(s, &a, -1));
    CHECK_OK(vxg_array_read(NULL, &s->y, s->back));
    EXPECT(!memcmp(s->plain, s->back, s->bytes), "asking changes the result");
    EXPECT(a.count >= least, "asked %d times, %d at least were expected", a.count, least);
    EXPECT(!a.elsewhere, "asked on another thread");
    const int all = a.count;
    for (int k = 0; k < all; k += 1 + all / 12) {
        const int64_t before = vxg_alloc_live();
        const int status = apply(s, &a, k);
        /* with several threads the caller's share of the pieces differs from call to call */
        const int told = k == 0 || a.count > k;
        EXPECT(status == (told ? VXG_ERR_CANCELLED : VXG_OK), "told to stop at %d of %d: status %d",
               k, all, status);
        EXPECT(!told || a.count == k + 1, "asked %d times after being told to stop at %d", a.count,
               k);
        CHECK_OK(vxg_array_read(NULL, &s->y, s->back)); /* what is in flight ends */
        EXPECT(vxg_alloc_live() <= before, "%d blocks are left", (int)(vxg_alloc_live() - before));
    }
    CHECK_OK(vxg_op_apply(s->op, NULL, &s->x, &s->y));
    CHECK_OK(vxg_array_read(NULL, &s->y, s->back));
    EXPECT(!memcmp(s->plain, s->back, s->bytes), "a call that was stopped leaves something behind");
    /* at the usual pace: once at least, and far from every chance */
    vxg__poll_ms = 100000;
    CHECK_OK(apply(s, &a, -1));
    EXPECT(a.count <= 1, "asked %d times within a moment", a.count);
    vxg__poll_ms = 0;
    /* a caller whose struct ends before poll */
    a.count = 0;
    const vxg_progress old = {.size = offsetof(vxg_progress, poll), .poll = ask, .context = &a};
    EXPECT(!vxg__poll(&old) && a.count == 0, "a member that the caller does not have is called");
}

static void on(const char *spec, int least) {
    scene s = {0};
    const int64_t before = vxg_alloc_live();
    vxg__poll_ms = 0, vxg__piece_items = 512;
    const int status = make(&s, spec);
    if (!status) asks(&s, least);
    if (status) test_note(2, __FILE__, __LINE__, "%s", vxg_error_message());
    vxg__poll_ms = 20, vxg__piece_items = 0;
    vxg_array_release(&s.x), vxg_array_release(&s.y);
    vxg_op_release(s.op);
    vxg_device_release(s.dev);
    free(s.plain), free(s.back);
    EXPECT(vxg_alloc_live() == before, "%d blocks are left", (int)(vxg_alloc_live() - before));
}

/* The caller does its share of the pieces; helpers may take most of them. */
TEST(cpu)
{
    vxg_set_threads(1);
    on("cpu", 2);
    vxg_set_threads(3);
    on("cpu", 1);
    vxg_set_threads(0);
}
TEST(cpu_plain_loops)
{
    setenv("VXG_CPU_SCHEDULE", "0", 1);
    vxg_set_threads(1);
    on("cpu", VIEWS * ROWS / 2);
    vxg_set_threads(3);
    on("cpu", 2);
    vxg_set_threads(0);
    unsetenv("VXG_CPU_SCHEDULE");
}
TEST(opencl)
{ on("opencl", 4); }
TEST(simulated_cuda)
{
    setenv("VXG_CUDA_LIB", FAKE_LIB, 1);
    setenv("VXG_NVRTC_LIB", FAKE_LIB, 1);
    if (system("cc --version >/dev/null 2>&1")) SKIP("the simulated driver needs a C compiler");
    on("cuda", 8); /* its pieces are never done before they are waited for: none grows */
}

/* Element by element: rows of 2^16, the last one shorter, in pieces too. */
static void maths_on(const char *spec) {
    const int64_t n = 80 * 65536 + 77;
    const vxg_space space = {.ndim = 1, .dtype = VXG_F32, .shape = {n}};
    scene s = {0};
    asked a;
    float last[2];
    CHECK_OK(vxg_device_open(spec, &s.dev));
    CHECK_OK(vxg_op_math(s.dev, VXG_MATH_SCALE, 2, &space, &s.op));
    CHECK_OK(vxg_op_new_array(s.op, 0, &s.x));
    CHECK_OK(vxg_op_new_array(s.op, -1, &s.y));
    CHECK_OK(vxg_array_fill(NULL, &s.x, 3));
    vxg__poll_ms = 0, vxg__piece_items = 512;
    CHECK_OK(apply(&s, &a, -1));
    EXPECT(a.count >= 4, "asked %d times", a.count);
    const int status = apply(&s, &a, 2);
    EXPECT(status == VXG_ERR_CANCELLED && a.count == 3, "told to stop: status %d, asked %d times",
           status, a.count);
    CHECK_OK(apply(&s, &a, -1));
    vxg__poll_ms = 20, vxg__piece_items = 0;
    for (int64_t at = 0; at < n; at += at == 0 ? 65535 : at < n - 2 ? n - 2 - at : 2) {
        vxg_array two = s.y;
        two.offset += at, two.shape[0] = 2;
        CHECK_OK(vxg_array_read(NULL, &two, last));
        EXPECT(last[0] == 6 && last[1] == 6, "element %d: %g, %g", (int)at, (double)last[0],
               (double)last[1]);
    }
    vxg_array_release(&s.x), vxg_array_release(&s.y);
    vxg_op_release(s.op);
    vxg_device_release(s.dev);
}
TEST(opencl_maths)
{ maths_on("opencl"); }
TEST(cpu_maths)
{
    vxg_set_threads(1);
    maths_on("cpu");
    vxg_set_threads(0);
}

TEST_MAIN("poll", T(cpu), T(cpu_plain_loops), T(opencl), T(simulated_cuda), T(cpu_maths),
          T(opencl_maths))
