/* Methods with penalties of differences against a dense primal-dual iteration in double that runs
 * until its gap is closed, and against the closed form where the penalty is a square. */
#include <voxgrad/voxgrad.h>

#include "solve_scan.h"

static scan small;

/* ---- Differences of the image, and penalties, written out ---- */
enum { DIFFS = 2 * MOST };
static void differences(const scan *s, const double *x, const double *h, double *d) {
    const int n = s->side;
    for (int j = 0; j < n * n; j++) {
        d[2 * j] = j % n + 1 < n ? (x[j + 1] - x[j]) / h[2] : 0;
        d[2 * j + 1] = j / n + 1 < n ? (x[j + n] - x[j]) / h[1] : 0;
    }
}
static void transposed(const scan *s, const double *q, const double *h, double *g) {
    const int n = s->side;
    for (int j = 0; j < n * n; j++) g[j] = 0;
    for (int j = 0; j < n * n; j++) {
        if (j % n + 1 < n) g[j] -= q[2 * j] / h[2], g[j + 1] += q[2 * j] / h[2];
        if (j / n + 1 < n) g[j] -= q[2 * j + 1] / h[1], g[j + n] += q[2 * j + 1] / h[1];
    }
}

static double penalty_of(const vxg_solve_opts *o, double dx, double dy) {
    const double t = hypot(dx, dy);
    switch (o->penalty) {
    case VXG_PENALTY_TV: return t;
    case VXG_PENALTY_TV_BY_AXIS: return fabs(dx) + fabs(dy);
    case VXG_PENALTY_HUBER: return t > o->bend ? t - o->bend / 2 : t * t / (2 * o->bend);
    default: return t * t / 2;
    }
}
/* Of the weighted penalty's conjugate; q keeps to where that is finite. */
static double conjugate_of(const vxg_solve_opts *o, double qx, double qy) {
    const double square = qx * qx + qy * qy;
    if (o->penalty == VXG_PENALTY_HUBER) return o->bend * square / (2 * o->weight);
    return o->penalty == VXG_PENALTY_SQUARE ? square / (2 * o->weight) : 0;
}
static void dual_step(const vxg_solve_opts *o, double sigma, double *q) {
    const double w = o->weight;
    if (o->penalty == VXG_PENALTY_TV_BY_AXIS) {
        for (int i = 0; i < 2; i++) q[i] = fmax(-w, fmin(w, q[i]));
        return;
    }
    const double soft = o->penalty == VXG_PENALTY_HUBER    ? 1 / (1 + sigma * o->bend / w)
                        : o->penalty == VXG_PENALTY_SQUARE ? 1 / (1 + sigma / w)
                                                           : 1;
    q[0] *= soft, q[1] *= soft;
    const double t = hypot(q[0], q[1]);
    if (o->penalty != VXG_PENALTY_SQUARE && t > w) q[0] *= w / t, q[1] *= w / t;
}

static double primal(const scan *s, const double *w, const vxg_solve_opts *o, const double *h,
                     const double *x) {
    double y[MOST], d[DIFFS], sum = 0;
    times(s, x, y), differences(s, x, h, d);
    for (int i = 0; i < s->rows; i++) sum += 0.5 * w[i] * (y[i] - s->b[i]) * (y[i] - s->b[i]);
    for (int j = 0; j < s->cols; j++) sum += o->weight * penalty_of(o, d[2 * j], d[2 * j + 1]);
    return sum;
}

/* Chambolle and Pock with equal steps; returns the gap of its last x, p, q over the objective. */
static double dense(const scan *s, const double *w, const vxg_solve_opts *o, const double *h,
                    double *x) {
    double p[MOST] = {0}, q[DIFFS] = {0}, ahead[MOST] = {0}, y[MOST], d[DIFFS], g[MOST], t[MOST];
    double norm = 0, dual = 0;
    for (int j = 0; j < s->cols; j++) x[j] = 0, ahead[j] = 1 + j % 3;
    for (int k = 0; k < 200; k++) { /* largest eigenvalue of A'A + D'D */
        times(s, ahead, y), differences(s, ahead, h, d);
        back(s, y, g), transposed(s, d, h, t);
        norm = 0;
        for (int j = 0; j < s->cols; j++) g[j] += t[j], norm = fmax(norm, fabs(g[j]));
        for (int j = 0; j < s->cols; j++) ahead[j] = g[j] / norm;
    }
    const double step = 0.95 / sqrt(norm);
    for (int j = 0; j < s->cols; j++) ahead[j] = 0;
    for (int k = 0; k < 20000; k++) {
        times(s, ahead, y), differences(s, ahead, h, d);
        for (int i = 0; i < s->rows; i++)
            p[i] = w[i] > 0 ? w[i] * (p[i] + step * (y[i] - s->b[i])) / (w[i] + step) : 0;
        for (int j = 0; j < s->cols; j++) {
            q[2 * j] += step * d[2 * j], q[2 * j + 1] += step * d[2 * j + 1];
            dual_step(o, step, q + 2 * j);
        }
        back(s, p, g), transposed(s, q, h, t);
        for (int j = 0; j < s->cols; j++) {
            const double old = x[j];
            x[j] = fmax(o->lower, fmin(o->upper, old - step * (g[j] + t[j])));
            ahead[j] = 2 * x[j] - old;
        }
    }
    back(s, p, g), transposed(s, q, h, t);
    for (int i = 0; i < s->rows; i++)
        dual -= w[i] > 0 ? p[i] * p[i] / (2 * w[i]) + p[i] * s->b[i] : 0;
    for (int j = 0; j < s->cols; j++) {
        dual -= conjugate_of(o, q[2 * j], q[2 * j + 1]);
        dual += fmin(o->lower * (g[j] + t[j]), o->upper * (g[j] + t[j]));
    }
    const double value = primal(s, w, o, h, x);
    return (value - dual) / value;
}

static double ones[MOST];

/* The dense result, found once: the scans of all devices are the same but for rounding. */
static void best_of(int k, int weighted, const double *w, const vxg_solve_opts *o, const double *h,
                    double *x) {
    static double found[5][2][MOST];
    static int there[5][2];
    if (!there[k][weighted]) {
        const double gap = dense(&small, w, o, h, found[k][weighted]);
        EXPECT(fabs(gap) < 1e-6, "the dense iteration has a gap of %.2g", gap);
        there[k][weighted] = 1;
    }
    memcpy(x, found[k][weighted], sizeof found[k][weighted]);
}

static void against_dense(const char *method, int iterations, double off) {
    const vxg_solve_opts kinds[] = {
        {.penalty = VXG_PENALTY_TV, .weight = 0.4},
        {.penalty = VXG_PENALTY_TV_BY_AXIS, .weight = 0.3},
        {.penalty = VXG_PENALTY_HUBER, .weight = 0.4, .bend = 0.2},
        {.penalty = VXG_PENALTY_SQUARE, .weight = 2},
        {.penalty = VXG_PENALTY_TV, .weight = 0.4, .spacing = {0, 0.5, 2}},
    };
    for (int k = 0; k < (int)(sizeof kinds / sizeof *kinds); k++)
        for (int weighted = 0; weighted < 2; weighted++) {
            const scan *s = &small;
            const double *w = weighted ? s->w : ones;
            vxg_solve_opts o = kinds[k];
            const double h[3] = {1, o.spacing[1] > 0 ? o.spacing[1] : 1,
                                 o.spacing[2] > 0 ? o.spacing[2] : 1};
            double x[MOST], want[MOST], residual[3000], penalty[3000];
            o.iterations = iterations, o.bounds = VXG_BOUNDS_BOX, o.lower = 0, o.upper = 0.8;
            best_of(k, weighted, w, &o, h, want);
            CHECK_OK(solve(method, s, &o, weighted ? w : NULL, NULL, x, residual, penalty));
            EXPECT(distance(x, want, s->cols) < off, "%s, penalty %d, weights %d: x is %.2g off",
                   method, (int)o.penalty, weighted, distance(x, want, s->cols));
            const double got = primal(s, w, &o, h, x), best = primal(s, w, &o, h, want);
            EXPECT(got - best < 1e-5 * best && got - best > -1e-6 * best,
                   "penalty %d, weights %d: %.9g, at best %.9g", (int)o.penalty, weighted, got,
                   best);
            const double told =
                residual[iterations - 1] * residual[iterations - 1] / 2 + penalty[iterations - 1];
            EXPECT(fabs(told - got) < 1e-4 * got, "penalty %d: told %.7g, is %.7g", (int)o.penalty,
                   told, got);
        }
}

TEST(primal_dual)
{ against_dense("pdhg-tv", 3000, type == VXG_REAL_F64 ? 1e-4 : 1e-3); }
TEST(proximal_gradients)
{ against_dense("fista-tv", 600, type == VXG_REAL_F64 ? 1e-4 : 2e-3); }

TEST(refused)
{
    double x[MOST];
    const vxg_solve_opts bend = {.penalty = VXG_PENALTY_HUBER, .weight = 1}, none = {.weight = 1},
                         spacing = {.weight = 1, .spacing = {0, -1, 0}};
    EXPECT(solve("pdhg-tv", &small, &bend, NULL, NULL, x, NULL, NULL) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "bend is 0"),
           "%s", vxg_error_message());
    EXPECT(solve("sirt", &small, &none, NULL, NULL, x, NULL, NULL) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "takes no weight"),
           "%s", vxg_error_message());
    EXPECT(solve("pdhg-tv", &small, &spacing, NULL, NULL, x, NULL, NULL) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "spacing[1] is -1"),
           "%s", vxg_error_message());
}

static int start(void) {
    for (int i = 0; i < MOST; i++) ones[i] = 1;
    return make_scan(&small, 8, 11);
}
static void stop(void) {
    vxg_op_release(small.op);
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(primal_dual), T(proximal_gradients), T(refused)};
    return scan_main("tv", list, (int)(sizeof list / sizeof *list), start, stop, argc, argv);
}
