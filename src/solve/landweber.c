/* Landweber's iteration, projected: x += lambda / s^2 A' W (b - A x), s^2 the largest eigenvalue of
 * A' W A, found by power iteration and 5 % more. Source: L. Landweber, Am. J. Math. 73 (1951) 615.
 * Converges for 0 < lambda < 2 where that is no less than the largest; it is less where the largest
 * few of many are near each other and seen by few voxels alone, so that steps near 2 are daring. */
#include "solve/solve.h"

enum { RESIDUAL, WEIGHED }; /* over the range */
enum { STEP, VECTOR };      /* over the domain */
enum { FACTOR };

static vxg__solve_needs needs(const vxg_solve_opts *o, int has_weights, int subsets) {
    (void)o, (void)subsets;
    return (vxg__solve_needs){.range = has_weights ? 2 : 1, .domain = 2};
}

static int prepare(vxg_solver *s) {
    VXG_TRY(vxg__solve_step_length(s, &s->domain[VECTOR], &s->domain[STEP], &s->range[RESIDUAL],
                                   &s->range[WEIGHED], &s->scalar[FACTOR]));
    return vxg_array_axpby(s->queue, 0.95, &s->scalar[FACTOR], 0, &s->scalar[FACTOR]);
}

static int iterate(vxg_solver *s) {
    const vxg_array *r = &s->range[RESIDUAL], *g = &s->domain[STEP], *wr;
    VXG_TRY(vxg__solve_residual(s, r));
    VXG_TRY(vxg__solve_weigh(s, r, &s->range[WEIGHED], &wr));
    VXG_TRY(vxg__solve_dot(s, wr, r, &s->residual));
    VXG_TRY(vxg__solve_adjoint(s, wr, g));
    VXG_TRY(
        vxg_array_axpby_by(s->queue, s->opts.relaxation, &s->scalar[FACTOR], g, 1, NULL, &s->x));
    return vxg__solve_bound(s);
}

const vxg__method vxg__solve_landweber = {
    .row = {.size = sizeof(vxg_solve_row),
            .name = "landweber",
            .summary = "steepest descent with a fixed step, bounds after each",
            .source = "Landweber 1951",
            .uses = "relaxation bounds lower upper",
            .iterations = 100,
            .relaxation = 1},
    .subsets = -1,
    .needs = needs,
    .prepare = prepare,
    .iterate = iterate,
};
