/* Prepared backprojection of small parts, CPU time of one thread: a call for one voxel and one
 * view, and a patch of 50 x 50 pixels from 1000 views of 500 columns against the slice of 500 x
 * 500. Medians; a table for bench/results. */
#include "bench.h"

#define NVIEWS 1000
#define WIDTH 500
#define MOST_RUNS 41

/* Seconds of a prepared call, after one that does not count: the median of runs of `calls`. */
static int measure(vxg_device *dev, const vxg_ct_geometry *geo, const vxg_ct_volume *vol, int runs,
                   int calls, double *seconds) {
    double t[MOST_RUNS];
    vxg_op *op = NULL;
    vxg_ct_prepared *p = NULL;
    vxg_array out = {0};
    vxg_call call = {0};
    int status = vxg_ct_backprojector(dev, geo, vol, NULL, &op);
    if (!status) status = vxg_ct_prepared_new(vxg_op_domain(op, 0), dev, NULL, NULL, &p);
    if (!status) status = vxg_op_new_array(op, -1, &out);
    if (!status) status = vxg_queue_new(dev, &call.queue);
    if (!status) status = vxg_ct_prepared_backproject(p, op, 0, &call, &out);
    for (int r = 0; r < runs && !status; r++) {
        const double start = cpu_seconds();
        for (int i = 0; i < calls && !status; i++)
            status = vxg_ct_prepared_backproject(p, op, 0, &call, &out);
        t[r] = (cpu_seconds() - start) / calls;
    }
    vxg_queue_free(call.queue);
    vxg_array_release(&out);
    vxg_ct_prepared_release(p);
    vxg_op_release(op);
    if (status) return status;
    qsort(t, (size_t)runs, sizeof *t, by_value);
    *seconds = t[runs / 2];
    return 0;
}

static int make_scan(int cone, int64_t nviews, int64_t rows, vxg_ct_geometry **out) {
    static double angles[NVIEWS];
    for (int i = 0; i < NVIEWS; i++) angles[i] = (cone ? 2 : 1) * M_PI * i / NVIEWS;
    const vxg_ct_parallel_opts flat = {
        .angles = angles, .nviews = nviews, .rows = rows, .cols = WIDTH};
    const vxg_ct_cone_opts open = {.angles = angles,
                                   .nviews = nviews,
                                   .rows = rows,
                                   .cols = WIDTH,
                                   .sod = 2 * WIDTH,
                                   .sdd = 3 * WIDTH};
    return cone ? vxg_ct_cone_circular(&open, out) : vxg_ct_parallel_circular(&flat, out);
}

static int row(vxg_device *dev, int cone, int64_t rows) {
    vxg_ct_geometry *all = NULL, *one = NULL;
    vxg_ct_volume voxel = {0}, patch = {0}, slice = {0};
    double t[3];
    int status = make_scan(cone, NVIEWS, rows, &all);
    if (!status) status = make_scan(cone, 1, rows, &one);
    if (!status) {
        vxg_ct_volume v = {0};
        vxg_ct_fit_volume(all, &v);
        const int64_t z = v.nz / 2;
        status = vxg_ct_volume_box(&v, z, z + 1, 250, 251, 100, 101, &voxel);
        if (!status) status = vxg_ct_volume_box(&v, z, z + 1, 200, 250, 300, 350, &patch);
        if (!status) status = vxg_ct_volume_box(&v, z, z + 1, 0, WIDTH, 0, WIDTH, &slice);
    }
    if (!status) status = measure(dev, one, &voxel, MOST_RUNS, 500, &t[0]);
    if (!status) status = measure(dev, all, &patch, MOST_RUNS, 3, &t[1]);
    if (!status) status = measure(dev, all, &slice, 5, 1, &t[2]);
    if (status) {
        fprintf(stderr, "%s, %d rows: %s\n", cone ? "cone" : "parallel", (int)rows,
                vxg_error_message());
    } else {
        printf("| %s, %d rows | %.2f us | %.2f ms (%.2f GUPS) | %.0f ms (%.2f GUPS) | %.2f |\n",
               cone ? "cone" : "parallel", (int)rows, t[0] * 1e6, t[1] * 1e3, 2.5e-3 / t[1],
               t[2] * 1e3, 0.25 / t[2], t[1] * 100 / t[2]);
    }
    vxg_ct_geometry_release(all), vxg_ct_geometry_release(one);
    return status;
}

int main(void) {
    vxg_device *dev;
    int failed = 0;
    vxg_set_threads(1);
    if (vxg_device_open(NULL, &dev)) return fprintf(stderr, "%s\n", vxg_error_message()), 1;
    printf("| scan | 1 voxel, 1 view | 50^2 x 1000 views | 500^2 x 1000 views | patch / (slice / "
           "100) |\n|---|---|---|---|---|\n");
    for (int cone = 0; cone < 2; cone++)
        for (int rows = 1; rows <= 16; rows += 15) failed |= row(dev, cone, rows) != 0;
    vxg_device_release(dev);
    return failed;
}
