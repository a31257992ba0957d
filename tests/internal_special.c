/* The Bessel functions of the float64 oracle, against the mean over a circle and Hankel's series.
 */
#include <math.h>
#define K_LINKAGE static
#define VXG_DTYPE_f64 1
#include "kernels/prelude/c.h"

#include "kernels/maths/special.h"

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

TEST_MAIN("special", T(bessel))
