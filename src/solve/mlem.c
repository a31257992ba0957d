/* MLEM for Poisson counts: x = x (C A' W (b / A x))^lambda, with C = 1 / (A' w); lambda is 1 in the
 * original. With weights of 1 and lambda 1 the counts are kept: the sum of A x is that of b after
 * every iteration. Source: L. A. Shepp, Y. Vardi, IEEE Trans. Med. Imaging 1 (1982) 113. */
#include "solve/solve.h"

enum { IMAGE, SPARE };  /* over the range */
enum { COLUMNS, BACK }; /* over the domain */

static vxg__solve_needs needs(int has_weights) {
    (void)has_weights;
    return (vxg__solve_needs){.range = 3, .domain = 2};
}

static int prepare(vxg_solver *s) {
    VXG_TRY(vxg__solve_bound(s));
    return vxg__solve_columns(s, &s->range[IMAGE], &s->domain[COLUMNS]);
}

static int iterate(vxg_solver *s) {
    const vxg_array *a = &s->range[IMAGE], *r = &s->range[SPARE], *wr;
    VXG_TRY(vxg__solve_apply(s, &s->x, a));
    const vxg_array *const difference[] = {&s->b, a, r};
    VXG_TRY(vxg__solve_launch(s, "solve_residual", difference, 3, (double[4]){1}));
    VXG_TRY(vxg__solve_weigh(s, r, &s->range[SPARE + 1], &wr));
    VXG_TRY(vxg__solve_dot(s, wr, r, &s->residual));
    const vxg_array *const ratio[] = {&s->b, a, &s->weights, a};
    VXG_TRY(vxg__solve_launch(s, "solve_ratio", ratio, 4, (double[4]){vxg__has(&s->weights)}));
    VXG_TRY(vxg__solve_adjoint(s, a, &s->domain[BACK]));
    return vxg__solve_factor(s, s->opts.relaxation, &s->domain[COLUMNS], &s->domain[BACK]);
}

const vxg__method vxg__solve_mlem = {
    .row = {.name = "mlem",
            .summary = "maximum likelihood of Poisson counts, by expectation maximisation",
            .source = "Shepp and Vardi 1982",
            .uses = "bounds lower upper",
            .iterations = 50,
            .relaxation = 1},
    .multiplies = 1,
    .needs = needs,
    .prepare = prepare,
    .iterate = iterate,
};
