/* What deconvolution needs of a series: which shell, which order its directions determine, and the
 * signal of one fibre. */
#include "dwi.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST_ORDER = 4, MIDDLE = 10 /* voxels to each side */, FEW = 20 };

/* ---- Shell and order ---- */

/* The highest shell whose directions determine the order, else the one with the most. */
static int best_shell(const vxg_gradients *g, int order) {
    int best = 1;
    for (int s = 1; s < vxg_gradients_shells(g); s++) {
        if (vxg_gradients_shell_count(g, s) >= vxg_sh_count(order))
            best = s;
        else if (vxg_gradients_shell_count(g, s) > vxg_gradients_shell_count(g, best))
            best = s;
    }
    return best;
}

int cli_csd_plan(const cli_dwi *d, vxg_csd_opts *csd, int order_given) {
    const vxg_gradients *g = d->gradients;
    const int shells = vxg_gradients_shells(g) - 1, order = csd->order ? csd->order : 8;
    int fits = LEAST_ORDER;
    if (csd->shell > shells)
        return vxg_error_set(VXG_ERR_ARGUMENT, "--shell %d: the series has %d", csd->shell, shells);
    if (!vxg_sh_count(order)) return vxg_error_set(VXG_ERR_ARGUMENT, "--order: %d is odd", order);
    if (!csd->shell) csd->shell = best_shell(g, order);
    const int64_t n = vxg_gradients_shell_count(g, csd->shell);
    const double b = vxg_gradients_shell_b(g, csd->shell);
    csd->order = order;
    if (shells > 1)
        cli_say(d->run, "shell %d of %d: %lld directions of b = %.0f s/mm2", csd->shell, shells,
                (long long)n, b);
    if (n < vxg_sh_count(LEAST_ORDER))
        return vxg_error_set(
            VXG_ERR_INPUT,
            "%s: %lld directions of b = %.0f s/mm2; a density of fibres needs %lld "
            "at least (order %d). A tensor may do: voxgrad dti",
            d->image.file->path, (long long)n, b, (long long)vxg_sh_count(LEAST_ORDER),
            LEAST_ORDER);
    if (vxg_sh_count(order) <= n) return VXG_OK;
    if (order_given) {
        cli_warn(d->run,
                 "--order %d: %lld directions determine fewer than its %lld coefficients; the "
                 "constraint has to do the rest",
                 order, (long long)n, (long long)vxg_sh_count(order));
        return VXG_OK;
    }
    while (fits + 2 < order && vxg_sh_count(fits + 2) <= n) fits += 2;
    cli_say(d->run, "%lld directions: order %d instead of %d", (long long)n, fits, order);
    csd->order = fits;
    return VXG_OK;
}

/* ---- The response ---- */

int cli_response_heeded(const cli_run *run, const cli_response_opts *o) {
    static const char *const names[] = {"response-fa", "response-everywhere"};
    for (int i = 0; i < 2; i++)
        if (cli_given(run, names[i]) && strcmp(o->from, "auto") != 0)
            return vxg_error_set(VXG_ERR_ARGUMENT, "--%s is of --response auto, and this is %s",
                                 names[i], o->from);
    return VXG_OK;
}

/* Of the density's order, or what the directions determine. */
static int response_order(const cli_dwi *d, const vxg_csd_opts *csd) {
    int order = csd->order;
    while (order > 0 && vxg_sh_count(order) > vxg_gradients_shell_count(d->gradients, csd->shell))
        order -= 2;
    return order;
}

/* A line of zonal harmonics, or one for each shell, the unweighted volumes' first. */
static int read_response(const cli_dwi *d, const char *path, int shell, vxg_response *r) {
    double *values = NULL;
    int64_t rows = 0, columns = 0;
    const int shells = vxg_gradients_shells(d->gradients);
    int status = vxg_numbers_read(path, &values, &rows, &columns, NULL);
    if (status) return status;
    if (columns > VXG_SH_MOST / 2 + 1)
        status = vxg_error_set(VXG_ERR_INPUT, "%s: %lld zonal harmonics; at most %d are expected",
                               path, (long long)columns, VXG_SH_MOST / 2 + 1);
    else if (rows != 1 && rows != shells)
        status = vxg_error_set(VXG_ERR_INPUT,
                               "%s: %lld lines; one is expected, or one for each of %d shells, the "
                               "unweighted volumes among them",
                               path, (long long)rows, shells);
    *r = (vxg_response){.order = 2 * (int)(columns - 1)};
    const double *line = values + (rows > 1 ? shell * columns : 0);
    for (int64_t k = 0; k < columns && !status; k++) {
        r->zonal[k] = line[k];
        if (!isfinite(line[k]))
            status =
                vxg_error_set(VXG_ERR_INPUT, "%s: term %lld is %g", path, (long long)k, line[k]);
    }
    if (!status && !(r->zonal[0] > 0))
        status = vxg_error_set(VXG_ERR_INPUT, "%s: the first term is %g; a signal is above 0", path,
                               r->zonal[0]);
    if (!status && rows > 1) {
        r->s0 = values[0] / sqrt(4 * M_PI);
        r->b = vxg_gradients_shell_b(d->gradients, shell);
    }
    vxg_free(values);
    if (!status) cli_say(d->run, "response: %s, order %d", path, r->order);
    return status;
}

/* The voxels of the list within 10 of the image's middle, as DIPY looks for single fibres there: at
 * the head's rim FA is high, too. */
static int middle_voxels(const cli_dwi *d, vxg_array *out, int64_t *count) {
    uint32_t *list = malloc((size_t)d->count * sizeof *list);
    int64_t n = 0;
    if (!list) return vxg_error_set(VXG_ERR_MEMORY, "out of memory");
    for (int64_t v = 0; v < d->image.voxels; v++) {
        int64_t left = v;
        int in = d->inside[v];
        for (int k = 2; k >= 0 && in; k--) {
            const int64_t at = left % d->image.shape[k], middle = d->image.shape[k] / 2;
            in = at >= middle - MIDDLE && at < middle + MIDDLE;
            left /= d->image.shape[k];
        }
        if (in) list[n++] = (uint32_t)v;
    }
    *count = n;
    int status = n ? vxg_array_new(d->dev, VXG_U32, 1, &n, out) : VXG_OK;
    if (n && !status) status = vxg_array_write(NULL, out, list);
    free(list);
    return status;
}

static int auto_response(const cli_dwi *d, const cli_response_opts *o, const vxg_csd_opts *csd,
                         vxg_response *r) {
    vxg_array middle = {0};
    int64_t n = 0;
    const int order = response_order(d, csd);
    const char *where = "in the image's middle";
    int status = o->everywhere ? VXG_OK : middle_voxels(d, &middle, &n);
    if (status) return status;
    if (n)
        status =
            vxg_response_auto(NULL, d->gradients, &d->series, &middle, csd->shell, order, o->fa, r);
    if (!n || status == VXG_ERR_NUMERICAL || (!status && r->voxels < FEW)) {
        if (!o->everywhere)
            cli_say(d->run,
                    "response: %lld voxels of the image's middle have an FA above %g; "
                    "the whole mask is looked at",
                    n && !status ? (long long)r->voxels : 0LL, o->fa);
        where = "in the mask";
        status = vxg_response_auto(NULL, d->gradients, &d->series, &d->voxels, csd->shell, order,
                                   o->fa, r);
    }
    vxg_array_release(&middle);
    if (status == VXG_ERR_NUMERICAL)
        return vxg_error_context(status, "--response-fa %g, --response recursive or a file", o->fa);
    if (status) return status;
    cli_say(d->run, "response: %lld voxels %s with an FA above %g: %.4g and %.4g mm2/s, S0 %.4g",
            (long long)r->voxels, where, o->fa, r->eigenvalues[0], r->eigenvalues[1], r->s0);
    const double ratio = r->eigenvalues[1] / r->eigenvalues[0];
    if (ratio > 0.3)
        cli_warn(d->run,
                 "response: across the fibres diffusion is %.2f of that along them: these are "
                 "hardly single fibres (a higher --response-fa, --response recursive)",
                 ratio);
    if (r->voxels < FEW) cli_warn(d->run, "response: %lld voxels are few", (long long)r->voxels);
    return VXG_OK;
}

int cli_response(const cli_dwi *d, const cli_response_opts *o, const vxg_csd_opts *csd,
                 vxg_response *r) {
    memset(r, 0, sizeof *r);
    if (!strcmp(o->from, "auto")) return auto_response(d, o, csd, r);
    if (strcmp(o->from, "recursive") != 0) return read_response(d, o->from, csd->shell, r);
    const vxg_recursive_opts opts = {
        .order = response_order(d, csd), .shell = csd->shell, .progress = cli_progress(d->run)};
    int status = vxg_response_recursive(NULL, d->gradients, &d->series, &d->voxels, &opts, r);
    cli_progress_end();
    if (status) return vxg_error_context(status, "--response recursive");
    cli_say(d->run, "response: %lld of %lld voxels with a single peak, S0 %.4g",
            (long long)r->voxels, (long long)d->count, r->s0);
    if (r->voxels < FEW) cli_warn(d->run, "response: %lld voxels are few", (long long)r->voxels);
    return VXG_OK;
}

int cli_response_write(const cli_dwi *d, const vxg_csd_opts *csd, const vxg_response *r,
                       const char *path, vxg_outputs *set, int force) {
    char comment[256];
    if (!path) return VXG_OK;
    snprintf(comment, sizeof comment, "zonal harmonics of one fibre, b = %.6g s/mm2; voxgrad %s",
             vxg_gradients_shell_b(d->gradients, csd->shell), vxg_version());
    return vxg_numbers_write(path, r->zonal, 1, r->order / 2 + 1, comment, set, force);
}

int cli_response_provenance(cli_provenance *p, const vxg_response *r) {
    char text[32 * (VXG_SH_MOST / 2 + 1)];
    int n = 0;
    for (int k = 0; k <= r->order / 2; k++)
        n += snprintf(text + n, sizeof text - (size_t)n, "%s%.17g", k ? " " : "", r->zonal[k]);
    int status = cli_provenance_add(p, "response", "%s", text);
    if (!status && r->s0 > 0) status = cli_provenance_add(p, "response.s0", "%.17g", r->s0);
    if (!status && r->voxels)
        status = cli_provenance_add(p, "response.voxels", "%lld", (long long)r->voxels);
    if (!status && r->eigenvalues[0] > 0)
        status = cli_provenance_add(p, "response.eigenvalues", "%.17g %.17g %.17g mm2/s",
                                    r->eigenvalues[0], r->eigenvalues[1], r->eigenvalues[2]);
    return status;
}

void cli_response_json(cli_json *j, const vxg_response *r) {
    cli_json_open(j, "ResponseFunction", '{');
    cli_json_text(j, "Type", "zsh");
    cli_json_open(j, "Coefficients", '[');
    for (int k = 0; k <= r->order / 2; k++) cli_json_real(j, NULL, r->zonal[k]);
    cli_json_close(j, ']');
    cli_json_close(j, '}');
}
