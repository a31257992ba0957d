/* voxgrad recon --geometry: the geometry file, the used projections of it, and the volume. */
#include "cli.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { VIEW_BYTES = 1024 }; /* a view of a geometry and of its moved copy */

int cli_geometry_read(const char *path, vxg_ct_notes *notes, vxg_ct_geometry **out) {
    char *text = NULL;
    *out = NULL;
    int status = cli_text_read(path, &text);
    if (!status) status = vxg_ct_geometry_from_json(text, strlen(text), notes, out);
    const cli_kind *kind = !status ? NULL
                           : text  ? cli_kind_of(text, strlen(text))
                                   : cli_file_kind(path);
    const int json = kind && kind->geometry && text && text[strspn(text, " \t\r\n")] == '{';
    const int other = json && strcmp(kind->geometry, "json") != 0;
    const int read = text != NULL;
    free(text);
    if (kind && !json && status == VXG_ERR_INPUT)
        return vxg_error_set(status, "%s: no JSON geometry file but %s", path, kind->words);
    if (other)
        return vxg_error_context(status,
                                 "%s: as a geometry of TIGRE or CIL, `voxgrad geometry convert -o "
                                 "scan.json` reads it; as a geometry file",
                                 path);
    return status && read ? vxg_error_context(status, "%s", path) : status;
}

int cli_recon_geometry(cli_job *job) {
    const cli_select *s = &job->sel;
    vxg_ct_geometry *all, *used;
    int status = cli_geometry_read(job->opt->geometry, &job->notes, &all);
    if (status) return status;
    const int64_t n = vxg_ct_geometry_nviews(all);
    job->geo = all;
    if (n == job->scan->nviews && s->view1 - s->view0 < n) {
        status = vxg_ct_geometry_slice(all, s->view0, s->view1, 1, &used);
        if (status) return status;
        vxg_ct_geometry_release(all);
        job->geo = used;
    }
    job->unit = job->notes.units;
    if (job->notes.has_volume) {
        job->vol = job->notes.volume;
    } else {
        vxg_ct_volume_spec open = {0};
        status = vxg_ct_complete_volume(job->geo, &open, &job->vol);
    }
    vxg_ct_summary kind = {0};
    if (!status)
        status = cli_say_kind(job->run, job->opt->geometry, job->geo, !cli_is_iterative(job->opt),
                              &job->notes, &kind, &job->odd);
    if (!status) status = cli_scan_row_of(0, job->vol.nz, 0, job->opt->nsino, &job->row);
    if (!status)
        cli_say(job->run, "geometry %s: %lld views, volume %lld x %lld x %lld of %g x %g x %g %s",
                job->opt->geometry, (long long)vxg_ct_geometry_nviews(job->geo),
                (long long)job->vol.nz, (long long)job->vol.ny, (long long)job->vol.nx, job->vol.dz,
                job->vol.dy, job->vol.dx, *job->unit ? job->unit : "units");
    return status;
}

/* The rows, one more while they are read with the frames of its fields, and what the method takes.
 */
static int check_memory(cli_job *job, int64_t nrows) {
    const cli_select *s = &job->sel;
    const int64_t views = s->view1 - s->view0, n = s->col1 - s->col0;
    const int64_t flats = job->scan->nflats, darks = job->scan->ndarks;
    const int64_t frames = flats > darks ? flats : darks;
    const int64_t method = n < 8 ? 0 : vxg_ct_center_memory(views, 1, n, NULL);
    return cli_memory_need(job->scan, !s->no_minus_log, job->opt->max_memory,
                           4 * n * (views * (nrows + 1) + 2 + frames) + VIEW_BYTES * views + method,
                           "to find the rotation axis");
}

/* The mean of the detector rows next to the plane of the source, one value a column. */
static int middle_row(cli_job *job, const vxg_ct_summary *kind, float **out) {
    const cli_select *sel = &job->sel;
    const int64_t views = sel->view1 - sel->view0, n = sel->col1 - sel->col0;
    const double at = kind->rows > 1 ? 0.5 * (kind->row[0] + kind->row[1]) : 0;
    int64_t list[3], nrows = 0;
    float *data = NULL;
    for (int64_t r = (int64_t)ceil(at - 1); r <= (int64_t)floor(at + 1); r++)
        if (r >= sel->row0 && r < sel->row1 && nrows < 3) list[nrows++] = r;
    if (!nrows)
        return vxg_error_set(VXG_ERR_INPUT,
                             "the plane of the source, row %.6g, is not on the "
                             "detector",
                             at);
    int status = check_memory(job, nrows);
    if (!status) status = cli_scan_rows(job->scan, sel, list, nrows, &data);
    for (int64_t v = 0; !status && v < views; v++)
        for (int64_t u = 0; u < n; u++) {
            double sum = 0;
            for (int64_t k = 0; k < nrows; k++) sum += data[(v * nrows + k) * n + u];
            data[v * n + u] = (float)(sum / (double)nrows);
        }
    *out = data;
    return status;
}

int cli_recon_axis(cli_job *job) {
    vxg_ct_summary kind = {.size = sizeof kind};
    vxg_ct_geometry *moved = NULL;
    float *row = NULL;
    double column = 0, x, y;
    vxg_ct_center_curve curve = {.size = sizeof curve, .center = &x, .score = &y, .capacity = 1};
    int status = vxg_ct_geometry_summary(job->geo, NULL, &kind);
    if (!status && kind.beam == VXG_CT_BEAM_PARALLEL)
        return vxg_error_set(VXG_ERR_ARGUMENT,
                             "--rotation-axis auto: %s describes a parallel "
                             "beam; without --geometry the axis is found",
                             job->opt->geometry);
    if (!status) status = middle_row(job, &kind, &row);
    if (!status)
        status =
            vxg_ct_center_conjugate(row, job->sel.view1 - job->sel.view0,
                                    job->sel.col1 - job->sel.col0, job->geo, NULL, &curve, &column);
    free(row);
    if (status) return vxg_error_context(status, "--rotation-axis auto");
    if (curve.at_border)
        cli_center_border(column, curve.lo, curve.hi,
                          "over an eighth of the columns from where the geometry file sees it",
                          &job->odd);
    cli_odd_say(job->run, job->scan->path, &job->odd);
    const double said = 0.5 * (kind.center[0] + kind.center[1]), shift = said - column;
    cli_say(job->run,
            "axis at column %.2f by conjugate rays; %s sees it at %.2f: the detector is moved by "
            "%+.2f columns (%+.4g %s along its rows)",
            column, job->opt->geometry, said, shift, shift * kind.pixel[0],
            *job->unit ? job->unit : "units");
    status = vxg_ct_detector_shift(job->geo, shift, 0, &moved);
    if (status) return status;
    vxg_ct_geometry_release(job->geo);
    job->geo = moved;
    cli_provenance *p = &job->prov;
    status = cli_provenance_add(p, "center", "%.17g", column);
    if (!status) status = cli_provenance_add(p, "center.method", "conjugate rays");
    if (!status) status = cli_provenance_add(p, "center.of_geometry_file", "%.17g", said);
    if (!status)
        status = cli_provenance_add(p, "geometry.detector_shift",
                                    "%.17g columns towards higher columns", shift);
    return status;
}
