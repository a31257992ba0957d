/* Poisson counts: x = x (C_k A_k' W_k (b_k / A_k x))^lambda, C_k = 1 / (A_k' w_k); lambda is 1 in
 * the original. One subset: MLEM (L. A. Shepp, Y. Vardi, IEEE Trans. Med. Imaging 1 (1982) 113); it
 * keeps the counts: with weights of 1 and lambda 1 the sum of A x is that of b after every
 * iteration. Several: OSEM (H. M. Hudson, R. S. Larkin, IEEE Trans. Med. Imaging 13 (1994) 601).
 * What no ray of a subset meets stays as it is; without a start, what no ray meets is 0. A must
 * have no negative entries. */
#include <math.h>

#include "solve/solve.h"

enum { IMAGE, DIFFERENCE, WEIGHED }; /* over a subset's rays */
enum { BACK, COLUMNS };              /* over the domain */
enum { SQUARE };

static vxg__solve_needs needs(const vxg_solve_opts *o, int has_weights, int subsets) {
    (void)o;
    const int kept = vxg__keeps_columns(subsets);
    return (vxg__solve_needs){
        .part = has_weights ? 3 : 2, .domain = kept ? 1 : 2, .columns = kept ? subsets : 0};
}

/* x = 0 where no ray of any subset meets it: nothing is known of it, and the start is not a guess
 * of the caller's. */
static int drop_unseen(vxg_solver *s) {
    const vxg_array *seen = &s->domain[BACK], *columns;
    VXG_TRY(vxg_array_fill(s->queue, seen, 0));
    for (int64_t k = 0; k < s->subsets.count; k++) {
        vxg__solve_subset(s, k);
        VXG_TRY(vxg__solve_columns_now(s, &s->part[IMAGE], &s->domain[COLUMNS], &columns));
        VXG_TRY(vxg_array_axpby(s->queue, 1, columns, 1, seen));
    }
    const vxg_array *const arrays[] = {seen, &s->x};
    return vxg__solve_launch(s, "solve_bound", arrays, 2, (double[4]){0, 2, -INFINITY, INFINITY});
}

static int prepare(vxg_solver *s) {
    VXG_TRY(vxg__solve_bound(s));
    for (int64_t k = 0; k < s->subsets.count; k++) {
        vxg__solve_subset(s, k);
        if (s->columns) VXG_TRY(vxg__solve_columns(s, &s->part[IMAGE], &s->columns[k]));
        VXG_TRY(vxg_array_fill(s->queue, &s->domain[BACK], 1));
        VXG_TRY(vxg__solve_masked(s, &s->domain[BACK]));
        VXG_TRY(vxg__solve_apply(s, &s->domain[BACK], &s->part[IMAGE]));
        VXG_TRY(vxg__solve_signs(s, &s->domain[BACK], &s->part[DIFFERENCE], &s->part[IMAGE]));
    }
    return s->has_start ? VXG_OK : drop_unseen(s);
}

static int take(vxg_solver *s, int64_t k) {
    const vxg_array *wr, *columns;
    vxg__solve_subset(s, k);
    const vxg_array *a = &s->part[IMAGE], *r = &s->part[DIFFERENCE], *b = &s->b_now;
    VXG_TRY(vxg__solve_columns_now(s, a, &s->domain[COLUMNS], &columns));
    VXG_TRY(vxg__solve_apply(s, &s->x, a));
    const vxg_array *const difference[] = {b, a, r};
    VXG_TRY(vxg__solve_launch(s, "solve_residual", difference, 3, (double[4]){1}));
    VXG_TRY(vxg__solve_weigh(s, r, &s->part[WEIGHED], &wr));
    VXG_TRY(vxg__solve_square(s, wr, r, &s->scalar[SQUARE]));
    const vxg_array *const ratio[] = {b, a, &s->weights_now, a};
    VXG_TRY(vxg__solve_launch(s, "solve_ratio", ratio, 4, (double[4]){vxg__has(&s->weights)}));
    VXG_TRY(vxg__solve_adjoint(s, a, &s->domain[BACK]));
    return vxg__solve_factor(s, s->opts.relaxation, columns, &s->domain[BACK]);
}

static int iterate(vxg_solver *s) {
    return vxg__solve_each_subset(s, take);
}

#define PARTS .needs = needs, .prepare = prepare, .iterate = iterate
const vxg__method vxg__solve_mlem = {
    .row = {.size = sizeof(vxg_solve_row),
            .name = "mlem",
            .summary = "maximum likelihood of Poisson counts, by expectation maximisation",
            .source = "Shepp and Vardi 1982",
            .uses = "relaxation bounds lower upper",
            .iterations = 50,
            .relaxation = 1,
            .slicewise = 1,
            .positive = 1},
    .subsets = -1,
    PARTS,
};
const vxg__method vxg__solve_osem = {
    .row = {.size = sizeof(vxg_solve_row),
            .name = "osem",
            .summary = "the same by ordered subsets of the views",
            .source = "Hudson and Larkin 1994",
            .uses = "relaxation bounds lower upper subsets order seed list",
            .iterations = 10,
            .relaxation = 1,
            .slicewise = 1,
            .positive = 1},
    .subsets = 10,
    PARTS,
};
