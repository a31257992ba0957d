/* The 64-direction crop of the test data as an array, its directions as they stand in the file. */
#ifndef DWI_DATA_H
#define DWI_DATA_H
#include <voxgrad/voxgrad.h>

#include "test.h"

enum { SMALL_N = 65, SMALL_VOXELS = 1000 };

__attribute__((unused)) static int small_numbers(const char *name, int n, double *out) {
    char path[512];
    if (!test_data(name, path, sizeof path)) return -1;
    FILE *f = fopen(path, "r");
    int got = 0;
    while (f && got < n && fscanf(f, "%lf", &out[got]) == 1) got++;
    if (f) fclose(f);
    return got == n ? 0 : -1;
}
/* values (SMALL_N, SMALL_VOXELS); -1: there is no test data. */
__attribute__((unused)) static int small_load(double *values, vxg_gradients **g) {
    static double b[SMALL_N], d[3 * SMALL_N];
    static int16_t raw[SMALL_N * SMALL_VOXELS];
    char path[512];
    if (small_numbers("dwi_small_64D/small_64D.bval", SMALL_N, b)) return -1;
    if (small_numbers("dwi_small_64D/small_64D.bvec", 3 * SMALL_N, d)) return -1;
    if (!test_data("dwi_small_64D/small_64D.nii", path, sizeof path)) return -1;
    FILE *f = fopen(path, "rb");
    const int good = f && !fseek(f, 352, SEEK_SET) &&
                     fread(raw, 2, SMALL_N * SMALL_VOXELS, f) == SMALL_N * SMALL_VOXELS;
    if (f) fclose(f);
    for (int i = 0; i < SMALL_N * SMALL_VOXELS; i++) values[i] = raw[i];
    return good ? vxg_gradients_new(SMALL_N, b, d, NULL, g) : -1;
}
/* The number of voxel [i, j, k], i fastest. */
__attribute__((unused)) static int small_at(int i, int j, int k) {
    return i + 10 * (j + 10 * k);
}

/* An array of doubles in the arithmetic's storage. */
__attribute__((unused)) static int dwi_array(vxg_device *dev, vxg_real real, int64_t rows,
                                             int64_t columns, const double *values,
                                             vxg_array *out) {
    const int64_t shape[2] = {rows, columns};
    const size_t n = (size_t)(rows * columns);
    int status = vxg_array_new(dev, vxg_real_dtype(real), 2, shape, out);
    if (status || !values) return status;
    float *f = malloc(n * sizeof *f);
    for (size_t i = 0; i < n; i++) f[i] = (float)values[i];
    status = vxg_array_write(NULL, out, real == VXG_REAL_F64 ? (const void *)values : f);
    free(f);
    return status;
}
__attribute__((unused)) static int dwi_read(const vxg_array *a, double *values) {
    const int64_t n = vxg_array_count(a);
    if (a->dtype == VXG_F64) return vxg_array_read(NULL, a, values);
    float *f = malloc((size_t)n * sizeof *f);
    const int status = vxg_array_read(NULL, a, f);
    for (int64_t i = 0; i < n; i++) values[i] = (double)f[i];
    free(f);
    return status;
}
#endif
