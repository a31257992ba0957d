/* Tests of cpu schedules: a stream of random numbers, and every level of the processor. */
#ifndef VXG_TEST_SCHEDULE_H
#define VXG_TEST_SCHEDULE_H
#include <voxgrad/voxgrad.h>

#include "test.h"

static vxg_device *dev; /* the level under test */

static uint32_t state = 1;
static double roll(double lo, double hi) {
    state = state * 1664525u + 1013904223u;
    return lo + (hi - lo) * (double)(state >> 8) / 16777216.0;
}
static int64_t roll_int(int64_t lo, int64_t hi) {
    return lo + (int64_t)roll(0, (double)(hi - lo + 1));
}

typedef struct scene {
    vxg_ct_geometry *geo;
    vxg_ct_volume vol;
} scene;

/* Runs the tests on each level there is: suite_v2 and so on. */
static int run_levels(const char *suite, const test_entry *list, int n, int argc, char **argv) {
    static const char *const levels[] = {"v2", "v3", "v4", "base"};
    static char names[4][64];
    int failed = 0;
    for (int k = 0; k < 4; k++) {
        char spec[16];
        snprintf(names[k], sizeof names[k], "%s_%s", suite, levels[k]);
        snprintf(spec, sizeof spec, "cpu:%s", levels[k]);
        if (vxg_device_open(spec, &dev)) {
            printf("SKIP %s.all: %s\n", names[k], vxg_error_message());
            continue;
        }
        failed |= test_run(names[k], list, n, argc, argv);
        vxg_device_release(dev);
    }
    return failed;
}
#endif
