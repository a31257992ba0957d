/* The norm of an operator against singular values that are known, and that it is kept. */
#include <voxgrad/voxgrad.h>

#include "solve_matrix.h"

static int near_to(double norm, double want) {
    return fabs(norm - want) <= 2e-5 * want;
}

TEST(known)
{
    for (int f = 0; f < 2; f++) {
        /* two rotations around diag(3, 1.5, 0.2): 4 x 3 */
        const double c = cos(0.7), s = sin(0.7), d = cos(0.3), e = sin(0.3);
        matrix m = {4, 3, f ? VXG_F32 : VXG_F64, {0}}, none = {2, 3, VXG_F32, {0}};
        const double left[4][3] = {{c, -s, 0}, {s, c, 0}, {0, 0, 1}, {0, 0, 0}},
                     sigma[3] = {3, 1.5, 0.2};
        const double right[3][3] = {{d, 0, -e}, {0, 1, 0}, {e, 0, d}};
        for (int i = 0; i < 4; i++)
            for (int j = 0; j < 3; j++)
                for (int k = 0; k < 3; k++) m.a[3 * i + j] += left[i][k] * sigma[k] * right[j][k];
        vxg_op *op = matrix_op(&m), *zero = matrix_op(&none), *twice;
        double norm, again;
        CHECK_OK(vxg_op_norm(op, NULL, &norm));
        EXPECT(near_to(norm, 3), "float%d: %.9g", f ? 32 : 64, norm);
        fails = 0; /* any call would fail */
        CHECK_OK(vxg_op_norm(op, NULL, &again));
        fails = -1;
        EXPECT(again == norm, "kept: %.17g, then %.17g", norm, again);
        CHECK_OK(vxg_op_scale(-2, op, &twice));
        CHECK_OK(vxg_op_norm(twice, NULL, &again));
        EXPECT(near_to(again, 6), "twice: %.9g", again);
        CHECK_OK(vxg_op_norm(zero, NULL, &norm));
        EXPECT(norm == 0, "of nothing: %g", norm);
        vxg_op_release(op), vxg_op_release(zero), vxg_op_release(twice);
    }
}

TEST(refused)
{
    matrix m = {2, 2, VXG_F64, {1, 2, 3, 4}};
    vxg_op *op = matrix_op(&m), *curved;
    const vxg_subset one = {.count = 1};
    const vxg_call part = {.subset = &one};
    double norm;
    CHECK_OK(vxg_op_math(dev, VXG_MATH_EXP, 1, vxg_op_domain(op, 0), &curved));
    EXPECT(vxg_op_norm(curved, NULL, &norm) == VXG_ERR_ARGUMENT, "of what is not linear");
    EXPECT(vxg_op_norm(NULL, NULL, &norm) == VXG_ERR_ARGUMENT, "of nothing");
    EXPECT(vxg_op_norm(op, NULL, NULL) == VXG_ERR_ARGUMENT, "nowhere");
    EXPECT(vxg_op_norm(op, &part, &norm) == VXG_ERR_ARGUMENT, "of a subset");
    fails = 3;
    EXPECT(vxg_op_norm(op, NULL, &norm) == VXG_ERR_FAILED, "the failure is lost");
    fails = -1;
    CHECK_OK(vxg_op_norm(op, NULL, &norm));
    EXPECT(near_to(norm, 5.4649857042), "%.9g", norm);
    vxg_op_release(op);
    m.a[1] = INFINITY;
    op = matrix_op(&m);
    EXPECT(vxg_op_norm(op, NULL, &norm) == VXG_ERR_INPUT &&
               strstr(vxg_error_message(), "not finite"),
           "%s", vxg_error_message());
    vxg_op_release(op), vxg_op_release(curved);
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(known), T(refused)};
    if (vxg_device_open("cpu", &dev))
        return printf("FAIL op_norm.start: %s\n", vxg_error_message()), 1;
    const int failed = test_run("op_norm", list, (int)(sizeof list / sizeof *list), argc, argv);
    vxg_device_release(dev);
    return failed;
}
