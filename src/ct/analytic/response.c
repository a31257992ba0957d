/* Filter responses for filtered backprojection.
 *
 * Ramp: the band-limited ramp sampled in space, h[0] = 1/(4 p^2), h[n] = -1/(pi n p)^2 for odd n, 0
 * for even n (Kak & Slaney 1988, eq. 3.61), times the pitch p of the convolution integral, and
 * transformed. Sampling |f| itself would set H[0] = 0 and bias the mean; the taps give the small
 * positive H[0] that the finite row needs. H[k] is close to |f|, f = k/(nfft p), and holds no
 * 1/nfft.
 */

/* clang-format off */
/* Windows over x = f / (cutoff f_Nyquist). The ramp and every window but butterworth are cut at x = 1. The default cutoff is
 * 1, of butterworth 0.5.
 *   shepp-logan  sin(pi x/2) / (pi x/2)                                (Shepp, Logan 1974)
 *   cosine       cos(pi x/2)
 *   hann         (1 + cos pi x) / 2
 *   hamming      0.54 + 0.46 cos pi x
 *   parzen       1 - 6 x^2 (1-x) for x <= 1/2, 2 (1-x)^3 above         (Parzen 1961, de la Vallee Poussin)
 *   butterworth  1 / sqrt(1 + x^16)                                    (order 8; half power at the cutoff) */
/* clang-format on */
#include <math.h>

#include <voxgrad/ct.h>

#include "array/fft_host.h"
#include "base/base.h"

#define PI 3.14159265358979323846

static double window_value(vxg_ct_window window, double x) {
    if (window == VXG_CT_WINDOW_BUTTERWORTH) return 1 / sqrt(1 + pow(x, 16));
    if (x > 1) return 0;
    switch (window) {
    case VXG_CT_WINDOW_SHEPP: return x > 0 ? sin(PI * x / 2) / (PI * x / 2) : 1;
    case VXG_CT_WINDOW_COSINE: return cos(PI * x / 2);
    case VXG_CT_WINDOW_HANN: return 0.5 + 0.5 * cos(PI * x);
    case VXG_CT_WINDOW_HAMMING: return 0.54 + 0.46 * cos(PI * x);
    case VXG_CT_WINDOW_PARZEN:
        return x <= 0.5 ? 1 - 6 * x * x * (1 - x) : 2 * (1 - x) * (1 - x) * (1 - x);
    default: return 1;
    }
}

/* Pitch times the taps, with negative n at the end of the circle. */
static void ramp_taps(double *taps, int64_t nfft, double pitch) {
    taps[0] = 1 / (4 * pitch);
    for (int64_t n = 1; n <= nfft / 2; n += 2) {
        double h = -1 / (PI * PI * (double)n * (double)n * pitch);
        taps[n] = taps[nfft - n] = h;
    }
}

int vxg_ct_filter_response(vxg_ct_window window, double cutoff, int64_t nfft, double pitch,
                           double *response) {
    VXG_FAIL_IF(!response, VXG_ERR_ARGUMENT, "filter response: response is NULL");
    VXG_FAIL_IF((int)window < 0 || window > VXG_CT_WINDOW_NONE, VXG_ERR_ARGUMENT,
                "filter response: unknown window %d", (int)window);
    VXG_FAIL_IF(nfft < 2 || (nfft & (nfft - 1)), VXG_ERR_ARGUMENT,
                "filter response: nfft %lld; expected a power of two, 2 or more", (long long)nfft);
    VXG_FAIL_IF(!(pitch > 0) || !isfinite(pitch), VXG_ERR_ARGUMENT,
                "filter response: pitch %g; expected a positive length", pitch);
    VXG_FAIL_IF(!(cutoff >= 0 && cutoff <= 1), VXG_ERR_ARGUMENT,
                "filter response: cutoff %g; expected a fraction of Nyquist, 0 (default) to 1",
                cutoff);
    if (window == VXG_CT_WINDOW_NONE) {
        for (int64_t k = 0; k <= nfft / 2; k++) response[k] = 1;
        return VXG_OK;
    }
    if (cutoff == 0) cutoff = window == VXG_CT_WINDOW_BUTTERWORTH ? 0.5 : 1;
    double *re = vxg__calloc((size_t)nfft * 2, sizeof *re);
    if (!re) return VXG_ERR_MEMORY;
    double *im = re + nfft; /* stays 0: the taps are even, so their transform is real */
    ramp_taps(re, nfft, pitch);
    int status = vxg_fft_host(re, im, nfft, -1);
    for (int64_t k = 0; !status && k <= nfft / 2; k++)
        response[k] = re[k] * window_value(window, (double)k / (double)(nfft / 2) / cutoff);
    vxg__free(re);
    return status;
}
