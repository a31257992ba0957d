/* Registry rows of ct, and the random scans their examples are made of. */
#include <math.h>
#include <string.h>

#include "ct/registry/examples.h"

#define EXAMPLES VXG_CT_EXAMPLES

/* Seeds 0..19, by features: 0 plain; 1 one-pixel detector; 2 volume outside the beam; 3 a single
 * voxel; 4 axis-parallel views; the others shifted, anisotropic, uneven, and from 10 on (3-D)
 * tilted. */
void vxg__ct_example_volume(vxg__dice *d, const vxg_problem *p, int planar, vxg_ct_volume *v) {
    int64_t most = p->scale == VXG_PROBLEM_TINY ? 8 : p->scale == VXG_PROBLEM_SMALL ? 24 : 0;
    uint64_t s = p->seed % EXAMPLES;
    if (planar && p->scale == VXG_PROBLEM_SMALL) most = 64;
    v->nx = vxg__roll_int(d, most / 2, most), v->ny = vxg__roll_int(d, most / 2, most);
    v->nz = planar ? 1 : vxg__roll_int(d, most / 2, most);
    v->dx = v->dy = v->dz = 1;
    if (s == 3) v->nx = v->ny = v->nz = 1;
    if (s > 4) {
        v->dx = vxg__roll(d, 0.5, 1.6), v->dy = vxg__roll(d, 0.5, 1.6),
        v->dz = vxg__roll(d, 0.5, 1.6);
        for (int i = 0; i < (planar ? 2 : 3); i++) v->center[i] = vxg__roll(d, -2, 2);
    }
    if (s > 14 && !planar) vxg__roll_rotation(d, 0.6, v->rotation);
}

static void example_view(vxg__dice *d, uint64_t s, int planar, double t, double pu, double pv,
                         vxg_ct_view *v) {
    double c = cos(t), n = sin(t), shift = s > 4 ? vxg__roll(d, -1.5, 1.5) : 0.137;
    *v = (vxg_ct_view){.r = {-n, c, 0},
                       .d = {shift * c, shift * n, planar ? 0 : vxg__roll(d, -0.4, 0.4)},
                       .U = {pu * c, pu * n, 0},
                       .V = {0, 0, pv}};
    if (s > 9 && !planar) { /* tilt everything, then the detector alone */
        double m[9], small[9];
        vxg__roll_rotation(d, 0.7, m);
        vxg__roll_rotation(d, 0.2, small);
        vxg__rotate(m, v->r), vxg__rotate(m, v->d), vxg__rotate(m, v->U), vxg__rotate(m, v->V);
        vxg__rotate(small, v->U), vxg__rotate(small, v->V);
    }
    if (s == 8) /* columns counted the other way */
        for (int i = 0; i < 3; i++) v->U[i] = -v->U[i];
    if (s == 2) /* far beside the beam */
        for (int i = 0; i < 3; i++) v->d[i] += 1e4 * v->U[i];
}

int vxg__ct_example(const vxg_problem *p, int planar, vxg_ct_geometry **geo, vxg_ct_volume *vol,
                    int *empty) {
    uint64_t s = p->seed % EXAMPLES;
    vxg__dice d = {.key = {(uint32_t)p->seed, 0x56584721}};
    int tiny = p->scale == VXG_PROBLEM_TINY;
    int64_t nviews = vxg__roll_int(&d, 1,
                                   tiny     ? 6
                                   : planar ? 40
                                            : 16),
            most = tiny     ? 8
                   : planar ? 64
                            : 32;
    int64_t nu = vxg__roll_int(&d, most / 2, most),
            nv = planar ? 1 : vxg__roll_int(&d, most / 2, most);
    memset(vol, 0, sizeof *vol);
    vxg__ct_example_volume(&d, p, planar, vol);
    if (s == 1) nu = nv = 1;
    double pu = s > 4 ? vxg__roll(&d, 0.4, 1.5) : 1, pv = s > 4 ? vxg__roll(&d, 0.4, 1.5) : 1;
    *empty = s == 2;
    vxg_ct_view *views = vxg__calloc((size_t)nviews, sizeof *views);
    if (!views) return VXG_ERR_MEMORY;
    for (int64_t i = 0; i < nviews; i++) {
        double t = s == 4   ? (double)i * M_PI / 2
                   : s == 0 ? M_PI * ((double)i + 0.31) / (double)nviews
                            : vxg__roll(&d, -7, 7);
        example_view(&d, s, planar, t, pu, pv, &views[i]);
    }
    int status = vxg_ct_parallel_views(nviews, nv, nu, views, geo);
    vxg__free(views);
    return status;
}

static int is_empty(const vxg_problem *p) {
    return p->scale != VXG_PROBLEM_BENCH && p->seed % EXAMPLES == 2;
}

/* The benchmark scan: 512 views over 180 degrees of 64 rows x 512 columns into 64 x 512 x 512. */
static int bench_scan(int planar, double *angles, vxg_ct_geometry **geo, vxg_ct_volume *vol) {
    double local[512];
    if (!angles) angles = local;
    for (int i = 0; i < 512; i++) angles[i] = M_PI * i / 512;
    vxg_ct_parallel_opts o = {
        .angles = angles, .nviews = 512, .rows = planar ? 1 : 64, .cols = 512};
    VXG_TRY(vxg_ct_parallel_circular(&o, geo));
    vxg_ct_fit_volume(*geo, vol);
    return VXG_OK;
}

typedef int (*projector_fn)(vxg_device *, const vxg_ct_geometry *, const vxg_ct_volume *,
                            const vxg_ct_projector_opts *, vxg_op **);

static int make_projector(vxg_device *dev, const vxg_problem *p, int planar, vxg_ct_model model,
                          projector_fn fn, vxg_op **out) {
    vxg_ct_projector_opts o = {.model = model, .real = p->real};
    vxg_ct_geometry *geo;
    vxg_ct_volume vol = {0};
    int empty;
    *out = NULL;
    VXG_TRY(p->scale == VXG_PROBLEM_BENCH ? bench_scan(planar, NULL, &geo, &vol)
                                          : vxg__ct_example(p, planar, &geo, &vol, &empty));
    int status = fn(dev, geo, &vol, &o, out);
    vxg_ct_geometry_release(geo);
    return status;
}
static int make_joseph3(vxg_device *dev, const vxg_problem *p, vxg_op **out) {
    return make_projector(dev, p, 0, VXG_CT_JOSEPH, vxg_ct_projector, out);
}
static int make_siddon3(vxg_device *dev, const vxg_problem *p, vxg_op **out) {
    return make_projector(dev, p, 0, VXG_CT_SIDDON, vxg_ct_projector, out);
}
static int make_joseph2(vxg_device *dev, const vxg_problem *p, vxg_op **out) {
    return make_projector(dev, p, 1, VXG_CT_JOSEPH, vxg_ct_projector2d, out);
}
static int make_siddon2(vxg_device *dev, const vxg_problem *p, vxg_op **out) {
    return make_projector(dev, p, 1, VXG_CT_SIDDON, vxg_ct_projector2d, out);
}
static int make_backprojector(vxg_device *dev, const vxg_problem *p, vxg_op **out) {
    return make_projector(dev, p, 0, VXG_CT_JOSEPH, vxg_ct_backprojector, out);
}

/* Standard scans: what FBP and the schedules are for. Odd seeds are slice-aligned volumes with an
 * axis off the middle; the number of slices varies so that lane blocks end unevenly. */
static int standard_scan(const vxg_problem *p, double *angles, vxg_ct_geometry **geo,
                         vxg_ct_volume *vol) {
    vxg__dice d = {.key = {(uint32_t)p->seed, 0x56584722}};
    int tiny = p->scale == VXG_PROBLEM_TINY;
    int64_t most = tiny ? 8 : 40, nviews = vxg__roll_int(&d, 2, tiny ? 6 : 24);
    vxg_ct_parallel_opts o = {.angles = angles,
                              .nviews = nviews,
                              .rows = vxg__roll_int(&d, 1, tiny ? 8 : 20),
                              .cols = p->seed % 5 == 4 ? 1 : vxg__roll_int(&d, most / 2, most),
                              .has_center = 1};
    if (p->seed % 3 == 1) o.pixel = vxg__roll(&d, 0.3, 2.5), o.row_pitch = vxg__roll(&d, 0.3, 2.5);
    /* on the detector, or there is nothing to reconstruct */
    o.center = 0.5 * (double)o.cols + vxg__roll(&d, -2, 2);
    if (o.cols == 1) o.center = 0.2 * (o.center - 0.5);
    for (int64_t i = 0; i < nviews; i++)
        angles[i] = p->seed % 2 ? vxg__roll(&d, 0, 2 * M_PI) : M_PI * (double)i / (double)nviews;
    VXG_TRY(vxg_ct_parallel_circular(&o, geo));
    vxg_ct_fit_volume(*geo, vol);
    if (p->seed % 4 == 3) {
        vol->nx += 3;
        vol->ny -= vol->ny > 3 ? 2 : 0;
        vol->dx *= 0.8;
    }
    return VXG_OK;
}

static int make_standard(vxg_device *dev, const vxg_problem *p, projector_fn fn, vxg_op **out) {
    vxg_ct_projector_opts o = {.real = p->real};
    vxg_ct_geometry *geo;
    vxg_ct_volume vol = {0};
    double angles[512];
    *out = NULL;
    VXG_TRY(p->scale == VXG_PROBLEM_BENCH ? bench_scan(0, angles, &geo, &vol)
                                          : standard_scan(p, angles, &geo, &vol));
    int status = fn(dev, geo, &vol, &o, out);
    vxg_ct_geometry_release(geo);
    return status;
}
static int make_joseph_standard(vxg_device *dev, const vxg_problem *p, vxg_op **out) {
    return make_standard(dev, p, vxg_ct_projector, out);
}
static int make_backprojector_standard(vxg_device *dev, const vxg_problem *p, vxg_op **out) {
    return make_standard(dev, p, vxg_ct_backprojector, out);
}

static int make_fbp(vxg_device *dev, const vxg_problem *p, vxg_op **out) {
    vxg_ct_fbp_opts o = {.real = p->real,
                         .window =
                             (vxg_ct_window)(p->scale == VXG_PROBLEM_BENCH ? 0 : p->seed % 7)};
    vxg_ct_geometry *geo;
    vxg_ct_volume vol = {0};
    double angles[512];
    *out = NULL;
    VXG_TRY(p->scale == VXG_PROBLEM_BENCH ? bench_scan(0, angles, &geo, &vol)
                                          : standard_scan(p, angles, &geo, &vol));
    int status = vxg_ct_fbp(dev, geo, &vol, &o, out);
    vxg_ct_geometry_release(geo);
    return status;
}

static int make_fourier(vxg_device *dev, const vxg_problem *p, vxg_op **out) {
    static const double accuracy[] = {0, 4e-3, 1e-4, 2e-5};
    const int bench = p->scale == VXG_PROBLEM_BENCH;
    const vxg_ct_fourier_opts o = {.real = p->real,
                                   .window = (vxg_ct_window)(bench ? 0 : p->seed % 7),
                                   .accuracy = bench ? 0 : accuracy[p->seed % 4],
                                   .sharp = !bench && p->seed % 3 == 0};
    vxg_ct_geometry *geo;
    vxg_ct_volume vol = {0};
    double angles[512];
    *out = NULL;
    VXG_TRY(bench ? bench_scan(0, angles, &geo, &vol) : standard_scan(p, angles, &geo, &vol));
    int status = vxg_ct_fourier(dev, geo, &vol, &o, out);
    vxg_ct_geometry_release(geo);
    return status;
}

static int make_filter(vxg_device *dev, const vxg_problem *p, vxg_op **out) {
    vxg__dice d = {.key = {(uint32_t)p->seed, 0x56584723}};
    int tiny = p->scale == VXG_PROBLEM_TINY, bench = p->scale == VXG_PROBLEM_BENCH;
    vxg_space s = {.dtype = vxg_real_dtype(p->real), .ndim = 3};
    double response[2049], weights[512];
    s.shape[0] = bench ? 512 : vxg__roll_int(&d, 1, tiny ? 6 : 20);
    s.shape[1] = bench ? 64 : vxg__roll_int(&d, 1, tiny ? 8 : 9);
    s.shape[2] = bench ? 512 : vxg__roll_int(&d, 1, tiny ? 8 : 1000);
    int64_t nfft = vxg_fft_size(2 * s.shape[2]);
    *out = NULL;
    VXG_TRY(vxg_ct_filter_response((vxg_ct_window)(p->seed % 7), 0, nfft, 0.7, response));
    for (int64_t i = 0; i < s.shape[0]; i++) weights[i] = vxg__roll(&d, 0.5, 1.5);
    return vxg_ct_filter(dev, &s, response, nfft, weights, p->real, out);
}

static double count(const vxg_op *op, int input) {
    const vxg_space *s = input < 0 ? vxg_op_range(op) : vxg_op_domain(op, input);
    double n = 1;
    for (int i = 0; i < s->ndim; i++) n *= (double)s->shape[i];
    return n;
}
/* voxels x views */
static double forward_updates(const vxg_op *op) {
    return count(op, 0) * (double)vxg_op_range(op)->shape[0];
}
static double back_updates(const vxg_op *op) {
    return count(op, -1) * (double)vxg_op_domain(op, 0)->shape[0];
}
static double filter_updates(const vxg_op *op) {
    return count(op, -1);
}

const vxg_op_row vxg__ct_rows[] = {
    {.size = (uint32_t)sizeof(vxg_op_row),
     .name = "ct.parallel2d.joseph",
     .summary = "2-D parallel-beam projector, Joseph weights",
     .make = make_joseph2,
     .examples = EXAMPLES,
     .is_empty = is_empty,
     .updates = forward_updates},
    {.size = (uint32_t)sizeof(vxg_op_row),
     .name = "ct.parallel2d.siddon",
     .summary = "2-D parallel-beam projector, Siddon weights",
     .make = make_siddon2,
     .examples = EXAMPLES,
     .ties = 1,
     .is_empty = is_empty,
     .updates = forward_updates},
    {.size = (uint32_t)sizeof(vxg_op_row),
     .name = "ct.parallel3d.joseph",
     .summary = "3-D parallel-beam projector, arbitrary views, Joseph weights",
     .make = make_joseph3,
     .examples = EXAMPLES,
     .is_empty = is_empty,
     .updates = forward_updates},
    {.size = (uint32_t)sizeof(vxg_op_row),
     .name = "ct.parallel3d.siddon",
     .summary = "3-D parallel-beam projector, arbitrary views, Siddon weights",
     .make = make_siddon3,
     .examples = EXAMPLES,
     .ties = 1,
     .is_empty = is_empty,
     .updates = forward_updates},
    {.size = (uint32_t)sizeof(vxg_op_row),
     .name = "ct.parallel.joseph",
     .summary = "standard parallel-beam scan, Joseph weights",
     .make = make_joseph_standard,
     .examples = EXAMPLES,
     .updates = forward_updates},
    {.size = (uint32_t)sizeof(vxg_op_row),
     .name = "ct.backprojector",
     .summary = "voxel-driven linear backprojector, arbitrary views (unmatched)",
     .make = make_backprojector,
     .examples = EXAMPLES,
     .is_empty = is_empty,
     .updates = back_updates},
    {.size = (uint32_t)sizeof(vxg_op_row),
     .name = "ct.parallel.backprojector",
     .summary = "standard parallel-beam scan, voxel-driven linear backprojector (unmatched)",
     .make = make_backprojector_standard,
     .examples = EXAMPLES,
     .updates = back_updates},
    {.size = (uint32_t)sizeof(vxg_op_row),
     .name = "ct.parallel.fbp",
     .summary = "filtered backprojection of a standard scan",
     .make = make_fbp,
     .examples = EXAMPLES,
     .updates = back_updates},
    {.size = (uint32_t)sizeof(vxg_op_row),
     .name = "ct.parallel.fourier",
     .summary = "Fourier reconstruction of a standard scan",
     .make = make_fourier,
     .examples = EXAMPLES,
     .updates = back_updates},
    {.size = (uint32_t)sizeof(vxg_op_row),
     .name = "ct.filter",
     .summary = "ramp and windows along detector rows",
     .make = make_filter,
     .examples = EXAMPLES,
     .updates = filter_updates},
};
const int vxg__ct_row_count = (int)(sizeof vxg__ct_rows / sizeof *vxg__ct_rows);
