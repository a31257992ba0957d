/* Finds the OpenCL loader library at run time. */
#include "device/opencl/opencl.h"

#include <dlfcn.h>
#include <stdlib.h>

vxg_cl_api vxg__cl;
VXG_LOCK(load_lock, VXG_RANK_LOADER);
static void *library;  /* stays open: its platforms may own threads */
static unsigned forks; /* when it was loaded */

static int look_up(void *lib, const char *path, const char *name, void *slot) {
    void *p = dlsym(lib, name);
    VXG_FAIL_IF(!p, VXG_ERR_DEVICE, "%s lacks %s: OpenCL 1.2 is needed", path, name);
    *(void **)slot = p;
    return VXG_OK;
}

static int load_all(void *lib, const char *path) {
#define X(name, arguments) VXG_TRY(look_up(lib, path, #name, &vxg__cl.name));
    VXG_CL_CALLS(X)
#undef X
#define X(type, name, arguments) VXG_TRY(look_up(lib, path, #name, &vxg__cl.name));
    VXG_CL_MAKERS(X)
#undef X
    return VXG_OK;
}

static int load(void) {
    const char *own = getenv("VXG_OPENCL_LIB");
    const char *path = own && *own ? own : "libOpenCL.so.1";
    void *lib = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    VXG_FAIL_IF(!lib, VXG_ERR_DEVICE,
                "%s cannot be opened; install an OpenCL loader (Debian: ocl-icd-libopencl1) and a "
                "driver (Debian: pocl-opencl-icd for the processor)",
                path);
    int status = load_all(lib, path);
    if (status) {
        dlclose(lib);
    } else {
        library = lib;
    }
    return status;
}

int vxg__cl_load(void) {
    vxg__lock(&load_lock);
    const int was_loaded = library != NULL;
    int status = library ? VXG_OK : load();
    if (!status && !was_loaded) forks = vxg__forks();
    const int lost = !status && forks != vxg__forks();
    vxg__unlock(&load_lock);
    VXG_FAIL_IF(lost, VXG_ERR_DEVICE,
                "OpenCL was in use before this process was forked, and its threads did not come "
                "along: use it in the parent alone, or fork before it is used");
    return status;
}

static const char *code_name(cl_int code) {
    switch (code) {
#define X(name, value)                                                                             \
    case value: return "CL_" #name;
        VXG_CL_ERRORS(X)
#undef X
    }
    return "error";
}

int vxg__cl_check(cl_int code, const char *call) {
    if (code == CL_SUCCESS) return VXG_OK;
    int memory = code == CL_MEM_OBJECT_ALLOCATION_FAILURE || code == CL_OUT_OF_HOST_MEMORY ||
                 code == CL_INVALID_BUFFER_SIZE;
    VXG_FAIL(memory ? VXG_ERR_MEMORY : VXG_ERR_DEVICE, "%s: %s (%d)", call, code_name(code),
             (int)code);
}
