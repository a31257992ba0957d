/* SIRT: x += lambda C A' R W (b - A x), with R = 1 / (A 1) and C = 1 / (A' w), 0 where a sum is 0.
 * Source: J. Gregor, T. Benson, IEEE Trans. Med. Imaging 27 (2008) 918; with weights the same
 * iteration for the rows of W A. Converges for 0 < lambda < 2 where A has no negative entries. */
#include "solve/solve.h"

enum { RESIDUAL, ROWS, WEIGHED }; /* over the range */
enum { COLUMNS, STEP };           /* over the domain */

static vxg__solve_needs needs(int has_weights) {
    return (vxg__solve_needs){.range = has_weights ? 3 : 2, .domain = 2};
}

static int prepare(vxg_solver *s) {
    VXG_TRY(vxg__solve_rows(s, &s->domain[STEP], &s->range[ROWS]));
    return vxg__solve_columns(s, &s->range[RESIDUAL], &s->domain[COLUMNS]);
}

static int iterate(vxg_solver *s) {
    const vxg_array *r = &s->range[RESIDUAL], *wr;
    VXG_TRY(vxg__solve_residual(s, r));
    VXG_TRY(vxg__solve_weigh(s, r, &s->range[WEIGHED], &wr));
    VXG_TRY(vxg__solve_dot(s, wr, r, &s->residual));
    const vxg_array *const scaled[] = {&s->range[ROWS], wr, r};
    VXG_TRY(vxg__solve_launch(s, "solve_weight", scaled, 3, NULL));
    VXG_TRY(vxg__solve_adjoint(s, r, &s->domain[STEP]));
    return vxg__solve_step(s, s->opts.relaxation, &s->domain[COLUMNS], &s->domain[STEP]);
}

const vxg__method vxg__solve_sirt = {
    .row = {.name = "sirt",
            .summary = "simultaneous iteration, rows and columns normalised",
            .source = "Gregor and Benson 2008",
            .uses = "bounds lower upper",
            .iterations = 100,
            .relaxation = 1},
    .needs = needs,
    .prepare = prepare,
    .iterate = iterate,
};
