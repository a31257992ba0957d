/* Voxgrad devices: where arrays live and kernels run.
 *
 * Handles that are NULL, released or of another device give a status, or NULL, 0 and nothing where
 * a function returns no status; releasing and freeing them does nothing. After fork() the child may
 * use the cpu devices of the parent and all they hold, whatever other threads were doing; OpenCL
 * and CUDA do not work in the child of a process that used them, which VXG_ERR_DEVICE says.
 *
 * One kernel text runs on every device: compiled into the library for the CPU (one copy per
 * instruction-set level), compiled at run time for OpenCL and CUDA. No vendor library is linked.
 *
 * Stability: stable but for what is marked (docs/abi.md). */
#ifndef VOXGRAD_DEVICE_H
#define VOXGRAD_DEVICE_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct vxg_device vxg_device; /* reference-counted; may be shared between threads */
typedef struct vxg_queue vxg_queue;   /* in-order; belongs to one thread at a time */
typedef struct vxg_buffer vxg_buffer; /* reference-counted bytes on one device */
typedef struct vxg_kernel vxg_kernel; /* reference-counted; may be shared between threads */
typedef struct vxg_graph vxg_graph;   /* a recorded sequence of launches (CUDA) */
typedef struct vxg_event vxg_event;   /* a place in a queue; belongs to one thread at a time */

/* Storage: what the elements of an array are in memory. X(name, value, bytes, words); float16 is
 * IEEE binary16, a complex number is two floats, real part first. */
#define VXG_DTYPE_LIST(X)                                                                          \
    X(F32, 0, 4, "float32")                                                                        \
    X(F64, 1, 8, "float64")                                                                        \
    X(I8, 2, 1, "int8")                                                                            \
    X(U8, 3, 1, "uint8")                                                                           \
    X(I16, 4, 2, "int16")                                                                          \
    X(U16, 5, 2, "uint16")                                                                         \
    X(I32, 6, 4, "int32")                                                                          \
    X(U32, 7, 4, "uint32")                                                                         \
    X(I64, 8, 8, "int64")                                                                          \
    X(U64, 9, 8, "uint64")                                                                         \
    X(F16, 10, 2, "float16")                                                                       \
    X(C64, 11, 8, "complex64")                                                                     \
    X(C128, 12, 16, "complex128")
typedef enum vxg_dtype {
#define VXG_X(name, value, bytes, words) VXG_##name = value,
    VXG_DTYPE_LIST(VXG_X)
#undef VXG_X
} vxg_dtype;
/* Bytes of one element; 0 for a value that is no storage type. */
VXG_API size_t vxg_dtype_size(vxg_dtype dtype);
/* "float32", "uint16"...; "unknown" for a value that is no storage type. */
VXG_API const char *vxg_dtype_name(vxg_dtype dtype);

/* Arithmetic: what kernels, operators and problems compute in. A kernel of one arithmetic reads and
 * writes elements of its own storage type (vxg_real_dtype); what else it reads it says itself. */
typedef enum vxg_real { VXG_REAL_F32 = 0, VXG_REAL_F64 = 1 } vxg_real;
/* The storage type with the same numbers: VXG_F32 or VXG_F64. */
VXG_API vxg_dtype vxg_real_dtype(vxg_real real);
VXG_API size_t vxg_real_size(vxg_real real);
VXG_API const char *vxg_real_name(vxg_real real); /* "float32" or "float64" */

/* Stands in arrays: its layout is fixed for an ABI version. Written by the library, `size` too. */
typedef struct vxg_device_info {
    uint32_t size;        /* of this struct */
    uint32_t reserved0;   /* 0 */
    char spec[32];        /* what vxg_device_open takes: "cpu", "cpu:v3", "opencl:0", "cuda:0" */
    char backend[16];     /* "cpu", "opencl", "cuda" */
    char name[128];       /* the vendor's name of the device */
    char driver[96];      /* driver or compiler version; for the CPU the instruction-set level */
    int64_t memory;       /* bytes of device memory, 0 unknown */
    int64_t max_buffer;   /* largest single buffer in bytes, 0 unknown */
    int units;            /* compute units, or threads of the pool */
    int is_cpu;           /* runs on the host processor (an OpenCL CPU device too) */
    int has_f64;          /* vxg kernels run in float64 here: the cpu backend only */
    uint32_t reserved[9]; /* 0 */
} vxg_device_info;

/* Lists devices: the cpu first, then what the OpenCL and CUDA libraries found at run time report.
 * A backend whose library is missing or broken adds no row and is no error; vxg_device_why() then
 * says what was missing. Writes at most capacity rows, sets *count to the number there are. */
VXG_API int vxg_device_list(vxg_device_info *out, int capacity, int *count);
/* Words on why a backend ("opencl", "cuda") lists no device; "" when it does. Thread-local text. */
VXG_API const char *vxg_device_why(const char *backend);

/* Opens a device. spec NULL or "auto": the best GPU, else the CPU, never an OpenCL CPU device (the
 * VXG_DEVICE environment variable overrides). "cpu" uses the highest instruction-set level this
 * processor has; "cpu:v2", "cpu:v3", "cpu:v4" or VXG_ISA choose one. "opencl" and "cuda" mean
 * index 0. VXG_ERR_DEVICE says which devices there are. */
VXG_API int vxg_device_open(const char *spec, vxg_device **out);
VXG_API vxg_device *vxg_device_retain(vxg_device *dev);
VXG_API void vxg_device_release(vxg_device *dev);
VXG_API const vxg_device_info *vxg_device_get_info(const vxg_device *dev);

/* A device over a context of the caller's, which stays his and must outlive the device: "opencl"
 * with a cl_context and a cl_device_id (NULL: the context's only device), "cuda" with a CUcontext
 * (device is not looked at; the primary context is what vxg_device_open uses already). The same
 * context gives the same device. VXG_ERR_UNSUPPORTED for "cpu". */
VXG_API int vxg_device_wrap(const char *backend, void *context, void *device, vxg_device **out);

/* Queues run what they are given in order. The CPU's queue completes each call before returning.
 *
 * Order between queues needs no help of the caller: every buffer knows who writes and reads it, and
 * work that comes into conflict with work of another queue (NULL, the device's own, among them)
 * waits for it on the device. A kernel reads what its entry declares const and may write all else.
 * Two threads may each use their own queue on shared buffers; who writes what another reads must
 * come first by the threads' own doing. */
VXG_API int vxg_queue_new(vxg_device *dev, vxg_queue **out);
VXG_API void vxg_queue_free(vxg_queue *queue);
VXG_API int vxg_queue_sync(vxg_queue *queue);
VXG_API vxg_device *vxg_queue_device(const vxg_queue *queue);
/* A queue over the caller's own: a CUstream of the device's context (NULL: the default stream) or
 * an in-order cl_command_queue of its context; on the cpu handle is NULL. It stays the caller's and
 * must outlive the queue; freeing the queue waits for nothing. Work that the caller gives to his
 * stream himself is in order with work of this queue. While his stream records a CUDA graph, order
 * between queues is suspended: all buffers must stay, and other queues must have been waited for.
 * flags is 0. */
VXG_API int vxg_queue_wrap(vxg_device *dev, void *handle, unsigned flags, vxg_queue **out);

/* Events, for order with work that the library does not see, and for the host. record: the event
 * stands behind all that the queue has been given so far (a later record moves it). wait: what the
 * queue is given from now on runs after that, and the host goes on. sync: the host waits. done:
 * asks. An event that was never recorded is done. queue may be NULL: the device's own. */
VXG_API int vxg_event_new(vxg_device *dev, vxg_event **out);
VXG_API void vxg_event_free(vxg_event *event);
VXG_API int vxg_event_record(vxg_event *event, vxg_queue *queue);
VXG_API int vxg_event_wait(vxg_event *event, vxg_queue *queue);
VXG_API int vxg_event_sync(vxg_event *event);
VXG_API int vxg_event_done(vxg_event *event, int *done);
/* Device time of what runs between begin and end, seconds (end synchronises). End without a begin
 * before it is VXG_ERR_ARGUMENT. */
VXG_API int vxg_queue_time_begin(vxg_queue *queue);
VXG_API int vxg_queue_time_end(vxg_queue *queue, double *seconds);
/* Experimental: CUDA graph capture: launches between begin and end are recorded instead of run,
 * then replayed by vxg_graph_launch. The graph keeps the buffers that it uses, and each of its
 * launches is in order with other queues like any work. VXG_ERR_UNSUPPORTED on other backends. */
VXG_API int vxg_queue_capture_begin(vxg_queue *queue);
VXG_API int vxg_queue_capture_end(vxg_queue *queue, vxg_graph **out);
VXG_API int vxg_graph_launch(vxg_graph *graph, vxg_queue *queue);
VXG_API void vxg_graph_free(vxg_graph *graph);

/* Buffers are zero-filled when made. bytes = 0 is legal. A buffer may be released while work on it
 * is queued: its memory goes when that is done. An open CUDA device keeps freed memory
 * for later buffers, a quarter of the device's at most (VXG_CUDA_POOL_MB, megabytes), and gives it
 * back where one of its buffers is refused. Such memory is the pool's: other processes and peers
 * cannot open it; with VXG_CUDA_POOL_MB=0 they can. A buffer that is released while a graph is
 * recorded goes when the recording has ended. */
VXG_API int vxg_buffer_new(vxg_device *dev, size_t bytes, vxg_buffer **out);
/* Experimental: the same with flags.
 * VXG_BUFFER_UNINITIALISED: the contents are open until they are written.
 * VXG_BUFFER_PINNED: host memory that the device copies from and to by itself: vxg_buffer_copy
 * between it and a device buffer returns at once, and is in order like any work. Kernels take it,
 * slowly. On the cpu it is a buffer like any; OpenCL devices give VXG_ERR_UNSUPPORTED. It is taken
 * from all programs' memory: use little. */
#define VXG_BUFFER_UNINITIALISED 1u
#define VXG_BUFFER_PINNED 2u
VXG_API int vxg_buffer_new_with(vxg_device *dev, size_t bytes, unsigned flags, vxg_buffer **out);
/* Experimental: where the host sees a pinned buffer, NULL for others. The host may read it when
 * work that writes it is done, and write it when all work on it is (vxg_queue_sync, vxg_event_sync,
 * or vxg_buffer_pointer without a queue and with writes 0 or 1). */
VXG_API void *vxg_buffer_pinned(const vxg_buffer *buf);
VXG_API vxg_buffer *vxg_buffer_retain(vxg_buffer *buf);
VXG_API void vxg_buffer_release(vxg_buffer *buf);
VXG_API size_t vxg_buffer_size(const vxg_buffer *buf);
VXG_API vxg_device *vxg_buffer_device(const vxg_buffer *buf);
/* The bytes themselves on the cpu backend (64-byte aligned unless wrapped), NULL on others. */
VXG_API void *vxg_buffer_host(const vxg_buffer *buf);
/* A buffer over the caller's memory: a pointer on the cpu (a multiple of 4, and of 8 for float64),
 * a CUdeviceptr of the device on cuda, a cl_mem of the context on opencl (a reference is held). The
 * contents stay as they are. release(context), unless NULL, is called once when the buffer is
 * released and its work is done, at the latest with the device, by a thread that is then in the
 * library: it must not call the library. After a failure it is not called. flags: 0 or
 * VXG_WRAP_READ_ONLY: what would write the buffer is VXG_ERR_ARGUMENT. */
#define VXG_WRAP_READ_ONLY 1u
typedef void (*vxg_release_fn)(void *context);
VXG_API int vxg_buffer_wrap(vxg_device *dev, void *memory, size_t bytes, unsigned flags,
                            vxg_release_fn release, void *context, vxg_buffer **out);
/* The memory of a buffer for work that the library does not see: a pointer on the cpu, a
 * CUdeviceptr on cuda, a cl_mem on opencl (no reference is added); valid while the buffer is held.
 * The work belongs on the stream of `queue`, behind this call: earlier work of other queues is
 * waited for there, and later work of other queues waits for all that is on that stream by then.
 * With queue NULL the host waits instead, and the work must be done before the library uses the
 * buffer again. writes: whether the work writes. */
VXG_API int vxg_buffer_pointer(vxg_buffer *buf, vxg_queue *queue, int writes, void **out);
/* Copies; offsets and sizes in bytes, checked. write and read return when host memory is free to
 * reuse / filled. The two ranges of a copy must not overlap; a copy from another device goes
 * through the host and returns when it is done. queue (of a copy: of dst's device) may be NULL: the
 * device's own queue (serialised by a lock). */
VXG_API int vxg_buffer_write(vxg_queue *queue, vxg_buffer *dst, size_t offset, const void *src,
                             size_t bytes);
VXG_API int vxg_buffer_read(vxg_queue *queue, const vxg_buffer *src, size_t offset, void *dst,
                            size_t bytes);
VXG_API int vxg_buffer_copy(vxg_queue *queue, vxg_buffer *dst, size_t dst_offset,
                            const vxg_buffer *src, size_t src_offset, size_t bytes);
VXG_API int vxg_buffer_zero(vxg_queue *queue, vxg_buffer *dst, size_t offset, size_t bytes);

/* ---- Kernels ---------------------------------------------------------------------------------
 * See docs/kernels.md for the dialect. A kernel has up to 8 buffers, 24 ints and 16 reals. */
#define VXG_MAX_BUFFERS 8
#define VXG_MAX_INTS 24
#define VXG_MAX_REALS 16

typedef struct vxg_launch {
    uint32_t size; /* of this struct; 0: the first layout */
    int nbuffers, nints, nreals;
    int64_t global[3]; /* items in x, y, z, 2^60 in all at most; 0 counts as 1. Group kernels:
                          groups */
    vxg_buffer *buffer[VXG_MAX_BUFFERS];
    int64_t offset[VXG_MAX_BUFFERS]; /* bytes; a multiple of the buffer's element size */
    int ints[VXG_MAX_INTS];
    double reals[VXG_MAX_REALS]; /* rounded once to the kernel's real type */
} vxg_launch;

/* A kernel of the library by name. VXG_REAL_F64 on the cpu backend only. Compiled (or loaded from
 * the disk cache) on first use. */
VXG_API int vxg_kernel_get(vxg_device *dev, const char *name, vxg_real real, vxg_kernel **out);
/* The same with definitions, "-DNAME=VALUE" words in any order (NULL: none): sizes of tiles and
 * other small numbers that the kernel's file offers by a line "#ifndef NAME", and K_GROUP, the
 * items in a group of a group kernel (1 to 1024). Each set of definitions is a program and a cache
 * entry of its own. On the cpu the sets that stand in K_VARIANT rows of the file are part of the
 * library; another set is compiled by the system's C compiler, as a user's text is.
 * VXG_ERR_ARGUMENT names a definition the file does not have. */
VXG_API int vxg_kernel_get_with(vxg_device *dev, const char *name, const char *options,
                                vxg_real real, vxg_kernel **out);
/* A user's kernel text in the dialect; the library's headers ("kernels/num/long.h"; docs/kernels.md
 * lists them) may be #included. options: definitions or NULL. On the cpu backend the system C
 * compiler (VXG_CC, else cc) compiles it; VXG_ERR_DEVICE with clear words where there is none. A
 * text that does not compile is VXG_ERR_ARGUMENT with the compiler's log and the source line
 * numbers. */
VXG_API int vxg_kernel_from_source(vxg_device *dev, const char *text, const char *name,
                                   const char *options, vxg_real real, vxg_kernel **out);
VXG_API vxg_kernel *vxg_kernel_retain(vxg_kernel *kernel);
VXG_API void vxg_kernel_release(vxg_kernel *kernel);
/* Enqueues one launch. VXG_ERR_ARGUMENT, with
 * the kernel's name and the buffer's number: offsets that are no multiple of the size of the
 * elements the kernel declares for that buffer or that reach over its end; an offset into a buffer
 * of a type that the dialect does not know (a typedef of the text's own). */
VXG_API int vxg_kernel_launch(vxg_kernel *kernel, vxg_queue *queue, const vxg_launch *launch);

/* Folder of compiled programs: VXG_CACHE_DIR, else $XDG_CACHE_HOME/voxgrad, else
 * ~/.cache/voxgrad; "" when VXG_CACHE=0, and when the name is longer than the system takes. It is
 * used when it belongs to the user and others cannot write it. VXG_CACHE_MB bounds its size (512
 * megabytes). */
VXG_API const char *vxg_cache_dir(void);

#ifdef __cplusplus
}
#endif
#endif
