/* Float32 operators against float64 ones of the same scan: what the tests of rays' positions share.
 */
#ifndef TESTS_POSITIONS_H
#define TESTS_POSITIONS_H

#include "test.h"

#define DEG 0.017453292519943295 /* radians */

static vxg_device *dev;

typedef struct comparison {
    const char *name;
    int64_t n; /* named in messages */
    vxg_ct_geometry *geo;
    const vxg_ct_volume *vol;
    int kind; /* 0 Joseph, 1 Siddon, 2 backprojector */
    int plain;
    double forward, back; /* bounds, of the maximum */
    int entries, tries;   /* single entries wanted, and pixels tried for them */
    int unit;             /* an entry is good to the rounding of 1, not to its own */
} comparison;

static int make(const comparison *c, vxg_real type, int plain, vxg_op **out) {
    const vxg_ct_projector_opts o = {
        .model = c->kind == 1 ? VXG_CT_SIDDON : VXG_CT_JOSEPH, .real = type, .no_schedule = plain};
    return c->kind == 2 ? vxg_ct_backprojector(dev, c->geo, c->vol, &o, out)
                        : vxg_ct_projector(dev, c->geo, c->vol, &o, out);
}

/* The same random numbers in both types: every one is a float. */
static int random_pair(const vxg_array *a, const vxg_array *b, unsigned seed) {
    const int64_t n = vxg_array_count(a);
    float *x = malloc((size_t)n * sizeof *x);
    double *y = malloc((size_t)n * sizeof *y);
    uint32_t state = seed;
    for (int64_t i = 0; i < n; i++) {
        state = state * 1664525u + 1013904223u;
        x[i] = (float)(state >> 8) * (1.0f / 16777216.0f), y[i] = x[i];
    }
    int status = vxg_array_write(NULL, a, x);
    if (!status) status = vxg_array_write(NULL, b, y);
    free(x), free(y);
    return status;
}

/* Largest difference, of the largest value. */
static double difference(const vxg_array *a, const vxg_array *b) {
    const int64_t n = vxg_array_count(a);
    float *x = malloc((size_t)n * sizeof *x);
    double *y = malloc((size_t)n * sizeof *y), worst = 0, most = 0;
    if (vxg_array_read(NULL, a, x) || vxg_array_read(NULL, b, y)) worst = NAN;
    for (int64_t i = 0; i < n; i++) {
        const double d = fabs(x[i] - y[i]);
        if (!(d <= worst)) worst = d; /* NaN stays */
        most = fmax(most, fabs(y[i]));
    }
    free(x), free(y);
    return most > 0 ? worst / most : NAN; /* a scan that sees nothing tells nothing */
}

/* Entries of the matrix, from one pixel's backprojection and from that voxel's projections: the
 * same numbers. seen_by: projections of a full volume, non-zero where there is something to see. */
static void entries(const comparison *c, const vxg_op *op, const vxg_array *x, const vxg_array *y,
                    const vxg_array *seen_by) {
    const int64_t nx = vxg_array_count(x), ny = vxg_array_count(y);
    float *hx = calloc((size_t)nx, sizeof *hx), *hy = calloc((size_t)ny, sizeof *hy);
    float *all = calloc((size_t)ny, sizeof *all);
    int seen = 0;
    CHECK_OK(vxg_array_read(NULL, seen_by, all));
    for (int n = 0; n < c->tries && seen < c->entries; n++) {
        int64_t i = (int64_t)(n * 0.618034 * (double)ny) % ny, j = 0;
        for (int64_t k = 0; k < ny && all[i] == 0; k++) i = (i + 1) % ny;
        memset(hy, 0, (size_t)ny * sizeof *hy);
        hy[i] = 1;
        CHECK_OK(vxg_array_write(NULL, y, hy));
        CHECK_OK(vxg_op_apply_adjoint(op, NULL, y, x));
        CHECK_OK(vxg_array_read(NULL, x, hx));
        for (int64_t k = 0; k < nx; k++)
            if (hx[k] != 0 && (hx[j] == 0 || (k * 7 + n) % 5 < 2)) j = k;
        const double entry = (double)hx[j];
        if (entry == 0) continue;
        memset(hx, 0, (size_t)nx * sizeof *hx);
        hx[j] = 1;
        CHECK_OK(vxg_array_write(NULL, x, hx));
        CHECK_OK(vxg_op_apply(op, NULL, x, y));
        CHECK_OK(vxg_array_read(NULL, y, hy));
        /* two weights, each rounded as 1 is, where schedule and plain loop are each other's adjoint
         */
        const double part = c->unit ? c->kind == 2 ? 2 : 1 : 0;
        EXPECT(fabs((double)hy[i] - entry) <= 1.3e-7 * fmax(fabs(entry), part),
               "%s: entry (%d, %d) is %.9g forward, %.9g adjoint", c->name, (int)i, (int)j,
               (double)hy[i], entry);
        seen++;
    }
    EXPECT(seen >= 1, "%s: %d entries", c->name, seen);
    free(hx), free(hy), free(all);
}

/* One operator, both ways. */
static void compare(const comparison *c) {
    static const char *const kinds[] = {"Joseph", "Siddon", "backprojector"};
    vxg_op *op[2] = {NULL, NULL};
    vxg_array x[2] = {{0}}, y[2] = {{0}}, ax[2] = {{0}}, ay[2] = {{0}};
    CHECK_OK(make(c, VXG_REAL_F32, c->plain, &op[0]));
    CHECK_OK(make(c, VXG_REAL_F64, 1, &op[1]));
    for (int i = 0; i < 2; i++) {
        CHECK_OK(vxg_op_new_array(op[i], 0, &x[i]));
        CHECK_OK(vxg_op_new_array(op[i], -1, &y[i]));
        CHECK_OK(vxg_op_new_array(op[i], 0, &ay[i]));
        CHECK_OK(vxg_op_new_array(op[i], -1, &ax[i]));
    }
    CHECK_OK(random_pair(&x[0], &x[1], 1));
    CHECK_OK(random_pair(&y[0], &y[1], 2));
    for (int i = 0; i < 2; i++) {
        CHECK_OK(vxg_op_apply(op[i], NULL, &x[i], &ax[i]));
        CHECK_OK(vxg_op_apply_adjoint(op[i], NULL, &y[i], &ay[i]));
    }
    const double forward = difference(&ax[0], &ax[1]), back = difference(&ay[0], &ay[1]);
    EXPECT(forward < c->forward && back < c->back, "%s %s%s, %d: %.2g forward, %.2g adjoint",
           c->name, kinds[c->kind], c->plain ? " plain" : "", (int)c->n, forward, back);
    if (c->entries) entries(c, op[0], &x[0], &y[0], &ax[0]);
    for (int i = 0; i < 2; i++) {
        vxg_array_release(&x[i]), vxg_array_release(&y[i]);
        vxg_array_release(&ax[i]), vxg_array_release(&ay[i]);
        vxg_op_release(op[i]);
    }
}

static int positions_main(const char *name, const test_entry *list, int n, int argc, char **argv) {
    if (vxg_device_open("cpu", &dev)) return printf("FAIL %s: %s\n", name, vxg_error_message()), 1;
    const int failed = test_run(name, list, n, argc, argv);
    vxg_device_release(dev);
    return failed;
}

#endif
