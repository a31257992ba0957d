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

TEST(written)
{
    static const char *const names[] = {"v.h5", "v.npy", "v.tif"};
    static float slices[3 * 2 * 4];
    CHECK_OK(vxg_io_register());
    for (int i = 0; i < 24; i++) slices[i] = (float)i;
    for (int k = 0; k < 3; k++) {
        vxg_block_writer *w = NULL;
        vxg_block_create_opts o = {.info = {.ndim = 3, .dtype = VXG_F32}};
        for (int i = 0; i < 3; i++) {
            o.info.axis[i] = (vxg_axis){.count = i == 0 ? 3 : i == 1 ? 2 : 4, .step = 0.5 + i};
            strcpy(o.info.axis[i].unit, "mm");
        }
        const int status = vxg_block_create(at(names[k]), &o, &w);
        if (status == VXG_ERR_UNSUPPORTED) continue; /* built without HDF5 */
        CHECK(!status, "%s", vxg_error_message());
        const int64_t last[3] = {2, 0, 0}, one[3] = {1, 2, 4}, first[3] = {0, 0, 0},
                      two[3] = {2, 2, 4};
        EXPECT(w->write(w, first, (int64_t[]){1, 1, 4}, slices) == VXG_ERR_ARGUMENT,
               "half a slice");
        EXPECT(w->write(w, last, one, slices + 16) == 0, "%s", vxg_error_message());
        EXPECT(w->write(w, first, two, slices) == 0, "%s", vxg_error_message());
        CHECK_OK(w->finish(w));
        float *back = NULL;
        int64_t shape[3];
        CHECK_OK(vxg_volume_read(at(names[k]), &back, shape));
        EXPECT(shape[0] == 3 && shape[1] == 2 && !memcmp(back, slices, sizeof slices), "values");
        vxg_free(back);
        vxg_block_reader *r = NULL;
        if (k == 2) continue; /* TIFF is not read by blocks yet */
        CHECK_OK(vxg_block_open(at(names[k]), NULL, &r));
        if (k == 0)
            EXPECT(r->info.axis[2].step == 2.5 && !strcmp(r->info.axis[0].unit, "mm") &&
                       !strcmp(r->info.axis[0].name, "z"),
                   "step %g %s of %s", r->info.axis[2].step, r->info.axis[0].unit,
                   r->info.axis[0].name);
        vxg_block_close(r);
        EXPECT(vxg_block_create(at(names[k]), &o, &w) == VXG_ERR_OUTPUT, "it exists");
        o.info.has_affine = 1, o.force = 1;
        EXPECT(vxg_block_create(at(names[k]), &o, &w) == VXG_ERR_UNSUPPORTED, "an affine is lost");
        o.info.has_affine = 0, o.info.dtype = VXG_U8;
        EXPECT(vxg_block_create(at(names[k]), &o, &w) == VXG_ERR_UNSUPPORTED, "uint8");
        o.info.dtype = VXG_F32;
        CHECK_OK(vxg_block_create(at(names[k]), &o, &w));
        w->abandon(w);
    }
    EXPECT(vxg_alloc_live() == 0, "%lld blocks left", (long long)vxg_alloc_live());
}

TEST_MAIN("io_blocks", T(own_format), T(hdf5), T(npy), T(written))
