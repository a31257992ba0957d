/* Joseph's fan-beam projection of one slice and its exact adjoint. A ray meets the slices of its
 * main axis one by one, between two pixels: places and weights of the 64 it has in a tile are
 * formed together, then pixels are read, or given to, one after the other.
 *
 * The pair is exact: both directions get places from the same operations, whatever the tile's
 * neighbours; a place is a whole number, in double, and a float below 64. */
#include "kernels/ct/schedule/cone_columns.cpu.h"
#if !defined(VXG_DTYPE_f64)

#define FS_TILE VXG_FS_TILE

/* Points [begin, end) of a ray in a tile, counted along its main axis from the tile's first pixel:
 * the pixel in front of the point along the other axis, and the weight of the next one. */
typedef struct fs_list {
    int begin, end;
    int32_t cell[FS_TILE];
    float w1[FS_TILE];
} fs_list;

/* The points whose pixel lies in [low, top) of the tile: a run, as places rise or fall. */
static void fs_points(const vxg_cj_scan *s, const vxg_cj_column *c, int x, int y, int low, int top,
                      fs_list *restrict l) {
    const int first = c->axis ? y : x, other = c->axis ? x : y, n = c->axis ? s->ny : s->nx;
    const int k0 = first > c->k0 ? first : c->k0, far = first + FS_TILE < n ? first + FS_TILE : n;
    const double place = c->sb * (first - 0.5 * (n - 1)) + c->b;
    const double whole = __builtin_floor(cj_within(place, -1e6, 1e6));
    const float slope = (float)c->sb, base = (float)(place - whole);
    const int32_t origin = (int32_t)whole - other;
    int below = 0, above = 0;
    l->begin = k0 - first, l->end = (far < c->k1 ? far : c->k1) - first;
    for (int i = 0; i < FS_TILE; i++) {
        const float at = lane_fma1(slope, (float)i, base), floor = __builtin_floorf(at);
        const int32_t cell = origin + (int32_t)floor;
        const int counts = i >= l->begin && i < l->end;
        l->cell[i] = cell, l->w1[i] = at - floor;
        below += counts && cell < low, above += counts && cell >= top;
    }
    l->begin += slope < 0 ? above : below;
    l->end -= slope < 0 ? below : above;
}

/* ---- Forward ---- */
/* The volume with a border of zeros. */
K_SCHEDULE(fs_pad) {
    const vxg_cj_slab_args *a = args;
    const int nx = a->scan.nx, y = (int)unit - 1;
    float *const out = a->out + unit * (nx + 2);
    (void)scratch;
    memset(out, 0, (size_t)(nx + 2) * sizeof *out);
    if (y >= 0 && y < a->scan.ny)
        memcpy(out + 1, a->in + (int64_t)y * nx, (size_t)nx * sizeof *out);
}

/* Four sums, so that additions do not wait for each other. */
static float fs_sum(const fs_list *l, const float *p, int64_t step, int64_t across) {
    float sum[4] = {0};
    int i = l->begin;
    for (; i + 4 <= l->end; i += 4)
        for (int k = 0; k < 4; k++) {
            const float *const cell = p + (i + k) * step + l->cell[i + k] * across;
            sum[k] += lane_fma1(l->w1[i + k], cell[across], (1 - l->w1[i + k]) * cell[0]);
        }
    for (; i < l->end; i++) {
        const float *const cell = p + i * step + l->cell[i] * across;
        sum[0] += lane_fma1(l->w1[i], cell[across], (1 - l->w1[i]) * cell[0]);
    }
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

K_SCHEDULE(fs_forward) {
    const vxg_cj_forward_args *a = args;
    const vxg_cj_scan *s = &a->scan;
    const int64_t line = s->nx + 2;
    const int v0 = (int)unit * a->views;
    const int n = s->nviews - v0 < a->views ? s->nviews - v0 : a->views;
    float *const acc = scratch;
    fs_list l;
    memset(acc, 0, (size_t)n * (size_t)s->nu * sizeof *acc);
    for (int y = 0; y < s->ny; y += FS_TILE)
        for (int x = 0; x < s->nx; x += FS_TILE)
            for (int v = 0; v < n; v++) {
                int q0, q1;
                cj_columns(s, v0 + v, x, y, FS_TILE, &q0, &q1);
                for (int q = q0; q < q1; q++) {
                    const vxg_cj_column *c = s->columns + (int64_t)(v0 + v) * s->nu + q;
                    const float *const p = a->in + (y + 1) * line + x + 1;
                    const int left = c->axis ? s->nx - x : s->ny - y;
                    /* pixel -1: rays beside the volume */
                    fs_points(s, c, x, y, (c->axis ? x : y) ? 0 : -1,
                              left < FS_TILE ? left : FS_TILE, &l);
                    if (l.begin < l.end)
                        acc[(int64_t)v * s->nu + q] +=
                            fs_sum(&l, p, c->axis ? line : 1, c->axis ? 1 : line);
                }
            }
    for (int v = 0; v < n; v++) {
        float *const out = a->out + (int64_t)(v0 + v) * s->nu;
        for (int q = 0; q < s->nu; q++) {
            const float length = __builtin_sqrtf(s->columns[(int64_t)(v0 + v) * s->nu + q].across);
            out[q] = acc[(int64_t)v * s->nu + q] * length + (a->add ? out[q] : 0);
        }
    }
}

/* ---- Adjoint ---- */
K_SCHEDULE(fs_adjoint) {
    const vxg_cj_adjoint_args *a = args;
    const vxg_cj_scan *s = &a->scan;
    const int line = FS_TILE + 2, tiles = (s->nx + FS_TILE - 1) / FS_TILE;
    const int x = (int)(unit % tiles) * FS_TILE, y = (int)(unit / tiles) * FS_TILE;
    const int nx = s->nx - x < FS_TILE ? s->nx - x : FS_TILE;
    const int ny = s->ny - y < FS_TILE ? s->ny - y : FS_TILE;
    float *const tile = scratch;
    fs_list l;
    memset(tile, 0, (size_t)line * (size_t)line * sizeof *tile);
    for (int v = 0; v < s->nviews; v++) {
        int q0, q1;
        cj_columns(s, v, x, y, FS_TILE, &q0, &q1);
        for (int q = q0; q < q1; q++) {
            const int64_t at = (int64_t)v * s->nu + q;
            const vxg_cj_column *c = s->columns + at;
            const float value = a->in[at] * __builtin_sqrtf(c->across);
            const int step = c->axis ? line : 1, across = c->axis ? 1 : line;
            fs_points(s, c, x, y, -1, FS_TILE, &l);
            for (int i = l.begin; i < l.end; i++) { /* the border takes what is not the tile's */
                float *const cell = tile + line + 1 + i * step + l.cell[i] * across;
                cell[0] = lane_fma1(1 - l.w1[i], value, cell[0]);
                cell[across] = lane_fma1(l.w1[i], value, cell[across]);
            }
        }
    }
    for (int j = 0; j < ny; j++) {
        float *const out = a->out + (int64_t)(y + j) * s->nx + x;
        const float *const from = tile + (j + 1) * line + 1;
        for (int i = 0; i < nx; i++) out[i] = from[i] + (a->add ? out[i] : 0);
    }
}
#endif
