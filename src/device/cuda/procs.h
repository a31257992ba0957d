/* The CUDA driver API and NVRTC as far as the backend uses them: own declarations, so that no
 * toolkit is needed to build and no vendor library is linked. One line per function; each user of
 * the lists says what a line becomes. A test compiles the lines against the vendor's header where
 * there is one (the guard below then leaves the types to it). */
#ifndef VXG_CUDA_PROCS_H
#define VXG_CUDA_PROCS_H

#include <stddef.h>
#include <stdint.h>

#ifndef VXG_VENDOR_CUDA_TYPES
typedef int CUresult;
typedef int CUdevice;
typedef int CUdevice_attribute;
typedef int CUfunction_attribute;
typedef int CUstreamCaptureMode;
typedef int CUstreamCaptureStatus;
typedef int CUpointer_attribute;
typedef unsigned long long CUdeviceptr;
typedef struct CUctx_st *CUcontext;
typedef struct CUmod_st *CUmodule;
typedef struct CUfunc_st *CUfunction;
typedef struct CUstream_st *CUstream;
typedef struct CUevent_st *CUevent;
typedef struct CUgraph_st *CUgraph;
typedef struct CUgraphExec_st *CUgraphExec;
typedef struct CUarray_st *CUarray;
typedef struct CUmemPoolHandle_st *CUmemoryPool;
typedef int CUmemPool_attribute;
typedef unsigned long long CUtexObject;
typedef struct CUDA_RESOURCE_VIEW_DESC_st CUDA_RESOURCE_VIEW_DESC; /* never made */
typedef int nvrtcResult;

typedef struct CUDA_ARRAY3D_DESCRIPTOR_st {
    size_t Width, Height, Depth;
    int Format;
    unsigned NumChannels, Flags;
} CUDA_ARRAY3D_DESCRIPTOR;
typedef struct CUDA_MEMCPY3D_st {
    size_t srcXInBytes, srcY, srcZ, srcLOD;
    int srcMemoryType;
    const void *srcHost;
    CUdeviceptr srcDevice;
    CUarray srcArray;
    void *reserved0;
    size_t srcPitch, srcHeight;
    size_t dstXInBytes, dstY, dstZ, dstLOD;
    int dstMemoryType;
    void *dstHost;
    CUdeviceptr dstDevice;
    CUarray dstArray;
    void *reserved1;
    size_t dstPitch, dstHeight;
    size_t WidthInBytes, Height, Depth;
} CUDA_MEMCPY3D;
typedef struct CUDA_RESOURCE_DESC_st {
    int resType;
    union {
        struct {
            CUarray hArray;
        } array;
        struct {
            int reserved[32];
        } reserved;
    } res;
    unsigned flags;
} CUDA_RESOURCE_DESC;
typedef struct CUDA_TEXTURE_DESC_st {
    int addressMode[3];
    int filterMode;
    unsigned flags, maxAnisotropy;
    int mipmapFilterMode;
    float mipmapLevelBias, minMipmapLevelClamp, maxMipmapLevelClamp, borderColor[4];
    int reserved[12];
} CUDA_TEXTURE_DESC;
typedef struct CUmemPoolProps_st {
    int allocType, handleTypes;
    struct {
        int type, id;
    } location;
    void *win32SecurityAttributes;
    size_t maxSize; /* CUDA 12.2; before, and after it, bytes that are 0 */
    unsigned char reserved[56];
} CUmemPoolProps;
typedef struct _nvrtcProgram *nvrtcProgram;

enum {
    CUDA_SUCCESS = 0,
    CUDA_ERROR_INVALID_VALUE = 1,
    CUDA_ERROR_OUT_OF_MEMORY = 2,
    CUDA_ERROR_STUB_LIBRARY = 34,
    CUDA_ERROR_NO_DEVICE = 100,
    CUDA_ERROR_NOT_FOUND = 500,
    CUDA_ERROR_NOT_READY = 600,
    CU_STREAM_NON_BLOCKING = 1,
    CU_EVENT_DISABLE_TIMING = 2,
    CU_STREAM_CAPTURE_STATUS_NONE = 0,
    CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL = 9,
    CU_STREAM_CAPTURE_MODE_THREAD_LOCAL = 1,
    CU_STREAM_CAPTURE_MODE_RELAXED = 2,
    CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK = 0,
    CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X = 2,
    CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X = 5,
    CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT = 16,
    CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_LAYERED_WIDTH = 27,
    CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_LAYERED_HEIGHT = 28,
    CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_LAYERED_LAYERS = 29,
    CU_AD_FORMAT_FLOAT = 32,
    CUDA_ARRAY3D_LAYERED = 1,
    CU_MEMORYTYPE_DEVICE = 2,
    CU_MEMORYTYPE_ARRAY = 3,
    CU_RESOURCE_TYPE_ARRAY = 0,
    CU_TR_ADDRESS_MODE_BORDER = 3,
    CU_TR_FILTER_MODE_LINEAR = 1,
    CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR = 75,
    CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR = 76,
    CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED = 115,
    CU_MEM_ALLOCATION_TYPE_PINNED = 1, /* not moved: device memory */
    CU_MEM_LOCATION_TYPE_DEVICE = 1,
    CU_MEMPOOL_ATTR_RELEASE_THRESHOLD = 4,
    CU_MEMHOSTALLOC_PORTABLE = 1,
    CU_MEMHOSTALLOC_DEVICEMAP = 2,
    NVRTC_SUCCESS = 0,
    NVRTC_ERROR_COMPILATION = 6
};
#endif

/* X(name, arguments): functions that return a CUresult. */
#define VXG_CUDA_PROCS(X)                                                                          \
    X(cuInit, (unsigned flags))                                                                    \
    X(cuDriverGetVersion, (int *version))                                                          \
    X(cuGetErrorString, (CUresult code, const char **text))                                        \
    X(cuDeviceGetCount, (int *count))                                                              \
    X(cuDeviceGet, (CUdevice * device, int index))                                                 \
    X(cuDeviceGetName, (char *name, int size, CUdevice device))                                    \
    X(cuDeviceGetAttribute, (int *value, CUdevice_attribute what, CUdevice device))                \
    X(cuDeviceTotalMem_v2, (size_t * bytes, CUdevice device))                                      \
    X(cuDevicePrimaryCtxRetain, (CUcontext * context, CUdevice device))                            \
    X(cuDevicePrimaryCtxRelease_v2, (CUdevice device))                                             \
    X(cuCtxPushCurrent_v2, (CUcontext context))                                                    \
    X(cuCtxPopCurrent_v2, (CUcontext * context))                                                   \
    X(cuCtxSynchronize, (void))                                                                    \
    X(cuCtxGetDevice, (CUdevice * device))                                                         \
    X(cuPointerGetAttribute, (void *data, CUpointer_attribute what, CUdeviceptr pointer))          \
    X(cuStreamGetCtx, (CUstream stream, CUcontext * context))                                      \
    X(cuStreamIsCapturing, (CUstream stream, CUstreamCaptureStatus * status))                      \
    X(cuStreamWaitEvent, (CUstream stream, CUevent event, unsigned flags))                         \
    X(cuEventQuery, (CUevent event))                                                               \
    X(cuMemAlloc_v2, (CUdeviceptr * pointer, size_t bytes))                                        \
    X(cuMemFree_v2, (CUdeviceptr pointer))                                                         \
    X(cuMemPoolCreate, (CUmemoryPool * pool, const CUmemPoolProps *props))                         \
    X(cuMemPoolSetAttribute, (CUmemoryPool pool, CUmemPool_attribute what, void *value))           \
    X(cuMemPoolTrimTo, (CUmemoryPool pool, size_t bytes))                                          \
    X(cuMemPoolDestroy, (CUmemoryPool pool))                                                       \
    X(cuMemAllocFromPoolAsync,                                                                     \
      (CUdeviceptr * pointer, size_t bytes, CUmemoryPool pool, CUstream stream))                   \
    X(cuMemFreeAsync, (CUdeviceptr pointer, CUstream stream))                                      \
    X(cuMemHostAlloc, (void **memory, size_t bytes, unsigned flags))                               \
    X(cuMemHostGetDevicePointer_v2, (CUdeviceptr * pointer, void *memory, unsigned flags))         \
    X(cuMemFreeHost, (void *memory))                                                               \
    X(cuMemcpyHtoDAsync_v2, (CUdeviceptr dst, const void *src, size_t bytes, CUstream stream))     \
    X(cuMemcpyDtoHAsync_v2, (void *dst, CUdeviceptr src, size_t bytes, CUstream stream))           \
    X(cuMemcpyAsync, (CUdeviceptr dst, CUdeviceptr src, size_t bytes, CUstream stream))            \
    X(cuMemsetD8Async, (CUdeviceptr dst, unsigned char value, size_t bytes, CUstream stream))      \
    X(cuArray3DCreate_v2, (CUarray * array, const CUDA_ARRAY3D_DESCRIPTOR *shape))                 \
    X(cuArrayDestroy, (CUarray array))                                                             \
    X(cuMemcpy3DAsync_v2, (const CUDA_MEMCPY3D *copy, CUstream stream))                            \
    X(cuTexObjectCreate, (CUtexObject * texture, const CUDA_RESOURCE_DESC *resource,               \
                          const CUDA_TEXTURE_DESC *how, const CUDA_RESOURCE_VIEW_DESC *view))      \
    X(cuTexObjectDestroy, (CUtexObject texture))                                                   \
    X(cuStreamCreate, (CUstream * stream, unsigned flags))                                         \
    X(cuStreamDestroy_v2, (CUstream stream))                                                       \
    X(cuStreamSynchronize, (CUstream stream))                                                      \
    X(cuStreamBeginCapture_v2, (CUstream stream, CUstreamCaptureMode mode))                        \
    X(cuThreadExchangeStreamCaptureMode, (CUstreamCaptureMode * mode))                             \
    X(cuStreamEndCapture, (CUstream stream, CUgraph * graph))                                      \
    X(cuEventCreate, (CUevent * event, unsigned flags))                                            \
    X(cuEventDestroy_v2, (CUevent event))                                                          \
    X(cuEventRecord, (CUevent event, CUstream stream))                                             \
    X(cuEventSynchronize, (CUevent event))                                                         \
    X(cuEventElapsedTime, (float *ms, CUevent begin, CUevent end))                                 \
    X(cuModuleLoadData, (CUmodule * module, const void *image))                                    \
    X(cuModuleUnload, (CUmodule module))                                                           \
    X(cuModuleGetFunction, (CUfunction * function, CUmodule module, const char *name))             \
    X(cuFuncGetAttribute, (int *value, CUfunction_attribute what, CUfunction function))            \
    X(cuLaunchKernel,                                                                              \
      (CUfunction function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by,       \
       unsigned bz, unsigned shared, CUstream stream, void **params, void **extra))                \
    X(cuGraphInstantiateWithFlags, (CUgraphExec * exec, CUgraph graph, unsigned long long flags))  \
    X(cuGraphLaunch, (CUgraphExec exec, CUstream stream))                                          \
    X(cuGraphExecDestroy, (CUgraphExec exec))                                                      \
    X(cuGraphDestroy, (CUgraph graph))

/* X(name, arguments): functions that return an nvrtcResult. */
#define VXG_NVRTC_PROCS(X)                                                                         \
    X(nvrtcVersion, (int *major, int *minor))                                                      \
    X(nvrtcGetNumSupportedArchs, (int *count))                                                     \
    X(nvrtcGetSupportedArchs, (int *archs))                                                        \
    X(nvrtcCreateProgram, (nvrtcProgram * program, const char *text, const char *name, int n,      \
                           const char *const *headers, const char *const *names))                  \
    X(nvrtcDestroyProgram, (nvrtcProgram * program))                                               \
    X(nvrtcCompileProgram, (nvrtcProgram program, int n, const char *const *options))              \
    X(nvrtcGetProgramLogSize, (nvrtcProgram program, size_t * bytes))                              \
    X(nvrtcGetProgramLog, (nvrtcProgram program, char *log))                                       \
    X(nvrtcGetCUBINSize, (nvrtcProgram program, size_t * bytes))                                   \
    X(nvrtcGetCUBIN, (nvrtcProgram program, char *cubin))                                          \
    X(nvrtcGetPTXSize, (nvrtcProgram program, size_t * bytes))                                     \
    X(nvrtcGetPTX, (nvrtcProgram program, char *ptx))

typedef struct vxg_cuda_api {
#define X(name, arguments) CUresult(*name) arguments;
    VXG_CUDA_PROCS(X)
#undef X
} vxg_cuda_api;

typedef struct vxg_nvrtc_api {
#define X(name, arguments) nvrtcResult(*name) arguments;
    VXG_NVRTC_PROCS(X)
#undef X
} vxg_nvrtc_api;

#endif
