/* L-BFGS between bounds: the gradient's values that bounds do not hold, times an inverse Hessian
 * that the last steps and changes of the gradient tell of (two loops), give a direction; along it x
 * moves, is put back between bounds, and goes back until the loss is less by enough (Armijo). The
 * part of an inverse Hessian that belongs to values not held is positive, so that there is a step
 * that lessens. A pair whose curvature is not above 0 is left out. Where no step lessens the loss
 * the pairs are forgotten; where none along the gradient does either, what is left is rounding, and
 * x stays.
 *
 * One wait for every evaluation of the loss, and of its gradient: whether a step is taken is
 * decided by the host.
 *
 * Sources: D. C. Liu, J. Nocedal, Math. Program. 45 (1989) 503; two-metric projection: D. P.
 * Bertsekas, SIAM J. Control Optim. 20 (1982) 221, with L-BFGS: M. Schmidt, D. Kim, S. Sra, in
 * Optimization for Machine Learning (MIT Press 2011), 11. */
#include <math.h>

#include "solve/solve.h"

enum { GRADIENT, DIRECTION, TRIAL, VECTORS }; /* over the domain */
/* Scalars; those of the trial are told apart from those of x. */
enum { VALUE, REST, NEXT_VALUE, NEXT_REST, SLOPE, SQUARE, CURVE, CHANGE, LENGTH, RATIO, WORK };
enum { HISTORY = 8, TRIES = 40 };
#define DECREASE 1e-4     /* of what the slope promises, at least */
#define LEAST_CURVE 1e-10 /* cosine of a step and the gradient's change */

static int history_of(const vxg_solve_opts *o) {
    return o->history ? o->history : HISTORY;
}
static vxg__solve_needs needs(const vxg_solve_opts *o, int has_weights, int subsets) {
    (void)has_weights, (void)subsets;
    return (vxg__solve_needs){.part = VXG_LOSS_PARTS, .domain = VECTORS, .pairs = history_of(o)};
}

/* ---- Numbers on the host ---- */
/* All scalars at once, without asking for memory; waits. */
static int look(vxg_solver *s, double out[VXG_SOLVE_SCALARS]) {
    union {
        double d[2 * VXG_SOLVE_SCALARS];
        float f[2 * VXG_SOLVE_SCALARS];
    } raw;
    VXG_TRY(vxg_array_read(s->queue, &s->scalars, &raw));
    for (int i = 0; i < VXG_SOLVE_SCALARS; i++)
        out[i] = s->real == VXG_REAL_F64 ? raw.d[2 * i] + raw.d[2 * i + 1]
                                         : (double)raw.f[2 * i] + (double)raw.f[2 * i + 1];
    return VXG_OK;
}
/* What is minimised, of such a value and rest. */
static double objective(const vxg_solver *s, double value, double rest) {
    return (vxg__loss_is_own(s) ? value : 0.5 * value) + rest;
}

/* What is told of x. */
static int tell(vxg_solver *s) {
    const vxg_array *value = &s->scalar[VALUE];
    VXG_TRY(vxg_array_copy(s->queue, &s->scalar[REST], &s->penalty));
    if (!vxg__loss_is_own(s)) return vxg_array_copy(s->queue, value, &s->residual);
    return vxg_scalar_combine(s->queue, VXG_SCALAR_ADD, 1, &s->penalty, value, &s->penalty);
}

/* ---- Pairs: a step and what it changed of the gradient ---- */
/* The place of the pair that comes next. */
static int next_pair(const vxg_solver *s) {
    return (s->newest + 1) % history_of(&s->opts);
}
/* The k-th newest. */
static int pair_at(const vxg_solver *s, int k) {
    const int n = history_of(&s->opts);
    return (s->newest - k + n) % n;
}
static const vxg_array *step_of(const vxg_solver *s, int pair) {
    return &s->pair[2 * pair];
}
static const vxg_array *change_of(const vxg_solver *s, int pair) {
    return &s->pair[2 * pair + 1];
}
/* Device scalars of a pair: 0 step times change, 1 what the loops hand over; borrowed. */
static vxg_array scalar_of(const vxg_solver *s, int pair, int which) {
    vxg_array a = s->pair_scalars;
    a.ndim = 1, a.shape[0] = 2, a.stride[0] = 1, a.offset += 2 * (2 * (int64_t)pair + which);
    return a;
}

static int keep_free(vxg_solver *s, const vxg_array *v, double factor) {
    const vxg_array *const arrays[] = {&s->x, &s->domain[GRADIENT], v, &s->domain[DIRECTION]};
    double reals[4] = {0, 0, factor};
    vxg__solve_box(s, &reals[0], &reals[1]);
    return vxg__solve_launch(s, "lbfgs_free", arrays, 4, reals);
}

/* a = (v' d) / (s' y) of a pair, v one of the two. */
static int weigh(vxg_solver *s, int pair, const vxg_array *v, const vxg_array *a) {
    const vxg_array curve = scalar_of(s, pair, 0);
    VXG_TRY(vxg__solve_dot(s, v, &s->domain[DIRECTION], a));
    return vxg_scalar_combine(s->queue, VXG_SCALAR_DIVIDE, 1, a, &curve, a);
}

static int direction(vxg_solver *s) {
    const vxg_array *d = &s->domain[DIRECTION], *ratio = &s->scalar[RATIO],
                    *work = &s->scalar[WORK];
    VXG_TRY(keep_free(s, &s->domain[GRADIENT], 1));
    for (int k = 0; k < s->pairs; k++) {
        const int i = pair_at(s, k);
        const vxg_array a = scalar_of(s, i, 1);
        VXG_TRY(weigh(s, i, step_of(s, i), &a));
        VXG_TRY(vxg_array_axpby_by(s->queue, -1, &a, change_of(s, i), 1, NULL, d));
    }
    if (s->pairs) VXG_TRY(vxg_array_axpby_by(s->queue, 1, ratio, d, 0, NULL, d));
    for (int k = s->pairs - 1; k >= 0; k--) {
        const int i = pair_at(s, k);
        const vxg_array a = scalar_of(s, i, 1);
        VXG_TRY(weigh(s, i, change_of(s, i), work));
        VXG_TRY(vxg_scalar_combine(s->queue, VXG_SCALAR_SUBTRACT, 1, &a, work, work));
        VXG_TRY(vxg_array_axpby_by(s->queue, 1, work, step_of(s, i), 1, NULL, d));
    }
    return keep_free(s, d, -1);
}

/* ---- The search along a direction ---- */
/* The trial x + t d, its loss, and what the gradient says of the way there. */
static int evaluate(vxg_solver *s, double t, double v[VXG_SOLVE_SCALARS]) {
    const vxg_array *x = &s->domain[TRIAL], *step = step_of(s, next_pair(s));
    const vxg_array *const arrays[] = {&s->x, &s->domain[DIRECTION], &s->mask, x, step};
    double reals[4] = {[2] = t, vxg__has(&s->mask)};
    vxg__solve_box(s, &reals[0], &reals[1]);
    VXG_TRY(vxg__solve_launch(s, "lbfgs_trial", arrays, 5, reals));
    VXG_TRY(vxg__loss_value(s, x, &s->scalar[NEXT_VALUE]));
    VXG_TRY(
        vxg__loss_rest(s, x, change_of(s, next_pair(s)), &s->scalar[WORK], &s->scalar[NEXT_REST]));
    VXG_TRY(vxg__solve_dot(s, &s->domain[GRADIENT], step, &s->scalar[SLOPE]));
    return look(s, v);
}

/* The length of a first step along the gradient: where a parabola whose least is 0 would have it.
 */
static int first_length(vxg_solver *s, double *t) {
    const vxg_array *d = &s->domain[DIRECTION];
    double v[VXG_SOLVE_SCALARS];
    VXG_TRY(vxg__solve_dot(s, d, d, &s->scalar[SQUARE]));
    VXG_TRY(look(s, v));
    const double f = fabs(objective(s, v[VALUE], v[REST]));
    *t = v[SQUARE] > 0 ? (f > 0 ? 2 * f / v[SQUARE] : 1 / sqrt(v[SQUARE])) : 0;
    return VXG_OK;
}

/* Steps shorter and shorter, each where a parabola through what is known is least, but a tenth to a
 * half of the last. */
static int search(vxg_solver *s, double t, int *found) {
    double v[VXG_SOLVE_SCALARS];
    for (int i = 0; i < TRIES && t > 0; i++) {
        VXG_TRY(evaluate(s, t, v));
        const double before = objective(s, v[VALUE], v[REST]);
        const double now = objective(s, v[NEXT_VALUE], v[NEXT_REST]), slope = v[SLOPE];
        *found = slope < 0 && now <= before + DECREASE * slope;
        if (*found || slope == 0) return VXG_OK;
        const double least = -0.5 * slope / (now - before - slope);
        t *= least > 0.1 ? fmin(least, 0.5) : 0.1;
    }
    return VXG_OK;
}

/* x moves to the trial, whose loss was evaluated last. */
static int accept(vxg_solver *s) {
    const int pair = next_pair(s), full = s->pairs == history_of(&s->opts);
    const vxg_array *g = &s->domain[GRADIENT], *to = &s->domain[TRIAL], *t = s->scalar;
    const vxg_array *step = step_of(s, pair), *change = change_of(s, pair);
    const vxg_array kept = scalar_of(s, pair, 0);
    double v[VXG_SOLVE_SCALARS];
    VXG_TRY(vxg_array_copy(s->queue, to, &s->x));
    VXG_TRY(vxg_array_copy(s->queue, &t[NEXT_VALUE], &t[VALUE]));
    VXG_TRY(vxg_array_copy(s->queue, &t[NEXT_REST], &t[REST]));
    VXG_TRY(vxg__loss_gradient(s, &s->x, 1, to));
    VXG_TRY(vxg_array_copy(s->queue, to, change));
    VXG_TRY(vxg_array_axpby(s->queue, -1, g, 1, change));
    VXG_TRY(vxg_array_copy(s->queue, to, g));
    VXG_TRY(vxg__solve_dot(s, step, change, &t[CURVE]));
    VXG_TRY(vxg__solve_dot(s, change, change, &t[CHANGE]));
    VXG_TRY(vxg__solve_dot(s, step, step, &t[LENGTH]));
    VXG_TRY(look(s, v));
    if (v[CURVE] > LEAST_CURVE * sqrt(v[CHANGE]) * sqrt(v[LENGTH])) {
        VXG_TRY(vxg_array_copy(s->queue, &t[CURVE], &kept));
        VXG_TRY(
            vxg_scalar_combine(s->queue, VXG_SCALAR_DIVIDE, 1, &t[CURVE], &t[CHANGE], &t[RATIO]));
        s->newest = pair;
        if (!full) s->pairs++;
    } else if (full) {
        s->pairs--; /* the oldest stood where this one does */
    }
    return tell(s);
}

/* ---- The method ---- */
static int restart(vxg_solver *s) {
    const vxg_array *g = &s->domain[GRADIENT], *t = s->scalar;
    s->pairs = 0, s->newest = -1;
    VXG_TRY(vxg__loss_value(s, &s->x, &t[VALUE]));
    VXG_TRY(vxg__loss_rest(s, &s->x, &s->domain[TRIAL], &t[WORK], &t[REST]));
    VXG_TRY(vxg__loss_gradient(s, &s->x, 1, g));
    return tell(s);
}

static int prepare(vxg_solver *s) {
    const vxg_array *g = &s->domain[GRADIENT], *square = &s->scalar[SQUARE];
    double v[VXG_SOLVE_SCALARS];
    VXG_TRY(vxg__loss_prepare(s));
    VXG_TRY(restart(s));
    VXG_TRY(look(s, v));
    VXG_FAIL_IF(!isfinite(v[VALUE]) || !isfinite(v[REST]), VXG_ERR_NUMERICAL,
                "lbfgs: the loss of the first x is not finite: give another start");
    VXG_TRY(vxg__solve_dot(s, g, g, square));
    return vxg__solve_scale(s, square, g, "the gradient");
}

/* Pairs of -1: nothing less was found. */
static int iterate(vxg_solver *s) {
    int found = 0;
    while (!found && s->pairs >= 0) {
        double t = 1;
        VXG_TRY(direction(s));
        if (!s->pairs) VXG_TRY(first_length(s, &t));
        VXG_TRY(search(s, t, &found));
        if (!found) s->pairs = s->pairs ? 0 : -1;
    }
    return found ? accept(s) : VXG_OK;
}

const vxg__method vxg__solve_lbfgs = {
    .row = {.size = sizeof(vxg_solve_row),
            .name = "lbfgs",
            .summary = "any loss and operator: quasi-Newton steps between bounds",
            .source = "Liu and Nocedal 1989",
            .uses = "bounds lower upper damping loss weight penalty bend spacing smooth history",
            .iterations = 50,
            .relaxation = 1},
    .differences = 2,
    .subsets = -1,
    .any_loss = 1,
    .needs = needs,
    .prepare = prepare,
    .restart = restart,
    .iterate = iterate,
};
