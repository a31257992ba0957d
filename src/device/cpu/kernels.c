/* Every kernel and schedule of the library, compiled once per instruction-set level and precision
 * (VXG_LEVEL, VXG_DTYPE_f32 or VXG_DTYPE_f64 from the build). */
#define K_LINKAGE static
#include "kernels/prelude/c.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wpsabi"
#endif

#include "kernel_all.h"

#include "device/cpu/cpu.h"

#define X(name, file) {#name, "", (vxg_cpu_fn)(void (*)(void))K_SYM(name)},
#define V(name, options, symbol) {#name, options, (vxg_cpu_fn)(void (*)(void))K_SYM(symbol)},
#define S(name)
#define U(file, options)
static const vxg_cpu_kernel kernels[] = {
#include "kernel_list.h"
    {0, 0, 0}};
#undef X
#undef S
#undef V

#define X(name, file)
#define V(name, options, symbol)
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
#if defined(LANE_W)
#define LANES LANE_W
#else
#define LANES 1
#endif
const vxg_cpu_table TABLE(VXG_LEVEL, K_DTYPE) = {kernels, schedules, LANES};
