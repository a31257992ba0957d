/* Host FFT and filter responses, against sums in long double, numpy/scipy numbers, and a whole
 * filtered backprojection of a disc in double. */
#include <voxgrad/voxgrad.h>
#include "test.h"
#include "ct_golden/windows.h"

#define PI 3.14159265358979323846

static double random_unit(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return (double)*state / 4294967296.0 - 0.5;
}

/* The definition, in long double, one output at a time. */
static void dft(const double *re, const double *im, int64_t n, int sign, int64_t k, double out[2]) {
    const long double two_pi = 6.283185307179586476925286766559005768L;
    long double a = 0, b = 0;
    for (int64_t j = 0; j < n; j++) {
        long double t = sign * two_pi * (long double)(j * k % n) / (long double)n;
        a += re[j] * cosl(t) - im[j] * sinl(t);
        b += re[j] * sinl(t) + im[j] * cosl(t);
    }
    out[0] = (double)a, out[1] = (double)b;
}

TEST(fft_equals_sum)
{
    enum { MAX = 4096 };
    static double re[MAX], im[MAX], fr[MAX], fi[MAX];
    uint32_t seed = 1;
    for (int64_t n = 1; n <= MAX; n *= 2) {
        for (int sign = -1; sign <= 1; sign += 2) {
            double norm = 0, worst = 0;
            for (int64_t i = 0; i < n; i++) {
                fr[i] = re[i] = random_unit(&seed), fi[i] = im[i] = random_unit(&seed);
                norm += re[i] * re[i] + im[i] * im[i];
            }
            CHECK_OK(vxg_fft_host(fr, fi, n, sign));
            for (int64_t k = 0; k<n; k += n> 64 ? n / 64 + 1 : 1) {
                double want[2];
                dft(re, im, n, sign, k, want);
                worst = fmax(worst, hypot(fr[k] - want[0], fi[k] - want[1]));
            }
            CHECK(worst <= 1e-15 * sqrt(norm) * (1 + log2((double)n)), "n %d sign %d: error %g",
                  (int)n, sign, worst / sqrt(norm));
        }
    }
}

TEST(fft_round_trip)
{
    enum { N = 1 << 16 };
    double *re = malloc(2 * N * sizeof *re), *im = re + N, worst = 0;
    uint32_t seed = 7;
    for (int i = 0; i < N; i++) re[i] = random_unit(&seed), im[i] = 0.25 * (i % 3);
    double *copy = malloc(N * sizeof *copy);
    memcpy(copy, re, N * sizeof *copy);
    int status = vxg_fft_host(re, im, N, -1);
    status += vxg_fft_host(re, im, N, 1);
    for (int i = 0; i < N; i++) worst = fmax(worst, fabs(re[i] / N - copy[i]));
    free(re);
    free(copy);
    CHECK(status == 0 && worst < 2e-15, "round trip error %g", worst);
}

TEST(fft_sizes_and_errors)
{
    CHECK(vxg_fft_size(0) == 1 && vxg_fft_size(1) == 1 && vxg_fft_size(2) == 2, "small sizes");
    CHECK(vxg_fft_size(3) == 4 && vxg_fft_size(1024) == 1024 && vxg_fft_size(1025) == 2048,
          "sizes");
    double re[4] = {1}, im[4] = {0};
    EXPECT(vxg_fft_host(re, im, 3, -1) == VXG_ERR_ARGUMENT, "3 is no power of two");
    EXPECT(vxg_fft_host(re, im, 0, -1) == VXG_ERR_ARGUMENT, "0 is no power of two");
    EXPECT(vxg_fft_host(re, im, 4, 0) == VXG_ERR_ARGUMENT, "sign 0");
    EXPECT(vxg_fft_host(NULL, im, 4, 1) == VXG_ERR_ARGUMENT, "NULL");
}

/* The inverse transform of the ramp's response gives back Kak & Slaney's eq. 3.61 times the pitch.
 */
TEST(ramp_taps)
{
    enum { N = 512 };
    double h[N / 2 + 1], re[N], im[N];
    for (int p = 0; p < 3; p++) {
        double pitch = p == 0 ? 1 : p == 1 ? 0.25 : 3;
        CHECK_OK(vxg_ct_filter_response(VXG_CT_WINDOW_RAMP, 0, N, pitch, h));
        for (int k = 0; k < N; k++) re[k] = h[k <= N / 2 ? k : N - k], im[k] = 0;
        CHECK_OK(vxg_fft_host(re, im, N, 1));
        for (int n = 0; n <= N / 2; n++) {
            double want = n == 0  ? 1 / (4 * pitch * pitch)
                          : n % 2 ? -1 / (PI * PI * n * n * pitch * pitch)
                                  : 0;
            EXPECT(fabs(re[n] / N - pitch * want) < 1e-16 / pitch && fabs(im[n]) < 1e-12 / pitch,
                   "pitch %g tap %d: %g, expected %g", pitch, n, re[n] / N, pitch * want);
        }
    }
}

TEST(ramp_shape)
{
    enum { N = 1024 };
    double h[N / 2 + 1];
    CHECK_OK(vxg_ct_filter_response(VXG_CT_WINDOW_RAMP, 0, N, 1, h));
    /* 1/4 - (2/pi^2) sum of 1/n^2 over odd n < N/2; the tail of that sum is close to 1/N. */
    double dc = 0.25;
    for (int n = 1; n < N / 2; n += 2) dc -= 2 / (PI * PI * n * n);
    EXPECT(fabs(h[0] - dc) < 1e-14 && h[0] > 0 && h[0] < 1.0 / N, "H[0] %g, expected %g", h[0], dc);
    for (int k = 1; k <= N / 2; k++) {
        EXPECT(h[k] > h[k - 1], "not rising at %d", k);
        EXPECT(fabs(h[k] - (double)k / N) < 3e-4, "H[%d] %g, |f| %g", k, h[k], (double)k / N);
    }
}

TEST(windows_numpy)
{
    enum { N = 64 };
    static const vxg_ct_window list[] = {VXG_CT_WINDOW_SHEPP,  VXG_CT_WINDOW_COSINE,
                                         VXG_CT_WINDOW_HANN,   VXG_CT_WINDOW_HAMMING,
                                         VXG_CT_WINDOW_PARZEN, VXG_CT_WINDOW_BUTTERWORTH};
    double ramp[N / 2 + 1], h[N / 2 + 1];
    CHECK_OK(vxg_ct_filter_response(VXG_CT_WINDOW_RAMP, 0, N, 1, ramp));
    for (int w = 0; w < 6; w++) {
        int parzen = list[w] == VXG_CT_WINDOW_PARZEN;
        CHECK_OK(vxg_ct_filter_response(list[w], parzen ? 25.5 / 32 : 0, N, 1, h));
        for (int i = 0; i < 9; i++) {
            int k = parzen ? 3 * i : 4 * i;
            EXPECT(fabs(h[k] / ramp[k] - window_golden[w][i]) < 1e-13,
                   "window %d at %d: %.15g, expected %.15g", w, k, h[k] / ramp[k],
                   window_golden[w][i]);
        }
    }
}

/* Every window falls, starts at 1, is cut at its cutoff; the cutoff stretches the axis. */
TEST(windows_cutoff)
{
    enum { N = 256 };
    double ramp[N / 2 + 1], full[N / 2 + 1], half[N / 2 + 1];
    CHECK_OK(vxg_ct_filter_response(VXG_CT_WINDOW_RAMP, 0, N, 1, ramp));
    for (int w = 0; w < VXG_CT_WINDOW_NONE; w++) {
        CHECK_OK(vxg_ct_filter_response((vxg_ct_window)w, 1, N, 1, full));
        CHECK_OK(vxg_ct_filter_response((vxg_ct_window)w, 0.5, N, 1, half));
        EXPECT(fabs(full[0] - ramp[0]) < 1e-16, "window %d starts at %g", w, full[0] / ramp[0]);
        for (int k = 1; k <= N / 2; k++) {
            EXPECT(full[k] / ramp[k] <= full[k - 1] / ramp[k - 1] + 1e-15, "window %d rises at %d",
                   w, k);
            if (2 * k <= N / 2)
                EXPECT(fabs(half[k] / ramp[k] - full[2 * k] / ramp[2 * k]) < 1e-14,
                       "window %d cutoff at %d", w, k);
            else if (w != VXG_CT_WINDOW_BUTTERWORTH)
                EXPECT(half[k] == 0, "window %d is %g beyond its cutoff", w, half[k]);
        }
    }
    CHECK_OK(vxg_ct_filter_response(VXG_CT_WINDOW_BUTTERWORTH, 0, N, 1, full));
    CHECK_OK(vxg_ct_filter_response(VXG_CT_WINDOW_BUTTERWORTH, 0.5, N, 1, half));
    CHECK(!memcmp(full, half, sizeof full), "butterworth's default cutoff is not 0.5");
    CHECK_OK(vxg_ct_filter_response(VXG_CT_WINDOW_NONE, 0.3, N, 1, full));
    for (int k = 0; k <= N / 2; k++) EXPECT(full[k] == 1, "none at %d is %g", k, full[k]);
}

TEST(errors)
{
    double h[9];
    EXPECT(vxg_ct_filter_response(VXG_CT_WINDOW_HANN, 0, 12, 1, h) == VXG_ERR_ARGUMENT, "nfft 12");
    EXPECT(vxg_ct_filter_response(VXG_CT_WINDOW_HANN, 0, 1, 1, h) == VXG_ERR_ARGUMENT, "nfft 1");
    EXPECT(vxg_ct_filter_response(VXG_CT_WINDOW_HANN, 1.5, 16, 1, h) == VXG_ERR_ARGUMENT, "cutoff");
    EXPECT(vxg_ct_filter_response(VXG_CT_WINDOW_HANN, NAN, 16, 1, h) == VXG_ERR_ARGUMENT, "NaN");
    EXPECT(vxg_ct_filter_response(VXG_CT_WINDOW_HANN, 0, 16, 0, h) == VXG_ERR_ARGUMENT, "pitch");
    EXPECT(vxg_ct_filter_response((vxg_ct_window)8, 0, 16, 1, h) == VXG_ERR_ARGUMENT, "window");
    EXPECT(vxg_ct_filter_response(VXG_CT_WINDOW_HANN, 0, 16, 1, NULL) == VXG_ERR_ARGUMENT, "NULL");
    for (int64_t n = 0;; n++) {
        int64_t live = vxg_alloc_live();
        vxg_alloc_fail_at(n);
        int status = vxg_ct_filter_response(VXG_CT_WINDOW_HANN, 0, 16, 1, h);
        vxg_alloc_fail_at(-1);
        CHECK(vxg_alloc_live() == live, "leak when request %d fails", (int)n);
        if (status == VXG_OK) {
            CHECK(n > 0, "no allocation was made to fail");
            break;
        }
        CHECK(status == VXG_ERR_MEMORY, "request %d: status %d", (int)n, status);
    }
}

/* Disc of attenuation 1 and radius r about (x0, y0), `views` views over 180 degrees of `nu` columns
 * of size pitch; the mean over the points at least 4 columns inside the rim. */
static double disc_mean(vxg_ct_window window, int nu, double pitch, int views, double r, double x0,
                        double y0) {
    int64_t nfft = vxg_fft_size(2 * nu);
    double *h = malloc((size_t)(nfft / 2 + 1) * sizeof *h);
    double *re = malloc((size_t)nfft * 2 * sizeof *re), *im = re + nfft;
    double *q = malloc((size_t)views * (size_t)nu * sizeof *q);
    double *theta = malloc((size_t)views * 2 * sizeof *theta), *weight = theta + views;
    int bad = vxg_ct_filter_response(window, 0, nfft, pitch, h);
    for (int v = 0; v < views; v++) theta[v] = PI * v / views;
    bad += vxg_ct_angle_weights(views, theta, weight);
    for (int v = 0; v < views; v++) {
        for (int64_t i = 0; i < nfft; i++) re[i] = im[i] = 0;
        for (int u = 0; u < nu; u++) {
            double s = (u - 0.5 * (nu - 1)) * pitch - x0 * cos(theta[v]) - y0 * sin(theta[v]);
            re[u] = s * s < r * r ? 2 * sqrt(r * r - s * s) : 0;
        }
        bad += vxg_fft_host(re, im, nfft, -1);
        for (int64_t k = 0; k < nfft; k++) {
            double g = h[k <= nfft / 2 ? k : nfft - k] / (double)nfft;
            re[k] *= g, im[k] *= g;
        }
        bad += vxg_fft_host(re, im, nfft, 1);
        for (int u = 0; u < nu; u++) q[v * nu + u] = re[u];
    }
    double sum = 0, rim = r - 4 * pitch;
    int count = 0;
    for (double y = -rim; y <= rim; y += pitch)
        for (double x = -rim; x <= rim; x += pitch) {
            if (x * x + y * y > rim * rim) continue;
            double value = 0;
            for (int v = 0; v < views; v++) {
                double u =
                    ((x + x0) * cos(theta[v]) + (y + y0) * sin(theta[v])) / pitch + 0.5 * (nu - 1);
                int i = (int)u;
                value += weight[v] * (q[v * nu + i] * (i + 1 - u) + q[v * nu + i + 1] * (u - i));
            }
            sum += value, count++;
        }
    free(h);
    free(re);
    free(q);
    free(theta);
    return bad ? NAN : sum / count;
}

TEST(disc_reconstructs)
{
    double a = disc_mean(VXG_CT_WINDOW_RAMP, 128, 1, 360, 48, 3.3, -2.1);
    CHECK(fabs(a - 1) < 1e-3, "ramp: mean %g", a);
    double b = disc_mean(VXG_CT_WINDOW_RAMP, 128, 0.02, 360, 0.96, 0.1, 0.05);
    CHECK(fabs(b - 1) < 1e-3, "pitch 0.02: mean %g", b);
    double c = disc_mean(VXG_CT_WINDOW_HANN, 128, 1, 360, 48, 3.3, -2.1);
    CHECK(fabs(c - 1) < 2e-3, "hann: mean %g", c);
    double d = disc_mean(VXG_CT_WINDOW_BUTTERWORTH, 128, 1, 180, 48, 0, 0);
    CHECK(fabs(d - 1) < 2e-3, "butterworth: mean %g", d);
}

TEST_MAIN("ct_response", T(fft_equals_sum), T(fft_round_trip), T(fft_sizes_and_errors),
          T(ramp_taps), T(ramp_shape), T(windows_numpy), T(windows_cutoff), T(errors),
          T(disc_reconstructs))
