/* Rates of cone-beam backprojection on the cpu: Markdown rows on stdout.
 *
 * bench_ct_cone [--size N] [--columns N] [--views N] [--reps N] [--level v3] [--tilt RADIANS]
 * [--threads N] [--plain-slices N] [--scaling]
 *
 * A circular scan with the source at 600/256 of the volume's edge from the axis, magnification 2,
 * voxels that project onto one pixel at the axis, detector rolled in its plane by the tilt. Median
 * over repetitions by process CPU time, so rates are per core; transposes are included. The plain
 * loop runs once on the middle slices of the same scan; error is max |schedule - plain| / max
 * |plain| there. Inputs are uniform random numbers; weighting by distance. --scaling: a row with
 * the ratio of wall times of one and two threads. The last column is an upper bound (roofline.h).
 */
#include "roofline.h"

/* An update, per lane, from kernels/ct/schedule/cone_backproject.cpu.h. Steady: two rows of two
 * columns are blended (two multiplications, two multiply-adds), one multiply-add between the rows;
 * besides a position (addition, two conversions, subtraction), two permutes, a difference and a
 * sum: the near class, 13. Tilted: position 1 + 1 + 2, weights 2, three columns one each, one
 * across them; about 45 in all (notes.md). L2: the next voxel column of a tile needs new detector
 * columns as the path moves on by 2 / pi of a pixel on the average, a row of 4 bytes a slice. */
static const bench_counts steady = {.fma = 5, .ops = 13, .l2 = 4 * 2 / M_PI},
                          tilted = {.fma = 8, .ops = 40, .l2 = 4 * 2 / M_PI};

typedef struct options {
    int size, columns, views, reps, threads, plain, scaling;
    double tilt;
} options;

static vxg_ct_geometry *scan(const options *o) {
    vxg_ct_view *view = calloc((size_t)o->views, sizeof *view);
    const double sod = 600.0 / 256 * o->size;
    vxg_ct_geometry *geo;
    for (int i = 0; i < o->views; i++) {
        const double t = 2 * M_PI * i / o->views, c = cos(t), s = sin(t);
        const double u = 2 * cos(o->tilt), v = 2 * sin(o->tilt);
        view[i] = (vxg_ct_view){.s = {sod * s, -sod * c, 0},
                                .d = {-sod * s, sod * c, 0},
                                .U = {u * c, u * s, v},
                                .V = {-v * c, -v * s, u}};
    }
    must(vxg_ct_cone_views(o->views, o->columns, o->columns, view, &geo), "geometry");
    free(view);
    return geo;
}

static double once(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                   const vxg_array *out) {
    const double t = cpu_seconds();
    must(vxg_op_apply(op, call, in, out), "apply");
    return cpu_seconds() - t;
}

typedef struct work {
    const vxg_op *op;
    const vxg_call *call;
    const vxg_array *in, *out;
} work;
static void again(void *context) {
    const work *w = context;
    must(vxg_op_apply(w->op, w->call, w->in, w->out), "apply");
}

/* The plain loop on o->plain slices in the middle: its rate, and the error of `out` there. */
static double plain(const options *o, vxg_device *dev, const vxg_ct_geometry *geo,
                    const vxg_array *in, const vxg_array *out, double *error) {
    const int z0 = (o->size - o->plain) / 2;
    const int64_t n = (int64_t)o->size * o->size, count = n * o->plain;
    const vxg_ct_projector_opts opts = {.no_schedule = 1, .weighting = VXG_CT_WEIGHTING_DISTANCE};
    vxg_ct_volume vol = {.nz = o->plain, .ny = o->size, .nx = o->size};
    const float *fast = (const float *)vxg_buffer_host(out->buffer) + out->offset + z0 * n;
    double most = 0, worst = 0;
    vxg_array slow;
    vxg_op *op;
    vol.center[2] = z0 + 0.5 * (o->plain - 1) - 0.5 * (o->size - 1);
    must(vxg_ct_backprojector(dev, geo, &vol, &opts, &op), "plain");
    must(vxg_op_new_array(op, -1, &slow), "plain");
    const double t = once(op, NULL, in, &slow);
    const float *want = (const float *)vxg_buffer_host(slow.buffer) + slow.offset;
    for (int64_t i = 0; i < count; i++) {
        worst = fmax(worst, fabs((double)fast[i] - (double)want[i]));
        most = fmax(most, fabs((double)want[i]));
    }
    *error = worst / most;
    vxg_array_release(&slow);
    vxg_op_release(op);
    return 1e-9 * (double)count * o->views / t;
}

static void measure(const options *o, vxg_device *dev, const bench_machine *m) {
    const vxg_ct_projector_opts opts = {.weighting = VXG_CT_WEIGHTING_DISTANCE};
    const vxg_ct_volume vol = {.nz = o->size, .ny = o->size, .nx = o->size};
    const double updates = 1e-9 * pow(o->size, 3) * o->views;
    vxg_ct_geometry *geo = scan(o);
    vxg_call call = {0};
    double times[101], error = NAN, slow = NAN;
    const double bytes = 4 * (pow(o->size, 3) + (double)o->views * pow(o->columns, 2));
    char bound[48];
    vxg_array in, out;
    vxg_op *op;
    bench_roofline(m, o->tilt != 0 ? tilted : steady, 1e9 * updates, bytes, bound);
    must(vxg_ct_backprojector(dev, geo, &vol, &opts, &op), "operator");
    must(vxg_op_new_array(op, 0, &in), "input");
    must(vxg_op_new_array(op, -1, &out), "output");
    must(vxg_array_random(NULL, &in, 1, 0, 1), "input");
    must(vxg_buffer_new(dev, vxg_op_workspace(op, NULL), &call.workspace), "workspace");
    for (int pass = 0; pass < (o->threads > 1 ? 2 : 1); pass++) {
        must(vxg_set_threads(pass ? o->threads : 1), "threads");
        for (int k = 0; k < o->reps; k++) times[k] = once(op, &call, &in, &out);
        qsort(times, (size_t)o->reps, sizeof *times, by_value);
        if (!pass && o->plain > 0) slow = plain(o, dev, geo, &in, &out, &error);
        printf("| %g | %d^3 | %d of %d^2 | %s | %d | %.2f | %.2f-%.2f | %.1e | %.3f | %s |\n",
               o->tilt, o->size, o->views, o->columns, vxg_device_get_info(dev)->spec,
               vxg_threads(), updates / times[o->reps / 2], updates / times[o->reps - 1],
               updates / times[0], error, slow, bound);
        fflush(stdout);
    }
    if (o->scaling) bench_scaling("backprojection", again, &(work){op, &call, &in, &out});
    vxg_buffer_release(call.workspace);
    vxg_array_release(&in), vxg_array_release(&out);
    vxg_op_release(op);
    vxg_ct_geometry_release(geo);
}

int main(int argc, char **argv) {
    options o = {.size = 256, .columns = 384, .views = 256, .reps = 3, .threads = 1, .plain = 4};
    const bench_number numbers[] = {{"--size", &o.size},       {"--columns", &o.columns},
                                    {"--views", &o.views},     {"--reps", &o.reps},
                                    {"--threads", &o.threads}, {"--plain-slices", &o.plain}};
    char spec[32];
    bench_options(argc, argv, numbers, (int)(sizeof numbers / sizeof *numbers), spec);
    o.scaling = bench_flag(argc, argv, "--scaling");
    for (int i = 1; i + 1 < argc; i++)
        if (!strcmp(argv[i], "--tilt")) o.tilt = atof(argv[i + 1]);
    if (o.reps < 1 || o.reps > 101 || o.views < 1 || o.size < 4 || o.columns < 1 ||
        o.plain > o.size)
        return 2;
    vxg_device *dev;
    must(vxg_device_open(spec, &dev), spec);
    const bench_machine machine = bench_measure(dev);
    measure(&o, dev, &machine);
    vxg_device_release(dev);
    return 0;
}
