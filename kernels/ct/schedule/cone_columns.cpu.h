/* What schedules of cone beams whose detector rows are steps along z share (cone_joseph.cpu.h,
 * siddon.cpu.h): tiles of 16 x 16 columns of voxels, the detector columns that cross them, and the
 * walks over both. */
#ifndef VXG_CONE_COLUMNS_CPU_H
#define VXG_CONE_COLUMNS_CPU_H
#include "kernels/ct/schedule/column_lanes.cpu.h"
#if !defined(VXG_DTYPE_f64)

#define CJ_TILE VXG_CJ_TILE
#define CJ_GROUP VXG_CJ_GROUP

/* ---- A detector column in a tile ---- */
typedef struct cj_tile {
    int x, y, z;    /* first cell */
    int nz;         /* cells of z */
    int64_t height; /* floats of a column */
} cj_tile;
/* The height of the first cell. */
LANE_FN int cj_low(cj_tile t) {
    return -(t.nz / 2);
}

/* Choices are single minima, maxima and masks: a nested choice that several results depend on is
 * compiled into a tree of branches. */
LANE_FN int32_t cj_clamp(float x, int32_t n) { /* floor, within 0..n */
    const float above = x > 0 ? x : 0, top = (float)n;
    return (int32_t)(above < top ? above : top);
}
LANE_FN double cj_within(double x, double low, double high) {
    const double above = x > low ? x : low;
    return above < high ? above : high;
}

/* First column >= from whose tangent is not below x. */
static int cj_search(const float *tangent, int from, int n, double x) {
    int lo = from, hi = n;
    while (lo < hi) {
        int m = lo + (hi - lo) / 2;
        if ((double)tangent[m] < x) {
            lo = m + 1;
        } else {
            hi = m;
        }
    }
    return lo;
}

/* Columns [*q0, *q1) of a view that may cross the tile of `edge` voxels from (x, y): all where it
 * reaches the plane of the source. */
static void cj_columns(const vxg_cj_scan *s, int view, int x, int y, int edge, int *q0, int *q1) {
    const vxg_cj_view *v = s->views + view;
    const float *tangent = s->tangent + (int64_t)view * s->nu;
    const double mx = 0.5 * (s->nx - 1), my = 0.5 * (s->ny - 1);
    double least = 1e30, most = -1e30;
    int front = 0;
    for (int corner = 0; corner < 4; corner++) {
        const double px = x + (corner & 1 ? edge + 1.5 : -1.5) - mx - v->s[0];
        const double py = y + (corner & 2 ? edge + 1.5 : -1.5) - my - v->s[1];
        const double depth = px * v->n[0] + py * v->n[1];
        const double tan = (px * v->e[0] + py * v->e[1]) / depth;
        if (depth <= 1e-3) continue;
        front++;
        if (tan < least) least = tan;
        if (tan > most) most = tan;
    }
    *q0 = 0, *q1 = front ? s->nu : 0;
    if (front < 4) return;
    *q0 = cj_search(tangent, 0, s->nu, least);
    *q1 = cj_search(tangent, *q0, s->nu, most);
}

typedef struct cj_unit { /* of the forward projection */
    const vxg_cj_forward_args *a;
    float *blended, *acc;
    int v0, nviews, u0, nu, row, rows;
} cj_unit;

/* Times the length of the rays within a slice. */
static void cj_lengths(const vxg_cj_scan *s, const vxg_cj_column *c, int row, int rows,
                       float *restrict data) {
    const float first = (float)row - 0.5f * (float)(s->nv - 1), up = s->up * s->up;
    const float ds = (float)c->ds, sc = (float)c->sc;
    for (int r = 0; r < rows; r++) {
        const float slope = lane_fma1(ds, first + (float)r, sc);
        data[r] *= __builtin_sqrtf(lane_fma1(slope * slope, up, c->across));
    }
}

static void cj_store(const cj_unit *w) {
    const vxg_cj_scan *s = &w->a->scan;
    const int stride = w->a->rows;
    for (int v = 0; v < w->nviews; v++) {
        const int view = w->v0 + v;
        float *acc = w->acc + (int64_t)v * w->a->columns * stride;
        const vxg_cj_column *c = s->columns + (int64_t)view * s->nu + w->u0;
        for (int u = 0; u < w->nu; u++) cj_lengths(s, c + u, w->row, w->rows, acc + u * stride);
        const int flip = s->views[view].flip, row = flip ? s->nv - 1 - w->row : w->row;
        lane_out(w->a->out + ((int64_t)view * s->nv + row) * s->nu + w->u0, flip ? -s->nu : s->nu,
                 acc, stride, w->rows, w->nu, 1, w->a->add);
    }
}

K_SCHEDULE(cj_slab) {
    const vxg_cj_slab_args *a = args;
    const vxg_cj_scan *s = &a->scan;
    const int64_t height = vxg_cj_height(s), slice = (int64_t)s->ny * s->nx, line = s->nx + 2;
    const int nz = s->nz - a->z < s->zchunk ? s->nz - a->z : s->zchunk, y = (int)unit - 1;
    float *const out = a->out + unit * line * height;
    (void)scratch;
    if (y < 0 || y >= s->ny || nz < height) memset(out, 0, (size_t)(line * height) * sizeof *out);
    if (y < 0 || y >= s->ny) return;
    for (int x = 0; x < s->nx; x += LANE_RUN)
        cj_transpose(out + (x + 1) * height, height, a->in + a->z * slice + (int64_t)y * s->nx + x,
                     slice, nz, s->nx - x < LANE_RUN ? s->nx - x : LANE_RUN);
}

/* Adds a tile to a view's columns. */
typedef void (*cj_view_fn)(const cj_unit *w, cj_tile t, int view, float *acc);

/* Tiles begin at voxel `first` along x and y. */
LANE_FN void cj_walk_forward(const vxg_cj_forward_args *a, int64_t unit, void *scratch, int first,
                             cj_view_fn view) {
    const vxg_cj_scan *s = &a->scan;
    const int down = (s->nv + a->rows - 1) / a->rows,
              across = (s->nu + a->columns - 1) / a->columns;
    const int nz = s->nz - a->z < s->zchunk ? s->nz - a->z : s->zchunk;
    cj_unit w = {.a = a, .blended = scratch};
    w.row = (int)(unit % down) * a->rows;
    w.u0 = (int)(unit / down % across) * a->columns;
    w.v0 = (int)(unit / down / across) * a->views;
    w.rows = s->nv - w.row < a->rows ? s->nv - w.row : a->rows;
    w.nu = s->nu - w.u0 < a->columns ? s->nu - w.u0 : a->columns;
    w.nviews = s->nviews - w.v0 < a->views ? s->nviews - w.v0 : a->views;
    w.acc = w.blended + CJ_GROUP * vxg_cj_blend_floats(s);
    memset(w.blended, 0, (size_t)vxg_cj_forward_floats(a) * sizeof(float));
    for (int y = first; y < s->ny; y += CJ_TILE)
        for (int x = first; x < s->nx; x += CJ_TILE) {
            const cj_tile t = {x, y, a->z, nz, vxg_cj_height(s)};
            for (int v = 0; v < w.nviews; v++)
                view(&w, t, w.v0 + v, w.acc + (int64_t)v * a->columns * a->rows);
        }
    cj_store(&w);
}

K_SCHEDULE(cj_pack) {
    const vxg_cj_pack_args *a = args;
    const vxg_cj_scan *s = &a->scan;
    const int64_t height = vxg_cj_pack_height(s), view = a->first + unit;
    const int flip = s->views[view].flip;
    const int64_t pitch = flip ? -s->nu : s->nu;
    const float *in = a->in + (view * s->nv + (flip ? s->nv - 1 : 0)) * s->nu;
    float *const out = a->out + unit * s->nu * height;
    (void)scratch;
    for (int u = 0; u < s->nu; u += LANE_RUN) {
        const int n = s->nu - u < LANE_RUN ? s->nu - u : LANE_RUN;
        float *const to = out + u * height + VXG_CJ_PAD;
        cj_transpose(to, height, in + u, pitch, s->nv, n);
        for (int i = 0; i < n; i++) {
            float *const column = to + i * height;
            memset(column - VXG_CJ_PAD, 0, VXG_CJ_PAD * sizeof(float));
            memset(column + s->nv, 0, (size_t)(height - VXG_CJ_PAD - s->nv) * sizeof(float));
            cj_lengths(s, s->columns + view * s->nu + u + i, 0, s->nv, column);
        }
    }
}

/* Adds a view's columns to a tile. */
typedef void (*cj_tile_fn)(const vxg_cj_scan *s, cj_tile t, int view, const float *data,
                           float *tile);

/* A tile has `before` floats in front of its columns, which the memory begins with; `floats` is all
 * of it. */
LANE_FN void cj_walk_adjoint(const vxg_cj_adjoint_args *a, int64_t unit, float *memory, int before,
                             int64_t floats, cj_tile_fn view) {
    const vxg_cj_scan *s = &a->scan;
    const int64_t across = (s->nx + CJ_TILE - 1) / CJ_TILE, down = (s->ny + CJ_TILE - 1) / CJ_TILE;
    const int64_t slice = (int64_t)s->ny * s->nx, height = vxg_cj_height(s);
    cj_tile t = {(int)(unit % across) * CJ_TILE, (int)(unit / across % down) * CJ_TILE,
                 (int)(unit / across / down) * s->zchunk, 0, height};
    t.nz = s->nz - t.z < s->zchunk ? s->nz - t.z : s->zchunk;
    const int nx = s->nx - t.x < CJ_TILE ? s->nx - t.x : CJ_TILE;
    const int ny = s->ny - t.y < CJ_TILE ? s->ny - t.y : CJ_TILE;
    float *const tile = memory + before, *const out =
                                             a->out + t.z * slice + (int64_t)t.y * s->nx + t.x;
    memset(memory, 0, (size_t)floats * sizeof(float));
    for (int y = 0; y < ny && a->add; y++)
        lane_in(tile + y * CJ_TILE * height, (int)height, out + (int64_t)y * s->nx, slice, 0, t.nz,
                nx, 1);
    for (int v = 0; v < a->views; v++)
        view(s, t, a->first + v, a->in + (int64_t)v * s->nu * vxg_cj_pack_height(s), tile);
    for (int y = 0; y < ny; y++)
        lane_out(out + (int64_t)y * s->nx, slice, tile + y * CJ_TILE * height, (int)height, t.nz,
                 nx, 1, 0);
}
#endif
#endif
