/* Scan to volume for any geometry. Rows are corrected and filtered once (filtered.c); the volume is
 * cut into slabs of slices, the views into blocks; a slab sums up what blocks give it, from the
 * rows its rays meet. The cut follows from geometry and volume alone, so no bit depends on memory
 * or threads: memory decides how many rows are made at a time, and where they are kept. */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "ct/pipeline/pipeline.h"

#define SLAB_MOST 64 /* slices */
#define SLAB_LEAST 4
#define SLAB_BYTES ((int64_t)192 << 20)
#define BLOCK_MOST 64 /* views */
#define BLOCK_BYTES ((int64_t)64 << 20)
#define CHUNK_MOST 64   /* rows */
#define ROWS_LEAST 8    /* wanted at a time before filtered rows are kept in memory */
#define VIEW_BYTES 2048 /* a view's geometry and coefficients, all copies */

typedef struct slab {
    int64_t r0, r1, z0, z1;
} slab;

/* What is done, and how it is cut. */
typedef struct job {
    vxg_device *dev;
    const vxg_ct_geometry *geo; /* the used views and columns, all rows of the scan */
    vxg_ct_volume vol;
    const vxg_ct_recon_opts *opts;
    vxg_volume_writer *writer;
    vxg__scan_part part;
    vxg__corrector correct;
    vxg__fdk_plan plan;
    vxg__filtered filtered;
    slab *slabs;
    int64_t nslabs, slices, block; /* slices of a slab, views of a block */
    int64_t z0, z1;                /* slices that are written */
    int64_t rows, block_rows;      /* most of a slab, of a block's arrays */
    int64_t bytes, least;          /* held, and the least there is to be */
    vxg__reading cost;
    vxg__staging y, seen, out[2];
    int only_plan; /* nothing but how much would be held */
} job;

static int is_curved(const job *j) {
    return vxg_ct_geometry_detector(j->geo) == VXG_CT_DETECTOR_CURVED;
}

/* ---- Which rows see which slices ---- */
/* Views [v0, v1) with rows [r0, r1) alone; all rows of a curved detector, whose middle row is at
 * the source's height. */
static int part_geometry(const job *j, int64_t v0, int64_t v1, int64_t r0, int64_t r1,
                         vxg_ct_geometry **out) {
    const vxg_ct_geometry *geo = j->geo;
    const int64_t n = v1 - v0, nv = vxg_ct_geometry_nv(geo);
    const double shift = 0.5 * (double)(r0 + r1 - nv);
    const int curved = is_curved(j);
    vxg_ct_view *views = vxg__calloc((size_t)n, sizeof *views);
    *out = NULL;
    if (!views) return VXG_ERR_MEMORY;
    for (int64_t i = 0; i < n; i++) {
        views[i] = *vxg_ct_geometry_view(geo, v0 + i);
        for (int k = 0; k < 3 && !curved; k++) views[i].d[k] += shift * views[i].V[k];
    }
    vxg_ct_views o = {.beam = vxg_ct_geometry_beam(geo),
                      .detector = vxg_ct_geometry_detector(geo),
                      .nviews = n,
                      .nv = curved ? nv : r1 - r0,
                      .nu = vxg_ct_geometry_nu(geo),
                      .column_offset = vxg_ct_geometry_column_offset(geo),
                      .views = views};
    int status = vxg_ct_geometry_new(&o, out);
    vxg__free(views);
    return status;
}

/* Slices [z0, z1) of a volume. */
static vxg_ct_volume slab_volume(const vxg_ct_volume *vol, int64_t z0, int64_t z1) {
    vxg_ct_volume s = *vol;
    const double shift = 0.5 * (double)(z0 + z1 - vol->nz) * vol->dz;
    for (int k = 0; k < 3; k++) s.center[k] += vol->rotation[3 * k + 2] * shift;
    s.nz = z1 - z0;
    return s;
}

/* Row a world point falls on, NaN behind the source. */
static double row_of(const vxg_ct_geometry *geo, const vxg_ct_view *v, const double *p) {
    double n[3], ray[3], to[3], un[3];
    const int cone = vxg_ct_geometry_beam(geo) == VXG_CT_BEAM_CONE;
    vxg__cross3(v->U, v->V, n);
    for (int k = 0; k < 3; k++) ray[k] = cone ? p[k] - v->s[k] : v->r[k];
    const double *from = cone ? v->s : p;
    for (int k = 0; k < 3; k++) to[k] = v->d[k] - from[k];
    const double t = vxg__dot3(n, to) / vxg__dot3(n, ray);
    if (!isfinite(t) || (cone && !(t > 0))) return NAN;
    for (int k = 0; k < 3; k++) to[k] = from[k] + t * ray[k] - v->d[k];
    vxg__cross3(n, v->U, un); /* in the detector, at right angles to U */
    return vxg__dot3(to, un) / vxg__dot3(v->V, un) + 0.5 * (double)(vxg_ct_geometry_nv(geo) - 1);
}

/* Corner i of a volume. */
static void corner_of(const vxg_ct_volume *s, int i, double p[3]) {
    const double half[3] = {(i & 1 ? 0.5 : -0.5) * (double)s->nx * s->dx,
                            (i & 2 ? 0.5 : -0.5) * (double)s->ny * s->dy,
                            (i & 4 ? 0.5 : -0.5) * (double)s->nz * s->dz};
    for (int k = 0; k < 3; k++) p[k] = s->center[k] + vxg__dot3(s->rotation + 3 * k, half);
}

/* Flat: the convex hull of the corners falls between their rows. */
static int flat_rows(const vxg_ct_geometry *geo, const vxg_ct_view *v, const vxg_ct_volume *s,
                     double *lo, double *hi) {
    for (int corner = 0; corner < 8; corner++) {
        double p[3];
        corner_of(s, corner, p);
        const double row = row_of(geo, v, p);
        if (isnan(row)) return 0; /* the source lies within: all rows */
        *lo = row < *lo ? row : *lo, *hi = row > *hi ? row : *hi;
    }
    return 1;
}

/* Curved: a point at height z over the plane of the source and columns, at distance h from the
 * source along it, falls z rho / h / |V| rows from the middle. */
static int curved_rows(const vxg_ct_geometry *geo, const vxg_ct_view *v, const vxg_ct_volume *s,
                       double *lo, double *hi) {
    const double pitch = vxg__norm3(v->V), middle = 0.5 * (double)(vxg_ct_geometry_nv(geo) - 1);
    double e[3], c[3], z[2] = {INFINITY, -INFINITY}, far = 0, reach = 0;
    for (int k = 0; k < 3; k++) e[k] = v->d[k] - v->s[k], c[k] = s->center[k] - v->s[k];
    const double up = vxg__dot3(c, v->V) / pitch;
    const double h = sqrt(fmax(vxg__dot3(c, c) - up * up, 0)), rho = vxg__norm3(e);
    for (int corner = 0; corner < 8; corner++) {
        double p[3], d[3];
        corner_of(s, corner, p);
        for (int k = 0; k < 3; k++) d[k] = p[k] - s->center[k], p[k] -= v->s[k];
        const double at = vxg__dot3(p, v->V) / pitch, off = vxg__dot3(d, v->V) / pitch;
        z[0] = fmin(z[0], at), z[1] = fmax(z[1], at);
        far = fmax(far, sqrt(fmax(vxg__dot3(p, p) - at * at, 0)));
        reach = fmax(reach, sqrt(fmax(vxg__dot3(d, d) - off * off, 0)));
    }
    const double near = h - reach;
    if (!(near > 1e-6 * rho)) return 0;
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < 2; k++) {
            const double row = middle + z[i] * rho / (k ? near : far) / pitch;
            *lo = row < *lo ? row : *lo, *hi = row > *hi ? row : *hi;
        }
    return 1;
}

/* Rows of views [v0, v1) that slices can need; 0: none of the detector's. */
static int rows_seen(const job *j, const vxg_ct_volume *s, int64_t v0, int64_t v1, int64_t *r0,
                     int64_t *r1) {
    const int64_t nv = vxg_ct_geometry_nv(j->geo);
    double lo = INFINITY, hi = -INFINITY;
    *r0 = 0, *r1 = nv;
    for (int64_t i = v0; i < v1; i++) {
        const vxg_ct_view *v = vxg_ct_geometry_view(j->geo, i);
        if (!(is_curved(j) ? curved_rows : flat_rows)(j->geo, v, s, &lo, &hi)) return 1;
    }
    /* interpolation reaches one row beyond */
    lo = floor(lo) - 1, hi = ceil(hi) + 2;
    *r0 = lo < 0 ? 0 : lo > (double)nv ? nv : (int64_t)lo;
    *r1 = hi > (double)nv ? nv : hi < 0 ? 0 : (int64_t)hi;
    return *r0 < *r1;
}

/* ---- How it is cut ---- */
static int64_t cut_slabs(job *j) {
    const int64_t nviews = vxg_ct_geometry_nviews(j->geo);
    j->nslabs = 0, j->rows = 1;
    for (int64_t z = 0; z < j->vol.nz; z += j->slices) {
        slab s = {.z0 = z, .z1 = z + j->slices < j->vol.nz ? z + j->slices : j->vol.nz};
        const vxg_ct_volume vol = slab_volume(&j->vol, s.z0, s.z1);
        if (!rows_seen(j, &vol, 0, nviews, &s.r0, &s.r1)) s.r0 = s.r1 = 0;
        j->rows = s.r1 - s.r0 > j->rows ? s.r1 - s.r0 : j->rows;
        j->slabs[j->nslabs++] = s;
    }
    return j->nslabs;
}

/* Those with slices that are written, each made whole: the cut is that of all. Rows are counted
 * where the first slice of a slab that needs them is written. */
static void choose_slabs(job *j) {
    vxg__corrector *c = &j->correct;
    int64_t n = 0, rows = 1;
    for (int64_t i = 0; i < j->nslabs && j->slabs[i].z0 < j->z1; i++) {
        const slab s = j->slabs[i];
        if (s.z0 < j->z0 && s.r0 < s.r1) {
            c->seen0 = c->seen0 == c->seen1 || s.r0 < c->seen0 ? s.r0 : c->seen0;
            c->seen1 = s.r1 > c->seen1 ? s.r1 : c->seen1;
        }
        if (s.z1 <= j->z0) continue;
        rows = s.r1 - s.r0 > rows ? s.r1 - s.r0 : rows;
        j->slabs[n++] = s;
    }
    j->nslabs = n, j->rows = rows;
}

static int cut(job *j) {
    const int64_t area = 4 * j->vol.ny * j->vol.nx, nv = vxg_ct_geometry_nv(j->geo);
    for (j->slices = SLAB_MOST; j->slices > SLAB_LEAST; j->slices /= 2)
        if (j->slices * area <= SLAB_BYTES) break;
    if (j->slices > j->vol.nz) j->slices = j->vol.nz;
    j->slabs = vxg__calloc((size_t)((j->vol.nz + j->slices - 1) / j->slices), sizeof *j->slabs);
    if (!j->slabs) return VXG_ERR_MEMORY;
    cut_slabs(j);
    j->block_rows = is_curved(j) ? nv : j->rows;
    j->block = BLOCK_BYTES / (4 * j->block_rows * j->filtered.width) / 2 * 2;
    j->block = j->block < 2 ? 2 : j->block > BLOCK_MOST ? BLOCK_MOST : j->block;
    choose_slabs(j);
    return VXG_OK;
}

/* Where no slab sees a row, one row keeps arrays from being empty. */
static void needed_rows(job *j) {
    int64_t first = vxg_ct_geometry_nv(j->geo), last = 0;
    for (int64_t i = 0; i < j->nslabs; i++) {
        const slab *s = &j->slabs[i];
        if (s->r0 >= s->r1) continue;
        first = s->r0 < first ? s->r0 : first, last = s->r1 > last ? s->r1 : last;
    }
    j->filtered.first = first < last ? first : 0, j->filtered.last = first < last ? last : 1;
}

/* ---- Memory ---- */
/* The backprojector of a block of views on a slab. */
static int block_operator(const job *j, const slab *s, int64_t v0, int64_t v1, int64_t r0,
                          int64_t r1, int weighted, vxg_op **out) {
    const vxg_ct_volume vol = slab_volume(&j->vol, s->z0, s->z1);
    vxg_ct_geometry *geo;
    *out = NULL;
    VXG_TRY(part_geometry(j, v0, v1, r0, r1, &geo));
    int status = weighted
                     ? vxg__fdk_backprojector(j->dev, geo, &vol, &j->filtered.opts, &j->plan, out)
                     : vxg_ct_backprojector(j->dev, geo, &vol, NULL, out);
    vxg_ct_geometry_release(geo);
    return status;
}

/* What is held whatever the memory: slabs, a block, its operator's workspace, the views, the
 * reader's. */
static int fixed_bytes(const job *j, int64_t *bytes) {
    const int64_t nviews = vxg_ct_geometry_nviews(j->geo), area = j->vol.ny * j->vol.nx;
    const int64_t views = j->block < nviews ? j->block : nviews;
    const slab *most = &j->slabs[0];
    vxg_op *op = NULL;
    for (int64_t i = 1; i < j->nslabs; i++)
        if (j->slabs[i].r1 - j->slabs[i].r0 > most->r1 - most->r0) most = &j->slabs[i];
    *bytes = 4 * ((j->plan.turns ? 3 : 2) * j->slices * area +
                  views * j->block_rows * j->filtered.width) +
             nviews * VIEW_BYTES + j->cost.memory;
    if (most->r0 >= most->r1) return VXG_OK;
    VXG_TRY(block_operator(j, most, 0, views, most->r0, most->r1, 1, &op));
    *bytes += (int64_t)vxg_op_workspace(op, NULL);
    vxg_op_release(op);
    VXG_TRY(vxg__fdk_filter(j->dev, 1, j->filtered.nu, &j->filtered.opts, &j->plan, &op));
    *bytes += (int64_t)vxg_op_workspace(op, NULL);
    vxg_op_release(op);
    return VXG_OK;
}

/* Rows at a time, and whether memory keeps what slabs need. */
static int share_memory(job *j, int64_t room) {
    vxg__filtered *f = &j->filtered;
    const int64_t all = f->last - f->first, ring = 4 * f->nviews * j->rows * f->width;
    const int64_t wanted = all < ROWS_LEAST ? all : ROWS_LEAST;
    int64_t fixed;
    VXG_TRY(vxg__reading_look(&j->correct, &j->cost));
    VXG_TRY(fixed_bytes(j, &fixed));
    j->least = fixed + vxg__filtered_bytes(f, 1);
    VXG_FAIL_IF(j->least > room, VXG_ERR_MEMORY,
                "this scan needs %.1f MB at once, %.1f MB are allowed: %lld slices of %lld x %lld "
                "voxels, %lld views of a detector row of %lld columns, of it %.1f MB to read the "
                "file",
                (double)j->least * 1e-6, (double)room * 1e-6, (long long)j->slices,
                (long long)j->vol.ny, (long long)j->vol.nx, (long long)f->nviews, (long long)f->nu,
                (double)j->cost.memory * 1e-6);
    f->held = fixed + ring + vxg__filtered_bytes(f, wanted) <= room ? j->rows : 0;
    const int64_t left = room - fixed - (f->held ? ring : 0);
    f->chunk = all < CHUNK_MOST ? all : CHUNK_MOST;
    while (f->chunk > 1 && vxg__filtered_bytes(f, f->chunk) > left) f->chunk--;
    j->bytes = fixed + (f->held ? ring : 0) + vxg__filtered_bytes(f, f->chunk);
    j->correct.ring_lanes = f->chunk < vxg_threads() ? f->chunk : vxg_threads();
    return VXG_OK;
}

/* ---- Writing while the next slab is made ---- */
typedef struct writing {
    vxg_volume_writer *writer;
    int64_t z0, nz;
    const float *host;
    pthread_t thread;
    int running, status;
    char message[1024];
} writing;

static void *write_slab(void *context) {
    writing *w = context;
    w->status = w->writer->write(w->writer, w->z0, w->nz, w->host);
    if (w->status) snprintf(w->message, sizeof w->message, "%s", vxg_error_message());
    return NULL;
}

static int write_end(writing *w) {
    if (w->running) pthread_join(w->thread, NULL);
    w->running = 0;
    return w->status ? vxg_error_set(w->status, "%s", w->message) : VXG_OK;
}

static int write_begin(writing *w, int64_t z0, int64_t nz, const float *host) {
    w->z0 = z0, w->nz = nz, w->host = host;
    w->running = !pthread_create(&w->thread, NULL, write_slab, w);
    if (!w->running) write_slab(w); /* no thread to be had: now */
    return w->status ? write_end(w) : VXG_OK;
}

/* ---- Slabs ---- */
static int apply_block(const job *j, const vxg_op *bp, const vxg__staging *to, int add) {
    const vxg_array y = vxg__staging_array(&j->y, vxg_op_domain(bp, 0)->shape);
    const vxg_array x = vxg__staging_array(to, vxg_op_range(bp)->shape);
    vxg_call call = {.progress = j->opts->progress, .accumulate = add};
    if (j->y.owned) VXG_TRY(vxg_array_write(NULL, &y, j->y.host));
    return vxg_op_apply(bp, &call, &y, &x);
}

/* The turns during which the detector saw each voxel of a helix: views count their part of one. */
static int see_block(job *j, const slab *s, int64_t v0, int64_t v1, int64_t r0, int64_t r1,
                     int add) {
    vxg_op *bp;
    VXG_TRY(block_operator(j, s, v0, v1, r0, r1, 0, &bp));
    const int64_t *n = vxg_op_domain(bp, 0)->shape;
    for (int64_t k = 0; k < n[0] * n[1] * n[2]; k++)
        j->y.host[k] = (float)j->plan.turns[v0 + k / (n[1] * n[2])];
    int status = apply_block(j, bp, &j->seen, add);
    vxg_op_release(bp);
    return status;
}

/* What views [v0, v1) give the slab; *any: 1 once a view has seen it. */
static int add_block(job *j, const slab *s, int64_t v0, int64_t v1, const vxg__staging *to,
                     int *any) {
    const vxg_ct_volume vol = slab_volume(&j->vol, s->z0, s->z1);
    int64_t r0, r1;
    vxg_op *bp;
    if (!rows_seen(j, &vol, v0, v1, &r0, &r1)) return VXG_OK;
    VXG_TRY(block_operator(j, s, v0, v1, r0, r1, 1, &bp));
    const int64_t rows = vxg_op_domain(bp, 0)->shape[1], at = is_curved(j) ? r0 : 0;
    if (rows > r1 - r0)
        memset(j->y.host, 0, (size_t)((v1 - v0) * rows * j->filtered.width) * sizeof(float));
    int status = vxg__filtered_copy(&j->filtered, v0, v1, r0, r1, j->y.host, rows, at);
    if (!status) status = apply_block(j, bp, to, *any);
    vxg_op_release(bp);
    if (!status && j->plan.turns) status = see_block(j, s, v0, v1, r0, r1, *any);
    *any = 1;
    return status;
}

static int fetch(const vxg__staging *s, const int64_t shape[3]) {
    const vxg_array a = vxg__staging_array(s, shape);
    return s->owned ? vxg_array_read(NULL, &a, s->host) : VXG_OK;
}

static int make_slab(job *j, const slab *s, vxg__staging *to) {
    const int64_t nviews = j->filtered.nviews;
    const int64_t shape[3] = {s->z1 - s->z0, j->vol.ny, j->vol.nx};
    const int64_t n = shape[0] * shape[1] * shape[2];
    int any = 0;
    if (s->r0 < s->r1) VXG_TRY(vxg__filtered_need(&j->filtered, s->r0, s->r1));
    for (int64_t v = 0; v < nviews && s->r0 < s->r1; v += j->block) {
        if (vxg__cancelled(j->opts->progress)) VXG_FAIL(VXG_ERR_CANCELLED, "interrupted");
        VXG_TRY(add_block(j, s, v, v + j->block < nviews ? v + j->block : nviews, to, &any));
    }
    if (!any) {
        memset(to->host, 0, (size_t)n * sizeof(float));
        return VXG_OK;
    }
    VXG_TRY(fetch(to, shape));
    if (j->plan.turns) VXG_TRY(fetch(&j->seen, shape));
    for (int64_t k = 0; k < n && j->plan.turns; k++)
        to->host[k] *= (float)vxg__fdk_share((double)j->seen.host[k]);
    return vxg__check_slices(to->host, s->z0, shape[0], shape[1], shape[2]);
}

static int make_all(job *j) {
    writing w = {.writer = j->writer};
    const int64_t area = j->vol.ny * j->vol.nx;
    int status = VXG_OK;
    for (int64_t i = 0; i < j->nslabs && !status; i++) {
        const slab *s = &j->slabs[i];
        const int64_t z0 = s->z0 > j->z0 ? s->z0 : j->z0, z1 = s->z1 < j->z1 ? s->z1 : j->z1;
        status = make_slab(j, s, &j->out[i % 2]);
        if (!status) status = write_end(&w); /* of the slab before */
        if (!status)
            status = write_begin(&w, z0 - j->z0, z1 - z0, j->out[i % 2].host + (z0 - s->z0) * area);
        if (!status)
            vxg__report(j->opts->progress, "slices", (double)(z1 - j->z0), (double)(j->z1 - j->z0));
    }
    if (!status) return write_end(&w);
    if (w.running) pthread_join(w.thread, NULL); /* the first failure's words stay */
    return status;
}

/* ---- All of it ---- */
static int check_fit(const vxg_scan_reader *scan, const vxg_ct_recon_opts *opts,
                     const vxg_ct_geometry *geo) {
    const int64_t views = (opts->view_end ? opts->view_end : scan->nviews) - opts->view_begin;
    const int64_t cols = (opts->col_end ? opts->col_end : scan->ncols) - opts->col_begin;
    const int64_t has[] = {vxg_ct_geometry_nviews(geo), vxg_ct_geometry_nv(geo),
                           vxg_ct_geometry_nu(geo)};
    const int64_t want[] = {views, scan->nrows, cols};
    static const char *const names[] = {"projections", "rows", "columns"};
    for (int i = 0; i < 3; i++)
        VXG_FAIL_IF(has[i] != want[i], VXG_ERR_INPUT, "the geometry has %lld %s, %s has %lld",
                    (long long)has[i], names[i], scan->path, (long long)want[i]);
    return VXG_OK;
}

/* Weights are those of the whole scan, whatever rows a slab sees. */
static int plan_weights(job *j) {
    vxg__filtered *f = &j->filtered;
    const int parallel = vxg_ct_geometry_beam(j->geo) == VXG_CT_BEAM_PARALLEL;
    f->dev = j->dev, f->geo = j->geo, f->correct = &j->correct, f->plan = &j->plan;
    f->opts = (vxg_ct_fdk_opts){.window = j->opts->window, .cutoff = j->opts->cutoff};
    VXG_TRY(vxg__fdk_plan_begin(j->geo, parallel ? "fbp" : "fdk",
                                parallel ? "half_acquisition" : "half_fan", &f->opts, &j->plan));
    f->nviews = vxg_ct_geometry_nviews(j->geo), f->nu = vxg_ct_geometry_nu(j->geo);
    f->width = j->plan.before + f->nu + j->plan.after;
    return VXG_OK;
}

static int run(job *j) {
    const int64_t slices = j->slices < j->vol.nz ? j->slices : j->vol.nz;
    const int64_t n = slices * j->vol.ny * j->vol.nx;
    const int64_t views = j->block < j->filtered.nviews ? j->block : j->filtered.nviews;
    VXG_TRY(vxg__filtered_open(&j->filtered, j->opts->scratch));
    VXG_TRY(vxg__staging_new(j->dev, views * j->block_rows * j->filtered.width, &j->y));
    for (int i = 0; i < 2; i++) VXG_TRY(vxg__staging_new(j->dev, n, &j->out[i]));
    if (j->plan.turns) VXG_TRY(vxg__staging_new(j->dev, n, &j->seen));
    return make_all(j);
}

static void job_free(job *j) {
    vxg__filtered_free(&j->filtered);
    vxg__fdk_plan_free(&j->plan);
    vxg__staging_free(&j->y), vxg__staging_free(&j->seen);
    for (int i = 0; i < 2; i++) vxg__staging_free(&j->out[i]);
    vxg__free(j->slabs);
    vxg__free(j->part.angles);
}

/* By an iterative method. */
static int iterate(job *j, vxg__iterate *it, vxg_ct_recon_stats *found) {
    VXG_TRY(vxg__pipeline_all_slices(j->opts));
    const vxg__whole w = {.dev = j->dev,
                          .geo = j->geo,
                          .vol = j->vol,
                          .r1 = vxg_ct_geometry_nv(j->geo),
                          .correct = &j->correct,
                          .it = it,
                          .writer = j->writer,
                          .plan = j->only_plan};
    return vxg__reconstruct_whole(&w, found);
}

static int choose_slices(job *j) {
    j->z0 = j->opts->slice_begin, j->z1 = j->opts->slice_end ? j->opts->slice_end : j->vol.nz;
    VXG_FAIL_IF(j->z0 < 0 || j->z1 > j->vol.nz || j->z0 >= j->z1, VXG_ERR_ARGUMENT,
                "reconstruct: slices [%lld, %lld) of %lld", (long long)j->z0, (long long)j->z1,
                (long long)j->vol.nz);
    return VXG_OK;
}

/* A part of the slices sees a part of the rows: vxg_ct_recon_judge looks at all of them. */
static int judge(const job *j) {
    const int part = j->z0 > 0 || j->z1 < j->vol.nz;
    return part ? VXG_OK : vxg__correct_judge(&j->correct);
}

static int analytic(job *j, vxg_ct_recon_stats *found) {
    VXG_TRY(choose_slices(j));
    int status = plan_weights(j);
    if (!status) status = cut(j);
    if (!status) needed_rows(j);
    const int64_t room = vxg__pipeline_room(j->dev, j->opts->max_memory);
    if (!status) status = share_memory(j, room);
    const vxg__bands bands = {j->filtered.first, j->filtered.last, j->filtered.chunk,
                              j->filtered.chunk};
    if (!status && !j->only_plan) status = vxg__reading_prepare(&j->correct, &bands, room);
    if (!status && !j->only_plan) status = run(j);
    if (!status && !j->only_plan) status = judge(j);
    *found = (vxg_ct_recon_stats){.bad = j->correct.bad,
                                  .slices = j->z1 - j->z0,
                                  .ny = j->vol.ny,
                                  .nx = j->vol.nx,
                                  .chunk = j->slices,
                                  .peak_bytes = j->bytes ? j->bytes : j->least,
                                  .repaired = j->correct.repaired,
                                  .empty_rows = j->correct.empty_rows,
                                  .values = j->correct.values,
                                  .algorithm = vxg_ct_geometry_beam(j->geo) == VXG_CT_BEAM_CONE &&
                                                       vxg_ct_geometry_nv(j->geo) > 1
                                                   ? "fdk"
                                                   : "fbp"};
    return status;
}

/* All of it, or its plan. */
static int by_views(job *j, vxg_scan_reader *scan, const vxg_ct_volume *vol,
                    const vxg_ct_recon_opts *opts, vxg_ct_recon_stats *found) {
    vxg_ct_recon_opts o = *opts;
    vxg__iterate it;
    VXG_FAIL_IF(!j->geo, VXG_ERR_ARGUMENT, "reconstruct: geometry is NULL");
    VXG_TRY(vxg__ct_volume_check(vol, &j->vol));
    VXG_TRY(check_fit(scan, opts, j->geo));
    VXG_TRY(vxg__iterate_begin(opts, &it));
    VXG_FAIL_IF(it.analytic == VXG__FOURIER, VXG_ERR_UNSUPPORTED,
                "reconstruct: algorithm fourier takes parallel beams by their angles and axis, no "
                "geometry");
    o.row_begin = o.row_end = 0; /* rows are chosen here */
    j->opts = &o;
    j->correct = (vxg__corrector){.scan = scan, .part = &j->part, .opts = &o};
    int status = vxg__scan_plan(scan, &o, &j->part);
    if (!status) status = it.row ? iterate(j, &it, found) : analytic(j, found);
    if (j->only_plan) found->iterations = vxg__iterate_count(&it);
    vxg__iterate_end(&it, status);
    job_free(j);
    return status;
}

int vxg_ct_reconstruct_views(vxg_device *dev, vxg_scan_reader *scan, const vxg_ct_geometry *geo,
                             const vxg_ct_volume *vol, const vxg_ct_recon_opts *opts,
                             vxg_volume_writer *writer, vxg_ct_recon_stats *stats) {
    VXG_TRY(vxg__pipeline_arguments(dev, scan, opts, writer));
    VXG_READ(vxg_ct_recon_opts, opts);
    if (stats) VXG_TRY(VXG_OUT_CHECK(vxg_ct_recon_stats, stats));
    job j = {.dev = dev, .geo = geo, .writer = writer, .filtered.file = -1};
    vxg_ct_recon_stats found = {0};
    const int status = by_views(&j, scan, vol, opts, &found);
    const int written = stats ? VXG_OUT(vxg_ct_recon_stats, stats, &found) : VXG_OK;
    return status ? status : written;
}

int vxg__views_plan(vxg_device *dev, vxg_scan_reader *scan, const vxg_ct_geometry *geo,
                    const vxg_ct_volume *vol, const vxg_ct_recon_opts *opts,
                    vxg_ct_recon_stats *found) {
    job j = {.dev = dev, .geo = geo, .filtered.file = -1, .only_plan = 1};
    return by_views(&j, scan, vol, opts, found);
}
