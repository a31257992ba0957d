/* Pictures: windows, text, slices, montage, charts, and the PNG files they become. */
#include "io_test.h"

/* ---- PNG read here without the library: chunks, CRC-32, inflate (RFC 1951) ---- */

typedef struct bits {
    const uint8_t *p;
    size_t n, at; /* in bits */
} bits;
static int bit(bits *b) {
    int v = b->at / 8 < b->n ? b->p[b->at / 8] >> (b->at % 8) & 1 : 0;
    b->at++;
    return v;
}
static int number(bits *b, int n) {
    int v = 0;
    for (int i = 0; i < n; i++) v |= bit(b) << i;
    return v;
}
typedef struct code {
    int count[16], symbol[320];
} code;
static void make_code(code *c, const uint8_t *length, int n) {
    int offset[16] = {0};
    memset(c, 0, sizeof *c);
    for (int i = 0; i < n; i++) c->count[length[i]]++;
    c->count[0] = 0;
    for (int i = 1; i < 15; i++) offset[i + 1] = offset[i] + c->count[i];
    for (int i = 0; i < n; i++)
        if (length[i]) c->symbol[offset[length[i]]++] = i;
}
static int symbol(bits *b, const code *c) {
    int value = 0, first = 0, index = 0;
    for (int length = 1; length < 16; length++) {
        value |= bit(b);
        if (value - first < c->count[length]) return c->symbol[index + value - first];
        index += c->count[length];
        first = (first + c->count[length]) * 2;
        value *= 2;
    }
    return -1;
}
static int base_and_extra(bits *b, int k, int step) { /* both tables follow one rule */
    int extra = k < 2 * step ? 0 : k / step - 1;
    int base = extra ? ((step + k % step) << extra) : k;
    return base + number(b, extra);
}
static size_t inflate_block(bits *b, const code *l, const code *d, uint8_t *out, size_t n,
                            size_t room) {
    for (int s; (s = symbol(b, l)) != 256 && s >= 0 && n < room;) {
        if (s < 256) {
            out[n++] = (uint8_t)s;
            continue;
        }
        int length = s == 285 ? 258 : 3 + base_and_extra(b, s - 257, 4);
        size_t distance = 1 + (size_t)base_and_extra(b, symbol(b, d), 2);
        if (distance > n) return 0;
        for (; length > 0 && n < room; length--, n++) out[n] = out[n - distance];
    }
    return n;
}
static size_t inflate_all(const uint8_t *p, size_t n, uint8_t *out, size_t room) {
    static const uint8_t order[19] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                      11, 4,  12, 3, 13, 2, 14, 1, 15};
    bits b = {p + 2, n - 2, 0}; /* behind the zlib header */
    size_t done = 0;
    for (int last = 0; !last && b.at / 8 < b.n;) {
        uint8_t length[320] = {0};
        code l, d;
        last = bit(&b);
        int kind = number(&b, 2), nl = 288, nd = 30;
        if (kind == 0) {
            b.at = (b.at + 7) / 8 * 8;
            int stored = number(&b, 16);
            number(&b, 16);
            for (; stored > 0 && done < room; stored--) out[done++] = (uint8_t)number(&b, 8);
            continue;
        }
        if (kind == 1) {
            for (int i = 0; i < 288; i++) length[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
            make_code(&l, length, 288);
            memset(length, 5, 30);
            make_code(&d, length, 30);
        } else {
            uint8_t small[19] = {0};
            nl = 257 + number(&b, 5), nd = 1 + number(&b, 5);
            for (int i = 0, m = 4 + number(&b, 4); i < m; i++)
                small[order[i]] = (uint8_t)number(&b, 3);
            make_code(&l, small, 19);
            for (int i = 0; i < nl + nd;) {
                int s = symbol(&b, &l), times = 1, v = s;
                if (s < 0) return 0;
                if (s == 16) v = i ? length[i - 1] : 0, times = 3 + number(&b, 2);
                if (s == 17) v = 0, times = 3 + number(&b, 3);
                if (s == 18) v = 0, times = 11 + number(&b, 7);
                for (; times > 0 && i < nl + nd; times--) length[i++] = (uint8_t)v;
            }
            make_code(&l, length, nl);
            make_code(&d, length + nl, nd);
        }
        done = inflate_block(&b, &l, &d, out, done, room);
    }
    return done;
}
static uint32_t crc32_of(const uint8_t *p, size_t n) {
    uint32_t c = 0xffffffff;
    for (size_t i = 0; i < n; i++) {
        c ^= p[i];
        for (int k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ c >> 1 : c >> 1;
    }
    return ~c;
}
static uint32_t word(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}
static void unfilter(uint8_t *raw, int64_t width, int64_t height, int channels, uint8_t *out) {
    int64_t n = width * channels;
    for (int64_t y = 0; y < height; y++) {
        const uint8_t *in = raw + y * (n + 1) + 1;
        uint8_t *row = out + y * n;
        for (int64_t i = 0; i < n; i++) {
            int a = i >= channels ? row[i - channels] : 0, b = y ? row[i - n] : 0;
            int c = i >= channels && y ? row[i - n - channels] : 0, guess = 0;
            int pa = abs(b - c), pb = abs(a - c), pc = abs(a + b - 2 * c);
            switch (in[-1]) {
            case 1: guess = a; break;
            case 2: guess = b; break;
            case 3: guess = (a + b) / 2; break;
            case 4: guess = pa <= pb && pa <= pc ? a : pb <= pc ? b : c; break;
            }
            row[i] = (uint8_t)(in[i] + guess);
        }
    }
}

/* Checks a PNG against the picture; text: "key" and its value that must be there, or NULL. */
static void check_png(const char *path, const vxg_picture *pic, const char *key, const char *text) {
    size_t n = 0, packed = 0, plain = (size_t)(pic->height * (pic->width * pic->channels + 1));
    uint8_t *p = slurp(path, &n), *idat = malloc(n), *raw = malloc(plain + 1);
    uint8_t *pixels = malloc(plain);
    int found = 0, ended = 0;
    CHECK(p && n > 45 && !memcmp(p, "\x89PNG\r\n\x1a\n", 8), "no PNG");
    for (size_t i = 8; i + 12 <= n;) {
        size_t length = word(p + i);
        CHECK(length <= n - i - 12, "a chunk is cut");
        CHECK(crc32_of(p + i + 4, length + 4) == word(p + i + 8 + length), "CRC of %.4s",
              p + i + 4);
        const uint8_t *data = p + i + 8;
        if (!memcmp(p + i + 4, "IHDR", 4))
            CHECK(word(data) == pic->width && word(data + 4) == pic->height && data[8] == 8 &&
                      data[9] == (pic->channels == 3 ? 2 : 0),
                  "header");
        if (!memcmp(p + i + 4, "IDAT", 4)) memcpy(idat + packed, data, length), packed += length;
        if (key && !memcmp(p + i + 6, "Xt", 2) && !strcmp((const char *)data, key))
            found |= contains(data, length, text);
        ended = !memcmp(p + i + 4, "IEND", 4);
        i += 12 + length;
    }
    CHECK(ended, "no IEND");
    CHECK(!key || found, "no text %s", key);
    CHECK(inflate_all(idat, packed, raw, plain + 1) == plain, "pixels do not unpack");
    unfilter(raw, pic->width, pic->height, pic->channels, pixels);
    CHECK(!memcmp(pixels, pic->pixels, plain - (size_t)pic->height), "pixels differ");
    free(pixels);
    free(raw);
    free(idat);
    free(p);
}

TEST(png)
{
    for (int channels = 1; channels <= 3; channels += 2) {
        vxg_picture p;
        const vxg_attribute a[] = {{"Software", "voxgrad 0.1.0"}, {"unit", "\xc2\xb5m"}};
        CHECK_OK(vxg_picture_new(301, 97, channels, &p));
        uint32_t x = 1;
        for (int64_t i = 0; i < 301 * 97 * channels; i++) {
            x = x * 1664525u + 1013904223u;
            p.pixels[i] = (uint8_t)(i % 3 ? x >> 28 : (uint32_t)i / 301);
        }
        CHECK_OK(vxg_picture_write_png(&p, at("p.png"), a, 2, 0));
        check_png(at("p.png"), &p, "Software", "voxgrad 0.1.0");
        check_png(at("p.png"), &p, "unit", "\xc2\xb5m");
        CHECK(vxg_picture_write_png(&p, at("p.png"), NULL, 0, 0) == VXG_ERR_OUTPUT, "replaced");
        CHECK_OK(vxg_picture_write_png(&p, at("p.png"), NULL, 0, 1));
        check_png(at("p.png"), &p, NULL, NULL);
        limit_file_size(300);
        int status = vxg_picture_write_png(&p, at("full/p.png"), NULL, 0, 0);
        limit_file_size(0);
        CHECK(status == VXG_ERR_OUTPUT && strstr(vxg_error_message(), "File too large"), "%s",
              vxg_error_message());
        CHECK(entries(at("")) == 1, "something was left");
        scratch_clear(at(""));
        vxg_picture_free(&p);
    }
    vxg_picture p = {0};
    CHECK(vxg_picture_write_png(&p, at("p.png"), NULL, 0, 0) == VXG_ERR_ARGUMENT, "empty");
    CHECK(vxg_picture_new(0, 5, 1, &p) == VXG_ERR_ARGUMENT, "no width");
    CHECK(vxg_picture_new(5, 5, 2, &p) == VXG_ERR_ARGUMENT, "two channels");
    CHECK(vxg_picture_new((int64_t)1 << 40, (int64_t)1 << 40, 1, &p) == VXG_ERR_ARGUMENT, "huge");
    vxg_picture_free(NULL);
    CHECK(vxg_alloc_live() == 0, "%lld blocks left", (long long)vxg_alloc_live());
}

/* ---- windows ---- */

static int by_value(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

TEST(percentiles)
{
    enum { N = 5000 };
    static float v[N], sorted[N];
    const double percents[][2] = {{0, 100}, {0.5, 99.5}, {25, 75}, {50, 50}, {1, 33.3}};
    for (int kind = 0; kind < 4; kind++) {
        uint32_t x = 7;
        int64_t m = 0;
        for (int i = 0; i < N; i++) {
            x = x * 1664525u + 1013904223u;
            double u = (x >> 8) / 16777216.0 - 0.5;
            v[i] = (float)(kind == 0   ? u
                           : kind == 1 ? u * 1e-30
                           : kind == 2 ? floor(u * 8)
                                       : u * 1e9);
            if (kind == 3 && i % 7 == 0) v[i] = i % 2 ? NAN : i % 4 ? INFINITY : -INFINITY;
            if (isfinite(v[i])) sorted[m++] = v[i];
        }
        qsort(sorted, (size_t)m, sizeof *sorted, by_value);
        for (int k = 0; k < 5; k++) {
            float lohi[2];
            CHECK_OK(
                vxg_percentile_window(v, N, percents[k][0], percents[k][1], &lohi[0], &lohi[1]));
            for (int e = 0; e < 2; e++) { /* NumPy's rule: between ranks, linear */
                double at_ = percents[k][e] / 100 * (double)(m - 1), f = at_ - floor(at_);
                int64_t i = (int64_t)floor(at_), j = i + 1 < m ? i + 1 : i;
                double want = sorted[i] + f * ((double)sorted[j] - sorted[i]);
                CHECK(fabs(lohi[e] - want) <= 1e-7 * fabs(want), "kind %d, %g %%: %g, not %g", kind,
                      percents[k][e], (double)lohi[e], want);
            }
        }
    }
    float lo, hi, bad[2] = {NAN, INFINITY}, one = 3;
    CHECK_OK(vxg_percentile_window(&one, 1, 0, 100, &lo, &hi));
    CHECK(lo == 3 && hi == 3, "one value");
    CHECK(vxg_percentile_window(bad, 2, 0, 100, &lo, &hi) == VXG_ERR_NUMERICAL, "nothing finite");
    CHECK(vxg_percentile_window(v, N, 60, 40, &lo, &hi) == VXG_ERR_ARGUMENT, "order");
    CHECK(vxg_percentile_window(v, N, -1, 40, &lo, &hi) == VXG_ERR_ARGUMENT, "-1 %%");
    CHECK(vxg_percentile_window(v, 0, 1, 99, &lo, &hi) == VXG_ERR_ARGUMENT, "no data");
}

/* ---- drawing ---- */

static int64_t lit(const vxg_picture *p, int64_t x0, int64_t y0, int64_t x1, int64_t y1,
                   int above) {
    int64_t n = 0;
    for (int64_t y = y0; y < y1 && y < p->height; y++)
        for (int64_t x = x0; x < x1 && x < p->width; x++)
            n += p->pixels[(y * p->width + x) * p->channels] > above;
    return n;
}

TEST(text)
{
    vxg_picture p;
    CHECK_OK(vxg_picture_new(60, 24, 1, &p));
    vxg_picture_text(&p, 2, 3, 1, 200, "I");
    /* The letter I: a bar of seven dots and two serifs on both sides above and below. */
    CHECK(lit(&p, 0, 0, 60, 24, 0) == 11 && lit(&p, 3, 3, 4, 10, 199) == 7, "I has %d dots",
          (int)lit(&p, 0, 0, 60, 24, 0));
    for (int c = 33; c < 127; c++) { /* all letters differ and keep within their cell */
        static uint8_t seen[127][60 * 24];
        char text[2] = {(char)c, 0};
        memset(p.pixels, 0, 60 * 24);
        vxg_picture_text(&p, 10, 10, 1, 255, text);
        CHECK(lit(&p, 10, 10, 15, 19, 0) == lit(&p, 0, 0, 60, 24, 0), "%c leaves its cell", c);
        CHECK(lit(&p, 0, 0, 60, 24, 0) > 0, "%c is empty", c);
        memcpy(seen[c], p.pixels, 60 * 24);
        for (int d = 33; d < c; d++)
            CHECK(memcmp(seen[c], seen[d], 60 * 24) != 0, "%c looks like %c", c, d);
    }
    /* Outside the picture, odd bytes, NULL: nothing happens. */
    memset(p.pixels, 0, 60 * 24);
    vxg_picture_text(&p, -1000, 5, 3, 255, "left");
    vxg_picture_text(&p, 5, INT64_C(1) << 40, 3, 255, "far below");
    CHECK(lit(&p, 0, 0, 60, 24, 0) == 0, "text outside shows");
    vxg_picture_text(&p, 50, 20, 4, 255, "partly\n\x01\xff");
    vxg_picture_text(&p, 0, 0, 1, 255, NULL);
    vxg_picture_text(NULL, 0, 0, 1, 255, "x");
    vxg_picture_free(&p);
}

/* A volume whose value is 1 in one octant's corner block and 0 elsewhere. */
enum { NZ = 40, NY = 60, NX = 50 };
static float axial[NY * NX], coronal[NZ * NX], sagittal[NZ * NY];
static const int64_t shape[3] = {NZ, NY, NX};

/* The area of a block of 10 x 10 voxels; interpolation rounds its corner. */
static int near(int64_t n) {
    return n <= 120 * 120 && n >= 120 * 120 - 60;
}

TEST(orthoslices)
{
    vxg_picture p;
    const double voxel[3] = {1, 1, 1};
    memset(axial, 0, sizeof axial), memset(coronal, 0, sizeof coronal);
    memset(sagittal, 0, sizeof sagittal);
    for (int y = 0; y < 10; y++) /* small y, large x: upper right of the axial slice */
        for (int x = 40; x < NX; x++) axial[y * NX + x] = 1;
    for (int z = 30; z < NZ; z++) /* large z, small x: lower left of the coronal slice */
        for (int x = 0; x < 10; x++) coronal[z * NX + x] = 1;
    for (int z = 30; z < NZ; z++) /* large z, small y: upper right, z runs to the right */
        for (int y = 0; y < 10; y++) sagittal[z * NY + y] = 1;
    CHECK_OK(vxg_picture_orthoslices(axial, coronal, sagittal, shape, voxel, "um", &p));
    CHECK(p.channels == 1 && p.width <= 2400 && p.height <= 2500, "%lld x %lld", (long long)p.width,
          (long long)p.height);
    /* 12 pixels per voxel (60 voxels become 720): axial 600 x 720, sagittal 480 x 720 to its right,
     * coronal 600 x 480 below, margins around. Blocks of 120 x 120 in the right corners. */
    const int64_t left = 28, top = 48, w = 600, h = 720, d = 480, right = left + w + 28;
    const int64_t below = top + h + 34 + 8;
    CHECK(p.width == right + d + 28, "width %lld", (long long)p.width);
    CHECK(near(lit(&p, left, top, left + w, top + h, 127)), "axial block");
    CHECK(near(lit(&p, left + 480, top, left + w, top + 120, 127)), "axial corner");
    CHECK(near(lit(&p, right, top, right + d, top + h, 127)), "sagittal block");
    CHECK(near(lit(&p, right + 360, top, right + d, top + 120, 127)), "sagittal corner");
    CHECK(near(lit(&p, left, below, left + w, below + d, 127)), "coronal block");
    CHECK(near(lit(&p, left, below + 360, left + 120, below + d, 127)), "coronal corner");
    /* The scale bar: 10 um at 12 pixels each (the nicest length under a third of the slice). */
    int64_t row = 0, longest = 0;
    for (int64_t y = below + d + 8; y < p.height; y++) {
        row = lit(&p, left, y, left + 300, y + 1, 200);
        if (row > longest) longest = row;
    }
    CHECK(longest == 120, "scale bar of %lld pixels", (long long)longest);
    vxg_picture_free(&p);
}

TEST(orthoslice_shapes)
{
    vxg_picture p;
    const double flat[3] = {0.1, 1, 1}, tall[3] = {3, 1, 1}, none[3] = {0, 0, 0};
    const int64_t two[3] = {2, NY, NX}, odd[3] = {1, 1, 1}, bad[3] = {0, 1, 1};
    for (int i = 0; i < NY * NX; i++) axial[i] = (float)i;
    CHECK_OK(vxg_picture_orthoslices(axial, NULL, NULL, two, none, NULL, &p));
    CHECK(p.width == 28 + 600 + 28, "two slices: width %lld", (long long)p.width);
    vxg_picture_free(&p);
    CHECK_OK(vxg_picture_orthoslices(axial, NULL, NULL, odd, NULL, "", &p));
    vxg_picture_free(&p);
    const int64_t thin[3] = {30, NY, NX}; /* 3 high, 60 wide */
    CHECK_OK(vxg_picture_orthoslices(axial, NULL, NULL, thin, flat, "mm", &p));
    vxg_picture_free(&p);
    CHECK_OK(vxg_picture_orthoslices(axial, coronal, sagittal, shape, tall, "mm", &p));
    CHECK(p.width > p.height && p.width <= 2400, "tall: %lld x %lld", (long long)p.width,
          (long long)p.height);
    vxg_picture_free(&p);
    CHECK(vxg_picture_orthoslices(axial, NULL, sagittal, shape, tall, "mm", &p) == VXG_ERR_ARGUMENT,
          "no coronal slice");
    CHECK(vxg_picture_orthoslices(axial, coronal, sagittal, bad, tall, "mm", &p) ==
              VXG_ERR_ARGUMENT,
          "no slices");
    /* Constant and not finite: still a picture. */
    for (int i = 0; i < NY * NX; i++) axial[i] = i % 2 ? NAN : INFINITY;
    CHECK_OK(vxg_picture_orthoslices(axial, NULL, NULL, two, none, NULL, &p));
    vxg_picture_free(&p);
    CHECK(vxg_alloc_live() == 0, "%lld blocks left", (long long)vxg_alloc_live());
}

/* Voxels no picture can show to scale: drawn in pixels, as those of unknown size. */
TEST(odd_voxels)
{
    static const double sizes[][3] = {{4.9e-324, 4.9e-324, 4.9e-324},
                                      {1e-310, 1, 1},
                                      {1e308, 1e308, 1e308},
                                      {1, 1e-9, 1},
                                      {NAN, 1, 1},
                                      {-1, 1, 1},
                                      {INFINITY, 1, 1}};
    static float volume[24 * 24];
    const int64_t cube[3] = {24, 24, 24};
    vxg_picture plain, p;
    for (int i = 0; i < 24 * 24; i++) volume[i] = (float)(i % 7);
    CHECK_OK(vxg_picture_orthoslices(volume, volume, volume, cube, NULL, NULL, &plain));
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        CHECK_OK(vxg_picture_orthoslices(volume, volume, volume, cube, sizes[i], "mm", &p));
        EXPECT(p.width == plain.width && p.height == plain.height &&
                   !memcmp(p.pixels, plain.pixels, (size_t)(p.width * p.height)),
               "voxels of %g x %g x %g: another picture", sizes[i][0], sizes[i][1], sizes[i][2]);
        vxg_picture_free(&p);
    }
    vxg_picture_free(&plain);
}

TEST(montage)
{
    enum { N = 21, H = 64, W = 80 };
    static float images[N * H * W];
    static char texts[N][16];
    const char *labels[N];
    vxg_picture a, b;
    for (int i = 0; i < N; i++) {
        snprintf(texts[i], sizeof texts[i], "%.2f", 290 + i * 0.5);
        labels[i] = texts[i];
        for (int k = 0; k < H * W; k++) images[i * H * W + k] = (float)(k % W < W / 2 ? 0 : 1);
    }
    CHECK_OK(vxg_picture_montage(images, N, H, W, labels, &a));
    CHECK_OK(vxg_picture_montage(images, N, H, W, NULL, &b));
    CHECK(a.width <= 2400 && a.width == b.width && a.height == b.height, "size");
    /* Right halves of all tiles are white in one window; three pixels per element, no label there.
     */
    CHECK(lit(&b, 0, 0, b.width, b.height, 254) == (int64_t)N * 3 * H * (3 * W / 2 - 1), "tiles");
    /* Each tile has a label of its own: the pictures differ in all tiles, and tiles among each
     * other. */
    int64_t columns = (a.width - 4) / (3 * W + 4), differ = 0;
    for (int i = 0; i < N; i++) {
        int64_t x = 4 + i % columns * (3 * W + 4), y = 4 + i / columns * (3 * H + 4), here = 0,
                next = 0;
        for (int64_t r = 0; r < 40; r++) {
            const uint8_t *p = a.pixels + (y + r) * a.width + x;
            here += memcmp(p, b.pixels + (y + r) * b.width + x, 100) != 0;
            next += i > 0 && memcmp(p, a.pixels + (4 + r) * a.width + 4, 100) != 0;
        }
        differ += here > 5 && (i == 0 || next > 5);
    }
    CHECK(differ == N, "%lld of %d tiles are labelled", (long long)differ, N);
    vxg_picture_free(&a);
    vxg_picture_free(&b);
    /* Large tiles are shrunk by averaging: fine stripes become even gray. */
    enum { BIG = 3000 };
    float *stripes = malloc((size_t)BIG * BIG * sizeof *stripes);
    for (int64_t i = 0; i < (int64_t)BIG * BIG; i++) stripes[i] = (float)(i % 2);
    CHECK_OK(vxg_picture_montage(stripes, 1, BIG, BIG, NULL, &a));
    CHECK(a.width <= 2400 && a.height <= 2400, "%lld x %lld", (long long)a.width,
          (long long)a.height);
    int64_t gray = lit(&a, 4, 4, a.width - 4, a.height - 4, 60) -
                   lit(&a, 4, 4, a.width - 4, a.height - 4, 195);
    CHECK(gray == (a.width - 8) * (a.height - 8), "stripes alias");
    vxg_picture_free(&a);
    CHECK_OK(vxg_picture_montage(stripes, 1000, 3, 5, NULL, &a)); /* many small ones */
    vxg_picture_free(&a);
    free(stripes);
    CHECK(vxg_picture_montage(images, 0, H, W, NULL, &a) == VXG_ERR_ARGUMENT, "no tiles");
    CHECK(vxg_alloc_live() == 0, "%lld blocks left", (long long)vxg_alloc_live());
}

/* Pixels near a colour. */
static int64_t coloured(const vxg_picture *p, int r, int g, int b, int64_t x0, int64_t x1) {
    int64_t n = 0;
    for (int64_t y = 0; y < p->height; y++)
        for (int64_t x = x0; x < x1; x++) {
            const uint8_t *q = p->pixels + (y * p->width + x) * 3;
            n += abs(q[0] - r) + abs(q[1] - g) + abs(q[2] - b) < 30;
        }
    return n;
}

TEST(curves)
{
    enum { N = 101 };
    double x[N], y[N], z[N], constant[N];
    vxg_picture p;
    for (int i = 0; i < N; i++) {
        x[i] = 290 + i * 0.1, y[i] = fabs(x[i] - 295), z[i] = i % 10 ? NAN : 3, constant[i] = -5;
    }
    vxg_curve c[2] = {{.x = x, .y = y, .n = N, .label = "one", .mark = 295},
                      {.x = x, .y = z, .n = N, .label = "two", .mark = NAN}};
    CHECK_OK(vxg_picture_curves(c, 2, "Title", "column", "score", &p));
    CHECK(p.channels == 3, "channels");
    /* Blue curve over the whole width, its mark in the middle: column 645 of 130..1160. */
    CHECK(coloured(&p, 0, 114, 178, 150, 400) > 400, "left half of the curve");
    CHECK(coloured(&p, 0, 114, 178, 640, 650) > 100, "mark");
    vxg_picture_free(&p);
    vxg_curve odd[] = {{.x = x, .y = constant, .n = N, .mark = NAN},
                       {.x = x, .y = y, .label = "", .mark = 1e300},
                       {.x = x, .y = z, .n = 2, .mark = -INFINITY}};
    CHECK_OK(vxg_picture_curves(odd, 1, NULL, NULL, NULL, &p));
    vxg_picture_free(&p);
    CHECK_OK(vxg_picture_curves(odd, 3, "", "", "", &p));
    vxg_picture_free(&p);
    CHECK_OK(vxg_picture_curves(NULL, 0, "nothing", "x", "y", &p));
    vxg_picture_free(&p);
    for (int i = 0; i < N; i++) y[i] *= i % 2 ? 1e300 : -1e300, x[i] *= 1e-300;
    CHECK_OK(vxg_picture_curves(c, 1, "huge", "x", "y", &p));
    vxg_picture_free(&p);
    CHECK(vxg_picture_curves(NULL, 1, "", "", "", &p) == VXG_ERR_ARGUMENT, "NULL");
    CHECK(vxg_alloc_live() == 0, "%lld blocks left", (long long)vxg_alloc_live());
}

TEST_MAIN("io_picture", T(png), T(percentiles), T(text), T(orthoslices), T(orthoslice_shapes),
          T(odd_voxels), T(montage), T(curves))
