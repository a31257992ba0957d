/* Reports: a page is well-formed whatever the texts, pictures and curves in it are what was given,
 * what is left out is said. */
#include "io_test.h"

/* ---- The page read here: elements that close, attributes in quotes, references, letters ---- */
static char wrong[200]; /* why a page is not well-formed */
static int bad(const char *why, const char *at) {
    snprintf(wrong, sizeof wrong, "%s at '%.60s'", why, at);
    return 0;
}

static int is_reference(const char *s) {
    static const char *const names[] = {"&lt;", "&gt;", "&amp;", "&quot;", "&#39;"};
    for (int i = 0; i < 5; i++)
        if (!strncmp(s, names[i], strlen(names[i]))) return 1;
    return 0;
}

/* Letters up to any of `stops`. */
static const char *text_of(const char *s, const char *stops) {
    while (*s && !strchr(stops, *s)) {
        const int n = vxg_utf8_length(s);
        const unsigned char c = (unsigned char)*s;
        if (!n || (n == 1 && c < ' ' && c != '\n' && c != '\t') || c == 127) return NULL;
        if (*s == '&' && !is_reference(s)) return NULL;
        s += n;
    }
    return s;
}

static const char *attributes_of(const char *s) {
    while (*s == ' ') {
        s += 1 + strspn(s + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");
        if (strncmp(s, "=\"", 2) != 0) return NULL;
        if (!(s = text_of(s + 2, "\"<")) || *s != '"') return NULL;
        s++;
    }
    return s;
}

/* Elements from s on up to the end of the one they lie in. */
static int well_formed(const char *page) {
    enum { MOST = 64 };
    char open[MOST][24];
    int depth = 0;
    const char *s = page;
    if (strncmp(s, "<!DOCTYPE html>\n", 16) != 0) return bad("no document type", s);
    for (s += 16; *s;) {
        const char *tag = s + 1, *next;
        if (*s != '<') {
            if (!(next = text_of(s, "<"))) return bad("a text", s);
            s = next;
            continue;
        }
        const int end = *tag == '/';
        tag += end;
        const size_t n = strcspn(tag, " />\n");
        if (n == 0 || n > 20 || !(next = attributes_of(tag + n))) return bad("an element", s);
        if (end) {
            if (!depth || strncmp(open[--depth], tag, n) || open[depth][n])
                return bad("an end without a beginning", s);
        } else if (*next == '>') {
            if (depth == MOST) return bad("too deep", s);
            snprintf(open[depth++], sizeof open[0], "%.*s", (int)n, tag);
        } else if (*next++ != '/') {
            return bad("an element", s);
        }
        if (*next != '>') return bad("an element", s);
        s = next + 1;
    }
    return depth ? bad("no end", open[depth - 1]) : 1;
}

static vxg_report *made(const char *title) {
    vxg_report *r = NULL;
    return vxg_report_new(title, &r) ? NULL : r;
}
/* The page of a report, which ends; vxg_free it. */
static char *page_of(vxg_report *r) {
    char *text = NULL;
    const int status = vxg_report_html(r, &text);
    vxg_report_free(r);
    return status ? NULL : text;
}
static int count(const char *text, const char *word) {
    int n = 0;
    for (; (text = strstr(text, word)); text += strlen(word)) n++;
    return n;
}

/* ---- Texts ---- */
TEST(escapes)
{
    static const char odd[] =
        "<b a=\"1\">&amp; 'x'\x01\x7f\xff\xc3\xa4\xed\xa0\x80\xef\xbf\xbf\xc2\x85";
    static const char plain[] =
        "&lt;b a=&quot;1&quot;&gt;&amp;amp; &#39;x&#39;\\x01\\x7f\\xff\xc3\xa4\\xed\\xa0\\x80"
        "\\xef\\xbf\\xbf\\xc2\\x85";
    const vxg_attribute rows[] = {{odd, odd}};
    const double x[] = {1, 2}, seconds[] = {1};
    const vxg_curve c = {.x = x, .y = x, .n = 2, .label = odd, .mark = NAN};
    const char *const names[] = {odd};
    vxg_picture pic;
    vxg_report *r = made(odd);
    CHECK(r, "no report");
    CHECK_OK(vxg_picture_new(3, 2, 1, &pic));
    CHECK_OK(vxg_report_section(r, odd));
    CHECK_OK(vxg_report_paragraph(r, odd));
    CHECK_OK(vxg_report_code(r, odd));
    CHECK_OK(vxg_report_warning(r, odd));
    CHECK_OK(vxg_report_table(r, rows, 1));
    CHECK_OK(vxg_report_picture(r, &pic, odd, 0, 1, odd));
    CHECK_OK(vxg_report_stages(r, names, seconds, 1));
    CHECK_OK(vxg_report_chart(r, &c, 1, odd, odd, odd, 0));
    char *page = page_of(r);
    CHECK(page, "%s", vxg_error_message());
    EXPECT(well_formed(page), "%s", wrong);
    /* title and h1, heading, p, pre, warning, th, td, alt, caption, unit, stage, of the chart
     * title and both labels twice, legend */
    EXPECT(count(page, plain) == 19, "the text stands there %d times", count(page, plain));
    vxg_free(page);
    vxg_picture_free(&pic);
}

TEST(letters)
{
    /* what may stand, and what neither XML nor HTML has */
    static const struct {
        const char *text, *shown;
    } cases[] = {{"\xe2\x82\xac \xf0\x9f\x98\x80", "\xe2\x82\xac \xf0\x9f\x98\x80"},
                 {"\xef\xb7\x90", "\\xef\\xb7\\x90"},
                 {"\xef\xb7\xb0", "\xef\xb7\xb0"},
                 {"\xf0\x9f\xbf\xbe", "\\xf0\\x9f\\xbf\\xbe"},
                 {"\xf0\x9f\xbe\xbe", "\xf0\x9f\xbe\xbe"},
                 {"\xc2\xa0", "\xc2\xa0"},
                 {"a\tb\nc", "a\tb\nc"},
                 {"a\rb", "a\\x0db"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char want[64];
        vxg_report *r = made("t");
        CHECK_OK(vxg_report_paragraph(r, cases[i].text));
        char *page = page_of(r);
        snprintf(want, sizeof want, "<p>%s</p>", cases[i].shown);
        CHECK(page, "%s", vxg_error_message());
        EXPECT(strstr(page, want), "case %d", (int)i);
        EXPECT(well_formed(page), "case %d: %s", (int)i, wrong);
        vxg_free(page);
    }
}

/* Nothing of a page asks for anything outside it. */
TEST(alone)
{
    vxg_report *r = made("t");
    CHECK_OK(vxg_report_section(r, "a"));
    CHECK_OK(vxg_report_chart(r, NULL, 0, "t", "x", "y", 0));
    char *page = page_of(r);
    CHECK(page, "%s", vxg_error_message());
    EXPECT(!strstr(page, "<script") && !strstr(page, "<link") && !strstr(page, "url(") &&
               !strstr(page, "@import") && !strstr(page, " on"),
           "a script or another file");
    for (const char *s = page; (s = strstr(s, "http")); s += 4)
        EXPECT(!strncmp(s, "http://www.w3.org/2000/svg\"", 27) || !strncmp(s, "http-equiv", 10),
               "leads out: %.40s", s);
    EXPECT(strstr(page, "<html lang=\"en\">") && strstr(page, "prefers-color-scheme:dark") &&
               strstr(page, "default-src &#39;none&#39;"),
           "no language, no dark colours or no policy");
    vxg_free(page);
}

/* ---- Pictures ---- */
static int value_of(char c) {
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(letters, c) : NULL;
    return at ? (int)(at - letters) : -1;
}
/* The bytes of the first picture in a page; their number, or 0. */
static size_t decode(const char *page, uint8_t *out, size_t room) {
    const char *s = strstr(page, "data:image/png;base64,");
    size_t n = 0;
    for (s = s ? s + 22 : ""; value_of(s[0]) >= 0 && n + 3 < room; s += 4) {
        const int a = value_of(s[0]), b = value_of(s[1]), c = value_of(s[2]), d = value_of(s[3]);
        if (b < 0 || (c < 0 && (s[2] != '=' || s[3] != '=')) || (d < 0 && s[3] != '=')) return 0;
        out[n++] = (uint8_t)(a << 2 | b >> 4);
        if (c >= 0) out[n++] = (uint8_t)(b << 4 | c >> 2);
        if (d >= 0) out[n++] = (uint8_t)(c << 6 | d);
    }
    return n;
}

/* The picture in the page is the PNG file, byte for byte, whatever its length. */
TEST(pictures)
{
    int rests = 0;
    for (int width = 1; width <= 24; width++) {
        vxg_picture pic;
        uint8_t got[4096];
        size_t n = 0;
        char size[64];
        CHECK_OK(vxg_picture_new(width, 5, 1, &pic));
        for (int i = 0; i < 5 * width; i++) pic.pixels[i] = (uint8_t)(i * i * 37);
        CHECK_OK(vxg_picture_write_png(&pic, at("p.png"), NULL, 0, 1));
        vxg_report *r = made("t");
        CHECK_OK(vxg_report_picture(r, &pic, "caption", -0.5, 1e-7, "1/mm"));
        char *page = page_of(r);
        CHECK(page, "%s", vxg_error_message());
        uint8_t *file = slurp(at("p.png"), &n);
        EXPECT(decode(page, got, sizeof got) == n && !memcmp(got, file, n), "width %d: other bytes",
               width);
        rests |= 1 << n % 3;
        const int most = width > 5 ? width : 5, factor = (256 + most - 1) / most;
        snprintf(size, sizeof size, "class=\"pixels\" width=\"%d\" height=\"%d\"", width * factor,
                 5 * factor);
        EXPECT(strstr(page, size), "width %d: not %s", width, size);
        EXPECT(strstr(page, "black -0.5, white 1e-7 1/mm") && well_formed(page), "%s", wrong);
        free(file);
        vxg_free(page);
        vxg_picture_free(&pic);
    }
    EXPECT(rests == 7, "not every rest of 3: %d", rests);
}

/* The beginning of every PNG file, as RFC 4648 writes it. */
TEST(base64)
{
    vxg_picture pic;
    vxg_report *r = made("t");
    CHECK_OK(vxg_picture_new(300, 2, 3, &pic));
    CHECK_OK(vxg_report_picture(r, &pic, "", NAN, 1, NULL));
    vxg_picture_free(&pic);
    char *page = page_of(r);
    CHECK(page, "%s", vxg_error_message());
    EXPECT(strstr(page, "base64,iVBORw0KGgoAAAANSUhEUgAAASwAAAACCA"), "other letters");
    EXPECT(strstr(page, "class=\"fine\" width=\"300\" height=\"2\"") && !strstr(page, "black"),
           "a range where there is none, or enlarged");
    vxg_free(page);
}

TEST(gray)
{
    const float data[6] = {0, 1, 2, 3, NAN, 5};
    vxg_picture pic;
    CHECK_OK(vxg_picture_gray(data, 2, 3, 0, 5, 0, 0, &pic));
    EXPECT(pic.width == 3 && pic.height == 2 && pic.channels == 1, "another size");
    static const uint8_t want[6] = {0, 51, 102, 153, 0, 255};
    EXPECT(!memcmp(pic.pixels, want, 6), "other shades");
    vxg_picture_free(&pic);
    const float four[4] = {0, 2, 4, 6};
    CHECK_OK(vxg_picture_gray(four, 1, 4, 0, 6, 2, 1, &pic));
    EXPECT(pic.pixels[0] == 43 && pic.pixels[1] == 213, "means are %d and %d", pic.pixels[0],
           pic.pixels[1]);
    vxg_picture_free(&pic);
    EXPECT(vxg_picture_gray(data, 2, 3, 1, 1, 0, 0, &pic) == VXG_ERR_ARGUMENT, "an empty window");
    EXPECT(vxg_picture_gray(data, 0, 3, 0, 1, 0, 0, &pic) == VXG_ERR_ARGUMENT, "no rows");
    EXPECT(vxg_picture_gray(NULL, 2, 3, 0, 1, 0, 0, &pic) == VXG_ERR_ARGUMENT, "no data");
}

/* ---- Charts ---- */
typedef struct ruler { /* value = a + b * place, from the outermost ticks of an axis */
    double a, b;
    int ticks;
} ruler;
static double log_or_not(double v, int is_log) {
    return is_log ? log10(v) : v;
}
static ruler ruler_of(const char *page, int y, int is_log) {
    const char *kind = y ? "class=\"end tick\"" : "class=\"middle tick\"";
    double place[2] = {0}, value[2] = {0};
    ruler r = {0};
    for (const char *s = page; (s = strstr(s, kind)); s++) {
        const double at = strtod(strstr(s, y ? " y=\"" : " x=\"") + 4, NULL) - (y ? 4.5 : 0);
        const int k = r.ticks++ > 0;
        place[k] = at, value[k] = log_or_not(strtod(strchr(s, '>') + 1, NULL), is_log);
    }
    r.b = (value[1] - value[0]) / (place[1] - place[0]), r.a = value[0] - r.b * place[0];
    return r;
}

/* Every drawn point lies where the axes say. */
static void points_are(const double *x, const double *y, int n, int flags) {
    const vxg_curve c = {.x = x, .y = y, .n = n, .label = "curve", .mark = NAN};
    vxg_report *r = made("t");
    CHECK_OK(vxg_report_chart(r, &c, 1, "title", "x [1]", "y [mm]", flags));
    char *page = page_of(r);
    CHECK(page && well_formed(page), "%s", wrong);
    const ruler across = ruler_of(page, 0, flags & VXG_REPORT_LOG_X);
    const ruler up = ruler_of(page, 1, flags & VXG_REPORT_LOG_Y);
    EXPECT(across.ticks >= 3 && across.ticks <= 16 && up.ticks >= 3 && up.ticks <= 16,
           "%d and %d ticks", across.ticks, up.ticks);
    int k = 0;
    for (const char *s = page; (s = strstr(s, "<polyline ")); s++)
        for (char *p = (char *)(uintptr_t)(strstr(s, "points=\"") + 8); *p != '"' && k < n; k++) {
            while (k < n && !(isfinite(x[k]) && isfinite(y[k]) &&
                              isfinite(log_or_not(y[k], flags & VXG_REPORT_LOG_Y))))
                k++;
            const double px = strtod(p + (*p == ' '), &p), py = strtod(p + 1, &p);
            const double gx = across.a + across.b * px, gy = up.a + up.b * py;
            const double wx = log_or_not(x[k], flags & VXG_REPORT_LOG_X);
            const double wy = log_or_not(y[k], flags & VXG_REPORT_LOG_Y);
            EXPECT(fabs(gx - wx) < 0.03 * fabs(across.b) && fabs(gy - wy) < 0.03 * fabs(up.b),
                   "point %d is at %g, %g, not %g, %g", k, gx, gy, wx, wy);
            EXPECT(px >= 0 && px <= 720 && py >= 0 && py <= 400, "point %d is outside", k);
        }
    EXPECT(k == n, "%d of %d points", k, n);
    EXPECT(!strstr(page, "nan") && !strstr(page, "inf,"), "a number that is none");
    vxg_free(page);
}

TEST(places)
{
    double x[100], y[100];
    for (int i = 0; i < 100; i++) x[i] = i + 1, y[i] = 3 * exp(-0.1 * i);
    points_are(x, y, 100, 0);
    points_are(x, y, 100, VXG_REPORT_LOG_Y);
    points_are(x, y, 100, VXG_REPORT_LOG_X | VXG_REPORT_LOG_Y);
    for (int i = 0; i < 100; i++) x[i] = 1e6 + i, y[i] = -1e-9 * i;
    points_are(x, y, 100, 0);
    for (int i = 0; i < 100; i++) y[i] = 0.93 + 1e-3 * i; /* less than a decade */
    points_are(x, y, 100, VXG_REPORT_LOG_Y);
    for (int i = 0; i < 100; i++) y[i] = pow(10, -0.6 * i); /* sixty of them */
    points_are(x, y, 100, VXG_REPORT_LOG_Y);
    y[3] = NAN, y[50] = INFINITY, y[99] = 1;
    points_are(x, y, 100, VXG_REPORT_LOG_Y);
}

TEST(left_out)
{
    const double x[6] = {1, 2, 3, NAN, 5, 6}, y[6] = {1, NAN, -INFINITY, 1, 0, 2};
    const vxg_curve c[2] = {{.x = x, .y = y, .n = 6, .label = "a<b", .mark = NAN},
                            {.x = x, .y = x, .n = 1, .mark = INFINITY}};
    for (int flags = 0; flags < 3; flags += 2) {
        vxg_report *r = made("t");
        CHECK_OK(vxg_report_chart(r, c, 2, "t", "x", "y", flags));
        char *page = page_of(r);
        CHECK(page && well_formed(page), "%s", wrong);
        EXPECT(strstr(page, flags ? "a&lt;b: 4 of 6 points are left out, as they are not finite or "
                                    "not above 0 on a logarithmic axis."
                                  : "a&lt;b: 3 of 6 points are left out, as they are not finite."),
               "flags %d: not said", flags);
        EXPECT(count(page, "left out") == 1, "said of the other curve too");
        EXPECT(count(page, "<polyline ") == (flags ? 3 : 3), "%d lines", count(page, "<polyline "));
        vxg_free(page);
    }
}

/* Long curves keep their peaks. */
TEST(long_curves)
{
    enum { N = 100000 };
    double *x = calloc(N, sizeof *x), *y = calloc(N, sizeof *y);
    for (int i = 0; i < N; i++) x[i] = i, y[i] = i == 77777 ? 1 : i == 22222 ? -1 : 0;
    const vxg_curve c = {.x = x, .y = y, .n = N, .mark = 50000};
    vxg_report *r = made("t");
    CHECK_OK(vxg_report_chart(r, &c, 1, "t", "x", "y", 0));
    char *page = page_of(r);
    CHECK(page && well_formed(page), "%s", wrong);
    const char *points = strstr(page, "points=\"");
    const ruler up = ruler_of(page, 1, 0);
    double lo = 0, hi = 0;
    int n = 0;
    for (char *p = (char *)(uintptr_t)(points + 8); *p != '"'; n++) {
        (void)strtod(p + (*p == ' '), &p);
        const double v = up.a + up.b * strtod(p + 1, &p);
        lo = fmin(lo, v), hi = fmax(hi, v);
    }
    EXPECT(n <= 4096 && fabs(lo + 1) < 0.01 && fabs(hi - 1) < 0.01, "%d points from %g to %g", n,
           lo, hi);
    EXPECT(strstr(page, "class=\"mark k0\"") && strstr(page, ">50000<"), "no mark");
    vxg_free(page);
    free(x), free(y);
}

/* Nothing to show, and curves of one value. */
TEST(empty)
{
    const double one[1] = {5}, same[3] = {2, 2, 2}, zero[3] = {0}, none[2] = {NAN, NAN};
    const vxg_curve odd[] = {{.mark = NAN},
                             {.x = one, .y = one, .n = 1, .mark = NAN},
                             {.x = same, .y = same, .n = 3, .mark = NAN},
                             {.x = zero, .y = zero, .n = 3, .mark = NAN},
                             {.x = none, .y = none, .n = 2, .mark = NAN}};
    vxg_report *r = made("");
    CHECK_OK(vxg_report_table(r, NULL, 0));
    CHECK_OK(vxg_report_stages(r, NULL, NULL, 0));
    CHECK_OK(vxg_report_stages(r, (const char *const[]){"a"}, (const double[]){0}, 1));
    for (int flags = 0; flags < 4; flags++) {
        CHECK_OK(vxg_report_chart(r, NULL, 0, "", "", "", flags));
        for (int i = 0; i < 5; i++) CHECK_OK(vxg_report_chart(r, &odd[i], 1, "", "", "", flags));
    }
    CHECK_OK(vxg_report_section(r, ""));
    char *page = page_of(r);
    CHECK(page && well_formed(page), "%s", wrong);
    EXPECT(!strstr(page, "nan") && !strstr(page, "inf") && count(page, "<svg class=\"bar\"") == 1,
           "a number that is none");
    vxg_free(page);
}

TEST(stages)
{
    static const char *const names[] = {"read", "compute", "write"};
    vxg_report *r = made("t");
    CHECK_OK(vxg_report_stages(r, names, (const double[]){1, 2.5, 0.5}, 3));
    char *page = page_of(r);
    CHECK(page && well_formed(page), "%s", wrong);
    EXPECT(strstr(page, "read</th><td>1.000</td><td>25.0 %</td>") &&
               strstr(page, "class=\"share\" width=\"125.00\"") &&
               strstr(page, "all</th><td>4.000</td><td>100.0 %</td>"),
           "other shares");
    vxg_free(page);
}

/* ---- Refused ---- */
TEST(refused)
{
    const double nan[1] = {NAN}, below[1] = {-1};
    const char *const names[] = {"a", NULL};
    const vxg_attribute no_text[] = {{"a", NULL}};
    const vxg_curve no_x = {.n = 2}, other = {.size = 8};
    vxg_picture empty = {0};
    char *before = NULL, *after = NULL;
    vxg_report *r = NULL;
    EXPECT(vxg_report_new(NULL, &r) == VXG_ERR_ARGUMENT, "no title");
    EXPECT(vxg_report_new("t", NULL) == VXG_ERR_ARGUMENT, "no out");
    CHECK_OK(vxg_report_new("t", &r));
    CHECK_OK(vxg_report_html(r, &before));
#define BAD(call) EXPECT((call) == VXG_ERR_ARGUMENT, "%s", #call)
    BAD(vxg_report_section(r, NULL));
    BAD(vxg_report_section(NULL, "a"));
    BAD(vxg_report_paragraph(r, NULL));
    BAD(vxg_report_paragraph(NULL, "a"));
    BAD(vxg_report_code(r, NULL));
    BAD(vxg_report_warning(r, NULL));
    BAD(vxg_report_warning(NULL, "a"));
    BAD(vxg_report_table(r, NULL, 1));
    BAD(vxg_report_table(r, no_text, 1));
    BAD(vxg_report_table(r, no_text, -1));
    BAD(vxg_report_picture(r, NULL, "a", 0, 1, NULL));
    BAD(vxg_report_picture(r, &empty, "a", 0, 1, NULL));
    BAD(vxg_report_picture(r, &empty, NULL, 0, 1, NULL));
    BAD(vxg_report_stages(r, names, nan, 1));
    BAD(vxg_report_stages(r, names, below, 1));
    BAD(vxg_report_stages(r, names + 1, below, 1));
    BAD(vxg_report_stages(r, NULL, below, 1));
    BAD(vxg_report_chart(r, &no_x, 1, "t", "x", "y", 0));
    BAD(vxg_report_chart(r, &other, 1, "t", "x", "y", 0));
    BAD(vxg_report_chart(r, NULL, 1, "t", "x", "y", 0));
    BAD(vxg_report_chart(r, NULL, -1, "t", "x", "y", 0));
    BAD(vxg_report_chart(r, NULL, 0, NULL, "x", "y", 0));
    BAD(vxg_report_chart(r, NULL, 0, "t", "x", "y", 4));
    BAD(vxg_report_chart(NULL, NULL, 0, "t", "x", "y", 0));
    BAD(vxg_report_html(r, NULL));
    BAD(vxg_report_html(NULL, &after));
    CHECK_OK(vxg_report_html(r, &after));
    EXPECT(!strcmp(before, after), "what was refused stands in the page");
    vxg_free(before), vxg_free(after);
    vxg_report_free(r);
    vxg_report_free(NULL);
}

/* Once memory was wanting, no page comes of it: it would lack a part. */
TEST(spoilt)
{
    char *page = NULL, word[4000];
    vxg_report *r = made("t");
    memset(word, 'w', sizeof word - 1), word[sizeof word - 1] = 0;
    vxg_alloc_fail_at(0);
    const int status = vxg_report_paragraph(r, word);
    vxg_alloc_fail_at(-1);
    EXPECT(status == VXG_ERR_MEMORY, "status %d", status);
    EXPECT(vxg_report_paragraph(r, "a") == VXG_ERR_MEMORY, "it goes on");
    EXPECT(vxg_report_chart(r, NULL, 0, "t", "x", "y", 0) == VXG_ERR_MEMORY, "it goes on");
    EXPECT(vxg_report_html(r, &page) == VXG_ERR_MEMORY && !page, "a page came of it");
    vxg_report_free(r);
}

TEST_MAIN("io_report", T(escapes), T(letters), T(alone), T(pictures), T(base64), T(gray), T(places),
          T(left_out), T(long_curves), T(empty), T(stages), T(refused), T(spoilt))
