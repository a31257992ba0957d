/* Pictures of slices: percentile window, orthogonal slices, montage. */
#include "io/io.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- window ---- */

/* Floats as unsigned numbers of the same order. */
static uint32_t order_key(float v) {
    uint32_t u;
    memcpy(&u, &v, sizeof u);
    return u >> 31 ? ~u : u | 0x80000000u;
}
static float from_key(uint32_t u) {
    float v;
    u = u >> 31 ? u & 0x7fffffffu : ~u;
    memcpy(&v, &u, sizeof v);
    return v;
}

typedef struct planes { /* images that share a window; all their elements count */
    const vxg__plane *list;
    int n;
} planes;

typedef void (*value_fn)(void *context, float v);
static void for_values(const planes *p, value_fn fn, void *context) {
    for (int i = 0; i < p->n; i++)
        for (int64_t r = 0; r < p->list[i].rows; r++) {
            const float *row = p->list[i].data + r * p->list[i].row_step;
            for (int64_t c = 0; c < p->list[i].cols; c++)
                if (isfinite(row[c * p->list[i].col_step]))
                    fn(context, row[c * p->list[i].col_step]);
        }
}

enum { HALF = 65536, RANKS = 4 };
typedef struct selection {
    int64_t *count; /* HALF: by the upper 16 bits of the key; then by the lower ones */
    int64_t total;
    uint32_t upper; /* the upper half that the second pass looks at */
} selection;
static void count_upper(void *context, float v) {
    selection *s = context;
    s->count[order_key(v) >> 16]++;
    s->total++;
}
static void count_lower(void *context, float v) {
    selection *s = context;
    uint32_t key = order_key(v);
    if (key >> 16 == s->upper) s->count[key & (HALF - 1)]++;
}
/* The bin in which rank falls; rank becomes the rank within the bin. */
static uint32_t find_bin(const int64_t *count, int64_t *rank) {
    uint32_t bin = 0;
    while (bin + 1 < HALF && *rank >= count[bin]) *rank -= count[bin++];
    return bin;
}

/* Exact percentiles by two counting passes over the values' bit patterns: no copy, no sort. Between
 * ranks the value is interpolated, as NumPy does. *total 0: nothing finite. */
static int percentiles(const planes *p, double lo_percent, double hi_percent, int64_t *total,
                       float *lo, float *hi) {
    selection s = {.count = vxg__calloc(2 * HALF, sizeof *s.count)};
    if (!s.count) return VXG_ERR_MEMORY;
    for_values(p, count_upper, &s);
    *total = s.total;
    double at[2] = {lo_percent / 100 * (double)(s.total - 1),
                    hi_percent / 100 * (double)(s.total - 1)};
    float value[RANKS] = {0};
    int64_t *upper_count = s.count;
    s.count += HALF;
    for (int k = 0; k < RANKS && s.total > 0; k++) {
        int64_t rank = (int64_t)floor(at[k / 2]) + k % 2;
        if (rank >= s.total) rank = s.total - 1;
        uint32_t upper = find_bin(upper_count, &rank);
        if (k == 0 || upper != s.upper) {
            s.upper = upper;
            memset(s.count, 0, HALF * sizeof *s.count);
            for_values(p, count_lower, &s);
        }
        value[k] = from_key(upper << 16 | find_bin(s.count, &rank));
    }
    vxg__free(upper_count);
    for (int k = 0; k < 2; k++) {
        double f = at[k] - floor(at[k]), a = value[2 * k], b = value[2 * k + 1];
        *(k ? hi : lo) = (float)(a + f * (b - a));
    }
    return VXG_OK;
}

int vxg_percentile_window(const float *data, int64_t n, double lo_percent, double hi_percent,
                          float *lo, float *hi) {
    VXG_FAIL_IF(!data || !lo || !hi || n < 1, VXG_ERR_ARGUMENT, "no data or an argument is NULL");
    VXG_FAIL_IF(!(lo_percent >= 0 && lo_percent <= hi_percent && hi_percent <= 100),
                VXG_ERR_ARGUMENT, "percentiles %g and %g are not in order in 0..100", lo_percent,
                hi_percent);
    vxg__plane all = {data, 1, n, n, 1};
    int64_t total = 0;
    VXG_TRY(percentiles(&(planes){&all, 1}, lo_percent, hi_percent, &total, lo, hi));
    VXG_FAIL_IF(total == 0, VXG_ERR_NUMERICAL, "none of %lld values is finite", (long long)n);
    return VXG_OK;
}

/* The window of pictures; one that shows something even for constant or NaN-only images. */
static int picture_window(const planes *p, vxg__window *w) {
    int64_t total = 0;
    VXG_TRY(percentiles(p, 0.5, 99.5, &total, &w->lo, &w->hi));
    if (total == 0) w->lo = 0, w->hi = 1;
    if (!(w->hi > w->lo)) {
        float half = fabsf(w->lo) > 0 ? fabsf(w->lo) / 2 : 0.5f;
        w->lo -= half, w->hi += half;
    }
    return VXG_OK;
}

/* ---- resampling ---- */

/* Weights of the source elements under destination element i: first and last, 1 between. Box
 * average when there are fewer destination elements, else linear interpolation. */
typedef struct taps {
    int64_t first, n;
    double w0, w1;
} taps;
static taps taps_of(int64_t source, int64_t destination, int64_t i) {
    taps t = {0, 1, 1, 1};
    double step = (double)source / (double)destination;
    if (step <= 1) {
        double x = ((double)i + 0.5) * step - 0.5, f = x - floor(x);
        t.first = (int64_t)floor(x);
        if (t.first < 0 || t.first + 1 >= source) {
            t.first = t.first < 0 ? 0 : source - 1;
        } else {
            t.n = 2, t.w0 = 1 - f, t.w1 = f;
        }
        return t;
    }
    double a = (double)i * step, b = (double)(i + 1) * step;
    int64_t last = (int64_t)ceil(b) - 1;
    t.first = (int64_t)floor(a);
    if (last >= source) last = source - 1;
    t.n = last - t.first + 1;
    t.w0 = (double)(t.first + 1) - a, t.w1 = b - (double)last;
    return t;
}
static double weight(const taps *t, int64_t k) {
    return k == 0 ? t->w0 : k == t->n - 1 ? t->w1 : 1;
}

static uint8_t shade(double v, vxg__window w) {
    double g = (v - w.lo) / ((double)w.hi - w.lo) * 255 + 0.5;
    return (uint8_t)(g > 0 ? g < 255 ? g : 255 : 0); /* NaN is black */
}

int vxg__plane_draw(vxg_picture *p, const vxg__plane *plane, int64_t x, int64_t y, int64_t w,
                    int64_t h, vxg__window window) {
    taps *across = vxg__calloc((size_t)w, sizeof *across);
    if (!across) return VXG_ERR_MEMORY;
    for (int64_t i = 0; i < w; i++) across[i] = taps_of(plane->cols, w, i);
    for (int64_t j = 0; j < h; j++) {
        taps down = taps_of(plane->rows, h, j);
        for (int64_t i = 0; i < w; i++) {
            const taps *a = &across[i];
            double sum = 0, weights = 0;
            for (int64_t r = 0; r < down.n; r++) {
                const float *row = plane->data + (down.first + r) * plane->row_step;
                for (int64_t c = 0; c < a->n; c++) {
                    float v = row[(a->first + c) * plane->col_step];
                    double u = weight(&down, r) * weight(a, c);
                    if (isfinite(v)) sum += u * v, weights += u;
                }
            }
            uint8_t g = weights > 0 ? shade(sum / weights, window) : 0;
            vxg__blend(p, x + i, y + j, (vxg__colour){g, g, g}, 1);
        }
    }
    vxg__free(across);
    return VXG_OK;
}

int vxg_picture_gray(const float *data, int64_t ny, int64_t nx, float lo, float hi, int64_t width,
                     int64_t height, vxg_picture *out) {
    const int64_t shape[2] = {ny, nx};
    int64_t count;
    VXG_FAIL_IF(!data || !out, VXG_ERR_ARGUMENT, "gray picture: an argument is NULL");
    memset(out, 0, sizeof *out);
    if (vxg__count(2, shape, &count)) return vxg_error_context(VXG_ERR_ARGUMENT, "gray picture");
    VXG_FAIL_IF(!(lo < hi) || !isfinite(hi - lo), VXG_ERR_ARGUMENT,
                "gray picture: a window from %g to %g", (double)lo, (double)hi);
    const vxg__plane plane = {data, ny, nx, nx, 1};
    VXG_TRY(vxg_picture_new(width ? width : nx, height ? height : ny, 1, out));
    const int status =
        vxg__plane_draw(out, &plane, 0, 0, out->width, out->height, (vxg__window){lo, hi});
    if (status) vxg_picture_free(out);
    return status;
}

/* ---- orthogonal slices ---- */

static const vxg__colour ground = {18, 18, 18}, paper = {228, 228, 228}, faint = {140, 140, 140};

enum { MARGIN = 28, GAP = 28, CAPTION = 34, FOOTER = 64 };

typedef struct panel {
    vxg__plane plane;
    int64_t x, y, w, h;
    char longer[64], shorter[32]; /* captions */
} panel;

typedef struct sheet {
    panel panels[3];
    int n, ortho, tall;
    int64_t width, height;
    double scale; /* pixels per length unit */
} sheet;

static void caption(vxg_picture *p, const panel *a) {
    const char *text = vxg__text_width(a->longer, 2) <= a->w ? a->longer : a->shorter;
    int scale = vxg__text_width(text, 2) <= a->w + GAP - 4 ? 2 : 1;
    vxg__text_draw(p, (double)a->x, (double)(a->y - CAPTION + 10), scale, paper, 0, text);
}

/* A length that is 1, 2 or 5 times a power of ten, at most `most`. */
static double round_length(double most) {
    double ten = pow(10, floor(log10(most)));
    return most >= 5 * ten ? 5 * ten : most >= 2 * ten ? 2 * ten : ten;
}

static void scale_bar(vxg_picture *p, int64_t x, int64_t y, double pixels_per_unit, double most,
                      const char *unit) {
    static const char *const larger[][2] = {{"nm", "um"}, {"um", "mm"}, {"mm", "m"}};
    char text[64];
    double length = round_length(most / pixels_per_unit), shown = length;
    for (int i = 0; i < 3; i++)
        if (shown >= 1000 && !strcmp(unit, larger[i][0])) shown /= 1000, unit = larger[i][1];
    vxg__format(text, sizeof text, "%.12g %.16s", shown, unit);
    int64_t w = (int64_t)(length * pixels_per_unit + 0.5);
    vxg__fill_rect(p, x, y, w > 1 ? w : 1, 5, paper, 1);
    vxg__text_draw(p, (double)x, (double)(y + 14), 2, paper, 0, text);
}

/* An end of the window to three digits of its width. */
static void window_text(vxg__window w, float v, char *out, size_t size) {
    double digits = 2 - floor(log10((double)w.hi - w.lo));
    if (digits >= 0 && digits <= 6) {
        vxg__format(out, size, "%.*f", (int)digits, (double)v);
    } else {
        vxg__format(out, size, "%.3g", (double)v);
    }
}

/* The gray ramp with the window's ends. */
static void ramp(vxg_picture *p, int64_t right, int64_t y, vxg__window w) {
    char lo[32], hi[32];
    const int64_t length = 160;
    window_text(w, w.lo, lo, sizeof lo);
    window_text(w, w.hi, hi, sizeof hi);
    int64_t wide = length + 24 + vxg__text_width(lo, 2) + vxg__text_width(hi, 2);
    int64_t x = right - wide;
    if (x < MARGIN) return;
    vxg__text_draw(p, (double)x, (double)y - 5, 2, paper, 0, lo);
    x += vxg__text_width(lo, 2) + 12;
    vxg__fill_rect(p, x - 1, y - 7, length + 2, 18, faint, 1);
    for (int64_t i = 0; i < length; i++) {
        uint8_t g = (uint8_t)(i * 255 / (length - 1));
        vxg__fill_rect(p, x + i, y - 6, 1, 16, (vxg__colour){g, g, g}, 1);
    }
    vxg__text_draw(p, (double)(x + length + 12), (double)y - 5, 2, paper, 0, hi);
}

/* Short strokes beside a panel at the place of another panel's slice. */
static void tick(vxg_picture *p, const panel *a, int vertical, double at) {
    int64_t i = (int64_t)(at * (double)(vertical ? a->w : a->h));
    if (vertical) {
        vxg__fill_rect(p, a->x + i - 1, a->y - 7, 2, 6, paper, 1);
        vxg__fill_rect(p, a->x + i - 1, a->y + a->h + 1, 2, 6, paper, 1);
    } else {
        vxg__fill_rect(p, a->x - 7, a->y + i - 1, 6, 2, paper, 1);
        vxg__fill_rect(p, a->x + a->w + 1, a->y + i - 1, 6, 2, paper, 1);
    }
}

static int64_t pixels(double length, double scale) {
    double n = floor(length * scale + 0.5);
    return n < 1 ? 1 : (int64_t)n;
}

static void name_panel(panel *a, const char *plane, char across, int64_t index, const char *words) {
    snprintf(a->shorter, sizeof a->shorter, "%s %c=%lld", plane, across, (long long)index);
    snprintf(a->longer, sizeof a->longer, "%s %c=%lld  (%s)", plane, across, (long long)index,
             words);
}

/* Where the axes lie in the three panels, by layout: index of the axis to the right and downwards.
 */
static const int right_axis[2][3] = {{2, 0, 2}, {2, 2, 1}},
                 down_axis[2][3] = {{1, 1, 0}, {1, 0, 0}};

/* The sagittal slice is turned, z to the right, so that its rows line up with the axial slice's; in
 * tall volumes all three stand side by side instead. */
static void make_panels(const float *axial, const float *coronal, const float *sagittal,
                        const int64_t s[3], sheet *t) {
    panel *a = t->panels;
    vxg__plane front = {coronal, s[0], s[2], s[2], 1};
    a[0].plane = (vxg__plane){axial, s[1], s[2], s[2], 1};
    name_panel(&a[0], "xy", 'z', s[0] / 2, "x right, y down");
    if (t->tall) {
        a[1].plane = front;
        a[2].plane = (vxg__plane){sagittal, s[0], s[1], s[1], 1};
        name_panel(&a[1], "xz", 'y', s[1] / 2, "x right, z down");
        name_panel(&a[2], "yz", 'x', s[2] / 2, "y right, z down");
    } else {
        a[1].plane = (vxg__plane){sagittal, s[1], s[0], 1, s[1]};
        a[2].plane = front;
        name_panel(&a[1], "zy", 'x', s[2] / 2, "z right, y down");
        name_panel(&a[2], "xz", 'y', s[1] / 2, "x right, z down");
    }
    t->n = t->ortho ? 3 : 1;
}

/* Places the panels at one scale: the axial slice as large as is useful, the whole within bounds.
 */
static void arrange(const int64_t s[3], const double v[3], sheet *t) {
    const double most = 2400 - 2 * MARGIN - 2 * GAP;
    double size[3];
    for (int i = 0; i < 3; i++) size[i] = (double)s[i] * v[i];
    double z = size[0], y = size[1], x = size[2], large = fmax(x, y);
    double scale = fmax(1 / fmin(v[1], v[2]), 720 / large);
    scale = fmin(scale, 1100 / large);
    scale = fmin(scale, most / (!t->ortho ? x : t->tall ? 2 * x + y : x + z));
    scale = fmin(scale, most / (!t->ortho ? y : t->tall ? fmax(y, z) : y + z));
    for (int i = 0; i < t->n; i++) {
        panel *a = &t->panels[i];
        a->w = pixels(size[right_axis[t->tall][i]], scale);
        a->h = pixels(size[down_axis[t->tall][i]], scale);
        a->x = MARGIN, a->y = CAPTION + MARGIN / 2;
        if (i == 2 && !t->tall) {
            a->y += t->panels[0].h + CAPTION + 8;
        } else if (i > 0) {
            a->x = a[-1].x + a[-1].w + GAP;
        }
        if (a->x + a->w + MARGIN > t->width) t->width = a->x + a->w + MARGIN;
        if (a->y + a->h + FOOTER > t->height) t->height = a->y + a->h + FOOTER;
    }
    t->scale = scale;
}

static int draw_sheet(const sheet *t, vxg__window window, const int64_t shape[3], const char *unit,
                      vxg_picture *out) {
    vxg__fill_rect(out, 0, 0, t->width, t->height, ground, 1);
    for (int i = 0; i < t->n; i++) {
        const panel *a = &t->panels[i];
        VXG_TRY(vxg__plane_draw(out, &a->plane, a->x, a->y, a->w, a->h, window));
        caption(out, a);
    }
    for (int i = 0; t->ortho && i < t->n; i++) {
        double at[3];
        for (int k = 0; k < 3; k++) at[k] = ((double)(shape[k] / 2) + 0.5) / (double)shape[k];
        tick(out, &t->panels[i], 1, at[right_axis[t->tall][i]]);
        tick(out, &t->panels[i], 0, at[down_axis[t->tall][i]]);
    }
    int64_t foot = t->height - FOOTER + 20;
    scale_bar(out, MARGIN, foot, t->scale, (double)t->panels[0].w / 3, unit);
    ramp(out, t->width - MARGIN, foot + 8, window);
    return VXG_OK;
}

/* Sizes for which lengths in pixels stay numbers of some pixels; unknown ones (0) are not. */
static int can_be_drawn(const double voxel[3]) {
    const double least = fmin(voxel[0], fmin(voxel[1], voxel[2]));
    const double most = fmax(voxel[0], fmax(voxel[1], voxel[2]));
    for (int i = 0; i < 3; i++)
        if (!(voxel[i] >= 1e-30 && voxel[i] <= 1e30)) return 0;
    return most <= 1e6 * least;
}

int vxg_picture_orthoslices(const float *axial, const float *coronal, const float *sagittal,
                            const int64_t shape[3], const double voxel[3], const char *unit,
                            vxg_picture *out) {
    VXG_FAIL_IF(!axial || !shape || !out, VXG_ERR_ARGUMENT, "an argument is NULL");
    memset(out, 0, sizeof *out);
    int64_t count = 0;
    if (vxg__count(3, shape, &count)) return vxg_error_context(VXG_ERR_ARGUMENT, "volume");
    double v[3] = {1, 1, 1};
    int known = voxel && unit && *unit && !(voxel[0] == 0 && voxel[1] == 0 && voxel[2] == 0);
    if (known && !can_be_drawn(voxel)) {
        vxg__log(0, "picture: drawn in pixels, as voxels of %g x %g x %g %s cannot be", voxel[0],
                 voxel[1], voxel[2], unit);
        known = 0;
    }
    if (known) memcpy(v, voxel, sizeof v);
    double z = (double)shape[0] * v[0];
    double large = fmax((double)shape[1] * v[1], (double)shape[2] * v[2]);
    /* Strips of a few rows tell nothing: then the axial slice alone. */
    sheet t = {.ortho = shape[0] > 2 && z >= large / 16, .tall = z > 1.25 * large};
    VXG_FAIL_IF(t.ortho && (!coronal || !sagittal), VXG_ERR_ARGUMENT,
                "the coronal or the sagittal slice is NULL");
    make_panels(axial, coronal, sagittal, shape, &t);
    arrange(shape, v, &t);
    vxg__plane list[3];
    vxg__window window = {0};
    for (int i = 0; i < t.n; i++) list[i] = t.panels[i].plane;
    VXG_TRY(picture_window(&(planes){list, t.n}, &window));
    VXG_TRY(vxg_picture_new(t.width, t.height, 1, out));
    int status = draw_sheet(&t, window, shape, known ? unit : "px", out);
    if (status) vxg_picture_free(out);
    return status;
}

/* ---- montage ---- */

enum { TILE_GAP = 4, WIDEST = 2400, HIGHEST = 1600 };

/* Columns that make the tiles largest within the bounds; the label must fit on each. */
static int64_t choose_columns(int64_t n, int64_t ny, int64_t nx, int64_t least_width) {
    int64_t best = 1;
    double best_scale = 0;
    for (int64_t c = 1; c <= n && (c == 1 || c * (least_width + TILE_GAP) <= WIDEST); c++) {
        int64_t rows = (n + c - 1) / c;
        double scale =
            fmin((double)WIDEST / (double)(c * nx), (double)HIGHEST / (double)(rows * ny));
        if (scale > best_scale * 1.0001) best = c, best_scale = scale;
    }
    return best;
}

static void tile_label(vxg_picture *p, int64_t x, int64_t y, int64_t w, const char *text) {
    int scale = w >= 320 ? 3 : w >= 150 ? 2 : 1;
    while (scale > 1 && vxg__text_width(text, scale) + 8 * scale > w) scale--;
    int64_t wide = vxg__text_width(text, scale);
    /* A dark plate under the text: it must be read on any tile. */
    vxg__fill_rect(p, x, y, wide + 6 * scale, 13 * scale, (vxg__colour){0, 0, 0}, 0.65);
    vxg__text_draw(p, (double)(x + 3 * scale), (double)(y + 3 * scale), scale,
                   (vxg__colour){255, 255, 255}, 0, text);
}

int vxg_picture_montage(const float *images, int64_t n, int64_t ny, int64_t nx,
                        const char *const *labels, vxg_picture *out) {
    VXG_FAIL_IF(!images || !out, VXG_ERR_ARGUMENT, "an argument is NULL");
    memset(out, 0, sizeof *out);
    const int64_t shape[3] = {n, ny, nx};
    int64_t count = 0, label_width = 0;
    if (vxg__count(3, shape, &count)) return vxg_error_context(VXG_ERR_ARGUMENT, "images");
    for (int64_t i = 0; labels && i < n; i++) {
        int64_t w = labels[i] ? vxg__text_width(labels[i], 1) + 8 : 0;
        if (w > label_width) label_width = w;
    }
    vxg__window window = {0};
    vxg__plane all = {images, n * ny, nx, nx, 1};
    VXG_TRY(picture_window(&(planes){&all, 1}, &window));
    int64_t columns = choose_columns(n, ny, nx, label_width), rows = (n + columns - 1) / columns;
    double scale = fmin((double)(WIDEST - TILE_GAP * (columns + 1)) / (double)(columns * nx),
                        (double)HIGHEST / (double)(rows * ny));
    /* Tiles are shown at most at their own size, small ones at up to 240 pixels. */
    scale = fmin(scale, fmax(1, floor(240.0 / (double)nx)));
    int64_t w = pixels((double)nx, scale), h = pixels((double)ny, scale);
    if (w < label_width) w = label_width, h = pixels((double)ny, (double)w / (double)nx);
    if (h < 16) h = 16; /* a row of pixels still shows, with its label */
    VXG_TRY(vxg_picture_new(columns * (w + TILE_GAP) + TILE_GAP, rows * (h + TILE_GAP) + TILE_GAP,
                            1, out));
    vxg__fill_rect(out, 0, 0, out->width, out->height, ground, 1);
    int status = VXG_OK;
    for (int64_t i = 0; i < n && !status; i++) {
        int64_t x = TILE_GAP + i % columns * (w + TILE_GAP),
                y = TILE_GAP + i / columns * (h + TILE_GAP);
        vxg__plane plane = {images + i * ny * nx, ny, nx, nx, 1};
        status = vxg__plane_draw(out, &plane, x, y, w, h, window);
        if (labels && labels[i]) tile_label(out, x, y, w, labels[i]);
    }
    if (status) vxg_picture_free(out);
    return status;
}
