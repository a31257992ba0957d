/* Scalars on the device: reductions against sums in long double, arithmetic of pairs, updates that
 * read them. */
#include <voxgrad/voxgrad.h>

#include "test.h"

static vxg_device *dev;

static int has(vxg_real real) {
    return real == VXG_REAL_F32 || vxg_device_get_info(dev)->has_f64;
}
static double get(const void *data, vxg_real real, int64_t i) {
    return real == VXG_REAL_F64 ? ((const double *)data)[i] : (double)((const float *)data)[i];
}

/* An array of n elements of mixed sizes, and its values. */
static int made(vxg_real real, int64_t n, unsigned seed, vxg_array *a, void **values) {
    int status = vxg_array_new(dev, vxg_real_dtype(real), 1, &n, a);
    uint32_t state = seed;
    *values = calloc((size_t)n + 1, 8);
    for (int64_t i = 0; i < n; i++) {
        state = state * 1664525u + 1013904223u;
        const double v = ((double)(state >> 8) / 8388608.0 - 1) * exp2((double)(state >> 3 & 15));
        if (real == VXG_REAL_F64) {
            ((double *)*values)[i] = v;
        } else {
            ((float *)*values)[i] = (float)v;
        }
    }
    return status ? status : vxg_array_write(NULL, a, *values);
}

typedef struct wanted {
    long double value, size; /* size: sum of the parts' magnitudes */
} wanted;
static wanted plain(vxg_reduction kind, const void *x, const void *y, vxg_real real, int64_t n) {
    wanted w = {0, 0};
    for (int64_t i = 0; i < n; i++) {
        const long double a = get(x, real, i), b = get(y, real, i);
        const long double v = kind == VXG_REDUCE_DOT        ? a * b
                              : kind == VXG_REDUCE_NORM1    ? fabsl(a)
                              : kind == VXG_REDUCE_MAX_ABS  ? fabsl(a)
                              : kind == VXG_REDUCE_MAX_DIFF ? fabsl(a - b)
                                                            : a;
        if (kind <= VXG_REDUCE_NORM1) {
            w.value += v, w.size += fabsl(v);
        } else if (i == 0 || (kind == VXG_REDUCE_MIN ? v < w.value : v > w.value)) {
            w.value = v;
        }
    }
    return w;
}

/* Sizes about the parts' borders, and over two levels of joining. */
TEST(reductions)
{
    static const int64_t sizes[] = {1, 63, 64, 65, 4095, 4096, 4097, 100000, 17000000};
    static const char *const names[] = {"dot", "sum", "norm1", "min", "max", "max abs", "max diff"};
    for (int r = 0; r < 2; r++) {
        const vxg_real real = r ? VXG_REAL_F64 : VXG_REAL_F32;
        if (!has(real)) continue;
        for (int s = 0; s < (int)(sizeof sizes / sizeof *sizes); s++) {
            vxg_array x, y, out;
            void *hx, *hy;
            CHECK_OK(made(real, sizes[s], 1, &x, &hx));
            CHECK_OK(made(real, sizes[s], 7, &y, &hy));
            CHECK_OK(vxg_scalar_new(dev, real, 1, &out));
            for (int kind = VXG_REDUCE_DOT; kind <= VXG_REDUCE_MAX_DIFF; kind++) {
                const int two = kind == VXG_REDUCE_DOT || kind == VXG_REDUCE_MAX_DIFF;
                const wanted w = plain((vxg_reduction)kind, hx, hy, real, sizes[s]);
                double got;
                CHECK_OK(
                    vxg_array_reduce(NULL, (vxg_reduction)kind, &x, two ? &y : NULL, NULL, &out));
                CHECK_OK(vxg_scalar_read(NULL, &out, &got));
                /* without a fused operation products are rounded */
                const double most = kind == VXG_REDUCE_DOT        ? 1e-7
                                    : kind == VXG_REDUCE_MAX_DIFF ? 1e-7
                                    : kind <= VXG_REDUCE_NORM1    ? 1e-12
                                                                  : 0;
                const double bound = (double)w.size * (r ? 1e-15 : most) +
                                     (kind == VXG_REDUCE_MAX_DIFF ? 1e-7 * (double)w.value : 0);
                EXPECT(fabs(got - (double)w.value) <= bound, "%s of %d: %.17g, expected %.17g",
                       names[kind], (int)sizes[s], got, (double)w.value);
            }
            free(hx), free(hy);
            vxg_array_release(&x), vxg_array_release(&y), vxg_array_release(&out);
        }
    }
}

/* The same bits for any number of threads; a scratch array of its own; strided and complex input.
 */
TEST(same_bits)
{
    vxg_array x, out, part, scratch, complex_x, pairs;
    void *hx;
    double want, got;
    const int64_t n = 300000, scratch_n = vxg_reduce_scratch(n);
    CHECK_OK(made(VXG_REAL_F32, n, 3, &x, &hx));
    CHECK_OK(vxg_scalar_new(dev, VXG_REAL_F32, 1, &out));
    CHECK_OK(vxg_array_new(dev, VXG_F32, 1, &scratch_n, &scratch));
    CHECK_OK(vxg_array_reduce(NULL, VXG_REDUCE_DOT, &x, &x, NULL, &out));
    CHECK_OK(vxg_scalar_read(NULL, &out, &want));
    const int threads = vxg_threads();
    for (int t = 1; t <= 7; t += 2) {
        vxg_set_threads(t);
        CHECK_OK(vxg_array_reduce(NULL, VXG_REDUCE_DOT, &x, &x, &scratch, &out));
        CHECK_OK(vxg_scalar_read(NULL, &out, &got));
        EXPECT(got == want, "%d threads: %.17g, expected %.17g", t, got, want);
    }
    vxg_set_threads(threads);
    const int64_t shape[2] = {n / 2, 2}, pair_shape[1] = {n / 2};
    double real_part = 0;
    CHECK_OK(vxg_array_reshape(&x, 2, shape, &pairs));
    CHECK_OK(vxg_array_slice(&pairs, 1, 0, 1, &part));
    CHECK_OK(vxg_array_reduce(NULL, VXG_REDUCE_SUM, &part, NULL, NULL, &out));
    CHECK_OK(vxg_scalar_read(NULL, &out, &got));
    for (int64_t i = 0; i < n; i += 2) real_part += get(hx, VXG_REAL_F32, i);
    EXPECT(fabs(got - real_part) <= 1e-9 * fabs(real_part), "every second: %.17g, expected %.17g",
           got, real_part);
    CHECK_OK(vxg_array_new(dev, VXG_C64, 1, pair_shape, &complex_x));
    CHECK_OK(vxg_array_write(NULL, &complex_x, hx));
    CHECK_OK(vxg_array_reduce(NULL, VXG_REDUCE_DOT, &complex_x, &complex_x, NULL, &out));
    CHECK_OK(vxg_scalar_read(NULL, &out, &got));
    EXPECT(got == want, "complex numbers as pairs: %.17g, expected %.17g", got, want);
    free(hx);
    vxg_array_release(&x), vxg_array_release(&out), vxg_array_release(&part);
    vxg_array_release(&scratch), vxg_array_release(&complex_x), vxg_array_release(&pairs);
}

/* Extremes are NaN where there is one, wherever it stands; sums of infinite numbers are infinite.
 */
TEST(not_finite)
{
    static const int64_t at[] = {0, 63, 64, 4096, 99999};
    vxg_array x, out;
    void *hx;
    double got;
    const int64_t n = 100000;
    CHECK_OK(made(VXG_REAL_F32, n, 3, &x, &hx));
    CHECK_OK(vxg_scalar_new(dev, VXG_REAL_F32, 1, &out));
    for (int i = 0; i < 5; i++) {
        const float kept = ((float *)hx)[at[i]];
        ((float *)hx)[at[i]] = NAN;
        CHECK_OK(vxg_array_write(NULL, &x, hx));
        for (int kind = VXG_REDUCE_SUM; kind <= VXG_REDUCE_MAX_ABS; kind++) {
            CHECK_OK(vxg_array_reduce(NULL, (vxg_reduction)kind, &x, NULL, NULL, &out));
            CHECK_OK(vxg_scalar_read(NULL, &out, &got));
            EXPECT(isnan(got), "kind %d, NaN at %d: %g", kind, (int)at[i], got);
        }
        ((float *)hx)[at[i]] = INFINITY;
        CHECK_OK(vxg_array_write(NULL, &x, hx));
        CHECK_OK(vxg_array_reduce(NULL, VXG_REDUCE_NORM1, &x, NULL, NULL, &out));
        CHECK_OK(vxg_scalar_read(NULL, &out, &got));
        EXPECT(isinf(got), "infinite at %d: %g", (int)at[i], got);
        CHECK_OK(vxg_array_reduce(NULL, VXG_REDUCE_MAX, &x, NULL, NULL, &out));
        CHECK_OK(vxg_scalar_read(NULL, &out, &got));
        EXPECT(isinf(got), "infinite at %d: largest %g", (int)at[i], got);
        ((float *)hx)[at[i]] = kept;
    }
    free(hx);
    vxg_array_release(&x), vxg_array_release(&out);
}

/* Pairs hold about twice the digits of their type. */
TEST(arithmetic)
{
    static const double values[][2] = {{1, 3}, {2, 7}, {-1e10, 3e-9}, {0.1, 0.3}, {5, 0}, {0, 4}};
    for (int r = 0; r < 2; r++) {
        const vxg_real real = r ? VXG_REAL_F64 : VXG_REAL_F32;
        vxg_array a, b, out;
        if (!has(real)) continue;
        CHECK_OK(vxg_scalar_new(dev, real, 1, &a));
        CHECK_OK(vxg_scalar_new(dev, real, 1, &b));
        CHECK_OK(vxg_scalar_new(dev, real, 1, &out));
        for (int i = 0; i < (int)(sizeof values / sizeof *values); i++) {
            double x, y, got;
            CHECK_OK(vxg_scalar_write(NULL, &a, values[i][0]));
            CHECK_OK(vxg_scalar_write(NULL, &b, values[i][1]));
            CHECK_OK(vxg_scalar_read(NULL, &a, &x));
            CHECK_OK(vxg_scalar_read(NULL, &b, &y));
            EXPECT(fabs(x - values[i][0]) <= 2e-14 * fabs(x), "written %.17g, read %.17g",
                   values[i][0], x);
            const double want[] = {y != 0 ? x / y : 0,  x * y,      x + y,     x - y,
                                   x > 0 ? sqrt(x) : 0, fmax(x, y), fmin(x, y)};
            for (int op = VXG_SCALAR_DIVIDE; op <= VXG_SCALAR_MIN; op++)
                for (int k = 0; k < 4; k++) {
                    static const double factors[] = {1, -2, 0.1, 3e-5};
                    const double f = factors[k];
                    CHECK_OK(vxg_scalar_combine(NULL, (vxg_scalar_op)op, f, &a, &b, &out));
                    CHECK_OK(vxg_scalar_read(NULL, &out, &got));
                    EXPECT(fabs(got - f * want[op]) <= 1e-13 * fabs(f * want[op]),
                           "%g times operation %d of %g and %g: %.17g, expected %.17g", f, op, x, y,
                           got, f * want[op]);
                }
            CHECK_OK(vxg_scalar_combine(NULL, VXG_SCALAR_ADD, 1, &a, &a, &a));
            CHECK_OK(vxg_scalar_read(NULL, &a, &got));
            EXPECT(got == 2 * x, "doubled in place: %.17g of %.17g", got, x);
        }
        vxg_array_release(&a), vxg_array_release(&b), vxg_array_release(&out);
    }
}

/* What is beyond the arithmetic is infinite, not NaN; a NaN is not lost. */
TEST(beyond)
{
    static const struct {
        double a, b, f, want;
        vxg_scalar_op op;
    } cases[] = {{3e38, 3e38, 1, INFINITY, VXG_SCALAR_ADD},
                 {1e30, 1e-30, 1, INFINITY, VXG_SCALAR_DIVIDE},
                 {1e30, 1e30, -1, -INFINITY, VXG_SCALAR_MULTIPLY},
                 {INFINITY, 1, 1, INFINITY, VXG_SCALAR_ADD},
                 {INFINITY, INFINITY, 1, NAN, VXG_SCALAR_SUBTRACT},
                 {INFINITY, 0, 0.5, INFINITY, VXG_SCALAR_SQRT},
                 {1e300, 1, 1, INFINITY, VXG_SCALAR_MAX},
                 {NAN, 1, 1, NAN, VXG_SCALAR_MAX},
                 {1, NAN, 1, NAN, VXG_SCALAR_MAX},
                 {NAN, 1, 1, NAN, VXG_SCALAR_MIN},
                 {NAN, 0, 1, NAN, VXG_SCALAR_SQRT},
                 {1, NAN, 1, NAN, VXG_SCALAR_MIN}};
    vxg_array a, b, out;
    double got;
    CHECK_OK(vxg_scalar_new(dev, VXG_REAL_F32, 1, &a));
    CHECK_OK(vxg_scalar_new(dev, VXG_REAL_F32, 1, &b));
    CHECK_OK(vxg_scalar_new(dev, VXG_REAL_F32, 1, &out));
    for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++) {
        CHECK_OK(vxg_scalar_write(NULL, &a, cases[i].a));
        CHECK_OK(vxg_scalar_write(NULL, &b, cases[i].b));
        CHECK_OK(vxg_scalar_combine(NULL, cases[i].op, cases[i].f, &a, &b, &out));
        CHECK_OK(vxg_scalar_read(NULL, &out, &got));
        EXPECT(isnan(cases[i].want) ? isnan(got) : got == cases[i].want, "case %d: %g", i, got);
    }
    vxg_array_release(&a), vxg_array_release(&b), vxg_array_release(&out);
}

TEST(updates)
{
    vxg_array x, y, s, t;
    void *hx, *hy;
    const int64_t n = 5000;
    CHECK_OK(made(VXG_REAL_F32, n, 3, &x, &hx));
    CHECK_OK(made(VXG_REAL_F32, n, 4, &y, &hy));
    CHECK_OK(vxg_scalar_new(dev, VXG_REAL_F32, 1, &s));
    CHECK_OK(vxg_scalar_new(dev, VXG_REAL_F32, 1, &t));
    CHECK_OK(vxg_scalar_write(NULL, &s, 0.5));
    CHECK_OK(vxg_scalar_write(NULL, &t, -0.25));
    float *got = malloc((size_t)n * sizeof *got);
    for (int which = 0; which < 4; which++) {
        const double a = which & 1 ? 0.5 : 1, b = which & 2 ? -0.25 : 1;
        CHECK_OK(vxg_array_write(NULL, &y, hy));
        CHECK_OK(
            vxg_array_axpby_by(NULL, 3, which & 1 ? &s : NULL, &x, 2, which & 2 ? &t : NULL, &y));
        CHECK_OK(vxg_array_read(NULL, &y, got));
        for (int64_t i = 0; i < n; i++) {
            const double want = 3 * a * get(hx, VXG_REAL_F32, i) + 2 * b * get(hy, VXG_REAL_F32, i);
            EXPECT(fabs(got[i] - want) <= 2e-7 * (3 * fabs(get(hx, VXG_REAL_F32, i)) +
                                                  2 * fabs(get(hy, VXG_REAL_F32, i))),
                   "scalars %d, element %d: %g, expected %g", which, (int)i, (double)got[i], want);
        }
    }
    CHECK_OK(vxg_array_fill(NULL, &y, NAN)); /* beta 0: not read */
    CHECK_OK(vxg_array_axpby_by(NULL, 1, &s, &x, 0, &t, &y));
    CHECK_OK(vxg_array_read(NULL, &y, got));
    EXPECT(got[7] == 0.5f * ((float *)hx)[7], "beta 0: %g", (double)got[7]);
    free(hx), free(hy), free(got);
    vxg_array_release(&x), vxg_array_release(&y), vxg_array_release(&s), vxg_array_release(&t);
}

TEST(refused)
{
    vxg_array x, y, none = {0}, s, many, inside, pair;
    const int64_t n = 10, m = 11, zero = 0;
    vxg_array empty;
    CHECK_OK(vxg_array_new(dev, VXG_F32, 1, &n, &x));
    CHECK_OK(vxg_array_new(dev, VXG_F32, 1, &m, &y));
    CHECK_OK(vxg_array_new(dev, VXG_F32, 1, &zero, &empty));
    CHECK_OK(vxg_scalar_new(dev, VXG_REAL_F32, 1, &s));
    CHECK_OK(vxg_scalar_new(dev, VXG_REAL_F32, 3, &many));
    CHECK_OK(vxg_array_slice(&x, 0, 4, 6, &inside));
    CHECK_OK(vxg_array_slice(&x, 0, 4, 6, &pair));
    double d[3];
    struct {
        int status;
        const char *what;
    } calls[] = {
        {vxg_array_reduce(NULL, VXG_REDUCE_DOT, &x, NULL, NULL, &s), "dot without y"},
        {vxg_array_reduce(NULL, VXG_REDUCE_SUM, &x, &x, NULL, &s), "sum with y"},
        {vxg_array_reduce(NULL, VXG_REDUCE_DOT, &x, &y, NULL, &s), "other shapes"},
        {vxg_array_reduce(NULL, (vxg_reduction)7, &x, NULL, NULL, &s), "no such reduction"},
        {vxg_array_reduce(NULL, VXG_REDUCE_SUM, &x, NULL, NULL, &many), "three scalars as one"},
        {vxg_array_reduce(NULL, VXG_REDUCE_SUM, &x, NULL, NULL, NULL), "no scalar"},
        {vxg_array_reduce(NULL, VXG_REDUCE_SUM, &none, NULL, NULL, &s), "no array"},
        {vxg_array_reduce(NULL, VXG_REDUCE_MAX, &empty, NULL, NULL, &s), "largest of nothing"},
        {vxg_array_reduce(NULL, VXG_REDUCE_SUM, &x, NULL, &empty, &s), "no scratch"},
        {vxg_array_reduce(NULL, VXG_REDUCE_SUM, &x, NULL, &x, &s), "scratch in x"},
        {vxg_array_reduce(NULL, VXG_REDUCE_SUM, &x, NULL, NULL, &pair), "the result in x"},
        {vxg_array_reduce(NULL, VXG_REDUCE_SUM, &x, NULL, &s, &s), "the result in scratch"},
        {vxg_scalar_combine(NULL, VXG_SCALAR_DIVIDE, 1, &s, NULL, &s), "divided by NULL"},
        {vxg_scalar_combine(NULL, VXG_SCALAR_DIVIDE, NAN, &s, &s, &s), "factor NaN"},
        {vxg_scalar_combine(NULL, (vxg_scalar_op)9, 1, &s, &s, &s), "no such operation"},
        {vxg_array_axpby_by(NULL, 1, &inside, &x, 1, NULL, &x), "a factor inside"},
        {vxg_array_axpby_by(NULL, 1, &x, &x, 1, NULL, &x), "a factor of ten"},
        {vxg_scalar_new(dev, VXG_REAL_F32, 0, &none), "no scalars"},
        {vxg_scalar_read(NULL, &y, d), "eleven reals"},
        {vxg_scalar_read(NULL, &s, NULL), "nowhere"},
    };
    for (int i = 0; i < (int)(sizeof calls / sizeof *calls); i++)
        EXPECT(calls[i].status == VXG_ERR_ARGUMENT, "%s: status %d", calls[i].what,
               calls[i].status);
    CHECK_OK(vxg_array_reduce(NULL, VXG_REDUCE_SUM, &empty, NULL, NULL, &s));
    CHECK_OK(vxg_scalar_read(NULL, &s, d));
    EXPECT(d[0] == 0, "the sum of nothing is %g", d[0]);
    CHECK_OK(vxg_scalar_read(NULL, &many, d));
    vxg_array_release(&x), vxg_array_release(&y), vxg_array_release(&s), vxg_array_release(&many);
    vxg_array_release(&inside), vxg_array_release(&empty), vxg_array_release(&pair);
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(reductions), T(same_bits), T(not_finite), T(arithmetic),
                                      T(beyond),     T(updates),   T(refused)};
    static const char *const specs[] = {"cpu", "opencl:0", "cuda:0"};
    static const char *const suites[] = {"reduce_cpu", "reduce_opencl", "reduce_cuda"};
    int failed = 0;
    for (int k = 0; k < 3; k++) {
        if (vxg_device_open(specs[k], &dev)) {
            printf("SKIP %s.all: %s\n", suites[k], vxg_error_message());
            continue;
        }
        failed |= test_run(suites[k], list, (int)(sizeof list / sizeof *list), argc, argv);
        vxg_device_release(dev);
    }
    return failed;
}
