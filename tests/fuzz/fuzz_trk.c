#include "tract_readers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    tract_fuzz(data, n, "trk");
    return 0;
}
