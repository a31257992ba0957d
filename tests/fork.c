/* fork() while other threads are inside the library: the child works, whatever lock they held. */
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <voxgrad/voxgrad.h>

#include "test.h"

static vxg_device *dev;
static vxg_op *op;
static int stop;

static int running(void) {
    return !__atomic_load_n(&stop, __ATOMIC_RELAXED);
}

/* ---- What threads do in the parent, and the child after the fork: 0 when it went well ---- */
static int apply_once(void) {
    vxg_array x, y;
    float sum[64];
    int status = vxg_op_new_array(op, 0, &x);
    if (status) return status;
    status = vxg_op_new_array(op, -1, &y);
    if (!status) status = vxg_array_fill(NULL, &x, 1);
    if (!status) status = vxg_op_apply(op, NULL, &x, &y);
    if (!status) status = vxg_buffer_read(NULL, y.buffer, 0, sum, sizeof sum);
    for (int i = 0; i < 64 && !status; i++) status = fabsf(sum[i] - expf(1)) > 1e-5f;
    vxg_array_release(&y);
    vxg_array_release(&x);
    return status;
}
static int open_once(void) {
    vxg_device *d;
    vxg_device_info info[4] = {0};
    int n, status = vxg_device_open("cpu:v2", &d);
    if (status) status = vxg_device_open("cpu:base", &d);
    if (status) return status;
    vxg_device_release(d);
    (void)n, (void)info;
    return 0;
}
static int kernel_once(void) {
    vxg_kernel *k;
    vxg_device *d;
    int status = vxg_device_open("cpu", &d);
    if (status) return status;
    status = vxg_kernel_get(d, "array_fill", VXG_REAL_F32, &k);
    if (!status) vxg_kernel_release(k);
    vxg_device_release(d);
    return status;
}
static void hear(void *context, int level, const char *text) {
    (void)level, (void)text;
    __atomic_add_fetch((int *)context, 1, __ATOMIC_RELAXED);
}
static int log_once(void) { /* a message from inside the library, if only on failure */
    static int lines;
    vxg_ct_geometry *g;
    vxg_set_log(hear, &lines, 2);
    vxg_ct_geometry_from_json("{\"beam\":1.5}", 12, &(vxg_ct_notes){0}, &g);
    vxg_set_log(NULL, NULL, -1);
    return 0;
}
static int names_once(void) {
    return vxg_op_row_find("no such operator") != NULL || vxg_op_row_count() < 1;
}
static int buffers_once(void) {
    vxg_buffer *b[8];
    int status = 0;
    for (int i = 0; i < 8; i++) status |= vxg_buffer_new(dev, 64, &b[i]);
    for (int i = 0; i < 8 && !status; i++) vxg_buffer_release(b[i]);
    return status;
}
static int threads_once(void) {
    static int n;
    return vxg_set_threads(1 + __atomic_add_fetch(&n, 1, __ATOMIC_RELAXED) % 4);
}

typedef int (*work_fn)(void);
static void *again_and_again(void *arg) {
    work_fn work;
    memcpy(&work, arg, sizeof work);
    while (running()) work();
    return NULL;
}

/* The child's exit code; -1 when it hangs. */
static int child(work_fn work) {
    fflush(stdout);
    const pid_t pid = fork();
    if (pid == 0) {
        alarm(100);
        _exit(work() || apply_once() || open_once() || kernel_once() || log_once() ? 1 : 0);
    }
    int state = -1;
    waitpid(pid, &state, 0);
    return WIFEXITED(state) ? WEXITSTATUS(state) : -1;
}

static void forks(work_fn background, work_fn work, int n) {
    pthread_t t[2];
    __atomic_store_n(&stop, 0, __ATOMIC_RELAXED);
    for (int i = 0; i < 2; i++)
        CHECK(!pthread_create(&t[i], NULL, again_and_again, &background), "thread");
    int bad = 0;
    for (int i = 0; i < n && !bad; i++) {
        usleep(300);
        bad = child(work);
        if (bad) test_note(1, __FILE__, __LINE__, "child %d: %s", i, bad < 0 ? "hangs" : "fails");
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < 2; i++) pthread_join(t[i], NULL);
    vxg_set_threads(4);
}

TEST(while_applying)
{ forks(apply_once, apply_once, 40); }
TEST(while_opening)
{ forks(open_once, open_once, 60); }
TEST(while_getting_kernels)
{ forks(kernel_once, kernel_once, 60); }
TEST(while_logging)
{ forks(log_once, log_once, 60); }
TEST(while_looking_up)
{ forks(names_once, names_once, 60); }
TEST(while_making_buffers)
{
#if defined(__SANITIZE_ADDRESS__)
    SKIP("AddressSanitizer's own allocator does not keep its locks across fork");
#endif
    forks(buffers_once, buffers_once, 60);
}
TEST(while_changing_threads)
{ forks(threads_once, apply_once, 40); }

/* A callback that forks, and a child of a child. */
static int grandchild(void) {
    return apply_once() || child(apply_once);
}
TEST(grandchildren)
{
    const int code = child(grandchild);
    EXPECT(code == 0, "code %d", code);
}

static int forked, fork_code;
static void fork_in_callback(void *context, int level, const char *text) {
    (void)context, (void)level, (void)text;
    if (forked++) return;
    fork_code = child(apply_once);
}
TEST(fork_in_a_log_callback)
{
    static const char broken[] = "K_KERNEL1(broken, K_GLOBAL real *, y) { y[gx] = no_such_name; }";
    vxg_kernel *k;
    if (system("cc --version >/dev/null 2>&1")) SKIP("no C compiler");
    forked = 0;
    vxg_set_log(fork_in_callback, NULL, 2);
    EXPECT(vxg_kernel_from_source(dev, broken, "broken", NULL, VXG_REAL_F32, &k), "it compiled");
    vxg_set_log(NULL, NULL, -1);
    EXPECT(forked > 0 && fork_code == 0, "code %d", fork_code);
}

/* A driver's threads stay in the parent: the child is told so, and ends in order. */
static vxg_device *gpu;
static vxg_buffer *gpu_buffer;
static vxg_queue *gpu_queue;
static int use_gpu(void) {
    float x = 0;
    vxg_device *d;
    vxg_queue *q;
    if (vxg_buffer_read(NULL, gpu_buffer, 0, &x, 4) != VXG_ERR_DEVICE) return 1;
    if (!strstr(vxg_error_message(), "fork")) return 1;
    if (vxg_queue_sync(gpu_queue) != VXG_ERR_DEVICE) return 1;
    if (vxg_queue_new(gpu, &q) != VXG_ERR_DEVICE) return 1;
    if (vxg_device_open("opencl", &d) != VXG_ERR_DEVICE) return 1;
    vxg_buffer_release(gpu_buffer);
    vxg_queue_free(gpu_queue);
    vxg_device_release(gpu);
    if (vxg_device_open("opencl", &d) != VXG_ERR_DEVICE) return 1;
    return !strstr(vxg_error_message(), "fork");
}
TEST(devices_of_the_parent)
{
    if (vxg_device_open("opencl", &gpu)) SKIP("%s", vxg_error_message());
    CHECK_OK(vxg_buffer_new(gpu, 64, &gpu_buffer));
    CHECK_OK(vxg_queue_new(gpu, &gpu_queue));
    const int code = child(use_gpu);
    EXPECT(code == 0, "code %d", code);
    float x = 1;
    CHECK_OK(vxg_buffer_read(NULL, gpu_buffer, 0, &x, 4));
    EXPECT(x == 0, "the parent's buffer");
    vxg_buffer_release(gpu_buffer);
    vxg_queue_free(gpu_queue);
    vxg_device_release(gpu);
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(while_applying),         T(while_opening),
                                      T(while_getting_kernels),  T(while_logging),
                                      T(while_looking_up),       T(while_making_buffers),
                                      T(while_changing_threads), T(grandchildren),
                                      T(fork_in_a_log_callback), T(devices_of_the_parent)};
    const vxg_space space = {.dtype = VXG_F32, .ndim = 2, .shape = {256, 256}};
    vxg_set_threads(4);
    if (vxg_device_open("cpu", &dev) || vxg_op_math(dev, VXG_MATH_EXP, 1, &space, &op)) return 1;
    const int status = test_run("fork", list, (int)(sizeof list / sizeof *list), argc, argv);
    vxg_op_release(op);
    vxg_device_release(dev);
    return status;
}
