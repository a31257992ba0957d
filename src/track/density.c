/* Maps of how many streamlines there are in each voxel. */
#include "array/tract_shape.h"
#include "track/track.h"

#include <math.h>
#include <string.h>

enum { MOST_BETWEEN = 1 << 20 };
#define FARTHEST 1e8 /* voxels: beyond it places on the line are not known well */

/* What the streamline at hand has of one voxel. */
typedef struct visit {
    int64_t voxel;
    double way[3]; /* magnitudes of its direction there, weighed by the length (by points: 1) */
} visit;

struct vxg_tract_density {
    vxg_tract_density_opts opts;
    int64_t voxels;
    double inverse[12]; /* mm to voxel indices */
    uint32_t *counts;   /* (k, j, i) */
    double *colors;     /* 3 of each voxel; NULL: not wanted */
    uint32_t *stamps;   /* of a voxel: base + its number in visits, by the last streamline there */
    double spacing;     /* mm, of samples */
    uint32_t base;      /* stamps below it are of earlier streamlines */
    visit *visits;      /* of the streamline at hand */
    int64_t nvisits, room;
    double *dense; /* its points and those between */
    int64_t dense_room;
    vxg_tract_density_stats stats;
};

void vxg_tract_density_free(vxg_tract_density *d) {
    if (!d) return;
    vxg__free(d->counts), vxg__free(d->colors), vxg__free(d->stamps), vxg__free(d->visits);
    vxg__free(d->dense);
    vxg__free(d);
}

static int check_opts(const vxg_tract_density_opts *o) {
    VXG_FAIL_IF((int)o->by < 0 || o->by > VXG_TRACT_BY_SAMPLES, VXG_ERR_ARGUMENT,
                "density: 'by' is %d", (int)o->by);
    double voxels = 1;
    for (int k = 0; k < 3; k++) {
        VXG_FAIL_IF(o->grid[k] < 1 || o->grid[k] > INT32_MAX, VXG_ERR_ARGUMENT,
                    "density: a grid of %lld x %lld x %lld voxels", (long long)o->grid[0],
                    (long long)o->grid[1], (long long)o->grid[2]);
        voxels *= (double)o->grid[k];
    }
    VXG_FAIL_IF(voxels > (double)INT32_MAX, VXG_ERR_ARGUMENT,
                "density: a grid of %lld x %lld x %lld voxels; 2^31 - 1 at most",
                (long long)o->grid[0], (long long)o->grid[1], (long long)o->grid[2]);
    return VXG_OK;
}

/* A third of the shortest side; as MRtrix3 rounds it, so that as many points are set. */
static double spacing_of(const double a[12]) {
    double side = INFINITY;
    for (int k = 0; k < 3; k++)
        side = fmin(side, sqrt(a[k] * a[k] + a[4 + k] * a[4 + k] + a[8 + k] * a[8 + k]));
    return 0.333 * side;
}

int vxg_tract_density_new(const vxg_tract_density_opts *given, vxg_tract_density **out) {
    vxg_tract_density_opts o;
    VXG_FAIL_IF(!out || !given, VXG_ERR_ARGUMENT, "density: opts or out is NULL");
    *out = NULL;
    VXG_TRY(VXG_IN(vxg_tract_density_opts, &o, given));
    VXG_TRY(check_opts(&o));
    vxg_tract_density *d = vxg__calloc(1, sizeof *d);
    if (!d) return VXG_ERR_MEMORY;
    d->opts = o;
    d->voxels = o.grid[0] * o.grid[1] * o.grid[2];
    d->base = 1;
    d->counts = vxg__calloc((size_t)d->voxels, sizeof *d->counts);
    d->stamps = vxg__calloc((size_t)d->voxels, sizeof *d->stamps);
    if (o.color) d->colors = vxg__calloc((size_t)d->voxels, 3 * sizeof *d->colors);
    int status = d->counts && d->stamps && (d->colors || !o.color) ? VXG_OK : VXG_ERR_MEMORY;
    if (!status) status = vxg__affine_inverse(o.affine, d->inverse);
    d->spacing = spacing_of(o.affine);
    if (status) {
        vxg_tract_density_free(d);
        return status;
    }
    *out = d;
    return VXG_OK;
}

/* ---- The streamline at hand ---- */
static int visit_voxel(vxg_tract_density *d, const int64_t at[3], const double way[3]) {
    const int64_t v = (at[2] * d->opts.grid[1] + at[1]) * d->opts.grid[0] + at[0];
    if (d->stamps[v] < d->base) {
        if (d->nvisits == d->room) {
            const int64_t room = 2 * d->room + 256;
            visit *more = vxg__calloc((size_t)room, sizeof *more);
            if (!more) return VXG_ERR_MEMORY;
            if (d->nvisits) memcpy(more, d->visits, (size_t)d->nvisits * sizeof *more);
            vxg__free(d->visits);
            d->visits = more, d->room = room;
        }
        d->stamps[v] = d->base + (uint32_t)d->nvisits;
        d->visits[d->nvisits++] = (visit){.voxel = v};
    }
    visit *const here = &d->visits[d->stamps[v] - d->base];
    for (int k = 0; k < 3; k++) here->way[k] += fabs(way[k]);
    return VXG_OK;
}

static void to_voxels(const vxg_tract_density *d, const double *mm, double p[3]) {
    for (int k = 0; k < 3; k++) p[k] = vxg__dwi_dot(d->inverse + 4 * k, mm) + d->inverse[4 * k + 3];
}

/* Voxels are half open: [index - 1/2, index + 1/2). */
static int cell_of(const vxg_tract_density *d, const double p[3], int64_t at[3]) {
    int inside = 1;
    for (int k = 0; k < 3; k++) {
        const double c = floor(p[k] + 0.5);
        inside = inside && c >= 0 && c < (double)d->opts.grid[k];
        at[k] = inside ? (int64_t)c : 0;
    }
    return inside;
}

/* The part of a segment that is in the grid's box, from *t0 to *t1 of it; 0: none. */
static int clip(const vxg_tract_density *d, const double p[3], const double q[3], double *t0,
                double *t1) {
    *t0 = 0, *t1 = 1;
    for (int k = 0; k < 3; k++) {
        const double way = q[k] - p[k], lo = -0.5, hi = (double)d->opts.grid[k] - 0.5;
        if (way == 0 && !(p[k] >= lo && p[k] < hi)) return 0;
        if (way == 0) continue;
        const double a = (lo - p[k]) / way, b = (hi - p[k]) / way;
        *t0 = fmax(*t0, fmin(a, b)), *t1 = fmin(*t1, fmax(a, b));
    }
    return *t0 < *t1;
}

/* All voxels on the way from p to q (indices), which is `mm` long in scanner axes. One goes from
 * voxel to voxel through the face that is next, through edges and corners at once; so many steps
 * along each axis as the ends are apart. */
static int walk_segment(vxg_tract_density *d, const double p[3], const double q[3],
                        const double mm[3]) {
    double t, t1, next[3], step[3];
    int64_t at[3], left[3], sign[3];
    if (!clip(d, p, q, &t, &t1)) return VXG_OK;
    for (int k = 0; k < 3; k++) {
        const double way = q[k] - p[k], most = (double)d->opts.grid[k] - 1;
        const double from = fmin(fmax(floor(p[k] + t * way + 0.5), 0), most);
        const double to = fmin(fmax(floor(p[k] + t1 * way + 0.5), 0), most);
        at[k] = (int64_t)from, sign[k] = to < from ? -1 : 1;
        left[k] = (int64_t)fabs(to - from);
        step[k] = way != 0 ? fabs(1 / way) : INFINITY;
        next[k] = left[k] ? (from + 0.5 * (double)sign[k] - p[k]) / way : INFINITY;
    }
    for (;;) {
        const double face = fmin(fmin(next[0], next[1]), next[2]);
        const double end = fmax(t, fmin(face, t1));
        const double way[3] = {(end - t) * mm[0], (end - t) * mm[1], (end - t) * mm[2]};
        VXG_TRY(visit_voxel(d, at, way));
        if (!(face < INFINITY)) return VXG_OK;
        for (int k = 0; k < 3; k++) {
            if (next[k] > face) continue;
            at[k] += sign[k];
            next[k] = --left[k] ? next[k] + step[k] : INFINITY;
        }
        t = end;
    }
}

/* The direction of the streamline at a point: from the one before it to the one behind it. */
static void direction_at(const double *mm, int64_t i, int64_t n, double way[3]) {
    const double *a = mm + 3 * (i > 0 ? i - 1 : i), *b = mm + 3 * (i + 1 < n ? i + 1 : i);
    double square = 0;
    for (int k = 0; k < 3; k++) way[k] = b[k] - a[k], square += way[k] * way[k];
    for (int k = 0; k < 3 && square > 0; k++) way[k] /= sqrt(square);
}

static void forget_line(vxg_tract_density *d) {
    d->base += (uint32_t)d->nvisits;
    if (d->base > UINT32_MAX - (uint32_t)d->voxels) { /* no room for the next's: begins anew */
        memset(d->stamps, 0, (size_t)d->voxels * sizeof *d->stamps);
        d->base = 1;
    }
    d->nvisits = 0;
}

/* Adds the streamline at hand to the map, once in each voxel. */
static void count_line(vxg_tract_density *d) {
    for (int64_t i = 0; i < d->nvisits; i++) {
        const visit *v = &d->visits[i];
        const double length =
            sqrt(v->way[0] * v->way[0] + v->way[1] * v->way[1] + v->way[2] * v->way[2]);
        d->counts[v->voxel]++;
        for (int k = 0; k < 3 && d->colors && length > 0; k++)
            d->colors[3 * v->voxel + k] += v->way[k] / length;
    }
}

/* ---- Points between the points ---- */
static int make_room(vxg_tract_density *d, int64_t n) {
    if (n <= d->dense_room) return VXG_OK;
    double *more = vxg__calloc((size_t)(2 * n), 3 * sizeof *more);
    if (!more) return VXG_ERR_MEMORY;
    if (d->dense) memcpy(more, d->dense, 3 * (size_t)d->dense_room * sizeof *more);
    vxg__free(d->dense);
    d->dense = more, d->dense_room = 2 * n;
    return VXG_OK;
}

/* Into d->dense: the points, and between neighbours so many that they are no further apart than the
 * spacing; on a cubic through both whose ends run along their neighbours' chords, a tenth short of
 * a Catmull-Rom spline's, the line going on straight beyond its ends (MRtrix3). */
static int set_between(vxg_tract_density *d, int64_t n, const double *mm, int64_t *count) {
    *count = 0;
    for (int64_t i = 0; i < n; i++) {
        const double *q = mm + 3 * i, *p = i ? q - 3 : q;
        double square = 0;
        for (int k = 0; k < 3; k++) square += (q[k] - p[k]) * (q[k] - p[k]);
        const double wanted = ceil(sqrt(square) / d->spacing);
        VXG_FAIL_IF(wanted > MOST_BETWEEN, VXG_ERR_UNSUPPORTED,
                    "density: two points are %g mm apart, %g sides of a voxel; by segments that "
                    "can be done",
                    sqrt(square), sqrt(square) / d->spacing / 3);
        VXG_TRY(make_room(d, *count + (int64_t)wanted + 1));
        for (int j = 1; j < (int)wanted; j++, ++*count) {
            const double t = j / wanted, u = 1 - t;
            for (int k = 0; k < 3; k++) {
                const double before = i > 1 ? p[k - 3] : 2 * p[k] - q[k];
                const double behind = i + 1 < n ? q[k + 3] : 2 * q[k] - p[k];
                d->dense[3 * *count + k] =
                    u * u * (1 + 2 * t) * p[k] + t * t * (3 - 2 * t) * q[k] +
                    0.45 * t * u * (u * (q[k] - before) - t * (behind - p[k]));
            }
        }
        memcpy(d->dense + 3 * (*count)++, q, 3 * sizeof *q);
    }
    return VXG_OK;
}

static int visit_points(vxg_tract_density *d, int64_t n, const double *mm) {
    double p[3], way[3];
    int64_t at[3];
    for (int64_t i = 0; i < n; i++) {
        direction_at(mm, i, n, way);
        to_voxels(d, mm + 3 * i, p);
        if (cell_of(d, p, at)) VXG_TRY(visit_voxel(d, at, way));
    }
    return VXG_OK;
}

static int visit_segments(vxg_tract_density *d, int64_t n, const double *mm) {
    static const double nowhere[3] = {0};
    double p[3] = {0}, q[3], way[3];
    int64_t at[3];
    for (int64_t i = 0; i < n; i++, memcpy(p, q, sizeof p)) {
        to_voxels(d, mm + 3 * i, q);
        if (cell_of(d, q, at)) VXG_TRY(visit_voxel(d, at, nowhere));
        for (int k = 0; k < 3 && i; k++) way[k] = mm[3 * i + k] - mm[3 * i - 3 + k];
        if (i) VXG_TRY(walk_segment(d, p, q, way));
    }
    return VXG_OK;
}

/* n points in mm. */
static int add_line(vxg_tract_density *d, int64_t n, const double *mm) {
    double p[3];
    int64_t at[3], outside = 0, dense = 0;
    int status = VXG_OK;
    for (int64_t i = 0; i < n; i++) {
        to_voxels(d, mm + 3 * i, p);
        for (int k = 0; k < 3; k++)
            VXG_FAIL_IF(!(fabs(p[k]) <= FARTHEST), VXG_ERR_INPUT,
                        "density: a point at %g %g %g mm is %g voxels away from the image",
                        mm[3 * i], mm[3 * i + 1], mm[3 * i + 2], fabs(p[k]));
        outside += !cell_of(d, p, at);
    }
    switch (d->opts.by) {
    case VXG_TRACT_BY_SEGMENTS: status = visit_segments(d, n, mm); break;
    case VXG_TRACT_BY_POINTS: status = visit_points(d, n, mm); break;
    case VXG_TRACT_BY_SAMPLES:
        status = set_between(d, n, mm, &dense);
        if (!status) status = visit_points(d, dense, d->dense);
        break;
    }
    if (status) {
        forget_line(d);
        return status;
    }
    d->stats.streamlines++, d->stats.points += n;
    d->stats.outside += outside, d->stats.leaving += outside > 0, d->stats.missed += !d->nvisits;
    count_line(d);
    forget_line(d);
    return VXG_OK;
}

int vxg_tract_density_add(vxg_tract_density *d, const vxg_tract_info *info,
                          const vxg_tract_batch *batch) {
    double rows[12];
    VXG_FAIL_IF(!d || !info || !batch, VXG_ERR_ARGUMENT, "density: info or batch is NULL");
    VXG_READ(vxg_tract_batch, batch);
    VXG_TRY(vxg__batch_check(batch));
    VXG_TRY(vxg_tract_to_ras(info, rows));
    VXG_FAIL_IF(d->stats.streamlines > (int64_t)UINT32_MAX - batch->lines, VXG_ERR_UNSUPPORTED,
                "density: more than 2^32 - 1 streamlines");
    int64_t room = 0;
    double *mm = NULL;
    int status = VXG_OK;
    for (int64_t i = 0; i < batch->lines && !status; i++) {
        const int64_t begin = batch->offsets[i], n = batch->offsets[i + 1] - begin;
        if (n > room) {
            vxg__free(mm);
            room = 2 * n;
            mm = vxg__calloc((size_t)room, 3 * sizeof *mm);
            if (!mm) return VXG_ERR_MEMORY;
        }
        vxg__batch_mm(batch, begin, n, rows, mm);
        status = add_line(d, n, mm);
    }
    vxg__free(mm);
    return status;
}

const uint32_t *vxg_tract_density_counts(const vxg_tract_density *d) {
    return d ? d->counts : NULL;
}

int vxg_tract_density_colors(const vxg_tract_density *d, float *out) {
    VXG_FAIL_IF(!d || !out, VXG_ERR_ARGUMENT, "density: out is NULL");
    VXG_FAIL_IF(!d->colors, VXG_ERR_ARGUMENT, "density: it was made without colors");
    for (int64_t v = 0; v < d->voxels; v++) {
        const double *c = d->colors + 3 * v;
        const double length = sqrt(c[0] * c[0] + c[1] * c[1] + c[2] * c[2]);
        for (int k = 0; k < 3; k++)
            out[k * d->voxels + v] = (float)(length > 0 ? c[k] / length * d->counts[v] : 0);
    }
    return VXG_OK;
}

int vxg_tract_density_get_stats(const vxg_tract_density *d, vxg_tract_density_stats *out) {
    VXG_FAIL_IF(!d, VXG_ERR_ARGUMENT, "density is NULL");
    return VXG_OUT(vxg_tract_density_stats, out, &d->stats);
}
