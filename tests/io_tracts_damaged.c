/* TRK and TCK files that are damaged, odd, or of another byte order. */
#include "tracts.h"

/* ---- damaged files ---- */

static uint8_t *good; /* a file, and its bytes */
static size_t good_bytes;

/* The file with n bytes at `where` replaced, cut to `keep` bytes where that is not 0: the status of
 * reading all of it. */
static int read_changed(const char *name, size_t where, const void *bytes, size_t n, size_t keep) {
    uint8_t *p = malloc(good_bytes + 1);
    whole w;
    memcpy(p, good, good_bytes);
    if (n) memcpy(p + where, bytes, n);
    int status = spill(at(name), p, keep ? keep : good_bytes) ? VXG_ERR_FAILED : VXG_OK;
    free(p);
    vxg_error_clear();
    if (!status) status = whole_open(at(name), &w);
    whole_free(&w);
    return status;
}

static void le32(uint8_t *p, uint32_t v) {
    for (int i = 0; i < 4; i++) p[i] = (uint8_t)(v >> 8 * i);
}

TEST(trk_damaged)
{
    static const struct {
        size_t where;
        uint32_t value;
        const char *words;
    } cases[] = {{0, 0x44434241, "none of the formats"},
                 {996, 999, "hdr_size"},
                 {992, 4, "version"},
                 {992, 0, "version"},
                 {988, 0xffffffff, "n_count"},
                 {988, 5, "the file ends in the middle"},
                 {988, 1000, "room for"},
                 {12, 0x7fc00000, "voxel_size"},
                 {12, 0xbf800000, "voxel_size"},
                 {948, 0x00535252, "voxel_order"},
                 {440, 0x7f800000, "vox_to_ras"},
                 {36, 0x6166ffff, "n_scalars"},
                 {36, 0x61660002, "more numbers than"},
                 {1000, 0xffffffff, "has -1 points"},
                 {1000, 100, "take"},
                 {1004, 0x7fc00000, "not finite"},
                 {1008, 0xff800000, "not finite"}};
    const vxg_tract_create_opts o = own_opts(VXG_TRACT_CORNER, 1);
    CHECK_OK(vxg_io_register());
    CHECK_OK(own_write(at("good.trk"), &o));
    good = slurp(at("good.trk"), &good_bytes);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t bytes[4];
        le32(bytes, cases[i].value);
        const int status = read_changed("bad.trk", cases[i].where, bytes, 4, 0);
        EXPECT(status == VXG_ERR_INPUT && strstr(vxg_error_message(), cases[i].words),
               "%s: status %d: %s", cases[i].words, status, vxg_error_message());
    }
    for (size_t n = 1; n < good_bytes; n += n < 998 ? 37 : 1)
        EXPECT(read_changed("bad.trk", 0, NULL, 0, n) == VXG_ERR_INPUT, "cut to %zu", n);
    /* a number that is not known is no error, nor is a third version */
    EXPECT(read_changed("bad.trk", 988, "\0\0\0\0", 4, 0) == 0, "%s", vxg_error_message());
    EXPECT(read_changed("bad.trk", 992, "\3\0\0\0", 4, 0) == 0, "%s", vxg_error_message());
    listen_to_log();
    EXPECT(read_changed("bad.trk", 988, "\2\0\0\0", 4, 0) == 0 && strstr(heard, "not read"),
           "%s: %s", vxg_error_message(), heard);
    EXPECT(read_changed("bad.trk", 992, "\1\0\0\0", 4, 0) == 0 && strstr(heard, "version 1"),
           "%s: %s", vxg_error_message(), heard);
    vxg_set_log(NULL, NULL, 0);
    free(good);
    EXPECT(vxg_alloc_live() == 0, "%lld blocks left", (long long)vxg_alloc_live());
}

/* Names of columns: of another program, twice, with dots, without any. */
TEST(trk_names)
{
    const vxg_tract_create_opts o = own_opts(VXG_TRACT_CORNER, 1);
    vxg_tract_reader *r = NULL;
    CHECK_OK(vxg_io_register());
    CHECK_OK(own_write(at("n.trk"), &o));
    good = slurp(at("n.trk"), &good_bytes);
    memset(good + 38, 0, 200);
    memcpy(good + 38, "a.b/c", 5), memcpy(good + 58, "a_b_c", 5), memcpy(good + 98, "a_b_c", 5);
    CHECK(!spill(at("names.trk"), good, good_bytes), "write");
    CHECK_OK(vxg_tract_open(at("names.trk"), NULL, &r));
    static const char *const wanted[] = {"a_b_c", "a_b_c_2", "a_b_c_3", "scalars"};
    CHECK(r->info.npoint_columns == 4, "%d columns", r->info.npoint_columns);
    for (int i = 0; i < 4; i++)
        EXPECT(!strcmp(r->info.point_columns[i].name, wanted[i]), "%s",
               r->info.point_columns[i].name);
    vxg_tract_close(r);
    memcpy(good + 38, "x\0zz", 5);
    CHECK(!spill(at("names.trk"), good, good_bytes), "write");
    EXPECT(vxg_tract_open(at("names.trk"), NULL, &r) == VXG_ERR_INPUT, "'zz' values");
    free(good);
}

static void turn(uint8_t *p, size_t size, size_t n) {
    for (size_t i = 0; i < n; i++, p += size)
        for (size_t k = 0; k < size / 2; k++) {
            const uint8_t first = p[k];
            p[k] = p[size - 1 - k], p[size - 1 - k] = first;
        }
}

/* The same file in the other byte order. */
TEST(trk_big_endian)
{
    const vxg_tract_create_opts o = own_opts(VXG_TRACT_CORNER, 1);
    whole a, b;
    vxg_tract_reader *r = NULL, *q = NULL;
    size_t n = 0;
    CHECK_OK(vxg_io_register());
    CHECK_OK(own_write(at("e.trk"), &o));
    uint8_t *p = slurp(at("e.trk"), &n);
    turn(p + 6, 2, 3), turn(p + 12, 4, 6), turn(p + 36, 2, 1), turn(p + 238, 2, 1);
    turn(p + 440, 4, 16), turn(p + 988, 4, 3), turn(p + 1000, 4, (n - 1000) / 4);
    CHECK(!spill(at("f.trk"), p, n), "write");
    free(p);
    CHECK_OK(vxg_tract_open(at("e.trk"), NULL, &r));
    CHECK_OK(vxg_tract_open(at("f.trk"), NULL, &q));
    CHECK_OK(whole_read(r, 9, 9, VXG_F32, &a));
    CHECK_OK(whole_read(q, 1, 2, VXG_F64, &b));
    EXPECT(whole_same(&a, &b, &r->info) && same_info(&r->info, &q->info), "other numbers");
    vxg_tract_close(r), vxg_tract_close(q);
    whole_free(&a), whole_free(&b);
}

/* ---- TCK texts ---- */

static size_t tck_text(uint8_t *to, const char *header, const char *type, int lines) {
    const int big = strstr(type, "BE") != NULL, size = strstr(type, "64") ? 8 : 4;
    size_t n = (size_t)sprintf((char *)to, "mrtrix tracks\n%sdatatype: %s\nfile: . 200\nEND\n",
                               header, type);
    memset(to + n, ' ', 200 - n);
    n = 200;
    for (int line = 0; line <= lines; line++)
        for (int k = 0; k < 3; k++) {
            const int last = k == 2 && line < lines, end = line == lines;
            for (int i = 0; i < 3; i++) {
                const double d = end    ? (double)INFINITY
                                 : last ? (double)NAN
                                        : line * 10 + k + i / 4.0;
                const float f = (float)d;
                memcpy(to + n, size == 8 ? (const void *)&d : &f, (size_t)size);
                if (big) turn(to + n, (size_t)size, 1);
                n += (size_t)size;
            }
            if (end) return n;
        }
    return n;
}

TEST(tck_types)
{
    static const char *const types[] = {"Float32LE", "Float32BE", "Float64LE", "Float64BE"};
    uint8_t bytes[2000];
    CHECK_OK(vxg_io_register());
    for (int t = 0; t < 4; t++) {
        whole w;
        const size_t n = tck_text(bytes, "", types[t], 5);
        CHECK(!spill(at("t.tck"), bytes, n), "write");
        CHECK_OK(whole_open(at("t.tck"), &w));
        CHECK(w.lines == 5 && w.points == 10, "%s: %lld, %lld", types[t], (long long)w.lines,
              (long long)w.points);
        for (int i = 0; i < 30; i++)
            CHECK(w.positions[i] == i / 6 * 10 + i / 3 % 2 + i % 3 / 4.0, "%s: %d: %g", types[t], i,
                  w.positions[i]);
        whole_free(&w);
    }
}

TEST(tck_headers)
{
    static const struct {
        const char *header, *type, *words;
    } cases[] = {{"", "Float16LE", "datatype"},
                 {"", "Float32", "datatype"},
                 {"file: other.tck 0\n", "Float32LE", "file is"},
                 {"file: . 12\n", "Float32LE", "not between"},
                 {"file: . 99999\n", "Float32LE", "not between"},
                 {"file: . -1\n", "Float32LE", "file is"},
                 {"file: . 99999999999999999999999\n", "Float32LE", "file is"},
                 {"words\n", "Float32LE", "key: value"},
                 {": x\n", "Float32LE", "no key"}};
    uint8_t bytes[2000];
    whole w;
    CHECK_OK(vxg_io_register());
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const size_t n = tck_text(bytes, cases[i].header, cases[i].type, 2);
        CHECK(!spill(at("h.tck"), bytes, n), "write");
        EXPECT(whole_open(at("h.tck"), &w) == VXG_ERR_INPUT &&
                   strstr(vxg_error_message(), cases[i].words),
               "%s: %s", cases[i].words, vxg_error_message());
    }
    size_t n = (size_t)sprintf((char *)bytes, "mrtrix tracks\nfile: . 60\nEND\n%090d", 0);
    CHECK(!spill(at("h.tck"), bytes, n), "write");
    EXPECT(whole_open(at("h.tck"), &w) == VXG_ERR_INPUT &&
               strstr(vxg_error_message(), "no datatype"),
           "%s", vxg_error_message());
    n = (size_t)sprintf((char *)bytes, "mrtrix tracks\ndatatype: Float32LE\nEND\n%090d", 0);
    CHECK(!spill(at("h.tck"), bytes, n), "write");
    EXPECT(whole_open(at("h.tck"), &w) == VXG_ERR_INPUT &&
               strstr(vxg_error_message(), "'file: . OFFSET'"),
           "%s", vxg_error_message());
    n = (size_t)sprintf((char *)bytes, "mrtrix tracks\ndatatype: Float32LE\nEN");
    CHECK(!spill(at("h.tck"), bytes, n), "write");
    EXPECT(whole_open(at("h.tck"), &w) == VXG_ERR_INPUT && strstr(vxg_error_message(), "END"), "%s",
           vxg_error_message());
    /* ends of lines of another system, blanks, a count that is wrong or none */
    static const char *const counts[] = {"count: 7\r\n", "count: abc\n", "  x :  y  \r\n\n", ""};
    for (int i = 0; i < 4; i++) {
        listen_to_log();
        n = tck_text(bytes, counts[i], "Float32LE\r", 3);
        CHECK(!spill(at("h.tck"), bytes, n), "write");
        CHECK_OK(whole_open(at("h.tck"), &w));
        EXPECT(w.lines == 3 && (strstr(heard, "says 7") != NULL) == (i == 0), "%d: %s", i, heard);
        whole_free(&w);
    }
    vxg_set_log(NULL, NULL, 0);
}

TEST(tck_damaged)
{
    uint8_t bytes[2000], odd[2000];
    whole w;
    const size_t n = tck_text(bytes, "", "Float32LE", 4);
    const float nan = NAN, inf = INFINITY;
    CHECK_OK(vxg_io_register());
    for (size_t k = 1; k < n; k++) {
        CHECK(!spill(at("c.tck"), bytes, k), "write");
        EXPECT(whole_open(at("c.tck"), &w) == VXG_ERR_INPUT, "cut to %zu of %zu", k, n);
        EXPECT(k < 200 || strstr(vxg_error_message(), "cut off"), "%s", vxg_error_message());
        whole_free(&w);
    }
    for (int k = 0; k < 2; k++) { /* a point with one odd number */
        memcpy(odd, bytes, n);
        memcpy(odd + 200 + 16, k ? &inf : &nan, 4);
        CHECK(!spill(at("c.tck"), odd, n), "write");
        EXPECT(whole_open(at("c.tck"), &w) == VXG_ERR_INPUT &&
                   strstr(vxg_error_message(), "point 1 of streamline 0"),
               "%s", vxg_error_message());
        whole_free(&w);
    }
    memcpy(odd, bytes, n); /* the file ends inside a streamline */
    for (int i = 0; i < 3; i++) memcpy(odd + n - 24 + 4 * i, &inf, 4);
    CHECK(!spill(at("c.tck"), odd, n - 12), "write");
    EXPECT(whole_open(at("c.tck"), &w) == VXG_ERR_INPUT &&
               strstr(vxg_error_message(), "inside streamline 3"),
           "%s", vxg_error_message());
    whole_free(&w);
    memcpy(odd, bytes, n); /* two ends in a row: a streamline without points */
    for (int i = 0; i < 6; i++) memcpy(odd + 200 + 4 * i, &nan, 4);
    CHECK(!spill(at("c.tck"), odd, n), "write");
    CHECK_OK(whole_open(at("c.tck"), &w));
    EXPECT(w.lines == 6 && w.offsets[1] == 0 && w.offsets[2] == 0 && w.offsets[3] == 0,
           "%lld streamlines", (long long)w.lines);
    whole_free(&w);
}

/* A header that is longer than what is read at first. */
TEST(tck_long_header)
{
    char *text = calloc(100001, 1);
    vxg_attribute a = {"words", text};
    vxg_tract_create_opts o = own_opts(VXG_TRACT_RAS, 0);
    vxg_tract_reader *r = NULL;
    memset(text, 'x', 100000);
    o.info.attributes = &a, o.info.nattributes = 1;
    CHECK_OK(vxg_io_register());
    CHECK_OK(own_write(at("l.tck"), &o));
    CHECK_OK(vxg_tract_open(at("l.tck"), NULL, &r));
    EXPECT(r->info.nattributes == 2 && strlen(r->info.attributes[0].text) == 100000, "%zu letters",
           strlen(r->info.attributes[0].text));
    vxg_tract_close(r);
    free(text);
}

TEST_MAIN("io_tracts_damaged", T(trk_damaged), T(trk_names), T(trk_big_endian), T(tck_types),
          T(tck_headers), T(tck_damaged), T(tck_long_header))
