/* The cpu schedules of Joseph's and Siddon's cone-beam projections and adjoints against the plain
 * kernels: parity over scans with every awkward feature, an exact pair entry by entry, the same
 * bits for any number of threads. */
#include "schedule_scan.h"

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

static int flat_scene(int seed, scene *s) {
    return make_scene(seed, 0, s);
}
static int curved_scene(int seed, scene *s) {
    return make_scene(seed, 1, s);
}

/* One slice in the plane of its rays, over several tiles: the axes along which rays run differ
 * within a view, sources inside and beside the volume, rays beside it, columns finer and coarser.
 */
static int fan_scene(int seed, scene *s) {
    vxg_ct_view views[MOST_VIEWS];
    state = (uint32_t)seed * 2654435761u + 99;
    const int64_t nviews = roll_int(1, 7), nu = seed % 7 == 1 ? 1 : roll_int(2, 300);
    const int small = seed % 4 == 3;
    s->vol = (vxg_ct_volume){.nz = 1, .ny = roll_int(1, small ? 20 : 150)};
    s->vol.nx = roll_int(1, small ? 20 : 150);
    s->vol.dy = roll(0.5, 2), s->vol.dx = roll(0.5, 2), s->vol.dz = roll(0.5, 2);
    s->vol.center[0] = roll(-2, 2), s->vol.center[1] = roll(-2, 2), s->vol.center[2] = 0.75;
    const double radius = 0.5 * hypot((double)s->vol.nx * s->vol.dx, (double)s->vol.ny * s->vol.dy);
    const double sod = radius * (seed % 5 == 0 ? roll(0.2, 1) : roll(1.1, 5)) + 3;
    const double mag = roll(1.05, 4), pu = mag * roll(0.2, 2.5);
    for (int64_t i = 0; i < nviews; i++) {
        const double t = seed % 7 == 2 ? M_PI / 4 * (double)i : roll(-4, 4), c = cos(t), n = sin(t);
        const double across = roll(-4, 4) * pu, depth = (mag - 1) * sod, turn = roll(-0.4, 0.4);
        views[i] = (vxg_ct_view){.s = {sod * n, -sod * c, 0.75},
                                 .d = {across * c - depth * n, across * n + depth * c, 0.75},
                                 .U = {pu * cos(t + turn), pu * sin(t + turn), 0},
                                 .V = {0, 0, seed % 2 ? -pu : pu}};
        for (int k = 0; k < 3 && seed % 9 == 4; k++) views[i].U[k] = -views[i].U[k];
        for (int k = 0; k < 3 && seed % 11 == 6; k++) views[i].d[k] += 300 * views[i].U[k];
    }
    return vxg_ct_cone_views(nviews, 1, nu, views, &s->geo);
}

TEST(fan_slice)
{
    parity(fan_scene, VXG_CT_JOSEPH, 0);
    parity(fan_scene, VXG_CT_JOSEPH, 1);
    threads_alike(fan_scene, VXG_CT_JOSEPH);
}

/* Entry by entry, where tiles meet. */
TEST(fan_transpose)
{
    const vxg_ct_view v = {
        .s = {31, -400, 0}, .d = {-20, 300, 0}, .U = {1.2, 0.7, 0}, .V = {0, 0, 1}};
    const vxg_ct_volume vol = {.nz = 1, .ny = 67, .nx = 66};
    vxg_ct_geometry *geo;
    vxg_op *op;
    CHECK_OK(vxg_ct_cone_views(1, 1, 90, &v, &geo));
    CHECK_OK(vxg_ct_projector(dev, geo, &vol, NULL, &op));
    const int64_t n = vol.ny * vol.nx, m = 90;
    double most, diff;
    entries_of(op, n, m, &most, &diff);
    EXPECT(most > 0.9 && diff <= 1e-6 * most, "entries differ by %.3g of %.3g", diff, most);
    vxg_op_release(op), vxg_ct_geometry_release(geo);
}

TEST(forward_parity)
{ parity(flat_scene, VXG_CT_JOSEPH, 0); }
TEST(adjoint_parity)
{ parity(flat_scene, VXG_CT_JOSEPH, 1); }
TEST(curved_parity)
{
    parity(curved_scene, VXG_CT_JOSEPH, 0);
    parity(curved_scene, VXG_CT_JOSEPH, 1);
}
TEST(siddon_parity)
{
    for (int adjoint = 0; adjoint < 2; adjoint++) {
        parity(flat_scene, VXG_CT_SIDDON, adjoint);
        parity(curved_scene, VXG_CT_SIDDON, adjoint);
    }
}
/* Weights are the same to the last bits both ways; what remains is their product's rounding. */
TEST(transpose_entries)
{
    transposed(flat_scene, VXG_CT_JOSEPH);
    transposed(flat_scene, VXG_CT_SIDDON);
}
TEST(threads_and_repeats)
{
    threads_alike(flat_scene, VXG_CT_JOSEPH);
    threads_alike(flat_scene, VXG_CT_SIDDON);
}

/* A source in a slice of the volume: that slice and those behind do not count. */
static void source_inside(vxg_ct_model model) {
    const vxg_ct_projector_opts fast = {.model = model},
                                oracle = {.model = model, .real = VXG_REAL_F64};
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

TEST(source_in_a_slice)
{
    source_inside(VXG_CT_JOSEPH);
    source_inside(VXG_CT_SIDDON);
}

int main(int argc, char **argv) {
    static const test_entry list[] = {
        T(forward_parity),    T(adjoint_parity),      T(curved_parity),
        T(fan_slice),         T(fan_transpose),       T(siddon_parity),
        T(transpose_entries), T(threads_and_repeats), T(source_in_a_slice)};
    return run_levels("ct_schedule_cone_joseph", list, (int)(sizeof list / sizeof *list), argc,
                      argv);
}
