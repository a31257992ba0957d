/* Between the two halves of the simulated CUDA: driver (fake.c) and compiler (compiler.c). */
#ifndef VXG_FAKE_INTERNAL_H
#define VXG_FAKE_INTERNAL_H
#include "device/backend.h" /* for the bytes of k_params, which arrive by value */
#include "device/cuda/procs.h"

#include "fake.h"

#define FAKE_API __attribute__((visibility("default")))
enum {
    FAKE_CONTEXT,
    FAKE_MEMORY,
    FAKE_STREAM,
    FAKE_EVENT,
    FAKE_MODULE,
    FAKE_GRAPH,
    FAKE_EXEC,
    FAKE_PROGRAM,
    FAKE_ARRAY,
    FAKE_TEXTURE,
    FAKE_KINDS
};
extern int fake_devices, fake_arch, fake_grid[3], fake_known_arch;
int fake_enter(const char *name);
void fake_count(int kind, int change);
void fake_run_all(void);
int fake_is_memory(const void *p, size_t bytes);
int fake_is_texture(const void *p);

/* A launch with copies of its arguments. */
typedef struct fake_launch {
    CUfunction function;
    unsigned grid[3], block[3];
    void *buffer[8];
    vxg_params_f32 params;
    unsigned y0, z0;
} fake_launch;
int fake_take_arguments(fake_launch *l, void **params);
void fake_run(const fake_launch *l);
#endif
