/* Drawing of tubes with depth, of sticks and letters. */
#include "track_picture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SUB = 3 }; /* samples of a pixel each way */

struct cli_scene {
    int64_t width, height; /* pixels */
    int64_t w, h;          /* samples */
    float *depth;          /* of each sample; -INFINITY: nothing is there */
    uint8_t *colour;       /* 3 of each */
};

int cli_scene_new(int64_t width, int64_t height, cli_scene **out) {
    cli_scene *s = *out = calloc(1, sizeof *s);
    if (!s) return vxg_error_set(VXG_ERR_MEMORY, "out of memory for a picture");
    s->width = width, s->height = height, s->w = SUB * width, s->h = SUB * height;
    const size_t n = (size_t)s->w * (size_t)s->h;
    s->depth = malloc(n * sizeof *s->depth);
    s->colour = calloc(n, 3);
    if (!s->depth || !s->colour)
        return vxg_error_set(VXG_ERR_MEMORY, "out of memory for a picture");
    for (size_t i = 0; i < n; i++) s->depth[i] = -INFINITY;
    return VXG_OK;
}

void cli_scene_free(cli_scene *s) {
    if (!s) return;
    free(s->depth), free(s->colour);
    free(s);
}

/* ---- Tubes ---- */
typedef struct tube {
    double x, y, z, dx, dy, dz; /* begin and way, in samples */
    double over, radius;        /* 1 / square of the way in the picture; in samples */
    double nearest;             /* of all its samples */
    const cli_vertex *a, *b;
} tube;

static uint8_t byte(double v) {
    return (uint8_t)(v <= 0 ? 0 : v >= 1 ? 255 : 255 * v + 0.5);
}

/* One sample of a tube that is lit from the upper left. */
static void put(cli_scene *s, const tube *t, int64_t x, int64_t y) {
    const int64_t i = y * s->w + x;
    if (!(t->nearest > (double)s->depth[i])) return;
    const double px = (double)x + 0.5 - t->x, py = (double)y + 0.5 - t->y;
    double at = (px * t->dx + py * t->dy) * t->over;
    at = at < 0 ? 0 : at > 1 ? 1 : at;
    const double ox = (px - at * t->dx) / t->radius, oy = (py - at * t->dy) / t->radius;
    const double off = ox * ox + oy * oy;
    if (!(off <= 1)) return;
    const double up = sqrt(1 - off);
    const float depth = (float)(t->z + at * t->dz + up * t->radius);
    if (!(depth > s->depth[i])) return;
    s->depth[i] = depth;
    const double light = fmin(1.15, 0.42 + 0.72 * fmax(0, -0.35 * ox - 0.45 * oy + 0.82 * up));
    for (int k = 0; k < 3; k++) {
        const double c = t->a->colour[k] + at * (t->b->colour[k] - t->a->colour[k]);
        s->colour[3 * i + k] = byte(c * light);
    }
}

/* Samples across, for every sample along the axis that the tube runs along most. */
void cli_scene_tube(cli_scene *s, const cli_vertex *a, const cli_vertex *b, double width) {
    tube t = {.x = SUB * a->x, .y = SUB * a->y, .z = SUB * a->depth, .a = a, .b = b};
    t.dx = SUB * b->x - t.x, t.dy = SUB * b->y - t.y, t.dz = SUB * b->depth - t.z;
    const double square = t.dx * t.dx + t.dy * t.dy;
    t.over = square > 0 ? 1 / square : 0, t.radius = 0.5 * SUB * width;
    t.nearest = t.z + fmax(t.dz, 0) + t.radius;
    const int flat = fabs(t.dx) >= fabs(t.dy);
    const double m0 = flat ? t.x : t.y, dm = flat ? t.dx : t.dy;
    const double n0 = flat ? t.y : t.x, dn = flat ? t.dy : t.dx;
    const double slope = dm != 0 ? dn / dm : 0;
    const double reach = t.radius * sqrt(1 + slope * slope);
    const int64_t most = flat ? s->w : s->h, others = flat ? s->h : s->w;
    const double first = fmax(0, floor(fmin(m0, m0 + dm) - t.radius));
    const double last = fmin((double)most - 1, ceil(fmax(m0, m0 + dm) + t.radius));
    for (double m = first; m <= last; m++) {
        const double middle = n0 + slope * (m + 0.5 - m0) - 0.5;
        const double from = fmax(0, ceil(middle - reach));
        const double to = fmin((double)others - 1, floor(middle + reach));
        for (double n = from; n <= to; n++)
            put(s, &t, (int64_t)(flat ? m : n), (int64_t)(flat ? n : m));
    }
}

/* ---- The picture ---- */
/* Sums over 2 r + 1 neighbours along rows, from `from` with a step to `to`. */
static void blur_line(const float *from, float *to, int64_t n, int64_t step, int64_t r) {
    double sum = 0;
    for (int64_t i = 0; i < r && i < n; i++) sum += (double)from[i * step];
    for (int64_t i = 0; i < n; i++) {
        if (i + r < n) sum += (double)from[(i + r) * step];
        if (i - r - 1 >= 0) sum -= (double)from[(i - r - 1) * step];
        to[i * step] = (float)(sum / (double)(2 * r + 1));
    }
}

static void blur(float *a, float *b, int64_t w, int64_t h, int64_t r) {
    for (int pass = 0; pass < 2; pass++) {
        for (int64_t y = 0; y < h; y++) blur_line(a + y * w, b + y * w, w, 1, r);
        for (int64_t x = 0; x < w; x++) blur_line(b + x, a + x, h, w, r);
    }
}

/* Depth and how much of each pixel is covered, and both smoothed: what a pixel lies behind. */
typedef struct relief {
    int64_t n;
    float *depth, *cover, *wide, *weight, *scratch;
} relief;

static int relief_new(const cli_scene *s, relief *f) {
    f->n = s->width * s->height;
    float *all = calloc((size_t)f->n, 5 * sizeof *all);
    if (!all) return vxg_error_set(VXG_ERR_MEMORY, "out of memory for a picture");
    f->depth = all, f->cover = all + f->n, f->wide = all + 2 * f->n, f->weight = all + 3 * f->n;
    f->scratch = all + 4 * f->n;
    for (int64_t y = 0; y < s->h; y++)
        for (int64_t x = 0; x < s->w; x++) {
            const float d = s->depth[y * s->w + x];
            const int64_t i = y / SUB * s->width + x / SUB;
            if (d > -INFINITY) f->depth[i] += d / SUB, f->cover[i] += 1;
        }
    return VXG_OK;
}

/* How much of the light is left where the smoothed relief is nearer than a pixel; depths count
 * against `range`. */
static void darken(const cli_scene *s, relief *f, int64_t r, double range, double most,
                   float *left) {
    memcpy(f->wide, f->depth, (size_t)f->n * sizeof *f->wide);
    memcpy(f->weight, f->cover, (size_t)f->n * sizeof *f->weight);
    blur(f->wide, f->scratch, s->width, s->height, r);
    blur(f->weight, f->scratch, s->width, s->height, r);
    for (int64_t i = 0; i < f->n; i++) {
        if (!(f->cover[i] > 0) || !(f->weight[i] > 0)) continue;
        const double behind =
            (double)f->wide[i] / (double)f->weight[i] - (double)f->depth[i] / (double)f->cover[i];
        left[i] *= (float)(1 - most * fmin(fmax(behind / range, 0), 1));
    }
}

/* Samples of a pixel over the ground. */
static void mix(const cli_scene *s, int64_t x, int64_t y, double left, const double depth[2],
                int light, uint8_t *to) {
    const double ground[3] = {light ? 255 : 10, light ? 255 : 11, light ? 255 : 14};
    double sum[3] = {0};
    for (int j = 0; j < SUB; j++)
        for (int i = 0; i < SUB; i++) {
            const int64_t k = (y * SUB + j) * s->w + x * SUB + i;
            const double d = (double)s->depth[k] / SUB;
            const double near =
                depth[1] > depth[0] ? fmin(fmax((d - depth[0]) / (depth[1] - depth[0]), 0), 1) : 1;
            for (int c = 0; c < 3; c++) {
                const double own = s->colour[3 * k + c] * left;
                const double share = light ? 0.55 + 0.45 * near : 0.5 + 0.5 * near;
                sum[c] += d > -INFINITY ? own * share + ground[c] * (1 - share) : ground[c];
            }
        }
    for (int c = 0; c < 3; c++) to[c] = byte(sum[c] / (SUB * SUB * 255));
}

int cli_scene_picture(cli_scene *s, const double depth[2], int light, vxg_picture *out) {
    relief f = {0};
    int status = vxg_picture_new(s->width, s->height, 3, out);
    if (!status) status = relief_new(s, &f);
    float *left = status ? NULL : malloc((size_t)f.n * sizeof *left);
    if (!status && !left) status = vxg_error_set(VXG_ERR_MEMORY, "out of memory for a picture");
    if (!status) {
        const double range = fmax(depth[1] - depth[0], 1);
        for (int64_t i = 0; i < f.n; i++) left[i] = 1;
        darken(s, &f, 2, 0.05 * range, 0.55, left);
        darken(s, &f, s->width / 40 + 2, 0.25 * range, 0.6, left);
        for (int64_t y = 0; y < s->height; y++)
            for (int64_t x = 0; x < s->width; x++)
                mix(s, x, y, (double)left[y * s->width + x], depth, light,
                    out->pixels + 3 * (y * s->width + x));
    }
    free(left), free(f.depth);
    return status;
}

/* ---- Over a picture ---- */
void cli_draw_stick(vxg_picture *pic, const double from[2], const double to[2], double width,
                    const double colour[3]) {
    const double dx = to[0] - from[0], dy = to[1] - from[1], square = dx * dx + dy * dy;
    const double r = width / 2 + 1;
    const double y0 = fmax(0, floor(fmin(from[1], to[1]) - r));
    const double y1 = fmin((double)pic->height - 1, ceil(fmax(from[1], to[1]) + r));
    const double x0 = fmax(0, floor(fmin(from[0], to[0]) - r));
    const double x1 = fmin((double)pic->width - 1, ceil(fmax(from[0], to[0]) + r));
    for (double y = y0; y <= y1; y++)
        for (double x = x0; x <= x1; x++) {
            const double px = x + 0.5 - from[0], py = y + 0.5 - from[1];
            double t = square > 0 ? (px * dx + py * dy) / square : 0;
            t = fmin(fmax(t, 0), 1);
            const double cover = fmin(width / 2 + 0.5 - hypot(px - t * dx, py - t * dy), 1);
            if (!(cover > 0)) continue;
            uint8_t *at = pic->pixels + 3 * ((int64_t)y * pic->width + (int64_t)x);
            for (int k = 0; k < 3; k++)
                at[k] = byte(at[k] / 255.0 + cover * (colour[k] - at[k] / 255.0));
        }
}

void cli_draw_letters(vxg_picture *pic, const char letters[4], int scale, int grey) {
    const int64_t w = 5 * scale, h = 7 * scale, edge = 3 * scale;
    const int64_t x[4] = {edge, pic->width - edge - w, (pic->width - w) / 2, (pic->width - w) / 2};
    const int64_t y[4] = {(pic->height - h) / 2, (pic->height - h) / 2, edge,
                          pic->height - edge - h};
    for (int i = 0; i < 4; i++) {
        const char text[2] = {letters[i], 0};
        vxg_picture_text(pic, x[i], y[i], scale, (uint8_t)grey, text);
    }
}
