/* Losses: how far A x is from the data, by operators that need not be linear, and what else is
 * minimised beside it; values stay on the device, as pairs. */
#include "array/launch.h"
#include "solve/solve.h"

enum { OWN_LOSS = 2 }; /* as kernels/solve/loss.k knows it, beside the public ones */

int vxg__loss_value(vxg_solver *s, const vxg_array *x, const vxg_array *out) {
    const vxg_array *y = &s->part[VXG_LOSS_IMAGE], *v = &s->part[VXG_LOSS_VALUES];
    const vxg_array *const arrays[] = {&s->b_now, &s->weights_now, y, v};
    const double kind = vxg__loss_is_own(s) ? OWN_LOSS : (double)s->opts.loss;
    VXG_TRY(vxg__solve_apply(s, x, y));
    VXG_TRY(vxg__solve_launch(s, "loss_terms", arrays, 4,
                              (double[4]){kind, vxg__has(&s->weights), s->guard}));
    return vxg_array_reduce(s->queue, VXG_REDUCE_SUM, v, NULL, &s->scratch, out);
}

int vxg__loss_rest(vxg_solver *s, const vxg_array *x, const vxg_array *spare, const vxg_array *work,
                   const vxg_array *out) {
    const vxg_solve_opts *o = &s->opts;
    VXG_TRY(vxg_array_fill(s->queue, out, 0));
    if (o->damping > 0) { /* factors by combine keep the pairs' digits */
        VXG_TRY(vxg__solve_dot(s, x, x, work));
        VXG_TRY(vxg_scalar_combine(s->queue, VXG_SCALAR_MAX, 0.5 * o->damping * o->damping, work,
                                   work, out));
    }
    if (!(o->weight > 0)) return VXG_OK;
    VXG_TRY(vxg__tv_sum(s, x, spare, work));
    VXG_TRY(vxg_scalar_combine(s->queue, VXG_SCALAR_MAX, o->weight, work, work, work));
    return vxg_scalar_combine(s->queue, VXG_SCALAR_ADD, 1, out, work, out);
}

int vxg__loss_gradient(vxg_solver *s, const vxg_array *x, double share, const vxg_array *g) {
    const vxg_solve_opts *o = &s->opts;
    VXG_TRY(vxg_op_vjp(s->op, &s->call, x, &s->part[VXG_LOSS_IMAGE], g));
    if (share != 1) VXG_TRY(vxg_array_axpby(s->queue, share, g, 0, g));
    if (o->damping > 0) VXG_TRY(vxg_array_axpby(s->queue, o->damping * o->damping, x, 1, g));
    if (o->weight > 0) VXG_TRY(vxg__tv_slope(s, x, 1, o->weight, g));
    return vxg__solve_masked(s, g);
}

int vxg__loss_prepare(vxg_solver *s) {
    double most = 0, part;
    VXG_TRY(vxg__solve_bound(s));
    if (s->opts.loss != VXG_LOSS_POISSON) return VXG_OK;
    for (int64_t k = 0; k < s->subsets.count; k++) { /* what weighs nothing says nothing */
        vxg__solve_subset(s, k);
        const vxg_array *v = &s->part[VXG_LOSS_VALUES];
        const vxg_array *const arrays[] = {&s->b_now, &s->weights_now, v};
        VXG_TRY(
            vxg__solve_launch(s, "loss_counted", arrays, 3, (double[4]){vxg__has(&s->weights)}));
        VXG_TRY(vxg__solve_extreme(s, VXG_REDUCE_MAX_ABS, v, &part));
        if (part > most) most = part;
    }
    vxg__solve_subset(s, 0);
    s->guard = 1e-4 * (most > 0 ? most : 1);
    return VXG_OK;
}
