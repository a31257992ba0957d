/* DART against the same iteration written out for a dense matrix in double, in a plane and in
 * slices that are neighbours; what it is for: few views of a thing of two values. */
#include <voxgrad/voxgrad.h>

#include "solve_scan.h"

static scan plane, slices;
enum { DEEP = 3 }; /* of slices */

/* ---- Written out ---- */
/* Voxel j's neighbours along the axes, at most six; nz slices. */
static int neighbours(const scan *s, int nz, int j, int *list) {
    const int n = s->side, x = j % n, y = j / n % n, z = j / (n * n);
    int count = 0;
    if (x) list[count++] = j - 1;
    if (x + 1 < n) list[count++] = j + 1;
    if (y) list[count++] = j - n;
    if (y + 1 < n) list[count++] = j + n;
    if (z) list[count++] = j - n * n;
    if (z + 1 < nz) list[count++] = j + n * n;
    return count;
}

static int level_of(double v, const vxg_numbers *l) {
    int k = 0;
    while (k + 1 < l->count && v >= 0.5 * (l->value[k] + l->value[k + 1])) k++;
    return k;
}

/* One sweep over n subsets: every n-th view. */
static void sweep(const scan *s, const double *w, int n, double relaxation, const int *moves,
                  double *x) {
    for (int k = 0; k < n; k++) {
        double g[MOST] = {0}, columns[MOST] = {0};
        for (int i = 0; i < s->rows; i++) {
            double row = 0, r = s->b[i];
            if (i / s->width % n != k) continue;
            for (int j = 0; j < s->cols; j++) {
                r -= s->a[i][j] * x[j];
                row += moves[j] ? s->a[i][j] : 0;
                columns[j] += w[i] * s->a[i][j];
            }
            for (int j = 0; j < s->cols && row > 0; j++) g[j] += s->a[i][j] * w[i] * r / row;
        }
        for (int j = 0; j < s->cols; j++)
            if (moves[j] && columns[j] > 0) x[j] = fmax(x[j] + relaxation * g[j] / columns[j], 0);
    }
}

static int draw_is_free(uint64_t seed, int iteration, int j, double fixed) {
    const uint32_t key[2] = {(uint32_t)seed ^ 0x64617274u, (uint32_t)(seed >> 32)};
    const uint32_t counter[4] = {(uint32_t)j, 0, (uint32_t)iteration, 0};
    uint32_t r[4];
    vxg_philox(counter, key, r);
    return (double)(r[0] >> 8) >= floor(fixed * 16777216);
}

/* x holds the start; mask: 0 where x is 0. *held: voxels that were held, of all iterations. */
static void dense(const scan *s, int nz, const vxg_solve_opts *o, const double *w,
                  const double *mask, double *x, int *held) {
    const double fixed = o->fixed > 0 ? o->fixed : 0.85, kept = o->kept > 0 ? o->kept : 0.8;
    int moves[MOST], label[MOST], list[6];
    *held = 0;
    for (int j = 0; j < s->cols; j++) moves[j] = mask[j] != 0;
    for (int i = 0; i < o->first; i++) sweep(s, w, o->subsets, o->relaxation, moves, x);
    for (int k = 0; k < o->iterations; k++) {
        double y[MOST];
        int border[MOST] = {0};
        for (int j = 0; j < s->cols; j++) label[j] = mask[j] != 0 ? level_of(x[j], &o->levels) : -1;
        for (int j = 0; j < s->cols; j++) {
            const int n = neighbours(s, nz, j, list);
            for (int i = 0; i < n && mask[j] != 0; i++)
                border[j] |= label[list[i]] >= 0 && label[list[i]] != label[j];
            moves[j] = mask[j] != 0 && (border[j] || draw_is_free(o->seed, k, j, fixed));
            if (mask[j] != 0 && !moves[j]) x[j] = o->levels.value[label[j]], ++*held;
        }
        for (int i = 0; i < o->inner; i++) sweep(s, w, o->subsets, o->relaxation, moves, x);
        memcpy(y, x, sizeof y);
        for (int j = 0; j < s->cols && k + 1 < o->iterations; j++) {
            double sum = 0, count = 0;
            const int n = neighbours(s, nz, j, list);
            for (int i = 0; i < n; i++)
                if (label[list[i]] >= 0) sum += y[list[i]], count++;
            if (border[j]) x[j] = kept * y[j] + (1 - kept) * sum / count;
        }
    }
    for (int j = 0; j < s->cols && o->segmented; j++)
        if (mask[j] != 0) x[j] = o->levels.value[level_of(x[j], &o->levels)];
}

/* ---- The method, with weights, start and mask that may be NULL ---- */
static int run(const vxg_op *op, const double *data, const vxg_solve_opts *o, const double *w,
               const double *start, const double *mask, double *x) {
    vxg_array b, weights = {0}, first = {0}, some = {0};
    vxg_solver *solver = NULL;
    int status = vxg_op_new_array(op, -1, &b);
    if (!status) status = put(&b, data);
    if (w && !status) status = vxg_op_new_array(op, -1, &weights);
    if (w && !status) status = put(&weights, w);
    if (start && !status) status = vxg_op_new_array(op, 0, &first);
    if (start && !status) status = put(&first, start);
    if (mask && !status) status = vxg_op_new_array(op, 0, &some);
    if (mask && !status) status = put(&some, mask);
    const vxg_solve_problem p = {.op = op,
                                 .data = &b,
                                 .weights = w ? &weights : NULL,
                                 .start = start ? &first : NULL,
                                 .mask = mask ? &some : NULL};
    if (!status) status = vxg_solver_new("dart", &p, o, &solver);
    if (!status) status = vxg_solver_run(solver, NULL);
    if (!status) status = take(vxg_solver_x(solver), x);
    vxg_solver_release(solver);
    vxg_array_release(&b), vxg_array_release(&weights);
    vxg_array_release(&first), vxg_array_release(&some);
    return status;
}

static double two[] = {0.25, 0.75}, three[] = {0.1, 0.45, 0.9};
static double ones[MOST], most_of_it[MOST];

TEST(written_out)
{
    const struct {
        int n; /* levels */
        const double *w, *mask;
        vxg_solve_opts o;
    } cases[] = {
        {2, NULL, NULL, {.first = 12, .inner = 5, .iterations = 6, .subsets = 1}},
        {3, NULL, NULL, {.first = 9, .inner = 3, .iterations = 5, .subsets = 4, .seed = 5}},
        {3, plane.w, NULL, {.first = 9, .inner = 4, .iterations = 5, .subsets = 2, .fixed = 0.5}},
        {2, plane.w, most_of_it, {.first = 7, .inner = 4, .iterations = 5, .subsets = 1}},
        {2, NULL, NULL, {.first = 7, .inner = 4, .iterations = 6, .subsets = 1, .kept = 0.4}},
        {2, NULL, NULL, {.first = 7, .inner = 4, .iterations = 6, .subsets = 1, .kept = 1}},
        {3,
         NULL,
         NULL,
         {.first = 9, .inner = 3, .iterations = 4, .subsets = 2, .fixed = 1, .segmented = 1}},
    };
    for (int solid = 0; solid < 2; solid++)
        for (int c = 0; c < (int)(sizeof cases / sizeof *cases); c++) {
            const scan *s = solid ? &slices : &plane;
            double x[MOST], want[MOST] = {0};
            int held;
            vxg_solve_opts o = cases[c].o;
            if (solid && (cases[c].w || cases[c].mask)) continue;
            o.relaxation = 0.9, o.bounds = VXG_BOUNDS_POSITIVE;
            o.levels = (vxg_numbers){cases[c].n, cases[c].n == 2 ? two : three};
            CHECK_OK(run(s->op, s->b, &o, cases[c].w, NULL, cases[c].mask, x));
            dense(s, solid ? DEEP : 1, &o, cases[c].w ? cases[c].w : ones,
                  cases[c].mask ? cases[c].mask : ones, want, &held);
            EXPECT(distance(x, want, s->cols) < 10 * close_to(), "case %d, solid %d: %.2g", c,
                   solid, distance(x, want, s->cols));
            EXPECT(held > o.iterations, "case %d, solid %d: %d were held", c, solid, held);
        }
}

/* Levels are looked at at once where there is a start, unless sweeps are asked for. */
TEST(started)
{
    const scan *s = &plane;
    double x[2][MOST], want[MOST];
    int held;
    for (int first = 0; first < 4; first += 3) {
        vxg_solve_opts o = {.iterations = 2,
                            .relaxation = 1,
                            .bounds = VXG_BOUNDS_POSITIVE,
                            .inner = 2,
                            .first = first,
                            .subsets = 1,
                            .levels = {2, two}};
        memcpy(want, s->x, sizeof want);
        CHECK_OK(run(s->op, s->b, &o, NULL, s->x, NULL, x[0]));
        dense(s, 1, &o, ones, ones, want, &held);
        EXPECT(distance(x[0], want, s->cols) < 10 * close_to(), "first %d: %.2g", first,
               distance(x[0], want, s->cols));
    }
}

/* x in another unit, and its levels: the same, to rounding. */
TEST(scaled)
{
    const scan *s = &plane;
    vxg_op *half;
    double x[2][MOST];
    vxg_solve_opts o = {.size = sizeof o,
                        .iterations = 4,
                        .inner = 3,
                        .first = 8,
                        .segmented = 1,
                        .levels = {2, two}};
    CHECK_OK(vxg_op_scale(0.5, s->op, &half));
    CHECK_OK(run(s->op, s->b, &o, NULL, NULL, NULL, x[0]));
    CHECK_OK(vxg_solve_opts_scale(&o, 4));
    CHECK_OK(vxg_solve_opts_scale(&o, 0.5));
    CHECK_OK(run(half, s->b, &o, NULL, NULL, NULL, x[1]));
    for (int j = 0; j < s->cols; j++)
        EXPECT(fabs(x[1][j] - 2 * x[0][j]) < 1e-5 && (x[0][j] < 0.3 || x[0][j] > 0.7),
               "element %d: %g, and %g", j, x[0][j], x[1][j]);
    EXPECT(two[0] == 0.25, "the caller's levels were written");
    vxg_op_release(half);
}

/* The same bits for any number of threads, and again; another seed has others. */
TEST(same_bits)
{
    static const int threads[] = {1, 2, 3, 7, 1};
    const scan *s = &slices;
    const int before = vxg_threads();
    double x[MOST], first[MOST], other[MOST];
    vxg_solve_opts o = {
        .iterations = 4, .inner = 3, .first = 5, .fixed = 0.4, .levels = {3, three}};
    for (int i = 0; i < 5; i++) {
        CHECK_OK(vxg_set_threads(threads[i]));
        CHECK_OK(run(s->op, s->b, &o, NULL, NULL, NULL, i ? x : first));
        EXPECT(!i || !memcmp(x, first, sizeof(double) * (size_t)s->cols), "%d threads", threads[i]);
    }
    vxg_set_threads(before);
    o.seed = (uint64_t)1 << 40;
    CHECK_OK(run(s->op, s->b, &o, NULL, NULL, NULL, other));
    EXPECT(distance(other, first, s->cols) > 1e-4, "two seeds are one");
}

/* Discs and a hole, of 0 and 0.5, from few views: fewer voxels are taken for the other by far. */
enum { SIDE = 40, VIEWS = 4, BINS = 60 };
static int wrong_voxels(const vxg_op *op, const vxg_array *b, const char *method,
                        const vxg_solve_opts *o, const double *truth) {
    static double raw[SIDE * SIDE];
    vxg_solver *solver = NULL;
    int wrong = 0;
    int status = vxg_solver_new(method, &(vxg_solve_problem){.op = op, .data = b}, o, &solver);
    if (!status) status = vxg_solver_run(solver, NULL);
    if (!status) status = vxg_array_read(NULL, vxg_solver_x(solver), raw);
    for (int j = 0; j < SIDE * SIDE && !status; j++)
        wrong += (get(raw, j) >= 0.25) != (truth[j] >= 0.25);
    vxg_solver_release(solver);
    return status ? -1 : wrong;
}
TEST(few_views)
{
    static double truth[SIDE * SIDE];
    static float single[SIDE * SIDE];
    static double levels[] = {0, 0.5};
    double angles[VIEWS];
    vxg_ct_geometry *geo;
    vxg_op *op;
    vxg_array x, b;
    for (int i = 0; i < VIEWS; i++) angles[i] = 0.05 + 3.14159265 * i / VIEWS;
    const vxg_ct_parallel_opts g = {.angles = angles, .nviews = VIEWS, .rows = 1, .cols = BINS};
    const vxg_ct_volume vol = {.nz = 1, .ny = SIDE, .nx = SIDE};
    const vxg_ct_projector_opts real = {.real = type};
    for (int j = 0; j < SIDE * SIDE; j++) {
        const double u = j % SIDE - 19.5, v = j / SIDE - 19.5;
        const int disc = u * u + v * v < 15 * 15 && (u + 5) * (u + 5) + v * v > 5 * 5;
        const int other = (u - 13) * (u - 13) + (v - 14) * (v - 14) < 3 * 3;
        truth[j] = disc || other ? 0.5 : 0, single[j] = (float)truth[j];
    }
    CHECK_OK(vxg_ct_parallel_circular(&g, &geo));
    CHECK_OK(vxg_ct_projector(dev, geo, &vol, &real, &op));
    CHECK_OK(vxg_op_new_array(op, 0, &x));
    CHECK_OK(vxg_op_new_array(op, -1, &b));
    CHECK_OK(vxg_array_write(NULL, &x, type == VXG_REAL_F64 ? (const void *)truth : single));
    CHECK_OK(vxg_op_apply(op, NULL, &x, &b));
    const vxg_solve_opts plain = {.iterations = 250, .bounds = VXG_BOUNDS_BOX, .upper = 0.5};
    const vxg_solve_opts o = {.iterations = 20, .first = 50, .inner = 10, .levels = {2, levels}};
    const int by_sirt = wrong_voxels(op, &b, "sirt", &plain, truth),
              by_dart = wrong_voxels(op, &b, "dart", &o, truth);
    EXPECT(by_dart >= 0 && by_dart < SIDE * SIDE / 100 && 2 * by_dart < by_sirt,
           "%d of %d voxels are wrong by dart, %d by sirt", by_dart, SIDE * SIDE, by_sirt);
    vxg_array_release(&x), vxg_array_release(&b);
    vxg_op_release(op), vxg_ct_geometry_release(geo);
}

/* Three slices, which the rays of a tilted beam cross. */
static int make_slices(scan *s) {
    enum { N = 5, COLS = 8, ROWS = 4, NVIEWS = 4 };
    double angles[NVIEWS];
    vxg_ct_geometry *geo;
    for (int i = 0; i < NVIEWS; i++) angles[i] = 0.1 + 6.2831853 * i / NVIEWS;
    const vxg_ct_cone_opts g = {.angles = angles,
                                .nviews = NVIEWS,
                                .rows = ROWS,
                                .cols = COLS,
                                .sod = 12,
                                .sdd = 20,
                                .pixel = 1.5};
    const vxg_ct_volume vol = {.nz = DEEP, .ny = N, .nx = N};
    const vxg_ct_projector_opts o = {.real = type};
    int status = vxg_ct_cone_circular(&g, &geo);
    if (status) return status;
    status = vxg_ct_projector(dev, geo, &vol, &o, &s->op);
    vxg_ct_geometry_release(geo);
    if (status) return status;
    s->width = ROWS * COLS, s->side = N, s->rows = NVIEWS * ROWS * COLS, s->cols = DEEP * N * N;
    status = write_out(s);
    for (int j = 0; j < s->cols; j++) /* a ball that is not in the middle, a little uneven */
        s->x[j] = (float)((j % N - 1) * (j % N - 1) + (j / N % N - 2) * (j / N % N - 2) +
                                      2 * (j / (N * N)) * (j / (N * N)) <
                                  5
                              ? 0.75 + 0.01 * (j % 7)
                              : 0.25 - 0.01 * (j % 5));
    times(s, s->x, s->b);
    for (int i = 0; i < s->rows; i++) s->b[i] = (float)s->b[i];
    return status;
}

static int start(void) {
    for (int i = 0; i < MOST; i++) ones[i] = 1, most_of_it[i] = i % 5 != 2;
    if (make_scan(&plane, 6, 14)) return -1;
    for (int j = 0; j < plane.cols; j++) /* something with an inside, a little uneven */
        plane.x[j] =
            (float)(j % 6 < 3 && j / 6 > 1 ? 0.75 + 0.01 * (j % 7) : 0.25 - 0.01 * (j % 5));
    times(&plane, plane.x, plane.b);
    for (int i = 0; i < plane.rows; i++)
        plane.b[i] = (float)(plane.b[i] * (1 + 0.01 * (i % 5 - 2)));
    return make_slices(&slices);
}
static void stop(void) {
    vxg_op_release(plane.op), vxg_op_release(slices.op);
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(written_out), T(started), T(scaled), T(same_bits),
                                      T(few_views)};
    return scan_main("dart", list, (int)(sizeof list / sizeof *list), start, stop, argc, argv);
}
