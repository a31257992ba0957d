/* Every kernel of the library runs once or more on one device, small: conformance, arrays, and the
 * tiny problems of every registry row against the cpu. Then the device is asked which kernels it
 * never got. The device is the cpu with its plain loops, or VXG_EVERY_KERNEL_DEVICE: a checker of
 * OpenCL programs (tests/deep/opencl_oclgrind.sh) sees every kernel this way. */
#include <voxgrad/voxgrad.h>

#include "conf_device.h"
#include "device/backend.h"
#include "solve_method.h"

#define EXAMPLES 10

static vxg_device *dev, *cpu;

/* Every function over strided elements. */
static void arrays(void) {
    vxg_array x, y, t;
    double dot = 0;
    CHECK_OK(vxg_array_new(dev, VXG_F32, 3, (const int64_t[]){3, 4, 5}, &x));
    CHECK_OK(vxg_array_new(dev, VXG_F32, 3, (const int64_t[]){5, 4, 3}, &y));
    CHECK_OK(vxg_array_permute(&y, (const int[]){2, 1, 0}, &t));
    CHECK_OK(vxg_array_fill(NULL, &x, 2));
    CHECK_OK(vxg_array_copy(NULL, &x, &t));
    CHECK_OK(vxg_array_axpby(NULL, 2, &x, 3, &t));
    CHECK_OK(vxg_array_dot(NULL, &x, &t, &dot));
    CHECK(dot == 60 * 2 * 10, "dot %g", dot);
    vxg_array_release(&x), vxg_array_release(&y), vxg_array_release(&t);
}

/* Elements of 1, 2, 4, 8 and 16 bytes, transposed. */
static void copies(void) {
    static const vxg_dtype types[] = {VXG_U8, VXG_U16, VXG_U32, VXG_F64, VXG_C128};
    for (int k = 0; k < 5; k++) {
        unsigned char in[7 * 5 * 16], back[sizeof in];
        const size_t size = vxg_dtype_size(types[k]);
        vxg_array x, y, t;
        for (size_t i = 0; i < sizeof in; i++) in[i] = (unsigned char)(i * 37 + 11);
        CHECK_OK(vxg_array_new(dev, types[k], 2, (const int64_t[]){7, 5}, &x));
        CHECK_OK(vxg_array_new(dev, types[k], 2, (const int64_t[]){5, 7}, &y));
        CHECK_OK(vxg_array_permute(&y, (const int[]){1, 0}, &t));
        CHECK_OK(vxg_array_write(NULL, &x, in));
        CHECK_OK(vxg_array_copy(NULL, &x, &t));
        CHECK_OK(vxg_array_read(NULL, &y, back));
        for (size_t i = 0; i < 35 * size; i++) {
            const size_t e = i / size, from = (e % 7 * 5 + e / 7) * size + i % size;
            CHECK(back[i] == in[from], "%s: byte %zu", vxg_dtype_name(types[k]), i);
        }
        vxg_array_release(&x), vxg_array_release(&y), vxg_array_release(&t);
    }
}

/* Scalars on the device, all reductions, one that is joined twice. */
static void scalars(void) {
    vxg_array x, s;
    double sum = 0;
    const int64_t n = 5000;
    CHECK_OK(vxg_array_new(dev, VXG_F32, 1, &n, &x));
    CHECK_OK(vxg_scalar_new(dev, VXG_REAL_F32, 1, &s));
    CHECK_OK(vxg_array_fill(NULL, &x, 0.5));
    CHECK_OK(vxg_array_reduce(NULL, VXG_REDUCE_MAX, &x, NULL, NULL, &s));
    CHECK_OK(vxg_array_axpby_by(NULL, 2, &s, &x, 1, &s, &x));
    CHECK_OK(vxg_array_reduce(NULL, VXG_REDUCE_SUM, &x, NULL, NULL, &s));
    CHECK_OK(vxg_scalar_combine(NULL, VXG_SCALAR_SQRT, 1, &s, NULL, &s));
    CHECK_OK(vxg_scalar_read(NULL, &s, &sum));
    CHECK(fabs(sum * sum - 0.75 * 5000) < 1e-3, "sum %.9g", sum * sum);
    vxg_array_release(&x), vxg_array_release(&s);
}

/* Prefix sums over two levels of parts, lists, sorting. */
static void orders(void) {
    enum { N = 5000 };
    static uint32_t x[N], y[N];
    const int64_t n = N, one = 1;
    vxg_array a = {0}, b = {0}, c = {0};
    for (int i = 0; i < N; i++) x[i] = (uint32_t)(i * 7919 % 251);
    CHECK_OK(vxg_array_new(dev, VXG_U32, 1, &n, &a));
    CHECK_OK(vxg_array_new(dev, VXG_U32, 1, &n, &b));
    CHECK_OK(vxg_array_new(dev, VXG_U32, 1, &one, &c));
    CHECK_OK(vxg_array_write(NULL, &a, x));
    CHECK_OK(vxg_array_compact(NULL, &a, NULL, &b, &c));
    CHECK_OK(vxg_array_sort(NULL, 8, &a, &b, NULL));
    CHECK_OK(vxg_array_read(NULL, &a, y));
    for (int i = 1; i < N; i++) CHECK(y[i - 1] <= y[i], "%u before %u", y[i - 1], y[i]);
    vxg_array_release(&a), vxg_array_release(&b), vxg_array_release(&c);
}

/* ---- Diffusion: a few voxels through every model, a few seeds through every tracker ---- */
enum {
    VOLUMES = 33,
    SIDE = 4,
    VOXELS = SIDE * SIDE * SIDE,
    TERMS = 15,
    TRACKERS = 7,
    SUMS = 5 + TRACKERS
};
static int list_of(vxg_device *where, int64_t rows, const float *values, vxg_array *a) {
    int status = vxg_array_new(where, VXG_F32, 2, (int64_t[2]){rows, VOXELS}, a);
    return status || !values ? status : vxg_array_write(NULL, a, values);
}
static vxg_array as_image(const vxg_array *flat, int ndim) {
    vxg_array a = *flat;
    const int64_t shape[4] = {flat->shape[0], SIDE, SIDE, SIDE};
    a.ndim = ndim;
    int64_t step = 1;
    for (int k = ndim - 1; k >= 0; k--) {
        a.shape[k] = shape[4 - ndim + k], a.stride[k] = step;
        step *= a.shape[k];
    }
    return a;
}
static int count_points(vxg_tract_writer *self, const vxg_tract_batch *b) {
    *(int64_t *)self->impl += b->offsets[b->lines];
    return VXG_OK;
}
static double table_of(double *b, double *d) {
    for (int i = 0; i < VOLUMES; i++) {
        const double z = i ? 1 - (i - 0.5) / (VOLUMES - 1) : 0, r = sqrt(1 - z * z), phi = 2.4 * i;
        b[i] = i ? 1000 : 0;
        d[3 * i] = r * cos(phi), d[3 * i + 1] = r * sin(phi), d[3 * i + 2] = z;
    }
    return 0;
}
/* The sum of the numbers of the voxels that are in the mask. */
static int mask_on(vxg_device *where, const vxg_gradients *g, const vxg_array *series,
                   double *sum) {
    const vxg_array image = as_image(series, 4);
    const vxg_mask_opts o = {.radius = 1, .passes = 1};
    uint32_t marks[VOXELS];
    vxg_array mask = {0};
    int status = vxg_array_new(where, VXG_U32, 3, image.shape + 1, &mask);
    if (!status) status = vxg_dwi_mask(NULL, g, &image, &o, &mask);
    if (!status) status = vxg_array_read(NULL, &mask, marks);
    for (int v = 0; v < VOXELS && !status; v++) *sum += marks[v] ? v : 0;
    vxg_array_release(&mask);
    return status;
}
/* Sums of what the models and the trackers give. */
static int diffusion_on(vxg_device *where, double *sums) {
    static float x[VOLUMES * VOXELS], values[362 * VOXELS];
    double b[VOLUMES], d[3 * VOLUMES], seeds[3 * 8];
    vxg_gradients *g = NULL;
    vxg_array dwi = {0}, sh = {0}, one = {0}, regions = {0};
    vxg_tensor_maps maps = {0};
    const vxg_tensor_opts weighted = {.iterations = 1};
    vxg_response r = {0};
    table_of(b, d);
    for (int i = 0; i < VOLUMES; i++)
        for (int v = 0; v < VOXELS; v++)
            x[i * VOXELS + v] = (float)(1000 * exp(-b[i] * (0.0004 + 0.0012 * d[3 * i] * d[3 * i]) -
                                                   0.01 * (v % 5)));
    int status = vxg_gradients_new(VOLUMES, b, d, NULL, &g);
    if (!status) status = list_of(where, VOLUMES, x, &dwi);
    if (!status) status = list_of(where, TERMS, NULL, &sh);
    if (!status) status = list_of(where, 1, NULL, &one);
    maps.fa = one;
    if (!status) status = mask_on(where, g, &dwi, &sums[8]);
    if (!status) status = vxg_dwi_tensor(NULL, g, &dwi, NULL, &weighted, &maps);
    if (!status) status = vxg_array_read(NULL, &one, values);
    for (int v = 0; v < VOXELS; v++) sums[0] += (double)values[v];
    for (int kind = VXG_ODF_QBALL; kind <= VXG_ODF_OPDT && !status; kind++) {
        const vxg_odf_opts o = {.kind = (vxg_odf_kind)kind, .order = 4};
        status = vxg_dwi_odf(NULL, g, &dwi, NULL, &o, &sh);
        if (!status) status = vxg_dwi_gfa(NULL, &sh, NULL, &one);
        if (!status) status = vxg_array_read(NULL, &one, values);
        for (int v = 0; v < VOXELS; v++) sums[kind] += (double)values[v];
    }
    const vxg_csd_opts csd = {.order = 4};
    if (!status)
        status = vxg_response_tensor(g, 1, 4, (double[3]){0.0016, 0.0004, 0.0004}, 1000, &r);
    if (!status) status = vxg_dwi_csd(NULL, g, &dwi, NULL, &r, &csd, &sh);
    if (!status) status = vxg_array_read(NULL, &sh, values);
    for (int v = 0; v < TERMS * VOXELS; v++) sums[4] += (double)values[v];
    for (int v = 0; v < VOXELS; v++) values[v] = 1;
    if (!status) status = vxg_array_write(NULL, &one, values);
    for (int i = 0; i < 24; i++) seeds[i] = 1.2 + 0.03 * i;
    const int64_t shape[3] = {as_image(&one, 3).shape[0], as_image(&one, 3).shape[1],
                              as_image(&one, 3).shape[2]};
    if (!status) status = vxg_array_new(where, VXG_U32, 3, shape, &regions);
    /* Getters, their fields, whether there is a gradient table, a model. */
    const struct {
        vxg_track_getter getter;
        const vxg_array *values;
        int table, model;
    } trackers[TRACKERS] = {
        {VXG_TRACK_PROBABILISTIC, &sh, 0, 0}, {VXG_TRACK_DETERMINISTIC, &sh, 0, 0},
        {VXG_TRACK_BOOTSTRAP, &dwi, 1, 1},    {VXG_TRACK_PTT, &sh, 0, 0},
        {VXG_TRACK_PEAK, &sh, 0, 0},          {VXG_TRACK_TENSOR, &dwi, 1, 0},
        {VXG_TRACK_VECTOR, &dwi, 0, 0}};
    for (int k = 0; k < TRACKERS && !status; k++) {
        int64_t points = 0;
        const vxg_odf_opts o = {.kind = VXG_ODF_OPDT, .order = 4};
        const vxg_track_field f = {.values = as_image(trackers[k].values, 4),
                                   .map = as_image(&one, 3),
                                   .regions = regions,
                                   .affine = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0},
                                   .gradients = trackers[k].table ? g : NULL,
                                   .model = trackers[k].model ? &o : NULL};
        const vxg_track_opts t = {
            .getter = trackers[k].getter, .step = 0.5, .rules = VXG_TRACK_DIPY};
        vxg_tract_writer w = {.size = sizeof w, .write = count_points, .impl = &points};
        status = vxg_track_run(NULL, &f, 8, seeds, &t, &w, NULL);
        sums[5 + k] = (double)points;
    }
    vxg_array_release(&dwi), vxg_array_release(&sh), vxg_array_release(&one);
    vxg_array_release(&regions);
    vxg_gradients_release(g);
    return status;
}
static void diffusion(void) {
    double here[SUMS] = {0}, there[SUMS] = {0};
    CHECK_OK(diffusion_on(dev, here));
    CHECK_OK(diffusion_on(cpu, there));
    for (int i = 0; i < SUMS; i++)
        EXPECT(there[i] != 0 && fabs(here[i] - there[i]) <= 1e-4 * fabs(there[i]),
               "sum %d: %.9g, on the cpu %.9g", i, here[i], there[i]);
}

/* Two iterations of a method on a device; x receives the result. */
static int solved(vxg_device *where, const char *method, float *x) {
    const vxg_problem p = {.scale = VXG_PROBLEM_TINY, .seed = 1};
    vxg_array b = {0}, w = {0}, mask = {0};
    vxg_op *op = NULL;
    vxg_solver *s = NULL;
    int status = vxg_op_row_find("ct.parallel2d.joseph")->make(where, &p, &op);
    if (!status) status = vxg_op_new_array(op, -1, &b);
    if (!status) status = vxg_op_new_array(op, -1, &w);
    if (!status) status = vxg_op_new_array(op, 0, &mask);
    if (!status) status = vxg_array_random(NULL, &b, 2, 0.5, 3);
    if (!status) status = vxg_array_random(NULL, &w, 3, 0.5, 1);
    if (!status) status = vxg_array_fill(NULL, &mask, 1);
    const vxg_solve_problem q = {.op = op, .data = &b, .weights = &w, .mask = &mask};
    vxg_solve_opts o = needed(method, (vxg_solve_opts){.iterations = 2});
    const char *const uses = vxg_solve_row_find(method)->uses;
    o.segmented = strstr(uses, "segmented") != NULL;
    if (strstr(uses, "weight")) o.weight = 0.1;
    /* Against a tiny delta no difference counts; where differences are far over smooth, steps jump
     * across the edges between which they should settle. Both leave the result to rounding: data
     * that are off by 2e-7 move it by 2e-2 of its largest value, and by 3e-7 as it is here. */
    if (!strcmp(method, "adam")) o.loss = VXG_LOSS_POISSON;
    if (strstr(uses, "delta")) o.delta = 0.5;
    if (strstr(uses, "smooth")) o.smooth = 0.1;
    if (!status) status = vxg_solver_new(method, &q, &o, &s);
    if (!status) status = vxg_solver_run(s, NULL);
    if (!status) status = vxg_array_read(NULL, vxg_solver_x(s), x);
    vxg_solver_release(s), vxg_op_release(op);
    vxg_array_release(&b), vxg_array_release(&w), vxg_array_release(&mask);
    return status;
}
static void solvers(void) {
    for (int i = 0; i < vxg_solve_row_count(); i++) {
        const char *method = vxg_solve_row_at(i)->name;
        float here[512] = {0}, there[512] = {0};
        CHECK_OK(solved(dev, method, here));
        CHECK_OK(solved(cpu, method, there));
        for (int k = 0; k < 512; k++)
            EXPECT(fabsf(here[k] - there[k]) < 1e-4f, "%s, element %d: %g, on the cpu %g", method,
                   k, (double)here[k], (double)there[k]);
    }
}

static void one_row(const vxg_op_row *row) {
    for (int k = 0; k < row->examples && k < EXAMPLES; k++) {
        vxg_problem p = {.scale = VXG_PROBLEM_TINY, .seed = (uint64_t)k};
        vxg_check_opts o = {.seed = p.seed,
                            .input_range = row->input_range,
                            .nranges = row->nranges,
                            .declared_empty = row->is_empty && row->is_empty(&p),
                            .ties = row->ties,
                            .kinks = row->kinks};
        vxg_op *here = NULL, *there = NULL;
        vxg_check_result r = {0};
        CHECK_OK(row->make(dev, &p, &here));
        CHECK_OK(row->make(cpu, &p, &there));
        CHECK_OK(vxg_check_backends(here, there, &o, &r));
        EXPECT(r.passed, "example %d, against the cpu: %.3g > %.3g (%s)", k, r.residual,
               r.tolerance, r.detail);
        CHECK_OK(vxg_check_vjp(here, &o, &r));
        EXPECT(r.passed, "example %d, vjp: %.3g > %.3g (%s)", k, r.residual, r.tolerance, r.detail);
        vxg_op_release(here), vxg_op_release(there);
    }
}

/* Kernels of images need callers of their own (tests/internal_texture.c); voxels in runs are for
 * other devices than the cpu. */
static int is_elsewhere(const vxg_kernel_row *row) {
    char entry[128];
    snprintf(entry, sizeof entry, "K_IMAGE_KERNEL3(%s,", row->name);
    if (strstr(vxg__kernel_text(row->unit), entry)) return 1;
    return !strcmp(vxg_device_get_info(dev)->backend, "cpu") &&
           !strcmp(row->unit, "kernels/ct/project/cone_columns.k");
}

static void coverage(void) {
    int run = 0;
    for (int i = 0; i < vxg__kernel_row_count; i++) {
        const vxg_kernel *k = dev->kernels;
        while (k && strcmp(k->name, vxg__kernel_rows[i].name)) k = k->next;
        run += k != NULL;
        EXPECT(k || is_elsewhere(&vxg__kernel_rows[i]), "%s of %s did not run",
               vxg__kernel_rows[i].name, vxg__kernel_rows[i].unit);
    }
    EXPECT(run > 50, "only %d kernels ran", run);
}

int main(void) {
    const char *named = getenv("VXG_EVERY_KERNEL_DEVICE"), *spec = named ? named : "cpu";
    test_suite = "every_kernel";
    if (!named) setenv("VXG_CPU_SCHEDULE", "0", 1);
    if (vxg_device_open(spec, &dev) || vxg_device_open("cpu", &cpu)) {
        printf("SKIP every_kernel.all: %s\n", vxg_error_message());
        return 0;
    }
    conf_device(spec);
    test_case_begin();
    arrays();
    test_case_end("arrays");
    test_case_begin();
    copies();
    test_case_end("copies");
    test_case_begin();
    scalars();
    test_case_end("scalars");
    test_case_begin();
    orders();
    test_case_end("orders");
    test_case_begin();
    diffusion();
    test_case_end("diffusion");
    test_case_begin();
    solvers();
    test_case_end("solvers");
    for (int i = 0; i < vxg_op_row_count(); i++) {
        test_case_begin();
        one_row(vxg_op_row_at(i));
        test_case_end(vxg_op_row_at(i)->name);
    }
    test_case_begin();
    coverage();
    test_case_end("coverage");
    vxg_device_release(dev), vxg_device_release(cpu);
    return test_failed != 0;
}
