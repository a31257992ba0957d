/* Fourier reconstruction of parallel beams as an operator (kernels/ct/analytic/fourier.k):
 * F = S G C R, R the spectra of padded rows, C response and phases, G spreading to a grid, S the
 * grid's transform over what spreading did to it. The adjoint runs the transposes backwards.
 * J. D. O'Sullivan, IEEE Trans. Med. Imaging 4 (1985) 200; K. Fourmont, J. Fourier Anal. Appl. 9
 * (2003) 431. */
#include <math.h>
#include <string.h>

#include "array/launch.h"
#include "ct/analytic/fdk.h"
#include "ct/analytic/fourier.h"
#include "op/op.h"

enum { VIEW = 6, FINE = 64 }; /* FOURIER_VIEW, FOURIER_FINE of the kernels */

typedef struct fourier_state {
    vxg__fourier_plan plan;
    vxg_op *rows, *grid; /* transforms of rows, and of half the grid */
    vxg_array views, shares, weigh, scale;
    double reach;
} fourier_state;

static void fourier_free(void *state) {
    fourier_state *s = state;
    vxg_op_release(s->rows), vxg_op_release(s->grid);
    vxg_array_release(&s->views), vxg_array_release(&s->shares);
    vxg_array_release(&s->weigh), vxg_array_release(&s->scale);
    vxg__fourier_plan_free(&s->plan);
    vxg__free(s);
}

/* ---- One slice, between the arrays of the two sides ---- */
typedef struct slice_run {
    const fourier_state *s;
    vxg_device *dev;
    vxg_real real;
    vxg_call call;
    vxg_array rows, spectra, grid, image; /* of the workspace */
} slice_run;

static size_t fourier_workspace(const vxg_op *op, const vxg_call *call) {
    const fourier_state *s = vxg_op_state(op);
    const size_t a = vxg_op_workspace(s->rows, call), b = vxg_op_workspace(s->grid, call);
    const vxg_space *const kept[] = {vxg_op_domain(s->rows, 0), vxg_op_range(s->rows),
                                     vxg_op_domain(s->grid, 0), vxg_op_range(s->grid)};
    size_t bytes = a > b ? a : b;
    for (int i = 0; i < 4; i++)
        bytes = vxg__bytes_add(bytes, vxg_workspace_bytes(vxg_space_bytes(kept[i])));
    return bytes;
}

static int begin(const vxg_op *op, const vxg_call *call, slice_run *r) {
    const fourier_state *s = vxg_op_state(op);
    *r = (slice_run){.s = s, .dev = vxg_op_device(op)};
    r->call = vxg__part_call(call, 0);
    r->real = vxg__arithmetic(vxg_op_range(op)->dtype);
    VXG_TRY(vxg_call_workspace(&r->call, vxg_op_domain(s->rows, 0), &r->rows));
    VXG_TRY(vxg_call_workspace(&r->call, vxg_op_range(s->rows), &r->spectra));
    VXG_TRY(vxg_call_workspace(&r->call, vxg_op_domain(s->grid, 0), &r->grid));
    return vxg_call_workspace(&r->call, vxg_op_range(s->grid), &r->image);
}

static int launch(const slice_run *r, const char *kernel, vxg_launch *l, const vxg_array *const *a,
                  int count) {
    for (int i = 0; i < count; i++) vxg__push_array(l, a[i]);
    return vxg__launch(r->dev, r->call.queue, kernel, r->real, l);
}
static void set_ints(vxg_launch *l, const int64_t *ints, int count) {
    for (int i = 0; i < count; i++) l->ints[i] = (int)ints[i];
    l->nints = count;
}

/* The spectra's response and phases, or (sign -1) their conjugates. */
static int weigh(const slice_run *r, double sign) {
    const vxg__fourier_plan *p = &r->s->plan;
    vxg_launch l = {.global = {p->most + 1, p->nviews, 1}, .nreals = 1, .reals = {sign}};
    set_ints(&l, (int64_t[]){p->n / 2 + 1, p->most / FINE + 1}, 2);
    return launch(r, "fourier_weigh", &l, (const vxg_array *[]){&r->s->weigh, &r->spectra}, 2);
}

/* Samples to cells, or back. */
static int spread(const slice_run *r, int adjoint) {
    const fourier_state *s = r->s;
    const vxg__fourier_plan *p = &s->plan;
    vxg_launch l = {
        .global = {p->grid[0] / 2 + 1, p->grid[1], 1}, .nreals = 2, .reals = {s->reach, M_PI}};
    if (adjoint) l.global[0] = p->n / 2 + 1, l.global[1] = p->nviews;
    set_ints(
        &l,
        (int64_t[]){p->grid[0], p->grid[1], p->nviews, p->most, p->taps, p->degree, p->n / 2 + 1},
        7);
    const vxg_array *const arrays[] = {adjoint ? &r->grid : &r->spectra, &s->views, &s->shares,
                                       adjoint ? &r->spectra : &r->grid};
    return launch(r, adjoint ? "fourier_sample" : "fourier_spread", &l, arrays, 4);
}

static int reconstruct(const slice_run *r, const vxg_array *in, int64_t row) {
    const vxg__fourier_plan *p = &r->s->plan;
    vxg_launch l = {.global = {p->n, p->nviews, 1}};
    set_ints(&l, (int64_t[]){p->nu, p->nv, row}, 3);
    VXG_TRY(launch(r, "fourier_rows", &l, (const vxg_array *[]){in, &r->rows}, 2));
    VXG_TRY(vxg_op_apply(r->s->rows, &r->call, &r->rows, &r->spectra));
    VXG_TRY(weigh(r, 1));
    VXG_TRY(spread(r, 0));
    return vxg_op_apply(r->s->grid, &r->call, &r->grid, &r->image);
}
static int slice_out(const slice_run *r, const vxg_array *out, int64_t z, int add, int empty) {
    const vxg__fourier_plan *p = &r->s->plan;
    vxg_launch l = {.global = {p->nx, p->ny, 1}};
    set_ints(&l, (int64_t[]){p->grid[0], p->grid[1], add, empty}, 4);
    vxg__push_long(&l, z * p->ny * p->nx);
    return launch(r, "fourier_slice", &l, (const vxg_array *[]){&r->image, &r->s->scale, out}, 3);
}

static int project(const slice_run *r, const vxg_array *in, int64_t z) {
    const vxg__fourier_plan *p = &r->s->plan;
    vxg_launch l = {.global = {p->grid[0], p->grid[1], 1}};
    set_ints(&l, (int64_t[]){p->nx, p->ny}, 2);
    vxg__push_long(&l, z * p->ny * p->nx);
    const vxg_array *const arrays[] = {in, &r->s->scale, &r->image};
    VXG_TRY(launch(r, "fourier_slice_adjoint", &l, arrays, 3));
    VXG_TRY(vxg_op_apply_adjoint(r->s->grid, &r->call, &r->image, &r->grid));
    VXG_TRY(spread(r, 1));
    VXG_TRY(weigh(r, -1));
    return vxg_op_apply_adjoint(r->s->rows, &r->call, &r->spectra, &r->rows);
}
static int row_out(const slice_run *r, const vxg_array *out, int64_t row, int add, int empty) {
    const vxg__fourier_plan *p = &r->s->plan;
    vxg_launch l = {.global = {p->nu, p->nviews, 1}};
    set_ints(&l, (int64_t[]){p->n, p->nv, row, add, empty}, 5);
    return launch(r, "fourier_rows_adjoint", &l, (const vxg_array *[]){&r->rows, out}, 2);
}

static int apply(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                 const vxg_array *out) {
    slice_run r;
    VXG_TRY(begin(op, call, &r));
    const vxg__fourier_plan *p = &r.s->plan;
    for (int64_t z = 0; z < p->nz; z++) {
        const int64_t row = z - p->shift;
        const int empty = row < 0 || row >= p->nv;
        if (!empty) VXG_TRY(reconstruct(&r, in, row));
        VXG_TRY(slice_out(&r, out, z, call->accumulate, empty));
    }
    return VXG_OK;
}
static int vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
               const vxg_array *cotangent, const vxg_array *grad) {
    slice_run r;
    (void)in;
    if (!grad->buffer) return VXG_OK;
    VXG_TRY(begin(op, call, &r));
    const vxg__fourier_plan *p = &r.s->plan;
    for (int64_t row = 0; row < p->nv; row++) {
        const int64_t z = row + p->shift;
        const int empty = z < 0 || z >= p->nz;
        if (!empty) VXG_TRY(project(&r, cotangent, z));
        VXG_TRY(row_out(&r, grad, row, call->accumulate, empty));
    }
    return VXG_OK;
}

static const vxg_op_class fourier_class = {.size = (uint32_t)sizeof fourier_class,
                                           .name = "ct.fourier",
                                           .accumulates = 1,
                                           .apply = apply,
                                           .vjp = vjp,
                                           .workspace = fourier_workspace,
                                           .destroy = fourier_free};

/* ---- Making one ---- */
/* The kernels' table of views; the steps in two parts, high ones whole multiples of what keeps
 * their products with frequencies exact. */
static int upload_views(vxg_device *dev, vxg_real real, fourier_state *s) {
    const vxg__fourier_plan *p = &s->plan;
    double *t = vxg__calloc((size_t)(VIEW * p->nviews), sizeof *t);
    if (!t) return VXG_ERR_MEMORY;
    const double most =
        0.5 * (double)(p->grid[0] > p->grid[1] ? p->grid[0] : p->grid[1]) + p->taps + 1;
    const double unit = exp2(ceil(log2(most)) - 23);
    for (int64_t i = 0; i < p->nviews; i++) {
        const vxg__fourier_view *v = &p->view[i];
        double *to = t + VIEW * i;
        to[0] = v->angle, to[5] = (double)v->view;
        for (int k = 0; k < 2; k++) {
            const double step = v->x[k] * (double)p->grid[k] / (double)p->n;
            to[1 + 2 * k] = unit * nearbyint(step / unit);
            to[2 + 2 * k] = step - to[1 + 2 * k];
        }
    }
    const int status =
        vxg__array_from_doubles(dev, real, 2, (int64_t[]){p->nviews, VIEW}, t, &s->views);
    vxg__free(t);
    return status;
}

static void phase(double turns, double factor, double *to) {
    turns -= floor(turns);
    to[0] = factor * cos(2 * M_PI * turns), to[1] = factor * sin(2 * M_PI * turns);
}
/* Response, and phases by view: exp(2 pi i k at / n) is a fine one times a coarse one. */
static int upload_weigh(vxg_device *dev, vxg_real real, const double *weights, fourier_state *s) {
    const vxg__fourier_plan *p = &s->plan;
    const int64_t coarse = p->most / FINE + 1, each = 2 * (FINE + coarse);
    const int64_t count = p->most + 1 + p->nviews * each;
    double *t = vxg__calloc((size_t)count, sizeof *t);
    if (!t) return VXG_ERR_MEMORY;
    memcpy(t, p->response, (size_t)(p->most + 1) * sizeof *t);
    for (int64_t i = 0; i < p->nviews; i++) {
        double *to = t + p->most + 1 + p->view[i].view * each;
        const double turn = p->view[i].at / (double)p->n;
        const double weight = weights ? weights[p->view[i].view] : 1;
        for (int64_t k = 0; k < FINE; k++) phase((double)k * turn, weight, to + 2 * k);
        for (int64_t k = 0; k < coarse; k++)
            phase((double)(k * FINE) * turn, 1, to + 2 * (FINE + k));
    }
    const int status = vxg__array_from_doubles(dev, real, 1, &count, t, &s->weigh);
    vxg__free(t);
    return status;
}

static int make_transforms(vxg_device *dev, vxg_real real, fourier_state *s) {
    const vxg__fourier_plan *p = &s->plan;
    const vxg_space rows = {.dtype = vxg_real_dtype(real), .ndim = 2, .shape = {p->nviews, p->n}};
    const vxg_space grid = {
        .dtype = vxg_real_dtype(real), .ndim = 2, .shape = {p->grid[1], p->grid[0]}};
    const vxg_fft_opts forward = {.kind = VXG_FFT_REAL, .axes = 1};
    const vxg_fft_opts back = {.kind = VXG_FFT_HALF, .axes = 2, .inverse = 1};
    VXG_TRY(vxg_op_fft(dev, &rows, &forward, &s->rows));
    return vxg_op_fft(dev, &grid, &back, &s->grid);
}

static int fourier_new(vxg_device *dev, const vxg__fourier_task *task, const double *weights,
                       vxg_real real, vxg_op **out) {
    fourier_state *s = vxg__calloc(1, sizeof *s);
    *out = NULL;
    if (!s) return VXG_ERR_MEMORY;
    int status = vxg__fourier_plan_new(task, &s->plan);
    const vxg__fourier_plan *p = &s->plan;
    s->reach = sqrt(0.5) * p->taps + 0.5;
    if (!status) status = upload_views(dev, real, s);
    if (!status)
        status = vxg__array_from_doubles(dev, real, 2, (int64_t[]){p->degree + 1, p->taps},
                                         p->shares, &s->shares);
    if (!status) status = upload_weigh(dev, real, weights, s);
    if (!status)
        status =
            vxg__array_from_doubles(dev, real, 1, (int64_t[]){p->nx + p->ny}, p->scale, &s->scale);
    if (!status) status = make_transforms(dev, real, s);
    if (status) {
        fourier_free(s);
        return status;
    }
    const vxg_space from = {
        .dtype = vxg_real_dtype(real), .ndim = 3, .shape = {p->nviews, p->nv, p->nu}};
    const vxg_space to = {.dtype = vxg_real_dtype(real), .ndim = 3, .shape = {p->nz, p->ny, p->nx}};
    return vxg__op_new_linear(&fourier_class, dev, &from, &to, VXG_SUBSETS_NONE, s, out);
}

/* The plan's scan, its weights before it where rays do not all count the same. */
static int assemble(vxg_device *dev, const vxg_ct_geometry *geo, const vxg_ct_volume *vol,
                    const vxg_ct_fourier_opts *o, const vxg__fdk_plan *p, vxg_op **out) {
    const int64_t nu = vxg_ct_geometry_nu(geo) + p->before + p->after, n = vxg_fft_size(2 * nu);
    const int weighted = p->scan.method != VXG__SCAN_EVEN;
    double *response = vxg__calloc((size_t)(n / 2 + 1), sizeof *response);
    vxg_ct_geometry *wide = NULL;
    vxg_op *weight = NULL, *sum = NULL;
    int status = response ? vxg__fdk_wider(geo, p, &wide) : VXG_ERR_MEMORY;
    if (!status) status = vxg_ct_filter_response(o->window, o->cutoff, n, p->pitch, response);
    const vxg__fourier_task task = {
        .geo = wide, .vol = vol, .n = n, .response = response, .accuracy = o->accuracy};
    if (!status) status = fourier_new(dev, &task, p->view_weights, o->real, weighted ? &sum : out);
    if (!status && weighted)
        status = vxg__fdk_weight(dev, vxg_ct_geometry_nu(geo), p, o->real, &weight);
    if (!status && weighted) status = vxg_op_compose(sum, weight, out);
    vxg_op_release(weight), vxg_op_release(sum);
    vxg_ct_geometry_release(wide);
    vxg__free(response);
    return status;
}

int vxg_ct_fourier(vxg_device *dev, const vxg_ct_geometry *geo, const vxg_ct_volume *vol,
                   const vxg_ct_fourier_opts *opts, vxg_op **out) {
    vxg__fdk_plan plan;
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "fourier: out is NULL");
    *out = NULL;
    VXG_READ_OPTS(vxg_ct_fourier_opts, opts);
    VXG_FAIL_IF(!dev || !geo, VXG_ERR_ARGUMENT, "fourier: device or geometry is NULL");
    VXG_TRY(vxg__real_check(opts->real, "fourier"));
    VXG_FAIL_IF(opts->reserved0, VXG_ERR_ARGUMENT, "fourier: reserved0 is not 0");
    VXG_FAIL_IF(vxg_ct_geometry_beam(geo) != VXG_CT_BEAM_PARALLEL, VXG_ERR_ARGUMENT,
                "fourier: a parallel beam is expected; vxg_ct_fdk is for fan and cone beams");
    VXG_FAIL_IF((int)opts->half_acquisition < 0 || opts->half_acquisition > VXG_CT_HALF_FAN_YES,
                VXG_ERR_ARGUMENT, "fourier: unknown half_acquisition %d",
                (int)opts->half_acquisition);
    const vxg_ct_fdk_opts o = {.window = opts->window,
                               .cutoff = opts->cutoff,
                               .real = opts->real,
                               .half_fan = opts->half_acquisition,
                               .whole = opts->whole};
    VXG_TRY(vxg__fdk_plan_new(geo, "fourier", "half_acquisition", &o, &plan));
    const int status = assemble(dev, geo, vol, opts, &plan, out);
    vxg__fdk_plan_free(&plan);
    return status;
}
