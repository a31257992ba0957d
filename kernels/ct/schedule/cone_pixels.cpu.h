/* Cone- and fan-beam voxel-driven bilinear backprojection to few slices, with pixels of a row as
 * SIMD lanes: 2-D scans, single slices of any direction, any view, flat and curved detectors.
 *
 * Places are formed in double. Packed projections hold each pixel with the one below it as a pair,
 * so the four pixels around a place are one load of four floats; places off the detector are moved
 * to pixels that are zero. A voxel's sum runs through the views in order, whatever the tiles and
 * threads. */
#include "kernels/ct/schedule/cone_atan.cpu.h"
#include "kernels/ct/schedule/cone_schedule_args.h"
#include "kernels/ct/schedule/ray_lanes.cpu.h"
#if !defined(VXG_DTYPE_f64)

typedef struct cp_run { /* what a run of voxels along x sees of a view */
    int32_t pair[VXG_CONE_PIXELS] __attribute__((aligned(64)));
    float fu[VXG_CONE_PIXELS] __attribute__((aligned(64)));
    float fv[VXG_CONE_PIXELS] __attribute__((aligned(64)));
    float weight[VXG_CONE_PIXELS] __attribute__((aligned(64)));
} cp_run;

/* Of the voxels (x + i, y, z), counted from the volume's middle. W <= 0 and NaN are off the
 * detector. A loop without branches, over voxels as lanes. */
LANE_FN void cp_places(const vxg_cone_gather_args *a, int64_t view, double x, double y, double z,
                       const int curved, cp_run *restrict run) {
    const double *const *c = a->c.a;
    const double q0 = c[VXG_CONE_Q][view] + c[VXG_CONE_QY][view] * y + c[VXG_CONE_QZ][view] * z, qx = c[VXG_CONE_QX][view];
    const double r0 = c[VXG_CONE_R][view] + c[VXG_CONE_RY][view] * y + c[VXG_CONE_RZ][view] * z, rx = c[VXG_CONE_RX][view];
    const double w0 = c[VXG_CONE_W][view] + c[VXG_CONE_WY][view] * y + c[VXG_CONE_WZ][view] * z, wx = c[VXG_CONE_WX][view];
    const double per_angle = c[VXG_CONE_PER_ANGLE][view], mid = c[VXG_CONE_MIDDLE][view], row0 = a->row0[view];
    const double nu = a->nu, nv = a->nv, middle = curved ? 0.5 * (nv - 1) : 0;
    const double top = row0 > -2 ? row0 : -2;
    const double end = row0 + a->height - 1 < nv ? row0 + a->height - 1 : nv;
    const int32_t pitch = a->nu + 2 * VXG_CONE_MARGIN, distance = a->distance;
    for (int i = 0; i < VXG_CONE_PIXELS; i++) {
        const double depth = w0 + wx * (x + i), w = depth > 0 ? depth : 1, q = q0 + qx * (x + i);
        const double h = curved ? __builtin_sqrt(w * w + q * q) : w, s = 1 / h;
        double u = curved ? cone_atan(w, q, h) * per_angle + mid : q * s;
        double v = (r0 + rx * (x + i)) * s + middle;
        u = ((depth > 0) & (u > -2)) ? u : -2, u = u < nu ? u : nu;
        v = v > top ? v : top, v = v < end ? v : end;
        const double column = __builtin_floor(u), row = __builtin_floor(v);
        run->fu[i] = (float)(u - column), run->fv[i] = (float)(v - row);
        run->pair[i] = (int32_t)(row - row0) * pitch + (int32_t)column + VXG_CONE_MARGIN;
        run->weight[i] = distance ? (float)(s * s) : 1;
    }
}

static void cp_add(const float *packed, const cp_run *run, int n, float *acc) {
    for (int i = 0; i < n; i += RJ_W) {
        const rj_f fu = *(const rj_f *)(run->fu + i), fv = *(const rj_f *)(run->fv + i);
        rj_f tap[4];
        rj_load(packed, *(const rj_i *)(run->pair + i), tap);
        const rj_f left = LANE_FMA(fv, tap[1] - tap[0], tap[0]);
        const rj_f right = LANE_FMA(fv, tap[3] - tap[2], tap[2]);
        rj_f *const sum = (rj_f *)(acc + i);
        *sum = LANE_FMA(*(const rj_f *)(run->weight + i), LANE_FMA(fu, right - left, left), *sum);
    }
}

/* Unit: a tile of VXG_CONE_PIXELS x VXG_CONE_TILE columns of voxels. Rows of the tile stay in
 * scratch. */
K_SCHEDULE(cone_pixels) {
    const vxg_cone_gather_args *a = args;
    const int64_t across = (a->nx + VXG_CONE_PIXELS - 1) / VXG_CONE_PIXELS,
                  slice = a->ny * (int64_t)a->nx;
    const int64_t view = 2 * (a->nu + 2 * VXG_CONE_MARGIN) * (int64_t)a->height;
    const int x0 = (int)(unit % across) * VXG_CONE_PIXELS,
              y0 = (int)(unit / across) * VXG_CONE_TILE;
    const int nx = a->nx - x0 < VXG_CONE_PIXELS ? a->nx - x0 : VXG_CONE_PIXELS;
    const int ny = a->ny - y0 < VXG_CONE_TILE ? a->ny - y0 : VXG_CONE_TILE;
    const double x = x0 - 0.5 * (a->nx - 1);
    float *const out = a->out + y0 * (int64_t)a->nx + x0;
    float *const acc = scratch;
    const int lines = ny * a->nz;
    memset(acc, 0, (size_t)lines * VXG_CONE_PIXELS * sizeof *acc);
    for (int l = 0; l < lines && a->add; l++)
        memcpy(acc + l * VXG_CONE_PIXELS, out + l / ny * slice + l % ny * (int64_t)a->nx,
               (size_t)nx * sizeof *acc);
    for (int v = 0; v < a->nviews; v++) {
        if (a->row0[v] == VXG_CONE_UNSEEN) continue;
        for (int l = 0; l < lines; l++) {
            const double y = y0 + l % ny - 0.5 * (a->ny - 1), z = l / ny - 0.5 * (a->nz - 1);
            cp_run run;
            if (a->curved)
                cp_places(a, v, x, y, z, 1, &run);
            else
                cp_places(a, v, x, y, z, 0, &run);
            cp_add(a->in + v * view, &run, nx, acc + l * VXG_CONE_PIXELS);
        }
    }
    for (int l = 0; l < lines; l++)
        memcpy(out + l / ny * slice + l % ny * (int64_t)a->nx, acc + l * VXG_CONE_PIXELS,
               (size_t)nx * sizeof *acc);
}

/* to[q] = above[q], below[q]; a row that is not there is zero. */
LANE_FN void cp_interleave(float *restrict to, const float *above, const float *below, int n) {
    if (above && below)
        for (int q = 0; q < n; q++) to[2 * q] = above[q], to[2 * q + 1] = below[q];
    else if (above)
        for (int q = 0; q < n; q++) to[2 * q] = above[q], to[2 * q + 1] = 0;
    else if (below)
        for (int q = 0; q < n; q++) to[2 * q] = 0, to[2 * q + 1] = below[q];
    else
        memset(to, 0, 2 * (size_t)n * sizeof *to);
}

/* Unit: a view; out[view][k][VXG_CONE_MARGIN + column] = the pixels in row row0 + k and below. */
K_SCHEDULE(cone_pairs) {
    const vxg_cone_pack_args *a = args;
    const int pitch = a->nu + 2 * VXG_CONE_MARGIN;
    const int64_t nu = a->nu;
    const float *const in = a->in + unit * a->nv * nu;
    (void)scratch;
    if (a->row0[unit] == VXG_CONE_UNSEEN) return;
    const size_t edge = 2 * VXG_CONE_MARGIN * sizeof *in;
    for (int k = 0; k < a->height; k++) {
        float *const to = a->out + 2 * pitch * (unit * a->height + k);
        const int row = a->row0[unit] + k;
        memset(to, 0, edge);
        cp_interleave(to + 2 * VXG_CONE_MARGIN, row < 0 || row >= a->nv ? NULL : in + row * nu,
                      row + 1 < 0 || row + 1 >= a->nv ? NULL : in + (row + 1) * nu, a->nu);
        memset(to + 2 * (VXG_CONE_MARGIN + nu), 0, edge);
    }
}
#endif
