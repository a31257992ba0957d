/* Ring removal within the pipeline: rows on all threads, the bits of one row at a time, cancelled
 * between rows, refused in words. */
#include <voxgrad/voxgrad.h>

#include "ct/pipeline/pipeline.h"

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

TEST_MAIN("internal_correct", T(rings))
