#include "op/schedule/fft_lanes.h"

#include <string.h>

#include "device/cpu/cpu.h"
#include "kernels/num/fft_args.h"

#define LONGEST 16384 /* numbers of a line: 16 of them and their copy are 4 MiB of cache */
#define FEWEST 4      /* lines; fewer leave the lanes empty */

_Static_assert(VXG__FFT_MOST_PASSES == VXG_FFT_PASSES, "the schedule's arguments hold the passes");

vxg__fft_lanes vxg__fft_lanes_pick(const vxg_device *dev, vxg_real real, const vxg__fft_axis *axes,
                                   int count) {
    if (real != VXG_REAL_F32) return NULL;
    for (int i = 0; i < count; i++)
        if (axes[i].m > LONGEST || axes[i].outer * axes[i].inner < FEWEST) return NULL;
    return vxg__cpu_schedule(dev, "fft_lanes");
}

/* Bytes that a worker needs for lines of m numbers: two arrays of VXG_FFT_LINES lines. */
static size_t worker_bytes(int64_t m) {
    return (size_t)(4 * VXG_FFT_LINES * m) * sizeof(float);
}

size_t vxg__fft_lanes_scratch(const vxg__fft_axis *axes, int count) {
    int64_t most = 0;
    for (int i = 0; i < count; i++)
        if (axes[i].m > most) most = axes[i].m;
    return vxg__cpu_scratch(worker_bytes(most));
}

int vxg__fft_lanes_run(const vxg__fft_task *task, const vxg__fft_along *along) {
    const vxg__fft_axis *a = &along->axis;
    vxg_fft_args args = {.in = task->in,
                         .out = task->out,
                         .line = {.twiddle = task->table + a->twiddles, .m = (int)a->m},
                         .chirp = task->table + a->chirp,
                         .spectrum = task->table + a->spectrum,
                         .outer = a->outer,
                         .n = (int)a->n,
                         .inner = (int)a->inner,
                         .from = along->from,
                         .to = along->to,
                         .chirped = a->chirped,
                         .add = task->add,
                         .sign = (float)along->sign,
                         .weight_in = (float)along->weight_in,
                         .weight_out = (float)along->weight_out,
                         .scale = (float)task->scale};
    args.line.passes = a->passes;
    memcpy(args.line.radix, a->radix, sizeof args.line.radix);
    const int64_t parts = (a->inner + VXG_FFT_LINES - 1) / VXG_FFT_LINES;
    const int64_t units =
        a->inner > 1 ? a->outer * parts : (a->outer + VXG_FFT_LINES - 1) / VXG_FFT_LINES;
    return vxg__cpu_run_in(task->run, &args, units, task->scratch, worker_bytes(a->m),
                           task->progress);
}
