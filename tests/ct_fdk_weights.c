/* Weights of fan and cone beams: conjugate rays, found by geometry alone, sum to 1; quadrature over
 * a turn; fan angles and cosines of any detector. */
#include <voxgrad/voxgrad.h>

#include "test.h"

#define SOD 600.0
#define SDD 1000.0
#define COLS 61
#define GAMMA 0.3 /* no ray of the fan is further out */

static double turn_of(double t) { /* into [0, 2 pi) */
    t = fmod(t, 2 * M_PI);
    return t < 0 ? t + 2 * M_PI : t;
}

static int scan_at(double t, vxg_ct_detector detector, double center, vxg_ct_geometry **geo) {
    const vxg_ct_cone_opts o = {.angles = &t,
                                .nviews = 1,
                                .cols = COLS,
                                .sod = SOD,
                                .sdd = SDD,
                                .pixel = 2 * GAMMA * SDD / COLS,
                                .center = center,
                                .has_center = 1,
                                .detector = detector};
    return vxg_ct_cone_circular(&o, geo);
}

/* From the source through pixel `col` of a flat or curved detector as the conventions say. */
static void ray_of(const vxg_ct_geometry *geo, int64_t col, double s[2], double ray[2]) {
    const vxg_ct_view *v = vxg_ct_geometry_view(geo, 0);
    const double q = (double)col - 0.5 * (COLS - 1), u = hypot(v->U[0], v->U[1]);
    const double rho = hypot(v->d[0] - v->s[0], v->d[1] - v->s[1]);
    const double g = (q + vxg_ct_geometry_column_offset(geo)) * u / rho;
    for (int k = 0; k < 2; k++) {
        const double e = v->d[k] - v->s[k];
        s[k] = v->s[k];
        ray[k] = vxg_ct_geometry_detector(geo) == VXG_CT_DETECTOR_FLAT
                     ? e + q * v->U[k]
                     : cos(g) * e + sin(g) * rho / u * v->U[k];
    }
}

/* The same line seen from the other side: where it leaves the circle of sources stands the other
 * source, at t2; its view's column axis (cos t2, sin t2) tells the sign of the fan angle. */
static void conjugate(const double s[2], const double ray[2], double *t2, double *g2) {
    const double along = -2 * (s[0] * ray[0] + s[1] * ray[1]) / (ray[0] * ray[0] + ray[1] * ray[1]);
    const double x = s[0] + along * ray[0], y = s[1] + along * ray[1];
    *t2 = atan2(x, -y);
    const double middle[2] = {-x / SOD, -y / SOD}, across[2] = {cos(*t2), sin(*t2)};
    *g2 = atan2(-ray[0] * across[0] - ray[1] * across[1], -ray[0] * middle[0] - ray[1] * middle[1]);
}

static double parker_at(double t, double first, double range, double g) {
    double w = -1;
    if (vxg_ct_parker_weights(t, first, range, 1, &g, &w)) return NAN;
    return w;
}

static void pairs(double range, double first, vxg_ct_detector detector) {
    const double axis[2] = {0, 0};
    double gamma[COLS], w[COLS];
    int met = 0;
    for (int i = 0; i <= 200; i++) {
        const double t = first + range * i / 200;
        vxg_ct_geometry *geo;
        CHECK_OK(scan_at(t, detector, 0.5 * (COLS - 1), &geo));
        CHECK_OK(vxg_ct_fan_angles(geo, 0, axis, gamma, NULL));
        CHECK_OK(vxg_ct_parker_weights(t, first, range, COLS, gamma, w));
        for (int64_t q = 0; q < COLS; q++) {
            double s[2], ray[2], t2, g2;
            ray_of(geo, q, s, ray);
            conjugate(s, ray, &t2, &g2);
            const double at = turn_of(t2 - first); /* measured again within the arc? */
            const double other = at <= range ? parker_at(t2, first, range, g2) : 0;
            met += at <= range;
            EXPECT(w[q] >= 0 && w[q] <= 1, "weight %g", w[q]);
            EXPECT(fabs(w[q] + other - 1) <= 1e-6,
                   "range %.4f: t %.4f, g %.4f: %.9f; t %.4f, g %.4f: %.9f", range, t - first,
                   gamma[q], w[q], at, g2, other);
        }
        vxg_ct_geometry_release(geo);
    }
    EXPECT(met > 200, "only %d rays were measured twice", met);
}

TEST(parker_pairs)
{
    const double least = M_PI + 2 * GAMMA + 1e-6;
    for (int detector = 0; detector < 2; detector++)
        for (int k = 0; k < 6; k++) /* the shortest scan, over-scans, all but a turn */
            pairs(least + (2 * M_PI - 1e-6 - least) * k / 5, 0.7 * k - 2,
                  (vxg_ct_detector)detector);
}

/* The edges in numbers: rising below 2 (delta + g), falling above pi + 2 g. */
TEST(parker_edges)
{
    const double delta = 0.4, g = 0.25, range = M_PI + 2 * delta;
    EXPECT(fabs(parker_at(delta + g, 0, range, g) - 0.5) < 1e-12, "half-way up");
    EXPECT(parker_at(2 * (delta + g), 0, range, g) > 1 - 1e-12, "the top");
    EXPECT(parker_at(M_PI + 2 * g, 0, range, g) > 1 - 1e-12, "the top's end");
    EXPECT(fabs(parker_at(M_PI + g + delta, 0, range, g) - 0.5) < 1e-12, "half-way down");
    EXPECT(fabs(parker_at(range, 0, range, g)) < 1e-12, "the end");
    EXPECT(parker_at(0, 0, range, g) == 0, "the beginning");
    EXPECT(parker_at(-0.1, 0, range, g) == 0, "before the scan");
    EXPECT(parker_at(1, 0, range, 0.41) == 0, "beyond the fan the arc allows");
    double w;
    EXPECT(vxg_ct_parker_weights(0, 0, 3, 1, &g, &w) == VXG_ERR_ARGUMENT, "range below pi");
    EXPECT(vxg_ct_parker_weights(0, 0, 7, 1, &g, &w) == VXG_ERR_ARGUMENT, "range over a turn");
}

TEST(offset_pairs)
{
    const double axis[2] = {0, 0};
    static const double centers[] = {12, 20.3, 45};
    for (int k = 0; k < 6; k++) {
        double gamma[COLS], w[COLS], other;
        vxg_ct_geometry *geo;
        CHECK_OK(scan_at(1.1, (vxg_ct_detector)(k % 2), centers[k / 2], &geo));
        CHECK_OK(vxg_ct_fan_angles(geo, 0, axis, gamma, NULL));
        CHECK_OK(vxg_ct_offset_weights(gamma[0], gamma[COLS - 1], COLS, gamma, w));
        for (int64_t q = 0; q < COLS; q++) {
            double s[2], ray[2], t2, g2;
            ray_of(geo, q, s, ray);
            conjugate(s, ray, &t2, &g2);
            const int seen = g2 >= gamma[0] && g2 <= gamma[COLS - 1];
            CHECK_OK(vxg_ct_offset_weights(gamma[0], gamma[COLS - 1], 1, &g2, &other));
            EXPECT(fabs(w[q] + (seen ? other : 0) - 1) <= 1e-6, "column %d: %.9f and %.9f", (int)q,
                   w[q], other);
        }
        vxg_ct_geometry_release(geo);
    }
    double w, g = 0.1;
    EXPECT(vxg_ct_offset_weights(0.05, 0.2, 1, &g, &w) == VXG_ERR_ARGUMENT, "no axis in sight");
}

/* Fan angle and cosine of tilted detectors, against the ray's own components. */
TEST(fan_angles)
{
    vxg_ct_view v = {.s = {3 + SOD * sin(0.4), -SOD * cos(0.4) - 2, 0},
                     .d = {-150, 360, 12},
                     .U = {1.9, 0.7, 0.1},
                     .V = {0.05, -0.1, 2.2}};
    const double axis[2] = {3, -2}, t = 0.4;
    double gamma[20], cosine[20];
    vxg_ct_geometry *geo;
    CHECK_OK(vxg_ct_cone_views(1, 4, 5, &v, &geo));
    CHECK_OK(vxg_ct_fan_angles(geo, 0, axis, gamma, cosine));
    for (int i = 0; i < 20; i++) {
        double ray[3], level = 0, across = 0;
        for (int k = 0; k < 3; k++)
            ray[k] = v.d[k] - v.s[k] + (i % 5 - 2) * v.U[k] + (i / 5 - 1.5) * v.V[k];
        level = -sin(t) * ray[0] + cos(t) * ray[1], across = cos(t) * ray[0] + sin(t) * ray[1];
        EXPECT(fabs(tan(gamma[i]) - across / level) < 1e-12, "pixel %d: angle %g", i, gamma[i]);
        const double norm = sqrt(ray[0] * ray[0] + ray[1] * ray[1] + ray[2] * ray[2]);
        EXPECT(fabs(cosine[i] - level / norm) < 1e-12, "pixel %d: cosine %g", i, cosine[i]);
    }
    vxg_ct_geometry_release(geo);
}

TEST(source_angles)
{
    double angles[7] = {0.1, 3, -2.2, 1.4, 6.1, 5, 4}, got[7], radius[7], axis[2];
    vxg_ct_cone_opts o = {
        .angles = angles, .nviews = 7, .rows = 2, .cols = 3, .sod = SOD, .sdd = SDD};
    vxg_ct_view views[7];
    vxg_ct_geometry *geo;
    CHECK_OK(vxg_ct_cone_circular(&o, &geo));
    for (int i = 0; i < 7; i++) { /* about another axis */
        views[i] = *vxg_ct_geometry_view(geo, i);
        views[i].s[0] += 31, views[i].d[0] += 31, views[i].s[1] -= 17, views[i].d[1] -= 17;
    }
    vxg_ct_geometry_release(geo);
    CHECK_OK(vxg_ct_cone_views(7, 2, 3, views, &geo));
    CHECK_OK(vxg_ct_source_angles(geo, axis, got, radius));
    EXPECT(hypot(axis[0] - 31, axis[1] + 17) < 1e-9, "the axis is at (%g, %g)", axis[0], axis[1]);
    for (int i = 0; i < 7; i++)
        EXPECT(fabs(remainder(got[i] - angles[i], 2 * M_PI)) < 1e-12 &&
                   fabs(radius[i] - SOD) < 1e-9,
               "view %d: t %g, radius %g", i, got[i], radius[i]);
    vxg_ct_geometry_release(geo);
    for (int i = 0; i < 7; i++) { /* all in a line */
        views[i].s[0] = 10 * i, views[i].s[1] = -SOD, views[i].d[0] = 10 * i, views[i].d[1] = 1;
        views[i].U[0] = 1, views[i].U[1] = 0;
    }
    CHECK_OK(vxg_ct_cone_views(7, 2, 3, views, &geo));
    EXPECT(vxg_ct_source_angles(geo, axis, got, radius) == VXG_ERR_ARGUMENT, "sources in a line");
    vxg_ct_geometry_release(geo);
}

TEST(turn_weights)
{
    double angles[40], w[40], first, range, sum = 0;
    for (int i = 0; i < 37; i++) angles[i] = 2 * M_PI * ((i * 11) % 36) / 36 - 3; /* one twice */
    CHECK_OK(vxg_ct_turn_weights(37, angles, w, &first, &range));
    for (int i = 0; i < 37; i++) {
        const double want = 2 * M_PI / 36 * (i == 0 || i == 36 ? 0.5 : 1);
        EXPECT(fabs(w[i] - want) < 1e-12, "view %d: %g, %g is expected", i, w[i], want);
        sum += w[i];
    }
    EXPECT(fabs(sum - 2 * M_PI) < 1e-12 && range == 2 * M_PI, "sum %g, range %g", sum, range);
    /* 0 and 180 degrees are different views here; uneven spacing owns half of both gaps */
    const double few[4] = {0, M_PI, 1.5 * M_PI, 0.4};
    CHECK_OK(vxg_ct_turn_weights(4, few, w, NULL, NULL));
    EXPECT(fabs(w[0] - 0.5 * (0.4 + 0.5 * M_PI)) < 1e-12 &&
               fabs(w[1] - 0.5 * (1.5 * M_PI - 0.4)) < 1e-12 && fabs(w[2] - 0.5 * M_PI) < 1e-12 &&
               fabs(w[3] - 0.5 * M_PI) < 1e-12,
           "uneven: %g %g %g %g", w[0], w[1], w[2], w[3]);
    for (int i = 0; i < 40; i++) angles[i] = 5 + 3.9 * ((i * 7) % 40) / 39; /* a short scan */
    CHECK_OK(vxg_ct_turn_weights(40, angles, w, &first, &range));
    EXPECT(fabs(turn_of(first) - 5) < 1e-12 && fabs(range - 3.9) < 1e-12, "first %g, range %g",
           first, range);
    for (int i = 0; i < 40; i++)
        EXPECT(fabs(w[i] - 3.9 / 39) < 1e-12, "short scan, view %d: %g", i, w[i]);
}

TEST_MAIN("ct_fdk_weights", T(parker_pairs), T(parker_edges), T(offset_pairs), T(fan_angles),
          T(source_angles), T(turn_weights))
