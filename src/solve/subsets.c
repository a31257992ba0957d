/* Subsets of views and the order in which they are taken. */
#include <math.h>
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

static int64_t divisor(int64_t a, int64_t b) {
    while (b) {
        const int64_t t = a % b;
        a = b, b = t;
    }
    return a;
}

/* Steps of the golden section of n, the nearest number that has no divisor in common with it. */
static void golden(int64_t *order, int64_t n) {
    const int64_t ideal = llround(0.6180339887498949 * (double)n);
    int64_t step = 1;
    for (int64_t d = 0; d < n; d++) {
        if (ideal + d < n && divisor(ideal + d, n) == 1 && (step = ideal + d)) break;
        if (ideal - d > 0 && divisor(ideal - d, n) == 1 && (step = ideal - d)) break;
    }
    for (int64_t i = 0, k = 0; i < n; i++, k = (k + step) % n) order[i] = k;
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
    if (o->order == VXG_ORDER_GOLDEN) golden(s->order, count);
    return VXG_OK;
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
