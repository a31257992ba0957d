/* Virtual datasets, source by source. A source's elements and their places in the whole are two
 * patterns of blocks, each the product of one pattern an axis; the n-th element of one goes to the
 * n-th place of the other. Where both have the same numbers of elements along their axes (axes of
 * one element apart), that holds axis by axis, and a block is read in runs.
 *
 * A source that is missing or too small is an error, and so are elements that no source covers
 * (cover.c): libhdf5 would give the fill value instead, which nobody has measured. */
#include "io/h5/dataset.h"

#include <stdio.h>
#include <string.h>

enum { MOST_DEPTH = 16, MOST_SOURCES = 32 };

struct vxg__h5_source {
    vxg__h5_dataset data;
    char *file, *name;
    int64_t used; /* when; 0: empty */
};

void vxg__h5_sources_close(vxg__h5_dataset *d) {
    for (int i = 0; d->sources && i < MOST_SOURCES; i++) {
        if (!d->sources[i].used) continue;
        vxg__h5_dataset_close(&d->sources[i].data);
        vxg__free(d->sources[i].file);
        vxg__free(d->sources[i].name);
    }
    vxg__free(d->sources);
    d->sources = NULL;
}

/* The source, opened when it is not; the one used longest ago gives way. */
static int get_source(vxg__h5_dataset *d, const char *file, const char *name,
                      vxg__h5_dataset **out) {
    int64_t last = 0;
    vxg__h5_source *old = NULL;
    if (!d->sources) d->sources = vxg__calloc(MOST_SOURCES, sizeof *d->sources);
    if (!d->sources) return VXG_ERR_MEMORY;
    for (int i = 0; i < MOST_SOURCES; i++) {
        vxg__h5_source *s = &d->sources[i];
        if (s->used > last) last = s->used;
        if (s->used && !strcmp(s->file, file) && !strcmp(s->name, name)) old = s;
    }
    if (old) {
        old->used = last + 1;
        *out = &old->data;
        return VXG_OK;
    }
    VXG_FAIL_IF(d->depth + 1 > MOST_DEPTH, VXG_ERR_INPUT,
                "virtual datasets of virtual datasets, more than %d deep or in a circle",
                MOST_DEPTH);
    old = &d->sources[0];
    for (int i = 1; i < MOST_SOURCES; i++)
        if (d->sources[i].used < old->used) old = &d->sources[i];
    if (old->used) {
        vxg__h5_dataset_close(&old->data);
        vxg__free(old->file);
        vxg__free(old->name);
        memset(old, 0, sizeof *old);
    }
    VXG_TRY(
        vxg__h5_describe(d->session, d->number, strcmp(file, ".") ? file : "", name, &old->data));
    old->file = vxg__strdup(file), old->name = vxg__strdup(name);
    if (!old->file || !old->name) {
        vxg__h5_dataset_close(&old->data);
        vxg__free(old->file);
        vxg__free(old->name);
        memset(old, 0, sizeof *old);
        return VXG_ERR_MEMORY;
    }
    old->used = last + 1, old->data.depth = d->depth + 1;
    *out = &old->data;
    return VXG_OK;
}

/* ---- patterns ---- */

static int64_t elements(const vxg__h5_axis *a) {
    return a->count * a->block;
}

/* Where element n of a pattern is. */
static int64_t place_of(const vxg__h5_axis *a, int64_t n) {
    return a->start + n / a->block * a->step + n % a->block;
}

/* The first element at or behind x, at most all of them. */
static int64_t first_behind(const vxg__h5_axis *a, int64_t x) {
    if (x <= a->start) return 0;
    const int64_t k = (x - a->start) / a->step, rest = (x - a->start) % a->step;
    if (k >= a->count) return elements(a);
    return k * a->block + (rest < a->block ? rest : a->block);
}

/* How many elements from n on lie side by side in both patterns. */
static int64_t run_of(const vxg__h5_axis *a, int64_t n) {
    if (a->block == a->step || a->count == 1) return elements(a) - n;
    return a->block - n % a->block;
}

/* Pairs the axes of both patterns that have more than one element: from_axis[i] is the source's
 * axis of the whole's axis i, -1 for axes of one element. 0: they do not pair. */
static int pair_axes(const vxg__h5_map *m, int *from_axis) {
    int j = 0;
    for (int i = 0; i < m->nto; i++) {
        from_axis[i] = -1;
        if (elements(&m->to[i]) == 1) continue;
        while (j < m->nfrom && elements(&m->from[j]) == 1) j++;
        if (j == m->nfrom || elements(&m->from[j]) != elements(&m->to[i])) return 0;
        from_axis[i] = j++;
    }
    while (j < m->nfrom && elements(&m->from[j]) == 1) j++;
    return j == m->nfrom;
}

/* ---- reading ---- */

typedef struct part { /* of one source */
    vxg__h5_dataset *whole, *source;
    const vxg__h5_map *m;
    const int64_t *start, *count; /* the block of the whole */
    const vxg__h5_target *to;
    int from_axis[VXG_MAX_DIMS];
    int64_t n0[VXG_MAX_DIMS], n1[VXG_MAX_DIMS];   /* elements of the pattern inside the block */
    int64_t at[VXG_MAX_DIMS], size[VXG_MAX_DIMS]; /* the run: in the source */
    int64_t place[VXG_MAX_DIMS];                  /* in the block */
} part;

static int read_part(part *p, int axis) {
    const vxg__h5_map *m = p->m;
    if (axis == m->nto) {
        vxg__h5_target to = {.dst = p->to->dst, .as = p->to->as, .bytes = p->to->bytes};
        int64_t at = 0;
        for (int i = 0; i < m->nto; i++) {
            at += p->place[i] * p->to->step[i];
            if (p->from_axis[i] >= 0) to.step[p->from_axis[i]] = p->to->step[i];
        }
        to.dst = (char *)to.dst + at * to.bytes;
        return vxg__h5_read_block(p->source, p->at, p->size, &to);
    }
    const int j = p->from_axis[axis];
    for (int64_t n = p->n0[axis]; n < p->n1[axis];) {
        int64_t run = p->n1[axis] - n;
        const int64_t a = run_of(&m->to[axis], n), b = j < 0 ? run : run_of(&m->from[j], n);
        run = a < run ? a : run;
        run = b < run ? b : run;
        p->place[axis] = place_of(&m->to[axis], n) - p->start[axis];
        if (j >= 0) p->at[j] = place_of(&m->from[j], n), p->size[j] = run;
        VXG_TRY(read_part(p, axis + 1));
        n += run;
    }
    return VXG_OK;
}

static int source_holds(const vxg__h5_map *m, const vxg__h5_dataset *source) {
    for (int j = 0; j < m->nfrom; j++)
        if (place_of(&m->from[j], elements(&m->from[j]) - 1) >= source->shape[j]) return 0;
    return 1;
}

static void all_of(int ndim, const int64_t *shape, vxg__h5_axis *axes) {
    for (int i = 0; i < ndim; i++) axes[i] = (vxg__h5_axis){0, shape[i], 1, shape[i]};
}

static int read_map(vxg__h5_dataset *d, const vxg__h5_map *m, const char *file,
                    const int64_t *start, const int64_t *count, const vxg__h5_target *to) {
    part p = {.whole = d, .start = start, .count = count, .to = to};
    vxg__h5_map known = *m; /* with the source's sizes where all of it is meant */
    for (int i = 0; i < m->nto; i++) {
        p.n0[i] = first_behind(&m->to[i], start[i]);
        p.n1[i] = first_behind(&m->to[i], start[i] + count[i]);
        if (p.n0[i] >= p.n1[i]) return VXG_OK; /* nothing of the block */
    }
    const int status = get_source(d, file, m->name, &p.source);
    if (status) return vxg_error_context(status, "its source %s of %s", m->name, file);
    if (m->nfrom == 0) {
        all_of(p.source->ndim, p.source->shape, known.from);
        known.nfrom = p.source->ndim;
    }
    const int all = m->nfrom == 0, pairs = pair_axes(&known, p.from_axis);
    m = p.m = &known;
    VXG_FAIL_IF(!pairs && !all, VXG_ERR_INPUT,
                "the part from %s is laid out in another shape than it has there", m->name);
    if (!pairs || p.source->ndim != m->nfrom || !source_holds(m, p.source))
        VXG_FAIL(VXG_ERR_INPUT, "its source %s of %s has not the size that is expected", m->name,
                 file);
    VXG_FAIL_IF(p.source->kind != d->kind || p.source->bytes != d->bytes, VXG_ERR_INPUT,
                "its source %s of %s has elements of type %s, not %s", m->name, file,
                p.source->dtype, d->dtype);
    for (int j = 0; j < m->nfrom; j++) p.at[j] = m->from[j].start, p.size[j] = 1;
    const int read = read_part(&p, 0);
    return read ? vxg_error_context(read, "its source %s of %s", m->name, file) : VXG_OK;
}

/* "data_%b.h5" to "data_3.h5"; %% is a percent sign. */
static int numbered(const char *pattern, int64_t n, char *out, size_t size) {
    size_t at = 0;
    for (const char *p = pattern; *p; p++) {
        char number[24] = {*p, 0};
        if (p[0] == '%' && p[1] == 'b') snprintf(number, sizeof number, "%lld", (long long)n);
        if (p[0] == '%' && (p[1] == 'b' || p[1] == '%')) p++;
        const size_t length = strlen(number);
        VXG_FAIL_IF(at + length >= size, VXG_ERR_INPUT, "a source's name is too long");
        memcpy(out + at, number, length + 1);
        at += length;
    }
    return VXG_OK;
}

/* A pattern without end along one axis: it ends with the whole. With %b in a name each of its
 * blocks has a source of its own. */
static int read_endless(vxg__h5_dataset *d, const vxg__h5_map *m, const int64_t *start,
                        const int64_t *count, const vxg__h5_target *to) {
    vxg__h5_map one = *m;
    int axis = -1, from = -1;
    for (int i = 0; i < m->nto; i++)
        if (m->to[i].count < 0 || m->to[i].block < 0) axis = i;
    for (int j = 0; j < m->nfrom; j++)
        if (m->from[j].count < 0 || m->from[j].block < 0) from = j;
    if (axis < 0) VXG_FAIL(VXG_ERR_INPUT, "a source without end in a whole that has one");
    vxg__h5_axis *a = &one.to[axis];
    if (a->block < 0) a->block = d->shape[axis] - a->start, a->count = 1, a->step = a->block;
    if (a->block < 1 || a->start >= d->shape[axis]) return VXG_OK;
    const int64_t blocks = (d->shape[axis] - a->start + a->step - 1) / a->step;
    if (a->count < 0 && from >= 0) {
        a->count = blocks;
        if (one.from[from].count < 0) one.from[from].count = blocks;
    }
    if (from >= 0 && one.from[from].block < 0) {
        one.from[from].block = elements(a), one.from[from].count = 1;
        one.from[from].step = one.from[from].block;
    }
    if (a->count > 0) return read_map(d, &one, one.file, start, count, to);
    const int64_t begin = a->start;
    for (int64_t k = 0; k < blocks; k++) {
        char file[4096], name[4096];
        a->start = begin + k * a->step, a->count = 1;
        if (a->start + a->block <= start[axis] || a->start >= start[axis] + count[axis]) continue;
        VXG_TRY(numbered(m->file, k, file, sizeof file));
        VXG_TRY(numbered(m->name, k, name, sizeof name));
        one.name = name;
        VXG_TRY(read_map(d, &one, file, start, count, to));
    }
    return VXG_OK;
}

static int64_t least_of(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static int is_endless(const vxg__h5_map *m) {
    int endless = 0;
    for (int i = 0; i < m->nto; i++) endless |= m->to[i].count < 0 || m->to[i].block < 0;
    for (int j = 0; j < m->nfrom; j++) endless |= m->from[j].count < 0 || m->from[j].block < 0;
    return endless;
}

static int is_good(const vxg__h5_dataset *d, const vxg__h5_map *m) {
    if (m->nto != d->ndim || m->nfrom < 0) return 0;
    for (int i = 0; i < m->nto + m->nfrom; i++) {
        const vxg__h5_axis *a = i < m->nto ? &m->to[i] : &m->from[i - m->nto];
        if (a->count == 0 || a->block == 0) return 0;
        if (a->count > 1 && a->step < a->block) return 0;
        if (a->count > 0 && a->block > 0 &&
            (double)a->start + (double)(a->count - 1) * (double)a->step + (double)a->block >
                (double)VXG_MAX_ELEMENTS)
            return 0;
    }
    return 1;
}

int vxg__h5_virtual_grain(vxg__h5_dataset *d, int64_t *grain, int64_t *memory) {
    vxg__h5_dataset *source = NULL;
    int64_t from[VXG_MAX_DIMS];
    if (d->nmaps == 0 || d->maps[0].nfrom < 0 || is_endless(&d->maps[0])) return VXG_OK;
    const vxg__h5_map *m = &d->maps[0];
    const int status = get_source(d, m->file, m->name, &source);
    if (status) return vxg_error_context(status, "its source %s of %s", m->name, m->file);
    VXG_TRY(vxg__h5_dataset_grain(source, from, memory));
    for (int i = d->ndim - 1, j = source->ndim - 1; i >= 0 && j >= 0; i--, j--)
        grain[i] = least_of(from[j], d->shape[i]); /* axes are named from the last on */
    return VXG_OK;
}

int vxg__h5_read_virtual(vxg__h5_dataset *d, const int64_t *start, const int64_t *count,
                         const vxg__h5_target *to) {
    for (int64_t i = 0; i < d->nmaps; i++) {
        vxg__h5_map *m = &d->maps[i];
        if (m->nto == 0) {
            all_of(d->ndim, d->shape, m->to);
            m->nto = d->ndim;
        }
        VXG_FAIL_IF(!is_good(d, m), VXG_ERR_INPUT,
                    "the part from %s of %s is no regular pattern of blocks", m->name, m->file);
    }
    VXG_TRY(vxg__h5_covered(d, start, count));
    for (int64_t i = 0; i < d->nmaps; i++) {
        const vxg__h5_map *m = &d->maps[i];
        VXG_TRY(is_endless(m) ? read_endless(d, m, start, count, to)
                              : read_map(d, m, m->file, start, count, to));
    }
    return VXG_OK;
}
