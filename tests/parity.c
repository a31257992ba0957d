/* The same problem on every device: each instruction-set level of the processor with plain loops
 * and with schedules, OpenCL and CUDA, against float64 plain loops, for every registry row; the
 * adjoint and transpose checks on each of them; the same bits for every number of threads and every
 * slab of slices. Devices that are not here are counted skips. */
#include <voxgrad/voxgrad.h>

#include "test.h"

#if defined(__SANITIZE_ADDRESS__) || defined(VXG_QUICK)
#define MOST 5 /* the sanitizers look at code paths, not at values; an emulator is slow */
#else
#define MOST 20
#endif
/* Of every row and size; all of them in the deep set. */
static int examples(void) {
    return getenv("VXG_DEEP") || MOST < 6 ? MOST : 6;
}

#define MOST_VARIANTS 16
#define TOLERANCE 1e-5 /* of the largest value */

typedef struct variant {
    char label[32], spec[32];
    int schedule; /* cpu: 0 plain loops, 1 schedules */
    vxg_device *dev;
} variant;

static variant variants[MOST_VARIANTS];
static int nvariants;
static vxg_device *oracle; /* float64, plain loops */

/* One thread: waking helpers costs more than these problems; bits do not depend on it, see threads.
 */
static void use(const variant *v) {
    setenv("VXG_CPU_SCHEDULE", v && v->schedule ? "1" : "0", 1);
    vxg_set_threads(1);
}

static void add_variant(const char *spec, const char *label, int schedule) {
    variant *v = &variants[nvariants];
    if (nvariants == MOST_VARIANTS) return;
    snprintf(v->spec, sizeof v->spec, "%s", spec);
    snprintf(v->label, sizeof v->label, "%s", label);
    for (char *p = v->label; *p; p++)
        if (*p == ':') *p = '_';
    v->schedule = schedule;
    if (vxg_device_open(spec, &v->dev)) {
        test_case_begin();
        test_note(2, __FILE__, __LINE__, "%s", vxg_error_message());
        test_case_end(v->label);
        return;
    }
    nvariants++;
}

static void find_variants(void) {
    vxg_device_info info[32] = {0};
    char label[48];
    int n = 0;
    const char *alone = getenv("VXG_PARITY_DEVICE"); /* a driver that is not there always */
    if (alone) {
        add_variant(alone, alone, 0);
        return;
    }
#if defined(__x86_64__)
    static const char *const levels[] = {"cpu:v2", "cpu:v3", "cpu:v4"};
#else
    static const char *const levels[] = {"cpu"};
#endif
    for (int i = 0; i < (int)(sizeof levels / sizeof *levels); i++) {
        add_variant(levels[i], levels[i], 0);
        snprintf(label, sizeof label, "%s_schedule", levels[i]);
        add_variant(levels[i], label, 1);
    }
    vxg_device_list(info, 32, &n);
    for (int i = 0; i < n && i < 32; i++)
        if (strcmp(info[i].backend, "cpu") != 0) add_variant(info[i].spec, info[i].spec, 0);
    if (*vxg_device_why("opencl")) add_variant("opencl:0", "opencl_0", 0);
    if (*vxg_device_why("cuda")) add_variant("cuda:0", "cuda_0", 0);
}

/* Siddon's weights jump where a ray lies in a face of cells, and a ray nearly along a face crosses
 * it at a point that moves by 1/slope times the rounding of coordinates. On such rays ray sums of a
 * constant must agree, and forward and adjoint choose alike (the transpose check); all values are
 * compared on geometries of their own, away from ties. */
static int has_ties(const vxg_op_row *row) {
    return row->ties;
}

/* ---- One evaluation, read back as double ---- */
typedef struct evaluation {
    double *value[1 + VXG_MAX_INPUTS]; /* result, then gradients */
    int64_t n[1 + VXG_MAX_INPUTS];
    int count;
} evaluation;

static void evaluation_free(evaluation *e) {
    for (int i = 0; i < e->count; i++) free(e->value[i]);
    e->count = 0;
}

static int keep(evaluation *e, const vxg_array *a) {
    const int pairs = a->dtype == VXG_C64 || a->dtype == VXG_C128; /* complex: two reals each */
    int64_t n = vxg_array_count(a) * (pairs ? 2 : 1);
    double *d = malloc((size_t)n * sizeof *d);
    int status = vxg_array_read(NULL, a, d);
    if (a->dtype == VXG_F32 || a->dtype == VXG_C64) /* backwards: in place */
        for (int64_t i = n - 1; i >= 0; i--) {
            float f = ((float *)d)[i];
            d[i] = f;
        }
    e->value[e->count] = d, e->n[e->count++] = n;
    return status;
}

/* Applies an operator to random input (or to ones) and its vjp to a random cotangent. */
static int evaluate(const vxg_op *op, const vxg_op_row *row, uint64_t seed, int ones,
                    evaluation *e) {
    vxg_array in[VXG_MAX_INPUTS] = {{0}}, grad[VXG_MAX_INPUTS] = {{0}}, out = {0}, c = {0};
    memset(e, 0, sizeof *e);
    int status = vxg_op_new_array(op, -1, &out);
    if (!status) status = vxg_op_new_array(op, -1, &c);
    if (!status) status = vxg_array_random(NULL, &c, seed * 16 + 8, -0.5, 1);
    if (!status) status = vxg_array_fill(NULL, &out, NAN); /* every element must be set */
    for (int i = 0; i < vxg_op_inputs(op) && !status; i++) {
        double lo = ones ? 1 : -0.5, hi = 1;
        if (row && i < row->nranges && !ones) vxg_op_row_range(row, i, &lo, &hi);
        status = vxg_op_new_array(op, i, &in[i]);
        if (!status) status = vxg_op_new_array(op, i, &grad[i]);
        if (!status) status = vxg_array_random(NULL, &in[i], seed * 16 + (uint64_t)i, lo, hi);
        if (!status) status = vxg_array_fill(NULL, &grad[i], NAN);
    }
    if (!status) status = vxg_op_apply(op, NULL, in, &out);
    if (!status) status = vxg_op_vjp(op, NULL, in, &c, grad);
    if (!status) status = keep(e, &out);
    for (int i = 0; i < vxg_op_inputs(op) && !status; i++) status = keep(e, &grad[i]);
    vxg_array_release(&out), vxg_array_release(&c);
    for (int i = 0; i < VXG_MAX_INPUTS; i++) vxg_array_release(&in[i]), vxg_array_release(&grad[i]);
    return status;
}

static int evaluate_row(vxg_device *dev, const vxg_op_row *row, vxg_problem p, evaluation *e) {
    vxg_op *op;
    e->count = 0;
    int status = row->make(dev, &p, &op);
    if (status) return status;
    status = evaluate(op, row, p.seed, has_ties(row), e);
    vxg_op_release(op);
    return status;
}

/* max |a - b| / max |b|; two zero results agree, NaN never does. */
static double difference(const double *a, const double *b, int64_t n) {
    double worst = 0, scale = 0;
    for (int64_t i = 0; i < n; i++) {
        double d = fabs(a[i] - b[i]);
        if (!(d <= worst)) worst = d;
        if (isnan(worst)) return worst;
        if (fabs(b[i]) > scale) scale = fabs(b[i]);
    }
    return worst == 0 ? 0 : worst / scale;
}

/* ---- Every row against the oracle ---- */
static int problems(const vxg_op_row *row) {
    return 2 * (row->examples < examples() ? row->examples : examples());
}
static vxg_problem problem_at(int k, vxg_dtype dtype) {
    vxg_problem p = {.real = (vxg_real)dtype,
                     .scale = k % 2 ? VXG_PROBLEM_SMALL : VXG_PROBLEM_TINY,
                     .seed = (uint64_t)(k / 2)};
    return p;
}

/* Siddon's ray sums of a constant. Where the rays of a view differ a few graze a face, and one that
 * leaves the volume through it at the slope s is longer or shorter by rounding / s: one in a
 * thousand may be, by 1e-3 of the longest at most. */
static void siddon_sums(const evaluation *got, const evaluation *want, int k, int grazing) {
    static const char *const sizes[] = {"tiny", "small"};
    double scale = 0;
    int64_t off = 0;
    for (int64_t i = 0; i < got->n[0]; i++) scale = fmax(scale, fabs(want->value[0][i]));
    for (int64_t i = 0; i < got->n[0]; i++) {
        double d = fabs(got->value[0][i] - want->value[0][i]);
        EXPECT(d <= (grazing ? 1e-3 : TOLERANCE) * scale,
               "%s, example %d: sum %lld is %.9g, float64 has %.9g", sizes[k % 2], k / 2,
               (long long)i, got->value[0][i], want->value[0][i]);
        off += !(d <= TOLERANCE * scale);
    }
    EXPECT(off <= 1 + got->n[0] / 1000, "%s, example %d: %lld of %lld sums differ from float64",
           sizes[k % 2], k / 2, (long long)off, (long long)got->n[0]);
}

static void row_on_variant(const vxg_op_row *row, const variant *v, const evaluation *want) {
    static const char *const sizes[] = {"tiny", "small"};
    use(v);
    for (int k = 0; k < problems(row); k++) {
        evaluation got;
        vxg_problem p = problem_at(k, VXG_F32);
        CHECK_OK(evaluate_row(v->dev, row, p, &got));
        if (has_ties(row)) siddon_sums(&got, &want[k], k, row->ties > 1);
        for (int i = 0; i < (has_ties(row) ? 0 : got.count); i++) {
            if (i && row->kinks >> (i - 1) & 1) continue; /* see the row's own test */
            double d = difference(got.value[i], want[k].value[i], got.n[i]);
            EXPECT(d <= TOLERANCE, "%s, example %d: %s differs from float64 by %.3g of the maximum",
                   sizes[k % 2], k / 2, i ? "gradient" : "result", d);
        }
        evaluation_free(&got);
    }
}

static void row_parity(const vxg_op_row *row) {
    evaluation want[2 * MOST];
    char name[160];
    int nonzero = 0, status = 0;
    use(NULL);
    for (int k = 0; k < problems(row); k++) {
        vxg_problem p = problem_at(k, VXG_F64);
        int empty = row->is_empty && row->is_empty(&p);
        status = status ? status : evaluate_row(oracle, row, p, &want[k]);
        if (status) want[k].count = 0;
        for (int i = 0; i < want[k].count && !empty; i++)
            for (int64_t j = 0; j < want[k].n[i]; j++)
                if (want[k].value[i][j] != 0) {
                    nonzero++;
                    break;
                }
    }
    test_case_begin();
    EXPECT(!status, "%s", vxg_error_message());
    /* A beam that misses the volume by chance compares zeros: few examples may. */
    EXPECT(nonzero >= problems(row) * 3 / 2, "only %d results of %d examples are not zero", nonzero,
           problems(row));
    snprintf(name, sizeof name, "%.90s.oracle", row->name);
    test_case_end(name);
    for (int k = 0; k < nvariants && !status; k++) {
        test_case_begin();
        row_on_variant(row, &variants[k], want);
        snprintf(name, sizeof name, "%.90s.%.32s", row->name, variants[k].label);
        test_case_end(name);
    }
    for (int k = 0; k < problems(row); k++) evaluation_free(&want[k]);
}

/* ---- Adjoint and transpose of every linear row on every device ---- */
typedef int (*check_fn)(const vxg_op *, const vxg_check_opts *, vxg_check_result *);

static void check_one(const char *what, check_fn fn, const vxg_op *op, const vxg_check_opts *o) {
    vxg_check_result r = {0};
    CHECK_OK(fn(op, o, &r));
    EXPECT(r.passed, "%s of example %d: %.3g > %.3g (%s)", what, (int)o->seed, r.residual,
           r.tolerance, r.detail);
}

static void row_checks(const vxg_op_row *row, const variant *v, vxg_dtype dtype) {
    use(v);
    for (int k = 0; k < problems(row); k++) {
        vxg_problem p = problem_at(k, dtype);
        if (dtype == VXG_F64 && p.scale != VXG_PROBLEM_TINY)
            continue; /* op_checks has the others */
        vxg_check_opts o = {.seed = p.seed, .declared_empty = row->is_empty && row->is_empty(&p)};
        vxg_op *op;
        CHECK_OK(row->make(v->dev, &p, &op));
        if (vxg_op_is_linear(op)) {
            check_one("adjoint", vxg_check_adjoint, op, &o);
            if (p.scale == VXG_PROBLEM_TINY) {
                check_one("transpose", vxg_check_transpose, op, &o);
                check_one("accumulate", vxg_check_accumulate, op, &o);
            }
            if (p.scale == VXG_PROBLEM_TINY && p.seed < 4) {
                check_one("batch", vxg_check_batch, op, &o);
                check_one("subset", vxg_check_subset, op, &o);
            }
        }
        vxg_op_release(op);
    }
}

static int row_is_linear(const vxg_op_row *row) {
    vxg_problem p = problem_at(0, VXG_F32);
    vxg_op *op;
    if (row->make(oracle, &p, &op)) return 0;
    int linear = vxg_op_is_linear(op);
    vxg_op_release(op);
    return linear;
}

/* ---- Threads: bits of every row on the cpu ---- */
static void row_repeat(const vxg_op_row *row, const variant *v, vxg_dtype dtype) {
    use(v);
    for (int k = 0; k < problems(row); k++) {
        vxg_problem p = problem_at(k, dtype);
        vxg_check_opts o = {
            .seed = p.seed, .input_range = row->input_range, .nranges = row->nranges};
        vxg_op *op;
        CHECK_OK(row->make(v ? v->dev : oracle, &p, &op));
        check_one("repeat", vxg_check_repeat, op, &o);
        vxg_op_release(op);
    }
}

static void run_rows(const char *filter) {
    char name[160];
    for (int i = 0; i < vxg_op_row_count(); i++) {
        const vxg_op_row *row = vxg_op_row_at(i);
        if (filter && !strstr(row->name, filter)) continue;
        row_parity(row);
        for (int k = 0; k < nvariants; k++) {
            variant *v = &variants[k];
            if (v->schedule && (has_ties(row) || strncmp(row->name, "ct.", 3) != 0)) continue;
            if (row_is_linear(row)) {
                test_case_begin();
                row_checks(row, v, VXG_F32);
                if (vxg_device_get_info(v->dev)->has_f64 && !v->schedule)
                    row_checks(row, v, VXG_F64);
                snprintf(name, sizeof name, "%.90s.%.32s.checks", row->name, v->label);
                test_case_end(name);
            }
            if (strncmp(v->spec, "cpu", 3) != 0) continue;
            test_case_begin();
            row_repeat(row, v, VXG_F32);
            snprintf(name, sizeof name, "%.90s.%.32s.threads", row->name, v->label);
            test_case_end(name);
        }
        test_case_begin();
        row_repeat(row, NULL, VXG_F64);
        snprintf(name, sizeof name, "%.90s.oracle.threads", row->name);
        test_case_end(name);
    }
}

/* ---- Siddon away from ties ---- */
static uint32_t dice = 1;
static double roll(double lo, double hi) {
    dice = dice * 1664525u + 1013904223u;
    return lo + (hi - lo) * (double)(dice >> 8) / 16777216.0;
}

/* Views with slopes of at least 0.2 against every face, or along an axis at least 0.1 voxel away
 * from faces; anisotropic voxels, shifted volumes and detectors. */
static int clear_view(const vxg_ct_volume *vol, int planar, vxg_ct_view *view) {
    const double size[3] = {vol->dx, vol->dy, vol->dz};
    double index[3];
    int a = 0;
    for (int i = 0; i < 3; i++) {
        view->r[i] = planar && i == 2 ? 0 : roll(-1, 1);
        index[i] = fabs(view->r[i] / size[i]);
        if (index[i] > index[a]) a = i;
    }
    for (int i = 0; i < (planar ? 2 : 3); i++)
        if (index[i] < 0.2 * index[a]) return 0;
    double norm = hypot(view->r[0], view->r[1]);
    memset(view->d, 0, sizeof view->d);
    for (int i = 0; i < 3; i++) view->d[i] = vol->center[i] + (planar && i == 2 ? 0 : roll(-2, 2));
    view->U[0] = view->r[1] / norm * 0.8, view->U[1] = -view->r[0] / norm * 0.8, view->U[2] = 0;
    view->V[0] = view->V[1] = 0, view->V[2] = 0.9;
    return norm > 0.3; /* rays must not lie in the detector plane */
}

/* The same view from a source so far away that no slope changes by more than 0.01. */
static void far_source(vxg_ct_view *view) {
    const double norm =
        sqrt(view->r[0] * view->r[0] + view->r[1] * view->r[1] + view->r[2] * view->r[2]);
    for (int i = 0; i < 3; i++) {
        const double r = view->r[i] / norm;
        view->s[i] = view->d[i] - 2000 * r, view->d[i] += 100 * r;
    }
}

static int clear_scan(int seed, int planar, vxg_device *dev, vxg_dtype dtype, vxg_op **op) {
    vxg_ct_view views[16];
    vxg_ct_geometry *geo;
    vxg_ct_projector_opts o = {.model = VXG_CT_SIDDON, .real = (vxg_real)dtype};
    dice = (uint32_t)seed * 2654435761u + 7;
    vxg_ct_volume vol = {.nz = planar ? 1 : 9 + seed, .ny = 30 - seed, .nx = 17 + seed};
    vol.dz = roll(0.6, 1.5), vol.dy = roll(0.6, 1.5), vol.dx = roll(0.6, 1.5);
    for (int i = 0; i < (planar ? 2 : 3); i++) vol.center[i] = roll(-3, 3);
    for (int i = 0; i < 16; i++)
        while (!clear_view(&vol, planar, &views[i])) {}
    if (seed % 4 ==
        0) {         /* along y; columns 0.8 dx apart from 0.13 dx: never within 0.1 of a face */
        vol.nx = 16; /* faces at whole numbers of dx from the middle */
        views[0] = (vxg_ct_view){.r = {0, -1, 0},
                                 .d = {vol.center[0] + 0.13 * vol.dx, 0, vol.center[2]},
                                 .U = {vol.dx, 0, 0},
                                 .V = {0, 0, vol.dz}};
        views[0].d[2] += planar ? 0 : 0.5 * vol.dz * (double)(vol.nz % 2 == 0) + 0.2 * vol.dz;
    }
    for (int i = 0; i < 16 && seed % 4 == 1; i++) far_source(&views[i]);
    int status = (seed % 4 == 1 ? vxg_ct_cone_views : vxg_ct_parallel_views)(16, planar ? 1 : 23,
                                                                             41, views, &geo);
    if (status) return status;
    status = (planar ? vxg_ct_projector2d : vxg_ct_projector)(dev, geo, &vol, &o, op);
    vxg_ct_geometry_release(geo);
    return status;
}

static int clear_evaluate(int seed, const variant *v, evaluation *e) {
    vxg_op *op;
    use(v);
    int status = clear_scan(seed / 2, seed % 2, v ? v->dev : oracle, v ? VXG_F32 : VXG_F64, &op);
    if (status) return status;
    status = evaluate(op, NULL, (uint64_t)seed, 0, e);
    vxg_op_release(op);
    return status;
}

TEST(siddon_clear)
{
    for (int seed = 0; seed < 2 * examples(); seed++) {
        evaluation want, got;
        CHECK_OK(clear_evaluate(seed, NULL, &want));
        for (int k = 0; k < nvariants; k++) {
            if (variants[k].schedule) continue; /* Siddon has none */
            CHECK_OK(clear_evaluate(seed, &variants[k], &got));
            for (int i = 0; i < got.count; i++) {
                double d = difference(got.value[i], want.value[i], got.n[i]);
                EXPECT(d <= TOLERANCE, "%s, %s example %d: %s differs by %.3g of the maximum",
                       variants[k].label, seed % 2 ? "2-D" : "3-D", seed / 2,
                       i ? "adjoint" : "forward", d);
            }
            evaluation_free(&got);
        }
        evaluation_free(&want);
    }
}

/* ---- The library's own comparison of two devices ---- */
TEST(check_backends)
{
    vxg_space space = {.dtype = VXG_F32, .ndim = 1, .shape = {1000}};
    vxg_space wide = {.dtype = VXG_F64, .ndim = 1, .shape = {1000}};
    vxg_op *a, *b, *c;
    vxg_check_result r = {0};
    CHECK_OK(vxg_op_math(oracle, VXG_MATH_EXP, 1, &space, &a));
    CHECK_OK(vxg_op_math(oracle, VXG_MATH_EXP, 1, &wide, &b));
    CHECK_OK(vxg_op_math(oracle, VXG_MATH_EXP, 1.0001, &wide, &c));
    CHECK_OK(vxg_check_backends(a, b, NULL, &r));
    EXPECT(r.passed && r.residual > 0, "exp in float32 and float64: %.3g", r.residual);
    CHECK_OK(vxg_check_backends(a, c, NULL, &r));
    EXPECT(!r.passed, "exp(x) and exp(1.0001 x) pass: %.3g", r.residual);
    vxg_op_release(a), vxg_op_release(b), vxg_op_release(c);
    for (int k = 0; k < nvariants; k++) { /* the registered operators once through this door */
        const vxg_op_row *row = vxg_op_row_find("ct.parallel.fbp");
        vxg_problem p = problem_at(7, VXG_F32), q = problem_at(7, VXG_F64);
        use(&variants[k]);
        CHECK_OK(row->make(variants[k].dev, &p, &a));
        CHECK_OK(row->make(oracle, &q, &b));
        CHECK_OK(vxg_check_backends(a, b, NULL, &r));
        EXPECT(r.passed, "fbp on %s: %.3g", variants[k].label, r.residual);
        vxg_op_release(a), vxg_op_release(b);
    }
}

/* ---- Slabs: filtered backprojection of 1, 3 and 5 rows at a time ---- */
#define SLAB_ROWS 13
#define SLAB_VIEWS 11
#define SLAB_COLS 21

static int fbp_slab(vxg_device *dev, const float *proj, int64_t rows, float *out) {
    double angles[SLAB_VIEWS];
    vxg_ct_geometry *geo;
    vxg_op *op = NULL;
    vxg_array x = {0}, y = {0};
    for (int i = 0; i < SLAB_VIEWS; i++) angles[i] = M_PI * i / SLAB_VIEWS;
    vxg_ct_parallel_opts o = {.angles = angles,
                              .nviews = SLAB_VIEWS,
                              .rows = rows,
                              .cols = SLAB_COLS,
                              .pixel = 0.7,
                              .center = 10.3,
                              .has_center = 1};
    int status = vxg_ct_parallel_circular(&o, &geo);
    if (status) return status;
    vxg_ct_volume vol = {0};
    vxg_ct_fit_volume(geo, &vol);
    status = vxg_ct_fbp(dev, geo, &vol, NULL, &op);
    if (!status) status = vxg_op_new_array(op, 0, &y);
    if (!status) status = vxg_op_new_array(op, -1, &x);
    if (!status) status = vxg_array_write(NULL, &y, proj);
    if (!status) status = vxg_op_apply(op, NULL, &y, &x);
    if (!status) status = vxg_array_read(NULL, &x, out);
    vxg_array_release(&x), vxg_array_release(&y);
    vxg_op_release(op);
    vxg_ct_geometry_release(geo);
    return status;
}

static void slabs_on(const variant *v) {
    static float proj[SLAB_VIEWS * SLAB_ROWS * SLAB_COLS], part[SLAB_VIEWS * SLAB_ROWS * SLAB_COLS];
    static float whole[SLAB_ROWS * SLAB_COLS * SLAB_COLS], out[SLAB_ROWS * SLAB_COLS * SLAB_COLS];
    static const int64_t sizes[] = {1, 3, 5};
    const int64_t slice = SLAB_COLS * SLAB_COLS;
    use(v);
    for (int i = 0; i < SLAB_VIEWS * SLAB_ROWS * SLAB_COLS; i++)
        proj[i] = (float)((i * 7919 + 13) % 1009) / 1009;
    CHECK_OK(fbp_slab(v->dev, proj, SLAB_ROWS, whole));
    for (int s = 0; s < 3; s++)
        for (int64_t r = 0; r < SLAB_ROWS; r += sizes[s]) {
            int64_t n = SLAB_ROWS - r < sizes[s] ? SLAB_ROWS - r : sizes[s];
            for (int64_t view = 0; view < SLAB_VIEWS; view++)
                memcpy(part + view * n * SLAB_COLS, proj + (view * SLAB_ROWS + r) * SLAB_COLS,
                       (size_t)(n * SLAB_COLS) * sizeof *part);
            CHECK_OK(fbp_slab(v->dev, part, n, out));
            EXPECT(!memcmp(out, whole + r * slice, (size_t)(n * slice) * sizeof *out),
                   "%s: rows %d.. in slabs of %d differ from all at once", v->label, (int)r,
                   (int)sizes[s]);
        }
}
TEST(slabs)
{
    for (int k = 0; k < nvariants; k++) slabs_on(&variants[k]);
}

/* ---- Rays exactly on the borders of Siddon's cells ---- */
typedef struct tie {
    double r[3], U[3], V[3];
} tie;

/* All numbers are exact in binary: axes, face and body diagonals, slopes of one half, with the
 * detector's steps along the two other axes. */
static const tie ties[] = {
    {{1, 0, 0}, {0, .5, 0}, {0, 0, .5}},  {{0, -1, 0}, {.5, 0, 0}, {0, 0, .5}},
    {{0, 0, 1}, {.5, 0, 0}, {0, .5, 0}},  {{1, 1, 0}, {.5, 0, 0}, {0, 0, .5}},
    {{-1, 1, 0}, {0, .5, 0}, {0, 0, .5}}, {{1, 0, -1}, {.5, 0, 0}, {0, .5, 0}},
    {{0, 1, 1}, {.5, 0, 0}, {0, .5, 0}},  {{1, 1, 1}, {.5, 0, 0}, {0, .5, 0}},
    {{-1, 1, 1}, {0, .5, 0}, {0, 0, .5}}, {{2, 1, 0}, {0, .5, 0}, {0, 0, .5}},
    {{1, 2, -2}, {.5, 0, 0}, {0, .5, 0}}, {{2, -1, 1}, {0, .5, 0}, {0, 0, .5}},
};
#define TIES ((int)(sizeof ties / sizeof *ties))

static int tie_geometry(int first, int count, int64_t n, vxg_ct_geometry **geo) {
    vxg_ct_view views[TIES];
    for (int i = 0; i < count; i++) {
        memset(&views[i], 0, sizeof views[i]);
        memcpy(views[i].r, ties[first + i].r, sizeof views[i].r);
        memcpy(views[i].U, ties[first + i].U, sizeof views[i].U);
        memcpy(views[i].V, ties[first + i].V, sizeof views[i].V);
        if (n % 2 == 0) /* an even detector's middle lies between pixels: back onto the grid */
            for (int k = 0; k < 3; k++) views[i].d[k] = 0.5 * (views[i].U[k] + views[i].V[k]);
    }
    return vxg_ct_parallel_views(count, n, n, views, geo);
}

/* Length of the ray p + t r inside the box of half sizes h, which is half-open: a ray in its lower
 * face counts, one in its upper face does not. */
static double chord(const double *p, const double *r, const double *h) {
    double lo = -INFINITY, hi = INFINITY;
    for (int i = 0; i < 3; i++) {
        if (r[i] == 0) {
            if (!(p[i] >= -h[i] && p[i] < h[i])) return 0;
            continue;
        }
        double a = (-h[i] - p[i]) / r[i], b = (h[i] - p[i]) / r[i];
        lo = fmax(lo, fmin(a, b)), hi = fmin(hi, fmax(a, b));
    }
    return hi > lo ? (hi - lo) * sqrt(r[0] * r[0] + r[1] * r[1] + r[2] * r[2]) : 0;
}

static void ties_of_constant(vxg_device *dev, const char *label, vxg_dtype dtype) {
    const int64_t n = 25; /* half-cell steps over 12 cells */
    vxg_ct_volume vol = {.nz = 4, .ny = 6, .nx = 8, .dz = 1, .dy = 1, .dx = 1};
    const double half[3] = {4, 3, 2};
    vxg_ct_projector_opts o = {.model = VXG_CT_SIDDON, .real = (vxg_real)dtype};
    vxg_ct_geometry *geo;
    vxg_op *op;
    vxg_array x, y;
    double *sums = malloc((size_t)(TIES * n * n) * sizeof *sums);
    CHECK_OK(tie_geometry(0, TIES, n, &geo));
    CHECK_OK(vxg_ct_projector(dev, geo, &vol, &o, &op));
    CHECK_OK(vxg_op_new_array(op, 0, &x));
    CHECK_OK(vxg_op_new_array(op, -1, &y));
    CHECK_OK(vxg_array_fill(NULL, &x, 1));
    CHECK_OK(vxg_op_apply(op, NULL, &x, &y));
    CHECK_OK(vxg_array_read(NULL, &y, sums));
    for (int64_t i = 0; i < TIES * n * n; i++) {
        const tie *t = &ties[i / (n * n)];
        double row = (double)(i / n % n - n / 2), col = (double)(i % n - n / 2), p[3];
        for (int k = 0; k < 3; k++) p[k] = col * t->U[k] + row * t->V[k];
        double want = chord(p, t->r, half);
        double got = dtype == VXG_F64 ? sums[i] : (double)((float *)sums)[i];
        EXPECT(fabs(got - want) <= 1e-5 * 8,
               "%s: direction (%g %g %g), row %g, column %g: %g, the "
               "box is %g long",
               label, t->r[0], t->r[1], t->r[2], row, col, got, want);
    }
    free(sums);
    vxg_array_release(&x), vxg_array_release(&y);
    vxg_op_release(op);
    vxg_ct_geometry_release(geo);
}

static void ties_transpose(vxg_device *dev, const char *label, vxg_dtype dtype, int parity) {
    vxg_ct_volume vol = {.nz = 6 + parity, .ny = 7, .nx = 8, .dz = 1, .dy = 1, .dx = 1};
    vxg_ct_projector_opts o = {.model = VXG_CT_SIDDON, .real = (vxg_real)dtype};
    for (int first = 0; first < TIES; first += 4) {
        vxg_ct_geometry *geo;
        vxg_check_result r = {0};
        vxg_op *op;
        CHECK_OK(tie_geometry(first, 4, 15 + parity, &geo));
        CHECK_OK(vxg_ct_projector(dev, geo, &vol, &o, &op));
        CHECK_OK(vxg_check_transpose(op, NULL, &r));
        EXPECT(r.passed, "%s, directions %d..%d: %.3g (%s)", label, first, first + 3, r.residual,
               r.detail);
        vxg_op_release(op);
        vxg_ct_geometry_release(geo);
    }
}

TEST(siddon_ties)
{
    for (int k = -1; k < nvariants; k++) {
        const variant *v = k < 0 ? NULL : &variants[k];
        if (v && v->schedule) continue; /* Siddon has none */
        use(v);
        vxg_device *dev = v ? v->dev : oracle;
        const char *label = v ? v->label : "float64";
        ties_of_constant(dev, label, v ? VXG_F32 : VXG_F64);
        for (int parity = 0; parity < 2; parity++)
            ties_transpose(dev, label, v ? VXG_F32 : VXG_F64, parity);
    }
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(check_backends), T(slabs), T(siddon_clear), T(siddon_ties)};
    test_suite = "parity";
    if (vxg_device_open("cpu", &oracle))
        return printf("FAIL parity.cpu: %s\n", vxg_error_message()), 1;
    find_variants();
    int failed = test_run("parity", list, (int)(sizeof list / sizeof *list), argc, argv);
    run_rows(argc > 1 ? argv[1] : NULL);
    for (int k = 0; k < nvariants; k++) vxg_device_release(variants[k].dev);
    vxg_device_release(oracle);
    return failed || test_failed;
}
