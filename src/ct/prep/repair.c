/* Bad values of projections are replaced by their neighbours: a value that is no number would make
 * all of a slice no number. The rule looks at one detector row at a time, and at whole rows last,
 * so that it does not depend on which rows are held in memory. */
#include <math.h>

#include "ct/prep/prep.h"

/* ---- Marking ---- */
typedef struct mark_job {
    float *data;
    int64_t n, skip0, skip1, counted, any;
} mark_job;

static void mark_views(void *context, int64_t begin, int64_t end, int worker) {
    mark_job *j = context;
    int64_t counted = 0, any = 0;
    (void)worker;
    for (int64_t v = begin; v < end; v++) {
        float *row = j->data + v * j->n;
        for (int64_t i = 0; i < j->n; i++) {
            if (isfinite(row[i])) continue;
            row[i] = NAN;
            any++, counted += i < j->skip0 || i >= j->skip1;
        }
    }
    __atomic_add_fetch(&j->any, any, __ATOMIC_RELAXED);
    __atomic_add_fetch(&j->counted, counted, __ATOMIC_RELAXED);
}

int vxg__ct_mark(float *data, int64_t nviews, int64_t n, int64_t skip0, int64_t skip1,
                 int64_t *nonfinite) {
    mark_job j = {.data = data, .n = n, .skip0 = skip0, .skip1 = skip1};
    vxg__parallel(nviews, 1 + 16384 / n, mark_views, &j);
    *nonfinite += j.counted;
    return j.any > 0;
}

/* ---- Within a row ---- */
static float between(float a, float b, double part) {
    return (float)((double)a + part * ((double)b - (double)a));
}

/* Values between good ones become a straight line, those beyond the last good one its value.
 * Returns the number of bad values; all n: nothing was changed. */
static int64_t fill_line(float *x, int64_t n) {
    int64_t bad = 0, good = -1; /* the good value before i */
    for (int64_t i = 0; i < n; i++) {
        if (!isnan(x[i])) {
            if (good < 0)
                for (int64_t k = 0; k < i; k++) x[k] = x[i];
            for (int64_t k = good + 1; k < i && good >= 0; k++)
                x[k] = between(x[good], x[i], (double)(k - good) / (double)(i - good));
            good = i;
        } else {
            bad++;
        }
    }
    for (int64_t k = good + 1; k < n && good >= 0; k++) x[k] = x[good];
    return bad;
}

typedef struct repair_job {
    float *data;
    int64_t nviews, nv, nu, *bad;
} repair_job;

/* Rows of views that hold no good value become those of the views before and after, blended. */
static void fill_views(const repair_job *j, int64_t r) {
    const int64_t pitch = j->nv * j->nu;
    float *const row = j->data + r * j->nu;
    int64_t before = -1;
    for (int64_t v = 0; v < j->nviews; v++) {
        if (!isnan(row[v * pitch])) {
            before = v;
            continue;
        }
        int64_t after = v;
        while (after < j->nviews && isnan(row[after * pitch])) after++;
        if (after == j->nviews && before < 0) return;
        const int64_t a = before < 0 ? after : before, b = after == j->nviews ? before : after;
        for (; v < after; v++)
            for (int64_t u = 0; u < j->nu; u++) {
                const double part = a == b ? 0 : (double)(v - a) / (double)(b - a);
                row[v * pitch + u] = between(row[a * pitch + u], row[b * pitch + u], part);
            }
        before = after < j->nviews ? after : before;
    }
}

static void repair_rows(void *context, int64_t begin, int64_t end, int worker) {
    const repair_job *j = context;
    (void)worker;
    for (int64_t r = begin; r < end; r++) {
        int64_t bad = 0, lost = 0;
        for (int64_t v = 0; v < j->nviews; v++) {
            const int64_t here = fill_line(j->data + (v * j->nv + r) * j->nu, j->nu);
            bad += here, lost += here == j->nu;
        }
        if (lost && lost < j->nviews) fill_views(j, r);
        j->bad[r] = lost == j->nviews ? -bad : bad;
    }
}

void vxg__ct_repair(float *data, int64_t nviews, int64_t nv, int64_t nu, int64_t *bad) {
    repair_job j = {data, nviews, nv, nu, bad};
    vxg__parallel(nv, 1, repair_rows, &j);
}

/* ---- Whole rows ---- */
typedef struct row_job {
    float *data;
    int64_t nviews, nv, nu;
    vxg__row_source source;
    void *context;
    float *outside[2]; /* (nviews, nu): rows below and above those held */
} row_job;

/* The good row nearest to row r on one side (step -1 or 1), looked for up to row `last`; *found 0:
 * there is none. Rows held come first, then those of the source. */
static int nearest(row_job *j, int64_t r, int64_t step, int64_t last, const int64_t *bad,
                   int64_t *row, int *found) {
    float **const outside = &j->outside[step > 0];
    *found = 0;
    for (*row = r + step; (last - *row) * step >= 0; *row += step) {
        if (*row >= 0 && *row < j->nv) {
            *found = bad[*row] >= 0;
        } else {
            if (!j->source) return VXG_OK;
            if (!*outside) *outside = vxg__calloc((size_t)(j->nviews * j->nu), sizeof **outside);
            if (!*outside) return VXG_ERR_MEMORY;
            VXG_TRY(j->source(j->context, *row, *outside, found));
            if (*found < 0) break; /* beyond the detector */
        }
        if (*found) return VXG_OK;
    }
    *found = 0;
    return VXG_OK;
}

/* Where the values of a row are, those of a view `pitch` apart. */
static const float *row_values(const row_job *j, int64_t row, int side, int64_t *pitch) {
    const int held = row >= 0 && row < j->nv;
    *pitch = held ? j->nv * j->nu : j->nu;
    return held ? j->data + row * j->nu : j->outside[side];
}

/* Rows [a, b) hold no good value. */
static int repair_run(row_job *j, int64_t a, int64_t b, int64_t *bad) {
    int64_t lo = 0, hi = 0, pitch[2] = {0, 0};
    int below = 0, above = 0;
    if (b - a <= VXG__CT_REPAIRED_ROWS)
        VXG_TRY(nearest(j, a, -1, b - 1 - VXG__CT_REPAIRED_ROWS, bad, &lo, &below));
    if (below) VXG_TRY(nearest(j, b - 1, 1, lo + 1 + VXG__CT_REPAIRED_ROWS, bad, &hi, &above));
    const float *const from = below && above ? row_values(j, lo, 0, &pitch[0]) : NULL;
    const float *const to = below && above ? row_values(j, hi, 1, &pitch[1]) : NULL;
    for (int64_t r = a; r < b; r++) {
        for (int64_t v = 0; v < j->nviews; v++)
            for (int64_t u = 0; u < j->nu; u++)
                j->data[(v * j->nv + r) * j->nu + u] =
                    from && to ? between(from[v * pitch[0] + u], to[v * pitch[1] + u],
                                         (double)(r - lo) / (double)(hi - lo))
                               : 0;
    }
    /* only now: rows of the run are not good neighbours of each other */
    for (int64_t r = a; r < b && from && to; r++) bad[r] = -bad[r];
    return VXG_OK;
}

int vxg__ct_repair_rows(float *data, int64_t nviews, int64_t nv, int64_t nu, int64_t *bad,
                        vxg__row_source source, void *context) {
    row_job j = {data, nviews, nv, nu, source, context, {NULL, NULL}};
    int status = VXG_OK;
    for (int64_t a = 0, b; a < nv && !status; a = b) {
        for (b = a; b < nv && bad[b] < 0;) b++;
        if (b > a) status = repair_run(&j, a, b, bad);
        if (b == a) b++;
    }
    vxg__free(j.outside[0]);
    vxg__free(j.outside[1]);
    return status;
}

int vxg_ct_repair(float *projections, int64_t nviews, int64_t nv, int64_t nu, int64_t *repaired,
                  int64_t *empty_rows) {
    VXG_FAIL_IF(!projections, VXG_ERR_ARGUMENT, "repair: projections is NULL");
    VXG_FAIL_IF(nviews < 1 || nv < 1 || nu < 1, VXG_ERR_ARGUMENT,
                "repair: %lld views of %lld rows of %lld columns; expected 1 or more of each",
                (long long)nviews, (long long)nv, (long long)nu);
    int64_t found = 0, empty = 0, sum = 0;
    if (vxg__ct_mark(projections, nviews, nv * nu, 0, 0, &found)) {
        int64_t *bad = vxg__calloc((size_t)nv, sizeof *bad);
        if (!bad) return VXG_ERR_MEMORY;
        vxg__ct_repair(projections, nviews, nv, nu, bad);
        int status = vxg__ct_repair_rows(projections, nviews, nv, nu, bad, NULL, NULL);
        for (int64_t r = 0; r < nv; r++) {
            sum += bad[r] > 0 ? bad[r] : 0;
            empty += bad[r] < 0;
        }
        vxg__free(bad);
        if (status) return status;
    }
    if (repaired) *repaired = sum;
    if (empty_rows) *empty_rows = empty;
    return VXG_OK;
}

/* ---- Results ---- */
typedef struct search {
    const float *x;
    int64_t first;
} search;

static void search_part(void *context, int64_t begin, int64_t end, int worker) {
    search *s = context;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        if (isfinite(s->x[i])) continue;
        int64_t known = __atomic_load_n(&s->first, __ATOMIC_RELAXED);
        while ((known < 0 || i < known) &&
               !__atomic_compare_exchange_n(&s->first, &known, i, 0, __ATOMIC_RELAXED,
                                            __ATOMIC_RELAXED)) {}
        return;
    }
}

int64_t vxg__ct_first_nonfinite(const float *x, int64_t n) {
    search s = {x, -1};
    vxg__parallel(n, 1 << 16, search_part, &s);
    return s.first;
}
