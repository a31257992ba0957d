/* Trajectories against closed forms, projection matrices against projected points. */
#include <voxgrad/voxgrad.h>

#include "test.h"

static double dot(const double *a, const double *b) {
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}
static double norm(const double *a) {
    return sqrt(dot(a, a));
}
static int near3(const double *a, double x, double y, double z) {
    return fabs(a[0] - x) < 1e-11 && fabs(a[1] - y) < 1e-11 && fabs(a[2] - z) < 1e-11;
}
#define AT(v, x, y, z)                                                                             \
    EXPECT(near3(v, x, y, z), "view %d: " #v " is %g %g %g, expected %g %g %g", (int)i, (v)[0],    \
           (v)[1], (v)[2], (double)(x), (double)(y), (double)(z))

static vxg_ct_trajectory_opts cone_opts(vxg_ct_path path, int64_t n) {
    vxg_ct_trajectory_opts o = {0};
    vxg_ct_trajectory_defaults(path, VXG_CT_BEAM_CONE, &o);
    o.nviews = n, o.rows = 4, o.cols = 6, o.sod = 300, o.sdd = 450, o.pixel = 0.5, o.row_pitch = 2;
    return o;
}

/* U, V and the middle ray at right angles, U and V of the pitches' lengths, right-handed. */
static void right_angles(const vxg_ct_geometry *geo, double pu, double pv) {
    const int cone = vxg_ct_geometry_beam(geo) == VXG_CT_BEAM_CONE;
    for (int64_t i = 0; i < vxg_ct_geometry_nviews(geo); i++) {
        const vxg_ct_view *v = vxg_ct_geometry_view(geo, i);
        double ray[3],
            c[3] = {v->V[1] * v->U[2] - v->V[2] * v->U[1], v->V[2] * v->U[0] - v->V[0] * v->U[2],
                    v->V[0] * v->U[1] - v->V[1] * v->U[0]};
        for (int k = 0; k < 3; k++) ray[k] = cone ? v->d[k] - v->s[k] : v->r[k];
        const double size = norm(ray);
        EXPECT(fabs(norm(v->U) - pu) < 1e-12 && fabs(norm(v->V) - pv) < 1e-12, "view %d: pitch",
               (int)i);
        EXPECT(fabs(dot(v->U, v->V)) < 1e-12 && fabs(dot(v->U, ray)) < 1e-12 * size &&
                   fabs(dot(v->V, ray)) < 1e-12 * size,
               "view %d: not at right angles", (int)i);
        EXPECT(dot(c, ray) > 0, "view %d: U and V mirror the picture", (int)i);
    }
}

TEST(circular)
{
    vxg_ct_trajectory_opts o = cone_opts(VXG_CT_PATH_CIRCULAR, 8);
    vxg_ct_geometry *geo = NULL;
    CHECK_OK(vxg_ct_trajectory(&o, &geo));
    for (int64_t i = 0; i < 8; i += 2) {
        static const double s[4][2] = {{0, -1}, {1, 0}, {0, 1}, {-1, 0}};
        const vxg_ct_view *v = vxg_ct_geometry_view(geo, i);
        const double x = s[i / 2][0], y = s[i / 2][1];
        AT(v->s, 300 * x, 300 * y, 0);
        AT(v->d, -150 * x, -150 * y, 0);
        AT(v->U, -0.5 * y, 0.5 * x, 0);
        AT(v->V, 0, 0, 2);
    }
    right_angles(geo, 0.5, 2);
    vxg_ct_geometry_release(geo);
    /* clockwise from 90 degrees, the axis at column 1, the source's plane at row 3, a roll */
    o.reverse = 1, o.start = M_PI / 2, o.center = 1, o.has_center = 1, o.center_row = 3;
    o.has_center_row = 1, o.roll = M_PI / 6;
    CHECK_OK(vxg_ct_trajectory(&o, &geo));
    for (int64_t i = 0; i < 8; i++) {
        double axis[3];
        const double t = M_PI / 2 - 2 * M_PI * (double)i / 8;
        AT(vxg_ct_geometry_view(geo, i)->s, 300 * sin(t), -300 * cos(t), 0);
        CHECK_OK(vxg_ct_pixel(geo, i, 1, 3, axis));
        AT(axis, -150 * sin(t), 150 * cos(t), 0);
        EXPECT(fabs(vxg_ct_geometry_view(geo, i)->U[2] - 0.25) < 1e-12, "the roll turns U up");
    }
    vxg_ct_geometry_release(geo);
}

TEST(parallel_paths)
{
    vxg_ct_trajectory_opts o = {0};
    vxg_ct_geometry *geo = NULL;
    vxg_ct_trajectory_defaults(VXG_CT_PATH_SINUSOIDAL, VXG_CT_BEAM_PARALLEL, &o);
    EXPECT(o.range == M_PI && o.amplitude == 50 && o.frequency == 2, "defaults");
    o.nviews = 8, o.rows = 1, o.cols = 6;
    CHECK_OK(vxg_ct_trajectory(&o, &geo));
    for (int64_t i = 0; i < 8; i += 2) { /* t = i 22.5 degrees, shift 50 sin 2t */
        const vxg_ct_view *v = vxg_ct_geometry_view(geo, i);
        const double h = sqrt(0.5), c[4] = {1, h, 0, -h}, s[4] = {0, h, 1, h};
        const double shift[4] = {0, 50, 0, -50};
        const int k = (int)i / 2;
        AT(v->r, -s[k], c[k], 0);
        AT(v->d, shift[k] * c[k], shift[k] * s[k], 0);
        AT(v->U, c[k], s[k], 0);
    }
    right_angles(geo, 1, 1);
    vxg_ct_geometry_release(geo);
    /* laminography: r = cos l r0 - sin l z, V || cos l z + sin l r0 */
    o.path = VXG_CT_PATH_CIRCULAR, o.tilt = M_PI / 6, o.rows = 5;
    CHECK_OK(vxg_ct_trajectory(&o, &geo));
    int64_t i = 4; /* t = 90 degrees: r0 = -x */
    AT(vxg_ct_geometry_view(geo, i)->r, -sqrt(0.75), 0, -0.5);
    AT(vxg_ct_geometry_view(geo, i)->V, -0.5, 0, sqrt(0.75));
    right_angles(geo, 1, 1);
    vxg_ct_geometry_release(geo);
}

TEST(helical)
{
    vxg_ct_trajectory_opts o = cone_opts(VXG_CT_PATH_HELICAL, 9);
    vxg_ct_geometry *geo = NULL;
    EXPECT(o.z_range == 100 && o.turns == 2, "defaults");
    CHECK_OK(vxg_ct_trajectory(&o, &geo));
    for (int64_t i = 0; i < 9; i += 2) { /* 90 degrees a view; z from -50 to 50 */
        static const double s[4][2] = {{0, -1}, {1, 0}, {0, 1}, {-1, 0}};
        const vxg_ct_view *v = vxg_ct_geometry_view(geo, i);
        AT(v->s, 300 * s[i % 4][0], 300 * s[i % 4][1], -50 + 12.5 * (double)i);
        AT(v->d, -150 * s[i % 4][0], -150 * s[i % 4][1], -50 + 12.5 * (double)i);
    }
    right_angles(geo, 0.5, 2);
    vxg_ct_geometry_release(geo);
}

TEST(sinusoidal_and_saddle)
{
    vxg_ct_trajectory_opts o = cone_opts(VXG_CT_PATH_SINUSOIDAL, 16);
    vxg_ct_geometry *geo = NULL;
    o.frequency = 1;
    CHECK_OK(vxg_ct_trajectory(&o, &geo));
    int64_t i = 0;
    AT(vxg_ct_geometry_view(geo, i)->s, 0, -300, 0);
    i = 4; /* 90 degrees: sod 350, detector at 100 */
    AT(vxg_ct_geometry_view(geo, i)->s, 350, 0, 0);
    AT(vxg_ct_geometry_view(geo, i)->d, -100, 0, 0);
    i = 8;
    AT(vxg_ct_geometry_view(geo, i)->s, 0, 300, 0);
    right_angles(geo, 0.5, 2);
    vxg_ct_geometry_release(geo);
    o = cone_opts(VXG_CT_PATH_SADDLE, 16);
    EXPECT(o.z_amplitude == 50 && o.radial_amplitude == 30, "defaults");
    CHECK_OK(vxg_ct_trajectory(&o, &geo));
    i = 0;
    AT(vxg_ct_geometry_view(geo, i)->s, 0, -300, 50);
    i = 2; /* 45 degrees */
    AT(vxg_ct_geometry_view(geo, i)->s, 330 * sqrt(0.5), -330 * sqrt(0.5), 0);
    AT(vxg_ct_geometry_view(geo, i)->d, -120 * sqrt(0.5), 120 * sqrt(0.5), 0);
    i = 4;
    AT(vxg_ct_geometry_view(geo, i)->s, 300, 0, -50);
    i = 8;
    AT(vxg_ct_geometry_view(geo, i)->s, 0, 300, 50);
    right_angles(geo, 0.5, 2);
    vxg_ct_geometry_release(geo);
}

/* Moments of the errors, the same view from a shorter scan, another seed. */
TEST(random_path)
{
    enum { N = 20000 };
    vxg_ct_trajectory_opts o = cone_opts(VXG_CT_PATH_RANDOM, N);
    vxg_ct_geometry *geo = NULL, *again = NULL;
    double sum = 0, squares = 0, turn = 0, both = 0;
    double t[3] = {0.1, 0.2, 0.3};
    CHECK_OK(vxg_ct_trajectory(&o, &geo)); /* no deviation: the circle */
    EXPECT(fabs(norm(vxg_ct_geometry_view(geo, 77)->s) - 300) < 1e-11,
           "errors without a deviation");
    vxg_ct_geometry_release(geo);
    o.position_std = 2, o.angle_std = 0.01, o.seed = 5;
    CHECK_OK(vxg_ct_trajectory(&o, &geo));
    for (int64_t i = 0; i < N; i++) {
        const vxg_ct_view *v = vxg_ct_geometry_view(geo, i);
        const double a = 2 * M_PI * (double)i / N, e = v->s[0] - 300 * sin(a);
        const double f = v->d[1] - 150 * cos(a);
        const double w = remainder(atan2(v->U[1], v->U[0]) - a, 2 * M_PI);
        sum += e / N, squares += e * e / N, turn += w * w / N, both += e * f / N;
        EXPECT(fabs(dot(v->U, v->V)) < 1e-12 && fabs(norm(v->U) - 0.5) < 1e-12, "view %d: U",
               (int)i);
    }
    EXPECT(fabs(sum) < 5 * 2 / sqrt(N), "mean %g", sum);
    EXPECT(fabs(squares / 4 - 1) < 5 * sqrt(2.0 / N), "variance %g", squares);
    EXPECT(fabs(turn / 1e-4 - 1) < 5 * sqrt(2.0 / N), "variance of the angle %g", turn);
    EXPECT(fabs(both) < 5 * 4 / sqrt(N), "errors of s and d go together: %g", both);
    const double first = vxg_ct_geometry_view(geo, 2)->d[2];
    o.nviews = 3, o.angles = t;
    CHECK_OK(vxg_ct_trajectory(&o, &again));
    EXPECT(vxg_ct_geometry_view(again, 2)->d[2] == first, "view 2 depends on the others");
    vxg_ct_geometry_release(again);
    o.seed = 6;
    CHECK_OK(vxg_ct_trajectory(&o, &again));
    EXPECT(vxg_ct_geometry_view(again, 2)->d[2] != first, "the seed changes nothing");
    vxg_ct_geometry_release(geo), vxg_ct_geometry_release(again);
    o = cone_opts(VXG_CT_PATH_RANDOM, 100);
    o.sod_std = 3;
    CHECK_OK(vxg_ct_trajectory(&o, &geo));
    for (int64_t i = 0; i < 100; i++) /* one error for both: the detector stays */
        EXPECT(fabs(norm(vxg_ct_geometry_view(geo, i)->d) - 150) < 1e-11, "the detector moved");
    vxg_ct_geometry_release(geo);
}

static int line_path(void *context, int64_t i, double t, vxg_ct_view *v) {
    if (*(int *)context == (int)i) return VXG_ERR_CANCELLED;
    (void)t;
    v->s[0] = 10.0 * (double)i, v->s[1] = -200, v->s[2] = 30;
    return VXG_OK;
}
static int axis_path(void *context, int64_t i, double t, vxg_ct_view *v) {
    (void)i, (void)t;
    v->s[0] = v->s[1] = 0, v->s[2] = *(double *)context;
    return VXG_OK;
}

TEST(custom)
{
    vxg_ct_trajectory_opts o = cone_opts(VXG_CT_PATH_CIRCULAR, 5);
    vxg_ct_geometry *geo = NULL;
    int stop = -1;
    o.center = 1, o.has_center = 1;
    CHECK_OK(vxg_ct_trajectory_custom(&o, line_path, &stop, &geo));
    for (int64_t i = 0; i < 5; i++) {
        const vxg_ct_view *v = vxg_ct_geometry_view(geo, i);
        double axis[3];
        const double n = norm(v->s);
        AT(v->s, 10.0 * (double)i, -200, 30);
        CHECK_OK(vxg_ct_pixel(geo, i, 1, 1.5, axis));
        AT(axis, -v->s[0] / n * (450 - n), -v->s[1] / n * (450 - n), -v->s[2] / n * (450 - n));
        EXPECT(v->V[2] > 0 && v->U[2] == 0 && v->U[0] > 0, "view %d: turned over", (int)i);
    }
    vxg_ct_geometry_release(geo);
    stop = 3;
    EXPECT(vxg_ct_trajectory_custom(&o, line_path, &stop, &geo) == VXG_ERR_CANCELLED && !geo,
           "the path function's status is lost");
    double z = 100;
    o.has_center = 0;
    CHECK_OK(vxg_ct_trajectory_custom(&o, axis_path, &z, &geo));
    int64_t i = 0;
    AT(vxg_ct_geometry_view(geo, i)->U, 0.5, 0, 0);
    AT(vxg_ct_geometry_view(geo, i)->d, 0, 0, -350);
    right_angles(geo, 0.5, 2);
    vxg_ct_geometry_release(geo);
    for (int k = 0; k < 2; k++) {
        z = k ? 450 : 1e-7;
        EXPECT(vxg_ct_trajectory_custom(&o, axis_path, &z, &geo) == VXG_ERR_ARGUMENT &&
                   strstr(vxg_error_message(), "|s|"),
               "|s| = %g: %s", z, vxg_error_message());
    }
}

/* ---- Matrices ---- */
static double random_value(uint32_t *n, double lo, double hi) {
    const uint32_t key[2] = {11, 22}, counter[4] = {(*n)++, 0, 0, 0};
    uint32_t r[4];
    vxg_philox(counter, key, r);
    return lo + (hi - lo) * (double)r[0] / 4294967296.0;
}

/* The pixel a matrix says, of points on the ray through a pixel. */
static void follow_rays(const vxg_ct_geometry *geo, const double *P, uint32_t *dice, double limit) {
    const int cone = vxg_ct_geometry_beam(geo) == VXG_CT_BEAM_CONE;
    for (int64_t i = 0; i < vxg_ct_geometry_nviews(geo); i++)
        for (int k = 0; k < 20; k++) {
            const double column = random_value(dice, -2, 50), row = random_value(dice, -2, 40);
            const double far = random_value(dice, 0.2, 0.9), *Q = P + 12 * i;
            const vxg_ct_view *v = vxg_ct_geometry_view(geo, i);
            double p[3], h[3];
            CHECK_OK(vxg_ct_pixel(geo, i, column, row, p));
            for (int a = 0; a < 3; a++)
                p[a] = cone ? v->s[a] + far * (p[a] - v->s[a]) : p[a] + far * v->r[a];
            for (int a = 0; a < 3; a++) h[a] = dot(Q + 4 * a, p) + Q[4 * a + 3];
            EXPECT(fabs(h[0] / h[2] - column) < limit && fabs(h[1] / h[2] - row) < limit,
                   "view %d: (%g, %g) is seen at (%g, %g)", (int)i, column, row, h[0] / h[2],
                   h[1] / h[2]);
        }
}

/* P = K [R | t] with random intrinsics and poses, of either sign, is followed by the views. */
TEST(from_matrices)
{
    enum { N = 40 };
    double P[N * 12], back[N * 12];
    uint32_t dice = 0;
    for (int i = 0; i < N; i++) {
        double R[9], t[3], K[9] = {0};
        vxg_ct_rotation(random_value(&dice, -3, 3), random_value(&dice, -1.5, 1.5),
                        random_value(&dice, -3, 3), R);
        K[0] = random_value(&dice, 500, 900), K[4] = random_value(&dice, 500, 900);
        K[1] = random_value(&dice, -1, 1), K[2] = random_value(&dice, 10, 40);
        K[5] = random_value(&dice, 10, 30), K[8] = 1;
        for (int k = 0; k < 3; k++) t[k] = random_value(&dice, -30, 30);
        t[2] = random_value(&dice, 100, 300);
        const double factor = i % 2 ? -1.7 : 0.3;
        for (int r = 0; r < 3; r++)
            for (int c = 0; c < 4; c++) {
                double sum = 0;
                for (int k = 0; k < 3; k++) sum += K[3 * r + k] * (c < 3 ? R[3 * k + c] : t[k]);
                P[12 * i + 4 * r + c] = factor * sum;
            }
    }
    vxg_ct_geometry *geo = NULL;
    CHECK_OK(vxg_ct_from_matrices(N, 30, 48, P, 700, &geo));
    follow_rays(geo, P, &dice, 1e-8);
    for (int64_t i = 0; i < N; i++) { /* the origin lies before the source, as the detector does */
        const vxg_ct_view *v = vxg_ct_geometry_view(geo, i);
        EXPECT(dot(v->d, v->s) < dot(v->s, v->s), "view %d: the detector lies behind", (int)i);
    }
    CHECK_OK(vxg_ct_to_matrices(geo, back));
    for (int i = 0; i < N; i++) {
        const double f = back[12 * i + 11] / P[12 * i + 11];
        for (int k = 0; k < 12; k++)
            EXPECT(fabs(back[12 * i + k] - f * P[12 * i + k]) <
                       1e-8 * fabs(f) * norm(P + 12 * i + 8) * 1e5,
                   "view %d: P[%d] is %g, %g was given", i, k, back[12 * i + k], f * P[12 * i + k]);
    }
    vxg_ct_geometry_release(geo);
}

TEST(to_matrices)
{
    uint32_t dice = 1000;
    for (int c = 0; c < 4; c++) {
        vxg_ct_trajectory_opts o = cone_opts(c == 2 ? VXG_CT_PATH_RANDOM : VXG_CT_PATH_HELICAL, 7);
        vxg_ct_geometry *geo = NULL, *again = NULL;
        double P[7 * 12];
        if (c >= 3) {
            vxg_ct_trajectory_defaults(VXG_CT_PATH_CIRCULAR, VXG_CT_BEAM_PARALLEL, &o);
            o.nviews = 7, o.pixel = 0.7, o.tilt = 0.3;
        }
        o.rows = 40, o.cols = 50, o.center = 20.2, o.has_center = 1, o.roll = c == 1 ? 0.2 : 0;
        o.position_std = 3;
        CHECK_OK(vxg_ct_trajectory(&o, &geo));
        CHECK_OK(vxg_ct_to_matrices(geo, P));
        follow_rays(geo, P, &dice, 1e-9);
        CHECK_OK(vxg_ct_from_matrices(7, 40, 50, P, 450, &again));
        follow_rays(again, P, &dice, 1e-9);
        for (int64_t i = 0; i < 7 && c != 2; i++)
            for (int k = 0; k < 3; k++) {
                const vxg_ct_view *v = vxg_ct_geometry_view(geo, i);
                const vxg_ct_view *w = vxg_ct_geometry_view(again, i);
                EXPECT(fabs(v->U[k] - w->U[k]) < 1e-10 && fabs(v->V[k] - w->V[k]) < 1e-10 &&
                           fabs(v->s[k] - w->s[k]) < 1e-9,
                       "case %d: view %d comes back changed", c, (int)i);
            }
        vxg_ct_geometry_release(geo), vxg_ct_geometry_release(again);
    }
}

TEST(refusals)
{
    vxg_ct_geometry *geo = NULL;
    double P[12] = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 5}, bad_angle[3] = {0, NAN, 1};
#define REFUSED(call, word)                                                                        \
    EXPECT((call) == VXG_ERR_ARGUMENT && !geo && strstr(vxg_error_message(), word),                \
           "'%s' does not name %s", vxg_error_message(), word)
    static const struct {
        const char *word;
        size_t offset;
        double value;
    } fields[] = {
        {"sod", offsetof(vxg_ct_trajectory_opts, sod), 0},
        {"sod", offsetof(vxg_ct_trajectory_opts, sod), NAN},
        {"sdd", offsetof(vxg_ct_trajectory_opts, sdd), -1},
        {"pixel", offsetof(vxg_ct_trajectory_opts, pixel), -0.1},
        {"row_pitch", offsetof(vxg_ct_trajectory_opts, row_pitch), -0.1},
        {"start", offsetof(vxg_ct_trajectory_opts, start), INFINITY},
        {"range", offsetof(vxg_ct_trajectory_opts, range), NAN},
        {"tilt", offsetof(vxg_ct_trajectory_opts, tilt), 2},
        {"roll", offsetof(vxg_ct_trajectory_opts, roll), NAN},
        {"sod_std", offsetof(vxg_ct_trajectory_opts, sod_std), -1},
        {"seed", 0, 0},
    };
    for (size_t k = 0; k + 1 < sizeof fields / sizeof *fields; k++) {
        vxg_ct_trajectory_opts o = cone_opts(VXG_CT_PATH_CIRCULAR, 3);
        *(double *)((char *)&o + fields[k].offset) = fields[k].value;
        REFUSED(vxg_ct_trajectory(&o, &geo), fields[k].word);
    }
    vxg_ct_trajectory_opts o = cone_opts(VXG_CT_PATH_CIRCULAR, 3);
    o.angles = bad_angle;
    REFUSED(vxg_ct_trajectory(&o, &geo), "angles[1]");
    o = cone_opts(VXG_CT_PATH_CIRCULAR, 0);
    REFUSED(vxg_ct_trajectory(&o, &geo), "views is 0");
    o = cone_opts(VXG_CT_PATH_CIRCULAR, 2000000000);
    o.rows = o.cols = 2000;
    REFUSED(vxg_ct_trajectory(&o, &geo), "2^40");
    o = cone_opts(VXG_CT_PATH_SINUSOIDAL, 8);
    o.amplitude = 400;
    REFUSED(vxg_ct_trajectory(&o, &geo), "the source to the axis");
    REFUSED(vxg_ct_trajectory(NULL, &geo), "NULL");
    REFUSED(vxg_ct_from_matrices(1, 4, 4, P, -1, &geo), "sdd");
    P[11] = 0;
    REFUSED(vxg_ct_from_matrices(1, 4, 4, P, 1, &geo), "beside the source");
    P[11] = 5, P[0] = 0;
    REFUSED(vxg_ct_from_matrices(1, 4, 4, P, 1, &geo), "view 0: the matrix is singular");
    P[3] = NAN;
    REFUSED(vxg_ct_from_matrices(1, 4, 4, P, 1, &geo), "P[3]");
}

TEST_MAIN("ct_geometry", T(circular), T(parallel_paths), T(helical), T(sinusoidal_and_saddle),
          T(random_path), T(custom), T(from_matrices), T(to_matrices), T(refusals))
