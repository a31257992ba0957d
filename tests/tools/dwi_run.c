/* Fits and tracks on files, for comparisons with other programs. Prints one line of JSON: processor
 * seconds of each repeat, and counts.
 *   dwi_run peak                          multiply-adds and bytes a second of one core
 *   dwi_run tensor|odf|csd SERIES OUT [NAME=VALUE...]
 *   dwi_run track FIELD MAP SEEDS OUT [NAME=VALUE...]
 * Images are NIfTI; SEEDS a .npy (n, 3) in mm; OUT NIfTI, streamlines by their ending, or "-".
 * Names: table (MRtrix's .b, of series), repeats, threads, device, double (1: float64); iterations
 * (tensor); model (amplitudes, qball, csa, opdt), order, smooth, min-signal (odf; track: of the
 * bootstrap); order, axial, radial (mm2/s), s0, b0 (csd); samples (1: FIELD is samples), basis
 * (tournier07, legacy, descoteaux07), sphere (a name, or a .npy of directions that stand for their
 * opposites); mask (tensor, odf, csd: voxels above 0); every row of vxg_track_opts' table. */
#include "../../bench/roofline.h"

enum { MOST_REPEATS = 64 };

static int argc_;
static char **argv_;
static const char *word(const char *name, const char *otherwise) {
    const size_t n = strlen(name);
    for (int i = 1; i < argc_; i++)
        if (!strncmp(argv_[i], name, n) && argv_[i][n] == '=') return argv_[i] + n + 1;
    return otherwise;
}
static double number(const char *name, double otherwise) {
    const char *text = word(name, NULL);
    return text ? atof(text) : otherwise;
}
static int choice(const char *name, const char *const *list, int otherwise) {
    const char *text = word(name, NULL);
    for (int i = 0; list[i] && text; i++)
        if (!strcmp(text, list[i])) return i;
    if (!text) return otherwise;
    fprintf(stderr, "%s: %s?\n", name, text);
    exit(2);
}
static const char *const models[] = {"amplitudes", "qball", "csa", "opdt", NULL};
static const char *const bases[] = {"tournier07", "legacy", "descoteaux07", NULL};

typedef struct image {
    vxg_block_info info;
    int64_t volumes, voxels;
    vxg_array array; /* (volumes, k, j, i), or (k, j, i) */
} image;

static image image_read(vxg_device *dev, const char *path) {
    vxg_block_reader *r = NULL;
    image im = {0};
    int64_t start[VXG_MAX_DIMS] = {0}, count[VXG_MAX_DIMS];
    const vxg_dtype dtype = number("double", 0) > 0 ? VXG_F64 : VXG_F32;
    must(vxg_block_open(path, NULL, &r), path);
    im.info = r->info;
    const int ndim = r->info.ndim;
    for (int i = 0; i < ndim; i++) count[i] = r->info.axis[i].count;
    must(vxg_array_new(dev, dtype, ndim, count, &im.array), path);
    im.volumes = ndim == 4 ? count[0] : 1;
    im.voxels = vxg_array_count(&im.array) / im.volumes;
    void *data = malloc((size_t)vxg_array_count(&im.array) * vxg_dtype_size(dtype));
    must(vxg_block_read(r, start, count, dtype, data), path);
    must(vxg_array_write(NULL, &im.array, data), path);
    free(data);
    vxg_block_close(r);
    return im;
}

static void image_write(const char *path, const image *like, const vxg_array *a) {
    vxg_block_create_opts o = {.force = 1, .info = {.ndim = 4, .dtype = VXG_F32}};
    vxg_block_writer *w = NULL;
    int64_t start[4] = {0}, count[4] = {a->shape[0]};
    if (!strcmp(path, "-")) return;
    for (int i = 0; i < 3; i++) count[i + 1] = like->info.axis[like->info.ndim - 3 + i].count;
    for (int i = 0; i < 4; i++) o.info.axis[i].count = count[i];
    o.info.has_affine = like->info.has_affine;
    memcpy(o.info.affine, like->info.affine, sizeof o.info.affine);
    snprintf(o.info.affine_unit, sizeof o.info.affine_unit, "%s", like->info.affine_unit);
    const size_t n = (size_t)vxg_array_count(a);
    float *f = malloc(n * sizeof *f);
    if (a->dtype == VXG_F64) {
        double *d = malloc(n * sizeof *d);
        must(vxg_array_read(NULL, a, d), path);
        for (size_t i = 0; i < n; i++) f[i] = (float)d[i];
        free(d);
    } else {
        must(vxg_array_read(NULL, a, f), path);
    }
    must(vxg_block_create(path, &o, &w), path);
    must(w->write(w, start, count, f), path);
    must(w->finish(w), path);
    free(f);
}

static vxg_gradients *table_read(void) {
    const char *path = word("table", NULL);
    double *values = NULL;
    int64_t rows, columns;
    vxg_gradients *g = NULL;
    if (!path) return NULL;
    must(vxg_numbers_read(path, &values, &rows, &columns, NULL), path);
    must(columns == 4 ? VXG_OK : VXG_ERR_INPUT, "table: four columns are expected");
    must(vxg_gradients_mrtrix(rows, values, NULL, &g), path);
    vxg_free(values);
    return g;
}

static vxg_sphere *sphere_read(void) {
    const char *text = word("sphere", NULL);
    vxg_sphere *s = NULL;
    float *f = NULL;
    int ndim;
    int64_t shape[VXG_MAX_DIMS];
    if (!text || !strstr(text, ".npy")) {
        must(vxg_sphere_named(text, &s), "sphere");
        return s;
    }
    must(vxg_npy_read(text, &f, &ndim, shape), text);
    double *d = malloc((size_t)shape[0] * 24);
    for (int64_t i = 0; i < 3 * shape[0]; i++) d[i] = (double)f[i];
    must(vxg_sphere_new(shape[0], d, 1, &s), text);
    vxg_free(f), free(d);
    return s;
}

static vxg_odf_opts odf_opts(vxg_odf_kind kind) {
    return (vxg_odf_opts){.kind = (vxg_odf_kind)choice("model", models, kind),
                          .order = (int)number("order", 0),
                          .smooth = number("smooth", 0),
                          .min_signal = number("min-signal", 0),
                          .basis = (vxg_sh_basis)choice("basis", bases, VXG_SH_TOURNIER07)};
}

/* The most memory that this program had: not what getrusage says, which begins with its parent's.
 */
static double memory(void) {
    FILE *f = fopen("/proc/self/status", "r");
    char line[256];
    double kilobytes = 0;
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "VmHWM: %lf", &kilobytes) == 1) break;
    if (f) fclose(f);
    return 1024 * kilobytes;
}

static void say(const double *seconds, int repeats) {
    printf("{\"rss\": %.0f, \"cpu\": [", memory());
    for (int i = 0; i < repeats; i++) printf("%s%.6f", i ? ", " : "", seconds[i]);
    printf("]");
}

/* ---- Fits ---- */
typedef struct fit {
    const char *kind;
    vxg_gradients *g;
    const image *series;
    const vxg_array *voxels;
    vxg_array sh;           /* odf, csd */
    vxg_tensor_maps tensor; /* 6 rows, FA and MD */
    vxg_response response;
} fit;

static void fit_once(const fit *f) {
    const vxg_array *dwi = &f->series->array;
    if (!strcmp(f->kind, "tensor")) {
        const vxg_tensor_opts o = {.iterations = (int)number("iterations", 0)};
        must(vxg_dwi_tensor(NULL, f->g, dwi, f->voxels, &o, &f->tensor), "tensor");
    } else if (!strcmp(f->kind, "odf")) {
        const vxg_odf_opts o = odf_opts(VXG_ODF_OPDT);
        must(vxg_dwi_odf(NULL, f->g, dwi, f->voxels, &o, &f->sh), "odf");
    } else {
        const vxg_csd_opts o = {.order = (int)number("order", 8),
                                .basis = (vxg_sh_basis)choice("basis", bases, VXG_SH_TOURNIER07)};
        must(vxg_dwi_csd(NULL, f->g, dwi, f->voxels, &f->response, &o, &f->sh), "csd");
    }
}

static vxg_array rows_of(vxg_device *dev, const image *like, int64_t rows) {
    vxg_array a = {0};
    int64_t shape[4] = {rows};
    for (int i = 0; i < 3; i++) shape[i + 1] = like->array.shape[1 + i];
    must(vxg_array_new(dev, like->array.dtype, 4, shape, &a), "result");
    return a;
}

/* The voxels where a mask is above 0. */
static vxg_array list_of(vxg_device *dev, const char *path, int64_t *count) {
    image mask = image_read(dev, path);
    vxg_array list = {0};
    float *f = malloc((size_t)mask.voxels * 4);
    uint32_t *at = malloc((size_t)mask.voxels * 4);
    must(mask.array.dtype == VXG_F32 ? vxg_array_read(NULL, &mask.array, f) : VXG_ERR_ARGUMENT,
         "mask");
    *count = 0;
    for (int64_t i = 0; i < mask.voxels; i++)
        if (f[i] > 0) at[(*count)++] = (uint32_t)i;
    must(vxg_array_new(dev, VXG_U32, 1, count, &list), "mask");
    must(vxg_array_write(NULL, &list, at), "mask");
    free(f), free(at), vxg_array_release(&mask.array);
    return list;
}

static int run_fit(vxg_device *dev, const char *kind, int repeats) {
    image series = image_read(dev, argv_[2]);
    fit f = {.kind = kind, .g = table_read(), .series = &series};
    vxg_array list = {0};
    int64_t voxels = series.voxels;
    double seconds[MOST_REPEATS];
    if (word("mask", NULL)) list = list_of(dev, word("mask", NULL), &voxels), f.voxels = &list;
    if (!strcmp(kind, "tensor")) {
        f.tensor.tensor = rows_of(dev, &series, 6);
        f.tensor.eigenvalues = rows_of(dev, &series, 3);
        f.tensor.eigenvectors = rows_of(dev, &series, 9);
        f.tensor.fa = rows_of(dev, &series, 1), f.tensor.md = rows_of(dev, &series, 1);
    } else {
        const int order = (int)number("order", !strcmp(kind, "csd") ? 8 : 4);
        const double radial = number("radial", 3e-4), axial = number("axial", 1.7e-3);
        f.sh = rows_of(dev, &series, vxg_sh_count(order));
        must(vxg_response_tensor(f.g, 0, order, (double[3]){axial, radial, radial},
                                 number("s0", 1000), &f.response),
             "response");
    }
    for (int i = 0; i < repeats; i++) {
        const double t = cpu_seconds();
        fit_once(&f);
        seconds[i] = cpu_seconds() - t;
    }
    image_write(argv_[3], &series, f.sh.buffer ? &f.sh : &f.tensor.fa);
    say(seconds, repeats);
    printf(", \"voxels\": %lld}\n", (long long)voxels);
    return 0;
}

/* ---- Tracking ---- */
static int drop(vxg_tract_writer *self, const vxg_tract_batch *b) {
    (void)self, (void)b;
    return VXG_OK;
}

static vxg_track_opts track_opts(void) {
    vxg_track_opts o = {0};
    int rows = 0;
    const vxg_option *table = vxg_option_table("vxg_track_opts", &rows);
    for (int i = 0; i < rows; i++) {
        const char *text = word(table[i].name, NULL);
        if (text) must(vxg_options_set(table, rows, &o, table[i].name, text), table[i].name);
    }
    return o;
}

static int run_track(vxg_device *dev, int repeats) {
    const image field = image_read(dev, argv_[2]), map = image_read(dev, argv_[3]);
    const char *out = argv_[5];
    vxg_track_opts o = track_opts();
    const vxg_odf_opts model = odf_opts(VXG_ODF_OPDT);
    vxg_track_stats stats = {0};
    float *f = NULL;
    int ndim;
    int64_t shape[VXG_MAX_DIMS];
    double seconds[MOST_REPEATS];
    must(vxg_npy_read(argv_[4], &f, &ndim, shape), argv_[4]);
    double *seeds = malloc((size_t)shape[0] * 24 + 1);
    for (int64_t i = 0; i < 3 * shape[0]; i++) seeds[i] = (double)f[i];
    vxg_track_field a = {.values = field.array,
                         .map = map.array,
                         .basis = (vxg_sh_basis)choice("basis", bases, VXG_SH_TOURNIER07),
                         .samples = (int)number("samples", 0),
                         .gradients = table_read(),
                         .sphere = sphere_read()};
    if (a.gradients) a.model = &model;
    memcpy(a.affine, field.info.affine, sizeof a.affine);
    vxg_tract_writer none = {.size = sizeof none, .write = drop};
    double prepared = INFINITY; /* seconds, of a call without seeds */
    for (int i = 0; i < 3; i++) {
        const double t = cpu_seconds();
        must(vxg_track_run(NULL, &a, 0, seeds, &o, &none, &stats), "track");
        prepared = fmin(prepared, cpu_seconds() - t);
    }
    for (int i = 0; i < repeats; i++) {
        vxg_tract_writer *w = &none;
        vxg_tract_create_opts c = {.force = 1, .info = {.dtype = VXG_F32, .has_affine = 1}};
        const int keep = i == repeats - 1 && strcmp(out, "-");
        memcpy(c.info.affine, field.info.affine, sizeof c.info.affine);
        for (int k = 0; k < 3; k++) c.info.grid[k] = map.array.shape[2 - k];
        if (keep) must(vxg_tract_create(out, &c, &w), out);
        const double t = cpu_seconds();
        must(vxg_track_run(NULL, &a, shape[0], seeds, &o, w, &stats), "track");
        seconds[i] = cpu_seconds() - t;
        if (keep) must(w->finish(w), out);
        o.seed += 1;
    }
    say(seconds, repeats);
    printf(", \"prepared\": %.6f, \"streamlines\": %lld, \"points\": %lld, \"outside\": %lld, "
           "\"ended\": [%lld, %lld, "
           "%lld, %lld]}\n",
           prepared, (long long)stats.streamlines, (long long)stats.points,
           (long long)stats.outside, (long long)stats.ended[1], (long long)stats.ended[2],
           (long long)stats.ended[3], (long long)stats.ended[4]);
    return 0;
}

int main(int argc, char **argv) {
    const char *const kind = argc > 1 ? argv[1] : "";
    vxg_device *dev = NULL;
    argc_ = argc, argv_ = argv;
    const int repeats = (int)fmin(MOST_REPEATS, fmax(1, number("repeats", 1)));
    must(vxg_set_threads((int)number("threads", 1)), "threads");
    must(vxg_io_register(), "io");
    must(vxg_device_open(word("device", "cpu"), &dev), "device");
    if (!strcmp(kind, "peak")) {
        const bench_machine m = bench_measure(dev);
        printf("{\"fma\": %.4g, \"ops\": %.4g, \"l2\": %.4g, \"memory\": %.4g, \"driver\": "
               "\"%s\"}\n",
               m.fma, m.ops, m.l2, m.memory, vxg_device_get_info(dev)->driver);
        return 0;
    }
    if (!strcmp(kind, "track") && argc > 5) return run_track(dev, repeats);
    if (argc > 3 && (!strcmp(kind, "tensor") || !strcmp(kind, "odf") || !strcmp(kind, "csd")))
        return run_fit(dev, kind, repeats);
    fprintf(stderr, "dwi_run peak | tensor|odf|csd SERIES OUT | track FIELD MAP SEEDS OUT "
                    "[NAME=VALUE...]\n");
    return 2;
}
