/* Proximal maps as operators, element by element (kernels/solve/prox.k). */
#include <float.h>
#include <math.h>

#include "array/launch.h"
#include "op/op.h"
#include "solve/operators.h"

typedef struct state {
    vxg_prox kind;
    double a, b;
} state;

static int launch(const vxg_op *op, const vxg_call *call, const char *kernel,
                  const vxg_array *const *arrays, int count) {
    const state *s = vxg_op_state(op);
    const int64_t n = vxg_space_count(vxg_op_range(op)), most = (int64_t)1 << 30;
    for (int64_t begin = 0; begin < n; begin += most) {
        vxg_launch l = {.global = {n - begin < most ? n - begin : most, 1, 1},
                        .nints = 2,
                        .ints = {(int)s->kind, call->accumulate},
                        .nreals = 2,
                        .reals = {s->a, s->b}};
        for (int i = 0; i < count; i++) {
            vxg_array a = *arrays[i];
            a.offset += begin;
            vxg__push_array(&l, &a);
        }
        VXG_TRY(vxg__launch(vxg_op_device(op), call->queue, kernel,
                            vxg__arithmetic(vxg_op_range(op)->dtype), &l));
    }
    return VXG_OK;
}

static int apply(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                 const vxg_array *out) {
    return launch(op, call, "prox_value", (const vxg_array *const[]){in, out}, 2);
}
static int jvp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
               const vxg_array *tangent, const vxg_array *out) {
    return launch(op, call, "prox_slope", (const vxg_array *const[]){in, tangent, out}, 3);
}
static int vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
               const vxg_array *cotangent, const vxg_array *grad) {
    return launch(op, call, "prox_slope", (const vxg_array *const[]){in, cotangent, grad}, 3);
}
/* The square's is its own adjoint. */
static int square_vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                      const vxg_array *cotangent, const vxg_array *grad) {
    (void)in;
    return launch(op, call, "prox_value", (const vxg_array *const[]){cotangent, grad}, 2);
}

#define CLASS(text, ...)                                                                           \
    { .name = text, .accumulates = 1, .apply = apply, .destroy = vxg__free, __VA_ARGS__ }
static const vxg_op_class classes[] = {
    CLASS("solve.prox.soft", .jvp = jvp, .vjp = vjp),
    CLASS("solve.prox.box", .jvp = jvp, .vjp = vjp),
    CLASS("solve.prox.square", .vjp = square_vjp),
};

int vxg_op_prox(vxg_device *dev, vxg_prox kind, double a, double b, const vxg_space *space,
                vxg_op **out) {
    VXG_TRY(vxg__combine_begin(out, "prox"));
    VXG_FAIL_IF(!dev || !space, VXG_ERR_ARGUMENT, "prox: the device or the space is NULL");
    VXG_FAIL_IF((int)kind < 0 || kind > VXG_PROX_SQUARE, VXG_ERR_ARGUMENT, "prox: unknown kind %d",
                (int)kind);
    const char *const name = classes[kind].name;
    VXG_TRY(vxg__space_check(space, name, "space", 0));
    VXG_FAIL_IF(space->dtype != VXG_F32 && space->dtype != VXG_F64, VXG_ERR_UNSUPPORTED,
                "%s: the space is %s; float32 and float64 are done", name,
                vxg_dtype_name(space->dtype));
    VXG_FAIL_IF(isnan(a) || isnan(b), VXG_ERR_ARGUMENT, "%s: a is %g, b is %g", name, a, b);
    VXG_FAIL_IF(kind != VXG_PROX_BOX && b != 0, VXG_ERR_ARGUMENT, "%s: b is %g; a box has one",
                name, b);
    VXG_FAIL_IF(kind != VXG_PROX_BOX && !(a >= 0 && isfinite(a)), VXG_ERR_ARGUMENT,
                "%s: a is %g; expected 0 or more", name, a);
    VXG_FAIL_IF(kind == VXG_PROX_BOX && a > b, VXG_ERR_ARGUMENT, "%s: a box from %g to %g", name, a,
                b);
    const double sides[2] = {a, b};
    for (int i = 0; i < 2 && space->dtype == VXG_F32; i++)
        VXG_FAIL_IF(isfinite(sides[i]) && fabs(sides[i]) > (double)FLT_MAX, VXG_ERR_ARGUMENT,
                    "%s: %s is %g, beyond float32", name, i ? "b" : "a", sides[i]);
    state *s = vxg__calloc(1, sizeof *s);
    if (!s) return VXG_ERR_MEMORY;
    *s = (state){kind, a, b};
    const vxg_op_opts o = {.linear = kind == VXG_PROX_SQUARE,
                           .device = dev,
                           .in = space,
                           .ninputs = 1,
                           .out = space,
                           .state = s};
    return vxg_op_new(&classes[kind], &o, out);
}

/* ---- Rows ---- */
static int make_soft(vxg_device *dev, const vxg_problem *p, vxg_op **out) {
    const vxg_space s = vxg__solve_example(p);
    return vxg_op_prox(dev, VXG_PROX_SOFT, 0.4, 0, &s, out);
}
static int make_box(vxg_device *dev, const vxg_problem *p, vxg_op **out) {
    const vxg_space s = vxg__solve_example(p);
    return vxg_op_prox(dev, VXG_PROX_BOX, -0.3, 0.6, &s, out);
}
static int make_square(vxg_device *dev, const vxg_problem *p, vxg_op **out) {
    const vxg_space s = vxg__solve_example(p);
    return vxg_op_prox(dev, VXG_PROX_SQUARE, 0.7, 0, &s, out);
}

#define ROW(row, words, maker, jumps)                                                              \
    {                                                                                              \
        .size = (uint32_t)sizeof(vxg_op_row), .name = row, .summary = words, .make = maker,        \
        .examples = 4, .kinks = jumps, .updates = vxg__solve_elements                              \
    }
const vxg_op_row vxg__prox_rows[] = {
    ROW("solve.prox.soft", "soft threshold: the proximal map of a |x|", make_soft, 1),
    ROW("solve.prox.box", "values between two: the proximal map of a box", make_box, 1),
    ROW("solve.prox.square", "x / (1 + a): the proximal map of a x^2 / 2", make_square, 0),
};
const int vxg__prox_row_count = (int)(sizeof vxg__prox_rows / sizeof *vxg__prox_rows);
