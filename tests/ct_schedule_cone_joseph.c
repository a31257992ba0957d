/* The cpu schedule of Joseph's cone-beam projection and adjoint against the plain kernels: parity
 * over scans with every awkward feature, an exact pair entry by entry, the same bits for any number
 * of threads. */
#include "schedule.h"

#ifdef __SANITIZE_ADDRESS__
#define SCANS 24
#else
#define SCANS 72
#endif

#define MOST_VIEWS 20

/* One flat view, seed by seed: exact multiples of 45 degrees, detectors turned about z, sources
 * inside the volume's bounding circle, mirrored columns, rows downwards, off the plane z = 0. */
static vxg_ct_view flat_view(int seed, double t, double sod, double mag, double pu, double pv) {
    const double c = cos(t), s = sin(t), turn = seed % 6 == 1 ? roll(-0.5, 0.5) : 0;
    const double across = roll(-4, 4) * pu, z = roll(-6, 6), up = roll(-2, 2) * pv;
    const double depth = (mag - 1) * sod;
    vxg_ct_view v = {.s = {sod * s, -sod * c, z},
                     .d = {across * c - depth * s, across * s + depth * c, z + up},
                     .U = {pu * cos(t + turn), pu * sin(t + turn), 0},
                     .V = {0, 0, seed % 4 == 1 ? -pv : pv}};
    for (int i = 0; i < 3 && seed % 9 == 4; i++) v.U[i] = -v.U[i];
    return v;
}

/* Scans whose rows are steps along z: magnifications 1.05 to 20; rows from 0.1 to 3 voxels apart;
 * detectors that miss the volume; anisotropic voxels; volumes of several chunks of z. */
static int make_scene(int seed, int curved, scene *s) {
    vxg_ct_view views[MOST_VIEWS];
    state = (uint32_t)seed * 2654435761u + 1;
    const int64_t nviews = roll_int(seed % 24 == 5 ? 5 : 1, seed % 8 == 3 ? MOST_VIEWS : 5);
    const int64_t nv = roll_int(seed % 24 == 5 ? 40 : 1, 60),
                  nu = seed % 7 == 1 ? 1 : roll_int(2, 45);
    s->vol = (vxg_ct_volume){.nz = roll_int(1, 70), .ny = roll_int(1, 40), .nx = roll_int(1, 40)};
    if (seed % 24 == 5) s->vol.nz = 262, s->vol.ny = 15, s->vol.nx = 14; /* two chunks of z */
    s->vol.dz = roll(0.3, 2), s->vol.dy = roll(0.5, 2), s->vol.dx = roll(0.5, 2);
    for (int i = 0; i < 3; i++) s->vol.center[i] = roll(-2, 2);
    if (seed % 5 == 2) { /* turned about z */
        const double g = roll(-3, 3);
        const double R[9] = {cos(g), -sin(g), 0, sin(g), cos(g), 0, 0, 0, 1};
        memcpy(s->vol.rotation, R, sizeof R);
    }
    const double radius = 0.5 * hypot((double)s->vol.nx * s->vol.dx, (double)s->vol.ny * s->vol.dy);
    const double sod = radius * (seed % 5 == 0 ? roll(0.2, 1) : roll(1.1, 6)) + 3;
    const double mag = seed % 3 ? roll(1.05, 4) : roll(4, 20);
    double pu = roll(0.3, 2.5) * mag, miss = seed % 11 == 6 ? 1e3 : 0;
    if (curved) pu = fmin(pu, 2.4 * sod * mag / (double)(nu + 8)); /* below 70 degrees to a side */
    /* the steepest ray below 45 degrees in voxels, whatever the voxels */
    const double steep = 0.3 * sod * mag * s->vol.dz / s->vol.dx / (double)(nv + 4);
    const double pv = fmin(roll(0.1, 3) * s->vol.dz * mag, steep);
    for (int64_t i = 0; i < nviews; i++) {
        const double t = seed % 7 == 2 ? M_PI / 4 * (double)i : roll(-4, 4);
        views[i] = flat_view(curved ? 0 : seed, t, sod, mag, pu, pv);
        for (int k = 0; k < 3; k++) views[i].d[k] += miss * views[i].U[k];
        if (!curved) continue;
        for (int k = 0; k < 3; k++) /* the detector faces the source */
            views[i].d[k] = views[i].s[k] + mag * sod * (k == 0 ? -sin(t) : k == 1 ? cos(t) : 0);
    }
    const vxg_ct_views all = {.beam = VXG_CT_BEAM_CONE,
                              .detector = curved ? VXG_CT_DETECTOR_CURVED : VXG_CT_DETECTOR_FLAT,
                              .nviews = nviews,
                              .nv = nv,
                              .nu = nu,
                              .column_offset = curved ? roll(-3, 3) : 0,
                              .views = views};
    return vxg_ct_geometry_new(&all, &s->geo);
}

/* Applies forward or adjoint to seeded random input; the result in double and its length. */
static void run(const scene *s, int adjoint, const vxg_ct_projector_opts *o, double **out,
                int64_t *length) {
    vxg_op *op;
    vxg_array in, result;
    CHECK_OK(vxg_ct_projector(dev, s->geo, &s->vol, o, &op));
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

static void parity(int adjoint, int curved) {
    const vxg_ct_projector_opts fast = {0}, plain = {.no_schedule = 1},
                                oracle = {.real = VXG_REAL_F64};
    int differing = 0, zero = 0;
    for (int seed = 0; seed < SCANS; seed++) {
        scene s;
        double *a, *b, *c;
        int64_t n;
        CHECK_OK(make_scene(seed, curved, &s));
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
TEST(forward_parity)
{ parity(0, 0); }
TEST(adjoint_parity)
{ parity(1, 0); }
TEST(curved_parity)
{
    parity(0, 1);
    parity(1, 1);
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

/* Weights are the same to the last bits both ways; what remains is their product's rounding. */
TEST(transpose_entries)
{
    int filled = 0;
    for (int seed = 0; seed < SCANS / 8; seed++) {
        scene s;
        vxg_op *op;
        CHECK_OK(make_scene(5 * seed + 1, 0, &s));
        s.vol.nz = 3 + seed % 20, s.vol.ny = 5, s.vol.nx = 4; /* the same scan of fewer voxels */
        CHECK_OK(vxg_ct_projector(dev, s.geo, &s.vol, NULL, &op));
        const int64_t n = s.vol.nz * s.vol.ny * s.vol.nx;
        const int64_t *const shape = vxg_op_range(op)->shape, m = shape[0] * shape[1] * shape[2];
        if (m > 3000) {
            vxg_op_release(op), vxg_ct_geometry_release(s.geo);
            continue;
        }
        float *a = malloc((size_t)(n * m) * 4), *t = malloc((size_t)(n * m) * 4);
        columns_of(op, 0, n, m, a);
        columns_of(op, 1, m, n, t);
        double most = 0, diff = 0;
        for (int64_t i = 0; i < n * m; i++) {
            if (fabsf(a[i]) > most) most = fabsf(a[i]);
            if (!(fabsf(a[i] - t[i]) <= diff)) diff = fabsf(a[i] - t[i]);
        }
        EXPECT(diff <= 1e-6 * most, "seed %d: entries differ by %.3g of %.3g", seed, diff, most);
        filled += most > 0;
        free(a), free(t);
        vxg_op_release(op), vxg_ct_geometry_release(s.geo);
    }
    EXPECT(filled >= (SCANS + 35) / 36, "only %d matrices are not empty", filled);
}

TEST(threads_and_repeats)
{
    const vxg_ct_projector_opts fast = {0};
    for (int seed = 3; seed < 30; seed += 8)
        for (int adjoint = 0; adjoint < 2; adjoint++) {
            scene s;
            double *first = NULL, *again;
            int64_t n;
            CHECK_OK(make_scene(seed, 0, &s));
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

/* A source in a slice of the volume: that slice and those behind do not count. */
TEST(source_in_a_slice)
{
    const vxg_ct_projector_opts fast = {0}, oracle = {.real = VXG_REAL_F64};
    for (int k = 0; k < 8; k++) {
        const double x = k % 2 ? 0.5 : 1, y = k < 4 ? -2 : -2.5, turn = k % 4 < 2 ? 1 : -1;
        vxg_ct_view v = {.s = {x, y, 0.3}, .d = {x + 1, y + turn * 30, 0.3}, .U = {2, 0, 0}};
        v.V[2] = 1;
        scene s = {.vol = {.nz = 17, .ny = 11 + k / 2 % 2, .nx = 12}};
        CHECK_OK(vxg_ct_cone_views(1, 21, 19, &v, &s.geo));
        for (int adjoint = 0; adjoint < 2; adjoint++) {
            double *a, *b;
            int64_t n;
            run(&s, adjoint, &fast, &a, &n);
            run(&s, adjoint, &oracle, &b, &n);
            const double most = largest(b, NULL, n), off = largest(a, b, n);
            EXPECT(most > 0 && off <= 1e-5 * most, "source %d adjoint %d: %.3g of %.3g", k, adjoint,
                   off, most);
            free(a), free(b);
        }
        vxg_ct_geometry_release(s.geo);
    }
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(forward_parity),      T(adjoint_parity),
                                      T(curved_parity),       T(transpose_entries),
                                      T(threads_and_repeats), T(source_in_a_slice)};
    return run_levels("ct_schedule_cone_joseph", list, (int)(sizeof list / sizeof *list), argc,
                      argv);
}
