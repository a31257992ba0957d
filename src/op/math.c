/* Element-wise operators: scale, exp, log, and the bilinear product. */
#include <math.h>
#include <string.h>

#include "array/launch.h"
#include "op/op.h"

#define ROW ((int64_t)65536) /* items; kernels/num/math.k knows it */

typedef struct math_state {
    vxg_math kind;
    double a;
} math_state;

/* An array that takes part in a launch: by all rows of the domain, or by those of the call. */
typedef struct operand {
    const vxg_array *array;
    int rows; /* 1: it has the rows of the call's subset only */
} operand;

static int64_t row_elements(const vxg_space *s) {
    int64_t n = 1;
    for (int i = 1; i < s->ndim; i++) n *= s->shape[i];
    return n;
}

/* n elements from `whole` on of what has all rows, from `part` on of what has the call's. Whole
 * rows of 2^16 items, so that devices are given them in pieces (src/device/pieces.c), at most 2^30
 * items at a time, which an int numbers; then the rest. */
static int launch_part(const vxg_op *op, const vxg_call *call, const char *kernel,
                       const operand *operands, int count, int64_t whole, int64_t part, int64_t n) {
    const math_state *s = vxg_op_state(op);
    const int64_t most = (int64_t)1 << 30;
    for (int64_t begin = 0, items; begin < n; begin += items) {
        const int64_t left = n - begin < most ? n - begin : most;
        const int64_t rows = left < ROW ? 1 : left / ROW;
        items = left < ROW ? left : rows * ROW;
        vxg_launch l = {.global = {items / rows, rows, 1}, .nints = 2, .nreals = 1};
        l.ints[0] = s ? (int)s->kind : 0, l.ints[1] = call->accumulate;
        l.reals[0] = s ? s->a : 1;
        for (int i = 0; i < count; i++) {
            vxg_array a = *operands[i].array;
            a.offset += (operands[i].rows ? part : whole) + begin;
            vxg__push_array(&l, &a);
        }
        VXG_TRY(vxg__launch(vxg_op_device(op), call->queue, kernel,
                            vxg__arithmetic(vxg_op_range(op)->dtype), &l));
    }
    return VXG_OK;
}

/* The last operand is the output. One that has all rows is zero where the subset has no entry. */
static int launch(const vxg_op *op, const vxg_call *call, const char *kernel,
                  const operand *operands, int count) {
    const vxg_subset *s = call->subset;
    const int64_t row = row_elements(vxg_op_range(op));
    vxg_call c = *call;
    if (!s)
        return launch_part(op, call, kernel, operands, count, 0, 0,
                           vxg_space_count(vxg_op_range(op)));
    if (!operands[count - 1].rows) {
        if (!c.accumulate) VXG_TRY(vxg_array_fill(c.queue, operands[count - 1].array, 0));
        c.accumulate = 1;
    }
    for (int64_t i = 0, n; i < s->count; i += n) {
        n = vxg_subset_run(s, i);
        VXG_TRY(launch_part(op, &c, kernel, operands, count, vxg_subset_at(s, i) * row, i * row,
                            n * row));
    }
    return VXG_OK;
}

static int math_apply(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                      const vxg_array *out) {
    return launch(op, call, "math_value", (const operand[]){{in, 0}, {out, 1}}, 2);
}
static int math_jvp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                    const vxg_array *tangent, const vxg_array *out) {
    return launch(op, call, "math_slope", (const operand[]){{in, 0}, {tangent, 0}, {out, 1}}, 3);
}
static int math_vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                    const vxg_array *cotangent, const vxg_array *grad) {
    return launch(op, call, "math_slope", (const operand[]){{in, 0}, {cotangent, 1}, {grad, 0}}, 3);
}
/* Scaling is linear: its slope does not read x. */
static int scale_vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                     const vxg_array *cotangent, const vxg_array *grad) {
    (void)in;
    return launch(op, call, "math_value", (const operand[]){{cotangent, 1}, {grad, 0}}, 2);
}

static const vxg_op_class scale_class = {.name = "math.scale",
                                         .accumulates = 1,
                                         .apply = math_apply,
                                         .vjp = scale_vjp,
                                         .destroy = vxg__free};
static const vxg_op_class exp_class = {.name = "math.exp",
                                       .accumulates = 1,
                                       .apply = math_apply,
                                       .jvp = math_jvp,
                                       .vjp = math_vjp,
                                       .destroy = vxg__free};
static const vxg_op_class log_class = {.name = "math.log",
                                       .accumulates = 1,
                                       .apply = math_apply,
                                       .jvp = math_jvp,
                                       .vjp = math_vjp,
                                       .destroy = vxg__free};

static vxg_subsets subsets_of(const vxg_space *space) {
    return space->ndim ? VXG_SUBSETS_EXACT : VXG_SUBSETS_NONE;
}

/* The kernels take reals one by one. */
static int check_real(const vxg_space *space, const char *what) {
    VXG_TRY(vxg__space_check(space, what, "space", 0));
    VXG_FAIL_IF(space->dtype != VXG_F32 && space->dtype != VXG_F64, VXG_ERR_UNSUPPORTED,
                "%s: the space is %s; float32 and float64 are done", what,
                vxg_dtype_name(space->dtype));
    return VXG_OK;
}

int vxg_op_math(vxg_device *dev, vxg_math kind, double a, const vxg_space *space, vxg_op **out) {
    static const vxg_op_class *const classes[] = {&scale_class, &exp_class, &log_class};
    VXG_TRY(vxg__combine_begin(out, "math"));
    VXG_FAIL_IF(!dev || !space, VXG_ERR_ARGUMENT, "math: the device or the space is NULL");
    VXG_FAIL_IF((int)kind < 0 || kind > VXG_MATH_LOG, VXG_ERR_ARGUMENT, "math: unknown kind %d",
                (int)kind);
    VXG_FAIL_IF(!isfinite(a), VXG_ERR_ARGUMENT, "math: a is %g", a);
    VXG_TRY(check_real(space, classes[kind]->name));
    math_state *s = vxg__calloc(1, sizeof *s);
    if (!s) return VXG_ERR_MEMORY;
    s->kind = kind, s->a = a;
    const vxg_op_opts opts = {.linear = kind == VXG_MATH_SCALE,
                              .device = dev,
                              .in = space,
                              .ninputs = 1,
                              .subsets = subsets_of(space),
                              .out = space,
                              .state = s};
    return vxg_op_new(classes[kind], &opts, out);
}

/* ---- Product: F(x0, x1) = x0 x1, linear in each input ---- */
static int multiply_apply(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                          const vxg_array *out) {
    return launch(op, call, "math_product", (const operand[]){{&in[0], 0}, {&in[1], 0}, {out, 1}},
                  3);
}

static int multiply_jvp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                        const vxg_array *tangent, const vxg_array *out) {
    vxg_call c = *call;
    for (int i = 0; i < 2; i++) {
        if (!tangent[i].buffer) continue;
        VXG_TRY(launch(op, &c, "math_product",
                       (const operand[]){{&in[1 - i], 0}, {&tangent[i], 0}, {out, 1}}, 3));
        c.accumulate = 1;
    }
    return VXG_OK;
}

static int multiply_vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                        const vxg_array *cotangent, const vxg_array *grad) {
    for (int i = 0; i < 2; i++)
        if (grad[i].buffer)
            VXG_TRY(launch(op, call, "math_product",
                           (const operand[]){{&in[1 - i], 0}, {cotangent, 1}, {&grad[i], 0}}, 3));
    return VXG_OK;
}

static const vxg_op_class multiply_class = {.name = "math.multiply",
                                            .accumulates = 1,
                                            .apply = multiply_apply,
                                            .jvp = multiply_jvp,
                                            .vjp = multiply_vjp};

int vxg_op_multiply(vxg_device *dev, const vxg_space *space, vxg_op **out) {
    VXG_TRY(vxg__combine_begin(out, "multiply"));
    VXG_FAIL_IF(!dev || !space, VXG_ERR_ARGUMENT, "multiply: the device or the space is NULL");
    VXG_TRY(check_real(space, multiply_class.name));
    const vxg_op_opts opts = {.linear = 3,
                              .device = dev,
                              .in = (const vxg_space[]){*space, *space},
                              .ninputs = 2,
                              .subsets = subsets_of(space),
                              .out = space};
    return vxg_op_new(&multiply_class, &opts, out);
}

/* ---- Rows ---- */
static vxg_space example_space(const vxg_problem *p) {
    static const int64_t tiny[][3] = {{1, 1, 1}, {3, 5, 7}, {8, 8, 8}};
    static const int64_t small[][3] = {{1, 1, 1}, {7, 33, 64}, {64, 64, 64}};
    vxg_space s = {.dtype = vxg_real_dtype(p->real), .ndim = 3};
    const int64_t *shape = p->scale == VXG_PROBLEM_TINY ? tiny[p->seed % 3] : small[p->seed % 3];
    memcpy(s.shape, shape, sizeof tiny[0]);
    if (p->scale == VXG_PROBLEM_BENCH) s.shape[0] = 256, s.shape[1] = s.shape[2] = 512;
    return s;
}
static double elements(const vxg_op *op) {
    return (double)vxg_space_count(vxg_op_range(op));
}

static int make_scale(vxg_device *dev, const vxg_problem *p, vxg_op **out) {
    vxg_space s = example_space(p);
    return vxg_op_math(dev, VXG_MATH_SCALE, -1.75, &s, out);
}
static int make_exp(vxg_device *dev, const vxg_problem *p, vxg_op **out) {
    vxg_space s = example_space(p);
    return vxg_op_math(dev, VXG_MATH_EXP, -0.75, &s, out);
}
static int make_log(vxg_device *dev, const vxg_problem *p, vxg_op **out) {
    vxg_space s = example_space(p);
    return vxg_op_math(dev, VXG_MATH_LOG, 1, &s, out);
}
static int make_multiply(vxg_device *dev, const vxg_problem *p, vxg_op **out) {
    vxg_space s = example_space(p);
    return vxg_op_multiply(dev, &s, out);
}

const vxg_op_row vxg__math_rows[] = {
    {.size = (uint32_t)sizeof(vxg_op_row),
     .name = "math.scale",
     .summary = "y = a x",
     .make = make_scale,
     .examples = 3,
     .updates = elements},
    {.size = (uint32_t)sizeof(vxg_op_row),
     .name = "math.exp",
     .summary = "y = exp(a x)",
     .make = make_exp,
     .examples = 3,
     .updates = elements},
    {.size = (uint32_t)sizeof(vxg_op_row),
     .name = "math.log",
     .summary = "y = log(x)",
     .make = make_log,
     .examples = 3,
     .input_range = (const double[][2]){{0.5, 2}},
     .nranges = 1,
     .updates = elements},
    {.size = (uint32_t)sizeof(vxg_op_row),
     .name = "math.multiply",
     .summary = "y = x0 x1",
     .make = make_multiply,
     .examples = 3,
     .updates = elements},
};
const int vxg__math_row_count = (int)(sizeof vxg__math_rows / sizeof *vxg__math_rows);
