/* Dark/flat correction, minus log and the sorting ring filter. */
#include <voxgrad/voxgrad.h>
#include "test.h"
#include "ct_golden/ring_sort.h"

TEST(frame_mean)
{
    enum { N = 1500, F = 7 }; /* over one block of pixels */
    static float frames[F * N], mean[N];
    for (int f = 0; f < F; f++)
        for (int i = 0; i < N; i++) frames[f * N + i] = (float)(i * 3 + f * f);
    frames[2 * N + 5] = NAN;
    for (int f = 0; f < F; f++) frames[f * N + 6] = NAN;
    CHECK_OK(vxg_ct_frame_mean(frames, F, N, mean));
    for (int i = 0; i < N; i++) {
        if (i == 5 || i == 6) continue;
        float want = (float)(i * 3 + 13.0); /* mean of 0 1 4 9 16 25 36 */
        EXPECT(mean[i] == want, "pixel %d: %g, expected %g", i, (double)mean[i], (double)want);
    }
    EXPECT(mean[5] == (float)(15 + 87 / 6.0), "one NaN left out: %g", (double)mean[5]);
    EXPECT(isnan(mean[6]), "all NaN: %g", (double)mean[6]);
    EXPECT(vxg_ct_frame_mean(frames, 0, N, mean) == VXG_ERR_ARGUMENT, "no frames");
    EXPECT(vxg_ct_frame_mean(frames, F, 0, mean) == VXG_ERR_ARGUMENT, "no pixels");
    EXPECT(vxg_ct_frame_mean(NULL, F, N, mean) == VXG_ERR_ARGUMENT, "NULL");
}

TEST(frame_mean_large_counts)
{ /* a float sum would stop growing at 2^24 */
    static float frames[4096];
    for (int i = 0; i < 4096; i++) frames[i] = 65535;
    float mean;
    CHECK_OK(vxg_ct_frame_mean(frames, 4096, 1, &mean));
    CHECK(mean == 65535, "mean %.9g", (double)mean);
}

TEST(normalize_values)
{
    enum { V = 3, N = 4 };
    float flat[N] = {110, 210, 1010, 60}, dark[N] = {10, 10, 10, 10};
    float data[V * N], want[V * N];
    for (int v = 0; v < V; v++)
        for (int i = 0; i < N; i++) {
            data[v * N + i] = (float)(15 + 10 * v + i);
            want[v * N + i] = (float)-log((5.0 + 10 * v + i) / (flat[i] - 10.0));
        }
    vxg_ct_bad_counts counts = {.nonpositive = 1, .nonfinite = 2, .dead = 3};
    CHECK_OK(vxg_ct_normalize(data, V, N, flat, dark, 0, &counts));
    for (int i = 0; i < V * N; i++)
        EXPECT(data[i] == want[i], "%d: %.9g, expected %.9g", i, (double)data[i], (double)want[i]);
    CHECK(counts.nonpositive == 1 && counts.nonfinite == 2 && counts.dead == 3, "counts changed");
    data[0] = 50; /* no dark: zero */
    CHECK_OK(vxg_ct_normalize(data, 1, 1, flat, NULL, 0, NULL));
    CHECK(data[0] == (float)-log(50.0 / 110.0), "without dark: %.9g", (double)data[0]);
}

TEST(normalize_bad_pixels)
{
    enum { N = 9 };
    float flat[N] = {100, 100, 100, 100, 100, 10, 5, NAN, INFINITY};
    float dark[N] = {10, 10, 10, 10, 10, 10, 10, 10, 10};
    float first[N] = {10, 3, NAN, INFINITY, 55, 50, 50, 50, 50};
    float data[2 * N];
    memcpy(data, first, sizeof first);
    memcpy(data + N, first, sizeof first);
    vxg_ct_bad_counts c = {0};
    CHECK_OK(vxg_ct_normalize(data, 2, N, flat, dark, 1e-3, &c));
    float worst = (float)-log(1e-3);
    for (int v = 0; v < 2; v++) {
        const float *d = data + v * N;
        EXPECT(d[0] == worst && d[1] == worst, "zero and negative: %g %g", (double)d[0],
               (double)d[1]);
        EXPECT(d[2] == worst && d[3] == worst, "NaN and infinite: %g %g", (double)d[2],
               (double)d[3]);
        EXPECT(d[4] == (float)-log(0.5), "good: %g", (double)d[4]);
        for (int i = 5; i < N; i++) EXPECT(d[i] == 0, "dead pixel %d: %g", i, (double)d[i]);
    }
    CHECK(c.nonpositive == 4 && c.nonfinite == 4 && c.dead == 4, "counts %d %d %d",
          (int)c.nonpositive, (int)c.nonfinite, (int)c.dead);
    memcpy(data, first, sizeof first);
    CHECK_OK(vxg_ct_normalize(data, 1, N, flat, dark, 0, &c));
    CHECK(data[0] == (float)-log(1e-6) && c.nonpositive == 6 && c.dead == 8,
          "default floor, added");
}

TEST(normalize_errors)
{
    float flat[3] = {0, 0, 0}, dark[3] = {0, 1, NAN}, data[3] = {1, 2, 3};
    CHECK(vxg_ct_normalize(data, 1, 3, flat, dark, 0, NULL) == VXG_ERR_INPUT, "all-zero flat");
    CHECK(strstr(vxg_error_message(), "flat field is zero or below the dark everywhere"),
          "message: %s", vxg_error_message());
    CHECK(data[0] == 1 && data[1] == 2 && data[2] == 3, "data changed on failure");
    flat[0] = 9;
    EXPECT(vxg_ct_normalize(data, 0, 3, flat, NULL, 0, NULL) == VXG_ERR_ARGUMENT, "no views");
    EXPECT(vxg_ct_normalize(data, 1, 3, NULL, NULL, 0, NULL) == VXG_ERR_ARGUMENT, "no flat");
    EXPECT(vxg_ct_normalize(data, 1, 3, flat, NULL, -1, NULL) == VXG_ERR_ARGUMENT, "floor -1");
    EXPECT(vxg_ct_normalize(data, 1, 3, flat, NULL, NAN, NULL) == VXG_ERR_ARGUMENT, "floor NaN");
}

static float *read_npy(const char *name, int64_t shape[3]) {
    char path[1024], relative[256];
    float *data = NULL;
    int ndim = 0;
    int64_t all[6];
    snprintf(relative, sizeof relative, "ct_reference_tomopy/%s", name);
    if (!test_data(relative, path, sizeof path)) return NULL;
    if (vxg_npy_read(path, &data, &ndim, all) || ndim != 3) return NULL;
    memcpy(shape, all, 3 * sizeof *shape);
    return data;
}

/* TomoPy's normalize(tomo, flat, dark) before the logarithm. */
TEST(normalize_tomopy)
{
    int64_t s[3] = {0}, sf[3] = {0}, sd[3] = {0}, sn[3] = {0};
    float *tomo = read_npy("tomo.npy", s), *flats = read_npy("flat.npy", sf);
    float *darks = read_npy("dark.npy", sd), *want = read_npy("normalize.npy", sn);
    if (!tomo || !flats || !darks || !want)
        SKIP("ct_reference_tomopy is not in VXG_TEST_DATA, or unreadable");
    int64_t n = s[1] * s[2], lit = 0, shaded = 0, bad = 0;
    CHECK(sf[1] * sf[2] == n && sd[1] * sd[2] == n && sn[0] == s[0] && sn[1] * sn[2] == n,
          "shapes");
    float *flat = malloc((size_t)n * sizeof *flat), *dark = malloc((size_t)n * sizeof *dark);
    CHECK_OK(vxg_ct_frame_mean(flats, sf[0], n, flat));
    CHECK_OK(vxg_ct_frame_mean(darks, sd[0], n, dark));
    vxg_ct_bad_counts c = {0};
    CHECK_OK(vxg_ct_normalize(tomo, s[0], n, flat, dark, 0, &c));
    for (int64_t i = 0; i < s[0] * n; i++) {
        double t = exp(-(double)tomo[i]);
        if (want[i] > 0) {
            lit++;
            bad += fabs(t - (double)want[i]) > 2e-7 * fmax(1, fabs((double)want[i]));
        } else {
            shaded++;
            bad += fabs(t - 1e-6) > 1e-11;
        }
    }
    free(flat);
    free(dark);
    vxg_free(tomo);
    vxg_free(flats);
    vxg_free(darks);
    vxg_free(want);
    CHECK(bad == 0, "%d of %d transmissions differ", (int)bad, (int)(lit + shaded));
    CHECK(lit > 100 && c.nonpositive == shaded && c.nonfinite == 0 && c.dead == 0,
          "counts: %d lit, %d shaded, %d replaced", (int)lit, (int)shaded, (int)c.nonpositive);
}

TEST(ring_numpy)
{
    float data[RING_VIEWS * RING_COLUMNS];
    memcpy(data, ring_input, sizeof data);
    CHECK_OK(vxg_ct_ring_sort(data, RING_VIEWS, RING_COLUMNS, RING_SIZE));
    for (int i = 0; i < RING_VIEWS * RING_COLUMNS; i++)
        EXPECT(data[i] == ring_output[i], "view %d column %d: %g, expected %g", i / RING_COLUMNS,
               i % RING_COLUMNS, (double)data[i], (double)ring_output[i]);
}

/* The definition, slowly: rank by counting (earlier views first among equals), median by ranks. */
static int by_value(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}
static void slow_ring(const float *in, int nv, int nu, int size, float *out) {
    int *rank = malloc((size_t)(nv * nu) * sizeof *rank);
    float *sorted = malloc((size_t)(nv * nu) * sizeof *sorted);
    float window[99];
    for (int i = 0; i < nv * nu; i++) {
        int r = 0, u = i % nu, v = i / nu;
        for (int o = 0; o < nv; o++)
            r += in[o * nu + u] < in[i] || (in[o * nu + u] == in[i] && o < v);
        rank[i] = r, sorted[r * nu + u] = in[i];
    }
    for (int i = 0; i < nv * nu; i++) {
        for (int k = 0; k < size; k++) {
            int u = i % nu + k - size / 2;
            u = u < 0 ? -1 - u : u >= nu ? 2 * nu - 1 - u : u;
            window[k] = sorted[rank[i] * nu + u];
        }
        qsort(window, (size_t)size, sizeof *window, by_value);
        out[i] = window[size / 2];
    }
    free(rank);
    free(sorted);
}

TEST(ring_sizes)
{
    enum { MAX = 40 * 37 };
    static float in[MAX], got[MAX], want[MAX];
    static const int shape[][3] = {{1, 1, 1},  {40, 37, 1}, {40, 37, 3}, {33, 16, 9}, {40, 17, 31},
                                   {1, 20, 7}, {30, 3, 5},  {30, 1, 1},  {9, 18, 35}};
    uint32_t seed = 9;
    for (int t = 0; t < (int)(sizeof shape / sizeof *shape); t++) {
        int nv = shape[t][0], nu = shape[t][1];
        for (int i = 0; i < nv * nu; i++) {
            seed = seed * 1664525u + 1013904223u;
            int x = (int)(seed >> 24) % 23 - 11; /* both signs, many ties, zeros of both signs */
            in[i] = x == 0 && seed & 256 ? -0.0f : (float)x * 0.37f;
        }
        memcpy(got, in, sizeof got);
        CHECK_OK(vxg_ct_ring_sort(got, nv, nu, shape[t][2]));
        slow_ring(in, nv, nu, shape[t][2], want);
        for (int i = 0; i < nv * nu; i++)
            EXPECT(got[i] == want[i], "%dx%d size %d at %d: %g, expected %g", nv, nu, shape[t][2],
                   i, (double)got[i], (double)want[i]);
    }
}

TEST(ring_flat_unchanged)
{
    float data[12 * 9];
    for (int i = 0; i < 12 * 9; i++)
        data[i] = 0.25f * (float)(i / 9); /* depends on the view only */
    CHECK_OK(vxg_ct_ring_sort(data, 12, 9, 5));
    for (int i = 0; i < 12 * 9; i++)
        EXPECT(data[i] == 0.25f * (float)(i / 9), "%d: %g", i, (double)data[i]);
}

/* A smooth sinogram with three wrong columns: the offsets shrink to less than a twentieth, and the
 * rest moves by less than the filter's width times the slope across columns. */
TEST(ring_offsets_reduced)
{
    enum { V = 180, U = 96 };
    static float clean[V * U], data[V * U];
    for (int v = 0; v < V; v++)
        for (int u = 0; u < U; u++)
            clean[v * U + u] = (float)(1 + 0.3 * sin(v * 0.035 + u * 0.02) + 0.002 * u);
    memcpy(data, clean, sizeof data);
    const int wrong[3] = {20, 50, 51};
    const float offset[3] = {0.2f, -0.3f, 0.25f};
    for (int k = 0; k < 3; k++)
        for (int v = 0; v < V; v++) data[v * U + wrong[k]] += offset[k];
    CHECK_OK(vxg_ct_ring_sort(data, V, U, 9));
    for (int u = 5; u < U - 5; u++) {
        double mean = 0, before = 0;
        for (int v = 0; v < V; v++) mean += (double)(data[v * U + u] - clean[v * U + u]) / V;
        for (int k = 0; k < 3; k++) before = wrong[k] == u ? fabs((double)offset[k]) : before;
        EXPECT(fabs(mean) < (before > 0 ? before / 20 : 0.006), "column %d: offset %g (was %g)", u,
               mean, before);
    }
}

TEST(ring_errors)
{
    float data[6] = {1, 2, 3, 4, NAN, 6}, copy[6];
    memcpy(copy, data, sizeof copy);
    EXPECT(vxg_ct_ring_sort(data, 2, 3, 4) == VXG_ERR_ARGUMENT, "even size");
    EXPECT(vxg_ct_ring_sort(data, 2, 3, 0) == VXG_ERR_ARGUMENT, "size 0");
    EXPECT(vxg_ct_ring_sort(data, 2, 3, -3) == VXG_ERR_ARGUMENT, "size -3");
    EXPECT(vxg_ct_ring_sort(data, 2, 3, 7) == VXG_ERR_ARGUMENT, "wider than the mirrored row");
    EXPECT(vxg_ct_ring_sort(data, 0, 3, 3) == VXG_ERR_ARGUMENT, "no views");
    EXPECT(vxg_ct_ring_sort(NULL, 2, 3, 3) == VXG_ERR_ARGUMENT, "NULL");
    EXPECT(vxg_ct_ring_sort(data, 2, 3, 3) == VXG_ERR_INPUT, "NaN");
    EXPECT(strstr(vxg_error_message(), "view 1, column 1") != NULL, "message: %s",
           vxg_error_message());
    EXPECT(!memcmp(copy, data, sizeof copy), "data changed on failure");
    data[4] = 5;
    for (int64_t n = 0;; n++) {
        int64_t live = vxg_alloc_live();
        vxg_alloc_fail_at(n);
        int status = vxg_ct_ring_sort(data, 2, 3, 3);
        vxg_alloc_fail_at(-1);
        CHECK(vxg_alloc_live() == live, "leak when request %d fails", (int)n);
        if (status == VXG_OK) {
            CHECK(n > 0, "no allocation was made to fail");
            break;
        }
        CHECK(status == VXG_ERR_MEMORY, "request %d: status %d", (int)n, status);
    }
}

TEST_MAIN("ct_preprocess", T(frame_mean), T(frame_mean_large_counts), T(normalize_values),
          T(normalize_bad_pixels), T(normalize_errors), T(normalize_tomopy), T(ring_numpy),
          T(ring_sizes), T(ring_flat_unchanged), T(ring_offsets_reduced), T(ring_errors))
