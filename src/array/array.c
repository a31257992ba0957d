/* Arrays: construction, views, strided element-wise work, reductions in fixed order. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "array/launch.h"
#include "base/base.h"
#include "device/backend.h"

int vxg__real_of(vxg_dtype dtype, const char *what, vxg_real *out) {
    *out = vxg__arithmetic(dtype);
    VXG_FAIL_IF(!vxg__is_arithmetic(dtype), VXG_ERR_UNSUPPORTED,
                "%s: elements are %s; float32, float64, complex64 and complex128 are done", what,
                vxg_dtype_name(dtype));
    return VXG_OK;
}

int vxg__real_check(vxg_real real, const char *what) {
    VXG_FAIL_IF((int)real < 0 || real > VXG_REAL_F64, VXG_ERR_ARGUMENT,
                "%s: real: arithmetic %d is neither float32 nor float64", what, (int)real);
    return VXG_OK;
}

int vxg__launch(vxg_device *dev, vxg_queue *queue, const char *kernel, vxg_real real,
                const vxg_launch *l) {
    return vxg__launch_with(dev, queue, kernel, NULL, real, l);
}

int vxg__launch_with(vxg_device *dev, vxg_queue *queue, const char *kernel, const char *options,
                     vxg_real real, const vxg_launch *l) {
    vxg_kernel *k;
    for (int i = 0; i < 3; i++)
        if (l->global[i] < 0) return VXG_OK; /* an empty range */
    VXG_TRY(vxg_kernel_get_with(dev, kernel, options, real, &k));
    int status = vxg_kernel_launch(k, queue, l);
    vxg_kernel_release(k);
    return status;
}

int vxg_launch_array(vxg_launch *launch, const vxg_array *array) {
    VXG_FAIL_IF(!launch || !array || !array->buffer, VXG_ERR_ARGUMENT,
                "launch: the launch or the array is missing");
    VXG_FAIL_IF(launch->nbuffers < 0 || launch->nbuffers >= VXG_MAX_BUFFERS, VXG_ERR_ARGUMENT,
                "launch: more than %d buffers", VXG_MAX_BUFFERS);
    vxg__push_array(launch, array);
    return VXG_OK;
}

/* A shape's strides in C order (stride may be NULL) and its number of elements. An empty array has
 * strides too: its sizes count as 1 for them. */
static int check_shape(const char *what, int ndim, const int64_t *shape, int64_t *stride,
                       int64_t *count) {
    int64_t n = 1;
    int empty = 0;
    VXG_FAIL_IF(ndim < 0 || ndim > VXG_MAX_DIMS, VXG_ERR_ARGUMENT, "%s: rank %d is not in 0..%d",
                what, ndim, VXG_MAX_DIMS);
    VXG_FAIL_IF(ndim && !shape, VXG_ERR_ARGUMENT, "%s: shape is NULL", what);
    for (int i = ndim - 1; i >= 0; i--) {
        VXG_FAIL_IF(shape[i] < 0, VXG_ERR_ARGUMENT, "%s: size %lld of axis %d is negative", what,
                    (long long)shape[i], i);
        if (stride) stride[i] = n;
        const int64_t size = shape[i] ? shape[i] : 1;
        VXG_FAIL_IF(n > VXG_MAX_ELEMENTS / size, VXG_ERR_ARGUMENT, "%s: more than 2^40 elements",
                    what);
        n *= size;
        empty |= !shape[i];
    }
    *count = empty ? 0 : n;
    return VXG_OK;
}

/* Whether all that the array names lies in its buffer. */
static int check_reach(const vxg_array *a, int64_t count, const char *what) {
    const int64_t size = (int64_t)vxg_dtype_size(a->dtype);
    assert(size > 0 && count >= 0 && a->ndim >= 0 && a->ndim <= VXG_MAX_DIMS);
    const int64_t room = (int64_t)(vxg_buffer_size(a->buffer) / (size_t)size);
    int64_t lo = a->offset, hi = a->offset;
    int bad = 0;
    for (int i = 0; i < a->ndim && count; i++) {
        int64_t reach;
        bad |= __builtin_mul_overflow(a->shape[i] - 1, a->stride[i], &reach);
        if (!bad) bad = __builtin_add_overflow(reach < 0 ? lo : hi, reach, reach < 0 ? &lo : &hi);
        if (bad) break;
    }
    VXG_FAIL_IF(bad || lo < 0 || hi > room || (count && hi == room), VXG_ERR_ARGUMENT,
                "%s: the array reaches outside its buffer of %lld %s elements", what,
                (long long)room, vxg_dtype_name(a->dtype));
    return VXG_OK;
}

int vxg__array_check(const vxg_array *a, const char *what) {
    int64_t count;
    VXG_FAIL_IF(!a || !a->buffer, VXG_ERR_ARGUMENT, "%s: the array is %s", what,
                a ? "empty: it has no buffer" : "NULL");
    VXG_TRY(VXG_FIXED(vxg_array, a));
    VXG_RESERVED(vxg_array, a);
    VXG_FAIL_IF(!vxg__object_is(a->buffer, VXG_KIND_BUFFER), VXG_ERR_ARGUMENT,
                "%s: the array's buffer was released", what);
    VXG_FAIL_IF(!vxg_dtype_size(a->dtype), VXG_ERR_ARGUMENT, "%s: unknown storage type %d", what,
                (int)a->dtype);
    VXG_TRY(check_shape(what, a->ndim, a->shape, NULL, &count));
    return check_reach(a, count, what);
}

int vxg__array_check_written(const vxg_array *a, const char *what) {
    VXG_TRY(vxg__array_check(a, what));
    VXG_FAIL_IF(a->buffer->read_only, VXG_ERR_ARGUMENT,
                "%s: the buffer of the array that is written was wrapped for reading only", what);
    return VXG_OK;
}

int vxg_array_new(vxg_device *dev, vxg_dtype dtype, int ndim, const int64_t *shape,
                  vxg_array *out) {
    int64_t n;
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "array: out is NULL");
    memset(out, 0, sizeof *out);
    VXG_FAIL_IF(!vxg_dtype_size(dtype), VXG_ERR_ARGUMENT, "array: unknown storage type %d",
                (int)dtype);
    vxg_array made = {.size = (uint32_t)sizeof made, .dtype = dtype, .ndim = ndim};
    VXG_TRY(check_shape("array", ndim, shape, made.stride, &n));
    for (int i = 0; i < ndim; i++) made.shape[i] = shape[i];
    VXG_TRY(vxg_buffer_new(dev, (size_t)n * vxg_dtype_size(dtype), &made.buffer));
    *out = made;
    return VXG_OK;
}

int vxg__array_from_doubles(vxg_device *dev, vxg_real real, int ndim, const int64_t *shape,
                            const double *values, vxg_array *out) {
    assert(values && out);
    VXG_TRY(vxg_array_new(dev, vxg_real_dtype(real), ndim, shape, out));
    if (real == VXG_REAL_F64) return vxg_array_write(NULL, out, values);
    const int64_t n = vxg_array_count(out);
    float *narrow = vxg__calloc((size_t)n, sizeof *narrow);
    if (!narrow) return VXG_ERR_MEMORY;
    for (int64_t i = 0; i < n; i++) narrow[i] = (float)values[i];
    int status = vxg_array_write(NULL, out, narrow);
    vxg__free(narrow);
    return status;
}

void vxg_array_release(vxg_array *a) {
    if (!a) return;
    vxg_buffer_release(a->buffer);
    memset(a, 0, sizeof *a);
}

vxg_array vxg_array_retain(const vxg_array *a) {
    vxg_array none = {0};
    if (!a) return none;
    if (a->buffer && !vxg_buffer_retain(a->buffer)) return none;
    return *a;
}

int64_t vxg_array_count(const vxg_array *a) {
    int64_t n = 1;
    if (!a || a->ndim < 0 || a->ndim > VXG_MAX_DIMS) return 0;
    for (int i = 0; i < a->ndim; i++)
        if (a->shape[i] <= 0) return 0;
    for (int i = 0; i < a->ndim; i++) {
        if (n > VXG_MAX_ELEMENTS / a->shape[i]) return 0;
        n *= a->shape[i];
    }
    return n;
}

int vxg_array_is_contiguous(const vxg_array *a) {
    int64_t n = 1;
    if (!a || a->ndim < 0 || a->ndim > VXG_MAX_DIMS) return 0;
    for (int i = 0; i < a->ndim; i++)
        if (a->shape[i] == 0) return 1; /* no elements, no gaps */
    for (int i = a->ndim - 1; i >= 0; i--) {
        if (a->shape[i] != 1 && a->stride[i] != n) return 0;
        n *= a->shape[i];
    }
    return 1;
}

/* ---- Views ---- */
int vxg_array_slice(const vxg_array *a, int axis, int64_t begin, int64_t end, vxg_array *out) {
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "slice: out is NULL");
    VXG_TRY(vxg__array_check(a, "slice"));
    vxg_array v = *a;
    VXG_FAIL_IF(axis < 0 || axis >= a->ndim, VXG_ERR_ARGUMENT, "slice: axis %d of a rank-%d array",
                axis, a->ndim);
    VXG_FAIL_IF(begin < 0 || end < begin || end > a->shape[axis], VXG_ERR_ARGUMENT,
                "slice: %lld..%lld of an axis of %lld", (long long)begin, (long long)end,
                (long long)a->shape[axis]);
    if (end > begin) v.offset += begin * a->stride[axis]; /* an empty part begins where a does */
    v.shape[axis] = end - begin;
    *out = vxg_array_retain(&v);
    return VXG_OK;
}

int vxg_array_index(const vxg_array *a, int64_t index, vxg_array *out) {
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "index: out is NULL");
    VXG_TRY(vxg__array_check(a, "index"));
    vxg_array v = *a;
    VXG_FAIL_IF(a->ndim < 1 || index < 0 || index >= a->shape[0], VXG_ERR_ARGUMENT,
                "index: %lld of an axis of %lld", (long long)index,
                (long long)(a->ndim ? a->shape[0] : 0));
    if (vxg_array_count(a)) v.offset += index * a->stride[0];
    v.ndim--;
    memmove(v.shape, v.shape + 1, (size_t)v.ndim * sizeof *v.shape);
    memmove(v.stride, v.stride + 1, (size_t)v.ndim * sizeof *v.stride);
    *out = vxg_array_retain(&v);
    return VXG_OK;
}

int vxg_array_permute(const vxg_array *a, const int *axes, vxg_array *out) {
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "permute: out is NULL");
    VXG_TRY(vxg__array_check(a, "permute"));
    VXG_FAIL_IF(a->ndim && !axes, VXG_ERR_ARGUMENT, "permute: axes is NULL");
    vxg_array v = *a;
    unsigned seen = 0;
    for (int i = 0; i < a->ndim; i++) {
        VXG_FAIL_IF(axes[i] < 0 || axes[i] >= a->ndim || (seen & 1u << axes[i]), VXG_ERR_ARGUMENT,
                    "permute: axis %d is out of range or stands twice", axes[i]);
        seen |= 1u << axes[i];
        v.shape[i] = a->shape[axes[i]], v.stride[i] = a->stride[axes[i]];
    }
    *out = vxg_array_retain(&v);
    return VXG_OK;
}

int vxg_array_reshape(const vxg_array *a, int ndim, const int64_t *shape, vxg_array *out) {
    int64_t n;
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "reshape: out is NULL");
    VXG_TRY(vxg__array_check(a, "reshape"));
    vxg_array v = *a;
    VXG_FAIL_IF(!vxg_array_is_contiguous(a), VXG_ERR_ARGUMENT, "reshape: array is not contiguous");
    VXG_TRY(check_shape("reshape", ndim, shape, v.stride, &n));
    for (int i = 0; i < ndim; i++) v.shape[i] = shape[i];
    VXG_FAIL_IF(n != vxg_array_count(a), VXG_ERR_ARGUMENT, "reshape: %lld elements into %lld",
                (long long)vxg_array_count(a), (long long)n);
    v.ndim = ndim;
    *out = vxg_array_retain(&v);
    return VXG_OK;
}

/* ---- Strided work: axes of size 1 drop out, neighbours that run on in all arrays merge ---- */
typedef struct loop {
    int narrays, ndim;
    int64_t shape[VXG_MAX_DIMS], stride[2][VXG_MAX_DIMS];
} loop;

static loop collapse(const vxg_array *const *arrays, int narrays) {
    loop l = {.narrays = narrays};
    assert(narrays == 1 || (narrays == 2 && arrays[0]->ndim == arrays[1]->ndim));
    for (int i = 0; i < arrays[0]->ndim; i++) {
        int64_t n = arrays[0]->shape[i];
        if (n == 1) continue;
        int merges = l.ndim > 0;
        for (int k = 0; k < narrays && merges; k++)
            merges = l.stride[k][l.ndim - 1] == arrays[k]->stride[i] * n &&
                     l.shape[l.ndim - 1] * n < INT32_MAX;
        if (!merges) l.shape[l.ndim++] = 1;
        l.shape[l.ndim - 1] *= n;
        for (int k = 0; k < narrays; k++) l.stride[k][l.ndim - 1] = arrays[k]->stride[i];
    }
    return l;
}

/* Launches over the last three axes, looping over those before; `element` bytes each. The loop's
 * arrays are the launch's first. */
static int run(const loop *l, int axis, vxg_device *dev, vxg_queue *queue, const char *kernel,
               vxg_real real, size_t element, vxg_launch *launch) {
    assert(axis >= 0 && axis <= l->ndim && launch->nbuffers >= l->narrays);
    if (l->ndim - axis > 3) {
        vxg_launch inner = *launch;
        for (int64_t i = 0; i < l->shape[axis]; i++) {
            VXG_TRY(run(l, axis + 1, dev, queue, kernel, real, element, &inner));
            for (int k = 0; k < l->narrays; k++)
                inner.offset[k] += l->stride[k][axis] * (int64_t)element;
        }
        return VXG_OK;
    }
    vxg_launch last = *launch;
    last.nints = 0;
    for (int i = 0; i < 3; i++) {
        int a = l->ndim - 1 - i;
        last.global[i] = a >= axis ? l->shape[a] : 1;
        if (last.global[i] == 0) return VXG_OK;
    }
    for (int k = 0; k < l->narrays; k++)
        for (int i = 2; i >= 0; i--) {
            int a = l->ndim - 1 - i;
            vxg__push_long(&last, a >= axis ? l->stride[k][a] : 0);
        }
    return vxg__launch(dev, queue, kernel, real, &last);
}

static int same_shape(const vxg_array *x, const vxg_array *y, const char *what) {
    int same = x->ndim == y->ndim && x->dtype == y->dtype;
    for (int i = 0; i < x->ndim && same; i++) same = x->shape[i] == y->shape[i];
    VXG_FAIL_IF(!same, VXG_ERR_ARGUMENT, "%s: arrays differ in shape or type", what);
    return VXG_OK;
}

int vxg__array_same(const vxg_array *x, const vxg_array *y, const char *what) {
    VXG_TRY(vxg__array_check(x, what));
    VXG_TRY(vxg__array_check(y, what));
    VXG_FAIL_IF(vxg_buffer_device(x->buffer) != vxg_buffer_device(y->buffer), VXG_ERR_ARGUMENT,
                "%s: arrays on different devices", what);
    return same_shape(x, y, what);
}

/* The same where y is written from x, element by element in any order: each of its elements has a
 * place of its own, and x is y or has nothing of it. */
static int check_written(const vxg_array *x, const vxg_array *y, const char *what) {
    VXG_TRY(vxg__array_same(x, y, what));
    VXG_TRY(vxg__array_check_written(y, what));
    VXG_FAIL_IF(vxg__array_shares(y), VXG_ERR_ARGUMENT,
                "%s: elements of the array that is written share memory", what);
    VXG_FAIL_IF(!vxg__same_layout(x, y) && vxg__arrays_overlap(x, y), VXG_ERR_ARGUMENT,
                "%s: the two arrays overlap and are not the same", what);
    return VXG_OK;
}

/* The real (part 0) or the imaginary numbers of a complex array, as an array of reals that borrows
 * its buffer. */
static vxg_array part_of(const vxg_array *a, int part) {
    assert(vxg__reals(a->dtype) == 2 && (part == 0 || part == 1));
    vxg_array r = *a;
    r.dtype = vxg_real_dtype(vxg__arithmetic(a->dtype));
    r.offset = 2 * a->offset + part;
    for (int i = 0; i < a->ndim; i++) r.stride[i] = 2 * a->stride[i];
    return r;
}

int vxg_array_axpby(vxg_queue *queue, double alpha, const vxg_array *x, double beta,
                    const vxg_array *y) {
    const vxg_array *arrays[2] = {x, y};
    vxg_launch l = {.nreals = 2, .reals = {alpha, beta}};
    vxg_real real;
    VXG_TRY(check_written(x, y, "axpby"));
    VXG_TRY(vxg__real_of(y->dtype, "axpby", &real));
    if (vxg_array_count(x) == 0) return VXG_OK;
    for (int part = 0; part < 2 && vxg__reals(y->dtype) == 2; part++) {
        const vxg_array px = part_of(x, part), py = part_of(y, part);
        VXG_TRY(vxg_array_axpby(queue, alpha, &px, beta, &py));
    }
    if (vxg__reals(y->dtype) == 2) return VXG_OK;
    loop shape = collapse(arrays, 2);
    vxg__push_array(&l, x);
    vxg__push_array(&l, y);
    return run(&shape, 0, vxg_buffer_device(y->buffer), queue, "array_axpby", real,
               vxg_dtype_size(y->dtype), &l);
}

int vxg__scalar_check(const vxg_array *s, const char *what) {
    VXG_TRY(vxg__array_check(s, what));
    VXG_FAIL_IF((s->dtype != VXG_F32 && s->dtype != VXG_F64) || s->ndim < 1 ||
                    s->shape[s->ndim - 1] != 2 || vxg_array_count(s) != 2 ||
                    !vxg_array_is_contiguous(s),
                VXG_ERR_ARGUMENT,
                "%s: not a device scalar: expected two contiguous reals, float32 or float64", what);
    return VXG_OK;
}

int vxg__scalar_of(const vxg_array *s, const char *what, vxg_real real, const vxg_device *dev) {
    VXG_TRY(vxg__scalar_check(s, what));
    VXG_FAIL_IF(s->dtype != vxg_real_dtype(real) || vxg_buffer_device(s->buffer) != dev,
                VXG_ERR_ARGUMENT, "%s: a scalar of another type or on another device", what);
    return VXG_OK;
}
static int check_factor(const vxg_array *s, const vxg_array *y, vxg_real real) {
    VXG_TRY(vxg__scalar_of(s, "axpby", real, vxg_buffer_device(y->buffer)));
    VXG_FAIL_IF(vxg__arrays_overlap(s, y), VXG_ERR_ARGUMENT,
                "axpby: a factor lies in the array that is written");
    return VXG_OK;
}

int vxg_array_axpby_by(vxg_queue *queue, double alpha, const vxg_array *s, const vxg_array *x,
                       double beta, const vxg_array *t, const vxg_array *y) {
    const vxg_array *arrays[2] = {x, y};
    vxg_launch l = {.nreals = 4, .reals = {alpha, beta, s != NULL, t != NULL}};
    vxg_real real;
    VXG_TRY(check_written(x, y, "axpby"));
    VXG_TRY(vxg__real_of(y->dtype, "axpby", &real));
    if (s) VXG_TRY(check_factor(s, y, real));
    if (t) VXG_TRY(check_factor(t, y, real));
    if (vxg_array_count(x) == 0) return VXG_OK;
    for (int part = 0; part < 2 && vxg__reals(y->dtype) == 2; part++) {
        const vxg_array px = part_of(x, part), py = part_of(y, part);
        VXG_TRY(vxg_array_axpby_by(queue, alpha, s, &px, beta, t, &py));
    }
    if (vxg__reals(y->dtype) == 2) return VXG_OK;
    loop shape = collapse(arrays, 2);
    vxg__push_array(&l, x);
    vxg__push_array(&l, y);
    vxg__push_array(&l, s ? s : x);
    vxg__push_array(&l, t ? t : x);
    return run(&shape, 0, vxg_buffer_device(y->buffer), queue, "array_axpby_by", real,
               vxg_dtype_size(y->dtype), &l);
}

/* What a copy needs from another device, where no kernel sees both. */
static int check_across(const vxg_array *src, const vxg_array *dst) {
    VXG_TRY(vxg__array_check_written(dst, "copy"));
    VXG_TRY(same_shape(src, dst, "copy"));
    VXG_FAIL_IF(!vxg_array_is_contiguous(src) || !vxg_array_is_contiguous(dst), VXG_ERR_UNSUPPORTED,
                "copy: from one device to another both arrays must be contiguous");
    return VXG_OK;
}

int vxg_array_copy(vxg_queue *queue, const vxg_array *src, const vxg_array *dst) {
    VXG_TRY(vxg__array_check(src, "copy"));
    VXG_TRY(vxg__array_check(dst, "copy"));
    const int across = vxg_buffer_device(src->buffer) != vxg_buffer_device(dst->buffer);
    VXG_TRY(across ? check_across(src, dst) : check_written(src, dst, "copy"));
    const size_t size = vxg_dtype_size(src->dtype);
    const char *kernel = size == 1   ? "array_copy1"
                         : size == 2 ? "array_copy2"
                         : size == 4 ? "array_copy4"
                         : size == 8 ? "array_copy8"
                                     : "array_copy16";
    if (vxg_array_count(src) == 0) return VXG_OK;
    if (vxg_array_is_contiguous(src) && vxg_array_is_contiguous(dst))
        return vxg_buffer_copy(queue, dst->buffer, (size_t)dst->offset * size, src->buffer,
                               (size_t)src->offset * size, (size_t)vxg_array_count(src) * size);
    const vxg_array *arrays[2] = {src, dst};
    vxg_launch l = {0};
    loop shape = collapse(arrays, 2);
    vxg__push_array(&l, src);
    vxg__push_array(&l, dst);
    return run(&shape, 0, vxg_buffer_device(dst->buffer), queue, kernel, VXG_REAL_F32, size, &l);
}

int vxg_array_fill(vxg_queue *queue, const vxg_array *a, double value) {
    vxg_launch l = {.nreals = 1, .reals = {value}};
    vxg_real real;
    VXG_TRY(vxg__array_check_written(a, "fill"));
    VXG_TRY(vxg__real_of(a->dtype, "fill", &real));
    if (vxg_array_count(a) == 0) return VXG_OK;
    if (vxg__reals(a->dtype) == 2) {
        const vxg_array re = part_of(a, 0), im = part_of(a, 1);
        VXG_TRY(vxg_array_fill(queue, &re, value));
        return vxg_array_fill(queue, &im, 0);
    }
    loop shape = collapse(&a, 1);
    vxg__push_array(&l, a);
    return run(&shape, 0, vxg_buffer_device(a->buffer), queue, "array_fill", real,
               vxg_dtype_size(a->dtype), &l);
}

int vxg__array_clear(vxg_queue *queue, const vxg_array *a) {
    vxg_array zero;
    if (vxg__is_arithmetic(a->dtype)) return vxg_array_fill(queue, a, 0);
    VXG_TRY(vxg_array_new(vxg_buffer_device(a->buffer), a->dtype, 0, NULL, &zero));
    zero.ndim = a->ndim;
    for (int i = 0; i < a->ndim; i++) zero.shape[i] = a->shape[i]; /* strides 0: one for all */
    const int status = vxg_array_copy(queue, &zero, a);
    vxg_array_release(&zero);
    return status;
}

int vxg__array_contiguous(vxg_queue *queue, const vxg_array *a, vxg_array *out) {
    *out = (vxg_array){0};
    if (vxg_array_is_contiguous(a)) {
        *out = vxg_array_retain(a);
        return VXG_OK;
    }
    VXG_TRY(vxg_array_new(vxg_buffer_device(a->buffer), a->dtype, a->ndim, a->shape, out));
    int status = vxg_array_copy(queue, a, out);
    if (status) vxg_array_release(out);
    return status;
}

int vxg_array_write(vxg_queue *queue, const vxg_array *a, const void *src) {
    VXG_TRY(vxg__array_check_written(a, "write"));
    VXG_FAIL_IF(!src && vxg_array_count(a), VXG_ERR_ARGUMENT, "write: src is NULL");
    size_t size = vxg_dtype_size(a->dtype), bytes = (size_t)vxg_array_count(a) * size;
    if (vxg_array_is_contiguous(a))
        return vxg_buffer_write(queue, a->buffer, (size_t)a->offset * size, src, bytes);
    vxg_array t;
    VXG_TRY(vxg_array_new(vxg_buffer_device(a->buffer), a->dtype, a->ndim, a->shape, &t));
    int status = vxg_buffer_write(queue, t.buffer, 0, src, bytes);
    if (!status) status = vxg_array_copy(queue, &t, a);
    vxg_array_release(&t);
    return status;
}

int vxg_array_read(vxg_queue *queue, const vxg_array *a, void *dst) {
    VXG_TRY(vxg__array_check(a, "read"));
    VXG_FAIL_IF(!dst && vxg_array_count(a), VXG_ERR_ARGUMENT, "read: dst is NULL");
    size_t size = vxg_dtype_size(a->dtype);
    vxg_array t;
    VXG_TRY(vxg__array_contiguous(queue, a, &t));
    int status = vxg_buffer_read(queue, t.buffer, (size_t)t.offset * size, dst,
                                 (size_t)vxg_array_count(a) * size);
    vxg_array_release(&t);
    return status;
}

/* ---- Reductions on the host, over a fixed partition ---- */
#define BLOCK 65536

/* Host copies of arrays; on the cpu backend the memory itself. Zeroed, it holds nothing: closing it
 * is right then, and more than once. */
typedef struct host_view {
    vxg_array kept;
    void *owned;
    const void *data;
} host_view;

static void host_close(host_view *v) {
    vxg__free(v->owned);
    vxg_array_release(&v->kept);
    *v = (host_view){0};
}

static int host_open(vxg_queue *queue, const vxg_array *a, host_view *v) {
    size_t size = vxg_dtype_size(a->dtype), n = (size_t)vxg_array_count(a);
    *v = (host_view){0};
    VXG_TRY(vxg__array_contiguous(queue, a, &v->kept));
    const char *host = vxg_buffer_host(v->kept.buffer);
    if (host) {
        v->data = host + (size_t)v->kept.offset * size;
        return VXG_OK;
    }
    int status = VXG_ERR_MEMORY;
    if ((v->owned = vxg__calloc(n, size))) status = vxg_array_read(queue, &v->kept, v->owned);
    v->data = v->owned;
    if (status) host_close(v);
    return status;
}

static double value_at(const void *data, vxg_dtype dtype, int64_t i) {
    return dtype == VXG_F64 ? ((const double *)data)[i] : (double)((const float *)data)[i];
}

typedef struct reduction {
    const void *x, *y;
    vxg_dtype dtype;
    int64_t n;
    int is_dot;
    double *part;
} reduction;

static void reduce_blocks(void *context, int64_t begin, int64_t end, int worker) {
    const reduction *r = context;
    (void)worker;
    for (int64_t b = begin; b < end; b++) {
        double sum = 0;
        int64_t stop = (b + 1) * BLOCK < r->n ? (b + 1) * BLOCK : r->n;
        for (int64_t i = b * BLOCK; i < stop; i++) {
            double x = value_at(r->x, r->dtype, i), y = r->y ? value_at(r->y, r->dtype, i) : 0;
            if (r->is_dot) {
                sum += x * y;
            } else {
                double d = fabs(x - y);
                if (!(d <= sum)) sum = d; /* NaN wins, and stays */
                if (isnan(d)) break;
            }
        }
        r->part[b] = sum;
    }
}

static int reduce(vxg_queue *queue, const vxg_array *x, const vxg_array *y, int is_dot,
                  double *out) {
    host_view hx = {0}, hy = {0};
    vxg_real real;
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "%s: out is NULL", is_dot ? "dot" : "max_diff");
    VXG_TRY(vxg__array_check(x, is_dot ? "dot" : "max_diff"));
    VXG_TRY(vxg__real_of(x->dtype, is_dot ? "dot" : "max_diff", &real));
    if (y) VXG_TRY(vxg__array_same(x, y, is_dot ? "dot" : "max_diff"));
    int64_t n = vxg_array_count(x) * vxg__reals(x->dtype), blocks = (n + BLOCK - 1) / BLOCK;
    *out = 0;
    if (n == 0) return VXG_OK;
    double *part = vxg__calloc((size_t)blocks, sizeof *part);
    int status = part ? host_open(queue, x, &hx) : VXG_ERR_MEMORY;
    if (!status && y) status = host_open(queue, y, &hy);
    if (!status) {
        reduction r = {hx.data, y ? hy.data : NULL, vxg_real_dtype(real), n, is_dot, part};
        vxg__parallel(blocks, 1, reduce_blocks, &r);
        for (int64_t b = 0; b < blocks; b++) {
            if (is_dot) {
                *out += part[b];
            } else if (isnan(part[b]) || part[b] > *out) {
                *out = part[b];
                if (isnan(part[b])) break;
            }
        }
    }
    host_close(&hx);
    host_close(&hy);
    vxg__free(part);
    return status;
}

int vxg_array_dot(vxg_queue *queue, const vxg_array *x, const vxg_array *y, double *out) {
    VXG_FAIL_IF(!y, VXG_ERR_ARGUMENT, "dot: y is NULL");
    return reduce(queue, x, y, 1, out);
}
int vxg_array_max_diff(vxg_queue *queue, const vxg_array *x, const vxg_array *y, double *out) {
    return reduce(queue, x, y, 0, out);
}
