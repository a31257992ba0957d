/* MRtrix3's results on its own crop of a brain (b = 3000 s/mm2, 60 directions): tensors, harmonics
 * of the signals, spherical deconvolution. */
#include "dwi_data.h"
#include "on_devices.h"

#define FOLDER "dwi_mrtrix_b3000/"

/* A file's numbers (rows, voxels): the last axis of the image is the slowest of the block. */
static double *image(const char *name, int64_t *rows, int64_t *voxels, vxg_gradients **g) {
    char path[512], full[256];
    vxg_block_reader *r = NULL;
    snprintf(full, sizeof full, FOLDER "%.200s", name);
    if (!test_data(full, path, sizeof path) || vxg_io_register() || vxg_block_open(path, NULL, &r))
        return NULL;
    int64_t start[VXG_MAX_DIMS] = {0}, count[VXG_MAX_DIMS], n = 1;
    for (int i = 0; i < r->info.ndim; i++) n *= count[i] = r->info.axis[i].count;
    *rows = r->info.ndim > 3 ? count[0] : 1, *voxels = n / *rows;
    double *x = malloc((size_t)n * sizeof *x);
    int status = vxg_block_read(r, start, count, VXG_F64, x);
    for (int i = 0; g && i < r->info.nattributes && !status; i++) {
        double table[4 * 128];
        int k = 0;
        if (strcmp(r->info.attributes[i].name, "dw_scheme")) continue;
        for (char *p = (char *)(uintptr_t)r->info.attributes[i].text, *end; k < 512;
             p = end + strspn(end, ", \n")) {
            table[k] = strtod(p, &end);
            if (end == p) break;
            k++;
        }
        status = vxg_gradients_mrtrix(k / 4, table, NULL, g);
    }
    vxg_block_close(r);
    if (status) free(x), x = NULL;
    return x;
}

/* The largest difference of a voxel's rows over the voxel's largest value, the worst voxel. */
static double apart(const double *a, const double *b, int64_t rows, int64_t voxels,
                    const double *mask) {
    double worst = 0;
    for (int64_t v = 0; v < voxels; v++) {
        double most = 0, off = 0;
        for (int64_t k = 0; k < rows && (!mask || mask[v] > 0); k++) {
            most = fmax(most, fabs(b[k * voxels + v]));
            off = fmax(off, fabs(a[k * voxels + v] - b[k * voxels + v]));
        }
        if (most > 0) worst = fmax(worst, off / most);
        if (getenv("SHOW") && most > 0 && off / most > 1e-4)
            printf("voxel %lld: %g of %g\n", (long long)v, off, most);
    }
    return worst;
}

static void tensors(vxg_real real, double few) {
    static const char *const names[] = {"dwi2tensor/out_ols_it0.mif", "dwi2tensor/out_it0.mif",
                                        "dwi2tensor/out_it1.mif",     "dwi2tensor/out_it2.mif",
                                        "dwi2tensor/out_it3.mif",     "dwi2tensor/out_it4.mif"};
    int64_t rows, voxels, k;
    vxg_gradients *g = NULL;
    double *x = image("dwi.mif", &rows, &voxels, &g), *mask = image("mask.mif", &k, &voxels, NULL);
    if (!x || !mask) SKIP("no test data");
    for (int i = 0; i < 6; i++) {
        vxg_array dwi = {0};
        vxg_tensor_maps m = {0};
        const vxg_tensor_opts o = {.iterations = i == 0 ? 0 : i - 1,
                                   .start = i == 0 ? VXG_TENSOR_OLS : VXG_TENSOR_DATA,
                                   .min_signal = 1e-30,
                                   .min_share = 1e-6};
        double *want = image(names[i], &k, &voxels, NULL), *got = malloc((size_t)(6 * voxels) * 8);
        CHECK_OK(dwi_array(dev, real, rows, voxels, x, &dwi));
        CHECK_OK(dwi_array(dev, real, 6, voxels, NULL, &m.tensor));
        CHECK_OK(vxg_dwi_tensor(NULL, g, &dwi, NULL, &o, &m));
        CHECK_OK(dwi_read(&m.tensor, got));
        const double off = apart(got, want, 6, voxels, mask);
        EXPECT(off < few, "%s: %g", names[i], off);
        vxg_array_release(&dwi), vxg_array_release(&m.tensor);
        free(want), free(got);
    }
    free(x), free(mask), vxg_gradients_release(g);
}
TEST(tensors_float64)
{
    if (!vxg_device_get_info(dev)->has_f64) SKIP("no float64 here");
    tensors(VXG_REAL_F64, 1e-5);
}
TEST(tensors_float32)
{ tensors(VXG_REAL_F32, 1e-5); }

TEST(amplitudes)
{
    int64_t rows, voxels, k;
    vxg_gradients *g = NULL;
    vxg_array dwi = {0}, sh = {0};
    double *x = image("dwi.mif", &rows, &voxels, &g),
           *want = image("amp2sh/out.mif", &k, &voxels, NULL);
    const vxg_odf_opts o = {.order = 8};
    if (!x || !want) SKIP("no test data");
    double *got = malloc((size_t)(45 * voxels) * 8);
    CHECK(k == 45, "%lld coefficients", (long long)k);
    CHECK_OK(dwi_array(dev, VXG_REAL_F32, rows, voxels, x, &dwi));
    CHECK_OK(dwi_array(dev, VXG_REAL_F32, 45, voxels, NULL, &sh));
    CHECK_OK(vxg_dwi_odf(NULL, g, &dwi, NULL, &o, &sh));
    CHECK_OK(dwi_read(&sh, got));
    EXPECT(apart(got, want, 45, voxels, NULL) < 1e-5, "%g", apart(got, want, 45, voxels, NULL));
    vxg_array_release(&dwi), vxg_array_release(&sh), vxg_gradients_release(g);
    free(x), free(want), free(got);
}

/* MRtrix looks at 300 directions of its own: a text of azimuth and elevation, which
 * tests/deep/dwi_mrtrix.sh reads out of its program. */
static int directions_of(vxg_sphere **s) {
    const char *path = getenv("VXG_MRTRIX_DIRECTIONS");
    double *a = NULL, d[900];
    int64_t rows, columns;
    if (!path || vxg_numbers_read(path, &a, &rows, &columns, NULL)) return -1;
    for (int i = 0; i < 300 && rows == 300 && columns == 2; i++) {
        d[3 * i] = cos(a[2 * i]) * sin(a[2 * i + 1]),
              d[3 * i + 1] = sin(a[2 * i]) * sin(a[2 * i + 1]);
        d[3 * i + 2] = cos(a[2 * i + 1]);
    }
    vxg_free(a);
    return rows == 300 && columns == 2 ? vxg_sphere_new(300, d, 1, s) : -1;
}
static void deconvolution(vxg_real real, double few) {
    static const char *const names[] = {"dwi2fod/out.mif", "dwi2fod/out_lmax12.mif"};
    int64_t rows, voxels, k;
    vxg_gradients *g = NULL;
    vxg_sphere *s = NULL;
    double *x = image("dwi.mif", &rows, &voxels, &g);
    vxg_response r = {.order = 8, .zonal = {210.272, -137.933, 49.7983, -11.1691, 4.72801}};
    if (!x) SKIP("no test data");
    if (directions_of(&s))
        SKIP("VXG_MRTRIX_DIRECTIONS is not set: MRtrix3's 300 directions are its own");
    for (int i = 0; i < 2; i++) {
        vxg_array dwi = {0}, sh = {0};
        double *want = image(names[i], &k, &voxels, NULL), *got = malloc((size_t)(k * voxels) * 8);
        const vxg_csd_opts o = {.rules = VXG_CSD_MRTRIX, .order = vxg_sh_order(k), .sphere = s};
        CHECK_OK(dwi_array(dev, real, rows, voxels, x, &dwi));
        CHECK_OK(dwi_array(dev, real, k, voxels, NULL, &sh));
        CHECK_OK(vxg_dwi_csd(NULL, g, &dwi, NULL, &r, &o, &sh));
        CHECK_OK(dwi_read(&sh, got));
        EXPECT(apart(got, want, k, voxels, NULL) < few, "%s: %g", names[i],
               apart(got, want, k, voxels, NULL));
        vxg_array_release(&dwi), vxg_array_release(&sh);
        free(want), free(got);
    }
    free(x), vxg_gradients_release(g), vxg_sphere_release(s);
}
TEST(deconvolution_float64)
{
    if (!vxg_device_get_info(dev)->has_f64) SKIP("no float64 here");
    deconvolution(VXG_REAL_F64, 1e-5);
}
TEST(deconvolution_float32)
{ deconvolution(VXG_REAL_F32, 1e-4); }

DEVICES_MAIN("dwi_mrtrix", T(tensors_float64), T(tensors_float32), T(amplitudes),
             T(deconvolution_float64), T(deconvolution_float32))
