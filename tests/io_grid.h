/* What the tests of NIfTI and MRtrix's images share: elements of every type, boxes of a file
 * against what it holds, requests for memory that fail. */
#ifndef VXG_IO_GRID_TEST_H
#define VXG_IO_GRID_TEST_H
#include "io_test.h"

enum { MOST_ELEMENTS = 4096 };

__attribute__((unused)) static uint32_t roll(uint32_t n) {
    static uint32_t state = 12345;
    state = state * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)(state >> 8) * n >> 24);
}

__attribute__((unused)) static int complex_type(vxg_dtype type) {
    return type == VXG_C64 || type == VXG_C128;
}

/* Element i of a file, different from its neighbours. */
__attribute__((unused)) static void put_element(vxg_dtype type, int64_t i, void *to) {
    const int64_t x = i * 37 % 251 - 100;
    const double d = (double)x + 0.375, pair[2] = {d, -d - 1};
    const float f = (float)d, two[2] = {f, -f - 1};
    const int64_t wide = x * (INT64_C(1) << 33) + i;
    const uint64_t tall = (uint64_t)(i * 37 % 251) << 50 | (uint64_t)i;
    const uint16_t half = (uint16_t)((i % 16 + 8) << 10 | (i * 5 % 1024)); /* some number */
    const int16_t i16 = (int16_t)(x * 300);
    const uint16_t u16 = (uint16_t)(i * 977);
    const int32_t i32 = (int32_t)(x * 20000000);
    const uint32_t u32 = (uint32_t)i * 100000007u;
    const int8_t i8 = (int8_t)x;
    const uint8_t u8 = (uint8_t)(i * 37);
    const void *const from[] = {
        [VXG_I8] = &i8,   [VXG_U8] = &u8,    [VXG_I16] = &i16,  [VXG_U16] = &u16,  [VXG_I32] = &i32,
        [VXG_U32] = &u32, [VXG_I64] = &wide, [VXG_U64] = &tall, [VXG_F16] = &half, [VXG_F32] = &f,
        [VXG_F64] = &d,   [VXG_C64] = two,   [VXG_C128] = pair};
    memcpy(to, from[type], vxg_dtype_size(type));
}

/* The number that is, as double and as float. */
__attribute__((unused)) static double number(vxg_dtype type, const void *p, float *as_float) {
#define GET(ctype)                                                                                 \
    do {                                                                                           \
        ctype v_;                                                                                  \
        memcpy(&v_, p, sizeof v_);                                                                 \
        *as_float = (float)v_;                                                                     \
        return (double)v_;                                                                         \
    } while (0)
    switch (type) {
    case VXG_I8: GET(int8_t);
    case VXG_U8: GET(uint8_t);
    case VXG_I16: GET(int16_t);
    case VXG_U16: GET(uint16_t);
    case VXG_I32: GET(int32_t);
    case VXG_U32: GET(uint32_t);
    case VXG_I64: GET(int64_t);
    case VXG_U64: GET(uint64_t);
    case VXG_F32: GET(float);
    case VXG_F64: GET(double);
    default: break;
    }
#undef GET
    uint16_t h;
    memcpy(&h, p, 2);
    const double x = ldexp(1 + (h & 1023) / 1024.0, (h >> 10 & 31) - 15);
    *as_float = (float)x;
    return x;
}

/* Turns the byte order of n elements. */
__attribute__((unused)) static void turn(vxg_dtype type, uint8_t *p, int64_t n) {
    const size_t size = vxg_dtype_size(type) / (complex_type(type) ? 2 : 1);
    for (int64_t i = 0; i < n * (complex_type(type) ? 2 : 1); i++, p += size)
        for (size_t k = 0; k < size / 2; k++) {
            const uint8_t first = p[k];
            p[k] = p[size - 1 - k], p[size - 1 - k] = first;
        }
}

/* A box in three types against all elements in the block's order. */
__attribute__((unused)) static void check_box(vxg_block_reader *r, const uint8_t *all,
                                              const int64_t *start, const int64_t *count) {
    static uint8_t raw[16 * MOST_ELEMENTS];
    static float f[MOST_ELEMENTS];
    static double d[MOST_ELEMENTS];
    const vxg_dtype type = r->info.dtype;
    const int64_t size = (int64_t)vxg_dtype_size(type);
    int64_t n = 1;
    for (int i = 0; i < r->info.ndim; i++) n *= count[i];
    CHECK(n <= MOST_ELEMENTS, "%d elements", (int)n);
    memset(raw, 0xee, sizeof raw);
    CHECK_OK(vxg_block_read(r, start, count, type, raw));
    if (complex_type(type)) {
        CHECK(vxg_block_read(r, start, count, VXG_F32, f) == VXG_ERR_UNSUPPORTED, "complex");
    } else {
        CHECK_OK(vxg_block_read(r, start, count, VXG_F32, f));
        CHECK_OK(vxg_block_read(r, start, count, VXG_F64, d));
    }
    for (int64_t i = 0; i < n; i++) {
        int64_t rest = i, at_ = 0, step = 1;
        float single;
        for (int k = r->info.ndim - 1; k >= 0; k--) {
            at_ += (start[k] + rest % count[k]) * step;
            rest /= count[k], step *= r->info.axis[k].count;
        }
        CHECK(!memcmp(raw + i * size, all + at_ * size, (size_t)size), "%s: element %d of a box",
              vxg_dtype_name(type), (int)i);
        if (complex_type(type)) continue;
        const double x = number(type, all + at_ * size, &single);
        const double scaled = r->info.slope != 0 ? r->info.slope * x + r->info.intercept : x;
        const float scaled_single =
            r->info.slope != 0 && type != VXG_F32
                ? (float)(r->info.slope * (double)single + r->info.intercept)
                : single;
        CHECK(d[i] == (type == VXG_F64 ? x : scaled) && f[i] == scaled_single,
              "%s: element %d is %.17g, %.9g, not %.17g", vxg_dtype_name(type), (int)i, d[i], f[i],
              scaled);
    }
    if (n < MOST_ELEMENTS) CHECK(raw[n * size] == 0xee, "something behind the box was written");
}

/* The whole block, every element alone or some of them, and boxes by chance. */
__attribute__((unused)) static void check_boxes(vxg_block_reader *r, const uint8_t *all,
                                                int boxes) {
    int64_t start[VXG_MAX_DIMS] = {0}, count[VXG_MAX_DIMS];
    for (int i = 0; i < r->info.ndim; i++) count[i] = r->info.axis[i].count;
    check_box(r, all, start, count);
    for (int k = 0; k < boxes && test_state != 1; k++) {
        for (int i = 0; i < r->info.ndim; i++) {
            const int64_t n = r->info.axis[i].count;
            start[i] = roll((uint32_t)n);
            count[i] = roll(3) ? 1 + roll((uint32_t)(n - start[i])) : 1;
        }
        check_box(r, all, start, count);
    }
}

__attribute__((unused)) static const char *attribute(const vxg_block_info *info, const char *name) {
    for (int i = 0; i < info->nattributes; i++)
        if (!strcmp(info->attributes[i].name, name)) return info->attributes[i].text;
    return "";
}

/* Messages of the log since the last look. */
static char logged[4096];
__attribute__((unused)) static void keep_log(void *context, int level, const char *text) {
    (void)level, (void)context;
    snprintf(logged + strlen(logged), sizeof logged - strlen(logged), "%s\n", text);
}

/* ---- gzip without a library for it: stored blocks ---- */

__attribute__((unused)) static uint32_t crc32_of(const uint8_t *p, size_t n) {
    uint32_t c = 0xffffffffu;
    for (size_t i = 0; i < n; i++) {
        c ^= p[i];
        for (int k = 0; k < 8; k++) c = c >> 1 ^ (c & 1 ? 0xedb88320u : 0);
    }
    return ~c;
}

__attribute__((unused)) static size_t put_little(uint8_t *to, uint64_t v, int bytes) {
    for (int i = 0; i < bytes; i++) to[i] = (uint8_t)(v >> 8 * i);
    return (size_t)bytes;
}

/* One member; returns its bytes, at most n + 5 * (n / 65535 + 1) + 18. */
__attribute__((unused)) static size_t gzip_stored(const uint8_t *p, size_t n, uint8_t *to) {
    static const uint8_t head[10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3};
    size_t at_ = sizeof head, done = 0;
    memcpy(to, head, sizeof head);
    do {
        const size_t part = n - done < 65535 ? n - done : 65535;
        to[at_++] = done + part == n;
        at_ += put_little(to + at_, part, 2);
        at_ += put_little(to + at_, ~part & 0xffff, 2);
        memcpy(to + at_, p + done, part);
        at_ += part, done += part;
    } while (done < n);
    at_ += put_little(to + at_, crc32_of(p, n), 4);
    return at_ + put_little(to + at_, n, 4);
}

/* Built without zlib nothing packed is read. */
__attribute__((unused)) static int without_zlib(void) {
    return strstr(vxg_error_message(), "without zlib") != NULL;
}

/* Every request for memory fails once: VXG_ERR_MEMORY, nothing is left. */
__attribute__((unused)) static void fail_each(int (*fn)(void)) {
    scratch_clear(at(""));
    vxg_alloc_count();
    CHECK_OK(fn());
    const int64_t requests = vxg_alloc_count();
    scratch_clear(at(""));
    vxg_error_clear();
    const int64_t live = vxg_alloc_live();
    CHECK(requests > 0, "no memory was asked for");
    for (int64_t i = 0; i < requests; i++) {
        vxg_alloc_fail_at(i);
        const int status = fn();
        vxg_alloc_fail_at(-1);
        CHECK(status == VXG_ERR_MEMORY, "request %lld of %lld: status %d: %s", (long long)i,
              (long long)requests, status, vxg_error_message());
        CHECK(vxg_alloc_live() == live, "request %lld: %lld blocks left", (long long)i,
              (long long)(vxg_alloc_live() - live));
        CHECK(entries(at("")) == 0, "request %lld: %d entries left", (long long)i, entries(at("")));
        vxg_error_clear();
    }
}

#endif
