/* An operator of two functions of one view: those of a projector give what the projector gives. */
#include <voxgrad/voxgrad.h>

#include "solve_method.h"
#include "test.h"

static vxg_device *dev;
static vxg_op *projector;
enum { VIEWS = 9, COLS = 11, SIDE = 8 };

typedef struct wrapped {
    int calls, fails_at, wrong, destroyed;
} wrapped;

static vxg_array with_views(const vxg_array *projection) {
    vxg_array a = *projection;
    for (int k = a.ndim; k > 0; k--) a.shape[k] = a.shape[k - 1], a.stride[k] = a.stride[k - 1];
    a.shape[0] = 1, a.stride[0] = vxg_array_count(projection), a.ndim++;
    return a;
}
static int forward(void *context, const vxg_call *call, const vxg_array *volume, int64_t view,
                   const vxg_array *projection) {
    wrapped *w = context;
    const vxg_subset one = {.count = 1, .first = view};
    const vxg_call c = {.queue = call->queue, .subset = &one};
    const vxg_array y = with_views(projection);
    if (w->calls++ == w->fails_at) return 77;
    return vxg_op_apply(projector, &c, volume, &y);
}
static int back(void *context, const vxg_call *call, const vxg_array *projection, int64_t view,
                const vxg_array *volume) {
    wrapped *w = context;
    const vxg_subset one = {.count = 1, .first = w->wrong ? (view + 1) % VIEWS : view};
    const vxg_call c = {.queue = call->queue, .subset = &one, .accumulate = 1};
    const vxg_array y = with_views(projection);
    if (w->calls++ == w->fails_at) return 77;
    return vxg_op_apply_adjoint(projector, &c, &y, volume);
}
static void gone(void *context) {
    ((wrapped *)context)->destroyed++;
}

static int make(wrapped *w, vxg_op **op) {
    const vxg_view_functions f = {.forward = forward, .back = back, .context = w, .destroy = gone};
    return vxg_op_views(dev, vxg_op_domain(projector, 0), vxg_op_range(projector), &f, op);
}

TEST(checks)
{
    wrapped w = {.fails_at = -1};
    vxg_op *op;
    vxg_check_result r = {0};
    CHECK_OK(make(&w, &op));
    CHECK_OK(vxg_check_adjoint(op, NULL, &r));
    EXPECT(r.passed, "adjoint %.3g (%s)", r.residual, r.detail);
    CHECK_OK(vxg_check_subset(op, NULL, &r));
    EXPECT(r.passed, "subset %.3g (%s)", r.residual, r.detail);
    w.wrong = 1;
    CHECK_OK(vxg_check_adjoint(op, NULL, &r));
    EXPECT(!r.passed, "a wrong adjoint passes: %.3g", r.residual);
    vxg_op_release(op);
    EXPECT(w.destroyed == 1, "destroyed %d times", w.destroyed);
}

/* Every method comes to what it comes to with the projector itself. */
TEST(solvers)
{
    wrapped w = {.fails_at = -1};
    vxg_op *op;
    vxg_array x, b;
    CHECK_OK(make(&w, &op));
    CHECK_OK(vxg_op_new_array(projector, 0, &x));
    CHECK_OK(vxg_op_new_array(projector, -1, &b));
    CHECK_OK(vxg_array_random(NULL, &x, 3, 0.1, 1));
    CHECK_OK(vxg_op_apply(projector, NULL, &x, &b));
    for (int i = 0; i < vxg_solve_row_count(); i++) {
        const vxg_op *const ops[] = {projector, op};
        float got[2][SIDE * SIDE];
        double most = 0;
        for (int k = 0; k < 2; k++) {
            vxg_solver *s;
            const vxg_solve_problem p = {.op = ops[k], .data = &b};
            const char *method = vxg_solve_row_at(i)->name;
            const vxg_solve_opts o = needed(method, (vxg_solve_opts){.iterations = 3});
            CHECK_OK(vxg_solver_new(method, &p, &o, &s));
            CHECK_OK(vxg_solver_run(s, NULL));
            CHECK_OK(vxg_array_read(NULL, vxg_solver_x(s), got[k]));
            vxg_solver_release(s);
        }
        for (int j = 0; j < SIDE * SIDE; j++)
            most = fmax(most, fabs((double)got[0][j] - (double)got[1][j]));
        EXPECT(most < 1e-4, "%s: %g apart", vxg_solve_row_at(i)->name, most);
    }
    w.fails_at = w.calls + 4;
    vxg_solver *s;
    CHECK_OK(vxg_solver_new("cgls", &(vxg_solve_problem){.op = op, .data = &b}, NULL, &s) == 77
                 ? VXG_OK
                 : VXG_ERR_FAILED);
    EXPECT(strstr(vxg_error_message(), "view 4 failed with status 77"), "said: %s",
           vxg_error_message());
    vxg_array_release(&x), vxg_array_release(&b), vxg_op_release(op);
}

TEST(refused)
{
    wrapped w = {.fails_at = -1};
    vxg_op *op = NULL;
    vxg_view_functions f = {.forward = forward, .context = &w, .destroy = gone};
    const vxg_space *in = vxg_op_domain(projector, 0), *out = vxg_op_range(projector),
                    none = {.dtype = VXG_F32};
    EXPECT(vxg_op_views(dev, in, out, &f, &op) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "back is NULL"),
           "%s", vxg_error_message());
    f.back = back;
    EXPECT(vxg_op_views(dev, in, &none, &f, &op) == VXG_ERR_ARGUMENT, "no axis of views");
    EXPECT(vxg_op_views(dev, in, out, NULL, &op) == VXG_ERR_ARGUMENT, "no functions");
    EXPECT(vxg_op_views(NULL, in, out, &f, &op) == VXG_ERR_ARGUMENT, "no device");
    EXPECT(vxg_op_views(dev, in, out, &f, NULL) == VXG_ERR_ARGUMENT, "nowhere");
    f.reserved0 = 1;
    EXPECT(vxg_op_views(dev, in, out, &f, &op) == VXG_ERR_ARGUMENT,
           "a word that is kept for later");
    EXPECT(!op && !w.destroyed, "something was made or destroyed");
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(checks), T(solvers), T(refused)};
    double angles[VIEWS];
    for (int i = 0; i < VIEWS; i++) angles[i] = 0.1 + M_PI * i / VIEWS;
    const vxg_ct_parallel_opts g = {.angles = angles, .nviews = VIEWS, .rows = 1, .cols = COLS};
    const vxg_ct_volume vol = {.nz = 1, .ny = SIDE, .nx = SIDE};
    vxg_ct_geometry *geo;
    if (vxg_device_open("cpu", &dev) || vxg_ct_parallel_circular(&g, &geo) ||
        vxg_ct_projector(dev, geo, &vol, NULL, &projector))
        return printf("FAIL op_views.start: %s\n", vxg_error_message()), 1;
    const int failed = test_run("op_views", list, (int)(sizeof list / sizeof *list), argc, argv);
    vxg_op_release(projector), vxg_ct_geometry_release(geo), vxg_device_release(dev);
    return failed;
}
