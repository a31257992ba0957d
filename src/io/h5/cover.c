/* Whether the sources of a virtual dataset cover a block of it. What none of them covers has no
 * value that anybody measured: libhdf5 makes one up, here it is an error.
 *
 * Each source's places are a product of one pattern an axis. So the block is looked at axis by
 * axis: at each place along an axis those sources stay that have it, and where the same ones stay
 * as at the place before, all that follows is the same too. */
#include "io/h5/dataset.h"

#include <stdio.h>
#include <string.h>

typedef struct cover {
    const vxg__h5_dataset *d;
    const int64_t *start, *count;    /* the block */
    uint8_t *mark[VXG_MAX_DIMS];     /* places along an axis that one source alone covers */
    int32_t *list[VXG_MAX_DIMS + 1]; /* the sources that stay before an axis */
    int64_t gap[VXG_MAX_DIMS];       /* the first place that none covers */
} cover;

/* Whether x is in the pattern. Counts and blocks of -1 have no end. */
static int has(const vxg__h5_axis *a, int64_t x) {
    if (x < a->start) return 0;
    if (a->block < 0) return 1;
    const int64_t k = (x - a->start) / a->step;
    return (a->count < 0 || k < a->count) && (x - a->start) % a->step < a->block;
}

/* Whether all of [x, x + n) is. */
static int has_all(const vxg__h5_axis *a, int64_t x, int64_t n) {
    if (!has(a, x)) return 0;
    if (a->block < 0) return 1;
    if (a->step == a->block) return a->count < 0 || n <= a->start + a->count * a->block - x;
    return n <= a->block - (x - a->start) % a->step;
}

static int has_rest(const cover *c, int32_t map, int axis) {
    for (int i = axis; i < c->d->ndim; i++)
        if (!has_all(&c->d->maps[map].to[i], c->start[i], c->count[i])) return 0;
    return 1;
}

static void mark(const cover *c, int32_t map, int axis) {
    const vxg__h5_axis *a = &c->d->maps[map].to[axis];
    const int64_t lo = c->start[axis], hi = lo + c->count[axis];
    if (a->block < 0) {
        const int64_t from = a->start > lo ? a->start : lo;
        if (from < hi) memset(c->mark[axis] + from - lo, 1, (size_t)(hi - from));
        return;
    }
    int64_t k = lo > a->start ? (lo - a->start) / a->step : 0;
    for (; a->count < 0 || k < a->count; k++) {
        const int64_t first = a->start + k * a->step, last = first + a->block;
        const int64_t from = first > lo ? first : lo, to = last < hi ? last : hi;
        if (first >= hi) break;
        if (from < to) memset(c->mark[axis] + from - lo, 1, (size_t)(to - from));
    }
}

/* Of the n sources, those that have the place; *same: they are the `before` that stand there. */
static int64_t stay(const cover *c, int axis, int64_t n, int64_t x, int64_t before, int *same) {
    const int32_t *from = c->list[axis];
    int32_t *to = c->list[axis + 1];
    int64_t k = 0;
    *same = 1;
    for (int64_t i = 0; i < n; i++) {
        if (!has(&c->d->maps[from[i]].to[axis], x)) continue;
        *same &= k < before && to[k] == from[i];
        to[k++] = from[i];
    }
    *same &= k == before;
    return k;
}

/* 1 when a place from this axis on has none of the n sources in its list; it stands in gap. */
static int find_gap(cover *c, int axis, int64_t n) {
    const int ndim = c->d->ndim;
    for (int i = axis; i < ndim && n == 0; i++) c->gap[i] = c->start[i];
    if (n == 0 || axis == ndim) return n == 0;
    memset(c->mark[axis], 0, (size_t)c->count[axis]);
    for (int64_t i = 0; i < n; i++) {
        const int32_t map = c->list[axis][i];
        if (!has_rest(c, map, axis + 1)) continue;
        if (has_all(&c->d->maps[map].to[axis], c->start[axis], c->count[axis])) return 0;
        mark(c, map, axis);
    }
    int64_t before = -1;
    for (int64_t i = 0; i < c->count[axis]; i++) {
        int same = 0;
        if (c->mark[axis][i]) continue;
        before = stay(c, axis, n, c->start[axis] + i, before, &same);
        if (same || !find_gap(c, axis + 1, before)) continue;
        c->gap[axis] = c->start[axis] + i;
        return 1;
    }
    return 0;
}

static int look(vxg__h5_dataset *d, const int64_t *start, const int64_t *count, cover *c) {
    int64_t n = 0, places = 0;
    *c = (cover){.d = d, .start = start, .count = count};
    for (int i = 0; i < d->ndim; i++) places += count[i];
    uint8_t *marks = vxg__calloc((size_t)places + 1, 1);
    int32_t *lists = vxg__calloc((size_t)(d->nmaps * (d->ndim + 1)) + 1, sizeof *lists);
    int gap = -1;
    if (marks && lists) {
        uint8_t *m = marks;
        for (int i = 0; i < d->ndim; m += count[i], i++) c->mark[i] = m;
        for (int i = 0; i <= d->ndim; i++) c->list[i] = lists + i * d->nmaps;
        for (; n < d->nmaps; n++) lists[n] = (int32_t)n;
        gap = find_gap(c, 0, n);
    }
    vxg__free(marks);
    vxg__free(lists);
    return gap;
}

int vxg__h5_covered(vxg__h5_dataset *d, const int64_t *start, const int64_t *count) {
    static const int64_t zeros[VXG_MAX_DIMS];
    cover c;
    if (!d->covered) { /* once for all blocks, where that is cheap */
        int64_t places = 0;
        for (int i = 0; i < d->ndim; i++) places += d->shape[i];
        d->covered = places < (int64_t)1 << 22 && look(d, zeros, d->shape, &c) == 0 ? 1 : -1;
    }
    if (d->covered > 0) return VXG_OK;
    const int gap = look(d, start, count, &c);
    if (gap < 0) return VXG_ERR_MEMORY;
    if (!gap) return VXG_OK;
    char text[200] = "";
    size_t n = 0;
    for (int i = 0; i < d->ndim; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%lld", i ? ", " : "",
                              (long long)c.gap[i]);
    VXG_FAIL(VXG_ERR_INPUT, "the elements from (%s) on are in none of its sources", text);
}
