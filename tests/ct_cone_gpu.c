/* Cone backprojection on devices that are not the cpu: the kernels that take runs of voxels along z
 * give the bits of the one that takes voxels one by one, at every border of detector and run. */
#include <voxgrad/voxgrad.h>

#include "test.h"

#define VIEWS 7
typedef struct scene {
    const char *what;
    double climb; /* of the source along z per view: a helix */
    double roll;  /* of the detector in its plane, radians */
    double near;  /* distance of the source from the axis, in volume edges */
    int curved;
    int64_t nv, nu;
    vxg_ct_volume vol;
} scene;

/* The detector is smaller than the volume's shadow in some, larger in others; W and Q change along
 * z when the detector is rolled or the volume turned. */
static const scene scenes[] = {
    {"circle", 0, 0, 2.5, 0, 21, 23, {.nz = 16, .ny = 11, .nx = 13}},
    {"circle, short last run", 0, 0, 2.5, 0, 9, 12, {.nz = 17, .ny = 6, .nx = 37}},
    {"circle, one run", 0, 0, 2.5, 0, 12, 9, {.nz = 5, .ny = 9, .nx = 7}},
    {"few slices", 0, 0, 2.5, 0, 12, 9, {.nz = 4, .ny = 9, .nx = 7}},
    {"helix", 1.7, 0, 2.5, 0, 9, 30, {.nz = 20, .ny = 9, .nx = 8}},
    {"one row", 0, 0, 2.5, 0, 1, 14, {.nz = 9, .ny = 8, .nx = 8}},
    {"one column", 0, 0, 2.5, 0, 14, 1, {.nz = 9, .ny = 8, .nx = 8}},
    {"curved", 0.3, 0, 2.5, 1, 13, 17, {.nz = 13, .ny = 9, .nx = 10}},
    {"source inside", 0, 0, 0.2, 0, 21, 23, {.nz = 16, .ny = 11, .nx = 13}},
    {"rolled", 0, 0.1, 2.5, 0, 15, 16, {.nz = 19, .ny = 9, .nx = 10}},
    {"rolled, curved", 0, 0.3, 2.5, 1, 15, 16, {.nz = 10, .ny = 9, .nx = 10}},
    {"turned volume",
     0,
     0,
     2.5,
     0,
     15,
     16,
     {.nz = 11, .ny = 9, .nx = 10, .rotation = {1, 0, 0, 0, 0.8, -0.6, 0, 0.6, 0.8}}},
};
#define SCENES ((int)(sizeof scenes / sizeof *scenes))

static int geometry(const scene *s, vxg_ct_geometry **out) {
    vxg_ct_view v[VIEWS];
    const double edge = (double)(s->vol.nx > s->vol.nz ? s->vol.nx : s->vol.nz);
    const double sod = s->near * edge;
    for (int i = 0; i < VIEWS; i++) {
        const double t = 0.9 * i, c = cos(t), n = sin(t), a = cos(s->roll), b = sin(s->roll);
        const double z = s->climb * (i - 0.5 * VIEWS), u = s->curved ? 1.6 : 1.5;
        v[i] = (vxg_ct_view){.s = {sod * n, -sod * c, z},
                             .d = {-0.7 * edge * n, 0.7 * edge * c, z},
                             .U = {u * a * c, u * a * n, u * b},
                             .V = {-1.4 * b * c, -1.4 * b * n, 1.4 * a}};
    }
    const vxg_ct_views views = {.beam = VXG_CT_BEAM_CONE,
                                .detector =
                                    s->curved ? VXG_CT_DETECTOR_CURVED : VXG_CT_DETECTOR_FLAT,
                                .nviews = VIEWS,
                                .nv = s->nv,
                                .nu = s->nu,
                                .views = v};
    return vxg_ct_geometry_new(&views, out);
}

/* out += the backprojection; plain: voxel by voxel. */
static int backproject(vxg_device *dev, const scene *s, int weighted, int plain, float *out) {
    const vxg_ct_projector_opts o = {.no_schedule = plain,
                                     .weighting = weighted ? VXG_CT_WEIGHTING_DISTANCE
                                                           : VXG_CT_WEIGHTING_NONE};
    vxg_call call = {.accumulate = 1};
    vxg_ct_geometry *geo;
    vxg_op *op = NULL;
    vxg_array x = {0}, y = {0};
    int status = geometry(s, &geo);
    if (status) return status;
    status = vxg_ct_backprojector(dev, geo, &s->vol, &o, &op);
    if (!status) status = vxg_op_new_array(op, 0, &y);
    if (!status) status = vxg_op_new_array(op, -1, &x);
    if (!status) status = vxg_array_random(NULL, &y, 3, -0.5, 1);
    if (!status) status = vxg_array_random(NULL, &x, 4, -0.5, 1);
    if (!status && !weighted) status = vxg_array_fill(NULL, &x, 0), call.accumulate = 0;
    if (!status) status = vxg_op_apply(op, &call, &y, &x);
    if (!status) status = vxg_array_read(NULL, &x, out);
    vxg_array_release(&x), vxg_array_release(&y);
    vxg_op_release(op);
    vxg_ct_geometry_release(geo);
    return status;
}

static void same_bits(vxg_device *dev, const scene *s) {
    const int64_t n = s->vol.nz * s->vol.ny * s->vol.nx;
    float *runs = calloc((size_t)n, sizeof *runs), *one = calloc((size_t)n, sizeof *one);
    for (int weighted = 0; weighted < 2; weighted++) {
        int64_t differ = 0, filled = 0;
        CHECK_OK(backproject(dev, s, weighted, 0, runs));
        CHECK_OK(backproject(dev, s, weighted, 1, one));
        for (int64_t i = 0; i < n; i++) filled += one[i] != 0, differ += runs[i] != one[i];
        EXPECT(filled > n / 8, "%s: %lld voxels of %lld are not 0", s->what, (long long)filled,
               (long long)n);
        EXPECT(differ == 0, "%s, %s: %lld voxels of %lld have other bits", s->what,
               weighted ? "weighted" : "not weighted", (long long)differ, (long long)n);
    }
    free(runs), free(one);
}

static void runs_on(const char *spec) {
    vxg_device *dev;
    if (vxg_device_open(spec, &dev)) SKIP("%s", vxg_error_message());
    for (int i = 0; i < SCENES; i++) same_bits(dev, &scenes[i]);
    vxg_device_release(dev);
}
TEST(opencl)
{ runs_on("opencl:0"); }
TEST(cuda)
{ runs_on("cuda:0"); }

TEST_MAIN("ct_cone_gpu", T(opencl), T(cuda))
