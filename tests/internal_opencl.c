/* The opencl backend with each of its OpenCL functions failing in turn: the table of pointers gets
 * a double that reports an error. Also platforms that are missing, empty or broken. */
#include <dirent.h>
#include <unistd.h>
#include <voxgrad/voxgrad.h>

#include "device/image.h"
#include "device/opencl/opencl.h"
#include "test.h"

#pragma GCC diagnostic ignored "-Wunused-parameter"
static int left, hits, code_now; /* calls let through before the failure; failures so far */
static int lasting;              /* all calls fail from then on, not one */
static vxg_cl_api real_api;

static int fails_now(void) {
    const int now = lasting ? left <= 0 : left == 0;
    left--;
    hits += now;
    return now;
}

/* Doubles. What a failing release leaves behind is the driver's loss, not the library's. */
#define X(name, arguments)                                                                         \
    static cl_int fail_##name arguments {                                                          \
        return ++hits, code_now;                                                                   \
    }
VXG_CL_CALLS(X)
#undef X
#define X(type, name, arguments)                                                                   \
    static type fail_##name arguments {                                                            \
        *error = (++hits, code_now);                                                               \
        return 0;                                                                                  \
    }
VXG_CL_MAKERS(X)
#undef X

/* Two functions fail at a later call only, which is where partly made objects must be undone. */
static cl_int late_clSetKernelArg(cl_kernel k, cl_uint index, size_t n, const void *value) {
    return fails_now() ? code_now : real_api.clSetKernelArg(k, index, n, value);
}
static cl_mem late_clCreateBuffer(cl_context c, cl_bitfield flags, size_t bytes, void *host,
                                  cl_int *error) {
    if (!fails_now()) return real_api.clCreateBuffer(c, flags, bytes, host, error);
    *error = code_now;
    return NULL;
}
static cl_int late_clFinish(cl_command_queue q) {
    return fails_now() ? code_now : real_api.clFinish(q);
}

static const char text[] = "K_KERNEL2(twice, K_GLOBAL const real *, x, K_GLOBAL real *, y) {\n"
                           "    y[gx] = K_R(2.0) * x[gx] + K_real(EXTRA);\n}\n";

typedef struct scene {
    vxg_device *dev;
    vxg_queue *q;
    vxg_array x, y;
    vxg_kernel *k;
    vxg_buffer *image, *wrapped;
    vxg_queue *other, *wrapped_q;
    vxg_event *event;
    vxg_device *wrapped_dev;
} scene;

#define STEP(call)                                                                                 \
    do {                                                                                           \
        int status_ = (call);                                                                      \
        if (status_) return status_;                                                               \
    } while (0)
/* Wrapped objects, events, and memory that rests: calls of the driver that nothing else makes. */
static int play_with_foreign_things(scene *s) {
    int done;
    void *p;
    const cl_impl *impl;
    STEP(vxg_buffer_pointer(s->x.buffer, s->q, 1, &p));
    STEP(vxg_buffer_wrap(s->dev, p, 64, 0, NULL, NULL, &s->wrapped));
    STEP(vxg_queue_new(s->dev, &s->other));
    STEP(vxg_queue_wrap(s->dev, s->q->impl, 0, &s->wrapped_q));
    impl = s->dev->impl;
    STEP(vxg_device_wrap("opencl", impl->context, NULL, &s->wrapped_dev));
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
    int64_t n = 64;
    float in[64], back[64];
    vxg_launch l = {.global = {64, 1, 1}, .nbuffers = 2};
    for (int i = 0; i < 64; i++) in[i] = (float)i;
    STEP(vxg_device_open("opencl", &s->dev));
    STEP(vxg_queue_new(s->dev, &s->q));
    STEP(vxg_array_new(s->dev, VXG_F32, 1, &n, &s->x));
    STEP(vxg_array_new(s->dev, VXG_F32, 1, &n, &s->y));
    STEP(vxg_array_write(s->q, &s->x, in));
    STEP(vxg_kernel_from_source(s->dev, text, "twice", "-DEXTRA=5", VXG_REAL_F32, &s->k));
    l.buffer[0] = s->x.buffer, l.buffer[1] = s->y.buffer;
    STEP(vxg__image_new(s->dev, 2, 4, 4, &s->image));
    STEP(vxg__image_write(s->q, s->image, 1, 1, s->x.buffer, 4));
    STEP(vxg_queue_time_begin(s->q));
    STEP(vxg_kernel_launch(s->k, s->q, &l));
    STEP(vxg_queue_time_end(s->q, &seconds));
    STEP(vxg_array_axpby(s->q, 1, &s->x, 1, &s->y));
    STEP(vxg_buffer_copy(s->q, s->y.buffer, 0, s->y.buffer, 32 * 4, 4));
    STEP(vxg_buffer_zero(s->q, s->y.buffer, 4, 4));
    STEP(vxg_queue_sync(s->q));
    STEP(vxg_array_read(s->q, &s->y, back));
    STEP(play_with_foreign_things(s));
    for (int i = 2; i < 64; i++)
        if (back[i] != (float)(3 * i + 5)) return -1;
    return back[0] == 101 && back[1] == 0 ? VXG_OK : -1;
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
    vxg_kernel_release(s.k);
    vxg_buffer_release(s.image);
    vxg_array_release(&s.x), vxg_array_release(&s.y);
    vxg_queue_free(s.q);
    vxg_device_release(s.dev);
    return status ? vxg_error_set(status, "%s", words) : status;
}

/* Failures that may pass: releases, the cache's way to a program and back, words for a log, a flush
 * (the read that follows reports). */
static int may_pass(const char *name) {
    static const char *const list[] = {
        "clReleaseContext",      "clReleaseCommandQueue",     "clReleaseMemObject",
        "clReleaseProgram",      "clReleaseKernel",           "clGetProgramInfo",
        "clGetProgramBuildInfo", "clCreateProgramWithBinary", "clReleaseEvent"};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        if (!strcmp(list[i], name)) return 1;
    return 0;
}

static void check_failure(const char *name, int code) {
    int64_t before = vxg_alloc_live();
    hits = 0, code_now = code;
    vxg_error_clear();
    int status = scenario();
    vxg__cl = real_api;
    EXPECT(vxg_alloc_live() == before, "memory leak");
    if (status == VXG_OK && may_pass(name)) return;
    EXPECT(status > 0 && hits > 0, "status %d after %d failures", status, hits);
    /* a platform whose devices cannot be asked is passed over */
    EXPECT(strstr(vxg_error_message(), name) || strstr(vxg_error_message(), "OpenCL"), "'%s'",
           vxg_error_message());
}

static void run_failure(const char *name, int code) {
    test_case_begin();
    check_failure(name, code);
    test_case_end(name);
}

static void fail_every_call(void) {
    setenv("VXG_CACHE", "0", 1);
#define X(name, arguments)                                                                         \
    vxg__cl.name = fail_##name;                                                                    \
    run_failure(#name, -5);
    VXG_CL_CALLS(X)
#undef X
#define X(type, name, arguments)                                                                   \
    vxg__cl.name = fail_##name;                                                                    \
    run_failure(#name, -5);
    VXG_CL_MAKERS(X)
#undef X
    unsetenv("VXG_CACHE");
}

TEST(later_calls)
{
    int64_t before = vxg_alloc_live();
    for (int which = 0; which < 4; which++)
        for (int nth = 0;; nth++) {
            hits = 0, left = nth, code_now = -6, lasting = which == 1;
            if (which == 0) vxg__cl.clSetKernelArg = late_clSetKernelArg;
            if (which % 2) vxg__cl.clCreateBuffer = late_clCreateBuffer;
            if (which == 2) vxg__cl.clFinish = late_clFinish;
            int status = scenario();
            vxg__cl = real_api, lasting = 0;
            CHECK(vxg_alloc_live() == before, "memory leak");
            if (!hits) break;
            /* the last clFinish stands in freeing a queue; a buffer that is refused once is asked
             * for again, and there */
            const int good = which == 3   ? status == VXG_OK
                             : which == 2 ? status == VXG_ERR_MEMORY || status == VXG_OK
                                          : status == VXG_ERR_MEMORY;
            CHECK(good, "%d, call %d: %d: %s", which, nth, status, vxg_error_message());
        }
}

/* Memory comes from the driver full of something. */
static cl_mem dirty_clCreateBuffer(cl_context c, cl_bitfield flags, size_t bytes, void *host,
                                   cl_int *error) {
    const cl_bitfield copy_host = 1 << 5;
    void *pattern = malloc(bytes);
    memset(pattern, 0xA5, bytes);
    cl_mem m = real_api.clCreateBuffer(c, flags | copy_host, bytes, pattern, error);
    free(pattern);
    return m;
}

TEST(new_memory_is_zero)
{
    vxg_device *dev;
    vxg_buffer *b;
    unsigned char back[1000];
    vxg__cl.clCreateBuffer = dirty_clCreateBuffer;
    CHECK_OK(vxg_device_open("opencl", &dev));
    CHECK_OK(vxg_buffer_new(dev, sizeof back, &b));
    CHECK_OK(vxg_buffer_read(NULL, b, 0, back, sizeof back));
    for (size_t i = 0; i < sizeof back; i++) EXPECT(back[i] == 0, "byte %zu is %d", i, back[i]);
    vxg_buffer_release(b);
    vxg_device_release(dev);
    vxg__cl = real_api;
}

static cl_int no_platform(cl_uint n, cl_platform_id *out, cl_uint *count) {
    return CL_PLATFORM_NOT_FOUND_KHR;
}
static cl_int zero_platforms(cl_uint n, cl_platform_id *out, cl_uint *count) {
    *count = 0;
    return CL_SUCCESS;
}
static cl_int no_devices(cl_platform_id p, cl_bitfield type, cl_uint n, cl_device_id *out,
                         cl_uint *count) {
    return CL_DEVICE_NOT_FOUND;
}
/* A GPU in words: the default device must be it, and never the processor's own OpenCL device. */
static int pretend_gpu;
static cl_int device_type(cl_device_id d, cl_uint what, size_t n, void *out, size_t *size) {
    cl_int code = real_api.clGetDeviceInfo(d, what, n, out, size);
    if (what == CL_DEVICE_TYPE && pretend_gpu && out) *(cl_bitfield *)out = 1 << 2;
    return code;
}

TEST(missing_platforms)
{
    vxg_device *dev;
    vxg_device_info info[8] = {0};
    int n;
    vxg__cl.clGetPlatformIDs = no_platform;
    EXPECT(strstr(vxg_device_why("opencl"), "no OpenCL platform is installed"), "%s",
           vxg_device_why("opencl"));
    EXPECT(vxg_device_open("opencl", &dev) == VXG_ERR_DEVICE, "opened");
    CHECK_OK(vxg_device_list(info, 8, &n));
    for (int i = 0; i < n; i++) EXPECT(strcmp(info[i].backend, "opencl"), "listed");
    vxg__cl.clGetPlatformIDs = zero_platforms;
    EXPECT(strstr(vxg_device_why("opencl"), "no OpenCL platform is installed"), "%s",
           vxg_device_why("opencl"));
    vxg__cl = real_api;
    vxg__cl.clGetDeviceIDs = no_devices;
    EXPECT(strstr(vxg_device_why("opencl"), "no device"), "%s", vxg_device_why("opencl"));
    vxg__cl = real_api;
    EXPECT(!*vxg_device_why("opencl"), "%s", vxg_device_why("opencl"));
}

TEST(default_device)
{
    vxg_device *dev;
    setenv("VXG_CUDA_LIB", "/nonexistent/libcuda.so", 1);
    CHECK_OK(vxg_device_open(NULL, &dev));
    EXPECT(!strcmp(vxg_device_get_info(dev)->backend, "cpu"), "default is %s",
           vxg_device_get_info(dev)->spec);
    vxg_device_release(dev);
    vxg__cl.clGetDeviceInfo = device_type, pretend_gpu = 1;
    CHECK_OK(vxg_device_open("auto", &dev));
    EXPECT(!strcmp(vxg_device_get_info(dev)->spec, "opencl:0"), "default is %s",
           vxg_device_get_info(dev)->spec);
    vxg_device_release(dev);
    vxg__cl = real_api;
}

TEST(memory_refused_in_turn)
{
    int refused = 0;
    setenv("VXG_CACHE", "0", 1);
    for (int64_t nth = 0; nth < 500; nth++) {
        int64_t before = vxg_alloc_live();
        vxg_alloc_count();
        vxg_alloc_fail_at(nth);
        int status = scenario();
        vxg_alloc_fail_at(-1);
        int64_t requests = vxg_alloc_count();
        CHECK(vxg_alloc_live() == before, "request %d: memory leak", (int)nth);
        if (requests <= nth) break; /* none was refused */
        /* the cache passes over a refusal */
        CHECK(status == VXG_ERR_MEMORY || status == VXG_OK, "request %d: status %d, %s", (int)nth,
              status, vxg_error_message());
        refused += status == VXG_ERR_MEMORY;
    }
    unsetenv("VXG_CACHE");
    EXPECT(refused > 15, "%d requests", refused);
}

/* ---- The caller's context, queue and memory ---- */
TEST(foreign_objects)
{
    vxg_device *dev, *wrapped, *again;
    vxg_queue *q;
    vxg_buffer *b;
    cl_int code;
    float back[16];
    CHECK_OK(vxg_device_open("opencl", &dev));
    cl_device_id device = ((cl_impl *)dev->impl)->device;
    cl_context context = real_api.clCreateContext(NULL, 1, &device, NULL, NULL, &code);
    CHECK(code == CL_SUCCESS, "context: %d", code);
    cl_command_queue theirs = real_api.clCreateCommandQueue(context, device, 0, &code);
    cl_command_queue unordered = real_api.clCreateCommandQueue(context, device, 1, NULL);
    cl_mem memory = real_api.clCreateBuffer(context, CL_MEM_READ_WRITE, 64, NULL, &code);
    EXPECT(vxg_queue_wrap(dev, theirs, 0, &q) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "vxg_device_wrap"),
           "%s", vxg_error_message());
    EXPECT(vxg_buffer_wrap(dev, memory, 64, 0, NULL, NULL, &b) == VXG_ERR_ARGUMENT, "its memory");
    CHECK_OK(vxg_device_wrap("opencl", context, NULL, &wrapped));
    CHECK_OK(vxg_device_wrap("opencl", context, device, &again));
    EXPECT(wrapped == again && wrapped != dev, "one context, two devices");
    vxg_device_release(again);
    EXPECT(!unordered || vxg_queue_wrap(wrapped, unordered, 0, &q) == VXG_ERR_UNSUPPORTED,
           "an unordered queue");
    EXPECT(vxg_buffer_wrap(wrapped, memory, 65, 0, NULL, NULL, &b) == VXG_ERR_ARGUMENT,
           "too large");
    CHECK_OK(vxg_queue_wrap(wrapped, theirs, 0, &q));
    CHECK_OK(vxg_buffer_wrap(wrapped, memory, 64, 0, NULL, NULL, &b));
    const vxg_array a = {.buffer = b, .dtype = VXG_F32, .ndim = 1, .shape = {16}, .stride = {1}};
    CHECK_OK(vxg_array_fill(q, &a, 3));
    CHECK_OK(vxg_buffer_read(NULL, b, 0, back, 64));
    EXPECT(back[0] == 3 && back[15] == 3, "%g", (double)back[0]);
    vxg_queue_free(q);
    vxg_buffer_release(b);
    vxg_device_release(wrapped);
    vxg_device_release(dev);
    /* all of it is still the caller's */
    EXPECT(!real_api.clReleaseMemObject(memory) && !real_api.clReleaseCommandQueue(theirs) &&
               !real_api.clReleaseContext(context),
           "something was released twice");
    if (unordered) real_api.clReleaseCommandQueue(unordered);
}

/* ---- The disk cache: a spoiled entry is compiled anew ---- */
static int files_in(const char *dir, const char *end) {
    DIR *d = opendir(dir);
    int n = 0;
    for (struct dirent *e; d && (e = readdir(d));) {
        size_t length = strlen(e->d_name), m = strlen(end);
        n += length >= m && e->d_name[0] != '.' && !strcmp(e->d_name + length - m, end);
    }
    if (d) closedir(d);
    return n;
}

static const char five[] = "K_KERNEL1(five, K_GLOBAL real *, y) { y[gx] = K_R(5.0); }\n";

static void run_five(const char *source, float want) {
    vxg_device *dev;
    vxg_kernel *k;
    float back[4] = {0};
    vxg_launch l = {.global = {4, 1, 1}, .nbuffers = 1};
    CHECK_OK(vxg_device_open("opencl", &dev));
    CHECK_OK(vxg_kernel_from_source(dev, source, "five", NULL, VXG_REAL_F32, &k));
    CHECK_OK(vxg_buffer_new(dev, 16, &l.buffer[0]));
    CHECK_OK(vxg_kernel_launch(k, NULL, &l));
    CHECK_OK(vxg_buffer_read(NULL, l.buffer[0], 0, back, 16));
    EXPECT(back[0] == want && back[3] == want, "%g, expected %g", back[3], want);
    vxg_buffer_release(l.buffer[0]);
    vxg_kernel_release(k);
    vxg_device_release(dev);
}

/* Every entry of dir becomes: truncated (0), or well-formed with a payload that is no program (1).
 */
static void spoil(const char *dir, int how) {
    char path[600], key[65];
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));) {
        if (strlen(e->d_name) != 68) continue;
        snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        snprintf(key, sizeof key, "%.64s", e->d_name);
        if (how == 0) {
            EXPECT(!truncate(path, 1000), "truncate");
        } else {
            vxg__cache_store(key, "this is no program", 18);
        }
    }
    if (d) closedir(d);
}

TEST(spoiled_programs)
{
    static const char other[] = "K_KERNEL1(five, K_GLOBAL real *, y) { y[gx] = K_R(6.0); }\n";
    char dir[] = "/tmp/voxgrad-programs-XXXXXX", command[64];
    CHECK(mkdtemp(dir), "no temporary folder");
    setenv("VXG_CACHE_DIR", dir, 1);
    run_five(five, 5);
    EXPECT(files_in(dir, ".bin") == 1, "%d entries", files_in(dir, ".bin"));
    run_five(five, 5);
    EXPECT(files_in(dir, ".bin") == 1, "the entry was not found again");
    run_five(other, 6);
    EXPECT(files_in(dir, ".bin") == 2, "another text shares the entry");
    for (int how = 0; how < 2; how++) {
        spoil(dir, how);
        run_five(five, 5);
    }
    unsetenv("VXG_CACHE_DIR");
    snprintf(command, sizeof command, "rm -rf %s", dir);
    EXPECT(!system(command), "%s", command);
}

int main(int argc, char **argv) {
    static const test_entry list[] = {
        T(later_calls),    T(new_memory_is_zero),     T(missing_platforms),
        T(default_device), T(memory_refused_in_turn), T(spoiled_programs),
        T(foreign_objects)};
    test_suite = "opencl";
    unsetenv("VXG_DEVICE");
    if (*vxg_device_why("opencl")) {
        printf("SKIP opencl.all: %s\n", vxg_device_why("opencl"));
        return 0;
    }
    real_api = vxg__cl;
    test_run("opencl", list, 7, argc, argv);
    if (argc > 1) return test_failed != 0;
    test_case_begin();
    EXPECT(scenario() == VXG_OK, "%s", vxg_error_message());
    test_case_end("scenario");
    fail_every_call();
    return test_failed != 0;
}
