/* SIRT and its relatives over subsets of the views:
 *     x += lambda C_k A_k' R_k W_k (b_k - A_k x),  R = 1 / (A 1),  C_k = 1 / (A_k' w_k),
 * 0 where a sum is 0. One subset: SIRT (J. Gregor, T. Benson, IEEE Trans. Med. Imaging 27 (2008)
 * 918). One for every view: SART (A. H. Andersen, A. C. Kak, Ultrason. Imaging 6 (1984) 81).
 * Between them: OS-SART (G. Wang, M. Jiang, J. X-Ray Sci. Technol. 12 (2004) 169). With weights the
 * same for the rows of W A. A must have no negative entries; SIRT converges for 0 < lambda < 2.
 * `plain` leaves C out. */
#include "solve/solve.h"

enum { ROWS };              /* over the range */
enum { RESIDUAL, WEIGHED }; /* over a subset's rays */
enum { STEP, COLUMNS };     /* over the domain: what sweeps of other methods use, too */
enum { SQUARE = VXG_SWEEP_SCALAR };

vxg__solve_needs vxg__sweep_needs(const vxg_solve_opts *o, int has_weights, int subsets) {
    const int kept = vxg__keeps_columns(subsets);
    return (vxg__solve_needs){.range = 1,
                              .part = has_weights ? 2 : 1,
                              .domain = o->plain || kept ? 1 : 2,
                              .columns = o->plain || !kept ? 0 : subsets};
}

int vxg__sweep_prepare(vxg_solver *s) {
    s->pace = s->opts.relaxation;
    for (int64_t k = 0; k < s->subsets.count; k++) {
        vxg__solve_subset(s, k);
        const vxg_array rows = vxg__solve_now(s, &s->range[ROWS]);
        VXG_TRY(vxg__solve_rows(s, &s->domain[STEP], &s->part[RESIDUAL], &rows));
        if (!s->opts.plain && s->columns)
            VXG_TRY(vxg__solve_columns(s, &s->part[RESIDUAL], &s->columns[k]));
    }
    return VXG_OK;
}

int vxg__sweep_among(vxg_solver *s, const vxg_array *free) {
    for (int64_t k = 0; k < s->subsets.count; k++) {
        vxg__solve_subset(s, k);
        const vxg_array rows = vxg__solve_now(s, &s->range[ROWS]);
        VXG_TRY(vxg__solve_apply(s, free, &rows));
        VXG_TRY(vxg__solve_inverse(s, &rows));
    }
    s->sweep_free = free;
    return VXG_OK;
}

static int take(vxg_solver *s, int64_t k) {
    const vxg_array *r = &s->part[RESIDUAL], *g = &s->domain[STEP], *wr;
    const vxg_array none = {0}, *columns = &none;
    vxg__solve_subset(s, k);
    if (!s->opts.plain) VXG_TRY(vxg__solve_columns_now(s, r, &s->domain[COLUMNS], &columns));
    VXG_TRY(vxg__solve_residual(s, r));
    VXG_TRY(vxg__solve_weigh(s, r, &s->part[WEIGHED], &wr));
    VXG_TRY(vxg__solve_square(s, wr, r, &s->scalar[SQUARE]));
    const vxg_array rows = vxg__solve_now(s, &s->range[ROWS]);
    const vxg_array *const scaled[] = {&rows, wr, r};
    VXG_TRY(vxg__solve_launch(s, "solve_weight", scaled, 3, NULL));
    VXG_TRY(vxg__solve_adjoint(s, r, g));
    if (s->sweep_free) {
        const vxg_array *const freed[] = {s->sweep_free, g, g};
        VXG_TRY(vxg__solve_launch(s, "solve_weight", freed, 3, NULL));
    }
    if (s->pace_by) VXG_TRY(vxg_array_axpby_by(s->queue, 1, s->pace_by, g, 0, NULL, g));
    return vxg__solve_step(s, s->pace, columns, g);
}

int vxg__sweep(vxg_solver *s) {
    return vxg__solve_each_subset(s, take);
}

#define PARTS .needs = vxg__sweep_needs, .prepare = vxg__sweep_prepare, .iterate = vxg__sweep
const vxg__method vxg__solve_sirt = {
    .row = {.size = sizeof(vxg_solve_row),
            .name = "sirt",
            .summary = "simultaneous iteration, rows and columns normalised",
            .source = "Gregor and Benson 2008",
            .uses = "relaxation bounds lower upper plain",
            .iterations = 100,
            .relaxation = 1,
            .slicewise = 1},
    .subsets = -1,
    PARTS,
};
const vxg__method vxg__solve_sart = {
    .row = {.size = sizeof(vxg_solve_row),
            .name = "sart",
            .summary = "the same view by view",
            .source = "Andersen and Kak 1984",
            .uses = "relaxation bounds lower upper plain subsets order seed list",
            .iterations = 10,
            .relaxation = 1,
            .slicewise = 1},
    .subsets = 0,
    PARTS,
};
const vxg__method vxg__solve_os_sart = {
    .row = {.size = sizeof(vxg_solve_row),
            .name = "os-sart",
            .summary = "the same by ordered subsets of the views",
            .source = "Wang and Jiang 2004",
            .uses = "relaxation bounds lower upper plain subsets order seed list",
            .iterations = 20,
            .relaxation = 1,
            .slicewise = 1},
    .subsets = 10,
    PARTS,
};
