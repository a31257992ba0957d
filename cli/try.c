/* voxgrad recon --type try: one slice for a range of rotation centres, and a picture of them all.
 */
#include "cli.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_TILES = 25, TILE = 512 };

typedef struct tiles {
    int n;
    double center[MOST_TILES];
    char label[MOST_TILES][32];
    char path[MOST_TILES][4200];
    char montage[4200], provenance[4200];
    int64_t size, shrink, tile; /* of a slice; slices are shown at 1/shrink */
    float *pixels;              /* (n, tile, tile) */
} tiles;

/* A label says exactly the centre that is used: the text is made first and read back. */
static int add_center(tiles *t, double c) {
    const double before = t->n ? t->center[t->n - 1] : NAN;
    char text[32];
    snprintf(text, sizeof text, "%.6f", c);
    size_t n = strlen(text);
    while (text[n - 1] == '0' && text[n - 3] != '.') text[--n] = 0; /* two decimals stay */
    snprintf(t->label[t->n], sizeof t->label[0], "%s", text);
    t->center[t->n++] = strtod(text, NULL);
    if (t->center[t->n - 1] == before)
        return vxg_error_set(VXG_ERR_ARGUMENT,
                             "--center-range: two centres are %s, as they are told apart by six "
                             "decimals: use a larger step",
                             text);
    return VXG_OK;
}

static int list_centers(const cli_job *job, tiles *t) {
    vxg_range r = job->opt->center_range;
    double lo = (double)job->sel.col0, hi = (double)job->sel.col1 - 1;
    if (!r.given) { /* 21 tiles about the centre, cut at the detector's edges */
        double c = floor(100 * job->recon.center + 0.5) / 100;
        for (int i = -10; i <= 10; i++)
            if (c + i >= lo && c + i <= hi) add_center(t, c + i);
        return VXG_OK;
    }
    if (r.step == 0) r.step = 1;
    if (isinf(r.stop)) r.stop = hi + 1;
    double count = r.stop > r.start ? ceil((r.stop - r.start) / r.step - 1e-9) : 1;
    if (count > MOST_TILES)
        return vxg_error_set(VXG_ERR_ARGUMENT,
                             "--center-range: %g:%g:%g asks for %.0f centres, more than %d; use a "
                             "step of %.2g",
                             r.start, r.stop, r.step, count, MOST_TILES,
                             (r.stop - r.start) / MOST_TILES);
    for (int i = 0; i < (int)count; i++) {
        double c = r.start + i * r.step;
        if (c < lo || c > hi)
            return vxg_error_set(VXG_ERR_ARGUMENT,
                                 "--center-range: %g lies outside the detector columns %g to %g", c,
                                 lo, hi);
        const int status = add_center(t, c);
        if (status) return status;
    }
    return VXG_OK;
}

static const char *const extensions[] = {"tiff", "tiff", "h5", "npy"};

static int name_outputs(cli_job *job, tiles *t) {
    int status = VXG_OK;
    char file[64];
    for (int i = 0; !status && i < t->n; i++) {
        snprintf(file, sizeof file, "try_%s.%s", t->label[i], extensions[job->opt->volume.format]);
        status = cli_outputs_path(&job->out, t->path[i], sizeof t->path[0], file);
    }
    if (!status)
        status = cli_outputs_path(&job->out, t->montage, sizeof t->montage, "try_montage.png");
    if (!status)
        status =
            cli_outputs_path(&job->out, t->provenance, sizeof t->provenance, "try_provenance.json");
    return status;
}

/* Mean over shrink x shrink pixels. */
static void shrink(const tiles *t, const float *slice, float *tile) {
    int64_t s = t->shrink;
    for (int64_t y = 0; y < t->tile; y++) {
        for (int64_t x = 0; x < t->tile; x++) {
            double sum = 0;
            for (int64_t b = 0; b < s; b++)
                for (int64_t a = 0; a < s; a++) sum += slice[(y * s + b) * t->size + x * s + a];
            tile[y * t->tile + x] = (float)(sum / (double)(s * s));
        }
    }
}

static int write_slice(cli_job *job, const tiles *t, int i, const float *slice) {
    vxg_volume_writer *writer = NULL;
    cli_provenance *p = &job->prov;
    const vxg_volume_format asked = job->opt->volume.format;
    const vxg_volume_format format = asked == VXG_VOLUME_TIFF ? VXG_VOLUME_TIFF_STACK : asked;
    int status = cli_provenance_add(p, "center.of_this_slice", "%s", t->label[i]);
    if (status) return status;
    status = cli_open_volume(job, t->path[i], 1, format, &writer);
    cli_provenance_drop(p); /* that entry belongs to this one file */
    if (status) return status;
    status = writer->write(writer, 0, 1, slice);
    if (status) {
        writer->abandon(writer);
        return status;
    }
    return writer->finish(writer);
}

/* Slice i is that of centre i. */
typedef struct tee {
    vxg_volume_writer self;
    cli_job *job;
    tiles *t;
    float *slice; /* of converted values, NULL: they stay */
} tee;

static int tee_write(vxg_volume_writer *self, int64_t z0, int64_t nz, const float *src) {
    const tee *w = self->impl;
    const tiles *t = w->t;
    int status = VXG_OK;
    for (int64_t i = z0; i < z0 + nz && !status; i++, src += t->size * t->size) {
        const float *slice = src;
        if (w->slice) {
            cli_convert(w->job, src, w->slice, t->size * t->size);
            slice = w->slice;
        }
        shrink(t, slice, t->pixels + i * t->tile * t->tile);
        status = write_slice(w->job, t, (int)i, slice);
        if (!status && cli_cancel) status = vxg_error_set(VXG_ERR_CANCELLED, "interrupted");
    }
    return status;
}

/* What the pictures and the slice that is written take. */
static int64_t memory_beside(const cli_job *job, const tiles *t) {
    const int64_t slice = 4 * t->size * t->size;
    return cli_memory_beside() + 8 * t->n * t->tile * t->tile + slice * (job->pixel > 0 ? 2 : 1);
}

/* One centre after another, from one reading of the row. */
static int make_slices(cli_job *job, tiles *t) {
    const int64_t area = t->size * t->size, beside = memory_beside(job, t);
    tee w = {.self = {.size = sizeof w.self, .write = tee_write}, .job = job, .t = t};
    w.self.impl = &w;
    job->recon.progress = cli_progress(job->run);
    cli_set_memory(job, beside);
    if (job->pixel > 0 && !(w.slice = malloc((size_t)area * sizeof *w.slice)))
        return vxg_error_set(VXG_ERR_MEMORY, "out of memory for a slice of %lld x %lld",
                             (long long)t->size, (long long)t->size);
    const int status = vxg_ct_try_centers_write(job->dev, job->scan, &job->recon, job->row, t->n,
                                                t->center, &w.self, NULL);
    cli_progress_end();
    free(w.slice);
    return cli_memory_context(status, job, beside);
}

static int draw(cli_job *job, const tiles *t) {
    const char *labels[MOST_TILES];
    vxg_picture pic = {0};
    for (int i = 0; i < t->n; i++) labels[i] = t->label[i];
    int status = vxg_picture_montage(t->pixels, t->n, t->tile, t->tile, labels, &pic);
    if (!status) status = cli_write_picture(job, &pic, t->montage);
    vxg_picture_free(&pic);
    return status;
}

static void print_result(const cli_job *job, const tiles *t) {
    if (!job->run->shared->json) {
        printf("%s\n%s\n", t->montage, t->provenance);
        return;
    }
    cli_json j = {.f = stdout};
    cli_json_open(&j, NULL, '{');
    cli_json_text(&j, "montage", t->montage);
    cli_json_text(&j, "provenance", t->provenance);
    cli_json_int(&j, "row", job->row);
    cli_json_int(&j, "shown_at_one_over", t->shrink);
    cli_json_open(&j, "slices", '[');
    for (int i = 0; i < t->n; i++) {
        cli_json_open(&j, NULL, '{');
        cli_json_real(&j, "center", t->center[i]);
        cli_json_text(&j, "file", t->path[i]);
        cli_json_close(&j, '}');
    }
    cli_json_close(&j, ']');
    cli_odd_json(&j, &job->odd);
    cli_json_close(&j, '}');
}

int cli_recon_try(cli_job *job) {
    tiles *t = calloc(1, sizeof *t);
    int status = t ? VXG_OK : vxg_error_set(VXG_ERR_MEMORY, "out of memory");
    if (!status) status = list_centers(job, t);
    if (!status) status = name_outputs(job, t);
    if (!status) status = cli_provenance_add(&job->prov, "row", "%lld", (long long)job->row);
    if (!status) {
        t->size = job->sel.col1 - job->sel.col0;
        t->shrink = (t->size + TILE - 1) / TILE;
        t->tile = t->size / t->shrink;
        t->pixels = calloc((size_t)(t->n * t->tile * t->tile), sizeof(float));
        if (!t->pixels) status = vxg_error_set(VXG_ERR_MEMORY, "out of memory for the montage");
    }
    if (!status) status = make_slices(job, t);
    if (!status) status = draw(job, t);
    if (!status) status = cli_write_provenance(job, t->provenance);
    if (!status) status = cli_outputs_commit(&job->out);
    if (!status) {
        cli_say(job->run, "row %lld at %d centres from %s to %s%s", (long long)job->row, t->n,
                t->label[0], t->label[t->n - 1],
                t->shrink > 1 ? " (the picture is reduced, the slices are not)" : "");
        print_result(job, t);
    }
    if (t) free(t->pixels);
    free(t);
    return status;
}
