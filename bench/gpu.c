/* Rates of the CT operators on one device that is not the cpu: Markdown rows on stdout.
 *
 * bench_gpu [--device cuda:0] [--size N] [--views N] [--reps N] [--budget MS]
 *
 * N^3 voxels, N^2 pixels; a circular cone scan (source at 600/256 N from the axis, magnification 2,
 * pixels of two voxels), the same with detectors rolled by 0.1 rad, and a parallel scan. A row runs
 * with a few views first; then with as many, spread over the whole circle, as fit the budget for
 * one run, at most N. GUPS = voxels x views / time of the device / 1e9 also for Joseph rows. Median
 * of the repetitions. check, up to 512^3: largest difference from the row named in the words, over
 * that row's largest value.
 *
 * Joseph's adjoint gathers, so that it is exact and repeatable; the row beside it scatters with
 * atomic additions. That one is a comparison and no operator: its sums depend on their order, and
 * its positions are plain float. */
#include "bench.h"

typedef struct options {
    int size, views, reps, budget;
    const char *spec;
    vxg_device *dev;
} options;

typedef enum kind { BACKPROJECT, FORWARD, ADJOINT, SCATTER } kind;
typedef struct row {
    const char *words;
    kind kind;
    int parallel, plain, texture;
    double roll;
    const char *against; /* what check compares with */
} row;
static const row rows[] = {
    {"cone backprojection, buffer", BACKPROJECT, 0, 0, 0, 0, "voxel by voxel"},
    {"cone backprojection, texture", BACKPROJECT, 0, 0, 1, 0, "voxel by voxel"},
    {"cone backprojection, voxel by voxel", BACKPROJECT, 0, 1, 0, 0, NULL},
    {"cone rolled 0.1 rad, buffer", BACKPROJECT, 0, 0, 0, 0.1, "voxel by voxel"},
    {"cone rolled 0.1 rad, texture", BACKPROJECT, 0, 0, 1, 0.1, "voxel by voxel"},
    {"cone Joseph forward", FORWARD, 0, 0, 0, 0, NULL},
    {"cone Joseph adjoint, gather", ADJOINT, 0, 0, 0, 0, NULL},
    {"cone Joseph adjoint, atomics", SCATTER, 0, 0, 0, 0, "gather"},
    {"parallel backprojection, buffer", BACKPROJECT, 1, 0, 0, 0, NULL},
    {"parallel Joseph forward", FORWARD, 1, 0, 0, 0, NULL},
    {"parallel Joseph adjoint, gather", ADJOINT, 1, 0, 0, 0, NULL},
};

static void view_at(const options *o, const row *r, int i, int views, vxg_ct_view *v) {
    const double t = (r->parallel ? 1 : 2) * M_PI * i / views, c = cos(t), s = sin(t);
    const double sod = 600.0 / 256 * o->size, p = r->parallel ? 1 : 2;
    const double u = p * cos(r->roll), w = p * sin(r->roll);
    *v = (vxg_ct_view){.U = {u * c, u * s, w}, .V = {-w * c, -w * s, u}};
    for (int k = 0; k < 2; k++) {
        const double along = k ? c : -s;
        if (r->parallel) { /* r and s share their place */
            v->r[k] = along;
        } else {
            v->s[k] = -sod * along, v->d[k] = sod * along;
        }
    }
}

/* One of the rows with so many views, ready to run. */
typedef struct work {
    const options *o;
    const row *row;
    int views;
    vxg_op *op;
    vxg_kernel *scatter;
    vxg_array in, out, table;
    vxg_call call;
} work;

static const char text[] =
    "/* v: s, d, U, V in voxels. ints: 0 voxels along an edge, 1 columns, 2 rows. */\n"
    "K_FN void add4(K_GLOBAL real *p, const real b, const real c, const int n, const k_long sb,\n"
    "               const k_long sc, const real v) {\n"
    "    const real fb = K_floor(b), fc = K_floor(c), wb = b - fb, wc = c - fc;\n"
    "    const int j = K_int(fb), l = K_int(fc);\n"
    "    K_GLOBAL real *at = p + j * sb + l * sc;\n"
    "    const real u = v * (K_R(1.0) - wb), w = v * wb;\n"
    "    const int j0 = j >= 0, j1 = j + 1 < n, l0 = l >= 0, l1 = l + 1 < n;\n"
    "    if (j0 && l0) K_atomic_add(at, u * (K_R(1.0) - wc));\n"
    "    if (j1 && l0) K_atomic_add(at + sb, w * (K_R(1.0) - wc));\n"
    "    if (j0 && l1) K_atomic_add(at + sc, u * wc);\n"
    "    if (j1 && l1) K_atomic_add(at + sb + sc, w * wc);\n"
    "}\n"
    "K_KERNEL3(scatter, K_GLOBAL const real *, proj, K_GLOBAL const real *, table, K_GLOBAL real "
    "*, vol) {\n"
    "    const int n = K_I(0);\n"
    "    K_GLOBAL const real *v = table + 12 * gz;\n"
    "    const real m = K_R(0.5) * K_real(n - 1), q = K_real(gx) - K_R(0.5) * K_real(K_I(1) - 1);\n"
    "    const real r = K_real(gy) - K_R(0.5) * K_real(K_I(2) - 1);\n"
    "    const real x = K_fma(v[6], q, K_fma(v[9], r, v[3] - v[0]));\n"
    "    const real y = K_fma(v[7], q, K_fma(v[10], r, v[4] - v[1]));\n"
    "    const real z = K_fma(v[8], q, K_fma(v[11], r, v[5] - v[2]));\n"
    "    const real ax = K_abs(x), ay = K_abs(y), az = K_abs(z);\n"
    "    const int a = az > ax && az > ay ? 2 : ay > ax ? 1 : 0;\n"
    "    const k_long line = n, slice = line * n;\n"
    "    const k_long sa = a == 0 ? 1 : a == 1 ? line : slice, sb = a == 0 ? line : 1, sc = a == 2 "
    "? line : slice;\n"
    "    const real ea = a == 0 ? x : a == 1 ? y : z, eb = (a == 0 ? y : x) / ea, ec = (a == 2 ? y "
    ": z) / ea;\n"
    "    const real pa = v[a] + m, pb = (a == 0 ? v[1] : v[0]) + m, pc = (a == 2 ? v[1] : v[2]) + "
    "m;\n"
    "    const real length = K_sqrt(K_fma(eb, eb, K_fma(ec, ec, K_R(1.0))));\n"
    "    const real value = length * proj[((k_long)gz * K_I(2) + gy) * K_I(1) + gx];\n"
    "    for (int k = 0; k < n; k++) {\n"
    "        const real t = K_real(k) - pa, b = K_fma(t, eb, pb), c = K_fma(t, ec, pc);\n"
    "        if (b > -K_R(1.0) && b < K_real(n) && c > -K_R(1.0) && c < K_real(n))\n"
    "            add4(vol + k * sa, b, c, n, sb, sc, value);\n"
    "    }\n"
    "}\n";

static int scatter_new(work *w, const vxg_ct_view *v) {
    const int64_t shape[2] = {w->views, 12};
    float *table = calloc((size_t)w->views * 12, sizeof *table);
    for (int i = 0; i < w->views; i++)
        for (int k = 0; k < 3; k++) {
            float *t = table + 12 * i + k;
            t[0] = (float)v[i].s[k], t[3] = (float)v[i].d[k];
            t[6] = (float)v[i].U[k], t[9] = (float)v[i].V[k];
        }
    int status =
        vxg_kernel_from_source(w->o->dev, text, "scatter", NULL, VXG_REAL_F32, &w->scatter);
    if (!status) status = vxg_array_new(w->o->dev, VXG_F32, 2, shape, &w->table);
    if (!status) status = vxg_array_write(w->call.queue, &w->table, table);
    free(table);
    return status;
}

static void work_free(work *w) {
    vxg_array_release(&w->in), vxg_array_release(&w->out), vxg_array_release(&w->table);
    vxg_kernel_release(w->scatter);
    vxg_buffer_release(w->call.workspace);
    vxg_op_release(w->op);
    if (w->call.queue) vxg_queue_free(w->call.queue);
    memset(w, 0, sizeof *w);
}

static int make_op(work *w, const vxg_ct_geometry *geo) {
    const int n = w->o->size;
    const row *r = w->row;
    const vxg_ct_volume vol = {.nz = n, .ny = n, .nx = n};
    const vxg_ct_projector_opts opts = {.no_schedule = r->plain,
                                        .texture = r->texture,
                                        .weighting = r->parallel ? VXG_CT_WEIGHTING_NONE
                                                                 : VXG_CT_WEIGHTING_DISTANCE};
    return r->kind == BACKPROJECT ? vxg_ct_backprojector(w->o->dev, geo, &vol, &opts, &w->op)
                                  : vxg_ct_projector(w->o->dev, geo, &vol, &opts, &w->op);
}

static int work_new(const options *o, const row *r, int views, work *w) {
    vxg_ct_view *v = calloc((size_t)views, sizeof *v);
    vxg_ct_geometry *geo = NULL;
    const int back = r->kind == ADJOINT || r->kind == SCATTER;
    memset(w, 0, sizeof *w);
    w->o = o, w->row = r, w->views = views;
    for (int i = 0; i < views; i++) view_at(o, r, i, views, &v[i]);
    int status =
        (r->parallel ? vxg_ct_parallel_views : vxg_ct_cone_views)(views, o->size, o->size, v, &geo);
    if (!status) status = vxg_queue_new(o->dev, &w->call.queue);
    if (!status) status = make_op(w, geo);
    if (!status && r->kind == SCATTER) status = scatter_new(w, v);
    if (!status) status = vxg_op_new_array(w->op, back ? -1 : 0, &w->in);
    if (!status) status = vxg_op_new_array(w->op, back ? 0 : -1, &w->out);
    if (!status) status = vxg_array_random(w->call.queue, &w->in, 1, 0, 1);
    if (!status && vxg_op_workspace(w->op, NULL))
        status = vxg_buffer_new(o->dev, vxg_op_workspace(w->op, NULL), &w->call.workspace);
    if (geo) vxg_ct_geometry_release(geo);
    free(v);
    if (status) work_free(w);
    return status;
}

static int launch_scatter(const work *w) {
    const int n = w->o->size;
    vxg_launch l = {.global = {n, n, w->views}, .nbuffers = 3, .nints = 3, .ints = {n, n, n}};
    l.buffer[0] = w->in.buffer, l.buffer[1] = w->table.buffer, l.buffer[2] = w->out.buffer;
    l.offset[0] = w->in.offset * 4, l.offset[1] = w->table.offset * 4;
    l.offset[2] = w->out.offset * 4;
    const int status = vxg_array_fill(w->call.queue, &w->out, 0);
    return status ? status : vxg_kernel_launch(w->scatter, w->call.queue, &l);
}

/* Seconds on the device. */
static int once(const work *w, double *seconds) {
    int status = vxg_queue_time_begin(w->call.queue);
    if (status) return status;
    if (w->row->kind == SCATTER) {
        status = launch_scatter(w);
    } else if (w->row->kind == ADJOINT) {
        status = vxg_op_apply_adjoint(w->op, &w->call, &w->in, &w->out);
    } else {
        status = vxg_op_apply(w->op, &w->call, &w->in, &w->out);
    }
    return status ? status : vxg_queue_time_end(w->call.queue, seconds);
}

/* How many views fit the budget: from a second run with few. */
static int fit_views(const options *o, const row *r, int *views) {
    const int few = o->views < 8 ? o->views : 8;
    double t = 0;
    work w;
    int status = work_new(o, r, few, &w);
    if (status) return status;
    status = once(&w, &t);
    if (!status) status = once(&w, &t);
    work_free(&w);
    const double fit = t > 0 ? few * 1e-3 * o->budget / t : o->views;
    *views = fit >= o->views ? o->views : fit < few ? few : (int)fit;
    return status;
}

/* The result against that of the row it names, on the same views. */
static int check(const work *w, double *error) {
    row reference = *w->row;
    double largest = 0, t;
    work other;
    reference.texture = 0, reference.plain = 1;
    if (reference.kind == SCATTER) reference.kind = ADJOINT;
    *error = NAN;
    if (!w->row->against || w->o->size > 512) return 0;
    int status = work_new(w->o, &reference, w->views, &other);
    if (status) return status;
    status = once(&other, &t);
    if (!status) status = vxg_array_max_diff(other.call.queue, &w->out, &other.out, error);
    if (!status) status = vxg_array_max_diff(other.call.queue, &other.out, NULL, &largest);
    *error /= largest;
    work_free(&other);
    return status;
}

static int measure(const options *o, const row *r) {
    double times[101] = {0}, error = NAN;
    char words[32] = "-";
    int views = 0;
    work w;
    int status = fit_views(o, r, &views);
    if (!status) status = work_new(o, r, views, &w);
    if (status) return status;
    status = once(&w, &times[0]);
    for (int k = 0; k < o->reps && !status; k++) status = once(&w, &times[k]);
    if (!status) status = check(&w, &error);
    qsort(times, (size_t)o->reps, sizeof *times, by_value);
    const double updates = 1e-9 * pow(o->size, 3) * views, t = times[o->reps / 2];
    if (isfinite(error)) snprintf(words, sizeof words, "%.1e of %s", error, r->against);
    if (!status)
        printf("| %s | %d^3 | %d of %d^2 | %.4g | %.4g | %.4g-%.4g | %s |\n", r->words, o->size,
               views, o->size, 1e3 * t, updates / t, updates / times[o->reps - 1],
               updates / times[0], words);
    fflush(stdout);
    work_free(&w);
    return status;
}

int main(int argc, char **argv) {
    options o = {.size = 512, .reps = 5, .budget = 1000, .spec = "cuda:0"};
    const bench_number numbers[] = {
        {"--size", &o.size}, {"--views", &o.views}, {"--reps", &o.reps}, {"--budget", &o.budget}};
    char level[32];
    int failed = 0;
    bench_options(argc, argv, numbers, 4, level);
    for (int i = 1; i + 1 < argc; i++)
        if (!strcmp(argv[i], "--device")) o.spec = argv[i + 1];
    if (o.size < 1 || o.size > 4096 || o.reps < 1 || o.reps > 101 || o.views < 0 || o.budget < 0)
        return fprintf(stderr, "bench_gpu: a number is out of range\n"), 2;
    if (!o.views) o.views = o.size;
    must(vxg_device_open(o.spec, &o.dev), "device");
    printf("%s: %s, %s\n\n", o.spec, vxg_device_get_info(o.dev)->name,
           vxg_device_get_info(o.dev)->driver);
    printf("| operation | voxels | views | ms (median) | GUPS | GUPS range | largest difference |\n"
           "|---|---|---|---|---|---|---|\n");
    for (int i = 0; i < (int)(sizeof rows / sizeof *rows); i++) {
        const int status = measure(&o, &rows[i]);
        if (status)
            printf("| %s | %d^3 | | | | | %s |\n", rows[i].words, o.size, vxg_error_message());
        failed |= status && status != VXG_ERR_MEMORY && status != VXG_ERR_UNSUPPORTED;
    }
    vxg_device_release(o.dev);
    return failed;
}
