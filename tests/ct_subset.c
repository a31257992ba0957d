/* Subsets of views of scans with more views than a schedule takes at a time: every projector, on
 * the plain kernels and the schedules; ordered subsets add up to the whole; nothing of the whole is
 * held. */
#include <voxgrad/voxgrad.h>

#include "test.h"

enum { VIEWS = 75, ROWS = 9, COLS = 14 };
static vxg_device *dev;

typedef enum scan { PARALLEL, TILTED, CONE, CONE_TILTED, CURVED, SCANS } scan;
static const char *const names[] = {"parallel", "parallel tilted", "cone", "cone tilted", "curved"};

static int make_scan(scan kind, vxg_ct_geometry **geo) {
    double angles[VIEWS];
    vxg_ct_view views[VIEWS];
    vxg_ct_geometry *round = NULL;
    for (int i = 0; i < VIEWS; i++) angles[i] = 2 * M_PI * i / VIEWS;
    const vxg_ct_parallel_opts p = {.angles = angles, .nviews = VIEWS, .rows = ROWS, .cols = COLS};
    const vxg_ct_cone_opts c = {.angles = angles,
                                .nviews = VIEWS,
                                .rows = ROWS,
                                .cols = COLS,
                                .sod = 30,
                                .sdd = 45,
                                .pixel = 1.5,
                                .detector =
                                    kind == CURVED ? VXG_CT_DETECTOR_CURVED : VXG_CT_DETECTOR_FLAT};
    int status =
        kind <= TILTED ? vxg_ct_parallel_circular(&p, &round) : vxg_ct_cone_circular(&c, &round);
    if (status || (kind != TILTED && kind != CONE_TILTED)) return *geo = round, status;
    for (int i = 0; i < VIEWS; i++) { /* rows lean */
        views[i] = *vxg_ct_geometry_view(round, i);
        views[i].V[0] += 0.2, views[i].V[1] -= 0.1;
        if (kind == TILTED) views[i].r[2] += 0.2;
    }
    vxg_ct_geometry_release(round);
    return kind == TILTED ? vxg_ct_parallel_views(VIEWS, ROWS, COLS, views, geo)
                          : vxg_ct_cone_views(VIEWS, ROWS, COLS, views, geo);
}

static int make_op(scan kind, vxg_ct_model model, vxg_real real, int plain, vxg_op **op) {
    const vxg_ct_volume vol = {.nz = 8, .ny = 11, .nx = 10};
    const vxg_ct_projector_opts o = {.model = model, .real = real, .no_schedule = plain};
    vxg_ct_geometry *geo = NULL;
    int status = make_scan(kind, &geo);
    *op = NULL;
    if (!status) status = vxg_ct_projector(dev, geo, &vol, &o, op);
    vxg_ct_geometry_release(geo);
    return status;
}

/* Every check that knows subsets, and no memory for the whole. */
static void one(const vxg_op *op, const char *name) {
    static const vxg_subset few = {.count = 5, .first = VIEWS - 1, .step = -7};
    const vxg_call call = {.subset = &few};
    vxg_check_result r = {0};
    EXPECT(vxg_op_subsets(op) == VXG_SUBSETS_EXACT, "%s: views are made alone", name);
    CHECK_OK(vxg_check_subset(op, NULL, &r));
    EXPECT(r.passed, "%s: subset %.3g (%s)", name, r.residual, r.detail);
    CHECK_OK(vxg_check_normal(op, NULL, &r));
    EXPECT(r.passed, "%s: normal %.3g (%s)", name, r.residual, r.detail);
    EXPECT(vxg_op_workspace(op, &call) <=
               vxg_op_workspace(op, NULL) + 5 * (41 + 70 * COLS) * sizeof(double) + 16 * 256,
           "%s: %zu bytes for 5 views, %zu for all", name, vxg_op_workspace(op, &call),
           vxg_op_workspace(op, NULL));
}

TEST(every_projector)
{
    for (int kind = 0; kind < SCANS; kind++)
        for (int model = 0; model <= VXG_CT_FOOTPRINT_TT; model++)
            for (int way = 0; way < 3; way++) { /* schedule, plain, float64 */
                char name[64];
                vxg_op *op;
                const int status = make_op((scan)kind, (vxg_ct_model)model,
                                           way == 2 ? VXG_REAL_F64 : VXG_REAL_F32, way == 1, &op);
                if (status && model >= VXG_CT_FOOTPRINT) continue; /* rows must be along z */
                CHECK_OK(status);
                snprintf(name, sizeof name, "%s, model %d, %s", names[kind], model,
                         way == 2   ? "float64"
                         : way == 1 ? "plain"
                                    : "schedule");
                one(op, name);
                vxg_op_release(op);
            }
}

/* Ordered subsets: the gradients of the parts add up to that of the whole. */
TEST(ordered_subsets)
{
    enum { PARTS = 4 };
    for (int kind = 0; kind < SCANS; kind++) {
        vxg_op *op, *part;
        vxg_array x, y, whole, sum;
        double worst, scale;
        CHECK_OK(make_op((scan)kind, VXG_CT_JOSEPH, VXG_REAL_F32, 0, &op));
        CHECK_OK(vxg_op_new_array(op, 0, &x));
        CHECK_OK(vxg_op_new_array(op, -1, &y));
        CHECK_OK(vxg_op_new_array(op, 0, &whole));
        CHECK_OK(vxg_op_new_array(op, 0, &sum));
        CHECK_OK(vxg_array_random(NULL, &x, 5, 0, 1));
        CHECK_OK(vxg_op_apply(op, NULL, &x, &y));
        CHECK_OK(vxg_op_apply_adjoint(op, NULL, &y, &whole));
        for (int k = 0; k < PARTS; k++) {
            const vxg_subset s = {
                .first = k, .step = PARTS, .count = (VIEWS - k + PARTS - 1) / PARTS};
            const vxg_call add = {.accumulate = 1};
            vxg_array some;
            CHECK_OK(vxg_op_subset(op, &s, &part));
            CHECK_OK(vxg_op_new_array(part, -1, &some));
            CHECK_OK(vxg_op_apply(part, NULL, &x, &some));
            CHECK_OK(vxg_op_apply_adjoint(part, &add, &some, &sum));
            vxg_array_release(&some);
            vxg_op_release(part);
        }
        CHECK_OK(vxg_array_max_diff(NULL, &sum, &whole, &worst));
        CHECK_OK(vxg_array_max_diff(NULL, &whole, NULL, &scale));
        EXPECT(worst <= 2e-6 * scale, "%s: the parts' sum is off by %.3g", names[kind],
               worst / scale);
        vxg_array_release(&x), vxg_array_release(&y);
        vxg_array_release(&whole), vxg_array_release(&sum);
        vxg_op_release(op);
    }
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(every_projector), T(ordered_subsets)};
    if (vxg_device_open("cpu", &dev))
        return printf("FAIL ct_subset.cpu: %s\n", vxg_error_message()), 1;
    const int failed = test_run("ct_subset", list, (int)(sizeof list / sizeof *list), argc, argv);
    vxg_device_release(dev);
    return failed;
}
