/* The cone-beam backprojector against a plain reference in double that follows each ray to the
 * detector: tilted flat detectors, curved ones with a column offset, rotated and anisotropic
 * volumes, borders, voxels behind the source, distance weights. */
#include <voxgrad/voxgrad.h>

#include "test.h"

static vxg_device *dev;

static uint32_t dice = 1;
static double roll(double lo, double hi) {
    dice = dice * 1664525u + 1013904223u;
    return lo + (hi - lo) * (double)(dice >> 8) / 16777216.0;
}
static double dot(const double *a, const double *b) {
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

#define VIEWS 5
#define ROWS 7
#define COLS 9
typedef struct scene {
    vxg_ct_view view[VIEWS];
    vxg_ct_views views;
    vxg_ct_volume vol;
    double proj[VIEWS * ROWS * COLS];
} scene;

/* A turned orthonormal frame: Gram-Schmidt of random vectors near the axes. */
static void frame(double spread, double f[3][3]) {
    for (int i = 0; i < 3; i++) {
        for (int k = 0; k < 3; k++) f[i][k] = (i == k) + roll(-spread, spread);
        for (int j = 0; j < i; j++) {
            const double along = dot(f[i], f[j]);
            for (int k = 0; k < 3; k++) f[i][k] -= along * f[j][k];
        }
        const double norm = sqrt(dot(f[i], f[i]));
        for (int k = 0; k < 3; k++) f[i][k] /= norm;
    }
}

static void scene_new(scene *s, int seed, int curved) {
    memset(s, 0, sizeof *s);
    dice = (uint32_t)seed * 2654435761u + 11;
    s->vol = (vxg_ct_volume){.nz = 6, .ny = 7, .nx = 8};
    s->vol.dz = roll(0.5, 1.5), s->vol.dy = roll(0.5, 1.5), s->vol.dx = roll(0.5, 1.5);
    double f[3][3];
    frame(0.4, f);
    memcpy(s->vol.rotation, f, sizeof f);
    for (int k = 0; k < 3; k++) s->vol.center[k] = roll(-1, 1);
    for (int i = 0; i < VIEWS; i++) {
        vxg_ct_view *v = &s->view[i];
        const double sod = i == VIEWS - 1 ? 1 : roll(12, 20), sdd = sod + roll(5, 20);
        frame(3, f); /* any direction; the source of the last view is inside the volume */
        for (int k = 0; k < 3; k++) {
            v->s[k] = -sod * f[1][k], v->d[k] = (sdd - sod) * f[1][k];
            v->U[k] = (curved ? 1 : 2.3) * f[0][k], v->V[k] = 2.1 * f[2][k];
            if (!curved) {
                v->d[k] += roll(-2, 2);
                v->U[k] += roll(-0.3, 0.3), v->V[k] += roll(-0.3, 0.3);
            }
        }
    }
    for (int i = 0; i < VIEWS * ROWS * COLS; i++) s->proj[i] = roll(-0.5, 1);
    s->views = (vxg_ct_views){.beam = VXG_CT_BEAM_CONE,
                              .detector = curved ? VXG_CT_DETECTOR_CURVED : VXG_CT_DETECTOR_FLAT,
                              .nviews = VIEWS,
                              .nv = ROWS,
                              .nu = COLS,
                              .column_offset = curved ? roll(-2, 2) : 0,
                              .views = s->view};
}

/* Where the ray from the source through world point p meets the detector; *far: the distance of the
 * detector over that of the point. 0 when p is not in front of the source. */
static int meet(const scene *s, const vxg_ct_view *v, const double *p, double *q, double *r,
                double *far) {
    double e[3], w[3], n[3], hit[3];
    for (int k = 0; k < 3; k++) e[k] = v->d[k] - v->s[k], w[k] = p[k] - v->s[k];
    const double uu = dot(v->U, v->U), vv = dot(v->V, v->V), uv = dot(v->U, v->V);
    if (s->views.detector == VXG_CT_DETECTOR_CURVED) {
        const double rho = sqrt(dot(e, e)), a = dot(w, e) / rho, b = dot(w, v->U) / sqrt(uu);
        *far = rho / sqrt(a * a + b * b);
        *q = atan2(b, a) * rho / sqrt(uu) - s->views.column_offset + 0.5 * (COLS - 1);
        *r = *far * dot(w, v->V) / vv + 0.5 * (ROWS - 1);
        return a > 0;
    }
    for (int k = 0; k < 3; k++)
        n[k] = v->U[(k + 1) % 3] * v->V[(k + 2) % 3] - v->U[(k + 2) % 3] * v->V[(k + 1) % 3];
    *far = dot(e, n) / dot(w, n);
    for (int k = 0; k < 3; k++) hit[k] = v->s[k] + *far * w[k] - v->d[k];
    const double hu = dot(hit, v->U), hv = dot(hit, v->V), det = uu * vv - uv * uv;
    *q = (hu * vv - hv * uv) / det + 0.5 * (COLS - 1);
    *r = (hv * uu - hu * uv) / det + 0.5 * (ROWS - 1);
    return *far > 0;
}

static double pixel(const scene *s, int view, double row, double col) {
    if (!(row >= 0 && row < ROWS && col >= 0 && col < COLS)) return 0;
    return s->proj[(view * ROWS + (int)row) * COLS + (int)col];
}

static double reference(const scene *s, int64_t index, int weighted) {
    const vxg_ct_volume *v = &s->vol;
    const double at[3] = {((double)(index % v->nx) - 0.5 * (double)(v->nx - 1)) * v->dx,
                          ((double)(index / v->nx % v->ny) - 0.5 * (double)(v->ny - 1)) * v->dy,
                          ((double)(index / v->nx / v->ny) - 0.5 * (double)(v->nz - 1)) * v->dz};
    double p[3], sum = 0;
    for (int k = 0; k < 3; k++) p[k] = v->center[k] + dot(v->rotation + 3 * k, at);
    for (int i = 0; i < VIEWS; i++) {
        double q, r, far;
        if (!meet(s, &s->view[i], p, &q, &r, &far)) continue;
        const double c = floor(q), w = floor(r), fc = q - c, fr = r - w;
        sum += (weighted ? far * far : 1) *
               ((1 - fr) * ((1 - fc) * pixel(s, i, w, c) + fc * pixel(s, i, w, c + 1)) +
                fr * ((1 - fc) * pixel(s, i, w + 1, c) + fc * pixel(s, i, w + 1, c + 1)));
    }
    return sum;
}

static void compare(const scene *s, int weighted) {
    const vxg_ct_projector_opts o = {.real = VXG_REAL_F64,
                                     .weighting = weighted ? VXG_CT_WEIGHTING_DISTANCE
                                                           : VXG_CT_WEIGHTING_NONE};
    const int64_t n = s->vol.nz * s->vol.ny * s->vol.nx;
    double got[6 * 7 * 8], most = 0;
    int zeros = 0;
    vxg_ct_geometry *geo;
    vxg_op *op;
    vxg_array x, y;
    CHECK_OK(vxg_ct_geometry_new(&s->views, &geo));
    CHECK_OK(vxg_ct_backprojector(dev, geo, &s->vol, &o, &op));
    CHECK_OK(vxg_op_new_array(op, 0, &y));
    CHECK_OK(vxg_op_new_array(op, -1, &x));
    CHECK_OK(vxg_array_write(NULL, &y, s->proj));
    CHECK_OK(vxg_op_apply(op, NULL, &y, &x));
    CHECK_OK(vxg_array_read(NULL, &x, got));
    for (int64_t i = 0; i < n; i++) most = fmax(most, fabs(got[i]));
    for (int64_t i = 0; i < n; i++) {
        const double want = reference(s, i, weighted);
        zeros += want == 0;
        EXPECT(fabs(got[i] - want) <= 1e-11 * most, "voxel %d: %.15g, %.15g is expected", (int)i,
               got[i], want);
    }
    EXPECT(most > 0.1 && zeros < n, "the beam misses the volume");
    vxg_array_release(&x), vxg_array_release(&y);
    vxg_op_release(op);
    vxg_ct_geometry_release(geo);
}

TEST(flat)
{
    scene s;
    for (int seed = 0; seed < 20; seed++) {
        scene_new(&s, seed, 0);
        for (int weighted = 0; weighted < 2; weighted++) compare(&s, weighted);
    }
}
TEST(curved)
{
    scene s;
    for (int seed = 0; seed < 20; seed++) {
        scene_new(&s, seed, 1);
        for (int weighted = 0; weighted < 2; weighted++) compare(&s, weighted);
    }
}

TEST(refusals)
{
    const double angles[2] = {0, 1};
    const vxg_ct_parallel_opts o = {.angles = angles, .nviews = 2, .rows = 2, .cols = 4};
    vxg_ct_projector_opts po = {.weighting = VXG_CT_WEIGHTING_DISTANCE};
    vxg_ct_geometry *geo;
    vxg_op *op;
    CHECK_OK(vxg_ct_parallel_circular(&o, &geo));
    vxg_ct_volume vol = {0};
    vxg_ct_fit_volume(geo, &vol);
    EXPECT(vxg_ct_backprojector(dev, geo, &vol, &po, &op) == VXG_ERR_ARGUMENT && !op &&
               strstr(vxg_error_message(), "weighting"),
           "distance weights of a parallel beam: %s", vxg_error_message());
    po.weighting = (vxg_ct_weighting)7;
    EXPECT(vxg_ct_backprojector(dev, geo, &vol, &po, &op) == VXG_ERR_ARGUMENT && !op,
           "an unknown weighting");
    vxg_ct_geometry_release(geo);
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(flat), T(curved), T(refusals)};
    if (vxg_device_open("cpu", &dev))
        return printf("FAIL ct_fdk_backproject: %s\n", vxg_error_message()), 1;
    int failed = test_run("ct_fdk_backproject", list, 3, argc, argv);
    vxg_device_release(dev);
    return failed;
}
