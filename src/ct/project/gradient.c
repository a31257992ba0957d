/* Joseph's projector with the geometry as a second input: delta (nviews, 4, 3) is added to the
 * views' (r | s, d, U, V) in world units. Coefficients and tangents of views are formed in double
 * on the host, view by view in pieces of fixed size; kernels/ct/project/ray_gradient.k does the
 * rays. */
#include <math.h>
#include <string.h>

#include "array/launch.h"
#include "ct/project/project.h"
#include "ct/project/rays.h"
#include "op/op.h"

#define PIECE 32    /* views handled at a time: host memory is on the stack */
#define TANGENT 18  /* D0 D1 D2 M0 M1 M2 */
#define ROW_SUMS 12 /* of a detector row, kernels/ct/project/ray_gradient.k */
#define ROWS 64     /* detector rows read at a time */

typedef struct gradient_state {
    vxg_ct_geometry *geo;
    vxg_ct_volume vol;
    vxg_real real;
    int planar;
} gradient_state;

static void gradient_free(void *state) {
    gradient_state *p = state;
    vxg_ct_geometry_release(p->geo);
    vxg__free(p);
}

/* ---- Pieces of arrays ---- */
/* n elements from `first` on of a contiguous array (borrowed). */
static vxg_array piece_of(const vxg_array *a, int64_t first, int64_t n) {
    vxg_array p = *a;
    p.ndim = 1, p.offset += first, p.shape[0] = n, p.stride[0] = 1;
    return p;
}
static int read_piece(vxg_queue *queue, const vxg_array *a, int64_t first, int64_t n, double *to) {
    vxg_array p = piece_of(a, first, n);
    VXG_TRY(vxg_array_read(queue, &p, to));
    for (int64_t i = n - 1; i >= 0 && p.dtype == VXG_F32; i--) { /* backwards: in place */
        float f;
        memcpy(&f, (const char *)to + (size_t)i * sizeof f, sizeof f);
        to[i] = f;
    }
    return VXG_OK;
}
static int write_piece(vxg_queue *queue, const vxg_array *a, int64_t first, int64_t n,
                       double *from) {
    vxg_array p = piece_of(a, first, n);
    for (int64_t i = 0; i < n && p.dtype == VXG_F32; i++) {
        const float f = (float)from[i];
        memcpy((char *)from + (size_t)i * sizeof f, &f, sizeof f);
    }
    return vxg_array_write(queue, &p, from);
}

/* ---- Views ---- */
/* The transpose of vxg__ct_to_index: a gradient by an index vector as one by the world's. */
static void from_index(const vxg_ct_volume *v, const double *index, double *out) {
    const double t[3] = {index[0] / v->dx, index[1] / v->dy, index[2] / v->dz};
    for (int i = 0; i < 3; i++) out[i] = vxg__dot3(v->rotation + 3 * i, t);
}

/* In 2-D rays stay in the slice: neither V nor a component across it does anything. */
static void keep_planar(int planar, double (*t)[3]) {
    if (!planar) return;
    t[0][2] = t[1][2] = t[2][2] = 0;
    t[3][0] = t[3][1] = t[3][2] = 0;
}

/* A view of the geometry plus delta, in index units, and its coefficients. A parallel beam's r has
 * world length 1; *scale is what a change of r, or of d - s, becomes in D. */
typedef struct moved_view {
    vxg_ct_view v;
    double coef[VXG_RAY_COEFS];
    double scale;
} moved_view;

static int move_view(const gradient_state *p, int64_t index, const double *delta, moved_view *m) {
    const vxg_ct_beam beam = vxg_ct_geometry_beam(p->geo);
    const int64_t nu = vxg_ct_geometry_nu(p->geo), nv = vxg_ct_geometry_nv(p->geo);
    const vxg_ct_views views = {.beam = beam, .nviews = 1, .nv = nv, .nu = nu};
    const vxg_ct_view *world = vxg_ct_geometry_view(p->geo, index);
    double *const vectors[4] = {m->v.s, m->v.d, m->v.U, m->v.V}, t[4][3];
    for (int f = 0; f < 4; f++) vxg__ct_to_index(&p->vol, delta + 3 * f, 0, t[f]);
    keep_planar(p->planar, t);
    if (beam == VXG_CT_BEAM_PARALLEL) {
        vxg__ct_index_view(&p->vol, world, &m->v);
        m->scale = 1 / vxg__norm3(world->r);
        for (int i = 0; i < 3; i++) t[0][i] *= m->scale;
    } else {
        vxg__ct_index_cone(&p->vol, world, &m->v);
    }
    if (p->planar) VXG_TRY(vxg__ct_ray_planar(&p->vol, beam, index, &m->v));
    for (int i = 0; i < 12; i++) vectors[i / 3][i % 3] += t[i / 3][i % 3];
    int status = vxg__ct_view_check(&views, &m->v, index);
    if (status) return vxg_error_context(status, "geometry + delta, in voxels");
    vxg__ct_ray_flat(&p->vol, beam, &m->v, nu, nv, m->coef);
    if (beam == VXG_CT_BEAM_CONE) {
        double a[3];
        for (int i = 0; i < 3; i++) a[i] = m->v.d[i] - m->v.s[i];
        m->scale = 1 / vxg__norm3(a);
    }
    return VXG_OK;
}

/* out += a x b */
static void add_cross(const double *a, const double *b, double *out) {
    double c[3];
    vxg__cross3(a, b, c);
    for (int i = 0; i < 3; i++) out[i] += c[i];
}

/* The change of (D0 D1 D2 M0 M1 M2) under the change t of (s | r, d, U, V). The length of D does
 * not matter to a ray, so it is taken as it is. Cone: M = s x D. Parallel: D0 = r, M_j = x_j x r.
 */
static void tangent_of(const gradient_state *p, const moved_view *m, const double *delta,
                       double *out) {
    double t[4][3], *d = out, *moment = out + 9;
    const double *c = m->coef, *points[3] = {m->v.d, m->v.U, m->v.V};
    memset(out, 0, TANGENT * sizeof *out);
    for (int f = 0; f < 4; f++) vxg__ct_to_index(&p->vol, delta + 3 * f, 0, t[f]);
    keep_planar(p->planar, t);
    if (vxg_ct_geometry_beam(p->geo) == VXG_CT_BEAM_PARALLEL) {
        for (int i = 0; i < 3; i++) d[i] = m->scale * t[0][i];
        for (int j = 0; j < 3; j++) {
            add_cross(t[1 + j], c + RAY_D, moment + 3 * j);
            add_cross(points[j], d, moment + 3 * j);
        }
        return;
    }
    for (int i = 0; i < 3; i++) {
        d[i] = m->scale * (t[1][i] - t[0][i]);
        d[3 + i] = m->scale * t[2][i], d[6 + i] = m->scale * t[3][i];
    }
    for (int j = 0; j < 3; j++) {
        add_cross(t[0], c + RAY_D + 3 * j, moment + 3 * j);
        add_cross(m->v.s, d + 3 * j, moment + 3 * j);
    }
}

/* Its transpose: g holds the gradient by (D0 D1 D2 M0 M1 M2). */
static void tangent_transposed(const gradient_state *p, const moved_view *m, const double *g,
                               double *delta) {
    double t[4][3] = {{0}}, h[3][3];
    const double *c = m->coef, *moment = g + 9, *points[3] = {m->v.d, m->v.U, m->v.V};
    if (vxg_ct_geometry_beam(p->geo) == VXG_CT_BEAM_PARALLEL) {
        for (int i = 0; i < 3; i++) t[0][i] = g[i];
        for (int j = 0; j < 3; j++) {
            add_cross(moment + 3 * j, points[j], t[0]);
            add_cross(c + RAY_D, moment + 3 * j, t[1 + j]);
        }
        for (int i = 0; i < 3; i++) t[0][i] *= m->scale;
    } else {
        memcpy(h, g, sizeof h);
        for (int j = 0; j < 3; j++) add_cross(moment + 3 * j, m->v.s, h[j]);
        for (int i = 0; i < 3; i++) {
            t[0][i] = -m->scale * h[0][i], t[1][i] = m->scale * h[0][i];
            t[2][i] = m->scale * h[1][i], t[3][i] = m->scale * h[2][i];
        }
        for (int j = 0; j < 3; j++) add_cross(c + RAY_D + 3 * j, moment + 3 * j, t[0]);
    }
    keep_planar(p->planar, t);
    for (int f = 0; f < 4; f++) from_index(&p->vol, t[f], delta + 3 * f);
}

/* ---- Device arrays of a call ---- */
typedef struct scratch {
    vxg_array coef, tangent, sums;
} scratch;

static int64_t views_of(const gradient_state *p, const vxg_call *call) {
    return vxg__call_count(call, vxg_ct_geometry_nviews(p->geo));
}
/* The call's entries are handled in pieces of views that follow each other: how many there are from
 * entry i on, and the first of them. */
static int64_t next_views(const gradient_state *p, const vxg_call *call, int64_t i, int64_t *view) {
    const int64_t n = call->subset ? vxg_subset_run(call->subset, i) : views_of(p, call) - i;
    *view = call->subset ? vxg_subset_at(call->subset, i) : i;
    return n < PIECE ? n : PIECE;
}

/* Of all the call's views. */
static vxg_space table_space(const gradient_state *p, const vxg_call *call, int64_t per_view) {
    return (vxg_space){
        .dtype = vxg_real_dtype(p->real), .ndim = 1, .shape = {views_of(p, call) * per_view}};
}
static int64_t sums_per_view(const gradient_state *p) {
    return vxg_ct_geometry_nv(p->geo) * ROW_SUMS;
}

static int scratch_of(const gradient_state *p, const vxg_call *call, scratch *s) {
    vxg_call c = *call;
    const vxg_space coef = table_space(p, call, vxg__ct_ray_row_size(p->real)),
                    tangent = table_space(p, call, TANGENT);
    const vxg_space sums = table_space(p, call, sums_per_view(p));
    VXG_TRY(vxg_call_workspace(&c, &coef, &s->coef));
    VXG_TRY(vxg_call_workspace(&c, &tangent, &s->tangent));
    return vxg_call_workspace(&c, &sums, &s->sums);
}
static size_t gradient_workspace(const vxg_op *op, const vxg_call *call) {
    const gradient_state *p = vxg_op_state(op);
    const vxg_space coef = table_space(p, call, vxg__ct_ray_row_size(p->real)),
                    tangent = table_space(p, call, TANGENT);
    const vxg_space sums = table_space(p, call, sums_per_view(p));
    return vxg_space_bytes(&coef) + vxg_space_bytes(&tangent) + vxg_space_bytes(&sums);
}

/* Coefficients of geometry + delta to the device and, where there is one, the tangent. */
static int prepare(const gradient_state *p, const vxg_call *call, const vxg_array *delta,
                   const vxg_array *tangent, const scratch *s) {
    const int64_t nviews = views_of(p, call);
    const int64_t width = vxg__ct_ray_row_size(p->real);
    const size_t bytes = (size_t)width * vxg_dtype_size(vxg_real_dtype(p->real));
    const int64_t nu = vxg_ct_geometry_nu(p->geo), nv = vxg_ct_geometry_nv(p->geo);
    double moves[PIECE * 12], along[PIECE * 12] = {0};
    double change[PIECE * TANGENT], rows[PIECE * VXG_RAY_ROW];
    for (int64_t first = 0, n, view; first < nviews; first += n) {
        n = next_views(p, call, first, &view);
        VXG_TRY(read_piece(call->queue, delta, view * 12, n * 12, moves));
        if (tangent) VXG_TRY(read_piece(call->queue, tangent, view * 12, n * 12, along));
        for (int64_t i = 0; i < n; i++) {
            moved_view m;
            VXG_TRY(move_view(p, view + i, moves + i * 12, &m));
            vxg__ct_ray_row(&p->vol, nu, nv, p->real, m.coef, (char *)rows + (size_t)i * bytes);
            if (tangent) tangent_of(p, &m, along + i * 12, change + i * TANGENT);
        }
        const vxg_array piece = piece_of(&s->coef, first * width, n * width);
        VXG_TRY(vxg_array_write(call->queue, &piece, rows));
        if (!tangent) continue;
        VXG_TRY(write_piece(call->queue, &s->tangent, first * TANGENT, n * TANGENT, change));
    }
    return VXG_OK;
}

static int launch(const vxg_op *op, const vxg_call *call, const char *kernel, int accumulate,
                  const int64_t *global, const vxg_array *const *arrays, int n) {
    const gradient_state *p = vxg_op_state(op);
    vxg_launch l = {0};
    vxg__ct_ray_sizes(p->geo, &p->vol, views_of(p, call), 0, accumulate, &l);
    for (int i = 0; i < 3; i++) l.global[i] = global[i];
    for (int i = 0; i < n; i++) vxg__push_array(&l, arrays[i]);
    return vxg__launch(vxg_op_device(op), call->queue, kernel, p->real, &l);
}

static void sizes_of(const gradient_state *p, const vxg_call *call, int64_t *voxels,
                     int64_t *pixels) {
    voxels[0] = p->vol.nx, voxels[1] = p->vol.ny, voxels[2] = p->vol.nz;
    pixels[0] = vxg_ct_geometry_nu(p->geo), pixels[1] = vxg_ct_geometry_nv(p->geo);
    pixels[2] = views_of(p, call);
}

/* ---- The operator ---- */
static int gradient_apply(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                          const vxg_array *out) {
    const gradient_state *p = vxg_op_state(op);
    scratch s;
    int64_t voxels[3], pixels[3];
    sizes_of(p, call, voxels, pixels);
    VXG_TRY(scratch_of(p, call, &s));
    VXG_TRY(prepare(p, call, &in[1], NULL, &s));
    return launch(op, call, "cone_joseph", call->accumulate, pixels,
                  (const vxg_array *[]){&in[0], &s.coef, out}, 3);
}

static int gradient_jvp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                        const vxg_array *tangent, const vxg_array *out) {
    const gradient_state *p = vxg_op_state(op);
    const int moves = tangent[1].buffer != NULL;
    scratch s;
    int64_t voxels[3], pixels[3];
    int adds = call->accumulate;
    sizes_of(p, call, voxels, pixels);
    VXG_TRY(scratch_of(p, call, &s));
    VXG_TRY(prepare(p, call, &in[1], moves ? &tangent[1] : NULL, &s));
    if (tangent[0].buffer) {
        VXG_TRY(launch(op, call, "cone_joseph", adds, pixels,
                       (const vxg_array *[]){&tangent[0], &s.coef, out}, 3));
        adds = 1;
    }
    if (!moves) return VXG_OK;
    return launch(op, call, "gradient_jvp", adds, pixels,
                  (const vxg_array *[]){&in[0], &s.coef, &s.tangent, out}, 4);
}

/* Sums of a view's rows: the gradient by D0 D1 D2 M0 M1 M2. */
static int view_gradient(const gradient_state *p, const vxg_call *call, const vxg_array *sums,
                         int64_t view, double *g) {
    const int64_t nv = vxg_ct_geometry_nv(p->geo);
    double rows[ROWS * ROW_SUMS];
    memset(g, 0, TANGENT * sizeof *g);
    for (int64_t first = 0; first < nv; first += ROWS) {
        const int64_t n = nv - first < ROWS ? nv - first : ROWS;
        VXG_TRY(read_piece(call->queue, sums, (view * nv + first) * ROW_SUMS, n * ROW_SUMS, rows));
        for (int64_t i = 0; i < n; i++) {
            const double r = (double)(first + i) - 0.5 * (double)(nv - 1), *s = rows + i * ROW_SUMS;
            for (int k = 0; k < 6; k++) {
                double *to = g + (k < 3 ? k : 6 + k); /* D0 .. D2, M0 .. M2: 3, 3, 3 */
                to[0] += s[k], to[3] += s[6 + k], to[6] += r * s[k];
            }
        }
    }
    return VXG_OK;
}

static int geometry_vjp(const vxg_op *op, const vxg_call *call, const scratch *s,
                        const vxg_array *delta, const vxg_array *grad) {
    const gradient_state *p = vxg_op_state(op);
    const int64_t nviews = views_of(p, call);
    const int adds = call->accumulate || call->subset; /* a view may be there twice */
    double moves[PIECE * 12], to[PIECE * 12], g[TANGENT];
    if (call->subset && !call->accumulate) VXG_TRY(vxg_array_fill(call->queue, grad, 0));
    for (int64_t first = 0, n, view; first < nviews; first += n) {
        n = next_views(p, call, first, &view);
        VXG_TRY(read_piece(call->queue, delta, view * 12, n * 12, moves));
        memset(to, 0, sizeof to);
        if (adds) VXG_TRY(read_piece(call->queue, grad, view * 12, n * 12, to));
        for (int64_t i = 0; i < n; i++) {
            double back[12];
            moved_view m;
            VXG_TRY(move_view(p, view + i, moves + i * 12, &m));
            VXG_TRY(view_gradient(p, call, &s->sums, first + i, g));
            tangent_transposed(p, &m, g, back);
            for (int k = 0; k < 12; k++) to[i * 12 + k] += back[k];
        }
        VXG_TRY(write_piece(call->queue, grad, view * 12, n * 12, to));
    }
    return VXG_OK;
}

static int gradient_vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                        const vxg_array *cotangent, const vxg_array *grad) {
    const gradient_state *p = vxg_op_state(op);
    scratch s;
    int64_t voxels[3], pixels[3];
    sizes_of(p, call, voxels, pixels);
    VXG_TRY(scratch_of(p, call, &s));
    VXG_TRY(prepare(p, call, &in[1], NULL, &s));
    if (grad[0].buffer)
        VXG_TRY(launch(op, call, "cone_joseph_adjoint", call->accumulate, voxels,
                       (const vxg_array *[]){cotangent, &s.coef, &grad[0]}, 3));
    if (!grad[1].buffer) return VXG_OK;
    const int64_t rows[3] = {pixels[1], pixels[2], 1};
    VXG_TRY(launch(op, call, "gradient_vjp", 0, rows,
                   (const vxg_array *[]){&in[0], &s.coef, cotangent, &s.sums}, 4));
    return geometry_vjp(op, call, &s, &in[1], &grad[1]);
}

/* ---- Bound to a geometry: the projector of the moved views, which may have a schedule ---- */
/* In 2-D nothing leaves the slice: v without what lies across it, a point seen from the middle. */
static void flatten(const vxg_ct_volume *vol, int point, double *v) {
    double across = 0;
    for (int i = 0; i < 3; i++)
        across += vol->rotation[3 * i + 2] * (v[i] - (point ? vol->center[i] : 0));
    for (int i = 0; i < 3; i++) v[i] -= across * vol->rotation[3 * i + 2];
}

static int moved_views(const gradient_state *p, const vxg_array *delta, vxg_ct_view *views) {
    const int cone = vxg_ct_geometry_beam(p->geo) == VXG_CT_BEAM_CONE;
    const int64_t nviews = vxg_ct_geometry_nviews(p->geo);
    double moves[PIECE * 12];
    for (int64_t first = 0; first < nviews; first += PIECE) {
        const int64_t n = nviews - first < PIECE ? nviews - first : PIECE;
        VXG_TRY(read_piece(NULL, delta, first * 12, n * 12, moves));
        for (int64_t i = 0; i < n; i++) {
            vxg_ct_view *const v = &views[first + i];
            *v = *vxg_ct_geometry_view(p->geo, first + i);
            double *const vectors[4] = {cone ? v->s : v->r, v->d, v->U, v->V};
            for (int k = 0; k < (p->planar ? 9 : 12); k++)
                vectors[k / 3][k % 3] += moves[12 * i + k];
            for (int f = 0; f < 3 && p->planar; f++)
                flatten(&p->vol, f == 1 || (f == 0 && cone), vectors[f]);
        }
    }
    return VXG_OK;
}

static int gradient_bind(const vxg_op *op, int input, const vxg_array *value, vxg_op **out) {
    const gradient_state *p = vxg_op_state(op);
    const int64_t nviews = vxg_ct_geometry_nviews(p->geo);
    vxg_ct_geometry *geo = NULL;
    if (input != 1) return VXG_OK;
    vxg_ct_view *views = vxg__calloc((size_t)nviews, sizeof *views);
    if (!views) return VXG_ERR_MEMORY;
    int status = moved_views(p, value, views);
    if (!status)
        status = (vxg_ct_geometry_beam(p->geo) == VXG_CT_BEAM_CONE ? vxg_ct_cone_views
                                                                   : vxg_ct_parallel_views)(
            nviews, vxg_ct_geometry_nv(p->geo), vxg_ct_geometry_nu(p->geo), views, &geo);
    if (status == VXG_ERR_ARGUMENT) status = vxg_error_context(status, "geometry + delta");
    if (!status)
        status = (p->planar ? vxg_ct_projector2d : vxg_ct_projector)(
            vxg_op_device(op), geo, &p->vol, &(vxg_ct_projector_opts){.real = p->real}, out);
    vxg_ct_geometry_release(geo);
    vxg__free(views);
    return status;
}

static const vxg_op_class gradient_class = {.name = "ct.geometry.joseph",
                                            .accumulates = 1,
                                            .apply = gradient_apply,
                                            .jvp = gradient_jvp,
                                            .vjp = gradient_vjp,
                                            .bind = gradient_bind,
                                            .workspace = gradient_workspace,
                                            .destroy = gradient_free};

static int check_arguments(const vxg_ct_geometry *geo, const vxg_ct_projector_opts *opts) {
    VXG_FAIL_IF(!geo, VXG_ERR_ARGUMENT, "projector_geometry: geometry is NULL");
    VXG_TRY(vxg__real_check(opts->real, "projector_geometry"));
    VXG_FAIL_IF(opts->model != VXG_CT_JOSEPH, VXG_ERR_ARGUMENT,
                "projector_geometry: model: Joseph alone has derivatives by the geometry");
    VXG_FAIL_IF(vxg_ct_geometry_detector(geo) != VXG_CT_DETECTOR_FLAT, VXG_ERR_ARGUMENT,
                "projector_geometry: detector: flat alone has derivatives by the geometry");
    return VXG_OK;
}

static int make(vxg_device *dev, const vxg_ct_geometry *geo, const vxg_ct_volume *vol,
                const vxg_ct_projector_opts *opts, int planar, vxg_op **out) {
    vxg_ct_volume checked = {0};
    vxg_space in[2] = {{0}}, projections;
    moved_view m;
    const double still[12] = {0};
    VXG_FAIL_IF(!dev || !out, VXG_ERR_ARGUMENT, "projector_geometry: device or out is NULL");
    *out = NULL;
    VXG_READ_OPTS(vxg_ct_projector_opts, opts);
    VXG_TRY(check_arguments(geo, opts));
    VXG_TRY(vxg__ct_volume_check(vol, &checked));
    gradient_state *p = vxg__calloc(1, sizeof *p);
    if (!p) return VXG_ERR_MEMORY;
    p->geo = vxg_ct_geometry_retain(geo);
    p->vol = checked, p->real = opts->real, p->planar = planar;
    int status = VXG_OK;
    for (int64_t i = 0; i < vxg_ct_geometry_nviews(geo) && planar && !status; i++)
        status = move_view(p, i, still, &m);
    if (status) {
        gradient_free(p);
        return status;
    }
    vxg__ct_spaces(geo, &p->vol, opts->real, planar, &in[0], &projections);
    in[1] = (vxg_space){.dtype = vxg_real_dtype(opts->real),
                        .ndim = 3,
                        .shape = {vxg_ct_geometry_nviews(geo), 4, 3}};
    const vxg_op_opts op = {.linear = 1,
                            .device = dev,
                            .in = in,
                            .ninputs = 2,
                            .subsets = VXG_SUBSETS_EXACT,
                            .out = &projections,
                            .state = p};
    return vxg_op_new(&gradient_class, &op, out);
}

int vxg_ct_projector_geometry(vxg_device *dev, const vxg_ct_geometry *geo, const vxg_ct_volume *vol,
                              const vxg_ct_projector_opts *opts, vxg_op **out) {
    return make(dev, geo, vol, opts, 0, out);
}

int vxg_ct_projector2d_geometry(vxg_device *dev, const vxg_ct_geometry *geo,
                                const vxg_ct_volume *vol, const vxg_ct_projector_opts *opts,
                                vxg_op **out) {
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "projector2d_geometry: out is NULL");
    *out = NULL;
    VXG_FAIL_IF(!geo || !vol || vxg_ct_geometry_nv(geo) != 1 || vol->nz != 1, VXG_ERR_ARGUMENT,
                "projector2d_geometry: one detector row and one slice are expected");
    return make(dev, geo, vol, opts, 1, out);
}
