/* Fan-beam FBP and FDK as one operator: distance-weighted backprojector after row filter after
 * weights (fdk_plan.c says which). Parallel beams that need weights go the same way. */
#include <math.h>
#include <string.h>

#include "array/launch.h"
#include "op/op.h"
#include "ct/analytic/fdk.h"

/* ---- The pre-weights ---- */
typedef struct weight_state {
    int nviews, nv, nu, before, after, cosine_per_view;
    int mode; /* 0 no redundancy table, 1 (view, column), 2 (view, row, column) */
    vxg_array cosine, redundancy; /* cosine begins with the taper */
} weight_state;

static void weight_free(void *state) {
    weight_state *s = state;
    vxg_array_release(&s->cosine);
    vxg_array_release(&s->redundancy);
    vxg__free(s);
}

static int run(const vxg_op *op, const vxg_call *call, int adjoint, const vxg_array *from,
               const vxg_array *to) {
    const weight_state *s = vxg_op_state(op);
    const int ints[] = {s->nu,   s->nv,           s->before, s->after, s->cosine_per_view,
                        s->mode, call->accumulate};
    vxg_launch l = {.global = {s->nu + (adjoint ? 0 : s->before + s->after), s->nv, s->nviews},
                    .nints = 7};
    for (int i = 0; i < 7; i++) l.ints[i] = ints[i];
    vxg__push_array(&l, from);
    vxg__push_array(&l, &s->cosine);
    vxg__push_array(&l, s->mode ? &s->redundancy : &s->cosine);
    vxg__push_array(&l, to);
    return vxg__launch(vxg_op_device(op), call->queue,
                       adjoint ? "fdk_weight_adjoint" : "fdk_weight", vxg__arithmetic(to->dtype),
                       &l);
}
static int apply(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                 const vxg_array *out) {
    return run(op, call, 0, in, out);
}
static int vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
               const vxg_array *cotangent, const vxg_array *grad) {
    (void)in;
    return grad->buffer ? run(op, call, 1, cotangent, grad) : VXG_OK;
}

static const vxg_op_class weight_class = {
    .name = "ct.fdk.weight", .accumulates = 1, .apply = apply, .vjp = vjp, .destroy = weight_free};

/* The taper and after it the cosines, as the kernel reads them. */
static int taper_and_cosine(vxg_device *dev, vxg_real real, const vxg__fdk_plan *p, int64_t n,
                            vxg_array *out) {
    const int64_t lead = p->before > p->after ? p->before : p->after, total = lead + n;
    double *t = vxg__calloc((size_t)total, sizeof *t);
    if (!t) return VXG_ERR_MEMORY;
    if (lead) memcpy(t, p->taper, (size_t)lead * sizeof *t);
    memcpy(t + lead, p->cosine, (size_t)n * sizeof *t);
    int status = vxg__array_from_doubles(dev, real, 1, &total, t, out);
    vxg__free(t);
    return status;
}

int vxg__fdk_weight(vxg_device *dev, int64_t nu, const vxg__fdk_plan *p, vxg_real real,
                    vxg_op **out) {
    const int64_t nviews = p->window.v1 - p->window.v0, nv = p->window.r1 - p->window.r0;
    vxg_space from = {.dtype = vxg_real_dtype(real), .ndim = 3, .shape = {nviews, nv, nu}},
              to = from;
    to.shape[2] += p->before + p->after;
    *out = NULL;
    weight_state *s = vxg__calloc(1, sizeof *s);
    if (!s) return VXG_ERR_MEMORY;
    s->nviews = (int)nviews, s->nv = (int)nv, s->nu = (int)nu;
    s->before = (int)p->before, s->after = (int)p->after;
    s->cosine_per_view = p->cosine_per_view;
    s->mode = p->redundancy ? 1 + p->redundancy_per_row : 0;
    const int64_t rays = nviews * (s->mode > 1 ? nv : 1) * nu;
    int status =
        taper_and_cosine(dev, real, p, (p->cosine_per_view ? nviews : 1) * nv * nu, &s->cosine);
    if (!status && s->mode)
        status = vxg__array_from_doubles(dev, real, 1, &rays, p->redundancy, &s->redundancy);
    if (status) {
        weight_free(s);
        return status;
    }
    return vxg__op_new_linear(&weight_class, dev, &from, &to, VXG_SUBSETS_NONE, s, out);
}

/* ---- The filter ---- */
/* Equal angles: the ramp's taps times (a / sin a)^2, a = n step the angle between columns n apart
 * (Kak & Slaney 1988, eq. 3.4.1.19); taps beyond the detector do not matter. */
static int bend_taps(double *response, int64_t nfft, double step) {
    const double most = 2.8;
    double *re = vxg__calloc((size_t)nfft * 2, sizeof *re);
    if (!re) return VXG_ERR_MEMORY;
    double *im = re + nfft;
    for (int64_t k = 0; k < nfft; k++) re[k] = response[k <= nfft / 2 ? k : nfft - k];
    int status = vxg_fft_host(re, im, nfft, 1);
    for (int64_t k = 0; k < nfft; k++) {
        const double a = fmin((double)(k <= nfft / 2 ? k : nfft - k) * step, most);
        const double bend = a > 0 ? a / sin(a) : 1;
        re[k] *= bend * bend / (double)nfft, im[k] = 0;
    }
    if (!status) status = vxg_fft_host(re, im, nfft, -1);
    for (int64_t k = 0; k <= nfft / 2 && !status; k++) response[k] = re[k];
    vxg__free(re);
    return status;
}

/* The window goes over the bent ramp: it is the ratio of two responses. */
static int curved_response(int64_t nfft, const vxg__fdk_plan *p, double *response) {
    double *ramp = vxg__calloc((size_t)(nfft / 2 + 1) * 2, sizeof *ramp);
    if (!ramp) return VXG_ERR_MEMORY;
    double *bent = ramp + nfft / 2 + 1;
    int status = vxg_ct_filter_response(VXG_CT_WINDOW_RAMP, 0, nfft, p->pitch, ramp);
    for (int64_t k = 0; k <= nfft / 2; k++) bent[k] = ramp[k];
    if (!status) status = bend_taps(bent, nfft, p->step);
    for (int64_t k = 0; k <= nfft / 2 && !status; k++) response[k] *= bent[k] / ramp[k];
    vxg__free(ramp);
    return status;
}

int vxg__fdk_filter(vxg_device *dev, int64_t rows, int64_t nu, const vxg_ct_fdk_opts *o,
                    const vxg__fdk_plan *p, vxg_op **out) {
    const vxg_space space = {.dtype = vxg_real_dtype(o->real),
                             .ndim = 3,
                             .shape = {p->scan.nviews, rows, p->before + nu + p->after}};
    const int64_t nfft = vxg_fft_size(2 * space.shape[2]);
    double *response = vxg__calloc((size_t)(nfft / 2 + 1), sizeof *response);
    *out = NULL;
    if (!response) return VXG_ERR_MEMORY;
    int status = vxg_ct_filter_response(o->window, o->cutoff, nfft, p->pitch, response);
    if (!status && p->step > 0 && o->window != VXG_CT_WINDOW_NONE)
        status = curved_response(nfft, p, response);
    if (!status) status = vxg_ct_filter(dev, &space, response, nfft, p->view_weights, o->real, out);
    vxg__free(response);
    return status;
}

/* ---- All of it ---- */
int vxg__fdk_wider(const vxg_ct_geometry *geo, const vxg__fdk_plan *p, vxg_ct_geometry **out) {
    const int64_t nviews = vxg_ct_geometry_nviews(geo);
    const int curved = vxg_ct_geometry_detector(geo) == VXG_CT_DETECTOR_CURVED;
    const double shift = 0.5 * (double)(p->after - p->before);
    vxg_ct_views o = {.beam = vxg_ct_geometry_beam(geo),
                      .detector = vxg_ct_geometry_detector(geo),
                      .nviews = nviews,
                      .nv = vxg_ct_geometry_nv(geo),
                      .nu = p->before + vxg_ct_geometry_nu(geo) + p->after,
                      .column_offset = vxg_ct_geometry_column_offset(geo) + (curved ? shift : 0)};
    vxg_ct_view *views = vxg__calloc((size_t)nviews, sizeof *views);
    if (!views) return VXG_ERR_MEMORY;
    for (int64_t i = 0; i < nviews; i++) {
        views[i] = *vxg_ct_geometry_view(geo, i);
        for (int k = 0; k < 3 && !curved; k++) views[i].d[k] += shift * views[i].U[k];
    }
    o.views = views;
    int status = vxg_ct_geometry_new(&o, out);
    vxg__free(views);
    return status;
}

int vxg__fdk_backprojector(vxg_device *dev, const vxg_ct_geometry *geo, const vxg_ct_volume *vol,
                           const vxg_ct_fdk_opts *o, const vxg__fdk_plan *p, vxg_op **out) {
    const vxg_ct_projector_opts bo = {.real = o->real,
                                      .no_schedule = o->no_schedule,
                                      .weighting = p->scan.beam == VXG_CT_BEAM_CONE
                                                       ? VXG_CT_WEIGHTING_DISTANCE
                                                       : VXG_CT_WEIGHTING_NONE};
    vxg_ct_geometry *wide = NULL;
    int status = vxg__fdk_wider(geo, p, &wide);
    *out = NULL;
    if (!status) status = vxg_ct_backprojector(dev, wide, vol, &bo, out);
    vxg_ct_geometry_release(wide);
    return status;
}

int vxg__fdk_assemble(vxg_device *dev, const vxg_ct_geometry *geo, const vxg_ct_volume *vol,
                      const vxg_ct_fdk_opts *o, const vxg__fdk_plan *p, vxg_op **out) {
    const int64_t nu = vxg_ct_geometry_nu(geo);
    vxg_op *weight = NULL, *filter = NULL, *bp = NULL, *first = NULL;
    int status = vxg__fdk_weight(dev, nu, p, o->real, &weight);
    if (!status) status = vxg__fdk_filter(dev, vxg_ct_geometry_nv(geo), nu, o, p, &filter);
    if (!status) status = vxg_op_compose(filter, weight, &first);
    if (!status) status = vxg__fdk_backprojector(dev, geo, vol, o, p, &bp);
    if (!status) status = vxg_op_compose(bp, first, out);
    vxg_op_release(weight), vxg_op_release(filter);
    vxg_op_release(bp), vxg_op_release(first);
    return status;
}

/* ---- Helix ---- */
/* What voxels see of every view: its part of a turn where the detector sees them. */
static int fill_turns(const vxg_array *y, const vxg__fdk_plan *p, int64_t nviews) {
    const int64_t n = vxg_array_count(y), each = n / nviews;
    void *t = vxg__calloc((size_t)n, vxg_dtype_size(y->dtype));
    if (!t) return VXG_ERR_MEMORY;
    for (int64_t k = 0; k < n; k++) {
        if (y->dtype == VXG_F32)
            ((float *)t)[k] = (float)p->turns[k / each];
        else
            ((double *)t)[k] = p->turns[k / each];
    }
    int status = vxg_array_write(NULL, y, t);
    vxg__free(t);
    return status;
}

double vxg__fdk_share(double turns) {
    return turns >= 0.5 ? 1 / turns : 0;
}
static int invert(const vxg_array *x) {
    const int64_t n = vxg_array_count(x);
    void *t = vxg__calloc((size_t)n, vxg_dtype_size(x->dtype));
    if (!t) return VXG_ERR_MEMORY;
    int status = vxg_array_read(NULL, x, t);
    for (int64_t k = 0; k < n && !status; k++) {
        if (x->dtype == VXG_F32)
            ((float *)t)[k] = (float)vxg__fdk_share((double)((float *)t)[k]);
        else
            ((double *)t)[k] = vxg__fdk_share(((double *)t)[k]);
    }
    if (!status) status = vxg_array_write(NULL, x, t);
    vxg__free(t);
    return status;
}

/* Divides every voxel by the turns during which the detector saw it. */
static int normalise(vxg_device *dev, const vxg_ct_geometry *geo, const vxg_ct_volume *vol,
                     const vxg_ct_fdk_opts *o, const vxg__fdk_plan *p, const vxg_op *sum,
                     vxg_op **out) {
    const vxg_ct_projector_opts bo = {.real = o->real, .no_schedule = o->no_schedule};
    vxg_op *bp = NULL, *product = NULL, *divide = NULL;
    vxg_array x = {0}, y = {0};
    int status = vxg_ct_backprojector(dev, geo, vol, &bo, &bp);
    if (!status) status = vxg_op_new_array(bp, 0, &y);
    if (!status) status = vxg_op_new_array(bp, -1, &x);
    if (!status) status = fill_turns(&y, p, vxg_ct_geometry_nviews(geo));
    if (!status) status = vxg_op_apply(bp, NULL, &y, &x);
    if (!status) status = invert(&x);
    if (!status) status = vxg_op_multiply(dev, vxg_op_range(bp), &product);
    if (!status) status = vxg_op_bind(product, 1, &x, &divide);
    if (!status) status = vxg_op_compose(divide, sum, out);
    vxg_array_release(&x), vxg_array_release(&y);
    vxg_op_release(bp), vxg_op_release(product), vxg_op_release(divide);
    return status;
}

int vxg_ct_fdk(vxg_device *dev, const vxg_ct_geometry *geo, const vxg_ct_volume *vol,
               const vxg_ct_fdk_opts *opts, vxg_op **out) {
    vxg__fdk_plan plan;
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "fdk: out is NULL");
    *out = NULL;
    VXG_READ_OPTS(vxg_ct_fdk_opts, opts);
    VXG_FAIL_IF(!dev || !geo, VXG_ERR_ARGUMENT, "fdk: device or geometry is NULL");
    VXG_TRY(vxg__real_check(opts->real, "fdk"));
    VXG_FAIL_IF(vxg_ct_geometry_beam(geo) != VXG_CT_BEAM_CONE, VXG_ERR_ARGUMENT,
                "fdk: a fan or cone beam is expected; vxg_ct_fbp is for parallel beams");
    VXG_FAIL_IF((int)opts->arc < 0 || opts->arc > VXG_CT_ARC_LIMITED, VXG_ERR_ARGUMENT,
                "fdk: unknown arc %d", (int)opts->arc);
    VXG_FAIL_IF((int)opts->half_fan < 0 || opts->half_fan > VXG_CT_HALF_FAN_YES, VXG_ERR_ARGUMENT,
                "fdk: unknown half_fan %d", (int)opts->half_fan);
    VXG_FAIL_IF(!(opts->extend >= 0 && opts->extend <= 2), VXG_ERR_ARGUMENT,
                "fdk: extend %g; expected a fraction of the detector's width, 0 to 2",
                opts->extend);
    VXG_TRY(vxg__fdk_plan_new(geo, "fdk", "half_fan", opts, &plan));
    vxg_op *sum = NULL;
    int status = vxg__fdk_assemble(dev, geo, vol, opts, &plan, plan.turns ? &sum : out);
    if (!status && plan.turns) status = normalise(dev, geo, vol, opts, &plan, sum, out);
    vxg_op_release(sum);
    vxg__fdk_plan_free(&plan);
    return status;
}
