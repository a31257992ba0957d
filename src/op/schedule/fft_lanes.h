/* The Fourier transform on the cpu by its schedule (kernels/num/fft_lanes.cpu.h): one pass over the
 * data for each axis. */
#ifndef VXG_OP_FFT_LANES_H
#define VXG_OP_FFT_LANES_H

#include "device/backend.h"

#define VXG__FFT_MOST_PASSES 32 /* of an axis: 2^29 takes 10, 3^18 takes 18 */

/* One axis of an array (outer, n, inner) of complex numbers. */
typedef struct vxg__fft_axis {
    int64_t n, m; /* the length; that of the passes, n or the chirp's */
    int chirped;  /* by Bluestein's chirp */
    int64_t outer, inner;
    int passes, radix[VXG__FFT_MOST_PASSES];
    int64_t twiddles, chirp, spectrum; /* where they begin in the table */
} vxg__fft_axis;

/* The transform along one axis, in the kernels' words. */
typedef struct vxg__fft_along {
    vxg__fft_axis axis;
    int from, to;
    double sign, weight_in, weight_out;
} vxg__fft_along;

typedef void (*vxg__fft_lanes)(const void *args, int64_t unit, void *scratch);

/* The schedule where it can do these axes: float32 on the cpu, enough lines, not too long; or NULL.
 */
vxg__fft_lanes vxg__fft_lanes_pick(const vxg_device *dev, vxg_real real, const vxg__fft_axis *axes,
                                   int count);
/* Bytes of scratch for all workers. */
size_t vxg__fft_lanes_scratch(const vxg__fft_axis *axes, int count);
/* One axis: out = (or +=) scale times the transform of in; in and out may not overlap. table: that
 * of the axes; scratch of vxg__fft_lanes_scratch(along->axis). */
typedef struct vxg__fft_task {
    vxg__fft_lanes run;
    const float *table, *in;
    float *out;
    void *scratch;
    double scale;
    int add;
    const vxg_progress *progress;
} vxg__fft_task;
int vxg__fft_lanes_run(const vxg__fft_task *task, const vxg__fft_along *along);

#endif
