/* What datasets are: asked, checked, and small ones read whole. */
#include "io/h5/dataset.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

int vxg__h5_kind_of(vxg__h5_session *s, const char *path, vxg__h5_kind *kind) {
    *kind = VXG__H5_NOTHING;
    vxg__h5_put_words(vxg__h5_request(s), path);
    VXG_TRY(vxg__h5_ask(s, VXG__H5_KIND));
    const int64_t k = vxg__h5_take(&s->reply);
    *kind = k == VXG__H5_GROUP || k == VXG__H5_SET ? (vxg__h5_kind)k
            : k == VXG__H5_NOTHING                 ? VXG__H5_NOTHING
                                                   : VXG__H5_OTHER;
    return VXG_OK;
}

int vxg__h5_exists(vxg__h5_session *s, const char *path, int *exists) {
    vxg__h5_kind kind;
    *exists = 0;
    const int status = vxg__h5_kind_of(s, path, &kind);
    if (status) return vxg_error_context(status, "%s: %s", s->path, path + (*path == '/'));
    *exists = kind != VXG__H5_NOTHING;
    return VXG_OK;
}

int vxg__h5_text_of(vxg__h5_session *s, const char *path, const char *attribute, char *out,
                    size_t size) {
    vxg__h5_body *b = vxg__h5_request(s);
    vxg__h5_put_words(b, path);
    vxg__h5_put_words(b, attribute);
    out[0] = 0;
    const int status = vxg__h5_ask(s, VXG__H5_TEXT);
    if (!status) snprintf(out, size, "%.*s", (int)size - 1, vxg__h5_take_words(&s->reply));
    if (status == VXG_ERR_MEMORY) return status;
    if (status) vxg_error_clear();
    return VXG_OK;
}

/* ---- a reply, which nobody has to believe ---- */

static const char *type_name(char kind, int64_t bytes) {
    static const struct {
        const char *name;
        char kind;
        int bytes;
    } names[] = {{"uint8", 'u', 1},   {"uint16", 'u', 2},  {"uint32", 'u', 4}, {"uint64", 'u', 8},
                 {"int8", 'i', 1},    {"int16", 'i', 2},   {"int32", 'i', 4},  {"int64", 'i', 8},
                 {"float16", 'f', 2}, {"float32", 'f', 4}, {"float64", 'f', 8}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].kind == kind && names[i].bytes == bytes) return names[i].name;
    return NULL;
}

static int bad_reply(void) {
    return vxg_error_set(VXG_ERR_INPUT, "the HDF5 helper gave an answer that makes no sense");
}

static int take_shape(vxg__h5_body *b, vxg__h5_dataset *d) {
    const int64_t ndim = vxg__h5_take(b);
    int64_t count = 1;
    if (ndim < 0 || ndim > VXG__H5_RANK) return bad_reply();
    VXG_FAIL_IF(ndim > VXG_MAX_DIMS, VXG_ERR_INPUT, "rank %d, at most %d expected", (int)ndim,
                VXG_MAX_DIMS);
    d->ndim = (int)ndim;
    for (int i = 0; i < d->ndim; i++) {
        d->shape[i] = vxg__h5_take(b);
        if (d->shape[i] < 0) return bad_reply();
        VXG_FAIL_IF(d->shape[i] == 0, VXG_ERR_INPUT, "size %d is 0", i);
        VXG_FAIL_IF(d->shape[i] > VXG_MAX_ELEMENTS / count, VXG_ERR_INPUT,
                    "more than 2^40 elements");
        count *= d->shape[i];
    }
    return VXG_OK;
}

static int take_filters(vxg__h5_body *b, vxg__h5_dataset *d) {
    const int64_t n = vxg__h5_take(b);
    if (n < 0 || n > VXG__H5_FILTERS) return bad_reply();
    d->nfilters = (int)n, d->native = 1;
    for (int i = 0; i < d->nfilters; i++) {
        vxg__h5_filter *f = &d->filters[i];
        f->id = vxg__h5_take(b), f->value = vxg__h5_take(b);
        f->available = vxg__h5_take(b) != 0;
        snprintf(f->name, sizeof f->name, "%s", VXG_SHOW(vxg__h5_take_words(b)));
        d->native &= vxg__h5_filter_known(f->id);
    }
    return VXG_OK;
}

static int take_axes(vxg__h5_body *b, int *n, vxg__h5_axis *axes) {
    const int64_t there = vxg__h5_take(b);
    if (there < -1 || there > VXG__H5_RANK) return bad_reply();
    *n = there > VXG_MAX_DIMS ? -1 : (int)there;
    for (int64_t i = 0; i < there; i++) {
        vxg__h5_axis a;
        a.start = vxg__h5_take(b), a.step = vxg__h5_take(b);
        a.count = vxg__h5_take(b), a.block = vxg__h5_take(b);
        if (a.start < 0 || a.step < 1 || a.count < -1 || a.block < -1 ||
            a.start > VXG_MAX_ELEMENTS || a.step > VXG_MAX_ELEMENTS || a.count > VXG_MAX_ELEMENTS ||
            a.block > VXG_MAX_ELEMENTS)
            return bad_reply();
        if (a.count == 1 && a.block > 0) a.step = a.block; /* it has no other meaning */
        if (i < VXG_MAX_DIMS) axes[i] = a;
    }
    return VXG_OK;
}

/* The names are copied: the body's memory is used again. */
static int take_maps(vxg__h5_body *b, vxg__h5_dataset *d) {
    const int64_t n = vxg__h5_take(b);
    if (b->bad || n < 0 || n > VXG__H5_MOST_MAPS) return bad_reply();
    if (n == 0) return VXG_OK;
    d->maps = vxg__calloc((size_t)n, sizeof *d->maps);
    d->words = vxg__calloc(b->n - b->at + 1, 1); /* the names are shorter than what is left */
    if (!d->maps || !d->words) return VXG_ERR_MEMORY;
    char *to = d->words;
    for (int64_t i = 0; i < n; i++) {
        vxg__h5_map *m = &d->maps[i];
        VXG_TRY(take_axes(b, &m->nto, m->to));
        VXG_TRY(take_axes(b, &m->nfrom, m->from));
        const char *words[2] = {vxg__h5_take_words(b), vxg__h5_take_words(b)};
        if (b->bad) return bad_reply();
        m->file = to;
        to = stpcpy(to, words[0]) + 1;
        m->name = to;
        to = stpcpy(to, words[1]) + 1;
    }
    d->nmaps = n;
    return VXG_OK;
}

static int take_dataset(vxg__h5_body *b, vxg__h5_dataset *d) {
    d->number = vxg__h5_take(b);
    VXG_TRY(take_shape(b, d));
    d->kind = (char)vxg__h5_take(b), d->bytes = vxg__h5_take(b), d->big = (int)vxg__h5_take(b);
    d->dtype = type_name(d->kind, d->bytes);
    VXG_FAIL_IF(!d->dtype, VXG_ERR_INPUT,
                "elements are not plain numbers (8 to 64-bit integers, 16 to 64-bit floats)");
    d->layout = (int)vxg__h5_take(b), d->offset = vxg__h5_take(b), d->raw = (int)vxg__h5_take(b);
    d->stored = vxg__h5_take(b), d->file_bytes = vxg__h5_take(b);
    for (int i = 0; i < d->ndim; i++) {
        d->chunk[i] = vxg__h5_take(b);
        if (d->layout == VXG__H5_CHUNKED && (d->chunk[i] < 1 || d->chunk[i] > VXG_MAX_ELEMENTS))
            return bad_reply();
    }
    d->plain_edges = vxg__h5_take(b) != 0;
    if (d->layout < VXG__H5_COMPACT || d->layout > VXG__H5_UNALLOCATED || d->stored < 0 ||
        d->file_bytes < 0 || (d->layout == VXG__H5_CHUNKED && d->ndim == 0))
        return bad_reply();
    VXG_TRY(take_filters(b, d));
    VXG_TRY(take_maps(b, d));
    return b->bad ? bad_reply() : VXG_OK;
}

/* Refuses sizes the file cannot hold, so that nobody takes memory for them. */
int vxg__h5_check_dataset(vxg__h5_dataset *d) {
    int64_t count = 1;
    for (int i = 0; i < d->ndim; i++) count *= d->shape[i];
    const int64_t need = count * d->bytes;                     /* below 2^43 */
    if (d->layout == VXG__H5_VIRTUAL || d->raw) return VXG_OK; /* elements are in other files */
    VXG_FAIL_IF(d->layout == VXG__H5_CONTIGUOUS &&
                    (d->offset > d->file_bytes || need > d->file_bytes - d->offset),
                VXG_ERR_INPUT, "cut: %lld bytes at %lld expected, the file has %lld",
                (long long)need, (long long)d->offset, (long long)d->file_bytes);
    VXG_FAIL_IF(d->layout == VXG__H5_COMPACT && d->stored < need, VXG_ERR_INPUT,
                "cut: %lld bytes expected, %lld are there", (long long)need, (long long)d->stored);
    VXG_FAIL_IF(d->stored > d->file_bytes, VXG_ERR_INPUT, "takes more bytes than the file has");
    /* No packing shrinks measured data so much; chunks that were never written are missing data. */
    VXG_FAIL_IF((d->layout == VXG__H5_CHUNKED || d->layout == VXG__H5_UNALLOCATED) &&
                    need / 65536 > d->stored,
                VXG_ERR_INPUT, "%lld bytes expected, only %lld are stored", (long long)need,
                (long long)d->stored);
    return VXG_OK;
}

int vxg__h5_describe(vxg__h5_session *s, int64_t of, const char *file, const char *path,
                     vxg__h5_dataset *out) {
    *out = (vxg__h5_dataset){.number = -1};
    vxg__h5_body *b = vxg__h5_request(s);
    vxg__h5_put(b, of);
    vxg__h5_put_words(b, file);
    vxg__h5_put_words(b, path);
    VXG_TRY(vxg__h5_ask(s, VXG__H5_DATASET));
    out->session = s;
    int status = take_dataset(&s->reply, out);
    if (!status) status = vxg__h5_check_dataset(out);
    if (status) vxg__h5_dataset_close(out);
    return status;
}

int vxg__h5_dataset_open(vxg__h5_session *s, const char *path, const char *title,
                         vxg__h5_dataset *out) {
    const int status = vxg__h5_describe(s, -1, "", path, out);
    return status ? vxg_error_context(status, "%s", title) : VXG_OK;
}

void vxg__h5_dataset_close(vxg__h5_dataset *d) {
    if (!d->session) return;
    vxg__h5_sources_close(d);
    vxg__free(d->maps);
    vxg__free(d->words);
    if (!d->session->dead[0] && (d->session->server || d->session->socket >= 0)) {
        char before[2048]; /* the message of what went wrong stays */
        snprintf(before, sizeof before, "%s", vxg_error_message());
        vxg__h5_put(vxg__h5_request(d->session), d->number);
        if (vxg__h5_ask(d->session, VXG__H5_CLOSE)) vxg_error_set(VXG_OK, "%s", before);
    }
    *d = (vxg__h5_dataset){.number = -1};
}

int vxg__h5_dataset_read(vxg__h5_dataset *d, const char *title, const int64_t *start,
                         const int64_t *count, enum vxg__h5_as as, void *dst) {
    const int64_t zeros[VXG_MAX_DIMS] = {0};
    const int64_t bytes = as == VXG__H5_AS_FLOAT ? 4 : as == VXG__H5_AS_DOUBLE ? 8 : d->bytes;
    vxg__h5_target to = {.dst = dst, .as = as, .bytes = bytes};
    int64_t step = 1;
    if (!start) start = zeros, count = d->shape;
    for (int i = d->ndim - 1; i >= 0; i--) {
        to.step[i] = step;
        step *= count[i];
    }
    const int status = vxg__h5_read_block(d, start, count, &to);
    return status ? vxg_error_context(status, "%s", title) : VXG_OK;
}

int vxg__h5_read_doubles(vxg__h5_session *s, const char *path, const char *title, double **out,
                         int64_t *count) {
    vxg__h5_dataset d;
    *out = NULL, *count = 0;
    VXG_TRY(vxg__h5_dataset_open(s, path, title, &d));
    int64_t n = 1;
    for (int i = 0; i < d.ndim; i++) n *= d.shape[i];
    int status = VXG_OK;
    /* Packed lists of angles or keys shrink at most about 1000-fold (deflate). */
    const int elsewhere = d.layout == VXG__H5_VIRTUAL || d.raw;
    if (n > 4096 && n / 2048 > (elsewhere ? d.file_bytes : d.stored))
        status = vxg_error_set(VXG_ERR_INPUT, "%s: %lld elements, only %lld bytes are stored",
                               title, (long long)n, (long long)d.stored);
    double *values = status ? NULL : vxg__calloc((size_t)n, sizeof *values);
    if (!status && !values) status = VXG_ERR_MEMORY;
    if (!status) status = vxg__h5_dataset_read(&d, title, NULL, NULL, VXG__H5_AS_DOUBLE, values);
    vxg__h5_dataset_close(&d);
    if (status) {
        vxg__free(values);
        return status;
    }
    *out = values, *count = n;
    return VXG_OK;
}
