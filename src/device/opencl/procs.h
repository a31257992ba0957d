/* OpenCL 1.2 as far as the backend uses it: own declarations, so that no vendor header is needed
 * and no vendor library is linked. One line per function; each user of the lists says what a line
 * becomes (a member of the table of pointers, a symbol lookup, a failing double in a test). */
#ifndef VXG_OPENCL_PROCS_H
#define VXG_OPENCL_PROCS_H

#include <stddef.h>
#include <stdint.h>

typedef int32_t cl_int;
typedef uint32_t cl_uint;
typedef uint64_t cl_ulong;
typedef cl_uint cl_bool;
typedef cl_ulong cl_bitfield;
typedef intptr_t cl_property;
typedef struct vxg_cl_platform *cl_platform_id;
typedef struct vxg_cl_device *cl_device_id;
typedef struct vxg_cl_context *cl_context;
typedef struct vxg_cl_queue *cl_command_queue;
typedef struct vxg_cl_mem *cl_mem;
typedef struct vxg_cl_program *cl_program;
typedef struct vxg_cl_kernel *cl_kernel;
typedef struct vxg_cl_event *cl_event;
typedef void (*cl_notify)(void);

typedef struct cl_image_format {
    cl_uint order, type;
} cl_image_format;
typedef struct cl_image_desc {
    cl_uint type;
    size_t width, height, depth, layers, row_pitch, slice_pitch;
    cl_uint mip_levels, samples;
    cl_mem buffer;
} cl_image_desc;

enum {
    CL_SUCCESS = 0,
    CL_TRUE = 1,
    CL_DEVICE_TYPE_CPU = 1 << 1,
    CL_MEM_READ_WRITE = 1 << 0,
    CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT = 1 << 7,
    CL_PLATFORM_VERSION = 0x0901,
    CL_PLATFORM_NAME = 0x0902,
    CL_DEVICE_TYPE = 0x1000,
    CL_DEVICE_MAX_COMPUTE_UNITS = 0x1002,
    CL_DEVICE_MAX_WORK_ITEM_SIZES = 0x1005,
    CL_DEVICE_MAX_MEM_ALLOC_SIZE = 0x1010,
    CL_DEVICE_IMAGE2D_MAX_WIDTH = 0x1011,
    CL_DEVICE_IMAGE2D_MAX_HEIGHT = 0x1012,
    CL_DEVICE_IMAGE_SUPPORT = 0x1016,
    CL_DEVICE_SINGLE_FP_CONFIG = 0x101B,
    CL_DEVICE_GLOBAL_MEM_SIZE = 0x101F,
    CL_DEVICE_AVAILABLE = 0x1027,
    CL_DEVICE_COMPILER_AVAILABLE = 0x1028,
    CL_DEVICE_NAME = 0x102B,
    CL_DRIVER_VERSION = 0x102D,
    CL_DEVICE_VERSION = 0x102F,
    CL_DEVICE_IMAGE_MAX_ARRAY_SIZE = 0x1041,
    CL_CONTEXT_DEVICES = 0x1081,
    CL_CONTEXT_PLATFORM = 0x1084,
    CL_QUEUE_CONTEXT = 0x1090,
    CL_QUEUE_DEVICE = 0x1091,
    CL_QUEUE_PROPERTIES = 0x1093,
    CL_QUEUE_OUT_OF_ORDER = 1 << 0,
    CL_R = 0x10B0,
    CL_FLOAT = 0x10DE,
    CL_MEM_OBJECT_BUFFER = 0x10F0,
    CL_MEM_OBJECT_IMAGE2D_ARRAY = 0x10F3,
    CL_MEM_TYPE = 0x1100,
    CL_MEM_SIZE = 0x1102,
    CL_MEM_CONTEXT = 0x1106,
    CL_PROGRAM_BINARY_SIZES = 0x1165,
    CL_PROGRAM_BINARIES = 0x1166,
    CL_PROGRAM_BUILD_LOG = 0x1183,
    CL_KERNEL_WORK_GROUP_SIZE = 0x11B0,
    CL_EVENT_COMMAND_EXECUTION_STATUS = 0x11D3
};
#define CL_DEVICE_TYPE_ALL ((cl_bitfield)0xFFFFFFFF)

/* X(name, value): the codes a user may meet, for messages. */
#define VXG_CL_ERRORS(X)                                                                           \
    X(DEVICE_NOT_FOUND, -1)                                                                        \
    X(DEVICE_NOT_AVAILABLE, -2)                                                                    \
    X(COMPILER_NOT_AVAILABLE, -3)                                                                  \
    X(MEM_OBJECT_ALLOCATION_FAILURE, -4)                                                           \
    X(IMAGE_FORMAT_NOT_SUPPORTED, -10)                                                             \
    X(OUT_OF_RESOURCES, -5)                                                                        \
    X(OUT_OF_HOST_MEMORY, -6)                                                                      \
    X(BUILD_PROGRAM_FAILURE, -11)                                                                  \
    X(INVALID_VALUE, -30)                                                                          \
    X(INVALID_DEVICE, -33)                                                                         \
    X(INVALID_BINARY, -42)                                                                         \
    X(INVALID_KERNEL_NAME, -46)                                                                    \
    X(INVALID_KERNEL_ARGS, -52)                                                                    \
    X(INVALID_WORK_GROUP_SIZE, -54)                                                                \
    X(INVALID_BUFFER_SIZE, -61)                                                                    \
    X(INVALID_GLOBAL_WORK_SIZE, -63)                                                               \
    X(PLATFORM_NOT_FOUND_KHR, -1001)

enum {
#define X(name, value) CL_##name = value,
    VXG_CL_ERRORS(X)
#undef X
};

/* X(name, arguments): functions that return a cl_int. */
#define VXG_CL_CALLS(X)                                                                            \
    X(clGetPlatformIDs, (cl_uint n, cl_platform_id * out, cl_uint * count))                        \
    X(clGetPlatformInfo, (cl_platform_id p, cl_uint what, size_t n, void *out, size_t *size))      \
    X(clGetDeviceIDs,                                                                              \
      (cl_platform_id p, cl_bitfield type, cl_uint n, cl_device_id * out, cl_uint * count))        \
    X(clGetDeviceInfo, (cl_device_id d, cl_uint what, size_t n, void *out, size_t *size))          \
    X(clReleaseContext, (cl_context c))                                                            \
    X(clReleaseCommandQueue, (cl_command_queue q))                                                 \
    X(clFlush, (cl_command_queue q))                                                               \
    X(clFinish, (cl_command_queue q))                                                              \
    X(clReleaseMemObject, (cl_mem m))                                                              \
    X(clRetainContext, (cl_context c))                                                             \
    X(clGetContextInfo, (cl_context c, cl_uint what, size_t n, void *out, size_t *size))           \
    X(clRetainCommandQueue, (cl_command_queue q))                                                  \
    X(clGetCommandQueueInfo,                                                                       \
      (cl_command_queue q, cl_uint what, size_t n, void *out, size_t *size))                       \
    X(clRetainMemObject, (cl_mem m))                                                               \
    X(clGetMemObjectInfo, (cl_mem m, cl_uint what, size_t n, void *out, size_t *size))             \
    X(clEnqueueMarkerWithWaitList,                                                                 \
      (cl_command_queue q, cl_uint nevents, const cl_event *events, cl_event *event))              \
    X(clEnqueueBarrierWithWaitList,                                                                \
      (cl_command_queue q, cl_uint nevents, const cl_event *events, cl_event *event))              \
    X(clWaitForEvents, (cl_uint n, const cl_event *events))                                        \
    X(clGetEventInfo, (cl_event e, cl_uint what, size_t n, void *out, size_t *size))               \
    X(clReleaseEvent, (cl_event e))                                                                \
    X(clEnqueueWriteBuffer,                                                                        \
      (cl_command_queue q, cl_mem m, cl_bool wait, size_t offset, size_t bytes, const void *src,   \
       cl_uint nevents, const cl_event *events, cl_event *event))                                  \
    X(clEnqueueReadBuffer,                                                                         \
      (cl_command_queue q, cl_mem m, cl_bool wait, size_t offset, size_t bytes, void *dst,         \
       cl_uint nevents, const cl_event *events, cl_event *event))                                  \
    X(clEnqueueCopyBuffer,                                                                         \
      (cl_command_queue q, cl_mem src, cl_mem dst, size_t src_offset, size_t dst_offset,           \
       size_t bytes, cl_uint nevents, const cl_event *events, cl_event *event))                    \
    X(clEnqueueCopyBufferToImage,                                                                  \
      (cl_command_queue q, cl_mem src, cl_mem dst, size_t src_offset, const size_t *origin,        \
       const size_t *region, cl_uint nevents, const cl_event *events, cl_event *event))            \
    X(clEnqueueFillBuffer,                                                                         \
      (cl_command_queue q, cl_mem m, const void *pattern, size_t pattern_bytes, size_t offset,     \
       size_t bytes, cl_uint nevents, const cl_event *events, cl_event *event))                    \
    X(clEnqueueNDRangeKernel,                                                                      \
      (cl_command_queue q, cl_kernel k, cl_uint dims, const size_t *offset, const size_t *global,  \
       const size_t *local, cl_uint nevents, const cl_event *events, cl_event *event))             \
    X(clBuildProgram, (cl_program p, cl_uint n, const cl_device_id *devices, const char *options,  \
                       cl_notify notify, void *user))                                              \
    X(clGetProgramBuildInfo,                                                                       \
      (cl_program p, cl_device_id d, cl_uint what, size_t n, void *out, size_t *size))             \
    X(clGetProgramInfo, (cl_program p, cl_uint what, size_t n, void *out, size_t *size))           \
    X(clReleaseProgram, (cl_program p))                                                            \
    X(clSetKernelArg, (cl_kernel k, cl_uint index, size_t n, const void *value))                   \
    X(clGetKernelWorkGroupInfo,                                                                    \
      (cl_kernel k, cl_device_id d, cl_uint what, size_t n, void *out, size_t *size))              \
    X(clReleaseKernel, (cl_kernel k))

/* X(type, name, arguments): functions that return an object, their status in *error. */
#define VXG_CL_MAKERS(X)                                                                           \
    X(cl_context, clCreateContext,                                                                 \
      (const cl_property *properties, cl_uint n, const cl_device_id *devices, cl_notify notify,    \
       void *user, cl_int *error))                                                                 \
    X(cl_command_queue, clCreateCommandQueue,                                                      \
      (cl_context c, cl_device_id d, cl_bitfield properties, cl_int * error))                      \
    X(cl_mem, clCreateBuffer,                                                                      \
      (cl_context c, cl_bitfield flags, size_t bytes, void *host, cl_int *error))                  \
    X(cl_mem, clCreateImage,                                                                       \
      (cl_context c, cl_bitfield flags, const cl_image_format *format, const cl_image_desc *desc,  \
       void *host, cl_int *error))                                                                 \
    X(cl_program, clCreateProgramWithSource,                                                       \
      (cl_context c, cl_uint n, const char **texts, const size_t *lengths, cl_int *error))         \
    X(cl_program, clCreateProgramWithBinary,                                                       \
      (cl_context c, cl_uint n, const cl_device_id *devices, const size_t *lengths,                \
       const unsigned char **binaries, cl_int *states, cl_int *error))                             \
    X(cl_kernel, clCreateKernel, (cl_program p, const char *name, cl_int *error))

typedef struct vxg_cl_api {
#define X(name, arguments) cl_int(*name) arguments;
    VXG_CL_CALLS(X)
#undef X
#define X(type, name, arguments) type(*name) arguments;
    VXG_CL_MAKERS(X)
#undef X
} vxg_cl_api;

#endif
