/* Masks of the head: every voxel of small random images against medians by sorting and a threshold
 * by trying all, DIPY's mask of a measured brain, parts that are kept and filled, what is refused.
 */
#include "on_devices.h"
#include <voxgrad/voxgrad.h>

/* ---- the same, slowly ---- */
static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}
static int reflected(int x, int n) {
    for (;;) {
        if (x < 0)
            x = -1 - x;
        else if (x >= n)
            x = 2 * n - 1 - x;
        else
            return x;
    }
}
static void median_pass(const int n[3], int radius, const double *x, double *out) {
    static double box[729 * 27];
    for (int k = 0; k < n[2]; k++)
        for (int j = 0; j < n[1]; j++)
            for (int i = 0; i < n[0]; i++) {
                int count = 0;
                for (int c = -radius; c <= radius; c++)
                    for (int b = -radius; b <= radius; b++)
                        for (int a = -radius; a <= radius; a++)
                            box[count++] =
                                x[(reflected(k + c, n[2]) * n[1] + reflected(j + b, n[1])) * n[0] +
                                  reflected(i + a, n[0])];
                qsort(box, (size_t)count, sizeof *box, by_value);
                out[(k * n[1] + j) * n[0] + i] = box[count / 2];
            }
}
/* The threshold of two groups of bins: every cut is tried with sums of its own. */
static double best_cut(int all, const double *x) {
    double lo = x[0], hi = x[0], best = -1, where = 0;
    static double count[256];
    for (int i = 0; i < all; i++) lo = fmin(lo, x[i]), hi = fmax(hi, x[i]);
    const double width = (hi - lo) / 256;
    memset(count, 0, sizeof count);
    for (int i = 0; i < all; i++) {
        int bin = 255;
        while (bin > 0 && x[i] < bin * width + lo) bin--;
        count[bin]++;
    }
    for (int cut = 0; cut < 255; cut++) {
        double n[2] = {0}, sum[2] = {0};
        for (int b = 0; b < 256; b++) {
            n[b > cut] += count[b];
            sum[b > cut] += count[b] * (b == 255 ? hi : (b + 1) * width + lo);
        }
        const double off = sum[0] / n[0] - sum[1] / n[1], between = n[0] * n[1] * off * off;
        if (between > best) best = between, where = cut * width + lo;
    }
    return where;
}

/* ---- arrays ---- */
enum { MOST = 40 * 9 * 7 };
static double image[2 * MOST];
static uint32_t got[MOST], want[MOST];

static int mask_of(vxg_real real, const vxg_gradients *g, int volumes, const int n[3],
                   const vxg_mask_opts *o) {
    const int64_t shape[4] = {volumes, n[2], n[1], n[0]};
    const int all = n[0] * n[1] * n[2];
    static float f[2 * MOST];
    vxg_array dwi = {0}, mask = {0};
    for (int i = 0; i < volumes * all; i++) f[i] = (float)image[i];
    int status = vxg_array_new(dev, vxg_real_dtype(real), 4, shape, &dwi);
    if (!status) status = vxg_array_new(dev, VXG_U32, 3, shape + 1, &mask);
    if (!status)
        status = vxg_array_write(NULL, &dwi, real == VXG_REAL_F64 ? (const void *)image : f);
    if (!status) status = vxg_dwi_mask(NULL, g, &dwi, o, &mask);
    if (!status) status = vxg_array_read(NULL, &mask, got);
    vxg_array_release(&dwi), vxg_array_release(&mask);
    return status;
}
static double uniform(uint32_t n) {
    uint32_t out[4];
    vxg_philox((uint32_t[4]){n, 0, 0, 0}, (uint32_t[2]){5, 6}, out);
    return out[0] / 4294967296.0;
}

/* ---- Against the slow way ---- */
static void compare(vxg_real real, const int n[3], int radius, int passes, int repeated) {
    static double x[MOST], y[MOST];
    const int all = n[0] * n[1] * n[2];
    for (int v = 0; v < all; v++) {
        const double u = uniform((uint32_t)(v + 7 * all));
        image[v] = x[v] = repeated ? floor(8 * u) : (double)(float)(u * u * 1000 - 90);
    }
    for (int p = 0; p < passes; p++) {
        median_pass(n, radius, x, y);
        memcpy(x, y, sizeof x);
    }
    int constant = 1;
    for (int v = 1; v < all; v++) constant &= x[v] == x[0];
    const double threshold = constant ? 0 : best_cut(all, x);
    const vxg_mask_opts o = {.radius = radius, .passes = passes};
    if (constant) {
        EXPECT(mask_of(real, NULL, 1, n, &o) == VXG_ERR_NUMERICAL, "a constant image");
        return;
    }
    CHECK_OK(mask_of(real, NULL, 1, n, &o));
    for (int v = 0; v < all; v++)
        CHECK(got[v] == (x[v] > threshold), "%d x %d x %d, radius %d, %d passes: voxel %d is %u",
              n[0], n[1], n[2], radius, passes, v, got[v]);
}
static void all_sizes(vxg_real real) {
    static const int sizes[][3] = {{40, 9, 7}, {33, 5, 3}, {3, 4, 2}, {1, 12, 5}};
    for (int i = 0; i < 4; i++) {
        compare(real, sizes[i], 1, 1, 0);
        compare(real, sizes[i], 2, 2, 1);
        compare(real, sizes[i], 4, 1, 0);
    }
}
TEST(medians)
{ all_sizes(VXG_REAL_F32); }
TEST(medians_float64)
{
    if (!vxg_device_get_info(dev)->has_f64) SKIP("no float64 here");
    all_sizes(VXG_REAL_F64);
}

/* ---- DIPY 1.12.1, median_otsu(vol_idx of the five volumes of b < 50) ---- */
static int brain(vxg_array *dwi, vxg_array *mask, vxg_gradients **g) {
    static double b[17], d[51];
    char path[512];
    vxg_block_reader *r = NULL;
    if (!test_data("dwi_philips_brain/dwi.nii.gz", path, sizeof path)) return -1;
    const int64_t start[4] = {0}, shape[4] = {17, 32, 112, 112};
    float *values = malloc(sizeof *values * 17 * 32 * 112 * 112);
    for (int i = 0; i < 17; i++) b[i] = i % 4 ? 1000 : 0, d[3 * i] = 1;
    int status = vxg_io_register();
    if (!status) status = vxg_block_open(path, NULL, &r);
    if (!status) status = vxg_block_read(r, start, shape, VXG_F32, values);
    vxg_block_close(r);
    if (!status) status = vxg_gradients_new(17, b, d, NULL, g);
    if (!status) status = vxg_array_new(dev, VXG_F32, 4, shape, dwi);
    if (!status) status = vxg_array_new(dev, VXG_U32, 3, shape + 1, mask);
    if (!status) status = vxg_array_write(NULL, dwi, values);
    free(values);
    return status;
}
TEST(dipy)
{
    enum { VOXELS = 32 * 112 * 112 };
    static uint32_t marks[VOXELS];
    vxg_array dwi = {0}, mask = {0};
    vxg_gradients *g = NULL;
    int64_t count = 0, sum = 0;
    if (!strncmp(vxg_device_get_info(dev)->spec, "opencl", 6)) SKIP("the medians are compared");
    const int status = brain(&dwi, &mask, &g);
    if (status < 0) SKIP("no test data");
    CHECK(!status, "%s", vxg_error_message());
    CHECK_OK(vxg_dwi_mask(NULL, g, &dwi, NULL, &mask));
    CHECK_OK(vxg_array_read(NULL, &mask, marks));
    for (int64_t v = 0; v < VOXELS; v++) count += marks[v], sum += marks[v] ? v : 0;
    EXPECT(count == 132892, "%lld voxels", (long long)count);
    EXPECT(sum == 24992281493, "the numbers' sum is %lld", (long long)sum);
    vxg_array_release(&dwi), vxg_array_release(&mask);
    vxg_gradients_release(g);
}

/* ---- Parts ---- */
static void put_box(const int n[3], int i0, int i1, int j0, int j1, int k0, int k1, double value) {
    for (int k = k0; k < k1; k++)
        for (int j = j0; j < j1; j++)
            for (int i = i0; i < i1; i++) image[(k * n[1] + j) * n[0] + i] = value;
}
static void draw_want(int all) {
    for (int v = 0; v < all; v++) want[v] = image[v] > 0.5;
}
static int same(int all) {
    return !memcmp(got, want, (size_t)all * sizeof *got);
}
TEST(parts)
{
    static const int n[3] = {20, 9, 7};
    const int all = 20 * 9 * 7;
    vxg_mask_opts o = {.passes = -1};
    memset(image, 0, sizeof image);
    put_box(n, 2, 9, 1, 8, 1, 6, 1); /* with a hole ... */
    put_box(n, 4, 6, 3, 5, 3, 4, 0);
    put_box(n, 0, 9, 4, 5, 5, 6, 0);   /* ... a groove that is none, */
    put_box(n, 12, 16, 2, 6, 2, 5, 1); /* another part, which touches the first nowhere but ... */
    put_box(n, 9, 10, 8, 9, 6, 7, 1);  /* ... at an edge's end */
    draw_want(all);
    CHECK_OK(mask_of(VXG_REAL_F32, NULL, 1, n, &o));
    EXPECT(same(all), "the threshold alone");
    o.clean = VXG_MASK_ISLANDS;
    put_box(n, 12, 16, 2, 6, 2, 5, 0), put_box(n, 9, 10, 8, 9, 6, 7, 0);
    draw_want(all);
    put_box(n, 12, 16, 2, 6, 2, 5, 1), put_box(n, 9, 10, 8, 9, 6, 7, 1);
    CHECK_OK(mask_of(VXG_REAL_F32, NULL, 1, n, &o));
    EXPECT(same(all), "islands");
    o.clean = VXG_MASK_HOLES;
    draw_want(all);
    for (int k = 3; k < 4; k++)
        for (int j = 3; j < 5; j++)
            for (int i = 4; i < 6; i++) want[(k * n[1] + j) * n[0] + i] = 1;
    CHECK_OK(mask_of(VXG_REAL_F32, NULL, 1, n, &o));
    EXPECT(same(all), "holes");
}
TEST(dilated)
{
    static const int n[3] = {9, 9, 7};
    const int all = 9 * 9 * 7;
    vxg_mask_opts o = {.passes = -1, .dilate = 2};
    memset(image, 0, sizeof image);
    put_box(n, 4, 5, 4, 5, 3, 4, 1);
    CHECK_OK(mask_of(VXG_REAL_F32, NULL, 1, n, &o));
    for (int v = 0; v < all; v++) {
        const int i = v % 9, j = v / 9 % 9, k = v / 81;
        want[v] = abs(i - 4) + abs(j - 4) + abs(k - 3) <= 2;
    }
    EXPECT(same(all), "two layers");
}

/* ---- The unweighted volumes ---- */
TEST(unweighted)
{
    static const int n[3] = {8, 4, 2};
    const double b[2] = {0, 1000}, d[6] = {0, 0, 0, 0, 0, 1};
    const vxg_mask_opts o = {.passes = -1};
    vxg_gradients *g = NULL, *none = NULL;
    memset(image, 0, sizeof image);
    put_box(n, 0, 4, 0, 4, 0, 2, 1);
    draw_want(64);
    for (int v = 0; v < 64; v++) image[64 + v] = 100 - 100 * image[v]; /* says the opposite */
    CHECK_OK(vxg_gradients_new(2, b, d, NULL, &g));
    CHECK_OK(
        vxg_gradients_new(2, (double[2]){1000, 1000}, (double[6]){0, 0, 1, 0, 0, 1}, NULL, &none));
    CHECK_OK(mask_of(VXG_REAL_F32, g, 2, n, &o));
    EXPECT(same(64), "the weighted volume counts");
    EXPECT(mask_of(VXG_REAL_F32, none, 2, n, &o) == VXG_ERR_INPUT &&
               strstr(vxg_error_message(), "no unweighted volume"),
           "%s", vxg_error_message());
    image[3] = NAN;
    EXPECT(mask_of(VXG_REAL_F32, g, 2, n, &o) == VXG_ERR_INPUT &&
               strstr(vxg_error_message(), "1 voxels is NaN"),
           "%s", vxg_error_message());
    for (int v = 0; v < 64; v++) image[v] = 3;
    EXPECT(mask_of(VXG_REAL_F32, g, 2, n, NULL) == VXG_ERR_NUMERICAL, "%s", vxg_error_message());
    EXPECT(mask_of(VXG_REAL_F32, g, 1, n, &o) == VXG_ERR_ARGUMENT, "a table of another length");
    const vxg_mask_opts bad[] = {{.radius = 33}, {.passes = -2}, {.dilate = -1}, {.clean = 9}};
    for (int i = 0; i < 4; i++)
        EXPECT(mask_of(VXG_REAL_F32, g, 2, n, &bad[i]) == VXG_ERR_ARGUMENT, "options %d", i);
    vxg_gradients_release(g), vxg_gradients_release(none);
}

DEVICES_MAIN("dwi_mask", T(medians), T(medians_float64), T(dipy), T(parts), T(dilated),
             T(unweighted))
