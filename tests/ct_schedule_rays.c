/* The cpu schedule of Joseph's projection along any rays and its adjoint against the plain kernels
 * and against float64: tilted detectors, laminography, rays along z, rays of a view with different
 * dominant axes, sources inside the volume; an exact pair entry by entry and as a dot product; the
 * same bits for any number of threads; accumulation. */
#include "schedule_scan.h"

#define MOST_VIEWS 9
enum { ROLLED, LAMINOGRAPHY, ALONG_Z, ANY, WIDE, INSIDE, MISSING, SINGLE, KINDS };

/* v turned by g about the unit vector a. */
static void turn(const double a[3], double g, double v[3]) {
    const double c = cos(g), s = sin(g), p = (a[0] * v[0] + a[1] * v[1] + a[2] * v[2]) * (1 - c);
    const double w[3] = {a[1] * v[2] - a[2] * v[1], a[2] * v[0] - a[0] * v[2],
                         a[0] * v[1] - a[1] * v[0]};
    for (int i = 0; i < 3; i++) v[i] = v[i] * c + w[i] * s + a[i] * p;
}
static void turn_view(const double a[3], double g, vxg_ct_view *v) {
    turn(a, g, v->s), turn(a, g, v->d), turn(a, g, v->U), turn(a, g, v->V); /* s is r, too */
}

static void make_view(int kind, int seed, double radius, double pitch, double rows, int parallel,
                      vxg_ct_view *v) {
    static const double tilts[] = {0.02, 0.1, 0.5, 1.5};
    static const double x[3] = {1, 0, 0}, y[3] = {0, 1, 0}, z[3] = {0, 0, 1};
    const double mag = exp(roll(log(1.05), log(20))), tilt = tilts[seed / KINDS % 4];
    const double sod = radius * (kind == INSIDE ? roll(0, 0.9) : roll(1.2, 5)) + 0.5;
    const double step = kind == WIDE ? 3 * mag * sod / 30 : pitch * mag;
    *v = (vxg_ct_view){.s = {0, -sod, 0},
                       .d = {0, (mag - 1) * sod, 0},
                       .U = {step, 0, 0},
                       .V = {0, 0, kind == WIDE ? step : rows * mag}};
    if (parallel) v->r[0] = v->r[2] = 0, v->r[1] = 1, v->U[0] = pitch, v->V[2] = rows;
    turn(y, tilt, v->U), turn(y, tilt, v->V); /* in its plane */
    if (seed % 3 == 1) turn(x, tilt / 3, v->U), turn(x, tilt / 3, v->V);
    if (seed % 3 == 2) turn(z, -tilt / 3, v->U), turn(z, -tilt / 3, v->V);
    for (int i = 0; i < 3; i++) {
        const double off = kind == MISSING ? roll(10, 40) : roll(-3, 3);
        v->d[i] += off * v->U[i] + roll(-3, 3) * v->V[i];
    }
    if (kind == LAMINOGRAPHY) turn_view(x, roll(0.5, 1.1), v);
    if (kind == ALONG_Z) turn_view(x, M_PI / 2 * (seed % 2 ? 1 : -1) + roll(-0.1, 0.1), v);
    if (kind == ANY || kind == INSIDE) turn_view(x, roll(-3, 3), v), turn_view(y, roll(-3, 3), v);
    if (kind == WIDE) turn_view(x, M_PI / 4, v);
    turn_view(z, kind == WIDE ? M_PI / 4 : roll(-4, 4), v);
}

static int make_scene(int seed, int parallel, scene *s) {
    const int kind = seed % KINDS;
    vxg_ct_view views[MOST_VIEWS] = {0};
    state = (uint32_t)seed * 2654435761u + 12345;
    const int64_t nviews = roll_int(1, MOST_VIEWS);
    int64_t nv = roll_int(1, 45), nu = roll_int(1, 45);
    s->geo = NULL;
    s->vol = (vxg_ct_volume){.nz = roll_int(1, 45), .ny = roll_int(1, 45), .nx = roll_int(1, 45)};
    if (kind == SINGLE && seed / KINDS % 2) nv = nu = 1;
    if (kind == SINGLE && seed / KINDS % 2 == 0) s->vol.nz = s->vol.ny = s->vol.nx = 1;
    s->vol.dz = roll(0.5, 2), s->vol.dy = roll(0.5, 2), s->vol.dx = roll(0.5, 2);
    for (int i = 0; i < 3; i++) s->vol.center[i] = roll(-2, 2);
    const double x = (double)s->vol.nx * s->vol.dx, y = (double)s->vol.ny * s->vol.dy;
    const double z = (double)s->vol.nz * s->vol.dz, radius = 0.5 * sqrt(x * x + y * y + z * z);
    const double fine = kind == SINGLE ? 0.05 : seed % 5 ? 1 : 0.2;
    for (int64_t i = 0; i < nviews; i++) {
        const double pitch = fine * roll(0.5, 2), rows = fine * roll(0.5, 2);
        make_view(kind, seed, radius, pitch, rows, parallel, &views[i]);
    }
    const vxg_ct_views all = {.beam = parallel ? VXG_CT_BEAM_PARALLEL : VXG_CT_BEAM_CONE,
                              .nviews = nviews,
                              .nv = nv,
                              .nu = nu,
                              .views = views};
    return vxg_ct_geometry_new(&all, &s->geo);
}

static int cone_scene(int seed, scene *s) {
    return make_scene(seed, 0, s);
}
static int parallel_scene(int seed, scene *s) {
    return make_scene(seed, 1, s);
}

TEST(forward_parity)
{ parity(cone_scene, VXG_CT_JOSEPH, 0); }
TEST(adjoint_parity)
{ parity(cone_scene, VXG_CT_JOSEPH, 1); }

TEST(parallel_parity)
{
    parity(parallel_scene, VXG_CT_JOSEPH, 0);
    parity(parallel_scene, VXG_CT_JOSEPH, 1);
}

/* The voxel-driven backprojector of such rays, which has the schedule of cone beams. */
TEST(backprojection_parity)
{
    operator_of = vxg_ct_backprojector;
    parity(parallel_scene, VXG_CT_JOSEPH, 0);
    operator_of = vxg_ct_projector;
}

/* Weights are the same to the last bits both ways; what remains is their product's rounding. */
TEST(transpose_entries)
{
    int filled = 0;
    for (int seed = 0; seed < SCANS / 2; seed++) {
        scene s;
        vxg_op *op;
        CHECK_OK(make_scene(seed, 0, &s));
        s.vol.nz = 3 + seed % 14, s.vol.ny = 9, s.vol.nx = 4; /* the same scan of fewer voxels */
        CHECK_OK(vxg_ct_projector(dev, s.geo, &s.vol, NULL, &op));
        const int64_t n = s.vol.nz * s.vol.ny * s.vol.nx;
        const int64_t *const shape = vxg_op_range(op)->shape, m = shape[0] * shape[1] * shape[2];
        if (m > 2000) {
            vxg_op_release(op), vxg_ct_geometry_release(s.geo);
            continue;
        }
        double most, diff;
        entries_of(op, n, m, &most, &diff);
        EXPECT(diff <= 1e-6 * most, "seed %d: entries differ by %.3g of %.3g", seed, diff, most);
        filled += most > 0;
        vxg_op_release(op), vxg_ct_geometry_release(s.geo);
    }
    EXPECT(filled >= SCANS / 16, "only %d matrices are not empty", filled);
}

static double dot(const float *a, const float *b, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += (double)a[i] * (double)b[i];
    return sum;
}

/* <A x, y> = <x, A' y>, both results added to what was there. */
TEST(dot_product_and_accumulation)
{
    const double before = 0.25;
    for (int seed = 0; seed < SCANS; seed += 3) {
        scene s;
        vxg_op *op;
        vxg_array x, y, ax, ay;
        CHECK_OK(make_scene(seed, 0, &s));
        CHECK_OK(vxg_ct_projector(dev, s.geo, &s.vol, NULL, &op));
        vxg_call call = {.accumulate = 1};
        CHECK_OK(vxg_buffer_new(dev, vxg_op_workspace(op, NULL), &call.workspace));
        vxg_op_new_array(op, 0, &x), vxg_op_new_array(op, 0, &ay);
        vxg_op_new_array(op, -1, &y), vxg_op_new_array(op, -1, &ax);
        CHECK_OK(vxg_array_random(NULL, &x, 1, 0, 1));
        CHECK_OK(vxg_array_random(NULL, &y, 2, 0, 1));
        CHECK_OK(vxg_array_fill(NULL, &ax, before));
        CHECK_OK(vxg_array_fill(NULL, &ay, before));
        CHECK_OK(vxg_op_apply(op, &call, &x, &ax));
        CHECK_OK(vxg_op_apply_adjoint(op, &call, &y, &ay));
        const int64_t n = vxg_array_count(&x), m = vxg_array_count(&y);
        float *h[4] = {malloc((size_t)n * 4), malloc((size_t)n * 4), malloc((size_t)m * 4),
                       malloc((size_t)m * 4)};
        CHECK_OK(vxg_array_read(NULL, &x, h[0]));
        CHECK_OK(vxg_array_read(NULL, &ay, h[1]));
        CHECK_OK(vxg_array_read(NULL, &y, h[2]));
        CHECK_OK(vxg_array_read(NULL, &ax, h[3]));
        double sx = 0, sy = 0;
        for (int64_t i = 0; i < n; i++) sx += before * (double)h[0][i];
        for (int64_t i = 0; i < m; i++) sy += before * (double)h[2][i];
        const double left = dot(h[3], h[2], m) - sy, right = dot(h[0], h[1], n) - sx;
        EXPECT(fabs(left - right) <= 1e-6 * (fabs(left) + sx + sy), "seed %d: %.9g and %.9g", seed,
               left, right);
        for (int i = 0; i < 4; i++) free(h[i]);
        vxg_buffer_release(call.workspace);
        vxg_array_release(&x), vxg_array_release(&y);
        vxg_array_release(&ax), vxg_array_release(&ay);
        vxg_op_release(op), vxg_ct_geometry_release(s.geo);
    }
}

TEST(threads_and_repeats)
{
    static const int counts[] = {1, 2, 3, 64};
    const vxg_ct_projector_opts fast = {0};
    for (int seed = 0; seed < KINDS; seed++)
        for (int adjoint = 0; adjoint < 2; adjoint++) {
            scene s;
            double *first = NULL, *again;
            int64_t n;
            CHECK_OK(make_scene(seed, 0, &s));
            for (int i = 0; i < 4; i++) {
                CHECK_OK(vxg_set_threads(counts[i]));
                run(&s, adjoint, &fast, &again, &n);
                EXPECT(!first || !memcmp(first, again, (size_t)n * sizeof *first),
                       "seed %d adjoint %d: other bits with %d threads", seed, adjoint, counts[i]);
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
    for (int k = 0; k < 12; k++) {
        const int a = k % 3, o = (a + 1) % 3, p = (a + 2) % 3;
        vxg_ct_view v = {.s = {0.3, 0.2, -0.4}};
        v.s[a] = k % 2 ? 0.5 : 1;
        memcpy(v.d, v.s, sizeof v.d);
        v.d[a] += k < 6 ? 30 : -30, v.U[o] = 2, v.U[p] = 0.3, v.V[p] = 2, v.V[a] = 0.1;
        scene s = {.vol = {.nz = 17, .ny = 11 + k / 2 % 2, .nx = 12}};
        CHECK_OK(vxg_ct_cone_views(1, 21, 19, &v, &s.geo));
        for (int adjoint = 0; adjoint < 2; adjoint++) {
            double *x, *y;
            int64_t n;
            run(&s, adjoint, &fast, &x, &n);
            run(&s, adjoint, &oracle, &y, &n);
            const double most = largest(y, NULL, n), off = largest(x, y, n);
            EXPECT(most > 0 && off <= 1e-5 * most, "source %d adjoint %d: %.3g of %.3g", k, adjoint,
                   off, most);
            free(x), free(y);
        }
        vxg_ct_geometry_release(s.geo);
    }
}

/* Rays that graze the volume, so that interpolation with the zeros around it leaves little of their
 * values: places are rounded as everywhere, by some 2^-19 of a cell, and the error is small beside
 * the largest integral that so many slices allow, not beside the small value itself. */
TEST(grazing_rays)
{
    enum { VIEWS = 600 };
    static vxg_ct_view views[VIEWS];
    const vxg_ct_projector_opts fast = {0}, oracle = {.real = VXG_REAL_F64};
    scene s = {.vol = {.nz = 40, .ny = 3, .nx = 37}};
    const double half[3] = {18.5, 1.5, 20}, count[3] = {37, 3, 40};
    double possible[VIEWS], *a, *b;
    int64_t n;
    int thin = 0;
    state = 5;
    for (int v = 0; v < VIEWS; v++) {
        vxg_ct_view *o = &views[v];
        const double to[3] = {roll(-1, 1), roll(-0.05, 0.05), roll(-1, 1)};
        const double length = sqrt(to[0] * to[0] + to[1] * to[1] + to[2] * to[2]);
        int axis = 0;
        memcpy(o->r, to, sizeof to);
        for (int i = 0; i < 3; i++) { /* near one of the edges along y: the weight is nearly 0 */
            if (fabs(to[i]) > fabs(to[axis])) axis = i;
            o->d[i] = i == 1 ? roll(0.4, 0.5) + 1.5 : roll(-0.5, 0.5) * half[i];
        }
        o->U[0] = to[2], o->U[2] = -to[0], o->V[1] = 1;
        possible[v] = length / fabs(to[axis]) * count[axis];
    }
    CHECK_OK(vxg_ct_parallel_views(VIEWS, 1, 1, views, &s.geo));
    run(&s, 0, &fast, &a, &n);
    run(&s, 0, &oracle, &b, &n);
    CHECK(n == VIEWS, "%d values", (int)n);
    for (int v = 0; v < VIEWS; v++) {
        const double off = fabs(a[v] - b[v]);
        EXPECT(off <= 1e-5 * possible[v], "ray %d: %.3g of %.3g, possible %.3g", v, off, b[v],
               possible[v]);
        thin += b[v] != 0 && fabs(b[v]) < 0.02 * possible[v];
    }
    EXPECT(thin > VIEWS / 10, "only %d rays graze the volume", thin);
    free(a), free(b);
    vxg_ct_geometry_release(s.geo);
}

int main(int argc, char **argv) {
    static const test_entry list[] = {
        T(forward_parity),        T(adjoint_parity),    T(parallel_parity),
        T(backprojection_parity), T(transpose_entries), T(dot_product_and_accumulation),
        T(threads_and_repeats),   T(source_in_a_slice), T(grazing_rays)};
    return run_levels("ct_schedule_rays", list, (int)(sizeof list / sizeof *list), argc, argv);
}
