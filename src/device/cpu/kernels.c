/* Every kernel and schedule of the library, compiled once per instruction-set level and precision
 * (VXG_LEVEL, VXG_DTYPE_f32 or VXG_DTYPE_f64 from the build). */
#define K_LINKAGE static
#include "kernels/prelude/c.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wpsabi"
#endif

#include "kernel_all.h"

#include "device/cpu/cpu.h"

#define X(name, file) {#name, (vxg_cpu_fn)(void (*)(void))K_SYM(name)},
#define S(name)
static const vxg_cpu_kernel kernels[] = {
#include "kernel_list.h"
    {0, 0}};
#undef X
#undef S

#define X(name, file)
#if defined(VXG_DTYPE_f64)
#define S(name)
#else
#define S(name) {#name, K_SYM(name)},
#endif
static const vxg_cpu_schedule schedules[] = {
#include "kernel_list.h"
    {0, 0}};

#define TABLE2(level, dtype) vxg__cpu_##level##_##dtype
#define TABLE(level, dtype) TABLE2(level, dtype)
extern const vxg_cpu_table TABLE(VXG_LEVEL, K_DTYPE);
const vxg_cpu_table TABLE(VXG_LEVEL, K_DTYPE) = {kernels, schedules};
