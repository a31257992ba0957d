/* Scan to volume by iterative methods that need all of it at once: projections and the method's
 * vectors are held whole, in memory or, on the cpu, where that is not enough, in a scratch file
 * that is mapped. Rows are read and corrected in bands. */
#include <string.h>
#include <unistd.h>

#include "ct/pipeline/pipeline.h"
#include "ct/project/project.h"
#include "op/op.h"

#define BAND_MOST 64    /* rows */
#define SLICES_MOST 64  /* written at a time */
#define VIEW_BYTES 2048 /* a view's geometry and coefficients, all copies, but for tables */

typedef struct job {
    vxg__whole w;
    vxg_op *op;
    vxg__reading cost;
    int64_t rows, chunk, slices, bytes; /* chunk: rows of a band */
    int64_t scratch;                    /* bytes of vectors and projections in a file, 0: none */
    vxg__spill spill;
    char folder[4160];
    vxg__staging data; /* (views, rows, columns) */
    float *band, *fields, *out;
    int (*callback)(void *context, const vxg_solve_report *report, const vxg_array *x);
    void *context;
    vxg_array shown; /* x in the volume's unit, for the callback */
} job;

/* Lengths in steps of x: methods that weigh lengths against differences of neighbours must not know
 * the unit. */
static int in_steps(const vxg__whole *w, vxg_ct_geometry **geo, vxg_ct_volume *vol) {
    const int64_t n = vxg_ct_geometry_nviews(w->geo);
    const double dx = w->vol.dx;
    vxg_ct_view *views = vxg__calloc((size_t)n, sizeof *views);
    if (!views) return VXG_ERR_MEMORY;
    for (int64_t i = 0; i < n; i++) {
        vxg_ct_view *v = &views[i];
        *v = *vxg_ct_geometry_view(w->geo, i);
        for (int k = 0; k < 3; k++) v->s[k] /= dx, v->d[k] /= dx, v->U[k] /= dx, v->V[k] /= dx;
    }
    const vxg_ct_views o = {.beam = vxg_ct_geometry_beam(w->geo),
                            .detector = vxg_ct_geometry_detector(w->geo),
                            .nviews = n,
                            .nv = vxg_ct_geometry_nv(w->geo),
                            .nu = vxg_ct_geometry_nu(w->geo),
                            .column_offset = vxg_ct_geometry_column_offset(w->geo),
                            .views = views};
    *vol = w->vol;
    for (int k = 0; k < 3; k++) vol->center[k] /= dx;
    vol->dz /= dx, vol->dy /= dx, vol->dx = 1;
    const int status = vxg_ct_geometry_new(&o, geo);
    vxg__free(views);
    return status;
}

static int make_operator(job *j) {
    vxg_ct_geometry *geo = NULL;
    vxg_ct_volume vol;
    VXG_TRY(in_steps(&j->w, &geo, &vol));
    const int status = vxg_ct_projector(j->w.dev, geo, &vol, NULL, &j->op);
    vxg_ct_geometry_release(geo);
    return status;
}

/* All that memory holds with bands of n rows; -> *file: what lies there where in_file. */
static int bytes_of(const job *j, int64_t n, int in_file, int64_t *bytes, int64_t *file) {
    const vxg__corrector *c = j->w.correct;
    const int64_t views = c->part->nviews, cols = c->part->ncols, area = j->w.vol.ny * j->w.vol.nx;
    const int64_t flats = c->scan->nflats, darks = c->scan->ndarks;
    const int64_t frames = c->opts->no_minus_log ? 0 : flats > darks ? flats : darks;
    const int64_t lanes = n < vxg_threads() ? n : vxg_threads();
    vxg__iterate_need need;
    VXG_TRY(vxg__iterate_bytes(j->w.it, j->op, &need));
    const int64_t data = 4 * cols * views * j->rows;
    const int64_t arrays = data + (j->callback ? 4 * j->w.vol.nz * area : 0);
    /* two rows beside a band for repairs */
    *bytes = 4 * (cols * (n * (views + 2 + frames) + 2 * views) + j->slices * area) +
             views * VIEW_BYTES + vxg__ct_table_bytes(j->op) + j->cost.memory;
    if (c->opts->ring_size > 0) *bytes += lanes * vxg__ring_bytes(c->part);
    *bytes += in_file ? need.rest : need.all + arrays;
    *file = in_file ? need.vectors + arrays : 0;
    return VXG_OK;
}

/* The largest bands that fit in room, with vectors in a file or not; *fits 0: none do. */
static int fit_band(job *j, int64_t room, int in_file, int *fits) {
    const int64_t nz = j->w.vol.nz;
    j->slices = nz < SLICES_MOST ? nz : SLICES_MOST;
    j->chunk = j->rows < BAND_MOST ? j->rows : BAND_MOST;
    for (;; j->chunk = (j->chunk + 1) / 2, j->slices = (j->slices + 1) / 2) {
        VXG_TRY(bytes_of(j, j->chunk, in_file, &j->bytes, &j->scratch));
        *fits = j->bytes <= room;
        if (*fits || (j->chunk == 1 && j->slices == 1)) return VXG_OK;
    }
}

static int choose_band(job *j) {
    const vxg_ct_volume *v = &j->w.vol;
    const int64_t room = vxg__pipeline_room(j->w.dev, j->w.correct->opts->max_memory);
    const vxg__scan_part *p = j->w.correct->part;
    const int host = vxg_device_get_info(j->w.dev)->is_cpu;
    int fits;
    VXG_TRY(vxg__reading_look(j->w.correct, &j->cost));
    VXG_TRY(fit_band(j, room, 0, &fits));
    if (!fits && host) VXG_TRY(fit_band(j, room, 1, &fits));
    VXG_FAIL_IF(
        !fits && host, VXG_ERR_MEMORY,
        "this scan needs %.1f MB at once, %.1f MB are allowed: what %s works with at a time "
        "of %lld projections of %lld x %lld and of a volume of %lld x %lld x %lld, beside "
        "%.1f MB in a scratch file",
        (double)j->bytes * 1e-6, (double)room * 1e-6, j->w.it->row->name, (long long)p->nviews,
        (long long)j->rows, (long long)p->ncols, (long long)v->nz, (long long)v->ny,
        (long long)v->nx, (double)j->scratch * 1e-6);
    VXG_FAIL_IF(!fits, VXG_ERR_MEMORY,
                "this scan needs %.1f MB at once, %.1f MB are allowed: %s holds all of %lld "
                "projections of %lld x %lld and of a volume of %lld x %lld x %lld, some of them "
                "more than once (on the cpu a scratch file can hold most of it)",
                (double)j->bytes * 1e-6, (double)room * 1e-6, j->w.it->row->name,
                (long long)p->nviews, (long long)j->rows, (long long)p->ncols, (long long)v->nz,
                (long long)v->ny, (long long)v->nx);
    return VXG_OK;
}

/* What does not fit in memory lies in a file of the scratch folder. */
static int open_scratch(job *j) {
    j->spill = (vxg__spill){.file = -1, .folder = j->folder};
    if (!j->scratch) return VXG_OK;
    VXG_TRY(vxg__scratch_folder(j->w.correct->opts->scratch, j->folder, sizeof j->folder));
    VXG_TRY(vxg__scratch_open(j->folder, "vectors and projections", j->scratch, &j->spill.file));
    vxg__log(
        0,
        "%.1f MB of vectors and projections lie in a scratch file in %s: memory is allowed for "
        "the rest alone",
        (double)j->scratch * 1e-6, j->folder);
    j->w.it->spill = &j->spill;
    return VXG_OK;
}

static int prepare(const job *j) {
    const int64_t room = vxg__pipeline_room(j->w.dev, j->w.correct->opts->max_memory);
    const vxg__bands bands = {j->w.r0, j->w.r1, j->chunk, j->chunk};
    return vxg__reading_prepare(j->w.correct, &bands, room);
}

/* What may lie in the file. */
static int make_arrays(job *j) {
    const vxg__scan_part *p = j->w.correct->part;
    VXG_TRY(vxg__staging_new(j->w.dev, p->nviews * j->rows * p->ncols, &j->data));
    return j->callback ? vxg_op_new_array(j->op, 0, &j->shown) : VXG_OK;
}

static int make_memory(job *j) {
    const vxg__scan_part *p = j->w.correct->part;
    const int64_t area = j->w.vol.ny * j->w.vol.nx;
    vxg__spill_use(j->w.it->spill);
    const int status = make_arrays(j);
    vxg__spill_use(NULL);
    VXG_TRY(status);
    j->band = vxg__calloc((size_t)(p->nviews * j->chunk * p->ncols), sizeof(float));
    j->fields = vxg__calloc((size_t)(2 * j->chunk * p->ncols), sizeof(float));
    j->out = vxg__calloc((size_t)(j->slices * area), sizeof(float));
    return j->band && j->fields && j->out ? VXG_OK : VXG_ERR_MEMORY;
}

/* Rows [r0, r1) of the scan to their place among all. */
static int read_band(job *j, int64_t r0, int64_t r1) {
    const vxg__scan_part *p = j->w.correct->part;
    const int64_t n = (r1 - r0) * p->ncols, row = j->rows * p->ncols, at = r0 - j->w.r0;
    const vxg__scan_fields f = {j->fields, j->fields + j->chunk * p->ncols};
    if (vxg__cancelled(j->w.it->outer)) VXG_FAIL(VXG_ERR_CANCELLED, "interrupted");
    VXG_TRY(vxg__correct_read(j->w.correct, r0, r1, j->band, &f));
    VXG_TRY(vxg__correct_rows(j->w.correct, r0, r1, &f, j->band));
    vxg__iterate_data(j->w.it, j->band, p->nviews * n);
    for (int64_t v = 0; v < p->nviews; v++)
        memcpy(j->data.host + v * row + at * p->ncols, j->band + v * n, (size_t)n * sizeof(float));
    vxg__report(j->w.it->outer, "rows", (double)(r1 - j->w.r0), (double)j->rows);
    return VXG_OK;
}

static int read_all(job *j) {
    j->w.correct->ring_lanes = j->chunk < vxg_threads() ? j->chunk : vxg_threads();
    for (int64_t r = j->w.r0; r < j->w.r1; r += j->chunk)
        VXG_TRY(read_band(j, r, r + j->chunk < j->w.r1 ? r + j->chunk : j->w.r1));
    return vxg__correct_judge(j->w.correct);
}

static int write_all(job *j, const vxg_array *x) {
    const vxg_ct_volume *v = &j->w.vol;
    for (int64_t z = 0; z < v->nz; z += j->slices) {
        const int64_t n = z + j->slices < v->nz ? j->slices : v->nz - z;
        const vxg_array some = vxg__rows(x, z, n);
        if (vxg__cancelled(j->w.it->outer)) VXG_FAIL(VXG_ERR_CANCELLED, "interrupted");
        VXG_TRY(vxg_array_read(NULL, &some, j->out));
        for (int64_t i = 0; v->dx != 1 && i < n * v->ny * v->nx; i++)
            j->out[i] = (float)((double)j->out[i] / v->dx);
        VXG_TRY(vxg__check_slices(j->out, z, n, v->ny, v->nx));
        VXG_TRY(j->w.writer->write(j->w.writer, z, n, j->out));
    }
    return VXG_OK;
}

static int solve_all(job *j) {
    const int n = vxg__iterate_count(j->w.it);
    vxg_array x;
    vxg__iterate_progress(j->w.it, "iterations", 0, n, n);
    VXG_TRY(vxg__iterate_run(j->w.it, j->op, &j->data, &x));
    const int status = write_all(j, &x);
    vxg_array_release(&x);
    return status;
}

/* The caller's callback sees, and writes, values in the volume's unit; x itself keeps its bits
 * where nothing is written. */
static int show(void *context, const vxg_solve_report *report, const vxg_array *x) {
    const job *j = context;
    const double dx = j->w.vol.dx;
    vxg_solve_report r = *report;
    r.change /= dx;
    VXG_TRY(vxg_array_axpby(NULL, 1 / dx, x, 0, &j->shown));
    const int answer = j->callback(j->context, &r, &j->shown);
    if (answer == VXG_SOLVE_WROTE) VXG_TRY(vxg_array_axpby(NULL, dx, &j->shown, 0, x));
    return answer;
}

/* Options that are values become those per step of x, so that what is minimised stays the same;
 * differences of neighbours are over the voxels' distances, in those steps. What stands for 0 is
 * meant per step. */
static int set_options(job *j) {
    const vxg_ct_volume *v = &j->w.vol;
    vxg_solve_opts *o = &j->w.it->opts;
    const double distance[3] = {v->dz / v->dx, v->dy / v->dx, 1};
    VXG_TRY(vxg_solve_opts_scale(o, v->dx));
    for (int k = 0; k < 3 && strstr(j->w.it->row->uses, "spacing"); k++)
        if (o->spacing[k] == 0) o->spacing[k] = distance[k];
    if (!o->callback || v->dx == 1) return VXG_OK;
    j->callback = o->callback, j->context = o->context;
    o->callback = show, o->context = j;
    return VXG_OK;
}

static int do_all(job *j) {
    VXG_TRY(prepare(j));
    VXG_TRY(open_scratch(j));
    VXG_TRY(make_memory(j));
    VXG_TRY(read_all(j));
    VXG_TRY(solve_all(j));
    return vxg__iterate_judge(j->w.it);
}

int vxg__reconstruct_whole(const vxg__whole *w, vxg_ct_recon_stats *found) {
    job j = {.w = *w, .rows = w->r1 - w->r0, .spill.file = -1};
    const vxg_ct_recon_opts *const o = w->correct->opts;
    w->it->slabs = 0, w->it->keep = o->keep, w->it->keep_context = o->keep_context;
    int status = set_options(&j);
    if (!status) status = make_operator(&j);
    if (!status) status = choose_band(&j);
    if (!status && !w->plan) status = do_all(&j);
    const vxg__corrector *c = w->correct;
    *found = (vxg_ct_recon_stats){.bad = c->bad,
                                  .slices = w->vol.nz,
                                  .ny = w->vol.ny,
                                  .nx = w->vol.nx,
                                  .chunk = w->vol.nz,
                                  .peak_bytes = j.bytes,
                                  .scratch_bytes = j.scratch,
                                  .repaired = c->repaired,
                                  .empty_rows = c->empty_rows};
    vxg__iterate_stats(w->it, found);
    vxg__staging_free(&j.data);
    vxg_array_release(&j.shown);
    vxg__free(j.band), vxg__free(j.fields), vxg__free(j.out);
    vxg_op_release(j.op);
    w->it->spill = NULL;
    if (j.spill.file >= 0) close(j.spill.file);
    return status;
}
