/* Line charts: rotation-centre scores, residuals. */
#include "io/io.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WIDTH = 1200, HEIGHT = 720, LEFT = 130, RIGHT = 40, TOP = 80, BOTTOM = 100, TEXT = 2 };

static const vxg__colour white = {255, 255, 255}, ink = {40, 40, 40}, grid = {228, 228, 228},
                         frame = {120, 120, 120};
/* Colours that people with colour blindness tell apart (Okabe and Ito 2008). */
static const vxg__colour palette[] = {{0, 114, 178},   {213, 94, 0},  {0, 158, 115},
                                      {204, 121, 167}, {230, 159, 0}, {86, 180, 233}};
enum { COLOURS = sizeof palette / sizeof *palette };

typedef struct axis {
    double lo, hi;   /* values at the ends */
    double step;     /* between ticks: 1, 2 or 5 times a power of ten */
    int decimals;    /* of the tick's numbers, after division by unit */
    int exponent;    /* numbers are shown divided by 10^exponent */
    double from, to; /* pixels of lo and hi */
} axis;

static double place(const axis *a, double v) {
    return a->from + (v - a->lo) / (a->hi - a->lo) * (a->to - a->from);
}

static void set_ticks(axis *a, int wanted) {
    double raw = (a->hi - a->lo) / wanted, ten = pow(10, floor(log10(raw)));
    a->step = ten * (raw < 1.5 * ten ? 1 : raw < 3.5 * ten ? 2 : raw < 7.5 * ten ? 5 : 10);
    double most = fmax(fabs(a->lo), fabs(a->hi));
    int power = (int)floor(log10(most) + 1e-9);
    a->exponent = power >= 5 || power <= -4 ? power : 0;
    double digits = a->exponent - floor(log10(a->step) + 1e-9);
    a->decimals = digits > 0 ? digits < 12 ? (int)digits : 12 : 0;
}

static void number(const axis *a, double v, int more_decimals, char *out, size_t size) {
    v /= pow(10, a->exponent);
    if (fabs(v) < 1e-9 * a->step / pow(10, a->exponent)) v = 0; /* no "-0" */
    vxg__format(out, size, "%.*f", a->decimals + more_decimals, v);
}

static void fit(axis *a, double margin) {
    double span = a->hi - a->lo;
    if (!(a->lo <= a->hi)) a->lo = 0, a->hi = 1; /* nothing to show */
    if (!(span > 0)) span = fabs(a->lo) > 0 ? fabs(a->lo) : 1, a->lo -= span / 2, a->hi += span / 2;
    a->lo -= margin * span, a->hi += margin * span;
}

static void include(axis *a, double v) {
    if (v < a->lo) a->lo = v;
    if (v > a->hi) a->hi = v;
}

static int drawable(const vxg_curve *c, int64_t i) {
    return isfinite(c->x[i]) && isfinite(c->y[i]);
}

static void make_axes(const vxg_curve *curves, int n, axis *x, axis *y) {
    int marks = 0;
    *x = (axis){.lo = INFINITY, .hi = -INFINITY, .from = LEFT, .to = WIDTH - RIGHT};
    *y = (axis){.lo = INFINITY, .hi = -INFINITY, .from = HEIGHT - BOTTOM, .to = TOP};
    for (int k = 0; k < n; k++) {
        for (int64_t i = 0; i < curves[k].n; i++)
            if (drawable(&curves[k], i)) include(x, curves[k].x[i]), include(y, curves[k].y[i]);
        if (isfinite(curves[k].mark)) include(x, curves[k].mark), marks++;
    }
    fit(x, 0.015);
    fit(y, 0.06);
    y->hi += 0.055 * marks * (y->hi - y->lo); /* room for the marks' values above the curves */
    set_ticks(x, 8);
    set_ticks(y, 6);
}

/* A label with the axis' power of ten: "score (x 1e-06)". */
static void axis_label(const axis *a, const char *text, char *out, size_t size) {
    if (a->exponent) {
        snprintf(out, size, "%s (x 1e%+03d)", text ? text : "", a->exponent);
    } else {
        snprintf(out, size, "%s", text ? text : "");
    }
}

static void text_at(vxg_picture *p, double x, double y, int scale, double align, const char *text) {
    x -= align * (double)vxg__text_width(text, scale);
    vxg__text_draw(p, floor(x), floor(y), scale, ink, 0, text);
}

static void draw_axes(vxg_picture *p, const axis *x, const axis *y, const char *title,
                      const char *xlabel, const char *ylabel) {
    char text[160];
    const int64_t w = WIDTH - LEFT - RIGHT, h = HEIGHT - TOP - BOTTOM;
    for (double v = ceil(x->lo / x->step); v * x->step <= x->hi; v++) {
        double at = place(x, v * x->step);
        vxg__fill_rect(p, (int64_t)at, TOP, 1, h, grid, 1);
        vxg__fill_rect(p, (int64_t)at, HEIGHT - BOTTOM, 1, 7, frame, 1);
        number(x, v * x->step, 0, text, sizeof text);
        text_at(p, at, HEIGHT - BOTTOM + 14, TEXT, 0.5, text);
    }
    for (double v = ceil(y->lo / y->step); v * y->step <= y->hi; v++) {
        double at = place(y, v * y->step);
        vxg__fill_rect(p, LEFT, (int64_t)at, w, 1, grid, 1);
        vxg__fill_rect(p, LEFT - 7, (int64_t)at, 7, 1, frame, 1);
        number(y, v * y->step, 0, text, sizeof text);
        text_at(p, LEFT - 13, at - 7, TEXT, 1, text);
    }
    vxg__fill_rect(p, LEFT, TOP, 1, h + 1, frame, 1);
    vxg__fill_rect(p, LEFT, HEIGHT - BOTTOM, w, 1, frame, 1);
    if (title) text_at(p, LEFT + w / 2.0, 22, 3, 0.5, title);
    axis_label(x, xlabel, text, sizeof text);
    text_at(p, LEFT + w / 2.0, HEIGHT - 42, TEXT, 0.5, text);
    axis_label(y, ylabel, text, sizeof text);
    double middle = TOP + h / 2.0 + (double)vxg__text_width(text, TEXT) / 2;
    vxg__text_draw(p, 18, middle, TEXT, ink, 1, text);
}

static void draw_curve(vxg_picture *p, const axis *x, const axis *y, const vxg_curve *c,
                       vxg__colour colour) {
    for (int64_t i = 0; i < c->n; i++) {
        if (!drawable(c, i)) continue;
        double px = place(x, c->x[i]), py = place(y, c->y[i]);
        if (i + 1 < c->n && drawable(c, i + 1))
            vxg__line(p, px, py, place(x, c->x[i + 1]), place(y, c->y[i + 1]), 2.4, colour);
        if (c->n <= 60) vxg__line(p, px, py, px, py, 6, colour); /* the samples themselves */
    }
}

/* The mark: a dashed line and its value, on a row of its own for each curve. */
static void draw_mark(vxg_picture *p, const axis *x, const vxg_curve *curves, int ncurves, int row,
                      vxg__colour colour) {
    const vxg_curve *c = &curves[row];
    char text[64];
    int leftwards = 0;
    if (!isfinite(c->mark)) return;
    double at = floor(place(x, c->mark)) + 0.5; /* the middle of a pixel: a sharp line */
    /* Marks at one place take turns. */
    for (int64_t v = TOP + row % 2 * 6; v < HEIGHT - BOTTOM; v += 12)
        vxg__line(p, at, (double)v, at, (double)(v + 6), 2, colour);
    number(x, c->mark, x->decimals < 2 ? 2 - x->decimals : 1, text, sizeof text);
    double w = (double)vxg__text_width(text, TEXT), left = at + 10, top = TOP + 8 + row * 26;
    for (int k = 0; k < ncurves; k++) { /* not over a mark to the right */
        double other = place(x, curves[k].mark);
        leftwards |= other > at && other < left + w + 6;
    }
    if (leftwards || left + w + 6 > WIDTH - RIGHT) left = at - 10 - w;
    vxg__fill_rect(p, (int64_t)left - 5, (int64_t)top - 4, (int64_t)w + 10, 26, white, 0.9);
    vxg__text_draw(p, floor(left), top, TEXT, colour, 0, text);
}

typedef struct box {
    double x, y, w, h;
} box;

/* How much of the curves lies in a box. */
static int64_t crowd(const vxg_curve *curves, int n, const axis *x, const axis *y, box b) {
    int64_t inside = 0;
    for (int k = 0; k < n; k++) {
        for (int64_t i = 0; i < curves[k].n; i++) {
            double px = place(x, curves[k].x[i]), py = place(y, curves[k].y[i]);
            inside += px > b.x && px < b.x + b.w && py > b.y && py < b.y + b.h;
        }
        double mark = place(x, curves[k].mark);
        if (mark > b.x - 130 && mark < b.x + b.w) inside += 1 + curves[k].n / 8;
    }
    return inside;
}

static void draw_legend(vxg_picture *p, const axis *x, const axis *y, const vxg_curve *curves,
                        int n) {
    int64_t widest = 0;
    for (int k = 0; k < n; k++) {
        int64_t w = curves[k].label ? vxg__text_width(curves[k].label, TEXT) : 0;
        if (w > widest) widest = w;
    }
    if (!widest) return;
    double w = (double)widest + 64, h = 26.0 * n + 10;
    const double xs[2] = {WIDTH - RIGHT - w - 14, LEFT + 14};
    const double ys[2] = {TOP + 10, HEIGHT - BOTTOM - h - 12};
    box best = {0};
    int64_t least = INT64_MAX;
    for (int i = 0; i < 4; i++) { /* the emptiest corner */
        box b = {xs[i % 2], ys[i / 2], w, h};
        int64_t inside = crowd(curves, n, x, y, b);
        if (inside < least) least = inside, best = b;
    }
    vxg__fill_rect(p, (int64_t)best.x, (int64_t)best.y, (int64_t)w, (int64_t)h, frame, 1);
    vxg__fill_rect(p, (int64_t)best.x + 1, (int64_t)best.y + 1, (int64_t)w - 2, (int64_t)h - 2,
                   white, 1);
    for (int k = 0; k < n; k++) {
        double row = best.y + 10 + 26 * k;
        vxg__line(p, best.x + 12, row + 7, best.x + 40, row + 7, 3, palette[k % COLOURS]);
        if (curves[k].label)
            vxg__text_draw(p, floor(best.x) + 52, floor(row), TEXT, ink, 0, curves[k].label);
    }
}

int vxg_picture_curves(const vxg_curve *curves, int ncurves, const char *title, const char *xlabel,
                       const char *ylabel, vxg_picture *out) {
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "out is NULL");
    memset(out, 0, sizeof *out);
    VXG_FAIL_IF(ncurves < 0 || (ncurves && !curves), VXG_ERR_ARGUMENT, "curves is NULL");
    for (int k = 0; k < ncurves; k++) VXG_TRY(VXG_FIXED(vxg_curve, &curves[k]));
    for (int k = 0; k < ncurves; k++)
        VXG_FAIL_IF(curves[k].n < 0 || (curves[k].n && (!curves[k].x || !curves[k].y)),
                    VXG_ERR_ARGUMENT, "curve %d has no x or y", k);
    axis x, y;
    make_axes(curves, ncurves, &x, &y);
    VXG_TRY(vxg_picture_new(WIDTH, HEIGHT, 3, out));
    vxg__fill_rect(out, 0, 0, WIDTH, HEIGHT, white, 1);
    draw_axes(out, &x, &y, title, xlabel, ylabel);
    for (int k = 0; k < ncurves; k++) draw_curve(out, &x, &y, &curves[k], palette[k % COLOURS]);
    for (int k = 0; k < ncurves; k++) draw_mark(out, &x, curves, ncurves, k, palette[k % COLOURS]);
    draw_legend(out, &x, &y, curves, ncurves);
    return VXG_OK;
}
