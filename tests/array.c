/* Arrays against plain loops over host copies: views, strided work, reductions, random numbers. */
#include <voxgrad/voxgrad.h>

#include "test.h"

static vxg_device *dev;

static uint32_t dice = 1;
static int64_t roll(int64_t lo, int64_t hi) {
    dice = dice * 1664525u + 1013904223u;
    return lo + (int64_t)((double)(dice >> 8) / 16777216.0 * (double)(hi - lo + 1));
}

static int has(vxg_dtype dtype) {
    return dtype == VXG_F32 || vxg_device_get_info(dev)->has_f64;
}

static double get(const void *data, vxg_dtype dtype, int64_t i) {
    return dtype == VXG_F64 ? ((const double *)data)[i] : (double)((const float *)data)[i];
}

/* A host copy as double in C order. */
static double *host(const vxg_array *a) {
    int64_t n = vxg_array_count(a);
    void *raw = malloc((size_t)n * 8 + 8);
    double *d = malloc((size_t)n * 8 + 8);
    if (vxg_array_read(NULL, a, raw)) test_note(1, __FILE__, __LINE__, "%s", vxg_error_message());
    for (int64_t i = 0; i < n; i++) d[i] = get(raw, a->dtype, i);
    free(raw);
    return d;
}

/* Element k (in C order of the view) stands here in the host copy of the whole buffer. */
static int64_t place(const vxg_array *a, int64_t k) {
    int64_t at = a->offset;
    for (int i = a->ndim - 1; i >= 0; i--) at += k % a->shape[i] * a->stride[i], k /= a->shape[i];
    return at;
}

/* A random view of a fresh contiguous array of up to 6 axes; base keeps the whole. */
static int random_view(vxg_dtype dtype, int ndim, vxg_array *base, vxg_array *view) {
    int64_t shape[VXG_MAX_DIMS] = {0};
    int axes[VXG_MAX_DIMS];
    for (int i = 0; i < ndim; i++) shape[i] = roll(1, ndim > 3 ? 4 : 9), axes[i] = i;
    int status = vxg_array_new(dev, dtype, ndim, shape, base);
    if (status) return status;
    status = vxg_array_random(NULL, base, dice, -1, 1);
    *view = vxg_array_retain(base);
    for (int i = 0; i < ndim && !status; i++) {
        vxg_array part;
        int64_t begin = roll(0, shape[i] - 1), end = roll(begin + 1, shape[i]);
        status = vxg_array_slice(view, i, begin, end, &part);
        vxg_array_release(view);
        *view = part;
    }
    for (int i = ndim - 1; i > 0; i--) { /* shuffle */
        int j = (int)roll(0, i), t = axes[i];
        axes[i] = axes[j], axes[j] = t;
    }
    vxg_array turned = {0};
    if (!status) status = vxg_array_permute(view, axes, &turned);
    vxg_array_release(view);
    *view = turned;
    return status;
}

TEST(views)
{
    for (int round = 0; round < 60; round++) {
        vxg_array base, view;
        vxg_dtype dtype = round % 2 ? VXG_F64 : VXG_F32;
        if (!has(dtype)) continue;
        CHECK_OK(random_view(dtype, 1 + round % 6, &base, &view));
        double *all = host(&base), *part = host(&view);
        for (int64_t k = 0; k < vxg_array_count(&view); k++)
            EXPECT(part[k] == all[place(&view, k)], "round %d, element %d", round, (int)k);
        vxg_array row;
        int64_t index = roll(0, view.shape[0] - 1);
        CHECK_OK(vxg_array_index(&view, index, &row));
        double *one = host(&row);
        int64_t n = vxg_array_count(&row);
        for (int64_t k = 0; k < n; k++)
            EXPECT(one[k] == part[index * n + k], "index, round %d", round);
        EXPECT(row.ndim == view.ndim - 1, "an index removes the first axis");
        free(all), free(part), free(one);
        vxg_array_release(&row), vxg_array_release(&view), vxg_array_release(&base);
    }
}

/* y = alpha x + beta y between views of equal shape but different strides; the rest of y's buffer
 * must stay as it is. */
static void strided_axpby(vxg_dtype dtype, int ndim, double alpha, double beta) {
    vxg_array xb, x, yb, y;
    CHECK_OK(random_view(dtype, ndim, &xb, &x));
    int64_t shape[VXG_MAX_DIMS];
    int axes[VXG_MAX_DIMS];
    for (int i = 0; i < ndim; i++) axes[i] = (i + 1) % ndim;
    for (int i = 0; i < ndim; i++) shape[axes[i]] = x.shape[i] + 2;
    vxg_array turned, part;
    CHECK_OK(vxg_array_new(dev, dtype, ndim, shape, &yb));
    CHECK_OK(vxg_array_random(NULL, &yb, 77, -1, 1));
    CHECK_OK(vxg_array_permute(&yb, axes, &turned));
    y = turned;
    for (int i = 0; i < ndim; i++) {
        CHECK_OK(vxg_array_slice(&y, i, 1, 1 + x.shape[i], &part));
        vxg_array_release(&y);
        y = part;
    }
    double *xs = host(&x), *before = host(&yb);
    if (alpha == 1 && beta == 0) {
        CHECK_OK(vxg_array_copy(NULL, &x, &y));
    } else {
        CHECK_OK(vxg_array_axpby(NULL, alpha, &x, beta, &y));
    }
    double *after = host(&yb), tolerance = dtype == VXG_F64 ? 1e-15 : 3e-7;
    int64_t n = vxg_array_count(&x), changed = 0;
    for (int64_t k = 0; k < n; k++) {
        int64_t at = place(&y, k);
        double want = alpha * xs[k] + (beta == 0 ? 0 : beta * before[at]);
        EXPECT(fabs(after[at] - want) <= tolerance * (fabs(alpha) + fabs(beta)),
               "rank %d, element %d: %g, %g is expected", ndim, (int)k, after[at], want);
        before[at] = after[at]; /* so that what follows sees only the others */
    }
    for (int64_t i = 0; i < vxg_array_count(&yb); i++) changed += after[i] != before[i];
    EXPECT(changed == 0, "rank %d: %d elements outside the view changed", ndim, (int)changed);
    free(xs), free(before), free(after);
    vxg_array_release(&x), vxg_array_release(&xb), vxg_array_release(&y), vxg_array_release(&yb);
}
TEST(strided_copy_and_axpby)
{
    for (int round = 0; round < 40; round++)
        for (int dtype = 0; dtype < 2; dtype++) {
            if (!has((vxg_dtype)dtype)) continue;
            strided_axpby((vxg_dtype)dtype, 1 + round % 6, 1, 0);
            strided_axpby((vxg_dtype)dtype, 1 + round % 6, -0.75, 2.5);
        }
}

TEST(write_through_a_view)
{
    int64_t shape[3] = {3, 4, 5};
    static const int axes[3] = {2, 0, 1};
    float values[60], back[60], *seen = back;
    vxg_array a, t;
    CHECK_OK(vxg_array_new(dev, VXG_F32, 3, shape, &a));
    CHECK_OK(vxg_array_permute(&a, axes, &t)); /* (5, 3, 4) */
    for (int i = 0; i < 60; i++) values[i] = (float)i;
    CHECK_OK(vxg_array_write(NULL, &t, values));
    CHECK_OK(vxg_array_read(NULL, &a, back));
    for (int z = 0; z < 3; z++)
        for (int y = 0; y < 4; y++)
            for (int x = 0; x < 5; x++)
                EXPECT(seen[(z * 4 + y) * 5 + x] == values[(x * 3 + z) * 4 + y], "(%d, %d, %d)", z,
                       y, x);
    vxg_array_release(&a), vxg_array_release(&t);
}

TEST(beta_zero_does_not_read)
{
    int64_t n = 100;
    vxg_array x, y;
    double most;
    CHECK_OK(vxg_array_new(dev, VXG_F32, 1, &n, &x));
    CHECK_OK(vxg_array_new(dev, VXG_F32, 1, &n, &y));
    CHECK_OK(vxg_array_fill(NULL, &x, 2));
    CHECK_OK(vxg_array_fill(NULL, &y, NAN));
    CHECK_OK(vxg_array_max_diff(NULL, &y, NULL, &most));
    EXPECT(isnan(most), "max_diff hides NaN: %g", most);
    CHECK_OK(vxg_array_axpby(NULL, 3, &x, 0, &y));
    CHECK_OK(vxg_array_max_diff(NULL, &y, NULL, &most));
    EXPECT(most == 6, "NaN of y came through: %g", most);
    vxg_array_release(&x), vxg_array_release(&y);
}

TEST(fill_a_slice)
{
    int64_t shape[2] = {6, 7};
    vxg_array a, s;
    CHECK_OK(vxg_array_new(dev, VXG_F32, 2, shape, &a));
    CHECK_OK(vxg_array_slice(&a, 1, 2, 4, &s));
    CHECK_OK(vxg_array_fill(NULL, &s, -1.5));
    double *v = host(&a);
    for (int i = 0; i < 42; i++)
        EXPECT(v[i] == (i % 7 == 2 || i % 7 == 3 ? -1.5 : 0), "element %d is %g", i, v[i]);
    free(v);
    vxg_array_release(&a), vxg_array_release(&s);
}

/* ---- Reductions ---- */
TEST(dot_is_exact_and_repeatable)
{
    int64_t n = 300007; /* five blocks of the fixed partition, the last uneven */
    vxg_array x, y;
    double first = 0, sum = 0, d, scale = 0;
    CHECK_OK(vxg_array_new(dev, VXG_F32, 1, &n, &x));
    CHECK_OK(vxg_array_new(dev, VXG_F32, 1, &n, &y));
    CHECK_OK(vxg_array_random(NULL, &x, 1, -1, 1));
    CHECK_OK(vxg_array_random(NULL, &y, 2, -1, 1));
    double *hx = host(&x), *hy = host(&y);
    for (int64_t i = 0; i < n; i++) sum += hx[i] * hy[i], scale += fabs(hx[i] * hy[i]);
    static const int threads[] = {1, 2, 3, 7, 0};
    for (int k = 0; k < 5; k++) {
        CHECK_OK(vxg_set_threads(threads[k]));
        CHECK_OK(vxg_array_dot(NULL, &x, &y, &d));
        if (k == 0) first = d;
        EXPECT(!memcmp(&d, &first, sizeof d), "%d threads: %.17g, one thread %.17g", threads[k], d,
               first);
    }
    EXPECT(fabs(first - sum) <= 1e-13 * scale, "%.17g, %.17g is expected", first, sum);
    vxg_array hole; /* a NaN anywhere */
    CHECK_OK(vxg_array_slice(&x, 0, 200000, 200001, &hole));
    CHECK_OK(vxg_array_fill(NULL, &hole, NAN));
    CHECK_OK(vxg_array_max_diff(NULL, &x, &y, &d));
    EXPECT(isnan(d), "one NaN in %d elements: max_diff %g", (int)n, d);
    free(hx), free(hy);
    vxg_array_release(&x), vxg_array_release(&y), vxg_array_release(&hole);
}

TEST(reductions_of_views)
{
    for (int round = 0; round < 20; round++) {
        vxg_array base, x;
        double dot, most, want = 0, largest = 0;
        CHECK_OK(random_view(VXG_F32, 1 + round % 6, &base, &x));
        double *v = host(&x);
        for (int64_t k = 0; k < vxg_array_count(&x); k++)
            want += v[k] * v[k], largest = fmax(largest, fabs(v[k]));
        CHECK_OK(vxg_array_dot(NULL, &x, &x, &dot));
        CHECK_OK(vxg_array_max_diff(NULL, &x, NULL, &most));
        EXPECT(fabs(dot - want) <= 1e-12 * want && most == largest, "round %d", round);
        free(v);
        vxg_array_release(&x), vxg_array_release(&base);
    }
}

/* ---- Random numbers ---- */
TEST(philox_known_answers)
{
    /* kat_vectors of Random123 (Salmon et al., SC 2011), philox4x32 10 rounds */
    static const uint32_t kat[3][10] = {
        {0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
        {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x408f276d,
         0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
        {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0xd16cfe09,
         0x94fdcceb, 0x5001e420, 0x24126ea1}};
    for (int k = 0; k < 3; k++) {
        uint32_t out[4];
        vxg_philox(kat[k], kat[k] + 4, out);
        EXPECT(!memcmp(out, kat[k] + 6, sizeof out), "vector %d: %08x %08x %08x %08x", k, out[0],
               out[1], out[2], out[3]);
    }
}

/* Element n depends on (seed, n) alone; both precisions hold the same numbers; hi is never reached.
 */
TEST(random_numbers)
{
    int64_t long_shape[1] = {150000}, shape[2] = {30, 41}; /* more than one chunk of the filler */
    vxg_array a, b, t;
    CHECK_OK(vxg_array_new(dev, VXG_F32, 1, long_shape, &a));
    CHECK_OK(vxg_array_new(dev, has(VXG_F64) ? VXG_F64 : VXG_F32, 2, shape, &b));
    CHECK_OK(vxg_array_random(NULL, &a, 9, -2, 3));
    CHECK_OK(vxg_array_random(NULL, &b, 9, -2, 3));
    double *x = host(&a), *y = host(&b), mean = 0;
    for (int i = 0; i < 30 * 41; i++) EXPECT(x[i] == y[i], "element %d: %g and %g", i, x[i], y[i]);
    for (int i = 0; i < 150000; i++) {
        EXPECT(x[i] >= -2 && x[i] < 3, "element %d is %g", i, x[i]);
        mean += x[i] / 150000;
    }
    EXPECT(fabs(mean - 0.5) < 0.02, "mean %g", mean); /* five standard deviations */
    for (int i = 0; i < 5; i++) {
        uint32_t counter[4] = {(uint32_t)(70000 * i / 2), 0, 0, 0}, key[2] = {9, 0}, r[4];
        vxg_philox(counter, key, r);
        double want = -2 + 5 * (r[0] >> 8) / 16777216.0;
        EXPECT(fabs(x[counter[0]] - want) < 1e-6, "element %d", (int)counter[0]);
    }
    free(x), free(y);
    vxg_array_release(&b);
    CHECK_OK(vxg_array_new(dev, VXG_F32, 2, shape, &b));
    static const int axes[2] = {1, 0};
    CHECK_OK(vxg_array_permute(&b, axes, &t)); /* n counts in the view's own C order */
    CHECK_OK(vxg_array_random(NULL, &t, 9, -2, 3));
    x = host(&a), y = host(&t);
    for (int i = 0; i < 30 * 41; i++) EXPECT(x[i] == y[i], "view, element %d", i);
    free(x), free(y);
    CHECK_OK(vxg_array_random(NULL, &a, 10, 1e6, 1e6 + 1)); /* float32 rounds to sixteenths here */
    x = host(&a);
    for (int i = 0; i < 150000; i++)
        EXPECT(x[i] >= 1e6 && x[i] < 1e6 + 1, "element %d is %.9g", i, x[i]);
    free(x);
    vxg_array_release(&a), vxg_array_release(&b), vxg_array_release(&t);
}

/* ---- Edges ---- */
TEST(empty_and_scalar)
{
    int64_t none[2] = {3, 0}, one = 1;
    vxg_array a, b, s;
    double d = 5;
    CHECK_OK(vxg_array_new(dev, VXG_F32, 2, none, &a));
    CHECK_OK(vxg_array_new(dev, VXG_F32, 2, none, &b));
    CHECK_OK(vxg_array_copy(NULL, &a, &b));
    CHECK_OK(vxg_array_axpby(NULL, 1, &a, 1, &b));
    CHECK_OK(vxg_array_fill(NULL, &a, 1));
    CHECK_OK(vxg_array_random(NULL, &a, 1, 0, 1));
    CHECK_OK(vxg_array_dot(NULL, &a, &b, &d));
    EXPECT(d == 0 && vxg_array_count(&a) == 0, "the dot of nothing is %g", d);
    CHECK_OK(vxg_array_new(dev, VXG_F32, 0, NULL, &s));
    EXPECT(vxg_array_count(&s) == 1, "rank 0 has %d elements", (int)vxg_array_count(&s));
    float v = 0;
    CHECK_OK(vxg_array_fill(NULL, &s, 2.5));
    CHECK_OK(vxg_array_read(NULL, &s, &v));
    EXPECT(v == 2.5f, "scalar %g", (double)v);
    vxg_array r;
    CHECK_OK(vxg_array_reshape(&s, 1, &one, &r));
    vxg_array_release(&a), vxg_array_release(&b), vxg_array_release(&s), vxg_array_release(&r);
    vxg_array_release(&r); /* twice is fine */
    vxg_array_release(NULL);
}

#define REFUSED(call, words)                                                                       \
    do {                                                                                           \
        int status_ = (call);                                                                      \
        EXPECT(status_ == VXG_ERR_ARGUMENT && strstr(vxg_error_message(), words), "%s: %d '%s'",   \
               #call, status_, vxg_error_message());                                               \
    } while (0)

TEST(refusals)
{
    int64_t negative[2] = {3, -1}, huge[3] = {1 << 20, 1 << 20, 2}, shape[2] = {4, 6},
            many[7] = {1};
    int64_t wrong[2] = {5, 5}, flat[1] = {24}, live = vxg_alloc_live();
    static const int twice[2] = {0, 0}, far[2] = {0, 2}, swap[2] = {1, 0};
    vxg_array a, t, out;
    REFUSED(vxg_array_new(dev, VXG_F32, 2, negative, &out), "-1");
    REFUSED(vxg_array_new(dev, VXG_F32, 3, huge, &out), "2^40");
    REFUSED(vxg_array_new(dev, VXG_F32, 7, many, &out), "rank 7");
    CHECK_OK(vxg_array_new(dev, VXG_F32, 2, shape, &a));
    REFUSED(vxg_array_slice(&a, 0, 2, 5, &out), "2..5");
    REFUSED(vxg_array_slice(&a, 0, 3, 2, &out), "3..2");
    REFUSED(vxg_array_slice(&a, 2, 0, 1, &out), "axis 2");
    REFUSED(vxg_array_index(&a, 4, &out), "4");
    REFUSED(vxg_array_permute(&a, twice, &out), "axis 0");
    REFUSED(vxg_array_permute(&a, far, &out), "axis 2");
    REFUSED(vxg_array_reshape(&a, 2, wrong, &out), "25");
    CHECK_OK(vxg_array_permute(&a, swap, &t));
    REFUSED(vxg_array_reshape(&t, 1, flat, &out), "contiguous");
    REFUSED(vxg_array_copy(NULL, &a, &t), "shape");
    CHECK_OK(vxg_array_reshape(&a, 1, flat, &out));
    vxg_array_release(&out), vxg_array_release(&a), vxg_array_release(&t);
    EXPECT(vxg_alloc_live() <= live + 2, "%d blocks are left", (int)(vxg_alloc_live() - live));
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(views),
                                      T(strided_copy_and_axpby),
                                      T(write_through_a_view),
                                      T(beta_zero_does_not_read),
                                      T(fill_a_slice),
                                      T(dot_is_exact_and_repeatable),
                                      T(reductions_of_views),
                                      T(philox_known_answers),
                                      T(random_numbers),
                                      T(empty_and_scalar),
                                      T(refusals)};
    static const char *const specs[] = {"cpu", "opencl:0", "cuda:0"};
    static const char *const suites[] = {"array_cpu", "array_opencl", "array_cuda"};
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
