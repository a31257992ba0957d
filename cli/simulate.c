/* voxgrad simulate: a scan of a phantom with known contents, noise and detector faults. */
#include "cli.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct options {
    cli_shared shared;
    vxg_ct_trajectory_opts path; /* a circle: its views, detector and distances */
    vxg_ct_exposure exposure;
    vxg_phantom_opts rays;     /* samples */
    vxg_scan_writer_opts scan; /* path, flats, darks, unit and force */
    const char *phantom, *geometry, *axis, *volume_out, *geometry_out;
    int threads;
    double range, size, scale, peak, max_memory;
} options;

#define PATH(flag, field, usual)                                                                   \
    CLI_FIELD(flag, 0, offsetof(options, path), vxg_ct_trajectory_opts, field, usual)
#define COUNTS(flag, field, usual)                                                                 \
    CLI_FIELD(flag, 0, offsetof(options, exposure), vxg_ct_exposure, field, usual)
#define SCAN(flag, letter, field, usual)                                                           \
    CLI_FIELD(flag, letter, offsetof(options, scan), vxg_scan_writer_opts, field, usual)
static const cli_row rows[] = {
    SCAN("output", 'o', "path", NULL),
    CLI_OWN("phantom", 'p', VXG_OPT_TEXT, offsetof(options, phantom), "shepp-logan-3d", 0, 0, NULL,
            "NAME|FILE",
            "built-in phantom, or a phantom file (a name with a dot or slash): shepp-logan-2d, "
            "shepp-logan-2d-classic, shepp-logan-3d, forbild-head-like, disc, cube, spheres"),
    CLI_OWN(
        "geometry", 0, VXG_OPT_FILE, offsetof(options, geometry), NULL, 0, 0, NULL, "FILE",
        "geometry file (JSON) of any scan, instead of the options from --views to --rotation-axis"),
    PATH("views", "nviews", "180"),
    PATH("rows", "rows", "128"),
    PATH("cols", "cols", "128"),
    CLI_OWN("range", 0, VXG_OPT_REAL, offsetof(options, range), "0", -36000, 36000, "deg", NULL,
            "angle covered, counter-clockwise, end excluded; 0: 180, or 360 with --sod"),
    PATH("pixel", "pixel", "1"),
    SCAN("unit", 0, "pixel-unit", NULL),
    PATH("sod", "sod", NULL),
    PATH("sdd", "sdd", NULL),
    PATH("detector", "detector", NULL),
    CLI_OWN_ALSO("center", "rotation-axis", 'c', VXG_OPT_TEXT, offsetof(options, axis), "middle", 0,
                 0, "px", "C", "detector column of the rotation axis, the first column is 0"),
    CLI_OWN("size", 0, VXG_OPT_REAL, offsetof(options, size), "0", 0, 1e12, "length", NULL,
            "length of one phantom unit; 0: the radius every view sees around the axis"),
    CLI_OWN("scale", 0, VXG_OPT_REAL, offsetof(options, scale), "0", -1e12, 1e12, "1/length", NULL,
            "attenuation of value 1; 0: as --peak asks"),
    CLI_OWN("peak", 0, VXG_OPT_REAL, offsetof(options, peak), "2", 1e-6, 100, NULL, NULL,
            "largest line integral (of up to 16 views) when --scale is not given"),
    COUNTS("photons", "photons", "20000"),
    COUNTS("white", "white", "40000"),
    COUNTS("dark-level", "dark", "100"),
    SCAN("flats", 0, "nflats", "10"),
    SCAN("darks", 0, "ndarks", "10"),
    COUNTS("flat-pattern", "flat-pattern", NULL),
    COUNTS("seed", "seed", "1"),
    CLI_FIELD("samples", 0, offsetof(options, rays), vxg_phantom_opts, "samples", "1"),
    CLI_OWN("volume-out", 0, VXG_OPT_OUTPUT, offsetof(options, volume_out), NULL, 0, 0, NULL,
            "FILE",
            "the phantom as a volume on the grid of the scan, attenuation per length: .npy, .tiff "
            "or .h5"),
    CLI_OWN("geometry-out", 0, VXG_OPT_OUTPUT, offsetof(options, geometry_out), NULL, 0, 0, NULL,
            "FILE", "the scan's geometry and the volume's grid as a geometry file (JSON)"),
    CLI_OWN("max-memory", 0, VXG_OPT_REAL, offsetof(options, max_memory), "256", 1, 1e9, "MB", NULL,
            "memory the frames at work may take (one frame at least); results do not depend on it"),
    CLI_THREADS_ROW(offsetof(options, threads)),
    SCAN("force", 'f', "force", NULL),
    CLI_SHARED_ROWS(options),
};

typedef struct job {
    const cli_run *run;
    const options *opt;
    vxg_phantom *phantom;
    vxg_ct_geometry *geo;
    int64_t views, rows, cols;
    double *degrees, *integrals;
    uint16_t *counts;
    double center, pixel, size, scale, range; /* center: NaN with --geometry */
    char unit[16];
    vxg_ct_volume grid; /* of --volume-out */
    double largest;     /* line integral of the whole scan */
    int64_t saturated;  /* counts */
    int64_t block;      /* frames at once */
    vxg_outputs *outputs;
    cli_provenance prov;
} job;

/* ---- the phantom ---- */

static int open_phantom(job *j) {
    const char *name = j->opt->phantom;
    char *text = NULL, hex[65];
    if (!strpbrk(name, "./")) {
        int status = vxg_phantom_named(name, &j->phantom);
        return status ? vxg_error_context(status, "--phantom") : VXG_OK;
    }
    int status = cli_text_read(name, &text);
    if (!status) status = vxg_phantom_parse(text, name, &j->phantom);
    if (!status) status = vxg_file_sha256(name, hex);
    if (!status) status = cli_provenance_add(&j->prov, "phantom.sha256", "%s", hex);
    free(text);
    return status;
}

/* ---- the scan ---- */

/* Options that describe the scan are not given when a file does it. */
static int check_geometry_file(const job *j) {
    static const char *const names[] = {"views", "rows", "cols",     "range",        "pixel",
                                        "sod",   "sdd",  "detector", "rotation-axis"};
    for (size_t k = 0; j->opt->geometry && k < sizeof names / sizeof *names; k++)
        if (cli_given(j->run, names[k]))
            return vxg_error_set(VXG_ERR_ARGUMENT,
                                 "--%s: the scan is described by --geometry already", names[k]);
    return VXG_OK;
}

static int check_options(job *j) {
    const options *o = j->opt;
    if (!o->scan.path)
        return vxg_error_set(VXG_ERR_ARGUMENT, "--output is missing: the file of the scan");
    if (o->path.sod > 0 && !(o->path.sdd > 0))
        return vxg_error_set(VXG_ERR_ARGUMENT, "--sdd is missing: source to detector");
    if (!(o->path.sod > 0) && o->path.sdd > 0)
        return vxg_error_set(VXG_ERR_ARGUMENT, "--sod is missing: source to axis");
    if (o->path.detector == VXG_CT_DETECTOR_CURVED && !(o->path.sod > 0))
        return vxg_error_set(VXG_ERR_ARGUMENT, "--detector: curved needs a source (--sod, --sdd)");
    if (o->scan.pixel_unit && strlen(o->scan.pixel_unit) >= sizeof j->unit)
        return vxg_error_set(VXG_ERR_ARGUMENT, "--unit: more than 15 letters");
    if (o->scan.pixel_unit) snprintf(j->unit, sizeof j->unit, "%s", o->scan.pixel_unit);
    j->range = o->range != 0 ? o->range : o->path.sod > 0 ? 360 : 180;
    j->views = o->path.nviews, j->rows = o->path.rows, j->cols = o->path.cols,
    j->pixel = o->path.pixel;
    j->center = 0.5 * (double)(o->path.cols - 1);
    if (!strcmp(o->axis, "middle")) return VXG_OK;
    char *end;
    j->center = strtod(o->axis, &end);
    if (end == o->axis || *end || !isfinite(j->center))
        return vxg_error_set(VXG_ERR_ARGUMENT,
                             "--rotation-axis: '%s' is not a column number or middle", o->axis);
    return VXG_OK;
}

static int standard_scan(job *j) {
    const int64_t n = j->opt->path.nviews;
    vxg_ct_trajectory_opts path = j->opt->path;
    double *radians = malloc((size_t)n * sizeof *radians);
    j->degrees = malloc((size_t)n * sizeof *radians);
    int status =
        radians && j->degrees ? VXG_OK : vxg_error_set(VXG_ERR_MEMORY, "out of memory for angles");
    for (int64_t i = 0; !status && i < n; i++) {
        j->degrees[i] = j->range * (double)i / (double)n;
        radians[i] = j->degrees[i] * M_PI / 180;
    }
    path.beam = path.sod > 0 ? VXG_CT_BEAM_CONE : VXG_CT_BEAM_PARALLEL;
    path.angles = radians;
    path.center = j->center, path.has_center = 1;
    if (!status) status = vxg_ct_trajectory(&path, &j->geo);
    free(radians);
    if (!status) vxg_ct_fit_volume(j->geo, &j->grid);
    vxg_ct_summary s = {.size = sizeof s};
    if (!status) status = vxg_ct_geometry_summary(j->geo, NULL, &s);
    if (!status && s.half_fan) /* the grid that recon makes: as far as the far side reaches */
        j->grid.nx = j->grid.ny = (int64_t)ceil(2 * s.fov_radius / j->grid.dx - 1e-6);
    return status;
}

/* Everything out of a geometry file, the angles for exchange/theta too. */
static int scan_of_file(job *j) {
    vxg_ct_notes notes = {0};
    char hex[65];
    const char *path = j->opt->geometry;
    int status = cli_geometry_read(path, &notes, &j->geo);
    if (!status) status = vxg_file_sha256(path, hex);
    if (!status) status = cli_provenance_add(&j->prov, "geometry.sha256", "%s", hex);
    if (status) return status;
    j->views = vxg_ct_geometry_nviews(j->geo), j->rows = vxg_ct_geometry_nv(j->geo);
    j->cols = vxg_ct_geometry_nu(j->geo), j->center = NAN;
    if (!*j->unit) snprintf(j->unit, sizeof j->unit, "%s", notes.units);
    const double *U = vxg_ct_geometry_view(j->geo, 0)->U;
    j->pixel = sqrt(U[0] * U[0] + U[1] * U[1] + U[2] * U[2]);
    if (notes.has_volume) {
        j->grid = notes.volume;
    } else {
        vxg_ct_fit_volume(j->geo, &j->grid);
    }
    j->degrees = malloc((size_t)j->views * sizeof *j->degrees);
    if (!j->degrees) return vxg_error_set(VXG_ERR_MEMORY, "out of memory for angles");
    status = vxg_ct_geometry_angles(j->geo, j->degrees);
    for (int64_t i = 0; i < j->views && !status; i++) j->degrees[i] *= 180 / M_PI;
    return status;
}

static int volume_format(const char *path, vxg_volume_format *format) {
    static const struct {
        const char *ending;
        vxg_volume_format format;
    } kinds[] = {{".npy", VXG_VOLUME_NPY},
                 {".tif", VXG_VOLUME_TIFF_STACK},
                 {".tiff", VXG_VOLUME_TIFF_STACK},
                 {".h5", VXG_VOLUME_H5},
                 {".hdf5", VXG_VOLUME_H5}};
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot && i < sizeof kinds / sizeof *kinds; i++) {
        *format = kinds[i].format;
        if (!strcmp(dot, kinds[i].ending)) return VXG_OK;
    }
    return vxg_error_set(VXG_ERR_ARGUMENT, "--volume-out: %s does not end in .npy, .tiff or .h5",
                         path);
}

/* Before any work. */
static int claim_outputs(job *j) {
    const options *o = j->opt;
    const char *const paths[] = {o->scan.path, o->volume_out, o->geometry_out};
    const char *const inputs[] = {o->geometry, strpbrk(o->phantom, "./") ? o->phantom : NULL};
    static const char *const names[] = {"output", "volume-out", "geometry-out"};
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < i; k++)
            if (paths[i] && paths[k] && !strcmp(paths[i], paths[k]))
                return vxg_error_set(VXG_ERR_ARGUMENT, "--%s: %s is the file of --%s already",
                                     names[i], paths[i], names[k]);
    int status = cli_outputs_new(&j->outputs, inputs, 2);
    for (int i = 0; i < 3 && !status; i++)
        if (paths[i]) status = cli_claimed(vxg_outputs_claim(j->outputs, paths[i], o->scan.force));
    return status;
}

/* The radius around the axis that every view sees. */
static int set_size(job *j) {
    const options *o = j->opt;
    j->size = o->size;
    if (o->size > 0) return VXG_OK;
    if (o->geometry) {
        double z[2];
        int status = vxg_ct_field_of_view(j->geo, &j->size, z);
        return status ? vxg_error_context(status, "--size is needed") : VXG_OK;
    }
    const double left = j->center + 0.5, right = (double)o->path.cols - 0.5 - j->center;
    double half = o->path.pixel * fmin(left, right);
    if (!(half > 0))
        return vxg_error_set(VXG_ERR_ARGUMENT,
                             "--rotation-axis: the axis at column %g is not on the detector; "
                             "--size is needed then",
                             j->center);
    if (o->path.sod > 0)
        half = o->path.sod * sin(o->path.detector ? half / o->path.sdd : atan(half / o->path.sdd));
    j->size = half;
    return VXG_OK;
}

/* Frames that fit into the memory, and not so many that progress and Ctrl-C become slow. */
static int make_buffers(job *j) {
    const double pixels = (double)j->rows * (double)j->cols;
    const double room = j->opt->max_memory * 1e6 / (pixels * 10), brisk = 4e6 / pixels;
    j->block = (int64_t)fmax(1, fmin(room, fmax(1, brisk)));
    if (j->block > j->views) j->block = j->views;
    const size_t n = (size_t)j->block * (size_t)pixels;
    j->integrals = malloc(n * sizeof *j->integrals);
    j->counts = malloc(n * sizeof *j->counts);
    if (j->integrals && j->counts) return VXG_OK;
    return vxg_error_set(VXG_ERR_MEMORY, "out of memory for frames of %lld x %lld",
                         (long long)j->rows, (long long)j->cols);
}

static vxg_phantom_opts phantom_opts(const job *j, const vxg_progress *progress) {
    return (vxg_phantom_opts){
        .unit = j->size, .density = j->scale, .dtype = VXG_F64, .progress = progress};
}

static int project(const job *j, int64_t first, int64_t n, double *largest) {
    static const vxg_progress quiet = {.cancel = &cli_cancel};
    vxg_phantom_opts o = phantom_opts(j, &quiet);
    o.begin = first, o.end = first + n, o.samples = j->opt->rays.samples;
    int status = vxg_phantom_project(j->phantom, j->geo, &o, j->integrals);
    const int64_t count = n * j->rows * j->cols;
    for (int64_t i = 0; !status && i < count; i++) *largest = fmax(*largest, j->integrals[i]);
    return status;
}

/* Attenuation of value 1 that gives the largest integral asked for. */
static int set_scale(job *j) {
    double largest = 0;
    const int64_t n = j->views < 16 ? j->views : 16;
    int status = VXG_OK;
    j->scale = j->opt->scale != 0 ? j->opt->scale : 1;
    if (j->opt->scale != 0) return VXG_OK;
    for (int64_t i = 0; i < n && !status; i++) status = project(j, i * j->views / n, 1, &largest);
    if (!status && !(largest > 0))
        status = vxg_error_set(VXG_ERR_ARGUMENT,
                               "--phantom: no ray meets anything of %s (see --size, --rows)",
                               j->opt->phantom);
    if (!status) j->scale = j->opt->peak / largest;
    return status;
}

static int open_job(job *j) {
    const options *o = j->opt;
    vxg_volume_format format;
    int status = check_geometry_file(j);
    if (!status) status = check_options(j);
    if (!status && o->volume_out) status = volume_format(o->volume_out, &format);
    if (!status) status = claim_outputs(j);
    if (!status && o->threads) status = vxg_set_threads(o->threads);
    if (!status) status = cli_provenance_start(&j->prov, j->run);
    if (!status) status = open_phantom(j);
    if (!status) status = o->geometry ? scan_of_file(j) : standard_scan(j);
    if (!status) status = set_size(j);
    if (!status) status = make_buffers(j);
    if (!status) status = set_scale(j);
    if (!status) status = cli_provenance_add(&j->prov, "simulated.size", "%.17g", j->size);
    if (!status) status = cli_provenance_add(&j->prov, "simulated.scale", "%.17g", j->scale);
    if (!status && isfinite(j->center))
        status = cli_provenance_add(&j->prov, "simulated.center", "%.17g", j->center);
    return status;
}

/* ---- writing ---- */

static int write_kind(job *j, vxg_scan_writer *w, vxg_frame_kind kind, int64_t total) {
    const vxg_progress *p = kind == VXG_FRAME_DATA ? cli_progress(j->run) : NULL;
    int status = VXG_OK;
    for (int64_t at = 0; at < total && !status; at += j->block) {
        const int64_t n = total - at < j->block ? total - at : j->block;
        if (cli_cancel) status = vxg_error_set(VXG_ERR_CANCELLED, "interrupted");
        if (!status && p) status = project(j, at, n, &j->largest);
        if (!status)
            status = vxg_ct_expose(&j->opt->exposure, kind, at, n, j->rows, j->cols,
                                   p ? j->integrals : NULL, j->counts, &j->saturated);
        if (!status) status = w->write(w, kind, at, n, j->counts);
        if (!status && p && p->report)
            p->report(p->context, "views", (double)(at + n), (double)total);
    }
    if (p) cli_progress_end();
    return status;
}

static int open_scan(job *j, vxg_scan_writer **w) {
    const options *o = j->opt;
    const int known = *j->unit != 0;
    vxg_scan_writer_opts s = o->scan;
    s.nviews = j->views, s.nrows = j->rows, s.ncols = j->cols;
    s.theta = j->degrees;
    s.pixel_size = known ? j->pixel : 0, s.pixel_unit = j->unit;
    s.attributes = j->prov.list, s.nattributes = j->prov.count;
    s.outputs = j->outputs;
    return vxg_scan_writer_open(&s, w);
}

static int open_volume(job *j, const vxg_ct_volume *v, vxg_volume_writer **w) {
    vxg_volume_format format = VXG_VOLUME_NPY;
    int status = volume_format(j->opt->volume_out, &format);
    if (status) return status;
    const int known = *j->unit != 0;
    vxg_volume_writer_opts o = {.format = format,
                                .path = j->opt->volume_out,
                                .nz = v->nz,
                                .ny = v->ny,
                                .nx = v->nx,
                                .voxel = {known ? v->dz : 0, known ? v->dy : 0, known ? v->dx : 0},
                                .unit = j->unit,
                                .attributes = j->prov.list,
                                .nattributes = j->prov.count,
                                .force = j->opt->scan.force,
                                .outputs = j->outputs};
    return vxg_volume_writer_open(&o, w);
}

static int fill_volume(job *j, const vxg_ct_volume *v, vxg_volume_writer *w) {
    static const vxg_progress quiet = {.cancel = &cli_cancel};
    vxg_phantom_opts o = phantom_opts(j, &quiet);
    const vxg_progress *p = cli_progress(j->run);
    float *slice = malloc((size_t)(v->ny * v->nx) * sizeof *slice);
    int status = slice ? VXG_OK : vxg_error_set(VXG_ERR_MEMORY, "out of memory for a slice");
    o.dtype = VXG_F32;
    for (int64_t z = 0; z < v->nz && !status; z++) {
        o.begin = z, o.end = z + 1;
        status = vxg_phantom_voxelize(j->phantom, v, &o, slice);
        if (!status) status = w->write(w, z, 1, slice);
        if (!status && p->report) p->report(p->context, "slices", (double)(z + 1), (double)v->nz);
    }
    cli_progress_end();
    free(slice);
    return status;
}

static int write_geometry(const job *j, const vxg_ct_volume *grid) {
    vxg_ct_notes notes = {.reverse = -1, .has_volume = 1, .volume = *grid};
    char *text = NULL;
    if (!j->opt->geometry_out) return VXG_OK;
    snprintf(notes.units, sizeof notes.units, "%s", j->unit);
    int status = vxg_ct_geometry_to_json(j->geo, &notes, 0, &text);
    if (!status)
        status = vxg_outputs_text(j->outputs, j->opt->geometry_out, text, j->opt->scan.force);
    vxg_free(text);
    return status;
}

/* The files get their names when every one is complete. */
static int finish(job *j, vxg_scan_writer **scan, vxg_volume_writer **volume) {
    int status = write_geometry(j, &j->grid);
    if (!status && *volume) {
        status = (*volume)->finish(*volume);
        *volume = NULL;
    }
    if (!status) {
        status = (*scan)->finish(*scan);
        *scan = NULL;
    }
    return status ? status : cli_commit(&j->outputs);
}

static int write_outputs(job *j) {
    vxg_scan_writer *scan = NULL;
    vxg_volume_writer *volume = NULL;
    int status = open_scan(j, &scan);
    if (!status && j->opt->volume_out) status = open_volume(j, &j->grid, &volume);
    if (!status) status = write_kind(j, scan, VXG_FRAME_DARK, j->opt->scan.ndarks);
    if (!status) status = write_kind(j, scan, VXG_FRAME_FLAT, j->opt->scan.nflats);
    if (!status) status = write_kind(j, scan, VXG_FRAME_DATA, j->views);
    if (!status && volume) status = fill_volume(j, &j->grid, volume);
    if (!status) status = finish(j, &scan, &volume);
    if (volume) volume->abandon(volume);
    if (scan) scan->abandon(scan);
    return status;
}

/* ---- the verb ---- */

static void print_result(const job *j, double seconds) {
    const options *o = j->opt;
    if (!j->run->shared->json) {
        printf("%s\n", o->scan.path);
        if (o->volume_out) printf("%s\n", o->volume_out);
        if (o->geometry_out) printf("%s\n", o->geometry_out);
        return;
    }
    cli_json out = {.f = stdout};
    cli_json_open(&out, NULL, '{');
    cli_json_text(&out, "scan", o->scan.path);
    cli_json_text(&out, "volume", o->volume_out);
    cli_json_text(&out, "geometry", o->geometry_out);
    cli_json_open(&out, "shape", '[');
    cli_json_int(&out, NULL, j->views);
    cli_json_int(&out, NULL, j->rows);
    cli_json_int(&out, NULL, j->cols);
    cli_json_close(&out, ']');
    cli_json_real(&out, "center", j->center);
    cli_json_real(&out, "size", j->size);
    cli_json_real(&out, "scale", j->scale);
    cli_json_real(&out, "largest_integral", j->largest);
    cli_json_int(&out, "saturated", j->saturated);
    cli_json_int(&out, "frames_at_once", j->block);
    cli_json_real(&out, "seconds", seconds);
    cli_json_close(&out, '}');
}

static int run(cli_run *r) {
    job j = {.run = r, .opt = r->options};
    const double start = cli_now();
    int status = open_job(&j);
    if (!status) status = write_outputs(&j);
    if (!status) {
        const double seconds = cli_now() - start;
        cli_say(r, "%s: %lld views of %lld x %lld, largest line integral %.3g, %s, %.1f s",
                j.opt->scan.path, (long long)j.views, (long long)j.rows, (long long)j.cols,
                j.largest, cli_bytes(2.0 * (double)j.views * (double)j.rows * (double)j.cols),
                seconds);
        if (j.saturated) cli_warn(r, "%lld pixels are saturated", (long long)j.saturated);
        print_result(&j, seconds);
    }
    vxg_outputs_abandon(j.outputs);
    cli_provenance_free(&j.prov);
    vxg_phantom_release(j.phantom);
    vxg_ct_geometry_release(j.geo);
    free(j.degrees);
    free(j.integrals);
    free(j.counts);
    return status;
}

const cli_verb cli_verb_simulate = {
    .name = "simulate",
    .operands = "-o FILE",
    .summary = "write a scan of a phantom, with noise",
    .about =
        "Exact line integrals of a phantom made of ellipsoids, boxes and cylinders become counts "
        "of "
        "a detector: dark level, uneven sensitivity, Poisson noise, 16 bits. The scan is an HDF5 "
        "Data Exchange file with flat and dark fields, written view by view, so that it may be "
        "larger than the memory. Without --sod the beam is parallel; with it, and --sdd, a cone "
        "or, of "
        "one detector row, a fan. `voxgrad recon` gives the phantom back, times the scale that "
        "--json prints.\n\n"
        "Lengths are in one unit, that of --pixel; without it, pixels. --geometry takes any scan: "
        "helical, tilted, any list of views. --volume-out writes what a "
        "perfect reconstruction would be. Phantom files are described in docs/phantoms.md. Nothing "
        "is left behind when the command fails or is interrupted.",
    .examples = "  voxgrad simulate -o scan.h5\n"
                "  voxgrad simulate -o scan.h5 -p spheres --views 361 --cols 256 --photons 5000 "
                "--flat-pattern 0.1\n"
                "  voxgrad simulate -o cone.h5 -p forbild-head-like --sod 500 --sdd 900 "
                "--detector curved --volume-out truth.npy --geometry-out cone.json\n"
                "  voxgrad simulate -o exact.h5 -p my.phantom --photons 0 --white 60000\n",
    .min_operands = 0,
    .max_operands = 0,
    CLI_ROWS(rows),
    .size = sizeof(options),
    .run = run,
};
