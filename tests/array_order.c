/* Prefix sums, lists of marks and sorting on a device, against plain loops; sizes about the parts'
 * borders and over two levels of parts. */
#include <voxgrad/voxgrad.h>

#include "on_devices.h"

static const int64_t sizes[] = {1, 2, 63, 64, 65, 4095, 4096, 4097, 70000, 17000000};
enum { NSIZES = 10 };

static uint32_t *numbers(int64_t n, uint32_t seed, uint32_t mask) {
    uint32_t *x = malloc((size_t)(n + 1) * 4);
    for (int64_t i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        x[i] = (seed >> 7 ^ seed << 20) & mask;
    }
    return x;
}
static int on_device(int64_t n, const uint32_t *x, vxg_array *a) {
    const int status = vxg_array_new(dev, VXG_U32, 1, &n, a);
    return status || !x ? status : vxg_array_write(NULL, a, x);
}

TEST(scan)
{
    for (int k = 0; k < NSIZES; k++) {
        const int64_t n = sizes[k];
        uint32_t *x = numbers(n, 7, 0xffffff), *y = malloc((size_t)n * 4), sum = 0, total = 1;
        vxg_array a = {0}, b = {0}, t = {0};
        CHECK_OK(on_device(n, x, &a));
        CHECK_OK(on_device(n, NULL, &b));
        CHECK_OK(on_device(1, NULL, &t));
        CHECK_OK(vxg_array_scan(NULL, &a, NULL, &b, &t));
        CHECK_OK(vxg_array_read(NULL, &b, y));
        CHECK_OK(vxg_array_read(NULL, &t, &total));
        for (int64_t i = 0; i < n; sum += x[i++])
            CHECK(y[i] == sum, "%lld of %lld: %u, not %u", (long long)i, (long long)n, y[i], sum);
        CHECK(total == sum, "total %u, not %u", total, sum);
        CHECK_OK(vxg_array_scan(NULL, &a, NULL, &a, NULL));
        uint32_t *z = malloc((size_t)n * 4);
        CHECK_OK(vxg_array_read(NULL, &a, z));
        CHECK(!memcmp(y, z, (size_t)n * 4), "in place");
        vxg_array_release(&a), vxg_array_release(&b), vxg_array_release(&t);
        free(x), free(y), free(z);
    }
}

TEST(compact)
{
    for (int k = 0; k < NSIZES; k++) {
        const int64_t n = sizes[k];
        uint32_t *x = numbers(n, 11, 0x10000003), *y = malloc((size_t)n * 4), count = 9;
        vxg_array a = {0}, b = {0}, c = {0};
        int64_t want = 0;
        CHECK_OK(on_device(n, x, &a));
        CHECK_OK(on_device(n, NULL, &b));
        CHECK_OK(on_device(1, NULL, &c));
        CHECK_OK(vxg_array_compact(NULL, &a, NULL, &b, &c));
        CHECK_OK(vxg_array_read(NULL, &b, y));
        CHECK_OK(vxg_array_read(NULL, &c, &count));
        for (int64_t i = 0; i < n; i++)
            if (x[i]) CHECK(y[want++] == i, "%lld: %u", (long long)want, y[want - 1]);
        CHECK(count == want, "%u of %lld", count, (long long)want);
        vxg_array_release(&a), vxg_array_release(&b), vxg_array_release(&c);
        free(x), free(y);
    }
}

static uint32_t *sorted_keys;
static int by_key(const void *a, const void *b) {
    const uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
    if (sorted_keys[i] != sorted_keys[k]) return sorted_keys[i] < sorted_keys[k] ? -1 : 1;
    return i < k ? -1 : i > k;
}

/* Few different keys show whether equal ones keep their order. */
TEST(sort)
{
    static const int bits[] = {3, 8, 12, 21, 32};
    for (int k = 0; k < NSIZES - 1; k++)
        for (int w = 0; w < 5; w++) {
            const int64_t n = sizes[k];
            uint32_t *x = numbers(n, 5, bits[w] == 32 ? ~0u : (1u << bits[w]) - 1);
            uint32_t *order = malloc((size_t)n * 4), *got = malloc((size_t)n * 4);
            vxg_array a = {0}, b = {0};
            for (int64_t i = 0; i < n; i++) order[i] = (uint32_t)i;
            CHECK_OK(on_device(n, x, &a));
            CHECK_OK(on_device(n, order, &b));
            CHECK_OK(vxg_array_sort(NULL, bits[w], &a, &b, NULL));
            CHECK_OK(vxg_array_read(NULL, &b, got));
            sorted_keys = x;
            qsort(order, (size_t)n, 4, by_key);
            for (int64_t i = 0; i < n; i++)
                CHECK(got[i] == order[i], "%d bits, %lld of %lld: %u, not %u", bits[w],
                      (long long)i, (long long)n, got[i], order[i]);
            CHECK_OK(vxg_array_read(NULL, &a, got));
            for (int64_t i = 0; i < n; i++) CHECK(got[i] == x[order[i]], "key %lld", (long long)i);
            vxg_array_release(&a), vxg_array_release(&b);
            free(x), free(order), free(got);
        }
}

TEST(refusals)
{
    vxg_array a = {0}, b = {0}, f = {0}, one = {0}, none = {0};
    const int64_t n = 100;
    uint32_t total = 5;
    CHECK_OK(on_device(n, NULL, &a));
    CHECK_OK(on_device(n, NULL, &b));
    CHECK_OK(on_device(1, &total, &one));
    CHECK_OK(on_device(0, NULL, &none));
    CHECK_OK(vxg_array_new(dev, VXG_F32, 1, &n, &f));
    EXPECT(vxg_array_scan(NULL, &f, NULL, &b, NULL) == VXG_ERR_ARGUMENT, "float32");
    EXPECT(vxg_array_scan(NULL, &a, NULL, &one, NULL) == VXG_ERR_ARGUMENT, "short result");
    EXPECT(vxg_array_scan(NULL, &a, &b, &b, NULL) == VXG_ERR_ARGUMENT, "short scratch");
    EXPECT(vxg_array_sort(NULL, 0, &a, &b, NULL) == VXG_ERR_ARGUMENT, "no bits");
    EXPECT(vxg_array_sort(NULL, 33, &a, &b, NULL) == VXG_ERR_ARGUMENT, "33 bits");
    EXPECT(vxg_array_sort(NULL, 8, &a, &a, NULL) == VXG_ERR_ARGUMENT, "keys that are values");
    EXPECT(vxg_array_compact(NULL, &a, NULL, &a, &one) == VXG_ERR_ARGUMENT, "a list in the marks");
    EXPECT(vxg_array_compact(NULL, &a, NULL, &b, NULL) == VXG_ERR_ARGUMENT, "no count");
    EXPECT(vxg_array_scan(NULL, &none, NULL, &none, &one) == VXG_OK, "%s", vxg_error_message());
    CHECK_OK(vxg_array_read(NULL, &one, &total));
    EXPECT(total == 0, "nothing sums to %u", total);
    vxg_array_release(&a), vxg_array_release(&b), vxg_array_release(&f), vxg_array_release(&one);
    vxg_array_release(&none);
}

DEVICES_MAIN("array_order", T(scan), T(compact), T(sort), T(refusals))
