/* Voxgrad operators: one immutable, shareable type that carries its exact adjoint or gradient.
 *
 * y = F(x_0 .. x_{n-1}). A class declares in which inputs it is linear (the others fixed); for an
 * operator linear in its only input the vjp *is* the adjoint. Leading extra dimensions are a batch.
 */
#ifndef VOXGRAD_OP_H
#define VOXGRAD_OP_H

#include "array.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VXG_MAX_INPUTS 4

typedef struct vxg_op vxg_op;

/* Shape of one input or of the output. Spaces stand in arrays: the layout is fixed for an ABI
 * version, `size` is 0 or sizeof(vxg_space). */
typedef struct vxg_space {
    uint32_t size;
    vxg_dtype dtype;
    int ndim;
    uint32_t reserved[3]; /* 0 */
    int64_t shape[VXG_MAX_DIMS];
} vxg_space;

/* What a call carries; operators hold no state. Zero-initialised is a legal call. */
typedef struct vxg_call {
    uint32_t size;         /* of this struct; 0: the first layout */
    int accumulate;        /* 0: outputs are set; 1: added to */
    vxg_queue *queue;      /* NULL: a queue of the operator's device for this call */
    vxg_buffer *workspace; /* at least vxg_op_workspace() bytes; NULL: taken for this call */
    size_t workspace_used; /* first bytes of workspace that belong to somebody else */
    const vxg_progress *progress;
} vxg_call;

/* A class is filled with designated initialisers; vxg_op_new copies it. Inside these functions
 * every array is C-contiguous, of the declared shape and dtype, on the operator's device;
 * call->queue is set and call->workspace has the declared size. accumulate must be honoured where
 * the class sets accumulates, otherwise the core adds through the workspace. */
typedef struct vxg_op_class {
    uint32_t size;   /* of this struct; 0: the first layout */
    uint32_t linear; /* bit i: linear in input i with the others fixed */
    const char *name;
    int accumulates; /* apply, jvp, vjp honour call->accumulate themselves */
    int (*apply)(const vxg_op *op, const vxg_call *call, const vxg_array *in, const vxg_array *out);
    /* out = sum_i dF/dx_i tangent_i; a tangent with buffer NULL is zero. NULL for an operator
     * linear in its only input. */
    int (*jvp)(const vxg_op *op, const vxg_call *call, const vxg_array *in,
               const vxg_array *tangent, const vxg_array *out);
    /* grad_i = (dF/dx_i)' cotangent; a gradient with buffer NULL is not wanted. in may be NULL for
     * an operator linear in its only input. */
    int (*vjp)(const vxg_op *op, const vxg_call *call, const vxg_array *in,
               const vxg_array *cotangent, const vxg_array *grad);
    size_t (*workspace)(const vxg_op *op); /* bytes, or NULL for none */
    void (*destroy)(void *state);          /* frees state, or NULL */
} vxg_op_class;

/* Makes an operator; takes ownership of state, on failure too (but of a class that is NULL or whose
 * size is refused). */
VXG_API int vxg_op_new(const vxg_op_class *cls, vxg_device *dev, int ninputs, const vxg_space *in,
                       const vxg_space *out, void *state, vxg_op **result);
VXG_API vxg_op *vxg_op_retain(const vxg_op *op);
VXG_API void vxg_op_release(vxg_op *op);
VXG_API const char *vxg_op_name(const vxg_op *op);
VXG_API void *vxg_op_state(const vxg_op *op);
VXG_API vxg_device *vxg_op_device(const vxg_op *op);
VXG_API int vxg_op_inputs(const vxg_op *op);
VXG_API const vxg_space *vxg_op_domain(const vxg_op *op, int input);
VXG_API const vxg_space *vxg_op_range(const vxg_op *op);
VXG_API int vxg_op_is_linear(const vxg_op *op); /* one input and linear in it */
VXG_API size_t vxg_op_workspace(const vxg_op *op);
/* A zero-filled array of the domain (input >= 0) or of the range (input = -1). */
VXG_API int vxg_op_new_array(const vxg_op *op, int input, vxg_array *out);

/* Evaluation. Arrays may have any strides and equal leading batch dimensions. */
VXG_API int vxg_op_apply(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                         const vxg_array *out);
VXG_API int vxg_op_jvp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                       const vxg_array *tangent, const vxg_array *out);
VXG_API int vxg_op_vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                       const vxg_array *cotangent, const vxg_array *grad);
/* The adjoint of an operator linear in its only input, without making an operator of it. */
VXG_API int vxg_op_apply_adjoint(const vxg_op *op, const vxg_call *call, const vxg_array *y,
                                 const vxg_array *x);

/* ---- Combinators: each retains its parts ---- */
VXG_API int vxg_op_bind(const vxg_op *op, int input, const vxg_array *value, vxg_op **out);
VXG_API int vxg_op_compose(const vxg_op *outer, const vxg_op *inner, vxg_op **out);
VXG_API int vxg_op_add(const vxg_op *a, const vxg_op *b, vxg_op **out);
VXG_API int vxg_op_scale(double factor, const vxg_op *op, vxg_op **out);
/* Same domain, ranges joined along their first axis. */
VXG_API int vxg_op_stack(const vxg_op *const *ops, int count, vxg_op **out);
/* The part [begin, end) of the range along its first axis. */
VXG_API int vxg_op_slice(const vxg_op *op, int64_t begin, int64_t end, vxg_op **out);
VXG_API int vxg_op_adjoint(const vxg_op *op, vxg_op **out);
VXG_API int vxg_op_normal(const vxg_op *op, vxg_op **out); /* A'A */

/* ---- Element-wise maths (rows math.*) ---- */
typedef enum vxg_math { VXG_MATH_SCALE, VXG_MATH_EXP, VXG_MATH_LOG } vxg_math;
/* y = a x, exp(a x) or log(x) (x > 0), element by element. */
VXG_API int vxg_op_math(vxg_device *dev, vxg_math kind, double a, const vxg_space *space,
                        vxg_op **out);
/* y = x0 * x1, bilinear. Bound to a value it is a diagonal operator. */
VXG_API int vxg_op_multiply(vxg_device *dev, const vxg_space *space, vxg_op **out);

/* ---- Registry: a row is all it takes to be tested, benchmarked and listed ---- */
typedef enum vxg_problem_size {
    VXG_PROBLEM_TINY,  /* <= 8^3 voxels, <= 6 views of 8x8: columns and rows can be written out */
    VXG_PROBLEM_SMALL, /* <= 64^3: dot tests, parity */
    VXG_PROBLEM_BENCH  /* larger than the last-level cache */
} vxg_problem_size;

typedef struct vxg_problem {
    uint32_t size; /* of this struct; 0: the first layout */
    vxg_real real;
    vxg_problem_size scale;
    uint32_t reserved0; /* 0 */
    uint64_t seed;      /* picks a random example; the same seed is the same problem everywhere */
} vxg_problem;

typedef struct vxg_op_row {
    uint32_t size;       /* of this struct; 0: the first layout */
    int examples;        /* seeds 0 .. examples-1 are distinct problems; checks run all of them */
    const char *name;    /* "ct.parallel3d.joseph" */
    const char *summary; /* one line */
    int (*make)(vxg_device *dev, const vxg_problem *problem, vxg_op **out);
    double input_lo, input_hi; /* where inputs are drawn from; both 0: [-1, 1) */
    /* 1: weights jump where a ray lies along a border of cells (Siddon). There another rounding
     * gives another share, so devices are compared by what must agree: the result of a constant. 2:
     * and the rays of a view differ, so that a few graze the volume's faces, where the length
     * itself is uncertain: one result in a thousand may differ, by 1e-3 of the largest. */
    int ties;
    /* Bit i: the derivative by input i jumps (it is that of an interpolation). Differences and
     * other devices do not agree on it at the jumps: checks leave it to the row's own tests. */
    uint32_t kinks;
    /* 1 when the problem is declared empty (the beam misses the volume): then Ax and A'y must be
     * exactly zero. NULL: never. */
    int (*is_empty)(const vxg_problem *problem);
    /* Work of one apply in "updates" (voxels x views, or elements) for benchmarks. */
    double (*updates)(const vxg_op *op);
} vxg_op_row;

/* Adds a row (copied; its texts are kept by reference). Thread-safe; VXG_ERR_ARGUMENT on a name
 * taken. */
VXG_API int vxg_op_register(const vxg_op_row *row);
VXG_API int vxg_op_row_count(void);
VXG_API const vxg_op_row *vxg_op_row_at(int index);
VXG_API const vxg_op_row *vxg_op_row_find(const char *name);

/* ---- Checks: run them on your own operators too ---- */
typedef struct vxg_check_opts {
    uint32_t size; /* of this struct; 0: the first layout */
    int declared_empty;
    uint64_t seed;
    double tolerance; /* 0: the documented one for the dtype */
    double input_lo, input_hi;
    int ties; /* vxg_check_backends: compares the result of a constant input alone; see vxg_op_row
               */
    /* bit i: vxg_check_jvp does not move input i, vxg_check_backends leaves its gradient out */
    uint32_t kinks;
} vxg_check_opts;

typedef struct vxg_check_result {
    uint32_t size; /* of this struct, set by the caller; 0: the first layout */
    int passed;
    double residual; /* what was measured; compare with tolerance */
    double tolerance;
    char detail[160]; /* where it is worst, in words */
} vxg_check_result;

/* Dot test |<Ax,y> - <x,A'y>| / (|Ax||y| + |x||A'y|), inner products in double, the worst over a
 * zero-mean and a positive pair of vectors. 0/0 fails unless declared_empty, and then Ax and A'y
 * must be exactly zero arrays. Tolerance 1e-6 (f32), 1e-12 (f64). */
VXG_API int vxg_check_adjoint(const vxg_op *op, const vxg_check_opts *opts, vxg_check_result *out);
/* A column by column against A' row by row, max |A_ij - A'_ji| / max |A|: 1e-5 / 1e-12. Sizes up to
 * 1024 x 1024. */
VXG_API int vxg_check_transpose(const vxg_op *op, const vxg_check_opts *opts,
                                vxg_check_result *out);
/* jvp against central differences: best over a sweep of steps, relative to the largest entry.
 * Tolerance 2e-3 (f32), 1e-6 (f64). Linear operators: jvp must equal apply. */
VXG_API int vxg_check_jvp(const vxg_op *op, const vxg_check_opts *opts, vxg_check_result *out);
/* vjp against jvp by the dot test: 1e-6 / 1e-12. */
VXG_API int vxg_check_vjp(const vxg_op *op, const vxg_check_opts *opts, vxg_check_result *out);
/* accumulate = 1 onto a filled output equals that output plus the result (1e-6 / 1e-14). */
VXG_API int vxg_check_accumulate(const vxg_op *op, const vxg_check_opts *opts,
                                 vxg_check_result *out);
/* A batch of 3, and strided inputs and outputs, equal separate contiguous calls bit for bit. */
VXG_API int vxg_check_batch(const vxg_op *op, const vxg_check_opts *opts, vxg_check_result *out);
/* Two instances of the same problem on two devices (or dtypes), apply and vjp compared:
 * max |difference| / max |value| <= 1e-5. */
VXG_API int vxg_check_backends(const vxg_op *a, const vxg_op *b, const vxg_check_opts *opts,
                               vxg_check_result *out);
/* Two runs, and runs with 1, 2, 3 and 7 threads, give the same bits. */
VXG_API int vxg_check_repeat(const vxg_op *op, const vxg_check_opts *opts, vxg_check_result *out);

#ifdef __cplusplus
}
#endif
#endif
