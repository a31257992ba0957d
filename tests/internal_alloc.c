/* Fails every allocation in turn. A scene does one room's work from nothing to nothing; it is run
 * again and again with its 1st, 2nd, ... request refused until it no longer asks that often. Each
 * time the status must be "out of memory" with words, no block may stay alive, no file may be left,
 * and nothing may crash. */
#include <voxgrad/voxgrad.h>

#include "io_test.h"

static int64_t exercised; /* refused requests in all scenes */

typedef int (*scene_fn)(const void *context);

/* Trouble with the disk cache of compiled programs is the same as a miss: a scene may survive. */
enum { MUST_FAIL, MAY_SURVIVE };

static void fail_each(const char *name, scene_fn scene, const void *context, int tolerance) {
    int64_t before = vxg_alloc_live(), fired = 0;
    int status = scene(context), survived = 0;
    if (status == VXG_ERR_UNSUPPORTED || status == VXG_ERR_DEVICE) SKIP("%s", vxg_error_message());
    CHECK(status == VXG_OK, "%s: %s", name, vxg_error_message());
    CHECK(vxg_alloc_live() == before, "%s leaks %d blocks without any failure", name,
          (int)(vxg_alloc_live() - before));
    for (int64_t n = 0;; n++) {
        vxg_error_clear();
        vxg_alloc_count();
        vxg_alloc_fail_at(n);
        status = scene(context);
        int64_t requests = vxg_alloc_count();
        vxg_alloc_fail_at(-1);
        int64_t left = vxg_alloc_live() - before;
        int files = scratch[0] ? entries(scratch) : 0;
        EXPECT(left == 0, "%s: request %d refused: %d blocks stay alive", name, (int)n, (int)left);
        EXPECT(files == 0, "%s: request %d refused: %d files are left", name, (int)n, files);
        if (files) scratch_clear(scratch);
        if (requests <= n) break;
        fired++;
        if (status == VXG_OK && tolerance == MAY_SURVIVE) {
            survived++;
            continue;
        }
        EXPECT(status == VXG_ERR_MEMORY, "%s: request %d refused: status %d (%s)", name, (int)n,
               status, vxg_error_message());
        EXPECT(strstr(vxg_error_message(), "memory"), "%s: request %d refused: the message is '%s'",
               name, (int)n, vxg_error_message());
        before = vxg_alloc_live(); /* a leak is told once */
    }
    EXPECT(status == VXG_OK, "%s: after all: %s", name, vxg_error_message());
    EXPECT(fired > 0 && survived < fired, "%s: %d requests, all of them survived", name,
           (int)fired);
    exercised += fired;
}

#define TRY(call)                                                                                  \
    do {                                                                                           \
        if (!status) status = (call);                                                              \
    } while (0)

/* ---- Devices ---- */
static int device_scene(const void *spec) {
    vxg_device *dev = NULL;
    vxg_queue *queue = NULL;
    vxg_buffer *a = NULL, *b = NULL;
    vxg_kernel *k = NULL;
    float x[4] = {1, 2, 3, 4}, y[4];
    int status = vxg_device_open(spec, &dev);
    TRY(vxg_queue_new(dev, &queue));
    TRY(vxg_buffer_new(dev, sizeof x, &a));
    TRY(vxg_buffer_new(dev, sizeof x, &b));
    TRY(vxg_buffer_write(NULL, a, 0, x, sizeof x)); /* the device's own queue */
    TRY(vxg_buffer_copy(queue, b, 0, a, 0, sizeof x));
    TRY(vxg_kernel_get(dev, "array_fill", VXG_REAL_F32, &k));
    TRY(vxg_queue_sync(queue));
    TRY(vxg_buffer_read(queue, b, 0, y, sizeof y));
    if (!status && memcmp(x, y, sizeof x)) status = VXG_ERR_FAILED;
    vxg_kernel_release(k);
    vxg_buffer_release(a), vxg_buffer_release(b);
    vxg_queue_free(queue);
    vxg_device_release(dev);
    return status;
}
TEST(device_cpu)
{ fail_each("cpu", device_scene, "cpu", MUST_FAIL); }
TEST(device_opencl)
{ fail_each("opencl", device_scene, "opencl:0", MAY_SURVIVE); }
TEST(device_cuda)
{ fail_each("cuda", device_scene, "cuda:0", MAY_SURVIVE); }

static int source_scene(const void *spec) {
    static const char text[] = "K_KERNEL1(twice, K_GLOBAL real *, x) { x[gx] = x[gx] + x[gx]; }\n";
    vxg_device *dev = NULL;
    vxg_kernel *k = NULL;
    vxg_buffer *a = NULL;
    float x = 3;
    int status = vxg_device_open(spec, &dev);
    TRY(vxg_kernel_from_source(dev, text, "twice", "-DUNUSED=1", VXG_REAL_F32, &k));
    TRY(vxg_buffer_new(dev, sizeof x, &a));
    TRY(vxg_buffer_write(NULL, a, 0, &x, sizeof x));
    vxg_launch l = {.global = {1, 1, 1}, .nbuffers = 1, .buffer = {a}};
    TRY(vxg_kernel_launch(k, NULL, &l));
    TRY(vxg_buffer_read(NULL, a, 0, &x, sizeof x));
    if (!status && x != 6) status = VXG_ERR_FAILED;
    vxg_kernel_release(k);
    vxg_buffer_release(a);
    vxg_device_release(dev);
    return status;
}
TEST(source_cpu)
{ fail_each("source on cpu", source_scene, "cpu", MUST_FAIL); }
TEST(source_opencl)
{ fail_each("source on opencl", source_scene, "opencl:0", MAY_SURVIVE); }

/* Listing asks nothing it cannot do without. */
TEST(listing)
{
    vxg_device_info info[8] = {0};
    int n = 0, again = 0;
    int64_t before = vxg_alloc_live();
    CHECK_OK(vxg_device_list(info, 8, &n));
    for (int64_t k = 0; k < 50; k++) {
        vxg_alloc_count();
        vxg_alloc_fail_at(k);
        int status = vxg_device_list(info, 8, &again);
        (void)vxg_device_why("opencl"), (void)vxg_device_why("cuda");
        int64_t requests = vxg_alloc_count();
        vxg_alloc_fail_at(-1);
        EXPECT(status == VXG_OK || status == VXG_ERR_MEMORY, "status %d", status);
        EXPECT(vxg_alloc_live() == before, "request %d leaks", (int)k);
        if (requests <= k) break;
        exercised++;
    }
    vxg_device *dev;
    vxg_alloc_fail_at(0); /* the words of an unknown device are built in memory */
    EXPECT(vxg_device_open("toaster", &dev) != VXG_OK && !dev, "a toaster opens");
    vxg_alloc_fail_at(-1);
    EXPECT(vxg_alloc_live() == before, "an unknown device leaks");
}

/* ---- Arrays ---- */
static int array_scene(const void *spec) {
    static const int axes[3] = {2, 0, 1};
    int64_t shape[3] = {3, 4, 5};
    float values[60];
    double d;
    vxg_device *dev = NULL;
    vxg_array a = {0}, b = {0}, t = {0}, s = {0};
    int status = vxg_device_open(spec, &dev);
    TRY(vxg_array_new(dev, VXG_F32, 3, shape, &a));
    TRY(vxg_array_random(NULL, &a, 1, 0, 1));
    TRY(vxg_array_permute(&a, axes, &t));
    TRY(vxg_array_read(NULL, &t, values));
    TRY(vxg_array_write(NULL, &t, values));
    TRY(vxg_array_new(dev, VXG_F32, 3, t.shape, &b));
    TRY(vxg_array_copy(NULL, &t, &b));
    TRY(vxg_array_axpby(NULL, 2, &t, 0.5, &b));
    TRY(vxg_array_slice(&b, 1, 1, 2, &s));
    TRY(vxg_array_fill(NULL, &s, 3));
    TRY(vxg_array_dot(NULL, &t, &b, &d));
    TRY(vxg_array_max_diff(NULL, &t, &b, &d));
    vxg_array_release(&a), vxg_array_release(&b), vxg_array_release(&t), vxg_array_release(&s);
    vxg_device_release(dev);
    return status;
}
TEST(arrays)
{ fail_each("arrays", array_scene, "cpu", MUST_FAIL); }
TEST(arrays_opencl)
{ fail_each("arrays on opencl", array_scene, "opencl:0", MAY_SURVIVE); }

/* ---- Every registered operator ---- */
typedef struct row_case {
    const vxg_op_row *row;
    vxg_problem problem;
} row_case;

/* A list of entries out of a list, and the last input bound. */
static int row_parts(const vxg_op *op, int inputs, const vxg_array *in) {
    const int64_t list[3] = {0, 0, 0};
    const vxg_subset some = {.count = 3, .index = list}, two = {.count = 2, .step = 2};
    const vxg_call call = {.subset = &two};
    vxg_op *part = NULL, *less = NULL, *bound = NULL;
    vxg_array y = {0};
    vxg_space range = {0};
    int status = vxg_op_subset(op, &some, &part);
    TRY(vxg_op_subset(part, &some, &less));
    TRY(vxg_op_call_range(part, &call, &range));
    TRY(vxg_array_new(vxg_op_device(op), range.dtype, range.ndim, range.shape, &y));
    TRY(vxg_op_apply(part, &call, in, &y));
    if (inputs > 1) TRY(vxg_op_bind(op, inputs - 1, &in[inputs - 1], &bound));
    vxg_array_release(&y);
    vxg_op_release(part), vxg_op_release(less), vxg_op_release(bound);
    return status;
}

static int row_scene(const void *context) {
    const row_case *c = context;
    vxg_device *dev = NULL;
    vxg_op *op = NULL;
    vxg_array in[VXG_MAX_INPUTS] = {{0}}, grad[VXG_MAX_INPUTS] = {{0}}, out = {0};
    int status = vxg_device_open("cpu", &dev), n = 0;
    TRY(c->row->make(dev, &c->problem, &op));
    if (status && op) status = VXG_ERR_FAILED; /* a failure must clear the result */
    if (!status) n = vxg_op_inputs(op);
    for (int i = 0; i < n; i++) {
        TRY(vxg_op_new_array(op, i, &in[i]));
        TRY(vxg_op_new_array(op, i, &grad[i]));
        TRY(vxg_array_fill(NULL, &in[i], 1));
    }
    TRY(vxg_op_new_array(op, -1, &out));
    TRY(vxg_op_apply(op, NULL, in, &out));
    TRY(vxg_op_jvp(op, NULL, in, in, &out));
    TRY(vxg_op_vjp(op, NULL, in, &out, grad));
    vxg_call call = {.accumulate = 1};
    TRY(vxg_op_apply(op, &call, in, &out));
    for (int i = 0; i < VXG_MAX_INPUTS; i++) vxg_array_release(&in[i]), vxg_array_release(&grad[i]);
    vxg_array_release(&out);
    vxg_op_release(op);
    vxg_device_release(dev);
    return status;
}

/* The size of a call's workspace is asked for before the call: memory for the list that says it may
 * be refused, and be there when the call needs it. */
static int parts_scene(const void *context) {
    const row_case *c = context;
    vxg_device *dev = NULL;
    vxg_op *op = NULL;
    vxg_array in[VXG_MAX_INPUTS] = {{0}};
    int status = vxg_device_open("cpu", &dev), n = 0;
    TRY(c->row->make(dev, &c->problem, &op));
    if (!status) n = vxg_op_inputs(op);
    for (int i = 0; i < n; i++) TRY(vxg_op_new_array(op, i, &in[i]));
    TRY(row_parts(op, n, in));
    for (int i = 0; i < VXG_MAX_INPUTS; i++) vxg_array_release(&in[i]);
    vxg_op_release(op);
    vxg_device_release(dev);
    return status;
}
TEST(parts)
{
    static const char *const names[] = {"math.multiply", "ct.cone3d.joseph", "ct.parallel.joseph",
                                        "ct.cone3d.geometry", "ct.parallel.fbp"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const row_case c = {vxg_op_row_find(names[i]), {.seed = 1}};
        fail_each(names[i], parts_scene, &c, MAY_SURVIVE);
    }
}

static void all_rows(void) {
    for (int i = 0; i < vxg_op_row_count(); i++) {
        const vxg_op_row *row = vxg_op_row_at(i);
        test_case_begin();
        for (int k = 0; k < 4; k++) { /* both precisions, two examples: schedules and plain loops */
            row_case c = {row, {.real = (vxg_real)(k % 2), .seed = (uint64_t)(k / 2)}};
            char what[96];
            snprintf(what, sizeof what, "%s, %s, example %d", row->name,
                     vxg_real_name(c.problem.real), k / 2);
            fail_each(what, row_scene, &c, MUST_FAIL);
        }
        test_case_end(row->name);
    }
}

/* ---- Combinators ---- */
static int combine_scene(const void *context) {
    static const vxg_space space = {.dtype = VXG_F32, .ndim = 2, .shape = {3, 4}};
    vxg_device *dev = NULL;
    vxg_op *mul = NULL, *scale = NULL, *ops[8] = {0};
    vxg_array v = {0}, x = {0}, y = {0}, batch = {0}, result = {0};
    int64_t shape[3] = {2, 3, 4};
    (void)context;
    int status = vxg_device_open("cpu", &dev);
    TRY(vxg_op_multiply(dev, &space, &mul));
    TRY(vxg_op_math(dev, VXG_MATH_SCALE, 2, &space, &scale));
    TRY(vxg_op_new_array(mul, 0, &v));
    TRY(vxg_array_fill(NULL, &v, 3));
    TRY(vxg_op_bind(mul, 1, &v, &ops[0]));
    TRY(vxg_op_compose(ops[0], scale, &ops[1]));
    TRY(vxg_op_add(ops[1], scale, &ops[2]));
    TRY(vxg_op_scale(-1, ops[2], &ops[3]));
    TRY(vxg_op_stack((const vxg_op *[]){ops[3], scale}, 2, &ops[4]));
    TRY(vxg_op_slice(ops[4], 1, 5, &ops[5]));
    TRY(vxg_op_adjoint(ops[5], &ops[6]));
    TRY(vxg_op_normal(ops[5], &ops[7]));
    TRY(vxg_op_new_array(ops[7], 0, &x));
    TRY(vxg_op_new_array(ops[7], -1, &y));
    TRY(vxg_array_fill(NULL, &x, 1));
    TRY(vxg_op_apply(ops[7], NULL, &x, &y));
    TRY(vxg_op_apply_adjoint(ops[7], NULL, &y, &x));
    TRY(vxg_array_new(dev, VXG_F32, 3, shape, &batch));
    TRY(vxg_array_new(dev, VXG_F32, 3, shape, &result));
    TRY(vxg_op_apply(ops[3], NULL, &batch, &result));
    vxg_array_release(&v), vxg_array_release(&x), vxg_array_release(&y);
    vxg_array_release(&batch), vxg_array_release(&result);
    for (int i = 0; i < 8; i++) vxg_op_release(ops[i]);
    vxg_op_release(mul), vxg_op_release(scale);
    vxg_device_release(dev);
    return status;
}
TEST(combinators)
{ fail_each("combinators", combine_scene, NULL, MUST_FAIL); }

/* ---- Checks ---- */
typedef int (*check_fn)(const vxg_op *, const vxg_check_opts *, vxg_check_result *);
static const check_fn checks[] = {vxg_check_adjoint, vxg_check_transpose,  vxg_check_jvp,
                                  vxg_check_vjp,     vxg_check_accumulate, vxg_check_batch,
                                  vxg_check_repeat,  vxg_check_normal,     vxg_check_subset,
                                  vxg_check_bind};
static int check_scene(const void *which) {
    static const vxg_space space = {.dtype = VXG_F64, .ndim = 1, .shape = {3}};
    int k = *(const int *)which;
    vxg_device *dev = NULL;
    vxg_op *op = NULL, *other = NULL, *two = NULL;
    vxg_check_result r = {0};
    int status = vxg_device_open("cpu", &dev);
    TRY(vxg_op_math(dev, k == 2 ? VXG_MATH_EXP : VXG_MATH_SCALE, 0.5, &space, &op));
    TRY(vxg_op_math(dev, k == 2 ? VXG_MATH_EXP : VXG_MATH_SCALE, 0.5, &space, &other));
    if (k == 9) TRY(vxg_op_multiply(dev, &space, &two));
    TRY(k < 10 ? checks[k](k == 9 ? two : op, NULL, &r) : vxg_check_backends(op, other, NULL, &r));
    if (!status && !r.passed) status = VXG_ERR_FAILED;
    vxg_op_release(op), vxg_op_release(other), vxg_op_release(two);
    vxg_device_release(dev);
    return status;
}
TEST(property_checks)
{
    for (int k = 0; k < 11; k++) fail_each("check", check_scene, &k, MUST_FAIL);
    EXPECT(vxg_threads() > 0, "the thread count is restored");
}

/* ---- CT: geometry, filters, preprocessing, centre ---- */
#define VIEWS 40
#define COLS 32
static double theta[VIEWS];
static float sino[VIEWS * COLS];

static void make_sinogram(void) { /* two off-centre discs about column 16.7 */
    for (int v = 0; v < VIEWS; v++) {
        theta[v] = M_PI * v / VIEWS;
        for (int u = 0; u < COLS; u++) {
            double s = u - 16.7, a = s - 5 * cos(theta[v]) - 3 * sin(theta[v]),
                   b = s + 4 * cos(theta[v]);
            sino[v * COLS + u] = (float)(sqrt(fmax(0, 16 - a * a)) + sqrt(fmax(0, 9 - b * b)));
        }
    }
}

static int ct_scene(const void *context) {
    double weights[VIEWS], response[33], re[64] = {1}, im[64] = {0};
    vxg_ct_parallel_opts o = {.angles = theta, .nviews = VIEWS, .rows = 1, .cols = COLS};
    vxg_ct_geometry *geo = NULL, *views = NULL;
    vxg_ct_view view = {.r = {0, 1, 0}, .U = {1, 0, 0}, .V = {0, 0, 1}};
    (void)context;
    int status = vxg_ct_parallel_circular(&o, &geo);
    TRY(vxg_ct_parallel_views(1, 2, 3, &view, &views));
    TRY(vxg_ct_angle_weights(VIEWS, theta, weights));
    TRY(vxg_ct_filter_response(VXG_CT_WINDOW_HANN, 0, 64, 1, response));
    TRY(vxg_fft_host(re, im, 64, -1));
    vxg_ct_geometry_release(geo), vxg_ct_geometry_release(views);
    return status;
}
TEST(ct_geometry)
{ fail_each("geometry", ct_scene, NULL, MUST_FAIL); }

/* Half-acquisition and a fan with two gaps: analysis, words, operators. */
static int scans_scene(const void *context) {
    const vxg_ct_volume vol = {.nz = 1, .ny = 4, .nx = 4};
    double angles[30];
    vxg_device *dev = NULL;
    vxg_ct_parallel_opts o = {
        .angles = angles, .nviews = 30, .rows = 2, .cols = 8, .center = 1.5, .has_center = 1};
    vxg_ct_cone_opts c = {.angles = angles, .nviews = 24, .cols = 8, .sod = 90, .sdd = 120};
    vxg_ct_geometry *half = NULL, *gaps = NULL;
    vxg_ct_summary s = {.size = sizeof s};
    vxg_op *op[2] = {NULL};
    (void)context;
    for (int i = 0; i < 30; i++) angles[i] = M_PI / 15 * i;
    int status = vxg_device_open("cpu", &dev);
    TRY(vxg_ct_parallel_circular(&o, &half));
    for (int i = 0; i < 24; i++) angles[i] = 0.01 * i + 2 * (i > 7) + 2 * (i > 15);
    TRY(vxg_ct_cone_circular(&c, &gaps));
    TRY(vxg_ct_geometry_summary(half, NULL, &s));
    TRY(vxg_ct_geometry_summary(gaps, NULL, &s));
    TRY(vxg_ct_fbp(dev, half, &vol, NULL, &op[0]));
    TRY(vxg_ct_fdk(dev, gaps, &vol, &(vxg_ct_fdk_opts){.arc = VXG_CT_ARC_LIMITED}, &op[1]));
    vxg_op_release(op[0]), vxg_op_release(op[1]);
    op[0] = NULL;
    TRY(vxg_ct_fourier(dev, half, &vol, NULL, &op[0]));
    vxg_op_release(op[0]);
    vxg_ct_geometry_release(half), vxg_ct_geometry_release(gaps);
    vxg_device_release(dev);
    return status;
}
TEST(ct_scans)
{ fail_each("scans", scans_scene, NULL, MUST_FAIL); }

/* Files, algebra, explanations and conversions of scan geometry. */
static int geometry_tools_scene(const void *context) {
    static const vxg_ct_detector_size size = {.rows = 4, .cols = 6, .pixel = 1};
    vxg_ct_trajectory_opts o = {0};
    vxg_ct_geometry *geo = NULL, *part = NULL, *both = NULL, *back[7] = {NULL};
    char *text[9] = {NULL};
    double angle = 0.1;
    (void)context;
    vxg_ct_trajectory_defaults(VXG_CT_PATH_HELICAL, VXG_CT_BEAM_CONE, &o);
    o.nviews = 6, o.rows = 4, o.cols = 6, o.sod = 30, o.sdd = 50;
    int status = vxg_ct_trajectory(&o, &geo);
    TRY(vxg_ct_geometry_slice(geo, 0, 6, 2, &part));
    TRY(vxg_ct_geometry_concat(2, (const vxg_ct_geometry *const[]){geo, part}, &both));
    vxg_ct_geometry_release(part), part = NULL;
    TRY(vxg_ct_detector_roll(geo, angle, &part));
    TRY(vxg_ct_geometry_to_json(geo, NULL, 0, &text[0]));
    TRY(vxg_ct_geometry_words(geo, NULL, &text[1]));
    TRY(vxg_ct_geometry_svg(geo, NULL, &text[2]));
    TRY(vxg_ct_geometry_to_astra(geo, &text[3]));
    TRY(vxg_ct_geometry_to_rtk(geo, &text[4]));
    TRY(vxg_ct_geometry_to_matrix_text(geo, &text[5]));
    TRY(vxg_ct_geometry_to_leap(geo, NULL, &text[6]));
    TRY(vxg_ct_geometry_to_tigre(geo, NULL, &text[7]));
    TRY(vxg_ct_geometry_to_cil(geo, NULL, &text[8]));
    if (!status) {
        status = vxg_ct_geometry_from_json(text[0], strlen(text[0]), NULL, &back[0]);
        if (!status) status = vxg_ct_geometry_from_tigre(text[7], strlen(text[7]), NULL, &back[5]);
        if (!status) status = vxg_ct_geometry_from_cil(text[8], strlen(text[8]), NULL, &back[6]);
    }
    TRY(vxg_ct_geometry_from_leap(text[6], strlen(text[6]), NULL, &back[4]));
    TRY(vxg_ct_geometry_from_astra(text[3], strlen(text[3]), &back[1]));
    TRY(vxg_ct_geometry_from_rtk(text[4], strlen(text[4]), &size, &back[2]));
    TRY(vxg_ct_geometry_from_matrix_text(text[5], strlen(text[5]), &size, &back[3]));
    for (int i = 0; i < 9; i++) vxg_free(text[i]);
    for (int i = 0; i < 7; i++) vxg_ct_geometry_release(back[i]);
    vxg_ct_geometry_release(geo), vxg_ct_geometry_release(part), vxg_ct_geometry_release(both);
    return status;
}
TEST(geometry_tools)
{ fail_each("geometry tools", geometry_tools_scene, NULL, MUST_FAIL); }

static int preprocess_scene(const void *context) {
    static float data[VIEWS * COLS], mean[COLS], ones[COLS];
    (void)context;
    memcpy(data, sino, sizeof data);
    for (int i = 0; i < COLS; i++) ones[i] = 1;
    for (int i = 0; i < VIEWS * COLS; i++) data[i] = expf(-data[i] / 10);
    int status = vxg_ct_frame_mean(data, VIEWS, COLS, mean);
    TRY(vxg_ct_normalize(data, VIEWS, COLS, ones, NULL, 0, NULL));
    TRY(vxg_ct_ring_sort(data, VIEWS, COLS, 5));
    return status;
}
TEST(ct_preprocess)
{ fail_each("preprocessing", preprocess_scene, NULL, MUST_FAIL); }

static int center_scene(const void *which) {
    vxg_ct_center_opts o = {.lo = 14, .hi = 20};
    double c;
    int status = *(const int *)which ? vxg_ct_center_pair(sino, VIEWS, 1, COLS, theta, &o, NULL, &c)
                                     : vxg_ct_center_vo(sino, VIEWS, COLS, theta, &o, NULL, &c);
    return status;
}
TEST(ct_center)
{
    for (int k = 0; k < 2; k++) fail_each(k ? "pair" : "vo", center_scene, &k, MUST_FAIL);
}

/* ---- Files ---- */
static int scan_scene(const void *path) {
    vxg_scan_reader *scan = NULL;
    float *block = NULL;
    int status = vxg_scan_open(path, &scan);
    if (!status) {
        block = malloc((size_t)(scan->nviews * scan->nrows * scan->ncols) * sizeof *block);
        TRY(scan->read(scan, VXG_FRAME_DATA, 0, scan->nviews, 0, scan->nrows, 0, scan->ncols,
                       block));
        if (scan->nflats)
            TRY(scan->read(scan, VXG_FRAME_FLAT, 0, 1, 0, scan->nrows, 0, scan->ncols, block));
        if (scan->ndarks)
            TRY(scan->read(scan, VXG_FRAME_DARK, 0, 1, 0, scan->nrows, 0, scan->ncols, block));
    }
    vxg_scan_close(scan);
    free(block);
    return status;
}
TEST(scans)
{
    static const char *const files[] = {"exchange.h5", "exchange_gzip.h5", "exchange_latest.h5",
                                        "nxtomo.h5"};
    for (int i = 0; i < 4; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/tests/fuzz/corpus/hdf5/%s", VXG_SOURCE_DIR, files[i]);
        fail_each(files[i], scan_scene, path, MUST_FAIL);
    }
}

static const float slices[2 * 3 * 4] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, -1, 0, 0.5f};

typedef struct volume_case {
    vxg_volume_format format;
    const char *name, *made; /* to write; what to read back */
} volume_case;

/* Written slice by slice, read back, removed; a failure abandons the writer. */
static int volume_scene(const void *context) {
    const volume_case *c = context;
    char path[512], made[512];
    static const vxg_attribute attributes[] = {{"command", "voxgrad recon"}, {"version", "0"}};
    int64_t shape[3];
    float *data = NULL;
    vxg_volume_writer *w = NULL;
    vxg_volume_writer_opts o = {.format = c->format, .path = path, .nz = 2, .ny = 3, .nx = 4};
    o.voxel[0] = o.voxel[1] = o.voxel[2] = 0.5, o.unit = "um";
    o.attributes = attributes, o.nattributes = 2;
    snprintf(path, sizeof path, "%s", at(c->name)), snprintf(made, sizeof made, "%s", at(c->made));
    int status = vxg_volume_writer_open(&o, &w);
    for (int z = 0; z < 2; z++) TRY(w->write(w, z, 1, slices + 12 * z));
    if (!status) {
        status = w->finish(w);
    } else if (w) {
        w->abandon(w);
    }
    if (!status) {
        status = vxg_volume_read(made, &data, shape);
        if (!status && memcmp(data, slices, 12 * sizeof(float))) status = VXG_ERR_FAILED;
        vxg_free(data);
        scratch_clear(scratch); /* the finished output is no leftover */
    }
    return status;
}
TEST(volumes)
{
    static const volume_case cases[] = {{VXG_VOLUME_TIFF, "recon", "recon_00000.tiff"},
                                        {VXG_VOLUME_TIFF_STACK, "stack.tif", "stack.tif"},
                                        {VXG_VOLUME_H5, "v.h5", "v.h5"},
                                        {VXG_VOLUME_NPY, "v.npy", "v.npy"}};
    for (int i = 0; i < 4; i++) fail_each(cases[i].made, volume_scene, &cases[i], MUST_FAIL);
}

static int small_files_scene(const void *context) {
    char npy[512], txt[512], sum[65];
    int64_t shape[3] = {2, 3, 4};
    int64_t back[VXG_MAX_DIMS];
    int ndim;
    float *data = NULL;
    (void)context;
    snprintf(npy, sizeof npy, "%s", at("a.npy")), snprintf(txt, sizeof txt, "%s", at("a.txt"));
    int status = vxg_npy_write(npy, VXG_F32, 3, shape, slices, 0);
    TRY(vxg_npy_read(npy, &data, &ndim, back));
    TRY(vxg_text_write(txt, "words\n", 0));
    TRY(vxg_text_write(txt, "more words\n", 1));
    TRY(vxg_file_sha256(txt, sum));
    vxg_free(data);
    unlink(npy), unlink(txt); /* complete files of earlier steps are no leftovers */
    return status;
}
TEST(small_files)
{ fail_each("npy and text", small_files_scene, NULL, MUST_FAIL); }

static int picture_scene(const void *context) {
    static const char *const labels[] = {"1.5", "2.5"};
    static const vxg_attribute attribute = {"command", "voxgrad"};
    static const double curve[4] = {1, 3, 2, 4}, voxel[3] = {1, 1, 1};
    const int64_t shape[3] = {3, 4, 4};
    static const float volume[48] = {0, 1, 2};
    vxg_curve c = {.x = curve, .y = curve, .n = 4, .label = "score", .mark = 2};
    vxg_picture pics[4];
    float lo, hi;
    (void)context;
    memset(pics, 0, sizeof pics);
    int status = vxg_picture_new(30, 20, 1, &pics[0]);
    if (!status) vxg_picture_text(&pics[0], 1, 1, 1, 255, "abc");
    TRY(vxg_percentile_window(slices, 24, 1, 99, &lo, &hi));
    TRY(vxg_picture_orthoslices(volume, volume, volume, shape, voxel, "um", &pics[1]));
    TRY(vxg_picture_montage(slices, 2, 3, 4, labels, &pics[2]));
    TRY(vxg_picture_curves(&c, 1, "title", "x", "y", &pics[3]));
    TRY(vxg_picture_write_png(&pics[3], at("p.png"), &attribute, 1, 0));
    for (int i = 0; i < 4; i++) vxg_picture_free(&pics[i]);
    if (!status) unlink(at("p.png"));
    return status;
}
TEST(pictures)
{ fail_each("pictures", picture_scene, NULL, MUST_FAIL); }

/* ---- The pipeline end to end ---- */
typedef struct memory_scan { /* counts of the sinogram, the same in each of its rows */
    vxg_scan_reader reader;
    double degrees[VIEWS];
} memory_scan;

static int memory_read(vxg_scan_reader *self, vxg_frame_kind kind, int64_t v0, int64_t v1,
                       int64_t r0, int64_t r1, int64_t c0, int64_t c1, float *dst) {
    (void)self;
    for (int64_t v = v0; v < v1; v++)
        for (int64_t r = r0; r < r1; r++)
            for (int64_t c = c0; c < c1; c++)
                *dst++ = kind == VXG_FRAME_DARK   ? 100
                         : kind == VXG_FRAME_FLAT ? 1100
                                                  : 100 + 1000 * expf(-0.05f * sino[v * COLS + c]);
    return VXG_OK;
}

static int pipeline_scene(const void *path) {
    static memory_scan m;
    for (int v = 0; v < VIEWS; v++) m.degrees[v] = 180.0 * v / VIEWS;
    m.reader = (vxg_scan_reader){.path = "memory",
                                 .format = "memory",
                                 .dtype = "float32",
                                 .nviews = VIEWS,
                                 .nrows = 5,
                                 .ncols = COLS,
                                 .nflats = 2,
                                 .ndarks = 1,
                                 .theta = m.degrees,
                                 .pixel_unit = "",
                                 .read = memory_read};
    char out[512];
    float slice[2 * COLS * COLS];
    static const double centers[2] = {16.2, 16.7};
    vxg_ct_recon_opts o = {.center = 16.7, .ring_size = 5, .max_memory = 150000};
    vxg_ct_recon_stats stats = {0};
    vxg_volume_writer *w = NULL;
    vxg_device *dev = NULL;
    vxg_volume_writer_opts wo = {
        .format = VXG_VOLUME_NPY, .path = out, .nz = 5, .ny = COLS, .nx = COLS};
    snprintf(out, sizeof out, "%s", at(path));
    int status = vxg_device_open("cpu", &dev);
    TRY(vxg_ct_try_centers(dev, &m.reader, &o, 2, 2, centers, slice));
    TRY(vxg_volume_writer_open(&wo, &w));
    TRY(vxg_ct_reconstruct(dev, &m.reader, &o, w, &stats));
    if (!status) {
        status = w->finish(w);
        if (!status) unlink(out);
    } else if (w) {
        w->abandon(w);
    }
    vxg_device_release(dev);
    return status;
}
TEST(pipeline)
{ fail_each("pipeline", pipeline_scene, "recon.npy", MUST_FAIL); }

TEST(many)
{ EXPECT(exercised > 500, "only %d allocations were refused", (int)exercised); }

int main(int argc, char **argv) {
    static const test_entry list[] = {
        T(device_cpu),      T(device_opencl), T(device_cuda),   T(source_cpu),     T(source_opencl),
        T(listing),         T(arrays),        T(arrays_opencl), T(parts),          T(combinators),
        T(property_checks), T(ct_geometry),   T(ct_scans),      T(geometry_tools), T(ct_preprocess),
        T(ct_center),       T(scans),         T(volumes),       T(small_files),    T(pictures),
        T(pipeline)};
    static const test_entry last[] = {T(many)};
    at(""); /* the scratch folder is no leftover */
    make_sinogram();
    vxg_set_threads(2);
    int failed = test_run("alloc", list, (int)(sizeof list / sizeof *list), argc, argv);
    if (argc > 1) return failed;
    all_rows();
    failed |= test_run("alloc", last, 1, argc, argv);
    fprintf(stderr, "%d allocations refused\n", (int)exercised);
    return failed || test_failed;
}
