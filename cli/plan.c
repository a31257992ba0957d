/* voxgrad recon --dry-run: what a run would do, with how much memory and work. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

/* The same facts as lines `key: value` or as one JSON object. */
typedef struct facts {
    cli_json j;
    int json;
} facts;
static void say_text(facts *f, const char *key, const char *value) {
    if (f->json)
        cli_json_text(&f->j, key, value);
    else
        printf("%s: %s\n", key, value);
}
static void say_int(facts *f, const char *key, int64_t value) {
    if (f->json)
        cli_json_int(&f->j, key, value);
    else
        printf("%s: %lld\n", key, (long long)value);
}
/* Numbers beyond 2^53, and fractions. */
static void say_real(facts *f, const char *key, double value) {
    if (f->json)
        cli_json_real(&f->j, key, value);
    else
        printf("%s: %.15g\n", key, value);
}
static void say_list(facts *f, const char *key, const char *const *list, int n) {
    if (f->json) cli_json_open(&f->j, key, '[');
    for (int i = 0; i < n; i++) say_text(f, f->json ? NULL : key, list[i]);
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

static void say_work(facts *f, const cli_job *job, const vxg_ct_recon_stats *s) {
    const int64_t views = job->sel.view1 - job->sel.view0, columns = job->sel.col1 - job->sel.col0;
    const int iterative = cli_is_iterative(job->opt);
    const double volume = (double)job->vol.nz * (double)job->vol.ny * (double)job->vol.nx;
    const double once = volume * (double)views;
    say_text(f, "work", work_of(s->algorithm, iterative));
    if (!strcmp(s->algorithm, "fourier")) {
        say_real(f, "samples", (double)job->vol.nz * (double)views * (double)columns);
        return;
    }
    if (iterative) {
        say_int(f, "iterations", s->iterations);
        say_real(f, "updates_per_iteration", 2 * once);
    }
    say_real(f, "updates", iterative ? 2 * once * s->iterations : once);
}

static void say_memory(facts *f, const cli_job *job, const vxg_ct_recon_stats *s, int64_t beside) {
    const vxg_device_info *info = vxg_device_get_info(job->dev);
    say_int(f, "slices_at_once", s->chunk);
    say_int(f, "memory_limit_bytes", cli_memory_bytes(job->opt->max_memory));
    say_int(f, "memory_bytes", beside + s->peak_bytes);
    say_int(f, "memory_of_program_bytes", beside);
    say_int(f, "memory_of_pipeline_bytes", s->peak_bytes);
    if (s->scratch_bytes) say_int(f, "scratch_file_bytes", s->scratch_bytes);
    /* The cpu's memory is the host's; of another device what the pipeline holds may be there. */
    say_int(f, "memory_of_device_bytes", info->is_cpu ? 0 : s->peak_bytes);
    if (!info->is_cpu) say_int(f, "device_has_bytes", info->memory);
}

static void say_scan(facts *f, const cli_job *job) {
    const cli_select *s = &job->sel;
    say_text(f, "input", job->scan->path);
    say_text(f, "format", job->scan->format);
    say_int(f, "projections", s->view1 - s->view0);
    say_int(f, "rows", job->recon.row_end - job->recon.row_begin);
    say_int(f, "columns", s->col1 - s->col0);
    if (job->opt->geometry)
        say_text(f, "geometry", job->opt->geometry);
    else
        say_real(f, "center", job->recon.center);
}

static void say_pieces(facts *f, const cli_job *job, int64_t all, int64_t own) {
    char folder[4200];
    if (cli_pieces_folder(job->opt, folder, sizeof folder)) return;
    say_text(f, "job", folder);
    say_int(f, "blocks", all);
    say_int(f, "blocks_of_this_part", own);
}

int cli_recon_plan(cli_job *job, const char *const *outputs, int noutputs) {
    const cli_recon *o = job->opt;
    const int64_t beside = cli_recon_beside(job), row0 = job->recon.row_begin,
                  row1 = job->recon.row_end;
    vxg_ct_recon_stats s = {.size = sizeof s};
    facts f = {.j = {.f = stdout}, .json = job->run->shared->json};
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
    say_text(&f, "device", vxg_device_get_info(job->dev)->spec);
    say_text(&f, "algorithm", s.algorithm);
    say_int(&f, "slices", job->vol.nz);
    say_int(&f, "height", job->vol.ny);
    say_int(&f, "width", job->vol.nx);
    say_text(&f, "per", job->per);
    say_memory(&f, job, &s, beside);
    say_work(&f, job, &s);
    say_int(&f, "read_bytes", bytes_to_read(job, row1 - row0));
    say_int(&f, "checksum_bytes", o->no_checksum ? 0 : job->scan->id.bytes);
    say_int(&f, "written_bytes", 4 * job->vol.nz * job->vol.ny * job->vol.nx);
    if (cli_in_pieces(o)) say_pieces(&f, job, all, own);
    say_list(&f, "output", outputs, noutputs);
    if (f.json) cli_json_close(&f.j, '}');
    return VXG_OK;
}
