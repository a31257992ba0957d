/* MRtrix's images that are written, and measured ones: the same data as NIfTI has the same value at
 * the same place of the scanner. */
#include "io_grid.h"

static const int64_t sizes[VXG_MAX_DIMS] = {4, 3, 2, 5, 1, 2};
static uint8_t elements[16 * MOST_ELEMENTS];

static vxg_block_create_opts options(vxg_dtype type, int ndim) {
    vxg_block_create_opts o = {.info = {.ndim = ndim, .dtype = type}};
    for (int i = 0; i < ndim; i++) o.info.axis[i].count = sizes[i];
    return o;
}

static int write_block(const char *path, const vxg_block_create_opts *o) {
    vxg_block_writer *w = NULL;
    int64_t slice = (int64_t)vxg_dtype_size(o->info.dtype), start[VXG_MAX_DIMS] = {0};
    int64_t count[VXG_MAX_DIMS], all = 1;
    for (int i = 0; i < o->info.ndim; i++) {
        all *= count[i] = o->info.axis[i].count;
        if (i) slice *= count[i];
    }
    for (int64_t i = 0; i < all; i++)
        put_element(o->info.dtype, i, elements + i * (int64_t)vxg_dtype_size(o->info.dtype));
    int status = vxg_block_create(path, o, &w);
    const int64_t n = count[0];
    count[0] = 1;
    for (start[0] = n - 1; start[0] >= 0 && !status; start[0]--)
        status = w->write(w, start, count, elements + start[0] * slice);
    if (!status) return w->finish(w);
    if (w) w->abandon(w);
    return status;
}

TEST(every_type_and_rank)
{
    static const char *const names[] = {"w.mif", "w.mif.gz"};
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
                          r->info.slope == 0 && !r->info.has_affine,
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

TEST(header)
{
    static const vxg_attribute attributes[] = {{"dw_scheme", "0,0,0,0\n0,0,1,1000\n\n1,0,0,1000"},
                                               {"comments", "caf\xc3\xa9 \x01"},
                                               {"nothing", ""}};
    static const double affine[12] = {0.1, -2, 0.2, 40, 1.9, 0.1, -0.3, -50, 0.2, 0.3, 2.5, 7};
    static const char *const units[] = {"mm", "um", "m", ""};
    static const double mm[] = {1, 1e-3, 1000, 1};
    CHECK_OK(vxg_io_register());
    for (int k = 0; k < 4; k++) {
        vxg_block_create_opts o = options(VXG_U16, 4);
        vxg_block_reader *r = NULL;
        size_t n = 0;
        o.force = 1, o.info.has_affine = 1;
        strcpy(o.info.affine_unit, units[k]);
        memcpy(o.info.affine, affine, sizeof affine);
        o.info.slope = 1.0 / 3, o.info.intercept = 5;
        o.info.axis[0].step = 0.7;
        o.info.attributes = attributes, o.info.nattributes = 3;
        CHECK_OK(write_block(at("h.mif"), &o));
        uint8_t *p = slurp(at("h.mif"), &n);
        EXPECT(contains(p, n, "\nlayout: +0,+1,+2,+3\n") && contains(p, n, "\ndim: 5,2,3,4\n") &&
                   contains(p, n, "\ndw_scheme: 0,0,1,1000\ndw_scheme: 1,0,0,1000\n") &&
                   contains(p, n, "\nscaling: 5,0.3333333333333333\n"),
               "%s", (char *)p);
        free(p);
        CHECK_OK(vxg_block_open(at("h.mif"), NULL, &r));
        for (int i = 0; i < 12; i++)
            EXPECT(fabs(r->info.affine[i] - affine[i] * mm[k]) < 1e-12 * mm[k], "affine %d: %g", i,
                   r->info.affine[i]);
        EXPECT(r->info.has_affine && r->info.slope == 1.0 / 3 && r->info.intercept == 5 &&
                   r->info.axis[0].step == 0.7 && r->info.nattributes == 2 &&
                   !strcmp(attribute(&r->info, "dw_scheme"), "0,0,0,0\n0,0,1,1000\n1,0,0,1000") &&
                   !strcmp(attribute(&r->info, "comments"), "caf\xc3\xa9 \\x01"),
               "%s", attribute(&r->info, "comments"));
        check_boxes(r, elements, 3);
        vxg_block_close(r);
    }
    /* steps without an affine, in another unit */
    vxg_block_create_opts o = options(VXG_U16, 3);
    vxg_block_reader *r = NULL;
    o.force = 1;
    for (int i = 0; i < 3; i++) o.info.axis[i].step = 1500 + i, strcpy(o.info.axis[i].unit, "um");
    CHECK_OK(write_block(at("h.mif"), &o));
    CHECK_OK(vxg_block_open(at("h.mif"), NULL, &r));
    EXPECT(fabs(r->info.axis[0].step - 1.5) < 1e-12 && !strcmp(r->info.axis[0].unit, "mm") &&
               fabs(r->info.affine[3] + 0.5 * 1.502) < 1e-12,
           "step %g", r->info.axis[0].step);
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
    REFUSED("a.mih", VXG_ERR_UNSUPPORTED, "in two files are read, not written");
    o.info.has_affine = 1;
    REFUSED("a.mif", VXG_ERR_ARGUMENT, "the affine cannot be inverted");
    strcpy(o.info.affine_unit, "inch");
    REFUSED("a.mif", VXG_ERR_UNSUPPORTED, "in mm, not 'inch'");
    o = options(VXG_U8, 3), strcpy(o.info.axis[1].unit, "pixel");
    REFUSED("a.mif", VXG_ERR_UNSUPPORTED, "in mm, not 'pixel'");
    o = options(VXG_C128, 3), o.info.slope = 2;
    REFUSED("a.mif", VXG_ERR_UNSUPPORTED, "no slope of complex elements");
    static const char *const names[] = {"dim", "File", "END", "a:b", "#a", " a", "a "};
    for (int i = 0; i < 7; i++) {
        const vxg_attribute bad = {names[i], "x"};
        o = options(VXG_U8, 3), o.info.attributes = &bad, o.info.nattributes = 1;
        REFUSED("a.mif", VXG_ERR_ARGUMENT, "is no key of an MRtrix header");
    }
    CHECK(vxg_alloc_live() == 0, "%lld blocks left", (long long)vxg_alloc_live());
}

/* ---- measured files ---- */

/* Index (i, j, k) of a block whose affine is a, of a point. */
static void index_of(const double a[12], const double p[3], double index[3]) {
    const double b[3] = {p[0] - a[3], p[1] - a[7], p[2] - a[11]};
    double m[3][3], det = 0;
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++) m[i][k] = a[4 * i + k];
    for (int k = 0; k < 3; k++)
        det += m[0][k] *
               (m[1][(k + 1) % 3] * m[2][(k + 2) % 3] - m[1][(k + 2) % 3] * m[2][(k + 1) % 3]);
    for (int c = 0; c < 3; c++) { /* Cramer's rule */
        double n[3][3], d = 0;
        memcpy(n, m, sizeof n);
        for (int i = 0; i < 3; i++) n[i][c] = b[i];
        for (int k = 0; k < 3; k++)
            d += n[0][k] *
                 (n[1][(k + 1) % 3] * n[2][(k + 2) % 3] - n[1][(k + 2) % 3] * n[2][(k + 1) % 3]);
        index[c] = d / det;
    }
}

TEST(same_as_nifti)
{
    char one[512], two[512];
    vxg_block_reader *a = NULL, *b = NULL;
    static float v[68 * 9 * 8 * 6], w[68 * 9 * 8 * 6];
    const int64_t zeros[4] = {0}, all[4] = {68, 9, 8, 6};
    CHECK_OK(vxg_io_register());
    if (!test_data("dwi_mrtrix_b3000/dwi.mif", one, sizeof one) ||
        !test_data("dwi_mrtrix_b3000/dwi.nii.gz", two, sizeof two))
        SKIP("no VXG_TEST_DATA");
    const int status = vxg_block_open(two, NULL, &b);
    if (status && without_zlib()) SKIP("built without zlib");
    CHECK(!status, "%s", vxg_error_message());
    CHECK_OK(vxg_block_open(one, NULL, &a));
    for (int i = 0; i < 4; i++)
        CHECK(a->info.axis[i].count == all[i] && b->info.axis[i].count == all[i], "axis %d", i);
    CHECK_OK(vxg_block_read(a, zeros, all, VXG_F32, v));
    CHECK_OK(vxg_block_read(b, zeros, all, VXG_F32, w));
    int compared = 0;
    for (int64_t z = 0; z < 9; z++)
        for (int64_t y = 0; y < 8; y++)
            for (int64_t x = 0; x < 6; x++) {
                const double *m = a->info.affine;
                double p[3], index[3];
                int64_t at_[3];
                for (int i = 0; i < 3; i++)
                    p[i] = m[4 * i] * (double)x + m[4 * i + 1] * (double)y +
                           m[4 * i + 2] * (double)z + m[4 * i + 3];
                index_of(b->info.affine, p, index);
                for (int i = 0; i < 3; i++) {
                    at_[i] = lround(index[i]);
                    CHECK(fabs(index[i] - (double)at_[i]) < 1e-3 && at_[i] >= 0 &&
                              at_[i] < all[3 - i],
                          "voxel %d %d %d is %g %g %g", (int)x, (int)y, (int)z, index[0], index[1],
                          index[2]);
                }
                for (int64_t t = 0; t < 68; t++, compared++)
                    CHECK(v[((t * 9 + z) * 8 + y) * 6 + x] ==
                              w[((t * 9 + at_[2]) * 8 + at_[1]) * 6 + at_[0]],
                          "voxel %d %d %d %d", (int)x, (int)y, (int)z, (int)t);
            }
    EXPECT(compared == 68 * 9 * 8 * 6, "%d elements", compared);
    const char *scheme = attribute(&a->info, "dw_scheme");
    int lines = 1;
    for (const char *p = scheme; *p; p++) lines += *p == '\n';
    EXPECT(lines == 68 && !strncmp(scheme, "0,0,0,0\n", 8), "%d lines of dw_scheme", lines);
    vxg_block_close(a);
    vxg_block_close(b);
}

/* An image is opened, read whole, written and read back as the same. */
static void again(const char *path) {
    vxg_block_reader *r = NULL, *q = NULL;
    vxg_block_writer *w = NULL;
    int64_t zeros[VXG_MAX_DIMS] = {0}, all[VXG_MAX_DIMS], n = 1;
    const int status = vxg_block_open(path, NULL, &r);
    if (status && without_zlib()) return;
    CHECK(!status, "%s", vxg_error_message());
    for (int i = 0; i < r->info.ndim; i++) n *= all[i] = r->info.axis[i].count;
    const size_t bytes = (size_t)n * vxg_dtype_size(r->info.dtype);
    void *v = malloc(bytes), *back = malloc(bytes);
    CHECK_OK(vxg_block_read(r, zeros, all, r->info.dtype, v));
    EXPECT(r->info.has_affine, "%s: no affine", path);
    const vxg_block_create_opts o = {.force = 1, .info = r->info};
    CHECK_OK(vxg_block_create(at("m.mif"), &o, &w));
    CHECK_OK(w->write(w, zeros, all, v));
    CHECK_OK(w->finish(w));
    CHECK_OK(vxg_block_open(at("m.mif"), NULL, &q));
    CHECK_OK(vxg_block_read(q, zeros, all, q->info.dtype, back));
    EXPECT(q->info.dtype == r->info.dtype && !memcmp(v, back, bytes) &&
               q->info.nattributes == r->info.nattributes,
           "%s", path);
    for (int i = 0; i < 12; i++)
        EXPECT(fabs(q->info.affine[i] - r->info.affine[i]) < 1e-12, "%s: affine", path);
    for (int i = 0; i < q->info.nattributes; i++)
        EXPECT(!strcmp(q->info.attributes[i].text, r->info.attributes[i].text), "%s: %s", path,
               q->info.attributes[i].name);
    vxg_block_close(q);
    vxg_block_close(r);
    free(v);
    free(back);
}

/* All images of a folder and what is in it; how many. */
static int every_image(const char *folder) {
    DIR *dir = opendir(folder);
    int n = 0;
    for (struct dirent *e; dir && test_state != 1 && (e = readdir(dir));) {
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        if (e->d_name[0] == '.') continue;
        if (!strchr(e->d_name, '.')) n += every_image(path);
        if (!strstr(e->d_name, ".mif")) continue;
        again(path);
        n++;
    }
    if (dir) closedir(dir);
    return n;
}

TEST(measured)
{
    char path[512];
    CHECK_OK(vxg_io_register());
    if (!test_data("dwi_mrtrix_b3000/dwi.mif", path, sizeof path)) SKIP("no VXG_TEST_DATA");
    *strrchr(path, '/') = 0;
    int n = every_image(path);
    strcat(path, "/../tractograms");
    n += every_image(path);
    EXPECT(n >= 20, "%d images", n);
    scratch_clear(at(""));
}

static int all_of_it(void) {
    static const vxg_attribute attributes[] = {{"dw_scheme", "0,0,0,0\n0,0,1,1000"}, {"a", "b"}};
    vxg_block_create_opts o = options(VXG_I16, 3);
    vxg_block_reader *r = NULL;
    float v[24];
    o.info.has_affine = 1;
    for (int i = 0; i < 3; i++) o.info.affine[5 * i] = 2;
    o.info.attributes = attributes, o.info.nattributes = 2;
    int status = vxg_io_register();
    if (!status) status = write_block(at("out/f.mif"), &o);
    if (!status) status = vxg_block_open(at("out/f.mif"), NULL, &r);
    if (!status) status = vxg_block_read(r, (int64_t[]){0, 0, 0}, sizes, VXG_F32, v);
    vxg_block_close(r);
    if (status) unlink(at("out/f.mif")), rmdir(at("out"));
    return status;
}

TEST(memory_fails)
{
    fail_each(all_of_it);
    scratch_clear(at(""));
}

TEST_MAIN("io_mif_write", T(every_type_and_rank), T(header), T(refused), T(same_as_nifti),
          T(measured), T(memory_fails))
