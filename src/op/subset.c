/* Subsets of a first axis: their entries, rows taken out and put back, a subset of a subset. */
#include <string.h>

#include "array/launch.h"
#include "op/op.h"

int64_t vxg_subset_at(const vxg_subset *s, int64_t i) {
    if (!s) return -1;
    if (s->index) return s->first + s->index[i];
    return s->first + i * (s->step ? s->step : 1);
}

/* How many entries from the i-th on go in equal steps; *step of them. */
static int64_t stepped(const vxg_subset *s, int64_t i, int64_t *step) {
    assert(i >= 0 && i < s->count);
    const int64_t left = s->count - i;
    int64_t n = 1;
    *step = 1;
    if (!s->index) {
        *step = s->step ? s->step : 1;
        return left;
    }
    if (left > 1) *step = s->index[i + 1] - s->index[i];
    while (n < left && s->index[i + n] - s->index[i + n - 1] == *step) n++;
    return n;
}

int64_t vxg_subset_run(const vxg_subset *s, int64_t i) {
    int64_t step;
    if (!s || i < 0 || i >= s->count) return 1;
    const int64_t n = stepped(s, i, &step);
    return step == 1 ? n : 1;
}

int vxg__subset_check(const vxg_subset *s, int64_t n, const char *name) {
    VXG_FAIL_IF(s->count < 1 || s->count > VXG_MAX_ELEMENTS, VXG_ERR_ARGUMENT,
                "%s: a subset of %lld entries", name, (long long)s->count);
    if (!s->index) { /* the ends decide; no product of the caller's numbers may overflow */
        const int64_t step = s->step ? s->step : 1;
        int64_t way, last;
        VXG_FAIL_IF(__builtin_mul_overflow(step, s->count - 1, &way) ||
                        __builtin_add_overflow(s->first, way, &last) || s->first < 0 ||
                        s->first >= n || last < 0 || last >= n,
                    VXG_ERR_ARGUMENT,
                    "%s: a subset of %lld entries from %lld in steps of %lld leaves the range's "
                    "%lld",
                    name, (long long)s->count, (long long)s->first, (long long)step, (long long)n);
        return VXG_OK;
    }
    for (int64_t i = 0; i < s->count; i++) {
        int64_t at;
        VXG_FAIL_IF(__builtin_add_overflow(s->first, s->index[i], &at) || at < 0 || at >= n,
                    VXG_ERR_ARGUMENT,
                    "%s: entry %lld of the subset, %lld + %lld, is not in 0..%lld", name,
                    (long long)i, (long long)s->first, (long long)s->index[i], (long long)n - 1);
    }
    return VXG_OK;
}

int vxg__subset_of(const vxg_subset *s, const vxg_subset *of, vxg_subset *out, int64_t **owned) {
    assert(of->count > 0 && owned && out != s && out != of);
    const int64_t step = s->step ? s->step : 1, other = of->step ? of->step : 1;
    *owned = NULL;
    *out = (vxg_subset){.count = of->count};
    if (!s->index && !of->index) {
        out->first = s->first + step * of->first, out->step = step * other;
        return VXG_OK;
    }
    if (!s->index && step == 1) {
        out->first = s->first + of->first, out->index = of->index;
        return VXG_OK;
    }
    if (s->index && !of->index && other == 1) {
        out->first = s->first, out->index = s->index + of->first;
        return VXG_OK;
    }
    int64_t *const list = vxg__calloc((size_t)of->count, sizeof *list);
    if (!list) return VXG_ERR_MEMORY;
    for (int64_t i = 0; i < of->count; i++) list[i] = vxg_subset_at(s, vxg_subset_at(of, i));
    *owned = list, out->index = list;
    return VXG_OK;
}

/* ---- Rows ---- */
/* The caller's subset, as known here, and both arrays; `to` is the one that is written. */
static int check_rows(const vxg_subset *given, const vxg_array *whole, const vxg_array *part,
                      const vxg_array *to, vxg_subset *s) {
    static const char what[] = "rows of a subset";
    VXG_FAIL_IF(!given || !whole || !whole->buffer || !part || !part->buffer, VXG_ERR_ARGUMENT,
                "%s: the subset or an array is missing", what);
    VXG_TRY(VXG_IN(vxg_subset, s, given));
    VXG_TRY(vxg__array_check(whole, what));
    VXG_TRY(vxg__array_check(part, what));
    VXG_TRY(vxg__array_check_written(to, what));
    int same = whole->ndim == part->ndim && whole->ndim > 0 && whole->dtype == part->dtype &&
               part->shape[0] == s->count;
    for (int i = 1; i < whole->ndim && same; i++) same = whole->shape[i] == part->shape[i];
    VXG_FAIL_IF(!same, VXG_ERR_ARGUMENT, "%s: the arrays' shapes or types differ", what);
    VXG_FAIL_IF(vxg__arrays_overlap(whole, part), VXG_ERR_ARGUMENT, "%s: the two arrays overlap",
                what);
    return vxg__subset_check(s, whole->shape[0], what);
}

/* Entries [i, i + n) of the subset as an array over the whole, in one view. */
static vxg_array rows_in_whole(const vxg_subset *s, const vxg_array *whole, int64_t i, int64_t n,
                               int64_t step) {
    vxg_array v = vxg__rows(whole, vxg_subset_at(s, i), n);
    v.stride[0] *= step;
    return v;
}

int vxg_subset_take(vxg_queue *queue, const vxg_subset *subset, const vxg_array *whole, double keep,
                    const vxg_array *part) {
    vxg_subset known;
    const vxg_subset *const s = &known;
    VXG_TRY(check_rows(subset, whole, part, part, &known));
    for (int64_t i = 0, n, step; i < s->count; i += n) {
        n = stepped(s, i, &step);
        const vxg_array from = rows_in_whole(s, whole, i, n, step), to = vxg__rows(part, i, n);
        VXG_TRY(keep == 0 ? vxg_array_copy(queue, &from, &to)
                          : vxg_array_axpby(queue, 1, &from, keep, &to));
    }
    return VXG_OK;
}

/* Entries in steps of 0 are one row: they are added one after the other. */
int vxg_subset_put(vxg_queue *queue, const vxg_subset *subset, const vxg_array *part,
                   const vxg_array *whole) {
    vxg_subset known;
    const vxg_subset *const s = &known;
    VXG_TRY(check_rows(subset, whole, part, whole, &known));
    for (int64_t i = 0, n, step; i < s->count; i += n) {
        n = stepped(s, i, &step);
        if (step == 0) n = 1;
        const vxg_array from = vxg__rows(part, i, n), to = rows_in_whole(s, whole, i, n, step);
        VXG_TRY(vxg_array_axpby(queue, 1, &from, 1, &to));
    }
    return VXG_OK;
}

/* ---- Tables with a row per entry ---- */
static int follow_each_other(const vxg_subset *s) {
    return vxg_subset_run(s, 0) == s->count;
}

size_t vxg__call_rows_bytes(const vxg_call *call, size_t row) {
    const vxg_subset *s = call->subset;
    return !s || follow_each_other(s) ? 0 : vxg_workspace_bytes((size_t)s->count * row);
}

int vxg__call_rows(vxg_call *call, const vxg_array *table, vxg_array *out) {
    const vxg_subset *s = call->subset;
    assert(table->ndim > 0 && out != table);
    *out = *table;
    if (!s) return VXG_OK;
    if (follow_each_other(s)) {
        *out = vxg__rows(table, vxg_subset_at(s, 0), s->count);
        return VXG_OK;
    }
    vxg_space space = {.dtype = table->dtype, .ndim = table->ndim};
    memcpy(space.shape, table->shape, sizeof space.shape);
    space.shape[0] = s->count;
    VXG_TRY(vxg_call_workspace(call, &space, out));
    /* bit by bit: not all of a table's words need be numbers of its type */
    for (int64_t i = 0, n, step; i < s->count; i += n) {
        n = stepped(s, i, &step);
        const vxg_array from = rows_in_whole(s, table, i, n, step), to = vxg__rows(out, i, n);
        VXG_TRY(vxg_array_copy(call->queue, &from, &to));
    }
    return VXG_OK;
}

const void *vxg__call_host_rows(vxg_call *call, const void *table, size_t row) {
    const vxg_subset *s = call->subset;
    const char *from = table;
    assert(table && row > 0);
    if (!s) return table;
    if (follow_each_other(s)) return from + (size_t)vxg_subset_at(s, 0) * row;
    char *to = vxg_call_scratch(call, (size_t)s->count * row);
    for (int64_t i = 0; i < s->count && to; i++)
        memcpy(to + (size_t)i * row, from + (size_t)vxg_subset_at(s, i) * row, row);
    return to;
}
