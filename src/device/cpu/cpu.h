/* The cpu backend's inside: instruction-set levels, kernel tables, schedules. */
#ifndef VXG_CPU_H
#define VXG_CPU_H

#include "device/backend.h"

typedef void (*vxg_cpu_fn)(void *const *buffers, const void *params, int x0, int x1, int y, int z);
typedef void (*vxg_schedule_fn)(const void *args, int64_t unit, void *scratch);

typedef struct vxg_cpu_kernel {
    const char *name, *options; /* definitions it was compiled with, as of vxg_kernel */
    vxg_cpu_fn fn;
} vxg_cpu_kernel;
typedef struct vxg_cpu_schedule {
    const char *name;
    vxg_schedule_fn fn;
} vxg_cpu_schedule;

/* Compiled from src/device/cpu/kernels.c once per level and precision; ends with name NULL. */
typedef struct vxg_cpu_table {
    const vxg_cpu_kernel *kernels;
    const vxg_cpu_schedule *schedules;
    int lanes; /* floats of the vectors that schedules use */
} vxg_cpu_table;

typedef struct vxg_cpu_level { /* an instruction-set level; a cpu device's impl */
    const char *name, *words;
    const char *march;             /* what the system's compiler is told for kernels compiled now */
    const vxg_cpu_table *table[2]; /* by arithmetic */
} vxg_cpu_level;

/* The schedule of this name at the device's level: NULL when dev is not the cpu backend or
 * VXG_CPU_SCHEDULE=0. Schedules are float32. */
vxg_schedule_fn vxg__cpu_schedule(const vxg_device *dev, const char *name);
int vxg__cpu_lanes(const vxg_device *dev); /* floats of their vectors */
/* Runs units 0..nunits-1 on the pool, each with a zero-filled, 64-byte aligned scratch of its
 * worker (scratch keeps what earlier units of that worker left). VXG_ERR_CANCELLED when progress
 * says so. */
int vxg__cpu_run(vxg_schedule_fn fn, const void *args, int64_t nunits, size_t scratch_bytes,
                 const vxg_progress *progress);
/* The same in scratch that is given, vxg__cpu_scratch(scratch_bytes) of it: no memory is asked for.
 * It is neither zero nor, unless `scratch` is, aligned. Sizing and running stand in one scope
 * (vxg__scope_enter), as they do in every call of an operator. */
int vxg__cpu_run_in(vxg_schedule_fn fn, const void *args, int64_t nunits, void *scratch,
                    size_t scratch_bytes, const vxg_progress *progress);
size_t vxg__cpu_scratch(size_t bytes);

#endif
