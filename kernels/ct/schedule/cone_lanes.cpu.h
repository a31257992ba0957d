/* Vectors of cone backprojection's schedule (ct/cone_backproject.cpu.h), and how a vector of slices
 * picks its rows from a detector column. */
#ifndef VXG_CONE_LANES_CPU_H
#define VXG_CONE_LANES_CPU_H
#include "kernels/num/lanes.cpu.h"
#if !defined(VXG_DTYPE_f64)

typedef lane_widest cb_lane;
typedef float cb_load __attribute__((vector_size(4 * LANE_W), may_alias, aligned(4)));
typedef int32_t cb_whole __attribute__((vector_size(4 * LANE_W), may_alias));

/* ---- Lanes ---- */
#if LANE_W == 8
LANE_FN cb_lane cb_floor(cb_lane a) {
    return (cb_lane)_mm256_floor_ps((__m256)a);
}
#elif LANE_W == 16 && defined(__AVX512F__)
LANE_FN cb_lane cb_floor(cb_lane a) {
    return (cb_lane)_mm512_floor_ps((__m512)a);
}
#elif LANE_W == 4 && defined(__SSE4_1__)
LANE_FN cb_lane cb_floor(cb_lane a) {
    return (cb_lane)_mm_floor_ps((__m128)a);
}
#else
LANE_FN cb_lane cb_floor(cb_lane a) {
    cb_lane r;
    for (int i = 0; i < LANE_W; i++) r[i] = __builtin_floorf(a[i]);
    return r;
}
#endif

/* t[index], and the same of two vectors in a row. */
#if LANE_W == 8 && defined(__AVX2__)
LANE_FN cb_lane cb_take(cb_lane t, cb_whole index) {
    return (cb_lane)_mm256_permutevar8x32_ps((__m256)t, (__m256i)index);
}
LANE_FN cb_lane cb_take2(cb_lane t0, cb_lane t1, cb_whole index) {
    const __m256 high = (__m256)_mm256_slli_epi32((__m256i)index, 28);
    return (cb_lane)_mm256_blendv_ps((__m256)cb_take(t0, index), (__m256)cb_take(t1, index), high);
}
#elif LANE_W == 16 && defined(__AVX512F__)
LANE_FN cb_lane cb_take(cb_lane t, cb_whole index) {
    return (cb_lane)_mm512_permutexvar_ps((__m512i)index, (__m512)t);
}
LANE_FN cb_lane cb_take2(cb_lane t0, cb_lane t1, cb_whole index) {
    return (cb_lane)_mm512_permutex2var_ps((__m512)t0, (__m512i)index, (__m512)t1);
}
#else
LANE_FN cb_lane cb_take(cb_lane t, cb_whole index) {
    cb_lane r;
    for (int i = 0; i < LANE_W; i++) r[i] = t[index[i] & (LANE_W - 1)];
    return r;
}
LANE_FN cb_lane cb_take2(cb_lane t0, cb_lane t1, cb_whole index) {
    cb_lane r;
    for (int i = 0; i < LANE_W; i++)
        r[i] = index[i] < LANE_W ? t0[index[i]] : t1[(index[i] - LANE_W) & (LANE_W - 1)];
    return r;
}
#endif

/* Where mask (all ones or none) a, else b. */
LANE_FN cb_lane cb_pick(cb_whole mask, cb_lane a, cb_lane b) {
#if LANE_W == 8
    return (cb_lane)_mm256_blendv_ps((__m256)b, (__m256)a, (__m256)mask);
#else
    return (cb_lane)((mask & (cb_whole)a) | (~mask & (cb_whole)b));
#endif
}
LANE_FN cb_lane cb_set(float x) {
    return LANE_SET(lane_widest, x);
}
LANE_FN cb_lane cb_at(const float *p) {
    return *(const cb_load *)p;
}

#if LANE_W == 16 && defined(__AVX512F__)
LANE_FN cb_lane cb_two(float a, float b) { /* eight of each */
    return (cb_lane)_mm512_mask_mov_ps(_mm512_set1_ps(a), 0xff00, _mm512_set1_ps(b));
}
#elif LANE_W == 16
LANE_FN cb_lane cb_two(float a, float b) {
    return (cb_lane){a, a, a, a, a, a, a, a, b, b, b, b, b, b, b, b};
}
#endif

/* ---- Two neighbouring rows per lane, out of two loads of a column ---- */
typedef enum cb_reach {
    CB_ONE_EACH, /* at most a row a lane: the second load is one row later */
    CB_FOUR, /* lanes 0 to 3 and 4 to 7 (of each group of eight) from a window of eight rows each */
    CB_LONG  /* the loads are one window */
} cb_reach;
#if LANE_W == 8 && defined(__AVX2__)
#define CB_HALVES 1 /* CB_FOUR differs from CB_LONG */
#else
#define CB_HALVES 0
#endif

typedef struct cb_rows {
    cb_whole index;   /* from the window's first row */
    cb_whole half[2]; /* CB_HALVES: those of four lanes and, after them, of their next rows */
    int64_t from[2];  /* where the two loads begin */
} cb_rows;

/* How many rows after a group's window those of its first and last four lanes begin, for steps of
 * at least this size; rounded down by more than rows are rounded. */
LANE_FN void cb_shifts(float step, int32_t shift[2]) {
    const float four = step * 3.9996f;
    shift[0] = four < 0 ? (int32_t)-four : 0, shift[1] = four < 0 ? 0 : (int32_t)four;
}

LANE_FN cb_rows cb_rows_of(cb_whole index, const int32_t shift[2], const cb_reach reach) {
    cb_rows r = {.index = index, .from = {0, reach == CB_ONE_EACH ? 1 : LANE_W}};
#if CB_HALVES
    if (reach == CB_FOUR) {
        const __m256i next = _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1), i = (__m256i)index;
        const __m256i a = _mm256_sub_epi32(next, _mm256_set1_epi32(shift[0]));
        const __m256i b = _mm256_sub_epi32(next, _mm256_set1_epi32(shift[1]));
        r.half[0] = (cb_whole)_mm256_add_epi32(_mm256_permute2x128_si256(i, i, 0x00), a);
        r.half[1] = (cb_whole)_mm256_add_epi32(_mm256_permute2x128_si256(i, i, 0x11), b);
        r.from[0] = shift[0], r.from[1] = shift[1];
    }
#else
    (void)shift;
#endif
    return r;
}

/* lo, hi: the lanes' rows and the rows after, of loads a and b. */
LANE_FN void cb_two_rows(cb_lane a, cb_lane b, const cb_rows *r, const cb_reach reach, cb_lane *lo,
                         cb_lane *hi) {
    if (reach == CB_ONE_EACH) {
        *lo = cb_take(a, r->index), *hi = cb_take(b, r->index);
        return;
    }
#if CB_HALVES
    if (reach == CB_FOUR) { /* one permute has four rows and their next */
        const __m256 first = (__m256)cb_take(a, r->half[0]), last = (__m256)cb_take(b, r->half[1]);
        *lo = (cb_lane)_mm256_permute2f128_ps(first, last, 0x20);
        *hi = (cb_lane)_mm256_permute2f128_ps(first, last, 0x31);
        return;
    }
#endif
    *lo = cb_take2(a, b, r->index), *hi = cb_take2(a, b, r->index + 1);
}

/* first, first + 1, first + 2 ... */
LANE_FN cb_lane cb_from(int first) {
    static const float number[16]
        __attribute__((aligned(64))) = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    return *(const cb_lane *)number + cb_set((float)first);
}

/* Slices of a group of eight; long enough for the widest vector from the fifth on. */
K_TABLE float cb_lanes[32] __attribute__((aligned(64))) = {
    0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7};
#endif
#endif
