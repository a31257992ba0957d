/* Pictures in memory: pixels, lines, and text drawn from a 5 x 7 dot font with a round pen. */
#include "io/io.h"

#include <math.h>
#include <string.h>

int vxg_picture_new(int64_t width, int64_t height, int channels, vxg_picture *out) {
    const int64_t most = (int64_t)1 << 31;
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "out is NULL");
    memset(out, 0, sizeof *out);
    VXG_FAIL_IF(channels != 1 && channels != 3, VXG_ERR_ARGUMENT,
                "a picture of %d channels, 1 or 3 expected", channels);
    VXG_FAIL_IF(width < 1 || height < 1 || width > most / 3 / height, VXG_ERR_ARGUMENT,
                "a picture of %lld x %lld pixels cannot be made", (long long)width,
                (long long)height);
    out->pixels = vxg__calloc((size_t)(width * height), (size_t)channels);
    if (!out->pixels) return VXG_ERR_MEMORY;
    out->size = (uint32_t)sizeof *out;
    out->width = width, out->height = height, out->channels = channels;
    return VXG_OK;
}

void vxg_picture_free(vxg_picture *pic) {
    if (!pic) return;
    vxg__free(pic->pixels);
    memset(pic, 0, sizeof *pic);
}

static uint8_t mix(uint8_t below, uint8_t above, double a) {
    return (uint8_t)(below + (above - below) * a + 0.5);
}

void vxg__blend(vxg_picture *p, int64_t x, int64_t y, vxg__colour c, double coverage) {
    if (x < 0 || y < 0 || x >= p->width || y >= p->height || !(coverage > 0)) return;
    if (coverage > 1) coverage = 1;
    uint8_t *at = p->pixels + (y * p->width + x) * p->channels;
    at[0] = mix(at[0], c.r, coverage);
    if (p->channels == 3) at[1] = mix(at[1], c.g, coverage), at[2] = mix(at[2], c.b, coverage);
}

void vxg__fill_rect(vxg_picture *p, int64_t x, int64_t y, int64_t w, int64_t h, vxg__colour c,
                    double alpha) {
    int64_t x1 = x + w < p->width ? x + w : p->width, y1 = y + h < p->height ? y + h : p->height;
    for (int64_t j = y < 0 ? 0 : y; j < y1; j++)
        for (int64_t i = x < 0 ? 0 : x; i < x1; i++) vxg__blend(p, i, j, c, alpha);
}

/* Distance of (px, py) to the segment from (x0, y0) to (x1, y1). */
static double distance(double px, double py, double x0, double y0, double x1, double y1) {
    double dx = x1 - x0, dy = y1 - y0, length = dx * dx + dy * dy;
    double t = length > 0 ? ((px - x0) * dx + (py - y0) * dy) / length : 0;
    t = t < 0 ? 0 : t > 1 ? 1 : t;
    return hypot(px - x0 - t * dx, py - y0 - t * dy);
}

void vxg__line(vxg_picture *p, double x0, double y0, double x1, double y1, double width,
               vxg__colour c) {
    double r = width / 2 + 1;
    if (!isfinite(x0 + y0 + x1 + y1)) return;
    double left = fmax(0, floor(fmin(x0, x1) - r)),
           right = fmin((double)p->width, fmax(x0, x1) + r);
    double top = fmax(0, floor(fmin(y0, y1) - r));
    double bottom = fmin((double)p->height, fmax(y0, y1) + r);
    for (double y = top; y < bottom; y++)
        for (double x = left; x < right; x++)
            vxg__blend(p, (int64_t)x, (int64_t)y, c,
                       width / 2 + 0.5 - distance(x + 0.5, y + 0.5, x0, y0, x1, y1));
}

/* ---- text ---- */

enum { GLYPH = 5, SPACE = 3, BETWEEN = 1, LINE_HEIGHT = 11, MOST_SEGMENTS = 140 };

typedef struct glyph {
    int n; /* segments between the centres of dots, in dots from the glyph's upper left corner */
    float s[MOST_SEGMENTS][4];
} glyph;

static const uint8_t *rows_of(char letter) {
    return vxg__font[(letter >= 32 && letter < 127 ? letter : '?') - 32];
}

static int dot(const uint8_t rows[7], int r, int c) {
    return r >= 0 && r < 7 && c >= 0 && c < GLYPH && (rows[r] >> (GLYPH - 1 - c) & 1);
}

/* First column and width of a letter without the empty columns beside it. Digits keep the full
 * width, so that numbers under each other line up. */
static int letter_width(char letter, int *first) {
    const uint8_t *rows = rows_of(letter);
    uint8_t used = 0;
    int c0 = 0, c1 = GLYPH - 1;
    *first = 0;
    if (letter >= '0' && letter <= '9') return GLYPH;
    for (int r = 0; r < 7; r++) used |= rows[r];
    if (!used) return SPACE;
    while (!(used >> (GLYPH - 1 - c0) & 1)) c0++;
    while (!(used >> (GLYPH - 1 - c1) & 1)) c1--;
    *first = c0;
    return c1 - c0 + 1;
}

static void add(glyph *g, int c0, int r0, int c1, int r1, int drop) {
    if (g->n == MOST_SEGMENTS) return;
    float *s = g->s[g->n++];
    s[0] = (float)c0 + 0.5f, s[1] = (float)(r0 + drop) + 0.5f;
    s[2] = (float)c1 + 0.5f, s[3] = (float)(r1 + drop) + 0.5f;
}

/* Dots joined as a pen would: to neighbours in the row and column, and across a corner only where
 * no dot fills the corner. */
static void join_dots(char letter, glyph *g) {
    const uint8_t *rows = rows_of(letter);
    int drop = letter && strchr("gpqy", letter) ? 2 : letter && strchr(",;", letter) ? 1 : 0;
    g->n = 0;
    for (int r = 0; r < 7; r++)
        for (int c = 0; c < GLYPH; c++) {
            if (!dot(rows, r, c)) continue;
            int right = dot(rows, r, c + 1), below = dot(rows, r + 1, c);
            add(g, c, r, c, r, drop);
            if (right) add(g, c, r, c + 1, r, drop);
            if (below) add(g, c, r, c, r + 1, drop);
            if (dot(rows, r + 1, c + 1) && !right && !below) add(g, c, r, c + 1, r + 1, drop);
            if (dot(rows, r + 1, c - 1) && !below && !dot(rows, r, c - 1))
                add(g, c, r, c - 1, r + 1, drop);
        }
}

/* Draws one letter whose cell's upper left corner is at u, v in the text's own directions. */
static void draw_letter(vxg_picture *p, double x, double y, double u, double v, int scale,
                        vxg__colour c, int turned, const glyph *g) {
    /* One pixel per dot keeps the dots; larger letters get a pen a little thinner than a dot. */
    double pen = scale == 1 ? 0.5 : 0.47 * scale;
    for (int j = -1; j < 10 * scale; j++)
        for (int i = -1; i < (GLYPH + 1) * scale; i++) {
            double nearest = 1e9, a = (i + 0.5) / scale, b = (j + 0.5) / scale;
            for (int k = 0; k < g->n; k++) {
                const float *s = g->s[k];
                double d = distance(a, b, s[0], s[1], s[2], s[3]);
                if (d < nearest) nearest = d;
            }
            double coverage = scale == 1 ? nearest < 0.25 : pen + 0.5 - nearest * scale;
            double du = u + i, dv = v + j;
            vxg__blend(p, (int64_t)floor(turned ? x + dv : x + du),
                       (int64_t)floor(turned ? y - du - 1 : y + dv), c, coverage);
        }
}

void vxg__text_draw(vxg_picture *p, double x, double y, int scale, vxg__colour c, int turned,
                    const char *text) {
    glyph g;
    double u = 0, v = 0;
    if (scale < 1) scale = 1;
    for (; *text; text++) {
        if (*text == '\n') {
            u = 0, v += LINE_HEIGHT * scale;
            continue;
        }
        int first, width = letter_width(*text, &first);
        join_dots(*text, &g);
        draw_letter(p, x, y, u - first * scale, v, scale, c, turned, &g);
        u += (width + BETWEEN) * scale;
    }
}

int64_t vxg__text_width(const char *text, int scale) {
    int64_t n = 0;
    int first;
    for (; *text; text++) n += letter_width(*text, &first) + BETWEEN;
    return n ? (n - BETWEEN) * scale : 0;
}

void vxg_picture_text(vxg_picture *pic, int64_t x, int64_t y, int scale, uint8_t gray,
                      const char *text) {
    if (!pic || !pic->pixels || !text || scale < 1 || scale > 4096) return;
    vxg__text_draw(pic, (double)x, (double)y, scale, (vxg__colour){gray, gray, gray}, 0, text);
}
