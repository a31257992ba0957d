/* What a tracker needs on the device: the field with a voxel's numbers side by side, directions,
 * steps. */
#include "array/launch.h"
#include "track/track.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const vxg__getter *const vxg__getters[VXG__GETTERS] = {
    [VXG_TRACK_PROBABILISTIC] = &vxg__getter_probabilistic,
    [VXG_TRACK_DETERMINISTIC] = &vxg__getter_deterministic,
    [VXG_TRACK_BOOTSTRAP] = &vxg__getter_bootstrap,
    [VXG_TRACK_PTT] = &vxg__getter_ptt,
    [VXG_TRACK_PEAK] = &vxg__getter_peak,
    [VXG_TRACK_TENSOR] = &vxg__getter_tensor,
    [VXG_TRACK_VECTOR] = &vxg__getter_vector,
};

static int check_reals(const vxg_track_opts *o) {
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
               {"min_separation", o->min_separation, 0, 180},
               {"angular_weight", o->angular_weight, 0, 1},
               {"cutoff", o->cutoff, -1e30, 1e30},
               {"probe_length", o->probe_length, 0, 1e3},
               {"probe_radius", o->probe_radius, 0, 1e3},
               {"min_radius", o->min_radius, 0, 1e6},
               {"min_support", o->min_support, -1e30, 1e30},
               {"support_power", o->support_power, 0, 64}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        VXG_FAIL_IF(!(all[i].value >= all[i].least && all[i].value <= all[i].most),
                    VXG_ERR_ARGUMENT, "track: %s is %g", all[i].name, all[i].value);
    return VXG_OK;
}
static int check_whole(const vxg_track_opts *o) {
    const struct {
        const char *name;
        int64_t value, most;
    } all[] = {{"attempts", o->attempts, 100},
               {"peaks", o->peaks, 16},
               {"block", o->block, 1 << 22},
               {"first", o->first, (int64_t)1 << 60},
               {"rules", o->rules, VXG_TRACK_NIBRARY},
               {"integrator", o->integrator, VXG_TRACK_RK4},
               {"half", o->half, 1},
               {"probe_quality", o->probe_quality, 64},
               {"probe_count", o->probe_count, 16},
               {"small_steps", o->small_steps, 100},
               {"disc_rings", o->disc_rings, 6},
               {"tries", o->tries, 10000},
               {"first_tries", o->first_tries, 1000},
               {"weak_links", o->weak_links, 2},
               {"normalize", o->normalize, 2},
               {"best", o->best, 1}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        VXG_FAIL_IF(all[i].value < 0 || all[i].value > all[i].most, VXG_ERR_ARGUMENT,
                    "track: %s is %lld; 0 to %lld are expected", all[i].name,
                    (long long)all[i].value, (long long)all[i].most);
    return VXG_OK;
}

/* Nothing that is asked for is left out in silence. */
static int check_ptt(const vxg_track_opts *o) {
    const int asked = o->probe_length > 0 || o->probe_radius > 0 || o->min_radius > 0 ||
                      o->min_support != 0 || o->support_power > 0 || o->probe_quality ||
                      o->probe_count || o->small_steps || o->disc_rings || o->tries ||
                      o->first_tries || o->weak_links || o->normalize || o->best;
    VXG_FAIL_IF(asked && o->getter != VXG_TRACK_PTT, VXG_ERR_ARGUMENT,
                "track: probe_length to best are of parallel transport");
    VXG_FAIL_IF(o->angular_weight > 0 && o->getter > VXG_TRACK_BOOTSTRAP, VXG_ERR_ARGUMENT,
                "track: angular_weight is of probabilistic, deterministic and bootstrap tracking");
    return VXG_OK;
}

static int take_opts(vxg__tracker *t, const vxg_track_opts *given) {
    vxg_track_opts *const o = &t->opts;
    VXG_TRY(VXG_IN(vxg_track_opts, o, given));
    VXG_TRY(vxg__progress_check(o->progress));
    VXG_FAIL_IF((int)o->getter < 0 || (int)o->getter >= VXG__GETTERS, VXG_ERR_ARGUMENT,
                "track: there is no getter %d", (int)o->getter);
    t->getter = vxg__getters[o->getter];
    VXG_TRY(check_reals(o));
    VXG_TRY(check_whole(o));
    VXG_FAIL_IF(o->rules == VXG_TRACK_NIBRARY && o->getter != VXG_TRACK_PTT, VXG_ERR_ARGUMENT,
                "track: nibrary's rules are of parallel transport");
    VXG_TRY(check_ptt(o));
    VXG_FAIL_IF(o->reserved1, VXG_ERR_ARGUMENT, "track: reserved1 is not 0");
    VXG_TRY(vxg__follow_check(t));
    if (o->attempts == 0) o->attempts = 5;
    if (o->max_angle == 0) o->max_angle = t->getter->max_angle;
    if (o->max_length == 0) o->max_length = 500;
    VXG_FAIL_IF(o->min_length > 2 * o->max_length, VXG_ERR_ARGUMENT,
                "track: min_length %g mm is more than two halves of max_length %g mm",
                o->min_length, o->max_length);
    if (o->pmf_threshold == 0) o->pmf_threshold = o->rules == VXG_TRACK_CUSLINES ? 0.05 : 0.1;
    if (o->pmf_threshold < 0) o->pmf_threshold = 0;
    if (o->peaks == 0) o->peaks = 1;
    return VXG_OK;
}

/* inverse of rows of 4, a 3 x 3 part and a shift. */
static int invert(const double a[12], double inverse[12], double sides[3]) {
    double axis[3][3], across[3];
    for (int k = 0; k < 3; k++) {
        for (int r = 0; r < 3; r++) axis[k][r] = a[4 * r + k];
        sides[k] = sqrt(vxg__dwi_dot(axis[k], axis[k]));
    }
    vxg__dwi_cross(axis[0], axis[1], across);
    const double det = vxg__dwi_dot(across, axis[2]);
    VXG_FAIL_IF(!isfinite(det) || fabs(det) < 1e-6 * sides[0] * sides[1] * sides[2] || det == 0,
                VXG_ERR_ARGUMENT, "track: the affine's axes lie in a plane (determinant %g)", det);
    return vxg__affine_inverse(a, inverse);
}

/* A map or regions: (k, j, i) of this type, on the field's device. */
static int check_volume(const vxg__tracker *t, const vxg_array *m, vxg_dtype dtype,
                        const char *what) {
    char name[32];
    snprintf(name, sizeof name, "track: %s", what);
    if (!m->buffer) return VXG_OK;
    VXG_TRY(vxg__array_check(m, name));
    VXG_FAIL_IF(m->ndim != 3 || !vxg_array_is_contiguous(m), VXG_ERR_ARGUMENT,
                "%s: a contiguous array (k, j, i) is expected", name);
    for (int k = 0; k < 3; k++)
        VXG_FAIL_IF(m->shape[k] != t->n[2 - k], VXG_ERR_ARGUMENT,
                    "%s: %lld voxels along axis %d, the values have %lld", name,
                    (long long)m->shape[k], k, (long long)t->n[2 - k]);
    VXG_FAIL_IF(m->dtype != dtype, VXG_ERR_ARGUMENT, "%s: %s is expected, not %s", name,
                vxg_dtype_name(dtype), vxg_dtype_name(m->dtype));
    VXG_FAIL_IF(vxg_buffer_device(m->buffer) != t->dev, VXG_ERR_ARGUMENT,
                "%s: not on the device of the values", name);
    return VXG_OK;
}

static int check_field(vxg__tracker *t, const vxg_track_field *f) {
    const vxg_array *v = &f->values;
    VXG_TRY(vxg__array_check(v, "track: values"));
    VXG_FAIL_IF(v->ndim != 4 || !vxg_array_is_contiguous(v), VXG_ERR_ARGUMENT,
                "track: contiguous values (numbers, k, j, i) are expected");
    VXG_FAIL_IF(v->dtype != VXG_F32 && v->dtype != VXG_F64, VXG_ERR_ARGUMENT,
                "track: values are to be float32, or float64");
    for (int k = 0; k < 3; k++) {
        t->n[2 - k] = v->shape[k + 1];
        VXG_FAIL_IF(t->n[2 - k] < 1 || t->n[2 - k] > 65535, VXG_ERR_ARGUMENT,
                    "track: %lld voxels along axis %d", (long long)t->n[2 - k], k);
    }
    t->dev = vxg_buffer_device(v->buffer);
    t->real = vxg__arithmetic(v->dtype);
    t->numbers = v->shape[0];
    t->voxels = t->n[0] * t->n[1] * t->n[2];
    t->even = !f->samples;
    t->looks = (f->map.buffer ? 1 : 0) | (f->regions.buffer ? 2 : 0);
    VXG_TRY(check_volume(t, &f->map, v->dtype, "map"));
    VXG_TRY(check_volume(t, &f->regions, VXG_U32, "regions"));
    VXG_FAIL_IF(f->nregions < 0 || f->nregions > VXG_TRACK_REGIONS ||
                    (f->nregions && !f->regions.buffer),
                VXG_ERR_ARGUMENT, "track: %d include regions; 0 to %d, in regions, are expected",
                f->nregions, VXG_TRACK_REGIONS);
    t->wanted = f->nregions ? (VXG_TRACK_INCLUDE(f->nregions) - 1u) & ~3u : 0;
    VXG_FAIL_IF(vxg_sphere_count(t->sphere) > VXG__TRACK_MOST, VXG_ERR_UNSUPPORTED,
                "track: a sphere of %lld directions; %d at most are done",
                (long long)vxg_sphere_count(t->sphere), VXG__TRACK_MOST);
    VXG_FAIL_IF(f->samples && !t->getter->samples, VXG_ERR_ARGUMENT,
                "track: the getter %s takes no samples", t->getter->name);
    VXG_FAIL_IF(t->opts.half && (t->real != VXG_REAL_F32 || !t->getter->half), VXG_ERR_ARGUMENT,
                "track: half precision is for float32 harmonics and samples");
    return VXG_OK;
}

/* Half precision reaches from 6e-8 to 65504, and getters look at shares alone. */
static int choose_scale(vxg__tracker *t, const vxg_array *values) {
    double most = 0;
    t->scale = 1;
    if (!t->opts.half) return VXG_OK;
    vxg_array out = {0};
    VXG_TRY(vxg_array_new(t->dev, vxg_real_dtype(t->real), 1, &(int64_t){2}, &out));
    int status = vxg_array_reduce(t->queue, VXG_REDUCE_MAX_ABS, values, NULL, NULL, &out);
    if (!status) status = vxg_scalar_read(t->queue, &out, &most);
    vxg_array_release(&out);
    if (status) return status;
    VXG_FAIL_IF(!isfinite(most), VXG_ERR_ARGUMENT,
                "track: half precision is for finite numbers, and the values hold others");
    if (most > 0) t->scale = 1024 / most;
    return VXG_OK;
}

/* The map's values, then the regions' bits, in one array. */
static int make_map(vxg__tracker *t, const vxg_track_field *f) {
    const int64_t count = t->voxels * ((t->looks & 1) + (t->looks >> 1 & 1));
    const int64_t wide = t->voxels < 65536 ? t->voxels : 65536;
    if (!t->looks) return vxg_array_new(t->dev, vxg_real_dtype(t->real), 1, &(int64_t){1}, &t->map);
    VXG_TRY(vxg_array_new(t->dev, vxg_real_dtype(t->real), 1, &count, &t->map));
    for (int part = 0; part < 2; part++) {
        if (!(t->looks >> part & 1)) continue;
        vxg_launch l = {.global = {wide, (t->voxels + 65535) / 65536, 1}};
        vxg__push_long(&l, part ? count - t->voxels : 0);
        vxg__push_long(&l, t->voxels);
        vxg__push_array(&l, part ? &f->regions : &f->map);
        vxg__push_array(&l, &t->map);
        VXG_TRY(
            vxg__launch(t->dev, t->queue, part ? "walkers_regions" : "walkers_map", t->real, &l));
    }
    return VXG_OK;
}

/* The lengths that follow from the affine, and what every getter's tables begin with. */
static int make_setup(vxg__tracker *t, const double affine[12]) {
    double sides[3];
    for (int i = 0; i < 12; i++)
        VXG_FAIL_IF(!isfinite(affine[i]), VXG_ERR_ARGUMENT, "track: the affine holds %g",
                    affine[i]);
    VXG_TRY(invert(affine, t->inverse, sides));
    t->side = fmin(sides[0], fmin(sides[1], sides[2]));
    if (t->opts.step == 0) t->opts.step = 0.5 * t->side;
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
    VXG_TRY(take_opts(t, opts));
    if (field->sphere) {
        VXG_TRY(vxg__sphere_check(field->sphere, "track"));
        t->sphere = vxg_sphere_retain((vxg_sphere *)(uintptr_t)field->sphere);
    } else {
        vxg_sphere *own = NULL;
        VXG_TRY(vxg_sphere_named(NULL, &own));
        t->sphere = own;
    }
    t->basis = field->basis;
    int status = check_field(t, field);
    if (!status) status = make_setup(t, field->affine);
    if (!status) status = make_map(t, field);
    if (!status) status = choose_scale(t, &field->values);
    if (!status) status = t->getter->make(t, field);
    if (status) vxg__tracker_free(t);
    return status;
}

void vxg__tracker_free(vxg__tracker *t) {
    vxg_array_release(&t->field), vxg_array_release(&t->tables), vxg_array_release(&t->near);
    vxg_array_release(&t->map), vxg_array_release(&t->order);
    vxg__odf_plan_free(&t->plan);
    vxg_sphere_release((vxg_sphere *)(uintptr_t)t->sphere);
}
