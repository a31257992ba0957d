/* Registry rows of projectors with the geometry as an input. */
#include <math.h>

#include "ct/registry/examples.h"

#define EXAMPLES VXG_CT_EXAMPLES

/* The benchmark: 128 views of 192 x 192 pixels into 128^3; 2-D 512 of 512 into 512 x 512. */
static int bench_scan(vxg_ct_beam beam, int planar, vxg_ct_geometry **geo, vxg_ct_volume *vol) {
    double angles[512];
    const int64_t nviews = planar ? 512 : 128, rows = planar ? 1 : 192, cols = planar ? 512 : 192;
    for (int64_t i = 0; i < nviews; i++) angles[i] = M_PI * (double)i / (double)nviews;
    *vol =
        (vxg_ct_volume){.nz = planar ? 1 : 128, .ny = planar ? 512 : 128, .nx = planar ? 512 : 128};
    if (beam == VXG_CT_BEAM_PARALLEL)
        return vxg_ct_parallel_circular(
            &(vxg_ct_parallel_opts){.angles = angles, .nviews = nviews, .rows = rows, .cols = cols},
            geo);
    return vxg_ct_cone_circular(
        &(vxg_ct_cone_opts){
            .nviews = nviews, .rows = rows, .cols = cols, .sod = 600, .sdd = 1200, .pixel = 2},
        geo);
}

/* The scans of the projectors' rows; inputs are drawn from a small interval, so that delta moves
 * sources and detectors by a few hundredths of a voxel. */
static int make(vxg_device *dev, const vxg_problem *p, vxg_ct_beam beam, int planar, vxg_op **out) {
    vxg_ct_projector_opts o = {.real = p->real};
    vxg_ct_geometry *geo;
    vxg_ct_volume vol = {0};
    int empty;
    *out = NULL;
    if (p->scale == VXG_PROBLEM_BENCH) {
        VXG_TRY(bench_scan(beam, planar, &geo, &vol));
    } else if (beam == VXG_CT_BEAM_CONE) {
        VXG_TRY(vxg__ct_cone_example(p, planar, &geo, &vol));
    } else {
        VXG_TRY(vxg__ct_example(p, planar, &geo, &vol, &empty));
    }
    int status =
        (planar ? vxg_ct_projector2d_geometry : vxg_ct_projector_geometry)(dev, geo, &vol, &o, out);
    vxg_ct_geometry_release(geo);
    return status;
}
#define MAKE(name, beam, planar)                                                                   \
    static int name(vxg_device *dev, const vxg_problem *p, vxg_op **out) {                         \
        return make(dev, p, beam, planar, out);                                                    \
    }
MAKE(make_parallel2, VXG_CT_BEAM_PARALLEL, 1)
MAKE(make_parallel3, VXG_CT_BEAM_PARALLEL, 0)
MAKE(make_fan, VXG_CT_BEAM_CONE, 1)
MAKE(make_cone, VXG_CT_BEAM_CONE, 0)

static int is_empty(const vxg_problem *p) {
    return p->scale != VXG_PROBLEM_BENCH && p->seed % EXAMPLES == 2;
}

/* voxels x views */
static double updates(const vxg_op *op) {
    const vxg_space *s = vxg_op_domain(op, 0);
    double n = (double)vxg_op_range(op)->shape[0];
    for (int i = 0; i < s->ndim; i++) n *= (double)s->shape[i];
    return n;
}

/* Volumes of mixed sign; the views' vectors move a little. */
static const double ranges[2][2] = {{-0.5, 1}, {-0.01, 0.03}};

#define ROW(id, words, fn)                                                                         \
    {                                                                                              \
        .size = (uint32_t)sizeof(vxg_op_row), .name = id, .summary = words, .make = fn,            \
        .examples = EXAMPLES, .input_range = ranges, .nranges = 2, .kinks = 2,                     \
        .is_empty = is_empty, .updates = updates                                                   \
    }
const vxg_op_row vxg__ct_gradient_rows[] = {
    ROW("ct.parallel2d.geometry", "2-D parallel beam, derivatives by the geometry", make_parallel2),
    ROW("ct.parallel3d.geometry", "3-D parallel beam, derivatives by the geometry", make_parallel3),
    ROW("ct.fan2d.geometry", "2-D fan beam, derivatives by the geometry", make_fan),
    ROW("ct.cone3d.geometry", "cone beam, derivatives by the geometry", make_cone),
};
const int vxg__ct_gradient_row_count =
    (int)(sizeof vxg__ct_gradient_rows / sizeof *vxg__ct_gradient_rows);
