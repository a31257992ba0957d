/* The cuda backend's host code against a simulated driver and NVRTC (tests/fake_cuda), which run
 * the kernels' CUDA text on the processor. Says nothing about a real GPU. */
#include <unistd.h>
#include <voxgrad/voxgrad.h>

#include "conf_device.h"
#include "device/image.h"
#include "fake_cuda/open.h"

/* ---- Devices ---- */
TEST(listing)
{
    vxg_device_info info[8] = {0};
    int n, found = 0;
    fake.reset();
    fake.set("devices", 2);
    CHECK_OK(vxg_device_list(info, 8, &n));
    for (int i = 0; i < n; i++) {
        if (strcmp(info[i].backend, "cuda")) continue;
        char spec[16], name[32];
        snprintf(spec, sizeof spec, "cuda:%d", found);
        snprintf(name, sizeof name, "Simulated GPU %d", found++);
        EXPECT(!strcmp(info[i].spec, spec) && !strcmp(info[i].name, name), "%s", info[i].spec);
        EXPECT(strstr(info[i].driver, "CUDA 12.4") && strstr(info[i].driver, "sm_90"), "%s",
               info[i].driver);
        EXPECT(info[i].memory == 1 << 30 && info[i].units == 4 && !info[i].is_cpu &&
                   !info[i].has_f64,
               "numbers of %s", spec);
    }
    EXPECT(found == 2, "%d devices", found);
    EXPECT(!*vxg_device_why("cuda"), "%s", vxg_device_why("cuda"));
    fake.set("devices", 0);
    EXPECT(strstr(vxg_device_why("cuda"), "no GPU"), "%s", vxg_device_why("cuda"));
    fake.fail_always("cuInit", 34);
    EXPECT(strstr(vxg_device_why("cuda"), "stub"), "%s", vxg_device_why("cuda"));
    EXPECT_CLEAN();
}

TEST(opening)
{
    vxg_device *a, *b;
    fake.reset();
    fake.set("devices", 2);
    CHECK_OK(vxg_device_open(NULL, &a)); /* the best GPU */
    EXPECT(!strcmp(vxg_device_get_info(a)->spec, "cuda:0"), "%s", vxg_device_get_info(a)->spec);
    CHECK_OK(vxg_device_open("cuda", &b));
    EXPECT(a == b, "one device, two objects");
    vxg_device_release(b);
    CHECK_OK(vxg_device_open("cuda:1", &b));
    EXPECT(a != b, "two devices, one object");
    vxg_device_release(b);
    vxg_device_release(a);
    EXPECT(vxg_device_open("cuda:2", &a) == VXG_ERR_DEVICE &&
               strstr(vxg_error_message(), "there are 2"),
           "%s", vxg_error_message());
    EXPECT(vxg_device_open("cuda:x", &a) == VXG_ERR_DEVICE, "cuda:x opened");
    setenv("VXG_DEVICE", "cpu", 1);
    CHECK_OK(vxg_device_open(NULL, &a));
    EXPECT(!strcmp(vxg_device_get_info(a)->backend, "cpu"), "VXG_DEVICE was not heard");
    vxg_device_release(a);
    unsetenv("VXG_DEVICE");
    EXPECT_CLEAN();
}

/* ---- Launches ---- */
static int index_launch(vxg_device *dev, int64_t nx, int64_t ny, int64_t nz, int64_t *wrong) {
    size_t n = (size_t)(nx * ny * nz);
    float *y = calloc(n + 64, sizeof *y);
    vxg_kernel *k = NULL;
    vxg_launch l = {.global = {nx, ny, nz}, .nbuffers = 1};
    int status = vxg_buffer_new(dev, (n + 64) * 4, &l.buffer[0]);
    if (!status) status = vxg_kernel_get(dev, "conformance_index", VXG_REAL_F32, &k);
    if (!status) status = vxg_kernel_launch(k, NULL, &l);
    if (!status) status = vxg_buffer_read(NULL, l.buffer[0], 0, y, (n + 64) * 4);
    *wrong = 0;
    for (size_t i = 0; i < n; i++) *wrong += y[i] != (float)i;
    for (size_t i = n; i < n + 64; i++) *wrong += y[i] != 0;
    vxg_kernel_release(k);
    vxg_buffer_release(l.buffer[0]);
    free(y);
    return status;
}

TEST(grid_limits)
{
    static const int64_t ranges[][4] = {/* x, y, z, launches with at most 3 x 2 blocks */
                                        {7, 50, 9, 0},
                                        {1, 1, 1, 1},
                                        {300, 1, 1, 1},
                                        {40, 100, 1, 5},
                                        {33, 24, 5, 3}};
    vxg_device *dev;
    int64_t wrong;
    fake.reset();
    fake.set("grid_y", 3), fake.set("grid_z", 2);
    CHECK_OK(vxg_device_open("cuda", &dev));
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        int before = fake.calls("cuLaunchKernel");
        CHECK_OK(index_launch(dev, ranges[i][0], ranges[i][1], ranges[i][2], &wrong));
        int parts = fake.calls("cuLaunchKernel") - before;
        EXPECT(wrong == 0, "range %d: %d wrong items", (int)i, (int)wrong);
        EXPECT(!ranges[i][3] || parts == ranges[i][3], "range %d: %d launches", (int)i, parts);
    }
    conf_target t = {.run = conf_device_run,
                     .message = vxg_error_message,
                     .fused = 1,
                     .exact_roots = 1,
                     .context = dev};
    conf_test_groups(&t); /* 5 x 2 x 2 groups */
    fake.set("grid_y", 1), fake.set("grid_z", 1);
    vxg_device_release(dev);
    CHECK_OK(vxg_device_open("cuda", &dev));
    t.context = dev;
    conf_test_groups(&t);
    vxg_device_release(dev);
    EXPECT_CLEAN();
}

/* ---- Buffers and queues ---- */
static int new_array(vxg_device *dev, int64_t n, vxg_array *out) {
    return vxg_array_new(dev, VXG_F32, 1, &n, out);
}

TEST(buffers)
{
    vxg_device *dev;
    vxg_buffer *b, *empty, *none;
    unsigned char host[100], back[100];
    fake.reset();
    CHECK_OK(vxg_device_open("cuda", &dev));
    CHECK_OK(vxg_buffer_new(dev, 100, &b));
    CHECK_OK(vxg_buffer_new(dev, 0, &empty));
    CHECK_OK(vxg_buffer_read(NULL, b, 0, back, 100));
    for (int i = 0; i < 100; i++) CHECK(back[i] == 0, "new memory is not zero");
    for (int i = 0; i < 100; i++) host[i] = (unsigned char)i;
    CHECK_OK(vxg_buffer_write(NULL, b, 0, host, 100));
    memset(host, 255, sizeof host); /* write has let go of it */
    CHECK_OK(vxg_buffer_copy(NULL, b, 50, b, 10, 20));
    CHECK_OK(vxg_buffer_zero(NULL, b, 5, 3));
    CHECK_OK(vxg_buffer_read(NULL, b, 0, back, 100));
    for (int i = 0; i < 100; i++) {
        int want = i >= 5 && i < 8 ? 0 : i >= 50 && i < 70 ? i - 40 : i;
        CHECK(back[i] == want, "byte %d is %d", i, back[i]);
    }
    EXPECT(vxg_buffer_new(dev, (size_t)1 << 40, &none) == VXG_ERR_MEMORY, "2^40 bytes");
    vxg_buffer_release(b);
    vxg_buffer_release(empty);
    fake.fail_always("cuMemAllocFromPoolAsync", 2);
    EXPECT(vxg_buffer_new(dev, 100, &b) == VXG_ERR_MEMORY &&
               strstr(vxg_error_message(), "out of memory"),
           "%s", vxg_error_message());
    vxg_device_release(dev);
    EXPECT_CLEAN();
}

TEST(two_queues)
{
    vxg_device *dev;
    vxg_queue *q[2];
    vxg_array x[2];
    float back[2][1000];
    double seconds = 0;
    fake.reset();
    CHECK_OK(vxg_device_open("cuda", &dev));
    for (int i = 0; i < 2; i++) {
        CHECK_OK(vxg_queue_new(dev, &q[i]));
        CHECK_OK(new_array(dev, 1000, &x[i]));
    }
    CHECK_OK(vxg_queue_time_begin(q[0]));
    for (int i = 0; i < 2; i++) CHECK_OK(vxg_array_fill(q[i], &x[i], 1 + i));
    CHECK_OK(vxg_queue_time_end(q[0], &seconds));
    EXPECT(seconds > 0.0014 && seconds < 0.0016, "%g s of 1.5 ms", seconds);
    for (int i = 0; i < 2; i++) {
        CHECK_OK(vxg_queue_sync(q[1 - i]));
        CHECK_OK(vxg_array_axpby(q[1 - i], 10, &x[i], 1, &x[i]));
        CHECK_OK(vxg_array_read(q[1 - i], &x[i], back[i]));
        EXPECT(back[i][0] == 11 * (1 + i) && back[i][999] == 11 * (1 + i), "%g", back[i][0]);
    }
    for (int i = 0; i < 2; i++) vxg_array_release(&x[i]), vxg_queue_free(q[i]);
    vxg_device_release(dev);
    EXPECT_CLEAN();
}

TEST(graphs)
{
    vxg_device *dev;
    vxg_queue *q, *other;
    vxg_array x, y;
    vxg_graph *g, *none;
    float back[100];
    fake.reset();
    CHECK_OK(vxg_device_open("cuda", &dev));
    CHECK_OK(vxg_queue_new(dev, &q));
    CHECK_OK(vxg_queue_new(dev, &other));
    CHECK_OK(new_array(dev, 100, &x));
    CHECK_OK(new_array(dev, 100, &y));
    CHECK_OK(vxg_array_fill(q, &x, 3));
    CHECK_OK(vxg_array_axpby(q, 0, &x, 0, &y)); /* builds the kernel before recording */
    CHECK_OK(vxg_queue_sync(q));
    EXPECT(vxg_queue_capture_end(q, &none) == VXG_ERR_ARGUMENT, "end without begin");
    CHECK_OK(vxg_queue_capture_begin(q));
    CHECK_OK(vxg_array_axpby(q, 1, &x, 1, &y));
    CHECK_OK(vxg_array_axpby(q, 1, &x, 1, &y));
    EXPECT(vxg_queue_sync(q) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "recording a graph"),
           "%s", vxg_error_message());
    EXPECT(vxg_array_read(q, &y, back) == VXG_ERR_ARGUMENT, "read while recording");
    EXPECT(vxg_array_write(q, &y, back) == VXG_ERR_ARGUMENT, "write while recording");
    EXPECT(vxg_queue_capture_begin(q) == VXG_ERR_ARGUMENT, "begin twice");
    CHECK_OK(vxg_queue_capture_end(q, &g));
    CHECK_OK(vxg_array_read(q, &y, back));
    EXPECT(back[0] == 0, "recording ran: %g", back[0]);
    CHECK_OK(vxg_graph_launch(g, q));
    CHECK_OK(vxg_queue_sync(q));
    CHECK_OK(vxg_graph_launch(g, other));
    CHECK_OK(vxg_array_read(other, &y, back));
    EXPECT(back[0] == 12 && back[99] == 12, "two replays of two additions: %g", back[0]);
    CHECK_OK(vxg_queue_capture_begin(q)); /* freed while it records */
    vxg_queue_free(q);
    vxg_graph_free(g);
    vxg_array_release(&x), vxg_array_release(&y);
    vxg_queue_free(other);
    vxg_device_release(dev);
    EXPECT_CLEAN();
}

TEST(callers_context_comes_back)
{
    vxg_device *dev;
    CUcontext own, top = NULL;
    fake.reset();
    fake.set("devices", 2);
    CHECK(!fake.retain(&own, 1) && !fake.push(own), "the test's own context");
    CHECK_OK(vxg_device_open("cuda:0", &dev));
    int64_t wrong;
    CHECK_OK(index_launch(dev, 100, 1, 1, &wrong));
    vxg_device_release(dev);
    CHECK(!fake.pop(&top) && top == own && !fake.release(1), "another context is current");
    EXPECT_CLEAN();
}

/* ---- Every entry point fails in turn ---- */
static const char good_text[] = "K_KERNEL2(twice, K_GLOBAL const real *, x, K_GLOBAL real *, y) {\n"
                                "    y[gx] = K_R(2.0) * x[gx] + K_real(EXTRA);\n}\n";
static const char bad_text[] = "K_KERNEL1(twice, K_GLOBAL real *, y) {\n    y[gx] = nonsense;\n}\n";

typedef struct scene {
    vxg_device *dev;
    vxg_queue *q;
    vxg_array x, y;
    vxg_kernel *k;
    vxg_graph *g;
    float back[64];
    vxg_buffer *image, *wrapped;
    vxg_queue *other, *wrapped_q;
    vxg_event *event;
    vxg_device *wrapped_dev;
    vxg_buffer *pinned;
} scene;

#define STEP(call)                                                                                 \
    do {                                                                                           \
        int status_ = (call);                                                                      \
        if (status_) return status_;                                                               \
    } while (0)
/* Plain allocations, where the driver has no pools, and more than there is: what is kept goes. */
static int without_pools(void) {
    vxg_device *dev;
    vxg_buffer *b = NULL, *most = NULL;
    STEP(vxg_device_open("cuda", &dev));
    int status = vxg_buffer_new(dev, 80 << 20, &b);
    const int refused = status ? status : vxg_buffer_new(dev, 80 << 20, &most);
    vxg_buffer_release(b);
    vxg_device_release(dev);
    return status ? status : refused == VXG_ERR_MEMORY ? VXG_OK : refused ? refused : -1;
}

/* The test's own context and stream: made and freed while nothing fails. */
static CUcontext own_context;
static CUstream own_stream;
static void own_begin(void) {
    CHECK(!fake.retain(&own_context, 0) && !fake.push(own_context), "the test's own context");
    CHECK(!fake.stream_new(&own_stream, 0) && !fake.pop(&own_context), "the test's own stream");
}
static void own_end(void) {
    CHECK(!fake.stream_free(own_stream) && !fake.release(0), "the test's own context");
}

/* Wrapped objects, events, and memory that rests: calls of the driver that nothing else makes. */
static int play_with_foreign_things(scene *s) {
    int done;
    void *p;
    STEP(vxg_buffer_pointer(s->x.buffer, s->q, 1, &p));
    STEP(vxg_buffer_wrap(s->dev, p, 64, 0, NULL, NULL, &s->wrapped));
    STEP(vxg_queue_new(s->dev, &s->other));
    STEP(vxg_queue_wrap(s->dev, own_stream, 0, &s->wrapped_q));
    STEP(vxg_device_wrap("cuda", own_context, NULL, &s->wrapped_dev));
    STEP(vxg_event_new(s->dev, &s->event));
    STEP(vxg_buffer_zero(s->other, s->wrapped, 0, 4));
    STEP(vxg_event_record(s->event, s->other));
    STEP(vxg_event_wait(s->event, s->wrapped_q));
    STEP(vxg_buffer_zero(s->wrapped_q, s->wrapped, 0, 4)); /* waits for the other queue */
    STEP(vxg_event_done(s->event, &done));
    return vxg_event_sync(s->event);
}

static int play(scene *s) {
    double seconds;
    vxg_launch l = {.global = {64, 1, 1}, .nbuffers = 2};
    float in[64];
    for (int i = 0; i < 64; i++) in[i] = (float)i;
    STEP(vxg_device_open("cuda", &s->dev));
    STEP(vxg_queue_new(s->dev, &s->q));
    STEP(new_array(s->dev, 64, &s->x));
    STEP(new_array(s->dev, 64, &s->y));
    STEP(vxg_array_write(s->q, &s->x, in));
    STEP(vxg_array_axpby(s->q, 1, &s->x, 0, &s->y));
    STEP(vxg_kernel_from_source(s->dev, good_text, "twice", "-DEXTRA=5", VXG_REAL_F32, &s->k));
    l.buffer[0] = s->x.buffer, l.buffer[1] = s->y.buffer;
    STEP(vxg__image_new(s->dev, 2, 4, 4, &s->image));
    STEP(vxg__image_write(s->q, s->image, 1, 1, s->x.buffer, 4));
    STEP(vxg_queue_time_begin(s->q));
    STEP(vxg_kernel_launch(s->k, s->q, &l));
    STEP(vxg_queue_time_end(s->q, &seconds));
    STEP(vxg_queue_capture_begin(s->q));
    STEP(vxg_array_axpby(s->q, 1, &s->x, 1, &s->y));
    STEP(vxg_queue_capture_end(s->q, &s->g));
    STEP(vxg_graph_launch(s->g, s->q));
    STEP(vxg_buffer_copy(s->q, s->y.buffer, 0, s->y.buffer, 32 * 4, 4));
    STEP(vxg_buffer_zero(s->q, s->y.buffer, 4, 4));
    STEP(vxg_queue_sync(s->q));
    STEP(vxg_array_read(NULL, &s->y, s->back));
    STEP(play_with_foreign_things(s));
    STEP(vxg_buffer_new_with(s->dev, 256, VXG_BUFFER_PINNED, &s->pinned));
    STEP(vxg_buffer_copy(s->q, s->pinned, 0, s->y.buffer, 0, 256));
    STEP(vxg_queue_sync(s->q));
    if (memcmp(vxg_buffer_pinned(s->pinned), s->back, 256)) return -1;
    for (int i = 2; i < 64; i++)
        if (s->back[i] != (float)(3 * i + 5)) return -1;
    return s->back[0] == 101 && s->back[1] == 0 ? VXG_OK : -1;
}

static int scenario(void) {
    scene s = {0};
    int status = play(&s);
    char words[2048];
    snprintf(words, sizeof words, "%s", vxg_error_message());
    vxg_event_free(s.event);
    vxg_queue_free(s.wrapped_q), vxg_queue_free(s.other);
    vxg_buffer_release(s.wrapped);
    vxg_device_release(s.wrapped_dev);
    vxg_graph_free(s.g);
    vxg_buffer_release(s.image);
    vxg_buffer_release(s.pinned);
    vxg_kernel_release(s.k);
    vxg_array_release(&s.x), vxg_array_release(&s.y);
    vxg_queue_free(s.q);
    vxg_device_release(s.dev);
    return status ? vxg_error_set(status, "%s", words) : status;
}

static int failing_compile(void) {
    vxg_device *dev;
    vxg_kernel *k = NULL;
    int status = vxg_device_open("cuda", &dev);
    if (status) return status;
    status = vxg_kernel_from_source(dev, bad_text, "twice", NULL, VXG_REAL_F32, &k);
    vxg_kernel_release(k);
    vxg_device_release(dev);
    return status;
}

/* These do their work and report an error that nobody can act on. */
static int is_teardown(const char *name) {
    static const char *const list[] = {"cuMemFree_v2",        "cuCtxSynchronize",
                                       "cuStreamDestroy_v2",  "cuEventDestroy_v2",
                                       "cuModuleUnload",      "cuGraphExecDestroy",
                                       "cuGraphDestroy",      "cuDevicePrimaryCtxRelease_v2",
                                       "nvrtcDestroyProgram", "cuArrayDestroy",
                                       "cuTexObjectDestroy",  "cuMemFreeAsync",
                                       "cuMemFreeHost",       "cuMemPoolDestroy"};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        if (!strcmp(list[i], name)) return 1;
    return 0;
}
/* Their failure is passed over: words for a message; when things are freed, the context and the
 * marks that order what is freed (without a mark the host waits); pools, which may be missing. */
static int may_be_passed_over(const char *name) {
    return is_teardown(name) || !strcmp(name, "cuGetErrorString") ||
           !strncmp(name, "nvrtcGetProgramLog", 18) || strstr(name, "cuCtxPushCurrent") ||
           strstr(name, "cuCtxPopCurrent") || !strncmp(name, "cuEvent", 7) ||
           !strcmp(name, "cuStreamIsCapturing") || !strcmp(name, "cuMemPoolCreate") ||
           !strcmp(name, "cuMemPoolSetAttribute") ||
           !strcmp(name, "cuThreadExchangeStreamCaptureMode");
}

enum { PLAIN, OLD_NVRTC, NEW_NVRTC, BAD_TEXT, NO_POOLS, LITTLE_MEMORY, SETTINGS };

static int run_setting(int setting) {
    if (setting == OLD_NVRTC) fake.set("known_arch", 75); /* PTX for the driver */
    if (setting == NEW_NVRTC) fake.set("known_arch", 100);
    if (setting == NO_POOLS) fake.set("pools", 0);
    if (setting >= NO_POOLS) fake.set("memory_mb", 100);
    if (setting >= NO_POOLS) return without_pools();
    return setting == BAD_TEXT ? failing_compile() : scenario();
}

static void fail_in_turn(const char *name) {
    static const int want[SETTINGS] = {VXG_OK, VXG_OK, VXG_ERR_DEVICE, VXG_ERR_ARGUMENT};
    /* the last two are VXG_OK */
    int failures = 0;
    for (int setting = 0; setting < SETTINGS; setting++)
        for (int nth = 0;; nth++) {
            int64_t before = vxg_alloc_live();
            fake.reset();
            vxg_error_clear();
            own_begin();
            fake.fail(name, nth, 999);
            int status = run_setting(setting);
            int hit = fake.hit();
            fake.fail(NULL, 0, 0);
            own_end();
            EXPECT(vxg_alloc_live() == before, "%s, call %d: memory leak", name, nth);
            EXPECT_CLEAN();
            if (!hit) {
                EXPECT(status == want[setting], "without a failure: %d, %s", status,
                       vxg_error_message());
                break;
            }
            failures++;
            const int passed_over =
                may_be_passed_over(name) || setting == LITTLE_MEMORY; /* the retry's */
            if (status == want[setting] && passed_over) continue;
            EXPECT(status > 0, "%s, call %d of setting %d: status %d", name, nth, setting, status);
            if (!may_be_passed_over(name) && want[setting] == VXG_OK)
                EXPECT(strstr(vxg_error_message(), name), "%s, call %d: '%s'", name, nth,
                       vxg_error_message());
        }
    EXPECT(failures > 0, "%s is never called", name);
}

static void fail_every_entry_point(void) {
    static const char *const names[] = {
#define X(name, arguments) #name,
        VXG_CUDA_PROCS(X) VXG_NVRTC_PROCS(X)
#undef X
    };
    setenv("VXG_CACHE", "0", 1);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char label[96];
        if (!strcmp(names[i], "cuGetErrorString")) continue; /* called after an error alone */
        snprintf(label, sizeof label, "fails.%s", names[i]);
        test_case_begin();
        fail_in_turn(names[i]);
        test_case_end(label);
    }
    unsetenv("VXG_CACHE");
}

/* ---- Every operator of the library against the CPU ---- */
static void compare_with_cpu(const vxg_op_row *row, uint64_t seed) {
    vxg_device *cpu, *dev;
    vxg_op *a = NULL, *b = NULL;
    vxg_check_result r = {0};
    vxg_problem p = {.scale = VXG_PROBLEM_TINY, .seed = seed};
    vxg_check_opts opts = {.seed = seed, .input_range = row->input_range, .nranges = row->nranges};
    CHECK_OK(vxg_device_open("cpu", &cpu));
    if (!conf_is_fused(vxg_device_get_info(cpu))) {
        vxg_device_release(cpu);
        SKIP("this processor's kernels round K_fma twice");
    }
    CHECK_OK(vxg_device_open("cuda", &dev));
    CHECK_OK(row->make(cpu, &p, &a));
    CHECK_OK(row->make(dev, &p, &b));
    CHECK_OK(vxg_check_backends(a, b, &opts, &r));
    EXPECT(r.passed, "example %d: %.3g over %.0e, %s", (int)seed, r.residual, r.tolerance,
           r.detail);
    vxg_op_release(a), vxg_op_release(b);
    vxg_device_release(cpu), vxg_device_release(dev);
}

static void parity(void) {
    fake.reset();
    for (int i = 0; i < vxg_op_row_count(); i++) {
        const vxg_op_row *row = vxg_op_row_at(i);
        char label[96];
        snprintf(label, sizeof label, "parity.%s", row->name);
        test_case_begin();
        for (uint64_t seed = 0; seed < (uint64_t)row->examples && seed < 20; seed += 6)
            compare_with_cpu(row, seed);
        EXPECT_CLEAN();
        test_case_end(label);
    }
}

TEST(error_without_words)
{
    vxg_device *dev;
    fake.reset();
    fake.fail_always("cuGetErrorString", 1);
    fake.set("devices", 1);
    CHECK_OK(vxg_device_open("cuda", &dev));
    vxg_buffer *b;
    /* the simulated driver refuses more than 2^30 bytes, and has no words for it */
    EXPECT(vxg_buffer_new(dev, ((size_t)1 << 30) + 1, &b) == VXG_ERR_MEMORY, "no error");
    vxg_device_release(dev);
    EXPECT_CLEAN();
}

TEST(memory_refused_in_turn)
{
    setenv("VXG_CACHE", "0", 1);
    fake.reset();
    own_begin();
    CHECK(scenario() == VXG_OK, "%s", vxg_error_message());
    own_end();
    int refused = 0;
    for (int64_t nth = 0; nth < 500; nth++) {
        int64_t before = vxg_alloc_live();
        own_begin();
        vxg_alloc_fail_at(nth);
        int status = scenario();
        vxg_alloc_fail_at(-1);
        own_end();
        CHECK(vxg_alloc_live() == before, "request %d: memory leak", (int)nth);
        EXPECT_CLEAN();
        if (status == VXG_OK) break; /* fewer requests than nth */
        CHECK(status == VXG_ERR_MEMORY, "request %d: status %d, %s", (int)nth, status,
              vxg_error_message());
        refused++;
    }
    unsetenv("VXG_CACHE");
    EXPECT(refused > 20, "%d requests", refused);
}

/* ---- Program cache ---- */
static int compiles(const char *spec, const char *text, const char *options) {
    vxg_device *dev;
    vxg_kernel *k;
    int before = fake.calls("nvrtcCompileProgram");
    if (vxg_device_open(spec, &dev)) return -1;
    int status = vxg_kernel_from_source(dev, text, "twice", options, VXG_REAL_F32, &k);
    vxg_kernel_release(k);
    vxg_device_release(dev);
    return status ? -2 : fake.calls("nvrtcCompileProgram") - before;
}

TEST(cache)
{
    char dir[] = "/tmp/voxgrad-test-XXXXXX", other[256], command[512];
    CHECK(mkdtemp(dir), "no temporary folder");
    setenv("VXG_CACHE_DIR", dir, 1);
    fake.reset();
    fake.set("devices", 1);
    EXPECT(compiles("cuda", good_text, "-DEXTRA=1") == 1, "first: %s", vxg_error_message());
    EXPECT(compiles("cuda", good_text, "-DEXTRA=1") == 0, "compiled although stored");
    EXPECT(compiles("cuda", good_text, "-DEXTRA=2") == 1, "another option must not hit");
    snprintf(other, sizeof other, "%s/* */", good_text);
    EXPECT(compiles("cuda", other, "-DEXTRA=1") == 1, "another text must not hit");
    fake.set("arch", 80);
    EXPECT(compiles("cuda", good_text, "-DEXTRA=1") == 1, "another device must not hit");
    fake.set("arch", 90);
    EXPECT(compiles("cuda", good_text, "-DEXTRA=1") == 0, "the first entry is gone");
    /* an image the driver refuses is compiled anew */
    fake.fail("cuModuleLoadData", 0, 209);
    EXPECT(compiles("cuda", good_text, "-DEXTRA=1") == 1, "refused image: %s", vxg_error_message());
    /* PTX is not stored: a newer NVRTC must get its chance */
    fake.set("known_arch", 80);
    EXPECT(compiles("cuda", good_text, "-DEXTRA=7") == 1, "PTX: %s", vxg_error_message());
    EXPECT(compiles("cuda", good_text, "-DEXTRA=7") == 1, "PTX was stored");
    snprintf(command, sizeof command, "rm -rf %s", dir);
    EXPECT(!system(command), "%s", command);
    unsetenv("VXG_CACHE_DIR");
    EXPECT_CLEAN();
}

TEST(compile_error)
{
    fake.reset();
    EXPECT(failing_compile() == VXG_ERR_ARGUMENT && strstr(vxg_error_message(), "kernel:2:") &&
               strstr(vxg_error_message(), "nonsense"),
           "%s", vxg_error_message());
    EXPECT_CLEAN();
}

/* ---- Missing libraries: seen by a new process ---- */
static int child(void) {
    vxg_device *dev;
    vxg_kernel *k;
    printf("why: %s\n", vxg_device_why("cuda"));
    int status = vxg_device_open("cuda", &dev);
    if (!status) status = vxg_kernel_get(dev, "array_fill", VXG_REAL_F32, &k);
    printf("status %d: %s\n", status, vxg_error_message());
    return 0;
}

static int run_child(const char *self, const char *settings, char *out, size_t size) {
    char command[1024];
    snprintf(command, sizeof command, "VXG_CACHE=0 %s %s --child", settings, self);
    FILE *f = popen(command, "r");
    size_t n = f ? fread(out, 1, size - 1, f) : 0;
    out[n] = 0;
    return f ? pclose(f) : -1;
}
static const char *self_path;

TEST(missing_libraries)
{
    char out[4096];
    CHECK(!run_child(self_path, "VXG_CUDA_LIB=/nonexistent/libcuda.so.1", out, sizeof out), "%s",
          out);
    EXPECT(strstr(out, "install the NVIDIA driver") && strstr(out, "status 5"), "%s", out);
    CHECK(!run_child(self_path, "VXG_NVRTC_LIB=/nonexistent/libnvrtc.so", out, sizeof out), "%s",
          out);
    EXPECT(strstr(out, "why: \n") && strstr(out, "/nonexistent/libnvrtc.so cannot be opened"), "%s",
           out);
    CHECK(!run_child(self_path, "VXG_CUDA_LIB=libc.so.6", out, sizeof out), "%s", out);
    EXPECT(strstr(out, "lacks cuInit"), "%s", out);
    CHECK(!run_child(self_path, "", out, sizeof out), "%s", out);
    EXPECT(strstr(out, "status 0"), "%s", out);
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(listing),
                                      T(opening),
                                      T(grid_limits),
                                      T(buffers),
                                      T(two_queues),
                                      T(graphs),
                                      T(callers_context_comes_back),
                                      T(error_without_words),
                                      T(memory_refused_in_turn),
                                      T(cache),
                                      T(compile_error),
                                      T(missing_libraries)};
    setenv("VXG_CUDA_LIB", FAKE_LIB, 0);
    setenv("VXG_NVRTC_LIB", FAKE_LIB, 0);
    unsetenv("VXG_DEVICE");
    if (argc > 1 && !strcmp(argv[1], "--child")) return child();
    unsetenv("VXG_CACHE");
    self_path = argv[0];
    test_suite = "fake_cuda";
    if (!open_fake()) {
        printf("SKIP fake_cuda.all: the simulated driver needs a C compiler\n");
        return 0;
    }
    test_run("fake_cuda", list, (int)(sizeof list / sizeof *list), argc, argv);
    if (argc > 1) return test_failed != 0;
    fake.reset();
    conf_device("cuda:0");
    parity();
    fail_every_entry_point();
    return test_failed != 0;
}
