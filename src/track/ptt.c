/* Parallel transport (kernels/track/ptt.k): the rules' parameters, the disc of curvatures, the
 * table of nearest directions, the field as samples. */
#include "array/launch.h"
#include "track/track.h"

#include <math.h>
#include <string.h>

/* As ptt.k has room for. */
enum { SIDE = 64, MOST_CORNERS = 128, TRIES = 16 };

/* ---- Parameters ---- */
/* Lengths are in units of the smallest side of a voxel, but for DIPY's, in mm. */
static const struct rules_row {
    double probe_length, min_support;
    int quality, small_steps, tries, first_tries, weak_links, normalize;
} rows[] = {
    [VXG_TRACK_OWN] = {1, 0.05, 4, 1, 512, 16, 1, 1},
    [VXG_TRACK_DIPY] = {1.5, 0.05, 7, 1, 100, 10, 1, 2},
    [VXG_TRACK_CUSLINES] = {2, 0.4 / 9, 9, 20, 1024, 32, 1, 1},
    [VXG_TRACK_NIBRARY] = {0.25, 0.05, 4, 20, 1000, 100, 2, 2},
};

/* Least radius of curvature, mm. */
static double least_radius(const vxg_track_opts *o, double side) {
    const double half = sin(o->max_angle * (M_PI / 360));
    switch (o->rules) {
    case VXG_TRACK_CUSLINES: return side / (8 * half);
    case VXG_TRACK_NIBRARY: return 0.5 * side;
    default: return o->step / (2 * half); /* two chords of a step turn by the angle */
    }
}

static void take_rules(vxg__tracker *t) {
    vxg_track_opts *const o = &t->opts;
    const struct rules_row *r = &rows[o->rules];
    const double unit = o->rules == VXG_TRACK_DIPY ? 1 : t->side;
    if (o->probe_length == 0) o->probe_length = r->probe_length * unit;
    if (o->min_radius == 0) o->min_radius = least_radius(o, t->side);
    if (o->min_support == 0) o->min_support = r->min_support;
    if (o->min_support < 0) o->min_support = 0;
    if (o->support_power == 0) o->support_power = 1;
    if (o->probe_quality == 0) o->probe_quality = r->quality;
    if (o->probe_count == 0) o->probe_count = 1;
    if (o->small_steps == 0) o->small_steps = r->small_steps;
    if (o->disc_rings == 0) o->disc_rings = 2;
    if (o->tries == 0) o->tries = r->tries;
    if (o->first_tries == 0) o->first_tries = r->first_tries;
    if (o->weak_links == 0) o->weak_links = r->weak_links;
    if (o->normalize == 0) o->normalize = r->normalize;
}

static int check_params(const vxg__tracker *t) {
    const vxg_track_opts *o = &t->opts;
    VXG_FAIL_IF(o->probe_quality < 2, VXG_ERR_ARGUMENT,
                "track: probe_quality is %d; 2 points at least are expected", o->probe_quality);
    VXG_FAIL_IF((o->probe_radius > 0) != (o->probe_count > 1), VXG_ERR_ARGUMENT,
                "track: a ring of %d lines of radius %g mm; probe_count and probe_radius go "
                "together",
                o->probe_count, o->probe_radius);
    /* Offsets inside the probe's reach are 32-bit numbers. */
    const double reach = (o->probe_length + o->probe_radius) / t->side + 3;
    VXG_FAIL_IF(
        reach * (double)(t->n[0] * t->n[1]) * (double)(t->directions + 16) > 1e9,
        VXG_ERR_UNSUPPORTED,
        "track: probe_length %g mm and probe_radius %g mm reach over more samples than can be "
        "numbered",
        o->probe_length, o->probe_radius);
    VXG_FAIL_IF(o->probe_length / o->min_radius > 100, VXG_ERR_ARGUMENT,
                "track: probe_length %g mm with min_radius %g mm: the probe goes round %.0f times",
                o->probe_length, o->min_radius, o->probe_length / o->min_radius / (2 * M_PI));
    return VXG_OK;
}

/* ---- Tables ---- */
/* A disc in rings of 6, 12, 18 ... corners about its middle; all triangles between two rings have
 * nearly the same area. corners (n), then k2 (n); triangles (3 each). */
static void make_disc(vxg__tracker *t, double radius, double *corner, int32_t *triangle) {
    const int rings = t->opts.disc_rings, room = t->padded_corners;
    int count = 1, faces = 0;
    for (int r = 1; r <= rings; r++)
        for (int i = 0; i < 6 * r; i++, count++) {
            const double angle = 2 * M_PI * i / (6 * r);
            corner[count] = radius * r / rings * cos(angle);
            corner[room + count] = radius * r / rings * sin(angle);
        }
    for (int r = 1; r <= rings; r++) {
        const int outer = 1 + 3 * r * (r - 1), inner = r > 1 ? 1 + 3 * (r - 1) * (r - 2) : 0;
        for (int i = 0; i < 6 * r; i++) {
            const int side = i / r, at = i % r, ring = r > 1 ? 6 * (r - 1) : 1;
            const int low = inner + (side * (r - 1) + at) % ring;
            const int32_t one[3] = {outer + i, outer + (i + 1) % (6 * r), low};
            memcpy(triangle + 3 * (size_t)faces++, one, sizeof one);
            if (at == 0) continue;
            const int32_t two[3] = {outer + i, low, inner + (side * (r - 1) + at - 1) % ring};
            memcpy(triangle + 3 * (size_t)faces++, two, sizeof two);
        }
    }
    t->corners = count, t->triangles = faces;
}

/* For each cell of the octahedron's square the place of the direction nearest to its middle. */
static void make_nearest(const vxg__tracker *t, const double *turned, const int32_t *list,
                         int32_t *table) {
    const int64_t own = vxg_sphere_count(t->sphere);
    const int symmetric = vxg_sphere_is_symmetric(t->sphere);
    for (int cell = 0; cell < SIDE * SIDE; cell++) {
        double d[3] = {2 * (cell % SIDE + 0.5) / SIDE - 1, 2 * (cell / SIDE + 0.5) / SIDE - 1, 0};
        d[2] = 1 - fabs(d[0]) - fabs(d[1]);
        if (d[2] < 0) {
            const double x = (1 - fabs(d[1])) * (d[0] < 0 ? -1 : 1);
            d[1] = (1 - fabs(d[0])) * (d[1] < 0 ? -1 : 1);
            d[0] = x;
        }
        double best = -2;
        for (int64_t i = 0; i < own; i++) {
            double c = vxg__dwi_dot(d, turned + 3 * list[i]);
            if (symmetric) c = fabs(c);
            if (c > best) best = c, table[cell] = (int32_t)i;
        }
    }
}

static int make_tables(vxg__tracker *t, const double *turned, const int32_t *list) {
    const int rings = t->opts.disc_rings;
    t->padded_corners = (int)vxg__pad(1 + 3 * rings * (rings + 1), 16);
    const int64_t count = VXG__TRACK_SETUP + 2 * (int64_t)t->padded_corners,
                  whole = SIDE * SIDE + 18 * (int64_t)rings * rings;
    double *all = vxg__calloc((size_t)count, sizeof *all);
    int32_t *near = vxg__calloc((size_t)whole, sizeof *near);
    int status = all && near ? VXG_OK : VXG_ERR_MEMORY;
    if (!status) {
        memcpy(all, t->setup, sizeof t->setup);
        make_disc(t, t->opts.step / t->opts.min_radius, all + VXG__TRACK_SETUP, near + SIDE * SIDE);
        make_nearest(t, turned, list, near);
        status = vxg__array_from_doubles(t->dev, t->real, 1, &count, all, &t->tables);
    }
    if (!status) status = vxg_array_new(t->dev, VXG_I32, 1, &whole, &t->near);
    if (!status) status = vxg_array_write(t->queue, &t->near, near);
    vxg__free(all), vxg__free(near);
    return status;
}

/* The field becomes samples in the blocks' order; in and tables: as of probabilistic tracking. */
static int make_samples(vxg__tracker *t, const vxg_array *in, const vxg_array *tables,
                        const vxg_array *high, const int32_t *list) {
    const int64_t own = vxg_sphere_count(t->sphere), in_room = in->shape[1];
    const int64_t wide = t->voxels < 65536 ? t->voxels : 65536;
    int32_t *order = vxg__calloc((size_t)own, sizeof *order);
    if (!order) return VXG_ERR_MEMORY;
    for (int64_t i = 0; i < own; i++) order[list[i]] = (int32_t)i;
    t->numbers = own;
    int status = vxg__track_field_new(t, vxg__pad(t->directions + 1, 16), order);
    vxg__free(order);
    if (status) return status;
    vxg_launch l = vxg__track_launch(t, wide, (t->voxels + 65535) / 65536, 1);
    l.ints[4] = (int)t->directions, l.ints[5] = t->terms;
    l.nints = 7;
    vxg__push_long(&l, t->voxels);
    l.nints = VXG_MAX_INTS;
    l.ints[11] = t->opts.normalize == 1, l.ints[12] = (int)in_room;
    l.ints[13] = t->opts.rules == VXG_TRACK_CUSLINES && (t->looks & 1);
    l.reals[2] = t->opts.half ? t->scale : 1, l.nreals = 3;
    const vxg_array *const arrays[] = {in, &t->map, tables, high, &t->field};
    for (int i = 0; i < 5; i++) vxg__push_array(&l, arrays[i]);
    return vxg__track_run_groups(t, "track_ptt_samples", &l);
}

static int make(vxg__tracker *t, const vxg_track_field *f) {
    const int half = t->opts.half;
    const int64_t own = vxg_sphere_count(t->sphere);
    take_rules(t);
    t->opts.half = 0;
    int status = vxg__getter_probabilistic.make(t, f);
    t->opts.half = half;
    if (status) return status;
    VXG_TRY(check_params(t));
    vxg_array in = t->field, tables = t->tables, high = t->near;
    t->field = t->tables = t->near = (vxg_array){0};
    vxg_array_release(&t->order);
    t->order = (vxg_array){0};
    double *turned = vxg__calloc((size_t)own, 3 * sizeof *turned);
    int32_t *list = vxg__calloc((size_t)own, sizeof *list);
    status = turned && list ? vxg__sample_order(t, turned, list) : VXG_ERR_MEMORY;
    if (!status) status = make_samples(t, &in, &tables, &high, list);
    if (!status) status = make_tables(t, turned, list);
    t->terms = 0;
    vxg_array_release(&in), vxg_array_release(&tables), vxg_array_release(&high);
    vxg__free(turned), vxg__free(list);
    return status;
}

static void launch(const vxg__tracker *t, vxg_launch *l) {
    const vxg_track_opts *o = &t->opts;
    const int ints[] = {t->triangles,   o->tries,           o->first_tries, o->probe_quality,
                        o->probe_count, o->weak_links == 1, o->small_steps, o->best};
    l->ints[4] = t->padded_corners, l->ints[5] = t->corners;
    for (size_t i = 0; i < sizeof ints / sizeof *ints; i++) l->ints[11 + i] = ints[i];
    l->reals[2] = o->probe_length / (o->probe_quality - 1) / o->step;
    l->reals[3] = o->probe_radius / o->step;
    l->reals[4] = o->min_support * (o->half && o->normalize == 2 ? t->scale : 1),
    l->reals[5] = o->support_power;
    l->nreals = 6;
    vxg__push_array(l, &t->near);
}

static int peaks(const vxg__tracker *t, const vxg_array *seeds, int64_t n, vxg_array *out) {
    return vxg__getter_probabilistic.peaks(t, seeds, n, out);
}

const vxg__getter vxg__getter_ptt = {.name = "ptt",
                                     .kernel = "track_ptt",
                                     .max_angle = 20,
                                     .samples = 1,
                                     .half = 1,
                                     .make = make,
                                     .launch = launch,
                                     .peaks = peaks};
