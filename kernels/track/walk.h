/* What all trackers share: fields in voxel coordinates, steps, the end of a streamline. A walker is one half of a
 * streamline; one group walks one walker for a page of points. Positions are voxel indices (a voxel's centre is a whole
 * number), directions unit vectors in scanner coordinates. */
#ifndef TRACK_WALK_H
#define TRACK_WALK_H
#include "kernels/num/long.h"
#include "kernels/num/philox.h"
#include "kernels/prelude/lanes.h"

/* How a walker ended, in its state; TRACK_LIVE: it has not. The host knows these numbers (src/track/track.h). */
#define TRACK_LIVE 0
#define TRACK_NO_DIRECTION 1
#define TRACK_STOPPED 2 /* the map is at or below the threshold */
#define TRACK_OUTSIDE 3
#define TRACK_LONG 4

#define TRACK_PAGE 32   /* points */
#define TRACK_STATE 12  /* reals of a walker: position, direction, that of its first step, 3 free */
#define TRACK_COUNTS 4  /* ints of a walker: how it ended, points, item low, part (half + 2 peak) */

/* Tables begin with 0-8 a step's rows, from a direction to voxels, 9-20 voxels to mm. */
#define TRACK_STEP 0
#define TRACK_AFFINE 9
#define TRACK_SETUP 32 /* reals, after which the getter's own tables follow */

/* The eight voxels about p and their shares: linear in each axis; outside the outermost centres the nearest voxel alone
 * counts (DIPY's rule). 0: p is outside the image, half a voxel from the outermost centres on. */
K_FN int track_corners(const real x, const real y, const real z, const int nx, const int ny, const int nz,
                       K_PRIVATE k_long *at, K_PRIVATE real *share) {
    const real h = K_R(0.5);
    if (!(x >= -h && y >= -h && z >= -h && x < K_real(nx) - h && y < K_real(ny) - h && z < K_real(nz) - h)) return 0;
    const int ix = K_int(K_floor(x)), iy = K_int(K_floor(y)), iz = K_int(K_floor(z));
    const real fx = x - K_real(ix), fy = y - K_real(iy), fz = z - K_real(iz);
    const int x0 = K_imax(ix, 0), y0 = K_imax(iy, 0), z0 = K_imax(iz, 0);
    const int x1 = K_imin(ix + 1, nx - 1), y1 = K_imin(iy + 1, ny - 1), z1 = K_imin(iz + 1, nz - 1);
    for (int c = 0; c < 8; c++) {
        const int i = c & 1 ? x1 : x0, j = c & 2 ? y1 : y0, k = c & 4 ? z1 : z0;
        at[c] = ((k_long)k * ny + j) * nx + i;
        share[c] = (c & 1 ? fx : K_R(1.0) - fx) * (c & 2 ? fy : K_R(1.0) - fy) * (c & 4 ? fz : K_R(1.0) - fz);
    }
    return 1;
}

/* A map's value at the corners. */
K_FN real track_scalar(K_GLOBAL const real *map, K_PRIVATE const k_long *at, K_PRIVATE const real *share) {
    real s = K_R(0.0);
    for (int c = 0; c < 8; c++) s = K_fma(share[c], map[at[c]], s);
    return s;
}

/* t (m elements, m a multiple of 128) = the field at the corners; the group's. */
V_FN void track_field(K_GLOBAL const real *field, const int m, K_PRIVATE const k_long *at, K_PRIVATE const real *share,
                      K_LOCAL real *t K_GROUP_ARGS) {
    K_STRIPS(i, m)
        vreal s = V_set(K_R(0.0));
        for (int c = 0; c < 8; c++) s = V_fma(V_set(share[c]), V_load(field + at[c] * m + i), s);
        V_store(t + i, s);
    K_END_STRIPS
}

/* One step along d; how the walker ended, TRACK_LIVE: it goes on. at and share: the corners there. */
K_FN int track_move(K_GLOBAL const real *tables, K_GLOBAL const real *map, const real threshold, const int nx,
                    const int ny, const int nz, K_PRIVATE const real *d, K_PRIVATE real *p, K_PRIVATE k_long *at,
                    K_PRIVATE real *share) {
    for (int k = 0; k < 3; k++) {
        K_GLOBAL const real *row = tables + TRACK_STEP + 3 * k;
        p[k] = p[k] + (row[0] * d[0] + row[1] * d[1] + row[2] * d[2]);
    }
    if (!track_corners(p[0], p[1], p[2], nx, ny, nz, at, share)) return TRACK_OUTSIDE;
    return track_scalar(map, at, share) > threshold ? TRACK_LIVE : TRACK_STOPPED;
}

/* Four random words of a walker's step. draw: which of the step's. */
K_FN void track_random(const k_long item, const int step, const int part, const int draw, const int key0, const int key1,
                       K_PRIVATE k_uint *word) {
    word[0] = (k_uint)item;
    word[1] = (k_uint)(item >> 32);
    word[2] = (k_uint)step;
    word[3] = (k_uint)part << 16 | (k_uint)draw;
    philox(word, (k_uint)key0, (k_uint)key1);
}

/* Sum of 32 elements by halves: 16 and 16, then 8 and 8, ...: the same bits whatever the lanes. */
#if V_LANES > 1
V_FN real track_sum32(K_LOCAL const real *t) {
    vreal v[32 / V_LANES];
    for (int k = 0; k < 32 / V_LANES; k++) v[k] = V_load(t + k * V_LANES);
    for (int h = 16 / V_LANES; h > 0; h /= 2)
        for (int k = 0; k < h; k++) v[k] = v[k] + v[k + h];
    real s[V_LANES];
    V_store(s, v[0]);
    for (int h = V_LANES / 2; h > 0; h /= 2)
        for (int l = 0; l < h; l++) s[l] += s[l + h];
    return s[0];
}
#else
K_FN real track_sum32(K_LOCAL const real *t) {
    real s[16];
    for (int l = 0; l < 16; l++) s[l] = t[l] + t[l + 16];
    for (int h = 8; h > 0; h /= 2)
        for (int l = 0; l < h; l++) s[l] += s[l + h];
    return s[0];
}
#endif
#endif
