/* voxgrad track --cuslines: run_gpu_streamlines.py's options with its defaults and meanings, made
 * into those of voxgrad track. */
#include "track.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct options {
    cli_shared shared;
    const char *prefix;
    int64_t chunk_size, nseeds, seed_seed;
    double max_angle, min_signal, step_size, fa_threshold, relative, separation, sm_lambda;
    int cuslines, device, sphere, method, sh_order, model, dg, ngpus, threads, force, no_report;
} options;
enum { CPU, GPU, METAL, WEBGPU, NUMBA };
enum { BOOT, PROB, PTT };
enum { MOST_STEPS = 500, MOST_PEAKS = 10 }; /* of a half; of a seed */

#define LIBRARY(name, member, T, field, row, usual)                                                \
    CLI_FIELD(name, 0, CLI_VALUE(options, member, T, field), T, row, usual)
#define OWN(name, kind, member, ...) CLI_OWN(name, 0, kind, offsetof(options, member), __VA_ARGS__)
static const cli_row rows[] = {
    OWN("cuslines", VXG_OPT_FLAG, cuslines, NULL, 0, 0, NULL, NULL, "these options"),
    OWN("device", VXG_OPT_CHOICE, device, "gpu", 0, 0, NULL, "cpu|gpu|metal|webgpu|numba",
        "cpu: the processor; gpu, metal, webgpu: the best device there is; numba: the processor, "
        "--dg prob and --model csd"),
    OWN("sphere", VXG_OPT_CHOICE, sphere, "default", 0, 0, NULL, "default|small",
        "repulsion724 as a whole, or half of symmetric362"),
    OWN("output-prefix", VXG_OPT_OUTPUT, prefix, NULL, 0, 0, NULL, "STEM",
        "of the files' names; not given: nothing is written"),
    OWN("chunk-size", VXG_OPT_INT64, chunk_size, "25000", 1, 4194304, "seeds", NULL,
        "worked on together"),
    OWN("nseeds", VXG_OPT_INT64, nseeds, "100000", 1, 1099511627776.0, NULL, NULL,
        "seeds in all, at random in the ROI"),
    OWN("ngpus", VXG_OPT_INT, ngpus, "1", 1, 64, NULL, NULL, "devices; one is used"),
    OWN("write-method", VXG_OPT_CHOICE, method, "trx", 0, 0, NULL, "trx|trk",
        "format of the tractogram"),
    OWN("step-size", VXG_OPT_REAL, step_size, "0.5", 1e-6, 1e3, "voxels", NULL,
        "length of a step; of voxels with unlike sides in the mean of them"),
    OWN("sh-order", VXG_OPT_INT, sh_order, "4", 2, 16, NULL, NULL, "of all models"),
    LIBRARY("max-angle", max_angle, vxg_track_opts, max_angle, "max-angle", "60"),
    LIBRARY("fa-threshold", fa_threshold, vxg_track_opts, threshold, "threshold", "0.1"),
    LIBRARY("relative-peak-threshold", relative, vxg_track_opts, relative_peak_threshold,
            "relative-peak-threshold", "0.25"),
    LIBRARY("min-separation-angle", separation, vxg_track_opts, min_separation, "min-separation",
            "45"),
    LIBRARY("sm-lambda", sm_lambda, vxg_odf_opts, smooth, "smooth", "0.006"),
    LIBRARY("min-signal", min_signal, vxg_odf_opts, min_signal, "min-signal", "1"),
    OWN("model", VXG_OPT_CHOICE, model, "default", 0, 0, NULL, "default|opdt|csa|csd",
        "default: opdt of --dg boot, csd of the others"),
    OWN("dg", VXG_OPT_CHOICE, dg, "boot", 0, 0, NULL, "boot|prob|ptt", "direction getter"),
    OWN("seed-seed", VXG_OPT_INT64, seed_seed, NULL, 0, 9007199254740992.0, NULL, NULL,
        "of the random positions of seeds; that of tracking is 0"),
    OWN("no-report", VXG_OPT_FLAG, no_report, NULL, 0, 0, NULL, NULL, "no page beside the file"),
    CLI_FORCE_ALONE(options),
    CLI_THREADS_ROW(offsetof(options, threads)),
    CLI_SHARED_ROWS(options),
};
#undef OWN
#undef LIBRARY

static int check(const cli_run *r, const options *c) {
    static const char *const names[] = {"the series", "bvals", "bvecs", "the mask", "the ROI"};
    for (int i = 0; i < 5; i++)
        if (i >= r->noperands || !strcmp(r->operands[i], "hardi"))
            return vxg_error_set(VXG_ERR_ARGUMENT,
                                 "%s %s: run_gpu_streamlines.py would download the Stanford HARDI "
                                 "data (hardi); Voxgrad downloads nothing: name the series, bvals, "
                                 "bvecs, the mask and the ROI",
                                 names[i], i < r->noperands ? "is hardi" : "is not given");
    if (!(c->max_angle > 0))
        return vxg_error_set(VXG_ERR_ARGUMENT,
                             "--max-angle: %g degrees; above 0 is expected, for no step turns by "
                             "less",
                             c->max_angle);
    return VXG_OK;
}

/* Models and getters, and what numba does of them. */
static void choose(const cli_run *r, const options *c, cli_track *o) {
    static const vxg_track_getter getters[] = {VXG_TRACK_BOOTSTRAP, VXG_TRACK_PROBABILISTIC,
                                               VXG_TRACK_PTT};
    static const cli_track_model models[] = {CLI_MODEL_AUTO, CLI_MODEL_OPDT, CLI_MODEL_CSA,
                                             CLI_MODEL_CSD};
    int dg = c->dg, model = (int)models[c->model];
    if (c->device == NUMBA && (dg != PROB || (c->model && models[c->model] != CLI_MODEL_CSD))) {
        cli_say(r, "--device numba: --dg prob and --model csd");
        dg = PROB, model = CLI_MODEL_CSD;
    }
    if (!model) model = dg == BOOT ? CLI_MODEL_OPDT : CLI_MODEL_CSD;
    o->model = model, o->track.getter = getters[dg];
    o->track.pmf_threshold = dg == PROB ? 0.05 : 0;
}

static int translate(const cli_run *r, const options *c, char *path, size_t room, cli_track *o) {
    int status = vxg_options_defaults(cli_verb_track.options, cli_verb_track.count, o);
    if (status) return status;
    o->shared = c->shared;
    o->compute = (cli_compute){c->device == CPU || c->device == NUMBA ? "cpu" : "auto", c->threads};
    o->in.bvals = r->operands[1], o->in.bvecs = r->operands[2], o->in.mask = r->operands[3];
    o->seed_mask = r->operands[4];
    o->force = c->force, o->no_report = c->no_report || !c->prefix;
    if (c->prefix &&
        (size_t)snprintf(path, room, "%s.%s", c->prefix, c->method ? "trk" : "trx") >= room)
        return vxg_error_set(VXG_ERR_ARGUMENT, "--output-prefix: too long a name");
    o->output = c->prefix ? path : NULL;
    o->sphere = c->sphere ? "hemi:symmetric362" : "repulsion724";
    choose(r, c, o);
    o->track.rules = VXG_TRACK_CUSLINES;
    o->track.block = (int)c->chunk_size;
    o->track.max_angle = c->max_angle, o->track.threshold = c->fa_threshold;
    o->track.relative_peak_threshold = c->relative > 0 ? c->relative : -1;
    o->track.min_separation = fmax(c->separation, 1e-6); /* 0 is none here, the usual one there */
    o->track.peaks = MOST_PEAKS, o->track.min_length = 0;
    o->nseeds = c->nseeds;
    o->csd.order = c->sh_order, o->csd.shell = 1; /* the lowest, where there are several */
    o->odf.smooth = c->sm_lambda > 0 ? c->sm_lambda : -1;
    o->odf.min_signal = c->min_signal;
    return VXG_OK;
}

static int run(cli_run *r) {
    const options *c = r->options;
    char path[CLI_MAP_PATH];
    cli_track o = {0};
    cli_tracking *t = calloc(1, sizeof *t);
    int status = t ? check(r, c) : vxg_error_set(VXG_ERR_MEMORY, "out of memory");
    if (!status) status = translate(r, c, path, sizeof path, &o);
    if (!status && c->ngpus > 1) cli_say(r, "--ngpus %d: one device is used", c->ngpus);
    if (!status && (c->device == METAL || c->device == WEBGPU))
        cli_say(r, "--device %s: the best device there is",
                c->device == METAL ? "metal" : "webgpu");
    if (!status) {
        t->run = r, t->opt = &o;
        t->given = (cli_track_given){.getter = 1, .order = 1, .threshold = 1, .positions = 1};
        t->positions = c->seed_seed;
        t->step_voxels = c->step_size, t->most_steps = MOST_STEPS;
        status = cli_track_whole(t, r->operands[0]);
    }
    vxg_options_free(cli_verb_track.options, cli_verb_track.count, &o);
    free(t);
    return status;
}

const cli_verb cli_verb_cuslines = {
    .name = "track --cuslines",
    .operands = "NIFTI BVALS BVECS MASK ROI",
    .summary = "tracking by run_gpu_streamlines.py's options",
    .about =
        "The options of cuslines' run_gpu_streamlines.py with its defaults and meanings, its rules "
        "(--rules cuslines of voxgrad track) and its limits: 500 steps a half, 10 streamlines a "
        "seed. Steps are in voxels. The Stanford data set (hardi) is not downloaded: name all five "
        "files. Streamlines are not those of that program, whose random numbers are others; runs "
        "of this one repeat themselves.",
    .examples = "  voxgrad track --cuslines dwi.nii.gz dwi.bval dwi.bvec mask.nii.gz wm.nii.gz "
                "--output-prefix out --nseeds 100000 --dg prob\n",
    .min_operands = 0,
    .max_operands = 5,
    .hidden = 1,
    CLI_ROWS(rows),
    .size = sizeof(options),
    .run = run,
};
