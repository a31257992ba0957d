/* Option tables: defaults, parsing, refusals with words a person can act on, suggestions. */
#include <math.h>
#include <voxgrad/voxgrad.h>

#include "test.h"

typedef struct options {
    int flag, whole, kind;
    double real;
    const char *text;
    vxg_range rows;
} options;

#define FIELD(f) offsetof(options, f)
static const vxg_option table[] = {
    {.name = "force", .type = VXG_OPT_FLAG, .offset = FIELD(flag), .help = "Replace."},
    {.name = "ring-size",
     .letter = 'r',
     .type = VXG_OPT_INT,
     .offset = FIELD(whole),
     .fallback = "5",
     .min = 1,
     .max = 31,
     .unit = "px",
     .help = "Window."},
    {.name = "center",
     .letter = 'c',
     .type = VXG_OPT_REAL,
     .offset = FIELD(real),
     .fallback = "1.5",
     .unit = "px",
     .help = "Axis."},
    {.name = "output", .type = VXG_OPT_TEXT, .offset = FIELD(text), .help = "File."},
    {.name = "save-format",
     .type = VXG_OPT_CHOICE,
     .offset = FIELD(kind),
     .fallback = "h5",
     .choices = "tiff|h5|npy",
     .help = "Format."},
    {.name = "rows", .type = VXG_OPT_RANGE, .offset = FIELD(rows), .help = "Rows."},
};
#define ROWS ((int)(sizeof table / sizeof *table))

TEST(defaults)
{
    options o;
    memset(&o, 0, sizeof o);
    CHECK_OK(vxg_options_check(table, ROWS));
    CHECK_OK(vxg_options_defaults(table, ROWS, &o));
    EXPECT(o.whole == 5 && o.real == 1.5 && o.kind == 1, "%d %g %d", o.whole, o.real, o.kind);
    EXPECT(!o.flag && !o.text && !o.rows.given, "what has no default is not given");
}

TEST(values)
{
    options o;
    memset(&o, 0, sizeof o);
    CHECK_OK(vxg_options_set(table, ROWS, &o, "force", "1"));
    CHECK_OK(vxg_options_set(table, ROWS, &o, "ring-size", "31"));
    CHECK_OK(vxg_options_set(table, ROWS, &o, "c", "-2.5e1"));
    CHECK_OK(vxg_options_set(table, ROWS, &o, "output", "a b"));
    CHECK_OK(vxg_options_set(table, ROWS, &o, "save-format", "npy"));
    CHECK_OK(vxg_options_set(table, ROWS, &o, "rows", "3:10:2"));
    EXPECT(o.flag == 1 && o.whole == 31 && o.real == -25 && o.kind == 2, "values");
    EXPECT(!strcmp(o.text, "a b"), "'%s'", o.text);
    EXPECT(o.rows.given && o.rows.start == 3 && o.rows.stop == 10 && o.rows.step == 2, "range");
    CHECK_OK(vxg_options_set(table, ROWS, &o, "rows", "7"));
    EXPECT(o.rows.given && o.rows.start == 7 && o.rows.stop == 7 && o.rows.step == 0, "one number");
}

/* Every refusal names the option, the text and what was expected, and leaves the field alone. */
TEST(refusals)
{
    static const char *const bad[][3] = {
        {"ring-size", "4.5", "whole number"}, {"ring-size", "0", "from 1 to 31"},
        {"ring-size", "32", "from 1 to 31"},  {"ring-size", "7x", "whole number"},
        {"ring-size", "", "whole number"},    {"ring-size", "1e30", "whole number"},
        {"center", "left", "number"},         {"center", "nan", "number"},
        {"center", "inf", "number"},          {"center", "1e999", "number"},
        {"force", "yes", "0 or 1"},           {"save-format", "png", "tiff|h5|npy"},
        {"save-format", "h", "tiff|h5|npy"},  {"save-format", "", "tiff|h5|npy"},
        {"rows", "5:3", "stop > start"},      {"rows", "5:5", "stop > start"},
        {"rows", "1:9:0", "step > 0"},        {"rows", "1:9:-1", "step > 0"},
        {"rows", "1:9:2:4", "start:stop"},    {"rows", "a:b", "start:stop"},
        {"rows", "1::", "start:stop"},        {"rows", ":-4", "start:stop"},
        {"rows", ":4:0", "start:stop"},       {"rows", "", "start:stop"},
    };
    options o;
    for (int i = 0; i < (int)(sizeof bad / sizeof *bad); i++) {
        memset(&o, 0, sizeof o);
        o.whole = 9, o.real = 9, o.kind = 1;
        int status = vxg_options_set(table, ROWS, &o, bad[i][0], bad[i][1]);
        const char *m = vxg_error_message();
        EXPECT(status == VXG_ERR_ARGUMENT, "--%s '%s' is taken", bad[i][0], bad[i][1]);
        EXPECT(strstr(m, bad[i][0]) && strstr(m, bad[i][1]) && strstr(m, bad[i][2]),
               "--%s '%s': '%s'", bad[i][0], bad[i][1], m);
        EXPECT(o.whole == 9 && o.real == 9 && o.kind == 1, "--%s '%s' changed a field", bad[i][0],
               bad[i][1]);
    }
}

TEST(suggestions)
{
    static const char *const names[][2] = {{"centre", "--center"},
                                           {"ringsize", "--ring-size"},
                                           {"ouput", "--output"},
                                           {"row", "--rows"},
                                           {"save-fromat", "--save-format"}};
    options o;
    for (int i = 0; i < 5; i++) {
        EXPECT(vxg_options_set(table, ROWS, &o, names[i][0], "1") == VXG_ERR_ARGUMENT, "taken");
        EXPECT(strstr(vxg_error_message(), "did you mean") &&
                   strstr(vxg_error_message(), names[i][1]),
               "'%s'", vxg_error_message());
    }
    EXPECT(vxg_options_set(table, ROWS, &o, "completely-else", "1") == VXG_ERR_ARGUMENT, "taken");
    EXPECT(!strstr(vxg_error_message(), "did you mean"), "'%s'", vxg_error_message());
}

/* Without a start a range begins at 0, without a stop it has no end; both read back. */
TEST(open_ranges)
{
    static const struct {
        const char *text;
        double start, stop, step;
    } open[] = {{"1:", 1, INFINITY, 0},
                {":4", 0, 4, 0},
                {":", 0, INFINITY, 0},
                {"2::0.5", 2, INFINITY, 0.5},
                {":7:2", 0, 7, 2}};
    options o;
    char text[64];
    memset(&o, 0, sizeof o);
    for (int i = 0; i < 5; i++) {
        for (int again = 0; again < 2; again++) {
            CHECK_OK(vxg_options_set(table, ROWS, &o, "rows", again ? text : open[i].text));
            EXPECT(o.rows.given && o.rows.start == open[i].start && o.rows.stop == open[i].stop &&
                       o.rows.step == open[i].step,
                   "'%s': %g:%g:%g", open[i].text, o.rows.start, o.rows.stop, o.rows.step);
            for (int r = 0; r < ROWS; r++)
                if (!strcmp(table[r].name, "rows"))
                    vxg_options_text(&table[r], &o, text, sizeof text);
        }
    }
}

/* What is written for provenance reads back to the same value. */
TEST(text_round_trip)
{
    options a, b;
    char text[64];
    memset(&a, 0, sizeof a), memset(&b, 0, sizeof b);
    CHECK_OK(vxg_options_defaults(table, ROWS, &a));
    a.flag = 1, a.whole = 17, a.real = 0.1, a.text = "x", a.kind = 2;
    a.rows = (vxg_range){1, 2.5, 0.3, 1};
    for (int i = 0; i < ROWS; i++) {
        vxg_options_text(&table[i], &a, text, sizeof text);
        if (table[i].type == VXG_OPT_TEXT) {
            EXPECT(!strcmp(text, "x"), "'%s'", text);
            continue;
        }
        CHECK_OK(vxg_options_set(table, ROWS, &b, table[i].name, text));
    }
    EXPECT(b.flag == 1 && b.whole == 17 && b.real == 0.1 && b.kind == 2, "values");
    EXPECT(!memcmp(&a.rows, &b.rows, sizeof a.rows), "range '%s'", text);
    EXPECT(vxg_options_text(&table[4], &a, text, 2) == 3, "length as snprintf counts it");
}

TEST(broken_tables)
{
    vxg_option rows[2];
    static const vxg_option good = {
        .name = "a", .letter = 'a', .type = VXG_OPT_INT, .fallback = "1", .help = "A."};
    struct {
        vxg_option change;
        const char *words;
    } cases[] = {
        {{.name = "a", .type = VXG_OPT_INT, .help = "B."}, "--a stands twice"},
        {{.name = "b", .letter = 'a', .type = VXG_OPT_INT, .help = "B."}, "-a stands twice"},
        {{.name = "b", .type = VXG_OPT_INT, .fallback = "x", .help = "B."}, "whole number"},
        {{.name = "b", .type = VXG_OPT_INT, .fallback = "9", .max = 5, .help = "B."},
         "from 0 to 5"},
        {{.name = "b", .type = VXG_OPT_INT, .min = 5, .max = 1, .help = "B."}, "reversed"},
        {{.name = "b", .type = VXG_OPT_CHOICE, .help = "B."}, "choice"},
        {{.name = "b", .type = VXG_OPT_INT}, "help"},
    };
    for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++) {
        rows[0] = good, rows[1] = cases[i].change;
        EXPECT(vxg_options_check(rows, 2) == VXG_ERR_ARGUMENT &&
                   strstr(vxg_error_message(), cases[i].words),
               "case %d: '%s'", i, vxg_error_message());
    }
}

TEST_MAIN("base_options", T(defaults), T(values), T(refusals), T(suggestions), T(open_ranges),
          T(text_round_trip), T(broken_tables))
