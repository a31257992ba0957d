/* What looks odd about a scan, in one place for `info`, which lists it, and for `recon`, which says
 * it before the work and writes it into the provenance. */
#include "cli.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void cli_odd_add(cli_odd *odd, const char *id, int plain, const char *format, ...) {
    va_list ap;
    for (int i = 0; i < odd->n; i++)
        if (!strcmp(odd->list[i].id, id)) return;
    if (odd->n == CLI_MAX_ODD) return;
    va_start(ap, format);
    vsnprintf(odd->list[odd->n].text, sizeof odd->list[0].text, format, ap);
    va_end(ap);
    odd->list[odd->n].id = id;
    odd->list[odd->n++].plain = plain;
}

void cli_odd_say(const cli_run *run, const char *name, cli_odd *odd) {
    for (; odd->said < odd->n; odd->said++)
        if (!odd->list[odd->said].plain)
            cli_say(run, "%s: warning (%s): %s", name, odd->list[odd->said].id,
                    odd->list[odd->said].text);
}

int cli_odd_provenance(const cli_odd *odd, cli_provenance *p) {
    int status = VXG_OK;
    for (int i = 0; !status && i < odd->n; i++) {
        char name[80];
        if (odd->list[i].plain) continue;
        snprintf(name, sizeof name, "warning.%s", odd->list[i].id);
        status = cli_provenance_add(p, name, "%s", odd->list[i].text);
    }
    return status;
}

void cli_odd_json(cli_json *j, const cli_odd *odd) {
    cli_json_open(j, "warnings", '[');
    for (int i = 0; i < odd->n; i++)
        if (!odd->list[i].plain) cli_json_text(j, NULL, odd->list[i].text);
    cli_json_close(j, ']');
}

/* ---- looking ---- */

/* Values of frames evenly spread over [v0, v1), at most `most` of them, of a band of rows in the
 * middle of the selection that takes no more than `floats` numbers a frame. */
static int measure(vxg_scan_reader *scan, const cli_select *sel, vxg_frame_kind kind, int64_t v0,
                   int64_t v1, int64_t most, int64_t floats, cli_counts *s) {
    memset(s, 0, sizeof *s);
    if (v1 <= v0) return VXG_OK;
    const int64_t cols = sel->col1 - sel->col0, all = sel->row1 - sel->row0;
    int64_t nrows = floats / cols, count = v1 - v0 < most ? v1 - v0 : most, good = 0;
    if (nrows > all) nrows = all;
    if (nrows < 1) nrows = 1;
    const int64_t r0 = sel->row0 + (all - nrows) / 2, n = nrows * cols;
    float *frame = malloc((size_t)n * sizeof *frame);
    int status = frame ? VXG_OK : vxg_error_set(VXG_ERR_MEMORY, "out of memory for a frame");
    *s = (cli_counts){INFINITY, -INFINITY, 0, count, nrows, 0};
    for (int64_t i = 0; !status && i < count; i++) {
        const int64_t v = v0 + (count > 1 ? i * (v1 - v0 - 1) / (count - 1) : 0);
        status = scan->read(scan, kind, v, v + 1, r0, r0 + nrows, sel->col0, sel->col1, frame);
        for (int64_t k = 0; !status && k < n; k++) {
            const double x = frame[k];
            if (!isfinite(x)) {
                s->bad++;
                continue;
            }
            s->lo = x < s->lo ? x : s->lo;
            s->hi = x > s->hi ? x : s->hi;
            s->mean += x;
            good++;
        }
        if (!status && cli_cancel) status = vxg_error_set(VXG_ERR_CANCELLED, "interrupted");
    }
    s->mean = good ? s->mean / (double)good : NAN;
    free(frame);
    return status;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int look_at_angles(const vxg_scan_reader *scan, const cli_select *sel, cli_facts *f) {
    const int64_t n = sel->view1 - sel->view0;
    f->sorted = 1;
    if (n < 1) return VXG_OK;
    double *t = malloc((size_t)n * sizeof *t);
    if (!t) return vxg_error_set(VXG_ERR_MEMORY, "out of memory for %lld angles", (long long)n);
    memcpy(t, scan->theta + sel->view0, (size_t)n * sizeof *t);
    for (int64_t i = 1; i < n; i++) f->sorted &= t[i] >= t[i - 1];
    qsort(t, (size_t)n, sizeof *t, by_value);
    f->theta_lo = t[0];
    f->theta_hi = t[n - 1];
    free(t);
    return VXG_OK;
}

int cli_look(vxg_scan_reader *scan, const cli_select *sel, int frames, int64_t floats,
             cli_facts *f) {
    memset(f, 0, sizeof *f);
    int status = look_at_angles(scan, sel, f);
    if (!status)
        status =
            measure(scan, sel, VXG_FRAME_DATA, sel->view0, sel->view1, frames, floats, &f->data);
    if (!status && !sel->no_minus_log)
        status = measure(scan, sel, VXG_FRAME_FLAT, 0, scan->nflats, frames, floats, &f->flat);
    if (!status && !sel->no_minus_log)
        status = measure(scan, sel, VXG_FRAME_DARK, 0, scan->ndarks, frames, floats, &f->dark);
    return status;
}

/* ---- judging ---- */

static void odd_values(const vxg_scan_reader *s, const cli_select *sel, const cli_facts *f,
                       cli_odd *odd) {
    const double low = fmin(f->data.lo, f->flat.frames ? f->flat.lo : INFINITY);
    const int counts = !sel->no_minus_log;
    if (counts && !s->nflats)
        cli_odd_add(odd, "no-flats", 0,
                    "no flat fields: only data that are line integrals (--no-minus-log) work");
    if (counts && s->nflats && !s->ndarks)
        cli_odd_add(odd, "no-darks", 0, "no dark fields: the camera's offset is taken as 0");
    if (counts && s->nflats && s->ndarks && f->flat.mean <= f->dark.mean)
        cli_odd_add(odd, "flats-no-brighter", 0,
                    "the flat fields are no brighter than the dark fields: are they swapped?");
    if (f->data.bad)
        cli_odd_add(odd, "not-numbers", 0, "%lld values are not numbers; they are replaced",
                    (long long)f->data.bad);
    if (f->data.frames && f->data.lo == f->data.hi)
        cli_odd_add(odd, "all-the-same", 0,
                    "every value of the %lld projections looked at is %g: the data are empty",
                    (long long)f->data.frames, f->data.lo);
    if (counts && low < 0 && !strncmp(s->dtype, "int", 3))
        cli_odd_add(odd, "negative-counts", 0,
                    "counts as low as %g in %s: unsigned counts that were stored with a sign come "
                    "out wrong by 2^%s",
                    low, s->dtype, s->dtype + 3);
    if (!counts && f->data.frames && f->data.hi > 50)
        cli_odd_add(odd, "integrals-like-counts", 0,
                    "values up to %g are taken as line integrals (no logarithm), which rarely pass "
                    "10: are they counts?",
                    f->data.hi);
}

/* The angles as a geometry, so that what `geometry explain` knows is said of a scan too. */
static int odd_angles(const vxg_scan_reader *s, const cli_select *sel, cli_odd *odd) {
    vxg_ct_geometry *geo = NULL;
    vxg_ct_summary kind = {0};
    const double middle = 0.5 * (double)(sel->col0 + sel->col1 - 1);
    int status = cli_scan_geometry(s, sel, middle, &geo);
    if (!status) status = cli_odd_kind(geo, NULL, &kind, odd);
    vxg_ct_geometry_release(geo);
    return status;
}

int cli_odd_find(const vxg_scan_reader *s, const cli_select *sel, const cli_facts *f, int angles,
                 cli_odd *odd) {
    const int64_t n = sel->view1 - sel->view0, ncols = sel->col1 - sel->col0;
    int status = VXG_OK;
    if (angles && s->theta_missing && !strcmp(s->format, "HDF5 dataset"))
        cli_odd_add(odd, "no-angles", 0,
                    "no %lld angles beside the dataset (theta, angle, angles or rotation_angle): a "
                    "parallel beam and even steps from 0 to 180 degrees are assumed; for any other "
                    "scan give --geometry",
                    (long long)s->nviews);
    else if (angles && s->theta_missing)
        cli_odd_add(odd, "no-angles", 0,
                    "the file has no angles: evenly spaced from 0 to 180 degrees is assumed");
    if (n == 1)
        cli_odd_add(odd, "one-view", 0,
                    "one projection only: it is smeared along its rays, which shows no depth");
    odd_values(s, sel, f, odd);
    if (angles && n > 0) status = odd_angles(s, sel, odd);
    if (angles && !f->sorted)
        cli_odd_add(odd, "unsorted", 1, "the angles are not in rising order (they need not be)");
    if ((double)n < 1.2 * (double)ncols && n > 1)
        cli_odd_add(odd, "few-views", 1,
                    "%lld projections for %lld columns; about %lld would be free of view aliasing",
                    (long long)n, (long long)ncols, (long long)ceil(M_PI_2 * (double)ncols));
    if (angles && s->angle_odd && *s->angle_odd)
        cli_odd_add(odd, "angle-unit-unknown", 0,
                    "the unit of the angles, '%s', is not known: they are taken as degrees (deg, "
                    "rad, mrad, turn and their longer names are)",
                    s->angle_odd);
    if (angles && s->pixel_odd && *s->pixel_odd)
        cli_odd_add(odd, "pixel-size-unused", 0,
                    "the pixel size, %s, is no length and is left out: values are attenuation per "
                    "pixel",
                    s->pixel_odd);
    else if (s->pixel_size <= 0)
        cli_odd_add(odd, "no-pixel-size", 1, "no pixel size: the attenuation comes out per pixel");
    return status;
}

int cli_odd_kind(const vxg_ct_geometry *geo, const vxg_ct_notes *notes, vxg_ct_summary *s,
                 cli_odd *odd) {
    char words[600];
    *s = (vxg_ct_summary){.size = sizeof *s};
    int status = vxg_ct_geometry_summary(geo, notes, s);
    for (int w = 0; !status && w < VXG_CT_WARNING_COUNT; w++) {
        if (!(s->warnings >> w & 1) || w == VXG_CT_WARNING_REFUSED) continue; /* it will say so */
        vxg_ct_warning_words(s, (vxg_ct_warning)w, words, sizeof words);
        cli_odd_add(odd, vxg_ct_warning_id((vxg_ct_warning)w), 0, "%s", words);
    }
    return status;
}

int cli_say_kind(const cli_run *run, const char *name, const vxg_ct_geometry *geo, int analytic,
                 const vxg_ct_notes *notes, vxg_ct_summary *s, cli_odd *odd) {
    int status = cli_odd_kind(geo, notes, s, odd);
    if (status) return status;
    if (!s->refused && analytic) cli_say(run, "%s: %s", name, s->method);
    cli_odd_say(run, name, odd);
    return VXG_OK;
}
