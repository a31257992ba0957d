/* Devices: listing, opening, and the end of one. */
#include "device/backend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_OPEN 64

/* Open devices, not owned: opening one twice gives the same object, so that its arrays mix freely.
 * The lock is also held while drivers list and open their devices: their first calls may not stand
 * several threads at once.
 */
VXG_LOCK(open_lock, VXG_RANK_OPEN);
static vxg_device *open_devices[MAX_OPEN];

/* open_lock is held. */
static int list_backend(const vxg_backend *b, vxg_device_info *out, int capacity, int *count,
                        char *why, size_t size) {
    assert(vxg__lock_mine(&open_lock) && size > 0);
    *count = 0;
    why[0] = 0;
    return b->list(out, capacity, count, why, size);
}

static int list_all(vxg_device_info *out, int capacity, int *count) {
    char why[256];
    for (int i = 0; vxg__backends[i]; i++) {
        int n, room = capacity > *count ? capacity - *count : 0;
        VXG_TRY(
            list_backend(vxg__backends[i], room ? out + *count : NULL, room, &n, why, sizeof why));
        *count += n;
    }
    return VXG_OK;
}

int vxg_device_list(vxg_device_info *out, int capacity, int *count) {
    VXG_FAIL_IF(!count || capacity < 0 || (!out && capacity > 0), VXG_ERR_ARGUMENT,
                "device list: %s", !count ? "count is NULL" : "no room for that many rows");
    *count = 0;
    vxg__lock(&open_lock);
    const int status = list_all(out, capacity, count);
    vxg__unlock(&open_lock);
    return status;
}

const char *vxg_device_why(const char *backend) {
    static _Thread_local char why[512];
    vxg_device_info info[8];
    int n;
    snprintf(why, sizeof why, "no backend is called '%s'", backend ? backend : "NULL");
    vxg__lock(&open_lock);
    for (int i = 0; backend && vxg__backends[i]; i++)
        if (!strcmp(vxg__backends[i]->name, backend) &&
            list_backend(vxg__backends[i], info, 8, &n, why, sizeof why))
            snprintf(why, sizeof why, "%s", vxg_error_message());
    vxg__unlock(&open_lock);
    return why;
}

/* The best device here: a GPU, else the CPU. An OpenCL device that is the host processor never is.
 */
static int best_spec(char *spec, size_t size) {
    vxg_device_info info[32];
    char why[256];
    snprintf(spec, size, "cpu");
    for (int b = 0; vxg__backends[b]; b++) { /* a library that is not needed is not loaded */
        int n;
        VXG_TRY(list_backend(vxg__backends[b], info, 32, &n, why, sizeof why));
        for (int i = 0; i < n && i < 32; i++)
            if (!info[i].is_cpu) {
                snprintf(spec, size, "%s", info[i].spec);
                return VXG_OK;
            }
    }
    return VXG_OK;
}

static int unknown_device(const char *spec) {
    vxg_device_info info[16];
    vxg_text text = {0};
    int n = 0;
    list_all(info, 16, &n);
    for (int i = 0; i < n && i < 16; i++) vxg__text_add(&text, "%s%s", i ? ", " : "", info[i].spec);
    int status = vxg_error_set(VXG_ERR_DEVICE, "device '%s' is not known; there are: %s", spec,
                               text.s ? text.s : "none");
    vxg__text_free(&text);
    return status;
}

static vxg_device *find_open(const vxg_backend *b, int index, const char *variant) {
    for (int i = 0; i < MAX_OPEN; i++) {
        vxg_device *d = open_devices[i];
        if (!d || d->backend != b || d->index != index || d->native) continue;
        if (!strcmp(d->variant, variant)) return d;
    }
    return NULL;
}

/* The last reference goes under the lock: opening may find the device until then. */
static int drop_reference(vxg_device *dev) {
    int n = __atomic_load_n(&dev->references, __ATOMIC_RELAXED);
    while (n > 1)
        if (__atomic_compare_exchange_n(&dev->references, &n, n - 1, 1, __ATOMIC_ACQ_REL,
                                        __ATOMIC_RELAXED))
            return 0;
    vxg__lock(&open_lock);
    const int last = __atomic_sub_fetch(&dev->references, 1, __ATOMIC_ACQ_REL) == 0;
    for (int i = 0; last && i < MAX_OPEN; i++)
        if (open_devices[i] == dev) open_devices[i] = NULL;
    if (last) vxg__lock_remove(&dev->lock);
    if (last) vxg__lock_remove(&dev->order.lock);
    vxg__unlock(&open_lock);
    return last;
}

static void release(vxg_device *dev) {
    if (!drop_reference(dev)) return;
    assert(!vxg__lock_mine(&dev->lock) && dev->references == 0);
    const int lost = vxg__device_lost(dev);
    if (dev->queue) vxg__queue_drop(dev->queue);
    for (vxg_kernel *k = dev->kernels, *next; k; k = next) {
        next = k->next;
        vxg__kernel_free(k);
    }
    if (!lost) {
        vxg__order_close(dev);
        dev->backend->close(dev);
    }
    pthread_mutex_destroy(&dev->order.lock.mutex);
    pthread_mutex_destroy(&dev->lock.mutex);
    vxg__object_free(dev);
}

/* `native` is a context of the caller's, or NULL. */
static int open_new(const vxg_backend *b, int index, const char *variant, void *native,
                    void *native_device, vxg_device **out) {
    int slot = 0;
    assert(vxg__lock_mine(&open_lock));
    while (slot < MAX_OPEN && open_devices[slot]) slot++;
    VXG_FAIL_IF(slot == MAX_OPEN, VXG_ERR_DEVICE, "more than %d devices are open", MAX_OPEN);
    vxg_device *dev = vxg__object_new(VXG_KIND_DEVICE, sizeof *dev);
    if (!dev) return VXG_ERR_MEMORY;
    dev->backend = b, dev->index = index, dev->references = 1, dev->forks = vxg__forks();
    dev->release = release;
    snprintf(dev->variant, sizeof dev->variant, "%s", variant);
    dev->native = native;
    int status = native ? b->device_wrap(dev, native, native_device) : b->open(dev, index, variant);
    if (status) {
        vxg__object_free(dev);
        return status;
    }
    pthread_mutex_init(&dev->lock.mutex, NULL);
    dev->lock.rank = VXG_RANK_DEVICE;
    vxg__lock_add(&dev->lock);
    pthread_mutex_init(&dev->order.lock.mutex, NULL);
    dev->order.lock.rank = VXG_RANK_ORDER;
    vxg__lock_add(&dev->order.lock);
    open_devices[slot] = *out = dev;
    return VXG_OK;
}

/* open_lock is held. */
static int open_spec(const char *spec, vxg_device **out) {
    char best[64];
    const char *env = getenv("VXG_DEVICE"), *isa = getenv("VXG_ISA");
    if ((!spec || !strcmp(spec, "auto")) && env && *env) spec = env;
    if (!spec || !strcmp(spec, "auto")) {
        VXG_TRY(best_spec(best, sizeof best));
        spec = best;
    }
    const char *colon = strchr(spec, ':'), *variant = colon ? colon + 1 : "";
    size_t n = colon ? (size_t)(colon - spec) : strlen(spec);
    const vxg_backend *b = NULL;
    for (int i = 0; vxg__backends[i]; i++)
        if (strlen(vxg__backends[i]->name) == n && !strncmp(vxg__backends[i]->name, spec, n))
            b = vxg__backends[i];
    if (!b || strlen(variant) > 7) return unknown_device(spec);
    char *end;
    int index = (int)strtol(variant, &end, 10);
    if (*variant && !*end) {
        variant = "";
    } else if (b->has_levels) {
        index = 0;
        if (!*variant && isa && strlen(isa) < 8) variant = isa;
    } else if (*variant) {
        return unknown_device(spec);
    }
    if (index < 0) return unknown_device(spec);
    vxg_device *dev = find_open(b, index, variant);
    int status = VXG_OK;
    if (dev) {
        status = vxg__device_check(dev, "open");
        if (!status) __atomic_add_fetch(&dev->references, 1, __ATOMIC_RELAXED);
    } else {
        status = open_new(b, index, variant, NULL, NULL, &dev);
    }
    if (status) return vxg_error_context(status, "opening device %s", spec);
    *out = dev;
    return VXG_OK;
}

int vxg_device_open(const char *spec, vxg_device **out) {
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "open device: out is NULL");
    *out = NULL;
    vxg__lock(&open_lock);
    const int status = open_spec(spec, out);
    vxg__unlock(&open_lock);
    return status;
}

static int wrap(const vxg_backend *b, void *context, void *device, vxg_device **out) {
    assert(vxg__lock_mine(&open_lock) && context);
    for (int i = 0; i < MAX_OPEN; i++) {
        vxg_device *d = open_devices[i];
        if (!d || d->backend != b || d->native != context) continue;
        if (device && device != d->native_device) continue;
        VXG_TRY(vxg__device_check(d, "wrap device"));
        __atomic_add_fetch(&d->references, 1, __ATOMIC_RELAXED);
        *out = d;
        return VXG_OK;
    }
    return open_new(b, -1, "", context, device, out);
}

int vxg_device_wrap(const char *backend, void *context, void *device, vxg_device **out) {
    const vxg_backend *b = NULL;
    VXG_FAIL_IF(!out || !backend, VXG_ERR_ARGUMENT, "wrap device: backend or out is NULL");
    *out = NULL;
    for (int i = 0; vxg__backends[i]; i++)
        if (!strcmp(vxg__backends[i]->name, backend)) b = vxg__backends[i];
    VXG_FAIL_IF(!b, VXG_ERR_ARGUMENT, "wrap device: no backend is called '%s'", backend);
    VXG_FAIL_IF(!b->device_wrap, VXG_ERR_UNSUPPORTED, "wrap device: a %s device has no context",
                backend);
    VXG_FAIL_IF(!context, VXG_ERR_ARGUMENT, "wrap device: the context is NULL");
    vxg__lock(&open_lock);
    const int status = wrap(b, context, device, out);
    vxg__unlock(&open_lock);
    return status ? vxg_error_context(status, "wrap %s device", backend) : VXG_OK;
}

const vxg_device_info *vxg_device_get_info(const vxg_device *dev) {
    return vxg__object_is(dev, VXG_KIND_DEVICE) ? &dev->info : NULL;
}
