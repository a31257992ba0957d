/* Voxgrad operators: one immutable, shareable type that carries its exact adjoint or gradient.
 *
 * y = F(x_0 .. x_{n-1}). An operator says in which inputs it is linear (the others fixed); for an
 * operator linear in its only input the vjp *is* the adjoint. Leading extra dimensions are a batch.
 *
 * Functions that return a status give VXG_ERR_ARGUMENT for NULL, for arrays of another device,
 * shape or type, and for arrays that reach outside their buffer; the others give NULL, 0 or "" for
 * an operator that is NULL.
 *
 * Stability: stable but for what is marked (docs/abi.md). */
#ifndef VOXGRAD_OP_H
#define VOXGRAD_OP_H

#include "array.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VXG_MAX_INPUTS 16

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
VXG_API int64_t vxg_space_count(const vxg_space *space); /* elements */
/* Bytes an array of this space takes in a workspace: rounded up to VXG_WORKSPACE_ALIGN. */
VXG_API size_t vxg_space_bytes(const vxg_space *space);
VXG_API int vxg_space_equal(const vxg_space *a, const vxg_space *b);

/* Some entries of the range's first axis (views of projections, mostly), in any order; an entry may
 * stand there twice. Entry i is first + i * step, or first + index[i]. A call with a subset is a
 * call of the operator that has these rows only: apply and jvp fill an output, and vjp takes a
 * cotangent, whose first axis (after batch axes) has `count` entries. */
typedef struct vxg_subset {
    uint32_t size;        /* of this struct; 0: the first layout */
    uint32_t reserved0;   /* 0 */
    int64_t count;        /* at least 1 */
    int64_t first, step;  /* step 0 counts as 1; not read where there is an index */
    const int64_t *index; /* count entries, or NULL; read during the call only */
} vxg_subset;
VXG_API int64_t vxg_subset_at(const vxg_subset *subset, int64_t i);
/* How many entries from the i-th on follow each other one by one, at least 1. */
VXG_API int64_t vxg_subset_run(const vxg_subset *subset, int64_t i);
/* part = (rows of whole) + keep * part, and whole = whole + (part at its rows): the two are each
 * other's transpose. Rows are entries of the first axis; the other axes are equal. */
VXG_API int vxg_subset_take(vxg_queue *queue, const vxg_subset *subset, const vxg_array *whole,
                            double keep, const vxg_array *part);
VXG_API int vxg_subset_put(vxg_queue *queue, const vxg_subset *subset, const vxg_array *part,
                           const vxg_array *whole);

/* What a call carries; operators hold no state. Zero-initialised is a legal call. */
typedef struct vxg_call {
    uint32_t size;         /* of this struct; 0: the first layout */
    int accumulate;        /* 0: outputs are set; 1: added to */
    vxg_queue *queue;      /* NULL: a queue of the operator's device for this call */
    vxg_buffer *workspace; /* at least vxg_op_workspace() bytes, else, and when NULL, taken for this
                              call; memory of the cpu that is wrapped begins at a multiple of
                              VXG_WORKSPACE_BASE and may be written, or it is VXG_ERR_ARGUMENT */
    size_t workspace_used; /* first bytes of workspace that belong to somebody else */
    const vxg_progress *progress;
    const vxg_subset *subset; /* NULL: the whole range */
} vxg_call;

/* ---- Classes: what an operator does ----
 *
 * A class is filled with designated initialisers; vxg_op_new copies it. Inside its functions every
 * array is C-contiguous, of the declared shape and dtype, on the operator's device, and no output
 * overlaps another array; call->queue is set and call->workspace has the declared size, aligned. */
typedef struct vxg_op_class {
    uint32_t size;   /* of this struct; 0: the first layout */
    int accumulates; /* apply, jvp, vjp, normal honour call->accumulate; 0: the core adds */
    const char *name;
    int (*apply)(const vxg_op *op, const vxg_call *call, const vxg_array *in, const vxg_array *out);
    /* out = sum_i dF/dx_i tangent_i; a tangent with buffer NULL is zero, one at least is not. NULL
     * for an operator linear in every input. An input in which the operator is linear may be absent
     * (buffer NULL) when its own tangent is the only one. */
    int (*jvp)(const vxg_op *op, const vxg_call *call, const vxg_array *in,
               const vxg_array *tangent, const vxg_array *out);
    /* grad_i = (dF/dx_i)' cotangent; a gradient with buffer NULL is not wanted, one at least is. An
     * input in which the operator is linear may be absent when its own gradient is the only one
     * wanted. */
    int (*vjp)(const vxg_op *op, const vxg_call *call, const vxg_array *in,
               const vxg_array *cotangent, const vxg_array *grad);
    /* Optional. out = A'A in, for an operator linear in its only input, where that is cheaper than
     * one after the other. With a subset: of these rows. */
    int (*normal)(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                  const vxg_array *out);
    /* Optional. An operator specialised to this value of an input: the same function of the other
     * inputs, in their order. *out may stay NULL: nothing better than the general binding. The
     * value is the operator's own copy: to keep it, retain it; nobody writes it. */
    int (*bind)(const vxg_op *op, int input, const vxg_array *value, vxg_op **out);
    /* Bytes of workspace such a call needs (its subset may matter; call is never NULL), or NULL for
     * none. */
    size_t (*workspace)(const vxg_op *op, const vxg_call *call);
    void (*destroy)(void *state); /* frees state, or NULL */
} vxg_op_class;

/* Takes the next bytes of the call's workspace as a C-contiguous array of this space, and moves
 * call->workspace_used behind them: call it on a copy of the call a class's function was given. The
 * array is borrowed. VXG_ERR_ARGUMENT when the class's workspace() promised fewer bytes. */
#define VXG_WORKSPACE_ALIGN 256
#define VXG_WORKSPACE_BASE 64 /* what vxg_buffer_new gives */
VXG_API int vxg_call_workspace(vxg_call *call, const vxg_space *space, vxg_array *out);
/* The same as host memory, on the cpu device; NULL elsewhere, or when it is too small. Takes
 * vxg_workspace_bytes(bytes). */
VXG_API void *vxg_call_scratch(vxg_call *call, size_t bytes);
VXG_API size_t vxg_workspace_bytes(size_t bytes); /* rounded up to VXG_WORKSPACE_ALIGN */

/* Who makes the entries of a call's subset. */
typedef enum vxg_subsets {
    VXG_SUBSETS_NONE, /* the core: the class makes the whole (its functions get call->subset NULL)
                         in the workspace, and its rows are taken */
    VXG_SUBSETS_OWN,  /* the class's functions honour call->subset */
    VXG_SUBSETS_EXACT /* and apply gives an entry the bits that it has in the whole */
} vxg_subsets;

typedef struct vxg_op_opts {
    uint32_t size;   /* of this struct; 0: the first layout */
    uint32_t linear; /* bit i: linear in input i with the others fixed */
    vxg_device *device;
    const vxg_space *in; /* ninputs of them, 1..VXG_MAX_INPUTS */
    int ninputs;
    vxg_subsets subsets;
    const vxg_space *out;
    void *state; /* what vxg_op_state gives back; the class's destroy frees it */
} vxg_op_opts;
/* Makes an operator; takes ownership of state, on failure too (but of a class or options that are
 * NULL or whose size is refused). */
VXG_API int vxg_op_new(const vxg_op_class *cls, const vxg_op_opts *opts, vxg_op **result);
VXG_API vxg_op *vxg_op_retain(const vxg_op *op);
VXG_API void vxg_op_release(vxg_op *op);
VXG_API const char *vxg_op_name(const vxg_op *op);
VXG_API void *vxg_op_state(const vxg_op *op);
VXG_API vxg_device *vxg_op_device(const vxg_op *op);
VXG_API int vxg_op_inputs(const vxg_op *op);
VXG_API const vxg_space *vxg_op_domain(const vxg_op *op, int input); /* NULL: no such input */
VXG_API const vxg_space *vxg_op_range(const vxg_op *op);
/* The range of a call: the operator's, or as many entries as the call's subset has. Refuses a
 * subset that does not lie in the range. call may be NULL. */
VXG_API int vxg_op_call_range(const vxg_op *op, const vxg_call *call, vxg_space *out);
VXG_API int vxg_op_is_linear(const vxg_op *op); /* one input and linear in it */
/* Linear in this input with the others fixed. */
VXG_API int vxg_op_linear_in(const vxg_op *op, int input);
VXG_API vxg_subsets vxg_op_subsets(const vxg_op *op);
/* Bytes of workspace for any evaluation with such a call: its subset matters; NULL: the whole. */
VXG_API size_t vxg_op_workspace(const vxg_op *op, const vxg_call *call);
/* A zero-filled array of the domain (input >= 0) or of the range (input = -1). */
VXG_API int vxg_op_new_array(const vxg_op *op, int input, vxg_array *out);

/* ---- Evaluation ----
 * Arrays may have any strides and equal leading batch dimensions. An output may overlap inputs: the
 * core then works through a temporary (in a batch it must be the same array as the input).
 * VXG_ERR_ARGUMENT: outputs that overlap each other, an output whose elements share memory, one in
 * a buffer wrapped for reading only. */
VXG_API int vxg_op_apply(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                         const vxg_array *out);
/* in: all inputs. For an operator linear in its only input it may be NULL, and in general an input
 * may be absent (buffer NULL) whose own tangent is the only one, when the operator is linear in it.
 * No tangent at all: zero. */
VXG_API int vxg_op_jvp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                       const vxg_array *tangent, const vxg_array *out);
/* in: as for jvp, with the gradients that are wanted (buffer not NULL) in the tangents' place. */
VXG_API int vxg_op_vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                       const vxg_array *cotangent, const vxg_array *grad);
/* The adjoint of an operator linear in its only input, without making an operator of it. */
VXG_API int vxg_op_apply_adjoint(const vxg_op *op, const vxg_call *call, const vxg_array *y,
                                 const vxg_array *x);

/* Experimental: the largest singular value of an operator linear in its only input, float32 or
 * float64, by power iteration until it is known to some 1e-5, from below; less well where the
 * largest few are near each other. Kept with the operator: the first call evaluates it and its
 * adjoint some dozens of times, with the call's queue, workspace and progress; those after it cost
 * nothing. Waits. Thread-safe. VXG_ERR_INPUT: entries that are not finite. */
VXG_API int vxg_op_norm(const vxg_op *op, const vxg_call *call, double *norm);

/* ---- Combinators: each retains its parts ----
 * Linearity follows: compose is linear in an input of the inner operator where both are; add and
 * stack where all parts are; bind, scale, slice and subset as their part. A call's subset goes to
 * the outer operator of compose, to the part of bind, scale, slice and subset, to both parts of
 * add, by rows to the parts of stack; adjoint and normal make the whole. */
/* The value is copied: the operator does not change with the array. */
VXG_API int vxg_op_bind(const vxg_op *op, int input, const vxg_array *value, vxg_op **out);
VXG_API int vxg_op_compose(const vxg_op *outer, const vxg_op *inner, vxg_op **out);
VXG_API int vxg_op_add(const vxg_op *a, const vxg_op *b, vxg_op **out);
VXG_API int vxg_op_scale(double factor, const vxg_op *op, vxg_op **out);
/* Same domain, ranges joined along their first axis. */
VXG_API int vxg_op_stack(const vxg_op *const *ops, int count, vxg_op **out);
/* The part [begin, end) of the range along its first axis. */
VXG_API int vxg_op_slice(const vxg_op *op, int64_t begin, int64_t end, vxg_op **out);
/* These entries of the range's first axis: A[views] of a solver. The subset is copied. Every call
 * of it is a call of op with the subset; no coefficients are made anew. */
VXG_API int vxg_op_subset(const vxg_op *op, const vxg_subset *subset, vxg_op **out);
VXG_API int vxg_op_adjoint(const vxg_op *op, vxg_op **out);
/* A'A. Of some rows: vxg_op_normal of a vxg_op_subset (a call's subset means rows of A'A). */
VXG_API int vxg_op_normal(const vxg_op *op, vxg_op **out);

/* ---- Operators of functions of yours ----
 * Experimental: two functions of one view: forward writes a projection, back adds a projection's
 * share to a volume; solvers take the operator as any other, by views and subsets. Arrays are
 * contiguous, on the operator's device, of the arithmetic of its spaces; the projection has the
 * axes of the range without the first. Work belongs on call->queue; call->progress may be polled.
 * Another number than 0 is a status, which ends the evaluation and is handed on. They are called on
 * the thread that evaluates, and have to be each other's transpose (vxg_check_adjoint) and to give
 * a view the same bits whatever is asked for beside it (vxg_check_subset). */
typedef struct vxg_view_functions {
    uint32_t size; /* of this struct; 0: the first layout */
    uint32_t reserved0;
    int (*forward)(void *context, const vxg_call *call, const vxg_array *volume, int64_t view,
                   const vxg_array *projection);
    int (*back)(void *context, const vxg_call *call, const vxg_array *projection, int64_t view,
                const vxg_array *volume);
    void *context;
    void (*destroy)(void *context); /* when the operator goes, or NULL */
} vxg_view_functions;
/* The first axis of projections counts views. VXG_ERR_ARGUMENT: a function that is NULL, a range
 * without axes; nothing is destroyed then. */
VXG_API int vxg_op_views(vxg_device *dev, const vxg_space *volume, const vxg_space *projections,
                         const vxg_view_functions *functions, vxg_op **out);

/* ---- Operators for XLA (JAX) ----
 * Experimental: a compiled program calls vxg_xla_call, a handler of XLA's typed foreign function
 * interface (C API 0.x; call_frame: an XLA_FFI_CallFrame, the result: an XLA_FFI_Error or NULL),
 * with an attribute `operator`, a handle: as many arrays as the operator has inputs, and one
 * result, with equal batch axes in front or without; float32, float64 or complex numbers of them.
 * On the cpu and, on the program's stream, on cuda. register keeps the operator until forget, and
 * as long as a call of it lasts; handles differ between processes, so that a program that was
 * compiled by another is refused. Thread-safe. */
VXG_API int vxg_xla_register(const vxg_op *op, int64_t *handle);
VXG_API void vxg_xla_forget(int64_t handle);
VXG_API void *vxg_xla_call(void *call_frame);

/* ---- Element-wise maths (rows math.*) ---- */
typedef enum vxg_math { VXG_MATH_SCALE, VXG_MATH_EXP, VXG_MATH_LOG } vxg_math;
/* y = a x, exp(a x) or log(x) (x > 0), element by element. Here and below the space is float32 or
 * float64; VXG_ERR_UNSUPPORTED names another type. */
VXG_API int vxg_op_math(vxg_device *dev, vxg_math kind, double a, const vxg_space *space,
                        vxg_op **out);
/* y = x0 * x1, bilinear. Bound to a value it is a diagonal operator. */
VXG_API int vxg_op_multiply(vxg_device *dev, const vxg_space *space, vxg_op **out);

/* ---- Fourier transform (rows num.fft.*) ----
 * Along the last axis or the last two of a signal, of any length: Y_k = scale sum_j X_j exp(-2 pi i
 * j k / n), with + in the exponent when inverse is set. The lengths 2^a 3^b 5^c 7^d are fastest; a
 * length with a larger prime factor goes through three transforms of at least twice its length
 * (Bluestein). The result is within 1e-6 (float32) or 1e-14 (float64) of the exact one, relative in
 * the 2-norm, for lengths up to 2^20. */
typedef enum vxg_fft_kind {
    VXG_FFT_COMPLEX = 0, /* complex to complex */
    VXG_FFT_REAL = 1,    /* real to half a spectrum: numbers 0 .. n/2 of the last axis */
    /* Half a spectrum to real. What a real signal does not have is not read: with one axis the
     * imaginary parts of number 0 and, n even, n/2; with two axes those of these two columns once
     * the other axis is transformed. */
    VXG_FFT_HALF = 2
} vxg_fft_kind;
typedef enum vxg_fft_scale {
    VXG_FFT_PLAIN = 0,  /* 1 */
    VXG_FFT_BY_N = 1,   /* 1 / n, n the product of the lengths: what an inverse needs */
    VXG_FFT_UNITARY = 2 /* 1 / sqrt n both ways */
} vxg_fft_scale;
typedef struct vxg_fft_opts {
    uint32_t size; /* of this struct; 0: the first layout */
    vxg_fft_kind kind;
    int axes;    /* 1 (0 means 1): the last axis; 2: the last two */
    int inverse; /* 1: the other sign in the exponent; nothing else changes with it */
    vxg_fft_scale scale;
} vxg_fft_opts;
/* space: the signal, complex64 or complex128 for VXG_FFT_COMPLEX, else float32 or float64; its
 * leading axes are a batch. Domain and range are the signal's space, or for half a spectrum that of
 * n/2 + 1 complex numbers along the last axis. Linear over the reals, complex numbers being pairs
 * of them, and its adjoint is exact in that sense. opts may be NULL. VXG_ERR_ARGUMENT: another
 * type, an axis without numbers, a rank below axes; VXG_ERR_UNSUPPORTED: over 2^29 numbers along an
 * axis times those behind it; of a length with a prime factor over 7 the power of two from twice
 * the length counts, so over 2^28. float64 on the cpu only. */
VXG_API int vxg_op_fft(vxg_device *dev, const vxg_space *space, const vxg_fft_opts *opts,
                       vxg_op **out);

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
    /* Where inputs are drawn from: input i from [input_range[i][0], input_range[i][1]) for i <
     * nranges where they differ, else from [-1, 1). */
    const double (*input_range)[2];
    int nranges;
    /* 1: weights jump where a ray lies along a border of cells (Siddon). There another rounding
     * gives another share, so devices are compared by what must agree: the result of a constant. 2:
     * and the rays of a view differ, so that a few graze the volume's faces, where the length
     * itself is uncertain: one result in a thousand may differ, by 1e-3 of the largest. */
    int ties;
    /* Bit i: the derivative by input i jumps (it is that of an interpolation). Differences and
     * other devices do not agree on it at the jumps: checks leave it to the row's own tests. */
    uint32_t kinks;
    uint32_t reserved0; /* 0 */
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
/* Where an input of a row's problems is drawn from, the default included; row NULL: the default. */
VXG_API void vxg_op_row_range(const vxg_op_row *row, int input, double *lo, double *hi);

/* ---- Checks: run them on your own operators too ---- */
typedef struct vxg_check_opts {
    uint32_t size; /* of this struct; 0: the first layout */
    int declared_empty;
    uint64_t seed;
    double tolerance;               /* 0: the documented one for the dtype */
    const double (*input_range)[2]; /* as of vxg_op_row */
    int nranges;
    int ties; /* vxg_check_backends: compares the result of a constant input alone; see vxg_op_row
               */
    /* bit i: vxg_check_jvp does not move input i, vxg_check_backends leaves its gradient out */
    uint32_t kinks;
    uint32_t reserved0; /* 0 */
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
/* vxg_op_normal of an operator linear in its only input equals A'(A x): 1e-5 / 1e-12 of the largest
 * value; and that of a subset likewise. */
VXG_API int vxg_check_normal(const vxg_op *op, const vxg_check_opts *opts, vxg_check_result *out);
/* Calls with a range of entries, a stepped range backwards and a list with an entry twice equal
 * rows of the whole (apply, jvp) and its vjp of a cotangent that is zero elsewhere: 1e-5 / 1e-12 of
 * the largest value, and apply bit for bit where the operator says so. */
VXG_API int vxg_check_subset(const vxg_op *op, const vxg_check_opts *opts, vxg_check_result *out);
/* Bound to a value, each input, one after another, the operator equals itself with that input
 * (apply and the other gradients): 2e-5 / 1e-12 of the largest value, as each of two ways may round
 * by 1e-5. VXG_ERR_UNSUPPORTED for a single input. */
VXG_API int vxg_check_bind(const vxg_op *op, const vxg_check_opts *opts, vxg_check_result *out);

#ifdef __cplusplus
}
#endif
#endif
