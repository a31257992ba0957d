/* Adam: steps of one length for every value, by the mean gradient over the root of its mean square,
 * both corrected for their beginning at 0; bounds after each. With subsets of views every subset is
 * a step, its gradient as many times itself as there are subsets' worth of views (stochastic
 * gradients); the penalty is whole in each.
 * Source: D. P. Kingma, J. L. Ba, ICLR 2015. */
#include <math.h>

#include "solve/solve.h"

enum { GRADIENT, MEAN, SQUARE, VECTORS }; /* over the domain */
enum { VALUE, WORK };                     /* scalars */

static vxg__solve_needs needs(const vxg_solve_opts *o, int has_weights, int subsets) {
    (void)o, (void)has_weights, (void)subsets;
    return (vxg__solve_needs){.part = VXG_LOSS_PARTS, .domain = VECTORS};
}

/* The means begin anew; s->pace counts steps. */
static int restart(vxg_solver *s) {
    s->pace = 0;
    VXG_TRY(vxg_array_fill(s->queue, &s->domain[MEAN], 0));
    return vxg_array_fill(s->queue, &s->domain[SQUARE], 0);
}

/* The subset's share of all rays, inverted. */
static double share_of(const vxg_solver *s) {
    const vxg__subsets *sets = &s->subsets;
    int64_t all = 0;
    for (int k = 0; k < sets->count; k++) all += sets->subset[k].count;
    return sets->count > 1 ? (double)all / (double)sets->subset[s->now].count : 1;
}

static int prepare(vxg_solver *s) {
    const vxg_array *g = &s->domain[GRADIENT], *square = &s->scalar[WORK];
    VXG_TRY(vxg__loss_prepare(s));
    VXG_TRY(vxg__loss_value(s, &s->x, &s->scalar[VALUE]));
    VXG_TRY(vxg__loss_gradient(s, &s->x, share_of(s), g));
    VXG_TRY(vxg__solve_dot(s, g, g, square));
    VXG_TRY(vxg__solve_scale(s, square, g, "the gradient"));
    return restart(s);
}

/* An option, or what stands for it. */
static double or_else(double given, double usual) {
    return given != 0 ? given : usual;
}

static int step(vxg_solver *s) {
    const vxg_solve_opts *o = &s->opts;
    const double beta1 = or_else(o->beta1, 0.9), beta2 = or_else(o->beta2, 0.999);
    const double t = s->pace += 1;
    double reals[10] = {[2] = vxg__has(&s->mask),
                        beta1,
                        1 - beta1,
                        beta2,
                        1 - beta2,
                        or_else(o->step, 1e-3) / (1 - pow(beta1, t)),
                        1 / (1 - pow(beta2, t)),
                        or_else(o->eps, 1e-8)};
    const vxg_array *const arrays[] = {&s->domain[GRADIENT], &s->mask, &s->domain[MEAN],
                                       &s->domain[SQUARE], &s->x};
    vxg__solve_box(s, &reals[0], &reals[1]);
    return vxg__solve_launch_with(s, "adam_step", arrays, 5, reals, 10);
}

static int take(vxg_solver *s, int64_t k) {
    const vxg_array *value = &s->scalar[VALUE],
                    *told = vxg__loss_is_own(s) ? &s->penalty : &s->residual;
    vxg__solve_subset(s, k);
    VXG_TRY(vxg__loss_value(s, &s->x, value));
    VXG_TRY(vxg_scalar_combine(s->queue, VXG_SCALAR_ADD, 1, told, value, told));
    VXG_TRY(vxg__loss_gradient(s, &s->x, share_of(s), &s->domain[GRADIENT]));
    return step(s);
}

static int iterate(vxg_solver *s) {
    VXG_TRY(vxg__loss_rest(s, &s->x, &s->domain[GRADIENT], &s->scalar[WORK], &s->penalty));
    return vxg__solve_each_subset(s, take);
}

const vxg__method vxg__solve_adam = {
    .row = {.size = sizeof(vxg_solve_row),
            .name = "adam",
            .summary = "any loss and operator: steps by the gradient over its size, by subsets",
            .source = "Kingma and Ba 2015",
            .uses = "bounds lower upper damping subsets order seed list loss weight penalty bend "
                    "spacing smooth step beta1 beta2 eps",
            .iterations = 200,
            .relaxation = 1},
    .differences = 2,
    .subsets = 1,
    .any_loss = 1,
    .needs = needs,
    .prepare = prepare,
    .restart = restart,
    .iterate = iterate,
};
