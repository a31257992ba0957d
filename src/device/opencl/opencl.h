/* The opencl backend's inside. */
#ifndef VXG_OPENCL_H
#define VXG_OPENCL_H

#include "device/backend.h"
#include "device/opencl/procs.h"

extern vxg_cl_api vxg__cl; /* filled by vxg__cl_load; tests put failing doubles in */

/* Opens the OpenCL loader library (VXG_OPENCL_LIB, else libOpenCL.so.1) once; a failed try is made
 * again by the next call. VXG_ERR_DEVICE with words. */
int vxg__cl_load(void);
/* Status and message of a failed call; VXG_OK for CL_SUCCESS. */
int vxg__cl_check(cl_int code, const char *call);
#define VXG_CL(name, ...) vxg__cl_check(vxg__cl.name(__VA_ARGS__), #name)

typedef struct cl_unit {
    struct cl_unit *next;
    char *name; /* the file, a space, the definitions; owned */
    cl_program program;
} cl_unit;

typedef struct cl_impl {
    cl_platform_id platform;
    cl_device_id device;
    cl_context context;
    cl_command_queue fills; /* new buffers are zeroed here */
    size_t max_items[3];
    char options[64];
    char identity[640]; /* platform, device and driver, for the cache's key */
    cl_unit *units;     /* programs of the library's kernel files; guarded by the device's lock */
} cl_impl;

int vxg__cl_kernel_builtin(vxg_kernel *kernel, const char *unit);
int vxg__cl_kernel_source(vxg_kernel *kernel, const char *text);
void vxg__cl_kernel_free(vxg_kernel *kernel);
int vxg__cl_launch(vxg_kernel *kernel, vxg_queue *queue, const vxg_launch *launch,
                   const vxg_part *part);
int vxg__cl_launch_step(const vxg_kernel *kernel, const vxg_launch *launch, int64_t step[3]);
void vxg__cl_units_free(cl_impl *impl);

#endif
