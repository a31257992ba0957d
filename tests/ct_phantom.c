/* Phantoms: line integrals against a search along the ray for the shapes' edges, voxels against
 * plain sub-sampling, closed forms, files, and the statistics of simulated counts. */
#include <voxgrad/voxgrad.h>
#include "test.h"

#define PI 3.14159265358979323846
#if SANITIZED
enum { MANY = 2, STEPS = 2000, DRAWS = 20000 };
#else
enum { MANY = 15, STEPS = 5000, DRAWS = 1000000 };
#endif

static uint64_t state = 1;
static double roll(double lo, double hi) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return lo + (hi - lo) * (double)(state >> 11) / 9007199254740992.0;
}

/* ---- the test's own idea of a shape ---- */

static void turn_z(double t, double *p) {
    double x = cos(t) * p[0] - sin(t) * p[1], y = sin(t) * p[0] + cos(t) * p[1];
    p[0] = x, p[1] = y;
}
static void turn_y(double t, double *p) {
    double z = cos(t) * p[2] - sin(t) * p[0], x = sin(t) * p[2] + cos(t) * p[0];
    p[0] = x, p[2] = z;
}

static int holds(const vxg_shape *s, const double *world) {
    int flat = s->kind == VXG_SHAPE_ELLIPSE || s->kind == VXG_SHAPE_RECTANGLE;
    double p[3];
    for (int i = 0; i < 3; i++) p[i] = world[i] - s->center[i];
    turn_z(-s->angle[0], p);
    turn_y(-s->angle[1], p);
    turn_z(-s->angle[2], p);
    for (int i = 0; i < 3; i++) p[i] = flat && i == 2 ? 0 : p[i] / s->half[i];
    if (s->kind == VXG_SHAPE_ELLIPSOID) return p[0] * p[0] + p[1] * p[1] + p[2] * p[2] < 1;
    if (fabs(p[2]) >= 1) return 0;
    if (s->kind == VXG_SHAPE_CYLINDER || s->kind == VXG_SHAPE_ELLIPSE)
        return p[0] * p[0] + p[1] * p[1] < 1;
    return fabs(p[0]) < 1 && fabs(p[1]) < 1;
}

static double density(const vxg_shape *s, int n, const double *p) {
    double v = 0;
    for (int i = 0; i < n; i++)
        if (holds(&s[i], p)) v = s[i].replace ? s[i].value : v + s[i].value;
    return v;
}

/* Density is piecewise constant along a ray: walk in steps, halve where it changes. */
static double walk(const vxg_shape *s, int n, const double *o, const double *w, double t0,
                   double t1) {
    double sum = 0, h = (t1 - t0) / STEPS, last = 0;
    for (int i = 0; i <= STEPS; i++) {
        double t = t0 + h * i, p[3];
        for (int a = 0; a < 3; a++) p[a] = o[a] + t * w[a];
        double v = density(s, n, p);
        if (i > 0 && v != last) {
            double lo = t - h, hi = t;
            for (int k = 0; k < 45; k++) {
                double m = 0.5 * (lo + hi);
                for (int a = 0; a < 3; a++) p[a] = o[a] + m * w[a];
                if (density(s, n, p) == last) {
                    lo = m;
                } else {
                    hi = m;
                }
            }
            sum += (lo - t + h) * last + (t - lo) * v;
        } else if (i > 0) {
            sum += h * v;
        }
        last = v;
    }
    return sum;
}

static vxg_shape random_shape(vxg_shape_kind kind) {
    vxg_shape s = {.kind = kind, .value = roll(-1, 2)};
    int flat = kind == VXG_SHAPE_ELLIPSE || kind == VXG_SHAPE_RECTANGLE;
    for (int i = 0; i < 3; i++) {
        s.center[i] = roll(-0.4, 0.4);
        s.half[i] = roll(0.2, 0.6);
        s.angle[i] = flat && i ? 0 : roll(-3, 3);
    }
    return s;
}

/* Views with no symmetry: tilted detectors off the middle. */
static vxg_ct_geometry *random_views(vxg_ct_beam beam, vxg_ct_detector detector, int nv, int nu,
                                     double distance) {
    enum { VIEWS = 3 };
    vxg_ct_view v[VIEWS];
    vxg_ct_geometry *geo = NULL;
    for (int k = 0; k < VIEWS; k++) {
        double a = roll(0, 6), b = roll(-0.4, 0.4), c = roll(-0.3, 0.3), shift = roll(-0.1, 0.1);
        double r[3] = {0, 1, 0}, U[3] = {1.6 / nu, 0, 0}, V[3] = {0, 0, 1.6 / nv}, e[3][3];
        for (int i = 0; i < 3; i++) e[0][i] = r[i], e[1][i] = U[i], e[2][i] = V[i];
        for (int i = 0; i < 3; i++) turn_y(c, e[i]), turn_z(a, e[i]), turn_y(b, e[i]);
        for (int i = 0; i < 3; i++) {
            v[k].d[i] = shift + (beam == VXG_CT_BEAM_CONE ? e[0][i] : 0);
            v[k].s[i] = beam == VXG_CT_BEAM_CONE ? v[k].d[i] - distance * e[0][i] : e[0][i];
            if (beam == VXG_CT_BEAM_CONE && detector == VXG_CT_DETECTOR_FLAT)
                v[k].d[i] += 0.2 * e[1][i]; /* curved detectors stay at right angles */
            v[k].U[i] = e[1][i], v[k].V[i] = e[2][i];
        }
    }
    vxg_ct_views views = {.beam = beam,
                          .detector = detector,
                          .nviews = VIEWS,
                          .nv = nv,
                          .nu = nu,
                          .column_offset = 0.7,
                          .views = v};
    if (vxg_ct_geometry_new(&views, &geo)) printf("%s\n", vxg_error_message());
    return geo;
}

/* The ray as the header words it; returns its first length. */
static double ray(const vxg_ct_geometry *g, int64_t view, double row, double column, double *o,
                  double *w) {
    const vxg_ct_view *v = vxg_ct_geometry_view(g, view);
    double a = column - 0.5 * (double)(vxg_ct_geometry_nu(g) - 1), pixel[3], norm = 0, n[3];
    double b = row - 0.5 * (double)(vxg_ct_geometry_nv(g) - 1), rho = 0, u = 0;
    int cone = vxg_ct_geometry_beam(g) == VXG_CT_BEAM_CONE;
    for (int i = 0; i < 3; i++) pixel[i] = v->d[i] + a * v->U[i] + b * v->V[i];
    if (vxg_ct_geometry_detector(g) == VXG_CT_DETECTOR_CURVED) {
        for (int i = 0; i < 3; i++)
            n[i] = v->d[i] - v->s[i], rho += n[i] * n[i], u += v->U[i] * v->U[i];
        rho = sqrt(rho), u = sqrt(u);
        double gamma = (a + vxg_ct_geometry_column_offset(g)) * u / rho;
        for (int i = 0; i < 3; i++)
            pixel[i] =
                v->s[i] + rho * (cos(gamma) * n[i] / rho + sin(gamma) * v->U[i] / u) + b * v->V[i];
    }
    for (int i = 0; i < 3; i++) {
        w[i] = cone ? pixel[i] - v->s[i] : v->r[i];
        o[i] = cone ? v->s[i] : pixel[i];
        norm += w[i] * w[i];
    }
    for (int i = 0; i < 3; i++) w[i] /= sqrt(norm);
    return cone ? 0 : -INFINITY;
}

/* The part of a ray around the origin, where all shapes are. */
static double integral(const vxg_shape *s, int n, const double *o, const double *w, double t0,
                       double *step) {
    double near = -(o[0] * w[0] + o[1] * w[1] + o[2] * w[2]);
    double lo = fmax(t0, near - 3.5), hi = fmax(lo, near + 3.5);
    *step = (hi - lo) / STEPS;
    return walk(s, n, o, w, lo, hi);
}

static int rays_hit;
/* Projects and compares every ray; a chord shorter than a step may be missed by the walk. */
static void compare(const vxg_shape *s, int n, vxg_ct_geometry *g, const char *what) {
    int64_t nv = vxg_ct_geometry_nv(g), nu = vxg_ct_geometry_nu(g);
    double out[3 * 8 * 8], o[3], w[3], values = 0;
    int off = 0, rays = 0;
    vxg_phantom *p = NULL;
    vxg_phantom_opts opts = {.dtype = VXG_F64};
    for (int i = 0; i < n; i++) values += fabs(s[i].value);
    CHECK(g != NULL, "%s: no geometry", what);
    CHECK_OK(vxg_phantom_new(s, n, &p));
    int status = vxg_phantom_project(p, g, &opts, out);
    vxg_phantom_release(p);
    CHECK(status == 0, "%s: %s", what, vxg_error_message());
    for (int64_t k = 0; k < 3; k++)
        for (int64_t r = 0; r < nv; r++)
            for (int64_t q = 0; q < nu; q++, rays++) {
                double t0 = ray(g, k, (double)r, (double)q, o, w);
                double step, want = integral(s, n, o, w, t0, &step);
                double got = out[(k * nv + r) * nu + q];
                rays_hit += want != 0;
                off += fabs(got - want) > 1e-9 * (1 + values);
                CHECK(fabs(got - want) <= 2 * step * (1 + values),
                      "%s: view %d row %d column %d: %.12g, %.12g expected", what, (int)k, (int)r,
                      (int)q, got, want);
            }
    CHECK(off <= rays * n / 100 + 2, "%s: %d of %d rays are off by more than 1e-9", what, off,
          rays);
}

static const struct beam {
    const char *name;
    vxg_ct_beam beam;
    vxg_ct_detector detector;
    int nv;
    double distance;
} beams[] = {
    {"parallel", VXG_CT_BEAM_PARALLEL, VXG_CT_DETECTOR_FLAT, 5, 0},
    {"cone", VXG_CT_BEAM_CONE, VXG_CT_DETECTOR_FLAT, 5, 4},
    {"curved", VXG_CT_BEAM_CONE, VXG_CT_DETECTOR_CURVED, 5, 4},
    {"inside", VXG_CT_BEAM_CONE, VXG_CT_DETECTOR_FLAT, 5, 1}, /* the source in the object */
    {"fan", VXG_CT_BEAM_CONE, VXG_CT_DETECTOR_FLAT, 1, 4}};
enum { BEAMS = sizeof beams / sizeof *beams };

TEST(rays_of_every_shape)
{
    static const char *const names[] = {"ellipsoid", "box", "cylinder", "ellipse", "rectangle"};
    for (int kind = 0; kind <= VXG_SHAPE_RECTANGLE; kind++)
        for (int b = 0; b < BEAMS; b++) {
            rays_hit = 0;
            for (int i = 0; i < (MANY + 4) / 5; i++) {
                char what[64];
                snprintf(what, sizeof what, "%s, %s, %d", names[kind], beams[b].name, i);
                vxg_shape s = random_shape((vxg_shape_kind)kind);
                vxg_ct_geometry *g = random_views(beams[b].beam, beams[b].detector, beams[b].nv, 7,
                                                  beams[b].distance);
                compare(&s, 1, g, what);
                vxg_ct_geometry_release(g);
            }
            CHECK(rays_hit > 3, "%s, %s: %d rays meet the shape", names[kind], beams[b].name,
                  rays_hit);
        }
}

TEST(sums_and_replacements)
{
    enum { N = 7 };
    for (int i = 0; i < MANY; i++) {
        vxg_shape s[N];
        for (int k = 0; k < N; k++) {
            s[k] = random_shape((vxg_shape_kind)(int)roll(0, 4.999));
            s[k].replace = i % 3 && roll(0, 1) < 0.5;
        }
        const struct beam *b = &beams[i % BEAMS];
        vxg_ct_geometry *g = random_views(b->beam, b->detector, b->nv, 7, b->distance);
        compare(s, N, g, b->name);
        vxg_ct_geometry_release(g);
    }
}

TEST(sphere_closed_form)
{
    enum { NU = 41, NV = 21 };
    static double out[NV * NU];
    double angle = 0.7, worst = 0;
    vxg_shape s = {.kind = VXG_SHAPE_ELLIPSOID,
                   .value = 1.5,
                   .center = {0.1, -0.2, 0.05},
                   .half = {0.5, 0.5, 0.5}};
    vxg_phantom *p = NULL;
    vxg_ct_geometry *g = NULL;
    vxg_ct_parallel_opts o = {.angles = &angle, .nviews = 1, .rows = NV, .cols = NU, .pixel = 0.5};
    vxg_phantom_opts opts = {.unit = 12, .density = 2, .center = {1, 2, 3}, .dtype = VXG_F64};
    CHECK_OK(vxg_phantom_new(&s, 1, &p));
    CHECK_OK(vxg_ct_parallel_circular(&o, &g));
    CHECK_OK(vxg_phantom_project(p, g, &opts, out));
    for (int r = 0; r < NV; r++)
        for (int q = 0; q < NU; q++) {
            double du = 0.5 * (q - 20) - ((1 + 1.2) * cos(angle) + (2 - 2.4) * sin(angle));
            double dv = 0.5 * (r - 10) - (3 + 0.6), left = 36 - du * du - dv * dv;
            worst = fmax(worst, fabs(out[r * NU + q] - (left > 0 ? 2 * 1.5 * 2 * sqrt(left) : 0)));
        }
    CHECK(worst < 1e-12 * 36, "off by %g", worst);
    vxg_ct_geometry_release(g);
    vxg_phantom_release(p);
}

static double max_difference(const double *a, const double *b, int64_t n) {
    double worst = 0;
    for (int64_t i = 0; i < n; i++) worst = fmax(worst, fabs(a[i] - b[i]));
    return worst;
}

TEST(far_source_is_parallel)
{
    enum { VIEWS = 4, NV = 6, NU = 20, N = VIEWS * NV * NU };
    double angles[VIEWS] = {0.1, 1.3, 2.9, 4.4}, a[N], b[N];
    vxg_phantom *p = NULL;
    vxg_ct_geometry *g = NULL;
    vxg_phantom_opts opts = {.unit = 10, .dtype = VXG_F64};
    vxg_ct_parallel_opts po = {
        .angles = angles, .nviews = VIEWS, .rows = NV, .cols = NU, .center = 9.2, .has_center = 1};
    vxg_ct_cone_opts co = {.angles = angles,
                           .nviews = VIEWS,
                           .rows = NV,
                           .cols = NU,
                           .sod = 1e8,
                           .sdd = 1e8,
                           .center = 9.2,
                           .has_center = 1};
    CHECK_OK(vxg_phantom_named("spheres", &p));
    CHECK_OK(vxg_ct_parallel_circular(&po, &g));
    CHECK_OK(vxg_phantom_project(p, g, &opts, a));
    vxg_ct_geometry_release(g);
    CHECK_OK(vxg_ct_cone_circular(&co, &g));
    CHECK_OK(vxg_phantom_project(p, g, &opts, b));
    vxg_ct_geometry_release(g);
    vxg_phantom_release(p);
    /* rays differ by 1e-7 in angle: 1e-6 in place, its root where a chord begins */
    CHECK(max_difference(a, b, N) < 2e-2, "off by %g", max_difference(a, b, N));
    int close = 0;
    for (int i = 0; i < N; i++) close += fabs(a[i] - b[i]) < 2e-5;
    CHECK(close > N * 98 / 100, "only %d of %d rays agree", close, N);
}

TEST(curved_is_flat_at_its_pixels)
{
    enum { NU = 9, NV = 3 };
    double curved[3 * NV * NU], o[3], w[3], one = 0, worst = 0;
    vxg_phantom *p = NULL;
    vxg_phantom_opts opts = {.unit = 0.9, .dtype = VXG_F64};
    vxg_ct_geometry *g = random_views(VXG_CT_BEAM_CONE, VXG_CT_DETECTOR_CURVED, NV, NU, 3),
                    *single = NULL;
    CHECK_OK(vxg_phantom_named("forbild-head-like", &p));
    CHECK_OK(vxg_phantom_project(p, g, &opts, curved));
    for (int i = 0; i < 3 * NV * NU; i++) {
        vxg_ct_view v = *vxg_ct_geometry_view(g, i / (NV * NU));
        ray(g, i / (NV * NU), i / NU % NV, i % NU, o, w);
        for (int a = 0; a < 3; a++) v.d[a] = v.s[a] + 3 * w[a];
        CHECK_OK(vxg_ct_cone_views(1, 1, 1, &v, &single));
        CHECK_OK(vxg_phantom_project(p, single, &opts, &one));
        vxg_ct_geometry_release(single);
        worst = fmax(worst, fabs(one - curved[i]));
    }
    CHECK(worst < 1e-11, "off by %g", worst);
    vxg_ct_geometry_release(g);
    vxg_phantom_release(p);
}

TEST(samples_of_a_pixel)
{
    enum { NU = 6, NV = 4, K = 3 };
    double out[3 * NV * NU], want[3 * NV * NU], o[3], w[3], step;
    vxg_shape s[2] = {random_shape(VXG_SHAPE_ELLIPSOID), random_shape(VXG_SHAPE_BOX)};
    vxg_phantom *p = NULL;
    vxg_phantom_opts opts = {.samples = K, .dtype = VXG_F64};
    vxg_ct_geometry *g = random_views(VXG_CT_BEAM_CONE, VXG_CT_DETECTOR_FLAT, NV, NU, 4);
    for (int i = 0; i < 3 * NV * NU; i++) {
        want[i] = 0;
        for (int a = 0; a < K * K; a++) {
            ray(g, i / (NV * NU), i / NU % NV + (a / K + 0.5) / K - 0.5,
                i % NU + (a % K + 0.5) / K - 0.5, o, w);
            want[i] += integral(s, 2, o, w, 0, &step) / (K * K);
        }
    }
    CHECK_OK(vxg_phantom_new(s, 2, &p));
    CHECK_OK(vxg_phantom_project(p, g, &opts, out));
    CHECK(max_difference(out, want, 3 * NV * NU) < 1e-3, "off by %g",
          max_difference(out, want, 3 * NV * NU));
    vxg_ct_geometry_release(g);
    vxg_phantom_release(p);
}

/* The textbook ellipse sums on the y axis. */
TEST(shepp_logan_middle)
{
    double zero = 0, out = 0;
    vxg_phantom *p = NULL;
    vxg_ct_geometry *g = NULL;
    vxg_ct_parallel_opts o = {.angles = &zero, .nviews = 1, .rows = 1, .cols = 1};
    vxg_phantom_opts opts = {.dtype = VXG_F64};
    CHECK_OK(vxg_ct_parallel_circular(&o, &g));
    CHECK_OK(vxg_phantom_named("shepp-logan-2d", &p));
    CHECK_OK(vxg_phantom_project(p, g, &opts, &out));
    double want = 2 * (0.92 - 0.8 * 0.874 + 0.1 * (0.25 + 2 * 0.046 + 0.023));
    EXPECT(fabs(out - want) < 1e-14, "2d: %.15g, %.15g expected", out, want);
    vxg_phantom_release(p);
    CHECK_OK(vxg_phantom_named("shepp-logan-2d-classic", &p));
    CHECK_OK(vxg_phantom_project(p, g, &opts, &out));
    want = 2 * (2 * 0.92 - 0.98 * 0.874 + 0.01 * (0.25 + 2 * 0.046 + 0.023));
    EXPECT(fabs(out - want) < 1e-14, "classic: %.15g, %.15g expected", out, want);
    vxg_phantom_release(p);
    vxg_ct_geometry_release(g);
}

/* ---- volumes ---- */

static void voxels_equal_samples(int which) {
    enum { NZ = 6, NY = 7, NX = 8, N = NZ * NY * NX, K = 3, SHAPES = 4 };
    vxg_ct_volume vol = {.nz = NZ,
                         .ny = NY,
                         .nx = NX,
                         .dz = 0.3,
                         .dy = 0.2,
                         .dx = 0.25,
                         .center = {0.1, -0.15, 0.05}};
    double out[N], part[N], want[N], e[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    vxg_shape s[SHAPES];
    vxg_phantom *p = NULL;
    for (int i = 0; i < SHAPES; i++) {
        s[i] = random_shape((vxg_shape_kind)((which + i) % 5));
        s[i].replace = i == 2;
    }
    for (int i = 0; i < 3; i++) turn_z(0.3, e[i]), turn_y(-0.5, e[i]);
    for (int i = 0; i < 9; i++) vol.rotation[i] = e[i % 3][i / 3];
    for (int v = 0; v < N; v++) {
        want[v] = 0;
        for (int a = 0; a < K * K * K; a++) {
            double q[3] = {0.25 * (v % NX - 3.5 + (a % K - 1) / 3.0),
                           0.2 * (v / NX % NY - 3.0 + (a / K % K - 1) / 3.0),
                           0.3 * (v / NX / NY - 2.5 + (a / K / K - 1) / 3.0)};
            turn_z(0.3, q), turn_y(-0.5, q);
            for (int i = 0; i < 3; i++) q[i] += vol.center[i];
            want[v] += density(s, SHAPES, q) / (K * K * K);
        }
    }
    vxg_phantom_opts opts = {.samples = K, .dtype = VXG_F64};
    CHECK_OK(vxg_phantom_new(s, SHAPES, &p));
    CHECK_OK(vxg_phantom_voxelize(p, &vol, &opts, out));
    EXPECT(max_difference(out, want, N) < 1e-12, "case %d: off by %g", which,
           max_difference(out, want, N));
    opts.begin = 2, opts.end = 5;
    CHECK_OK(vxg_phantom_voxelize(p, &vol, &opts, part));
    EXPECT(!memcmp(part, out + 2 * NY * NX, 3 * NY * NX * sizeof *part),
           "case %d: slices 2:5 alone differ", which);
    opts.begin = NZ - 2, opts.end = 0; /* to the last */
    CHECK_OK(vxg_phantom_voxelize(p, &vol, &opts, part));
    EXPECT(!memcmp(part, out + (NZ - 2) * NY * NX, 2 * NY * NX * sizeof *part),
           "case %d: the last two slices alone differ", which);
    vxg_phantom_release(p);
}
TEST(voxels_equal_plain_samples)
{
    for (int i = 0; i < MANY; i++) voxels_equal_samples(i);
}

TEST(voxel_averages_converge)
{
    enum { N = 20 };
    static float out[N * N * N];
    vxg_ct_volume vol = {.nz = N, .ny = N, .nx = N, .dz = 0.1, .dy = 0.1, .dx = 0.1};
    vxg_shape s = {.kind = VXG_SHAPE_ELLIPSOID,
                   .value = 1,
                   .center = {0.02, 0.013, -0.03},
                   .half = {0.7, 0.6, 0.8},
                   .angle = {0.4, 0.3, 0.2}};
    vxg_phantom *p = NULL;
    CHECK_OK(vxg_phantom_new(&s, 1, &p));
    const double want = 4 * PI / 3 * 0.7 * 0.6 * 0.8;
    const int samples[] = {1, 4, 16};
    const double limit[] = {1e-2, 1e-3, 1e-4};
    for (int k = 0; k < 3; k++) {
        vxg_phantom_opts opts = {.samples = samples[k]};
        double sum = 0;
        CHECK_OK(vxg_phantom_voxelize(p, &vol, &opts, out));
        for (int i = 0; i < N * N * N; i++) sum += 1e-3 * (double)out[i];
        EXPECT(fabs(sum / want - 1) < limit[k], "%d samples: volume %.6g, %.6g expected",
               samples[k], sum, want);
    }
    vxg_phantom_release(p);
}

/* ---- ranges, threads, precisions ---- */
TEST(same_bits)
{
    enum { VIEWS = 11, NV = 5, NU = 40, N = VIEWS * NV * NU };
    static double all[N], again[N];
    static float single[N];
    double angles[VIEWS];
    vxg_phantom *p = NULL;
    vxg_ct_geometry *g = NULL;
    for (int i = 0; i < VIEWS; i++) angles[i] = 0.3 * i;
    vxg_ct_cone_opts o = {
        .angles = angles, .nviews = VIEWS, .rows = NV, .cols = NU, .sod = 90, .sdd = 130};
    vxg_phantom_opts opts = {.unit = 12, .dtype = VXG_F64};
    CHECK_OK(vxg_ct_cone_circular(&o, &g));
    CHECK_OK(vxg_phantom_named("forbild-head-like", &p));
    CHECK_OK(vxg_phantom_project(p, g, &opts, all));
    for (int threads = 1; threads <= 4; threads++) {
        vxg_set_threads(threads);
        for (int64_t v = 0; v < VIEWS; v += threads) {
            opts.begin = v, opts.end = v + threads < VIEWS ? v + threads : VIEWS;
            CHECK_OK(vxg_phantom_project(p, g, &opts, again + v * NV * NU));
        }
        EXPECT(!memcmp(all, again, sizeof all), "%d threads: other bits", threads);
    }
    vxg_set_threads(0);
    opts.begin = opts.end = 0, opts.dtype = VXG_F32;
    CHECK_OK(vxg_phantom_project(p, g, &opts, single));
    for (int i = 0; i < N; i++)
        EXPECT(single[i] == (float)all[i], "float32 is not the rounded one");
    vxg_ct_geometry_release(g);
    vxg_phantom_release(p);
}

/* ---- files ---- */

TEST(built_in)
{
    static const char *const must[] = {"shepp-logan-2d", "shepp-logan-3d", "forbild-head-like",
                                       "disc",           "cube",           "spheres"};
    const char *name, *text;
    int found = 0;
    for (int i = 0; (name = vxg_phantom_name(i, &text)); i++) {
        vxg_phantom *p = NULL;
        CHECK_OK(vxg_phantom_named(name, &p));
        EXPECT(vxg_phantom_count(p) > 0 && strstr(text, "phantom 1"), "%s is empty", name);
        vxg_phantom_release(p);
        for (int k = 0; k < 6; k++) found += !strcmp(name, must[k]);
    }
    EXPECT(found == 6, "%d of 6 built-in phantoms", found);
    vxg_phantom *p = NULL;
    EXPECT(vxg_phantom_named("moon", &p) == VXG_ERR_ARGUMENT && !p &&
               strstr(vxg_error_message(), "'moon' is none of cube, disc"),
           "message: %s", vxg_error_message());
}

TEST(file_is_read)
{
    vxg_phantom *p = NULL;
    CHECK_OK(vxg_phantom_parse("# head\r\n\r\nphantom 1\n"
                               "\tbox replace -1.5e-1 1 2 3 .4 5 6 90 45 -30 # words\n"
                               "ellipse add 2 1 2 3 4 180\nrectangle add 2 1 2 3 4",
                               "t", &p));
    CHECK(vxg_phantom_count(p) == 3, "%d shapes", (int)vxg_phantom_count(p));
    const vxg_shape *s = vxg_phantom_shapes(p);
    EXPECT(s[0].kind == VXG_SHAPE_BOX && s[0].replace && s[0].value == -0.15, "first shape");
    EXPECT(s[0].center[2] == 3 && s[0].half[0] == 0.4 && s[0].half[2] == 6, "its numbers");
    EXPECT(fabs(s[0].angle[0] - PI / 2) < 1e-15 && fabs(s[0].angle[2] + PI / 6) < 1e-15,
           "its angles");
    EXPECT(s[1].kind == VXG_SHAPE_ELLIPSE && !s[1].replace && s[1].half[1] == 4 &&
               fabs(s[1].angle[0] - PI) < 1e-15 && s[2].angle[0] == 0,
           "the others");
    vxg_phantom_release(p);
}

TEST(file_messages)
{
    static const struct {
        const char *text, *message;
    } bad[] = {
        {"", "t: not a phantom file: no line 'phantom 1'"},
        {"phantom 1\n", "t: no shapes"},
        {"phantom 2\n", "t: line 1: 'phantom 1' is expected"},
        {"# x\nbox add 1 0 0 0 1 1 1\n", "t: line 2: 'phantom 1' is expected"},
        {"phantom 1 2\n", "t: line 1: 'phantom 1' is expected"},
        {"phantom 1\nbal add 1\n", "t: line 2: kind: 'bal' is not ellipsoid"},
        {"phantom 1\n\nbox\n", "t: line 3: mode (add or replace) is missing"},
        {"phantom 1\nbox sum 1\n", "t: line 2: mode: 'sum' is not add or replace"},
        {"phantom 1\nbox add x\n", "t: line 2: value: 'x' is not a number"},
        {"phantom 1\nbox add nan 0 0 0 1 1 1\n", "t: line 2: value: 'nan' is not a number"},
        {"phantom 1\nbox add 1e999 0 0 0 1 1 1\n", "t: line 2: value: '1e999' is not"},
        {"phantom 1\nbox add 0x1 0 0 0 1 1 1\n", "t: line 2: value: '0x1' is not a number"},
        {"phantom 1\nbox add 1 0 1,5 0 1 1 1\n", "t: line 2: center y: '1,5' is not a number"},
        {"phantom 1\nbox add 1 0 0\n", "t: line 2: center z is missing"},
        {"phantom 1\nbox add 1 0 0 0 1 1\n", "t: line 2: half axis z is missing"},
        {"phantom 1\nbox add 1 0 0 0 1 -1 1\n", "t: line 2: half axis y must be positive"},
        {"phantom 1\nbox add 1 0 0 0 1 1 0\n", "t: line 2: half axis z must be positive"},
        {"phantom 1\nbox add 1 0 0 0 1 1 1 0 q\n", "t: line 2: angle theta: 'q' is not"},
        {"phantom 1\nbox add 1 0 0 0 1 1 1 0 0 0 7\n", "t: line 2: '7' is one field too many"},
        {"phantom 1\nellipse add 1 0 0 1 1 0 7\n", "t: line 2: '7' is one field too many"},
        {"phantom 1\nbox add 1 0 0 0 1 1 1e-320\n", "t: phantom: shape 0: half axis z"},
        {"phantom 1\n\xff\n", "t: line 2: a character that is not plain text"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        vxg_phantom *p = NULL;
        int status = vxg_phantom_parse(bad[i].text, "t", &p);
        EXPECT(status == VXG_ERR_INPUT && !p, "case %d: status %d", (int)i, status);
        EXPECT(!strncmp(vxg_error_message(), bad[i].message, strlen(bad[i].message)),
               "case %d: '%s', '%s' expected", (int)i, vxg_error_message(), bad[i].message);
    }
    char *line = malloc(3000);
    vxg_phantom *p = NULL;
    memset(line, ' ', 2999);
    memcpy(line, "phantom 1\n", 10);
    line[2999] = 0;
    EXPECT(vxg_phantom_parse(line, "t", &p) == VXG_ERR_INPUT &&
               strstr(vxg_error_message(), "line 2: more than 1000"),
           "long line: %s", vxg_error_message());
    free(line);
}

/* Damaged files: an error or a phantom, nothing else; two or three changed characters at a time. */
TEST(damaged_files)
{
    static const char letters[] = "0123456789.-+eE# \t\n\r\x01\xff,x(nai";
    const char *text;
    int good = 0, bad = 0;
    for (int i = 0; i < DRAWS / 50; i++) {
        vxg_phantom *p = NULL;
        vxg_phantom_name(i % 7, &text);
        size_t n = strlen(text);
        char *copy = malloc(n + 1);
        memcpy(copy, text, n + 1);
        for (int k = 0; k < 2 + i % 2; k++)
            copy[(size_t)roll(0, (double)n)] = letters[(size_t)roll(0, sizeof letters - 1)];
        if (i % 5 == 0) copy[(size_t)roll(0, (double)n)] = 0;
        int status = vxg_phantom_parse(copy, "t", &p);
        free(copy);
        good += status == 0, bad += status == VXG_ERR_INPUT;
        CHECK((status == 0) == (p != NULL), "case %d: status %d", i, status);
        CHECK(status == 0 || status == VXG_ERR_INPUT, "case %d: %s", i, vxg_error_message());
        vxg_phantom_release(p);
    }
    EXPECT(good > 0 && bad > 0, "%d read, %d refused", good, bad);
    EXPECT(vxg_alloc_live() == 0, "%d blocks are left", (int)vxg_alloc_live());
}

static int everything(const vxg_ct_geometry *g) {
    static float out[4 * 4 * 4];
    const vxg_ct_volume vol = {.nz = 4, .ny = 4, .nx = 4};
    vxg_phantom *p = NULL;
    int status = vxg_phantom_named("spheres", &p);
    if (!status) status = vxg_phantom_project(p, g, NULL, out);
    if (!status) status = vxg_phantom_voxelize(p, &vol, NULL, out);
    vxg_phantom_release(p);
    return status;
}

TEST(memory_fails)
{
    const double zero = 0;
    vxg_ct_geometry *g = NULL;
    vxg_ct_parallel_opts o = {.angles = &zero, .nviews = 1, .rows = 4, .cols = 4};
    CHECK_OK(vxg_ct_parallel_circular(&o, &g));
    int64_t before = vxg_alloc_live();
    vxg_alloc_count();
    CHECK_OK(everything(g));
    int64_t requests = vxg_alloc_count();
    CHECK(requests > 5, "%d requests", (int)requests);
    for (int64_t i = 0; i < requests; i++) {
        vxg_alloc_fail_at(i);
        int status = everything(g);
        vxg_alloc_fail_at(-1);
        EXPECT(status == VXG_ERR_MEMORY, "request %d: status %d", (int)i, status);
        EXPECT(vxg_alloc_live() == before, "request %d: memory is left", (int)i);
    }
    vxg_ct_geometry_release(g);
}

TEST(bad_arguments)
{
    vxg_shape s = {.kind = VXG_SHAPE_ELLIPSE, .value = 1, .half = {1, 1}, .angle = {0, 0.1}};
    vxg_phantom *p = NULL;
    vxg_ct_geometry *g = NULL;
    double out[16];
    EXPECT(vxg_phantom_new(&s, 0, &p) == VXG_ERR_ARGUMENT, "no shapes");
    EXPECT(vxg_phantom_new(&s, 1, &p) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "about z only"),
           "tilted 2-D: %s", vxg_error_message());
    s.angle[1] = 0;
    CHECK_OK(vxg_phantom_new(&s, 1, &p));
    /* rays along the axis of an unbounded shape */
    vxg_ct_view v = {.r = {0, 0, -2}, .U = {1, 0, 0}, .V = {0, 1, 0}};
    CHECK_OK(vxg_ct_parallel_views(1, 1, 1, &v, &g));
    vxg_phantom_opts opts = {.dtype = VXG_F64};
    EXPECT(vxg_phantom_project(p, g, &opts, out) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "view 0 runs along z"),
           "endless: %s", vxg_error_message());
    opts.begin = 1, opts.end = 2;
    EXPECT(vxg_phantom_project(p, g, &opts, out) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "range 1:2 is outside 0:1"),
           "range: %s", vxg_error_message());
    opts = (vxg_phantom_opts){.unit = -1};
    EXPECT(vxg_phantom_project(p, g, &opts, out) == VXG_ERR_ARGUMENT, "negative size");
    opts = (vxg_phantom_opts){.samples = 65};
    EXPECT(vxg_phantom_project(p, g, &opts, out) == VXG_ERR_ARGUMENT, "samples");
    int stop = 1;
    vxg_progress progress = {.cancel = &stop};
    opts = (vxg_phantom_opts){.progress = &progress};
    EXPECT(vxg_phantom_project(p, g, &opts, out) == VXG_ERR_CANCELLED, "cancel");
    vxg_ct_geometry_release(g);
    vxg_phantom_release(p);
    EXPECT(vxg_alloc_live() == 0, "%d blocks are left", (int)vxg_alloc_live());
}

/* ---- counts ---- */

static double probability(double mean, int k) {
    return exp(k * log(mean) - mean - lgamma(k + 1.0));
}

TEST(poisson_moments)
{
    static const double means[] = {0.01, 0.7, 5, 9.999, 10, 33.3, 1000, 1e6, 1e9, 1e13};
    for (int m = 0; m < (int)(sizeof means / sizeof *means); m++) {
        const uint32_t key[2] = {7, (uint32_t)m};
        double mean = means[m], sum = 0, square = 0;
        for (uint32_t i = 0; i < DRAWS; i++) {
            const uint32_t counter[4] = {i, 0, 3, 5 << 16};
            double d = vxg_poisson(mean, key, counter) - mean;
            sum += d, square += d * d;
        }
        /* of the squared deviation: variance 2 mean^2 + mean */
        double off = sum / sqrt(mean * DRAWS);
        double off2 = (square / DRAWS - mean) / sqrt((2 * mean * mean + mean) / DRAWS);
        EXPECT(fabs(off) < 5, "mean %g: off by %.1f sigma", mean, off);
        EXPECT(fabs(off2) < 5, "variance of %g: off by %.1f sigma", mean, off2);
    }
}

TEST(poisson_histogram)
{
    enum { N = DRAWS };
    static const double means[] = {0.3, 6, 10.2, 15.7, 21, 80};
    for (int m = 0; m < (int)(sizeof means / sizeof *means); m++) {
        const uint32_t key[2] = {1, (uint32_t)m};
        static int count[400];
        memset(count, 0, sizeof count);
        for (uint32_t i = 0; i < N; i++) {
            const uint32_t counter[4] = {i, 1, 0, 0};
            double k = vxg_poisson(means[m], key, counter);
            CHECK(k >= 0 && k < 400 && k == floor(k), "mean %g: drew %g", means[m], k);
            count[(int)k]++;
        }
        double chi = 0, tail = N, tail_count = N;
        int bins = 0;
        for (int k = 0; k < 400; k++) {
            double want = N * probability(means[m], k);
            if (want < 20) continue;
            chi += (count[k] - want) * (count[k] - want) / want;
            tail -= want, tail_count -= count[k], bins++;
        }
        if (tail > 1) chi += (tail_count - tail) * (tail_count - tail) / tail, bins++;
        EXPECT(chi < bins + 5 * sqrt(2.0 * bins) + 5, "mean %g: chi square %.1f of %d bins",
               means[m], chi, bins);
    }
}

TEST(noise_free_counts)
{
    enum { NV = 3, NU = 5, N = NV * NU };
    double p[N];
    uint16_t c[N];
    int64_t saturated = 0;
    vxg_ct_exposure e = {.white = 30000, .dark = 100};
    for (int i = 0; i < N; i++) p[i] = 0.3 * i - 0.9;
    CHECK_OK(vxg_ct_expose(&e, VXG_FRAME_DATA, 0, 1, NV, NU, p, c, &saturated));
    int over = 0;
    for (int i = 0; i < N; i++) {
        double want = floor(100.5 + 30000 * exp(-p[i]));
        over += want > 65535;
        EXPECT((double)c[i] == fmin(want, 65535), "pixel %d: %d, %g expected", i, c[i], want);
    }
    EXPECT(saturated == over && over > 0, "%d saturated, %d expected", (int)saturated, over);
    CHECK_OK(vxg_ct_expose(&e, VXG_FRAME_DARK, 0, 1, NV, NU, NULL, c, NULL));
    for (int i = 0; i < N; i++) EXPECT(c[i] == 100, "dark is %d", c[i]);
    e.flat_pattern = 0.2;
    CHECK_OK(vxg_ct_expose(&e, VXG_FRAME_FLAT, 4, 1, NV, NU, NULL, c, NULL));
    int lo = 65535, hi = 0;
    for (int i = 0; i < N; i++) lo = c[i] < lo ? c[i] : lo, hi = c[i] > hi ? c[i] : hi;
    EXPECT(lo >= 24100 && hi <= 36100 && hi - lo > 1500, "flat from %d to %d", lo, hi);
    e.white = 0;
    EXPECT(vxg_ct_expose(&e, VXG_FRAME_FLAT, 0, 1, NV, NU, NULL, c, NULL) == VXG_ERR_ARGUMENT,
           "no white");
    e = (vxg_ct_exposure){.white = 1, .flat_pattern = 1};
    EXPECT(vxg_ct_expose(&e, VXG_FRAME_FLAT, 0, 1, NV, NU, NULL, c, NULL) == VXG_ERR_ARGUMENT,
           "pattern of 1");
}

TEST(noisy_counts)
{
    enum { FRAMES = 30, NV = 20, NU = 50, F = NV * NU, N = FRAMES * F };
    static double p[N];
    static uint16_t all[N], again[N], flat[N];
    vxg_ct_exposure e = {.photons = 500, .white = 20000, .dark = 50, .seed = 12345678901234};
    for (int i = 0; i < N; i++) p[i] = 1;
    CHECK_OK(vxg_ct_expose(&e, VXG_FRAME_DATA, 0, FRAMES, NV, NU, p, all, NULL));
    double sum = 0, square = 0, mean = 500 * exp(-1);
    for (int i = 0; i < N; i++) {
        double d = (all[i] - 50) / 40.0 - mean;
        sum += d, square += d * d;
    }
    EXPECT(fabs(sum) < 5 * sqrt(mean * N), "mean %g, %g expected", mean + sum / N, mean);
    EXPECT(fabs(square / N / mean - 1) < 5 * sqrt(2.0 / N), "variance %g of %g", square / N, mean);
    for (int threads = 1; threads <= 3; threads++) { /* in blocks of frames, other threads */
        vxg_set_threads(threads);
        for (int f = 0; f < FRAMES; f += 7) {
            int n = f + 7 < FRAMES ? 7 : FRAMES - f;
            CHECK_OK(
                vxg_ct_expose(&e, VXG_FRAME_DATA, f, n, NV, NU, p + f * F, again + f * F, NULL));
        }
        EXPECT(!memcmp(all, again, sizeof all), "%d threads: other bits", threads);
    }
    vxg_set_threads(0);
    for (int i = 0; i < N; i++) p[i] = 0;
    CHECK_OK(vxg_ct_expose(&e, VXG_FRAME_DATA, 0, FRAMES, NV, NU, p, again, NULL));
    CHECK_OK(vxg_ct_expose(&e, VXG_FRAME_FLAT, 0, FRAMES, NV, NU, NULL, flat, NULL));
    e.seed++;
    CHECK_OK(vxg_ct_expose(&e, VXG_FRAME_DATA, 0, FRAMES, NV, NU, p, all, NULL));
    int as_flat = 0, as_seed = 0, as_next = 0, next_pixel = 0;
    for (int i = 0; i < N - F; i++) {
        as_flat += again[i] == flat[i], as_seed += again[i] == all[i];
        as_next += again[i] == again[i + F], next_pixel += again[i] == again[i + 1];
    }
    int limit = N / 20; /* by chance 1 / (2 sqrt(pi 500)) = 1.3 % are equal */
    EXPECT(as_flat < limit && as_seed < limit && as_next < limit && next_pixel < limit,
           "equal numbers: flat %d, seed %d, frame %d, pixel %d of %d", as_flat, as_seed, as_next,
           next_pixel, N);
}

TEST_MAIN("ct_phantom", T(rays_of_every_shape), T(sums_and_replacements), T(sphere_closed_form),
          T(far_source_is_parallel), T(curved_is_flat_at_its_pixels), T(samples_of_a_pixel),
          T(shepp_logan_middle), T(voxels_equal_plain_samples), T(voxel_averages_converge),
          T(same_bits), T(built_in), T(file_is_read), T(file_messages), T(damaged_files),
          T(memory_fails), T(bad_arguments), T(poisson_moments), T(poisson_histogram),
          T(noise_free_counts), T(noisy_counts))
