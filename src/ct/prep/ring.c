/* Ring removal by sorting: Vo, Atwood, Drakopoulos, Opt. Express 26 (2018) 28396, algorithm 3.
 *
 * A detector column that reads wrong stands out against its neighbours at equal rank, whatever
 * passes in front of it: so each column is sorted over views, each rank is median-filtered across
 * columns (borders mirrored, edge column included), and each value goes back to the view it came
 * from. */
#include <math.h>
#include <string.h>

#include "ct/prep/prep.h"

#define DIGIT_BITS 11 /* three radix passes cover a float */
#define DIGITS (1 << DIGIT_BITS)
#define COLUMNS 16 /* one cache line of every view */

typedef struct ranked {
    uint32_t key, view;
} ranked;

/* Order-preserving map of floats to integers; -0 ranks as 0, so that equal values stay in view
 * order. */
static uint32_t key_of(float value) {
    uint32_t bits;
    value += 0.0f;
    memcpy(&bits, &value, sizeof bits);
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

/* Stable radix sort of n pairs by key; the result is in `a` or `b`, whichever is returned. */
static ranked *sort_column(ranked *a, ranked *b, int64_t n) {
    for (int shift = 0; shift < 32; shift += DIGIT_BITS) {
        uint32_t at[DIGITS] = {0}, sum = 0;
        for (int64_t i = 0; i < n; i++) at[a[i].key >> shift & (DIGITS - 1)]++;
        for (int d = 0; d < DIGITS; d++) {
            uint32_t count = at[d];
            at[d] = sum, sum += count;
        }
        for (int64_t i = 0; i < n; i++) b[at[a[i].key >> shift & (DIGITS - 1)]++] = a[i];
        ranked *t = a;
        a = b, b = t;
    }
    return a;
}

typedef struct ring_work {
    float *sorted;  /* (rank, column) */
    uint32_t *view; /* where each came from */
    ranked *a, *b;
    float *window, *row;
} ring_work;

static void sort_all(const float *sinogram, int64_t nviews, int64_t nu, int64_t pitch,
                     const ring_work *w) {
    for (int64_t first = 0; first < nu; first += COLUMNS) {
        int64_t last = first + COLUMNS < nu ? first + COLUMNS : nu;
        for (int64_t u = first; u < last; u++) {
            for (int64_t v = 0; v < nviews; v++)
                w->a[v] = (ranked){key_of(sinogram[v * pitch + u]), (uint32_t)v};
            const ranked *s = sort_column(w->a, w->b, nviews);
            for (int64_t r = 0; r < nviews; r++) {
                w->view[r * nu + u] = s[r].view;
                w->sorted[r * nu + u] = sinogram[(int64_t)s[r].view * pitch + u];
            }
        }
    }
}

static int64_t mirrored(int64_t i, int64_t n) {
    if (i < 0) i = -1 - i;
    return i < n ? i : 2 * n - 1 - i;
}

/* First place in the ascending window whose value is not below x. */
static int place(const float *window, int size, float x) {
    int lo = 0, hi = size;
    while (lo < hi) {
        int mid = (lo + hi) / 2;
        if (window[mid] < x) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo;
}

static void replace(float *window, int size, float old, float new) {
    int out = place(window, size, old);
    memmove(window + out, window + out + 1, (size_t)(size - 1 - out) * sizeof *window);
    int in = place(window, size - 1, new);
    memmove(window + in + 1, window + in, (size_t)(size - 1 - in) * sizeof *window);
    window[in] = new;
}

static void median_row(const float *x, int64_t n, int size, float *window, float *out) {
    int half = size / 2;
    for (int i = 0; i < size; i++) {
        float value = x[mirrored(i - half, n)];
        int in = place(window, i, value);
        memmove(window + in + 1, window + in, (size_t)(i - in) * sizeof *window);
        window[in] = value;
    }
    for (int64_t u = 0; u < n; u++) {
        out[u] = window[half];
        if (u + 1 < n)
            replace(window, size, x[mirrored(u - half, n)], x[mirrored(u + 1 + half, n)]);
    }
}

int vxg_ct_ring_sort(float *sinogram, int64_t nviews, int64_t nu, int size) {
    return vxg__ct_ring_sort(sinogram, nviews, nu, nu, size);
}

int vxg__ct_ring_sort(float *sinogram, int64_t nviews, int64_t nu, int64_t pitch, int size) {
    VXG_FAIL_IF(!sinogram, VXG_ERR_ARGUMENT, "ring removal: sinogram is NULL");
    VXG_FAIL_IF(nviews < 1 || nu < 1 || nviews > UINT32_MAX, VXG_ERR_ARGUMENT,
                "ring removal: sinogram of %lld views, %lld columns; expected 1 or more of each",
                (long long)nviews, (long long)nu);
    VXG_FAIL_IF(size < 1 || size % 2 == 0 || size > 2 * nu - 1, VXG_ERR_ARGUMENT,
                "ring removal: size %d; expected an odd number of columns, 1 to %lld", size,
                (long long)(2 * nu - 1));
    for (int64_t i = 0; i < nviews * nu; i++)
        VXG_FAIL_IF(isnan(sinogram[i / nu * pitch + i % nu]), VXG_ERR_INPUT,
                    "ring removal: the sinogram is NaN at view %lld, column %lld",
                    (long long)(i / nu), (long long)(i % nu));
    ring_work w = {
        .sorted = vxg__calloc((size_t)nviews, (size_t)nu * sizeof(float)),
        .view = vxg__calloc((size_t)nviews, (size_t)nu * sizeof(uint32_t)),
        .a = vxg__calloc((size_t)nviews, sizeof(ranked)),
        .b = vxg__calloc((size_t)nviews, sizeof(ranked)),
        .window = vxg__calloc((size_t)size, sizeof(float)),
        .row = vxg__calloc((size_t)nu, sizeof(float)),
    };
    int status = w.sorted && w.view && w.a && w.b && w.window && w.row ? VXG_OK : VXG_ERR_MEMORY;
    if (!status) {
        sort_all(sinogram, nviews, nu, pitch, &w);
        for (int64_t r = 0; r < nviews; r++) {
            median_row(w.sorted + r * nu, nu, size, w.window, w.row);
            for (int64_t u = 0; u < nu; u++)
                sinogram[(int64_t)w.view[r * nu + u] * pitch + u] = w.row[u];
        }
    }
    vxg__free(w.sorted);
    vxg__free(w.view);
    vxg__free(w.a);
    vxg__free(w.b);
    vxg__free(w.window);
    vxg__free(w.row);
    return status;
}

/* ---- Ring removal by the mean ---- */
typedef struct mean_work {
    float *projections;
    int64_t nviews, nv, nu;
    int size;
    float *scratch; /* per worker: nu + size */
    int64_t *bad;   /* per row: first column whose mean is not finite, or -1 */
} mean_work;

static int64_t continued(int64_t i, int64_t n) {
    return i < 0 ? 0 : i < n ? i : n - 1;
}

static void mean_rows(void *context, int64_t begin, int64_t end, int worker) {
    const mean_work *w = context;
    const int64_t nu = w->nu, half = w->size / 2;
    float *mean = w->scratch + worker * (nu + w->size), *window = mean + nu;
    for (int64_t r = begin; r < end; r++) {
        w->bad[r] = -1;
        for (int64_t u = nu - 1; u >= 0; u--) {
            double sum = 0;
            for (int64_t v = 0; v < w->nviews; v++) sum += w->projections[(v * w->nv + r) * nu + u];
            mean[u] = (float)(sum / (double)w->nviews);
            if (!isfinite(mean[u])) w->bad[r] = u;
        }
        if (w->bad[r] >= 0) continue;
        for (int64_t u = 0; u < nu; u++) {
            for (int i = 0; i < w->size; i++) {
                const float value = mean[continued(u + i - half, nu)];
                const int in = place(window, i, value);
                memmove(window + in + 1, window + in, (size_t)(i - in) * sizeof *window);
                window[in] = value;
            }
            const float offset = mean[u] - window[half];
            for (int64_t v = 0; v < w->nviews; v++)
                w->projections[(v * w->nv + r) * nu + u] -= offset;
        }
    }
}

int vxg_ct_ring_mean(float *projections, int64_t nviews, int64_t nv, int64_t nu, int size) {
    VXG_FAIL_IF(!projections, VXG_ERR_ARGUMENT, "ring removal: projections is NULL");
    VXG_FAIL_IF(nviews < 1 || nv < 1 || nu < 1 || nv > VXG_MAX_ELEMENTS / nu ||
                    nviews > VXG_MAX_ELEMENTS / (nv * nu),
                VXG_ERR_ARGUMENT, "ring removal: %lld views of %lld rows, %lld columns",
                (long long)nviews, (long long)nv, (long long)nu);
    VXG_FAIL_IF(size < 1 || size % 2 == 0 || size > 2 * nu - 1, VXG_ERR_ARGUMENT,
                "ring removal: size %d; expected an odd number of columns, 1 to %lld", size,
                (long long)(2 * nu - 1));
    const int workers = vxg_threads();
    mean_work w = {projections, nviews, nv, nu, size, NULL, NULL};
    w.scratch = vxg__calloc((size_t)workers, (size_t)(nu + size) * sizeof(float));
    w.bad = vxg__calloc((size_t)nv, sizeof *w.bad);
    int status = w.scratch && w.bad ? VXG_OK : VXG_ERR_MEMORY;
    if (!status) vxg__parallel_on(workers, nv, 1, mean_rows, &w);
    for (int64_t r = 0; !status && r < nv; r++)
        if (w.bad[r] >= 0)
            status = vxg_error_set(VXG_ERR_INPUT,
                                   "ring removal: the mean of row %lld, column %lld over views is "
                                   "not finite",
                                   (long long)r, (long long)w.bad[r]);
    vxg__free(w.scratch);
    vxg__free(w.bad);
    return status;
}
