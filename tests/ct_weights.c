/* Angle weights: sums, shares of duplicates, any order, missing wedge. */
#include <voxgrad/voxgrad.h>
#include "test.h"

#define PI 3.14159265358979323846
#define DEG (PI / 180)

static double sum(const double *w, int n) {
    double s = 0;
    for (int i = 0; i < n; i++) s += w[i];
    return s;
}

TEST(even_half_turn)
{
    double t[181], w[181];
    for (int i = 0; i < 181; i++) t[i] = i * 180.0 / 181 * DEG; /* 0 .. 179.006 */
    CHECK_OK(vxg_ct_angle_weights(181, t, w));
    for (int i = 0; i < 181; i++)
        EXPECT(fabs(w[i] - PI / 181) < 1e-14, "view %d: %g, expected %g", i, w[i], PI / 181);
}

TEST(both_ends)
{ /* first and last are the same rays: each has half */
    double t[91], w[91];
    for (int i = 0; i < 91; i++) t[i] = (-88.2 + 2 * i) * DEG;
    CHECK_OK(vxg_ct_angle_weights(91, t, w));
    for (int i = 0; i < 91; i++) {
        double want = i == 0 || i == 90 ? 1 : 2;
        EXPECT(fabs(w[i] - want * DEG) < 1e-12, "view %d: %g degrees", i, w[i] / DEG);
    }
    CHECK(fabs(sum(w, 91) - PI) < 1e-13, "sum %.15g", sum(w, 91));
    t[90] = (double)(float)91.8 * DEG; /* as a file with float32 angles has it */
    CHECK_OK(vxg_ct_angle_weights(91, t, w));
    CHECK(fabs(w[0] - DEG) < 1e-6 && fabs(w[90] - DEG) < 1e-6, "float32: %g and %g degrees",
          w[0] / DEG, w[90] / DEG);
    CHECK(fabs(sum(w, 91) - PI) < 1e-13, "float32: sum %.15g", sum(w, 91));
}

TEST(whole_turn)
{
    double t[361], w[361];
    for (int n = 359; n <= 361; n++) { /* 361: 0 and 360 both present */
        int end = n == 361 ? 360 : n;
        for (int i = 0; i < n; i++) t[i] = 2 * PI * i / end;
        CHECK_OK(vxg_ct_angle_weights(n, t, w));
        CHECK(fabs(sum(w, n) - PI) < 1e-13, "%d views: sum %.15g", n, sum(w, n));
        for (int i = 1; i < n - 1; i++) {
            double want = PI / end * (n == 361 && i == 180 ? 2.0 / 3 : 1);
            EXPECT(fabs(w[i] - want) < 1e-9, "%d views, view %d: %g, expected %g", n, i, w[i],
                   want);
        }
        if (n == 361)
            CHECK(fabs(w[0] - PI / 540) < 1e-9 && fabs(w[360] - PI / 540) < 1e-9,
                  "0, 180 and 360 share: %g %g", w[0], w[360]);
    }
}

static double uniform(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return (double)*state / 4294967296.0;
}

TEST(order_does_not_matter)
{
    enum { N = 64 };
    double t[N], w[N], t2[N], w2[N];
    int at[N];
    uint32_t seed = 3;
    double x = 0;
    for (int i = 0; i < N; i++) t[i] = x, x += 0.02 + 0.05 * uniform(&seed), at[i] = i;
    for (int i = 0; i < N; i++) t[i] *= PI / x;
    t[10] = t[11]; /* a duplicate */
    CHECK_OK(vxg_ct_angle_weights(N, t, w));
    for (int i = N - 1; i > 0; i--) {
        int j = (int)(uniform(&seed) * (i + 1)), k = at[i];
        at[i] = at[j], at[j] = k;
    }
    for (int i = 0; i < N; i++) t2[i] = t[at[i]] + PI * (at[i] % 5 - 2); /* and other half turns */
    CHECK_OK(vxg_ct_angle_weights(N, t2, w2));
    for (int i = 0; i < N; i++)
        EXPECT(fabs(w2[i] - w[at[i]]) < 1e-12, "view %d: %g, expected %g", i, w2[i], w[at[i]]);
    CHECK(fabs(sum(w2, N) - PI) < 1e-13, "sum %.15g", sum(w2, N));
    CHECK(fabs(w[10] - (t[12] - t[9]) / 4) < 1e-12 && w[10] == w[11], "duplicates: %g %g", w[10],
          w[11]);
    CHECK(fabs(w[20] - (t[21] - t[19]) / 2) < 1e-14, "interior weight %g", w[20]);
    CHECK(fabs(w[0] - (t[1] + PI - t[N - 1]) / 2) < 1e-14, "weight across the end %g", w[0]);
}

TEST(random_angles_cover)
{
    double t[200], w[200];
    uint32_t seed = 11;
    for (int round = 0; round < 50; round++) {
        int n = 20 + 3 * round;
        for (int i = 0; i < n; i++) t[i] = (uniform(&seed) - 0.5) * 20;
        CHECK_OK(vxg_ct_angle_weights(n, t, w));
        EXPECT(fabs(sum(w, n) - PI) < 1e-12, "%d random angles: sum %.15g", n, sum(w, n));
        for (int i = 0; i < n; i++) EXPECT(w[i] > 0, "weight %d is %g", i, w[i]);
    }
}

/* The integral of cos^2(t - a) over a half turn is pi/2 for every a: exact for even spacing, and
 * for mild unevenness to the second order of the spacing. */
TEST(quadrature)
{
    double t[90], w[90];
    uint32_t seed = 5;
    for (int i = 0; i < 90; i++) t[i] = (i + 0.4 * (uniform(&seed) - 0.5)) * PI / 90 + 0.3;
    CHECK_OK(vxg_ct_angle_weights(90, t, w));
    for (int k = 0; k < 8; k++) {
        double s = 0;
        for (int i = 0; i < 90; i++) s += w[i] * pow(cos(t[i] - 0.2 * k), 2);
        EXPECT(fabs(s - PI / 2) < 1e-4, "phase %d: %g", k, s);
    }
}

TEST(missing_wedge)
{
    double t[241], w[241];
    for (int i = 0; i < 121; i++) t[i] = i * DEG;
    CHECK_OK(vxg_ct_angle_weights(121, t, w)); /* 0 .. 120: the wedge counts one step */
    for (int i = 0; i < 121; i++)
        EXPECT(fabs(w[i] - DEG) < 1e-13, "view %d: %g degrees", i, w[i] / DEG);
    for (int i = 0; i < 241; i++) t[i] = i * 0.5 * DEG + (i % 2 ? PI : 0); /* opposite views too */
    CHECK_OK(vxg_ct_angle_weights(241, t, w));
    CHECK(fabs(w[0] - 0.5 * DEG) < 1e-13 && fabs(w[240] - 0.5 * DEG) < 1e-13, "rim: %g and %g",
          w[0] / DEG, w[240] / DEG);
    for (int i = 0; i < 179; i++) t[i] = i * DEG; /* 178 + one missing view: still the whole pi */
    CHECK_OK(vxg_ct_angle_weights(179, t, w));
    CHECK(fabs(sum(w, 179) - PI) < 1e-13 && fabs(w[0] - 1.5 * DEG) < 1e-13, "one view short: %g",
          w[0]);
}

TEST(few_views_and_errors)
{
    double t[2] = {4.1, 4.1}, w[2];
    CHECK_OK(vxg_ct_angle_weights(1, t, w));
    EXPECT(fabs(w[0] - PI) < 1e-15, "one view: %g", w[0]);
    CHECK_OK(vxg_ct_angle_weights(2, t, w));
    EXPECT(fabs(w[0] - PI / 2) < 1e-15 && w[0] == w[1], "one angle twice: %g %g", w[0], w[1]);
    t[1] = 4.1 + PI / 2;
    CHECK_OK(vxg_ct_angle_weights(2, t, w));
    EXPECT(fabs(w[0] - PI / 2) < 1e-12 && fabs(w[1] - PI / 2) < 1e-12, "crossed: %g %g", w[0],
           w[1]);
    t[0] = -1e-18, t[1] = 0; /* folds to pi less nothing: the same ray set as 0 */
    CHECK_OK(vxg_ct_angle_weights(2, t, w));
    EXPECT(fabs(w[0] - PI / 2) < 1e-12 && fabs(w[1] - PI / 2) < 1e-12, "about 0: %g %g", w[0],
           w[1]);
    t[1] = NAN;
    EXPECT(vxg_ct_angle_weights(2, t, w) == VXG_ERR_ARGUMENT, "NaN");
    EXPECT(strstr(vxg_error_message(), "angles[1]") != NULL, "message: %s", vxg_error_message());
    EXPECT(vxg_ct_angle_weights(0, t, w) == VXG_ERR_ARGUMENT, "no views");
    EXPECT(vxg_ct_angle_weights(2, NULL, w) == VXG_ERR_ARGUMENT, "NULL");
    t[1] = 1;
    for (int64_t n = 0;; n++) {
        int64_t live = vxg_alloc_live();
        vxg_alloc_fail_at(n);
        int status = vxg_ct_angle_weights(2, t, w);
        vxg_alloc_fail_at(-1);
        CHECK(vxg_alloc_live() == live, "leak when request %d fails", (int)n);
        if (status == VXG_OK) {
            CHECK(n > 0, "no allocation was made to fail");
            break;
        }
        CHECK(status == VXG_ERR_MEMORY, "request %d: status %d", (int)n, status);
    }
}

TEST_MAIN("ct_weights", T(even_half_turn), T(both_ends), T(whole_turn), T(order_does_not_matter),
          T(random_angles_cover), T(quadrature), T(missing_wedge), T(few_views_and_errors))
