/* Subsets of views and the order in which they are taken. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "solve/solve.h"

/* A permutation by the seed (Fisher and Yates); Philox draws. */
static void shuffle(int64_t *order, int64_t n, uint64_t seed) {
    const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    for (int64_t i = n - 1; i > 0; i--) {
        uint32_t r[4];
        vxg_philox((uint32_t[4]){(uint32_t)i, (uint32_t)((uint64_t)i >> 32), 0, 0}, key, r);
        const uint64_t draw = (uint64_t)r[0] << 32 | r[1];
        const int64_t j = (int64_t)(draw % (uint64_t)(i + 1)), t = order[i];
        order[i] = order[j], order[j] = t;
    }
}

/* Where the golden section's steps around a circle fall, sorted: entry i is the rank of step i. A
 * neighbour follows in no number of subsets but 2 and 3, and each lies far from those before. */
static int golden(int64_t *order, int64_t n) {
    double *at = vxg__calloc((size_t)n, 2 * sizeof *at), *const sorted = at + n;
    if (!at) return VXG_ERR_MEMORY;
    for (int64_t i = 0; i < n; i++) {
        const double turns = 0.6180339887498949 * (double)i;
        sorted[i] = at[i] = turns - floor(turns);
    }
    qsort(sorted, (size_t)n, sizeof *sorted, vxg__compare_doubles);
    for (int64_t i = 0; i < n; i++)
        order[i] = (const double *)bsearch(&at[i], sorted, (size_t)n, sizeof *sorted,
                                           vxg__compare_doubles) -
                   sorted;
    vxg__free(at);
    return VXG_OK;
}

static int given(const vxg_solve_opts *o, const char *name, int count, vxg__subsets *s) {
    const vxg_numbers *list = &o->list;
    VXG_FAIL_IF(!list->value || list->count < 1, VXG_ERR_ARGUMENT,
                "%s: order is given, list is empty", name);
    if (!(s->order = vxg__calloc((size_t)list->count, sizeof *s->order))) return VXG_ERR_MEMORY;
    for (int64_t i = 0; i < list->count; i++) {
        const double k = list->value[i];
        VXG_FAIL_IF(!(k >= 0 && k < count) || k != floor(k), VXG_ERR_ARGUMENT,
                    "%s: list[%lld] is %g; subsets are 0 to %d", name, (long long)i, k, count - 1);
        s->order[i] = (int64_t)k;
    }
    s->norder = list->count;
    return VXG_OK;
}

static int in_order(const vxg_solve_opts *o, const char *name, int count, vxg__subsets *s) {
    if (o->order == VXG_ORDER_GIVEN) return given(o, name, count, s);
    if (!(s->order = vxg__calloc((size_t)count, sizeof *s->order))) return VXG_ERR_MEMORY;
    s->norder = count;
    for (int64_t i = 0; i < count; i++) s->order[i] = i;
    if (o->order == VXG_ORDER_RANDOM) shuffle(s->order, count, o->seed);
    return o->order == VXG_ORDER_GOLDEN ? golden(s->order, count) : VXG_OK;
}

int vxg__subsets_make(const vxg_solve_opts *o, const char *name, int64_t rows, int count,
                      vxg__subsets *s) {
    *s = (vxg__subsets){.count = count};
    s->subset = vxg__calloc((size_t)count, sizeof *s->subset);
    s->begin = vxg__calloc((size_t)count, sizeof *s->begin);
    if (!s->subset || !s->begin) return VXG_ERR_MEMORY;
    for (int64_t k = 0, begin = 0; k < count; k++) {
        s->subset[k] = (vxg_subset){.size = sizeof(vxg_subset),
                                    .count = (rows - k + count - 1) / count,
                                    .first = k,
                                    .step = count};
        s->begin[k] = begin, begin += s->subset[k].count;
    }
    return in_order(o, name, count, s);
}

void vxg__subsets_free(vxg__subsets *s) {
    vxg__free(s->subset), vxg__free(s->begin), vxg__free(s->order);
    memset(s, 0, sizeof *s);
}
