/* The rotation axis by two independent methods, for `center` and for `recon` without an axis. */
#include "cli.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(const double *values, int64_t n) {
    double *v = malloc((size_t)n * sizeof *v), m = NAN;
    if (!v) return m;
    memcpy(v, values, (size_t)n * sizeof *v);
    qsort(v, (size_t)n, sizeof *v, by_value);
    m = n % 2 ? v[n / 2] : 0.5 * (v[n / 2 - 1] + v[n / 2]);
    free(v);
    return m;
}

static int new_curve(cli_center *out, int which, vxg_ct_center_curve *c) {
    out->x[which] = calloc(CLI_CENTER_CURVE, sizeof(double));
    out->y[which] = calloc(CLI_CENTER_CURVE, sizeof(double));
    if (!out->x[which] || !out->y[which])
        return vxg_error_set(VXG_ERR_MEMORY, "out of memory for a score curve");
    *c = (vxg_ct_center_curve){
        .center = out->x[which], .score = out->y[which], .capacity = CLI_CENTER_CURVE};
    return VXG_OK;
}

/* Wedge: one value per row, the median counts; the curve is the middle row's. */
static int wedge(const float *data, int64_t views, int64_t nrows, int64_t n, const double *theta,
                 const vxg_ct_center_opts *opts, cli_center *out) {
    double *values = calloc((size_t)nrows, sizeof *values);
    float *sino = malloc((size_t)(views * n) * sizeof *sino);
    vxg_ct_center_curve curve = {0};
    int status =
        values && sino ? VXG_OK : vxg_error_set(VXG_ERR_MEMORY, "out of memory for a sinogram");
    if (!status) status = new_curve(out, 0, &curve);
    for (int64_t k = 0; !status && k < nrows; k++) {
        for (int64_t v = 0; v < views; v++)
            memcpy(sino + v * n, data + (v * nrows + k) * n, (size_t)n * sizeof *sino);
        status = cli_cancel ? vxg_error_set(VXG_ERR_CANCELLED, "interrupted")
                            : vxg_ct_center_vo(sino, views, n, theta, opts,
                                               k == nrows / 2 ? &curve : NULL, &values[k]);
    }
    if (!status) {
        out->wedge = median(values, nrows);
        out->n[0] = curve.count;
    }
    free(values);
    free(sino);
    return status;
}

/* Views that are all alike, zeros for instance, say nothing about the axis. */
static int has_contrast(const float *data, int64_t views, int64_t size) {
    for (int64_t v = 1; v < views; v++)
        if (memcmp(data, data + v * size, (size_t)size * sizeof *data) != 0) return 1;
    return views < 2;
}

/* A method that cannot work on this scan is a note, not an end; the rest is an end. */
static int is_end(int status) {
    return status == VXG_ERR_CANCELLED || status == VXG_ERR_MEMORY;
}

static int both(const float *data, int64_t views, int64_t nrows, int64_t n, const double *theta,
                const vxg_ct_center_opts *opts, cli_center *out) {
    vxg_ct_center_curve curve = {0};
    int status = wedge(data, views, nrows, n, theta, opts, out);
    if (is_end(status)) return status;
    if (status) snprintf(out->wedge_why, sizeof out->wedge_why, "%s", vxg_error_message());
    int other = new_curve(out, 1, &curve);
    if (!other) other = vxg_ct_center_pair(data, views, nrows, n, theta, opts, &curve, &out->pair);
    if (is_end(other)) return other;
    if (other) {
        out->pair = NAN;
        snprintf(out->pair_why, sizeof out->pair_why, "%s", vxg_error_message());
    } else {
        out->n[1] = curve.count;
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

int cli_center_find(vxg_scan_reader *scan, const cli_select *sel, const vxg_range *range,
                    int64_t row, int max_rows, cli_center *out) {
    int64_t list[64], views = sel->view1 - sel->view0, n = sel->col1 - sel->col0;
    float *data = NULL;
    double *theta = NULL;
    vxg_ct_center_opts opts = {0};
    memset(out, 0, sizeof *out);
    out->wedge = out->pair = NAN;
    out->rows = pick_rows(sel, row, max_rows > 64 ? 64 : max_rows, list);
    if (range->given) {
        opts.lo = range->start - (double)sel->col0;
        opts.hi = isinf(range->stop) ? (double)n : range->stop - (double)sel->col0;
        opts.step = range->step;
        if (opts.lo < -0.5 || opts.hi > (double)n || opts.lo >= opts.hi)
            return vxg_error_set(
                VXG_ERR_ARGUMENT,
                "--center-range: %g:%g is not a range inside the columns %lld:%lld", range->start,
                range->stop, (long long)sel->col0, (long long)sel->col1);
    }
    int status = cli_scan_theta(scan, sel, &theta);
    if (!status) status = cli_scan_rows(scan, sel, list, out->rows, &data);
    if (!status && !has_contrast(data, views, out->rows * n))
        status = vxg_error_set(VXG_ERR_NUMERICAL,
                               "no rotation axis found: all %lld projections are the same in the "
                               "%lld rows looked at (their first value is %g)",
                               (long long)views, (long long)out->rows, (double)data[0]);
    if (!status) status = both(data, views, out->rows, n, theta, &opts, out);
    free(data);
    free(theta);
    if (status) {
        cli_center_free(out);
        return status;
    }
    double shift = (double)sel->col0;
    for (int m = 0; m < 2; m++)
        for (int64_t i = 0; i < out->n[m]; i++) out->x[m][i] += shift;
    out->wedge += shift, out->pair += shift; /* NaN stays NaN */
    int wedge_works = isfinite(out->wedge);
    out->used = wedge_works ? out->wedge : out->pair;
    out->method = wedge_works ? "Fourier wedge" : "0/180 degree registration";
    return VXG_OK;
}

void cli_center_say(const cli_run *run, const cli_center *c, cli_odd *odd) {
    char text[2][40] = {"failed", "failed"};
    if (isfinite(c->wedge)) snprintf(text[0], sizeof text[0], "%.2f", c->wedge);
    if (isfinite(c->pair)) snprintf(text[1], sizeof text[1], "%.2f", c->pair);
    cli_say(run, "centre %s (Fourier wedge) %s (%s registration) from %lld %s", text[0], text[1],
            cli_utf8("0\u00b0/180\u00b0", "0/180 degree"), (long long)c->rows,
            c->rows == 1 ? "row" : "rows");
    if (c->wedge_why[0])
        cli_warn("Fourier wedge: %s; using the registration's value", c->wedge_why);
    if (c->pair_why[0]) cli_warn("0/180 degree registration: %s", c->pair_why);
    if (!(fabs(c->wedge - c->pair) > 1)) return;
    cli_odd_add(
        odd, "centres-disagree", 0,
        "the two methods disagree by %.2f px: %.2f by the Fourier wedge, which looks at all "
        "views and is used, and %.2f by registration; look at the slices between them with "
        "`voxgrad recon --type try --center-range %.0f:%.0f:%.2g` and give the sharpest "
        "with --rotation-axis",
        fabs(c->wedge - c->pair), c->wedge, c->pair, floor(fmin(c->wedge, c->pair) - 1),
        ceil(fmax(c->wedge, c->pair) + 2), fmax(0.5, ceil(fabs(c->wedge - c->pair) + 5) / 20));
    cli_warn("%s", odd->list[odd->n - 1].text);
    odd->said = odd->n;
}

void cli_center_free(cli_center *c) {
    for (int m = 0; m < 2; m++) {
        free(c->x[m]);
        free(c->y[m]);
        c->x[m] = c->y[m] = NULL;
    }
}
