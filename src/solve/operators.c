/* Differences of neighbours and penalties of them as operators (kernels/solve/tv.k). */
#include <math.h>
#include <string.h>

#include "array/launch.h"
#include "op/op.h"
#include "solve/operators.h"

typedef struct state {
    vxg_solve_penalty kind;
    double bend, smooth, inverse[3]; /* 1 / spacing along x, y, z */
} state;

/* Sizes along x, y, z. */
static void sizes_of(const vxg_space *s, int64_t n[3]) {
    for (int i = 0; i < 3; i++) n[i] = i < s->ndim ? s->shape[s->ndim - 1 - i] : 1;
}

/* A launch over all elements of the domain; ints 3 and 4, reals 3 to 6 as given. */
static int launch(const vxg_op *op, const vxg_call *call, const char *kernel,
                  const vxg_array *const *arrays, int count, const int ints[2],
                  const double reals[4]) {
    const vxg_space *in = vxg_op_domain(op, 0);
    const state *s = vxg_op_state(op);
    int64_t n[3];
    sizes_of(in, n);
    vxg_launch l = {.global = {n[0], n[1], n[2]},
                    .nints = 5,
                    .ints = {(int)n[0], (int)n[1], (int)n[2], ints[0], ints[1]},
                    .nreals = 7,
                    .reals = {s->inverse[0], s->inverse[1], s->inverse[2], reals[0], reals[1],
                              reals[2], reals[3]}};
    if (vxg_space_count(in) == 0) return VXG_OK;
    for (int i = 0; i < count; i++) vxg__push_array(&l, arrays[i]);
    return vxg__launch(vxg_op_device(op), call->queue, kernel, vxg__arithmetic(in->dtype), &l);
}

/* What both constructors refuse; fills the spacing. */
static int begin(vxg_device *dev, const vxg_space *space, const double *spacing, const char *name,
                 state *s) {
    VXG_FAIL_IF(!dev || !space, VXG_ERR_ARGUMENT, "%s: the device or the space is NULL", name);
    VXG_TRY(vxg__space_check(space, name, "space", 0));
    VXG_FAIL_IF(space->dtype != VXG_F32 && space->dtype != VXG_F64, VXG_ERR_UNSUPPORTED,
                "%s: the space is %s; float32 and float64 are done", name,
                vxg_dtype_name(space->dtype));
    VXG_FAIL_IF(space->ndim < 1 || space->ndim > 3, VXG_ERR_UNSUPPORTED,
                "%s: the space has %d axes; differences are taken along one to three", name,
                space->ndim);
    for (int i = 0; i < space->ndim; i++)
        VXG_FAIL_IF(space->shape[i] > INT32_MAX, VXG_ERR_UNSUPPORTED,
                    "%s: the space has an axis of %lld", name, (long long)space->shape[i]);
    for (int i = 0; i < 3; i++) {
        const double h = spacing ? spacing[i] : 0;
        VXG_FAIL_IF(!(h >= 0) || h > 1e30, VXG_ERR_ARGUMENT, "%s: spacing[%d] is %g", name, i, h);
        s->inverse[2 - i] = h > 0 ? 1 / h : 1;
    }
    return VXG_OK;
}

static int keep_state(const state *s, state **out) {
    *out = vxg__calloc(1, sizeof **out);
    if (!*out) return VXG_ERR_MEMORY;
    **out = *s;
    return VXG_OK;
}

/* ---- Differences ---- */
static int difference_apply(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                            const vxg_array *out) {
    const vxg_array *const arrays[] = {in, out};
    const int ints[] = {call->accumulate, vxg_op_domain(op, 0)->ndim};
    return launch(op, call, "tv_forward", arrays, 2, ints, (double[4]){0});
}
static int difference_vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                          const vxg_array *cotangent, const vxg_array *grad) {
    const vxg_array *const arrays[] = {cotangent, grad};
    (void)in;
    return launch(op, call, "tv_transpose", arrays, 2, (int[2]){0}, (double[4]){call->accumulate});
}
static const vxg_op_class difference_class = {.name = "solve.differences",
                                              .accumulates = 1,
                                              .apply = difference_apply,
                                              .vjp = difference_vjp,
                                              .destroy = vxg__free};

int vxg_op_differences(vxg_device *dev, const vxg_space *space, const double spacing[3],
                       vxg_op **out) {
    const char *const name = difference_class.name;
    state s = {.kind = VXG_PENALTY_TV}, *kept;
    VXG_TRY(vxg__combine_begin(out, name));
    VXG_TRY(begin(dev, space, spacing, name, &s));
    vxg_space range = *space;
    range.ndim = space->ndim + 1, range.shape[0] = space->ndim;
    memcpy(range.shape + 1, space->shape, (size_t)space->ndim * sizeof *range.shape);
    VXG_TRY(keep_state(&s, &kept));
    return vxg__op_new_linear(&difference_class, dev, space, &range, VXG_SUBSETS_NONE, kept, out);
}

/* ---- Penalties ---- */
/* Reals of a reduction, as a space. */
static vxg_space reals_of(const vxg_op *op, int64_t n) {
    return (vxg_space){.dtype = vxg_op_range(op)->dtype, .ndim = 1, .shape = {n}};
}
static size_t penalty_workspace(const vxg_op *op, const vxg_call *call) {
    const vxg_space *in = vxg_op_domain(op, 0);
    const vxg_space scratch = reals_of(op, vxg_reduce_scratch(vxg_space_count(in))),
                    pair = reals_of(op, 2);
    (void)call;
    return vxg__bytes_add(vxg_space_bytes(in),
                          vxg__bytes_add(vxg_space_bytes(&scratch), vxg_space_bytes(&pair)));
}

/* out = the sum of what the kernel makes of its arrays, the last of which is made here. */
static int sum_of(const vxg_op *op, const vxg_call *call, const char *kernel,
                  const vxg_array **arrays, int count, const vxg_array *out) {
    const state *s = vxg_op_state(op);
    const vxg_space *in = vxg_op_domain(op, 0);
    const vxg_space reals = reals_of(op, vxg_reduce_scratch(vxg_space_count(in))),
                    two = reals_of(op, 2);
    vxg_call c = *call;
    vxg_array values, scratch, pair;
    VXG_TRY(vxg_call_workspace(&c, in, &values));
    VXG_TRY(vxg_call_workspace(&c, &reals, &scratch));
    VXG_TRY(vxg_call_workspace(&c, &two, &pair));
    arrays[count - 1] = &values;
    VXG_TRY(launch(op, call, kernel, arrays, count, (int[2]){(int)s->kind, 0},
                   (double[4]){s->bend, s->smooth}));
    VXG_TRY(vxg_array_reduce(c.queue, VXG_REDUCE_SUM, &values, NULL, &scratch, &pair));
    vxg_launch l = {.global = {1, 1, 1}, .nreals = 1, .reals = {call->accumulate}};
    vxg__push_array(&l, &pair);
    vxg__push_array(&l, out);
    return vxg__launch(vxg_op_device(op), c.queue, "tv_put", vxg__arithmetic(in->dtype), &l);
}

static int penalty_apply(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                         const vxg_array *out) {
    return sum_of(op, call, "tv_smooth_values", (const vxg_array *[]){in, NULL}, 2, out);
}
static int penalty_jvp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                       const vxg_array *tangent, const vxg_array *out) {
    return sum_of(op, call, "tv_smooth_along", (const vxg_array *[]){in, tangent, NULL}, 3, out);
}
static int penalty_vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                       const vxg_array *cotangent, const vxg_array *grad) {
    const state *s = vxg_op_state(op);
    return launch(op, call, "tv_smooth_gradient", (const vxg_array *const[]){in, cotangent, grad},
                  3, (int[2]){(int)s->kind, 1},
                  (double[4]){s->bend, s->smooth, 1, call->accumulate});
}
static const vxg_op_class penalty_class = {.name = "solve.penalty",
                                           .accumulates = 1,
                                           .apply = penalty_apply,
                                           .jvp = penalty_jvp,
                                           .vjp = penalty_vjp,
                                           .workspace = penalty_workspace,
                                           .destroy = vxg__free};

int vxg_op_penalty(vxg_device *dev, const vxg_space *space, const vxg_penalty_opts *opts,
                   vxg_op **out) {
    const char *const name = penalty_class.name;
    state s = {.kind = VXG_PENALTY_TV}, *kept;
    VXG_TRY(vxg__combine_begin(out, name));
    VXG_READ_OPTS(vxg_penalty_opts, opts);
    VXG_TRY(begin(dev, space, opts->spacing, name, &s));
    VXG_FAIL_IF(opts->kind < VXG_PENALTY_TV || opts->kind > VXG_PENALTY_SQUARE, VXG_ERR_ARGUMENT,
                "%s: kind is %d", name, (int)opts->kind);
    VXG_FAIL_IF(!(opts->smooth >= 0) || opts->smooth > 1e30, VXG_ERR_ARGUMENT,
                "%s: smooth is %g; expected 0 or more", name, opts->smooth);
    VXG_FAIL_IF(opts->kind == VXG_PENALTY_HUBER && !(opts->bend >= 1e-30 && opts->bend <= 1e30),
                VXG_ERR_ARGUMENT, "%s: bend is %g; Huber's penalty needs one of 1e-30 to 1e30",
                name, opts->bend);
    const double least = space->dtype == VXG_F64 ? 1e-150 : 1e-18; /* its square is a number */
    s.kind = opts->kind, s.bend = opts->bend;
    s.smooth = opts->smooth > 0 ? fmax(opts->smooth, least) : 1e-3;
    VXG_TRY(keep_state(&s, &kept));
    const vxg_space range = {.dtype = space->dtype, .ndim = 1, .shape = {1}};
    const vxg_op_opts o = {.device = dev, .in = space, .ninputs = 1, .out = &range, .state = kept};
    return vxg_op_new(&penalty_class, &o, out);
}

/* ---- Rows ---- */
vxg_space vxg__solve_example(const vxg_problem *p) {
    static const struct {
        int ndim;
        int64_t shape[3];
    } tiny[] = {{3, {5, 6, 7}}, {3, {1, 4, 9}}, {2, {8, 5}}, {1, {9}}},
      small[] = {{3, {16, 20, 24}}, {3, {1, 64, 33}}, {2, {64, 33}}, {1, {4099}}};
    const int k = (int)(p->seed % 4);
    vxg_space s = {.dtype = vxg_real_dtype(p->real),
                   .ndim = p->scale == VXG_PROBLEM_TINY ? tiny[k].ndim : small[k].ndim};
    memcpy(s.shape, p->scale == VXG_PROBLEM_TINY ? tiny[k].shape : small[k].shape,
           sizeof small[k].shape);
    if (p->scale == VXG_PROBLEM_BENCH) {
        s.ndim = 3;
        for (int i = 0; i < 3; i++) s.shape[i] = 256;
    }
    return s;
}
double vxg__solve_elements(const vxg_op *op) {
    return (double)vxg_space_count(vxg_op_domain(op, 0));
}

static const double spacing[] = {2, 0.75, 1.5};
static int make_differences(vxg_device *dev, const vxg_problem *p, vxg_op **out) {
    const vxg_space s = vxg__solve_example(p);
    return vxg_op_differences(dev, &s, p->seed % 2 ? spacing : NULL, out);
}
static int make_penalty(vxg_device *dev, const vxg_problem *p, vxg_solve_penalty kind,
                        vxg_op **out) {
    const vxg_space s = vxg__solve_example(p);
    vxg_penalty_opts o = {.size = sizeof o, .kind = kind, .bend = 0.3, .smooth = 0.1};
    if (p->seed % 2) memcpy(o.spacing, spacing, sizeof spacing);
    return vxg_op_penalty(dev, &s, &o, out);
}
static int make_tv(vxg_device *dev, const vxg_problem *p, vxg_op **out) {
    return make_penalty(dev, p, VXG_PENALTY_TV, out);
}
static int make_by_axis(vxg_device *dev, const vxg_problem *p, vxg_op **out) {
    return make_penalty(dev, p, VXG_PENALTY_TV_BY_AXIS, out);
}
static int make_huber(vxg_device *dev, const vxg_problem *p, vxg_op **out) {
    return make_penalty(dev, p, VXG_PENALTY_HUBER, out);
}
static int make_square(vxg_device *dev, const vxg_problem *p, vxg_op **out) {
    return make_penalty(dev, p, VXG_PENALTY_SQUARE, out);
}

#define ROW(row, words, maker)                                                                     \
    {                                                                                              \
        .size = (uint32_t)sizeof(vxg_op_row), .name = row, .summary = words, .make = maker,        \
        .examples = 4, .updates = vxg__solve_elements                                              \
    }
const vxg_op_row vxg__solve_op_rows[] = {
    ROW("solve.differences", "differences of neighbours along every axis", make_differences),
    ROW("solve.penalty.tv", "smoothed isotropic total variation", make_tv),
    ROW("solve.penalty.tv-by-axis", "smoothed anisotropic total variation", make_by_axis),
    ROW("solve.penalty.huber", "Huber's penalty of differences", make_huber),
    ROW("solve.penalty.square", "half the square of differences", make_square),
};
const int vxg__solve_op_row_count = (int)(sizeof vxg__solve_op_rows / sizeof *vxg__solve_op_rows);
