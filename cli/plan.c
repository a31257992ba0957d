/* voxgrad recon --dry-run: what a run would do, with how much memory and work. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

/* ---- Facts ---- */
void cli_plan_text(cli_plan *f, const char *key, const char *value) {
    if (f->json)
        cli_json_text(&f->j, key, value);
    else
        printf("%s: %s\n", key, value);
}
void cli_plan_int(cli_plan *f, const char *key, int64_t value) {
    if (f->json)
        cli_json_int(&f->j, key, value);
    else
        printf("%s: %lld\n", key, (long long)value);
}
void cli_plan_real(cli_plan *f, const char *key, double value) {
    if (f->json)
        cli_json_real(&f->j, key, value);
    else
        printf("%s: %.15g\n", key, value);
}
void cli_plan_list(cli_plan *f, const char *key, const char *const *list, int n) {
    if (f->json) cli_json_open(&f->j, key, '[');
    for (int i = 0; i < n; i++) cli_plan_text(f, f->json ? NULL : key, list[i]);
    if (f->json) cli_json_close(&f->j, ']');
}

/* ---- Bytes ---- */
/* Of an element by the name of its type, "uint16"; 4 where the name does not say. */
static int64_t element_bytes(const char *dtype) {
    const size_t letters = strcspn(dtype, "0123456789");
    const int bits = atoi(dtype + letters);
    return bits >= 8 && bits <= 128 ? bits / 8 : 4;
}

/* Bytes of the elements that are used, as they are in the file; flats and darks where they count.
 */
static int64_t bytes_to_read(const cli_job *job, int64_t rows) {
    const cli_select *s = &job->sel;
    const vxg_scan_reader *scan = job->scan;
    const int64_t fields = s->no_minus_log ? 0 : scan->nflats + scan->ndarks;
    const int64_t frame = rows * (s->col1 - s->col0);
    return (s->view1 - s->view0 + fields) * frame * element_bytes(scan->dtype);
}

/* ---- Work ---- */
static const char *work_of(const char *algorithm, int iterative) {
    if (iterative) return "iterations, each a projection and a backprojection at least";
    return !strcmp(algorithm, "fourier") ? "samples to slices' spectra" : "backprojection";
}

static void say_work(cli_plan *f, const cli_job *job, const vxg_ct_recon_stats *s) {
    const int64_t views = job->sel.view1 - job->sel.view0, columns = job->sel.col1 - job->sel.col0;
    const int iterative = cli_is_iterative(job->opt);
    const double volume = (double)job->vol.nz * (double)job->vol.ny * (double)job->vol.nx;
    const double once = volume * (double)views;
    cli_plan_text(f, "work", work_of(s->algorithm, iterative));
    if (!strcmp(s->algorithm, "fourier")) {
        cli_plan_real(f, "samples", (double)job->vol.nz * (double)views * (double)columns);
        return;
    }
    if (iterative) {
        cli_plan_int(f, "iterations", s->iterations);
        cli_plan_real(f, "updates_per_iteration", 2 * once);
    }
    cli_plan_real(f, "updates", iterative ? 2 * once * s->iterations : once);
}

static void say_memory(cli_plan *f, const cli_job *job, const vxg_ct_recon_stats *s,
                       int64_t beside) {
    const vxg_device_info *info = vxg_device_get_info(job->dev);
    cli_plan_int(f, "slices_at_once", s->chunk);
    cli_plan_int(f, "memory_limit_bytes", cli_memory_bytes(job->opt->max_memory));
    cli_plan_int(f, "memory_bytes", beside + s->peak_bytes);
    cli_plan_int(f, "memory_of_program_bytes", beside);
    cli_plan_int(f, "memory_of_pipeline_bytes", s->peak_bytes);
    if (s->scratch_bytes) cli_plan_int(f, "scratch_file_bytes", s->scratch_bytes);
    /* The cpu's memory is the host's; of another device what the pipeline holds may be there. */
    cli_plan_int(f, "memory_of_device_bytes", info->is_cpu ? 0 : s->peak_bytes);
    if (!info->is_cpu) cli_plan_int(f, "device_has_bytes", info->memory);
}

static void say_scan(cli_plan *f, const cli_job *job) {
    const cli_select *s = &job->sel;
    cli_plan_text(f, "input", job->scan->path);
    cli_plan_text(f, "format", job->scan->format);
    cli_plan_int(f, "projections", s->view1 - s->view0);
    cli_plan_int(f, "rows", job->recon.row_end - job->recon.row_begin);
    cli_plan_int(f, "columns", s->col1 - s->col0);
    if (job->opt->geometry)
        cli_plan_text(f, "geometry", job->opt->geometry);
    else
        cli_plan_real(f, "center", job->recon.center);
}

static void say_pieces(cli_plan *f, const cli_job *job, int64_t all, int64_t own) {
    char folder[4200];
    if (cli_pieces_folder(job->opt, folder, sizeof folder)) return;
    cli_plan_text(f, "job", folder);
    cli_plan_int(f, "blocks", all);
    cli_plan_int(f, "blocks_of_this_part", own);
}

int cli_recon_plan(cli_job *job, const char *const *outputs, int noutputs) {
    const cli_recon *o = job->opt;
    const int64_t beside = cli_recon_beside(job), row0 = job->recon.row_begin,
                  row1 = job->recon.row_end;
    vxg_ct_recon_stats s = {.size = sizeof s};
    cli_plan f = {.j = {.f = stdout}, .json = job->run->shared->json};
    int64_t all = 0, own = 0;
    int status = VXG_OK;
    if (cli_in_pieces(o)) {
        job->recon.part = 1;
        status = cli_pieces_plan(job, &all, &own, &job->recon.row_begin, &job->recon.row_end);
        if (status) return status;
    }
    cli_page_trace(job);
    cli_set_memory(job, beside);
    status = vxg_ct_recon_plan(job->dev, job->scan, job->geo, job->geo ? &job->vol : NULL,
                               &job->recon, &s);
    job->recon.row_begin = row0, job->recon.row_end = row1;
    if (status) return cli_memory_context(status, job, beside);
    if (f.json) cli_json_open(&f.j, NULL, '{');
    say_scan(&f, job);
    cli_plan_text(&f, "device", vxg_device_get_info(job->dev)->spec);
    cli_plan_text(&f, "algorithm", s.algorithm);
    cli_plan_int(&f, "slices", job->vol.nz);
    cli_plan_int(&f, "height", job->vol.ny);
    cli_plan_int(&f, "width", job->vol.nx);
    cli_plan_text(&f, "per", job->per);
    say_memory(&f, job, &s, beside);
    say_work(&f, job, &s);
    cli_plan_int(&f, "read_bytes", bytes_to_read(job, row1 - row0));
    cli_plan_int(&f, "checksum_bytes", o->no_checksum ? 0 : job->scan->id.bytes);
    cli_plan_int(&f, "written_bytes", 4 * job->vol.nz * job->vol.ny * job->vol.nx);
    if (cli_in_pieces(o)) say_pieces(&f, job, all, own);
    cli_plan_list(&f, "output", outputs, noutputs);
    if (f.json) cli_json_close(&f.j, '}');
    return VXG_OK;
}
