/* Tables of numbers; what is read is written and read back as the same. */
#include "fuzz.h"

#include <math.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    static unsigned turn;
    char out[80];
    double *v = NULL, *w = NULL;
    char *version = NULL;
    int64_t rows = 0, columns = 0, again = 0, wide = 0;
    const char *path = fuzz_file(data, n);
    const int status = vxg_numbers_read(path, &v, &rows, &columns, n % 2 ? &version : NULL);
    if (status) {
        if (v || version || !*vxg_error_message()) abort();
    } else if (rows < 1 || columns < 1) {
        abort();
    } else if (++turn % 8 == 0) {
        snprintf(out, sizeof out, "%s-table", path);
        if (vxg_numbers_write(out, v, rows, columns, version, NULL, 1)) abort();
        if (vxg_numbers_read(out, &w, &again, &wide, NULL)) abort();
        if (again != rows || wide != columns) abort();
        for (int64_t i = 0; i < rows * columns; i++)
            if (isnan(v[i]) ? !isnan(w[i]) : memcmp(&v[i], &w[i], sizeof *v) != 0) abort();
        unlink(out);
    }
    vxg_free(v);
    vxg_free(w);
    vxg_free(version);
    fuzz_check_leaks();
    return 0;
}
