/* Slices of maps along the scanner's axes, grey or coloured, with sticks over them. */
#include "track_picture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { USUAL_WIDTH = 480, LEAST = 64, MARGIN = 2 /* voxels around what is not 0 */ };

/* Of a view: the voxels' axes to the right, upwards and through, whether they run backwards, which
 * voxels there are and their sides. */
typedef struct plane {
    int axis[3], back[3];
    int64_t first[3], n[3]; /* of what is shown */
    double side[3];
    int64_t slice; /* along the third */
    double scale;  /* pixels a mm */
    int64_t width, height;
} plane;

static const int scanner[CLI_VIEWS][3] = {{0, 1, 2}, {0, 2, 1}, {1, 2, 0}};
static const char letters[CLI_VIEWS][5] = {"LRAP", "LRSI", "PASI"};

/* The voxels' axis that runs along each scanner axis most, the most certain first. */
static void axes_of(const cli_shown *m, int axis[3], int back[3], double side[3]) {
    int used[3] = {0}, found[3] = {0};
    for (int k = 0; k < 3; k++)
        side[k] = sqrt(m->affine[k] * m->affine[k] + m->affine[4 + k] * m->affine[4 + k] +
                       m->affine[8 + k] * m->affine[8 + k]);
    for (int step = 0; step < 3; step++) {
        double best = -1;
        int row = 0, column = 0;
        for (int r = 0; r < 3; r++)
            for (int c = 0; c < 3; c++) {
                const double share = side[c] > 0 ? fabs(m->affine[4 * r + c]) / side[c] : 0;
                if (!found[r] && !used[c] && share > best) best = share, row = r, column = c;
            }
        found[row] = used[column] = 1;
        axis[row] = column, back[row] = m->affine[4 * row + column] < 0;
    }
}

/* Of the voxels that are not 0, the last excluded; of all where none is. */
static void box_of(const cli_shown *m, int64_t lo[3], int64_t hi[3]) {
    const int64_t voxels = m->grid[0] * m->grid[1] * m->grid[2];
    for (int k = 0; k < 3; k++) lo[k] = INT64_MAX, hi[k] = 0;
    for (int64_t v = 0; v < m->rows * voxels; v++) {
        if (!(fabs((double)m->values[v]) > 0)) continue;
        int64_t i = v % voxels;
        for (int k = 0; k < 3; i /= m->grid[k++]) {
            const int64_t at = i % m->grid[k];
            lo[k] = at < lo[k] ? at : lo[k];
            hi[k] = at >= hi[k] ? at + 1 : hi[k];
        }
    }
    for (int k = 0; k < 3; k++)
        if (!hi[k]) lo[k] = 0, hi[k] = m->grid[k];
}

void cli_map_middle(const cli_shown *m, int64_t at[3]) {
    int64_t lo[3], hi[3];
    box_of(m, lo, hi);
    for (int k = 0; k < 3; k++) at[k] = (lo[k] + hi[k]) / 2;
}

static plane plane_of(const cli_shown *m, int view, const int64_t at[3], int width) {
    plane p = {0};
    int axis[3], back[3];
    int64_t lo[3], hi[3];
    double side[3], longest = 1e-9;
    axes_of(m, axis, back, side);
    box_of(m, lo, hi);
    for (int k = 0; k < 3; k++) {
        lo[k] = lo[k] > MARGIN ? lo[k] - MARGIN : 0;
        hi[k] = hi[k] + MARGIN < m->grid[k] ? hi[k] + MARGIN : m->grid[k];
        longest = fmax(longest, side[k] * (double)(hi[k] - lo[k]));
    }
    for (int k = 0; k < 3; k++) {
        const int a = axis[scanner[view][k]];
        p.axis[k] = a, p.back[k] = back[scanner[view][k]];
        p.first[k] = lo[a], p.n[k] = hi[a] - lo[a], p.side[k] = side[a];
    }
    p.slice = at[p.axis[2]];
    p.scale = width / longest;
    p.width = (int64_t)fmax(LEAST, ceil(p.side[0] * (double)p.n[0] * p.scale));
    p.height = (int64_t)fmax(LEAST, ceil(p.side[1] * (double)p.n[1] * p.scale));
    return p;
}

static int64_t place(const cli_shown *m, const plane *p, int64_t a, int64_t b) {
    int64_t at[3];
    at[p->axis[0]] = p->first[0] + (p->back[0] ? p->n[0] - 1 - a : a);
    at[p->axis[1]] = p->first[1] + (p->back[1] ? p->n[1] - 1 - b : b);
    at[p->axis[2]] = p->slice;
    return (at[2] * m->grid[1] + at[1]) * m->grid[0] + at[0];
}

static int64_t clamp(double v, int64_t n) {
    return v <= 0 ? 0 : v >= (double)n - 1 ? n - 1 : (int64_t)v;
}

/* Linear between the centres of voxels; the outermost half voxel is as its voxel. */
static double look(const cli_shown *m, const plane *p, int row, double a, double b) {
    const int64_t a0 = clamp(floor(a), p->n[0]), b0 = clamp(floor(b), p->n[1]);
    const int64_t a1 = clamp(floor(a) + 1, p->n[0]), b1 = clamp(floor(b) + 1, p->n[1]);
    const double u = a - floor(a), v = b - floor(b);
    const float *x = m->values + row * m->grid[0] * m->grid[1] * m->grid[2];
    const double below =
        (1 - u) * (double)x[place(m, p, a0, b0)] + u * (double)x[place(m, p, a1, b0)];
    const double above =
        (1 - u) * (double)x[place(m, p, a0, b1)] + u * (double)x[place(m, p, a1, b1)];
    return (1 - v) * below + v * above;
}

static void paint(const cli_shown *m, const plane *p, double share, vxg_picture *out) {
    for (int64_t y = 0; y < p->height; y++)
        for (int64_t x = 0; x < p->width; x++) {
            const double a = ((double)x + 0.5) / p->scale / p->side[0] - 0.5;
            const double b = ((double)(p->height - y) - 0.5) / p->scale / p->side[1] - 0.5;
            uint8_t *to = out->pixels + 3 * (y * p->width + x);
            for (int c = 0; c < 3; c++) {
                const double v = look(m, p, m->rows == 3 ? c : 0, a, b);
                const double shade = share * (v - m->lo) / (m->hi - m->lo);
                /* what is not finite is black */
                to[c] = (uint8_t)(shade > 0 ? 255 * fmin(shade, 1) + 0.5 : 0);
            }
        }
}

/* The sticks of one voxel, through its middle, as they look from where the view is seen. */
static void sticks_at(const cli_shown *m, const plane *p, const cli_sticks *s, int view, int64_t a,
                      int64_t b, vxg_picture *out) {
    const int64_t voxels = m->grid[0] * m->grid[1] * m->grid[2], at = place(m, p, a, b);
    const double size = fmin(p->side[0], p->side[1]) * p->scale;
    const double x = ((double)a + 0.5) * p->side[0] * p->scale;
    const double y = (double)p->height - ((double)b + 0.5) * p->side[1] * p->scale;
    double most = 0;
    for (int i = 0; i < s->peaks && s->values; i++)
        most = fmax(most, (double)s->values[i * voxels + at]);
    for (int i = s->peaks - 1; i >= 0; i--) { /* the first above the others */
        double d[3], colour[3], square = 0;
        for (int k = 0; k < 3; k++) d[k] = (double)s->directions[(3 * i + k) * voxels + at];
        for (int k = 0; k < 3; k++) square += d[k] * d[k];
        if (!(square > 0) || !isfinite(square)) continue;
        double half = 0.47 * size / sqrt(square);
        if (s->values && most > 0) half *= (double)s->values[i * voxels + at] / most;
        if (!(half > 0)) continue;
        const double dx = half * d[scanner[view][0]], dy = half * d[scanner[view][1]];
        const double from[2] = {x - dx, y + dy}, to[2] = {x + dx, y - dy};
        cli_direction_colour(d, colour);
        cli_draw_stick(out, from, to, fmax(1.2, 0.16 * size), colour);
    }
}

int cli_map_slices(const cli_shown *m, const cli_sticks *sticks, const int64_t given[3], int width,
                   vxg_picture out[CLI_VIEWS]) {
    int64_t at[3];
    int status = VXG_OK;
    memset(out, 0, CLI_VIEWS * sizeof *out);
    if (given)
        memcpy(at, given, sizeof at);
    else
        cli_map_middle(m, at);
    for (int i = 0; i < CLI_VIEWS && !status; i++) {
        const plane p = plane_of(m, i, at, width > 0 ? width : USUAL_WIDTH);
        status = vxg_picture_new(p.width, p.height, 3, &out[i]);
        if (status) break;
        paint(m, &p, sticks ? 0.6 : 1, &out[i]); /* darker, so that the sticks show */
        for (int64_t b = 0; b < p.n[1] && sticks; b++)
            for (int64_t a = 0; a < p.n[0]; a++) sticks_at(m, &p, sticks, i, a, b, &out[i]);
        cli_draw_letters(&out[i], letters[i], width > 700 ? 2 : 1, 190);
    }
    for (int i = 0; i < CLI_VIEWS && status; i++) vxg_picture_free(&out[i]);
    return status;
}

void cli_map_caption(const cli_shown *m, const int64_t at[3], int view, char *out, size_t size) {
    static const char *const names[CLI_VIEWS] = {"Axial", "Coronal", "Sagittal"};
    static const char *const sides[CLI_VIEWS] = {"the front at the top, right on the right",
                                                 "right on the right", "the front on the right"};
    const plane p = plane_of(m, view, at, USUAL_WIDTH);
    snprintf(out, size, "%s slice %c = %lld: %s", names[view], "ijk"[p.axis[2]], (long long)p.slice,
             sides[view]);
}
