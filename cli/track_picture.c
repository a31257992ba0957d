/* Streamlines from three sides. Which are drawn is decided by a number made of each one's own; so
 * the pictures are the same however the streamlines came. */
#include "track_picture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    USUAL_LINES = 20000,
    POINTS_A_LINE = 160, /* kept, on the average, at most */
    USUAL_WIDTH = 900,
    EDGE = 26, /* pixels around the streamlines */
    GAP = 6    /* between views that are joined */
};

struct cli_views {
    cli_views_opts opts;
    int64_t seen, lines, points, room_lines, room_points;
    int64_t most_points;
    uint64_t below;   /* streamlines whose number is below it are kept */
    uint64_t *number; /* of each that is */
    int64_t *begin;   /* lines + 1 */
    float *xyz;
};

/* Of each view: the scanner axes to the right, upwards and to the eye, and their signs. */
typedef struct view {
    int axis[3], sign[3];
    char letters[5];        /* left, right, top, bottom */
    const char *caption[2]; /* of all, and of a cut */
} view;
static const view sides[CLI_VIEWS] = {
    {{0, 1, 2},
     {1, 1, 1},
     "LRAP",
     {"From above, the front at the top; the subject's right is on the right",
      "The lower half from above, the front at the top; the subject's right is on the right"}},
    {{0, 2, 1},
     {1, 1, -1},
     "LRSI",
     {"From behind; the subject's right is on the right",
      "The front half from behind; the subject's right is on the right"}},
    {{1, 2, 0},
     {1, 1, 1},
     "PASI",
     {"From the right; the front is on the right",
      "The left half from the right; the front is on the right"}},
};

const char *cli_view_caption(int i, int cut) {
    return sides[i].caption[cut != 0];
}

int cli_views_begin(const cli_views_opts *opts, cli_views **out) {
    cli_views *v = *out = calloc(1, sizeof *v);
    if (!v) return vxg_error_set(VXG_ERR_MEMORY, "out of memory for a picture");
    if (opts) v->opts = *opts;
    if (v->opts.lines < 1) v->opts.lines = USUAL_LINES;
    if (v->opts.width < 1) v->opts.width = USUAL_WIDTH;
    v->most_points = POINTS_A_LINE * v->opts.lines;
    v->below = UINT64_MAX;
    return VXG_OK;
}

void cli_views_free(cli_views *v) {
    if (!v) return;
    free(v->number), free(v->begin), free(v->xyz);
    free(v);
}

int64_t cli_views_seen(const cli_views *v) {
    return v->seen;
}

int64_t cli_views_drawn(const cli_views *v) {
    return v->lines;
}

/* ---- Which are kept ---- */
/* Numbers one after the other become numbers that are spread evenly: S. Vigna's splitmix64. */
static uint64_t spread(int64_t n) {
    uint64_t z = ((uint64_t)n + 1) * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* Half of the numbers go, until there is room. */
static void thin_out(cli_views *v) {
    while ((v->lines > v->opts.lines || v->points > v->most_points) && v->lines > 1) {
        int64_t n = 0, at = 0;
        v->below /= 2;
        for (int64_t i = 0; i < v->lines; i++) {
            const int64_t from = v->begin[i], size = v->begin[i + 1] - from;
            if (v->number[i] >= v->below) continue;
            memmove(v->xyz + 3 * at, v->xyz + 3 * from, 3 * (size_t)size * sizeof *v->xyz);
            v->number[n] = v->number[i];
            v->begin[n++] = at;
            at += size;
        }
        v->begin[n] = at;
        v->lines = n, v->points = at;
    }
}

static int make_room(cli_views *v, int64_t more) {
    if (v->points + more > v->room_points) {
        const int64_t room = 2 * (v->points + more) + 4096;
        float *p = realloc(v->xyz, 3 * (size_t)room * sizeof *p);
        if (!p) return vxg_error_set(VXG_ERR_MEMORY, "out of memory for a picture");
        v->xyz = p, v->room_points = room;
    }
    if (v->lines + 2 > v->room_lines) {
        const int64_t room = 2 * v->lines + 256;
        int64_t *b = realloc(v->begin, (size_t)room * sizeof *b);
        if (b) v->begin = b;
        uint64_t *n = realloc(v->number, (size_t)room * sizeof *n);
        if (n) v->number = n;
        if (!b || !n) return vxg_error_set(VXG_ERR_MEMORY, "out of memory for a picture");
        v->room_lines = room;
    }
    return VXG_OK;
}

/* n points in mm; those that are needed are kept. */
static int keep_line(cli_views *v, int64_t n, const double *points, uint64_t number) {
    const int64_t all[2] = {0, n};
    const vxg_tract_batch one = {.dtype = VXG_F64, .lines = 1, .offsets = all, .positions = points};
    const vxg_tract_linearize_opts o = {.tolerance = 0.1, .max_segment = 5};
    int64_t offsets[2];
    int64_t *kept = malloc((size_t)n * sizeof *kept);
    int status = kept ? vxg_tract_linearize(&one, &o, offsets, kept)
                      : vxg_error_set(VXG_ERR_MEMORY, "out of memory for a picture");
    if (!status) status = make_room(v, offsets[1]);
    for (int64_t i = 0; i < offsets[1] && !status; i++)
        for (int k = 0; k < 3; k++)
            v->xyz[3 * (v->points + i) + k] = (float)points[3 * kept[i] + k];
    if (!status) {
        if (v->lines == 0) v->begin[0] = 0;
        v->number[v->lines++] = number;
        v->points += offsets[1];
        v->begin[v->lines] = v->points;
    }
    free(kept);
    return status;
}

int cli_views_add(cli_views *v, const vxg_tract_info *info, const vxg_tract_batch *b) {
    double rows[12];
    int status = vxg_tract_to_ras(info, rows);
    if (status) return status;
    for (int64_t i = 0; i < b->lines && !status; i++) {
        const int64_t begin = b->offsets[i], n = b->offsets[i + 1] - begin;
        const uint64_t number = spread(v->seen++);
        if (n < 2 || number >= v->below) continue;
        double *p = malloc(3 * (size_t)n * sizeof *p);
        if (!p) return vxg_error_set(VXG_ERR_MEMORY, "out of memory for a picture");
        for (int64_t k = 0; k < 3 * n; k++)
            p[k] = b->dtype == VXG_F64 ? ((const double *)b->positions)[3 * begin + k]
                                       : (double)((const float *)b->positions)[3 * begin + k];
        status = vxg_tract_move(rows, VXG_F64, n, p);
        if (!status) status = keep_line(v, n, p, number);
        free(p);
        thin_out(v);
    }
    return status;
}

/* ---- Drawing ---- */
typedef struct frame {
    double lo[3], hi[3]; /* of all that is kept, mm */
    double mean[3];
    int cut;      /* 1: what is nearer than the mean is left out */
    double scale; /* pixels a mm */
    double line;  /* pixels of a line's width */
} frame;

static frame frame_of(const cli_views *v, int cut) {
    frame f = {
        .cut = cut, .lo = {INFINITY, INFINITY, INFINITY}, .hi = {-INFINITY, -INFINITY, -INFINITY}};
    double longest = 1e-6;
    for (int64_t i = 0; i < 3 * v->points; i++) {
        f.lo[i % 3] = fmin(f.lo[i % 3], (double)v->xyz[i]);
        f.hi[i % 3] = fmax(f.hi[i % 3], (double)v->xyz[i]);
        f.mean[i % 3] += (double)v->xyz[i] / (double)v->points;
    }
    for (int k = 0; k < 3; k++) longest = fmax(longest, f.hi[k] - f.lo[k]);
    f.scale = (v->opts.width - 2 * EDGE) / longest;
    /* Few lines are drawn wide, many fine. */
    f.line = (2.6 - 0.35 * log10(fmax(1, (double)v->lines / 30))) * v->opts.width / USUAL_WIDTH;
    f.line = fmax(f.line, 1.3);
    return f;
}

/* What red, green and blue of a direction are on a screen: pure blue would be too dark to see. */
void cli_direction_colour(const double d[3], double colour[3]) {
    static const double tone[3][3] = {{1, 0.13, 0.10}, {0.12, 0.93, 0.16}, {0.20, 0.36, 1}};
    const double length = sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
    const double most = fmax(fabs(d[0]), fmax(fabs(d[1]), fabs(d[2])));
    for (int k = 0; k < 3; k++) {
        colour[k] = length > 0 ? 0 : 0.6;
        for (int c = 0; c < 3 && length > 0; c++)
            colour[k] += fabs(d[c]) / pow(length, 0.7) / pow(most, 0.3) * tone[c][k];
        colour[k] = fmin(colour[k], 1);
    }
}

static cli_vertex vertex(const cli_views *v, const frame *f, const view *w, int64_t i,
                         int64_t begin, int64_t end, double height) {
    const float *const p = v->xyz + 3 * i;
    double at[3];
    cli_vertex out;
    for (int k = 0; k < 3; k++) at[k] = w->sign[k] * (double)p[w->axis[k]];
    const int x = w->axis[0], y = w->axis[1];
    out.x = EDGE + (at[0] - f->lo[x]) * f->scale; /* both run with their axes in all views */
    out.y = height - EDGE - (at[1] - f->lo[y]) * f->scale;
    out.depth = at[2] * f->scale;
    const float *const a = i > begin ? p - 3 : p, *const b = i + 1 < end ? p + 3 : p;
    for (int k = 0; k < 3; k++) at[k] = (double)b[k] - (double)a[k];
    cli_direction_colour(at, out.colour);
    return out;
}

static int draw_view(const cli_views *v, const frame *f, const view *w, vxg_picture *out) {
    const int x = w->axis[0], y = w->axis[1], z = w->axis[2];
    const int64_t width = (int64_t)ceil((f->hi[x] - f->lo[x]) * f->scale) + 2 * EDGE;
    const int64_t height = (int64_t)ceil((f->hi[y] - f->lo[y]) * f->scale) + 2 * EDGE;
    const double a = w->sign[2] * f->lo[z] * f->scale, b = w->sign[2] * f->hi[z] * f->scale;
    const double nearest = f->cut ? w->sign[2] * f->mean[z] * f->scale : fmax(a, b);
    const double depth[2] = {fmin(a, b), nearest};
    cli_scene *s = NULL;
    int status = cli_scene_new(width, height, &s);
    for (int64_t n = 0; n < v->lines && !status; n++) {
        const int64_t begin = v->begin[n], end = v->begin[n + 1];
        cli_vertex last = vertex(v, f, w, begin, begin, end, (double)height);
        for (int64_t i = begin + 1; i < end; i++) {
            const cli_vertex next = vertex(v, f, w, i, begin, end, (double)height);
            if (!f->cut || fmax(last.depth, next.depth) <= nearest)
                cli_scene_tube(s, &last, &next, f->line);
            last = next;
        }
    }
    if (!status) status = cli_scene_picture(s, depth, v->opts.light, out);
    if (!status) cli_draw_letters(out, w->letters, 2, v->opts.light ? 90 : 170);
    cli_scene_free(s);
    return status;
}

int cli_views_finish(cli_views *v, int cut, vxg_picture out[CLI_VIEWS]) {
    const frame f = frame_of(v, cut);
    int status = VXG_OK;
    memset(out, 0, CLI_VIEWS * sizeof *out);
    if (!v->lines) return vxg_error_set(VXG_ERR_INPUT, "there is no streamline to draw");
    for (int i = 0; i < CLI_VIEWS && !status; i++) status = draw_view(v, &f, &sides[i], &out[i]);
    for (int i = 0; i < CLI_VIEWS && status; i++) vxg_picture_free(&out[i]);
    return status;
}

int cli_views_join(const vxg_picture in[CLI_VIEWS], vxg_picture *out) {
    int64_t width = GAP * (CLI_VIEWS - 1), height = 0, x = 0;
    for (int i = 0; i < CLI_VIEWS; i++) {
        width += in[i].width;
        height = in[i].height > height ? in[i].height : height;
    }
    const int status = vxg_picture_new(width, height, 3, out);
    for (int64_t k = 0; k < width * height && !status; k++) /* the views' own ground */
        memcpy(out->pixels + 3 * k, in[0].pixels, 3);
    for (int i = 0; i < CLI_VIEWS && !status; i++) {
        const int64_t y = (height - in[i].height) / 2;
        for (int64_t r = 0; r < in[i].height; r++)
            memcpy(out->pixels + 3 * ((y + r) * width + x), in[i].pixels + 3 * r * in[i].width,
                   3 * (size_t)in[i].width);
        x += in[i].width + GAP;
    }
    return status;
}

/* ---- On the way to a file ---- */
typedef struct watch {
    vxg_tract_writer base;
    vxg_tract_writer *to;
    cli_views *views;
    cli_values *lengths;
} watch;

static int watch_write(vxg_tract_writer *self, const vxg_tract_batch *b) {
    watch *w = self->impl;
    int status = vxg_tract_write(w->to, b);
    if (!status && w->lengths) status = cli_lengths_add(w->lengths, &self->info, b);
    if (!status && w->views) status = cli_views_add(w->views, &self->info, b);
    return status;
}

static int watch_finish(vxg_tract_writer *self) {
    watch *w = self->impl;
    vxg_tract_writer *const to = w->to;
    free(w);
    return to->finish(to);
}

static void watch_abandon(vxg_tract_writer *self) {
    watch *w = self->impl;
    w->to->abandon(w->to);
    free(w);
}

int cli_watch(vxg_tract_writer *to, cli_views *views, cli_values *lengths, vxg_tract_writer **out) {
    watch *w = calloc(1, sizeof *w);
    if (!w) return vxg_error_set(VXG_ERR_MEMORY, "out of memory");
    w->to = to, w->views = views, w->lengths = lengths;
    w->base = (vxg_tract_writer){.size = sizeof w->base,
                                 .info = to->info, /* its lists live as long as the other */
                                 .write = watch_write,
                                 .finish = watch_finish,
                                 .abandon = watch_abandon,
                                 .impl = w};
    *out = &w->base;
    return VXG_OK;
}
