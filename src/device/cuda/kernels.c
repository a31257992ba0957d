/* CUDA programs: one module per kernel file and device, from the disk cache or NVRTC; launches. */
#include "device/cuda/cuda.h"

#include <stdio.h>
#include <string.h>

#include "device/build.h"

#define MAX_OPTIONS 64

/* ---- NVRTC ---- */
/* The nearest architecture at or below arch that this NVRTC compiles for. */
static int pick_arch(int arch, int *out) {
    int count = 0, best = 0, major = 0, minor = 0;
    VXG_TRY(VXG_NVRTC(nvrtcGetNumSupportedArchs, &count));
    int *known = vxg__calloc((size_t)count + 1, sizeof *known);
    if (!known) return VXG_ERR_MEMORY;
    int status = VXG_NVRTC(nvrtcGetSupportedArchs, known);
    for (int i = 0; i < count && !status; i++)
        if (known[i] <= arch && known[i] > best) best = known[i];
    vxg__free(known);
    if (status) return status;
    if (!best) {
        VXG_TRY(VXG_NVRTC(nvrtcVersion, &major, &minor));
        VXG_FAIL(VXG_ERR_DEVICE,
                 "NVRTC %d.%d does not compile for sm_%d: set VXG_CUDA_PATH to an older toolkit",
                 major, minor, arch);
    }
    *out = best;
    return VXG_OK;
}

static int compile_failed(nvrtcProgram p, const char *name, int is_user, const char *source) {
    size_t n = 0;
    char *log = NULL;
    if (!vxg__nvrtc.nvrtcGetProgramLogSize(p, &n) && n && (log = vxg__calloc(n + 1, 1)) &&
        vxg__nvrtc.nvrtcGetProgramLog(p, log))
        log[0] = 0;
    int status = vxg__build_failed(name, is_user, "NVRTC", log ? log : "(no log)", source);
    vxg__free(log);
    return status;
}

static int take_image(nvrtcProgram p, cuda_image *out) {
    if (out->is_ptx) {
        VXG_TRY(VXG_NVRTC(nvrtcGetPTXSize, p, &out->bytes));
    } else {
        VXG_TRY(VXG_NVRTC(nvrtcGetCUBINSize, p, &out->bytes));
    }
    if (!(out->data = vxg__calloc(out->bytes + 1, 1))) return VXG_ERR_MEMORY;
    int status =
        out->is_ptx ? VXG_NVRTC(nvrtcGetPTX, p, out->data) : VXG_NVRTC(nvrtcGetCUBIN, p, out->data);
    if (status) {
        vxg__free(out->data);
        out->data = NULL;
    }
    return status;
}

/* words is cut into pieces. */
static int compile_words(nvrtcProgram p, const char *name, int is_user, const char *source,
                         char *words, cuda_image *out) {
    const char *list[MAX_OPTIONS];
    int n = 0;
    for (char *save, *w = strtok_r(words, " \t\n", &save); w; w = strtok_r(NULL, " \t\n", &save)) {
        VXG_FAIL_IF(n == MAX_OPTIONS, VXG_ERR_ARGUMENT, "kernel options: more than %d words",
                    MAX_OPTIONS);
        list[n++] = w;
    }
    nvrtcResult code = vxg__nvrtc.nvrtcCompileProgram(p, n, list);
    if (code == NVRTC_ERROR_COMPILATION) return compile_failed(p, name, is_user, source);
    VXG_TRY(vxg__nvrtc_check(code, "nvrtcCompileProgram"));
    return take_image(p, out);
}

int vxg__nvrtc_compile(const char *name, int is_user, const char *source, const char *options,
                       int arch, cuda_image *out) {
    nvrtcProgram p;
    vxg_text words = {0};
    int known = 0;
    *out = (cuda_image){0};
    VXG_TRY(vxg__nvrtc_load());
    VXG_TRY(pick_arch(arch, &known));
    out->is_ptx = known != arch;
    /* No contraction and no fast-math, as on every target. */
    vxg__text_add(&words, "--gpu-architecture=%s_%d --fmad=false -default-device --std=c++14 %s",
                  out->is_ptx ? "compute" : "sm", known, options);
    int status = words.failed ? VXG_ERR_MEMORY : VXG_OK;
    if (!status) status = VXG_NVRTC(nvrtcCreateProgram, &p, source, name, 0, NULL, NULL);
    if (!status) {
        status = compile_words(p, name, is_user, source, words.s, out);
        vxg__nvrtc.nvrtcDestroyProgram(&p);
    }
    vxg__text_free(&words);
    return status;
}

/* ---- Modules ---- */
static int load_image(const cuda_image *image, CUmodule *out) {
    const CUstreamCaptureMode mode = vxg__cuda_relax();
    const int status = VXG_CU(cuModuleLoadData, out, image->data);
    vxg__cuda_unrelax(mode);
    return status;
}

/* The caller stands between enter and leave. */
static int build(vxg_device *dev, const char *name, int is_user, const char *text,
                 const char *options, CUmodule *out) {
    const cuda_impl *impl = dev->impl;
    vxg_text source = {0};
    cuda_image image = {0};
    char key[65];
    int status = vxg__program_text("kernels/prelude/cuda.h", name, text, &source);
    if (status) goto done;
    const char *parts[] = {"cuda", source.s, options, impl->identity};
    vxg__cache_key(key, parts, 4);
    vxg__cache_load(key, &image.data, &image.bytes);
    if (image.data && !load_image(&image, out)) goto done;
    vxg_error_clear(); /* a program of another driver: it is compiled again */
    vxg__free(image.data), image.data = NULL;
    VXG_GOTO(status, vxg__nvrtc_compile(name, is_user, source.s, options, impl->arch, &image),
             done);
    VXG_GOTO(status, load_image(&image, out), done);
    /* PTX would outlive the toolkit that did not know the device. */
    if (!image.is_ptx) vxg__cache_store(key, image.data, image.bytes);
done:
    vxg__free(image.data);
    vxg__text_free(&source);
    return status;
}

typedef struct cuda_kernel {
    CUfunction function;
    CUmodule module; /* a user's own; NULL for the library's */
    int64_t limit;   /* threads in a block */
} cuda_kernel;

static int make_kernel(vxg_kernel *kernel, CUmodule module, int owned) {
    int limit = 0;
    CUfunction function;
    CUresult code = vxg__cu.cuModuleGetFunction(&function, module, kernel->name);
    VXG_TRY(vxg__cu_check(code, "cuModuleGetFunction"));
    VXG_TRY(VXG_CU(cuFuncGetAttribute, &limit, CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK, function));
    VXG_FAIL_IF(limit < kernel->group, VXG_ERR_UNSUPPORTED,
                "groups of %d items: this kernel can have %d", kernel->group, limit);
    cuda_kernel *k = vxg__calloc(1, sizeof *k);
    if (!k) return VXG_ERR_MEMORY;
    k->function = function, k->limit = limit < 256 ? limit : 256;
    k->module = owned ? module : NULL;
    kernel->impl = k;
    return VXG_OK;
}

static int find_unit(vxg_device *dev, const char *unit, const char *options, CUmodule *out) {
    cuda_impl *impl = dev->impl;
    char *name = vxg__unit_name(unit, options);
    if (!name) return VXG_ERR_MEMORY;
    cuda_unit *u = impl->units;
    while (u && strcmp(u->name, name)) u = u->next;
    if (u) {
        vxg__free(name);
        *out = u->module;
        return VXG_OK;
    }
    int status = VXG_ERR_MEMORY;
    if ((u = vxg__calloc(1, sizeof *u)))
        status = build(dev, unit, 0, vxg__kernel_text(unit), options, &u->module);
    if (status) {
        vxg__free(u);
        vxg__free(name);
        return status;
    }
    u->name = name, u->next = impl->units, impl->units = u;
    *out = u->module;
    return VXG_OK;
}

/* Leaving the context may fail after the kernel was made. */
static int leave_with_kernel(vxg_kernel *kernel, int status) {
    status = vxg__cuda_leave(status);
    if (status && kernel->impl) {
        cuda_kernel *k = kernel->impl;
        if (k->module) vxg__cu.cuModuleUnload(k->module);
        vxg__free(k);
        kernel->impl = NULL;
    }
    return status;
}

int vxg__cuda_kernel_builtin(vxg_kernel *kernel, const char *unit) {
    CUmodule module;
    VXG_TRY(vxg__cuda_enter(kernel->dev));
    int status = find_unit(kernel->dev, unit, kernel->options, &module);
    if (!status) status = make_kernel(kernel, module, 0);
    return leave_with_kernel(kernel, status);
}

int vxg__cuda_kernel_source(vxg_kernel *kernel, const char *text) {
    CUmodule module;
    VXG_TRY(vxg__cuda_enter(kernel->dev));
    int status = build(kernel->dev, "kernel", 1, text, kernel->options, &module);
    if (!status && (status = make_kernel(kernel, module, 1))) vxg__cu.cuModuleUnload(module);
    return leave_with_kernel(kernel, status);
}

void vxg__cuda_kernel_free(vxg_kernel *kernel) {
    cuda_kernel *k = kernel->impl;
    if (k->module) {
        int entered = !vxg__cuda_enter(kernel->dev);
        if (entered) vxg__cu.cuCtxSynchronize(); /* a queue may still run it */
        vxg__cu.cuModuleUnload(k->module);
        if (entered) vxg__cuda_leave(VXG_OK);
    }
    vxg__free(k);
}

void vxg__cuda_units_free(cuda_impl *impl) {
    for (cuda_unit *u = impl->units, *next; u; u = next) {
        next = u->next;
        vxg__cu.cuModuleUnload(u->module);
        vxg__free(u->name);
        vxg__free(u);
    }
    impl->units = NULL;
}

/* ---- Launches ---- */
/* Grids are limited along y and z (65535): a larger range becomes several launches, each told by
 * two further arguments where it begins. */
static int launch_parts(const cuda_impl *impl, const cuda_kernel *k, CUstream stream,
                        const vxg_launch *launch, const vxg_part *part, const int64_t shape[3],
                        int is_group) {
    vxg_params_f32 params;
    CUdeviceptr pointers[VXG_MAX_BUFFERS];
    void *args[VXG_MAX_BUFFERS + 3];
    uint32_t y0, z0;
    int64_t step[3], blocks[3];
    vxg__params_f32(launch, &params);
    for (int i = 0; i < launch->nbuffers; i++) {
        pointers[i] = (CUdeviceptr)(uintptr_t)launch->buffer[i]->impl;
        args[i] = &pointers[i];
    }
    args[launch->nbuffers] = &params;
    args[launch->nbuffers + 1] = &y0;
    args[launch->nbuffers + 2] = &z0;
    for (int i = 0; i < 3; i++) step[i] = is_group ? 1 : shape[i];
    blocks[0] = (launch->global[0] + step[0] - 1) / step[0];
    for (int64_t z = part->begin[2]; z < part->end[2]; z += impl->max_grid[2] * step[2])
        for (int64_t y = part->begin[1]; y < part->end[1]; y += impl->max_grid[1] * step[1]) {
            blocks[1] = (part->end[1] - y + step[1] - 1) / step[1];
            blocks[2] = (part->end[2] - z + step[2] - 1) / step[2];
            for (int i = 1; i < 3; i++)
                if (blocks[i] > impl->max_grid[i]) blocks[i] = impl->max_grid[i];
            y0 = (uint32_t)y, z0 = (uint32_t)z;
            VXG_TRY(VXG_CU(cuLaunchKernel, k->function, (unsigned)blocks[0], (unsigned)blocks[1],
                           (unsigned)blocks[2], (unsigned)shape[0], (unsigned)shape[1],
                           (unsigned)shape[2], 0, stream, args, NULL));
        }
    return VXG_OK;
}

static void block_shape(const vxg_kernel *kernel, const vxg_launch *launch, int64_t shape[3]) {
    const cuda_impl *impl = kernel->dev->impl;
    const cuda_kernel *k = kernel->impl;
    shape[0] = kernel->group, shape[1] = shape[2] = 1;
    if (!kernel->group) vxg__group_shape(launch->global, k->limit, impl->max_block, shape);
}

int vxg__cuda_launch_step(const vxg_kernel *kernel, const vxg_launch *launch, int64_t step[3]) {
    block_shape(kernel, launch, step);
    if (kernel->group) step[0] = 1; /* the range counts groups */
    return 1;
}

int vxg__cuda_launch(vxg_kernel *kernel, vxg_queue *queue, const vxg_launch *launch,
                     const vxg_part *part) {
    const cuda_impl *impl = kernel->dev->impl;
    const cuda_kernel *k = kernel->impl;
    const cuda_queue *q = queue->impl;
    int64_t shape[3];
    block_shape(kernel, launch, shape);
    VXG_TRY(vxg__cuda_enter(kernel->dev));
    int status =
        vxg__cuda_leave(launch_parts(impl, k, q->stream, launch, part, shape, kernel->group));
    return status ? vxg_error_context(status, "launch of '%s'", kernel->name) : VXG_OK;
}
