/* Whether strided arrays share memory: exact, and answered as "yes" where that takes too long. */
#include "array/launch.h"
#include "base/base.h"
#include "device/backend.h"

/* Places of elements as sums of steps: sum of step[i] z[i] with z[i] in 0..most[i], steps over 0,
 * the largest first. Axes with equal steps are one, as their numbers only matter in sum. */
#define MOST_STEPS (2 * VXG_MAX_DIMS + 1)
typedef struct steps {
    int n;
    int64_t step[MOST_STEPS], most[MOST_STEPS];
    int64_t reach[MOST_STEPS + 1]; /* of the steps from i on together */
    int wanted;                    /* solutions still to find */
    int patience;                  /* tries left */
} steps;

static void add_step(steps *s, int64_t step, int64_t most) {
    int i = 0;
    while (i < s->n && s->step[i] > step) i++;
    if (i < s->n && s->step[i] == step) {
        s->most[i] += most;
        return;
    }
    for (int k = s->n++; k > i; k--) s->step[k] = s->step[k - 1], s->most[k] = s->most[k - 1];
    s->step[i] = step, s->most[i] = most;
}

/* The array's axes, steps in units of `unit`; *first is its lowest place in those. */
static void add_axes(steps *s, const vxg_array *a, int64_t unit, int64_t *first) {
    *first = a->offset * unit;
    for (int i = 0; i < a->ndim; i++) {
        const int64_t step = a->stride[i] * unit, most = a->shape[i] - 1;
        if (most < 1 || step == 0) continue;
        if (step < 0) *first += step * most;
        add_step(s, step < 0 ? -step : step, most);
    }
}

/* Whether `wanted` ways to make `sum` of the steps from i on were found. With the largest step
 * first, what the others reach leaves few numbers of it to try. */
static int find(steps *s, int i, int64_t sum) {
    if (s->patience-- <= 0) return 1;
    if (i == s->n) return sum == 0 && --s->wanted <= 0;
    const int64_t step = s->step[i], short_of = sum - s->reach[i + 1];
    int64_t z = short_of <= 0 ? 0 : (short_of + step - 1) / step, last = sum / step;
    if (last > s->most[i]) last = s->most[i];
    for (; z <= last; z++)
        if (find(s, i + 1, sum - z * step)) return 1;
    return 0;
}

static int search(steps *s, int64_t sum, int wanted) {
    s->reach[s->n] = 0, s->wanted = wanted, s->patience = 4096;
    for (int i = s->n - 1; i >= 0; i--) s->reach[i] = s->reach[i + 1] + s->step[i] * s->most[i];
    return sum >= 0 && sum <= s->reach[0] && find(s, 0, sum);
}

/* How far b's memory lies behind a's in bytes; 0: they are known to be different memory. Two
 * buffers may wrap the same memory. */
static int memory_between(const vxg_buffer *a, const vxg_buffer *b, int64_t *bytes) {
    *bytes = 0;
    if (a == b) return 1;
    if (!a->foreign || !b->foreign) return 0;
    if (!a->host || !b->host) return a->impl == b->impl;
    *bytes = (int64_t)((uintptr_t)b->host - (uintptr_t)a->host);
    return 1;
}

static int is_empty(const vxg_array *a) {
    int empty = 0;
    for (int i = 0; i < a->ndim; i++) empty |= a->shape[i] == 0;
    return empty;
}

int vxg__arrays_overlap(const vxg_array *a, const vxg_array *b) {
    steps s;
    int64_t between, first_a, first_b;
    if (!memory_between(a->buffer, b->buffer, &between)) return 0;
    if (is_empty(a) || is_empty(b)) return 0;
    s.n = 0;
    const int64_t wide_a = (int64_t)vxg_dtype_size(a->dtype);
    const int64_t wide_b = (int64_t)vxg_dtype_size(b->dtype);
    const int same = wide_a == wide_b && between % wide_a == 0; /* elements meet whole or not */
    const int64_t unit_a = same ? 1 : wide_a, unit_b = same ? 1 : wide_b;
    add_axes(&s, a, unit_a, &first_a);
    add_axes(&s, b, unit_b, &first_b);
    first_b += same ? between / wide_a : between;
    if (!same) add_step(&s, 1, wide_a + wide_b - 2); /* the bytes of an element */
    /* a's places from its first on, and b's from its last one down: z counts b's backwards */
    int64_t reach_b = 0;
    for (int i = 0; i < b->ndim; i++) {
        const int64_t way = b->stride[i] * unit_b * (b->shape[i] - 1);
        reach_b += way < 0 ? -way : way;
    }
    return search(&s, first_b + reach_b + (unit_b - 1) - first_a, 1);
}

/* Whether each axis steps over all that the axes behind it reach, as in C order: seen at once. */
static int in_order(const vxg_array *a) {
    int64_t reach = 0;
    for (int i = a->ndim - 1; i >= 0; i--) {
        const int64_t step = a->stride[i] < 0 ? -a->stride[i] : a->stride[i];
        if (a->shape[i] == 1) continue;
        if (step <= reach) return 0;
        reach += step * (a->shape[i] - 1);
    }
    return 1;
}

int vxg__array_shares(const vxg_array *a) {
    steps s;
    int64_t middle = 0;
    int nested = 1, axes = 0;
    if (is_empty(a) || in_order(a)) return 0;
    s.n = 0;
    for (int i = 0; i < a->ndim; i++) {
        if (a->shape[i] == 1) continue;
        if (a->stride[i] == 0) return 1;
        axes++;
        add_step(&s, a->stride[i] < 0 ? -a->stride[i] : a->stride[i], a->shape[i] - 1);
    }
    if (s.n < axes) return 1; /* one step forward along an axis is one back along another */
    for (int i = s.n - 1; i >= 0; i--) {
        nested &= s.step[i] > middle;
        middle += s.step[i] * s.most[i];
    }
    if (nested) return 0;
    /* two elements at one place: sum of steps (z - most) = 0 with another z than most */
    for (int i = 0; i < s.n; i++) s.most[i] *= 2;
    return search(&s, middle, 2);
}
