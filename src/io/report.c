/* Reports: pages of HTML that are XML too, from parts that are appended one after another. All that
 * comes from outside goes through vxg__report_escape; all numbers through the C locale. */
#include "io/report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- Texts ---- */

/* Whether the n bytes of one letter may stand in a page: XML and HTML leave out the control
 * characters behind ASCII and the numbers that Unicode keeps for no letter. */
static int may_stand(const unsigned char *s, int n) {
    if (n == 2) return !(s[0] == 0xc2 && s[1] < 0xa0);
    if (n == 3 && s[0] == 0xef && s[1] == 0xb7) return s[2] < 0x90 || s[2] > 0xaf;
    if (n == 3 && s[0] == 0xef && s[1] == 0xbf) return s[2] < 0xbe;
    /* the last two of every plane: U+nFFFE and U+nFFFF */
    if (n == 4) return !((s[1] & 0x0f) == 0x0f && s[2] == 0xbf && s[3] >= 0xbe);
    return n > 0;
}

void vxg__report_escape(vxg_text *t, const char *text) {
    for (int n; *text; text += n) {
        const unsigned char *s = (const unsigned char *)text;
        const char *name = s[0] == '<'    ? "&lt;"
                           : s[0] == '>'  ? "&gt;"
                           : s[0] == '&'  ? "&amp;"
                           : s[0] == '"'  ? "&quot;"
                           : s[0] == '\'' ? "&#39;"
                                          : NULL;
        n = vxg_utf8_length(text);
        if (name) {
            vxg__text_add(t, "%s", name);
        } else if (n == 1 && (s[0] >= ' ' || s[0] == '\n' || s[0] == '\t') && s[0] != 127) {
            vxg__text_append(t, text, 1);
        } else if (n > 1 && may_stand(s, n)) {
            vxg__text_append(t, text, (size_t)n);
        } else {
            vxg__text_add(t, "\\x%02x", s[0]);
            n = 1; /* what follows in the letter is no beginning of one, and shown so too */
        }
    }
}

void vxg__report_number(char *out, size_t size, double v, int digits) {
    vxg__format(out, size, "%.*g", digits, v);
    char *e = strchr(out, 'e');
    if (!e) return;
    char *to = e + 1, *from = e + 1;
    if (*from == '-') to++;
    from++;
    while (*from == '0' && from[1]) from++;
    memmove(to, from, strlen(from) + 1);
}

/* <tag class="kind">text</tag> */
static void element(vxg_text *t, const char *tag, const char *kind, const char *text) {
    vxg__text_add(t, kind ? "<%s class=\"%s\">" : "<%s>", tag, kind);
    vxg__report_escape(t, text);
    vxg__text_add(t, "</%s>", tag);
}

/* ---- Parts ---- */

static int usable(const vxg_report *r) {
    VXG_FAIL_IF(!r, VXG_ERR_ARGUMENT, "report is NULL");
    VXG_FAIL_IF(r->body.failed, VXG_ERR_MEMORY, "the report was spoilt by want of memory before");
    return VXG_OK;
}

static int done(const vxg_report *r) {
    return r->body.failed ? VXG_ERR_MEMORY : VXG_OK;
}

int vxg_report_new(const char *title, vxg_report **out) {
    VXG_FAIL_IF(!title || !out, VXG_ERR_ARGUMENT, "report: title or out is NULL");
    *out = NULL;
    vxg_report *r = vxg__calloc(1, sizeof *r);
    if (r) r->title = vxg__strdup(title);
    if (r && r->title) {
        *out = r;
        return VXG_OK;
    }
    vxg__free(r);
    return VXG_ERR_MEMORY;
}

void vxg_report_free(vxg_report *report) {
    if (!report) return;
    vxg__free(report->title);
    vxg__text_free(&report->body);
    vxg__free(report);
}

int vxg_report_section(vxg_report *report, const char *heading) {
    VXG_TRY(usable(report));
    VXG_FAIL_IF(!heading, VXG_ERR_ARGUMENT, "report: heading is NULL");
    vxg_text *t = &report->body;
    const int number = ++report->sections;
    if (report->in_section) vxg__text_add(t, "</section>\n");
    vxg__text_add(t, "<section aria-labelledby=\"s%d\">\n<h2 id=\"s%d\">", number, number);
    vxg__report_escape(t, heading);
    vxg__text_add(t, "</h2>\n");
    report->in_section = 1;
    return done(report);
}

static int plain_part(vxg_report *report, const char *tag, const char *kind, const char *text) {
    VXG_TRY(usable(report));
    VXG_FAIL_IF(!text, VXG_ERR_ARGUMENT, "report: text is NULL");
    element(&report->body, tag, kind, text);
    vxg__text_add(&report->body, "\n");
    return done(report);
}

int vxg_report_paragraph(vxg_report *report, const char *text) {
    return plain_part(report, "p", NULL, text);
}

int vxg_report_code(vxg_report *report, const char *text) {
    return plain_part(report, "pre", NULL, text);
}

int vxg_report_warning(vxg_report *report, const char *text) {
    VXG_TRY(usable(report));
    VXG_FAIL_IF(!text, VXG_ERR_ARGUMENT, "report: text is NULL");
    vxg__text_add(&report->body, "<p class=\"warning\"><strong>Warning:</strong> ");
    vxg__report_escape(&report->body, text);
    vxg__text_add(&report->body, "</p>\n");
    return done(report);
}

int vxg_report_table(vxg_report *report, const vxg_attribute *rows, int nrows) {
    VXG_TRY(usable(report));
    VXG_FAIL_IF(nrows < 0 || (nrows && !rows), VXG_ERR_ARGUMENT, "report: rows are NULL");
    for (int i = 0; i < nrows; i++)
        VXG_FAIL_IF(!rows[i].name || !rows[i].text, VXG_ERR_ARGUMENT,
                    "report: row %d has no name or no text", i);
    if (!nrows) return VXG_OK;
    vxg_text *t = &report->body;
    vxg__text_add(t, "<table>\n");
    for (int i = 0; i < nrows; i++) {
        vxg__text_add(t, "<tr><th scope=\"row\">");
        vxg__report_escape(t, rows[i].name);
        vxg__text_add(t, "</th><td>");
        vxg__report_escape(t, rows[i].text);
        vxg__text_add(t, "</td></tr>\n");
    }
    vxg__text_add(t, "</table>\n");
    return done(report);
}

/* ---- Pictures ---- */

static void add_base64(vxg_text *t, const vxg_text *bytes) {
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    enum { PART = 3 * 256 };
    const unsigned char *s = (const unsigned char *)bytes->s;
    char out[PART / 3 * 4];
    for (size_t i = 0; i < bytes->length; i += PART) {
        const size_t n = bytes->length - i < PART ? bytes->length - i : PART;
        size_t k = 0;
        for (size_t b = 0; b < n; b += 3) {
            const unsigned a = s[i + b], c = b + 1 < n ? s[i + b + 1] : 0;
            const unsigned d = b + 2 < n ? s[i + b + 2] : 0;
            out[k++] = letters[a >> 2];
            out[k++] = letters[(a & 3) << 4 | c >> 4];
            out[k++] = b + 1 < n ? letters[(c & 15) << 2 | d >> 6] : '=';
            out[k++] = b + 2 < n ? letters[d & 63] : '=';
        }
        vxg__text_append(t, out, k);
    }
}

/* Pictures of few pixels are shown enlarged, each pixel a square. */
static int enlarged(const vxg_picture *pic) {
    enum { WANTED = 256 };
    const int64_t most = pic->width > pic->height ? pic->width : pic->height;
    return most >= WANTED ? 1 : (int)((WANTED + most - 1) / most);
}

static void gray_range(vxg_text *t, double lo, double hi, const char *unit) {
    char a[40], b[40];
    if (!isfinite(lo) || !isfinite(hi)) return;
    vxg__report_number(a, sizeof a, lo, 4);
    vxg__report_number(b, sizeof b, hi, 4);
    vxg__text_add(t, "<span class=\"range\">black %s, white %s%s", a, b, unit && *unit ? " " : "");
    if (unit) vxg__report_escape(t, unit);
    vxg__text_add(t, "</span>");
}

int vxg_report_picture(vxg_report *report, const vxg_picture *picture, const char *caption,
                       double lo, double hi, const char *unit) {
    vxg_text png = {0};
    VXG_TRY(usable(report));
    VXG_FAIL_IF(!picture || !caption, VXG_ERR_ARGUMENT, "report: picture or caption is NULL");
    const int status = vxg__png_text(picture, &png);
    if (status) {
        vxg__text_free(&png);
        return status;
    }
    vxg_text *t = &report->body;
    const int factor = enlarged(picture);
    vxg__text_add(
        t, "<figure class=\"picture\"><img class=\"%s\" width=\"%lld\" height=\"%lld\" alt=\"",
        factor > 1 ? "pixels" : "fine", (long long)picture->width * factor,
        (long long)picture->height * factor);
    vxg__report_escape(t, caption);
    vxg__text_add(t, "\" src=\"data:image/png;base64,");
    add_base64(t, &png);
    vxg__text_free(&png);
    vxg__text_add(t, "\"/><figcaption>");
    vxg__report_escape(t, caption);
    gray_range(t, lo, hi, unit);
    vxg__text_add(t, "</figcaption></figure>\n");
    return done(report);
}

/* ---- Stages ---- */

int vxg_report_stages(vxg_report *report, const char *const *names, const double *seconds,
                      int nstages) {
    double sum = 0;
    VXG_TRY(usable(report));
    VXG_FAIL_IF(nstages < 0 || (nstages && (!names || !seconds)), VXG_ERR_ARGUMENT,
                "report: names or seconds of stages are NULL");
    for (int i = 0; i < nstages; i++) {
        VXG_FAIL_IF(!names[i], VXG_ERR_ARGUMENT, "report: stage %d has no name", i);
        VXG_FAIL_IF(!(seconds[i] >= 0) || !isfinite(seconds[i]), VXG_ERR_ARGUMENT,
                    "report: stage %s took %g seconds", VXG_SHOW(names[i]), seconds[i]);
        sum += seconds[i];
    }
    if (!nstages) return VXG_OK;
    vxg_text *t = &report->body;
    vxg__text_add(t,
                  "<table class=\"stages\">\n<thead><tr><th scope=\"col\">stage</th><th "
                  "scope=\"col\">seconds</th><th scope=\"col\">share</th><td></td></tr></thead>\n"
                  "<tbody>\n");
    for (int i = 0; i < nstages; i++) {
        const double share = sum > 0 ? seconds[i] / sum : 0;
        vxg__text_add(t, "<tr><th scope=\"row\">");
        vxg__report_escape(t, names[i]);
        vxg__text_add(t,
                      "</th><td>%.3f</td><td>%.1f %%</td><td><svg class=\"bar\" "
                      "xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 200 10\" width=\"200\" "
                      "height=\"10\" aria-hidden=\"true\"><rect class=\"ground\" width=\"200\" "
                      "height=\"10\"/><rect class=\"share\" width=\"%.2f\" height=\"10\"/></svg>"
                      "</td></tr>\n",
                      seconds[i], 100 * share, 200 * share);
    }
    vxg__text_add(t,
                  "</tbody>\n<tfoot><tr><th scope=\"row\">all</th><td>%.3f</td><td>%s</td><td>"
                  "</td></tr></tfoot>\n</table>\n",
                  sum, sum > 0 ? "100.0 %" : "");
    return done(report);
}

/* ---- The page ---- */

/* No text of it holds < or &: as XML a style is text like any other. Colours of curves are those
 * that people with colour blindness tell apart (Okabe and Ito 2008), lighter ones on dark ground.
 */
static const char style[] =
    ":root{color-scheme:light dark;--ground:#fff;--ink:#1c2024;--faint:#5c656e;--line:#d5dade;"
    "--box:#f4f6f7;--warn:#fff4d6;--edge:#b97900;--c0:#0072b2;--c1:#c24e00;--c2:#007f5f;"
    "--c3:#b04a87;--c4:#a26a00;--c5:#2f7fb5}\n"
    "@media (prefers-color-scheme:dark){:root{--ground:#15181b;--ink:#e6e9eb;--faint:#a3abb2;"
    "--line:#3a4147;--box:#20252a;--warn:#3a2f12;--edge:#e0a32e;--c0:#5ab4ea;--c1:#ff8b45;"
    "--c2:#3ecfa4;--c3:#e594c6;--c4:#f0b53a;--c5:#8fcdf2}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif}\n"
    "main{max-width:64rem;margin:0 auto;padding:1.5rem 1.25rem 3rem}\n"
    "h1{font-size:1.6rem;line-height:1.25;margin:0 0 1rem;overflow-wrap:anywhere}\n"
    "h2{font-size:1.15rem;margin:2.25rem 0 .75rem;padding-bottom:.25rem;"
    "border-bottom:1px solid var(--line)}\n"
    "p{margin:.5rem 0;overflow-wrap:anywhere}\n"
    "pre{margin:.5rem 0;padding:.75rem 1rem;background:var(--box);border:1px solid var(--line);"
    "border-radius:6px;font:.9rem/1.45 ui-monospace,monospace;white-space:pre-wrap;"
    "overflow-wrap:anywhere}\n"
    ".warning{padding:.5rem .9rem;background:var(--warn);border-left:4px solid var(--edge);"
    "border-radius:0 6px 6px 0}\n"
    "table{border-collapse:collapse;margin:.5rem 0;max-width:100%;font-variant-numeric:"
    "tabular-nums}\n"
    "th,td{text-align:left;vertical-align:top;padding:.25rem 1.5rem .25rem 0;"
    "border-bottom:1px solid var(--line);overflow-wrap:anywhere}\n"
    "th{font-weight:500;color:var(--faint);min-width:8rem}\n"
    ".stages td{text-align:right;white-space:nowrap;padding-right:1.25rem}\n"
    ".stages thead th+th{text-align:right;padding-right:1.25rem;min-width:5rem}\n"
    ".bar{vertical-align:middle;max-width:100%}\n"
    ".ground{fill:var(--line)}.share{fill:var(--c0)}\n"
    "figure{margin:.75rem 0}\n"
    ".picture{display:inline-block;vertical-align:top;margin:.75rem 1.25rem .75rem 0;"
    "max-width:100%}\n"
    "img{display:block;max-width:100%;height:auto;background:#000;border-radius:3px}\n"
    ".pixels{image-rendering:pixelated}\n"
    "figcaption{margin-top:.35rem;font-size:.9rem;color:var(--faint);max-width:34rem}\n"
    ".range{display:block}\n"
    ".chart svg{display:block;width:100%;max-width:46rem;height:auto}\n"
    "text{fill:var(--ink);font:13px system-ui,sans-serif}\n"
    ".title{font-weight:600;font-size:15px}.middle{text-anchor:middle}.end{text-anchor:end}\n"
    ".grid{stroke:var(--line)}.axis{stroke:var(--faint)}line{stroke-width:1}\n"
    "polyline{fill:none;stroke-width:2;stroke-linejoin:round}\n"
    ".k0{stroke:var(--c0)}.k1{stroke:var(--c1);stroke-dasharray:7 3}"
    ".k2{stroke:var(--c2);stroke-dasharray:2 3}.k3{stroke:var(--c3);stroke-dasharray:9 3 2 3}"
    ".k4{stroke:var(--c4)}.k5{stroke:var(--c5);stroke-dasharray:7 3}\n"
    ".mark{stroke-dasharray:5 4}.key{display:inline-block;margin-right:1rem;color:var(--ink)}"
    ".key line{stroke-width:2}.key svg{vertical-align:middle}\n"
    ".p0{fill:var(--c0)}.p1{fill:var(--c1)}.p2{fill:var(--c2)}.p3{fill:var(--c3)}"
    ".p4{fill:var(--c4)}.p5{fill:var(--c5)}\n"
    "@media print{:root{--ground:#fff;--ink:#000;--faint:#333;--line:#bbb;--box:#f6f6f6}"
    "body{font-size:11pt}main{max-width:none;padding:0}h2{break-after:avoid}"
    "figure,pre,tr,.warning{break-inside:avoid}*{print-color-adjust:exact}}\n";

int vxg_report_html(const vxg_report *report, char **text) {
    vxg_text t = {0};
    VXG_TRY(usable(report));
    VXG_FAIL_IF(!text, VXG_ERR_ARGUMENT, "report: text is NULL");
    *text = NULL;
    vxg__text_add(
        &t,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src &#39;none&#39;; "
        "img-src data:; style-src &#39;unsafe-inline&#39;\"/>\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
        "<meta name=\"color-scheme\" content=\"light dark\"/>\n"
        "<meta name=\"generator\" content=\"voxgrad %s\"/>\n",
        vxg_version());
    element(&t, "title", NULL, report->title);
    vxg__text_add(&t, "\n<style>\n");
    vxg__text_append(&t, style, sizeof style - 1);
    vxg__text_add(&t, "</style>\n</head>\n<body>\n<main>\n");
    element(&t, "h1", NULL, report->title);
    vxg__text_add(&t, "\n");
    if (report->body.length) vxg__text_append(&t, report->body.s, report->body.length);
    vxg__text_add(&t, "%s</main>\n</body>\n</html>\n", report->in_section ? "</section>\n" : "");
    if (t.failed) {
        vxg__text_free(&t);
        return VXG_ERR_MEMORY;
    }
    *text = t.s;
    return VXG_OK;
}
