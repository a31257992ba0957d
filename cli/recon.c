/* voxgrad recon: a scan becomes a volume and pictures. Types full and slice; try.c has the third.
 */
#include "cli.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define R offsetof(cli_recon, recon)
#define S offsetof(cli_recon, scan)
#define V offsetof(cli_recon, volume)
#define A offsetof(cli_recon, solve)
static const cli_row rows[] = {
    CLI_OWN("output", 'o', VXG_OPT_OUTPUT, offsetof(cli_recon, output), NULL, 0, 0, NULL, "DIR",
            "folder of the results, made when missing (needed)"),
    CLI_OWN_ALSO("reconstruction-type", "type", 0, VXG_OPT_CHOICE, offsetof(cli_recon, type),
                 "full", 0, 0, NULL, "full|slice|try",
                 "what to make: the volume, one slice, or one slice for a range of centres"),
    CLI_FIELD("save-format", 0, V, vxg_volume_writer_opts, "format", NULL),
    CLI_OWN_ALSO(
        "center", "rotation-axis", 'c', VXG_OPT_TEXT, offsetof(cli_recon, axis), "auto", 0, 0, "px",
        "C",
        "detector column of the rotation axis, the first column is 0; auto finds it; given with "
        "--geometry (a full turn of a fan or cone beam), auto moves the detector to where the scan "
        "says"),
    CLI_OWN("center-range", 0, VXG_OPT_RANGE, offsetof(cli_recon, center_range), NULL, 0, 0, "px",
            "A:B[:STEP]",
            "centres of --type try, B excluded (not given: 10 px to both sides in steps of 1); "
            "otherwise where auto searches"),
    CLI_OWN("nsino", 0, VXG_OPT_TEXT, offsetof(cli_recon, nsino), "0.5", 0, 0, NULL, "ROW",
            "detector row of --type slice and try: 512, or a fraction of the height: 0.5"),
    CLI_OWN(
        "geometry", 'g', VXG_OPT_FILE, offsetof(cli_recon, geometry), NULL, 0, 0, NULL, "FILE",
        "geometry file (JSON) of a fan-beam or cone-beam scan: its angles and distances are used"),
    CLI_FIELD("dataset", 0, S, vxg_scan_opts, "dataset", NULL),
    CLI_PART_ROWS(R),
    CLI_FIELD_ALSO("fbp-filter", "filter", 0, R, vxg_ct_recon_opts, "window", NULL),
    CLI_FIELD("cutoff", 0, R, vxg_ct_recon_opts, "cutoff", NULL),
    CLI_FIELD("ring", 0, R, vxg_ct_recon_opts, "ring-size", NULL),
    CLI_FIELD("algorithm", 'a', R, vxg_ct_recon_opts, "algorithm", "auto"),
    CLI_SOLVE_ROW(A, "iterations"),
    CLI_SOLVE_ROW(A, "relaxation"),
    CLI_SOLVE_ROW(A, "bounds"),
    CLI_SOLVE_ROW(A, "lower"),
    CLI_SOLVE_ROW(A, "upper"),
    CLI_SOLVE_ROW(A, "subsets"),
    CLI_SOLVE_ROW(A, "order"),
    CLI_SOLVE_ROW(A, "seed"),
    CLI_SOLVE_ROW(A, "plain"),
    CLI_SOLVE_ROW(A, "tolerance"),
    CLI_SOLVE_ROW(A, "noise"),
    CLI_SOLVE_ROW(A, "change"),
    CLI_SOLVE_ROW(A, "damping"),
    CLI_SOLVE_ROW(A, "penalty"),
    CLI_SOLVE_ROW(A, "weight"),
    CLI_SOLVE_ROW(A, "bend"),
    CLI_SOLVE_ROW(A, "inner"),
    CLI_SOLVE_ROW(A, "alpha"),
    CLI_SOLVE_ROW(A, "smooth"),
    CLI_SOLVE_ROW(A, "epsilon"),
    CLI_SOLVE_ROW(A, "delta"),
    CLI_SOLVE_ROW(A, "r-max"),
    CLI_SOLVE_ROW(A, "alpha-red"),
    CLI_SOLVE_ROW(A, "beta-red"),
    CLI_SOLVE_ROW(A, "levels"),
    CLI_SOLVE_ROW(A, "fixed"),
    CLI_SOLVE_ROW(A, "kept"),
    CLI_SOLVE_ROW(A, "first"),
    CLI_SOLVE_ROW(A, "segmented"),
    CLI_SOLVE_ROW(A, "loss"),
    CLI_SOLVE_ROW(A, "history"),
    CLI_SOLVE_ROW(A, "step"),
    CLI_SOLVE_ROW(A, "beta1"),
    CLI_SOLVE_ROW(A, "beta2"),
    CLI_SOLVE_ROW(A, "eps"),
    CLI_OWN("max-memory", 0, VXG_OPT_REAL, offsetof(cli_recon, max_memory), "1024", 1, 1e9, "MB",
            NULL,
            "memory the process and its HDF5 helper may hold at once; results do not depend on it"),
    CLI_OWN("resume", 0, VXG_OPT_FLAG, offsetof(cli_recon, resume), NULL, 0, 0, NULL, NULL,
            "keep what is done in DIR.job, and go on from what is there: a run that was broken off "
            "is called again as it was"),
    CLI_OWN("keep-every", 0, VXG_OPT_REAL, offsetof(cli_recon, keep_every), "60", 0, 1e9, "s", NULL,
            "with --resume, methods that look at the whole volume: seconds between states that are "
            "kept in DIR.job"),
    CLI_OWN("shard", 0, VXG_OPT_TEXT, offsetof(cli_recon, shard), NULL, 0, 0, NULL, "I/N",
            "make part I of N (1/3, 2/3, 3/3) of the blocks in DIR.job, and no results; then "
            "--resume joins them"),
    CLI_OWN("report", 0, VXG_OPT_FLAG, offsetof(cli_recon, report), NULL, 0, 0, NULL, NULL,
            "also write report.html, one page with pictures, values, times, options and warnings; "
            "of iterative methods convergence.csv too"),
    CLI_OWN("dry-run", 0, VXG_OPT_FLAG, offsetof(cli_recon, dry_run), NULL, 0, 0, NULL, NULL,
            "say what would be done, with how much memory and work, and write nothing"),
    CLI_OWN("no-checksum", 0, VXG_OPT_FLAG, offsetof(cli_recon, no_checksum), NULL, 0, 0, NULL,
            NULL, "do not read the input once more for its SHA-256"),
    CLI_LINKS_ROW(S),
    CLI_FORCE_ROW(V),
    CLI_COMPUTE_ROWS(cli_recon, "auto"),
    CLI_SHARED_ROWS(cli_recon),
};
#undef R
#undef S
#undef V
#undef A

static const char *const extensions[] = {"tiff", "tiff", "h5", "npy"};

/* ---- writing while collecting the three slices of the picture ---- */
typedef struct tee {
    vxg_volume_writer self;
    vxg_volume_writer *inner;
    const cli_job *job;
    int64_t shape[3];
    float *axial, *coronal, *sagittal;
    float *slice; /* of converted values, NULL: they stay */
} tee;

static int pass_on(const tee *t, int64_t z0, int64_t nz, const float *src) {
    const double begin = cli_now();
    const int status = t->inner->write(t->inner, z0, nz, src);
    cli_page_slices(t->job->page, src, nz * t->shape[1] * t->shape[2], cli_now() - begin);
    return status;
}

static int tee_write(vxg_volume_writer *self, int64_t z0, int64_t nz, const float *src) {
    tee *t = self->impl;
    int64_t ny = t->shape[1], nx = t->shape[2];
    for (int64_t z = z0; z < z0 + nz; z++) {
        const float *slice = src + (z - z0) * ny * nx;
        if (t->slice) {
            cli_convert(t->job, slice, t->slice, ny * nx);
            slice = t->slice;
            int status = pass_on(t, z, 1, slice);
            if (status) return status;
        }
        if (z == t->shape[0] / 2) memcpy(t->axial, slice, (size_t)(ny * nx) * sizeof *slice);
        memcpy(t->coronal + z * nx, slice + ny / 2 * nx, (size_t)nx * sizeof *slice);
        for (int64_t y = 0; y < ny; y++) t->sagittal[z * ny + y] = slice[y * nx + nx / 2];
    }
    return t->slice ? VXG_OK : pass_on(t, z0, nz, src);
}

void cli_convert(const cli_job *job, const float *from, float *to, int64_t n) {
    for (int64_t i = 0; i < n; i++) to[i] = (float)((double)from[i] / job->pixel);
}

static int tee_open(tee *t, const cli_job *job, vxg_volume_writer *inner, int64_t nz, int64_t ny,
                    int64_t nx) {
    memset(t, 0, sizeof *t);
    t->self.write = tee_write;
    t->self.impl = t;
    t->inner = inner;
    t->job = job;
    t->shape[0] = nz, t->shape[1] = ny, t->shape[2] = nx;
    t->axial = calloc((size_t)(ny * nx), sizeof(float));
    t->coronal = calloc((size_t)(nz * nx), sizeof(float));
    t->sagittal = calloc((size_t)(nz * ny), sizeof(float));
    if (job->pixel > 0) t->slice = calloc((size_t)(ny * nx), sizeof(float));
    if (t->axial && t->coronal && t->sagittal && (t->slice || !(job->pixel > 0))) return VXG_OK;
    return vxg_error_set(VXG_ERR_MEMORY, "out of memory for the pictures' slices");
}

static void tee_free(tee *t) {
    free(t->axial);
    free(t->coronal);
    free(t->sagittal);
    free(t->slice);
}

int cli_open_volume(cli_job *job, const char *path, int64_t nz, vxg_volume_format format,
                    vxg_volume_writer **out) {
    const double voxel[3] = {job->vol.dz, job->vol.dy, job->vol.dx};
    vxg_volume_writer_opts w = job->opt->volume;
    w.format = format, w.path = path;
    w.nz = nz, w.ny = job->vol.ny, w.nx = job->vol.nx;
    memcpy(w.voxel, voxel, sizeof voxel);
    w.unit = job->unit;
    w.attributes = job->prov.list, w.nattributes = job->prov.count;
    w.outputs = job->out.set;
    return vxg_volume_writer_open(&w, out);
}

int cli_write_picture(cli_job *job, vxg_picture *pic, const char *path) {
    return vxg_outputs_picture(job->out.set, pic, path, job->prov.list, job->prov.count,
                               job->opt->volume.force);
}

/* What is known when all that is read was read. */
static int end_provenance(cli_job *job) {
    int status = cli_protect_scan(job->out.set, job->scan);
    if (!status) status = cli_linked_provenance(&job->prov, job->scan, !job->opt->no_checksum);
    return status;
}

int cli_write_provenance(cli_job *job, const char *path) {
    const int status = end_provenance(job);
    if (status) return status;
    return cli_provenance_write(&job->prov, job->out.set, path, job->opt->volume.force);
}

static int add_stats(cli_job *job, const vxg_ct_recon_stats *s) {
    int status = cli_provenance_add(&job->prov, "replaced.nonpositive", "%lld",
                                    (long long)s->bad.nonpositive);
    if (!status)
        status = cli_provenance_add(&job->prov, "replaced.nonfinite", "%lld",
                                    (long long)s->bad.nonfinite);
    if (!status)
        status =
            cli_provenance_add(&job->prov, "replaced.dead_pixels", "%lld", (long long)s->bad.dead);
    if (!status)
        status = cli_provenance_add(&job->prov, "replaced.values", "%lld", (long long)s->repaired);
    if (!status)
        status = cli_provenance_add(&job->prov, "empty_rows", "%lld", (long long)s->empty_rows);
    if (!status)
        status = cli_provenance_add(&job->prov, "chunk", "%lld slices", (long long)s->chunk);
    return status ? status : cli_solve_say(job, s);
}

static void say_stats(const cli_run *run, const vxg_ct_recon_stats *s) {
    if (s->bad.nonpositive || s->bad.nonfinite || s->bad.dead)
        cli_say(run,
                "bad values: %lld not above the dark field, %lld not numbers, %lld dead pixels; "
                "%lld values were interpolated from their neighbours",
                (long long)s->bad.nonpositive, (long long)s->bad.nonfinite, (long long)s->bad.dead,
                (long long)s->repaired);
    if (s->empty_rows)
        cli_say(run, "%lld detector rows hold no good value and count as 0",
                (long long)s->empty_rows);
}

/* Names of the outputs of types full and slice. */
enum { VOLUME, PICTURE, PROVENANCE, REPORT, CONVERGENCE, OUTPUTS };
typedef struct names {
    char prefix[4200], path[OUTPUTS][4200]; /* "": no such output; of slices the first */
    vxg_volume_format format;
} names;

static void print_result(const cli_job *job, const vxg_ct_recon_stats *s, const names *n,
                         double seconds) {
    static const char *const keys[OUTPUTS] = {"volume", "picture", "provenance", "report",
                                              "convergence"};
    if (!job->run->shared->json) {
        for (int i = 0; i < OUTPUTS; i++)
            if (*n->path[i]) printf("%s\n", n->path[i]);
        return;
    }
    cli_json j = {.f = stdout};
    cli_json_open(&j, NULL, '{');
    for (int i = 0; i < OUTPUTS; i++)
        if (*n->path[i]) cli_json_text(&j, keys[i], n->path[i]);
    cli_json_open(&j, "shape", '[');
    cli_json_int(&j, NULL, s->slices);
    cli_json_int(&j, NULL, s->ny);
    cli_json_int(&j, NULL, s->nx);
    cli_json_close(&j, ']');
    cli_json_real(&j, "center", job->recon.center);
    cli_json_text(&j, "per", job->per);
    cli_json_text(&j, "device", vxg_device_get_info(job->dev)->spec);
    cli_json_real(&j, "seconds", seconds);
    cli_json_int(&j, "slices_at_once", s->chunk);
    cli_json_int(&j, "peak_bytes", s->peak_bytes);
    if (s->scratch_bytes) cli_json_int(&j, "scratch_bytes", s->scratch_bytes);
    cli_json_int(&j, "replaced_nonpositive", s->bad.nonpositive);
    cli_json_int(&j, "replaced_nonfinite", s->bad.nonfinite);
    cli_json_int(&j, "dead_pixels", s->bad.dead);
    cli_json_int(&j, "replaced_values", s->repaired);
    cli_json_int(&j, "empty_rows", s->empty_rows);
    cli_json_text(&j, "algorithm", s->algorithm);
    if (cli_is_iterative(job->opt)) {
        cli_json_int(&j, "iterations", s->iterations);
        cli_json_real(&j, "residual", s->data > 0 ? s->residual / s->data : 0);
        cli_json_int(&j, "negative_values", s->negative);
    }
    cli_odd_json(&j, &job->odd);
    cli_json_close(&j, '}');
}

static int draw(const cli_job *job, const tee *t, vxg_picture *pic) {
    const double voxel[3] = {job->vol.dz, job->vol.dy, job->vol.dx};
    if (job->opt->type == CLI_TYPE_FULL)
        return vxg_picture_orthoslices(t->axial, t->coronal, t->sagittal, t->shape, voxel,
                                       job->unit, pic);
    char label[64];
    const char *labels[1] = {label};
    if (job->geo) {
        snprintf(label, sizeof label, "slice %lld", (long long)job->row);
    } else {
        snprintf(label, sizeof label, "row %lld centre %.2f", (long long)job->row,
                 job->recon.center);
    }
    return vxg_picture_montage(t->axial, 1, t->shape[1], t->shape[2], labels, pic);
}

/* One more output, unless a name before it was refused. */
static int name_one(cli_job *job, names *n, int which, const char *file, int status) {
    return status ? status : cli_outputs_path(&job->out, n->path[which], sizeof n->path[0], file);
}

/* Checks that none is there. */
static int name_outputs(cli_job *job, names *n) {
    int full = job->opt->type == CLI_TYPE_FULL, format = (int)job->opt->volume.format,
        status = VXG_OK;
    char stem[64], file[96];
    if (full) {
        snprintf(stem, sizeof stem, "recon");
    } else {
        snprintf(stem, sizeof stem, "slice_%05lld", (long long)job->row);
        if (format == VXG_VOLUME_TIFF) format = VXG_VOLUME_TIFF_STACK; /* of one page */
    }
    n->format = (vxg_volume_format)format;
    if (format == VXG_VOLUME_TIFF) {
        status = cli_outputs_slices(&job->out, n->prefix, sizeof n->prefix, stem);
        snprintf(n->path[VOLUME], sizeof n->path[0], "%.4160s_00000.tiff", n->prefix);
    } else {
        snprintf(file, sizeof file, "%s.%s", stem, extensions[format]);
        status = cli_outputs_path(&job->out, n->prefix, sizeof n->prefix, file);
        snprintf(n->path[VOLUME], sizeof n->path[0], "%s", n->prefix);
    }
    snprintf(file, sizeof file, full ? "orthoslices.png" : "%s.png", stem);
    status = name_one(job, n, PICTURE, file, status);
    snprintf(file, sizeof file, full ? "provenance.json" : "%s.json", stem);
    status = name_one(job, n, PROVENANCE, file, status);
    if (!job->opt->report) return status;
    snprintf(file, sizeof file, full ? "report.html" : "%s.html", stem);
    status = name_one(job, n, REPORT, file, status);
    if (!cli_is_iterative(job->opt) || cli_in_pieces(job->opt)) return status;
    snprintf(file, sizeof file, full ? "convergence.csv" : "%s.csv", stem);
    return name_one(job, n, CONVERGENCE, file, status);
}

/* Type slice: the volume becomes the one slice. */
static void choose_slice(cli_job *job) {
    const double *R = job->vol.rotation;
    const double up = ((double)job->row - 0.5 * (double)(job->vol.nz - 1)) * job->vol.dz;
    int turned = 0;
    for (int k = 0; k < 9; k++) turned |= R[k] != 0;
    if (job->geo) {
        for (int k = 0; k < 3; k++) job->vol.center[k] += up * (turned ? R[3 * k + 2] : k == 2);
    } else {
        job->recon.row_begin = job->row, job->recon.row_end = job->row + 1;
    }
    job->vol.nz = 1;
}

/* --max-memory is the whole process and its helper: what the program, its libraries, the open files
 * and the pictures take is taken off; the pipeline counts what reading takes. */
int64_t cli_recon_beside(const cli_job *job) {
    const int64_t nz = job->opt->type == CLI_TYPE_SLICE ? 1 : job->vol.nz;
    const int64_t slice = 4 * job->vol.ny * job->vol.nx;
    const int64_t pictures = slice + 4 * nz * (job->vol.ny + job->vol.nx);
    return cli_memory_beside() + pictures + slice * (job->pixel > 0 ? 2 : 1) +
           cli_page_memory(job, nz);
}

void cli_set_memory(cli_job *job, int64_t beside) {
    const int64_t limit = cli_memory_bytes(job->opt->max_memory);
    job->recon.max_memory = limit > beside ? limit - beside : 1;
    job->recon.scratch = job->out.folder;
}

int cli_memory_context(int status, const cli_job *job, int64_t beside) {
    if (status != VXG_ERR_MEMORY) return status;
    return vxg_error_context(status,
                             "--max-memory %g MB, of which the program itself, pictures and writer "
                             "take %.1f",
                             job->opt->max_memory, (double)beside * 1e-6);
}

int cli_reconstruct(cli_job *job, vxg_volume_writer *writer, vxg_ct_recon_stats *stats) {
    const int64_t beside = cli_recon_beside(job);
    cli_page_trace(job);
    job->recon.progress = cli_progress(job->run);
    cli_set_memory(job, beside);
    int status = job->geo ? vxg_ct_reconstruct_views(job->dev, job->scan, job->geo, &job->vol,
                                                     &job->recon, writer, stats)
                          : vxg_ct_reconstruct(job->dev, job->scan, &job->recon, writer, stats);
    cli_progress_end();
    return cli_memory_context(status, job, beside);
}

static int write_page(cli_job *job, const names *n, const tee *t, const vxg_ct_recon_stats *s) {
    const cli_middle middle = {t->axial, t->coronal, t->sagittal, t->shape};
    int status = end_provenance(job);
    if (!status && *n->path[CONVERGENCE]) status = cli_page_course(job, s, n->path[CONVERGENCE]);
    return status ? status : cli_page_write(job, &middle, s, n->path[REPORT]);
}

static int make_volume(cli_job *job, const names *n) {
    tee t = {0};
    vxg_ct_recon_stats stats = {0};
    vxg_picture pic = {0};
    vxg_volume_writer *writer = NULL;
    if (job->opt->type == CLI_TYPE_SLICE) choose_slice(job);
    const int64_t nz = job->vol.nz;
    double start = cli_now();
    cli_page_stage(job, "scan opened and looked at, axis, checksum");
    int status = cli_page_look(job);
    if (!status) status = cli_open_volume(job, n->prefix, nz, n->format, &writer);
    if (status) return status;
    cli_page_stage(job, "sinogram of this page, volume's file opened");
    status = tee_open(&t, job, writer, nz, job->vol.ny, job->vol.nx);
    if (!status) status = cli_states_begin(job);
    if (!status)
        status = cli_in_pieces(job->opt) ? cli_pieces_join(job, &t.self, &stats)
                                         : cli_reconstruct(job, &t.self, &stats);
    cli_page_stage(job, "reconstruction: reading, computing, writing slices");
    if (!status) say_stats(job->run, &stats);
    if (!status) status = draw(job, &t, &pic);
    if (!status) status = cli_write_picture(job, &pic, n->path[PICTURE]);
    if (!status) status = add_stats(job, &stats);
    if (status) {
        writer->abandon(writer);
    } else {
        status = writer->finish(writer);
    }
    cli_page_stage(job, "pictures, volume's file closed");
    if (!status && job->page) status = write_page(job, n, &t, &stats);
    /* Last: where it is, all the others are. */
    if (!status) status = cli_write_provenance(job, n->path[PROVENANCE]);
    if (!status && !(status = cli_outputs_commit(&job->out))) {
        if (job->pieces) status = vxg_job_remove(job->pieces);
        cli_say(job->run, "volume %lld x %lld x %lld, 1/%s, %.1f s on %s", (long long)stats.slices,
                (long long)stats.ny, (long long)stats.nx, job->per, cli_now() - start,
                vxg_device_get_info(job->dev)->spec);
        print_result(job, &stats, n, cli_now() - start);
    }
    vxg_picture_free(&pic);
    tee_free(&t);
    return status;
}

/* ---- what the three types share ---- */
/* Without a geometry file: what kind of scan it is, and how large its field of view. */
static int set_side(cli_job *job) {
    if (job->geo || job->opt->type == CLI_TYPE_TRY) return VXG_OK;
    vxg_ct_geometry *geo;
    vxg_ct_summary kind = {0};
    int64_t side;
    int status = cli_scan_geometry(job->scan, &job->sel, job->recon.center, &geo);
    if (!status)
        status = cli_say_kind(job->run, job->scan->path, geo, !cli_is_iterative(job->opt), NULL,
                              &kind, &job->odd);
    vxg_ct_geometry_release(geo);
    if (!status) status = vxg_ct_recon_side(job->scan, &job->recon, &side);
    if (status) return status;
    const int64_t columns = job->sel.col1 - job->sel.col0;
    if (side > columns)
        cli_say(job->run, "slices of %lld x %lld voxels from %lld columns", (long long)side,
                (long long)side, (long long)columns);
    job->recon.side = job->vol.ny = job->vol.nx = side;
    return cli_provenance_add(&job->prov, "half_acquisition", side > columns ? "yes" : "no");
}

static int add_center(cli_provenance *p, double center, const char *method) {
    int status = cli_provenance_add(p, "center", "%.17g", center);
    return status ? status : cli_provenance_add(p, "center.method", "%s", method);
}

static int set_center(cli_job *job) {
    const cli_recon *o = job->opt;
    if (job->geo) /* the geometry says where the axis is */
        return cli_given(job->run, "rotation-axis") ? cli_recon_axis(job) : VXG_OK;
    if (strcmp(o->axis, "auto")) {
        char *end;
        double c = strtod(o->axis, &end);
        if (end == o->axis || *end || !isfinite(c))
            return vxg_error_set(VXG_ERR_ARGUMENT,
                                 "--rotation-axis: '%s' is not a column number or auto", o->axis);
        if (c < (double)job->sel.col0 || c > (double)job->sel.col1 - 1)
            return vxg_error_set(VXG_ERR_ARGUMENT,
                                 "--rotation-axis: %s lies outside the detector columns %lld to "
                                 "%lld",
                                 o->axis, (long long)job->sel.col0, (long long)job->sel.col1 - 1);
        job->recon.center = c;
        return add_center(&job->prov, c, "given");
    }
    if (o->type == CLI_TYPE_TRY && o->center_range.given) return VXG_OK; /* nothing to look for */
    cli_center found;
    vxg_range search = o->type == CLI_TYPE_TRY ? (vxg_range){0} : o->center_range;
    int status = cli_center_find(job->scan, &job->sel, &search, -1, 9, o->max_memory, &found);
    if (status) return status;
    cli_center_say(job->run, &found, &job->odd);
    job->recon.center = found.used;
    status = add_center(&job->prov, found.used, found.method);
    if (!status)
        status = cli_provenance_add(&job->prov, "center.fourier_wedge", "%.4f", found.wedge);
    if (!status) status = cli_provenance_add(&job->prov, "center.registration", "%.4f", found.pair);
    cli_center_free(&found);
    return status;
}

static int check_options(const cli_run *r, const cli_recon *o) {
    if (!o->output)
        return vxg_error_set(VXG_ERR_ARGUMENT, "--output is missing: the folder of the results");
    if (o->recon.ring_size && o->recon.ring_size % 2 == 0)
        return vxg_error_set(VXG_ERR_ARGUMENT, "--ring: %d is not odd", o->recon.ring_size);
    /* What would not be heeded is refused. */
    if (o->recon.window == VXG_CT_WINDOW_NONE && cli_given(r, "cutoff"))
        return vxg_error_set(VXG_ERR_ARGUMENT,
                             "--cutoff does not go with --fbp-filter none, which cuts nothing off");
    if (o->type == CLI_TYPE_FULL && cli_given(r, "nsino"))
        return vxg_error_set(VXG_ERR_ARGUMENT,
                             "--nsino does not go with --type full, which makes every row: use "
                             "--type slice, or --rows A:B");
    if (o->type == CLI_TYPE_TRY && (o->report || o->dry_run))
        return vxg_error_set(VXG_ERR_ARGUMENT,
                             "--%s does not go with --type try: use --type full or slice",
                             o->report ? "report" : "dry-run");
    if (!o->geometry && cli_given(r, "center-range") && strcmp(o->axis, "auto") != 0)
        return vxg_error_set(VXG_ERR_ARGUMENT,
                             "--center-range does not go with --rotation-axis %s: nothing is "
                             "searched",
                             o->axis);
    int status = cli_solve_check(r, o);
    if (!status) status = cli_pieces_check(r, o);
    if (status || !o->geometry) return status;
    if (o->type == CLI_TYPE_TRY)
        return vxg_error_set(VXG_ERR_ARGUMENT, "--type try does not go with --geometry: say in the "
                                               "geometry file where the axis is");
    static const char *const without[] = {"rotation-axis", "center-range", "rows", "columns",
                                          "reverse"};
    for (size_t i = 0; i < sizeof without / sizeof *without; i++)
        if (cli_given(r, without[i]) && !(i == 0 && !strcmp(o->axis, "auto")))
            return vxg_error_set(VXG_ERR_ARGUMENT,
                                 "--%s does not go with --geometry: say it in the geometry file",
                                 without[i]);
    return VXG_OK;
}

/* A pixel of known length makes values per length; of sizes that no scanner has, they stay. */
static void set_pixel(cli_job *job, double pixel) {
    const int known = *job->unit && pixel >= 1e-12 && pixel <= 1e12;
    job->per = known ? job->unit : "px";
    job->pixel = known ? pixel : 0;
    if (known)
        cli_say(job->run, "pixels of %g %s: values are attenuation in 1/%s", pixel, job->unit,
                job->unit);
    else if (pixel > 0)
        cli_odd_add(&job->odd, "pixel-size-unused", 0,
                    "the pixel size, %g%s%s, has no unit or is no size of a pixel: values are "
                    "attenuation per pixel",
                    pixel, *job->unit ? " " : "", job->unit);
}

static int open_job(cli_job *job) {
    const cli_recon *o = job->opt;
    int status = o->compute.threads ? vxg_set_threads(o->compute.threads) : VXG_OK;
    vxg_scan_opts input = o->scan;
    input.max_memory = cli_memory_bytes(o->max_memory);
    if (!status) status = cli_scan_open(job->run->operands[0], &input, &job->scan);
    /* a bare dataset has no flats: its values are line integrals */
    const int no_log = o->recon.no_minus_log || o->scan.dataset;
    job->sel.reverse = o->recon.reverse, job->sel.no_minus_log = no_log;
    if (!status) status = cli_select_part(&job->sel, job->scan, &o->recon);
    if (!status && o->geometry) status = cli_recon_geometry(job);
    if (!status && !o->geometry) status = cli_scan_row(job->scan, &job->sel, o->nsino, &job->row);
    if (!status) status = vxg_device_open(o->compute.device, &job->dev);
    const cli_select *s = &job->sel;
    if (!status && !job->geo) {
        const double p = job->scan->pixel_size;
        int64_t n = s->col1 - s->col0;
        job->vol =
            (vxg_ct_volume){.nz = s->row1 - s->row0, .ny = n, .nx = n, .dz = p, .dy = p, .dx = p};
        job->unit = job->scan->pixel_unit;
        set_pixel(job, p);
    } else if (!status) {
        job->per = *job->unit ? job->unit : "unit";
    }
    job->recon = o->recon;
    job->recon.row_begin = s->row0, job->recon.row_end = s->row1;
    job->recon.view_begin = s->view0, job->recon.view_end = s->view1;
    job->recon.col_begin = s->col0, job->recon.col_end = s->col1;
    job->recon.no_minus_log = no_log;
    return status ? status : cli_solve_set(job);
}

/* Says what looks odd, before any work: from a few frames' rows, so that it costs little. */
static int look(cli_job *job) {
    enum { FRAMES = 5, FLOATS = 1 << 16 };
    cli_facts facts;
    const int64_t row = job->sel.col1 - job->sel.col0;
    int status = cli_memory_need(job->scan, !job->sel.no_minus_log, job->opt->max_memory,
                                 4 * (row > FLOATS ? row : FLOATS), "to be looked at");
    if (!status) status = cli_look(job->scan, &job->sel, FRAMES, FLOATS, &facts);
    if (!status) status = cli_odd_find(job->scan, &job->sel, &facts, !job->geo, &job->odd);
    if (!status) cli_odd_say(job->run, job->scan->path, &job->odd);
    return status;
}

/* The library would name its field. */
static int need_flats(const cli_job *job) {
    if (job->sel.no_minus_log || job->scan->nflats) return VXG_OK;
    return vxg_error_set(VXG_ERR_INPUT,
                         "%s has no flat fields (use --no-minus-log if its data are line integrals "
                         "already)",
                         job->scan->path);
}

/* Devices are asked what they are before the CPU is taken: their drivers' libraries stay. */
static int drivers_hint(int status, const cli_job *job) {
    char text[640];
    if (status != VXG_ERR_MEMORY || !job->dev || strcmp(job->opt->compute.device, "auto") != 0 ||
        !vxg_device_get_info(job->dev)->is_cpu)
        return status;
    snprintf(text, sizeof text, "%s", vxg_error_message());
    return vxg_error_set(status, "%s (--device cpu takes less: no other device's driver is loaded)",
                         text);
}

static const char *angles_from(const cli_job *job) {
    if (job->geo) return "geometry file";
    if (job->scan->theta_missing) return "none in the file: even steps from 0 to 180 degrees";
    return job->opt->scan.dataset ? "beside the dataset" : "scan";
}

static int describe(cli_job *job) {
    int status = cli_provenance_start(&job->prov, job->run);
    if (!status) status = cli_provenance_add(&job->prov, "input", "%s", job->scan->path);
    if (!status) status = cli_provenance_add(&job->prov, "input.format", "%s", job->scan->format);
    if (!status) status = cli_provenance_add(&job->prov, "angles", "%s", angles_from(job));
    if (!status) status = cli_provenance_device(&job->prov, job->dev);
    if (!status)
        status = cli_provenance_add(&job->prov, "units", "attenuation in 1/%s%s", job->per,
                                    strcmp(job->per, "px") == 0     ? " (px: detector pixel)"
                                    : strcmp(job->per, "unit") == 0 ? " (unit: the geometry file's)"
                                                                    : "");
    if (!status && job->pixel > 0)
        status = cli_provenance_add(&job->prov, "pixel_size", "%.17g %s (of the scan)", job->pixel,
                                    job->unit);
    /* a dry run makes it where there are pieces to compare it with */
    const int checksum = !job->opt->no_checksum && (!job->opt->dry_run || cli_pieces_there(job));
    if (!status && checksum) status = cli_hash_start(job->scan);
    if (!status) status = set_center(job);
    if (!status) status = set_side(job);
    if (!status) status = cli_odd_provenance(&job->odd, &job->prov);
    if (!status && checksum) {
        const vxg_progress waiting = {.cancel = &cli_cancel};
        status = cli_hash_wait(&waiting);
        if (!status) status = cli_hash_provenance(&job->prov);
    }
    return status;
}

/* Blocks of the volume and nothing else: no folder of results is made. */
static int run_shard(cli_job *job) {
    int status = cli_pieces_folder(job->opt, job->out.folder, sizeof job->out.folder);
    if (!status) status = look(job);
    if (!status) status = need_flats(job);
    if (!status) status = describe(job);
    if (!status) status = cli_pieces_make(job);
    return drivers_hint(cli_scan_context(status, job->scan), job);
}

/* Up to where the work would begin; nothing is made. */
static int run_dry(cli_job *job, names *n, const char *const inputs[2]) {
    const char *outputs[OUTPUTS];
    int count = 0, status = VXG_OK;
    if (!job->opt->shard)
        status = cli_outputs_look(&job->out, job->opt->output, job->opt->volume.force, inputs, 2);
    if (!status && !job->opt->shard) status = name_outputs(job, n);
    if (!status) status = look(job);
    if (!status) status = need_flats(job);
    if (!status) status = describe(job);
    if (!status) status = cli_pieces_look(job);
    if (!status && job->opt->type == CLI_TYPE_SLICE) choose_slice(job);
    for (int i = 0; i < OUTPUTS; i++)
        if (*n->path[i]) outputs[count++] = n->path[i];
    if (!status) status = cli_recon_plan(job, outputs, count);
    return drivers_hint(cli_scan_context(status, job->scan), job);
}

/* Where names are taken: by a run that was broken off at its end? */
static int left_over(const cli_job *job, int status) {
    char folder[4200];
    if (!job->opt->resume || cli_pieces_folder(job->opt, folder, sizeof folder)) return status;
    return cli_job_left_over(status, folder);
}

static int run(cli_run *r) {
    cli_job job = {.run = r, .opt = r->options};
    names n = {0};
    const char *const inputs[2] = {r->operands[0], job.opt->geometry};
    int status = check_options(r, job.opt);
    if (!status && job.opt->report) cli_keep_warnings(r);
    if (!status) status = cli_page_begin(&job);
    if (!status) status = open_job(&job);
    if (!status && job.opt->dry_run) {
        status = run_dry(&job, &n, inputs);
    } else if (!status && job.opt->shard) {
        status = run_shard(&job);
    } else if (!status && !(status = cli_outputs_open(&job.out, job.opt->output,
                                                      job.opt->volume.force, inputs, 2))) {
        int is_try = job.opt->type == CLI_TYPE_TRY;
        status = cli_protect_scan(job.out.set, job.scan);
        if (!status && !is_try) status = left_over(&job, name_outputs(&job, &n));
        if (!status) status = look(&job);
        if (!status) status = need_flats(&job);
        if (!status) status = describe(&job);
        if (!status) status = is_try ? cli_recon_try(&job) : make_volume(&job, &n);
        status = cli_scan_context(cli_outputs_close(&job.out, status), job.scan);
        status = drivers_hint(status, &job);
    }
    vxg_job_close(job.pieces);
    cli_page_free(&job);
    if (job.opt->report) {
        vxg_set_log(NULL, NULL, -1);
        cli_drop_warnings();
    }
    cli_provenance_free(&job.prov);
    if (job.scan) vxg_scan_close(job.scan);
    vxg_ct_geometry_release(job.geo);
    vxg_device_release(job.dev);
    return status;
}

const cli_verb cli_verb_recon = {
    .name = "recon",
    .operands = "FILE -o DIR",
    .summary = "make a volume and pictures from a scan",
    .about =
        "Dark and flat correction, logarithm, optional ring removal and filtered backprojection "
        "or, for "
        "large slices, Fourier reconstruction, "
        "slab by slab in bounded memory. Values are attenuation per length unit of the scan's "
        "pixel "
        "size, or per detector pixel where the scan has none.\n\n"
        "Type full writes recon_00000.tiff and so on (or recon.h5, recon.npy, one recon.tiff), "
        "orthoslices.png and provenance.json. Type slice writes one detector row's slice. Type "
        "try writes one slice for each of a range of centres and try_montage.png, which shows "
        "them all with their centres. Without --rotation-axis the centre is found as `voxgrad "
        "center` does. A full turn with the axis over 5 % of the width off the detector's middle "
        "(half-acquisition) is reconstructed as far as the far side reaches: slices are wider than "
        "the detector. Nothing is left behind when the command fails or is interrupted.\n\n"
        "--report adds report.html (of type slice slice_NNNNN.html), a page that holds all it "
        "shows. --dry-run does all that comes before the work, the search for the axis too, and "
        "says on standard output what would be done; it ends with the code of a run that is "
        "refused.\n\n"
        "With --geometry the scan is a fan-beam or cone-beam scan (Feldkamp's method; full, short "
        "and half-fan scans) or a parallel-beam scan of stated geometry; values are attenuation "
        "per "
        "length unit of the file. `voxgrad geometry explain FILE` says what such a file "
        "describes.\n\n"
        "--algorithm fbp and fourier choose between the two; other names reconstruct by an "
        "iterative "
        "method, Joseph's projector and its adjoint. "
        "sirt, "
        "sart, os-sart, mlem and osem go slab by slab in bounded memory where beams are parallel "
        "and "
        "no rule stops them; the others, and scans with --geometry, need all projections and the "
        "whole volume in memory at once. Bounds and other options that are values are in the "
        "volume's unit.",
    .examples = "  voxgrad recon tooth.h5 -o out\n"
                "  voxgrad recon tooth.h5 -o out --type try --center-range 290:301\n"
                "  voxgrad recon scan.h5 -o out --rotation-axis 1024.5 --rows 500:600 "
                "--save-format h5\n"
                "  voxgrad recon scan.h5 -o out --type slice --nsino 512 --ring 21 --device cuda\n"
                "  voxgrad recon walnut.h5 --geometry walnut.json -o out\n"
                "  voxgrad recon fan.h5 --dataset sinogram --geometry fan.json -o out\n"
                "  voxgrad recon few_views.h5 -o out --algorithm os-sart --iterations 30 --bounds "
                "positive --report\n"
                "  voxgrad recon large.h5 -o out --max-memory 4000 --dry-run\n",
    .min_operands = 1,
    .max_operands = 1,
    CLI_ROWS(rows),
    .size = sizeof(cli_recon),
    .run = run,
};
