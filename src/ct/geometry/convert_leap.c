/* LEAP's parameter files: "name = value" lines, of which some values are lists.
 *
 * LEAP's world is the one here and its angle phi is t: the source lies at sod (sin t, -cos t, 0) -
 * tau U, the ray through pixel (centerRow, centerCol) runs along (-sin t, cos t, 0), sdd long, rows
 * go up. Cone beams: both move up by helicalPitch (t - the middle of the first and last angle);
 * tiltAngle rotates the detector from U to V; a curved detector's columns lie atan(pixelWidth /
 * sdd) apart. Fan and parallel beams see one slice per row, row r at (r - centerRow) pixelHeight.
 * Modular beams list source, middle of the detector and directions of rows (V) and columns (U).
 * K. Champley, LEAP Technical Manual 1.1, "LEAP Parameters" and "CT Geometries". */
#include <ctype.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ct/geometry/convert.h"
#include "ct/geometry/keys.h"

#define WHAT "LEAP parameters"
#define DEG (180 / M_PI)

enum { CONE = 1, FAN = 2, PARALLEL = 4, MODULAR = 8, EVERY = 15 };
static const struct {
    const char *name;
    int bit;
} beams[] = {{"cone", CONE}, {"fan", FAN}, {"parallel", PARALLEL}, {"modular", MODULAR}};

typedef struct list { /* text of a value */
    const char *from;
    size_t length;
} list;

typedef struct file {
    list geometry, detector, phis, sources, modules, row_vectors, col_vectors;
    int64_t nx, ny, nz, angles, rows, cols;
    double voxel_width, voxel_height, offset[3];
    double pixel_height, pixel_width, center_row, center_col, range, sod, sdd, tau, pitch, tilt;
    int beam, curved;
    uint64_t given;
} file;

/* TEXT and LIST are `list` here. `where`: beams the file must have it for. */
#define ROW(name, type, where, field)                                                              \
    { name, VXG__KEY_##type, where, offsetof(file, field) }
static const vxg__key keys[] = {
    ROW("geometry", TEXT, EVERY, geometry),
    ROW("detectorType", TEXT, 0, detector),
    ROW("numAngles", COUNT, EVERY, angles),
    ROW("numRows", COUNT, EVERY, rows),
    ROW("numCols", COUNT, EVERY, cols),
    ROW("pixelHeight", POSITIVE, EVERY, pixel_height),
    ROW("pixelWidth", POSITIVE, EVERY, pixel_width),
    ROW("centerRow", NUMBER, EVERY & ~MODULAR, center_row),
    ROW("centerCol", NUMBER, EVERY & ~MODULAR, center_col),
    ROW("angularRange", NUMBER, 0, range),
    ROW("phis", LIST, 0, phis),
    ROW("sod", NUMBER, CONE | FAN, sod),
    ROW("sdd", NUMBER, CONE | FAN, sdd),
    ROW("tau", NUMBER, 0, tau),
    ROW("helicalPitch", NUMBER, 0, pitch),
    ROW("tiltAngle", NUMBER, 0, tilt),
    ROW("sourcePositions", LIST, MODULAR, sources),
    ROW("moduleCenters", LIST, MODULAR, modules),
    ROW("rowVectors", LIST, MODULAR, row_vectors),
    ROW("colVectors", LIST, MODULAR, col_vectors),
    ROW("numX", COUNT, 0, nx),
    ROW("numY", COUNT, 0, ny),
    ROW("numZ", COUNT, 0, nz),
    ROW("voxelWidth", NUMBER, 0, voxel_width),
    ROW("voxelHeight", NUMBER, 0, voxel_height),
    ROW("offsetX", NUMBER, 0, offset[0]),
    ROW("offsetY", NUMBER, 0, offset[1]),
    ROW("offsetZ", NUMBER, 0, offset[2]),
};
#undef ROW
#define KEYS ((int)(sizeof keys / sizeof *keys))
enum { K_CENTER_ROW = 7, K_CENTER_COL, K_RANGE, K_PHIS };

/* ---- The views of a scan with angles ---- */
static void round_view(const file *f, double t, double z, vxg_ct_view *v) {
    const double c = cos(t), s = sin(t), ct = cos(f->tilt / DEG), st = sin(f->tilt / DEG);
    const double across[3] = {c, s, 0}, along[3] = {-s, c, 0}, up[3] = {0, 0, 1};
    const double q = f->curved ? 0 : 0.5 * (double)(f->cols - 1) - f->center_col;
    const double r = 0.5 * (double)(f->rows - 1) - f->center_row;
    const double width = f->curved ? f->sdd * atan(f->pixel_width / f->sdd) : f->pixel_width;
    for (int k = 0; k < 3; k++) {
        v->U[k] = width * (ct * across[k] + st * up[k]);
        v->V[k] = f->pixel_height * (ct * up[k] - st * across[k]);
        if (f->beam == PARALLEL) {
            v->r[k] = along[k], v->d[k] = q * v->U[k] + r * v->V[k];
            continue;
        }
        v->s[k] = -f->sod * along[k] - f->tau * across[k] + z * up[k];
        v->d[k] = v->s[k] + f->sdd * along[k] + q * v->U[k];
        if (f->beam == FAN) v->s[k] += r * v->V[k]; /* its row lies in its own plane */
        v->d[k] += r * v->V[k];
    }
}

static double height(const file *f, const double *t, int64_t i) {
    return f->pitch * (t[i] - 0.5 * (t[0] + t[f->angles - 1]));
}

/* ---- Reading ---- */
static int number_of(const char *name, const list *value, double *x) {
    char text[64], *end;
    snprintf(text, sizeof text, "%.*s", (int)value->length, value->from);
    *x = vxg__number(text, &end);
    VXG_FAIL_IF(end == text || *end || !isfinite(*x), VXG_ERR_INPUT,
                WHAT ": %s is \"%s\", a finite number is expected", name, VXG_SHOW(text));
    return VXG_OK;
}

static int set_key(const vxg__key *k, const list *value, file *f) {
    char *field = (char *)f + k->offset;
    double x = 0;
    if (k->type == VXG__KEY_TEXT || k->type == VXG__KEY_LIST) {
        *(list *)field = *value;
        return VXG_OK;
    }
    VXG_TRY(number_of(k->name, value, &x));
    VXG_FAIL_IF(k->type == VXG__KEY_POSITIVE && !(x > 0), VXG_ERR_INPUT,
                WHAT ": %s is %g, a positive number is expected", k->name, x);
    VXG_FAIL_IF(k->type == VXG__KEY_COUNT && (x != floor(x) || x < 0 || x > INT32_MAX),
                VXG_ERR_INPUT, WHAT ": %s is %g, a whole number below 2^31 is expected", k->name,
                x);
    if (k->type == VXG__KEY_COUNT)
        *(int64_t *)field = (int64_t)x;
    else
        *(double *)field = x;
    return VXG_OK;
}

static void trim(list *t) {
    while (t->length && isspace((unsigned char)*t->from)) {
        t->from++;
        t->length--;
    }
    while (t->length && isspace((unsigned char)t->from[t->length - 1])) t->length--;
}

static int read_line(list line, int number, file *f) {
    const char *sign = memchr(line.from, '=', line.length);
    char name[48];
    VXG_FAIL_IF(!sign, VXG_ERR_INPUT, WHAT ": line %d is no \"name = value\"", number);
    list key = {line.from, (size_t)(sign - line.from)};
    list value = {sign + 1, line.length - key.length - 1};
    trim(&key), trim(&value);
    snprintf(name, sizeof name, "%.*s", (int)key.length, key.from);
    int i = 0;
    while (i < KEYS && strcmp(keys[i].name, name)) i++;
    if (i == KEYS) return vxg__keys_unknown(WHAT, keys, KEYS, "", name);
    VXG_FAIL_IF(f->given >> i & 1, VXG_ERR_INPUT, WHAT ": %s is there twice", name);
    f->given |= (uint64_t)1 << i;
    return set_key(&keys[i], &value, f);
}

static int read_lines(const char *text, file *f) {
    int number = 1;
    for (const char *p = text; *p; number++) {
        list line = {p, strcspn(p, "\n")};
        p += line.length + (p[line.length] != 0);
        trim(&line);
        if (line.length && *line.from != '#') VXG_TRY(read_line(line, number, f));
    }
    return VXG_OK;
}

static int is(const list *value, const char *word) {
    return value->length == strlen(word) && !strncmp(value->from, word, value->length);
}

static int check_file(file *f) {
    for (size_t i = 0; i < sizeof beams / sizeof *beams; i++)
        if (f->geometry.from && is(&f->geometry, beams[i].name)) f->beam = beams[i].bit;
    VXG_FAIL_IF(!f->beam, VXG_ERR_INPUT,
                WHAT ": geometry is \"%.*s\", one of cone, fan, parallel, modular is expected",
                (int)(f->geometry.length < 40 ? f->geometry.length : 40),
                f->geometry.from ? f->geometry.from : "");
    for (int i = 0; i < KEYS; i++)
        VXG_FAIL_IF((keys[i].where & f->beam) && !(f->given >> i & 1), VXG_ERR_INPUT,
                    WHAT ": %s is missing", keys[i].name);
    f->curved = f->detector.from && is(&f->detector, "curved");
    VXG_FAIL_IF(f->detector.from && !f->curved && !is(&f->detector, "flat"), VXG_ERR_INPUT,
                WHAT ": detectorType must be flat or curved");
    VXG_FAIL_IF(f->curved && f->beam != CONE, VXG_ERR_INPUT,
                WHAT ": detectorType is curved: that needs geometry = cone");
    VXG_FAIL_IF(f->beam == FAN && f->rows != 1, VXG_ERR_UNSUPPORTED,
                WHAT ": numRows is %lld: fans above each other are not converted, a fan has 1 row",
                (long long)f->rows);
    VXG_FAIL_IF((f->beam & (CONE | FAN)) && (!(f->sod > 0) || !(f->sdd > 0)), VXG_ERR_INPUT,
                WHAT ": %s must be positive", f->sod > 0 ? "sdd" : "sod");
    VXG_FAIL_IF(f->tilt != 0 && (f->beam != CONE || f->curved), VXG_ERR_INPUT,
                WHAT ": tiltAngle needs a cone beam and a flat detector");
    VXG_FAIL_IF(f->pitch != 0 && f->beam != CONE, VXG_ERR_INPUT,
                WHAT ": helicalPitch needs a cone beam");
    VXG_FAIL_IF(f->curved && fabs(f->center_row - 0.5 * (double)(f->rows - 1)) > 1e-6,
                VXG_ERR_UNSUPPORTED,
                WHAT ": centerRow: a curved detector off the middle row is not converted");
    return VXG_OK;
}

static int read_list(const char *name, const list *value, int64_t n, double **out) {
    int64_t count = 0;
    char *copy = vxg__calloc(value->length + 1, 1);
    if (!copy) return VXG_ERR_MEMORY;
    memcpy(copy, value->from, value->length);
    char what[64];
    snprintf(what, sizeof what, WHAT ": %s", name);
    int status = vxg__ct_numbers(copy, what, out, &count);
    vxg__free(copy);
    if (!status && count != n) {
        vxg__free(*out);
        *out = NULL;
        VXG_FAIL(VXG_ERR_INPUT, WHAT ": %s has %lld numbers, %lld are expected", name,
                 (long long)count, (long long)n);
    }
    return status;
}

static int round_views(const file *f, vxg_ct_view *views) {
    const int64_t n = f->angles;
    double *t = NULL;
    VXG_FAIL_IF(!(f->given >> K_PHIS & 1) && !(f->given >> K_RANGE & 1), VXG_ERR_INPUT,
                WHAT ": angularRange is missing and so is phis");
    if (f->given >> K_PHIS & 1) {
        VXG_TRY(read_list("phis", &f->phis, n, &t));
    } else if (!(t = vxg__calloc((size_t)n, sizeof *t))) {
        return VXG_ERR_MEMORY;
    }
    for (int64_t i = 0; i < n; i++)
        t[i] = (f->given >> K_PHIS & 1 ? t[i] : f->range * (double)i / (double)n) / DEG;
    for (int64_t i = 0; i < n; i++) round_view(f, t[i], height(f, t, i), &views[i]);
    vxg__free(t);
    return VXG_OK;
}

static int module_view(const file *f, double *const *x, int64_t i, vxg_ct_view *v) {
    const double *row = x[2] + 3 * i, *col = x[3] + 3 * i;
    const double u = vxg__norm3(col), w = vxg__norm3(row);
    const double q = f->given >> K_CENTER_COL & 1 ? 0.5 * (double)(f->cols - 1) - f->center_col : 0;
    const double r = f->given >> K_CENTER_ROW & 1 ? 0.5 * (double)(f->rows - 1) - f->center_row : 0;
    VXG_FAIL_IF(!(u > 0) || !(w > 0), VXG_ERR_INPUT, WHAT ": %s of view %lld has no length",
                u > 0 ? "rowVectors" : "colVectors", (long long)i);
    for (int k = 0; k < 3; k++) {
        v->U[k] = f->pixel_width * col[k] / u, v->V[k] = f->pixel_height * row[k] / w;
        v->s[k] = x[0][3 * i + k];
        v->d[k] = x[1][3 * i + k] + q * v->U[k] + r * v->V[k];
    }
    return VXG_OK;
}

static int module_views(const file *f, vxg_ct_view *views) {
    static const char *const names[] = {"sourcePositions", "moduleCenters", "rowVectors",
                                        "colVectors"};
    const list *const lists[] = {&f->sources, &f->modules, &f->row_vectors, &f->col_vectors};
    double *x[4] = {NULL};
    int status = VXG_OK;
    for (int k = 0; k < 4 && !status; k++)
        status = read_list(names[k], lists[k], 3 * f->angles, &x[k]);
    for (int64_t i = 0; i < f->angles && !status; i++) status = module_view(f, x, i, &views[i]);
    for (int k = 0; k < 4; k++) vxg__free(x[k]);
    return status;
}

/* Height of the volume's middle: parallel and fan beams have slice 0 at row 0. */
static double slices(const file *f) {
    return f->beam & (PARALLEL | FAN)
               ? 0.5 * (double)(f->nz - 1) * f->voxel_height - f->center_row * f->pixel_height
               : 0;
}

static int read_volume(const file *f, vxg_ct_notes *notes) {
    *notes = (vxg_ct_notes){.units = "mm", .reverse = -1};
    if (!f->nx && !f->ny && !f->nz) return VXG_OK; /* LEAP writes zeros where none was set */
    VXG_FAIL_IF(!f->nx || !f->ny || !f->nz, VXG_ERR_INPUT,
                WHAT ": numX, numY, numZ: all or none must be above 0");
    VXG_FAIL_IF(!(f->voxel_width > 0) || !(f->voxel_height > 0), VXG_ERR_INPUT,
                WHAT ": %s must be positive", f->voxel_width > 0 ? "voxelHeight" : "voxelWidth");
    notes->has_volume = 1;
    notes->volume = (vxg_ct_volume){.nz = f->nz,
                                    .ny = f->ny,
                                    .nx = f->nx,
                                    .dz = f->voxel_height,
                                    .dy = f->voxel_width,
                                    .dx = f->voxel_width};
    for (int k = 0; k < 3; k++) notes->volume.center[k] = f->offset[k];
    notes->volume.center[2] += slices(f);
    return VXG_OK;
}

static int read_text(const char *text, vxg_ct_notes *notes, vxg_ct_geometry **out) {
    file f = {0};
    vxg_ct_view *views;
    VXG_TRY(read_lines(text, &f));
    VXG_TRY(check_file(&f));
    VXG_TRY(read_volume(&f, notes));
    VXG_FAIL_IF(f.angles < 1 || f.angles > VXG__MOST_VIEWS, VXG_ERR_INPUT,
                WHAT ": numAngles is %lld, 1 to 4000000 are expected", (long long)f.angles);
    VXG_TRY(vxg__ct_views_new(f.angles, f.rows, f.cols, &views));
    int status = f.beam == MODULAR ? module_views(&f, views) : round_views(&f, views);
    if (!status)
        status = vxg_ct_geometry_new(
            &(vxg_ct_views){.beam = f.beam == PARALLEL ? VXG_CT_BEAM_PARALLEL : VXG_CT_BEAM_CONE,
                            .detector = f.curved ? VXG_CT_DETECTOR_CURVED : VXG_CT_DETECTOR_FLAT,
                            .nviews = f.angles,
                            .nv = f.rows,
                            .nu = f.cols,
                            .column_offset =
                                f.curved ? 0.5 * (double)(f.cols - 1) - f.center_col : 0,
                            .views = views},
            out);
    vxg__free(views);
    return status;
}

int vxg_ct_geometry_from_leap(const char *text, size_t n, vxg_ct_notes *notes,
                              vxg_ct_geometry **out) {
    char *copy;
    vxg_ct_notes found = {0};
    VXG_FAIL_IF(!text || !out, VXG_ERR_ARGUMENT, WHAT ": text or out is NULL");
    *out = NULL;
    if (notes) VXG_TRY(VXG_OUT_CHECK(vxg_ct_notes, notes));
    VXG_TRY(vxg__ct_text_copy(text, n, WHAT, &copy));
    int status = read_text(copy, &found, out);
    vxg__free(copy);
    if (!status && notes) status = VXG_OUT(vxg_ct_notes, notes, &found);
    return status == VXG_ERR_ARGUMENT ? vxg_error_context(VXG_ERR_INPUT, WHAT) : status;
}

/* ---- Writing ---- */
/* What round_view needs, from view 0, and every view's angle. */
static void fit(const vxg_ct_geometry *geo, file *f, double *t) {
    const vxg_ct_view *v = vxg_ct_geometry_view(geo, 0);
    const int cone = vxg_ct_geometry_beam(geo) == VXG_CT_BEAM_CONE;
    double e[3], rest[3];
    for (int64_t i = 0; i < f->angles; i++) {
        vxg__ct_normal(geo, vxg_ct_geometry_view(geo, i), e);
        const double angle = atan2(-e[0], e[1]);
        t[i] = i ? t[i - 1] + remainder(angle - t[i - 1], 2 * M_PI) : angle;
    }
    const double across[3] = {cos(t[0]), sin(t[0]), 0}, along[3] = {-sin(t[0]), cos(t[0]), 0};
    const double u = vxg__norm3(v->U), w = vxg__norm3(v->V);
    f->pixel_width = u, f->pixel_height = w;
    for (int k = 0; k < 3; k++) rest[k] = cone ? v->d[k] - v->s[k] : v->d[k];
    if (cone) {
        f->sod = -vxg__dot3(v->s, along), f->tau = -vxg__dot3(v->s, across);
        f->sdd = f->curved ? vxg__norm3(rest) : vxg__dot3(rest, along);
        const double swept = t[f->angles - 1] - t[0];
        const double rise = vxg_ct_geometry_view(geo, f->angles - 1)->s[2] - v->s[2];
        if (fabs(rise) > 1e-12 * f->sdd && swept != 0) f->pitch = rise / swept;
        if (fabs(f->tau) < 1e-13 * f->sdd) f->tau = 0;
    }
    if (f->curved) f->pixel_width = f->sdd * tan(u / f->sdd);
    const double q =
        f->curved ? vxg_ct_geometry_column_offset(geo) : vxg__dot3(rest, v->U) / (u * u);
    const double r = f->curved ? 0 : vxg__dot3(rest, v->V) / (w * w);
    f->center_col = 0.5 * (double)(f->cols - 1) - (fabs(q) < 1e-12 * (double)f->cols ? 0 : q);
    f->center_row = 0.5 * (double)(f->rows - 1) - (fabs(r) < 1e-12 * (double)f->rows ? 0 : r);
    f->tilt = atan2(v->U[2], vxg__dot3(v->U, across)) * DEG;
    if (fabs(f->tilt) < 1e-11) f->tilt = 0;
    if (cone && !f->curved && f->rows == 1 && f->tilt == 0 && f->pitch == 0 && f->center_row == 0)
        f->beam = FAN, f->center_row = -v->s[2] / w;
}

/* How far view i is from what round_view makes of the numbers. */
static double misfit(const vxg_ct_geometry *geo, const file *f, const double *t, int64_t i) {
    vxg_ct_view w, v = *vxg_ct_geometry_view(geo, i);
    round_view(f, t[i], height(f, t, i), &w);
    if (f->beam == PARALLEL) { /* neither the length of r nor d along it matters */
        const double r = vxg__norm3(v.r), along = vxg__dot3(v.d, v.r) / (r * r);
        for (int k = 0; k < 3; k++) v.d[k] -= along * v.r[k], v.r[k] /= r;
    }
    const double *a = (const double *)&v, *b = (const double *)&w;
    double most = 0;
    for (int k = 0; k < 12; k++) most = fmax(most, fabs(a[k] - b[k]));
    return most;
}

static int is_round(const vxg_ct_geometry *geo, const file *f, const double *t) {
    const double size = fmax(f->sdd, f->pixel_width * (double)f->cols);
    if (f->beam != PARALLEL && !(f->sod > 0 && f->sdd > 0)) return 0;
    if (f->tilt != 0 && (f->beam == PARALLEL || f->curved || fabs(f->tilt) > 5)) return 0;
    for (int64_t i = 0; i < f->angles; i++) {
        if (!(misfit(geo, f, t, i) <= 1e-12 * size)) return 0;
        if (i > 1 && !((t[i] - t[i - 1]) * (t[1] - t[0]) > 0))
            return 0; /* LEAP wants a direction */
    }
    return 1;
}

static void line(vxg_text *t, const char *name, double x) {
    vxg__text_add(t, "%s = ", name);
    vxg__text_number(t, vxg__tidy(x));
    vxg__text_add(t, "\n");
}

static int write_volume(vxg_text *t, const vxg_ct_volume *in, const file *f) {
    file with = *f;
    vxg_ct_volume v = {0};
    VXG_TRY(vxg__ct_straight_volume(in, WHAT ": numX", &v));
    with.nz = v.nz, with.voxel_height = v.dz;
    const double off = v.center[2] - slices(&with);
    VXG_FAIL_IF(fabs(v.dx - v.dy) > 1e-9 * v.dx, VXG_ERR_UNSUPPORTED,
                WHAT ": voxelWidth: the voxels are %g by %g, LEAP's are square", v.dx, v.dy);
    VXG_FAIL_IF((f->beam & (PARALLEL | FAN)) &&
                    (v.nz != f->rows || fabs(v.dz - f->pixel_height) > 1e-9 * v.dz ||
                     fabs(off) > 1e-6 * v.dz),
                VXG_ERR_UNSUPPORTED,
                WHAT ": voxelHeight: LEAP's parallel and fan beams have one slice for every row");
    vxg__text_add(t, "# CT volume parameters\nnumX = %lld\nnumY = %lld\nnumZ = %lld\n",
                  (long long)v.nx, (long long)v.ny, (long long)v.nz);
    line(t, "voxelWidth", v.dx), line(t, "voxelHeight", v.dz);
    line(t, "offsetX", v.center[0]), line(t, "offsetY", v.center[1]);
    line(t, "offsetZ", f->beam & (PARALLEL | FAN) ? 0 : off);
    vxg__text_add(t, "\n");
    return VXG_OK;
}

static void write_head(vxg_text *t, const file *f) {
    int i = 0;
    while (beams[i].bit != f->beam) i++;
    vxg__text_add(t, "# CT geometry parameters\ngeometry = %s\n", beams[i].name);
    if (f->curved) vxg__text_add(t, "detectorType = curved\n");
    vxg__text_add(t, "numAngles = %lld\nnumRows = %lld\nnumCols = %lld\n", (long long)f->angles,
                  (long long)f->rows, (long long)f->cols);
    line(t, "pixelHeight", f->pixel_height), line(t, "pixelWidth", f->pixel_width);
    line(t, "centerRow", f->center_row), line(t, "centerCol", f->center_col);
}

static void write_round(vxg_text *t, const file *f, const double *angles) {
    vxg__text_add(t, "phis = ");
    for (int64_t i = 0; i < f->angles; i++) {
        if (i) vxg__text_add(t, ", ");
        vxg__text_number(t, vxg__tidy(angles[i] * DEG));
    }
    vxg__text_add(t, "\n");
    if (f->beam == PARALLEL) return;
    line(t, "sod", f->sod), line(t, "sdd", f->sdd), line(t, "tau", f->tau);
    if (f->beam == CONE) line(t, "helicalPitch", f->pitch);
    if (f->tilt != 0) line(t, "tiltAngle", f->tilt);
}

static int check_module(const vxg_ct_geometry *geo, const file *f, int64_t i) {
    const vxg_ct_view *v = vxg_ct_geometry_view(geo, i);
    const double u = vxg__norm3(v->U), w = vxg__norm3(v->V);
    VXG_FAIL_IF(fabs(u - f->pixel_width) > 1e-9 * u || fabs(w - f->pixel_height) > 1e-9 * w,
                VXG_ERR_UNSUPPORTED, WHAT ": %s: the pitch of view %lld is not that of view 0",
                fabs(w - f->pixel_height) > 1e-9 * w ? "pixelHeight" : "pixelWidth", (long long)i);
    VXG_FAIL_IF(!(fabs(vxg__dot3(v->U, v->V)) < 1e-6 * u * w), VXG_ERR_UNSUPPORTED,
                WHAT ": rowVectors: U and V of view %lld must be at right angles", (long long)i);
    return VXG_OK;
}

static int write_modules(vxg_text *t, const vxg_ct_geometry *geo, const file *f) {
    static const char *const names[] = {"sourcePositions", "moduleCenters", "rowVectors",
                                        "colVectors"};
    for (int64_t i = 0; i < f->angles; i++) VXG_TRY(check_module(geo, f, i));
    for (int k = 0; k < 4; k++) {
        vxg__text_add(t, "%s = ", names[k]);
        for (int64_t i = 0; i < f->angles; i++) {
            const vxg_ct_view *v = vxg_ct_geometry_view(geo, i);
            const double *const all[] = {v->s, v->d, v->V, v->U}, *x = all[k];
            const double length = k < 2 ? 1 : vxg__norm3(x);
            for (int c = 0; c < 3; c++) {
                if (i || c) vxg__text_add(t, ", ");
                vxg__text_number(t, x[c] / length);
            }
        }
        vxg__text_add(t, "\n");
    }
    return VXG_OK;
}

static int write_text(vxg_text *t, const vxg_ct_geometry *geo, const vxg_ct_notes *notes, file *f,
                      double *angles) {
    fit(geo, f, angles);
    const int rounded = is_round(geo, f, angles);
    VXG_FAIL_IF(!rounded && vxg_ct_geometry_beam(geo) == VXG_CT_BEAM_PARALLEL, VXG_ERR_UNSUPPORTED,
                WHAT ": phis: the scan is no rotation about z in one direction with rows along z, "
                     "LEAP's parallel beam has nothing else");
    VXG_FAIL_IF(!rounded && f->curved, VXG_ERR_UNSUPPORTED,
                WHAT ": detectorType: LEAP has curved detectors on a circle, or on a helix about "
                     "z = 0, alone");
    if (!rounded) {
        f->beam = MODULAR, f->tilt = f->pitch = f->tau = 0;
        f->center_row = 0.5 * (double)(f->rows - 1), f->center_col = 0.5 * (double)(f->cols - 1);
    }
    if (notes && notes->has_volume) VXG_TRY(write_volume(t, &notes->volume, f));
    write_head(t, f);
    if (!rounded) return write_modules(t, geo, f);
    write_round(t, f, angles);
    return VXG_OK;
}

int vxg_ct_geometry_to_leap(const vxg_ct_geometry *geo, const vxg_ct_notes *notes, char **out) {
    vxg_text t = {0};
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, WHAT ": text is NULL");
    *out = NULL;
    VXG_READ(vxg_ct_notes, notes);
    VXG_TRY(vxg__ct_notes_check(&notes_own));
    VXG_FAIL_IF(!geo, VXG_ERR_ARGUMENT, WHAT ": geometry is NULL");
    file f = {.angles = vxg_ct_geometry_nviews(geo),
              .rows = vxg_ct_geometry_nv(geo),
              .cols = vxg_ct_geometry_nu(geo),
              .beam = vxg_ct_geometry_beam(geo) == VXG_CT_BEAM_CONE ? CONE : PARALLEL,
              .curved = vxg_ct_geometry_detector(geo) == VXG_CT_DETECTOR_CURVED};
    double *angles = vxg__calloc((size_t)f.angles, sizeof *angles);
    if (!angles) return VXG_ERR_MEMORY;
    int status = write_text(&t, geo, notes, &f, angles);
    vxg__free(angles);
    if (status) {
        vxg__text_free(&t);
        return status;
    }
    return vxg__ct_text_done(&t, out);
}
