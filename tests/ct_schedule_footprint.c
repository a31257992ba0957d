/* The cpu schedule of separable footprints and its adjoint against the plain kernels: parity over
 * scans with every awkward feature, an exact pair entry by entry, the same bits for any number of
 * threads. */
#include "schedule_scan.h"

#define MOST_VIEWS 20

/* Scans whose rows are steps along z: parallel beams in their slices, on them and across them; cone
 * beams; rows from 0.05 to 20 voxels apart and exactly one; columns down to 1/6 of a voxel; exact
 * multiples of 45 degrees; detectors turned about z, mirrored, upside down, beside the volume;
 * anisotropic voxels; volumes of several chunks of z, detectors of several blocks. */
static int make_scene(int seed, int cone, scene *s) {
    vxg_ct_view views[MOST_VIEWS];
    state = (uint32_t)seed * 2654435761u + 7;
    const int aligned = !cone && seed % 3 == 0, large = seed % 24 == 5;
    int64_t nviews = roll_int(large ? 3 : 1, seed % 8 == 3 ? MOST_VIEWS : 5);
    int64_t nv = roll_int(1, 60), nu = seed % 7 == 1 ? 1 : roll_int(2, 45);
    s->vol = (vxg_ct_volume){.nz = roll_int(1, 70), .ny = roll_int(1, 40), .nx = roll_int(1, 40)};
    if (large) s->vol.nz = 262, s->vol.ny = 15, s->vol.nx = 14, nv = 270;
    if (seed % 24 == 6) nu = 530, nv = 520, nviews = 2, s->vol.nz = 20; /* blocks of 512 */
    s->vol.dz = roll(0.3, 2), s->vol.dy = roll(0.5, 2), s->vol.dx = roll(0.5, 2);
    for (int i = 0; i < 3; i++) s->vol.center[i] = roll(-2, 2);
    if (seed % 5 == 2) { /* turned about z */
        const double g = roll(-3, 3);
        const double R[9] = {cos(g), -sin(g), 0, sin(g), cos(g), 0, 0, 0, 1};
        memcpy(s->vol.rotation, R, sizeof R);
    }
    const double radius = 0.5 * hypot((double)s->vol.nx * s->vol.dx, (double)s->vol.ny * s->vol.dy);
    const double sod = radius * roll(1.3, 6) + 4, mag = cone ? roll(1.05, seed % 3 ? 3 : 8) : 1;
    const double cell = fmax(s->vol.dx, s->vol.dy);
    const double pu = cell * mag * (seed % 4 ? roll(0.7, 2.5) : roll(0.3, 0.7));
    const double rows = seed % 6 == 0   ? 1
                        : seed % 6 == 1 ? roll(0.05, 0.5)
                        : seed % 6 == 2 ? roll(2, 20)
                                        : roll(0.4, 2);
    const double pv = (aligned ? 1 : rows) * s->vol.dz * mag, z0 = roll(-6, 6),
                 up = roll(-2, 2) * pv;
    const double climb = !cone && seed % 3 == 1 ? roll(-0.4, 0.4) : 0;
    const int64_t shift = roll_int(-5, 5);
    for (int64_t i = 0; i < nviews; i++) {
        const double t = seed % 7 == 2 ? M_PI / 4 * (double)i : roll(-4, 4), c = cos(t), n = sin(t);
        const double turn = seed % 4 == 1 ? roll(-0.4, 0.4) : 0, across = roll(-4, 4) * pu;
        const double depth = cone ? (mag - 1) * sod : 0;
        /* row 0 is a slice: between two where numbers of rows and slices differ by an odd one */
        const double level = s->vol.center[2] + s->vol.dz * (double)shift,
                     rest = (nv - s->vol.nz) % 2;
        const double high = aligned ? level + 0.5 * s->vol.dz * rest : up;
        const double from[3] = {sod * n, -sod * c, z0}, ray[3] = {-n, c, climb};
        vxg_ct_view v = {
            .d = {across * c - depth * n, across * n + depth * c, cone ? z0 + up : high},
            .U = {pu * cos(t + turn), pu * sin(t + turn), 0},
            .V = {0, 0, seed % 4 == 2 && !aligned ? -pv : pv}};
        memcpy(cone ? v.s : v.r, cone ? from : ray, sizeof ray);
        for (int k = 0; k < 3 && seed % 9 == 4; k++) v.U[k] = -v.U[k];
        for (int k = 0; k < 3 && seed % 11 == 6; k++) v.d[k] += 1e3 * v.U[k]; /* beside it */
        if (aligned && seed % 2) v.V[2] = -pv;                                /* upside down */
        views[i] = v;
    }
    return (cone ? vxg_ct_cone_views : vxg_ct_parallel_views)(nviews, nv, nu, views, &s->geo);
}
static int cone_scene(int seed, scene *s) {
    return make_scene(seed, 1, s);
}
static int parallel_scene(int seed, scene *s) {
    return make_scene(seed, 0, s);
}

TEST(cone_parity)
{
    parity(cone_scene, VXG_CT_FOOTPRINT, 0);
    parity(cone_scene, VXG_CT_FOOTPRINT, 1);
}
TEST(parallel_parity)
{
    parity(parallel_scene, VXG_CT_FOOTPRINT, 0);
    parity(parallel_scene, VXG_CT_FOOTPRINT, 1);
}
/* Weights are the same to the last bits both ways; what remains is their product's rounding. */
TEST(transpose_entries)
{
    transposed(cone_scene, VXG_CT_FOOTPRINT);
    transposed(parallel_scene, VXG_CT_FOOTPRINT);
}
TEST(threads_and_repeats)
{
    threads_alike(cone_scene, VXG_CT_FOOTPRINT);
    threads_alike(parallel_scene, VXG_CT_FOOTPRINT);
}

/* A pixel that is not a number stays where its rays are: padding, neighbouring columns and voxels
 * with a weight of zero are not read. */
TEST(not_a_number_stays)
{
    for (int seed = 0; seed < 12; seed++)
        for (int cone = 0; cone < 2; cone++) {
            scene s;
            vxg_op *op;
            vxg_array x, y, w;
            int64_t bad = 0, touched = 0, lost = 0;
            const vxg_ct_projector_opts fast = {.model = VXG_CT_FOOTPRINT};
            CHECK_OK(make_scene(seed, cone, &s));
            CHECK_OK(vxg_ct_projector(dev, s.geo, &s.vol, &fast, &op));
            CHECK_OK(vxg_op_new_array(op, 0, &x));
            CHECK_OK(vxg_op_new_array(op, -1, &y));
            CHECK_OK(vxg_op_new_array(op, -1, &w));
            const int64_t n = vxg_array_count(&x), m = vxg_array_count(&y);
            float *v = calloc((size_t)n, 4), *p = malloc((size_t)m * 4), *q = malloc((size_t)m * 4);
            v[n / 2] = 1;
            CHECK_OK(vxg_array_write(NULL, &x, v));
            CHECK_OK(vxg_op_apply(op, NULL, &x, &y));
            CHECK_OK(vxg_array_read(NULL, &y, p));
            v[n / 2] = NAN;
            CHECK_OK(vxg_array_write(NULL, &x, v));
            CHECK_OK(vxg_op_apply(op, NULL, &x, &w));
            CHECK_OK(vxg_array_read(NULL, &w, q));
            for (int64_t i = 0; i < m; i++) {
                const int is = isnan(q[i]) != 0;
                touched += p[i] > 0, bad += is && p[i] == 0, lost += !is && p[i] > 0;
            }
            /* a weight of zero beside the shadow may be multiplied: two columns and rows around */
            EXPECT(lost == 0, "seed %d cone %d: %lld pixels lost it", seed, cone, (long long)lost);
            EXPECT(bad <= 8 * touched + 64, "seed %d cone %d: %lld others of %lld", seed, cone,
                   (long long)bad, (long long)touched);
            free(v), free(p), free(q);
            vxg_array_release(&x), vxg_array_release(&y), vxg_array_release(&w);
            vxg_op_release(op);
            vxg_ct_geometry_release(s.geo);
        }
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(cone_parity), T(parallel_parity), T(transpose_entries),
                                      T(threads_and_repeats), T(not_a_number_stays)};
    return run_levels("ct_schedule_footprint", list, (int)(sizeof list / sizeof *list), argc, argv);
}
