/* The Fourier transform against its definition, summed in long double: every kind, sign and scale,
 * one axis and two, every radix, primes, on the cpu in both precisions and on OpenCL. */
#include <complex.h>
#include <voxgrad/voxgrad.h>

#include "test.h"

typedef long double complex wide;

static double bound_of(vxg_real real) {
    return real == VXG_REAL_F64 ? 1e-14 : 1e-6;
}

/* exp(2 pi i k / n) for 0 <= k < n */
static wide *roots_of(int64_t n) {
    wide *w = malloc((size_t)n * sizeof *w);
    for (int64_t k = 0; k < n; k++) {
        const long double angle =
            6.283185307179586476925286766559005768L * (long double)k / (long double)n;
        w[k] = cosl(angle) + I * sinl(angle);
    }
    return w;
}

/* In place along an axis of (outer, n, inner). */
static void direct(wide *x, int64_t outer, int64_t n, int64_t inner, int inverse) {
    wide *roots = roots_of(n), *row = malloc((size_t)n * sizeof *row);
    for (int64_t o = 0; o < outer; o++)
        for (int64_t c = 0; c < inner; c++) {
            wide *at = x + o * n * inner + c;
            for (int64_t k = 0; k < n; k++) {
                wide sum = 0;
                for (int64_t j = 0; j < n; j++) {
                    const wide w = roots[j * k % n];
                    sum += at[j * inner] * (inverse ? w : conjl(w));
                }
                row[k] = sum;
            }
            for (int64_t k = 0; k < n; k++) at[k * inner] = row[k];
        }
    free(roots), free(row);
}

/* ---- One problem: the signal's shape (batch, rows, columns) ---- */
typedef struct problem {
    int64_t shape[3];
    vxg_fft_opts opts;
    vxg_real real;
} problem;

static int64_t halved(int64_t n) {
    return n / 2 + 1;
}
static int64_t numbers_of(const problem *p, int half) {
    return p->shape[0] * p->shape[1] * (half ? halved(p->shape[2]) : p->shape[2]);
}

/* The result that the definition has for the input, both as complex numbers (real arrays with no
 * imaginary part). */
static wide *expected(const problem *p, const wide *in) {
    const int64_t b = p->shape[0], r = p->shape[1], n = p->shape[2], h = halved(n);
    const int kind = (int)p->opts.kind, two = p->opts.axes == 2, inv = p->opts.inverse;
    const double total = (double)(two ? r * n : n);
    wide *full = malloc((size_t)(b * r * n) * sizeof *full);
    if (kind == VXG_FFT_HALF) { /* the rows first: the half's other axis, then its mirror image */
        wide *half = malloc((size_t)(b * r * h) * sizeof *half);
        memcpy(half, in, (size_t)(b * r * h) * sizeof *half);
        if (two) direct(half, b, r, h, inv);
        for (int64_t i = 0; i < b * r; i++)
            for (int64_t k = 0; k < n; k++) {
                const wide v = half[i * h + (k < h ? k : n - k)];
                full[i * n + k] = k == 0 || 2 * k == n ? creall(v) : k < h ? v : conjl(v);
            }
        free(half);
        direct(full, b * r, n, 1, inv);
    } else {
        memcpy(full, in, (size_t)(b * r * n) * sizeof *full);
        direct(full, b * r, n, 1, inv);
        if (two) direct(full, b, r, n, inv);
    }
    if (kind == VXG_FFT_REAL)
        for (int64_t i = 0; i < b * r; i++) /* forwards: in place */
            for (int64_t k = 0; k < h; k++) full[i * h + k] = full[i * n + k];
    const long double scale = p->opts.scale == VXG_FFT_BY_N      ? 1 / total
                              : p->opts.scale == VXG_FFT_UNITARY ? 1 / sqrtl((long double)total)
                                                                 : 1;
    for (int64_t i = 0; i < numbers_of(p, kind == VXG_FFT_REAL); i++) full[i] *= scale;
    return full;
}

static double dice(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return (double)(*state >> 8) / 8388608.0 - 1;
}

/* Reals of an array, and complex numbers from them and to them. */
static void put(void *dst, vxg_real real, int64_t i, double v) {
    if (real == VXG_REAL_F64) {
        ((double *)dst)[i] = v;
    } else {
        ((float *)dst)[i] = (float)v;
    }
}
static double get(const void *src, vxg_real real, int64_t i) {
    return real == VXG_REAL_F64 ? ((const double *)src)[i] : (double)((const float *)src)[i];
}

static int make(vxg_device *dev, const problem *p, vxg_op **op) {
    vxg_space s = {.ndim = 3, .shape = {p->shape[0], p->shape[1], p->shape[2]}};
    const int f64 = p->real == VXG_REAL_F64;
    s.dtype = p->opts.kind == VXG_FFT_COMPLEX ? f64 ? VXG_C128 : VXG_C64 : f64 ? VXG_F64 : VXG_F32;
    return vxg_op_fft(dev, &s, &p->opts, op);
}

/* Applies the operator to `in`; the result as complex numbers. */
static int apply(vxg_device *dev, const problem *p, const wide *in, int64_t nin, wide *out,
                 int64_t nout) {
    const int cin = p->opts.kind != VXG_FFT_REAL, cout = p->opts.kind != VXG_FFT_HALF;
    vxg_op *op;
    vxg_array x = {0}, y = {0};
    void *host = malloc((size_t)(2 * (nin > nout ? nin : nout)) * sizeof(double));
    int status = make(dev, p, &op);
    if (status) return free(host), status;
    for (int64_t i = 0; i < nin; i++) {
        put(host, p->real, cin ? 2 * i : i, (double)creall(in[i]));
        if (cin) put(host, p->real, 2 * i + 1, (double)cimagl(in[i]));
    }
    status = vxg_op_new_array(op, 0, &x);
    if (!status) status = vxg_op_new_array(op, -1, &y);
    if (!status) status = vxg_array_write(NULL, &x, host);
    if (!status) status = vxg_op_apply(op, NULL, &x, &y);
    if (!status) status = vxg_array_read(NULL, &y, host);
    for (int64_t i = 0; i < nout && !status; i++)
        out[i] =
            get(host, p->real, cout ? 2 * i : i) + (cout ? I * get(host, p->real, 2 * i + 1) : 0);
    vxg_array_release(&x), vxg_array_release(&y);
    vxg_op_release(op);
    free(host);
    return status;
}

static double distance(const wide *a, const wide *b, int64_t n) {
    long double d = 0, s = 0;
    for (int64_t i = 0; i < n; i++) {
        const wide e = a[i] - b[i];
        d += creall(e) * creall(e) + cimagl(e) * cimagl(e);
        s += creall(b[i]) * creall(b[i]) + cimagl(b[i]) * cimagl(b[i]);
    }
    return d == 0 ? 0 : (double)sqrtl(d / s);
}

static double worst_seen[2];

static void against_definition(vxg_device *dev, const problem *p) {
    const int64_t nin = numbers_of(p, p->opts.kind == VXG_FFT_HALF);
    const int64_t nout = numbers_of(p, p->opts.kind == VXG_FFT_REAL);
    wide *in = malloc((size_t)nin * sizeof *in), *got = malloc((size_t)nout * sizeof *got);
    uint32_t state = (uint32_t)(nin * 7919 + nout);
    for (int64_t i = 0; i < nin; i++) {
        const double re = (float)dice(&state), im = (float)dice(&state);
        in[i] = p->opts.kind == VXG_FFT_REAL ? re : re + I * im;
    }
    wide *want = expected(p, in);
    int status = apply(dev, p, in, nin, got, nout);
    EXPECT(!status, "%s", vxg_error_message());
    const double d = status ? 0 : distance(got, want, nout);
    EXPECT(d <= bound_of(p->real), "(%d, %d, %d), kind %d, axes %d, inverse %d, scale %d: %.3g",
           (int)p->shape[0], (int)p->shape[1], (int)p->shape[2], (int)p->opts.kind, p->opts.axes,
           p->opts.inverse, (int)p->opts.scale, d);
    if (d > worst_seen[p->real]) worst_seen[p->real] = d;
    free(in), free(got), free(want);
}

static void every_kind(const char *spec, vxg_real real) {
    static const int64_t lengths[] = {1,   2,   3,   4,   5,   6,   7,   8,    9,   10,  11,
                                      12,  13,  14,  15,  16,  20,  21,  24,   25,  27,  28,
                                      30,  32,  35,  48,  49,  64,  97,  98,   101, 125, 128,
                                      210, 243, 256, 343, 360, 509, 512, 1000, 1021};
    static const int64_t images[][3] = {{2, 1, 1}, {1, 3, 4},   {2, 8, 7},   {1, 11, 13}, {3, 5, 1},
                                        {2, 6, 9}, {1, 64, 30}, {1, 17, 32}, {1, 36, 49}};
    vxg_device *dev;
    if (vxg_device_open(spec, &dev)) SKIP("%s", vxg_error_message());
    for (int kind = 0; kind < 3; kind++) {
        for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
            problem p = {
                .shape = {1, lengths[i] > 300 ? 1 + 3 * (int64_t)(i % 2) : 3 + (int64_t)(i % 20),
                          lengths[i]},
                .real = real};
            p.opts.kind = (vxg_fft_kind)kind, p.opts.inverse = (int)(i + (size_t)kind) % 2;
            p.opts.scale = (vxg_fft_scale)(i % 3);
            against_definition(dev, &p);
        }
        for (size_t i = 0; i < sizeof images / sizeof *images; i++) {
            problem p = {.shape = {images[i][0], images[i][1], images[i][2]}, .real = real};
            p.opts.kind = (vxg_fft_kind)kind, p.opts.inverse = (int)(i + 1 + (size_t)kind) % 2;
            p.opts.axes = 2, p.opts.scale = (vxg_fft_scale)((i + 1) % 3);
            against_definition(dev, &p);
        }
    }
    vxg_device_release(dev);
}
TEST(definition_f64)
{ every_kind("cpu", VXG_REAL_F64); }
TEST(definition_f32)
{ every_kind("cpu", VXG_REAL_F32); }
TEST(definition_plain)
{
    setenv("VXG_CPU_SCHEDULE", "0", 1);
    every_kind("cpu", VXG_REAL_F32);
    unsetenv("VXG_CPU_SCHEDULE");
}
TEST(definition_levels)
{
#if defined(__x86_64__)
    every_kind("cpu:v2", VXG_REAL_F32);
    every_kind("cpu:v3", VXG_REAL_F32);
#endif
}
TEST(definition_opencl)
{ every_kind("opencl", VXG_REAL_F32); }

/* Long rows: waves whose spectrum is known. */
TEST(long_rows)
{
    static const int64_t lengths[] = {1 << 18, 3 * 5 * 7 * 7 * 125, 65537, 100003};
    vxg_device *dev;
    CHECK_OK(vxg_device_open("cpu", &dev));
    for (int real = 0; real < 2; real++)
        for (int i = 0; i < 4; i++) {
            const int64_t n = lengths[i], f = n / 3 + 5, g = n - 17;
            problem p = {.shape = {1, 1, n}, .real = (vxg_real)real};
            wide *roots = roots_of(n), *in = malloc((size_t)n * sizeof *in);
            wide *got = malloc((size_t)n * sizeof *got), *want = calloc((size_t)n, sizeof *want);
            for (int64_t j = 0; j < n; j++)
                in[j] = roots[j * f % n] + (0.25L - 0.5L * I) * roots[j * g % n];
            want[f] = (long double)n, want[g] = (0.25L - 0.5L * I) * (long double)n;
            EXPECT(!apply(dev, &p, in, n, got, n), "%s", vxg_error_message());
            const double d = distance(got, want, n);
            EXPECT(d <= bound_of(p.real), "%lld numbers, %s: %.3g", (long long)n,
                   vxg_real_name(p.real), d);
            if (d > worst_seen[real]) worst_seen[real] = d;
            free(roots), free(in), free(got), free(want);
        }
    vxg_device_release(dev);
}

/* There and back is the signal, of odd and even lengths. */
TEST(inverse_undoes)
{
    static const int64_t shapes[][3] = {{2, 6, 8}, {1, 9, 15}, {1, 4, 11}, {1, 12, 26}};
    vxg_device *dev;
    CHECK_OK(vxg_device_open("cpu", &dev));
    for (int i = 0; i < 4; i++)
        for (int axes = 1; axes <= 2; axes++) {
            problem there = {.shape = {shapes[i][0], shapes[i][1], shapes[i][2]}, .real = 1};
            problem back;
            there.opts.kind = VXG_FFT_REAL, there.opts.axes = axes;
            back = there;
            back.opts.kind = VXG_FFT_HALF, back.opts.inverse = 1, back.opts.scale = VXG_FFT_BY_N;
            const int64_t n = numbers_of(&there, 0), h = numbers_of(&there, 1);
            wide *in = malloc((size_t)n * sizeof *in), *half = malloc((size_t)h * sizeof *half);
            wide *out = malloc((size_t)n * sizeof *out);
            uint32_t state = 7;
            for (int64_t k = 0; k < n; k++) in[k] = dice(&state);
            EXPECT(!apply(dev, &there, in, n, half, h) && !apply(dev, &back, half, h, out, n), "%s",
                   vxg_error_message());
            const double d = distance(out, in, n);
            EXPECT(d < 1e-14, "shape %d, %d axes: %.3g", i, axes, d);
            free(in), free(half), free(out);
        }
    vxg_device_release(dev);
}

/* The adjoint is exact with plain dot products, and a call with a workspace asks for no memory. */
TEST(adjoint_and_memory)
{
    vxg_device *dev;
    CHECK_OK(vxg_device_open("cpu", &dev));
    for (int kind = 0; kind < 3; kind++)
        for (int n = 1; n < 24; n++) {
            problem p = {.shape = {2, 5, n}, .real = VXG_REAL_F64};
            p.opts.kind = (vxg_fft_kind)kind, p.opts.axes = 1 + n % 2, p.opts.inverse = n / 2 % 2;
            vxg_op *op;
            vxg_array x, y;
            vxg_buffer *work;
            vxg_check_result r = {0};
            p.real = (vxg_real)(n % 3 != 0); /* float32 by the schedule, float64 */
            CHECK_OK(make(dev, &p, &op));
            CHECK_OK(vxg_check_adjoint(op, NULL, &r));
            EXPECT(r.passed, "adjoint, kind %d, n %d: %.3g", kind, n, r.residual);
            CHECK_OK(vxg_check_transpose(op, NULL, &r));
            EXPECT(r.passed, "transpose, kind %d, n %d: %.3g (%s)", kind, n, r.residual, r.detail);
            CHECK_OK(vxg_op_new_array(op, 0, &x));
            CHECK_OK(vxg_op_new_array(op, -1, &y));
            CHECK_OK(vxg_buffer_new(dev, vxg_op_workspace(op, NULL), &work));
            vxg_call call = {.workspace = work};
            CHECK_OK(vxg_op_apply(op, &call, &x, &y));
            vxg_alloc_count();
            CHECK_OK(vxg_op_apply(op, &call, &x, &y));
            const int64_t asked = vxg_alloc_count();
            EXPECT(asked == 0, "kind %d, n %d: %lld requests for memory", kind, n,
                   (long long)asked);
            vxg_array_release(&x), vxg_array_release(&y);
            vxg_buffer_release(work);
            vxg_op_release(op);
        }
    vxg_device_release(dev);
}

TEST(refusals)
{
    static const struct {
        vxg_dtype dtype;
        int ndim;
        int64_t shape[2];
        vxg_fft_opts opts;
        int status;
        const char *words;
    } bad[] = {
        {VXG_F32, 1, {8}, {0}, VXG_ERR_ARGUMENT, "this kind takes complex64 or complex128"},
        {VXG_C64, 1, {8}, {.kind = VXG_FFT_REAL}, VXG_ERR_ARGUMENT, "takes float32 or float64"},
        {VXG_I16, 1, {8}, {.kind = VXG_FFT_HALF}, VXG_ERR_ARGUMENT, "the signal is int16"},
        {VXG_C64, 1, {8}, {.kind = (vxg_fft_kind)3}, VXG_ERR_ARGUMENT, "kind 3"},
        {VXG_C64, 1, {8}, {.scale = (vxg_fft_scale)9}, VXG_ERR_ARGUMENT, "scale 9"},
        {VXG_C64, 1, {8}, {.axes = 3}, VXG_ERR_ARGUMENT, "axes 3"},
        {VXG_C64, 1, {8}, {.axes = 2}, VXG_ERR_ARGUMENT, "2 axes of a signal of rank 1"},
        {VXG_C64, 0, {0}, {0}, VXG_ERR_ARGUMENT, "1 axes of a signal of rank 0"},
        {VXG_C64, 2, {8, 0}, {0}, VXG_ERR_ARGUMENT, "axis 1 of the signal has 0"},
        {VXG_C64, 1, {(int64_t)1 << 30}, {0}, VXG_ERR_UNSUPPORTED, "along an axis"},
        {VXG_C64, 1, {((int64_t)1 << 29) - 1}, {0}, VXG_ERR_UNSUPPORTED, "536870911 numbers along"},
        {VXG_C64,
         1,
         {268435459},
         {0},
         VXG_ERR_UNSUPPORTED,
         "268435459 numbers along an axis, of which a length with a prime factor over 7 makes "
         "1073741824, times 1 behind it"},
    };
    vxg_device *dev;
    CHECK_OK(vxg_device_open("cpu", &dev));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        vxg_space s = {.dtype = bad[i].dtype, .ndim = bad[i].ndim};
        memcpy(s.shape, bad[i].shape, sizeof bad[i].shape);
        vxg_op *op = (vxg_op *)(uintptr_t)1;
        int64_t before = vxg_alloc_live();
        int status = vxg_op_fft(dev, &s, &bad[i].opts, &op);
        EXPECT(status == bad[i].status && !op && strstr(vxg_error_message(), bad[i].words),
               "%d: %d, %s", (int)i, status, vxg_error_message());
        EXPECT(vxg_alloc_live() == before, "%d: memory leak", (int)i);
    }
    vxg_op *op;
    vxg_array x, y;
    const vxg_space none = {.dtype = VXG_C64, .ndim = 2, .shape = {0, 8}};
    EXPECT(vxg_op_fft(NULL, &none, NULL, &op) == VXG_ERR_ARGUMENT, "no device");
    EXPECT(vxg_op_fft(dev, NULL, NULL, &op) == VXG_ERR_ARGUMENT, "no space");
    EXPECT(vxg_op_fft(dev, &none, NULL, NULL) == VXG_ERR_ARGUMENT, "no out");
    CHECK_OK(vxg_op_fft(dev, &none, NULL, &op)); /* an empty batch is none */
    CHECK_OK(vxg_op_new_array(op, 0, &x));
    CHECK_OK(vxg_op_new_array(op, -1, &y));
    CHECK_OK(vxg_op_apply(op, NULL, &x, &y));
    vxg_array_release(&x), vxg_array_release(&y);
    vxg_op_release(op);
    vxg_device_release(dev);
}

int main(int argc, char **argv) {
    static const test_entry list[] = {
        T(definition_f64),    T(definition_f32),     T(definition_plain),
        T(definition_levels), T(definition_opencl),  T(long_rows),
        T(inverse_undoes),    T(adjoint_and_memory), T(refusals)};
    int failed = test_run("op_fft", list, (int)(sizeof list / sizeof *list), argc, argv);
    printf("largest distance: float32 %.2g, float64 %.2g\n", worst_seen[0], worst_seen[1]);
    return failed;
}
