/* A solver of your own in thirty lines: conjugate gradients on the normal equations. Its numbers
 * stay on the device, so that no iteration waits for the host; it takes any linear operator, here a
 * fan beam's projector, and ends where the library's own "cgls" ends.
 *
 *   custom_solver            on the default device
 *   custom_solver opencl     on a named one
 *
 * Build: cc custom_solver.c $(pkg-config --cflags --libs voxgrad) -lm -o custom_solver */
#include <math.h>
#include <stdio.h>
#include <voxgrad/voxgrad.h>

enum { SIDE = 96, VIEWS = 60, COLUMNS = 150, ITERATIONS = 20 };
#define TRY(call)                                                                                  \
    do {                                                                                           \
        const int status_ = (call);                                                                \
        if (status_) return status_;                                                               \
    } while (0)

typedef struct vectors { /* of the range: r, q; of the domain: p, s; scalars: three */
    vxg_array r, q, p, s, gamma, before, other;
} vectors;

/* ---- The solver: x becomes the minimum of |b - A x|, from x = 0 ---- */
static int solve(vxg_queue *queue, const vxg_op *A, const vxg_array *b, const vxg_array *x,
                 vectors *v) {
    vxg_call call = {.queue = queue};
    TRY(vxg_array_fill(queue, x, 0));
    TRY(vxg_array_copy(queue, b, &v->r)); /* the residual */
    TRY(vxg_op_apply_adjoint(A, &call, &v->r, &v->p));
    TRY(vxg_array_reduce(queue, VXG_REDUCE_DOT, &v->p, &v->p, NULL, &v->gamma));
    for (int i = 0; i < ITERATIONS; i++) {
        TRY(vxg_op_apply(A, &call, &v->p, &v->q));
        TRY(vxg_array_reduce(queue, VXG_REDUCE_DOT, &v->q, &v->q, NULL, &v->other));
        TRY(vxg_scalar_combine(queue, VXG_SCALAR_DIVIDE, 1, &v->gamma, &v->other, &v->other));
        TRY(vxg_array_axpby_by(queue, 1, &v->other, &v->p, 1, NULL, x));      /* x += a p */
        TRY(vxg_array_axpby_by(queue, -1, &v->other, &v->q, 1, NULL, &v->r)); /* r -= a A p */
        TRY(vxg_op_apply_adjoint(A, &call, &v->r, &v->s));
        TRY(vxg_array_copy(queue, &v->gamma, &v->before));
        TRY(vxg_array_reduce(queue, VXG_REDUCE_DOT, &v->s, &v->s, NULL, &v->gamma));
        TRY(vxg_scalar_combine(queue, VXG_SCALAR_DIVIDE, 1, &v->gamma, &v->before, &v->other));
        TRY(vxg_array_axpby_by(queue, 1, NULL, &v->s, 1, &v->other, &v->p)); /* p = s + b p */
    }
    return VXG_OK;
}

/* ---- A scan to solve ---- */
static int make_projector(vxg_device *dev, vxg_op **projector, vxg_array *b) {
    const vxg_ct_cone_opts scan = {.nviews = VIEWS,
                                   .rows = 1,
                                   .cols = COLUMNS,
                                   .sod = 3 * SIDE,
                                   .sdd = 4 * SIDE,
                                   .pixel = 1.3};
    const vxg_ct_volume vol = {.nz = 1, .ny = SIDE, .nx = SIDE};
    static float image[SIDE * SIDE];
    vxg_ct_geometry *geo = NULL;
    vxg_array truth = {0};
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            const double r = hypot(x - 47.5, y - 47.5), hole = hypot(x - 60, y - 40);
            image[y * SIDE + x] = r < 40 ? hole < 9 ? 0.2F : 1 : 0;
        }
    int status = vxg_ct_cone_circular(&scan, &geo);
    if (!status) status = vxg_ct_projector(dev, geo, &vol, NULL, projector);
    if (!status) status = vxg_op_new_array(*projector, 0, &truth);
    if (!status) status = vxg_op_new_array(*projector, -1, b);
    if (!status) status = vxg_array_write(NULL, &truth, image);
    if (!status) status = vxg_op_apply(*projector, NULL, &truth, b);
    vxg_array_release(&truth);
    vxg_ct_geometry_release(geo);
    return status;
}

static int make_vectors(vxg_device *dev, const vxg_op *A, vectors *v) {
    TRY(vxg_op_new_array(A, -1, &v->r));
    TRY(vxg_op_new_array(A, -1, &v->q));
    TRY(vxg_op_new_array(A, 0, &v->p));
    TRY(vxg_op_new_array(A, 0, &v->s));
    TRY(vxg_scalar_new(dev, VXG_REAL_F32, 1, &v->gamma));
    TRY(vxg_scalar_new(dev, VXG_REAL_F32, 1, &v->before));
    return vxg_scalar_new(dev, VXG_REAL_F32, 1, &v->other);
}

/* |x - that of "cgls"| / |that| in the largest norm. */
static int compare(const vxg_op *A, const vxg_array *b, const vxg_array *x) {
    const vxg_solve_problem problem = {.op = A, .data = b};
    const vxg_solve_opts opts = {.iterations = ITERATIONS};
    vxg_solver *solver = NULL;
    double off = 0, most = 0;
    int status = vxg_solver_new("cgls", &problem, &opts, &solver);
    if (!status) status = vxg_solver_run(solver, NULL);
    if (!status) status = vxg_array_max_diff(NULL, x, vxg_solver_x(solver), &off);
    if (!status) status = vxg_array_max_diff(NULL, vxg_solver_x(solver), NULL, &most);
    vxg_solver_release(solver);
    if (!status) printf("largest difference to cgls: %.1e of %.3f\n", off, most);
    return status;
}

static int run(vxg_device *dev) {
    vxg_op *A = NULL;
    vxg_queue *queue = NULL;
    vxg_array b = {0}, x = {0};
    vectors v = {0};
    double residual = 0, data = 0;
    int status = make_projector(dev, &A, &b);
    if (!status) status = vxg_op_new_array(A, 0, &x);
    if (!status) status = make_vectors(dev, A, &v);
    if (!status) status = vxg_queue_new(dev, &queue);
    if (!status) status = solve(queue, A, &b, &x, &v);
    if (!status) status = vxg_queue_sync(queue);
    if (!status) status = vxg_array_dot(NULL, &v.r, &v.r, &residual);
    if (!status) status = vxg_array_dot(NULL, &b, &b, &data);
    if (!status)
        printf("%d iterations: |b - A x| / |b| = %.5f\n", ITERATIONS, sqrt(residual / data));
    if (!status) status = compare(A, &b, &x);
    vxg_array *const all[] = {&b, &x, &v.r, &v.q, &v.p, &v.s, &v.gamma, &v.before, &v.other};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) vxg_array_release(all[i]);
    vxg_queue_free(queue);
    vxg_op_release(A);
    return status;
}

int main(int argc, char **argv) {
    vxg_device *dev = NULL;
    int status = vxg_device_open(argc > 1 ? argv[1] : NULL, &dev);
    if (!status) status = run(dev);
    vxg_device_release(dev);
    if (status) fprintf(stderr, "%s\n", vxg_error_message());
    return vxg_status_exit_code(status);
}
