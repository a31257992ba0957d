/* Files by blocks: rows of formats, own and others', boxes of any rank in three element types, what
 * the axes are, what is refused. */
#include "io_test.h"

static const char *data_file(const char *name) {
    static char path[512];
    snprintf(path, sizeof path, "%s/tests/data/io/%s.h5", VXG_SOURCE_DIR, name);
    return path;
}

/* A format of the test's own: "FLAT" and 12 elements of uint16, (3, 4). */
typedef struct flat {
    vxg_block_reader base;
    uint16_t values[12];
} flat;
static int flat_sniff(const uint8_t *head, size_t n) {
    return n >= 4 && !memcmp(head, "FLAT", 4) ? 50 : 0;
}
static int flat_read(vxg_block_reader *self, const int64_t *start, const int64_t *count,
                     vxg_dtype dtype, void *dst) {
    const flat *f = self->impl;
    int64_t n = 0;
    for (int64_t i = 0; i < count[0]; i++)
        for (int64_t j = 0; j < count[1]; j++, n++) {
            const uint16_t v = f->values[(start[0] + i) * 4 + start[1] + j];
            if (dtype == VXG_F32) ((float *)dst)[n] = v;
            if (dtype == VXG_F64) ((double *)dst)[n] = v;
            if (dtype == VXG_U16) ((uint16_t *)dst)[n] = v;
        }
    return VXG_OK;
}
static void flat_close(vxg_block_reader *self) {
    free(self->impl);
}
static int flat_open(const char *path, const vxg_block_opts *opts, vxg_block_reader **out) {
    size_t n = 0;
    uint8_t *p = slurp(path, &n);
    flat *f = calloc(1, sizeof *f);
    if (opts->size != sizeof *opts)
        return vxg_error_set(VXG_ERR_FAILED, "options are not complete");
    if (n < 28) return free(p), free(f), vxg_error_set(VXG_ERR_INPUT, "%s: too short", path);
    memcpy(f->values, p + 4, 24);
    free(p);
    f->base = (vxg_block_reader){.size = sizeof f->base, .path = "flat", .format = "flat"};
    f->base.info = (vxg_block_info){.ndim = 2, .dtype = VXG_U16};
    f->base.info.axis[0].count = 3, f->base.info.axis[1].count = 4;
    f->base.read = flat_read, f->base.close = flat_close, f->base.impl = f;
    *out = &f->base;
    return VXG_OK;
}

TEST(own_format)
{
    static const vxg_format row = {.name = "flat",
                                   .summary = "a test's",
                                   .extensions = "flat",
                                   .sniff = flat_sniff,
                                   .open = flat_open};
    vxg_block_reader *r = NULL;
    uint8_t bytes[28] = "FLAT";
    const int64_t start[2] = {1, 2}, count[2] = {2, 2};
    float v[4] = {0};
    for (int i = 0; i < 12; i++) bytes[4 + 2 * i] = (uint8_t)(10 + i);
    CHECK(!spill(at("a.flat"), bytes, sizeof bytes), "cannot write");
    CHECK(vxg_block_open(at("a.flat"), NULL, &r) == VXG_ERR_INPUT &&
              strstr(vxg_error_message(), "none of the formats"),
          "%s", vxg_error_message());
    CHECK_OK(vxg_format_register(&row));
    CHECK(vxg_format_register(&row) == VXG_ERR_ARGUMENT, "the same name twice");
    CHECK(vxg_format_find("flat") && vxg_format_at(vxg_format_count() - 1), "the row is not there");
    CHECK(!vxg_format_at(-1) && !vxg_format_at(vxg_format_count()) && !vxg_format_find(NULL),
          "rows that are not there");
    CHECK_OK(vxg_block_open(at("a.flat"), NULL, &r));
    EXPECT(vxg_block_read(r, start, count, VXG_F32, v) == 0 && v[0] == 16 && v[3] == 21, "%g %g",
           v[0], v[3]);
    vxg_block_cost cost = {0};
    EXPECT(vxg_block_cost_of(r, start, count, &cost) == 0 && cost.wanted == 8 && cost.unpacked == 8,
           "cost %lld", (long long)cost.wanted);
    const int64_t outside[2] = {2, 2}, minus[2] = {-1, 0};
    EXPECT(vxg_block_read(r, outside, count, VXG_F32, v) == VXG_ERR_ARGUMENT, "outside");
    EXPECT(vxg_block_read(r, minus, count, VXG_F32, v) == VXG_ERR_ARGUMENT, "negative");
    EXPECT(vxg_block_read(r, start, count, VXG_I16, v) == VXG_ERR_UNSUPPORTED, "int16");
    EXPECT(vxg_block_read(r, start, count, VXG_F32, NULL) == VXG_ERR_ARGUMENT, "NULL");
    vxg_block_close(r);
    vxg_block_close(NULL);
    vxg_block_writer *w = NULL;
    vxg_block_create_opts o = {.format = "flat", .info = {.ndim = 1, .axis[0].count = 3}};
    EXPECT(vxg_block_create(at("b.flat"), &o, &w) == VXG_ERR_UNSUPPORTED, "flat is not written");
    o.format = "flatt";
    EXPECT(vxg_block_create(at("b.flat"), &o, &w) == VXG_ERR_ARGUMENT, "an unknown format");
    o.format = NULL;
    EXPECT(vxg_block_create(at("b.xyz"), &o, &w) == VXG_ERR_ARGUMENT, "an unknown ending");
    const vxg_format empty = {.name = "empty", .summary = "", .extensions = ""};
    EXPECT(vxg_format_register(&empty) == VXG_ERR_ARGUMENT, "a row that does nothing");
}

TEST(hdf5)
{
    vxg_block_reader *r = NULL;
    float f[12];
    double d[12];
    uint16_t u[12];
    CHECK_OK(vxg_io_register());
    CHECK_OK(vxg_io_register());
    const int status = vxg_block_open(data_file("type_u2"), NULL, &r);
    if (status == VXG_ERR_UNSUPPORTED) SKIP("%s", vxg_error_message());
    CHECK(!status, "%s", vxg_error_message());
    CHECK(r->info.ndim == 3 && r->info.dtype == VXG_U16 && !strcmp(r->format, "hdf5"), "facts");
    const int64_t start[3] = {0, 1, 1}, count[3] = {2, 2, 2};
    CHECK(r->info.axis[1].count >= 3 && r->info.axis[2].count >= 3, "sizes");
    EXPECT(vxg_block_read(r, start, count, VXG_F32, f) == 0, "%s", vxg_error_message());
    EXPECT(vxg_block_read(r, start, count, VXG_F64, d) == 0, "%s", vxg_error_message());
    EXPECT(vxg_block_read(r, start, count, VXG_U16, u) == 0, "%s", vxg_error_message());
    for (int i = 0; i < 8; i++)
        EXPECT(f[i] == d[i] && f[i] == u[i] && f[i] > 0, "%d: %g %g %d", i, f[i], d[i], u[i]);
    EXPECT(r->id.size && r->id.bytes > 0, "no id");
    vxg_block_close(r);
    /* four axes, and a part by name */
    CHECK_OK(vxg_block_open(data_file("bad_rank4"), NULL, &r));
    CHECK(r->info.ndim == 4, "rank %d", r->info.ndim);
    int64_t zeros[4] = {0}, all[4], n = 1;
    for (int i = 0; i < 4; i++) n *= all[i] = r->info.axis[i].count;
    double *v = calloc((size_t)n, sizeof *v);
    EXPECT(vxg_block_read(r, zeros, all, VXG_F64, v) == 0, "%s", vxg_error_message());
    free(v);
    vxg_block_close(r);
    const vxg_block_opts theta = {.part = "exchange/theta"};
    CHECK_OK(vxg_block_open(data_file("plain"), &theta, &r));
    EXPECT(r->info.ndim == 1 && vxg_block_read(r, zeros, (int64_t[]){2}, VXG_F64, d) == 0, "%s",
           vxg_error_message());
    vxg_block_close(r);
    const vxg_block_opts nothing = {.part = "exchange/nothing"}, npy = {.format = "npy"};
    EXPECT(vxg_block_open(data_file("plain"), &nothing, &r) == VXG_ERR_INPUT && !r, "no such part");
    EXPECT(vxg_block_open(data_file("plain"), &npy, &r) == VXG_ERR_INPUT && !r, "not an NPY file");
    /* packed: what a block costs */
    CHECK_OK(vxg_block_open(data_file("gzip"), NULL, &r));
    vxg_block_cost cost = {0};
    const int64_t one[3] = {1, 1, 1};
    int64_t chunk = 1;
    for (int i = 0; i < 3; i++) chunk *= r->grain[i];
    EXPECT(vxg_block_cost_of(r, zeros, one, &cost) == 0 && chunk > 1 &&
               cost.unpacked == chunk * (int64_t)vxg_dtype_size(r->info.dtype) && cost.memory > 0,
           "%lld of %lld", (long long)cost.unpacked, (long long)chunk);
    vxg_block_close(r);
    EXPECT(vxg_alloc_live() == 0, "%lld blocks left", (long long)vxg_alloc_live());
}

TEST(npy)
{
    double values[2 * 3 * 4 * 5], box[2 * 2 * 3];
    float f[12];
    const int64_t shape[4] = {2, 3, 4, 5}, start[4] = {1, 1, 2, 1}, count[4] = {1, 2, 2, 3};
    vxg_block_reader *r = NULL;
    for (int i = 0; i < 120; i++) values[i] = i + 0.25;
    CHECK_OK(vxg_io_register());
    CHECK_OK(vxg_npy_write(at("a.npy"), VXG_F64, 4, shape, values, 1));
    CHECK_OK(vxg_block_open(at("a.npy"), NULL, &r));
    CHECK(r->info.ndim == 4 && r->info.dtype == VXG_F64, "facts");
    CHECK_OK(vxg_block_read(r, start, count, VXG_F64, box));
    CHECK_OK(vxg_block_read(r, start, count, VXG_F32, f));
    for (int i = 0; i < 12; i++) {
        const int at_ = ((1 * 3 + 1 + i / 6) * 4 + 2 + i / 3 % 2) * 5 + 1 + i % 3;
        EXPECT(box[i] == values[at_] && f[i] == (float)values[at_], "%d: %g", i, box[i]);
    }
    CHECK(truncate(at("a.npy"), 700) == 0, "truncate");
    EXPECT(vxg_block_read(r, (int64_t[]){0, 0, 0, 0}, shape, VXG_F64, values) == VXG_ERR_INPUT,
           "cut");
    vxg_block_close(r);
}

/* ---- what is written is read back: every format, storage type and number of axes ---- */

static const struct {
    const char *ending;
    int least, most; /* axes */
} written[] = {{"npy", 1, VXG_MAX_DIMS}, {"h5", 1, VXG_MAX_DIMS}, {"tif", 2, 3}};
enum { WRITTEN = sizeof written / sizeof *written };

static int complex_type(int type) {
    return type == VXG_C64 || type == VXG_C128;
}

/* Element i of a file of some type, and the number it is. */
static double element(int type, int64_t i, void *to) {
    const double x = (double)(i * 7 % 100);
    const uint16_t half = (uint16_t)((i % 16 + 15) << 10 | 512); /* 1.5 times a power of 2 */
    const float f = (float)x - 50.25f, pair[2] = {f, f + 1};
    const double d = x - 50.125, two[2] = {d, d + 1};
    const int64_t wide = (int64_t)x - 50;
    const uint64_t tall = (uint64_t)x + (UINT64_C(1) << 40);
#define PUT(ctype, v)                                                                              \
    do {                                                                                           \
        const ctype v_ = (ctype)(v);                                                               \
        memcpy(to, &v_, sizeof v_);                                                                \
        return (double)v_;                                                                         \
    } while (0)
    switch (type) {
    case VXG_I8: PUT(int8_t, wide);
    case VXG_U8: PUT(uint8_t, x + 100);
    case VXG_I16: PUT(int16_t, wide * 300);
    case VXG_U16: PUT(uint16_t, x * 600);
    case VXG_I32: PUT(int32_t, wide * 30000000);
    case VXG_U32: PUT(uint32_t, x * 40000000);
    case VXG_I64: PUT(int64_t, wide * (INT64_C(1) << 33));
    case VXG_U64: PUT(uint64_t, tall);
    case VXG_F32: PUT(float, f);
    case VXG_F64: PUT(double, d);
    case VXG_F16: memcpy(to, &half, 2); return ldexp(1.5, (int)(i % 16));
    case VXG_C64: memcpy(to, pair, 8); return 0;
    default: memcpy(to, two, 16); return 0;
    }
#undef PUT
}

static const int64_t sizes[VXG_MAX_DIMS] = {4, 3, 2, 5, 1, 2};

static vxg_block_create_opts create_opts(int type, int ndim) {
    vxg_block_create_opts o = {.info = {.ndim = ndim, .dtype = (vxg_dtype)type}};
    for (int i = 0; i < ndim; i++) o.info.axis[i].count = sizes[i];
    return o;
}

/* Writes all slices in an odd order. */
static int write_file(const char *path, const vxg_block_create_opts *o) {
    static uint8_t bytes[16 * 4 * 3 * 2 * 5 * 2];
    vxg_block_writer *w = NULL;
    const int64_t size = (int64_t)vxg_dtype_size(o->info.dtype);
    int64_t slice = 1, start[VXG_MAX_DIMS] = {0}, count[VXG_MAX_DIMS];
    for (int i = 0; i < o->info.ndim; i++) count[i] = o->info.axis[i].count;
    for (int i = 1; i < o->info.ndim; i++) slice *= count[i];
    for (int64_t i = 0; i < slice * count[0]; i++) element((int)o->info.dtype, i, bytes + i * size);
    int status = vxg_block_create(path, o, &w);
    const int64_t n = count[0];
    for (int k = 0; k < 2 && !status && n > 1; k++) {
        start[0] = k ? 0 : n / 2, count[0] = k ? n / 2 : n - n / 2;
        status = w->write(w, start, count, bytes + start[0] * slice * size);
    }
    if (!status && n == 1) status = w->write(w, start, count, bytes);
    if (!status) return w->finish(w);
    if (w) w->abandon(w);
    return status;
}

/* A box as the storage type, float32 and float64 against what was written. */
static void check_box(vxg_block_reader *r, const int64_t *start, const int64_t *count) {
    static uint8_t raw[16 * 240];
    static float f[240];
    static double d[240];
    const int type = (int)r->info.dtype, ndim = r->info.ndim;
    const int64_t size = (int64_t)vxg_dtype_size((vxg_dtype)type);
    int64_t n = 1;
    for (int i = 0; i < ndim; i++) n *= count[i];
    memset(raw, 0, sizeof raw);
    CHECK_OK(vxg_block_read(r, start, count, (vxg_dtype)type, raw));
    if (complex_type(type)) {
        CHECK(vxg_block_read(r, start, count, VXG_F32, f) == VXG_ERR_UNSUPPORTED, "complex");
    } else {
        CHECK_OK(vxg_block_read(r, start, count, VXG_F32, f));
        CHECK_OK(vxg_block_read(r, start, count, VXG_F64, d));
    }
    for (int64_t i = 0; i < n; i++) {
        uint8_t wanted[16];
        int64_t rest = i, at_ = 0, step = 1;
        for (int k = ndim - 1; k >= 0; k--) {
            at_ += (start[k] + rest % count[k]) * step;
            rest /= count[k], step *= r->info.axis[k].count;
        }
        const double x = element(type, at_, wanted);
        CHECK(!memcmp(raw + i * size, wanted, (size_t)size), "%s of %d axes: element %d",
              vxg_dtype_name((vxg_dtype)type), ndim, (int)i);
        if (complex_type(type)) continue;
        CHECK(d[i] == x && f[i] == (float)x, "%s of %d axes: element %d is %g, %g, not %g",
              vxg_dtype_name((vxg_dtype)type), ndim, (int)i, d[i], f[i], x);
    }
}

static int without_hdf5(const char *ending) {
    return !strcmp(ending, "h5") && strstr(vxg_error_message(), "without HDF5");
}

TEST(every_type_and_rank)
{
    int files = 0;
    CHECK_OK(vxg_io_register());
    for (int k = 0; k < WRITTEN; k++)
        for (int type = VXG_F32; type <= VXG_C128; type++)
            for (int ndim = 1; ndim <= VXG_MAX_DIMS; ndim++) {
                char name[32];
                vxg_block_reader *r = NULL;
                snprintf(name, sizeof name, "x.%s", written[k].ending);
                vxg_block_create_opts o = create_opts(type, ndim);
                o.force = 1;
                const int status = write_file(at(name), &o);
                if (status && without_hdf5(written[k].ending)) continue;
                const int held = ndim >= written[k].least && ndim <= written[k].most &&
                                 (k == 0 || !complex_type(type));
                if (!held) {
                    CHECK(status == VXG_ERR_UNSUPPORTED && strstr(vxg_error_message(), name) &&
                              (strstr(vxg_error_message(), "axes") ||
                               strstr(vxg_error_message(), "complex")),
                          "%s: status %d: %s", name, status, vxg_error_message());
                    continue;
                }
                CHECK(!status, "%s, %s of %d axes: %s", name, vxg_dtype_name((vxg_dtype)type), ndim,
                      vxg_error_message());
                CHECK_OK(vxg_block_open(at(name), NULL, &r));
                const int more = r->info.ndim - ndim; /* a TIFF file always has pages */
                CHECK((more == 0 || (k == 2 && more == 1)) && (int)r->info.dtype == type,
                      "%s: %d axes of %s", name, r->info.ndim, vxg_dtype_name(r->info.dtype));
                int64_t start[VXG_MAX_DIMS] = {0}, count[VXG_MAX_DIMS];
                for (int i = 0; i < r->info.ndim; i++) count[i] = r->info.axis[i].count;
                for (int i = 0; i < ndim; i++)
                    CHECK(count[i + more] == sizes[i], "axis %d has %d", i, (int)count[i + more]);
                check_box(r, start, count);
                for (int i = 0; i < r->info.ndim; i++) {
                    start[i] = count[i] / 2;
                    count[i] -= start[i];
                }
                check_box(r, start, count);
                vxg_block_close(r);
                files++;
            }
    CHECK(files >= 13 * 6 + 11 * 2, "only %d files", files);
    scratch_clear(at(""));
    CHECK(vxg_alloc_live() == 0, "%lld blocks left", (long long)vxg_alloc_live());
}

/* Names, steps, units, affine, slope and attributes come back; what a format cannot keep is
 * refused. */
TEST(notes)
{
    static const char *const names[] = {"t", "z", "y", "x"}, *const units[] = {"s", "mm", "mm", ""};
    static const vxg_attribute attributes[] = {{"command", "voxgrad \"a b\"\nline"}, {"n", "7"}};
    CHECK_OK(vxg_io_register());
    for (int k = 0; k < 2; k++) {
        vxg_block_reader *r = NULL;
        const char *path = at(k ? "n.h5" : "n.npy");
        vxg_block_create_opts o = create_opts(VXG_I16, 4);
        for (int i = 0; i < 4; i++) {
            snprintf(o.info.axis[i].name, 16, "%s", names[i]);
            snprintf(o.info.axis[i].unit, 16, "%s", units[i]);
            o.info.axis[i].step = i == 2 ? 0 : 0.1 * (i + 1);
        }
        o.info.has_affine = 1, o.info.slope = 0.1, o.info.intercept = -3;
        for (int i = 0; i < 12; i++) o.info.affine[i] = i / 3.0 - 1;
        snprintf(o.info.affine_unit, 16, "mm");
        o.info.attributes = attributes, o.info.nattributes = 2;
        const int status = write_file(path, &o);
        if (status && without_hdf5("h5")) continue;
        CHECK(!status, "%s", vxg_error_message());
        CHECK_OK(vxg_block_open(path, NULL, &r));
        for (int i = 0; i < 4; i++) {
            const vxg_axis *a = &r->info.axis[i];
            EXPECT(!strcmp(a->name, names[i]) && !strcmp(a->unit, units[i]) &&
                       a->step == o.info.axis[i].step,
                   "axis %d: %s %s %.17g", i, a->name, a->unit, a->step);
        }
        EXPECT(r->info.has_affine && !memcmp(r->info.affine, o.info.affine, sizeof o.info.affine) &&
                   !strcmp(r->info.affine_unit, "mm"),
               "affine");
        EXPECT(r->info.slope == 0.1 && r->info.intercept == -3, "slope %g", r->info.slope);
        if (k == 0)
            EXPECT(r->info.nattributes == 2 && !strcmp(r->info.attributes[0].name, "command") &&
                       !strcmp(r->info.attributes[0].text, "voxgrad \"a b\"\\x0aline") &&
                       !strcmp(r->info.attributes[1].text, "7"),
                   "%d attributes", r->info.nattributes);
        /* reading as float applies the slope */
        int64_t start[4] = {1, 2, 0, 3}, one[4] = {1, 1, 1, 1};
        float f = 0;
        int16_t v = 0;
        CHECK_OK(vxg_block_read(r, start, one, VXG_I16, &v));
        CHECK_OK(vxg_block_read(r, start, one, VXG_F32, &f));
        EXPECT(f == (float)(0.1 * v - 3), "%d became %g", v, f);
        vxg_block_close(r);
    }
    /* one unit of all axes, an axis without a name */
    vxg_block_reader *r = NULL;
    vxg_block_create_opts o = create_opts(VXG_U8, 2);
    snprintf(o.info.axis[1].name, 16, "x");
    for (int i = 0; i < 2; i++) snprintf(o.info.axis[i].unit, 16, "um");
    CHECK_OK(write_file(at("one.npy"), &o));
    CHECK_OK(vxg_block_open(at("one.npy"), NULL, &r));
    EXPECT(!r->info.axis[0].name[0] && !strcmp(r->info.axis[1].name, "x") &&
               !strcmp(r->info.axis[0].unit, "um") && r->info.axis[0].step == 0 &&
               !r->info.has_affine,
           "names");
    vxg_block_close(r);
    /* nothing to say: nothing behind the elements */
    size_t n = 0;
    o = create_opts(VXG_U8, 1);
    CHECK_OK(write_file(at("none.npy"), &o));
    free(slurp(at("none.npy"), &n));
    EXPECT(n == 128 + 4, "%zu bytes", n);
    scratch_clear(at(""));
    CHECK(vxg_alloc_live() == 0, "%lld blocks left", (long long)vxg_alloc_live());
}

TEST(refused)
{
    vxg_block_create_opts o;
    CHECK_OK(vxg_io_register());
#define REFUSED(path, status, words)                                                               \
    do {                                                                                           \
        const int s_ = write_file(at(path), &o);                                                   \
        EXPECT(s_ == (status) && strstr(vxg_error_message(), words), "%s: status %d: %s", words,   \
               s_, vxg_error_message());                                                           \
        EXPECT(entries(at("")) == 0, "%s: something is left", words);                              \
    } while (0)
    o = create_opts(VXG_F32, 3), o.info.axis[1].step = -1;
    REFUSED("a.npy", VXG_ERR_ARGUMENT, "step -1 of axis 1");
    o.info.axis[1].step = NAN;
    REFUSED("a.tif", VXG_ERR_ARGUMENT, "of axis 1 is no length");
    o = create_opts(VXG_F32, 3), strcpy(o.info.axis[2].name, "a:b");
    REFUSED("a.npy", VXG_ERR_ARGUMENT, "name of axis 2 'a:b' has a colon");
    o = create_opts(VXG_F32, 3), strcpy(o.info.axis[0].unit, "m\nm");
    REFUSED("a.npy", VXG_ERR_ARGUMENT, "unit of axis 0");
    o = create_opts(VXG_F32, 3), memset(o.info.axis[0].unit, 'm', 16);
    REFUSED("a.tif", VXG_ERR_ARGUMENT, "unit of axis 0 has no end");
    o = create_opts(VXG_F32, 3), o.info.has_affine = 1, o.info.affine[7] = INFINITY;
    REFUSED("a.npy", VXG_ERR_ARGUMENT, "number 7 of the affine");
    o.info.affine[7] = 0;
    REFUSED("a.tif", VXG_ERR_UNSUPPORTED, "TIFF keeps no affine");
    o = create_opts(VXG_F32, 3), o.info.slope = 2;
    REFUSED("a.tif", VXG_ERR_UNSUPPORTED, "TIFF keeps no slope");
    o.info.slope = NAN;
    REFUSED("a.npy", VXG_ERR_ARGUMENT, "slope nan");
    o = create_opts(VXG_F32, 3), o.info.axis[0].step = 1, strcpy(o.info.axis[0].unit, "s");
    REFUSED("a.tif", VXG_ERR_UNSUPPORTED, "TIFF keeps one unit");
    o = create_opts(99, 3);
    REFUSED("a.npy", VXG_ERR_ARGUMENT, "dtype is 99");
    o = create_opts(VXG_F32, 3), o.info.nattributes = 1;
    REFUSED("a.npy", VXG_ERR_ARGUMENT, "attributes are NULL");
    /* boxes */
    vxg_block_writer *w = NULL;
    static const float v[24] = {0};
    o = create_opts(VXG_F32, 3);
    CHECK_OK(vxg_block_create(at("w.npy"), &o, &w));
    const int64_t zero[3] = {0}, half[3] = {1, 1, 2}, two[3] = {2, 3, 2}, past[3] = {3, 0, 0};
    EXPECT(w->write(w, zero, half, v) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "axis 1: 0:1, whole slices (0:3) expected"),
           "%s", vxg_error_message());
    EXPECT(w->write(w, past, two, v) == VXG_ERR_ARGUMENT, "past the end");
    EXPECT(w->write(w, zero, two, NULL) == VXG_ERR_ARGUMENT, "NULL");
    EXPECT(w->write(w, zero, two, v) == VXG_OK, "%s", vxg_error_message());
    EXPECT(w->write(w, zero, two, v) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "slice 0 was written already"),
           "%s", vxg_error_message());
    EXPECT(w->finish(w) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "2 of 4 slices were never written, the first is 2"),
           "%s", vxg_error_message());
    EXPECT(entries(at("")) == 0, "something is left");
    CHECK_OK(write_file(at("w.npy"), &o));
    CHECK(write_file(at("w.npy"), &o) == VXG_ERR_OUTPUT, "it exists");
    scratch_clear(at(""));
    CHECK(vxg_alloc_live() == 0, "%lld blocks left", (long long)vxg_alloc_live());
}

/* Every length of a file but the whole gives an error, when it is opened or read; so does a file
 * that changes while it is open. */
TEST(cut_and_changed)
{
    static uint8_t back[16 * 240];
    CHECK_OK(vxg_io_register());
    for (int k = 0; k < WRITTEN; k++) {
        char name[32];
        size_t n = 0;
        vxg_block_reader *r = NULL;
        const int64_t zeros[VXG_MAX_DIMS] = {0};
        vxg_block_create_opts o = create_opts(VXG_U16, 3);
        if (k < 2) o.info.has_affine = 1;
        snprintf(name, sizeof name, "c.%s", written[k].ending);
        const int status = write_file(at(name), &o);
        if (status && without_hdf5(written[k].ending)) continue;
        CHECK(!status, "%s", vxg_error_message());
        uint8_t *whole = slurp(at(name), &n);
        const size_t elements = 128 + 24 * 2; /* of the NPY file, its notes behind it */
        for (size_t cut = 0; cut < n; cut += k == 1 ? 97 : 1) {
            CHECK(!spill(at("cut"), whole, cut), "spill");
            int got = vxg_block_open(at("cut"), NULL, &r);
            int64_t all[3]; /* a stack may have fewer pages now, without their elements */
            for (int i = 0; !got && i < 3; i++) all[i] = r->info.axis[i].count;
            if (!got) got = vxg_block_read(r, zeros, all, VXG_F32, back);
            vxg_block_close(r);
            r = NULL;
            if (k == 0 && cut == elements) continue; /* whole but for what nobody can miss */
            CHECK(got == VXG_ERR_INPUT, "%s cut to %zu of %zu: status %d", name, cut, n, got);
        }
        for (int how = 0; how < 2; how++) {
            CHECK(!spill(at(name), whole, n), "spill");
            CHECK_OK(vxg_block_open(at(name), NULL, &r));
            CHECK_OK(vxg_block_read(r, zeros, sizes, VXG_F32, back));
            if (how == 0) CHECK(truncate(at(name), (off_t)n / 2) == 0, "truncate");
            if (how == 1) {
                usleep(20000);
                CHECK(!spill(at(name), whole, n), "spill");
            }
            CHECK(vxg_block_read(r, zeros, sizes, VXG_F32, back) == VXG_ERR_INPUT, "%s: change %d",
                  name, how);
            vxg_block_close(r);
            r = NULL;
        }
        free(whole);
        unlink(at(name));
    }
    scratch_clear(at(""));
    CHECK(vxg_alloc_live() == 0, "%lld blocks left", (long long)vxg_alloc_live());
}

/* ---- TIFF ---- */

static const char *corpus(const char *name) {
    static char path[512];
    snprintf(path, sizeof path, "%s/tests/fuzz/corpus/tiff/%s.tif", VXG_SOURCE_DIR, name);
    return path;
}

/* Packed pages, whose rows are unpacked from their strip's start, in any order of boxes. */
TEST(tiff_boxes)
{
    /* strips_lzw: a packed strip for every row */
    static const char *const names[] = {"u8",       "u16_lzw", "f32_deflate", "i32_packbits",
                                        "ours_big", "strips",  "strips_lzw"};
    CHECK_OK(vxg_io_register());
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        vxg_block_reader *r = NULL;
        double all[64], part[64];
        CHECK_OK(vxg_block_open(corpus(names[k]), NULL, &r));
        CHECK(r->info.ndim == 3 && r->info.axis[1].count == 3 && r->info.axis[2].count == 4, "%s",
              names[k]);
        const int64_t pages = r->info.axis[0].count, zeros[3] = {0}, whole[3] = {pages, 3, 4};
        CHECK_OK(vxg_block_read(r, zeros, whole, VXG_F64, all));
        for (int64_t z = pages - 1; z >= 0; z--)
            for (int64_t y = 2; y >= 0; y--) {
                const int64_t start[3] = {z, y, 1}, count[3] = {1, 1, 2};
                CHECK_OK(vxg_block_read(r, start, count, VXG_F64, part));
                for (int i = 0; i < 2; i++)
                    EXPECT(part[i] == all[(z * 3 + y) * 4 + 1 + i], "%s: row %d", names[k], (int)y);
            }
        for (int i = 0; i < 24 && !strcmp(names[k], "strips_lzw"); i++)
            EXPECT(all[i] == 1000 * (i / 12) + 100 * (i / 4 % 3) + 7 * (i % 4), "element %d: %g", i,
                   all[i]);
        vxg_block_cost cost = {.size = sizeof cost};
        CHECK_OK(vxg_block_cost_of(r, zeros, (int64_t[]){1, 1, 1}, &cost));
        EXPECT(cost.unpacked == r->grain[1] * 4 * (int64_t)vxg_dtype_size(r->info.dtype) &&
                   cost.memory > 0,
               "%s costs %d", names[k], (int)cost.unpacked);
        vxg_block_close(r);
    }
    const vxg_block_opts part = {.part = "x"};
    vxg_block_reader *r = NULL;
    EXPECT(vxg_block_open(corpus("u8"), &part, &r) == VXG_ERR_ARGUMENT, "a part");
    CHECK(vxg_alloc_live() == 0, "%lld blocks left", (long long)vxg_alloc_live());
}

TEST(tiff_voxel)
{
    vxg_block_reader *r = NULL;
    vxg_block_create_opts o = create_opts(VXG_U16, 3);
    static const double steps[3] = {1.5, 0.65, 0.8};
    for (int i = 0; i < 3; i++) {
        o.info.axis[i].step = steps[i];
        snprintf(o.info.axis[i].unit, 16, "um");
    }
    CHECK_OK(vxg_io_register());
    CHECK_OK(write_file(at("v.tif"), &o));
    CHECK_OK(vxg_block_open(at("v.tif"), NULL, &r));
    for (int i = 0; i < 3; i++)
        EXPECT(fabs(r->info.axis[i].step / steps[i] - 1) < 1e-6 &&
                   !strcmp(r->info.axis[i].unit, "um"),
               "axis %d: %.9g %s", i, r->info.axis[i].step, r->info.axis[i].unit);
    vxg_block_close(r);
    CHECK_OK(vxg_block_open(corpus("u8"), NULL, &r)); /* a resolution that means nothing */
    EXPECT(r->info.axis[2].step == 0 && !r->info.axis[2].unit[0], "step %g", r->info.axis[2].step);
    vxg_block_close(r);
    scratch_clear(at(""));
}

/* One slice as a file of its own. */
static int put_slice(const char *name, int64_t rows, int type) {
    vxg_block_create_opts o = create_opts(type, 2);
    o.info.axis[0].count = rows, o.force = 1;
    return write_file(at(name), &o);
}

TEST(tiff_slices)
{
    vxg_block_reader *r = NULL;
    float v[4 * 12], *whole = NULL;
    int64_t shape[3];
    const int64_t zeros[3] = {0}, all[3] = {4, 4, 3};
    CHECK_OK(vxg_io_register());
    CHECK(vxg_block_open(at("s"), NULL, &r) == VXG_ERR_INPUT &&
              strstr(vxg_error_message(), "cannot open"),
          "%s", vxg_error_message());
    mkdir(at("s"), 0777);
    CHECK(vxg_block_open(at("s"), NULL, &r) == VXG_ERR_INPUT &&
              strstr(vxg_error_message(), "not a regular file"),
          "%s", vxg_error_message());
    static const char *const names[] = {"s/ct_9.tif", "s/ct_10.tif", "s/ct_11.tif", "s/ct_12.TIF"};
    for (int i = 0; i < 4; i++) CHECK_OK(put_slice(i == 3 ? "s/ct_12.tif" : names[i], 4, VXG_U16));
    CHECK(rename(at("s/ct_12.tif"), at("s/ct_12.TIF")) == 0, "rename");
    CHECK(!spill(at("s/notes.txt"), "x", 1), "spill");
    for (int i = 0; i < 3; i++) {
        static const char *const paths[] = {"s", "s/ct", "s/ct_"};
        CHECK_OK(vxg_block_open(at(paths[i]), NULL, &r));
        CHECK(r->info.axis[0].count == 4 && r->info.axis[1].count == 4 &&
                  r->info.axis[2].count == 3 && !strcmp(r->format, "tiff-slices"),
              "%s: shape", paths[i]);
        CHECK_OK(vxg_block_read(r, zeros, all, VXG_F32, v));
        for (int k = 0; k < 48; k++) {
            uint16_t wanted;
            element(VXG_U16, k % 12, &wanted);
            EXPECT(v[k] == wanted, "element %d", k);
        }
        vxg_block_close(r);
    }
    CHECK_OK(vxg_volume_read(at("s"), &whole, shape));
    EXPECT(shape[0] == 4 && !memcmp(whole, v, sizeof v), "as a volume");
    vxg_free(whole);
    EXPECT(vxg_block_open(at("s/c"), NULL, &r) == VXG_ERR_INPUT, "not where a name's number is");
    /* what is wrong with a series is said by name */
#define BAD(words)                                                                                 \
    do {                                                                                           \
        int s_ = vxg_block_open(at("s"), NULL, &r);                                                \
        if (!s_) s_ = vxg_block_read(r, zeros, all, VXG_F32, v);                                   \
        vxg_block_close(r);                                                                        \
        r = NULL;                                                                                  \
        EXPECT(s_ == VXG_ERR_INPUT && strstr(vxg_error_message(), words), "%s: status %d: %s",     \
               words, s_, vxg_error_message());                                                    \
    } while (0)
    CHECK_OK(put_slice("s/other_1.tif", 4, VXG_U16));
    BAD("more than one series");
    unlink(at("s/other_1.tif"));
    CHECK_OK(put_slice("s/ct_011.tif", 4, VXG_U16));
    BAD("two slices have the number 11");
    unlink(at("s/ct_011.tif"));
    CHECK_OK(put_slice("s/ct_11.tif", 5, VXG_U16));
    BAD("ct_11.tif: 5 x 3 of uint16, 4 x 3 of uint16 expected");
    CHECK_OK(put_slice("s/ct_11.tif", 4, VXG_I16));
    BAD("of int16");
    vxg_block_create_opts two = create_opts(VXG_U16, 3);
    two.force = 1, two.info.axis[0].count = 2, two.info.axis[1].count = 4,
    two.info.axis[2].count = 3;
    CHECK_OK(write_file(at("s/ct_11.tif"), &two));
    BAD("2 pages, one slice expected");
    CHECK(!spill(at("s/ct_11.tif"), "II*", 4), "spill");
    BAD("ct_11.tif: cannot read this TIFF");
    unlink(at("s/ct_11.tif"));
    BAD("slice 11 is missing");
    CHECK_OK(put_slice("s/ct_11.tif", 4, VXG_U16));
    CHECK_OK(vxg_block_open(at("s"), NULL, &r));
    usleep(20000);
    CHECK_OK(put_slice("s/ct_11.tif", 4, VXG_U16));
    EXPECT(vxg_block_read(r, zeros, all, VXG_F32, v) == VXG_ERR_INPUT &&
               strstr(vxg_error_message(), "ct_11.tif changed while it was read"),
           "%s", vxg_error_message());
    vxg_block_close(r);
    scratch_clear(at(""));
    CHECK(vxg_alloc_live() == 0, "%lld blocks left", (long long)vxg_alloc_live());
}

/* The other byte order, in HDF5 and NPY. */
TEST(byte_orders)
{
    vxg_block_reader *r = NULL;
    const char head[] = "\x93NUMPY\1\0\x46\0{'descr': '>i2', 'fortran_order': False, 'shape': "
                        "(2, 3), }          \n\0\1\0\2\xff\xff\1\0\0\7\0\x10";
    const int64_t start[2] = {0, 1}, count[2] = {2, 2};
    int16_t v[4];
    double d[4];
    CHECK_OK(vxg_io_register());
    CHECK(!spill(at("be.npy"), head, sizeof head - 1), "spill");
    CHECK_OK(vxg_block_open(at("be.npy"), NULL, &r));
    CHECK(r->info.dtype == VXG_I16, "type");
    CHECK_OK(vxg_block_read(r, start, count, VXG_I16, v));
    CHECK_OK(vxg_block_read(r, start, count, VXG_F64, d));
    EXPECT(v[0] == 2 && v[1] == -1 && v[2] == 7 && v[3] == 16, "%d %d %d %d", v[0], v[1], v[2],
           v[3]);
    for (int i = 0; i < 4; i++) EXPECT(d[i] == v[i], "%d: %g", i, d[i]);
    vxg_block_close(r);
    scratch_clear(at(""));
    static const char *const files[] = {"type_u2_be", "type_i4_be", "type_f4_be"};
    for (int k = 0; k < 3; k++) {
        const int64_t zeros[3] = {0}, two[3] = {2, 2, 2};
        int32_t raw[8];
        const int status = vxg_block_open(data_file(files[k]), NULL, &r);
        if (status == VXG_ERR_UNSUPPORTED) return; /* built without HDF5 */
        double x[8];
        CHECK_OK(vxg_block_read(r, zeros, two, r->info.dtype, raw));
        CHECK_OK(vxg_block_read(r, zeros, two, VXG_F64, x));
        for (int i = 0; i < 8; i++) {
            uint16_t half;
            float f;
            memcpy(&half, (char *)raw + 2 * i, 2), memcpy(&f, &raw[i], 4);
            const double is = k == 0 ? half : k == 1 ? raw[i] : (double)f;
            EXPECT(is == x[i] && x[7] != 0, "%s: %g is %g", files[k], is, x[i]);
        }
        vxg_block_close(r);
    }
}

TEST_MAIN("io_blocks", T(own_format), T(hdf5), T(npy), T(every_type_and_rank), T(notes), T(refused),
          T(cut_and_changed), T(tiff_boxes), T(tiff_voxel), T(tiff_slices), T(byte_orders))
