/* Users' kernels on the CPU: the system C compiler makes a shared object that is loaded. */
#ifndef VXG_CPU_COMPILE_H
#define VXG_CPU_COMPILE_H
#include "device/cpu/cpu.h"
int vxg__cpu_compile(const vxg_kernel *kernel, const char *text, const char *options, void **module,
                     vxg_cpu_fn *fn);
#endif
