/* Constrained spherical deconvolution and its response: DIPY's numbers (1.12.1) on measured voxels;
 * float32 and other devices against float64; a voxel's bits do not depend on the others. */
#include "dwi_data.h"
#include "on_devices.h"

static double signals[SMALL_N * SMALL_VOXELS];

static int fit(vxg_real real, const vxg_array *voxels, int order, vxg_response *r, double *sh) {
    vxg_gradients *g = NULL;
    vxg_array dwi = {0}, c = {0};
    const vxg_csd_opts o = {.order = order, .basis = VXG_SH_DESCOTEAUX07_LEGACY};
    if (small_load(signals, &g)) return -1;
    int status = dwi_array(dev, real, SMALL_N, SMALL_VOXELS, signals, &dwi);
    if (!status) status = dwi_array(dev, real, vxg_sh_count(order), SMALL_VOXELS, NULL, &c);
    if (!status && r->order == 0) status = vxg_response_auto(NULL, g, &dwi, NULL, 0, 8, 0.5, r);
    if (!status) status = vxg_dwi_csd(NULL, g, &dwi, voxels, r, &o, &c);
    if (!status) status = dwi_read(&c, sh);
    vxg_array_release(&dwi), vxg_array_release(&c);
    vxg_gradients_release(g);
    return status;
}
static double sum_of(const double *x, int n) {
    double s = 0;
    for (int i = 0; i < n; i++) s += x[i];
    return s;
}

static double exact[45 * SMALL_VOXELS], got[45 * SMALL_VOXELS];

TEST(dipy_float64)
{
    static const double first[6] = {.23577638,  .14488502, .09418805,
                                    -.17087309, .18516708, .08390141};
    const int at = small_at(5, 5, 5);
    vxg_response r = {0};
    if (!vxg_device_get_info(dev)->has_f64) SKIP("no float64 here");
    const int status = fit(VXG_REAL_F64, NULL, 8, &r, exact);
    if (status < 0) SKIP("no test data");
    CHECK(!status, "%s", vxg_error_message());
    EXPECT(fabs(r.eigenvalues[0] - .00138591) < 6e-9 && fabs(r.eigenvalues[1] - .000463) < 6e-7 &&
               fabs(r.s0 - 198.1841) < 6e-5 &&
               fabs(r.eigenvalues[1] / r.eigenvalues[0] - .334077) < 6e-7,
           "response %.9g %.9g, S0 %.9g", r.eigenvalues[0], r.eigenvalues[1], r.s0);
    const double sum = sum_of(exact, 45 * SMALL_VOXELS);
    EXPECT(fabs(sum - 217.537899295) < 1e-9, "sum %.12g", sum);
    for (int i = 0; i < 6; i++)
        EXPECT(fabs(exact[i * SMALL_VOXELS + at] - first[i]) < 6e-9, "c[%d] = %.10g", i,
               exact[i * SMALL_VOXELS + at]);
}

TEST(float32)
{
    vxg_response r = {0}, same;
    int apart = 0;
    const int status = fit(VXG_REAL_F32, NULL, 8, &r, got);
    if (status < 0) SKIP("no test data");
    CHECK(!status, "%s", vxg_error_message());
    if (vxg_device_get_info(dev)->has_f64)
        CHECK_OK((same = r, fit(VXG_REAL_F64, NULL, 8, &same, exact)));
    for (int v = 0; v < SMALL_VOXELS; v++) {
        double most = 0, off = 0;
        for (int k = 0; k < 45; k++) {
            most = fmax(most, fabs(exact[k * SMALL_VOXELS + v]));
            off = fmax(off, fabs(got[k * SMALL_VOXELS + v] - exact[k * SMALL_VOXELS + v]));
        }
        apart += off > 1e-4 * most;
    }
    /* A direction at the threshold itself may fall on the other side. */
    EXPECT(apart <= 3, "%d of %d voxels are off by more than 1e-4", apart, SMALL_VOXELS);
}

/* Every seventh voxel, by a list: the bits that it has among all. */
TEST(alone)
{
    static double some[45 * SMALL_VOXELS];
    vxg_response r = {0};
    uint32_t list[SMALL_VOXELS / 7];
    const int64_t n = SMALL_VOXELS / 7;
    vxg_array voxels = {0};
    for (int i = 0; i < n; i++) list[i] = (uint32_t)(7 * i + 3);
    CHECK_OK(vxg_array_new(dev, VXG_U32, 1, &n, &voxels));
    CHECK_OK(vxg_array_write(NULL, &voxels, list));
    const int status = fit(VXG_REAL_F32, NULL, 8, &r, got);
    if (status < 0) SKIP("no test data");
    CHECK(!status && !fit(VXG_REAL_F32, &voxels, 8, &r, some), "%s", vxg_error_message());
    for (int k = 0; k < 45; k++)
        for (int v = 0; v < SMALL_VOXELS; v++) {
            const int in = v % 7 == 3 && v < 7 * n;
            const double a = some[k * SMALL_VOXELS + v], b = in ? got[k * SMALL_VOXELS + v] : 0;
            CHECK(a == b, "voxel %d, term %d: %.9g, not %.9g", v, k, a, b);
        }
    vxg_array_release(&voxels);
}

/* ---- DIPY 1.12.1: recursive_response(gtab, data, sh_order_max, iter), all voxels ---- */
static int calibrate(vxg_real real, int order, int iterations, vxg_response *r) {
    vxg_gradients *g = NULL;
    vxg_array dwi = {0};
    const vxg_recursive_opts o = {.order = order, .iterations = iterations};
    if (small_load(signals, &g)) return -1;
    int status = dwi_array(dev, real, SMALL_N, SMALL_VOXELS, signals, &dwi);
    if (!status) status = vxg_response_recursive(NULL, g, &dwi, NULL, &o, r);
    vxg_array_release(&dwi);
    vxg_gradients_release(g);
    return status;
}
static void recursive(vxg_real real, double close) {
    static const struct {
        int order, iterations;
        double zonal[5], s0;
    } want[] = {
        {8,
         1,
         {309.9994569352402, -56.43121626549243, 10.46208641006434, -.9358648454525514,
          .09869428239989364},
         382.12910284463896},
        {8,
         2,
         {352.10991238062167, -108.24555655294479, 21.368148810930872, -2.947277420731539,
          .711722326134582},
         361.80645161290323},
        {8,
         8,
         {392.6915676460646, -161.67113177302193, 37.38133464140014, -6.907637896860731,
          -1.459296712213785},
         285.44117647058823},
        {4, 8, {376.924917763658, -121.80504383164616, 20.095085039098805}, 321.6455696202532},
    };
    for (int i = 0; i < 4; i++) {
        vxg_response r = {0};
        const int status = calibrate(real, want[i].order, want[i].iterations, &r);
        if (status < 0) SKIP("no test data");
        CHECK(!status, "%s", vxg_error_message());
        for (int k = 0; k <= want[i].order / 2; k++)
            EXPECT(fabs(r.zonal[k] - want[i].zonal[k]) <= close * want[i].zonal[0],
                   "order %d, %d iterations: term %d is %.15g", want[i].order, want[i].iterations,
                   k, r.zonal[k]);
        EXPECT(fabs(r.s0 - want[i].s0) <= close * want[i].s0, "S0 is %.15g", r.s0);
    }
}
TEST(recursive_float64)
{
    if (!vxg_device_get_info(dev)->has_f64) SKIP("no float64 here");
    recursive(VXG_REAL_F64, 1e-12);
}
TEST(recursive_float32)
{ recursive(VXG_REAL_F32, 1e-5); }
TEST(recursive_refuses)
{
    vxg_response r = {.order = 77};
    if (calibrate(VXG_REAL_F32, 3, 1, &r) < 0) SKIP("no test data");
    EXPECT(calibrate(VXG_REAL_F32, 3, 1, &r) == VXG_ERR_ARGUMENT && r.order == 77, "an odd order");
    EXPECT(calibrate(VXG_REAL_F32, 8, -1, &r) == VXG_ERR_ARGUMENT, "iterations of -1");
}

DEVICES_MAIN("dwi_csd", T(dipy_float64), T(float32), T(alone), T(recursive_float64),
             T(recursive_float32), T(recursive_refuses))
