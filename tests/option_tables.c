/* The library's option tables against the layouts of their structs: every row is a field of a
 * fitting type, every field that a text can set has a row, defaults parse, and a struct of zeros is
 * a struct of defaults. */
#include <math.h>
#include <voxgrad/voxgrad.h>

#include "test.h"

enum { ROOM = 512 }; /* doubles that the largest struct takes */
static vxg_layout layout;

static const vxg_layout_struct *struct_of(const char *name) {
    for (uint32_t i = 0; i < layout.nstructs; i++)
        if (!strcmp(layout.structs[i].name, name)) return &layout.structs[i];
    return NULL;
}
static int is_enum(const char *type) {
    for (uint32_t i = 0; i < layout.nenums; i++)
        if (!strcmp(layout.enums[i].name, type)) return 1;
    return 0;
}

/* A span is two fields, the second behind the first. */
static int fits(const vxg_option *o, const vxg_layout_field *f) {
    if ((o->count ? o->count : 0) != (int)f->count) return 0;
    switch (o->type) {
    case VXG_OPT_FLAG:
    case VXG_OPT_INT: return !strcmp(f->type, "int") || !strcmp(f->type, "int32_t");
    case VXG_OPT_REAL: return !strcmp(f->type, "double");
    case VXG_OPT_TEXT:
    case VXG_OPT_OUTPUT:
    case VXG_OPT_FILE: return !strcmp(f->type, "const char *");
    case VXG_OPT_CHOICE: return is_enum(f->type);
    case VXG_OPT_RANGE: return !strcmp(f->type, "vxg_range");
    case VXG_OPT_INT64: return !strcmp(f->type, "int64_t") || !strcmp(f->type, "uint64_t");
    case VXG_OPT_SPAN: return !strcmp(f->type, "int64_t");
    case VXG_OPT_NUMBERS: return !strcmp(f->type, "vxg_numbers");
    case VXG_OPT_RANGES: return !strcmp(f->type, "vxg_ranges");
    case VXG_OPT_WORDS: return !strcmp(f->type, "vxg_words");
    case VXG_OPT_GROUP: return 0; /* no struct of the library lies in another yet */
    }
    return 0;
}
static int words(const char *choices) {
    int n = 1;
    for (; *choices; choices++) n += *choices == '|';
    return n;
}

/* "half_fan" is --half-fan; "row_begin" and "row_end" are --rows; "begin" and "end" --range. */
static void name_of(const char *field, char *out, size_t size) {
    const char *tail = strstr(field, "begin") ? strstr(field, "begin") : strstr(field, "end");
    snprintf(out, size, "%s", field);
    if (tail && (!strcmp(tail, "begin") || !strcmp(tail, "end")) &&
        (tail == field || tail[-1] == '_')) {
        snprintf(out, size, "range");
        if (tail > field) snprintf(out, size, "%.*ss", (int)(tail - field - 1), field);
    }
    for (char *p = out; *p; p++)
        if (*p == '_') *p = '-';
}
static const vxg_option *row_of(const vxg_option *rows, int n, const char *field) {
    char name[64];
    name_of(field, name, sizeof name);
    for (int i = 0; i < n; i++)
        if (!strcmp(rows[i].name, name)) return &rows[i];
    return NULL;
}

/* What no text can set: sizes, reserved words, pointers to anything but a text, structs. */
static int is_machine(const vxg_layout_field *f) {
    static const char *const plain[] = {"int",    "int32_t",     "int64_t",    "uint64_t",
                                        "double", "vxg_numbers", "vxg_ranges", "vxg_words"};
    int known = is_enum(f->type) || !strcmp(f->type, "const char *");
    for (int i = 0; i < 8; i++) known |= !strcmp(f->type, plain[i]);
    return !known || !strcmp(f->name, "size") || !strncmp(f->name, "reserved", 8) ||
           !strcmp(f->name, "nattributes");
}

/* A row whose bounds leave zero out: the field must be given. */
static int is_needed(const vxg_option *row) {
    return row->min > 0;
}

static void one_row(const vxg_option *row, const vxg_layout_field *f) {
    const int end = row->type == VXG_OPT_SPAN && strstr(f->name, "end") != NULL;
    EXPECT(row->offset + (end ? sizeof(int64_t) : 0) == f->offset && fits(row, f),
           "--%s: offset or type", row->name);
    for (uint32_t e = 0; row->type == VXG_OPT_CHOICE && e < layout.nenums; e++)
        if (!strcmp(layout.enums[e].name, f->type) && strcmp(f->type, "vxg_dtype") != 0)
            EXPECT(words(row->choices) == (int)layout.enums[e].nvalues, "--%s: %d words of %u",
                   row->name, words(row->choices), layout.enums[e].nvalues);
}

static void one_table(const char *name) {
    int n;
    const vxg_option *rows = vxg_option_table(name, &n);
    const vxg_layout_struct *s = struct_of(name);
    static double zeros[ROOM], filled[ROOM];
    CHECK(rows && n > 0 && s && s->bytes <= sizeof zeros, "no table or no struct");
    CHECK_OK(vxg_options_check(rows, n));
    for (uint32_t k = 0; k < s->nfields; k++) {
        const vxg_layout_field *f = &s->fields[k];
        const vxg_option *row = row_of(rows, n, f->name);
        EXPECT(is_machine(f) == !row, "%s: %s", f->name, row ? "has a row" : "has no row");
        if (row) one_row(row, f);
    }
    memset(filled, 0, sizeof filled);
    CHECK_OK(vxg_options_defaults(rows, n, filled));
    EXPECT(!memcmp(filled, zeros, sizeof zeros), "zeros are not the defaults");
    for (int i = 0; i < n; i++) {
        char text[64];
        int fields = 0;
        for (uint32_t k = 0; k < s->nfields; k++)
            fields += row_of(&rows[i], 1, s->fields[k].name) != NULL;
        EXPECT(fields == (rows[i].type == VXG_OPT_SPAN ? 2 : 1), "--%s is %d fields", rows[i].name,
               fields);
        vxg_options_text(&rows[i], zeros, text, sizeof text);
        if (!*text || is_needed(&rows[i])) continue;
        EXPECT(!vxg_options_set(rows, n, filled, rows[i].name, text),
               "--%s: its zero is refused: %s", rows[i].name, vxg_error_message());
    }
}

/* A value that is not the default; texts have what a line and JSON must quote. */
static void some_value(const vxg_option *o, int k, char *out, size_t size) {
    const double most = o->max > 0 ? o->max : 1000;
    const double x = (o->min + most) / (3 + k), whole = floor(x) > o->min ? floor(x) : o->min;
    const int whole_ones = o->type == VXG_OPT_INT || o->type == VXG_OPT_INT64;
    switch (o->type) {
    case VXG_OPT_FLAG: snprintf(out, size, "1"); break;
    case VXG_OPT_CHOICE: snprintf(out, size, "%s", strrchr(o->choices, '|') + 1); break;
    case VXG_OPT_SPAN: snprintf(out, size, k % 2 ? "%d:%d" : "%d:", 3 + k, 9 + k); break;
    case VXG_OPT_TEXT:
    case VXG_OPT_OUTPUT:
    case VXG_OPT_FILE:
        snprintf(out, size, "%s",
                 k % 3 == 0   ? " two  words=\"q\" # \t\\ "
                 : k % 3 == 1 ? ""
                              : "\xc2\xb5m, plain");
        break;
    default:
        out[0] = 0;
        for (int i = 0; i < (o->count ? o->count : 1); i++)
            snprintf(out + strlen(out), size - strlen(out), "%s%.17g", i ? "," : "",
                     whole_ones ? whole : x / (1 + i));
    }
}

/* Every table, filled, written in a form and read into zeros: the same struct. Texts and lists are
 * compared by what they hold, the rest by its bytes. */
static void round_trip(const vxg_option *rows, int n, vxg_options_form form) {
    static double a[ROOM], b[ROOM], c[ROOM];
    static char value[64][64];
    char *text = NULL, *kept = NULL, *again = NULL;
    memset(a, 0, sizeof a), memset(b, 0, sizeof b);
    for (int i = 0; i < n; i++) {
        some_value(&rows[i], i, value[i], sizeof value[i]);
        CHECK_OK(vxg_options_set(rows, n, a, rows[i].name, value[i]));
    }
    CHECK_OK(vxg_options_write(rows, n, a, form, &text));
    CHECK(!vxg_options_read(rows, n, b, text, "text", &kept), "%s in\n%s", vxg_error_message(),
          text);
    memcpy(c, b, sizeof c);
    for (int i = 0; i < n; i++) {
        const int is_text = rows[i].type == VXG_OPT_TEXT || rows[i].type == VXG_OPT_FILE ||
                            rows[i].type == VXG_OPT_OUTPUT;
        char *const *x = (char *const *)(void *)((char *)a + rows[i].offset);
        char **y = (char **)(void *)((char *)c + rows[i].offset);
        if (rows[i].type == VXG_OPT_NUMBERS) {
            const vxg_numbers *from = (const void *)((const char *)a + rows[i].offset);
            vxg_numbers *to = (void *)((char *)c + rows[i].offset);
            EXPECT(from->count == to->count &&
                       !memcmp(from->value, to->value, sizeof(double) * (size_t)to->count),
                   "--%s: another list", rows[i].name);
            *to = *from;
        }
        if (!is_text) continue;
        EXPECT(*y && !strcmp(*x, *y), "--%s: '%s' is '%s'", rows[i].name, *x, *y ? *y : "NULL");
        *y = *x;
    }
    EXPECT(!memcmp(a, c, sizeof a), "another struct comes back from\n%s", text);
    CHECK_OK(vxg_options_write(rows, n, b, form, &again));
    EXPECT(!strcmp(text, again), "written twice:\n%s\n%s", text, again);
    vxg_options_free(rows, n, a), vxg_options_free(rows, n, b);
    vxg_free(text), vxg_free(again), vxg_free(kept);
}

/* A struct of the library's structs: its table is made of theirs. */
typedef struct pipeline {
    vxg_scan_opts scan;
    vxg_ct_recon_opts recon;
    vxg_volume_writer_opts volume;
} pipeline;
static vxg_option group(const char *name, const char *table, size_t offset) {
    vxg_option o = {.name = name, .type = VXG_OPT_GROUP, .offset = offset, .help = "A part."};
    o.part = vxg_option_table(table, &o.count);
    return o;
}
static void nested(void) {
    const vxg_option rows[] = {
        group("scan", "vxg_scan_opts", offsetof(pipeline, scan)),
        group("recon", "vxg_ct_recon_opts", offsetof(pipeline, recon)),
        group("volume", "vxg_volume_writer_opts", offsetof(pipeline, volume)),
    };
    static const char *const values[][2] = {
        {"recon.window", "hann"},    {"recon.rows", "3:9"},     {"scan.max-memory", "5000000"},
        {"volume.voxel", "1,2,0.5"}, {"recon.max-memory", "7"}, {"volume.format", "npy"}};
    CHECK_OK(vxg_options_check(rows, 3));
    for (int form = 0; form < 2; form++) {
        pipeline a = {0}, b = {0};
        char *text = NULL, *kept = NULL;
        for (size_t i = 0; i < sizeof values / sizeof *values; i++)
            CHECK_OK(vxg_options_set(rows, 3, &a, values[i][0], values[i][1]));
        EXPECT(a.recon.window == VXG_CT_WINDOW_HANN && a.recon.row_end == 9 &&
                   a.scan.max_memory == 5000000 && a.recon.max_memory == 7 &&
                   a.volume.voxel[2] == 0.5 && a.volume.format == VXG_VOLUME_NPY,
               "values");
        CHECK_OK(vxg_options_write(rows, 3, &a, (vxg_options_form)form, &text));
        CHECK(!vxg_options_read(rows, 3, &b, text, "pipeline", &kept), "%s in\n%s",
              vxg_error_message(), text);
        EXPECT(!memcmp(&a, &b, sizeof a), "another struct comes back from\n%s", text);
        vxg_free(text), vxg_free(kept);
    }
    pipeline p = {0};
    EXPECT(vxg_options_set(rows, 3, &p, "recon.cutof", "1") == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "--recon.cutoff"),
           "%s", vxg_error_message());
}

/* Structs of options that have no table: operators' classes and checks, whose fields are handles
 * and tolerances of tests. */
static int has_no_table(const char *name) {
    return !strcmp(name, "vxg_op_opts") || !strcmp(name, "vxg_check_opts");
}
static void every_struct(void) {
    for (uint32_t i = 0; i < layout.nstructs; i++) {
        const char *name = layout.structs[i].name, *tail = strstr(name, "_opts");
        if (!tail || tail[5]) continue;
        EXPECT((vxg_option_table(name, NULL) == NULL) == has_no_table(name), "%s: %s", name,
               has_no_table(name) ? "has a table" : "has no table");
    }
}

int main(void) {
    int n = -1;
    test_suite = "option_tables";
    if (vxg_layout_table(&layout)) return 1;
    if (vxg_option_table("vxg_scan_opts", NULL) || vxg_io_register()) return 1;
    for (int i = 0; vxg_option_table_name(i); i++) {
        const char *name = vxg_option_table_name(i);
        const vxg_option *rows = vxg_option_table(name, &n);
        test_case_begin();
        one_table(name);
        round_trip(rows, n, VXG_OPTIONS_LINES);
        round_trip(rows, n, VXG_OPTIONS_JSON);
        test_case_end(name);
    }
    test_case_begin();
    nested();
    test_case_end("nested");
    test_case_begin();
    every_struct();
    test_case_end("every_struct");
    test_case_begin();
    EXPECT(vxg_option_table_name(16) && !vxg_option_table_name(-1) && !vxg_option_table_name(99),
           "names");
    EXPECT(!vxg_option_table("vxg_nothing", &n) && n == 0 && !vxg_option_table(NULL, NULL), "none");
    vxg_ct_recon_opts o = {0};
    const vxg_option *rows = vxg_option_table("vxg_ct_recon_opts", &n);
    EXPECT(!vxg_options_set(rows, n, &o, "rows", "7:5000000000") && o.row_begin == 7 &&
               o.row_end == 5000000000,
           "%s", vxg_error_message());
    EXPECT(vxg_options_set(rows, n, &o, "rows", "0:1.5") == VXG_ERR_ARGUMENT, "half a row");
    EXPECT(vxg_options_set(rows, n, &o, "max-memory", "1e16") == VXG_ERR_ARGUMENT, "beyond 2^53");
    EXPECT(!vxg_options_set(rows, n, &o, "window", "hann") && o.window == VXG_CT_WINDOW_HANN,
           "hann");
    test_case_end("by_name");
    return test_failed != 0;
}
