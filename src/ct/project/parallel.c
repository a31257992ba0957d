/* Parallel-beam projectors and the voxel-driven backprojector as operators: coefficients in double,
 * rounded once, then one kernel each way. */
#include <math.h>
#include <string.h>

#include "array/launch.h"
#include "ct/project/project.h"
#include "ct/project/rays.h"
#include "ct/schedule/cone.h"
#include "ct/schedule/schedule.h"
#include "ct/schedule/ray_joseph.h"

#define PAR_COEFS                                                                                  \
    18             /* of kernels/ct/project/parallel.h before lines are split: K_PAR_COEFS - 8     \
                    */
#define BP_COEFS 8 /* of kernels/ct/project/backproject.k before: K_BP_COEFS - 8 - 2 */
#define BP_REACH 2 /* of its K_BP_REACH */
#define LINES 8    /* numbers that are split: two lines of four */

/* Slopes this small move a ray by less than 1e-6 voxel over the longest volume: exactly
 * axis-parallel. */
#define FLAT_SLOPE 1e-10

static void parallel_coefs(const vxg_ct_view *v, double *c) {
    /* v is in index units; the ray through pixel (q', r') is d + q' U + r' V + t r */
    int a = 0;
    for (int i = 1; i < 3; i++)
        if (fabs(v->r[i]) > fabs(v->r[a])) a = i;
    int axis[2] = {a == 0 ? 1 : 0, a == 2 ? 1 : 2};
    c[0] = a;
    c[1] = 1 / fabs(v->r[a]);
    for (int k = 0; k < 2; k++) {
        double *line = c + 2 + 4 * k, slope = v->r[axis[k]] / v->r[a];
        if (fabs(slope) < FLAT_SLOPE) slope = 0;
        line[0] = v->d[axis[k]] - slope * v->d[a];
        line[1] = v->U[axis[k]] - slope * v->U[a];
        line[2] = v->V[axis[k]] - slope * v->V[a];
        line[3] = slope;
        c[16 + k] = slope == 0 ? 0 : 1 / slope;
    }
    double bu = c[3], bv = c[4], cu = c[7], cv = c[8], det = bu * cv - bv * cu;
    c[10] = cv / det, c[11] = -bv / det, c[12] = -cu / det, c[13] = bu / det;
    /* a cell's weight is non-zero within one cell of its centre; 1 % and 0.01 px cover rounding */
    c[14] = (fabs(c[10]) + fabs(c[11])) * 1.01 + 0.01;
    c[15] = (fabs(c[12]) + fabs(c[13])) * 1.01 + 0.01;
}

/* The index-unit middles: kernels count b and c from 0, vectors here from the volume's middle. */
static void parallel_recentre(double *c, const vxg_ct_volume *vol) {
    const double n[3] = {(double)vol->nx, (double)vol->ny, (double)vol->nz};
    int a = (int)c[0];
    c[2] += 0.5 * (n[a == 0 ? 1 : 0] - 1);
    c[6] += 0.5 * (n[a == 2 ? 1 : 2] - 1);
}

static void backproject_coefs(const vxg_ct_view *v, int64_t nu, int64_t nv, double *c) {
    /* p = d + q' U + r' V + t r  =>  q' = (p - d) . n_q with n_q = V x r / det */
    double vr[3], ru[3];
    vxg__cross3(v->V, v->r, vr);
    vxg__cross3(v->r, v->U, ru);
    double det = vxg__dot3(v->U, vr);
    for (int i = 0; i < 3; i++) c[1 + i] = vr[i] / det, c[5 + i] = ru[i] / det;
    c[0] = 0.5 * (double)(nu - 1) - vxg__dot3(v->d, c + 1);
    c[4] = 0.5 * (double)(nv - 1) - vxg__dot3(v->d, c + 5);
}

/* ---- Numbers in two parts ---- */
/* line[0] + line[1] q' + line[2] r' + line[3] k', each of whole steps from the middle of n: high
 * parts are multiples of a power of two, so that every sum of theirs has 24 bits: exact. `cells`
 * may be taken off. */
static void split_line(double *line, const int64_t n[3], int64_t cells, double *low) {
    double most = fabs(line[0]) + (double)cells + 1;
    for (int i = 0; i < 3; i++) most += 0.5 * (fabs(line[1 + i]) + 1) * (double)n[i];
    const double grid = most < 1e15 ? exp2(ceil(log2(most)) - 22) : 0; /* and halves of it */
    for (int i = 0; i < 4; i++) {
        const double high = grid > 0 ? grid * nearbyint(line[i] / grid) : line[i];
        low[i] = line[i] - high, line[i] = high;
    }
}

/* How far from the detector's middle the sum of high parts may be of a voxel that falls on one of n
 * pixels: a pixel more than low parts come to anywhere in the volume, and what float32 rounds. */
static double reach_of(const double *low, const int64_t cells[3], int64_t n) {
    double most = 0.5 * (double)(n - 1) + fabs(low[0]) + 1.01;
    for (int i = 0; i < 3; i++) most += 0.5 * fabs(low[1 + i]) * (double)cells[i];
    return most * (1 + 1e-6);
}

/* The kernels' table of all views: coef64 with the lines split, low parts behind, and of
 * backprojection its reach. */
static int upload(vxg_device *dev, vxg_real real, int backproject, vxg_ct_projection *p) {
    const int64_t nviews = vxg_ct_geometry_nviews(p->geo),
                  width = p->coefs + LINES + (backproject ? BP_REACH : 0);
    const int64_t nu = vxg_ct_geometry_nu(p->geo), nv = vxg_ct_geometry_nv(p->geo);
    const int64_t n[] = {p->vol.nx, p->vol.ny, p->vol.nz};
    double *table = vxg__calloc((size_t)(nviews * width), sizeof *table);
    if (!table) return VXG_ERR_MEMORY;
    for (int64_t v = 0; v < nviews; v++) {
        double *c = table + v * width, *low = c + p->coefs;
        memcpy(c, p->coef64 + v * p->coefs, (size_t)p->coefs * sizeof *c);
        if (backproject) {
            split_line(c, n, nu, low), split_line(c + 4, n, nv, low + 4);
            low[LINES] = reach_of(low, n, nu), low[LINES + 1] = reach_of(low + 4, n, nv);
        } else {
            const int a = (int)c[0], axis[2] = {a == 0 ? 1 : 0, a == 2 ? 1 : 2};
            const int64_t steps[3] = {nu, nv, n[a]};
            for (int i = 0; i < 2; i++) split_line(c + 2 + 4 * i, steps, n[axis[i]], low + 4 * i);
            /* half widths cover what low parts move a cell's shadow by */
            for (int i = 0; i < 2; i++)
                for (int k = 0; k < 2; k++)
                    c[14 + k] += fabs(c[10 + 2 * k + i]) *
                                 (fabs(low[4 * i]) + 0.5 * fabs(low[4 * i + 3]) * (double)n[a]);
        }
    }
    int status = vxg__array_from_doubles(dev, real, 2, (int64_t[]){nviews, width}, table, &p->coef);
    vxg__free(table);
    return status;
}

static void projection_free(void *state) {
    vxg_ct_projection *p = state;
    vxg_ct_geometry_release(p->geo);
    vxg_array_release(&p->coef);
    vxg__free(p->coef64);
    vxg__ct_plan_free(p->plan);
    vxg__ray_joseph_plan_free(p->rays);
    vxg__ct_cone_bp_plan_free(p->oblique);
    vxg__free(p->ray64);
    vxg__free(p);
}

/* Rays that leave their slices (laminography, tilted detectors): the schedule of cone beams, for
 * which these come from infinitely far: W = 1. */
static int oblique_new(const vxg_device *dev, vxg_ct_projection *p) {
    const int64_t nviews = vxg_ct_geometry_nviews(p->geo);
    const double mu = 0.5 * (double)(vxg_ct_geometry_nu(p->geo) - 1);
    const double mv = 0.5 * (double)(vxg_ct_geometry_nv(p->geo) - 1);
    double *const all = vxg__calloc((size_t)nviews * VXG_CONE_BP_COEFS, sizeof *all);
    if (!all) return VXG_ERR_MEMORY;
    for (int64_t i = 0; i < nviews; i++) {
        const double *const c = p->coef64 + i * p->coefs;
        double *const to = all + i * VXG_CONE_BP_COEFS; /* W, Q, R; pixels from the middle */
        to[0] = 1;
        memcpy(to + 4, c, 8 * sizeof *c);
        to[4] -= mu, to[8] -= mv;
    }
    const vxg_ct_cone_bp cone = {.geo = p->geo, .vol = p->vol, .coef64 = all};
    const int status = vxg__ct_cone_bp_plan_new(dev, &cone, &p->oblique);
    vxg__free(all);
    return status;
}

/* The schedule for any rays, with the axes parallel_coefs chose. */
static int rays_new(const vxg_device *dev, vxg_ct_projection *p) {
    const int64_t nu = vxg_ct_geometry_nu(p->geo), nv = vxg_ct_geometry_nv(p->geo);
    const int64_t nviews = vxg_ct_geometry_nviews(p->geo);
    p->ray64 = vxg__calloc((size_t)nviews * VXG_RAY_COEFS, sizeof(double));
    if (!p->ray64) return VXG_ERR_MEMORY;
    for (int64_t i = 0; i < nviews; i++) {
        double *const c = p->ray64 + i * VXG_RAY_COEFS;
        vxg_ct_view v;
        vxg__ct_index_view(&p->vol, vxg_ct_geometry_view(p->geo, i), &v);
        vxg__ct_ray_flat(&p->vol, VXG_CT_BEAM_PARALLEL, &v, nu, nv, c);
        c[RAY_AXIS] = p->coef64[i * p->coefs];
    }
    return vxg__ray_joseph_plan_new(dev, p->geo, &p->vol, p->ray64, NULL, &p->rays);
}

static int projection_new(vxg_device *dev, const vxg_ct_geometry *geo, const vxg_ct_volume *vol,
                          const vxg_ct_projector_opts *opts, int backproject, int planar,
                          vxg_ct_projection **out) {
    vxg_ct_volume checked = {0};
    *out = NULL;
    VXG_TRY(vxg__ct_volume_check(vol, &checked));
    vxg_ct_projection *p = vxg__calloc(1, sizeof *p);
    if (!p) return VXG_ERR_MEMORY;
    int64_t nviews = vxg_ct_geometry_nviews(geo), nu = vxg_ct_geometry_nu(geo);
    p->geo = vxg_ct_geometry_retain(geo);
    p->vol = checked, p->model = opts->model;
    p->coefs = backproject ? BP_COEFS : PAR_COEFS;
    p->coef64 = vxg__calloc((size_t)(nviews * p->coefs), sizeof(double));
    int status = p->coef64 ? VXG_OK : VXG_ERR_MEMORY;
    for (int64_t i = 0; i < nviews && !status; i++) {
        vxg_ct_view v;
        double *c = p->coef64 + i * p->coefs;
        vxg__ct_index_view(&checked, vxg_ct_geometry_view(geo, i), &v);
        if (planar) status = vxg__ct_within_slice(&checked, geo, i, &v);
        if (backproject) {
            backproject_coefs(&v, nu, vxg_ct_geometry_nv(geo), c);
        } else {
            parallel_coefs(&v, c);
            parallel_recentre(c, &checked);
        }
    }
    if (!status) status = upload(dev, opts->real, backproject, p);
    if (!status && opts->real == VXG_REAL_F32 && !opts->no_schedule &&
        (backproject || opts->model == VXG_CT_JOSEPH))
        status = vxg__ct_plan_new(dev, p, backproject, &p->plan);
    if (!status && !p->plan && backproject && opts->real == VXG_REAL_F32 && !opts->no_schedule)
        status = oblique_new(dev, p);
    if (!status && !p->plan && opts->real == VXG_REAL_F32 && !opts->no_schedule && !backproject &&
        opts->model == VXG_CT_JOSEPH && !planar)
        status = rays_new(dev, p);
    if (status) {
        projection_free(p);
        return status;
    }
    *out = p;
    return VXG_OK;
}

/* One launch over pixels (to_projections) or voxels, from -> to. */
static int run(const vxg_op *op, const vxg_call *call, const char *kernel, int to_projections,
               const vxg_array *from, const vxg_array *to) {
    const vxg_ct_projection *p = vxg_op_state(op);
    vxg_launch l = {0};
    vxg_call c = *call;
    vxg_array coef;
    VXG_TRY(vxg__call_rows(&c, &p->coef, &coef));
    vxg__ct_sizes(&p->vol, vxg_ct_geometry_nu(p->geo), vxg_ct_geometry_nv(p->geo), coef.shape[0],
                  to_projections, call->accumulate, &l);
    vxg__push_array(&l, from);
    vxg__push_array(&l, &coef);
    vxg__push_array(&l, to);
    return vxg__launch(vxg_op_device(op), call->queue, kernel, vxg__arithmetic(to->dtype), &l);
}

static int project(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                   const vxg_array *out) {
    const vxg_ct_projection *p = vxg_op_state(op);
    if (p->plan) return vxg__ct_plan_run(p->plan, VXG_CT_TASK_FORWARD, call, in, out);
    if (p->rays) return vxg__ray_joseph_plan_run(p->rays, 0, call, in, out);
    return run(op, call, p->model == VXG_CT_SIDDON ? "par_siddon" : "par_joseph", 1, in, out);
}
static int project_vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                       const vxg_array *cotangent, const vxg_array *grad) {
    const vxg_ct_projection *p = vxg_op_state(op);
    (void)in;
    if (!grad->buffer) return VXG_OK;
    if (p->plan) return vxg__ct_plan_run(p->plan, VXG_CT_TASK_ADJOINT, call, cotangent, grad);
    if (p->rays) return vxg__ray_joseph_plan_run(p->rays, 1, call, cotangent, grad);
    return run(op, call, p->model == VXG_CT_SIDDON ? "par_siddon_adjoint" : "par_joseph_adjoint", 0,
               cotangent, grad);
}
static int backproject(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                       const vxg_array *out) {
    const vxg_ct_projection *p = vxg_op_state(op);
    if (p->plan) return vxg__ct_plan_run(p->plan, VXG_CT_TASK_BACKPROJECT, call, in, out);
    if (p->oblique)
        return vxg__ct_cone_bp_plan_run(p->oblique, VXG_CT_TASK_BACKPROJECT, call, in, out);
    return run(op, call, "bp_linear", 0, in, out);
}
static int backproject_vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                           const vxg_array *cotangent, const vxg_array *grad) {
    const vxg_ct_projection *p = vxg_op_state(op);
    (void)in;
    if (!grad->buffer) return VXG_OK;
    if (p->plan) return vxg__ct_plan_run(p->plan, VXG_CT_TASK_SPREAD, call, cotangent, grad);
    return run(op, call, "bp_linear_adjoint", 1, cotangent, grad);
}

static size_t plan_workspace(const vxg_op *op, const vxg_call *call) {
    const vxg_ct_projection *p = vxg_op_state(op);
    if (p->plan) return vxg__ct_plan_workspace(p->plan, call);
    if (p->rays) return vxg__ray_joseph_plan_workspace(p->rays, call);
    if (p->oblique) return vxg__ct_cone_bp_plan_workspace(p->oblique);
    return vxg__call_rows_bytes(call, (size_t)p->coef.shape[1] * vxg_dtype_size(p->coef.dtype));
}

#define PROJECTOR(id, words)                                                                       \
    static const vxg_op_class id = {.name = words,                                                 \
                                    .accumulates = 1,                                              \
                                    .apply = project,                                              \
                                    .vjp = project_vjp,                                            \
                                    .workspace = plan_workspace,                                   \
                                    .destroy = projection_free}
PROJECTOR(joseph3_class, "ct.parallel3d.joseph");
PROJECTOR(siddon3_class, "ct.parallel3d.siddon");
PROJECTOR(joseph2_class, "ct.parallel2d.joseph");
PROJECTOR(siddon2_class, "ct.parallel2d.siddon");
static const vxg_op_class backproject_class = {.name = "ct.backprojector",
                                               .accumulates = 1,
                                               .apply = backproject,
                                               .vjp = backproject_vjp,
                                               .workspace = plan_workspace,
                                               .destroy = projection_free};

int vxg__ct_parallel_projector(vxg_device *dev, const vxg_ct_geometry *geo,
                               const vxg_ct_volume *vol, const vxg_ct_projector_opts *opts,
                               int planar, vxg_op **out) {
    static const vxg_op_class *const classes[2][2] = {{&joseph3_class, &siddon3_class},
                                                      {&joseph2_class, &siddon2_class}};
    vxg_ct_projection *p;
    vxg_space volume = {0}, projections = {0};
    VXG_TRY(projection_new(dev, geo, vol, opts, 0, planar, &p));
    vxg__ct_spaces(geo, &p->vol, opts->real, planar, &volume, &projections);
    return vxg__op_new_linear(classes[planar][opts->model], dev, &volume, &projections,
                              VXG_SUBSETS_EXACT, p, out);
}

int vxg__ct_parallel_backprojector(vxg_device *dev, const vxg_ct_geometry *geo,
                                   const vxg_ct_volume *vol, const vxg_ct_projector_opts *opts,
                                   vxg_op **out) {
    vxg_ct_projection *p;
    vxg_space volume = {0}, projections = {0};
    VXG_FAIL_IF(opts->texture, VXG_ERR_UNSUPPORTED,
                "backprojector: texture is for cone and fan beams");
    VXG_FAIL_IF(opts->weighting != VXG_CT_WEIGHTING_NONE, VXG_ERR_ARGUMENT,
                "backprojector: weighting by distance needs a source (cone or fan beam)");
    VXG_TRY(projection_new(dev, geo, vol, opts, 1, 0, &p));
    vxg__ct_spaces(geo, &p->vol, opts->real, 0, &volume, &projections);
    return vxg__op_new_linear(&backproject_class, dev, &projections, &volume, VXG_SUBSETS_NONE, p,
                              out);
}
