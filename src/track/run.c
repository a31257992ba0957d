/* Seeds become streamlines, block by block: initial peaks, two walkers for each, pages of points
 * until none is left, then whole streamlines in the seeds' order (kernels/track/walkers.k). */
#include "array/launch.h"
#include "track/track.h"

#include <math.h>
#include <string.h>

#define BLOCK_CPU 4096 /* seeds */
#define BLOCK 65536

typedef struct block {
    const vxg__tracker *t;
    const double *to_file; /* from mm to the writer's space, rows of 4; NULL: the same */
    int64_t seeds, first;  /* how many; the number of the first */
    int64_t walkers;       /* two a streamline */
    int64_t pages;         /* written so far */
    int64_t rounds;
    vxg_array where;       /* seeds, voxel indices */
    vxg_array peaks;       /* tiles */
    vxg_array list, count; /* pairs of seed and peak; live walkers */
    vxg_array marks, counts, state, live, page_of, points;
} block;

static void block_free(block *b) {
    vxg_array *const all[] = {&b->where,  &b->peaks, &b->list, &b->count,   &b->marks,
                              &b->counts, &b->state, &b->live, &b->page_of, &b->points};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) vxg_array_release(all[i]);
}

static int new_list(const vxg__tracker *t, vxg_dtype dtype, int64_t n, vxg_array *out) {
    return vxg_array_new(t->dev, dtype, 1, &n, out);
}

/* An array with room for `more` elements at least: what it holds stays. */
static int grow(const vxg__tracker *t, vxg_array *a, int64_t more) {
    const int64_t have = a->buffer ? vxg_array_count(a) : 0;
    if (more <= have) return VXG_OK;
    vxg_array b = {0};
    VXG_TRY(new_list(t, a->dtype, more > 2 * have ? more : 2 * have, &b));
    const size_t size = vxg_dtype_size(a->dtype);
    const int status = have ? vxg_buffer_copy(t->queue, b.buffer, 0, a->buffer,
                                              (size_t)a->offset * size, (size_t)have * size)
                            : VXG_OK;
    vxg_array_release(status ? &b : a);
    if (!status) *a = b;
    return status;
}

/* ---- Seeds ---- */
static int place_seeds(block *b, const double *seeds, vxg_track_stats *stats) {
    const vxg__tracker *t = b->t;
    const double *const m = t->inverse;
    double *v = vxg__calloc((size_t)b->seeds, 3 * sizeof *v);
    if (!v) return VXG_ERR_MEMORY;
    for (int64_t i = 0; i < b->seeds; i++) {
        int inside = 1;
        for (int k = 0; k < 3; k++) {
            v[3 * i + k] = vxg__dwi_dot(m + 4 * k, seeds + 3 * i) + m[4 * k + 3];
            if (t->real == VXG_REAL_F32) v[3 * i + k] = (double)(float)v[3 * i + k];
            inside = inside && v[3 * i + k] >= -0.5 && v[3 * i + k] < (double)t->n[k] - 0.5;
        }
        stats->outside += !inside;
        for (int k = 0; k < 3 && !inside; k++) v[3 * i + k] = -1e6;
    }
    const int64_t n = 3 * b->seeds;
    const int status = vxg__array_from_doubles(t->dev, t->real, 1, &n, v, &b->where);
    vxg__free(v);
    return status;
}

/* Pairs of seed and peak from which a streamline begins: their list, and how many. */
static int list_pairs(block *b, uint32_t *pairs) {
    const vxg__tracker *t = b->t;
    const int peaks = t->opts.peaks;
    vxg_launch l = vxg__track_launch(t, b->seeds, peaks, 1);
    l.ints[4] = peaks, l.ints[5] = (int)b->seeds, l.ints[11] = t->opts.rules == VXG_TRACK_OWN;
    VXG_TRY(new_list(t, VXG_U32, b->seeds * peaks, &b->marks));
    VXG_TRY(new_list(t, VXG_U32, b->seeds * peaks, &b->list));
    VXG_TRY(new_list(t, VXG_U32, 1, &b->count));
    const vxg_array *const arrays[] = {&b->peaks, &t->map, &t->tables, &b->where, &b->marks};
    for (int i = 0; i < 5; i++) vxg__push_array(&l, arrays[i]);
    VXG_TRY(vxg__launch(t->dev, t->queue, "walkers_mark", t->real, &l));
    VXG_TRY(vxg_array_compact(t->queue, &b->marks, NULL, &b->list, &b->count));
    return vxg_array_read(t->queue, &b->count, pairs);
}

static int begin_walkers(block *b) {
    const vxg__tracker *t = b->t;
    VXG_TRY(new_list(t, VXG_I32, b->walkers * VXG__TRACK_COUNTS, &b->counts));
    VXG_TRY(new_list(t, vxg_real_dtype(t->real), b->walkers * VXG__TRACK_STATE, &b->state));
    VXG_TRY(new_list(t, VXG_U32, b->walkers, &b->live));
    vxg_launch l = vxg__track_launch(t, b->walkers, 1, 1);
    l.ints[4] = t->opts.peaks;
    const vxg_array *const arrays[] = {&b->list,  &b->peaks,  &t->map,  &t->tables,
                                       &b->where, &b->counts, &b->state};
    for (int i = 0; i < 7; i++) vxg__push_array(&l, arrays[i]);
    VXG_TRY(vxg__launch(t->dev, t->queue, "walkers_begin", t->real, &l));
    VXG_TRY(grow(t, &b->marks, b->walkers));
    return VXG_OK;
}

/* ---- Walking ---- */
static int list_live(block *b, int first_halves, uint32_t *live) {
    const vxg__tracker *t = b->t;
    vxg_array marks = b->marks;
    marks.ndim = 1, marks.shape[0] = b->walkers, marks.stride[0] = 1;
    vxg_launch l = {.global = {b->walkers, 1, 1}, .nints = 1, .ints = {first_halves}};
    vxg__push_array(&l, &b->counts);
    vxg__push_array(&l, &marks);
    VXG_TRY(vxg__launch(t->dev, t->queue, "walkers_live", t->real, &l));
    VXG_TRY(vxg_array_compact(t->queue, &marks, NULL, &b->live, &b->count));
    return vxg_array_read(t->queue, &b->count, live);
}

static int note_pages(block *b, int64_t live) {
    const vxg__tracker *t = b->t;
    VXG_FAIL_IF(b->pages + live > INT32_MAX, VXG_ERR_MEMORY,
                "track: too many points in a block of seeds");
    vxg_launch l = {.global = {live, 1, 1}, .nints = 2, .ints = {(int)b->pages, (int)b->walkers}};
    VXG_TRY(grow(t, &b->page_of, ++b->rounds * b->walkers));
    VXG_TRY(grow(t, &b->points, (b->pages + live) * VXG__TRACK_PAGE * 3));
    vxg__push_array(&l, &b->live);
    vxg__push_array(&l, &b->counts);
    vxg__push_array(&l, &b->page_of);
    return vxg__launch(t->dev, t->queue, "walkers_pages", t->real, &l);
}

static int walk_round(block *b, int64_t live) {
    const vxg__tracker *t = b->t;
    vxg_launch l = vxg__track_launch(t, live, 1, 1);
    vxg_array points = b->points;
    points.offset += b->pages * VXG__TRACK_PAGE * 3;
    l.nints = 7;
    vxg__push_long(&l, b->first);
    l.nints = VXG_MAX_INTS;
    vxg__push_array(&l, &t->field);
    vxg__push_array(&l, &t->map);
    vxg__push_array(&l, &t->tables);
    t->getter->launch(t, &l);
    const vxg_array *const arrays[] = {&b->live, &b->counts, &b->state, &points};
    for (int i = 0; i < 4; i++) vxg__push_array(&l, arrays[i]);
    return vxg__track_run_groups(t, t->getter->kernel, &l);
}

/* DIPY's second halves wait for the first ones' first step. */
static int turn_back(const block *b) {
    vxg_launch l = {.global = {b->walkers / 2, 1, 1}};
    vxg__push_array(&l, &b->counts);
    vxg__push_array(&l, &b->state);
    return vxg__launch(b->t->dev, b->t->queue, "walkers_turn_back", b->t->real, &l);
}

static int walk_all(block *b) {
    const int waits = b->t->opts.rules == VXG_TRACK_DIPY;
    uint32_t live = 0;
    VXG_TRY(list_live(b, waits, &live));
    for (int round = 0; live; round++) {
        VXG_TRY(vxg__poll(b->t->opts.progress) ? vxg_error_set(VXG_ERR_CANCELLED, "interrupted")
                                               : VXG_OK);
        VXG_TRY(note_pages(b, live));
        VXG_TRY(walk_round(b, live));
        b->pages += live;
        if (round == 0 && waits) VXG_TRY(turn_back(b));
        VXG_TRY(list_live(b, 0, &live));
    }
    return VXG_OK;
}

/* ---- Streamlines ---- */
typedef struct joined {
    int64_t lines, points;
    uint32_t *kept, *begins; /* lines; lines + 1 */
    int64_t *offsets;
    void *positions;
} joined;

static void joined_free(joined *j) {
    vxg__free(j->kept), vxg__free(j->begins), vxg__free(j->offsets), vxg__free(j->positions);
}

/* Which streamlines are long enough, and where each begins. */
static int choose_lines(const block *b, joined *j, vxg_track_stats *stats) {
    const vxg__tracker *t = b->t;
    const int64_t pairs = b->walkers / 2;
    int32_t *counts = vxg__calloc((size_t)(b->walkers * VXG__TRACK_COUNTS), sizeof *counts);
    j->kept = vxg__calloc((size_t)pairs, sizeof *j->kept);
    j->begins = vxg__calloc((size_t)pairs + 1, sizeof *j->begins);
    j->offsets = vxg__calloc((size_t)pairs + 1, sizeof *j->offsets);
    int status = counts && j->kept && j->begins && j->offsets ? VXG_OK : VXG_ERR_MEMORY;
    if (!status) status = vxg_array_read(t->queue, &b->counts, counts);
    for (int64_t p = 0; p < pairs && !status; p++) {
        const int32_t *c = counts + 2 * p * VXG__TRACK_COUNTS, *d = c + VXG__TRACK_COUNTS;
        const int64_t points = c[1] + d[1] - 1;
        const double length = (double)(points - 1) * t->opts.step;
        for (int h = 0; h < 2; h++) {
            const int end = h ? d[0] : c[0];
            if (end > 0 && end < VXG__TRACK_ENDS) stats->ended[end]++;
        }
        const int is_short = length < t->opts.min_length * (1 - 1e-9);
        const uint32_t seen = (uint32_t)(c[4] | d[4]);
        const int left_out = seen & VXG_TRACK_EXCLUDE || (seen & t->wanted) != t->wanted;
        stats->region_ones += left_out;
        stats->short_ones += !left_out && is_short;
        if (left_out || is_short) continue;
        j->kept[j->lines++] = (uint32_t)p;
        j->points += points;
        j->begins[j->lines] = (uint32_t)j->points, j->offsets[j->lines] = j->points;
        stats->length += length;
    }
    vxg__free(counts);
    VXG_FAIL_IF(!status && j->points > INT32_MAX, VXG_ERR_MEMORY,
                "track: too many points in a block of seeds");
    return status;
}

static int join_lines(const block *b, joined *j) {
    const vxg__tracker *t = b->t;
    vxg_array kept = {0}, begins = {0}, out = {0};
    int64_t longest = 0;
    for (int64_t i = 0; i < j->lines; i++) {
        const int64_t n = j->offsets[i + 1] - j->offsets[i];
        longest = n > longest ? n : longest;
    }
    j->positions = vxg__calloc((size_t)j->points, 3 * vxg_real_size(t->real));
    int status = j->positions ? VXG_OK : VXG_ERR_MEMORY;
    if (!status) status = new_list(t, VXG_U32, j->lines, &kept);
    if (!status) status = new_list(t, VXG_U32, j->lines + 1, &begins);
    if (!status) status = new_list(t, vxg_real_dtype(t->real), 3 * j->points, &out);
    if (!status) status = vxg_array_write(t->queue, &kept, j->kept);
    if (!status) status = vxg_array_write(t->queue, &begins, j->begins);
    vxg_launch l = {.global = {longest, j->lines, 1}, .nints = 1, .ints = {(int)b->walkers}};
    if (!status) {
        const vxg_array *const arrays[] = {&kept,      &begins,    &b->counts, &b->page_of,
                                           &b->points, &t->tables, &out};
        for (int i = 0; i < 7; i++) vxg__push_array(&l, arrays[i]);
        status = vxg__launch(t->dev, t->queue, "walkers_join", t->real, &l);
    }
    if (!status) status = vxg_array_read(t->queue, &out, j->positions);
    vxg_array_release(&kept), vxg_array_release(&begins), vxg_array_release(&out);
    return status;
}

static int write_lines(const block *b, vxg_tract_writer *writer, vxg_track_stats *stats) {
    joined j = {0};
    int status = choose_lines(b, &j, stats);
    if (!status && j.lines) status = join_lines(b, &j);
    if (!status && j.lines) {
        const vxg_tract_batch batch = {.size = sizeof batch,
                                       .dtype = vxg_real_dtype(b->t->real),
                                       .lines = j.lines,
                                       .offsets = j.offsets,
                                       .positions = j.positions};
        if (b->to_file) status = vxg_tract_move(b->to_file, batch.dtype, j.points, j.positions);
        if (!status) status = vxg_tract_write(writer, &batch);
    }
    stats->streamlines += j.lines, stats->points += j.points;
    joined_free(&j);
    return status;
}

static int run_block(block *b, const double *seeds, vxg_tract_writer *writer,
                     vxg_track_stats *stats) {
    const vxg__tracker *t = b->t;
    uint32_t pairs = 0;
    b->points.dtype = vxg_real_dtype(t->real), b->page_of.dtype = VXG_U32;
    VXG_TRY(place_seeds(b, seeds, stats));
    VXG_TRY(t->getter->peaks(t, &b->where, b->seeds, &b->peaks));
    VXG_TRY(list_pairs(b, &pairs));
    b->walkers = 2 * (int64_t)pairs;
    if (!pairs) return VXG_OK;
    VXG_TRY(begin_walkers(b));
    VXG_TRY(walk_all(b));
    return write_lines(b, writer, stats);
}

static int check_call(const vxg__tracker *t, int64_t n, const double *seeds) {
    VXG_FAIL_IF(n < 0 || n > VXG_MAX_ELEMENTS || (n && !seeds), VXG_ERR_ARGUMENT,
                "track: %lld seeds", (long long)n);
    for (int64_t i = 0; i < 3 * n; i++)
        VXG_FAIL_IF(!isfinite(seeds[i]), VXG_ERR_ARGUMENT, "track: seed %lld holds %g",
                    (long long)(i / 3), seeds[i]);
    (void)t;
    return VXG_OK;
}

int vxg_track_run(vxg_queue *queue, const vxg_track_field *field, int64_t n, const double *seeds,
                  const vxg_track_opts *opts, vxg_tract_writer *writer, vxg_track_stats *out) {
    vxg__tracker t;
    double to_file[12];
    vxg_track_stats stats = {.seeds = n};
    VXG_FAIL_IF(!writer || !writer->write, VXG_ERR_ARGUMENT, "track: the writer is NULL");
    if (out) VXG_TRY(VXG_OUT_CHECK(vxg_track_stats, out));
    VXG_TRY(vxg_tract_from_ras(&writer->info, to_file));
    VXG_TRY(vxg__tracker_make(&t, queue, field, opts));
    const int is_cpu = !strcmp(vxg_device_get_info(t.dev)->backend, "cpu");
    const int64_t size = t.opts.block ? t.opts.block : is_cpu ? BLOCK_CPU : BLOCK;
    int status = check_call(&t, n, seeds);
    for (int64_t at = 0; at < n && !status; at += size) {
        block b = {.t = &t,
                   .to_file = writer->info.space == VXG_TRACT_RAS ? NULL : to_file,
                   .first = t.opts.first + at,
                   .seeds = n - at < size ? n - at : size};
        vxg__report(t.opts.progress, "tracking", (double)at, (double)n);
        status = run_block(&b, seeds + 3 * at, writer, &stats);
        block_free(&b);
    }
    if (!status) vxg__report(t.opts.progress, "tracking", (double)n, (double)n);
    vxg__tracker_free(&t);
    if (!status && out) status = VXG_OUT(vxg_track_stats, out, &stats);
    return status;
}
