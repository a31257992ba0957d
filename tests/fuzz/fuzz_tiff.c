#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    float *values = NULL;
    int64_t shape[3];
    if (vxg_volume_read(fuzz_file(data, n), &values, shape) == 0) vxg_free(values);
    fuzz_check_leaks();
    return 0;
}
