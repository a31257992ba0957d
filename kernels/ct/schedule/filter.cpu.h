/* Row filter of scans: every row times a real symmetric response in the Fourier domain (num/fft.cpu.h).
 * Two real rows make one complex row; complex rows are the lanes. */
#include "kernels/ct/schedule/schedule_args.h"
#include "kernels/num/fft.cpu.h"
#include "kernels/num/lanes.cpu.h"
#if !defined(VXG_DTYPE_f64)

/* LANE_W pairs from pair number p on, side 0 or 1 of the pair: rows to x or back. */
LANE_FN void filter_lanes(const vxg_filter_args *a, int64_t p, int side, float *x, int out) {
    const int64_t npairs = (a->nviews + 1) / 2 * a->nv;
    for (int l = 0; l < LANE_W; l += 4) {
        int64_t offset[4];
        float scale[4];
        int have = 0, same = 1;
        for (int k = 0; k < 4; k++) {
            int64_t pair = p + l + k, view = pair / a->nv * 2 + side;
            int in = pair < npairs && view < a->nviews;
            offset[k] = in ? (view * a->nv + pair % a->nv) * a->nu : -1;
            scale[k] = in && a->scale && out ? a->scale[view] : 1;
            have += in, same = same && scale[k] == scale[0];
        }
        float *const lanes = x + side * LANE_W + l;
        if (have == 4 && same && !out) {
            const float *in = a->in;
            const float *const rows[4] = {in + offset[0], in + offset[1], in + offset[2],
                                          in + offset[3]};
            lane_in4(lanes, 2 * LANE_W, rows, a->nu, scale[0]);
        } else if (have == 4 && same) {
            float *const rows[4] = {a->out + offset[0], a->out + offset[1], a->out + offset[2],
                                    a->out + offset[3]};
            lane_out4(rows, lanes, 2 * LANE_W, a->nu, scale[0], a->add);
        } else {
            for (int k = 0; k < 4; k++)
                for (int i = 0; i < a->nu; i++) {
                    float *v = lanes + (int64_t)i * 2 * LANE_W + k;
                    if (!out) {
                        *v = offset[k] >= 0 ? scale[k] * a->in[offset[k] + i] : 0;
                    } else if (offset[k] >= 0) {
                        float *to = a->out + offset[k] + i;
                        *to = a->add ? *to + scale[k] * *v : scale[k] * *v;
                    }
                }
        }
    }
}

K_SCHEDULE(fft_filter) {
    const vxg_filter_args *a = args;
    float *const x = scratch;
    const int half = a->nfft >= 8 && a->nu <= a->nfft / 2;
    for (int s = 0; s < VXG_FILTER_PAIRS; s += LANE_W) {
        const int64_t p = unit * VXG_FILTER_PAIRS + s, width = 2 * LANE_W;
        const int end = half ? a->nfft / 2 : a->nfft;
        filter_lanes(a, p, 0, x, 0);
        filter_lanes(a, p, 1, x, 0);
        memset(x + a->nu * width, 0, (size_t)((end - a->nu) * width) * sizeof *x);
        if (half) {
            fft_outer((fft_v *)x, a->nfft, a->twiddle, a->response);
        } else {
            fft_inner((fft_v *)x, a->nfft, a->twiddle, a->response);
        }
        filter_lanes(a, p, 0, x, 1);
        filter_lanes(a, p, 1, x, 1);
    }
}
#endif
