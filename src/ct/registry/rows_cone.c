/* Registry rows of the cone- and fan-beam projectors, and the random scans their examples are made
 * of. */
#include <math.h>
#include <string.h>

#include "ct/registry/examples.h"

#define EXAMPLES VXG_CT_EXAMPLES
enum { FAN, CONE, CURVED };

/* Seeds 0..19, by features: 0 plain; 1 one-pixel detector; 2 volume outside the beam; 3 a single
 * voxel; 4 axis-parallel views; the others shifted, anisotropic, uneven; 6, 12, 18 the source
 * inside the volume's bounding sphere; 7 and 13 a detector that sees a corner only; 8 columns
 * counted the other way; in 3-D from 10 on tilted orbits, and the detector by up to 1.5 rad; from
 * 15 on rotated volumes. */
typedef struct scan {
    uint64_t seed;
    int kind;
    int64_t nviews, nv, nu;
    double radius; /* of the volume's bounding sphere */
    double offset; /* columns */
} scan;

static int near_source(uint64_t seed) {
    return seed > 5 && seed % 6 == 0;
}

/* Tilts everything, then (flat detectors) the detector alone. */
static void tilt(vxg__dice *d, const scan *s, vxg_ct_view *v) {
    double all[9], alone[9];
    const double most = s->seed % 2 ? 0.3 : 1.5 / sqrt(3);
    vxg__roll_rotation(d, 0.7, all);
    vxg__roll_rotation(d, most, alone);
    vxg__rotate(all, v->s), vxg__rotate(all, v->d), vxg__rotate(all, v->U), vxg__rotate(all, v->V);
    if (s->kind == CONE) vxg__rotate(alone, v->U), vxg__rotate(alone, v->V);
}

static void example_view(vxg__dice *d, const scan *s, double t, const vxg_ct_volume *vol,
                         vxg_ct_view *v) {
    const double c = cos(t), n = sin(t), mag = exp(vxg__roll(d, log(1.05), log(20)));
    const double far = near_source(s->seed) ? vxg__roll(d, 0.3, 0.95) : vxg__roll(d, 1.1, 4);
    const double sod = s->radius * far, sdd = mag * sod;
    double pu = 2 * s->radius * mag / (double)s->nu * vxg__roll(d, 0.5, 1.3);
    const double pv = 2 * s->radius * mag / (double)s->nv * vxg__roll(d, 0.5, 1.3);
    if (s->kind == CURVED) pu = 2 * sdd * vxg__roll(d, 0.2, 1.2) / (double)(s->nu + 3);
    *v = (vxg_ct_view){.s = {sod * n, -sod * c, 0},
                       .d = {(sod - sdd) * n, (sdd - sod) * c, 0},
                       .U = {pu * c, pu * n, 0},
                       .V = {0, 0, pv}};
    if (s->kind != FAN && s->seed > 4 && s->seed < 10) /* off the plane z = 0 */
        v->s[2] = v->d[2] = vxg__roll(d, -0.3, 0.3) * s->radius;
    if (s->seed > 9 && s->kind != FAN) tilt(d, s, v);
    double across = s->kind == CURVED ? 0 : s->offset;
    if (s->seed == 2) across = 1e4;
    if (s->seed == 7 || s->seed == 13) across += 0.6 * (double)s->nu;
    for (int i = 0; i < 3; i++) {
        if (s->seed == 8) v->U[i] = -v->U[i];
        if (s->kind != CURVED) v->d[i] += across * v->U[i];
        v->s[i] += vol->center[i], v->d[i] += vol->center[i];
    }
}

/* Puts the detector on the source's side of the volume, further out, under the same fan angle. */
static void face_away(vxg_ct_view *v, const double *center) {
    double before[3], after[3];
    for (int i = 0; i < 3; i++) {
        before[i] = v->d[i] - v->s[i], after[i] = 2 * (v->s[i] - center[i]);
        v->d[i] = v->s[i] + after[i];
    }
    for (int i = 0; i < 3; i++) v->U[i] *= vxg__norm3(after) / vxg__norm3(before);
}

static double bounding_radius(const vxg_ct_volume *v) {
    const double x = (double)v->nx * v->dx, y = (double)v->ny * v->dy, z = (double)v->nz * v->dz;
    return 0.5 * (v->nz > 1 ? sqrt(x * x + y * y + z * z) : hypot(x, y));
}

static int random_scan(const vxg_problem *p, int kind, vxg_ct_geometry **geo, vxg_ct_volume *vol) {
    const int tiny = p->scale == VXG_PROBLEM_TINY, planar = kind == FAN;
    const int64_t most = tiny ? 8 : planar ? 64 : 20;
    vxg__dice d = {.key = {(uint32_t)p->seed, 0x56584730u + (uint32_t)kind}};
    scan s = {.seed = p->seed % EXAMPLES, .kind = kind};
    s.nviews = vxg__roll_int(&d, tiny ? 3 : 4, tiny ? 6 : planar ? 30 : 8);
    s.nu = vxg__roll_int(&d, most / 2, most);
    s.nv = planar ? 1 : vxg__roll_int(&d, most / 2, most);
    memset(vol, 0, sizeof *vol);
    vxg__ct_example_volume(&d, p, planar, vol);
    if (s.seed == 1) s.nu = s.nv = 1;
    s.radius = bounding_radius(vol);
    s.offset = s.seed > 4 ? vxg__roll(&d, -1.5, 1.5) : 0.137;
    vxg_ct_view *views = vxg__calloc((size_t)s.nviews, sizeof *views);
    if (!views) return VXG_ERR_MEMORY;
    for (int64_t i = 0; i < s.nviews; i++) {
        const double t = s.seed == 4   ? (double)i * M_PI / 2
                         : s.seed == 0 ? 2 * M_PI * ((double)i + 0.31) / (double)s.nviews
                                       : vxg__roll(&d, -7, 7);
        example_view(&d, &s, t, vol, &views[i]);
        if (kind == CURVED && s.seed == 2) face_away(&views[i], vol->center);
    }
    int status = vxg_ct_geometry_new(
        &(vxg_ct_views){.beam = VXG_CT_BEAM_CONE,
                        .detector = kind == CURVED ? VXG_CT_DETECTOR_CURVED : VXG_CT_DETECTOR_FLAT,
                        .column_offset = s.offset,
                        .nviews = s.nviews,
                        .nv = s.nv,
                        .nu = s.nu,
                        .views = views},
        geo);
    vxg__free(views);
    return status;
}

int vxg__ct_cone_example(const vxg_problem *problem, int planar, vxg_ct_geometry **geo,
                         vxg_ct_volume *vol) {
    return random_scan(problem, planar ? FAN : CONE, geo, vol);
}

static int is_empty(const vxg_problem *p) {
    return p->scale != VXG_PROBLEM_BENCH && p->seed % EXAMPLES == 2;
}

/* The benchmark: 256 views over a full turn of 384 x 384 pixels into 256^3 voxels; 2-D 1024 views
 * of 1024 columns into 512 x 512. Random examples: odd seeds have the axis off the middle, every
 * third a curved detector. */
static int standard_scan(const vxg_problem *p, int planar, vxg_ct_geometry **geo,
                         vxg_ct_volume *vol) {
    vxg__dice d = {.key = {(uint32_t)p->seed, 0x56584738u}};
    const int tiny = p->scale == VXG_PROBLEM_TINY;
    const int64_t most = tiny ? 8 : 40;
    vxg_ct_cone_opts o = {.nviews = planar ? 1024 : 256,
                          .rows = planar ? 1 : 384,
                          .cols = planar ? 1024 : 384,
                          .sod = planar ? 1200 : 600,
                          .sdd = planar ? 2400 : 1200,
                          .pixel = 2};
    *vol = (vxg_ct_volume){.nz = planar ? 1 : 256, .ny = 256, .nx = 256};
    if (planar) vol->ny = vol->nx = 512;
    if (p->scale != VXG_PROBLEM_BENCH) {
        o.nviews = vxg__roll_int(&d, 2, tiny ? 6 : 24);
        o.rows = vxg__roll_int(&d, 1, tiny ? 8 : 20), o.cols = vxg__roll_int(&d, most / 2, most);
        o.sod = (double)most * vxg__roll(&d, 1.2, 4), o.sdd = o.sod * vxg__roll(&d, 1.1, 4);
        o.pixel = vxg__roll(&d, 0.5, 1.5) * o.sdd / o.sod;
        o.has_center = p->seed % 2, o.center = 0.5 * (double)o.cols + vxg__roll(&d, -2, 2);
        if (p->seed % 3 == 2) o.detector = VXG_CT_DETECTOR_CURVED;
    }
    VXG_TRY(vxg_ct_cone_circular(&o, geo));
    if (p->scale != VXG_PROBLEM_BENCH) vxg_ct_fit_volume(*geo, vol);
    return VXG_OK;
}

static int make(vxg_device *dev, const vxg_problem *p, int kind, vxg_ct_model model, vxg_op **out) {
    vxg_ct_projector_opts o = {.model = model, .real = p->real};
    vxg_ct_geometry *geo;
    vxg_ct_volume vol = {0};
    *out = NULL;
    VXG_TRY(p->scale == VXG_PROBLEM_BENCH ? standard_scan(p, kind == FAN, &geo, &vol)
                                          : random_scan(p, kind, &geo, &vol));
    int status = (kind == FAN ? vxg_ct_projector2d : vxg_ct_projector)(dev, geo, &vol, &o, out);
    vxg_ct_geometry_release(geo);
    return status;
}
#define MAKE(name, kind, model)                                                                    \
    static int name(vxg_device *dev, const vxg_problem *p, vxg_op **out) {                         \
        return make(dev, p, kind, model, out);                                                     \
    }
MAKE(make_fan_joseph, FAN, VXG_CT_JOSEPH)
MAKE(make_fan_siddon, FAN, VXG_CT_SIDDON)
MAKE(make_cone_joseph, CONE, VXG_CT_JOSEPH)
MAKE(make_cone_siddon, CONE, VXG_CT_SIDDON)
MAKE(make_curved_joseph, CURVED, VXG_CT_JOSEPH)
MAKE(make_curved_siddon, CURVED, VXG_CT_SIDDON)

static int make_standard(vxg_device *dev, const vxg_problem *p, vxg_op **out) {
    vxg_ct_projector_opts o = {.real = p->real};
    vxg_ct_geometry *geo;
    vxg_ct_volume vol = {0};
    *out = NULL;
    VXG_TRY(standard_scan(p, 0, &geo, &vol));
    int status = vxg_ct_projector(dev, geo, &vol, &o, out);
    vxg_ct_geometry_release(geo);
    return status;
}

/* voxels x views */
static double updates(const vxg_op *op) {
    const vxg_space *s = vxg_op_domain(op, 0);
    double n = (double)vxg_op_range(op)->shape[0];
    for (int i = 0; i < s->ndim; i++) n *= (double)s->shape[i];
    return n;
}

#define ROW(id, words, fn, jumps)                                                                  \
    {                                                                                              \
        .size = (uint32_t)sizeof(vxg_op_row), .name = id, .summary = words, .make = fn,            \
        .examples = EXAMPLES, .is_empty = is_empty, .updates = updates, .ties = jumps              \
    }
const vxg_op_row vxg__ct_cone_rows[] = {
    ROW("ct.fan2d.joseph", "2-D fan-beam projector, Joseph weights", make_fan_joseph, 0),
    ROW("ct.fan2d.siddon", "2-D fan-beam projector, Siddon weights", make_fan_siddon, 2),
    ROW("ct.cone3d.joseph", "cone-beam projector, arbitrary views, Joseph weights",
        make_cone_joseph, 0),
    ROW("ct.cone3d.siddon", "cone-beam projector, arbitrary views, Siddon weights",
        make_cone_siddon, 2),
    ROW("ct.cone3d.curved.joseph", "cone-beam projector, curved detector, Joseph weights",
        make_curved_joseph, 0),
    ROW("ct.cone3d.curved.siddon", "cone-beam projector, curved detector, Siddon weights",
        make_curved_siddon, 2),
    {.size = (uint32_t)sizeof(vxg_op_row),
     .name = "ct.cone.joseph",
     .summary = "standard circular cone-beam scan, Joseph weights",
     .make = make_standard,
     .examples = EXAMPLES,
     .updates = updates},
};
const int vxg__ct_cone_row_count = (int)(sizeof vxg__ct_cone_rows / sizeof *vxg__ct_cone_rows);
