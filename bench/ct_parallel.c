/* Rates of the parallel-beam cpu schedules: Markdown rows on stdout.
 *
 * bench_ct_parallel [--slices N] [--size N] [--views N] [--reps N] [--level v3] [--threads N]
 * [--no-plain]
 *
 * Each row is the median over repetitions, by process CPU time, so rates are per core; --threads N
 * adds rows with N threads to those with one. Data start and end in C-order arrays, so transposes
 * are included. The plain loop runs once on the same data; error is max |schedule - plain| / max
 * |plain| of that very run. Inputs are uniform random numbers. The last column is an upper bound
 * (roofline.h). */
#include "roofline.h"

/* An update, per lane, from kernels/ct/schedule/parallel.cpu.h: the pair loop multiplies,
 * multiplies and adds, adds; the transpose has two multiply-adds. L2 (notes.md): a square of 8 x 8
 * pixels rereads 13 columns of a view; Joseph forward brings one new cell a step. Lists of indices
 * are not in it: with one slice they are most of the work. */
static const bench_counts gather = {.fma = 2, .ops = 3, .l2 = 4 * 13 / 64.0},
                          forward = {.fma = 2, .ops = 3, .l2 = 4}, spread = {.fma = 2, .ops = 2};

typedef struct options {
    int slices, size, views, reps, threads, plain;
    const char *level;
} options;

/* One application, CPU seconds. */
static double once(const vxg_op *op, int adjoint, const vxg_call *call, const vxg_array *in,
                   const vxg_array *out) {
    double t = cpu_seconds();
    must(adjoint ? vxg_op_apply_adjoint(op, call, in, out) : vxg_op_apply(op, call, in, out),
         "apply");
    return cpu_seconds() - t;
}

typedef struct row {
    const char *name, *unit;
    double work; /* in 1e9 units per application */
    int adjoint;
    int volume_first; /* the operator takes a volume */
    bench_counts counts;
} row;

static bench_machine machine;

static void print_row(const options *o, const row *r, const vxg_op *op, double times[101],
                      double error, double slow) {
    const vxg_space *y = vxg_op_range(op), *x = vxg_op_domain(op, 0);
    const vxg_space *p = r->volume_first ? y : x, *v = r->volume_first ? x : y;
    const double bytes = 4 * (double)(p->shape[0] * p->shape[1] * p->shape[2] +
                                      v->shape[0] * v->shape[1] * v->shape[2]);
    char bound[48];
    bench_roofline(&machine, r->counts, 1e9 * r->work, bytes, bound);
    qsort(times, (size_t)o->reps, sizeof *times, by_value);
    printf("| %s | %d x %d^2 x %d | %s | %d | %.2f %s | %.2f-%.2f | %.1e | %.3f | %s |\n", r->name,
           (int)p->shape[1], (int)v->shape[2], (int)p->shape[0],
           vxg_device_get_info(vxg_op_device(op))->spec, vxg_threads(),
           r->work / times[o->reps / 2], r->unit, r->work / times[o->reps - 1], r->work / times[0],
           error, r->work / slow, bound);
    fflush(stdout);
}

/* fast and plain: the same operator twice; plain NULL: no comparison. One thread, then o->threads.
 */
static void measure(const options *o, const row *r, const vxg_op *fast, const vxg_op *plain) {
    double times[101], error = NAN, slow = NAN, diff, most = NAN;
    vxg_array in, out, reference = {0};
    vxg_call call = {0};
    must(vxg_op_new_array(fast, r->adjoint ? -1 : 0, &in), "input");
    must(vxg_op_new_array(fast, r->adjoint ? 0 : -1, &out), "output");
    must(vxg_array_random(NULL, &in, 1, 0, 1), "input");
    if (plain) {
        must(vxg_op_new_array(plain, r->adjoint ? 0 : -1, &reference), "output");
        slow = once(plain, r->adjoint, NULL, &in, &reference);
        must(vxg_array_max_diff(NULL, &reference, NULL, &most), "difference");
    }
    must(vxg_buffer_new(vxg_op_device(fast), vxg_op_workspace(fast, NULL), &call.workspace),
         "workspace");
    for (int pass = 0; pass < (o->threads > 1 ? 2 : 1); pass++) {
        must(vxg_set_threads(pass ? o->threads : 1), "threads");
        once(fast, r->adjoint, &call, &in, &out);
        for (int k = 0; k < o->reps; k++) times[k] = once(fast, r->adjoint, &call, &in, &out);
        if (plain) {
            must(vxg_array_max_diff(NULL, &out, &reference, &diff), "difference");
            error = diff / most;
        }
        print_row(o, r, fast, times, error, slow);
    }
    vxg_buffer_release(call.workspace);
    vxg_array_release(&in), vxg_array_release(&out), vxg_array_release(&reference);
}

typedef int (*make_fn)(vxg_device *, const vxg_ct_geometry *, const vxg_ct_volume *,
                       const vxg_ct_projector_opts *, vxg_op **);

static void projector(const options *o, vxg_device *dev, const vxg_ct_geometry *geo, make_fn make,
                      const char *name, int adjoint) {
    vxg_ct_volume vol = {0};
    vxg_ct_fit_volume(geo, &vol);
    vxg_ct_projector_opts opts = {0};
    vxg_op *fast, *plain = NULL;
    row r = {.name = name, .unit = "GUPS", .adjoint = adjoint};
    r.volume_first = make == vxg_ct_projector;
    r.counts = r.volume_first ? adjoint ? gather : forward : adjoint ? spread : gather;
    r.work = 1e-9 * (double)(vol.nz * vol.ny * vol.nx) * (double)vxg_ct_geometry_nviews(geo);
    must(make(dev, geo, &vol, &opts, &fast), name);
    opts.no_schedule = 1;
    if (o->plain) must(make(dev, geo, &vol, &opts, &plain), name);
    measure(o, &r, fast, plain);
    vxg_op_release(fast), vxg_op_release(plain);
}

static void filter(const options *o, vxg_device *dev) {
    int64_t nfft = vxg_fft_size(2 * o->size);
    double *response = calloc((size_t)(nfft / 2 + 1), sizeof *response);
    vxg_space space = {.ndim = 3, .shape = {o->views, o->slices, o->size}};
    vxg_op *fast, *plain = NULL;
    char name[64];
    /* two complex transforms of 5 n log2 n operations for two rows */
    row r = {.name = name, .unit = "GFLOP/s"};
    r.work = 1e-9 * 5 * (double)nfft * log2((double)nfft) * (double)o->views * o->slices;
    /* a radix-4 butterfly has three complex products, 12 multiply(-add)s, and 16 additions for 40
     * of these operations; those of the last stage down and the first up multiply by 1, and half of
     * the additions of the first down and the last up are left out */
    const double stages = log2((double)nfft) / 2;
    r.counts =
        (bench_counts){.fma = 12.0 / 40 * (1 - 1 / stages), .ops = 28.0 / 40 * (1 - 1 / stages)};
    snprintf(name, sizeof name, "row filter, nfft %d", (int)nfft);
    must(vxg_ct_filter_response(VXG_CT_WINDOW_RAMP, 0, nfft, 1, response), name);
    must(vxg_ct_filter(dev, &space, response, nfft, NULL, VXG_REAL_F32, &fast), name);
    setenv("VXG_CPU_SCHEDULE", "0", 1); /* read when the operator is made */
    if (o->plain)
        must(vxg_ct_filter(dev, &space, response, nfft, NULL, VXG_REAL_F32, &plain), name);
    unsetenv("VXG_CPU_SCHEDULE");
    measure(o, &r, fast, plain);
    vxg_op_release(fast), vxg_op_release(plain);
    free(response);
}

static vxg_ct_geometry *scan(int slices, int size, int views) {
    double *angles = calloc((size_t)views, sizeof *angles);
    vxg_ct_geometry *geo;
    for (int i = 0; i < views; i++) angles[i] = M_PI * i / views;
    vxg_ct_parallel_opts p = {.angles = angles, .nviews = views, .rows = slices, .cols = size};
    must(vxg_ct_parallel_circular(&p, &geo), "geometry");
    free(angles);
    return geo;
}

int main(int argc, char **argv) {
    options o = {.slices = 64, .size = 512, .views = 512, .reps = 7, .threads = 1, .plain = 1};
    const bench_number numbers[] = {{"--slices", &o.slices},
                                    {"--size", &o.size},
                                    {"--views", &o.views},
                                    {"--reps", &o.reps},
                                    {"--threads", &o.threads}};
    char spec[32];
    bench_options(argc, argv, numbers, (int)(sizeof numbers / sizeof *numbers), spec);
    o.plain = !bench_flag(argc, argv, "--no-plain");
    if (o.reps < 1 || o.reps > 101 || o.views < 4 || o.slices < 1 || o.size < 4) return 2;
    vxg_device *dev;
    must(vxg_device_open(spec, &dev), spec);
    machine = bench_measure(dev);
    vxg_ct_geometry *geo = scan(o.slices, o.size, o.views);
    projector(&o, dev, geo, vxg_ct_backprojector, "backprojection, linear", 0);
    projector(&o, dev, geo, vxg_ct_projector, "Joseph forward", 0);
    projector(&o, dev, geo, vxg_ct_projector, "Joseph adjoint", 1);
    filter(&o, dev);
    vxg_ct_geometry_release(geo);
    /* the plain kernel of this one visits every slice for every detector row */
    geo = scan(o.slices < 16 ? o.slices : 16, o.size / 4, o.views / 4);
    projector(&o, dev, geo, vxg_ct_backprojector, "transposed backprojection", 1);
    vxg_ct_geometry_release(geo);
    vxg_device_release(dev);
    return 0;
}
