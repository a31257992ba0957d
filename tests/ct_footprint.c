/* Footprint projectors against references of their own in double: polygons cut by strips, rays
 * sampled densely through one voxel, Gaussian blobs in closed form, projected mass. */
#include <voxgrad/voxgrad.h>

#include "test.h"

static vxg_device *dev;
static vxg_ct_model model = VXG_CT_FOOTPRINT;

/* Projects `volume` (double) with footprints into `out` (double, calloc'ed by the caller). */
static int project(const vxg_ct_geometry *geo, const vxg_ct_volume *vol, int planar,
                   const double *volume, double *out) {
    const vxg_ct_projector_opts o = {.model = model, .real = VXG_REAL_F64};
    vxg_op *op = NULL;
    vxg_array x = {0}, y = {0};
    int status = (planar ? vxg_ct_projector2d : vxg_ct_projector)(dev, geo, vol, &o, &op);
    if (!status) status = vxg_op_new_array(op, 0, &x);
    if (!status) status = vxg_op_new_array(op, -1, &y);
    if (!status) status = vxg_array_write(NULL, &x, volume);
    if (!status) status = vxg_op_apply(op, NULL, &x, &y);
    if (!status) status = vxg_array_read(NULL, &y, out);
    vxg_array_release(&x), vxg_array_release(&y);
    vxg_op_release(op);
    return status;
}

static double dot(const double *a, const double *b) {
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}
static double triple(const double *a, const double *b, const double *c) {
    const double n[3] = {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2],
                         a[0] * b[1] - a[1] * b[0]};
    return dot(n, c);
}
static double noise(int n) { /* in [0, 1), repeatable */
    const double x = sin(n * 12.9898 + 4.1) * 43758.5453;
    return x - floor(x);
}

/* Where a point falls: column and row counted from 0. */
static void shadow(const vxg_ct_geometry *geo, const vxg_ct_view *v, const double *p, double *q,
                   double *r) {
    const int cone = vxg_ct_geometry_beam(geo) == VXG_CT_BEAM_CONE;
    double ray[3], to[3];
    for (int i = 0; i < 3; i++)
        ray[i] = cone ? p[i] - v->s[i] : v->r[i], to[i] = (cone ? v->s[i] : p[i]) - v->d[i];
    const double det = triple(v->U, v->V, ray); /* q U + r V - t ray = to, by Cramer's rule */
    *q = triple(to, v->V, ray) / det + 0.5 * (double)(vxg_ct_geometry_nu(geo) - 1);
    *r = triple(v->U, to, ray) / det + 0.5 * (double)(vxg_ct_geometry_nv(geo) - 1);
}

/* A view of angle t. slope: of the rays (parallel); source distance sod, magnification 1.5 (cone).
 */
typedef struct setting {
    int cone;
    double sod, pu, pv, slope, oblique, slant, lean; /* U about V; U_z; V_x and V_y */
} setting;

static void make_view(const setting *g, double t, vxg_ct_view *v) {
    const double c = cos(t), s = sin(t);
    *v = (vxg_ct_view){.r = {-s, c, g->slope},
                       .d = {0.21 * c, 0.21 * s, 0.13},
                       .U = {g->pu * cos(t + g->oblique), g->pu * sin(t + g->oblique), g->slant},
                       .V = {g->pv * g->lean, -g->pv * g->lean / 2, g->pv}};
    if (!g->cone) return;
    v->s[0] = g->sod * s, v->s[1] = -g->sod * c, v->s[2] = g->slope;
    v->d[0] -= 0.5 * g->sod * s, v->d[1] += 0.5 * g->sod * c;
}

static int make_geometry(const setting *g, const double *angles, int64_t n, int64_t nv, int64_t nu,
                         vxg_ct_geometry **out) {
    vxg_ct_view views[64];
    for (int64_t i = 0; i < n; i++) make_view(g, angles[i], &views[i]);
    return (g->cone ? vxg_ct_cone_views : vxg_ct_parallel_views)(n, nv, nu, views, out);
}

/* ---- Parallel beam in 2-D: a voxel's part in a bin is the area of the voxel cut by a strip ----
 */
typedef struct polygon {
    int n;
    double x[16], y[16];
} polygon;

/* Keeps the side a x + b y <= c. */
static void cut(polygon *p, double a, double b, double c) {
    polygon in = *p;
    p->n = 0;
    for (int i = 0; i < in.n; i++) {
        const int j = (i + 1) % in.n;
        const double di = a * in.x[i] + b * in.y[i] - c, dj = a * in.x[j] + b * in.y[j] - c;
        if (di <= 0) p->x[p->n] = in.x[i], p->y[p->n++] = in.y[i];
        if ((di < 0 && dj > 0) || (di > 0 && dj < 0)) {
            const double t = di / (di - dj);
            p->x[p->n] = in.x[i] + t * (in.x[j] - in.x[i]);
            p->y[p->n++] = in.y[i] + t * (in.y[j] - in.y[i]);
        }
    }
}
static double area(const polygon *p) {
    double sum = 0;
    for (int i = 0; i < p->n; i++) {
        const int j = (i + 1) % p->n;
        sum += p->x[i] * p->y[j] - p->x[j] * p->y[i];
    }
    return fabs(sum) / 2;
}

static const double corners[] = {
    0,   M_PI / 4, M_PI / 2, 3 * M_PI / 4,    M_PI,         -M_PI / 4, 0.3,
    1.0, 2.0,      1e-9,     M_PI / 4 + 1e-8, 0.9827937232, 5};
#define NCORNERS ((int)(sizeof corners / sizeof *corners))

TEST(strips)
{
    const vxg_ct_volume vols[] = {
        {.nz = 1, .ny = 5, .nx = 4},
        {.nz = 1, .ny = 4, .nx = 5, .dy = 1.5, .dx = 0.5, .center = {0.3, -0.7, 0}},
        {.nz = 1, .ny = 3, .nx = 3, .dy = 0.2, .dx = 2}};
    const double pitches[] = {1, 0.13, 2.7};
    enum { NU = 41 };
    for (int k = 0; k < 3; k++) {
        const vxg_ct_volume *v = &vols[k];
        const setting g = {.pu = pitches[k], .pv = 1};
        const double dx = v->dx > 0 ? v->dx : 1, dy = v->dy > 0 ? v->dy : 1;
        double x[32] = {0}, y[NCORNERS * NU], worst = 0;
        vxg_ct_geometry *geo;
        CHECK_OK(make_geometry(&g, corners, NCORNERS, 1, NU, &geo));
        for (int n = 0; n < (int)(v->nx * v->ny); n++) {
            memset(x, 0, sizeof x);
            x[n] = 1;
            CHECK_OK(project(geo, v, 1, x, y));
            const double cx = v->center[0] + ((double)(n % v->nx) - 0.5 * (double)(v->nx - 1)) * dx;
            const double cy = v->center[1] + ((double)(n / v->nx) - 0.5 * (double)(v->ny - 1)) * dy;
            for (int b = 0; b < NCORNERS * NU; b++) {
                const double t = corners[b / NU], s0 = 0.21 + (b % NU - 0.5 * NU) * g.pu;
                polygon p = {4,
                             {cx - dx / 2, cx + dx / 2, cx + dx / 2, cx - dx / 2},
                             {cy - dy / 2, cy - dy / 2, cy + dy / 2, cy + dy / 2}};
                cut(&p, cos(t), sin(t), s0 + g.pu);
                cut(&p, -cos(t), -sin(t), -s0);
                worst = fmax(worst, fabs(y[b] - area(&p) / g.pu));
            }
        }
        EXPECT(worst <= 1e-12, "volume %d: a bin is off by %.3g", k, worst);
        vxg_ct_geometry_release(geo);
    }
}

/* ---- Mass: the bins' values times their areas across the rays make up the volume's mass ---- */
static double mass(const vxg_ct_view *v, const double *y, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += y[i];
    return sum * fabs(triple(v->U, v->V, v->r)) / sqrt(dot(v->r, v->r));
}

static const vxg_ct_volume uneven = {
    .nz = 3, .ny = 4, .nx = 5, .dz = 0.5, .dy = 1, .dx = 1.5, .center = {0.4, -0.3, 0.2}};

TEST(mass_of_parallel_beams)
{
    const setting settings[] = {{.pu = 1, .pv = 1},
                                {.pu = 0.4, .pv = 1.7},
                                {.pu = 0.8, .pv = 0.6, .slope = 0.3},
                                {.pu = 1.1, .pv = 0.9, .slope = -0.2, .oblique = 0.4},
                                {.pu = 0.9, .pv = 0.7, .slope = 0.2, .slant = 0.3}};
    enum { NU = 41, NV = 33, VIEW = NU * NV };
    double *y = malloc(NCORNERS * VIEW * sizeof *y), x[60], total = 0;
    for (int n = 0; n < 60; n++) total += x[n] = 0.5 + noise(n);
    for (int k = 0; k < 5; k++) {
        vxg_ct_geometry *geo;
        vxg_ct_volume vol = uneven;
        const double a = k == 3 ? 0.5 : 0,
                     turn[9] = {cos(a), -sin(a), 0, sin(a), cos(a), 0, 0, 0, 1};
        memcpy(vol.rotation, turn, sizeof turn);
        CHECK_OK(make_geometry(&settings[k], corners, NCORNERS, NV, NU, &geo));
        CHECK_OK(project(geo, &vol, 0, x, y));
        for (int i = 0; i < NCORNERS; i++) {
            const double m = mass(vxg_ct_geometry_view(geo, i), y + i * VIEW, VIEW);
            EXPECT(fabs(m - total * 0.75) <= 1e-11 * total,
                   "setting %d, view %d: mass %.12g, %.12g is expected", k, i, m, total * 0.75);
        }
        vxg_ct_geometry_release(geo);
    }
    free(y);
}

/* One voxel, unit bins: the sum is the voxel's volume over the bin's area, at every angle. */
TEST(mass_of_a_voxel)
{
    const vxg_ct_volume vol = {.nz = 1, .ny = 1, .nx = 1, .dz = 0.5, .dy = 1, .dx = 1.5};
    const setting g = {.pu = 0.7, .pv = 1.3};
    enum { NU = 9, NV = 5, VIEW = NU * NV };
    double y[NCORNERS * VIEW];
    const double one = 1;
    vxg_ct_geometry *geo;
    CHECK_OK(make_geometry(&g, corners, NCORNERS, NV, NU, &geo));
    CHECK_OK(project(geo, &vol, 0, &one, y));
    for (int i = 0; i < NCORNERS; i++) {
        double sum = 0;
        for (int n = 0; n < VIEW; n++) sum += y[i * VIEW + n];
        EXPECT(fabs(sum - 0.75 / (0.7 * 1.3)) <= 1e-12, "view %d: %.14g", i, sum);
    }
    vxg_ct_geometry_release(geo);
}

/* A small voxel seen by a steep cone: the bins' areas, scaled down to where the voxel is and seen
 * along its ray. Right to the square of size over distance. */
TEST(mass_of_a_cone)
{
    const setting g = {.cone = 1, .sod = 20, .pu = 0.05, .pv = 0.05, .slope = -10, .oblique = 0.3};
    const vxg_ct_volume vol = {
        .nz = 1, .ny = 1, .nx = 1, .dz = 0.05, .dy = 0.1, .dx = 0.15, .center = {0.2, -0.3, -2.5}};
    enum { NU = 61, NV = 301, VIEW = NU * NV };
    double *y = malloc(NCORNERS * VIEW * sizeof *y), ray[3], to[3];
    const double one = 1;
    vxg_ct_geometry *geo;
    CHECK_OK(make_geometry(&g, corners, NCORNERS, NV, NU, &geo));
    CHECK_OK(project(geo, &vol, 0, &one, y));
    for (int i = 0; i < NCORNERS; i++) {
        const vxg_ct_view *v = vxg_ct_geometry_view(geo, i);
        double sum = 0;
        for (int b = 0; b < VIEW; b++) sum += y[i * VIEW + b];
        for (int k = 0; k < 3; k++) ray[k] = vol.center[k] - v->s[k], to[k] = v->d[k] - v->s[k];
        const double depth = triple(v->U, v->V, ray) / triple(v->U, v->V, to);
        const double bin = fabs(triple(v->U, v->V, ray)) / sqrt(dot(ray, ray)) * depth * depth;
        const double m = sum * bin / (0.05 * 0.1 * 0.15);
        EXPECT(fabs(m - 1) <= 1e-4, "view %d: mass %.6f of the voxel's", i, m);
    }
    vxg_ct_geometry_release(geo);
    free(y);
}

/* ---- Cone beam: rays sampled densely over the bins through one voxel ---- */
static double chord(const double *from, const double *ray, const double *low, const double *high) {
    double t0 = 0, t1 = INFINITY;
    for (int i = 0; i < 3; i++) {
        const double a = (low[i] - from[i]) / ray[i], b = (high[i] - from[i]) / ray[i];
        t0 = fmax(t0, fmin(a, b)), t1 = fmin(t1, fmax(a, b));
    }
    return t1 > t0 ? (t1 - t0) * sqrt(dot(ray, ray)) : 0;
}

/* The mean of N x N rays over bin (row, column). */
static double dense_bin(const vxg_ct_geometry *geo, const vxg_ct_view *v, int64_t row,
                        int64_t column, const double *low, const double *high) {
    enum { N = 40 };
    double sum = 0, ray[3];
    for (int k = 0; k < N * N; k++) {
        const double q = (double)column - 0.5 * (double)vxg_ct_geometry_nu(geo) + (k % N + 0.5) / N;
        const double r = (double)row - 0.5 * (double)vxg_ct_geometry_nv(geo) + (k / N + 0.5) / N;
        for (int i = 0; i < 3; i++)
            ray[i] = v->d[i] + q * v->U[i] + r * v->V[i] - v->s[i] + 1e-13 * (i + 1);
        sum += chord(v->s, ray, low, high);
    }
    return sum / (N * N);
}

/* The largest error of a bin over the largest bin, of a voxel at `at` seen by a fan (planar) or
 * cone from sod away. */
static double voxel_error(double sod, const double *at, int planar) {
    const vxg_ct_volume vol = {
        .nz = 1, .ny = 1, .nx = 1, .dz = 0.8, .dy = 1, .dx = 1.2, .center = {at[0], at[1], at[2]}};
    const setting g = {.cone = 1, .sod = sod, .pu = 0.5, .pv = 0.5};
    const int64_t nu = 101, nv = planar ? 1 : 101;
    const double one = 1, size[3] = {1.2, 1, planar ? 1e6 : 0.8};
    double low[3], high[3], worst = 0, peak = 0;
    double *y = malloc((size_t)(nu * nv * 7) * sizeof *y);
    vxg_ct_geometry *geo;
    for (int i = 0; i < 3; i++) low[i] = at[i] - size[i] / 2, high[i] = at[i] + size[i] / 2;
    if (make_geometry(&g, corners, 7, nv, nu, &geo) || project(geo, &vol, planar, &one, y)) {
        free(y);
        return NAN;
    }
    for (int64_t b = 0; b < 7 * nu * nv; b++) {
        vxg_ct_view v = *vxg_ct_geometry_view(geo, b / (nu * nv));
        double q, r;
        if (planar) v.d[2] = v.s[2] = 0, v.V[2] = 1e-9;
        shadow(geo, &v, at, &q, &r);
        if (planar) r = 0;
        if (fabs(q - (double)(b % nu)) > 6 || fabs(r - (double)(b / nu % nv)) > 6) {
            if (y[b] != 0) worst = INFINITY; /* a footprint far from its voxel */
            continue;
        }
        const double want = dense_bin(geo, &v, b / nu % nv, b % nu, low, high);
        worst = fmax(worst, fabs(y[b] - want)), peak = fmax(peak, want);
    }
    vxg_ct_geometry_release(geo);
    free(y);
    return worst / peak;
}

/* A fan's trapezoid is right to first order in voxel size over distance: the true shadow's top and
 * sides are curved. A cone's rectangle further neglects that rays climb in the voxel (by `at` z
 * over sod). */
TEST(dense_rays)
{
    const double off[3] = {3.3, -2.1, 0}, low[3] = {3.3, -2.1, 1}, up[3] = {3.3, -2.1, 8},
                 steep[3] = {0.3, -2.1, 12};
    double near = voxel_error(25, off, 1), far = voxel_error(100, off, 1);
    EXPECT(near <= 0.005, "fan, 25 voxels off: a bin is off by %.3g of the peak", near);
    EXPECT(far <= 0.0012, "fan, 100 voxels off: a bin is off by %.3g of the peak", far);
    near = voxel_error(25, low, 0), far = voxel_error(100, low, 0);
    EXPECT(near <= 0.035, "cone, 25 voxels off: a bin is off by %.3g of the peak", near);
    EXPECT(far <= 0.005, "cone, 100 voxels off: a bin is off by %.3g of the peak", far);
    near = voxel_error(100, up, 0);
    EXPECT(near <= 0.03, "cone, rays that climb: a bin is off by %.3g of the peak", near);
    const double one = voxel_error(40, steep, 0);
    model = VXG_CT_FOOTPRINT_TT;
    const double two = voxel_error(40, steep, 0);
    model = VXG_CT_FOOTPRINT;
    EXPECT(two <= 0.6 * one, "rays that climb: %.3g with two trapezoids, %.3g with one", two, one);
}

/* ---- Half a voxel: the shadow's middle is where the voxel's centre falls ---- */
static void voxel_centre(const vxg_ct_volume *v, int n, double *p) {
    const double at[3] = {((double)(n % v->nx) - 0.5 * (double)(v->nx - 1)) * v->dx,
                          ((double)(n / v->nx % v->ny) - 0.5 * (double)(v->ny - 1)) * v->dy,
                          ((double)(n / v->nx / v->ny) - 0.5 * (double)(v->nz - 1)) * v->dz};
    for (int i = 0; i < 3; i++) p[i] = v->center[i] + dot(v->rotation + 3 * i, at);
}

TEST(half_voxel)
{
    /* eight bins across a voxel: the middle of a shadow in bins is right to 1/50 of one */
    const setting settings[] = {
        {.pu = 0.12, .pv = 0.11},
        {.pu = -0.12, .pv = 0.11, .slope = 0.3, .oblique = 0.2},
        {.pu = 0.12, .pv = -0.11, .slope = 0.2, .slant = 0.02, .lean = 8e-4},
        {.cone = 1, .sod = 300, .pu = 0.2, .pv = 0.16},
        {.cone = 1,
         .sod = 300,
         .pu = 0.2,
         .pv = -0.16,
         .slope = 4,
         .oblique = 0.2,
         .slant = 0.03,
         .lean = 8e-4}};
    enum { NU = 131, NV = 75, VIEW = NU * NV };
    const double a = 0.7, turn[9] = {cos(a), -sin(a), 0, sin(a), cos(a), 0, 0, 0, 1};
    vxg_ct_volume vol = uneven;
    double *y = malloc(NCORNERS * VIEW * sizeof *y), x[60], p[3];
    memcpy(vol.rotation, turn, sizeof turn);
    for (int k = 0; k < 5; k++)
        for (int n = 1; n < 60; n += 19) {
            vxg_ct_geometry *geo;
            memset(x, 0, sizeof x);
            x[n] = 1;
            voxel_centre(&vol, n, p);
            CHECK_OK(make_geometry(&settings[k], corners, NCORNERS, NV, NU, &geo));
            CHECK_OK(project(geo, &vol, 0, x, y));
            for (int i = 0; i < NCORNERS; i++) {
                double sum = 0, sq = 0, sr = 0, q, r;
                for (int b = 0; b < VIEW; b++)
                    sum += y[i * VIEW + b], sq += y[i * VIEW + b] * (b % NU),
                        sr += y[i * VIEW + b] * (double)(b / NU);
                shadow(geo, vxg_ct_geometry_view(geo, i), p, &q, &r);
                EXPECT(fabs(sq / sum - q) <= 0.04 && fabs(sr / sum - r) <= 0.04,
                       "setting %d, voxel %d, view %d: middle at (%.4f, %.4f), (%.4f, %.4f) is "
                       "expected",
                       k, n, i, sr / sum, sq / sum, r, q);
            }
            vxg_ct_geometry_release(geo);
        }
    free(y);
}

/* ---- A Gaussian blob: integrals along rays in closed form ---- */
#define SIGMA 2.5
static double blob_ray(const double *from, const double *ray, const double *centre) {
    double w[3];
    for (int i = 0; i < 3; i++) w[i] = centre[i] - from[i];
    const double t = dot(w, ray) / dot(ray, ray), d2 = dot(w, w) - t * t * dot(ray, ray);
    return sqrt(2 * M_PI) * SIGMA * exp(-d2 / (2 * SIGMA * SIGMA));
}

TEST(blob)
{
    const setting settings[] = {{.pu = 0.5, .pv = 0.5},
                                {.pu = 0.5, .pv = 0.5, .slope = 0.3, .oblique = 0.3, .slant = 0.02},
                                {.cone = 1, .sod = 60, .pu = 0.7, .pv = 0.7},
                                {.cone = 1,
                                 .sod = 60,
                                 .pu = 0.7,
                                 .pv = -0.7,
                                 .slope = 8,
                                 .oblique = 0.3,
                                 .slant = 0.02,
                                 .lean = 8e-4}};
    const double a = 0.7, turn[9] = {cos(a), -sin(a), 0, sin(a), cos(a), 0, 0, 0, 1};
    vxg_ct_volume vol = {
        .nz = 64, .ny = 56, .nx = 48, .dz = 0.3, .dy = 0.4, .dx = 0.5, .center = {0.4, -0.3, 0.2}};
    enum { NU = 50, NV = 50, NT = 5 };
    const double centre[3] = {1.1, -0.6, 0.9};
    double *x = malloc(48 * 56 * 64 * sizeof *x), *y = malloc(NT * NU * NV * sizeof *y), p[3];
    memcpy(vol.rotation, turn, sizeof turn);
    for (int n = 0; n < 48 * 56 * 64; n++) {
        voxel_centre(&vol, n, p);
        for (int i = 0; i < 3; i++) p[i] -= centre[i];
        x[n] = exp(-dot(p, p) / (2 * SIGMA * SIGMA));
    }
    for (int k = 0; k < 4; k++) {
        double worst = 0;
        vxg_ct_geometry *geo;
        CHECK_OK(make_geometry(&settings[k], corners + 4, NT, NV, NU, &geo));
        CHECK_OK(project(geo, &vol, 0, x, y));
        for (int b = 0; b < NT * NU * NV; b++) {
            const vxg_ct_view *v = vxg_ct_geometry_view(geo, b / (NU * NV));
            double at[3], ray[3];
            for (int i = 0; i < 3; i++) {
                at[i] = v->d[i] + (b % NU - 0.5 * (NU - 1)) * v->U[i] +
                        (b / NU % NV - 0.5 * (NV - 1)) * v->V[i];
                ray[i] = settings[k].cone ? at[i] - v->s[i] : v->r[i];
            }
            worst = fmax(worst, fabs(y[b] - blob_ray(at, ray, centre)));
        }
        /* Of the peak: voxel and bin smooth the blob (variances of size^2 / 12), 0.6 %, and voxels
         * are constant inside. A shift of half a bin would give 6 %. */
        worst /= sqrt(2 * M_PI) * SIGMA;
        EXPECT(worst <= 0.01, "setting %d: off by %.4f of the peak", k, worst);
        vxg_ct_geometry_release(geo);
    }
    free(x), free(y);
}

/* ---- The same with trapezoids along rows ---- */
static void with_trapezoids(void (*test)(void)) {
    model = VXG_CT_FOOTPRINT_TT;
    test();
    model = VXG_CT_FOOTPRINT;
}
TEST(strips_tt)
{ with_trapezoids(test_strips); }
TEST(mass_tt)
{ with_trapezoids(test_mass_of_parallel_beams); }
TEST(mass_of_a_cone_tt)
{ with_trapezoids(test_mass_of_a_cone); }
TEST(half_voxel_tt)
{ with_trapezoids(test_half_voxel); }
TEST(blob_tt)
{ with_trapezoids(test_blob); }

/* ---- Voxels at the source's plane, refusals ---- */
TEST(behind_the_source)
{
    /* source at (0, -2.5, 0), rays towards +y: voxels of rows y = -4 .. -3, and -2.5 itself, have a
     * corner on or behind the plane y = -2.5 */
    const vxg_ct_view v = {.s = {0, -2.5, 0}, .d = {0, 6, 0}, .U = {1, 0, 0}, .V = {0, 0, 1}};
    const vxg_ct_volume vol = {.nz = 1, .ny = 9, .nx = 3};
    vxg_ct_geometry *geo;
    double x[27], y[15];
    CHECK_OK(vxg_ct_cone_views(1, 1, 15, &v, &geo));
    for (int j = 0; j < 9; j++) {
        double sum = 0;
        for (int n = 0; n < 27; n++) x[n] = n / 3 == j;
        CHECK_OK(project(geo, &vol, 1, x, y));
        for (int n = 0; n < 15; n++) sum += y[n];
        /* row j covers y in [j - 4.5, j - 3.5] */
        EXPECT(j <= 2 ? sum == 0 : sum > 0, "row %d: sum %g", j, sum);
    }
    vxg_ct_geometry_release(geo);
}

static int refused(const vxg_ct_geometry *geo, const vxg_ct_volume *vol, const char *words) {
    const vxg_ct_projector_opts o = {.model = VXG_CT_FOOTPRINT};
    vxg_op *op;
    const int status = vxg_ct_projector(dev, geo, vol, &o, &op);
    vxg_op_release(op);
    return status == VXG_ERR_ARGUMENT && strstr(vxg_error_message(), words);
}

TEST(refusals)
{
    vxg_ct_view v[2] = {{.r = {0, 1, 0}, .U = {1, 0, 0}, .V = {0, 0, 1}},
                        {.r = {0, 1, 0}, .U = {1, 0, 0}, .V = {0, 0.00095, 2}}};
    vxg_ct_volume vol = {.nz = 2, .ny = 2, .nx = 2, .dy = 2};
    double x[8] = {0}, y[8];
    vxg_ct_geometry *geo;
    v[1].V[1] = 0.0018;
    CHECK_OK(vxg_ct_parallel_views(2, 2, 2, v, &geo));
    CHECK_OK(project(geo, &vol, 0, x, y));
    vxg_ct_geometry_release(geo);
    v[1].V[1] = -0.0022;
    CHECK_OK(vxg_ct_parallel_views(2, 2, 2, v, &geo));
    EXPECT(refused(geo, &vol, "view 1: V is 0.0011 rad"), "%s", vxg_error_message());
    vxg_ct_geometry_release(geo);
    v[1].V[1] = 0, v[1].V[2] = -1; /* rows counted downwards are fine, a tilted volume is not */
    CHECK_OK(vxg_ct_parallel_views(2, 2, 2, v, &geo));
    CHECK_OK(project(geo, &vol, 0, x, y));
    const double c = cos(0.01), s = sin(0.01), tilt[9] = {1, 0, 0, 0, c, -s, 0, s, c};
    memcpy(vol.rotation, tilt, sizeof tilt);
    EXPECT(refused(geo, &vol, "view 0: V is 0.01 rad"), "%s", vxg_error_message());
    vxg_ct_geometry_release(geo);
    const vxg_ct_cone_opts arc = {
        .nviews = 3, .cols = 5, .sod = 10, .sdd = 20, .detector = VXG_CT_DETECTOR_CURVED};
    CHECK_OK(vxg_ct_cone_circular(&arc, &geo));
    vxg_ct_fit_volume(geo, &vol);
    EXPECT(refused(geo, &vol, "curved"), "%s", vxg_error_message());
    vxg_ct_geometry_release(geo);
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(strips),
                                      T(mass_of_parallel_beams),
                                      T(mass_of_a_voxel),
                                      T(mass_of_a_cone),
                                      T(dense_rays),
                                      T(half_voxel),
                                      T(blob),
                                      T(strips_tt),
                                      T(mass_tt),
                                      T(mass_of_a_cone_tt),
                                      T(half_voxel_tt),
                                      T(blob_tt),
                                      T(behind_the_source),
                                      T(refusals)};
    if (vxg_device_open("cpu", &dev))
        return printf("FAIL footprint.cpu: %s\n", vxg_error_message()), 1;
    const int failed =
        test_run("ct_footprint", list, (int)(sizeof list / sizeof *list), argc, argv);
    vxg_device_release(dev);
    return failed;
}
