/* Scan geometry of other packages: ASTRA vectors and projection matrices, as texts of numbers. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ct/geometry/convert.h"

#define MOST_BYTES ((size_t)256 << 20)

int vxg__ct_text_copy(const char *text, size_t n, const char *what, char **out) {
    *out = NULL;
    VXG_FAIL_IF(!text || n == 0, VXG_ERR_INPUT, "%s: no text", what);
    VXG_FAIL_IF(n > MOST_BYTES, VXG_ERR_INPUT, "%s: more than 256 MiB", what);
    VXG_FAIL_IF(memchr(text, 0, n), VXG_ERR_INPUT, "%s: a zero byte", what);
    char *copy = vxg__calloc(n + 1, 1);
    if (!copy) return VXG_ERR_MEMORY;
    memcpy(copy, text, n);
    *out = copy;
    return VXG_OK;
}

/* The next number; NULL after the last, and *bad where something else stands. */
static const char *next_number(const char *p, double *x, const char **bad) {
    char *end;
    while (*p && (isspace((unsigned char)*p) || strchr(",;[]()", *p))) p++;
    if (*p == '#') { /* a comment up to the end of its line */
        while (*p && *p != '\n') p++;
        return next_number(p, x, bad);
    }
    if (!*p) return NULL;
    *x = vxg__number(p, &end);
    if (end != p && isfinite(*x)) return end;
    *bad = p;
    return NULL;
}

int vxg__ct_numbers(const char *text, const char *what, double **out, int64_t *count) {
    int64_t n = 0;
    double x;
    const char *bad = NULL;
    *out = NULL;
    for (const char *p = text; (p = next_number(p, &x, &bad)); n++) continue;
    if (bad) {
        int line = 1;
        for (const char *p = text; p < bad; p++) line += *p == '\n';
        VXG_FAIL(VXG_ERR_INPUT, "%s: line %d: '%.20s' is not a finite number", what, line,
                 VXG_SHOW(bad));
    }
    VXG_FAIL_IF(n == 0, VXG_ERR_INPUT, "%s: no numbers", what);
    double *values = vxg__calloc((size_t)n, sizeof *values);
    if (!values) return VXG_ERR_MEMORY;
    const char *p = text;
    for (int64_t i = 0; i < n; i++) p = next_number(p, &values[i], &bad);
    *out = values, *count = n;
    return VXG_OK;
}

int vxg__ct_text_done(vxg_text *t, char **out) {
    if (t->failed) {
        vxg__text_free(t);
        return VXG_ERR_MEMORY;
    }
    *out = t->s;
    return VXG_OK;
}

int vxg__ct_straight_volume(const vxg_ct_volume *in, const char *what, vxg_ct_volume *out) {
    int status = vxg__ct_volume_check(in, out);
    if (status) return vxg_error_context(status, "%s", what);
    double off = 0;
    for (int k = 0; k < 9; k++) off = fmax(off, fabs(out->rotation[k] - (k % 4 == 0)));
    VXG_FAIL_IF(off > 1e-12, VXG_ERR_UNSUPPORTED,
                "%s: the volume is rotated, the format has no word for it", what);
    return VXG_OK;
}

/* ---- ASTRA ---- */
#define ASTRA "ASTRA vectors"
static const struct {
    const char *name;
    int cone, planar;
} astra[] = {
    [VXG_CT_ASTRA_PARALLEL] = {"parallel_vec", 0, 1},
    [VXG_CT_ASTRA_FANFLAT] = {"fanflat_vec", 1, 1},
    [VXG_CT_ASTRA_PARALLEL3D] = {"parallel3d_vec", 0, 0},
    [VXG_CT_ASTRA_CONE] = {"cone_vec", 1, 0},
};
#define KINDS ((int)(sizeof astra / sizeof *astra))

int vxg_ct_from_astra(vxg_ct_astra kind, int64_t nviews, int64_t rows, int64_t cols,
                      const double *vectors, vxg_ct_geometry **out) {
    vxg_ct_view *views;
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "%s: out is NULL", __func__);
    *out = NULL;
    VXG_FAIL_IF((int)kind < 0 || (int)kind >= KINDS, VXG_ERR_ARGUMENT, ASTRA ": unknown kind %d",
                (int)kind);
    VXG_FAIL_IF(!vectors, VXG_ERR_ARGUMENT, ASTRA ": vectors is NULL");
    VXG_FAIL_IF(astra[kind].planar && rows != 1, VXG_ERR_ARGUMENT, ASTRA ": rows is %lld, %s has 1",
                (long long)rows, astra[kind].name);
    VXG_TRY(vxg__ct_views_new(nviews, rows, cols, &views));
    for (int64_t i = 0; i < nviews; i++) {
        vxg_ct_view *v = &views[i];
        double *const to[4] = {v->s, v->d, v->U, v->V};
        const int n = astra[kind].planar ? 2 : 3, fields = astra[kind].planar ? 3 : 4;
        for (int f = 0; f < fields; f++)
            for (int k = 0; k < n; k++) to[f][k] = vectors[(i * fields + f) * n + k];
        if (astra[kind].planar) v->V[2] = vxg__norm3(v->U);
    }
    int status = vxg_ct_geometry_new(
        &(vxg_ct_views){.beam = astra[kind].cone ? VXG_CT_BEAM_CONE : VXG_CT_BEAM_PARALLEL,
                        .nviews = nviews,
                        .nv = rows,
                        .nu = cols,
                        .views = views},
        out);
    vxg__free(views);
    return status;
}

static int lies_in_plane(const vxg_ct_geometry *geo) {
    if (vxg_ct_geometry_nv(geo) != 1) return 0;
    for (int64_t i = 0; i < vxg_ct_geometry_nviews(geo); i++) {
        const vxg_ct_view *v = vxg_ct_geometry_view(geo, i);
        if (v->s[2] != 0 || v->d[2] != 0 || v->U[2] != 0) return 0;
    }
    return 1;
}

vxg_ct_astra vxg_ct_astra_kind(const vxg_ct_geometry *geo) {
    const int cone = vxg_ct_geometry_beam(geo) == VXG_CT_BEAM_CONE;
    if (lies_in_plane(geo)) return cone ? VXG_CT_ASTRA_FANFLAT : VXG_CT_ASTRA_PARALLEL;
    return cone ? VXG_CT_ASTRA_CONE : VXG_CT_ASTRA_PARALLEL3D;
}

int vxg_ct_to_astra(const vxg_ct_geometry *geo, vxg_ct_astra kind, double *vectors) {
    VXG_FAIL_IF(!geo || !vectors, VXG_ERR_ARGUMENT, ASTRA ": geometry or vectors is NULL");
    VXG_FAIL_IF((int)kind < 0 || (int)kind >= KINDS, VXG_ERR_ARGUMENT, ASTRA ": unknown kind %d",
                (int)kind);
    VXG_FAIL_IF(vxg_ct_geometry_detector(geo) != VXG_CT_DETECTOR_FLAT, VXG_ERR_UNSUPPORTED,
                ASTRA ": the detector is curved, %s has flat ones", astra[kind].name);
    VXG_FAIL_IF(astra[kind].cone != (vxg_ct_geometry_beam(geo) == VXG_CT_BEAM_CONE),
                VXG_ERR_ARGUMENT, ASTRA ": the beam does not go with %s", astra[kind].name);
    VXG_FAIL_IF(astra[kind].planar && !lies_in_plane(geo), VXG_ERR_ARGUMENT,
                ASTRA ": %s needs one row and rays in the plane z = 0", astra[kind].name);
    const int n = astra[kind].planar ? 2 : 3, fields = astra[kind].planar ? 3 : 4;
    for (int64_t i = 0; i < vxg_ct_geometry_nviews(geo); i++) {
        const vxg_ct_view *v = vxg_ct_geometry_view(geo, i);
        const double *const from[4] = {v->s, v->d, v->U, v->V};
        for (int f = 0; f < fields; f++)
            for (int k = 0; k < n; k++) vectors[(i * fields + f) * n + k] = from[f][k];
    }
    return VXG_OK;
}

/* "# cone_vec 40 60": what numpy.savetxt(..., header="cone_vec 40 60") writes first. */
static int read_header(const char *text, int *kind, int64_t *rows, int64_t *cols) {
    char name[24];
    long long r, c;
    const char *p = text + strspn(text, " \t\r\n");
    const int got = sscanf(p, "# %23s %lld %lld", name, &r, &c);
    *kind = 0;
    while (got == 3 && *kind < KINDS && strcmp(astra[*kind].name, name)) ++*kind;
    VXG_FAIL_IF(got != 3 || *kind == KINDS, VXG_ERR_INPUT,
                ASTRA ": the first line must be \"# KIND ROWS COLS\", KIND one of parallel_vec, "
                      "fanflat_vec, parallel3d_vec, cone_vec");
    *rows = r, *cols = c;
    return VXG_OK;
}

int vxg_ct_geometry_from_astra(const char *text, size_t n, vxg_ct_geometry **out) {
    char *copy;
    double *values = NULL;
    int64_t count = 0, rows = 0, cols = 0;
    int kind = 0;
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "%s: out is NULL", __func__);
    *out = NULL;
    VXG_FAIL_IF(!text, VXG_ERR_ARGUMENT, ASTRA ": text is NULL");
    VXG_TRY(vxg__ct_text_copy(text, n, ASTRA, &copy));
    int status = read_header(copy, &kind, &rows, &cols);
    if (!status) status = vxg__ct_numbers(copy, ASTRA, &values, &count);
    const int per_view = !status && astra[kind].planar ? 6 : 12;
    if (!status && count % per_view)
        status =
            vxg_error_set(VXG_ERR_INPUT, ASTRA ": %lld numbers are no whole number of views of %d",
                          (long long)count, per_view);
    if (!status)
        status = vxg_ct_from_astra((vxg_ct_astra)kind, count / per_view, rows, cols, values, out);
    vxg__free(values);
    vxg__free(copy);
    return status == VXG_ERR_ARGUMENT ? vxg_error_context(VXG_ERR_INPUT, ASTRA) : status;
}

static void write_rows(vxg_text *t, const double *values, int64_t n, int per_line) {
    for (int64_t i = 0; i < n; i++)
        vxg__text_add(t, "%.17g%c", values[i], (i + 1) % per_line ? ' ' : '\n');
}

int vxg_ct_geometry_to_astra(const vxg_ct_geometry *geo, char **out) {
    vxg_text t = {0};
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "%s: out is NULL", __func__);
    *out = NULL;
    VXG_FAIL_IF(!geo, VXG_ERR_ARGUMENT, ASTRA ": geometry is NULL");
    const vxg_ct_astra kind = vxg_ct_astra_kind(geo);
    const int per_view = astra[kind].planar ? 6 : 12;
    const int64_t n = vxg_ct_geometry_nviews(geo) * per_view;
    double *values = vxg__calloc((size_t)n, sizeof *values);
    if (!values) return VXG_ERR_MEMORY;
    int status = vxg_ct_to_astra(geo, kind, values);
    if (!status) {
        vxg__text_add(&t, "# %s %lld %lld\n", astra[kind].name, (long long)vxg_ct_geometry_nv(geo),
                      (long long)vxg_ct_geometry_nu(geo));
        write_rows(&t, values, n, per_view);
        status = vxg__ct_text_done(&t, out);
    }
    vxg__free(values);
    return status;
}

/* ---- Matrices ---- */
#define MATRICES "projection matrices"

int vxg__ct_detector_size(const vxg_ct_detector_size *size, const char *what) {
    VXG_FAIL_IF(!size || size->rows < 1 || size->cols < 1, VXG_ERR_ARGUMENT,
                "%s: rows or cols is missing: the format does not hold the detector's size", what);
    VXG_FAIL_IF(!(size->pixel > 0) || !isfinite(size->pixel) || !(size->row_pitch >= 0) ||
                    !isfinite(size->row_pitch),
                VXG_ERR_ARGUMENT, "%s: pixel and row_pitch must be positive", what);
    return VXG_OK;
}

int vxg_ct_geometry_from_matrix_text(const char *text, size_t n, const vxg_ct_detector_size *size,
                                     vxg_ct_geometry **out) {
    char *copy;
    double *P = NULL;
    int64_t count = 0;
    VXG_FAIL_IF(!text || !out, VXG_ERR_ARGUMENT, "geometry: text or out is NULL");
    *out = NULL;
    VXG_READ(vxg_ct_detector_size, size);
    VXG_TRY(vxg__ct_detector_size(size, MATRICES));
    VXG_TRY(vxg__ct_text_copy(text, n, MATRICES, &copy));
    int status = vxg__ct_numbers(copy, MATRICES, &P, &count);
    if (!status && count % 12)
        status = vxg_error_set(VXG_ERR_INPUT, MATRICES ": %lld numbers are no whole number of 12",
                               (long long)count);
    /* the distance at which a column is one pixel wide */
    if (!status) status = vxg_ct_from_matrices(count / 12, size->rows, size->cols, P, 1, out);
    if (!status && vxg_ct_geometry_beam(*out) == VXG_CT_BEAM_CONE) {
        const double sdd = size->pixel / vxg__norm3(vxg_ct_geometry_view(*out, 0)->U);
        vxg_ct_geometry_release(*out);
        status = vxg_ct_from_matrices(count / 12, size->rows, size->cols, P, sdd, out);
    }
    vxg__free(P);
    vxg__free(copy);
    return status == VXG_ERR_ARGUMENT ? vxg_error_context(VXG_ERR_INPUT, MATRICES) : status;
}

int vxg_ct_geometry_to_matrix_text(const vxg_ct_geometry *geo, char **out) {
    vxg_text t = {0};
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "%s: out is NULL", __func__);
    *out = NULL;
    VXG_FAIL_IF(!geo, VXG_ERR_ARGUMENT, MATRICES ": geometry is NULL");
    const int64_t n = vxg_ct_geometry_nviews(geo);
    double *P = vxg__calloc((size_t)n, 12 * sizeof *P);
    if (!P) return VXG_ERR_MEMORY;
    int status = vxg_ct_to_matrices(geo, P);
    if (!status) {
        vxg__text_add(&t, "# 3 x 4 matrices to 0-based (column, row, 1), one view a line\n");
        write_rows(&t, P, 12 * n, 12);
        status = vxg__ct_text_done(&t, out);
    }
    vxg__free(P);
    return status;
}
