/* Primal-dual hybrid gradients with diagonal preconditioning: minimises
 *     1/2 (b - A x)' W (b - A x) + weight sum penalty(D x)
 * between bounds, D the differences of neighbours. Steps: s = r / (A 1) for rays, half the least
 * spacing times r for differences, t = 1 / r / (A' 1 + |D|' 1) for x, r the relaxation. A must have
 * no negative entries.
 * Source: A. Chambolle, T. Pock, J. Math. Imaging Vis. 40 (2011) 120; T. Pock, A. Chambolle, ICCV
 * 2011, 1762; for tomography E. Y. Sidky et al., Phys. Med. Biol. 57 (2012) 3065. */
#include "solve/solve.h"

enum { IMAGE, BEFORE, DUAL, RAYS, DIFFERENCE, WEIGHED }; /* over the range */
enum { STEP, AHEAD, PACE };                              /* over the domain */
enum { SLOPES };                                         /* three parts of it */

static vxg__solve_needs needs(const vxg_solve_opts *o, int has_weights, int subsets) {
    (void)o, (void)subsets;
    return (vxg__solve_needs){.range = has_weights ? 6 : 5, .domain = 3, .slopes = 1};
}

static int restart(vxg_solver *s) {
    VXG_TRY(vxg__solve_apply(s, &s->x, &s->range[BEFORE]));
    return vxg_array_copy(s->queue, &s->x, &s->domain[AHEAD]);
}

static int prepare(vxg_solver *s) {
    const vxg_array *pace = &s->domain[PACE], *rays = &s->range[RAYS], *spare = &s->range[IMAGE];
    VXG_TRY(vxg__solve_bound(s));
    VXG_TRY(vxg__solve_rows(s, &s->domain[STEP], spare, rays));
    VXG_TRY(vxg_array_axpby(s->queue, s->opts.relaxation, rays, 0, rays));
    VXG_TRY(vxg_array_fill(s->queue, spare, 1));
    VXG_TRY(vxg__solve_adjoint(s, spare, pace));
    const vxg_array *const columns[] = {pace, pace};
    VXG_TRY(vxg__solve_launch(s, "pdhg_columns", columns, 2, (double[4]){vxg__tv_columns(s)}));
    VXG_TRY(vxg_array_axpby(s->queue, 1 / s->opts.relaxation, pace, 0, pace));
    return restart(s);
}

static int iterate(vxg_solver *s) {
    const vxg_array *g = &s->domain[STEP], *p = &s->range[DUAL];
    VXG_TRY(vxg__solve_apply(s, &s->x, &s->range[IMAGE]));
    VXG_TRY(vxg__tv_tell(s, &s->range[IMAGE], &s->range[DIFFERENCE], &s->range[WEIGHED],
                         &s->domain[STEP]));
    const vxg_array *const data[] = {
        &s->b, &s->weights, &s->range[RAYS], &s->range[IMAGE], &s->range[BEFORE], p};
    VXG_TRY(vxg__solve_launch(s, "pdhg_data", data, 6, (double[4]){vxg__has(&s->weights)}));
    VXG_TRY(vxg__tv_dual(s, &s->domain[AHEAD], s->opts.weight, s->opts.relaxation * vxg__tv_step(s),
                         &s->slopes[SLOPES]));
    VXG_TRY(vxg__solve_adjoint(s, p, g));
    VXG_TRY(vxg__tv_transpose(s, &s->slopes[SLOPES], 1, g));
    return vxg__solve_ahead(s, g, &s->domain[PACE], &s->domain[AHEAD]);
}

const vxg__method vxg__solve_pdhg = {
    .row = {.size = sizeof(vxg_solve_row),
            .name = "pdhg-tv",
            .summary = "least squares and a penalty of differences, primal-dual",
            .source = "Chambolle and Pock 2011",
            .uses = "relaxation bounds lower upper weight penalty bend spacing",
            .iterations = 200,
            .relaxation = 1},
    .subsets = -1,
    .differences = 1,
    .needs = needs,
    .prepare = prepare,
    .restart = restart,
    .iterate = iterate,
};
