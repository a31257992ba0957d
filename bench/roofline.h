/* Upper bounds of a rate ("roofline") from what this core measurably does: multiplications and
 * multiply-adds a second, vector operations of any kind a second, bytes a second from the
 * second-level cache and from memory. All are measured in the same run, by CPU time.
 *
 * A program says what one unit of its rate (an update, a flop) needs at the least; the bound is the
 * lowest quotient. It is no prediction: permutes that are two operations, loads, waiting and all
 * work besides the inner loop are not in it, and nothing need reach it. */
#ifndef VXG_BENCH_ROOFLINE_H
#define VXG_BENCH_ROOFLINE_H
#include <stdint.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "bench.h"

typedef struct bench_machine { /* a second, one core; operations count every lane of a vector */
    double fma, ops, l2, memory;
} bench_machine;

/* Of one unit, the least of any branch the measured problem may take. 0: not counted. */
typedef struct bench_counts {
    double fma; /* multiplications and multiply-adds */
    double ops; /* all vector operations but loads and stores; those above too */
    double l2;  /* bytes from the second-level cache */
} bench_counts;

/* One loop a level. x: eight chains of multiply-adds, as many as latency times pipes, ten where
 * others come between; y: four of exclusive ors, which any pipe does. Where nothing fuses:
 * multiplications. The empty asm keeps the compiler from seeing through a chain. */
#define BENCH_HOLD(v) __asm__ volatile("" : "+" BENCH_REGISTER(v))
#define BENCH_PEAK(NAME, TARGET, F, I, MULTIPLY)                                                   \
    TARGET static void NAME##_fma(int64_t n) {                                                     \
        F x[8], a = {0};                                                                           \
        BENCH_HOLD(a);                                                                             \
        _Pragma("GCC unroll 8") for (int i = 0; i < 8; i++) x[i] = a;                              \
        for (int64_t k = 0; k < n; k++) {                                                          \
            _Pragma("GCC unroll 8") for (int i = 0; i < 8; i++) {                                  \
                x[i] = MULTIPLY(x[i], a);                                                          \
                BENCH_HOLD(x[i]);                                                                  \
            }                                                                                      \
        }                                                                                          \
    }                                                                                              \
    TARGET static void NAME##_ops(int64_t n) {                                                     \
        F x[10], a = {0};                                                                          \
        I y[4], b = {0};                                                                           \
        BENCH_HOLD(a);                                                                             \
        BENCH_HOLD(b);                                                                             \
        _Pragma("GCC unroll 10") for (int i = 0; i < 10; i++) x[i] = a, y[i % 4] = b;              \
        for (int64_t k = 0; k < n; k++) {                                                          \
            _Pragma("GCC unroll 10") for (int i = 0; i < 10; i++) {                                \
                x[i] = MULTIPLY(x[i], a);                                                          \
                BENCH_HOLD(x[i]);                                                                  \
                y[i % 4] ^= b;                                                                     \
                BENCH_HOLD(y[i % 4]);                                                              \
            }                                                                                      \
        }                                                                                          \
    }                                                                                              \
    TARGET static void NAME##_read(const char *p, int64_t bytes) {                                 \
        I s[4] = {{0}};                                                                            \
        for (int64_t k = 0; k < bytes; k += 8 * (int64_t)sizeof(I)) {                              \
            _Pragma("GCC unroll 8") for (int i = 0; i < 8; i++) s[i % 4] ^=                        \
                ((const I *)(p + k))[i];                                                           \
        }                                                                                          \
        _Pragma("GCC unroll 4") for (int i = 0; i < 4; i++) BENCH_HOLD(s[i]);                      \
    }
typedef float bench_f4 __attribute__((vector_size(16)));
typedef int32_t bench_i4 __attribute__((vector_size(16), may_alias));
#define BENCH_MULTIPLY(x, a) ((x) * (a))
#if defined(__x86_64__)
#define BENCH_REGISTER "x"
typedef float bench_f8 __attribute__((vector_size(32)));
typedef int32_t bench_i8 __attribute__((vector_size(32), may_alias));
typedef float bench_f16 __attribute__((vector_size(64)));
typedef int32_t bench_i16 __attribute__((vector_size(64), may_alias));
#define BENCH_FMA8(x, a) ((bench_f8)_mm256_fmadd_ps((__m256)(x), (__m256)(a), (__m256)(a)))
#define BENCH_FMA16(x, a) ((bench_f16)_mm512_fmadd_ps((__m512)(x), (__m512)(a), (__m512)(a)))
BENCH_PEAK(bench_v3, __attribute__((target("avx2,fma"))), bench_f8, bench_i8, BENCH_FMA8)
#undef BENCH_REGISTER
#define BENCH_REGISTER "v"
BENCH_PEAK(bench_v4, __attribute__((target("avx512f"))), bench_f16, bench_i16, BENCH_FMA16)
#undef BENCH_REGISTER
#define BENCH_REGISTER "x"
#elif defined(__aarch64__)
#define BENCH_REGISTER "w"
#else
#define BENCH_REGISTER "m" /* unknown: through memory, lower figures */
#endif
BENCH_PEAK(bench_v2, , bench_f4, bench_i4, BENCH_MULTIPLY)

typedef struct bench_loops {
    const char *level;
    int lanes;
    void (*fma)(int64_t), (*ops)(int64_t), (*read)(const char *, int64_t);
} bench_loops;

/* Those of the device's instruction-set level. */
static inline const bench_loops *bench_level(const vxg_device *dev) {
    static const bench_loops list[] = {
#if defined(__x86_64__)
        {"v4", 16, bench_v4_fma, bench_v4_ops, bench_v4_read},
        {"v3", 8, bench_v3_fma, bench_v3_ops, bench_v3_read},
#endif
        {"", 4, bench_v2_fma, bench_v2_ops, bench_v2_read}
    };
    const char *words = vxg_device_get_info(dev)->driver;
    int i = 0;
    while (!strstr(words, list[i].level)) i++;
    return &list[i];
}

/* Best of 9 runs of about 30 ms, as other load can only lower it: units a second of run(n), which
 * does `each` units per n. */
static inline double bench_peak(void (*run)(int64_t), double each) {
    double rate[9];
    int64_t n = 1000;
    for (double t = 0; t < 0.02; n *= 2) {
        const double from = cpu_seconds();
        run(n);
        t = cpu_seconds() - from;
    }
    for (int k = 0; k < 9; k++) {
        const double from = cpu_seconds();
        run(n);
        rate[k] = each * (double)n / (cpu_seconds() - from);
    }
    qsort(rate, 9, sizeof *rate, by_value);
    return rate[8];
}

/* Bytes a second of reading `bytes` again and again, the best of 9. */
static inline double bench_bandwidth(const bench_loops *l, int64_t bytes, int64_t total) {
    double rate[9];
    char *p = aligned_alloc(64, (size_t)bytes);
    if (!p) return INFINITY;
    memset(p, 1, (size_t)bytes);
    for (int k = 0; k < 9; k++) {
        const double from = cpu_seconds();
        for (int64_t done = 0; done < total; done += bytes) l->read(p, bytes);
        rate[k] = (double)total / (cpu_seconds() - from);
    }
    free(p);
    qsort(rate, 9, sizeof *rate, by_value);
    return rate[8];
}

/* Measures, and says so on stderr. */
static inline bench_machine bench_measure(const vxg_device *dev) {
    const bench_loops *l = bench_level(dev);
    bench_machine m = {.fma = bench_peak(l->fma, 8.0 * l->lanes),
                       .ops = bench_peak(l->ops, 20.0 * l->lanes),
                       .l2 = bench_bandwidth(l, 256 << 10, 1 << 30),
                       .memory = bench_bandwidth(l, 256 << 20, 256 << 20)};
    if (m.ops < m.fma) m.ops = m.fma;
    fprintf(stderr,
            "one core, %d lanes: %.1f G multiply-adds/s, %.1f G operations/s, L2 %.1f GB/s, "
            "memory %.1f GB/s\n",
            l->lanes, 1e-9 * m.fma, 1e-9 * m.ops, 1e-9 * m.l2, 1e-9 * m.memory);
    return m;
}

/* "10.5 (fma)": the lowest bound, in 1e9 units a second. The arrays, `bytes` for all `units`, come
 * from or go to memory once at the least, where they are too large to stay in a core's last-level
 * cache. */
static inline const char *bench_roofline(const bench_machine *m, bench_counts c, double units,
                                         double bytes, char text[48]) {
    const double cache = 96 << 20; /* the largest there is on one die */
    const struct {
        const char *name;
        double rate, count;
    } bound[4] = {{"fma", m->fma, c.fma},
                  {"operations", m->ops, c.ops},
                  {"L2", m->l2, c.l2},
                  {"memory", m->memory, bytes > cache ? bytes / units : 0}};
    int least = 0;
    for (int i = 1; i < 4; i++)
        if (bound[i].rate * bound[least].count < bound[least].rate * bound[i].count) least = i;
    snprintf(text, 48, "%.1f (%s)", 1e-9 * bound[least].rate / bound[least].count,
             bound[least].name);
    return text;
}
#endif
