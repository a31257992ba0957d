/* Parts of the pipeline. Ring removal: rows on all threads, the bits of one row at a time,
 * cancelled between rows, refused in words. Memory of iterative methods. */
#include <voxgrad/voxgrad.h>

#include "ct/pipeline/pipeline.h"
#include "ct/project/project.h"

#include "test.h"

enum { VIEWS = 30, ROWS = 13, COLS = 24 };
static float lines[VIEWS * ROWS * COLS], alone[VIEWS * COLS], before[VIEWS * ROWS * COLS];

static void fill(void) {
    for (int i = 0; i < VIEWS * ROWS * COLS; i++)
        before[i] = lines[i] = (float)sin(0.37 * i) + 0.2f * (float)(i % COLS % 5);
}

TEST(rings)
{
    vxg__scan_part part = {.v1 = VIEWS, .r1 = ROWS, .c1 = COLS, .nviews = VIEWS, .ncols = COLS};
    vxg_scan_reader scan = {.nviews = VIEWS, .nrows = ROWS, .ncols = COLS};
    vxg_ct_recon_opts o = {.no_minus_log = 1, .ring_size = 5};
    const vxg__scan_fields none = {0};
    for (int run = 0; run < 6; run++) {
        vxg__corrector c = {.scan = &scan, .part = &part, .opts = &o, .ring_lanes = run % 3};
        vxg_set_threads(1 + 2 * run);
        fill();
        CHECK_OK(vxg__correct_rows(&c, 0, ROWS, &none, lines));
        for (int r = 0; r < ROWS; r++) {
            for (int v = 0; v < VIEWS; v++)
                memcpy(alone + v * COLS, before + (v * ROWS + r) * COLS, COLS * sizeof *alone);
            CHECK_OK(vxg_ct_ring_sort(alone, VIEWS, COLS, 5));
            for (int v = 0; v < VIEWS; v++)
                CHECK(!memcmp(alone + v * COLS, lines + (v * ROWS + r) * COLS, sizeof(float[COLS])),
                      "%d threads: row %d is not that row alone", 1 + 2 * run, r);
        }
    }
    volatile int cancel = 1;
    const vxg_progress progress = {.cancel = &cancel};
    vxg__corrector c = {.scan = &scan, .part = &part, .opts = &o};
    o.progress = &progress;
    fill();
    CHECK(vxg__correct_rows(&c, 0, ROWS, &none, lines) == VXG_ERR_CANCELLED, "cancelled");
    CHECK(!memcmp(before, lines, sizeof lines), "rows were worked on after the cancel");
    o.progress = NULL, o.ring_size = 99;
    CHECK(vxg__correct_rows(&c, 0, ROWS, &none, lines) == VXG_ERR_ARGUMENT &&
              strstr(vxg_error_message(), "size 99"),
          "the words of another thread: %s", vxg_error_message());
    vxg_set_threads(0);
}

/* ---- An operator whose calls of all rows take much more than those of subsets ---- */
static int nothing(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                   const vxg_array *out) {
    (void)op, (void)call, (void)in, (void)out;
    return VXG_OK;
}
static int no_vjp(const vxg_op *op, const vxg_call *call, const vxg_array *in,
                  const vxg_array *cotangent, const vxg_array *grad) {
    (void)cotangent;
    return nothing(op, call, in, grad);
}
static size_t workspace(const vxg_op *op, const vxg_call *call) {
    (void)op;
    return call->subset ? 0 : 1 << 24;
}

/* What is left of the data is measured by all rows at once, after a solver that takes subsets. */
TEST(memory_of_the_measure)
{
    static const vxg_op_class cls = {
        .name = "test", .apply = nothing, .vjp = no_vjp, .workspace = workspace};
    const vxg_space in = {.dtype = VXG_F32, .ndim = 3, .shape = {4, 8, 8}},
                    out = {.dtype = VXG_F32, .ndim = 3, .shape = {VIEWS, 4, 8}};
    vxg_device *dev;
    vxg_op *op;
    vxg__iterate_need need;
    CHECK_OK(vxg_device_open("cpu", &dev));
    const vxg_op_opts o = {.linear = 1,
                           .device = dev,
                           .in = &in,
                           .ninputs = 1,
                           .subsets = VXG_SUBSETS_OWN,
                           .out = &out};
    CHECK_OK(vxg_op_new(&cls, &o, &op));
    const vxg__iterate it = {.row = vxg_solve_row_find("os-sart")};
    CHECK_OK(vxg__iterate_bytes(&it, op, &need));
    EXPECT(need.all >= (1 << 24) + 4 * 4 * 8 * 8 && need.rest >= 1 << 24, "%lld bytes, %lld",
           (long long)need.all, (long long)need.rest);
    vxg_op_release(op), vxg_device_release(dev);
}

/* Flat: what the cpu's schedule knows of each view and column; curved detectors that are not alike:
 * their angles, too. Parallel beams keep none. */
TEST(memory_of_tables)
{
    enum { N = 40, NU = 64 };
    static const int64_t least[3] = {68, 68 + 24, 0};
    const vxg_ct_cone_opts o = {
        .nviews = N, .rows = 2, .cols = NU, .sod = 200, .sdd = 300, .pixel = 1};
    const vxg_ct_volume vol = {.nz = 2, .ny = 32, .nx = 32, .dz = 1, .dy = 1, .dx = 1};
    vxg_ct_view views[N];
    vxg_device *dev;
    vxg_ct_geometry *circle, *geo;
    vxg_op *op;
    CHECK_OK(vxg_device_open("cpu", &dev));
    CHECK_OK(vxg_ct_cone_circular(&o, &circle));
    for (int kind = 0; kind < 3; kind++) {
        for (int i = 0; i < N; i++) {
            views[i] = *vxg_ct_geometry_view(circle, i);
            for (int k = 0; k < 3 && kind == 1; k++) views[i].d[k] *= 1 + 0.001 * (i % 7);
            for (int k = 0; k < 3 && kind == 2; k++) views[i].r[k] = views[i].d[k];
        }
        const vxg_ct_views v = {.beam = kind == 2 ? VXG_CT_BEAM_PARALLEL : VXG_CT_BEAM_CONE,
                                .detector =
                                    kind == 1 ? VXG_CT_DETECTOR_CURVED : VXG_CT_DETECTOR_FLAT,
                                .nviews = N,
                                .nv = 2,
                                .nu = NU,
                                .views = views};
        CHECK_OK(vxg_ct_geometry_new(&v, &geo));
        CHECK_OK(vxg_ct_projector(dev, geo, &vol, NULL, &op));
        const int64_t bytes = vxg__ct_table_bytes(op);
        EXPECT(bytes >= N * NU * least[kind] &&
                   bytes <= N * (NU * least[kind] + (kind < 2 ? 200 : 0)),
               "kind %d: %lld bytes", kind, (long long)bytes);
        vxg_op_release(op), vxg_ct_geometry_release(geo);
    }
    vxg_ct_geometry_release(circle), vxg_device_release(dev);
}

TEST_MAIN("internal_correct", T(rings), T(memory_of_the_measure), T(memory_of_tables))
