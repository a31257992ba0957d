/* Penalties of differences (kernels/solve/tv.k): values, dual steps, transposes. */
#include "array/launch.h"
#include "solve/solve.h"

/* Sizes along x, y, z of x's space, whose last three axes they are. */
void vxg__tv_sizes(const vxg_solver *s, int64_t n[3]) {
    for (int i = 0; i < 3; i++) n[i] = i < s->x.ndim ? s->x.shape[s->x.ndim - 1 - i] : 1;
}

int vxg__tv_check(const vxg_op *op, const vxg_solve_opts *o, const char *name) {
    const vxg_space *in = vxg_op_domain(op, 0);
    VXG_FAIL_IF(in->ndim < 1 || in->ndim > 3, VXG_ERR_UNSUPPORTED,
                "%s: x has %d axes; differences are taken along one to three", name, in->ndim);
    for (int i = 0; i < in->ndim; i++)
        VXG_FAIL_IF(in->shape[i] > INT32_MAX, VXG_ERR_UNSUPPORTED, "%s: x has an axis of %lld",
                    name, (long long)in->shape[i]);
    for (int i = 0; i < 3; i++)
        VXG_FAIL_IF(!(o->spacing[i] >= 0) || o->spacing[i] > 1e30, VXG_ERR_ARGUMENT,
                    "%s: spacing[%d] is %g", name, i, o->spacing[i]);
    VXG_FAIL_IF(o->penalty < VXG_PENALTY_TV || o->penalty > VXG_PENALTY_SQUARE, VXG_ERR_ARGUMENT,
                "%s: penalty is %d", name, (int)o->penalty);
    VXG_FAIL_IF(o->penalty == VXG_PENALTY_HUBER && !(o->bend >= 1e-30), VXG_ERR_ARGUMENT,
                "%s: bend is %g; Huber's penalty needs one above 0 (1e-30 at least)", name,
                o->bend);
    return VXG_OK;
}

static double inverse_spacing(const vxg_solver *s, int axis) { /* 0: x */
    const double h = s->opts.spacing[2 - axis];
    return h > 0 ? 1 / h : 1;
}

double vxg__tv_columns(const vxg_solver *s) {
    int64_t n[3];
    double sum = 0;
    vxg__tv_sizes(s, n);
    for (int i = 0; i < 3; i++) sum += n[i] > 1 ? 2 * inverse_spacing(s, i) : 0;
    return sum;
}

double vxg__tv_step(const vxg_solver *s) {
    int64_t n[3];
    double most = 0;
    vxg__tv_sizes(s, n);
    for (int i = 0; i < 3; i++)
        if (n[i] > 1 && inverse_spacing(s, i) > most) most = inverse_spacing(s, i);
    return most > 0 ? 0.5 / most : 0;
}

static int launch(vxg_solver *s, const char *kernel, const vxg_array *a, const vxg_array *b,
                  const double rest[3]) {
    int64_t n[3];
    vxg__tv_sizes(s, n);
    vxg_launch l = {.global = {n[0], n[1], n[2]},
                    .nints = 4,
                    .ints = {(int)n[0], (int)n[1], (int)n[2], (int)s->opts.penalty},
                    .nreals = 6};
    for (int i = 0; i < 3; i++) l.reals[i] = inverse_spacing(s, i), l.reals[3 + i] = rest[i];
    vxg__push_array(&l, a);
    vxg__push_array(&l, b);
    return vxg__launch(s->dev, s->queue, kernel, s->real, &l);
}

double vxg__tv_norm(const vxg_solver *s) {
    int64_t n[3];
    double sum = 0;
    vxg__tv_sizes(s, n);
    for (int i = 0; i < 3; i++)
        sum += n[i] > 1 ? 4 * inverse_spacing(s, i) * inverse_spacing(s, i) : 0;
    return sum > 0 ? sum : 1;
}

int vxg__tv_gradient(vxg_solver *s, const vxg_array *x, double smooth, double delta,
                     const vxg_array *g) {
    const double least = s->real == VXG_REAL_F64 ? 1e-150 : 1e-18; /* its square is a number */
    return launch(s, "tv_gradient", x, g,
                  (double[3]){smooth > least ? smooth : least, delta > 0 ? 1 / delta : 0});
}

int vxg__tv_dual(vxg_solver *s, const vxg_array *v, double weight, double step,
                 const vxg_array *q) {
    return launch(s, "tv_dual", v, q, (double[3]){s->opts.bend, weight, step});
}

int vxg__tv_transpose(vxg_solver *s, const vxg_array *q, double keep, const vxg_array *g) {
    return launch(s, "tv_transpose", q, g, (double[3]){keep});
}

/* ---- Smoothed penalties, which have a gradient everywhere ---- */
static int smoothed(vxg_solver *s, const char *kernel, const vxg_array *x, const vxg_array *out,
                    double factor, double keep) {
    const vxg_solve_opts *o = &s->opts;
    const double least = s->real == VXG_REAL_F64 ? 1e-150 : 1e-18, /* its square is a number */
        smooth = o->smooth > 0 ? o->smooth : 1e-3;
    int64_t n[3];
    vxg__tv_sizes(s, n);
    vxg_launch l = {.global = {n[0], n[1], n[2]},
                    .nints = 5,
                    .ints = {(int)n[0], (int)n[1], (int)n[2], (int)o->penalty, 0},
                    .nreals = 7,
                    .reals = {[3] = o->bend, smooth > least ? smooth : least, factor, keep}};
    for (int i = 0; i < 3; i++) l.reals[i] = inverse_spacing(s, i);
    vxg__push_array(&l, x);
    if (keep >= 0) vxg__push_array(&l, x); /* no cotangent */
    vxg__push_array(&l, out);
    return vxg__launch(s->dev, s->queue, kernel, s->real, &l);
}

int vxg__tv_slope(vxg_solver *s, const vxg_array *x, double keep, double factor,
                  const vxg_array *g) {
    return smoothed(s, "tv_smooth_gradient", x, g, factor, keep);
}

int vxg__tv_sum(vxg_solver *s, const vxg_array *x, const vxg_array *spare, const vxg_array *out) {
    VXG_TRY(smoothed(s, "tv_smooth_values", x, spare, 1, -1));
    return vxg_array_reduce(s->queue, VXG_REDUCE_SUM, spare, NULL, &s->scratch, out);
}

int vxg__tv_tell(vxg_solver *s, const vxg_array *image, const vxg_array *r,
                 const vxg_array *weighed, const vxg_array *spare) {
    const vxg_array *const arrays[] = {&s->b, image, r}, *wr;
    VXG_TRY(vxg__solve_launch(s, "solve_residual", arrays, 3, (double[4]){1}));
    VXG_TRY(vxg__solve_weigh(s, r, weighed, &wr));
    VXG_TRY(vxg__solve_dot(s, wr, r, &s->residual));
    VXG_TRY(launch(s, "tv_values", &s->x, spare, (double[3]){s->opts.bend}));
    VXG_TRY(vxg_array_reduce(s->queue, VXG_REDUCE_SUM, spare, NULL, &s->scratch, &s->penalty));
    return vxg_array_axpby(s->queue, s->opts.weight, &s->penalty, 0, &s->penalty);
}
