/* Separable footprint projectors (Long, Fessler, Balter, IEEE TMI 29 (2010) 1839): parallel, fan
 * and cone beams in one pair of kernels; coefficients in double, rounded once. */
#include <math.h>

#include "array/launch.h"
#include "ct/project/project.h"
#include "ct/project/rays.h"
#include "ct/schedule/footprint.h"

#define FP_COEFS VXG_FP_COEFS
#define FP_BLOCK 8        /* K_FP_BLOCK */
#define FP_MOST_TILT 1e-3 /* radians between V and the volume's z */

typedef struct footprint_state {
    vxg_ct_volume vol;
    int64_t nviews, nv, nu;
    int cone, planar, trapezoids;
    vxg_array coef;           /* (nviews, FP_COEFS) */
    vxg_footprint_plan *plan; /* NULL: the plain kernels run */
} footprint_state;

static void footprint_free(void *state) {
    footprint_state *p = state;
    vxg_array_release(&p->coef);
    vxg__footprint_plan_free(p->plan);
    vxg__free(p);
}

/* a x + b y = (p, q) for a 2 x 2 system of columns (a, b); the inverse's rows. */
static int invert2(const double *a, const double *b, double row0[2], double row1[2]) {
    const double det = a[0] * b[1] - a[1] * b[0];
    if (!(fabs(det) > 1e-9 * hypot(a[0], a[1]) * hypot(b[0], b[1]))) return 0;
    row0[0] = b[1] / det, row0[1] = -b[0] / det;
    row1[0] = -a[1] / det, row1[1] = a[0] / det;
    return 1;
}

/* Angle between V and the volume's z, either way; v in index units. */
static double tilt(const vxg_ct_volume *vol, const vxg_ct_view *v) {
    return atan2(hypot(v->V[0] * vol->dx, v->V[1] * vol->dy), fabs(v->V[2] * vol->dz));
}

/* Coefficients of a view in index units, its rays from v->s or along v->r. A pixel lies at
 * d + q' U + r' V; V = K U + L ray + V' z with `ray` the middle one. Moving a pixel along its ray
 * changes nothing (parallel) or next to nothing (cone: L is below 1e-3 of the row's pitch). */
static int view_coefs(const footprint_state *p, const vxg_ct_view *v, double *c) {
    const double spatial = p->planar ? 0 : 1;
    double ray[3], column[2], along[2];
    for (int i = 0; i < 3; i++) ray[i] = p->cone ? v->d[i] - v->s[i] : v->r[i];
    if (!invert2(v->U, ray, column, along)) return 0;
    const double k = spatial * (column[0] * v->V[0] + column[1] * v->V[1]);
    const double l = spatial * (along[0] * v->V[0] + along[1] * v->V[1]);
    const double step = p->planar ? 1 : v->V[2] - k * v->U[2] - l * ray[2];
    const double *from = p->cone ? v->s : v->d;
    /* cone: p - s = N U + D (d - s) + ...; parallel: p - d = N U + t r + ..., D = 1 */
    c[0] = -(column[0] * from[0] + column[1] * from[1]);
    c[1] = column[0], c[2] = column[1];
    const double t[3] = {-(along[0] * from[0] + along[1] * from[1]), along[0], along[1]};
    for (int i = 0; i < 3; i++) {
        c[3 + i] = p->cone ? t[i] : i == 0;
        c[6 + i] = -spatial * (t[i] * ray[2] + (i == 0 ? from[2] : 0)) / step;
    }
    c[9] = 1 / step;
    c[10] = k;
    c[11] = spatial * v->U[2] / step;
    for (int i = 0; i < 3; i++) c[12 + i] = p->cone && (i < 2 || !p->planar) ? v->s[i] : 0;
    const double z = p->planar ? 0 : ray[2] * p->vol.dz;
    const double length = sqrt(ray[0] * ray[0] * p->vol.dx * p->vol.dx +
                               ray[1] * ray[1] * p->vol.dy * p->vol.dy + z * z);
    c[15] = p->cone ? 0 : length / fmax(fabs(ray[0]), fabs(ray[1]));
    return 1;
}

static int fill_coefs(const footprint_state *p, const vxg_ct_geometry *geo, double *coef) {
    for (int64_t i = 0; i < p->nviews; i++) {
        const vxg_ct_view *given = vxg_ct_geometry_view(geo, i);
        vxg_ct_view v;
        if (p->cone)
            vxg__ct_index_cone(&p->vol, given, &v);
        else
            vxg__ct_index_view(&p->vol, given, &v);
        if (p->planar) VXG_TRY(vxg__ct_within_slice(&p->vol, geo, i, &v));
        const double angle = tilt(&p->vol, &v);
        VXG_FAIL_IF(!p->planar && !(angle <= FP_MOST_TILT), VXG_ERR_ARGUMENT,
                    "footprint projector: view %lld: V is %.4g rad off the volume's z axis, at "
                    "most %g is possible; choose another model",
                    (long long)i, angle, FP_MOST_TILT);
        VXG_FAIL_IF(!view_coefs(p, &v, coef + i * FP_COEFS), VXG_ERR_ARGUMENT,
                    "footprint projector: view %lld: U is parallel to the rays in the slice",
                    (long long)i);
    }
    return VXG_OK;
}

static int state_new(vxg_device *dev, const vxg_ct_geometry *geo, const vxg_ct_volume *vol,
                     const vxg_ct_projector_opts *opts, int planar, footprint_state **out) {
    vxg_ct_volume checked = {0};
    *out = NULL;
    VXG_FAIL_IF(vxg_ct_geometry_detector(geo) != VXG_CT_DETECTOR_FLAT, VXG_ERR_ARGUMENT,
                "footprint projector: a flat detector is expected, this one is curved");
    VXG_TRY(vxg__ct_volume_check(vol, &checked));
    footprint_state *p = vxg__calloc(1, sizeof *p);
    if (!p) return VXG_ERR_MEMORY;
    p->vol = checked, p->planar = planar;
    p->trapezoids = !planar && opts->model == VXG_CT_FOOTPRINT_TT;
    p->cone = vxg_ct_geometry_beam(geo) == VXG_CT_BEAM_CONE;
    p->nviews = vxg_ct_geometry_nviews(geo);
    p->nv = vxg_ct_geometry_nv(geo), p->nu = vxg_ct_geometry_nu(geo);
    double *coef = vxg__calloc((size_t)(p->nviews * FP_COEFS), sizeof *coef);
    int status = coef ? fill_coefs(p, geo, coef) : VXG_ERR_MEMORY;
    if (!status)
        status = vxg__array_from_doubles(dev, opts->real, 2, (int64_t[]){p->nviews, FP_COEFS}, coef,
                                         &p->coef);
    if (!status && opts->real == VXG_REAL_F32 && !opts->no_schedule && !planar && !p->trapezoids)
        status = vxg__footprint_plan_new(dev, geo, &p->vol, coef, &p->plan);
    vxg__free(coef);
    if (status) {
        footprint_free(p);
        return status;
    }
    *out = p;
    return VXG_OK;
}

/* ---- Launches ---- */
static int run(const vxg_op *op, const vxg_call *call, const char *kernel, int to_projections,
               const vxg_array *from, const vxg_array *to) {
    const footprint_state *p = vxg_op_state(op);
    vxg_call c = *call;
    vxg_array coef;
    VXG_TRY(vxg__call_rows(&c, &p->coef, &coef));
    vxg_launch l = {.nreals = 3, .reals = {p->vol.dx, p->vol.dy, p->vol.dz}};
    vxg__ct_sizes(&p->vol, p->nu, p->nv, coef.shape[0], to_projections, call->accumulate, &l);
    l.ints[l.nints++] = p->cone, l.ints[l.nints++] = p->planar, l.ints[l.nints++] = p->trapezoids;
    const int blocks = to_projections ? 1 : 2; /* the axis whose items are blocks */
    l.global[blocks] = (l.global[blocks] + FP_BLOCK - 1) / FP_BLOCK;
    if (p->planar) l.reals[2] = 0;
    vxg__push_array(&l, from);
    vxg__push_array(&l, &coef);
    vxg__push_array(&l, to);
    return vxg__launch(vxg_op_device(op), call->queue, kernel, vxg__arithmetic(to->dtype), &l);
}

static int project(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                   const vxg_array *out) {
    const footprint_state *p = vxg_op_state(op);
    if (p->plan) return vxg__footprint_plan_run(p->plan, 0, call, in, out);
    return run(op, call, "fp_project", 1, in, out);
}
static int project_vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                       const vxg_array *cotangent, const vxg_array *grad) {
    const footprint_state *p = vxg_op_state(op);
    (void)in;
    if (!grad->buffer) return VXG_OK;
    if (p->plan) return vxg__footprint_plan_run(p->plan, 1, call, cotangent, grad);
    return run(op, call, "fp_project_adjoint", 0, cotangent, grad);
}

static size_t workspace(const vxg_op *op, const vxg_call *call) {
    const footprint_state *p = vxg_op_state(op);
    if (p->plan) return vxg__footprint_plan_workspace(p->plan, call);
    return vxg__call_rows_bytes(call, FP_COEFS * vxg_dtype_size(p->coef.dtype));
}

#define FOOTPRINT(words)                                                                           \
    {                                                                                              \
        .name = words, .accumulates = 1, .apply = project, .vjp = project_vjp,                     \
        .workspace = workspace, .destroy = footprint_free                                          \
    }
static const vxg_op_class classes[2][2] = {
    {FOOTPRINT("ct.parallel3d.footprint"), FOOTPRINT("ct.cone3d.footprint")},
    {FOOTPRINT("ct.parallel3d.footprint_tt"), FOOTPRINT("ct.cone3d.footprint_tt")}};
static const vxg_op_class planar_classes[2] = {FOOTPRINT("ct.parallel2d.footprint"),
                                               FOOTPRINT("ct.fan2d.footprint")};

int vxg__ct_footprint_projector(vxg_device *dev, const vxg_ct_geometry *geo,
                                const vxg_ct_volume *vol, const vxg_ct_projector_opts *opts,
                                int planar, vxg_op **out) {
    footprint_state *p;
    vxg_space volume = {0}, projections = {0};
    *out = NULL;
    VXG_TRY(state_new(dev, geo, vol, opts, planar, &p));
    vxg__ct_spaces(geo, &p->vol, opts->real, planar, &volume, &projections);
    const vxg_op_class *cls = planar ? &planar_classes[p->cone] : &classes[p->trapezoids][p->cone];
    return vxg__op_new_linear(cls, dev, &volume, &projections, VXG_SUBSETS_EXACT, p, out);
}
