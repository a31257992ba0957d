/* The cuda backend: devices, images, copies, streams, events, graphs over the driver API; memory.c
 * has the buffers. */
#include "device/cuda/cuda.h"

#include <stdio.h>
#include <string.h>

/* ---- Devices ---- */
static int attribute(CUdevice d, int what, int *out) {
    return VXG_CU(cuDeviceGetAttribute, out, what, d);
}

static int describe(int index, CUdevice *device, vxg_device_info *info, int *arch) {
    int version, major, minor;
    size_t memory;
    memset(info, 0, sizeof *info);
    info->size = (uint32_t)sizeof *info;
    VXG_TRY(VXG_CU(cuDeviceGet, device, index));
    VXG_TRY(VXG_CU(cuDeviceGetName, info->name, (int)sizeof info->name, *device));
    VXG_TRY(VXG_CU(cuDriverGetVersion, &version));
    VXG_TRY(VXG_CU(cuDeviceTotalMem_v2, &memory, *device));
    VXG_TRY(attribute(*device, CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, &info->units));
    VXG_TRY(attribute(*device, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, &major));
    VXG_TRY(attribute(*device, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, &minor));
    snprintf(info->spec, sizeof info->spec, "cuda:%d", index);
    snprintf(info->backend, sizeof info->backend, "cuda");
    snprintf(info->driver, sizeof info->driver, "CUDA %d.%d, sm_%d%d", version / 1000,
             version % 1000 / 10, major, minor);
    info->memory = info->max_buffer = (int64_t)memory;
    *arch = 10 * major + minor;
    return VXG_OK;
}

static int count_devices(int *count) {
    *count = 0;
    VXG_TRY(vxg__cuda_load());
    CUresult code = vxg__cu.cuInit(0);
    VXG_FAIL_IF(code == CUDA_ERROR_NO_DEVICE, VXG_ERR_DEVICE, "the CUDA driver finds no GPU");
    VXG_FAIL_IF(code == CUDA_ERROR_STUB_LIBRARY, VXG_ERR_DEVICE,
                "libcuda.so.1 is the toolkit's stub; install the NVIDIA driver");
    VXG_TRY(vxg__cu_check(code, "cuInit"));
    VXG_TRY(VXG_CU(cuDeviceGetCount, count));
    VXG_FAIL_IF(*count < 1, VXG_ERR_DEVICE, "the CUDA driver finds no GPU");
    return VXG_OK;
}

static int list_all(vxg_device_info *out, int capacity, int *count) {
    int n;
    VXG_TRY(count_devices(&n));
    for (int i = 0; i < n && i < capacity; i++) {
        CUdevice device;
        int arch;
        VXG_TRY(describe(i, &device, &out[i], &arch));
    }
    *count = n;
    return VXG_OK;
}

static int cuda_list(vxg_device_info *out, int capacity, int *count, char *why, size_t size) {
    *count = 0;
    if (list_all(out, capacity, count)) {
        snprintf(why, size, "%s", vxg_error_message());
        vxg_error_clear();
    }
    return VXG_OK;
}

/* What is freed knows its context: it goes although entering failed. */
static void cuda_close(vxg_device *dev) {
    cuda_impl *impl = dev->impl;
    if (impl->context) {
        int entered = !vxg__cuda_enter(dev);
        vxg__cuda_units_free(impl);
        vxg__cuda_pool_free(impl);
        if (impl->fills) vxg__cu.cuStreamDestroy_v2(impl->fills);
        if (entered) vxg__cuda_leave(VXG_OK);
        if (!dev->native) vxg__cu.cuDevicePrimaryCtxRelease_v2(impl->device);
    }
    vxg__free(impl);
}

static int open_impl(vxg_device *dev, int index) {
    cuda_impl *impl = dev->impl;
    VXG_TRY(describe(index, &impl->device, &dev->info, &impl->arch));
    for (int i = 0; i < 3; i++) {
        int block, grid;
        VXG_TRY(attribute(impl->device, CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X + i, &block));
        VXG_TRY(attribute(impl->device, CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X + i, &grid));
        impl->max_block[i] = block, impl->max_grid[i] = grid;
    }
    snprintf(impl->identity, sizeof impl->identity, "%s|%s", dev->info.name, dev->info.driver);
    if (dev->native) {
        impl->context = dev->native;
    } else {
        VXG_TRY(VXG_CU(cuDevicePrimaryCtxRetain, &impl->context, impl->device));
    }
    VXG_TRY(vxg__cuda_enter(dev));
    int status = VXG_CU(cuStreamCreate, &impl->fills, CU_STREAM_NON_BLOCKING);
    if (!status) status = vxg__cuda_pool_new(dev);
    return vxg__cuda_leave(status);
}

static int cuda_open(vxg_device *dev, int index, const char *variant) {
    int count;
    (void)variant;
    VXG_TRY(count_devices(&count));
    VXG_FAIL_IF(index >= count, VXG_ERR_DEVICE, "cuda:%d: there are %d CUDA devices", index, count);
    if (!(dev->impl = vxg__calloc(1, sizeof(cuda_impl)))) return VXG_ERR_MEMORY;
    int status = open_impl(dev, index);
    if (status) cuda_close(dev);
    return status;
}

/* The device of a context of the caller's. */
static int context_device(CUcontext context, CUdevice *device) {
    VXG_TRY(VXG_CU(cuCtxPushCurrent_v2, context));
    return vxg__cuda_leave(VXG_CU(cuCtxGetDevice, device));
}

static int cuda_device_wrap(vxg_device *dev, void *context, void *device_is_known) {
    int count, index = 0;
    CUdevice device, other;
    (void)device_is_known;
    VXG_TRY(count_devices(&count));
    VXG_TRY(context_device(context, &device));
    for (; index < count; index++) {
        VXG_TRY(VXG_CU(cuDeviceGet, &other, index));
        if (other == device) break;
    }
    VXG_FAIL_IF(index == count, VXG_ERR_DEVICE, "the context's device is not one of the driver's");
    if (!(dev->impl = vxg__calloc(1, sizeof(cuda_impl)))) return VXG_ERR_MEMORY;
    const int status = open_impl(dev, index);
    if (status) cuda_close(dev);
    return status;
}

/* ---- Images: a layered array and a texture object, which takes the place of an address ---- */
static int cuda_image_limits(vxg_device *dev, int64_t limits[3]) {
    const cuda_impl *impl = dev->impl;
    static const int what[3] = {CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_LAYERED_LAYERS,
                                CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_LAYERED_HEIGHT,
                                CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_LAYERED_WIDTH};
    for (int i = 0; i < 3; i++) {
        int n;
        VXG_TRY(attribute(impl->device, what[i], &n));
        limits[i] = n;
    }
    return VXG_OK;
}

/* Texels addressed by their numbers, linear between them, 0 outside. */
static int make_texture(vxg_buffer *buf, CUarray array) {
    CUDA_RESOURCE_DESC resource = {.resType = CU_RESOURCE_TYPE_ARRAY};
    const CUDA_TEXTURE_DESC how = {.addressMode = {CU_TR_ADDRESS_MODE_BORDER,
                                                   CU_TR_ADDRESS_MODE_BORDER,
                                                   CU_TR_ADDRESS_MODE_BORDER},
                                   .filterMode = CU_TR_FILTER_MODE_LINEAR};
    CUtexObject texture;
    resource.res.array.hArray = array;
    VXG_TRY(VXG_CU(cuTexObjectCreate, &texture, &resource, &how, NULL));
    buf->impl = (void *)(uintptr_t)texture, buf->image->array = array;
    return VXG_OK;
}

static int make_image(vxg_buffer *buf) {
    const CUDA_ARRAY3D_DESCRIPTOR shape = {.Width = (size_t)buf->image->width,
                                           .Height = (size_t)buf->image->height,
                                           .Depth = (size_t)buf->image->layers,
                                           .Format = CU_AD_FORMAT_FLOAT,
                                           .NumChannels = 1,
                                           .Flags = CUDA_ARRAY3D_LAYERED};
    CUarray array;
    VXG_TRY(VXG_CU(cuArray3DCreate_v2, &array, &shape));
    const int status = make_texture(buf, array);
    if (status) vxg__cu.cuArrayDestroy(array);
    return status;
}

static int cuda_image_new(vxg_buffer *buf) {
    VXG_TRY(vxg__cuda_enter(buf->dev));
    const CUstreamCaptureMode mode = vxg__cuda_relax();
    const int made = make_image(buf);
    vxg__cuda_unrelax(mode);
    const int status = vxg__cuda_leave(made);
    if (status && buf->impl) vxg__cuda_drop(buf);
    return status;
}

static int cuda_image_write(vxg_queue *queue, vxg_buffer *dst, int64_t first, int64_t layers,
                            const vxg_buffer *src, size_t offset) {
    const cuda_queue *q = queue->impl;
    const vxg_image *im = dst->image;
    const size_t row = (size_t)im->width * sizeof(float);
    const CUDA_MEMCPY3D copy = {.srcMemoryType = CU_MEMORYTYPE_DEVICE,
                                .srcDevice = vxg__cuda_address(src) + offset,
                                .srcPitch = row,
                                .srcHeight = (size_t)im->height,
                                .dstMemoryType = CU_MEMORYTYPE_ARRAY,
                                .dstArray = im->array,
                                .dstZ = (size_t)first,
                                .WidthInBytes = row,
                                .Height = (size_t)im->height,
                                .Depth = (size_t)layers};
    VXG_TRY(vxg__cuda_enter(queue->dev));
    return vxg__cuda_leave(VXG_CU(cuMemcpy3DAsync_v2, &copy, q->stream));
}

/* ---- Queues ---- */
static int cuda_queue_new(vxg_queue *queue) {
    cuda_queue *q = vxg__calloc(1, sizeof *q);
    if (!q) return VXG_ERR_MEMORY;
    int status = vxg__cuda_enter(queue->dev);
    if (!status)
        status = vxg__cuda_leave(VXG_CU(cuStreamCreate, &q->stream, CU_STREAM_NON_BLOCKING));
    if (status) {
        if (q->stream) vxg__cu.cuStreamDestroy_v2(q->stream);
        vxg__free(q);
        return status;
    }
    queue->impl = q;
    return VXG_OK;
}

static int cuda_queue_wrap(vxg_queue *queue, void *handle) {
    const cuda_impl *impl = queue->dev->impl;
    CUcontext context = NULL;
    cuda_queue *q = vxg__calloc(1, sizeof *q);
    if (!q) return VXG_ERR_MEMORY;
    q->stream = handle;
    int status = vxg__cuda_enter(queue->dev);
    if (!status) status = vxg__cuda_leave(VXG_CU(cuStreamGetCtx, q->stream, &context));
    if (!status && context != impl->context)
        status =
            vxg_error_set(VXG_ERR_ARGUMENT, "the stream is of another context; open the device "
                                            "with vxg_device_wrap");
    if (status) {
        vxg__free(q);
    } else {
        queue->impl = q;
    }
    return status;
}

static void drop_recording(cuda_queue *q) {
    CUgraph graph = NULL;
    if (q->recording && !vxg__cu.cuStreamEndCapture(q->stream, &graph) && graph)
        vxg__cu.cuGraphDestroy(graph);
    q->recording = 0;
}

static void cuda_queue_free(vxg_queue *queue) {
    cuda_queue *q = queue->impl;
    int entered = !vxg__cuda_enter(queue->dev);
    drop_recording(q);
    if (q->begin) vxg__cu.cuEventDestroy_v2(q->begin);
    if (q->end) vxg__cu.cuEventDestroy_v2(q->end);
    if (!queue->foreign) vxg__cu.cuStreamDestroy_v2(q->stream);
    if (entered) vxg__cuda_leave(VXG_OK);
    vxg__free(q);
}

/* What a stream cannot do while it records. */
static int not_recording(const cuda_queue *q, const char *what) {
    VXG_FAIL_IF(q->recording, VXG_ERR_ARGUMENT, "%s: the queue is recording a graph", what);
    return VXG_OK;
}

static int cuda_sync(vxg_queue *queue) {
    const cuda_queue *q = queue->impl;
    VXG_TRY(not_recording(q, "sync"));
    VXG_TRY(vxg__cuda_enter(queue->dev));
    return vxg__cuda_leave(VXG_CU(cuStreamSynchronize, q->stream));
}

/* Copies from and to host memory wait even after an error: the caller's memory must be left alone.
 */
static int finish_copy(const cuda_queue *q, int status) {
    int waited = VXG_CU(cuStreamSynchronize, q->stream);
    return status ? status : waited;
}

static int cuda_write(vxg_queue *queue, vxg_buffer *dst, size_t offset, const void *src, size_t n) {
    const cuda_queue *q = queue->impl;
    VXG_TRY(not_recording(q, "write"));
    VXG_TRY(vxg__cuda_enter(queue->dev));
    int status = VXG_CU(cuMemcpyHtoDAsync_v2, vxg__cuda_address(dst) + offset, src, n, q->stream);
    return vxg__cuda_leave(finish_copy(q, status));
}
static int cuda_read(vxg_queue *queue, const vxg_buffer *src, size_t offset, void *dst, size_t n) {
    const cuda_queue *q = queue->impl;
    VXG_TRY(not_recording(q, "read"));
    VXG_TRY(vxg__cuda_enter(queue->dev));
    int status = VXG_CU(cuMemcpyDtoHAsync_v2, dst, vxg__cuda_address(src) + offset, n, q->stream);
    return vxg__cuda_leave(finish_copy(q, status));
}
static int cuda_copy(vxg_queue *queue, vxg_buffer *dst, size_t dst_offset, const vxg_buffer *src,
                     size_t src_offset, size_t n) {
    const cuda_queue *q = queue->impl;
    VXG_TRY(vxg__cuda_enter(queue->dev));
    return vxg__cuda_leave(VXG_CU(cuMemcpyAsync, vxg__cuda_address(dst) + dst_offset,
                                  vxg__cuda_address(src) + src_offset, n, q->stream));
}
static int cuda_zero(vxg_queue *queue, vxg_buffer *dst, size_t offset, size_t n) {
    const cuda_queue *q = queue->impl;
    VXG_TRY(vxg__cuda_enter(queue->dev));
    return vxg__cuda_leave(
        VXG_CU(cuMemsetD8Async, vxg__cuda_address(dst) + offset, 0, n, q->stream));
}

/* ---- Time ---- */
static int record(CUevent *event, CUstream stream) {
    if (!*event) VXG_TRY(VXG_CU(cuEventCreate, event, 0));
    return VXG_CU(cuEventRecord, *event, stream);
}

static int cuda_time_begin(vxg_queue *queue) {
    cuda_queue *q = queue->impl;
    VXG_TRY(not_recording(q, "time"));
    VXG_TRY(vxg__cuda_enter(queue->dev));
    return vxg__cuda_leave(record(&q->begin, q->stream));
}

static int elapsed(cuda_queue *q, float *ms) {
    VXG_TRY(record(&q->end, q->stream));
    VXG_TRY(VXG_CU(cuEventSynchronize, q->end));
    return VXG_CU(cuEventElapsedTime, ms, q->begin, q->end);
}

static int cuda_time_end(vxg_queue *queue, double *seconds) {
    cuda_queue *q = queue->impl;
    float ms = 0;
    *seconds = 0;
    VXG_TRY(not_recording(q, "time"));
    VXG_FAIL_IF(!q->begin, VXG_ERR_ARGUMENT, "time: end without begin");
    VXG_TRY(vxg__cuda_enter(queue->dev));
    VXG_TRY(vxg__cuda_leave(elapsed(q, &ms)));
    *seconds = 1e-3 * (double)ms;
    return VXG_OK;
}

/* ---- Marks ---- */
static int record_mark(CUevent *event, CUstream stream) {
    if (!*event) VXG_TRY(VXG_CU(cuEventCreate, event, CU_EVENT_DISABLE_TIMING));
    return VXG_CU(cuEventRecord, *event, stream);
}
static int cuda_mark_record(vxg_queue *queue, void **mark) {
    const cuda_queue *q = queue->impl;
    CUevent event = *mark;
    VXG_TRY(vxg__cuda_enter(queue->dev));
    const int status = vxg__cuda_leave(record_mark(&event, q->stream));
    *mark = event; /* after a failure too: it is used again or freed */
    return status;
}
static int cuda_mark_wait(vxg_queue *queue, void *mark) {
    const cuda_queue *q = queue->impl;
    VXG_TRY(vxg__cuda_enter(queue->dev));
    return vxg__cuda_leave(VXG_CU(cuStreamWaitEvent, q->stream, mark, 0));
}
static int cuda_mark_sync(vxg_device *dev, void *mark) {
    VXG_TRY(vxg__cuda_enter(dev));
    return vxg__cuda_leave(VXG_CU(cuEventSynchronize, mark));
}
static int cuda_mark_done(vxg_device *dev, void *mark, int *done) {
    VXG_TRY(vxg__cuda_enter(dev));
    const CUresult code = vxg__cu.cuEventQuery(mark);
    *done = code == CUDA_SUCCESS;
    return vxg__cuda_leave(code == CUDA_ERROR_NOT_READY ? VXG_OK
                                                        : vxg__cu_check(code, "cuEventQuery"));
}
static void cuda_mark_free(vxg_device *dev, void *mark) {
    const int entered = !vxg__cuda_enter(dev);
    vxg__cu.cuEventDestroy_v2(mark);
    if (entered) vxg__cuda_leave(VXG_OK);
}
static int cuda_capturing(const vxg_queue *queue, int *yes) {
    const cuda_queue *q = queue->impl;
    CUstreamCaptureStatus state = CU_STREAM_CAPTURE_STATUS_NONE;
    VXG_TRY(vxg__cuda_enter(queue->dev));
    VXG_TRY(vxg__cuda_leave(VXG_CU(cuStreamIsCapturing, q->stream, &state)));
    *yes = state != CU_STREAM_CAPTURE_STATUS_NONE;
    return VXG_OK;
}

/* ---- Graphs ---- */
static int cuda_capture_begin(vxg_queue *queue) {
    cuda_queue *q = queue->impl;
    VXG_TRY(not_recording(q, "capture"));
    VXG_TRY(vxg__cuda_enter(queue->dev));
    int status = VXG_CU(cuStreamBeginCapture_v2, q->stream, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL);
    q->recording = !status;
    status = vxg__cuda_leave(status);
    if (status) drop_recording(q);
    return status;
}

static int instantiate(cuda_queue *q, CUgraphExec *exec) {
    CUgraph graph = NULL;
    q->recording = 0;
    VXG_TRY(VXG_CU(cuStreamEndCapture, q->stream, &graph));
    int status = VXG_CU(cuGraphInstantiateWithFlags, exec, graph, 0);
    vxg__cu.cuGraphDestroy(graph);
    return status;
}

static int cuda_capture_end(vxg_queue *queue, vxg_graph *graph) {
    cuda_queue *q = queue->impl;
    CUgraphExec exec = NULL;
    VXG_FAIL_IF(!q->recording, VXG_ERR_ARGUMENT, "capture: end without begin");
    VXG_TRY(vxg__cuda_enter(queue->dev));
    int status = vxg__cuda_leave(instantiate(q, &exec));
    if (status && exec) vxg__cu.cuGraphExecDestroy(exec);
    if (!status) graph->impl = exec;
    return status;
}

static int cuda_graph_launch(vxg_graph *graph, vxg_queue *queue) {
    const cuda_queue *q = queue->impl;
    VXG_TRY(not_recording(q, "graph launch"));
    VXG_TRY(vxg__cuda_enter(queue->dev));
    return vxg__cuda_leave(VXG_CU(cuGraphLaunch, graph->impl, q->stream));
}
static void cuda_graph_free(vxg_graph *graph) {
    int entered = !vxg__cuda_enter(graph->dev);
    vxg__cu.cuGraphExecDestroy(graph->impl);
    if (entered) vxg__cuda_leave(VXG_OK);
}

const vxg_backend vxg__backend_cuda = {
    .name = "cuda",
    .list = cuda_list,
    .open = cuda_open,
    .close = cuda_close,
    .buffer_new = vxg__cuda_buffer_new,
    .buffer_free = vxg__cuda_buffer_free,
    .trim = vxg__cuda_trim,
    .queue_new = cuda_queue_new,
    .queue_free = cuda_queue_free,
    .sync = cuda_sync,
    .mark_record = cuda_mark_record,
    .mark_wait = cuda_mark_wait,
    .mark_sync = cuda_mark_sync,
    .mark_done = cuda_mark_done,
    .mark_free = cuda_mark_free,
    .capturing = cuda_capturing,
    .buffer_wrap = vxg__cuda_buffer_wrap,
    .buffer_unwrap = vxg__cuda_buffer_unwrap,
    .queue_wrap = cuda_queue_wrap,
    .device_wrap = cuda_device_wrap,
    .write = cuda_write,
    .read = cuda_read,
    .copy = cuda_copy,
    .zero = cuda_zero,
    .kernel_builtin = vxg__cuda_kernel_builtin,
    .kernel_source = vxg__cuda_kernel_source,
    .kernel_free = vxg__cuda_kernel_free,
    .launch = vxg__cuda_launch,
    .launch_step = vxg__cuda_launch_step,
    .time_begin = cuda_time_begin,
    .time_end = cuda_time_end,
    .capture_begin = cuda_capture_begin,
    .capture_end = cuda_capture_end,
    .graph_launch = cuda_graph_launch,
    .graph_free = cuda_graph_free,
    .image_limits = cuda_image_limits,
    .image_new = cuda_image_new,
    .image_write = cuda_image_write,
};
