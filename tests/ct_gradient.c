/* Derivatives of the projectors by the scan geometry: jvp against central differences ray by ray,
 * vjp against jvp, float32 and every device against float64, agreement with the projectors. */
#include <unistd.h>
#include <voxgrad/voxgrad.h>

#include "test.h"

#if defined(__SANITIZE_ADDRESS__)
#define CONFIGURATIONS 8
#else
#define CONFIGURATIONS 60
#endif
#define VIEWS 3
#define MOST_RAYS 1000
#define MOST_VOXELS 5000

static vxg_device *dev;
static uint32_t dice = 11;
static double roll(double lo, double hi) {
    dice = dice * 1664525u + 1013904223u;
    return lo + (hi - lo) * (double)(dice >> 8) / 16777216.0;
}

/* ---- Random scans ---- */
typedef struct scan {
    vxg_ct_beam beam;
    int planar;
    int64_t nv, nu;
    vxg_ct_view views[VIEWS];
    vxg_ct_volume vol;
    vxg_dtype dtype;
} scan;

/* Turns v about a unit vector along axis a by t. */
static void turn(double *v, int a, double t) {
    const int b = (a + 1) % 3, c = (a + 2) % 3;
    const double x = v[b], y = v[c];
    v[b] = cos(t) * x - sin(t) * y, v[c] = sin(t) * x + cos(t) * y;
}

static void random_view(const scan *s, vxg_ct_view *v) {
    const double t = roll(0, 6.3), sod = roll(18, 60), mag = roll(1.1, 4), p = mag * roll(0.6, 1.2);
    double *const vectors[4] = {v->s, v->d, v->U, v->V};
    const int cone = s->beam == VXG_CT_BEAM_CONE;
    const double depth = cone ? mag * sod - sod : roll(-5, 5), pitch = cone ? p : p / mag;
    memset(v, 0, sizeof *v);
    v->s[0] = sin(t) * (cone ? sod : -1.3), v->s[1] = -cos(t) * (cone ? sod : -1.3);
    v->d[0] = -sin(t) * depth, v->d[1] = cos(t) * depth;
    v->U[0] = pitch * cos(t), v->U[1] = pitch * sin(t);
    v->V[2] = s->planar ? 1 : pitch * roll(0.7, 1.4);
    for (int a = 0; a < 3 && !s->planar; a++) {
        const double all = roll(-0.8, 0.8), alone = roll(-0.4, 0.4);
        for (int f = 0; f < 4; f++) turn(vectors[f], a, all + (f > 1 ? alone : 0));
    }
    for (int i = 0; i < (s->planar ? 2 : 3); i++) {
        v->d[i] += s->vol.center[i] + roll(-1, 1);
        if (cone) v->s[i] += s->vol.center[i];
    }
}

static void random_scan(int k, scan *s) {
    memset(s, 0, sizeof *s);
    s->beam = k % 2 ? VXG_CT_BEAM_CONE : VXG_CT_BEAM_PARALLEL;
    s->planar = k % 4 < 2;
    s->dtype = VXG_F64;
    s->nv = s->planar ? 1 : 5 + k % 3, s->nu = s->planar ? 40 : 13 + k % 5;
    s->vol = (vxg_ct_volume){.nx = 17 + k % 4, .ny = 14 + k % 5, .nz = s->planar ? 1 : 11 + k % 3};
    s->vol.dx = roll(0.6, 1.5), s->vol.dy = roll(0.6, 1.5),
    s->vol.dz = s->planar ? 1 : roll(0.6, 1.5);
    for (int i = 0; i < (s->planar ? 2 : 3); i++) s->vol.center[i] = roll(-2, 2);
    if (k % 3 == 2) { /* rotated about z */
        const double t = roll(-3, 3);
        const double m[9] = {cos(t), -sin(t), 0, sin(t), cos(t), 0, 0, 0, 1};
        memcpy(s->vol.rotation, m, sizeof m);
    }
    for (int v = 0; v < VIEWS; v++) random_view(s, &s->views[v]);
}

static int64_t rays_of(const scan *s) {
    return VIEWS * s->nv * s->nu;
}
static int64_t voxels_of(const scan *s) {
    return s->vol.nx * s->vol.ny * s->vol.nz;
}

static int make_geometry(const scan *s, vxg_ct_geometry **geo) {
    return (s->beam == VXG_CT_BEAM_CONE ? vxg_ct_cone_views : vxg_ct_parallel_views)(
        VIEWS, s->nv, s->nu, s->views, geo);
}
static int make_op(const scan *s, vxg_device *on, vxg_op **op) {
    const vxg_ct_projector_opts o = {.real = (vxg_real)s->dtype};
    vxg_ct_geometry *geo;
    int status = make_geometry(s, &geo);
    if (status) return status;
    status = (s->planar ? vxg_ct_projector2d_geometry : vxg_ct_projector_geometry)(on, geo, &s->vol,
                                                                                   &o, op);
    vxg_ct_geometry_release(geo);
    return status;
}

/* A move of every view by about `size` voxels everywhere in the volume, world units. */
static void random_delta(const scan *s, double size, double *delta) {
    const double n[4] = {s->beam == VXG_CT_BEAM_CONE ? 1 : 20, 1, (double)s->nu, (double)s->nv};
    for (int i = 0; i < VIEWS * 12; i++) {
        delta[i] = roll(-size, size) / n[i / 3 % 4];
        if (s->planar && (i % 3 == 2 || i / 3 % 4 == 3)) delta[i] = 0;
    }
}

/* ---- Calls with arrays on the host ---- */
static int put(const vxg_op *op, int input, const double *from, vxg_array *a) {
    int status = vxg_op_new_array(op, input, a);
    if (status || a->dtype == VXG_F64) return status ? status : vxg_array_write(NULL, a, from);
    const int64_t n = vxg_array_count(a);
    float *f = malloc((size_t)n * sizeof *f);
    for (int64_t i = 0; i < n; i++) f[i] = (float)from[i];
    status = vxg_array_write(NULL, a, f);
    free(f);
    return status;
}
static int take(vxg_array *a, double *to) {
    int status = vxg_array_read(NULL, a, to);
    for (int64_t i = vxg_array_count(a) - 1; i >= 0 && a->dtype == VXG_F32; i--) {
        float f;
        memcpy(&f, (const char *)to + (size_t)i * sizeof f, sizeof f);
        to[i] = f;
    }
    vxg_array_release(a);
    return status;
}

static int run_apply(const vxg_op *op, const double *x, const double *delta, double *y) {
    vxg_array in[2] = {{0}}, out = {0};
    int status = put(op, 0, x, &in[0]);
    if (!status) status = put(op, 1, delta, &in[1]);
    if (!status) status = vxg_op_new_array(op, -1, &out);
    if (!status) status = vxg_op_apply(op, NULL, in, &out);
    vxg_array_release(&in[0]), vxg_array_release(&in[1]);
    if (status) return vxg_array_release(&out), status;
    return take(&out, y);
}
/* tx or td may be NULL. */
static int run_jvp(const vxg_op *op, const double *x, const double *delta, const double *tx,
                   const double *td, double *y) {
    vxg_array in[2] = {{0}}, t[2] = {{0}}, out = {0};
    int status = put(op, 0, x, &in[0]);
    if (!status) status = put(op, 1, delta, &in[1]);
    if (!status && tx) status = put(op, 0, tx, &t[0]);
    if (!status && td) status = put(op, 1, td, &t[1]);
    if (!status) status = vxg_op_new_array(op, -1, &out);
    if (!status) status = vxg_op_jvp(op, NULL, in, t, &out);
    for (int i = 0; i < 2; i++) vxg_array_release(&in[i]), vxg_array_release(&t[i]);
    if (status) return vxg_array_release(&out), status;
    return take(&out, y);
}
static int run_vjp(const vxg_op *op, const double *x, const double *delta, const double *c,
                   double *gx, double *gd) {
    vxg_array in[2] = {{0}}, cot = {0}, g[2] = {{0}};
    int status = put(op, 0, x, &in[0]);
    if (!status) status = put(op, 1, delta, &in[1]);
    if (!status) status = put(op, -1, c, &cot);
    if (!status && gx) status = vxg_op_new_array(op, 0, &g[0]);
    if (!status) status = vxg_op_new_array(op, 1, &g[1]);
    if (!status) status = vxg_op_vjp(op, NULL, in, &cot, g);
    vxg_array_release(&in[0]), vxg_array_release(&in[1]), vxg_array_release(&cot);
    if (!status && gx) status = take(&g[0], gx);
    if (status) return vxg_array_release(&g[0]), vxg_array_release(&g[1]), status;
    return take(&g[1], gd);
}

/* ---- Where a ray is, written down once more: its axis and its cell in every slice ---- */
typedef struct trace {
    int axis, cell[64][2];
} trace;

static void moved(const scan *s, int64_t view, const double *delta, double h, const double *t,
                  double (*v)[3]) {
    const vxg_ct_view *w = &s->views[view];
    const double *const from[4] = {w->s, w->d, w->U, w->V};
    for (int i = 0; i < 12; i++)
        v[i / 3][i % 3] = from[i / 3][i % 3] + delta[view * 12 + i] + h * t[view * 12 + i];
}

static void follow(const scan *s, int64_t ray, double (*v)[3], trace *out) {
    static const double one[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    const double *m = s->vol.rotation[0] != 0 || s->vol.rotation[1] != 0 ? s->vol.rotation : one;
    const double size[3] = {s->vol.dx, s->vol.dy, s->vol.dz};
    const int64_t n[3] = {s->vol.nx, s->vol.ny, s->vol.nz};
    const double q = (double)(ray % s->nu) - 0.5 * (double)(s->nu - 1);
    const double r = (double)(ray / s->nu % s->nv) - 0.5 * (double)(s->nv - 1);
    double p[3], d[3], pw[3], dw[3];
    for (int i = 0; i < 3; i++) {
        pw[i] = v[1][i] + q * v[2][i] + r * v[3][i] - s->vol.center[i];
        dw[i] = s->beam == VXG_CT_BEAM_CONE ? pw[i] + s->vol.center[i] - v[0][i] : v[0][i];
    }
    for (int i = 0; i < 3; i++) {
        p[i] = (m[i] * pw[0] + m[3 + i] * pw[1] + m[6 + i] * pw[2]) / size[i];
        d[i] = (m[i] * dw[0] + m[3 + i] * dw[1] + m[6 + i] * dw[2]) / size[i];
        p[i] += 0.5 * (double)(n[i] - 1);
    }
    memset(out, 0, sizeof *out);
    for (int i = 1; i < 3; i++)
        if (fabs(d[i]) > fabs(d[out->axis])) out->axis = i;
    for (int64_t k = 0; k < n[out->axis]; k++)
        for (int i = 0, b = 0; i < 3; i++) {
            if (i == out->axis) continue;
            const double at = p[i] + d[i] * ((double)k - p[out->axis]) / d[out->axis];
            out->cell[k][b++] = (int)floor(fmin(fmax(at, -2), 1e6));
        }
}

static int same_cells(const scan *s, int64_t ray, const double *delta, double h, const double *t) {
    trace at[3];
    double v[4][3];
    for (int i = 0; i < 3; i++) {
        moved(s, ray / (s->nu * s->nv), delta, (i - 1) * h, t, v);
        if (s->planar) v[3][0] = v[3][1] = 0, v[3][2] = 1;
        follow(s, ray, v, &at[i]);
    }
    return !memcmp(&at[0], &at[1], sizeof *at) && !memcmp(&at[0], &at[2], sizeof *at);
}

static void random_values(double *v, int64_t n, double lo) {
    for (int64_t i = 0; i < n; i++) v[i] = roll(lo, 1);
}

/* ---- jvp against central differences in double ---- */
static double x[MOST_VOXELS], y[MOST_RAYS], z[2][MOST_RAYS], delta[VIEWS * 12], along[VIEWS * 12];

static int differences(const scan *s, const vxg_op *op, double h) {
    double step[VIEWS * 12];
    for (int side = 0; side < 2; side++) {
        for (int i = 0; i < VIEWS * 12; i++) step[i] = delta[i] + (side ? -h : h) * along[i];
        int status = run_apply(op, x, step, z[side]);
        if (status) return status;
    }
    for (int64_t i = 0; i < rays_of(s); i++) z[0][i] = (z[0][i] - z[1][i]) / (2 * h);
    return 0;
}

TEST(differences)
{
    const double h = 1e-6;
    double largest = 0;
    int64_t counted = 0, all = 0;
    for (int k = 0; k < CONFIGURATIONS; k++) {
        scan s;
        vxg_op *op;
        random_scan(k, &s);
        CHECK(rays_of(&s) <= MOST_RAYS && voxels_of(&s) <= MOST_VOXELS, "scan %d is too large", k);
        random_values(x, voxels_of(&s), -1);
        random_delta(&s, k % 5 ? 0.2 : 0, delta), random_delta(&s, 1, along);
        CHECK_OK(make_op(&s, dev, &op));
        CHECK_OK(run_jvp(op, x, delta, NULL, along, y));
        CHECK_OK(differences(&s, op, h));
        vxg_op_release(op);
        for (int64_t v = 0; v < VIEWS; v++) {
            const int64_t n = s.nv * s.nu;
            double most = 0;
            for (int64_t i = v * n; i < (v + 1) * n; i++) most = fmax(most, fabs(y[i]));
            EXPECT(most > 0.1, "configuration %d, view %d: derivatives up to %g", k, (int)v, most);
            for (int64_t i = v * n; i < (v + 1) * n; i++) {
                all++;
                if (!same_cells(&s, i, delta, h, along)) continue;
                counted++;
                largest = fmax(largest, fabs(y[i] - z[0][i]) / most);
                EXPECT(fabs(y[i] - z[0][i]) <= 1e-6 * most,
                       "configuration %d, ray %lld: derivative %.12g, difference %.12g, of %g", k,
                       (long long)i, y[i], z[0][i], most);
            }
        }
    }
    EXPECT((double)counted >= 0.95 * (double)all, "only %lld of %lld rays were compared",
           (long long)counted, (long long)all);
    if (getenv("VXG_TEST_VERBOSE"))
        printf("# largest error %.3g of the view's derivative; %lld of %lld rays\n", largest,
               (long long)counted, (long long)all);
}

/* One vector of one view alone: no other may hide what is wrong with it. */
TEST(each_vector)
{
    for (int k = 0; k < 8; k++) {
        scan s;
        vxg_op *op;
        random_scan(k, &s);
        random_values(x, voxels_of(&s), -1);
        random_delta(&s, 0.1, delta);
        CHECK_OK(make_op(&s, dev, &op));
        for (int f = 0; f < 12; f++) {
            double most = 0;
            if (s.planar && (f % 3 == 2 || f / 3 == 3)) continue;
            memset(along, 0, sizeof along);
            along[12 + f] = 0.1;
            CHECK_OK(run_jvp(op, x, delta, NULL, along, y));
            CHECK_OK(differences(&s, op, 1e-5));
            for (int64_t i = 0; i < rays_of(&s); i++) {
                const int mine = i / (s.nv * s.nu) == 1;
                most = fmax(most, fabs(y[i]));
                EXPECT(mine || y[i] == 0, "configuration %d, field %d moves another view", k, f);
            }
            for (int64_t i = 0; i < rays_of(&s); i++)
                EXPECT(!same_cells(&s, i, delta, 1e-5, along) ||
                           fabs(y[i] - z[0][i]) <= 1e-6 * most,
                       "configuration %d, field %d, ray %lld: %.12g, %.12g", k, f, (long long)i,
                       y[i], z[0][i]);
            EXPECT(most > 1e-3, "configuration %d, field %d: derivatives up to %g", k, f, most);
        }
        vxg_op_release(op);
    }
}

/* ---- vjp against jvp ---- */
static double dot(const double *a, const double *b, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

TEST(transposed)
{
    static double gx[MOST_VOXELS], tx[MOST_VOXELS], c[MOST_RAYS], gd[VIEWS * 12];
    for (int k = 0; k < CONFIGURATIONS; k++)
        for (int narrow = 0; narrow < 2; narrow++) {
            scan s;
            vxg_op *op;
            random_scan(k, &s);
            s.dtype = narrow ? VXG_F32 : VXG_F64;
            const int64_t n = rays_of(&s), m = voxels_of(&s);
            random_values(x, m, -1), random_values(tx, m, -1), random_values(c, n, -1);
            random_delta(&s, 0.2, delta), random_delta(&s, 1, along);
            CHECK_OK(make_op(&s, dev, &op));
            CHECK_OK(run_vjp(op, x, delta, c, gx, gd));
            for (int part = 0; part < 3; part++) { /* volume, geometry, both */
                CHECK_OK(run_jvp(op, x, delta, part != 1 ? tx : NULL, part ? along : NULL, y));
                const double left = dot(y, c, n);
                const double right =
                    (part != 1 ? dot(tx, gx, m) : 0) + (part ? dot(along, gd, VIEWS * 12) : 0);
                const double scale = sqrt(dot(y, y, n) * dot(c, c, n));
                EXPECT(fabs(left - right) <= (narrow ? 2e-6 : 1e-12) * scale,
                       "configuration %d, part %d: %.15g and %.15g, scale %.3g", k, part, left,
                       right, scale);
            }
            vxg_op_release(op);
        }
}

/* ---- The same values as the projectors ---- */
TEST(projectors)
{
    for (int k = 0; k < 8; k++) {
        vxg_ct_projector_opts o = {.real = VXG_REAL_F64};
        const double *const d = delta;
        scan s, there;
        vxg_ct_geometry *geo;
        vxg_op *op, *plain;
        vxg_array in = {0}, out = {0};
        double most = 0;
        random_scan(k, &s);
        random_values(x, voxels_of(&s), 0);
        random_delta(&s, 0.3, delta);
        CHECK_OK(make_op(&s, dev, &op));
        CHECK_OK(run_apply(op, x, delta, y));
        there = s;
        for (int i = 0; i < VIEWS * 12; i++) {
            vxg_ct_view *v = &there.views[i / 12];
            double *const vectors[4] = {v->s, v->d, v->U, v->V};
            vectors[i / 3 % 4][i % 3] += d[i];
        }
        CHECK_OK(make_geometry(&there, &geo));
        CHECK_OK((s.planar ? vxg_ct_projector2d : vxg_ct_projector)(dev, geo, &s.vol, &o, &plain));
        CHECK_OK(put(plain, 0, x, &in));
        CHECK_OK(vxg_op_new_array(plain, -1, &out));
        CHECK_OK(vxg_op_apply(plain, NULL, &in, &out));
        CHECK_OK(take(&out, z[0]));
        for (int64_t i = 0; i < rays_of(&s); i++) most = fmax(most, z[0][i]);
        for (int64_t i = 0; i < rays_of(&s); i++)
            EXPECT(fabs(y[i] - z[0][i]) < 1e-12 * most, "configuration %d, ray %lld: %.15g, %.15g",
                   k, (long long)i, y[i], z[0][i]);
        vxg_array_release(&in);
        vxg_ct_geometry_release(geo);
        vxg_op_release(op), vxg_op_release(plain);
    }
}

/* ---- Other devices and float32, on a smooth volume: there the derivative hardly jumps ---- */
static void smooth_values(const scan *s, double *v) {
    for (int64_t i = 0; i < voxels_of(s); i++) {
        const int64_t at[3] = {i % s->vol.nx, i / s->vol.nx % s->vol.ny, i / s->vol.nx / s->vol.ny};
        const int64_t n[3] = {s->vol.nx, s->vol.ny, s->vol.nz};
        v[i] = 1;
        for (int a = 0; a < 3; a++)
            v[i] *= pow(sin(M_PI * ((double)at[a] + 0.5) / (double)n[a]), 2);
    }
}

static void compare_device(const char *spec) {
    static double wide[MOST_RAYS], c[MOST_RAYS], g[2][VIEWS * 12];
    vxg_device *other;
    if (vxg_device_open(spec, &other)) SKIP("%s", vxg_error_message());
    for (int k = 0; k < 12; k++) {
        scan s;
        vxg_op *a, *b;
        double most = 0, worst = 0;
        random_scan(k, &s);
        smooth_values(&s, x);
        random_values(c, rays_of(&s), 0);
        random_delta(&s, 0.2, delta), random_delta(&s, 1, along);
        for (int i = 0; i < VIEWS * 12; i++) delta[i] = (double)(float)delta[i];
        CHECK_OK(make_op(&s, dev, &a));
        s.dtype = VXG_F32;
        CHECK_OK(make_op(&s, other, &b));
        CHECK_OK(run_jvp(a, x, delta, NULL, along, wide));
        CHECK_OK(run_jvp(b, x, delta, NULL, along, y));
        for (int64_t i = 0; i < rays_of(&s); i++)
            most = fmax(most, fabs(wide[i])), worst = fmax(worst, fabs(wide[i] - y[i]));
        EXPECT(worst <= 1e-5 * most, "%s, configuration %d: jvp differs by %.3g of %g", spec, k,
               worst, most);
        CHECK_OK(run_vjp(a, x, delta, c, NULL, g[0]));
        CHECK_OK(run_vjp(b, x, delta, c, NULL, g[1]));
        most = worst = 0;
        for (int i = 0; i < VIEWS * 12; i++)
            most = fmax(most, fabs(g[0][i])), worst = fmax(worst, fabs(g[0][i] - g[1][i]));
        EXPECT(worst <= 1e-5 * most, "%s, configuration %d: vjp differs by %.3g of %g", spec, k,
               worst, most);
        vxg_op_release(a), vxg_op_release(b);
    }
    vxg_device_release(other);
}
TEST(float32)
{ compare_device("cpu"); }
TEST(opencl)
{ compare_device("opencl:0"); }
TEST(cuda)
{ compare_device("cuda:0"); }

/* ---- The example: a scanner calibrated by descent, with pictures ---- */
TEST(example)
{
    const char *program = VXG_BINARY_DIR "/examples/calibrate";
    char command[512], line[256], picture[] = "/tmp/voxgrad-calibrate-XXXXXX";
    const double most[3] = {0.25, 0.2, 0.2}; /* voxels, columns, degrees; 0.1 at 48 voxels */
    double found, true_value;
    int n = 0, fd = mkstemp(picture);
    unsigned char head[8] = {0};
    if (access(program, X_OK)) SKIP("examples are not built");
    CHECK(fd >= 0, "no temporary file");
    snprintf(command, sizeof command, "VXG_DEVICE=cpu %s %s 36", program, picture);
    FILE *f = popen(command, "r");
    CHECK(f, "%s does not start", program);
    while (fgets(line, sizeof line, f)) {
        const char *at = strstr(line, ": found ");
        if (!at || sscanf(at, ": found %lf, true %lf", &found, &true_value) != 2) continue;
        EXPECT(n < 3 && fabs(found - true_value) < most[n % 3], "%s", line);
        n++;
    }
    EXPECT(!pclose(f) && n == 3, "%d unknowns are found", n);
    f = fopen(picture, "rb"); /* written under another name and renamed: fd is the old file */
    EXPECT(f && fread(head, 1, 8, f) == 8 && !memcmp(head, "\x89PNG", 4), "no picture was written");
    if (f) fclose(f);
    close(fd), unlink(picture);
}

/* ---- What is refused ---- */
TEST(bad_arguments)
{
    vxg_ct_projector_opts siddon = {.model = VXG_CT_SIDDON};
    vxg_ct_cone_opts o = {.nviews = VIEWS, .rows = 3, .cols = 5, .sod = 50, .sdd = 60};
    vxg_ct_volume vol = {0};
    vxg_ct_geometry *geo;
    vxg_op *op;
    scan s;
    CHECK_OK(vxg_ct_cone_circular(&o, &geo));
    vxg_ct_fit_volume(geo, &vol);
    EXPECT(vxg_ct_projector_geometry(dev, geo, &vol, &siddon, &op) == VXG_ERR_ARGUMENT && !op &&
               strstr(vxg_error_message(), "model"),
           "%s", vxg_error_message());
    EXPECT(vxg_ct_projector2d_geometry(dev, geo, &vol, NULL, &op) == VXG_ERR_ARGUMENT && !op &&
               strstr(vxg_error_message(), "one detector row"),
           "%s", vxg_error_message());
    vxg_ct_geometry_release(geo);
    o.detector = VXG_CT_DETECTOR_CURVED;
    CHECK_OK(vxg_ct_cone_circular(&o, &geo));
    EXPECT(vxg_ct_projector_geometry(dev, geo, &vol, NULL, &op) == VXG_ERR_ARGUMENT && !op &&
               strstr(vxg_error_message(), "detector"),
           "%s", vxg_error_message());
    vxg_ct_geometry_release(geo);
    random_scan(3, &s);
    CHECK_OK(make_op(&s, dev, &op));
    memset(delta, 0, sizeof delta);
    for (int i = 0; i < 3; i++) delta[2 * 12 + 6 + i] = -s.views[2].U[i];
    EXPECT(run_apply(op, x, delta, y) == VXG_ERR_ARGUMENT && strstr(vxg_error_message(), "view 2"),
           "a delta that takes U away: %s", vxg_error_message());
    delta[6] = NAN;
    EXPECT(run_jvp(op, x, delta, NULL, along, y) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "view 0"),
           "a delta that is not a number: %s", vxg_error_message());
    vxg_op_release(op);
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(differences), T(each_vector), T(transposed),
                                      T(projectors),  T(float32),     T(opencl),
                                      T(cuda),        T(example),     T(bad_arguments)};
    if (vxg_device_open("cpu", &dev))
        return printf("FAIL ct_gradient.cpu: %s\n", vxg_error_message()), 1;
    int failed = test_run("ct_gradient", list, (int)(sizeof list / sizeof *list), argc, argv);
    vxg_device_release(dev);
    return failed;
}
