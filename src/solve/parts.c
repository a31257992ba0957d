/* What methods are made of: work on whole vectors, on the solver's queue. */
#include <math.h>

#include "array/launch.h"
#include "op/op.h"
#include "solve/solve.h"

vxg_array vxg__solve_now(const vxg_solver *s, const vxg_array *all) {
    const vxg__subsets *sets = &s->subsets;
    if (sets->count == 1 || !vxg__has(all)) return *all;
    return vxg__rows(all, sets->begin[s->now], sets->subset[s->now].count);
}

void vxg__solve_subset(vxg_solver *s, int64_t k) {
    const vxg__subsets *sets = &s->subsets;
    s->now = k;
    s->call.subset = sets->count > 1 ? &sets->subset[k] : NULL;
    s->b_now = vxg__solve_now(s, &s->b), s->weights_now = vxg__solve_now(s, &s->weights);
    for (int i = 0; i < VXG_SOLVE_VECTORS && sets->count > 1; i++)
        if (vxg__has(&s->part[i])) s->part[i].shape[0] = sets->subset[k].count;
}

int vxg__solve_each_subset(vxg_solver *s, int (*take)(vxg_solver *s, int64_t k)) {
    VXG_TRY(vxg_array_fill(s->queue, &s->residual, 0));
    for (int64_t i = 0; i < s->subsets.norder; i++) VXG_TRY(take(s, s->subsets.order[i]));
    return VXG_OK;
}

int vxg__solve_apply(vxg_solver *s, const vxg_array *x, const vxg_array *y) {
    return vxg_op_apply(s->op, &s->call, x, y);
}
int vxg__solve_adjoint(vxg_solver *s, const vxg_array *y, const vxg_array *x) {
    return vxg_op_apply_adjoint(s->op, &s->call, y, x);
}

int vxg__solve_launch_with(vxg_solver *s, const char *kernel, const vxg_array *const *arrays, int n,
                           const double *reals, int nreals) {
    const int64_t count = vxg_array_count(arrays[n - 1]), most = (int64_t)1 << 30;
    for (int64_t begin = 0; begin < count; begin += most) {
        vxg_launch l = {.global = {count - begin < most ? count - begin : most, 1, 1},
                        .nreals = nreals};
        for (int i = 0; i < nreals; i++) l.reals[i] = reals ? reals[i] : 0;
        for (int i = 0; i < n; i++) {
            vxg_array a = vxg__has(arrays[i]) ? *arrays[i] : *arrays[n - 1];
            if (begin && vxg_array_count(&a) > 2) a.offset += begin; /* not device scalars */
            vxg__push_array(&l, &a);
        }
        VXG_TRY(vxg__launch(s->dev, s->queue, kernel, s->real, &l));
    }
    return VXG_OK;
}

int vxg__solve_launch(vxg_solver *s, const char *kernel, const vxg_array *const *arrays, int n,
                      const double reals[4]) {
    return vxg__solve_launch_with(s, kernel, arrays, n, reals, 4);
}

int vxg__solve_scalars(vxg_solver *s, const char *kernel, const double reals[4]) {
    vxg_launch l = {.global = {1, 1, 1}, .nreals = 4};
    for (int i = 0; i < 4; i++) l.reals[i] = reals[i];
    vxg__push_array(&l, &s->scalars);
    return vxg__launch(s->dev, s->queue, kernel, s->real, &l);
}

int vxg__solve_floor(vxg_solver *s, const vxg_array *a, const vxg_array *b) {
    const double unit = s->real == VXG_REAL_F64 ? 0x1p-53 : 0x1p-24;
    vxg_launch l = {.global = {1, 1, 1}, .nreals = 1, .reals = {4 * unit * unit}};
    vxg__push_array(&l, b);
    vxg__push_array(&l, a);
    return vxg__launch(s->dev, s->queue, "solve_floor", s->real, &l);
}

/* The columns' sums of the subset, inverted: kept, or made anew in `scratch`; ones is spoilt. */
int vxg__solve_columns_now(vxg_solver *s, const vxg_array *ones, const vxg_array *scratch,
                           const vxg_array **out) {
    *out = s->columns ? &s->columns[s->now] : scratch;
    return s->columns ? VXG_OK : vxg__solve_columns(s, ones, scratch);
}

int vxg__solve_residual(vxg_solver *s, const vxg_array *r) {
    const vxg_array *const arrays[] = {&s->b_now, r, r};
    VXG_TRY(vxg__solve_apply(s, &s->x, r));
    return vxg__solve_launch(s, "solve_residual", arrays, 3, (double[4]){1});
}

int vxg__solve_weigh(vxg_solver *s, const vxg_array *r, const vxg_array *spare,
                     const vxg_array **out) {
    *out = vxg__has(&s->weights) ? spare : r;
    if (*out == r) return VXG_OK;
    const vxg_array *const arrays[] = {&s->weights_now, r, spare};
    return vxg__solve_launch(s, "solve_weight", arrays, 3, NULL);
}

/* Which arrays of a step there are, and between what it stays. */
void vxg__solve_box(const vxg_solver *s, double *low, double *high) {
    const vxg_solve_opts *o = &s->opts;
    *low = o->bounds == VXG_BOUNDS_NONE ? -INFINITY : o->bounds == VXG_BOUNDS_BOX ? o->lower : 0;
    *high = o->bounds == VXG_BOUNDS_BOX ? o->upper : INFINITY;
}
static void bounds_of(const vxg_solver *s, int has, double reals[4]) {
    reals[1] = has | (vxg__has(&s->mask) ? 2 : 0);
    vxg__solve_box(s, &reals[2], &reals[3]);
}

static int step(vxg_solver *s, const char *kernel, double factor, const vxg_array *c,
                const vxg_array *g) {
    const vxg_array *const arrays[] = {g, c, &s->mask, &s->x};
    double reals[4] = {factor};
    bounds_of(s, vxg__has(c), reals);
    return vxg__solve_launch(s, kernel, arrays, 4, reals);
}
int vxg__solve_step(vxg_solver *s, double factor, const vxg_array *c, const vxg_array *g) {
    return step(s, "solve_step", factor, c, g);
}
int vxg__solve_factor(vxg_solver *s, double power, const vxg_array *c, const vxg_array *g) {
    return step(s, "solve_factor", power, c, g);
}

int vxg__solve_ahead(vxg_solver *s, const vxg_array *g, const vxg_array *pace,
                     const vxg_array *ahead) {
    const vxg_array *const arrays[] = {g, pace, &s->mask, &s->x, ahead};
    double reals[4] = {0};
    bounds_of(s, 0, reals);
    return vxg__solve_launch(s, "pdhg_step", arrays, 5, reals);
}

int vxg__solve_point(vxg_solver *s, const vxg_array *z, const vxg_array *g, const vxg_array *u) {
    const vxg_array *const arrays[] = {z, g, &s->mask, u};
    double reals[4] = {0};
    bounds_of(s, 0, reals);
    return vxg__solve_launch(s, "fista_point", arrays, 4, reals);
}

int vxg__solve_bound(vxg_solver *s) {
    const vxg_array *const arrays[] = {&s->mask, &s->x};
    double reals[4] = {0};
    if (s->opts.bounds == VXG_BOUNDS_NONE && !vxg__has(&s->mask)) return VXG_OK;
    bounds_of(s, 0, reals);
    return vxg__solve_launch(s, "solve_bound", arrays, 2, reals);
}

int vxg__solve_masked(vxg_solver *s, const vxg_array *x) {
    const vxg_array *const arrays[] = {&s->mask, x};
    if (!vxg__has(&s->mask)) return VXG_OK;
    return vxg__solve_launch(s, "solve_bound", arrays, 2, (double[4]){0, 2, -INFINITY, INFINITY});
}

int vxg__solve_dot(vxg_solver *s, const vxg_array *x, const vxg_array *y, const vxg_array *out) {
    return vxg_array_reduce(s->queue, VXG_REDUCE_DOT, x, y, &s->scratch, out);
}

int vxg__solve_square(vxg_solver *s, const vxg_array *x, const vxg_array *y, const vxg_array *out) {
    VXG_TRY(vxg__solve_dot(s, x, y, out));
    return vxg_scalar_combine(s->queue, VXG_SCALAR_ADD, 1, out, &s->residual, &s->residual);
}

int vxg__solve_inverse(vxg_solver *s, const vxg_array *sums) {
    const vxg_array *const arrays[] = {sums, sums, sums};
    return vxg__solve_launch(s, "solve_inverse", arrays, 3, (double[4]){1, 0, 0});
}
int vxg__solve_columns(vxg_solver *s, const vxg_array *ones, const vxg_array *out) {
    const int weighted = vxg__has(&s->weights);
    if (!weighted) VXG_TRY(vxg_array_fill(s->queue, ones, 1));
    VXG_TRY(vxg__solve_adjoint(s, weighted ? &s->weights_now : ones, out));
    return vxg__solve_inverse(s, out);
}

int vxg__solve_extreme(vxg_solver *s, vxg_reduction kind, const vxg_array *a, double *out) {
    if (vxg_array_count(a) == 0) return *out = 0, VXG_OK;
    VXG_TRY(vxg_array_reduce(s->queue, kind, a, NULL, &s->scratch, &s->told));
    return vxg_scalar_read(s->queue, &s->told, out);
}

int vxg__solve_scale(vxg_solver *s, const vxg_array *square, const vxg_array *a, const char *what) {
    double sum, most;
    VXG_TRY(vxg_scalar_read(s->queue, square, &sum));
    if (sum != 0 && isfinite(sum)) return VXG_OK;
    VXG_TRY(vxg__solve_extreme(s, VXG_REDUCE_MAX_ABS, a, &most));
    VXG_FAIL_IF(most != 0, VXG_ERR_INPUT,
                "%s: %s is %g at most: its square is beyond %s; scale the operator or the data",
                s->method->row.name, what, most, vxg_dtype_name(s->x.dtype));
    return VXG_OK;
}

#define SIGNS_LOOKED_AT 8 /* subsets; one A tells by all of its rays */
int vxg__solve_signs(vxg_solver *s, const vxg_array *v, const vxg_array *spare,
                     const vxg_array *sums) {
    const vxg_array *const arrays[] = {sums, spare};
    double excess, most;
    if (s->now >= SIGNS_LOOKED_AT) return VXG_OK;
    VXG_TRY(vxg_array_random(s->queue, v, 2, -1, 1));
    VXG_TRY(vxg__solve_masked(s, v));
    VXG_TRY(vxg__solve_apply(s, v, spare));
    VXG_TRY(vxg__solve_launch(s, "solve_excess", arrays, 2, NULL));
    VXG_TRY(vxg__solve_extreme(s, VXG_REDUCE_MAX, spare, &excess));
    VXG_TRY(vxg__solve_extreme(s, VXG_REDUCE_MAX_ABS, sums, &most));
    VXG_FAIL_IF(excess > 1e-3 * most, VXG_ERR_UNSUPPORTED,
                "%s: '%s' has negative entries, which this method cannot do; landweber, cgls, lsqr "
                "and fista-tv can",
                s->method->row.name, vxg_op_name(s->op));
    return VXG_OK;
}

int vxg__solve_rows(vxg_solver *s, const vxg_array *ones, const vxg_array *spare,
                    const vxg_array *out) {
    VXG_TRY(vxg_array_fill(s->queue, ones, 1));
    VXG_TRY(vxg__solve_masked(s, ones)); /* rays see what may change alone */
    VXG_TRY(vxg__solve_apply(s, ones, out));
    VXG_TRY(vxg__solve_signs(s, ones, spare, out));
    return vxg__solve_inverse(s, out);
}
