/* What a backend is: one struct of functions, filled in src/device/<backend>/. Everything above
 * this file is backend-free. Optional entries may be NULL. */
#ifndef VXG_BACKEND_H
#define VXG_BACKEND_H

#include <pthread.h>
#include <voxgrad/device.h>

#include "base/base.h"
#include "device/entry.h"
#include "device/order.h"

typedef struct vxg_backend vxg_backend;
typedef struct vxg_image vxg_image;

struct vxg_device {
    vxg_object object;
    const vxg_backend *backend;
    vxg_device_info info;
    int index;
    char variant[8];            /* instruction-set level asked for, "" otherwise */
    void *impl;                 /* the backend's */
    vxg_lock lock;              /* guards kernels and the default queue */
    struct vxg_kernel *kernels; /* built so far, linked by next; owned */
    vxg_queue *queue;           /* the device's own queue, made on first use */
    void *native;               /* context of the caller's, NULL: the library's own */
    void *native_device;        /* with it: the caller's name of the device, NULL: it has none */
    vxg_device_order order;
    unsigned forks;                   /* vxg__forks() when it was opened */
    void (*release)(vxg_device *dev); /* vxg_device_release of a device that is alive */
    int references;                   /* atomic */
};

struct vxg_queue {
    vxg_object object;
    vxg_device *dev;
    void *impl;
    double time_begin; /* for backends without timers */
    int foreign;       /* the caller's stream or command queue: not ended here */
    int timed;         /* time was begun */
    vxg_queue_order order;
};

struct vxg_buffer {
    vxg_object object;
    vxg_device *dev;
    size_t bytes;
    void *host;       /* cpu backend */
    int spilled;      /* cpu backend: in a scratch file (spill.h) */
    void *pinned;     /* other backends: where the host sees VXG_BUFFER_PINNED memory */
    unsigned flags;   /* VXG_BUFFER_... it was made with */
    void *impl;       /* other backends */
    vxg_image *image; /* what kind of image this is, NULL for plain memory; owned */
    int foreign;      /* the caller's memory */
    int read_only;
    vxg_release_fn release; /* called when foreign memory is done with; NULL: nobody */
    void *context;
    vxg_buffer_order order;
    int references; /* atomic */
};

/* A layered image is a buffer of another kind: kernels take it where K_IMAGE_KERNELn says, nothing
 * else does (its bytes are 0). */
struct vxg_image {
    int64_t layers, height, width;
    void *array; /* the backend's */
};

struct vxg_kernel {
    vxg_object object;
    vxg_device *dev;
    char name[64];
    vxg_real real;
    char *options; /* definitions, each once, sorted; owned */
    vxg_kernel_entry entry;
    int group;    /* items of a group, 0 when it is no group kernel; the range counts groups */
    int borrowed; /* kept by the device's list: it holds no reference of the device */
    void *impl;
    int references; /* atomic */
    struct vxg_kernel *next;
};

struct vxg_graph {
    vxg_object object;
    vxg_device *dev;
    void *impl;
    vxg_buffer **held; /* what its launches use; references */
    unsigned char *held_written;
    int nheld;
};

struct vxg_event {
    vxg_object object;
    vxg_device *dev;
    vxg_mark *mark; /* NULL: nothing to wait for */
};

/* Host mirror of kernels/prelude/params.h. */
typedef struct vxg_params_f32 {
    int64_t off[8];
    int32_t n[4], i[24];
    float r[16];
} vxg_params_f32;
typedef struct vxg_params_f64 {
    int64_t off[8];
    int32_t n[4], i[24];
    double r[16];
} vxg_params_f64;
/* Offsets of the launch in elements. */
void vxg__params_f32(const vxg_launch *launch, vxg_params_f32 *out);
void vxg__params_f64(const vxg_launch *launch, vxg_params_f64 *out);

typedef struct vxg_part { /* [begin, end) along x, y, z; whole along x */
    int64_t begin[3], end[3];
} vxg_part;
/* Hands the launch to the backend, in several parts when the call asks for progress and it is large
 * (pieces.c). The range is checked and order is kept outside. */
extern int64_t vxg__piece_items; /* of a first piece, for tests; 0: as the device is */
int vxg__launch_in_pieces(vxg_kernel *kernel, vxg_queue *queue, const vxg_launch *launch);

struct vxg_backend {
    const char *name;
    int survives_fork; /* a child may use what the parent opened */
    int has_levels;    /* a word after the colon, or in VXG_ISA, is a variant */
    /* Appends rows (may be none); why receives words when there is none. */
    int (*list)(vxg_device_info *out, int capacity, int *count, char *why, size_t why_size);
    /* Opens device `index`; variant is what stood after the colon when it is no number (cpu
     * levels). Fills dev->info and dev->impl. */
    int (*open)(vxg_device *dev, int index, const char *variant);
    void (*close)(vxg_device *dev);
    int (*buffer_new)(vxg_buffer *buf); /* dev, bytes and flags are set; zero-fill as they say */
    void (*buffer_free)(vxg_buffer *buf);
    /* Gives memory that is kept for later buffers back to the system; optional. */
    void (*trim)(vxg_device *dev);
    int (*queue_new)(vxg_queue *queue);
    void (*queue_free)(vxg_queue *queue);
    int (*sync)(vxg_queue *queue);
    int (*write)(vxg_queue *queue, vxg_buffer *dst, size_t offset, const void *src, size_t bytes);
    int (*read)(vxg_queue *queue, const vxg_buffer *src, size_t offset, void *dst, size_t bytes);
    int (*copy)(vxg_queue *queue, vxg_buffer *dst, size_t dst_offset, const vxg_buffer *src,
                size_t src_offset, size_t bytes);
    int (*zero)(vxg_queue *queue, vxg_buffer *dst, size_t offset, size_t bytes);
    /* A kernel of the library: unit is the file it stands in ("kernels/ct/project/parallel.k").
     * name, real, options, entry, group, dev are set. */
    int (*kernel_builtin)(vxg_kernel *kernel, const char *unit);
    /* A kernel of a user's text. */
    int (*kernel_source)(vxg_kernel *kernel, const char *text);
    void (*kernel_free)(vxg_kernel *kernel);
    /* Checked; offsets in elements of each buffer. */
    /* The items (groups) of one part of the range. */
    int (*launch)(vxg_kernel *kernel, vxg_queue *queue, const vxg_launch *launch,
                  const vxg_part *part);
    /* Items (groups) along each axis that a part must begin at a multiple of; optional: a backend
     * or a kernel (0) that only runs whole ranges. */
    int (*launch_step)(const vxg_kernel *kernel, const vxg_launch *launch, int64_t step[3]);
    /* optional */
    int (*time_begin)(vxg_queue *queue);
    int (*time_end)(vxg_queue *queue, double *seconds);
    int (*capture_begin)(vxg_queue *queue);
    int (*capture_end)(vxg_queue *queue, vxg_graph *graph);
    /* Marks, for order between queues; all NULL where every call returns when its work is done. */
    int (*mark_record)(vxg_queue *queue, void **mark); /* makes *mark when it is NULL */
    int (*mark_wait)(vxg_queue *queue, void *mark);    /* the queue waits, the host does not */
    int (*mark_sync)(vxg_device *dev, void *mark);
    int (*mark_done)(vxg_device *dev, void *mark, int *done);
    void (*mark_free)(vxg_device *dev, void *mark);
    int (*capturing)(const vxg_queue *queue, int *yes); /* a foreign stream records a graph */
    /* What belongs to the caller. buffer: bytes and dev are set; checks that the memory is the
     * device's. queue: as queue_new, of a handle. device: as open, of a context (and device). */
    int (*buffer_wrap)(vxg_buffer *buf, void *memory);
    void (*buffer_unwrap)(vxg_buffer *buf);
    int (*queue_wrap)(vxg_queue *queue, void *handle);
    int (*device_wrap)(vxg_device *dev, void *context, void *device);
    int (*graph_launch)(vxg_graph *graph, vxg_queue *queue);
    void (*graph_free)(vxg_graph *graph);
    /* Largest layered image (layers, height, width); all 0 where the device has none. */
    int (*image_limits)(vxg_device *dev, int64_t limits[3]);
    int (*image_new)(vxg_buffer *buf); /* dev and image are set; contents are open */
    int (*image_write)(vxg_queue *queue, vxg_buffer *dst, int64_t first, int64_t layers,
                       const vxg_buffer *src, size_t src_offset);
};

extern const vxg_backend vxg__backend_cpu, vxg__backend_opencl, vxg__backend_cuda;
/* All of them, best first where a GPU is sought; joined in src/rooms.c; ends with NULL. */
extern const vxg_backend *const vxg__backends[];

/* Rows of all kernels in the library, from the embedded texts. */
typedef struct vxg_kernel_row {
    const char *name, *unit;
} vxg_kernel_row;
extern const vxg_kernel_row vxg__kernel_rows[];
extern const int vxg__kernel_row_count;
/* The K_VARIANT rows of kernel files: definitions the CPU has the file's kernels compiled with. */
typedef struct vxg_kernel_variant {
    const char *unit, *options;
} vxg_kernel_variant;
extern const vxg_kernel_variant vxg__kernel_variants[]; /* ends with unit NULL */

/* Frees a kernel with what the backend made for it. */
void vxg__kernel_free(vxg_kernel *k);

/* The embedded text named "kernels/ct/project/parallel.k", NULL when there is none. */
const char *vxg__kernel_text(const char *name);
/* Flattens a text for a run-time compiler: the prelude ("kernels/prelude/cuda.h"), then text with
 * its #includes of embedded files replaced by their contents (each file once), with #line marks.
 * The result is one self-contained string in out. */
int vxg__program_text(const char *prelude, const char *name, const char *text, vxg_text *out);
/* Compiler log followed by the source with line numbers, for error messages and the log. */
void vxg__program_listing(const char *source, vxg_text *out);

/* Disk cache of compiled programs. Key: SHA-256 of everything that decides the binary. A miss and
 * any trouble are the same: *data NULL. Entries carry the key and a checksum; writing goes to a
 * temporary name and is renamed. */
void vxg__cache_key(char key[65], const char *const *parts, int count);
void vxg__cache_load(const char *key, void **data, size_t *bytes); /* vxg__free */
void vxg__cache_store(const char *key, const void *data, size_t bytes);

/* The device's own queue. */
int vxg__device_queue(vxg_device *dev, vxg_queue **out);
/* The queue a call uses: the given one, or the device's own. who stands in messages. */
int vxg__queue_pick(vxg_device *dev, vxg_queue **queue, const char *who);
void vxg__queue_drop(vxg_queue *queue); /* frees it; the device's reference is the caller's */

/* Opened by the parent of a fork, with a driver that does not work in the child: objects are given
 * back without it. */
static inline int vxg__device_lost(const vxg_device *dev) {
    return dev->forks != vxg__forks() && !dev->backend->survives_fork;
}
/* VXG_ERR_ARGUMENT for NULL and what was released, VXG_ERR_DEVICE for lost devices. */
int vxg__device_check(const vxg_device *dev, const char *who);
int vxg__queue_check(const vxg_queue *queue, const char *who);
int vxg__buffer_check(const vxg_buffer *buf, const char *who);

#endif
