/* The Bessel functions of the float64 oracle, against the mean over a circle and Hankel's series.
 */
#include <math.h>
#define K_LINKAGE static
#define VXG_DTYPE_f64 1
#include "kernels/prelude/c.h"

#include "kernels/maths/bingham.h"
#include "kernels/maths/legendre.h"
#include "kernels/maths/special.h"
#include "kernels/maths/symmetric.h"
#include "kernels/micro/gpd.h"

#include "test.h"

/* The mean of e^(x (cos t - 1)) cos(order t): the trapezoid's rule converges faster than any power.
 */
static double circle(double x, int order) {
    const int n = 64 + (int)(16 * sqrt(x));
    double sum = 0;
    for (int i = 0; i < n; i++) {
        const double t = 2 * M_PI * i / n, half = sin(t / 2);
        sum += exp(-2 * x * half * half) * (order ? cos(t) : 1);
    }
    return sum / n;
}

TEST(bessel)
{
    double worst = 0;
    for (double x = 0.5; x < 1e5; x *= 1.01)
        for (int order = 0; order < 2; order++) {
            const double off = fabs(maths_bessel(x, order) / circle(x, order) - 1);
            worst = fmax(worst, off);
            EXPECT(maths_bessel(-x, order) == (order ? -1 : 1) * maths_bessel(x, order), "of %g",
                   -x);
        }
    EXPECT(worst < 2e-13, "off by %g", worst);
    /* By hand: I1(x) = x / 2 (1 + x^2 / 8 + ...), and the limits. */
    EXPECT(V_i0e(0.0) == 1 && V_i1e(0.0) == 0, "of nothing: %g, %g", V_i0e(0.0), V_i1e(0.0));
    EXPECT(fabs(V_i1e(1e-9) / 5e-10 - 1) < 1e-8, "%g", V_i1e(1e-9));
    EXPECT(fabs(V_i0e(1e200) * sqrt(2 * M_PI * 1e200) - 1) < 1e-14, "%g", V_i0e(1e200));
    EXPECT(isnan(V_i0e(NAN)) && isnan(V_i1e(NAN)), "of no number");
    EXPECT(V_erf(0.5) == erf(0.5) && V_expm1(1e-3) == expm1(1e-3) && V_log1p(1e-3) == log1p(1e-3),
           "the C library's");
}

/* Watson's distribution in quadruple precision: ln 1F1(1/2; 3/2; kappa) = ln I_0, c_l = I_l / I_0.
 */
TEST(watson)
{
    static const double rows[6][5] = {
        {0.1, 0.033780570745, 1.345857308e-2, 1.284997472e-4, 8.537542017e-14},
        {1, 0.380251052627, 1.438460587e-1, 1.394268415e-2, 9.392091329e-8},
        {4, 2.10733802648, 5.569398885e-1, 2.062386171e-1, 3.298629600e-4},
        {16, 12.568456816, 9.027028691e-1, 7.126267130e-1, 8.184855523e-2},
        {64, 59.1559410598, 9.763717945e-1, 9.234107487e-1, 5.381356659e-1},
        {128, 122.458767709, 9.882345527e-1, 9.613201821e-1, 7.353048732e-1}};
    for (int k = 0; k < 6; k++) {
        const double *r = rows[k];
        double value[LEGENDRE_TERMS], slope[LEGENDRE_TERMS];
        maths_legendre(r[0], value, slope);
        EXPECT(fabs(r[0] + log(value[0]) - r[1]) < 6e-11 * fmax(1, r[1]), "kappa %g: ln 1F1 %.12g",
               r[0], r[0] + log(value[0]));
        static const int at[3] = {1, 2, 6};
        for (int i = 0; i < 3; i++) {
            const double c = value[at[i]] / value[0];
            EXPECT(fabs(c - r[2 + i]) < 6e-10 * r[2 + i] + 1e-16, "kappa %g: c%d %.10g", r[0],
                   2 * at[i], c);
        }
    }
}
/* Of any sign, against the error function; slopes against differences. */
TEST(legendre)
{
    double mean = 0, off = 0;
    for (double a = -128; a <= 128; a += 0.37) {
        double value[LEGENDRE_TERMS], slope[LEGENDRE_TERMS], before[LEGENDRE_TERMS],
            behind[LEGENDRE_TERMS], unused[LEGENDRE_TERMS];
        const double h = 1e-5, up = fmax(a, 0);
        maths_legendre(a, value, slope);
        maths_legendre(a - h, before, unused), maths_legendre(a + h, behind, unused);
        if (a < 0) {
            const double want = sqrt(M_PI) * erf(sqrt(-a)) / (2 * sqrt(-a));
            mean = fmax(mean, fabs(value[0] / want - 1));
        }
        for (int l = 0; l < LEGENDRE_TERMS; l++) {
            const double step =
                (behind[l] * exp(fmax(a + h, 0) - up) - before[l] * exp(fmax(a - h, 0) - up)) /
                (2 * h);
            off = fmax(off, fabs(step - slope[l]) / value[0]);
        }
    }
    EXPECT(mean < 1e-11, "spherical means are off by %g", mean);
    EXPECT(off < 1e-8, "slopes are off by %g", off);
}

static double ln_z(double l1, double l2, double l3) {
    double slope[3];
    return maths_bingham(l1, l2, l3, slope);
}
/* ln Z of kappa mu mu' + beta nu nu' - bd g g', mu = z, nu = x, g by its angles. */
static double ln_z_of(double kappa, double beta, double bd, double theta, double phi) {
    const double g[3] = {sin(theta) * cos(phi), sin(theta) * sin(phi), cos(theta)};
    double a[6] = {beta - bd * g[0] * g[0], -bd * g[1] * g[1], kappa - bd * g[2] * g[2],
                   -bd * g[0] * g[1],       -bd * g[0] * g[2], -bd * g[1] * g[2]};
    double v[9];
    maths_eigen3(a, v);
    return ln_z(a[0], a[1], a[2]);
}
/* Values in quadruple precision, and checked against two-dimensional quadrature. */
TEST(bingham)
{
    static const double z[6][3] = {{1, .5, 0.533176018419},   {4, 2, 2.497699004816},
                                   {16, 8, 12.936378201320},  {16, 15, 14.066628416878},
                                   {32, 31, 29.713895783417}, {64, 32, 59.506654520361}};
    static const double stick[5][6] = {{4, 2, 1.7, .5, .3, 0.473089289128},
                                       {16, 8, 5.1, 1.2, .3, 0.530387360346},
                                       {16, 0, 5.1, .6, 0, 0.052984888707},
                                       {32, 31, 5.1, 1.5, 1.5, 0.908716513856},
                                       {1, .5, 10.2, .2, 2.0, 0.223581810014}};
    for (int k = 0; k < 6; k++)
        EXPECT(fabs(ln_z(z[k][0], z[k][1], 0) - z[k][2]) < 1e-12 * fmax(1, z[k][0]),
               "kappa %g, beta %g: %.12f", z[k][0], z[k][1], ln_z(z[k][0], z[k][1], 0));
    for (int k = 0; k < 5; k++) {
        const double *r = stick[k];
        const double e = exp(ln_z_of(r[0], r[1], r[2], r[3], r[4]) - ln_z_of(r[0], r[1], 0, 0, 0));
        EXPECT(fabs(e - r[5]) < 1e-12, "stick %d: %.12f", k, e);
    }
    /* Two equal eigenvalues: Watson's, by Legendre's integrals; and both limits. */
    for (double kappa = 0.01; kappa < 128; kappa *= 1.7) {
        double value[LEGENDRE_TERMS], slope[LEGENDRE_TERMS];
        maths_legendre(kappa, value, slope);
        EXPECT(fabs(ln_z(kappa, 0, 0) - kappa - log(value[0])) < 1e-8, "kappa %g: %g", kappa,
               ln_z(kappa, 0, 0) - kappa - log(value[0]));
        maths_legendre(-kappa, value, slope);
        EXPECT(fabs(ln_z(0, 0, -kappa) - log(value[0])) < 1e-10, "girdle %g", kappa);
    }
    EXPECT(fabs(ln_z(0, 0, 0)) < 1e-15 && fabs(ln_z(7, 7, 7) - 7) < 1e-14, "%g", ln_z(0, 0, 0));
    const double h = 1e-5;
    for (int k = 0; k < 60; k++) {
        const double l[3] = {3.0 * k - 40, 1.1 * k - 41, -0.6 * k - 42};
        double slope[3];
        maths_bingham(l[0], l[1], l[2], slope);
        const double by[3] = {(ln_z(l[0] + h, l[1], l[2]) - ln_z(l[0] - h, l[1], l[2])) / (2 * h),
                              (ln_z(l[0], l[1] + h, l[2]) - ln_z(l[0], l[1] - h, l[2])) / (2 * h),
                              (ln_z(l[0], l[1], l[2] + h) - ln_z(l[0], l[1], l[2] - h)) / (2 * h)};
        for (int i = 0; i < 3 && l[0] - l[2] < 100; i++)
            EXPECT(fabs(slope[i] - by[i]) < 1e-8, "%d, by eigenvalue %d: %g, %g", k, i, slope[i],
                   by[i]);
    }
}

/* ---- Restricted diffusion ---- */
/* The square of root k of J1' or j1', by Newton's steps from where it is about. */
enum { ROOTS = 400 };
static double root_of(int sphere, int k) {
    static double known[2][ROOTS];
    double x = k ? sqrt(known[sphere][k - 1]) + M_PI * (k == 1 ? 1.15 : 1.01) : 1.9;
    for (int i = 0; i < 60 && known[sphere][k] == 0; i++) {
        const double j0 = sphere ? sin(x) / x : jn(0, x);
        const double j1 = sphere ? sin(x) / (x * x) - cos(x) / x : jn(1, x);
        const double d =
            j0 - (1 + sphere) * j1 / x; /* the derivative; and its own, by Bessel's equation */
        x -= d / (-(1 + sphere) * d / x - (1 - (1 + sphere) / (x * x)) * j1);
        if (i == 59) known[sphere][k] = x * x;
    }
    return known[sphere][k];
}
/* (gamma G)^2 of a b-value. */
static double gradient2(double b, double delta, double Delta) {
    return b / (delta * delta * (Delta - delta / 3));
}
static double ln_e(int sphere, double b, double delta, double Delta, double radius, double d) {
    double by_r, by_d;
    return gpd_log_signal(sphere, gradient2(b, delta, Delta), delta, Delta - delta, radius, d,
                          &by_r, &by_d);
}
/* Microstructure.jl's values (MIT): um2/ms, ms, ms/um2; a sphere, and a cylinder's mean over all
 * directions. */
TEST(restricted)
{
    static const double b[8] = {1, 2.5, 5, 7.5, 11.1, 18.1, 25, 43};
    static const double cylinder[8] = {.830306, .660977, .500413, .411543,
                                       .336884, .260507, .218863, .161440};
    static const double sphere[8] = {.926384, .825995, .682267, .563549,
                                     .427937, .250562, .147834, .037326};
    const double delta = 11, Delta = 15.129;
    for (int i = 0; i < 8; i++) {
        double value[LEGENDRE_TERMS], slope[LEGENDRE_TERMS];
        const double across = ln_e(0, b[i], delta, Delta, 1, 0.6), a = -b[i] * 0.6 - across;
        maths_legendre(a, value, slope);
        const double powder = exp(across + fmax(a, 0)) * value[0],
                     ball = exp(ln_e(1, b[i], delta, Delta, 4, 2));
        EXPECT(fabs(powder - cylinder[i]) < 1e-6, "cylinders at %g: %.7f", b[i], powder);
        EXPECT(fabs(ball - sphere[i]) < 1e-6, "a sphere at %g: %.7f", b[i], ball);
    }
    for (int k = 0; k < ROOTS; k++) {
        const double c = root_of(0, k), ball_root = root_of(1, k);
        if (k < GPD_ROOTS)
            EXPECT(fabs(c / gpd_cylinder[k][0] - 1) < 1e-12 &&
                       fabs(ball_root / gpd_sphere[k][0] - 1) < 1e-12,
                   "root %d: %.15g, %.15g", k, c, ball_root);
        EXPECT(!k || (sqrt(c) - sqrt(root_of(0, k - 1)) < 4 &&
                      sqrt(ball_root) - sqrt(root_of(1, k - 1)) < 4),
               "root %d", k);
    }
    /* Derivatives against differences; the formula itself with many roots. */
    for (int k = 0; k < 400; k++) {
        const int kind = k % 2;
        const double radius = 0.05 * pow(1.02, k), d = 0.3 + 0.007 * k, h = 1e-5,
                     s = d / (radius * radius);
        double by_r, by_d, sum = 0;
        gpd_log_signal(kind, gradient2(3, delta, Delta), delta, Delta - delta, radius, d, &by_r,
                       &by_d);
        const double r = (ln_e(kind, 3, delta, Delta, radius * (1 + h), d) -
                          ln_e(kind, 3, delta, Delta, radius * (1 - h), d)) /
                         (2 * h * radius),
                     by = (ln_e(kind, 3, delta, Delta, radius, d * (1 + h)) -
                           ln_e(kind, 3, delta, Delta, radius, d * (1 - h))) /
                          (2 * h * d);
        EXPECT(fabs(by_r - r) < 1e-6 * fmax(fabs(r), 1e-3) &&
                   fabs(by_d - by) < 1e-6 * fmax(fabs(by), 1e-3),
               "%g um: %g, %g by R, %g, %g by D", radius, by_r, r, by_d, by);
        for (int j = 0; j < ROOTS && s * delta * root_of(kind, 19) > 5; j++) {
            const double root = root_of(kind, j), y = root * s * delta, z = root * s * Delta;
            sum += (2 * y - 2 + 2 * exp(-y) + 2 * exp(-z) - exp(y - z) - exp(-y - z)) /
                   (root * root * root * (root - 1 - kind));
        }
        const double want = -2 * gradient2(3, delta, Delta) * pow(radius, 6) / (d * d) * sum;
        EXPECT(sum == 0 || fabs(ln_e(kind, 3, delta, Delta, radius, d) - want) < 1e-6,
               "%g um: %g, %g", radius, ln_e(kind, 3, delta, Delta, radius, d), want);
    }
    /* In wide pores the wall's part alone is missing: 1 - (S / V) 4 / (3 n sqrt pi) sqrt(D t) of n
     * dimensions (P. P. Mitra et al., Phys. Rev. Lett. 68, 1992), the same for both; in the
     * narrowest nothing moves. */
    const double wall = 1 - 2.0 / 60 * 4 / (6 * sqrt(M_PI)) * sqrt(2 * (5 - 1.0 / 3));
    EXPECT(fabs(ln_e(0, 1, 1, 5, 60, 2) / -2 - wall) < 0.006 &&
               fabs(ln_e(1, 1, 1, 5, 60, 2) / -2 - wall) < 0.006,
           "wide: %g, %g, not %g", ln_e(0, 1, 1, 5, 60, 2), ln_e(1, 1, 1, 5, 60, 2), -2 * wall);
    EXPECT(fabs(ln_e(0, 3, delta, Delta, 1e-3, 2)) < 1e-10, "a thread: %g",
           ln_e(0, 3, delta, Delta, 1e-3, 2));
}

TEST_MAIN("special", T(bessel), T(watson), T(legendre), T(bingham), T(restricted))
