/* The row filter's tables (twiddle factors, response in the order of the transform) and its units.
 */
#include <math.h>

#include "ct/schedule/schedule.h"
#include "kernels/ct/schedule/schedule_args.h"
#include "array/launch.h"
#include "device/cpu/cpu.h"

struct vxg_filter_plan {
    vxg_schedule_fn run;
    float *table;
    vxg_filter_args args;
};

void vxg__filter_plan_free(vxg_filter_plan *plan) {
    if (plan) vxg__free(plan->table);
    vxg__free(plan);
}

/* Response at the frequencies base + step * k in the order the way down leaves them. */
static void order_response(const double *response, int64_t nfft, int64_t m, int64_t base,
                           int64_t step, float *out) {
    const int64_t radix = m >= 4 ? 4 : m;
    if (m == 1) {
        *out = (float)(response[base <= nfft / 2 ? base : nfft - base] / (double)nfft);
        return;
    }
    for (int64_t r = 0; r < radix; r++)
        order_response(response, nfft, m / radix, base + r * step, step * radix,
                       out + r * (m / radix));
}

int vxg__filter_plan_new(const vxg_device *dev, const vxg_ct_filter_state *s,
                         vxg_filter_plan **out) {
    const double two_pi = 6.283185307179586476925;
    const int64_t nfft = s->n;
    assert(nfft >= 2 && (nfft & (nfft - 1)) == 0 && nfft >= 2 * s->nu - 1);
    vxg_schedule_fn run = vxg__cpu_schedule(dev, "fft_filter");
    *out = NULL;
    if (!run || nfft > 1 << 20) return VXG_OK;
    vxg_filter_plan *p = vxg__calloc(1, sizeof *p);
    float *t = p ? vxg__calloc((size_t)(3 * nfft + s->nviews), sizeof *t) : NULL;
    if (!t) {
        vxg__free(p);
        return VXG_ERR_MEMORY;
    }
    float *const order = t + 2 * nfft, *const scale = order + nfft;
    *out = p;
    p->run = run, p->table = t;
    p->args = (vxg_filter_args){.twiddle = t, .response = order, .scale = scale};
    p->args.nviews = s->nviews, p->args.nv = s->nrows_per_view;
    p->args.nu = (int)s->nu, p->args.nfft = (int)nfft;
    /* Stage after stage, longest first: sums to less than 2 nfft floats. */
    for (int64_t m = nfft; m > 4; m /= 4)
        for (int64_t j = 0; j < m / 4; j++)
            for (int64_t r = 1; r < 4; r++) {
                *t++ = (float)cos(two_pi * (double)(j * r) / (double)m);
                *t++ = (float)-sin(two_pi * (double)(j * r) / (double)m);
            }
    order_response(s->response, nfft, nfft, 0, 1, order);
    for (int64_t v = 0; v < s->nviews; v++) scale[v] = (float)s->weights[v];
    return VXG_OK;
}

int vxg__filter_plan_run(const vxg_filter_plan *p, const vxg_call *call, const vxg_array *in,
                         const vxg_array *out) {
    vxg_filter_args a = p->args;
    const int64_t pairs = (a.nviews + 1) / 2 * a.nv;
    a.in = vxg__host_floats(in);
    a.out = vxg__host_floats(out);
    a.add = call->accumulate;
    return vxg__cpu_run(p->run, &a, (pairs + VXG_FILTER_PAIRS - 1) / VXG_FILTER_PAIRS,
                        (size_t)(2 * VXG_FILTER_PAIRS * a.nfft) * sizeof(float), call->progress);
}
