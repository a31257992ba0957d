/* voxgrad recon --resume and --shard: the volume in blocks of detector rows (with a geometry file:
 * of slices), each made once and kept until all are there (vxg_job). Blocks are cut by the
 * detector's rows or the volume's slices alone; a slice has the bits that it has in any other run.
 * Also the verb that gathers them. */
#include "cli.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK 64 /* rows, slices */

/* 1: what it does looks at all of the volume. */
static int is_whole(const cli_recon *o) {
    const vxg_solve_row *m = cli_is_iterative(o) ? vxg_solve_row_find(o->recon.algorithm) : NULL;
    const vxg_solve_opts *s = &o->solve;
    return m && (o->geometry || !m->slicewise || s->tolerance > 0 || s->noise > 0 || s->change > 0);
}
int cli_in_states(const cli_recon *o) {
    return o->resume && cli_is_iterative(o) && is_whole(o);
}
int cli_in_pieces(const cli_recon *o) {
    return o->shard || (o->resume && !cli_in_states(o));
}

int cli_shard_read(const char *text, int64_t *shard, int64_t *shards) {
    char *slash, *end;
    const long long i = strtoll(text, &slash, 10);
    const long long n = *slash == '/' ? strtoll(slash + 1, &end, 10) : 0;
    if (*slash != '/' || *end || end == slash + 1 || n < 1 || n > 1000000 || i < 1 || i > n)
        return vxg_error_set(
            VXG_ERR_ARGUMENT,
            "--shard: '%.64s' is no part of a number of parts, as 1/3, 2/3 and 3/3 "
            "are",
            text);
    *shard = i - 1, *shards = n;
    return VXG_OK;
}

int cli_pieces_check(const cli_run *r, const cli_recon *o) {
    const char *const flag = o->shard ? "--shard" : "--resume";
    int64_t shard, shards;
    if (cli_given(r, "keep-every") && !cli_in_states(o))
        return vxg_error_set(VXG_ERR_ARGUMENT,
                             "--keep-every goes with --resume and a method that looks at the whole "
                             "volume");
    if (!o->resume && !o->shard) return VXG_OK;
    if (o->shard && o->report)
        return vxg_error_set(VXG_ERR_ARGUMENT,
                             "--report does not go with --shard, which makes no results: give it "
                             "with --resume, which joins them");
    if (o->resume && o->shard)
        return vxg_error_set(VXG_ERR_ARGUMENT, "--resume does not go with --shard, which goes on "
                                               "from what is there by itself and joins nothing");
    if (o->shard) {
        const int status = cli_shard_read(o->shard, &shard, &shards);
        if (status) return status;
    }
    if (o->type != CLI_TYPE_FULL)
        return vxg_error_set(VXG_ERR_ARGUMENT, "%s goes with --type full", flag);
    if (cli_in_states(o)) return VXG_OK;
    if (!is_whole(o)) return VXG_OK;
    const vxg_solve_row *method = vxg_solve_row_find(o->recon.algorithm);
    return vxg_error_set(VXG_ERR_ARGUMENT,
                         "%s does not go with --algorithm %s%s: it looks at all slices together",
                         flag, o->recon.algorithm,
                         !method->slicewise ? ""
                         : o->geometry      ? " and --geometry"
                                            : " and a rule for stopping");
}

int cli_pieces_folder(const cli_recon *o, char *path, size_t size) {
    return cli_folder_name(o->output, ".job", path, size);
}

/* ---- What work it is ---- */
int cli_job_beside(const char *name) {
    static const char *const beside[] = {"command",
                                         "input",
                                         "option.output",
                                         "option.force",
                                         "option.resume",
                                         "option.report",
                                         "option.shard",
                                         "option.max-memory",
                                         "option.threads",
                                         "option.save-format",
                                         "option.no-checksum",
                                         "option.keep-every",
                                         "option.follow-links",
                                         "device.name"};
    for (size_t i = 0; i < sizeof beside / sizeof *beside; i++)
        if (!strcmp(beside[i], name)) return 1;
    return !strncmp(name, "warning.", 8);
}

/* A run that was killed after its results were there may have left its pieces. */
int cli_job_left_over(int status, const char *folder) {
    char text[640];
    if (status != VXG_ERR_OUTPUT || access(folder, F_OK) != 0) return status;
    snprintf(text, sizeof text, "%s", vxg_error_message());
    return vxg_error_set(status,
                         "%s; %s is still there, too: where these are its results, of a run that "
                         "was broken off at its end, it can be removed",
                         text, folder);
}

/* What is cut: rows of the whole detector; slices of a volume that --geometry describes. */
static void span_of(const cli_job *job, int64_t *begin, int64_t *end) {
    *begin = job->geo ? 0 : job->sel.row0;
    *end = job->geo ? job->vol.nz : job->sel.row1;
}
static int64_t blocks_of(const cli_job *job) {
    int64_t begin, end;
    span_of(job, &begin, &end);
    return (end - 1) / BLOCK - begin / BLOCK + 1;
}
static void block_at(const cli_job *job, int64_t block, int64_t *begin, int64_t *end) {
    int64_t all0, all1;
    span_of(job, &all0, &all1);
    const int64_t first = (all0 / BLOCK + block) * BLOCK;
    *begin = first > all0 ? first : all0;
    *end = first + BLOCK < all1 ? first + BLOCK : all1;
}

int cli_pieces_plan(const cli_job *job, int64_t *all, int64_t *own, int64_t *begin, int64_t *end) {
    int64_t shard = 0, shards = 1;
    *all = blocks_of(job);
    const int status = job->opt->shard ? cli_shard_read(job->opt->shard, &shard, &shards) : VXG_OK;
    *own = shard < *all ? (*all - shard - 1) / shards + 1 : 0;
    *begin = job->recon.row_begin, *end = job->recon.row_end;
    for (int64_t k = 0; k < *all && !job->geo; k++) {
        int64_t r0, r1;
        block_at(job, k, &r0, &r1);
        if (k == 0 || r1 - r0 > *end - *begin) *begin = r0, *end = r1;
    }
    return status;
}

/* What the geometry file says, however it is called. */
static int add_geometry(const cli_job *job, FILE *f) {
    char hex[65];
    const int status = vxg_file_sha256(job->opt->geometry, hex);
    if (!status) fprintf(f, "geometry.sha256 %s\n", hex);
    return status;
}
static int iterations_of(const cli_job *job) {
    const int given = job->opt->solve.iterations;
    return given ? given : vxg_solve_row_find(job->opt->recon.algorithm)->iterations;
}

/* Where pieces are and of what work; *key for free(). */
static int job_opts(cli_job *job, char *folder, size_t room, vxg_job_opts *o, char **key) {
    size_t size = 0;
    *o = (vxg_job_opts){.blocks = cli_in_states(job->opt) ? iterations_of(job) : blocks_of(job)};
    int status = cli_pieces_folder(job->opt, folder, room);
    if (!status && job->opt->shard) status = cli_shard_read(job->opt->shard, &o->shard, &o->shards);
    if (status) return status;
    FILE *f = open_memstream(key, &size);
    if (!f) return vxg_error_set(VXG_ERR_MEMORY, "out of memory for the text of a job");
    for (int i = 0; i < job->prov.count; i++) {
        const vxg_attribute *a = &job->prov.list[i];
        if (!cli_job_beside(a->name)) fprintf(f, "%s %s\n", a->name, a->text);
    }
    fprintf(f, "rows %lld:%lld\nslices %lld x %lld\ninput.bytes %lld\n", (long long)job->sel.row0,
            (long long)job->sel.row1, (long long)job->vol.ny, (long long)job->vol.nx,
            (long long)job->scan->id.bytes);
    if (job->opt->geometry) status = add_geometry(job, f);
    if (!status) status = cli_linked_key(job->scan, !job->opt->no_checksum, f);
    if (fclose(f)) status = vxg_error_set(VXG_ERR_MEMORY, "out of memory for the text of a job");
    o->key = *key;
    return status;
}

static int open_pieces(cli_job *job) {
    char folder[4200], *key = NULL;
    vxg_job_opts o;
    int status = job_opts(job, folder, sizeof folder, &o, &key);
    if (!status) status = vxg_job_open(folder, &o, &job->pieces);
    free(key);
    return status;
}

int cli_pieces_there(const cli_job *job) {
    char folder[4200];
    return (cli_in_pieces(job->opt) || cli_in_states(job->opt)) &&
           !cli_pieces_folder(job->opt, folder, sizeof folder) && access(folder, F_OK) == 0;
}

int cli_pieces_look(cli_job *job) {
    char folder[4200], *key = NULL;
    vxg_job_opts o;
    if (!cli_in_pieces(job->opt) && !cli_in_states(job->opt)) return VXG_OK;
    int status = job_opts(job, folder, sizeof folder, &o, &key);
    if (!status) status = vxg_job_look(folder, &o);
    free(key);
    return status;
}

/* ---- Making them ---- */
/* Behind the slices of a piece: what its reconstruction told. */
typedef struct told {
    int64_t nonpositive, nonfinite, dead, values, repaired, empty_rows, negative, iterations, chunk;
    int64_t peak_bytes;
    double residual2, data2, largest;
    char algorithm[32];
} told;

typedef struct to_piece {
    vxg_volume_writer self;
    cli_job *job;
    int64_t next; /* slices come in order */
} to_piece;
static int piece_write(vxg_volume_writer *self, int64_t z0, int64_t nz, const float *src) {
    to_piece *t = self->impl;
    if (z0 != t->next)
        return vxg_error_set(VXG_ERR_FAILED, "slice %lld of a block came out of turn",
                             (long long)z0);
    t->next += nz;
    return vxg_job_write(t->job->pieces, src,
                         (size_t)(nz * t->job->vol.ny * t->job->vol.nx) * sizeof *src);
}

static int make_piece(cli_job *job, int64_t block) {
    to_piece t = {.self = {.size = sizeof t.self, .write = piece_write}, .job = job};
    vxg_ct_recon_stats s = {.size = sizeof s};
    t.self.impl = &t;
    if (job->geo)
        block_at(job, block, &job->recon.slice_begin, &job->recon.slice_end);
    else
        block_at(job, block, &job->recon.row_begin, &job->recon.row_end);
    job->recon.part = 1;
    int status = vxg_job_begin(job->pieces, block);
    if (!status) status = cli_reconstruct(job, &t.self, &s);
    told all = {.nonpositive = s.bad.nonpositive,
                .nonfinite = s.bad.nonfinite,
                .dead = s.bad.dead,
                .values = s.values,
                .repaired = s.repaired,
                .empty_rows = s.empty_rows,
                .negative = s.negative,
                .iterations = s.iterations,
                .chunk = s.chunk,
                .peak_bytes = s.peak_bytes,
                .residual2 = s.residual * s.residual,
                .data2 = s.data * s.data,
                .largest = s.largest};
    snprintf(all.algorithm, sizeof all.algorithm, "%s", s.algorithm ? s.algorithm : "");
    if (!status) status = vxg_job_write(job->pieces, &all, sizeof all);
    if (!status) return vxg_job_done(job->pieces);
    vxg_job_drop(job->pieces);
    return status;
}

int cli_pieces_make(cli_job *job) {
    const int64_t all = blocks_of(job);
    int64_t block, left = 0, made = 0;
    int status = open_pieces(job);
    if (!status) status = vxg_job_left(job->pieces, &left);
    if (!status && left < all)
        cli_say(job->run, "%lld of %lld blocks are done", (long long)(all - left), (long long)all);
    while (!status && !(status = vxg_job_next(job->pieces, &block)) && block >= 0) {
        status = make_piece(job, block);
        made += !status;
    }
    if (!status) status = vxg_job_left(job->pieces, &left);
    if (!status && job->opt->shard)
        cli_say(job->run, "%lld blocks made, %lld of %lld are left%s", (long long)made,
                (long long)left, (long long)all,
                left ? "" : ": --resume in place of --shard joins them");
    return status;
}

/* ---- A solver's states: the newest is the one that is kept ---- */
static int read_state(void *context, void *bytes, size_t n) {
    return fread(bytes, 1, n, context) == n
               ? VXG_OK
               : vxg_error_set(VXG_ERR_INPUT, "the state of a solver is cut off");
}
static int look_through(void *context, const void *bytes, size_t n) {
    (void)context, (void)bytes, (void)n;
    return VXG_OK;
}

/* Goes on from the newest state there is. */
static int load_state(cli_job *job, vxg_solver *solver) {
    const int all = iterations_of(job);
    char path[4300] = "";
    int status = VXG_OK, i = all;
    while (!status && !*path && i-- > 0) status = vxg_job_piece(job->pieces, i, path, sizeof path);
    job->state = *path ? i : -1;
    if (status || !*path) return status;
    status = vxg_job_read(job->pieces, i, look_through, NULL); /* its checksum */
    if (status)
        return vxg_error_context(status, "remove it to go on from an earlier state, or anew");
    FILE *f = fopen(path, "rb");
    if (!f) return vxg_error_set(VXG_ERR_INPUT, "%s: cannot open", path);
    status = vxg_solver_load(solver, read_state, f);
    fclose(f);
    if (!status) cli_say(job->run, "%d of %d iterations are done", i + 1, all);
    return status;
}

static int write_state(void *context, const void *bytes, size_t n) {
    return vxg_job_write(context, bytes, n);
}
static int save_state(cli_job *job, vxg_solver *solver, int iteration) {
    int status = vxg_job_begin(job->pieces, iteration - 1);
    if (!status) status = vxg_solver_save(solver, write_state, job->pieces);
    if (status) {
        vxg_job_drop(job->pieces);
        return status;
    }
    status = vxg_job_done(job->pieces);
    if (!status && job->state >= 0 && job->state != iteration - 1)
        status = vxg_job_forget(job->pieces, job->state);
    job->state = iteration - 1;
    return status;
}

static int keep(void *context, vxg_solver *solver) {
    cli_job *const job = context;
    vxg_solve_report r = {.size = sizeof r};
    if (!job->kept) {
        job->kept = 1, job->kept_at = cli_now();
        return load_state(job, solver);
    }
    if (cli_now() - job->kept_at < job->opt->keep_every) return VXG_OK;
    int status = vxg_solver_report(solver, &r);
    if (!status) status = save_state(job, solver, r.iteration);
    job->kept_at = cli_now();
    return status;
}

int cli_states_begin(cli_job *job) {
    if (!cli_in_states(job->opt)) return VXG_OK;
    job->recon.keep = keep, job->recon.keep_context = job;
    return open_pieces(job);
}

/* ---- Joining them ---- */
typedef struct joined {
    vxg_volume_writer *to;
    float *slice;
    told told;
    size_t slice_bytes, have; /* of the slice, then of told */
    int64_t z, behind;        /* the next slice, that behind the block */
} joined;

static int join_bytes(void *context, const void *bytes, size_t n) {
    joined *j = context;
    const char *from = bytes;
    while (n > 0) {
        const int slices = j->z < j->behind;
        const size_t whole = slices ? j->slice_bytes : sizeof j->told;
        const size_t part = n < whole - j->have ? n : whole - j->have;
        if (!part) return vxg_error_set(VXG_ERR_INPUT, "a piece is longer than its block");
        memcpy((slices ? (char *)j->slice : (char *)&j->told) + j->have, from, part);
        j->have += part, from += part, n -= part;
        if (!slices || j->have < whole) continue;
        const int status = j->to->write(j->to, j->z, 1, j->slice);
        if (status) return status;
        j->z++, j->have = 0;
    }
    return VXG_OK;
}

static void add_told(const told *t, vxg_ct_recon_stats *s, double squares[2]) {
    s->bad.nonpositive += t->nonpositive, s->bad.nonfinite += t->nonfinite;
    s->bad.dead += t->dead, s->values += t->values, s->repaired += t->repaired;
    s->empty_rows += t->empty_rows, s->negative += t->negative;
    s->iterations = (int)t->iterations;
    if (t->chunk > s->chunk) s->chunk = t->chunk; /* the most that a piece had */
    if (t->peak_bytes > s->peak_bytes) s->peak_bytes = t->peak_bytes;
    s->largest = fmax(s->largest, t->largest);
    squares[0] += t->residual2, squares[1] += t->data2;
}

/* The name as text that stays. */
static const char *algorithm_of(const char *name) {
    static const char *const own[] = {"fbp", "fdk", "fourier"};
    for (int i = 0; i < 3; i++)
        if (!strcmp(own[i], name)) return own[i];
    const vxg_solve_row *row = vxg_solve_row_find(name);
    return row ? row->name : "";
}

int cli_pieces_join(cli_job *job, vxg_volume_writer *writer, vxg_ct_recon_stats *stats) {
    const int64_t area = job->vol.ny * job->vol.nx, all = blocks_of(job);
    const int64_t views = job->sel.view1 - job->sel.view0, cols = job->sel.col1 - job->sel.col0;
    joined j = {.to = writer, .slice_bytes = (size_t)area * sizeof(float)};
    int64_t first, last;
    double squares[2] = {0};
    span_of(job, &first, &last);
    *stats = (vxg_ct_recon_stats){
        .size = sizeof *stats, .slices = job->vol.nz, .ny = job->vol.ny, .nx = job->vol.nx};
    int status = cli_pieces_make(job);
    if (!status && !(j.slice = malloc(j.slice_bytes)))
        status = vxg_error_set(VXG_ERR_MEMORY, "out of memory for a slice");
    for (int64_t k = 0; k < all && !status; k++) {
        int64_t begin, end;
        block_at(job, k, &begin, &end);
        j.z = begin - first, j.behind = end - first, j.have = 0;
        status = vxg_job_read(job->pieces, k, join_bytes, &j);
        if (!status && (j.z != j.behind || j.have != sizeof j.told))
            status =
                vxg_error_set(VXG_ERR_INPUT, "piece %lld is shorter than its block", (long long)k);
        j.told.algorithm[sizeof j.told.algorithm - 1] = 0;
        if (!status) add_told(&j.told, stats, squares);
    }
    free(j.slice);
    stats->residual = sqrt(squares[0]), stats->data = sqrt(squares[1]);
    stats->algorithm = algorithm_of(j.told.algorithm);
    /* pixels of rows that hold values, and of those that do not */
    const int64_t pixels = stats->values / views + stats->empty_rows * cols;
    if (!status) status = vxg_ct_recon_judge(stats, pixels);
    return status;
}

/* ---- voxgrad merge ---- */
typedef struct cli_merge {
    cli_shared shared;
} cli_merge;
static const cli_row merge_rows[] = {CLI_SHARED_ROWS(cli_merge)};

static int run_merge(cli_run *r) {
    vxg_job *job;
    int64_t left;
    int status = vxg_job_open(r->operands[0], NULL, &job);
    for (int i = 1; i < r->noperands && !status; i++) status = vxg_job_merge(job, r->operands[i]);
    if (!status) status = vxg_job_left(job, &left);
    if (!status && r->shared->json) {
        cli_json j = {.f = stdout};
        cli_json_open(&j, NULL, '{');
        cli_json_text(&j, "job", r->operands[0]);
        cli_json_int(&j, "blocks_left", left);
        cli_json_close(&j, '}');
    } else if (!status) {
        printf("%s: %lld blocks are left\n", r->operands[0], (long long)left);
    }
    if (!status && !left)
        cli_say(r, "all is there: the command of the parts with --resume in place of --shard makes "
                   "the results");
    vxg_job_close(job);
    return status;
}

const cli_verb cli_verb_merge = {
    .name = "merge",
    .operands = "DIR.job [OTHER.job...]",
    .summary = "gather what parts of a reconstruction or of tracking have made",
    .about =
        "`voxgrad recon --shard I/N -o DIR` leaves pieces of the volume in DIR.job, `voxgrad track "
        "--shard I/N -o FILE` pieces of the tractogram in FILE.job. Where parts "
        "were made in folders of their own, on other machines say, this takes over the pieces of "
        "the others into the first (they stay where they are, too) and says how many blocks are "
        "left. Pieces of other work, of another scan or with other options, are refused.",
    .examples = "  voxgrad recon scan.h5 -o out --shard 1/2     # here\n"
                "  voxgrad recon scan.h5 -o out --shard 2/2     # on another machine\n"
                "  voxgrad merge out.job copied/out.job\n"
                "  voxgrad recon scan.h5 -o out --resume\n",
    .min_operands = 1,
    .max_operands = CLI_MAX_OPERANDS,
    CLI_ROWS(merge_rows),
    .size = sizeof(cli_merge),
    .run = run_merge,
};
