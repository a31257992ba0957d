/* Cone-beam backprojection on the cpu: which rows of the detector a slab of slices sees, and
 * running the units of kernels/ct/schedule/cone_backproject.cpu.h (not for curved detectors whose
 * columns change along z) and, for few slices, of cone_pixels.cpu.h. The transpose has no schedule.
 */
#include <math.h>

#include "ct/schedule/cone.h"
#include "kernels/ct/schedule/cone_schedule_args.h"
#include "array/launch.h"
#include "device/cpu/cpu.h"

#define PACK_BYTES                                                                                 \
    (60 << 20)       /* packed projections; the larger, the less often volumes are read            \
                      */
#define FEW_SLICES 4 /* fewer fill too little of a vector: pixels are lanes */

struct vxg_ct_cone_bp_plan {
    vxg_schedule_fn pack, gather;
    int nviews, nv, nu, nz, ny, nx;
    int slab, nslabs, height, block, chunk; /* chunk: views packed at a time */
    int distance, steady, curved;
    int few;            /* cone_pairs and cone_pixels run */
    int columns, spare; /* floats of a packed row, rows beyond what the slab sees */
    double *table;      /* VXG_CONE_COEFS arrays of nviews */
    int32_t *row0;      /* (nslabs, nviews) */
};

void vxg__ct_cone_bp_plan_free(vxg_ct_cone_bp_plan *plan) {
    if (!plan) return;
    vxg__free(plan->table);
    vxg__free(plan->row0);
    vxg__free(plan);
}

/* ---- Rows a slab sees ---- */
typedef struct box_forms {
    double at[8][3]; /* of the slab's corners: Q, R, W */
    double lo, hi;   /* W, or of curved detectors h: at least and at most */
} box_forms;

/* 0 where some corner is not well in front of the source. */
static int corners(const vxg_ct_cone_bp_plan *p, int64_t view, int slab, box_forms *b) {
    const double x = 0.5 * (p->nx - 1), y = 0.5 * (p->ny - 1);
    const double z0 = slab * p->slab - 0.5 * (p->nz - 1);
    const int64_t n = p->nviews;
    double middle[2] = {0, 0}, far = 0;
    for (int i = 0; i < 8; i++) {
        const double cx = i & 1 ? x : -x, cy = i & 2 ? y : -y, cz = i & 4 ? z0 + p->slab - 1 : z0;
        for (int k = 0; k < 3; k++) {
            const double *c = p->table + 4 * k * n + view;
            b->at[i][k] = c[0] + c[n] * cx + c[2 * n] * cy + c[3 * n] * cz;
        }
        if (!(b->at[i][2] > 0)) return 0;
        middle[0] += b->at[i][0], middle[1] += b->at[i][2];
        far = fmax(far, hypot(b->at[i][0], b->at[i][2]));
    }
    b->lo = INFINITY, b->hi = far;
    const double length = hypot(middle[0], middle[1]);
    for (int i = 0; i < 8; i++) /* h is at least its part along the slab's middle */
        b->lo = fmin(b->lo, (b->at[i][0] * middle[0] + b->at[i][2] * middle[1]) / length);
    return !p->curved || b->lo > 0;
}

/* A row of the table (VXG_CONE_Q and those that follow), each nviews long. */
enum { OF_1, OF_X, OF_Y, OF_Z }; /* from the first row of a form */
static double *of_view(const vxg_ct_cone_bp_plan *p, int row, int64_t view) {
    return p->table + row * (int64_t)p->nviews + view;
}

/* Columns and rows the slab falls on: of flat detectors extremes are at corners, of curved ones R
 * and h are taken apart. 0 where they cannot be told. */
static int slab_range(const vxg_ct_cone_bp_plan *p, int64_t view, int slab, double q[2],
                      double r[2]) {
    box_forms b;
    q[0] = r[0] = INFINITY, q[1] = r[1] = -INFINITY;
    if (!corners(p, view, slab, &b)) return 0;
    for (int i = 0; i < 8; i++) {
        const double *at = b.at[i], w = at[2];
        const double per_angle = *of_view(p, VXG_CONE_PER_ANGLE, view);
        const double u = p->curved
                             ? atan2(at[0], w) * per_angle + *of_view(p, VXG_CONE_MIDDLE, view)
                             : at[0] / w;
        const double v0 = p->curved ? at[1] / b.lo + 0.5 * (p->nv - 1) : at[1] / w;
        const double v1 = p->curved ? at[1] / b.hi + 0.5 * (p->nv - 1) : v0;
        if (!(fabs(u) < 1e8) || !(fabs(v0) < 1e8)) return 0;
        q[0] = fmin(q[0], u), q[1] = fmax(q[1], u);
        r[0] = fmin(r[0], fmin(v0, v1)), r[1] = fmax(r[1], fmax(v0, v1));
    }
    return 1;
}

/* Rows [first, first + *rows) hold the windows of every vector of the slab; VXG_CONE_UNSEEN when
 * nothing of it falls on the detector. */
static int32_t slab_rows(const vxg_ct_cone_bp_plan *p, int64_t view, int slab, int *rows) {
    double q[2], r[2];
    if (!slab_range(p, view, slab, q, r)) {
        *rows = p->nv + 2 * p->spare + 2;
        return -p->spare - 1;
    }
    *rows = 0;
    /* a row and a column more than enough for rounding */
    if (q[1] < -2 || q[0] > p->nu + 1 || r[1] < -2 || r[0] > p->nv + 1) return VXG_CONE_UNSEEN;
    const double first = fmax(floor(r[0]) - 1, -p->spare - 1);
    *rows = (int)(fmin(floor(r[1]) + 2, p->nv) - first) + p->spare + 1;
    return (int32_t)first;
}

static int rows_new(vxg_ct_cone_bp_plan *p) {
    int most = p->spare + 1, rows;
    p->slab = p->few ? p->nz : p->nz < VXG_CONE_SLAB ? (p->nz + 15) / 16 * 16 : VXG_CONE_SLAB;
    p->nslabs = (p->nz + p->slab - 1) / p->slab;
    p->row0 = vxg__calloc((size_t)p->nslabs * (size_t)p->nviews, sizeof *p->row0);
    if (!p->row0) return VXG_ERR_MEMORY;
    for (int s = 0; s < p->nslabs; s++)
        for (int64_t v = 0; v < p->nviews; v++) {
            p->row0[s * (int64_t)p->nviews + v] = slab_rows(p, v, s, &rows);
            if (rows > most) most = rows;
        }
    /* odd: neighbouring columns use all cache sets */
    p->height = p->few ? most : ((most + 15) / 16 | 1) * 16;
    return VXG_OK;
}

/* ---- Plans ---- */
static int fits(const vxg_ct_cone_bp *op, vxg_ct_cone_bp_plan *p) {
    const int64_t n[] = {vxg_ct_geometry_nviews(op->geo),
                         vxg_ct_geometry_nv(op->geo),
                         vxg_ct_geometry_nu(op->geo),
                         op->vol.nz,
                         op->vol.ny,
                         op->vol.nx};
    int *const to[] = {&p->nviews, &p->nv, &p->nu, &p->nz, &p->ny, &p->nx};
    for (int i = 0; i < 6; i++) {
        if (n[i] > 1 << 18) return 0;
        *to[i] = (int)n[i];
    }
    p->curved = op->curved;
    p->few = p->nz < FEW_SLICES, p->spare = p->few ? 2 : VXG_CONE_REACH;
    p->columns = (p->few ? 2 : 1) * (p->nu + 2 * VXG_CONE_MARGIN);
    return 1;
}

/* Columns and W that move by less than 1e-6 over the volume, all of it well before the source, do
 * not move. */
static int make_steady(vxg_ct_cone_bp_plan *p) {
    const int64_t n = p->nviews;
    const double nz = p->nz + VXG_CONE_SLAB;
    for (int64_t v = 0; v < n; v++) {
        const double q_z = fabs(*of_view(p, VXG_CONE_Q + OF_Z, v)),
                     w_z = fabs(*of_view(p, VXG_CONE_W + OF_Z, v));
        const double least = *of_view(p, VXG_CONE_W + OF_1, v) -
                             0.5 * (fabs(*of_view(p, VXG_CONE_W + OF_X, v)) * p->nx +
                                    fabs(*of_view(p, VXG_CONE_W + OF_Y, v)) * p->ny + w_z * nz);
        const int none = q_z == 0 && w_z == 0;
        const double unit =
            p->curved ? *of_view(p, VXG_CONE_PER_ANGLE, v) + p->nv : 1; /* pixels by Q */
        const double across = unit * q_z + w_z * (p->nu + p->nv + unit + 1);
        if (!none && !(least > 0 && across * nz < 1e-6 * least)) return 0;
    }
    for (int64_t v = 0; v < n; v++) {
        *of_view(p, VXG_CONE_Q + OF_Z, v) = 0;
        *of_view(p, VXG_CONE_W + OF_Z, v) = 0;
    }
    return 1;
}

/* Coefficients of a view with pixels counted from 0, one array each; 0 where they are strange. */
static int coefficients(const vxg_ct_cone_bp *op, vxg_ct_cone_bp_plan *p) {
    const double mu = p->curved ? 0 : 0.5 * (p->nu - 1), mv = p->curved ? 0 : 0.5 * (p->nv - 1);
    for (int64_t v = 0; v < p->nviews; v++) {
        const double *c = op->coef64 + v * VXG_CONE_BP_COEFS; /* W, Q, R, then the curve */
        for (int i = OF_1; i <= OF_Z; i++) {
            const double w = c[i], q = c[4 + i], r = c[8 + i];
            if (!(fabs(w) < 1e12 && fabs(q) < 1e12 && fabs(r) < 1e12)) return 0;
            *of_view(p, VXG_CONE_Q + i, v) = q + mu * w;
            *of_view(p, VXG_CONE_R + i, v) = r + mv * w;
            *of_view(p, VXG_CONE_W + i, v) = w;
        }
        *of_view(p, VXG_CONE_PER_ANGLE, v) = c[12];
        *of_view(p, VXG_CONE_MIDDLE, v) = c[13];
    }
    return 1;
}

static int fill(const vxg_ct_cone_bp *op, vxg_ct_cone_bp_plan *p, int *applies) {
    p->table = vxg__calloc((size_t)p->nviews * VXG_CONE_COEFS, sizeof *p->table);
    if (!p->table) return VXG_ERR_MEMORY;
    if (!coefficients(op, p)) return VXG_OK;
    p->distance = op->weighted, p->steady = make_steady(p);
    if (p->curved && !p->steady && !p->few) return VXG_OK;
    VXG_TRY(rows_new(p));
    const int64_t view = (int64_t)p->columns * p->height * (int64_t)sizeof(float);
    const int64_t fit = PACK_BYTES / view;
    p->block = VXG_CONE_BLOCK;
    while (p->block > 1 && p->block > fit) p->block /= 2;
    p->chunk = fit > p->block ? (int)(fit / p->block * p->block) : p->block;
    if (p->chunk > p->nviews) p->chunk = p->nviews;
    *applies = view <= 1 << 30; /* offsets within a block are 32-bit */
    return VXG_OK;
}

int vxg__ct_cone_bp_plan_new(const vxg_device *dev, const vxg_ct_cone_bp *op,
                             vxg_ct_cone_bp_plan **out) {
    vxg_ct_cone_bp_plan plan = {.pack = vxg__cpu_schedule(dev, "cone_pack"),
                                .gather = vxg__cpu_schedule(dev, "cone_gather")};
    int applies = 0;
    *out = NULL;
    if (!plan.pack || !plan.gather || !fits(op, &plan)) return VXG_OK;
    if (plan.few) {
        plan.pack = vxg__cpu_schedule(dev, "cone_pairs");
        plan.gather = vxg__cpu_schedule(dev, "cone_pixels");
        if (!plan.pack || !plan.gather) return VXG_OK;
    }
    vxg_ct_cone_bp_plan *p = vxg__calloc(1, sizeof *p);
    if (!p) return VXG_ERR_MEMORY;
    *p = plan;
    const int status = fill(op, p, &applies);
    if (status || !applies) {
        vxg__ct_cone_bp_plan_free(p);
        return status;
    }
    *out = p;
    return VXG_OK;
}

int vxg__ct_cone_bp_plan_has(const vxg_ct_cone_bp_plan *p, vxg_ct_task task) {
    return p && task == VXG_CT_TASK_BACKPROJECT;
}

/* The workspace: repacked projections, then every worker's tile of sums. */
static size_t pack_bytes(const vxg_ct_cone_bp_plan *p) {
    const size_t n = (size_t)p->chunk * (size_t)p->columns * (size_t)p->height;
    return n * sizeof(float);
}
static int tile_width(const vxg_ct_cone_bp_plan *p) {
    return p->few ? VXG_CONE_PIXELS : VXG_CONE_TILE;
}
static size_t tile_bytes(const vxg_ct_cone_bp_plan *p) {
    return (size_t)(tile_width(p) * VXG_CONE_TILE * p->slab) * sizeof(float);
}
size_t vxg__ct_cone_bp_plan_workspace(const vxg_ct_cone_bp_plan *p) {
    return vxg_workspace_bytes(pack_bytes(p)) +
           vxg_workspace_bytes(vxg__cpu_scratch(tile_bytes(p)));
}

/* Views [v, v + n) of one slab. */
static int run_chunk(const vxg_ct_cone_bp_plan *p, const vxg_call *call, int slab, int v, int n,
                     const float *in, float *out, float *packed, void *sums) {
    const int first = slab * p->slab;
    assert(slab >= 0 && slab < p->nslabs && v >= 0 && n > 0 && n <= p->chunk);
    assert(v + n <= p->nviews);
    const int64_t tiles = (int64_t)((p->nx + tile_width(p) - 1) / tile_width(p)) *
                          ((p->ny + VXG_CONE_TILE - 1) / VXG_CONE_TILE);
    vxg_cone_pack_args pack = {.in = in + (int64_t)v * p->nv * p->nu, .out = packed};
    vxg_cone_gather_args g = {.in = packed, .out = out + (int64_t)first * p->ny * p->nx};
    pack.row0 = g.row0 = p->row0 + (int64_t)slab * p->nviews + v;
    pack.nv = g.nv = p->nv, pack.nu = g.nu = p->nu, pack.height = g.height = p->height;
    VXG_TRY(vxg__cpu_run(p->pack, &pack, n, 0, call->progress));
    for (int k = 0; k < VXG_CONE_COEFS; k++) g.c.a[k] = p->table + (int64_t)k * p->nviews + v;
    g.distance = p->distance, g.steady = p->steady, g.curved = p->curved, g.nviews = n,
    g.block = p->block;
    g.nz = p->nz, g.ny = p->ny, g.nx = p->nx, g.first = first, g.slab = p->slab;
    g.used = p->nz - first < p->slab ? p->nz - first : p->slab;
    g.add = call->accumulate || v > 0;
    return vxg__cpu_run_in(p->gather, &g, tiles, sums, tile_bytes(p), call->progress);
}

int vxg__ct_cone_bp_plan_run(const vxg_ct_cone_bp_plan *p, vxg_ct_task task, const vxg_call *call,
                             const vxg_array *in, const vxg_array *out) {
    assert(vxg__ct_cone_bp_plan_has(p, task));
    (void)task;
    const float *from = vxg__host_floats(in);
    float *to = vxg__host_floats(out);
    vxg_call c = *call;
    float *const packed = vxg_call_scratch(&c, pack_bytes(p));
    void *const sums = vxg_call_scratch(&c, vxg__cpu_scratch(tile_bytes(p)));
    VXG_FAIL_IF(!packed || !sums, VXG_ERR_FAILED, "backprojector: the workspace is too small");
    for (int s = 0; s < p->nslabs; s++)
        for (int v = 0; v < p->nviews; v += p->chunk) {
            const int n = p->nviews - v < p->chunk ? p->nviews - v : p->chunk;
            VXG_TRY(run_chunk(p, call, s, v, n, from, to, packed, sums));
        }
    return VXG_OK;
}
