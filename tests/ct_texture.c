/* Backprojection from textures against the plain loop in float64. Tolerances: a sampler that
 * computes in float, 1e-5 of the largest value; a GPU's, whose fractions have 8 bits, the bound
 * that follows from 1/512 per fetch and axis. */
#include <voxgrad/voxgrad.h>

#include "test.h"

#define VIEWS 7
#define NV 19
#define NU 21
#define LO (-0.5)
#define HI 1.0
static vxg_device *oracle;

/* kind 0: circle; 1: rolled detector; 2: curved detector; 3: source among the voxels. */
static int geometry(int kind, vxg_ct_geometry **out) {
    vxg_ct_view v[VIEWS];
    const double sod = kind == 3 ? 5 : 40, a = cos(kind == 1 ? 0.2 : 0),
                 b = sin(kind == 1 ? 0.2 : 0);
    for (int i = 0; i < VIEWS; i++) {
        const double t = 0.9 * i + 0.05, c = cos(t), n = sin(t);
        v[i] = (vxg_ct_view){.s = {sod * n, -sod * c, 0},
                             .d = {-12 * n, 12 * c, 0.3},
                             .U = {1.3 * a * c, 1.3 * a * n, 1.3 * b},
                             .V = {-1.2 * b * c, -1.2 * b * n, 1.2 * a}};
        if (kind == 2) v[i].d[2] = 0;
    }
    const vxg_ct_views views = {.beam = VXG_CT_BEAM_CONE,
                                .detector =
                                    kind == 2 ? VXG_CT_DETECTOR_CURVED : VXG_CT_DETECTOR_FLAT,
                                .nviews = VIEWS,
                                .nv = NV,
                                .nu = NU,
                                .views = v};
    return vxg_ct_geometry_new(&views, out);
}

static const vxg_ct_volume volume = {.nz = 18, .ny = 15, .nx = 17};
#define NVOX (18 * 15 * 17)

/* fill: LO > value: random numbers from LO to HI; else that value. Twice, the second added. */
static int backproject(vxg_device *dev, int kind, vxg_ct_projector_opts o, int texture, double fill,
                       double *out) {
    static float narrow[NVOX];
    vxg_ct_geometry *geo;
    vxg_op *op = NULL;
    vxg_array x = {0}, y = {0};
    vxg_call call = {0};
    o.texture = texture;
    int status = geometry(kind, &geo);
    if (status) return status;
    status = vxg_ct_backprojector(dev, geo, &volume, &o, &op);
    vxg_ct_geometry_release(geo);
    if (status) return status;
    status = vxg_op_new_array(op, 0, &y);
    if (!status) status = vxg_op_new_array(op, -1, &x);
    if (!status)
        status = fill < LO ? vxg_array_random(NULL, &y, 5, LO, HI) : vxg_array_fill(NULL, &y, fill);
    for (int i = 0; i < 2 && !status; i++, call.accumulate = 1)
        status = vxg_op_apply(op, &call, &y, &x);
    if (!status) status = vxg_array_read(NULL, &x, o.real == VXG_REAL_F64 ? (void *)out : narrow);
    for (int i = 0; i < NVOX && o.real == VXG_REAL_F32; i++) out[i] = (double)narrow[i];
    vxg_array_release(&x), vxg_array_release(&y);
    vxg_op_release(op);
    return status;
}

static double most(const double *x) {
    double m = 0;
    for (int i = 0; i < NVOX; i++) m = fmax(m, fabs(x[i]));
    return m;
}

static void compare(vxg_device *dev, int kind, int weighted, int exact) {
    static double want[NVOX], got[NVOX], ones[NVOX];
    vxg_ct_projector_opts o = {.weighting =
                                   weighted ? VXG_CT_WEIGHTING_DISTANCE : VXG_CT_WEIGHTING_NONE};
    int worse = 0;
    CHECK_OK(backproject(dev, kind, o, 1, -2, got));
    o.real = VXG_REAL_F64, o.no_schedule = 1;
    CHECK_OK(backproject(oracle, kind, o, 0, -2, want));
    CHECK_OK(backproject(oracle, kind, o, 0, 1, ones));
    /* Both axes, the largest difference of neighbours (0 beyond the border), and twice the largest
     * sum of weights, which a scan of ones shows where no border cuts it. */
    const double largest = most(want);
    const double bound = 1e-5 * largest + (exact ? 0 : 2 * (HI - LO) / 512 * 2 * most(ones));
    double worst = 0;
    for (int i = 0; i < NVOX; i++) {
        const double d = fabs(got[i] - want[i]);
        worst = fmax(worst, d), worse += d > bound;
    }
    EXPECT(largest > 1 && worse == 0, "geometry %d, %s: %d of %d voxels, worst %.3g of %.3g", kind,
           weighted ? "weighted" : "plain", worse, NVOX, worst, largest);
}

static void on_device(const char *spec) {
    vxg_device *dev;
    if (vxg_device_open(spec, &dev)) SKIP("%s", vxg_error_message());
    const int exact = vxg_device_get_info(dev)->is_cpu;
    const vxg_ct_projector_opts o = {.real = VXG_REAL_F32};
    static double out[NVOX];
    const int status = backproject(dev, 0, o, 1, 1, out);
    if (status == VXG_ERR_UNSUPPORTED) SKIP("%s", vxg_error_message());
    for (int kind = 0; kind < 4; kind++)
        for (int weighted = 0; weighted < 2; weighted++) compare(dev, kind, weighted, exact);
    vxg_device_release(dev);
}
TEST(cpu)
{ on_device("cpu"); }
TEST(opencl)
{ on_device("opencl:0"); }
TEST(cuda)
{ on_device("cuda:0"); }

TEST(refusals)
{
    static double out[NVOX];
    const vxg_ct_projector_opts wide = {.real = VXG_REAL_F64}, o = {.texture = 1};
    const double angle = 0.2;
    const vxg_ct_parallel_opts p = {.angles = &angle, .nviews = 1, .rows = 4, .cols = 5};
    vxg_ct_geometry *geo;
    vxg_op *op;
    vxg_array x, y;
    EXPECT(backproject(oracle, 0, wide, 1, 1, out) == VXG_ERR_UNSUPPORTED &&
               strstr(vxg_error_message(), "texture"),
           "float64: %s", vxg_error_message());
    CHECK_OK(vxg_ct_parallel_circular(&p, &geo));
    EXPECT(vxg_ct_backprojector(oracle, geo, &volume, &o, &op) == VXG_ERR_UNSUPPORTED &&
               strstr(vxg_error_message(), "texture"),
           "parallel: %s", vxg_error_message());
    vxg_ct_geometry_release(geo);
    CHECK_OK(geometry(0, &geo));
    CHECK_OK(vxg_ct_backprojector(oracle, geo, &volume, &o, &op));
    CHECK_OK(vxg_op_new_array(op, 0, &y));
    CHECK_OK(vxg_op_new_array(op, -1, &x));
    EXPECT(vxg_op_vjp(op, NULL, NULL, &x, &y) == VXG_ERR_UNSUPPORTED, "vjp: %s",
           vxg_error_message());
    vxg_array_release(&x), vxg_array_release(&y);
    vxg_op_release(op);
    vxg_ct_geometry_release(geo);
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(cpu), T(opencl), T(cuda), T(refusals)};
    if (vxg_device_open("cpu", &oracle))
        return printf("FAIL ct_texture.cpu: %s\n", vxg_error_message()), 1;
    const int failed = test_run("ct_texture", list, 4, argc, argv);
    vxg_device_release(oracle);
    return failed;
}
