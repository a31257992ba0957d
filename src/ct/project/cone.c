/* Cone- and fan-beam projectors: rays of arbitrary views as lines in voxel index units
 * (coefficients in double, rounded once), one kernel each way (kernels/ct/project/ray.h,
 * kernels/ct/project/cone.k). */
#include <math.h>
#include <string.h>

#include "array/launch.h"
#include "ct/project/project.h"
#include "ct/project/rays.h"
#include "ct/schedule/cone_joseph.h"
#include "ct/schedule/ray_joseph.h"

/* ---- Coefficients of a view ---- */
/* Depth, column and row of a point x as affine forms: with x = s + t D(q', r') (cone) or
 * x = d + q' U + r' V + t r (parallel), rows of the inverse of the columns c0 c1 c2. */
static void inverse_rows(const double *c0, const double *c1, const double *c2, double *g) {
    double n[3];
    vxg__cross3(c1, c2, g);
    vxg__cross3(c2, c0, g + 3);
    vxg__cross3(c0, c1, g + 6);
    vxg__cross3(c1, c2, n);
    const double det = vxg__dot3(c0, n);
    for (int i = 0; i < 9; i++) g[i] /= det;
}

static void affine(const double *g, const double *origin, double *out) {
    memcpy(out, g, 3 * sizeof *g);
    out[3] = -vxg__dot3(g, origin);
}

/* What float32 can lose when the form is evaluated inside the volume. */
static double slack(const double *g, const vxg_ct_volume *vol) {
    return 1e-6 * (fabs(g[3]) + 0.5 * (fabs(g[0]) * (double)vol->nx + fabs(g[1]) * (double)vol->ny +
                                       fabs(g[2]) * (double)vol->nz));
}

static void depth_forms(const vxg_ct_volume *vol, vxg_ct_beam beam, const vxg_ct_view *v,
                        double *c) {
    double g[9];
    if (beam == VXG_CT_BEAM_CONE) {
        inverse_rows(c + RAY_D, c + RAY_D + 3, c + RAY_D + 6, g);
        affine(g, v->s, c + RAY_W);
        affine(g + 3, v->s, c + RAY_Q);
        affine(g + 6, v->s, c + RAY_R);
    } else {
        inverse_rows(v->U, v->V, v->r, g);
        c[RAY_W + 3] = 1;
        affine(g, v->d, c + RAY_Q);
        affine(g + 3, v->d, c + RAY_R);
    }
    for (int i = 0; i < 3; i++) c[RAY_SLACK + i] = slack(c + RAY_W + 4 * i, vol);
}

/* The axis along which this direction is larger than along the others by a margin, or -1. */
static int clear_axis(const double *d) {
    for (int a = 0; a < 3; a++) {
        const double b = fabs(d[(a + 1) % 3]), e = fabs(d[(a + 2) % 3]);
        if (fabs(d[a]) > 1.001 * b && fabs(d[a]) > 1.001 * e) return a;
    }
    return -1;
}

/* Folds the direction of one pixel into what is known of a view: *axis -2 nothing yet, -1 rays
 * differ. The sign along the axis must not change: between two pixels directions are mixed. */
static void fold_axis(const double *d, int *axis, int *sign) {
    const int a = clear_axis(d);
    if (*axis == -2) {
        *axis = a, *sign = a >= 0 && d[a] < 0;
    } else if (*axis >= 0 && (a != *axis || (d[a] < 0) != *sign)) {
        *axis = -1;
    }
}

/* A flat view's directions lie in the hull of its corners'; of a curved one all columns are
 * looked at, by table (cos g, sin g). */
static int shared_axis(const double *c, int64_t nu, int64_t nv, const double *table) {
    const double q = 0.5 * (double)(nu - 1), r = 0.5 * (double)(nv - 1);
    int axis = -2, sign = 0;
    double d[3];
    for (int64_t col = 0; col < (table ? nu : 2) && axis != -1; col++)
        for (int end = -1; end <= 1; end += 2) {
            if (table)
                vxg__ct_ray_direction(c, table[2 * col], table[2 * col + 1], end * r, d);
            else
                vxg__ct_ray_direction(c, 1, col ? q : -q, end * r, d);
            fold_axis(d, &axis, &sign);
        }
    return axis;
}

/* D and M of a view whose vectors are in index units. beta is q' (curved: |d - s| sin g). */
static void ray_lines(vxg_ct_beam beam, const vxg_ct_view *v, const double *u, double *c) {
    const double *points[3] = {v->d, v->U, v->V};
    double scale = 0;
    if (beam == VXG_CT_BEAM_PARALLEL) { /* one direction; moments d x r, U x r, V x r */
        memcpy(c + RAY_D, v->r, 3 * sizeof(double));
        for (int k = 0; k < 3; k++) vxg__cross3(points[k], v->r, c + RAY_M + 3 * k);
        return;
    }
    for (int i = 0; i < 3; i++) {
        c[RAY_D + i] = v->d[i] - v->s[i];
        c[RAY_D + 3 + i] = u[i];
        c[RAY_D + 6 + i] = v->V[i];
    }
    scale = 1 / vxg__norm3(c + RAY_D);
    for (int i = 0; i < 9; i++) c[RAY_D + i] *= scale;
    for (int k = 0; k < 3; k++) vxg__cross3(v->s, c + RAY_D + 3 * k, c + RAY_M + 3 * k);
}

void vxg__ct_ray_flat(const vxg_ct_volume *vol, vxg_ct_beam beam, const vxg_ct_view *v, int64_t nu,
                      int64_t nv, double *c) {
    memset(c, 0, VXG_RAY_COEFS * sizeof *c);
    ray_lines(beam, v, v->U, c);
    depth_forms(vol, beam, v, c);
    c[RAY_AXIS] = shared_axis(c, nu, nv, NULL);
    if (beam == VXG_CT_BEAM_PARALLEL) return;
    c[RAY_HALF] = 1;
    for (int i = 0; i < 3; i++) { /* a source in the plane of a slice is there in float32, too */
        const double near = 0.5 * round(2 * v->s[i]);
        c[RAY_SOURCE + i] = fabs(v->s[i] - near) < 1e-6 * (1 + fabs(near)) ? near : v->s[i];
    }
}

/* What a curved detector changes: world is the view before index units, table its number. */
static void ray_curved(const vxg_ct_volume *vol, const vxg_ct_view *world, const vxg_ct_view *v,
                       const vxg_ct_geometry *geo, int64_t number, const double *table, double *c) {
    double ray[3], u[3];
    for (int i = 0; i < 3; i++) ray[i] = world->d[i] - world->s[i];
    const double rho = vxg__norm3(ray), step = vxg__norm3(world->U) / rho;
    for (int i = 0; i < 3; i++) u[i] = v->U[i] / step;
    ray_lines(VXG_CT_BEAM_CONE, v, u, c);
    depth_forms(vol, VXG_CT_BEAM_CONE, v, c);
    c[RAY_TABLE] = (double)number;
    c[RAY_COLUMNS] = 1 / step;
    c[RAY_OFFSET] = vxg_ct_geometry_column_offset(geo);
    c[RAY_AXIS] = shared_axis(c, vxg_ct_geometry_nu(geo), vxg_ct_geometry_nv(geo), table);
}

/* ---- The tables of curved detectors ---- */
static double column_step(const vxg_ct_geometry *geo, int64_t view) {
    const vxg_ct_view *v = vxg_ct_geometry_view(geo, view);
    double ray[3];
    for (int i = 0; i < 3; i++) ray[i] = v->d[i] - v->s[i];
    return vxg__norm3(v->U) / vxg__norm3(ray);
}

/* Views in a row with the same angle per column share a table. */
static int same_table(const vxg_ct_geometry *geo, int64_t view) {
    const double step = column_step(geo, view), before = column_step(geo, view - 1);
    return fabs(step - before) < 1e-13 * step;
}

static int make_tables(const vxg_ct_geometry *geo, vxg_ray_state *p) {
    const int64_t nu = vxg_ct_geometry_nu(geo), nviews = vxg_ct_geometry_nviews(geo);
    const double q0 = vxg_ct_geometry_column_offset(geo);
    if (vxg_ct_geometry_detector(geo) != VXG_CT_DETECTOR_CURVED) return VXG_OK;
    p->tables = 1;
    for (int64_t i = 1; i < nviews; i++) p->tables += !same_table(geo, i);
    VXG_FAIL_IF(p->tables > 1 << 24, VXG_ERR_ARGUMENT,
                "projector: more than 2^24 different column angles |U| / |d - s|");
    p->table64 = vxg__calloc((size_t)(p->tables * nu * 2), sizeof(double));
    if (!p->table64) return VXG_ERR_MEMORY;
    double *t = p->table64;
    for (int64_t i = 0; i < nviews; i++) {
        if (i && same_table(geo, i)) continue;
        const double step = column_step(geo, i);
        for (int64_t col = 0; col < nu; col++, t += 2) {
            const double g = ((double)col - 0.5 * (double)(nu - 1) + q0) * step;
            t[0] = cos(g), t[1] = sin(g);
        }
    }
    return VXG_OK;
}

/* ---- Rows of the kernels' table ---- */
int64_t vxg__ct_ray_row_size(vxg_real real) {
    return real == VXG_REAL_F32 ? VXG_RAY_ROW : VXG_RAY_COEFS;
}

/* D and M with pixels, voxels and moments counted from number n / 2 of each axis. */
static void from_whole_middle(const int64_t n[3], int64_t nu, int64_t nv, const double *coefs,
                              double *out) {
    double t[3], moved[3];
    for (int i = 0; i < 3; i++) t[i] = (double)(n[i] / 2) - 0.5 * (double)(n[i] - 1);
    memcpy(out, coefs + RAY_D, 9 * sizeof *out), memcpy(out + 9, coefs + RAY_M, 9 * sizeof *out);
    const double q = (double)(nu / 2) - 0.5 * (double)(nu - 1);
    const double r = (double)(nv / 2) - 0.5 * (double)(nv - 1);
    for (int k = 0; k < 3; k++) {
        vxg__cross3(t, out + 3 * k, moved);
        for (int i = 0; i < 3; i++) out[9 + 3 * k + i] -= moved[i];
    }
    for (int i = 0; i < 3; i++) {
        out[i] += q * out[3 + i] + r * out[6 + i];
        out[9 + i] += q * out[12 + i] + r * out[15 + i];
    }
}

/* The most that x cross D - M, and D, can be: affine in a pixel, so at a corner of the detector. */
static double most_whole(const int64_t n[3], int64_t nu, int64_t nv, const double *lines) {
    double most = 1;
    for (int corner = 0; corner < 4; corner++) {
        const double q = (corner & 1 ? 1 : -1) * (0.5 * (double)nu + 1);
        const double r = (corner & 2 ? 1 : -1) * (0.5 * (double)nv + 1);
        double d[3], m[3];
        for (int i = 0; i < 3; i++) {
            d[i] = fabs(lines[i] + q * lines[3 + i] + r * lines[6 + i]);
            m[i] = fabs(lines[9 + i] + q * lines[12 + i] + r * lines[15 + i]);
        }
        for (int i = 0; i < 3; i++) {
            const int j = (i + 1) % 3, k = (i + 2) % 3;
            const double at =
                m[i] + (0.5 * (double)n[j] + 2) * d[k] + (0.5 * (double)n[k] + 2) * d[j];
            if (at > most) most = at;
            if (d[i] > most) most = d[i];
        }
    }
    return most;
}

void vxg__ct_ray_row(const vxg_ct_volume *vol, int64_t nu, int64_t nv, vxg_real real,
                     const double *coefs, void *row) {
    const int64_t n[3] = {vol->nx, vol->ny, vol->nz};
    float *const f = row;
    double lines[18];
    int64_t whole[18];
    if (real == VXG_REAL_F64) {
        memcpy(row, coefs, VXG_RAY_COEFS * sizeof *coefs);
        return;
    }
    for (int i = 0; i < VXG_RAY_COEFS; i++) f[i] = (float)coefs[i];
    from_whole_middle(n, nu, nv, coefs, lines);
    /* sums of a few of them stay below 2^63; beyond 2^60 the grid is as coarse as it must be */
    int exponent;
    frexp(most_whole(n, nu, nv, lines), &exponent);
    const double grid = ldexp(1, 59 - exponent);
    for (int i = 0; i < 18; i++) whole[i] = llrint(lines[i] * grid);
    f[RAY_GRID] = (float)(1 / grid);
    memcpy(f + RAY_WHOLE, whole, sizeof whole);
}

/* ---- Making the operator ---- */
void vxg__ct_ray_state_free(void *state) {
    vxg_ray_state *p = state;
    vxg_ct_geometry_release(p->geo);
    vxg_array_release(&p->coef);
    vxg_array_release(&p->table);
    vxg__free(p->coef64);
    vxg__free(p->table64);
    vxg__cone_joseph_plan_free(p->plan);
    vxg__ray_joseph_plan_free(p->rays);
    vxg__free(p);
}

int64_t vxg__ct_table_bytes(const vxg_op *op) {
    const vxg_ray_state *p = vxg_op_state(op);
    if (op->cls.destroy != vxg__ct_ray_state_free) return 0; /* parallel beams keep none */
    const int64_t pairs = p->tables * vxg_ct_geometry_nu(p->geo);
    const int64_t curved =
        p->tables ? 2 * pairs * (int64_t)(sizeof(double) + vxg_dtype_size(p->table.dtype)) : 0;
    return curved + (p->plan ? vxg__cone_joseph_plan_bytes(p->plan) : 0);
}

/* In 2-D all rays run in the middle of the one slice: what is out of it by rounding is put there,
 * what is out by more is refused. V does not matter. */
int vxg__ct_ray_planar(const vxg_ct_volume *vol, vxg_ct_beam beam, int64_t index, vxg_ct_view *v) {
    double *const z[3] = {&v->s[2], &v->d[2], &v->U[2]};
    const char *const names[] = {beam == VXG_CT_BEAM_CONE ? "the source s" : "the ray direction r",
                                 "the detector centre d", "the column step U"};
    double size = (double)(vol->nx + vol->ny);
    for (int i = 0; i < 3; i++) size += fabs(v->s[i]) + fabs(v->d[i]);
    for (int i = 0; i < 3; i++) {
        VXG_FAIL_IF(!(fabs(*z[i]) < 1e-6 * (i < 2 ? size : vxg__norm3(v->U))), VXG_ERR_ARGUMENT,
                    "projector2d: view %lld: %s is %.6g slices outside the slice's plane",
                    (long long)index, names[i], *z[i]);
        *z[i] = 0;
    }
    v->V[0] = v->V[1] = 0, v->V[2] = 1;
    return VXG_OK;
}

static int make_coefs(vxg_ray_state *p, int planar) {
    const vxg_ct_geometry *geo = p->geo;
    const int64_t nu = vxg_ct_geometry_nu(geo), nv = vxg_ct_geometry_nv(geo);
    int64_t number = 0;
    for (int64_t i = 0; i < vxg_ct_geometry_nviews(geo); i++) {
        const vxg_ct_view *world = vxg_ct_geometry_view(geo, i);
        double *c = p->coef64 + i * VXG_RAY_COEFS;
        vxg_ct_view v;
        vxg__ct_index_cone(&p->vol, world, &v);
        if (planar) VXG_TRY(vxg__ct_ray_planar(&p->vol, VXG_CT_BEAM_CONE, i, &v));
        vxg__ct_ray_flat(&p->vol, VXG_CT_BEAM_CONE, &v, nu, nv, c);
        if (!p->tables) continue;
        if (i && !same_table(geo, i)) number++;
        ray_curved(&p->vol, world, &v, geo, number, p->table64 + number * nu * 2, c);
    }
    return VXG_OK;
}

static int make_rows(vxg_device *dev, vxg_real real, vxg_ray_state *p) {
    const int64_t nviews = vxg_ct_geometry_nviews(p->geo), width = vxg__ct_ray_row_size(real);
    const int64_t nu = vxg_ct_geometry_nu(p->geo), nv = vxg_ct_geometry_nv(p->geo);
    const size_t bytes = (size_t)width * vxg_dtype_size(vxg_real_dtype(real));
    VXG_TRY(vxg_array_new(dev, vxg_real_dtype(real), 2, (int64_t[]){nviews, width}, &p->coef));
    char *rows = vxg__calloc((size_t)nviews, bytes);
    if (!rows) return VXG_ERR_MEMORY;
    for (int64_t i = 0; i < nviews; i++)
        vxg__ct_ray_row(&p->vol, nu, nv, real, p->coef64 + i * VXG_RAY_COEFS,
                        rows + (size_t)i * bytes);
    const int status = vxg_array_write(NULL, &p->coef, rows);
    vxg__free(rows);
    return status;
}

static int fill_state(vxg_device *dev, const vxg_ct_volume *vol, const vxg_ct_projector_opts *opts,
                      int planar, vxg_ray_state *p) {
    const int64_t nviews = vxg_ct_geometry_nviews(p->geo);
    VXG_TRY(vxg__ct_volume_check(vol, &p->vol));
    p->coef64 = vxg__calloc((size_t)nviews * VXG_RAY_COEFS, sizeof(double));
    if (!p->coef64) return VXG_ERR_MEMORY;
    VXG_TRY(make_tables(p->geo, p));
    VXG_TRY(make_coefs(p, planar));
    VXG_TRY(make_rows(dev, opts->real, p));
    if (!p->tables) return VXG_OK;
    const int64_t n = p->tables * vxg_ct_geometry_nu(p->geo) * 2;
    return vxg__array_from_doubles(dev, opts->real, 1, &n, p->table64, &p->table);
}

/* ---- Launches ---- */
void vxg__ct_ray_sizes(const vxg_ct_geometry *geo, const vxg_ct_volume *vol, int64_t nviews,
                       int to_pixels, int accumulate, vxg_launch *l) {
    vxg__ct_sizes(vol, vxg_ct_geometry_nu(geo), vxg_ct_geometry_nv(geo), nviews, to_pixels,
                  accumulate, l);
    l->nreals = 3;
    l->reals[0] = vol->dx, l->reals[1] = vol->dy, l->reals[2] = vol->dz;
}

/* One launch over pixels (to_projections) or voxels. */
static int run(const vxg_op *op, const vxg_call *call, int to_projections, const vxg_array *from,
               const vxg_array *to) {
    static const char *const kernels[2][2][2] = {
        {{"cone_joseph_adjoint", "cone_joseph"}, {"cone_siddon_adjoint", "cone_siddon"}},
        {{"cone_curved_joseph_adjoint", "cone_curved_joseph"},
         {"cone_curved_siddon_adjoint", "cone_curved_siddon"}}};
    const vxg_ray_state *p = vxg_op_state(op);
    vxg_launch l = {0};
    vxg_call c = *call;
    vxg_array coef;
    VXG_TRY(vxg__call_rows(&c, &p->coef, &coef));
    vxg__ct_ray_sizes(p->geo, &p->vol, coef.shape[0], to_projections, call->accumulate, &l);
    vxg__push_array(&l, from);
    vxg__push_array(&l, &coef);
    if (p->tables) vxg__push_array(&l, &p->table);
    vxg__push_array(&l, to);
    return vxg__launch(vxg_op_device(op), call->queue,
                       kernels[p->tables > 0][p->model == VXG_CT_SIDDON][to_projections],
                       vxg__arithmetic(to->dtype), &l);
}

static int project(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                   const vxg_array *out) {
    const vxg_ray_state *p = vxg_op_state(op);
    if (p->plan) return vxg__cone_joseph_plan_run(p->plan, 0, call, in, out);
    if (p->rays) return vxg__ray_joseph_plan_run(p->rays, 0, call, in, out);
    return run(op, call, 1, in, out);
}
static int project_vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                       const vxg_array *cotangent, const vxg_array *grad) {
    const vxg_ray_state *p = vxg_op_state(op);
    (void)in;
    if (!grad->buffer) return VXG_OK;
    if (p->plan) return vxg__cone_joseph_plan_run(p->plan, 1, call, cotangent, grad);
    if (p->rays) return vxg__ray_joseph_plan_run(p->rays, 1, call, cotangent, grad);
    return run(op, call, 0, cotangent, grad);
}
static size_t plan_workspace(const vxg_op *op, const vxg_call *call) {
    const vxg_ray_state *p = vxg_op_state(op);
    if (p->plan) return vxg__cone_joseph_plan_workspace(p->plan, call);
    if (p->rays) return vxg__ray_joseph_plan_workspace(p->rays, call);
    return vxg__call_rows_bytes(call, (size_t)p->coef.shape[1] * vxg_dtype_size(p->coef.dtype));
}

#define PROJECTOR(id, words)                                                                       \
    static const vxg_op_class id = {.name = words,                                                 \
                                    .accumulates = 1,                                              \
                                    .apply = project,                                              \
                                    .vjp = project_vjp,                                            \
                                    .workspace = plan_workspace,                                   \
                                    .destroy = vxg__ct_ray_state_free}
PROJECTOR(joseph3_class, "ct.cone3d.joseph");
PROJECTOR(siddon3_class, "ct.cone3d.siddon");
PROJECTOR(joseph2_class, "ct.fan2d.joseph");
PROJECTOR(siddon2_class, "ct.fan2d.siddon");

int vxg__ct_cone_projector(vxg_device *dev, const vxg_ct_geometry *geo, const vxg_ct_volume *vol,
                           const vxg_ct_projector_opts *opts, int planar, vxg_op **out) {
    static const vxg_op_class *const classes[2][2] = {{&joseph3_class, &siddon3_class},
                                                      {&joseph2_class, &siddon2_class}};
    vxg_space volume = {0}, projections = {0};
    *out = NULL;
    vxg_ray_state *p = vxg__calloc(1, sizeof *p);
    if (!p) return VXG_ERR_MEMORY;
    p->geo = vxg_ct_geometry_retain(geo);
    p->model = opts->model;
    int status = fill_state(dev, vol, opts, planar, p);
    const int fast = opts->real == VXG_REAL_F32 && !opts->no_schedule;
    const int siddon = opts->model == VXG_CT_SIDDON;
    if (!status && fast) status = vxg__cone_joseph_plan_new(dev, p, siddon, &p->plan);
    if (!status && fast && !siddon && !p->plan)
        status = vxg__ray_joseph_plan_new(dev, geo, &p->vol, p->coef64, p->table64, &p->rays);
    if (status) {
        vxg__ct_ray_state_free(p);
        return status;
    }
    vxg__ct_spaces(geo, &p->vol, opts->real, planar, &volume, &projections);
    return vxg__op_new_linear(classes[planar][opts->model], dev, &volume, &projections,
                              VXG_SUBSETS_EXACT, p, out);
}
