/* The rotation axis by two independent methods, for `center` and for `recon` without an axis. */
#include "cli.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int new_curve(cli_center *out, int which, vxg_ct_center_curve *c) {
    out->x[which] = calloc(CLI_CENTER_CURVE, sizeof(double));
    out->y[which] = calloc(CLI_CENTER_CURVE, sizeof(double));
    if (!out->x[which] || !out->y[which])
        return vxg_error_set(VXG_ERR_MEMORY, "out of memory for a score curve");
    *c = (vxg_ct_center_curve){.size = sizeof *c,
                               .center = out->x[which],
                               .score = out->y[which],
                               .capacity = CLI_CENTER_CURVE};
    return VXG_OK;
}

static void keep_curve(cli_center *out, int which, const vxg_ct_center_curve *c) {
    out->n[which] = c->count;
    out->lo[which] = c->lo, out->hi[which] = c->hi;
    out->at_border[which] = c->at_border;
}

/* Columns: so close to the last strip that is wide enough to be judged, an axis beyond it is not
 * told from one there. */
#define AT_BORDER 2.0

/* Stripes narrower than about half of this are rings. */
enum { STRIPE = 21 };

/* Rows are smoothed, which takes more from noise than from the object: by this part of the width,
 * but no more than so many columns. */
static double smoothing(int64_t n, double most) {
    return fmin((double)n / 64, most);
}

/* The mean of the rows is a sinogram too, less noisy than each: rows that show nothing do little
 * harm, where the median of their values does much. */
static int wedge(const float *data, int64_t views, int64_t nrows, int64_t n, const double *theta,
                 vxg_ct_center_opts opts, cli_center *out) {
    float *mean = calloc((size_t)(views * n), sizeof *mean);
    vxg_ct_center_curve curve = {0};
    int status = mean ? VXG_OK : vxg_error_set(VXG_ERR_MEMORY, "out of memory for a sinogram");
    if (!status) status = new_curve(out, 0, &curve);
    for (int64_t i = 0; !status && i < views * nrows; i++)
        for (int64_t u = 0; u < n; u++) mean[i / nrows * n + u] += data[i * n + u] / (float)nrows;
    opts.smooth = smoothing(n, 4);
    if (!status && cli_cancel) status = vxg_error_set(VXG_ERR_CANCELLED, "interrupted");
    if (!status) status = vxg_ct_center_vo(mean, views, n, theta, &opts, &curve, &out->wedge);
    if (!status) keep_curve(out, 0, &curve);
    free(mean);
    return status;
}

static int whole_turn(const double *theta, int64_t views) {
    double lo = INFINITY, hi = -INFINITY;
    for (int64_t v = 0; v < views; v++) lo = fmin(lo, theta[v]), hi = fmax(hi, theta[v]);
    return hi - lo > 1.9 * M_PI;
}

/* A full turn: every view against its opposite one, wherever the axis is; else the seam between the
 * last views and the mirrored first ones, in data without stripes. */
static int registration(const float *data, float *clean, int64_t views, int64_t nrows, int64_t n,
                        const double *theta, vxg_ct_center_opts opts, cli_center *out) {
    vxg_ct_center_curve curve = {0};
    int status = new_curve(out, 1, &curve);
    if (!status)
        status = vxg_ct_center_opposite(data, views, nrows, n, theta, &opts, &curve, &out->pair);
    out->full = !status;
    if (status == VXG_ERR_INPUT) {
        snprintf(out->unlike, sizeof out->unlike, "%s",
                 whole_turn(theta, views) ? vxg_error_message() : "");
        opts.smooth = smoothing(n, 8);
        status = vxg_ct_center_pair(clean, views, nrows, n, theta, &opts, &curve, &out->pair);
    }
    if (!status) keep_curve(out, 1, &curve);
    return status;
}

/* A method that cannot work on this scan is a note, not an end; the rest is an end. */
static int is_end(int status) {
    return status == VXG_ERR_CANCELLED || status == VXG_ERR_MEMORY;
}

/* Where half a turn cannot be asked for a second opinion: the directions of one quarter turn and
 * their opposites against those of the other. */
static int sectors(const float *data, int64_t views, int64_t size, int64_t nrows,
                   const double *theta, const vxg_ct_center_opts *opts, cli_center *out) {
    float *part = malloc((size_t)(views * size) * sizeof *part);
    double *angle = malloc((size_t)views * sizeof *angle);
    int status =
        part && angle ? VXG_OK : vxg_error_set(VXG_ERR_MEMORY, "out of memory for projections");
    for (int k = 0; !status && k < 2; k++) {
        int64_t n = 0;
        double x, y; /* a curve: what it says of the border is not logged */
        vxg_ct_center_curve curve = {
            .size = sizeof curve, .center = &x, .score = &y, .capacity = 1};
        for (int64_t v = 0; v < views; v++) {
            const double t = fmod(fmod(theta[v] - theta[0], M_PI) + M_PI + 1e-9, M_PI);
            if ((t >= M_PI_2) != k) continue;
            memcpy(part + n * size, data + v * size, (size_t)size * sizeof *part);
            angle[n++] = theta[v];
        }
        out->sector[k] = NAN;
        if (n > 1)
            status = vxg_ct_center_opposite(part, n, nrows, size / nrows, angle, opts, &curve,
                                            &out->sector[k]);
        if (status && !is_end(status)) status = VXG_OK; /* says nothing */
    }
    free(part);
    free(angle);
    return status;
}

/* Views that are all alike, zeros for instance, say nothing about the axis. */
static int has_contrast(const float *data, int64_t views, int64_t size) {
    for (int64_t v = 1; v < views; v++)
        if (memcmp(data, data + v * size, (size_t)size * sizeof *data) != 0) return 1;
    return views < 2;
}

static int both(const float *data, float *clean, int64_t views, int64_t nrows, int64_t n,
                const double *theta, const vxg_ct_center_opts *opts, cli_center *out) {
    int other = registration(data, clean, views, nrows, n, theta, *opts, out), status = VXG_OK;
    if (is_end(other)) return other;
    if (other) {
        out->pair = NAN;
        snprintf(out->pair_why, sizeof out->pair_why, "%s", vxg_error_message());
    }
    const double side = fabs(out->pair - 0.5 * (double)(n - 1));
    if (out->full && side > 0.23 * (double)n) {
        snprintf(out->wedge_why, sizeof out->wedge_why,
                 "the axis is at the side of the detector, where half a turn does not show the "
                 "whole object");
        return sectors(data, views, nrows * n, nrows, theta, opts, out);
    }
    status = wedge(clean, views, nrows, n, theta, *opts, out);
    if (is_end(status)) return status;
    if (status) {
        out->wedge = NAN;
        snprintf(out->wedge_why, sizeof out->wedge_why, "%s", vxg_error_message());
    }
    if (status && other)
        return vxg_error_set(status, "no rotation axis found: %s; %s (give --rotation-axis)",
                             out->wedge_why, out->pair_why);
    return VXG_OK;
}

static int64_t pick_rows(const cli_select *sel, int64_t row, int max_rows, int64_t *list) {
    int64_t height = sel->row1 - sel->row0, n = height < max_rows ? height : max_rows;
    if (row >= 0) {
        list[0] = row;
        return 1;
    }
    for (int64_t i = 0; i < n; i++) list[i] = sel->row0 + (2 * i + 1) * height / (2 * n);
    return n;
}

/* The rows twice, with stripes and without; beside them one more and the frames of its fields, or
 * its mean, or, of a full turn, the rows of some directions; and what the methods take. */
static int check_memory(vxg_scan_reader *scan, const cli_select *sel, int64_t nrows,
                        const double *theta, const vxg_ct_center_opts *opts, double memory) {
    const int64_t views = sel->view1 - sel->view0, n = sel->col1 - sel->col0;
    const int64_t frames = scan->nflats > scan->ndarks ? scan->nflats : scan->ndarks;
    const int64_t fields = (2 + (sel->no_minus_log ? 0 : frames)) * n * 4;
    double lo = INFINITY, hi = -INFINITY;
    for (int64_t v = 0; v < views; v++) lo = fmin(lo, theta[v]), hi = fmax(hi, theta[v]);
    const int64_t beside = hi - lo > 1.02 * M_PI ? nrows : 1; /* else no two views are opposite */
    int64_t methods = n < 8 ? 0 : vxg_ct_center_memory(views, nrows, n, opts);
    if (methods < 0) return vxg_error_context(VXG_ERR_ARGUMENT, "--center-range");
    return cli_memory_need(scan, !sel->no_minus_log, memory,
                           4 * views * n * (2 * nrows + beside) + views * 16 +
                               4 * CLI_CENTER_CURVE * (int64_t)sizeof(double) +
                               (fields > methods ? fields : methods),
                           "to find the rotation axis");
}

static int without_stripes(const float *data, int64_t views, int64_t nrows, int64_t n,
                           float **out) {
    const size_t bytes = (size_t)(views * nrows * n) * sizeof **out;
    const int64_t size = STRIPE < 2 * n - 1 ? STRIPE : 2 * n - 1;
    float *clean = malloc(bytes);
    if (!clean)
        return vxg_error_set(VXG_ERR_MEMORY, "out of memory for %lld rows", (long long)nrows);
    memcpy(clean, data, bytes);
    *out = clean;
    return vxg_ct_ring_mean(clean, views, nrows, n, (int)size);
}

int cli_center_find(vxg_scan_reader *scan, const cli_select *sel, const vxg_range *range,
                    int64_t row, int max_rows, double memory, cli_center *out) {
    int64_t list[64], views = sel->view1 - sel->view0, n = sel->col1 - sel->col0;
    float *data = NULL, *clean = NULL;
    double *theta = NULL;
    vxg_ct_center_opts opts = {.size = sizeof opts};
    memset(out, 0, sizeof *out);
    out->wedge = out->pair = out->sector[0] = out->sector[1] = NAN;
    out->rows = pick_rows(sel, row, max_rows > 64 ? 64 : max_rows, list);
    if (range->given) {
        opts.lo = range->start - (double)sel->col0;
        opts.hi = isinf(range->stop) ? (double)n : range->stop - (double)sel->col0;
        opts.step = range->step;
        if (opts.lo < 0 || opts.hi > (double)n || opts.lo >= fmin(opts.hi, (double)(n - 1)))
            return vxg_error_set(
                VXG_ERR_ARGUMENT,
                "--center-range: %g:%g is not a range inside the columns %lld:%lld", range->start,
                range->stop, (long long)sel->col0, (long long)sel->col1);
        opts.hi = fmin(opts.hi, (double)(n - 1)); /* the last column's middle */
    }
    int status = cli_scan_theta(scan, sel, &theta);
    if (!status) status = check_memory(scan, sel, out->rows, theta, &opts, memory);
    if (!status) status = cli_scan_rows(scan, sel, list, out->rows, &data);
    if (!status && !has_contrast(data, views, out->rows * n))
        status = vxg_error_set(VXG_ERR_NUMERICAL,
                               "no rotation axis found: all %lld projections are the same in the "
                               "%lld rows looked at (their first value is %g)",
                               (long long)views, (long long)out->rows, (double)data[0]);
    if (!status) status = without_stripes(data, views, out->rows, n, &clean);
    if (!status) status = both(data, clean, views, out->rows, n, theta, &opts, out);
    free(data);
    free(clean);
    free(theta);
    if (status) {
        cli_center_free(out);
        return status;
    }
    double shift = (double)sel->col0;
    for (int m = 0; m < 2; m++)
        for (int64_t i = 0; i < out->n[m]; i++) out->x[m][i] += shift;
    for (int m = 0; m < 2; m++) out->lo[m] += shift, out->hi[m] += shift;
    out->range_given = range->given;
    out->wedge += shift, out->pair += shift; /* NaN stays NaN */
    out->sector[0] += shift, out->sector[1] += shift;
    const int by_wedge = !out->full && isfinite(out->wedge);
    out->used = by_wedge ? out->wedge : out->pair;
    out->method = by_wedge    ? "Fourier wedge"
                  : out->full ? "registration of all opposite views"
                              : "0/180 degree registration";
    return VXG_OK;
}

static void say_disagreement(const cli_center *c, cli_odd *odd) {
    cli_odd_add(odd, "centres-disagree", 0,
                "the two methods disagree by %.2f px: %.2f by the Fourier wedge%s, and %.2f by "
                "registration%s; look at the slices between them with "
                "`voxgrad recon --type try --center-range %.0f:%.0f:%.2g` and give the sharpest "
                "with --rotation-axis",
                fabs(c->wedge - c->pair), c->wedge,
                c->full ? "" : ", which looks at all views and is used", c->pair,
                c->full ? ", which looks at all pairs of opposite views and is used" : "",
                floor(fmin(c->wedge, c->pair) - 1), ceil(fmax(c->wedge, c->pair) + 2),
                fmax(0.5, ceil(fabs(c->wedge - c->pair) + 5) / 20));
}

static void say_sectors(const cli_center *c, cli_odd *odd) {
    cli_odd_add(odd, "centre-uncertain", 0,
                "one half of the directions puts the axis at column %.2f, the other at %.2f, all "
                "together, which is used, at %.2f; look at the slices with `voxgrad recon --type "
                "try --center-range %.0f:%.0f:%.2g` and give the sharpest with --rotation-axis",
                c->sector[0], c->sector[1], c->pair, floor(fmin(c->sector[0], c->sector[1]) - 1),
                ceil(fmax(c->sector[0], c->sector[1]) + 2),
                fmax(0.5, ceil(fabs(c->sector[0] - c->sector[1]) + 5) / 20));
}

static void say_unlike(const cli_center *c, cli_odd *odd) {
    cli_odd_add(
        odd, "centre-uncertain", 0,
        "the views cover a full turn, but opposite ones do not show the axis (%s), as when it "
        "is close to the detector's edge: column %.2f is of half a turn alone; look at the "
        "slices with `voxgrad recon --type try` and give the sharpest with --rotation-axis",
        c->unlike, c->used);
}

void cli_center_border(double axis, double lo, double hi, const char *beyond, cli_odd *odd) {
    cli_odd_add(
        odd, "centre-at-border", 0,
        "the axis is put at column %.2f, which is the border of the columns judged, %.1f to "
        "%.1f: it may lie beyond, %s; look at the slices there with `voxgrad recon --type "
        "try --center-range` and give the sharpest with --rotation-axis",
        axis, lo, hi, beyond);
}

static const char *beyond(const cli_center *c) {
    if (c->range_given) return "outside --center-range or where too little can be compared";
    if (c->full) return "where opposite views share too few columns to be compared";
    return "where nothing was looked for (--center-range does)";
}

void cli_center_say(const cli_run *run, const cli_center *c, cli_odd *odd) {
    char text[2][40] = {"failed", "failed"};
    const char *plain = cli_utf8("0\u00b0/180\u00b0 registration", "0/180 degree registration");
    if (isfinite(c->wedge)) snprintf(text[0], sizeof text[0], "%.2f", c->wedge);
    if (isfinite(c->pair)) snprintf(text[1], sizeof text[1], "%.2f", c->pair);
    cli_say(run, "centre %s (Fourier wedge) %s (%s) from %lld %s", text[0], text[1],
            c->full ? "registration of all opposite views" : plain, (long long)c->rows,
            c->rows == 1 ? "row" : "rows");
    if (c->wedge_why[0] && c->full)
        cli_say(run, "Fourier wedge: %s", c->wedge_why);
    else if (c->wedge_why[0])
        cli_warn(run, "Fourier wedge: %s; using the registration's value", c->wedge_why);
    if (c->pair_why[0]) cli_warn(run, "0/180 degree registration: %s", c->pair_why);
    const int which = c->used == c->wedge ? 0 : 1;
    const double inside = fmin(c->used - c->lo[which], c->hi[which] - c->used);
    if (c->at_border[which] || (c->full && !c->range_given && inside < AT_BORDER))
        cli_center_border(c->used, c->lo[which], c->hi[which], beyond(c), odd);
    if (fabs(c->wedge - c->pair) > 1) say_disagreement(c, odd);
    if (fabs(c->sector[0] - c->sector[1]) > 2) say_sectors(c, odd);
    if (c->unlike[0]) say_unlike(c, odd);
    cli_odd_say(run, run->operands[0], odd);
}

void cli_center_free(cli_center *c) {
    for (int m = 0; m < 2; m++) {
        free(c->x[m]);
        free(c->y[m]);
        c->x[m] = c->y[m] = NULL;
    }
}
