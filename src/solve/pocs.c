/* Projections onto convex sets with steps that lessen total variation: in every iteration a sweep
 * of SART over the subsets, bounds, then `inner` steps down the normalised gradient of a smoothed
 * total variation, bounds.
 *
 * TV-POCS: steps of alpha times what the sweep changed. ASD-POCS (E. Y. Sidky, X. Pan, Phys. Med.
 * Biol. 53 (2008) 4777): steps of a length of their own, alpha times what the first sweep changed,
 * less by alpha_red whenever they change more than r_max of what the sweep does while the residual
 * is above epsilon; the relaxation falls by beta_red an iteration; no such steps in the last one.
 * AwTV-POCS (Y. Liu et al., Phys. Med. Biol. 57 (2012) 7923): differences that are large against
 * delta count less, so that edges stay; alpha falls by 0.995 an iteration, the relaxation by
 * beta_red where the residual changed by less than epsilon. The residual is that of all rays, as
 * told of the iteration. Lengths stay on the device. */
#include <math.h>

#include "solve/solve.h"

enum { STEP, COLUMNS, BEFORE, AFTER };                    /* over the domain; two are the sweep's */
enum { LENGTH, CHANGED, SWEPT, NOW, LAST, PACE, FACTOR }; /* scalars, as pocs_rule knows them */
enum { TV, ASD, AWTV };

static int kind_of(const vxg_solver *s) {
    return s->method == &vxg__solve_tv_pocs ? TV : s->method == &vxg__solve_asd_pocs ? ASD : AWTV;
}
/* An option, or what stands for it. */
static double or_else(double given, double usual) {
    return given != 0 ? given : usual;
}

static vxg__solve_needs needs(const vxg_solve_opts *o, int has_weights, int subsets) {
    vxg__solve_needs n = vxg__sweep_needs(o, has_weights, subsets);
    n.domain = AFTER;
    return n;
}
static vxg__solve_needs asd_needs(const vxg_solve_opts *o, int has_weights, int subsets) {
    vxg__solve_needs n = needs(o, has_weights, subsets);
    n.domain++;
    return n;
}

static int prepare(vxg_solver *s) {
    VXG_TRY(vxg__solve_bound(s));
    VXG_TRY(vxg__sweep_prepare(s));
    VXG_TRY(vxg_scalar_write(s->queue, &s->scalar[PACE], 1));
    if (kind_of(s) == AWTV) s->pace_by = &s->scalar[PACE];
    return VXG_OK;
}

/* out = |x - other|; other is spoilt. */
static int distance(vxg_solver *s, const vxg_array *other, const vxg_array *out) {
    VXG_TRY(vxg_array_axpby(s->queue, 1, &s->x, -1, other));
    VXG_TRY(vxg__solve_dot(s, other, other, out));
    return vxg_scalar_combine(s->queue, VXG_SCALAR_SQRT, 1, out, NULL, out);
}

/* x -= length g / |g|, `inner` times, then bounds. */
static int descend(vxg_solver *s, double factor, const vxg_array *length) {
    const vxg_solve_opts *o = &s->opts;
    const vxg_array *g = &s->domain[STEP], *f = &s->scalar[FACTOR];
    const int inner = o->inner ? o->inner : 20;
    for (int i = 0; i < inner; i++) {
        VXG_TRY(vxg__tv_gradient(s, &s->x, or_else(o->smooth, 1e-3),
                                 kind_of(s) == AWTV ? or_else(o->delta, 0.006) : 0, g));
        VXG_TRY(vxg__solve_masked(s, g));
        VXG_TRY(vxg__solve_dot(s, g, g, f));
        VXG_TRY(vxg_scalar_combine(s->queue, VXG_SCALAR_SQRT, 1, f, NULL, f));
        VXG_TRY(vxg_scalar_combine(s->queue, VXG_SCALAR_DIVIDE, -factor, length, f, f));
        VXG_TRY(vxg_array_axpby_by(s->queue, 1, f, g, 1, NULL, &s->x));
    }
    return vxg__solve_bound(s);
}

static int iterate(vxg_solver *s) {
    const vxg_solve_opts *o = &s->opts;
    const vxg_array *t = s->scalar;
    const int kind = kind_of(s), first = s->iteration == 0;
    const double alpha = or_else(o->alpha, 0.2), beta_red = or_else(o->beta_red, 0.995);
    VXG_TRY(vxg_array_copy(s->queue, &s->x, &s->domain[BEFORE]));
    VXG_TRY(vxg__sweep(s));
    VXG_TRY(vxg_array_copy(s->queue, &s->residual, &t[NOW]));
    VXG_TRY(distance(s, &s->domain[BEFORE], &t[SWEPT]));
    if (kind == TV) return descend(s, alpha, &t[SWEPT]);
    if (kind == AWTV) {
        VXG_TRY(descend(s, alpha * pow(0.995, s->iteration), &t[SWEPT]));
        if (first) return vxg_array_copy(s->queue, &t[NOW], &t[LAST]);
        return vxg__solve_scalars(s, "pocs_rule",
                                  (double[4]){1, 0, or_else(o->epsilon, 1), beta_red});
    }
    if (s->iteration + 1 == o->iterations) return VXG_OK; /* the last one keeps to the data */
    if (first)
        VXG_TRY(
            vxg_scalar_combine(s->queue, VXG_SCALAR_MAX, alpha, &t[SWEPT], &t[SWEPT], &t[LENGTH]));
    VXG_TRY(vxg_array_copy(s->queue, &s->x, &s->domain[AFTER]));
    VXG_TRY(descend(s, 1, &t[LENGTH]));
    VXG_TRY(distance(s, &s->domain[AFTER], &t[CHANGED]));
    s->pace *= beta_red;
    return vxg__solve_scalars(s, "pocs_rule",
                              (double[4]){0, or_else(o->r_max, 0.95), or_else(o->epsilon, 5),
                                          or_else(o->alpha_red, 0.95)});
}

#define USES                                                                                       \
    "relaxation bounds lower upper plain subsets order seed list spacing inner alpha smooth"
#define PARTS .subsets = 0, .differences = 1, .prepare = prepare, .iterate = iterate
const vxg__method vxg__solve_tv_pocs = {
    .row = {.size = sizeof(vxg_solve_row),
            .name = "tv-pocs",
            .summary = "sweeps over the views, and steps that lessen total variation",
            .source = "Sidky, Kao and Pan 2006",
            .uses = USES,
            .iterations = 10,
            .relaxation = 1},
    .needs = needs,
    PARTS,
};
const vxg__method vxg__solve_asd_pocs = {
    .row = {.size = sizeof(vxg_solve_row),
            .name = "asd-pocs",
            .summary = "the same with steps that adapt to the sweeps'",
            .source = "Sidky and Pan 2008",
            .uses = USES " epsilon r-max alpha-red beta-red",
            .iterations = 10,
            .relaxation = 1},
    .needs = asd_needs,
    PARTS,
};
const vxg__method vxg__solve_awtv_pocs = {
    .row = {.size = sizeof(vxg_solve_row),
            .name = "awtv-pocs",
            .summary = "the same with differences that count less at edges",
            .source = "Liu, Ma, Fan and Liang 2012",
            .uses = USES " epsilon delta beta-red",
            .iterations = 10,
            .relaxation = 1},
    .needs = needs,
    PARTS,
};
