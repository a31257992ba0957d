/* The cpu backend: buffers are host memory, launches run on the pool, level chosen once at start.
 */
#include "device/cpu/cpu.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "device/cpu/compile.h"
#include "device/spill.h"

#ifdef VXG_X86_LEVELS
extern const vxg_cpu_table vxg__cpu_v2_f32, vxg__cpu_v2_f64, vxg__cpu_v3_f32, vxg__cpu_v3_f64,
    vxg__cpu_v4_f32, vxg__cpu_v4_f64;
static const vxg_cpu_level levels[] = {
    {"v2", "x86-64-v2 (SSE4.2)", "-march=x86-64-v2", {&vxg__cpu_v2_f32, &vxg__cpu_v2_f64}},
    {"v3", "x86-64-v3 (AVX2, FMA)", "-march=x86-64-v3", {&vxg__cpu_v3_f32, &vxg__cpu_v3_f64}},
    {"v4", "x86-64-v4 (AVX-512)", "-march=x86-64-v4", {&vxg__cpu_v4_f32, &vxg__cpu_v4_f64}},
};
static int levels_here(void) {
    __builtin_cpu_init();
    int v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
             __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
    int v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
             __builtin_cpu_supports("avx512vl");
    return v4 ? 3 : v3 ? 2 : __builtin_cpu_supports("sse4.2") ? 1 : 0;
}
#else
extern const vxg_cpu_table vxg__cpu_base_f32, vxg__cpu_base_f64;
static const vxg_cpu_level levels[] = {
    {"base", "compiler's baseline", "-march=native", {&vxg__cpu_base_f32, &vxg__cpu_base_f64}}};
static int levels_here(void) {
    return 1;
}
#endif

static void cpu_name(char *out, size_t size) {
    char line[256];
    FILE *f = fopen("/proc/cpuinfo", "r");
    snprintf(out, size, "CPU");
    while (f && fgets(line, sizeof line, f)) {
        char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) || !colon) continue;
        line[strcspn(line, "\n")] = 0;
        snprintf(out, size, "%s", colon + 2);
        break;
    }
    if (f) fclose(f);
}

static void describe(vxg_device_info *info, const vxg_cpu_level *l, int is_default) {
    memset(info, 0, sizeof *info);
    info->size = (uint32_t)sizeof *info;
    snprintf(info->spec, sizeof info->spec, is_default ? "cpu" : "cpu:%s", l->name);
    snprintf(info->backend, sizeof info->backend, "cpu");
    cpu_name(info->name, sizeof info->name);
    snprintf(info->driver, sizeof info->driver, "%s", l->words);
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    info->memory = pages > 0 ? (int64_t)pages * page : 0;
    info->units = vxg_threads();
    info->is_cpu = 1, info->has_f64 = 1;
}

static int cpu_list(vxg_device_info *out, int capacity, int *count, char *why, size_t why_size) {
    int n = levels_here();
    *count = n ? 1 : 0;
    if (n && capacity > 0) describe(out, &levels[n - 1], 1);
    if (!n) snprintf(why, why_size, "this processor lacks SSE4.2");
    return VXG_OK;
}

static int cpu_open(vxg_device *dev, int index, const char *variant) {
    int n = levels_here(), chosen = n - 1;
    VXG_FAIL_IF(n == 0, VXG_ERR_DEVICE, "cpu: this processor lacks SSE4.2");
    VXG_FAIL_IF(index > 0, VXG_ERR_DEVICE, "cpu:%d: there is one cpu device", index);
    if (!variant || !*variant) variant = getenv("VXG_ISA");
    if (variant && *variant) {
        for (chosen = 0; chosen < (int)(sizeof levels / sizeof *levels); chosen++)
            if (!strcmp(levels[chosen].name, variant)) break;
        VXG_FAIL_IF(chosen >= n, VXG_ERR_DEVICE,
                    "cpu:%s: instruction-set level not available; this processor runs up to %s",
                    variant, levels[n - 1].name);
    }
    describe(&dev->info, &levels[chosen], !variant || !*variant);
    dev->impl = (void *)(uintptr_t)&levels[chosen];
    return VXG_OK;
}
#define SPOILT ((size_t)1 << 16) /* bytes */

static void cpu_close(vxg_device *dev) {
    (void)dev;
}

/* Who reads uninitialised memory is found where assertions are: its beginning is no numbers. */
static void spoil(void *memory, size_t bytes) {
#ifndef NDEBUG
    memset(memory, 0xff, bytes < SPOILT ? bytes : SPOILT);
#else
    (void)memory, (void)bytes;
#endif
}

static int cpu_buffer_new(vxg_buffer *buf) {
    VXG_TRY(vxg__spill_map(buf->bytes, &buf->host));
    buf->spilled = buf->host != NULL;
    if (!buf->spilled) buf->host = vxg__alloc_aligned(buf->bytes);
    if (!buf->host) return VXG_ERR_MEMORY;
    if (buf->flags & VXG_BUFFER_UNINITIALISED) spoil(buf->host, buf->bytes);
    return VXG_OK;
}
static void cpu_buffer_free(vxg_buffer *buf) {
    if (buf->spilled)
        vxg__spill_unmap(buf->host, buf->bytes);
    else
        vxg__free(buf->host);
}
static int cpu_buffer_wrap(vxg_buffer *buf, void *memory) {
    VXG_FAIL_IF((uintptr_t)memory % 4, VXG_ERR_ARGUMENT, "%p is not a multiple of 4", memory);
    buf->host = memory;
    return VXG_OK;
}
static void cpu_buffer_unwrap(vxg_buffer *buf) {
    (void)buf;
}

/* ---- Images: the numbers after k_image of kernels/prelude/c.h ---- */
typedef struct cpu_image {
    const float *p;
    int w, h;
} cpu_image;
#define IMAGE_HEAD 64

static int cpu_image_limits(vxg_device *dev, int64_t limits[3]) {
    (void)dev;
    limits[0] = 1 << 20, limits[1] = limits[2] = 1 << 16;
    return VXG_OK;
}
static int cpu_image_new(vxg_buffer *buf) {
    const vxg_image *im = buf->image;
    const size_t n = (size_t)(im->layers * im->height * im->width);
    if (!(buf->host = vxg__alloc_aligned(IMAGE_HEAD + n * sizeof(float)))) return VXG_ERR_MEMORY;
    const float *data = (const float *)buf->host + IMAGE_HEAD / sizeof *data;
    const cpu_image head = {data, (int)im->width, (int)im->height};
    memcpy(buf->host, &head, sizeof head);
    return VXG_OK;
}
static int cpu_image_write(vxg_queue *queue, vxg_buffer *dst, int64_t first, int64_t layers,
                           const vxg_buffer *src, size_t offset) {
    const vxg_image *im = dst->image;
    assert(first >= 0 && layers >= 0 && first + layers <= im->layers);
    const size_t layer = (size_t)(im->height * im->width) * sizeof(float);
    (void)queue;
    memcpy((char *)dst->host + IMAGE_HEAD + (size_t)first * layer, (const char *)src->host + offset,
           (size_t)layers * layer);
    return VXG_OK;
}

static int cpu_queue_new(vxg_queue *queue) {
    (void)queue;
    return VXG_OK;
}
static int cpu_queue_wrap(vxg_queue *queue, void *handle) {
    (void)queue;
    VXG_FAIL_IF(handle, VXG_ERR_ARGUMENT, "the cpu has no streams: the handle must be NULL");
    return VXG_OK;
}
static void cpu_queue_free(vxg_queue *queue) {
    (void)queue;
}
static int cpu_sync(vxg_queue *queue) {
    (void)queue;
    return VXG_OK;
}
static int cpu_write(vxg_queue *q, vxg_buffer *dst, size_t offset, const void *src, size_t n) {
    (void)q;
    memcpy((char *)dst->host + offset, src, n);
    return VXG_OK;
}
static int cpu_read(vxg_queue *q, const vxg_buffer *src, size_t offset, void *dst, size_t n) {
    (void)q;
    memcpy(dst, (const char *)src->host + offset, n);
    return VXG_OK;
}
static int cpu_copy(vxg_queue *q, vxg_buffer *dst, size_t dst_offset, const vxg_buffer *src,
                    size_t src_offset, size_t n) {
    (void)q;
    memmove((char *)dst->host + dst_offset, (const char *)src->host + src_offset, n);
    return VXG_OK;
}
static int cpu_zero(vxg_queue *q, vxg_buffer *dst, size_t offset, size_t n) {
    (void)q;
    memset((char *)dst->host + offset, 0, n);
    return VXG_OK;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
static int cpu_time_begin(vxg_queue *q) {
    q->time_begin = now();
    return VXG_OK;
}
static int cpu_time_end(vxg_queue *q, double *s) {
    *s = now() - q->time_begin;
    return VXG_OK;
}

/* ---- Kernels ---- */
typedef struct cpu_kernel {
    vxg_cpu_fn fn;
    void *module; /* a user's compiled text */
} cpu_kernel;

/* Compiled now, by the system's compiler. */
static int cpu_kernel_compile(vxg_kernel *kernel, const char *unit, const char *text) {
    const vxg_cpu_level *l = kernel->dev->impl;
    cpu_kernel *impl = vxg__calloc(1, sizeof *impl);
    if (!impl) return VXG_ERR_MEMORY;
    int status = vxg__cpu_compile(kernel, unit, text, l->march, &impl->module, &impl->fn);
    if (status) {
        vxg__free(impl);
        return status;
    }
    kernel->impl = impl;
    return VXG_OK;
}

static int cpu_kernel_builtin(vxg_kernel *kernel, const char *unit) {
    const vxg_cpu_level *l = kernel->dev->impl;
    for (const vxg_cpu_kernel *k = l->table[kernel->real]->kernels; k->name; k++) {
        if (strcmp(k->name, kernel->name) || strcmp(k->options, kernel->options)) continue;
        cpu_kernel *impl = vxg__calloc(1, sizeof *impl);
        if (!impl) return VXG_ERR_MEMORY;
        impl->fn = k->fn;
        kernel->impl = impl;
        return VXG_OK;
    }
    return cpu_kernel_compile(kernel, unit, vxg__kernel_text(unit));
}

static int cpu_kernel_source(vxg_kernel *kernel, const char *text) {
    return cpu_kernel_compile(kernel, NULL, text);
}

static void cpu_kernel_free(vxg_kernel *kernel) {
    cpu_kernel *impl = kernel->impl;
    if (impl && impl->module) dlclose(impl->module);
    vxg__free(impl);
}

typedef struct launch_job {
    vxg_cpu_fn fn;
    void *buffers[VXG_MAX_BUFFERS];
    const void *params;
    int64_t nx, ny, pieces; /* pieces of x per row */
    int64_t span;           /* items of x in a piece */
} launch_job;

static void launch_range(void *context, int64_t begin, int64_t end, int worker) {
    const launch_job *j = context;
    (void)worker;
    int64_t piece = begin % j->pieces, y = begin / j->pieces % j->ny, z = begin / j->pieces / j->ny;
    for (int64_t unit = begin; unit < end; unit++) {
        const int64_t x0 = piece * j->span, x1 = x0 + j->span < j->nx ? x0 + j->span : j->nx;
        j->fn(j->buffers, j->params, (int)x0, (int)x1, (int)y, (int)z);
        if (++piece < j->pieces) continue;
        piece = 0;
        if (++y == j->ny) y = 0, z++;
    }
}

/* Whole, whatever the part: the pool asks between its own pieces. */
static int cpu_launch(vxg_kernel *kernel, vxg_queue *queue, const vxg_launch *launch,
                      const vxg_part *part) {
    (void)part;
    const cpu_kernel *impl = kernel->impl;
    vxg_params_f32 p32;
    vxg_params_f64 p64;
    launch_job job = {.fn = impl->fn, .nx = launch->global[0], .ny = launch->global[1]};
    (void)queue;
    assert(impl && impl->fn && launch->nbuffers <= VXG_MAX_BUFFERS);
    assert(job.nx > 0 && job.ny > 0 && launch->global[2] > 0);
    for (int i = 0; i < launch->nbuffers; i++) job.buffers[i] = launch->buffer[i]->host;
    if (kernel->real == VXG_REAL_F64) {
        vxg__params_f64(launch, &p64);
        job.params = &p64;
    } else {
        vxg__params_f32(launch, &p32);
        job.params = &p32;
    }
    job.span = kernel->group ? 1 : kernel->entry.lanes ? 64 : 1024;
    job.pieces = (job.nx + job.span - 1) / job.span;
    int64_t units = job.pieces * job.ny * launch->global[2];
    int64_t grain = job.nx >= 64 || kernel->group ? 1 : 64 / (job.nx + 1) + 1;
    return vxg__parallel_asking(vxg__scope_progress(), vxg_threads(), units, grain, launch_range,
                                &job);
}

/* ---- Schedules ---- */
vxg_schedule_fn vxg__cpu_schedule(const vxg_device *dev, const char *name) {
    const char *set = getenv("VXG_CPU_SCHEDULE");
    if (dev->backend != &vxg__backend_cpu || (set && !strcmp(set, "0"))) return NULL;
    const vxg_cpu_level *l = dev->impl;
    for (const vxg_cpu_schedule *s = l->table[VXG_F32]->schedules; s->name; s++)
        if (!strcmp(s->name, name)) return s->fn;
    return NULL;
}

int vxg__cpu_lanes(const vxg_device *dev) {
    const vxg_cpu_level *l = dev->impl;
    return l->table[VXG_REAL_F32]->lanes;
}

typedef struct schedule_job {
    vxg_schedule_fn fn;
    const void *args;
    char *scratch;
    size_t stride;
    const vxg_progress *progress;
    _Atomic int cancelled;
} schedule_job;

static void schedule_range(void *context, int64_t begin, int64_t end, int worker) {
    schedule_job *j = context;
    for (int64_t unit = begin; unit < end; unit++) {
        if (vxg__cancelled(j->progress)) atomic_store(&j->cancelled, 1);
        if (atomic_load(&j->cancelled)) return;
        j->fn(j->args, unit, j->scratch ? j->scratch + (size_t)worker * j->stride : NULL);
    }
}

size_t vxg__cpu_scratch(size_t bytes) {
    return ((bytes + 4095) & ~(size_t)4095) * (size_t)vxg_threads();
}

static int run_units(vxg_schedule_fn fn, const void *args, int64_t nunits, int workers,
                     void *scratch, size_t scratch_bytes, const vxg_progress *progress) {
    assert(fn && workers > 0 && (scratch || !scratch_bytes));
    schedule_job job = {.fn = fn, .args = args, .scratch = scratch, .progress = progress};
    job.stride = (scratch_bytes + 4095) & ~(size_t)4095;
    if (!progress) progress = vxg__scope_progress();
    VXG_TRY(vxg__parallel_asking(progress, workers, nunits, 1, schedule_range, &job));
    VXG_FAIL_IF(atomic_load(&job.cancelled), VXG_ERR_CANCELLED, "interrupted");
    return VXG_OK;
}

int vxg__cpu_run_in(vxg_schedule_fn fn, const void *args, int64_t nunits, void *scratch,
                    size_t scratch_bytes, const vxg_progress *progress) {
    assert(vxg__in_scope() && "sized and run in one scope");
    return run_units(fn, args, nunits, vxg_threads(), scratch, scratch_bytes, progress);
}

int vxg__cpu_run(vxg_schedule_fn fn, const void *args, int64_t nunits, size_t scratch_bytes,
                 const vxg_progress *progress) {
    vxg_scope scope;
    int status = VXG_OK;
    void *scratch = NULL;
    if (nunits <= 0) return VXG_OK;
    vxg__scope_enter(&scope, NULL);
    const int workers = nunits > 1 ? vxg_threads() : 1;
    if (scratch_bytes) {
        scratch = vxg__alloc_aligned(nunits > 1 ? vxg__cpu_scratch(scratch_bytes) : scratch_bytes);
        if (!scratch) status = VXG_ERR_MEMORY;
    }
    if (!status) status = run_units(fn, args, nunits, workers, scratch, scratch_bytes, progress);
    vxg__free(scratch);
    vxg__scope_leave(&scope);
    return status;
}

const vxg_backend vxg__backend_cpu = {
    .name = "cpu",
    .survives_fork = 1,
    .has_levels = 1,
    .list = cpu_list,
    .open = cpu_open,
    .close = cpu_close,
    .buffer_new = cpu_buffer_new,
    .buffer_free = cpu_buffer_free,
    .buffer_wrap = cpu_buffer_wrap,
    .buffer_unwrap = cpu_buffer_unwrap,
    .queue_new = cpu_queue_new,
    .queue_free = cpu_queue_free,
    .queue_wrap = cpu_queue_wrap,
    .sync = cpu_sync,
    .write = cpu_write,
    .read = cpu_read,
    .copy = cpu_copy,
    .zero = cpu_zero,
    .kernel_builtin = cpu_kernel_builtin,
    .kernel_source = cpu_kernel_source,
    .kernel_free = cpu_kernel_free,
    .launch = cpu_launch,
    .time_begin = cpu_time_begin,
    .time_end = cpu_time_end,
    .image_limits = cpu_image_limits,
    .image_new = cpu_image_new,
    .image_write = cpu_image_write,
};
