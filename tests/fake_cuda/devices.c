/* The simulated CUDA's devices and contexts. */
#include <stdio.h>
#include <string.h>

#include "fake_internal.h"

static _Thread_local CUcontext stack[16];
static _Thread_local int depth;

int fake_depth(void) {
    return depth;
}

struct CUctx_st {
    int retained;
};
static struct CUctx_st contexts[8];

FAKE_API CUresult cuInit(unsigned flags) {
    ENTER(cuInit);
    NEED(flags == 0, INVALID);
    return fake_devices ? 0 : 100;
}
FAKE_API CUresult cuDriverGetVersion(int *version) {
    ENTER(cuDriverGetVersion);
    *version = 12040;
    return 0;
}
FAKE_API CUresult cuGetErrorString(CUresult code, const char **text) {
    ENTER(cuGetErrorString);
    *text = code == 2 ? "out of memory" : "simulated error";
    return 0;
}
FAKE_API CUresult cuDeviceGetCount(int *count) {
    ENTER(cuDeviceGetCount);
    *count = fake_devices;
    return 0;
}
FAKE_API CUresult cuDeviceGet(CUdevice *device, int index) {
    ENTER(cuDeviceGet);
    NEED(index >= 0 && index < fake_devices, 101);
    *device = index;
    return 0;
}
FAKE_API CUresult cuDeviceGetName(char *name, int size, CUdevice device) {
    ENTER(cuDeviceGetName);
    snprintf(name, (size_t)size, "Simulated GPU %d", device);
    return 0;
}
FAKE_API CUresult cuDeviceGetAttribute(int *value, CUdevice_attribute what, CUdevice device) {
    static const int max_block[3] = {1024, 1024, 64};
    ENTER(cuDeviceGetAttribute);
    NEED(device >= 0 && device < fake_devices, 101);
    switch (what) {
    case 2:
    case 3:
    case 4: *value = max_block[what - 2]; return 0;
    case 5:
    case 6:
    case 7: *value = fake_grid[what - 5]; return 0;
    case 16: *value = 4; return 0;
    case 27:
    case 28: *value = 32768; return 0;
    case 29: *value = fake_layers; return 0;
    case 115: *value = fake_pools; return 0;
    case 75: *value = fake_arch / 10; return 0;
    case 76: *value = fake_arch % 10; return 0;
    default: return INVALID;
    }
}
FAKE_API CUresult cuDeviceTotalMem_v2(size_t *bytes, CUdevice device) {
    ENTER(cuDeviceTotalMem_v2);
    (void)device;
    *bytes = (size_t)1 << 30;
    return 0;
}
FAKE_API CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice device) {
    ENTER(cuDevicePrimaryCtxRetain);
    NEED(device >= 0 && device < fake_devices, 101);
    contexts[device].retained++;
    fake_count(FAKE_CONTEXT, 1);
    *context = &contexts[device];
    return 0;
}
FAKE_API CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device) {
    int code = fake_enter("cuDevicePrimaryCtxRelease_v2");
    NEED(device >= 0 && device < 8 && contexts[device].retained > 0, INVALID);
    contexts[device].retained--;
    fake_count(FAKE_CONTEXT, -1);
    return code;
}
FAKE_API CUresult cuCtxPushCurrent_v2(CUcontext context) {
    ENTER(cuCtxPushCurrent_v2);
    NEED(context && depth < 16, INVALID);
    NEED(context->retained > 0, NO_CONTEXT);
    stack[depth++] = context;
    return 0;
}
FAKE_API CUresult cuCtxPopCurrent_v2(CUcontext *context) {
    int code = fake_enter("cuCtxPopCurrent_v2");
    NEED(depth > 0, NO_CONTEXT);
    *context = stack[--depth];
    return code;
}
CUcontext fake_context(void) {
    return depth > 0 && stack[depth - 1]->retained > 0 ? stack[depth - 1] : NULL;
}

FAKE_API CUresult cuCtxGetDevice(CUdevice *device) {
    ENTER(cuCtxGetDevice);
    NEED_CONTEXT;
    *device = (CUdevice)(stack[depth - 1] - contexts) % 8;
    return 0;
}
