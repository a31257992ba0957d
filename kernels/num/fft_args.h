/* Arguments of the cpu schedule of the Fourier transform (fft_lanes.cpu.h), filled in src/op/schedule/fft_lanes.c. */
#ifndef VXG_FFT_ARGS_H
#define VXG_FFT_ARGS_H
#include <stdint.h>

#define VXG_FFT_LINES 16   /* lines along the axis that a unit transforms */
#define VXG_FFT_PASSES 32  /* the most that a line takes */

/* The passes of a line of m numbers: their radices, cos and sin of 2 pi k / m for 0 <= k < m. */
typedef struct vxg_fft_line {
    const float *twiddle;
    int m, passes, radix[VXG_FFT_PASSES];
} vxg_fft_line;

/* Arrays (outer, n, inner); what stands before and after, `from` and `to`, is numbered as in fft_ends.k, and
 * is complex where inner is not 1. Unit u takes VXG_FFT_LINES lines: of neighbouring outer where inner is 1,
 * else of neighbouring inner, ceil(inner / VXG_FFT_LINES) units to an outer. Scratch: 64 line.m
 * floats. */
typedef struct vxg_fft_args {
    const float *in;
    float *out;
    const float *chirp, *spectrum;
    vxg_fft_line line;
    int64_t outer;
    int n, inner;
    int from, to, chirped, add;
    float sign, weight_in, weight_out, scale;
} vxg_fft_args;
#endif
