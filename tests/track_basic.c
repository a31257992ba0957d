/* Tracking: straight fields, the frequencies of drawn directions, the same bits for any blocks and
 * parts, ends. */
#include "dwi_data.h"
#include "on_devices.h"
#include "track_keep.h"

enum { NX = 24, NY = 20, NZ = 12, VOXELS = NX * NY * NZ, TERMS = 45 };
static double values[TERMS * VOXELS], map[VOXELS];

/* Harmonics of a lobe along a direction that depends on the place; anisotropic voxels, turned axes.
 */
static const double affine[12] = {0, -1.5, 0, 30, 2, 0, 0, -20, 0, 0, 2.5, 5};
static void place_of(int i, int j, int k, double *p) {
    for (int r = 0; r < 3; r++)
        p[r] =
            affine[4 * r] * i + affine[4 * r + 1] * j + affine[4 * r + 2] * k + affine[4 * r + 3];
}
static void make_field(void (*direction)(const double *p, double *d)) {
    double row[TERMS], p[3], d[3];
    for (int k = 0, v = 0; k < NZ; k++)
        for (int j = 0; j < NY; j++)
            for (int i = 0; i < NX; i++, v++) {
                place_of(i, j, k, p);
                direction(p, d);
                vxg_sh_matrix(VXG_SH_TOURNIER07, 8, 1, d, row);
                for (int c = 0; c < TERMS; c++) {
                    const int l = c < 1 ? 0 : c < 6 ? 2 : c < 15 ? 4 : c < 28 ? 6 : 8;
                    values[c * VOXELS + v] = row[c] * exp(-0.02 * l * (l + 1));
                }
                map[v] = 1;
            }
}
static int field_of(vxg_real real, vxg_track_field *f) {
    const int64_t shape[4] = {TERMS, NZ, NY, NX};
    vxg_array flat = {0};
    *f = (vxg_track_field){.size = sizeof *f};
    memcpy(f->affine, affine, sizeof affine);
    int status = dwi_array(dev, real, TERMS, VOXELS, values, &flat);
    f->values = flat;
    f->values.ndim = 4;
    for (int64_t k = 3, step = 1; k >= 0; step *= shape[k--])
        f->values.shape[k] = shape[k], f->values.stride[k] = step;
    if (!status) status = dwi_array(dev, real, 1, VOXELS, map, &flat);
    f->map = flat;
    f->map.ndim = 3;
    for (int64_t k = 2, step = 1; k >= 0; step *= shape[1 + k--])
        f->map.shape[k] = shape[1 + k], f->map.stride[k] = step;
    return status;
}
static void field_free(vxg_track_field *f) {
    vxg_array_release(&f->values), vxg_array_release(&f->map);
}

static double straight[3];
static void straight_field(const double *p, double *d) {
    (void)p;
    memcpy(d, straight, 24);
}

/* Along a direction of the set the highest is that direction: exact steps of the length asked for,
 * in mm, across voxels of unlike sides, to both ends of the image. */
TEST(straight)
{
    vxg_sphere *s = NULL;
    vxg_track_field f;
    CHECK_OK(vxg_sphere_named(NULL, &s));
    for (int k = 0; k < 3; k++) straight[k] = vxg_sphere_directions(s)[3 * 200 + k];
    make_field(straight_field);
    CHECK_OK(field_of(VXG_REAL_F32, &f));
    double seeds[6];
    place_of(12, 10, 6, seeds);
    place_of(3, 18, 2, seeds + 3);
    for (int k = 0; k < 6; k++) seeds[k] += 0.1 * k;
    keeper out = keeper_new();
    vxg_track_stats stats = {0};
    const vxg_track_opts o = {.getter = VXG_TRACK_DETERMINISTIC, .step = 0.7};
    CHECK_OK(vxg_track_run(NULL, &f, 2, seeds, &o, &out.base, &stats));
    CHECK(out.lines == 2 && stats.streamlines == 2 && stats.ended[3] == 4,
          "%lld lines, %lld ends outside", (long long)out.lines, (long long)stats.ended[3]);
    for (int64_t n = 0; n < 2; n++) {
        double least = 1e9;
        CHECK(out.begin[n + 1] - out.begin[n] > 10, "line %lld has %lld points", (long long)n,
              (long long)(out.begin[n + 1] - out.begin[n]));
        /* The whole line goes one way. */
        const double *first = out.p + 3 * out.begin[n];
        const double way = (first[5] - first[2]) * straight[2] > 0 ? 1 : -1;
        for (int64_t i = out.begin[n]; i < out.begin[n + 1]; i++) {
            const double *p = out.p + 3 * i;
            double off = 0;
            for (int k = 0; k < 3; k++) off += pow(p[k] - seeds[3 * n + k], 2);
            least = fmin(least, sqrt(off));
            if (i + 1 == out.begin[n + 1]) break;
            for (int k = 0; k < 3; k++)
                CHECK(fabs(p[3 + k] - p[k] - way * 0.7 * straight[k]) < 2e-5,
                      "line %lld, point %lld: %g along axis %d", (long long)n, (long long)i,
                      p[3 + k] - p[k], k);
        }
        EXPECT(least < 1e-5, "line %lld: %g mm from its seed", (long long)n, least);
    }
    keeper_free(&out), field_free(&f), vxg_sphere_release(s);
}

/* A writer of TrackVis' space gets the same streamlines in it. */
TEST(other_space)
{
    vxg_track_field f;
    double seed[3], rows[12];
    keeper plain = keeper_new(), corner = keeper_new();
    const vxg_track_opts o = {.getter = VXG_TRACK_DETERMINISTIC};
    straight[0] = 0.6, straight[1] = 0.64, straight[2] = 0.48;
    make_field(straight_field);
    CHECK_OK(field_of(VXG_REAL_F32, &f));
    place_of(12, 10, 6, seed);
    vxg_tract_info *info = &corner.base.info;
    info->space = VXG_TRACT_CORNER;
    CHECK(vxg_track_run(NULL, &f, 1, seed, &o, &corner.base, NULL) == VXG_ERR_INPUT,
          "without an affine");
    info->has_affine = 1;
    memcpy(info->affine, affine, sizeof affine);
    info->grid[0] = NX, info->grid[1] = NY, info->grid[2] = NZ;
    info->voxel[0] = 2, info->voxel[1] = 1.5, info->voxel[2] = 2.5;
    snprintf(info->voxel_order, sizeof info->voxel_order, "ALS");
    CHECK_OK(vxg_track_run(NULL, &f, 1, seed, &o, &plain.base, NULL));
    CHECK_OK(vxg_track_run(NULL, &f, 1, seed, &o, &corner.base, NULL));
    CHECK(plain.points > 5 && corner.points == plain.points, "%lld points",
          (long long)plain.points);
    CHECK_OK(vxg_tract_to_ras(info, rows));
    EXPECT(fabs(corner.p[0] - plain.p[0]) > 1, "nothing was turned");
    CHECK_OK(vxg_tract_move(rows, VXG_F64, corner.points, corner.p));
    for (int64_t k = 0; k < 3 * plain.points; k++)
        CHECK(fabs(corner.p[k] - plain.p[k]) < 1e-4, "number %lld: %g, %g", (long long)k,
              corner.p[k], plain.p[k]);
    keeper_free(&plain), keeper_free(&corner), field_free(&f);
}

/* A million first steps from one place against the function's own shares: chi squared. */
TEST(frequencies)
{
    /* A million where it counts, fewer for the others. */
    const int DRAWS = strcmp(vxg_device_get_info(dev)->backend, "cpu") ? 20000
                      : getenv("VXG_DEEP") && !SANITIZED               ? 1000000
                                                                       : 200000;
    vxg_sphere *s = NULL;
    vxg_track_field f;
    double expected[362] = {0}, total = 0, most = 0, b[TERMS], chi = 0;
    int64_t count[362] = {0};
    int cells = 0;
    CHECK_OK(vxg_sphere_named(NULL, &s));
    const double *d = vxg_sphere_directions(s);
    straight[0] = 0.3, straight[1] = -0.5, straight[2] = sqrt(1 - 0.34);
    make_field(straight_field);
    CHECK_OK(field_of(VXG_REAL_F32, &f));
    double *seeds = malloc((size_t)DRAWS * 24);
    for (int i = 0; i < DRAWS; i++) place_of(12, 10, 6, seeds + 3 * i);
    keeper out = keeper_new();
    const vxg_track_opts o = {.step = 0.5, .max_length = 0.5, .max_angle = 24, .seed = 11};
    CHECK_OK(vxg_track_run(NULL, &f, DRAWS, seeds, &o, &out.base, NULL));
    CHECK(out.lines == DRAWS, "%lld lines", (long long)out.lines);
    /* The peak that all start along, and what is within 24 degrees of it: its lobe is wider. */
    int peak = 0;
    for (int i = 0; i < 362; i++) {
        vxg_sh_matrix(VXG_SH_TOURNIER07, 8, 1, d + 3 * i, b);
        for (int c = 0; c < TERMS; c++) expected[i] += b[c] * values[c * VOXELS];
        if (expected[i] > most) most = expected[i], peak = i;
    }
    for (int i = 0; i < 362; i++) {
        const double c = fabs(d[3 * i] * d[3 * peak] + d[3 * i + 1] * d[3 * peak + 1] +
                              d[3 * i + 2] * d[3 * peak + 2]);
        if (c < cos(24 * M_PI / 180) || expected[i] < 0.1 * most) expected[i] = 0;
        total += expected[i];
    }
    for (int64_t n = 0; n < out.lines; n++) {
        /* The backward half's point, the seed, the forward half's: the last step is the forward
         * one. */
        const double *p = out.p + 3 * (out.begin[n + 1] - 2);
        double best = 0;
        int which = 0;
        for (int i = 0; i < 362; i++) {
            const double c = fabs((p[3] - p[0]) * d[3 * i] + (p[4] - p[1]) * d[3 * i + 1] +
                                  (p[5] - p[2]) * d[3 * i + 2]);
            if (c > best) best = c, which = i;
        }
        count[which]++;
    }
    for (int i = 0; i < 362; i++) {
        const double e = expected[i] / total * DRAWS;
        EXPECT(e > 0 || count[i] == 0, "direction %d was drawn %lld times", i, (long long)count[i]);
        if (e > 0) chi += pow((double)count[i] - e, 2) / e, cells++;
    }
    /* Wilson and Hilferty: normal above 3.09 has p < 0.001. */
    const double k = cells - 1, z = (cbrt(chi / k) - (1 - 2 / (9 * k))) / sqrt(2 / (9 * k));
    EXPECT(cells > 15 && z < 3.09, "%d cells, chi squared %g (%g standard deviations)", cells, chi,
           z);
    free(seeds), keeper_free(&out), field_free(&f), vxg_sphere_release(s);
}

static void bent(const double *p, double *d) {
    const double x = p[0] - 40, y = p[1] - 5, r = hypot(x, y) + 1e-9;
    d[0] = -y / r, d[1] = x / r, d[2] = 0.1;
}

/* Blocks of 7 and of all seeds, 1 and 3 threads, and two parts after one another. */
TEST(same_bits)
{
    enum { SEEDS = 300 };
    static double seeds[3 * SEEDS];
    vxg_track_field f;
    keeper out[5];
    make_field(bent);
    CHECK_OK(field_of(VXG_REAL_F32, &f));
    for (int i = 0; i < SEEDS; i++) {
        place_of(i % NX, i / 3 % NY, i % 7 + 2, seeds + 3 * i);
        seeds[3 * i] += 0.3;
    }
    for (int k = 0; k < 5; k++) {
        vxg_track_opts o = {.step = 0.5, .max_angle = 40, .seed = 3, .peaks = 2};
        out[k] = keeper_new();
        o.block = k == 1 ? 7 : k == 2 ? 64 : 0;
        if (k == 3) vxg_set_threads(3);
        const int part = k == 4 ? 101 : SEEDS;
        CHECK_OK(vxg_track_run(NULL, &f, part, seeds, &o, &out[k].base, NULL));
        o.first = part;
        if (k == 4)
            CHECK_OK(
                vxg_track_run(NULL, &f, SEEDS - part, seeds + 3 * part, &o, &out[k].base, NULL));
        vxg_set_threads(0);
        CHECK(out[0].lines > 200, "%lld lines", (long long)out[0].lines);
        CHECK(out[k].lines == out[0].lines && out[k].points == out[0].points &&
                  !memcmp(out[k].begin, out[0].begin, (size_t)(out[0].lines + 1) * 8) &&
                  !memcmp(out[k].p, out[0].p, (size_t)out[0].points * 24),
              "run %d: %lld lines, %lld points; %lld, %lld", k, (long long)out[k].lines,
              (long long)out[k].points, (long long)out[0].lines, (long long)out[0].points);
    }
    for (int k = 0; k < 5; k++) keeper_free(&out[k]);
    field_free(&f);
}

DEVICES_MAIN("track", T(straight), T(other_space), T(frequencies), T(same_bits))
