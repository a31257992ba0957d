/* OpenCL programs: one per kernel file and device, from the disk cache or the device's compiler. */
#include "device/opencl/opencl.h"

#include <stdio.h>
#include <string.h>

#include "device/build.h"

typedef struct cl_kernel_impl {
    cl_kernel kernel;
    cl_program program;   /* a user's own; NULL for the library's */
    pthread_mutex_t lock; /* setting arguments and enqueuing is one step */
    int64_t limit;        /* items in a group */
} cl_kernel_impl;

static void report_failure(cl_impl *impl, cl_program p, const char *name, int is_user,
                           const char *source, int *status) {
    size_t n = 0;
    char *log = NULL;
    cl_device_id d = impl->device;
    if (!vxg__cl.clGetProgramBuildInfo(p, d, CL_PROGRAM_BUILD_LOG, 0, NULL, &n) && n &&
        (log = vxg__calloc(n + 1, 1)))
        vxg__cl.clGetProgramBuildInfo(p, d, CL_PROGRAM_BUILD_LOG, n, log, NULL);
    *status = vxg__build_failed(name, is_user, "OpenCL", log ? log : "(no log)", source);
    vxg__free(log);
}

static int build_source(cl_impl *impl, const char *name, int is_user, const char *source,
                        const char *options, cl_program *out) {
    cl_int code;
    cl_program p = vxg__cl.clCreateProgramWithSource(impl->context, 1, &source, NULL, &code);
    VXG_TRY(vxg__cl_check(code, "clCreateProgramWithSource"));
    code = vxg__cl.clBuildProgram(p, 1, &impl->device, options, NULL, NULL);
    int status = vxg__cl_check(code, "clBuildProgram");
    if (code == CL_BUILD_PROGRAM_FAILURE) report_failure(impl, p, name, is_user, source, &status);
    if (status) {
        vxg__cl.clReleaseProgram(p);
        return status;
    }
    *out = p;
    return VXG_OK;
}

/* Both directions of the disk cache: any trouble means compiling. */
static cl_program load_binary(cl_impl *impl, const char *key, const char *options) {
    void *data;
    size_t bytes;
    cl_int code, state;
    vxg__cache_load(key, &data, &bytes);
    if (!data) return NULL;
    const unsigned char *binary = data;
    cl_program p = vxg__cl.clCreateProgramWithBinary(impl->context, 1, &impl->device, &bytes,
                                                     &binary, &state, &code);
    vxg__free(data);
    if (code != CL_SUCCESS) return NULL;
    if (vxg__cl.clBuildProgram(p, 1, &impl->device, options, NULL, NULL) == CL_SUCCESS) return p;
    vxg__cl.clReleaseProgram(p);
    return NULL;
}

static void store_binary(const char *key, cl_program p) {
    size_t n = 0;
    if (vxg__cl.clGetProgramInfo(p, CL_PROGRAM_BINARY_SIZES, sizeof n, &n, NULL) || !n) return;
    unsigned char *binary = vxg__calloc(n, 1);
    if (binary && !vxg__cl.clGetProgramInfo(p, CL_PROGRAM_BINARIES, sizeof binary, &binary, NULL))
        vxg__cache_store(key, binary, n);
    vxg__free(binary);
}

static int build(vxg_device *dev, const char *name, int is_user, const char *text,
                 const char *more_options, cl_program *out) {
    cl_impl *impl = dev->impl;
    vxg_text source = {0}, options = {0};
    char key[65];
    int status = vxg__program_text("kernels/prelude/opencl.h", name, text, &source);
    vxg__text_add(&options, "%s %s", impl->options, more_options);
    if (!status && options.failed) status = VXG_ERR_MEMORY;
    if (!status) {
        const char *parts[] = {"opencl", source.s, options.s, impl->identity};
        vxg__cache_key(key, parts, 4);
        if (!(*out = load_binary(impl, key, options.s))) {
            status = build_source(impl, name, is_user, source.s, options.s, out);
            if (!status) store_binary(key, *out);
        }
    }
    vxg__text_free(&source);
    vxg__text_free(&options);
    return status;
}

static int make_kernel(vxg_kernel *kernel, cl_program program, int owned) {
    cl_impl *impl = kernel->dev->impl;
    cl_int code;
    size_t limit = 0;
    cl_kernel_impl *k = vxg__calloc(1, sizeof *k);
    if (!k) return VXG_ERR_MEMORY;
    k->kernel = vxg__cl.clCreateKernel(program, kernel->name, &code);
    int status = vxg__cl_check(code, "clCreateKernel");
    if (!status) {
        status = VXG_CL(clGetKernelWorkGroupInfo, k->kernel, impl->device,
                        CL_KERNEL_WORK_GROUP_SIZE, sizeof limit, &limit, NULL);
        if (!status && limit < (size_t)kernel->group)
            status = vxg_error_set(VXG_ERR_UNSUPPORTED, "groups of %d items: this device has %zu",
                                   kernel->group, limit);
        if (status) vxg__cl.clReleaseKernel(k->kernel);
    }
    if (status) {
        vxg__free(k);
        return status;
    }
    pthread_mutex_init(&k->lock, NULL);
    k->limit = limit < 256 ? (int64_t)limit : 256;
    k->program = owned ? program : NULL;
    kernel->impl = k;
    return VXG_OK;
}

int vxg__cl_kernel_builtin(vxg_kernel *kernel, const char *unit) {
    cl_impl *impl = kernel->dev->impl;
    char *name = vxg__unit_name(unit, kernel->options);
    if (!name) return VXG_ERR_MEMORY;
    cl_unit *u = impl->units;
    while (u && strcmp(u->name, name)) u = u->next;
    if (u) {
        vxg__free(name);
        return make_kernel(kernel, u->program, 0);
    }
    int status = VXG_ERR_MEMORY;
    if ((u = vxg__calloc(1, sizeof *u)))
        status = build(kernel->dev, unit, 0, vxg__kernel_text(unit), kernel->options, &u->program);
    if (status) {
        vxg__free(u);
        vxg__free(name);
        return status;
    }
    u->name = name, u->next = impl->units, impl->units = u;
    return make_kernel(kernel, u->program, 0);
}

int vxg__cl_kernel_source(vxg_kernel *kernel, const char *text) {
    cl_program program;
    VXG_TRY(build(kernel->dev, "kernel", 1, text, kernel->options, &program));
    int status = make_kernel(kernel, program, 1);
    if (status) vxg__cl.clReleaseProgram(program);
    return status;
}

void vxg__cl_kernel_free(vxg_kernel *kernel) {
    cl_kernel_impl *k = kernel->impl;
    vxg__cl.clReleaseKernel(k->kernel);
    if (k->program) vxg__cl.clReleaseProgram(k->program);
    pthread_mutex_destroy(&k->lock);
    vxg__free(k);
}

void vxg__cl_units_free(cl_impl *impl) {
    for (cl_unit *u = impl->units, *next; u; u = next) {
        next = u->next;
        vxg__cl.clReleaseProgram(u->program);
        vxg__free(u->name);
        vxg__free(u);
    }
    impl->units = NULL;
}

static int set_and_enqueue(cl_kernel_impl *k, vxg_queue *queue, const vxg_launch *launch,
                           const size_t *offset, const size_t *global, const size_t *local) {
    vxg_params_f32 params;
    cl_uint n = (cl_uint)launch->nbuffers;
    vxg__params_f32(launch, &params);
    for (cl_uint i = 0; i < n; i++)
        VXG_TRY(VXG_CL(clSetKernelArg, k->kernel, i, sizeof(cl_mem), &launch->buffer[i]->impl));
    VXG_TRY(VXG_CL(clSetKernelArg, k->kernel, n, sizeof params, &params));
    VXG_TRY(VXG_CL(clEnqueueNDRangeKernel, queue->impl, k->kernel, 3, offset, global, local, 0,
                   NULL, NULL));
    return VXG_CL(clFlush, queue->impl);
}

/* Items of a group along each axis. */
static void group_shape(const vxg_kernel *kernel, const vxg_launch *launch, int64_t shape[3]) {
    const cl_kernel_impl *k = kernel->impl;
    const cl_impl *impl = kernel->dev->impl;
    int64_t max[3];
    shape[0] = kernel->group, shape[1] = shape[2] = 1;
    for (int i = 0; i < 3; i++) max[i] = (int64_t)impl->max_items[i];
    if (!kernel->group) vxg__group_shape(launch->global, k->limit, max, shape);
}

/* An item knows the range's offset, a group does not: group kernels run whole. */
int vxg__cl_launch_step(const vxg_kernel *kernel, const vxg_launch *launch, int64_t step[3]) {
    if (kernel->group) return 0;
    group_shape(kernel, launch, step);
    return 1;
}

int vxg__cl_launch(vxg_kernel *kernel, vxg_queue *queue, const vxg_launch *launch,
                   const vxg_part *part) {
    cl_kernel_impl *k = kernel->impl;
    size_t offset[3], global[3], local[3];
    int64_t shape[3];
    group_shape(kernel, launch, shape);
    for (int i = 0; i < 3; i++) {
        int64_t n = part->end[i] - part->begin[i];
        if (kernel->group) n *= shape[i];
        local[i] = (size_t)shape[i];
        offset[i] = (size_t)part->begin[i];
        global[i] = (size_t)((n + shape[i] - 1) / shape[i] * shape[i]);
    }
    const int cut = offset[0] || offset[1] || offset[2];
    pthread_mutex_lock(&k->lock);
    int status = set_and_enqueue(k, queue, launch, cut ? offset : NULL, global, local);
    pthread_mutex_unlock(&k->lock);
    return status ? vxg_error_context(status, "launch of '%s'", kernel->name) : VXG_OK;
}
