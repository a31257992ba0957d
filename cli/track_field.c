/* voxgrad track: what streamlines run through. Which model and which getter, out of the options and
 * the data; the model's numbers; where streamlines end, and where seeds lie. */
#include "track.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST_DIRECTIONS = 15 /* coefficients of order 4 */, FEW_VOXELS = 20 };
#define AMPLITUDE 0.1 /* of a density of fibres, where that is the map */

/* ---- Which model, which getter ---- */

static const struct model {
    const char *name, *words;
    int getters; /* bits */
    vxg_track_getter usual;
} models[] = {
#define BIT(g) (1 << VXG_TRACK_##g)
#define FUNCTIONS (BIT(PROBABILISTIC) | BIT(DETERMINISTIC) | BIT(PTT) | BIT(PEAK))
    [CLI_MODEL_AUTO] = {"auto", "", 0, VXG_TRACK_PROBABILISTIC},
    [CLI_MODEL_CSD] = {"csd", "densities of fibres (CSD)", FUNCTIONS | BIT(VECTOR),
                       VXG_TRACK_PROBABILISTIC},
    [CLI_MODEL_TENSOR] = {"tensor", "diffusion tensors", BIT(TENSOR) | BIT(VECTOR),
                          VXG_TRACK_TENSOR},
    [CLI_MODEL_OPDT] = {"opdt", "orientation functions (OPDT)",
                        FUNCTIONS | BIT(BOOTSTRAP) | BIT(VECTOR), VXG_TRACK_PROBABILISTIC},
    [CLI_MODEL_CSA] = {"csa", "orientation functions (CSA)",
                       FUNCTIONS | BIT(BOOTSTRAP) | BIT(VECTOR), VXG_TRACK_PROBABILISTIC},
    [CLI_MODEL_QBALL] = {"qball", "orientation functions (q-ball)", FUNCTIONS | BIT(VECTOR),
                         VXG_TRACK_PROBABILISTIC},
    [CLI_MODEL_FOD] = {"fod", "harmonics of --fod", FUNCTIONS | BIT(VECTOR),
                       VXG_TRACK_PROBABILISTIC},
    [CLI_MODEL_SAMPLES] = {"samples", "samples of --odf",
                           BIT(PROBABILISTIC) | BIT(DETERMINISTIC) | BIT(PTT),
                           VXG_TRACK_PROBABILISTIC},
    [CLI_MODEL_VECTORS] = {"vectors", "vectors of --peaks", BIT(VECTOR), VXG_TRACK_VECTOR},
#undef FUNCTIONS
#undef BIT
};

const char *cli_track_model_name(cli_track_model model) {
    return models[model].name;
}

const char *cli_track_getter_name(vxg_track_getter getter) {
    static const char *const names[] = {"probabilistic", "deterministic", "bootstrap", "ptt",
                                        "peak",          "tensor",        "vector"};
    return names[getter];
}

/* Of the shell that has the most. */
static int64_t most_directions(const vxg_gradients *g) {
    int64_t most = 0;
    for (int s = 1; s < vxg_gradients_shells(g); s++)
        if (vxg_gradients_shell_count(g, s) > most) most = vxg_gradients_shell_count(g, s);
    return most;
}

/* Of a series: what its directions allow. */
static int choose_model(cli_tracking *t) {
    const vxg_track_getter g = t->track.getter;
    const int64_t n = most_directions(t->dwi.gradients);
    const int few = n < LEAST_DIRECTIONS;
    t->model = few ? CLI_MODEL_TENSOR : CLI_MODEL_CSD;
    if (t->given.getter && g == VXG_TRACK_BOOTSTRAP) t->model = CLI_MODEL_OPDT;
    if (t->given.getter && g == VXG_TRACK_TENSOR) t->model = CLI_MODEL_TENSOR;
    if (few && t->given.getter && t->model == CLI_MODEL_TENSOR && g != VXG_TRACK_TENSOR &&
        g != VXG_TRACK_VECTOR && g != VXG_TRACK_DETERMINISTIC)
        return vxg_error_set(VXG_ERR_ARGUMENT,
                             "--getter %s: %s has %lld directions a shell, which determine no "
                             "density of fibres (%d do): leave --getter out and tensors are "
                             "tracked, or take --model qball --order 2",
                             cli_track_getter_name(g), t->series, (long long)n, LEAST_DIRECTIONS);
    if (t->model == CLI_MODEL_TENSOR && few)
        snprintf(t->why, sizeof t->why,
                 "chosen from the data: %lld directions are too few for a density of fibres, which "
                 "needs %d",
                 (long long)n, LEAST_DIRECTIONS);
    else
        snprintf(t->why, sizeof t->why, "chosen from the data: %lld directions", (long long)n);
    return VXG_OK;
}

static int model_of_file(cli_tracking *t) {
    const cli_track *o = t->opt;
    const int n = (o->fod != NULL) + (o->samples != NULL) + (o->peaks != NULL);
    if (n > 1) return vxg_error_set(VXG_ERR_ARGUMENT, "--fod, --odf and --peaks: one is enough");
    if (n && o->model)
        return vxg_error_set(VXG_ERR_ARGUMENT, "--model does not go with --%s, which is ready-made",
                             o->fod       ? "fod"
                             : o->samples ? "odf"
                                          : "peaks");
    t->model = o->fod       ? CLI_MODEL_FOD
               : o->samples ? CLI_MODEL_SAMPLES
               : o->peaks   ? CLI_MODEL_VECTORS
                            : (cli_track_model)o->model;
    if (!t->series && !n)
        return vxg_error_set(VXG_ERR_ARGUMENT,
                             "an operand is missing: a diffusion series (or --fod, --odf or "
                             "--peaks)");
    return VXG_OK;
}

static int resolve_getter(cli_tracking *t) {
    const struct model *m = &models[t->model];
    if (!t->given.getter) t->track.getter = m->usual;
    if (t->model == CLI_MODEL_TENSOR && t->track.getter == VXG_TRACK_DETERMINISTIC)
        t->track.getter = VXG_TRACK_TENSOR; /* of tensors that is the first eigenvector */
    if (m->getters >> t->track.getter & 1) return VXG_OK;
    return vxg_error_set(VXG_ERR_ARGUMENT, "--getter %s does not go with %s",
                         cli_track_getter_name(t->track.getter), m->words);
}

/* Orders of the models; --order is of all. */
static int resolve_orders(cli_tracking *t) {
    const vxg_gradients *g = t->dwi.gradients;
    if (t->model == CLI_MODEL_CSD) return cli_csd_plan(&t->dwi, &t->csd, t->given.order);
    if (t->model < CLI_MODEL_OPDT || t->model > CLI_MODEL_QBALL) return VXG_OK;
    const int shells = vxg_gradients_shells(g) - 1;
    t->odf.kind = t->model == CLI_MODEL_OPDT  ? VXG_ODF_OPDT
                  : t->model == CLI_MODEL_CSA ? VXG_ODF_CSA
                                              : VXG_ODF_QBALL;
    t->odf.shell = t->csd.shell;
    if (t->odf.shell > shells)
        return vxg_error_set(VXG_ERR_ARGUMENT, "--shell %d: the series has %d", t->odf.shell,
                             shells);
    if (!t->odf.shell && shells > 1) t->odf.shell = shells;
    const int64_t n = vxg_gradients_shell_count(g, t->odf.shell ? t->odf.shell : 1);
    if (shells > 1)
        cli_say(t->run, "shell %d of %d%s: %lld directions of b = %.0f s/mm2", t->odf.shell, shells,
                t->csd.shell ? "" : ", the highest (--shell)", (long long)n,
                vxg_gradients_shell_b(g, t->odf.shell));
    t->odf.order = t->given.order ? t->csd.order : 4;
    if (!t->given.order && n < LEAST_DIRECTIONS) {
        t->odf.order = 2;
        cli_say(t->run, "%lld directions: order 2 instead of 4", (long long)n);
    }
    t->csd.order = t->odf.order;
    return VXG_OK;
}

int cli_track_resolve(cli_tracking *t) {
    const cli_track *o = t->opt;
    t->track = o->track, t->csd = o->csd, t->odf = o->odf;
    t->seeds.seed = t->given.positions ? (uint64_t)t->positions : o->track.seed;
    int status = model_of_file(t);
    if (!status && t->series) status = cli_dwi_open(&t->dwi, t->run, t->series, &o->in, 1);
    snprintf(t->why, sizeof t->why, "as asked for");
    if (!status && t->model == CLI_MODEL_AUTO) status = choose_model(t);
    if (!status) status = resolve_getter(t);
    if (!status && t->series) status = resolve_orders(t);
    if (status) return status;
    if (!t->given.threshold && !t->series && !o->stop_map) t->track.threshold = AMPLITUDE;
    const int odf =
        t->model == CLI_MODEL_CSD || (t->model >= CLI_MODEL_OPDT && t->model <= CLI_MODEL_QBALL);
    char order[32] = "";
    if (odf) snprintf(order, sizeof order, " of order %d", t->csd.order);
    cli_say(t->run, "%s tracking through %s%s (%s)", cli_track_getter_name(t->track.getter),
            models[t->model].words, order, t->why);
    return VXG_OK;
}

/* ---- Images ---- */

static int open_beside(cli_tracking *t, const char *flag, const char *path, cli_image *out) {
    if (!path) return VXG_OK;
    if (t->ninputs < CLI_TRACK_FILES) t->inputs[t->ninputs++] = path;
    int status = cli_image_open(path, 3, out);
    if (!status) status = cli_image_same_grid(t->grid, out);
    return status ? vxg_error_context(status, "--%s", flag) : VXG_OK;
}

static int open_function(cli_tracking *t) {
    const cli_track *o = t->opt;
    const char *path = o->fod ? o->fod : o->samples ? o->samples : o->peaks;
    const char *flag = o->fod ? "fod" : o->samples ? "odf" : "peaks";
    if (!path) return VXG_OK;
    t->inputs[t->ninputs++] = path;
    int status = cli_image_open(path, 4, &t->function);
    const int64_t rows = t->function.rows;
    if (!status && t->series) status = cli_image_same_grid(&t->dwi.image, &t->function);
    if (!status && o->fod && vxg_sh_order(rows) < 0)
        status = vxg_error_set(VXG_ERR_INPUT,
                               "%s: %lld volumes are no set of harmonics of even order (1, 6, 15, "
                               "28, 45 ...)",
                               path, (long long)rows);
    if (!status && o->samples && rows != vxg_sphere_count(t->sphere))
        status =
            vxg_error_set(VXG_ERR_INPUT, "%s: %lld samples; --sphere %s has %lld directions", path,
                          (long long)rows, o->sphere, (long long)vxg_sphere_count(t->sphere));
    if (!status && o->peaks && rows % 3)
        status = vxg_error_set(VXG_ERR_INPUT, "%s: %lld volumes; three a vector are expected", path,
                               (long long)rows);
    return status ? vxg_error_context(status, "--%s", flag) : VXG_OK;
}

/* Steps in voxels become millimetres. */
static void resolve_steps(cli_tracking *t) {
    const double *side = t->grid->size;
    const double mean = (side[0] + side[1] + side[2]) / 3;
    double off = 0;
    if (!(t->step_voxels > 0)) return;
    for (int k = 0; k < 3; k++) off = fmax(off, fabs(side[k] - mean));
    if (off > 0.01 * mean)
        cli_warn(t->run,
                 "voxels of %.4g x %.4g x %.4g mm: %g voxels are steps of %.4g mm along every "
                 "direction",
                 side[0], side[1], side[2], t->step_voxels, t->step_voxels * mean);
    t->track.step = t->step_voxels * mean;
    t->track.max_length = t->most_steps * t->track.step;
}

int cli_track_images(cli_tracking *t) {
    const cli_track *o = t->opt;
    for (int i = 0; i < CLI_DWI_INPUTS && t->series; i++)
        if (t->dwi.inputs[i]) t->inputs[t->ninputs++] = t->dwi.inputs[i];
    int status = cli_sphere(o->sphere, &t->sphere);
    if (!status) status = open_function(t);
    t->grid = t->series ? &t->dwi.image : &t->function;
    if (!status) resolve_steps(t);
    if (!status && !t->series && strcmp(o->in.mask, "auto") && strcmp(o->in.mask, "none"))
        status = open_beside(t, "mask", o->in.mask, &t->dwi.mask);
    if (!status) status = open_beside(t, "stop-map", o->stop_map, &t->map_image);
    if (!status) status = open_beside(t, "stop-mask", o->stop_mask, &t->stop_image);
    if (!status) status = open_beside(t, "seed-mask", o->seed_mask, &t->seed_image);
    if (o->include.count > VXG_TRACK_REGIONS)
        return vxg_error_set(VXG_ERR_ARGUMENT, "--include: %lld regions; %d at most",
                             (long long)o->include.count, VXG_TRACK_REGIONS);
    for (int64_t i = 0; i < o->include.count + o->exclude.count && !status; i++) {
        const int in = i < o->include.count;
        cli_image one = {0};
        status =
            open_beside(t, in ? "include" : "exclude",
                        in ? o->include.value[i] : o->exclude.value[i - o->include.count], &one);
        cli_image_close(&one);
    }
    if (!status && o->seed_list && t->ninputs < CLI_TRACK_FILES)
        t->inputs[t->ninputs++] = o->seed_list;
    return status;
}

/* ---- The model's numbers ---- */

static int new_rows(const cli_tracking *t, int64_t rows, vxg_array *out) {
    const int64_t *n = t->grid->shape;
    const int64_t shape[4] = {rows, n[0], n[1], n[2]};
    return vxg_array_new(t->dev, VXG_F32, 4, shape, out);
}

/* Numbers that are none become 0, which is said. */
static int read_image(cli_tracking *t, const cli_image *im, vxg_array *out) {
    unsigned char *bad = calloc((size_t)im->voxels, 1);
    int64_t nbad = 0;
    int status = bad ? cli_image_read(im, t->dev, bad, &nbad, out)
                     : vxg_error_set(VXG_ERR_MEMORY, "out of memory");
    if (!status && nbad)
        cli_warn(t->run, "%s: %lld of %lld voxels hold a value that is NaN or infinite: they are 0",
                 im->file->path, (long long)nbad, (long long)im->voxels);
    free(bad);
    return status;
}

static int fit_tensor(cli_tracking *t) {
    vxg_tensor_maps maps = {0};
    const int tensors = t->track.getter == VXG_TRACK_TENSOR && t->model == CLI_MODEL_TENSOR;
    const int vectors = t->model == CLI_MODEL_TENSOR && !tensors;
    int status = new_rows(t, 1, &maps.fa);
    if (!status) status = new_rows(t, 3, &maps.rgb);
    if (!status && tensors) status = new_rows(t, 6, &maps.tensor);
    if (!status && vectors) status = new_rows(t, 9, &maps.eigenvectors);
    vxg_tensor_opts tensor = t->opt->tensor;
    tensor.progress = cli_progress(t->run);
    if (!status)
        status =
            vxg_dwi_tensor(NULL, t->dwi.gradients, &t->dwi.series, &t->dwi.voxels, &tensor, &maps);
    cli_progress_end();
    if (!status && vectors) status = vxg_array_slice(&maps.eigenvectors, 0, 0, 3, &t->values);
    vxg_array_release(&maps.eigenvectors);
    t->fa = maps.fa, t->rgb = maps.rgb;
    if (tensors) t->values = maps.tensor;
    return status;
}

/* Peaks of harmonics, as vectors of length 1. */
static int to_vectors(cli_tracking *t) {
    enum { PEAKS = 3 };
    const vxg_peaks_opts o = {.peaks = PEAKS,
                              .basis = t->field.basis,
                              .relative_threshold = t->track.relative_peak_threshold,
                              .min_separation = t->track.min_separation};
    vxg_peaks_maps maps = {0};
    int status = new_rows(t, 3 * PEAKS, &maps.directions);
    if (!status)
        status = vxg_dwi_peaks(NULL, &t->values, t->dwi.voxels.buffer ? &t->dwi.voxels : NULL,
                               t->sphere, &o, &maps);
    vxg_array_release(&t->values);
    t->values = maps.directions;
    t->track.relative_peak_threshold = t->track.min_separation = 0; /* are in the vectors */
    return status;
}

/* How low FA must go for so many single fibres that their mean means something. */
static int choose_response_fa(const cli_tracking *t, double *least) {
    const int64_t n = t->grid->voxels;
    float *fa = malloc((size_t)n * sizeof *fa);
    int status =
        fa ? vxg_array_read(NULL, &t->fa, fa) : vxg_error_set(VXG_ERR_MEMORY, "out of memory");
    for (int64_t count = 0; !status; count = 0) {
        for (int64_t i = 0; i < n; i++) count += t->dwi.inside[i] && (double)fa[i] > *least;
        if (count >= FEW_VOXELS || *least < 0.35) break;
        cli_say(t->run, "response: %lld voxels of the mask have an FA above %g, which are few: %g",
                (long long)count, *least, *least - 0.1);
        *least -= 0.1;
    }
    free(fa);
    return status;
}

static int find_response(cli_tracking *t) {
    cli_response_opts o = t->opt->response;
    int status = VXG_OK;
    if (!strcmp(o.from, "auto") && !t->given.response_fa) status = choose_response_fa(t, &o.fa);
    return status ? status : cli_response(&t->dwi, &o, &t->csd, &t->response);
}

static int fit_function(cli_tracking *t) {
    int status = new_rows(t, vxg_sh_count(t->csd.order), &t->values);
    if (!status && t->model == CLI_MODEL_CSD) {
        status = find_response(t);
        cli_track_stage(t, "response");
        t->csd.progress = cli_progress(t->run);
        if (!status)
            status = vxg_dwi_csd(NULL, t->dwi.gradients, &t->dwi.series, &t->dwi.voxels,
                                 &t->response, &t->csd, &t->values);
    } else if (!status) {
        t->odf.progress = cli_progress(t->run);
        status = vxg_dwi_odf(NULL, t->dwi.gradients, &t->dwi.series, &t->dwi.voxels, &t->odf,
                             &t->values);
    }
    cli_progress_end();
    t->csd.progress = t->odf.progress = NULL;
    t->field.basis = VXG_SH_TOURNIER07;
    return status;
}

static int make_values(cli_tracking *t) {
    int status = VXG_OK;
    if (t->function.file) {
        status = read_image(t, &t->function, &t->values);
        t->field.basis = (vxg_sh_basis)t->opt->basis;
        t->field.samples = t->model == CLI_MODEL_SAMPLES;
        cli_track_stage(t, "functions read");
    } else if (t->track.getter == VXG_TRACK_BOOTSTRAP) {
        t->values = vxg_array_retain(&t->dwi.series);
        t->field.gradients = t->dwi.gradients, t->field.model = &t->odf;
    } else if (t->model != CLI_MODEL_TENSOR) {
        status = fit_function(t);
        cli_track_stage(t, t->model == CLI_MODEL_CSD ? "deconvolution" : "orientation functions");
    }
    if (!status && t->track.getter == VXG_TRACK_VECTOR && t->model != CLI_MODEL_VECTORS &&
        t->model != CLI_MODEL_TENSOR)
        status = to_vectors(t);
    vxg_array_release(&t->dwi.series);
    return status;
}

/* ---- Where streamlines end ---- */

/* The highest of each voxel's samples, or of its harmonics on the sphere. */
static int highest(cli_tracking *t, vxg_array *out) {
    const vxg_peaks_opts o = {.peaks = 1, .basis = t->field.basis, .relative_threshold = -1};
    vxg_peaks_maps maps = {0};
    int status = new_rows(t, 1, out);
    if (status) return status;
    maps.values = *out;
    if (!t->field.samples) return vxg_dwi_peaks(NULL, &t->values, NULL, t->sphere, &o, &maps);
    const int64_t n = t->grid->voxels, rows = t->values.shape[0];
    float *one = malloc((size_t)n * 2 * sizeof *one), *most = one + n;
    if (!one) return vxg_error_set(VXG_ERR_MEMORY, "out of memory");
    memset(most, 0, (size_t)n * sizeof *most);
    for (int64_t r = 0; r < rows && !status; r++) {
        vxg_array row = {0};
        status = vxg_array_index(&t->values, r, &row);
        if (!status) status = vxg_array_read(NULL, &row, one);
        for (int64_t i = 0; i < n && !status; i++) most[i] = fmaxf(most[i], one[i]);
        vxg_array_release(&row);
    }
    if (!status) status = vxg_array_write(NULL, out, most);
    free(one);
    return status;
}

static int make_map(cli_tracking *t) {
    vxg_array rows = {0};
    int status = VXG_OK;
    if (t->map_image.file)
        status = read_image(t, &t->map_image, &rows);
    else if (t->fa.buffer)
        rows = vxg_array_retain(&t->fa);
    else if (t->model != CLI_MODEL_VECTORS)
        status = highest(t, &rows);
    if (!status && rows.buffer) status = vxg_array_index(&rows, 0, &t->map);
    vxg_array_release(&rows);
    return status;
}

/* Without a series: which voxels count. Those where all is 0 hold nothing. */
static int mask_of_function(cli_tracking *t) {
    const int64_t n = t->grid->voxels;
    unsigned char *inside = t->dwi.inside = calloc((size_t)n, 1);
    float *one = malloc((size_t)n * sizeof *one);
    int64_t count = n;
    int status = inside && one ? VXG_OK : vxg_error_set(VXG_ERR_MEMORY, "out of memory");
    const int none = !strcmp(t->opt->in.mask, "none");
    if (!status && none) memset(inside, 1, (size_t)n);
    if (!status && t->dwi.mask.file) status = cli_image_mask(t->run, &t->dwi.mask, inside, &count);
    for (int64_t r = 0; r < t->values.shape[0] && !none && !t->dwi.mask.file && !status; r++) {
        vxg_array row = {0};
        status = vxg_array_index(&t->values, r, &row);
        if (!status) status = vxg_array_read(NULL, &row, one);
        for (int64_t i = 0; i < n && !status; i++) inside[i] |= one[i] != 0;
        vxg_array_release(&row);
    }
    for (int64_t i = t->dwi.count = 0; i < n && !status; i++) t->dwi.count += inside[i];
    if (!status && !t->dwi.count)
        status = vxg_error_set(VXG_ERR_INPUT, "%s: no voxel counts: %s", t->function.file->path,
                               t->dwi.mask.file ? "the mask is empty" : "all of it is 0");
    t->dwi.mask_from = t->dwi.mask.file ? t->opt->in.mask
                       : none           ? "none: every voxel"
                                        : "where the image is not 0";
    free(one);
    return status;
}

static int add_region(cli_tracking *t, const cli_image *im, uint32_t in, uint32_t out,
                      uint32_t *bits) {
    unsigned char *marks = calloc((size_t)im->voxels, 1);
    int64_t count = 0;
    int status = marks ? cli_image_mask(t->run, im, marks, &count)
                       : vxg_error_set(VXG_ERR_MEMORY, "out of memory");
    for (int64_t i = 0; i < im->voxels && !status; i++) bits[i] |= marks[i] ? in : out;
    if (!status && !count && out)
        status = vxg_error_set(
            VXG_ERR_INPUT, "--stop-mask: %s: no voxel is in it: streamlines would end everywhere",
            im->file->path);
    if (!status && !count) cli_warn(t->run, "%s: no voxel is in the region", im->file->path);
    free(marks);
    return status;
}

static int add_words(cli_tracking *t, const vxg_words *w, int include, uint32_t *bits) {
    int status = VXG_OK;
    for (int64_t i = 0; i < w->count && !status; i++) {
        cli_image im = {0};
        status = cli_image_open(w->value[i], 3, &im);
        if (!status)
            status =
                add_region(t, &im, include ? VXG_TRACK_INCLUDE(i) : VXG_TRACK_EXCLUDE, 0, bits);
        cli_image_close(&im);
    }
    return status;
}

static int make_regions(cli_tracking *t, uint32_t *bits) {
    const cli_track *o = t->opt;
    /* FA is 0 outside the mask, and ends streamlines by itself. */
    const int masks = !t->fa.buffer || t->map_image.file;
    int status = VXG_OK, wanted = 0;
    for (int64_t i = 0; i < t->grid->voxels && masks; i++)
        if (!t->dwi.inside[i]) bits[i] |= VXG_TRACK_STOP, wanted = 1;
    if (t->stop_image.file) status = add_region(t, &t->stop_image, 0, VXG_TRACK_STOP, bits);
    if (!status) status = add_words(t, &o->include, 1, bits);
    if (!status) status = add_words(t, &o->exclude, 0, bits);
    t->field.nregions = (int)o->include.count;
    if (!wanted && !t->stop_image.file && !o->include.count && !o->exclude.count) return status;
    if (!status) status = vxg_array_new(t->dev, VXG_U32, 3, t->grid->shape, &t->regions);
    if (!status) status = vxg_array_write(NULL, &t->regions, bits);
    return status;
}

/* ---- Where seeds lie ---- */

static int place_seeds(cli_tracking *t, const uint32_t *bits) {
    const int64_t n = t->grid->voxels;
    float *map = malloc((size_t)n * sizeof *map);
    unsigned char *s = t->seed_voxels = calloc((size_t)n, 1);
    int64_t low = 0;
    int status = map && s ? VXG_OK : vxg_error_set(VXG_ERR_MEMORY, "out of memory");
    if (!status && t->map.buffer) status = vxg_array_read(NULL, &t->map, map);
    if (!status && t->seed_image.file)
        status = cli_image_mask(t->run, &t->seed_image, s, &t->seed_count);
    for (int64_t i = 0; i < n && !status; i++) {
        const int runs = !t->map.buffer || (double)map[i] > t->track.threshold;
        if (t->seed_image.file) {
            low += s[i] && !runs;
        } else {
            s[i] = t->dwi.inside[i] && runs && !(bits[i] & VXG_TRACK_STOP);
            t->seed_count += s[i];
        }
    }
    free(map);
    /* Other rules do not look at the map there. */
    if (!status && low && !t->opt->seed_list && t->track.rules == VXG_TRACK_OWN)
        cli_say(
            t->run,
            "%s: %lld of %lld voxels are at or below the threshold; seeds begin nothing where the "
            "map between them is",
            t->opt->seed_mask, (long long)low, (long long)t->seed_count);
    if (status || t->seed_count || t->opt->seed_list) return status;
    if (t->seed_image.file)
        return vxg_error_set(VXG_ERR_INPUT, "%s: no voxel is in the mask of seeds",
                             t->opt->seed_mask);
    return vxg_error_set(VXG_ERR_INPUT,
                         "no voxel of the mask%s has a map above --threshold %g: there is no place "
                         "for seeds",
                         t->stop_image.file ? " within --stop-mask" : "", t->track.threshold);
}

int cli_track_fill(cli_tracking *t) {
    const int64_t n = t->grid->voxels;
    int status = VXG_OK;
    if (t->series) {
        status = fit_tensor(t);
        cli_track_stage(t, "tensors");
    }
    if (!status) status = make_values(t);
    if (!status && !t->series) status = mask_of_function(t);
    if (!status) status = make_map(t);
    uint32_t *bits = status ? NULL : calloc((size_t)n, sizeof *bits);
    if (!status && !bits) status = vxg_error_set(VXG_ERR_MEMORY, "out of memory");
    if (!status) status = make_regions(t, bits);
    if (!status) status = place_seeds(t, bits);
    free(bits);
    if (status) return status;
    t->field.size = sizeof t->field;
    t->field.values = t->values, t->field.map = t->map, t->field.regions = t->regions;
    memcpy(t->field.affine, t->grid->affine, sizeof t->field.affine);
    t->field.sphere = t->sphere;
    cli_track_stage(t, "map, regions, seeds' voxels");
    return VXG_OK;
}
