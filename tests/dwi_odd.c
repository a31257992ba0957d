/* Diffusion's odd inputs: signals that are no numbers or constant, unweighted volumes of small b,
 * lists, arrays of another layout, what is refused and changes nothing. On every device. */
#include "dwi_table.h"
#include "on_devices.h"

enum { VOXELS = 60, BAD = 3 };
static double x[N * VOXELS], out[45 * VOXELS], clean[45 * VOXELS];

/* A fibre in every voxel. */
static void fill(double most) {
    table_of(most);
    for (int v = 0; v < VOXELS; v++) {
        double f[3];
        fibre_of(v, 0, f);
        for (int i = 0; i < N; i++) x[i * VOXELS + v] = (500 + v) * signal_of(i, f, 1.7e-3, 0.3e-3);
    }
}
static int is_nan(const double *a, int rows, int v) {
    int n = 0;
    for (int k = 0; k < rows; k++) n += isnan(a[k * VOXELS + v]) != 0;
    return n == rows;
}
static int same_but(const double *a, const double *c, int rows, int without) {
    for (int i = 0; i < rows * VOXELS; i++)
        if (i % VOXELS != without && a[i] != c[i]) return 0;
    return 1;
}

enum { MAPS = 9 };
static const int rows_of[MAPS] = {6, 1, 3, 9, 1, 1, 1, 1, 3};
static vxg_array *map_at(vxg_tensor_maps *m, int i) {
    vxg_array *const all[MAPS] = {&m->tensor, &m->s0, &m->eigenvalues, &m->eigenvectors, &m->fa,
                                  &m->md,     &m->ad, &m->rd,          &m->rgb};
    return all[i];
}
/* All maps of the series into one array of 26 rows. */
static int tensor(vxg_real real, const vxg_gradients *g, double *to) {
    vxg_tensor_maps m = {0};
    vxg_array dwi = {0};
    const vxg_tensor_opts o = {.iterations = 2};
    int status = dwi_array(dev, real, N, VOXELS, x, &dwi);
    for (int i = 0; i < MAPS && !status; i++)
        status = dwi_array(dev, real, rows_of[i], VOXELS, NULL, map_at(&m, i));
    if (!status) status = vxg_dwi_tensor(NULL, g, &dwi, NULL, &o, &m);
    for (int i = 0; i < MAPS; to += rows_of[i++] * VOXELS) {
        if (!status) status = dwi_read(map_at(&m, i), to);
        vxg_array_release(map_at(&m, i));
    }
    vxg_array_release(&dwi);
    return status;
}
/* Harmonics, their anisotropy behind them, then numbers of five peaks. */
static int odf(vxg_real real, const vxg_gradients *g, int kind, int order, double *to) {
    const int terms = (int)vxg_sh_count(order);
    const vxg_odf_opts o = {.kind = (vxg_odf_kind)kind, .order = order};
    vxg_array dwi = {0}, sh = {0}, gfa = {0};
    vxg_peaks_maps m = {0};
    int status = dwi_array(dev, real, N, VOXELS, x, &dwi);
    if (!status) status = dwi_array(dev, real, terms, VOXELS, NULL, &sh);
    if (!status) status = dwi_array(dev, real, 1, VOXELS, NULL, &gfa);
    if (!status) status = dwi_array(dev, real, 5, VOXELS, NULL, &m.numbers);
    if (!status) status = vxg_dwi_odf(NULL, g, &dwi, NULL, &o, &sh);
    if (!status) status = vxg_dwi_gfa(NULL, &sh, NULL, &gfa);
    if (!status) status = vxg_dwi_peaks(NULL, &sh, NULL, NULL, NULL, &m);
    if (!status) status = dwi_read(&sh, to);
    if (!status) status = dwi_read(&gfa, to + terms * VOXELS);
    if (!status) status = dwi_read(&m.numbers, to + (terms + 1) * VOXELS);
    vxg_array_release(&dwi), vxg_array_release(&sh), vxg_array_release(&gfa);
    vxg_array_release(&m.numbers);
    return status;
}
static int csd(vxg_real real, const vxg_gradients *g, int rules, double *to) {
    const vxg_csd_opts o = {.rules = (vxg_csd_rules)rules};
    vxg_array dwi = {0}, sh = {0};
    vxg_response r = {0};
    int status = vxg_response_tensor(g, 0, 8, (double[3]){1.7e-3, 3e-4, 3e-4}, 500, &r);
    if (!status) status = dwi_array(dev, real, N, VOXELS, x, &dwi);
    if (!status) status = dwi_array(dev, real, 45, VOXELS, NULL, &sh);
    if (!status) status = vxg_dwi_csd(NULL, g, &dwi, NULL, &r, &o, &sh);
    if (!status) status = dwi_read(&sh, to);
    vxg_array_release(&dwi), vxg_array_release(&sh);
    return status;
}

/* One signal that is no finite number: everything of its voxel is NaN, nothing of the others. */
static void not_numbers(vxg_real real) {
    static const double bad[3] = {NAN, INFINITY, -INFINITY};
    vxg_gradients *g = NULL;
    fill(3000);
    CHECK_OK(vxg_gradients_new(N, b, d, NULL, &g));
    for (int i = 0; i < 6; i++) {
        const int at = (i < 3 ? 0 : 30) * VOXELS + BAD;
        const double whole = x[at];
        CHECK_OK(tensor(real, g, clean));
        x[at] = bad[i % 3];
        CHECK_OK(tensor(real, g, out));
        EXPECT(is_nan(out, 26, BAD) && same_but(out, clean, 26, BAD), "tensor of %g", x[at]);
        for (int kind = i < 3 ? 1 : 0; kind < 4; kind++) {
            x[at] = whole;
            CHECK_OK(odf(real, g, kind, 4, clean));
            x[at] = bad[i % 3];
            CHECK_OK(odf(real, g, kind, 4, out));
            EXPECT(is_nan(out, 16, BAD) && same_but(out, clean, 21, BAD), "kind %d of %g", kind,
                   x[at]);
            for (int p = 0; p < 5; p++)
                EXPECT(out[(16 + p) * VOXELS + BAD] == -1, "kind %d: a peak of %g", kind, x[at]);
        }
        for (int rules = 0; rules < 2 && i >= 3; rules++) {
            x[at] = whole;
            CHECK_OK(csd(real, g, rules, clean));
            x[at] = bad[i % 3];
            CHECK_OK(csd(real, g, rules, out));
            EXPECT(is_nan(out, 45, BAD) && same_but(out, clean, 45, BAD), "rules %d of %g", rules,
                   x[at]);
        }
        x[at] = whole;
    }
    vxg_gradients_release(g);
}
/* Signals that are 0, negative or the same everywhere have no peaks, and no noise of rounding does.
 */
static void constants(vxg_real real) {
    static const double level[4] = {0, -3, 7, 1234.5};
    vxg_gradients *g = NULL;
    fill(1000);
    for (int i = 0; i < N; i++)
        for (int v = 0; v < VOXELS - 1; v++) x[i * VOXELS + v] = level[v % 4] * (1 + v / 4);
    CHECK_OK(vxg_gradients_new(N, b, d, NULL, &g));
    for (int kind = 0; kind < 4; kind++)
        for (int order = 4; order <= 8; order += 4) {
            const int terms = (int)vxg_sh_count(order);
            static double all[51 * VOXELS];
            CHECK_OK(odf(real, g, kind, order, all));
            for (int v = 0; v < VOXELS - 1; v++) {
                const double gfa = all[terms * VOXELS + v];
                EXPECT(gfa >= 0 && gfa < 1e-4 && all[(terms + 1) * VOXELS + v] == -1,
                       "kind %d, order %d, level %g: gfa %g, peak %g", kind, order, x[v], gfa,
                       all[(terms + 1) * VOXELS + v]);
            }
            EXPECT(all[(terms + 1) * VOXELS + VOXELS - 1] >= 0, "kind %d: a fibre has no peak",
                   kind);
        }
    vxg_gradients_release(g);
}
TEST(not_numbers_float32)
{ not_numbers(VXG_REAL_F32); }
TEST(not_numbers_float64)
{
    if (!vxg_device_get_info(dev)->has_f64) SKIP("no float64 here");
    not_numbers(VXG_REAL_F64);
}
TEST(constants_float32)
{ constants(VXG_REAL_F32); }
TEST(constants_float64)
{
    if (!vxg_device_get_info(dev)->has_f64) SKIP("no float64 here");
    constants(VXG_REAL_F64);
}

/* Unweighted volumes of b = 40 with directions: the tensor reckons with them, exactly. */
TEST(small_b)
{
    vxg_gradients *g = NULL;
    double unit[2][3] = {{0.6, 0, 0.8}, {0, 1, 0}};
    table_of(1000);
    for (int i = 0; i < FIRST; i++) b[i] = 40, memcpy(d + 3 * i, unit[i], sizeof unit[i]);
    for (int v = 0; v < VOXELS; v++) {
        double f[3];
        fibre_of(v, 0, f);
        for (int i = 0; i < N; i++) x[i * VOXELS + v] = 800 * signal_of(i, f, 1.7e-3, 0.3e-3);
    }
    CHECK_OK(vxg_gradients_new(N, b, d, NULL, &g));
    EXPECT(vxg_gradients_shell_count(g, 0) == FIRST, "two unweighted volumes");
    EXPECT(vxg_gradients_directions(g)[2] == 0.8, "a unit vector stays");
    CHECK_OK(tensor(VXG_REAL_F32, g, out));
    for (int v = 0; v < VOXELS; v++)
        CHECK(fabs(out[6 * VOXELS + v] / 800 - 1) < 1e-5 &&
                  fabs(out[19 * VOXELS + v] - 0.799022) < 1e-5,
              "voxel %d: S0 %g, FA %.9g", v, out[6 * VOXELS + v], out[19 * VOXELS + v]);
    vxg_gradients_release(g);
}

/* Outside the list results are 0, numbers of peaks -1; what is refused changes nothing. */
TEST(outside_the_list)
{
    const uint32_t list[2] = {5, 7};
    const int64_t two = 2, none = 0;
    vxg_gradients *g = NULL, *flat = NULL;
    vxg_array dwi = {0}, sh = {0}, voxels = {0}, empty = {0};
    vxg_peaks_maps p = {0};
    vxg_tensor_maps m = {0};
    fill(1000);
    CHECK_OK(vxg_gradients_new(N, b, d, NULL, &g));
    CHECK_OK(dwi_array(dev, VXG_REAL_F32, N, VOXELS, x, &dwi));
    CHECK_OK(dwi_array(dev, VXG_REAL_F32, 15, VOXELS, NULL, &sh));
    CHECK_OK(dwi_array(dev, VXG_REAL_F32, 5, VOXELS, NULL, &p.numbers));
    CHECK_OK(dwi_array(dev, VXG_REAL_F32, 5, VOXELS, NULL, &p.values));
    CHECK_OK(dwi_array(dev, VXG_REAL_F32, 1, VOXELS, NULL, &m.fa));
    CHECK_OK(vxg_array_new(dev, VXG_U32, 1, &two, &voxels));
    CHECK_OK(vxg_array_write(NULL, &voxels, list));
    CHECK_OK(vxg_array_new(dev, VXG_U32, 1, &none, &empty));
    CHECK_OK(vxg_dwi_odf(NULL, g, &dwi, NULL, NULL, &sh));
    for (int k = 0; k < 2; k++) {
        CHECK_OK(vxg_array_fill(NULL, &p.numbers, 9));
        CHECK_OK(vxg_dwi_peaks(NULL, &sh, k ? &empty : &voxels, NULL, NULL, &p));
        CHECK_OK(dwi_read(&p.numbers, out));
        CHECK_OK(dwi_read(&p.values, clean));
        for (int v = 0; v < VOXELS; v++) {
            const int in = !k && (v == 5 || v == 7);
            EXPECT(in ? out[v] >= 0 : out[v] == -1 && out[4 * VOXELS + v] == -1,
                   "voxel %d has the peak %g", v, out[v]);
            EXPECT(in || clean[v] == 0, "voxel %d has a peak of %g", v, clean[v]);
        }
    }
    for (int i = 0; i < N; i++) d[3 * i] = cos(i), d[3 * i + 1] = sin(i), d[3 * i + 2] = 0;
    CHECK_OK(vxg_gradients_new(N, b, d, NULL, &flat));
    CHECK_OK(vxg_array_fill(NULL, &m.fa, 9));
    EXPECT(vxg_dwi_tensor(NULL, flat, &dwi, &voxels, NULL, &m) == VXG_ERR_NUMERICAL, "in a plane");
    m.md = sh; /* wrong: fa stands before it */
    EXPECT(vxg_dwi_tensor(NULL, g, &dwi, &voxels, NULL, &m) == VXG_ERR_ARGUMENT,
           "a map of 15 rows");
    CHECK_OK(dwi_read(&m.fa, out));
    for (int v = 0; v < VOXELS; v++) EXPECT(out[v] == 9, "refused, but fa became %g", out[v]);
    vxg_array_release(&dwi), vxg_array_release(&sh), vxg_array_release(&voxels);
    vxg_array_release(&empty), vxg_array_release(&m.fa), vxg_array_release(&p.numbers);
    vxg_array_release(&p.values);
    vxg_gradients_release(g), vxg_gradients_release(flat);
}

static int fits_as(const vxg_gradients *g, const vxg_array *dwi, int one, int ndim,
                   const int64_t *shape) {
    vxg_tensor_maps m = {0};
    vxg_array *to = one ? &m.fa : &m.eigenvalues;
    int status = vxg_array_new(dev, VXG_F32, ndim, shape, to);
    if (!status) status = vxg_dwi_tensor(NULL, g, dwi, NULL, NULL, &m);
    vxg_array_release(to);
    return status;
}
TEST(layouts)
{
    const int64_t whole[4] = {N, 3, 4, 5}, one[2] = {1, VOXELS};
    static const struct {
        int one, ndim, good;
        int64_t shape[4];
    } all[] = {{0, 4, 1, {3, 3, 4, 5}}, {0, 2, 1, {3, 60}},      {0, 4, 0, {3, 4, 5, 3}},
               {0, 4, 0, {3, 5, 4, 3}}, {0, 2, 0, {60, 3}},      {0, 3, 0, {3, 4, 15}},
               {0, 3, 0, {3, 3, 20}},   {0, 1, 0, {180}},        {0, 4, 0, {1, 9, 4, 5}},
               {0, 4, 0, {4, 3, 4, 5}}, {0, 2, 0, {2, 60}},      {1, 3, 1, {3, 4, 5}},
               {1, 3, 0, {5, 4, 3}},    {1, 4, 1, {1, 3, 4, 5}}, {1, 4, 0, {1, 5, 4, 3}},
               {1, 2, 1, {1, 60}},      {1, 2, 0, {60, 1}}};
    vxg_gradients *g = NULL;
    vxg_array dwi = {0};
    vxg_tensor_maps m = {0};
    fill(1000);
    CHECK_OK(vxg_gradients_new(N, b, d, NULL, &g));
    CHECK_OK(vxg_array_new(dev, VXG_F32, 4, whole, &dwi));
    CHECK_OK(vxg_array_fill(NULL, &dwi, 1));
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        EXPECT(fits_as(g, &dwi, all[i].one, all[i].ndim, all[i].shape) ==
                   (all[i].good ? VXG_OK : VXG_ERR_ARGUMENT),
               "layout %zu: %s", i, vxg_error_message());
    CHECK_OK(vxg_array_new(dev, VXG_F32, 2, one, &m.fa));
    m.md = m.fa;
    EXPECT(vxg_dwi_tensor(NULL, g, &dwi, NULL, NULL, &m) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "md overlaps tensor: fa"),
           "one array for two maps: %s", vxg_error_message());
    vxg_array_release(&dwi), vxg_array_release(&m.fa), vxg_gradients_release(g);
}

TEST(responses_refused)
{
    vxg_gradients *g = NULL;
    vxg_array dwi = {0}, sh = {0};
    vxg_response good = {0};
    fill(1000);
    CHECK_OK(vxg_gradients_new(N, b, d, NULL, &g));
    CHECK_OK(vxg_response_tensor(g, 0, 8, (double[3]){1.7e-3, 3e-4, 3e-4}, 500, &good));
    CHECK_OK(dwi_array(dev, VXG_REAL_F32, N, VOXELS, x, &dwi));
    CHECK_OK(dwi_array(dev, VXG_REAL_F32, 45, VOXELS, NULL, &sh));
    for (int i = 0; i < 9; i++) {
        vxg_response r = good;
        if (i == 0) r.zonal[1] = NAN;
        if (i == 1) r.zonal[4] = INFINITY;
        if (i == 2) r.zonal[0] = INFINITY;
        if (i == 3) r.zonal[0] = 1e-300;
        if (i == 4) r.b = NAN;
        if (i == 5) r.b = -5;
        if (i == 6) r.b = INFINITY;
        if (i == 7) r.reserved[0] = 7;
        if (i == 8) r.zonal[5] = NAN; /* beyond its order: not looked at */
        for (int rules = 0; rules < 2; rules++) {
            const vxg_csd_opts o = {.rules = (vxg_csd_rules)rules};
            EXPECT(vxg_dwi_csd(NULL, g, &dwi, NULL, &r, &o, &sh) ==
                       (i == 8 ? VXG_OK : VXG_ERR_ARGUMENT),
                   "response %d, rules %d: %s", i, rules, vxg_error_message());
        }
    }
    vxg_array_release(&dwi), vxg_array_release(&sh), vxg_gradients_release(g);
}

TEST(small_things)
{
    double at[3], row[45], unit[45];
    const double base[3] = {0.48, -0.6, 0.64};
    vxg_array seven = {0}, one = {0};
    vxg_gradients *g = NULL;
    vxg_sphere *s = NULL;
    vxg_tensor_maps m = {0};
    fill(1000);
    CHECK_OK(vxg_gradients_new(N, b, d, NULL, &g));
    CHECK_OK(vxg_sh_matrix(VXG_SH_TOURNIER07, 8, 1, base, unit));
    static const double scale[5] = {1e-200, 1e200, 0, NAN, INFINITY};
    for (int i = 0; i < 5; i++) {
        for (int k = 0; k < 3; k++) at[k] = base[k] * scale[i];
        const int status = vxg_sh_matrix(VXG_SH_TOURNIER07, 8, 1, at, row);
        EXPECT(status == (i < 2 ? VXG_OK : VXG_ERR_ARGUMENT), "times %g: %d", scale[i], status);
        for (int k = 0; k < 45 && i < 2; k++)
            EXPECT(fabs(row[k] - unit[k]) < 1e-13, "times %g, term %d: %g", scale[i], k, row[k]);
    }
    CHECK_OK(dwi_array(dev, VXG_REAL_F32, 7, VOXELS, x, &seven));
    CHECK_OK(dwi_array(dev, VXG_REAL_F32, 1, VOXELS, NULL, &one));
    EXPECT(vxg_dwi_gfa(NULL, &seven, NULL, &one) == VXG_ERR_ARGUMENT, "gfa of 7 rows");
    vxg_array_release(&seven);
    CHECK_OK(dwi_array(dev, VXG_REAL_F32, 15, VOXELS, NULL, &seven));
    CHECK_OK(vxg_array_fill(NULL, &seven, 0));
    CHECK_OK(vxg_dwi_gfa(NULL, &seven, NULL, &one));
    CHECK_OK(dwi_read(&one, out));
    EXPECT(out[0] == 0, "gfa of nothing: %g", out[0]);
    vxg_array_release(&seven);
    CHECK_OK(dwi_array(dev, VXG_REAL_F32, N, VOXELS, x, &seven));
    m.fa = one;
    EXPECT(vxg_dwi_tensor(NULL, g, &seven, NULL, &(vxg_tensor_opts){.reserved0 = 1}, &m) ==
               VXG_ERR_ARGUMENT,
           "reserved0 of tensor's options");
    m.reserved0 = 1;
    EXPECT(vxg_dwi_tensor(NULL, g, &seven, NULL, NULL, &m) == VXG_ERR_ARGUMENT,
           "reserved0 of the maps");
    EXPECT(vxg_dwi_odf(NULL, g, &seven, NULL, &(vxg_odf_opts){.reserved0 = 1}, &one) ==
                   VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "reserved0"),
           "reserved0 of odf's options");
    EXPECT(vxg_sphere_new(
               6, (double[18]){1, 0, 0, 0, 1, 0, 0, 0, 1, 0.6, 0.8, 0, 0.8, 0.6, 0, 1, 0, 0}, 1,
               &s) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "direction 5 stands"),
           "a direction twice: %s", vxg_error_message());
    vxg_array_release(&seven), vxg_array_release(&one), vxg_gradients_release(g);
}

/* Released handles are known as such. */
TEST(released)
{
    vxg_gradients *g = NULL, *part = NULL;
    vxg_sphere *s = NULL;
    vxg_array dwi = {0}, sh = {0};
    vxg_tensor_maps m = {0};
    vxg_peaks_maps p = {0};
    vxg_response r = {0};
    fill(1000);
    CHECK_OK(vxg_gradients_new(N, b, d, NULL, &g));
    CHECK_OK(vxg_sphere_named(NULL, &s));
    CHECK_OK(dwi_array(dev, VXG_REAL_F32, N, VOXELS, x, &dwi));
    CHECK_OK(dwi_array(dev, VXG_REAL_F32, 45, VOXELS, NULL, &sh));
    CHECK_OK(vxg_array_fill(NULL, &sh, 1));
    CHECK_OK(vxg_response_tensor(g, 0, 8, (double[3]){1.7e-3, 3e-4, 3e-4}, 500, &r));
    EXPECT(vxg_gradients_retain(g) == g && vxg_sphere_retain(s) == s, "one more reference");
    vxg_gradients_release(g), vxg_sphere_release(s);
    EXPECT(vxg_gradients_count(g) == N && vxg_sphere_count(s) == 362, "alive");
    vxg_sphere_release(s);
    EXPECT(vxg_dwi_peaks(NULL, &sh, NULL, s, NULL, &p) == VXG_ERR_ARGUMENT, "peaks");
    EXPECT(vxg_dwi_csd(NULL, g, &dwi, NULL, &r, &(vxg_csd_opts){.sphere = s}, &sh) ==
               VXG_ERR_ARGUMENT,
           "deconvolution on a released set");
    vxg_gradients_release(g);
    EXPECT(vxg_dwi_tensor(NULL, g, &dwi, NULL, NULL, &m) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "released"),
           "tensor: %s", vxg_error_message());
    EXPECT(vxg_dwi_odf(NULL, g, &dwi, NULL, NULL, &sh) == VXG_ERR_ARGUMENT, "odf");
    EXPECT(vxg_dwi_csd(NULL, g, &dwi, NULL, &r, NULL, &sh) == VXG_ERR_ARGUMENT, "csd");
    EXPECT(vxg_response_auto(NULL, g, &dwi, NULL, 0, 8, 0, &r) == VXG_ERR_ARGUMENT, "response");
    EXPECT(vxg_gradients_take(g, 1, (int64_t[1]){0}, &part) == VXG_ERR_ARGUMENT, "take");
    EXPECT(!vxg_gradients_retain(g) && !vxg_sphere_retain(s) && !vxg_gradients_b(g) &&
               !vxg_sphere_directions(s) && vxg_gradients_count(g) == 0 && vxg_sphere_count(s) == 0,
           "getters");
    vxg_gradients_release(g), vxg_sphere_release(s); /* twice: nothing happens */
    vxg_array_release(&dwi), vxg_array_release(&sh);
}

/* More voxels than a block has, and not whole runs of them: the same bits as by a list, which is
 * read one by one. */
TEST(many_voxels)
{
    enum { MANY = 4243 };
    double *all = calloc((size_t)N * MANY, sizeof *all), *got[2];
    uint32_t *at = calloc(MANY, sizeof *at);
    const int64_t count = MANY;
    vxg_gradients *g = NULL;
    vxg_array dwi = {0}, list = {0};
    fill(1000);
    CHECK_OK(vxg_gradients_new(N, b, d, NULL, &g));
    for (int i = 0; i < N; i++)
        for (int v = 0; v < MANY; v++)
            all[i * MANY + v] = x[i * VOXELS + v % VOXELS] * (1 + v / VOXELS * 1e-3);
    for (int v = 0; v < MANY; v++) at[v] = (uint32_t)v;
    CHECK_OK(dwi_array(dev, VXG_REAL_F32, N, MANY, all, &dwi));
    CHECK_OK(vxg_array_new(dev, VXG_U32, 1, &count, &list));
    CHECK_OK(vxg_array_write(NULL, &list, at));
    for (int k = 0; k < 2; k++) {
        vxg_tensor_maps m = {0};
        got[k] = calloc((size_t)9 * MANY, sizeof **got);
        CHECK_OK(dwi_array(dev, VXG_REAL_F32, 9, MANY, NULL, &m.eigenvectors));
        CHECK_OK(vxg_dwi_tensor(NULL, g, &dwi, k ? &list : NULL, NULL, &m));
        CHECK_OK(dwi_read(&m.eigenvectors, got[k]));
        vxg_array_release(&m.eigenvectors);
    }
    int off = 0;
    for (int i = 0; i < 9 * MANY; i++) off += !(got[0][i] == got[1][i]);
    EXPECT(off == 0, "%d numbers of %d", off, 9 * MANY);
    vxg_array_release(&dwi), vxg_array_release(&list), vxg_gradients_release(g);
    free(all), free(at), free(got[0]), free(got[1]);
}

/* Fits say how far they are, to the end, and stop when they are asked to. */
typedef struct told {
    double last, total;
    int calls, backwards;
} told;
static void tell(void *context, const char *what, double done, double total) {
    told *t = context;
    t->backwards += done < t->last || !what || !*what;
    t->last = done, t->total = total, t->calls++;
}
static int fit_kind(int kind, const vxg_gradients *g, const vxg_progress *progress) {
    const vxg_tensor_opts tensor_opts = {.progress = progress};
    const vxg_odf_opts odf_opts = {.kind = VXG_ODF_OPDT, .progress = progress};
    const vxg_csd_opts csd_opts = {.order = 4, .progress = progress};
    const vxg_peaks_opts peaks_opts = {.progress = progress};
    const vxg_recursive_opts recursive = {.order = 4, .iterations = 2, .progress = progress};
    vxg_array dwi = {0}, c = {0}, one = {0};
    vxg_response r = {0};
    int status = vxg_response_tensor(g, 0, 4, (double[3]){1.7e-3, 3e-4, 3e-4}, 500, &r);
    if (!status) status = dwi_array(dev, VXG_REAL_F32, N, VOXELS, x, &dwi);
    if (!status) status = dwi_array(dev, VXG_REAL_F32, 15, VOXELS, NULL, &c);
    if (!status) status = dwi_array(dev, VXG_REAL_F32, kind == 3 ? 5 : 1, VOXELS, NULL, &one);
    const vxg_tensor_maps maps = {.fa = one};
    const vxg_peaks_maps peaks = {.values = one};
    if (!status && kind == 0) status = vxg_dwi_tensor(NULL, g, &dwi, NULL, &tensor_opts, &maps);
    if (!status && kind == 1) status = vxg_dwi_odf(NULL, g, &dwi, NULL, &odf_opts, &c);
    if (!status && kind == 2) status = vxg_dwi_csd(NULL, g, &dwi, NULL, &r, &csd_opts, &c);
    if (!status && kind == 3) status = vxg_dwi_peaks(NULL, &c, NULL, NULL, &peaks_opts, &peaks);
    if (!status && kind == 4) status = vxg_response_recursive(NULL, g, &dwi, NULL, &recursive, &r);
    vxg_array_release(&dwi), vxg_array_release(&c), vxg_array_release(&one);
    return status;
}
TEST(progress)
{
    vxg_gradients *g = NULL;
    fill(1000);
    CHECK_OK(vxg_gradients_new(N, b, d, NULL, &g));
    for (int kind = 0; kind < 5; kind++) {
        const int stop = 1;
        told t = {0};
        vxg_progress p = {.report = tell, .context = &t};
        CHECK_OK(fit_kind(kind, g, &p));
        EXPECT(t.calls >= 2 && !t.backwards && t.last == t.total &&
                   t.total == (kind == 4 ? 2 : VOXELS),
               "fit %d: %d reports, %g of %g", kind, t.calls, t.last, t.total);
        p.cancel = &stop;
        EXPECT(fit_kind(kind, g, &p) == VXG_ERR_CANCELLED, "fit %d: %s", kind, vxg_error_message());
        p.size = 3;
        EXPECT(fit_kind(kind, g, &p) == VXG_ERR_ARGUMENT, "fit %d: a progress of 3 bytes", kind);
    }
    vxg_gradients_release(g);
}

DEVICES_MAIN("dwi_odd", T(not_numbers_float32), T(not_numbers_float64), T(constants_float32),
             T(constants_float64), T(small_b), T(outside_the_list), T(layouts),
             T(responses_refused), T(small_things), T(released), T(many_voxels), T(progress))
