/* The cuda backend. */
#include "device/backend.h"

#include <stdio.h>

static int cuda_list(vxg_device_info *out, int capacity, int *count, char *why, size_t size) {
    (void)out, (void)capacity;
    *count = 0;
    snprintf(why, size, "not in this build");
    return VXG_OK;
}
static int cuda_open(vxg_device *dev, int index, const char *variant) {
    (void)dev, (void)index, (void)variant;
    VXG_FAIL(VXG_ERR_DEVICE, "cuda: not in this build");
}
const vxg_backend vxg__backend_cuda = {.name = "cuda", .list = cuda_list, .open = cuda_open};
