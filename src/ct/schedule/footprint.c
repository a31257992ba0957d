/* Separable footprints and their adjoint on the cpu: which scans, and running the units of
 * kernels/ct/schedule/footprint.cpu.h. */
#include "ct/schedule/footprint.h"

#include <math.h>

#include "array/launch.h"
#include "ct/schedule/cone_joseph.h"
#include "kernels/ct/schedule/footprint_args.h"
#include "device/cpu/cpu.h"

#define LEVEL 1e-6 /* pixels by which a shadow may move unseen */

struct vxg_footprint_plan {
    vxg_schedule_fn transpose, forward, pack, adjoint;
    vxg_fp_view *views;
    vxg_fp_scan scan;
};

/* ---- Which scans ---- */
/* Whether all voxels are in front of the source and within the limits of shadows' sizes. */
static int limited(const vxg_cj_scan *s, const vxg_fp_view *v) {
    const double hx = 0.5 * (s->nx + 1), hy = 0.5 * (s->ny + 1), hz = 0.5 * (s->nz + 1);
    const double deep = fabs(v->d[1]) * hx + fabs(v->d[2]) * hy;
    const double least = v->d[0] - deep, far = v->d[0] + deep, side = 0.5 * s->nu + VXG_FP_MOST;
    const double wide = fabs(v->n[1]) + fabs(v->n[2]) + side * (fabs(v->d[1]) + fabs(v->d[2]));
    const double rows = fabs(v->y[0]) + fabs(v->y[1]) * hx + fabs(v->y[2]) * hy + v->y[3] * hz;
    const double columns = fabs(v->n[0]) + fabs(v->n[1]) * hx + fabs(v->n[2]) * hy;
    return least > 1e-3 * far && wide < (VXG_FP_MOST - 2) * least && rows < 1e6 * least &&
           columns < 1e6 * least && v->y[3] > far / 32 && v->y[3] < 64 * least;
}

static int view_of(const vxg_fp_scan *scan, const double *c, vxg_fp_view *v) {
    const vxg_cj_scan *s = &scan->size;
    const double sign = c[9] < 0 ? -1 : 1;
    *v = (vxg_fp_view){.flip = c[9] < 0, .length = c[15]};
    for (int i = 0; i < 3; i++) v->n[i] = c[i], v->d[i] = c[3 + i], v->source[i] = c[12 + i];
    for (int i = 0; i < 4; i++) v->y[i] = sign * c[6 + i];
    const int upright = fabs(c[10]) * s->nv < LEVEL && fabs(c[11]) * s->nu < LEVEL;
    return upright && limited(s, v);
}

/* Whether row z + *offset is slice z, in all views. */
static int rows_are_slices(const vxg_fp_scan *scan, int *offset) {
    const vxg_cj_scan *s = &scan->size;
    for (int i = 0; i < s->nviews; i++) {
        const vxg_fp_view *v = scan->views + i;
        const double first = v->y[0] + 0.5 * (s->nv - s->nz), whole = nearbyint(first);
        const double leans = fabs(v->y[1]) * s->nx + fabs(v->y[2]) * s->ny;
        if (!(leans + fabs(v->y[3] - 1) * s->nz + fabs(first - whole) < LEVEL)) return 0;
        if (i && (int)whole != *offset) return 0;
        *offset = (int)whole;
    }
    return 1;
}

void vxg__footprint_plan_free(vxg_footprint_plan *p) {
    if (p) vxg__free(p->views);
    vxg__free(p);
}

int vxg__footprint_plan_new(const vxg_device *dev, const vxg_ct_geometry *geo,
                            const vxg_ct_volume *vol, const double *coefs,
                            vxg_footprint_plan **out) {
    vxg_footprint_plan plan = {.transpose = vxg__cpu_schedule(dev, "cj_slab"),
                               .forward = vxg__cpu_schedule(dev, "sf_forward"),
                               .pack = vxg__cpu_schedule(dev, "sf_pack"),
                               .adjoint = vxg__cpu_schedule(dev, "sf_adjoint")};
    vxg_fp_scan *const s = &plan.scan;
    *out = NULL;
    if (!plan.transpose || !plan.forward || !plan.pack || !plan.adjoint ||
        !vxg__columns_sizes(geo, vol, &s->size))
        return VXG_OK;
    s->cone = vxg_ct_geometry_beam(geo) == VXG_CT_BEAM_CONE;
    s->dx = (float)vol->dx, s->dy = (float)vol->dy;
    plan.views = vxg__calloc((size_t)s->size.nviews, sizeof *plan.views);
    vxg_footprint_plan *const p = vxg__calloc(1, sizeof *p);
    int good = 1;
    for (int i = 0; i < s->size.nviews && good && plan.views; i++)
        good = view_of(s, coefs + (int64_t)i * VXG_FP_COEFS, plan.views + i);
    if (!plan.views || !p || !good) {
        const int status = plan.views && p ? VXG_OK : VXG_ERR_MEMORY;
        vxg__free(plan.views);
        vxg__free(p);
        return status;
    }
    s->views = plan.views;
    s->aligned = !s->cone && rows_are_slices(s, &s->offset);
    *p = plan;
    *out = p;
    return VXG_OK;
}

/* ---- Running ---- */
/* A worker's, for either direction. */
static size_t worker_bytes(const vxg_cj_scan *s) {
    vxg_cj_forward_args cut = {.scan = *s};
    vxg__columns_cut(s, &cut);
    const int64_t forward = vxg_fp_forward_floats(&cut), adjoint = vxg_fp_adjoint_floats(s);
    return (size_t)(forward > adjoint ? forward : adjoint) * sizeof(float);
}

size_t vxg__footprint_plan_workspace(const vxg_footprint_plan *p, const vxg_call *call) {
    vxg_cj_scan s = p->scan.size;
    s.nviews = (int)vxg__call_count(call, s.nviews);
    return vxg_workspace_bytes(vxg__columns_copy(&s)) +
           vxg_workspace_bytes(vxg__cpu_scratch(worker_bytes(&s))) +
           vxg__call_rows_bytes(call, sizeof *p->views);
}

/* Memory of a call: a copy of volume or views, and the workers'. */
typedef struct call_memory {
    float *copy;
    void *workers;
} call_memory;

static int forward(const vxg_footprint_plan *p, const vxg_fp_scan *s, const float *in, float *out,
                   const call_memory *m, const vxg_call *call) {
    const vxg_cj_scan *size = &s->size;
    vxg_cj_slab_args transpose = {.in = in, .out = m->copy, .scan = *size};
    vxg_fp_forward_args a = {.cut = {.in = m->copy, .out = out, .scan = *size}, .scan = *s};
    const int64_t units = vxg__columns_cut(size, &a.cut);
    const size_t bytes = (size_t)vxg_fp_forward_floats(&a.cut) * sizeof(float);
    for (int z = 0; z < size->nz; z += size->zchunk) {
        transpose.z = a.cut.z = z, a.cut.add = call->accumulate || z > 0;
        VXG_TRY(vxg__cpu_run(p->transpose, &transpose, size->ny + 2, 0, call->progress));
        VXG_TRY(vxg__cpu_run_in(p->forward, &a, units, m->workers, bytes, call->progress));
    }
    return VXG_OK;
}

static int adjoint(const vxg_footprint_plan *p, const vxg_fp_scan *s, const float *in, float *out,
                   const call_memory *m, const vxg_call *call) {
    const vxg_cj_scan *size = &s->size;
    const int chunk = vxg__columns_chunk(size), t = VXG_CJ_TILE;
    const int64_t tiles = (int64_t)((size->nx + t - 1) / t) * ((size->ny + t - 1) / t) *
                          ((size->nz + size->zchunk - 1) / size->zchunk);
    const size_t bytes = (size_t)vxg_fp_adjoint_floats(size) * sizeof(float);
    for (int v = 0; v < size->nviews; v += chunk) {
        vxg_fp_adjoint_args pack = {.in = in, .out = m->copy, .scan = *s, .first = v};
        vxg_fp_adjoint_args a = {.in = m->copy, .out = out, .scan = *s, .first = v};
        a.views = size->nviews - v < chunk ? size->nviews - v : chunk;
        a.add = call->accumulate || v > 0;
        VXG_TRY(vxg__cpu_run(p->pack, &pack, a.views, 0, call->progress));
        VXG_TRY(vxg__cpu_run_in(p->adjoint, &a, tiles, m->workers, bytes, call->progress));
    }
    return VXG_OK;
}

int vxg__footprint_plan_run(const vxg_footprint_plan *p, int is_adjoint, const vxg_call *call,
                            const vxg_array *in, const vxg_array *out) {
    const float *from = vxg__host_floats(in);
    float *to = vxg__host_floats(out);
    vxg_call c = *call;
    vxg_fp_scan s = p->scan;
    s.size.nviews = (int)vxg__call_count(call, s.size.nviews);
    s.views = vxg__call_host_rows(&c, p->views, sizeof *s.views);
    const call_memory m = {.copy = vxg_call_scratch(&c, vxg__columns_copy(&s.size)),
                           .workers =
                               vxg_call_scratch(&c, vxg__cpu_scratch(worker_bytes(&s.size)))};
    VXG_FAIL_IF(!s.views || !m.copy || !m.workers, VXG_ERR_FAILED,
                "projector: the workspace is too small");
    return (is_adjoint ? adjoint : forward)(p, &s, from, to, &m, &c);
}
