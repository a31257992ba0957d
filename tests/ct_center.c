/* Rotation centre: phantoms with a known axis, measured scans, refusals, and the same bits for any
 * number of threads. */
#include <voxgrad/voxgrad.h>
#include "test.h"
#include "ct_phantom.h"

#define DEG (PHANTOM_PI / 180)
#define VO_LIMIT 0.25
#define PAIR_LIMIT 0.1

typedef struct scan_case {
    const char *name;
    int64_t nviews, nu;
    double first, last; /* degrees, both measured */
    double center, radius, noise;
} scan_case;

/* The thickest line is about 1.3: noise 0.005 is that of 40 000 counts. One row alone. */
static const scan_case cases[] = {
    {"inclusive", 181, 256, 0, 180, 130.37, 110, 0.005},
    {"exclusive", 180, 256, 0, 179, 130.37, 110, 0.005},
    {"tooth_like", 181, 640, 0, 179.0055, 295.62, 270, 0.005},
    {"two_short", 179, 256, 0, 178, 121.81, 110, 0.005},
    {"five_short", 176, 256, 0, 175, 130.37, 110, 0.005},
    {"small", 60, 64, 0, 177, 31.77, 27, 0.005},
    {"odd_columns", 91, 255, 0, 180, 127, 105, 0.005},
    {"negative_start", 91, 160, -88.2, 91.8, 85.8, 66, 0.005},
    {"off_axis", 361, 256, 0, 180, 143.9, 100, 0.005},
    {"many_views", 720, 128, 0, 179.75, 60.13, 52, 0.005},
    {"whole_turn", 361, 256, 0, 360, 125.33, 110, 0.005},
    {"whole_turn_odd", 359, 256, 0, 358.9972, 125.33, 110, 0.005},
    {"backwards", 180, 256, 0, -179, 130.37, 110, 0.005},
    {"over_half", 221, 256, 0, 198.1, 130.37, 110, 0.005},
    {"few_views", 31, 192, 0, 180, 100.21, 80, 0},
    {"wider_than_detector", 180, 256, 0, 179, 138.3, 190, 0},
    {"wider_and_off_axis", 180, 256, 0, 179, 144.3, 215, 0},
    {"ten_short", 171, 256, 0, 170, 121.4, 110, 0},
};

static void make_theta(const scan_case *c, double *theta) {
    for (int64_t i = 0; i < c->nviews; i++)
        theta[i] = (c->first + (c->last - c->first) * (double)i / (double)(c->nviews - 1)) * DEG;
}

/* Both methods on all phantoms; the error is that of the scan's axis. */
static void check_case(const scan_case *c, const double *theta) {
    float *s = malloc((size_t)(c->nviews * c->nu) * sizeof *s);
    for (int which = 0; which < PHANTOM_COUNT; which++) {
        double vo = NAN, pair = NAN;
        phantom_sinogram(which, c->nviews, c->nu, theta, c->center, c->radius, c->noise,
                         (uint64_t)which + 1, s);
        int a = vxg_ct_center_vo(s, c->nviews, c->nu, theta, NULL, NULL, &vo);
        int b = vxg_ct_center_pair(s, c->nviews, 1, c->nu, theta, NULL, NULL, &pair);
        EXPECT(a == 0 && b == 0, "%s: %s", c->name, vxg_error_message());
        EXPECT(fabs(vo - c->center) <= VO_LIMIT, "%s, phantom %d: vo %g, axis %g", c->name, which,
               vo, c->center);
        EXPECT(fabs(pair - c->center) <= PAIR_LIMIT, "%s, phantom %d: pair %g, axis %g", c->name,
               which, pair, c->center);
        if (getenv("VXG_TEST_VERBOSE"))
            fprintf(stderr, "%-20s %d  vo %+.3f  pair %+.3f\n", c->name, which, vo - c->center,
                    pair - c->center);
    }
    free(s);
}

static void run_cases(void) {
    double theta[1024];
    for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++) {
        test_case_begin();
        make_theta(&cases[i], theta);
        check_case(&cases[i], theta);
        char name[64];
        snprintf(name, sizeof name, "phantom_%s", cases[i].name);
        test_case_end(name);
    }
}

/* Without noise the methods are exact to a few hundredths, for any fraction of a column. */
TEST(every_fraction)
{
    enum { V = 120, U = 128 };
    static float s[V * U];
    double theta[V];
    for (int i = 0; i < V; i++) theta[i] = i * 1.5 * DEG;
    for (int k = 0; k < 10; k++) {
        double axis = 62.523 + 0.107 * k, vo = NAN, pair = NAN;
        phantom_sinogram(k % PHANTOM_COUNT, V, U, theta, axis, 54, 0, 1, s);
        CHECK_OK(vxg_ct_center_vo(s, V, U, theta, NULL, NULL, &vo));
        CHECK_OK(vxg_ct_center_pair(s, V, 1, U, theta, NULL, NULL, &pair));
        EXPECT(fabs(vo - axis) < 0.02 && fabs(pair - axis) < 0.02, "axis %g: vo %g, pair %g", axis,
               vo, pair);
    }
}

/* Uneven, shuffled, or with repeats. */
TEST(uneven_and_shuffled)
{
    enum { N = 181 };
    scan_case c = {"uneven", N, 256, 0, 180, 124.6, 110, 0.005};
    double theta[N];
    uint64_t state = 4;
    make_theta(&c, theta);
    for (int i = 1; i < N - 1; i++) theta[i] += 0.3 * DEG * phantom_noise(&state);
    theta[60] = theta[59];
    for (int i = 0; i < N; i++) {
        int j = (i * 71 + 13) % N;
        double t = theta[i];
        theta[i] = theta[j], theta[j] = t;
    }
    check_case(&c, theta);
}

/* More rows: all of them vote, and the noise of the answer falls. */
TEST(rows_vote)
{
    enum { V = 176, R = 40, U = 200 };
    static float p[(size_t)V * R * U], s[V * U];
    double theta[V], many = NAN;
    for (int i = 0; i < V; i++) theta[i] = i * DEG;
    for (int r = 0; r < R; r++) {
        phantom_sinogram(r % PHANTOM_COUNT, V, U, theta, 97.3, 80 - r * 0.5, 0.04, (uint64_t)r, s);
        for (int v = 0; v < V; v++)
            memcpy(p + ((size_t)v * R + (size_t)r) * U, s + (size_t)v * U, U * sizeof *s);
    }
    CHECK_OK(vxg_ct_center_pair(p, V, R, U, theta, NULL, NULL, &many));
    CHECK(fabs(many - 97.3) <= PAIR_LIMIT, "40 noisy rows, 175 degrees: %g, axis 97.3", many);
}

/* The correction for the missing angle is what makes it so: the plain registration is off. */
TEST(missing_angle_is_corrected)
{
    enum { V = 171, U = 256 };
    static float s[V * U];
    double theta[V], ends[2], pair = NAN, plain = NAN;
    for (int i = 0; i < V; i++) theta[i] = i * DEG; /* 0 .. 170 */
    phantom_sinogram(1, V, U, theta, 130.37, 110, 0, 1, s);
    CHECK_OK(vxg_ct_center_pair(s, V, 1, U, theta, NULL, NULL, &pair));
    memcpy(s + U, s + (V - 1) * U, U * sizeof *s); /* first and last, told to be opposite */
    ends[0] = 0, ends[1] = PHANTOM_PI;
    CHECK_OK(vxg_ct_center_pair(s, 2, 1, U, ends, NULL, NULL, &plain));
    CHECK(fabs(pair - 130.37) <= PAIR_LIMIT, "corrected: %g", pair);
    CHECK(fabs(plain - 130.37) > 0.5, "uncorrected: %g; this phantom proves nothing", plain);
}

/* Mirroring the detector mirrors the answer. */
TEST(mirrored_detector)
{
    enum { V = 90, U = 100 };
    static float s[V * U], m[V * U];
    double theta[V], a, b;
    for (int i = 0; i < V; i++) theta[i] = i * 2 * DEG;
    phantom_sinogram(2, V, U, theta, 45.7, 40, 0.005, 3, s);
    for (int i = 0; i < V * U; i++) m[i] = s[i / U * U + U - 1 - i % U];
    CHECK_OK(vxg_ct_center_vo(s, V, U, theta, NULL, NULL, &a));
    CHECK_OK(vxg_ct_center_vo(m, V, U, theta, NULL, NULL, &b));
    CHECK(fabs(a + b - (U - 1)) < 0.01, "vo: %g and %g", a, b);
    CHECK_OK(vxg_ct_center_pair(s, V, 1, U, theta, NULL, NULL, &a));
    CHECK_OK(vxg_ct_center_pair(m, V, 1, U, theta, NULL, NULL, &b));
    CHECK(fabs(a + b - (U - 1)) < 0.01, "pair: %g and %g", a, b);
}

TEST(threads_do_not_matter)
{
    enum { V = 100, R = 3, U = 120 };
    static float p[V * R * U], s[V * U];
    double theta[V], turn[V], vo[4], pair[4], full[4], c0[4][400], s0[4][400];
    const int threads[4] = {1, 2, 3, 7};
    for (int i = 0; i < V; i++) theta[i] = i * 1.8 * DEG;
    for (int r = 0; r < R; r++) {
        phantom_sinogram(r, V, U, theta, 57.9, 50, 0.02, 5, s);
        for (int v = 0; v < V; v++) memcpy(p + (v * R + r) * U, s + v * U, U * sizeof *s);
    }
    for (int k = 0; k < 4; k++) {
        vxg_ct_center_curve curve = {.center = c0[k], .score = s0[k], .capacity = 400};
        vxg_set_threads(threads[k]);
        int a = vxg_ct_center_vo(s, V, U, theta, NULL, &curve, &vo[k]);
        int b = vxg_ct_center_pair(p, V, R, U, theta, NULL, NULL, &pair[k]);
        for (int i = 0; i < V; i++) turn[i] = 2 * theta[i]; /* some axis, whatever it is */
        int d = vxg_ct_center_opposite(p, V, R, U, turn, NULL, NULL, &full[k]);
        vxg_set_threads(0);
        CHECK(a == 0 && b == 0 && d == 0, "%s", vxg_error_message());
        EXPECT(full[k] == full[0], "%d threads: %.17g, one: %.17g", threads[k], full[k], full[0]);
        EXPECT(vo[k] == vo[0] && pair[k] == pair[0], "%d threads: %.17g %.17g, one: %.17g %.17g",
               threads[k], vo[k], pair[k], vo[0], pair[0]);
        EXPECT(!memcmp(s0[k], s0[0], (size_t)curve.count * sizeof(double)), "curve, %d threads",
               threads[k]);
    }
}

static void check_curve(const vxg_ct_center_curve *c, double lo, double hi, double best) {
    int64_t lowest = 0;
    for (int64_t i = 1; i < c->count; i++) {
        EXPECT(c->center[i] > c->center[i - 1], "centres not rising at %d", (int)i);
        if (c->score[i] < c->score[lowest]) lowest = i;
    }
    EXPECT(c->count > 1 && c->count <= c->capacity, "%d points", (int)c->count);
    EXPECT(fabs(c->center[0] - lo) < 1e-9 && c->center[c->count - 1] <= hi + 1e-9, "from %g to %g",
           c->center[0], c->center[c->count - 1]);
    EXPECT(fabs(c->center[lowest] - best) < 0.1, "lowest at %g, answer %g", c->center[lowest],
           best);
}

TEST(curve_and_range)
{
    enum { V = 90, U = 100 };
    static float s[V * U];
    double theta[V], best, again, x[300], y[300];
    for (int i = 0; i < V; i++) theta[i] = i * 2 * DEG;
    phantom_sinogram(0, V, U, theta, 50.4, 40, 0, 3, s);
    for (int method = 0; method < 2; method++) {
        vxg_ct_center_curve curve = {.center = x, .score = y, .capacity = 300};
        vxg_ct_center_opts o = {.lo = 41.3, .hi = 60, .step = 1, .fine = 0.1};
        if (method)
            CHECK_OK(vxg_ct_center_pair(s, V, 1, U, theta, &o, &curve, &best));
        else
            CHECK_OK(vxg_ct_center_vo(s, V, U, theta, &o, &curve, &best));
        CHECK(fabs(best - 50.4) < 0.05, "method %d: %g", method, best);
        check_curve(&curve, 41.3, 60, best);
        EXPECT(curve.lo == 41.3 && fabs(curve.hi - 59.3) < 1e-9 && !curve.at_border,
               "judged %g to %g, border %d", curve.lo, curve.hi, curve.at_border);
        EXPECT(curve.count == 19 - 5 + 41 || curve.count == 19 - 4 + 41, "%d points",
               (int)curve.count);
        int64_t all = curve.count;
        curve.capacity = 20; /* fewer: every k-th */
        again = NAN;
        if (method)
            CHECK_OK(vxg_ct_center_pair(s, V, 1, U, theta, &o, &curve, &again));
        else
            CHECK_OK(vxg_ct_center_vo(s, V, U, theta, &o, &curve, &again));
        EXPECT(again == best && curve.count <= 20 && curve.count > all / 4, "thinned to %d",
               (int)curve.count);
        o.lo = 55, o.hi = 58; /* the axis is elsewhere: never outside */
        if (method)
            CHECK_OK(vxg_ct_center_pair(s, V, 1, U, theta, &o, NULL, &best));
        else
            CHECK_OK(vxg_ct_center_vo(s, V, U, theta, &o, NULL, &best));
        EXPECT(best >= 55 && best <= 58, "method %d: %g of 55 to 58", method, best);
        if (method)
            CHECK_OK(vxg_ct_center_pair(s, V, 1, U, theta, &o, &curve, &best));
        else
            CHECK_OK(vxg_ct_center_vo(s, V, U, theta, &o, &curve, &best));
        EXPECT(curve.at_border == (best < 55.1 || best > 57.9), "method %d: %g, border %d", method,
               best, curve.at_border);
    }
}

static int both(const float *s, int64_t nv, int64_t nu, const double *theta,
                const vxg_ct_center_opts *o, int want) {
    double c;
    int a = vxg_ct_center_vo(s, nv, nu, theta, o, NULL, &c);
    int b = vxg_ct_center_pair(s, nv, 1, nu, theta, o, NULL, &c);
    return a == want && b == want;
}

TEST(refusals)
{
    enum { V = 60, U = 64 };
    static float s[V * U], zero[V * U];
    double theta[V], c;
    for (int i = 0; i < V; i++) theta[i] = i * 3 * DEG;
    phantom_sinogram(0, V, U, theta, 32, 27, 0, 3, s);
    vxg_ct_center_opts o = {.lo = -1, .hi = 20};
    EXPECT(both(s, V, U, theta, &o, VXG_ERR_ARGUMENT), "range before the detector");
    EXPECT(strstr(vxg_error_message(), "0 to 63") != NULL, "message: %s", vxg_error_message());
    o.lo = 30, o.hi = 64;
    EXPECT(both(s, V, U, theta, &o, VXG_ERR_ARGUMENT), "range beyond the detector");
    o.lo = 40, o.hi = 30;
    EXPECT(both(s, V, U, theta, &o, VXG_ERR_ARGUMENT), "empty range");
    o.lo = NAN, o.hi = 30;
    EXPECT(both(s, V, U, theta, &o, VXG_ERR_ARGUMENT), "NaN range");
    o = (vxg_ct_center_opts){.step = -1};
    EXPECT(both(s, V, U, theta, &o, VXG_ERR_ARGUMENT), "negative step");
    o = (vxg_ct_center_opts){.step = 1e-9, .fine = 1e-9};
    EXPECT(both(s, V, U, theta, &o, VXG_ERR_ARGUMENT), "too many candidates");
    EXPECT(both(NULL, V, U, theta, NULL, VXG_ERR_ARGUMENT), "NULL");
    EXPECT(both(s, 1, U, theta, NULL, VXG_ERR_ARGUMENT), "one view");
    EXPECT(both(s, V, 4, theta, NULL, VXG_ERR_ARGUMENT), "four columns");
    EXPECT(both(zero, V, U, theta, NULL, VXG_ERR_INPUT), "no structure");
    vxg_ct_center_curve none = {.center = &c, .score = &c};
    EXPECT(vxg_ct_center_vo(s, V, U, theta, NULL, &none, &c) == VXG_ERR_ARGUMENT, "empty curve");

    s[2 * U + 7] = NAN;
    EXPECT(both(s, V, U, theta, NULL, VXG_ERR_INPUT), "NaN in the sinogram");
    EXPECT(vxg_ct_center_vo(s, V, U, theta, NULL, NULL, &c) == VXG_ERR_INPUT &&
               strstr(vxg_error_message(), "view 2, column 7"),
           "message: %s", vxg_error_message());
    EXPECT(vxg_ct_center_pair(s, V, 1, U, theta, NULL, NULL, &c) == VXG_ERR_INPUT &&
               strstr(vxg_error_message(), "view 2, row 0, column 7"),
           "message: %s", vxg_error_message());
    s[2 * U + 7] = 1;
    theta[3] = NAN;
    EXPECT(both(s, V, U, theta, NULL, VXG_ERR_INPUT), "NaN angle");
    EXPECT(strstr(vxg_error_message(), "theta[3]") != NULL, "message: %s", vxg_error_message());
    for (int i = 0; i < V; i++) theta[i] = i * 2 * DEG;
    EXPECT(both(s, V, U, theta, NULL, VXG_ERR_INPUT), "0 to 118 degrees");
    for (int i = 0; i < V; i++) theta[i] = i * 2.8 * DEG; /* to 165: too little for vo alone */
    EXPECT(vxg_ct_center_vo(s, V, U, theta, NULL, NULL, &c) == VXG_ERR_INPUT, "vo, 15 missing");
    EXPECT(strstr(vxg_error_message(), "14.8 degrees") != NULL, "message: %s", vxg_error_message());
    EXPECT(vxg_ct_center_pair(s, V, 1, U, theta, NULL, NULL, &c) == 0, "pair, 15 missing");
    for (int i = 0; i < V; i++) theta[i] = 0.5;
    EXPECT(both(s, V, U, theta, NULL, VXG_ERR_INPUT), "one angle");
}

/* ---- A full turn: all opposite views ---- */
/* A disc off the axis, whose thickest line is `peak`, on columns with offsets (rings) and noise. */
static void disc_sinogram(int64_t nviews, int64_t nu, const double *theta, double center,
                          double peak, double ring, double noise, uint64_t seed, float *out) {
    uint64_t state = seed * 7919 + 5;
    const double radius = 0.35 * (double)nu, off = 0.07 * (double)nu;
    for (int64_t u = 0; u < nu; u++) {
        const double offset = ring * phantom_noise(&state);
        for (int64_t v = 0; v < nviews; v++) {
            const double s = (double)u - center - off * cos(theta[v] - 0.4);
            const double q = radius * radius - s * s;
            out[v * nu + u] = (float)((q > 0 ? peak * sqrt(q) / radius : 0) + offset +
                                      noise * phantom_noise(&state));
        }
    }
}

TEST(opposite_anywhere)
{
    enum { V = 181, U = 160 };
    static float s[V * U];
    static const int views[] = {180, 181, 120};
    double theta[V], c;
    for (int n = 0; n < 3; n++)
        for (int tenth = 1; tenth <= 9; tenth++) {
            const double want = 0.1 * tenth * (U - 1) + 0.37, far = fmax(want, U - 1 - want);
            for (int i = 0; i < views[n]; i++) theta[i] = 1 - i * 360.0 / views[n] * DEG;
            phantom_sinogram(tenth % 3, views[n], U, theta, want, 0.95 * far, 0.005, 3, s);
            CHECK_OK(vxg_ct_center_opposite(s, views[n], 1, U, theta, NULL, NULL, &c));
            EXPECT(fabs(c - want) < 0.15, "%d views, axis at %g of %d: %g", views[n], want, U, c);
        }
}

TEST(low_contrast_with_rings)
{
    enum { V = 240, U = 628, R = 2 };
    static float p[V * R * U], row[V * U];
    double theta[V], c;
    for (int i = 0; i < V; i++) theta[i] = i * 1.5 * DEG;
    for (int seed = 1; seed <= 4; seed++) {
        const double want = 314.3 + seed;
        for (int r = 0; r < R; r++) {
            disc_sinogram(V, U, theta, want, 0.1, 0.01, 0.015, (uint64_t)(10 * seed + r), row);
            for (int v = 0; v < V; v++) memcpy(p + (v * R + r) * U, row + v * U, U * sizeof *row);
        }
        CHECK_OK(vxg_ct_center_opposite(p, V, R, U, theta, NULL, NULL, &c));
        EXPECT(fabs(c - want) < 0.3, "seed %d: %g, expected %g", seed, c, want);
    }
}

/* What looks the same from all sides goes with the mean of each column; the object must not. */
TEST(opposite_of_what_is_round)
{
    enum { V = 90, U = 128 };
    static float s[V * U];
    double theta[V], c;
    uint64_t state = 3;
    for (int v = 0; v < V; v++) {
        theta[v] = v * 4 * DEG;
        for (int u = 0; u < U; u++) {
            const double q = 40 * 40 - (u - 60.3) * (u - 60.3);
            s[v * U + u] = (float)((q > 0 ? sqrt(q) / 40 : 0) + 0.01 * phantom_noise(&state));
        }
    }
    CHECK_OK(vxg_ct_center_opposite(s, V, 1, U, theta, NULL, NULL, &c));
    EXPECT(fabs(c - 60.3) < 0.1, "%g", c);
}

TEST(opposite_refuses)
{
    enum { V = 60, U = 64 };
    static float s[V * U], zero[V * U];
    double theta[V], c = -1;
    for (int i = 0; i < V; i++) theta[i] = i * 3 * DEG;
    phantom_sinogram(0, V, U, theta, 32, 27, 0, 3, s);
    EXPECT(vxg_ct_center_opposite(s, V, 1, U, theta, NULL, NULL, &c) == VXG_ERR_INPUT &&
               strstr(vxg_error_message(), "expected a full turn"),
           "half a turn: %s", vxg_error_message());
    for (int i = 0; i < V; i++) theta[i] = i * 6 * DEG;
    EXPECT(vxg_ct_center_opposite(zero, V, 1, U, theta, NULL, NULL, &c) == VXG_ERR_INPUT, "zeros");
    s[3 * U + 5] = NAN;
    EXPECT(vxg_ct_center_opposite(s, V, 1, U, theta, NULL, NULL, &c) == VXG_ERR_INPUT &&
               strstr(vxg_error_message(), "view 3, row 0, column 5"),
           "NaN: %s", vxg_error_message());
    EXPECT(vxg_ct_center_opposite(NULL, V, 1, U, theta, NULL, NULL, &c) == VXG_ERR_ARGUMENT,
           "NULL");
    EXPECT(vxg_ct_center_opposite(s, V, 1, 4, theta, NULL, NULL, &c) == VXG_ERR_ARGUMENT,
           "four columns");
    EXPECT(c == -1, "center was written: %g", c);
    s[3 * U + 5] = 1;
    vxg_ct_center_opts o = {.size = sizeof o, .smooth = -1};
    EXPECT(vxg_ct_center_vo(s, V, U, theta, &o, NULL, &c) == VXG_ERR_ARGUMENT, "smooth -1");
}

/* A ripple of six columns that is another in every view. */
TEST(smoothing)
{
    enum { V = 180, U = 400 };
    static float s[V * U];
    double theta[V], vo[2], pair[2];
    uint64_t state = 11;
    for (int i = 0; i < V; i++) theta[i] = i * DEG;
    disc_sinogram(V, U, theta, 197.6, 0.5, 0, 0, 1, s);
    for (int k = 0; k < 2; k++) {
        vxg_ct_center_opts o = {.size = sizeof o, .smooth = k ? 6 : 0};
        CHECK_OK(vxg_ct_center_vo(s, V, U, theta, &o, NULL, &vo[k]));
    }
    for (int v = 0; v < V; v++) {
        const double phase = 3 * phantom_noise(&state);
        for (int u = 0; u < U; u++) s[v * U + u] += (float)(0.4 * cos(u * PHANTOM_PI / 3 + phase));
    }
    for (int k = 0; k < 2; k++) {
        vxg_ct_center_opts o = {.size = sizeof o, .smooth = k ? 6 : 0};
        CHECK_OK(vxg_ct_center_pair(s, V, 1, U, theta, &o, NULL, &pair[k]));
    }
    EXPECT(fabs(pair[1] - 197.6) < 0.2 && fabs(pair[0] - 197.6) > 0.3, "pair: %g without, %g with",
           pair[0], pair[1]);
    EXPECT(fabs(vo[1] - 197.6) < 0.2 && vo[0] != vo[1], "vo: %g without, %g with", vo[0], vo[1]);
}

/* ---- Fan beams ---- */
enum { FAN_VIEWS = 120, FAN_COLS = 96 };
/* Two discs seen from views over `arc` degrees, the axis at column `center`. */
static vxg_ct_geometry *fan(double center, double arc, vxg_ct_detector detector) {
    static double angles[FAN_VIEWS];
    for (int i = 0; i < FAN_VIEWS; i++) angles[i] = 0.3 + arc * DEG * i / FAN_VIEWS;
    const vxg_ct_cone_opts o = {.detector = detector,
                                .angles = angles,
                                .nviews = FAN_VIEWS,
                                .cols = FAN_COLS,
                                .sod = 200,
                                .sdd = 300,
                                .center = center,
                                .has_center = 1};
    vxg_ct_geometry *geo = NULL;
    return vxg_ct_cone_circular(&o, &geo) ? NULL : geo;
}
static void fan_sinogram(const vxg_ct_geometry *geo, float *out) {
    static const double discs[2][4] = {{5, -3, 18, 1}, {-8, 6, 4, 2}}; /* x, y, radius, value */
    for (int v = 0; v < FAN_VIEWS; v++)
        for (int u = 0; u < FAN_COLS; u++) {
            const double *s = vxg_ct_geometry_view(geo, v)->s;
            double p[3], sum = 0.02 * (u % 7); /* rings */
            if (vxg_ct_pixel(geo, v, u, 0, p)) return;
            const double dx = p[0] - s[0], dy = p[1] - s[1], d = hypot(dx, dy);
            for (int k = 0; k < 2; k++) {
                const double *c = discs[k];
                const double far = ((c[0] - s[0]) * dy - (c[1] - s[1]) * dx) / d;
                const double q = c[2] * c[2] - far * far;
                if (q > 0) sum += c[3] * 2 * sqrt(q) / 18;
            }
            out[v * FAN_COLS + u] = (float)sum;
        }
}

TEST(conjugate_rays)
{
    static float s[FAN_VIEWS * FAN_COLS];
    for (int detector = 0; detector < 2; detector++)
        for (int k = 0; k < 4; k++) {
            const double want = 44.2 + 1.9 * k;
            vxg_ct_geometry *right = fan(want, k % 2 ? 360 : -360, (vxg_ct_detector)detector);
            vxg_ct_geometry *said = fan(47.5, k % 2 ? 360 : -360, (vxg_ct_detector)detector);
            double c = NAN;
            CHECK(right && said, "%s", vxg_error_message());
            fan_sinogram(right, s);
            double x[400], y[400],
                least = 1; /* what is left of the difference: the right angle too */
            vxg_ct_center_curve curve = {.center = x, .score = y, .capacity = 400};
            CHECK_OK(vxg_ct_center_conjugate(s, FAN_VIEWS, FAN_COLS, said, NULL, &curve, &c));
            EXPECT(fabs(c - want) < 0.05, "detector %d: %g, expected %g", detector, c, want);
            for (int64_t i = 0; i < curve.count; i++) least = fmin(least, y[i]);
            EXPECT(least < 0.005, "conjugate rays differ by %g", least);
            vxg_ct_geometry_release(right);
            vxg_ct_geometry_release(said);
        }
}

TEST(conjugate_refuses)
{
    static float s[FAN_VIEWS * FAN_COLS], zero[FAN_VIEWS * FAN_COLS];
    double theta[FAN_VIEWS], c = -1;
    vxg_ct_geometry *full = fan(47.5, 360, VXG_CT_DETECTOR_FLAT);
    vxg_ct_geometry *part = fan(47.5, 220, VXG_CT_DETECTOR_FLAT), *parallel = NULL;
    for (int i = 0; i < FAN_VIEWS; i++) theta[i] = i * 3 * DEG;
    const vxg_ct_parallel_opts o = {
        .angles = theta, .nviews = FAN_VIEWS, .rows = 1, .cols = FAN_COLS};
    CHECK_OK(vxg_ct_parallel_circular(&o, &parallel));
    CHECK(full && part, "%s", vxg_error_message());
    fan_sinogram(full, s);
#define REFUSED(data, views, cols, geo, status, words)                                             \
    EXPECT(vxg_ct_center_conjugate(data, views, cols, geo, NULL, NULL, &c) == (status) &&          \
               strstr(vxg_error_message(), words),                                                 \
           "%s: %s", words, vxg_error_message())
    REFUSED(s, FAN_VIEWS, FAN_COLS, part, VXG_ERR_INPUT, "a short scan has too few conjugate rays");
    REFUSED(s, FAN_VIEWS, FAN_COLS, parallel, VXG_ERR_ARGUMENT, "the beam is parallel");
    REFUSED(s, FAN_VIEWS - 1, FAN_COLS, full, VXG_ERR_ARGUMENT, "119 of 96 expected");
    REFUSED(s, FAN_VIEWS, 8, full, VXG_ERR_ARGUMENT, "32 columns or more");
    REFUSED(NULL, FAN_VIEWS, FAN_COLS, full, VXG_ERR_ARGUMENT, "is NULL");
    REFUSED(s, FAN_VIEWS, FAN_COLS, NULL, VXG_ERR_ARGUMENT, "is NULL");
    REFUSED(zero, FAN_VIEWS, FAN_COLS, full, VXG_ERR_INPUT, "no structure");
    for (int64_t n = 0;; n++) {
        int64_t live = vxg_alloc_live();
        vxg_alloc_fail_at(n);
        int status = vxg_ct_center_conjugate(s, FAN_VIEWS, FAN_COLS, full, NULL, NULL, &c);
        vxg_alloc_fail_at(-1);
        CHECK(vxg_alloc_live() == live, "leak when request %d fails", (int)n);
        if (status == VXG_OK) break;
        CHECK(status == VXG_ERR_MEMORY, "request %d: status %d", (int)n, status);
    }
    s[2 * FAN_COLS + 9] = NAN;
    REFUSED(s, FAN_VIEWS, FAN_COLS, full, VXG_ERR_INPUT, "view 2, column 9");
    vxg_ct_geometry_release(full);
    vxg_ct_geometry_release(part);
    vxg_ct_geometry_release(parallel);
}

TEST(ring_mean)
{
    enum { V = 40, R = 2, U = 90 };
    static float p[V * R * U], plain[V * R * U];
    for (int i = 0; i < V * R * U; i++)
        p[i] = plain[i] = (float)(sin(i / U / R * 0.3) * cos(i % U * 0.02));
    for (int v = 0; v < V; v++)
        for (int u = 0; u < U; u++)
            if (u % 23 > 17 && u < 80) p[(v * R + 1) * U + u] += 0.3f;
    CHECK_OK(vxg_ct_ring_mean(p, V, R, U, 21));
    double worst = 0;
    for (int i = 0; i < V * R * U; i++) worst = fmax(worst, fabs(p[i] - plain[i]));
    EXPECT(worst < 0.01, "stripes of 0.3 leave %g", worst);
    EXPECT(vxg_ct_ring_mean(p, V, R, U, 20) == VXG_ERR_ARGUMENT, "even size");
    EXPECT(vxg_ct_ring_mean(p, V, R, U, 2 * U + 1) == VXG_ERR_ARGUMENT, "too wide");
    EXPECT(vxg_ct_ring_mean(NULL, V, R, U, 21) == VXG_ERR_ARGUMENT, "NULL");
    p[5 * R * U + U + 7] = NAN;
    EXPECT(vxg_ct_ring_mean(p, V, R, U, 21) == VXG_ERR_INPUT &&
               strstr(vxg_error_message(), "row 1, column 7"),
           "NaN: %s", vxg_error_message());
}

TEST(failed_allocations)
{
    enum { V = 40, U = 32 };
    static float s[V * U];
    double theta[V], c;
    for (int i = 0; i < V; i++) theta[i] = i * 4.5 * DEG;
    for (int method = 0; method < 3; method++)
        for (int64_t n = 0;; n++) {
            for (int i = 0; i < V; i++) theta[i] = i * (method == 2 ? 9 : 4.5) * DEG;
            if (n == 0) phantom_sinogram(0, V, U, theta, 16.7, 13, 0, 3, s);
            int64_t live = vxg_alloc_live();
            vxg_alloc_fail_at(n);
            int status = method == 2 ? vxg_ct_center_opposite(s, V, 1, U, theta, NULL, NULL, &c)
                         : method    ? vxg_ct_center_pair(s, V, 1, U, theta, NULL, NULL, &c)
                                     : vxg_ct_center_vo(s, V, U, theta, NULL, NULL, &c);
            vxg_alloc_fail_at(-1);
            CHECK(vxg_alloc_live() == live, "method %d: leak when request %d fails", method,
                  (int)n);
            if (status == VXG_OK) {
                CHECK(n > 5, "only %d requests", (int)n);
                break;
            }
            CHECK(status == VXG_ERR_MEMORY, "method %d, request %d: status %d", method, (int)n,
                  status);
        }
}

/* ---- Measured scans ---- */
typedef struct measured {
    int64_t nviews, nrows, ncols;
    float *p; /* line integrals (view, row, column) */
    double *theta;
} measured;

static int load(const char *relative, measured *m) {
    char path[1024];
    vxg_scan_reader *scan = NULL;
    if (!test_data(relative, path, sizeof path)) { /* these two are in the repository as well */
        snprintf(path, sizeof path, "%s/data/%s", VXG_SOURCE_DIR, relative);
        FILE *f = fopen(path, "rb");
        if (!f) return -1;
        fclose(f);
    }
    int status = vxg_scan_open(path, &scan);
    if (status) return status;
    int64_t n = scan->nrows * scan->ncols;
    *m = (measured){scan->nviews, scan->nrows, scan->ncols, NULL, NULL};
    m->p = malloc((size_t)(scan->nviews * n) * sizeof *m->p);
    m->theta = malloc((size_t)scan->nviews * sizeof *m->theta);
    float *frames = malloc((size_t)((scan->nflats + scan->ndarks) * n) * sizeof *frames);
    float *flat = malloc((size_t)n * 2 * sizeof *flat), *dark = flat + n;
    float *darks = frames + scan->nflats * n;
    for (int64_t i = 0; i < scan->nviews; i++) m->theta[i] = scan->theta[i] * DEG;
    if (!status)
        status = scan->read(scan, VXG_FRAME_DATA, 0, m->nviews, 0, m->nrows, 0, m->ncols, m->p);
    if (!status)
        status =
            scan->read(scan, VXG_FRAME_FLAT, 0, scan->nflats, 0, m->nrows, 0, m->ncols, frames);
    if (!status)
        status = scan->read(scan, VXG_FRAME_DARK, 0, scan->ndarks, 0, m->nrows, 0, m->ncols, darks);
    if (!status) status = vxg_ct_frame_mean(frames, scan->nflats, n, flat);
    if (!status) status = vxg_ct_frame_mean(darks, scan->ndarks, n, dark);
    if (!status) status = vxg_ct_normalize(m->p, m->nviews, n, flat, dark, 0, NULL);
    free(frames);
    free(flat);
    vxg_scan_close(scan);
    return status;
}
static void unload(measured *m) {
    free(m->p);
    free(m->theta);
}
static float *row_of(const measured *m, int64_t row) {
    float *s = malloc((size_t)(m->nviews * m->ncols) * sizeof *s);
    for (int64_t v = 0; v < m->nviews; v++)
        memcpy(s + v * m->ncols, m->p + (v * m->nrows + row) * m->ncols,
               (size_t)m->ncols * sizeof *s);
    return s;
}

TEST(measured_tooth)
{
    measured m;
    int status = load("ct_parallel_tooth/tooth.h5", &m);
    if (status < 0) SKIP("ct_parallel_tooth is neither in VXG_TEST_DATA nor in data/");
    if (status == VXG_ERR_UNSUPPORTED) SKIP("built without HDF5");
    CHECK(status == 0, "%s", vxg_error_message());
    double c = NAN;
    for (int row = 0; row < 2; row++) {
        float *s = row_of(&m, row);
        EXPECT(!vxg_ct_center_vo(s, m.nviews, m.ncols, m.theta, NULL, NULL, &c) &&
                   fabs(c - 295.7) <= 0.4,
               "vo, row %d: %g, expected 295.7", row, c);
        free(s);
    }
    /* all views, and up to five fewer: the angle missing to 180 degrees grows to 6 */
    for (int fewer = 0; fewer <= 5; fewer++)
        EXPECT(!vxg_ct_center_pair(m.p, m.nviews - fewer, 2, m.ncols, m.theta, NULL, NULL, &c) &&
                   fabs(c - 295.7) <= 0.4,
               "pair, %d views fewer: %g, expected 295.7", fewer, c);
    unload(&m);
}

TEST(measured_24737)
{
    measured m;
    int status = load("ct_parallel_24737/24737_nxtomo.h5", &m);
    if (status < 0) SKIP("ct_parallel_24737 is neither in VXG_TEST_DATA nor in data/");
    if (status == VXG_ERR_UNSUPPORTED) SKIP("built without HDF5");
    CHECK(status == 0, "%s", vxg_error_message());
    double c = NAN;
    const int rows[] = {67, 75, 84, 96, 108, 125}; /* the middle row is 67 */
    for (int i = 0; i < 6; i++) {
        float *s = row_of(&m, rows[i]);
        EXPECT(!vxg_ct_center_vo(s, m.nviews, m.ncols, m.theta, NULL, NULL, &c) &&
                   fabs(c - 85.8) <= 0.5,
               "vo, row %d: %g, expected 85.8", rows[i], c);
        free(s);
    }
    for (int fewer = 0; fewer <= 3; fewer++)
        EXPECT(
            !vxg_ct_center_pair(m.p, m.nviews - fewer, m.nrows, m.ncols, m.theta, NULL, NULL, &c) &&
                fabs(c - 85.8) <= 0.5,
            "pair, all rows, %d views fewer: %g, expected 85.8", fewer, c);
    unload(&m);
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(every_fraction),
                                      T(uneven_and_shuffled),
                                      T(rows_vote),
                                      T(missing_angle_is_corrected),
                                      T(mirrored_detector),
                                      T(threads_do_not_matter),
                                      T(curve_and_range),
                                      T(refusals),
                                      T(opposite_anywhere),
                                      T(low_contrast_with_rings),
                                      T(opposite_of_what_is_round),
                                      T(opposite_refuses),
                                      T(smoothing),
                                      T(ring_mean),
                                      T(conjugate_rays),
                                      T(conjugate_refuses),
                                      T(failed_allocations),
                                      T(measured_tooth),
                                      T(measured_24737)};
    test_suite = "ct_center";
    if (argc < 2 || strstr("phantom", argv[1])) run_cases();
    return test_run("ct_center", list, (int)(sizeof list / sizeof *list), argc, argv);
}
