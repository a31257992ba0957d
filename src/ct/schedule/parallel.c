/* Slice-aligned parallel beam on the cpu: which geometries, their coefficients, and running the
 * units of kernels/ct/schedule/parallel.cpu.h. */
#include <math.h>

#include "ct/schedule/schedule.h"
#include "kernels/ct/schedule/schedule_args.h"
#include "array/launch.h"
#include "device/cpu/cpu.h"

#define PACK_BYTES                                                                                 \
    (32 << 20)                /* lanes copy of the projections, all of it in the last-level cache  \
                               */
#define BLOCK_BYTES (8 << 20) /* a worker's projections in ct_joseph */

/* Coefficients of a view in double, and in float or whole numbers: a, r and n. */
enum { DOUBLES = VXG_CT_LINE, FLOATS = VXG_CT_FLOATS + 2 * VXG_CT_LINE };

struct vxg_ct_plan {
    vxg_schedule_fn pack, gather, joseph, spread;
    int nviews, nv, nu, nz, ny, nx;
    int offset;      /* slice = row + offset */
    int backproject; /* made for a backprojector: its transpose is rare */
    double *table;   /* memory of all arrays of c */
    vxg_ct_coefficients c;
};

/* Room for the coefficients of all views. */
static int coefficients_new(vxg_ct_plan *p) {
    const int64_t n = p->nviews;
    p->table = vxg__calloc((size_t)n, DOUBLES * sizeof(double) + FLOATS * sizeof(float));
    if (!p->table) return VXG_ERR_MEMORY;
    float *const floats = (float *)(p->table + DOUBLES * n);
    for (int k = 0; k < VXG_CT_LINE; k++) {
        p->c.d[k] = p->table + k * n;
        p->c.r[k] = floats + (VXG_CT_FLOATS + k) * n;
        p->c.n[k] = (uint32_t *)(floats + (VXG_CT_FLOATS + VXG_CT_LINE + k) * n);
    }
    for (int k = 0; k < VXG_CT_FLOATS; k++) p->c.a[k] = floats + k * n;
    return VXG_OK;
}

/* Columns between the estimate of the first that touches a cell and the truth, at most. */
static double slack_of(const vxg_ct_plan *p, const double c[VXG_CT_FLOATS]) {
    const double along = 0.5 * (c[VXG_CT_AXIS] > 0 ? p->ny : p->nx),
                 cells = c[VXG_CT_AXIS] > 0 ? p->nx : p->ny;
    const double far = fabs(c[VXG_CT_START]) + fabs(c[VXG_CT_STEP]) * along + cells + 1;
    return 1e-3 + exp2(-21) * (far * fabs(c[VXG_CT_COLUMNS]) + p->nu);
}

/* The schedule's coefficients of one view from the kernels' (kernels/ct/project/parallel.h,
 * backproject.k); 0 where the schedule would be slow or its estimates unsafe: many columns per
 * voxel, many voxels per column, or voxels far away. */
static int coefficients(const double *k, int backproject, int64_t v, vxg_ct_plan *p) {
    double c[VXG_CT_FLOATS] = {0};
    double *const d = p->table;
    float *const a = (float *)(p->table + DOUBLES * (int64_t)p->nviews);
    if (backproject) {
        c[0] = k[0];
        c[VXG_CT_BP_X] = k[1];
        c[VXG_CT_BP_Y] = k[2];
        for (int i = 0; i < VXG_CT_LINE; i++) d[i * p->nviews + v] = k[i];
    } else {
        if (k[0] > 1 || !(fabs(k[3]) > 1.0 / 16 && fabs(k[3]) <= 64)) return 0;
        c[VXG_CT_AXIS] = k[0];
        c[VXG_CT_START] = k[2];
        c[VXG_CT_COLUMN] = k[3];
        c[VXG_CT_STEP] = k[5];
        c[VXG_CT_COLUMNS] = 1 / k[3];
        c[VXG_CT_LENGTH] = k[1];
        c[VXG_CT_SLACK] = slack_of(p, c);
        if (!(c[VXG_CT_SLACK] < 0.45)) return 0;
    }
    for (int i = 0; i < VXG_CT_FLOATS; i++) {
        if (i != VXG_CT_LENGTH && !(fabs(c[i]) < 1e6)) return 0; /* a length may be any */
        a[i * p->nviews + v] = (float)c[i];
    }
    if (backproject) return 1;
    const double along = 0.5 * ((c[VXG_CT_AXIS] > 0 ? p->ny : p->nx) - 1),
                 across = 0.5 * (p->nu - 1);
    const double place[3] = {c[VXG_CT_START] - c[VXG_CT_STEP] * along - c[VXG_CT_COLUMN] * across,
                             c[VXG_CT_STEP], c[VXG_CT_COLUMN]};
    for (int i = 0; i < VXG_CT_LINE; i++) {
        const double units = ldexp(place[i], VXG_CT_CELL), whole = nearbyint(units);
        a[(VXG_CT_FLOATS + i) * p->nviews + v] = (float)(units - whole);
        ((uint32_t *)a)[(VXG_CT_FLOATS + VXG_CT_LINE + i) * p->nviews + v] =
            (uint32_t)(uint64_t)(int64_t)whole;
    }
    return 1;
}

static int fits(const vxg_ct_projection *p, vxg_ct_plan *plan) {
    const int64_t most = 1 << 18; /* columns: offsets within a block of views are 32-bit */
    const int64_t n[] = {p->vol.nz, p->vol.ny, p->vol.nx, vxg_ct_geometry_nv(p->geo),
                         vxg_ct_geometry_nu(p->geo)};
    int *const to[] = {&plan->nz, &plan->ny, &plan->nx, &plan->nv, &plan->nu};
    int64_t shift;
    for (int i = 0; i < 5; i++) {
        if (n[i] > most) return 0;
        *to[i] = (int)n[i];
    }
    plan->nviews = (int)vxg_ct_geometry_nviews(p->geo);
    if (!vxg__ct_slice_aligned(p->geo, &p->vol, &shift) || shift > most || shift < -most) return 0;
    plan->offset = (int)shift;
    return 1;
}

void vxg__ct_plan_free(vxg_ct_plan *plan) {
    if (plan) vxg__free(plan->table);
    vxg__free(plan);
}

int vxg__ct_plan_new(const vxg_device *dev, const vxg_ct_projection *p, int backproject,
                     vxg_ct_plan **out) {
    vxg_ct_plan plan = {.pack = vxg__cpu_schedule(dev, "ct_pack"),
                        .gather = vxg__cpu_schedule(dev, "ct_gather"),
                        .joseph = vxg__cpu_schedule(dev, "ct_joseph"),
                        .spread = vxg__cpu_schedule(dev, "ct_spread"),
                        .backproject = backproject};
    *out = NULL;
    if (!plan.pack || !plan.gather || !plan.joseph || !plan.spread || !fits(p, &plan))
        return VXG_OK;
    VXG_TRY(coefficients_new(&plan));
    for (int64_t v = 0; v < plan.nviews; v++)
        if (!coefficients(p->coef64 + v * p->coefs, backproject, v, &plan)) {
            vxg__free(plan.table);
            return VXG_OK;
        }
    *out = vxg__calloc(1, sizeof plan);
    if (!*out) {
        vxg__free(plan.table);
        return VXG_ERR_MEMORY;
    }
    **out = plan;
    return VXG_OK;
}

/* ---- Running ---- */
static int lanes_for(int slices) {
    return slices > 32   ? 64
           : slices > 16 ? 32
           : slices > 8  ? 16
           : slices > 4  ? 8
           : slices > 1  ? 4
                         : 1;
}

/* Views packed at a time: whole inner blocks. */
static int chunk_views(const vxg_ct_plan *p) {
    const int64_t view = (int64_t)(p->nu + 2 * VXG_CT_PAD) * lanes_for(p->nz) * 4;
    int64_t n = PACK_BYTES / view / VXG_CT_BLOCK * VXG_CT_BLOCK;
    if (n < VXG_CT_BLOCK) n = VXG_CT_BLOCK;
    return n < p->nviews ? (int)n : p->nviews;
}

/* Packed views. */
static size_t packed_bytes(const vxg_ct_plan *p) {
    return ((size_t)chunk_views(p) * (size_t)(p->nu + 2 * VXG_CT_PAD) * (size_t)lanes_for(p->nz) +
            VXG_CT_BEYOND) *
           sizeof(float);
}

static size_t tile_bytes(int lanes) {
    return (size_t)(VXG_CT_TILE * VXG_CT_TILE * lanes) * sizeof(float);
}

/* Views per unit: more views share one reading of the volume, fewer make more units. */
static int block_views(const vxg_ct_plan *p, int lanes) {
    const int64_t units = 16 / ((p->nv + lanes - 1) / lanes) + 1;
    int64_t n = (p->nviews + units - 1) / units, most = BLOCK_BYTES / (p->nu * (int64_t)lanes * 4);
    if (n > most) n = most;
    if (n > 64) n = 64;
    if (n < 8) n = 8;
    return n < p->nviews ? (int)n : p->nviews;
}

/* Rows [row, row + blocks * lanes) that are projected alike; a worker's bytes for them. */
typedef struct rows_alike {
    int lanes, blocks, views;
    size_t bytes;
} rows_alike;
static rows_alike rows_from(const vxg_ct_plan *p, int row) {
    rows_alike r = {.lanes = lanes_for(p->nv - row)};
    r.blocks = p->nv - row < r.lanes ? 1 : (p->nv - row) / r.lanes;
    r.views = block_views(p, r.lanes);
    r.bytes = (size_t)vxg_ct_joseph_floats(r.views, p->nu, r.lanes) * sizeof(float);
    return r;
}
static size_t project_bytes(const vxg_ct_plan *p) {
    size_t most = 0;
    for (int row = 0; row < p->nv;) {
        const rows_alike r = rows_from(p, row);
        if (r.bytes > most) most = r.bytes;
        row += r.blocks * r.lanes;
    }
    return most;
}

/* For either direction of a projector. A backprojector's transpose, which pipelines have no use
 * for, asks for its workers' memory itself: it would be many times what the backprojection takes.
 */
size_t vxg__ct_plan_workspace(const vxg_ct_plan *p, const vxg_call *call) {
    vxg_ct_plan part = *p;
    part.nviews = (int)vxg__call_count(call, p->nviews);
    const size_t gather = vxg_workspace_bytes(packed_bytes(&part)) +
                          vxg_workspace_bytes(vxg__cpu_scratch(tile_bytes(lanes_for(p->nz))));
    const size_t project =
        p->backproject ? 0 : vxg_workspace_bytes(vxg__cpu_scratch(project_bytes(&part)));
    return (gather > project ? gather : project) +
           FLOATS * vxg__call_rows_bytes(call, sizeof(float)) +
           DOUBLES * vxg__call_rows_bytes(call, sizeof(double));
}

/* The plan of the call's views alone: parts of its tables, or copies in the workspace. */
static int part_of(const vxg_ct_plan *p, vxg_call *call, vxg_ct_plan *part) {
    int good = 1;
    *part = *p;
    if (!call->subset) return VXG_OK;
    part->nviews = (int)vxg__call_count(call, p->nviews);
    for (int k = 0; k < VXG_CT_FLOATS; k++)
        good &= (part->c.a[k] = vxg__call_host_rows(call, p->c.a[k], sizeof(float))) != NULL;
    for (int k = 0; k < VXG_CT_LINE; k++) {
        good &= (part->c.r[k] = vxg__call_host_rows(call, p->c.r[k], sizeof(float))) != NULL;
        good &= (part->c.n[k] = vxg__call_host_rows(call, p->c.n[k], sizeof(uint32_t))) != NULL;
        good &= (part->c.d[k] = vxg__call_host_rows(call, p->c.d[k], sizeof(double))) != NULL;
    }
    VXG_FAIL_IF(!good, VXG_ERR_FAILED, "projector: the workspace is too small");
    return VXG_OK;
}

/* Slices [z, z + used) from all views. */
static int gather_block(const vxg_ct_plan *p, vxg_ct_task task, const float *in, float *out, int z,
                        int add, float *packed, void *tile, const vxg_progress *progress) {
    const int lanes = lanes_for(p->nz - z), used = p->nz - z < lanes ? p->nz - z : lanes;
    const int row = z - p->offset, chunk = chunk_views(p);
    int first = row < 0 ? -row : 0, last = p->nv - row < used ? p->nv - row : used;
    const int64_t tiles = (int64_t)((p->nx + VXG_CT_TILE - 1) / VXG_CT_TILE) *
                          ((p->ny + VXG_CT_TILE - 1) / VXG_CT_TILE);
    if (first >= last) first = last = 0; /* no detector row sees these slices */
    for (int v = 0; v < p->nviews; v += chunk) {
        const int n = p->nviews - v < chunk ? p->nviews - v : chunk;
        vxg_ct_pack_args pack = {.out = packed, .lanes = lanes, .nu = p->nu};
        vxg_ct_gather_args g = {.in = packed, .nu = p->nu, .nx = p->nx, .ny = p->ny};
        pack.first = first, pack.last = last;
        pack.view_pitch = (int64_t)p->nv * p->nu;
        pack.in = in + v * pack.view_pitch + (last ? (int64_t)(row + first) * p->nu : 0);
        pack.scale = task == VXG_CT_TASK_ADJOINT ? p->c.a[VXG_CT_LENGTH] + v : NULL;
        VXG_TRY(vxg__cpu_run(p->pack, &pack, n, 0, progress));
        for (int k = 0; k < VXG_CT_FLOATS; k++) g.c.a[k] = p->c.a[k] + v;
        for (int k = 0; k < VXG_CT_LINE; k++)
            g.c.r[k] = p->c.r[k] + v, g.c.n[k] = p->c.n[k] + v, g.c.d[k] = p->c.d[k] + v;
        g.out = out + (int64_t)z * p->ny * p->nx;
        g.joseph = task == VXG_CT_TASK_ADJOINT;
        g.nviews = n, g.lanes = lanes, g.used = used, g.add = add || v > 0;
        VXG_TRY(vxg__cpu_run_in(p->gather, &g, tiles, tile, tile_bytes(lanes), progress));
    }
    return VXG_OK;
}

static int project(const vxg_ct_plan *p, vxg_schedule_fn fn, const float *in, float *out, int add,
                   void *scratch, const vxg_progress *progress) {
    for (int row = 0; row < p->nv;) {
        const rows_alike r = rows_from(p, row);
        vxg_ct_joseph_args a = {.in = in, .out = out, .c = p->c, .nviews = p->nviews};
        a.nv = p->nv, a.nu = p->nu, a.nz = p->nz, a.ny = p->ny, a.nx = p->nx;
        a.block = r.views;
        a.nblocks = (p->nviews + a.block - 1) / a.block;
        a.lanes = r.lanes, a.row = row, a.offset = p->offset, a.add = add;
        const int64_t units = (int64_t)r.blocks * a.nblocks;
        VXG_TRY(scratch ? vxg__cpu_run_in(fn, &a, units, scratch, r.bytes, progress)
                        : vxg__cpu_run(fn, &a, units, r.bytes, progress));
        row += r.blocks * r.lanes;
    }
    return VXG_OK;
}

int vxg__ct_plan_run(const vxg_ct_plan *p, vxg_ct_task task, const vxg_call *call,
                     const vxg_array *in, const vxg_array *out) {
    const float *from = vxg__host_floats(in);
    float *to = vxg__host_floats(out);
    vxg_call c = *call;
    vxg_ct_plan part;
    VXG_TRY(part_of(p, &c, &part));
    if (task == VXG_CT_TASK_FORWARD || task == VXG_CT_TASK_SPREAD) {
        void *const scratch =
            p->backproject ? NULL : vxg_call_scratch(&c, vxg__cpu_scratch(project_bytes(&part)));
        VXG_FAIL_IF(!p->backproject && !scratch, VXG_ERR_FAILED,
                    "projector: the workspace is too small");
        return project(&part, task == VXG_CT_TASK_SPREAD ? p->spread : p->joseph, from, to,
                       call->accumulate, scratch, call->progress);
    }
    float *const packed = vxg_call_scratch(&c, packed_bytes(&part));
    void *const tile = vxg_call_scratch(&c, vxg__cpu_scratch(tile_bytes(lanes_for(p->nz))));
    VXG_FAIL_IF(!packed || !tile, VXG_ERR_FAILED, "projector: the workspace is too small");
    for (int z = 0; z < p->nz; z += lanes_for(p->nz - z))
        VXG_TRY(
            gather_block(&part, task, from, to, z, call->accumulate, packed, tile, call->progress));
    return VXG_OK;
}
