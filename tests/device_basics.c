/* Devices, queues and buffers through the public API, on the processor and where there is one on an
 * OpenCL device: what is listed, what is refused, in which words. */
#include <pthread.h>
#include <unistd.h>
#include <voxgrad/voxgrad.h>

#include "test.h"

static const char *self_path;

static void expect_error(int got, int want, const char *words) {
    EXPECT(got == want && strstr(vxg_error_message(), words), "status %d, expected %d '%s': %s",
           got, want, words, vxg_error_message());
}

TEST(listing)
{
    vxg_device_info info[16] = {0}, one[1] = {0};
    int n, m;
    CHECK_OK(vxg_device_list(info, 16, &n));
    CHECK(n >= 1 && !strcmp(info[0].spec, "cpu") && info[0].is_cpu && info[0].has_f64, "the cpu");
    EXPECT(info[0].units == vxg_threads() && info[0].memory > 0 && *info[0].name, "its numbers");
    CHECK_OK(vxg_device_list(one, 1, &m));
    EXPECT(m == n && !memcmp(one, info, sizeof *one), "a short list: %d of %d", m, n);
    CHECK_OK(vxg_device_list(NULL, 0, &m));
    EXPECT(m == n, "%d, not %d", m, n);
    for (int i = 1; i < n && i < 16; i++) {
        vxg_device *dev;
        CHECK_OK(vxg_device_open(info[i].spec, &dev));
        EXPECT(!memcmp(vxg_device_get_info(dev), &info[i], sizeof info[i]), "row %d", i);
        EXPECT(info[i].max_buffer > 0 && info[i].units > 0 && *info[i].driver, "row %d", i);
        vxg_device_release(dev);
    }
    EXPECT(strstr(vxg_device_why("nonsense"), "nonsense"), "%s", vxg_device_why("nonsense"));
    EXPECT(!*vxg_device_why("cpu"), "%s", vxg_device_why("cpu"));
}

TEST(opening)
{
    static const char *const wrong[] = {"nonsense", "cpu:v9", "cpu:1",  "opencl:99", "opencl:x",
                                        "cuda:99",  "",       "cpu:-1", "opencl:-1", "0"};
    vxg_device *a, *b;
    int64_t before = vxg_alloc_live();
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        EXPECT(vxg_device_open(wrong[i], &a) == VXG_ERR_DEVICE && !a, "'%s' opened", wrong[i]);
        EXPECT(strlen(vxg_error_message()) > 10, "no words for '%s'", wrong[i]);
    }
    expect_error(vxg_device_open("gpu", &a), VXG_ERR_DEVICE, "there are: cpu");
    CHECK_OK(vxg_device_open("cpu", &a));
    CHECK_OK(vxg_device_open("cpu", &b));
    EXPECT(a == b, "one device, two objects");
    vxg_device_release(a);
    CHECK_OK(vxg_device_open("cpu", &a)); /* b keeps it */
    EXPECT(a == b, "it was closed early");
    vxg_device_release(a);
    vxg_device_release(b);
    vxg_device_release(NULL);
    setenv("VXG_DEVICE", "nonsense", 1);
    expect_error(vxg_device_open(NULL, &a), VXG_ERR_DEVICE, "'nonsense'");
    expect_error(vxg_device_open("auto", &a), VXG_ERR_DEVICE, "'nonsense'");
    CHECK_OK(vxg_device_open("cpu", &a)); /* a spec goes before the variable */
    vxg_device_release(a);
    setenv("VXG_DEVICE", "cpu", 1);
    CHECK_OK(vxg_device_open(NULL, &a));
    EXPECT(!strcmp(vxg_device_get_info(a)->spec, "cpu"), "%s", vxg_device_get_info(a)->spec);
    vxg_device_release(a);
    unsetenv("VXG_DEVICE");
    setenv("VXG_ISA", "v9", 1);
    expect_error(vxg_device_open("cpu", &a), VXG_ERR_DEVICE, "v9");
    unsetenv("VXG_ISA");
    CHECK_OK(vxg_device_open("cpu", &a));
    int has_levels = strstr(vxg_device_get_info(a)->driver, "x86-64-v") != NULL;
    vxg_device_release(a);
    if (has_levels) {
        setenv("VXG_ISA", "v2", 1);
        CHECK_OK(vxg_device_open("cpu", &a));
        EXPECT(strstr(vxg_device_get_info(a)->driver, "x86-64-v2"), "%s",
               vxg_device_get_info(a)->driver);
        vxg_device_release(a);
        unsetenv("VXG_ISA");
    }
    EXPECT(vxg_alloc_live() == before, "memory leak");
}

/* The processor's own OpenCL device is never chosen unasked. */
TEST(default_device)
{
    vxg_device *dev;
    CHECK_OK(vxg_device_open(NULL, &dev));
    const vxg_device_info *info = vxg_device_get_info(dev);
    EXPECT(!info->is_cpu || !strcmp(info->backend, "cpu"), "default is %s", info->spec);
    vxg_device_release(dev);
}

static void bounds(vxg_device *dev) {
    vxg_buffer *b, *c, *empty;
    char bytes[64] = {0};
    CHECK_OK(vxg_buffer_new(dev, 64, &b));
    CHECK_OK(vxg_buffer_new(dev, 64, &c));
    CHECK_OK(vxg_buffer_new(dev, 0, &empty));
    EXPECT(vxg_buffer_size(b) == 64 && vxg_buffer_size(empty) == 0, "sizes");
    EXPECT(vxg_buffer_device(b) == dev, "device");
    expect_error(vxg_buffer_write(NULL, b, 1, bytes, 64), VXG_ERR_ARGUMENT, "write: bytes 1..65");
    expect_error(vxg_buffer_write(NULL, b, 65, bytes, 0), VXG_ERR_ARGUMENT, "write");
    expect_error(vxg_buffer_read(NULL, b, (size_t)-1, bytes, 2), VXG_ERR_ARGUMENT, "read");
    expect_error(vxg_buffer_read(NULL, empty, 0, bytes, 1), VXG_ERR_ARGUMENT, "read");
    expect_error(vxg_buffer_zero(NULL, b, 60, 5), VXG_ERR_ARGUMENT, "zero");
    expect_error(vxg_buffer_copy(NULL, b, 1, c, 0, 64), VXG_ERR_ARGUMENT, "copy to");
    expect_error(vxg_buffer_copy(NULL, b, 0, c, 1, 64), VXG_ERR_ARGUMENT, "copy from");
    expect_error(vxg_buffer_copy(NULL, b, 4, b, 0, 8), VXG_ERR_ARGUMENT, "overlap");
    CHECK_OK(vxg_buffer_copy(NULL, b, 4, b, 4, 8));
    CHECK_OK(vxg_buffer_write(NULL, b, 64, bytes, 0));
    CHECK_OK(vxg_buffer_read(NULL, empty, 0, bytes, 0));
    CHECK_OK(vxg_buffer_zero(NULL, empty, 0, 0));
    vxg_buffer_release(b), vxg_buffer_release(c), vxg_buffer_release(empty);
    vxg_buffer_release(NULL);
}

static void transfers(vxg_device *dev) {
    vxg_buffer *b;
    vxg_queue *q;
    unsigned char host[100], back[100];
    CHECK_OK(vxg_queue_new(dev, &q));
    memset(host, 7, sizeof host);
    for (int i = 0; i < 8; i++) { /* memory that was in use before comes back zeroed too */
        CHECK_OK(vxg_buffer_new(dev, 100, &b));
        CHECK_OK(vxg_buffer_write(q, b, 0, host, 100));
        vxg_buffer_release(b);
    }
    CHECK_OK(vxg_buffer_new(dev, 100, &b));
    memset(back, 7, sizeof back);
    CHECK_OK(vxg_buffer_read(q, b, 0, back, 100));
    for (int i = 0; i < 100; i++) CHECK(back[i] == 0, "new memory is not zero");
    for (int i = 0; i < 100; i++) host[i] = (unsigned char)i;
    CHECK_OK(vxg_buffer_write(q, b, 0, host, 100));
    CHECK_OK(vxg_buffer_copy(q, b, 51, b, 10, 21)); /* odd places and sizes */
    CHECK_OK(vxg_buffer_zero(q, b, 5, 3));
    CHECK_OK(vxg_buffer_read(q, b, 1, back + 1, 99));
    for (int i = 1; i < 100; i++) {
        int want = i >= 5 && i < 8 ? 0 : i >= 51 && i < 72 ? i - 41 : i;
        CHECK(back[i] == want, "byte %d is %d", i, back[i]);
    }
    vxg_buffer_release(b);
    vxg_queue_free(q);
}

/* Not zeroed: what is written is there. Pinned: on the cpu like any, on OpenCL not at all. */
static void kinds(vxg_device *dev) {
    const unsigned both = VXG_BUFFER_UNINITIALISED | VXG_BUFFER_PINNED;
    const char *const backend = vxg_device_get_info(dev)->backend;
    vxg_buffer *b, *plain;
    char back[6] = {0};
    CHECK_OK(vxg_buffer_new_with(dev, 6, VXG_BUFFER_UNINITIALISED, &plain));
    EXPECT(!vxg_buffer_pinned(plain) && !vxg_buffer_pinned(NULL), "pinned without the flag");
    CHECK_OK(vxg_buffer_write(NULL, plain, 0, "bytes", 6));
    expect_error(vxg_buffer_new_with(dev, 6, 4, &b), VXG_ERR_ARGUMENT, "flags 4 are not known");
    if (!strcmp(backend, "opencl")) {
        expect_error(vxg_buffer_new_with(dev, 6, both, &b), VXG_ERR_UNSUPPORTED, "pinned");
        EXPECT(!b, "a buffer all the same");
    } else {
        CHECK_OK(vxg_buffer_new_with(dev, 6, both, &b));
        char *const host = vxg_buffer_pinned(b);
        CHECK(host, "no place on the host");
        memcpy(host, "other", 6);
        CHECK_OK(vxg_buffer_copy(NULL, plain, 0, b, 0, 2));
        vxg_buffer_release(b);
        EXPECT(!vxg_buffer_pinned(b), "of a released one");
    }
    CHECK_OK(vxg_buffer_read(NULL, plain, 0, back, 6));
    EXPECT(!strcmp(back, strcmp(backend, "opencl") ? "ottes" : "bytes"), "'%s'", back);
    vxg_buffer_release(plain);
}

/* From one device to another, larger than what the host holds of it at a time. */
static void across(vxg_device *dev, vxg_device *other) {
    enum { N = (9 << 20) + 3 };
    unsigned char *const host = malloc(N), *const back = malloc(N);
    vxg_buffer *from, *to;
    vxg_queue *q;
    CHECK_OK(vxg_buffer_new(other, N, &from));
    CHECK_OK(vxg_buffer_new(dev, N, &to));
    CHECK_OK(vxg_queue_new(dev, &q));
    for (int i = 0; i < N; i++) host[i] = (unsigned char)(i * 7 + i / 251);
    CHECK_OK(vxg_buffer_write(NULL, from, 0, host, N));
    CHECK_OK(vxg_buffer_copy(q, to, 5, from, 2, N - 6));
    CHECK_OK(vxg_buffer_read(NULL, to, 0, back, N));
    EXPECT(!memcmp(back, "\0\0\0\0\0", 5) && !memcmp(back + 5, host + 2, N - 6) && !back[N - 1],
           "other bytes, or bytes beside them");
    const int64_t shape[2] = {3, 4};
    vxg_array a, b, turned;
    float x[12], y[12] = {0};
    for (int i = 0; i < 12; i++) x[i] = (float)i;
    CHECK_OK(vxg_array_new(other, VXG_F32, 2, shape, &a));
    CHECK_OK(vxg_array_new(dev, VXG_F32, 2, shape, &b));
    CHECK_OK(vxg_array_write(NULL, &a, x));
    CHECK_OK(vxg_array_copy(q, &a, &b));
    CHECK_OK(vxg_array_read(NULL, &b, y));
    EXPECT(!memcmp(x, y, sizeof x), "other values of an array");
    CHECK_OK(vxg_array_permute(&a, (const int[]){1, 0}, &turned));
    expect_error(vxg_array_copy(q, &turned, &b), VXG_ERR_ARGUMENT, "differ in shape");
    vxg_array_release(&b);
    CHECK_OK(vxg_array_new(dev, VXG_F32, 2, (const int64_t[]){4, 3}, &b));
    expect_error(vxg_array_copy(q, &turned, &b), VXG_ERR_UNSUPPORTED, "must be contiguous");
    vxg_array_release(&a), vxg_array_release(&b), vxg_array_release(&turned);
    vxg_buffer_release(from), vxg_buffer_release(to), vxg_queue_free(q);
    free(host), free(back);
}

static void launches(vxg_device *dev, vxg_device *other) {
    vxg_kernel *k, *none;
    vxg_buffer *b, *far;
    vxg_queue *q;
    CHECK_OK(vxg_buffer_new(dev, 64, &b));
    CHECK_OK(vxg_buffer_new(other, 64, &far));
    CHECK_OK(vxg_queue_new(other, &q));
    CHECK_OK(vxg_kernel_get(dev, "array_fill", VXG_REAL_F32, &k));
    vxg_launch good = {.global = {16, 1, 1}, .nbuffers = 1, .buffer = {b}, .nints = 6, .nreals = 1};
    good.ints[4] = 1, good.reals[0] = 3;
    CHECK_OK(vxg_kernel_launch(k, NULL, &good));
    vxg_launch l = good;
    l.nbuffers = 2, l.buffer[1] = b;
    expect_error(vxg_kernel_launch(k, NULL, &l), VXG_ERR_ARGUMENT, "the kernel has 1");
    l = good, l.nbuffers = 0;
    expect_error(vxg_kernel_launch(k, NULL, &l), VXG_ERR_ARGUMENT, "the kernel has 1");
    l = good, l.nints = 25;
    expect_error(vxg_kernel_launch(k, NULL, &l), VXG_ERR_ARGUMENT, "too many");
    l = good, l.offset[0] = 68;
    expect_error(vxg_kernel_launch(k, NULL, &l), VXG_ERR_ARGUMENT,
                 "offset 68 of buffer 0 lies outside its 64 bytes");
    l = good, l.offset[0] = -4;
    expect_error(vxg_kernel_launch(k, NULL, &l), VXG_ERR_ARGUMENT, "offset -4 of buffer 0");
    l = good, l.offset[0] = 2;
    expect_error(vxg_kernel_launch(k, NULL, &l), VXG_ERR_ARGUMENT,
                 "offset 2 of buffer 0 is no multiple of its elements' 4 bytes");
    l = good, l.offset[0] = 48, l.global[0] = 4;
    CHECK_OK(vxg_kernel_launch(k, NULL, &l));
    l = good, l.global[1] = (int64_t)1 << 31;
    expect_error(vxg_kernel_launch(k, NULL, &l), VXG_ERR_ARGUMENT, "along axis 1");
    l = good, l.global[2] = -1;
    expect_error(vxg_kernel_launch(k, NULL, &l), VXG_ERR_ARGUMENT, "along axis 2");
    l = good, l.buffer[0] = NULL;
    expect_error(vxg_kernel_launch(k, NULL, &l), VXG_ERR_ARGUMENT, "buffer 0 is NULL");
    if (dev != other) {
        l = good, l.buffer[0] = far;
        expect_error(vxg_kernel_launch(k, NULL, &l), VXG_ERR_ARGUMENT, "on another device");
        expect_error(vxg_kernel_launch(k, q, &good), VXG_ERR_ARGUMENT, "queue of another device");
        expect_error(vxg_buffer_zero(q, b, 0, 4), VXG_ERR_ARGUMENT, "queue of another device");
        expect_error(vxg_buffer_copy(q, b, 0, far, 0, 4), VXG_ERR_ARGUMENT,
                     "queue of another device");
    }
    expect_error(vxg_kernel_get(dev, "no_such_kernel", VXG_REAL_F32, &none), VXG_ERR_ARGUMENT,
                 "'no_such_kernel'");
    vxg_kernel_release(k);
    vxg_buffer_release(b), vxg_buffer_release(far);
    vxg_queue_free(q);
}

static void two_queues(vxg_device *dev) {
    vxg_queue *q[2];
    vxg_array x[2];
    int64_t n = 5000;
    static float back[5000];
    double seconds = -1;
    for (int i = 0; i < 2; i++) {
        CHECK_OK(vxg_queue_new(dev, &q[i]));
        CHECK_OK(vxg_array_new(dev, VXG_F32, 1, &n, &x[i]));
        EXPECT(vxg_queue_device(q[i]) == dev, "device of queue %d", i);
    }
    CHECK_OK(vxg_queue_time_begin(q[0]));
    for (int round = 0; round < 10; round++)
        for (int i = 0; i < 2; i++) CHECK_OK(vxg_array_axpby(q[i], 0, &x[i], 2, &x[i]));
    for (int i = 0; i < 2; i++) CHECK_OK(vxg_array_fill(q[i], &x[i], 1 + i));
    CHECK_OK(vxg_queue_time_end(q[0], &seconds));
    EXPECT(seconds >= 0, "%g s", seconds);
    for (int i = 0; i < 2; i++) {
        CHECK_OK(
            vxg_queue_sync(q[1 - i])); /* work of one queue is seen by the other after a sync */
        CHECK_OK(vxg_queue_sync(q[i]));
        CHECK_OK(vxg_array_axpby(q[1 - i], 10, &x[i], 1, &x[i]));
        CHECK_OK(vxg_array_read(q[1 - i], &x[i], back));
        EXPECT(back[0] == (float)(11 * (1 + i)) && back[4999] == back[0], "%g", (double)back[0]);
    }
    vxg_graph *g;
    if (strcmp(vxg_device_get_info(dev)->backend, "cuda")) {
        expect_error(vxg_queue_capture_begin(q[0]), VXG_ERR_UNSUPPORTED, "graph capture");
        expect_error(vxg_queue_capture_end(q[0], &g), VXG_ERR_UNSUPPORTED, "graph capture");
    }
    for (int i = 0; i < 2; i++) vxg_array_release(&x[i]), vxg_queue_free(q[i]);
    vxg_queue_free(NULL), vxg_graph_free(NULL), vxg_kernel_release(NULL);
}

/* One device, several threads, a queue each; kernels are built by whoever comes first. */
typedef struct worker {
    vxg_device *dev;
    int number, failed;
    char words[256];
} worker;

static int work(worker *w) {
    int64_t n = 2000;
    float back[2000];
    vxg_array x = {0}, y = {0};
    vxg_queue *q = NULL;
    int status = vxg_queue_new(w->dev, &q);
    if (!status) status = vxg_array_new(w->dev, VXG_F32, 1, &n, &x);
    if (!status) status = vxg_array_new(w->dev, VXG_F32, 1, &n, &y);
    if (!status) status = vxg_array_fill(q, &x, w->number);
    for (int i = 0; i < 50 && !status; i++) status = vxg_array_axpby(q, 1, &x, 1, &y);
    if (!status) status = vxg_array_read(q, &y, back);
    for (int i = 0; i < n && !status; i++)
        if (back[i] != (float)(50 * w->number)) status = -1;
    vxg_array_release(&x), vxg_array_release(&y);
    vxg_queue_free(q);
    return status;
}
static void *start_work(void *arg) {
    worker *w = arg;
    if ((w->failed = work(w))) snprintf(w->words, sizeof w->words, "%s", vxg_error_message());
    return NULL;
}

static void threads(const char *spec) {
    enum { THREADS = 6 };
    pthread_t t[THREADS];
    worker w[THREADS];
    vxg_device *dev;
    CHECK_OK(vxg_device_open(spec, &dev));
    for (int i = 0; i < THREADS; i++) {
        w[i] = (worker){.dev = dev, .number = i + 1};
        CHECK(!pthread_create(&t[i], NULL, start_work, &w[i]), "thread");
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(t[i], NULL);
        EXPECT(!w[i].failed, "thread %d: %d %s", i, w[i].failed, w[i].words);
    }
    vxg_device_release(dev);
}

static void all_on(const char *spec) {
    vxg_device *dev, *cpu;
    int64_t before = vxg_alloc_live();
    if (vxg_device_open(spec, &dev)) SKIP("%s", vxg_error_message());
    CHECK_OK(vxg_device_open("cpu", &cpu));
    bounds(dev);
    transfers(dev);
    kinds(dev);
    if (dev != cpu) {
        across(dev, cpu);
        across(cpu, dev);
    }
    launches(dev, cpu);
    two_queues(dev);
    vxg_buffer *b;
    int64_t most = vxg_device_get_info(dev)->max_buffer;
    if (most)
        expect_error(vxg_buffer_new(dev, (size_t)most + 1, &b), VXG_ERR_MEMORY, "the largest on");
    vxg_device_release(cpu);
    vxg_device_release(dev);
    threads(spec);
    EXPECT(vxg_alloc_live() == before, "memory leak");
}
TEST(cpu)
{ all_on("cpu"); }
TEST(opencl)
{ all_on("opencl"); }
TEST(cuda)
{ all_on("cuda"); }

/* ---- Without any vendor library: seen by a new process ---- */
static int child(void) {
    vxg_device_info info[8] = {0};
    vxg_device *dev;
    int n = 0;
    int status = vxg_device_list(info, 8, &n);
    printf("list %d: %d\nopencl: %s\n", status, n, vxg_device_why("opencl"));
    printf("cuda: %s\n", vxg_device_why("cuda"));
    printf("open %d: %s\n", vxg_device_open("opencl", &dev), vxg_error_message());
    status = vxg_device_open(NULL, &dev);
    printf("default %d: %s\n", status, status ? "" : vxg_device_get_info(dev)->spec);
    return 0;
}

TEST(nothing_there)
{
    char command[1024], out[4096];
    static const char *const opencl[] = {"/nonexistent/libOpenCL.so.1", "libc.so.6"};
    static const char *const words[] = {"install an OpenCL loader", "lacks clGetPlatformIDs"};
    for (int i = 0; i < 2; i++) {
        snprintf(command, sizeof command,
                 "VXG_OPENCL_LIB=%s VXG_CUDA_LIB=/nonexistent/libcuda.so.1 %s --child", opencl[i],
                 self_path);
        FILE *f = popen(command, "r");
        CHECK(f, "%s", command);
        out[fread(out, 1, sizeof out - 1, f)] = 0;
        CHECK(!pclose(f), "%s", out);
        EXPECT(strstr(out, "list 0: 1\n") && strstr(out, "default 0: cpu\n"), "%s", out);
        EXPECT(strstr(out, words[i]) && strstr(out, "install the NVIDIA driver"), "%s", out);
        EXPECT(strstr(out, "open 5: opening device opencl: "), "%s", out);
    }
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(listing), T(opening), T(default_device), T(cpu),
                                      T(opencl),  T(cuda),    T(nothing_there)};
    unsetenv("VXG_DEVICE");
    unsetenv("VXG_ISA");
    if (argc > 1 && !strcmp(argv[1], "--child")) return child();
    self_path = argv[0];
    return test_run("device", list, (int)(sizeof list / sizeof *list), argc, argv);
}
