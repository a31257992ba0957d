/* voxgrad tracks info and length. */
#include "track_picture.h"
#include "tracks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What is found on the way through a file. */
typedef struct walk {
    double *length; /* of each streamline, mm */
    int64_t n, room;
    double lo[3], hi[3]; /* of positions, mm */
    int placed;          /* 1: they are in scanner coordinates */
    int has_box;         /* 1: the image is known */
    double corner[12];   /* from positions to mm from its corner, along its axes */
    double box[3];       /* its sides, mm */
    int64_t outside;     /* points outside */
} walk;

static int make_room(walk *w, int64_t more) {
    if (w->n + more <= w->room) return VXG_OK;
    const int64_t room = 2 * (w->n + more);
    double *p = realloc(w->length, (size_t)room * sizeof *p);
    if (!p) return vxg_error_set(VXG_ERR_MEMORY, "out of memory for lengths");
    w->length = p, w->room = room;
    return VXG_OK;
}

/* From the scanner to the image's corner: as TrackVis has it, with the image's own axes. */
static void find_box(walk *w, const vxg_tract_info *of) {
    cli_grid g;
    vxg_tract_info info = *of;
    if (!w->placed || !cli_grid_of(of, &g)) return;
    info.space = VXG_TRACT_CORNER;
    for (int k = 0; k < 3; k++) info.voxel[k] = g.side[k], w->box[k] = g.side[k] * (double)g.n[k];
    memcpy(info.voxel_order, g.order, sizeof g.order);
    w->has_box = vxg_tract_from_ras(&info, w->corner) == VXG_OK;
}

static int is_outside(const walk *w, const double p[3]) {
    for (int k = 0; k < 3; k++) {
        const double *r = w->corner + 4 * k;
        const double x = r[0] * p[0] + r[1] * p[1] + r[2] * p[2] + r[3];
        if (!(x >= -1e-3 && x <= w->box[k] + 1e-3)) return 1;
    }
    return 0;
}

static void extend(walk *w, const double rows[12], const vxg_tract_batch *b) {
    for (int64_t i = 0; i < b->offsets[b->lines]; i++) {
        double p[3], mm[3];
        for (int k = 0; k < 3; k++)
            p[k] = b->dtype == VXG_F64 ? ((const double *)b->positions)[3 * i + k]
                                       : (double)((const float *)b->positions)[3 * i + k];
        for (int k = 0; k < 3; k++) {
            const double *r = rows + 4 * k;
            mm[k] = r[0] * p[0] + r[1] * p[1] + r[2] * p[2] + r[3];
            w->lo[k] = fmin(w->lo[k], mm[k]), w->hi[k] = fmax(w->hi[k], mm[k]);
        }
        w->outside += w->has_box && is_outside(w, mm);
    }
}

static int go_through(const cli_run *r, vxg_tract_reader *in, walk *w) {
    static const double identity[12] = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0};
    const vxg_progress *progress = cli_progress(r);
    double rows[12];
    for (int k = 0; k < 3; k++) w->lo[k] = INFINITY, w->hi[k] = -INFINITY;
    w->placed = vxg_tract_to_ras(&in->info, rows) == VXG_OK;
    if (!w->placed) memcpy(rows, identity, sizeof rows);
    find_box(w, &in->info);
    for (;;) {
        vxg_tract_batch b;
        int status = cli_tracks_next(in, &b);
        if (status || b.lines == 0) return status;
        status = make_room(w, b.lines);
        if (!status) status = cli_lengths_of(&in->info, &b, w->length + w->n);
        if (status) return status;
        w->n += b.lines;
        extend(w, rows, &b);
        if (in->info.streamlines > 0)
            progress->report(progress->context, "streamlines", (double)in->lines,
                             (double)in->info.streamlines);
    }
}

/* ---- Statistics ---- */
typedef struct summary {
    double sum, mean, median, least, most;
} summary;

static int compare(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorts them. */
static summary summarise(walk *w) {
    summary s = {.mean = NAN, .median = NAN, .least = NAN, .most = NAN};
    if (!w->n) return s;
    for (int64_t i = 0; i < w->n; i++) s.sum += w->length[i];
    qsort(w->length, (size_t)w->n, sizeof *w->length, compare);
    s.mean = s.sum / (double)w->n;
    s.median = 0.5 * (w->length[(w->n - 1) / 2] + w->length[w->n / 2]);
    s.least = w->length[0], s.most = w->length[w->n - 1];
    return s;
}

/* ---- Words ---- */
static const char *const space_words[] = {"scanner coordinates, mm",
                                          "mm from the corner of the image, along its axes"};

static void print_columns(const char *what, int n, const vxg_tract_column *c) {
    for (int i = 0; i < n; i++) {
        printf("%s%s (", i ? ", " : what, c[i].name);
        if (c[i].components > 1) printf("%d x ", (int)c[i].components);
        printf("%s)", vxg_dtype_name(c[i].dtype));
    }
    if (n) printf("\n");
}

static void print_place(const vxg_tract_info *info) {
    const char *times = cli_utf8("\u00d7", "x");
    if (info->grid[0] > 0)
        printf("  image     %lld %s %lld %s %lld voxels", (long long)info->grid[0], times,
               (long long)info->grid[1], times, (long long)info->grid[2]);
    if (info->grid[0] > 0 && info->voxel[0] > 0)
        printf(" of %g %s %g %s %g mm", info->voxel[0], times, info->voxel[1], times,
               info->voxel[2]);
    if (info->grid[0] > 0 && info->voxel_order[0]) printf(", axes %s", info->voxel_order);
    if (info->grid[0] > 0) printf("\n");
    for (int k = 0; k < 3 && info->has_affine; k++)
        printf("  %-9s %10.6g %10.6g %10.6g %10.6g\n", k ? "" : "affine", info->affine[4 * k] + 0.0,
               info->affine[4 * k + 1] + 0.0, info->affine[4 * k + 2] + 0.0,
               info->affine[4 * k + 3] + 0.0); /* no "-0" */
    if (!info->has_affine) printf("  affine    not said\n");
}

static void print_words(const vxg_tract_reader *in, const walk *w, const summary *s) {
    const vxg_tract_info *info = &in->info;
    const char *to = cli_utf8("\u2026", "..");
    printf("%s file: %lld streamlines, %lld points of %s\n", in->format, (long long)in->lines,
           (long long)in->points, vxg_dtype_name(info->dtype));
    printf("  space     %s\n", space_words[info->space]);
    print_place(info);
    if (in->points > 0) {
        printf("  extent    ");
        for (int k = 0; k < 3; k++) printf("%s%g %s %g", k ? ", " : "", w->lo[k], to, w->hi[k]);
        printf(" mm%s\n", w->placed ? "" : " from the corner");
    }
    if (in->lines > 0)
        printf("  lengths   %.4g %s %.4g mm, mean %.4g, median %.4g; %.6g m in all\n", s->least, to,
               s->most, s->mean, s->median, 1e-3 * s->sum);
    if (w->outside)
        printf("  note      %lld points lie outside the image\n", (long long)w->outside);
    print_columns("  of points ", info->npoint_columns, info->point_columns);
    print_columns("  of lines  ", info->nline_columns, info->line_columns);
    for (int i = 0; i < info->ngroups; i++)
        printf("%s%s (%lld)%s", i ? ", " : "  groups    ", info->groups[i].name,
               (long long)info->groups[i].count, i + 1 < info->ngroups ? "" : "\n");
    for (int i = 0; i < info->nattributes; i++)
        printf("  header    %s: %s\n", info->attributes[i].name, info->attributes[i].text);
}

/* ---- JSON ---- */
static void json_columns(cli_json *j, const char *key, int n, const vxg_tract_column *c) {
    cli_json_open(j, key, '[');
    for (int i = 0; i < n; i++) {
        cli_json_open(j, NULL, '{');
        cli_json_text(j, "name", c[i].name);
        cli_json_int(j, "components", c[i].components);
        cli_json_text(j, "dtype", vxg_dtype_name(c[i].dtype));
        cli_json_close(j, '}');
    }
    cli_json_close(j, ']');
}

static void json_reals(cli_json *j, const char *key, const double *x, int n) {
    cli_json_open(j, key, '[');
    for (int i = 0; i < n; i++) cli_json_real(j, NULL, x[i]);
    cli_json_close(j, ']');
}

static void json_place(cli_json *j, const vxg_tract_info *info) {
    cli_json_text(j, "space", info->space == VXG_TRACT_RAS ? "ras" : "corner");
    if (info->has_affine) json_reals(j, "affine", info->affine, 12);
    if (info->grid[0] > 0) {
        cli_json_open(j, "grid", '[');
        for (int k = 0; k < 3; k++) cli_json_int(j, NULL, info->grid[k]);
        cli_json_close(j, ']');
    }
    if (info->voxel[0] > 0) json_reals(j, "voxel_mm", info->voxel, 3);
    if (info->voxel_order[0]) cli_json_text(j, "voxel_order", info->voxel_order);
}

static void print_json(const vxg_tract_reader *in, const walk *w, const summary *s) {
    const vxg_tract_info *info = &in->info;
    cli_json j = {.f = stdout};
    cli_json_open(&j, NULL, '{');
    cli_json_text(&j, "file", in->path);
    cli_json_text(&j, "format", in->format);
    cli_json_int(&j, "streamlines", in->lines);
    cli_json_int(&j, "points", in->points);
    cli_json_text(&j, "dtype", vxg_dtype_name(info->dtype));
    json_place(&j, info);
    json_columns(&j, "point_columns", info->npoint_columns, info->point_columns);
    json_columns(&j, "line_columns", info->nline_columns, info->line_columns);
    cli_json_open(&j, "groups", '[');
    for (int i = 0; i < info->ngroups; i++) {
        cli_json_open(&j, NULL, '{');
        cli_json_text(&j, "name", info->groups[i].name);
        cli_json_int(&j, "streamlines", info->groups[i].count);
        cli_json_close(&j, '}');
    }
    cli_json_close(&j, ']');
    cli_json_open(&j, "header", '{');
    for (int i = 0; i < info->nattributes; i++)
        cli_json_text(&j, info->attributes[i].name, info->attributes[i].text);
    cli_json_close(&j, '}');
    cli_json_open(&j, "length_mm", '{');
    cli_json_real(&j, "min", s->least);
    cli_json_real(&j, "max", s->most);
    cli_json_real(&j, "mean", s->mean);
    cli_json_real(&j, "median", s->median);
    cli_json_real(&j, "sum", s->sum);
    cli_json_close(&j, '}');
    if (in->points > 0) {
        json_reals(&j, w->placed ? "extent_min_mm" : "extent_min_mm_from_corner", w->lo, 3);
        json_reals(&j, w->placed ? "extent_max_mm" : "extent_max_mm_from_corner", w->hi, 3);
    }
    if (w->has_box) cli_json_int(&j, "points_outside", w->outside);
    cli_json_close(&j, '}');
}

int cli_tracks_info(cli_run *r, const cli_tracks *o) {
    vxg_tract_reader *in = NULL;
    walk w = {0};
    (void)o;
    int status = vxg_tract_open(r->operands[1], NULL, &in);
    if (!status) status = go_through(r, in, &w);
    cli_progress_end();
    if (!status) {
        const summary s = summarise(&w);
        (r->shared->json ? print_json : print_words)(in, &w, &s);
    }
    free(w.length);
    vxg_tract_close(in);
    return status;
}

/* ---- length ---- */
static int write_lengths(cli_run *r, const cli_tracks *o, const walk *w, vxg_outputs *set) {
    static const double none;
    cli_provenance p = {0};
    char *comment = NULL;
    size_t size = 0;
    int status = cli_tracks_provenance(r, &p);
    FILE *f = open_memstream(&comment, &size);
    if (f) fprintf(f, "lengths of streamlines, mm\n");
    for (int i = 0; f && i < p.count; i++) fprintf(f, "%s: %s\n", p.list[i].name, p.list[i].text);
    if (!f || fclose(f)) status = vxg_error_set(VXG_ERR_MEMORY, "out of memory");
    if (!status)
        status = vxg_numbers_write(o->output, w->n ? w->length : &none, w->n, 1, comment, set,
                                   o->create.force);
    cli_provenance_free(&p);
    free(comment);
    return status;
}

int cli_tracks_length(cli_run *r, const cli_tracks *o) {
    vxg_tract_reader *in = NULL;
    vxg_outputs *set = NULL;
    walk w = {0};
    int status = vxg_tract_open(r->operands[1], NULL, &in);
    if (!status) status = cli_tracks_claim(r, o, o->output, NULL, &set);
    if (!status) status = go_through(r, in, &w);
    cli_progress_end();
    if (!status && !w.n) cli_say(r, "%s: no streamlines", r->operands[1]);
    if (!status && o->output) status = write_lengths(r, o, &w, set);
    for (int64_t i = 0; i < w.n && !status && !o->output; i++) printf("%.17g\n", w.length[i]);
    if (!status) status = cli_commit(&set);
    if (!status && o->output) cli_say(r, "%s: %lld lengths", o->output, (long long)w.n);
    vxg_outputs_abandon(set);
    free(w.length);
    vxg_tract_close(in);
    return status;
}
