/* Scalars that stay on the device: reductions over a fixed partition, arithmetic of their results
 * (kernels/num/reduce.k, scalar.k). */
#include <math.h>

#include "array/launch.h"
#include "base/base.h"

#define PART 4096 /* elements a group joins: REDUCE_PART of reduce.k, K_GROUP being 64 */

static int check_out(const vxg_array *s, const char *what, vxg_real real, const vxg_device *dev) {
    VXG_TRY(vxg__scalar_of(s, what, real, dev));
    return vxg__array_check_written(s, what);
}

int vxg_scalar_new(vxg_device *dev, vxg_real real, int64_t count, vxg_array *out) {
    VXG_TRY(vxg__real_check(real, "scalar"));
    VXG_FAIL_IF(count < 1, VXG_ERR_ARGUMENT, "scalar: %lld of them", (long long)count);
    const int64_t shape[2] = {count, 2};
    return vxg_array_new(dev, vxg_real_dtype(real), count > 1 ? 2 : 1, shape + (count == 1), out);
}

/* What is left of a value beside a float; nothing of one that is not finite there. */
static float low_part(double value, float high) {
    return isfinite(high) ? (float)(value - (double)high) : 0;
}

int vxg_scalar_write(vxg_queue *queue, const vxg_array *s, double value) {
    VXG_TRY(vxg__scalar_check(s, "scalar"));
    if (s->dtype == VXG_F64) return vxg_array_write(queue, s, (double[2]){value, 0});
    const float high = (float)value;
    return vxg_array_write(queue, s, (float[2]){high, low_part(value, high)});
}

int vxg_scalar_read(vxg_queue *queue, const vxg_array *s, double *out) {
    VXG_TRY(vxg__array_check(s, "scalar"));
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "scalar: out is NULL");
    VXG_FAIL_IF((s->dtype != VXG_F32 && s->dtype != VXG_F64) || s->ndim < 1 ||
                    s->shape[s->ndim - 1] != 2,
                VXG_ERR_ARGUMENT, "scalar: expected an array of pairs, float32 or float64");
    const int64_t n = vxg_array_count(s) / 2;
    if (n == 0) return VXG_OK;
    double pair[2];
    void *all = n == 1 ? pair : vxg__calloc((size_t)n, 2 * vxg_dtype_size(s->dtype));
    if (!all) return VXG_ERR_MEMORY;
    const int status = vxg_array_read(queue, s, all);
    for (int64_t i = 0; i < n && !status; i++)
        out[i] = s->dtype == VXG_F64
                     ? ((double *)all)[2 * i] + ((double *)all)[2 * i + 1]
                     : (double)((float *)all)[2 * i] + (double)((float *)all)[2 * i + 1];
    if (all != pair) vxg__free(all);
    return status;
}

/* ---- Reductions ---- */
static int64_t parts_of(int64_t n) {
    return n / PART + (n % PART != 0);
}

/* Reals of scratch: pairs of the first parts, and of what they are joined to, until one is left. */
int64_t vxg_reduce_scratch(int64_t count) {
    int64_t n = 2;
    if (count < 0 || count > 2 * VXG_MAX_ELEMENTS) return 0;
    for (int64_t parts = parts_of(count); parts > 1; parts = parts_of(parts)) n += 2 * parts;
    return n;
}

typedef struct reduction {
    vxg_device *dev;
    vxg_queue *queue;
    vxg_reduction kind;
    vxg_real real;
    int64_t n; /* reals */
} reduction;

static vxg_launch launch_of(const reduction *r, int64_t n) {
    vxg_launch l = {.nints = 1, .ints = {(int)r->kind}, .global = {parts_of(n), 1, 1}};
    vxg__push_long(&l, n);
    return l;
}

/* x, y contiguous; scratch large enough. */
static int reduce(const reduction *r, const vxg_array *x, const vxg_array *y,
                  const vxg_array *scratch, const vxg_array *out) {
    const int sums = r->kind <= VXG_REDUCE_NORM1;
    int64_t n = parts_of(r->n);
    vxg_array from = *scratch, to;
    vxg_launch l = launch_of(r, r->n);
    vxg__push_array(&l, x);
    vxg__push_array(&l, y);
    vxg__push_array(&l, &from);
    VXG_TRY(vxg__launch(r->dev, r->queue, sums ? "reduce_sum" : "reduce_extreme", r->real, &l));
    for (;; n = parts_of(n)) { /* a single part is joined too: it gets the pair's usual form */
        to = from, to.offset += 2 * n;
        l = launch_of(r, n);
        vxg__push_array(&l, &from);
        vxg__push_array(&l, n <= PART ? out : &to);
        VXG_TRY(vxg__launch(r->dev, r->queue, "reduce_join", r->real, &l));
        if (n <= PART) return VXG_OK;
        from = to;
    }
}

static int check_scratch(const vxg_array *scratch, const reduction *r) {
    VXG_TRY(vxg__array_check(scratch, "reduce: scratch"));
    VXG_TRY(vxg__array_check_written(scratch, "reduce: scratch"));
    VXG_FAIL_IF(scratch->dtype != vxg_real_dtype(r->real) || !vxg_array_is_contiguous(scratch) ||
                    vxg_buffer_device(scratch->buffer) != r->dev ||
                    vxg_array_count(scratch) < vxg_reduce_scratch(r->n),
                VXG_ERR_ARGUMENT, "reduce: scratch of %lld; expected %lld contiguous reals",
                (long long)vxg_array_count(scratch), (long long)vxg_reduce_scratch(r->n));
    return VXG_OK;
}

static int check_inputs(vxg_reduction kind, const vxg_array *x, const vxg_array *y) {
    VXG_FAIL_IF(kind < VXG_REDUCE_DOT || kind > VXG_REDUCE_MAX_DIFF, VXG_ERR_ARGUMENT,
                "reduce: there is no reduction %d", (int)kind);
    const int two = kind == VXG_REDUCE_DOT || kind == VXG_REDUCE_MAX_DIFF;
    VXG_FAIL_IF(two != (y != NULL), VXG_ERR_ARGUMENT, "reduce: %s",
                two ? "y is NULL" : "y is given to a reduction of x alone");
    VXG_TRY(vxg__array_check(x, "reduce"));
    return y ? vxg__array_same(x, y, "reduce") : VXG_OK;
}

int vxg_array_reduce(vxg_queue *queue, vxg_reduction kind, const vxg_array *x, const vxg_array *y,
                     const vxg_array *scratch, const vxg_array *out) {
    reduction r = {.queue = queue, .kind = kind};
    vxg_array a = {0}, b = {0}, own = {0};
    VXG_TRY(check_inputs(kind, x, y));
    VXG_TRY(vxg__real_of(x->dtype, "reduce", &r.real));
    r.dev = vxg_buffer_device(x->buffer), r.n = vxg_array_count(x) * vxg__reals(x->dtype);
    VXG_TRY(check_out(out, "reduce", r.real, r.dev));
    if (scratch) VXG_TRY(check_scratch(scratch, &r));
    const vxg_array *const written[] = {out, scratch}, *const others[] = {x, y, scratch};
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < 3 - i; k++) /* scratch is no other of its own */
            VXG_FAIL_IF(written[i] && others[k] && vxg__arrays_overlap(written[i], others[k]),
                        VXG_ERR_ARGUMENT, "reduce: %s overlaps %s", i ? "scratch" : "the result",
                        k == 2 ? "scratch" : "what is reduced");
    VXG_FAIL_IF(r.n == 0 && kind >= VXG_REDUCE_MIN, VXG_ERR_ARGUMENT,
                "reduce: an extreme of no elements");
    if (r.n == 0) return vxg_array_fill(queue, out, 0);
    int status = scratch ? VXG_OK
                         : vxg_array_new(r.dev, vxg_real_dtype(r.real), 1,
                                         (int64_t[]){vxg_reduce_scratch(r.n)}, &own);
    if (!status) status = vxg__array_contiguous(queue, x, &a);
    if (!status) status = vxg__array_contiguous(queue, y ? y : x, &b);
    if (!status) status = reduce(&r, &a, &b, scratch ? scratch : &own, out);
    vxg_array_release(&a), vxg_array_release(&b), vxg_array_release(&own);
    return status;
}

int vxg_scalar_combine(vxg_queue *queue, vxg_scalar_op op, double factor, const vxg_array *a,
                       const vxg_array *b, const vxg_array *out) {
    VXG_FAIL_IF(op < VXG_SCALAR_DIVIDE || op > VXG_SCALAR_MIN, VXG_ERR_ARGUMENT,
                "scalar: there is no operation %d", (int)op);
    VXG_FAIL_IF(!isfinite(factor), VXG_ERR_ARGUMENT, "scalar: factor is %g", factor);
    if (op == VXG_SCALAR_SQRT && !b) b = a;
    VXG_TRY(vxg__scalar_check(a, "scalar"));
    const vxg_real real = a->dtype == VXG_F64 ? VXG_REAL_F64 : VXG_REAL_F32;
    vxg_device *dev = vxg_buffer_device(a->buffer);
    VXG_TRY(vxg__scalar_of(b, "scalar", real, dev));
    VXG_TRY(check_out(out, "scalar", real, dev));
    vxg_launch l = {
        .nints = 1, .ints = {(int)op}, .nreals = 2, .reals = {factor}, .global = {1, 1, 1}};
    if (real == VXG_REAL_F32) l.reals[1] = low_part(factor, (float)factor);
    vxg__push_array(&l, a);
    vxg__push_array(&l, b);
    vxg__push_array(&l, out);
    return vxg__launch(dev, queue, "scalar_combine", real, &l);
}
