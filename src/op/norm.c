/* The norm of an operator: its largest singular value, by power iteration on A'A. */
#include <math.h>

#include "op/op.h"

#define MOST_STEPS 200
#define CLOSE 1e-6 /* of the square from step to step, three steps in a row */

typedef struct vectors {
    vxg_array v, g, y, square, product, ratio;
} vectors;

static int make(const vxg_op *op, vectors *t) {
    const vxg_real real = op->out.dtype == VXG_F64 ? VXG_REAL_F64 : VXG_REAL_F32;
    VXG_TRY(vxg_op_new_array(op, 0, &t->v));
    VXG_TRY(vxg_op_new_array(op, 0, &t->g));
    VXG_TRY(vxg_op_new_array(op, -1, &t->y));
    VXG_TRY(vxg_scalar_new(op->dev, real, 1, &t->square));
    VXG_TRY(vxg_scalar_new(op->dev, real, 1, &t->product));
    return vxg_scalar_new(op->dev, real, 1, &t->ratio);
}

/* v = A'A v / lambda, lambda = v'A'A v / v'v. */
static int step(const vxg_op *op, const vxg_call *call, const vectors *t, double *lambda) {
    VXG_TRY(vxg_op_apply(op, call, &t->v, &t->y));
    VXG_TRY(vxg_op_apply_adjoint(op, call, &t->y, &t->g));
    VXG_TRY(vxg_array_reduce(call->queue, VXG_REDUCE_DOT, &t->v, &t->v, NULL, &t->square));
    VXG_TRY(vxg_array_reduce(call->queue, VXG_REDUCE_DOT, &t->v, &t->g, NULL, &t->product));
    VXG_TRY(
        vxg_scalar_combine(call->queue, VXG_SCALAR_DIVIDE, 1, &t->square, &t->product, &t->ratio));
    VXG_TRY(vxg_array_axpby_by(call->queue, 1, &t->ratio, &t->g, 0, NULL, &t->v));
    VXG_TRY(
        vxg_scalar_combine(call->queue, VXG_SCALAR_DIVIDE, 1, &t->product, &t->square, &t->ratio));
    return vxg_scalar_read(call->queue, &t->ratio, lambda);
}

static int iterate(const vxg_op *op, const vxg_call *call, const vectors *t, double *norm) {
    double before = 0, lambda = 0;
    int calm = 0;
    VXG_TRY(vxg_array_random(call->queue, &t->v, 1, -0.5, 1));
    for (int i = 0; i < MOST_STEPS && calm < 3; i++) {
        VXG_TRY(step(op, call, t, &lambda));
        VXG_FAIL_IF(!isfinite(lambda), VXG_ERR_INPUT,
                    "norm of '%s': a step is not finite: its entries are, or are too large",
                    op->cls.name);
        calm = fabs(lambda - before) <= CLOSE * lambda ? calm + 1 : 0;
        before = lambda;
    }
    *norm = sqrt(lambda > 0 ? lambda : 0);
    return VXG_OK;
}

int vxg_op_norm(const vxg_op *op, const vxg_call *call, double *norm) {
    VXG_NEED_OP(op, "norm");
    VXG_FAIL_IF(!norm, VXG_ERR_ARGUMENT, "norm: the result is NULL");
    VXG_FAIL_IF(!vxg_op_is_linear(op), VXG_ERR_ARGUMENT, "norm: '%s' is not linear in one input",
                op->cls.name);
    VXG_FAIL_IF((op->in[0].dtype != VXG_F32 && op->in[0].dtype != VXG_F64) ||
                    op->in[0].dtype != op->out.dtype,
                VXG_ERR_UNSUPPORTED, "norm: '%s' is not float32 or float64 on both sides",
                op->cls.name);
    const vxg_call none = {0};
    VXG_READ(vxg_call, call);
    if (!call) call = &none;
    VXG_FAIL_IF(call->subset || call->accumulate, VXG_ERR_ARGUMENT,
                "norm: of the whole operator; of a subset: vxg_op_subset");
    double *const kept = &((vxg_op *)op)->norm;
    __atomic_load(kept, norm, __ATOMIC_ACQUIRE);
    if (*norm >= 0) return VXG_OK;
    *norm = 0;
    vectors t = {0};
    int status = vxg_space_count(&op->in[0]) && vxg_space_count(&op->out) ? make(op, &t) : VXG_OK;
    if (!status && t.ratio.buffer) status = iterate(op, call, &t, norm);
    vxg_array *const all[] = {&t.v, &t.g, &t.y, &t.square, &t.product, &t.ratio};
    for (int i = 0; i < 6; i++) vxg_array_release(all[i]);
    if (!status) __atomic_store(kept, norm, __ATOMIC_RELEASE); /* any thread finds the same */
    return status;
}
