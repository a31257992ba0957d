/* voxgrad track: what is said about a run. What made the file, what would be done, what came of it.
 */
#include "track.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- Into the provenance ---- */

static int has_order(const cli_tracking *t) {
    return t->model == CLI_MODEL_CSD || (t->model >= CLI_MODEL_OPDT && t->model <= CLI_MODEL_QBALL);
}

static int add_images(cli_tracking *t) {
    const cli_track *o = t->opt;
    const int sum = !o->in.no_checksum;
    const struct {
        const char *key;
        const cli_image *im;
    } all[] = {{"file.function", &t->function},
               {"file.mask", t->series ? NULL : &t->dwi.mask},
               {"file.stop-map", &t->map_image},
               {"file.stop-mask", &t->stop_image},
               {"file.seed-mask", &t->seed_image}};
    int status = VXG_OK;
    for (size_t i = 0; i < sizeof all / sizeof *all && !status; i++)
        if (all[i].im && all[i].im->file)
            status = cli_image_provenance(&t->prov, all[i].key, all[i].im, sum);
    for (int64_t i = 0; i < o->include.count + o->exclude.count && !status; i++) {
        const int in = i < o->include.count;
        const int64_t k = in ? i : i - o->include.count;
        char key[64];
        cli_image im = {0};
        snprintf(key, sizeof key, "file.%s.%lld", in ? "include" : "exclude", (long long)k);
        status = cli_image_open(in ? o->include.value[k] : o->exclude.value[k], 3, &im);
        if (!status) status = cli_image_provenance(&t->prov, key, &im, sum);
        cli_image_close(&im);
    }
    return status ? status : cli_provenance_file(&t->prov, "file.seed-list", o->seed_list, sum);
}

int cli_track_inputs(cli_tracking *t) {
    cli_provenance *p = &t->prov;
    int status = t->series ? cli_dwi_provenance(&t->dwi, p) : cli_provenance_device(p, t->dev);
    if (!status && t->ndevices > 1)
        status = cli_provenance_add(p, "devices", "%s", t->opt->compute.device);
    if (!status) status = add_images(t);
    if (!status) status = cli_provenance_add(p, "model", "%s", cli_track_model_name(t->model));
    if (!status) status = cli_provenance_add(p, "model.why", "%s", t->why);
    if (!status && has_order(t)) status = cli_provenance_add(p, "model.order", "%d", t->csd.order);
    if (!status && t->model == CLI_MODEL_CSD) status = cli_response_provenance(p, &t->response);
    if (!status)
        status = cli_provenance_add(p, "getter", "%s", cli_track_getter_name(t->track.getter));
    if (!status) status = cli_provenance_add(p, "threshold", "%.17g", t->track.threshold);
    return status;
}

static const char *const ends[8] = {NULL,     "direction", "map",  "outside",
                                    "length", "region",    "turn", NULL};

int cli_track_provenance(cli_tracking *t) {
    cli_provenance *p = &t->prov;
    const vxg_track_stats *s = &t->stats;
    const struct {
        const char *name;
        int64_t value;
    } all[] = {{"seeds", s->seeds},
               {"seeds.outside", s->outside},
               {"streamlines", s->streamlines},
               {"streamlines.short", s->short_ones},
               {"streamlines.regions", s->region_ones},
               {"streamlines.commissural", t->counts.commissural},
               {"points", s->points},
               {"points.written", t->written.points}};
    int status = VXG_OK;
    for (size_t i = 0; i < sizeof all / sizeof *all && !status; i++)
        status = cli_provenance_add(p, all[i].name, "%lld", (long long)all[i].value);
    for (int i = 1; i < 7 && !status; i++) {
        char name[40];
        snprintf(name, sizeof name, "ended.%s", ends[i]);
        status = cli_provenance_add(p, name, "%lld", (long long)s->ended[i]);
    }
    return status ? status : cli_provenance_add(p, "length", "%.6g mm", s->length);
}

/* ---- What came of it ---- */

static void print_json(const cli_tracking *t) {
    static const char *const keys[CLI_TRACK_OUTPUTS] = {"tractogram", "provenance", "report",
                                                        "response"};
    const vxg_track_stats *s = &t->stats;
    const cli_values *v = &t->lengths;
    cli_json j = {.f = stdout};
    cli_json_open(&j, NULL, '{');
    for (int i = 0; i < CLI_TRACK_OUTPUTS; i++)
        if (*t->path[i]) cli_json_text(&j, keys[i], t->path[i]);
    cli_json_text(&j, "model", cli_track_model_name(t->model));
    cli_json_text(&j, "why", t->why);
    if (has_order(t)) cli_json_int(&j, "order", t->csd.order);
    cli_json_text(&j, "getter", cli_track_getter_name(t->track.getter));
    cli_json_real(&j, "threshold", t->track.threshold);
    cli_json_int(&j, "seeds", s->seeds);
    cli_json_int(&j, "seeds_outside", s->outside);
    cli_json_int(&j, "streamlines", s->streamlines);
    cli_json_int(&j, "points", s->points);
    cli_json_int(&j, "points_written", t->written.points);
    cli_json_int(&j, "short", s->short_ones);
    cli_json_int(&j, "left_out_by_regions", s->region_ones);
    cli_json_int(&j, "commissural", t->counts.commissural);
    cli_json_open(&j, "halves_ended", '{');
    for (int i = 1; i < 7; i++) cli_json_int(&j, ends[i], s->ended[i]);
    cli_json_close(&j, '}');
    cli_json_real(&j, "mean_length_mm", v->n ? cli_values_mean(v) : NAN);
    cli_json_real(&j, "longest_mm", v->n ? (double)v->most : NAN);
    cli_json_text(&j, "device", vxg_device_get_info(t->dev)->spec);
    cli_json_open(&j, "stages", '[');
    for (int i = 0; i < t->stages.n; i++) {
        cli_json_open(&j, NULL, '{');
        cli_json_text(&j, "stage", t->stages.name[i]);
        cli_json_real(&j, "seconds", t->stages.seconds[i]);
        cli_json_real(&j, "cpu_seconds", t->stages.cpu[i]);
        cli_json_close(&j, '}');
    }
    cli_json_close(&j, ']');
    cli_json_close(&j, '}');
}

void cli_track_print(cli_tracking *t) {
    const vxg_track_stats *s = &t->stats;
    double seconds = 0;
    for (int i = 0; i < t->stages.n; i++) seconds += t->stages.seconds[i];
    cli_say(t->run,
            "%lld streamlines of %.4g mm in the mean from %lld seeds, %lld of them commissural, "
            "%lld too short; %.1f s on %s",
            (long long)s->streamlines, cli_values_mean(&t->lengths), (long long)s->seeds,
            (long long)t->counts.commissural, (long long)s->short_ones, seconds,
            vxg_device_get_info(t->dev)->spec);
    if (t->run->shared->json) {
        print_json(t);
        return;
    }
    for (int i = 0; i < CLI_TRACK_OUTPUTS; i++)
        if (*t->path[i]) printf("%s\n", t->path[i]);
}

/* ---- What would be done ---- */

/* Numbers of a voxel that tracking holds. */
static int64_t numbers(const cli_tracking *t) {
    if (t->function.file) return t->function.rows;
    if (t->track.getter == VXG_TRACK_BOOTSTRAP) return t->dwi.image.rows;
    if (t->track.getter == VXG_TRACK_TENSOR) return 6;
    if (t->track.getter == VXG_TRACK_VECTOR) return t->model == CLI_MODEL_TENSOR ? 3 : 9;
    return vxg_sh_count(t->csd.order);
}

/* Bytes at most: of the fits (the series, FA and RGB, what is fitted), or of tracking (that twice,
 * the map, the points of a block as long as they may be). */
static void say_memory(cli_plan *f, const cli_tracking *t) {
    const int64_t voxel = t->grid->voxels * 4, own = numbers(t);
    const double step =
        t->track.step > 0 ? t->track.step
                          : 0.5 * fmin(t->grid->size[0], fmin(t->grid->size[1], t->grid->size[2]));
    const double most = t->track.max_length > 0 ? t->track.max_length : 500;
    const double block = t->track.block ? t->track.block : 4096;
    const double points = block * t->track.peaks * (2 * most / step + 1) * 12;
    const int64_t fits = t->series ? voxel * (t->dwi.image.rows + 5 + own) : voxel * own;
    cli_plan_int(f, "memory_of_fits_bytes", fits);
    cli_plan_int(f, "memory_of_field_bytes", voxel * (2 * own + 3));
    cli_plan_real(f, "memory_of_a_block_of_seeds_at_most_bytes", floor(points));
}

static void say_seeds(cli_plan *f, const cli_tracking *t) {
    const cli_track *o = t->opt;
    int64_t all, own;
    if (o->seed_list)
        cli_plan_text(f, "seeds", o->seed_list);
    else if (t->given.seed_grid)
        cli_plan_int(f, "seeds_per_voxel", (int64_t)o->seed_grid * o->seed_grid * o->seed_grid);
    else if (t->given.seeds_per_voxel)
        cli_plan_int(f, "seeds_per_voxel", o->seeds_per_voxel);
    else
        cli_plan_int(f, "seeds", o->nseeds);
    if (!cli_track_in_pieces(o)) return;
    char folder[CLI_MAP_PATH + 64];
    if (!cli_folder_name(o->output, ".job", folder, sizeof folder)) cli_plan_text(f, "job", folder);
    if (!t->total || cli_track_blocks(t, &all, &own)) return;
    cli_plan_int(f, "blocks", all);
    cli_plan_int(f, "blocks_of_this_part", own);
}

int cli_track_plan(cli_tracking *t) {
    cli_plan f = {.j = {.f = stdout}, .json = t->run->shared->json};
    const char *outputs[CLI_TRACK_OUTPUTS];
    int n = 0;
    vxg_device *dev = NULL;
    int status = vxg_device_open(t->device[0], &dev);
    if (status) return status;
    const cli_track *o = t->opt;
    if (!o->seed_list && !t->given.seed_grid && !t->given.seeds_per_voxel) t->total = o->nseeds;
    for (int i = 0; i < CLI_TRACK_OUTPUTS; i++)
        if (*t->path[i]) outputs[n++] = t->path[i];
    if (f.json) cli_json_open(&f.j, NULL, '{');
    cli_plan_text(&f, "input", t->grid->file->path);
    cli_plan_int(&f, "volumes", t->grid->rows);
    cli_plan_int(&f, "voxels", t->grid->voxels);
    cli_plan_text(&f, "device", vxg_device_get_info(dev)->spec);
    cli_plan_text(&f, "model", cli_track_model_name(t->model));
    cli_plan_text(&f, "why", t->why);
    if (has_order(t)) cli_plan_int(&f, "order", t->csd.order);
    cli_plan_text(&f, "getter", cli_track_getter_name(t->track.getter));
    cli_plan_real(&f, "threshold", t->track.threshold);
    say_seeds(&f, t);
    say_memory(&f, t);
    cli_plan_list(&f, "output", outputs, n);
    if (f.json) cli_json_close(&f.j, '}');
    vxg_device_release(dev);
    return VXG_OK;
}
