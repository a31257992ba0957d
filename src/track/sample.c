/* Probabilistic and deterministic tracking on a set of directions (kernels/track/sample.k): the
 * directions in blocks of neighbours, so that a step looks at those that reach into its cone. */
#include "array/launch.h"
#include "track/track.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 32, MOST_TERMS = 240 };

/* ---- Blocks of neighbours ---- */
/* The axis along which n directions of a list lie furthest apart, about their mean: the first
 * eigenvector of their covariances, by iteration. */
static void longest_axis(const double *d, const int32_t *list, int64_t n, double axis[3]) {
    double mean[3] = {0}, c[9] = {0};
    for (int64_t i = 0; i < n; i++)
        for (int k = 0; k < 3; k++) mean[k] += d[3 * list[i] + k] / (double)n;
    for (int64_t i = 0; i < n; i++)
        for (int k = 0; k < 9; k++)
            c[k] += (d[3 * list[i] + k / 3] - mean[k / 3]) * (d[3 * list[i] + k % 3] - mean[k % 3]);
    axis[0] = 0.6, axis[1] = 0.5, axis[2] = 0.62;
    for (int turn = 0; turn < 50; turn++) {
        double v[3], size = 0;
        for (int k = 0; k < 3; k++) v[k] = vxg__dwi_dot(c + 3 * k, axis);
        for (int k = 0; k < 3; k++) size += v[k] * v[k];
        if (!(size > 0)) return;
        for (int k = 0; k < 3; k++) axis[k] = v[k] / sqrt(size);
    }
}
typedef struct along {
    double place;
    int32_t number;
} along;
static int by_place(const void *a, const void *b) {
    const along *x = a, *y = b;
    if (x->place != y->place) return x->place < y->place ? -1 : 1;
    return x->number < y->number ? -1 : 1;
}
/* Halves the list, at a multiple of a block, until blocks are left, and those into sixteens and
 * eights, so that lanes of each width are neighbours too. */
static void split(const double *d, int32_t *list, int64_t n, along *work) {
    double axis[3];
    if (n <= 8) return;
    const int64_t part = n > BLOCK ? BLOCK
                         : n > 16  ? 16
                                   : 8,
                  half = (n + part - 1) / part / 2 * part;
    longest_axis(d, list, n, axis);
    for (int64_t i = 0; i < n; i++) work[i] = (along){vxg__dwi_dot(d + 3 * list[i], axis), list[i]};
    qsort(work, (size_t)n, sizeof *work, by_place);
    for (int64_t i = 0; i < n; i++) list[i] = work[i].number;
    split(d, list, half, work);
    split(d, list + half, n - half, work);
}

int vxg__sample_order(const vxg__tracker *t, double *turned, int32_t *list) {
    const int64_t n = vxg_sphere_count(t->sphere);
    const double *d = vxg_sphere_directions(t->sphere);
    along *work = vxg__calloc((size_t)n, sizeof *work);
    if (!work) return VXG_ERR_MEMORY;
    for (int64_t i = 0; i < n; i++) {
        const double sign = vxg_sphere_is_symmetric(t->sphere) && d[3 * i + 2] < 0 ? -1 : 1;
        for (int k = 0; k < 3; k++) turned[3 * i + k] = sign * d[3 * i + k];
        list[i] = (int32_t)i;
    }
    split(turned, list, n, work);
    vxg__free(work);
    return VXG_OK;
}

/* Of n directions of a block: their middle, and the cosine that a direction's with it must reach
 * for one of them to lie in the cone. */
static void make_block(const double *d, const int32_t *list, int64_t n, double cone,
                       double row[4]) {
    double size = 0, least = 1;
    row[0] = row[1] = row[2] = 0;
    for (int64_t i = 0; i < n; i++)
        for (int k = 0; k < 3; k++) row[k] += d[3 * list[i] + k];
    for (int k = 0; k < 3; k++) size += row[k] * row[k];
    for (int k = 0; k < 3 && size > 0; k++) row[k] /= sqrt(size);
    for (int64_t i = 0; i < n; i++) least = fmin(least, vxg__dwi_dot(row, d + 3 * list[i]));
    const double angle = acos(fmax(-1, least)) + cone + 1e-3;
    row[3] = size > 0 && angle < M_PI ? cos(angle) : -2;
}

/* ---- Tables ---- */
static int make_tables(vxg__tracker *t, const double *turned, const int32_t *list) {
    const int64_t n = t->directions, own = vxg_sphere_count(t->sphere), blocks = n / BLOCK;
    const int64_t count = VXG__TRACK_SETUP + (3 + t->terms) * n + 4 * blocks;
    double *all = vxg__calloc((size_t)(count + own * t->terms), sizeof *all), *b = all + count;
    if (!all) return VXG_ERR_MEMORY;
    double *table = all + VXG__TRACK_SETUP, *block = table + 3 * n, *basis = block + 4 * blocks;
    memcpy(all, t->setup, sizeof t->setup);
    int status =
        t->terms ? vxg_sh_matrix(t->basis, vxg_sh_order(t->terms), own, turned, b) : VXG_OK;
    for (int64_t i = 0; i < own && !status; i++) {
        for (int k = 0; k < 3; k++) table[k * n + i] = turned[3 * list[i] + k];
        for (int64_t k = 0; k < t->terms; k++)
            basis[(i / BLOCK * t->terms + k) * BLOCK + i % BLOCK] = b[list[i] * t->terms + k];
    }
    for (int64_t i = 0; i < blocks && !status; i++)
        make_block(turned, list + BLOCK * i, own - BLOCK * i < BLOCK ? own - BLOCK * i : BLOCK,
                   t->opts.max_angle * (M_PI / 180), block + 4 * i);
    if (!status) status = vxg__array_from_doubles(t->dev, t->real, 1, &count, all, &t->tables);
    vxg__free(all);
    return status;
}

static int check_numbers(vxg__tracker *t, const vxg_track_field *f) {
    const int64_t own = vxg_sphere_count(t->sphere);
    t->terms = f->samples ? 0 : (int)t->numbers;
    VXG_FAIL_IF(f->samples && t->numbers != own, VXG_ERR_ARGUMENT,
                "track: %lld samples and a sphere of %lld directions", (long long)t->numbers,
                (long long)own);
    VXG_FAIL_IF(!f->samples && vxg_sh_order(t->numbers) < 0, VXG_ERR_ARGUMENT,
                "track: %lld coefficients are no set of harmonics of even order",
                (long long)t->numbers);
    VXG_FAIL_IF(t->terms > MOST_TERMS, VXG_ERR_UNSUPPORTED,
                "track: %d harmonics of a voxel; %d at most are done", t->terms, MOST_TERMS);
    return VXG_OK;
}

/* Each voxel's highest value. */
static int note_highest(vxg__tracker *t) {
    VXG_TRY(vxg_array_new(t->dev, vxg_real_dtype(t->real), 1, &t->voxels, &t->near));
    const int64_t wide = t->voxels < 65536 ? t->voxels : 65536;
    vxg_launch l = vxg__track_launch(t, wide, (t->voxels + 65535) / 65536, 1);
    l.ints[4] = (int)t->directions, l.ints[5] = t->terms;
    l.nints = 7;
    vxg__push_long(&l, t->voxels);
    l.nints = VXG_MAX_INTS;
    vxg__push_array(&l, &t->field);
    vxg__push_array(&l, &t->tables);
    vxg__push_array(&l, &t->near);
    return vxg__track_run_groups(t, "track_sample_highest", &l);
}

static int make(vxg__tracker *t, const vxg_track_field *f) {
    VXG_TRY(check_numbers(t, f));
    const int64_t own = vxg_sphere_count(t->sphere);
    t->directions = vxg__pad(own, BLOCK);
    double *turned = vxg__calloc((size_t)own, 3 * sizeof *turned);
    int32_t *list = vxg__calloc((size_t)own, 2 * sizeof *list), *order = list + own;
    int status = turned && list ? vxg__sample_order(t, turned, list) : VXG_ERR_MEMORY;
    if (!status) status = make_tables(t, turned, list);
    for (int64_t i = 0; i < own && !status; i++) order[list[i]] = (int32_t)i;
    const int64_t held = t->terms ? t->terms : t->directions;
    if (!status) status = vxg__track_field_new(t, vxg__pad(held, 16), t->terms ? NULL : order);
    if (!status) status = vxg__track_field_fill(t, &f->values);
    if (!status) status = note_highest(t);
    vxg__free(turned), vxg__free(list);
    return status;
}

static void launch(const vxg__tracker *t, vxg_launch *l) {
    l->ints[4] = (int)t->directions, l->ints[5] = t->terms;
    l->ints[11] = t->opts.getter == VXG_TRACK_DETERMINISTIC;
    l->ints[12] = vxg_sphere_is_symmetric(t->sphere);
    l->reals[2] = t->opts.pmf_threshold, l->reals[3] = t->opts.angular_weight;
    l->nreals = 4;
    vxg__push_array(l, &t->near);
}

static int peaks(const vxg__tracker *t, const vxg_array *seeds, int64_t n, vxg_array *out) {
    vxg_array tiles = {0};
    int status = vxg__track_gather(t, seeds, n, t->numbers, &tiles);
    if (!status) status = vxg__track_tile_peaks(t, &tiles, n, t->terms, out);
    vxg_array_release(&tiles);
    return status;
}

const vxg__getter vxg__getter_probabilistic = {.name = "probabilistic",
                                               .kernel = "track_sample",
                                               .max_angle = 20,
                                               .samples = 1,
                                               .half = 1,
                                               .make = make,
                                               .launch = launch,
                                               .peaks = peaks};
const vxg__getter vxg__getter_deterministic = {.name = "deterministic",
                                               .kernel = "track_sample",
                                               .max_angle = 20,
                                               .samples = 1,
                                               .half = 1,
                                               .make = make,
                                               .launch = launch,
                                               .peaks = peaks};
