/* Conjugate gradients on the normal equations: minimises (b - A x)' W (b - A x) + damping^2 |x|^2.
 * Source: A. Bjorck, Numerical Methods for Least Squares Problems (SIAM 1996), 7.4. */
#include "solve/solve.h"

enum { RESIDUAL, IMAGE, WEIGHED };                   /* over the range: r, A p */
enum { GRADIENT, DIRECTION };                        /* over the domain: s, p */
enum { GAMMA, NEXT, CURVATURE, RATIO, SIZE, FIRST }; /* scalars */

static vxg__solve_needs needs(const vxg_solve_opts *o, int has_weights, int subsets) {
    (void)o, (void)subsets;
    return (vxg__solve_needs){.range = has_weights ? 3 : 2, .domain = 2};
}

/* s = A' W r - damping^2 x; gamma = s's; the residual's square */
static int gradient(vxg_solver *s, const vxg_array *gamma) {
    const vxg_array *r = &s->range[RESIDUAL], *g = &s->domain[GRADIENT], *wr;
    VXG_TRY(vxg__solve_weigh(s, r, &s->range[WEIGHED], &wr));
    VXG_TRY(vxg__solve_dot(s, wr, r, &s->residual));
    VXG_TRY(vxg__solve_adjoint(s, wr, g));
    if (s->opts.damping > 0)
        VXG_TRY(vxg_array_axpby(s->queue, -s->opts.damping * s->opts.damping, &s->x, 1, g));
    VXG_TRY(vxg__solve_masked(s, g));
    return vxg__solve_dot(s, g, g, gamma);
}

static int prepare(vxg_solver *s) {
    VXG_TRY(vxg__solve_residual(s, &s->range[RESIDUAL]));
    VXG_TRY(gradient(s, &s->scalar[GAMMA]));
    VXG_TRY(vxg__solve_scale(s, &s->scalar[GAMMA], &s->domain[GRADIENT], "A' (b - A x)"));
    VXG_TRY(vxg_array_copy(s->queue, &s->scalar[GAMMA], &s->scalar[FIRST]));
    return vxg_array_copy(s->queue, &s->domain[GRADIENT], &s->domain[DIRECTION]);
}

static int iterate(vxg_solver *s) {
    const vxg_array *p = &s->domain[DIRECTION], *q = &s->range[IMAGE], *wq, *t = s->scalar;
    vxg_queue *queue = s->queue;
    VXG_TRY(vxg__solve_apply(s, p, q));
    VXG_TRY(vxg__solve_weigh(s, q, &s->range[WEIGHED], &wq));
    VXG_TRY(vxg__solve_dot(s, wq, q, &t[CURVATURE]));
    if (s->opts.damping > 0) {
        VXG_TRY(vxg__solve_dot(s, p, p, &t[SIZE]));
        VXG_TRY(
            vxg_array_axpby(queue, s->opts.damping * s->opts.damping, &t[SIZE], 1, &t[CURVATURE]));
    }
    VXG_TRY(vxg_scalar_combine(queue, VXG_SCALAR_DIVIDE, 1, &t[GAMMA], &t[CURVATURE], &t[RATIO]));
    VXG_TRY(vxg_array_axpby_by(queue, 1, &t[RATIO], p, 1, NULL, &s->x));
    VXG_TRY(vxg_array_axpby_by(queue, -1, &t[RATIO], q, 1, NULL, &s->range[RESIDUAL]));
    VXG_TRY(gradient(s, &t[NEXT]));
    VXG_TRY(vxg__solve_floor(s, &t[NEXT], &t[FIRST]));
    VXG_TRY(vxg_scalar_combine(queue, VXG_SCALAR_DIVIDE, 1, &t[NEXT], &t[GAMMA], &t[RATIO]));
    VXG_TRY(vxg_array_axpby_by(queue, 1, NULL, &s->domain[GRADIENT], 1, &t[RATIO], p));
    return vxg_array_copy(queue, &t[NEXT], &t[GAMMA]);
}

const vxg__method vxg__solve_cgls = {
    .row = {.size = sizeof(vxg_solve_row),
            .name = "cgls",
            .summary = "conjugate gradients for least squares",
            .source = "Bjorck 1996, 7.4",
            .uses = "damping",
            .iterations = 30,
            .relaxation = 1},
    .subsets = -1,
    .needs = needs,
    .prepare = prepare,
    .restart = prepare,
    .iterate = iterate,
};
