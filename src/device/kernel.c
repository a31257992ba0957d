/* Kernels: lookup, run-time sources, launches. */
#include "device/backend.h"

#include <stdio.h>
#include <string.h>

#include "device/definitions.h"

void vxg__kernel_free(vxg_kernel *k) {
    if (!k) return;
    if (k->impl && !vxg__device_lost(k->dev)) k->dev->backend->kernel_free(k);
    vxg__free(k->options);
    vxg__object_free(k);
}

/* Takes options (sorted), on failure too. */
static int kernel_make(vxg_device *dev, const char *name, vxg_real real, char *options,
                       const char *text, vxg_kernel **out) {
    assert(options && text && name);
    vxg_kernel *k = vxg__object_new(VXG_KIND_KERNEL, sizeof *k);
    int status = k ? VXG_OK : VXG_ERR_MEMORY;
    if (!k) {
        vxg__free(options);
        return status;
    }
    k->dev = dev;
    k->real = real;
    k->options = options;
    k->references = 1;
    if ((int)real < 0 || real > VXG_REAL_F64) {
        status = vxg_error_set(VXG_ERR_ARGUMENT,
                               "kernel '%s': arithmetic %d is neither float32 nor float64", name,
                               (int)real);
    } else if (real == VXG_REAL_F64 && !dev->info.has_f64) {
        status = vxg_error_set(VXG_ERR_UNSUPPORTED,
                               "kernel '%s' in float64: only on the cpu device", name);
    } else if (strlen(name) >= sizeof k->name) {
        status =
            vxg_error_set(VXG_ERR_ARGUMENT, "kernel name '%s' is longer than 63 characters", name);
    } else if (!*name || !vxg__kernel_entry(text, name, real, &k->entry)) {
        status = vxg_error_set(VXG_ERR_ARGUMENT,
                               "the text has no K_KERNELn, K_GROUP_KERNELn or K_LOCAL_KERNELn "
                               "called '%s'",
                               name);
    }
    if (!status) {
        snprintf(k->name, sizeof k->name, "%s", name);
        status = vxg__definitions_group(options, VXG_GROUP, &k->group);
        if (!k->entry.group) k->group = 0;
    }
    if (status) {
        vxg__kernel_free(k);
        return status;
    }
    *out = k;
    return VXG_OK;
}

/* Takes options, on failure too. */
static int build_builtin(vxg_device *dev, const char *name, vxg_real real, char *options,
                         vxg_kernel **out) {
    const vxg_kernel_row *row = NULL;
    assert(vxg__lock_mine(&dev->lock) && options);
    for (int i = 0; i < vxg__kernel_row_count && !row; i++)
        if (!strcmp(vxg__kernel_rows[i].name, name)) row = &vxg__kernel_rows[i];
    if (!row) {
        vxg__free(options);
        VXG_FAIL(VXG_ERR_ARGUMENT, "kernel '%s' is not in the library", name);
    }
    vxg_kernel *k;
    const char *text = vxg__kernel_text(row->unit);
    VXG_TRY(kernel_make(dev, name, real, options, text, &k));
    int status = vxg__definitions_known(k->options, text, row->unit);
    if (!status) status = dev->backend->kernel_builtin(k, row->unit);
    if (status) {
        vxg__kernel_free(k);
        return vxg_error_context(status, "kernel '%s' on %s", name, dev->info.spec);
    }
    k->borrowed = 1;
    k->next = dev->kernels;
    dev->kernels = k;
    *out = k;
    return VXG_OK;
}

/* A kernel that was built before, or NULL. */
static vxg_kernel *find_built(const vxg_device *dev, const char *name, const char *options,
                              vxg_real real) {
    assert(vxg__lock_mine(&dev->lock) && options);
    vxg_kernel *k = dev->kernels;
    while (k && (strcmp(k->name, name) || k->real != real || strcmp(k->options, options)))
        k = k->next;
    return k;
}

/* Options that are sorted already, as those of the library's own calls, ask for no memory once the
 * kernel is built. */
static int find_or_build(vxg_device *dev, const char *name, const char *options, vxg_real real,
                         vxg_kernel **out) {
    char *sorted;
    if ((*out = find_built(dev, name, options, real))) return VXG_OK;
    VXG_TRY(vxg__definitions_sort(options, &sorted));
    if ((*out = find_built(dev, name, sorted, real))) {
        vxg__free(sorted);
        return VXG_OK;
    }
    return build_builtin(dev, name, real, sorted, out);
}

int vxg_kernel_get(vxg_device *dev, const char *name, vxg_real real, vxg_kernel **out) {
    return vxg_kernel_get_with(dev, name, NULL, real, out);
}

int vxg_kernel_get_with(vxg_device *dev, const char *name, const char *options, vxg_real real,
                        vxg_kernel **out) {
    VXG_FAIL_IF(!out || !name, VXG_ERR_ARGUMENT, "kernel: name or out is NULL");
    *out = NULL;
    VXG_TRY(vxg__device_check(dev, "kernel"));
    vxg_kernel *k = NULL;
    vxg__lock(&dev->lock);
    int status = find_or_build(dev, name, options ? options : "", real, &k);
    vxg__unlock(&dev->lock);
    if (!status) *out = vxg_kernel_retain(k);
    return status;
}

int vxg_kernel_from_source(vxg_device *dev, const char *text, const char *name, const char *options,
                           vxg_real real, vxg_kernel **out) {
    VXG_FAIL_IF(!text || !name || !out, VXG_ERR_ARGUMENT,
                "kernel from source: text, name or out is NULL");
    *out = NULL;
    VXG_TRY(vxg__device_check(dev, "kernel from source"));
    vxg_kernel *k;
    char *sorted;
    VXG_TRY(vxg__definitions_sort(options ? options : "", &sorted));
    VXG_TRY(kernel_make(dev, name, real, sorted, text, &k));
    int status = dev->backend->kernel_source(k, text);
    if (status) {
        vxg__kernel_free(k);
        return vxg_error_context(status, "kernel '%s' on %s", name, dev->info.spec);
    }
    vxg_device_retain(dev);
    *out = k;
    return VXG_OK;
}

/* A kernel of the library lives as long as its device: retaining it retains the device. */
vxg_kernel *vxg_kernel_retain(vxg_kernel *kernel) {
    if (!vxg__object_is(kernel, VXG_KIND_KERNEL)) return NULL;
    if (kernel->borrowed) {
        vxg_device_retain(kernel->dev);
    } else {
        __atomic_add_fetch(&kernel->references, 1, __ATOMIC_RELAXED);
    }
    return kernel;
}

void vxg_kernel_release(vxg_kernel *kernel) {
    if (!vxg__object_is(kernel, VXG_KIND_KERNEL)) return;
    vxg_device *dev = kernel->dev;
    if (!kernel->borrowed) {
        if (__atomic_sub_fetch(&kernel->references, 1, __ATOMIC_ACQ_REL)) return;
        vxg__kernel_free(kernel);
    }
    vxg_device_release(dev);
}

#define FILL_PARAMS                                                                                \
    assert(launch->nbuffers >= 0 && launch->nbuffers <= VXG_MAX_BUFFERS);                          \
    assert(launch->nints >= 0 && launch->nints <= VXG_MAX_INTS);                                   \
    assert(launch->nreals >= 0 && launch->nreals <= VXG_MAX_REALS);                                \
    memset(out, 0, sizeof *out);                                                                   \
    for (int i = 0; i < launch->nbuffers; i++) out->off[i] = launch->offset[i];                    \
    for (int i = 0; i < 3; i++) out->n[i] = launch->global[i] ? (int32_t)launch->global[i] : 1;    \
    for (int i = 0; i < launch->nints; i++) out->i[i] = launch->ints[i];
void vxg__params_f32(const vxg_launch *launch, vxg_params_f32 *out) {
    FILL_PARAMS
    for (int i = 0; i < launch->nreals; i++) out->r[i] = (float)launch->reals[i];
}
void vxg__params_f64(const vxg_launch *launch, vxg_params_f64 *out) {
    FILL_PARAMS
    for (int i = 0; i < launch->nreals; i++) out->r[i] = launch->reals[i];
}

/* Checks buffer i and converts its offset, in bytes, into elements, as the kernels count. */
static int check_buffer(const vxg_kernel *kernel, vxg_launch *l, int i) {
    const vxg_buffer *buf = l->buffer[i];
    const vxg_kernel_entry *e = &kernel->entry;
    assert(i >= 0 && i < e->nbuffers);
    VXG_FAIL_IF(!vxg__object_is(buf, VXG_KIND_BUFFER) || buf->dev != kernel->dev, VXG_ERR_ARGUMENT,
                "launch of '%s': buffer %d is NULL, released or on another device", kernel->name,
                i);
    VXG_FAIL_IF((buf->image != NULL) != (e->image && i == 0), VXG_ERR_ARGUMENT,
                "launch of '%s': buffer %d is %s image", kernel->name, i, buf->image ? "an" : "no");
    VXG_FAIL_IF(buf->read_only && ((e->written >> i) & 1), VXG_ERR_ARGUMENT,
                "launch of '%s': buffer %d was wrapped for reading only and is written",
                kernel->name, i);
    VXG_FAIL_IF(buf->foreign && e->element[i] && (uintptr_t)buf->host % (unsigned)e->element[i],
                VXG_ERR_ARGUMENT,
                "launch of '%s': the memory of buffer %d is not aligned to its elements",
                kernel->name, i);
    VXG_FAIL_IF(l->offset[i] < 0 || (uint64_t)l->offset[i] > buf->bytes, VXG_ERR_ARGUMENT,
                "launch of '%s': offset %lld of buffer %d lies outside its %zu bytes", kernel->name,
                (long long)l->offset[i], i, buf->bytes);
    if (l->offset[i] == 0) return VXG_OK;
    VXG_FAIL_IF(e->element[i] == 0, VXG_ERR_ARGUMENT,
                "launch of '%s': an offset into buffer %d, which is an image or of a type that the "
                "dialect does not know",
                kernel->name, i);
    VXG_FAIL_IF(l->offset[i] % e->element[i], VXG_ERR_ARGUMENT,
                "launch of '%s': offset %lld of buffer %d is no multiple of its elements' %d bytes",
                kernel->name, (long long)l->offset[i], i, e->element[i]);
    l->offset[i] /= e->element[i];
    return VXG_OK;
}

#define MOST_ITEMS ((int64_t)1 << 60) /* so that no count of items overflows */

int vxg_kernel_launch(vxg_kernel *kernel, vxg_queue *queue, const vxg_launch *launch) {
    VXG_FAIL_IF(!vxg__object_is(kernel, VXG_KIND_KERNEL), VXG_ERR_ARGUMENT,
                "launch: the kernel is NULL or was released");
    VXG_FAIL_IF(!launch, VXG_ERR_ARGUMENT, "launch of '%s': launch is NULL", kernel->name);
    vxg_device *dev = kernel->dev;
    vxg_launch l;
    VXG_TRY(VXG_IN(vxg_launch, &l, launch));
    VXG_TRY(vxg__queue_pick(dev, &queue, "launch"));
    VXG_FAIL_IF(l.nbuffers < 0 || l.nbuffers > VXG_MAX_BUFFERS || l.nints < 0 ||
                    l.nints > VXG_MAX_INTS || l.nreals < 0 || l.nreals > VXG_MAX_REALS,
                VXG_ERR_ARGUMENT, "launch of '%s': too many buffers, ints or reals", kernel->name);
    VXG_FAIL_IF(l.nbuffers != kernel->entry.nbuffers, VXG_ERR_ARGUMENT,
                "launch of '%s': %d buffers were given, the kernel has %d", kernel->name,
                l.nbuffers, kernel->entry.nbuffers);
    for (int i = 0; i < l.nbuffers; i++) VXG_TRY(check_buffer(kernel, &l, i));
    for (int i = 0; i < 3; i++) {
        if (l.global[i] == 0) l.global[i] = 1;
        VXG_FAIL_IF(l.global[i] < 0 || l.global[i] > INT32_MAX, VXG_ERR_ARGUMENT,
                    "launch of '%s': %lld items along axis %d", kernel->name,
                    (long long)l.global[i], i);
    }
    VXG_FAIL_IF(kernel->entry.lanes && l.global[0] % 32, VXG_ERR_ARGUMENT,
                "launch of '%s': %lld items along axis 0; a kernel of lanes has a multiple of 32",
                kernel->name, (long long)l.global[0]);
    VXG_FAIL_IF(l.global[0] * l.global[1] > MOST_ITEMS / l.global[2], VXG_ERR_ARGUMENT,
                "launch of '%s': %lld x %lld x %lld items are more than 2^60", kernel->name,
                (long long)l.global[0], (long long)l.global[1], (long long)l.global[2]);
    VXG_TRY(vxg__order_begin(queue, l.nbuffers, l.buffer, kernel->entry.written));
    const int status = vxg__launch_in_pieces(kernel, queue, &l);
    const int noted = vxg__order_end(queue, l.nbuffers, l.buffer, kernel->entry.written);
    return status ? status : noted;
}
