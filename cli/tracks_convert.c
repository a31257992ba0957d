/* voxgrad tracks convert and merge: streamlines from one file or several into another. */
#include "track_picture.h"
#include "tracks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ATTRIBUTES = 256 };
static const char own_prefix[] = "voxgrad.";

typedef struct job {
    const cli_run *run;
    const cli_tracks *opt;
    const char *path;   /* of the output */
    const char *format; /* "trk", "tck", "trx" */
    int n;
    vxg_tract_reader **in;
    vxg_tract_info info; /* of the output */
    cli_provenance prov;
    vxg_outputs *set;
    char beside[4200]; /* provenance of a TRK file; "": it is inside */
    /* What info points to. */
    vxg_tract_column *columns[2];
    vxg_tract_group *groups;
    vxg_attribute attributes[MOST_ATTRIBUTES];
    char *owned[MOST_ATTRIBUTES];
    int nowned;
} job;

static int is(const job *j, const char *format) {
    return !strcmp(j->format, format);
}

static void free_job(job *j) {
    for (int i = 0; i < j->n && j->in; i++) vxg_tract_close(j->in[i]);
    for (int i = 0; i < j->info.ngroups && j->groups; i++)
        free((void *)(uintptr_t)j->groups[i].index);
    for (int i = 0; i < j->nowned; i++) free(j->owned[i]);
    free(j->in), free(j->columns[0]), free(j->columns[1]), free(j->groups);
    cli_provenance_free(&j->prov);
    vxg_outputs_abandon(j->set);
}

static int no_memory(void) {
    return vxg_error_set(VXG_ERR_MEMORY, "out of memory");
}

/* ---- What is lost ---- */
/* Names one after the other, for one warning. */
typedef struct names {
    char text[480];
    int n;
} names;

static void add_name(names *list, const char *name) {
    const size_t at = strlen(list->text);
    if (at + strlen(name) + 8 < sizeof list->text)
        snprintf(list->text + at, sizeof list->text - at, "%s%s", list->n ? ", " : "", name);
    else if (at + 6 < sizeof list->text && strcmp(list->text + at - 3, "...") != 0)
        snprintf(list->text + at, sizeof list->text - at, ", ...");
    list->n++;
}

static void say_lost(const job *j, const char *why, const names *list) {
    if (list->n) cli_warn(j->run, "%s: left out are %s", why, list->text);
}

static const char *upper(const job *j) {
    return is(j, "trk") ? "TRK" : is(j, "tck") ? "TCK" : "TRX";
}

/* ---- Where it lies ---- */
/* All go through one filter, which leads from the first one's positions to the output's. */
static int same_way(const vxg_tract_reader *first, const vxg_tract_reader *other) {
    double a[12], b[12];
    if (other->info.space == VXG_TRACT_RAS) return VXG_OK;
    int status = vxg_tract_to_ras(&first->info, a);
    if (status) return vxg_error_context(status, "%s", first->path);
    status = vxg_tract_to_ras(&other->info, b);
    if (status) return vxg_error_context(status, "%s", other->path);
    const vxg_tract_info *of = &first->info;
    const double least = fmin(of->voxel[0], fmin(of->voxel[1], of->voxel[2]));
    for (int row = 0; row < 3; row++) {
        double off = fabs(a[4 * row + 3] - b[4 * row + 3]);
        for (int k = 0; k < 3; k++)
            off += fabs(a[4 * row + k] - b[4 * row + k]) * (double)of->grid[k] * of->voxel[k];
        if (off > 1e-3 * least)
            return vxg_error_set(VXG_ERR_ARGUMENT,
                                 "%s (axes %s) and %s (axes %s) measure from unlike corners of one "
                                 "image: convert both to TRX first",
                                 first->path, of->voxel_order, other->path,
                                 other->info.voxel_order);
    }
    return VXG_OK;
}

static int place_output(job *j) {
    cli_grid grid, other;
    int known = 0;
    int status = cli_tracks_place(j->opt, j->in[0], &grid, &known);
    for (int i = 1; i < j->n && !status; i++) {
        int also = 0;
        status = cli_tracks_place(j->opt, j->in[i], &other, &also);
        if (!status && also && known && !cli_grid_same(&grid, &other))
            status = vxg_error_set(VXG_ERR_INPUT, "%s lies on another image than %s",
                                   j->in[i]->path, j->in[0]->path);
        if (!status) status = same_way(j->in[0], j->in[i]);
    }
    if (status) return status;
    j->info.space = is(j, "trk") ? VXG_TRACT_CORNER : VXG_TRACT_RAS;
    if (!known && !is(j, "tck"))
        return vxg_error_set(VXG_ERR_ARGUMENT,
                             "%s does not say which image it lies on, as %s must: --reference "
                             "IMAGE",
                             j->in[0]->path, upper(j));
    if (!known) return VXG_OK;
    for (int i = 0; i < j->n; i++) /* what a file says itself is not changed in silence */
        if (cli_grid_of(&j->in[i]->info, &other) && !cli_grid_same(&grid, &other))
            return vxg_error_set(VXG_ERR_INPUT,
                                 "%s lies on another image (%lld x %lld x %lld voxels) than "
                                 "--reference %s (%lld x %lld x %lld); through a TCK file, which "
                                 "says none, it can be put there",
                                 j->in[i]->path, (long long)other.n[0], (long long)other.n[1],
                                 (long long)other.n[2], j->opt->reference, (long long)grid.n[0],
                                 (long long)grid.n[1], (long long)grid.n[2]);
    const vxg_tract_info *from = &j->in[0]->info;
    j->info.has_affine = 1;
    memcpy(j->info.affine, grid.affine, sizeof grid.affine);
    memcpy(j->info.grid, grid.n, sizeof grid.n);
    memcpy(j->info.voxel, grid.side, sizeof grid.side);
    memcpy(j->info.voxel_order, grid.order, sizeof grid.order);
    if (from->space != VXG_TRACT_CORNER || !is(j, "trk")) return VXG_OK;
    memcpy(j->info.voxel, from->voxel, sizeof from->voxel); /* as it was */
    memcpy(j->info.grid, from->grid, sizeof from->grid);
    memcpy(j->info.voxel_order, from->voxel_order[0] ? from->voxel_order : "LPS", 4);
    return VXG_OK;
}

static void choose_dtype(job *j) {
    static const vxg_dtype types[] = {VXG_F32, VXG_F16, VXG_F32, VXG_F64};
    vxg_dtype dtype = types[j->opt->dtype];
    if (j->opt->dtype == 0) {
        dtype = j->in[0]->info.dtype;
        if (is(j, "trk") || (is(j, "tck") && dtype == VXG_F16)) dtype = VXG_F32;
    }
    j->info.dtype = dtype;
}

/* ---- Columns ---- */
static int is_wanted(const job *j, const char *name) {
    if (!cli_given(j->run, "columns")) return 1;
    for (int64_t i = 0; i < j->opt->columns.count; i++)
        if (!strcmp(j->opt->columns.value[i], name)) return 1;
    return 0;
}

static int has_column(const vxg_tract_info *info, int lines, const vxg_tract_column *c) {
    const int n = lines ? info->nline_columns : info->npoint_columns;
    const vxg_tract_column *list = lines ? info->line_columns : info->point_columns;
    for (int i = 0; i < n; i++)
        if (!strcmp(list[i].name, c->name) && list[i].components == c->components &&
            list[i].dtype == c->dtype)
            return 1;
    return 0;
}

/* Those of the first file that are wanted, that all files have, in a format that has some. */
static int choose_columns(job *j, int lines, const vxg_tract_column **out, int32_t *count) {
    const vxg_tract_info *from = &j->in[0]->info;
    const int n = lines ? from->nline_columns : from->npoint_columns;
    const vxg_tract_column *list = lines ? from->line_columns : from->point_columns;
    const int anew = !lines && (j->opt->filter.points || j->opt->filter.step > 0);
    names unheld = {0}, elsewhere = {0};
    vxg_tract_column *kept = calloc((size_t)n + 1, sizeof *kept);
    if (!kept) return no_memory();
    j->columns[lines] = kept;
    *out = kept, *count = 0;
    for (int i = 0; i < n; i++) {
        int everywhere = 1;
        if (!is_wanted(j, list[i].name)) continue;
        for (int k = 1; k < j->n; k++) everywhere &= has_column(&j->in[k]->info, lines, &list[i]);
        if (is(j, "tck") || anew)
            add_name(&unheld, list[i].name);
        else if (!everywhere)
            add_name(&elsewhere, list[i].name);
        else
            kept[(*count)++] = list[i];
    }
    for (int k = 1; k < j->n; k++) { /* what only later files have */
        const vxg_tract_info *also = &j->in[k]->info;
        const int m = lines ? also->nline_columns : also->npoint_columns;
        const vxg_tract_column *more = lines ? also->line_columns : also->point_columns;
        for (int i = 0; i < m; i++)
            if (is_wanted(j, more[i].name) && !has_column(from, lines, &more[i]))
                add_name(&elsewhere, more[i].name);
    }
    say_lost(j,
             lines  ? "TCK holds no numbers of streamlines"
             : anew ? "points that are set anew have no numbers"
                    : "TCK holds no numbers of points",
             &unheld);
    say_lost(j, "not every file has these numbers", &elsewhere);
    return VXG_OK;
}

/* A name that no file has is a mistake. */
static int check_columns(const job *j) {
    for (int64_t i = 0; i < j->opt->columns.count; i++) {
        const char *name = j->opt->columns.value[i];
        int found = 0;
        for (int k = 0; k < j->n && !found; k++) {
            const vxg_tract_info *info = &j->in[k]->info;
            for (int c = 0; c < info->npoint_columns; c++)
                found |= !strcmp(info->point_columns[c].name, name);
            for (int c = 0; c < info->nline_columns; c++)
                found |= !strcmp(info->line_columns[c].name, name);
        }
        if (!found)
            return vxg_error_set(VXG_ERR_ARGUMENT, "--columns: %s has no numbers '%s'",
                                 j->in[0]->path, name);
    }
    return VXG_OK;
}

/* ---- Groups ---- */
/* Whether streamlines may stay behind. */
static int filters(const job *j) {
    return j->opt->filter.min_length > 0 || j->opt->filter.max_length > 0;
}

/* Which number each streamline of a file gets in the output, from `next` on; -1: none. */
static int renumber(job *j, int file, int64_t *next, int64_t **numbers, int64_t *count) {
    const double low = j->opt->filter.min_length, high = j->opt->filter.max_length;
    vxg_tract_reader *again = NULL;
    int64_t room = 0, n = 0;
    int64_t *to = NULL;
    int status = vxg_tract_open(j->in[file]->path, NULL, &again);
    if (!status && !again->info.has_affine && j->in[file]->info.has_affine) {
        again->info = j->in[file]->info; /* what --reference said; counted anew */
        again->info.streamlines = again->info.points = -1;
    }
    while (!status) {
        vxg_tract_batch b;
        double *length = NULL;
        status = cli_tracks_next(again, &b);
        if (status || !b.lines) break;
        if (n + b.lines > room) {
            room = 2 * (n + b.lines);
            int64_t *more = realloc(to, (size_t)room * sizeof *to);
            if (!more) status = no_memory();
            if (more) to = more;
        }
        if (!status && !(length = malloc((size_t)b.lines * sizeof *length))) status = no_memory();
        if (!status) status = cli_lengths_of(&again->info, &b, length);
        for (int64_t i = 0; i < b.lines && !status; i++)
            to[n++] = length[i] < low || (high > 0 && length[i] > high) ? -1 : (*next)++;
        free(length);
    }
    vxg_tract_close(again);
    *numbers = to, *count = n;
    return status;
}

static vxg_tract_group *group_named(job *j, const vxg_tract_group *like) {
    for (int i = 0; i < j->info.ngroups; i++)
        if (!strcmp(j->groups[i].name, like->name)) return &j->groups[i];
    vxg_tract_group *more = realloc(j->groups, (size_t)(j->info.ngroups + 1) * sizeof *j->groups);
    if (!more) return NULL;
    j->groups = more;
    vxg_tract_group *g = &more[j->info.ngroups++];
    *g = *like; /* its own numbers are of the first file that has it */
    g->index = NULL, g->count = 0;
    return g;
}

static int add_group(job *j, const vxg_tract_group *from, const int64_t *numbers, int64_t count) {
    vxg_tract_group *g = group_named(j, from);
    if (!g) return no_memory();
    uint32_t *index =
        realloc((void *)(uintptr_t)g->index, (size_t)(g->count + from->count + 1) * sizeof *index);
    if (!index) return no_memory();
    g->index = index;
    for (int64_t i = 0; i < from->count; i++) {
        const int64_t to = from->index[i] < count ? numbers[from->index[i]] : -1;
        if (to > UINT32_MAX)
            return vxg_error_set(VXG_ERR_UNSUPPORTED, "groups count at most 2^32 streamlines");
        if (to >= 0) index[g->count++] = (uint32_t)to;
    }
    return VXG_OK;
}

/* Groups of all files with the output's numbers; where that can hold them. */
static int choose_groups(job *j) {
    int status = VXG_OK;
    int64_t next = 0;
    names lost = {0};
    for (int k = 0; k < j->n; k++)
        for (int i = 0; i < j->in[k]->info.ngroups; i++)
            add_name(&lost, j->in[k]->info.groups[i].name);
    if (!is(j, "trx"))
        say_lost(j, is(j, "trk") ? "TRK holds no groups" : "TCK holds no groups", &lost);
    if (!lost.n || !is(j, "trx")) return VXG_OK;
    if (j->n == 1 && !filters(j)) { /* all keep their numbers */
        j->info.ngroups = j->in[0]->info.ngroups, j->info.groups = j->in[0]->info.groups;
        return VXG_OK;
    }
    for (int k = 0; k < j->n && !status; k++) {
        int64_t *numbers = NULL, count = 0;
        status = renumber(j, k, &next, &numbers, &count);
        for (int i = 0; i < j->in[k]->info.ngroups && !status; i++)
            status = add_group(j, &j->in[k]->info.groups[i], numbers, count);
        free(numbers);
    }
    j->info.groups = j->groups;
    return status;
}

/* ---- What the header says beside ---- */
static int add_attribute(job *j, const char *name, const char *text) {
    if (j->info.nattributes == MOST_ATTRIBUTES)
        return vxg_error_set(VXG_ERR_UNSUPPORTED, "more than %d entries of a header",
                             MOST_ATTRIBUTES);
    j->attributes[j->info.nattributes++] = (vxg_attribute){name, text};
    return VXG_OK;
}

/* What an earlier conversion said of itself, and what is counted anew, goes. */
static int is_old(const char *name) {
    return !strncmp(name, own_prefix, sizeof own_prefix - 1) || !strcmp(name, "count");
}

static int choose_attributes(job *j) {
    const vxg_tract_info *from = &j->in[0]->info;
    names lost = {0};
    int status = cli_tracks_provenance(j->run, &j->prov);
    j->info.attributes = j->attributes;
    for (int i = 0; i < from->nattributes && !status; i++) {
        const vxg_attribute *a = &from->attributes[i];
        if (is_old(a->name)) continue;
        if (is(j, "trk"))
            add_name(&lost, a->name);
        else
            status = add_attribute(j, a->name, a->text);
    }
    say_lost(j, "TRK holds no texts", &lost);
    if (is(j, "trk")) return status; /* beside it */
    for (int i = 0; i < j->prov.count && !status; i++) {
        char *name = NULL;
        if (asprintf(&name, "%s%s", own_prefix, j->prov.list[i].name) < 0) return no_memory();
        status = add_attribute(j, name, j->prov.list[i].text);
        if (status)
            free(name);
        else
            j->owned[j->nowned++] = name;
    }
    return status;
}

/* ---- The work ---- */
static int open_inputs(job *j, const char *const *paths) {
    int status = VXG_OK;
    j->in = calloc((size_t)j->n, sizeof *j->in);
    if (!j->in) return no_memory();
    for (int i = 0; i < j->n && !status; i++) status = vxg_tract_open(paths[i], NULL, &j->in[i]);
    for (int i = 1; i < j->n && !status; i++)
        if (j->in[i]->info.space != j->in[0]->info.space)
            status = vxg_error_set(VXG_ERR_ARGUMENT,
                                   "%s and %s are of formats with unlike spaces: convert one first",
                                   j->in[0]->path, j->in[i]->path);
    return status;
}

static int open_output(job *j, vxg_tract_writer **to) {
    vxg_tract_create_opts create = j->opt->create;
    int status = VXG_OK;
    if (is(j, "trk") &&
        (size_t)snprintf(j->beside, sizeof j->beside, "%s.json", j->path) >= sizeof j->beside)
        status = vxg_error_set(VXG_ERR_ARGUMENT, "too long a name of the output");
    if (!status)
        status = cli_tracks_claim(j->run, j->opt, create.folder ? NULL : j->path,
                                  j->beside[0] ? j->beside : NULL, &j->set);
    create.info = j->info, create.outputs = j->set;
    if (!status) status = vxg_tract_create(j->path, &create, to);
    return cli_claimed(status);
}

static int write_output(job *j, vxg_tract_writer *to, vxg_tract_filter_stats *stats) {
    vxg_tract_filter_opts filter = j->opt->filter;
    vxg_tract_writer *w = NULL;
    filter.linearize = cli_given(j->run, "linearize");
    int status = vxg_tract_filter_new(to, &j->in[0]->info, &filter, &w);
    if (status) {
        to->abandon(to);
        return status;
    }
    for (int i = 0; i < j->n && !status; i++)
        status = vxg_tract_copy(j->in[i], w, cli_progress(j->run));
    if (!status) status = vxg_tract_filter_get_stats(w, stats);
    if (!status) return w->finish(w);
    w->abandon(w);
    return status;
}

static void say(const job *j, const vxg_tract_filter_stats *s) {
    const int64_t points = s->points + s->dropped;
    cli_say(j->run, "%s: %lld streamlines, %lld points", j->path, (long long)s->streamlines,
            (long long)s->points);
    if (s->short_ones)
        cli_say(j->run, "  %lld shorter than %g mm stayed behind", (long long)s->short_ones,
                j->opt->filter.min_length);
    if (s->long_ones)
        cli_say(j->run, "  %lld longer than %g mm stayed behind", (long long)s->long_ones,
                j->opt->filter.max_length);
    if (s->dropped)
        cli_say(j->run, "  %.1f %% of %lld points were not needed",
                100 * (double)s->dropped / (double)points, (long long)points);
}

static int do_all(cli_run *r, const cli_tracks *o, const char *const *paths, int n,
                  const char *to) {
    job j = {.run = r, .opt = o, .path = to, .n = n};
    vxg_tract_writer *w = NULL;
    vxg_tract_filter_stats stats = {.size = sizeof stats};
    const vxg_tract_format *format = cli_tracks_format(to);
    j.format = format ? format->name : "";
    if (!format)
        return vxg_error_set(VXG_ERR_ARGUMENT, "%s: the ending is none of .trk, .tck and .trx", to);
    int status = open_inputs(&j, paths);
    if (!status) status = place_output(&j);
    if (!status) choose_dtype(&j);
    if (!status) status = check_columns(&j);
    if (!status) status = choose_columns(&j, 0, &j.info.point_columns, &j.info.npoint_columns);
    if (!status) status = choose_columns(&j, 1, &j.info.line_columns, &j.info.nline_columns);
    if (!status) status = choose_groups(&j);
    if (!status) status = choose_attributes(&j);
    if (!status) status = open_output(&j, &w);
    if (!status) status = write_output(&j, w, &stats);
    cli_progress_end();
    if (!status && j.beside[0])
        status = cli_provenance_write(&j.prov, j.set, j.beside, o->create.force);
    if (!status) status = cli_commit(&j.set);
    if (!status) say(&j, &stats);
    free_job(&j);
    return status;
}

int cli_tracks_convert(cli_run *r, const cli_tracks *o) {
    return do_all(r, o, &r->operands[1], 1, r->operands[2]);
}

int cli_tracks_merge(cli_run *r, const cli_tracks *o) {
    return do_all(r, o, &r->operands[1], r->noperands - 1, o->output);
}
