/* Host FFT in double: radix 2, decimation in time.
 *
 * It is there beside vxg_op_fft because that operator stands above this room and needs it: the
 * chirp of lengths that are no powers of two is transformed here while an operator is made, as are
 * the responses of row filters. The search for the rotation axis transforms columns on the threads
 * of one job, in double and without a device. None of it is where time goes, so this one is plain
 * on purpose, and right; the speed of operators comes from the kernels (kernels/num/fft*.k). */
#include "array/fft_host.h"

#include <math.h>

#include <voxgrad/array.h>

#include "base/base.h"

static const double TWO_PI = 6.283185307179586476925286766559;

int64_t vxg_fft_size(int64_t n) {
    int64_t size = 1;
    while (size < n && size < (int64_t)1 << 62) size <<= 1;
    return size;
}

/* cos and sin of 2 pi k / n for 0 <= k < n/2 by folding into the first octant: the angle keeps full
 * relative accuracy, and the values at multiples of 45 degrees are exact mirror images. */
static void twiddle(int64_t k, int64_t n, double *c, double *s) {
    double sign = 1;
    assert(k >= 0 && 2 * k < n);
    if (4 * k > n) {
        k = n / 2 - k;
        sign = -1;
    }
    int swap = 8 * k > n;
    double angle = TWO_PI * (double)(swap ? n / 4 - k : k) / (double)n;
    double a = cos(angle), b = sin(angle);
    *c = sign * (swap ? b : a);
    *s = swap ? a : b;
}

int vxg__fft_plan(vxg__fft *plan, int64_t n) {
    plan->n = n, plan->twiddle = NULL;
    VXG_FAIL_IF(n < 1 || (n & (n - 1)), VXG_ERR_ARGUMENT, "FFT: size %lld; expected a power of two",
                (long long)n);
    plan->twiddle = vxg__calloc((size_t)(n > 1 ? n : 2), sizeof(double));
    if (!plan->twiddle) return VXG_ERR_MEMORY;
    for (int64_t k = 0; k < n / 2; k++)
        twiddle(k, n, &plan->twiddle[2 * k], &plan->twiddle[2 * k + 1]);
    return VXG_OK;
}

void vxg__fft_free(vxg__fft *plan) {
    vxg__free(plan->twiddle);
    plan->twiddle = NULL;
}

static void bit_reverse(double *re, double *im, int64_t n) {
    for (int64_t i = 1, j = 0; i < n; i++) {
        int64_t bit = n >> 1;
        for (; j & bit; bit >>= 1) j ^= bit;
        j ^= bit;
        if (i >= j) continue;
        double t = re[i];
        re[i] = re[j], re[j] = t;
        t = im[i];
        im[i] = im[j], im[j] = t;
    }
}

void vxg__fft_run(const vxg__fft *plan, double *re, double *im, int sign) {
    int64_t n = plan->n;
    assert(plan->twiddle && re && im && re != im && (sign == 1 || sign == -1));
    bit_reverse(re, im, n);
    for (int64_t half = 1; half < n; half *= 2) {
        int64_t stride = n / (2 * half);
        for (int64_t base = 0; base < n; base += 2 * half) {
            for (int64_t k = 0; k < half; k++) {
                double c = plan->twiddle[2 * k * stride];
                double s = sign * plan->twiddle[2 * k * stride + 1];
                int64_t i = base + k, j = i + half;
                double tr = re[j] * c - im[j] * s, ti = re[j] * s + im[j] * c;
                re[j] = re[i] - tr, im[j] = im[i] - ti;
                re[i] += tr, im[i] += ti;
            }
        }
    }
}

int vxg_fft_host(double *re, double *im, int64_t n, int sign) {
    VXG_FAIL_IF(!re || !im, VXG_ERR_ARGUMENT, "FFT: re or im is NULL");
    VXG_FAIL_IF(sign != 1 && sign != -1, VXG_ERR_ARGUMENT, "FFT: sign %d; expected -1 or +1", sign);
    vxg__fft plan;
    VXG_TRY(vxg__fft_plan(&plan, n));
    vxg__fft_run(&plan, re, im, sign);
    vxg__fft_free(&plan);
    return VXG_OK;
}
