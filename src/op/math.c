/* Element-wise operators: scale, exp, log, and the bilinear product. */
#include <string.h>

#include "array/launch.h"
#include "op/op.h"

typedef struct math_state {
    vxg_math kind;
    double a;
} math_state;

/* Rows of 2^16 items, so that more than 2^31 elements are split by the host. */
static int launch(const vxg_op *op, const vxg_call *call, const char *kernel,
                  const vxg_array *const *arrays, int narrays) {
    const math_state *s = vxg_op_state(op);
    int64_t n = vxg__space_count(vxg_op_range(op)), most = (int64_t)1 << 30;
    for (int64_t begin = 0; begin < n; begin += most) {
        int64_t count = n - begin < most ? n - begin : most;
        vxg_launch l = {.global = {count < 65536 ? count : 65536, (count + 65535) / 65536, 1},
                        .nints = 3,
                        .nreals = 1};
        l.ints[0] = s ? (int)s->kind : 0, l.ints[1] = call->accumulate, l.ints[2] = (int)count;
        l.reals[0] = s ? s->a : 1;
        for (int i = 0; i < narrays; i++) {
            vxg__push_array(&l, arrays[i]);
            l.offset[i] += begin * (int64_t)vxg_dtype_size(arrays[i]->dtype);
        }
        VXG_TRY(vxg__launch(vxg_op_device(op), call->queue, kernel,
                            vxg__arithmetic(vxg_op_range(op)->dtype), &l));
    }
    return VXG_OK;
}

static int math_apply(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                      const vxg_array *out) {
    return launch(op, call, "math_value", (const vxg_array *[]){in, out}, 2);
}
static int math_jvp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                    const vxg_array *tangent, const vxg_array *out) {
    return launch(op, call, "math_slope", (const vxg_array *[]){in, tangent, out}, 3);
}
static int math_vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                    const vxg_array *cotangent, const vxg_array *grad) {
    if (!grad->buffer) return VXG_OK;
    return launch(op, call, "math_slope", (const vxg_array *[]){in, cotangent, grad}, 3);
}
/* Scaling is linear: its slope does not read x. */
static int scale_vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                     const vxg_array *cotangent, const vxg_array *grad) {
    (void)in;
    if (!grad->buffer) return VXG_OK;
    return launch(op, call, "math_value", (const vxg_array *[]){cotangent, grad}, 2);
}

static const vxg_op_class scale_class = {.name = "math.scale",
                                         .linear = 1,
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

int vxg_op_math(vxg_device *dev, vxg_math kind, double a, const vxg_space *space, vxg_op **out) {
    static const vxg_op_class *const classes[] = {&scale_class, &exp_class, &log_class};
    *out = NULL;
    VXG_FAIL_IF((int)kind < 0 || kind > VXG_MATH_LOG, VXG_ERR_ARGUMENT, "math: unknown kind %d",
                (int)kind);
    math_state *s = vxg__calloc(1, sizeof *s);
    if (!s) return VXG_ERR_MEMORY;
    s->kind = kind, s->a = a;
    return vxg_op_new(classes[kind], dev, 1, space, space, s, out);
}

/* ---- Product: F(x0, x1) = x0 x1, linear in each input ---- */
static int multiply_apply(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                          const vxg_array *out) {
    return launch(op, call, "math_product", (const vxg_array *[]){&in[0], &in[1], out}, 3);
}

static int multiply_jvp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                        const vxg_array *tangent, const vxg_array *out) {
    vxg_call c = *call;
    int written = c.accumulate;
    for (int i = 0; i < 2; i++) {
        if (!tangent[i].buffer) continue;
        c.accumulate = written;
        VXG_TRY(
            launch(op, &c, "math_product", (const vxg_array *[]){&in[1 - i], &tangent[i], out}, 3));
        written = 1;
    }
    return written ? VXG_OK : vxg_array_fill(call->queue, out, 0);
}

static int multiply_vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                        const vxg_array *cotangent, const vxg_array *grad) {
    for (int i = 0; i < 2; i++)
        if (grad[i].buffer)
            VXG_TRY(launch(op, call, "math_product",
                           (const vxg_array *[]){&in[1 - i], cotangent, &grad[i]}, 3));
    return VXG_OK;
}

static const vxg_op_class multiply_class = {.name = "math.multiply",
                                            .linear = 3,
                                            .accumulates = 1,
                                            .apply = multiply_apply,
                                            .jvp = multiply_jvp,
                                            .vjp = multiply_vjp};

int vxg_op_multiply(vxg_device *dev, const vxg_space *space, vxg_op **out) {
    return vxg_op_new(&multiply_class, dev, 2, (const vxg_space[]){*space, *space}, space, NULL,
                      out);
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
    return (double)vxg__space_count(vxg_op_range(op));
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
     .input_lo = 0.5,
     .input_hi = 2,
     .updates = elements},
    {.size = (uint32_t)sizeof(vxg_op_row),
     .name = "math.multiply",
     .summary = "y = x0 x1",
     .make = make_multiply,
     .examples = 3,
     .updates = elements},
};
const int vxg__math_row_count = (int)(sizeof vxg__math_rows / sizeof *vxg__math_rows);
