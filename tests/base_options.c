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
        {{.name = "b", .type = VXG_OPT_TEXT, .count = 2, .help = "B."}, "count"},
        {{.name = "b", .type = VXG_OPT_REAL, .count = 99, .help = "B."}, "32 numbers"},
        {{.name = "b", .type = VXG_OPT_GROUP, .count = 1, .help = "B."}, "part"},
        {{.name = "b", .type = (vxg_option_type)99, .help = "B."}, "no such type"},
        {{.name = "b.c", .type = VXG_OPT_INT, .help = "B."}, "no name"},
    };
    for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++) {
        rows[0] = good, rows[1] = cases[i].change;
        EXPECT(vxg_options_check(rows, 2) == VXG_ERR_ARGUMENT &&
                   strstr(vxg_error_message(), cases[i].words),
               "case %d: '%s'", i, vxg_error_message());
    }
}

/* ---- Lists, arrays, spans and structs inside structs ---- */
typedef struct part {
    double weight;
    vxg_words names;
} part;
typedef struct whole {
    int64_t begin, end;
    double size[3];
    vxg_numbers shells;
    vxg_ranges views;
    part first, second;
    const char *input, *output;
} whole;
#define ROW(id, kind, T, field)                                                                    \
    .name = id, .type = kind, .offset = offsetof(T, field), .help = "Words."
static const vxg_option part_rows[] = {
    {ROW("weight", VXG_OPT_REAL, part, weight), .fallback = "2", .max = 9},
    {ROW("names", VXG_OPT_WORDS, part, names)},
};
#define PART .part = part_rows, .count = 2
static const vxg_option whole_rows[] = {
    {ROW("rows", VXG_OPT_SPAN, whole, begin), .max = 100},
    {ROW("size", VXG_OPT_REAL, whole, size), .count = 3, .min = -5, .max = 5},
    {ROW("shells", VXG_OPT_NUMBERS, whole, shells), .max = 5000, .unit = "s/mm2"},
    {ROW("views", VXG_OPT_RANGES, whole, views)},
    {ROW("first", VXG_OPT_GROUP, whole, first), PART},
    {ROW("second", VXG_OPT_GROUP, whole, second), PART},
    {ROW("input", VXG_OPT_FILE, whole, input)},
    {ROW("output", VXG_OPT_OUTPUT, whole, output)},
};
#define WHOLE whole_rows, (int)(sizeof whole_rows / sizeof *whole_rows)

TEST(lists)
{
    whole w = {0};
    char text[200];
    const int64_t alive = vxg_alloc_live();
    CHECK_OK(vxg_options_check(WHOLE));
    CHECK_OK(vxg_options_defaults(WHOLE, &w));
    EXPECT(w.first.weight == 2 && w.second.weight == 2, "defaults of parts");
    CHECK_OK(vxg_options_set(WHOLE, &w, "rows", "3:"));
    EXPECT(w.begin == 3 && w.end == 0, "3: is %g:%g", (double)w.begin, (double)w.end);
    CHECK_OK(vxg_options_set(WHOLE, &w, "rows", "7"));
    EXPECT(w.begin == 7 && w.end == 8, "7 is %g:%g", (double)w.begin, (double)w.end);
    CHECK_OK(vxg_options_set(WHOLE, &w, "size", "1,-2.5,3"));
    EXPECT(w.size[0] == 1 && w.size[1] == -2.5 && w.size[2] == 3, "size");
    CHECK_OK(vxg_options_set(WHOLE, &w, "shells", "0,1000,2000.5"));
    CHECK_OK(vxg_options_set(WHOLE, &w, "shells", "5,700"));
    EXPECT(w.shells.count == 2 && w.shells.value[1] == 700, "shells");
    CHECK_OK(vxg_options_set(WHOLE, &w, "views", "0:10,20::2,7"));
    EXPECT(w.views.count == 3 && w.views.value[1].step == 2 && isinf(w.views.value[1].stop) &&
               w.views.value[2].start == 7 && w.views.value[2].stop == 7,
           "views");
    CHECK_OK(vxg_options_set(WHOLE, &w, "second.names", "a,b c,\"x,\\\"y\\u000a\",,"));
    const vxg_words *n = &w.second.names;
    CHECK(n->count == 5, "%d words", (int)n->count);
    EXPECT(!strcmp(n->value[1], "b c") && !strcmp(n->value[2], "x,\"y\n") && !*n->value[4], "'%s'",
           n->value[2]);
    EXPECT(w.first.names.count == 0, "of the other part");
    vxg_options_text(&part_rows[1], &w.second, text, sizeof text);
    EXPECT(!strcmp(text, "a,b c,\"x,\\\"y\\u000a\",\"\",\"\""), "%s", text);
    for (size_t size = 0; size < 30; size++) { /* cut as snprintf cuts */
        char cut[32];
        memset(cut, '#', sizeof cut);
        EXPECT(vxg_options_text(&part_rows[1], &w.second, cut, size) == (int)strlen(text),
               "length");
        EXPECT(cut[size] == '#' && (!size || (strlen(cut) < size && !strncmp(cut, text, size - 1))),
               "cut at %d", (int)size);
    }
    CHECK_OK(vxg_options_set(WHOLE, &w, "second.names", ""));
    EXPECT(n->count == 0 && !n->value, "the empty list");
    vxg_options_free(WHOLE, &w);
    EXPECT(w.shells.count == 0 && !w.views.value && vxg_alloc_live() == alive, "lists are left");
}

TEST(list_refusals)
{
    static const char *const bad[][3] = {
        {"rows", "3:2", "start:stop"},
        {"rows", "1.5:4", "whole numbers"},
        {"rows", "0:101", "from 0 to 100"},
        {"rows", "0:9:2", "without a step"},
        {"rows", "-1:4", "from 0"},
        {"rows", "", "start:stop"},
        {"size", "1,2", "3 numbers"},
        {"size", "1,2,3,4", "3 numbers"},
        {"size", "1,2,6", "from -5 to 5"},
        {"size", "1, 2,x", "3 numbers"},
        {"shells", "1,,2", "list of numbers"},
        {"shells", "1,", "list of numbers"},
        {"shells", "9000", "from 0 to 5000"},
        {"shells", "nan", "s/mm2"},
        {"views", "0:3,3:1", "ranges"},
        {"views", "1:2;3", "ranges"},
        {"first.names", "\"a", "words"},
        {"first.names", "a\"b", "words"},
        {"first.weight", "10", "from 0 to 9"},
        {"second.wieght", "1", "--second.weight"},
        {"weight", "1", "unknown option"},
        {"first", "1", "unknown option"},
    };
    whole w = {.begin = 1, .end = 2, .size = {1, 1, 1}};
    CHECK_OK(vxg_options_set(WHOLE, &w, "shells", "1,2"));
    CHECK_OK(vxg_options_set(WHOLE, &w, "views", "1:2"));
    CHECK_OK(vxg_options_set(WHOLE, &w, "first.names", "x"));
    const whole before = w;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        EXPECT(vxg_options_set(WHOLE, &w, bad[i][0], bad[i][1]) == VXG_ERR_ARGUMENT, "%s '%s'",
               bad[i][0], bad[i][1]);
        EXPECT(strstr(vxg_error_message(), bad[i][0]) && strstr(vxg_error_message(), bad[i][2]),
               "%s '%s': %s", bad[i][0], bad[i][1], vxg_error_message());
        EXPECT(!memcmp(&w, &before, sizeof w), "%s '%s' changed a field", bad[i][0], bad[i][1]);
    }
    vxg_options_free(WHOLE, &w);
}

static void fill_whole(whole *w) {
    static const char *const values[][2] = {
        {"rows", "4:9"},         {"size", "0.1,2,-3"},
        {"shells", "0.3,1e-30"}, {"views", "0:10,20::2,7"},
        {"first.weight", "0"},   {"second.names", "a,\" b,\\\"\",\xc3\xa9"},
        {"input", "a b.h5"},     {"output", " x\n\"y\" "}};
    memset(w, 0, sizeof *w);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        CHECK_OK(vxg_options_set(WHOLE, w, values[i][0], values[i][1]));
}

/* Nested structs and lists of all kinds in both forms. */
TEST(whole_round_trip)
{
    const int64_t alive = vxg_alloc_live();
    for (int form = 0; form < 2; form++) {
        whole a, b = {0};
        char *text = NULL, *again = NULL, *kept = NULL;
        fill_whole(&a);
        CHECK_OK(vxg_options_write(WHOLE, &a, (vxg_options_form)form, &text));
        EXPECT(strstr(text, form ? "\"first\": {\n    \"weight\": 0" : "first.weight = 0\n"),
               "no part in\n%s", text);
        EXPECT(strstr(text, "first.names") == NULL, "what is not given is written");
        CHECK(!vxg_options_read(WHOLE, &b, text, "t", &kept), "%s in\n%s", vxg_error_message(),
              text);
        EXPECT(b.begin == 4 && b.end == 9 && b.size[2] == -3 && b.shells.count == 2 &&
                   b.shells.value[1] == 1e-30 && b.views.count == 3 && b.second.names.count == 3,
               "values");
        EXPECT(!strcmp(b.second.names.value[1], " b,\"") && !strcmp(b.output, " x\n\"y\" ") &&
                   !strcmp(b.input, "a b.h5"),
               "texts");
        CHECK_OK(vxg_options_write(WHOLE, &b, (vxg_options_form)form, &again));
        EXPECT(!strcmp(text, again), "written twice:\n%s\n%s", text, again);
        vxg_free(text), vxg_free(again), vxg_free(kept);
        vxg_options_free(WHOLE, &a), vxg_options_free(WHOLE, &b);
    }
    EXPECT(vxg_alloc_live() == alive, "memory is left");
}

/* All or nothing, with the line and the name; what is not named stays. */
TEST(reading)
{
    static const char *const bad[][2] = {
        {"rows = 1:2\nnone\n", "t: line 2: 'none' is not name = value"},
        {"shells = 1,2\n\n# c\nrows = 5:1", "t: line 4: rows: '5:1'"},
        {"rows = 1:2\nrows = 1:2", "line 2: rows stands twice"},
        {"frist.weight = 1", "line 1: unknown option frist.weight (did you mean first.weight?)"},
        {"input = \"a", "line 1: input: the quoted text"},
        {"first.weight = 1\nfirst.names = a\nsecond.weight = 11", "line 3: second.weight: '11'"},
        {"{\"rows\": \"1:2\", \"size\": [1, 2]}", "t: size: '1,2' is not 3 numbers"},
        {"{\"rows\": 3}", "t: rows: not a text"},
        {"{\"shells\": 3}", "t: shells: not a list"},
        {"{\"shells\": [3, \"4\"]}", "t: shells: not a list"},
        {"{\"first\": {\"weight\": \"1\"}}", "t: first.weight: not a number"},
        {"{\"first\": 1}", "t: first: not an object"},
        {"{\"first\": {\"wieght\": 1}}", "did you mean first.weight"},
        {"{\"size\": null}", "t: size: not a list"},
        {"{\"rows\": \"1:2\" \"size\"}", "t: line 1, column"},
        {"{\"rows\": \"1:2\", \"rows\": \"1:2\"}", "t: "},
    };
    whole w;
    char *kept;
    fill_whole(&w);
    const whole before = w;
    const int64_t alive = vxg_alloc_live();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        EXPECT(vxg_options_read(WHOLE, &w, bad[i][0], "t", &kept) == VXG_ERR_INPUT, "%s is taken",
               bad[i][0]);
        EXPECT(strstr(vxg_error_message(), bad[i][1]), "%s: %s", bad[i][0], vxg_error_message());
        EXPECT(!kept && !memcmp(&w, &before, sizeof w), "%s: changed", bad[i][0]);
        EXPECT(vxg_alloc_live() == alive, "%s: memory is left", bad[i][0]);
    }
    CHECK_OK(vxg_options_read(WHOLE, &w, " # words\r\n\tshells= 8 \r\nviews =\n", "t", &kept));
    EXPECT(w.shells.count == 1 && w.shells.value[0] == 8 && w.views.count == 0 && w.begin == 4 &&
               w.second.names.count == 3,
           "what is named is set, the rest stays");
    vxg_free(kept);
    for (int64_t fail = 0;; fail++) { /* every request for memory fails once */
        const whole same = w;
        vxg_alloc_fail_at(fail);
        const int status = vxg_options_read(
            WHOLE, &w, "{\"shells\": [1, 2], \"second\": {\"names\": [\"a\"]}}", "t", &kept);
        vxg_alloc_fail_at(-1);
        if (!status) break;
        CHECK(status == VXG_ERR_MEMORY && !memcmp(&w, &same, sizeof w), "%d at %d: %s", status,
              (int)fail, vxg_error_message());
    }
    vxg_free(kept);
    vxg_options_free(WHOLE, &w);
}

/* Damaged texts: read or refused with words, all or nothing, no memory left. Case i depends on i.
 */
TEST(damaged)
{
    static const char letters[] = "={}[]\":,.#\\u0019-e \n\t\xc3";
    char *text[2] = {NULL, NULL};
    int taken = 0;
    whole w;
    fill_whole(&w);
    for (int form = 0; form < 2; form++)
        CHECK_OK(vxg_options_write(WHOLE, &w, (vxg_options_form)form, &text[form]));
    vxg_options_free(WHOLE, &w);
    const int64_t alive = vxg_alloc_live();
    for (uint32_t i = 0; i < 20000; i++) {
        const uint32_t key[2] = {7, i}, counter[4] = {0};
        uint32_t r[4];
        char copy[600], *kept;
        vxg_philox(counter, key, r);
        snprintf(copy, sizeof copy, "%s", text[i % 2]);
        const size_t n = strlen(copy), at = r[0] % n;
        if (r[1] % 3 == 0) {
            copy[at] = letters[r[2] % (sizeof letters - 1)];
        } else if (r[1] % 3 == 1) {
            memmove(copy + at, copy + at + 1, n - at);
        } else {
            copy[at] = 0;
        }
        const whole zeros = {0};
        whole read = {0};
        const int status = vxg_options_read(WHOLE, &read, copy, "t", &kept);
        EXPECT(status == 0 || (status == VXG_ERR_INPUT && !strncmp(vxg_error_message(), "t: ", 3) &&
                               !memcmp(&read, &zeros, sizeof read)),
               "case %u: %d: %s in\n%s", i, status, vxg_error_message(), copy);
        taken += !status;
        vxg_free(kept);
        vxg_options_free(WHOLE, &read);
        CHECK(vxg_alloc_live() == alive, "case %u: memory is left by\n%s", i, copy);
    }
    EXPECT(taken > 1000 && taken < 19000, "%d of 20000 are taken", taken);
    vxg_free(text[0]), vxg_free(text[1]);
}

/* What no text can say is refused by name when it is written. */
TEST(unwritable)
{
    options o = {.kind = 7, .whole = 1};
    whole w = {.size = {0, NAN, 0}};
    char *text;
    EXPECT(vxg_options_write(table, ROWS, &o, VXG_OPTIONS_JSON, &text) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "save-format") && !text,
           "%s", vxg_error_message());
    o.kind = 0, o.real = INFINITY;
    EXPECT(vxg_options_write(table, ROWS, &o, VXG_OPTIONS_LINES, &text) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "center"),
           "%s", vxg_error_message());
    EXPECT(vxg_options_write(WHOLE, &w, VXG_OPTIONS_LINES, &text) == VXG_ERR_ARGUMENT, "NaN");
    w.size[1] = 0, w.begin = 5, w.end = 4;
    EXPECT(vxg_options_write(WHOLE, &w, VXG_OPTIONS_LINES, &text) == VXG_ERR_ARGUMENT, "5:4");
}

/* ---- Every type without bounds ---- */
typedef struct loose {
    int whole, few[3], flag, kind;
    double real, bounded;
    int64_t wide, span[2];
    vxg_range range;
    vxg_numbers numbers;
    vxg_ranges ranges;
    vxg_words words;
    const char *text;
    part inner;
} loose;
static const vxg_option loose_rows[] = {
    {ROW("whole", VXG_OPT_INT, loose, whole), .letter = 'q'},
    {ROW("few", VXG_OPT_INT, loose, few), .count = 3},
    {ROW("flag", VXG_OPT_FLAG, loose, flag)},
    {ROW("kind", VXG_OPT_CHOICE, loose, kind), .choices = "x|y|z", .fallback = "x"},
    {ROW("real", VXG_OPT_REAL, loose, real)},
    {ROW("bounded", VXG_OPT_REAL, loose, bounded), .min = -5, .max = 5},
    {ROW("wide", VXG_OPT_INT64, loose, wide)},
    {ROW("span", VXG_OPT_SPAN, loose, span)},
    {ROW("range", VXG_OPT_RANGE, loose, range)},
    {ROW("numbers", VXG_OPT_NUMBERS, loose, numbers)},
    {ROW("ranges", VXG_OPT_RANGES, loose, ranges)},
    {ROW("words", VXG_OPT_WORDS, loose, words)},
    {ROW("text", VXG_OPT_TEXT, loose, text)},
    {ROW("g", VXG_OPT_GROUP, loose, inner), PART},
};
#define LOOSE loose_rows, (int)(sizeof loose_rows / sizeof *loose_rows)
#define MOST ((int64_t)1 << 53)

static void refused(const loose *s, int json, const char *name) {
    char *text = NULL;
    EXPECT(vxg_options_write(LOOSE, s, (vxg_options_form)json, &text) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), name) && !text,
           "%s, form %d: %s", name, json, text ? text : vxg_error_message());
    vxg_free(text);
}

/* What reading would refuse or change is not written, in neither form. */
TEST(comes_back)
{
    double tiny[] = {1, 5e-324};
    vxg_range holes[] = {{1, 2, 0, 1}, {5, 5, 0, 0}, {7, INFINITY, 2, 1}}, none = {0};
    const struct {
        loose s;
        const char *name;
    } cases[] = {
        {{.range = {5, 3, 0, 1}}, "range"},
        {{.range = {1, 3, -1, 1}}, "range"},
        {{.range = {1, -INFINITY, 0, 1}}, "range"},
        {{.range = {-INFINITY, 1, 0, 1}}, "range"},
        {{.range = {3, 3, 2, 1}}, "range"},
        {{.bounded = 7}, "bounded"},
        {{.real = 5e-324}, "real"},
        {{.whole = -2147483647 - 1}, "whole"},
        {{.few = {1, -2147483647 - 1, 3}}, "few"},
        {{.kind = 3}, "kind"},
        {{.kind = -1}, "kind"},
        {{.wide = MOST + 1}, "wide"},
        {{.wide = INT64_MIN}, "wide"},
        {{.span = {3, 3}}, "span"},
        {{.span = {-1, 3}}, "span"},
        {{.span = {1, MOST + 1}}, "span"},
        {{.numbers = {2, tiny}}, "numbers"},
        {{.ranges = {3, holes}}, "ranges"},
        {{.ranges = {1, &none}}, "ranges"},
        {{.inner = {.weight = 10}}, "g.weight"},
    };
    const int64_t alive = vxg_alloc_live();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int json = 0; json < 2; json++) refused(&cases[i].s, json, cases[i].name);
    EXPECT(vxg_alloc_live() == alive, "memory is left");
}

/* Bytes that are no characters: a name of a file may have them, JSON may not. */
TEST(bytes)
{
    char latin[] = "a\xff\xfe b", *word[] = {latin};
    const loose with_text = {.text = latin}, with_word = {.words = {1, word}};
    for (int i = 0; i < 2; i++) {
        const loose *a = i ? &with_word : &with_text;
        loose b = {0};
        char *text = NULL, *kept = NULL;
        refused(a, 1, i ? "words" : "text");
        CHECK_OK(vxg_options_write(LOOSE, a, VXG_OPTIONS_LINES, &text));
        CHECK_OK(vxg_options_read(LOOSE, &b, text, "t", &kept));
        const char *got = i ? b.words.value[0] : b.text;
        EXPECT(!strcmp(got, latin), "'%s'", got);
        vxg_options_free(LOOSE, &b);
        vxg_free(text), vxg_free(kept);
    }
}

/* The ends of what texts can set do come back. */
TEST(far_ends)
{
    double numbers[] = {1e308, -0.0, 2.2250738585072014e-308, 0.1};
    vxg_range ranges[] = {{1, INFINITY, 0.5, 1}, {-5, -5, 0, 1}};
    const loose a = {.whole = -2147483647,
                     .wide = -MOST,
                     .span = {MOST - 1, MOST},
                     .flag = 2,
                     .real = -1e308,
                     .numbers = {4, numbers},
                     .ranges = {2, ranges}};
    for (int json = 0; json < 2; json++) {
        loose b = {0};
        char *text = NULL, *kept = NULL;
        CHECK_OK(vxg_options_write(LOOSE, &a, (vxg_options_form)json, &text));
        CHECK_OK(vxg_options_read(LOOSE, &b, text, "t", &kept));
        EXPECT(b.whole == a.whole && b.wide == a.wide && b.flag == 1 && b.real == a.real &&
                   !memcmp(b.span, a.span, sizeof a.span),
               "numbers of\n%s", text);
        EXPECT(b.numbers.count == 4 && !memcmp(b.numbers.value, numbers, sizeof numbers) &&
                   b.ranges.count == 2 && !memcmp(b.ranges.value, ranges, sizeof ranges),
               "lists of\n%s", text);
        vxg_options_free(LOOSE, &b);
        vxg_free(text), vxg_free(kept);
    }
}

/* Whole numbers that doubles round, and numbers that are none of theirs, in true words. */
TEST(too_large)
{
    static const char *const bad[][2] = {
        {"wide = 9007199254740993", "(at most 2^53)"},
        {"wide = -9007199254740993", "(at most 2^53)"},
        {"wide = 9.007199254740993e15", "(at most 2^53)"},
        {"wide = 9007199254740992.5", "(at most 2^53)"},
        {"{\"wide\": 9007199254740993}", "(at most 2^53)"},
        {"wide = 1e16", "(at most 2^53)"},
        {"span = 1:9007199254740993", "up to 2^53"},
        {"span = 9007199254740993:", "up to 2^53"},
        {"span = 9007199254740992", "up to 2^53"},
        {"whole = 2147483648", "whole: '2147483648' is not a whole number (at most 2147483647)"},
        {"{\"whole\": 1e400}", "whole: '1e400' is not a whole number (at most 2147483647)"},
        {"few = 1,1e400,2", "(at most 2147483647)"},
        {"{\"real\": 1e400}", "real: '1e400' is not a number (0 or in size"},
        {"{\"numbers\": [1, 5e-324]}", "(0 or in size from 2.3e-308"},
        {"{\"g.weight\": 1}", "g.weight: in JSON a group is an object"},
        {"{\"g.weigth\": 1}", "unknown option g.weigth (did you mean g.weight?)"},
        {"real = x", "real: 'x' is not a number"},
    };
    loose s = {0};
    char *kept = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        EXPECT(vxg_options_read(LOOSE, &s, bad[i][0], "t", &kept) == VXG_ERR_INPUT &&
                   strstr(vxg_error_message(), bad[i][1]),
               "%s: %s", bad[i][0], vxg_error_message());
    CHECK_OK(vxg_options_set(LOOSE, &s, "wide", "0009007199254740992.00"));
    EXPECT(s.wide == MOST, "2^53");
    CHECK_OK(vxg_options_set(LOOSE, &s, "wide", "-9.007199254740992e15"));
    EXPECT(s.wide == -MOST, "-2^53");
    CHECK_OK(vxg_options_set(LOOSE, &s, "real", "9007199254740993"));
    EXPECT(s.real == (double)MOST, "a real number is rounded");
}

TEST(nulls)
{
    loose s = {.kind = 9};
    char text[8] = "before", *out = text;
    EXPECT(vxg_options_text(NULL, &s, text, sizeof text) < 0 && !*text &&
               strstr(vxg_error_message(), "NULL"),
           "row NULL: '%s'", text);
    EXPECT(vxg_options_text(loose_rows, NULL, text, sizeof text) < 0, "options NULL");
    EXPECT(vxg_options_text(NULL, NULL, NULL, 0) < 0, "all NULL");
    EXPECT(vxg_options_text(loose_rows, &s, NULL, 8) == 1, "a length without room");
    EXPECT(vxg_options_text(&loose_rows[3], &s, text, sizeof text) < 0 && !*text &&
               strstr(vxg_error_message(), "kind: 9 is none of x|y|z"),
           "'%s': %s", text, vxg_error_message());
    s.kind = 0;
    EXPECT(vxg_options_write(LOOSE, &s, (vxg_options_form)7, &out) == VXG_ERR_ARGUMENT && !out &&
               strstr(vxg_error_message(), "7 is no form"),
           "form 7: %s", vxg_error_message());
    EXPECT(vxg_options_check(loose_rows, -1) == VXG_ERR_ARGUMENT, "a negative count");
}

/* Names as long as a table may have them are not cut; longer ones, and tables without end, are
 * refused. */
#define FORTY "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
TEST(long_names)
{
    vxg_option inner[] = {
        {.name = "cccccccccccc1", .type = VXG_OPT_INT, .help = "C."},
        {.name = "cccccccccccc2", .type = VXG_OPT_INT, .offset = sizeof(int), .help = "C."}};
    const vxg_option middle[] = {
        {.name = FORTY, .type = VXG_OPT_GROUP, .part = inner, .count = 2, .help = "B."}};
    const vxg_option outer[] = {
        {.name = FORTY, .type = VXG_OPT_GROUP, .part = middle, .count = 1, .help = "A."}};
    CHECK_OK(vxg_options_check(outer, 1)); /* 95 letters */
    for (int json = 0; json < 2; json++) {
        const int a[2] = {5, 6};
        int b[2] = {0};
        char *text = NULL, *kept = NULL;
        CHECK_OK(vxg_options_write(outer, 1, a, (vxg_options_form)json, &text));
        CHECK_OK(vxg_options_read(outer, 1, b, text, "t", &kept));
        EXPECT(b[0] == 5 && b[1] == 6, "%d %d of\n%s", b[0], b[1], text);
        vxg_free(text), vxg_free(kept);
        inner[1].name = "cccccccccccc22";
        EXPECT(vxg_options_write(outer, 1, a, (vxg_options_form)json, &text) == VXG_ERR_ARGUMENT,
               "a name that is cut is written");
        inner[1].name = "cccccccccccc2";
    }
    inner[1].name = "cccccccccccc22";
    EXPECT(vxg_options_check(outer, 1) == VXG_ERR_ARGUMENT &&
               strstr(vxg_error_message(), "95 letters"),
           "%s", vxg_error_message());
    CHECK_OK(vxg_options_check(middle, 1));
    vxg_option self = {.name = "s", .type = VXG_OPT_GROUP, .count = 1, .help = "S."};
    self.part = &self;
    EXPECT(vxg_options_check(&self, 1) == VXG_ERR_ARGUMENT && strstr(vxg_error_message(), "32"),
           "%s", vxg_error_message());
}

/* A table of another library, found by its name from then on. */
TEST(registered)
{
    static const vxg_option broken[] = {{.name = "a.b", .type = VXG_OPT_INT, .help = "Dots."}};
    int n = 0;
    CHECK_OK(vxg_option_register("test_whole", WHOLE));
    CHECK_OK(vxg_option_register("test_whole", WHOLE));
    EXPECT(vxg_option_table("test_whole", &n) == whole_rows && n == 8, "%d rows", n);
    int found = 0;
    for (int i = 0; vxg_option_table_name(i); i++)
        found += !strcmp(vxg_option_table_name(i), "test_whole");
    EXPECT(found == 1, "%d times by index", found);
    EXPECT(vxg_option_register("test_whole", part_rows, 2) == VXG_ERR_ARGUMENT, "another one");
    EXPECT(vxg_option_register("vxg_ct_fdk_opts", part_rows, 2) == VXG_ERR_ARGUMENT, "the core's");
    EXPECT(vxg_option_register("broken", broken, 1) == VXG_ERR_ARGUMENT &&
               !vxg_option_table("broken", NULL),
           "a name with a dot");
    EXPECT(vxg_option_register(NULL, part_rows, 2) == VXG_ERR_ARGUMENT, "no name");
}

TEST_MAIN("base_options", T(defaults), T(values), T(refusals), T(suggestions), T(open_ranges),
          T(text_round_trip), T(broken_tables), T(lists), T(list_refusals), T(whole_round_trip),
          T(reading), T(damaged), T(unwritable), T(comes_back), T(bytes), T(far_ends), T(too_large),
          T(nulls), T(long_names), T(registered))
