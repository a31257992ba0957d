/* MRtrix's images: every type, every layout, files of their own for the elements; what is written
 * is read back; what is refused; the same data as NIfTI. */
#include "io_grid.h"

static const struct {
    const char *word;
    vxg_dtype dtype;
} types[] = {{"Int8", VXG_I8},     {"UInt8", VXG_U8},     {"Int16", VXG_I16},
             {"UInt16", VXG_U16},  {"Int32", VXG_I32},    {"UInt32", VXG_U32},
             {"Int64", VXG_I64},   {"UInt64", VXG_U64},   {"Float32", VXG_F32},
             {"Float64", VXG_F64}, {"CFloat32", VXG_C64}, {"CFloat64", VXG_C128},
             {"Float16", VXG_F16}};
enum { TYPES = sizeof types / sizeof *types };

static uint8_t elements[16 * MOST_ELEMENTS], stored[16 * MOST_ELEMENTS];

static int is_little(void) {
    const uint16_t one = 1;
    return *(const uint8_t *)&one == 1;
}

/* The elements of a block in the order of a layout: axis i of ndim, 0 the first of dim, at place
 * order[i], backwards where sign[i] is -1. */
static void store(int ndim, const int64_t *dim, const int *order, const int *sign, int64_t size) {
    int64_t step[6], n = 1;
    for (int place = 0; place < ndim; place++)
        for (int i = 0; i < ndim; i++)
            if (order[i] == place) step[i] = n, n *= dim[i];
    for (int64_t e = 0; e < n; e++) {
        int64_t rest = e, to = 0;
        for (int i = 0; i < ndim; i++) {
            const int64_t index = rest % dim[i];
            to += (sign[i] < 0 ? dim[i] - 1 - index : index) * step[i];
            rest /= dim[i];
        }
        memcpy(stored + to * size, elements + e * size, (size_t)size);
    }
}

/* "mrtrix image" and lines, the elements at a multiple of 4. */
static int spill_mif(const char *path, const char *lines, const uint8_t *p, size_t n) {
    static uint8_t file[16 * MOST_ELEMENTS + 8192];
    char head[8192];
    const size_t begin = (strlen(lines) + 60) / 4 * 4;
    const int length =
        snprintf(head, sizeof head, "mrtrix image\n%sfile: . %zu\nEND\n", lines, begin);
    if (length < 0 || (size_t)length > begin) abort();
    memset(file, 0xaa, begin);
    memcpy(file, head, (size_t)length);
    memcpy(file + begin, p, n);
    return spill(path, file, begin + n);
}

static int opens(const char *path) {
    vxg_block_reader *r = NULL;
    const int status = vxg_block_open(path, NULL, &r);
    vxg_block_close(r);
    return status;
}

static void check_file(const char *path, vxg_dtype dtype, int boxes) {
    vxg_block_reader *r = NULL;
    CHECK_OK(vxg_block_open(path, NULL, &r));
    CHECK(r->info.dtype == dtype && !strcmp(r->format, "mif"), "%s", vxg_dtype_name(r->info.dtype));
    check_boxes(r, elements, boxes);
    vxg_block_close(r);
}

TEST(every_type)
{
    static const int64_t dim[4] = {5, 4, 3, 2};
    static const int order[4] = {1, 2, 3, 0}, sign[4] = {-1, -1, 1, 1};
    CHECK_OK(vxg_io_register());
    for (int type = 0; type < TYPES; type++)
        for (int end = 0; end < 3; end++) {
            char lines[512];
            const int64_t size = (int64_t)vxg_dtype_size(types[type].dtype);
            if (size == 1 && end) continue;
            for (int64_t i = 0; i < 120; i++)
                put_element(types[type].dtype, i, elements + i * size);
            store(4, dim, order, sign, size);
            if (end && (end == 1) != is_little()) turn(types[type].dtype, stored, 120);
            snprintf(lines, sizeof lines,
                     "dim: 5,4,3,2\nvox: 1,2,3,nan\nlayout: -1,-2,+3,+0\ndatatype: %s%s\n",
                     types[type].word,
                     end == 0   ? ""
                     : end == 1 ? "LE"
                                : "BE");
            CHECK(!spill_mif(at("a.mif"), lines, stored, 120 * (size_t)size), "spill");
            check_file(at("a.mif"), types[type].dtype, 12);
        }
    scratch_clear(at(""));
    CHECK(vxg_alloc_live() == 0, "%lld blocks left", (long long)vxg_alloc_live());
}

/* All orders and signs of three axes, and some of five with axes of one element. */
TEST(every_layout)
{
    static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                     {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    static const int64_t dim[3] = {7, 3, 5}, five[5] = {4, 1, 3, 2, 5};
    CHECK_OK(vxg_io_register());
    for (int64_t i = 0; i < 120; i++) put_element(VXG_I32, i, elements + 4 * i);
    for (int k = 0; k < 6; k++)
        for (int signs = 0; signs < 8 && test_state != 1; signs++) {
            char lines[512];
            int sign[3];
            for (int i = 0; i < 3; i++) sign[i] = signs >> i & 1 ? -1 : 1;
            store(3, dim, orders[k], sign, 4);
            snprintf(lines, sizeof lines, "dim: 7 3 5\nlayout: %s%d,%s%d,%s%d\ndatatype: Int32\n",
                     sign[0] < 0 ? "-" : "+", orders[k][0], sign[1] < 0 ? "-" : "", orders[k][1],
                     sign[2] < 0 ? "-" : "+", orders[k][2]);
            CHECK(!spill_mif(at("a.mif"), lines, stored, 105 * 4), "spill");
            check_file(at("a.mif"), VXG_I32, 12);
        }
    for (int k = 0; k < 40 && test_state != 1; k++) {
        char lines[512] = "dim: 4,1,3,2,5\ndatatype: int32\nlayout: ";
        int order[5] = {0, 1, 2, 3, 4}, sign[5];
        for (int i = 4; i > 0; i--) {
            const int other = (int)roll((uint32_t)i + 1), was = order[i];
            order[i] = order[other], order[other] = was;
        }
        for (int i = 0; i < 5; i++) {
            sign[i] = roll(2) ? -1 : 1;
            snprintf(lines + strlen(lines), 20, "%s%s%d", i ? "," : "", sign[i] < 0 ? "-" : "+",
                     order[i]);
        }
        strcat(lines, "\n");
        store(5, five, order, sign, 4);
        CHECK(!spill_mif(at("a.mif"), lines, stored, 120 * 4), "spill");
        check_file(at("a.mif"), VXG_I32, 12);
    }
    scratch_clear(at(""));
}

/* Larger than the spans that are read at once, in several orders. */
TEST(large)
{
    static const int64_t dim[3] = {150, 80, 17};
    static const char *const layouts[] = {"+0,+1,+2", "-2,+1,-0", "+1,-2,+0"};
    static const int orders[3][3] = {{0, 1, 2}, {2, 1, 0}, {1, 2, 0}};
    static const int signs[3][3] = {{1, 1, 1}, {-1, 1, -1}, {1, -1, 1}};
    const int64_t n = 150 * 80 * 17, zeros[3] = {0}, all[3] = {17, 80, 150};
    double *v = malloc((size_t)n * 8), *file = malloc((size_t)n * 8);
    CHECK_OK(vxg_io_register());
    for (int k = 0; k < 3; k++) {
        vxg_block_reader *r = NULL;
        int64_t step[3], size = 1, wrong = 0;
        char head[256];
        for (int place = 0; place < 3; place++)
            for (int i = 0; i < 3; i++)
                if (orders[k][i] == place) step[i] = size, size *= dim[i];
        for (int64_t e = 0; e < n; e++) {
            const int64_t index[3] = {e % 150, e / 150 % 80, e / 12000};
            int64_t to = 0;
            for (int i = 0; i < 3; i++)
                to += (signs[k][i] < 0 ? dim[i] - 1 - index[i] : index[i]) * step[i];
            file[to] = (double)e;
        }
        FILE *f = fopen(at("l.dat"), "wb");
        CHECK(f && fwrite(file, 8, (size_t)n, f) == (size_t)n && !fclose(f), "fwrite");
        snprintf(head, sizeof head,
                 "mrtrix image\ndim: 150,80,17\nlayout: %s\ndatatype: Float64\nfile: l.dat\nEND\n",
                 layouts[k]);
        CHECK(!spill(at("l.mih"), head, strlen(head)), "spill");
        CHECK_OK(vxg_block_open(at("l.mih"), NULL, &r));
        CHECK_OK(vxg_block_read(r, zeros, all, VXG_F64, v));
        for (int64_t e = 0; e < n; e++) wrong += v[e] != (double)e;
        EXPECT(!wrong, "%s: %d of %d elements", layouts[k], (int)wrong, (int)n);
        for (int i = 0; i < 60; i++) {
            int64_t start[3], count[3], m = 0;
            for (int a = 0; a < 3; a++) {
                start[a] = roll((uint32_t)all[a]);
                count[a] = 1 + roll((uint32_t)(all[a] - start[a]));
            }
            CHECK_OK(vxg_block_read(r, start, count, VXG_F64, v));
            for (int64_t z = 0; z < count[0]; z++)
                for (int64_t y = 0; y < count[1]; y++)
                    for (int64_t x = 0; x < count[2]; x++, m++)
                        CHECK(v[m] == (double)(((start[0] + z) * 80 + start[1] + y) * 150 +
                                               start[2] + x),
                              "%s: a box", layouts[k]);
        }
        vxg_block_close(r);
    }
    free(v);
    free(file);
    scratch_clear(at(""));
}

TEST(bits)
{
    static const int64_t dim[3] = {7, 3, 5};
    static const int order[3] = {1, 0, 2}, sign[3] = {-1, 1, -1};
    uint8_t packed[14] = {0};
    CHECK_OK(vxg_io_register());
    for (int i = 0; i < 105; i++) elements[i] = (uint8_t)(i * 7 % 5 < 2);
    store(3, dim, order, sign, 1);
    for (int i = 0; i < 105; i++) packed[i / 8] |= (uint8_t)(stored[i] << (7 - i % 8));
    CHECK(!spill_mif(at("b.mif"), "dim: 7,3,5\nlayout: -1,+0,-2\ndatatype: Bit\n", packed, 14),
          "spill");
    check_file(at("b.mif"), VXG_U8, 60);
    CHECK(!spill_mif(at("b.mif"), "dim: 7,3,5\nlayout: -1,+0,-2\ndatatype: Bit\n", packed, 13),
          "spill");
    EXPECT(opens(at("b.mif")) == VXG_ERR_INPUT && strstr(vxg_error_message(), "cannot hold 14"),
           "%s", vxg_error_message());
    scratch_clear(at(""));
}

TEST(header)
{
    static const char lines[] =
        "dim: 4,3,2\nvox: 2,3,4\r\nlayout: +0,+1,+2\ndatatype: UInt8\n"
        "transform: 0,-1,0,5\ntransform: 1,0,0,6\ntransform: 0,0,1,-7\n"
        "scaling: -1,0.5\n# a: comment\nno colon\nempty:\nlabels: one: two\n"
        "dw_scheme: 0,0,0,0\ncomments:  x  \ndw_scheme: 0,0,1,1000\n";
    static const double affine[12] = {0, -3, 0, 5, 2, 0, 0, 6, 0, 0, 4, -7};
    uint8_t v[24];
    double d[24];
    const int64_t zeros[3] = {0}, all[3] = {2, 3, 4};
    vxg_block_reader *r = NULL;
    for (int i = 0; i < 24; i++) v[i] = (uint8_t)i;
    CHECK_OK(vxg_io_register());
    CHECK(!spill_mif(at("h.mif"), lines, v, 24), "spill");
    CHECK_OK(vxg_block_open(at("h.mif"), NULL, &r));
    EXPECT(r->info.has_affine && !strcmp(r->info.affine_unit, "mm") &&
               !memcmp(r->info.affine, affine, sizeof affine),
           "affine %g %g", r->info.affine[1], r->info.affine[4]);
    EXPECT(r->info.axis[0].step == 4 && r->info.axis[2].step == 2 &&
               !strcmp(r->info.axis[1].name, "y") && !strcmp(r->info.axis[1].unit, "mm"),
           "axes");
    EXPECT(r->info.nattributes == 3 && !strcmp(attribute(&r->info, "labels"), "one: two") &&
               !strcmp(attribute(&r->info, "comments"), "x") &&
               !strcmp(attribute(&r->info, "dw_scheme"), "0,0,0,0\n0,0,1,1000"),
           "%d attributes, %s", r->info.nattributes, attribute(&r->info, "dw_scheme"));
    CHECK_OK(vxg_block_read(r, zeros, all, VXG_F64, d));
    for (int i = 0; i < 24; i++) EXPECT(d[i] == 0.5 * i - 1, "element %d: %g", i, d[i]);
    vxg_block_close(r);
    /* without a transform the middle is the origin; without sizes there is no affine */
    CHECK(!spill_mif(at("h.mif"),
                     "dim: 4,3,2,1,1\nvox: 2,3,4\nlayout: +0,+1,+2,+3,-4\ndatatype: UInt8\n", v,
                     24),
          "spill");
    CHECK_OK(vxg_block_open(at("h.mif"), NULL, &r));
    EXPECT(r->info.ndim == 3 && r->info.affine[3] == -3 && r->info.affine[7] == -3 &&
               r->info.affine[11] == -2 && r->info.affine[10] == 4,
           "%g %g", r->info.affine[3], r->info.affine[11]);
    vxg_block_close(r);
    CHECK(!spill_mif(at("h.mif"),
                     "dim: 4,3,2\nvox: 2,nan,4\nlayout: +0,+1,+2\ndatatype: UInt8\n"
                     "transform: 1,0,0,5\ntransform: 0,1,0,6\ntransform: 0,0,1,-7\n",
                     v, 24),
          "spill");
    CHECK_OK(vxg_block_open(at("h.mif"), NULL, &r));
    EXPECT(!r->info.has_affine && r->info.axis[1].step == 0, "an affine without a size");
    vxg_block_close(r);
    scratch_clear(at(""));
}

static const char good[] = "dim: 4,3,2\nvox: 1,1,1\nlayout: +0,+1,+2\ndatatype: UInt8\n";

TEST(refused)
{
    static const struct {
        const char *lines;
        int status;
        const char *words;
    } lies[] = {
        {"", VXG_ERR_INPUT, "dim is missing"},
        {"dim: 4,3,2\nlayout: +0,+1,+2\n", VXG_ERR_INPUT, "datatype is missing"},
        {"dim: 4,3,2\ndatatype: UInt8\n", VXG_ERR_INPUT, "layout is missing"},
        {"dim: 4,x,2\n", VXG_ERR_INPUT, "dim is '4,x,2'"},
        {"dim: 4,0,2\n", VXG_ERR_INPUT, "size 1 of dim is 0"},
        {"dim: 4,-3,2\n", VXG_ERR_INPUT, "size 1 of dim is -3"},
        {"dim: 4,2.5,2\n", VXG_ERR_INPUT, "size 1 of dim is 2.5"},
        {"dim: nan\n", VXG_ERR_INPUT, "size 0 of dim is nan"},
        {"dim: 1e300\n", VXG_ERR_INPUT, "size 0 of dim"},
        {"dim: 1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1\n", VXG_ERR_INPUT, "1 to 16 sizes"},
        {"dim: 2\ndim: 3\n", VXG_ERR_INPUT, "dim is said twice"},
        {"dim: 1048576,1048576,2\nlayout: 0,1,2\ndatatype: UInt8\n", VXG_ERR_INPUT, "2^40"},
        {"dim: 4,3,2,9\nlayout: 0,1,2,3\ndatatype: UInt8\n", VXG_ERR_INPUT, "cannot hold"},
        {"dim: 1,1,1,1,1,1,2\nlayout: 0,1,2,3,4,5,6\ndatatype: UInt8\n", VXG_ERR_UNSUPPORTED,
         "7 axes"},
        {"dim: 4,3,2\nlayout: +0,+1\ndatatype: UInt8\n", VXG_ERR_INPUT, "each of 3 axes once"},
        {"dim: 4,3,2\nlayout: +0,+1,+1\ndatatype: UInt8\n", VXG_ERR_INPUT, "each of 3 axes once"},
        {"dim: 4,3,2\nlayout: +0,+1,+3\ndatatype: UInt8\n", VXG_ERR_INPUT, "each of 3 axes once"},
        {"dim: 4,3,2\nlayout: +0,+1,+2,+3\ndatatype: UInt8\n", VXG_ERR_INPUT, "more axes than dim"},
        {"layout: +0,,+1\n", VXG_ERR_INPUT, "layout is '+0,,+1'"},
        {"layout: +0,+1,\n", VXG_ERR_INPUT, "layout is"},
        {"layout: 99999999999\n", VXG_ERR_INPUT, "layout is"},
        {"datatype: UInt12LE\n", VXG_ERR_UNSUPPORTED, "datatype 'UInt12LE' is not read"},
        {"datatype: BitLE\n", VXG_ERR_UNSUPPORTED, "datatype 'BitLE'"},
        {"datatype: CFloat16\n", VXG_ERR_UNSUPPORTED, "datatype 'CFloat16'"},
        {"datatype: Int8LE\n", VXG_ERR_UNSUPPORTED, "datatype 'Int8LE'"},
        {"vox: 1,one\n", VXG_ERR_INPUT, "vox is '1,one'"},
        {"transform: 1,0,0\n", VXG_ERR_INPUT, "transform is '1,0,0'"},
        {"scaling: 1\n", VXG_ERR_INPUT, "scaling is '1'"},
        {"scaling: 1,0\n", VXG_ERR_INPUT, "scaling is '1,0'"},
        {"scaling: inf,1\n", VXG_ERR_INPUT, "scaling is 'inf,1'"},
        {"file: . 20\n", VXG_ERR_INPUT, "file is said twice"},
        {"file: a/b.dat\n", VXG_ERR_INPUT, "leads out of the folder"},
        {"file: ..\n", VXG_ERR_INPUT, "leads out of the folder"},
        {"file: a[].dat\n", VXG_ERR_UNSUPPORTED, "in several files"},
    };
    uint8_t v[24] = {0};
    CHECK_OK(vxg_io_register());
    for (size_t k = 0; k < sizeof lies / sizeof *lies; k++) {
        CHECK(!spill_mif(at("l.mif"), lies[k].lines, v, 24), "spill");
        const int status = opens(at("l.mif"));
        EXPECT(status == lies[k].status && strstr(vxg_error_message(), lies[k].words) &&
                   strstr(vxg_error_message(), "l.mif: "),
               "%s: status %d: %s", lies[k].lines, status, vxg_error_message());
    }
    static const char *const transforms[][2] = {
        {"transform: 1,0,0,0\ntransform: 0,1,0,0\n", "2 lines of transform"},
        {"transform: 1,0,0,0\ntransform: 1,0,0,0\ntransform: 0,0,1,0\n", "cannot be inverted"},
        {"transform: 1,0,0,nan\ntransform: 0,1,0,0\ntransform: 0,0,1,0\n", "not finite"}};
    for (int k = 0; k < 3; k++) {
        char lines[512];
        snprintf(lines, sizeof lines, "%s%s", good, transforms[k][0]);
        CHECK(!spill_mif(at("l.mif"), lines, v, 24), "spill");
        EXPECT(opens(at("l.mif")) == VXG_ERR_INPUT && strstr(vxg_error_message(), transforms[k][1]),
               "%s", vxg_error_message());
    }
    scratch_clear(at(""));
    CHECK(vxg_alloc_live() == 0, "%lld blocks left", (long long)vxg_alloc_live());
}

/* Headers that end too early, that are no text, that have too many names; elements elsewhere. */
TEST(files)
{
    static char text[300 * 16 + 1000];
    uint8_t v[24] = {0};
    vxg_block_reader *r = NULL;
    CHECK_OK(vxg_io_register());
#define OPENS(name, words)                                                                         \
    EXPECT(opens(at(name)) == VXG_ERR_INPUT && strstr(vxg_error_message(), words), "%s: %s",       \
           words, vxg_error_message())
    snprintf(text, sizeof text, "mrtrix image\n%sfile: . 30\n", good);
    CHECK(!spill(at("f.mif"), text, strlen(text)), "spill");
    OPENS("f.mif", "END is missing");
    strcat(text, "END\n");
    CHECK(!spill(at("f.mif"), text, strlen(text)), "spill");
    OPENS("f.mif", "inside the header");
    text[20] = 0;
    CHECK(!spill(at("f.mif"), text, 21 + strlen(text + 21)), "spill");
    OPENS("f.mif", "no text");
    snprintf(text, sizeof text, "mrtrix image\n%sEND\n", good);
    CHECK(!spill(at("f.mif"), text, strlen(text)), "spill");
    OPENS("f.mif", "file is missing");
    strcpy(text, good);
    for (int i = 0; i < 300; i++) snprintf(text + strlen(text), 20, "key%d: x\n", i);
    CHECK(!spill_mif(at("f.mif"), text, v, 24), "spill");
    OPENS("f.mif", "more than 256 names");
    snprintf(text, sizeof text, "mrtrix image\n%sfile: f f.dat 3\nEND", good);
    CHECK(!spill(at("f.mih"), text, strlen(text)), "spill");
    OPENS("f.mih", "f f.dat: cannot open");
    CHECK(!spill(at("f f.dat"), v, 24), "spill");
    OPENS("f.mih", "cannot hold 24 bytes of elements from byte 3 on");
    for (int i = 0; i < 24; i++) elements[i] = v[i] = (uint8_t)(i + 100);
    uint8_t behind[27] = {0};
    memcpy(behind + 3, v, 24);
    CHECK(!spill(at("f f.dat"), behind, 27), "spill");
    check_file(at("f.mih"), VXG_U8, 5);
    CHECK_OK(vxg_block_open(at("f.mih"), NULL, &r));
    usleep(20000);
    CHECK(!spill(at("f f.dat"), behind, 27), "spill");
    EXPECT(vxg_block_read(r, (int64_t[]){0, 0, 0}, (int64_t[]){1, 1, 1}, VXG_U8, v) ==
                   VXG_ERR_INPUT &&
               strstr(vxg_error_message(), "f f.dat changed"),
           "%s", vxg_error_message());
    vxg_block_close(r);
    const char returns[] = "mrtrix image\r\ndim: 4,3,2\r\nlayout: +0,+1,+2\r\ndatatype: UInt8\r\n"
                           "file: f f.dat 3\r\nEND\r\n";
    CHECK(!spill(at("f.mih"), returns, sizeof returns - 1), "spill");
    check_file(at("f.mih"), VXG_U8, 5);
    const vxg_block_opts part = {.part = "x"};
    EXPECT(vxg_block_open(at("f.mih"), &part, &r) == VXG_ERR_ARGUMENT, "a part");
    /* every length of a file but the whole */
    CHECK(!spill_mif(at("f.mif"), good, v, 24), "spill");
    size_t n = 0;
    uint8_t *whole = slurp(at("f.mif"), &n);
    for (size_t cut = 0; cut < n; cut++) {
        CHECK(!spill(at("cut"), whole, cut), "spill");
        CHECK(opens(at("cut")) == VXG_ERR_INPUT, "cut to %d of %d", (int)cut, (int)n);
    }
    free(whole);
    scratch_clear(at(""));
    CHECK(vxg_alloc_live() == 0, "%lld blocks left", (long long)vxg_alloc_live());
}

TEST_MAIN("io_mif", T(every_type), T(every_layout), T(large), T(bits), T(header), T(refused),
          T(files))
