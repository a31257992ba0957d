/* Rates of the projectors' CPU schedules for other models and few slices, and of the plain loops
 * beside them in the same run: Markdown rows on stdout.
 *
 * bench_ct_projectors [--reps N] [--level v3] [--threads N] [--plain-views N] [--only TEXT]
 *
 * Each row is the median over repetitions, by process CPU time: voxels x views a second and core,
 * forward and adjoint. Data start and end in C-order arrays, so transposes are included. Inputs are
 * uniform random numbers in 0..1. The plain loop runs once on --plain-views views of the same scan,
 * spread over the turn; error is max |schedule - f| / max |f| there, f the plain loop in float64.
 * --only: rows whose name has the text. The last column is an upper bound (roofline.h). */
#include "roofline.h"

typedef enum shape { CONE, PARALLEL, SLICE, FAN, LAMINOGRAPHY, ROLLED } shape;

typedef struct row {
    const char *name;
    shape shape;
    vxg_ct_model model;
    int backprojector;
    int nz, side, views, rows, cols;
    bench_counts counts[2]; /* an update, forward and adjoint (backprojector: the first) */
} row;

/* Operations of an update, per lane, counted in the schedules' inner loops.
 * Footprints, cone (footprint.cpu.h): a root and 5 for the ray's length; forward 16 for a row's two
 * voxels (30 for three), a multiply-add for each of 2.3 columns; adjoint 2.3 to blend, 14 for a
 * voxel's two rows (18 for three). Parallel: 2.3 multiply-adds.
 * Siddon (siddon.cpu.h): 1.27 pieces a voxel crossed along the main axis, 0.9 of those a column and
 * voxel; 14 for the share, 4 to pick, 2 to add; adjoint 14, then 2 additions one by one.
 * One slice (parallel_slice.cpu.h): backprojection 15, forward 22, adjoint 43. Fan: 8 for a point's
 * place, 3 to add. Backprojection: cone_backproject.cpu.h. */
static const row rows[] = {
    {"footprint, cone",
     CONE,
     VXG_CT_FOOTPRINT,
     0,
     256,
     256,
     64,
     384,
     384,
     {{.fma = 8, .ops = 28}, {.fma = 8, .ops = 28}}},
    {"footprint, parallel",
     PARALLEL,
     VXG_CT_FOOTPRINT,
     0,
     64,
     256,
     256,
     64,
     384,
     {{.fma = 2.3, .ops = 2.3, .l2 = 0}, {.fma = 2.3, .ops = 2.3}}},
    {"Siddon, cone",
     CONE,
     VXG_CT_SIDDON,
     0,
     256,
     256,
     64,
     384,
     384,
     {{.fma = 1.14 * 4, .ops = 1.14 * 20}, {.fma = 1.14 * 3, .ops = 1.14 * 18}}},
    {"Joseph, one slice",
     SLICE,
     VXG_CT_JOSEPH,
     0,
     1,
     1024,
     1024,
     1,
     1024,
     {{.fma = 3, .ops = 22}, {.fma = 7, .ops = 43}}},
    {"backprojection, one slice",
     SLICE,
     VXG_CT_JOSEPH,
     1,
     1,
     1024,
     1024,
     1,
     1024,
     {{.fma = 3, .ops = 15}}},
    {"Joseph, fan, one slice",
     FAN,
     VXG_CT_JOSEPH,
     0,
     1,
     512,
     720,
     1,
     768,
     {{.fma = 3, .ops = 11}, {.fma = 3, .ops = 11}}},
    {"backprojection, laminography",
     LAMINOGRAPHY,
     VXG_CT_JOSEPH,
     1,
     64,
     256,
     256,
     256,
     384,
     {{.fma = 4, .ops = 14}}},
    {"Joseph, rolled cone",
     ROLLED,
     VXG_CT_JOSEPH,
     0,
     128,
     128,
     64,
     192,
     192,
     {{.fma = 5, .ops = 30, .l2 = 8}, {.fma = 2, .ops = 37, .l2 = 16}}},
};

typedef struct options {
    int reps, threads, plain_views;
    const char *only;
} options;

/* `views` of the row's scan over a turn (parallel: half). */
static void scan_of(const row *r, int views, vxg_ct_geometry **geo) {
    vxg_ct_view *view = calloc((size_t)views, sizeof *view);
    const int open = r->shape == CONE || r->shape == FAN || r->shape == ROLLED;
    const double far = 600.0 / 256 * r->side, roll = r->shape == ROLLED ? 0.1 : 0;
    const double lean =
        r->shape == LAMINOGRAPHY ? 30 * M_PI / 180 : 0; /* of the rays from a slice */
    const double pitch = open ? 2 : 1;
    for (int i = 0; i < views; i++) {
        const double t = (open || lean > 0 ? 2 : 1) * M_PI * (i + 0.25) / views, c = cos(t),
                     s = sin(t);
        const double u = pitch * cos(roll), v = pitch * sin(roll);
        view[i] = (vxg_ct_view){.U = {u * c, u * s, v}, .V = {-v * c, -v * s, u}};
        const double ray[3] = {-s * cos(lean), c * cos(lean), -sin(lean)},
                     from[3] = {far * s, -far * c};
        memcpy(open ? view[i].s : view[i].r, open ? from : ray, sizeof ray);
        if (open) view[i].d[0] = -far * s, view[i].d[1] = far * c;
        if (lean > 0) {
            view[i].V[0] = -s * sin(lean), view[i].V[1] = c * sin(lean), view[i].V[2] = cos(lean);
        }
    }
    must((open ? vxg_ct_cone_views : vxg_ct_parallel_views)(views, r->rows, r->cols, view, geo),
         "geometry");
    free(view);
}

static vxg_op *make(const row *r, vxg_device *dev, int views, const vxg_ct_projector_opts *how) {
    const vxg_ct_volume vol = {.nz = r->nz, .ny = r->side, .nx = r->side};
    vxg_ct_projector_opts opts = *how;
    vxg_ct_geometry *geo;
    vxg_op *op;
    opts.model = r->model;
    scan_of(r, views, &geo);
    must((r->backprojector ? vxg_ct_backprojector : vxg_ct_projector)(dev, geo, &vol, &opts, &op),
         r->name);
    vxg_ct_geometry_release(geo);
    return op;
}

static double updates_of(const row *r, int views) {
    return 1e-9 * r->nz * pow(r->side, 2) * views;
}

/* The result in double, for free(); its elements. */
static double *result_of(const row *r, const options *o, vxg_device *dev, int adjoint,
                         const vxg_ct_projector_opts *how, int64_t *n, double *seconds) {
    vxg_op *op = make(r, dev, o->plain_views, how);
    const int wide = how->real == VXG_REAL_F64;
    bench_call d;
    bench_prepare(op, adjoint, &d);
    const int64_t m = vxg_array_count(&d.in);
    *n = vxg_array_count(&d.out);
    float *const narrow = malloc((size_t)(*n > m ? *n : m) * sizeof *narrow);
    double *const all = malloc((size_t)(*n > m ? *n : m) * sizeof *all);
    for (int64_t i = 0; i < m; i++) { /* the same floats for both */
        narrow[i] = (float)((uint32_t)(i * 2654435761u) >> 8) / 16777216;
        all[i] = (double)narrow[i];
    }
    must(vxg_array_write(NULL, &d.in, wide ? (const void *)all : narrow), "input");
    *seconds = bench_once(op, adjoint, &d);
    must(vxg_array_read(NULL, &d.out, wide ? (void *)all : narrow), "output");
    for (int64_t i = 0; i < *n && !wide; i++) all[i] = (double)narrow[i];
    free(narrow);
    bench_finish(&d);
    vxg_op_release(op);
    return all;
}

/* GUPS of the plain loop, and how far the schedule is from float64. */
static double plain_rate(const row *r, const options *o, vxg_device *dev, int adjoint,
                         double *error) {
    const vxg_ct_projector_opts fast = {0}, plain = {.no_schedule = 1},
                                oracle = {.real = VXG_REAL_F64};
    double seconds, unused, most = 0, off = 0;
    int64_t n;
    double *const a = result_of(r, o, dev, adjoint, &fast, &n, &unused);
    double *const b = result_of(r, o, dev, adjoint, &oracle, &n, &unused);
    free(result_of(r, o, dev, adjoint, &plain, &n, &seconds));
    for (int64_t i = 0; i < n; i++) {
        most = fmax(most, fabs(b[i]));
        off = fmax(off, fabs(a[i] - b[i]));
    }
    *error = off / most;
    free(a), free(b);
    return updates_of(r, o->plain_views) / seconds;
}

static void measure(const row *r, const options *o, vxg_device *dev, const bench_machine *m,
                    int adjoint) {
    const double work = updates_of(r, r->views);
    double times[101], error = NAN, slow = NAN;
    if (o->plain_views > 0) slow = plain_rate(r, o, dev, adjoint, &error);
    const vxg_ct_projector_opts fast = {0};
    vxg_op *op = make(r, dev, r->views, &fast);
    bench_call d;
    bench_prepare(op, adjoint, &d);
    bench_once(op, adjoint, &d);
    for (int k = 0; k < o->reps; k++) times[k] = bench_once(op, adjoint, &d);
    qsort(times, (size_t)o->reps, sizeof *times, by_value);
    const double bytes =
        4 * (r->nz * pow(r->side, 2) + (double)r->views * r->rows * r->cols); /* once each */
    char bound[48];
    bench_roofline(m, r->counts[adjoint], 1e9 * work, bytes, bound);
    printf("| %s%s | %d x %d^2, %d views of %d x %d | %s | %.3f | %.3f-%.3f | %.4f | %.1e | %s |\n",
           r->name,
           r->backprojector ? ""
           : adjoint        ? ", adjoint"
                            : ", forward",
           r->nz, r->side, r->views, r->rows, r->cols, vxg_device_get_info(dev)->spec,
           work / times[o->reps / 2], work / times[o->reps - 1], work / times[0], slow, error,
           bound);
    fflush(stdout);
    bench_finish(&d);
    vxg_op_release(op);
}

int main(int argc, char **argv) {
    options o = {.reps = 5, .threads = 1, .plain_views = 4};
    const bench_number numbers[] = {
        {"--reps", &o.reps}, {"--threads", &o.threads}, {"--plain-views", &o.plain_views}};
    char spec[32];
    bench_options(argc, argv, numbers, (int)(sizeof numbers / sizeof *numbers), spec);
    for (int i = 1; i + 1 < argc; i++)
        if (!strcmp(argv[i], "--only")) o.only = argv[i + 1];
    if (o.reps < 1 || o.reps > 101) return 2;
    vxg_device *dev;
    must(vxg_device_open(spec, &dev), spec);
    must(vxg_set_threads(o.threads), "threads");
    const bench_machine machine = bench_measure(dev);
    printf("| schedule | scan | ISA | GUPS | range | plain | error | roofline |\n");
    printf("|---|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (o.only && !strstr(rows[i].name, o.only)) continue;
        for (int adjoint = 0; adjoint < (rows[i].backprojector ? 1 : 2); adjoint++)
            measure(&rows[i], &o, dev, &machine, adjoint);
    }
    vxg_device_release(dev);
    return 0;
}
