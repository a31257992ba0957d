/* The cuda backend's inside. */
#ifndef VXG_CUDA_H
#define VXG_CUDA_H

#include "device/backend.h"
#include "device/cuda/procs.h"

extern vxg_cuda_api vxg__cu;
extern vxg_nvrtc_api vxg__nvrtc;

/* Open the driver (VXG_CUDA_LIB, else libcuda.so.1) and the compiler (loader.c says where) once; a
 * failed try is made again by the next call. VXG_ERR_DEVICE with words on what to install. */
int vxg__cuda_load(void);
int vxg__nvrtc_load(void);

/* Status and message of a failed call; VXG_OK for success. */
int vxg__cu_check(CUresult code, const char *call);
int vxg__nvrtc_check(nvrtcResult code, const char *call);
#define VXG_CU(name, ...) vxg__cu_check(vxg__cu.name(__VA_ARGS__), #name)
#define VXG_NVRTC(name, ...) vxg__nvrtc_check(vxg__nvrtc.name(__VA_ARGS__), #name)

typedef struct cuda_unit {
    struct cuda_unit *next;
    char *name; /* the file, a space, the definitions; owned */
    CUmodule module;
} cuda_unit;

typedef struct cuda_impl {
    CUdevice device;
    CUcontext context; /* the primary one: pointers of other libraries are valid in it */
    CUstream fills;    /* new buffers are taken and zeroed here, freed ones given back */
    CUmemoryPool pool; /* NULL: plain allocations */
    uint64_t keep;     /* bytes that stay in it beside those in use */
    uint64_t in_use;   /* of the pool; atomic */
    int arch;          /* 10 major + minor */
    int64_t max_block[3], max_grid[3];
    char identity[256]; /* device and driver, for the cache's key */
    cuda_unit *units;   /* modules of the library's kernel files; guarded by the device's lock */
} cuda_impl;

typedef struct cuda_queue {
    CUstream stream;
    CUevent begin, end; /* made on first use */
    int recording;
} cuda_queue;

/* Every call into the driver stands between these: the caller's own context is put back. leave
 * returns status, or what went wrong in leaving. */
int vxg__cuda_enter(const vxg_device *dev);
int vxg__cuda_leave(int status);

/* memory.c */
CUdeviceptr vxg__cuda_address(const vxg_buffer *buf);
int vxg__cuda_pool_new(vxg_device *dev); /* or none: plain allocations then */
void vxg__cuda_pool_free(cuda_impl *impl);
void vxg__cuda_trim(vxg_device *dev);
int vxg__cuda_buffer_new(vxg_buffer *buf);
void vxg__cuda_drop(vxg_buffer *buf); /* images too; the context is entered, or could not be */
void vxg__cuda_buffer_free(vxg_buffer *buf);
int vxg__cuda_buffer_wrap(vxg_buffer *buf, void *memory);
void vxg__cuda_buffer_unwrap(vxg_buffer *buf);

/* A thread that records a graph may make buffers and load programs between these: they are no part
 * of it. */
static inline CUstreamCaptureMode vxg__cuda_relax(void) {
    CUstreamCaptureMode mode = CU_STREAM_CAPTURE_MODE_RELAXED;
    vxg__cu.cuThreadExchangeStreamCaptureMode(&mode);
    return mode;
}
static inline void vxg__cuda_unrelax(CUstreamCaptureMode before) {
    vxg__cu.cuThreadExchangeStreamCaptureMode(&before);
}

/* A compiled program: machine code for sm_<arch>, or PTX for the nearest architecture below it that
 * this NVRTC knows (is_ptx). data is freed by vxg__free. */
typedef struct cuda_image {
    void *data;
    size_t bytes;
    int is_ptx;
} cuda_image;
int vxg__nvrtc_compile(const char *name, int is_user, const char *source, const char *options,
                       int arch, cuda_image *out);

int vxg__cuda_kernel_builtin(vxg_kernel *kernel, const char *unit);
int vxg__cuda_kernel_source(vxg_kernel *kernel, const char *text);
void vxg__cuda_kernel_free(vxg_kernel *kernel);
int vxg__cuda_launch(vxg_kernel *kernel, vxg_queue *queue, const vxg_launch *launch,
                     const vxg_part *part);
int vxg__cuda_launch_step(const vxg_kernel *kernel, const vxg_launch *launch, int64_t step[3]);
void vxg__cuda_units_free(cuda_impl *impl);

#endif
