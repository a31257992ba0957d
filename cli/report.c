/* voxgrad recon --report: what is gathered while a volume is made, and the page it becomes. */
#include "cli.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum {
    MOST_STAGES = 8,
    MOST_SIDE = 640, /* pixels of a picture */
    HISTOGRAM = 160,
    WINDOW_BYTES = 3 << 20, /* while a window is chosen, and the page's words */
    READ_MOST = 512 << 20,  /* more is not read for a picture */
    BYTES_A_PIXEL = 10      /* a picture, its file, that as text, the page and its copy */
};

struct cli_page {
    double begun;
    int nstages;
    const char *stage[MOST_STAGES];
    double seconds[MOST_STAGES];
    double writing; /* seconds, of another thread */
    cli_values values;
    double *residual, *penalty; /* of every iteration */
    int iterations, room;
    vxg_picture sinogram;
    float black, white; /* of it */
    int64_t row;
    char why[640]; /* there is none */
};

int cli_page_begin(cli_job *job) {
    const cli_recon *o = job->opt;
    if (!o->report) return VXG_OK;
    cli_page *p = job->page = calloc(1, sizeof *p);
    if (!p) return vxg_error_set(VXG_ERR_MEMORY, "out of memory for the report");
    p->begun = cli_now();
    if (!cli_is_iterative(o) || cli_in_pieces(o)) return VXG_OK;
    const vxg_solve_row *method = vxg_solve_row_find(o->recon.algorithm);
    p->room = o->solve.iterations ? o->solve.iterations : method ? method->iterations : 0;
    p->residual = calloc((size_t)p->room + 1, sizeof *p->residual);
    p->penalty = calloc((size_t)p->room + 1, sizeof *p->penalty);
    if (p->residual && p->penalty) return VXG_OK;
    return vxg_error_set(VXG_ERR_MEMORY, "out of memory for the report");
}

void cli_page_free(cli_job *job) {
    if (!job->page) return;
    vxg_picture_free(&job->page->sinogram);
    free(job->page->residual);
    free(job->page->penalty);
    free(job->page);
    job->page = NULL;
}

void cli_page_stage(cli_job *job, const char *name) {
    cli_page *p = job->page;
    const double now = cli_now();
    if (!p || p->nstages == MOST_STAGES) return;
    p->stage[p->nstages] = name;
    p->seconds[p->nstages++] = now - p->begun;
    p->begun = now;
}

void cli_page_slices(cli_page *p, const float *x, int64_t n, double seconds) {
    if (!p) return;
    cli_values_add(&p->values, x, n);
    p->writing += seconds;
}

static void trace(void *context, int iteration, double residual, double penalty) {
    cli_page *p = context;
    if (iteration < 1 || iteration > p->room) return;
    p->residual[iteration - 1] = residual, p->penalty[iteration - 1] = penalty;
    if (iteration > p->iterations) p->iterations = iteration;
}

void cli_page_trace(cli_job *job) {
    if (!job->page || !job->page->room) return;
    job->recon.trace = trace, job->recon.trace_context = job->page;
}

/* ---- Sizes of pictures, and what they take ---- */
/* Pixels of a picture of ny x nx elements of these sizes: as many as there are, fewer of large
 * ones, more along an axis whose elements are longer. */
static void picture_size(int64_t ny, int64_t nx, double dy, double dx, int64_t *h, int64_t *w) {
    const double least = fmin(dy, dx) > 0 ? fmin(dy, dx) : 1;
    double height = (double)ny * (dy > 0 ? dy / least : 1);
    double width = (double)nx * (dx > 0 ? dx / least : 1);
    const double shrink = fmin(1, MOST_SIDE / fmax(height, width));
    height = floor(height * shrink + 0.5), width = floor(width * shrink + 0.5);
    *h = height < 1 ? 1 : (int64_t)height, *w = width < 1 ? 1 : (int64_t)width;
}

static int64_t pixels(int64_t ny, int64_t nx, double dy, double dx) {
    int64_t h, w;
    picture_size(ny, nx, dy, dx, &h, &w);
    return h * w;
}

/* Coronal and sagittal slices of a few rows show nothing. */
static int has_depth(int64_t nz) {
    return nz > 4;
}

int64_t cli_page_memory(const cli_job *job, int64_t nz) {
    const vxg_ct_volume *v = &job->vol;
    const cli_page *p = job->page;
    if (!job->opt->report) return 0;
    int64_t n = pixels(v->ny, v->nx, v->dy, v->dx) + MOST_SIDE * MOST_SIDE;
    if (has_depth(nz)) n += pixels(nz, v->nx, v->dz, v->dx) + pixels(nz, v->ny, v->dz, v->dy);
    const int64_t course = p ? 2 * (int64_t)sizeof(double) * p->room : 0;
    return BYTES_A_PIXEL * n + WINDOW_BYTES + 2 * course + (int64_t)sizeof *p;
}

/* ---- The sinogram ---- */
static int too_much(cli_job *job, const char *format, double x) {
    snprintf(job->page->why, sizeof job->page->why, format, x);
    return VXG_OK;
}

/* Without it the page is a page still: what does not fit or costs too much is left out, and said.
 */
int cli_page_look(cli_job *job) {
    cli_page *p = job->page;
    const cli_select *s = &job->sel;
    const int64_t views = s->view1 - s->view0, n = s->col1 - s->col0;
    if (!p) return VXG_OK;
    p->row = job->geo || job->opt->type == CLI_TYPE_FULL ? (s->row0 + s->row1 - 1) / 2 : job->row;
    vxg_read_cost cost = {.size = sizeof cost};
    int status = job->scan->cost
                     ? job->scan->cost(job->scan, VXG_FRAME_DATA, p->row, p->row + 1, &cost)
                     : VXG_OK;
    if (status) return status;
    if (cost.unpacked > READ_MOST)
        return too_much(job, "%.3g MB of the file would be unpacked for one row of it",
                        (double)cost.unpacked * 1e-6);
    const int64_t frames =
        job->scan->nflats > job->scan->ndarks ? job->scan->nflats : job->scan->ndarks;
    const int64_t bytes = 4 * n * (2 * views + 2 + frames) + cli_page_memory(job, job->vol.nz);
    if (cli_memory_need(job->scan, !s->no_minus_log, job->opt->max_memory, bytes,
                        "to show a sinogram"))
        return too_much(job, "it does not fit into --max-memory of %g MB", job->opt->max_memory);
    float *values = NULL;
    status = cli_scan_rows(job->scan, s, &p->row, 1, &values);
    if (!status &&
        vxg_percentile_window(values, views * n, 0.5, 99.5, &p->black, &p->white) == VXG_OK &&
        p->black < p->white) {
        int64_t h, w;
        picture_size(views, n, 1, 1, &h, &w);
        status = vxg_picture_gray(values, views, n, p->black, p->white, w, h, &p->sinogram);
    } else if (!status) {
        too_much(job, "row %.0f is all of one value", (double)p->row);
    }
    free(values);
    return status;
}

/* ---- Sections ---- */
static int warnings(const cli_job *job, vxg_report *page) {
    const cli_odd *odd = &job->odd;
    int status = vxg_report_section(page, "Warnings"), any = 0;
    for (int i = 0; i < odd->n && !status; i++) {
        char text[800];
        if (odd->list[i].plain) continue;
        snprintf(text, sizeof text, "%s (%s)", odd->list[i].text, odd->list[i].id);
        status = vxg_report_warning(page, text);
        any = 1;
    }
    return status ? status : cli_page_kept(page, any);
}

static int picture(const cli_job *job, vxg_report *page, const float *data, const int64_t n[2],
                   const double d[2], const float window[2], const char *caption) {
    vxg_picture pic = {0};
    char unit[40];
    int64_t h, w;
    picture_size(n[0], n[1], d[0], d[1], &h, &w);
    int status = vxg_picture_gray(data, n[0], n[1], window[0], window[1], w, h, &pic);
    snprintf(unit, sizeof unit, "1/%s", job->per);
    if (!status) status = vxg_report_picture(page, &pic, caption, window[0], window[1], unit);
    vxg_picture_free(&pic);
    return status;
}

/* One window for all: that of the axial slice. */
static int slices(const cli_job *job, vxg_report *page, const cli_middle *m) {
    const int64_t nz = m->shape[0], ny = m->shape[1], nx = m->shape[2];
    const vxg_ct_volume *v = &job->vol;
    float window[2];
    char text[160];
    int status = vxg_report_section(page, "Slices");
    if (status) return status;
    if (vxg_percentile_window(m->axial, ny * nx, 0.5, 99.5, &window[0], &window[1]) ||
        !(window[0] < window[1])) /* an empty slice: mid-grey */
        window[0] = m->axial[0] - 0.5f, window[1] = m->axial[0] + 0.5f;
    if (!(window[0] < window[1]))
        return vxg_report_paragraph(page, "The middle slice is all of one value.");
    snprintf(text, sizeof text, "Axial slice %lld: x to the right, y downwards",
             (long long)(job->opt->type == CLI_TYPE_FULL ? nz / 2 : job->row));
    status =
        picture(job, page, m->axial, (int64_t[]){ny, nx}, (double[]){v->dy, v->dx}, window, text);
    if (status || !has_depth(nz)) return status;
    snprintf(text, sizeof text, "Coronal slice y = %lld: x to the right, z downwards",
             (long long)(ny / 2));
    status =
        picture(job, page, m->coronal, (int64_t[]){nz, nx}, (double[]){v->dz, v->dx}, window, text);
    if (status) return status;
    snprintf(text, sizeof text, "Sagittal slice x = %lld: y to the right, z downwards",
             (long long)(nx / 2));
    return picture(job, page, m->sagittal, (int64_t[]){nz, ny}, (double[]){v->dz, v->dy}, window,
                   text);
}

static int sinogram(const cli_job *job, vxg_report *page) {
    const cli_page *p = job->page;
    char text[800];
    int status = vxg_report_section(page, "Projections");
    if (status) return status;
    if (!p->sinogram.pixels) {
        snprintf(text, sizeof text, "No sinogram is shown: %s.", p->why);
        return vxg_report_paragraph(page, text);
    }
    snprintf(text, sizeof text,
             "Sinogram of detector row %lld: projections downwards, columns to the right; line "
             "integrals",
             (long long)p->row);
    return vxg_report_picture(page, &p->sinogram, text, p->black, p->white, "");
}

static int values(const cli_job *job, vxg_report *page) {
    const cli_values *v = &job->page->values;
    const vxg_ct_volume *vol = &job->vol;
    double x[HISTOGRAM + 1], y[HISTOGRAM + 1];
    char label[80];
    cli_table r = {0};
    const char *const length = *job->unit ? job->unit : "units";
    cli_table_row(&r, "voxels (z, y, x)", "%lld x %lld x %lld", (long long)vol->nz,
                  (long long)vol->ny, (long long)vol->nx);
    if (vol->dx > 0)
        cli_table_row(&r, "voxel size (z, y, x)", "%g x %g x %g %s", vol->dz, vol->dy, vol->dx,
                      length);
    else
        cli_table_row(&r, "voxel size", "unknown: one detector pixel");
    cli_table_row(&r, "values", "attenuation in 1/%s", job->per);
    cli_table_row(&r, "least", "%.6g", (double)v->least);
    cli_table_row(&r, "largest", "%.6g", (double)v->most);
    cli_table_row(&r, "mean", "%.6g", cli_values_mean(v));
    cli_table_row(&r, "standard deviation", "%.6g", cli_values_deviation(v));
    int status = vxg_report_section(page, "Values");
    const int put_status = cli_table_put(page, &r);
    if (!status) status = put_status;
    const int n = cli_values_curve(v, 0.0005, HISTOGRAM, x, y);
    /* a logarithmic axis: air and holes are most of many volumes */
    const vxg_curve curve = {.x = x, .y = y, .n = n, .mark = NAN};
    snprintf(label, sizeof label, "attenuation [1/%s]", job->per);
    if (!status)
        status =
            vxg_report_chart(page, &curve, 1, "Values of the volume, but for 0.05 % at each end",
                             label, "voxels", VXG_REPORT_LOG_Y);
    return status;
}

static int has_penalty(const cli_page *p) {
    for (int i = 0; i < p->iterations; i++)
        if (p->penalty[i] != 0) return 1;
    return 0;
}

static int convergence(const cli_job *job, vxg_report *page, const vxg_ct_recon_stats *s) {
    const cli_page *p = job->page;
    if (!cli_is_iterative(job->opt)) return VXG_OK;
    int status = vxg_report_section(page, "Convergence");
    if (!status && cli_in_pieces(job->opt))
        return vxg_report_paragraph(page, "The volume was made in pieces, which do not keep how "
                                          "iterations went.");
    const int n = p->iterations;
    double *x = calloc((size_t)n + 1, sizeof *x), *y = calloc((size_t)n + 1, sizeof *y);
    if (!status && (!x || !y)) status = vxg_error_set(VXG_ERR_MEMORY, "out of memory");
    for (int i = 0; i < n && !status; i++)
        x[i] = i + 1, y[i] = s->data > 0 ? p->residual[i] / s->data : p->residual[i];
    vxg_curve c = {.x = x, .y = y, .n = n, .mark = NAN};
    if (!status)
        status = vxg_report_paragraph(
            page, "The residual is the number that the method itself goes by: |b "
                  "- A x| of the x that an iteration began with (cgls, lsqr, "
                  "lbfgs: ended with); with subsets of views that of each "
                  "subset for the x it began with, so of no one x; with --loss "
                  "poisson the root of twice the loss above its least. All of "
                  "it is in the table of values beside this page.");
    if (!status)
        status = vxg_report_chart(page, &c, 1, "Residual", "iteration",
                                  s->data > 0 ? "residual / data [1]" : "residual [1]",
                                  VXG_REPORT_LOG_Y);
    c.y = p->penalty;
    if (!status && has_penalty(p))
        status = vxg_report_chart(page, &c, 1, "Penalty", "iteration",
                                  "penalty, as it is added to residual\xc2\xb2 / 2", 0);
    free(x), free(y);
    return status;
}

static int time_and_memory(const cli_job *job, vxg_report *page, const vxg_ct_recon_stats *s) {
    const cli_page *p = job->page;
    struct rusage use;
    cli_table r = {0};
    int status = vxg_report_section(page, "Time and memory");
    if (!status) status = vxg_report_stages(page, p->stage, p->seconds, p->nstages);
    cli_table_row(&r, "time of it in writing slices", "%.3f s, mostly beside the computation",
                  p->writing);
    cli_table_row(&r, "memory allowed", "%.1f MB (--max-memory)", job->opt->max_memory);
    if (s->peak_bytes > 0)
        cli_table_row(&r, "memory of the pipeline, at most", "%.1f MB, as counted before the work",
                      (double)s->peak_bytes * 1e-6);
    if (s->scratch_bytes)
        cli_table_row(&r, "in a scratch file beside", "%.1f MB of vectors and projections",
                      (double)s->scratch_bytes * 1e-6);
    cli_table_row(&r, "slices at once", "%lld", (long long)s->chunk);
    if (!getrusage(RUSAGE_SELF, &use))
        cli_table_row(&r, "memory of the process, at most", "%.1f MB, as the system saw it",
                      (double)use.ru_maxrss * 1.024e-3);
    const int put_status = cli_table_put(page, &r);
    return status ? status : put_status;
}

/* Options of other methods say nothing about this run. */
static int in_force(const void *context, int i) {
    const cli_job *job = context;
    if (!strcmp(job->run->verb->options[i].name, "nsino") && job->opt->type == CLI_TYPE_FULL)
        return 0;
    return cli_solve_takes(job->opt, &job->run->verb->rows[i]);
}

static int fill(const cli_job *job, vxg_report *page, const cli_middle *m,
                const vxg_ct_recon_stats *s) {
    char text[400];
    snprintf(text, sizeof text, "%lld x %lld x %lld voxels, attenuation in 1/%s, by %s on %s; %s",
             (long long)s->slices, (long long)s->ny, (long long)s->nx, job->per,
             s->algorithm && *s->algorithm ? s->algorithm : "fbp",
             vxg_device_get_info(job->dev)->spec, job->prov.date);
    int status = vxg_report_paragraph(page, text);
    if (!status) status = warnings(job, page);
    if (!status) status = slices(job, page, m);
    if (!status) status = sinogram(job, page);
    if (!status) status = values(job, page);
    if (!status) status = convergence(job, page, s);
    if (!status) status = time_and_memory(job, page, s);
    if (!status) status = cli_page_options(page, job->run, in_force, job);
    if (!status) status = vxg_report_section(page, "Input");
    if (!status) status = cli_page_entries(page, &job->prov, 1);
    if (!status) status = vxg_report_section(page, "How it was made");
    return status ? status : cli_page_entries(page, &job->prov, 0);
}

int cli_page_write(cli_job *job, const cli_middle *m, const vxg_ct_recon_stats *s,
                   const char *path) {
    vxg_report *page = NULL;
    char title[300], *html = NULL;
    const char *slash = strrchr(job->scan->path, '/');
    cli_provenance_date(&job->prov);
    snprintf(title, sizeof title, "Reconstruction of %.200s", slash ? slash + 1 : job->scan->path);
    int status = vxg_report_new(title, &page);
    if (!status) status = fill(job, page, m, s);
    if (!status) status = vxg_report_html(page, &html);
    vxg_report_free(page);
    if (!status) status = vxg_outputs_text(job->out.set, path, html, job->opt->volume.force);
    vxg_free(html);
    return status;
}

int cli_page_course(cli_job *job, const vxg_ct_recon_stats *s, const char *path) {
    const cli_page *p = job->page;
    const int penalty = has_penalty(p);
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    if (!f) return vxg_error_set(VXG_ERR_MEMORY, "out of memory writing %s", path);
    fprintf(f, "iteration,residual,relative residual,penalty\n");
    for (int i = 0; i < p->iterations; i++) {
        fprintf(f, "%d,%.9g,", i + 1, p->residual[i]);
        if (s->data > 0) fprintf(f, "%.9g", p->residual[i] / s->data);
        if (penalty)
            fprintf(f, ",%.9g\n", p->penalty[i]);
        else
            fprintf(f, ",\n");
    }
    const int bad = fclose(f);
    int status = bad ? vxg_error_set(VXG_ERR_MEMORY, "out of memory writing %s", path)
                     : vxg_outputs_text(job->out.set, path, text, job->opt->volume.force);
    free(text);
    return status;
}
