/* What few views and short arcs of a fan-beam scan can still show: filtered backprojection, SIRT
 * and two methods with total variation, each against the image of all views by the Helsinki
 * Tomography Challenge's score (Matthews' correlation of the images cut at Otsu's threshold).
 *
 *   few_views SCAN.h5 DATASET GEOMETRY.json OUT.png [VOXELS [WEIGHT]] */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <voxgrad/voxgrad.h>

#define MOST 4096 /* views */

typedef struct scene {
    vxg_device *dev;
    vxg_scan_reader *scan;
    vxg_ct_geometry *all;
    vxg_ct_volume vol;
    float *lines;  /* (views, columns) of all views */
    double weight; /* of total variation */
} scene;

static const struct {
    const char *name;
    int first, step, count; /* of 721 views, half a degree apart */
} cases[] = {{"30 views of 360 degrees", 0, 24, 30},
             {"arc of 90 degrees", 0, 1, 181},
             {"arc of 60 degrees", 0, 1, 121},
             {"arc of 30 degrees", 0, 1, 61}};
static const struct {
    const char *name;
    vxg_solve_opts opts;
} methods[] = {
    {"fbp", {0}},
    {"sirt", {.iterations = 100, .bounds = VXG_BOUNDS_POSITIVE}},
    {"tv-pocs", {.iterations = 50, .bounds = VXG_BOUNDS_POSITIVE, .subsets = 15, .smooth = 1e-4}},
    {"fista-tv", {.iterations = 300, .bounds = VXG_BOUNDS_POSITIVE}},
};
enum { CASES = sizeof cases / sizeof *cases, METHODS = sizeof methods / sizeof *methods };

/* ---- The scan ---- */
/* The whole file, for free(). */
static int read_text(const char *path, char **out) {
    size_t n = 0, room = 0;
    char *text = NULL;
    FILE *f = fopen(path, "r");
    if (!f) return vxg_error_set(VXG_ERR_INPUT, "%s: cannot open", path);
    do {
        if (n == room) {
            char *more = realloc(text, (room = room ? 2 * room : 65536) + 1);
            if (!more) {
                fclose(f), free(text);
                return vxg_error_set(VXG_ERR_MEMORY, "%s: out of memory for its text", path);
            }
            text = more;
        }
        n += fread(text + n, 1, room - n, f);
    } while (n == room);
    const int failed = ferror(f);
    fclose(f);
    text[n] = 0;
    *out = text;
    return failed ? vxg_error_set(VXG_ERR_INPUT, "%s: cannot be read", path) : VXG_OK;
}

static int no_memory(const char *what) {
    return vxg_error_set(VXG_ERR_MEMORY, "out of memory for %s", what);
}

/* The cases are of one scan, and lines and images have its sizes: others are refused. */
static int check_sizes(const scene *s) {
    const int64_t views = s->scan->nviews, rows = s->scan->nrows, cols = s->scan->ncols;
    const int64_t gv = vxg_ct_geometry_nviews(s->all), nv = vxg_ct_geometry_nv(s->all),
                  nu = vxg_ct_geometry_nu(s->all);
    if (views != 721 || rows != 1)
        return vxg_error_set(VXG_ERR_INPUT,
                             "%lld views of %lld rows; expected 721 views of one row, the last "
                             "like the first",
                             (long long)views, (long long)rows);
    if (gv != views || nv != rows || nu != cols)
        return vxg_error_set(VXG_ERR_INPUT,
                             "the geometry has %lld views of %lld x %lld pixels, the scan %lld of "
                             "%lld x %lld",
                             (long long)gv, (long long)nv, (long long)nu, (long long)views,
                             (long long)rows, (long long)cols);
    if (s->vol.nz != 1)
        return vxg_error_set(VXG_ERR_INPUT, "the geometry makes %lld slices; expected one",
                             (long long)s->vol.nz);
    return VXG_OK;
}

static int open_scene(scene *s, char **argv, int64_t voxels) {
    char *text = NULL;
    const vxg_scan_opts as = {.dataset = argv[2]};
    int e = vxg_device_open(NULL, &s->dev);
    if (!e) e = vxg_scan_open_opts(argv[1], &as, &s->scan);
    if (!e) e = read_text(argv[3], &text);
    if (!e) e = vxg_ct_geometry_from_json(text, strlen(text), NULL, &s->all);
    free(text);
    vxg_ct_volume_spec spec = {.nx = voxels, .ny = voxels};
    if (!e) e = vxg_ct_complete_volume(s->all, &spec, &s->vol);
    if (!e) e = check_sizes(s);
    if (e) return e;
    const int64_t views = s->scan->nviews, cols = s->scan->ncols;
    s->lines = malloc((size_t)(views * cols) * sizeof *s->lines);
    if (!s->lines) return no_memory("the scan");
    return s->scan->read(s->scan, VXG_FRAME_DATA, 0, views, 0, 1, 0, cols, s->lines);
}

/* Geometry and data of some views. */
static int pick(const scene *s, int first, int step, int count, vxg_ct_geometry **geo,
                float *lines) {
    const int64_t cols = s->scan->ncols;
    int64_t index[MOST];
    for (int i = 0; i < count; i++) {
        index[i] = first + (int64_t)i * step;
        memcpy(lines + i * cols, s->lines + index[i] * cols, (size_t)cols * sizeof *lines);
    }
    return vxg_ct_geometry_take(s->all, count, index, geo);
}

/* ---- Reconstruction ---- */
static int analytic(const scene *s, const vxg_ct_geometry *geo, const float *lines, int limited,
                    float *image) {
    const vxg_ct_fdk_opts o = {.window = VXG_CT_WINDOW_HANN,
                               .arc = limited ? VXG_CT_ARC_LIMITED : VXG_CT_ARC_AUTO};
    vxg_op *fbp = NULL;
    vxg_array y = {0}, x = {0};
    int e = vxg_ct_fdk(s->dev, geo, &s->vol, &o, &fbp);
    if (!e) e = vxg_op_new_array(fbp, 0, &y);
    if (!e) e = vxg_op_new_array(fbp, -1, &x);
    if (!e) e = vxg_array_write(NULL, &y, lines);
    if (!e) e = vxg_op_apply(fbp, NULL, &y, &x);
    if (!e) e = vxg_array_read(NULL, &x, image);
    vxg_array_release(&x), vxg_array_release(&y);
    vxg_op_release(fbp);
    return e;
}

static int iterative(const scene *s, const vxg_ct_geometry *geo, const float *lines, int m,
                     float *image) {
    vxg_solve_opts o = methods[m].opts;
    vxg_op *projector = NULL;
    vxg_array y = {0};
    vxg_solver *solver = NULL;
    if (!strcmp(methods[m].name, "fista-tv")) o.weight = s->weight;
    int e = vxg_ct_projector(s->dev, geo, &s->vol, NULL, &projector);
    if (!e) e = vxg_op_new_array(projector, -1, &y);
    if (!e) e = vxg_array_write(NULL, &y, lines);
    const vxg_solve_problem problem = {.op = projector, .data = &y};
    if (!e) e = vxg_solver_new(methods[m].name, &problem, &o, &solver);
    if (!e) e = vxg_solver_run(solver, NULL);
    if (!e) e = vxg_array_read(NULL, vxg_solver_x(solver), image);
    vxg_solver_release(solver);
    vxg_array_release(&y);
    vxg_op_release(projector);
    return e;
}

/* ---- The score ---- */
/* The cut that makes the two classes' means differ most (N. Otsu, IEEE Trans. SMC 9 (1979) 62). */
static double otsu(const float *image, int64_t n) {
    enum { BINS = 512 };
    double lo = image[0], hi = image[0], count[BINS] = {0}, all = 0, below = 0, sum = 0, best = -1;
    double cut = 0;
    for (int64_t i = 0; i < n; i++) lo = fmin(lo, image[i]), hi = fmax(hi, image[i]);
    for (int64_t i = 0; i < n; i++)
        count[hi > lo ? (int)((image[i] - lo) / (hi - lo) * (BINS - 1)) : 0]++;
    for (int k = 0; k < BINS; k++) all += k * count[k];
    for (int k = 0; k + 1 < BINS; k++) {
        below += count[k], sum += k * count[k];
        const double above = (double)n - below;
        if (below == 0 || above == 0) continue;
        const double apart = sum / below - (all - sum) / above,
                     between = below * above * apart * apart;
        if (between > best) best = between, cut = k + 1;
    }
    return lo + cut / (BINS - 1) * (hi - lo);
}

static double matthews(const float *image, const float *truth, int64_t n) {
    const double a = otsu(image, n), b = otsu(truth, n);
    double c[2][2] = {{0}};
    for (int64_t i = 0; i < n; i++) c[image[i] >= a][truth[i] >= b]++;
    const double product =
        (c[1][1] + c[1][0]) * (c[1][1] + c[0][1]) * (c[0][0] + c[1][0]) * (c[0][0] + c[0][1]);
    return product > 0 ? (c[1][1] * c[0][0] - c[1][0] * c[0][1]) / sqrt(product) : 0;
}

/* ---- All of it ---- */
static int one(const scene *s, int c, int m, float *image) {
    vxg_ct_geometry *geo = NULL;
    float *lines = malloc((size_t)(cases[c].count * s->scan->ncols) * sizeof *lines);
    int e = lines ? pick(s, cases[c].first, cases[c].step, cases[c].count, &geo, lines)
                  : no_memory("a case's views");
    if (!e && m == 0) e = analytic(s, geo, lines, cases[c].step == 1, image);
    if (!e && m > 0) e = iterative(s, geo, lines, m, image);
    vxg_ct_geometry_release(geo);
    free(lines);
    return e;
}

static int run(const scene *s, const char *path) {
    const int64_t n = s->vol.nx * s->vol.ny;
    enum { ACROSS = 1 + METHODS, ALL = CASES * ACROSS }; /* a row a case, all views first */
    static char label[ALL][64];
    const char *labels[ALL];
    float *images = calloc((size_t)(ALL * n), sizeof *images);
    float *lines = malloc((size_t)(720 * s->scan->ncols) * sizeof *lines);
    vxg_ct_geometry *geo = NULL;
    vxg_picture picture = {0};
    int e = images && lines ? pick(s, 0, 1, 720, &geo, lines) : no_memory("images");
    if (!e) e = analytic(s, geo, lines, 0, images);
    printf("| views |");
    for (int m = 0; m < METHODS; m++) printf(" %s |", methods[m].name);
    printf("\n|---|---|---|---|---|\n");
    for (int c = 0; c < CASES && !e; c++) {
        printf("| %s |", cases[c].name);
        labels[c * ACROSS] = "all views, fbp";
        if (c) memcpy(images + c * ACROSS * n, images, (size_t)n * sizeof *images);
        for (int m = 0; m < METHODS && !e; m++) {
            const int at = c * ACROSS + 1 + m;
            float *image = images + at * n;
            e = one(s, c, m, image);
            const double score = e ? 0 : matthews(image, images, n);
            snprintf(label[at], sizeof label[at], "%s %s %.3f", cases[c].name, methods[m].name,
                     score);
            labels[at] = label[at];
            printf(" %.3f |", score);
            fflush(stdout);
        }
        printf("\n");
    }
    if (!e) e = vxg_picture_montage(images, ALL, s->vol.ny, s->vol.nx, labels, &picture);
    if (!e) e = vxg_picture_write_png(&picture, path, NULL, 0, 1);
    vxg_picture_free(&picture);
    vxg_ct_geometry_release(geo);
    free(images), free(lines);
    return e;
}

int main(int argc, char **argv) {
    scene s = {.weight = argc > 6 ? atof(argv[6]) : 0.02};
    if (argc < 5)
        return fprintf(stderr, "usage: few_views SCAN.h5 DATASET GEOMETRY.json OUT.png [VOXELS "
                               "[WEIGHT]]\n"),
               2;
    int e = open_scene(&s, argv, argc > 5 ? atoi(argv[5]) : 256);
    if (!e) e = run(&s, argv[4]);
    if (e) fprintf(stderr, "%s\n", vxg_error_message());
    free(s.lines);
    vxg_ct_geometry_release(s.all);
    vxg_scan_close(s.scan);
    vxg_device_release(s.dev);
    return vxg_status_exit_code(e);
}
