/* Between the parts of the simulated CUDA: driver (fake.c), compiler (compiler.c), controls
 * (control.c), devices (devices.c). */
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
    FAKE_POOL,
    FAKE_PINNED,
    FAKE_KINDS
};
extern int fake_devices, fake_arch, fake_grid[3], fake_known_arch, fake_layers, fake_pools;
extern int fake_memory_mb, fake_early;
/* Counts a call; the code to return instead of doing it, or 0. */
int fake_enter(const char *name);
#define ENTER(name)                                                                                \
    do {                                                                                           \
        int code_ = fake_enter(#name);                                                             \
        if (code_) return code_;                                                                   \
    } while (0)
#define NEED(condition, code)                                                                      \
    do {                                                                                           \
        if (!(condition)) return (code);                                                           \
    } while (0)
/* What a thread must not do while it records. */
int fake_is_unsafe(void);
#define SAFE NEED(!fake_is_unsafe(), CAPTURING)
#define INVALID 1
#define NO_CONTEXT 201
#define BAD_HANDLE 400
#define CAPTURING 900
void fake_count(int kind, int change);
int fake_depth(void);         /* contexts on the thread's stack */
CUcontext fake_context(void); /* the one on top, NULL: none that is alive */
#define NEED_CONTEXT NEED(fake_context(), NO_CONTEXT)
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
