/* voxgrad info: what is in a scan file, and what to do with it. */
#include "cli.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct options {
    cli_shared shared;
    int follow_links;
} options;
static const vxg_option rows[] = {CLI_LINKS_ROW(options), CLI_SHARED_ROWS(options)};

typedef struct span { /* smallest, largest and mean count of some frames */
    double lo, hi, mean;
    int64_t frames, rows, bad;
} span;

typedef struct facts {
    span data, flat, dark;
    double theta_lo, theta_hi, gap; /* degrees; gap between neighbours after sorting */
    int sorted;
    int64_t bytes;
} facts;

/* Looks at whole frames evenly spread over the stack, about 64 MB of them at most. */
static int measure(vxg_scan_reader *scan, vxg_frame_kind kind, int64_t frames, span *s) {
    memset(s, 0, sizeof *s);
    if (!frames) return VXG_OK;
    int64_t n = scan->nrows * scan->ncols, most = ((int64_t)16 << 20) / (n ? n : 1);
    int64_t rows_read = scan->nrows;
    if (most < 2) { /* very large frames: a band of rows of two of them */
        most = 2;
        rows_read = ((int64_t)8 << 20) / scan->ncols;
        if (rows_read > scan->nrows) rows_read = scan->nrows;
        if (rows_read < 1) rows_read = 1;
    }
    int64_t count = frames < most ? frames : most, r0 = (scan->nrows - rows_read) / 2, good = 0;
    if (count > 32) count = 32;
    n = rows_read * scan->ncols;
    float *frame = malloc((size_t)n * sizeof *frame);
    int status = frame ? VXG_OK : vxg_error_set(VXG_ERR_MEMORY, "out of memory for a frame");
    *s = (span){INFINITY, -INFINITY, 0, count, rows_read, 0};
    for (int64_t i = 0; !status && i < count; i++) {
        int64_t v = count > 1 ? i * (frames - 1) / (count - 1) : 0;
        status = scan->read(scan, kind, v, v + 1, r0, r0 + rows_read, 0, scan->ncols, frame);
        for (int64_t k = 0; !status && k < n; k++) {
            double x = frame[k];
            if (!isfinite(x)) {
                s->bad++;
                continue;
            }
            if (x < s->lo) s->lo = x;
            if (x > s->hi) s->hi = x;
            s->mean += x, good++;
        }
        if (cli_cancel) status = vxg_error_set(VXG_ERR_CANCELLED, "interrupted");
    }
    s->mean = good ? s->mean / (double)good : NAN;
    free(frame);
    return status;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int look_at_angles(const vxg_scan_reader *scan, facts *f) {
    int64_t n = scan->nviews;
    double *t = malloc((size_t)n * sizeof *t);
    if (!t) return vxg_error_set(VXG_ERR_MEMORY, "out of memory for %lld angles", (long long)n);
    memcpy(t, scan->theta, (size_t)n * sizeof *t);
    f->sorted = 1;
    for (int64_t i = 1; i < n; i++) f->sorted &= t[i] >= t[i - 1];
    qsort(t, (size_t)n, sizeof *t, by_value);
    f->theta_lo = t[0], f->theta_hi = t[n - 1];
    for (int64_t i = 1; i < n; i++)
        if (t[i] - t[i - 1] > f->gap) f->gap = t[i] - t[i - 1];
    free(t);
    return VXG_OK;
}

/* Sentences on what is unusual. Calls say(context, text) for each. */
static int advice(const vxg_scan_reader *s, const facts *f, char text[][200]) {
    int n = 0;
    double range = f->theta_hi - f->theta_lo;
    double step = s->nviews > 1 ? range / (double)(s->nviews - 1) : 0;
#define ADD(...) snprintf(text[n++], sizeof text[0], __VA_ARGS__)
    if (s->theta_missing)
        ADD("the file has no angles: evenly spaced from 0 to 180 degrees is assumed");
    if (!s->nflats) ADD("no flat fields: only data that are line integrals (--no-minus-log) work");
    if (!s->ndarks && s->nflats) ADD("no dark fields: the camera's offset is taken as 0");
    if (s->nflats && s->ndarks && f->flat.mean <= f->dark.mean)
        ADD("the flat fields are no brighter than the dark fields: are they swapped?");
    if (f->data.bad) ADD("%lld counts are not numbers; they are replaced", (long long)f->data.bad);
    if (range + step < 179)
        ADD("%.4g degrees are covered, less than 180: expect streaks", range + step);
    if (step > 0 && f->gap > 3 * step)
        ADD("the largest step between angles is %.4g degrees, the mean %.4g: part is missing",
            f->gap, step);
    if (!f->sorted) ADD("the angles are not in rising order (they need not be)");
    if ((double)s->nviews < 1.2 * (double)s->ncols && s->nviews > 1)
        ADD("%lld projections for %lld columns; about %lld would be free of view aliasing",
            (long long)s->nviews, (long long)s->ncols, (long long)ceil(M_PI_2 * (double)s->ncols));
    if (s->pixel_size <= 0) ADD("no pixel size: the attenuation comes out per pixel");
#undef ADD
    return n;
}

static void json_span(cli_json *j, const char *key, const span *s) {
    if (!s->frames) return;
    cli_json_open(j, key, '{');
    cli_json_real(j, "min", s->lo);
    cli_json_real(j, "max", s->hi);
    cli_json_real(j, "mean", s->mean);
    cli_json_int(j, "frames_read", s->frames);
    cli_json_int(j, "not_finite", s->bad);
    cli_json_close(j, '}');
}

static void print_json(const vxg_scan_reader *s, const facts *f) {
    cli_json j = {.f = stdout};
    char text[16][200];
    int n = advice(s, f, text);
    cli_json_open(&j, NULL, '{');
    cli_json_text(&j, "file", s->path);
    cli_json_text(&j, "format", s->format);
    cli_json_text(&j, "dtype", s->dtype);
    cli_json_int(&j, "bytes", f->bytes);
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
    for (int i = 0; i < n; i++) cli_json_text(&j, NULL, text[i]);
    cli_json_close(&j, ']');
    cli_json_close(&j, '}');
}

static void text_span(const char *what, const span *s, int64_t frames, int64_t nrows) {
    if (!s->frames) return;
    printf("  %-8s %.6g %s %.6g, mean %.6g", what, s->lo, cli_utf8("\u2026", ".."), s->hi, s->mean);
    if (s->frames < frames || s->rows < nrows)
        printf("  (from %lld of %lld frames)", (long long)s->frames, (long long)frames);
    printf("\n");
}

static void print_text(const vxg_scan_reader *s, const facts *f) {
    char text[16][200];
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
           cli_bytes((double)f->bytes), (long long)s->nrows, (long long)s->ncols,
           (long long)s->ncols, cli_bytes(4 * voxels));
    for (int i = 0, n = advice(s, f, text); i < n; i++) printf("  note     %s\n", text[i]);
}

static int run(cli_run *r) {
    vxg_scan_reader *scan = NULL;
    facts f = {0};
    struct stat st;
    const options *o = r->options;
    const vxg_scan_opts input = {.follow_links = o->follow_links};
    int status = vxg_scan_open_opts(r->operands[0], &input, &scan);
    if (status) return status;
    if (!stat(r->operands[0], &st)) f.bytes = st.st_size;
    status = look_at_angles(scan, &f);
    if (!status) status = measure(scan, VXG_FRAME_DATA, scan->nviews, &f.data);
    if (!status) status = measure(scan, VXG_FRAME_FLAT, scan->nflats, &f.flat);
    if (!status) status = measure(scan, VXG_FRAME_DARK, scan->ndarks, &f.dark);
    if (!status && r->shared->json) print_json(scan, &f);
    if (!status && !r->shared->json) print_text(scan, &f);
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
    .options = rows,
    .count = (int)(sizeof rows / sizeof *rows),
    .size = sizeof(options),
    .run = run,
};
