#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    float *values = NULL;
    int ndim = 0;
    int64_t shape[VXG_MAX_DIMS];
    const char *path = fuzz_file(data, n);
    if (vxg_npy_read(path, &values, &ndim, shape) == 0) vxg_free(values);
    if (vxg_volume_read(path, &values, shape) == 0) vxg_free(values);
    fuzz_check_leaks();
    return 0;
}
