/* Registry rows of cone-beam backprojection and analytic reconstruction, and their random scans. */
#include <math.h>
#include <string.h>

#include "ct/registry/examples.h"

#define EXAMPLES VXG_CT_EXAMPLES

/* Half the diagonal of a volume, and how far its middle is off the origin. */
static double radius_of(const vxg_ct_volume *v) {
    const double half[3] = {0.5 * (double)v->nx * v->dx, 0.5 * (double)v->ny * v->dy,
                            0.5 * (double)v->nz * v->dz};
    return vxg__norm3(half) + vxg__norm3(v->center);
}

/* Seeds as in rows.c; besides 6: a source close to the volume; 9: five times magnified; 14: a
 * source beside the volume, half of which lies behind it; odd seeds: curved detectors. */
static void cone_view(vxg__dice *d, uint64_t s, int curved, double t, double rad,
                      const double *pitch, vxg_ct_view *v) {
    const double c = cos(t), n = sin(t);
    const double sod = rad * (s == 6 ? 1.1 : vxg__roll(d, 1.6, 3));
    const double sdd = sod * (s == 9 ? 5 : vxg__roll(d, 1.1, 2)), mag = sdd / sod;
    const double shift = curved || s < 5 ? 0 : vxg__roll(d, -0.2, 0.2) * rad * mag;
    const double lift = curved ? 0 : vxg__roll(d, -0.05, 0.05) * rad * mag;
    const double aside = s == 14 ? 1.5 * rad : 0, depth = s == 14 ? 0 : sod;
    *v = (vxg_ct_view){.s = {depth * n + aside * c, -depth * c + aside * n, 0},
                       .d = {shift * c - (sdd - sod) * n, shift * n + (sdd - sod) * c, lift},
                       .U = {pitch[0] * mag * c, pitch[0] * mag * n, 0},
                       .V = {0, 0, pitch[1] * mag}};
    if (s > 9) { /* everything, then a flat detector alone */
        double m[9], small[9];
        vxg__roll_rotation(d, 0.7, m);
        vxg__roll_rotation(d, 0.2, small);
        vxg__rotate(m, v->s), vxg__rotate(m, v->d), vxg__rotate(m, v->U), vxg__rotate(m, v->V);
        if (!curved) vxg__rotate(small, v->U), vxg__rotate(small, v->V);
    }
    for (int i = 0; i < 3; i++) {
        if (s == 8) v->U[i] = -v->U[i];       /* columns counted the other way */
        if (s == 2) v->d[i] += 1e4 * v->U[i]; /* far beside the beam */
    }
}

static int cone_scan(const vxg_problem *p, vxg_ct_geometry **geo, vxg_ct_volume *vol) {
    const uint64_t s = p->seed % EXAMPLES;
    const int tiny = p->scale == VXG_PROBLEM_TINY, most = tiny ? 8 : 28, curved = s % 2;
    vxg__dice d = {.key = {(uint32_t)p->seed, 0x56584731}};
    vxg_ct_view views[16];
    vxg_ct_views o = {.beam = VXG_CT_BEAM_CONE,
                      .detector = curved ? VXG_CT_DETECTOR_CURVED : VXG_CT_DETECTOR_FLAT,
                      .nviews = vxg__roll_int(&d, 1, tiny ? 6 : 16),
                      .views = views};
    o.nu = vxg__roll_int(&d, most / 2, most), o.nv = vxg__roll_int(&d, most / 2, most);
    memset(vol, 0, sizeof *vol);
    vxg__ct_example_volume(&d, p, s == 12, vol);
    if (s == 1) o.nu = o.nv = 1;
    if (s == 12) o.nv = 1; /* a fan */
    const double rad = radius_of(vol);
    const double pitch[2] = {2 * rad / (double)o.nu * vxg__roll(&d, 0.4, 1),
                             2 * rad / (double)o.nv * vxg__roll(&d, 0.4, 1)};
    if (curved && s > 4) o.column_offset = vxg__roll(&d, -2, 2);
    for (int64_t i = 0; i < o.nviews; i++) {
        const double t = s == 4   ? (double)i * M_PI / 2
                         : s == 0 ? 2 * M_PI * ((double)i + 0.31) / (double)o.nviews
                                  : vxg__roll(&d, -7, 7);
        cone_view(&d, s, curved, t, rad, pitch, &views[i]);
    }
    return vxg_ct_geometry_new(&o, geo);
}

static int is_empty(const vxg_problem *p) {
    return p->scale != VXG_PROBLEM_BENCH && p->seed % EXAMPLES == 2;
}

/* The benchmark scan: 256 views over a turn of 384 x 384 pixels of 2 into 256^3 voxels. */
static int bench_scan(vxg_ct_geometry **geo, vxg_ct_volume *vol) {
    const vxg_ct_cone_opts o = {
        .nviews = 256, .rows = 384, .cols = 384, .sod = 600, .sdd = 1200, .pixel = 2};
    VXG_TRY(vxg_ct_cone_circular(&o, geo));
    *vol = (vxg_ct_volume){.nz = 256, .ny = 256, .nx = 256, .dz = 1, .dy = 1, .dx = 1};
    return VXG_OK;
}

static int make_backprojector(vxg_device *dev, const vxg_problem *p, vxg_ct_weighting weighting,
                              vxg_op **out) {
    const vxg_ct_projector_opts o = {.real = p->real, .weighting = weighting};
    vxg_ct_geometry *geo;
    vxg_ct_volume vol = {0};
    *out = NULL;
    VXG_TRY(p->scale == VXG_PROBLEM_BENCH ? bench_scan(&geo, &vol) : cone_scan(p, &geo, &vol));
    int status = vxg_ct_backprojector(dev, geo, &vol, &o, out);
    vxg_ct_geometry_release(geo);
    return status;
}
static int make_plain(vxg_device *dev, const vxg_problem *p, vxg_op **out) {
    return make_backprojector(dev, p, VXG_CT_WEIGHTING_NONE, out);
}
static int make_weighted(vxg_device *dev, const vxg_problem *p, vxg_op **out) {
    return make_backprojector(dev, p, VXG_CT_WEIGHTING_DISTANCE, out);
}

/* Circular scans. Seeds by remainder: of 2, 1: curved; of 4, 2: a short scan; of 5, 3: a half-fan
 * (or one view where that needs a turn); of 3, 2: rows continued; of 7, 6: every view's detector a
 * little elsewhere and rotated. */
static int circular_scan(const vxg_problem *p, int fan, vxg_ct_fdk_opts *f, vxg_ct_geometry **geo,
                         vxg_ct_volume *vol) {
    const uint64_t s = p->seed;
    const int tiny = p->scale == VXG_PROBLEM_TINY, curved = s % 2, brief = s % 4 == 2;
    vxg__dice d = {.key = {(uint32_t)s, 0x56584732}};
    double angles[24];
    vxg_ct_view views[24];
    memset(vol, 0, sizeof *vol);
    vxg__ct_example_volume(&d, &(vxg_problem){.scale = p->scale, .seed = s % 15}, fan, vol);
    const double rad = radius_of(vol), most = tiny ? 8 : fan ? 40 : 20;
    vxg_ct_cone_opts o = {.angles = angles,
                          .nviews = vxg__roll_int(&d, tiny ? 3 : 9, tiny ? 6 : 24),
                          .rows = fan ? 1 : vxg__roll_int(&d, (int64_t)most / 2, (int64_t)most),
                          .cols = vxg__roll_int(&d, (int64_t)most / 2, (int64_t)most),
                          .sod = rad * vxg__roll(&d, 2, 4),
                          .has_center = 1,
                          .detector = curved ? VXG_CT_DETECTOR_CURVED : VXG_CT_DETECTOR_FLAT};
    o.sdd = o.sod * vxg__roll(&d, 1.1, 2);
    o.pixel = 2 * rad / (double)o.cols * o.sdd / o.sod * vxg__roll(&d, 0.6, 1.1);
    o.center = 0.5 * (double)(o.cols - 1) + (brief ? 0.1 : vxg__roll(&d, -0.3, 0.3));
    if (s % 5 == 3 && !brief) o.center = vxg__roll(&d, 0.7, 1.4);
    const double reach = 2 * atan(0.6 * (double)o.cols * o.pixel / o.sdd);
    const double turn = brief ? M_PI + reach : 2 * M_PI, start = vxg__roll(&d, -3, 3);
    for (int64_t i = 0; i < o.nviews; i++) /* both ends of a short scan, one of a turn */
        angles[i] = start + turn * (double)i / (double)(o.nviews - brief);
    *f = (vxg_ct_fdk_opts){.window = (vxg_ct_window)(s % 7), .real = p->real};
    f->arc = brief ? VXG_CT_ARC_SHORT : VXG_CT_ARC_FULL;
    f->extend = s % 3 == 2 ? 0.3 : 0;
    VXG_TRY(vxg_ct_cone_circular(&o, geo));
    if (s % 7 != 6) return VXG_OK;
    for (int64_t i = 0; i < o.nviews; i++) {
        const double roll = curved ? 0 : vxg__roll(&d, -0.05, 0.05);
        views[i] = *vxg_ct_geometry_view(*geo, i);
        for (int k = 0; k < 3; k++) {
            views[i].d[k] += curved ? 0 : vxg__roll(&d, -0.02, 0.02) * o.sod;
            views[i].U[k] += k == 2 ? roll * o.pixel : 0;
            views[i].V[k] += curved ? 0 : vxg__roll(&d, -0.05, 0.05) * o.pixel;
        }
    }
    vxg_ct_geometry_release(*geo);
    return vxg_ct_geometry_new(
        &(vxg_ct_views){.beam = VXG_CT_BEAM_CONE,
                        .detector = o.detector,
                        .nviews = o.nviews,
                        .nv = o.rows,
                        .nu = o.cols,
                        .column_offset = curved ? 0.5 * (double)(o.cols - 1) - o.center : 0,
                        .views = views},
        geo);
}

/* The fan's benchmark: 720 views of 1024 columns into 512^2 pixels. */
static int bench_fan(vxg_ct_geometry **geo, vxg_ct_volume *vol) {
    const vxg_ct_cone_opts o = {.nviews = 720, .cols = 1024, .sod = 600, .sdd = 1200, .pixel = 2};
    VXG_TRY(vxg_ct_cone_circular(&o, geo));
    *vol = (vxg_ct_volume){.nz = 1, .ny = 512, .nx = 512};
    return VXG_OK;
}

static int make_circular(vxg_device *dev, const vxg_problem *p, int fan, vxg_op **out) {
    vxg_ct_fdk_opts o = {.real = p->real};
    vxg_ct_geometry *geo = NULL;
    vxg_ct_volume vol = {0};
    *out = NULL;
    int status = p->scale != VXG_PROBLEM_BENCH ? circular_scan(p, fan, &o, &geo, &vol)
                 : fan                         ? bench_fan(&geo, &vol)
                                               : bench_scan(&geo, &vol);
    if (!status) status = vxg_ct_fdk(dev, geo, &vol, &o, out);
    vxg_ct_geometry_release(geo);
    return status;
}
static int make_fan(vxg_device *dev, const vxg_problem *p, vxg_op **out) {
    return make_circular(dev, p, 1, out);
}
static int make_cone(vxg_device *dev, const vxg_problem *p, vxg_op **out) {
    return make_circular(dev, p, 0, out);
}

static double updates(const vxg_op *op) { /* voxels x views */
    const vxg_space *s = vxg_op_range(op);
    double n = (double)vxg_op_domain(op, 0)->shape[0];
    for (int i = 0; i < s->ndim; i++) n *= (double)s->shape[i];
    return n;
}

const vxg_op_row vxg__ct_fdk_rows[] = {
    {.size = (uint32_t)sizeof(vxg_op_row),
     .name = "ct.cone.backprojector",
     .summary = "voxel-driven bilinear backprojector of cone and fan beams (unmatched)",
     .make = make_plain,
     .examples = EXAMPLES,
     .is_empty = is_empty,
     .updates = updates},
    {.size = (uint32_t)sizeof(vxg_op_row),
     .name = "ct.cone.backprojector.weighted",
     .summary = "the same with the distance weight of FDK",
     .make = make_weighted,
     .examples = EXAMPLES,
     .is_empty = is_empty,
     .updates = updates},
    {.size = (uint32_t)sizeof(vxg_op_row),
     .name = "ct.fan.fbp",
     .summary = "filtered backprojection of a circular fan-beam scan",
     .make = make_fan,
     .examples = EXAMPLES,
     .updates = updates},
    {.size = (uint32_t)sizeof(vxg_op_row),
     .name = "ct.cone.fdk",
     .summary = "reconstruction of a circular cone-beam scan by Feldkamp, Davis and Kress",
     .make = make_cone,
     .examples = EXAMPLES,
     .updates = updates},
};
const int vxg__ct_fdk_row_count = (int)(sizeof vxg__ct_fdk_rows / sizeof *vxg__ct_fdk_rows);
