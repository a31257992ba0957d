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
