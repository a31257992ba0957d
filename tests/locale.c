/* A host program whose locale writes 1,5 for 1.5: texts are read and written as in the C locale.
 * The locale is one that is installed, or is made for the test. */
#include <locale.h>
#include <stddef.h>
#include <unistd.h>
#include <voxgrad/voxgrad.h>

#include "geometry_file.h"
#include "test.h"

static char work[256];

static int has_comma(const char *name) {
    char text[16];
    if (!setlocale(LC_ALL, name)) return 0;
    snprintf(text, sizeof text, "%.1f", 1.5);
    return !strcmp(text, "1,5");
}

/* A locale with a comma and points between thousands, compiled into the scratch folder. */
static int make_locale(void) {
    static const char source[] =
        "comment_char %\nescape_char /\nLC_CTYPE\ncopy \"POSIX\"\nEND LC_CTYPE\n"
        "LC_NUMERIC\ndecimal_point \",\"\nthousands_sep \".\"\ngrouping 3;3\n"
        "END LC_NUMERIC\n";
    char line[1024];
    snprintf(line, sizeof line, "%s/comma", work);
    FILE *f = fopen(line, "w");
    if (!f || fputs(source, f) < 0) return 0;
    fclose(f);
    snprintf(line, sizeof line, "localedef -c -i %s/comma -f ANSI_X3.4-1968 %s/xx >%s/log 2>&1",
             work, work, work);
    if (system(line) < 0) return 0; /* it warns, whatever happens */
    setenv("LOCPATH", work, 1);
    return has_comma("xx");
}

static const char *comma; /* name of the locale; NULL: there is none */
static void find_locale(void) {
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8",  "fr_FR.UTF-8", "fr_FR.utf8",
                                        "es_ES.UTF-8", "it_IT.UTF-8", "ru_RU.UTF-8", "de_DE"};
    for (size_t i = 0; !comma && i < sizeof names / sizeof *names; i++)
        if (has_comma(names[i])) comma = names[i];
    if (!comma && make_locale()) comma = "xx";
    setlocale(LC_ALL, "C");
}
#define NEEDS_COMMA()                                                                              \
    if (!comma) SKIP("no locale with a decimal comma is installed and localedef makes none")

/* What a function writes in both locales. */
typedef void (*maker)(const void *context, char *out, size_t room);
static void same_text(const char *what, maker make, const void *context) {
    static char point[1 << 16], with_comma[1 << 16];
    point[0] = with_comma[0] = 0;
    make(context, point, sizeof point);
    setlocale(LC_ALL, comma);
    make(context, with_comma, sizeof with_comma);
    setlocale(LC_ALL, "C");
    EXPECT(!strcmp(point, with_comma), "%s: '%.200s' and with a comma '%.200s'", what, point,
           with_comma);
    EXPECT(strchr(point, '.'), "%s: there is no number with a fraction: '%.200s'", what, point);
}

/* ---- Geometry texts ---- */
static const vxg_ct_detector_size size = {.rows = 40, .cols = 60, .pixel = 0.75, .row_pitch = 0.5};
typedef int (*reader)(const char *, size_t, vxg_ct_notes *, vxg_ct_geometry **);
static int from_astra(const char *text, size_t n, vxg_ct_notes *notes, vxg_ct_geometry **geo) {
    (void)notes;
    return vxg_ct_geometry_from_astra(text, n, geo);
}
static int from_rtk(const char *text, size_t n, vxg_ct_notes *notes, vxg_ct_geometry **geo) {
    (void)notes;
    return vxg_ct_geometry_from_rtk(text, n, &size, geo);
}
static int from_matrices(const char *text, size_t n, vxg_ct_notes *notes, vxg_ct_geometry **geo) {
    (void)notes;
    return vxg_ct_geometry_from_matrix_text(text, n, &size, geo);
}

static void same_numbers(const char *what, reader read, const char *text) {
    vxg_ct_geometry *a = NULL, *b = NULL;
    vxg_ct_notes notes = {0};
    CHECK_OK(read(text, strlen(text), &notes, &a));
    setlocale(LC_ALL, comma);
    const int status = read(text, strlen(text), &notes, &b);
    setlocale(LC_ALL, "C");
    CHECK(status == 0, "%s: %s", what, vxg_error_message());
    CHECK(vxg_ct_geometry_nviews(a) == vxg_ct_geometry_nviews(b), "%s: other views", what);
    for (int64_t i = 0; i < vxg_ct_geometry_nviews(a); i++)
        EXPECT(!memcmp(vxg_ct_geometry_view(a, i), vxg_ct_geometry_view(b, i), sizeof(vxg_ct_view)),
               "%s: view %d differs", what, (int)i);
    vxg_ct_geometry_release(a);
    vxg_ct_geometry_release(b);
}

TEST(geometry_is_read)
{
    static const struct {
        const char *file;
        reader read;
    } files[] = {{"astra_cone_vec.txt", from_astra},
                 {"rtk_cone.xml", from_rtk},
                 {"not-perpendicular.json", vxg_ct_geometry_from_json},
                 {"voxel-too-fine.json", vxg_ct_geometry_from_json},
                 {"tigre_cone.json", vxg_ct_geometry_from_tigre}};
    static const char leap[] =
        "geometry = cone\nnumAngles = 2\nnumRows = 3\nnumCols = 4\n"
        "pixelHeight = 1.25\npixelWidth = 2.5\ncenterRow = 1.5\ncenterCol = 2\n"
        "phis = 3.5, 40.25\nsod = 5.5\nsdd = 9.75\n";
    static const char cil[] = "{\"geometry\": \"Parallel3D\", \"angles\": [1.5, 2.25, 30], "
                              "\"num_pixels\": [4, 3], \"pixel_size\": [1.5, 2]}";
    static const char matrix[] = "-900.5 0 30 100\n0 5.25 900 200\n0.125 1 0 300\n";
    vxg_ct_geometry *geo = NULL;
    NEEDS_COMMA();
    if (vxg_ct_geometry_from_cil(cil, sizeof cil - 1, NULL, &geo) == VXG_ERR_UNSUPPORTED)
        SKIP("%s", vxg_error_message());
    vxg_ct_geometry_release(geo);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        size_t n;
        char *text = geometry_file(files[i].file, &n);
        CHECK(text, "%s is not there", files[i].file);
        same_numbers(files[i].file, files[i].read, text);
        free(text);
    }
    same_numbers("LEAP", vxg_ct_geometry_from_leap, leap);
    same_numbers("CIL", vxg_ct_geometry_from_cil, cil);
    same_numbers("matrices", from_matrices, matrix);
}

/* ---- Texts that are written ---- */
typedef struct scan {
    const vxg_ct_geometry *geo;
    vxg_ct_notes notes;
    int format;
} scan;
static void written(const void *context, char *out, size_t room) {
    const scan *s = context;
    char *text = NULL;
    const int status = s->format == 0   ? vxg_ct_geometry_to_json(s->geo, &s->notes, 0, &text)
                       : s->format == 1 ? vxg_ct_geometry_to_json(s->geo, &s->notes, 1, &text)
                       : s->format == 2 ? vxg_ct_geometry_to_astra(s->geo, &text)
                       : s->format == 3 ? vxg_ct_geometry_to_rtk(s->geo, &text)
                       : s->format == 4 ? vxg_ct_geometry_to_matrix_text(s->geo, &text)
                       : s->format == 5 ? vxg_ct_geometry_to_tigre(s->geo, &s->notes, &text)
                       : s->format == 6 ? vxg_ct_geometry_to_leap(s->geo, &s->notes, &text)
                       : s->format == 7 ? vxg_ct_geometry_to_cil(s->geo, &s->notes, &text)
                       : s->format == 8 ? vxg_ct_geometry_svg(s->geo, &s->notes, &text)
                                        : vxg_ct_geometry_words(s->geo, &s->notes, &text);
    snprintf(out, room, "%s", status ? vxg_error_message() : text);
    if (!status) vxg_free(text);
}

TEST(geometry_is_written)
{
    static const char *const names[] = {"JSON",  "vectors", "ASTRA", "RTK", "matrices",
                                        "TIGRE", "LEAP",    "CIL",   "SVG", "words"};
    double angles[5];
    scan s = {.notes = {.reverse = -1, .units = "mm"}};
    vxg_ct_geometry *geo = NULL;
    NEEDS_COMMA();
    for (int i = 0; i < 5; i++) angles[i] = 0.1 + 1.3 * i;
    CHECK_OK(vxg_ct_cone_circular(&(vxg_ct_cone_opts){.angles = angles,
                                                      .nviews = 5,
                                                      .rows = 4,
                                                      .cols = 8,
                                                      .sod = 100.25,
                                                      .sdd = 151.5,
                                                      .pixel = 0.75,
                                                      .center = 3.25,
                                                      .has_center = 1},
                                  &geo));
    s.geo = geo;
    for (s.format = 0; s.format < 10; s.format++) same_text(names[s.format], written, &s);
    vxg_ct_geometry_release(geo);
}

/* ---- Messages, options, phantoms, files ---- */
typedef struct opts {
    double x;
    vxg_range range;
} opts;
static const vxg_option rows[] = {
    {.name = "x",
     .type = VXG_OPT_REAL,
     .offset = offsetof(opts, x),
     .fallback = "1.5",
     .min = 0.25,
     .max = 9.5,
     .unit = "px",
     .help = "a number"},
    {.name = "range",
     .type = VXG_OPT_RANGE,
     .offset = offsetof(opts, range),
     .fallback = "0.5:1.5:0.25",
     .help = "a range"},
};
static void options(const void *context, char *out, size_t room) {
    opts o;
    (void)context;
    size_t n = 0;
    if (vxg_options_defaults(rows, 2, &o)) n += (size_t)snprintf(out, room, "refused ");
    n += (size_t)vxg_options_text(&rows[0], &o, out + n, room - n);
    n += (size_t)vxg_options_text(&rows[1], &o, out + n, room - n);
    vxg_options_set(rows, 2, &o, "x", "99.5");
    snprintf(out + n, room - n, "%s", vxg_error_message());
}
static void message(const void *context, char *out, size_t room) {
    (void)context;
    vxg_error_set(VXG_ERR_INPUT, "%.3g is not %g", 1.25, 2.5);
    vxg_error_context(VXG_ERR_INPUT, "at %g", 0.5);
    snprintf(out, room, "%s", vxg_error_message());
}
static void report(const void *context, char *out, size_t room) {
    const double x[] = {0.25, 1.5}, seconds[] = {1.5, 2.25};
    const char *const names[] = {"a", "b"};
    const vxg_curve c = {.x = x, .y = x, .n = 2, .mark = 0.75};
    vxg_report *r = NULL;
    char *page = NULL;
    (void)context;
    int status = vxg_report_new("1.5", &r);
    if (!status) status = vxg_report_chart(r, &c, 1, "t", "x", "y", 0);
    if (!status) status = vxg_report_stages(r, names, seconds, 2);
    if (!status) status = vxg_report_html(r, &page);
    snprintf(out, room, "%s", page ? page : vxg_error_message());
    vxg_free(page);
    vxg_report_free(r);
}
TEST(options_and_messages)
{
    NEEDS_COMMA();
    same_text("report", report, NULL);
    same_text("options", options, NULL);
    same_text("messages", message, NULL);
}

TEST(phantoms_are_read)
{
    const char *text;
    NEEDS_COMMA();
    for (int i = 0; vxg_phantom_name(i, &text); i++) {
        vxg_phantom *a = NULL, *b = NULL;
        CHECK_OK(vxg_phantom_parse(text, "phantom", &a));
        setlocale(LC_ALL, comma);
        const int status = vxg_phantom_parse(text, "phantom", &b);
        setlocale(LC_ALL, "C");
        CHECK(status == 0, "%s: %s", vxg_phantom_name(i, NULL), vxg_error_message());
        const size_t bytes = (size_t)vxg_phantom_count(a) * sizeof(vxg_shape);
        EXPECT(vxg_phantom_count(a) == vxg_phantom_count(b) &&
                   !memcmp(vxg_phantom_shapes(a), vxg_phantom_shapes(b), bytes),
               "%s differs", vxg_phantom_name(i, NULL));
        vxg_phantom_release(a);
        vxg_phantom_release(b);
    }
}

/* Bytes of a volume's file; -1: not written. */
static long volume(const char *name, vxg_volume_format format, char *out, size_t room) {
    static const vxg_attribute attribute = {"by", "a test"};
    static const float values[12] = {1.5f, 2.25f};
    char path[512];
    vxg_volume_writer *w = NULL;
    snprintf(path, sizeof path, "%s/%s", work, name);
    vxg_volume_writer_opts o = {.format = format,
                                .path = path,
                                .nz = 2,
                                .ny = 2,
                                .nx = 3,
                                .voxel = {0.25, 1.5, 2.75},
                                .unit = "mm",
                                .attributes = &attribute,
                                .nattributes = 1,
                                .force = 1};
    int status = vxg_volume_writer_open(&o, &w);
    if (!status) status = w->write(w, 0, 2, values);
    if (!status) status = w->finish(w);
    FILE *f = status ? NULL : fopen(path, "rb");
    const long n = f ? (long)fread(out, 1, room, f) : -1;
    if (f) fclose(f);
    return n;
}
TEST(files)
{
    static const vxg_volume_format formats[] = {VXG_VOLUME_TIFF_STACK, VXG_VOLUME_NPY};
    static char a[8192], b[8192];
    NEEDS_COMMA();
    for (int i = 0; i < 2; i++) {
        const long n = volume("v", formats[i], a, sizeof a);
        setlocale(LC_ALL, comma);
        const long m = volume("v", formats[i], b, sizeof b);
        setlocale(LC_ALL, "C");
        CHECK(n > 0 && m == n && !memcmp(a, b, (size_t)n),
              "format %d: %ld and %ld bytes, or others", i, n, m);
        EXPECT(i || memmem(a, (size_t)n, "0.25", 4), "the TIFF file does not say the voxel size");
    }
}

/* Tables of numbers and headers with numbers in words, read and written. */
static int table(double *out, char *text, size_t room) {
    char path[512];
    static const double written[2] = {0.5, -1.25e-7};
    double *v = NULL;
    int64_t nrows = 0, ncols = 0;
    snprintf(path, sizeof path, "%s/table", work);
    int status = vxg_numbers_write(path, written, 1, 2, NULL, NULL, 1);
    if (!status) status = vxg_numbers_read(path, &v, &nrows, &ncols, NULL);
    if (!status) memcpy(out, v, sizeof written);
    vxg_free(v);
    FILE *f = status ? NULL : fopen(path, "rb");
    text[f ? fread(text, 1, room - 1, f) : 0] = 0;
    if (f) fclose(f);
    return status;
}
static int image(vxg_block_info *out) {
    char path[512];
    vxg_block_create_opts o = {.force = 1, .info = {.ndim = 1, .dtype = VXG_U8}};
    vxg_block_writer *w = NULL;
    vxg_block_reader *r = NULL;
    snprintf(path, sizeof path, "%s/image.mif", work);
    o.info.axis[0].count = 1, o.info.axis[0].step = 1.5;
    o.info.slope = 0.25, o.info.intercept = -1.125;
    int status = vxg_block_create(path, &o, &w);
    if (!status) status = w->write(w, (const int64_t[]){0}, (const int64_t[]){1}, "x");
    if (!status) status = w->finish(w);
    if (!status) status = vxg_block_open(path, NULL, &r);
    if (!status) *out = r->info;
    vxg_block_close(r);
    return status;
}
TEST(tables_and_headers)
{
    double v[2] = {0};
    char text[64] = "";
    vxg_block_info info = {0};
    NEEDS_COMMA();
    CHECK_OK(vxg_io_register());
    setlocale(LC_ALL, comma);
    const int first = table(v, text, sizeof text), second = image(&info);
    setlocale(LC_ALL, "C");
    CHECK(!first && !second, "%s", vxg_error_message());
    EXPECT(v[0] == 0.5 && v[1] == -1.25e-7 && !strcmp(text, "0.5 -1.25e-07\n"), "%s", text);
    EXPECT(info.axis[0].step == 1.5 && info.slope == 0.25 && info.intercept == -1.125, "%g %g %g",
           info.axis[0].step, info.slope, info.intercept);
}

TEST(pictures)
{
    static const float slice[64 * 64] = {0.5f, 1.25f};
    static const int64_t shape[3] = {64, 64, 64};
    static const double voxel[3] = {0.25, 0.25, 0.25};
    vxg_picture a = {0}, b = {0};
    NEEDS_COMMA();
    CHECK_OK(vxg_picture_orthoslices(slice, slice, slice, shape, voxel, "mm", &a));
    setlocale(LC_ALL, comma);
    const int status = vxg_picture_orthoslices(slice, slice, slice, shape, voxel, "mm", &b);
    setlocale(LC_ALL, "C");
    CHECK(status == 0 && a.width == b.width && a.height == b.height, "another size");
    EXPECT(!memcmp(a.pixels, b.pixels, (size_t)(a.width * a.height * a.channels)),
           "the labels differ");
    vxg_picture_free(&a);
    vxg_picture_free(&b);
}

static const test_entry list[] = {T(geometry_is_read),
                                  T(geometry_is_written),
                                  T(options_and_messages),
                                  T(phantoms_are_read),
                                  T(files),
                                  T(tables_and_headers),
                                  T(pictures)};
int main(int argc, char **argv) {
    char line[512];
    if (test_scratch(work, sizeof work, "locale", "/tmp")) return 1;
    find_locale();
    const int rc = test_run("locale", list, (int)(sizeof list / sizeof *list), argc, argv);
    snprintf(line, sizeof line, "rm -r '%s'", work);
    return system(line) ? 1 : rc;
}
