/* Memory of the cuda backend.
 *
 * Buffers come from a pool of the driver's in which freed memory stays, up to a bound: asking the
 * system for memory, and giving it back, waits for everything that the device does. Allocating and
 * freeing are ordered in one stream of the device's, `fills`. A buffer is freed when its work is
 * done (order.c), and a new one is given out when that stream has reached it: so neither any other
 * stream waits for memory nor is memory used before it is there.
 *
 * Devices without pools, and VXG_CUDA_POOL_MB=0, take plain allocations, which other processes can
 * open and peers reach. */
#include <stdlib.h>
#include <string.h>

#include "device/cuda/cuda.h"

CUdeviceptr vxg__cuda_address(const vxg_buffer *buf) {
    return (CUdeviceptr)(uintptr_t)buf->impl;
}

/* ---- The pool ---- */
/* Bytes that stay in it beside those in use: VXG_CUDA_POOL_MB, else a quarter of the device's. */
static uint64_t bytes_to_keep(const vxg_device *dev) {
    const char *const words = getenv("VXG_CUDA_POOL_MB");
    const uint64_t usual = (uint64_t)dev->info.memory / 4;
    char *end;
    if (!words || !*words) return usual;
    const double mb = vxg__number(words, &end);
    if (!*end && mb >= 0 && mb < 1e9) return (uint64_t)(mb * 1048576);
    vxg__log(0, "VXG_CUDA_POOL_MB: '%s' is no number of megabytes", words);
    return usual;
}

int vxg__cuda_pool_new(vxg_device *dev) {
    cuda_impl *const impl = dev->impl;
    const CUmemPoolProps props = {.allocType = CU_MEM_ALLOCATION_TYPE_PINNED,
                                  .location = {CU_MEM_LOCATION_TYPE_DEVICE, impl->device}};
    int has_pools = 0;
    impl->keep = bytes_to_keep(dev);
    if (!impl->keep) return VXG_OK;
    VXG_TRY(VXG_CU(cuDeviceGetAttribute, &has_pools, CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED,
                   impl->device));
    if (!has_pools || !VXG_CU(cuMemPoolCreate, &impl->pool, &props)) return VXG_OK;
    vxg__log(0, "%s: no memory pool: %s", dev->info.spec, vxg_error_message());
    vxg_error_clear();
    return VXG_OK;
}

void vxg__cuda_pool_free(cuda_impl *impl) {
    if (impl->pool) vxg__cu.cuMemPoolDestroy(impl->pool);
}

void vxg__cuda_trim(vxg_device *dev) {
    const cuda_impl *const impl = dev->impl;
    if (!impl->pool || vxg__cuda_enter(dev)) return;
    /* what was freed is in the pool once the stream has come to it */
    vxg__cu.cuStreamSynchronize(impl->fills);
    vxg__cu.cuMemPoolTrimTo(impl->pool, 0);
    vxg__cuda_leave(VXG_OK);
}

/* ---- Buffers ---- */
/* The driver's bound is on what a pool has in all, so it moves with what is in use: a pool that
 * has more gives memory back whenever something waits. */
static void count(cuda_impl *impl, int64_t change) {
    uint64_t bound = __atomic_add_fetch(&impl->in_use, change, __ATOMIC_RELAXED) + impl->keep;
    vxg__cu.cuMemPoolSetAttribute(impl->pool, CU_MEMPOOL_ATTR_RELEASE_THRESHOLD, &bound);
}
static int take(cuda_impl *impl, size_t bytes, CUdeviceptr *p) {
    if (!impl->pool) return VXG_CU(cuMemAlloc_v2, p, bytes);
    VXG_TRY(VXG_CU(cuMemAllocFromPoolAsync, p, bytes, impl->pool, impl->fills));
    count(impl, (int64_t)bytes);
    return VXG_OK;
}
static void give_back(cuda_impl *impl, CUdeviceptr p, size_t bytes) {
    if (!impl->pool) {
        vxg__cu.cuMemFree_v2(p);
        return;
    }
    vxg__cu.cuMemFreeAsync(p, impl->fills);
    count(impl, -(int64_t)bytes);
}

static size_t size_of(const vxg_buffer *buf) {
    return buf->bytes ? buf->bytes : 4; /* CUDA has no empty allocations */
}

static int allocate(vxg_buffer *buf) {
    cuda_impl *const impl = buf->dev->impl;
    const size_t bytes = size_of(buf);
    const int zeros = !(buf->flags & VXG_BUFFER_UNINITIALISED);
    CUdeviceptr p;
    int status = VXG_OK;
    VXG_TRY(take(impl, bytes, &p));
    if (zeros) status = VXG_CU(cuMemsetD8Async, p, 0, bytes, impl->fills);
    /* Any queue may use the buffer next: memory and zeros must be there by then. */
    if (!status && (zeros || impl->pool)) status = VXG_CU(cuStreamSynchronize, impl->fills);
    if (status)
        give_back(impl, p, bytes);
    else
        buf->impl = (void *)(uintptr_t)p;
    return status;
}

/* Memory of the host, known to every context, that kernels reach too. It is born as it is. */
static int allocate_pinned(vxg_buffer *buf) {
    const size_t bytes = size_of(buf);
    CUdeviceptr p;
    void *host;
    VXG_TRY(
        VXG_CU(cuMemHostAlloc, &host, bytes, CU_MEMHOSTALLOC_PORTABLE | CU_MEMHOSTALLOC_DEVICEMAP));
    const int status = VXG_CU(cuMemHostGetDevicePointer_v2, &p, host, 0);
    if (status) {
        vxg__cu.cuMemFreeHost(host);
        return status;
    }
    if (!(buf->flags & VXG_BUFFER_UNINITIALISED)) memset(host, 0, bytes);
    buf->impl = (void *)(uintptr_t)p, buf->pinned = host;
    return VXG_OK;
}

int vxg__cuda_buffer_new(vxg_buffer *buf) {
    const int pinned = (buf->flags & VXG_BUFFER_PINNED) != 0;
    VXG_TRY(vxg__cuda_enter(buf->dev));
    const CUstreamCaptureMode mode = vxg__cuda_relax();
    const int made = (pinned ? allocate_pinned : allocate)(buf);
    vxg__cuda_unrelax(mode);
    const int status = vxg__cuda_leave(made);
    if (status && buf->impl) vxg__cuda_drop(buf); /* leaving failed */
    return status;
}

void vxg__cuda_drop(vxg_buffer *buf) {
    if (buf->image) {
        vxg__cu.cuTexObjectDestroy(vxg__cuda_address(buf));
        vxg__cu.cuArrayDestroy(buf->image->array);
    } else if (buf->pinned) {
        vxg__cu.cuMemFreeHost(buf->pinned);
    } else {
        give_back(buf->dev->impl, vxg__cuda_address(buf), size_of(buf));
    }
}

void vxg__cuda_buffer_free(vxg_buffer *buf) {
    const int entered = !vxg__cuda_enter(buf->dev);
    vxg__cuda_drop(buf);
    if (entered) vxg__cuda_leave(VXG_OK);
}

/* The memory is one of this device, whoever asked the driver for it. */
int vxg__cuda_buffer_wrap(vxg_buffer *buf, void *memory) {
    const cuda_impl *impl = buf->dev->impl;
    int ordinal = -1;
    if (!memory) return VXG_OK; /* no bytes */
    VXG_TRY(vxg__cuda_enter(buf->dev));
    VXG_TRY(
        vxg__cuda_leave(VXG_CU(cuPointerGetAttribute, &ordinal, CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL,
                               (CUdeviceptr)(uintptr_t)memory)));
    VXG_FAIL_IF(ordinal != impl->device, VXG_ERR_ARGUMENT, "the memory is on device %d, not on %s",
                ordinal, buf->dev->info.spec);
    buf->impl = memory;
    return VXG_OK;
}
void vxg__cuda_buffer_unwrap(vxg_buffer *buf) {
    (void)buf;
}
