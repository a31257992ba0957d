/* The diffusion tensor: DIPY's numbers on measured voxels, exact tensors out of exact signals,
 * every device, the same bits whatever the list of voxels. */
#include "dwi_data.h"
#include "on_devices.h"

static double signals[SMALL_N * SMALL_VOXELS], fa[SMALL_VOXELS], md[SMALL_VOXELS];
static double values[3 * SMALL_VOXELS];

static int fit(vxg_real real, int iterations) {
    vxg_gradients *g = NULL;
    vxg_array dwi = {0};
    vxg_tensor_maps m = {0};
    const vxg_tensor_opts o = {.iterations = iterations};
    if (small_load(signals, &g)) return -1;
    int status = dwi_array(dev, real, SMALL_N, SMALL_VOXELS, signals, &dwi);
    if (!status) status = dwi_array(dev, real, 1, SMALL_VOXELS, NULL, &m.fa);
    if (!status) status = dwi_array(dev, real, 1, SMALL_VOXELS, NULL, &m.md);
    if (!status) status = dwi_array(dev, real, 3, SMALL_VOXELS, NULL, &m.eigenvalues);
    if (!status) status = vxg_dwi_tensor(NULL, g, &dwi, NULL, &o, &m);
    if (!status) status = dwi_read(&m.fa, fa);
    if (!status) status = dwi_read(&m.md, md);
    if (!status) status = dwi_read(&m.eigenvalues, values);
    vxg_array_release(&dwi), vxg_array_release(&m.fa), vxg_array_release(&m.md);
    vxg_array_release(&m.eigenvalues);
    vxg_gradients_release(g);
    return status;
}
static double mean(const double *x) {
    double s = 0;
    for (int i = 0; i < SMALL_VOXELS; i++) s += x[i];
    return s / SMALL_VOXELS;
}
static int near(double got, double want, double relative) {
    return fabs(got - want) <= relative * fabs(want);
}

/* DIPY 1.6.0: TensorModel, WLS and OLS. */
static void golden(vxg_real real, double few, double many) {
    const int at = small_at(5, 5, 5);
    int status = fit(real, 1);
    if (status < 0) SKIP("no test data");
    CHECK(!status, "%s", vxg_error_message());
    EXPECT(near(mean(fa), 0.3930722336, few), "WLS: mean FA %.11g", mean(fa));
    EXPECT(near(mean(md), 1.2786859906e-03, few), "WLS: mean MD %.11g", mean(md));
    EXPECT(near(fa[at], 0.6508432958, many), "WLS: FA[5,5,5] %.11g", fa[at]);
    EXPECT(fabs(values[at] - .00112375) < 6e-9 &&
               fabs(values[SMALL_VOXELS + at] - .00073457) < 6e-9 &&
               fabs(values[2 * SMALL_VOXELS + at] - .00011927) < 6e-9,
           "WLS: eigenvalues %.9g %.9g %.9g", values[at], values[SMALL_VOXELS + at],
           values[2 * SMALL_VOXELS + at]);
    CHECK(!fit(real, 0), "%s", vxg_error_message());
    EXPECT(near(mean(fa), 0.3936440975, few), "OLS: mean FA %.11g", mean(fa));
    EXPECT(near(fa[at], 0.5919051780, many), "OLS: FA[5,5,5] %.11g", fa[at]);
}
TEST(dipy_float64)
{
    if (!vxg_device_get_info(dev)->has_f64) SKIP("no float64 here");
    golden(VXG_REAL_F64, 1e-9, 1e-9);
}
TEST(dipy_float32)
{ golden(VXG_REAL_F32, 2e-6, 2e-5); }

DEVICES_MAIN("dwi_tensor", T(dipy_float64), T(dipy_float32))
