/* Elements in a file's type to floats and doubles, rows of boxes at a time. */
#include "io/elements.h"
#include "io/h5/dataset.h"

#include <string.h>

/* One element, in the host's byte order. */
static double one(char kind, int64_t bytes, const uint8_t *p) {
#define AS(type)                                                                                   \
    do {                                                                                           \
        type v_;                                                                                   \
        memcpy(&v_, p, sizeof v_);                                                                 \
        return (double)v_;                                                                         \
    } while (0)
    if (kind == 'f') {
        uint16_t half;
        if (bytes == 4) AS(float);
        if (bytes == 8) AS(double);
        memcpy(&half, p, sizeof half);
        return vxg__half_number(half);
    }
    if (kind == 'u') {
        if (bytes == 1) AS(uint8_t);
        if (bytes == 2) AS(uint16_t);
        if (bytes == 4) AS(uint32_t);
        AS(uint64_t);
    }
    if (bytes == 1) AS(int8_t);
    if (bytes == 2) AS(int16_t);
    if (bytes == 4) AS(int32_t);
    AS(int64_t);
#undef AS
}

/* Through double 64-bit integers would be rounded twice on their way to float. */
static float one_float(char kind, int64_t bytes, const uint8_t *p) {
    uint64_t u;
    int64_t i;
    if (bytes != 8 || kind == 'f') return (float)one(kind, bytes, p);
    memcpy(&u, p, 8);
    memcpy(&i, p, 8);
    return kind == 'u' ? (float)u : (float)i;
}

static void swapped(const uint8_t *p, int64_t bytes, uint8_t *out) {
    for (int64_t i = 0; i < bytes; i++) out[i] = p[bytes - 1 - i];
}

/* Any element type, step and byte order. */
static void row_any(const vxg__h5_dataset *d, const uint8_t *from, int64_t from_step, int64_t n,
                    void *to, int64_t to_step, enum vxg__h5_as as) {
    const int turn = d->big != !vxg__host_is_little() && d->bytes > 1;
    for (int64_t i = 0; i < n; i++) {
        const uint8_t *p = from + i * from_step * d->bytes;
        uint8_t other[8];
        if (turn) swapped(p, d->bytes, other);
        if (as == VXG__H5_AS_IS) {
            memcpy((uint8_t *)to + i * to_step * d->bytes, turn ? other : p, (size_t)d->bytes);
        } else if (as == VXG__H5_AS_DOUBLE) {
            ((double *)to)[i * to_step] = one(d->kind, d->bytes, turn ? other : p);
        } else {
            ((float *)to)[i * to_step] = one_float(d->kind, d->bytes, turn ? other : p);
        }
    }
}

/* What detectors write, side by side: loops the compiler makes vectors of. */
static int row_fast(const vxg__h5_dataset *d, const uint8_t *from, int64_t n, float *to) {
    if (d->big != !vxg__host_is_little() && d->bytes > 1) return 0;
    if (d->kind == 'f' && d->bytes == 4) {
        memcpy(to, from, (size_t)n * 4);
    } else if (d->kind == 'u' && d->bytes == 1) {
        for (int64_t i = 0; i < n; i++) to[i] = (float)from[i];
    } else if (d->kind == 'u' && d->bytes == 2) {
        for (int64_t i = 0; i < n; i++) {
            uint16_t v;
            memcpy(&v, from + 2 * i, 2);
            to[i] = (float)v;
        }
    } else if (d->kind == 'i' && d->bytes == 2) {
        for (int64_t i = 0; i < n; i++) {
            int16_t v;
            memcpy(&v, from + 2 * i, 2);
            to[i] = (float)v;
        }
    } else {
        return 0;
    }
    return 1;
}

static void row(const vxg__h5_dataset *d, const uint8_t *from, int64_t from_step, int64_t n,
                void *to, int64_t to_step, enum vxg__h5_as as) {
    if (as == VXG__H5_AS_FLOAT && from_step == 1 && to_step == 1 && row_fast(d, from, n, to))
        return;
    row_any(d, from, from_step, n, to, to_step, as);
}

static void *move(const vxg__h5_target *to, void *p, int64_t elements) {
    return (char *)p + elements * to->bytes;
}

static void *first_of(const vxg__h5_dataset *d, const vxg__h5_target *to, const int64_t *place) {
    int64_t at = 0;
    for (int i = 0; i < d->ndim; i++) at += place[i] * to->step[i];
    return move(to, to->dst, at);
}

static void box(const vxg__h5_dataset *d, int axis, const uint8_t *from, const int64_t *from_step,
                const int64_t *count, const vxg__h5_target *to, void *p) {
    if (axis == d->ndim - 1) {
        row(d, from, from_step[axis], count[axis], p, to->step[axis], to->as);
        return;
    }
    for (int64_t i = 0; i < count[axis]; i++)
        box(d, axis + 1, from + i * from_step[axis] * d->bytes, from_step, count, to,
            move(to, p, i * to->step[axis]));
}

void vxg__h5_convert(const vxg__h5_dataset *d, const uint8_t *from, const int64_t *from_step,
                     const int64_t *count, const vxg__h5_target *to, const int64_t *place) {
    if (d->ndim == 0) {
        row(d, from, 1, 1, to->dst, 1, to->as);
    } else {
        box(d, 0, from, from_step, count, to, first_of(d, to, place));
    }
}
