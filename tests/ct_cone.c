/* Cone and fan beams against closed forms in double: constant cubes and boxes, Gaussian blobs,
 * single voxels, parallel beams from far sources, curved detectors pixel by pixel. */
#include <voxgrad/voxgrad.h>

#include "test.h"

static vxg_device *dev;
static uint32_t dice = 3;
static double roll(double lo, double hi) {
    dice = dice * 1664525u + 1013904223u;
    return lo + (hi - lo) * (double)(dice >> 8) / 16777216.0;
}

/* ---- What docs/conventions.md says, written down once more ---- */
static double dot(const double *a, const double *b) {
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}
static void cross(const double *a, const double *b, double *c) {
    for (int i = 0; i < 3; i++)
        c[i] = a[(i + 1) % 3] * b[(i + 2) % 3] - a[(i + 2) % 3] * b[(i + 1) % 3];
}
static void unit(double *a) {
    const double n = sqrt(dot(a, a));
    for (int i = 0; i < 3; i++) a[i] /= n;
}

/* Turns the three axes by angles about x, y and z. */
static void rotation(double a, double b, double c, double *m) {
    const double x[9] = {1, 0, 0, 0, cos(a), -sin(a), 0, sin(a), cos(a)};
    const double y[9] = {cos(b), 0, sin(b), 0, 1, 0, -sin(b), 0, cos(b)};
    const double z[9] = {cos(c), -sin(c), 0, sin(c), cos(c), 0, 0, 0, 1};
    double xy[9] = {0};
    memset(m, 0, 9 * sizeof *m);
    for (int i = 0; i < 27; i++)
        xy[i / 9 * 3 + i % 3] += x[i / 9 * 3 + i / 3 % 3] * y[i / 3 % 3 * 3 + i % 3];
    for (int i = 0; i < 27; i++)
        m[i / 9 * 3 + i % 3] += xy[i / 9 * 3 + i / 3 % 3] * z[i / 3 % 3 * 3 + i % 3];
}
static void turned(const double *m, double *v) {
    const double t[3] = {dot(m, v), dot(m + 3, v), dot(m + 6, v)};
    memcpy(v, t, sizeof t);
}

typedef struct scan {
    vxg_ct_views g;
    vxg_ct_view views[16];
    vxg_ct_volume vol;
    int planar;
} scan;

static void pixel_center(const scan *s, const vxg_ct_view *v, int64_t row, int64_t col, double *p) {
    const double q = (double)col - 0.5 * (double)(s->g.nu - 1);
    const double r = (double)row - 0.5 * (double)(s->g.nv - 1);
    double n[3], u[3] = {v->U[0], v->U[1], v->U[2]};
    for (int i = 0; i < 3; i++) n[i] = v->d[i] - v->s[i];
    const double rho = sqrt(dot(n, n)), g = (q + s->g.column_offset) * sqrt(dot(u, u)) / rho;
    unit(n), unit(u);
    for (int i = 0; i < 3; i++)
        p[i] = s->g.detector == VXG_CT_DETECTOR_CURVED
                   ? v->s[i] + rho * (cos(g) * n[i] + sin(g) * u[i]) + r * v->V[i]
                   : v->d[i] + q * v->U[i] + r * v->V[i];
}

static void voxel_center(const vxg_ct_volume *vol, int64_t at, double *p) {
    static const double one[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    const double *m = dot(vol->rotation, vol->rotation) > 0 ? vol->rotation : one;
    const int64_t n[3] = {vol->nx, vol->ny, vol->nz};
    const int64_t index[3] = {at % n[0], at / n[0] % n[1], at / n[0] / n[1]};
    const double size[3] = {vol->dx, vol->dy, vol->dz};
    for (int i = 0; i < 3; i++) p[i] = ((double)index[i] - 0.5 * (double)(n[i] - 1)) * size[i];
    turned(m, p);
    for (int i = 0; i < 3; i++) p[i] += vol->center[i];
}

/* ---- Running ---- */
typedef struct setup {
    vxg_op *op;
    vxg_array x, y;
    vxg_dtype dtype;
    int64_t nx, ny; /* elements */
} setup;

static int open_setup(const scan *s, vxg_ct_model model, vxg_dtype dtype, setup *u) {
    vxg_ct_projector_opts o = {.model = model, .real = (vxg_real)dtype};
    vxg_ct_views g = s->g;
    vxg_ct_geometry *geo;
    memset(u, 0, sizeof *u);
    g.views = s->views, u->dtype = dtype;
    int status = vxg_ct_geometry_new(&g, &geo);
    if (status) return status;
    status = (s->planar ? vxg_ct_projector2d : vxg_ct_projector)(dev, geo, &s->vol, &o, &u->op);
    vxg_ct_geometry_release(geo);
    if (!status) status = vxg_op_new_array(u->op, 0, &u->x);
    if (!status) status = vxg_op_new_array(u->op, -1, &u->y);
    u->nx = vxg_array_count(&u->x), u->ny = vxg_array_count(&u->y);
    return status;
}
static void close_setup(setup *u) {
    vxg_array_release(&u->x), vxg_array_release(&u->y);
    vxg_op_release(u->op);
}
static int put(const setup *u, vxg_array *a, const double *from) {
    const int64_t n = vxg_array_count(a);
    if (u->dtype == VXG_F64) return vxg_array_write(NULL, a, from);
    float *f = malloc((size_t)n * sizeof *f);
    for (int64_t i = 0; i < n; i++) f[i] = (float)from[i];
    int status = vxg_array_write(NULL, a, f);
    free(f);
    return status;
}
static int take(const setup *u, const vxg_array *a, double *to) {
    int status = vxg_array_read(NULL, a, to);
    if (u->dtype == VXG_F32)
        for (int64_t i = vxg_array_count(a) - 1; i >= 0; i--) {
            float f = ((float *)to)[i];
            to[i] = f;
        }
    return status;
}

/* Projections of a volume given as values, or of ones (values NULL). free() the result. */
static int projected(const scan *s, vxg_ct_model model, vxg_dtype dtype, const double *values,
                     double **out) {
    setup u;
    *out = NULL;
    int status = open_setup(s, model, dtype, &u);
    if (!status) status = values ? put(&u, &u.x, values) : vxg_array_fill(NULL, &u.x, 1);
    if (!status) status = vxg_op_apply(u.op, NULL, &u.x, &u.y);
    *out = calloc((size_t)u.ny + 1, sizeof **out);
    if (!status) status = take(&u, &u.y, *out);
    close_setup(&u);
    return status;
}

/* ---- A2: constant cubes ---- */
/* One pixel at the end of the ray along `axis` (0 .. 5: +x, -x, +y ...) through the point p. */
static void axis_view(int axis, int turn, const double *p, double sod, double sdd, vxg_ct_view *v) {
    const int a = axis / 2, b = (a + 1 + turn) % 3, c = (a + 2 - turn) % 3;
    const double sign = axis % 2 ? -1 : 1;
    memset(v, 0, sizeof *v);
    for (int i = 0; i < 3; i++) v->s[i] = v->d[i] = p[i];
    v->s[a] = -sign * sod, v->d[a] = sign * (sdd - sod);
    v->U[b] = 0.01, v->V[c] = 0.01;
}

TEST(cubes)
{
    static const int sizes[] = {1, 7, 100};
    for (int k = 0; k < 3; k++)
        for (int model = 0; model < 2; model++)
            for (int wide = 0; wide < 2; wide++) {
                scan s = {.g = {.beam = VXG_CT_BEAM_CONE, .nviews = 12, .nv = 1, .nu = 1},
                          .vol = {.nz = sizes[k], .ny = sizes[k], .nx = sizes[k]}};
                const double origin[3] = {0};
                double *sums;
                s.vol.dx = s.vol.dy = s.vol.dz = 1.0 / sizes[k];
                for (int v = 0; v < 12; v++) axis_view(v / 2, v % 2, origin, 4, 4.4, &s.views[v]);
                CHECK_OK(projected(&s, (vxg_ct_model)model, wide ? VXG_F64 : VXG_F32, NULL, &sums));
                for (int v = 0; v < 12; v++)
                    EXPECT(fabs(sums[v] - 1) <= (wide ? 1e-13 : 1e-6),
                           "%d voxels a side, model %d, view %d: the side is %.9g long", sizes[k],
                           model, v, sums[v]);
                free(sums);
            }
}

/* Boxes of three different sides and voxel sizes, rays along the axes through voxel centres. */
TEST(boxes)
{
    static const double size[3] = {0.5, 1, 1.5};
    static const int count[3] = {9, 14, 5};
    for (int order = 0; order < 18; order++) {
        const int a = order % 3, b = (a + 1 + order / 3 % 2) % 3, c = 3 - a - b, m = order / 6 % 3;
        const double dx = size[a], dy = size[b], dz = size[c];
        scan s = {.g = {.beam = VXG_CT_BEAM_CONE, .nviews = 12, .nv = 1, .nu = 1},
                  .vol = {.nx = count[m], .ny = count[(m + 1) % 3], .nz = count[(m + 2) % 3]}};
        double *sums, p[3], want[3];
        s.vol.dx = dx, s.vol.dy = dy, s.vol.dz = dz;
        want[0] = dx * (double)s.vol.nx, want[1] = dy * (double)s.vol.ny,
        want[2] = dz * (double)s.vol.nz;
        voxel_center(&s.vol, s.vol.nx * (s.vol.ny + 1) + 2, p);
        for (int v = 0; v < 12; v++) axis_view(v / 2, v % 2, p, 40, 44, &s.views[v]);
        for (int model = 0; model < 2; model++) {
            CHECK_OK(projected(&s, (vxg_ct_model)model, VXG_F32, NULL, &sums));
            for (int v = 0; v < 12; v++)
                EXPECT(fabs(sums[v] / want[v / 4] - 1) <= 1e-6,
                       "voxels %g %g %g, model %d, view %d: %.9g, not %g", dx, dy, dz, model, v,
                       sums[v], want[v / 4]);
            free(sums);
        }
    }
}

/* The integral over a detector of voxels' pitch, source 1e6 away: the mass of the volume. Pitches
 * of near and far slices differ by 2e-5. */
TEST(mass)
{
    for (int axis = 0; axis < 3; axis++)
        for (int model = 0; model < 2; model++) {
            scan s = {.g = {.beam = VXG_CT_BEAM_CONE, .nviews = 1, .nv = 24, .nu = 24},
                      .vol = {.nx = 16, .ny = 15, .nz = 14, .dx = 0.5, .dy = 1, .dz = 1.5}};
            const double size[3] = {0.5, 1, 1.5}, sod = 1e6, origin[3] = {0};
            const int b = (axis + 1) % 3, c = (axis + 2) % 3;
            const int64_t n[3] = {16, 15, 14};
            double values[16 * 15 * 14], total = 0, sum = 0, *y;
            for (int k = 0; k < 16 * 15 * 14; k++) total += values[k] = roll(0.2, 1);
            axis_view(2 * axis, 0, origin, sod, sod, &s.views[0]); /* pixels in the middle plane */
            s.views[0].U[b] = size[b], s.views[0].V[c] = size[c];
            s.g.nu = n[b] + 8, s.g.nv = n[c] + 8; /* both even or both odd: centre on centre */
            CHECK_OK(projected(&s, (vxg_ct_model)model, VXG_F64, values, &y));
            for (int64_t k = 0; k < s.g.nu * s.g.nv; k++) sum += y[k] * size[b] * size[c];
            total *= 0.5 * 1 * 1.5;
            EXPECT(fabs(sum / total - 1) < 4e-5, "axis %d, model %d: mass %.9g, not %.9g", axis,
                   model, sum, total);
            free(y);
        }
}

/* ---- Random scans ---- */
static void random_view(const scan *s, double radius, double near, double tilt, vxg_ct_view *v) {
    const double mag = exp(roll(log(1.05), log(8))), sod = radius * roll(near, near + 2);
    const double t = roll(0, 6.3), pu = 2.4 * radius * mag / (double)s->g.nu;
    double all[9], alone[9];
    *v = (vxg_ct_view){.s = {sod * sin(t), -sod * cos(t), 0},
                       .d = {(sod - mag * sod) * sin(t), (mag * sod - sod) * cos(t), 0},
                       .U = {pu * cos(t), pu * sin(t), 0},
                       .V = {0, 0, 2.4 * radius * mag / (double)s->g.nv}};
    if (s->planar) v->V[2] = 1;
    rotation(roll(-1, 1), roll(-1, 1), roll(-3, 3), all);
    rotation(roll(-tilt, tilt), roll(-tilt, tilt), roll(-tilt, tilt), alone);
    if (!s->planar) turned(all, v->s), turned(all, v->d), turned(all, v->U), turned(all, v->V);
    if (s->g.detector == VXG_CT_DETECTOR_CURVED) {
        const double most = 2 * mag * sod / (double)(s->g.nu + 3);
        for (int i = 0; i < 3; i++) v->U[i] *= fmin(0.5, most / pu);
    } else if (!s->planar) {
        turned(alone, v->U), turned(alone, v->V);
    }
    for (int i = 0; i < (s->planar ? 2 : 3); i++)
        v->s[i] += s->vol.center[i], v->d[i] += s->vol.center[i];
}

enum { FAN, FAN_CURVED, CONE, CONE_CURVED, KINDS };
static const char *const kind_names[] = {"fan", "fan, curved", "cone", "cone, curved"};

/* A volume of about 2 units across with n voxels; near: sources from near x its radius on. */
static void random_scan(int kind, int64_t n, double near, double tilt, scan *s) {
    memset(s, 0, sizeof *s);
    s->planar = kind < CONE;
    s->g = (vxg_ct_views){.beam = VXG_CT_BEAM_CONE,
                          .detector = kind % 2 ? VXG_CT_DETECTOR_CURVED : VXG_CT_DETECTOR_FLAT,
                          .nviews = 16,
                          .nv = s->planar ? 1 : 13,
                          .nu = s->planar ? 41 : 17,
                          .column_offset = kind % 2 ? 1.37 : 0};
    s->vol = (vxg_ct_volume){.nx = n, .ny = n + n / 5, .nz = s->planar ? 1 : n - n / 5};
    s->vol.dx = 2.1 / (double)s->vol.nx, s->vol.dy = 2.0 / (double)s->vol.ny;
    s->vol.dz = s->planar ? 1 : 1.9 / (double)s->vol.nz;
    for (int i = 0; i < 3; i++) s->vol.center[i] = s->planar && i == 2 ? 0 : roll(-1, 1);
    rotation(s->planar ? 0 : roll(-1, 1), s->planar ? 0 : roll(-1, 1), roll(-2, 2),
             s->vol.rotation);
    for (int v = 0; v < 16; v++) random_view(s, 1, near, tilt, &s->views[v]);
}

/* ---- Lengths in a box, half-lines included ---- */
static void ray_in_box(const scan *s, const vxg_ct_view *v, int64_t row, int64_t col, double *from,
                       double *along) {
    const double size[3] = {s->vol.dx, s->vol.dy, s->vol.dz};
    double p[3], world[3], d[3];
    pixel_center(s, v, row, col, p);
    for (int i = 0; i < 3; i++) world[i] = v->s[i] - s->vol.center[i], d[i] = p[i] - v->s[i];
    unit(d);
    for (int i = 0; i < 3; i++) {
        from[i] = along[i] = 0;
        for (int k = 0; k < 3; k++) {
            from[i] += s->vol.rotation[3 * k + i] * world[k] / size[i];
            along[i] += s->vol.rotation[3 * k + i] * d[k] / size[i];
        }
    }
}

static double box_length(const scan *s, const double *from, const double *along) {
    const int64_t n[3] = {s->vol.nx, s->vol.ny, s->vol.nz};
    double lo = 0, hi = INFINITY;
    for (int i = 0; i < (s->planar ? 2 : 3); i++) {
        const double t0 = (-0.5 * (double)n[i] - from[i]) / along[i];
        const double t1 = (0.5 * (double)n[i] - from[i]) / along[i];
        lo = fmax(lo, fmin(t0, t1)), hi = fmin(hi, fmax(t0, t1));
    }
    return hi > lo ? hi - lo : 0;
}

TEST(lengths)
{
    for (int k = 0; k < 24; k++) {
        scan s;
        int64_t hits = 0;
        double *y;
        random_scan(k % KINDS, 12 + k, k < 12 ? 1.9 : 0.1, 1.5 / sqrt(3), &s);
        CHECK_OK(projected(&s, VXG_CT_SIDDON, VXG_F64, NULL, &y));
        for (int64_t i = 0; i < 16 * s.g.nv * s.g.nu; i++) {
            const vxg_ct_view *v = &s.views[i / (s.g.nv * s.g.nu)];
            double from[3], along[3], want;
            ray_in_box(&s, v, i / s.g.nu % s.g.nv, i % s.g.nu, from, along);
            want = box_length(&s, from, along);
            hits += want > 0;
            EXPECT(fabs(y[i] - want) <= 1e-9, "%s, scan %d, ray %lld: %.15g, the box is %.15g long",
                   kind_names[k % KINDS], k, (long long)i, y[i], want);
        }
        EXPECT(hits > 4 * s.g.nv * s.g.nu, "scan %d: only %lld rays hit", k, (long long)hits);
        free(y);
    }
}

/* Joseph's rays end at the source, too: a slice counts when its plane lies in front. */
TEST(source_inside)
{
    const double depths[] = {-3.2, -0.6, 0.3, 2.9};
    for (int k = 0; k < 4; k++)
        for (int axis = 0; axis < 6; axis++) {
            scan s = {.g = {.beam = VXG_CT_BEAM_CONE, .nviews = 1, .nv = 1, .nu = 1},
                      .vol = {.nx = 9, .ny = 9, .nz = 9}};
            const double origin[3] = {0}, sign = axis % 2 ? -1 : 1;
            double *y, want = 0;
            axis_view(axis, 0, origin, 20, 40, &s.views[0]);
            s.views[0].s[axis / 2] = depths[k];
            for (int i = -4; i <= 4; i++) want += sign * (i - depths[k]) > 0;
            CHECK_OK(projected(&s, VXG_CT_JOSEPH, VXG_F32, NULL, &y));
            EXPECT(y[0] == want, "axis %d, source at %g: %g slices, not %g", axis, depths[k], y[0],
                   want);
            free(y);
            CHECK_OK(projected(&s, VXG_CT_SIDDON, VXG_F32, NULL, &y));
            EXPECT(fabs(y[0] - (4.5 - sign * depths[k])) < 1e-6, "axis %d, source at %g: %g", axis,
                   depths[k], y[0]);
            free(y);
        }
}

/* ---- A4: Gaussian blobs ---- */
#define BLOBS 2
static const double blob_at[BLOBS][3] = {{0.21, -0.13, 0.09}, {-0.24, 0.2, -0.22}};
static const double blob_width[BLOBS] = {0.16, 0.12}, blob_value[BLOBS] = {1, -0.7};

static double blobs_value(const scan *s, const double *p) {
    double sum = 0;
    for (int b = 0; b < BLOBS; b++) {
        double r2 = 0;
        for (int i = 0; i < (s->planar ? 2 : 3); i++) {
            const double d = p[i] - s->vol.center[i] - blob_at[b][i];
            r2 += d * d;
        }
        sum += blob_value[b] * exp(-r2 / (2 * blob_width[b] * blob_width[b]));
    }
    return sum;
}

/* Along the half-line from the source through p. */
static double blobs_line(const scan *s, const double *from, const double *p) {
    double sum = 0;
    for (int b = 0; b < BLOBS; b++) {
        double d[3], to[3], c[3];
        const double w = blob_width[b];
        for (int i = 0; i < 3; i++) {
            d[i] = p[i] - from[i];
            to[i] = s->vol.center[i] + (s->planar && i == 2 ? 0 : blob_at[b][i]) - from[i];
        }
        unit(d);
        cross(d, to, c);
        sum += blob_value[b] * w * sqrt(M_PI / 2) * exp(-dot(c, c) / (2 * w * w)) *
               (1 + erf(dot(d, to) / (w * sqrt(2))));
    }
    return sum;
}

/* Largest error over the largest value. */
static int blob_error(int kind, vxg_ct_model model, vxg_dtype dtype, int64_t n, double *error) {
    scan s;
    double most = 0, worst = 0, *y, *values;
    dice = 77 + (uint32_t)kind;
    random_scan(kind, n, 1.6, 0.5, &s);
    const int64_t count = s.vol.nx * s.vol.ny * s.vol.nz;
    values = malloc((size_t)count * sizeof *values);
    for (int64_t k = 0; k < count; k++) {
        double p[3];
        voxel_center(&s.vol, k, p);
        values[k] = blobs_value(&s, p);
    }
    int status = projected(&s, model, dtype, values, &y);
    for (int64_t i = 0; i < 16 * s.g.nv * s.g.nu && !status; i++) {
        const vxg_ct_view *v = &s.views[i / (s.g.nv * s.g.nu)];
        double p[3];
        pixel_center(&s, v, i / s.g.nu % s.g.nv, i % s.g.nu, p);
        const double want = blobs_line(&s, v->s, p);
        most = fmax(most, fabs(want)), worst = fmax(worst, fabs(y[i] - want));
    }
    free(values), free(y);
    *error = worst / most;
    return status;
}

TEST(blobs)
{
    for (int kind = 0; kind < KINDS; kind++) {
        const int64_t n = kind < CONE ? 100 : 40;
        double coarse, fine, narrow, siddon;
        CHECK_OK(blob_error(kind, VXG_CT_JOSEPH, VXG_F64, n / 2, &coarse));
        CHECK_OK(blob_error(kind, VXG_CT_JOSEPH, VXG_F64, n, &fine));
        CHECK_OK(blob_error(kind, VXG_CT_JOSEPH, VXG_F32, n, &narrow));
        CHECK_OK(blob_error(kind, VXG_CT_SIDDON, VXG_F64, n, &siddon));
        EXPECT(fine < 100.0 / (double)(n * n), "%s: error %.3g", kind_names[kind], fine);
        EXPECT(coarse / fine > 3, "%s: error %.3g at half the voxels, %.3g", kind_names[kind],
               coarse, fine);
        EXPECT(fabs(narrow - fine) < 1e-5, "%s: error %.6g in float32, %.6g in float64",
               kind_names[kind], narrow, fine);
        EXPECT(siddon < 4.0 / (double)n, "%s: Siddon's error %.3g", kind_names[kind], siddon);
    }
}

/* ---- A3, A5: one voxel is seen where its centre falls, and found there again ---- */
static void voxel_seen(const scan *s, int64_t view, int64_t at, double *row, double *col) {
    const vxg_ct_view *v = &s->views[view];
    double p[3], e[3], n[3], w[3], t;
    voxel_center(&s->vol, at, p);
    cross(v->U, v->V, n);
    for (int i = 0; i < 3; i++) e[i] = p[i] - v->s[i], w[i] = v->d[i] - v->s[i];
    t = dot(n, w) / dot(n, e);
    for (int i = 0; i < 3; i++) w[i] = v->s[i] + t * e[i] - v->d[i];
    cross(v->V, n, e);
    *col = dot(w, e) / dot(v->U, e) + 0.5 * (double)(s->g.nu - 1);
    cross(v->U, n, e);
    *row = dot(w, e) / dot(v->V, e) + 0.5 * (double)(s->g.nv - 1);
}

TEST(single_voxels)
{
    for (int k = 0; k < 16; k++) {
        scan s;
        double *values, *y, *back;
        int64_t best = 0, count, at;
        setup u;
        random_scan(CONE, 9, 4, 0.3, &s); /* a voxel covers about the same angle everywhere */
        for (int v = 0; v < 16; v++)      /* about two pixels per voxel */
            for (int i = 0; i < 3; i++) s.views[v].U[i] *= 0.6, s.views[v].V[i] *= 0.6;
        s.g.nu = 57, s.g.nv = 51;
        count = s.vol.nx * s.vol.ny * s.vol.nz, at = (k * 37 + 101) % count;
        values = calloc((size_t)count, sizeof *values), back = calloc((size_t)count, sizeof *back);
        values[at] = 1;
        CHECK_OK(open_setup(&s, k % 2 ? VXG_CT_SIDDON : VXG_CT_JOSEPH, VXG_F64, &u));
        y = calloc((size_t)u.ny, sizeof *y);
        CHECK_OK(put(&u, &u.x, values));
        CHECK_OK(vxg_op_apply(u.op, NULL, &u.x, &u.y));
        CHECK_OK(take(&u, &u.y, y));
        for (int v = 0; v < 16; v++) {
            double sum = 0, rows = 0, cols = 0, row, col;
            voxel_seen(&s, v, at, &row, &col);
            if (!(row > 6 && row < 44 && col > 6 && col < 50)) continue;
            for (int64_t i = 0; i < s.g.nv * s.g.nu; i++) {
                const double w = y[v * s.g.nv * s.g.nu + i];
                sum += w, rows += w * (double)(i / s.g.nu), cols += w * (double)(i % s.g.nu);
            }
            EXPECT(fabs(rows / sum - row) < 0.5 && fabs(cols / sum - col) < 0.5,
                   "voxel %lld, view %d: seen at %.2f %.2f, its centre falls on %.2f %.2f",
                   (long long)at, v, rows / sum, cols / sum, row, col);
        }
        CHECK_OK(vxg_op_apply_adjoint(u.op, NULL, &u.y, &u.x));
        CHECK_OK(take(&u, &u.x, back));
        for (int64_t i = 0; i < count; i++)
            if (back[i] > back[best]) best = i;
        EXPECT(best == at, "voxel %lld is found at %lld", (long long)at, (long long)best);
        free(values), free(y), free(back);
        close_setup(&u);
    }
}

/* ---- Limits ---- */
static double farthest(const double *a, const double *b, int64_t n) {
    double worst = 0, most = 0;
    for (int64_t i = 0; i < n; i++)
        worst = fmax(worst, fabs(a[i] - b[i])), most = fmax(most, fabs(b[i]));
    return worst / most;
}

static void random_values(double *values, int64_t n) {
    for (int64_t i = 0; i < n; i++) values[i] = roll(0, 1);
}

TEST(far_source)
{
    static const double far[] = {1e4, 1e6, 1e8};
    for (int k = 0; k < 3; k++)
        for (int narrow = 0; narrow < 2; narrow++) {
            scan s, p;
            double *a, *b, *values = malloc(30000 * sizeof *values);
            random_scan(CONE, 20, 3, 0.5, &s);
            random_values(values, 30000);
            p = s, p.g.beam = VXG_CT_BEAM_PARALLEL;
            for (int v = 0; v < 16; v++) {
                double r[3] = {roll(-1, 1), roll(-1, 1), roll(-1, 1)};
                double up[3] = {0.31, -0.22, 0.8};
                unit(r);
                cross(r, up, s.views[v].U), cross(r, s.views[v].U, s.views[v].V);
                for (int i = 0; i < 3; i++) {
                    s.views[v].U[i] *= 0.15, s.views[v].V[i] *= 0.2;
                    s.views[v].d[i] = s.vol.center[i] + 0.2 * r[i] + 0.1 * s.views[v].U[i];
                    s.views[v].s[i] = s.views[v].d[i] - far[k] * r[i];
                }
                p.views[v] = s.views[v];
                memcpy(p.views[v].r, r, sizeof r);
            }
            CHECK_OK(projected(&s, VXG_CT_JOSEPH, narrow ? VXG_F32 : VXG_F64, values, &a));
            CHECK_OK(projected(&p, VXG_CT_JOSEPH, VXG_F64, values, &b));
            const double d = farthest(a, b, 16 * s.g.nv * s.g.nu), most = 30 / far[k];
            EXPECT(d < (narrow ? fmax(most, 1e-5) : fmax(most, 1e-7)),
                   "source at %g: %.3g off a parallel beam", far[k], d);
            free(a), free(b), free(values);
        }
}

/* Every pixel of a curved detector as a flat detector of one pixel. */
TEST(curved)
{
    for (int kind = FAN_CURVED; kind < KINDS; kind += 2)
        for (int model = 0; model < 2; model++) {
            scan s, one;
            double *y, *z, *values = malloc(30000 * sizeof *values);
            random_scan(kind, 20, 1.5, 0, &s);
            random_values(values, 30000);
            CHECK_OK(projected(&s, (vxg_ct_model)model, VXG_F64, values, &y));
            one = s, one.g.detector = VXG_CT_DETECTOR_FLAT, one.g.nv = one.g.nu = one.g.nviews = 1;
            for (int64_t i = 0; i < 16 * s.g.nv * s.g.nu; i += s.planar ? 1 : 7) {
                const vxg_ct_view *v = &s.views[i / (s.g.nv * s.g.nu)];
                one.views[0] = *v;
                pixel_center(&s, v, i / s.g.nu % s.g.nv, i % s.g.nu, one.views[0].d);
                CHECK_OK(projected(&one, (vxg_ct_model)model, VXG_F64, values, &z));
                EXPECT(fabs(y[i] - z[0]) < 1e-12 * (1 + z[0]),
                       "%s, model %d, ray %lld: %.15g, %.15g", kind_names[kind], model,
                       (long long)i, y[i], z[0]);
                free(z);
            }
            free(y), free(values);
        }
}

/* ---- What is refused ---- */
static void refused(const scan *s, const char *words) {
    setup u;
    int status = open_setup(s, VXG_CT_JOSEPH, VXG_F32, &u);
    EXPECT(status == VXG_ERR_ARGUMENT && strstr(vxg_error_message(), words), "%s: status %d, %s",
           words, status, status ? vxg_error_message() : "accepted");
    close_setup(&u);
}

TEST(bad_geometry)
{
    scan good, s;
    setup u;
    random_scan(CONE, 5, 2, 0.3, &good);
    CHECK_OK(open_setup(&good, VXG_CT_JOSEPH, VXG_F32, &u));
    close_setup(&u);
    s = good, s.views[3].s[1] = NAN, refused(&s, "view 3: s[1] is not a finite");
    s = good, s.views[5].d[2] = INFINITY, refused(&s, "view 5: d[2]");
    s = good, memset(s.views[2].U, 0, sizeof s.views[2].U), refused(&s, "view 2: U has no length");
    s = good, memcpy(s.views[1].V, s.views[1].U, sizeof s.views[1].U), refused(&s, "U and V");
    s = good;
    for (int i = 0; i < 3; i++) s.views[7].s[i] = s.views[7].d[i] + 3 * s.views[7].U[i];
    refused(&s, "view 7: the source s lies in the detector plane");
    s = good, s.g.nu = 0, refused(&s, "cols is 0");
    s = good, s.g.nviews = -1, refused(&s, "views is -1");
    s = good, s.vol.nz = 0, refused(&s, "nz is 0");
    s = good, s.vol.dy = -1, refused(&s, "dy");
    s = good, s.vol.rotation[0] += 0.1, refused(&s, "rotation");
    s = good, s.planar = 1, refused(&s, "one detector row");
    random_scan(FAN, 5, 2, 0, &good);
    CHECK_OK(open_setup(&good, VXG_CT_SIDDON, VXG_F32, &u));
    close_setup(&u);
    s = good, s.views[2].s[2] = 0.1, refused(&s, "view 2: the source s is 0.1 slices outside");
    s = good, s.views[9].d[2] = -3, refused(&s, "view 9: the detector centre d");
    s = good, s.views[9].U[2] = 0.01, refused(&s, "view 9: the column step U");
    s = good, s.views[0].d[2] = 1e-12; /* rounding is none of these */
    CHECK_OK(open_setup(&s, VXG_CT_SIDDON, VXG_F32, &u));
    close_setup(&u);
}

/* Views the geometry allows and that see nothing, or everything from a single point. */
TEST(odd_views)
{
    scan s = {.g = {.beam = VXG_CT_BEAM_CONE, .nviews = 3, .nv = 4, .nu = 4},
              .vol = {.nx = 6, .ny = 5, .nz = 4}};
    double *y, sum = 0;
    for (int v = 0; v < 3; v++) {
        const double origin[3] = {0};
        axis_view(2 * v, 0, origin, 30, 60, &s.views[v]);
        s.views[v].U[(v + 1) % 3] = 1e-7, s.views[v].V[(v + 2) % 3] = 1e7; /* a needle's eye */
    }
    for (int i = 0; i < 3; i++) s.views[1].d[i] = 3 * s.views[1].s[i]; /* turned away */
    for (int model = 0; model < 2; model++) {
        CHECK_OK(projected(&s, (vxg_ct_model)model, VXG_F32, NULL, &y));
        for (int i = 16; i < 32; i++) sum += fabs(y[i]);
        EXPECT(sum == 0, "the view turned away sees %g", sum);
        for (int i = 0; i < 48; i++) EXPECT(isfinite(y[i]), "ray %d: %g", i, y[i]);
        free(y);
    }
}

int main(int argc, char **argv) {
    static const test_entry list[] = {
        T(cubes),         T(boxes),      T(mass),   T(lengths),      T(source_inside), T(blobs),
        T(single_voxels), T(far_source), T(curved), T(bad_geometry), T(odd_views)};
    if (vxg_device_open("cpu", &dev))
        return printf("FAIL ct_cone.cpu: %s\n", vxg_error_message()), 1;
    int failed = test_run("ct_cone", list, (int)(sizeof list / sizeof *list), argc, argv);
    vxg_device_release(dev);
    return failed;
}
