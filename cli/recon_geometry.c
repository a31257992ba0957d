/* voxgrad recon --geometry: the geometry file, the used projections of it, and the volume. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

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
        status =
            cli_say_kind(job->run, job->opt->geometry, job->geo, &job->notes, &kind, &job->odd);
    if (!status) status = cli_scan_row_of(0, job->vol.nz, 0, job->opt->nsino, &job->row);
    if (!status)
        cli_say(job->run, "geometry %s: %lld views, volume %lld x %lld x %lld of %g x %g x %g %s",
                job->opt->geometry, (long long)vxg_ct_geometry_nviews(job->geo),
                (long long)job->vol.nz, (long long)job->vol.ny, (long long)job->vol.nx, job->vol.dz,
                job->vol.dy, job->vol.dx, *job->unit ? job->unit : "units");
    return status;
}
