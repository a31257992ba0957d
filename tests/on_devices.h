/* One list of tests on the cpu, on OpenCL and on CUDA; suites are named by the device. */
#ifndef TEST_ON_DEVICES_H
#define TEST_ON_DEVICES_H
#include <voxgrad/device.h>

#include "test.h"

static vxg_device *dev; /* the one the tests run on */

__attribute__((unused)) static int test_on_devices(const char *suite, const test_entry *list, int n,
                                                   int argc, char **argv) {
    static const char *const specs[] = {"cpu", "opencl:0", "cuda:0"};
    static char name[96];
    int failed = 0;
    for (int k = 0; k < 3; k++) {
        snprintf(name, sizeof name, "%s_%.*s", suite, (int)strcspn(specs[k], ":"), specs[k]);
        if (vxg_device_open(specs[k], &dev)) {
            printf("SKIP %s.all: %s\n", name, vxg_error_message());
            continue;
        }
        failed |= test_run(name, list, n, argc, argv);
        vxg_device_release(dev);
    }
    return failed;
}
#define DEVICES_MAIN(suite, ...)                                                                   \
    int main(int argc, char **argv) {                                                              \
        static const test_entry list[] = {__VA_ARGS__};                                            \
        return test_on_devices(suite, list, (int)(sizeof list / sizeof *list), argc, argv);        \
    }
#endif
