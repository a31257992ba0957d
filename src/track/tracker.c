/* What a tracker needs on the device: the field with a voxel's numbers side by side, directions,
 * steps. */
#include "array/launch.h"
#include "track/track.h"

#include <math.h>
#include <string.h>

static int check_opts(vxg_track_opts *o, const vxg_track_opts *given) {
    VXG_TRY(VXG_IN(vxg_track_opts, o, given));
    VXG_TRY(vxg__progress_check(o->progress));
    VXG_FAIL_IF(o->getter < VXG_TRACK_PROBABILISTIC || o->getter > VXG_TRACK_BOOTSTRAP,
                VXG_ERR_ARGUMENT, "track: there is no getter %d", (int)o->getter);
    const struct {
        const char *name;
        double value, least, most;
    } all[] = {{"step", o->step, 0, 1e3},
               {"max_angle", o->max_angle, 0, 180},
               {"min_length", o->min_length, 0, 1e6},
               {"max_length", o->max_length, 0, 1e6},
               {"threshold", o->threshold, -1e30, 1e30},
               {"pmf_threshold", o->pmf_threshold, -1e30, 1},
               {"relative_peak_threshold", o->relative_peak_threshold, -1e30, 1},
               {"min_separation", o->min_separation, 0, 180}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        VXG_FAIL_IF(!(all[i].value >= all[i].least && all[i].value <= all[i].most),
                    VXG_ERR_ARGUMENT, "track: %s is %g", all[i].name, all[i].value);
    VXG_FAIL_IF(o->rules < VXG_TRACK_OWN || o->rules > VXG_TRACK_CUSLINES, VXG_ERR_ARGUMENT,
                "track: there are no rules %d", (int)o->rules);
    VXG_FAIL_IF(o->attempts < 0 || o->attempts > 100, VXG_ERR_ARGUMENT, "track: %d attempts",
                o->attempts);
    VXG_FAIL_IF(o->peaks < 0 || o->peaks > 16, VXG_ERR_ARGUMENT,
                "track: %d peaks of a seed; 1 to 16 are expected", o->peaks);
    VXG_FAIL_IF(o->block < 0 || o->block > 1 << 22, VXG_ERR_ARGUMENT, "track: a block of %d seeds",
                o->block);
    VXG_FAIL_IF(o->first < 0 || o->first > (int64_t)1 << 60, VXG_ERR_ARGUMENT,
                "track: the first seed's number is %lld", (long long)o->first);
    if (o->attempts == 0) o->attempts = 5;
    if (o->max_angle == 0) o->max_angle = o->getter == VXG_TRACK_BOOTSTRAP ? 60 : 20;
    if (o->max_length == 0) o->max_length = 500;
    if (o->pmf_threshold == 0) o->pmf_threshold = 0.1;
    if (o->pmf_threshold < 0) o->pmf_threshold = 0;
    if (o->peaks == 0) o->peaks = 1;
    return VXG_OK;
}

/* inverse of rows of 4, a 3 x 3 part and a shift. */
static int invert(const double a[12], double inverse[12], double sides[3]) {
    const double m[9] = {a[0], a[1], a[2], a[4], a[5], a[6], a[8], a[9], a[10]};
    double c[9], det = 0;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) {
            const int p = (j + 1) % 3, q = (j + 2) % 3, r = (i + 1) % 3, s = (i + 2) % 3;
            c[3 * i + j] = m[3 * p + r] * m[3 * q + s] - m[3 * p + s] * m[3 * q + r];
        }
    for (int j = 0; j < 3; j++) det += m[j] * c[3 * j];
    for (int k = 0; k < 3; k++)
        sides[k] = sqrt(m[k] * m[k] + m[3 + k] * m[3 + k] + m[6 + k] * m[6 + k]);
    VXG_FAIL_IF(!isfinite(det) || fabs(det) < 1e-6 * sides[0] * sides[1] * sides[2] || det == 0,
                VXG_ERR_ARGUMENT, "track: the affine's axes lie in a plane (determinant %g)", det);
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 3; j++) inverse[4 * i + j] = c[3 * i + j] / det;
        inverse[4 * i + 3] =
            -(inverse[4 * i] * a[3] + inverse[4 * i + 1] * a[7] + inverse[4 * i + 2] * a[11]);
    }
    return VXG_OK;
}

static int check_field(vxg__tracker *t, const vxg_track_field *f) {
    const vxg_array *v = &f->values, *m = &f->map;
    VXG_TRY(vxg__array_check(v, "track: values"));
    VXG_TRY(vxg__array_check(m, "track: map"));
    VXG_FAIL_IF(v->ndim != 4 || m->ndim != 3 || !vxg_array_is_contiguous(v) ||
                    !vxg_array_is_contiguous(m),
                VXG_ERR_ARGUMENT,
                "track: contiguous values (numbers, k, j, i) and map (k, j, i) are expected");
    for (int k = 0; k < 3; k++) {
        VXG_FAIL_IF(v->shape[k + 1] != m->shape[k], VXG_ERR_ARGUMENT,
                    "track: the map has %lld voxels along axis %d, the values %lld",
                    (long long)m->shape[k], k, (long long)v->shape[k + 1]);
        VXG_FAIL_IF(m->shape[k] < 1 || m->shape[k] > 65535, VXG_ERR_ARGUMENT,
                    "track: %lld voxels along axis %d", (long long)m->shape[k], k);
        t->n[2 - k] = m->shape[k];
    }
    t->dev = vxg_buffer_device(v->buffer);
    VXG_FAIL_IF(vxg_buffer_device(m->buffer) != t->dev || m->dtype != v->dtype ||
                    (v->dtype != VXG_F32 && v->dtype != VXG_F64),
                VXG_ERR_ARGUMENT,
                "track: values and map are to be float32, or float64, on one device");
    t->real = vxg__arithmetic(v->dtype);
    t->numbers = v->shape[0];
    t->voxels = t->n[0] * t->n[1] * t->n[2];
    const int series = t->opts.getter == VXG_TRACK_BOOTSTRAP;
    t->terms = f->samples || series ? 0 : (int)t->numbers;
    VXG_FAIL_IF(f->samples && !series && t->numbers != vxg_sphere_count(t->sphere),
                VXG_ERR_ARGUMENT, "track: %lld samples and a sphere of %lld directions",
                (long long)t->numbers, (long long)vxg_sphere_count(t->sphere));
    VXG_FAIL_IF(!f->samples && !series && vxg_sh_order(t->numbers) < 0, VXG_ERR_ARGUMENT,
                "track: %lld coefficients are no set of harmonics of even order",
                (long long)t->numbers);
    VXG_FAIL_IF(series && (!f->gradients || t->numbers != vxg_gradients_count(f->gradients)),
                VXG_ERR_ARGUMENT, "track: the series has %lld volumes, the gradient table %lld",
                (long long)t->numbers, (long long)vxg_gradients_count(f->gradients));
    VXG_FAIL_IF(vxg_sphere_count(t->sphere) > VXG__TRACK_MOST, VXG_ERR_UNSUPPORTED,
                "track: a sphere of %lld directions; %d at most are done",
                (long long)vxg_sphere_count(t->sphere), VXG__TRACK_MOST);
    t->room = vxg__pad(t->numbers, 16);
    VXG_FAIL_IF(!series && t->room > VXG__TRACK_MOST, VXG_ERR_UNSUPPORTED,
                "track: %lld numbers of a voxel; %d at most are done", (long long)t->numbers,
                VXG__TRACK_MOST);
    t->directions = vxg__track_padded(vxg_sphere_count(t->sphere));
    return VXG_OK;
}

static int make_field(vxg__tracker *t, const vxg_array *values) {
    const int64_t shape[2] = {t->voxels, t->room};
    VXG_FAIL_IF(t->voxels > VXG_MAX_ELEMENTS / t->room, VXG_ERR_ARGUMENT,
                "track: the field is too large");
    VXG_TRY(vxg_array_new(t->dev, vxg_real_dtype(t->real), 2, shape, &t->field));
    return vxg__track_turn(t, values, t->numbers, 0);
}

/* The setup, directions, then the harmonics at them, a row each, padded with zeros. */
static int make_tables(vxg__tracker *t) {
    const int64_t n = t->directions, own = vxg_sphere_count(t->sphere);
    const int64_t count = VXG__TRACK_SETUP + (3 + t->terms) * n;
    const double *d = vxg_sphere_directions(t->sphere);
    double *all = vxg__calloc((size_t)(count + own * t->terms), sizeof *all), *b = all + count;
    if (!all) return VXG_ERR_MEMORY;
    double *table = all + VXG__TRACK_SETUP;
    memcpy(all, t->setup, sizeof t->setup);
    int status = t->terms ? vxg_sh_matrix(t->basis, vxg_sh_order(t->terms), own, d, b) : VXG_OK;
    for (int64_t i = 0; i < own && !status; i++) {
        for (int k = 0; k < 3; k++) table[k * n + i] = d[3 * i + k];
        for (int64_t k = 0; k < t->terms; k++) table[(3 + k) * n + i] = b[i * t->terms + k];
    }
    if (!status) status = vxg__array_from_doubles(t->dev, t->real, 1, &count, all, &t->tables);
    vxg__free(all);
    return status;
}

/* The lengths that follow from the affine, and what every getter's tables begin with. */
static int make_setup(vxg__tracker *t, const double affine[12]) {
    double sides[3];
    for (int i = 0; i < 12; i++)
        VXG_FAIL_IF(!isfinite(affine[i]), VXG_ERR_ARGUMENT, "track: the affine holds %g",
                    affine[i]);
    VXG_TRY(invert(affine, t->inverse, sides));
    if (t->opts.step == 0) t->opts.step = 0.5 * fmin(sides[0], fmin(sides[1], sides[2]));
    const double most = t->opts.max_length / t->opts.step + 1;
    VXG_FAIL_IF(most > 1e6, VXG_ERR_ARGUMENT,
                "track: max_length %g mm in steps of %g mm are more than a million points",
                t->opts.max_length, t->opts.step);
    t->most_points = (int)floor(most + 1e-9);
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++) t->setup[3 * i + k] = t->inverse[4 * i + k] * t->opts.step;
    for (int i = 0; i < 12; i++) t->setup[9 + i] = affine[i];
    return VXG_OK;
}

int vxg__tracker_make(vxg__tracker *t, vxg_queue *queue, const vxg_track_field *field,
                      const vxg_track_opts *opts) {
    *t = (vxg__tracker){.queue = queue};
    VXG_FAIL_IF(!field, VXG_ERR_ARGUMENT, "track: the field is NULL");
    VXG_TRY(VXG_FIXED(vxg_track_field, field));
    VXG_TRY(check_opts(&t->opts, opts));
    if (field->sphere) {
        t->sphere = vxg_sphere_retain((vxg_sphere *)(uintptr_t)field->sphere);
    } else {
        vxg_sphere *own = NULL;
        VXG_TRY(vxg_sphere_named(NULL, &own));
        t->sphere = own;
    }
    t->basis = field->basis;
    int status = check_field(t, field);
    if (!status) status = make_setup(t, field->affine);
    if (t->opts.getter == VXG_TRACK_BOOTSTRAP) {
        if (!status) status = vxg__boot_make(t, field);
    } else {
        if (!status) status = make_tables(t);
        if (!status) status = make_field(t, &field->values);
    }
    if (!status) t->map = field->map;
    if (status) vxg__tracker_free(t);
    return status;
}

void vxg__tracker_free(vxg__tracker *t) {
    vxg_array_release(&t->field), vxg_array_release(&t->tables), vxg_array_release(&t->near);
    vxg__odf_plan_free(&t->plan);
    vxg_sphere_release((vxg_sphere *)(uintptr_t)t->sphere);
}
