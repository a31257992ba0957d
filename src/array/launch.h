/* Packing of launches, and of the tables they read. */
#ifndef VXG_LAUNCH_H
#define VXG_LAUNCH_H
#include <assert.h>
#include <voxgrad/array.h>

static inline void vxg__push_long(vxg_launch *l, int64_t v) {
    assert(l->nints >= 0 && l->nints + 2 <= VXG_MAX_INTS);
    assert(v >= -((int64_t)1 << 61) && v < (int64_t)1 << 61);
    l->ints[l->nints++] = (int)(v & 0x7fffffff);
    l->ints[l->nints++] = (int)(v >> 31);
}
static inline void vxg__push_array(vxg_launch *l, const vxg_array *a) {
    assert(a->buffer && l->nbuffers >= 0 && l->nbuffers < VXG_MAX_BUFFERS);
    l->buffer[l->nbuffers] = a->buffer;
    l->offset[l->nbuffers++] = a->offset * (int64_t)vxg_dtype_size(a->dtype);
}
/* The elements of a contiguous float32 array of the cpu. */
static inline float *vxg__host_floats(const vxg_array *a) {
    assert(a->dtype == VXG_F32 && vxg_array_is_contiguous(a));
    return (float *)vxg_buffer_host(a->buffer) + a->offset;
}
/* Everything that can be wrong with an array: NULL, no buffer, a released one, type, rank, sizes, a
 * reach outside the buffer. Messages begin with `what`. */
int vxg__array_check(const vxg_array *a, const char *what);
/* The same of one that is written: its buffer is not for reading only. */
int vxg__array_check_written(const vxg_array *a, const char *what);
/* Of arrays that were checked: whether two share memory, also where two buffers wrap the same, and
 * whether two elements of one do. Exact; "yes" for the rare layouts where finding out takes long.
 */
int vxg__arrays_overlap(const vxg_array *a, const vxg_array *b);
int vxg__array_shares(const vxg_array *a);
/* Whether they are the same elements in the same order (strides of axes of size 1 do not matter);
 * of one buffer, with equal ranks. */
static inline int vxg__same_layout(const vxg_array *a, const vxg_array *b) {
    int same = a->buffer == b->buffer && a->offset == b->offset && a->ndim == b->ndim;
    for (int i = 0; i < a->ndim && same; i++)
        same = a->shape[i] == b->shape[i] && (a->shape[i] == 1 || a->stride[i] == b->stride[i]);
    return same;
}
/* Whether an array is a device scalar: two contiguous reals along its last axis, and no other axis
 * of more than one. */
int vxg__scalar_check(const vxg_array *s, const char *what);
/* The same, of this arithmetic on this device. */
int vxg__scalar_of(const vxg_array *s, const char *what, vxg_real real, const vxg_device *dev);
/* Checks two arrays: of one shape and type, on one device. */
int vxg__array_same(const vxg_array *x, const vxg_array *y, const char *what);
/* A contiguous array with a's values, to be released: a itself, or a copy. */
int vxg__array_contiguous(vxg_queue *queue, const vxg_array *a, vxg_array *out);
/* Zeros, of any storage type. */
int vxg__array_clear(vxg_queue *queue, const vxg_array *a);
/* Whether arithmetic is done with such elements: float32, float64 and complex numbers of them. */
static inline int vxg__is_arithmetic(vxg_dtype dtype) {
    return dtype == VXG_F32 || dtype == VXG_F64 || dtype == VXG_C64 || dtype == VXG_C128;
}
/* The arithmetic whose numbers are stored so, one or, complex, two an element; VXG_ERR_UNSUPPORTED,
 * with `what` in front, for other storage. */
int vxg__real_of(vxg_dtype dtype, const char *what, vxg_real *out);
/* The same inside operators, whose arrays are float32, float64 or complex numbers of them. */
static inline vxg_real vxg__arithmetic(vxg_dtype dtype) {
    return dtype == VXG_F64 || dtype == VXG_C128 ? VXG_REAL_F64 : VXG_REAL_F32;
}
/* Reals in an element: 2 of a complex number, else 1. */
static inline int vxg__reals(vxg_dtype dtype) {
    return dtype == VXG_C64 || dtype == VXG_C128 ? 2 : 1;
}
/* Whether a caller's arithmetic is one that there is. */
int vxg__real_check(vxg_real real, const char *what);
/* Gets the named kernel for the arithmetic, launches it, lets it go. */
int vxg__launch(vxg_device *dev, vxg_queue *queue, const char *kernel, vxg_real real,
                const vxg_launch *l);
/* The same of a kernel with definitions (vxg_kernel_get_with). */
int vxg__launch_with(vxg_device *dev, vxg_queue *queue, const char *kernel, const char *options,
                     vxg_real real, const vxg_launch *l);
/* A new array of n values worked out in double, rounded once to float32 or float64. On failure *out
 * holds nothing or an array to release. */
int vxg__array_from_doubles(vxg_device *dev, vxg_real real, int ndim, const int64_t *shape,
                            const double *values, vxg_array *out);
#endif
