/* Tracking along fields: straight ones, circles and helices at the integrators' orders, maxima of
 * harmonics, MRtrix3's tensor tracking, what is refused, the same bits for any blocks. */
#include "dwi_data.h"
#include "on_devices.h"
#include "track_keep.h"

enum { MOST_ROWS = 45, MOST_VOXELS = 52 * 52 * 12 };
static double values[MOST_ROWS * MOST_VOXELS], map[MOST_VOXELS];

/* A grid about the origin of the scanner. */
typedef struct grid {
    int n[3], rows;
    double affine[12];
} grid;
/* Anisotropic voxels, turned axes. */
static const grid turned = {{24, 30, 12}, 45, {0.2, -1.9, 0, 28, 2.2, 0.2, 0, -28, 0, 0, 2.5, -14}};
static const grid fine = {{48, 48, 5}, 28, {1, 0, 0, -23.4, 0, 1, 0, -23.5, 0, 0, 1, -2}};

/* Fills one voxel's numbers, `voxels` apart. */
typedef void (*fill)(const double *p, int rows, double *to, int64_t voxels);
static void make_values(const grid *g, fill f) {
    const int64_t voxels = (int64_t)g->n[0] * g->n[1] * g->n[2];
    int64_t v = 0;
    for (int k = 0; k < g->n[2]; k++)
        for (int j = 0; j < g->n[1]; j++)
            for (int i = 0; i < g->n[0]; i++, v++) {
                double p[3];
                for (int r = 0; r < 3; r++)
                    p[r] = g->affine[4 * r] * i + g->affine[4 * r + 1] * j +
                           g->affine[4 * r + 2] * k + g->affine[4 * r + 3];
                f(p, g->rows, values + v, voxels);
                map[v] = 1;
            }
}
static int field_of(const grid *g, vxg_real real, vxg_track_field *f) {
    const int64_t voxels = (int64_t)g->n[0] * g->n[1] * g->n[2];
    *f = (vxg_track_field){.size = sizeof *f};
    memcpy(f->affine, g->affine, sizeof f->affine);
    const int status = dwi_array(dev, real, g->rows, voxels, values, &f->values);
    f->values.ndim = 4;
    for (int64_t k = 3, step = 1; k > 0; step *= g->n[3 - k--])
        f->values.shape[k] = g->n[3 - k], f->values.stride[k] = step;
    f->values.stride[0] = voxels;
    return status;
}

/* ---- What a direction becomes ---- */
static vxg_sh_basis basis; /* of harmonics */
static void put_harmonics(const double *d, int rows, double *to, int64_t voxels) {
    double c[MOST_ROWS];
    const int order = vxg_sh_order(rows);
    vxg_sh_matrix(VXG_SH_TOURNIER07, order, 1, d, c);
    for (int k = 0; k < rows; k++) {
        const int l = k < 1 ? 0 : k < 6 ? 2 : k < 15 ? 4 : k < 28 ? 6 : 8;
        c[k] *= exp(-0.02 * l * (l + 1));
    }
    vxg_sh_convert(VXG_SH_TOURNIER07, basis, order, 1, c);
    for (int k = 0; k < rows; k++) to[k * voxels] = c[k];
}
static double unit = 1; /* of tensors, mm2/s */
static void put_tensor(const double *d, double *to, int64_t voxels) {
    static const int first[6] = {0, 1, 2, 0, 0, 1}, second[6] = {0, 1, 2, 1, 2, 2};
    for (int k = 0; k < 6; k++)
        to[k * voxels] = unit * (1.4e-3 * d[first[k]] * d[second[k]] + (k < 3 ? 0.3e-3 : 0));
}
/* The sign of a vector is of no meaning: it changes from voxel to voxel. A second, shorter one
 * stands across it. */
static void put_vectors(const double *d, double *to, int64_t voxels) {
    static int turn = 0;
    const double sign = turn++ % 3 ? 1 : -1;
    for (int k = 0; k < 3; k++) {
        to[(3 + k) * voxels] = sign * d[k];
        to[k * voxels] = 0.5 * (k == 0 ? d[1] - d[2] : k == 1 ? d[2] - d[0] : d[0] - d[1]);
    }
}
static void put(vxg_track_getter getter, const double *d, int rows, double *to, int64_t voxels) {
    if (getter == VXG_TRACK_PEAK) put_harmonics(d, rows, to, voxels);
    if (getter == VXG_TRACK_TENSOR) put_tensor(d, to, voxels);
    if (getter == VXG_TRACK_VECTOR) put_vectors(d, to, voxels);
}
static grid rows_of(grid g, vxg_track_getter getter) {
    g.rows = getter == VXG_TRACK_PEAK ? g.rows : 6;
    return g;
}

/* ---- Straight fields ---- */
static const double along[3] = {0.36, -0.8, 0.48};
static vxg_track_getter getter_now;
static void straight_field(const double *p, int rows, double *to, int64_t voxels) {
    (void)p;
    put(getter_now, along, rows, to, voxels);
}
/* A line's steps are `step` times the direction, one way or the other, and it comes through its
 * seed. */
static void check_straight(const keeper *out, const double *seed, double step) {
    double least = 1e9;
    CHECK(out->lines == 1 && out->points > 20, "%lld lines, %lld points", (long long)out->lines,
          (long long)out->points);
    const double way = (out->p[4] - out->p[1]) * along[1] > 0 ? 1 : -1;
    for (int64_t i = 0; i < out->points; i++) {
        const double *p = out->p + 3 * i;
        least = fmin(least, hypot(hypot(p[0] - seed[0], p[1] - seed[1]), p[2] - seed[2]));
        for (int k = 0; k < 3 && i + 1 < out->points; k++)
            CHECK(fabs(p[3 + k] - p[k] - way * step * along[k]) < 2e-5,
                  "getter %d, point %lld: %g along axis %d", (int)getter_now, (long long)i,
                  p[3 + k] - p[k], k);
    }
    EXPECT(least < 2e-5, "%g mm from the seed", least);
}
TEST(straight)
{
    static const double units[] = {1e-6, 1e-16, 1e22};
    const double seed[3] = {1, 2, 0.5};
    for (int run = 0; run < 15; run++) {
        static const vxg_track_getter getters[] = {VXG_TRACK_PEAK, VXG_TRACK_TENSOR,
                                                   VXG_TRACK_VECTOR};
        keeper out = keeper_new();
        vxg_track_field f;
        vxg_track_stats stats = {0};
        const int half = run == 10 || run == 11;
        unit = run >= 12 ? units[run - 12] : 1;
        getter_now = run >= 12 ? VXG_TRACK_TENSOR : run >= 6 ? VXG_TRACK_PEAK : getters[run / 2];
        basis = run >= 6 && run < 10 ? (vxg_sh_basis)(1 + run / 2 % 2) : VXG_SH_TOURNIER07;
        const grid g = rows_of(turned, getter_now);
        make_values(&g, straight_field);
        CHECK_OK(field_of(&g, VXG_REAL_F32, &f));
        f.basis = basis;
        const vxg_track_opts o = {.getter = getter_now,
                                  .step = 0.7,
                                  .half = half,
                                  .integrator = (vxg_track_integrator)(run % 2)};
        CHECK_OK(vxg_track_run(NULL, &f, 1, seed, &o, &out.base, &stats));
        EXPECT(stats.ended[3] == 2, "run %d: %lld ends outside", run, (long long)stats.ended[3]);
        if (half) { /* 11 bits: another lobe by a few thousandths of its height */
            CHECK(out.points > 20, "%lld points", (long long)out.points);
            EXPECT(fabs(out.p[3 * out.points - 3] - out.p[0]) > 0, "no way");
        } else {
            check_straight(&out, seed, 0.7);
        }
        keeper_free(&out), vxg_array_release(&f.values);
    }
    unit = 1;
}

/* ---- Orders ---- */
static double pitch; /* of the helix: how far it rises along an arc of 1 rad */
/* Linear in the place, hence exact between the voxels. */
static void linear_field(const double *p, int rows, double *to, int64_t voxels) {
    const double v[3] = {-p[1], p[0], pitch};
    (void)rows;
    for (int k = 0; k < 3; k++) to[k * voxels] = v[k];
}
static void circle_field(const double *p, int rows, double *to, int64_t voxels) {
    const double r = hypot(p[0], p[1]) + 1e-9, d[3] = {-p[1] / r, p[0] / r, 0};
    put(getter_now, d, rows, to, voxels);
}

#define RADIUS 18.0 /* mm */
/* How far a line's end is from the curve's at the arc length `arc`; *radius: the furthest of its
 * points from that, across. The second half's points come first, its end among them. */
static double end_error(const vxg_track_field *f, vxg_track_opts o, double arc, double *radius) {
    const double seed[3] = {RADIUS, 0, 0.3}, turn = hypot(RADIUS, pitch);
    keeper out = keeper_new();
    double worst = 0;
    o.max_length = arc, o.cutoff = -1;
    o.max_angle = 90;
    const int status = vxg_track_run(NULL, f, 1, seed, &o, &out.base, NULL);
    EXPECT(!status && out.points == 2 * (int64_t)(arc / o.step + 0.5) + 1,
           "status %d (%s), %lld points", status, vxg_error_message(), (long long)out.points);
    for (int end = 0; end < 2 && out.points > 1; end++) {
        const double *p = out.p + (end ? 3 * (out.points - 1) : 0), *q = end ? p - 3 : p + 3;
        const double way = p[1] * q[0] - p[0] * q[1] > 0 ? 1 : -1, a = way * arc / turn;
        worst = fmax(worst, hypot(hypot(p[0] - RADIUS * cos(a), p[1] - RADIUS * sin(a)),
                                  p[2] - seed[2] - pitch * a));
    }
    *radius = 0;
    for (int64_t i = 0; i < out.points; i++)
        *radius = fmax(*radius, fabs(hypot(out.p[3 * i], out.p[3 * i + 1]) - RADIUS));
    keeper_free(&out);
    return worst;
}
/* Between steps of 2, 1 and 0.5 mm the error falls by the order's power. */
static void check_order(const vxg_track_field *f, vxg_track_opts o, double least, double most) {
    double radius, before = 0;
    for (int k = 0; k < 3; k++) {
        o.step = 2.0 / (1 << k);
        const double error = end_error(f, o, 24, &radius), order = log2(before / error);
        if (k)
            EXPECT(order > least && order < most, "integrator %d, step %g: order %g (error %g)",
                   (int)o.integrator, o.step, order, error);
        before = error;
    }
}
TEST(orders)
{
    if (!vxg_device_get_info(dev)->has_f64) SKIP("no float64 here");
    for (int helix = 0; helix < 2; helix++) {
        vxg_track_field f;
        grid g = turned;
        g.rows = 3, pitch = helix ? 6 : 0;
        make_values(&g, linear_field);
        CHECK_OK(field_of(&g, VXG_REAL_F64, &f));
        vxg_track_opts o = {.getter = VXG_TRACK_VECTOR};
        check_order(&f, o, 0.9, 1.1);
        o.integrator = VXG_TRACK_RK4;
        check_order(&f, o, 3.7, 4.3);
        vxg_array_release(&f.values);
    }
    pitch = 0;
}

/* Circles of harmonics and tensors: Euler leaves them at its order; Runge-Kutta stays on them but
 * for what is lost between the voxels. */
TEST(circles)
{
    static const vxg_track_getter getters[] = {VXG_TRACK_PEAK, VXG_TRACK_TENSOR, VXG_TRACK_VECTOR};
    const int is_double = vxg_device_get_info(dev)->has_f64;
    for (int k = 0; k < 3; k++) {
        vxg_track_field f;
        double radius;
        getter_now = getters[k], basis = VXG_SH_TOURNIER07;
        const grid g = rows_of(fine, getter_now);
        make_values(&g, circle_field);
        CHECK_OK(field_of(&g, is_double ? VXG_REAL_F64 : VXG_REAL_F32, &f));
        vxg_track_opts o = {.getter = getter_now};
        check_order(&f, o, 0.9, 1.1);
        o.integrator = VXG_TRACK_RK4, o.step = 0.5;
        const double error = end_error(&f, o, 100, &radius);
        EXPECT(error < 1e-3 && radius < 1e-3, "getter %d: %g mm from the end, %g from the circle",
               (int)o.getter, error, radius);
        vxg_array_release(&f.values);
    }
}
/* ---- Maxima of harmonics ---- */
static double some(void) {
    static uint32_t word = 9;
    word = word * 1664525u + 1013904223u;
    return (double)(word >> 8) / (1 << 23) - 1;
}
static double random_c[MOST_ROWS];
static void random_field(const double *p, int rows, double *to, int64_t voxels) {
    (void)p;
    for (int k = 0; k < rows; k++) to[k * voxels] = random_c[k];
}
static double height_of(const double *d) {
    double row[MOST_ROWS], sum = 0;
    vxg_sh_matrix(basis, 8, 1, d, row);
    for (int k = 0; k < MOST_ROWS; k++) sum += row[k] * random_c[k];
    return sum;
}
/* d turned by a and b along two axes across it. */
static void beside(const double *d, double a, double b, double *e) {
    const int axis = fabs(d[0]) < 0.6 ? 0 : 1;
    double u[3] = {0}, v[3];
    for (int k = 0; k < 3; k++) u[k] = (k == axis) - d[axis] * d[k];
    const double size = sqrt(u[0] * u[0] + u[1] * u[1] + u[2] * u[2]);
    for (int k = 0; k < 3; k++) u[k] /= size;
    v[0] = d[1] * u[2] - d[2] * u[1], v[1] = d[2] * u[0] - d[0] * u[2];
    v[2] = d[0] * u[1] - d[1] * u[0];
    double all = 0;
    for (int k = 0; k < 3; k++) e[k] = d[k] + a * u[k] + b * v[k], all += e[k] * e[k];
    for (int k = 0; k < 3; k++) e[k] /= sqrt(all);
}
/* Of functions of random coefficients, at all their peaks on the set of directions: the walk
 * leaves, both ways, along a direction which the function falls away from on all sides. */
static void maxima_of(vxg_real real, double off) {
    static const double seeds[24] = {0};
    int lines = 0;
    for (int run = 0; run < 12; run++) {
        keeper out = keeper_new();
        vxg_track_field f;
        basis = (vxg_sh_basis)(run % 3);
        random_c[0] = 4;
        for (int k = 1; k < MOST_ROWS; k++) random_c[k] = some();
        grid g = {{4, 4, 4}, MOST_ROWS, {2, 0, 0, -3, 0, 2, 0, -3, 0, 0, 2, -3}};
        make_values(&g, random_field);
        CHECK_OK(field_of(&g, real, &f));
        f.basis = basis;
        const vxg_track_opts o = {.getter = VXG_TRACK_PEAK,
                                  .step = 0.5,
                                  .peaks = 16,
                                  .relative_peak_threshold = 0.3,
                                  .max_length = 0.5};
        CHECK_OK(vxg_track_run(NULL, &f, 1, seeds, &o, &out.base, NULL));
        for (int64_t n = 0; n < out.lines; n++, lines++) {
            const double *p = out.p + 3 * out.begin[n];
            double e[3], near[3];
            CHECK(out.begin[n + 1] - out.begin[n] == 3, "%lld points",
                  (long long)(out.begin[n + 1] - out.begin[n]));
            for (int k = 0; k < 3; k++) e[k] = (p[6 + k] - p[3 + k]) / 0.5;
            EXPECT(fabs(e[0] * e[0] + e[1] * e[1] + e[2] * e[2] - 1) < 1e-5, "no unit vector");
            for (int k = 0; k < 3; k++)
                EXPECT(fabs((p[k] - p[3 + k]) / 0.5 + e[k]) < off, "run %d, line %lld: bent", run,
                       (long long)n);
            for (int side = 0; side < 8; side++) {
                beside(e, off * cos(side * M_PI / 4), off * sin(side * M_PI / 4), near);
                EXPECT(height_of(near) < height_of(e), "run %d, line %lld: %.9g beside %.9g", run,
                       (long long)n, height_of(near), height_of(e));
            }
        }
        keeper_free(&out), vxg_array_release(&f.values);
    }
    EXPECT(lines > 60, "%d lines", lines);
}
TEST(maxima)
{
    maxima_of(VXG_REAL_F32, 2e-4);
    if (vxg_device_get_info(dev)->has_f64) maxima_of(VXG_REAL_F64, 1e-6);
}

/* ---- MRtrix3 ---- */
#define FOLDER "dwi_mrtrix_b3000/"
typedef struct image {
    double *x;
    int64_t rows, voxels, n[3]; /* n: along i, j, k */
    double affine[12];
    vxg_gradients *g;
} image;
static int image_read(const char *name, image *m) {
    char path[512];
    vxg_block_reader *r = NULL;
    int64_t start[VXG_MAX_DIMS] = {0}, count[VXG_MAX_DIMS];
    *m = (image){.rows = 1, .voxels = 1};
    if (!test_data(name, path, sizeof path)) return -1;
    int status = vxg_io_register();
    if (!status) status = vxg_block_open(path, NULL, &r);
    if (status) return status;
    const int first = r->info.ndim - 3;
    for (int i = 0; i < r->info.ndim; i++) count[i] = r->info.axis[i].count;
    if (first) m->rows = count[0];
    for (int k = 0; k < 3; k++) m->n[2 - k] = count[first + k], m->voxels *= count[first + k];
    memcpy(m->affine, r->info.affine, sizeof m->affine);
    m->x = malloc((size_t)(m->rows * m->voxels) * sizeof *m->x);
    status = vxg_block_read(r, start, count, VXG_F64, m->x);
    for (int i = 0; i < r->info.nattributes && !status; i++) {
        double table[4 * 128];
        int k = 0;
        if (strcmp(r->info.attributes[i].name, "dw_scheme")) continue;
        for (char *p = (char *)(uintptr_t)r->info.attributes[i].text, *end; k < 512;
             p = end + strspn(end, ", \n")) {
            table[k] = strtod(p, &end);
            if (end == p) break;
            k++;
        }
        status = vxg_gradients_mrtrix(k / 4, table, NULL, &m->g);
    }
    vxg_block_close(r);
    return status;
}
static void image_free(image *m) {
    free(m->x), vxg_gradients_release(m->g);
}

/* All of a file's streamlines. */
static int lines_of(const char *path, keeper *out) {
    vxg_tract_reader *r = NULL;
    vxg_tract_batch b = {0};
    int status = vxg_tract_open(path, NULL, &r);
    while (!status && !(status = vxg_tract_next(r, 64, 4096, VXG_F64, &b)) && b.lines)
        status = keep(&out->base, &b);
    vxg_tract_close(r);
    return status;
}
/* Whether a place is in the image: half a voxel from the outermost centres at most. */
static int is_inside(const image *m, const double *p) {
    double a[12], b[3], det;
    memcpy(a, m->affine, sizeof a);
    for (int k = 0; k < 3; k++) b[k] = p[k] - a[4 * k + 3];
    for (int axis = 0; axis < 3; axis++) { /* Cramer's rule */
        double c[2][9];
        for (int k = 0; k < 9; k++)
            c[0][k] = a[4 * (k / 3) + k % 3], c[1][k] = k % 3 == axis ? b[k / 3] : c[0][k];
        for (int k = 0; k < 2; k++) {
            const double *q = c[k];
            det = q[0] * (q[4] * q[8] - q[5] * q[7]) - q[1] * (q[3] * q[8] - q[5] * q[6]) +
                  q[2] * (q[3] * q[7] - q[4] * q[6]);
            c[k][0] = det;
        }
        const double v = c[1][0] / c[0][0];
        if (!(v >= -0.5 && v < (double)m->n[axis] - 0.5)) return 0;
    }
    return 1;
}
/* The distance of two lines of as many points, at their furthest points, the second line as it
 * stands or backwards. */
static double line_distance(const double *a, const double *b, int64_t n, double least) {
    double best = least;
    for (int back = 0; back < 2; back++) {
        double worst = 0;
        for (int64_t i = 0; i < n && worst < best; i++) {
            const double *p = a + 3 * i, *q = b + 3 * (back ? n - 1 - i : i);
            worst = fmax(worst, hypot(hypot(p[0] - q[0], p[1] - q[1]), p[2] - q[2]));
        }
        best = fmin(best, worst);
    }
    return best;
}
/* How many of a line's two ends lead out of the image with another step, bent as the two before. */
static int leads_out(const image *m, const double *p, int64_t points) {
    int out = 0;
    for (int end = 0; end < 2; end++) {
        const double *q = end ? p + 3 * (points - 1) : p;
        const int back = end ? -3 : 3;
        double next[3];
        for (int k = 0; k < 3; k++) next[k] = 3 * (q[k] - q[back + k]) + q[2 * back + k];
        out += !is_inside(m, next);
    }
    return out;
}
/* MRtrix3 counts the first point outside the image as a line's: with these ends taken off all its
 * lines are ours, and with as many put to ours as many of ours are long enough. */
static void mrtrix_with(vxg_real real, const image *dwi, const image *mask, const keeper *want) {
    const vxg_seeds_opts all = {.kind = VXG_SEEDS_GRID, .number = 3};
    int64_t count = 0, got = 0, enough = 0, ends = 0, alike = 0;
    uint8_t *in = malloc((size_t)mask->voxels);
    for (int64_t v = 0; v < mask->voxels; v++) in[v] = mask->x[v] > 0.5;
    CHECK_OK(vxg_track_seeds_count(mask->n, in, &all, &count));
    EXPECT(count == 1674, "%lld seeds", (long long)count);
    double *seeds = malloc((size_t)count * 24);
    CHECK_OK(vxg_track_seeds(mask->n, in, mask->affine, &all, count, seeds, &got));
    vxg_track_field f = {.gradients = dwi->g};
    memcpy(f.affine, dwi->affine, sizeof f.affine);
    CHECK_OK(dwi_array(dev, real, dwi->rows, dwi->voxels, dwi->x, &f.values));
    f.values.ndim = 4;
    for (int64_t k = 3, step = 1; k > 0; step *= dwi->n[3 - k--])
        f.values.shape[k] = dwi->n[3 - k], f.values.stride[k] = step;
    keeper out = keeper_new();
    vxg_track_stats stats = {0};
    const vxg_track_opts o = {
        .getter = VXG_TRACK_TENSOR, .step = 0.25, .min_length = 12, .max_length = 250};
    CHECK_OK(vxg_track_run(NULL, &f, count, seeds, &o, &out.base, &stats));
    EXPECT(stats.streamlines + stats.short_ones == 763, "%lld streamlines, %lld short",
           (long long)stats.streamlines, (long long)stats.short_ones);
    for (int64_t n = 0; n < out.lines; n++) {
        const int64_t points = out.begin[n + 1] - out.begin[n];
        enough += points + leads_out(dwi, out.p + 3 * out.begin[n], points) > 50;
    }
    EXPECT(enough == want->lines, "%lld lines are long enough", (long long)enough);
    for (int64_t n = 0; n < want->lines; n++) {
        double least = 1e-4;
        const double *p = want->p + 3 * want->begin[n];
        int64_t points = want->begin[n + 1] - want->begin[n];
        const int first = !is_inside(dwi, p), last = !is_inside(dwi, p + 3 * (points - 1));
        points -= first + last, ends += first + last;
        for (int64_t m = 0; m < out.lines; m++)
            if (out.begin[m + 1] - out.begin[m] == points)
                least = line_distance(p + 3 * first, out.p + 3 * out.begin[m], points, least);
        alike += least < 1e-4;
        EXPECT(least < 1e-4, "line %lld is none of ours", (long long)n);
    }
    EXPECT(alike == 257 && ends == 253, "%lld lines, %lld ends outside", (long long)alike,
           (long long)ends);
    free(in), free(seeds);
    keeper_free(&out), vxg_array_release(&f.values);
}
TEST(mrtrix)
{
    image dwi, mask;
    char path[512];
    if (image_read(FOLDER "dwi.mif", &dwi) || image_read(FOLDER "mrcrop_mask.mif", &mask) ||
        !test_data("tractograms/mrtrix_tckgen_tensor_det.tck", path, sizeof path))
        SKIP("no test data");
    keeper want = keeper_new();
    CHECK_OK(lines_of(path, &want));
    CHECK(want.lines == 257, "%lld lines", (long long)want.lines);
    mrtrix_with(VXG_REAL_F32, &dwi, &mask, &want);
    if (vxg_device_get_info(dev)->has_f64) mrtrix_with(VXG_REAL_F64, &dwi, &mask, &want);
    keeper_free(&want), image_free(&dwi), image_free(&mask);
}

/* ---- Ends ---- */
static const vxg_track_getter getters[] = {VXG_TRACK_PEAK, VXG_TRACK_TENSOR, VXG_TRACK_VECTOR};

/* Peaks, FA and lengths that fall with x in a known way; the numbers are linear in the place, hence
 * exact between the voxels. */
static double share_at(double x) {
    return 0.5 - 0.012 * x;
}
static void fading_field(const double *p, int rows, double *to, int64_t voxels) {
    static const double d[3] = {1, 0, 0};
    put(getter_now, d, rows, to, voxels);
    for (int k = 0; k < rows; k++) to[k * voxels] *= share_at(p[0]);
    if (getter_now != VXG_TRACK_TENSOR) return;
    for (int k = 0; k < 3; k++) to[k * voxels] += 0.3e-3 * (1 - share_at(p[0]));
}
static double size_at(double x) {
    const double s = share_at(x), a = 0.3 + 1.4 * s;
    double height = 0;
    for (int l = 0; l <= 8; l += 2) height += (2 * l + 1) / (4 * M_PI) * exp(-0.02 * l * (l + 1));
    return getter_now == VXG_TRACK_PEAK     ? s * height
           : getter_now == VXG_TRACK_TENSOR ? (a - 0.3) / sqrt(a * a + 2 * 0.09)
                                            : s;
}
/* A half ends in the first point that is below the cutoff; seeds below it begin none. */
TEST(cutoffs)
{
    const double seeds[6] = {0.3, 1, 2, 20, 1, 2};
    basis = VXG_SH_TOURNIER07;
    for (int k = 0; k < 3; k++) {
        keeper out = keeper_new();
        vxg_track_field f;
        vxg_track_stats stats = {0};
        getter_now = getters[k];
        const grid g = rows_of(turned, getter_now);
        make_values(&g, fading_field);
        CHECK_OK(field_of(&g, VXG_REAL_F32, &f));
        vxg_track_opts o = {.getter = getter_now, .step = 0.5, .cutoff = size_at(12.1)};
        CHECK_OK(vxg_track_run(NULL, &f, 2, seeds, &o, &out.base, &stats));
        CHECK(out.lines == 1 && stats.ended[1] == 1 && stats.ended[3] == 1, "%lld lines",
              (long long)out.lines);
        const double *end = out.p[0] > 0 ? out.p : out.p + 3 * (out.points - 1);
        EXPECT(fabs(end[0] - 12.3) < 1e-3, "getter %d ends at %g", (int)getter_now, end[0]);
        o.cutoff = -1;
        CHECK_OK(vxg_track_run(NULL, &f, 2, seeds, &o, &out.base, &stats));
        EXPECT(stats.ended[3] == 4, "%lld ends outside without a cutoff",
               (long long)stats.ended[3]);
        keeper_free(&out), vxg_array_release(&f.values);
    }
}

/* Two vectors a voxel; beyond x = 10 there are none. */
static void torn_field(const double *p, int rows, double *to, int64_t voxels) {
    put(VXG_TRACK_VECTOR, along, rows, to, voxels);
    for (int k = 0; k < rows && p[0] > 10; k++) to[k * voxels] = p[1] > 0 ? 0 : NAN;
}
TEST(vectors)
{
    const double seed[6] = {1, 2, 0.5, 20, 0, 0};
    vxg_track_field f;
    keeper out = keeper_new();
    vxg_track_stats stats = {0};
    const grid g = rows_of(turned, VXG_TRACK_VECTOR);
    make_values(&g, torn_field);
    CHECK_OK(field_of(&g, VXG_REAL_F32, &f));
    vxg_track_opts o = {.getter = VXG_TRACK_VECTOR, .step = 0.5, .peaks = 3};
    CHECK_OK(vxg_track_run(NULL, &f, 2, seed, &o, &out.base, &stats));
    CHECK(out.lines == 2, "%lld lines", (long long)out.lines);
    EXPECT(stats.ended[1] == 2 && stats.ended[3] == 2, "%lld ends without a direction",
           (long long)stats.ended[1]);
    for (int n = 0; n < 2; n++) { /* the longer vector first, though it stands second */
        const double *p = out.p + 3 * out.begin[n];
        double dot = 0;
        for (int k = 0; k < 3; k++) dot += (p[3 + k] - p[k]) / 0.5 * along[k];
        EXPECT(n ? fabs(dot) < 1e-4 : fabs(dot) > 1 - 1e-4, "line %d: %g", n, dot);
    }
    o.cutoff = 0.9; /* between the two */
    CHECK_OK(vxg_track_run(NULL, &f, 2, seed, &o, &out.base, &stats));
    EXPECT(stats.streamlines == 1, "%lld lines", (long long)stats.streamlines);
    keeper_free(&out), vxg_array_release(&f.values);
}

static double kink; /* degrees, at x = 0 */
static void kinked_field(const double *p, int rows, double *to, int64_t voxels) {
    const double a = p[0] < 0 ? 0 : kink * M_PI / 180, d[3] = {cos(a), sin(a), 0};
    put(getter_now, d, rows, to, voxels);
    /* The shorter vector across would be nearer to the last direction than the other there. */
    for (int k = 0; getter_now == VXG_TRACK_VECTOR && k < 3; k++) to[k * voxels] = 0;
}
/* A turn by less than the largest angle is gone along, one by more ends the half in its point. */
TEST(turns)
{
    const double seed[3] = {-12.5, -6, 0}; /* steps of 5 leap over x = 0 */
    basis = VXG_SH_TOURNIER07;
    for (int run = 0; run < 6; run++) {
        keeper out = keeper_new();
        vxg_track_field f;
        vxg_track_stats stats = {0};
        getter_now = getters[run / 2];
        const int peak = getter_now == VXG_TRACK_PEAK; /* a lobe is 45 degrees wide each way */
        const grid g = rows_of(turned, getter_now);
        kink = peak ? 35 : 70;
        make_values(&g, kinked_field);
        CHECK_OK(field_of(&g, VXG_REAL_F32, &f));
        const double most = run % 2 ? 75 : peak ? 30 : 0; /* the default is 60 */
        const vxg_track_opts o = {.getter = getter_now, .step = 5, .max_angle = most};
        CHECK_OK(vxg_track_run(NULL, &f, 1, seed, &o, &out.base, &stats));
        EXPECT(stats.ended[6] == !(run % 2) && stats.ended[3] == 1 + run % 2,
               "run %d: %lld turned, %lld outside, %lld without a direction", run,
               (long long)stats.ended[6], (long long)stats.ended[3], (long long)stats.ended[1]);
        keeper_free(&out), vxg_array_release(&f.values);
    }
}

/* Runge-Kutta's last look lies where Euler's next point does: straight lines end alike. */
TEST(looks_outside)
{
    const double seed[3] = {1, 2, 0.5};
    int64_t points[2];
    getter_now = VXG_TRACK_VECTOR;
    for (int k = 0; k < 2; k++) {
        keeper out = keeper_new();
        vxg_track_field f;
        vxg_track_stats stats = {0};
        const grid g = rows_of(turned, getter_now);
        make_values(&g, straight_field);
        CHECK_OK(field_of(&g, VXG_REAL_F32, &f));
        const vxg_track_opts o = {
            .getter = getter_now, .step = 3, .integrator = (vxg_track_integrator)k};
        CHECK_OK(vxg_track_run(NULL, &f, 1, seed, &o, &out.base, &stats));
        EXPECT(stats.ended[3] == 2, "%lld ends outside", (long long)stats.ended[3]);
        points[k] = out.points;
        keeper_free(&out), vxg_array_release(&f.values);
    }
    EXPECT(points[0] == points[1] && points[0] > 5, "%lld points, %lld", (long long)points[0],
           (long long)points[1]);
}

/* ---- The same bits, regions ---- */
static void bent_field(const double *p, int rows, double *to, int64_t voxels) {
    const double x = p[0] - 40, y = p[1] - 5, r = sqrt(x * x + y * y + 0.01 * (x * x + y * y));
    const double d[3] = {-y / r, x / r, 0.1 * hypot(x, y) / r};
    put(getter_now, d, rows, to, voxels);
}
TEST(same_bits)
{
    enum { SEEDS = 150 };
    static double seeds[3 * SEEDS];
    basis = VXG_SH_TOURNIER07;
    for (int i = 0; i < SEEDS; i++)
        seeds[3 * i] = i % 23 - 11.2, seeds[3 * i + 1] = i % 31 - 15, seeds[3 * i + 2] = i % 7 - 3;
    for (int way = 0; way < 6; way++) {
        vxg_track_field f;
        keeper out[5];
        getter_now = getters[way / 2];
        const grid g = rows_of(turned, getter_now);
        make_values(&g, bent_field);
        CHECK_OK(field_of(&g, VXG_REAL_F32, &f));
        for (int k = 0; k < 5; k++) {
            vxg_track_opts o = {.getter = getter_now,
                                .integrator = (vxg_track_integrator)(way % 2),
                                .peaks = 2,
                                .block = k == 1   ? 7
                                         : k == 2 ? 64
                                                  : 0};
            out[k] = keeper_new();
            if (k == 3) vxg_set_threads(3);
            const int part = k == 4 ? 61 : SEEDS;
            CHECK_OK(vxg_track_run(NULL, &f, part, seeds, &o, &out[k].base, NULL));
            o.first = part;
            if (k == 4)
                CHECK_OK(vxg_track_run(NULL, &f, SEEDS - part, seeds + 3 * part, &o, &out[k].base,
                                       NULL));
            vxg_set_threads(0);
            CHECK(out[0].lines >= SEEDS, "%lld lines", (long long)out[0].lines);
            CHECK(out[k].lines == out[0].lines && out[k].points == out[0].points &&
                      !memcmp(out[k].begin, out[0].begin, (size_t)(out[0].lines + 1) * 8) &&
                      !memcmp(out[k].p, out[0].p, (size_t)out[0].points * 24),
                  "getter %d, run %d: %lld lines, %lld points; %lld, %lld", (int)getter_now, k,
                  (long long)out[k].lines, (long long)out[k].points, (long long)out[0].lines,
                  (long long)out[0].points);
        }
        for (int k = 0; k < 5; k++) keeper_free(&out[k]);
        vxg_array_release(&f.values);
    }
}

/* The uppermost slice of the image stops the first of two lines, leaves it out, or it alone is
 * asked for. */
TEST(regions)
{
    static const uint32_t all[3] = {VXG_TRACK_STOP, VXG_TRACK_EXCLUDE, VXG_TRACK_INCLUDE(0)};
    static uint32_t bits[MOST_VOXELS];
    const double seeds[6] = {1, 2, 0.5, 1, -20, 0.5};
    const grid g = rows_of(turned, VXG_TRACK_TENSOR);
    const int64_t shape[3] = {g.n[2], g.n[1], g.n[0]}, slice = (int64_t)g.n[0] * g.n[1];
    const double border = g.affine[10] * (g.n[2] - 1.5) + g.affine[11]; /* its lower side */
    vxg_track_field f;
    getter_now = VXG_TRACK_TENSOR;
    make_values(&g, straight_field);
    CHECK_OK(field_of(&g, VXG_REAL_F32, &f));
    CHECK_OK(vxg_array_new(dev, VXG_U32, 3, shape, &f.regions));
    for (int kind = 0; kind < 3; kind++) {
        keeper out = keeper_new();
        vxg_track_stats stats = {0};
        for (int64_t v = 0; v < slice * g.n[2]; v++)
            bits[v] = v / slice == (int64_t)g.n[2] - 1 ? all[kind] : 0;
        CHECK_OK(vxg_array_write(NULL, &f.regions, bits));
        f.nregions = kind == 2;
        const vxg_track_opts o = {.getter = getter_now, .step = 0.5};
        CHECK_OK(vxg_track_run(NULL, &f, 2, seeds, &o, &out.base, &stats));
        double top = -1e9;
        for (int64_t i = 0; i < out.points; i++) top = fmax(top, out.p[3 * i + 2]);
        EXPECT(out.lines == (kind ? 1 : 2) && stats.region_ones == (kind ? 1 : 0) &&
                   stats.ended[5] == (kind < 2) && (top > border) == (kind == 2),
               "kind %d: %lld lines, %lld left out, %lld ends, up to %g of %g", kind,
               (long long)out.lines, (long long)stats.region_ones, (long long)stats.ended[5], top,
               border);
        keeper_free(&out);
    }
    vxg_array_release(&f.values), vxg_array_release(&f.regions);
}

/* ---- What is refused ---- */
static int refused(const vxg_track_field *f, vxg_track_opts o, int status, const char *word) {
    const double seed[3] = {0, 0, 0};
    keeper out = keeper_new();
    const int got = vxg_track_run(NULL, f, 1, seed, &o, &out.base, NULL);
    const int good = got == status && strstr(vxg_error_message(), word);
    EXPECT(good, "%s: status %d, %s", word, got, vxg_error_message());
    keeper_free(&out);
    return good;
}
TEST(wrong_inputs)
{
    static const double b[7] = {0}, d[21] = {0};
    static const vxg_odf_opts model = {.kind = VXG_ODF_CSA};
    vxg_track_field f[3], wrong;
    vxg_gradients *table = NULL;
    CHECK_OK(vxg_gradients_new(7, b, d, NULL, &table));
    basis = VXG_SH_TOURNIER07;
    for (int k = 0; k < 3; k++) {
        getter_now = getters[k];
        const grid g = rows_of(turned, getter_now);
        make_values(&g, straight_field);
        CHECK_OK(field_of(&g, VXG_REAL_F32, &f[k]));
    }
    for (int k = 0; k < 3; k++) {
        const vxg_track_opts all[] = {{.getter = getters[k], .pmf_threshold = 0.2},
                                      {.getter = getters[k], .angular_weight = 0.5},
                                      {.getter = getters[k], .attempts = 2},
                                      {.getter = getters[k], .rules = VXG_TRACK_NIBRARY},
                                      {.getter = getters[k], .half = 1},
                                      {.getter = getters[k], .relative_peak_threshold = 0.2},
                                      {.getter = getters[k], .min_separation = 20}};
        static const char *const words[] = {
            "pmf_threshold",  "angular_weight",          "attempts",      "nibrary",
            "half precision", "relative_peak_threshold", "min_separation"};
        for (int i = 0; i < (k ? 7 : 4); i++) refused(&f[k], all[i], VXG_ERR_ARGUMENT, words[i]);
        const vxg_track_opts plain = {.getter = getters[k]};
        wrong = f[k], wrong.samples = 1;
        refused(&wrong, plain, VXG_ERR_ARGUMENT, "samples");
        wrong = f[k], wrong.model = &model;
        refused(&wrong, plain, VXG_ERR_ARGUMENT, "model");
        wrong = f[k], wrong.gradients = table;
        refused(&wrong, plain, VXG_ERR_ARGUMENT, "gradient table");
    }
    refused(&f[0], (vxg_track_opts){.getter = VXG_TRACK_DETERMINISTIC, .cutoff = 0.2},
            VXG_ERR_ARGUMENT, "cutoff");
    refused(&f[0], (vxg_track_opts){.integrator = VXG_TRACK_RK4}, VXG_ERR_ARGUMENT, "integrator");
    refused(&f[1], (vxg_track_opts){.getter = VXG_TRACK_PEAK, .integrator = 2}, VXG_ERR_ARGUMENT,
            "integrator");
    wrong = f[0], wrong.values.shape[0] = 7;
    refused(&wrong, (vxg_track_opts){.getter = VXG_TRACK_PEAK}, VXG_ERR_ARGUMENT, "7 coefficients");
    refused(&wrong, (vxg_track_opts){.getter = VXG_TRACK_TENSOR}, VXG_ERR_ARGUMENT, "7 numbers");
    refused(&wrong, (vxg_track_opts){.getter = VXG_TRACK_VECTOR}, VXG_ERR_ARGUMENT, "7 numbers");
    wrong.gradients = table; /* unweighted volumes alone */
    refused(&wrong, (vxg_track_opts){.getter = VXG_TRACK_TENSOR}, VXG_ERR_NUMERICAL, "tensor");
    for (int k = 0; k < 3; k++) vxg_array_release(&f[k].values);
    vxg_gradients_release(table);
}

DEVICES_MAIN("track_follow", T(straight), T(orders), T(circles), T(maxima), T(mrtrix), T(cutoffs),
             T(vectors), T(turns), T(looks_outside), T(same_bits), T(regions), T(wrong_inputs))
