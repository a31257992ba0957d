/* Joseph's projection along any rays and its adjoint on the cpu: which scans, how bricks are cut,
 * and running the units of kernels/ct/schedule/ray_joseph.cpu.h. */
#include "ct/schedule/ray_joseph.h"

#include <math.h>

#include "array/launch.h"
#include "kernels/ct/schedule/ray_joseph_args.h"
#include "ct/schedule/rays.h"
#include "device/cpu/cpu.h"

#define VIEWS 32   /* of a forward unit: a brick is filled once for them */
#define PIXELS 128 /* along an edge of a forward unit */
#define BRICKS 64  /* enough for any machine */
#define SHARE 4    /* forward units a thread; bits do not depend on how pixels are shared out */

struct vxg_ray_joseph_plan {
    vxg_schedule_fn transpose, forward, adjoint;
    vxg_rj_scan scan;
    int transposed; /* some rays run along x or y */
};

static int fits(const vxg_ct_geometry *geo, const vxg_ct_volume *vol, const double *coefs,
                vxg_rj_scan *s) {
    const int64_t n[] = {vol->nx,
                         vol->ny,
                         vol->nz,
                         vxg_ct_geometry_nu(geo),
                         vxg_ct_geometry_nv(geo),
                         vxg_ct_geometry_nviews(geo)};
    int *const to[] = {&s->n[0], &s->n[1], &s->n[2], &s->nu, &s->nv, &s->nviews};
    const double size[] = {vol->dx, vol->dy, vol->dz};
    for (int i = 0; i < 6; i++) {
        if (n[i] > (i < 5 ? 1 << 20 : 1 << 24)) return 0;
        *to[i] = (int)n[i];
    }
    for (int64_t v = 0; v < s->nviews; v++)
        for (int i = 0; i < VXG_RAY_COEFS; i++)
            if (!(fabs(coefs[v * VXG_RAY_COEFS + i]) < 1e9)) return 0;
    for (int i = 0; i < 3; i++) s->size[i] = (float)size[i];
    return 1;
}

static int64_t bricks(const vxg_rj_scan *s) {
    int64_t n = 1;
    for (int i = 0; i < 3; i++) n *= vxg_rj_parts(s->n[i], s->tile[i]);
    return n;
}

/* Bricks as large as leaves enough of them, of equal size. */
static void cut(vxg_rj_scan *s) {
    for (int most = VXG_RJ_MOST; most >= 8; most /= 2) {
        for (int i = 0; i < 3; i++) {
            const int parts = vxg_rj_parts(s->n[i], most);
            s->tile[i] = (s->n[i] + parts - 1) / parts;
        }
        if (bricks(s) >= BRICKS) return;
    }
}

void vxg__ray_joseph_plan_free(vxg_ray_joseph_plan *p) {
    vxg__free(p);
}

int vxg__ray_joseph_plan_new(const vxg_device *dev, const vxg_ct_geometry *geo,
                             const vxg_ct_volume *vol, const double *coefs, const double *table,
                             vxg_ray_joseph_plan **out) {
    vxg_ray_joseph_plan plan = {.transpose = vxg__cpu_schedule(dev, "rj_transpose"),
                                .forward = vxg__cpu_schedule(dev, "rj_forward"),
                                .adjoint = vxg__cpu_schedule(dev, "rj_adjoint"),
                                .scan = {.coefs = coefs, .table = table}};
    *out = NULL;
    if (!plan.transpose || !plan.forward || !plan.adjoint || !fits(geo, vol, coefs, &plan.scan))
        return VXG_OK;
    cut(&plan.scan);
    for (int64_t v = 0; v < plan.scan.nviews; v++)
        plan.transposed |= coefs[v * VXG_RAY_COEFS + RAY_AXIS] != 2;
    *out = vxg__calloc(1, sizeof plan);
    if (!*out) return VXG_ERR_MEMORY;
    **out = plan;
    return VXG_OK;
}

static size_t transposed_bytes(const vxg_ray_joseph_plan *p) {
    return p->transposed ? (size_t)(vxg_rj_transposed_floats(&p->scan) + 15) / 16 * 64 : 0;
}
static size_t brick_bytes(const vxg_ray_joseph_plan *p) {
    return (size_t)vxg_rj_brick_floats(&p->scan) * sizeof(float);
}

size_t vxg__ray_joseph_plan_workspace(const vxg_ray_joseph_plan *p, const vxg_call *call) {
    return vxg_workspace_bytes(transposed_bytes(p)) +
           vxg_workspace_bytes(vxg__cpu_scratch(brick_bytes(p))) +
           vxg__call_rows_bytes(call, VXG_RAY_COEFS * sizeof(double));
}

/* Memory of a run, from the call's workspace. */
typedef struct run_memory {
    float *transposed;
    void *bricks;
} run_memory;

static int forward(const vxg_ray_joseph_plan *p, const vxg_rj_scan *s, const float *in, float *out,
                   const run_memory *m, const vxg_call *call) {
    vxg_rj_transpose_args transpose = {.in = in, .out = m->transposed, .scan = *s};
    vxg_rj_forward_args a = {
        .in = in, .transposed = transpose.out, .out = out, .scan = *s, .add = call->accumulate};
    a.rows = vxg_rj_parts(s->nv, vxg_rj_parts(s->nv, PIXELS));
    a.columns = vxg_rj_parts(s->nu, vxg_rj_parts(s->nu, PIXELS));
    const int64_t blocks = (int64_t)vxg_rj_parts(s->nv, a.rows) * vxg_rj_parts(s->nu, a.columns);
    for (a.views = VIEWS; a.views > 2; a.views /= 2)
        if (blocks * vxg_rj_parts(s->nviews, a.views) >= SHARE * vxg_threads()) break;
    for (int layer = 0; layer < vxg_rj_parts(s->n[2], s->tile[2]); layer++) {
        transpose.layer = a.layer = layer;
        if (p->transposed)
            VXG_TRY(vxg__cpu_run(p->transpose, &transpose, s->n[1], 0, call->progress));
        VXG_TRY(vxg__cpu_run_in(p->forward, &a, blocks * vxg_rj_parts(s->nviews, a.views),
                                m->bricks, brick_bytes(p), call->progress));
    }
    return VXG_OK;
}

static int adjoint(const vxg_ray_joseph_plan *p, const vxg_rj_scan *s, const float *in, float *out,
                   const run_memory *m, const vxg_call *call) {
    const vxg_rj_adjoint_args a = {.in = in, .out = out, .scan = *s, .add = call->accumulate};
    return vxg__cpu_run_in(p->adjoint, &a, bricks(s), m->bricks, brick_bytes(p), call->progress);
}

int vxg__ray_joseph_plan_run(const vxg_ray_joseph_plan *p, int is_adjoint, const vxg_call *call,
                             const vxg_array *in, const vxg_array *out) {
    const float *from = vxg__host_floats(in);
    float *to = vxg__host_floats(out);
    vxg_call c = *call;
    vxg_rj_scan scan = p->scan;
    scan.nviews = (int)vxg__call_count(call, scan.nviews);
    scan.coefs = vxg__call_host_rows(&c, p->scan.coefs, VXG_RAY_COEFS * sizeof(double));
    const run_memory m = {.transposed = vxg_call_scratch(&c, transposed_bytes(p)),
                          .bricks = vxg_call_scratch(&c, vxg__cpu_scratch(brick_bytes(p)))};
    VXG_FAIL_IF(!scan.coefs || !m.transposed || !m.bricks, VXG_ERR_FAILED,
                "projector: the workspace is too small");
    return (is_adjoint ? adjoint : forward)(p, &scan, from, to, &m, &c);
}
