/* Joseph's and Siddon's cone-beam projections and their adjoints on the cpu: which scans, their
 * tables, and running the units of kernels/ct/schedule/cone_joseph.cpu.h and siddon.cpu.h. */
#include "ct/schedule/cone_joseph.h"

#include <math.h>

#include "array/launch.h"
#include "kernels/ct/schedule/cone_joseph_args.h"
#include "ct/schedule/rays.h"
#include "device/cpu/cpu.h"

#define FORWARD_BYTES (10 << 20) /* a worker's projections */
#define PACK_BYTES (32 << 20)    /* the adjoint's copy of a chunk of views ... */
#define PACK_VIEWS 32            /* ... which has this many views ... */
#define PACK_MOST (256 << 20)    /* ... unless that is more */
#define TIE 1.0000305            /* K_RAY_TIE of kernels/ct/project/ray.h */

/* Which kernels: one slice by itself, in the plane of its rays, has its own. */
typedef enum plan_kind { JOSEPH, SIDDON, SLICE } plan_kind;

struct vxg_cone_joseph_plan {
    plan_kind kind;
    vxg_schedule_fn transpose, forward, pack, adjoint;
    vxg_cj_view *views;
    vxg_cj_column *columns;
    float *tangent;
    vxg_cj_scan scan;
};

/* ---- Tables ---- */
/* The ray of a column at row' = 0, from the coefficients of kernels/ct/project/ray.h; 0 where z is
 * the dominant axis of one of the column's rays. The moment m is s x d. */
static int column_table(const vxg_cj_scan *s, const vxg_ct_volume *vol, const double *coef,
                        double alpha, double beta, int siddon, vxg_cj_column *c) {
    double d[3], m[3];
    vxg__ct_ray_direction(coef, alpha, beta, 0, d);
    vxg__ct_ray_direction(coef + RAY_M - RAY_D, alpha, beta, 0, m);
    const double x = fabs(d[0]), y = fabs(d[1]), step = fabs(coef[RAY_D + 8]);
    const int a = y > (siddon ? 1 : TIE) * x, o = !a, n[2] = {s->nx, s->ny};
    const double da = d[a], middle = 0.5 * (n[a] - 1);
    const double start = (double)(float)coef[RAY_SOURCE + a];
    const double lift = coef[RAY_M + (a ? 6 : 7)] * (coef[RAY_D + 8] < 0 ? -1 : 1);
    if (!(fabs(d[2]) + 0.5 * (s->nv - 1) * step <= fmax(x, y))) return 0;
    c->axis = a;
    c->sb = d[o] / da;
    c->b = (a ? m[2] : -m[2]) / da + 0.5 * (n[o] - 1);
    c->sc = d[2] / da;
    c->c = (a ? -m[0] : m[1]) / da + 0.5 * (s->nz - 1);
    c->ds = step / da;
    c->d = (a ? -lift : lift) / da;
    c->across = (float)((pow(d[0] * vol->dx, 2) + pow(d[1] * vol->dy, 2)) / (da * da));
    const double first = floor(start + middle) + 1, last = ceil(start + middle);
    c->k0 = da > 0 ? (int32_t)fmin(fmax(first, 0), n[a]) : 0;
    c->k1 = da > 0 ? n[a] : (int32_t)fmin(fmax(last, 0), n[a]);
    const double all[] = {c->sb, c->b, c->sc, c->c, c->ds, c->d, c->across};
    for (int i = 0; i < 7; i++)
        if (!(fabs(all[i]) < 1e6)) return 0;
    /* Siddon's heights count modulo 1024 voxels: a vector of rows stays within a tile's reach */
    const double steep = fabs(c->d) + fabs(c->ds) * 0.5 * (n[a] + 1);
    return !siddon || steep < 16;
}

/* Rows must be steps along z: what V leans moves no ray of a column by 10^-6 voxel. */
static int view_frame(const vxg_cj_scan *s, const double *coef, vxg_cj_view *v) {
    const double *const d = coef + RAY_D, *const from = coef + RAY_SOURCE;
    const double far = fabs(from[0]) + fabs(from[1]) + fabs(from[2]) + s->nx + s->ny;
    const double u = hypot(d[3], d[4]), side = d[3] * d[1] - d[4] * d[0];
    if (!(far < 1e6) || !(hypot(d[6], d[7]) * s->nv * far < 1e-6)) return 0;
    if (!(fabs(side) > 1e-9 * u * hypot(d[0], d[1]))) return 0;
    const double sign = side < 0 ? -1 : 1;
    *v = (vxg_cj_view){.s = {from[0], from[1]}, .flip = d[8] < 0};
    v->n[0] = -sign * d[4] / u, v->n[1] = sign * d[3] / u;
    v->e[0] = d[3] / u, v->e[1] = d[4] / u;
    return 1;
}

static int view_table(vxg_cone_joseph_plan *p, const vxg_ray_state *state, int view) {
    const double *const coef = state->coef64 + (int64_t)view * VXG_RAY_COEFS;
    const int nu = p->scan.nu;
    const double *const table =
        state->tables ? state->table64 + 2 * nu * (int64_t)coef[RAY_TABLE] : NULL;
    vxg_cj_view *const v = p->views + view;
    if (!view_frame(&p->scan, coef, v)) return 0;
    for (int q = 0; q < nu; q++) {
        const int64_t at = (int64_t)view * nu + q;
        const double alpha = table ? table[2 * q] : 1;
        const double beta = table ? table[2 * q + 1] : q - 0.5 * (nu - 1);
        double d[3];
        if (!column_table(&p->scan, &state->vol, coef, alpha, beta, p->kind == SIDDON,
                          p->columns + at))
            return 0;
        vxg__ct_ray_direction(coef, alpha, beta, 0, d);
        const double depth = d[0] * v->n[0] + d[1] * v->n[1];
        p->tangent[at] = (float)((d[0] * v->e[0] + d[1] * v->e[1]) / depth);
        if (!(depth > 0) || (q && !(p->tangent[at] >= p->tangent[at - 1]))) return 0;
    }
    return 1;
}

int vxg__columns_sizes(const vxg_ct_geometry *geo, const vxg_ct_volume *vol, vxg_cj_scan *s) {
    const int64_t n[] = {vol->nz,
                         vol->ny,
                         vol->nx,
                         vxg_ct_geometry_nv(geo),
                         vxg_ct_geometry_nu(geo),
                         vxg_ct_geometry_nviews(geo)};
    const int64_t most[] = {1 << 13, 1 << 13, 1 << 13, 1 << 13, 1 << 16, 1 << 24};
    int *const to[] = {&s->nz, &s->ny, &s->nx, &s->nv, &s->nu, &s->nviews};
    for (int i = 0; i < 6; i++) {
        if (n[i] > most[i]) return 0;
        *to[i] = (int)n[i];
    }
    const int64_t chunks = (vol->nz + VXG_CJ_ZCHUNK - 1) / VXG_CJ_ZCHUNK;
    s->zchunk = (int)vxg_cj_round((vol->nz + chunks - 1) / chunks);
    s->up = (float)vol->dz;
    return 1;
}

void vxg__cone_joseph_plan_free(vxg_cone_joseph_plan *p) {
    if (!p) return;
    vxg__free(p->views);
    vxg__free(p->columns);
    vxg__free(p->tangent);
    vxg__free(p);
}

/* One slice, and one row that lies in its middle. */
static int is_slice(const vxg_cone_joseph_plan *p) {
    const vxg_cj_scan *s = &p->scan;
    const int64_t n = (int64_t)s->nviews * s->nu;
    int flat = p->kind == JOSEPH && s->nz == 1 && s->nv == 1;
    for (int64_t i = 0; i < n && flat; i++)
        flat = fabs(p->columns[i].c) + fabs(p->columns[i].sc) * (s->nx + s->ny) < 1e-7;
    return flat;
}

/* The kernels of the plan's kind; 0 where the device has none. */
static int find_kernels(const vxg_device *dev, vxg_cone_joseph_plan *p) {
    static const char *const names[][4] = {{"cj_slab", "cj_forward", "cj_pack", "cj_adjoint"},
                                           {"cj_slab", "sd_forward", "cj_pack", "sd_adjoint"},
                                           {"fs_pad", "fs_forward", "cj_pack", "fs_adjoint"}};
    p->transpose = vxg__cpu_schedule(dev, names[p->kind][0]);
    p->forward = vxg__cpu_schedule(dev, names[p->kind][1]);
    p->pack = vxg__cpu_schedule(dev, names[p->kind][2]);
    p->adjoint = vxg__cpu_schedule(dev, names[p->kind][3]);
    return p->transpose && p->forward && p->pack && p->adjoint;
}

int vxg__cone_joseph_plan_new(const vxg_device *dev, const vxg_ray_state *state, int siddon,
                              vxg_cone_joseph_plan **out) {
    vxg_cone_joseph_plan plan = {.kind = siddon ? SIDDON : JOSEPH};
    *out = NULL;
    if (!find_kernels(dev, &plan) || !vxg__columns_sizes(state->geo, &state->vol, &plan.scan))
        return VXG_OK;
    const size_t nviews = (size_t)plan.scan.nviews, pixels = nviews * (size_t)plan.scan.nu;
    vxg_cone_joseph_plan *p = vxg__calloc(1, sizeof *p);
    if (!p) return VXG_ERR_MEMORY;
    plan.views = vxg__calloc(nviews, sizeof *plan.views);
    plan.columns = plan.views ? vxg__calloc(pixels, sizeof *plan.columns) : NULL;
    plan.tangent = plan.columns ? vxg__calloc(pixels, sizeof *plan.tangent) : NULL;
    plan.scan.views = plan.views, plan.scan.columns = plan.columns;
    plan.scan.tangent = plan.tangent;
    *p = plan;
    int good = 1;
    for (int v = 0; v < plan.scan.nviews && good && p->tangent; v++) good = view_table(p, state, v);
    if (p->tangent && good && is_slice(p)) {
        p->kind = SLICE;
        good = find_kernels(dev, p);
    }
    if (!p->tangent || !good) {
        const int status = p->tangent ? VXG_OK : VXG_ERR_MEMORY;
        vxg__cone_joseph_plan_free(p);
        return status;
    }
    *out = p;
    return VXG_OK;
}

int64_t vxg__cone_joseph_plan_bytes(const vxg_cone_joseph_plan *p) {
    const int64_t column = (int64_t)(sizeof *p->columns + sizeof *p->tangent);
    return p->scan.nviews * (p->scan.nu * column + (int64_t)sizeof *p->views);
}

/* ---- Running ---- */
static int64_t view_bytes(const vxg_cj_scan *s) {
    return s->nu * vxg_cj_pack_height(s) * (int64_t)sizeof(float);
}

int vxg__columns_chunk(const vxg_cj_scan *s) {
    int64_t n = PACK_BYTES / view_bytes(s), more = PACK_MOST / view_bytes(s);
    if (n < PACK_VIEWS) n = more < PACK_VIEWS ? more : PACK_VIEWS;
    if (n < 1) n = 1;
    return n < s->nviews ? (int)n : s->nviews;
}

size_t vxg__columns_copy(const vxg_cj_scan *s) {
    const int64_t adjoint = vxg__columns_chunk(s) * view_bytes(s);
    const int64_t forward = vxg_cj_slab_floats(s) * (int64_t)sizeof(float);
    return (size_t)(adjoint > forward ? adjoint : forward);
}

/* n split into equal parts of at most `most`. */
static int part(int n, int most) {
    const int parts = (n + most - 1) / most;
    return (n + parts - 1) / parts;
}

int64_t vxg__columns_cut(const vxg_cj_scan *s, vxg_cj_forward_args *a) {
    a->columns = part(s->nu, 512), a->rows = (int)vxg_cj_round(part(s->nv, 512));
    const int64_t blocks =
        (int64_t)((s->nu + a->columns - 1) / a->columns) * ((s->nv + a->rows - 1) / a->rows);
    /* views that share one walk through the volume, as many as leave 16 units */
    int64_t n = FORWARD_BYTES / ((int64_t)a->columns * a->rows * 4), all = s->nviews * blocks / 16;
    if (n > all) n = all;
    if (n > 32) n = 32;
    if (n < 4) n = 4;
    a->views = n < s->nviews ? (int)n : s->nviews;
    return blocks * ((s->nviews + a->views - 1) / a->views);
}

/* The same of a plan's call: a unit of one slice has all columns. */
static int64_t forward_units(const vxg_cone_joseph_plan *p, const vxg_cj_scan *s,
                             vxg_cj_forward_args *a) {
    if (p->kind != SLICE) return vxg__columns_cut(s, a);
    int64_t n = s->nviews / 16, most = FORWARD_BYTES / ((int64_t)s->nu * 4);
    if (n > most) n = most;
    if (n > 32) n = 32;
    if (n < 4) n = 4;
    a->columns = s->nu, a->rows = 1, a->views = n < s->nviews ? (int)n : s->nviews;
    return (s->nviews + a->views - 1) / a->views;
}

/* A worker's, for either direction. */
static size_t adjoint_bytes(const vxg_cone_joseph_plan *p, const vxg_cj_scan *s) {
    const int64_t floats = p->kind == SIDDON  ? vxg_siddon_adjoint_floats(s)
                           : p->kind == SLICE ? VXG_FS_ADJOINT_FLOATS
                                              : vxg_cj_adjoint_floats(s);
    return (size_t)floats * sizeof(float);
}
static size_t forward_bytes(const vxg_cone_joseph_plan *p, const vxg_cj_forward_args *a) {
    return (size_t)(p->kind == SLICE ? vxg_fs_forward_floats(a) : vxg_cj_forward_floats(a)) *
           sizeof(float);
}
static size_t copied_bytes(const vxg_cone_joseph_plan *p, const vxg_cj_scan *s) {
    return p->kind == SLICE ? (size_t)vxg_fs_pad_floats(s) * sizeof(float) : vxg__columns_copy(s);
}
static size_t worker_bytes(const vxg_cone_joseph_plan *p, const vxg_cj_scan *s) {
    vxg_cj_forward_args a = {.scan = *s};
    forward_units(p, s, &a);
    const size_t forward = forward_bytes(p, &a);
    const size_t adjoint = adjoint_bytes(p, s);
    return forward > adjoint ? forward : adjoint;
}

size_t vxg__cone_joseph_plan_workspace(const vxg_cone_joseph_plan *p, const vxg_call *call) {
    vxg_cj_scan s = p->scan;
    s.nviews = (int)vxg__call_count(call, s.nviews);
    return vxg_workspace_bytes(copied_bytes(p, &s)) +
           vxg_workspace_bytes(vxg__cpu_scratch(worker_bytes(p, &s))) +
           vxg__call_rows_bytes(call, sizeof *s.views) +
           vxg__call_rows_bytes(call, (size_t)s.nu * sizeof *s.columns) +
           vxg__call_rows_bytes(call, (size_t)s.nu * sizeof *s.tangent);
}

/* Memory of a call: a copy of volume or views, and the workers'. */
typedef struct call_memory {
    float *copy;
    void *workers;
} call_memory;

static int forward(const vxg_cone_joseph_plan *p, const vxg_cj_scan *s, const float *in, float *out,
                   const call_memory *m, const vxg_call *call) {
    vxg_cj_slab_args transpose = {.in = in, .out = m->copy, .scan = *s};
    vxg_cj_forward_args a = {.in = m->copy, .out = out, .scan = *s};
    const int64_t units = forward_units(p, s, &a);
    const size_t bytes = forward_bytes(p, &a);
    for (int z = 0; z < s->nz; z += s->zchunk) {
        transpose.z = a.z = z, a.add = call->accumulate || z > 0;
        VXG_TRY(vxg__cpu_run(p->transpose, &transpose, s->ny + 2, 0, call->progress));
        VXG_TRY(vxg__cpu_run_in(p->forward, &a, units, m->workers, bytes, call->progress));
    }
    return VXG_OK;
}

static int adjoint(const vxg_cone_joseph_plan *p, const vxg_cj_scan *s, const float *in, float *out,
                   const call_memory *m, const vxg_call *call) {
    const int chunk = p->kind == SLICE ? s->nviews : vxg__columns_chunk(s);
    const int t = p->kind == SLICE ? VXG_FS_TILE : VXG_CJ_TILE;
    const int64_t tiles = (int64_t)((s->nx + t - 1) / t) * ((s->ny + t - 1) / t) *
                          ((s->nz + s->zchunk - 1) / s->zchunk);
    const size_t bytes = adjoint_bytes(p, s);
    for (int v = 0; v < s->nviews; v += chunk) {
        vxg_cj_pack_args pack = {.in = in, .out = m->copy, .scan = *s, .first = v};
        vxg_cj_adjoint_args a = {.in = m->copy, .out = out, .scan = *s, .first = v};
        a.views = s->nviews - v < chunk ? s->nviews - v : chunk;
        a.add = call->accumulate || v > 0;
        if (p->kind == SLICE)
            a.in = in;
        else
            VXG_TRY(vxg__cpu_run(p->pack, &pack, a.views, 0, call->progress));
        VXG_TRY(vxg__cpu_run_in(p->adjoint, &a, tiles, m->workers, bytes, call->progress));
    }
    return VXG_OK;
}

int vxg__cone_joseph_plan_run(const vxg_cone_joseph_plan *p, int is_adjoint, const vxg_call *call,
                              const vxg_array *in, const vxg_array *out) {
    const float *from = vxg__host_floats(in);
    float *to = vxg__host_floats(out);
    vxg_call c = *call;
    vxg_cj_scan s = p->scan;
    s.nviews = (int)vxg__call_count(call, s.nviews);
    s.views = vxg__call_host_rows(&c, p->views, sizeof *s.views);
    s.columns = vxg__call_host_rows(&c, p->columns, (size_t)s.nu * sizeof *s.columns);
    s.tangent = vxg__call_host_rows(&c, p->tangent, (size_t)s.nu * sizeof *s.tangent);
    const call_memory m = {.copy = vxg_call_scratch(&c, copied_bytes(p, &s)),
                           .workers = vxg_call_scratch(&c, vxg__cpu_scratch(worker_bytes(p, &s)))};
    VXG_FAIL_IF(!s.views || !s.columns || !s.tangent || !m.copy || !m.workers, VXG_ERR_FAILED,
                "projector: the workspace is too small");
    return (is_adjoint ? adjoint : forward)(p, &s, from, to, &m, &c);
}
