/* LSQR: minimises (b - A x)' W (b - A x) + damping^2 |x|^2 by Golub and Kahan's bidiagonalisation,
 * which would take |x - start|^2 for the last term: a start with damping is refused. Source: C. C.
 * Paige, M. A. Saunders, ACM Trans. Math. Softw. 8 (1982) 43; their names. With weights A and b are
 * multiplied by the roots of W. */
#include "solve/solve.h"

enum { U, IMAGE, ROOTS };    /* over the range: u, A v, W^1/2 */
enum { V, DIRECTION, BACK }; /* over the domain: v, w, A' u */
/* scalars: those that solve_lsqr knows in this order, then two of our own */
enum { ALPHA, BETA, RHO, PHI, STEP, TURN, LEFT, SQUARE, NORM, FIRST, DONE, ONE, INVERSE };

static vxg__solve_needs needs(const vxg_solve_opts *o, int has_weights, int subsets) {
    (void)o, (void)subsets;
    return (vxg__solve_needs){.range = has_weights ? 3 : 2, .domain = 3};
}

/* In place: rows times the roots of the weights. */
static int rooted(vxg_solver *s, const vxg_array *r) {
    const vxg_array *const arrays[] = {&s->range[ROOTS], r, r};
    if (!vxg__has(&s->weights)) return VXG_OK;
    return vxg__solve_launch(s, "solve_weight", arrays, 3, NULL);
}

/* size = |a|, a = a / size, 0 where it is 0 */
static int unit(vxg_solver *s, const vxg_array *a, const vxg_array *size) {
    VXG_TRY(vxg__solve_dot(s, a, a, size));
    VXG_TRY(vxg_scalar_combine(s->queue, VXG_SCALAR_SQRT, 1, size, NULL, size));
    VXG_TRY(vxg_scalar_combine(s->queue, VXG_SCALAR_DIVIDE, 1, &s->scalar[ONE], size,
                               &s->scalar[INVERSE]));
    return vxg_array_axpby_by(s->queue, 1, &s->scalar[INVERSE], a, 0, NULL, a);
}

/* v = A' W^1/2 u - beta v, and its length. IMAGE is spoilt. */
static int next_v(vxg_solver *s, const vxg_array *beta) {
    const vxg_array *back = &s->domain[BACK], *v = &s->domain[V], *t = &s->range[IMAGE];
    const int weighted = vxg__has(&s->weights);
    if (weighted) {
        const vxg_array *const arrays[] = {&s->range[ROOTS], &s->range[U], t};
        VXG_TRY(vxg__solve_launch(s, "solve_weight", arrays, 3, NULL));
    }
    VXG_TRY(vxg__solve_adjoint(s, weighted ? t : &s->range[U], back));
    VXG_TRY(vxg__solve_masked(s, back));
    VXG_TRY(vxg_array_axpby_by(s->queue, 1, NULL, back, -1, beta, v));
    return unit(s, v, &s->scalar[ALPHA]);
}

static int prepare(vxg_solver *s) {
    const vxg_array *u = &s->range[U];
    if (vxg__has(&s->weights)) {
        const vxg_array *const arrays[] = {&s->weights, &s->range[ROOTS]};
        VXG_TRY(vxg__solve_launch(s, "solve_root", arrays, 2, NULL));
    }
    VXG_TRY(vxg_array_fill(s->queue, &s->scalars, 0));
    VXG_TRY(vxg_array_fill(s->queue, &s->domain[V], 0));
    VXG_TRY(vxg_scalar_write(s->queue, &s->scalar[ONE], 1));
    VXG_TRY(vxg__solve_residual(s, u));
    VXG_TRY(rooted(s, u));
    VXG_TRY(unit(s, u, &s->scalar[BETA]));
    VXG_TRY(next_v(s, &s->scalar[BETA]));
    VXG_TRY(vxg__solve_scale(s, &s->scalar[ALPHA], &s->domain[BACK], "A' (b - A x) / |b - A x|"));
    VXG_TRY(vxg_scalar_combine(s->queue, VXG_SCALAR_MULTIPLY, 1, &s->scalar[ALPHA],
                               &s->scalar[ALPHA], &s->scalar[NORM]));
    VXG_TRY(vxg_array_copy(s->queue, &s->scalar[BETA], &s->scalar[FIRST]));
    VXG_TRY(vxg_array_copy(s->queue, &s->domain[V], &s->domain[DIRECTION]));
    VXG_TRY(vxg_array_copy(s->queue, &s->scalar[BETA], &s->scalar[PHI]));
    return vxg_array_copy(s->queue, &s->scalar[ALPHA], &s->scalar[RHO]);
}

/* What is begun anew has x for its start, and damping would be of the way from there. */
static int restart(vxg_solver *s) {
    VXG_FAIL_IF(s->opts.damping > 0, VXG_ERR_UNSUPPORTED,
                "lsqr: with damping it does not go on from another x; make a new solver, or take "
                "cgls");
    return prepare(s);
}

static int iterate(vxg_solver *s) {
    const double tiny = 16 * (s->real == VXG_REAL_F64 ? 0x1p-53 : 0x1p-24);
    const vxg_array *t = &s->range[IMAGE], *w = &s->domain[DIRECTION];
    vxg_queue *queue = s->queue;
    VXG_TRY(vxg__solve_apply(s, &s->domain[V], t));
    VXG_TRY(rooted(s, t));
    VXG_TRY(vxg_array_axpby_by(queue, 1, NULL, t, -1, &s->scalar[ALPHA], &s->range[U]));
    VXG_TRY(unit(s, &s->range[U], &s->scalar[BETA]));
    VXG_TRY(next_v(s, &s->scalar[BETA]));
    VXG_TRY(vxg__solve_scalars(s, "solve_lsqr", (double[4]){s->opts.damping, tiny}));
    VXG_TRY(vxg_array_axpby_by(queue, 1, &s->scalar[STEP], w, 1, NULL, &s->x));
    VXG_TRY(vxg_array_axpby_by(queue, 1, NULL, &s->domain[V], 1, &s->scalar[TURN], w));
    return vxg_array_copy(queue, &s->scalar[SQUARE], &s->residual);
}

const vxg__method vxg__solve_lsqr = {
    .row = {.size = sizeof(vxg_solve_row),
            .name = "lsqr",
            .summary = "least squares by bidiagonalisation",
            .source = "Paige and Saunders 1982",
            .uses = "damping",
            .iterations = 30,
            .relaxation = 1},
    .subsets = -1,
    .needs = needs,
    .prepare = prepare,
    .restart = restart,
    .iterate = iterate,
};
