/* A CUDA driver and NVRTC that run on the processor: what the tests use to exercise the host code.
 * They are one shared library; a test opens it again to steer it through these functions. */
#ifndef VXG_FAKE_CUDA_H
#define VXG_FAKE_CUDA_H
#include <stddef.h>

/* The nth call (0: the next) of the entry point called name returns code, once. Entry points that
 * destroy do their work and then report code. name NULL switches off. */
void fake_fail(const char *name, int nth, int code);
/* Every call of name from now on returns code; NULL switches off. */
void fake_fail_always(const char *name, int code);
int fake_calls(const char *name); /* since fake_reset */
int fake_hit(void);               /* 1: the failure asked for has happened */
void fake_reset(void);            /* counts to 0, failures off, settings to their defaults */
/* Objects alive, contexts on the calling thread's stack included; words say which. */
int fake_live(char *words, size_t size);

/* How often memory was freed while work on it was queued, or used before it was there. */
int fake_early_frees(void);
/* Bytes that pools keep for later. */
size_t fake_kept(void);

/* Settings, by name: "devices", "arch" (90), "grid_y", "grid_z" (65535), "layers" (2048),
 * "known_arch" (0: all known; else the only one NVRTC knows), "pools" (1: the driver has them),
 * "memory_mb" (1024: of all memory that is in use or kept by pools). */
void fake_set(const char *what, int value);
#endif
