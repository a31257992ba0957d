/* The opencl backend. */
#include "device/backend.h"

#include <stdio.h>

static int opencl_list(vxg_device_info *out, int capacity, int *count, char *why, size_t size) {
    (void)out, (void)capacity;
    *count = 0;
    snprintf(why, size, "not in this build");
    return VXG_OK;
}
static int opencl_open(vxg_device *dev, int index, const char *variant) {
    (void)dev, (void)index, (void)variant;
    VXG_FAIL(VXG_ERR_DEVICE, "opencl: not in this build");
}
const vxg_backend vxg__backend_opencl = {
    .name = "opencl", .list = opencl_list, .open = opencl_open};
