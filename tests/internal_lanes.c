/* Lanes and their own maths, the level this file is compiled for: every float of a dense net
 * against the C library's double, and special values. */
#include <math.h>
#include <strings.h>
#define K_LINKAGE static
#include "kernels/prelude/c.h"

#include "kernels/maths/bingham.h"
#include "kernels/maths/legendre.h"
#include "kernels/maths/special.h"

#include "test.h"

static double ulps(float got, double want) {
    if (isnan(got) && isnan(want)) return 0;
    const float near = (float)want;
    if (got == near) return 0;
    if (!isfinite(got) || !isfinite(near)) return INFINITY;
    const double unit = (double)nextafterf(fabsf(near), INFINITY) - (double)fabsf(near);
    return fabs((double)got - want) / unit;
}

static float of_bits(uint32_t i) {
    float x;
    memcpy(&x, &i, 4);
    return x;
}

/* Steps through all floats of both signs. */
static double worst(vreal (*f)(vreal), double (*want)(double), int rare, float *where) {
    double most = 0;
    for (uint64_t i = 0; i < (uint64_t)1 << 32; i += 2039 * V_LANES * (uint64_t)rare) {
        float x[V_LANES], y[V_LANES];
        for (int l = 0; l < V_LANES; l++) x[l] = of_bits((uint32_t)i + 2039 * (uint32_t)l);
        V_store(y, f(V_load(x)));
        for (int l = 0; l < V_LANES; l++) {
            const double off = ulps(y[l], want((double)x[l]));
            if (off > most) most = off, *where = x[l];
        }
    }
    return most;
}
static vreal exp_lanes(vreal x) {
    return V_exp(x);
}
static vreal log_lanes(vreal x) {
    return V_log(x);
}

TEST(exp)
{
    float where = 0;
    const double most = worst(exp_lanes, exp, 1, &where);
    CHECK(most <= 2, "%g units at %.9g", most, (double)where);
}
TEST(log)
{
    float where = 0;
    const double most = worst(log_lanes, log, 1, &where);
    CHECK(most <= 2, "%g units at %.9g", most, (double)where);
}
static vreal erf_lanes(vreal x) {
    return V_erf(x);
}
static vreal expm1_lanes(vreal x) {
    return V_expm1(x);
}
static vreal log1p_lanes(vreal x) {
    return V_log1p(x);
}
/* The mean of e^(|x| (cos t - 1)) cos(order t) over a circle: the trapezoid's rule converges faster
 * than any power. */
static double bessel(double x, int order) {
    const double size = fabs(x);
    if (isnan(x)) return x;
    if (size > 1e4) { /* the first terms of Hankel's series */
        const double m = 4 * order * order, y = 1 / (8 * size);
        const double f = 1 - (m - 1) * y * (1 - (m - 9) * y / 2 * (1 - (m - 25) * y / 3));
        return (order && x < 0 ? -f : f) / sqrt(2 * M_PI * size);
    }
    const int n = 32 + (int)(12 * sqrt(size));
    double sum = 0;
    for (int i = 0; i < n; i++) {
        const double t = 2 * M_PI * i / n, half = sin(t / 2);
        sum += exp(-2 * size * half * half) * (order ? cos(t) : 1);
    }
    return (order && x < 0 ? -sum : sum) / n;
}
static vreal i0e_lanes(vreal x) {
    return V_i0e(x);
}
static vreal i1e_lanes(vreal x) {
    return V_i1e(x);
}
static double i0e_true(double x) {
    return bessel(x, 0);
}
/* Small ones by their series, for a circle's mean cancels there. */
static double i1e_true(double x) {
    return fabs(x) < 0.5
               ? x / 2 * (1 + x * x / 8 * (1 + x * x / 24 * (1 + x * x / 48 * (1 + x * x / 80)))) *
                     exp(-fabs(x))
               : bessel(x, 1);
}
TEST(special_functions)
{
    static const struct {
        const char *name;
        vreal (*f)(vreal);
        double (*want)(double);
        int rare; /* every so many of them */
    } all[] = {{"erf", erf_lanes, erf, 1},
               {"expm1", expm1_lanes, expm1, 1},
               {"log1p", log1p_lanes, log1p, 1},
               {"i0e", i0e_lanes, i0e_true, 16},
               {"i1e", i1e_lanes, i1e_true, 16}};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
        float where = 0;
        const double most = worst(all[k].f, all[k].want, all[k].rare, &where);
        printf("%s: %.2f units at %.9g\n", all[k].name, most, (double)where);
        EXPECT(most <= 4, "%s: %g units at %.9g", all[k].name, most, (double)where);
    }
}
/* Legendre's integrals against Simpson's rule in double. */
static void simpson(double a, double *value, double *slope) {
    enum { N = 4000 };
    for (int l = 0; l < LEGENDRE_TERMS; l++) value[l] = slope[l] = 0;
    for (int i = 0; i <= N; i++) {
        const double t = (double)i / N, w = (i == 0 || i == N ? 1 : i % 2 ? 4 : 2) / (3.0 * N);
        const double e = w * exp(a * t * t - fmax(a, 0));
        double before = 0, p = 1;
        for (int l = 0; l < 2 * LEGENDRE_TERMS - 1; l++) {
            if (l % 2 == 0) value[l / 2] += e * p, slope[l / 2] += e * p * t * t;
            const double next = ((2 * l + 1) * t * p - l * before) / (l + 1);
            before = p, p = next;
        }
    }
}
TEST(legendre)
{
    double off = 0;
    for (double first = -128; first < 128; first += 1.37 * V_LANES) {
        float a[V_LANES], got[2][LEGENDRE_TERMS][V_LANES];
        vreal value[LEGENDRE_TERMS], slope[LEGENDRE_TERMS];
        for (int k = 0; k < V_LANES; k++) a[k] = (float)fmin(first + 1.37 * k, 128);
        maths_legendre(V_load(a), value, slope);
        for (int l = 0; l < LEGENDRE_TERMS; l++)
            V_store(got[0][l], value[l]), V_store(got[1][l], slope[l]);
        for (int k = 0; k < V_LANES; k++) {
            double v[LEGENDRE_TERMS], s[LEGENDRE_TERMS];
            simpson((double)a[k], v, s);
            for (int l = 0; l < LEGENDRE_TERMS; l++) {
                off = fmax(off, fabs((double)got[0][l][k] - v[l]) / v[0]);
                off = fmax(off, fabs((double)got[1][l][k] - s[l]) / v[0]);
            }
        }
    }
    printf("Legendre's integrals: off by %.2g of the first\n", off);
    EXPECT(off < 1e-6, "off by %g", off);
}
/* Bingham's normaliser against Simpson's rule in double. */
static double bingham_true(const double *l) {
    enum { N = 600 };
    double sum = 0;
    for (int i = 0; i <= N; i++) {
        const double t = (double)i / N, w = (i == 0 || i == N ? 1 : i % 2 ? 4 : 2) / (3.0 * N);
        sum += w * exp(-(l[0] - l[2]) * t * t) * bessel((l[0] - l[1]) * (1 - t * t) / 2, 0);
    }
    return l[0] + log(sum);
}
TEST(bingham)
{
    double off = 0;
    for (int k = 0; k < 40; k++) {
        float l[3][V_LANES], got[V_LANES];
        vreal slope[3];
        for (int i = 0; i < V_LANES; i++) {
            const int n = k * V_LANES + i;
            l[0][i] = (float)(n % 65), l[1][i] = (float)(n % 65 - 0.37 * (n % 23));
            l[2][i] = l[1][i] - 1.7f * (float)(n % 19);
        }
        V_store(got, maths_bingham(V_load(l[0]), V_load(l[1]), V_load(l[2]), slope));
        for (int i = 0; i < V_LANES; i++) {
            const double all[3] = {(double)l[0][i], (double)l[1][i], (double)l[2][i]};
            off = fmax(off, fabs((double)got[i] - bingham_true(all)) / fmax(1, all[0]));
        }
    }
    printf("Bingham's normaliser: its logarithm is off by %.2g\n", off);
    EXPECT(off < 1e-6, "off by %g", off);
}
/* Every number of half precision, read by each of the ways; floats between them go to the nearest,
 * of two the even one. */
TEST(halves)
{
    static k_u16 all[0x10000 + 2];
    for (int i = 0; i < 0x10000; i++) all[i] = (k_u16)i;
    for (int i = 0; i < 0x10000; i += V_LANES) {
        float a[V_LANES], b[V_LANES];
        V_store(a, V_load_half(all + i));
        vint at = V_iset(i);
        for (int l = 0; l < V_LANES; l++) ((int *)&at)[l] += l;
        V_store(b, V_gather_half(all, at));
        for (int l = 0; l < V_LANES; l++) {
            const int h = i + l, power = h >> 10 & 31, digits = h & 1023;
            const double size = power ? ldexp(1024 + digits, power - 25) : ldexp(digits, -24);
            const float want = (float)(h & 0x8000 ? -size : size);
            if (power == 31) continue; /* infinite, or no number */
            CHECK(a[l] == want && b[l] == want && K_of_half((k_u16)h) == want,
                  "%04x: %g, %g and %g instead of %g", (unsigned)h, (double)a[l], (double)b[l],
                  (double)K_of_half((k_u16)h), (double)want);
            if (h)
                CHECK(K_to_half(want) == (want == 0 ? 0 : h), "%g does not come back",
                      (double)want);
            /* Halfway to the next, a little below and above. */
            const float next = K_of_half((k_u16)(h + 1));
            if (power == 30 && digits == 1023) continue;
            const float middle = 0.5f * (want + next);
            const int even = h & 1 ? h + 1 : h, toward = next < 0 ? -1 : 1;
            CHECK(K_to_half(middle) == (middle == 0 ? 0 : even) || want == 0, "%g is halfway",
                  (double)middle);
            const float above = nextafterf(middle, toward * INFINITY);
            CHECK(K_to_half(above) == h + 1, "%g lies above halfway", (double)above);
        }
    }
    EXPECT(K_to_half(1e6f) == 0x7bff && K_to_half(-1e6f) == 0xfbff && K_to_half(NAN) == 0,
           "beyond the largest");
}
TEST(special)
{
    const float x[] = {0, -0.0f, 1, INFINITY, -INFINITY, NAN, 88.8f, -104, -1, 1e-45f};
    for (size_t i = 0; i < sizeof x / sizeof *x; i++) {
        const float e = V_exp(V_set(x[i]))[0], l = V_log(V_set(x[i]))[0];
        EXPECT(ulps(e, exp((double)x[i])) <= 2, "exp(%g) = %g", (double)x[i], (double)e);
        EXPECT(ulps(l, log((double)x[i])) <= 2, "log(%g) = %g", (double)x[i], (double)l);
    }
}
TEST(choices)
{
    float a[V_LANES], b[V_LANES], c[V_LANES];
    for (int l = 0; l < V_LANES; l++) a[l] = (float)l, b[l] = 2.5f;
    V_store(c, V_select(V_lt(V_load(a), V_load(b)), V_load(a), -V_load(b)));
    for (int l = 0; l < V_LANES; l++)
        EXPECT(c[l] == (l < 3 ? (float)l : -2.5f), "lane %d: %g", l, (double)c[l]);
    EXPECT(V_any(V_eq(V_load(a), V_set(3))) && !V_any(V_eq(V_load(a), V_set(99))), "any");
    EXPECT(signbit(V_set(-0.0f)[0]), "-0");
}
/* Comparisons, choices and whole numbers against C's own, for all pairs of odd numbers. */
TEST(operations)
{
    static const float odd[] = {0.0f,   -0.0f, 1.0f,     -1.0f,     1.5f,
                                1e-42f, 3e38f, INFINITY, -INFINITY, NAN};
    enum { ODD = sizeof odd / sizeof *odd };
    for (int i = 0; i < ODD * ODD; i += V_LANES) {
        float a[V_LANES], b[V_LANES], low[V_LANES], high[V_LANES], lt[V_LANES], le[V_LANES],
            eq[V_LANES];
        uint32_t bits = 0;
        for (int l = 0; l < V_LANES; l++) {
            a[l] = odd[(i + l) % ODD], b[l] = odd[(i + l) / ODD % ODD];
            bits |= (uint32_t)(a[l] < b[l]) << l;
        }
        const vreal x = V_load(a), y = V_load(b), one = V_set(1), zero = V_set(0);
        V_store(low, V_min(x, y)), V_store(high, V_max(x, y));
        V_store(lt, V_select(V_lt(x, y), one, zero)), V_store(le, V_select(V_le(x, y), one, zero));
        V_store(eq, V_select(V_eq(x, y) & V_not(V_lt(x, y)), one, zero));
        CHECK(V_any(V_lt(x, y)) == (bits != 0) && (uint32_t)V_mask_bits(V_lt(x, y)) == bits,
              "bits %x of %x", (unsigned)V_mask_bits(V_lt(x, y)), (unsigned)bits);
        CHECK(!bits || V_lowest_bit((int)bits) == ffs((int)bits) - 1, "the lowest of %x",
              (unsigned)bits);
        for (int l = 0; l < V_LANES; l++) {
            const float least = a[l] < b[l] ? a[l] : b[l], most = a[l] > b[l] ? a[l] : b[l];
            CHECK(!memcmp(&low[l], &least, 4) && !memcmp(&high[l], &most, 4), "%g and %g: %g to %g",
                  (double)a[l], (double)b[l], (double)low[l], (double)high[l]);
            CHECK(lt[l] == (float)(a[l] < b[l]) && le[l] == (float)(a[l] <= b[l]) &&
                      eq[l] == (float)(a[l] == b[l]),
                  "%g and %g compared", (double)a[l], (double)b[l]);
        }
    }
    const vint at = V_index(5);
    vuint n, m;
    for (int l = 0; l < V_LANES; l++)
        n[l] = 0xfffffff0u + (uint32_t)l, m[l] = 0x89abcdefu * (uint32_t)(l + 1);
    const vuint product = V_mulhi(n, m);
    for (int l = 0; l < V_LANES; l++)
        CHECK(at[l] == 5 + l && product[l] == (uint32_t)((uint64_t)n[l] * m[l] >> 32), "lane %d",
              l);
}

TEST_MAIN("lanes", T(exp), T(log), T(special_functions), T(legendre), T(bingham), T(halves),
          T(operations), T(special), T(choices))
