/* Charts of reports: curves as SVG inside the page. */
#include "io/report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WIDTH = 720, HEIGHT = 400, LEFT = 84, RIGHT = 20, TOP = 44, BOTTOM = 60 };
enum { COLOURS = 6, MOST_TICKS = 64, MOST_POINTS = 4096, DOTS_UP_TO = 60 };

/* A value on an axis: itself or its decimal logarithm. */
typedef struct axis {
    int log;
    double lo, hi;   /* on the axis, after the logarithm */
    double from, to; /* in the picture */
    int nticks;
    struct {
        double at; /* on the axis */
        char text[32];
    } tick[MOST_TICKS];
} axis;

typedef struct chart {
    axis x, y;
    const vxg_curve *curves;
    int n;
    const char *title, *xlabel, *ylabel;
    vxg_text *t;
    int number; /* of the chart in its page */
} chart;

/* ---- Which points there are ---- */
static int on_axis(const axis *a, double v, double *out) {
    *out = a->log ? log10(v) : v;
    return isfinite(v) && (!a->log || v > 0);
}
static int point(const chart *c, const vxg_curve *k, int64_t i, double p[2]) {
    const int x = on_axis(&c->x, k->x[i], &p[0]), y = on_axis(&c->y, k->y[i], &p[1]);
    return x && y;
}
static double place(const axis *a, double v) {
    return a->from + (v - a->lo) / (a->hi - a->lo) * (a->to - a->from);
}

/* ---- Ends of axes and their ticks ---- */
static void include(axis *a, double v) {
    a->lo = fmin(a->lo, v), a->hi = fmax(a->hi, v);
}

static void fit(axis *a, double margin) {
    if (!(a->lo <= a->hi)) a->lo = 0, a->hi = 1; /* nothing to show */
    double span = a->hi - a->lo;
    /* one value, or values that double precision hardly tells apart: room on both sides */
    const double least = 1e-12 * fmax(fabs(a->lo), fabs(a->hi));
    if (!(span > least)) {
        span = a->log ? 1 : fmax(fabs(a->lo), fabs(a->hi));
        if (!(span > 0)) span = 1;
        a->lo -= span / 2, a->hi += span / 2;
    }
    a->lo -= margin * span, a->hi += margin * span;
}

static void add_tick(axis *a, double at, double value, int digits) {
    if (a->nticks == MOST_TICKS || at < a->lo || at > a->hi) return;
    /* 20000 and not 2e4 */
    const double size = fabs(value);
    if (size >= 1 && size < 1e6 && digits < 1 + (int)log10(size)) digits = 1 + (int)log10(size);
    a->tick[a->nticks].at = at;
    vxg__report_number(a->tick[a->nticks].text, sizeof a->tick[0].text, value, digits);
    a->nticks++;
}

/* Steps of 1, 2 or 5 times a power of ten; with so many digits that neighbours differ. */
static void even_ticks(axis *a, int wanted) {
    const double lo = a->log ? pow(10, a->lo) : a->lo, hi = a->log ? pow(10, a->hi) : a->hi;
    const double raw = (hi - lo) / wanted, ten = pow(10, floor(log10(raw)));
    const double step = ten * (raw < 1.5 * ten   ? 1
                               : raw < 3.5 * ten ? 2
                               : raw < 7.5 * ten ? 5
                                                 : 10);
    const double most = fmax(fabs(lo), fabs(hi));
    int digits = 1 + (int)(floor(log10(most) + 1e-9) - floor(log10(step) + 1e-9));
    digits = digits < 1 ? 1 : digits > 15 ? 15 : digits;
    const double first = ceil(lo / step);
    for (int i = 0; i < MOST_TICKS && (first + i) * step <= hi; i++) {
        double v = (first + i) * step;
        if (fabs(v) < 1e-9 * step) v = 0; /* no "-0" */
        add_tick(a, a->log ? log10(v) : v, v, digits);
    }
}

/* Powers of ten, all or every second and so on; of short axes 1, 2 and 5 times them. */
static void log_ticks(axis *a, int wanted) {
    const double decades = a->hi - a->lo;
    const int every = decades > wanted ? (int)ceil(decades / wanted) : 1;
    for (double d = floor(a->lo); d <= a->hi; d++) {
        if (fmod(d, every) != 0) continue;
        add_tick(a, d, pow(10, d), 3);
        if (decades > 3) continue;
        add_tick(a, d + log10(2), 2 * pow(10, d), 3);
        add_tick(a, d + log10(5), 5 * pow(10, d), 3);
    }
    if (a->nticks >= 3 || decades > 3) return;
    a->nticks = 0; /* too short for them */
    even_ticks(a, wanted);
}

static void make_axes(chart *c) {
    int marks = 0;
    c->x.lo = c->y.lo = INFINITY, c->x.hi = c->y.hi = -INFINITY;
    c->x.from = LEFT, c->x.to = WIDTH - RIGHT, c->y.from = HEIGHT - BOTTOM, c->y.to = TOP;
    for (int k = 0; k < c->n; k++) {
        double p[2];
        for (int64_t i = 0; i < c->curves[k].n; i++)
            if (point(c, &c->curves[k], i, p)) include(&c->x, p[0]), include(&c->y, p[1]);
        if (on_axis(&c->x, c->curves[k].mark, p)) include(&c->x, p[0]), marks++;
    }
    fit(&c->x, 0.02);
    fit(&c->y, 0.05);
    c->y.hi += 0.06 * marks * (c->y.hi - c->y.lo); /* room for the marks' values */
    (c->x.log ? log_ticks : even_ticks)(&c->x, 8);
    (c->y.log ? log_ticks : even_ticks)(&c->y, 6);
}

/* ---- Drawing ---- */
static void line(vxg_text *t, const char *kind, double x0, double y0, double x1, double y1) {
    vxg__text_add(t, "<line class=\"%s\" x1=\"%.2f\" y1=\"%.2f\" x2=\"%.2f\" y2=\"%.2f\"/>\n", kind,
                  x0, y0, x1, y1);
}

static void words(vxg_text *t, const char *kind, double x, double y, int turned, const char *text) {
    vxg__text_add(t, "<text class=\"%s\" x=\"%.2f\" y=\"%.2f\"", kind, x, y);
    if (turned) vxg__text_add(t, " transform=\"rotate(-90 %.2f %.2f)\"", x, y);
    vxg__text_add(t, ">");
    vxg__report_escape(t, text);
    vxg__text_add(t, "</text>\n");
}

static void draw_axes(const chart *c) {
    const double right = WIDTH - RIGHT, bottom = HEIGHT - BOTTOM;
    vxg_text *t = c->t;
    for (int i = 0; i < c->x.nticks; i++) {
        const double at = place(&c->x, c->x.tick[i].at);
        line(t, "grid", at, TOP, at, bottom);
        words(t, "middle tick", at, bottom + 18, 0, c->x.tick[i].text);
    }
    for (int i = 0; i < c->y.nticks; i++) {
        const double at = place(&c->y, c->y.tick[i].at);
        line(t, "grid", LEFT, at, right, at);
        words(t, "end tick", LEFT - 8, at + 4.5, 0, c->y.tick[i].text);
    }
    line(t, "axis", LEFT, TOP, LEFT, bottom);
    line(t, "axis", LEFT, bottom, right, bottom);
    words(t, "middle title", 0.5 * (LEFT + right), 24, 0, c->title);
    words(t, "middle", 0.5 * (LEFT + right), HEIGHT - 14, 0, c->xlabel);
    words(t, "middle", 18, 0.5 * (TOP + bottom), 1, c->ylabel);
}

/* Points of one curve on the way into the page. A gap in the values is a gap in the line. */
typedef struct pen {
    const chart *c;
    int down;
} pen;
static void lift(pen *p) {
    if (p->down) vxg__text_add(p->c->t, "\"/>\n");
    p->down = 0;
}
static void go(pen *p, int colour, const double at[2]) {
    if (!p->down) vxg__text_add(p->c->t, "<polyline class=\"k%d\" points=\"", colour);
    vxg__text_add(p->c->t, "%s%.2f,%.2f", p->down ? " " : "", place(&p->c->x, at[0]),
                  place(&p->c->y, at[1]));
    p->down = 1;
}

/* The smallest and the largest of a group, in their order; all of a group of one or two. */
static void go_group(pen *p, int colour, const vxg_curve *k, int64_t i0, int64_t i1) {
    int64_t least = -1, most = -1;
    double at[2], lo = 0, hi = 0;
    for (int64_t i = i0; i < i1; i++) {
        if (!point(p->c, k, i, at)) {
            if (i1 - i0 <= 2) lift(p);
            continue;
        }
        if (i1 - i0 <= 2) go(p, colour, at);
        if (least < 0 || at[1] < lo) least = i, lo = at[1];
        if (most < 0 || at[1] > hi) most = i, hi = at[1];
    }
    if (i1 - i0 <= 2) return;
    if (least < 0) {
        lift(p);
        return;
    }
    const int64_t first = least < most ? least : most, last = least < most ? most : least;
    point(p->c, k, first, at);
    go(p, colour, at);
    if (last == first) return;
    point(p->c, k, last, at);
    go(p, colour, at);
}

static void draw_curve(const chart *c, const vxg_curve *k, int colour) {
    const int64_t group = k->n > MOST_POINTS ? (2 * k->n + MOST_POINTS - 1) / MOST_POINTS : 1;
    pen p = {.c = c};
    double at[2];
    for (int64_t i = 0; i < k->n; i += group)
        go_group(&p, colour, k, i, i + group < k->n ? i + group : k->n);
    lift(&p);
    for (int64_t i = 0; k->n <= DOTS_UP_TO && i < k->n; i++)
        if (point(c, k, i, at))
            vxg__text_add(c->t, "<circle class=\"p%d\" cx=\"%.2f\" cy=\"%.2f\" r=\"3\"/>\n", colour,
                          place(&c->x, at[0]), place(&c->y, at[1]));
}

static void draw_mark(const chart *c, const vxg_curve *k, int row, int colour) {
    double v;
    char kind[24], text[40];
    if (!on_axis(&c->x, k->mark, &v)) return;
    const double at = place(&c->x, v);
    const int left = at > 0.5 * (LEFT + WIDTH - RIGHT);
    snprintf(kind, sizeof kind, "mark k%d", colour);
    line(c->t, kind, at, TOP, at, HEIGHT - BOTTOM);
    vxg__report_number(text, sizeof text, k->mark, 6);
    words(c->t, left ? "end" : "begin", left ? at - 6 : at + 6, TOP + 14 + 18 * row, 0, text);
}

/* ---- Words below ---- */
static void draw_legend(const chart *c) {
    int any = 0;
    for (int k = 0; k < c->n; k++) {
        if (!c->curves[k].label || !*c->curves[k].label) continue;
        vxg__text_add(c->t,
                      "<span class=\"key\"><svg xmlns=\"http://www.w3.org/2000/svg\" width=\"34\" "
                      "height=\"10\" aria-hidden=\"true\"><line class=\"k%d\" x1=\"1\" y1=\"5\" "
                      "x2=\"33\" y2=\"5\"/></svg> ",
                      k % COLOURS);
        vxg__report_escape(c->t, c->curves[k].label);
        vxg__text_add(c->t, "</span> ");
        any = 1;
    }
    if (any) vxg__text_add(c->t, "\n");
}

static void tell_left_out(const chart *c) {
    for (int k = 0; k < c->n; k++) {
        const vxg_curve *v = &c->curves[k];
        int64_t odd = 0;
        double at[2];
        for (int64_t i = 0; i < v->n; i++) odd += !point(c, v, i, at);
        if (!odd) continue;
        vxg__text_add(c->t, "<span class=\"range\">");
        vxg__report_escape(c->t, v->label && *v->label ? v->label : "the curve");
        vxg__text_add(c->t,
                      ": %lld of %lld points are left out, as they are not finite%s.</span>\n",
                      (long long)odd, (long long)v->n,
                      c->x.log || c->y.log ? " or not above 0 on a logarithmic axis" : "");
    }
}

int vxg_report_chart(vxg_report *report, const vxg_curve *curves, int ncurves, const char *title,
                     const char *xlabel, const char *ylabel, int flags) {
    VXG_FAIL_IF(!report, VXG_ERR_ARGUMENT, "report is NULL");
    VXG_FAIL_IF(report->body.failed, VXG_ERR_MEMORY,
                "the report was spoilt by want of memory before");
    VXG_FAIL_IF(!title || !xlabel || !ylabel, VXG_ERR_ARGUMENT,
                "report: a chart's title or label is NULL");
    VXG_FAIL_IF(ncurves < 0 || (ncurves && !curves), VXG_ERR_ARGUMENT, "report: curves is NULL");
    VXG_FAIL_IF(flags & ~(VXG_REPORT_LOG_X | VXG_REPORT_LOG_Y), VXG_ERR_ARGUMENT,
                "report: chart flags %d", flags);
    for (int k = 0; k < ncurves; k++) VXG_TRY(VXG_FIXED(vxg_curve, &curves[k]));
    for (int k = 0; k < ncurves; k++)
        VXG_FAIL_IF(curves[k].n < 0 || (curves[k].n && (!curves[k].x || !curves[k].y)),
                    VXG_ERR_ARGUMENT, "curve %d has no x or y", k);
    vxg_text *t = &report->body;
    chart c = {.curves = curves, .n = ncurves, .title = title, .xlabel = xlabel, .ylabel = ylabel};
    c.t = t, c.number = ++report->charts;
    c.x.log = (flags & VXG_REPORT_LOG_X) != 0, c.y.log = (flags & VXG_REPORT_LOG_Y) != 0;
    make_axes(&c);
    vxg__text_add(t,
                  "<figure class=\"chart\"><svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 "
                  "%d %d\" role=\"img\" aria-labelledby=\"c%d\">\n<title id=\"c%d\">",
                  (int)WIDTH, (int)HEIGHT, c.number, c.number);
    vxg__report_escape(t, title);
    vxg__text_add(t, ": ");
    vxg__report_escape(t, ylabel);
    vxg__text_add(t, " over ");
    vxg__report_escape(t, xlabel);
    vxg__text_add(t, "</title>\n");
    draw_axes(&c);
    for (int k = 0; k < ncurves; k++) draw_curve(&c, &curves[k], k % COLOURS);
    for (int k = 0; k < ncurves; k++) draw_mark(&c, &curves[k], k, k % COLOURS);
    vxg__text_add(t, "</svg>\n<figcaption>");
    draw_legend(&c);
    tell_left_out(&c);
    vxg__text_add(t, "</figcaption></figure>\n");
    return t->failed ? VXG_ERR_MEMORY : VXG_OK;
}
