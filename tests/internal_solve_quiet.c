/* An iteration of a solver asks for no memory and waits for nothing: counted on a simulated CUDA
 * driver, and in the library's own requests on the CPU. Methods and geometries, all of them. */
#include <voxgrad/voxgrad.h>

#include "fake_cuda/open.h"
#include "solve_method.h"
#include "test.h"

/* Rows whose operators solvers are for: linear, not negative, tiny. */
static const char *const rows[] = {"ct.parallel2d.joseph", "ct.parallel3d.joseph",
                                   "ct.fan2d.joseph", "ct.cone3d.joseph"};

static const char *const waits[] = {
    "cuStreamSynchronize", "cuEventSynchronize",     "cuCtxSynchronize",     "cuMemAlloc_v2",
    "cuMemFree_v2",        "cuMemcpyHtoDAsync_v2",   "cuMemcpyDtoHAsync_v2", "cuModuleLoadDataEx",
    "cuMemFreeAsync",      "cuMemAllocFromPoolAsync"};

/* What a look at numbers takes: a copy to the host, and the wait for it. */
static int is_look(const char *call) {
    return strstr(call, "Synchronize") || !strcmp(call, "cuMemcpyDtoHAsync_v2");
}

static int make(vxg_device *dev, const char *row, const char *method, int weighted,
                vxg_solver **out) {
    const vxg_problem tiny = {.real = VXG_REAL_F32, .scale = VXG_PROBLEM_TINY, .seed = 1};
    const vxg_op_row *r = vxg_op_row_find(row);
    vxg_array x = {0}, b = {0}, w = {0};
    vxg_op *op = NULL;
    int status = r ? r->make(dev, &tiny, &op) : -1;
    if (!status) status = vxg_op_new_array(op, 0, &x);
    if (!status) status = vxg_op_new_array(op, -1, &b);
    if (!status) status = vxg_op_new_array(op, -1, &w);
    if (!status) status = vxg_array_random(NULL, &x, 3, 0.1, 1);
    if (!status) status = vxg_array_random(NULL, &w, 3, 0.1, 1);
    if (!status) status = vxg_op_apply(op, NULL, &x, &b);
    const vxg_solve_problem p = {.op = op, .data = &b, .weights = weighted ? &w : NULL};
    const vxg_solve_opts o = needed(method, (vxg_solve_opts){0});
    if (!status) status = vxg_solver_new(method, &p, &o, out);
    vxg_array_release(&x), vxg_array_release(&b), vxg_array_release(&w);
    vxg_op_release(op);
    return status;
}

static void quiet(vxg_device *dev, int simulated) {
    for (int m = 0; m < vxg_solve_row_count(); m++)
        for (int r = 0; r < (int)(sizeof rows / sizeof *rows); r++)
            for (int weighted = 0; weighted < 2; weighted++) {
                const char *method = vxg_solve_row_at(m)->name;
                const int looks = !strcmp(method, "lbfgs"); /* once for every evaluation */
                vxg_solver *s = NULL;
                CHECK_OK(make(dev, rows[r], method, weighted, &s));
                for (int i = 0; i < 1 + looks; i++) CHECK_OK(vxg_solver_step(s));
                if (simulated) fake.reset();
                vxg_alloc_count();
                for (int i = 0; i < 3; i++) CHECK_OK(vxg_solver_step(s));
                const int64_t asked = vxg_alloc_count();
                EXPECT(asked == 0, "%s, %s, weights %d: %d requests for memory", method, rows[r],
                       weighted, (int)asked);
                for (int i = 0; simulated && i < (int)(sizeof waits / sizeof *waits); i++)
                    EXPECT(fake.calls(waits[i]) == 0 || (looks && is_look(waits[i])),
                           "%s, %s, weights %d: %d calls of %s", method, rows[r], weighted,
                           fake.calls(waits[i]), waits[i]);
                EXPECT(!simulated || fake.calls("cuLaunchKernel") > 0, "nothing was launched");
                vxg_solver_release(s);
            }
}

TEST(cpu)
{
    vxg_device *dev;
    CHECK_OK(vxg_device_open("cpu", &dev));
    quiet(dev, 0);
    vxg_device_release(dev);
}
TEST(cuda)
{
    vxg_device *dev;
    if (!open_fake()) SKIP("the simulated driver needs a C compiler");
    fake.reset();
    CHECK_OK(vxg_device_open("cuda:0", &dev));
    quiet(dev, 1);
    vxg_device_release(dev);
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(cpu), T(cuda)};
    setenv("VXG_CUDA_LIB", FAKE_LIB, 0);
    setenv("VXG_NVRTC_LIB", FAKE_LIB, 0);
    return test_run("solve_quiet", list, (int)(sizeof list / sizeof *list), argc, argv);
}
