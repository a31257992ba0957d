/* Parts of a scan as line integrals, for the verbs that look at a few rows. */
#include "cli.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int cli_scan_open(const char *path, const vxg_scan_opts *opts, vxg_scan_reader **out) {
    int status = vxg_scan_open_opts(path, opts, out);
    if (status != VXG_ERR_INPUT) return status;
    const int foreign = strstr(vxg_error_message(), "not an HDF5 file") != NULL;
    const int no_scan = strstr(vxg_error_message(), "no scan: ") != NULL;
    const cli_kind *kind = foreign || no_scan ? cli_file_kind(path) : NULL;
    const char *words = kind ? kind->words : "";
    if (kind && foreign) return vxg_error_set(status, "%s: not an HDF5 file but %s", path, words);
    if (!strncmp(words, "a MATLAB", 8)) return vxg_error_set(status, "%s: %s", path, words);
    return status;
}

/* [begin, end) of n, as the library counts: end 0 is to the last. */
static int span(const char *name, int64_t n, int64_t first, int64_t last, int64_t *begin,
                int64_t *end) {
    *begin = first;
    *end = last ? last : first < n ? n : first + 1;
    if (*begin < 0 || *end > n || *begin >= *end)
        return vxg_error_set(VXG_ERR_ARGUMENT, "--%s: %lld:%lld reaches outside 0:%lld", name,
                             (long long)*begin, (long long)*end, (long long)n);
    return VXG_OK;
}

int cli_select_part(cli_select *sel, const vxg_scan_reader *scan, const vxg_ct_recon_opts *part) {
    int status = span("rows", scan->nrows, part->row_begin, part->row_end, &sel->row0, &sel->row1);
    if (!status)
        status =
            span("columns", scan->ncols, part->col_begin, part->col_end, &sel->col0, &sel->col1);
    if (!status)
        status = span("projections", scan->nviews, part->view_begin, part->view_end, &sel->view0,
                      &sel->view1);
    return status;
}

int cli_scan_context(int status, const vxg_scan_reader *scan) {
    if (status != VXG_ERR_INPUT && status != VXG_ERR_NUMERICAL) return status;
    if (strstr(vxg_error_message(), scan->path)) return status;
    return vxg_error_context(status, "%s", scan->path);
}

int cli_scan_theta(const vxg_scan_reader *scan, const cli_select *sel, double **out) {
    int64_t n = sel->view1 - sel->view0;
    double *theta = malloc((size_t)n * sizeof *theta);
    if (!theta) return vxg_error_set(VXG_ERR_MEMORY, "out of memory for %lld angles", (long long)n);
    for (int64_t i = 0; i < n; i++) {
        double degrees = scan->theta[sel->view0 + i];
        if (!isfinite(degrees)) {
            free(theta);
            return vxg_error_set(VXG_ERR_INPUT, "%s: the angle of projection %lld is not a number",
                                 scan->path, (long long)(sel->view0 + i));
        }
        theta[i] = (sel->reverse ? -degrees : degrees) * M_PI / 180;
    }
    *out = theta;
    return VXG_OK;
}

int cli_scan_geometry(const vxg_scan_reader *scan, const cli_select *sel, double center,
                      vxg_ct_geometry **out) {
    double *theta = NULL;
    *out = NULL;
    int status = cli_scan_theta(scan, sel, &theta);
    if (status) return status;
    const vxg_ct_parallel_opts o = {.angles = theta,
                                    .nviews = sel->view1 - sel->view0,
                                    .rows = 1,
                                    .cols = sel->col1 - sel->col0,
                                    .center = center - (double)sel->col0,
                                    .has_center = 1};
    status = vxg_ct_parallel_circular(&o, out);
    free(theta);
    return status;
}

/* Mean of one row of the flat or dark frames; zero where there are none. */
static int frame_row(vxg_scan_reader *scan, vxg_frame_kind kind, int64_t frames, int64_t row,
                     const cli_select *sel, float *mean) {
    int64_t n = sel->col1 - sel->col0;
    memset(mean, 0, (size_t)n * sizeof *mean);
    if (!frames) return VXG_OK;
    float *data = malloc((size_t)(frames * n) * sizeof *data);
    if (!data)
        return vxg_error_set(VXG_ERR_MEMORY, "out of memory for %lld flat or dark rows",
                             (long long)frames);
    int status = scan->read(scan, kind, 0, frames, row, row + 1, sel->col0, sel->col1, data);
    if (!status) status = vxg_ct_frame_mean(data, frames, n, mean);
    free(data);
    return status;
}

static int one_row(vxg_scan_reader *scan, const cli_select *sel, int64_t row, float *data,
                   float *flat, float *dark) {
    int64_t views = sel->view1 - sel->view0, n = sel->col1 - sel->col0;
    int status = scan->read(scan, VXG_FRAME_DATA, sel->view0, sel->view1, row, row + 1, sel->col0,
                            sel->col1, data);
    if (status || sel->no_minus_log) return status;
    if (!(status = frame_row(scan, VXG_FRAME_FLAT, scan->nflats, row, sel, flat)) &&
        !(status = frame_row(scan, VXG_FRAME_DARK, scan->ndarks, row, sel, dark)))
        status = vxg_ct_normalize(data, views, n, flat, dark, 0, NULL);
    return status;
}

int cli_scan_rows(vxg_scan_reader *scan, const cli_select *sel, const int64_t *rows, int64_t nrows,
                  float **out) {
    int64_t views = sel->view1 - sel->view0, n = sel->col1 - sel->col0;
    if (!sel->no_minus_log && !scan->nflats)
        return vxg_error_set(VXG_ERR_INPUT,
                             "%s has no flat fields (use --no-minus-log if its data are line "
                             "integrals already)",
                             scan->path);
    float *all = malloc((size_t)(views * nrows * n) * sizeof *all);
    float *data = malloc((size_t)((views + 2) * n) * sizeof *data);
    int status = all && data ? VXG_OK
                             : vxg_error_set(VXG_ERR_MEMORY, "out of memory for %lld rows",
                                             (long long)nrows);
    for (int64_t k = 0; !status && k < nrows; k++) {
        float *flat = data + views * n, *dark = flat + n;
        status = cli_cancel ? vxg_error_set(VXG_ERR_CANCELLED, "interrupted")
                            : one_row(scan, sel, rows[k], data, flat, dark);
        for (int64_t v = 0; !status && v < views; v++)
            memcpy(all + (v * nrows + k) * n, data + v * n, (size_t)n * sizeof *data);
    }
    free(data);
    if (status) {
        free(all);
        return status;
    }
    *out = all;
    return VXG_OK;
}

int cli_scan_row_of(int64_t first, int64_t n, int part, const char *text, int64_t *row) {
    char *end;
    double x = strtod(text, &end);
    int fraction = strchr(text, '.') != NULL;
    if (end == text || *end || !isfinite(x) || (!fraction && x != floor(x)))
        return vxg_error_set(VXG_ERR_ARGUMENT,
                             "--nsino: '%s' is not a row (512) or a fraction of the height (0.5)",
                             text);
    if (fraction && (x < 0 || x > 1))
        return vxg_error_set(VXG_ERR_ARGUMENT, "--nsino: the fraction %s is not from 0.0 to 1.0",
                             text);
    if (fraction) x = (double)first + floor(x * (double)(n - 1) + 0.5);
    if (x < (double)first || x >= (double)(first + n))
        return vxg_error_set(VXG_ERR_ARGUMENT, "--nsino: row %s is outside %lld:%lld%s", text,
                             (long long)first, (long long)(first + n), part ? " (--rows)" : "");
    *row = (int64_t)x;
    return VXG_OK;
}

int cli_scan_row(const vxg_scan_reader *scan, const cli_select *sel, const char *text,
                 int64_t *row) {
    const int64_t n = sel->row1 - sel->row0;
    return cli_scan_row_of(sel->row0, n, n < scan->nrows, text, row);
}
