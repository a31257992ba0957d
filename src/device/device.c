/* Devices, queues and buffers: argument checks and reference counts above the backends. */
#include "device/backend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const vxg_backend *const backends[] = {&vxg__backend_cpu, &vxg__backend_cuda,
                                              &vxg__backend_opencl};
#define NBACKENDS ((int)(sizeof backends / sizeof *backends))
#define MAX_OPEN 64

/* Open devices, not owned: opening one twice gives the same object, so that its arrays mix freely.
 */
static pthread_mutex_t open_lock = PTHREAD_MUTEX_INITIALIZER;
static vxg_device *open_devices[MAX_OPEN];

size_t vxg_dtype_size(vxg_dtype dtype) {
    return dtype == VXG_F64 ? 8 : 4;
}
const char *vxg_dtype_name(vxg_dtype dtype) {
    return dtype == VXG_F64 ? "float64" : "float32";
}

static int list_backend(const vxg_backend *b, vxg_device_info *out, int capacity, int *count,
                        char *why, size_t size) {
    *count = 0;
    why[0] = 0;
    return b->list(out, capacity, count, why, size);
}

int vxg_device_list(vxg_device_info *out, int capacity, int *count) {
    char why[256];
    *count = 0;
    for (int i = 0; i < NBACKENDS; i++) {
        int n, room = capacity > *count ? capacity - *count : 0;
        VXG_TRY(list_backend(backends[i], room ? out + *count : NULL, room, &n, why, sizeof why));
        *count += n;
    }
    return VXG_OK;
}

const char *vxg_device_why(const char *backend) {
    static _Thread_local char why[512];
    vxg_device_info info[8];
    int n;
    snprintf(why, sizeof why, "no backend is called '%s'", backend);
    for (int i = 0; i < NBACKENDS; i++)
        if (!strcmp(backends[i]->name, backend) &&
            list_backend(backends[i], info, 8, &n, why, sizeof why))
            snprintf(why, sizeof why, "%s", vxg_error_message());
    return why;
}

/* The best device here: a GPU, else the CPU. An OpenCL device that is the host processor never is.
 */
static int best_spec(char *spec, size_t size) {
    vxg_device_info info[32];
    char why[256];
    snprintf(spec, size, "cpu");
    for (int b = 0; b < NBACKENDS; b++) { /* a library that is not needed is not loaded */
        int n;
        VXG_TRY(list_backend(backends[b], info, 32, &n, why, sizeof why));
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
    vxg_device_list(info, 16, &n);
    for (int i = 0; i < n && i < 16; i++) vxg__text_add(&text, "%s%s", i ? ", " : "", info[i].spec);
    int status = vxg_error_set(VXG_ERR_DEVICE, "device '%s' is not known; there are: %s", spec,
                               text.s ? text.s : "none");
    vxg__text_free(&text);
    return status;
}

static vxg_device *find_open(const vxg_backend *b, int index, const char *variant) {
    for (int i = 0; i < MAX_OPEN; i++) {
        vxg_device *d = open_devices[i];
        if (!d || d->backend != b || d->index != index) continue;
        if (!strcmp(d->variant, variant)) return d;
    }
    return NULL;
}

static int open_new(const vxg_backend *b, int index, const char *variant, vxg_device **out) {
    int slot = 0;
    while (slot < MAX_OPEN && open_devices[slot]) slot++;
    VXG_FAIL_IF(slot == MAX_OPEN, VXG_ERR_DEVICE, "more than %d devices are open", MAX_OPEN);
    vxg_device *dev = vxg__calloc(1, sizeof *dev);
    if (!dev) return VXG_ERR_MEMORY;
    dev->backend = b, dev->index = index, dev->references = 1;
    snprintf(dev->variant, sizeof dev->variant, "%s", variant);
    int status = b->open(dev, index, variant);
    if (status) {
        vxg__free(dev);
        return status;
    }
    pthread_mutex_init(&dev->lock, NULL);
    open_devices[slot] = *out = dev;
    return VXG_OK;
}

int vxg_device_open(const char *spec, vxg_device **out) {
    char best[64];
    const char *env = getenv("VXG_DEVICE"), *isa = getenv("VXG_ISA");
    *out = NULL;
    if ((!spec || !strcmp(spec, "auto")) && env && *env) spec = env;
    if (!spec || !strcmp(spec, "auto")) {
        VXG_TRY(best_spec(best, sizeof best));
        spec = best;
    }
    const char *colon = strchr(spec, ':'), *variant = colon ? colon + 1 : "";
    size_t n = colon ? (size_t)(colon - spec) : strlen(spec);
    const vxg_backend *b = NULL;
    for (int i = 0; i < NBACKENDS; i++)
        if (strlen(backends[i]->name) == n && !strncmp(backends[i]->name, spec, n)) b = backends[i];
    if (!b || strlen(variant) > 7) return unknown_device(spec);
    char *end;
    int index = (int)strtol(variant, &end, 10);
    if (*variant && !*end) {
        variant = "";
    } else if (b == &vxg__backend_cpu) {
        index = 0;
        if (!*variant && isa && strlen(isa) < 8) variant = isa;
    } else if (*variant) {
        return unknown_device(spec);
    }
    if (index < 0) return unknown_device(spec);
    pthread_mutex_lock(&open_lock);
    int status = VXG_OK;
    if ((*out = find_open(b, index, variant))) {
        (*out)->references++;
    } else {
        status = open_new(b, index, variant, out);
    }
    pthread_mutex_unlock(&open_lock);
    return status ? vxg_error_context(status, "opening device %s", spec) : VXG_OK;
}

vxg_device *vxg_device_retain(vxg_device *dev) {
    pthread_mutex_lock(&open_lock);
    dev->references++;
    pthread_mutex_unlock(&open_lock);
    return dev;
}

void vxg_device_release(vxg_device *dev) {
    if (!dev) return;
    pthread_mutex_lock(&open_lock);
    int last = --dev->references == 0;
    for (int i = 0; last && i < MAX_OPEN; i++)
        if (open_devices[i] == dev) open_devices[i] = NULL;
    pthread_mutex_unlock(&open_lock);
    if (!last) return;
    for (vxg_kernel *k = dev->kernels, *next; k; k = next) {
        next = k->next;
        vxg__kernel_free(k);
    }
    if (dev->queue) dev->backend->queue_free(dev->queue);
    vxg__free(dev->queue);
    dev->backend->close(dev);
    pthread_mutex_destroy(&dev->lock);
    vxg__free(dev);
}

const vxg_device_info *vxg_device_get_info(const vxg_device *dev) {
    return &dev->info;
}

/* ---- Queues ---- */
static int queue_make(vxg_device *dev, vxg_queue **out) {
    vxg_queue *q = vxg__calloc(1, sizeof *q);
    if (!q) return VXG_ERR_MEMORY;
    q->dev = dev;
    int status = dev->backend->queue_new(q);
    if (status) {
        vxg__free(q);
        return status;
    }
    *out = q;
    return VXG_OK;
}

int vxg_queue_new(vxg_device *dev, vxg_queue **out) {
    *out = NULL;
    VXG_TRY(queue_make(dev, out));
    vxg_device_retain(dev);
    return VXG_OK;
}

void vxg_queue_free(vxg_queue *queue) {
    if (!queue) return;
    vxg_device *dev = queue->dev;
    dev->backend->queue_free(queue);
    vxg__free(queue);
    vxg_device_release(dev);
}

int vxg__device_queue(vxg_device *dev, vxg_queue **out) {
    pthread_mutex_lock(&dev->lock);
    int status = dev->queue ? VXG_OK : queue_make(dev, &dev->queue);
    pthread_mutex_unlock(&dev->lock);
    *out = dev->queue;
    return status;
}

int vxg_queue_sync(vxg_queue *queue) {
    return queue->dev->backend->sync(queue);
}
vxg_device *vxg_queue_device(const vxg_queue *queue) {
    return queue->dev;
}

static int unsupported(const vxg_device *dev, const char *what) {
    VXG_FAIL(VXG_ERR_UNSUPPORTED, "%s: %s devices have none", what, dev->backend->name);
}

int vxg_queue_time_begin(vxg_queue *queue) {
    const vxg_backend *b = queue->dev->backend;
    return b->time_begin ? b->time_begin(queue) : unsupported(queue->dev, "timers");
}
int vxg_queue_time_end(vxg_queue *queue, double *seconds) {
    const vxg_backend *b = queue->dev->backend;
    return b->time_end ? b->time_end(queue, seconds) : unsupported(queue->dev, "timers");
}
int vxg_queue_capture_begin(vxg_queue *queue) {
    const vxg_backend *b = queue->dev->backend;
    return b->capture_begin ? b->capture_begin(queue) : unsupported(queue->dev, "graph capture");
}
int vxg_queue_capture_end(vxg_queue *queue, vxg_graph **out) {
    vxg_device *dev = queue->dev;
    *out = NULL;
    if (!dev->backend->capture_end) return unsupported(dev, "graph capture");
    vxg_graph *g = vxg__calloc(1, sizeof *g);
    if (!g) return VXG_ERR_MEMORY;
    g->dev = dev;
    int status = dev->backend->capture_end(queue, g);
    if (status) {
        vxg__free(g);
        return status;
    }
    vxg_device_retain(dev);
    *out = g;
    return VXG_OK;
}
int vxg_graph_launch(vxg_graph *graph, vxg_queue *queue) {
    VXG_FAIL_IF(graph->dev != queue->dev, VXG_ERR_ARGUMENT, "graph and queue: different devices");
    return graph->dev->backend->graph_launch(graph, queue);
}
void vxg_graph_free(vxg_graph *graph) {
    if (!graph) return;
    vxg_device *dev = graph->dev;
    dev->backend->graph_free(graph);
    vxg__free(graph);
    vxg_device_release(dev);
}

/* ---- Buffers ---- */
int vxg_buffer_new(vxg_device *dev, size_t bytes, vxg_buffer **out) {
    *out = NULL;
    VXG_FAIL_IF(dev->info.max_buffer > 0 && bytes > (size_t)dev->info.max_buffer, VXG_ERR_MEMORY,
                "buffer of %zu bytes: the largest on %s is %lld", bytes, dev->info.spec,
                (long long)dev->info.max_buffer);
    vxg_buffer *buf = vxg__calloc(1, sizeof *buf);
    if (!buf) return VXG_ERR_MEMORY;
    buf->dev = dev, buf->bytes = bytes, buf->references = 1;
    int status = dev->backend->buffer_new(buf);
    if (status) {
        vxg__free(buf);
        return status;
    }
    vxg_device_retain(dev);
    *out = buf;
    return VXG_OK;
}

vxg_buffer *vxg_buffer_retain(vxg_buffer *buf) {
    __atomic_add_fetch(&buf->references, 1, __ATOMIC_RELAXED);
    return buf;
}

void vxg_buffer_release(vxg_buffer *buf) {
    if (!buf || __atomic_sub_fetch(&buf->references, 1, __ATOMIC_ACQ_REL)) return;
    vxg_device *dev = buf->dev;
    dev->backend->buffer_free(buf);
    vxg__free(buf->image);
    vxg__free(buf);
    vxg_device_release(dev);
}

size_t vxg_buffer_size(const vxg_buffer *buf) {
    return buf->bytes;
}
vxg_device *vxg_buffer_device(const vxg_buffer *buf) {
    return buf->dev;
}
void *vxg_buffer_host(const vxg_buffer *buf) {
    return buf->host;
}

static int check_span(const vxg_buffer *buf, size_t offset, size_t bytes, const char *what) {
    VXG_FAIL_IF(offset > buf->bytes || bytes > buf->bytes - offset, VXG_ERR_ARGUMENT,
                "%s: bytes %zu..%zu of a buffer of %zu", what, offset, offset + bytes, buf->bytes);
    return VXG_OK;
}

static int pick_queue(vxg_device *dev, vxg_queue **queue) {
    if (!*queue) return vxg__device_queue(dev, queue);
    VXG_FAIL_IF((*queue)->dev != dev, VXG_ERR_ARGUMENT, "queue and buffer: different devices");
    return VXG_OK;
}

int vxg_buffer_write(vxg_queue *queue, vxg_buffer *dst, size_t offset, const void *src,
                     size_t bytes) {
    VXG_TRY(check_span(dst, offset, bytes, "write"));
    VXG_TRY(pick_queue(dst->dev, &queue));
    return bytes ? dst->dev->backend->write(queue, dst, offset, src, bytes) : VXG_OK;
}

int vxg_buffer_read(vxg_queue *queue, const vxg_buffer *src, size_t offset, void *dst,
                    size_t bytes) {
    VXG_TRY(check_span(src, offset, bytes, "read"));
    VXG_TRY(pick_queue(src->dev, &queue));
    return bytes ? src->dev->backend->read(queue, src, offset, dst, bytes) : VXG_OK;
}

int vxg_buffer_copy(vxg_queue *queue, vxg_buffer *dst, size_t dst_offset, const vxg_buffer *src,
                    size_t src_offset, size_t bytes) {
    VXG_FAIL_IF(src->dev != dst->dev, VXG_ERR_ARGUMENT, "copy: buffers on different devices");
    VXG_TRY(check_span(dst, dst_offset, bytes, "copy to"));
    VXG_TRY(check_span(src, src_offset, bytes, "copy from"));
    VXG_TRY(pick_queue(dst->dev, &queue));
    if (!bytes || (src == dst && src_offset == dst_offset)) return VXG_OK;
    VXG_FAIL_IF(src == dst && src_offset < dst_offset + bytes && dst_offset < src_offset + bytes,
                VXG_ERR_ARGUMENT, "copy: the two ranges of one buffer overlap");
    return dst->dev->backend->copy(queue, dst, dst_offset, src, src_offset, bytes);
}

int vxg_buffer_zero(vxg_queue *queue, vxg_buffer *dst, size_t offset, size_t bytes) {
    VXG_TRY(check_span(dst, offset, bytes, "zero"));
    VXG_TRY(pick_queue(dst->dev, &queue));
    return bytes ? dst->dev->backend->zero(queue, dst, offset, bytes) : VXG_OK;
}
