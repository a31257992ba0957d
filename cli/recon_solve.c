/* voxgrad recon --algorithm: options of iterative methods, and what is said of them. */
#include "cli.h"

#include <string.h>

int cli_is_iterative(const cli_recon *o) {
    const char *name = o->recon.algorithm;
    return name && *name && strcmp(name, "fbp") != 0;
}

int cli_solve_check(const cli_run *r, const cli_recon *o) {
    static const char *const filtered[] = {"filter", "cutoff"};
    if (!cli_is_iterative(o)) {
        for (int i = 0; i < r->verb->count; i++) {
            const cli_row *row = &r->verb->rows[i];
            if (row->table && !strcmp(row->table, "vxg_solve_opts") && r->given >> i & 1)
                return vxg_error_set(VXG_ERR_ARGUMENT,
                                     "--%s goes with iterative methods; --algorithm is fbp",
                                     row->own.name);
        }
        return VXG_OK;
    }
    for (size_t i = 0; i < sizeof filtered / sizeof *filtered; i++)
        if (cli_given(r, filtered[i]))
            return vxg_error_set(VXG_ERR_ARGUMENT, "--%s does not go with --algorithm %s",
                                 filtered[i], o->recon.algorithm);
    if (o->type == CLI_TYPE_TRY)
        return vxg_error_set(VXG_ERR_ARGUMENT,
                             "--type try does not go with --algorithm %s: centres are told by "
                             "filtered backprojection",
                             o->recon.algorithm);
    if (o->type == CLI_TYPE_SLICE && o->geometry)
        return vxg_error_set(VXG_ERR_ARGUMENT,
                             "--type slice does not go with --algorithm %s and --geometry: rays "
                             "cross slices, so the volume is solved for as a whole",
                             o->recon.algorithm);
    if (!vxg_solve_row_find(o->recon.algorithm))
        return vxg_error_set(VXG_ERR_ARGUMENT,
                             "--algorithm: there is no '%.64s'; `voxgrad recon --help` lists them",
                             o->recon.algorithm);
    return VXG_OK;
}

/* Values that stand for 0 (vxg_solve_opts) are meant in the volume's unit as well. */
static double or_usual(const cli_job *job, const char *name, double given, double usual) {
    const vxg_solve_row *row = vxg_solve_row_find(job->recon.algorithm);
    return given == 0 && strstr(row->uses, name) ? usual : given;
}

/* x per pixel is x per length unit times the pixel; what is minimised stays the same. */
void cli_solve_set(cli_job *job) {
    const double pixel = job->pixel > 0 ? job->pixel : 1;
    vxg_solve_opts *s = &job->solve;
    if (!cli_is_iterative(job->opt)) return;
    *s = job->opt->solve;
    s->size = sizeof *s;
    s->smooth = or_usual(job, "smooth", s->smooth, 1e-3);
    s->delta = or_usual(job, "delta", s->delta, 0.006);
    s->lower *= pixel, s->upper *= pixel, s->bend *= pixel, s->smooth *= pixel, s->delta *= pixel;
    s->damping /= pixel;
    s->weight /= s->penalty == VXG_PENALTY_SQUARE ? pixel * pixel : pixel;
    job->recon.solve = s;
}

int cli_solve_say(cli_job *job, const vxg_ct_recon_stats *s) {
    const char *const name = job->recon.algorithm;
    const double part = s->data > 0 ? s->residual / s->data : 0;
    if (!cli_is_iterative(job->opt)) return VXG_OK;
    cli_say(job->run, "%s: %d iterations, residual before the last %.3g %% of the data", name,
            s->iterations, 100 * part);
    if (s->negative)
        cli_say(job->run,
                "%lld line integrals are below 0 (brighter than the flat field) and count as 0: "
                "%s takes none",
                (long long)s->negative, name);
    int status = cli_provenance_add(&job->prov, "iterations", "%d", s->iterations);
    if (!status)
        status =
            cli_provenance_add(&job->prov, "residual", "%.9g of the data, before the last", part);
    if (!status && s->negative)
        status =
            cli_provenance_add(&job->prov, "replaced.negative", "%lld", (long long)s->negative);
    return status;
}
