/* Fourier reconstruction of parallel beams as an operator (kernels/ct/analytic/fourier.k):
 * F = S G C R, R the spectra of padded rows, C response, interpolation and phases, G spreading to a
 * grid, S the grid's transform over what spreading did to it. The adjoint runs the transposes
 * backwards. J. D. O'Sullivan, IEEE Trans. Med. Imaging 4 (1985) 200; K. Fourmont, J. Fourier Anal.
 * Appl. 9 (2003) 431. */
#include <math.h>
#include <string.h>

#include "array/launch.h"
#include "ct/analytic/fdk.h"
#include "ct/analytic/fourier.h"
#include "ct/schedule/fourier.h"
#include "op/op.h"

enum { VIEW = 6, FINE = VXG__FOURIER_FINE }; /* FOURIER_VIEW, FOURIER_FINE of the kernels */

typedef struct fourier_state {
    vxg__fourier_plan plan;
    vxg_op *rows, *grid; /* transforms of rows, and of half the grid */
    vxg_array views, shares, weigh, scale;
    double reach;
    vxg__fourier_schedule *schedule; /* NULL: the plain kernels run */
} fourier_state;

static void fourier_free(void *state) {
    fourier_state *s = state;
    vxg_op_release(s->rows), vxg_op_release(s->grid);
    vxg_array_release(&s->views), vxg_array_release(&s->shares);
    vxg_array_release(&s->weigh), vxg_array_release(&s->scale);
    vxg__fourier_schedule_free(s->schedule);
    vxg__fourier_plan_free(&s->plan);
    vxg__free(s);
}

/* ---- One slice, between the arrays of the two sides ---- */
typedef struct slice_run {
    const fourier_state *s;
    vxg_device *dev;
    vxg_real real;
    vxg_call call;
    vxg_array rows, spectra, samples, grid, image; /* of the workspace */
} slice_run;

static vxg_space samples_of(const fourier_state *s) {
    const vxg__fourier_plan *p = &s->plan;
    return (vxg_space){
        .dtype = vxg_op_domain(s->rows, 0)->dtype, .ndim = 3, .shape = {p->nviews, p->most + 1, 2}};
}

static size_t fourier_workspace(const vxg_op *op, const vxg_call *call) {
    const fourier_state *s = vxg_op_state(op);
    const size_t a = vxg_op_workspace(s->rows, call), b = vxg_op_workspace(s->grid, call);
    const vxg_space samples = samples_of(s);
    const vxg_space *const kept[] = {vxg_op_domain(s->rows, 0), vxg_op_range(s->rows), &samples,
                                     vxg_op_domain(s->grid, 0), vxg_op_range(s->grid)};
    size_t bytes = a > b ? a : b;
    for (int i = 0; i < 5; i++)
        bytes = vxg__bytes_add(bytes, vxg_workspace_bytes(vxg_space_bytes(kept[i])));
    const size_t fast = s->schedule ? vxg__fourier_schedule_workspace(s->schedule) : 0;
    return bytes > fast ? bytes : fast;
}

static int begin(const vxg_op *op, const vxg_call *call, slice_run *r) {
    const fourier_state *s = vxg_op_state(op);
    const vxg_space samples = samples_of(s);
    *r = (slice_run){.s = s, .dev = vxg_op_device(op)};
    r->call = vxg__part_call(call, 0);
    r->real = vxg__arithmetic(vxg_op_range(op)->dtype);
    VXG_TRY(vxg_call_workspace(&r->call, vxg_op_domain(s->rows, 0), &r->rows));
    VXG_TRY(vxg_call_workspace(&r->call, vxg_op_range(s->rows), &r->spectra));
    VXG_TRY(vxg_call_workspace(&r->call, &samples, &r->samples));
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

/* Spectra to samples, or back. */
static int weigh(const slice_run *r, int adjoint) {
    const vxg__fourier_plan *p = &r->s->plan;
    vxg_launch l = {.global = {adjoint ? p->n / 2 + 1 : p->most + 1, p->nviews, 1}};
    set_ints(&l, (int64_t[]){p->n, vxg__fourier_coarse(p), p->most}, 3);
    const vxg_array *const arrays[] = {adjoint ? &r->samples : &r->spectra, &r->s->weigh,
                                       adjoint ? &r->spectra : &r->samples};
    return launch(r, adjoint ? "fourier_weigh_adjoint" : "fourier_weigh", &l, arrays, 3);
}

/* Samples to cells, or back. */
static int spread(const slice_run *r, int adjoint) {
    const fourier_state *s = r->s;
    const vxg__fourier_plan *p = &s->plan;
    vxg_launch l = {
        .global = {p->grid[0] / 2 + 1, p->grid[1], 1}, .nreals = 2, .reals = {s->reach, M_PI}};
    if (adjoint) l.global[0] = p->most + 1, l.global[1] = p->nviews;
    set_ints(&l,
             (int64_t[]){p->grid[0], p->grid[1], p->nviews, p->most, p->taps, p->degree, p->far[0],
                         p->far[1]},
             8);
    const vxg_array *const arrays[] = {adjoint ? &r->grid : &r->samples, &s->views, &s->shares,
                                       adjoint ? &r->samples : &r->grid};
    return launch(r, adjoint ? "fourier_sample" : "fourier_spread", &l, arrays, 4);
}

static int reconstruct(const slice_run *r, const vxg_array *in, int64_t row) {
    const vxg__fourier_plan *p = &r->s->plan;
    vxg_launch l = {.global = {p->n, p->nviews, 1}};
    set_ints(&l, (int64_t[]){p->nu, p->nv, row}, 3);
    VXG_TRY(launch(r, "fourier_rows", &l, (const vxg_array *[]){in, &r->rows}, 2));
    VXG_TRY(vxg_op_apply(r->s->rows, &r->call, &r->rows, &r->spectra));
    VXG_TRY(weigh(r, 0));
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
    VXG_TRY(weigh(r, 1));
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
    const fourier_state *s = vxg_op_state(op);
    slice_run r;
    if (s->schedule) return vxg__fourier_schedule_run(s->schedule, call, in, out);
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
/* The kernels' table of views. */
static int upload_views(vxg_device *dev, vxg_real real, fourier_state *s) {
    const vxg__fourier_plan *p = &s->plan;
    double *t = vxg__calloc((size_t)(VIEW * p->nviews), sizeof *t);
    if (!t) return VXG_ERR_MEMORY;
    for (int64_t i = 0; i < p->nviews; i++) {
        t[VIEW * i] = p->view[i].angle, t[VIEW * i + 5] = (double)p->view[i].view;
        vxg__fourier_steps(p, i, t + VIEW * i + 1);
    }
    const int status =
        vxg__array_from_doubles(dev, real, 2, (int64_t[]){p->nviews, VIEW}, t, &s->views);
    vxg__free(t);
    return status;
}

/* The response, and behind it the phases. */
static int upload_weigh(vxg_device *dev, vxg_real real, const double *weights, fourier_state *s) {
    const vxg__fourier_plan *p = &s->plan;
    const int64_t count = p->most + 1 + p->nviews * 2 * (FINE + vxg__fourier_coarse(p));
    double *t = vxg__calloc((size_t)count, sizeof *t);
    if (!t) return VXG_ERR_MEMORY;
    memcpy(t, p->response, (size_t)(p->most + 1) * sizeof *t);
    vxg__fourier_phases(p, weights, t + p->most + 1);
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
                       vxg_real real, int no_schedule, vxg_op **out) {
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
    if (!status && real == VXG_REAL_F32 && !no_schedule)
        status = vxg__fourier_schedule_new(dev, p, weights, &s->schedule);
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
    const vxg__fourier_task task = {.geo = wide,
                                    .vol = vol,
                                    .n = n,
                                    .response = response,
                                    .accuracy = o->accuracy,
                                    .sharp = o->sharp};
    if (!status)
        status = fourier_new(dev, &task, p->view_weights, o->real, o->no_schedule,
                             weighted ? &sum : out);
    if (!status && weighted)
        status = vxg__fdk_weight(dev, vxg_ct_geometry_nu(geo), p, o->real, &weight);
    if (!status && weighted) status = vxg_op_compose(sum, weight, out);
    vxg_op_release(weight), vxg_op_release(sum);
    vxg_ct_geometry_release(wide);
    vxg__free(response);
    return status;
}

#define LEAST 512 /* columns and voxels across from which it is much faster */
#define LEAST_VIEWS 256
#define MOST_BYTES (512.0 * 1e6) /* of what 16 slices at once take, the widest vectors */

int vxg__fourier_pays(const vxg_device *dev, int64_t nviews, int64_t columns, int64_t side) {
    const double n = (double)vxg_fft_size(2 * (columns > side ? columns : side));
    const double spectra = (double)nviews * n * 64, grid = 96 * (double)side * (double)side;
    return vxg_device_get_info(dev)->is_cpu && columns >= LEAST && side >= LEAST &&
           nviews >= LEAST_VIEWS && spectra + grid <= MOST_BYTES;
}

int64_t vxg__fourier_table_bytes(int64_t nviews, int64_t columns, int64_t side) {
    const int64_t n = vxg_fft_size(2 * (columns > side ? columns : side));
    const int64_t phases = 2 * (VXG__FOURIER_FINE + 2 * n / VXG__FOURIER_FINE + 1);
    return nviews * (phases * 16 + 256) + 64 * (n + 4 * side + 64);
}

int vxg_ct_fourier(vxg_device *dev, const vxg_ct_geometry *geo, const vxg_ct_volume *vol,
                   const vxg_ct_fourier_opts *opts, vxg_op **out) {
    vxg__fdk_plan plan;
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "fourier: out is NULL");
    *out = NULL;
    VXG_READ_OPTS(vxg_ct_fourier_opts, opts);
    VXG_FAIL_IF(!dev || !geo, VXG_ERR_ARGUMENT, "fourier: device or geometry is NULL");
    VXG_TRY(vxg__real_check(opts->real, "fourier"));
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
