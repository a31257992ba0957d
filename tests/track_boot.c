/* The bootstrap: directions of a million first steps against resampled signals that are fitted and
 * searched the long way, with dense matrices; signals without residuals have one way, that of
 * the highest peak; signals that are no finite numbers have none. */
#include "dwi_data.h"
#include "on_devices.h"
#include "track_keep.h"

enum { WEIGHTED = SMALL_N - 1, SIDE = 4, VOXELS = SIDE * SIDE * SIDE };
static double signals[SMALL_N * SMALL_VOXELS], voxel[SMALL_N], series[SMALL_N * VOXELS];
static vxg_gradients *g;

/* One voxel's signals all over a small image. */
static int image_of(const double *s, vxg_track_field *f) {
    static double map[VOXELS];
    const int64_t shape[4] = {SMALL_N, SIDE, SIDE, SIDE};
    vxg_array a = {0};
    *f = (vxg_track_field){.affine = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0}, .gradients = g};
    for (int i = 0; i < SMALL_N * VOXELS; i++) series[i] = s[i / VOXELS];
    for (int i = 0; i < VOXELS; i++) map[i] = 1;
    int status = dwi_array(dev, VXG_REAL_F32, SMALL_N, VOXELS, series, &a);
    f->values = a, f->values.ndim = 4;
    for (int64_t k = 3, step = 1; k >= 0; step *= shape[k--])
        f->values.shape[k] = shape[k], f->values.stride[k] = step;
    if (!status) status = dwi_array(dev, VXG_REAL_F32, 1, VOXELS, map, &a);
    f->map = a, f->map.ndim = 3;
    for (int64_t k = 2, step = 1; k >= 0; step *= SIDE, k--)
        f->map.shape[k] = SIDE, f->map.stride[k] = step;
    return status;
}

/* ---- The long way ---- */
static double hat[WEIGHTED * WEIGHTED], lcr[WEIGHTED * WEIGHTED];
static void dense_matrices(const vxg_odf_opts *o) {
    static double b[WEIGHTED * 28], gram[28 * 56];
    const int k = (int)vxg_sh_count(o->order), n = WEIGHTED;
    vxg_sh_matrix(o->basis, o->order, n, vxg_gradients_directions(g) + 3, b);
    for (int i = 0; i < k; i++)
        for (int j = 0; j < k; j++) {
            double s = 0;
            for (int p = 0; p < n; p++) s += b[p * k + i] * b[p * k + j];
            gram[i * 2 * k + j] = s, gram[i * 2 * k + k + j] = i == j;
        }
    for (int i = 0; i < k; i++) { /* Gauss and Jordan */
        const double pivot = gram[i * 2 * k + i];
        for (int j = 0; j < 2 * k; j++) gram[i * 2 * k + j] /= pivot;
        for (int r = 0; r < k; r++) {
            const double c = r == i ? 0 : gram[r * 2 * k + i];
            for (int j = 0; j < 2 * k; j++) gram[r * 2 * k + j] -= c * gram[i * 2 * k + j];
        }
    }
    for (int p = 0; p < n; p++)
        for (int q = 0; q < n; q++) {
            double s = 0;
            for (int i = 0; i < k; i++)
                for (int j = 0; j < k; j++)
                    s += b[p * k + i] * gram[i * 2 * k + k + j] * b[q * k + j];
            hat[p * n + q] = s;
        }
    for (int q = 0; q < n; q++) {
        double mean = 0;
        for (int p = 0; p < n; p++) {
            lcr[p * n + q] = ((p == q) - hat[p * n + q]) / sqrt(1 - hat[p * n + p]);
            mean += lcr[p * n + q] / n;
        }
        for (int p = 0; p < n; p++) lcr[p * n + q] -= mean;
    }
}

/* Which direction of the set each of n resampled signals leads to from d. */
static int long_way(const vxg_odf_opts *o, const vxg_peaks_opts *po, int64_t n, const double *d,
                    int64_t *count) {
    double *x = malloc((size_t)n * SMALL_N * 8), *numbers = malloc((size_t)n * 40), fit[WEIGHTED],
           rest[WEIGHTED];
    vxg_array dwi = {0}, sh = {0};
    vxg_peaks_maps maps = {0};
    vxg_sphere *sphere = NULL;
    int status = vxg_sphere_named(NULL, &sphere);
    for (int p = 0; p < WEIGHTED; p++) {
        fit[p] = rest[p] = 0;
        for (int q = 0; q < WEIGHTED; q++) {
            fit[p] += hat[p * WEIGHTED + q] * voxel[1 + q];
            rest[p] += lcr[p * WEIGHTED + q] * voxel[1 + q];
        }
    }
    uint64_t state = 88172645463325252u;
    for (int64_t v = 0; v < n; v++) {
        x[v] = voxel[0];
        for (int p = 0; p < WEIGHTED; p++) {
            state ^= state << 13, state ^= state >> 7, state ^= state << 17;
            x[(1 + p) * n + v] = fit[p] + rest[(state >> 11) % WEIGHTED];
        }
    }
    if (!status) status = dwi_array(dev, VXG_REAL_F32, SMALL_N, n, x, &dwi);
    if (!status) status = dwi_array(dev, VXG_REAL_F32, vxg_sh_count(o->order), n, NULL, &sh);
    if (!status) status = dwi_array(dev, VXG_REAL_F32, 5, n, NULL, &maps.numbers);
    if (!status) status = vxg_dwi_odf(NULL, g, &dwi, NULL, o, &sh);
    if (!status) status = vxg_dwi_peaks(NULL, &sh, NULL, sphere, po, &maps);
    if (!status) status = dwi_read(&maps.numbers, numbers);
    const double *s = vxg_sphere_directions(sphere);
    for (int64_t v = 0; v < n && !status; v++) {
        double best = -1;
        int which = -1;
        for (int p = 0; p < 5; p++) {
            const int i = (int)numbers[p * n + v];
            if (i < 0) continue;
            const double c = fabs(s[3 * i] * d[0] + s[3 * i + 1] * d[1] + s[3 * i + 2] * d[2]);
            if (c > best) best = c, which = i;
        }
        count[best >= cos(60 * M_PI / 180) ? which : 362]++;
    }
    vxg_array_release(&dwi), vxg_array_release(&sh), vxg_array_release(&maps.numbers);
    vxg_sphere_release(sphere);
    free(x), free(numbers);
    return status;
}

static void frequencies(vxg_odf_kind kind, int order) {
    const int whole = getenv("VXG_DEEP") && !SANITIZED;
    const int64_t other = whole ? 400000 : 50000;
    const int64_t n = strcmp(vxg_device_get_info(dev)->backend, "cpu") ? 10000
                      : whole                                          ? 1000000
                                                                       : 50000;
    const vxg_odf_opts o = {.kind = kind, .order = order, .min_signal = 1};
    const vxg_peaks_opts po = {.relative_threshold = 0.25, .min_separation = 45};
    const vxg_track_opts opts = {.getter = VXG_TRACK_BOOTSTRAP,
                                 .rules = VXG_TRACK_DIPY,
                                 .step = 0.25,
                                 .max_length = 0.25,
                                 .relative_peak_threshold = 0.25,
                                 .min_separation = 45,
                                 .seed = 5};
    int64_t drawn[363] = {0}, want[363] = {0};
    vxg_track_field f;
    vxg_sphere *sphere = NULL;
    if (small_load(signals, &g)) SKIP("no test data");
    for (int i = 0; i < SMALL_N; i++) voxel[i] = signals[i * SMALL_VOXELS + small_at(5, 5, 5)];
    dense_matrices(&o);
    CHECK_OK(vxg_sphere_named(NULL, &sphere));
    CHECK_OK(image_of(voxel, &f));
    f.model = &o;
    double *seeds = malloc((size_t)n * 24), d[3] = {0};
    for (int64_t i = 0; i < 3 * n; i++) seeds[i] = 1.5;
    keeper out = keeper_new();
    vxg_track_stats stats = {0};
    CHECK_OK(vxg_track_run(NULL, &f, n, seeds, &opts, &out.base, &stats));
    CHECK(out.lines == n, "%lld lines", (long long)out.lines);
    /* All leave along the first peak of the function of the signals themselves. */
    const double *s = vxg_sphere_directions(sphere);
    const int at = kind == VXG_ODF_OPDT && order == 4 ? 339 : 339;
    memcpy(d, s + 3 * at, 24);
    for (int64_t i = 0; i < n; i++) {
        /* The second half's points, the seed, the first half's; the first may have ended at the
         * seed. */
        const int64_t points = out.begin[i + 1] - out.begin[i];
        const double *p = out.p + 3 * (out.begin[i + 1] - 2);
        const int stayed = points < 2 || (p[3] == 1.5 && p[4] == 1.5 && p[5] == 1.5);
        double best = 0;
        int which = 362;
        for (int k = 0; k < 362 && !stayed; k++) {
            const double c = fabs((p[3] - p[0]) * s[3 * k] + (p[4] - p[1]) * s[3 * k + 1] +
                                  (p[5] - p[2]) * s[3 * k + 2]);
            if (c > best) best = c, which = k;
        }
        drawn[which]++;
    }
    CHECK_OK(long_way(&o, &po, other, d, want));
    double chi = 0;
    int cells = 0;
    for (int k = 0; k < 363; k++) { /* two samples of unlike sizes */
        const double a = (double)drawn[k], b = (double)want[k], r = sqrt((double)other / (double)n);
        if (a + b < 10) continue;
        chi += pow(a * r - b / r, 2) / (a + b), cells++;
    }
    const double k = cells - 1, z = (cbrt(chi / k) - (1 - 2 / (9 * k))) / sqrt(2 / (9 * k));
    EXPECT(cells > 10 && z < 3.09, "%d cells, chi squared %g (%g standard deviations)", cells, chi,
           z);
    free(seeds), keeper_free(&out);
    vxg_array_release(&f.values), vxg_array_release(&f.map);
    vxg_sphere_release(sphere), vxg_gradients_release(g);
}
TEST(opdt)
{ frequencies(VXG_ODF_OPDT, 4); }
TEST(csa)
{ frequencies(VXG_ODF_CSA, 4); }

/* Signals that are harmonics of the fit's order leave no residuals: every seed goes the same way.
 */
TEST(no_residuals)
{
    enum { SEEDS = 50 };
    const vxg_odf_opts o = {.kind = VXG_ODF_OPDT, .order = 4, .min_signal = 1};
    vxg_track_field f;
    double smooth[SMALL_N], seeds[3 * SEEDS];
    if (small_load(signals, &g)) SKIP("no test data");
    for (int i = 0; i < SMALL_N; i++) voxel[i] = signals[i * SMALL_VOXELS + small_at(5, 5, 5)];
    dense_matrices(&o);
    smooth[0] = voxel[0];
    for (int p = 0; p < WEIGHTED; p++) {
        smooth[1 + p] = 0;
        for (int q = 0; q < WEIGHTED; q++) smooth[1 + p] += hat[p * WEIGHTED + q] * voxel[1 + q];
    }
    CHECK_OK(image_of(smooth, &f));
    f.model = &o;
    for (int i = 0; i < 3 * SEEDS; i++) seeds[i] = 1.5;
    keeper out = keeper_new();
    const vxg_track_opts opts = {.getter = VXG_TRACK_BOOTSTRAP, .step = 0.25};
    CHECK_OK(vxg_track_run(NULL, &f, SEEDS, seeds, &opts, &out.base, NULL));
    CHECK(out.lines == SEEDS && out.begin[1] > 5, "%lld lines", (long long)out.lines);
    for (int i = 1; i < SEEDS; i++)
        CHECK(out.begin[i + 1] - out.begin[i] == out.begin[1] &&
                  !memcmp(out.p + 3 * out.begin[i], out.p, (size_t)out.begin[1] * 24),
              "line %d is another", i);
    keeper_free(&out);
    vxg_array_release(&f.values), vxg_array_release(&f.map), vxg_gradients_release(g);
}

/* A voxel with a signal that is no finite number has no direction: nothing begins beside it, and
 * what comes near it ends there. Returns how many points lie beside it and are no ends. */
static int spoilt(vxg_odf_kind kind, int volume, float with, int64_t *lines) {
    enum { SEEDS = 343, AT = 2 };
    const vxg_odf_opts o = {.kind = kind, .order = 4, .min_signal = 1};
    const vxg_track_opts opts = {.getter = VXG_TRACK_BOOTSTRAP, .step = 0.25};
    vxg_track_field f;
    vxg_array one = {0};
    double seeds[3 * SEEDS];
    float values[VOXELS];
    int beside = 0;
    keeper out = keeper_new();
    int status = image_of(voxel, &f);
    f.model = &o;
    if (!status) status = vxg_array_index(&f.values, volume, &one);
    if (!status) status = vxg_array_read(NULL, &one, values);
    values[AT + SIDE * (AT + SIDE * AT)] = with;
    if (!status) status = vxg_array_write(NULL, &one, values);
    for (int i = 0; i < SEEDS; i++)
        for (int k = 0, n = i; k < 3; k++, n /= 7) seeds[3 * i + k] = 0.1 + 0.45 * (n % 7);
    if (!status) status = vxg_track_run(NULL, &f, SEEDS, seeds, &opts, &out.base, NULL);
    EXPECT(!status, "%s", vxg_error_message());
    for (int64_t i = 0; i < out.lines; i++)
        for (int64_t p = out.begin[i] + 1; p < out.begin[i + 1] - 1; p++) {
            const double *x = out.p + 3 * p;
            beside += fabs(x[0] - AT) < 1 && fabs(x[1] - AT) < 1 && fabs(x[2] - AT) < 1;
        }
    *lines = out.lines;
    keeper_free(&out), vxg_array_release(&one);
    vxg_array_release(&f.values), vxg_array_release(&f.map);
    return beside;
}
TEST(no_finite_number)
{
    static const vxg_odf_kind kinds[] = {VXG_ODF_OPDT, VXG_ODF_CSA};
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    int64_t all, lines;
    if (small_load(signals, &g)) SKIP("no test data");
    for (int i = 0; i < SMALL_N; i++) voxel[i] = signals[i * SMALL_VOXELS + small_at(5, 5, 5)];
    for (int kind = 0; kind < 2; kind++) {
        int beside = spoilt(kinds[kind], 7, (float)voxel[7], &all);
        EXPECT(all == 343 && beside > 100, "%lld lines, %d points", (long long)all, beside);
        for (int k = 0; k < 3; k++)
            for (int volume = 0; volume < 8; volume += 7) { /* unweighted, weighted */
                beside = spoilt(kinds[kind], volume, bad[k], &lines);
                EXPECT(beside == 0 && lines > 100 && lines < all,
                       "kind %d, volume %d, %g: %lld lines, %d points", kind, volume, bad[k],
                       (long long)lines, beside);
            }
    }
    vxg_gradients_release(g);
}

/* A voxel for each of the set's directions, a fibre along it, no residuals: the first step of both
 * halves is along the highest of the function's peaks, whichever direction that is. */
TEST(every_direction)
{
    enum { COUNT = 362 };
    static double all[SMALL_N * COUNT], seeds[3 * COUNT], want[3 * COUNT];
    double b[SMALL_N] = {0}, d[3 * SMALL_N] = {0};
    for (int i = 1; i < SMALL_N; i++) {
        const double z = (i - 0.5) / WEIGHTED, q = sqrt(1 - z * z);
        b[i] = 2000, d[3 * i] = q * cos(2.399963 * i), d[3 * i + 1] = q * sin(2.399963 * i);
        d[3 * i + 2] = z;
    }
    vxg_sphere *sphere = NULL;
    vxg_array sh = {0};
    vxg_peaks_maps maps = {0};
    const vxg_odf_opts o = {.kind = VXG_ODF_OPDT, .order = 4};
    const vxg_peaks_opts po = {.peaks = 1};
    vxg_track_field f = {.affine = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0}, .model = &o};
    CHECK_OK(vxg_sphere_named(NULL, &sphere));
    CHECK_OK(vxg_gradients_new(SMALL_N, b, d, NULL, &g));
    dense_matrices(&o);
    for (int v = 0; v < COUNT; v++) {
        const double *e = vxg_sphere_directions(sphere) + 3 * v;
        for (int i = 1; i < SMALL_N; i++) {
            const double c = e[0] * d[3 * i] + e[1] * d[3 * i + 1] + e[2] * d[3 * i + 2];
            const double s = exp(-2 * (0.3 + 1.4 * c * c));
            for (int p = 0; p < WEIGHTED; p++)
                all[(1 + p) * COUNT + v] += 1000 * hat[p * WEIGHTED + i - 1] * s;
        }
        all[v] = 1000, seeds[3 * v] = v;
    }
    CHECK_OK(dwi_array(dev, VXG_REAL_F32, SMALL_N, COUNT, all, &f.values));
    CHECK_OK(dwi_array(dev, VXG_REAL_F32, 15, COUNT, NULL, &sh));
    CHECK_OK(dwi_array(dev, VXG_REAL_F32, 3, COUNT, NULL, &maps.directions));
    CHECK_OK(vxg_dwi_odf(NULL, g, &f.values, NULL, &o, &sh));
    CHECK_OK(vxg_dwi_peaks(NULL, &sh, NULL, sphere, &po, &maps));
    CHECK_OK(dwi_read(&maps.directions, want));
    const int64_t shape[4] = {SMALL_N, 1, 1, COUNT}, stride[4] = {COUNT, COUNT, COUNT, 1};
    f.values.ndim = 4, f.gradients = g;
    memcpy(f.values.shape, shape, sizeof shape), memcpy(f.values.stride, stride, sizeof stride);
    const vxg_track_opts opts = {
        .getter = VXG_TRACK_BOOTSTRAP, .step = 0.25, .max_length = 0.25, .max_angle = 5};
    keeper out = keeper_new();
    CHECK_OK(vxg_track_run(NULL, &f, COUNT, seeds, &opts, &out.base, NULL));
    CHECK(out.lines == COUNT && out.points == 3 * COUNT, "%lld lines, %lld points",
          (long long)out.lines, (long long)out.points);
    for (int v = 0; v < COUNT; v++)
        for (int k = 0; k < 3; k++)
            CHECK(fabs(out.p[9 * v + 6 + k] - out.p[9 * v + k] - 0.5 * want[k * COUNT + v]) < 1e-4,
                  "direction %d: %g along axis %d, %g expected", v,
                  out.p[9 * v + 6 + k] - out.p[9 * v + k], k, 0.5 * want[k * COUNT + v]);
    keeper_free(&out), vxg_sphere_release(sphere), vxg_gradients_release(g);
    vxg_array_release(&f.values), vxg_array_release(&sh), vxg_array_release(&maps.directions);
}

/* As many harmonics as directions leave nothing to draw from. */
TEST(nothing_to_draw)
{
    double b[16] = {0}, d[48] = {0}, seed[3] = {1, 1, 1};
    for (int i = 1; i < 16; i++) {
        const double z = (i - 0.5) / 15, q = sqrt(1 - z * z);
        b[i] = 1000, d[3 * i] = q * cos(2.399963 * i), d[3 * i + 1] = q * sin(2.399963 * i);
        d[3 * i + 2] = z;
    }
    vxg_gradients *few = NULL;
    const vxg_odf_opts o = {.kind = VXG_ODF_OPDT, .order = 4, .smooth = -1};
    vxg_track_field f = {.affine = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0}, .model = &o};
    CHECK_OK(vxg_gradients_new(16, b, d, NULL, &few));
    CHECK_OK(vxg_array_new(dev, VXG_F32, 4, (int64_t[]){16, 3, 3, 3}, &f.values));
    f.gradients = few;
    const vxg_track_opts opts = {.getter = VXG_TRACK_BOOTSTRAP};
    keeper out = keeper_new();
    EXPECT(vxg_track_run(NULL, &f, 1, seed, &opts, &out.base, NULL) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "residuals"),
           "%s", vxg_error_message());
    vxg_array_release(&f.values), vxg_gradients_release(few);
}

DEVICES_MAIN("track_boot", T(opdt), T(csa), T(no_residuals), T(every_direction),
             T(no_finite_number), T(nothing_to_draw))
