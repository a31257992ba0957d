/* voxgrad center: the rotation axis, with the curve that shows how sharp the answer is. */
#include "cli.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct options {
    cli_shared shared;
    const char *output, *nsino;
    vxg_range center_range;
    vxg_ct_recon_opts part; /* rows, columns, projections and how they are read */
    vxg_scan_opts scan;
    int force, max_rows;
    double max_memory;
} options;

static const cli_row rows[] = {
    CLI_OWN("output", 'o', VXG_OPT_OUTPUT, offsetof(options, output), NULL, 0, 0, NULL, "FILE",
            "write the score curves as a PNG picture"),
    CLI_OWN("nsino", 0, VXG_OPT_TEXT, offsetof(options, nsino), NULL, 0, 0, NULL, "ROW",
            "use one detector row: 512, or a fraction of the height: 0.5; not given: several rows"),
    CLI_OWN("max-rows", 0, VXG_OPT_INT, offsetof(options, max_rows), "9", 1, 64, "rows", NULL,
            "without --nsino, use up to this many rows spread over the height"),
    CLI_OWN("center-range", 0, VXG_OPT_RANGE, offsetof(options, center_range), NULL, 0, 0, "px",
            "A:B[:STEP]",
            "columns to search, from A up to B; not given: the middle half of the detector, of a "
            "full turn "
            "all columns where opposite views share enough (the narrowest strip is 1/16 of the "
            "columns, 16 at least)"),
    CLI_PART_ROWS(offsetof(options, part)),
    CLI_OWN("max-memory", 0, VXG_OPT_REAL, offsetof(options, max_memory), "1024", 1, 1e9, "MB",
            NULL,
            "memory the process and its HDF5 helper may hold at once; results do not depend on it"),
    CLI_LINKS_ROW(offsetof(options, scan)),
    CLI_FORCE_ALONE(options),
    CLI_SHARED_ROWS(options),
};

/* Curves of unlike units in one chart: each scaled to 0..1. */
static void unit_scale(double *y, int64_t n) {
    double lo = INFINITY, hi = -INFINITY;
    for (int64_t i = 0; i < n; i++) {
        if (y[i] < lo) lo = y[i];
        if (y[i] > hi) hi = y[i];
    }
    for (int64_t i = 0; i < n; i++) y[i] = hi > lo ? (y[i] - lo) / (hi - lo) : 0;
}

static void sort_curve(double *x, double *y, int64_t n) { /* coarse points come before fine ones */
    for (int64_t i = 1; i < n; i++) {
        double a = x[i], b = y[i];
        int64_t k = i;
        for (; k > 0 && x[k - 1] > a; k--) x[k] = x[k - 1], y[k] = y[k - 1];
        x[k] = a, y[k] = b;
    }
}

static int draw(const cli_run *r, const cli_center *c, const cli_odd *odd, vxg_outputs *set,
                const char *path, int force) {
    static const char *const names[2] = {"Fourier wedge", "0/180 degree registration"};
    const double value[2] = {c->wedge, c->pair};
    vxg_curve curves[2];
    char labels[2][64], title[96];
    int n = 0;
    for (int m = 0; m < 2; m++) {
        if (!c->n[m]) continue;
        sort_curve(c->x[m], c->y[m], c->n[m]);
        unit_scale(c->y[m], c->n[m]);
        snprintf(labels[n], sizeof labels[0], "%s %.2f", names[m], value[m]);
        curves[n] = (vxg_curve){
            .x = c->x[m], .y = c->y[m], .n = c->n[m], .label = labels[n], .mark = value[m]};
        n++;
    }
    snprintf(title, sizeof title, "rotation axis %.2f px, from %lld row%s", c->used,
             (long long)c->rows, c->rows == 1 ? "" : "s");
    vxg_picture pic = {0};
    cli_provenance prov;
    int status = cli_provenance_start(&prov, r);
    if (!status) status = cli_provenance_add(&prov, "input", "%s", r->operands[0]);
    if (!status) status = cli_provenance_add(&prov, "center", "%.6f", c->used);
    if (!status) status = cli_odd_provenance(odd, &prov);
    if (!status)
        status = vxg_picture_curves(curves, n, title, "detector column (px)",
                                    "score, scaled (lowest wins)", &pic);
    if (!status) status = vxg_outputs_picture(set, &pic, path, prov.list, prov.count, force);
    vxg_picture_free(&pic);
    cli_provenance_free(&prov);
    return status;
}

static void print_result(const cli_run *r, const cli_center *c, const cli_odd *odd,
                         const char *picture) {
    if (!r->shared->json) {
        printf("%.2f\n", c->used);
        return;
    }
    cli_json j = {.f = stdout};
    cli_json_open(&j, NULL, '{');
    cli_json_text(&j, "file", r->operands[0]);
    cli_json_real(&j, "center", c->used);
    cli_json_text(&j, "method", c->method);
    cli_json_real(&j, "fourier_wedge", c->wedge);
    cli_json_real(&j, "registration", c->pair);
    cli_json_int(&j, "rows", c->rows);
    cli_json_text(&j, "picture", picture);
    cli_odd_json(&j, odd);
    cli_json_close(&j, '}');
}

static int run(cli_run *r) {
    const options *o = r->options;
    vxg_scan_reader *scan = NULL;
    cli_select sel = {.reverse = o->part.reverse, .no_minus_log = o->part.no_minus_log};
    cli_center c = {0};
    cli_odd odd = {0};
    int64_t row = -1;
    vxg_outputs *set = NULL;
    vxg_scan_opts input = o->scan;
    input.max_memory = cli_memory_bytes(o->max_memory);
    const char *dot = o->output ? strrchr(o->output, '.') : NULL;
    if (o->output && (!dot || strcmp(dot, ".png") != 0))
        return vxg_error_set(VXG_ERR_ARGUMENT, "--output: %s does not end in .png", o->output);
    int status = cli_outputs_new(&set, r->operands, 1);
    if (!status) status = cli_scan_open(r->operands[0], &input, &scan);
    if (!status) status = cli_protect_scan(set, scan);
    if (!status && o->output) status = cli_claimed(vxg_outputs_claim(set, o->output, o->force));
    if (!status) status = cli_select_part(&sel, scan, &o->part);
    if (!status && o->nsino) status = cli_scan_row(scan, &sel, o->nsino, &row);
    if (!status)
        status = cli_center_find(scan, &sel, &o->center_range, row, o->max_rows, o->max_memory, &c);
    if (!status) {
        cli_center_say(r, &c, &odd);
        if (o->output) status = draw(r, &c, &odd, set, o->output, o->force);
        if (!status) status = cli_protect_scan(set, scan); /* what was found on the way, too */
        if (!status) status = cli_commit(&set);
        if (!status) print_result(r, &c, &odd, o->output);
        cli_center_free(&c);
    }
    vxg_outputs_abandon(set);
    if (scan) {
        status = cli_scan_context(status, scan);
        vxg_scan_close(scan);
    }
    return status;
}

const cli_verb cli_verb_center = {
    .name = "center",
    .alias = "find_center",
    .operands = "FILE",
    .summary = "find the rotation axis by two methods",
    .about =
        "Prints the detector column of the rotation axis (unbinned pixels, the first column is 0) "
        "on standard output. The Fourier-wedge method (Vo 2014) looks at the whole sinogram of "
        "half a turn; the registration compares each view of a full turn with the mirrored one "
        "half a turn later, wherever on the detector the axis is, and of half a turn the last "
        "views with the mirrored first ones. The registration counts for a full turn, the wedge "
        "otherwise. When they "
        "disagree by more than a pixel a warning says so: look at `voxgrad recon --type try` "
        "then. Only the rows looked at are read; where they need more than --max-memory, fewer "
        "(--max-rows, --nsino) or a part of the projections will do.",
    .examples = "  voxgrad center tooth.h5\n  voxgrad center tooth.h5 -o curve.png --json\n"
                "  voxgrad center scan.h5 --nsino 0.5 --center-range 900:1100\n",
    .min_operands = 1,
    .max_operands = 1,
    CLI_ROWS(rows),
    .size = sizeof(options),
    .run = run,
};
