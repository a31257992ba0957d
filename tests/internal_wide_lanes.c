/* The schedules as AVX-512 runs them, 16 floats wide, on a processor with AVX2: the same source
 * with the same lanes, each vector lowered to two. Every bit must equal the AVX2 level's. What only
 * an AVX-512 processor can show, the compiler's own instructions, is left to such a processor
 * (VXG_ISA=v4). */
#ifdef __AVX2__
#define VXG_LEVEL wide
#define VXG_DTYPE_f32 1
#define VXG_WIDE_LANES 1
#include "device/cpu/kernels.c"
#endif

#include <voxgrad/voxgrad.h>

#include "test.h"

#ifdef __AVX2__
static const vxg_cpu_level wide = {
    "wide", "v4's lanes", "-march=native", {&vxg__cpu_wide_f32, NULL}};

/* apply and vjp of one example at a level, into two malloc'ed arrays. */
static int run_example(const vxg_op_row *row, uint64_t seed, const vxg_cpu_level *level, float **y,
                       int64_t *ny, float **x, int64_t *nx) {
    vxg_problem p = {.real = VXG_REAL_F32, .scale = VXG_PROBLEM_SMALL, .seed = seed};
    vxg_device *dev;
    vxg_op *op;
    vxg_array in, c, out, grad;
    int status = vxg_device_open("cpu:v3", &dev);
    if (status) return status;
    void *before = dev->impl;
    if (level) dev->impl = (void *)(uintptr_t)level;
    if ((status = row->make(dev, &p, &op))) return status;
    if ((status = vxg_op_new_array(op, 0, &in)) || (status = vxg_op_new_array(op, -1, &c)) ||
        (status = vxg_op_new_array(op, 0, &grad)) || (status = vxg_op_new_array(op, -1, &out)) ||
        (status = vxg_array_random(NULL, &in, seed, -1, 1)) ||
        (status = vxg_array_random(NULL, &c, seed + 99, -1, 1)) ||
        (status = vxg_op_apply(op, NULL, &in, &out)) ||
        (status = vxg_op_vjp(op, NULL, &in, &c, &grad)))
        return status;
    *ny = vxg_array_count(&out), *nx = vxg_array_count(&grad);
    *y = malloc((size_t)*ny * 4), *x = malloc((size_t)*nx * 4);
    status = vxg_array_read(NULL, &out, *y);
    if (!status) status = vxg_array_read(NULL, &grad, *x);
    vxg_array_release(&in), vxg_array_release(&c), vxg_array_release(&out),
        vxg_array_release(&grad);
    vxg_op_release(op);
    dev->impl = before;
    vxg_device_release(dev);
    return status;
}

static void compare(const char *name) {
    const vxg_op_row *row = vxg_op_row_find(name);
    CHECK(row, "no row %s", name);
    for (uint64_t seed = 0; seed < (uint64_t)row->examples; seed++) {
        float *y[2] = {0}, *x[2] = {0};
        int64_t ny, nx;
        CHECK_OK(run_example(row, seed, NULL, &y[0], &ny, &x[0], &nx));
        CHECK_OK(run_example(row, seed, &wide, &y[1], &ny, &x[1], &nx));
        EXPECT(!memcmp(y[0], y[1], (size_t)ny * 4), "%s, seed %d: apply differs", name, (int)seed);
        EXPECT(!memcmp(x[0], x[1], (size_t)nx * 4), "%s, seed %d: vjp differs", name, (int)seed);
        for (int i = 0; i < 2; i++) free(y[i]), free(x[i]);
    }
}
#define NEED_AVX2                                                                                  \
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))                         \
    SKIP("this processor has no AVX2")
#else
#define compare(name)
#define NEED_AVX2 SKIP("not an x86-64 build")
#endif

TEST(joseph)
{
    NEED_AVX2;
    compare("ct.parallel.joseph");
}
TEST(backprojector)
{
    NEED_AVX2;
    compare("ct.parallel.backprojector");
}
TEST(filter)
{
    NEED_AVX2;
    compare("ct.filter");
}
TEST(fbp)
{
    NEED_AVX2;
    compare("ct.parallel.fbp");
    compare("ct.parallel.fourier");
}
TEST(cone_joseph)
{
    NEED_AVX2;
    compare("ct.cone.joseph");
    compare("ct.cone3d.joseph");
    compare("ct.cone3d.curved.joseph");
    compare("ct.fan2d.joseph");
}

TEST(cone_backprojector)
{
    NEED_AVX2;
    compare("ct.cone.backprojector");
    compare("ct.cone.backprojector.weighted");
}

TEST_MAIN("wide_lanes", T(joseph), T(backprojector), T(filter), T(fbp), T(cone_backprojector),
          T(cone_joseph))
