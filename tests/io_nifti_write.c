/* NIfTI files that are written: what is read back, the header's fields, what is refused; and
 * measured files. */
#include "io_grid.h"

static const int64_t sizes[VXG_MAX_DIMS] = {4, 3, 2, 5, 1, 2};
static uint8_t elements[16 * MOST_ELEMENTS];

static vxg_block_create_opts options(vxg_dtype type, int ndim) {
    vxg_block_create_opts o = {.info = {.ndim = ndim, .dtype = type}};
    for (int i = 0; i < ndim; i++) o.info.axis[i].count = sizes[i];
    return o;
}

/* Slices in the order 1, 0, the rest. */
static int write_block(const char *path, const vxg_block_create_opts *o) {
    vxg_block_writer *w = NULL;
    int64_t slice = (int64_t)vxg_dtype_size(o->info.dtype), start[VXG_MAX_DIMS] = {0};
    int64_t count[VXG_MAX_DIMS], all = 1;
    for (int i = 0; i < o->info.ndim; i++) {
        count[i] = o->info.axis[i].count;
        all *= count[i];
        if (i) slice *= count[i];
    }
    for (int64_t i = 0; i < all; i++)
        put_element(o->info.dtype, i, elements + i * (int64_t)vxg_dtype_size(o->info.dtype));
    const int64_t n = count[0];
    int status = vxg_block_create(path, o, &w);
    for (int k = 0; k < 3 && !status; k++) {
        start[0] = k == 0 ? n / 2 : k == 1 ? 0 : n / 2 + (n - n / 2) / 2;
        count[0] = k == 0 ? (n - n / 2) / 2 : k == 1 ? n / 2 : n - start[0];
        status = w->write(w, start, count, elements + start[0] * slice);
    }
    if (!status) return w->finish(w);
    if (w) w->abandon(w);
    return status;
}

TEST(every_type_and_rank)
{
    static const char *const names[] = {"w.nii", "w.nii.gz"};
    int files = 0;
    CHECK_OK(vxg_io_register());
    for (int k = 0; k < 2; k++)
        for (int type = VXG_F32; type <= VXG_C128; type++)
            for (int ndim = 1; ndim <= VXG_MAX_DIMS && test_state != 1; ndim++) {
                vxg_block_create_opts o = options((vxg_dtype)type, ndim);
                vxg_block_reader *r = NULL;
                o.force = 1;
                const int status = write_block(at(names[k]), &o);
                if (status && without_zlib()) continue;
                if (type == VXG_F16) {
                    CHECK(status == VXG_ERR_UNSUPPORTED && strstr(vxg_error_message(), "float16"),
                          "%s", vxg_error_message());
                    continue;
                }
                CHECK(!status, "%s: %s", names[k], vxg_error_message());
                CHECK_OK(vxg_block_open(at(names[k]), NULL, &r));
                CHECK(r->info.ndim == ndim && (int)r->info.dtype == type && !r->info.nattributes &&
                          r->info.slope == 0,
                      "%d axes", r->info.ndim);
                for (int i = 0; i < ndim; i++)
                    CHECK(r->info.axis[i].count == sizes[i] && r->info.axis[i].step == 0, "axis %d",
                          i);
                check_boxes(r, elements, 6);
                vxg_block_close(r);
                files++;
            }
    EXPECT(files >= 12 * 6, "%d files", files);
    scratch_clear(at(""));
    CHECK(vxg_alloc_live() == 0, "%lld blocks left", (long long)vxg_alloc_live());
}

/* ---- headers ---- */

static float float_at(const uint8_t *p, int offset) {
    float f;
    memcpy(&f, p + offset, 4);
    return f;
}
static int short_at(const uint8_t *p, int offset) {
    return (int16_t)(p[offset] | p[offset + 1] << 8);
}

static const vxg_attribute attributes[] = {{"descrip", "words"},       {"intent_name", "tensor"},
                                           {"intent_code", "1005"},    {"sform_code", "4"},
                                           {"cal_min", "-1.5"},        {"cal_max", "9"},
                                           {"dw_scheme", "0,0,1,1000"}};

TEST(header)
{
    /* a rotation about z by 30 degrees, sizes 2, 3, 4, the third axis turned round */
    const double c = sqrt(0.75), s = 0.5;
    const double affine[12] = {2 * c, -3 * s, 0, 11, 2 * s, 3 * c, 0, -12, 0, 0, -4, 13};
    vxg_block_create_opts o = options(VXG_I16, 4);
    vxg_block_reader *r = NULL;
    size_t n = 0;
    CHECK_OK(vxg_io_register());
    o.info.has_affine = 1, strcpy(o.info.affine_unit, "mm");
    memcpy(o.info.affine, affine, sizeof affine);
    o.info.axis[0] = (vxg_axis){.count = 4, .step = 2.5, .name = "t", .unit = "s"};
    o.info.slope = 0.5, o.info.intercept = -3;
    o.info.attributes = attributes, o.info.nattributes = 7;
    logged[0] = 0;
    vxg_set_log(keep_log, NULL, 0);
    CHECK_OK(write_block(at("h.nii"), &o));
    vxg_set_log(NULL, NULL, 0);
    EXPECT(strstr(logged, "keeps no attribute 'dw_scheme'"), "%s", logged);
    uint8_t *p = slurp(at("h.nii"), &n);
    static const int dim[8] = {4, 5, 2, 3, 4, 1, 1, 1};
    CHECK(n == 352 + 240 && p[0] == 92 && p[1] == 1 && !memcmp(p + 344, "n+1", 4) && !p[348],
          "%d bytes", (int)n);
    for (int i = 0; i < 8; i++) EXPECT(short_at(p, 40 + 2 * i) == dim[i], "dim[%d]", i);
    static const float pixdim[5] = {-1, 2, 3, 4, 2.5f};
    for (int i = 0; i < 5; i++)
        EXPECT(float_at(p, 76 + 4 * i) == pixdim[i], "pixdim[%d] %g", i, float_at(p, 76 + 4 * i));
    EXPECT(short_at(p, 70) == 4 && short_at(p, 72) == 16 && float_at(p, 108) == 352 &&
               p[123] == 10 && short_at(p, 252) == 4 && short_at(p, 254) == 4 &&
               short_at(p, 68) == 1005 && float_at(p, 112) == 0.5f && float_at(p, 116) == -3,
           "fields");
    EXPECT(fabs(float_at(p, 264) - sin(acos(-1) / 12)) < 1e-6 && fabs(float_at(p, 256)) < 1e-6,
           "quatern %g", float_at(p, 264));
    free(p);
    CHECK_OK(vxg_block_open(at("h.nii"), NULL, &r));
    for (int i = 0; i < 12; i++)
        EXPECT(fabs(r->info.affine[i] - affine[i]) < 1e-6, "affine %d: %g", i, r->info.affine[i]);
    EXPECT(r->info.slope == 0.5 && r->info.intercept == -3 && r->info.axis[0].step == 2.5 &&
               !strcmp(r->info.axis[0].unit, "s") && !strcmp(r->info.axis[3].unit, "mm"),
           "slope, steps, units");
    for (int i = 0; i < 6; i++)
        EXPECT(!strcmp(attribute(&r->info, attributes[i].name), attributes[i].text), "%s: %s",
               attributes[i].name, attribute(&r->info, attributes[i].name));
    EXPECT(!strcmp(attribute(&r->info, "qform_code"), "4") && !*attribute(&r->info, "qform"),
           "qform");
    check_boxes(r, elements, 3);
    vxg_block_close(r);
    scratch_clear(at(""));
}

static int same_affine(const double *a, const double *b, double scale) {
    for (int i = 0; i < 12; i++)
        if (!(fabs(a[i] - scale * b[i]) <= 1e-5 * scale)) return 0;
    return 1;
}

/* What one affine of a length's unit is read back as; qform 1: as a quaternion too. */
static void affine_back(const double affine[12], const char *unit, double mm, int qform) {
    vxg_block_create_opts o = options(VXG_U8, 3);
    vxg_block_reader *r = NULL;
    double step[3];
    o.force = 1, o.info.has_affine = 1;
    strcpy(o.info.affine_unit, unit);
    memcpy(o.info.affine, affine, sizeof o.info.affine);
    logged[0] = 0;
    CHECK_OK(write_block(at("a.nii"), &o));
    CHECK_OK(vxg_block_open(at("a.nii"), NULL, &r));
    EXPECT(same_affine(r->info.affine, affine, mm) && !strcmp(r->info.affine_unit, "mm") &&
               !strcmp(r->info.axis[2].unit, unit),
           "%s: %g", unit, r->info.affine[0]);
    EXPECT(!strcmp(attribute(&r->info, "qform_code"), qform ? "1" : "") && !logged[0],
           "qform_code %s, %s", attribute(&r->info, "qform_code"), logged);
    for (int k = 0; k < 3; k++) {
        step[k] = sqrt(affine[k] * affine[k] + affine[k + 4] * affine[k + 4] +
                       affine[k + 8] * affine[k + 8]);
        EXPECT(fabs(r->info.axis[2 - k].step - step[k]) < 1e-5 * step[k], "step %d", k);
    }
    vxg_block_close(r);
}

/* Any turn comes back as a quaternion that says the same (the reader compares both forms). */
TEST(affines)
{
    static const double sheared[12] = {1, 0.2, 0, 1, 0, 1, 0, 2, 0, 0, 1, 3};
    CHECK_OK(vxg_io_register());
    vxg_set_log(keep_log, NULL, 0);
    affine_back(sheared, "mm", 1, 0);
    affine_back(sheared, "m", 1000, 0);
    for (int i = 0; i < 300 && test_state != 1; i++) {
        double q[4], a[12] = {0}, size = 0;
        for (int k = 0; k < 4; k++) q[k] = i < 16 ? (i >> k & 1) : (double)roll(2001) / 1000 - 1;
        for (int k = 0; k < 4; k++) size += q[k] * q[k];
        if (size == 0) q[0] = size = 1;
        for (int k = 0; k < 4; k++) q[k] /= sqrt(size);
        const double w = q[0], x = q[1], y = q[2], z = q[3];
        const double m[9] = {
            1 - 2 * (y * y + z * z), 2 * (x * y - w * z),     2 * (x * z + w * y),
            2 * (x * y + w * z),     1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
            2 * (x * z - w * y),     2 * (y * z + w * x),     1 - 2 * (x * x + y * y)};
        for (int k = 0; k < 9; k++) {
            const double step = (1 + k % 3 * 0.75) * (i & 1 && k % 3 == i / 2 % 3 ? -1 : 1);
            a[k / 3 * 4 + k % 3] = m[k] * step;
        }
        for (int k = 0; k < 3; k++) a[4 * k + 3] = (double)roll(200) - 100;
        affine_back(a, i % 3 == 2 ? "um" : "mm", i % 3 == 2 ? 1e-3 : 1, 1);
    }
    vxg_set_log(NULL, NULL, 0);
    /* without an affine: sizes, no codes */
    vxg_block_create_opts o = options(VXG_U8, 3);
    vxg_block_reader *r = NULL;
    o.force = 1;
    for (int i = 0; i < 3; i++) o.info.axis[i].step = 2 + i, strcpy(o.info.axis[i].unit, "um");
    CHECK_OK(write_block(at("a.nii"), &o));
    CHECK_OK(vxg_block_open(at("a.nii"), NULL, &r));
    EXPECT(r->info.has_affine && fabs(r->info.affine[0] - 4e-3) < 1e-12 &&
               fabs(r->info.affine[11] + 1.5 * 2e-3) < 1e-12 && !r->info.nattributes,
           "%g %g", r->info.affine[0], r->info.affine[11]);
    vxg_block_close(r);
    scratch_clear(at(""));
}

/* A size over 32767 makes version 2. */
TEST(version_2)
{
    vxg_block_create_opts o = {.info = {.ndim = 2, .dtype = VXG_U8}};
    vxg_block_reader *r = NULL;
    vxg_block_writer *w = NULL;
    static uint8_t v[2 * 32768], back[40];
    const int64_t zeros[2] = {0}, all[2] = {2, 32768}, start[2] = {1, 32760}, count[2] = {1, 8};
    CHECK_OK(vxg_io_register());
    for (int i = 0; i < 2; i++) o.info.axis[i].count = all[i];
    for (int i = 0; i < 2 * 32768; i++) v[i] = (uint8_t)(i % 253);
    o.info.has_affine = 1, o.info.affine[0] = o.info.affine[5] = o.info.affine[10] = 1.0 / 3;
    o.info.attributes = attributes, o.info.nattributes = 4;
    CHECK_OK(vxg_block_create(at("2.nii"), &o, &w));
    CHECK_OK(w->write(w, zeros, all, v));
    CHECK_OK(w->finish(w));
    CHECK_OK(vxg_block_open(at("2.nii"), NULL, &r));
    CHECK(r->id.bytes == 544 + 2 * 32768, "%d bytes", (int)r->id.bytes);
    CHECK_OK(vxg_block_read(r, start, count, VXG_U8, back));
    EXPECT(!memcmp(back, v + 2 * 32768 - 8, 8), "elements");
    EXPECT(r->info.affine[5] == 1.0 / 3 && !strcmp(attribute(&r->info, "descrip"), "words") &&
               !strcmp(attribute(&r->info, "intent_name"), "tensor"),
           "exact doubles: %.17g", r->info.affine[5]);
    vxg_block_close(r);
    scratch_clear(at(""));
}

TEST(refused)
{
    vxg_block_create_opts o;
    CHECK_OK(vxg_io_register());
#define REFUSED(name, status, words)                                                               \
    do {                                                                                           \
        const int s_ = write_block(at(name), &o);                                                  \
        EXPECT(s_ == (status) && strstr(vxg_error_message(), words), "%s: status %d: %s", words,   \
               s_, vxg_error_message());                                                           \
        EXPECT(entries(at("")) == 0, "%s: something is left", words);                              \
    } while (0)
    o = options(VXG_U8, 3);
    REFUSED("a.hdr", VXG_ERR_UNSUPPORTED, "pairs of NIfTI files are read, not written");
    REFUSED("a.img", VXG_ERR_UNSUPPORTED, "pairs of NIfTI files");
    o.info.has_affine = 1;
    REFUSED("a.nii", VXG_ERR_ARGUMENT, "the affine cannot be inverted");
    for (int i = 0; i < 3; i++) o.info.affine[5 * i] = 1;
    strcpy(o.info.affine_unit, "inch");
    REFUSED("a.nii", VXG_ERR_UNSUPPORTED, "m, mm and um, not 'inch'");
    o = options(VXG_U8, 4), o.info.axis[0].step = 1, strcpy(o.info.axis[0].unit, "degree");
    REFUSED("a.nii", VXG_ERR_UNSUPPORTED, "along the fourth axis, not 'degree'");
    o = options(VXG_U8, 3), strcpy(o.info.axis[0].unit, "mm"), strcpy(o.info.axis[2].unit, "um");
    REFUSED("a.nii", VXG_ERR_UNSUPPORTED, "one unit of length, not 'um' and 'mm'");
    o = options(VXG_C64, 3), o.info.slope = 2;
    REFUSED("a.nii", VXG_ERR_UNSUPPORTED, "no slope of complex elements");
    static const vxg_attribute bad[] = {{"intent_code", "many"},
                                        {"sform_code", "1.5"},
                                        {"qform_code", "-1"},
                                        {"cal_max", "nan"},
                                        {"intent_code", "32768"}};
    for (int i = 0; i < 5; i++) {
        o = options(VXG_U8, 3);
        o.info.attributes = &bad[i], o.info.nattributes = 1, o.info.has_affine = 1;
        for (int k = 0; k < 3; k++) o.info.affine[5 * k] = 1;
        REFUSED("a.nii", VXG_ERR_ARGUMENT, bad[i].name);
    }
    o = options(VXG_U8, 5), strcpy(o.info.axis[0].unit, "s"), logged[0] = 0;
    vxg_set_log(keep_log, NULL, 0);
    CHECK_OK(write_block(at("a.nii"), &o));
    vxg_set_log(NULL, NULL, 0);
    EXPECT(strstr(logged, "keeps no unit of axis 0"), "%s", logged);
    unlink(at("a.nii"));
    /* a text that is too long ends at a letter's end */
    vxg_block_reader *r = NULL;
    const vxg_attribute longer = {"intent_name", "fourteen bytes\xc3\xb6"};
    o = options(VXG_U8, 3), o.info.attributes = &longer, o.info.nattributes = 1;
    CHECK_OK(write_block(at("a.nii"), &o));
    CHECK_OK(vxg_block_open(at("a.nii"), NULL, &r));
    EXPECT(!strcmp(attribute(&r->info, "intent_name"), "fourteen bytes"), "%s",
           attribute(&r->info, "intent_name"));
    vxg_block_close(r);
    scratch_clear(at(""));
    CHECK(vxg_alloc_live() == 0, "%lld blocks left", (long long)vxg_alloc_live());
}

/* Endings of two words are looked for first. */
TEST(endings)
{
    static const char *const names[] = {"a.b.nii.gz", "2020.01.nii", ".nii.gz", "X.NII.GZ",
                                        "a.nii.npy"};
    static const char *const formats[] = {"nifti", "nifti", "nifti", "nifti", "npy"};
    vxg_block_create_opts o = options(VXG_U8, 2);
    CHECK_OK(vxg_io_register());
    for (int i = 0; i < 5; i++) {
        vxg_block_reader *r = NULL;
        const int status = write_block(at(names[i]), &o);
        if (status && without_zlib()) continue;
        CHECK(!status, "%s: %s", names[i], vxg_error_message());
        CHECK_OK(vxg_block_open(at(names[i]), NULL, &r));
        EXPECT(!strcmp(r->format, formats[i]), "%s: %s", names[i], r->format);
        vxg_block_close(r);
        size_t n = 0;
        uint8_t *p = slurp(at(names[i]), &n);
        EXPECT((p[0] == 0x1f) == (strcasestr(names[i], ".gz") != NULL), "%s: packed or not",
               names[i]);
        free(p);
    }
    CHECK(write_block(at("a.gz"), &o) == VXG_ERR_ARGUMENT, "a.gz");
    CHECK(write_block(at("nii.gz"), &o) == VXG_ERR_ARGUMENT, "no ending of a name");
    scratch_clear(at(""));
}

/* ---- measured files ---- */

static double mean_of(vxg_block_reader *r, double *least, double *most) {
    const int64_t zeros[VXG_MAX_DIMS] = {0};
    int64_t count[VXG_MAX_DIMS], n = 1;
    for (int i = 0; i < r->info.ndim; i++) n *= count[i] = r->info.axis[i].count;
    float *v = malloc((size_t)n * sizeof *v);
    double sum = 0;
    *least = INFINITY, *most = -INFINITY;
    if (!v || vxg_block_read(r, zeros, count, VXG_F32, v)) n = 0;
    for (int64_t i = 0; i < n; i++) {
        sum += v[i];
        *least = fmin(*least, v[i]), *most = fmax(*most, v[i]);
    }
    free(v);
    return n ? sum / (double)n : NAN;
}

TEST(measured)
{
    char path[512];
    vxg_block_reader *r = NULL;
    double least, most, mean;
    CHECK_OK(vxg_io_register());
    if (!test_data("dwi_small_64D/small_64D.nii", path, sizeof path)) SKIP("no VXG_TEST_DATA");
    CHECK_OK(vxg_block_open(path, NULL, &r));
    EXPECT(r->info.ndim == 4 && r->info.dtype == VXG_I16 && r->info.axis[0].count == 65 &&
               r->info.axis[3].count == 10 && r->info.has_affine,
           "small_64D");
    mean = mean_of(r, &least, &most);
    EXPECT(fabs(mean - 91.8004154) < 1e-3, "mean %.9g", mean);
    vxg_block_close(r);
    r = NULL;
    if (!test_data("dwi_philips_brain/dwi.nii.gz", path, sizeof path)) SKIP("no dwi.nii.gz");
    const int status = vxg_block_open(path, NULL, &r);
    if (status && without_zlib()) SKIP("built without zlib");
    CHECK(!status, "%s", vxg_error_message());
    EXPECT(r->info.ndim == 4 && r->info.dtype == VXG_I16 && r->info.axis[0].count == 17 &&
               r->info.axis[1].count == 32 && r->info.axis[2].count == 112 && r->info.slope != 0,
           "philips");
    mean = mean_of(r, &least, &most);
    EXPECT(fabs(most - 96715.3551) < 0.1 && least == 0 && fabs(mean - 3951.07725) < 0.5,
           "mean %.9g, %.9g to %.9g", mean, least, most);
    vxg_block_close(r);
    r = NULL;
    if (!test_data("tractograms/nibabel_standard.nii.gz", path, sizeof path)) SKIP("no standard");
    CHECK_OK(vxg_block_open(path, NULL, &r));
    EXPECT(r->info.ndim == 3 && r->info.axis[0].count == 7 && r->info.axis[1].count == 5 &&
               r->info.axis[2].count == 4 && fabs(r->info.affine[0]) == 1 &&
               fabs(r->info.affine[5]) == 3 && fabs(r->info.affine[10]) == 2,
           "standard: %g %g %g", r->info.affine[0], r->info.affine[5], r->info.affine[10]);
    vxg_block_close(r);
}

TEST_MAIN("io_nifti_write", T(every_type_and_rank), T(header), T(affines), T(version_2), T(refused),
          T(endings), T(measured))
