/* voxgrad track --report: the page that a tractogram comes with. */
#include "track.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* ---- Streamlines ---- */

static int views(const cli_tracking *t, vxg_report *page, int cut) {
    vxg_picture pic[CLI_VIEWS] = {0};
    int status = cli_views_finish(t->views, cut, pic);
    for (int i = 0; i < CLI_VIEWS && !status; i++)
        status = vxg_report_picture(page, &pic[i], cli_view_caption(i, cut), NAN, NAN, NULL);
    for (int i = 0; i < CLI_VIEWS; i++) vxg_picture_free(&pic[i]);
    return status;
}

static int streamlines(const cli_tracking *t, vxg_report *page) {
    char text[300];
    int status = vxg_report_section(page, "Streamlines");
    const long long seen = (long long)cli_views_seen(t->views);
    const long long drawn = (long long)cli_views_drawn(t->views);
    if (status || !drawn)
        return status ? status : vxg_report_paragraph(page, "There is none to be shown.");
    snprintf(text, sizeof text,
             "%lld of %lld are drawn. Colours are directions: red left-right, green front-back, "
             "blue up-down.",
             drawn, seen);
    status = vxg_report_paragraph(page, text);
    if (!status) status = views(t, page, 0);
    return status ? status : views(t, page, 1);
}

static int counts(const cli_tracking *t, vxg_report *page) {
    static const char *const ends[] = {NULL,
                                       "halves without a further direction",
                                       "halves that ended at the map",
                                       "halves that left the image",
                                       "halves that were too long",
                                       "halves that ended at a region",
                                       "halves that would have turned too far"};
    const vxg_track_stats *s = &t->stats;
    const cli_values *v = &t->lengths;
    cli_table r = {0};
    int status = vxg_report_section(page, "Numbers");
    cli_table_row(&r, "seeds", "%lld", (long long)s->seeds);
    if (s->outside) cli_table_row(&r, "seeds outside the image", "%lld", (long long)s->outside);
    cli_table_row(&r, "streamlines", "%lld", (long long)s->streamlines);
    cli_table_row(&r, "of them commissural",
                  "%lld: in voxels, the least x < half the grid < the largest x",
                  (long long)t->counts.commissural);
    cli_table_row(&r, "left out as too short", "%lld, below %g mm", (long long)s->short_ones,
                  t->track.min_length);
    cli_table_row(&r, "left out for their regions", "%lld", (long long)s->region_ones);
    for (int i = 1; i < 7; i++) cli_table_row(&r, ends[i], "%lld", (long long)s->ended[i]);
    cli_table_row(&r, "points", "%lld, in the file %lld", (long long)s->points,
                  (long long)t->written.points);
    if (v->n) {
        cli_table_row(&r, "mean length", "%.4g mm", cli_values_mean(v));
        cli_table_row(&r, "standard deviation of lengths", "%.4g mm", cli_values_deviation(v));
        cli_table_row(&r, "longest", "%.4g mm", (double)v->most);
    }
    const int put = cli_table_put(page, &r);
    return status ? status : put;
}

/* ---- Maps ---- */

static int show(vxg_report *page, const cli_shown *map, const cli_sticks *sticks,
                const int64_t at[3], const char *what) {
    vxg_picture pic[CLI_VIEWS] = {0};
    char where[120], text[240];
    int status = cli_map_slices(map, sticks, at, 0, pic);
    for (int i = 0; i < CLI_VIEWS && !status; i++) {
        cli_map_caption(map, at, i, where, sizeof where);
        snprintf(text, sizeof text, "%s. %s", what, where);
        status = vxg_report_picture(page, &pic[i], text, map->rows == 1 ? map->lo : NAN,
                                    map->rows == 1 ? map->hi : NAN, NULL);
    }
    for (int i = 0; i < CLI_VIEWS; i++) vxg_picture_free(&pic[i]);
    return status;
}

/* A copy in host memory. */
static int fetch(const vxg_array *a, float **out) {
    *out = malloc((size_t)vxg_array_count(a) * sizeof **out);
    if (!*out) return vxg_error_set(VXG_ERR_MEMORY, "out of memory for the report");
    return vxg_array_read(NULL, a, *out);
}

/* The voxels of the three slices through `at` where something is. */
static int slice_voxels(const cli_tracking *t, const int64_t at[3], vxg_array *list) {
    const int64_t *n = t->grid->shape;
    uint32_t *numbers = malloc((size_t)t->grid->voxels * sizeof *numbers);
    int64_t count = 0;
    if (!numbers) return vxg_error_set(VXG_ERR_MEMORY, "out of memory for the report");
    for (int64_t v = 0; v < t->grid->voxels; v++) {
        const int64_t i = v % n[2], j = v / n[2] % n[1], k = v / n[2] / n[1];
        if (t->dwi.inside[v] && (i == at[0] || j == at[1] || k == at[2]))
            numbers[count++] = (uint32_t)v;
    }
    int status = count ? vxg_array_new(t->dev, VXG_U32, 1, &count, list) : VXG_OK;
    if (!status && count) status = vxg_array_write(NULL, list, numbers);
    free(numbers);
    return status;
}

/* Sticks along the peaks of harmonics, or along the vectors that are followed. */
enum { PEAKS = 3 };
typedef struct shown_peaks {
    float *directions, *values;
    int peaks;
} shown_peaks;

static int find_peaks(const cli_tracking *t, const int64_t at[3], shown_peaks *out) {
    const vxg_peaks_opts o = {.peaks = PEAKS, .basis = t->field.basis};
    const int64_t *n = t->grid->shape, shape[4] = {3 * PEAKS, n[0], n[1], n[2]};
    const int64_t one[4] = {PEAKS, n[0], n[1], n[2]};
    vxg_peaks_maps maps = {0};
    vxg_array list = {0};
    int status = vxg_array_new(t->dev, VXG_F32, 4, shape, &maps.directions);
    if (!status) status = vxg_array_new(t->dev, VXG_F32, 4, one, &maps.values);
    if (!status) status = slice_voxels(t, at, &list);
    if (!status && list.buffer)
        status = vxg_dwi_peaks(NULL, &t->values, &list, t->sphere, &o, &maps);
    if (!status && list.buffer) status = fetch(&maps.directions, &out->directions);
    if (!status && list.buffer) status = fetch(&maps.values, &out->values);
    out->peaks = PEAKS;
    vxg_array_release(&list);
    vxg_array_release(&maps.directions), vxg_array_release(&maps.values);
    return status;
}

static int has_harmonics(const cli_tracking *t) {
    return t->values.ndim == 4 && vxg_sh_order(t->values.shape[0]) > 0 && !t->field.samples &&
           !t->field.gradients && t->track.getter != VXG_TRACK_TENSOR &&
           t->track.getter != VXG_TRACK_VECTOR;
}

static int maps(const cli_tracking *t, vxg_report *page) {
    cli_shown rgb = {.affine = t->grid->affine, .rows = 3, .hi = 1}, map = rgb;
    shown_peaks p = {0};
    float *colours = NULL, *values = NULL;
    int64_t at[3];
    map.rows = 1;
    for (int k = 0; k < 3; k++) rgb.grid[k] = map.grid[k] = t->grid->shape[2 - k];
    int status = vxg_report_section(page, "Maps");
    if (!status && !t->map.buffer)
        return vxg_report_paragraph(page, "No map: streamlines end where their vectors do.");
    if (!status) status = fetch(&t->map, &values);
    if (!status && t->rgb.buffer) status = fetch(&t->rgb, &colours);
    if (status) goto end;
    map.values = values, rgb.values = colours;
    for (int64_t i = 0; i < t->grid->voxels; i++)
        if ((double)values[i] > map.hi || (!t->fa.buffer && !i)) map.hi = (double)values[i];
    if (t->fa.buffer && !t->map_image.file) map.hi = 1;
    if (!(map.hi > 0)) map.hi = 1;
    cli_map_middle(&map, at);
    if (colours) status = show(page, &rgb, NULL, at, "Direction of the tensor, times FA");
    if (!status && has_harmonics(t)) status = find_peaks(t, at, &p);
    const cli_sticks sticks = {p.peaks, p.directions, p.values};
    if (!status)
        status = show(page, &map, p.directions ? &sticks : NULL, at,
                      t->map_image.file ? (p.directions ? "--stop-map, peaks" : "--stop-map")
                      : t->fa.buffer    ? (p.directions ? "FA, peaks of the model" : "FA")
                                        : "The highest value of the functions");
end:
    free(colours), free(values), free(p.directions), free(p.values);
    return status;
}

/* ---- Time ---- */

static int times(const cli_tracking *t, vxg_report *page) {
    const cli_stages *s = &t->stages;
    struct rusage use;
    cli_table r = {0};
    char names[CLI_TRACK_STAGES][80];
    int status = vxg_report_section(page, "Time and memory");
    if (!status) status = vxg_report_stages(page, s->name, s->seconds, s->n);
    for (int i = 0; i < s->n; i++) {
        snprintf(names[i], sizeof names[i], "processor time, %.60s", s->name[i]);
        cli_table_row(&r, names[i], "%.3f s", s->cpu[i]);
    }
    if (!getrusage(RUSAGE_SELF, &use))
        cli_table_row(&r, "memory of the process, at most", "%.1f MB, as the system saw it",
                      (double)use.ru_maxrss * 1.024e-3);
    const int put = cli_table_put(page, &r);
    return status ? status : put;
}

/* ---- Together ---- */

/* Options of the getter, of the model and of all; those left to the library say nothing. */
static int in_force(const void *context, int row) {
    const cli_tracking *t = context;
    const vxg_option *o = &t->run->verb->options[row];
    static const struct {
        const char *begins;
        cli_track_model model;
    } models[] = {{"csd-", CLI_MODEL_CSD}, {"response", CLI_MODEL_CSD}};
    for (size_t i = 0; i < sizeof models / sizeof *models; i++)
        if (!strncmp(o->name, models[i].begins, strlen(models[i].begins)))
            return t->model == models[i].model;
    if (!strncmp(o->name, "odf-", 4))
        return t->model >= CLI_MODEL_OPDT && t->model <= CLI_MODEL_QBALL;
    if (!strcmp(o->name, "basis")) return t->model == CLI_MODEL_FOD;
    if (!strcmp(o->name, "getter") || !strcmp(o->name, "model")) return 0; /* are said as chosen */
    return o->fallback != NULL;
}

static int fill(cli_tracking *t, vxg_report *page) {
    char text[500], order[40] = "";
    if (t->model == CLI_MODEL_CSD || (t->model >= CLI_MODEL_OPDT && t->model <= CLI_MODEL_QBALL))
        snprintf(order, sizeof order, " of order %d", t->csd.order);
    snprintf(text, sizeof text,
             "%lld streamlines from %lld seeds: %s tracking, model %s%s (%s), on %s; %s",
             (long long)t->stats.streamlines, (long long)t->stats.seeds,
             cli_track_getter_name(t->track.getter), cli_track_model_name(t->model), order, t->why,
             vxg_device_get_info(t->dev)->spec, t->prov.date);
    int status = vxg_report_paragraph(page, text);
    if (!status) status = vxg_report_section(page, "Warnings");
    if (!status) status = cli_page_kept(page, 0);
    if (!status) status = streamlines(t, page);
    if (!status) status = counts(t, page);
    if (!status) status = vxg_report_section(page, "Lengths");
    if (!status) status = cli_lengths_chart(page, &t->lengths);
    if (!status) status = maps(t, page);
    if (!status) status = times(t, page);
    if (!status) status = cli_page_options(page, t->run, in_force, t);
    if (!status) status = vxg_report_section(page, "Input");
    if (!status) status = cli_page_entries(page, &t->prov, 1);
    if (!status) status = vxg_report_section(page, "How it was made");
    return status ? status : cli_page_entries(page, &t->prov, 0);
}

int cli_track_page(cli_tracking *t) {
    vxg_report *page = NULL;
    char title[300], *html = NULL;
    const char *path = t->grid->file->path, *slash = strrchr(path, '/');
    cli_provenance_date(&t->prov);
    snprintf(title, sizeof title, "Streamlines of %.200s", slash ? slash + 1 : path);
    int status = vxg_report_new(title, &page);
    if (!status) status = fill(t, page);
    if (!status) status = vxg_report_html(page, &html);
    vxg_report_free(page);
    if (!status) status = vxg_outputs_text(t->set, t->path[CLI_TRACK_REPORT], html, t->opt->force);
    vxg_free(html);
    return status;
}
