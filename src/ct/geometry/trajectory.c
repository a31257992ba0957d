/* Scan trajectories: every one is a list of per-view vectors made in double. */
#include <math.h>
#include <string.h>

#include "ct/geometry/tools.h"

#define PATH_KEY 0x74726a79u /* key of the random numbers: the seed xor this */

int vxg_ct_trajectory_defaults(vxg_ct_path path, vxg_ct_beam beam, vxg_ct_trajectory_opts *opts) {
    const vxg_ct_trajectory_opts o = {
        .path = path,
        .beam = beam,
        .range = beam == VXG_CT_BEAM_CONE ? 2 * M_PI : M_PI,
        .pixel = 1,
        .z_range = 100,
        .turns = 2,
        .amplitude = 50,
        .frequency = 2,
        .z_amplitude = 50,
        .radial_amplitude = 30,
    };
    return VXG_OUT(vxg_ct_trajectory_opts, opts, &o);
}

static int check_numbers(const vxg_ct_trajectory_opts *o) {
    const struct {
        const char *name;
        double value;
    } all[] = {
        {"start", o->start},
        {"range", o->range},
        {"center", o->has_center ? o->center : 0},
        {"center_row", o->has_center_row ? o->center_row : 0},
        {"tilt", o->tilt},
        {"roll", o->roll},
        {"z_range", o->z_range},
        {"turns", o->turns},
        {"amplitude", o->amplitude},
        {"frequency", o->frequency},
        {"z_amplitude", o->z_amplitude},
        {"radial_amplitude", o->radial_amplitude},
        {"sod_std", o->sod_std},
        {"position_std", o->position_std},
        {"angle_std", o->angle_std},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        VXG_FAIL_IF(!isfinite(all[i].value), VXG_ERR_ARGUMENT,
                    "geometry: %s is not a finite number", all[i].name);
    VXG_FAIL_IF(!(o->sod_std >= 0) || !(o->position_std >= 0) || !(o->angle_std >= 0),
                VXG_ERR_ARGUMENT,
                "geometry: sod_std, position_std and angle_std must not be negative");
    VXG_FAIL_IF(!(fabs(o->tilt) < 1.5), VXG_ERR_ARGUMENT,
                "geometry: tilt is %g radians, below 1.5 is expected", o->tilt);
    for (int64_t i = 0; o->angles && i < o->nviews; i++)
        VXG_FAIL_IF(!isfinite(o->angles[i]), VXG_ERR_ARGUMENT,
                    "geometry: angles[%lld] is not a finite number", (long long)i);
    return VXG_OK;
}

static int check_opts(const vxg_ct_trajectory_opts *o, int custom) {
    const int cone = o && o->beam == VXG_CT_BEAM_CONE;
    VXG_FAIL_IF(!o, VXG_ERR_ARGUMENT, "geometry: the options are NULL");
    VXG_FAIL_IF((int)o->beam < 0 || o->beam > VXG_CT_BEAM_CONE, VXG_ERR_ARGUMENT,
                "geometry: unknown beam %d", (int)o->beam);
    VXG_TRY(vxg__ct_sizes_check(o->nviews, o->rows, o->cols));
    VXG_FAIL_IF(!custom && ((int)o->path < 0 || o->path > VXG_CT_PATH_RANDOM), VXG_ERR_ARGUMENT,
                "geometry: unknown path %d", (int)o->path);
    VXG_FAIL_IF(!(o->pixel > 0) || !isfinite(o->pixel), VXG_ERR_ARGUMENT,
                "geometry: pixel must be positive");
    VXG_FAIL_IF(!(o->row_pitch >= 0) || !isfinite(o->row_pitch), VXG_ERR_ARGUMENT,
                "geometry: row_pitch must be positive");
    VXG_FAIL_IF(cone && !(custom || (o->sod > 0 && isfinite(o->sod))), VXG_ERR_ARGUMENT,
                "geometry: sod (source to axis) must be positive");
    VXG_FAIL_IF(cone && !(o->sdd > 0 && isfinite(o->sdd)), VXG_ERR_ARGUMENT,
                "geometry: sdd (source to detector) must be positive");
    VXG_FAIL_IF(o->detector == VXG_CT_DETECTOR_CURVED && o->has_center_row && o->center_row != 0 &&
                    o->center_row != 0.5 * (double)(o->rows - 1),
                VXG_ERR_ARGUMENT, "geometry: center_row needs a flat detector");
    VXG_FAIL_IF(o->detector == VXG_CT_DETECTOR_CURVED && o->path == VXG_CT_PATH_RANDOM && !custom,
                VXG_ERR_ARGUMENT, "geometry: the random path needs a flat detector");
    return check_numbers(o);
}

/* ---- One view ---- */
typedef struct normals { /* normal deviates of one view: item = view, draw = index of the pair */
    uint32_t key[2], view[2];
} normals;

static double normal(const normals *n, int index) {
    uint32_t counter[4] = {n->view[0], n->view[1], 0, (uint32_t)index}, r[4];
    vxg_philox(counter, n->key, r);
    const double u = ((double)r[0] + 0.5) / 4294967296.0, v = (double)r[1] / 4294967296.0;
    return sqrt(-2 * log(u)) * cos(2 * M_PI * v);
}

static double angle_of(const vxg_ct_trajectory_opts *o, int64_t i) {
    const int64_t steps = o->endpoint && o->nviews > 1 ? o->nviews - 1 : o->nviews;
    const int helical = o->path == VXG_CT_PATH_HELICAL;
    double range = helical ? 2 * M_PI * o->turns : o->range;
    if (helical && o->nviews > 1 && !o->angles) /* both ends of z and so of the angle */
        return o->start + (o->reverse ? -range : range) * (double)i / (double)(o->nviews - 1);
    double a = o->angles ? o->angles[i] : o->start + range * (double)i / (double)steps;
    return o->reverse ? 2 * o->start - a : a;
}

/* Scaled so that U and V are steps, shifted and rolled so that (center_row, center) is seen by the
 * ray through d: unit vectors u, v come in. */
static void place_detector(const vxg_ct_trajectory_opts *o, const double *u, const double *v,
                           vxg_ct_view *w) {
    const int curved = o->detector == VXG_CT_DETECTOR_CURVED;
    const double pu = o->pixel, pv = o->row_pitch > 0 ? o->row_pitch : pu;
    const double mu = 0.5 * (double)(o->cols - 1), mv = 0.5 * (double)(o->rows - 1);
    const double q = curved || !o->has_center ? 0 : mu - o->center;
    const double r = curved || !o->has_center_row ? 0 : mv - o->center_row;
    const double c = cos(o->roll), s = sin(o->roll);
    for (int k = 0; k < 3; k++) {
        w->U[k] = pu * (c * u[k] + s * v[k]);
        w->V[k] = pv * (c * v[k] - s * u[k]);
    }
    for (int k = 0; k < 3; k++) w->d[k] += q * w->U[k] + r * w->V[k];
}

/* What a path changes of the circle: the source's distance, the height, a shift along U. */
typedef struct deviation {
    double sod, sdd, z, shift;
} deviation;

static deviation deviate(const vxg_ct_trajectory_opts *o, const normals *n, int64_t i, double t) {
    deviation d = {o->sod, o->sdd, 0, 0};
    switch (o->path) {
    case VXG_CT_PATH_CIRCULAR: break;
    case VXG_CT_PATH_HELICAL:
        if (o->nviews > 1) d.z = o->z_range * ((double)i / (double)(o->nviews - 1) - 0.5);
        break;
    case VXG_CT_PATH_SINUSOIDAL:
        d.sod += o->amplitude * sin(o->frequency * t);
        d.shift = o->beam == VXG_CT_BEAM_PARALLEL ? o->amplitude * sin(o->frequency * t) : 0;
        break;
    case VXG_CT_PATH_SADDLE:
        d.z = o->z_amplitude * cos(2 * t);
        d.sod += o->radial_amplitude * sin(2 * t);
        break;
    case VXG_CT_PATH_RANDOM: {
        const double error = o->sod_std * normal(n, 0);
        d.sod += error, d.sdd += error;
        break;
    }
    }
    return d;
}

static int path_view(const vxg_ct_trajectory_opts *o, int64_t i, double t, vxg_ct_view *w) {
    const uint32_t at[2] = {(uint32_t)(uint64_t)i, (uint32_t)((uint64_t)i >> 32)};
    const normals n = {{(uint32_t)o->seed ^ PATH_KEY, (uint32_t)(o->seed >> 32)}, {at[0], at[1]}};
    const int random = o->path == VXG_CT_PATH_RANDOM, cone = o->beam == VXG_CT_BEAM_CONE;
    const deviation e = deviate(o, &n, i, t);
    VXG_FAIL_IF(cone && !(e.sod > 0 && e.sdd > 0), VXG_ERR_ARGUMENT,
                "geometry: view %lld: the path brings the source to the axis or beyond (%g)",
                (long long)i, e.sod);
    const double c = cos(t), s = sin(t), cl = cos(o->tilt), sl = sin(o->tilt);
    const double across = random ? t + o->angle_std * normal(&n, 1) : t;
    const double r[3] = {-s * cl, c * cl, -sl}, v[3] = {-s * sl, c * sl, cl};
    const double u[3] = {cos(across), sin(across), 0};
    for (int k = 0; k < 3; k++) {
        w->s[k] = cone ? -e.sod * r[k] : r[k];
        w->d[k] = (cone ? (e.sdd - e.sod) * r[k] : 0) + e.shift * u[k];
    }
    if (cone) w->s[2] += e.z;
    w->d[2] += e.z;
    for (int k = 0; random && k < 3; k++) {
        if (cone) w->s[k] += o->position_std * normal(&n, 2 + k);
        w->d[k] += o->position_std * normal(&n, 5 + k);
    }
    place_detector(o, u, v, w);
    return VXG_OK;
}

/* d, U and V of a source or ray set by the caller. */
static int custom_view(const vxg_ct_trajectory_opts *o, int64_t i, vxg_ct_view *w) {
    const int cone = o->beam == VXG_CT_BEAM_CONE;
    const double *a = cone ? w->s : w->r, n = vxg__norm3(a), flat = hypot(a[0], a[1]);
    double u[3] = {1, 0, 0}, v[3], e[3];
    VXG_FAIL_IF(!isfinite(n) || !(n > (cone ? 1e-6 : 0)) || (cone && !(n < o->sdd)),
                VXG_ERR_ARGUMENT, "geometry: view %lld: |%s| is %g, %s is expected", (long long)i,
                cone ? "s" : "r", n, cone ? "more than 1e-6 and less than sdd" : "a direction");
    for (int k = 0; k < 3; k++) e[k] = a[k] / n;
    if (flat > 1e-12 * n) {
        const double sign = cone ? -1 : 1;
        u[0] = sign * a[1] / flat, u[1] = -sign * a[0] / flat;
    }
    if (cone) {
        vxg__cross3(e, u, v);
        for (int k = 0; k < 3; k++) w->d[k] = -e[k] * (o->sdd - n);
    } else {
        vxg__cross3(u, e, v);
    }
    place_detector(o, u, v, w);
    return VXG_OK;
}

static int make(const vxg_ct_trajectory_opts *o, vxg_ct_path_fn fn, void *context,
                vxg_ct_geometry **out) {
    vxg_ct_trajectory_opts circle = {0};
    vxg_ct_view *views;
    *out = NULL;
    VXG_TRY(check_opts(o, fn != NULL));
    VXG_TRY(vxg__ct_views_new(o->nviews, o->rows, o->cols, &views));
    const int curved = o->detector == VXG_CT_DETECTOR_CURVED;
    circle = *o;
    if (fn) { /* what the path function finds: d, U and V come after it */
        circle.path = VXG_CT_PATH_CIRCULAR, circle.sod = o->sod > 0 ? o->sod : 0.5 * o->sdd;
        circle.has_center = circle.has_center_row = 0, circle.roll = 0;
    }
    int status = VXG_OK;
    for (int64_t i = 0; i < o->nviews && !status; i++) {
        const double t = angle_of(&circle, i);
        status = path_view(&circle, i, t, &views[i]);
        if (!status && fn) status = fn(context, i, t, &views[i]);
        if (!status && fn) status = custom_view(o, i, &views[i]);
    }
    if (!status)
        status = vxg_ct_geometry_new(
            &(vxg_ct_views){.beam = o->beam,
                            .detector = o->detector,
                            .nviews = o->nviews,
                            .nv = o->rows,
                            .nu = o->cols,
                            .column_offset = curved && o->has_center
                                                 ? 0.5 * (double)(o->cols - 1) - o->center
                                                 : 0,
                            .views = views},
            out);
    vxg__free(views);
    return status;
}

int vxg_ct_trajectory(const vxg_ct_trajectory_opts *opts, vxg_ct_geometry **out) {
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "geometry: out is NULL");
    *out = NULL;
    VXG_READ(vxg_ct_trajectory_opts, opts);
    return make(opts, NULL, NULL, out);
}

int vxg_ct_trajectory_custom(const vxg_ct_trajectory_opts *opts, vxg_ct_path_fn fn, void *context,
                             vxg_ct_geometry **out) {
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "geometry: out is NULL");
    *out = NULL;
    VXG_READ(vxg_ct_trajectory_opts, opts);
    VXG_FAIL_IF(!fn, VXG_ERR_ARGUMENT, "geometry: the path function is NULL");
    return make(opts, fn, context, out);
}
