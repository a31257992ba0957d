/* Private side of the host FFT: a plan, so that many transforms of one size share their twiddles.
 */
#ifndef VXG_FFT_HOST_H
#define VXG_FFT_HOST_H

#include <stdint.h>

typedef struct vxg__fft {
    int64_t n;
    double *twiddle; /* cos, sin of 2 pi k / n for k < n/2, interleaved */
} vxg__fft;

/* n a power of two. A plan is read only afterwards: threads may share it. */
int vxg__fft_plan(vxg__fft *plan, int64_t n);
void vxg__fft_free(vxg__fft *plan);
/* In place, unscaled; sign -1 forward, +1 inverse. */
void vxg__fft_run(const vxg__fft *plan, double *re, double *im, int sign);

#endif
