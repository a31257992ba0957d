/* A sketch of a scan: seen from +z, and from the side with the rays of view 0 running right. */
#include <math.h>
#include <string.h>

#include "ct/geometry/tools.h"

#define PANEL 440 /* px, square */
#define MARGIN 40
#define TOP 70
#define MOST_POINTS 720

typedef struct sketch {
    vxg_text t;
    const vxg_ct_geometry *geo;
    const vxg_ct_notes *notes;
    vxg_ct_summary s;
    double across[3], up[3]; /* world directions to the right and upwards on the panel */
    double middle[2], scale; /* world place of the panel's middle; px per unit */
    double left;             /* px of the panel's left edge */
    double radius;           /* how far parallel rays and missing things reach */
} sketch;

static void place(const sketch *k, const double *p, double *xy) {
    xy[0] = k->left + PANEL / 2.0 + k->scale * (vxg__dot3(p, k->across) - k->middle[0]);
    xy[1] = TOP + PANEL / 2.0 - k->scale * (vxg__dot3(p, k->up) - k->middle[1]);
}

static void line(sketch *k, const double *a, const double *b, const char *style) {
    double p[2], q[2];
    place(k, a, p), place(k, b, q);
    vxg__text_add(&k->t, "<line x1=\"%.2f\" y1=\"%.2f\" x2=\"%.2f\" y2=\"%.2f\" class=\"%s\"/>\n",
                  p[0], p[1], q[0], q[1], style);
}

/* Words over lines: a white edge below them, as a text of its own, since many programs that show
 * SVG do not know paint-order. */
static void over_lines(sketch *k, double x, double y, const char *words) {
    vxg__text_add(&k->t,
                  "<text x=\"%.2f\" y=\"%.2f\" class=\"edge\" aria-hidden=\"true\">%s</text>\n"
                  "<text x=\"%.2f\" y=\"%.2f\">%s</text>\n",
                  x, y, words, x, y, words);
}

static void label(sketch *k, const double *at, double dx, double dy, const char *words) {
    double p[2];
    place(k, at, p);
    if (dx > 0 && p[0] < k->left + PANEL / 2.0)
        dx = -dx - 6.5 * (double)strlen(words); /* outwards */
    p[0] = fmin(fmax(p[0] + dx, k->left + 4), k->left + PANEL - 7.0 * (double)strlen(words));
    p[1] = fmin(fmax(p[1] + dy, TOP + 14.0), TOP + PANEL - 6.0);
    over_lines(k, p[0], p[1], words);
}

/* ---- Points of the scan ---- */
/* Source of a view; of a parallel beam a point up its middle ray. */
static void start_of(const sketch *k, int64_t i, double *p) {
    const vxg_ct_view *v = vxg_ct_geometry_view(k->geo, i);
    const int cone = k->s.beam == VXG_CT_BEAM_CONE;
    for (int a = 0; a < 3; a++)
        p[a] = cone ? v->s[a] : v->d[a] - 2 * k->radius * v->r[a] / vxg__norm3(v->r);
}

/* A point of view 0's detector; a parallel beam's is drawn beyond the object. */
static void pixel_of(const sketch *k, double q, double r, double *p) {
    const vxg_ct_view *v = vxg_ct_geometry_view(k->geo, 0);
    vxg__ct_point(k->geo, v, q, r, p);
    if (k->s.beam == VXG_CT_BEAM_PARALLEL)
        for (int a = 0; a < 3; a++) p[a] += 1.9 * k->radius * v->r[a] / vxg__norm3(v->r);
}

static void widen(const sketch *k, const double *p, double box[4]) {
    const double x = vxg__dot3(p, k->across), y = vxg__dot3(p, k->up);
    box[0] = fmin(box[0], x), box[1] = fmax(box[1], x);
    box[2] = fmin(box[2], y), box[3] = fmax(box[3], y);
}

/* ---- Scale ---- */
static void fit_panel(sketch *k) {
    double box[4] = {INFINITY, -INFINITY, INFINITY, -INFINITY}, p[3] = {0};
    const int64_t n = k->s.nviews, step = 1 + n / MOST_POINTS;
    const double half = 0.5 * (double)k->s.cols, tall = 0.5 * (double)k->s.rows;
    widen(k, p, box);
    for (int64_t i = 0; i < n; i += step) {
        if (k->s.beam != VXG_CT_BEAM_CONE) break;
        start_of(k, i, p);
        widen(k, p, box);
    }
    start_of(k, 0, p);
    widen(k, p, box);
    for (int c = 0; c < 4; c++) {
        const double q = c & 1 ? half : -half, r = c & 2 ? tall : -tall;
        pixel_of(k, q, r, p);
        widen(k, p, box);
        const vxg_ct_view *v = vxg_ct_geometry_view(k->geo, 0);
        start_of(k, 0, p);
        for (int a = 0; a < 3 && k->s.beam != VXG_CT_BEAM_CONE; a++)
            p[a] += q * v->U[a] + r * v->V[a];
        widen(k, p, box);
    }
    for (int c = 0; c < 8; c++) {
        if (k->notes && k->notes->has_volume) {
            vxg__ct_corner(&k->notes->volume, c, p);
        } else {
            p[0] = c & 1 ? k->radius : -k->radius, p[1] = c & 2 ? k->radius : -k->radius;
            p[2] = isfinite(k->s.fov_z[0]) ? k->s.fov_z[c >> 2] : 0;
        }
        widen(k, p, box);
    }
    k->middle[0] = 0.5 * (box[0] + box[1]), k->middle[1] = 0.5 * (box[2] + box[3]);
    const double size = fmax(box[1] - box[0], box[3] - box[2]);
    k->scale = size > 0 ? (PANEL - 2 * MARGIN) / size : 1;
}

/* ---- Parts ---- */
static void draw_path(sketch *k) {
    const int64_t n = k->s.nviews, step = 1 + n / MOST_POINTS;
    double p[3], xy[2];
    if (k->s.beam != VXG_CT_BEAM_CONE) return;
    vxg__text_add(&k->t, "<polyline class=\"path\" points=\"");
    for (int64_t i = 0; i < n; i += step) {
        start_of(k, i, p);
        place(k, p, xy);
        vxg__text_add(&k->t, "%.2f,%.2f ", xy[0], xy[1]);
    }
    vxg__text_add(&k->t, "\"/>\n");
}

static void draw_volume(sketch *k) {
    double a[3], b[3];
    if (!k->notes || !k->notes->has_volume) return;
    for (int c = 0; c < 8; c++)
        for (int bit = 1; bit < 8; bit <<= 1) {
            if (c & bit) continue;
            vxg__ct_corner(&k->notes->volume, c, a);
            vxg__ct_corner(&k->notes->volume, c | bit, b);
            line(k, a, b, "volume");
        }
    vxg__ct_corner(&k->notes->volume, k->up[2] > 0.5 ? 6 : 3, a);
    label(k, a, 4, -6, "volume");
}

static void draw_view(sketch *k, int side) {
    const double half = 0.5 * (double)k->s.cols, tall = 0.5 * (double)k->s.rows;
    double a[3], b[3], s[3], p[2];
    pixel_of(k, side ? 0 : -half, side ? -tall : 0, a);
    pixel_of(k, side ? 0 : half, side ? tall : 0, b);
    for (int e = 0; e < 5; e++) { /* rays: both edges; a parallel beam five */
        const double f = e / 4.0 * 2 - 1;
        const int cone = k->s.beam == VXG_CT_BEAM_CONE;
        if (cone && e % 4) continue;
        double end[3], from[3];
        pixel_of(k, side ? 0 : f * half, side ? f * tall : 0, end);
        start_of(k, 0, from);
        const vxg_ct_view *v = vxg_ct_geometry_view(k->geo, 0);
        for (int c = 0; c < 3 && !cone; c++)
            from[c] += side ? f * tall * v->V[c] : f * half * v->U[c];
        line(k, from, end, "ray");
    }
    if (!side && k->s.detector == VXG_CT_DETECTOR_CURVED) {
        double c[3], d[3];
        memcpy(c, a, sizeof c);
        for (int e = 1; e <= 24; e++) {
            pixel_of(k, half * (e / 12.0 - 1), 0, d);
            line(k, c, d, "detector");
            memcpy(c, d, sizeof c);
        }
    } else {
        line(k, a, b, "detector");
    }
    start_of(k, 0, s);
    if (k->s.beam == VXG_CT_BEAM_CONE) {
        place(k, s, p);
        vxg__text_add(&k->t, "<circle cx=\"%.2f\" cy=\"%.2f\" r=\"5\" class=\"source\"/>\n", p[0],
                      p[1]);
    }
    label(k, s, 8, -8, k->s.beam == VXG_CT_BEAM_CONE ? "source, view 0" : "rays, view 0");
    label(k, b, 8, 14, side ? "detector, last row" : "detector, last column");
}

static void draw_axes(sketch *k, int side) {
    static const double origin[3] = {0, 0, 0};
    double p[2], tip[3] = {0}, low[3] = {0};
    place(k, origin, p);
    if (side) {
        tip[2] = k->middle[1] + 0.47 * PANEL / k->scale;
        low[2] = k->middle[1] - 0.47 * PANEL / k->scale;
        line(k, low, tip, "axis");
        label(k, tip, 6, 12, "z, rotation axis");
        return;
    }
    vxg__text_add(&k->t, "<circle cx=\"%.2f\" cy=\"%.2f\" r=\"3\" class=\"pole\"/>\n", p[0], p[1]);
    vxg__text_add(&k->t,
                  "<path d=\"M%.2f %.2f h34 m0 0 l-6 -3 v6 z M%.2f %.2f v-34 m0 0 l-3 6 h6 z\" "
                  "class=\"frame\"/>\n",
                  p[0], p[1], p[0], p[1]);
    over_lines(k, p[0] + 38, p[1] + 4, "x");
    over_lines(k, p[0] - 4, p[1] - 40, "y");
    if (isfinite(k->s.fov_radius))
        vxg__text_add(&k->t, "<circle cx=\"%.2f\" cy=\"%.2f\" r=\"%.2f\" class=\"fov\"/>\n", p[0],
                      p[1], k->s.fov_radius * k->scale);
}

/* An arrow along the turn, outside the object and inside the source's path. */
static void draw_direction(sketch *k) {
    if (k->s.direction == 0) return;
    const int cone = k->s.beam == VXG_CT_BEAM_CONE;
    const double r = cone ? 0.82 * k->s.sod[0] : 1.25 * k->radius;
    const double sweep = (k->s.direction > 0 ? 1 : -1) * fmin(0.6, fabs(k->s.last - k->s.first));
    double p[2], tip[2] = {0}, before[2] = {0};
    vxg__text_add(&k->t, "<polyline class=\"turn\" points=\"");
    for (int e = 0; e <= 20; e++) {
        const double t = k->s.first + sweep * (0.15 + e / 20.0);
        const double at[3] = {r * sin(t), -r * cos(t), 0};
        memcpy(before, tip, sizeof tip);
        place(k, at, p);
        memcpy(tip, p, sizeof tip);
        vxg__text_add(&k->t, "%.2f,%.2f ", p[0], p[1]);
    }
    const double a = atan2(tip[1] - before[1], tip[0] - before[0]) * 180 / M_PI;
    vxg__text_add(
        &k->t,
        "\"/>\n<path d=\"M10 0 L-4 -5 L-4 5 Z\" class=\"head\" transform=\"translate(%.2f "
        "%.2f) rotate(%.2f)\"/>\n",
        tip[0], tip[1], a);
}

static void panel(sketch *k, int side, const char *title) {
    const double t = k->s.first;
    memset(k->across, 0, sizeof k->across);
    memset(k->up, 0, sizeof k->up);
    if (side) {
        k->across[0] = -sin(t), k->across[1] = cos(t), k->up[2] = 1;
    } else {
        k->across[0] = 1, k->up[1] = 1;
    }
    k->left = side ? PANEL + 20 : 10;
    fit_panel(k);
    vxg__text_add(&k->t,
                  "<rect x=\"%.0f\" y=\"%d\" width=\"%d\" height=\"%d\" class=\"panel\"/>\n"
                  "<text x=\"%.0f\" y=\"%d\" class=\"title\">%s</text>\n",
                  k->left, TOP, PANEL, PANEL, k->left, TOP - 8, title);
    draw_axes(k, side);
    draw_path(k);
    if (!side) draw_direction(k);
    draw_view(k, side);
    draw_volume(k);
}

static const char style[] =
    "<style>text{font:12px sans-serif;fill:#222}.title{font-weight:bold}"
    ".edge{stroke:#fff;stroke-width:3px;stroke-linejoin:round}"
    ".panel{fill:#fff;stroke:#bbb}.path{fill:none;stroke:#c60;stroke-width:1.5}"
    ".source{fill:#c60}.ray{stroke:#c60;stroke-width:.8;stroke-dasharray:5 4}"
    ".detector{stroke:#06c;stroke-width:4}.volume{stroke:#282;stroke-width:1.2}"
    ".fov{fill:#2821;fill-opacity:.06;stroke:#282;stroke-dasharray:2 3}"
    ".axis{stroke:#888;stroke-dasharray:8 3 2 3}.pole{fill:#444}"
    ".frame{fill:#444;stroke:#444}.turn{fill:none;stroke:#a0a;stroke-width:2}.head{fill:#a0a}"
    "</style>\n";

static int first_line(sketch *k) {
    char *words = NULL;
    VXG_TRY(vxg_ct_geometry_words(k->geo, k->notes, &words));
    char *end = words, *next = NULL;
    for (int row = 0; row < 2 && *end; row++) { /* its first two lines, one below the other */
        next = strchr(end, '\n');
        if (!next) break;
        vxg__text_add(&k->t, "<text x=\"10\" y=\"%d\">%.*s</text>\n", 20 + 18 * row,
                      (int)(next - end), end);
        end = next + 1;
    }
    vxg__free(words);
    return VXG_OK;
}

int vxg_ct_geometry_svg(const vxg_ct_geometry *geo, const vxg_ct_notes *notes, char **out) {
    sketch k = {.geo = geo};
    vxg_ct_notes plain = {0};
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "text is NULL");
    *out = NULL;
    VXG_READ(vxg_ct_notes, notes);
    VXG_TRY(vxg__ct_notes_check(&notes_own));
    VXG_FAIL_IF(!geo, VXG_ERR_ARGUMENT, "geometry is NULL");
    if (notes) { /* the unit's label must not be read as markup */
        plain = *notes;
        if (strpbrk(plain.units, "<>&\"")) plain.units[0] = 0;
        k.notes = &plain;
    }
    VXG_TRY(vxg_ct_geometry_summary(geo, k.notes, &k.s));
    k.radius = isfinite(k.s.fov_radius) ? k.s.fov_radius : 0.5 * (double)k.s.cols * k.s.at_axis[0];
    vxg__text_add(&k.t,
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
                  "viewBox=\"0 0 %d %d\">\n<rect width=\"100%%\" height=\"100%%\" "
                  "fill=\"#f7f7f7\"/>\n",
                  2 * PANEL + 30, TOP + PANEL + 10, 2 * PANEL + 30, TOP + PANEL + 10);
    vxg__text_append(&k.t, style, sizeof style - 1);
    int status = first_line(&k);
    panel(&k, 0, "from above (+z towards you)");
    panel(&k, 1, "from the side (rays of view 0 to the right)");
    vxg__text_add(&k.t, "</svg>\n");
    if (status || k.t.failed) {
        vxg__text_free(&k.t);
        return status ? status : VXG_ERR_MEMORY;
    }
    *out = k.t.s;
    return VXG_OK;
}
