/* `recon --geometry`: fan and cone scans from files, against the simulated object and against the
 * made size of a measured one. */
#include "command.h"

static const char *in_work(const char *name) {
    static char paths[4][512];
    static int turn;
    turn = (turn + 1) % 4;
    snprintf(paths[turn], sizeof paths[turn], "%s/%s", work, name);
    return paths[turn];
}

static int by_value(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Pixels of a slice that the outside (below the threshold, connected to the border) does not
 * reach: the object with its holes filled. */
static int64_t filled_area(const float *slice, int64_t n, float threshold) {
    int64_t *stack = malloc((size_t)(n * n) * sizeof *stack), top = 0, area = n * n;
    char *seen = calloc((size_t)(n * n), 1);
    for (int64_t i = 0; i < n; i++) {
        const int64_t border[4] = {i, (n - 1) * n + i, i * n, i * n + n - 1};
        for (int k = 0; k < 4; k++)
            if (!seen[border[k]] && slice[border[k]] < threshold)
                seen[border[k]] = 1, stack[top++] = border[k];
    }
    while (top) {
        const int64_t at = stack[--top], x = at % n, y = at / n;
        area--;
        const int64_t next[4] = {x > 0 ? at - 1 : -1, x < n - 1 ? at + 1 : -1, y > 0 ? at - n : -1,
                                 y < n - 1 ? at + n : -1};
        for (int k = 0; k < 4; k++)
            if (next[k] >= 0 && !seen[next[k]] && slice[next[k]] < threshold)
                seen[next[k]] = 1, stack[top++] = next[k];
    }
    free(stack), free(seen);
    return area;
}

/* Median of the values within the radius (pixels) that are above `least`. */
static float median_inside(const float *slice, int64_t n, double radius, float least) {
    float *v = malloc((size_t)(n * n) * sizeof *v);
    int64_t count = 0;
    const double middle = 0.5 * (double)(n - 1);
    for (int64_t i = 0; i < n * n; i++)
        if (hypot((double)(i % n) - middle, (double)(i / n) - middle) < radius && slice[i] > least)
            v[count++] = slice[i];
    qsort(v, (size_t)count, sizeof *v, by_value);
    float m = count ? v[count / 2] : NAN;
    free(v);
    return m;
}

static int write_text(const char *name, const char *text) {
    return vxg_text_write(in_work(name), text, 1);
}

/* The measured fan-beam scan: t = a + 90 degrees, first and last view coincide. */
#define HTC                                                                                        \
    "{\"beam\": \"fan\", \"units\": \"mm\", \"cols\": 560, \"pixel\": 0.2, \"center\": 279.5, "    \
    "\"sod\": 410.66, \"sdd\": 553.74, \"start_deg\": 90, \"views\": 721, \"range_deg\": 360, "    \
    "\"endpoint\": true, \"volume\": {\"nx\": 560, \"ny\": 560, \"nz\": 1, \"voxel\": "            \
    "0.14832232}}"

TEST(measured_fan)
{
    char path[512];
    volume a;
    if (!test_data("ct_fan_htc2022_ta/htc2022_ta_full.h5", path, sizeof path))
        SKIP("ct_fan_htc2022_ta is not in VXG_TEST_DATA");
    CHECK_OK(write_text("htc.json", HTC));
    RUN("recon %s --dataset sinogram --geometry %s -o %s/htc --save-format npy", path,
        in_work("htc.json"), work);
    LOAD(&a, "htc/recon.npy");
    const int64_t n = a.shape[2];
    CHECK(a.shape[0] == 1 && n == 560, "shape");
    const double voxel = 0.14832232;
    /* acrylic: what is no hole. Its edge is brighter than its middle (the beam is polychromatic),
     * and the longest line integral, 2.2 over 69.8 mm, allows 0.0315 on average. */
    const float rough = median_inside(a.v, n, 30 / voxel, 0.01f);
    const float acrylic = median_inside(a.v, n, 34.9 / voxel, 0.5f * rough);
    const double area = (double)filled_area(a.v, n, 0.5f * acrylic) * voxel * voxel;
    const double diameter = 2 * sqrt(area / 3.14159265358979323846);
    printf("# acrylic %.4f per mm, equal-area diameter %.3f mm\n", (double)acrylic, diameter);
    CHECK(fabs(diameter - 69.8) < 0.15, "diameter %.3f mm, 69.8 +- 0.15 expected", diameter);
    CHECK(fabs((double)acrylic - 0.0315) < 0.0015, "acrylic %.4f per mm", (double)acrylic);
    /* the eight holes: pixels within the disc that are clearly not acrylic */
    int64_t holes = 0;
    const double middle = 0.5 * (double)(n - 1);
    for (int64_t i = 0; i < n * n; i++)
        holes += hypot((double)(i % n) - middle, (double)(i / n) - middle) < 32 / voxel &&
                 a.v[i] < 0.5f * acrylic;
    const double each = (double)holes * voxel * voxel / 8;
    CHECK(each > 68 && each < 92, "a hole has %.1f mm^2 on average, 68..92 expected", each);
    vxg_free(a.v);
}

/* A simulated cone-beam scan, and the phantom on the same grid. 80 slices: two slabs. */
#define CONE                                                                                       \
    "{\"beam\": \"cone\", \"rows\": 80, \"cols\": 64, \"pixel\": 1.5, \"sod\": 200, \"sdd\": "     \
    "300, "                                                                                        \
    "\"views\": 180, \"volume\": {\"nx\": 64, \"ny\": 64, \"nz\": 80, \"voxel\": 1}}"

static int simulate_cone(void) {
    static int done;
    if (done++) return 0;
    return write_text("cone.json", CONE) ||
           voxgrad(
               "simulate -o %s/cone.h5 --phantom shepp-logan-3d --views 180 --rows 80 --cols 64 "
               "--pixel 1.5 --sod 200 --sdd 300 --photons 0 --size 30 --scale 0.02 --samples 2",
               work);
}

TEST(simulated_cone)
{
    volume a;
    vxg_phantom *phantom;
    float *truth = malloc(80 * 64 * 64 * sizeof *truth);
    vxg_ct_volume grid = {.nz = 80, .ny = 64, .nx = 64};
    vxg_phantom_opts o = {.unit = 30, .density = 0.02};
    CHECK(simulate_cone() == 0, "simulate failed");
    RUN("recon %s --geometry %s -o %s/cone --save-format npy", in_work("cone.h5"),
        in_work("cone.json"), work);
    LOAD(&a, "cone/recon.npy");
    CHECK(a.shape[0] == 80 && a.shape[1] == 64 && a.shape[2] == 64, "shape");
    CHECK_OK(vxg_phantom_named("shepp-logan-3d", &phantom));
    CHECK_OK(vxg_phantom_voxelize(phantom, &grid, &o, truth));
    double sum = 0, inside = 0, want = 0;
    int64_t n = 0;
    for (int64_t z = 30; z < 50; z++)
        for (int64_t y = 0; y < 64; y++)
            for (int64_t x = 0; x < 64; x++) {
                const int64_t at = (z * 64 + y) * 64 + x;
                const double e = (double)a.v[at] - (double)truth[at];
                sum += e * e, n++;
                if (hypot((double)x - 31.5, (double)y - 31.5) < 12)
                    inside += (double)a.v[at], want += (double)truth[at];
            }
    const double rmse = sqrt(sum / (double)n) / 0.02;
    printf("# rmse %.4f of the phantom's unit, mean inside %.4f of %.4f\n", rmse, inside, want);
    CHECK(rmse < 0.08, "rmse %.4f: the skull's edge alone gives about 0.05", rmse);
    CHECK(fabs(inside / want - 1) < 0.02, "mean inside %.4f of %.4f", inside, want);
    vxg_phantom_release(phantom);
    vxg_free(a.v), free(truth);
}

/* A full turn of a parallel beam, the axis at the detector's side: the phantom comes back, as far
 * as the far side reaches, with a geometry file and without. */
TEST(half_acquisition)
{
    volume a, b, truth;
    RUN("simulate -o %s/half.h5 --phantom shepp-logan-3d --views 400 --range 360 --rows 6 --cols "
        "80 "
        "--rotation-axis 16 --photons 0 --white 60000 --size 60 --scale 0.01 --samples 2 "
        "--volume-out %s --geometry-out %s",
        work, in_work("half.npy"), in_work("half.json"));
    RUN("recon %s --rotation-axis 16 -o %s/half_rows --save-format npy", in_work("half.h5"), work);
    RUN("recon %s --geometry %s -o %s/half_views --save-format npy", in_work("half.h5"),
        in_work("half.json"), work);
    LOAD(&a, "half_rows/recon.npy");
    LOAD(&b, "half_views/recon.npy");
    LOAD(&truth, "half.npy");
    CHECK(a.shape[0] == 6 && a.shape[1] == 127 && a.shape[2] == 127, "%d x %d x %d",
          (int)a.shape[0], (int)a.shape[1], (int)a.shape[2]);
    for (int k = 0; k < 3; k++)
        CHECK(b.shape[k] == a.shape[k] && truth.shape[k] == a.shape[k], "shapes differ");
    double sum = 0, off = 0, inside = 0, want = 0;
    const int64_t n = 127 * 127;
    for (int64_t i = 0; i < n; i++) {
        const double v = (double)a.v[3 * n + i], t = (double)truth.v[3 * n + i];
        sum += (v - t) * (v - t), off = fmax(off, fabs(v - (double)b.v[3 * n + i]));
        if (hypot((double)(i % 127) - 63, (double)(i / 127) - 63) < 50) inside += v, want += t;
    }
    const double rmse = sqrt(sum / (double)n) / 0.01;
    printf("# rmse %.4f of the phantom's unit, mean inside %.4f of %.4f\n", rmse, inside, want);
    EXPECT(rmse < 0.08, "rmse %.4f: the skull's edge alone gives about 0.05", rmse);
    EXPECT(fabs(inside / want - 1) < 0.01, "mean inside %.4f of %.4f", inside, want);
    EXPECT(off < 1e-4 * 0.01, "with and without a geometry file differ by %.3g", off);
    vxg_free(a.v), vxg_free(b.v), vxg_free(truth.v);
}

/* MB that make slabs of the scan; the sanitizer's own memory counts as the program's. */
#if defined(__SANITIZE_ADDRESS__)
#define TIGHT "165"
#else
#define TIGHT "140"
#endif
TEST(same_bits)
{
    volume a, b, c, d;
    CHECK(simulate_cone() == 0, "simulate failed");
    RUN("recon %s -g %s -o %s/one --save-format npy -t 1", in_work("cone.h5"), in_work("cone.json"),
        work);
    RUN("recon %s -g %s -o %s/two --save-format npy -t 3 --max-memory " TIGHT, in_work("cone.h5"),
        in_work("cone.json"), work);
    RUN("recon %s -g %s -o %s/slice --save-format npy --type slice --nsino 70", in_work("cone.h5"),
        in_work("cone.json"), work);
    RUN("recon %s -g %s -o %s/half --save-format npy --projections 0:100", in_work("cone.h5"),
        in_work("cone.json"), work);
    LOAD(&a, "one/recon.npy");
    LOAD(&b, "two/recon.npy");
    LOAD(&c, "slice/slice_00070.npy");
    LOAD(&d, "half/recon.npy");
    CHECK(!memcmp(a.v, b.v, 80 * 64 * 64 * sizeof *a.v), "threads or memory changed bits");
    double worst = 0, most = 0;
    for (int64_t i = 0; i < 64 * 64; i++) {
        const double whole = (double)a.v[70 * 64 * 64 + i];
        worst = fmax(worst, fabs((double)c.v[i] - whole)), most = fmax(most, fabs(whole));
    }
    CHECK(c.shape[0] == 1 && worst < 1e-4 * most, "one slice differs by %g of %g", worst, most);
    CHECK(d.shape[0] == 80 && isfinite(d.v[0]), "a short scan of the first 100 projections");
    vxg_free(a.v), vxg_free(b.v), vxg_free(c.v), vxg_free(d.v);
}

static int code(int rc) {
    return rc >> 8;
}

TEST(refusals)
{
    CHECK(simulate_cone() == 0, "simulate failed");
    const char *scan = in_work("cone.h5"), *good = in_work("cone.json");
    CHECK(code(voxgrad("recon %s -g %s -o %s/x -c 30", scan, good, work)) == 2, "axis given twice");
    CHECK(code(voxgrad("recon %s -g %s -o %s/x --rows 3:9", scan, good, work)) == 2, "rows");
    CHECK(code(voxgrad("recon %s -g %s/none.json -o %s/x", scan, work, work)) == 3, "no such file");
    CHECK_OK(write_text("bad.json", "{\"beam\": \"cone\", \"rows\": 80, \"cols\": 63, \"pixel\": "
                                    "1.5, \"sod\": 200, \"sdd\": 300, \"views\": 180}"));
    CHECK(code(voxgrad("recon %s -g %s/bad.json -o %s/x", scan, work, work)) == 3,
          "columns differ");
    CHECK_OK(write_text("bad.json", "{\"beam\": \"cone\", \"rws\": 80}"));
    CHECK(code(voxgrad("recon %s -g %s/bad.json -o %s/x", scan, work, work)) == 3, "unknown key");
    CHECK(code(voxgrad("recon %s -g %s -o %s/x --max-memory 1", scan, good, work)) == 5, "memory");
    CHECK(access(in_work("x"), F_OK) != 0, "a refused run left its folder");
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(measured_fan), T(simulated_cone), T(half_acquisition),
                                      T(same_bits), T(refusals)};
    return run_in_work("cli_geometry_recon", list, (int)(sizeof list / sizeof *list), argc, argv);
}
