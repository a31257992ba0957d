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
#define TRACK_REGION 5
#define TRACK_TURNED 6 /* the next direction lies beyond the largest angle */

/* Regions' bits (voxgrad/track.h). */
#define TRACK_STOP 1
#define TRACK_EXCLUDE 2

#define TRACK_PAGE 32   /* points */
#define TRACK_STATE 12  /* reals of a walker: position, direction, that of its first step, a normal to the direction */
#define TRACK_COUNTS 8  /* ints of a walker: how it ended, points, item low, part (half + 2 peak), regions seen; 3 free */

/* Tables begin with 0-8 a step's rows, from a direction to voxels, 9-20 voxels to mm. */
#define TRACK_STEP 0
#define TRACK_AFFINE 9
#define TRACK_SETUP 32 /* reals, after which the getter's own tables follow */

/* In every launch of a getter: ints 0-2 voxels along i, j, k, 3 numbers of a voxel, 6 most points, 7-8 the first item,
 * 9-10 the random numbers' key, 22: 1: the field is in half precision, 23: what is looked at, 1 the map, 2 regions;
 * reals 0 cosine of the largest angle of a step, 1 the map's threshold. */
#define TRACK_HALF K_I(22)
#define TRACK_LOOKS K_I(23)

struct track_walker {
    real p[3], d[3], n[3], first[3];
    real share[8]; /* of the voxels about p */
    k_long at[8];
    k_long item, walker;
    int ended, steps, part, seen;
};
struct track_space {
    int nx, ny, nz, looks;
    real threshold;
    K_GLOBAL const real *tables, *map; /* map: a value of each voxel if looks & 1, then a region's bits if looks & 2 */
};

/* The eight voxels about p and their shares: linear in each axis; outside the outermost centres the nearest voxel alone
 * counts (DIPY's rule). 0: p is outside the image, half a voxel from the outermost centres on. */
K_FN int track_corners(const real x, const real y, const real z, const int nx, const int ny, const int nz,
                       K_PRIVATE k_long *at, K_PRIVATE real *share) {
    const real h = K_R(0.5);
    for (int c = 0; c < 8; c++) {
        at[c] = 0;
        share[c] = K_R(0.0);
    }
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

/* The voxel whose centre is nearest to a point inside the image. */
K_FN k_long track_nearest(const real x, const real y, const real z, const int nx, const int ny, const int nz) {
    const real h = K_R(0.5);
    const int i = K_imin(K_int(K_floor(x + h)), nx - 1), j = K_imin(K_int(K_floor(y + h)), ny - 1);
    const int k = K_imin(K_int(K_floor(z + h)), nz - 1);
    return ((k_long)k * ny + j) * nx + i;
}

/* V_LANES numbers of a field from number `at` on. */
V_FN vreal track_load(K_GLOBAL const real *field, const int half_precision, const k_long at) {
    return half_precision ? V_load_half((K_GLOBAL const k_u16 *)field + at) : V_load(field + at);
}
K_FN real track_load_one(K_GLOBAL const real *field, const int half_precision, const k_long at) {
    return half_precision ? K_of_half(((K_GLOBAL const k_u16 *)field)[at]) : field[at];
}

/* t (count elements, a multiple of 16) = the field at the corners; the group's. */
V_FN void track_field(K_GLOBAL const real *field, const int half_precision, const int m, const int count,
                      K_PRIVATE const struct track_walker *w, K_LOCAL real *t K_GROUP_ARGS) {
    K_STRIPS(i, count)
        vreal s = V_set(K_R(0.0));
        for (int c = 0; c < 8; c++) s = V_fma(V_set(w->share[c]), track_load(field, half_precision, w->at[c] * m + i), s);
        V_store(t + i, s);
    K_END_STRIPS
}

/* How the walker's place ends it, TRACK_LIVE: it does not. Corners and regions are noted. */
K_FN int track_look(K_PRIVATE const struct track_space *g, K_PRIVATE struct track_walker *w) {
    if (!track_corners(w->p[0], w->p[1], w->p[2], g->nx, g->ny, g->nz, w->at, w->share)) return TRACK_OUTSIDE;
    int bits = 0;
    if (g->looks & 2) {
        const k_long voxels = (k_long)g->nx * g->ny * g->nz * (g->looks & 1);
        bits = K_int(g->map[voxels + track_nearest(w->p[0], w->p[1], w->p[2], g->nx, g->ny, g->nz)]);
        if (bits & TRACK_STOP) return TRACK_REGION;
    }
    if ((g->looks & 1) && !(track_scalar(g->map, w->at, w->share) > g->threshold)) return TRACK_STOPPED;
    w->seen |= bits;
    return bits & TRACK_EXCLUDE ? TRACK_REGION : TRACK_LIVE;
}

/* One step along d, in parts of a step; how the walker ended. */
K_FN int track_move(K_PRIVATE const struct track_space *g, K_PRIVATE struct track_walker *w, K_PRIVATE const real *d) {
    for (int k = 0; k < 3; k++) {
        K_GLOBAL const real *row = g->tables + TRACK_STEP + 3 * k;
        w->p[k] = w->p[k] + (row[0] * d[0] + row[1] * d[1] + row[2] * d[2]);
    }
    return track_look(g, w);
}

/* A walker's state at the beginning of a page, and its corners. */
K_FN void track_resume(K_PRIVATE const struct track_space *g, K_GLOBAL const int *counts, K_GLOBAL const real *state,
                       const k_long walker, const k_long first, K_PRIVATE struct track_walker *w) {
    K_GLOBAL const int *count = counts + walker * TRACK_COUNTS;
    K_GLOBAL const real *own = state + walker * TRACK_STATE;
    w->walker = walker;
    w->item = first + count[2];
    w->steps = count[1];
    w->part = count[3];
    w->seen = count[4];
    for (int k = 0; k < 3; k++) {
        w->p[k] = own[k];
        w->d[k] = own[3 + k];
        w->first[k] = own[6 + k];
        w->n[k] = own[9 + k];
    }
    w->ended = track_corners(w->p[0], w->p[1], w->p[2], g->nx, g->ny, g->nz, w->at, w->share) ? TRACK_LIVE : TRACK_OUTSIDE;
}
/* And at its end; one item's. */
K_FN void track_pause(K_GLOBAL int *counts, K_GLOBAL real *state, K_PRIVATE const struct track_walker *w) {
    K_GLOBAL int *count = counts + w->walker * TRACK_COUNTS;
    K_GLOBAL real *own = state + w->walker * TRACK_STATE;
    count[0] = w->ended;
    count[1] = w->steps;
    count[4] = w->seen;
    for (int k = 0; k < 3; k++) {
        own[k] = w->p[k];
        own[3 + k] = w->d[k];
        own[6 + k] = w->first[k];
        own[9 + k] = w->n[k];
    }
}
/* The direction becomes e, or its opposite if that is nearer; the first step's is noted. */
K_FN void track_turn(K_PRIVATE struct track_walker *w, K_PRIVATE const real *e) {
    const real same = e[0] * w->d[0] + e[1] * w->d[1] + e[2] * w->d[2];
    for (int k = 0; k < 3; k++) {
        w->d[k] = same < K_R(0.0) ? -e[k] : e[k];
        if (w->steps == 0) w->first[k] = w->d[k];
    }
}

/* Four random words of a walker's step. draw: which of the step's. */
K_FN void track_random(K_PRIVATE const struct track_walker *w, const int draw, const int key0, const int key1,
                       K_PRIVATE k_uint *word) {
    word[0] = (k_uint)w->item;
    word[1] = (k_uint)(w->item >> 32);
    word[2] = (k_uint)w->steps;
    word[3] = (k_uint)w->part << 16 | (k_uint)draw;
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
