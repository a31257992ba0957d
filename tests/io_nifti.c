/* NIfTI files: both versions, pairs, packed ones, both byte orders, every type; the affine by the
 * standard's rule; what is refused. The headers here are put together byte by byte. */
#include "io_grid.h"

/* ---- headers ---- */

typedef struct header {
    int version, big;
    uint8_t bytes[544]; /* with the flag of extensions */
} header;

static void put_bits(const header *h, int offset, int size, uint64_t v) {
    uint8_t *p = (uint8_t *)(uintptr_t)h->bytes + offset;
    for (int i = 0; i < size; i++) p[h->big ? size - 1 - i : i] = (uint8_t)(v >> 8 * i);
}
static void put_float(const header *h, int offset, double x) {
    const float f = (float)x;
    uint32_t bits;
    memcpy(&bits, &f, 4);
    put_bits(h, offset, 4, bits);
}
static void put_double(const header *h, int offset, double x) {
    uint64_t bits;
    memcpy(&bits, &x, 8);
    put_bits(h, offset, 8, bits);
}

/* Where a field is in version 1 and 2, and its kind there: i whole, f float, d double. */
static const struct {
    const char *name;
    int at1, size1, at2, size2;
    char kind1, kind2;
} fields[] = {{"dim", 40, 2, 16, 8, 'i', 'i'},          {"datatype", 70, 2, 12, 2, 'i', 'i'},
              {"bitpix", 72, 2, 14, 2, 'i', 'i'},       {"pixdim", 76, 4, 104, 8, 'f', 'd'},
              {"vox_offset", 108, 4, 168, 8, 'f', 'i'}, {"scl_slope", 112, 4, 176, 8, 'f', 'd'},
              {"scl_inter", 116, 4, 184, 8, 'f', 'd'},  {"xyzt_units", 123, 1, 500, 4, 'i', 'i'},
              {"cal_max", 124, 4, 192, 8, 'f', 'd'},    {"cal_min", 128, 4, 200, 8, 'f', 'd'},
              {"qform_code", 252, 2, 344, 4, 'i', 'i'}, {"sform_code", 254, 2, 348, 4, 'i', 'i'},
              {"quatern", 256, 4, 352, 8, 'f', 'd'},    {"qoffset", 268, 4, 376, 8, 'f', 'd'},
              {"srow", 280, 4, 400, 8, 'f', 'd'},       {"intent_code", 68, 2, 504, 4, 'i', 'i'},
              {"descrip", 148, 80, 240, 80, 's', 's'},  {"intent_name", 328, 16, 508, 16, 's', 's'},
              {"magic", 344, 4, 4, 8, 's', 's'},        {"sizeof_hdr", 0, 4, 0, 4, 'i', 'i'}};

static void set(header *h, const char *name, int i, double x) {
    for (size_t k = 0; k < sizeof fields / sizeof *fields; k++) {
        if (strcmp(name, fields[k].name) != 0) continue;
        const int size = h->version == 1 ? fields[k].size1 : fields[k].size2;
        const int offset = (h->version == 1 ? fields[k].at1 : fields[k].at2) + i * size;
        const char kind = h->version == 1 ? fields[k].kind1 : fields[k].kind2;
        if (kind == 'f') put_float(h, offset, x);
        if (kind == 'd') put_double(h, offset, x);
        if (kind == 'i') put_bits(h, offset, size, (uint64_t)(int64_t)x);
        return;
    }
    abort();
}
static void words(header *h, const char *name, const char *text) {
    for (size_t k = 0; k < sizeof fields / sizeof *fields; k++)
        if (!strcmp(name, fields[k].name))
            memcpy(h->bytes + (h->version == 1 ? fields[k].at1 : fields[k].at2), text,
                   strlen(text));
}

static size_t header_size(const header *h) {
    return h->version == 1 ? 352 : 544;
}

static const struct {
    int code;
    vxg_dtype dtype;
} types[] = {{2, VXG_U8},    {4, VXG_I16},    {8, VXG_I32},    {16, VXG_F32},
             {32, VXG_C64},  {64, VXG_F64},   {256, VXG_I8},   {512, VXG_U16},
             {768, VXG_U32}, {1024, VXG_I64}, {1280, VXG_U64}, {1792, VXG_C128}};
enum { TYPES = sizeof types / sizeof *types };

static header make(int version, int big, int type, int ndim, const int64_t *dim) {
    header h = {.version = version, .big = big};
    set(&h, "sizeof_hdr", 0, version == 1 ? 348 : 540);
    set(&h, "dim", 0, ndim);
    for (int i = 0; i < ndim; i++) set(&h, "dim", i + 1, (double)dim[i]);
    for (int i = 0; i < 8; i++) set(&h, "pixdim", i, i ? 1 + 0.25 * i : 1);
    set(&h, "datatype", 0, types[type].code);
    set(&h, "bitpix", 0, 8 * (double)vxg_dtype_size(types[type].dtype));
    set(&h, "vox_offset", 0, version == 1 ? 352 : 544);
    set(&h, "xyzt_units", 0, 2 + 8);
    memcpy(h.bytes + (version == 1 ? 344 : 4), version == 1 ? "n+1\0" : "n+2\0\r\n\x1a\n",
           version == 1 ? 4 : 8);
    return h;
}

static const int64_t dims[4] = {5, 4, 3, 2};

/* Header and elements, `gap` bytes between them. */
static uint8_t file[1 << 17], elements[16 * MOST_ELEMENTS];
static size_t fill(const header *h, int type, int64_t n, size_t gap) {
    const size_t size = vxg_dtype_size(types[type].dtype), begin = header_size(h) + gap;
    memset(file, 0, sizeof file);
    memcpy(file, h->bytes, header_size(h));
    for (int64_t i = 0; i < n; i++) put_element(types[type].dtype, i, elements + (size_t)i * size);
    memcpy(file + begin, elements, (size_t)n * size);
    const uint16_t one = 1;
    if (h->big == (*(const uint8_t *)&one == 1)) turn(types[type].dtype, file + begin, n);
    return begin + (size_t)n * size;
}

static int spill_packed(const char *path, const uint8_t *p, size_t n) {
    static uint8_t packed[(1 << 17) + 100];
    return spill(path, packed, gzip_stored(p, n, packed));
}

static int opens(const char *path) {
    vxg_block_reader *r = NULL;
    const int status = vxg_block_open(path, NULL, &r);
    vxg_block_close(r);
    return status;
}

/* ---- reading ---- */

static void check_file(const char *path, int type) {
    vxg_block_reader *r = NULL;
    const int status = vxg_block_open(path, NULL, &r);
    if (status && without_zlib()) return;
    CHECK(!status, "%s", vxg_error_message());
    CHECK(r->info.ndim == 4 && r->info.dtype == types[type].dtype && !strcmp(r->format, "nifti"),
          "%s: %d axes of %s", path, r->info.ndim, vxg_dtype_name(r->info.dtype));
    for (int i = 0; i < 4; i++)
        CHECK(r->info.axis[i].count == dims[3 - i], "axis %d: %d", i, (int)r->info.axis[i].count);
    check_boxes(r, elements, 12);
    vxg_block_close(r);
    CHECK(vxg_alloc_live() == 0, "%lld blocks left", (long long)vxg_alloc_live());
}

TEST(every_type)
{
    CHECK_OK(vxg_io_register());
    for (int version = 1; version <= 2; version++)
        for (int big = 0; big < 2; big++)
            for (int type = 0; type < TYPES && test_state != 1; type++) {
                header h = make(version, big, type, 4, dims);
                size_t n = fill(&h, type, 120, 0);
                CHECK(!spill(at("a.nii"), file, n) && !spill_packed(at("b.nii.gz"), file, n),
                      "spill");
                check_file(at("a.nii"), type);
                check_file(at("b.nii.gz"), type);
                /* an extension in the header, elements at an odd place */
                set(&h, "vox_offset", 0, (double)header_size(&h) + 35);
                h.bytes[header_size(&h) - 4] = 1;
                n = fill(&h, type, 120, 35);
                CHECK(!spill(at("a.nii"), file, n), "spill");
                check_file(at("a.nii"), type);
                /* a pair, its elements 16 bytes behind the beginning */
                words(&h, "magic", version == 1 ? "ni1" : "ni2");
                set(&h, "vox_offset", 0, 16);
                fill(&h, type, 120, 0);
                const size_t begin = header_size(&h);
                CHECK(!spill(at("p.hdr"), h.bytes, begin) &&
                          !spill(at("p.img"), file + begin - 16, n - 35 - begin + 16),
                      "spill");
                check_file(at("p.hdr"), type);
                check_file(at("p.img"), type);
            }
    scratch_clear(at(""));
}

/* Names of pairs: packed or not, each as it likes, small or large letters; either is accepted. */
TEST(pairs)
{
    static const char *const names[][2] = {{"q.hdr.gz", "q.img.gz"},
                                           {"q.hdr", "q.img.gz"},
                                           {"q.hdr.gz", "q.img"},
                                           {"Q.HDR", "Q.IMG"},
                                           {"a.b.hdr", "a.b.img"}};
    header h = make(1, 0, 1, 4, dims);
    CHECK_OK(vxg_io_register());
    words(&h, "magic", "ni1");
    set(&h, "vox_offset", 0, 0);
    const size_t n = fill(&h, 1, 120, 0);
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        for (int i = 0; i < 2; i++) {
            const uint8_t *from = i ? file + 352 : file;
            const size_t bytes = i ? n - 352 : 348;
            const int bad = strstr(names[k][i], ".gz") ? spill_packed(at(names[k][i]), from, bytes)
                                                       : spill(at(names[k][i]), from, bytes);
            CHECK(!bad, "spill");
        }
        check_file(at(names[k][0]), 1);
        check_file(at(names[k][1]), 1);
        scratch_clear(at(""));
    }
    /* half of a pair */
    CHECK(!spill(at("q.hdr"), file, 348), "spill");
    EXPECT(opens(at("q.hdr")) == VXG_ERR_INPUT && strstr(vxg_error_message(), "q.img: cannot open"),
           "%s", vxg_error_message());
    CHECK(!rename(at("q.hdr"), at("q.nii")), "rename");
    EXPECT(opens(at("q.nii")) == VXG_ERR_INPUT && strstr(vxg_error_message(), "end in .hdr"), "%s",
           vxg_error_message());
    CHECK(!spill(at("q.img"), file + 352, n - 352), "spill");
    EXPECT(opens(at("q.img")) == VXG_ERR_INPUT &&
               strstr(vxg_error_message(), "none of the formats"),
           "%s", vxg_error_message());
    const vxg_block_opts nifti = {.format = "nifti"}, part = {.part = "x"};
    vxg_block_reader *r = NULL;
    EXPECT(vxg_block_open(at("q.img"), &nifti, &r) == VXG_ERR_INPUT &&
               strstr(vxg_error_message(), "q.hdr: cannot open"),
           "%s", vxg_error_message());
    EXPECT(vxg_block_open(at("q.nii"), &part, &r) == VXG_ERR_ARGUMENT, "a part");
    scratch_clear(at(""));
    CHECK(vxg_alloc_live() == 0, "%lld blocks left", (long long)vxg_alloc_live());
}

static vxg_block_reader *open_header(const header *h, int64_t n) {
    vxg_block_reader *r = NULL;
    const size_t bytes = fill(h, 1, n, 0);
    if (spill(at("h.nii"), file, bytes) || vxg_block_open(at("h.nii"), NULL, &r)) return NULL;
    return r;
}

TEST(axes_and_units)
{
    static const int64_t many[7] = {3, 1, 2, 1, 4, 1, 1};
    header h = make(1, 1, 1, 7, many);
    CHECK_OK(vxg_io_register());
    set(&h, "xyzt_units", 0, 3 + 16);
    vxg_block_reader *r = open_header(&h, 24);
    CHECK(r, "%s", vxg_error_message());
    static const char *const names[] = {"u", "t", "z", "y", "x"}, *const unit[] = {"", "ms", "um",
                                                                                   "um", "um"};
    CHECK(r->info.ndim == 5, "%d axes", r->info.ndim);
    for (int i = 0; i < 5; i++)
        EXPECT(r->info.axis[i].count == many[4 - i] && !strcmp(r->info.axis[i].name, names[i]) &&
                   !strcmp(r->info.axis[i].unit, unit[i]) &&
                   r->info.axis[i].step == 1 + 0.25 * (5 - i),
               "axis %d: %d %s [%s] step %g", i, (int)r->info.axis[i].count, r->info.axis[i].name,
               r->info.axis[i].unit, r->info.axis[i].step);
    vxg_block_close(r);
    /* one axis stays one, a volume three, steps that are none are unknown */
    h = make(2, 0, 1, 4, (const int64_t[]){4, 1, 1, 1});
    set(&h, "pixdim", 1, NAN), set(&h, "pixdim", 2, -2), set(&h, "pixdim", 3, 0);
    r = open_header(&h, 4);
    CHECK(r && r->info.ndim == 3 && r->info.axis[0].step == 0 && r->info.axis[1].step == 2 &&
              r->info.axis[2].step == 0 && !r->info.has_affine,
          "%s", vxg_error_message());
    vxg_block_close(r);
    h = make(1, 0, 1, 1, (const int64_t[]){4});
    r = open_header(&h, 4);
    CHECK(r && r->info.ndim == 1 && r->info.has_affine, "%s", vxg_error_message());
    vxg_block_close(r);
    scratch_clear(at(""));
}

/* ---- affines ---- */

static int near(const double *a, const double *b, double tolerance) {
    for (int i = 0; i < 12; i++)
        if (!(fabs(a[i] - b[i]) <= tolerance)) return 0;
    return 1;
}

static const double oblique[12] = {0.1, -2, 0.2, 40, 1.9, 0.1, -0.3, -50, 0.2, 0.3, 2.5, 7};

static void set_sform(header *h, int code, const double a[12]) {
    set(h, "sform_code", 0, code);
    for (int i = 0; i < 12; i++) set(h, "srow", i, a[i]);
}

TEST(affine)
{
    /* a quarter turn about z, the third axis turned round: i to y, j to -x, k to -z */
    static const double turned[12] = {0, -1.5, 0, 10, 1.25, 0, 0, 20, 0, 0, -1.75, 30};
    static const double sizes[12] = {1.25, 0, 0, -2.5, 0, 1.5, 0, -2.25, 0, 0, 1.75, -1.75};
    static const double scale[4] = {1, 1000, 1, 1e-3};
    CHECK_OK(vxg_io_register());
    vxg_set_log(keep_log, NULL, 0);
    for (int version = 1; version <= 2; version++)
        for (int unit = 0; unit < 4; unit++) {
            double expected[12];
            header h = make(version, unit & 1, 1, 4, dims);
            set(&h, "xyzt_units", 0, unit);
            vxg_block_reader *r = open_header(&h, 120);
            CHECK(r && r->info.has_affine && !strcmp(r->info.affine_unit, "mm"), "%s",
                  vxg_error_message());
            for (int i = 0; i < 12; i++) expected[i] = sizes[i] * scale[unit];
            EXPECT(near(r->info.affine, expected, 1e-9), "sizes: %g", r->info.affine[3]);
            EXPECT(!*attribute(&r->info, "sform_code"), "a code");
            vxg_block_close(r);
            set(&h, "qform_code", 0, 2), set(&h, "pixdim", 0, -1);
            set(&h, "quatern", 2, sqrt(0.5));
            for (int k = 0; k < 3; k++) set(&h, "qoffset", k, 10 * (k + 1));
            CHECK((r = open_header(&h, 120)), "%s", vxg_error_message());
            for (int i = 0; i < 12; i++) expected[i] = turned[i] * scale[unit];
            EXPECT(near(r->info.affine, expected, 1e-6 * scale[unit]), "qform: %g %g",
                   r->info.affine[1], r->info.affine[10]);
            EXPECT(!strcmp(attribute(&r->info, "qform_code"), "2"), "the code");
            vxg_block_close(r);
            set_sform(&h, 1, turned), logged[0] = 0;
            CHECK((r = open_header(&h, 120)), "%s", vxg_error_message());
            EXPECT(near(r->info.affine, expected, 1e-6 * scale[unit]) && !logged[0] &&
                       !*attribute(&r->info, "qform"),
                   "both: %s", logged);
            vxg_block_close(r);
            set_sform(&h, 4, oblique), logged[0] = 0;
            CHECK((r = open_header(&h, 120)), "%s", vxg_error_message());
            for (int i = 0; i < 12; i++) expected[i] = oblique[i] * scale[unit];
            EXPECT(near(r->info.affine, expected, 1e-5 * scale[unit]), "sform");
            EXPECT(strstr(logged, "sform and qform differ") &&
                       !strcmp(attribute(&r->info, "sform_code"), "4"),
                   "%s", logged);
            char *end = (char *)(uintptr_t)attribute(&r->info, "qform");
            for (int i = 0; i < 12; i++)
                EXPECT(fabs(strtod(end, &end) - turned[i] * scale[unit]) < 1e-5 * scale[unit],
                       "number %d of the qform", i);
            vxg_block_close(r);
        }
    /* half a turn: nothing is left for the quaternion's first part */
    header h = make(1, 0, 1, 3, dims);
    set(&h, "qform_code", 0, 1), set(&h, "quatern", 0, 1.0000001);
    vxg_block_reader *r = open_header(&h, 60);
    CHECK(r && near(r->info.affine,
                    (const double[12]){1.25, 0, 0, 0, 0, -1.5, 0, 0, 0, 0, -1.75, 0}, 1e-6),
          "half a turn: %s", vxg_error_message());
    vxg_block_close(r);
    vxg_set_log(NULL, NULL, 0);
    scratch_clear(at(""));
}

TEST(scaling_and_attributes)
{
    static const double pairs[][2] = {{2.5, -7},     {0, 3}, {NAN, 1},
                                      {INFINITY, 1}, {1, 0}, {-0.5, 4}};
    CHECK_OK(vxg_io_register());
    for (size_t k = 0; k < sizeof pairs / sizeof *pairs; k++)
        for (int version = 1; version <= 2; version++) {
            header h = make(version, 1, 1, 4, dims);
            set(&h, "scl_slope", 0, pairs[k][0]), set(&h, "scl_inter", 0, pairs[k][1]);
            vxg_block_reader *r = open_header(&h, 120);
            CHECK(r, "%s", vxg_error_message());
            const int holds = isfinite(pairs[k][0]) && pairs[k][0] != 0;
            EXPECT(r->info.slope == (holds ? pairs[k][0] : 0) &&
                       r->info.intercept == (holds ? pairs[k][1] : 0),
                   "slope %g, intercept %g", r->info.slope, r->info.intercept);
            check_boxes(r, elements, 3);
            EXPECT(r->info.nattributes == 0, "%d attributes", r->info.nattributes);
            vxg_block_close(r);
        }
    for (int version = 1; version <= 2; version++) {
        header h = make(version, 0, 1, 4, dims);
        char full[81];
        memset(full, 'd', 80), full[80] = 0;
        words(&h, "descrip", full), words(&h, "intent_name", "sixteen letters!");
        set(&h, "intent_code", 0, 1007), set(&h, "cal_max", 0, 8);
        vxg_block_reader *r = open_header(&h, 120);
        CHECK(r, "%s", vxg_error_message());
        EXPECT(!strcmp(attribute(&r->info, "descrip"), full) &&
                   !strcmp(attribute(&r->info, "intent_name"), "sixteen letters!") &&
                   !strcmp(attribute(&r->info, "intent_code"), "1007") &&
                   !strcmp(attribute(&r->info, "cal_min"), "0") &&
                   !strcmp(attribute(&r->info, "cal_max"), "8") && r->info.nattributes == 5,
               "attributes");
        vxg_block_close(r);
        h = make(version, 0, 11, 4, dims); /* complex: no scale */
        set(&h, "scl_slope", 0, 2);
        const size_t n = fill(&h, 11, 120, 0);
        CHECK(!spill(at("c.nii"), file, n), "spill");
        CHECK_OK(vxg_block_open(at("c.nii"), NULL, &r));
        EXPECT(r->info.slope == 0, "slope %g", r->info.slope);
        vxg_block_close(r);
    }
    scratch_clear(at(""));
}

/* ---- headers that lie ---- */

static const struct lie {
    const char *field;
    int i;
    double x;
    int status;
    const char *words;
} lies[] = {{"dim", 0, 0, VXG_ERR_INPUT, "dim[0] is 0"},
            {"dim", 0, 8, VXG_ERR_INPUT, "dim[0] is 8"},
            {"dim", 0, -4, VXG_ERR_INPUT, "dim[0] is -4"},
            {"dim", 2, 0, VXG_ERR_INPUT, "dim[2] is 0"},
            {"dim", 3, -3, VXG_ERR_INPUT, "dim[3] is -3"},
            {"dim", 4, 3, VXG_ERR_INPUT, "cannot hold"},
            {"dim", 4, 32767, VXG_ERR_INPUT, "cannot hold"},
            {"vox_offset", 0, 0, VXG_ERR_INPUT, "vox_offset is 0"},
            {"vox_offset", 0, 351, VXG_ERR_INPUT, "vox_offset is 351"},
            {"vox_offset", 0, -352, VXG_ERR_INPUT, "vox_offset is -352"},
            {"vox_offset", 0, 1e30, VXG_ERR_INPUT, "vox_offset is"},
            {"vox_offset", 0, 1e6, VXG_ERR_INPUT, "cannot hold"},
            {"datatype", 0, 0, VXG_ERR_UNSUPPORTED, "datatype 0"},
            {"datatype", 0, 1, VXG_ERR_UNSUPPORTED, "binary"},
            {"datatype", 0, 128, VXG_ERR_UNSUPPORTED, "rgb24"},
            {"datatype", 0, 2304, VXG_ERR_UNSUPPORTED, "rgba32"},
            {"datatype", 0, 1536, VXG_ERR_UNSUPPORTED, "float128"},
            {"datatype", 0, 2048, VXG_ERR_UNSUPPORTED, "complex256"},
            {"datatype", 0, 5, VXG_ERR_UNSUPPORTED, "datatype 5"},
            {"datatype", 0, 64, VXG_ERR_INPUT, "cannot hold"},
            {"magic", 0, 0, VXG_ERR_INPUT, "ANALYZE"},
            {"scl_inter", 0, NAN, VXG_ERR_INPUT, "scl_inter is"},
            {"srow", 0, NAN, VXG_ERR_INPUT, "srow_x"},
            {"srow", 3, INFINITY, VXG_ERR_INPUT, "srow_x"},
            {"srow", 5, 0, VXG_ERR_INPUT, "srow_x"},
            {"pixdim", 2, 0, VXG_ERR_INPUT, "quaternion"},
            {"pixdim", 3, -1, VXG_ERR_INPUT, "quaternion"},
            {"quatern", 1, NAN, VXG_ERR_INPUT, "quaternion"},
            {"qoffset", 1, INFINITY, VXG_ERR_INPUT, "quaternion"}};

TEST(refused)
{
    CHECK_OK(vxg_io_register());
    for (int version = 1; version <= 2; version++)
        for (size_t k = 0; k < sizeof lies / sizeof *lies; k++) {
            const struct lie *l = &lies[k];
            header h = make(version, (int)k & 1, 1, 4, dims);
            set(&h, "scl_slope", 0, 1);
            set(&h, "qform_code", 0, 1);
            if (!strcmp(l->field, "srow"))
                set_sform(&h, 1, (const double[12]){1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0});
            if (!strcmp(l->field, "magic"))
                memcpy(h.bytes + (version == 1 ? 344 : 4), version == 1 ? "n+2" : "n+2\0\n\n\x1a",
                       4);
            if (!strcmp(l->field, "magic") && version == 2) h.bytes[8] = '\n';
            if (strcmp(l->field, "magic")) set(&h, l->field, l->i, l->x);
            size_t n = fill(&h, 1, 120, 0);
            CHECK(!spill(at("l.nii"), file, n), "spill");
            int status = opens(at("l.nii"));
            CHECK(status == l->status && strstr(vxg_error_message(), l->words) &&
                      strstr(vxg_error_message(), "l.nii: "),
                  "version %d, %s[%d] = %g: status %d: %s", version, l->field, l->i, l->x, status,
                  vxg_error_message());
            CHECK(vxg_alloc_live() == 0, "%lld blocks left", (long long)vxg_alloc_live());
        }
    header h = make(2, 0, 1, 4, dims);
    set(&h, "dim", 1, 1 << 30), set(&h, "dim", 2, 1 << 30);
    CHECK(!spill(at("l.nii"), file, fill(&h, 1, 120, 0)), "spill");
    EXPECT(opens(at("l.nii")) == VXG_ERR_INPUT && strstr(vxg_error_message(), "2^40"), "%s",
           vxg_error_message());
    h = make(2, 0, 1, 7, (const int64_t[]){1, 1, 1, 1, 1, 1, 2});
    CHECK(!spill(at("l.nii"), file, fill(&h, 1, 2, 0)), "spill");
    EXPECT(opens(at("l.nii")) == VXG_ERR_UNSUPPORTED && strstr(vxg_error_message(), "7 axes"), "%s",
           vxg_error_message());
    scratch_clear(at(""));
}

/* A pair, its forms at odds, with words: opened and read. */
static int pair_back(void) {
    vxg_block_reader *r = NULL;
    float v[120];
    header h = make(1, 0, 1, 4, dims);
    words(&h, "magic", "ni1"), words(&h, "descrip", "words"), words(&h, "intent_name", "name");
    set(&h, "vox_offset", 0, 0), set(&h, "intent_code", 0, 5), set(&h, "cal_max", 0, 2);
    set(&h, "qform_code", 0, 2);
    set_sform(&h, 1, oblique);
    const size_t n = fill(&h, 1, 120, 0);
    int status = vxg_io_register();
    if (!status && (spill(at("p.hdr"), h.bytes, 348) || spill(at("p.img"), file + 352, n - 352)))
        status = VXG_ERR_FAILED;
    if (!status) status = vxg_block_open(at("p.hdr"), NULL, &r);
    if (!status)
        status = vxg_block_read(r, (int64_t[]){0, 0, 0, 0}, (int64_t[]){2, 3, 4, 5}, VXG_F32, v);
    vxg_block_close(r);
    if (status) scratch_clear(at(""));
    return status;
}

TEST(memory_fails)
{
    fail_each(pair_back);
    scratch_clear(at(""));
}

TEST_MAIN("io_nifti", T(every_type), T(pairs), T(axes_and_units), T(affine),
          T(scaling_and_attributes), T(refused), T(memory_fails))
