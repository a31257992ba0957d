/* Deconvolution by its rules: DIPY's, done plainly in double, in voxels of every way they may go;
 * orders that the directions do not determine; float32 beside float64. */
#include "dwi_table.h"
#include "on_devices.h"

/* ---- The constraint, plainly and in double: DIPY's rules as its authors wrote them ---- */
enum { PLAIN_MOST = 45 };

/* x = q^-1 z of the positive definite q (n, n), which is destroyed. */
static void solve_plainly(int n, double *q, const double *z, double *c) {
    for (int k = 0; k < n; k++) c[k] = z[k];
    for (int k = 0; k < n; k++)
        for (int i = k + 1; i < n; i++) {
            const double f = q[i * n + k] / q[k * n + k];
            for (int l = k; l < n; l++) q[i * n + l] -= f * q[k * n + l];
            c[i] -= f * c[k];
        }
    for (int k = n - 1; k >= 0; k--) {
        for (int l = k + 1; l < n; l++) c[k] -= q[k * n + l] * c[l];
        c[k] /= q[k * n + k];
    }
}
typedef struct plain_fit {
    int n, looks;
    double x[64 * PLAIN_MOST], rows[181 * PLAIN_MOST];
} plain_fit;
/* Which rows of c's first terms are too small; how many. */
static int small_rows(const plain_fit *f, const double *c, int terms, double threshold, int *in) {
    int count = 0;
    for (int r = 0; r < f->looks; r++) {
        double v = 0;
        for (int k = 0; k < terms; k++) v += f->rows[r * f->n + k] * c[k];
        count += in[r] = v < threshold;
    }
    return count;
}
/* How the start ended: 0: it is too small somewhere, 1: by its higher orders alone, 2: nowhere. */
static int fit_plainly(const plain_fit *f, const double *signal, double *c) {
    static double q[PLAIN_MOST * PLAIN_MOST];
    double z[PLAIN_MOST] = {0};
    int in[181] = {0}, now[181], way = 0;
    const int n = f->n;
    for (int turn = 0; turn <= 50; turn++) { /* the start, then the iterations */
        for (int k = 0; k < n; k++)
            for (int l = 0; l < n; l++) {
                double s = 0;
                for (int i = 0; i < 64; i++) s += f->x[i * n + k] * f->x[i * n + l];
                for (int r = 0; r < f->looks; r++)
                    if (in[r]) s += f->rows[r * n + k] * f->rows[r * n + l];
                q[k * n + l] = s;
            }
        for (int k = 0; k < n; k++) {
            z[k] = 0;
            for (int i = 0; i < 64; i++) z[k] += f->x[i * n + k] * signal[i];
        }
        solve_plainly(n, q, z, c);
        static double threshold;
        if (turn == 0) threshold = 0.1 * f->rows[0] * c[0];
        int count = small_rows(f, c, turn == 0 ? 15 : n, threshold, now);
        if (turn == 0 && !count) {
            way = 1;
            if (!small_rows(f, c, n, threshold, now)) return 2;
        }
        if (turn && !memcmp(in, now, sizeof in)) break;
        memcpy(in, now, sizeof in);
    }
    return way;
}

enum { VOXELS = 400, TERMS = 45 };
static double x[N * VOXELS], got[153 * VOXELS], other[153 * VOXELS];

/* Close to a normal deviate of every volume of every voxel. */
static double noise(int v, int i) {
    double s = 0;
    for (uint32_t k = 0; k < 3; k++) {
        const uint32_t counter[4] = {(uint32_t)v, (uint32_t)i, k, 0}, key[2] = {3, 4};
        uint32_t r[4];
        vxg_philox(counter, key, r);
        for (int l = 0; l < 4; l++) s += r[l] * 0x1p-32 - 0.5;
    }
    return s;
}
/* Grey matter, almost the same along all directions, with more or less noise; every fourth voxel
 * a fibre. */
static void fill(double most) {
    table_of(most);
    for (int v = 0; v < VOXELS; v++) {
        double f[3];
        fibre_of(v, 0, f);
        for (int i = 0; i < N; i++) {
            const double s =
                v % 4 ? signal_of(i, f, 0.9e-3, 0.8e-3) : signal_of(i, f, 1.7e-3, 0.3e-3);
            x[i * VOXELS + v] = fmax(1000 * s + (v % 4 == 1   ? 0.003
                                                 : v % 4 == 2 ? 3
                                                              : 15) *
                                                    noise(v, i),
                                     1);
        }
    }
}
static int fit(vxg_real real, const vxg_gradients *g, int order, int response, double lambda,
               double *to) {
    const vxg_csd_opts o = {.order = order, .lambda = lambda};
    vxg_array dwi = {0}, sh = {0};
    vxg_response r = {0};
    int status = vxg_response_tensor(g, 0, response, (double[3]){1.7e-3, 3e-4, 3e-4}, 1000, &r);
    if (!status) status = dwi_array(dev, real, N, VOXELS, x, &dwi);
    if (!status) status = dwi_array(dev, real, vxg_sh_count(order), VOXELS, NULL, &sh);
    if (!status) status = vxg_dwi_csd(NULL, g, &dwi, NULL, &r, &o, &sh);
    if (!status) status = dwi_read(&sh, to);
    vxg_array_release(&dwi), vxg_array_release(&sh);
    return status;
}

static void prepare(plain_fit *f, const vxg_gradients *g) {
    vxg_response r = {0};
    vxg_sphere *s = NULL;
    CHECK_OK(vxg_response_tensor(g, 0, 8, (double[3]){1.7e-3, 3e-4, 3e-4}, 1000, &r));
    CHECK_OK(vxg_sphere_named("hemi:symmetric362", &s));
    f->n = TERMS, f->looks = (int)vxg_sphere_count(s);
    CHECK_OK(vxg_sh_matrix(VXG_SH_TOURNIER07, 8, N - FIRST, d + 3 * FIRST, f->x));
    CHECK_OK(vxg_sh_matrix(VXG_SH_TOURNIER07, 8, f->looks, vxg_sphere_directions(s), f->rows));
    double first = 0;
    for (int l = 0, k = 0; l <= 8; l += 2)
        for (int m = -l; m <= l; m++, k++) {
            const double part = r.zonal[l / 2] / sqrt((2 * l + 1) / (4 * M_PI));
            if (l == 0) first = part;
            for (int i = 0; i < N - FIRST; i++) f->x[i * TERMS + k] *= part;
        }
    for (int i = 0; i < f->looks * TERMS; i++)
        f->rows[i] *= TERMS * first / (sqrt(f->looks) * sqrt(362.0));
    vxg_sphere_release(s);
}
static void plainly(vxg_real real, double few, int apart_at_most) {
    static plain_fit f;
    vxg_gradients *g = NULL;
    int ways[3] = {0}, apart = 0;
    fill(1000);
    CHECK_OK(vxg_gradients_new(N, b, d, NULL, &g));
    prepare(&f, g);
    CHECK_OK(fit(real, g, 8, 8, 0, got));
    for (int v = 0; v < VOXELS; v++) {
        double c[TERMS], s[N - FIRST], off = 0, most = 0;
        for (int i = FIRST; i < N; i++) s[i - FIRST] = x[i * VOXELS + v];
        const int way = fit_plainly(&f, s, c);
        ways[way]++;
        for (int k = 0; k < TERMS; k++) {
            const double a = got[k * VOXELS + v];
            off = fmax(off, isfinite(a) ? fabs(a - c[k]) : INFINITY);
            most = fmax(most, fabs(c[k]));
        }
        CHECK(off <= (v % 4 ? most : few * most), "voxel %d: off by %g of %g", v, off, most);
        if (off > few * most && apart++ < 3 && apart > apart_at_most)
            printf("voxel %d, way %d: off by %g of %g\n", v, way, off, most);
    }
    EXPECT(ways[0] > 20 && ways[1] > 5 && ways[2] > 5, "ways %d %d %d", ways[0], ways[1], ways[2]);
    EXPECT(apart <= apart_at_most, "%d of %d voxels are apart", apart, VOXELS);
    vxg_gradients_release(g);
}
TEST(plainly_float64)
{
    if (!vxg_device_get_info(dev)->has_f64) SKIP("no float64 here");
    plainly(VXG_REAL_F64, 1e-8, 0);
}
/* Almost isotropic voxels with a few rows hang on what float32 does not hold; fibres do not. */
TEST(plainly_float32)
{ plainly(VXG_REAL_F32, 1e-3, VOXELS / 10); }

/* Densities of orders that 64 directions do not determine, some beyond the response's: numbers that
 * a density may have (a single direction's is 0.28 in its first term), in both arithmetics. */
TEST(undetermined)
{
    const int both = vxg_device_get_info(dev)->has_f64;
    vxg_gradients *g = NULL;
    fill(3000);
    CHECK_OK(vxg_gradients_new(N, b, d, NULL, &g));
    for (int order = 10; order <= 16; order += 2)
        for (int response = 4; response <= 8; response += 4) {
            const int terms = (int)vxg_sh_count(order);
            int apart = 0;
            CHECK_OK(fit(VXG_REAL_F32, g, order, response, 0, got));
            if (both) CHECK_OK(fit(VXG_REAL_F64, g, order, response, 0, other));
            for (int v = 0; v < VOXELS; v++) {
                double most = 0, wide = 0, off = 0;
                for (int k = 0; k < terms; k++) {
                    const double a = got[k * VOXELS + v], c = both ? other[k * VOXELS + v] : a;
                    most = fmax(most, isfinite(a) ? fabs(a) : INFINITY);
                    wide = fmax(wide, isfinite(c) ? fabs(c) : INFINITY);
                    off = fmax(off, fabs(a - c));
                }
                CHECK(most < 1 && wide < 1, "order %d of %d, voxel %d: %g in float32, %g", order,
                      response, v, most, wide);
                apart += off > 2e-3 * wide;
            }
            EXPECT(apart <= VOXELS / 20, "order %d of %d: float32 is apart in %d of %d", order,
                   response, apart, VOXELS);
        }
    vxg_gradients_release(g);
}

/* A constraint so heavy that a few of its rows drown the signal's part of the matrix in rounding.
 */
TEST(heavy)
{
    const int kinds = vxg_device_get_info(dev)->has_f64 ? 2 : 1;
    vxg_gradients *g = NULL;
    fill(1000);
    CHECK_OK(vxg_gradients_new(N, b, d, NULL, &g));
    for (int kind = 0; kind < kinds; kind++) {
        CHECK_OK(fit(kind ? VXG_REAL_F64 : VXG_REAL_F32, g, 8, 8, kind ? 1e6 : 1e4, got));
        for (int i = 0; i < TERMS * VOXELS; i++)
            CHECK(fabs(got[i]) < 1, "float%d, voxel %d, term %d: %g", kind ? 64 : 32, i % VOXELS,
                  i / VOXELS, got[i]);
    }
    vxg_gradients_release(g);
}

DEVICES_MAIN("dwi_csd_rules", T(plainly_float64), T(plainly_float32), T(undetermined), T(heavy))
