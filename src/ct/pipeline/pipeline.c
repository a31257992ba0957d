/* Scan to volume in slabs of detector rows: one thread reads slab n+1 and one writes slab n-1 while
 * the caller's thread computes slab n. Two slabs of projections and two of volume exist at a time;
 * the slab's size follows from the memory allowed, and no bit of the result depends on it. */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "ct/analytic/fourier.h"
#include "ct/geometry/scan_kind.h"
#include "ct/pipeline/pipeline.h"

#define MOST_SLICES 64 /* a schedule's widest block of slices; more only costs memory */
#define SLOTS 2
#define VIEW_BYTES 1024 /* a view's geometry and coefficients, all copies */

/* ---- What is reconstructed ---- */
static int check_center(const vxg_scan_reader *scan, double center) {
    VXG_FAIL_IF(!(center >= 0 && center <= (double)(scan->ncols - 1)), VXG_ERR_ARGUMENT,
                "rotation axis %g is outside the detector's columns 0..%lld", center,
                (long long)(scan->ncols - 1));
    return VXG_OK;
}

/* ---- Operators of a slab ---- */
static int slab_geometry(const vxg__scan_part *p, int64_t rows, double center,
                         vxg_ct_geometry **geo) {
    vxg_ct_parallel_opts o = {.angles = p->angles,
                              .nviews = p->nviews,
                              .rows = rows,
                              .cols = p->ncols,
                              .center = center - (double)p->c0,
                              .has_center = 1};
    return vxg_ct_parallel_circular(&o, geo);
}

static int slab_volume(const vxg__scan_part *p, int64_t rows, double center, int64_t side,
                       vxg_ct_geometry **geo, vxg_ct_volume *vol) {
    VXG_TRY(slab_geometry(p, rows, center, geo));
    *vol = (vxg_ct_volume){0};
    vxg_ct_fit_volume(*geo, vol);
    vol->nx = vol->ny = side;
    return VXG_OK;
}

static int slab_filter(vxg_device *dev, const vxg__scan_part *p, const vxg_ct_recon_opts *opts,
                       int64_t rows, vxg_op **out) {
    int64_t nfft = vxg_fft_size(2 * p->ncols);
    vxg_space space = {.ndim = 3, .shape = {p->nviews, rows, p->ncols}};
    double *response = vxg__calloc((size_t)(nfft / 2 + 1), sizeof *response);
    double *weights = vxg__calloc((size_t)p->nviews, sizeof *weights);
    int status = response && weights ? VXG_OK : VXG_ERR_MEMORY;
    *out = NULL;
    if (!status) status = vxg_ct_filter_response(opts->window, opts->cutoff, nfft, 1, response);
    if (!status) status = vxg_ct_angle_weights(p->nviews, p->angles, weights);
    if (!status) status = vxg_ct_filter(dev, &space, response, nfft, weights, VXG_REAL_F32, out);
    vxg__free(response), vxg__free(weights);
    return status;
}

/* fbp: weights, filter and backprojector in one, for scans whose rays do not all count the same. */
static int slab_backprojector(vxg_device *dev, const vxg__scan_part *p,
                              const vxg_ct_recon_opts *opts, int64_t rows, double center,
                              int64_t side, int fbp, vxg_op **out) {
    const vxg_ct_fbp_opts o = {.window = opts->window, .cutoff = opts->cutoff};
    vxg_ct_geometry *geo;
    vxg_ct_volume vol;
    *out = NULL;
    VXG_TRY(slab_volume(p, rows, center, side, &geo, &vol));
    int status =
        fbp ? vxg_ct_fbp(dev, geo, &vol, &o, out) : vxg_ct_backprojector(dev, geo, &vol, NULL, out);
    vxg_ct_geometry_release(geo);
    return status;
}

/* All of it by the slices' spectra. */
static int slab_fourier(vxg_device *dev, const vxg__scan_part *p, const vxg_ct_recon_opts *opts,
                        int64_t rows, int64_t side, vxg_op **out) {
    const vxg_ct_fourier_opts o = {.window = opts->window, .cutoff = opts->cutoff};
    vxg_ct_geometry *geo;
    vxg_ct_volume vol;
    *out = NULL;
    VXG_TRY(slab_volume(p, rows, opts->center, side, &geo, &vol));
    const int status = vxg_ct_fourier(dev, geo, &vol, &o, out);
    vxg_ct_geometry_release(geo);
    return status;
}

/* What iterative methods invert. */
static int slab_projector(vxg_device *dev, const vxg__scan_part *p, int64_t rows, double center,
                          int64_t side, vxg_op **out) {
    vxg_ct_geometry *geo;
    vxg_ct_volume vol;
    *out = NULL;
    VXG_TRY(slab_volume(p, rows, center, side, &geo, &vol));
    const int status = vxg_ct_projector(dev, geo, &vol, NULL, out);
    vxg_ct_geometry_release(geo);
    return status;
}

/* *weighted: rays do not all count the same. *side: voxels across the field of view, the number of
 * columns where that is no half-acquisition. Refuses what vxg_ct_fbp refuses; iterative methods
 * take any arcs. */
static int look_at(const vxg__scan_part *p, double center, int iterative, int *weighted,
                   int64_t *side) {
    const vxg__scan_opts o = {.who = "reconstruct", .half = "half_acquisition"};
    vxg_ct_geometry *geo;
    vxg__ct_scan scan;
    VXG_TRY(slab_geometry(p, 1, center, &geo));
    int status = vxg__ct_scan_look(geo, VXG_CT_ARC_AUTO, &scan);
    if (status) {
        vxg_ct_geometry_release(geo);
        return status;
    }
    if (!iterative) status = vxg__ct_scan_decide(geo, &o, &scan);
    *weighted = !iterative && !status && scan.method != VXG__SCAN_EVEN;
    *side = p->ncols;
    if (iterative ? vxg__ct_scan_half_fan(&scan) : !status && scan.method == VXG__SCAN_OFFSET)
        *side = (int64_t)ceil(2 * fmax(-scan.border[0], scan.border[1]) - 1e-6);
    vxg__ct_scan_free(&scan);
    vxg_ct_geometry_release(geo);
    return status;
}

int vxg_ct_recon_side(const vxg_scan_reader *scan, const vxg_ct_recon_opts *opts, int64_t *side) {
    vxg__scan_part p = {0};
    vxg__iterate it;
    int weighted;
    VXG_FAIL_IF(!scan || !opts || !side, VXG_ERR_ARGUMENT,
                "reconstruct: scan, options or side is NULL");
    VXG_TRY(check_center(scan, opts->center));
    VXG_READ(vxg_ct_recon_opts, opts);
    VXG_TRY(vxg__iterate_begin(opts, &it));
    int status = vxg__scan_plan(scan, opts, &p);
    if (!status) status = look_at(&p, opts->center, it.row != NULL, &weighted, side);
    vxg__free(p.angles);
    return status;
}

/* proj (nviews, rows, ncols) in staging becomes vol (rows, n, n) in staging. Filtering is in place:
 * a row pair is read whole before it is written. */
static int slab_run(const vxg_op *filter, const vxg_op *bp, const vxg__staging *proj, int filtered,
                    const vxg__staging *vol, const vxg_progress *progress) {
    vxg_array y = vxg__staging_array(proj, vxg_op_domain(bp, 0)->shape),
              x = vxg__staging_array(vol, vxg_op_range(bp)->shape);
    vxg_call call = {.progress = progress};
    if (!filtered && proj->owned) VXG_TRY(vxg_array_write(NULL, &y, proj->host));
    if (!filtered && filter) VXG_TRY(vxg_op_apply(filter, &call, &y, &y));
    VXG_TRY(vxg_op_apply(bp, &call, &y, &x));
    return vol->owned ? vxg_array_read(NULL, &x, vol->host) : VXG_OK;
}

/* The same by an iterative method, A being op. */
static int slab_solve(vxg__iterate *it, const vxg_op *op, const vxg__staging *proj,
                      const vxg__staging *vol) {
    vxg_array x;
    vxg__iterate_data(it, proj->host, vxg_space_count(vxg_op_range(op)));
    VXG_TRY(vxg__iterate_run(it, op, proj, &x));
    const int status = vxg_array_read(NULL, &x, vol->host);
    vxg_array_release(&x);
    return status;
}

/* ---- The conveyor ---- */
/* Slices [z0, z1) of the volume come from detector rows [r0, r1) of the scan. */
typedef struct slab {
    int64_t r0, r1, z0, z1;
} slab;

typedef struct conveyor {
    vxg_scan_reader *scan;
    const vxg_ct_recon_opts *opts;
    vxg_volume_writer *writer;
    vxg__scan_part part;
    int64_t chunk, first, nslabs, slots, bytes; /* first: rows of the first slab */
    vxg__reading cost;
    int64_t nz, ny, nx;
    int weighted; /* rays do not all count the same: one operator does it all */
    int plan;     /* nothing but how much would be held */
    int fourier;
    int64_t wide; /* columns that a half-acquisition is continued to */
    vxg__iterate it;
    vxg__corrector correct;
    pthread_mutex_t reading;
    vxg__staging proj[SLOTS], vol[SLOTS];
    vxg__scan_fields fields[SLOTS];
    float *field_memory;
    pthread_mutex_t lock;
    pthread_cond_t moved;
    int64_t read, computed, written; /* slabs done by each stage */
    int status;                      /* the first failure; message holds its words */
    char message[1024];
} conveyor;

static slab slab_at(const conveyor *c, int64_t i) {
    const int64_t r0 = c->part.r0 + (i ? c->first + (i - 1) * c->chunk : 0);
    const int64_t n = i ? c->chunk : c->first, left = c->part.r1 - r0;
    const int64_t r1 = r0 + (left < n ? left : n);
    return (slab){r0, r1, r0 - c->part.r0, r1 - c->part.r0};
}

/* Waits until *counter reaches `least`; the first failure ends all waits. */
static int wait_for(conveyor *c, const int64_t *counter, int64_t least) {
    pthread_mutex_lock(&c->lock);
    while (*counter < least && !c->status) pthread_cond_wait(&c->moved, &c->lock);
    int status = c->status;
    pthread_mutex_unlock(&c->lock);
    return status;
}
static void step(conveyor *c, int64_t *counter, int status) {
    pthread_mutex_lock(&c->lock);
    if (status && !c->status) {
        c->status = status;
        snprintf(c->message, sizeof c->message, "%s", vxg_error_message());
    }
    ++*counter;
    pthread_cond_broadcast(&c->moved);
    pthread_mutex_unlock(&c->lock);
}

static void *read_slabs(void *context) {
    conveyor *c = context;
    for (int64_t i = 0; i < c->nslabs; i++) {
        if (wait_for(c, &c->computed, i - c->slots + 1)) break; /* the slot is free again */
        const slab s = slab_at(c, i);
        int status = vxg__cancelled(c->opts->progress)
                         ? vxg_error_set(VXG_ERR_CANCELLED, "interrupted")
                         : vxg__correct_read(&c->correct, s.r0, s.r1, c->proj[i % c->slots].host,
                                             &c->fields[i % c->slots]);
        step(c, &c->read, status);
    }
    return NULL;
}

static void *write_slabs(void *context) {
    conveyor *c = context;
    for (int64_t i = 0; i < c->nslabs; i++) {
        if (wait_for(c, &c->computed, i + 1)) break;
        const slab s = slab_at(c, i);
        int status = c->writer->write(c->writer, s.z0, s.z1 - s.z0, c->vol[i % c->slots].host);
        step(c, &c->written, status);
    }
    return NULL;
}

static int compute_slab(conveyor *c, int64_t i, const vxg_op *filter, const vxg_op *bp) {
    VXG_TRY(wait_for(c, &c->read, i + 1));
    VXG_TRY(wait_for(c, &c->written, i - c->slots + 1));
    if (vxg__cancelled(c->opts->progress)) VXG_FAIL(VXG_ERR_CANCELLED, "interrupted");
    const slab s = slab_at(c, i);
    const vxg__staging *proj = &c->proj[i % c->slots], *vol = &c->vol[i % c->slots];
    VXG_TRY(vxg__correct_rows(&c->correct, s.r0, s.r1, &c->fields[i % c->slots], proj->host));
    if (c->it.row) {
        vxg__iterate_progress(&c->it, "slices", (double)s.z0, (double)(s.z1 - s.z0), (double)c->nz);
        VXG_TRY(slab_solve(&c->it, bp, proj, vol));
    } else {
        VXG_TRY(slab_run(filter, bp, proj, 0, vol, c->opts->progress));
    }
    return vxg__check_slices(vol->host, s.z0, s.z1 - s.z0, c->ny, c->nx);
}

/* The operators of n slices; no filter where one operator does it all. For iterative methods bp is
 * the projector. */
static int slab_both(const conveyor *c, vxg_device *dev, int64_t n, vxg_op **filter, vxg_op **bp) {
    if (c->it.row) return slab_projector(dev, &c->part, n, c->opts->center, c->nx, bp);
    if (c->fourier) return slab_fourier(dev, &c->part, c->opts, n, c->nx, bp);
    if (!c->weighted) VXG_TRY(slab_filter(dev, &c->part, c->opts, n, filter));
    return slab_backprojector(dev, &c->part, c->opts, n, c->opts->center, c->nx, c->weighted, bp);
}

/* The operators of slab i: those of the slab before where they fit. */
static int slab_operators(conveyor *c, vxg_device *dev, int64_t i, vxg_op **filter, vxg_op **bp) {
    const slab s = slab_at(c, i), before = slab_at(c, i ? i - 1 : 0);
    if (i && s.r1 - s.r0 == before.r1 - before.r0) return VXG_OK;
    vxg_op_release(*filter), vxg_op_release(*bp);
    *filter = *bp = NULL;
    return slab_both(c, dev, s.r1 - s.r0, filter, bp);
}

static void compute_slabs(conveyor *c, vxg_device *dev) {
    vxg_op *filter = NULL, *bp = NULL;
    for (int64_t i = 0; i < c->nslabs; i++) {
        int status = slab_operators(c, dev, i, &filter, &bp);
        if (!status) status = compute_slab(c, i, filter, bp);
        step(c, &c->computed, status);
        if (status) break;
        vxg__report(c->opts->progress, "slices", (double)slab_at(c, i).z1, (double)c->nz);
    }
    vxg_op_release(filter), vxg_op_release(bp);
}

/* The operators of n slices and what they take beside their arrays. */
static int slab_workspace(const conveyor *c, vxg_device *dev, int64_t n, int64_t *bytes) {
    vxg_op *filter = NULL, *bp = NULL;
    int status = slab_both(c, dev, n, &filter, &bp);
    if (!status && c->it.row) {
        vxg__iterate_need need;
        status = vxg__iterate_bytes(&c->it, bp, &need);
        *bytes = need.all;
    } else if (!status) {
        const size_t a = filter ? vxg_op_workspace(filter, NULL) : 0;
        const size_t b = vxg_op_workspace(bp, NULL);
        *bytes = (int64_t)(a > b ? a : b);
    }
    vxg_op_release(filter), vxg_op_release(bp);
    return status;
}

/* All that is held with slabs of n slices: slots of projections, volume and fields, frames while
 * fields are averaged, two rows beside a slab for repairs, sorted rows, the operators' and the
 * reader's. */
static int slab_bytes(const conveyor *c, vxg_device *dev, int64_t n, int64_t *bytes) {
    const int64_t proj = c->part.nviews * c->part.ncols, area = c->ny * c->nx;
    const int64_t flats = c->scan->nflats, darks = c->scan->ndarks;
    const int64_t frames = c->opts->no_minus_log ? 0 : flats > darks ? flats : darks;
    const int64_t lanes = n < vxg_threads() ? n : vxg_threads();
    int64_t workspace = 0;
    VXG_TRY(slab_workspace(c, dev, n, &workspace));
    *bytes = 4 * (c->slots * n * (proj + area + 2 * c->part.ncols) + n * frames * c->part.ncols +
                  2 * proj) +
             workspace + c->part.nviews * VIEW_BYTES + c->cost.memory;
    if (c->opts->ring_size > 0) *bytes += lanes * vxg__ring_bytes(&c->part);
    if (c->fourier) *bytes += vxg__fourier_table_bytes(c->part.nviews, c->wide, c->nx);
    return VXG_OK;
}

static int refuse_slice(const conveyor *c, int64_t room) {
    VXG_FAIL(
        VXG_ERR_MEMORY,
        "this scan needs %.1f MB at once, %.1f MB are allowed: one slice of %lld x %lld pixels "
        "from %lld projections of %lld columns, of it %.1f MB to read the file%s",
        (double)c->bytes * 1e-6, (double)room * 1e-6, (long long)c->ny, (long long)c->nx,
        (long long)c->part.nviews, (long long)c->part.ncols, (double)c->cost.memory * 1e-6,
        c->fourier ? "; the algorithm is fourier, fbp takes less" : "");
}

/* Slabs of n rows begin where chunks of the file do, if they are not smaller. */
static void set_slabs(conveyor *c, int64_t n) {
    const int64_t rows = c->part.r1 - c->part.r0, step = c->cost.row_step;
    if (n > step) n -= n % step;
    c->chunk = n < rows ? n : rows;
    c->first = n % step ? c->chunk : n - c->part.r0 % step;
    if (c->first > rows) c->first = rows;
    c->nslabs = 1 + (rows - c->first + c->chunk - 1) / c->chunk;
}

/* Whole blocks of a schedule's lanes, as many as there is room for; at last one slice that is read,
 * computed and written in turn. */
static int choose_chunk(conveyor *c, vxg_device *dev, int64_t room) {
    const int64_t rows = c->part.r1 - c->part.r0;
    VXG_TRY(vxg__reading_look(&c->correct, &c->cost));
    for (c->slots = SLOTS; c->slots > 0; c->slots--)
        for (int64_t n = c->slots == SLOTS ? MOST_SLICES : 1; n > 0; n /= 2) {
            if (n > rows && n / 2 >= rows) continue;
            set_slabs(c, n);
            VXG_TRY(slab_bytes(c, dev, c->chunk, &c->bytes));
            if (c->bytes <= room) return VXG_OK;
        }
    return refuse_slice(c, room);
}

static int conveyor_memory(conveyor *c, vxg_device *dev) {
    int64_t rows = 0, slices = 0;
    for (int64_t i = 0; i < c->nslabs; i++) {
        const slab s = slab_at(c, i);
        if (s.r1 - s.r0 > rows) rows = s.r1 - s.r0;
        if (s.z1 - s.z0 > slices) slices = s.z1 - s.z0;
    }
    int64_t field = rows * c->part.ncols;
    for (int i = 0; i < c->slots; i++) {
        VXG_TRY(vxg__staging_new(dev, c->part.nviews * field, &c->proj[i]));
        VXG_TRY(vxg__staging_new(dev, slices * c->ny * c->nx, &c->vol[i]));
    }
    c->field_memory = vxg__calloc((size_t)(2 * SLOTS * field), sizeof(float));
    if (!c->field_memory) return VXG_ERR_MEMORY;
    for (int i = 0; i < SLOTS; i++) {
        c->fields[i].flat = c->field_memory + 2 * i * field;
        c->fields[i].dark = c->field_memory + (2 * i + 1) * field;
    }
    return VXG_OK;
}

static int conveyor_run(conveyor *c, vxg_device *dev) {
    pthread_t reader, writer;
    c->correct.reading = &c->reading;
    c->correct.ring_lanes = c->chunk < vxg_threads() ? c->chunk : vxg_threads();
    pthread_mutex_init(&c->reading, NULL);
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->moved, NULL);
    int reading = !vxg__thread_start(&reader, read_slabs, c);
    int writing = reading && !vxg__thread_start(&writer, write_slabs, c);
    if (writing) {
        compute_slabs(c, dev);
    } else {
        vxg_error_set(VXG_ERR_FAILED, "the reading and writing threads cannot be started");
        step(c, &c->computed, VXG_ERR_FAILED);
    }
    if (reading) pthread_join(reader, NULL);
    if (writing) pthread_join(writer, NULL);
    pthread_cond_destroy(&c->moved);
    pthread_mutex_destroy(&c->lock);
    pthread_mutex_destroy(&c->reading);
    return c->status ? vxg_error_set(c->status, "%s", c->message) : vxg__correct_judge(&c->correct);
}

static void conveyor_free(conveyor *c) {
    for (int i = 0; i < SLOTS; i++) vxg__staging_free(&c->proj[i]), vxg__staging_free(&c->vol[i]);
    vxg__free(c->field_memory);
    vxg__free(c->part.angles);
}

static void conveyor_stats(const conveyor *c, vxg_ct_recon_stats *stats) {
    *stats = (vxg_ct_recon_stats){.bad = c->correct.bad,
                                  .slices = c->nz,
                                  .ny = c->ny,
                                  .nx = c->nx,
                                  .chunk = c->chunk,
                                  .peak_bytes = c->bytes,
                                  .repaired = c->correct.repaired,
                                  .empty_rows = c->correct.empty_rows,
                                  .values = c->correct.values};
    vxg__iterate_stats(&c->it, stats);
    if (c->fourier) stats->algorithm = "fourier";
}

static int in_slabs(conveyor *c, vxg_device *dev, vxg_ct_recon_stats *found) {
    const int64_t room = vxg__pipeline_room(dev, c->opts->max_memory);
    int status = choose_chunk(c, dev, room);
    const vxg__bands bands = {c->part.r0, c->part.r1, c->first, c->chunk};
    if (!status && !c->plan) {
        status = vxg__reading_prepare(&c->correct, &bands, room);
        if (!status) status = conveyor_memory(c, dev);
        if (!status) status = conveyor_run(c, dev);
        if (!status && !c->opts->part) status = vxg__iterate_judge(&c->it);
    }
    conveyor_stats(c, found);
    return status;
}

/* A method that looks at all slices together. */
static int at_once(conveyor *c, vxg_device *dev, vxg_ct_recon_stats *found) {
    vxg__whole w = {.dev = dev, .r0 = c->part.r0, .r1 = c->part.r1, .correct = &c->correct};
    vxg_ct_geometry *geo;
    w.it = &c->it, w.writer = c->writer, w.plan = c->plan;
    VXG_TRY(slab_volume(&c->part, c->nz, c->opts->center, c->nx, &geo, &w.vol));
    w.geo = geo;
    const int status = vxg__reconstruct_whole(&w, found);
    vxg_ct_geometry_release(geo);
    return status;
}

/* All of it, or its plan. */
static int by_rows(conveyor *c, vxg_device *dev, vxg_ct_recon_stats *found) {
    const vxg_ct_recon_opts *opts = c->opts;
    int64_t side;
    VXG_TRY(vxg__pipeline_all_slices(opts));
    VXG_TRY(check_center(c->scan, opts->center));
    VXG_TRY(vxg__iterate_begin(opts, &c->it));
    VXG_TRY(vxg__scan_plan(c->scan, opts, &c->part));
    VXG_TRY(look_at(&c->part, opts->center, c->it.row != NULL, &c->weighted, &side));
    c->nz = c->part.r1 - c->part.r0, c->ny = c->nx = opts->side > 0 ? opts->side : c->part.ncols;
    c->correct = (vxg__corrector){.scan = c->scan, .part = &c->part, .opts = opts};
    c->wide = side > c->part.ncols ? side : c->part.ncols;
    c->fourier =
        !c->it.row &&
        (c->it.analytic == VXG__FOURIER ||
         (c->it.analytic == VXG__AUTO && vxg__fourier_pays(dev, c->part.nviews, c->wide, c->nx)));
    return c->it.row && !c->it.slabs ? at_once(c, dev, found) : in_slabs(c, dev, found);
}

int vxg_ct_reconstruct(vxg_device *dev, vxg_scan_reader *scan, const vxg_ct_recon_opts *opts,
                       vxg_volume_writer *writer, vxg_ct_recon_stats *stats) {
    VXG_TRY(vxg__pipeline_arguments(dev, scan, opts, writer));
    VXG_READ(vxg_ct_recon_opts, opts);
    if (stats) VXG_TRY(VXG_OUT_CHECK(vxg_ct_recon_stats, stats));
    conveyor c = {.scan = scan, .opts = opts, .writer = writer};
    vxg_ct_recon_stats found = {0};
    const int status = by_rows(&c, dev, &found);
    vxg__iterate_end(&c.it, status);
    conveyor_free(&c);
    const int written = stats ? VXG_OUT(vxg_ct_recon_stats, stats, &found) : VXG_OK;
    return status ? status : written;
}

static int no_slices(vxg_volume_writer *self, int64_t z0, int64_t nz, const float *src) {
    (void)self, (void)z0, (void)nz, (void)src;
    return VXG_OK;
}

int vxg_ct_recon_plan(vxg_device *dev, vxg_scan_reader *scan, const vxg_ct_geometry *geo,
                      const vxg_ct_volume *vol, const vxg_ct_recon_opts *opts,
                      vxg_ct_recon_stats *stats) {
    vxg_volume_writer nowhere = {.size = sizeof nowhere, .write = no_slices};
    VXG_TRY(vxg__pipeline_arguments(dev, scan, opts, &nowhere));
    VXG_READ(vxg_ct_recon_opts, opts);
    VXG_TRY(VXG_OUT_CHECK(vxg_ct_recon_stats, stats));
    VXG_FAIL_IF(!geo != !vol, VXG_ERR_ARGUMENT, "plan: geometry and volume go together");
    vxg_ct_recon_stats found = {0};
    int status;
    if (geo) {
        status = vxg__views_plan(dev, scan, geo, vol, opts, &found);
    } else {
        conveyor c = {.scan = scan, .opts = opts, .writer = &nowhere, .plan = 1};
        status = by_rows(&c, dev, &found);
        found.iterations = vxg__iterate_count(&c.it);
        conveyor_free(&c);
    }
    const int written = VXG_OUT(vxg_ct_recon_stats, stats, &found);
    return status ? status : written;
}

/* ---- One slice, many centres ---- */
/* What one slice at a time takes, of the first centre's operators; -> *weighted: rows are filtered
 * anew for each centre. */
static int try_plan(conveyor *c, vxg_device *dev, int64_t ncenters, const double *centers) {
    const int64_t room = vxg__pipeline_room(dev, c->opts->max_memory);
    vxg_ct_recon_opts o = *c->opts;
    int64_t side;
    int one;
    c->slots = 1, c->chunk = 1, c->ny = c->nx = c->part.ncols;
    for (int64_t i = 0; i < ncenters; i++) {
        VXG_TRY(look_at(&c->part, centers[i], 0, &one, &side));
        c->weighted |= one;
    }
    VXG_TRY(vxg__reading_look(&c->correct, &c->cost));
    if (ncenters) o.center = centers[0];
    const vxg_ct_recon_opts *const given = c->opts;
    c->opts = &o;
    const int status = slab_bytes(c, dev, 1, &c->bytes);
    c->opts = given;
    VXG_TRY(status);
    return c->bytes <= room ? VXG_OK : refuse_slice(c, room);
}

static int try_all(conveyor *c, vxg_device *dev, int64_t ncenters, const double *centers) {
    const vxg__scan_part *p = &c->part;
    const vxg_ct_recon_opts *opts = c->opts;
    vxg_op *filter = NULL;
    int status = c->weighted ? VXG_OK : slab_filter(dev, p, opts, 1, &filter);
    for (int64_t i = 0; i < ncenters && !status; i++) {
        vxg_op *bp = NULL;
        const vxg__staging *vol = &c->vol[0];
        status = slab_backprojector(dev, p, opts, 1, centers[i], p->ncols, c->weighted, &bp);
        if (!status) status = slab_run(filter, bp, &c->proj[0], i > 0, vol, opts->progress);
        if (!status) status = vxg__check_slices(vol->host, 0, 1, p->ncols, p->ncols);
        if (!status) status = c->writer->write(c->writer, i, 1, vol->host);
        vxg__report(opts->progress, "centres", (double)(i + 1), (double)ncenters);
        vxg_op_release(bp);
    }
    vxg_op_release(filter);
    return status;
}

static int try_row(conveyor *c, vxg_device *dev, int64_t row) {
    const vxg__scan_part *p = &c->part;
    c->field_memory = vxg__calloc((size_t)(2 * p->ncols), sizeof(float));
    if (!c->field_memory) return VXG_ERR_MEMORY;
    const vxg__scan_fields fields = {c->field_memory, c->field_memory + p->ncols};
    VXG_TRY(vxg__staging_new(dev, p->nviews * p->ncols, &c->proj[0]));
    VXG_TRY(vxg__staging_new(dev, p->ncols * p->ncols, &c->vol[0]));
    VXG_TRY(vxg__correct_read(&c->correct, row, row + 1, c->proj[0].host, &fields));
    VXG_TRY(vxg__correct_rows(&c->correct, row, row + 1, &fields, c->proj[0].host));
    return vxg__correct_judge(&c->correct);
}

int vxg_ct_try_centers_write(vxg_device *dev, vxg_scan_reader *scan, const vxg_ct_recon_opts *opts,
                             int64_t row, int64_t ncenters, const double *centers,
                             vxg_volume_writer *writer, vxg_ct_recon_stats *stats) {
    VXG_TRY(vxg__pipeline_arguments(dev, scan, opts, writer));
    VXG_READ(vxg_ct_recon_opts, opts);
    if (stats) VXG_TRY(VXG_OUT_CHECK(vxg_ct_recon_stats, stats));
    VXG_FAIL_IF(ncenters < 0 || (ncenters && !centers), VXG_ERR_ARGUMENT, "try: centers is NULL");
    for (int64_t i = 0; i < ncenters; i++) VXG_TRY(check_center(scan, centers[i]));
    VXG_FAIL_IF(row < 0 || row >= scan->nrows, VXG_ERR_ARGUMENT,
                "row %lld: the scan has rows 0..%lld", (long long)row,
                (long long)(scan->nrows - 1));
    conveyor c = {.scan = scan, .opts = opts, .writer = writer};
    VXG_TRY(vxg__pipeline_all_slices(opts));
    VXG_TRY(vxg__iterate_begin(opts, &c.it));
    VXG_FAIL_IF(c.it.row || c.it.analytic == VXG__FOURIER, VXG_ERR_UNSUPPORTED,
                "try: centres are told by filtered backprojection; the algorithm is %s",
                opts->algorithm);
    c.correct = (vxg__corrector){.scan = scan, .part = &c.part, .opts = opts, .ring_lanes = 1};
    int status = vxg__scan_plan(scan, opts, &c.part);
    if (!status) status = try_plan(&c, dev, ncenters, centers);
    if (!status) status = try_row(&c, dev, row);
    if (!status) status = try_all(&c, dev, ncenters, centers);
    vxg_ct_recon_stats found = {0};
    c.nz = ncenters;
    conveyor_stats(&c, &found);
    conveyor_free(&c);
    const int written = stats ? VXG_OUT(vxg_ct_recon_stats, stats, &found) : VXG_OK;
    return status ? status : written;
}

typedef struct kept { /* slices that stay in memory */
    float *out;
    int64_t area;
} kept;

static int keep_slices(vxg_volume_writer *self, int64_t z0, int64_t nz, const float *src) {
    const kept *k = self->impl;
    memcpy(k->out + z0 * k->area, src, (size_t)(nz * k->area) * sizeof *src);
    return VXG_OK;
}

int vxg_ct_try_centers(vxg_device *dev, vxg_scan_reader *scan, const vxg_ct_recon_opts *opts,
                       int64_t row, int64_t ncenters, const double *centers, float *out) {
    vxg__scan_part p = {0};
    kept k = {.out = out};
    vxg_volume_writer memory = {.size = sizeof memory, .write = keep_slices, .impl = &k};
    VXG_TRY(vxg__pipeline_arguments(dev, scan, opts, &memory));
    VXG_READ(vxg_ct_recon_opts, opts);
    VXG_FAIL_IF(ncenters && !out, VXG_ERR_ARGUMENT, "try: out is NULL");
    VXG_TRY(vxg__scan_plan(scan, opts, &p));
    k.area = p.ncols * p.ncols;
    vxg__free(p.angles);
    return vxg_ct_try_centers_write(dev, scan, opts, row, ncenters, centers, &memory, NULL);
}
