/* L-BFGS and Adam: least values found another way, conditions that a least value fulfils (gradients
 * by hand or by differences, in double), a model that is not linear, a loss of the caller's, Adam
 * written out. */
#include <malloc.h>
#include <voxgrad/voxgrad.h>

#include "solve_refused.h"
#include "solve_scan.h"

static scan fit; /* more rays than values */
static double ones[MOST], halves[MOST];

/* m x = v by Cholesky; m is spoilt, v becomes x. */
static void dense_solve(double m[MOST][MOST], double *v, int n) {
    for (int j = 0; j < n; j++)
        for (int k = 0; k <= j; k++) {
            for (int i = 0; i < k; i++) m[j][k] -= m[j][i] * m[k][i];
            m[j][k] = j == k ? sqrt(m[j][j]) : m[j][k] / m[k][k];
        }
    for (int j = 0; j < n; j++) {
        for (int k = 0; k < j; k++) v[j] -= m[j][k] * v[k];
        v[j] /= m[j][j];
    }
    for (int j = n - 1; j >= 0; j--) {
        for (int k = j + 1; k < n; k++) v[j] -= m[k][j] * v[k];
        v[j] /= m[j][j];
    }
}
/* (J' W J + damping^2) x = J' W r - damping^2 y. */
static void normal_equations(int rows, int n, double a[MOST][MOST], const double *w,
                             const double *r, double damping, const double *y, double *x) {
    static double m[MOST][MOST];
    for (int j = 0; j < n; j++) {
        x[j] = -damping * damping * y[j];
        for (int i = 0; i < rows; i++) x[j] += a[i][j] * w[i] * r[i];
        for (int k = 0; k <= j; k++) {
            m[j][k] = j == k ? damping * damping : 0;
            for (int i = 0; i < rows; i++) m[j][k] += w[i] * a[i][j] * a[i][k];
        }
    }
    dense_solve(m, x, n);
}

/* ---- What is minimised, in double ---- */
static double half_square(const scan *s, const double *w, const double *x) {
    double y[MOST], sum = 0;
    times(s, x, y);
    for (int i = 0; i < s->rows; i++) sum += 0.5 * w[i] * (s->b[i] - y[i]) * (s->b[i] - y[i]);
    return sum;
}
static double counts(const scan *s, const double *w, const double *x) {
    double y[MOST], sum = 0, most = 0;
    times(s, x, y);
    for (int i = 0; i < s->rows; i++) most = w[i] > 0 ? fmax(most, s->b[i]) : most;
    for (int i = 0; i < s->rows; i++) {
        const double d = 1e-4 * most, b = s->b[i], at = fmax(y[i], d), e = y[i] - at;
        const double value = at - b + (b > 0 ? b * log(b / at) : 0), far = b < d ? d - b : 0;
        const double least = b < d ? d - b + (b > 0 ? b * log(b / d) : 0) - far * far / (2 * d) : 0;
        sum += w[i] * (value + (1 - b / at) * e + 0.5 * fmax(b, d) / (d * d) * e * e - least);
    }
    return sum;
}
/* Of neighbours in the image, with h its spacing along y and x. */
static double penalty_of(const scan *s, const vxg_solve_opts *o, const double *x) {
    const int n = s->side;
    const double hy = o->spacing[1] > 0 ? o->spacing[1] : 1,
                 hx = o->spacing[2] > 0 ? o->spacing[2] : 1, e = o->smooth;
    double sum = 0;
    for (int j = 0; j < n * n; j++) {
        const double dx = j % n + 1 < n ? (x[j + 1] - x[j]) / hx : 0;
        const double dy = j / n + 1 < n ? (x[j + n] - x[j]) / hy : 0, r = sqrt(dx * dx + dy * dy);
        switch (o->penalty) {
        case VXG_PENALTY_TV: sum += sqrt(r * r + e * e) - e; break;
        case VXG_PENALTY_TV_BY_AXIS:
            sum += sqrt(dx * dx + e * e) + sqrt(dy * dy + e * e) - 2 * e;
            break;
        case VXG_PENALTY_HUBER:
            sum += r > o->bend ? r - 0.5 * o->bend : 0.5 * r * r / o->bend;
            break;
        default: sum += 0.5 * r * r;
        }
    }
    return sum;
}
static double all_of(const scan *s, const double *w, const vxg_solve_opts *o, const double *x) {
    double sum = o->loss == VXG_LOSS_POISSON ? counts(s, w, x) : half_square(s, w, x);
    for (int j = 0; j < s->cols; j++) sum += 0.5 * o->damping * o->damping * x[j] * x[j];
    return sum + (o->weight > 0 ? o->weight * penalty_of(s, o, x) : 0);
}
/* The largest derivative that the bounds do not hold, against that at `from`. */
static double left_over(const scan *s, const double *w, const vxg_solve_opts *o, const double *x,
                        const double *from) {
    const double low = o->bounds == VXG_BOUNDS_NONE ? -INFINITY : o->lower,
                 high = o->bounds == VXG_BOUNDS_BOX ? o->upper : INFINITY;
    double y[MOST], most = 0, first = 0;
    for (int side = 0; side < 2; side++) {
        memcpy(y, side ? from : x, sizeof y);
        for (int j = 0; j < s->cols; j++) {
            const double kept = y[j], h = 1e-5;
            y[j] = kept + h;
            double g = all_of(s, w, o, y);
            y[j] = kept - h;
            g = (g - all_of(s, w, o, y)) / (2 * h);
            y[j] = kept;
            if (side) {
                first = fmax(first, fabs(g));
            } else if (!(kept <= low + 1e-7 && g > 0) && !(kept >= high - 1e-7 && g < 0)) {
                most = fmax(most, fabs(g));
            }
        }
    }
    return most / first;
}
static double fine(double f64, double f32) {
    return type == VXG_REAL_F64 ? f64 : f32;
}

/* ---- L-BFGS ---- */
TEST(quadratic)
{
    static const double dampings[] = {0, 0.7};
    static double zero[MOST];
    for (int d = 0; d < 2; d++)
        for (int weighted = 0; weighted < 2; weighted++) {
            const double *w = weighted ? fit.w : ones;
            double x[MOST], want[MOST], residual[150], penalty[150];
            const vxg_solve_opts o = {.iterations = 150, .damping = dampings[d]};
            CHECK_OK(solve("lbfgs", &fit, &o, weighted ? w : NULL, NULL, x, residual, penalty));
            normal_equations(fit.rows, fit.cols, fit.a, w, fit.b, dampings[d], zero, want);
            EXPECT(distance(x, want, fit.cols) < fine(2e-5, 3e-3), "weights %d, damping %g: %.2g",
                   weighted, dampings[d], distance(x, want, fit.cols));
            const double told = 0.5 * residual[149] * residual[149] + penalty[149],
                         there = all_of(&fit, w, &o, x);
            EXPECT(fabs(told - there) < fine(1e-9, 1e-4) * there, "told %.9g, there %.9g", told,
                   there);
            for (int i = 1; i < 150; i++) {
                const double now = 0.5 * residual[i] * residual[i] + penalty[i];
                const double before = 0.5 * residual[i - 1] * residual[i - 1] + penalty[i - 1];
                EXPECT(now <= before * (1 + 1e-14), "iteration %d: %.17g after %.17g", i, now,
                       before);
            }
        }
}

TEST(bounded)
{
    for (int h = 0; h < 2; h++) {
        const vxg_solve_opts o = {.iterations = 300,
                                  .bounds = VXG_BOUNDS_BOX,
                                  .lower = 0.3,
                                  .upper = 0.6,
                                  .history = h ? 2 : 0};
        double x[MOST], want[MOST], y[MOST], g[MOST];
        int held = 0;
        CHECK_OK(solve("lbfgs", &fit, &o, NULL, NULL, x, NULL, NULL));
        for (int j = 0; j < fit.cols; j++) want[j] = 0.5;
        for (int k = 0; k < 20000; k++) { /* steps shorter than 1 over the largest eigenvalue */
            times(&fit, want, y);
            for (int i = 0; i < fit.rows; i++) y[i] = fit.b[i] - y[i];
            back(&fit, y, g);
            for (int j = 0; j < fit.cols; j++)
                want[j] = fmin(fmax(want[j] + 0.01 * g[j], o.lower), o.upper);
        }
        for (int j = 0; j < fit.cols; j++) held += want[j] == o.lower || want[j] == o.upper;
        EXPECT(distance(x, want, fit.cols) < fine(1e-5, 3e-3), "history %d: %.2g", o.history,
               distance(x, want, fit.cols));
        EXPECT(held > 5 && held < fit.cols - 5, "%d of %d are at a bound", held, fit.cols);
    }
}

TEST(poisson)
{
    for (int k = 0; k < 3; k++) {
        const vxg_solve_opts o = {.iterations = 400,
                                  .loss = VXG_LOSS_POISSON,
                                  .bounds = k ? VXG_BOUNDS_POSITIVE : VXG_BOUNDS_NONE};
        const double *w = k == 2 ? fit.w : ones;
        double x[MOST], residual[400], penalty[400];
        CHECK_OK(solve("lbfgs", &fit, &o, k == 2 ? w : NULL, k == 1 ? halves : NULL, x, residual,
                       penalty));
        const double left = left_over(&fit, w, &o, x, halves), there = all_of(&fit, w, &o, x),
                     told = 0.5 * residual[399] * residual[399];
        EXPECT(left < fine(1e-5, 1e-2), "case %d: %.2g of the gradient is left", k, left);
        EXPECT(fabs(told - there) < fine(1e-8, 1e-3) * there, "case %d: told %.9g, there %.9g", k,
               told, there);
    }
}

/* Terms of counts where A x is 0 or less, or near the data: value and gradient, by the report and
 * by the first step of Adam, which is the gradient's sign. */
TEST(guard)
{
    const vxg_solve_opts o = {.iterations = 1, .loss = VXG_LOSS_POISSON};
    static double below[MOST], near[MOST];
    for (int j = 0; j < fit.cols; j++)
        below[j] = j % 3 ? -0.2 : 0.1, near[j] = fit.x[j] * (1 + 1e-3 * (j % 5 - 2));
    const double *const starts[] = {below, near};
    for (int k = 0; k < 2; k++) {
        double x[MOST], residual, penalty;
        CHECK_OK(solve("adam", &fit, &o, fit.w, starts[k], x, &residual, &penalty));
        const double want = counts(&fit, fit.w, starts[k]);
        EXPECT(fabs(0.5 * residual * residual - want) < fine(1e-11, 2e-5) * want,
               "start %d: %.12g, expected %.12g", k, 0.5 * residual * residual, want);
    }
}

/* A count that weighs nothing says nothing, however large; where all is met the loss is 0, though
 * some counts are. */
TEST(weightless)
{
    const vxg_solve_opts o = {.iterations = 12, .loss = VXG_LOSS_POISSON},
                         once = {.iterations = 1, .loss = VXG_LOSS_POISSON};
    static scan other;
    double w[MOST], x[2][MOST], start[MOST], residual[12], penalty[12];
    int zeros = 0;
    other = fit;
    for (int i = 0; i < fit.rows; i++) w[i] = i != 3;
    for (int k = 0; k < 2; k++) {
        other.b[3] = k ? 1e6 : 1;
        CHECK_OK(solve("lbfgs", &other, &o, w, NULL, x[k], residual, penalty));
    }
    EXPECT(!memcmp(x[0], x[1], (size_t)fit.cols * sizeof *start), "a count without weight counts");
    for (int j = 0; j < fit.cols; j++) start[j] = j % 5 == 0 && j < fit.cols / 2 ? 2 : 0;
    times(&fit, start, other.b);
    for (int i = 0; i < fit.rows; i++) zeros += other.b[i] == 0;
    CHECK_OK(solve("adam", &other, &once, NULL, start, x[0], residual, penalty));
    EXPECT(zeros > 0 && residual[0] < fine(1e-6, 2e-2), "%d zeros: %.3g where all is met", zeros,
           residual[0]);
}

TEST(penalties)
{
    for (int k = VXG_PENALTY_TV; k <= VXG_PENALTY_SQUARE; k++) {
        const vxg_solve_opts o = {.iterations = 400,
                                  .weight = 0.4,
                                  .penalty = (vxg_solve_penalty)k,
                                  .bend = k == VXG_PENALTY_HUBER ? 0.1 : 0,
                                  .smooth = 0.05,
                                  .damping = 0.1,
                                  .spacing = {0, 1.5, 0.8},
                                  .bounds = VXG_BOUNDS_BOX,
                                  .lower = 0.1,
                                  .upper = 0.9};
        double x[MOST], residual[400], penalty[400];
        CHECK_OK(solve("lbfgs", &fit, &o, fit.w, NULL, x, residual, penalty));
        const double left = left_over(&fit, fit.w, &o, x, ones),
                     told = 0.5 * residual[399] * residual[399] + penalty[399],
                     there = all_of(&fit, fit.w, &o, x);
        EXPECT(left < fine(1e-5, 5e-3), "penalty %d: %.2g of the gradient is left", k, left);
        EXPECT(fabs(told - there) < fine(1e-8, 1e-4) * there, "penalty %d: told %.9g, there %.9g",
               k, told, there);
    }
}

/* y = exp(-A x / 2): a model of light that is left over; Gauss and Newton's steps in double. */
static int curved_model(scan *out, vxg_op **op) {
    vxg_op *curve;
    *out = fit;
    int status = vxg_op_math(dev, VXG_MATH_EXP, -0.5, vxg_op_range(fit.op), &curve);
    if (status) return status;
    status = vxg_op_compose(curve, fit.op, op);
    vxg_op_release(curve);
    out->op = *op;
    times(&fit, fit.x, out->b);
    for (int i = 0; i < fit.rows; i++)
        out->b[i] = (float)(exp(-0.5 * out->b[i]) * (1 + 0.02 * (i % 7 - 3)));
    return status;
}
TEST(curved)
{
    static scan model;
    static double jacobian[MOST][MOST];
    vxg_op *op;
    double x[MOST], want[MOST], y[MOST], r[MOST], step[MOST];
    const vxg_solve_opts o = {.iterations = 600, .damping = 0.05};
    CHECK_OK(curved_model(&model, &op));
    CHECK_OK(solve("lbfgs", &model, &o, NULL, halves, x, NULL, NULL));
    memcpy(want, halves, sizeof want);
    for (int k = 0; k < 60; k++) {
        times(&fit, want, y);
        for (int i = 0; i < fit.rows; i++) {
            y[i] = exp(-0.5 * y[i]), r[i] = model.b[i] - y[i];
            for (int j = 0; j < fit.cols; j++) jacobian[i][j] = -0.5 * y[i] * fit.a[i][j];
        }
        normal_equations(fit.rows, fit.cols, jacobian, ones, r, o.damping, want, step);
        for (int j = 0; j < fit.cols; j++) want[j] += step[j];
    }
    double most = 0;
    for (int j = 0; j < fit.cols; j++) most = fmax(most, fabs(step[j]));
    EXPECT(most < 1e-9, "Gauss and Newton go on by %.2g", most);
    EXPECT(distance(x, want, fit.cols) < fine(1e-5, 3e-2), "%.2g apart",
           distance(x, want, fit.cols));
    vxg_op_release(op);
}

/* ---- A loss of the caller's: sum of (x_j - j)^4 / 4 + x_j^2 / 2 - 100, on the cpu ---- */
static double value_at(const vxg_array *a, int64_t j) {
    const void *p = vxg_buffer_host(a->buffer);
    return type == VXG_REAL_F64 ? ((const double *)p)[a->offset + j]
                                : (double)((const float *)p)[a->offset + j];
}
static void set_at(const vxg_array *a, int64_t j, double v) {
    void *p = vxg_buffer_host(a->buffer);
    if (type == VXG_REAL_F64)
        ((double *)p)[a->offset + j] = v;
    else
        ((float *)p)[a->offset + j] = (float)v;
}
static int own_apply(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                     const vxg_array *out) {
    double sum = -100;
    (void)op, (void)call;
    for (int j = 0; j < 8; j++) {
        const double x = value_at(in, j), d = x - j;
        sum += 0.25 * d * d * d * d + 0.5 * x * x;
    }
    set_at(out, 0, sum);
    return VXG_OK;
}
static int own_vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                   const vxg_array *cotangent, const vxg_array *grad) {
    (void)op, (void)call;
    for (int j = 0; j < 8; j++) {
        const double x = value_at(in, j), d = x - j;
        set_at(grad, j, value_at(cotangent, 0) * (d * d * d + x));
    }
    return VXG_OK;
}
TEST(own_loss)
{
    static const vxg_op_class cls = {
        .size = sizeof cls, .name = "own", .apply = own_apply, .vjp = own_vjp};
    static const char *const methods[] = {"lbfgs", "adam"};
    if (strcmp(vxg_device_get_info(dev)->backend, "cpu") != 0) SKIP("a loss of the cpu");
    for (int ndim = 0; ndim < 2; ndim++)
        for (int m = 0; m < 2; m++) {
            const vxg_space in = {.dtype = vxg_real_dtype(type), .ndim = 1, .shape = {8}};
            const vxg_space out = {.dtype = in.dtype, .ndim = ndim, .shape = {1}};
            const vxg_op_opts q = {.device = dev, .in = &in, .ninputs = 1, .out = &out};
            const vxg_solve_opts o = {.iterations = m ? 4000 : 60, .step = m ? 0.01 : 0};
            vxg_solve_report r = {.size = sizeof r};
            vxg_solve_reason reason;
            vxg_op *op;
            vxg_solver *s;
            double x[8], least = -100;
            CHECK_OK(vxg_op_new(&cls, &q, &op));
            CHECK_OK(vxg_solver_new(methods[m], &(vxg_solve_problem){.op = op}, &o, &s));
            CHECK_OK(vxg_solver_run(s, &reason));
            CHECK_OK(take(vxg_solver_x(s), x));
            CHECK_OK(vxg_solver_report(s, &r));
            for (int j = 0; j < 8; j++) {
                double t = j; /* (t - j)^3 + t = 0 by Newton's steps */
                for (int k = 0; k < 60; k++)
                    t -= ((t - j) * (t - j) * (t - j) + t) / (3 * (t - j) * (t - j) + 1);
                least += 0.25 * pow(t - j, 4) + 0.5 * t * t;
                EXPECT(fabs(x[j] - t) < (m ? 2e-3 : fine(1e-6, 3e-3)), "%s, value %d: %g, not %g",
                       methods[m], j, x[j], t);
            }
            EXPECT(r.residual == 0 && r.data == 0 && fabs(r.penalty - least) < 1e-4,
                   "%s: residual %g, data %g, penalty %g of %g", methods[m], r.residual, r.data,
                   r.penalty, least);
            EXPECT(reason == VXG_SOLVED_ITERATIONS, "%s: reason %d", methods[m], (int)reason);
            vxg_solver_release(s), vxg_op_release(op);
        }
}

/* ---- Adam ---- */
static void dense_adam(const scan *s, const double *w, const vxg_solve_opts *o, double *x) {
    const double beta1 = o->beta1 > 0 ? o->beta1 : 0.9, beta2 = o->beta2 > 0 ? o->beta2 : 0.999,
                 eps = o->eps > 0 ? o->eps : 1e-8;
    const int n = o->subsets, views = s->rows / s->width;
    double m[MOST] = {0}, v[MOST] = {0};
    int t = 0;
    for (int k = 0; k < o->iterations; k++)
        for (int now = 0; now < n; now++) {
            double g[MOST], y[MOST], p[MOST];
            const double share = (double)views / ((views - now + n - 1) / n);
            times(s, x, y);
            for (int i = 0; i < s->rows; i++) {
                const double of = o->loss != VXG_LOSS_POISSON ? y[i] - s->b[i]
                                  : y[i] > 0                  ? 1 - s->b[i] / y[i]
                                                              : 0; /* it meets nothing */
                y[i] = i / s->width % n == now && w[i] > 0 ? share * w[i] * of : 0;
            }
            back(s, y, g);
            memcpy(p, x, sizeof p);
            for (int j = 0; j < s->cols; j++) {
                const double h = 1e-5;
                p[j] = x[j] + h;
                double d = penalty_of(s, o, p);
                p[j] = x[j] - h;
                d = (d - penalty_of(s, o, p)) / (2 * h);
                p[j] = x[j];
                g[j] += o->damping * o->damping * x[j] + o->weight * d;
            }
            t++;
            for (int j = 0; j < s->cols; j++) {
                m[j] = beta1 * m[j] + (1 - beta1) * g[j];
                v[j] = beta2 * v[j] + (1 - beta2) * g[j] * g[j];
                x[j] -= o->step * (m[j] / (1 - pow(beta1, t))) /
                        (sqrt(v[j] / (1 - pow(beta2, t))) + eps);
                x[j] = fmin(fmax(x[j], o->lower), o->upper);
            }
        }
}
TEST(adam)
{
    const vxg_solve_opts cases[] = {
        {.iterations = 25, .subsets = 1, .step = 0.02},
        {.iterations = 8, .subsets = 4, .step = 0.03, .damping = 0.3, .eps = 0.5},
        {.iterations = 8,
         .subsets = 3,
         .step = 0.03,
         .beta1 = 0.7,
         .beta2 = 0.95,
         .weight = 0.5,
         .penalty = VXG_PENALTY_SQUARE,
         .smooth = 0.1},
        {.iterations = 12, .subsets = 1, .step = 0.02, .loss = VXG_LOSS_POISSON},
    };
    for (int c = 0; c < 4; c++) {
        double x[MOST], want[MOST];
        vxg_solve_opts o = cases[c];
        o.bounds = VXG_BOUNDS_BOX, o.lower = 0.2, o.upper = 0.85;
        CHECK_OK(solve("adam", &fit, &o, fit.w, halves, x, NULL, NULL));
        memcpy(want, halves, sizeof want);
        dense_adam(&fit, fit.w, &o, want);
        EXPECT(distance(x, want, fit.cols) < fine(1e-6, 1e-3), "case %d: %.2g", c,
               distance(x, want, fit.cols));
    }
}

/* By subsets it comes near the least that there is. */
TEST(stochastic)
{
    static double zero[MOST];
    const vxg_solve_opts o = {
        .iterations = 400, .subsets = 7, .order = VXG_ORDER_RANDOM, .seed = 3, .step = 3e-3};
    double x[MOST], want[MOST];
    CHECK_OK(solve("adam", &fit, &o, NULL, NULL, x, NULL, NULL));
    normal_equations(fit.rows, fit.cols, fit.a, ones, fit.b, 0, zero, want);
    const double least = half_square(&fit, ones, want), first = half_square(&fit, ones, zero),
                 there = half_square(&fit, ones, x);
    EXPECT(there - least < 2e-3 * (first - least), "%g, the least is %g, 0 has %g", there, least,
           first);
}

/* ---- Both ---- */
TEST(same_bits)
{
    static const int threads[] = {1, 2, 3, 7, 1};
    static const char *const methods[] = {"lbfgs", "adam"};
    const int before = vxg_threads();
    for (int m = 0; m < 2; m++) {
        const vxg_solve_opts o = {.iterations = 20,
                                  .weight = 0.1,
                                  .smooth = 0.1,
                                  .step = m ? 0.01 : 0,
                                  .subsets = m ? 4 : 0};
        double x[MOST], first[MOST];
        for (int i = 0; i < 5; i++) {
            CHECK_OK(vxg_set_threads(threads[i]));
            CHECK_OK(solve(methods[m], &fit, &o, fit.w, NULL, i ? x : first, NULL, NULL));
            EXPECT(!i || !memcmp(x, first, sizeof(double) * (size_t)fit.cols), "%s, %d threads",
                   methods[m], threads[i]);
        }
    }
    vxg_set_threads(before);
}

/* Options for x in another unit: the same way to the same place. */
TEST(scaled)
{
    static const char *const methods[] = {"lbfgs", "adam"};
    static scan other;
    vxg_op *half;
    CHECK_OK(vxg_op_scale(0.5, fit.op, &half));
    other = fit, other.op = half;
    for (int m = 0; m < 2; m++) {
        vxg_solve_opts o = {.size = sizeof o,
                            .iterations = 30,
                            .damping = 0.2,
                            .weight = 0.2,
                            .smooth = 0.05,
                            .bounds = VXG_BOUNDS_BOX,
                            .lower = 0.1,
                            .upper = 0.8,
                            .step = m ? 0.01 : 0,
                            .eps = m ? 0.3 : 0};
        double x[2][MOST];
        CHECK_OK(solve(methods[m], &fit, &o, NULL, NULL, x[0], NULL, NULL));
        CHECK_OK(vxg_solve_opts_scale(&o, 2));
        CHECK_OK(solve(methods[m], &other, &o, NULL, NULL, x[1], NULL, NULL));
        for (int j = 0; j < fit.cols; j++) x[1][j] *= 0.5;
        EXPECT(distance(x[1], x[0], fit.cols) < fine(1e-9, 1e-3), "%s: %.2g", methods[m],
               distance(x[1], x[0], fit.cols));
    }
    vxg_op_release(half);
}

/* ---- Operators ---- */
/* F(x) and F'(x) t of an operator of n values; a space of another size for its result. */
static int twice(const vxg_op *op, const double *x, const double *t, double *y, double *slope) {
    vxg_array in, tangent, out;
    int status = vxg_op_new_array(op, 0, &in);
    if (!status) status = vxg_op_new_array(op, 0, &tangent);
    if (!status) status = vxg_op_new_array(op, -1, &out);
    if (!status) status = put(&in, x);
    if (!status) status = put(&tangent, t);
    if (!status) status = vxg_op_apply(op, NULL, &in, &out);
    if (!status) status = take(&out, y);
    if (!status) status = vxg_op_jvp(op, NULL, &in, &tangent, &out);
    if (!status) status = take(&out, slope);
    vxg_array_release(&in), vxg_array_release(&tangent), vxg_array_release(&out);
    return status;
}
TEST(proximal)
{
    enum { N = 9 };
    static const double x[N] = {-2, -0.75, -0.5, -0.25, 0, 0.125, 0.5, 0.875, 3},
                        soft[N] = {-1.5, -0.25, 0, 0, 0, 0, 0, 0.375, 2.5},
                        soft_slope[N] = {1, 1, 0, 0, 0, 0, 0, 1, 1},
                        box[N] = {-0.5, -0.5, -0.5, -0.25, 0, 0.125, 0.5, 0.75, 0.75},
                        box_slope[N] = {0, 0, 1, 1, 1, 1, 1, 0, 0};
    const vxg_space space = {.dtype = vxg_real_dtype(type), .ndim = 1, .shape = {N}};
    for (int kind = VXG_PROX_SOFT; kind <= VXG_PROX_SQUARE; kind++) {
        const double a = kind == VXG_PROX_BOX ? -0.5 : kind == VXG_PROX_SOFT ? 0.5 : 0.25;
        double y[N], slope[N];
        vxg_op *op;
        CHECK_OK(vxg_op_prox(dev, (vxg_prox)kind, a, kind == VXG_PROX_BOX ? 0.75 : 0, &space, &op));
        CHECK_OK(twice(op, x, ones, y, slope));
        for (int j = 0; j < N; j++) {
            const double want = kind == VXG_PROX_SOFT  ? soft[j]
                                : kind == VXG_PROX_BOX ? box[j]
                                                       : x[j] / 1.25;
            const double by = kind == VXG_PROX_SOFT  ? soft_slope[j]
                              : kind == VXG_PROX_BOX ? box_slope[j]
                                                     : 0.8;
            EXPECT(fabs(y[j] - want) < 1e-6 && fabs(slope[j] - by) < 1e-6,
                   "kind %d at %g: %g, slope %g; expected %g and %g", kind, x[j], y[j], slope[j],
                   want, by);
        }
        vxg_op_release(op);
    }
}
TEST(penalty_operators)
{
    const vxg_space *space = vxg_op_domain(fit.op, 0);
    double y[3 * MOST], slope[3 * MOST];
    vxg_op *op;
    for (int k = VXG_PENALTY_TV; k <= VXG_PENALTY_SQUARE; k++) {
        const vxg_penalty_opts o = {.size = sizeof o,
                                    .kind = (vxg_solve_penalty)k,
                                    .bend = 0.3,
                                    .smooth = 0.05,
                                    .spacing = {0, 1.5, 0.8}};
        const vxg_solve_opts same = {
            .penalty = o.kind, .bend = 0.3, .smooth = 0.05, .spacing = {0, 1.5, 0.8}};
        double moved[2][MOST];
        CHECK_OK(vxg_op_penalty(dev, space, &o, &op));
        CHECK_OK(twice(op, fit.x, fit.w, y, slope));
        for (int side = 0; side < 2; side++)
            for (int j = 0; j < fit.cols; j++)
                moved[side][j] = fit.x[j] + (side ? -1e-5 : 1e-5) * fit.w[j];
        const double want = penalty_of(&fit, &same, fit.x),
                     by = (penalty_of(&fit, &same, moved[0]) - penalty_of(&fit, &same, moved[1])) /
                          2e-5;
        EXPECT(fabs(y[0] - want) < fine(1e-12, 1e-6) * want, "penalty %d: %.12g, not %.12g", k,
               y[0], want);
        EXPECT(fabs(slope[0] - by) < fine(1e-7, 1e-5) * want, "penalty %d: slope %.9g, not %.9g", k,
               slope[0], by);
        vxg_op_release(op);
    }
    /* (1, 2, 3) -> parts along x, y, z */
    const vxg_space small = {.dtype = vxg_real_dtype(type), .ndim = 3, .shape = {1, 2, 3}};
    static const double x[] = {1, 4, 9, 0, 2, 7}, steps[] = {5, 2, 0.5},
                        want[] = {6, 10, 0, 4, 10, 0, -0.5, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    CHECK_OK(vxg_op_differences(dev, &small, steps, &op));
    CHECK_OK(twice(op, x, x, y, slope));
    for (int j = 0; j < 18; j++)
        EXPECT(fabs(y[j] - want[j]) < 1e-6, "difference %d: %g, not %g", j, y[j], want[j]);
    vxg_op_release(op);
}
TEST(operators_refused)
{
    const vxg_space *space = vxg_op_domain(fit.op, 0);
    const vxg_space whole = {.dtype = VXG_I32, .ndim = 1, .shape = {4}},
                    deep = {.dtype = VXG_F32, .ndim = 4, .shape = {2, 2, 2, 2}};
    static const double bad[] = {1, NAN, 1};
    vxg_op *op = NULL;
    REFUSED(vxg_op_differences(dev, space, bad, &op), VXG_ERR_ARGUMENT, "spacing[1] is nan");
    REFUSED(vxg_op_differences(dev, &whole, NULL, &op), VXG_ERR_UNSUPPORTED, "the space is int32");
    REFUSED(vxg_op_differences(dev, &deep, NULL, &op), VXG_ERR_UNSUPPORTED, "4 axes");
    REFUSED(vxg_op_differences(NULL, space, NULL, &op), VXG_ERR_ARGUMENT, "is NULL");
    REFUSED(vxg_op_penalty(dev, space, &(vxg_penalty_opts){.kind = VXG_PENALTY_HUBER}, &op),
            VXG_ERR_ARGUMENT, "bend is 0");
    REFUSED(vxg_op_penalty(dev, space, &(vxg_penalty_opts){.smooth = -1}, &op), VXG_ERR_ARGUMENT,
            "smooth is -1");
    REFUSED(vxg_op_penalty(dev, space, &(vxg_penalty_opts){.kind = (vxg_solve_penalty)9}, &op),
            VXG_ERR_ARGUMENT, "kind is 9");
    REFUSED(vxg_op_prox(dev, VXG_PROX_SOFT, -1, 0, space, &op), VXG_ERR_ARGUMENT, "a is -1");
    REFUSED(vxg_op_prox(dev, VXG_PROX_SOFT, 1, 1, space, &op), VXG_ERR_ARGUMENT, "b is 1");
    REFUSED(vxg_op_prox(dev, VXG_PROX_BOX, 1, 0, space, &op), VXG_ERR_ARGUMENT,
            "a box from 1 to 0");
    REFUSED(vxg_op_prox(dev, VXG_PROX_BOX, NAN, 0, space, &op), VXG_ERR_ARGUMENT, "a is nan");
    REFUSED(vxg_op_prox(dev, (vxg_prox)5, 1, 0, space, &op), VXG_ERR_ARGUMENT, "unknown kind 5");
    REFUSED(vxg_op_prox(dev, VXG_PROX_BOX, 0, 1, &whole, &op), VXG_ERR_UNSUPPORTED,
            "the space is int32");
    EXPECT(!op, "an operator after all");
}

/* What a solver is said to take is what it takes. */
TEST(memory)
{
    static const char *const methods[] = {"dart", "lbfgs", "adam"};
    static double levels[] = {0, 1};
    enum { N = 160, SUBSETS = 3 };
    double angles[N];
    vxg_ct_geometry *geo;
    vxg_op *op;
    vxg_array b, w;
    if (SANITIZED || strcmp(vxg_device_get_info(dev)->backend, "cpu") != 0)
        SKIP("the heap of the cpu is looked at");
    for (int i = 0; i < N; i++) angles[i] = 3.14159265 * i / N;
    const vxg_ct_parallel_opts g = {.angles = angles, .nviews = N, .rows = 1, .cols = N};
    const vxg_ct_volume vol = {.nz = 1, .ny = N, .nx = N};
    const vxg_ct_projector_opts real = {.real = type};
    CHECK_OK(vxg_ct_parallel_circular(&g, &geo));
    CHECK_OK(vxg_ct_projector(dev, geo, &vol, &real, &op));
    CHECK_OK(vxg_op_new_array(op, -1, &b));
    CHECK_OK(vxg_op_new_array(op, -1, &w));
    CHECK_OK(vxg_array_fill(NULL, &b, 1));
    CHECK_OK(vxg_array_fill(NULL, &w, 0.5));
    for (int m = 0; m < 3; m++) {
        vxg_solve_opts o = {.iterations = 10};
        const vxg_solve_problem p = {.op = op, .data = &b, .weights = &w};
        vxg_solver *s;
        int64_t bytes, taken = 0;
        if (m == 0) o.levels = (vxg_numbers){2, levels};
        if (m != 1) o.subsets = SUBSETS;
        if (m) o.weight = 0.1;
        CHECK_OK(vxg_solver_memory(methods[m], &p, &o, &bytes));
        for (int again = 0; again < 2; again++) { /* kernels and threads are made the first time */
            const struct mallinfo2 before = mallinfo2();
            CHECK_OK(vxg_solver_new(methods[m], &p, &o, &s));
            CHECK_OK(vxg_solver_step(s));
            const struct mallinfo2 now = mallinfo2();
            taken =
                (int64_t)(now.uordblks + now.hblkhd) - (int64_t)(before.uordblks + before.hblkhd);
            vxg_solver_release(s);
        }
        EXPECT(taken > 0.9 * (double)bytes && taken < 1.03 * (double)bytes + 65536,
               "%s: %lld bytes are said, %lld taken", methods[m], (long long)bytes,
               (long long)taken);
    }
    vxg_array_release(&b), vxg_array_release(&w);
    vxg_op_release(op), vxg_ct_geometry_release(geo);
}

static int start(void) {
    for (int i = 0; i < MOST; i++) ones[i] = 1, halves[i] = 0.5;
    return make_scan(&fit, 6, 14);
}
static void stop(void) {
    vxg_op_release(fit.op);
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(quadratic),  T(bounded),           T(poisson),
                                      T(guard),      T(weightless),        T(penalties),
                                      T(curved),     T(own_loss),          T(adam),
                                      T(stochastic), T(same_bits),         T(scaled),
                                      T(proximal),   T(penalty_operators), T(operators_refused),
                                      T(memory)};
    return scan_main("loss", list, (int)(sizeof list / sizeof *list), start, stop, argc, argv);
}
