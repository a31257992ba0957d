/* Schedules of projectors against the plain loops: parity over many scans, with float64 too; exact
 * pairs, entry by entry; the same bits for any number of threads. */
#ifndef VXG_TEST_SCHEDULE_SCAN_H
#define VXG_TEST_SCHEDULE_SCAN_H
#include "schedule.h"

#ifdef __SANITIZE_ADDRESS__
#define SCANS 24
#else
#define SCANS 72
#endif

typedef int (*scene_fn)(int seed, scene *s);
typedef int (*operator_fn)(vxg_device *, const vxg_ct_geometry *, const vxg_ct_volume *,
                           const vxg_ct_projector_opts *, vxg_op **);
static operator_fn operator_of = vxg_ct_projector; /* what is compared */

/* Applies forward or adjoint to seeded random input; the result in double and its length. */
static void run(const scene *s, int adjoint, const vxg_ct_projector_opts *o, double **out,
                int64_t *length) {
    vxg_op *op;
    vxg_array in, result;
    CHECK_OK(operator_of(dev, s->geo, &s->vol, o, &op));
    vxg_op_new_array(op, adjoint ? -1 : 0, &in);
    vxg_op_new_array(op, adjoint ? 0 : -1, &result);
    const int64_t n = vxg_array_count(&in), m = vxg_array_count(&result);
    double *x = malloc((size_t)(n > m ? n : m) * sizeof *x);
    float *narrow = malloc((size_t)(n > m ? n : m) * sizeof *narrow);
    state = 77;
    for (int64_t i = 0; i < n; i++) narrow[i] = (float)roll(-0.5, 1), x[i] = (double)narrow[i];
    const int wide = o->real == VXG_REAL_F64;
    CHECK_OK(vxg_array_write(NULL, &in, wide ? (const void *)x : narrow));
    CHECK_OK(vxg_array_fill(NULL, &result, NAN)); /* every element must be set */
    CHECK_OK(adjoint ? vxg_op_apply_adjoint(op, NULL, &in, &result)
                     : vxg_op_apply(op, NULL, &in, &result));
    CHECK_OK(vxg_array_read(NULL, &result, wide ? (void *)x : narrow));
    for (int64_t i = 0; i < m && !wide; i++) x[i] = (double)narrow[i];
    vxg_array_release(&in), vxg_array_release(&result);
    vxg_op_release(op);
    free(narrow);
    *out = x, *length = m;
}

static double largest(const double *a, const double *b, int64_t n) {
    double most = 0;
    for (int64_t i = 0; i < n; i++) {
        const double d = fabs(a[i] - (b ? b[i] : 0));
        if (!(d <= most)) most = d;
    }
    return most;
}

/* Of SCANS scans; most differ from the plain loop in their last bits, or the schedule did not run.
 */
static void parity(scene_fn make, vxg_ct_model model, int adjoint) {
    const vxg_ct_projector_opts fast = {.model = model}, plain = {.model = model, .no_schedule = 1},
                                oracle = {.model = model, .real = VXG_REAL_F64};
    int differing = 0, zero = 0;
    for (int seed = 0; seed < SCANS; seed++) {
        scene s;
        double *a, *b, *c;
        int64_t n;
        CHECK_OK(make(seed, &s));
        run(&s, adjoint, &fast, &a, &n);
        run(&s, adjoint, &plain, &b, &n);
        run(&s, adjoint, &oracle, &c, &n);
        const double most = largest(c, NULL, n);
        const double off = largest(a, c, n), apart = largest(a, b, n);
        EXPECT(off <= 1e-5 * most, "seed %d: %.3g of %.3g from double", seed, off, most);
        /* the plain loop has rounding errors of its own, in tall volumes as large */
        const double allowed = 1e-5 * most + largest(b, c, n);
        EXPECT(apart <= allowed, "seed %d: %.3g of %.3g from the plain loop", seed, apart, most);
        differing += apart > 0, zero += most == 0;
        free(a), free(b), free(c);
        vxg_ct_geometry_release(s.geo);
    }
    EXPECT(differing > SCANS / 2,
           "only %d of %d scans differ from the plain loop: did the schedule run?", differing,
           SCANS);
    EXPECT(zero < SCANS / 4, "%d of %d scans are empty", zero, SCANS);
}

/* Forward and adjoint as matrices. */
static void columns_of(vxg_op *op, int adjoint, int64_t n, int64_t m, float *matrix) {
    vxg_array x, y;
    CHECK_OK(vxg_op_new_array(op, adjoint ? -1 : 0, &x));
    CHECK_OK(vxg_op_new_array(op, adjoint ? 0 : -1, &y));
    float *unit = calloc((size_t)n, sizeof *unit), *image = malloc((size_t)m * sizeof *image);
    for (int64_t i = 0; i < n; i++) {
        unit[i] = 1;
        CHECK_OK(vxg_array_write(NULL, &x, unit));
        unit[i] = 0;
        CHECK_OK(adjoint ? vxg_op_apply_adjoint(op, NULL, &x, &y) : vxg_op_apply(op, NULL, &x, &y));
        CHECK_OK(vxg_array_read(NULL, &y, image));
        for (int64_t j = 0; j < m; j++) matrix[adjoint ? i * m + j : j * n + i] = image[j];
    }
    free(unit), free(image);
    vxg_array_release(&x), vxg_array_release(&y);
}

/* The largest entry, and the largest difference of an entry forward and adjoint; n voxels, m
 * pixels. */
__attribute__((unused)) static void entries_of(vxg_op *op, int64_t n, int64_t m, double *most,
                                               double *diff) {
    float *a = malloc((size_t)(n * m) * 4), *t = malloc((size_t)(n * m) * 4);
    *most = *diff = 0;
    columns_of(op, 0, n, m, a);
    columns_of(op, 1, m, n, t);
    for (int64_t i = 0; i < n * m; i++) {
        if (fabsf(a[i]) > *most) *most = fabsf(a[i]);
        if (!(fabsf(a[i] - t[i]) <= *diff)) *diff = fabsf(a[i] - t[i]);
    }
    free(a), free(t);
}

/* Weights are the same to the last bits both ways; what remains is their product's rounding. */
__attribute__((unused)) static void transposed(scene_fn make, vxg_ct_model model) {
    const vxg_ct_projector_opts fast = {.model = model};
    int filled = 0;
    for (int seed = 0; seed < SCANS / 8; seed++) {
        scene s;
        vxg_op *op;
        CHECK_OK(make(5 * seed + 1, &s));
        s.vol.nz = 3 + seed % 20, s.vol.ny = 5, s.vol.nx = 4; /* the same scan of fewer voxels */
        CHECK_OK(vxg_ct_projector(dev, s.geo, &s.vol, &fast, &op));
        const int64_t n = s.vol.nz * s.vol.ny * s.vol.nx;
        const int64_t *const shape = vxg_op_range(op)->shape, m = shape[0] * shape[1] * shape[2];
        if (m > 3000) {
            vxg_op_release(op), vxg_ct_geometry_release(s.geo);
            continue;
        }
        double most, diff;
        entries_of(op, n, m, &most, &diff);
        EXPECT(diff <= 1e-6 * most, "seed %d: entries differ by %.3g of %.3g", seed, diff, most);
        filled += most > 0;
        vxg_op_release(op), vxg_ct_geometry_release(s.geo);
    }
    EXPECT(filled >= (SCANS + 35) / 36, "only %d matrices are not empty", filled);
}

__attribute__((unused)) static void threads_alike(scene_fn make, vxg_ct_model model) {
    const vxg_ct_projector_opts fast = {.model = model};
    for (int seed = 3; seed < 30; seed += 8)
        for (int adjoint = 0; adjoint < 2; adjoint++) {
            scene s;
            double *first = NULL, *again;
            int64_t n;
            CHECK_OK(make(seed, &s));
            for (int threads = 1; threads < 4; threads++) {
                CHECK_OK(vxg_set_threads(threads));
                run(&s, adjoint, &fast, &again, &n);
                EXPECT(!first || !memcmp(first, again, (size_t)n * sizeof *first),
                       "seed %d adjoint %d: other bits with %d threads", seed, adjoint, threads);
                free(first), first = again;
            }
            free(first);
            vxg_ct_geometry_release(s.geo);
        }
    CHECK_OK(vxg_set_threads(0));
}
#endif
