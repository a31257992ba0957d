/* TV-POCS, ASD-POCS and AwTV-POCS against the same iteration written out in double, with gradients
 * of total variation by differences of it. */
#include <voxgrad/voxgrad.h>

#include "solve_scan.h"

static scan small;

/* The sum over pixels that have both neighbours. */
static double variation(const scan *s, const double *x, double smooth, double delta,
                        const double *h) {
    const int n = s->side;
    double sum = 0;
    for (int j = 0; j < n * n; j++) {
        if (j % n + 1 >= n || j / n + 1 >= n) continue;
        const double d[2] = {(x[j + 1] - x[j]) / h[2], (x[j + n] - x[j]) / h[1]};
        double f = smooth * smooth;
        for (int i = 0; i < 2; i++)
            f += d[i] * d[i] * (delta > 0 ? exp(-d[i] * d[i] / (delta * delta)) : 1);
        sum += sqrt(f);
    }
    return sum;
}

static double norm(const double *a, const double *b, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) sum += (a[i] - (b ? b[i] : 0)) * (a[i] - (b ? b[i] : 0));
    return sqrt(sum);
}

static void descend(const scan *s, double length, int inner, double smooth, double delta,
                    const double *h, double *x) {
    for (int k = 0; k < inner; k++) {
        double g[MOST];
        for (int j = 0; j < s->cols; j++) {
            const double kept = x[j], step = 1e-5;
            x[j] = kept + step;
            g[j] = variation(s, x, smooth, delta, h);
            x[j] = kept - step;
            g[j] = (g[j] - variation(s, x, smooth, delta, h)) / (2 * step);
            x[j] = kept;
        }
        const double size = norm(g, NULL, s->cols);
        for (int j = 0; j < s->cols && size > 0; j++) x[j] -= length * g[j] / size;
    }
    for (int j = 0; j < s->cols; j++) x[j] = fmax(x[j], 0);
}

/* One sweep of SART; returns the residual of x as each view found it. */
static double sweep(const scan *s, double relaxation, double *x) {
    double square = 0;
    for (int v = 0; v < s->rows / s->width; v++) {
        double g[MOST] = {0}, columns[MOST] = {0};
        for (int i = v * s->width; i < (v + 1) * s->width; i++) {
            double y = 0, row = 0;
            for (int j = 0; j < s->cols; j++) y += s->a[i][j] * x[j], row += s->a[i][j];
            square += (s->b[i] - y) * (s->b[i] - y);
            for (int j = 0; j < s->cols; j++) {
                columns[j] += s->a[i][j];
                if (row > 0) g[j] += s->a[i][j] * (s->b[i] - y) / row;
            }
        }
        for (int j = 0; j < s->cols; j++)
            x[j] = fmax(x[j] + (columns[j] > 0 ? relaxation * g[j] / columns[j] : 0), 0);
    }
    return sqrt(square);
}

enum { TV, ASD, AWTV };
/* *fell: how often a rule made something less. */
static void dense(const scan *s, int kind, const vxg_solve_opts *o, double *x, int *fell) {
    const double h[3] = {1, o->spacing[1], o->spacing[2]};
    double pace = o->relaxation, length = 0, last = 0;
    *fell = 0;
    for (int k = 0; k < o->iterations; k++) {
        double before[MOST], after[MOST];
        memcpy(before, x, sizeof before);
        const double residual = sweep(s, pace, x), swept = norm(x, before, s->cols);
        memcpy(after, x, sizeof after);
        if (kind == TV) {
            descend(s, o->alpha * swept, o->inner, o->smooth, 0, h, x);
        } else if (kind == AWTV) {
            descend(s, o->alpha * pow(0.995, k) * swept, o->inner, o->smooth, o->delta, h, x);
            if (k && fabs(residual - last) < o->epsilon) pace *= o->beta_red, ++*fell;
            last = residual;
        } else if (k + 1 < o->iterations) {
            if (k == 0) length = o->alpha * swept;
            descend(s, length, o->inner, o->smooth, 0, h, x);
            if (norm(x, after, s->cols) > o->r_max * swept && residual > o->epsilon)
                length *= o->alpha_red, ++*fell;
            pace *= o->beta_red;
        }
    }
}

TEST(written_out)
{
    static const char *const methods[] = {"tv-pocs", "asd-pocs", "awtv-pocs"};
    for (int kind = 0; kind < 3; kind++) {
        double x[MOST], want[MOST] = {0}, start_tv, plain[MOST];
        int fell;
        vxg_solve_opts o = {.iterations = 8,
                            .relaxation = 0.9,
                            .bounds = VXG_BOUNDS_POSITIVE,
                            .spacing = {0, 1.5, 0.8},
                            .inner = 6,
                            .alpha = 0.15,
                            .smooth = 0.05};
        if (kind == ASD) o.epsilon = 0.1, o.r_max = 0.6, o.alpha_red = 0.8, o.beta_red = 0.97;
        if (kind == AWTV) o.epsilon = 0.3, o.delta = 0.4, o.beta_red = 0.9;
        CHECK_OK(solve(methods[kind], &small, &o, NULL, NULL, x, NULL, NULL));
        vxg_solve_opts known = o;
        dense(&small, kind, &known, want, &fell);
        EXPECT(distance(x, want, small.cols) < (type == VXG_REAL_F64 ? 1e-6 : 1e-4), "%s: %.2g",
               methods[kind], distance(x, want, small.cols));
        EXPECT(kind == TV || (fell > 1 && fell < 8), "%s: a rule was met %d times", methods[kind],
               fell);
        const vxg_solve_opts bare = {
            .iterations = 8, .relaxation = 0.9, .bounds = VXG_BOUNDS_POSITIVE};
        CHECK_OK(solve("sart", &small, &bare, NULL, NULL, plain, NULL, NULL));
        const double h[3] = {1, 1, 1};
        start_tv = variation(&small, plain, o.smooth, o.delta, h);
        EXPECT(variation(&small, x, o.smooth, o.delta, h) < 0.9 * start_tv,
               "%s: variation %g, without %g", methods[kind],
               variation(&small, x, o.smooth, o.delta, h), start_tv);
    }
}

static int start(void) {
    return make_scan(&small, 6, 14);
}
static void stop(void) {
    vxg_op_release(small.op);
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(written_out)};
    return scan_main("pocs", list, 1, start, stop, argc, argv);
}
