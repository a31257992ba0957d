/* Operators and arrays on a second device, a simulated CUDA driver (tests/fake_cuda) that can be
 * told to fail: what a device's trouble, or a buffer of another device, does to a call. */
#include <dlfcn.h>
#include <voxgrad/voxgrad.h>

#include "fake_cuda/fake.h"
#include "test.h"

#define FAKE_LIB VXG_BINARY_DIR "/tests/libfake_cuda.so"
static void (*fail)(const char *, int, int);
static int (*hit)(void);
static vxg_device *cpu, *gpu;

static int open_devices(void) {
    void *lib = dlopen(FAKE_LIB, RTLD_NOW | RTLD_LOCAL);
    if (!lib) return -1;
    *(void **)&fail = dlsym(lib, "fake_fail");
    *(void **)&hit = dlsym(lib, "fake_hit");
    return vxg_device_open("cpu", &cpu) || vxg_device_open("cuda", &gpu);
}

/* A device that cannot read: the reduction says so, and frees what it took once. */
TEST(failing_reads)
{
    const int64_t n = 1000;
    vxg_array x, y;
    double value;
    CHECK_OK(vxg_array_new(gpu, VXG_F32, 1, &n, &x));
    CHECK_OK(vxg_array_new(gpu, VXG_F32, 1, &n, &y));
    CHECK_OK(vxg_array_dot(NULL, &x, &y, &value)); /* the device's own queue is there now */
    const int64_t before = vxg_alloc_live();
    for (int nth = 0; nth < 2; nth++)
        for (int kind = 0; kind < 2; kind++) {
            fail("cuMemcpyDtoHAsync_v2", nth, 999);
            const int status = kind ? vxg_array_max_diff(NULL, &x, &y, &value)
                                    : vxg_array_dot(NULL, &x, &y, &value);
            EXPECT(hit(), "read %d: the driver was not asked", nth);
            EXPECT(status == VXG_ERR_DEVICE, "read %d: status %d", nth, status);
            EXPECT(vxg_alloc_live() == before, "read %d: %d blocks stay alive", nth,
                   (int)(vxg_alloc_live() - before));
        }
    fail(NULL, 0, 0);
    CHECK_OK(vxg_array_dot(NULL, &x, &y, &value));
    vxg_array_release(&x), vxg_array_release(&y);
}

TEST(foreign_workspace)
{
    const vxg_space space = {.dtype = VXG_F32, .ndim = 1, .shape = {8}};
    vxg_op *scale, *both;
    vxg_array x, y;
    vxg_call call = {0};
    CHECK_OK(vxg_op_math(cpu, VXG_MATH_SCALE, 2, &space, &scale));
    CHECK_OK(vxg_op_compose(scale, scale, &both));
    CHECK_OK(vxg_op_new_array(both, 0, &x));
    CHECK_OK(vxg_op_new_array(both, -1, &y));
    CHECK_OK(vxg_buffer_new(gpu, 1 << 16, &call.workspace));
    EXPECT(vxg_op_apply(both, &call, &x, &y) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "workspace is on another device"),
           "a workspace of another device: %s", vxg_error_message());
    EXPECT(vxg_op_vjp(both, &call, &x, &y, &x) == VXG_ERR_ARGUMENT, "of a vjp");
    vxg_buffer_release(call.workspace);
    vxg_op_release(scale), vxg_op_release(both);
    vxg_array_release(&x), vxg_array_release(&y);
}

/* Operators, arrays, queues of two devices do not mix. */
TEST(foreign_parts)
{
    const vxg_space space = {.dtype = VXG_F32, .ndim = 1, .shape = {8}};
    vxg_op *a, *b, *mul, *out;
    vxg_array x, y, other;
    vxg_call call = {0};
    CHECK_OK(vxg_op_math(cpu, VXG_MATH_SCALE, 2, &space, &a));
    CHECK_OK(vxg_op_math(gpu, VXG_MATH_SCALE, 2, &space, &b));
    CHECK_OK(vxg_op_multiply(cpu, &space, &mul));
    CHECK_OK(vxg_op_new_array(a, 0, &x));
    CHECK_OK(vxg_op_new_array(a, 0, &y));
    CHECK_OK(vxg_op_new_array(b, 0, &other));
    CHECK_OK(vxg_queue_new(gpu, &call.queue));
    const struct {
        int status;
        const char *what;
    } calls[] = {
        {vxg_op_apply(a, NULL, &other, &y), "input"},
        {vxg_op_apply(a, NULL, &x, &other), "output"},
        {vxg_op_jvp(a, NULL, NULL, &other, &y), "tangent"},
        {vxg_op_vjp(a, NULL, NULL, &other, &y), "cotangent"},
        {vxg_op_vjp(a, NULL, NULL, &x, &other), "gradient"},
        {vxg_op_apply(a, &call, &x, &y), "queue"},
        {vxg_op_bind(mul, 0, &other, &out), "bound value"},
        {vxg_op_compose(a, b, &out), "compose"},
        {vxg_op_add(a, b, &out), "add"},
        {vxg_op_stack((const vxg_op *[]){a, b}, 2, &out), "stack"},
    };
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        EXPECT(calls[i].status == VXG_ERR_ARGUMENT, "%s of another device: status %d",
               calls[i].what, calls[i].status);
    vxg_queue_free(call.queue);
    vxg_array_release(&x), vxg_array_release(&y), vxg_array_release(&other);
    vxg_op_release(a), vxg_op_release(b), vxg_op_release(mul);
}

/* Subsets, normal and bind where kernels are launched with views' coefficients out of a table. */
static void slots_of(vxg_device *dev, const char *name) {
    typedef int (*check_fn)(const vxg_op *, const vxg_check_opts *, vxg_check_result *);
    static const check_fn checks[] = {vxg_check_subset, vxg_check_normal, vxg_check_bind};
    static const char *const words[] = {"subset", "normal", "bind"};
    const vxg_op_row *row = vxg_op_row_find(name);
    CHECK(row, "no row %s", name);
    for (uint64_t seed = 0; seed < 3; seed++) {
        const vxg_problem p = {.scale = VXG_PROBLEM_TINY, .seed = seed};
        const vxg_check_opts o = {
            .seed = seed, .input_range = row->input_range, .nranges = row->nranges};
        vxg_op *op;
        CHECK_OK(row->make(dev, &p, &op));
        for (int i = 0; i < 3; i++) {
            vxg_check_result r = {0};
            const int status = checks[i](op, &o, &r);
            if (status == VXG_ERR_UNSUPPORTED) continue;
            EXPECT(!status && r.passed, "%s of %s, example %d: %s, %.3g (%s)", words[i], name,
                   (int)seed, status ? vxg_error_message() : "", r.residual, r.detail);
        }
        vxg_op_release(op);
    }
}
static void all_slots(vxg_device *dev) {
    static const char *const names[] = {"math.exp",
                                        "math.multiply",
                                        "ct.parallel3d.joseph",
                                        "ct.parallel2d.siddon",
                                        "ct.cone3d.joseph",
                                        "ct.cone3d.curved.joseph",
                                        "ct.cone3d.footprint",
                                        "ct.cone3d.geometry",
                                        "ct.cone.fdk"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) slots_of(dev, names[i]);
}
TEST(slots_cuda)
{ all_slots(gpu); }
TEST(slots_opencl)
{
    vxg_device *dev;
    if (vxg_device_open("opencl:0", &dev)) SKIP("%s", vxg_error_message());
    all_slots(dev);
    vxg_device_release(dev);
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(failing_reads), T(foreign_workspace), T(foreign_parts),
                                      T(slots_cuda), T(slots_opencl)};
    setenv("VXG_CUDA_LIB", FAKE_LIB, 1);
    setenv("VXG_NVRTC_LIB", FAKE_LIB, 1);
    unsetenv("VXG_DEVICE");
    if (system("cc --version >/dev/null 2>&1")) {
        printf("SKIP op_devices.all: the simulated driver needs a C compiler\n");
        return 0;
    }
    if (open_devices()) return printf("FAIL op_devices.open: %s\n", vxg_error_message()), 1;
    const int failed = test_run("op_devices", list, (int)(sizeof list / sizeof *list), argc, argv);
    vxg_device_release(cpu), vxg_device_release(gpu);
    return failed;
}
