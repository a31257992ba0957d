/* voxgrad track: seeds become streamlines, chunk by chunk, into a file or into pieces of a job, of
 * which the file is put together. Which chunks, pieces and runs there were changes no bit of it. */
#include "track.h"
#include "tracks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    CHUNK = 1 << 17, /* seeds whose positions are in memory at once */
    BLOCK = 1 << 14, /* seeds of a piece */
    LINES = 1 << 10  /* streamlines of a record */
};

/* ---- Seeds ---- */

static int read_list(cli_tracking *t, int64_t *n) {
    const char *path = t->opt->seed_list;
    int64_t rows = 0, columns = 0;
    int status = vxg_numbers_read(path, &t->list, &rows, &columns, NULL);
    if (!status && columns != 3)
        status = vxg_error_set(VXG_ERR_INPUT,
                               "--seed-list %s: %lld numbers a line; x y z in mm are expected",
                               path, (long long)columns);
    for (int64_t i = 0; i < 3 * rows && !status; i++)
        if (!isfinite(t->list[i]))
            status = vxg_error_set(VXG_ERR_INPUT, "--seed-list %s: line %lld holds %g", path,
                                   (long long)(i / 3 + 1), t->list[i]);
    *n = rows;
    return status;
}

int cli_track_count_seeds(cli_tracking *t) {
    const cli_track *o = t->opt;
    const int64_t *s = t->grid->shape, n[3] = {s[2], s[1], s[0]};
    int status;
    t->seeds.kind = t->given.seed_grid         ? VXG_SEEDS_GRID
                    : t->given.seeds_per_voxel ? VXG_SEEDS_PER_VOXEL
                                               : VXG_SEEDS_RANDOM;
    t->seeds.number = t->given.seed_grid         ? o->seed_grid
                      : t->given.seeds_per_voxel ? o->seeds_per_voxel
                                                 : o->nseeds;
    if (o->seed_list)
        status = read_list(t, &t->total);
    else
        status = vxg_track_seeds_count(n, t->seed_voxels, &t->seeds, &t->total);
    if (status || !t->given.only_seed) return status;
    if (o->only_seed >= t->total)
        return vxg_error_set(VXG_ERR_ARGUMENT, "--only-seed %lld: there are %lld, the first is 0",
                             (long long)o->only_seed, (long long)t->total);
    t->first = o->only_seed, t->total = 1;
    return VXG_OK;
}

/* ---- Progress over all chunks ---- */
static void report(void *context, const char *what, double done, double total) {
    const cli_tracking *t = context;
    (void)what, (void)total;
    t->progress->report(t->progress->context, "seeds",
                        fmin(t->done + done * t->worth, (double)t->total), (double)t->total);
}

void cli_track_add_stats(vxg_track_stats *to, const vxg_track_stats *s) {
    to->seeds += s->seeds, to->outside += s->outside;
    to->streamlines += s->streamlines, to->points += s->points;
    to->short_ones += s->short_ones, to->region_ones += s->region_ones;
    to->length += s->length;
    for (int i = 0; i < 8; i++) to->ended[i] += s->ended[i];
}

/* The library's words name fields, such as max_angle: here the options that set them. */
static int by_options(const cli_run *r, int status) {
    const char *p = vxg_error_message();
    char text[640], word[64];
    size_t n = 0;
    if (status != VXG_ERR_ARGUMENT && status != VXG_ERR_UNSUPPORTED) return status;
    if (!strncmp(p, "track: ", 7)) p += 7;
    while (*p && n + sizeof word + 3 < sizeof text) {
        size_t letters = strspn(p, "abcdefghijklmnopqrstuvwxyz_");
        const char *option = NULL;
        if (!letters || letters >= sizeof word) letters = 1;
        for (size_t i = 0; i < letters; i++) word[i] = p[i] == '_' ? '-' : p[i];
        word[letters] = 0;
        for (int i = 0; i < r->verb->count && memchr(p, '_', letters); i++) {
            const cli_row *row = &r->verb->rows[i];
            if (row->table && !strcmp(row->table, "vxg_track_opts") && !strcmp(row->field, word))
                option = r->verb->options[i].name;
        }
        if (option)
            n += (size_t)snprintf(text + n, sizeof text - n, "--%s", option);
        else
            n += (size_t)snprintf(text + n, sizeof text - n, "%.*s", (int)letters, p);
        p += letters;
    }
    return vxg_error_set(status, "%s", text);
}

int cli_track_chunk(cli_tracking *t, int device, int64_t number, int64_t n, vxg_tract_writer *to,
                    vxg_track_stats *sum) {
    const int64_t *s = t->grid->shape, size[3] = {s[2], s[1], s[0]};
    const vxg_progress progress = {.size = sizeof progress,
                                   .report = device ? NULL : report,
                                   .context = t,
                                   .cancel = t->progress->cancel};
    vxg_track_opts opts = t->track;
    vxg_seeds_opts seeds = t->seeds;
    vxg_track_stats stats = {.size = sizeof stats};
    vxg_queue *queue = NULL; /* the device's own, but for threads beside */
    int64_t got = n;
    double *own = t->list ? NULL : malloc((size_t)n * 3 * sizeof *own);
    int status = t->list || own ? VXG_OK : vxg_error_set(VXG_ERR_MEMORY, "out of memory");
    seeds.first = opts.first = number;
    opts.progress = &progress;
    if (!status && device) status = vxg_queue_new(t->other_device[device], &queue);
    if (!status && own)
        status = vxg_track_seeds(size, t->seed_voxels, t->grid->affine, &seeds, n, own, &got);
    if (!status)
        status = vxg_track_run(queue, device ? &t->other[device] : &t->field, got,
                               own ? own : t->list + 3 * number, &opts, to, &stats);
    status = by_options(t->run, status);
    if (!status) cli_track_add_stats(sum, &stats);
    vxg_queue_free(queue);
    free(own);
    return status;
}

static int run_all(cli_tracking *t, vxg_tract_writer *to) {
    int status = VXG_OK;
    t->progress = cli_progress(t->run);
    if (t->ndevices > 1) status = cli_track_rounds(t, to);
    for (int64_t at = 0; at < t->total && !status && t->ndevices == 1; at += CHUNK) {
        const int64_t n = t->total - at < CHUNK ? t->total - at : CHUNK;
        t->done = (double)at, t->worth = 1;
        status = cli_track_chunk(t, 0, t->first + at, n, to, &t->stats);
    }
    cli_progress_end();
    return status;
}

/* ---- The file ---- */

static int is_trk(const char *path) {
    const vxg_tract_format *f = path ? cli_tracks_format(path) : NULL;
    return f && !strcmp(f->name, "trk");
}

static void describe(const cli_tracking *t, vxg_tract_info *info) {
    static const vxg_dtype types[] = {VXG_F32, VXG_F16, VXG_F32, VXG_F64};
    const int trk = is_trk(t->opt->output);
    cli_grid grid;
    *info = (vxg_tract_info){.size = sizeof *info,
                             .space = trk ? VXG_TRACT_CORNER : VXG_TRACT_RAS,
                             .dtype = types[t->opt->dtype],
                             .has_affine = 1};
    memcpy(info->affine, t->grid->affine, sizeof info->affine);
    for (int k = 0; k < 3; k++)
        info->grid[k] = t->grid->shape[2 - k], info->voxel[k] = t->grid->size[k];
    if (cli_grid_of(info, &grid)) memcpy(info->voxel_order, grid.order, sizeof grid.order);
}

/* ---- What is counted as streamlines pass ---- */
typedef struct counter {
    vxg_tract_writer base;
    vxg_tract_writer *to;
    double row[4]; /* from the file's positions to the first voxel coordinate */
    double middle;
    cli_track_counts *out;
} counter;

static int counter_write(vxg_tract_writer *self, const vxg_tract_batch *b) {
    const counter *c = self->impl;
    for (int64_t i = 0; i < b->lines; i++) {
        double lo = INFINITY, hi = -INFINITY;
        for (int64_t p = b->offsets[i]; p < b->offsets[i + 1]; p++) {
            double x = c->row[3];
            for (int k = 0; k < 3; k++)
                x += c->row[k] * (b->dtype == VXG_F64
                                      ? ((const double *)b->positions)[3 * p + k]
                                      : (double)((const float *)b->positions)[3 * p + k]);
            lo = fmin(lo, x), hi = fmax(hi, x);
        }
        c->out->commissural += lo < c->middle && c->middle < hi;
    }
    return vxg_tract_write(c->to, b);
}
static int counter_finish(vxg_tract_writer *self) {
    vxg_tract_writer *const to = ((counter *)self->impl)->to;
    free(self->impl);
    return to->finish(to);
}
static void counter_abandon(vxg_tract_writer *self) {
    vxg_tract_writer *const to = ((counter *)self->impl)->to;
    free(self->impl);
    to->abandon(to);
}

/* The row of the affine's inverse that gives i, behind the way to scanner coordinates. */
static int first_voxel_row(const cli_tracking *t, const vxg_tract_info *info, double row[4]) {
    const double *a = t->grid->affine;
    double rows[12];
    const double c[3] = {a[5] * a[10] - a[6] * a[9], a[2] * a[9] - a[1] * a[10],
                         a[1] * a[6] - a[2] * a[5]}; /* second column x third */
    const double det = a[0] * c[0] + a[4] * c[1] + a[8] * c[2];
    const int status = vxg_tract_to_ras(info, rows);
    if (status) return status;
    for (int k = 0; k < 4; k++) {
        row[k] = 0;
        for (int i = 0; i < 3; i++)
            row[k] += c[i] / det * (rows[4 * i + k] - (k == 3 ? a[4 * i + 3] : 0));
    }
    return VXG_OK;
}

static int count_in_front(cli_tracking *t, vxg_tract_writer *to, vxg_tract_writer **out) {
    counter *c = calloc(1, sizeof *c);
    int status =
        c ? first_voxel_row(t, &to->info, c->row) : vxg_error_set(VXG_ERR_MEMORY, "out of memory");
    if (status) {
        free(c);
        return status;
    }
    c->base = (vxg_tract_writer){.size = sizeof c->base,
                                 .info = to->info,
                                 .write = counter_write,
                                 .finish = counter_finish,
                                 .abandon = counter_abandon,
                                 .impl = c};
    c->to = to, c->middle = 0.5 * (double)t->grid->shape[2], c->out = &t->counts;
    *out = &c->base;
    return VXG_OK;
}

/* ---- Nothing is written ---- */
static int nowhere_write(vxg_tract_writer *self, const vxg_tract_batch *batch) {
    (void)self, (void)batch;
    return VXG_OK;
}
static int nowhere_finish(vxg_tract_writer *self) {
    free(self);
    return VXG_OK;
}
static void nowhere_abandon(vxg_tract_writer *self) {
    free(self);
}
static int nowhere(const vxg_tract_info *info, vxg_tract_writer **out) {
    vxg_tract_writer *w = *out = calloc(1, sizeof *w);
    if (!w) return vxg_error_set(VXG_ERR_MEMORY, "out of memory");
    *w = (vxg_tract_writer){.size = sizeof *w,
                            .info = *info,
                            .write = nowhere_write,
                            .finish = nowhere_finish,
                            .abandon = nowhere_abandon};
    return VXG_OK;
}

/* Writers in a row: counts and pictures of what was tracked, then what the file needs of it, then
 * the file. *filter: the one that leaves points out, or NULL. */
static int open_chain(cli_tracking *t, vxg_tract_writer **out, vxg_tract_writer **filter) {
    vxg_tract_create_opts create = {
        .size = sizeof create, .force = t->opt->force, .outputs = t->set};
    vxg_tract_writer *to = NULL, *next = NULL;
    *filter = NULL;
    describe(t, &create.info);
    int status = *t->path[CLI_TRACK_FILE] ? vxg_tract_create(t->path[CLI_TRACK_FILE], &create, &to)
                                          : nowhere(&create.info, &to);
    if (status) return status;
    if (t->given.linearize) {
        vxg_tract_filter_opts o = t->opt->filter;
        o.size = sizeof o, o.linearize = 1;
        status = vxg_tract_filter_new(to, NULL, &o, &next);
        if (!status) *filter = to = next;
    }
    if (!status) status = count_in_front(t, to, &next);
    if (!status) to = next;
    if (!status) status = cli_watch(to, t->views, &t->lengths, &next);
    if (!status) to = next;
    if (status) to->abandon(to);
    if (!status) *out = to;
    return status;
}

/* ---- Pieces: records of streamlines, then what tracking told ---- */
typedef struct record {
    int64_t lines, points; /* lines -1: what tracking told follows */
} record;
typedef struct told {
    int64_t seeds, outside, streamlines, points, short_ones, region_ones, ended[8];
    double length;
} told;

static int write_record(vxg_job *job, const vxg_tract_batch *b, int64_t first, int64_t lines) {
    const int64_t begin = b->offsets[first];
    const record head = {lines, b->offsets[first + lines] - begin};
    int64_t offsets[LINES + 1];
    for (int64_t i = 0; i <= lines; i++) offsets[i] = b->offsets[first + i] - begin;
    int status = vxg_job_write(job, &head, sizeof head);
    if (!status) status = vxg_job_write(job, offsets, (size_t)(lines + 1) * sizeof *offsets);
    if (!status)
        status = vxg_job_write(job, (const float *)b->positions + 3 * begin,
                               (size_t)head.points * 3 * sizeof(float));
    return status;
}
static int piece_write(vxg_tract_writer *self, const vxg_tract_batch *b) {
    int status = VXG_OK;
    if (b->dtype != VXG_F32)
        return vxg_error_set(VXG_ERR_UNSUPPORTED, "pieces of float64 streamlines");
    for (int64_t i = 0; i < b->lines && !status; i += LINES)
        status = write_record(self->impl, b, i, b->lines - i < LINES ? b->lines - i : LINES);
    return status;
}

int cli_track_in_pieces(const cli_track *o) {
    return o->shard || o->resume;
}

int cli_track_blocks(const cli_tracking *t, int64_t *all, int64_t *own) {
    int64_t shard = 0, shards = 1;
    *all = (t->total + BLOCK - 1) / BLOCK;
    const int status = t->opt->shard ? cli_shard_read(t->opt->shard, &shard, &shards) : VXG_OK;
    *own = shard < *all ? (*all - shard - 1) / shards + 1 : 0;
    return status;
}

/* ---- What work it is ---- */

/* Entries of the provenance that change no bit of a piece; files whose checksum is there are known
 * by that. */
static int is_beside(const cli_tracking *t, const char *name) {
    static const char *const own[] = {"option.no-report", "option.linearize", "option.dtype",
                                      "option.max-segment", "option.block"};
    static const char *const named[] = {"bvals",          "bvecs",          "grad",
                                        "mask.file",      "option.mask",    "mask",
                                        "option.include", "option.exclude", "option.response"};
    const cli_verb *v = t->run->verb;
    const int sums = !t->opt->in.no_checksum;
    if (cli_job_beside(name)) return 1;
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (!strcmp(own[i], name)) return 1;
    for (size_t i = 0; i < sizeof named / sizeof *named && sums; i++)
        if (!strcmp(named[i], name)) return 1;
    for (int i = 0; i < v->count; i++) {
        const vxg_option *o = &v->options[i];
        if (!strncmp(name, "option.", 7) && !strcmp(name + 7, o->name))
            return o->type == VXG_OPT_OUTPUT || (o->type == VXG_OPT_FILE && sums);
    }
    return sums && !strncmp(name, "file.", 5) && !strstr(name, ".sha256");
}

static int job_opts(cli_tracking *t, char *folder, size_t room, vxg_job_opts *o, char **key) {
    size_t size = 0;
    *o = (vxg_job_opts){0};
    int64_t own;
    int status = cli_track_blocks(t, &o->blocks, &own);
    if (!status) status = cli_folder_name(t->opt->output, ".job", folder, room);
    if (!status && t->opt->shard) status = cli_shard_read(t->opt->shard, &o->shard, &o->shards);
    if (status) return status;
    FILE *f = open_memstream(key, &size);
    if (!f) return vxg_error_set(VXG_ERR_MEMORY, "out of memory for the text of a job");
    fprintf(f, "streamlines\n");
    for (int i = 0; i < t->prov.count; i++)
        if (!is_beside(t, t->prov.list[i].name))
            fprintf(f, "%s %s\n", t->prov.list[i].name, t->prov.list[i].text);
    fprintf(f, "seeds.first %lld\nseeds.total %lld\nspace %s\n", (long long)t->first,
            (long long)t->total, is_trk(t->opt->output) ? "corner" : "scanner");
    if (t->grid->file) fprintf(f, "input.bytes %lld\n", (long long)t->grid->file->id.bytes);
    if (fclose(f)) status = vxg_error_set(VXG_ERR_MEMORY, "out of memory for the text of a job");
    o->key = *key;
    return status;
}

static int open_pieces(cli_tracking *t) {
    char folder[CLI_MAP_PATH + 64], *key = NULL;
    vxg_job_opts o;
    int status = job_opts(t, folder, sizeof folder, &o, &key);
    if (!status) status = vxg_job_open(folder, &o, &t->pieces);
    free(key);
    return status;
}

int cli_track_look(cli_tracking *t) {
    char folder[CLI_MAP_PATH + 64], *key = NULL;
    vxg_job_opts o;
    if (!cli_track_in_pieces(t->opt)) return VXG_OK;
    int status = job_opts(t, folder, sizeof folder, &o, &key);
    if (!status) status = vxg_job_look(folder, &o);
    free(key);
    return status;
}

/* ---- Making pieces ---- */

static int make_piece(cli_tracking *t, int64_t block) {
    vxg_tract_writer w = {.size = sizeof w, .write = piece_write, .impl = t->pieces};
    vxg_track_stats s = {.size = sizeof s};
    const record end = {-1, 0};
    const int64_t at = block * BLOCK, left = t->total - at;
    describe(t, &w.info);
    int status = vxg_job_begin(t->pieces, block);
    if (!status) status = cli_track_chunk(t, 0, t->first + at, left < BLOCK ? left : BLOCK, &w, &s);
    told all = {s.seeds,      s.outside,     s.streamlines, s.points,
                s.short_ones, s.region_ones, {0},           s.length};
    memcpy(all.ended, s.ended, sizeof all.ended);
    if (!status) status = vxg_job_write(t->pieces, &end, sizeof end);
    if (!status) status = vxg_job_write(t->pieces, &all, sizeof all);
    if (!status) return vxg_job_done(t->pieces);
    vxg_job_drop(t->pieces);
    return status;
}

static int make_pieces(cli_tracking *t) {
    int64_t all, own, block, left = 0, made = 0;
    int status = cli_track_blocks(t, &all, &own);
    if (!status) status = open_pieces(t);
    if (!status) status = vxg_job_left(t->pieces, &left);
    if (!status && left < all)
        cli_say(t->run, "%lld of %lld blocks of seeds are done", (long long)(all - left),
                (long long)all);
    const double begin = (double)(all - left) * BLOCK;
    t->progress = cli_progress(t->run);
    while (!status && !(status = vxg_job_next(t->pieces, &block)) && block >= 0) {
        t->done = begin + (double)made * BLOCK, t->worth = 1;
        status = make_piece(t, block);
        made += !status;
    }
    cli_progress_end();
    if (!status) status = vxg_job_left(t->pieces, &left);
    if (!status && t->opt->shard)
        cli_say(t->run, "%lld blocks made, %lld of %lld are left%s", (long long)made,
                (long long)left, (long long)all,
                left ? "" : ": --resume in place of --shard joins them");
    return status;
}

int cli_track_shard(cli_tracking *t) {
    return make_pieces(t);
}

/* ---- Joining them ---- */
typedef struct joined {
    vxg_tract_writer *to;
    vxg_track_stats *stats;
    char *buffer;
    size_t room, have, need; /* of the record */
    int ended;               /* what tracking told was there */
} joined;

static int damaged(void) {
    return vxg_error_set(VXG_ERR_INPUT, "a piece holds something else than streamlines");
}

/* The head is there: how much belongs to it. */
static int open_record(joined *j) {
    const record *head = (const record *)(void *)j->buffer;
    if (head->lines == -1) {
        j->need = sizeof *head + sizeof(told);
    } else {
        if (head->lines < 1 || head->lines > LINES || head->points < 1 ||
            head->points > (int64_t)1 << 31)
            return damaged();
        j->need = sizeof *head + (size_t)(head->lines + 1) * sizeof(int64_t) +
                  (size_t)head->points * 3 * sizeof(float);
    }
    if (j->need <= j->room) return VXG_OK;
    char *more = realloc(j->buffer, j->need);
    if (!more) return vxg_error_set(VXG_ERR_MEMORY, "out of memory for streamlines");
    j->buffer = more, j->room = j->need;
    return VXG_OK;
}

static int close_record(joined *j) {
    const record *head = (const record *)(void *)j->buffer;
    const char *body = j->buffer + sizeof *head;
    if (head->lines == -1) {
        told s;
        memcpy(&s, body, sizeof s);
        vxg_track_stats one = {.seeds = s.seeds,
                               .outside = s.outside,
                               .streamlines = s.streamlines,
                               .points = s.points,
                               .short_ones = s.short_ones,
                               .region_ones = s.region_ones,
                               .length = s.length};
        memcpy(one.ended, s.ended, sizeof one.ended);
        cli_track_add_stats(j->stats, &one);
        j->ended = 1;
        return VXG_OK;
    }
    const int64_t *offsets = (const int64_t *)(const void *)body;
    const vxg_tract_batch batch = {.size = sizeof batch,
                                   .dtype = VXG_F32,
                                   .lines = head->lines,
                                   .offsets = offsets,
                                   .positions = offsets + head->lines + 1};
    if (offsets[head->lines] != head->points) return damaged();
    return vxg_tract_write(j->to, &batch);
}

static int join_bytes(void *context, const void *bytes, size_t n) {
    joined *j = context;
    const char *from = bytes;
    while (n > 0) {
        if (j->ended) return damaged();
        const size_t part = n < j->need - j->have ? n : j->need - j->have;
        memcpy(j->buffer + j->have, from, part);
        j->have += part, from += part, n -= part;
        if (j->have < j->need) continue;
        const int status = j->need == sizeof(record) ? open_record(j) : close_record(j);
        if (status) return status;
        if (j->have == j->need) j->have = 0, j->need = sizeof(record);
    }
    return VXG_OK;
}

static int join(cli_tracking *t, vxg_tract_writer *to) {
    int64_t all, own;
    joined j = {.to = to, .stats = &t->stats, .room = 1 << 16};
    int status = cli_track_blocks(t, &all, &own);
    j.buffer = malloc(j.room);
    if (!j.buffer) return vxg_error_set(VXG_ERR_MEMORY, "out of memory for streamlines");
    for (int64_t k = 0; k < all && !status; k++) {
        j.have = 0, j.need = sizeof(record), j.ended = 0;
        status = cli_cancel ? vxg_error_set(VXG_ERR_CANCELLED, "interrupted")
                            : vxg_job_read(t->pieces, k, join_bytes, &j);
        if (!status && !j.ended)
            status =
                vxg_error_set(VXG_ERR_INPUT, "piece %lld is shorter than its block", (long long)k);
    }
    free(j.buffer);
    return status;
}

/* ---- All of it ---- */

static int judge(const cli_tracking *t) {
    const vxg_track_stats *s = &t->stats;
    if (s->seeds && s->outside == s->seeds)
        return vxg_error_set(VXG_ERR_INPUT,
                             "%s%sall of %lld seeds lie outside the image: are they in mm of the "
                             "scanner's coordinates?",
                             t->opt->seed_list ? t->opt->seed_list : "",
                             t->opt->seed_list ? ": " : "", (long long)s->seeds);
    if (s->outside)
        cli_warn(t->run, "%lld of %lld seeds lie outside the image", (long long)s->outside,
                 (long long)s->seeds);
    if (!s->streamlines)
        cli_warn(t->run,
                 "no streamline: of %lld seeds %lld made one that was too short (--min-length %g "
                 "mm), %lld one that regions leave out",
                 (long long)s->seeds, (long long)s->short_ones, t->track.min_length,
                 (long long)s->region_ones);
    return VXG_OK;
}

int cli_track_make(cli_tracking *t) {
    vxg_tract_writer *to = NULL, *filter = NULL;
    int status = cli_track_in_pieces(t->opt) ? make_pieces(t) : VXG_OK;
    if (!status && t->pieces) cli_track_stage(t, "tracking");
    if (!status) status = open_chain(t, &to, &filter);
    if (status) return status;
    status = t->pieces ? join(t, to) : run_all(t, to);
    t->written = (vxg_tract_filter_stats){
        .size = sizeof t->written, .streamlines = t->stats.streamlines, .points = t->stats.points};
    if (!status && filter) status = vxg_tract_filter_get_stats(filter, &t->written);
    if (!status) status = judge(t);
    if (status)
        to->abandon(to);
    else
        status = to->finish(to);
    cli_track_stage(t, t->pieces ? "pieces joined" : "tracking and writing");
    return status;
}
