/* TRX: zip files and folders, columns and groups, every way a zip file can be wrong. */
#include "tracts.h"

#include <fcntl.h>

/* ---- zip files of the test's own ---- */

typedef struct member {
    const char *name;
    const void *bytes;
    size_t n;
} member;

typedef struct zip_opts {
    int deflated, wide, late; /* wide: zip64 fields; late: sizes behind the bytes */
    size_t extra;             /* bytes of an extra field in local headers */
    int no_directory_extra;
    const char *comment;
} zip_opts;

static void put(uint8_t **p, uint64_t v, int bytes) {
    for (int i = 0; i < bytes; i++) *(*p)++ = (uint8_t)(v >> 8 * i);
}

/* CRC-32 bit by bit: what zlib says is compared with something else. */
static uint32_t crc_of(const void *bytes, size_t n) {
    const uint8_t *b = bytes;
    uint32_t crc = ~0u;
    for (size_t i = 0; i < n; i++) {
        crc ^= b[i];
        for (int k = 0; k < 8; k++) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

/* Stored deflate blocks: no compressor is needed. */
static size_t deflate_stored(uint8_t *to, const uint8_t *from, size_t n) {
    uint8_t *p = to;
    do {
        const size_t k = n < 65535 ? n : 65535;
        put(&p, k == n, 1), put(&p, k, 2), put(&p, ~k & 0xffff, 2);
        if (k) memcpy(p, from, k);
        p += k, from += k, n -= k;
    } while (n > 0);
    return (size_t)(p - to);
}

enum { MOST = 1 << 20 };
static uint8_t zip_bytes[MOST];

static size_t zip_make(const member *m, int count, zip_opts o) {
    uint8_t *p = zip_bytes, directory[8192], *d = directory;
    for (int i = 0; i < count; i++) {
        static uint8_t packed[MOST / 2];
        const size_t place = (size_t)(p - zip_bytes), name = strlen(m[i].name);
        const size_t n = o.deflated ? deflate_stored(packed, m[i].bytes, m[i].n) : m[i].n;
        const uint32_t crc = crc_of(m[i].bytes, m[i].n);
        const uint32_t sizes[2] = {o.wide ? ~0u : (uint32_t)n, o.wide ? ~0u : (uint32_t)m[i].n};
        const size_t extra = (o.wide ? 20u : 0u) + o.extra;
        put(&p, 0x04034b50, 4), put(&p, 20, 2), put(&p, o.late ? 8 : 0, 2);
        put(&p, o.deflated ? 8 : 0, 2), put(&p, 0, 4), put(&p, o.late ? 0 : crc, 4);
        put(&p, o.late ? 0 : sizes[0], 4), put(&p, o.late ? 0 : sizes[1], 4);
        put(&p, name, 2), put(&p, extra, 2);
        memcpy(p, m[i].name, name), p += name;
        if (o.wide) put(&p, 1, 2), put(&p, 16, 2), put(&p, m[i].n, 8), put(&p, n, 8);
        if (o.extra) put(&p, 0x7777, 2), put(&p, o.extra - 4, 2), p += o.extra - 4;
        if (n) memcpy(p, o.deflated ? packed : (const uint8_t *)m[i].bytes, n);
        p += n;
        if (o.late) put(&p, 0x08074b50, 4), put(&p, crc, 4), put(&p, n, 4), put(&p, m[i].n, 4);
        put(&d, 0x02014b50, 4), put(&d, 20, 2), put(&d, 20, 2), put(&d, o.late ? 8 : 0, 2);
        put(&d, o.deflated ? 8 : 0, 2), put(&d, 0, 4), put(&d, crc, 4), put(&d, sizes[0], 4);
        put(&d, sizes[1], 4), put(&d, name, 2), put(&d, o.wide ? 28 : 0, 2), put(&d, 0, 2);
        put(&d, 0, 2), put(&d, 0, 2), put(&d, 0, 4), put(&d, o.wide ? ~0u : place, 4);
        memcpy(d, m[i].name, name), d += name;
        if (o.wide) {
            put(&d, 1, 2), put(&d, 24, 2), put(&d, m[i].n, 8), put(&d, n, 8), put(&d, place, 8);
        }
    }
    const size_t begin = (size_t)(p - zip_bytes), n = (size_t)(d - directory);
    const size_t comment = o.comment ? strlen(o.comment) : 0;
    memcpy(p, directory, n), p += n;
    if (o.wide) {
        put(&p, 0x06064b50, 4), put(&p, 44, 8), put(&p, 45, 4), put(&p, 0, 8);
        put(&p, (uint64_t)count, 8), put(&p, (uint64_t)count, 8), put(&p, n, 8), put(&p, begin, 8);
        put(&p, 0x07064b50, 4), put(&p, 0, 4), put(&p, begin + n, 8), put(&p, 1, 4);
    }
    put(&p, 0x06054b50, 4), put(&p, 0, 4), put(&p, o.wide ? 0xffff : (uint64_t)count, 2);
    put(&p, o.wide ? 0xffff : (uint64_t)count, 2), put(&p, o.wide ? ~0u : n, 4);
    put(&p, o.wide ? ~0u : begin, 4), put(&p, comment, 2);
    if (comment) memcpy(p, o.comment, comment), p += comment;
    return (size_t)(p - zip_bytes);
}

#define HEADER                                                                                     \
    "{\"DIMENSIONS\": [4, 5, 6], \"NB_STREAMLINES\": 2, \"NB_VERTICES\": 3, \"VOXEL_TO_RASMM\": "  \
    "[[1,0,0,0],[0,2,0,0],[0,0,3,0],[0,0,0,1]]}"

static const float three[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
static const uint32_t ends[3] = {0, 2, 3};
static const uint8_t bits[2] = {1, 0};
static const uint16_t halves[3] = {0x3c00, 0x4000, 0xc200};
static const int64_t some[2] = {1, 0};
static const float mean[2] = {0.5f, 0.25f};

/* A small file of everything: the members that tests change. */
enum { HEAD, POSITIONS, OFFSETS, BITS, HALVES, GROUP, MEAN, ALL };
static const member all[ALL] = {
    {"header.json", HEADER, sizeof HEADER - 1},    {"positions.3.float32", three, sizeof three},
    {"offsets.uint32", ends, sizeof ends},         {"dps/good.bit", bits, sizeof bits},
    {"dpv/fa.float16", halves, sizeof halves},     {"groups/some.int64", some, sizeof some},
    {"dpg/some/mean.2.float32", mean, sizeof mean}};

static int zip_spill(const char *name, const member *m, int count, zip_opts o) {
    return spill(at(name), zip_bytes, zip_make(m, count, o));
}

static void check_all(const char *path) {
    vxg_tract_reader *r = NULL;
    whole w;
    CHECK_OK(vxg_tract_open(path, NULL, &r));
    CHECK(r->info.streamlines == 2 && r->info.points == 3 && r->info.has_affine &&
              r->info.grid[1] == 5 && r->info.voxel[2] == 3 && r->info.affine[5] == 2,
          "header");
    CHECK(r->info.npoint_columns == 1 && r->info.nline_columns == 1 && r->info.ngroups == 1,
          "columns");
    CHECK(r->info.point_columns[0].dtype == VXG_F16 && r->info.line_columns[0].dtype == VXG_U8,
          "types");
    const vxg_tract_group *g = r->info.groups;
    CHECK(!strcmp(g->name, "some") && g->count == 2 && g->index[0] == 1 && g->index[1] == 0 &&
              g->ncolumns == 1 && g->columns[0].components == 2 &&
              ((const float *)g->values[0])[1] == 0.25f,
          "group");
    CHECK_OK(whole_read(r, 1, 1, VXG_F64, &w));
    CHECK(w.lines == 2 && w.points == 3 && w.offsets[1] == 2, "streamlines");
    for (int i = 0; i < 9; i++) CHECK(w.positions[i] == i + 1, "number %d", i);
    CHECK(!memcmp(w.point[0], halves, sizeof halves) && !memcmp(w.line[0], bits, 2), "values");
    vxg_tract_close(r);
    whole_free(&w);
}

TEST(zips)
{
    static const zip_opts opts[] = {{0},
                                    {.deflated = 1},
                                    {.wide = 1},
                                    {.extra = 11},
                                    {.deflated = 1, .late = 1},
                                    {.late = 1, .extra = 4},
                                    {.wide = 1, .deflated = 1, .comment = "PK\5\6 words"},
                                    {.comment = "more words"}};
    CHECK_OK(vxg_io_register());
    for (size_t i = 0; i < sizeof opts / sizeof *opts && test_state != 1; i++) {
        CHECK(!zip_spill("z.trx", all, ALL, opts[i]), "write");
        check_all(at("z.trx"));
        if (test_state == 1) printf("# zip %d\n", (int)i);
    }
    /* folders among the members, another order */
    member turned[ALL + 2];
    for (int i = 0; i < ALL; i++) turned[i] = all[ALL - 1 - i];
    turned[ALL] = (member){"dps/", "", 0}, turned[ALL + 1] = (member){"notes.txt", "words", 5};
    CHECK(!zip_spill("z.trx", turned, ALL + 2, (zip_opts){0}), "write");
    listen_to_log();
    check_all(at("z.trx"));
    EXPECT(strstr(heard, "notes.txt"), "the log says '%s'", heard);
    vxg_set_log(NULL, NULL, 0);
    EXPECT(vxg_alloc_live() == 0, "%lld blocks left", (long long)vxg_alloc_live());
}

TEST(folders)
{
    CHECK_OK(vxg_io_register());
    const char *const folders[] = {"f.trx",        "f.trx/dps", "f.trx/dpv",
                                   "f.trx/groups", "f.trx/dpg", "f.trx/dpg/some"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        CHECK(mkdir(at(folders[i]), 0777) == 0, "mkdir");
    for (int i = 0; i < ALL; i++) {
        char name[128];
        snprintf(name, sizeof name, "f.trx/%s", all[i].name);
        CHECK(!spill(at(name), all[i].bytes, all[i].n), "write");
    }
    check_all(at("f.trx"));
    vxg_tract_reader *r = NULL;
    CHECK(unlink(at("f.trx/header.json")) == 0, "unlink");
    EXPECT(vxg_tract_open(at("f.trx"), NULL, &r) == VXG_ERR_INPUT, "no header");
    const vxg_tract_open_opts trx = {.format = "trx"};
    EXPECT(vxg_tract_open(at("f.trx"), &trx, &r) == VXG_ERR_INPUT &&
               strstr(vxg_error_message(), "header.json"),
           "%s", vxg_error_message());
}

/* Offsets of other types, without the last one; arrays that are not there as there is nothing. */
TEST(offsets)
{
    static const uint64_t wide[3] = {0, 2, 3};
    static const int64_t with_sign[3] = {0, 2, 3};
    static const member kinds[] = {{"offsets.uint64", wide, sizeof wide},
                                   {"offsets.int64", with_sign, sizeof with_sign},
                                   {"offsets.int32", ends, sizeof ends},
                                   {"offsets.uint32", ends, 8},
                                   {"offsets.uint64", wide, 16}};
    member m[ALL];
    CHECK_OK(vxg_io_register());
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds && test_state != 1; i++) {
        memcpy(m, all, sizeof m);
        m[OFFSETS] = kinds[i];
        CHECK(!zip_spill("o.trx", m, ALL, (zip_opts){0}), "write");
        check_all(at("o.trx"));
    }
    static const char none[] = "{\"DIMENSIONS\": [4, 5, 6], \"NB_STREAMLINES\": 0, "
                               "\"NB_VERTICES\": 0, \"VOXEL_TO_RASMM\": "
                               "[1,0,0,0,0,2,0,0,0,0,3,0,0,0,0,1], \"who\": \"me\", \"n\": 3}";
    whole w;
    vxg_tract_reader *r = NULL;
    m[0] = (member){"header.json", none, sizeof none - 1};
    m[1] = (member){"offsets.uint32", ends, 4};
    for (int n = 1; n <= 2; n++) {
        CHECK(!zip_spill("o.trx", m, n, (zip_opts){0}), "write");
        CHECK_OK(vxg_tract_open(at("o.trx"), NULL, &r));
        CHECK_OK(whole_read(r, 1, 1, VXG_F32, &w));
        EXPECT(w.lines == 0 && r->info.nattributes == 2 &&
                   !strcmp(r->info.attributes[0].text, "me") &&
                   !strcmp(r->info.attributes[1].text, "3"),
               "%lld streamlines, %d attributes", (long long)w.lines, r->info.nattributes);
        vxg_tract_close(r);
        whole_free(&w);
    }
}

/* ---- what is refused ---- */

static int status_of(const char *name) {
    whole w;
    vxg_error_clear();
    const int status = whole_open(at(name), &w);
    whole_free(&w);
    return status;
}

TEST(headers_refused)
{
    static const struct {
        const char *text, *words;
    } cases[] = {{"{}", "has no NB_STREAMLINES"},
                 {"[1]", "no object"},
                 {"{", "header.json"},
                 {"{\"NB_STREAMLINES\": -1}", "NB_STREAMLINES"},
                 {"{\"NB_STREAMLINES\": 1.5}", "NB_STREAMLINES"},
                 {"{\"NB_STREAMLINES\": \"2\"}", "NB_STREAMLINES"},
                 {"{\"NB_VERTICES\": 99999999999999999999}", "NB_VERTICES"},
                 {"{\"NB_VERTICES\": 1, \"NB_VERTICES\": 1}", "twice"},
                 {"{\"DIMENSIONS\": 4}", "DIMENSIONS"},
                 {"{\"DIMENSIONS\": [1, 2]}", "DIMENSIONS"},
                 {"{\"DIMENSIONS\": [1, 2, 3, 4]}", "DIMENSIONS"},
                 {"{\"DIMENSIONS\": [1, 2, 1e9]}", "DIMENSIONS"},
                 {"{\"VOXEL_TO_RASMM\": 1}", "VOXEL_TO_RASMM"},
                 {"{\"VOXEL_TO_RASMM\": [[1,0,0,0],[0,1,0,0],[0,0,1,0]]}", "VOXEL_TO_RASMM"},
                 {"{\"VOXEL_TO_RASMM\": [[1,0,0,0],[0,1,0,0],[0,0,1,0],[0,0,0,2]]}", "last row"},
                 {"{\"VOXEL_TO_RASMM\": [[1,0,0,0],[0,1,0,0],[0,0,1,1e999],[0,0,0,1]]}", "finite"}};
    member m[ALL];
    CHECK_OK(vxg_io_register());
    memcpy(m, all, sizeof m);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        m[HEAD].bytes = cases[i].text, m[HEAD].n = strlen(cases[i].text);
        CHECK(!zip_spill("h.trx", m, ALL, (zip_opts){0}), "write");
        EXPECT(status_of("h.trx") == VXG_ERR_INPUT && strstr(vxg_error_message(), cases[i].words),
               "%s: %s", cases[i].text, vxg_error_message());
    }
    CHECK(!zip_spill("h.trx", all + 1, ALL - 1, (zip_opts){0}), "write");
    EXPECT(status_of("h.trx") == VXG_ERR_INPUT && strstr(vxg_error_message(), "no header.json"),
           "%s", vxg_error_message());
}

TEST(members_refused)
{
    static const float odd[9] = {1, 2, 3, 4, (float)INFINITY, 6, 7, 8, 9};
    static const uint32_t falls[3] = {0, 3, 2}, late[3] = {1, 2, 3}, early[3] = {0, 1, 2},
                          far[3] = {0, 4, 3};
    static const int64_t minus[2] = {-1, 0}, above[2] = {2, 0};
    static const int8_t minus8[2] = {-1, 0};
    static const struct {
        int which;
        member m;
        const char *words;
    } cases[] = {{POSITIONS, {"positions.3.float32", odd, 36}, "not finite"},
                 {POSITIONS, {"positions.3.float32", three, 32}, "bytes"},
                 {POSITIONS, {"positions.2.float32", three, 36}, "expected"},
                 {POSITIONS, {"positions.3.int32", three, 36}, "expected"},
                 {POSITIONS, {"positions.3.float31", three, 36}, "unknown type"},
                 {POSITIONS, {"positions", three, 36}, "no array of positions"},
                 {OFFSETS, {"offsets.uint32", falls, 12}, "offset of streamline 2"},
                 {OFFSETS, {"offsets.uint32", late, 12}, "first offset"},
                 {OFFSETS, {"offsets.uint32", early, 12}, "last offset"},
                 {OFFSETS, {"offsets.uint32", far, 12}, "offset of streamline 1"},
                 {OFFSETS, {"offsets.uint32", ends, 4}, "bytes"},
                 {OFFSETS, {"offsets.float32", ends, 12}, "expected"},
                 {OFFSETS, {"offset.uint32", ends, 12}, "no array of offsets"},
                 {BITS, {"dps/good.3.bit", bits, 2}, "bytes"},
                 {BITS, {"dps/good.0.bit", bits, 2}, "components"},
                 {BITS, {"dps/good.x.bit", bits, 2}, "components"},
                 {BITS, {"dps/good.1.1.bit", bits, 2}, "components"},
                 {BITS, {"dps/good", bits, 2}, "no name"},
                 {BITS, {"dps/.bit", bits, 2}, "no name"},
                 {BITS, {"dps/\xff.bit", bits, 2}, "UTF-8"},
                 {HALVES, {"dpv/fa.float64", halves, 6}, "bytes"},
                 {GROUP, {"groups/some.int64", minus, 16}, "none of the 2"},
                 {GROUP, {"groups/some.int8", minus8, 2}, "none of the 2"},
                 {GROUP, {"groups/some.int64", above, 16}, "none of the 2"},
                 {GROUP, {"groups/some.int64", some, 15}, "whole numbers"},
                 {GROUP, {"groups/some.float32", some, 16}, "whole numbers"},
                 {GROUP, {"groups/other.int64", some, 16}, "not there"},
                 {MEAN, {"dpg/some/mean.3.float32", mean, 8}, "bytes"},
                 {MEAN, {"dpg/mean.2.float32", mean, 8}, "not there"},
                 {MEAN, {"offsets.uint64", mean, 8}, "there twice"},
                 {MEAN, {"dps/good.uint8", bits, 2}, "there twice"},
                 {MEAN, {"groups/some.uint8", bits, 2}, "there twice"},
                 {MEAN, {"header.json", mean, 8}, "there twice"},
                 {MEAN, {"../up.float32", mean, 8}, "called"},
                 {MEAN, {"/etc/x.float32", mean, 8}, "called"},
                 {MEAN, {"dps/./x.float32", mean, 8}, "called"},
                 {MEAN, {"dps//x.float32", mean, 8}, "called"},
                 {MEAN, {"dps\\x.float32", mean, 8}, "called"},
                 {MEAN, {"c:x.float32", mean, 8}, "called"}};
    member m[ALL];
    CHECK_OK(vxg_io_register());
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        memcpy(m, all, sizeof m);
        m[cases[i].which] = cases[i].m;
        CHECK(!zip_spill("m.trx", m, ALL, (zip_opts){0}), "write");
        const int status = status_of("m.trx");
        EXPECT(status == VXG_ERR_INPUT && strstr(vxg_error_message(), cases[i].words),
               "%s: status %d: %s", cases[i].m.name, status, vxg_error_message());
    }
    EXPECT(vxg_alloc_live() == 0, "%lld blocks left", (long long)vxg_alloc_live());
}

/* One byte or field of the zip file's own. */
TEST(zips_refused)
{
    static uint8_t bytes[MOST];
    CHECK_OK(vxg_io_register());
    const size_t n = zip_make(all, ALL, (zip_opts){0});
    memcpy(bytes, zip_bytes, n);
    const uint8_t *directory = memmem(bytes, n, "PK\1\2", 4);
    const size_t d = (size_t)(directory - bytes);
    const struct {
        size_t where;
        uint8_t value;
        const char *words;
    } cases[] = {{0, 'Q', ""},
                 {d + 8, 1, "encrypted"},
                 {d + 10, 9, "method"},
                 {d + 10, 8, ""},
                 {d + 16, (uint8_t)(bytes[d + 16] ^ 1), "checksum"},
                 {d + 20, (uint8_t)(bytes[d + 20] + 1), "sizes"},
                 {d + 24, (uint8_t)(bytes[d + 24] + 1), "sizes"},
                 {d + 27, 0x70, ""},
                 {d + 28, 200, ""},
                 {d + 29, 200, "damaged"},
                 {d + 42, 1, ""},
                 {d + 45, 0x70, "does not lie"},
                 {d + 46, 'H', ""},
                 {d, 'Q', "damaged"},
                 {6, 1, "disagree"},
                 {8, 8, "disagree"},
                 {18, 1, "sizes"},
                 {22, 1, "sizes"},
                 {26, 5, "disagree"},
                 {28, 255, ""},
                 {30, 'X', "disagree"},
                 {45, (uint8_t)(bytes[45] ^ 1), "checksum"},
                 {n - 22, 'Q', "cut off"},
                 {n - 12, 200, ""},
                 {n - 9, 200, "does not lie"},
                 {n - 5, 200, "does not lie"},
                 {n - 18, 1, "several parts"},
                 {n - 1, 1, "cut off"},
                 {n - 11, 200, ""}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const uint8_t before = bytes[cases[i].where];
        bytes[cases[i].where] = cases[i].value;
        CHECK(!spill(at("b.trx"), bytes, n), "write");
        bytes[cases[i].where] = before;
        const int status = status_of("b.trx");
        EXPECT((status == VXG_ERR_INPUT || status == VXG_ERR_UNSUPPORTED) &&
                   strstr(vxg_error_message(), cases[i].words),
               "byte %zu, %s: status %d: %s", cases[i].where, cases[i].words, status,
               vxg_error_message());
    }
    for (size_t k = 1; k < n; k++) {
        CHECK(!spill(at("b.trx"), bytes, k), "write");
        EXPECT(status_of("b.trx") == VXG_ERR_INPUT, "cut to %zu of %zu", k, n);
    }
    /* every byte of every array is under a checksum */
    const uint8_t *at_three = memmem(bytes, n, three, sizeof three);
    for (size_t k = 0; k < sizeof three; k++) {
        const size_t where = (size_t)(at_three - bytes) + k;
        bytes[where] ^= 4;
        CHECK(!spill(at("b.trx"), bytes, n), "write");
        EXPECT(status_of("b.trx") == VXG_ERR_INPUT, "byte %zu of the positions", k);
        bytes[where] ^= 4;
    }
    /* two members over one another: the second's header is said to lie in the first */
    uint8_t *second = bytes + d + 46 + strlen(all[0].name);
    uint32_t place;
    memcpy(&place, second + 42, 4);
    place -= 40;
    memcpy(second + 42, &place, 4);
    CHECK(!spill(at("b.trx"), bytes, n), "write");
    EXPECT(status_of("b.trx") == VXG_ERR_INPUT && strstr(vxg_error_message(), "overlap"), "%s",
           vxg_error_message());
    EXPECT(vxg_alloc_live() == 0, "%lld blocks left", (long long)vxg_alloc_live());
}

/* Deflated members that are longer or shorter than they say, or damaged. */
TEST(deflated_refused)
{
    static uint8_t bytes[MOST];
    CHECK_OK(vxg_io_register());
    const size_t n = zip_make(all, ALL, (zip_opts){.deflated = 1});
    const uint8_t *place = memmem(zip_bytes, n, three, sizeof three);
    const size_t at_block = (size_t)(place - zip_bytes) - 5; /* final, length, length turned */
    for (int k = 0; k < 4; k++) {
        memcpy(bytes, zip_bytes, n);
        const uint16_t length = k == 0 ? 35 : 37;
        const uint16_t turned = (uint16_t)~length;
        if (k < 2)
            memcpy(bytes + at_block + 1, &length, 2), memcpy(bytes + at_block + 3, &turned, 2);
        if (k == 2) bytes[at_block] = 7; /* no kind of block */
        if (k == 3) bytes[at_block] = 0; /* another block follows, which is none */
        CHECK(!spill(at("d.trx"), bytes, n), "write");
        EXPECT(status_of("d.trx") == VXG_ERR_INPUT && strstr(vxg_error_message(), "positions"),
               "%d: %s", k, vxg_error_message());
    }
    /* a size that so few bytes cannot make */
    memcpy(bytes, zip_bytes, n);
    uint8_t *d = memmem(bytes, n, "PK\1\2", 4);
    d[27] = 1;
    CHECK(!spill(at("d.trx"), bytes, n), "write");
    EXPECT(status_of("d.trx") == VXG_ERR_INPUT && strstr(vxg_error_message(), "cannot be so many"),
           "%s", vxg_error_message());
}

/* ---- writing ---- */

static const double doubles[2 * OWN_LINES] = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8};
static const int16_t shorts[OWN_POINTS] = {1, -2, 3, -4, 5, -6, 7, -8, 9};
static const uint64_t tall[OWN_LINES] = {1, UINT64_MAX, 3, 4};
static const void *const rich_point[1] = {shorts};
static const void *const rich_line[2] = {doubles, tall};
static const vxg_tract_column rich_point_columns[1] = {
    {.components = 1, .dtype = VXG_I16, .name = "shorts"}};
static const vxg_tract_column rich_line_columns[2] = {
    {.components = 2, .dtype = VXG_F64, .name = "doubles"},
    {.components = 1, .dtype = VXG_U64, .name = "tall \xc3\xa4"}};
static const uint32_t members[3] = {3, 0, 2};
static const void *const group_values[1] = {doubles};
static const vxg_tract_group rich_groups[2] = {{.count = 3,
                                                .index = members,
                                                .name = "a group",
                                                .ncolumns = 1,
                                                .columns = rich_line_columns,
                                                .values = group_values},
                                               {.name = "nobody"}};
static const vxg_attribute rich_attributes[] = {
    {"who", "a \"b\" \\ \x01 \xc3\xa4"}, {"roi", "one"}, {"roi", "two"}};

static vxg_tract_create_opts rich_opts(vxg_dtype dtype) {
    vxg_tract_create_opts o = own_opts(VXG_TRACT_RAS, 0);
    o.info.dtype = dtype;
    o.info.npoint_columns = 1, o.info.point_columns = rich_point_columns;
    o.info.nline_columns = 2, o.info.line_columns = rich_line_columns;
    o.info.ngroups = 2, o.info.groups = rich_groups;
    o.info.nattributes = 3, o.info.attributes = rich_attributes;
    return o;
}

/* times batches of the test's streamlines. */
static int rich_write(const char *path, const vxg_tract_create_opts *o, int times) {
    vxg_tract_writer *w = NULL;
    vxg_tract_batch b = own_batch();
    b.point_values = rich_point, b.line_values = rich_line;
    int status = vxg_tract_create(path, o, &w);
    for (int i = 0; i < times && !status; i++) status = vxg_tract_write(w, &b);
    if (!status) return w->finish(w);
    if (w) w->abandon(w);
    return status;
}

static double as_type(vxg_dtype dtype, float x) { /* the test's numbers are exact in float16 */
    (void)dtype;
    return (double)x;
}

TEST(written)
{
    static const vxg_dtype types[] = {VXG_F16, VXG_F32, VXG_F64};
    CHECK_OK(vxg_io_register());
    for (int k = 0; k < 12; k++) {
        vxg_tract_create_opts o = rich_opts(types[k % 3]);
        vxg_tract_reader *r = NULL;
        whole w;
        char path[32];
        o.folder = k >= 6, o.offset_bits = k / 3 % 2 ? 64 : 0;
        snprintf(path, sizeof path, "w%d.trx", k);
        CHECK_OK(rich_write(at(path), &o, 3));
        CHECK_OK(vxg_tract_open(at(path), NULL, &r));
        o.info.voxel_order[0] = 0;
        /* two lines of one name are one entry of two */
        CHECK(r->info.nattributes == 2 &&
                  !strcmp(r->info.attributes[0].text, rich_attributes[0].text) &&
                  !strcmp(r->info.attributes[1].text, "one\ntwo"),
              "attributes");
        CHECK(same_info(&o.info, &r->info), "%s: facts", path);
        CHECK_OK(whole_read(r, 5, 7, VXG_F64, &w));
        CHECK(w.lines == 3 * OWN_LINES && w.points == 3 * OWN_POINTS, "%s: numbers", path);
        for (int i = 0; i < 3 * 3 * OWN_POINTS; i++)
            CHECK(w.positions[i] == as_type(types[k % 3], own_positions[i % (3 * OWN_POINTS)]),
                  "%s: %d", path, i);
        for (int i = 0; i < 3; i++)
            CHECK(!memcmp((int16_t *)w.point[0] + i * OWN_POINTS, shorts, sizeof shorts) &&
                      !memcmp((double *)w.line[0] + i * 2 * OWN_LINES, doubles, sizeof doubles) &&
                      !memcmp((uint64_t *)w.line[1] + i * OWN_LINES, tall, sizeof tall),
                  "%s: columns", path);
        vxg_tract_close(r);
        whole_free(&w);
        if (k < 6) { /* once more: the same bytes */
            vxg_tract_create_opts again = o;
            memcpy(again.info.voxel_order, "RAS", 4);
            CHECK_OK(rich_write(at("again.trx"), &again, 3));
            CHECK(same_files(at("again.trx"), at(path)), "two files of the same call differ");
            CHECK(unlink(at("again.trx")) == 0, "unlink");
        }
    }
    EXPECT(access(at("w6.trx/offsets.uint32"), F_OK) == 0, "offsets of 32 bits");
    EXPECT(access(at("w9.trx/offsets.uint64"), F_OK) == 0, "offsets of 64 bits");
    EXPECT(vxg_alloc_live() == 0, "%lld blocks left", (long long)vxg_alloc_live());
}

/* Local headers without extra fields, names and sizes as the directory has them. */
TEST(plain_headers)
{
    const vxg_tract_create_opts o = rich_opts(VXG_F32);
    size_t n = 0;
    CHECK_OK(vxg_io_register());
    CHECK_OK(rich_write(at("p.trx"), &o, 1));
    uint8_t *p = slurp(at("p.trx"), &n);
    int found = 0;
    for (const uint8_t *q = p; (q = memmem(q, n - (size_t)(q - p), "PK\3\4", 4)); q += 4, found++)
        CHECK(q[28] == 0 && q[29] == 0 && q[8] == 0 && q[6] == 0, "header %d", found);
    EXPECT(found == 9, "%d members", found);
    free(p);
}

TEST(none_written)
{
    CHECK_OK(vxg_io_register());
    for (int folder = 0; folder < 2; folder++) {
        vxg_tract_create_opts o = rich_opts(VXG_F32);
        const char *name = folder ? "none.d" : "none.trx";
        vxg_tract_reader *r = NULL;
        whole w;
        o.folder = folder, o.format = "trx", o.info.ngroups = 0;
        CHECK_OK(rich_write(at(name), &o, 0));
        CHECK_OK(vxg_tract_open(at(name), NULL, &r));
        CHECK_OK(whole_read(r, 1, 1, VXG_F32, &w));
        EXPECT(w.lines == 0 && r->info.streamlines == 0, "%lld", (long long)w.lines);
        vxg_tract_close(r);
        whole_free(&w);
    }
    EXPECT(access(at("none.d/offsets.uint32"), F_OK) != 0, "an array of nothing");
}

TEST(writing_refused)
{
    vxg_tract_writer *w = NULL;
    CHECK_OK(vxg_io_register());
    vxg_tract_create_opts o = rich_opts(VXG_F32);
    o.info.has_affine = 0;
    EXPECT(vxg_tract_create(at("r.trx"), &o, &w) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "info.affine"),
           "%s", vxg_error_message());
    o = rich_opts(VXG_F32), o.info.grid[2] = 70000;
    EXPECT(vxg_tract_create(at("r.trx"), &o, &w) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "info.grid[2]"),
           "%s", vxg_error_message());
    o = rich_opts(VXG_F32), o.info.space = VXG_TRACT_CORNER;
    EXPECT(vxg_tract_create(at("r.trx"), &o, &w) == VXG_ERR_UNSUPPORTED, "space");
    const vxg_attribute odd[] = {{"NB_VERTICES", "3"}, {"x", "\xff"}};
    for (int i = 0; i < 2; i++) {
        o = rich_opts(VXG_F32), o.info.nattributes = 1, o.info.attributes = &odd[i];
        EXPECT(vxg_tract_create(at("r.trx"), &o, &w) == VXG_ERR_ARGUMENT, "%s", odd[i].name);
    }
    o = rich_opts(VXG_F32);
    EXPECT(rich_write(at("r.trx"), &o, 0) == 0, "%s", vxg_error_message());
    /* a group of more than was written */
    const uint32_t above[1] = {OWN_LINES};
    const vxg_tract_group g = {.count = 1, .index = above, .name = "g"};
    o.info.ngroups = 1, o.info.groups = &g, o.force = 1;
    EXPECT(rich_write(at("r.trx"), &o, 1) == VXG_ERR_ARGUMENT && strstr(vxg_error_message(), "'g'"),
           "%s", vxg_error_message());
    EXPECT(rich_write(at("r.trx"), &o, 2) == 0, "%s", vxg_error_message());
    /* positions beyond float16 */
    float far[3] = {0, 65520, 0};
    const int64_t offsets[2] = {0, 1};
    const vxg_tract_batch b = {.lines = 1, .offsets = offsets, .positions = far};
    o = own_opts(VXG_TRACT_RAS, 0), o.info.dtype = VXG_F16;
    CHECK_OK(vxg_tract_create(at("r2.trx"), &o, &w));
    EXPECT(vxg_tract_write(w, &b) == VXG_ERR_ARGUMENT && strstr(vxg_error_message(), "float16"),
           "%s", vxg_error_message());
    EXPECT(w->finish(w) == VXG_ERR_ARGUMENT, "finished after an error");
    EXPECT(access(at("r2.trx"), F_OK) != 0, "a file is left");
    far[1] = 65519;
    CHECK_OK(vxg_tract_create(at("r2.trx"), &o, &w));
    EXPECT(vxg_tract_write(w, &b) == 0, "%s", vxg_error_message());
    w->abandon(w);
    EXPECT(access(at("r2.trx"), F_OK) != 0, "a file is left");
}

/* A folder is replaced as a whole: arrays of before that have other names go. */
TEST(folder_replaced)
{
    vxg_tract_create_opts o = rich_opts(VXG_F32), bare = own_opts(VXG_TRACT_RAS, 0);
    CHECK_OK(vxg_io_register());
    o.folder = bare.folder = 1, bare.info.dtype = VXG_F64, bare.format = "trx";
    CHECK_OK(rich_write(at("x.trx"), &o, 1));
    CHECK(!spill(at("x.trx/readme.txt"), "words", 5), "write");
    EXPECT(own_write(at("x.trx/"), &bare) == VXG_ERR_OUTPUT, "replaced without force");
    bare.force = 1;
    vxg_tract_writer *w = NULL;
    CHECK_OK(vxg_tract_create(at("x.trx"), &bare, &w));
    w->abandon(w);
    EXPECT(access(at("x.trx/dps/doubles.2.float64"), F_OK) == 0, "abandoned, but something went");
    CHECK_OK(own_write(at("x.trx/"), &bare));
    EXPECT(access(at("x.trx/positions.3.float32"), F_OK) != 0 &&
               access(at("x.trx/dps/doubles.2.float64"), F_OK) != 0 &&
               access(at("x.trx/groups/nobody.uint32"), F_OK) != 0,
           "old arrays are there");
    EXPECT(access(at("x.trx/readme.txt"), F_OK) == 0, "another's file went");
    whole all_of;
    CHECK_OK(whole_open(at("x.trx"), &all_of));
    EXPECT(all_of.lines == OWN_LINES, "%lld", (long long)all_of.lines);
    whole_free(&all_of);
    CHECK_OK(vxg_tract_create(at("x.trx"), &bare, &w)); /* and by nothing */
    CHECK_OK(w->finish(w));
    CHECK_OK(whole_open(at("x.trx"), &all_of));
    EXPECT(all_of.lines == 0 && access(at("x.trx/positions.3.float64"), F_OK) != 0, "%lld",
           (long long)all_of.lines);
    whole_free(&all_of);
    vxg_outputs *set = NULL;
    CHECK_OK(vxg_outputs_new(&set));
    o.outputs = set;
    CHECK_OK(rich_write(at("y.trx"), &o, 1));
    EXPECT(access(at("y.trx/header.json"), F_OK) != 0, "there before the set's end");
    CHECK_OK(vxg_outputs_commit(set));
    CHECK_OK(whole_open(at("y.trx"), &all_of));
    whole_free(&all_of);
    CHECK_OK(vxg_outputs_new(&set));
    o.outputs = set;
    CHECK_OK(rich_write(at("v/z.trx"), &o, 1));
    vxg_outputs_abandon(set);
    EXPECT(entries(at("v")) == -1, "%d entries of an abandoned folder", entries(at("v")));
}

/* What others wrote, written again as a file and as a folder. */
TEST(others_file)
{
    char path[512];
    vxg_tract_reader *r = NULL, *q = NULL;
    whole a, b;
    if (!test_data("tractograms/trx_small.trx", path, sizeof path)) SKIP("no data");
    CHECK_OK(vxg_io_register());
    CHECK_OK(vxg_tract_open(path, NULL, &r));
    CHECK(r->info.dtype == VXG_F16 && r->info.npoint_columns == 4 && r->info.nline_columns == 4 &&
              r->info.ngroups == 5 && r->info.grid[0] == 117,
          "facts");
    CHECK_OK(whole_read(r, INT64_MAX, INT64_MAX, VXG_F64, &a));
    CHECK(a.lines == 1000 && a.points == 33886, "%lld, %lld", (long long)a.lines,
          (long long)a.points);
    for (int k = 0; k < 2; k++) {
        const vxg_tract_create_opts o = {.folder = k, .offset_bits = k ? 0 : 64};
        CHECK_OK(rewrite(path, at(k ? "s.d.trx" : "s.trx"), o, NULL));
        CHECK_OK(vxg_tract_open(at(k ? "s.d.trx" : "s.trx"), NULL, &q));
        CHECK_OK(whole_read(q, 13, 999, VXG_F64, &b));
        CHECK(whole_same(&a, &b, &r->info) && same_info(&r->info, &q->info), "%d: others", k);
        vxg_tract_close(q);
        whole_free(&b);
    }
    vxg_tract_close(r);
    whole_free(&a);
}

/* ---- files that are larger than 2^31 bytes ---- */

/* A file of a header of zip64, places beyond 2^32 and a hole where the first member's bytes are. */
TEST(far_places)
{
    const off_t hole = (off_t)5 << 30;
    vxg_tract_reader *r = NULL;
    CHECK_OK(vxg_io_register());
    const size_t n = zip_make(all, ALL, (zip_opts){.wide = 1});
    uint8_t *d = memmem(zip_bytes, n, "PK\1\2", 4), *end = memmem(zip_bytes, n, "PK\6\6", 4);
    const size_t begin = (size_t)(d - zip_bytes);
    /* everything is moved by the hole */
    for (uint8_t *p = d; !memcmp(p, "PK\1\2", 4);) {
        const size_t name = p[28];
        uint64_t place;
        memcpy(&place, p + 46 + name + 20, 8);
        place += (uint64_t)hole;
        memcpy(p + 46 + name + 20, &place, 8);
        p += 46 + name + 28;
    }
    uint64_t where = begin + (uint64_t)hole;
    memcpy(end + 48, &where, 8);
    where = (size_t)(end - zip_bytes) + (uint64_t)hole;
    memcpy(end + 56 + 8, &where, 8);
    const int fd = open(at("far.trx"), O_RDWR | O_CREAT, 0666);
    CHECK(fd >= 0, "open");
    const int wrote =
        pwrite(fd, "PK\3\4", 4, 0) == 4 && pwrite(fd, zip_bytes, n, hole) == (ssize_t)n;
    close(fd);
    if (!wrote) SKIP("no file with a hole of 5 GiB here");
    const vxg_tract_open_opts trx = {.format = "trx"};
    CHECK_OK(vxg_tract_open(at("far.trx"), &trx, &r));
    vxg_tract_close(r);
    check_all(at("far.trx"));
    unlink(at("far.trx"));
}

TEST_MAIN("io_trx", T(zips), T(folders), T(offsets), T(headers_refused), T(members_refused),
          T(zips_refused), T(deflated_refused), T(written), T(plain_headers), T(none_written),
          T(writing_refused), T(folder_replaced), T(others_file), T(far_places))
