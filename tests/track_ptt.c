/* Parallel transport: circles, the frequencies of drawn curvatures, the same bits for any blocks
 * and threads, regions, parameters of the rules, what is refused. */
#include <stdlib.h>

#include "dwi_data.h"
#include "on_devices.h"
#include "track_keep.h"

enum { NX = 48, NY = 48, NZ = 6, VOXELS = NX * NY * NZ, MOST = 768 };
static const double middle[2] = {23.5, 23.5};
static float samples[MOST * VOXELS];

/* n directions of one half of the sphere on a spiral. */
static vxg_sphere *spiral(int n) {
    double d[3 * MOST];
    vxg_sphere *s = NULL;
    for (int i = 0; i < n; i++) {
        const double z = (i + 0.5) / n, turn = 2.399963229728653 * i, r = sqrt(1 - z * z);
        d[3 * i] = r * cos(turn), d[3 * i + 1] = r * sin(turn), d[3 * i + 2] = z;
    }
    EXPECT(!vxg_sphere_new(n, d, 1, &s), "%s", vxg_error_message());
    return s;
}
/* A lobe of 10 degrees along the circles about the middle of the slices. */
static void arcs(const vxg_sphere *s) {
    const int64_t n = vxg_sphere_count(s);
    const double *d = vxg_sphere_directions(s);
    for (int v = 0; v < VOXELS; v++) {
        const double x = v % NX - middle[0], y = v / NX % NY - middle[1], r = hypot(x, y);
        for (int64_t a = 0; a < n; a++) {
            const double c = fabs(-y * d[3 * a] + x * d[3 * a + 1]) / r;
            const double angle = acos(fmin(1, c)) * (180 / M_PI);
            samples[a * VOXELS + v] = (float)exp(-angle * angle / 200);
        }
    }
}
static int field_of(vxg_sphere *s, vxg_track_field *f) {
    const int64_t shape[4] = {vxg_sphere_count(s), NZ, NY, NX};
    *f = (vxg_track_field){
        .samples = 1, .sphere = s, .affine = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0}};
    const int status = vxg_array_new(dev, VXG_F32, 4, shape, &f->values);
    return status ? status : vxg_array_write(NULL, &f->values, samples);
}

/* Along the highest support: half a circle each way (15 mm at most), within 0.1 mm everywhere. */
TEST(circles)
{
    vxg_sphere *s = spiral(MOST);
    vxg_track_field f;
    double seeds[3 * 60];
    arcs(s);
    CHECK_OK(field_of(s, &f));
    for (double radius = 5; radius <= 20; radius *= 2) {
        for (int q = 0; q < 60; q++) {
            seeds[3 * q] = middle[0] + radius * cos(0.1 * q);
            seeds[3 * q + 1] = middle[1] + radius * sin(0.1 * q);
            seeds[3 * q + 2] = 2.5;
        }
        keeper out = keeper_new();
        vxg_track_stats stats = {0};
        const vxg_track_opts o = {.getter = VXG_TRACK_PTT,
                                  .best = 1,
                                  .step = 0.5,
                                  .probe_quality = 8,
                                  .max_length = fmin(M_PI * radius, 15)};
        CHECK_OK(vxg_track_run(NULL, &f, 60, seeds, &o, &out.base, &stats));
        CHECK(out.lines == 60 && stats.ended[4] == 120, "%lld lines, %lld too long",
              (long long)out.lines, (long long)stats.ended[4]);
        double worst = 0, step = 0;
        for (int64_t i = 0; i < out.points; i++)
            worst = fmax(
                worst,
                fmax(fabs(hypot(out.p[3 * i] - middle[0], out.p[3 * i + 1] - middle[1]) - radius),
                     fabs(out.p[3 * i + 2] - 2.5)));
        for (int64_t i = out.begin[0]; i + 1 < out.begin[1]; i++) {
            double size = 0;
            for (int k = 0; k < 3; k++) size += pow(out.p[3 * i + 3 + k] - out.p[3 * i + k], 2);
            step = fmax(step, fabs(sqrt(size) - 2 * radius * sin(0.25 / radius)));
        }
        printf("circles of %g mm: %.4f mm off at most\n", radius, worst);
        EXPECT(worst < 0.1, "radius %g mm: %.4f mm off", radius, worst);
        EXPECT(step < 0.01, "radius %g mm: chords are off by %g mm", radius, step);
        keeper_free(&out);
    }
    vxg_array_release(&f.values), vxg_sphere_release(s);
}

/* ---- Frequencies ---- */
enum { RINGS = 2, CORNERS = 19, FACES = 24, POINTS = 4, SIDE = 64 };
static double corner[CORNERS][2];
static int face[FACES][3];
/* The disc again: triangles are all triples of corners of neighbouring rings with sides of about a
 * ring's width. */
static void make_disc(double radius) {
    int n = 1, m = 0;
    corner[0][0] = corner[0][1] = 0;
    for (int r = 1; r <= RINGS; r++)
        for (int i = 0; i < 6 * r; i++, n++) {
            corner[n][0] = radius * r / RINGS * cos(M_PI * i / 3 / r);
            corner[n][1] = radius * r / RINGS * sin(M_PI * i / 3 / r);
        }
    for (int a = 0; a < CORNERS; a++)
        for (int b = a + 1; b < CORNERS; b++)
            for (int c = b + 1; c < CORNERS; c++) {
                const int t[3] = {a, b, c};
                double longest = 0;
                for (int k = 0; k < 3; k++)
                    longest = fmax(longest, hypot(corner[t[k]][0] - corner[t[(k + 1) % 3]][0],
                                                  corner[t[k]][1] - corner[t[(k + 1) % 3]][1]));
                if (longest < 1.3 * radius / RINGS && m < FACES) memcpy(face[m++], t, sizeof t);
            }
    CHECK(m == FACES, "%d triangles", m);
}
static double side_of(const double *p, const double *a, const double *b) {
    return (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]);
}
static int face_of(const double *p) {
    for (int f = 0; f < FACES; f++) {
        const double *a = corner[face[f][0]], *b = corner[face[f][1]], *c = corner[face[f][2]];
        const double x = side_of(p, a, b), y = side_of(p, b, c), z = side_of(p, c, a);
        if ((x >= 0 && y >= 0 && z >= 0) || (x <= 0 && y <= 0 && z <= 0)) return f;
    }
    return -1;
}
/* The direction nearest to a cell's middle of the square that an octahedron is unfolded to. */
static int nearest[SIDE * SIDE];
static void make_nearest(const vxg_sphere *s) {
    const double *d = vxg_sphere_directions(s);
    for (int c = 0; c < SIDE * SIDE; c++) {
        double x = 2 * (c % SIDE + 0.5) / SIDE - 1, y = 2 * (c / SIDE + 0.5) / SIDE - 1, best = -1;
        const double z = 1 - fabs(x) - fabs(y), was = x;
        if (z < 0) x = copysign(1 - fabs(y), x), y = copysign(1 - fabs(was), y);
        for (int i = 0; i < vxg_sphere_count(s); i++) {
            const double dot = fabs(d[3 * i] * x + d[3 * i + 1] * y + d[3 * i + 2] * z);
            if (dot > best) best = dot, nearest[c] = i;
        }
    }
}
static int cell_of(const double *t) {
    const double size = fabs(t[0]) + fabs(t[1]) + fabs(t[2]);
    double x = t[0] / size, y = t[1] / size;
    const double was = x;
    if (t[2] < 0) x = copysign(1 - fabs(y), x), y = copysign(1 - fabs(was), y);
    return (int)fmin(SIDE - 1, (y + 1) / 2 * SIDE) * SIDE + (int)fmin(SIDE - 1, (x + 1) / 2 * SIDE);
}
/* The frame of a walker that leaves along t. */
static void frame_of(const double *t, uint64_t seed, int64_t item, int half, double frame[3][3]) {
    const uint64_t key = seed ^ 0x7472616bu;
    const uint32_t counter[4] = {(uint32_t)item, (uint32_t)(item >> 32), 0,
                                 (uint32_t)half << 16 | 65535u};
    uint32_t word[4];
    int least = 0;
    double e[3], f[3], size = 0;
    vxg_philox(counter, (const uint32_t[2]){(uint32_t)key, (uint32_t)(key >> 32)}, word);
    for (int k = 1; k < 3; k++)
        if (fabs(t[k]) < fabs(t[least])) least = k;
    for (int k = 0; k < 3; k++) e[k] = (k == least) - t[least] * t[k], size += e[k] * e[k];
    for (int k = 0; k < 3; k++) e[k] /= sqrt(size);
    for (int k = 0; k < 3; k++)
        f[k] = t[(k + 1) % 3] * e[(k + 2) % 3] - t[(k + 2) % 3] * e[(k + 1) % 3];
    const double angle = 2 * M_PI * word[0] * 0x1p-32;
    for (int k = 0; k < 3; k++) {
        frame[0][k] = t[k];
        frame[1][k] = cos(angle) * e[k] + sin(angle) * f[k];
    }
    for (int k = 0; k < 3; k++)
        frame[2][k] =
            t[(k + 1) % 3] * frame[1][(k + 2) % 3] - t[(k + 2) % 3] * frame[1][(k + 1) % 3];
}
/* The probability of each triangle, in a field that is the same in all voxels. */
static void chances_of(const double *value, const double frame[3][3], double apart,
                       double *chance) {
    double weight[CORNERS], all = 0;
    for (int c = 0; c < CORNERS; c++) {
        const double k = hypot(corner[c][0], corner[c][1]);
        weight[c] = 0;
        for (int i = 0; i < POINTS; i++) {
            const double a = k * apart * i,
                         part[3] = {cos(a), k > 0 ? corner[c][0] / k * sin(a) : 0,
                                    k > 0 ? corner[c][1] / k * sin(a) : 0};
            double t[3];
            for (int e = 0; e < 3; e++)
                t[e] = part[0] * frame[0][e] + part[1] * frame[1][e] + part[2] * frame[2][e];
            weight[c] += value[nearest[cell_of(t)]] / POINTS;
        }
    }
    for (int f = 0; f < FACES; f++)
        all += chance[f] = weight[face[f][0]] + weight[face[f][1]] + weight[face[f][2]];
    for (int f = 0; f < FACES; f++) chance[f] /= all;
}

/* One arc of each of many seeds at one place: how often curvatures lie in each triangle, against
 * the sum of its exact probabilities (chi squared of 23 degrees of freedom, p > 0.001). */
TEST(frequencies)
{
    const int64_t draws = getenv("VXG_DEEP") ? 1000000 : 40000, seeds = draws / 2;
    vxg_sphere *s = spiral(200);
    vxg_track_field f;
    double value[200], expected[FACES] = {0}, chance[FACES], chi = 0, highest = 0;
    int64_t observed[FACES] = {0}, lost = 0;
    for (int a = 0; a < 200; a++) {
        const double *d = vxg_sphere_directions(s) + 3 * a;
        value[a] = 0.3 + pow(d[2], 6) + 0.2 * pow(d[0] * d[0] + 0.1 * d[1], 2);
        highest = fmax(highest, value[a]);
    }
    for (int a = 0; a < 200; a++)
        for (int v = 0; v < VOXELS; v++) samples[a * VOXELS + v] = (float)value[a];
    CHECK_OK(field_of(s, &f));
    double *at = malloc((size_t)seeds * 24);
    for (int64_t i = 0; i < seeds; i++) at[3 * i] = 20.25, at[3 * i + 1] = 21.5, at[3 * i + 2] = 3;
    const vxg_track_opts o = {.getter = VXG_TRACK_PTT,
                              .step = 0.5,
                              .max_length = 0.5,
                              .probe_length = 1.2,
                              .probe_quality = POINTS,
                              .min_support = -1,
                              .first_tries = 1,
                              .seed = 77,
                              .min_radius = 1.25};
    keeper out = keeper_new();
    CHECK_OK(vxg_track_run(NULL, &f, seeds, at, &o, &out.base, NULL));
    make_disc(0.5 / 1.25);
    make_nearest(s);
    CHECK(out.lines == seeds, "%lld lines", (long long)out.lines);
    /* The seed's peak: the highest direction. */
    int top = 0;
    for (int a = 1; a < 200; a++)
        if (value[a] > value[top]) top = a;
    const double *peak = vxg_sphere_directions(s) + 3 * top;
    for (int64_t n = 0; n < seeds; n++) {
        CHECK(out.begin[n + 1] - out.begin[n] == 3, "line %lld", (long long)n);
        const double *p = out.p + 3 * out.begin[n];
        for (int half = 0; half < 2; half++) {
            double t[3], frame[3][3], off[3], part[3], k[2];
            for (int e = 0; e < 3; e++) {
                t[e] = half ? -peak[e] : peak[e];
                off[e] = (half ? p[e] : p[6 + e]) - p[3 + e];
            }
            if (t[0] * off[0] + t[1] * off[1] + t[2] * off[2] < 0)
                for (int e = 0; e < 3; e++) t[e] = -t[e]; /* the peak's sign is the set's choice */
            frame_of(t, 77, n, half, frame);
            for (int e = 0; e < 3; e++)
                part[e] = off[0] * frame[e][0] + off[1] * frame[e][1] + off[2] * frame[e][2];
            const double aside = hypot(part[1], part[2]), bend = 2 * atan2(aside, part[0]);
            k[0] = aside > 0 ? bend * part[1] / aside : 0,
            k[1] = aside > 0 ? bend * part[2] / aside : 0;
            const int which = face_of(k);
            if (which < 0)
                lost++;
            else
                observed[which]++;
            chances_of(value, (const double(*)[3])frame, 1.2 / (POINTS - 1) / 0.5, chance);
            for (int e = 0; e < FACES; e++) expected[e] += chance[e];
        }
    }
    for (int e = 0; e < FACES; e++) chi += pow((double)observed[e] - expected[e], 2) / expected[e];
    printf("chi squared %.1f of %d triangles, %lld draws, %lld on the rim\n", chi, FACES,
           (long long)draws, (long long)lost);
    EXPECT(lost < draws / 2000 && chi < 49.7, "chi squared %.1f, %lld lost", chi, (long long)lost);
    free(at), keeper_free(&out), vxg_array_release(&f.values), vxg_sphere_release(s);
    (void)highest;
}

static int same(const keeper *a, const keeper *b) {
    return a->lines == b->lines && a->points == b->points &&
           !memcmp(a->begin, b->begin, (size_t)(a->lines + 1) * 8) &&
           !memcmp(a->p, b->p, (size_t)a->points * 24);
}
/* Draws: the same bits for any blocks and parts; close to circles on average; both rules' sets. */
TEST(same_bits)
{
    vxg_sphere *s = spiral(362);
    vxg_track_field f;
    double seeds[3 * 40];
    arcs(s);
    CHECK_OK(field_of(s, &f));
    for (int q = 0; q < 40; q++) {
        seeds[3 * q] = middle[0] + 12 * cos(0.15 * q);
        seeds[3 * q + 1] = middle[1] + 12 * sin(0.15 * q);
        seeds[3 * q + 2] = 2.5;
    }
    for (int rules = VXG_TRACK_OWN; rules <= VXG_TRACK_NIBRARY; rules++) {
        vxg_track_opts o = {.getter = VXG_TRACK_PTT,
                            .rules = (vxg_track_rules)rules,
                            .max_length = 6,
                            .seed = 5,
                            .support_power = rules == VXG_TRACK_OWN ? 8 : 0};
        keeper one = keeper_new(), two = keeper_new();
        CHECK_OK(vxg_track_run(NULL, &f, 40, seeds, &o, &one.base, NULL));
        o.block = 7;
        CHECK_OK(vxg_track_run(NULL, &f, 23, seeds, &o, &two.base, NULL));
        o.first = 23, o.block = 3;
        CHECK_OK(vxg_track_run(NULL, &f, 17, seeds + 69, &o, &two.base, NULL));
        EXPECT(same(&one, &two), "rules %d: blocks give other bits", rules);
        EXPECT(one.lines > 30 && one.points > 5 * one.lines, "rules %d: %lld lines, %lld points",
               rules, (long long)one.lines, (long long)one.points);
        double mean = 0;
        for (int64_t i = 0; i < one.points; i++)
            mean += (hypot(one.p[3 * i] - middle[0], one.p[3 * i + 1] - middle[1]) - 12) /
                    (double)one.points;
        EXPECT(fabs(mean) < 0.5, "rules %d: %.3f mm off on average", rules, mean);
        keeper_free(&one), keeper_free(&two);
    }
    vxg_array_release(&f.values), vxg_sphere_release(s);
}

/* Half precision, harmonics, a ring of lines, thick and thin probes: streamlines go on. */
TEST(ways)
{
    vxg_sphere *s = spiral(200);
    vxg_track_field f;
    const double seed[3] = {middle[0] + 10, middle[1], 2.5};
    const vxg_track_opts all[] = {
        {.half = 1},
        {.probe_count = 4, .probe_radius = 0.5},
        {.disc_rings = 6, .weak_links = 2, .min_support = 0.02},
        {.small_steps = 5, .normalize = 2, .support_power = 2.5},
    };
    arcs(s);
    CHECK_OK(field_of(s, &f));
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        vxg_track_opts o = all[i];
        keeper out = keeper_new();
        vxg_track_stats stats = {0};
        o.getter = VXG_TRACK_PTT, o.max_length = 8, o.best = 1;
        CHECK_OK(vxg_track_run(NULL, &f, 1, seed, &o, &out.base, &stats));
        CHECK(out.lines == 1 && stats.ended[4] == 2, "way %d: %lld ends", (int)i,
              (long long)stats.ended[4]);
        for (int64_t p = 0; p < out.points; p++) {
            const double off = hypot(out.p[3 * p] - middle[0], out.p[3 * p + 1] - middle[1]) - 10;
            EXPECT(fabs(off) < 0.4, "way %d: %.3f mm off", (int)i, off);
        }
        keeper_free(&out);
    }
    vxg_array_release(&f.values), vxg_sphere_release(s);
}

/* Where the function is 1 everywhere, a little more in one direction to begin with, the mean along
 * every probe is 1, for any number of points and lines. */
TEST(support_of_one)
{
    vxg_sphere *s = spiral(100);
    vxg_track_field f;
    const double seed[3] = {24, 24, 2.5};
    for (int i = 0; i < 100 * VOXELS; i++) samples[i] = i / VOXELS == 50 ? 1.05f : 1;
    CHECK_OK(field_of(s, &f));
    for (int i = 0; i < 12; i++) {
        const int lines = i % 2 ? 3 : 1, high = i / 2 % 2;
        vxg_track_opts o = {.getter = VXG_TRACK_PTT,
                            .probe_quality = 2 + i / 4 * 3,
                            .probe_count = lines,
                            .probe_radius = lines > 1 ? 0.3 : 0,
                            .min_support = high ? 1.06 : 0.9999,
                            .normalize = 2,
                            .max_length = 1.5,
                            .step = 0.3};
        keeper out = keeper_new();
        vxg_track_stats stats = {0};
        CHECK_OK(vxg_track_run(NULL, &f, 1, seed, &o, &out.base, &stats));
        EXPECT(stats.ended[high ? 1 : 4] == 2,
               "%d points, %d lines, support %g: %lld without a direction, %lld long",
               o.probe_quality, lines, o.min_support, (long long)stats.ended[1],
               (long long)stats.ended[4]);
        keeper_free(&out);
    }
    vxg_array_release(&f.values), vxg_sphere_release(s);
}
TEST(refused)
{
    vxg_sphere *s = spiral(100);
    vxg_track_field f;
    const double seed[3] = {20, 20, 3};
    const vxg_track_opts wrong[] = {{.probe_quality = 1},
                                    {.probe_count = 3},
                                    {.probe_radius = 1},
                                    {.probe_quality = 65},
                                    {.disc_rings = 7},
                                    {.small_steps = -1},
                                    {.tries = 10001},
                                    {.weak_links = 3},
                                    {.normalize = 3},
                                    {.best = 2},
                                    {.min_radius = -1},
                                    {.support_power = 65},
                                    {.probe_length = 900, .min_radius = 1}};
    arcs(s);
    CHECK_OK(field_of(s, &f));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        vxg_track_opts o = wrong[i];
        keeper out = keeper_new();
        o.getter = VXG_TRACK_PTT;
        const int status = vxg_track_run(NULL, &f, 1, seed, &o, &out.base, NULL);
        EXPECT(status == VXG_ERR_ARGUMENT || status == VXG_ERR_UNSUPPORTED, "%d: status %d", (int)i,
               status);
        keeper_free(&out);
    }
    vxg_track_opts other = {.rules = VXG_TRACK_NIBRARY};
    keeper out = keeper_new();
    EXPECT(vxg_track_run(NULL, &f, 1, seed, &other, &out.base, NULL) == VXG_ERR_ARGUMENT,
           "nibrary's rules of another getter");
    keeper_free(&out), vxg_array_release(&f.values), vxg_sphere_release(s);
}

DEVICES_MAIN("track_ptt", T(circles), T(frequencies), T(same_bits), T(ways), T(support_of_one),
             T(refused))
