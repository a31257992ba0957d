/* Registry rows: footprint. Views keep V along the volume's z; seeds as in rows.c (0 plain, 1 one
 * pixel, 2 beside the beam, 3 one voxel, 4 axis-parallel, 5 and more shifted and uneven), from 10
 * on (3-D) with rays that climb, slanted columns and a V just within the limit, from 15 on with
 * volumes rotated about z, and sources among the voxels for 16 and 17. */
#include <math.h>
#include <string.h>

#include "ct/registry/examples.h"

typedef struct scan_dice { /* what the views of one scan share */
    vxg__dice d;
    uint64_t seed;
    int cone, planar;
    double pu, pv, sod, sdd;
} scan_dice;

static double view_angle(scan_dice *s, int64_t i, int64_t nviews) {
    if (s->seed == 4) return (double)i * M_PI / 4; /* 0, 45 and 90 degrees: rectangle, triangle */
    if (s->seed == 0) return M_PI * ((double)i + 0.31) / (double)nviews;
    return vxg__roll(&s->d, -7, 7);
}

static void one_view(scan_dice *s, double t, vxg_ct_view *v) {
    const double c = cos(t), n = sin(t), shift = s->seed > 4 ? vxg__roll(&s->d, -1.5, 1.5) : 0.137;
    const double lift = s->planar ? 0 : vxg__roll(&s->d, -0.4, 0.4), depth = s->sdd - s->sod;
    *v = (vxg_ct_view){.r = {-n, c, 0},
                       .d = {shift * c, shift * n, lift},
                       .U = {s->pu * c, s->pu * n, 0},
                       .V = {0, 0, s->pv}};
    if (s->cone) {
        v->s[0] = s->sod * n, v->s[1] = -s->sod * c, v->s[2] = s->planar ? 0 : lift * 2;
        v->d[0] -= depth * n, v->d[1] += depth * c;
    }
    if (s->seed > 9) { /* the detector rotates about its own V */
        const double a = vxg__roll(&s->d, -0.3, 0.3);
        v->U[0] = s->pu * cos(t + a), v->U[1] = s->pu * sin(t + a);
    }
    if (s->seed > 9 && !s->planar) {
        if (!s->cone) v->r[2] = vxg__roll(&s->d, -0.4, 0.4);
        v->U[2] = vxg__roll(&s->d, -0.2, 0.2);
        v->V[0] = s->pv * vxg__roll(&s->d, -7e-4, 7e-4);
        v->V[1] = s->pv * vxg__roll(&s->d, -7e-4, 7e-4);
    }
    if (s->seed == 9) v->V[2] = -v->V[2]; /* rows counted downwards */
    if (s->seed == 8)                     /* columns counted the other way */
        for (int i = 0; i < 3; i++) v->U[i] = -v->U[i];
    if (s->seed == 2)
        for (int i = 0; i < 3; i++) v->d[i] += 1e4 * v->U[i];
}

static void rotate_about_z(scan_dice *s, vxg_ct_volume *v) {
    const double a = vxg__roll(&s->d, -3, 3),
                 r[9] = {cos(a), -sin(a), 0, sin(a), cos(a), 0, 0, 0, 1};
    memcpy(v->rotation, r, sizeof r);
}

static int example(const vxg_problem *p, int cone, int planar, vxg_ct_geometry **geo,
                   vxg_ct_volume *vol) {
    const int tiny = p->scale == VXG_PROBLEM_TINY;
    scan_dice s = {.d = {.key = {(uint32_t)p->seed, 0x56584725}},
                   .seed = p->seed % VXG_CT_EXAMPLES,
                   .cone = cone,
                   .planar = planar,
                   .pu = 1,
                   .pv = 1};
    const int64_t nviews = vxg__roll_int(&s.d, 1, tiny ? 6 : planar ? 40 : 12);
    const int64_t most = tiny ? 8 : planar ? 64 : 32;
    int64_t nu = vxg__roll_int(&s.d, most / 2, most);
    int64_t nv = planar ? 1 : vxg__roll_int(&s.d, most / 2, most);
    memset(vol, 0, sizeof *vol);
    vxg__ct_example_volume(&s.d, p, planar, vol);
    if (s.seed > 14) rotate_about_z(&s, vol);
    if (s.seed == 1) nu = nv = 1;
    if (s.seed > 4) s.pu = vxg__roll(&s.d, 0.4, 1.5), s.pv = vxg__roll(&s.d, 0.4, 1.5);
    const double side = (double)(vol->nx > vol->ny ? vol->nx : vol->ny) * 1.6 + 4;
    s.sod = side * vxg__roll(&s.d, 1, 4);
    if (s.seed == 16 || s.seed == 17) s.sod = 0.15 * side;
    s.sdd = s.sod * vxg__roll(&s.d, 1.05, 3);
    vxg_ct_view *views = vxg__calloc((size_t)nviews, sizeof *views);
    if (!views) return VXG_ERR_MEMORY;
    for (int64_t i = 0; i < nviews; i++) one_view(&s, view_angle(&s, i, nviews), &views[i]);
    const int status =
        (cone ? vxg_ct_cone_views : vxg_ct_parallel_views)(nviews, nv, nu, views, geo);
    vxg__free(views);
    return status;
}

static int is_empty(const vxg_problem *p) {
    return p->scale != VXG_PROBLEM_BENCH && p->seed % VXG_CT_EXAMPLES == 2;
}

/* 32 views of 64 rows x 256 columns into 64 x 256 x 256; planar: 512 views, 512^2. */
static int bench_scan(int cone, int planar, vxg_ct_geometry **geo, vxg_ct_volume *vol) {
    const int64_t nviews = planar ? 512 : 32, rows = planar ? 1 : 64, cols = planar ? 512 : 256;
    double angles[512];
    for (int64_t i = 0; i < nviews; i++) angles[i] = 2 * M_PI * (double)i / (double)nviews;
    const vxg_ct_parallel_opts flat = {
        .angles = angles, .nviews = nviews, .rows = rows, .cols = cols};
    const vxg_ct_cone_opts open = {.nviews = nviews,
                                   .rows = rows,
                                   .cols = cols,
                                   .sod = 2 * (double)cols,
                                   .sdd = 3 * (double)cols};
    VXG_TRY(cone ? vxg_ct_cone_circular(&open, geo) : vxg_ct_parallel_circular(&flat, geo));
    vxg_ct_fit_volume(*geo, vol);
    return VXG_OK;
}

static int make_model(vxg_device *dev, const vxg_problem *p, int cone, int planar,
                      vxg_ct_model model, vxg_op **out) {
    const vxg_ct_projector_opts o = {.model = model, .real = p->real};
    vxg_ct_geometry *geo;
    vxg_ct_volume vol = {0};
    *out = NULL;
    VXG_TRY(p->scale == VXG_PROBLEM_BENCH ? bench_scan(cone, planar, &geo, &vol)
                                          : example(p, cone, planar, &geo, &vol));
    const int status = (planar ? vxg_ct_projector2d : vxg_ct_projector)(dev, geo, &vol, &o, out);
    vxg_ct_geometry_release(geo);
    return status;
}
static int make(vxg_device *dev, const vxg_problem *p, int cone, int planar, vxg_op **out) {
    return make_model(dev, p, cone, planar, VXG_CT_FOOTPRINT, out);
}
static int make_parallel2(vxg_device *dev, const vxg_problem *p, vxg_op **out) {
    return make(dev, p, 0, 1, out);
}
static int make_parallel3(vxg_device *dev, const vxg_problem *p, vxg_op **out) {
    return make(dev, p, 0, 0, out);
}
static int make_fan(vxg_device *dev, const vxg_problem *p, vxg_op **out) {
    return make(dev, p, 1, 1, out);
}
static int make_cone(vxg_device *dev, const vxg_problem *p, vxg_op **out) {
    return make(dev, p, 1, 0, out);
}
static int make_parallel_tt(vxg_device *dev, const vxg_problem *p, vxg_op **out) {
    return make_model(dev, p, 0, 0, VXG_CT_FOOTPRINT_TT, out);
}
static int make_cone_tt(vxg_device *dev, const vxg_problem *p, vxg_op **out) {
    return make_model(dev, p, 1, 0, VXG_CT_FOOTPRINT_TT, out);
}

/* voxels x views */
static double updates(const vxg_op *op) {
    const vxg_space *s = vxg_op_domain(op, 0);
    double n = (double)vxg_op_range(op)->shape[0];
    for (int i = 0; i < s->ndim; i++) n *= (double)s->shape[i];
    return n;
}

#define ROW(words, about, function)                                                                \
    {                                                                                              \
        .size = (uint32_t)sizeof(vxg_op_row), .name = words, .summary = about, .make = function,   \
        .examples = VXG_CT_EXAMPLES, .is_empty = is_empty, .updates = updates                      \
    }
const vxg_op_row vxg__ct_footprint_rows[] = {
    ROW("ct.parallel2d.footprint", "2-D parallel-beam projector, trapezoid footprints",
        make_parallel2),
    ROW("ct.parallel3d.footprint", "3-D parallel-beam projector, separable footprints",
        make_parallel3),
    ROW("ct.fan2d.footprint", "fan-beam projector, trapezoid footprints", make_fan),
    ROW("ct.cone3d.footprint", "cone-beam projector, separable footprints", make_cone),
    ROW("ct.parallel3d.footprint_tt", "3-D parallel-beam projector, footprints of two trapezoids",
        make_parallel_tt),
    ROW("ct.cone3d.footprint_tt", "cone-beam projector, footprints of two trapezoids",
        make_cone_tt),
};
const int vxg__ct_footprint_row_count =
    (int)(sizeof vxg__ct_footprint_rows / sizeof *vxg__ct_footprint_rows);
