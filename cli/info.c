/* voxgrad info: what is in a scan file, and what to do with it. */
#include "cli.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct options {
    cli_shared shared;
    vxg_scan_opts scan;
} options;
static const cli_row rows[] = {CLI_LINKS_ROW(offsetof(options, scan)), CLI_SHARED_ROWS(options)};

/* Whole frames, about 64 MB of them; of very large ones a band of rows. */
enum { FRAMES = 32, FLOATS = 8 << 20, ALL = 16 << 20 };

static void json_span(cli_json *j, const char *key, const cli_counts *s) {
    if (!s->frames) return;
    cli_json_open(j, key, '{');
    cli_json_real(j, "min", s->lo);
    cli_json_real(j, "max", s->hi);
    cli_json_real(j, "mean", s->mean);
    cli_json_int(j, "frames_read", s->frames);
    cli_json_int(j, "not_finite", s->bad);
    cli_json_close(j, '}');
}

static void print_json(const vxg_scan_reader *s, const cli_facts *f, const cli_odd *odd,
                       int64_t bytes) {
    cli_json j = {.f = stdout};
    cli_json_open(&j, NULL, '{');
    cli_json_text(&j, "file", s->path);
    cli_json_text(&j, "format", s->format);
    cli_json_text(&j, "dtype", s->dtype);
    cli_json_int(&j, "bytes", bytes);
    cli_json_int(&j, "projections", s->nviews);
    cli_json_int(&j, "rows", s->nrows);
    cli_json_int(&j, "columns", s->ncols);
    cli_json_int(&j, "flats", s->nflats);
    cli_json_int(&j, "darks", s->ndarks);
    cli_json_real(&j, "theta_min", f->theta_lo);
    cli_json_real(&j, "theta_max", f->theta_hi);
    cli_json_bool(&j, "theta_missing", s->theta_missing);
    cli_json_real(&j, "pixel_size", s->pixel_size > 0 ? s->pixel_size : NAN);
    cli_json_text(&j, "pixel_unit", s->pixel_size > 0 ? s->pixel_unit : NULL);
    json_span(&j, "counts", &f->data);
    json_span(&j, "flat_counts", &f->flat);
    json_span(&j, "dark_counts", &f->dark);
    cli_json_open(&j, "notes", '[');
    for (int i = 0; i < odd->n; i++) cli_json_text(&j, NULL, odd->list[i].text);
    cli_json_close(&j, ']');
    cli_json_close(&j, '}');
}

static void text_span(const char *what, const cli_counts *s, int64_t frames, int64_t nrows) {
    if (!s->frames) return;
    printf("  %-8s %.6g %s %.6g, mean %.6g", what, s->lo, cli_utf8("\u2026", ".."), s->hi, s->mean);
    if (s->frames < frames || s->rows < nrows)
        printf("  (from %lld of %lld frames)", (long long)s->frames, (long long)frames);
    printf("\n");
}

static void print_text(const vxg_scan_reader *s, const cli_facts *f, const cli_odd *odd,
                       int64_t bytes) {
    const char *deg = cli_utf8("\u00b0", " deg"), *to = cli_utf8("\u2026", "..");
    printf("%s scan: %lld projections of %lld x %lld (%s), %lld flat%s, %lld dark%s, "
           "theta %.6g%s%.6g%s\n",
           s->format, (long long)s->nviews, (long long)s->nrows, (long long)s->ncols, s->dtype,
           (long long)s->nflats, s->nflats == 1 ? "" : "s", (long long)s->ndarks,
           s->ndarks == 1 ? "" : "s", f->theta_lo, to, f->theta_hi, deg);
    text_span("counts", &f->data, s->nviews, s->nrows);
    text_span("flats", &f->flat, s->nflats, s->nrows);
    text_span("darks", &f->dark, s->ndarks, s->nrows);
    if (s->pixel_size > 0) printf("  %-8s %g %s\n", "pixel", s->pixel_size, s->pixel_unit);
    double voxels = (double)s->nrows * (double)s->ncols * (double)s->ncols;
    printf("  %-8s %s; the full volume, %lld x %lld x %lld float32, takes %s\n", "size",
           cli_bytes((double)bytes), (long long)s->nrows, (long long)s->ncols, (long long)s->ncols,
           cli_bytes(4 * voxels));
    for (int i = 0; i < odd->n; i++) printf("  note     %s\n", odd->list[i].text);
}

static int run(cli_run *r) {
    vxg_scan_reader *scan = NULL;
    cli_facts f = {0};
    cli_odd odd = {0};
    cli_select sel = {0};
    struct stat st;
    const options *o = r->options;
    const vxg_ct_recon_opts all = {0};
    int status = cli_scan_open(r->operands[0], &o->scan, &scan);
    if (status) return status;
    const int64_t bytes = stat(r->operands[0], &st) ? 0 : (int64_t)st.st_size;
    const int64_t frame = scan->nrows * scan->ncols;
    int64_t frames = ALL / (frame ? frame : 1);
    frames = frames < 2 ? 2 : frames > FRAMES ? FRAMES : frames;
    status = cli_select_part(&sel, scan, &all);
    if (!status) status = cli_look(scan, &sel, (int)frames, frames > 2 ? frame : FLOATS, &f);
    if (!status) status = cli_odd_find(scan, &sel, &f, 1, &odd);
    if (!status && r->shared->json) print_json(scan, &f, &odd, bytes);
    if (!status && !r->shared->json) print_text(scan, &f, &odd, bytes);
    vxg_scan_close(scan);
    return status;
}

const cli_verb cli_verb_info = {
    .name = "info",
    .alias = "status",
    .operands = "FILE",
    .summary = "say what is in a scan file",
    .about = "Reads HDF5 Data Exchange and NXtomo scans, told apart by their content. Counts are "
             "taken from at most 32 projections spread over the scan, so large files are quick. "
             "Notes say what is missing or unusual.",
    .examples = "  voxgrad info tooth.h5\n  voxgrad info tooth.h5 --json\n",
    .min_operands = 1,
    .max_operands = 1,
    CLI_ROWS(rows),
    .size = sizeof(options),
    .run = run,
};
