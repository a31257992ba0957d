/* TIGRE geometries: a JSON object of the attributes of TIGRE's Python geometry, and the angles.
 *
 * TIGRE's world is the one here. A view with Euler angles (a, b, c), R = Rz(a) Ry(b) Rz(c), has its
 * source at R (DSO, 0, 0) and the middle of its detector at R (DSO - DSD, offDetector), columns
 * along R M y and rows along R M z, M = Rz(rot 2) Ry(rot 1) Rx(rot 0); both move by COR along
 * (-sin a, cos a, 0), and the volume's middle lies at offOrigin. A circular scan has t = a + 90
 * degrees. Lists of lengths are (z, y, x) and (v, u). The parallel beam knows one angle. */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "ct/geometry/convert.h"
#include "ct/geometry/keys.h"

#define WHAT "TIGRE geometry"

typedef struct pose { /* of one view: doubles only */
    double angles[3], DSD, DSO, off_origin[3], off_detector[2], rot_detector[3], COR;
} pose;
#define POSE (sizeof(pose) / sizeof(double))

typedef struct file {
    const char *mode;
    const vxg_json *n_detector, *d_detector, *s_detector, *n_voxel, *d_voxel, *s_voxel;
    const vxg_json *per_view[7];
    double accuracy;
    uint64_t given;
} file;

/* What may differ from view to view: one row drives reading and writing. */
enum { F_ANGLES, F_DSD, F_DSO, F_OFF_ORIGIN, F_OFF_DETECTOR, F_ROT_DETECTOR, F_COR, FIELDS };
static const struct field {
    const char *name;
    int width;
    size_t at; /* in doubles */
} fields[FIELDS] = {
    [F_ANGLES] = {"angles", 3, offsetof(pose, angles) / sizeof(double)},
    [F_DSD] = {"DSD", 1, offsetof(pose, DSD) / sizeof(double)},
    [F_DSO] = {"DSO", 1, offsetof(pose, DSO) / sizeof(double)},
    [F_OFF_ORIGIN] = {"offOrigin", 3, offsetof(pose, off_origin) / sizeof(double)},
    [F_OFF_DETECTOR] = {"offDetector", 2, offsetof(pose, off_detector) / sizeof(double)},
    [F_ROT_DETECTOR] = {"rotDetector", 3, offsetof(pose, rot_detector) / sizeof(double)},
    [F_COR] = {"COR", 1, offsetof(pose, COR) / sizeof(double)},
};

#define ROW(name, type, field)                                                                     \
    { name, VXG__KEY_##type, 0, offsetof(file, field) }
static const vxg__key keys[] = {
    ROW("angles", LIST, per_view[F_ANGLES]),
    ROW("DSD", ANY, per_view[F_DSD]),
    ROW("DSO", ANY, per_view[F_DSO]),
    ROW("offOrigin", LIST, per_view[F_OFF_ORIGIN]),
    ROW("offDetector", LIST, per_view[F_OFF_DETECTOR]),
    ROW("rotDetector", LIST, per_view[F_ROT_DETECTOR]),
    ROW("COR", ANY, per_view[F_COR]),
    ROW("mode", TEXT, mode),
    ROW("nDetector", LIST, n_detector),
    ROW("dDetector", LIST, d_detector),
    ROW("sDetector", LIST, s_detector),
    ROW("nVoxel", LIST, n_voxel),
    ROW("dVoxel", LIST, d_voxel),
    ROW("sVoxel", LIST, s_voxel),
    ROW("accuracy", NUMBER, accuracy),
};
#undef ROW

/* ---- Rotations, row-major ---- */
static void multiply(const double *A, const double *B, double *C) {
    for (int r = 0; r < 3; r++)
        for (int c = 0; c < 3; c++)
            C[3 * r + c] = A[3 * r] * B[c] + A[3 * r + 1] * B[3 + c] + A[3 * r + 2] * B[6 + c];
}

static void rotate(const double *R, double x, double y, double z, double *out) {
    for (int k = 0; k < 3; k++) out[k] = R[3 * k] * x + R[3 * k + 1] * y + R[3 * k + 2] * z;
}

static void rotate_back(const double *R, const double *p, double *out) {
    for (int k = 0; k < 3; k++) out[k] = R[k] * p[0] + R[3 + k] * p[1] + R[6 + k] * p[2];
}

static void euler(const double *a, double *R) {
    double A[9], B[9];
    vxg_ct_rotation(0, a[1], a[0], A);
    vxg_ct_rotation(0, 0, a[2], B);
    multiply(A, B, R);
}

static void euler_of(const double *R, double *a) {
    const double flat = hypot(R[2], R[5]);
    a[0] = flat > 1e-12 ? atan2(R[5], R[2]) : R[8] > 0 ? atan2(R[3], R[0]) : atan2(-R[3], -R[0]);
    a[1] = flat > 1e-12 ? atan2(flat, R[8]) : R[8] > 0 ? 0 : M_PI;
    a[2] = flat > 1e-12 ? atan2(R[7], -R[6]) : 0;
}

/* M = Rz(a 2) Ry(a 1) Rx(a 0) */
static void fixed_axes_of(const double *M, double *a) {
    a[0] = atan2(M[7], M[8]);
    a[1] = atan2(-M[6], hypot(M[7], M[8]));
    a[2] = atan2(M[3], M[0]);
}

/* ---- Reading ---- */
static void view_of(const pose *p, int cone, const double *pitch, const double *shift,
                    vxg_ct_view *v) {
    const double move[3] = {-p->COR * sin(p->angles[0]), p->COR * cos(p->angles[0]), 0};
    double R[9], M[9], rotated[9];
    euler(p->angles, R);
    vxg_ct_rotation(p->rot_detector[0], p->rot_detector[1], p->rot_detector[2], M);
    multiply(R, M, rotated);
    rotate(R, cone ? p->DSO : -1, 0, 0, v->s);
    rotate(R, p->DSO - p->DSD, p->off_detector[1], p->off_detector[0], v->d);
    rotate(rotated, 0, pitch[1], 0, v->U);
    rotate(rotated, 0, 0, pitch[0], v->V);
    for (int k = 0; k < 3; k++) {
        const double by = move[k] - p->off_origin[2 - k] + shift[k];
        if (cone) v->s[k] += by;
        v->d[k] += by;
    }
}

/* A value for every view: one number or list for all of them, or one for each. */
static int per_view(const vxg_json *v, const struct field *f, int64_t n, pose *out) {
    double *to = (double *)out + f->at;
    const vxg_json *e = vxg__json_kind(v) == VXG_JSON_LIST ? vxg__json_first(v) : NULL;
    const int nested = e && vxg__json_kind(e) == VXG_JSON_LIST;
    const int64_t count = nested || (e && f->width == 1) ? vxg__json_count(v) : 1;
    VXG_FAIL_IF(count != 1 && count != n, VXG_ERR_INPUT,
                WHAT ": \"%s\" has %lld entries, 1 or %lld (as \"angles\") are expected", f->name,
                (long long)count, (long long)n);
    for (int64_t i = 0; i < n; i++) {
        double *row = to + i * (int64_t)POSE;
        if (i >= count) {
            memcpy(row, to, (size_t)f->width * sizeof *row);
        } else if (nested) {
            VXG_TRY(vxg__keys_list(WHAT, e, "", f->name, f->width, row));
            e = vxg__json_next(e);
        } else if (f->width > 1) {
            VXG_TRY(vxg__keys_list(WHAT, v, "", f->name, f->width, row));
        } else {
            VXG_TRY(vxg__keys_real(WHAT, e ? e : v, "", f->name, row));
            e = e ? vxg__json_next(e) : NULL;
        }
    }
    return VXG_OK;
}

/* One angle a view, or three. */
static int read_angles(const vxg_json *v, int64_t n, pose *poses) {
    const vxg_json *e = vxg__json_first(v);
    struct field one = fields[F_ANGLES];
    if (e && vxg__json_kind(e) != VXG_JSON_LIST) one.width = 1;
    return per_view(v, &one, n, poses);
}

/* Counts and sizes along `width` directions: n and d, or n and s = n d, or all three. */
static int sizes(const char *kind, int width, const vxg_json *n, const vxg_json *d,
                 const vxg_json *s, int64_t *count, double *each) {
    double x[3] = {0}, total[3] = {0};
    char name[3][16];
    for (int i = 0; i < 3; i++) snprintf(name[i], sizeof name[i], "%c%s", "nds"[i], kind);
    VXG_FAIL_IF(!n, VXG_ERR_INPUT, WHAT ": \"%s\" is missing", name[0]);
    VXG_FAIL_IF(!d && !s, VXG_ERR_INPUT, WHAT ": \"%s\" is missing", name[1]);
    VXG_TRY(vxg__keys_list(WHAT, n, "", name[0], width, x));
    if (d) VXG_TRY(vxg__keys_list(WHAT, d, "", name[1], width, each));
    if (s) VXG_TRY(vxg__keys_list(WHAT, s, "", name[2], width, total));
    for (int k = 0; k < width; k++) {
        VXG_FAIL_IF(x[k] != floor(x[k]) || x[k] < 1 || x[k] > INT32_MAX, VXG_ERR_INPUT,
                    WHAT ": \"%s\" has %g, whole numbers from 1 to 2^31 - 1 are expected", name[0],
                    x[k]);
        count[k] = (int64_t)x[k];
        if (!d) each[k] = total[k] / x[k];
        VXG_FAIL_IF(!(each[k] > 0), VXG_ERR_INPUT, WHAT ": \"%s\" must be positive",
                    name[d ? 1 : 2]);
        VXG_FAIL_IF(s && fabs(each[k] * x[k] - total[k]) > 1e-6 * fabs(total[k]), VXG_ERR_INPUT,
                    WHAT ": \"%s\" is not \"%s\" times \"%s\"", name[2], name[0], name[1]);
    }
    return VXG_OK;
}

static int check_pose(const pose *p, int cone, int64_t i) {
    VXG_FAIL_IF(!(p->DSD > 0) || (cone && !(p->DSO > 0)), VXG_ERR_INPUT,
                WHAT ": \"%s\" of view %lld must be positive", p->DSD > 0 ? "DSO" : "DSD",
                (long long)i);
    VXG_FAIL_IF(!cone && (p->angles[1] != 0 || p->angles[2] != 0), VXG_ERR_UNSUPPORTED,
                WHAT ": \"angles\" of view %lld: TIGRE's parallel beam knows the first angle alone",
                (long long)i);
    VXG_FAIL_IF(!cone && (p->off_detector[0] != 0 || p->off_detector[1] != 0), VXG_ERR_UNSUPPORTED,
                WHAT ": \"offDetector\" of view %lld: TIGRE's parallel projector tilts its rays by "
                     "it; use COR or offOrigin",
                (long long)i);
    return VXG_OK;
}

static int read_poses(const file *f, int cone, int64_t n, pose *poses) {
    VXG_TRY(read_angles(f->per_view[F_ANGLES], n, poses));
    for (int k = F_DSD; k < FIELDS; k++) {
        VXG_FAIL_IF(!f->per_view[k] && (k == F_DSD || k == F_DSO), VXG_ERR_INPUT,
                    WHAT ": \"%s\" is missing", fields[k].name);
        if (f->per_view[k]) VXG_TRY(per_view(f->per_view[k], &fields[k], n, poses));
    }
    for (int64_t i = 0; i < n; i++) VXG_TRY(check_pose(&poses[i], cone, i));
    return VXG_OK;
}

/* The volume lies at the mean of offOrigin; what a view has beyond that moves the view. */
static void volume_center(int64_t n, const pose *poses, double *center) {
    for (int k = 0; k < 3; k++) {
        double beyond = 0;
        for (int64_t i = 1; i < n; i++)
            beyond += poses[i].off_origin[2 - k] - poses[0].off_origin[2 - k];
        center[k] = poses[0].off_origin[2 - k] + beyond / (double)n;
    }
}

static int make_views(const file *f, int cone, const int64_t *size, const double *pitch,
                      vxg_ct_notes *notes, vxg_ct_geometry **out) {
    const int64_t n = vxg__json_count(f->per_view[F_ANGLES]);
    vxg_ct_view *views;
    VXG_TRY(vxg__ct_views_new(n, size[0], size[1], &views));
    pose *poses = vxg__calloc((size_t)n, sizeof *poses);
    int status = poses ? read_poses(f, cone, n, poses) : VXG_ERR_MEMORY;
    if (!status) volume_center(n, poses, notes->volume.center);
    for (int64_t i = 0; i < n && !status; i++)
        view_of(&poses[i], cone, pitch, notes->volume.center, &views[i]);
    if (!status)
        status = vxg_ct_geometry_new(
            &(vxg_ct_views){.beam = cone ? VXG_CT_BEAM_CONE : VXG_CT_BEAM_PARALLEL,
                            .nviews = n,
                            .nv = size[0],
                            .nu = size[1],
                            .views = views},
            out);
    vxg__free(poses);
    vxg__free(views);
    return status;
}

static int read_tree(const vxg_json *tree, vxg_ct_notes *notes, vxg_ct_geometry **out) {
    file f = {0};
    int64_t size[2], voxels[3];
    double pitch[2], voxel[3];
    VXG_TRY(vxg__keys_read(WHAT, keys, (int)(sizeof keys / sizeof *keys), "", tree, &f, &f.given));
    const int cone = !f.mode || !strcmp(f.mode, "cone");
    VXG_FAIL_IF(!cone && strcmp(f.mode, "parallel"), VXG_ERR_INPUT,
                WHAT ": \"mode\" is \"%s\", cone or parallel is expected", VXG_SHOW(f.mode));
    const int64_t n = f.per_view[F_ANGLES] ? vxg__json_count(f.per_view[F_ANGLES]) : 0;
    VXG_TRY(vxg__keys_views(WHAT, "angles", n));
    VXG_TRY(sizes("Detector", 2, f.n_detector, f.d_detector, f.s_detector, size, pitch));
    VXG_TRY(sizes("Voxel", 3, f.n_voxel, f.d_voxel, f.s_voxel, voxels, voxel));
    *notes = (vxg_ct_notes){.units = "mm", .reverse = -1, .has_volume = 1};
    notes->volume = (vxg_ct_volume){.nz = voxels[0],
                                    .ny = voxels[1],
                                    .nx = voxels[2],
                                    .dz = voxel[0],
                                    .dy = voxel[1],
                                    .dx = voxel[2]};
    return make_views(&f, cone, size, pitch, notes, out);
}

int vxg_ct_geometry_from_tigre(const char *text, size_t n, vxg_ct_notes *notes,
                               vxg_ct_geometry **out) {
    return vxg__ct_read_json(WHAT, text, n, read_tree, notes, out);
}

/* ---- Writing ---- */
static int check_detector(const vxg_ct_geometry *geo, int64_t i) {
    const vxg_ct_view *v = vxg_ct_geometry_view(geo, i), *first = vxg_ct_geometry_view(geo, 0);
    const double u = vxg__norm3(v->U), w = vxg__norm3(v->V);
    VXG_FAIL_IF(!(fabs(vxg__dot3(v->U, v->V)) < 1e-6 * u * w), VXG_ERR_UNSUPPORTED,
                WHAT ": rotDetector: U and V of view %lld must be at right angles", (long long)i);
    VXG_FAIL_IF(fabs(u - vxg__norm3(first->U)) > 1e-9 * u ||
                    fabs(w - vxg__norm3(first->V)) > 1e-9 * w,
                VXG_ERR_UNSUPPORTED,
                WHAT ": dDetector: the pitch of view %lld is not that of view 0", (long long)i);
    return VXG_OK;
}

static void rot_detector(const double *R, const vxg_ct_view *v, double *a) {
    const double u = vxg__norm3(v->U), w = vxg__norm3(v->V);
    double n[3], y[3], z[3], M[9];
    vxg__cross3(v->U, v->V, n);
    rotate_back(R, n, M), rotate_back(R, v->U, y), rotate_back(R, v->V, z);
    const double normal[3] = {M[0] / (u * w), M[1] / (u * w), M[2] / (u * w)};
    for (int k = 0; k < 3; k++)
        M[3 * k] = normal[k], M[3 * k + 1] = y[k] / u, M[3 * k + 2] = z[k] / w;
    fixed_axes_of(M, a);
}

/* The rotation that brings x to the source: about z alone for rays near the x-y plane (level, the
 * height is left to offOrigin), else with y as near to U as it can be. */
static int rotation_to_source(const vxg_ct_view *v, int level, int64_t i, pose *p, double *R) {
    const double *s = v->s;
    const double far = level ? hypot(s[0], s[1]) : vxg__norm3(s), u = vxg__norm3(v->U);
    double y[3], z[3];
    VXG_FAIL_IF(!(far > 1e-9 * u), VXG_ERR_UNSUPPORTED,
                WHAT ": DSO: the source of view %lld lies at the origin", (long long)i);
    if (level) {
        p->angles[0] = atan2(s[1], s[0]);
    } else {
        const double x[3] = {s[0] / far, s[1] / far, s[2] / far}, along = vxg__dot3(v->U, x);
        for (int k = 0; k < 3; k++) y[k] = v->U[k] - along * x[k];
        const double length = vxg__norm3(y);
        VXG_FAIL_IF(!(length > 1e-6 * u), VXG_ERR_UNSUPPORTED,
                    WHAT ": rotDetector: the columns of view %lld point to the source",
                    (long long)i);
        for (int k = 0; k < 3; k++) y[k] /= length;
        vxg__cross3(x, y, z);
        for (int k = 0; k < 3; k++) R[3 * k] = x[k], R[3 * k + 1] = y[k], R[3 * k + 2] = z[k];
        euler_of(R, p->angles);
    }
    euler(p->angles, R);
    return VXG_OK;
}

static int cone_pose(const vxg_ct_view *v, int level, int64_t i, const double *center, pose *p) {
    double R[9], s[3], d[3], off[3];
    VXG_TRY(rotation_to_source(v, level, i, p, R));
    rotate_back(R, v->s, s), rotate_back(R, v->d, d);
    rotate(R, 0, s[1], s[2], off);
    for (int k = 0; k < 3; k++) p->off_origin[2 - k] = center[k] - off[k];
    p->DSO = s[0], p->DSD = s[0] - d[0];
    p->off_detector[0] = d[2] - s[2], p->off_detector[1] = d[1] - s[1];
    VXG_FAIL_IF(!(p->DSD > 0), VXG_ERR_UNSUPPORTED,
                WHAT ": DSD: the detector of view %lld lies behind the source", (long long)i);
    rot_detector(R, v, p->rot_detector);
    return VXG_OK;
}

static int parallel_pose(const vxg_ct_view *v, int64_t i, const double *center, double reach,
                         pose *p) {
    const double r = vxg__norm3(v->r), along = vxg__dot3(v->d, v->r) / (r * r);
    double R[9], d[3];
    VXG_FAIL_IF(fabs(v->r[2]) > 1e-9 * r, VXG_ERR_UNSUPPORTED,
                WHAT ": angles: the parallel rays of view %lld leave the x-y plane, TIGRE's cannot",
                (long long)i);
    p->angles[0] = atan2(-v->r[1], -v->r[0]);
    euler(p->angles, R);
    for (int k = 0; k < 3; k++) d[k] = v->d[k] - along * v->r[k];
    p->COR = R[1] * d[0] + R[4] * d[1];
    for (int k = 0; k < 3; k++) p->off_origin[2 - k] = center[k] - (k == 2 ? d[2] : 0);
    p->DSO = reach, p->DSD = 2 * reach;
    rot_detector(R, v, p->rot_detector);
    return VXG_OK;
}

/* Rounding of the rotations is not worth a line. */
static void tidy_poses(int64_t n, pose *poses) {
    for (int64_t i = 0; i < n; i++) {
        double *x = (double *)&poses[i];
        const double scale = poses[i].DSD;
        for (size_t k = 0; k < POSE; k++) {
            const int angle =
                k < fields[F_DSD].at || (k >= fields[F_ROT_DETECTOR].at && k < fields[F_COR].at);
            if (fabs(x[k]) < 1e-14 * (angle ? 8 : scale)) x[k] = 0;
        }
        if (i)
            poses[i].angles[0] = poses[i - 1].angles[0] +
                                 remainder(poses[i].angles[0] - poses[i - 1].angles[0], 2 * M_PI);
    }
}

static int same_in_all(const struct field *f, int64_t n, const pose *poses) {
    const double *a = (const double *)poses + f->at;
    const double scale = f == &fields[F_ROT_DETECTOR] ? 1 : poses[0].DSD;
    for (int64_t i = 1; i < n; i++)
        for (int k = 0; k < f->width; k++)
            if (fabs(a[i * (int64_t)POSE + k] - a[k]) > 1e-13 * scale) return 0;
    return 1;
}

/* n = 0: one value for all views */
static void write_field(vxg_text *t, const struct field *f, int64_t n, const pose *poses) {
    const double *a = (const double *)poses + f->at;
    vxg__text_add(t, ",\n  \"%s\": ", f->name);
    if (n) vxg__text_add(t, "[");
    for (int64_t i = 0; i < n || !i; i++) {
        if (i) vxg__text_add(t, i % (f->width > 1 ? 4 : 8) ? ", " : ",\n    ");
        if (f->width > 1)
            vxg__text_list(t, a + i * (int64_t)POSE, f->width, 1, f->width);
        else
            vxg__text_number(t, vxg__tidy(a[i * (int64_t)POSE]));
    }
    if (n) vxg__text_add(t, "]");
}

static void write_sizes(vxg_text *t, const char *kind, int width, const int64_t *n,
                        const double *d) {
    double x[3], s[3];
    char name[3][16];
    for (int i = 0; i < 3; i++) snprintf(name[i], sizeof name[i], "%c%s", "nds"[i], kind);
    for (int k = 0; k < width; k++) x[k] = (double)n[k], s[k] = x[k] * d[k];
    const double *const lists[] = {x, d, s};
    for (int i = 0; i < 3; i++) {
        vxg__text_add(t, ",\n  \"%s\": ", name[i]);
        vxg__text_list(t, lists[i], width, 1, width);
    }
}

static int level_rays(const vxg_ct_geometry *geo) {
    double e[3];
    for (int64_t i = 0; i < vxg_ct_geometry_nviews(geo); i++) {
        vxg__ct_normal(geo, vxg_ct_geometry_view(geo, i), e);
        if (fabs(e[2]) > 0.02) return 0;
    }
    return 1;
}

static int poses_of(const vxg_ct_geometry *geo, const vxg_ct_volume *vol, pose *poses) {
    const int64_t n = vxg_ct_geometry_nviews(geo);
    const int cone = vxg_ct_geometry_beam(geo) == VXG_CT_BEAM_CONE, level = level_rays(geo);
    /* parallel: both ends of the rays lie outside of the volume */
    const double box[3] = {(double)vol->nx * vol->dx, (double)vol->ny * vol->dy,
                           (double)vol->nz * vol->dz};
    const double outside = vxg__norm3(box) + vxg__norm3(vol->center);
    for (int64_t i = 0; i < n; i++) {
        const vxg_ct_view *v = vxg_ct_geometry_view(geo, i);
        VXG_TRY(check_detector(geo, i));
        VXG_TRY(cone ? cone_pose(v, level, i, vol->center, &poses[i])
                     : parallel_pose(v, i, vol->center, outside, &poses[i]));
    }
    tidy_poses(n, poses);
    return VXG_OK;
}

static void write_text(vxg_text *t, const vxg_ct_geometry *geo, const vxg_ct_volume *vol,
                       const pose *poses) {
    const int64_t n = vxg_ct_geometry_nviews(geo);
    const vxg_ct_view *v = vxg_ct_geometry_view(geo, 0);
    struct field angles = fields[F_ANGLES];
    int one = 1;
    for (int64_t i = 0; i < n && one; i++) one = poses[i].angles[1] == 0 && poses[i].angles[2] == 0;
    vxg__text_add(t, "{\n  \"mode\": \"%s\"",
                  vxg_ct_geometry_beam(geo) == VXG_CT_BEAM_CONE ? "cone" : "parallel");
    write_sizes(t, "Detector", 2,
                (const int64_t[]){vxg_ct_geometry_nv(geo), vxg_ct_geometry_nu(geo)},
                (const double[]){vxg__tidy(vxg__norm3(v->V)), vxg__tidy(vxg__norm3(v->U))});
    write_sizes(t, "Voxel", 3, (const int64_t[]){vol->nz, vol->ny, vol->nx},
                (const double[]){vol->dz, vol->dy, vol->dx});
    for (int k = F_DSD; k < FIELDS; k++)
        write_field(t, &fields[k], same_in_all(&fields[k], n, poses) ? 0 : n, poses);
    if (one) angles.width = 1;
    write_field(t, one ? &angles : &fields[F_ANGLES], n, poses);
    vxg__text_add(t, "\n}\n");
}

int vxg_ct_geometry_to_tigre(const vxg_ct_geometry *geo, const vxg_ct_notes *notes, char **out) {
    vxg_text t = {0};
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, WHAT ": text is NULL");
    *out = NULL;
    VXG_READ(vxg_ct_notes, notes);
    VXG_TRY(vxg__ct_notes_check(&notes_own));
    VXG_FAIL_IF(!geo, VXG_ERR_ARGUMENT, WHAT ": geometry is NULL");
    VXG_FAIL_IF(vxg_ct_geometry_detector(geo) != VXG_CT_DETECTOR_FLAT, VXG_ERR_UNSUPPORTED,
                WHAT ": the detector is curved, TIGRE has flat ones");
    vxg_ct_volume fit = {0};
    vxg_ct_fit_volume(geo, &fit);
    vxg_ct_volume vol = {0};
    VXG_TRY(vxg__ct_straight_volume(notes && notes->has_volume ? &notes->volume : &fit,
                                    WHAT ": nVoxel", &vol));
    pose *poses = vxg__calloc((size_t)vxg_ct_geometry_nviews(geo), sizeof *poses);
    if (!poses) return VXG_ERR_MEMORY;
    int status = poses_of(geo, &vol, poses);
    if (!status) {
        write_text(&t, geo, &vol, poses);
        status = vxg__ct_text_done(&t, out);
    }
    vxg__free(poses);
    return status;
}
