/* CIL geometries: a JSON object of the parameters of AcquisitionGeometry.create_..., set_panel and
 * set_angles, and of an ImageGeometry.
 *
 * CIL describes the setup at angle 0 and rotates the object counter-clockwise: source and detector
 * rotate by minus (initial_angle + angle) about the rotation axis. Its volume stands in a frame of
 * its own: the axis is z through the origin (rotated there the shortest way), and y runs as the
 * rays do (cone: from the source to the detector's middle) at angle 0, seen along z. Panel origin
 * bottom-left: column 0 lies at -direction_x, row 0 at -direction_y. Cone3D_Flex lists source and
 * detector of every view in the frame of the volume, which lies at volume_centre_position. */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "ct/geometry/convert.h"
#include "ct/geometry/keys.h"

#define WHAT "CIL geometry"

enum { PARALLEL = 1, CONE = 2, FLEX = 4, ROUND = PARALLEL | CONE, EVERY = 7 };
static const struct kind {
    const char *name;
    int bit, width; /* numbers of a vector */
} kinds[] = {{"Parallel2D", PARALLEL, 2},
             {"Cone2D", CONE, 2},
             {"Parallel3D", PARALLEL, 3},
             {"Cone3D", CONE, 3},
             {"Cone3D_Flex", FLEX, 3}};

typedef struct file {
    const char *geometry, *units, *angle_unit, *origin;
    const vxg_json *vectors[8], *sets[4], *angles, *num_pixels, *pixel_size, *image;
    double initial_angle;
    uint64_t given;
} file;

/* The setup at angle 0, and where the volume lies in a flexible one. */
typedef struct setup {
    double source[3], ray[3], detector[3], x[3], y[3], axis[3], axis_direction[3], centre[3];
} setup;
enum { SOURCE, RAY, DETECTOR, X, Y, AXIS, AXIS_DIRECTION, CENTRE };

#define ROW(name, type, where, field)                                                              \
    { name, VXG__KEY_##type, where, offsetof(file, field) }
static const vxg__key keys[] = {
    ROW("source_position", LIST, CONE, vectors[SOURCE]),
    ROW("ray_direction", LIST, PARALLEL, vectors[RAY]),
    ROW("detector_position", LIST, ROUND, vectors[DETECTOR]),
    ROW("detector_direction_x", LIST, ROUND, vectors[X]),
    ROW("detector_direction_y", LIST, ROUND, vectors[Y]),
    ROW("rotation_axis_position", LIST, ROUND, vectors[AXIS]),
    ROW("rotation_axis_direction", LIST, ROUND, vectors[AXIS_DIRECTION]),
    ROW("volume_centre_position", LIST, FLEX, vectors[CENTRE]),
    ROW("source_position_set", LIST, FLEX, sets[0]),
    ROW("detector_position_set", LIST, FLEX, sets[1]),
    ROW("detector_direction_x_set", LIST, FLEX, sets[2]),
    ROW("detector_direction_y_set", LIST, FLEX, sets[3]),
    ROW("geometry", TEXT, EVERY, geometry),
    ROW("units", TEXT, EVERY, units),
    ROW("angles", LIST, ROUND, angles),
    ROW("initial_angle", NUMBER, ROUND, initial_angle),
    ROW("angle_unit", TEXT, ROUND, angle_unit),
    ROW("num_pixels", ANY, EVERY, num_pixels),
    ROW("pixel_size", ANY, EVERY, pixel_size),
    ROW("origin", TEXT, EVERY, origin),
    ROW("image_geometry", OBJECT, EVERY, image),
};
#undef ROW
#define KEYS ((int)(sizeof keys / sizeof *keys))
#define FIRST_SET 8

typedef struct image {
    int64_t nx, ny, nz;
    double dx, dy, dz, center[3];
    uint64_t given;
} image;
#define ROW(name, type, field)                                                                     \
    { name, VXG__KEY_##type, 0, offsetof(image, field) }
static const vxg__key image_keys[] = {
    ROW("voxel_num_x", COUNT, nx),      ROW("voxel_num_y", COUNT, ny),
    ROW("voxel_num_z", COUNT, nz),      ROW("voxel_size_x", POSITIVE, dx),
    ROW("voxel_size_y", POSITIVE, dy),  ROW("voxel_size_z", POSITIVE, dz),
    ROW("center_x", NUMBER, center[0]), ROW("center_y", NUMBER, center[1]),
    ROW("center_z", NUMBER, center[2]),
};
#undef ROW

/* ---- Frames ---- */
static void rotate(const double *R, double *p) {
    const double q[3] = {p[0], p[1], p[2]};
    for (int k = 0; k < 3; k++) p[k] = vxg__dot3(R + 3 * k, q);
}

static void rotate_about_z(double angle, double *p) {
    const double c = cos(angle), s = sin(angle), x = p[0];
    p[0] = c * x - s * p[1], p[1] = s * x + c * p[1];
}

/* The shortest rotation that brings the unit vector v to z. */
static void to_z(const double *v, double *R) {
    const double f = 1 / (1 + v[2]);
    if (v[2] < -1 + 1e-12) { /* about x */
        const double half[9] = {1, 0, 0, 0, -1, 0, 0, 0, -1};
        memcpy(R, half, sizeof half);
        return;
    }
    const double m[9] = {1 - f * v[0] * v[0],
                         -f * v[0] * v[1],
                         -v[0],
                         -f * v[0] * v[1],
                         1 - f * v[1] * v[1],
                         -v[1],
                         v[0],
                         v[1],
                         v[2]};
    memcpy(R, m, sizeof m);
}

/* Into the frame of the volume. */
static void align(setup *s, int cone) {
    double R[9], along[3];
    double *const rotated[] = {s->source, s->ray, s->detector, s->x, s->y};
    for (int k = 0; k < 3; k++) s->source[k] -= s->axis[k], s->detector[k] -= s->axis[k];
    to_z(s->axis_direction, R);
    for (int i = 0; i < 5; i++) rotate(R, rotated[i]);
    for (int k = 0; k < 3; k++) along[k] = cone ? s->detector[k] - s->source[k] : s->ray[k];
    const double angle =
        hypot(along[0], along[1]) > 1e-12 * vxg__norm3(along) ? atan2(along[0], along[1]) : 0;
    for (int i = 0; i < 5; i++) rotate_about_z(angle, rotated[i]);
}

/* ---- Reading ---- */
static int unit(const char *name, double *v) {
    const double length = vxg__norm3(v);
    VXG_FAIL_IF(!(length > 0) || !isfinite(length), VXG_ERR_INPUT, WHAT ": \"%s\" has no length",
                name);
    for (int k = 0; k < 3; k++) v[k] /= length;
    return VXG_OK;
}

static int read_setup(const file *f, const struct kind *kind, setup *s) {
    double *const to[] = {s->source, s->ray,  s->detector,       s->x,
                          s->y,      s->axis, s->axis_direction, s->centre};
    *s = (setup){.ray = {0, 1, 0}, .x = {1, 0, 0}, .y = {0, 0, 1}, .axis_direction = {0, 0, 1}};
    VXG_FAIL_IF(kind->bit == CONE && (!f->vectors[SOURCE] || !f->vectors[DETECTOR]), VXG_ERR_INPUT,
                WHAT ": \"%s\" is missing",
                f->vectors[SOURCE] ? "detector_position" : "source_position");
    for (int i = 0; i < 8; i++) {
        const int flat = kind->width == 2 && (i == Y || i == AXIS_DIRECTION);
        VXG_FAIL_IF(f->vectors[i] && flat, VXG_ERR_INPUT, WHAT ": \"%s\" has no meaning for %s",
                    keys[i].name, kind->name);
        if (f->vectors[i])
            VXG_TRY(vxg__keys_list(WHAT, f->vectors[i], "", keys[i].name, kind->width, to[i]));
    }
    VXG_TRY(unit("ray_direction", s->ray));
    VXG_TRY(unit("detector_direction_x", s->x));
    VXG_TRY(unit("detector_direction_y", s->y));
    VXG_TRY(unit("rotation_axis_direction", s->axis_direction));
    VXG_FAIL_IF(fabs(vxg__dot3(s->x, s->y)) > 1e-6, VXG_ERR_INPUT,
                WHAT ": \"detector_direction_x\" and \"detector_direction_y\" must be at right "
                     "angles");
    return VXG_OK;
}

/* One number, or two: columns, rows. */
static int pair(const vxg_json *v, const char *name, double *x) {
    const int list = vxg__json_kind(v) == VXG_JSON_LIST;
    if (list) return vxg__keys_list(WHAT, v, "", name, 2, x);
    return vxg__keys_real(WHAT, v, "", name, x);
}

typedef struct panel {
    int64_t rows, cols;
    double step[2]; /* along direction_x, direction_y; negative: the origin is on the other side */
} panel;

static int read_panel(const file *f, int width, panel *p) {
    static const char *const origins[] = {"bottom-left", "bottom-right", "top-left", "top-right"};
    double n[2] = {0, 1}, size[2] = {1, 0};
    int origin = 0;
    VXG_FAIL_IF(!f->num_pixels, VXG_ERR_INPUT, WHAT ": \"num_pixels\" is missing");
    VXG_TRY(pair(f->num_pixels, "num_pixels", n));
    if (f->pixel_size) VXG_TRY(pair(f->pixel_size, "pixel_size", size));
    if (!f->pixel_size || vxg__json_kind(f->pixel_size) != VXG_JSON_LIST) size[1] = size[0];
    for (int k = 0; k < 2; k++) {
        VXG_FAIL_IF(n[k] != floor(n[k]) || n[k] < 1 || n[k] > INT32_MAX, VXG_ERR_INPUT,
                    WHAT ": \"num_pixels\" has %g, whole numbers from 1 to 2^31 - 1 are expected",
                    n[k]);
        VXG_FAIL_IF(!(size[k] > 0), VXG_ERR_INPUT, WHAT ": \"pixel_size\" must be positive");
    }
    VXG_FAIL_IF(width == 2 && n[1] != 1, VXG_ERR_INPUT,
                WHAT ": \"num_pixels\" has %g rows, %s has 1", n[1], f->geometry);
    while (f->origin && origin < 4 && strcmp(f->origin, origins[origin])) origin++;
    VXG_FAIL_IF(origin == 4, VXG_ERR_INPUT,
                WHAT ": \"origin\" is \"%s\", bottom or top, -, left or right is expected",
                VXG_SHOW(f->origin));
    p->cols = (int64_t)n[0], p->rows = (int64_t)n[1];
    p->step[0] = origin & 1 ? -size[0] : size[0];
    p->step[1] = origin & 2 ? -size[1] : size[1];
    return VXG_OK;
}

static void place(const setup *s, const panel *p, int cone, double angle, vxg_ct_view *v) {
    for (int k = 0; k < 3; k++) {
        v->s[k] = cone ? s->source[k] : s->ray[k], v->d[k] = s->detector[k];
        v->U[k] = p->step[0] * s->x[k], v->V[k] = p->step[1] * s->y[k];
    }
    double *const all[] = {v->s, v->d, v->U, v->V};
    for (int i = 0; i < 4; i++) rotate_about_z(angle, all[i]);
}

static int round_views(const file *f, const struct kind *kind, const panel *p, vxg_ct_view *views) {
    setup s;
    const int degrees = !f->angle_unit || !strcmp(f->angle_unit, "degree");
    const double per = degrees ? M_PI / 180 : 1;
    int64_t i = 0;
    VXG_FAIL_IF(!degrees && strcmp(f->angle_unit, "radian"), VXG_ERR_INPUT,
                WHAT ": \"angle_unit\" is \"%s\", degree or radian is expected",
                VXG_SHOW(f->angle_unit));
    VXG_TRY(read_setup(f, kind, &s));
    align(&s, kind->bit == CONE);
    for (const vxg_json *e = vxg__json_first(f->angles); e; e = vxg__json_next(e), i++) {
        double angle;
        VXG_TRY(vxg__keys_real(WHAT, e, "", "angles", &angle));
        place(&s, p, kind->bit == CONE, -(f->initial_angle + angle) * per, &views[i]);
    }
    return VXG_OK;
}

static int flex_views(const file *f, const panel *p, int64_t n, vxg_ct_view *views) {
    const vxg_json *e[4];
    for (int k = 0; k < 4; k++) {
        const char *name = keys[FIRST_SET + k].name;
        VXG_FAIL_IF(!f->sets[k], VXG_ERR_INPUT, WHAT ": \"%s\" is missing", name);
        VXG_FAIL_IF(vxg__json_count(f->sets[k]) != n, VXG_ERR_INPUT,
                    WHAT ": \"%s\" has %lld entries, \"%s\" has %lld", name,
                    (long long)vxg__json_count(f->sets[k]), keys[FIRST_SET].name, (long long)n);
        e[k] = vxg__json_first(f->sets[k]);
    }
    for (int64_t i = 0; i < n; i++) {
        setup s;
        double *const to[] = {s.source, s.detector, s.x, s.y};
        for (int k = 0; k < 4; k++) {
            VXG_TRY(vxg__keys_list(WHAT, e[k], "", keys[FIRST_SET + k].name, 3, to[k]));
            e[k] = vxg__json_next(e[k]);
        }
        VXG_TRY(unit(keys[FIRST_SET + 2].name, s.x));
        VXG_TRY(unit(keys[FIRST_SET + 3].name, s.y));
        place(&s, p, 1, 0, &views[i]);
    }
    return VXG_OK;
}

static int read_notes(const file *f, const struct kind *kind, vxg_ct_notes *notes) {
    image m = {.nz = 1, .dx = 1, .dy = 1, .dz = 1};
    setup s = {.centre = {0}};
    *notes = (vxg_ct_notes){.reverse = -1, .has_volume = f->image != NULL};
    VXG_TRY(vxg__keys_units(WHAT, f->units, notes));
    if (!f->image) return VXG_OK;
    VXG_TRY(vxg__keys_read(WHAT, image_keys, (int)(sizeof image_keys / sizeof *image_keys),
                           "\"image_geometry\": ", f->image, &m, &m.given));
    VXG_FAIL_IF(!m.nx || !m.ny, VXG_ERR_INPUT, WHAT ": \"image_geometry\": \"%s\" is missing",
                m.nx ? "voxel_num_y" : "voxel_num_x");
    notes->volume =
        (vxg_ct_volume){.nz = m.nz, .ny = m.ny, .nx = m.nx, .dz = m.dz, .dy = m.dy, .dx = m.dx};
    if (kind->bit == FLEX) VXG_TRY(read_setup(f, kind, &s));
    for (int k = 0; k < 3; k++) notes->volume.center[k] = m.center[k] + s.centre[k];
    return VXG_OK;
}

static int read_kind(const file *f, const struct kind **out) {
    size_t i = 0;
    VXG_FAIL_IF(!f->geometry, VXG_ERR_INPUT, WHAT ": \"geometry\" is missing (Cone3D, ...)");
    while (i < sizeof kinds / sizeof *kinds && strcmp(kinds[i].name, f->geometry)) i++;
    VXG_FAIL_IF(i == sizeof kinds / sizeof *kinds, VXG_ERR_INPUT,
                WHAT ": \"geometry\" is \"%s\", one of Parallel2D, Cone2D, Parallel3D, Cone3D, "
                     "Cone3D_Flex is expected",
                VXG_SHOW(f->geometry));
    for (int k = 0; k < KEYS; k++)
        VXG_FAIL_IF((f->given >> k & 1) && !(keys[k].where & kinds[i].bit), VXG_ERR_INPUT,
                    WHAT ": \"%s\" has no meaning for %s", keys[k].name, kinds[i].name);
    *out = &kinds[i];
    return VXG_OK;
}

static int read_tree(const vxg_json *tree, vxg_ct_notes *notes, vxg_ct_geometry **out) {
    file f = {0};
    panel p = {0};
    const struct kind *kind = NULL;
    vxg_ct_view *views;
    VXG_TRY(vxg__keys_read(WHAT, keys, KEYS, "", tree, &f, &f.given));
    VXG_TRY(read_kind(&f, &kind));
    VXG_TRY(read_panel(&f, kind->width, &p));
    VXG_TRY(read_notes(&f, kind, notes));
    const vxg_json *each = kind->bit == FLEX ? f.sets[0] : f.angles;
    const int64_t n = each ? vxg__json_count(each) : 0;
    VXG_TRY(vxg__keys_views(WHAT, kind->bit == FLEX ? keys[FIRST_SET].name : "angles", n));
    VXG_TRY(vxg__ct_views_new(n, p.rows, p.cols, &views));
    int status =
        kind->bit == FLEX ? flex_views(&f, &p, n, views) : round_views(&f, kind, &p, views);
    if (!status)
        status = vxg_ct_geometry_new(
            &(vxg_ct_views){.beam = kind->bit == PARALLEL ? VXG_CT_BEAM_PARALLEL : VXG_CT_BEAM_CONE,
                            .nviews = n,
                            .nv = p.rows,
                            .nu = p.cols,
                            .views = views},
            out);
    vxg__free(views);
    return status;
}

int vxg_ct_geometry_from_cil(const char *text, size_t n, vxg_ct_notes *notes,
                             vxg_ct_geometry **out) {
    return vxg__ct_read_json(WHAT, text, n, read_tree, notes, out);
}

/* ---- Writing ---- */
static int check_detector(const vxg_ct_geometry *geo, int64_t i) {
    const vxg_ct_view *v = vxg_ct_geometry_view(geo, i), *first = vxg_ct_geometry_view(geo, 0);
    const double u = vxg__norm3(v->U), w = vxg__norm3(v->V);
    VXG_FAIL_IF(!(fabs(vxg__dot3(v->U, v->V)) < 1e-8 * u * w), VXG_ERR_UNSUPPORTED,
                WHAT ": detector_direction_y: U and V of view %lld must be at right angles",
                (long long)i);
    VXG_FAIL_IF(fabs(u - vxg__norm3(first->U)) > 1e-9 * u ||
                    fabs(w - vxg__norm3(first->V)) > 1e-9 * w,
                VXG_ERR_UNSUPPORTED,
                WHAT ": pixel_size: the pitch of view %lld is not that of view 0", (long long)i);
    return VXG_OK;
}

/* Angle from view 0's frame: that of CIL's y, which runs as the rays do. */
static double angle_of(const vxg_ct_geometry *geo, int64_t i) {
    const vxg_ct_view *v = vxg_ct_geometry_view(geo, i);
    const int cone = vxg_ct_geometry_beam(geo) == VXG_CT_BEAM_CONE;
    double a[3];
    for (int k = 0; k < 3; k++) a[k] = cone ? v->d[k] - v->s[k] : v->r[k];
    return hypot(a[0], a[1]) > 1e-12 * vxg__norm3(a) ? atan2(-a[0], a[1]) : 0;
}

/* Without the rounding of the rotation. */
static void snap(double *x, double scale) {
    for (int k = 0; k < 3; k++) x[k] = fabs(x[k]) < 1e-14 * scale ? 0 : vxg__tidy(x[k]);
}

/* View 0 rotated to angle 0, angles of all views, and whether rotating it gives every view. Along
 * parallel rays a detector may lie anywhere. */
static int fit(const vxg_ct_geometry *geo, panel *p, setup *s, double *angles) {
    const vxg_ct_view *v = vxg_ct_geometry_view(geo, 0);
    const int cone = vxg_ct_geometry_beam(geo) == VXG_CT_BEAM_CONE;
    const double u = vxg__norm3(v->U), w = vxg__norm3(v->V), r = vxg__norm3(v->r);
    const double scale = vxg__norm3(v->d) + (cone ? vxg__norm3(v->s) : u * (double)p->cols);
    angles[0] = angle_of(geo, 0);
    *s = (setup){.axis_direction = {0, 0, 1}};
    for (int k = 0; k < 3; k++) {
        s->source[k] = v->s[k], s->ray[k] = v->r[k] / r, s->detector[k] = v->d[k];
        s->x[k] = v->U[k] / u, s->y[k] = v->V[k] / w;
    }
    double *const rotated[] = {s->source, s->ray, s->detector, s->x, s->y};
    for (int i = 0; i < 5; i++) {
        rotate_about_z(-angles[0], rotated[i]);
        snap(rotated[i], i == 0 || i == 2 ? scale : 1);
    }
    p->step[0] = u, p->step[1] = w;
    for (int64_t i = 1; i < vxg_ct_geometry_nviews(geo); i++) {
        vxg_ct_view at, is = *vxg_ct_geometry_view(geo, i);
        const double t = angle_of(geo, i), length = cone ? 1 : vxg__norm3(is.r);
        angles[i] = angles[i - 1] + remainder(t - angles[i - 1], 2 * M_PI);
        place(s, p, cone, angles[i], &at);
        for (int k = 0; k < 3; k++) is.s[k] /= length;
        double along = 0;
        for (int k = 0; k < 3 && !cone; k++) along += (is.d[k] - at.d[k]) * is.r[k];
        for (int k = 0; k < 3 && !cone; k++) is.d[k] -= along * is.r[k];
        const double *a = (const double *)&at, *b = (const double *)&is;
        for (int k = 0; k < 12; k++)
            if (!(fabs(a[k] - b[k]) <= 1e-12 * scale)) return 0;
    }
    return 1;
}

static void write_vector(vxg_text *t, const char *name, const double *x, int width) {
    vxg__text_add(t, ",\n  \"%s\": ", name);
    vxg__text_list(t, x, width, 1, width);
}

static void write_round(vxg_text *t, const setup *s, int cone, int64_t n, const double *angles) {
    if (cone)
        write_vector(t, "source_position", s->source, 3);
    else
        write_vector(t, "ray_direction", s->ray, 3);
    write_vector(t, "detector_position", s->detector, 3);
    write_vector(t, "detector_direction_x", s->x, 3);
    write_vector(t, "detector_direction_y", s->y, 3);
    vxg__text_add(t, ",\n  \"angle_unit\": \"degree\",\n  \"angles\": ");
    vxg__text_list(t, angles, n, -180 / M_PI, 8);
}

static void write_flex(vxg_text *t, const vxg_ct_geometry *geo) {
    for (int k = 0; k < 4; k++) {
        vxg__text_add(t, ",\n  \"%s\": [", keys[FIRST_SET + k].name);
        for (int64_t i = 0; i < vxg_ct_geometry_nviews(geo); i++) {
            const vxg_ct_view *v = vxg_ct_geometry_view(geo, i);
            const double *const all[] = {v->s, v->d, v->U, v->V}, *x = all[k];
            const double length = k < 2 ? 1 : vxg__norm3(x);
            const double unit_[3] = {x[0] / length, x[1] / length, x[2] / length};
            vxg__text_add(t, "%s\n    ", i ? "," : "");
            vxg__text_list(t, unit_, 3, 1, 3);
        }
        vxg__text_add(t, "]");
    }
}

static int write_image(vxg_text *t, const vxg_ct_volume *in) {
    vxg_ct_volume v = {0};
    VXG_TRY(vxg__ct_straight_volume(in, WHAT ": image_geometry", &v));
    vxg__text_add(t,
                  ",\n  \"image_geometry\": {\"voxel_num_x\": %lld, \"voxel_num_y\": %lld, "
                  "\"voxel_num_z\": %lld",
                  (long long)v.nx, (long long)v.ny, (long long)v.nz);
    const double values[] = {v.dx, v.dy, v.dz, v.center[0], v.center[1], v.center[2]};
    for (int k = 0; k < 6; k++) {
        vxg__text_add(t, "%s\"%s\": ", k % 3 ? ", " : ",\n    ", image_keys[3 + k].name);
        vxg__text_number(t, values[k]);
    }
    vxg__text_add(t, "}");
    return VXG_OK;
}

static int write_text(vxg_text *t, const vxg_ct_geometry *geo, const vxg_ct_notes *notes,
                      double *angles) {
    const int64_t n = vxg_ct_geometry_nviews(geo);
    const int cone = vxg_ct_geometry_beam(geo) == VXG_CT_BEAM_CONE;
    panel p = {vxg_ct_geometry_nv(geo), vxg_ct_geometry_nu(geo), {0, 0}};
    setup s;
    for (int64_t i = 0; i < n; i++) VXG_TRY(check_detector(geo, i));
    const int rounded = fit(geo, &p, &s, angles);
    VXG_FAIL_IF(!rounded && !cone, VXG_ERR_UNSUPPORTED,
                WHAT ": angles: the views are no rotations of one about z, CIL's parallel beam has "
                     "nothing else");
    vxg__text_add(t, "{\n  \"geometry\": \"%s\",\n  \"units\": \"",
                  !cone     ? "Parallel3D"
                  : rounded ? "Cone3D"
                            : "Cone3D_Flex");
    vxg__text_quoted(t, notes && notes->units[0] ? notes->units : "units distance");
    vxg__text_add(t, "\"");
    const double pixels[2] = {(double)p.cols, (double)p.rows};
    const double size[2] = {vxg__tidy(p.step[0]), vxg__tidy(p.step[1])};
    write_vector(t, "num_pixels", pixels, 2);
    write_vector(t, "pixel_size", size, 2);
    vxg__text_add(t, ",\n  \"origin\": \"bottom-left\"");
    if (notes && notes->has_volume) VXG_TRY(write_image(t, &notes->volume));
    if (rounded)
        write_round(t, &s, cone, n, angles);
    else
        write_flex(t, geo);
    vxg__text_add(t, "\n}\n");
    return VXG_OK;
}

int vxg_ct_geometry_to_cil(const vxg_ct_geometry *geo, const vxg_ct_notes *notes, char **out) {
    vxg_text t = {0};
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, WHAT ": text is NULL");
    *out = NULL;
    VXG_READ(vxg_ct_notes, notes);
    VXG_TRY(vxg__ct_notes_check(&notes_own));
    VXG_FAIL_IF(!geo, VXG_ERR_ARGUMENT, WHAT ": geometry is NULL");
    VXG_FAIL_IF(vxg_ct_geometry_detector(geo) != VXG_CT_DETECTOR_FLAT, VXG_ERR_UNSUPPORTED,
                WHAT ": detector: it is curved, CIL has flat ones");
    double *angles = vxg__calloc((size_t)vxg_ct_geometry_nviews(geo), sizeof *angles);
    if (!angles) return VXG_ERR_MEMORY;
    int status = write_text(&t, geo, notes, angles);
    vxg__free(angles);
    if (status) {
        vxg__text_free(&t);
        return status;
    }
    return vxg__ct_text_done(&t, out);
}
