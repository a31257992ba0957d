/* Kernels compiled at run time on the CPU: the system C compiler makes a shared object that is
 * loaded. */
#ifndef VXG_CPU_COMPILE_H
#define VXG_CPU_COMPILE_H
#include "device/cpu/cpu.h"
/* Compiles a text with the kernel's definitions for an instruction-set level (a compiler's word).
 * unit: the library's file that the text is, NULL for a user's. */
int vxg__cpu_compile(const vxg_kernel *kernel, const char *unit, const char *text,
                     const char *march, void **module, vxg_cpu_fn *fn);
#endif
