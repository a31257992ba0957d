/* Ends of what kernels and schedules may assume of a parallel scan: columns that differ by hundreds
 * in size among the views of a block, a row beside the only slice, the last of a million columns.
 */
#include <voxgrad/voxgrad.h>

#include "test.h"

static vxg_device *dev;

/* The adjoint of numbers that differ; x receives at most 128 values. */
static int adjoint_of(const vxg_ct_geometry *geo, const vxg_ct_volume *vol, int plain, double *x) {
    const vxg_ct_projector_opts o = {.no_schedule = plain};
    vxg_op *op;
    vxg_array y, out;
    float values[128];
    int status = vxg_ct_projector(dev, geo, vol, &o, &op);
    if (status) return status;
    status = vxg_op_new_array(op, -1, &y);
    if (!status) status = vxg_op_new_array(op, 0, &out);
    if (!status) status = vxg_array_random(NULL, &y, 5, -0.5, 0.5);
    if (!status) status = vxg_op_apply_adjoint(op, NULL, &y, &out);
    if (!status) status = vxg_array_read(NULL, &out, values);
    for (int64_t i = 0; i < vxg_array_count(&out) && !status; i++) x[i] = (double)values[i];
    vxg_array_release(&y), vxg_array_release(&out), vxg_op_release(op);
    return status;
}

/* A view of fine columns needs many passes; a coarse one of the same block must not take part in
 * them again where its places repeat themselves. */
TEST(steps_apart)
{
    static const struct {
        double dy, pitch;
        int columns;
    } cases[] = {{1000, 63.9, 65}, {300, 64, 65},  {260, 32, 65},
                 {270, 17, 401},   {1, 0.07, 401}, {9, 0.3, 65}};
    const double angles[] = {0, M_PI / 2};
    for (int i = 0; i < 12; i++) { /* one slice has a schedule of its own */
        const int k = i / 2, slices = i % 2 ? 4 : 1, n = slices * 32;
        const vxg_ct_parallel_opts o = {.angles = angles,
                                        .nviews = 2,
                                        .rows = slices,
                                        .cols = cases[k].columns,
                                        .pixel = cases[k].pitch,
                                        .row_pitch = 1};
        const vxg_ct_volume vol = {
            .nz = slices, .ny = 4, .nx = 8, .dx = 1, .dy = cases[k].dy, .dz = 1};
        vxg_ct_geometry *geo;
        double fast[128], plain[128], most = 0, apart = 0;
        CHECK_OK(vxg_ct_parallel_circular(&o, &geo));
        CHECK_OK(adjoint_of(geo, &vol, 0, fast));
        CHECK_OK(adjoint_of(geo, &vol, 1, plain));
        for (int x = 0; x < n; x++)
            most = fmax(most, fabs(plain[x])), apart = fmax(apart, fabs(fast[x] - plain[x]));
        EXPECT(apart < 2e-5 * most, "%d slices, dy %g, pitch %g: %g apart of %g", slices,
               cases[k].dy, cases[k].pitch, apart, most);
        vxg_ct_geometry_release(geo);
    }
}

/* The backprojection of ones, and its transpose's weight of the middle column. */
static int weight_of(const vxg_ct_view *view, int64_t nu, const vxg_ct_volume *vol, int plain,
                     vxg_real real, double *out) {
    const vxg_ct_projector_opts o = {.no_schedule = plain, .real = real};
    vxg_ct_geometry *geo;
    vxg_op *op;
    vxg_array y, x, value;
    int status = vxg_ct_parallel_views(1, 1, nu, view, &geo);
    if (status) return status;
    status = vxg_ct_backprojector(dev, geo, vol, &o, &op);
    vxg_ct_geometry_release(geo);
    if (status) return status;
    status = vxg_op_new_array(op, 0, &y);
    if (!status) status = vxg_op_new_array(op, -1, &x);
    if (!status) status = vxg_array_fill(NULL, &y, 1);
    if (!status) status = vxg_op_apply(op, NULL, &y, &x);
    if (!status) status = vxg_scalar_new(dev, real, 1, &value);
    if (!status) status = vxg_array_reduce(NULL, VXG_REDUCE_SUM, &x, NULL, NULL, &value);
    if (!status) status = vxg_scalar_read(NULL, &value, &out[0]);
    if (!status) status = vxg_array_fill(NULL, &x, 1);
    if (!status) status = vxg_op_apply_adjoint(op, NULL, &x, &y);
    if (!status) status = vxg_array_reduce(NULL, VXG_REDUCE_SUM, &y, NULL, NULL, &value);
    if (!status) status = vxg_scalar_read(NULL, &value, &out[1]);
    vxg_array_release(&y), vxg_array_release(&x), vxg_array_release(&value), vxg_op_release(op);
    return status;
}

/* One row and one slice: a slice beside the row gets what is left of its distance in rows. */
TEST(row_beside_the_slice)
{
    static const double pitch[] = {1, 1.5, 3, 0.7}, z[] = {0, 1, -1, 2, 0.5};
    for (int p = 0; p < 4; p++)
        for (int k = 0; k < 5; k++) {
            const vxg_ct_view view = {.r = {0, 1, 0}, .U = {1, 0, 0}, .V = {0, 0, pitch[p]}};
            const vxg_ct_volume vol = {.nz = 1, .ny = 1, .nx = 1, .center = {0, 0, z[k]}};
            const double want = fmax(0, 1 - fabs(z[k]) / pitch[p]);
            for (int plain = 0; plain < 2; plain++) {
                double got[2];
                CHECK_OK(weight_of(&view, 3, &vol, plain, VXG_REAL_F32, got));
                EXPECT(fabs(got[0] - want) < 1e-6 && fabs(got[1] - want) < 1e-6,
                       "pitch %g, slice at %g, plain %d: %g, transposed %g, expected %g", pitch[p],
                       z[k], plain, got[0], got[1], want);
            }
        }
}

/* Beyond the last column's middle a voxel has less and less of it, however many columns there are.
 */
TEST(last_of_many_columns)
{
    static const int64_t many[] = {4099, 65573, 600001, 1048610, 2097190};
    for (int k = 0; k < 5; k++)
        for (int side = -1; side <= 1; side += 2) {
            const double beyond = 0.984375; /* near the end, where a limit that is rounded may be */
            const vxg_ct_view view = {.r = {0, 1, 0}, .U = {1, 0, 0}, .V = {0, 0, 1}};
            const vxg_ct_volume vol = {
                .nz = 1,
                .ny = 1,
                .nx = 1,
                .center = {side * (0.5 * (double)(many[k] - 1) + beyond), 0, 0}};
            double got[2];
            CHECK_OK(weight_of(&view, many[k], &vol, 1, VXG_REAL_F32, got));
            EXPECT(fabs(got[0] - (1 - beyond)) < 1e-3 && fabs(got[1] - got[0]) < 1e-6,
                   "%lld columns, side %d: %g, transposed %g, expected %g", (long long)many[k],
                   side, got[0], got[1], 1 - beyond);
        }
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(steps_apart), T(row_beside_the_slice),
                                      T(last_of_many_columns)};
    static const char *const levels[] = {"cpu:v2", "cpu"};
    int failed = 0;
    for (int i = 0; i < 2; i++) {
        char suite[64];
        if (vxg_device_open(levels[i], &dev)) continue; /* not x86-64 */
        snprintf(suite, sizeof suite, "ct_limits.%s", i ? "best" : "v2");
        failed |= test_run(suite, list, (int)(sizeof list / sizeof *list), argc, argv);
        vxg_device_release(dev);
    }
    return failed;
}
