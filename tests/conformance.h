/* Runs the kernels of kernels/num/conformance.k through any target and compares with values formed
 * here, in plain C or in double: the same expectations for every device.
 *
 * Bounds: everything is equal to the bit, except
 *   exp, log, sin, cos, atan     4 units in the last place, atan 5 (OpenCL 1.2 promises 3, 3, 4, 4,
 * 5), atan2 6, pow 16; sqrt, divide on OpenCL       3 units (OpenCL 1.2 promises 3 and 2.5) */
#ifndef VXG_CONFORMANCE_H
#define VXG_CONFORMANCE_H
#include <stdint.h>
#include <voxgrad/array.h>

#include "test.h"

typedef struct conf_launch {
    const char *kernel, *options;
    int64_t global[3];
    int nbuffers, nints, nreals;
    double *data[8]; /* copied to the buffer's type before, back after */
    size_t count[8];
    int64_t offset[8];
    char type[8]; /* 'i': int32, 'u': uint32, 0: the target's type */
    int ints[24];
    double reals[16];
} conf_launch;

typedef struct conf_target {
    int (*run)(struct conf_target *self, const conf_launch *l); /* 0, or a status with a message */
    const char *(*message)(void);
    int is_f64;
    int fused;          /* K_fma is one rounding */
    int exact_roots;    /* sqrt and divide are correctly rounded */
    int needs_compiler; /* for definitions that stand in no K_VARIANT row */
    void *context;
} conf_target;

/* K_fma is one rounding wherever the processor has the instruction; an x86 build says which level.
 */
__attribute__((unused)) static int conf_is_fused(const vxg_device_info *info) {
#if defined(__x86_64__)
    if (!strcmp(info->backend, "cpu"))
        return strstr(info->driver, "x86-64-v3") || strstr(info->driver, "x86-64-v4");
#endif
    return *info->driver != 0;
}

static double conf_round(const conf_target *t, double v) {
    return t->is_f64 ? v : (double)(float)v;
}
/* Distance in units of the last place of the expected value. */
static double conf_ulps(const conf_target *t, double got, double want) {
    if (got == want || (isnan(got) && isnan(want))) return 0;
    if (!isfinite(got) || !isfinite(want)) return INFINITY;
    double unit = t->is_f64
                      ? nextafter(fabs(want), INFINITY) - fabs(want)
                      : (double)nextafterf((float)fabs(want), INFINITY) - (double)(float)fabs(want);
    return fabs(got - want) / unit;
}

/* Bytes of an element of buffer b, and its values to and from memory of that type. */
__attribute__((unused)) static size_t conf_size(const conf_target *t, const conf_launch *l, int b) {
    return l->type[b] || !t->is_f64 ? 4 : 8;
}
__attribute__((unused)) static void conf_pack(const conf_target *t, const conf_launch *l, int b,
                                              void *out) {
    for (size_t i = 0; i < l->count[b]; i++) {
        const double v = l->data[b][i];
        if (l->type[b] == 'i') {
            ((int32_t *)out)[i] = (int32_t)v;
        } else if (l->type[b] == 'u') {
            ((uint32_t *)out)[i] = (uint32_t)v;
        } else if (t->is_f64) {
            ((double *)out)[i] = v;
        } else {
            ((float *)out)[i] = (float)v;
        }
    }
}
__attribute__((unused)) static void conf_unpack(const conf_target *t, const conf_launch *l, int b,
                                                const void *in) {
    for (size_t i = 0; i < l->count[b]; i++)
        l->data[b][i] = l->type[b] == 'i'   ? (double)((const int32_t *)in)[i]
                        : l->type[b] == 'u' ? (double)((const uint32_t *)in)[i]
                        : t->is_f64         ? ((const double *)in)[i]
                                            : (double)((const float *)in)[i];
}

#define CONF_RUN(t, l) CHECK((t)->run((t), (l)) == 0, "%s: %s", (l)->kernel, (t)->message())

enum { CONF_N = 515, CONF_ROWS = 27 };

static double conf_input(const conf_target *t, int i) {
    static const double special[] = {0, -0.5, 0.5, 1, -1, 7, -7, 1e-3, -2.75, 16, 1e-20, 2.5};
    int n = (int)(sizeof special / sizeof *special);
    return conf_round(t, i < n ? special[i] : (i - 257) * 0.0783 + 1e-4 * (i % 13));
}

/* One operation in the target's type. */
static double conf_madd(const conf_target *t, double a, double b, double c) {
    if (t->is_f64) {
        volatile double product = a * b;
        return product + c;
    }
    volatile float product = (float)a * (float)b;
    return (double)(product + (float)c);
}
static double conf_fma(const conf_target *t, double a, double b, double c) {
    if (!t->fused) return conf_madd(t, a, b, c);
    return t->is_f64 ? fma(a, b, c) : (double)fmaf((float)a, (float)b, (float)c);
}

/* The number whose last bit is the other one. */
static double conf_neighbour(const conf_target *t, double v) {
    const float f = (float)v;
    uint64_t wide;
    uint32_t narrow;
    memcpy(&wide, &v, 8), memcpy(&narrow, &f, 4);
    wide ^= 1, narrow ^= 1;
    float g;
    memcpy(&v, &wide, 8), memcpy(&g, &narrow, 4);
    return t->is_f64 ? v : (double)g;
}
/* Word i % 4 of the generator at the counter i, i + 1000, ... */
static double conf_philox(int i) {
    const uint32_t n = (uint32_t)i, key[2] = {7, 11};
    const uint32_t counter[4] = {n, n + 1000, n + 2000, n + 3000};
    uint32_t out[4];
    vxg_philox(counter, key, out);
    return (out[i % 4] >> 8) * (1.0 / 16777216);
}

static void conf_maths_row(const conf_target *t, int row, int i, const double *p, double *want,
                           double *bound) {
    const double table[4] = {0.5, -1.25, 3.0, 1e-3};
    double v = conf_input(t, i);
    int whole = (int)v, root = t->exact_roots ? 0 : 3;
    *bound = 0;
    switch (row) {
    case 0: *want = conf_fma(t, v, p[0], p[1]); break;
    case 1: *want = fabs(v); break;
    case 2: *want = floor(v); break;
    case 3: *want = ceil(v); break;
    case 4: *want = conf_round(t, sqrt(fabs(v))), *bound = root; break;
    case 5: *want = conf_round(t, exp(v)), *bound = 4; break;
    case 6: *want = conf_round(t, log(fabs(v))), *bound = 4; break;
    case 7: *want = conf_round(t, sin(v)), *bound = 4; break;
    case 8: *want = conf_round(t, cos(v)), *bound = 4; break;
    case 9: *want = v < p[0] ? v : p[0]; break;
    case 10: *want = v > p[1] ? v : p[1]; break;
    case 11: *want = whole; break;
    case 12: *want = whole < -3 ? whole : -3; break;
    case 13: *want = whole > -3 ? whole : -3; break;
    case 14: *want = conf_round(t, table[i % 4]) * 0.125; break;
    case 15: *want = conf_madd(t, v, p[0], p[1]); break;
    case 16: *want = conf_round(t, v / p[2]), *bound = root; break;
    case 17: *want = p[1]; break;
    case 18: *want = v; break;
    case 19: *want = (uint32_t)i * (uint32_t)2654435761u >> 16; break;
    case 20: *want = conf_round(t, atan(v)), *bound = 5; break;
    case 21: *want = conf_round(t, atan2(v, p[1])), *bound = 6; break;
    case 22: *want = conf_round(t, pow(fabs(v), p[0])), *bound = 16; break;
    case 23: *want = 1; break;
    case 24:
        *want = (uint32_t)((uint64_t)((uint32_t)i * 2654435761u) * 3000000019u >> 32) >> 8;
        break;
    case 25: *want = conf_neighbour(t, v); break;
    default: *want = conf_philox(i); break;
    }
}

static void conf_test_maths(conf_target *t) {
    static double x[CONF_N], y[CONF_N * CONF_ROWS];
    double p[3] = {conf_round(t, 1.0 / 3), conf_round(t, -0.7), conf_round(t, 2.9)};
    for (int i = 0; i < CONF_N; i++) x[i] = conf_input(t, i);
    memset(y, 0, sizeof y);
    conf_launch l = {.kernel = "conformance_maths",
                     .global = {CONF_N, 1, 1},
                     .nbuffers = 2,
                     .nints = 1,
                     .nreals = 3,
                     .data = {x, y},
                     .count = {CONF_N, CONF_N * CONF_ROWS},
                     .ints = {-3},
                     .reals = {p[0], p[1], p[2]}};
    CONF_RUN(t, &l);
    int unequal = 0; /* fused and unfused must differ somewhere, or the test sees nothing */
    for (int row = 0; row < CONF_ROWS; row++)
        for (int i = 0; i < CONF_N; i++) {
            double want, bound, got = y[row * CONF_N + i];
            conf_maths_row(t, row, i, p, &want, &bound);
            CHECK(conf_ulps(t, got, want) <= bound, "row %d, x = %.9g: %.17g, expected %.17g", row,
                  x[i], got, want);
            if (row == 0 && got != conf_madd(t, x[i], p[0], p[1])) unequal++;
        }
    CHECK(!t->fused || unequal > 10, "K_fma never differs from two roundings");
}

static void conf_test_index(conf_target *t) {
    static double y[37 * 5 * 3 + 2];
    enum { NX = 37, NY = 5, NZ = 3, N = NX * NY * NZ };
    for (int i = 0; i < N + 2; i++) y[i] = -1;
    conf_launch l = {.kernel = "conformance_index",
                     .global = {NX, NY, NZ},
                     .nbuffers = 1,
                     .data = {y},
                     .count = {N + 2},
                     .offset = {1}};
    CONF_RUN(t, &l);
    for (int i = 0; i < N; i++) CHECK(y[i + 1] == i, "item %d wrote %g", i, y[i + 1]);
    CHECK(y[0] == -1 && y[N + 1] == -1, "items outside the range wrote");
}

static void conf_test_long(conf_target *t) {
    double y[3] = {0};
    int64_t a = ((int64_t)1 << 41) + 12345, b = ((int64_t)1 << 41) - 77;
    conf_launch l = {.kernel = "conformance_long",
                     .global = {3, 1, 1},
                     .nbuffers = 1,
                     .nints = 4,
                     .data = {y},
                     .count = {3}};
    l.ints[0] = (int)(a & 0x7fffffff), l.ints[1] = (int)(a >> 31);
    l.ints[2] = (int)(b & 0x7fffffff), l.ints[3] = (int)(b >> 31);
    CONF_RUN(t, &l);
    for (int i = 0; i < 3; i++) CHECK(y[i] == 12345 + 77 + i, "%d: %g", i, y[i]);
}

static void conf_test_params(conf_target *t) {
    double a[20], b[20], c[20] = {0}, sum = 0;
    conf_launch l = {.kernel = "conformance_params",
                     .global = {10, 1, 1},
                     .nbuffers = 3,
                     .nints = 24,
                     .nreals = 16,
                     .data = {a, b, c},
                     .count = {20, 20, 20},
                     .offset = {2, 5, 7}};
    for (int i = 0; i < 20; i++) a[i] = i * i, b[i] = 0.5 * i;
    for (int k = 0; k < 24; k++) l.ints[k] = 3 * k - 20, sum += l.ints[k] * (k + 1);
    for (int k = 0; k < 16; k++) l.reals[k] = 0.25 * k - 1, sum += l.reals[k] * (k + 1);
    CONF_RUN(t, &l);
    for (int i = 0; i < 20; i++) {
        double want = i >= 7 && i < 17 ? a[i - 5] + a[i - 4] + a[i - 3] + 2 * b[i - 2] + sum : 0;
        CHECK(c[i] == want, "c[%d] = %g, expected %g", i, c[i], want);
    }
    double d[10] = {0};
    conf_launch four = {.kernel = "conformance_four",
                        .global = {10, 1, 1},
                        .nbuffers = 4,
                        .data = {a, b, c, d},
                        .count = {20, 20, 20, 10},
                        .offset = {1, 2, 7, 0}};
    CONF_RUN(t, &four);
    for (int i = 0; i < 10; i++)
        CHECK(d[i] == a[i + 1] + 2 * b[i + 2] + 4 * c[i + 7], "d[%d] = %g", i, d[i]);
}

static void conf_test_atomic(conf_target *t) {
    static double x[2000];
    double sums[3] = {1000, 0, 0}, want[3] = {1000, 0, 0};
    for (int i = 0; i < 2000; i++) x[i] = (i * 7 % 31) * 0.5, want[i % 3] += x[i];
    conf_launch l = {.kernel = "conformance_atomic",
                     .global = {2000, 1, 1},
                     .nbuffers = 2,
                     .data = {x, sums},
                     .count = {2000, 3}};
    CONF_RUN(t, &l);
    for (int i = 0; i < 3; i++) CHECK(sums[i] == want[i], "%d: %g, not %g", i, sums[i], want[i]);
}

static void conf_test_groups(conf_target *t) {
    enum { GX = 5, GY = 2, GZ = 2, GROUPS = GX * GY * GZ };
    static double x[GROUPS * 64], s[GROUPS * 64], y[GROUPS * 64];
    for (int i = 0; i < GROUPS * 64; i++) x[i] = i * 37 % 101 - 50, s[i] = y[i] = 0;
    conf_launch l = {.kernel = "conformance_group",
                     .global = {GX, GY, GZ},
                     .nbuffers = 3,
                     .data = {x, s, y},
                     .count = {GROUPS * 64, GROUPS * 64, GROUPS}};
    CONF_RUN(t, &l);
    for (int g = 0; g < GROUPS; g++) {
        double want = 0;
        for (int i = 0; i < 64; i++) want += x[g * 64 + i];
        CHECK(y[g] == want, "sum of group %d: %g, not %g", g, y[g], want);
    }
    conf_launch reverse = {.kernel = "conformance_reverse",
                           .global = {GX, 1, 1},
                           .nbuffers = 2,
                           .data = {s, y},
                           .count = {GX * 64, GX * 64}};
    CONF_RUN(t, &reverse);
    for (int i = 0; i < GX * 64; i++)
        CHECK(y[i] == i / 64 * 100 + 63 - i % 64, "reverse: item %d has %g", i, y[i]);
    static double one[GX * 64];
    for (int i = 0; i < GX * 64; i++) one[i] = 1 + i % 2;
    conf_launch rotate = {.kernel = "conformance_rotate",
                          .global = {GX, 1, 1},
                          .nbuffers = 4,
                          .data = {x, one, s, y},
                          .count = {GX * 64, GX * 64, GX * 64, GX * 64}};
    CONF_RUN(t, &rotate);
    for (int i = 0; i < GX * 64; i++) {
        int base = i / 64 * 64, k = i % 64;
        double want =
            x[base + (k + 3) % 64] + one[base + (k + 3) % 64] + one[base + (k + 2) % 64] + one[i];
        CHECK(y[i] == want, "rotate: item %d has %g, expected %g", i, y[i], want);
    }
}

/* Entries of lanes, of one to eight buffers. */
static void conf_test_lanes(conf_target *t) {
    enum { N = 96 };
    static double x[8][N + 8];
    for (int n = 1; n <= 8; n++) {
        char name[64];
        snprintf(name, sizeof name, "conformance_lanes%d", n);
        conf_launch l = {.kernel = name, .global = {N, 1, 1}, .nbuffers = n};
        for (int b = 0; b < n; b++) {
            for (int i = 0; i < N + 8; i++) x[b][i] = (i * 7 + b * 13) % 32 - 11;
            l.data[b] = x[b], l.count[b] = N + 8, l.offset[b] = b;
        }
        CONF_RUN(t, &l);
        for (int i = 0; i < N; i++) {
            const double first = i * 7 % 32 - 11;
            double want = first;
            for (int b = 1; b < n - 1; b++)
                want += (double)(1 << b) * (((i + b) * 7 + b * 13) % 32 - 11);
            if (first < 0) want = -want;
            CHECK(x[n - 1][i + n - 1] == want, "%s: item %d has %g, expected %g", name, i,
                  x[n - 1][i + n - 1], want);
        }
    }
}

/* Entries of one to eight buffers: of items (from five on), of groups, of groups with memory of
 * their own. */
static void conf_test_buffers(conf_target *t) {
    enum { GROUPS = 3, N = GROUPS * 64 };
    static const char *const kinds[] = {"items", "groups", "locals"};
    static double x[8][N + 8];
    for (int kind = 0; kind < 3; kind++)
        for (int n = kind ? 1 : 5; n <= 8; n++) {
            char name[64];
            snprintf(name, sizeof name, "conformance_%s%d", kinds[kind], n);
            conf_launch l = {.kernel = name, .global = {kind ? GROUPS : N, 1, 1}, .nbuffers = n};
            for (int b = 0; b < n; b++) {
                for (int i = 0; i < N + 8; i++) x[b][i] = (i * 7 + b * 13) % 32 - 11;
                l.data[b] = x[b], l.count[b] = N + 8, l.offset[b] = b;
            }
            CONF_RUN(t, &l);
            for (int i = 0; i < N; i++) {
                const int from = kind < 2 ? i : i / 64 * 64 + 63 - i % 64;
                double want = n == 1 && kind == 1 ? i : 0;
                for (int b = 0; b < n - 1; b++)
                    want += (double)(1 << b) * (((from + b) * 7 + b * 13) % 32 - 11);
                if (n == 1 && kind == 2) want = from * 7 % 32 - 11;
                CHECK(x[n - 1][i + n - 1] == want, "%s: item %d has %g, expected %g", name, i,
                      x[n - 1][i + n - 1], want);
            }
        }
}

static void conf_test_tally(conf_target *t) {
    enum { GROUPS = 7, N = GROUPS * 64 };
    static double x[N];
    double cells[3] = {100, 50, -50}, ucells[3] = {7, 4e9, 5};
    uint32_t sum = 7, least = 4000000000u, most = 5;
    double isum = 100, ileast = 50, imost = -50;
    for (int i = 0; i < N; i++) {
        const int v = i * 577 % 4001 - 1000;
        x[i] = v;
        isum += v, ileast = v < ileast ? v : ileast, imost = v > imost ? v : imost;
        sum += (uint32_t)v;
        least = (uint32_t)v < least ? (uint32_t)v : least;
        most = (uint32_t)v > most ? (uint32_t)v : most;
    }
    conf_launch l = {.kernel = "conformance_tally",
                     .global = {GROUPS, 1, 1},
                     .nbuffers = 3,
                     .data = {x, cells, ucells},
                     .count = {N, 3, 3},
                     .type = {0, 'i', 'u'}};
    CONF_RUN(t, &l);
    CHECK(cells[0] == isum && cells[1] == ileast && cells[2] == imost,
          "signed: %.0f %.0f %.0f, expected %.0f %.0f %.0f", cells[0], cells[1], cells[2], isum,
          ileast, imost);
    CHECK(ucells[0] == sum && ucells[1] == least && ucells[2] == most,
          "unsigned: %.0f %.0f %.0f, expected %u %u %u", ucells[0], ucells[1], ucells[2], sum,
          least, most);
}

/* One definition of the file's own, and the size of groups; the last set is in no K_VARIANT row. */
static void conf_test_definitions(conf_target *t) {
    static const struct {
        const char *options;
        int tile, group, compiled;
    } sets[] = {{NULL, 3, 64, 0},
                {"-DCONFORMANCE_TILE=5", 5, 64, 0},
                {" -DK_GROUP=32  -DCONFORMANCE_TILE=6 ", 6, 32, 0},
                {"-DCONFORMANCE_TILE=7 -DK_GROUP=16", 7, 16, 1}};
    for (size_t s = 0; s < sizeof sets / sizeof *sets; s++) {
        static double x[5 * 64], scratch[5 * 64];
        double y[5] = {0};
        if (sets[s].compiled && t->needs_compiler && system("cc --version >/dev/null 2>&1"))
            SKIP("no C compiler");
        conf_launch l = {.kernel = "conformance_definitions",
                         .options = sets[s].options,
                         .global = {5, 1, 1},
                         .nbuffers = 1,
                         .data = {y},
                         .count = {5}};
        CONF_RUN(t, &l);
        for (int i = 0; i < 5; i++)
            CHECK(y[i] == sets[s].tile * 10000 + sets[s].group, "%s: %g", sets[s].options, y[i]);
        const int g = sets[s].group;
        for (int i = 0; i < 5 * g; i++) x[i] = i * i % 17;
        conf_launch sums = {.kernel = "conformance_group",
                            .options = sets[s].options,
                            .global = {5, 1, 1},
                            .nbuffers = 3,
                            .data = {x, scratch, y},
                            .count = {(size_t)(5 * g), (size_t)(5 * g), 5}};
        CONF_RUN(t, &sums);
        for (int k = 0; k < 5; k++) {
            double want = 0;
            for (int i = 0; i < g; i++) want += x[k * g + i];
            CHECK(y[k] == want, "%s: group %d has %g, expected %g", sets[s].options, k, y[k], want);
        }
    }
}

static const struct {
    const char *name;
    void (*fn)(conf_target *t);
} conf_tests[] = {{"maths", conf_test_maths},     {"index", conf_test_index},
                  {"long", conf_test_long},       {"params", conf_test_params},
                  {"atomic", conf_test_atomic},   {"groups", conf_test_groups},
                  {"buffers", conf_test_buffers}, {"lanes", conf_test_lanes},
                  {"tally", conf_test_tally},     {"definitions", conf_test_definitions}};

static void conf_all(conf_target *t, const char *label) {
    for (size_t i = 0; i < sizeof conf_tests / sizeof *conf_tests; i++) {
        char name[96];
        snprintf(name, sizeof name, "%s.%s.%s", label, t->is_f64 ? "f64" : "f32",
                 conf_tests[i].name);
        test_case_begin();
        conf_tests[i].fn(t);
        test_case_end(name);
    }
}
#endif
