/* Streamlines as files: the registry, TRK and TCK, what is refused when they are written. */
#include "tracts.h"

#include <fcntl.h>

static const char *data(const char *name) {
    static char path[2][512];
    static int turn;
    char relative[128];
    turn = !turn;
    snprintf(relative, sizeof relative, "tractograms/%s", name);
    return test_data(relative, path[turn], sizeof path[turn]);
}

/* ---- the registry ---- */

static int none_sniff(const uint8_t *head, size_t n) {
    return n >= 4 && !memcmp(head, "NONE", 4) ? 50 : 0;
}
static int none_next(vxg_tract_reader *self, int64_t max_lines, int64_t max_points, vxg_dtype dtype,
                     vxg_tract_batch *out) {
    static const int64_t offsets[2] = {0, 1};
    static double positions[3];
    (void)max_lines, (void)max_points;
    const int bad = (int)(intptr_t)self->impl;
    positions[1] = bad == 1 ? (double)NAN : 0;
    *out = (vxg_tract_batch){.dtype = dtype, .offsets = offsets, .positions = positions};
    out->lines = self->lines == 0 || bad == 2;
    if (bad == 3) out->lines = 0;
    return VXG_OK;
}
static void none_close(vxg_tract_reader *self) {
    free(self);
}
static intptr_t none_bad;
static int none_open(const char *path, const vxg_tract_open_opts *opts, vxg_tract_reader **out) {
    if (opts->size != sizeof *opts) return vxg_error_set(VXG_ERR_FAILED, "not complete");
    vxg_tract_reader *r = calloc(1, sizeof *r);
    *r = (vxg_tract_reader){.size = sizeof *r, .path = path, .format = "none"};
    r->info.streamlines = 1, r->info.points = 1;
    r->next = none_next, r->close = none_close, r->impl = (void *)none_bad;
    *out = r;
    return VXG_OK;
}

TEST(own_format)
{
    static const vxg_tract_format row = {.name = "none",
                                         .summary = "a test's",
                                         .extensions = "none",
                                         .sniff = none_sniff,
                                         .open = none_open};
    const vxg_tract_format empty = {.name = "e", .summary = "", .extensions = ""};
    vxg_tract_reader *r = NULL;
    vxg_tract_writer *w = NULL;
    vxg_tract_batch b = {0};
    CHECK(!spill(at("a.none"), "NONE", 4), "cannot write");
    CHECK(vxg_tract_open(at("a.none"), NULL, &r) == VXG_ERR_INPUT &&
              strstr(vxg_error_message(), "none of the formats"),
          "%s", vxg_error_message());
    CHECK_OK(vxg_tract_format_register(&row));
    CHECK(vxg_tract_format_register(&row) == VXG_ERR_ARGUMENT, "twice");
    CHECK(vxg_tract_format_register(&empty) == VXG_ERR_ARGUMENT, "a row that does nothing");
    CHECK(vxg_tract_format_register(NULL) == VXG_ERR_ARGUMENT, "NULL");
    CHECK(vxg_tract_format_find("none") && !vxg_tract_format_find("nothing"), "find");
    CHECK(vxg_tract_format_at(vxg_tract_format_count() - 1) &&
              !vxg_tract_format_at(vxg_tract_format_count()),
          "at");
    for (none_bad = 0; none_bad < 4; none_bad++) {
        CHECK_OK(vxg_tract_open(at("a.none"), NULL, &r));
        int status = vxg_tract_next(r, 5, 5, VXG_F64, &b);
        if (!status && b.lines) status = vxg_tract_next(r, 5, 5, VXG_F64, &b);
        if (!status && b.lines) status = vxg_tract_next(r, 5, 5, VXG_F64, &b);
        if (none_bad == 2 && !status) status = VXG_ERR_INPUT; /* it never ends */
        EXPECT(status == (none_bad ? VXG_ERR_INPUT : VXG_OK), "%d: status %d: %s", (int)none_bad,
               status, vxg_error_message());
        vxg_tract_close(r);
    }
    none_bad = 0;
    CHECK_OK(vxg_tract_open(at("a.none"), NULL, &r));
    EXPECT(vxg_tract_next(r, 0, 1, VXG_F32, &b) == VXG_ERR_ARGUMENT, "0 lines");
    EXPECT(vxg_tract_next(r, 1, 0, VXG_F32, &b) == VXG_ERR_ARGUMENT, "0 points");
    EXPECT(vxg_tract_next(r, 1, 1, VXG_F16, &b) == VXG_ERR_ARGUMENT, "float16");
    EXPECT(vxg_tract_next(NULL, 1, 1, VXG_F32, &b) == VXG_ERR_ARGUMENT, "no reader");
    vxg_tract_close(r);
    vxg_tract_close(NULL);
    const vxg_tract_open_opts little = {.max_memory = 100}, other = {.format = "nothing"};
    EXPECT(vxg_tract_open(at("a.none"), &little, &r) == VXG_ERR_ARGUMENT, "100 bytes");
    EXPECT(vxg_tract_open(at("a.none"), &other, &r) == VXG_ERR_ARGUMENT, "unknown format");
    vxg_tract_create_opts o = own_opts(VXG_TRACT_RAS, 0);
    EXPECT(vxg_tract_create(at("b.xyz"), &o, &w) == VXG_ERR_ARGUMENT, "unknown ending");
    EXPECT(vxg_tract_create(at("b.none"), &o, &w) == VXG_ERR_ARGUMENT, "not written");
    o.format = "none";
    EXPECT(vxg_tract_create(at("b.none"), &o, &w) == VXG_ERR_UNSUPPORTED, "not written");
    CHECK_OK(vxg_io_register());
    CHECK(vxg_tract_format_find("trk") && vxg_tract_format_find("tck"), "the library's");
}

/* What info must not say, whatever the format. */
TEST(info_refused)
{
    vxg_tract_writer *w = NULL;
    static const vxg_tract_column bad[] = {{.components = 0, .name = "x"},
                                           {.components = 1, .name = ""},
                                           {.components = 1, .name = "a.b"},
                                           {.components = 1, .name = "a/b"},
                                           {.components = 1, .name = "x", .dtype = VXG_C64},
                                           {.components = 1, .name = "x", .reserved = 1},
                                           {.components = 1, .name = "x", .size = 7}};
    static const vxg_tract_column twice[2] = {{.components = 1, .name = "x"},
                                              {.components = 2, .name = "x"}};
    CHECK_OK(vxg_io_register());
    for (size_t i = 0; i <= sizeof bad / sizeof *bad; i++) {
        vxg_tract_create_opts o = own_opts(VXG_TRACT_CORNER, 0);
        const int last = i == sizeof bad / sizeof *bad;
        o.info.npoint_columns = last ? 2 : 1;
        o.info.point_columns = last ? twice : &bad[i];
        EXPECT(vxg_tract_create(at("x.trk"), &o, &w) == VXG_ERR_ARGUMENT, "column %d", (int)i);
    }
    const vxg_tract_group groups[] = {{.count = 2, .name = "g"}, {.name = ""}, {.count = -1}};
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        vxg_tract_create_opts o = own_opts(VXG_TRACT_RAS, 0);
        o.info.ngroups = 1, o.info.groups = &groups[i];
        EXPECT(vxg_tract_create(at("x.trx"), &o, &w) == VXG_ERR_ARGUMENT, "group %d", (int)i);
    }
    vxg_tract_create_opts o = own_opts(VXG_TRACT_CORNER, 0);
    o.info.dtype = VXG_I8;
    EXPECT(vxg_tract_create(at("x.trk"), &o, &w) == VXG_ERR_ARGUMENT, "int8");
    o = own_opts(VXG_TRACT_CORNER, 0), o.info.affine[3] = (double)NAN;
    EXPECT(vxg_tract_create(at("x.trk"), &o, &w) == VXG_ERR_ARGUMENT, "NaN");
    o = own_opts(VXG_TRACT_CORNER, 0), o.offset_bits = 16;
    EXPECT(vxg_tract_create(at("x.trk"), &o, &w) == VXG_ERR_ARGUMENT, "16 bits");
    o = own_opts(VXG_TRACT_CORNER, 0), o.info.space = (vxg_tract_space)7;
    EXPECT(vxg_tract_create(at("x.trk"), &o, &w) == VXG_ERR_ARGUMENT, "space");
    EXPECT(entries(at("")) <= 1, "%d entries left", entries(at("")));
}

/* ---- what others wrote is read, written and read again ---- */

static const struct {
    const char *name;
    int64_t lines, points;
    int point_columns, line_columns;
} files[] = {{"nibabel_simple.trk", 3, 8, 0, 0},
             {"nibabel_simple.tck", 3, 8, 0, 0},
             {"nibabel_complex.trk", 3, 8, 2, 3},
             {"nibabel_standard.trk", 120, 360, 0, 0},
             {"nibabel_standard.LPS.trk", 120, 360, 0, 0},
             {"nibabel_standard.tck", 120, 360, 0, 0},
             {"nibabel_empty.trk", 0, 0, 0, 0},
             {"nibabel_empty.tck", 0, 0, 0, 0},
             {"dipy_tracks300.trk", 300, 14576, 0, 0},
             {"mrtrix_tracks.tck", 500, 3408, 0, 0},
             {"mrtrix_tckgen_tensor_det.tck", 257, 15355, 0, 0}};

static void one_file(int k) {
    const char *from = data(files[k].name);
    const char *to = at(strstr(files[k].name, ".trk") ? "again.trk" : "again.tck");
    vxg_tract_reader *r = NULL, *q = NULL;
    whole a, b;
    CHECK_OK(vxg_tract_open(from, NULL, &r));
    CHECK_OK(whole_read(r, INT64_MAX, INT64_MAX, VXG_F64, &a));
    CHECK(a.lines == files[k].lines && a.points == files[k].points, "%s: %lld streamlines, %lld",
          files[k].name, (long long)a.lines, (long long)a.points);
    CHECK(r->info.streamlines == a.lines && r->info.points == a.points, "known at the end");
    CHECK(r->info.npoint_columns == files[k].point_columns &&
              r->info.nline_columns == files[k].line_columns,
          "%s: %d and %d columns", files[k].name, r->info.npoint_columns, r->info.nline_columns);
    const vxg_tract_create_opts o = {.force = 1};
    CHECK_OK(rewrite(from, to, o, NULL));
    CHECK_OK(vxg_tract_open(to, NULL, &q));
    CHECK_OK(whole_read(q, INT64_MAX, INT64_MAX, VXG_F64, &b));
    CHECK(whole_same(&a, &b, &r->info), "%s: other numbers", files[k].name);
    CHECK(same_info(&r->info, &q->info), "%s: other facts", files[k].name);
    vxg_tract_close(r), vxg_tract_close(q);
    whole_free(&b);
    /* batches of any size give the same */
    static const int64_t sizes[][2] = {{1, 1}, {1, 1000}, {7, 50}, {1000, 33}, {2, 3}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        CHECK_OK(vxg_tract_open(from, NULL, &r));
        CHECK_OK(whole_read(r, sizes[i][0], sizes[i][1], i % 2 ? VXG_F32 : VXG_F64, &b));
        CHECK(whole_same(&a, &b, &r->info), "%s: batches of %lld, %lld", files[k].name,
              (long long)sizes[i][0], (long long)sizes[i][1]);
        vxg_tract_close(r);
        whole_free(&b);
    }
    const vxg_tract_open_opts little = {.max_memory = 1 << 16};
    CHECK_OK(vxg_tract_open(from, &little, &r));
    CHECK_OK(whole_read(r, INT64_MAX, INT64_MAX, VXG_F64, &b));
    CHECK(whole_same(&a, &b, &r->info), "%s: little memory", files[k].name);
    vxg_tract_close(r);
    whole_free(&a), whole_free(&b);
}

TEST(others_files)
{
    if (!data(files[0].name)) SKIP("no data");
    CHECK_OK(vxg_io_register());
    for (size_t k = 0; k < sizeof files / sizeof *files && test_state != 1; k++) one_file((int)k);
    EXPECT(vxg_alloc_live() == 0, "%lld blocks left", (long long)vxg_alloc_live());
}

/* TrackVis's rule: mm from the corner to voxels of the header's order, turned to the affine's. */
static void to_ras(const vxg_tract_info *info, const double p[3], double out[3]) {
    static const char letters[] = "RLAPSI";
    double voxel[3] = {0}; /* in the order of the affine's axes, which are right, front, top here */
    for (int i = 0; i < 3; i++) {
        const int kind = (int)(strchr(letters, info->voxel_order[i]) - letters), axis = kind / 2;
        const double v = p[i] / info->voxel[i] - 0.5;
        voxel[axis] = kind % 2 ? (double)info->grid[i] - 1 - v : v;
    }
    for (int i = 0; i < 3; i++)
        out[i] = info->affine[4 * i] * voxel[0] + info->affine[4 * i + 1] * voxel[1] +
                 info->affine[4 * i + 2] * voxel[2] + info->affine[4 * i + 3];
}

TEST(one_place)
{
    static const char *const names[2] = {"nibabel_standard.trk", "nibabel_standard.LPS.trk"};
    whole ras, w;
    if (!data(names[0])) SKIP("no data");
    CHECK_OK(vxg_io_register());
    CHECK_OK(whole_open(data("nibabel_standard.tck"), &ras));
    for (int k = 0; k < 2; k++) {
        vxg_tract_reader *r = NULL;
        CHECK_OK(vxg_tract_open(data(names[k]), NULL, &r));
        CHECK(r->info.space == VXG_TRACT_CORNER && r->info.has_affine, "%s: place", names[k]);
        CHECK(!strcmp(r->info.voxel_order, k ? "LPS" : "RAS"), "%s", r->info.voxel_order);
        CHECK_OK(whole_read(r, INT64_MAX, INT64_MAX, VXG_F64, &w));
        CHECK(w.points == ras.points, "points");
        for (int64_t i = 0; i < w.points; i++) {
            double p[3];
            to_ras(&r->info, w.positions + 3 * i, p);
            for (int a = 0; a < 3; a++)
                CHECK(fabs(p[a] - ras.positions[3 * i + a]) < 1e-4, "%s: point %lld: %g, not %g",
                      names[k], (long long)i, p[a], ras.positions[3 * i + a]);
        }
        vxg_tract_close(r);
        whole_free(&w);
    }
    whole_free(&ras);
}

TEST(columns_of_nibabel)
{
    vxg_tract_reader *r = NULL;
    whole w;
    if (!data("nibabel_complex.trk")) SKIP("no data");
    CHECK_OK(vxg_io_register());
    CHECK_OK(vxg_tract_open(data("nibabel_complex.trk"), NULL, &r));
    const vxg_tract_column *p = r->info.point_columns, *l = r->info.line_columns;
    for (int i = 0; i < 2; i++)
        EXPECT(!strcmp(p[i].name, "fa") ? p[i].components == 1
                                        : !strcmp(p[i].name, "colors") && p[i].components == 3,
               "%s: %d", p[i].name, p[i].components);
    for (int i = 0; i < 3; i++)
        EXPECT(!strcmp(l[i].name, "mean_colors") ? l[i].components == 3 : l[i].components == 1,
               "%s: %d", l[i].name, l[i].components);
    CHECK_OK(whole_read(r, 1, 1, VXG_F32, &w));
    const float *fa = w.point[strcmp(p[0].name, "fa") ? 1 : 0];
    EXPECT(fabsf(fa[0] - 0.2f) < 1e-6f, "the first fa is %g", fa[0]);
    vxg_tract_close(r);
    whole_free(&w);
}

/* A header without matrix and order, as programs wrote it before version 2. */
TEST(old_header)
{
    const vxg_tract_create_opts o = own_opts(VXG_TRACT_CORNER, 0), again = {0};
    vxg_tract_reader *r = NULL;
    size_t n = 0;
    CHECK_OK(vxg_io_register());
    CHECK_OK(own_write(at("old.trk"), &o));
    uint8_t *p = slurp(at("old.trk"), &n);
    memset(p + 440, 0, 64), memset(p + 948, 0, 4);
    CHECK(!spill(at("old.trk"), p, n), "write");
    free(p);
    listen_to_log();
    CHECK_OK(vxg_tract_open(at("old.trk"), NULL, &r));
    EXPECT(!r->info.has_affine && strstr(heard, "vox_to_ras"), "the log says '%s'", heard);
    EXPECT(!strcmp(r->info.voxel_order, "LPS"), "%s", r->info.voxel_order);
    vxg_tract_close(r);
    EXPECT(rewrite(at("old.trk"), at("no.trk"), again, NULL) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "info.affine"),
           "%s", vxg_error_message());
    vxg_set_log(NULL, NULL, 0);
}

/* ---- what we write ---- */

static void own_check(const char *path, vxg_tract_space space, int columns) {
    const vxg_tract_create_opts o = own_opts(space, columns);
    const vxg_tract_batch b = own_batch();
    vxg_tract_reader *r = NULL;
    whole w;
    CHECK_OK(own_write(path, &o));
    CHECK_OK(vxg_tract_open(path, NULL, &r));
    CHECK_OK(whole_read(r, 2, 4, VXG_F32, &w));
    CHECK(w.lines == OWN_LINES && w.points == OWN_POINTS &&
              !memcmp(w.offsets, own_offsets, sizeof own_offsets),
          "streamlines");
    for (int i = 0; i < 3 * OWN_POINTS; i++)
        CHECK(w.positions[i] == (double)own_positions[i], "number %d", i);
    for (int i = 0; i < r->info.npoint_columns; i++) {
        const int k = !strcmp(r->info.point_columns[i].name, "colours");
        CHECK(
            !memcmp(w.point[i], b.point_values[k], tract_bytes(&own_point_columns[k]) * OWN_POINTS),
            "column %d", i);
    }
    CHECK(r->info.npoint_columns == 2 * columns && r->info.nline_columns == columns, "columns");
    if (columns) CHECK(!memcmp(w.line[0], own_weight, sizeof own_weight), "weights");
    vxg_tract_close(r);
    whole_free(&w);
}

TEST(own_trk)
{
    CHECK_OK(vxg_io_register());
    own_check(at("o.trk"), VXG_TRACT_CORNER, 1);
}
TEST(own_tck)
{
    CHECK_OK(vxg_io_register());
    own_check(at("o.tck"), VXG_TRACT_RAS, 0);
}

static const vxg_attribute attributes[] = {{"step_size", "0.5"},
                                           {"roi", "seed a.mif"},
                                           {"roi", "mask b.mif"},
                                           {"count", "77"},
                                           {"history", "one\ntwo"}};

TEST(tck_attributes)
{
    vxg_tract_create_opts o = own_opts(VXG_TRACT_RAS, 0);
    vxg_tract_reader *r = NULL;
    size_t n = 0;
    o.info.attributes = attributes, o.info.nattributes = 5;
    CHECK_OK(vxg_io_register());
    CHECK_OK(own_write(at("a.tck"), &o));
    CHECK_OK(own_write(at("b.tck"), &o));
    EXPECT(same_files(at("a.tck"), at("b.tck")), "two files of the same call differ");
    CHECK_OK(vxg_tract_open(at("a.tck"), NULL, &r));
    static const char *const wanted[][2] = {{"step_size", "0.5"},  {"roi", "seed a.mif"},
                                            {"roi", "mask b.mif"}, {"history", "one"},
                                            {"history", "two"},    {"count", "0000000004"}};
    CHECK(r->info.nattributes == 6, "%d attributes", r->info.nattributes);
    for (int i = 0; i < 6; i++)
        EXPECT(!strcmp(r->info.attributes[i].name, wanted[i][0]) &&
                   !strcmp(r->info.attributes[i].text, wanted[i][1]),
               "%s: %s", r->info.attributes[i].name, r->info.attributes[i].text);
    vxg_tract_close(r);
    uint8_t *p = slurp(at("a.tck"), &n);
    EXPECT(!contains(p, n, "timestamp"), "a time that nobody gave");
    free(p);
    const vxg_attribute odd[] = {{"a:b", "x"}, {"file", ". 5"}, {"datatype", "x"}};
    for (int i = 0; i < 3; i++) {
        o.info.attributes = &odd[i], o.info.nattributes = 1, o.force = 1;
        EXPECT(own_write(at("a.tck"), &o) == VXG_ERR_ARGUMENT, "%s", odd[i].name);
    }
}

/* float64 positions in TCK; float64 in memory for float32 files. */
TEST(positions_of_doubles)
{
    vxg_tract_create_opts o = own_opts(VXG_TRACT_RAS, 0);
    double positions[3 * OWN_POINTS];
    vxg_tract_batch b = own_batch();
    vxg_tract_writer *w = NULL;
    vxg_tract_reader *r = NULL;
    whole all;
    for (int i = 0; i < 3 * OWN_POINTS; i++) positions[i] = i / 7.0 - 1;
    b.dtype = VXG_F64, b.positions = positions;
    CHECK_OK(vxg_io_register());
    for (int k = 0; k < 2; k++) {
        o.info.dtype = k ? VXG_F64 : VXG_F32, o.force = 1;
        CHECK_OK(vxg_tract_create(at("d.tck"), &o, &w));
        CHECK_OK(vxg_tract_write(w, &b));
        EXPECT(w->lines == OWN_LINES && w->points == OWN_POINTS, "counted");
        CHECK_OK(w->finish(w));
        CHECK_OK(vxg_tract_open(at("d.tck"), NULL, &r));
        EXPECT(r->info.dtype == o.info.dtype, "type");
        CHECK_OK(whole_read(r, 9, 9, VXG_F64, &all));
        for (int i = 0; i < 3 * OWN_POINTS; i++)
            CHECK(all.positions[i] == (k ? positions[i] : (double)(float)positions[i]), "%d", i);
        vxg_tract_close(r);
        whole_free(&all);
    }
    positions[4] = 1e300, o.info.dtype = VXG_F32;
    CHECK_OK(vxg_tract_create(at("d.tck"), &o, &w));
    EXPECT(vxg_tract_write(w, &b) == VXG_ERR_ARGUMENT, "beyond float32");
    EXPECT(vxg_tract_write(w, &b) == VXG_ERR_ARGUMENT, "after an error");
    EXPECT(w->finish(w) == VXG_ERR_ARGUMENT, "finished after an error");
    o.info.dtype = VXG_F64;
    CHECK_OK(vxg_tract_create(at("d.tck"), &o, &w));
    CHECK_OK(vxg_tract_write(w, &b));
    CHECK_OK(w->finish(w));
    CHECK_OK(vxg_tract_open(at("d.tck"), NULL, &r));
    EXPECT(whole_read(r, 9, 9, VXG_F32, &all) == VXG_ERR_INPUT &&
               strstr(vxg_error_message(), "not finite"),
           "read as float32: %s", vxg_error_message());
    whole_free(&all);
    vxg_tract_close(r);
}

TEST(batches_refused)
{
    const vxg_tract_create_opts o = own_opts(VXG_TRACT_CORNER, 1);
    const int64_t falls[5] = {0, 3, 2, 4, 9}, late[5] = {1, 3, 3, 4, 9};
    vxg_tract_writer *w = NULL;
    float odd[3 * OWN_POINTS] = {0};
    odd[11] = (float)INFINITY;
    CHECK_OK(vxg_io_register());
    CHECK_OK(vxg_tract_create(at("r.trk"), &o, &w));
    vxg_tract_batch b = own_batch();
    b.offsets = falls;
    EXPECT(vxg_tract_write(w, &b) == VXG_ERR_ARGUMENT, "offsets that fall");
    b.offsets = late;
    EXPECT(vxg_tract_write(w, &b) == VXG_ERR_ARGUMENT, "offsets that begin with 1");
    b = own_batch(), b.offsets = NULL;
    EXPECT(vxg_tract_write(w, &b) == VXG_ERR_ARGUMENT, "no offsets");
    b = own_batch(), b.positions = odd;
    EXPECT(vxg_tract_write(w, &b) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "point 0 of streamline 2"),
           "%s", vxg_error_message());
    b = own_batch(), b.dtype = VXG_F16;
    EXPECT(vxg_tract_write(w, &b) == VXG_ERR_ARGUMENT, "float16");
    b = own_batch(), b.line_values = NULL;
    EXPECT(vxg_tract_write(w, &b) == VXG_ERR_ARGUMENT && strstr(vxg_error_message(), "weight"),
           "%s", vxg_error_message());
    b = own_batch(), b.point_values = NULL;
    EXPECT(vxg_tract_write(w, &b) == VXG_ERR_ARGUMENT, "no values of points");
    b = own_batch();
    EXPECT(vxg_tract_write(w, &b) == 0, "%s", vxg_error_message());
    CHECK_OK(w->finish(w));
    whole all;
    CHECK_OK(whole_open(at("r.trk"), &all));
    EXPECT(all.lines == OWN_LINES, "%lld streamlines: refused ones were written",
           (long long)all.lines);
    whole_free(&all);
}

/* Columns of other types: TRK holds float32, and nothing that is none. */
TEST(trk_columns)
{
    static const int32_t whole_numbers[4] = {1, -5, 1 << 24, 7},
                         large[4] = {1, (1 << 24) + 1, 0, 0};
    static const double halves[4] = {0.5, -0.25, 1e10, (double)NAN}, third[4] = {0, 0, 1.0 / 3, 0},
                        huge[4] = {1e300, 0, 0, 0};
    static const int64_t edge[4] = {INT64_MAX, 0, 0, 0};
    static const uint64_t top[4] = {UINT64_MAX, 0, 0, 0};
    static const struct {
        vxg_dtype dtype;
        const void *values;
        int good;
    } cases[] = {
        {VXG_I32, whole_numbers, 1}, {VXG_I32, large, 0}, {VXG_F64, halves, 1}, {VXG_F64, third, 0},
        {VXG_F64, huge, 0},          {VXG_I64, edge, 0},  {VXG_U64, top, 0}};
    CHECK_OK(vxg_io_register());
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        vxg_tract_create_opts o = own_opts(VXG_TRACT_CORNER, 0);
        const vxg_tract_column c = {.components = 1, .dtype = cases[i].dtype, .name = "mine"};
        vxg_tract_batch b = own_batch();
        vxg_tract_writer *w = NULL;
        o.force = 1, o.info.nline_columns = 1, o.info.line_columns = &c;
        b.line_values = &cases[i].values;
        CHECK_OK(vxg_tract_create(at("c.trk"), &o, &w));
        const int status = vxg_tract_write(w, &b);
        EXPECT(status == (cases[i].good ? VXG_OK : VXG_ERR_UNSUPPORTED) &&
                   (cases[i].good || strstr(vxg_error_message(), "'mine'")),
               "case %d: %d: %s", (int)i, status, vxg_error_message());
        w->abandon(w);
    }
    vxg_tract_create_opts o = own_opts(VXG_TRACT_CORNER, 0);
    vxg_tract_column many[11] = {{0}};
    vxg_tract_writer *w = NULL;
    for (int i = 0; i < 11; i++) {
        many[i].components = 1;
        snprintf(many[i].name, sizeof many[i].name, "column%d", i);
    }
    o.info.point_columns = many, o.info.npoint_columns = 11;
    EXPECT(vxg_tract_create(at("m.trk"), &o, &w) == VXG_ERR_UNSUPPORTED, "11 columns");
    o.info.npoint_columns = 1;
    snprintf(many[0].name, sizeof many[0].name, "%s", "twenty letters long x");
    EXPECT(vxg_tract_create(at("m.trk"), &o, &w) == VXG_ERR_UNSUPPORTED &&
               strstr(vxg_error_message(), "twenty"),
           "21 letters");
    many[0].name[18] = 0, many[0].components = 12;
    EXPECT(vxg_tract_create(at("m.trk"), &o, &w) == VXG_ERR_UNSUPPORTED, "no room for 12");
    many[0].name[17] = 0;
    EXPECT(vxg_tract_create(at("m.trk"), &o, &w) == 0, "%s", vxg_error_message());
    w->abandon(w);
}

TEST(formats_refuse)
{
    static const vxg_tract_group group = {.name = "some"};
    static const char *const names[] = {"x.trk", "x.tck"};
    vxg_tract_writer *w = NULL;
    CHECK_OK(vxg_io_register());
    for (int k = 0; k < 2; k++) {
        const vxg_tract_space space = k ? VXG_TRACT_RAS : VXG_TRACT_CORNER;
        vxg_tract_create_opts o = own_opts(k ? VXG_TRACT_CORNER : VXG_TRACT_RAS, 0);
        EXPECT(vxg_tract_create(at(names[k]), &o, &w) == VXG_ERR_UNSUPPORTED, "%s: space",
               names[k]);
        o = own_opts(space, 0), o.info.ngroups = 1, o.info.groups = &group;
        EXPECT(vxg_tract_create(at(names[k]), &o, &w) == VXG_ERR_UNSUPPORTED &&
                   strstr(vxg_error_message(), "some"),
               "%s: groups", names[k]);
        o = own_opts(space, 0), o.info.dtype = VXG_F16;
        EXPECT(vxg_tract_create(at(names[k]), &o, &w) == VXG_ERR_UNSUPPORTED, "%s: f16", names[k]);
        o = own_opts(space, 0), o.folder = 1;
        EXPECT(vxg_tract_create(at(names[k]), &o, &w) == VXG_ERR_ARGUMENT, "%s: folder", names[k]);
    }
    vxg_tract_create_opts o = own_opts(VXG_TRACT_RAS, 1);
    EXPECT(vxg_tract_create(at("x.tck"), &o, &w) == VXG_ERR_UNSUPPORTED &&
               strstr(vxg_error_message(), "'fa'"),
           "columns: %s", vxg_error_message());
    static const char *const words[] = {"info.grid[1]", "info.voxel[2]", "info.voxel_order",
                                        "info.affine"};
    for (int k = 0; k < 4; k++) {
        o = own_opts(VXG_TRACT_CORNER, 0);
        if (k == 0) o.info.grid[1] = 0;
        if (k == 1) o.info.voxel[2] = 0;
        if (k == 2) o.info.voxel_order[1] = 'R';
        if (k == 3) o.info.has_affine = 0;
        EXPECT(vxg_tract_create(at("x.trk"), &o, &w) == VXG_ERR_ARGUMENT &&
                   strstr(vxg_error_message(), words[k]),
               "%s: %s", words[k], vxg_error_message());
    }
}

/* ---- memory, disks, other runs ---- */

/* A streamline that is longer than a batch may be comes alone; one longer than memory is refused.
 */
TEST(long_streamline)
{
    enum { LONG = 40000 };
    float *p = calloc(3 * LONG, sizeof *p);
    const int64_t offsets[4] = {0, 1, LONG - 1, LONG};
    const vxg_tract_batch b = {.lines = 3, .offsets = offsets, .positions = p};
    static const char *const names[] = {"long.trk", "long.tck", "long.trx"};
    for (int i = 0; i < 3 * LONG; i++) p[i] = (float)i;
    CHECK_OK(vxg_io_register());
    for (int k = 0; k < 3; k++) {
        const vxg_tract_create_opts o = own_opts(k ? VXG_TRACT_RAS : VXG_TRACT_CORNER, 0);
        vxg_tract_writer *w = NULL;
        vxg_tract_reader *r = NULL;
        vxg_tract_batch got = {0};
        CHECK_OK(vxg_tract_create(at(names[k]), &o, &w));
        CHECK_OK(vxg_tract_write(w, &b));
        CHECK_OK(w->finish(w));
        CHECK_OK(vxg_tract_open(at(names[k]), NULL, &r));
        for (int i = 0; i < 3; i++) {
            CHECK_OK(vxg_tract_next(r, 100, 1000, VXG_F32, &got));
            CHECK(got.lines == 1 && got.offsets[1] == offsets[i + 1] - offsets[i], "%s: %lld",
                  names[k], (long long)got.lines);
            CHECK(((const float *)got.positions)[0] == (float)(3 * offsets[i]), "%s", names[k]);
        }
        CHECK_OK(vxg_tract_next(r, 100, 1000, VXG_F32, &got));
        CHECK(got.lines == 0, "%s: no end", names[k]);
        vxg_tract_close(r);
        const vxg_tract_open_opts little = {.max_memory = 1 << 17};
        CHECK_OK(vxg_tract_open(at(names[k]), &little, &r));
        int status = 0;
        for (int i = 0; i < 3 && !status; i++)
            status = vxg_tract_next(r, 100, INT64_MAX, VXG_F32, &got);
        EXPECT(status == VXG_ERR_MEMORY, "%s: status %d: %s", names[k], status,
               vxg_error_message());
        vxg_tract_close(r);
    }
    free(p);
}

TEST(full_disk)
{
    enum { MANY = 20000 };
    float *p = calloc(3 * MANY, sizeof *p);
    const int64_t offsets[2] = {0, MANY};
    const vxg_tract_batch b = {.lines = 1, .offsets = offsets, .positions = p};
    static const char *const names[] = {"full/a.trk", "full/a.tck", "full/a.trx"};
    CHECK_OK(vxg_io_register());
    for (int k = 0; k < 3; k++)
        for (rlim_t limit = 500; limit < 240000; limit += 70000) {
            const vxg_tract_create_opts o = own_opts(k ? VXG_TRACT_RAS : VXG_TRACT_CORNER, 0);
            vxg_tract_writer *w = NULL;
            limit_file_size(limit);
            int status = vxg_tract_create(at(names[k]), &o, &w);
            if (!status) status = vxg_tract_write(w, &b);
            if (!status) {
                status = w->finish(w);
            } else if (w) {
                w->abandon(w);
            }
            limit_file_size(0);
            EXPECT(status == VXG_ERR_OUTPUT, "%s, %d bytes: status %d: %s", names[k], (int)limit,
                   status, vxg_error_message());
            EXPECT(entries(at("full")) == -1, "%s: something is left", names[k]);
        }
    free(p);
}

TEST(outputs)
{
    static const char *const names[] = {"o.trk", "o.tck", "o.trx"};
    CHECK_OK(vxg_io_register());
    for (int k = 0; k < 3; k++) {
        vxg_tract_create_opts o = own_opts(k ? VXG_TRACT_RAS : VXG_TRACT_CORNER, 0);
        vxg_outputs *set = NULL;
        unlink(at(names[k]));
        CHECK(own_write(at(names[k]), &o) == 0, "%s", vxg_error_message());
        CHECK(own_write(at(names[k]), &o) == VXG_ERR_OUTPUT, "%s is replaced", names[k]);
        CHECK_OK(vxg_outputs_new(&set));
        o.outputs = set, o.force = 1, o.info.grid[0] = 33;
        CHECK_OK(own_write(at(names[k]), &o));
        vxg_outputs_abandon(set);
        vxg_tract_reader *r = NULL;
        CHECK_OK(vxg_tract_open(at(names[k]), NULL, &r));
        EXPECT(k == 1 || r->info.grid[0] == 10, "%s: grid %d", names[k], (int)r->info.grid[0]);
        vxg_tract_close(r);
    }
}

TEST(changed_while_read)
{
    static const char *const names[] = {"w.trk", "w.tck", "w.trx"};
    CHECK_OK(vxg_io_register());
    for (int k = 0; k < 3; k++) {
        const vxg_tract_create_opts o = own_opts(k ? VXG_TRACT_RAS : VXG_TRACT_CORNER, 0);
        vxg_tract_reader *r = NULL;
        vxg_tract_batch b = {0};
        CHECK_OK(own_write(at(names[k]), &o));
        CHECK_OK(vxg_tract_open(at(names[k]), NULL, &r));
        CHECK_OK(vxg_tract_next(r, 1, 100, VXG_F32, &b));
        const int fd = open(at(names[k]), O_WRONLY | O_APPEND);
        CHECK(fd >= 0 && write(fd, "x", 1) == 1 && close(fd) == 0, "write");
        EXPECT(vxg_tract_next(r, 1, 100, VXG_F32, &b) == VXG_ERR_INPUT &&
                   strstr(vxg_error_message(), "changed"),
               "%s: %s", names[k], vxg_error_message());
        vxg_tract_close(r);
    }
}

static int stop(void *context) {
    return ++*(int *)context > 1;
}

TEST(copy)
{
    const vxg_tract_create_opts o = own_opts(VXG_TRACT_CORNER, 1);
    vxg_tract_reader *r = NULL;
    vxg_tract_writer *w = NULL;
    int asked = 1;
    const vxg_progress progress = {.poll = stop, .context = &asked};
    CHECK_OK(vxg_io_register());
    CHECK_OK(own_write(at("c.trk"), &o));
    /* fewer columns are copied; others refused; so is another space */
    vxg_tract_create_opts some = own_opts(VXG_TRACT_CORNER, 1);
    some.info.npoint_columns = 1, some.info.point_columns = own_point_columns + 1;
    CHECK_OK(vxg_tract_open(at("c.trk"), NULL, &r));
    CHECK_OK(vxg_tract_create(at("d.trk"), &some, &w));
    CHECK_OK(vxg_tract_copy(r, w, NULL));
    CHECK_OK(w->finish(w));
    vxg_tract_close(r);
    whole all;
    CHECK_OK(whole_open(at("d.trk"), &all));
    EXPECT(!memcmp(all.point[0], own_colours, sizeof own_colours), "the column is another");
    whole_free(&all);
    CHECK_OK(vxg_tract_open(at("d.trk"), NULL, &r));
    CHECK_OK(vxg_tract_create(at("f2.trk"), &o, &w));
    EXPECT(vxg_tract_copy(r, w, NULL) == VXG_ERR_ARGUMENT && strstr(vxg_error_message(), "'fa'"),
           "%s", vxg_error_message());
    EXPECT(vxg_tract_copy(r, NULL, NULL) == VXG_ERR_ARGUMENT, "NULL");
    w->abandon(w);
    CHECK_OK(vxg_tract_create(at("g.trk"), &some, &w));
    EXPECT(vxg_tract_copy(r, w, &progress) == VXG_ERR_CANCELLED, "stopped");
    w->abandon(w);
    const vxg_tract_create_opts ras = own_opts(VXG_TRACT_RAS, 0);
    CHECK_OK(vxg_tract_create(at("e.tck"), &ras, &w));
    EXPECT(vxg_tract_copy(r, w, NULL) == VXG_ERR_ARGUMENT && strstr(vxg_error_message(), "space"),
           "%s", vxg_error_message());
    w->abandon(w);
    vxg_tract_close(r);
}

TEST_MAIN("io_tracts", T(own_format), T(info_refused), T(others_files), T(one_place),
          T(columns_of_nibabel), T(old_header), T(own_trk), T(own_tck), T(tck_attributes),
          T(positions_of_doubles), T(batches_refused), T(trk_columns), T(formats_refuse),
          T(long_streamline), T(full_disk), T(outputs), T(changed_while_read), T(copy))
