/* voxgrad geometry: says what a geometry file is and what looks wrong, converts between formats. */
#include "cli.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOST_BYTES ((size_t)256 << 20)
#define DEG (180 / 3.14159265358979323846)

typedef struct options {
    cli_shared shared;
    const char *output, *svg;
    int from, to, force;
    vxg_ct_detector_size size; /* for formats that do not say */
} options;

/* ---- Formats ---- */
typedef struct source {
    const char *text;
    size_t n;
    vxg_ct_detector_size size; /* for formats that do not hold it */
} source;
typedef int from_fn(const source *s, vxg_ct_notes *notes, vxg_ct_geometry **geo);
typedef int to_fn(const vxg_ct_geometry *geo, const vxg_ct_notes *notes, char **text);

/* Formats with units and volumes, and others. */
#define FROM_NOTES(name)                                                                           \
    static int from_##name(const source *s, vxg_ct_notes *notes, vxg_ct_geometry **geo) {          \
        return vxg_ct_geometry_from_##name(s->text, s->n, notes, geo);                             \
    }
FROM_NOTES(json)
FROM_NOTES(tigre)
FROM_NOTES(leap)
FROM_NOTES(cil)
static int from_astra(const source *s, vxg_ct_notes *notes, vxg_ct_geometry **geo) {
    (void)notes;
    return vxg_ct_geometry_from_astra(s->text, s->n, geo);
}
static int from_rtk(const source *s, vxg_ct_notes *notes, vxg_ct_geometry **geo) {
    (void)notes;
    return vxg_ct_geometry_from_rtk(s->text, s->n, &s->size, geo);
}
static int from_matrices(const source *s, vxg_ct_notes *notes, vxg_ct_geometry **geo) {
    (void)notes;
    return vxg_ct_geometry_from_matrix_text(s->text, s->n, &s->size, geo);
}
static int to_json(const vxg_ct_geometry *geo, const vxg_ct_notes *notes, char **text) {
    return vxg_ct_geometry_to_json(geo, notes, 0, text);
}
static int to_vectors(const vxg_ct_geometry *geo, const vxg_ct_notes *notes, char **text) {
    return vxg_ct_geometry_to_json(geo, notes, 1, text);
}
static int to_astra(const vxg_ct_geometry *geo, const vxg_ct_notes *notes, char **text) {
    (void)notes;
    return vxg_ct_geometry_to_astra(geo, text);
}
static int to_rtk(const vxg_ct_geometry *geo, const vxg_ct_notes *notes, char **text) {
    (void)notes;
    return vxg_ct_geometry_to_rtk(geo, text);
}
static int to_matrices(const vxg_ct_geometry *geo, const vxg_ct_notes *notes, char **text) {
    (void)notes;
    return vxg_ct_geometry_to_matrix_text(geo, text);
}

/* X(name, from, to, words): the order of options, help and errors. kind.c knows them by what they
 * hold, all but the matrices. */
#define FORMAT_LIST(X)                                                                             \
    X("json", from_json, to_json, "JSON geometry files")                                           \
    X("vectors", from_json, to_vectors, "the same with every view's vectors")                      \
    X("astra", from_astra, to_astra, "ASTRA vectors")                                              \
    X("rtk", from_rtk, to_rtk, "RTK geometry XML")                                                 \
    X("matrices", from_matrices, to_matrices, "3 x 4 projection matrices")                         \
    X("tigre", from_tigre, vxg_ct_geometry_to_tigre, "TIGRE geometries as JSON")                   \
    X("leap", from_leap, vxg_ct_geometry_to_leap, "LEAP parameter files")                          \
    X("cil", from_cil, vxg_ct_geometry_to_cil, "CIL geometries as JSON")
static const struct format {
    const char *name;
    from_fn *from;
    to_fn *to;
} formats[] = {
#define X(name, from, to, words) {name, from, to},
    FORMAT_LIST(X)
#undef X
};
#define X(name, from, to, words) "|" name
#define FORMAT_NAMES FORMAT_LIST(X)
#define LINE(name, from, to, words) "\n  " name ": " words
#define FORMAT_HELP FORMAT_LIST(LINE)
#define FORMATS ((int)(sizeof formats / sizeof *formats))

static const cli_row rows[] = {
    CLI_OWN("svg", 0, VXG_OPT_OUTPUT, offsetof(options, svg), NULL, 0, 0, NULL, "FILE",
            "explain: also draw the scan from above and from the side"),
    CLI_OWN("output", 'o', VXG_OPT_OUTPUT, offsetof(options, output), NULL, 0, 0, NULL, "FILE",
            "convert: the file to write; not given: standard output"),
    CLI_OWN("from", 0, VXG_OPT_CHOICE, offsetof(options, from), "auto", 0, 0, NULL,
            "auto" FORMAT_NAMES, "format of FILE; auto: by what it holds"),
    CLI_OWN("to", 0, VXG_OPT_CHOICE, offsetof(options, to), "json", 0, 0, NULL, &FORMAT_NAMES[1],
            "convert: format to write; json: compact where a circle or helix says it all; vectors: "
            "JSON "
            "with the vectors of every view"),
    CLI_FIELD("rows", 0, offsetof(options, size), vxg_ct_detector_size, "rows", NULL),
    CLI_FIELD("cols", 0, offsetof(options, size), vxg_ct_detector_size, "cols", NULL),
    CLI_FIELD("pixel", 0, offsetof(options, size), vxg_ct_detector_size, "pixel", "1"),
    CLI_FIELD("row-pitch", 0, offsetof(options, size), vxg_ct_detector_size, "row-pitch", NULL),
    CLI_FORCE_ALONE(options),
    CLI_SHARED_ROWS(options),
};
#undef X

/* ---- Files ---- */
static int read_all(const char *path, char **text, size_t *n) {
    FILE *f = fopen(path, "rb");
    size_t room = 1 << 16, got = 0;
    *n = 0;
    *text = f ? malloc(room) : NULL;
    if (!f) return vxg_error_set(VXG_ERR_INPUT, "%s: %s", path, strerror(errno));
    while (*text && (got = fread(*text + *n, 1, room - *n, f)) > 0) {
        *n += got;
        if (*n < room) continue;
        if (room > MOST_BYTES) break;
        char *more = realloc(*text, room *= 2);
        if (!more) free(*text);
        *text = more;
    }
    int status = !*text      ? vxg_error_set(VXG_ERR_MEMORY, "%s: out of memory", path)
                 : ferror(f) ? vxg_error_set(VXG_ERR_INPUT, "%s: %s", path, strerror(errno))
                 : *n > MOST_BYTES
                     ? vxg_error_set(VXG_ERR_INPUT, "%s: more than 256 MiB: no geometry", path)
                     : VXG_OK;
    fclose(f);
    if (status) {
        free(*text);
        *text = NULL;
    } else {
        (*text)[*n] = 0; /* room was made before it was full */
    }
    return status;
}

/* input: the file that was read, which is not replaced. */
static int write_all(const char *input, const char *path, const char *text, int force) {
    vxg_outputs *set = NULL;
    int status = cli_outputs_new(&set, &input, 1);
    if (!status) status = cli_claimed(vxg_outputs_text(set, path, text, force));
    if (!status) status = cli_commit(&set);
    vxg_outputs_abandon(set);
    return status;
}

/* ---- Reading ---- */
/* Which format a text is in. */
static int format_of(const char *text, size_t n, int *format) {
    const cli_kind *kind = cli_kind_of(text, n);
    if (!kind || !kind->geometry)
        return vxg_error_set(VXG_ERR_INPUT, "no geometry file%s%s", kind ? " but " : "",
                             kind ? kind->words : " of a format that is known (--from says which)");
    for (*format = 0; strcmp(formats[*format].name, kind->geometry) != 0;) ++*format;
    return VXG_OK;
}

static int load(const options *o, const char *path, vxg_ct_notes *notes, vxg_ct_geometry **geo) {
    char *text;
    size_t n;
    *geo = NULL;
    int status = read_all(path, &text, &n);
    if (status) return status;
    const source from = {text, n, o->size};
    *notes = (vxg_ct_notes){.reverse = -1};
    int format = o->from - 1;
    if (!o->from) status = format_of(text, n, &format);
    if (!status) status = formats[format].from(&from, notes, geo);
    free(text);
    return status ? vxg_error_context(status, "%s", path) : VXG_OK;
}

/* ---- explain ---- */
static void pair(cli_json *j, const char *key, const double *p, double factor) {
    cli_json_open(j, key, '[');
    for (int i = 0; i < 2; i++) cli_json_real(j, NULL, p[i] * factor);
    cli_json_close(j, ']');
}

static void print_numbers(cli_json *j, const vxg_ct_summary *s) {
    cli_json_text(j, "beam",
                  s->beam == VXG_CT_BEAM_PARALLEL ? "parallel"
                  : s->rows == 1                  ? "fan"
                                                  : "cone");
    cli_json_text(j, "detector", s->detector == VXG_CT_DETECTOR_CURVED ? "curved" : "flat");
    cli_json_int(j, "views", s->nviews);
    cli_json_int(j, "rows", s->rows);
    cli_json_int(j, "cols", s->cols);
    pair(j, "sod", s->sod, 1);
    pair(j, "sdd", s->sdd, 1);
    pair(j, "magnification", s->magnification, 1);
    pair(j, "pixel", s->pixel, 1);
    pair(j, "pixel_at_axis", s->at_axis, 1);
    pair(j, "center", s->center, 1);
    pair(j, "center_row", s->row, 1);
    cli_json_real(j, "field_of_view_radius", s->fov_radius);
    pair(j, "field_of_view_z", s->fov_z, 1);
    cli_json_real(j, "fan_angle_deg", s->fan_angle * DEG);
    cli_json_real(j, "cone_angle_deg", s->cone_angle * DEG);
    cli_json_real(j, "first_deg", s->first * DEG);
    cli_json_real(j, "last_deg", s->last * DEG);
    cli_json_real(j, "step_deg", s->step[1] * DEG);
    cli_json_real(j, "covered_deg", s->covered * DEG);
    cli_json_real(j, "short_scan_deg", s->needed * DEG);
    cli_json_int(j, "direction", s->direction);
    cli_json_bool(j, "half_fan", s->half_fan);
    cli_json_int(j, "gaps", s->gaps);
    if (s->gaps) pair(j, "widest_gap_deg", s->gap, DEG);
    cli_json_real(j, "unseen_part", s->unseen);
    pair(j, "ray_pitch", s->ray_pitch, 1);
    cli_json_bool(j, "refused", s->refused);
    cli_json_text(j, "reconstruction", s->method);
    cli_json_bool(j, "repeated_end", s->repeated_end);
    pair(j, "z", s->z, 1);
    cli_json_real(j, "z_per_turn", s->z_per_turn);
    cli_json_real(j, "tilt_deg", s->tilt * DEG);
    cli_json_real(j, "roll_deg", s->roll * DEG);
}

static void print_json(const cli_run *r, const vxg_ct_notes *notes, const vxg_ct_summary *s) {
    cli_json j = {.f = stdout};
    char words[600];
    cli_json_open(&j, NULL, '{');
    cli_json_text(&j, "file", r->operands[1]);
    cli_json_text(&j, "units", notes->units[0] ? notes->units : NULL);
    print_numbers(&j, s);
    cli_json_open(&j, "warnings", '[');
    for (int w = 0; w < VXG_CT_WARNING_COUNT; w++) {
        if (!(s->warnings >> w & 1)) continue;
        vxg_ct_warning_words(s, (vxg_ct_warning)w, words, sizeof words);
        cli_json_open(&j, NULL, '{');
        cli_json_text(&j, "id", vxg_ct_warning_id((vxg_ct_warning)w));
        cli_json_text(&j, "words", words);
        cli_json_close(&j, '}');
    }
    cli_json_close(&j, ']');
    cli_json_close(&j, '}');
}

static void print_words(const vxg_ct_summary *s, const char *text) {
    char words[600];
    fputs(text, stdout);
    for (int w = 0; w < VXG_CT_WARNING_COUNT; w++) {
        if (!(s->warnings >> w & 1)) continue;
        vxg_ct_warning_words(s, (vxg_ct_warning)w, words, sizeof words);
        printf("warning (%s): %s\n", vxg_ct_warning_id((vxg_ct_warning)w), words);
    }
    if (!s->warnings) printf("nothing looks wrong\n");
}

static int explain(cli_run *r, const options *o) {
    vxg_ct_geometry *geo;
    vxg_ct_notes notes = {0};
    vxg_ct_summary s = {.size = sizeof s};
    char *words = NULL, *svg = NULL;
    int status = load(o, r->operands[1], &notes, &geo);
    if (!status) status = vxg_ct_geometry_summary(geo, &notes, &s);
    if (!status && o->svg) status = vxg_ct_geometry_svg(geo, &notes, &svg);
    if (!status && o->svg) status = write_all(r->operands[1], o->svg, svg, o->force);
    if (!status && !r->shared->json) status = vxg_ct_geometry_words(geo, &notes, &words);
    if (!status && r->shared->json) print_json(r, &notes, &s);
    if (!status && !r->shared->json) print_words(&s, words);
    vxg_free(words);
    vxg_free(svg);
    vxg_ct_geometry_release(geo);
    return status;
}

/* ---- convert ---- */
/* What other programs keep elsewhere is left out, and said; else no scan with a volume could go to
 * them. */
static void say_left_out(const cli_run *r, const vxg_ct_notes *notes, int to) {
    to_fn *const fn = formats[to].to;
    if (fn != to_astra && fn != to_rtk && fn != to_matrices) return;
    if (notes->has_volume)
        cli_warn(r,
                 "volume: %s has no place for it: %lld x %lld x %lld voxels of %g x %g x %g are "
                 "left out",
                 formats[to].name, (long long)notes->volume.nz, (long long)notes->volume.ny,
                 (long long)notes->volume.nx, notes->volume.dz, notes->volume.dy, notes->volume.dx);
    if (*notes->units)
        cli_warn(r, "units: %s has no place for them: '%s' is left out", formats[to].name,
                 notes->units);
}

static int convert(cli_run *r, const options *o) {
    vxg_ct_geometry *geo;
    vxg_ct_notes notes = {0};
    char *text = NULL;
    int status = load(o, r->operands[1], &notes, &geo);
    if (!status) status = formats[o->to].to(geo, &notes, &text);
    if (!status && o->output) {
        status = write_all(r->operands[1], o->output, text, o->force);
    } else if (!status) {
        fputs(text, stdout);
    }
    if (!status) say_left_out(r, &notes, o->to);
    vxg_free(text);
    vxg_ct_geometry_release(geo);
    return status;
}

static int run(cli_run *r) {
    const options *o = r->options;
    const int explains = !strcmp(r->operands[0], "explain");
    if (!explains && strcmp(r->operands[0], "convert"))
        return vxg_error_set(VXG_ERR_ARGUMENT, "'%s' is not explain or convert", r->operands[0]);
    if (explains && o->output)
        return vxg_error_set(VXG_ERR_ARGUMENT, "--output goes with convert (--svg draws)");
    if (!explains && o->svg) return vxg_error_set(VXG_ERR_ARGUMENT, "--svg goes with explain");
    return explains ? explain(r, o) : convert(r, o);
}

const cli_verb cli_verb_geometry = {
    .name = "geometry",
    .operands = "explain|convert FILE",
    .summary = "say what a scan geometry is, or convert it",
    .about =
        "explain prints what the scan in FILE is: beam, distances, magnification, field of view, "
        "direction of rotation, coverage, and warns about what looks wrong.\n\nconvert writes "
        "FILE in another format. --rows, --cols, --pixel and --row-pitch are for formats that do "
        "not say them. docs/geometry.md describes the formats:\n" FORMAT_HELP,
    .examples = "  voxgrad geometry explain scan.json --svg scan.svg\n"
                "  voxgrad geometry convert scan.json --to astra -o scan.txt\n"
                "  voxgrad geometry convert rtk.xml --rows 512 --cols 512 --pixel 0.8\n",
    .min_operands = 2,
    .max_operands = 2,
    CLI_ROWS(rows),
    .size = sizeof(options),
    .run = run,
};
