/* The discrete Fourier transform as an operator: passes of a mixed-radix FFT
 * (kernels/num/fft_pass.k), and Bluestein's chirp for lengths with prime factors over 7. */
#include <math.h>
#include <string.h>

#include "array/fft_host.h"
#include "array/launch.h"
#include "op/fft.h"

#define MAX_LINES ((int64_t)1 << 29) /* numbers along an axis times those behind it: ints */

typedef vxg__fft_axis fft_axis;
typedef vxg__fft_step fft_step;
typedef vxg__fft_steps fft_steps;
typedef vxg__fft_state fft_state;

static void fft_destroy(void *state) {
    fft_state *s = state;
    vxg_array_release(&s->table);
    vxg__free(s);
}

/* ---- Plans ---- */
static const int radices[] = {8, 4, 2, 3, 5, 7};

/* Eights first; the rest of a power of two is 4 or 2. 0: a prime factor over 7 is left. */
static int factorise(int64_t n, fft_axis *a) {
    a->passes = 0;
    for (int i = 0; i < 6; i++)
        for (; n % radices[i] == 0; n /= radices[i]) a->radix[a->passes++] = radices[i];
    return n == 1;
}

static int plan_axis(fft_axis *a, int64_t n, int64_t outer, int64_t inner, int64_t *table_size) {
    a->n = a->m = n, a->outer = outer, a->inner = inner;
    a->chirped = !factorise(n, a);
    if (a->chirped) {
        a->m = vxg_fft_size(2 * n - 1);
        factorise(a->m, a);
    }
    if (inner > 0 && a->m > MAX_LINES / inner) {
        char chirp[96] = "";
        if (a->chirped)
            vxg__format(chirp, sizeof chirp,
                        ", of which a length with a prime factor over 7 makes %lld",
                        (long long)a->m);
        VXG_FAIL(VXG_ERR_UNSUPPORTED,
                 "FFT: %lld numbers along an axis%s, times %lld behind it, are more than %lld",
                 (long long)n, chirp, (long long)inner, (long long)MAX_LINES);
    }
    a->twiddles = *table_size, *table_size += 2 * a->m;
    a->chirp = *table_size, *table_size += a->chirped ? 2 * n : 0;
    a->spectrum = *table_size, *table_size += a->chirped ? 2 * a->m : 0;
    return VXG_OK;
}

/* cos and sin of 2 pi k / n, 0 <= k < n: folded into the first octant, so that the angle is exact
 * to rounding however large k is, and mirrored numbers are mirror images to the bit. */
static void unit_root(int64_t k, int64_t n, double *c, double *s) {
    int64_t eighths = 8 * k;
    double flip_c = 1, flip_s = 1;
    if (eighths > 4 * n) {
        eighths = 8 * n - eighths;
        flip_s = -1;
    }
    if (eighths > 2 * n) {
        eighths = 4 * n - eighths;
        flip_c = -1;
    }
    const int swap = eighths > n;
    if (swap) eighths = 2 * n - eighths;
    const double angle = 0.78539816339744830962 * ((double)eighths / (double)n);
    *c = flip_c * (swap ? sin(angle) : cos(angle));
    *s = flip_s * (swap ? cos(angle) : sin(angle));
}

int vxg__fft_is_smooth(int64_t n) {
    fft_axis a;
    return n > 0 && factorise(n, &a);
}

int vxg__fft_line(int64_t n, float *twiddle, int *radix) {
    fft_axis a;
    const int smooth = factorise(n, &a);
    assert(smooth);
    (void)smooth;
    memcpy(radix, a.radix, (size_t)a.passes * sizeof *radix);
    for (int64_t k = 0; k < n; k++) {
        double c, s;
        unit_root(k, n, &c, &s);
        twiddle[2 * k] = (float)c, twiddle[2 * k + 1] = (float)s;
    }
    return a.passes;
}

/* The transform of the conjugate chirp, folded to m numbers, over m. */
static int chirp_spectrum(const fft_axis *a, const double *chirp, double *out) {
    double *re = vxg__calloc((size_t)(2 * a->m), sizeof *re), *im = re ? re + a->m : NULL;
    if (!re) return VXG_ERR_MEMORY;
    for (int64_t k = 0; k < a->n; k++) {
        const int64_t mirrored = k ? a->m - k : 0;
        re[k] = re[mirrored] = chirp[2 * k];
        im[k] = im[mirrored] = -chirp[2 * k + 1];
    }
    int status = vxg_fft_host(re, im, a->m, -1);
    for (int64_t k = 0; k < a->m && !status; k++) {
        out[2 * k] = re[k] / (double)a->m;
        out[2 * k + 1] = im[k] / (double)a->m;
    }
    vxg__free(re);
    return status;
}

static int fill_axis(const fft_axis *a, double *table) {
    for (int64_t k = 0; k < a->m; k++)
        unit_root(k, a->m, &table[a->twiddles + 2 * k], &table[a->twiddles + 2 * k + 1]);
    if (!a->chirped) return VXG_OK;
    double *chirp = table + a->chirp;
    int64_t square = 0; /* k^2 mod 2 n */
    for (int64_t k = 0; k < a->n; k++) {
        unit_root(square, 2 * a->n, &chirp[2 * k], &chirp[2 * k + 1]);
        chirp[2 * k + 1] = -chirp[2 * k + 1];
        square = (square + 2 * k + 1) % (2 * a->n);
    }
    return chirp_spectrum(a, chirp, table + a->spectrum);
}

static int make_table(fft_state *s, vxg_device *dev, int64_t size) {
    double *table = vxg__calloc((size_t)size, sizeof *table);
    if (!table) return VXG_ERR_MEMORY;
    int status = VXG_OK;
    for (int i = 0; i < s->naxes && !status; i++) status = fill_axis(&s->axis[i], table);
    if (!status) status = vxg__array_from_doubles(dev, s->real, 1, &size, table, &s->table);
    vxg__free(table);
    return status;
}

/* ---- Steps ---- */
static fft_step *add(fft_steps *s, const char *kernel, int64_t table, const fft_axis *a,
                     int64_t items) {
    fft_step *step = &s->list[s->count++];
    *step = (fft_step){.kernel = kernel, .options = "", .table = table};
    step->items = items * a->inner, step->outer = a->outer;
    return step;
}

static void add_passes(fft_steps *steps, const fft_axis *a, double sign) {
    static const char *const options[] = {
        [2] = "-DFFT_RADIX=2", [3] = "-DFFT_RADIX=3", [4] = "",
        [5] = "-DFFT_RADIX=5", [7] = "-DFFT_RADIX=7", [8] = "-DFFT_RADIX=8"};
    int64_t s = 1;
    for (int i = 0; i < a->passes; i++) {
        fft_step *p = add(steps, "fft_pass", a->twiddles, a, a->m / a->radix[i]);
        p->options = options[a->radix[i]];
        p->ints[0] = (int)a->m, p->ints[1] = (int)s, p->ints[2] = (int)a->inner;
        p->reals[0] = sign, p->reals[1] = 1;
        s *= a->radix[i];
    }
}

/* What stands before and after the transform along an axis, numbered as the kernels do (and
 * vxg_fft_kind does). weight_in, weight_out: of numbers of half a spectrum that have a partner. */
enum { COMPLEX, REAL, HALF };
static void add_axis(fft_steps *steps, const fft_axis *a, int from, int to, double sign,
                     double weight_in, double weight_out) {
    steps->along[steps->naxes++] = (vxg__fft_along){*a, from, to, sign, weight_in, weight_out};
    const int ends = a->chirped || a->passes == 0;
    const double inside = a->chirped ? -1 : sign; /* the conjugates around it do the rest */
    if (ends || from != COMPLEX) {
        fft_step *p = add(steps, "fft_begin", a->chirp, a, a->m);
        const int ints[] = {(int)a->n, (int)a->m, (int)a->inner, from, a->chirped};
        memcpy(p->ints, ints, sizeof ints);
        p->reals[0] = sign, p->reals[1] = weight_in;
    }
    add_passes(steps, a, inside);
    if (a->chirped) {
        fft_step *p = add(steps, "fft_product", a->spectrum, a, a->m);
        p->ints[0] = (int)a->m, p->ints[1] = (int)a->inner;
        add_passes(steps, a, -inside);
    }
    if (ends || to != COMPLEX) {
        fft_step *p = add(steps, "fft_end", a->chirp, a, to == HALF ? a->n / 2 + 1 : a->n);
        const int ints[] = {(int)a->n, (int)a->m, (int)a->inner, to, a->chirped};
        memcpy(p->ints, ints, sizeof ints);
        p->reals[0] = sign, p->reals[1] = 1, p->reals[2] = weight_out;
    }
}

/* The steps of one direction; kind: COMPLEX, REAL to HALF, or HALF to REAL. */
static void list_steps(const fft_state *s, int kind, double sign, double weight_in,
                       double weight_out, fft_steps *steps) {
    const int to = kind == COMPLEX ? COMPLEX : kind == REAL ? HALF : REAL;
    fft_axis second = s->axis[1];
    if (kind != COMPLEX) second.inner = s->axis[0].n / 2 + 1;
    if (kind == HALF && s->naxes == 2) add_axis(steps, &second, COMPLEX, COMPLEX, sign, 1, 1);
    add_axis(steps, &s->axis[0], kind, to, sign, weight_in, weight_out);
    if (kind != HALF && s->naxes == 2) add_axis(steps, &second, COMPLEX, COMPLEX, sign, 1, 1);
}

/* With plain dot products over pairs of reals the adjoint is the transform of the other sign. Half
 * a spectrum stands for the whole: on the way to it every number counts once, on the way back those
 * with a partner count twice; an adjoint undoes that, or does it. */
static void list_both(fft_state *s) {
    const int kind = (int)s->opts.kind, back = kind == REAL ? HALF : kind == HALF ? REAL : COMPLEX;
    const double sign = s->opts.inverse ? 1 : -1;
    list_steps(s, kind, sign, 1, 1, &s->forwards);
    list_steps(s, back, -sign, kind == REAL ? 0.5 : 1, kind == HALF ? 2 : 1, &s->adjoint);
}

/* ---- Running ---- */
/* Numbers in one of the two arrays between the steps. */
static vxg_space work_space(const fft_state *s) {
    int64_t most = 0;
    for (int i = 0; i < s->naxes; i++) {
        const int64_t n = s->axis[i].outer * s->axis[i].m * s->axis[i].inner;
        if (n > most) most = n;
    }
    return (vxg_space){.size = (uint32_t)sizeof(vxg_space),
                       .dtype = vxg_real_dtype(s->real),
                       .ndim = 1,
                       .shape = {2 * most}};
}
static size_t fft_workspace(const vxg_op *op, const vxg_call *call) {
    const fft_state *s = vxg_op_state(op);
    const vxg_space space = work_space(s);
    (void)call;
    const size_t bytes = (size_t)vxg_space_count(&space) * vxg_dtype_size(space.dtype);
    if (!s->lanes) return 2 * vxg_workspace_bytes(bytes);
    return vxg_workspace_bytes(vxg__fft_lanes_scratch(s->axis, s->naxes)) +
           (s->naxes == 2 ? vxg_workspace_bytes(bytes) : 0);
}

static float *floats_of(const vxg_array *a) {
    return (float *)vxg_buffer_host(a->buffer) + a->offset * vxg__reals(a->dtype);
}

/* Axis after axis by the cpu's schedule. */
static int run_lanes(const fft_state *s, const vxg_call *call, const fft_steps *steps,
                     const vxg_array *x, const vxg_array *y) {
    vxg_call c = *call;
    const vxg_space space = work_space(s);
    vxg__fft_task task = {.run = s->lanes, .table = floats_of(&s->table), .progress = c.progress};
    vxg_array between = {0};
    task.scratch = vxg_call_scratch(&c, vxg__fft_lanes_scratch(s->axis, s->naxes));
    VXG_FAIL_IF(!task.scratch, VXG_ERR_FAILED, "FFT: the workspace is too small");
    if (s->naxes == 2) VXG_TRY(vxg_call_workspace(&c, &space, &between));
    for (int i = 0; i < steps->naxes; i++) {
        const int last = i == steps->naxes - 1;
        task.in = floats_of(i ? &between : x);
        task.out = floats_of(last ? y : &between);
        task.scale = last ? s->scale : 1, task.add = last && call->accumulate;
        VXG_TRY(vxg__fft_lanes_run(&task, &steps->along[i]));
    }
    return VXG_OK;
}

/* Every step reads what the one before wrote, in one of two arrays alternately; the last one writes
 * the result, scaled. */
static int run(const vxg_op *op, const vxg_call *call, const fft_steps *steps, const vxg_array *x,
               const vxg_array *y) {
    const fft_state *s = vxg_op_state(op);
    const vxg_space space = work_space(s);
    vxg_call c = *call;
    if (vxg_array_count(y) == 0) return VXG_OK;
    if (s->lanes) return run_lanes(s, call, steps, x, y);
    vxg_array work[2];
    for (int i = 0; i < 2; i++) VXG_TRY(vxg_call_workspace(&c, &space, &work[i]));
    for (int i = 0; i < steps->count; i++) {
        const fft_step *p = &steps->list[i];
        const int last = i == steps->count - 1, is_pass = !strcmp(p->kernel, "fft_pass");
        vxg_launch l = {.size = (uint32_t)sizeof l, .global = {p->items, p->outer, 1}};
        vxg_array table = s->table;
        table.offset += p->table;
        l.nints = 6, l.nreals = 3;
        memcpy(l.ints, p->ints, sizeof p->ints);
        memcpy(l.reals, p->reals, sizeof p->reals);
        if (last) {
            l.reals[1] = s->scale;
            l.ints[is_pass ? 3 : 5] = call->accumulate;
        }
        vxg__push_array(&l, i == 0 ? x : &work[(i + 1) % 2]);
        vxg__push_array(&l, &table);
        vxg__push_array(&l, last ? y : &work[i % 2]);
        VXG_TRY(
            vxg__launch_with(vxg_op_device(op), call->queue, p->kernel, p->options, s->real, &l));
    }
    return VXG_OK;
}

static int fft_apply(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                     const vxg_array *out) {
    const fft_state *s = vxg_op_state(op);
    return run(op, call, &s->forwards, in, out);
}
static int fft_vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                   const vxg_array *cotangent, const vxg_array *grad) {
    const fft_state *s = vxg_op_state(op);
    (void)in;
    return grad->buffer ? run(op, call, &s->adjoint, cotangent, grad) : VXG_OK;
}

static const vxg_op_class fft_class = {.size = (uint32_t)sizeof fft_class,
                                       .name = "num.fft",
                                       .accumulates = 1,
                                       .apply = fft_apply,
                                       .vjp = fft_vjp,
                                       .workspace = fft_workspace,
                                       .destroy = fft_destroy};

/* ---- Making one ---- */
static int check_signal(const vxg_space *space, const vxg_fft_opts *o, int naxes) {
    const int is_complex = o->kind == VXG_FFT_COMPLEX;
    VXG_FAIL_IF(o->kind != VXG_FFT_COMPLEX && o->kind != VXG_FFT_REAL && o->kind != VXG_FFT_HALF,
                VXG_ERR_ARGUMENT, "FFT: kind %d is none", (int)o->kind);
    VXG_FAIL_IF(o->scale != VXG_FFT_PLAIN && o->scale != VXG_FFT_BY_N &&
                    o->scale != VXG_FFT_UNITARY,
                VXG_ERR_ARGUMENT, "FFT: scale %d is none", (int)o->scale);
    VXG_FAIL_IF(naxes != 1 && naxes != 2, VXG_ERR_ARGUMENT, "FFT: axes %d; 1 or 2 are possible",
                naxes);
    VXG_FAIL_IF(is_complex ? space->dtype != VXG_C64 && space->dtype != VXG_C128
                           : space->dtype != VXG_F32 && space->dtype != VXG_F64,
                VXG_ERR_ARGUMENT, "FFT: the signal is %s; this kind takes %s",
                vxg_dtype_name(space->dtype),
                is_complex ? "complex64 or complex128" : "float32 or float64");
    VXG_FAIL_IF(space->ndim < naxes || space->ndim > VXG_MAX_DIMS, VXG_ERR_ARGUMENT,
                "FFT along %d axes of a signal of rank %d", naxes, space->ndim);
    for (int i = 0; i < space->ndim; i++)
        VXG_FAIL_IF(space->shape[i] < (i >= space->ndim - naxes), VXG_ERR_ARGUMENT,
                    "FFT: axis %d of the signal has %lld numbers", i, (long long)space->shape[i]);
    return VXG_OK;
}

static int plan(fft_state *s, vxg_device *dev, const vxg_space *space) {
    const int d = space->ndim;
    int64_t outer = 1, total = 1, table = 0;
    for (int i = 0; i < d - s->naxes; i++) outer *= space->shape[i];
    for (int i = d - s->naxes; i < d; i++) total *= space->shape[i];
    const int64_t columns = space->shape[d - 1], rows = s->naxes == 2 ? space->shape[d - 2] : 1;
    VXG_TRY(plan_axis(&s->axis[0], columns, outer * rows, 1, &table));
    if (s->naxes == 2) VXG_TRY(plan_axis(&s->axis[1], rows, outer, columns, &table));
    s->scale = s->opts.scale == VXG_FFT_BY_N      ? 1 / (double)total
               : s->opts.scale == VXG_FFT_UNITARY ? 1 / sqrt((double)total)
                                                  : 1;
    list_both(s);
    s->lanes = vxg__fft_lanes_pick(dev, s->real, s->axis, s->naxes);
    return make_table(s, dev, table);
}

int vxg_op_fft(vxg_device *dev, const vxg_space *space, const vxg_fft_opts *opts, vxg_op **out) {
    vxg_fft_opts o = {0};
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "FFT: out is NULL");
    *out = NULL;
    VXG_FAIL_IF(!dev || !space, VXG_ERR_ARGUMENT, "FFT: device or space is NULL");
    VXG_TRY(vxg__space_check(space, "num.fft", "signal", 0));
    if (opts) VXG_TRY(VXG_IN(vxg_fft_opts, &o, opts));
    const int naxes = o.axes ? o.axes : 1;
    VXG_TRY(check_signal(space, &o, naxes));
    fft_state *s = vxg__calloc(1, sizeof *s);
    if (!s) return VXG_ERR_MEMORY;
    s->opts = o, s->naxes = naxes;
    s->real = vxg__arithmetic(space->dtype);
    int status = plan(s, dev, space);
    if (status) {
        fft_destroy(s);
        return status;
    }
    vxg_space half = *space;
    half.dtype = s->real == VXG_REAL_F64 ? VXG_C128 : VXG_C64;
    half.shape[half.ndim - 1] = space->shape[space->ndim - 1] / 2 + 1;
    return vxg__op_new_linear(&fft_class, dev, o.kind == VXG_FFT_HALF ? &half : space,
                              o.kind == VXG_FFT_REAL ? &half : space, VXG_SUBSETS_NONE, s, out);
}

/* ---- Rows ---- */
static int make_row(vxg_device *dev, const vxg_problem *p, vxg_fft_kind kind, int axes,
                    vxg_op **out) {
    /* Powers of two, every radix, odd lengths, primes (chirps), a length of one. */
    static const int64_t tiny[][3] = {{2, 3, 8},   {1, 4, 7}, {2, 5, 6}, {1, 7, 5},
                                      {3, 11, 13}, {2, 1, 1}, {1, 2, 12}};
    static const int64_t small[][3] = {{3, 32, 64}, {1, 21, 210}, {2, 37, 97}, {4, 45, 1},
                                       {1, 63, 75}, {5, 1, 128},  {1, 30, 343}};
    const int64_t *shape = p->scale == VXG_PROBLEM_TINY ? tiny[p->seed % 7] : small[p->seed % 7];
    vxg_space s = {.size = (uint32_t)sizeof s, .ndim = 3};
    memcpy(s.shape, shape, sizeof tiny[0]);
    if (p->scale == VXG_PROBLEM_BENCH) s.shape[0] = 64, s.shape[1] = s.shape[2] = 1024;
    s.dtype = vxg_real_dtype(p->real);
    if (kind == VXG_FFT_COMPLEX) s.dtype = p->real == VXG_REAL_F64 ? VXG_C128 : VXG_C64;
    const vxg_fft_opts o = {.size = (uint32_t)sizeof o,
                            .kind = kind,
                            .axes = axes,
                            .inverse = (int)(p->seed / 2 % 2),
                            .scale = (vxg_fft_scale)(p->seed % 3)};
    return vxg_op_fft(dev, &s, &o, out);
}
static int make_complex(vxg_device *dev, const vxg_problem *p, vxg_op **out) {
    return make_row(dev, p, VXG_FFT_COMPLEX, 1, out);
}
static int make_complex_2d(vxg_device *dev, const vxg_problem *p, vxg_op **out) {
    return make_row(dev, p, VXG_FFT_COMPLEX, 2, out);
}
static int make_real(vxg_device *dev, const vxg_problem *p, vxg_op **out) {
    return make_row(dev, p, VXG_FFT_REAL, 1, out);
}
static int make_real_2d(vxg_device *dev, const vxg_problem *p, vxg_op **out) {
    return make_row(dev, p, VXG_FFT_REAL, 2, out);
}
static int make_half(vxg_device *dev, const vxg_problem *p, vxg_op **out) {
    return make_row(dev, p, VXG_FFT_HALF, 1, out);
}
static int make_half_2d(vxg_device *dev, const vxg_problem *p, vxg_op **out) {
    return make_row(dev, p, VXG_FFT_HALF, 2, out);
}
static double numbers(const vxg_op *op) {
    return (double)vxg_space_count(vxg_op_range(op));
}

#define ROW(word, words, fn)                                                                       \
    {                                                                                              \
        .size = (uint32_t)sizeof(vxg_op_row), .examples = 7, .name = "num.fft." word,              \
        .summary = words, .make = fn, .updates = numbers                                           \
    }
const vxg_op_row vxg__fft_rows[] = {
    ROW("complex", "Fourier transform of complex rows", make_complex),
    ROW("complex_2d", "Fourier transform of complex images", make_complex_2d),
    ROW("real", "half the spectrum of real rows", make_real),
    ROW("real_2d", "half the spectrum of real images", make_real_2d),
    ROW("half", "real rows from half their spectrum", make_half),
    ROW("half_2d", "real images from half their spectrum", make_half_2d),
};
const int vxg__fft_row_count = (int)(sizeof vxg__fft_rows / sizeof *vxg__fft_rows);
