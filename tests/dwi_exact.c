/* Diffusion without measured data: gradient tables and their rules, harmonics, exact tensors out of
 * exact signals, peaks of crossing fibres, what is refused. On every device. */
#include "dwi_table.h"
#include "on_devices.h"

enum { VOXELS = 300 };

TEST(tables)
{
    const double bs[5] = {0, 3, 1000, 1004, 2500};
    double v[15] = {9, 9, 9, 0, 0, 0, 1, 0, 0, 0.6, 0.8, 0, 0, 0, 1}, turned[15], affine[12] = {0};
    vxg_gradients *g = NULL, *part = NULL;
    CHECK_OK(vxg_gradients_new(5, bs, v, NULL, &g));
    EXPECT(vxg_gradients_shells(g) == 3 && vxg_gradients_shell_count(g, 0) == 2 &&
               vxg_gradients_shell_b(g, 1) == 1002 && vxg_gradients_shell_of(g, 4) == 2,
           "%d shells", vxg_gradients_shells(g));
    EXPECT(vxg_gradients_directions(g)[0] == 0, "an unweighted volume has a direction");
    CHECK_OK(vxg_gradients_take(g, 2, (int64_t[2]){4, 0}, &part));
    EXPECT(vxg_gradients_b(part)[0] == 2500 && vxg_gradients_shells(part) == 2, "a part");
    vxg_gradients_release(g), vxg_gradients_release(part);
    /* FSL: rows of x, y, z or a row a volume; x is negated where the determinant is positive, axes
     * are those of the image. */
    for (int i = 0; i < 5; i++)
        for (int k = 0; k < 3; k++) turned[5 * k + i] = v[3 * i + k];
    affine[1] = -2, affine[4] = 3, affine[10] = 2.5; /* first axis along y, second against x */
    for (int form = 0; form < 2; form++) {
        CHECK_OK(vxg_gradients_fsl(5, bs, form ? 5 : 3, form ? 3 : 5, form ? v : turned, affine,
                                   NULL, &g));
        const double *got = vxg_gradients_directions(g);
        EXPECT(fabs(got[6]) < 1e-15 && fabs(got[7] + 1) < 1e-15, "form %d: %g %g", form, got[6],
               got[7]);
        EXPECT(fabs(got[9] + 0.8) < 1e-15 && fabs(got[10] + 0.6) < 1e-15, "form %d: %g %g", form,
               got[9], got[10]);
        vxg_gradients_release(g);
    }
    affine[10] = -2.5; /* negative determinant: as it stands */
    CHECK_OK(vxg_gradients_fsl(5, bs, 5, 3, v, affine, NULL, &g));
    EXPECT(fabs(vxg_gradients_directions(g)[7] - 1) < 1e-15 &&
               fabs(vxg_gradients_directions(g)[14] + 1) < 1e-15,
           "y %g", vxg_gradients_directions(g)[7]);
    vxg_gradients_release(g);
    const double rows[8] = {NAN, NAN, NAN, 0, 0, 1, 0, 700};
    CHECK_OK(vxg_gradients_mrtrix(2, rows, NULL, &g));
    EXPECT(vxg_gradients_b(g)[1] == 700 && vxg_gradients_directions(g)[4] == 1, "MRtrix's");
    vxg_gradients_release(g);
}

TEST(tables_refused)
{
    const double bs[2] = {0, 1000}, minus[2] = {0, -5}, none[2] = {0, NAN};
    const double good[6] = {0, 0, 0, 1, 0, 0}, zero[6] = {0}, longer[6] = {0, 0, 0, 1.1, 0, 0};
    const double affine[12] = {1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 1, 0};
    vxg_gradients *g = NULL;
    EXPECT(vxg_gradients_new(2, minus, good, NULL, &g) == VXG_ERR_INPUT &&
               strstr(vxg_error_message(), "volume 1"),
           "b < 0");
    EXPECT(vxg_gradients_new(2, none, good, NULL, &g) == VXG_ERR_INPUT, "b is no number");
    EXPECT(vxg_gradients_new(2, bs, zero, NULL, &g) == VXG_ERR_INPUT &&
               strstr(vxg_error_message(), "volume 1"),
           "no direction");
    EXPECT(vxg_gradients_new(2, bs, longer, NULL, &g) == VXG_ERR_INPUT &&
               strstr(vxg_error_message(), "1.1"),
           "length 1.1");
    EXPECT(vxg_gradients_new(0, bs, good, NULL, &g) == VXG_ERR_INPUT, "no volumes");
    EXPECT(vxg_gradients_fsl(2, bs, 3, 4, good, affine, NULL, &g) == VXG_ERR_INPUT,
           "three vectors for two");
    EXPECT(vxg_gradients_fsl(2, bs, 2, 3, good, affine, NULL, &g) == VXG_ERR_INPUT,
           "axes in a plane");
    EXPECT(!g, "a table of what was refused");
}

/* Sums over a dense set of directions: the functions are orthonormal, bases turn into each other.
 */
TEST(harmonics)
{
    enum { MANY = 20000, TERMS = 45 };
    static double at[3 * MANY], y[MANY * TERMS], other[MANY * TERMS];
    for (int i = 0; i < MANY; i++) {
        const double z = 1 - 2 * (i + 0.5) / MANY, r = sqrt(1 - z * z),
                     phi = i * M_PI * (3 - sqrt(5.0));
        at[3 * i] = 2 * r * cos(phi), at[3 * i + 1] = 2 * r * sin(phi),
               at[3 * i + 2] = 2 * z; /* lengths do not matter */
    }
    CHECK_OK(vxg_sh_matrix(VXG_SH_TOURNIER07, 8, MANY, at, y));
    for (int j = 0; j < TERMS; j++)
        for (int k = 0; k <= j; k++) {
            double s = 0;
            for (int i = 0; i < MANY; i++)
                s += y[i * TERMS + j] * y[i * TERMS + k] * 4 * M_PI / MANY;
            CHECK(fabs(s - (j == k)) < 2e-3, "terms %d and %d: %g", j, k, s);
        }
    /* Y_1... of order 2 in closed form: m = -2: sqrt(15 / (4 pi)) x y, m = 1: -sqrt(15 / (4 pi)) x
     * z. */
    const double x = at[0] / 2, w = at[1] / 2, z = at[2] / 2, c = sqrt(15 / (4 * M_PI));
    EXPECT(fabs(y[1] - c * x * w) < 1e-12 && fabs(y[4] + c * x * z) < 1e-12, "%g %g", y[1], y[4]);
    for (int basis = VXG_SH_DESCOTEAUX07_LEGACY; basis <= VXG_SH_DESCOTEAUX07; basis++) {
        double a[TERMS], t[TERMS], p = 0, q = 0;
        CHECK_OK(vxg_sh_matrix((vxg_sh_basis)basis, 8, 1, at + 18000, other));
        CHECK_OK(vxg_sh_matrix(VXG_SH_TOURNIER07, 8, 1, at + 18000, y));
        /* m = -1 of order 2: Re Y_2^1, in the new basis Re Y_2^-1, which is its opposite. */
        const double turned = basis == VXG_SH_DESCOTEAUX07 ? -1 : 1;
        EXPECT(fabs(y[4]) > 0.1 && fabs(other[2] - turned * y[4]) < 1e-12 &&
                   fabs(other[1] - y[5]) < 1e-12 && fabs(other[4] - y[2]) < 1e-12,
               "basis %d: %g %g %g", basis, other[2], other[1], other[4]);
        for (int k = 0; k < TERMS; k++) a[k] = t[k] = cos(k + 0.3);
        CHECK_OK(vxg_sh_convert(VXG_SH_TOURNIER07, (vxg_sh_basis)basis, 8, 1, t));
        for (int k = 0; k < TERMS; k++) p += a[k] * y[k], q += t[k] * other[k];
        EXPECT(fabs(p - q) < 1e-12, "basis %d: %g, %g", basis, p, q);
        CHECK_OK(vxg_sh_convert((vxg_sh_basis)basis, VXG_SH_TOURNIER07, 8, 1, t));
        for (int k = 0; k < TERMS; k++) EXPECT(t[k] == a[k], "term %d", k);
    }
    EXPECT(vxg_sh_count(8) == 45 && vxg_sh_order(28) == 6 && vxg_sh_count(3) == 0 &&
               vxg_sh_order(44) == -1,
           "counts");
    EXPECT(vxg_sh_matrix(VXG_SH_TOURNIER07, 5, 1, at, y) == VXG_ERR_ARGUMENT, "an odd order");
}

/* Signals of one tensor: it comes back, whatever the weights, in all that is drawn of it. */
TEST(tensors)
{
    static double x[N * VOXELS], fa[VOXELS], md[VOXELS], v1[9 * VOXELS], s0[VOXELS], t[6 * VOXELS];
    vxg_gradients *g = NULL;
    vxg_array dwi = {0};
    vxg_tensor_maps m = {0};
    table_of(1000);
    for (int v = 0; v < VOXELS; v++) {
        double f[3];
        fibre_of(v, 0, f);
        for (int i = 0; i < N; i++) x[i * VOXELS + v] = (500 + v) * signal_of(i, f, 1.7e-3, 0.3e-3);
    }
    CHECK_OK(vxg_gradients_new(N, b, d, NULL, &g));
    CHECK_OK(dwi_array(dev, VXG_REAL_F32, N, VOXELS, x, &dwi));
    struct {
        vxg_array *a;
        int rows;
        double *to;
    } all[] = {{&m.fa, 1, fa},
               {&m.md, 1, md},
               {&m.eigenvectors, 9, v1},
               {&m.s0, 1, s0},
               {&m.tensor, 6, t}};
    for (int k = 0; k < 5; k++)
        CHECK_OK(dwi_array(dev, VXG_REAL_F32, all[k].rows, VOXELS, NULL, all[k].a));
    for (int iterations = 0; iterations < 3; iterations++) {
        const vxg_tensor_opts o = {.iterations = iterations};
        CHECK_OK(vxg_dwi_tensor(NULL, g, &dwi, NULL, &o, &m));
        for (int k = 0; k < 5; k++) CHECK_OK(dwi_read(all[k].a, all[k].to));
        for (int v = 0; v < VOXELS; v++) {
            double f[3], c = 0;
            fibre_of(v, 0, f);
            for (int k = 0; k < 3; k++) c += f[k] * v1[k * VOXELS + v];
            const double trace = t[v] + t[VOXELS + v] + t[2 * VOXELS + v];
            CHECK(fabs(fabs(c) - 1) < 1e-6 && fabs(fa[v] - 0.799022) < 1e-5 &&
                      fabs(md[v] - 2.3e-3 / 3) < 1e-8 && fabs(s0[v] / (500 + v) - 1) < 1e-5 &&
                      fabs(trace - 2.3e-3) < 1e-8 &&
                      fabs(t[3 * VOXELS + v] - 1.4e-3 * f[0] * f[1]) < 2e-8,
                  "%d iterations, voxel %d: cosine %.9g, FA %.9g, MD %.9g, S0 %g, Dxy %g",
                  iterations, v, c, fa[v], md[v], s0[v], t[3 * VOXELS + v]);
        }
    }
    for (int k = 0; k < 5; k++) vxg_array_release(all[k].a);
    vxg_array_release(&dwi), vxg_gradients_release(g);
}

/* c = a x b, of length 1 */
static void across(const double *a, const double *other, double *c) {
    for (int k = 0; k < 3; k++)
        c[k] = a[(k + 1) % 3] * other[(k + 2) % 3] - a[(k + 2) % 3] * other[(k + 1) % 3];
    const double size = sqrt(c[0] * c[0] + c[1] * c[1] + c[2] * c[2]);
    for (int k = 0; k < 3; k++) c[k] /= size;
}
/* Tensors of three different eigenvalues, of two and of one: T v = lambda v, falling, vectors of
 * length 1 across one another. */
static void eigen(vxg_real real) {
    static double x[N * VOXELS], t[6 * VOXELS], values[3 * VOXELS], vectors[9 * VOXELS];
    const double off = real == VXG_REAL_F64 ? 1e-13 : 2e-6;
    vxg_gradients *g = NULL;
    vxg_array dwi = {0};
    vxg_tensor_maps m = {0};
    table_of(1000);
    for (int v = 0; v < VOXELS; v++) {
        const double e[3] = {2e-3 - 2e-5 * (v % 40),
                             v % 3 == 1 ? 2e-3 - 2e-5 * (v % 40) : 9e-4 + 1e-5 * (v % 40),
                             v % 3 == 2 ? 9e-4 + 1e-5 * (v % 40) : 3e-4};
        double f[3][3];
        fibre_of(v, 0, f[0]), fibre_of(v, 1, f[1]);
        across(f[0], f[1], f[2]), across(f[2], f[0], f[1]);
        for (int i = 0; i < N; i++) {
            double exponent = 0;
            for (int k = 0; k < 3; k++) {
                const double dot =
                    d[3 * i] * f[k][0] + d[3 * i + 1] * f[k][1] + d[3 * i + 2] * f[k][2];
                exponent -= b[i] * e[(k + v) % 3] * dot * dot;
            }
            x[i * VOXELS + v] = 700 * exp(exponent);
        }
    }
    CHECK_OK(vxg_gradients_new(N, b, d, NULL, &g));
    CHECK_OK(dwi_array(dev, real, N, VOXELS, x, &dwi));
    CHECK_OK(dwi_array(dev, real, 6, VOXELS, NULL, &m.tensor));
    CHECK_OK(dwi_array(dev, real, 3, VOXELS, NULL, &m.eigenvalues));
    CHECK_OK(dwi_array(dev, real, 9, VOXELS, NULL, &m.eigenvectors));
    CHECK_OK(vxg_dwi_tensor(NULL, g, &dwi, NULL, NULL, &m));
    CHECK_OK(dwi_read(&m.tensor, t));
    CHECK_OK(dwi_read(&m.eigenvalues, values));
    CHECK_OK(dwi_read(&m.eigenvectors, vectors));
    for (int v = 0; v < VOXELS; v++)
        for (int k = 0; k < 3; k++) {
            static const int place[3][3] = {{0, 3, 4}, {3, 1, 5}, {4, 5, 2}};
            double residual = 0, like = 0;
            for (int r = 0; r < 3; r++) {
                double row = -values[k * VOXELS + v] * vectors[(3 * k + r) * VOXELS + v];
                for (int c = 0; c < 3; c++)
                    row += t[place[r][c] * VOXELS + v] * vectors[(3 * k + c) * VOXELS + v];
                residual = fmax(residual, fabs(row) / 2e-3);
            }
            for (int l = 0; l < 3; l++) {
                double dot = -(k == l);
                for (int c = 0; c < 3; c++)
                    dot += vectors[(3 * k + c) * VOXELS + v] * vectors[(3 * l + c) * VOXELS + v];
                like = fmax(like, fabs(dot));
            }
            CHECK(residual < off && like < off &&
                      (k == 0 || values[(k - 1) * VOXELS + v] >= values[k * VOXELS + v]),
                  "voxel %d, vector %d: residual %g, products %g", v, k, residual, like);
        }
    vxg_array_release(&dwi), vxg_array_release(&m.tensor);
    vxg_array_release(&m.eigenvalues), vxg_array_release(&m.eigenvectors);
    vxg_gradients_release(g);
}
TEST(eigen_float32)
{ eigen(VXG_REAL_F32); }
TEST(eigen_float64)
{
    if (!vxg_device_get_info(dev)->has_f64) SKIP("no float64 here");
    eigen(VXG_REAL_F64);
}

/* Fibres that cross at 60 degrees and more: deconvolution shows both, nearest directions of the
 * set. */
TEST(crossings)
{
    static double x[N * VOXELS], peaks[15 * VOXELS];
    vxg_gradients *g = NULL;
    vxg_array dwi = {0}, sh = {0};
    vxg_peaks_maps m = {0};
    vxg_response r = {0};
    int crossing = 0, wrong = 0;
    table_of(3000);
    for (int v = 0; v < VOXELS; v++) {
        double f[2][3];
        for (int k = 0; k < 2; k++) fibre_of(v, k, f[k]);
        for (int i = 0; i < N; i++)
            x[i * VOXELS + v] =
                500 * (signal_of(i, f[0], 1.7e-3, 0.3e-3) + signal_of(i, f[1], 1.7e-3, 0.3e-3));
    }
    CHECK_OK(vxg_gradients_new(N, b, d, NULL, &g));
    CHECK_OK(dwi_array(dev, VXG_REAL_F32, N, VOXELS, x, &dwi));
    CHECK_OK(dwi_array(dev, VXG_REAL_F32, 45, VOXELS, NULL, &sh));
    CHECK_OK(dwi_array(dev, VXG_REAL_F32, 15, VOXELS, NULL, &m.directions));
    CHECK_OK(vxg_response_tensor(g, 1, 8, (double[3]){1.7e-3, 0.3e-3, 0.3e-3}, 1000, &r));
    for (int rules = 0; rules < 2; rules++) {
        const vxg_csd_opts o = {.rules = (vxg_csd_rules)rules};
        CHECK_OK(vxg_dwi_csd(NULL, g, &dwi, NULL, &r, &o, &sh));
        CHECK_OK(vxg_dwi_peaks(NULL, &sh, NULL, NULL, NULL, &m));
        CHECK_OK(dwi_read(&m.directions, peaks));
        for (int v = 0; v < VOXELS; v++) {
            double f[2][3], c = 0, worst = 1;
            for (int k = 0; k < 2; k++) fibre_of(v, k, f[k]);
            for (int k = 0; k < 3; k++) c += f[0][k] * f[1][k];
            if (fabs(c) > 0.5) continue;
            for (int k = 0; k < 2; k++) {
                double best = 0;
                for (int p = 0; p < 2; p++) {
                    double e = 0;
                    for (int i = 0; i < 3; i++) e += peaks[(3 * p + i) * VOXELS + v] * f[k][i];
                    best = fmax(best, fabs(e));
                }
                worst = fmin(worst, best);
            }
            crossing++;
            wrong += worst < cos(8 * M_PI / 180); /* neighbours of the set are 8 degrees apart */
        }
    }
    EXPECT(crossing > VOXELS / 2 && wrong == 0, "%d of %d crossings", wrong, crossing);
    vxg_array_release(&dwi), vxg_array_release(&sh), vxg_array_release(&m.directions);
    vxg_gradients_release(g);
}

TEST(refused)
{
    vxg_gradients *g = NULL, *flat = NULL;
    vxg_array dwi = {0}, few = {0}, one = {0}, wide = {0};
    vxg_tensor_maps m = {0};
    vxg_sphere *s = NULL;
    vxg_response r = {.order = 8};
    table_of(1000);
    CHECK_OK(vxg_gradients_new(N, b, d, NULL, &g));
    CHECK_OK(dwi_array(dev, VXG_REAL_F32, N, 40, NULL, &dwi));
    CHECK_OK(dwi_array(dev, VXG_REAL_F32, N - 1, 40, NULL, &few));
    CHECK_OK(dwi_array(dev, VXG_REAL_F32, 1, 40, NULL, &one));
    CHECK_OK(dwi_array(dev, VXG_REAL_F32, 1, 41, NULL, &wide));
    m.fa = one;
    EXPECT(vxg_dwi_tensor(NULL, g, &few, NULL, NULL, &m) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "65"),
           "a volume less");
    m.fa = wide;
    EXPECT(vxg_dwi_tensor(NULL, g, &dwi, NULL, NULL, &m) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "fa"),
           "another grid");
    m.fa = one;
    const uint32_t beyond[2] = {3, 40};
    const int64_t two = 2;
    vxg_array list = {0};
    CHECK_OK(vxg_array_new(dev, VXG_U32, 1, &two, &list));
    CHECK_OK(vxg_array_write(NULL, &list, beyond));
    EXPECT(vxg_dwi_tensor(NULL, g, &dwi, &list, NULL, &m) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "names 40 of 40"),
           "a voxel beyond the series: %s", vxg_error_message());
    vxg_array_release(&list);
    m.fa = dwi, m.fa.shape[0] = 1;
    EXPECT(vxg_dwi_tensor(NULL, g, &dwi, NULL, NULL, &m) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "overlaps"),
           "a map in the series");
    m.fa = one;
    for (int i = 0; i < N; i++) b[i] = i < FIRST ? 0 : i % 2 ? 1000 : 3000;
    CHECK_OK(vxg_gradients_new(N, b, d, NULL, &flat));
    EXPECT(vxg_response_tensor(flat, 0, 4, (double[3]){1.7e-3, 3e-4, 3e-4}, 1, &r) ==
               VXG_ERR_ARGUMENT,
           "which shell?");
    CHECK_OK(vxg_response_tensor(flat, 1, 4, (double[3]){1.7e-3, 3e-4, 3e-4}, 1, &r));
    EXPECT(vxg_dwi_csd(NULL, flat, &dwi, NULL, &r, &(vxg_csd_opts){.order = 4, .shell = 2}, &one) ==
                   VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "b = 1000"),
           "the response of another shell: %s", vxg_error_message());
    vxg_gradients_release(flat);
    r = (vxg_response){.order = 8};
    for (int i = 0; i < N; i++) b[i] = i < FIRST ? 0 : 1000;
    for (int i = 0; i < N; i++) d[3 * i + 2] = 0, d[3 * i] = cos(i), d[3 * i + 1] = sin(i);
    CHECK_OK(vxg_gradients_new(N, b, d, NULL, &flat));
    EXPECT(vxg_dwi_tensor(NULL, flat, &dwi, NULL, NULL, &m) == VXG_ERR_NUMERICAL,
           "directions in a plane");
    for (int i = 0; i < N; i++) b[i] = 0;
    vxg_gradients_release(flat);
    CHECK_OK(vxg_gradients_new(N, b, d, NULL, &flat));
    EXPECT(vxg_dwi_tensor(NULL, flat, &dwi, NULL, NULL, &m) == VXG_ERR_NUMERICAL, "no weights");
    EXPECT(vxg_dwi_odf(NULL, flat, &dwi, NULL, NULL, &one) == VXG_ERR_INPUT, "no shell");
    EXPECT(vxg_dwi_csd(NULL, g, &dwi, NULL, &r, NULL, &one) == VXG_ERR_ARGUMENT,
           "a response of nothing");
    EXPECT(vxg_dwi_peaks(NULL, &few, NULL, NULL, NULL, &(vxg_peaks_maps){0}) == VXG_ERR_ARGUMENT,
           "65 coefficients");
    EXPECT(vxg_sphere_new(
               6, (double[18]){1, 0, 0, 0, 1, 0, -1, 0, 0, 0, -1, 0, 0.6, 0.8, 0, 0.8, 0.6, 0}, 0,
               &s) == VXG_ERR_ARGUMENT,
           "directions in a plane");
    EXPECT(vxg_sphere_new(
               7, (double[21]){1, 0, 0, -1, 0, 0, 0, 1, 0, 0, -1, 0, 0, 0, 1, 0, 0, -1, 2, 0, 0}, 0,
               &s) == VXG_ERR_ARGUMENT &&
               !s,
           "a direction twice");
    vxg_array_release(&dwi), vxg_array_release(&few), vxg_array_release(&one),
        vxg_array_release(&wide);
    vxg_gradients_release(g), vxg_gradients_release(flat);
}

DEVICES_MAIN("dwi_exact", T(tables), T(tables_refused), T(harmonics), T(tensors), T(eigen_float32),
             T(eigen_float64), T(crossings), T(refused))
