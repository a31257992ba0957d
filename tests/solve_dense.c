/* Solvers against the same iterations written out for a small dense matrix in double, against its
 * least squares solution, and what theory promises. */
#include <voxgrad/voxgrad.h>

#include "solve_method.h"
#include "solve_scan.h"

static scan scans[2]; /* fewer unknowns than rays; more */

/* ---- The iterations written out ---- */
/* Weights of the rays of subset k of n: every n-th view. */
static void weights_of(const scan *s, const double *w, int k, int n, double *part) {
    for (int i = 0; i < s->rows; i++) part[i] = i / s->width % n == k ? w[i] : 0;
}

typedef struct subsets {
    int n, norder;
    const int *order; /* NULL: one after the other */
} subsets;

static void dense_sirt(const scan *s, const double *w, double lambda, int iterations, double least,
                       const subsets *sets, int plain, double *x) {
    double r[MOST], all[MOST], rows[MOST], columns[MOST], y[MOST], g[MOST], part[MOST];
    for (int i = 0; i < MOST; i++) all[i] = 1;
    times(s, all, rows);
    for (int k = 0; k < iterations * sets->norder; k++) {
        const int now = sets->order ? sets->order[k % sets->norder] : k % sets->norder;
        weights_of(s, w, now, sets->n, part);
        back(s, part, columns);
        times(s, x, y);
        for (int i = 0; i < s->rows; i++)
            r[i] = rows[i] > 0 ? part[i] * (s->b[i] - y[i]) / rows[i] : 0;
        back(s, r, g);
        for (int j = 0; j < s->cols; j++) {
            const double c = plain ? 1 : columns[j] > 0 ? 1 / columns[j] : 0;
            x[j] = fmax(x[j] + lambda * c * g[j], least);
        }
    }
}

static void dense_mlem(const scan *s, const double *w, int iterations, const subsets *sets,
                       double *x) {
    double r[MOST], columns[MOST], y[MOST], g[MOST], part[MOST];
    for (int k = 0; k < iterations * sets->norder; k++) {
        weights_of(s, w, sets->order ? sets->order[k % sets->norder] : k % sets->norder, sets->n,
                   part);
        back(s, part, columns);
        times(s, x, y);
        for (int i = 0; i < s->rows; i++) r[i] = y[i] > 0 ? part[i] * s->b[i] / y[i] : 0;
        back(s, r, g);
        for (int j = 0; j < s->cols; j++) x[j] *= columns[j] > 0 ? g[j] / columns[j] : 1;
    }
}

/* (A'WA + damping^2) x = A'W b by Cholesky. */
static void dense_least_squares(const scan *s, const double *w, double damping, double *x) {
    static double n[MOST][MOST];
    const int m = s->cols;
    double wb[MOST];
    for (int i = 0; i < s->rows; i++) wb[i] = w[i] * s->b[i];
    back(s, wb, x);
    for (int j = 0; j < m; j++)
        for (int k = 0; k <= j; k++) {
            n[j][k] = j == k ? damping * damping : 0;
            for (int i = 0; i < s->rows; i++) n[j][k] += w[i] * s->a[i][j] * s->a[i][k];
        }
    for (int j = 0; j < m; j++)
        for (int k = 0; k <= j; k++) {
            for (int i = 0; i < k; i++) n[j][k] -= n[j][i] * n[k][i];
            n[j][k] = j == k ? sqrt(n[j][j]) : n[j][k] / n[k][k];
        }
    for (int j = 0; j < m; j++) {
        for (int k = 0; k < j; k++) x[j] -= n[j][k] * x[k];
        x[j] /= n[j][j];
    }
    for (int j = m - 1; j >= 0; j--) {
        for (int k = j + 1; k < m; k++) x[j] -= n[k][j] * x[k];
        x[j] /= n[j][j];
    }
}

static double ones[MOST];

static const subsets whole = {1, 1, NULL};

TEST(sirt)
{
    for (int k = 0; k < 2; k++)
        for (int weighted = 0; weighted < 2; weighted++) {
            const scan *s = &scans[k];
            double x[MOST], want[MOST] = {0};
            const vxg_solve_opts o = {
                .iterations = 40, .relaxation = 1.3, .bounds = VXG_BOUNDS_POSITIVE};
            CHECK_OK(solve("sirt", s, &o, weighted ? s->w : NULL, NULL, x, NULL, NULL));
            dense_sirt(s, weighted ? s->w : ones, 1.3, 40, 0, &whole, 0, want);
            EXPECT(distance(x, want, s->cols) < close_to(), "scan %d, weights %d: %.2g", k,
                   weighted, distance(x, want, s->cols));
        }
}

/* SART takes every view by itself, OS-SART some together; orders, and steps that are not divided.
 */
TEST(ordered_subsets)
{
    static const int back_and_forth[] = {3, 0, 2, 2, 1};
    static double list[] = {3, 0, 2, 2, 1};
    const subsets views = {14, 14, NULL}, four = {4, 4, NULL}, given = {4, 5, back_and_forth};
    const struct {
        const char *method;
        vxg_solve_opts o;
        const subsets *sets;
    } cases[] = {
        {"sart", {.iterations = 4, .relaxation = 0.7}, &views},
        {"sart", {.iterations = 4, .relaxation = 0.05, .plain = 1}, &views},
        {"os-sart", {.iterations = 6, .relaxation = 0.9, .subsets = 4}, &four},
        {"os-sart",
         {.iterations = 6, .subsets = 4, .order = VXG_ORDER_GIVEN, .list = {5, list}},
         &given},
        {"osem", {.iterations = 6, .subsets = 4}, &four},
        {"osem",
         {.iterations = 3, .subsets = 4, .order = VXG_ORDER_GIVEN, .list = {5, list}},
         &given},
    };
    for (int c = 0; c < (int)(sizeof cases / sizeof *cases); c++)
        for (int weighted = 0; weighted < 2; weighted++) {
            const scan *s = &scans[0];
            const vxg_solve_opts *o = &cases[c].o;
            const double *w = weighted ? s->w : ones;
            const int counts = !strcmp(cases[c].method, "osem");
            double x[MOST], want[MOST];
            CHECK_OK(solve(cases[c].method, s, o, weighted ? w : NULL, NULL, x, NULL, NULL));
            for (int j = 0; j < s->cols; j++) want[j] = counts;
            if (counts) {
                dense_mlem(s, w, o->iterations, cases[c].sets, want);
            } else {
                dense_sirt(s, w, o->relaxation > 0 ? o->relaxation : 1, o->iterations, -1e9,
                           cases[c].sets, o->plain, want);
            }
            EXPECT(distance(x, want, s->cols) < close_to(), "case %d, weights %d: %.2g", c,
                   weighted, distance(x, want, s->cols));
        }
}

/* An order of subsets has each of them once, and a seed its own. */
TEST(orders)
{
    const scan *s = &scans[0];
    double x[4][MOST];
    vxg_solve_opts o = {.iterations = 1, .order = VXG_ORDER_RANDOM, .seed = 1};
    CHECK_OK(solve("sart", s, &o, NULL, NULL, x[0], NULL, NULL));
    CHECK_OK(solve("sart", s, &o, NULL, NULL, x[1], NULL, NULL));
    o.seed = 2;
    CHECK_OK(solve("sart", s, &o, NULL, NULL, x[2], NULL, NULL));
    o.order = VXG_ORDER_GOLDEN;
    CHECK_OK(solve("sart", s, &o, NULL, NULL, x[3], NULL, NULL));
    EXPECT(distance(x[0], x[1], s->cols) == 0, "a seed is not one order");
    EXPECT(distance(x[0], x[2], s->cols) > 1e-3, "two seeds are");
    int golden[14];
    for (int i = 0; i < 14; i++) {
        golden[i] = 0;
        for (int k = 0; k < 14; k++) /* the rank of where step i falls on the circle */
            golden[i] += fmod(0.6180339887498949 * k, 1) < fmod(0.6180339887498949 * i, 1);
    }
    const subsets sets = {14, 14, golden};
    double want[MOST] = {0};
    dense_sirt(s, ones, 1, 1, -1e9, &sets, 0, want);
    EXPECT(distance(x[3], want, s->cols) < close_to(), "golden: %.2g",
           distance(x[3], want, s->cols));
}

TEST(mlem)
{
    for (int k = 0; k < 2; k++)
        for (int weighted = 0; weighted < 2; weighted++) {
            const scan *s = &scans[k];
            double x[MOST], want[MOST], y[MOST], sum = 0, counts = 0;
            const vxg_solve_opts o = {.iterations = 25};
            CHECK_OK(solve("mlem", s, &o, weighted ? s->w : NULL, NULL, x, NULL, NULL));
            for (int j = 0; j < s->cols; j++) want[j] = 1;
            dense_mlem(s, weighted ? s->w : ones, 25, &whole, want);
            EXPECT(distance(x, want, s->cols) < close_to(), "scan %d, weights %d: %.2g", k,
                   weighted, distance(x, want, s->cols));
            times(s, x, y);
            for (int i = 0; i < s->rows; i++) { /* a ray that meets nothing holds no counts */
                double row = 0;
                for (int j = 0; j < s->cols; j++) row += s->a[i][j];
                sum += y[i], counts += row > 0 ? s->b[i] : 0;
            }
            EXPECT(weighted || fabs(sum - counts) < close_to() * counts,
                   "scan %d: %.9g counts of %.9g", k, sum, counts);
        }
}

/* Conjugate gradients end at the least squares solution; LSQR is the same in other words. */
TEST(least_squares)
{
    static const double dampings[] = {0, 0.7};
    for (int d = 0; d < 2; d++)
        for (int k = 0; k < (d ? 2 : 1); k++)
            for (int weighted = 0; weighted < 2; weighted++) {
                const scan *s = &scans[k];
                double x[MOST], y[MOST], want[MOST], res[200], res2[200];
                const vxg_solve_opts o = {.iterations = 200, .damping = dampings[d]};
                const double *w = weighted ? s->w : NULL;
                CHECK_OK(solve("cgls", s, &o, w, NULL, x, res, NULL));
                CHECK_OK(solve("lsqr", s, &o, w, NULL, y, res2, NULL));
                dense_least_squares(s, w ? w : ones, dampings[d], want);
                const double bound = type == VXG_REAL_F64 ? 1e-8 : 3e-4;
                EXPECT(distance(x, want, s->cols) < bound && distance(y, want, s->cols) < bound,
                       "scan %d, weights %d, damping %g: cgls %.2g, lsqr %.2g", k, weighted,
                       dampings[d], distance(x, want, s->cols), distance(y, want, s->cols));
                for (int i = 0; i < 20 && !d; i++)
                    EXPECT(fabs(res[i] - res2[i]) <= 5e-3 * res[0] &&
                               (!i || res[i] <= res[i - 1] * (1 + 1e-6)),
                           "iteration %d: residual %g by cgls, %g by lsqr", i, res[i], res2[i]);
            }
}

/* The step is 0.95 over the largest eigenvalue; then the iteration is the one written out, and
 * descends. */
TEST(landweber)
{
    for (int weighted = 0; weighted < 2; weighted++) {
        const scan *s = &scans[0];
        const double *w = weighted ? s->w : ones;
        double x[MOST], want[MOST] = {0}, first[MOST], history[60], y[MOST], g[MOST], v[MOST],
                        top = 0;
        const vxg_solve_opts one = {.iterations = 1}, o = {.iterations = 60, .relaxation = 1.9};
        CHECK_OK(solve("landweber", s, &one, weighted ? w : NULL, NULL, first, NULL, NULL));
        CHECK_OK(solve("landweber", s, &o, weighted ? w : NULL, NULL, x, history, NULL));
        for (int i = 0; i < s->rows; i++) y[i] = w[i] * s->b[i];
        back(s, y, g);
        const double step = first[7] / g[7];
        for (int j = 0; j < s->cols; j++) v[j] = 1;
        for (int k = 0; k < 500; k++) {
            times(s, v, y);
            for (int i = 0; i < s->rows; i++) y[i] *= w[i];
            back(s, y, g);
            top = 0;
            for (int j = 0; j < s->cols; j++) top = fmax(top, g[j]);
            for (int j = 0; j < s->cols; j++) v[j] = g[j] / top;
        }
        EXPECT(step * top > 0.95 - 1e-4 && step * top < 0.97, "step %g, largest eigenvalue %g",
               step, top);
        for (int k = 0; k < 60; k++) {
            times(s, want, y);
            for (int i = 0; i < s->rows; i++) y[i] = w[i] * (s->b[i] - y[i]);
            back(s, y, g);
            for (int j = 0; j < s->cols; j++) want[j] += 1.9 * step * g[j];
        }
        EXPECT(distance(x, want, s->cols) < 10 * close_to(), "weights %d: %.2g", weighted,
               distance(x, want, s->cols));
        for (int i = 1; i < 60; i++)
            EXPECT(history[i] <= history[i - 1] * (1 + 1e-6), "iteration %d: %g after %g", i,
                   history[i], history[i - 1]);
    }
}

/* The same bits for any number of threads. */
TEST(same_bits)
{
    const scan *s = &scans[1];
    double x[MOST], first[MOST];
    const int threads = vxg_threads();
    for (int i = 0; i < vxg_solve_row_count(); i++) {
        const char *name = vxg_solve_row_at(i)->name;
        const vxg_solve_opts o = needed(name, (vxg_solve_opts){.iterations = 9});
        CHECK_OK(solve(name, s, &o, s->w, NULL, first, NULL, NULL));
        for (int t = 1; t <= 7; t = t == 3 ? 7 : t + 1) {
            vxg_set_threads(t);
            CHECK_OK(solve(name, s, &o, s->w, NULL, x, NULL, NULL));
            EXPECT(!memcmp(x, first, sizeof(double) * (size_t)s->cols), "%s, %d threads", name, t);
        }
        vxg_set_threads(threads);
    }
}

static int start(void) {
    for (int i = 0; i < MOST; i++) ones[i] = 1;
    return make_scan(&scans[0], 6, 14) || make_scan(&scans[1], 10, 5);
}
static void stop(void) {
    vxg_op_release(scans[0].op), vxg_op_release(scans[1].op);
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(sirt),          T(ordered_subsets), T(orders),   T(mlem),
                                      T(least_squares), T(landweber),       T(same_bits)};
    return scan_main("solve", list, (int)(sizeof list / sizeof *list), start, stop, argc, argv);
}
