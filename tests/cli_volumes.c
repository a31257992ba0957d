/* What the command writes, read back: formats agree bit for bit, parts equal the whole, options
 * act, values and positions are those of the simulated object. */
#include <sys/stat.h>

#include "command.h"

#define TOOTH VXG_SOURCE_DIR "/data/ct_parallel_tooth/tooth.h5"
#define GRAIN VXG_SOURCE_DIR "/data/ct_parallel_24737/24737_nxtomo.h5"

static int64_t count(const volume *a) {
    return a->shape[0] * a->shape[1] * a->shape[2];
}

static int same(const volume *a, const volume *b) {
    return a->v && b->v && !memcmp(a->shape, b->shape, sizeof a->shape) &&
           !memcmp(a->v, b->v, (size_t)count(a) * sizeof *a->v);
}

static double largest(const volume *a) {
    double m = 0;
    for (int64_t i = 0; i < count(a); i++) m = fmax(m, fabs((double)a->v[i]));
    return m;
}

static double difference(const volume *a, const volume *b) {
    double m = 0;
    for (int64_t i = 0; i < count(a); i++) m = fmax(m, fabs((double)a->v[i] - (double)b->v[i]));
    return m;
}

TEST(formats_hold_the_same_bits)
{
    static const char *const files[] = {"npy/recon.npy", "h5/recon.h5", "stack/recon.tiff"};
    volume a, b;
    RUN("recon %s -o %s/npy -c 85.8 --save-format npy", GRAIN, work);
    RUN("recon %s -o %s/h5 -c 85.8 --save-format h5", GRAIN, work);
    RUN("recon %s -o %s/stack -c 85.8 --save-format tiff-stack", GRAIN, work);
    RUN("recon %s -o %s/tiff -c 85.8", GRAIN, work);
    LOAD(&a, "%s", files[0]);
    CHECK(a.shape[0] == 135 && a.shape[1] == 160 && a.shape[2] == 160, "shape %lld x %lld x %lld",
          (long long)a.shape[0], (long long)a.shape[1], (long long)a.shape[2]);
    CHECK(largest(&a) > 0.01, "an empty volume");
    for (int i = 1; i < 3; i++) {
        LOAD(&b, "%s", files[i]);
        CHECK(same(&a, &b), "%s differs from NPY", files[i]);
        vxg_free(b.v);
    }
    for (int z = 0; z < 135; z += 67) {
        LOAD(&b, "tiff/recon_%05d.tiff", z);
        CHECK(!memcmp(b.v, a.v + z * 160 * 160, 160 * 160 * sizeof *b.v), "slice %d differs", z);
        vxg_free(b.v);
    }
    vxg_free(a.v);
}

#define GRAIN_RECON "recon %s -o %s/way -c 85.8 --save-format npy --ring 5 --force "

/* The least limit, in MB, that is not refused: it depends on what the drivers found here take. */
static int least_limit(void) {
    int limit = 8;
    while (limit < 1024 &&
           voxgrad(GRAIN_RECON "--max-memory %d", GRAIN, work, limit) == 5 << 8 /* as wait() */)
        limit += 3;
    return limit + 2; /* which varies a little from run to run */
}

TEST(memory_and_threads_change_no_bit)
{
    const int least = least_limit();
    const int limits[] = {1024, 1024, least, least + 4}, threads[] = {1, 7, 2, 3};
    volume a, b;
    RUN("recon %s -o %s/ref -c 85.8 --save-format npy --ring 5 --force", GRAIN, work);
    LOAD(&a, "ref/recon.npy");
    for (int i = 0; i < 4; i++) {
        RUN(GRAIN_RECON "--max-memory %d --threads %d", GRAIN, work, limits[i], threads[i]);
        LOAD(&b, "way/recon.npy");
        CHECK(same(&a, &b), "%d MB and %d threads change the result", limits[i], threads[i]);
        vxg_free(b.v);
    }
    vxg_free(a.v);
}

TEST(parts_equal_the_whole)
{
    volume a, b;
    RUN("recon %s -o %s/whole -c 85.8 --save-format npy --force", GRAIN, work);
    RUN("recon %s -o %s/part -c 85.8 --save-format npy --rows 60:63", GRAIN, work);
    RUN("recon %s -o %s/part -c 85.8 --save-format npy --type slice --nsino 61", GRAIN, work);
    RUN("recon %s -o %s/part --save-format npy --type try --nsino 61 --center-range "
        "85.8:85.9:0.05",
        GRAIN, work);
    LOAD(&a, "whole/recon.npy");
    LOAD(&b, "part/recon.npy");
    CHECK(b.shape[0] == 3, "%lld slices", (long long)b.shape[0]);
    CHECK(!memcmp(b.v, a.v + 60 * 160 * 160, (size_t)count(&b) * sizeof *b.v), "--rows differs");
    vxg_free(b.v);
    LOAD(&b, "part/slice_00061.npy");
    CHECK(!memcmp(b.v, a.v + 61 * 160 * 160, (size_t)count(&b) * sizeof *b.v), "slice differs");
    vxg_free(b.v);
    LOAD(&b, "part/try_85.80.npy");
    CHECK(!memcmp(b.v, a.v + 61 * 160 * 160, (size_t)count(&b) * sizeof *b.v),
          "the try labelled 85.80 is not the slice at centre 85.8");
    vxg_free(b.v);
    LOAD(&b, "part/try_85.85.npy");
    CHECK(memcmp(b.v, a.v + 61 * 160 * 160, (size_t)count(&b) * sizeof *b.v) != 0,
          "another centre gives the same slice");
    vxg_free(b.v);
    vxg_free(a.v);
}

/* Leaving out columns moves the axis with them: the same object from fewer columns. */
TEST(columns_keep_the_axis)
{
    volume a, b;
    RUN("recon %s -o %s/all -c 295.7 --save-format npy --rows 0 --force", TOOTH, work);
    RUN("recon %s -o %s/cut -c 295.7 --save-format npy --rows 0 --columns 100:500", TOOTH, work);
    LOAD(&a, "all/recon.npy");
    LOAD(&b, "cut/recon.npy");
    CHECK(b.shape[1] == 400 && b.shape[2] == 400, "%lld columns", (long long)b.shape[2]);
    /* both grids are centred on the axis: voxel (j, i) of b is (j + 120, i + 120) of a */
    double worst = 0;
    for (int64_t j = 120; j < 280; j++)
        for (int64_t i = 120; i < 280; i++)
            worst = fmax(worst,
                         fabs((double)b.v[j * 400 + i] - (double)a.v[(j + 120) * 640 + i + 120]));
    CHECK(worst < 0.05 * largest(&a), "the tooth moved or changed by %g of %g", worst, largest(&a));
    vxg_free(a.v);
    vxg_free(b.v);
}

TEST(devices_agree)
{
    volume a, b;
    vxg_device_info info[16] = {0};
    int n = 0, others = 0;
    CHECK_OK(vxg_device_list(info, 16, &n));
    RUN("recon %s -o %s/cpu -c 295.7 --save-format npy --device cpu --ring 9", TOOTH, work);
    LOAD(&a, "cpu/recon.npy");
    for (int i = 0; i < n && i < 16; i++) {
        if (!strcmp(info[i].backend, "cpu")) continue;
        RUN("recon %s -o %s/dev -c 295.7 --save-format npy --device %s --ring 9 --force", TOOTH,
            work, info[i].spec);
        LOAD(&b, "dev/recon.npy");
        CHECK(difference(&a, &b) <= 1e-5 * largest(&a), "%s differs by %g of %g", info[i].spec,
              difference(&a, &b), largest(&a));
        vxg_free(b.v);
        others++;
    }
    vxg_free(a.v);
    if (!others) SKIP("no device but the CPU");
}

/* Mean over a small ball about a point given in voxels from the middle. */
static double mean_at(const volume *a, double x, double y, double z, double r) {
    double sum = 0, n = 0;
    for (int64_t k = 0; k < a->shape[0]; k++)
        for (int64_t j = 0; j < a->shape[1]; j++)
            for (int64_t i = 0; i < a->shape[2]; i++) {
                double dx = (double)i - 0.5 * (double)(a->shape[2] - 1) - x;
                double dy = (double)j - 0.5 * (double)(a->shape[1] - 1) - y;
                double dz = (double)k - 0.5 * (double)(a->shape[0] - 1) - z;
                if (dx * dx + dy * dy + dz * dz > r * r) continue;
                sum += (double)a->v[(k * a->shape[1] + j) * a->shape[2] + i], n++;
            }
    return sum / n;
}

/* The simulated object of make_scan: its balls have known places and attenuations. */
TEST(simulated_object_is_found)
{
    static const char *const formats[] = {"", "format=nxtomo"};
    if (access(VXG_BINARY_DIR "/tools/make_scan", X_OK)) SKIP("built without HDF5");
    for (int f = 0; f < 2; f++) {
        char line[1024];
        volume a;
        double half = 0.45 * 96, mu = 0.8 / half;
        snprintf(line, sizeof line, "%s/tools/make_scan %s/sim.h5 views=180 rows=64 cols=96 %s",
                 VXG_BINARY_DIR, work, formats[f]);
        CHECK(system(line) == 0, "make_scan failed");
        RUN("recon %s/sim.h5 -o %s/sim --save-format npy --force", work, work); /* finds 49.2 */
        LOAD(&a, "sim/recon.npy");
        double body = mean_at(&a, -0.1 * half, 0.3 * half, 0.1 * half, 3);
        double dense = mean_at(&a, 0.3 * half, 0.1 * half, 0.1 * half, 3);
        double hole = mean_at(&a, -0.2 * half, -0.35 * half, -0.1 * half, 3);
        double air = mean_at(&a, 0.85 * half, 0.5 * half, 0, 3);
        CHECK(fabs(body - mu) < 0.01 * mu, "body %g, %g expected", body, mu);
        CHECK(fabs(dense - 3 * mu) < 0.03 * mu, "dense ball %g, %g expected", dense, 3 * mu);
        CHECK(fabs(hole) < 0.02 * mu, "hole %g, 0 expected", hole);
        CHECK(fabs(air) < 0.02 * mu, "air %g, 0 expected", air);
        vxg_free(a.v);
    }
}

TEST(reverse_mirrors)
{
    if (access(VXG_BINARY_DIR "/tools/make_scan", X_OK)) SKIP("built without HDF5");
    char line[1024];
    volume a, b;
    snprintf(line, sizeof line, "%s/tools/make_scan %s/rev.h5 views=90 rows=3 cols=64 center=31.5",
             VXG_BINARY_DIR, work);
    CHECK(system(line) == 0, "make_scan failed");
    RUN("recon %s/rev.h5 -o %s/fwd -c 31.5 --save-format npy", work, work);
    RUN("recon %s/rev.h5 -o %s/rev -c 31.5 --save-format npy --reverse", work, work);
    LOAD(&a, "fwd/recon.npy");
    LOAD(&b, "rev/recon.npy");
    double worst = 0; /* s = x cos t - y sin t: y changes its sign */
    for (int64_t k = 0; k < 3; k++)
        for (int64_t j = 0; j < 64; j++)
            for (int64_t i = 0; i < 64; i++)
                worst = fmax(worst, fabs((double)a.v[(k * 64 + j) * 64 + i] -
                                         (double)b.v[(k * 64 + 63 - j) * 64 + i]));
    CHECK(worst < 1e-4 * largest(&a), "not the mirror image: %g of %g", worst, largest(&a));
    vxg_free(a.v);
    vxg_free(b.v);
}

/* --force with fewer slices leaves none of the old ones behind. */
TEST(force_leaves_no_old_slices)
{
    char path[512];
    struct stat st;
    RUN("recon %s -o %s/old -c 85.8 --rows 0:20", GRAIN, work);
    RUN("recon %s -o %s/old -c 85.8 --rows 0:5 --force", GRAIN, work);
    snprintf(path, sizeof path, "%s/old/recon_00004.tiff", work);
    CHECK(!stat(path, &st), "slice 4 is missing");
    snprintf(path, sizeof path, "%s/old/recon_00005.tiff", work);
    CHECK(stat(path, &st), "slice 5 of the earlier volume is still there");
}

static const test_entry list[] = {
    T(formats_hold_the_same_bits),
    T(memory_and_threads_change_no_bit),
    T(parts_equal_the_whole),
    T(columns_keep_the_axis),
    T(devices_agree),
    T(simulated_object_is_found),
    T(reverse_mirrors),
    T(force_leaves_no_old_slices),
};

int main(int argc, char **argv) {
    return run_in_work("cli_volumes", list, (int)(sizeof list / sizeof *list), argc, argv);
}
