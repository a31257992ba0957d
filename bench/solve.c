/* What an iteration of a solver costs beside its projections: a Markdown row on stdout.
 *
 * bench_solve [METHOD] [--size N] [--views N] [--columns N] [--iterations N] [--reps N] [--level
 * v3]
 * [--parallel 1]
 *
 * N^3 voxels, a cone beam of magnification 2 over a full turn, or a parallel beam over half of one.
 * In every repetition the solver's iterations and as many pairs of forward and adjoint calls run in
 * turn; by processor time: seconds of the last, and the median of the ratios, the least and the
 * largest. */
#include "bench.h"

typedef struct options {
    int size, views, columns, iterations, reps, parallel;
} options;

static vxg_ct_geometry *scan(const options *o) {
    double *angles = calloc((size_t)o->views, sizeof *angles);
    vxg_ct_geometry *geo = NULL;
    for (int i = 0; i < o->views; i++) angles[i] = (o->parallel ? M_PI : 2 * M_PI) * i / o->views;
    const double far = 600.0 / 256 * o->size;
    const vxg_ct_parallel_opts p = {
        .angles = angles, .nviews = o->views, .rows = o->size, .cols = o->columns};
    const vxg_ct_cone_opts c = {.angles = angles,
                                .nviews = o->views,
                                .rows = o->columns,
                                .cols = o->columns,
                                .sod = far,
                                .sdd = 2 * far,
                                .pixel = 3.0 * o->size / o->columns};
    must(o->parallel ? vxg_ct_parallel_circular(&p, &geo) : vxg_ct_cone_circular(&c, &geo), "scan");
    free(angles);
    return geo;
}

int main(int argc, char **argv) {
    options o = {256, 180, 384, 5, 3, 0};
    const bench_number list[] = {{"--size", &o.size},       {"--views", &o.views},
                                 {"--columns", &o.columns}, {"--iterations", &o.iterations},
                                 {"--reps", &o.reps},       {"--parallel", &o.parallel}};
    char spec[32];
    const char *const method = argc > 1 && argv[1][0] != '-' ? argv[1] : "sirt";
    vxg_device *dev;
    vxg_op *op;
    vxg_array x, y, z;
    vxg_solver *s;
    double ratio[99], own = 0, calls = 0;
    bench_options(argc, argv, list, (int)(sizeof list / sizeof *list), spec);
    if (o.reps < 1 || o.reps > 99) o.reps = 3;
    const vxg_ct_volume vol = {.nz = o.size, .ny = o.size, .nx = o.size};
    must(vxg_device_open(spec, &dev), spec);
    must(vxg_set_threads(1), "threads");
    vxg_ct_geometry *geo = scan(&o);
    must(vxg_ct_projector(dev, geo, &vol, NULL, &op), "projector");
    must(vxg_op_new_array(op, 0, &x), "volume");
    must(vxg_op_new_array(op, 0, &z), "volume");
    must(vxg_op_new_array(op, -1, &y), "projections");
    must(vxg_array_random(NULL, &x, 1, 0, 1), "volume");
    must(vxg_op_apply(op, NULL, &x, &y), "projections");
    const vxg_solve_problem p = {.op = op, .data = &y};
    must(vxg_solver_new(method, &p, &(vxg_solve_opts){.iterations = 1}, &s), method);
    for (int r = -1; r < o.reps; r++) { /* the first does not count */
        double begin = cpu_seconds();
        for (int i = 0; i < o.iterations; i++) must(vxg_solver_step(s), method);
        own = cpu_seconds() - begin, begin = cpu_seconds();
        for (int i = 0; i < o.iterations; i++) {
            must(vxg_op_apply(op, NULL, &x, &y), "forward");
            must(vxg_op_apply_adjoint(op, NULL, &y, &z), "adjoint");
        }
        calls = cpu_seconds() - begin;
        if (r >= 0) ratio[r] = own / calls;
    }
    qsort(ratio, (size_t)o.reps, sizeof *ratio, by_value);
    printf("| %s | %s, %d^3 from %d views of %d columns | %d iterations: %.2f s | as many pairs of "
           "calls: %.2f s | %.3f (%.3f to %.3f) |\n",
           method, o.parallel ? "parallel" : "cone", o.size, o.views, o.columns, o.iterations, own,
           calls, ratio[o.reps / 2], ratio[0], ratio[o.reps - 1]);
    vxg_solver_release(s);
    vxg_array_release(&x), vxg_array_release(&y), vxg_array_release(&z);
    vxg_op_release(op), vxg_ct_geometry_release(geo), vxg_device_release(dev);
    return 0;
}
