/* Iterations: one after another, what is told of them, when they end. */
#include <math.h>

#include "array/launch.h"
#include "solve/solve.h"

/* Pair `which` of iteration i in the history. */
static vxg_array slot(const vxg_solver *s, int i, int which) {
    vxg_array a = s->history;
    a.ndim = 1, a.shape[0] = 2, a.stride[0] = 1, a.offset += 4 * (int64_t)i + 2 * which;
    return a;
}

/* What an iteration that failed half way, or x written by somebody else, left is begun anew. */
static int mended(vxg_solver *s) {
    if (!s->broken) return VXG_OK;
    if (s->method->restart) VXG_TRY(s->method->restart(s));
    s->broken = 0;
    return VXG_OK;
}

int vxg__solve_usable(const vxg_solver *s) {
    VXG_FAIL_IF(s->spoilt, VXG_ERR_FAILED,
                "%s: its state could not be loaded to the end: make a solver anew",
                s->method->row.name);
    return VXG_OK;
}

int vxg_solver_restart(vxg_solver *s) {
    VXG_FAIL_IF(!s, VXG_ERR_ARGUMENT, "solver is NULL");
    VXG_TRY(vxg__solve_usable(s));
    s->broken = 1;
    return mended(s);
}

int vxg_solver_step(vxg_solver *s) {
    VXG_FAIL_IF(!s, VXG_ERR_ARGUMENT, "solver is NULL");
    VXG_TRY(vxg__solve_usable(s));
    VXG_TRY(mended(s));
    if (s->opts.change > 0) VXG_TRY(vxg_array_copy(s->queue, &s->x, &s->before));
    s->changed = NAN;
    s->broken = 1;
    VXG_TRY(s->method->iterate(s));
    s->broken = 0;
    if (s->iteration < s->opts.iterations) {
        const vxg_array square = slot(s, s->iteration, 0), penalty = slot(s, s->iteration, 1);
        VXG_TRY(vxg_array_copy(s->queue, &s->residual, &square));
        VXG_TRY(vxg_array_copy(s->queue, &s->penalty, &penalty));
    }
    s->iteration++;
    return VXG_OK;
}

/* ---- Reports ---- */
/* Of a square, which rounding may leave below 0; NaN stays. */
static double root(double square) {
    return square < 0 ? 0 : sqrt(square);
}

static int norm_of(vxg_solver *s, const vxg_array *a, double *out) {
    VXG_TRY(vxg__solve_dot(s, a, a, &s->told));
    VXG_TRY(vxg_scalar_read(s->queue, &s->told, out));
    *out = root(*out);
    return VXG_OK;
}

/* |b| by the roots of the weights. */
static int data_norm(vxg_solver *s) {
    vxg_array wb = {0};
    double square = 0;
    if (!isnan(s->data_norm)) return VXG_OK;
    if (!vxg__has(&s->b)) return s->data_norm = 0, VXG_OK;
    if (!vxg__has(&s->weights)) return norm_of(s, &s->b, &s->data_norm);
    int status = vxg_array_new(s->dev, s->b.dtype, s->b.ndim, s->b.shape, &wb);
    const vxg_array *const arrays[] = {&s->weights, &s->b, &wb};
    if (!status) status = vxg__solve_launch(s, "solve_weight", arrays, 3, NULL);
    if (!status) status = vxg__solve_dot(s, &wb, &s->b, &s->told);
    if (!status) status = vxg_scalar_read(s->queue, &s->told, &square);
    vxg_array_release(&wb);
    if (!status) s->data_norm = root(square);
    return status;
}

/* |x - x before| of the last iteration, kept: `before` is spoilt. */
static int change_of(vxg_solver *s) {
    if (!(s->opts.change > 0) || !s->iteration || !isnan(s->changed)) return VXG_OK;
    VXG_TRY(vxg_array_axpby(s->queue, 1, &s->x, -1, &s->before));
    return norm_of(s, &s->before, &s->changed);
}

static int report(vxg_solver *s, vxg_solve_report *r) {
    double square = NAN;
    *r = (vxg_solve_report){.size = sizeof *r, .iteration = s->iteration, .change = NAN};
    VXG_TRY(data_norm(s));
    r->data = s->data_norm;
    if (s->iteration) VXG_TRY(vxg_scalar_read(s->queue, &s->residual, &square));
    r->residual = s->iteration ? root(square) : NAN;
    VXG_TRY(change_of(s));
    r->change = s->changed;
    if (s->method->differences) VXG_TRY(vxg_scalar_read(s->queue, &s->penalty, &r->penalty));
    return VXG_OK;
}

int vxg_solver_report(vxg_solver *s, vxg_solve_report *out) {
    vxg_solve_report r;
    VXG_FAIL_IF(!s, VXG_ERR_ARGUMENT, "solver is NULL");
    VXG_TRY(VXG_OUT_CHECK(vxg_solve_report, out));
    VXG_TRY(report(s, &r));
    return VXG_OUT(vxg_solve_report, out, &r);
}

int vxg_solver_history(vxg_solver *s, double *residual, double *penalty, int capacity, int *count) {
    VXG_FAIL_IF(!s || !count, VXG_ERR_ARGUMENT, "solver history: the solver or count is NULL");
    int n = s->iteration < s->opts.iterations ? s->iteration : s->opts.iterations;
    *count = n;
    if (n > capacity) n = capacity;
    if (n <= 0 || (!residual && !penalty)) return VXG_OK;
    vxg_array done = s->history;
    done.shape[0] = n;
    double *both = vxg__calloc((size_t)n, 2 * sizeof *both);
    if (!both) return VXG_ERR_MEMORY;
    const int status = vxg_scalar_read(s->queue, &done, both);
    for (int i = 0; i < n && !status; i++) {
        if (residual) residual[i] = root(both[2 * i]);
        if (penalty) penalty[i] = both[2 * i + 1];
    }
    vxg__free(both);
    return status;
}

/* ---- Ends ---- */
static int keeps_finite(const vxg_solver *s, int is) {
    VXG_FAIL_IF(!is, VXG_ERR_NUMERICAL,
                "%s: numbers are not finite after iteration %d: steps are too long for this "
                "operator (relaxation), or numbers too large for %s",
                s->method->row.name, s->iteration, vxg_dtype_name(s->x.dtype));
    return VXG_OK;
}

/* Whether a residual of 0 says that x is what was looked for: nothing else is asked of it, and all
 * rays were looked at. */
static int residual_is_all(const vxg_solver *s) {
    const vxg_solve_opts *o = &s->opts;
    return !s->method->differences && o->bounds == VXG_BOUNDS_NONE && !vxg__has(&s->mask) &&
           o->damping == 0 && o->order != VXG_ORDER_GIVEN;
}

/* Whether a rule is met. */
static int met(vxg_solver *s, const vxg_solve_report *r, vxg_solve_reason *reason, int *stop) {
    const vxg_solve_opts *o = &s->opts;
    double size = 0;
    if (o->change > 0) VXG_TRY(norm_of(s, &s->x, &size));
    *stop = 1;
    if (r->residual == 0 && residual_is_all(s)) return *reason = VXG_SOLVED_EXACTLY, VXG_OK;
    if (o->tolerance > 0 && r->residual <= o->tolerance * r->data)
        return *reason = VXG_SOLVED_TOLERANCE, VXG_OK;
    if (o->noise > 0 && r->residual <= o->noise) return *reason = VXG_SOLVED_NOISE, VXG_OK;
    if (o->change > 0 && r->change <= o->change * size) return *reason = VXG_SOLVED_CHANGE, VXG_OK;
    *stop = 0;
    return VXG_OK;
}

/* The callback is told of the iteration, and rules are looked at. */
static int look(vxg_solver *s, vxg_solve_reason *reason, int *stop) {
    const vxg_solve_opts *o = &s->opts;
    vxg_solve_report r;
    if (!(o->tolerance > 0 || o->noise > 0 || o->change > 0 || o->callback)) return VXG_OK;
    VXG_TRY(report(s, &r));
    VXG_TRY(keeps_finite(s, isfinite(r.residual) && isfinite(r.penalty) &&
                                (!(o->change > 0) || isfinite(r.change))));
    const int answer = o->callback ? o->callback(o->context, &r, &s->x) : 0;
    if (answer == VXG_SOLVE_WROTE) s->broken = 1;
    VXG_FAIL_IF(answer && answer != VXG_SOLVE_STOP && answer != VXG_SOLVE_WROTE, answer,
                "%s: the callback failed after iteration %d", s->method->row.name, s->iteration);
    VXG_TRY(met(s, &r, reason, stop));
    if (!*stop && answer == VXG_SOLVE_STOP) *stop = 1, *reason = VXG_SOLVED_CALLBACK;
    return VXG_OK;
}

/* x as it ends: one wait. */
static int check_result(vxg_solver *s) {
    double most;
    VXG_TRY(vxg__solve_extreme(s, VXG_REDUCE_MAX_ABS, &s->x, &most));
    return keeps_finite(s, isfinite(most));
}

int vxg_solver_run(vxg_solver *s, vxg_solve_reason *reason) {
    vxg_solve_reason unused;
    int stop = 0;
    VXG_FAIL_IF(!s, VXG_ERR_ARGUMENT, "solver is NULL");
    if (!reason) reason = &unused;
    *reason = VXG_SOLVED_ITERATIONS;
    while (s->iteration < s->opts.iterations && !stop) {
        const vxg_progress *p = s->opts.progress;
        vxg__report(p, s->method->row.name, s->iteration, s->opts.iterations);
        VXG_FAIL_IF(vxg__poll(p), VXG_ERR_CANCELLED, "%s: cancelled after iteration %d",
                    s->method->row.name, s->iteration);
        VXG_TRY(vxg_solver_step(s));
        VXG_TRY(look(s, reason, &stop));
        if (s->after) VXG_TRY(s->after(s->after_context, s));
    }
    return check_result(s);
}
