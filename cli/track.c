/* voxgrad track: from diffusion-weighted images to a tractogram. Options, and the order of the
 * work; track_field.c has what streamlines run through, track_work.c the tracking. */
#include "track.h"
#include "tracks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define T offsetof(cli_track, track)
#define TRACK(name, usual) CLI_FIELD(name, 0, T, vxg_track_opts, name, usual)
#define OWN(name, kind, member, ...)                                                               \
    CLI_OWN(name, 0, kind, offsetof(cli_track, member), __VA_ARGS__)
static const cli_row rows[] = {
    CLI_OWN("output", 'o', VXG_OPT_OUTPUT, offsetof(cli_track, output), NULL, 0, 0, NULL, "FILE",
            "the tractogram, ending in .trx, .trk or .tck (needed); NAME.json and NAME.html come "
            "beside it"),
    CLI_DWI_ROWS(offsetof(cli_track, in)),
    /* what streamlines run through */
    OWN("model", VXG_OPT_CHOICE, model, "auto", 0, 0, NULL, "auto|csd|tensor|opdt|csa|qball",
        "what is fitted to the series; auto: csd, with fewer than 15 directions tensor"),
    OWN("fod", VXG_OPT_FILE, fod, NULL, 0, 0, NULL, "IMAGE",
        "ready-made harmonics instead (--basis); the series is not needed then and gives the map "
        "and the mask if it is there"),
    OWN("odf", VXG_OPT_FILE, samples, NULL, 0, 0, NULL, "IMAGE", "the same of samples on --sphere"),
    OWN("peaks", VXG_OPT_FILE, peaks, NULL, 0, 0, NULL, "IMAGE",
        "the same of vectors, three volumes each"),
    OWN("basis", VXG_OPT_CHOICE, basis, "tournier07", 0, 0, NULL,
        "tournier07|descoteaux07-legacy|descoteaux07",
        "of --fod: MRtrix3's, DIPY's, DIPY's with legacy=False"),
    OWN("sphere", VXG_OPT_TEXT, sphere, "hemi:repulsion724", 0, 0, NULL, "NAME",
        "directions of steps and of --odf: repulsion724, repulsion200, repulsion100, "
        "symmetric724, symmetric642, symmetric362, hemi: in front for one of each pair"),
    CLI_FIELD("order", 0, offsetof(cli_track, csd), vxg_csd_opts, "order", NULL),
    CLI_FIELD("shell", 0, offsetof(cli_track, csd), vxg_csd_opts, "shell", NULL),
    CLI_RESPONSE_ROWS(offsetof(cli_track, response)),
    CLI_FIELD("csd-rules", 0, offsetof(cli_track, csd), vxg_csd_opts, "rules", NULL),
    CLI_FIELD("csd-iterations", 0, offsetof(cli_track, csd), vxg_csd_opts, "iterations", "50"),
    CLI_FIELD("csd-lambda", 0, offsetof(cli_track, csd), vxg_csd_opts, "lambda", "1"),
    CLI_FIELD("csd-tau", 0, offsetof(cli_track, csd), vxg_csd_opts, "tau", "0.1"),
    CLI_FIELD("odf-smooth", 0, offsetof(cli_track, odf), vxg_odf_opts, "smooth", "0.006"),
    CLI_FIELD("odf-min-signal", 0, offsetof(cli_track, odf), vxg_odf_opts, "min-signal", NULL),
    CLI_FIELD("tensor-iterations", 0, offsetof(cli_track, tensor), vxg_tensor_opts, "iterations",
              "1"),
    /* seeds */
    OWN("seeds", VXG_OPT_INT64, nseeds, "100000", 1, 1099511627776.0, NULL, NULL,
        "how many in all, at random where the map is above --threshold in the mask, or in "
        "--seed-mask"),
    OWN("seeds-per-voxel", VXG_OPT_INT64, seeds_per_voxel, NULL, 1, 1e9, NULL, NULL,
        "so many at random in each voxel instead"),
    OWN("seed-grid", VXG_OPT_INT, seed_grid, NULL, 1, 1000, NULL, NULL,
        "so many along each axis of each voxel instead, evenly"),
    OWN("seed-list", VXG_OPT_FILE, seed_list, NULL, 0, 0, NULL, "FILE",
        "seeds by lines x y z, mm in the scanner's coordinates, instead"),
    OWN("seed-mask", VXG_OPT_FILE, seed_mask, NULL, 0, 0, NULL, "IMAGE", "voxels with seeds"),
    OWN("only-seed", VXG_OPT_INT64, only_seed, NULL, 0, 1e15, NULL, NULL,
        "track the seed of this number alone, the first is 0: the bits of the whole run"),
    TRACK("seed", NULL),
    CLI_FIELD("peaks-per-seed", 0, T, vxg_track_opts, "peaks", "1"),
    /* where streamlines end, and which are kept */
    TRACK("threshold", "0.15"),
    OWN("stop-map", VXG_OPT_FILE, stop_map, NULL, 0, 0, NULL, "IMAGE",
        "the map that --threshold looks at, instead of FA"),
    OWN("stop-mask", VXG_OPT_FILE, stop_mask, NULL, 0, 0, NULL, "IMAGE",
        "streamlines end where they would leave it"),
    OWN("include", VXG_OPT_WORDS, include, NULL, 0, 0, NULL, "IMAGE",
        "streamlines that do not come through it are left out; of several (given again, or with "
        "commas) each"),
    OWN("exclude", VXG_OPT_WORDS, exclude, NULL, 0, 0, NULL, "IMAGE",
        "streamlines that come through one of them are left out"),
    TRACK("min-length", "10"),
    TRACK("max-length", NULL),
    /* steps */
    TRACK("getter", NULL),
    TRACK("rules", NULL),
    TRACK("step", NULL),
    TRACK("max-angle", NULL),
    TRACK("pmf-threshold", NULL),
    TRACK("relative-peak-threshold", NULL),
    CLI_FIELD_ALSO("min-separation-angle", "min-separation", 0, T, vxg_track_opts, "min-separation",
                   NULL),
    TRACK("angular-weight", NULL),
    TRACK("attempts", NULL),
    TRACK("cutoff", NULL),
    TRACK("integrator", NULL),
    TRACK("half", NULL),
    TRACK("probe-length", NULL),
    TRACK("probe-radius", NULL),
    TRACK("min-radius", NULL),
    TRACK("min-support", NULL),
    TRACK("support-power", NULL),
    TRACK("probe-quality", NULL),
    TRACK("probe-count", NULL),
    TRACK("small-steps", NULL),
    TRACK("disc-rings", NULL),
    TRACK("tries", NULL),
    TRACK("first-tries", NULL),
    TRACK("weak-links", NULL),
    TRACK("normalize", NULL),
    TRACK("best", NULL),
    TRACK("block", NULL),
    /* the file */
    CLI_FIELD("linearize", 0, offsetof(cli_track, filter), vxg_tract_filter_opts, "tolerance",
              NULL),
    CLI_FIELD("max-segment", 0, offsetof(cli_track, filter), vxg_tract_filter_opts, "max-segment",
              NULL),
    OWN("dtype", VXG_OPT_CHOICE, dtype, "auto", 0, 0, NULL, "auto|float16|float32|float64",
        "of positions in the file; auto: float32"),
    OWN("report", VXG_OPT_OUTPUT, report, NULL, 0, 0, NULL, "FILE",
        "name of the page with pictures, numbers, times, options and warnings; not given: "
        "NAME.html"),
    OWN("no-report", VXG_OPT_FLAG, no_report, NULL, 0, 0, NULL, NULL, "no such page"),
    OWN("resume", VXG_OPT_FLAG, resume, NULL, 0, 0, NULL, NULL,
        "keep what is done in FILE.job, and go on from what is there: a run that was broken off "
        "is called again as it was"),
    OWN("shard", VXG_OPT_TEXT, shard, NULL, 0, 0, NULL, "I/N",
        "make part I of N (1/3, 2/3, 3/3) of the blocks of seeds in FILE.job, and no results; "
        "then --resume joins them"),
    OWN("dry-run", VXG_OPT_FLAG, dry_run, NULL, 0, 0, NULL, NULL,
        "say what would be done, with how much memory, and write nothing"),
    OWN("cuslines", VXG_OPT_FLAG, cuslines, NULL, 0, 0, NULL, NULL,
        "take run_gpu_streamlines.py's options instead of these (voxgrad track --cuslines --help)"),
    CLI_FORCE_ALONE(cli_track),
    CLI_COMPUTE_ROWS(cli_track, "auto"),
    CLI_SHARED_ROWS(cli_track),
};
#undef T
#undef TRACK
#undef OWN

/* ---- Time ---- */

static double cpu_now(void) {
    struct rusage use;
    if (getrusage(RUSAGE_SELF, &use)) return 0;
    return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
           1e-6 * (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec);
}

void cli_track_stage(cli_tracking *t, const char *name) {
    cli_stages *s = &t->stages;
    const double now = cli_now(), cpu = cpu_now();
    if (name && s->n < CLI_TRACK_STAGES) {
        s->name[s->n] = name;
        s->seconds[s->n] = now - s->at, s->cpu[s->n++] = cpu - s->cpu_at;
    }
    s->at = now, s->cpu_at = cpu;
}

/* ---- What is asked for ---- */
enum { F16 = 1, F64 = 3 }; /* --dtype */

/* Which options only some models heed: bits of those. why: what else there is to say, or NULL. */
static int check_models(const cli_run *r, const cli_tracking *t) {
#define BIT(m) (1 << CLI_MODEL_##m)
    enum {
        ODF = BIT(OPDT) | BIT(CSA) | BIT(QBALL),
        CSD = BIT(CSD),
        FUNCTIONS = ODF | CSD | BIT(FOD) | BIT(SAMPLES)
    };
    static const char no_function[] = ", which is no function of directions";
    static const struct {
        const char *name;
        int models;
        const char *why;
    } all[] = {{"order", CSD | ODF, NULL},
               {"shell", CSD | ODF, NULL},
               {"basis", BIT(FOD), NULL},
               {"response", CSD, NULL},
               {"response-fa", CSD, NULL},
               {"response-everywhere", CSD, NULL},
               {"response-out", CSD, NULL},
               {"csd-rules", CSD, NULL},
               {"csd-iterations", CSD, NULL},
               {"csd-lambda", CSD, NULL},
               {"csd-tau", CSD, NULL},
               {"odf-smooth", ODF, NULL},
               {"odf-min-signal", ODF, NULL},
               {"sphere", FUNCTIONS, no_function},
               {"relative-peak-threshold", FUNCTIONS, no_function},
               {"min-separation", FUNCTIONS, no_function},
               {"peaks-per-seed", FUNCTIONS | BIT(VECTORS), ", which has one peak in each voxel"}};
#undef BIT
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (cli_given(r, all[i].name) && !(all[i].models >> t->model & 1))
            return vxg_error_set(VXG_ERR_ARGUMENT, "--%s does not go with the model %s%s (%s)",
                                 all[i].name, cli_track_model_name(t->model),
                                 all[i].why ? all[i].why : "", t->why);
    return VXG_OK;
}

/* The same of getters. */
static int check_getters(const cli_run *r, const cli_tracking *t) {
#define BIT(g) (1 << VXG_TRACK_##g)
    enum {
        SETS = BIT(PROBABILISTIC) | BIT(DETERMINISTIC),
        FOLLOWERS = BIT(PEAK) | BIT(TENSOR) | BIT(VECTOR),
        PTT = BIT(PTT)
    };
    static const struct {
        const char *name;
        int getters;
    } all[] = {{"attempts", BIT(BOOTSTRAP)}, {"angular-weight", SETS | BIT(BOOTSTRAP)},
               {"pmf-threshold", SETS},      {"cutoff", FOLLOWERS},
               {"integrator", FOLLOWERS},    {"half", SETS | PTT | BIT(PEAK)},
               {"probe-length", PTT},        {"probe-radius", PTT},
               {"min-radius", PTT},          {"min-support", PTT},
               {"support-power", PTT},       {"probe-quality", PTT},
               {"probe-count", PTT},         {"small-steps", PTT},
               {"disc-rings", PTT},          {"tries", PTT},
               {"first-tries", PTT},         {"weak-links", PTT},
               {"normalize", PTT},           {"best", PTT}};
#undef BIT
    const vxg_track_getter own = t->track.getter;
    char names[120] = "";
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (!cli_given(r, all[i].name) || all[i].getters >> own & 1) continue;
        for (int g = 0, n = 0; g <= VXG_TRACK_VECTOR; g++)
            if (all[i].getters >> g & 1)
                n += snprintf(names + n, sizeof names - (size_t)n, "%s%s", n ? ", " : "",
                              cli_track_getter_name((vxg_track_getter)g));
        return vxg_error_set(VXG_ERR_ARGUMENT, "--%s is of --getter %s, and this is %s (%s)",
                             all[i].name, names, cli_track_getter_name(own), t->why);
    }
    if (t->track.rules == VXG_TRACK_NIBRARY && own != VXG_TRACK_PTT)
        return vxg_error_set(VXG_ERR_ARGUMENT,
                             "--rules nibrary is of --getter ptt, and this is %s (%s)",
                             cli_track_getter_name(own), t->why);
    return VXG_OK;
}

/* What is of a series, where functions or vectors stand alone. */
static int check_alone(const cli_run *r, const cli_tracking *t) {
    static const char *const table[] = {"bvals",
                                        "bvecs",
                                        "grad",
                                        "b0-threshold",
                                        "unit-tolerance",
                                        "shell-tolerance",
                                        "tensor-iterations"};
    const cli_track *o = t->opt;
    const char *what = o->fod ? "fod" : o->samples ? "odf" : "peaks";
    if (t->series) return VXG_OK;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (cli_given(r, table[i]))
            return vxg_error_set(VXG_ERR_ARGUMENT,
                                 "--%s does not go with --%s alone: it is of a series, and none is "
                                 "given",
                                 table[i], what);
    if (t->model != CLI_MODEL_VECTORS || o->stop_map) return VXG_OK;
    if (t->given.threshold)
        return vxg_error_set(VXG_ERR_ARGUMENT,
                             "--threshold does not go with --peaks alone: there is no map (a "
                             "series or --stop-map gives one; --cutoff is of vectors' lengths)");
    if (o->track.rules == VXG_TRACK_CUSLINES)
        return vxg_error_set(VXG_ERR_ARGUMENT,
                             "--rules cuslines does not go with --peaks alone: there is no map, "
                             "which these rules do not look at in seeds");
    return VXG_OK;
}

static int check_heeded(const cli_tracking *t) {
    const cli_run *r = t->run;
    int status = check_models(r, t);
    if (!status) status = check_getters(r, t);
    if (!status) status = check_alone(r, t);
    return status ? status : cli_response_heeded(r, &t->opt->response);
}

/* What the library would refuse when everything else is done. */
static int check_values(const vxg_track_opts *o) {
    const double most = o->max_length > 0 ? o->max_length : 500;
    if (o->probe_quality == 1)
        return vxg_error_set(VXG_ERR_ARGUMENT, "--probe-quality 1: 2 points at least");
    if ((o->probe_radius > 0) != (o->probe_count > 1))
        return vxg_error_set(VXG_ERR_ARGUMENT,
                             "--probe-radius %g mm and --probe-count %d: a ring has a radius above "
                             "0 and 2 lines at least",
                             o->probe_radius, o->probe_count);
    if (o->min_length > 2 * most)
        return vxg_error_set(VXG_ERR_ARGUMENT,
                             "--min-length %g mm is more than two halves of --max-length %g mm",
                             o->min_length, most);
    return VXG_OK;
}

static int check_output(const cli_track *o) {
    if (!o->output)
        return vxg_error_set(VXG_ERR_ARGUMENT, "--output is missing: the tractogram, such as "
                                               "out.trx");
    const vxg_tract_format *f = cli_tracks_format(o->output);
    if (!f)
        return vxg_error_set(VXG_ERR_ARGUMENT, "--output: %s ends in none of .trx, .trk and .tck",
                             o->output);
    if ((o->dtype == F16 && strcmp(f->name, "trx")) || (o->dtype == F64 && !strcmp(f->name, "trk")))
        return vxg_error_set(VXG_ERR_ARGUMENT, "--dtype %s does not go with %s files",
                             o->dtype == F16 ? "float16" : "float64", f->name);
    return VXG_OK;
}

static int check_seeds(const cli_run *r, const cli_track *o) {
    static const char *const kinds[] = {"seeds", "seeds-per-voxel", "seed-grid", "seed-list"};
    const char *first = NULL;
    for (int i = 0; i < 4; i++) {
        if (!cli_given(r, kinds[i])) continue;
        if (first)
            return vxg_error_set(VXG_ERR_ARGUMENT,
                                 "--%s does not go with --%s: one says where "
                                 "seeds lie",
                                 first, kinds[i]);
        first = kinds[i];
    }
    if (o->seed_list && o->seed_mask)
        return vxg_error_set(VXG_ERR_ARGUMENT, "--seed-mask does not go with --seed-list");
    if (cli_given(r, "only-seed") && (o->shard || o->resume))
        return vxg_error_set(VXG_ERR_ARGUMENT, "--only-seed does not go with --%s",
                             o->shard ? "shard" : "resume");
    return VXG_OK;
}

static int check_options(const cli_run *r, const cli_track *o) {
    int64_t shard, shards;
    int status = check_output(o);
    if (!status) status = check_seeds(r, o);
    if (!status) status = check_values(&o->track);
    if (status) return status;
    if (cli_given(r, "step") && !(o->track.step > 0))
        return vxg_error_set(VXG_ERR_ARGUMENT,
                             "--step: %g mm; a step is longer than 0 (not given: half the smallest "
                             "side of a voxel)",
                             o->track.step);
    if (cli_given(r, "linearize") && !(o->filter.tolerance > 0))
        return vxg_error_set(VXG_ERR_ARGUMENT, "--linearize: a tolerance of %g mm",
                             o->filter.tolerance);
    if (cli_given(r, "max-segment") && !cli_given(r, "linearize"))
        return vxg_error_set(VXG_ERR_ARGUMENT, "--max-segment goes with --linearize");
    if (o->report && o->no_report)
        return vxg_error_set(VXG_ERR_ARGUMENT, "--report does not go with --no-report");
    if (!o->shard) return VXG_OK;
    if (o->response.out)
        return vxg_error_set(VXG_ERR_ARGUMENT, "--response-out does not go with --shard, which "
                                               "makes no results");
    if (o->resume)
        return vxg_error_set(VXG_ERR_ARGUMENT, "--resume does not go with --shard, which goes on "
                                               "from what is there by itself and joins nothing");
    if (o->report)
        return vxg_error_set(VXG_ERR_ARGUMENT,
                             "--report does not go with --shard, which makes no results: give it "
                             "with --resume, which joins them");
    return cli_shard_read(o->shard, &shard, &shards);
}

/* ---- Outputs ---- */

static int name_outputs(cli_tracking *t) {
    const cli_track *o = t->opt;
    if (!o->output || o->shard) return VXG_OK;
    snprintf(t->path[CLI_TRACK_FILE], CLI_MAP_PATH, "%s", o->output);
    int status = cli_tracks_beside(o->output, ".json", t->path[CLI_TRACK_ABOUT], CLI_MAP_PATH);
    if (!status && !o->no_report && !o->report)
        status = cli_tracks_beside(o->output, ".html", t->path[CLI_TRACK_REPORT], CLI_MAP_PATH);
    if (!status && o->report) snprintf(t->path[CLI_TRACK_REPORT], CLI_MAP_PATH, "%s", o->report);
    return status;
}

/* Names are kept for this run; dry: only looked at. */
static int claim(cli_tracking *t) {
    int status = VXG_OK;
    if (!t->opt->dry_run) status = cli_outputs_new(&t->set, t->inputs, t->ninputs);
    for (int i = 0; i < CLI_TRACK_OUTPUTS && !status; i++) {
        const char *path = t->path[i], *slash = strrchr(path, '/');
        char folder[CLI_MAP_PATH], seen[2 * CLI_MAP_PATH];
        cli_outputs look;
        if (!*path) continue;
        if (t->set) {
            status = cli_claimed(vxg_outputs_claim(t->set, path, t->opt->force));
            continue;
        }
        snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) : 1,
                 slash ? path : ".");
        status =
            cli_outputs_look(&look, *folder ? folder : "/", t->opt->force, t->inputs, t->ninputs);
        if (!status) status = cli_outputs_path(&look, seen, sizeof seen, slash ? slash + 1 : path);
    }
    char pieces[CLI_MAP_PATH + 64];
    if (!status || !t->opt->resume ||
        cli_folder_name(t->opt->output, ".job", pieces, sizeof pieces))
        return status;
    return cli_job_left_over(status, pieces);
}

/* ---- The order of the work ---- */

static int read_inputs(cli_tracking *t) {
    cli_compute c = {t->device[0], t->opt->compute.threads};
    int status;
    if (t->series) {
        status = cli_dwi_read(&t->dwi, &c);
    } else {
        status = c.threads ? vxg_set_threads(c.threads) : VXG_OK;
        if (!status) status = vxg_device_open(c.device, &t->dwi.dev);
    }
    t->dev = t->dwi.dev; /* closed with it */
    cli_track_stage(t, "series read, mask");
    return status;
}

static int make(cli_tracking *t) {
    int status = cli_views_begin(NULL, &t->views);
    if (!status) status = cli_track_make(t);
    if (!status)
        status = cli_response_write(&t->dwi, &t->csd, &t->response, t->opt->response.out, t->set,
                                    t->opt->force);
    if (!status) status = cli_track_provenance(t);
    if (!status && *t->path[CLI_TRACK_REPORT]) {
        status = cli_track_page(t);
        cli_track_stage(t, "page");
    }
    if (!status && *t->path[CLI_TRACK_ABOUT])
        status = cli_provenance_write(&t->prov, t->set, t->path[CLI_TRACK_ABOUT], t->opt->force);
    if (!status) status = cli_commit(&t->set);
    if (!status && t->pieces) status = vxg_job_remove(t->pieces);
    if (!status) cli_track_print(t);
    return status;
}

static void close_all(cli_tracking *t) {
    cli_track_gather_up(t);
    vxg_array *const arrays[] = {&t->values, &t->map, &t->regions, &t->fa, &t->rgb};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) vxg_array_release(arrays[i]);
    vxg_job_close(t->pieces);
    vxg_outputs_abandon(t->set);
    cli_views_free(t->views);
    cli_image_close(&t->function), cli_image_close(&t->map_image);
    cli_image_close(&t->stop_image), cli_image_close(&t->seed_image);
    cli_dwi_close(&t->dwi);
    vxg_sphere_release(t->sphere);
    cli_provenance_free(&t->prov);
    free(t->seed_voxels);
    vxg_free(t->list);
}

int cli_track_whole(cli_tracking *t, const char *series) {
    const cli_track *o = t->opt;
    t->series = series;
    cli_track_stage(t, NULL);
    cli_keep_warnings(t->run);
    int status = cli_track_split_devices(t);
    if (!status) status = cli_track_resolve(t);
    if (!status) status = check_heeded(t);
    if (!status) status = cli_track_images(t);
    if (!status) status = name_outputs(t);
    if (!status) status = claim(t);
    if (!status) status = cli_provenance_start(&t->prov, t->run);
    if (!status && o->dry_run) {
        status = cli_track_plan(t);
    } else if (!status) {
        status = read_inputs(t);
        if (!status) status = cli_track_fill(t);
        if (!status) status = cli_track_count_seeds(t);
        if (!status) status = cli_track_inputs(t);
        if (!status) status = cli_track_spread(t);
        if (!status) status = o->shard ? cli_track_shard(t) : make(t);
    }
    close_all(t);
    vxg_set_log(NULL, NULL, -1);
    cli_drop_warnings();
    return status;
}

static int run(cli_run *r) {
    const cli_track *o = r->options;
    cli_tracking *t = calloc(1, sizeof *t);
    if (!t) return vxg_error_set(VXG_ERR_MEMORY, "out of memory");
    t->run = r, t->opt = o;
    t->given = (cli_track_given){.getter = cli_given(r, "getter"),
                                 .order = cli_given(r, "order"),
                                 .threshold = cli_given(r, "threshold"),
                                 .seeds_per_voxel = cli_given(r, "seeds-per-voxel"),
                                 .seed_grid = cli_given(r, "seed-grid"),
                                 .only_seed = cli_given(r, "only-seed"),
                                 .linearize = cli_given(r, "linearize"),
                                 .response_fa = cli_given(r, "response-fa")};
    int status = check_options(r, o);
    if (!status) status = cli_track_whole(t, r->noperands ? r->operands[0] : NULL);
    free(t);
    return status;
}

const cli_verb cli_verb_track = {
    .name = "track",
    .operands = "[DWI] -o FILE",
    .summary = "from diffusion-weighted images to a tractogram",
    .about =
        "A mask of the head, diffusion tensors, the response of one fibre, densities of fibres by "
        "spherical deconvolution, seeds at random where FA is above the threshold, probabilistic "
        "streamlines from there both ways: each of these may be another by the options. A series "
        "of fewer than 15 directions determines no density of fibres; its tensors are followed "
        "instead, and that is said. Ready-made functions (--fod, --odf, --peaks) take the place of "
        "the series.\n\n"
        "Beside the tractogram come NAME.json, which says what made it, and NAME.html, a page with "
        "three views of the streamlines, slices of the maps, lengths, counts, times and options. "
        "Streamlines are written while tracking goes on, in the order of their seeds, in memory "
        "that does not grow with them. The same seeds and options give the same bits, whatever the "
        "threads, blocks, pieces and runs. Nothing is left behind when the command fails or is "
        "interrupted, but for what --resume and --shard keep in FILE.job; `voxgrad merge` gathers "
        "pieces that were made elsewhere.\n\n"
        "A streamline ends where FA (or --stop-map) is at or below --threshold, where no direction "
        "is within --max-angle, outside the image, and at --max-length.\n\n"
        "--device may name several (cuda:0,cuda:1): the first fits, all track.",
    .examples =
        "  voxgrad track dwi.nii.gz --bvals dwi.bval --bvecs dwi.bvec -o out.trx\n"
        "  voxgrad track dwi.mif -o out.tck --seeds 1000000 --step 0.5 --max-angle 30\n"
        "  voxgrad track dwi.nii.gz -o cst.trk --seed-mask peduncle.nii.gz --include "
        "motor.nii.gz\n"
        "  voxgrad track --fod wm_fod.mif -o out.tck --mask mask.mif --threshold 0.1\n"
        "  voxgrad track dwi.nii.gz -o one.trx --only-seed 4711\n"
        "  voxgrad track dwi.nii.gz -o out.trx --shard 1/2; voxgrad track dwi.nii.gz -o out.trx "
        "--resume\n",
    .min_operands = 0,
    .max_operands = 1,
    CLI_ROWS(rows),
    .size = sizeof(cli_track),
    .run = run,
};
