/* Geometry files: JSON text to views. One table row per key (docs/geometry.md lists them). */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "ct/geometry/keys.h"

#define WHAT "geometry file"

/* Where a key has a meaning. */
enum { COMPACT = 1, VECTORS = 2, PARALLEL = 4, FAN = 8, CONE = 16, EVERY = 31, ROUND = 24 };

/* ---- Tables of keys ---- */
typedef struct file {
    const char *beam, *detector, *units, *comment;
    int64_t rows, cols, nviews, endpoint, reverse;
    double sod, sdd, pixel, row_pitch, center, center_row, start_deg, range_deg, tilt_deg, roll_deg;
    double z_per_turn, z_start, column_offset;
    const vxg_json *angles, *views, *volume;
    uint64_t given; /* bit i: row i of the table was there */
} file;

#define ROW(name, type, where, field)                                                              \
    { name, VXG__KEY_##type, where, offsetof(file, field) }
static const vxg__key file_keys[] = {
    ROW("beam", TEXT, EVERY, beam),
    ROW("detector", TEXT, EVERY, detector),
    ROW("units", TEXT, EVERY, units),
    ROW("comment", TEXT, EVERY, comment),
    ROW("rows", COUNT, EVERY, rows),
    ROW("cols", COUNT, EVERY, cols),
    ROW("reverse", FLAG, EVERY, reverse),
    ROW("volume", OBJECT, EVERY, volume),
    ROW("views", ANY, EVERY, views),
    ROW("angles_deg", LIST, COMPACT | PARALLEL | ROUND, angles),
    ROW("start_deg", NUMBER, COMPACT | PARALLEL | ROUND, start_deg),
    ROW("range_deg", NUMBER, COMPACT | PARALLEL | ROUND, range_deg),
    ROW("endpoint", FLAG, COMPACT | PARALLEL | ROUND, endpoint),
    ROW("sod", POSITIVE, COMPACT | ROUND, sod),
    ROW("sdd", POSITIVE, COMPACT | ROUND, sdd),
    ROW("pixel", POSITIVE, COMPACT | PARALLEL | ROUND, pixel),
    ROW("row_pitch", POSITIVE, COMPACT | PARALLEL | ROUND, row_pitch),
    ROW("center", NUMBER, COMPACT | PARALLEL | ROUND, center),
    ROW("center_row", NUMBER, COMPACT | PARALLEL | CONE, center_row),
    ROW("tilt_deg", NUMBER, COMPACT | PARALLEL | CONE, tilt_deg),
    ROW("roll_deg", NUMBER, COMPACT | PARALLEL | CONE, roll_deg),
    ROW("z_per_turn", NUMBER, COMPACT | PARALLEL | CONE, z_per_turn),
    ROW("z_start", NUMBER, COMPACT | PARALLEL | CONE, z_start),
    ROW("column_offset", NUMBER, VECTORS | ROUND, column_offset),
};
enum {
    K_BEAM,
    K_DETECTOR,
    K_UNITS,
    K_COMMENT,
    K_ROWS,
    K_COLS,
    K_REVERSE,
    K_VOLUME,
    K_VIEWS,
    K_ANGLES,
    K_START,
    K_RANGE,
    K_ENDPOINT,
    K_SOD,
    K_SDD,
    K_PIXEL,
    K_ROW_PITCH,
    K_CENTER,
    K_CENTER_ROW,
    K_TILT,
    K_ROLL,
    K_Z_PER_TURN,
    K_Z_START,
    K_COUNT = sizeof file_keys / sizeof *file_keys
};

typedef struct volume_file {
    int64_t nx, ny, nz;
    double dx, dy, dz, voxel;
    const vxg_json *size, *center, *rotation;
    uint64_t given;
} volume_file;
#undef ROW
#define ROW(name, type, field)                                                                     \
    { name, VXG__KEY_##type, EVERY, offsetof(volume_file, field) }
static const vxg__key volume_keys[] = {
    ROW("nx", COUNT, nx),          ROW("ny", COUNT, ny),
    ROW("nz", COUNT, nz),          ROW("dx", POSITIVE, dx),
    ROW("dy", POSITIVE, dy),       ROW("dz", POSITIVE, dz),
    ROW("voxel", POSITIVE, voxel), ROW("size", LIST, size),
    ROW("center", LIST, center),   ROW("rotation_deg", LIST, rotation),
};
#undef ROW

/* ---- Values ---- */
static int has(const file *f, int row) {
    return f->given >> row & 1;
}

/* ---- What goes with what ---- */
static int read_words(const file *f, vxg_ct_beam *beam, vxg_ct_detector *detector, int *where) {
    VXG_FAIL_IF(!f->beam, VXG_ERR_INPUT, WHAT ": \"beam\" is missing (parallel, fan or cone)");
    const int parallel = !strcmp(f->beam, "parallel"), fan = !strcmp(f->beam, "fan");
    VXG_FAIL_IF(!parallel && !fan && strcmp(f->beam, "cone"), VXG_ERR_INPUT,
                WHAT ": \"beam\" is \"%s\", one of parallel, fan, cone is expected",
                VXG_SHOW(f->beam));
    const int curved = f->detector && !strcmp(f->detector, "curved");
    VXG_FAIL_IF(f->detector && !curved && strcmp(f->detector, "flat"), VXG_ERR_INPUT,
                WHAT ": \"detector\" is \"%s\", flat or curved is expected", VXG_SHOW(f->detector));
    VXG_FAIL_IF(curved && parallel, VXG_ERR_INPUT,
                WHAT ": \"detector\" is curved: that needs a fan or cone beam");
    *beam = parallel ? VXG_CT_BEAM_PARALLEL : VXG_CT_BEAM_CONE;
    *detector = curved ? VXG_CT_DETECTOR_CURVED : VXG_CT_DETECTOR_FLAT;
    *where = parallel ? PARALLEL : fan ? FAN : CONE;
    return VXG_OK;
}

static int need(const file *f, int row, const char *words) {
    VXG_FAIL_IF(!has(f, row), VXG_ERR_INPUT, WHAT ": \"%s\" is missing (%s)", file_keys[row].name,
                words);
    return VXG_OK;
}

static int check_keys(const file *f, int form, int beam) {
    for (int i = 0; i < K_COUNT; i++) {
        if (!has(f, i)) continue;
        VXG_FAIL_IF(!(file_keys[i].where & form), VXG_ERR_INPUT, WHAT ": \"%s\" has no meaning %s",
                    file_keys[i].name,
                    form == VECTORS ? "where every view is given by vectors"
                                    : "where views are given by angles");
        VXG_FAIL_IF(!(file_keys[i].where & beam), VXG_ERR_INPUT,
                    WHAT ": \"%s\" has no meaning for a %s beam", file_keys[i].name, f->beam);
    }
    VXG_TRY(need(f, K_COLS, "columns of the detector"));
    if (beam != FAN) VXG_TRY(need(f, K_ROWS, "rows of the detector"));
    VXG_FAIL_IF(beam == FAN && has(f, K_ROWS) && f->rows != 1, VXG_ERR_INPUT,
                WHAT ": \"rows\" is %lld, a fan beam has 1 (is the beam a cone?)",
                (long long)f->rows);
    if (form == VECTORS) return VXG_OK;
    if (beam != PARALLEL) {
        VXG_TRY(need(f, K_SOD, "distance from source to axis"));
        VXG_TRY(need(f, K_SDD, "distance from source to detector"));
    }
    VXG_TRY(need(f, K_PIXEL, "pitch of the detector's columns"));
    VXG_FAIL_IF(!f->angles && !f->views, VXG_ERR_INPUT,
                WHAT ": \"views\" is missing (a number of views with \"range_deg\", a list of "
                     "views' vectors) and so is \"angles_deg\"");
    VXG_FAIL_IF(f->angles && (has(f, K_RANGE) || has(f, K_ENDPOINT)), VXG_ERR_INPUT,
                WHAT ": \"%s\" does not go with \"angles_deg\"",
                has(f, K_RANGE) ? "range_deg" : "endpoint");
    VXG_FAIL_IF(has(f, K_CENTER_ROW) && f->detector && !strcmp(f->detector, "curved"),
                VXG_ERR_INPUT, WHAT ": \"center_row\" needs a flat detector");
    return VXG_OK;
}

/* ---- Compact form ---- */
static int count_views(file *f) {
    double n = 0;
    if (f->angles) f->nviews = vxg__json_count(f->angles);
    if (f->views) {
        VXG_TRY(vxg__keys_real(WHAT, f->views, "", "views", &n));
        VXG_FAIL_IF(n != floor(n) || n < 1 || n > VXG__MOST_VIEWS, VXG_ERR_INPUT,
                    WHAT ": \"views\" is %g, a whole number from 1 to 4000000 is expected", n);
        VXG_FAIL_IF(f->angles && (int64_t)n != f->nviews, VXG_ERR_INPUT,
                    WHAT ": \"views\" is %g but \"angles_deg\" has %lld", n, (long long)f->nviews);
        f->nviews = (int64_t)n;
    }
    VXG_FAIL_IF(f->nviews < 1 || f->nviews > VXG__MOST_VIEWS, VXG_ERR_INPUT,
                WHAT ": \"angles_deg\" has %lld numbers, 1 to 4000000 are expected",
                (long long)f->nviews);
    return VXG_OK;
}

/* Angles t of the views: start plus (reverse: minus) what the file lists. */
static int read_angles(const file *f, int parallel, double *t) {
    const int64_t n = f->nviews;
    const double range = has(f, K_RANGE) ? f->range_deg : parallel ? 180 : 360;
    const double steps = (double)(f->endpoint && n > 1 ? n - 1 : n);
    if (f->angles) VXG_TRY(vxg__keys_list(WHAT, f->angles, "", "angles_deg", n, t));
    for (int64_t i = 0; i < n; i++) {
        double a = f->angles ? t[i] : range * (double)i / steps;
        t[i] = (f->start_deg + (f->reverse ? -a : a)) * (M_PI / 180);
    }
    return VXG_OK;
}

/* Heights of a helix: z_start at the first view, else the scan lies about z = 0. */
static int add_heights(const file *f, const double *t, vxg_ct_geometry **geo) {
    const int64_t n = f->nviews;
    const double turn = (f->reverse ? -1 : 1) * f->z_per_turn / (2 * M_PI);
    const double middle = has(f, K_Z_START) ? t[0] : 0.5 * (t[0] + t[n - 1]);
    vxg_ct_view *views;
    VXG_TRY(vxg__ct_views_new(n, 1, 1, &views));
    const int cone = vxg_ct_geometry_beam(*geo) == VXG_CT_BEAM_CONE;
    for (int64_t i = 0; i < n; i++) {
        const double z = f->z_start + turn * (t[i] - middle);
        views[i] = *vxg_ct_geometry_view(*geo, i);
        if (cone) views[i].s[2] += z;
        views[i].d[2] += z;
    }
    vxg_ct_geometry *flat = *geo;
    int status = vxg__ct_with_views(flat, n, views, geo);
    vxg_ct_geometry_release(flat);
    vxg__free(views);
    return status;
}

static int read_compact(file *f, vxg_ct_beam beam, vxg_ct_detector detector,
                        vxg_ct_geometry **out) {
    vxg_ct_trajectory_opts o = {0};
    VXG_TRY(count_views(f));
    vxg_ct_trajectory_defaults(VXG_CT_PATH_CIRCULAR, beam, &o);
    o.detector = detector, o.nviews = f->nviews, o.rows = f->rows ? f->rows : 1, o.cols = f->cols;
    o.sod = f->sod, o.sdd = f->sdd, o.pixel = f->pixel, o.row_pitch = f->row_pitch;
    o.center = f->center, o.has_center = has(f, K_CENTER);
    o.center_row = f->center_row, o.has_center_row = has(f, K_CENTER_ROW);
    o.tilt = f->tilt_deg * (M_PI / 180), o.roll = f->roll_deg * (M_PI / 180);
    double *t = vxg__calloc((size_t)f->nviews, sizeof *t);
    if (!t) return VXG_ERR_MEMORY;
    o.angles = t;
    int status = read_angles(f, beam == VXG_CT_BEAM_PARALLEL, t);
    if (!status) status = vxg_ct_trajectory(&o, out);
    if (!status && (has(f, K_Z_PER_TURN) || has(f, K_Z_START))) status = add_heights(f, t, out);
    vxg__free(t);
    return status;
}

/* ---- Long form ---- */
static int read_view(const vxg_json *v, int64_t index, int parallel, vxg_ct_view *w) {
    static const char *const names[] = {"s", "r", "d", "U", "V"};
    double *const fields[] = {w->s, w->r, w->d, w->U, w->V};
    char place[40];
    int given = 0;
    snprintf(place, sizeof place, "view %lld: ", (long long)index);
    VXG_FAIL_IF(vxg__json_kind(v) != VXG_JSON_OBJECT, VXG_ERR_INPUT, WHAT ": %sno object", place);
    for (const vxg_json *m = vxg__json_first(v); m; m = vxg__json_next(m)) {
        int i = 0;
        while (i < 5 && strcmp(names[i], vxg__json_key(m))) i++;
        VXG_FAIL_IF(i < 2 && i != parallel, VXG_ERR_INPUT,
                    WHAT ": %s\"%s\" has no meaning for a %s beam", place, names[i],
                    parallel ? "parallel" : "fan or cone");
        VXG_FAIL_IF(i == 5, VXG_ERR_INPUT, WHAT ": %sunknown key \"%s\" (%c, d, U and V are)",
                    place, VXG_SHOW(vxg__json_key(m)), parallel ? 'r' : 's');
        VXG_FAIL_IF(given >> i & 1, VXG_ERR_INPUT, WHAT ": %s\"%s\" is there twice", place,
                    names[i]);
        given |= 1 << i;
        VXG_TRY(vxg__keys_list(WHAT, m, place, names[i], 3, fields[i]));
    }
    for (int i = 0; i < 5; i++)
        VXG_FAIL_IF(!(given >> i & 1) && i != 1 - parallel, VXG_ERR_INPUT,
                    WHAT ": %s\"%s\" is missing", place, names[i]);
    return VXG_OK;
}

static int read_vectors(file *f, vxg_ct_beam beam, vxg_ct_detector detector,
                        vxg_ct_geometry **out) {
    vxg_ct_view *views;
    const int64_t n = vxg__json_count(f->views), rows = f->rows ? f->rows : 1;
    VXG_TRY(vxg__keys_views(WHAT, "views", n));
    VXG_TRY(vxg__ct_views_new(n, rows, f->cols, &views));
    int64_t i = 0;
    int status = VXG_OK;
    for (const vxg_json *v = vxg__json_first(f->views); v && !status; v = vxg__json_next(v), i++)
        status = read_view(v, i, beam == VXG_CT_BEAM_PARALLEL, &views[i]);
    if (!status)
        status = vxg_ct_geometry_new(&(vxg_ct_views){.beam = beam,
                                                     .detector = detector,
                                                     .nviews = n,
                                                     .nv = rows,
                                                     .nu = f->cols,
                                                     .column_offset = f->column_offset,
                                                     .views = views},
                                     out);
    vxg__free(views);
    return status;
}

/* ---- Volume ---- */
static int read_volume(const vxg_json *object, const vxg_ct_geometry *geo, vxg_ct_volume *out) {
    static const char place[] = "\"volume\": ";
    volume_file v = {0};
    vxg_ct_volume_spec spec = {0};
    double a[3];
    VXG_TRY(vxg__keys_read(WHAT, volume_keys, (int)(sizeof volume_keys / sizeof *volume_keys),
                           place, object, &v, &v.given));
    VXG_FAIL_IF(v.voxel > 0 && (v.dx > 0 || v.dy > 0 || v.dz > 0), VXG_ERR_INPUT,
                WHAT ": %s\"voxel\" does not go with \"dx\", \"dy\", \"dz\"", place);
    spec.nx = v.nx, spec.ny = v.ny, spec.nz = v.nz;
    spec.dx = v.voxel > 0 ? v.voxel : v.dx, spec.dy = v.voxel > 0 ? v.voxel : v.dy;
    spec.dz = v.voxel > 0 ? v.voxel : v.dz;
    if (v.size) VXG_TRY(vxg__keys_list(WHAT, v.size, place, "size", 3, spec.extent));
    if (v.center) VXG_TRY(vxg__keys_list(WHAT, v.center, place, "center", 3, spec.center));
    spec.has_center = v.center != NULL;
    if (v.rotation) {
        VXG_TRY(vxg__keys_list(WHAT, v.rotation, place, "rotation_deg", 3, a));
        vxg_ct_rotation(a[0] * (M_PI / 180), a[1] * (M_PI / 180), a[2] * (M_PI / 180),
                        spec.rotation);
    }
    return vxg_ct_complete_volume(geo, &spec, out);
}

/* ---- The whole ---- */
static int read_file(const vxg_json *tree, vxg_ct_notes *notes, vxg_ct_geometry **out) {
    file f = {0};
    vxg_ct_beam beam = VXG_CT_BEAM_PARALLEL;
    vxg_ct_detector detector = VXG_CT_DETECTOR_FLAT;
    int where = 0;
    VXG_TRY(vxg__keys_read(WHAT, file_keys, K_COUNT, "", tree, &f, &f.given));
    VXG_TRY(read_words(&f, &beam, &detector, &where));
    const int vectors = f.views && vxg__json_kind(f.views) == VXG_JSON_LIST;
    VXG_TRY(check_keys(&f, vectors ? VECTORS : COMPACT, where));
    *notes = (vxg_ct_notes){.reverse = has(&f, K_REVERSE) ? (int)f.reverse : -1,
                            .has_volume = f.volume != NULL};
    VXG_TRY(vxg__keys_units(WHAT, f.units, notes));
    VXG_TRY(vectors ? read_vectors(&f, beam, detector, out)
                    : read_compact(&f, beam, detector, out));
    return f.volume ? read_volume(f.volume, *out, &notes->volume) : VXG_OK;
}

int vxg_ct_geometry_from_json(const char *text, size_t n, vxg_ct_notes *notes,
                              vxg_ct_geometry **out) {
    return vxg__ct_read_json(WHAT, text, n, read_file, notes, out);
}
