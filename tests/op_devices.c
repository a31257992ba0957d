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
    if (!lib || system("cc --version >/dev/null 2>&1")) return -1;
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

int main(int argc, char **argv) {
    static const test_entry list[] = {T(failing_reads), T(foreign_workspace)};
    setenv("VXG_CUDA_LIB", FAKE_LIB, 1);
    setenv("VXG_NVRTC_LIB", FAKE_LIB, 1);
    unsetenv("VXG_DEVICE");
    if (open_devices()) {
        printf("SKIP op_devices.all: the simulated driver needs a C compiler\n");
        return 0;
    }
    const int failed = test_run("op_devices", list, (int)(sizeof list / sizeof *list), argc, argv);
    vxg_device_release(cpu), vxg_device_release(gpu);
    return failed;
}
