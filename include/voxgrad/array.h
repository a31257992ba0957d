/* Voxgrad arrays: small values (buffer, offset, dtype, shape, strides) over device buffers, and the
 * reader/writer structs through which pipelines see files.
 *
 * Stability: stable but for what is marked (docs/abi.md). */
#ifndef VOXGRAD_ARRAY_H
#define VOXGRAD_ARRAY_H

#include "device.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VXG_MAX_DIMS 6
#define VXG_MAX_ELEMENTS ((int64_t)1 << 40)

/* C order: shape[0] is the slowest index. Strides and offset are in elements. Arrays stand in
 * arrays: the layout is fixed for an ABI version, `size` is 0 or sizeof(vxg_array). */
typedef struct vxg_array {
    uint32_t size;
    vxg_dtype dtype;
    vxg_buffer *buffer; /* NULL: no array */
    int64_t offset;
    int64_t shape[VXG_MAX_DIMS];
    int64_t stride[VXG_MAX_DIMS];
    int ndim;
    uint32_t reserved[5]; /* 0 */
} vxg_array;

/* A new zero-filled C-contiguous array. VXG_ERR_ARGUMENT names a negative size, a rank over
 * VXG_MAX_DIMS or more than 2^40 elements. */
VXG_API int vxg_array_new(vxg_device *dev, vxg_dtype dtype, int ndim, const int64_t *shape,
                          vxg_array *out);
/* Drops the array's reference and clears the struct; NULL and empty arrays are fine. */
VXG_API void vxg_array_release(vxg_array *a);
/* Another value over the same buffer (takes a reference). */
VXG_API vxg_array vxg_array_retain(const vxg_array *a);
VXG_API int64_t vxg_array_count(const vxg_array *a);
VXG_API int vxg_array_is_contiguous(const vxg_array *a);
/* Views (take a reference on the buffer): begin <= index < end of one axis; one index of the first
 * axis removed; axes in another order; another shape of a contiguous array. */
VXG_API int vxg_array_slice(const vxg_array *a, int axis, int64_t begin, int64_t end,
                            vxg_array *out);
VXG_API int vxg_array_index(const vxg_array *a, int64_t index, vxg_array *out);
VXG_API int vxg_array_permute(const vxg_array *a, const int *axes, vxg_array *out);
VXG_API int vxg_array_reshape(const vxg_array *a, int ndim, const int64_t *shape, vxg_array *out);

/* Adds the array to the buffers of a launch: its buffer, and where it begins there in bytes.
 * VXG_ERR_ARGUMENT when there is no array or no room. */
VXG_API int vxg_launch_array(vxg_launch *launch, const vxg_array *array);

/* Host transfer of the whole array in C order, elements of the array's dtype. */
VXG_API int vxg_array_write(vxg_queue *queue, const vxg_array *a, const void *src);
VXG_API int vxg_array_read(vxg_queue *queue, const vxg_array *a, void *dst);

/* dst = src (same shape and dtype, any strides), every storage type, bit for bit; from another
 * device where both are contiguous (through the host; returns when it is done). The
 * functions below it are for float32, float64 and complex numbers of them, which count as pairs of
 * reals (a value to fill with is a real one); VXG_ERR_UNSUPPORTED names another type. What copy and
 * axpby write is the array they read or does not overlap it, and its elements have places of their
 * own; else VXG_ERR_ARGUMENT, as for writing into a buffer wrapped for reading only. */
VXG_API int vxg_array_copy(vxg_queue *queue, const vxg_array *src, const vxg_array *dst);
VXG_API int vxg_array_fill(vxg_queue *queue, const vxg_array *a, double value);
/* y = alpha x + beta y (same shape, any strides). beta = 0 does not read y. */
VXG_API int vxg_array_axpby(vxg_queue *queue, double alpha, const vxg_array *x, double beta,
                            const vxg_array *y);
/* sum x*y formed in double over a fixed partition: the same bits for any thread count. */
VXG_API int vxg_array_dot(vxg_queue *queue, const vxg_array *x, const vxg_array *y, double *out);
/* max |x - y|, and max |x| with y = NULL; NaN when any element is NaN. */
VXG_API int vxg_array_max_diff(vxg_queue *queue, const vxg_array *x, const vxg_array *y,
                               double *out);

/* ---- Scalars on the device ----
 * Experimental: numbers that stay on the device, so that an iteration formed of reductions and
 * updates never waits for the host. A device scalar is an array of two reals, shape (2): high part
 * and low part, whose sum is the value and whose high part is that sum rounded; in float32 some 44
 * bits are right, 100 in float64, fewer of numbers beyond 10^34 or below 10^-24 (float32). Several
 * stand in one array of shape (n, 2) (vxg_array_index). Nothing here waits but vxg_scalar_read.
 * Arrays are float32 or float64, complex numbers counting as pairs; scalars have the arithmetic of
 * the arrays they are formed from and read with. */
typedef enum vxg_reduction {
    VXG_REDUCE_DOT,     /* sum of x y */
    VXG_REDUCE_SUM,     /* of x */
    VXG_REDUCE_NORM1,   /* sum of |x| */
    VXG_REDUCE_MIN,     /* of x: here and below NaN where there is one */
    VXG_REDUCE_MAX,     /* of x */
    VXG_REDUCE_MAX_ABS, /* largest |x| */
    VXG_REDUCE_MAX_DIFF /* largest |x - y| */
} vxg_reduction;
/* Zeros, shape (2), or (count, 2) where count is over 1. */
VXG_API int vxg_scalar_new(vxg_device *dev, vxg_real real, int64_t count, vxg_array *out);
VXG_API int vxg_scalar_write(vxg_queue *queue, const vxg_array *s, double value);
/* The values of an array of shape (..., 2), one double for every two reals; waits. */
VXG_API int vxg_scalar_read(vxg_queue *queue, const vxg_array *s, double *out);
/* out = reduction of x (and y, for DOT and MAX_DIFF alone: same shape and type). The parts summed
 * are the same for any number of threads, and so are the bits. Arrays that are not contiguous are
 * copied. scratch: a contiguous array of vxg_reduce_scratch(elements) reals of the arithmetic,
 * or NULL: taken for the call. VXG_ERR_ARGUMENT: an extreme of no elements; out or scratch that
 * overlaps what is read, or the other. */
VXG_API int vxg_array_reduce(vxg_queue *queue, vxg_reduction kind, const vxg_array *x,
                             const vxg_array *y, const vxg_array *scratch, const vxg_array *out);
VXG_API int64_t vxg_reduce_scratch(int64_t count);
/* What is formed of two scalars. */
typedef enum vxg_scalar_op {
    VXG_SCALAR_DIVIDE, /* a / b, 0 where b is 0 */
    VXG_SCALAR_MULTIPLY,
    VXG_SCALAR_ADD,
    VXG_SCALAR_SUBTRACT, /* a - b */
    VXG_SCALAR_SQRT,     /* of a, 0 where it is negative; b may be NULL */
    VXG_SCALAR_MAX,      /* NaN where one of the two is */
    VXG_SCALAR_MIN
} vxg_scalar_op;
/* out = factor f(a, b), factor finite. Where the result is beyond the arithmetic it is infinite.
 * out may be a or b. */
VXG_API int vxg_scalar_combine(vxg_queue *queue, vxg_scalar_op op, double factor,
                               const vxg_array *a, const vxg_array *b, const vxg_array *out);
/* y = alpha s x + beta t y, s and t scalars on the device or NULL for 1, which must not lie in y;
 * beta = 0 does not read y. Else as vxg_array_axpby. */
VXG_API int vxg_array_axpby_by(vxg_queue *queue, double alpha, const vxg_array *s,
                               const vxg_array *x, double beta, const vxg_array *t,
                               const vxg_array *y);

/* ---- Order ----
 * Experimental: all of it. Of contiguous arrays of uint32 with at most 2^31 - 1 elements, on every
 * device; the results do not depend on threads. scratch: a contiguous array of at least
 * vxg_order_scratch(elements) uint32, or NULL: taken for the call. What is written must overlap
 * nothing else. VXG_ERR_ARGUMENT names what does not fit.
 *
 * scan: out[i] = x[0] + ... + x[i - 1], modulo 2^32; out may be x. total, one element or NULL, gets
 * the sum of all. */
VXG_API int vxg_array_scan(vxg_queue *queue, const vxg_array *x, const vxg_array *scratch,
                           const vxg_array *out, const vxg_array *total);
/* Experimental: list gets the numbers i with marks[i] != 0, in rising order, and count how many
 * they are; what stands behind them in list is left. list has as many elements as marks. */
VXG_API int vxg_array_compact(vxg_queue *queue, const vxg_array *marks, const vxg_array *scratch,
                              const vxg_array *list, const vxg_array *count);
/* Experimental: sorts keys, of which the lowest `bits` bits (1 to 32) count, in rising order, and
 * values with them; equal keys keep their order. Bits above must be 0 up to the next multiple of 8.
 */
VXG_API int vxg_array_sort(vxg_queue *queue, int bits, const vxg_array *keys,
                           const vxg_array *values, const vxg_array *scratch);
VXG_API int64_t vxg_order_scratch(int64_t count);

/* Philox4x32-10 numbers: element n depends on (seed, n) alone. uniform in [lo, hi). */
VXG_API int vxg_array_random(vxg_queue *queue, const vxg_array *a, uint64_t seed, double lo,
                             double hi);
/* The generator itself: counter[4], key[2] -> out[4]. */
VXG_API void vxg_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* Host complex FFT in float64, n a power of two, in place over re/im; sign -1 forward, +1 inverse
 * (unscaled). For preprocessing and tests; operators use the FFT kernel. */
VXG_API int vxg_fft_host(double *re, double *im, int64_t n, int sign);
VXG_API int64_t vxg_fft_size(int64_t n); /* the smallest power of two >= n */

/* ---- Files as pipelines see them ---------------------------------------------------------------
 * Implemented in io/, used by ct/. One reader or writer belongs to one thread at a time. */
typedef enum vxg_frame_kind { VXG_FRAME_DATA, VXG_FRAME_FLAT, VXG_FRAME_DARK } vxg_frame_kind;

/* Which file it is and how it was when it was opened, so that a change shows. */
typedef struct vxg_file_id {
    uint32_t size; /* sizeof of this struct; 0: nothing is known */
    uint64_t device, inode;
    int64_t bytes, seconds, nanoseconds; /* of the last change of its contents, name or rights,
                                            which no call can put back (st_ctim) */
} vxg_file_id;

/* What a part of a scan costs to read. */
typedef struct vxg_read_cost {
    uint32_t size;    /* set by the caller: sizeof of this struct, or 0 for what there was first */
    int64_t wanted;   /* bytes of the elements themselves, as they are in the file */
    int64_t unpacked; /* bytes that are read or unpacked to get them; a band of rows out of chunks
                         that hold more rows costs more than it gives */
    int64_t row_step; /* bands that begin at multiples of so many rows unpack no chunk twice; 1:
                         any; the scan's rows: only all of them */
    int64_t memory;   /* bytes that reading takes beside the caller's, helper processes too; memory
                         that two processes share counts in both */
    int64_t copy_memory; /* bytes that prepare takes beside that while it runs */
} vxg_read_cost;

/* A file that a part of a scan lies in. It stands in arrays: of one layout. */
typedef struct vxg_scan_file {
    uint32_t size;    /* of this struct */
    int32_t opened;   /* 1: it was opened; 0: a virtual dataset names it, nothing was read of it */
    const char *path; /* a real path; the reader's */
    vxg_file_id id;   /* how it was when it was opened, or now */
} vxg_scan_file;

typedef struct vxg_scan_reader vxg_scan_reader;
struct vxg_scan_reader {
    uint32_t size; /* of this struct */
    uint32_t reserved0;
    const char *path;
    const char *format; /* "Data Exchange", "NXtomo" */
    const char *dtype;  /* element type in the file: "uint16", "float32"... */
    int64_t nviews, nrows, ncols, nflats, ndarks;
    const double *theta;    /* nviews angles in degrees; never NULL */
    int theta_missing;      /* 1: the file had none; theta is evenly spaced over [0, 180) */
    double pixel_size;      /* in pixel_unit; 0: unknown */
    const char *pixel_unit; /* "um", "mm"... or "" */
    /* Reads frames [v0, v1) x rows [r0, r1) x columns [c0, c1) of one kind as float32 in C order
     * (view, row, column): exactly that block of the file, nothing more. */
    int (*read)(vxg_scan_reader *self, vxg_frame_kind kind, int64_t v0, int64_t v1, int64_t r0,
                int64_t r1, int64_t c0, int64_t c1, float *dst);
    void (*close)(vxg_scan_reader *self); /* frees self */
    void *impl;
    vxg_file_id id; /* of the file at path */
    /* What reading rows [r0, r1) of all frames of one kind costs. NULL: any part costs what it
     * holds. */
    int (*cost)(vxg_scan_reader *self, vxg_frame_kind kind, int64_t r0, int64_t r1,
                vxg_read_cost *out);
    /* Copies the frames of one kind, columns [c0, c1), once into a scratch file in `folder` that
     * has no name, from which read then takes them: worth it where many bands of rows would unpack
     * the same chunks again (cost). It takes 4 bytes an element there. NULL: it cannot. progress
     * may be NULL. */
    int (*prepare)(vxg_scan_reader *self, vxg_frame_kind kind, int64_t c0, int64_t c1,
                   const char *folder, const vxg_progress *progress);
    /* What the file says and nobody can use: a pixel size that is no length (not finite, not
     * positive, denormal; pixel_size is 0 then), and the angles' unit where it is none that is
     * known (theta is as it stands, taken as degrees). "": nothing of the kind. NULL: not looked
     * for. */
    const char *pixel_odd, *angle_odd;
    /* All files that were opened to read this scan so far (the one at path first: what its links
     * and virtual datasets lead to follows), and those that its virtual datasets name. The list is
     * the reader's and valid until the next call or close. Only where self->size holds this field;
     * NULL: the file at path is all there is. */
    int (*files)(vxg_scan_reader *self, const vxg_scan_file **out, int64_t *count);
};

typedef struct vxg_volume_writer vxg_volume_writer;
struct vxg_volume_writer {
    uint32_t size; /* of this struct */
    uint32_t reserved0;
    /* Writes slices [z0, z0 + nz) of the volume, src float32 (nz, ny, nx). Each slice once. */
    int (*write)(vxg_volume_writer *self, int64_t z0, int64_t nz, const float *src);
    /* Completes the output (renames temporary names) and frees self. On failure nothing is left. */
    int (*finish)(vxg_volume_writer *self);
    /* Removes everything written so far and frees self. */
    void (*abandon)(vxg_volume_writer *self);
    void *impl;
};

typedef struct vxg_scan_writer vxg_scan_writer;
struct vxg_scan_writer {
    uint32_t size; /* of this struct */
    uint32_t reserved0;
    /* Writes frames [first, first + n) of one kind, src (n, rows, columns). Each frame once. */
    int (*write)(vxg_scan_writer *self, vxg_frame_kind kind, int64_t first, int64_t n,
                 const uint16_t *src);
    int (*finish)(vxg_scan_writer *self);   /* as of a volume writer */
    void (*abandon)(vxg_scan_writer *self); /* as of a volume writer */
    void *impl;
};

/* ---- Blocks: numbers on a grid, whatever the file ----------------------------------------------
 * Experimental: files of numbers with axes are read and written by blocks: boxes of elements in C
 * order. Formats are rows that a library registers (libvoxgrad_io's by vxg_io_register, others by
 * vxg_format_register); a scan reader is a layer above for what tomography adds. A reader or writer
 * belongs to one thread at a time; several may be open at once. */

typedef struct vxg_attribute { /* a name and its text */
    const char *name, *text;
} vxg_attribute;

typedef struct vxg_axis { /* of one layout: it stands in arrays */
    uint32_t size;        /* of this struct, or 0 */
    uint32_t reserved;    /* 0 */
    int64_t count;        /* elements along it */
    double step;          /* distance of neighbours in `unit`; 0: unknown */
    char name[16];        /* "view", "row", "column", "z", "y", "x", "t"...; "": unknown */
    char unit[16];        /* "mm", "um", "s", "degree"...; "": unknown */
} vxg_axis;

/* What the numbers are. The first axis is the slowest. */
typedef struct vxg_block_info { /* of one layout: it stands in readers */
    uint32_t size;
    int32_t ndim;
    vxg_axis axis[VXG_MAX_DIMS];
    vxg_dtype dtype;    /* storage type of the elements in the file */
    int32_t has_affine; /* 1: affine is known */
    double
        affine[12]; /* rows of 4: index of the file's fastest, second and third axis (i, j, k) and
                       1 to x, y, z in affine_unit, right-handed, towards right, front, top */
    char affine_unit[16];
    double slope, intercept;         /* value = slope * element + intercept where slope is not 0;
                                        vxg_block_read applies it to other types than the storage type */
    const vxg_attribute *attributes; /* further names and texts; the reader's, NULL: none */
    int32_t nattributes;
    uint32_t reserved;
} vxg_block_info;

typedef struct vxg_block_cost { /* of reading a block; filled by the reader */
    uint32_t size;
    uint32_t reserved;
    int64_t wanted, unpacked, memory; /* bytes, as in vxg_read_cost */
} vxg_block_cost;

typedef struct vxg_block_reader vxg_block_reader;
struct vxg_block_reader {
    uint32_t size;
    uint32_t reserved;
    const char *path;
    const char *format; /* the row's name */
    vxg_block_info info;
    int64_t grain[VXG_MAX_DIMS]; /* block sizes along the axes that read nothing twice; 1: any */
    vxg_file_id id;
    /* Reads a box that lies inside as `dtype`: the storage type, VXG_F32 or VXG_F64; slope and
     * intercept are not applied. Call vxg_block_read, which checks the box. */
    int (*read)(vxg_block_reader *self, const int64_t *start, const int64_t *count, vxg_dtype dtype,
                void *dst);
    int (*cost)(vxg_block_reader *self, const int64_t *start, const int64_t *count,
                vxg_block_cost *out); /* NULL: what is wanted */
    void (*close)(vxg_block_reader *self);
    void *impl;
};

typedef struct vxg_block_writer vxg_block_writer;
struct vxg_block_writer {
    uint32_t size;
    uint32_t reserved;
    vxg_block_info info;
    /* Writes a box of whole slices along the first axis (all of the other axes), elements of
     * info.dtype. Each element once, in any order. */
    int (*write)(vxg_block_writer *self, const int64_t *start, const int64_t *count,
                 const void *src);
    int (*finish)(vxg_block_writer *self); /* completes the file and frees self; on failure nothing
                                              is left */
    void (*abandon)(vxg_block_writer *self); /* removes it and frees self */
    void *impl;
};

typedef struct vxg_block_opts {
    uint32_t size;
    int32_t follow_links; /* as of vxg_scan_opts */
    int32_t in_process;   /* as of vxg_scan_opts */
    uint32_t reserved;
    const char
        *format; /* a row's name; NULL: by the file's first bytes, for new files by the ending */
    const char *part;   /* which numbers of a file that has several: an HDF5 dataset; NULL: the
                           format's usual place */
    int64_t max_memory; /* bytes for reading; 0: the format's choice */
} vxg_block_opts;

typedef struct vxg_block_create_opts {
    uint32_t size;
    int32_t force;      /* 1: replace what exists */
    const char *format; /* a row's name; NULL: by the ending of path */
    vxg_block_info info;
    void *outputs; /* a vxg_outputs the file belongs to, or NULL */
} vxg_block_create_opts;

/* A format: one row. Open and create may be NULL: not read, not written. */
typedef struct vxg_format {
    uint32_t size;
    uint32_t reserved;
    const char *name;       /* one word: "hdf5" */
    const char *summary;    /* one line */
    const char *extensions; /* lower case, separated by spaces: "h5 hdf5 nxs", "nii nii.gz" */
    /* How sure the first n bytes of a file make it: 0 no, 100 certain. */
    int (*sniff)(const uint8_t *head, size_t n);
    int (*open)(const char *path, const vxg_block_opts *opts, vxg_block_reader **out);
    int (*create)(const char *path, const vxg_block_create_opts *opts, vxg_block_writer **out);
    /* The same as sniff of a path that is no regular file: a folder, or how names in one begin;
     * or of a file whose bytes no format knows, which another beside it describes. NULL: none. */
    int (*sniff_path)(const char *path);
} vxg_format;

/* Adds a format; its texts and functions must stay as long as the process. VXG_ERR_ARGUMENT: a name
 * that is there already, something missing. Thread-safe. */
VXG_API int vxg_format_register(const vxg_format *row);
VXG_API int vxg_format_count(void);
VXG_API const vxg_format *vxg_format_at(int i); /* NULL beyond the last */
VXG_API const vxg_format *vxg_format_find(const char *name);

/* Opens a file of any registered format. VXG_ERR_INPUT: no such file, no format knows it (the
 * message lists them), or the format refuses it. opts may be NULL. */
VXG_API int vxg_block_open(const char *path, const vxg_block_opts *opts, vxg_block_reader **out);
/* Reads the box [start, start + count) in C order: VXG_ERR_ARGUMENT when it lies outside,
 * VXG_ERR_UNSUPPORTED for another dtype than the storage type, VXG_F32 and VXG_F64. */
VXG_API int vxg_block_read(vxg_block_reader *reader, const int64_t *start, const int64_t *count,
                           vxg_dtype dtype, void *dst);
VXG_API int vxg_block_cost_of(vxg_block_reader *reader, const int64_t *start, const int64_t *count,
                              vxg_block_cost *out);
VXG_API void vxg_block_close(vxg_block_reader *reader); /* NULL is fine */
VXG_API int vxg_block_create(const char *path, const vxg_block_create_opts *opts,
                             vxg_block_writer **out);

#ifdef __cplusplus
}
#endif
#endif
