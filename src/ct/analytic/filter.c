/* Row filtering as an operator: F = W T, T the symmetric Toeplitz matrix of the filter along a row,
 * W a weight per view. W is one number within a row, so W T = T W: the operator is its own adjoint.
 */
#include <math.h>
#include <string.h>

#include "array/launch.h"
#include "ct/schedule/schedule.h"

/* Row pairs in flight bound the scratch: many groups for a GPU, few for the CPU. */
#define MOST_PAIRS 1024
#define MOST_PAIRS_CPU 64

static void filter_free(void *state) {
    vxg_ct_filter_state *s = state;
    vxg_array_release(&s->table);
    vxg__free(s->response);
    vxg__free(s->weights);
    vxg__filter_plan_free(s->plan);
    vxg__free(s);
}

static int64_t pairs_of(const vxg_ct_filter_state *s) {
    return (s->nviews + 1) / 2 * s->nrows_per_view;
}
static int64_t pairs_at_once(const vxg_op *op) {
    int64_t pairs = pairs_of(vxg_op_state(op));
    int64_t most = vxg_device_get_info(vxg_op_device(op))->is_cpu ? MOST_PAIRS_CPU : MOST_PAIRS;
    return pairs < most ? pairs : most;
}

/* Two complex rows, in and out, for every pair at once. */
static vxg_space scratch_space(const vxg_op *op) {
    const vxg_ct_filter_state *s = vxg_op_state(op);
    return (vxg_space){
        .dtype = vxg_op_range(op)->dtype, .ndim = 1, .shape = {pairs_at_once(op) * 4 * s->n}};
}
static size_t filter_workspace(const vxg_op *op, const vxg_call *call) {
    (void)call;
    const vxg_ct_filter_state *s = vxg_op_state(op);
    const vxg_space space = scratch_space(op);
    return s->plan ? 0 : vxg_space_bytes(&space);
}

static int run(const vxg_op *op, const vxg_call *call, const vxg_array *in, const vxg_array *out) {
    const vxg_ct_filter_state *s = vxg_op_state(op);
    int64_t pairs = pairs_of(s), step = pairs_at_once(op);
    const vxg_real real = vxg__arithmetic(out->dtype);
    const vxg_space space = scratch_space(op);
    vxg_call c = *call;
    vxg_array scratch;
    VXG_TRY(vxg_call_workspace(&c, &space, &scratch));
    for (int64_t first = 0; first < pairs; first += step) {
        int64_t count = pairs - first < step ? pairs - first : step;
        vxg_launch l = {.global = {count, 1, 1}, .nints = 7};
        const int64_t ints[] = {s->nviews,        s->nu, s->n, s->logn, call->accumulate, first,
                                s->nrows_per_view};
        for (int i = 0; i < 7; i++) l.ints[i] = (int)ints[i];
        vxg__push_array(&l, in);
        vxg__push_array(&l, &s->table);
        vxg__push_array(&l, &scratch);
        vxg__push_array(&l, out);
        VXG_TRY(vxg__launch(vxg_op_device(op), call->queue, "filter_rows", real, &l));
    }
    return VXG_OK;
}

static int filter_apply(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                        const vxg_array *out) {
    const vxg_ct_filter_state *s = vxg_op_state(op);
    if (s->plan) return vxg__filter_plan_run(s->plan, call, in, out);
    return run(op, call, in, out);
}
static int filter_vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                      const vxg_array *cotangent, const vxg_array *grad) {
    (void)in;
    return grad->buffer ? filter_apply(op, call, cotangent, grad) : VXG_OK;
}

static const vxg_op_class filter_class = {.name = "ct.filter",
                                          .accumulates = 1,
                                          .apply = filter_apply,
                                          .vjp = filter_vjp,
                                          .workspace = filter_workspace,
                                          .destroy = filter_free};

/* cos, sin of 2 pi k / n (k < n/2), the response (n/2 + 1), the weights (nviews): see filter.k */
static int upload_table(vxg_device *dev, vxg_real real, vxg_ct_filter_state *s) {
    int64_t n = s->n, count = n + n / 2 + 1 + s->nviews;
    double *t = vxg__calloc((size_t)count, sizeof *t);
    if (!t) return VXG_ERR_MEMORY;
    for (int64_t k = 0; k < n / 2; k++) {
        t[k] = cos(2 * M_PI * (double)k / (double)n);
        t[n / 2 + k] = sin(2 * M_PI * (double)k / (double)n);
    }
    memcpy(t + n, s->response, (size_t)(n / 2 + 1) * sizeof *t);
    memcpy(t + n + n / 2 + 1, s->weights, (size_t)s->nviews * sizeof *t);
    int status = vxg__array_from_doubles(dev, real, 1, &count, t, &s->table);
    vxg__free(t);
    return status;
}

int vxg_ct_filter(vxg_device *dev, const vxg_space *space, const double *response, int64_t nfft,
                  const double *weights, vxg_real real, vxg_op **out) {
    VXG_FAIL_IF(!dev || !space || !response || !out, VXG_ERR_ARGUMENT,
                "filter: device, projections, response or out is NULL");
    *out = NULL;
    VXG_TRY(vxg__space_check(space, "filter", "projections", 0));
    VXG_FAIL_IF((int)real < 0 || real > VXG_REAL_F64 || space->dtype != vxg_real_dtype(real),
                VXG_ERR_ARGUMENT, "filter: projections are %s, the arithmetic is %s",
                vxg_dtype_name(space->dtype), vxg_real_name(real));
    VXG_FAIL_IF(space->ndim != 3 || space->shape[0] < 1 || space->shape[1] < 1 ||
                    space->shape[2] < 1,
                VXG_ERR_ARGUMENT, "filter: projections (views, rows, columns) are expected");
    VXG_FAIL_IF(nfft < 2 || nfft > ((int64_t)1 << 24) || (nfft & (nfft - 1)), VXG_ERR_ARGUMENT,
                "filter: nfft %lld is not a power of two up to 2^24", (long long)nfft);
    VXG_FAIL_IF(nfft < 2 * space->shape[2] - 1, VXG_ERR_ARGUMENT,
                "filter: nfft %lld is too short for rows of %lld: at least 2 n - 1 is expected",
                (long long)nfft, (long long)space->shape[2]);
    VXG_FAIL_IF(space->shape[0] * space->shape[1] > INT32_MAX, VXG_ERR_ARGUMENT,
                "filter: more than 2^31 rows");
    vxg_ct_filter_state *s = vxg__calloc(1, sizeof *s);
    if (!s) return VXG_ERR_MEMORY;
    s->nviews = space->shape[0], s->nrows_per_view = space->shape[1], s->nu = space->shape[2];
    s->n = nfft;
    while ((int64_t)1 << s->logn < nfft) s->logn++;
    s->response = vxg__calloc((size_t)(nfft / 2 + 1), sizeof(double));
    s->weights = vxg__calloc((size_t)s->nviews, sizeof(double));
    int status = s->response && s->weights ? VXG_OK : VXG_ERR_MEMORY;
    if (!status) {
        memcpy(s->response, response, (size_t)(nfft / 2 + 1) * sizeof(double));
        for (int64_t i = 0; i < s->nviews; i++) s->weights[i] = weights ? weights[i] : 1;
        status = upload_table(dev, real, s);
    }
    if (!status && real == VXG_REAL_F32) status = vxg__filter_plan_new(dev, s, &s->plan);
    if (status) {
        filter_free(s);
        return status;
    }
    vxg_space both = *space;
    both.dtype = vxg_real_dtype(real);
    return vxg__op_new_linear(&filter_class, dev, &both, &both, VXG_SUBSETS_NONE, s, out);
}
