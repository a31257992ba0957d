/* Regions, seeds from masks, the angular weight, half precision, and that looking at the cone alone
 * changes nothing. */
#include "dwi_data.h"
#include "on_devices.h"
#include "track_keep.h"

enum { NX = 30, NY = 12, NZ = 10, VOXELS = NX * NY * NZ, MOST = 362 };
static float samples[MOST * VOXELS];
static uint32_t regions[VOXELS];
static float map[VOXELS];

static vxg_array image(int ndim, int64_t rows, vxg_dtype dtype, const void *from) {
    const int64_t shape[4] = {rows, NZ, NY, NX};
    vxg_array a = {0};
    EXPECT(!vxg_array_new(dev, dtype, ndim, shape + 4 - ndim, &a) &&
               !vxg_array_write(NULL, &a, from),
           "%s", vxg_error_message());
    return a;
}
/* Samples of a narrow lobe along x everywhere. */
static vxg_track_field along_x(const vxg_sphere *s) {
    const double *d = vxg_sphere_directions(s);
    for (int64_t a = 0; a < vxg_sphere_count(s); a++)
        for (int v = 0; v < VOXELS; v++) samples[a * VOXELS + v] = (float)pow(d[3 * a], 40);
    return (vxg_track_field){.samples = 1,
                             .sphere = s,
                             .values = image(4, vxg_sphere_count(s), VXG_F32, samples),
                             .affine = {2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0}};
}
static void mark(int i0, int i1, uint32_t bits) {
    for (int v = 0; v < VOXELS; v++)
        if (v % NX >= i0 && v % NX < i1) regions[v] |= bits;
}
static void track(const vxg_track_field *f, int64_t n, const double *seeds, vxg_track_opts o,
                  keeper *out, vxg_track_stats *stats) {
    *out = keeper_new();
    EXPECT(!vxg_track_run(NULL, f, n, seeds, &o, &out->base, stats), "%s", vxg_error_message());
}

/* A row of voxels along x: streamlines end before a stop, are left out by an excluded or a missing
 * region, and go on where there is no map. */
TEST(regions)
{
    vxg_sphere *s = NULL;
    CHECK_OK(vxg_sphere_named(NULL, &s));
    vxg_track_field f = along_x(s);
    const double seeds[6] = {20, 10, 9, 44, 12, 8};
    const vxg_track_opts o = {.getter = VXG_TRACK_DETERMINISTIC, .step = 1};
    vxg_track_stats stats = {0};
    keeper out;
    memset(regions, 0, sizeof regions);
    mark(4, 5, VXG_TRACK_STOP), mark(28, 30, VXG_TRACK_STOP);
    f.regions = image(3, 1, VXG_U32, regions);
    track(&f, 2, seeds, o, &out, &stats);
    CHECK(out.lines == 2 && stats.ended[5] == 4, "%lld lines, %lld ends in regions",
          (long long)out.lines, (long long)stats.ended[5]);
    for (int64_t i = 0; i < out.points; i++)
        EXPECT(out.p[3 * i] >= 9 - 1e-3 && out.p[3 * i] < 55 + 1e-3, "a point at %g mm",
               out.p[3 * i]);
    double low = 99, high = 0;
    for (int64_t i = 0; i < out.points; i++)
        low = fmin(low, out.p[3 * i]), high = fmax(high, out.p[3 * i]);
    EXPECT(low < 10.1 && high > 53.9, "from %g to %g mm", low, high);
    keeper_free(&out);
    /* Include regions 0 and 1 on either side, of which the second begins behind the stop. */
    mark(6, 7, VXG_TRACK_INCLUDE(0)), mark(25, 26, VXG_TRACK_INCLUDE(1));
    f.nregions = 2;
    CHECK_OK(vxg_array_write(NULL, &f.regions, regions));
    track(&f, 2, seeds, o, &out, &stats);
    EXPECT(out.lines == 2 && stats.region_ones == 0, "%lld lines", (long long)out.lines);
    keeper_free(&out);
    mark(22, 23, VXG_TRACK_STOP); /* cuts the way between */
    CHECK_OK(vxg_array_write(NULL, &f.regions, regions));
    track(&f, 2, seeds, o, &out, &stats);
    EXPECT(out.lines == 0 && stats.region_ones == 1 && stats.streamlines == 0,
           "%lld lines, %lld left out (the other seed lies in a stop)", (long long)out.lines,
           (long long)stats.region_ones);
    keeper_free(&out);
    f.nregions = 0;
    memset(regions, 0, sizeof regions);
    for (int v = 0; v < VOXELS; v++)
        if (v % NX == 17 && v / NX % NY == 5) regions[v] = VXG_TRACK_EXCLUDE;
    CHECK_OK(vxg_array_write(NULL, &f.regions, regions));
    track(&f, 2, seeds, o, &out, &stats);
    EXPECT(out.lines == 1 && stats.region_ones == 1 && out.p[1] > 11, "%lld lines, y %g",
           (long long)out.lines, out.p ? out.p[1] : 0);
    keeper_free(&out);
    f.nregions = 17;
    out = keeper_new();
    EXPECT(vxg_track_run(NULL, &f, 2, seeds, &o, &out.base, NULL) == VXG_ERR_ARGUMENT,
           "17 regions");
    vxg_array_release(&f.values), vxg_array_release(&f.regions), vxg_sphere_release(s);
}

/* A map and regions at once: each where it stands. */
TEST(map_and_regions)
{
    vxg_sphere *s = NULL;
    CHECK_OK(vxg_sphere_named(NULL, &s));
    vxg_track_field f = along_x(s);
    const double seed[3] = {30, 10, 9};
    const vxg_track_opts o = {.getter = VXG_TRACK_DETERMINISTIC, .step = 1, .threshold = 0.5};
    vxg_track_stats stats = {0};
    keeper out;
    memset(regions, 0, sizeof regions);
    mark(25, 26, VXG_TRACK_STOP);
    for (int v = 0; v < VOXELS; v++) map[v] = v % NX >= 6;
    f.regions = image(3, 1, VXG_U32, regions), f.map = image(3, 1, VXG_F32, map);
    track(&f, 1, seed, o, &out, &stats);
    EXPECT(out.lines == 1 && stats.ended[2] == 1 && stats.ended[5] == 1, "%lld and %lld",
           (long long)stats.ended[2], (long long)stats.ended[5]);
    double low = 99, high = 0;
    for (int64_t i = 0; i < out.points; i++)
        low = fmin(low, out.p[3 * i]), high = fmax(high, out.p[3 * i]);
    /* The map is 0.5 halfway between the centres of voxels 5 and 6 (11 mm); the stop begins at 49.
     */
    EXPECT(low > 11 && low <= 12.01 && high < 49 && high >= 47.99, "from %g to %g mm", low, high);
    keeper_free(&out);
    vxg_array_release(&f.values), vxg_array_release(&f.regions), vxg_array_release(&f.map);
    vxg_sphere_release(s);
}

/* What the kernel draws from by looking at blocks in the cone, worked out here from all directions:
 * counts of one step in a field with a broad lobe beside the cone, which sets the threshold. */
static void frequencies_of(vxg_track_opts o, int harmonics, const char *name) {
    enum { DRAWS = 30000, TERMS = 45 };
    static double values[MOST], coefficient[TERMS];
    static int64_t seen[MOST];
    static double at[3 * DRAWS];
    vxg_sphere *s = NULL;
    CHECK_OK(vxg_sphere_named(NULL, &s));
    const double *d = vxg_sphere_directions(s);
    const int64_t n = vxg_sphere_count(s);
    double *row = calloc((size_t)n * TERMS, 8);
    CHECK_OK(vxg_sh_matrix(VXG_SH_TOURNIER07, 8, n, d, row));
    double high = 0, total = 0, chi = 0;
    if (o.max_angle == 0) o.max_angle = 25;
    int degrees = -1, top = 0;
    for (int k = 0; k < TERMS; k++) coefficient[k] = cos(1.3 * k) * exp(-0.03 * k) + 2 * !k;
    for (int64_t a = 0; a < n; a++) {
        values[a] = 0;
        for (int k = 0; k < TERMS; k++) values[a] += row[a * TERMS + k] * coefficient[k];
        if (values[a] > high) high = values[a], top = (int)a;
    }
    /* The seed's peak is the highest direction; the first step's cone lies about it. The next one's
     * weights follow from that step's direction: only steps without a weight are looked at here. */
    for (int64_t a = 0; a < n; a++)
        for (int v = 0; v < VOXELS; v++) samples[a * VOXELS + v] = (float)values[a];
    if (harmonics)
        for (int k = 0; k < TERMS; k++)
            for (int v = 0; v < VOXELS; v++) samples[k * VOXELS + v] = (float)coefficient[k];
    vxg_track_field f = {.samples = !harmonics,
                         .sphere = s,
                         .values = image(4, harmonics ? TERMS : n, VXG_F32, samples),
                         .affine = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0}};
    for (int i = 0; i < DRAWS; i++) at[3 * i] = 14.3, at[3 * i + 1] = 5.6, at[3 * i + 2] = 4.4;
    o.step = 0.5, o.max_length = 0.5, o.seed = 3;
    keeper out;
    track(&f, DRAWS, at, o, &out, NULL);
    memset(seen, 0, sizeof seen);
    for (int64_t l = 0; l < out.lines; l++) {
        const double *p = out.p + 3 * out.begin[l];
        for (int half = 0; half < 2; half++) {
            int best = 0;
            double most = -1;
            for (int64_t a = 0; a < n; a++) {
                double c = 0;
                for (int k = 0; k < 3; k++) c += d[3 * a + k] * (p[6 * half + k] - p[3 + k]) / 0.5;
                if (fabs(c) > most) most = fabs(c), best = (int)a;
            }
            EXPECT(most > 0.9999, "%s: a step along no direction (%g)", name, most);
            seen[best]++;
        }
    }
    for (int64_t a = 0; a < n; a++) {
        const double c = fabs(d[3 * a] * d[3 * top] + d[3 * a + 1] * d[3 * top + 1] +
                              d[3 * a + 2] * d[3 * top + 2]);
        if (c < cos(o.max_angle * M_PI / 180) || values[a] < o.pmf_threshold * high) values[a] = 0;
        total += values[a];
    }
    for (int64_t a = 0; a < n; a++) {
        const double expected = values[a] / total * 2 * DRAWS;
        EXPECT(values[a] > 0 || !seen[a], "%s: direction %d drawn %lld times", name, (int)a,
               (long long)seen[a]);
        if (expected > 5) chi += pow((double)seen[a] - expected, 2) / expected, degrees++;
    }
    /* p > 0.001 by Wilson and Hilferty's approximation. */
    const double bound = degrees * pow(1 - 2. / (9 * degrees) + 3.09 * sqrt(2. / (9 * degrees)), 3);
    printf("%s: chi squared %.1f of %d, at most %.1f\n", name, chi, degrees, bound);
    EXPECT(degrees > 5 && chi < bound, "%s: chi squared %.1f of %d", name, chi, degrees);
    keeper_free(&out), free(row), vxg_array_release(&f.values), vxg_sphere_release(s);
}
TEST(cone)
{
    frequencies_of((vxg_track_opts){.pmf_threshold = 0.5}, 0, "samples");
    frequencies_of((vxg_track_opts){.pmf_threshold = 0.6}, 1, "harmonics");
    frequencies_of((vxg_track_opts){.pmf_threshold = 0.55, .half = 1}, 0, "halves");
    frequencies_of((vxg_track_opts){.pmf_threshold = 0.5, .half = 1}, 1, "harmonics in halves");
    frequencies_of((vxg_track_opts){.pmf_threshold = 0.3, .max_angle = 120}, 0, "all directions");
}

/* In a fan that is even within the cone a weight of 1 draws steps straighter. */
TEST(angular_weight)
{
    vxg_sphere *s = NULL;
    CHECK_OK(vxg_sphere_named(NULL, &s));
    const int64_t n = vxg_sphere_count(s);
    double turn[2] = {0}, seeds[3 * 200];
    for (int64_t i = 0; i < n * VOXELS; i++) samples[i] = 1;
    vxg_track_field f = {.samples = 1,
                         .sphere = s,
                         .values = image(4, n, VXG_F32, samples),
                         .affine = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0}};
    for (int i = 0; i < 600; i++) seeds[i] = i % 3 ? 5 : 15;
    for (int w = 0; w < 2; w++) {
        const vxg_track_opts o = {
            .step = 0.2, .max_length = 2, .max_angle = 80, .angular_weight = w, .peaks = 1};
        keeper out;
        int64_t turns = 0;
        /* All values are equal: the seed has no peak of its own, but one of the maxima is taken. */
        for (int64_t i = 0; i < VOXELS; i++) samples[17 * VOXELS + i] = 1.01f;
        CHECK_OK(vxg_array_write(NULL, &f.values, samples));
        track(&f, 200, seeds, o, &out, NULL);
        for (int64_t l = 0; l < out.lines; l++)
            for (int64_t i = out.begin[l]; i + 2 < out.begin[l + 1]; i++) {
                double c = 0;
                for (int k = 0; k < 3; k++)
                    c += (out.p[3 * i + 3 + k] - out.p[3 * i + k]) *
                         (out.p[3 * i + 6 + k] - out.p[3 * i + 3 + k]) / 0.04;
                turn[w] += c, turns++;
            }
        CHECK(turns > 1000, "%lld turns", (long long)turns);
        turn[w] /= (double)turns;
        keeper_free(&out);
    }
    /* Mean cosine within 80 degrees: evenly (1 + cos 80) / 2 = 0.587; weighed by it
     * 2 / 3 (1 - cos^3) / (1 - cos^2) = 0.684. */
    EXPECT(fabs(turn[0] - 0.587) < 0.02 && fabs(turn[1] - 0.684) < 0.02, "cosines %.3f and %.3f",
           turn[0], turn[1]);
    vxg_array_release(&f.values), vxg_sphere_release(s);
}

/* Half precision gives nearly the streamlines of float32. */
TEST(halves)
{
    vxg_sphere *s = NULL;
    CHECK_OK(vxg_sphere_named(NULL, &s));
    vxg_track_field f = along_x(s);
    const double seed[3] = {20, 10, 9};
    vxg_track_opts o = {.getter = VXG_TRACK_DETERMINISTIC, .step = 1};
    keeper a, b;
    track(&f, 1, seed, o, &a, NULL);
    o.half = 1;
    track(&f, 1, seed, o, &b, NULL);
    CHECK(a.points == b.points && a.points > 20, "%lld and %lld points", (long long)a.points,
          (long long)b.points);
    for (int64_t i = 0; i < 3 * a.points; i++)
        EXPECT(fabs(a.p[i] - b.p[i]) < 1e-5, "number %lld", (long long)i);
    keeper_free(&a), keeper_free(&b);
    /* Whatever the numbers' size; but not what is no number. */
    for (int64_t i = 0; i < vxg_sphere_count(s) * VOXELS; i++) samples[i] *= 1e-12f;
    CHECK_OK(vxg_array_write(NULL, &f.values, samples));
    o.half = 0;
    track(&f, 1, seed, o, &a, NULL);
    o.half = 1;
    track(&f, 1, seed, o, &b, NULL);
    EXPECT(a.points == b.points && a.points > 20 && !memcmp(a.p, b.p, (size_t)a.points * 24),
           "small numbers: %lld and %lld points", (long long)a.points, (long long)b.points);
    keeper_free(&a), keeper_free(&b);
    samples[5] = NAN;
    CHECK_OK(vxg_array_write(NULL, &f.values, samples));
    a = keeper_new();
    EXPECT(vxg_track_run(NULL, &f, 1, seed, &o, &a.base, NULL) == VXG_ERR_ARGUMENT, "NaN");
    o.getter = VXG_TRACK_BOOTSTRAP;
    a = keeper_new();
    EXPECT(vxg_track_run(NULL, &f, 1, seed, &o, &a.base, NULL) == VXG_ERR_ARGUMENT,
           "half precision of a series");
    vxg_array_release(&f.values), vxg_sphere_release(s);
}

/* Seeds lie in the mask, each voxel has its share, parts are the whole's, grids are even. */
TEST(seeds)
{
    static uint8_t mask[VOXELS];
    static double all[3 * 30000], part[3 * 30000];
    const double affine[12] = {0, -2, 0, 5, 3, 0, 0, -7, 0, 0, 1.5, 2};
    const int64_t n[3] = {NX, NY, NZ};
    int64_t count = 0, got = 0, inside = 0;
    memset(mask, 0, sizeof mask);
    for (int v = 0; v < VOXELS; v++) inside += mask[v] = v % 7 == 0 && v / NX % NY > 2;
    const vxg_seeds_opts each = {.kind = VXG_SEEDS_PER_VOXEL, .number = 3, .seed = 8};
    CHECK_OK(vxg_track_seeds_count(n, mask, &each, &count));
    CHECK(count == 3 * inside, "%lld seeds of %lld voxels", (long long)count, (long long)inside);
    CHECK_OK(vxg_track_seeds(n, mask, affine, &each, 30000, all, &got));
    CHECK(got == count, "%lld", (long long)got);
    for (int64_t i = 0, v = -1; i < got; i++) {
        if (i % 3 == 0)
            while (!mask[++v]) continue;
        const double p[3] = {(all[3 * i + 1] + 7) / 3, (5 - all[3 * i]) / 2,
                             (all[3 * i + 2] - 2) / 1.5};
        const int64_t at[3] = {v % NX, v / NX % NY, v / NX / NY};
        for (int k = 0; k < 3; k++)
            CHECK(fabs(p[k] - (double)at[k]) <= 0.5 + 1e-9,
                  "seed %lld: %g along axis %d of voxel %lld", (long long)i, p[k], k,
                  (long long)at[k]);
    }
    vxg_seeds_opts random = {.number = 20000, .seed = 2};
    CHECK_OK(vxg_track_seeds(n, mask, affine, &random, 30000, all, &got));
    CHECK(got == 20000, "%lld", (long long)got);
    random.first = 7001;
    CHECK_OK(vxg_track_seeds(n, mask, affine, &random, 500, part, &got));
    CHECK(got == 500 && !memcmp(part, all + 3 * 7001, 500 * 24), "a part of the seeds");
    static int hits[VOXELS];
    memset(hits, 0, sizeof hits);
    double mean[3] = {0}, chi = 0;
    for (int64_t i = 0; i < 20000; i++) {
        const double p[3] = {(all[3 * i + 1] + 7) / 3, (5 - all[3 * i]) / 2,
                             (all[3 * i + 2] - 2) / 1.5};
        const int at[3] = {(int)floor(p[0] + 0.5), (int)floor(p[1] + 0.5), (int)floor(p[2] + 0.5)};
        const int v = (at[2] * NY + at[1]) * NX + at[0];
        CHECK(v >= 0 && v < VOXELS && mask[v], "seed %lld is not in the mask", (long long)i);
        hits[v]++;
        for (int k = 0; k < 3; k++) mean[k] += (p[k] - at[k]) / 20000;
    }
    for (int v = 0; v < VOXELS; v++)
        if (mask[v]) chi += pow(hits[v] - 20000. / (double)inside, 2) / (20000. / (double)inside);
    EXPECT(fabs(chi - (double)inside) < 4 * sqrt(2 * (double)inside), "chi squared %.1f of %lld",
           chi, (long long)inside - 1);
    EXPECT(fabs(mean[0]) + fabs(mean[1]) + fabs(mean[2]) < 0.02, "off by %g %g %g", mean[0],
           mean[1], mean[2]);
    const vxg_seeds_opts grid = {.kind = VXG_SEEDS_GRID, .number = 3};
    memset(mask, 0, sizeof mask), mask[(4 * NY + 5) * NX + 6] = 1;
    CHECK_OK(vxg_track_seeds(n, mask, affine, &grid, 100, all, &got));
    CHECK(got == 27, "%lld", (long long)got);
    for (int64_t i = 0; i < 27; i++) {
        const double p[3] = {(all[3 * i + 1] + 7) / 3 - 6, (5 - all[3 * i]) / 2 - 5,
                             (all[3 * i + 2] - 2) / 1.5 - 4};
        for (int64_t k = 0, rest = i; k < 3; k++, rest /= 3)
            EXPECT(fabs(p[k] - (double)(rest % 3 - 1) / 3) < 1e-12, "grid seed %lld: %g",
                   (long long)i, p[k]);
    }
    memset(mask, 0, sizeof mask);
    EXPECT(vxg_track_seeds(n, mask, affine, &grid, 100, all, &got) == VXG_ERR_INPUT,
           "an empty mask");
    const vxg_seeds_opts wrong[] = {{.kind = (vxg_seeds_kind)3},
                                    {.number = -1},
                                    {.first = -1},
                                    {.kind = VXG_SEEDS_GRID, .number = 1001}};
    mask[5] = 1;
    for (int i = 0; i < 4; i++)
        EXPECT(vxg_track_seeds(n, mask, affine, &wrong[i], 100, all, &got) == VXG_ERR_ARGUMENT,
               "%d", i);
}

DEVICES_MAIN("track_regions", T(regions), T(map_and_regions), T(cone), T(angular_weight), T(halves),
             T(seeds))
