/* Rates of the cone-beam Joseph cpu schedule and of the plain loops: Markdown rows on stdout.
 *
 * bench_ct_cone_joseph [--size N] [--views N] [--reps N] [--level v3] [--threads N] [--no-plain]
 * [--tilt RADIANS] [--plain-views N] [--scaling]
 *
 * N^3 voxels of size 1, a flat detector of (3N/2)^2 pixels of size 2, source to axis 600 N/256, to
 * detector 1200 N/256, a full turn; --tilt: the detector rolled in its plane, so that rows are not
 * steps along z. Each row is the median over repetitions, by process CPU time, so rates are per
 * core. Data start and end in C-order arrays, so transposes are included. The
 * plain loop runs once, where --plain-views is given on that many of the views, spread over the
 * turn; error is max |schedule - plain| / max |plain| of those views (adjoint: of the adjoint of
 * those views). Inputs are uniform random numbers in 0..1. --scaling: rows with the ratio of wall
 * times of one and two threads. The last column is an upper bound (roofline.h). */
#include "roofline.h"

/* An update, per lane, from kernels/ct/schedule/cone_joseph.cpu.h. A ray's column has a slice per
 * voxel crossed on its main axis: cos of the angle, 0.9 on the average, (column, slice) pairs a
 * voxel column. Forward, a pair: two multiply(-add)s blend a cell, two make a row's height and sum;
 * besides two conversions, three differences, an addition, two permutes. Adjoint, two rows a cell
 * (three where they are closer): 1 for the estimate, 2 a row, 2 to give; besides 4, 10 about the
 * rows. L2: one new column of cells a pair. */
static const bench_counts counts[2] = {{.fma = 0.9 * 4, .ops = 0.9 * 12, .l2 = 0.9 * 4},
                                       {.fma = 0.9 * 7, .ops = 0.9 * 21, .l2 = 0.9 * 4}};

/* kernels/ct/schedule/ray_joseph.cpu.h, a ray in a slice: 10 for the place, 12 to transpose;
 * forward 7 to interpolate and sum, adjoint 6 for the weights and 8 to add. L2: a pair of cells. */
static const bench_counts rolled[2] = {{.fma = 5, .ops = 30, .l2 = 8},
                                       {.fma = 2, .ops = 37, .l2 = 16}};

typedef struct options {
    int size, views, reps, threads, plain, plain_views, scaling;
    double tilt;
} options;

/* The circular scan, rolled. */
static void scan_views(const options *o, int views, vxg_ct_geometry **geo) {
    vxg_ct_view *view = calloc((size_t)views, sizeof *view);
    const double sod = 600.0 / 256 * o->size;
    for (int i = 0; i < views; i++) {
        const double t = 2 * M_PI * i / views, c = cos(t), s = sin(t);
        const double u = 2 * cos(o->tilt), v = 2 * sin(o->tilt);
        view[i] = (vxg_ct_view){.s = {sod * s, -sod * c, 0},
                                .d = {-sod * s, sod * c, 0},
                                .U = {u * c, u * s, v},
                                .V = {-v * c, -v * s, u}};
    }
    must(vxg_ct_cone_views(views, o->size * 3 / 2, o->size * 3 / 2, view, geo), "geometry");
    free(view);
}

static vxg_op *projector(const options *o, vxg_device *dev, int views, int no_schedule) {
    const double scale = o->size / 256.0;
    const vxg_ct_cone_opts scan = {.nviews = views,
                                   .rows = o->size * 3 / 2,
                                   .cols = o->size * 3 / 2,
                                   .sod = 600 * scale,
                                   .sdd = 1200 * scale,
                                   .pixel = 2};
    const vxg_ct_volume vol = {.nz = o->size, .ny = o->size, .nx = o->size};
    const vxg_ct_projector_opts opts = {.no_schedule = no_schedule};
    vxg_ct_geometry *geo;
    vxg_op *op;
    if (o->tilt != 0) {
        scan_views(o, views, &geo);
    } else {
        must(vxg_ct_cone_circular(&scan, &geo), "geometry");
    }
    must(vxg_ct_projector(dev, geo, &vol, &opts, &op), "projector");
    vxg_ct_geometry_release(geo);
    return op;
}

/* Both on the plain loop's views; seconds of the plain loop. */
static double compare(const options *o, vxg_device *dev, int adjoint, double *error) {
    vxg_op *fast = projector(o, dev, o->plain_views, 0),
           *plain = projector(o, dev, o->plain_views, 1);
    bench_call a, b;
    double diff, most;
    bench_prepare(fast, adjoint, &a), bench_prepare(plain, adjoint, &b);
    bench_once(fast, adjoint, &a);
    const double slow = bench_once(plain, adjoint, &b);
    must(vxg_array_max_diff(NULL, &a.out, &b.out, &diff), "difference");
    must(vxg_array_max_diff(NULL, &b.out, NULL, &most), "difference");
    *error = diff / most;
    bench_finish(&a), bench_finish(&b);
    vxg_op_release(fast), vxg_op_release(plain);
    return slow;
}

typedef struct again_data {
    const vxg_op *op;
    bench_call *d;
    int adjoint;
} again_data;
static void again(void *context) {
    const again_data *w = context;
    bench_once(w->op, w->adjoint, w->d);
}

static void measure(const options *o, vxg_device *dev, const bench_machine *m, int adjoint) {
    const double voxels = 1e-9 * pow(o->size, 3), work = voxels * o->views;
    double times[101], error = NAN, slow = NAN;
    if (o->plain) slow = compare(o, dev, adjoint, &error);
    vxg_op *op = projector(o, dev, o->views, 0);
    bench_call d;
    bench_prepare(op, adjoint, &d);
    bench_once(op, adjoint, &d);
    for (int k = 0; k < o->reps; k++) times[k] = bench_once(op, adjoint, &d);
    qsort(times, (size_t)o->reps, sizeof *times, by_value);
    const double bytes = 4 * (1e9 * voxels + o->views * pow(o->size * 3 / 2, 2));
    char bound[48];
    bench_roofline(m, o->tilt != 0 ? rolled[adjoint] : counts[adjoint], 1e9 * work, bytes, bound);
    printf(
        "| %s%s | %d^3 x %d, %d^2 | %s | %d | %.2f | %.2f-%.2f | %.1e | %.4f (%d views) | %s |\n",
        adjoint ? "Joseph adjoint" : "Joseph forward", o->tilt != 0 ? ", rolled" : "", o->size,
        o->views, o->size * 3 / 2, vxg_device_get_info(dev)->spec, vxg_threads(),
        work / times[o->reps / 2], work / times[o->reps - 1], work / times[0], error,
        voxels * o->plain_views / slow, o->plain ? o->plain_views : 0, bound);
    fflush(stdout);
    if (o->scaling)
        bench_scaling(adjoint ? "Joseph adjoint" : "Joseph forward", again,
                      &(again_data){op, &d, adjoint});
    bench_finish(&d);
    vxg_op_release(op);
}

int main(int argc, char **argv) {
    options o = {.size = 256, .views = 256, .reps = 5, .threads = 1, .plain = 1};
    const bench_number numbers[] = {{"--size", &o.size},
                                    {"--views", &o.views},
                                    {"--reps", &o.reps},
                                    {"--threads", &o.threads},
                                    {"--plain-views", &o.plain_views}};
    char spec[32];
    bench_options(argc, argv, numbers, (int)(sizeof numbers / sizeof *numbers), spec);
    o.scaling = bench_flag(argc, argv, "--scaling");
    o.plain = !bench_flag(argc, argv, "--no-plain");
    for (int i = 1; i + 1 < argc; i++)
        if (!strcmp(argv[i], "--tilt")) o.tilt = atof(argv[i + 1]);
    if (o.plain_views < 1) o.plain_views = o.views;
    if (o.reps < 1 || o.reps > 101 || o.views < 1 || o.size < 4) return 2;
    vxg_device *dev;
    must(vxg_device_open(spec, &dev), spec);
    must(vxg_set_threads(o.threads), "threads");
    const bench_machine machine = bench_measure(dev);
    measure(&o, dev, &machine, 0);
    measure(&o, dev, &machine, 1);
    vxg_device_release(dev);
    return 0;
}
