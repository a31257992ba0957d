#include "fuzz_blocks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    vxg_block_reader *r = NULL;
    const char *path = fuzz_file(data, n);
    fuzz_blocks(path, "mif");
    if (vxg_block_open(path, NULL, &r) == 0) vxg_block_close(r); /* by its first bytes */
    fuzz_check_leaks();
    return 0;
}
