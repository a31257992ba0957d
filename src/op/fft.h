/* Inside of the Fourier transform: its plan, carried out by launches or by the cpu's schedule. */
#ifndef VXG_OP_FFT_H
#define VXG_OP_FFT_H

#include "op/op.h"
#include "op/schedule/fft_lanes.h"

/* Launches of a direction: along an axis 23 at most, or as many as it has passes and 2. */
#define VXG_FFT_STEPS 64

/* One launch: the kernel's numbers, without the arrays. */
typedef struct vxg__fft_step {
    const char *kernel, *options;
    int64_t table; /* where the kernel's table begins */
    int64_t items, outer;
    int ints[6];
    double reals[3];
} vxg__fft_step;

/* One direction of the operator: the axes, and the launches they take. */
typedef struct vxg__fft_steps {
    int naxes;
    vxg__fft_along along[2];
    int count;
    vxg__fft_step list[VXG_FFT_STEPS];
} vxg__fft_steps;

typedef struct vxg__fft_state {
    vxg_fft_opts opts;
    vxg_real real;
    int naxes;
    vxg__fft_axis axis[2]; /* the last axis, the one before */
    double scale;
    vxg_array table;
    vxg__fft_steps forwards, adjoint;
    vxg__fft_lanes lanes; /* the cpu's schedule, or NULL */
} vxg__fft_state;

/* For schedules that hold lines of their own: the passes of n numbers, a product of 2, 3, 5 and 7,
 * room for VXG__FFT_MOST_PASSES radices; twiddle: 2 n floats, cos and sin of 2 pi k / n. */
int vxg__fft_line(int64_t n, float *twiddle, int *radix);
/* Whether n is such a product. */
int vxg__fft_is_smooth(int64_t n);

#endif
