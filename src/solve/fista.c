/* FISTA: gradient steps ahead of x, each followed by the proximal map of penalty and bounds, which
 * is found by an iteration of its own (FGP) on dual differences that begins where it last ended.
 * Minimises 1/2 (b - A x)' W (b - A x) + weight sum penalty(D x) between bounds. Where the inner
 * iteration's steps are few for a strong penalty the maps are not quite found; as what is minimised
 * never rises twice (fista_rule), they are in the end.
 * Source: A. Beck, M. Teboulle, SIAM J. Imaging Sci. 2 (2009) 183; IEEE Trans. Image Process. 18
 * (2009) 2419. */
#include <math.h>

#include "array/launch.h"
#include "solve/solve.h"

#define INNER 20 /* steps of the inner iteration unless told */

enum { RESIDUAL, IMAGE, BEFORE, WEIGHED };                          /* over the range */
enum { AHEAD, GRADIENT, POINT };                                    /* over the domain */
enum { DUAL, DUAL_AHEAD };                                          /* three parts of it */
enum { FACTOR, BEYOND, MOMENTUM, RESIDUAL_BEFORE, PENALTY_BEFORE }; /* as fista_rule knows them */

static vxg__solve_needs needs(const vxg_solve_opts *o, int has_weights, int subsets) {
    (void)o, (void)subsets;
    return (vxg__solve_needs){.range = has_weights ? 4 : 3, .domain = 3, .slopes = 2};
}

static int restart(vxg_solver *s) {
    VXG_TRY(vxg_array_fill(s->queue, &s->scalars, 0));
    VXG_TRY(vxg__solve_apply(s, &s->x, &s->range[BEFORE]));
    return vxg_array_copy(s->queue, &s->x, &s->domain[AHEAD]);
}

static int prepare(vxg_solver *s) {
    double longest;
    VXG_TRY(vxg__solve_bound(s));
    VXG_TRY(vxg__solve_step_length(s, &s->domain[AHEAD], &s->domain[GRADIENT], &s->range[RESIDUAL],
                                   &s->range[WEIGHED], &s->scalar[FACTOR]));
    VXG_TRY(vxg_scalar_read(s->queue, &s->scalar[FACTOR], &longest));
    s->pace = 0.95 * s->opts.relaxation * longest; /* found from above */
    return restart(s);
}

/* FISTA's t of the next iteration; *beta: how far beyond the newest point the next step begins. */
static double next(double t, double *beta) {
    const double after = 0.5 * (1 + sqrt(1 + 4 * t * t));
    *beta = (t - 1) / after;
    return after;
}

static int ahead(vxg_solver *s, const vxg_array *last, const vxg_array *newest, double beta) {
    const vxg_array *const arrays[] = {last, newest};
    return vxg__solve_launch(s, "fista_ahead", arrays, 2, (double[4]){beta});
}

/* AHEAD = the proximal map of GRADIENT's place z; both other vectors are spoilt. */
static int proximal(vxg_solver *s, const vxg_array *z) {
    const vxg_array *u = &s->domain[AHEAD], *g = &s->domain[POINT];
    const double step = 1 / vxg__tv_norm(s);
    double t = 1, beta;
    const int inner = s->opts.inner ? s->opts.inner : INNER;
    for (int i = 0; i < inner; i++) {
        VXG_TRY(vxg__tv_transpose(s, &s->slopes[DUAL_AHEAD], 0, g));
        VXG_TRY(vxg__solve_point(s, z, g, u));
        VXG_TRY(vxg__tv_dual(s, u, s->pace * s->opts.weight, step, &s->slopes[DUAL_AHEAD]));
        t = next(t, &beta);
        VXG_TRY(ahead(s, &s->slopes[DUAL], &s->slopes[DUAL_AHEAD], i + 1 < inner ? beta : 0));
    }
    VXG_TRY(vxg__tv_transpose(s, &s->slopes[DUAL], 0, g));
    return vxg__solve_point(s, z, g, u);
}

static int rule(vxg_solver *s) {
    vxg_launch l = {.global = {1, 1, 1}};
    vxg__push_array(&l, &s->residual);
    vxg__push_array(&l, &s->penalty);
    vxg__push_array(&l, &s->scalars);
    return vxg__launch(s->dev, s->queue, "fista_rule", s->real, &l);
}

static int iterate(vxg_solver *s) {
    const vxg_array *r = &s->range[RESIDUAL], *z = &s->domain[GRADIENT], *u = &s->domain[AHEAD],
                    *wr;
    const vxg_array *beta = &s->scalar[BEYOND];
    VXG_TRY(vxg__solve_apply(s, &s->x, &s->range[IMAGE]));
    VXG_TRY(vxg__tv_tell(s, &s->range[IMAGE], &s->range[RESIDUAL], &s->range[WEIGHED],
                         &s->domain[POINT]));
    VXG_TRY(rule(s));
    const vxg_array *const point[] = {beta, &s->x, u};
    const vxg_array *const data[] = {beta, &s->b, &s->range[IMAGE], &s->range[BEFORE], r};
    VXG_TRY(vxg__solve_launch(s, "fista_beyond", point, 3, NULL));
    VXG_TRY(vxg__solve_launch(s, "fista_residual", data, 5, NULL));
    VXG_TRY(vxg__solve_weigh(s, r, &s->range[WEIGHED], &wr));
    VXG_TRY(vxg__solve_adjoint(s, wr, z));
    VXG_TRY(vxg_array_axpby(s->queue, 1, u, s->pace, z));
    VXG_TRY(proximal(s, z));
    const vxg_array *const swapped[] = {u, &s->x};
    return vxg__solve_launch(s, "fista_swap", swapped, 2, NULL);
}

const vxg__method vxg__solve_fista = {
    .row = {.size = sizeof(vxg_solve_row),
            .name = "fista-tv",
            .summary = "least squares and a penalty of differences, proximal gradients",
            .source = "Beck and Teboulle 2009",
            .uses = "relaxation bounds lower upper weight penalty bend spacing inner",
            .iterations = 100,
            .relaxation = 1},
    .subsets = -1,
    .differences = 1,
    .needs = needs,
    .prepare = prepare,
    .restart = restart,
    .iterate = iterate,
};
