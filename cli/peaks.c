/* voxgrad peaks: the peaks of orientation functions. */
#include "dwi.h"

#include <stdlib.h>
#include <string.h>

typedef struct options {
    cli_shared shared;
    cli_compute compute;
    cli_maps_opts out;
    vxg_peaks_opts peaks;
    const char *mask, *sphere;
    int unit, no_checksum;
} options;

#define PEAKS(name, usual) CLI_FIELD(name, 0, offsetof(options, peaks), vxg_peaks_opts, name, usual)
static const cli_row rows[] = {
    CLI_MAPS_ROWS(options, "peaks,values",
                  "peaks (x y z of each, as long as the function is high there), values"),
    CLI_OWN("mask", 'm', VXG_OPT_FILE, offsetof(options, mask), NULL, 0, 0, NULL, "FILE",
            "image on the same grid: voxels where it is 0 have no peaks"),
    CLI_FIELD_ALSO("npeaks", "peaks", 0, offsetof(options, peaks), vxg_peaks_opts, "peaks", "5"),
    PEAKS("relative-threshold", "0.5"),
    PEAKS("min-separation", "25"),
    PEAKS("basis", NULL),
    CLI_OWN("unit-length", 0, VXG_OPT_FLAG, offsetof(options, unit), NULL, 0, 0, NULL, NULL,
            "peaks of length 1"),
    CLI_OWN("sphere", 0, VXG_OPT_TEXT, offsetof(options, sphere), "hemi:repulsion724", 0, 0, NULL,
            "NAME",
            "directions that may be peaks: repulsion724, repulsion200, repulsion100, symmetric724, "
            "symmetric642, symmetric362, hemi: in front for one of each pair"),
    CLI_OWN("no-checksum", 0, VXG_OPT_FLAG, offsetof(options, no_checksum), NULL, 0, 0, NULL, NULL,
            "no SHA-256 of the input files in what is written about the outputs"),
    CLI_COMPUTE_ROWS(options, "auto"),
    CLI_SHARED_ROWS(options),
};

/* ---- What the files hold ---- */
static void put_model(cli_json *j, const void *context) {
    const options *o = context;
    cli_json_open(j, "Model", '{');
    cli_json_text(j, "Description", "Highest directions of an orientation function");
    cli_json_open(j, "Parameters", '{');
    cli_json_int(j, "Peaks", o->peaks.peaks);
    cli_json_real(j, "RelativeThreshold", o->peaks.relative_threshold);
    cli_json_real(j, "MinSeparation", o->peaks.min_separation);
    cli_json_text(j, "Sphere", o->sphere);
    cli_json_close(j, '}');
    cli_json_close(j, '}');
}
static void put_peaks(cli_json *j, const void *context) {
    const options *o = context;
    put_model(j, context);
    cli_json_open(j, "OrientationEncoding", '{');
    cli_json_int(j, "EncodingAxis", 3);
    cli_json_text(j, "Type", o->unit ? "unit3vector" : "3vector");
    cli_json_text(j, "Reference", "xyz");
    cli_json_text(j, "Rows",
                  "x y z of the first peak, of the second...; 0 0 0 where there is none");
    cli_json_close(j, '}');
}
enum { PEAKS_MAP, VALUES, KINDS };
static const cli_map_row kinds[KINDS] = {
    {"peaks", "param-peaks_dwimap", 0, "Peaks of an orientation function, the highest first", NULL,
     "peaks", 0, put_peaks},
    {"values", "param-peakvalues_dwimap", 0, "Values of an orientation function at its peaks", NULL,
     "values", 0, put_model},
};

typedef struct job {
    const cli_run *run;
    const options *opt;
    cli_image image, mask;
    cli_maps files;
    cli_map map[KINDS];
    vxg_device *dev;
    vxg_sphere *sphere;
    unsigned char *inside, *bad;
    int64_t count, not_finite;
    vxg_array sh, voxels;
    vxg_peaks_maps result;
} job;

/* ---- What is read ---- */

static int open_images(job *j) {
    int status = cli_image_open(j->run->operands[0], 4, &j->image);
    if (!status && j->image.voxels > INT32_MAX)
        status = vxg_error_set(VXG_ERR_UNSUPPORTED, "%s: %lld voxels; at most 2^31 - 1",
                               j->run->operands[0], (long long)j->image.voxels);
    if (!status && vxg_sh_order(j->image.rows) < 0)
        status = vxg_error_set(VXG_ERR_INPUT,
                               "%s: %lld volumes; spherical harmonics of even order have 1, 6, 15, "
                               "28, 45...",
                               j->run->operands[0], (long long)j->image.rows);
    if (!status && j->opt->mask) status = cli_image_open(j->opt->mask, 3, &j->mask);
    if (!status && j->opt->mask) status = cli_image_same_grid(&j->image, &j->mask);
    return status;
}

static int read_images(job *j) {
    const cli_compute *c = &j->opt->compute;
    int64_t count = j->image.voxels;
    j->inside = calloc((size_t)j->image.voxels, 1), j->bad = calloc((size_t)j->image.voxels, 1);
    if (!j->inside || !j->bad) return vxg_error_set(VXG_ERR_MEMORY, "out of memory");
    int status = c->threads ? vxg_set_threads(c->threads) : VXG_OK;
    if (!status) status = vxg_device_open(c->device, &j->dev);
    if (!status) status = cli_image_read(&j->image, j->dev, j->bad, &j->not_finite, &j->sh);
    memset(j->inside, 1, (size_t)j->image.voxels);
    if (!status && j->mask.file) status = cli_image_mask(j->run, &j->mask, j->inside, &count);
    if (!status && !count)
        status = vxg_error_set(VXG_ERR_INPUT, "%s: no voxel is in the mask", j->opt->mask);
    if (!status)
        status =
            cli_image_list(j->run, &j->image, j->dev, j->inside, j->bad, &j->count, &j->voxels);
    return status;
}

static int provenance(job *j) {
    cli_provenance *p = &j->files.prov;
    const int sum = !j->opt->no_checksum;
    int status = cli_image_provenance(p, "input", &j->image, sum);
    if (!status && j->mask.file) status = cli_image_provenance(p, "mask.file", &j->mask, sum);
    if (!status) status = cli_provenance_add(p, "voxels", "%lld", (long long)j->count);
    if (!status && j->not_finite)
        status = cli_provenance_add(p, "voxels.not_finite", "%lld", (long long)j->not_finite);
    return status ? status : cli_provenance_device(p, j->dev);
}

/* ---- Peaks ---- */

/* Directions as long as the function is high. */
static int set_lengths(job *j, int peaks) {
    const int64_t n = j->image.voxels;
    float *values = malloc((size_t)n * sizeof *values), *one = malloc((size_t)n * sizeof *one);
    int status = values && one ? VXG_OK : vxg_error_set(VXG_ERR_MEMORY, "out of memory");
    for (int row = 0; row < 3 * peaks && !status; row++) {
        vxg_array direction = {0}, height = {0};
        status = vxg_array_index(&j->result.directions, row, &direction);
        if (!status) status = vxg_array_index(&j->result.values, row / 3, &height);
        if (!status && row % 3 == 0) status = vxg_array_read(NULL, &height, values);
        if (!status) status = vxg_array_read(NULL, &direction, one);
        for (int64_t v = 0; v < n && !status; v++) one[v] *= values[v];
        if (!status) status = vxg_array_write(NULL, &direction, one);
        vxg_array_release(&direction), vxg_array_release(&height);
    }
    free(values), free(one);
    return status;
}

static int find(job *j) {
    const int64_t *n = j->image.shape;
    const int peaks = j->opt->peaks.peaks ? j->opt->peaks.peaks : 5;
    const int64_t three[4] = {3 * (int64_t)peaks, n[0], n[1], n[2]};
    const int64_t one[4] = {peaks, n[0], n[1], n[2]};
    int status = vxg_array_new(j->dev, VXG_F32, 4, three, &j->result.directions);
    if (!status) status = vxg_array_new(j->dev, VXG_F32, 4, one, &j->result.values);
    vxg_peaks_opts opts = j->opt->peaks;
    opts.progress = cli_progress(j->run);
    if (!status) status = vxg_dwi_peaks(NULL, &j->sh, &j->voxels, j->sphere, &opts, &j->result);
    cli_progress_end();
    return status || j->opt->unit ? status : set_lengths(j, peaks);
}

static int write_maps(job *j) {
    const vxg_array *const all[KINDS] = {&j->result.directions, &j->result.values};
    int status = VXG_OK;
    for (int i = 0; i < KINDS && !status; i++)
        if (j->map[i].row) status = cli_map_write(&j->files, &j->map[i], all[i]);
    return status;
}

static void print_result(const job *j, double seconds) {
    const int json = j->run->shared->json;
    cli_json out = {.f = stdout};
    if (json) {
        cli_json_open(&out, NULL, '{');
        cli_json_text(&out, "harmonics", j->image.file->path);
        cli_json_int(&out, "order", vxg_sh_order(j->image.rows));
        cli_json_int(&out, "voxels", j->count);
        cli_json_int(&out, "not_finite", j->not_finite);
    }
    cli_maps_print(json ? &out : NULL, j->map, KINDS);
    if (!json) return;
    cli_json_real(&out, "seconds", seconds);
    cli_json_close(&out, '}');
}

static int work(job *j) {
    const options *o = j->opt;
    const char *const inputs[2] = {j->run->operands[0], o->mask};
    int status = cli_maps_choose(&o->out, kinds, KINDS, j->map);
    if (!status) status = cli_sphere(o->sphere, &j->sphere);
    if (!status) status = open_images(j);
    if (!status) status = cli_maps_open(&j->files, j->run, &j->image, o->out.force, inputs, 2);
    if (!status) status = cli_maps_claim(&j->files, j->map, KINDS);
    if (!status) status = read_images(j);
    if (!status) status = provenance(j);
    if (!status) status = find(j);
    if (!status) status = write_maps(j);
    return status ? status : cli_maps_commit(&j->files);
}

static int run(cli_run *r) {
    const double start = cli_now();
    job *j = calloc(1, sizeof *j);
    if (!j) return vxg_error_set(VXG_ERR_MEMORY, "out of memory");
    j->run = r, j->opt = r->options;
    for (int i = 0; i < KINDS; i++) j->map[i].context = r->options;
    int status = work(j);
    if (!status) {
        cli_say(r, "peaks of order %d in %lld voxels, %.1f s on %s", vxg_sh_order(j->image.rows),
                (long long)j->count, cli_now() - start, vxg_device_get_info(j->dev)->spec);
        print_result(j, cli_now() - start);
    }
    vxg_array *const all[] = {&j->sh, &j->voxels, &j->result.directions, &j->result.values};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) vxg_array_release(all[i]);
    cli_maps_close(&j->files);
    cli_image_close(&j->mask), cli_image_close(&j->image);
    vxg_sphere_release(j->sphere);
    vxg_device_release(j->dev);
    free(j->inside), free(j->bad);
    free(j);
    return status;
}

const cli_verb cli_verb_peaks = {
    .name = "peaks",
    .operands = "SH -o NAME",
    .summary = "peaks of orientation functions",
    .about = "Finds the highest directions of an image of spherical harmonics, as `voxgrad csd`, "
             "`voxgrad odf` and MRtrix3 write them: local maxima on a set of directions, the "
             "highest first, none below a share of the first nor too near to a higher one.\n\n"
             "Peaks are three volumes each, x y z along the scanner's axes (right, front, top), "
             "as long as the function is high there, 0 0 0 where there is none.",
    .examples = "  voxgrad peaks fod.nii.gz -o sub-01\n"
                "  voxgrad peaks fod.mif -o peaks.mif --maps peaks --npeaks 3 --mask mask.mif\n"
                "  voxgrad peaks odf.nii.gz -o peaks.nii.gz --maps peaks --unit-length "
                "--basis descoteaux07-legacy\n",
    .min_operands = 1,
    .max_operands = 1,
    CLI_ROWS(rows),
    .size = sizeof(options),
    .run = run,
};
