/* The opencl backend: devices of all platforms, buffers, queues, images. OpenCL 1.2 and nothing
 * more.
 */
#include "device/opencl/opencl.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define MAX_PLATFORMS 16
#define MAX_DEVICES 32

/* ---- Devices ---- */
static void device_text(cl_device_id d, cl_uint what, char *out, size_t size) {
    char text[1024] = ""; /* a short buffer would be an error, not a short text */
    if (vxg__cl.clGetDeviceInfo(d, what, sizeof text - 1, text, NULL) != CL_SUCCESS) text[0] = 0;
    snprintf(out, size, "%.*s", (int)size - 1, text);
}
static cl_ulong device_number(cl_device_id d, cl_uint what, size_t size) {
    cl_ulong wide = 0;
    cl_uint narrow = 0;
    void *out = size == sizeof wide ? (void *)&wide : (void *)&narrow;
    if (vxg__cl.clGetDeviceInfo(d, what, size, out, NULL) != CL_SUCCESS) return 0;
    return size == sizeof wide ? wide : narrow;
}
#define LONG(d, what) device_number(d, what, sizeof(cl_ulong))
#define WORD(d, what) device_number(d, what, sizeof(cl_uint))

static void describe(cl_device_id d, int index, vxg_device_info *info) {
    memset(info, 0, sizeof *info);
    info->size = (uint32_t)sizeof *info;
    snprintf(info->spec, sizeof info->spec, "opencl:%d", index);
    snprintf(info->backend, sizeof info->backend, "opencl");
    device_text(d, CL_DEVICE_NAME, info->name, sizeof info->name);
    device_text(d, CL_DRIVER_VERSION, info->driver, sizeof info->driver);
    info->memory = (int64_t)LONG(d, CL_DEVICE_GLOBAL_MEM_SIZE);
    info->max_buffer = (int64_t)LONG(d, CL_DEVICE_MAX_MEM_ALLOC_SIZE);
    info->units = (int)WORD(d, CL_DEVICE_MAX_COMPUTE_UNITS);
    info->is_cpu = (LONG(d, CL_DEVICE_TYPE) & CL_DEVICE_TYPE_CPU) != 0;
}

typedef struct found {
    cl_platform_id platform;
    cl_device_id device;
} found;

/* All usable devices in platform order; platforms that fail are passed over. */
static int find_devices(found *out, int *count) {
    cl_platform_id platforms[MAX_PLATFORMS];
    cl_uint nplatforms = 0;
    *count = 0;
    VXG_TRY(vxg__cl_load());
    cl_int code = vxg__cl.clGetPlatformIDs(MAX_PLATFORMS, platforms, &nplatforms);
    VXG_FAIL_IF(code == CL_PLATFORM_NOT_FOUND_KHR || (code == CL_SUCCESS && !nplatforms),
                VXG_ERR_DEVICE,
                "no OpenCL platform is installed (Debian: pocl-opencl-icd for the processor)");
    VXG_TRY(vxg__cl_check(code, "clGetPlatformIDs"));
    if (nplatforms > MAX_PLATFORMS) nplatforms = MAX_PLATFORMS;
    for (cl_uint p = 0; p < nplatforms; p++) {
        cl_device_id ids[MAX_DEVICES];
        cl_uint n = 0;
        code = vxg__cl.clGetDeviceIDs(platforms[p], CL_DEVICE_TYPE_ALL, MAX_DEVICES, ids, &n);
        if (code != CL_SUCCESS) continue;
        for (cl_uint i = 0; i < n && i < MAX_DEVICES && *count < MAX_DEVICES; i++) {
            if (!WORD(ids[i], CL_DEVICE_AVAILABLE) || !WORD(ids[i], CL_DEVICE_COMPILER_AVAILABLE))
                continue;
            out[*count].platform = platforms[p], out[*count].device = ids[i], ++*count;
        }
    }
    VXG_FAIL_IF(*count == 0, VXG_ERR_DEVICE,
                "the OpenCL platforms have no device that can be used");
    return VXG_OK;
}

static int opencl_list(vxg_device_info *out, int capacity, int *count, char *why, size_t size) {
    found all[MAX_DEVICES];
    if (find_devices(all, count)) {
        snprintf(why, size, "%s", vxg_error_message());
        vxg_error_clear();
        *count = 0;
    }
    for (int i = 0; i < *count && i < capacity; i++) describe(all[i].device, i, &out[i]);
    return VXG_OK;
}

static void opencl_close(vxg_device *dev) {
    cl_impl *impl = dev->impl;
    vxg__cl_units_free(impl);
    if (impl->fills) vxg__cl.clReleaseCommandQueue(impl->fills);
    if (impl->context) vxg__cl.clReleaseContext(impl->context);
    vxg__free(impl);
}

static int open_impl(cl_impl *impl, const vxg_device_info *info) {
    cl_property properties[] = {CL_CONTEXT_PLATFORM, (cl_property)impl->platform, 0};
    char platform[128] = "", version[128] = "", level[64];
    size_t items[16] = {0};
    cl_int code;
    cl_device_id d = impl->device;
    VXG_TRY(VXG_CL(clGetDeviceInfo, d, CL_DEVICE_MAX_WORK_ITEM_SIZES, sizeof items, items, NULL));
    for (int i = 0; i < 3; i++) impl->max_items[i] = items[i] ? items[i] : 1;
    VXG_TRY(VXG_CL(clGetPlatformInfo, impl->platform, CL_PLATFORM_NAME, sizeof platform - 1,
                   platform, NULL));
    VXG_TRY(VXG_CL(clGetPlatformInfo, impl->platform, CL_PLATFORM_VERSION, sizeof version - 1,
                   version, NULL));
    device_text(d, CL_DEVICE_VERSION, level, sizeof level);
    int major = 0, minor = 0;
    VXG_FAIL_IF(sscanf(level, "OpenCL %d.%d", &major, &minor) != 2 || major * 10 + minor < 12,
                VXG_ERR_DEVICE, "%s is '%s': OpenCL 1.2 is needed", info->name, level);
    snprintf(impl->identity, sizeof impl->identity, "%s|%s|%s|%s|%s", platform, version, info->name,
             level, info->driver);
    /* Never a fast-math option: results must not depend on the device more than they have to. */
    cl_bitfield config = LONG(d, CL_DEVICE_SINGLE_FP_CONFIG);
    int exact = (config & CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT) != 0;
    snprintf(impl->options, sizeof impl->options, "-cl-std=CL1.2%s",
             exact ? " -cl-fp32-correctly-rounded-divide-sqrt" : "");
    if (!impl->context) { /* none of the caller's */
        impl->context = vxg__cl.clCreateContext(properties, 1, &d, NULL, NULL, &code);
        VXG_TRY(vxg__cl_check(code, "clCreateContext"));
    }
    impl->fills = vxg__cl.clCreateCommandQueue(impl->context, d, 0, &code);
    return vxg__cl_check(code, "clCreateCommandQueue");
}

static int opencl_open(vxg_device *dev, int index, const char *variant) {
    found all[MAX_DEVICES];
    int count;
    (void)variant;
    VXG_TRY(find_devices(all, &count));
    VXG_FAIL_IF(index >= count, VXG_ERR_DEVICE, "opencl:%d: there are %d OpenCL devices", index,
                count);
    cl_impl *impl = vxg__calloc(1, sizeof *impl);
    if (!impl) return VXG_ERR_MEMORY;
    impl->platform = all[index].platform, impl->device = all[index].device;
    describe(impl->device, index, &dev->info);
    dev->impl = impl;
    int status = open_impl(impl, &dev->info);
    if (status) opencl_close(dev);
    return status;
}

/* ---- Buffers ---- */
static int fill_zero(cl_command_queue q, cl_mem m, size_t offset, size_t bytes) {
    const unsigned char zero = 0;
    return VXG_CL(clEnqueueFillBuffer, q, m, &zero, 1, offset, bytes, 0, NULL, NULL);
}

static int opencl_buffer_new(vxg_buffer *buf) {
    cl_impl *impl = buf->dev->impl;
    cl_int code;
    size_t bytes = buf->bytes ? buf->bytes : 4; /* OpenCL has no empty buffers */
    const int zeros = !(buf->flags & VXG_BUFFER_UNINITIALISED);
    VXG_FAIL_IF(buf->flags & VXG_BUFFER_PINNED, VXG_ERR_UNSUPPORTED,
                "new buffer: %s has no pinned memory", buf->dev->info.spec);
    cl_mem m = vxg__cl.clCreateBuffer(impl->context, CL_MEM_READ_WRITE, bytes, NULL, &code);
    VXG_TRY(vxg__cl_check(code, "clCreateBuffer"));
    int status = zeros ? fill_zero(impl->fills, m, 0, bytes) : VXG_OK;
    /* Any queue may use the buffer next: the zeros must be there by then. */
    if (!status && zeros) status = VXG_CL(clFinish, impl->fills);
    if (status) {
        vxg__cl.clReleaseMemObject(m);
        return status;
    }
    buf->impl = m;
    return VXG_OK;
}
static void opencl_buffer_free(vxg_buffer *buf) {
    vxg__cl.clReleaseMemObject(buf->impl);
}

static int opencl_write(vxg_queue *q, vxg_buffer *dst, size_t offset, const void *src, size_t n) {
    return VXG_CL(clEnqueueWriteBuffer, q->impl, dst->impl, CL_TRUE, offset, n, src, 0, NULL, NULL);
}
static int opencl_read(vxg_queue *q, const vxg_buffer *src, size_t offset, void *dst, size_t n) {
    return VXG_CL(clEnqueueReadBuffer, q->impl, src->impl, CL_TRUE, offset, n, dst, 0, NULL, NULL);
}
static int opencl_copy(vxg_queue *q, vxg_buffer *dst, size_t dst_offset, const vxg_buffer *src,
                       size_t src_offset, size_t n) {
    return VXG_CL(clEnqueueCopyBuffer, q->impl, src->impl, dst->impl, src_offset, dst_offset, n, 0,
                  NULL, NULL);
}
static int opencl_zero(vxg_queue *q, vxg_buffer *dst, size_t offset, size_t n) {
    return fill_zero(q->impl, dst->impl, offset, n);
}

/* ---- Images ---- */
static int opencl_image_limits(vxg_device *dev, int64_t limits[3]) {
    const cl_impl *impl = dev->impl;
    static const cl_uint what[3] = {CL_DEVICE_IMAGE_MAX_ARRAY_SIZE, CL_DEVICE_IMAGE2D_MAX_HEIGHT,
                                    CL_DEVICE_IMAGE2D_MAX_WIDTH};
    if (!WORD(impl->device, CL_DEVICE_IMAGE_SUPPORT)) return VXG_OK;
    for (int i = 0; i < 3; i++) { /* size_t */
        limits[i] = (int64_t)device_number(impl->device, what[i], sizeof(size_t));
        if (limits[i] > INT32_MAX) limits[i] = INT32_MAX;
    }
    return VXG_OK;
}

static int opencl_image_new(vxg_buffer *buf) {
    const cl_impl *impl = buf->dev->impl;
    const vxg_image *im = buf->image;
    const cl_image_format format = {CL_R, CL_FLOAT};
    const cl_image_desc desc = {.type = CL_MEM_OBJECT_IMAGE2D_ARRAY,
                                .width = (size_t)im->width,
                                .height = (size_t)im->height,
                                .layers = (size_t)im->layers};
    cl_int code;
    cl_mem m = vxg__cl.clCreateImage(impl->context, CL_MEM_READ_WRITE, &format, &desc, NULL, &code);
    VXG_FAIL_IF(code == CL_IMAGE_FORMAT_NOT_SUPPORTED, VXG_ERR_UNSUPPORTED,
                "the device has no images of single floats");
    VXG_TRY(vxg__cl_check(code, "clCreateImage"));
    buf->impl = m;
    return VXG_OK;
}

static int opencl_image_write(vxg_queue *q, vxg_buffer *dst, int64_t first, int64_t layers,
                              const vxg_buffer *src, size_t offset) {
    const vxg_image *im = dst->image;
    const size_t origin[3] = {0, 0, (size_t)first};
    const size_t region[3] = {(size_t)im->width, (size_t)im->height, (size_t)layers};
    return VXG_CL(clEnqueueCopyBufferToImage, q->impl, src->impl, dst->impl, offset, origin, region,
                  0, NULL, NULL);
}

/* ---- Queues ---- */
static int opencl_queue_new(vxg_queue *queue) {
    cl_impl *impl = queue->dev->impl;
    cl_int code;
    queue->impl = vxg__cl.clCreateCommandQueue(impl->context, impl->device, 0, &code);
    return vxg__cl_check(code, "clCreateCommandQueue");
}
static void opencl_queue_free(vxg_queue *queue) {
    if (!queue->foreign) vxg__cl.clFinish(queue->impl);
    vxg__cl.clReleaseCommandQueue(queue->impl);
}
static int opencl_sync(vxg_queue *queue) {
    return VXG_CL(clFinish, queue->impl);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
static int opencl_time_begin(vxg_queue *queue) {
    VXG_TRY(opencl_sync(queue));
    queue->time_begin = now();
    return VXG_OK;
}
static int opencl_time_end(vxg_queue *queue, double *seconds) {
    VXG_TRY(opencl_sync(queue));
    *seconds = now() - queue->time_begin;
    return VXG_OK;
}

/* ---- Marks ---- */
static int opencl_mark_record(vxg_queue *queue, void **mark) {
    cl_event event;
    VXG_TRY(VXG_CL(clEnqueueMarkerWithWaitList, queue->impl, 0, NULL, &event));
    if (*mark) vxg__cl.clReleaseEvent(*mark);
    *mark = event;
    return VXG_CL(clFlush, queue->impl); /* another queue may wait for it */
}
static int opencl_mark_wait(vxg_queue *queue, void *mark) {
    const cl_event event = mark;
    return VXG_CL(clEnqueueBarrierWithWaitList, queue->impl, 1, &event, NULL);
}
static int opencl_mark_sync(vxg_device *dev, void *mark) {
    const cl_event event = mark;
    (void)dev;
    return VXG_CL(clWaitForEvents, 1, &event);
}
static int opencl_mark_done(vxg_device *dev, void *mark, int *done) {
    cl_int state = 0;
    (void)dev;
    VXG_TRY(VXG_CL(clGetEventInfo, mark, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof state, &state,
                   NULL));
    *done = state <= 0; /* complete, or failed */
    return VXG_OK;
}
static void opencl_mark_free(vxg_device *dev, void *mark) {
    (void)dev;
    vxg__cl.clReleaseEvent(mark);
}

/* ---- What belongs to the caller ---- */
static int opencl_buffer_wrap(vxg_buffer *buf, void *memory) {
    const cl_impl *impl = buf->dev->impl;
    cl_uint type = 0;
    size_t bytes = 0;
    cl_context context = NULL;
    VXG_FAIL_IF(!memory, VXG_ERR_ARGUMENT, "the cl_mem is NULL");
    VXG_TRY(VXG_CL(clGetMemObjectInfo, memory, CL_MEM_TYPE, sizeof type, &type, NULL));
    VXG_TRY(VXG_CL(clGetMemObjectInfo, memory, CL_MEM_SIZE, sizeof bytes, &bytes, NULL));
    VXG_TRY(VXG_CL(clGetMemObjectInfo, memory, CL_MEM_CONTEXT, sizeof context, &context, NULL));
    VXG_FAIL_IF(type != CL_MEM_OBJECT_BUFFER, VXG_ERR_ARGUMENT, "the cl_mem is no buffer");
    VXG_FAIL_IF(context != impl->context, VXG_ERR_ARGUMENT,
                "the cl_mem is of another context; open the device with vxg_device_wrap");
    VXG_FAIL_IF(bytes < buf->bytes, VXG_ERR_ARGUMENT, "the cl_mem has %zu bytes, %zu are asked for",
                bytes, buf->bytes);
    VXG_TRY(VXG_CL(clRetainMemObject, memory));
    buf->impl = memory;
    return VXG_OK;
}

static int opencl_queue_wrap(vxg_queue *queue, void *handle) {
    const cl_impl *impl = queue->dev->impl;
    cl_context context = NULL;
    cl_device_id device = NULL;
    cl_bitfield properties = 0;
    VXG_FAIL_IF(!handle, VXG_ERR_ARGUMENT, "the cl_command_queue is NULL");
    VXG_TRY(
        VXG_CL(clGetCommandQueueInfo, handle, CL_QUEUE_CONTEXT, sizeof context, &context, NULL));
    VXG_TRY(VXG_CL(clGetCommandQueueInfo, handle, CL_QUEUE_DEVICE, sizeof device, &device, NULL));
    VXG_TRY(VXG_CL(clGetCommandQueueInfo, handle, CL_QUEUE_PROPERTIES, sizeof properties,
                   &properties, NULL));
    VXG_FAIL_IF(context != impl->context || device != impl->device, VXG_ERR_ARGUMENT,
                "the queue is of another context or device; open it with vxg_device_wrap");
    VXG_FAIL_IF(properties & CL_QUEUE_OUT_OF_ORDER, VXG_ERR_UNSUPPORTED,
                "the command queue is out of order");
    VXG_TRY(VXG_CL(clRetainCommandQueue, handle));
    queue->impl = handle;
    return VXG_OK;
}

/* The caller's device among those that are listed, for its name. */
static int opencl_device_wrap(vxg_device *dev, void *context, void *device) {
    found all[MAX_DEVICES];
    cl_device_id mine[MAX_DEVICES];
    size_t bytes = 0;
    int count, index = 0;
    VXG_TRY(find_devices(all, &count));
    VXG_TRY(VXG_CL(clGetContextInfo, context, CL_CONTEXT_DEVICES, sizeof mine, mine, &bytes));
    const size_t n = bytes / sizeof *mine;
    VXG_FAIL_IF(!device && n != 1, VXG_ERR_ARGUMENT,
                "the context has %zu devices: name one of them", n);
    if (!device) device = mine[0];
    size_t at = 0;
    while (at < n && mine[at] != device) at++;
    while (index < count && all[index].device != device) index++;
    VXG_FAIL_IF(at == n || index == count, VXG_ERR_ARGUMENT,
                "the device is not one of the context, or not one that can be used");
    cl_impl *impl = vxg__calloc(1, sizeof *impl);
    if (!impl) return VXG_ERR_MEMORY;
    impl->platform = all[index].platform, impl->device = device;
    describe(impl->device, index, &dev->info);
    dev->impl = impl, dev->native_device = device;
    int status = VXG_CL(clRetainContext, context);
    if (!status) impl->context = context;
    if (!status) status = open_impl(impl, &dev->info);
    if (status) opencl_close(dev);
    return status;
}

const vxg_backend vxg__backend_opencl = {
    .name = "opencl",
    .list = opencl_list,
    .open = opencl_open,
    .close = opencl_close,
    .buffer_new = opencl_buffer_new,
    .buffer_free = opencl_buffer_free,
    .queue_new = opencl_queue_new,
    .queue_free = opencl_queue_free,
    .sync = opencl_sync,
    .mark_record = opencl_mark_record,
    .mark_wait = opencl_mark_wait,
    .mark_sync = opencl_mark_sync,
    .mark_done = opencl_mark_done,
    .mark_free = opencl_mark_free,
    .buffer_wrap = opencl_buffer_wrap,
    .buffer_unwrap = opencl_buffer_free,
    .queue_wrap = opencl_queue_wrap,
    .device_wrap = opencl_device_wrap,
    .write = opencl_write,
    .read = opencl_read,
    .copy = opencl_copy,
    .zero = opencl_zero,
    .kernel_builtin = vxg__cl_kernel_builtin,
    .kernel_source = vxg__cl_kernel_source,
    .kernel_free = vxg__cl_kernel_free,
    .launch = vxg__cl_launch,
    .launch_step = vxg__cl_launch_step,
    .time_begin = opencl_time_begin,
    .time_end = opencl_time_end,
    .image_limits = opencl_image_limits,
    .image_new = opencl_image_new,
    .image_write = opencl_image_write,
};
