/* Orientation functions: DIPY's numbers on measured voxels, in float64 and float32, on every
 * device. */
#include "dwi_data.h"
#include "on_devices.h"

static double signals[SMALL_N * SMALL_VOXELS], sh[45 * SMALL_VOXELS], gfa[SMALL_VOXELS];
static double values[5 * SMALL_VOXELS], numbers[5 * SMALL_VOXELS];

/* As DIPY: held above 1 and divided in float32. */
static void normalise(void) {
    for (int v = 0; v < SMALL_VOXELS; v++) {
        const float b0 = fmaxf((float)signals[v], 1);
        for (int i = 0; i < SMALL_N; i++) {
            double *s = &signals[i * SMALL_VOXELS + v];
            *s = (double)(fmaxf((float)*s, 1) / b0);
        }
    }
}

static int fit(vxg_real real, vxg_odf_kind kind, int order) {
    vxg_gradients *g = NULL;
    vxg_array dwi = {0}, c = {0}, one = {0};
    vxg_peaks_maps maps = {0};
    const vxg_odf_opts o = {
        .kind = kind, .order = order, .basis = VXG_SH_DESCOTEAUX07_LEGACY, .min_signal = 1e-30};
    const vxg_peaks_opts p = {
        .basis = VXG_SH_DESCOTEAUX07_LEGACY, .relative_threshold = 0.25, .min_separation = 45};
    if (small_load(signals, &g)) return -1;
    normalise();
    int status = dwi_array(dev, real, SMALL_N, SMALL_VOXELS, signals, &dwi);
    if (!status) status = dwi_array(dev, real, vxg_sh_count(order), SMALL_VOXELS, NULL, &c);
    if (!status) status = dwi_array(dev, real, 1, SMALL_VOXELS, NULL, &one);
    if (!status) status = dwi_array(dev, real, 5, SMALL_VOXELS, NULL, &maps.values);
    if (!status) status = dwi_array(dev, real, 5, SMALL_VOXELS, NULL, &maps.numbers);
    if (!status) status = vxg_dwi_odf(NULL, g, &dwi, NULL, &o, &c);
    if (!status) status = vxg_dwi_gfa(NULL, &c, NULL, &one);
    if (!status) status = vxg_dwi_peaks(NULL, &c, NULL, NULL, &p, &maps);
    if (!status) status = dwi_read(&c, sh);
    if (!status) status = dwi_read(&one, gfa);
    if (!status) status = dwi_read(&maps.values, values);
    if (!status) status = dwi_read(&maps.numbers, numbers);
    vxg_array_release(&dwi), vxg_array_release(&c), vxg_array_release(&one);
    vxg_array_release(&maps.values), vxg_array_release(&maps.numbers);
    vxg_gradients_release(g);
    return status;
}

typedef struct golden {
    vxg_odf_kind kind;
    int order;
    double sum, gfa; /* DIPY's own; gfa 0: not listed */
    double exact;    /* the sum where DIPY's matrices are used in float64; 0: the same */
    int npeaks, peak[5];
} golden;
static const golden rows[] = {
    {VXG_ODF_OPDT, 4, 1458.82142969, .40030186, 1458.821439360, 2, {339, 61}},
    {VXG_ODF_OPDT, 6, 1415.62162528, 0, 1415.621635317, 5, {356, 124, 333, 24, 70}},
    {VXG_ODF_CSA, 4, 269.59769394, .44926562, 269.597707742, 3, {339, 61, 159}},
    {VXG_ODF_CSA, 6, 265.84654840, .51011257, 265.846566088, 4, {356, 90, 58, 316}},
    {VXG_ODF_QBALL, 4, 1425.39362472, .09493432, 0, 0, {0}},
    {VXG_ODF_QBALL, 6, 1424.43751721, 0, 0, 0, {0}},
};
static int near(double got, double want, double relative) {
    return fabs(got - want) <= relative * fabs(want);
}

static void against(vxg_real real, double few) {
    const int at = small_at(5, 5, 5);
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        const golden *r = &rows[k];
        const int status = fit(real, r->kind, r->order);
        double sum = 0, mean = 0;
        if (status < 0) SKIP("no test data");
        CHECK(!status, "%s", vxg_error_message());
        for (int64_t i = 0; i < vxg_sh_count(r->order) * SMALL_VOXELS; i++) sum += sh[i];
        for (int i = 0; i < SMALL_VOXELS; i++) mean += gfa[i] / SMALL_VOXELS;
        /* DIPY takes logarithms of float32 in float32: its own digits end at 1e-7. */
        EXPECT(near(sum, r->sum, few + 1e-7), "row %zu: sum %.12g, not %.12g", k, sum, r->sum);
        EXPECT(near(sum, r->exact > 0 ? r->exact : r->sum, few), "row %zu: sum %.12g, not %.12g", k,
               sum, r->exact);
        EXPECT(r->gfa == 0 || near(mean, r->gfa, few + 2e-7), "row %zu: gfa %.9g", k, mean);
        for (int p = 0; p < r->npeaks; p++)
            EXPECT(numbers[p * SMALL_VOXELS + at] == r->peak[p], "row %zu: peak %d is %g, not %d",
                   k, p, numbers[p * SMALL_VOXELS + at], r->peak[p]);
        EXPECT(r->npeaks == 0 || r->npeaks == 5 || numbers[r->npeaks * SMALL_VOXELS + at] == -1,
               "row %zu: one more peak, %g", k, numbers[r->npeaks * SMALL_VOXELS + at]);
        if (k == 0) {
            static const double first[6] = {3.112907,   .44827588, .32554573,
                                            -.66554002, .87538318, .29592761};
            for (int i = 0; i < 6; i++)
                EXPECT(fabs(sh[i * SMALL_VOXELS + at] - first[i]) < few * 4 + (i ? 6e-8 : 6e-7),
                       "c[%d] = %.9g", i, sh[i * SMALL_VOXELS + at]);
            EXPECT(near(values[at], 2.43061327, few + 4e-8) &&
                       near(values[SMALL_VOXELS + at], 1.58390334, few + 4e-8),
                   "peaks of %.9g, %.9g", values[at], values[SMALL_VOXELS + at]);
        }
    }
}
TEST(dipy_float64)
{
    if (!vxg_device_get_info(dev)->has_f64) SKIP("no float64 here");
    against(VXG_REAL_F64, 1e-11);
}
TEST(dipy_float32)
{ against(VXG_REAL_F32, 2e-6); }

/* The default set is DIPY's: 362 directions, 1083 edges; each direction has 5 to 7 neighbours. */
TEST(spheres)
{
    const char *name;
    for (int i = 0; (name = vxg_sphere_name_at(i)); i++) {
        char half[64];
        vxg_sphere *s = NULL, *h = NULL;
        const int32_t *pairs;
        snprintf(half, sizeof half, "hemi:%s", name);
        CHECK_OK(vxg_sphere_named(name, &s));
        CHECK_OK(vxg_sphere_named(half, &h));
        const int64_t n = vxg_sphere_count(s);
        EXPECT(n == atoi(name + strcspn(name, "0123456789")), "%s has %lld", name, (long long)n);
        EXPECT(vxg_sphere_edges(s, &pairs) == 3 * n - 6, "%s: %lld edges", name,
               (long long)vxg_sphere_edges(s, NULL));
        EXPECT(vxg_sphere_count(h) == n / 2 && vxg_sphere_edges(h, NULL) == (3 * n - 6) / 2,
               "%s: %lld, %lld edges", half, (long long)vxg_sphere_count(h),
               (long long)vxg_sphere_edges(h, NULL));
        vxg_sphere_release(s), vxg_sphere_release(h);
    }
    vxg_sphere *none = NULL;
    EXPECT(vxg_sphere_named("repulsion99", &none) == VXG_ERR_ARGUMENT && !none, "no such set");
}

/* Harmonics have the same value both ways: of a whole set as of its half each peak is there once,
 * in the same axes with the same values, the highest first. */
TEST(peaks_on_whole_sets)
{
    enum { TERMS = 45, MANY = 200, PEAKS = 5 };
    static double c[TERMS * MANY], at[2][3 * PEAKS * MANY], high[2][PEAKS * MANY];
    const char *name;
    uint32_t word = 5;
    for (int i = 0; i < TERMS * MANY; i++) {
        word = word * 1664525u + 1013904223u;
        c[i] = i < MANY ? 3 : (word >> 8) * 0x1p-23 - 1;
    }
    for (int i = 0; (name = vxg_sphere_name_at(i)); i++) {
        int found = 0, twice = 0, apart = 0;
        for (int half = 0; half < 2; half++) {
            char text[64];
            vxg_array terms = {0};
            vxg_peaks_maps maps = {0};
            vxg_sphere *s = NULL;
            snprintf(text, sizeof text, "%s%s", half ? "hemi:" : "", name);
            CHECK_OK(vxg_sphere_named(text, &s));
            CHECK_OK(dwi_array(dev, VXG_REAL_F32, TERMS, MANY, c, &terms));
            CHECK_OK(dwi_array(dev, VXG_REAL_F32, 3 * PEAKS, MANY, NULL, &maps.directions));
            CHECK_OK(dwi_array(dev, VXG_REAL_F32, PEAKS, MANY, NULL, &maps.values));
            CHECK_OK(vxg_dwi_peaks(NULL, &terms, NULL, s, NULL, &maps));
            CHECK_OK(dwi_read(&maps.directions, at[half]));
            CHECK_OK(dwi_read(&maps.values, high[half]));
            vxg_array_release(&terms), vxg_array_release(&maps.directions);
            vxg_array_release(&maps.values), vxg_sphere_release(s);
        }
        for (int v = 0; v < MANY; v++)
            for (int p = 0; p < PEAKS; p++) {
                double dot = 0, size = 0, most = 0;
                for (int k = 0; k < 3; k++) {
                    dot += at[0][(3 * p + k) * MANY + v] * at[1][(3 * p + k) * MANY + v];
                    size += at[0][(3 * p + k) * MANY + v] * at[0][(3 * p + k) * MANY + v];
                }
                found += size > 0.5;
                apart += fabs(fabs(dot) - size) > 1e-6 ||
                         fabs(high[0][p * MANY + v] - high[1][p * MANY + v]) > 1e-5;
                for (int q = 0; q < p; q++) {
                    double other = 0;
                    for (int k = 0; k < 3; k++)
                        other += at[0][(3 * p + k) * MANY + v] * at[0][(3 * q + k) * MANY + v];
                    most = fmax(most, fabs(other));
                }
                twice += most > cos(25 * M_PI / 180) + 1e-6;
            }
        EXPECT(found > 2 * MANY && twice == 0 && apart <= found / 100,
               "%s: %d peaks, %d of them twice, %d unlike its half's", name, found, twice, apart);
    }
}

/* The harmonics of order 4 as bootstraps use them: what the fit makes of the signals, and the
 * residuals over what the fit leaves of each, less their mean. DIPY's numbers. */
TEST(hat_matrix)
{
    enum { W = SMALL_N - 1, TERMS = 15 };
    static const double hat[3] = {.2482217, .02944335, .02852831};
    static const double residual[3] = {.86706548, -.03394159, -.03284631};
    static double u[W * TERMS], h[W * W];
    vxg_gradients *g = NULL;
    memset(h, 0, sizeof h);
    if (small_load(signals, &g)) SKIP("no test data");
    EXPECT(vxg_gradients_shell_of(g, 0) == 0 && vxg_gradients_shell_count(g, 1) == W, "one b = 0");
    CHECK_OK(vxg_sh_matrix(VXG_SH_DESCOTEAUX07_LEGACY, 4, W, vxg_gradients_directions(g) + 3, u));
    for (int k = 0; k < TERMS; k++) { /* each column less its share of those before */
        double length = 0;
        for (int twice = 0; twice < 2; twice++)
            for (int l = 0; l < k; l++) {
                double s = 0;
                for (int i = 0; i < W; i++) s += u[i * TERMS + k] * u[i * TERMS + l];
                for (int i = 0; i < W; i++) u[i * TERMS + k] -= s * u[i * TERMS + l];
            }
        for (int i = 0; i < W; i++) length += u[i * TERMS + k] * u[i * TERMS + k];
        for (int i = 0; i < W; i++) u[i * TERMS + k] /= sqrt(length);
    }
    double trace = 0;
    for (int i = 0; i < W; i++)
        for (int k = 0; k < W; k++) {
            for (int t = 0; t < TERMS; t++) h[i * W + k] += u[i * TERMS + t] * u[k * TERMS + t];
            trace += i == k ? h[i * W + k] : 0;
        }
    EXPECT(fabs(trace - TERMS) < 1e-11, "trace %g", trace);
    for (int k = 0; k < 3; k++) {
        double own = 0, mean = 0;
        for (int i = 0; i < W; i++) {
            const double r = ((i == k) - h[i * W + k]) / sqrt(1 - h[i * W + i]);
            own = i ? own : r;
            mean += r / W;
        }
        EXPECT(fabs(h[k] - hat[k]) < 6e-9, "H[0, %d] = %.9g", k, h[k]);
        EXPECT(fabs(own - mean - residual[k]) < 6e-9, "R[0, %d] = %.9g", k, own - mean);
    }
    vxg_gradients_release(g);
}

DEVICES_MAIN("dwi_odf", T(dipy_float64), T(dipy_float32), T(spheres), T(peaks_on_whole_sets),
             T(hat_matrix))
