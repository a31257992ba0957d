/* Tracking along the maxima of harmonics, the first eigenvectors of tensors, vectors
 * (kernels/track/follow.k): their fields and tables. */
#include "array/launch.h"
#include "track/track.h"

#include <math.h>
#include <string.h>

/* As follow.k has them. */
enum { HARMONICS, TENSORS, VECTORS, SERIES };
enum { MOST = 512, PEAK = 5, STRIP = 16 };

static int is_follower(const vxg__getter *g) {
    return g == &vxg__getter_peak || g == &vxg__getter_tensor || g == &vxg__getter_vector;
}

int vxg__follow_check(const vxg__tracker *t) {
    const vxg_track_opts *o = &t->opts;
    const int follows = is_follower(t->getter), peaks = follows && t->getter != &vxg__getter_peak;
    const struct {
        const char *name;
        int refused;
    } all[] = {{"integrator", !follows && o->integrator != VXG_TRACK_EULER},
               {"cutoff", !follows && o->cutoff != 0},
               {"pmf_threshold", follows && o->pmf_threshold != 0},
               {"attempts", follows && o->attempts != 0},
               {"relative_peak_threshold", peaks && o->relative_peak_threshold != 0},
               {"min_separation", peaks && o->min_separation != 0}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        VXG_FAIL_IF(all[i].refused, VXG_ERR_ARGUMENT, "track: the getter %s knows no %s",
                    t->getter->name, all[i].name);
    return VXG_OK;
}

/* What stands behind the setup in the tables. */
static int make_tables(vxg__tracker *t, int64_t own, const double *values) {
    const int64_t count = VXG__TRACK_SETUP + own;
    double *all = vxg__calloc((size_t)count, sizeof *all);
    if (!all) return VXG_ERR_MEMORY;
    memcpy(all, t->setup, sizeof t->setup);
    if (own) memcpy(all + VXG__TRACK_SETUP, values, (size_t)own * sizeof *values);
    const int status = vxg__array_from_doubles(t->dev, t->real, 1, &count, all, &t->tables);
    vxg__free(all);
    return status;
}

static int make_field(vxg__tracker *t, const vxg_track_field *f, const int32_t *order) {
    VXG_TRY(vxg__track_field_new(t, vxg__pad(t->numbers, STRIP), order));
    return vxg__track_field_fill(t, &f->values);
}

static int refuse_gradients(const vxg__tracker *t, const vxg_track_field *f) {
    VXG_FAIL_IF(f->gradients || f->model, VXG_ERR_ARGUMENT,
                "track: the getter %s takes no gradient table and no model", t->getter->name);
    return VXG_OK;
}

/* ---- Harmonics ---- */
/* z Q_l = alpha(l + 1) Q_{l+1} + alpha(l) Q_{l-1} of the normalised Q of one m. */
static double alpha(int l, int m) {
    return l > m ? sqrt((double)(l * l - m * m) / (4.0 * l * l - 1)) : 0;
}

/* For each m the first R, then a, b, c of each further l: z Q_l twice. Returns their end. */
static double *fill_rows(int order, double *to) {
    double diagonal = sqrt(1 / (4 * M_PI));
    for (int m = 0; m <= order; m++) {
        if (m > 0) diagonal *= -sqrt((2.0 * m + 1) / (2.0 * m));
        *to++ = diagonal * (m ? sqrt(2.0) : 1) / (m % 2 ? alpha(m + 1, m) : 1);
        for (int l = m + m % 2; l + 2 <= order; l += 2) {
            const double up = alpha(l + 1, m), down = alpha(l, m);
            const double a = 1 / (up * alpha(l + 2, m));
            *to++ = a, *to++ = up * up + down * down, *to++ = a * down * alpha(l - 1, m);
        }
    }
    return to;
}

/* order: where the field's coefficients stand, for each m those of cosines by rising l, then those
 * of sines; signs: by which the caller's basis differs at each place. */
static int place_terms(vxg_sh_basis basis, int order, int32_t *places, double *signs) {
    int32_t of[(VXG_SH_MOST + 1) * (VXG_SH_MOST + 2) / 2], place = 0;
    for (int m = 0; m <= order; m++)
        for (int sine = 0; sine <= (m > 0); sine++)
            for (int l = m + m % 2; l <= order; l += 2)
                of[l * (l + 1) / 2 + (sine ? -m : m)] = place++;
    for (int n = 0; n < place; n++) {
        double c[(VXG_SH_MOST + 1) * (VXG_SH_MOST + 2) / 2] = {0};
        int at = 0;
        c[n] = 1;
        VXG_TRY(vxg_sh_convert(basis, VXG_SH_TOURNIER07, order, 1, c));
        while (c[at] == 0) at++;
        places[n] = of[at], signs[of[at]] = c[at];
    }
    return VXG_OK;
}

static int make_peak(vxg__tracker *t, const vxg_track_field *f) {
    const int order = vxg_sh_order(t->numbers);
    int32_t places[(VXG_SH_MOST + 1) * (VXG_SH_MOST + 2) / 2];
    double all[4 * (VXG_SH_MOST + 1) * (VXG_SH_MOST + 2)] = {0};
    VXG_TRY(refuse_gradients(t, f));
    VXG_FAIL_IF(order < 0, VXG_ERR_ARGUMENT,
                "track: %lld coefficients are no set of harmonics of even order",
                (long long)t->numbers);
    VXG_TRY(place_terms(t->basis, order, places, all));
    double *end = fill_rows(order, all + vxg__pad(t->numbers, STRIP));
    t->follows = HARMONICS, t->terms = (int)t->numbers;
    VXG_TRY(make_tables(t, end - all, all));
    return make_field(t, f, places);
}

/* ---- Tensors ---- */
static int make_series(vxg__tracker *t, const vxg_track_field *f) {
    static const int place[6] = {0, 3, 1, 4, 5, 2}; /* of Dxx Dxy Dyy Dxz Dyz Dzz */
    const int64_t n = t->numbers, wide = vxg__pad(n, STRIP);
    VXG_FAIL_IF(n != vxg_gradients_count(f->gradients), VXG_ERR_ARGUMENT,
                "track: the series has %lld volumes, the gradient table %lld", (long long)n,
                (long long)vxg_gradients_count(f->gradients));
    VXG_FAIL_IF(n > MOST, VXG_ERR_UNSUPPORTED, "track: a series of %lld volumes; %d are done",
                (long long)n, MOST);
    double *all = vxg__calloc((size_t)(wide * STRIP + 2 * n * VXG__TENSOR_TERMS), sizeof *all);
    if (!all) return VXG_ERR_MEMORY;
    double *design = all + wide * STRIP, *inverse = design + n * VXG__TENSOR_TERMS;
    int status = vxg__tensor_design(f->gradients, design, inverse);
    for (int64_t i = 0; i < n && !status; i++)
        for (int k = 0; k < 6; k++) all[STRIP * i + place[k]] = inverse[k * n + i];
    if (!status) status = make_tables(t, wide * STRIP, all);
    vxg__free(all);
    return status;
}

static int make_tensor(vxg__tracker *t, const vxg_track_field *f) {
    VXG_FAIL_IF(f->model, VXG_ERR_ARGUMENT, "track: the getter tensor takes no model");
    VXG_FAIL_IF(!f->gradients && t->numbers != 6, VXG_ERR_ARGUMENT,
                "track: %lld numbers of a voxel; a tensor has 6 (a series needs its gradient "
                "table)",
                (long long)t->numbers);
    t->follows = f->gradients ? SERIES : TENSORS, t->terms = (int)t->numbers;
    VXG_TRY(f->gradients ? make_series(t, f) : make_tables(t, 0, NULL));
    return make_field(t, f, NULL);
}

/* ---- Vectors ---- */
static int make_vector(vxg__tracker *t, const vxg_track_field *f) {
    VXG_TRY(refuse_gradients(t, f));
    VXG_FAIL_IF(t->numbers % 3, VXG_ERR_ARGUMENT,
                "track: %lld numbers of a voxel; vectors have 3 each", (long long)t->numbers);
    VXG_FAIL_IF(t->numbers > MOST, VXG_ERR_UNSUPPORTED,
                "track: %lld numbers of a voxel; %d are done", (long long)t->numbers, MOST);
    t->follows = VECTORS, t->terms = (int)(t->numbers / 3);
    VXG_TRY(make_tables(t, 0, NULL));
    return make_field(t, f, NULL);
}

/* ---- Launches ---- */
static void launch(const vxg__tracker *t, vxg_launch *l) {
    const double cutoff = t->opts.cutoff;
    l->ints[4] = t->follows, l->ints[5] = t->terms;
    l->ints[11] = t->opts.integrator == VXG_TRACK_RK4 ? 4 : 1;
    l->ints[12] = t->follows == HARMONICS ? vxg_sh_order(t->terms) : 0;
    l->ints[13] = t->opts.peaks;
    l->reals[2] = cutoff == 0 ? 0.1 : cutoff < 0 ? -1e30 : cutoff;
    l->nreals = 3;
}

static int peaks(const vxg__tracker *t, const vxg_array *seeds, int64_t n, vxg_array *out) {
    const int64_t shape[3] = {(n + 31) / 32, PEAK * (int64_t)t->opts.peaks, 32};
    vxg_launch l = vxg__track_launch(t, n, 1, 1);
    vxg_array tiles = {0}, own = {0};
    int status = VXG_OK;
    if (t->follows == HARMONICS) {
        status = vxg__track_gather(t, seeds, n, t->numbers, &tiles);
        if (!status) status = vxg__track_tile_peaks(t, &tiles, n, 1, &own);
    } else {
        status = vxg_array_new(t->dev, vxg_real_dtype(t->real), 3, shape, &own);
    }
    launch(t, &l);
    if (!status) {
        const vxg_array *const arrays[] = {&t->field, &t->tables, seeds, &own};
        for (int i = 0; i < 4; i++) vxg__push_array(&l, arrays[i]);
        status = vxg__track_run_groups(t, "track_follow_begin", &l);
    }
    vxg_array_release(&tiles);
    if (status) vxg_array_release(&own);
    if (!status) *out = own;
    return status;
}

#define ROW(id, make_, half_)                                                                      \
    {                                                                                              \
        .name = id, .kernel = "track_follow", .max_angle = 60, .half = half_, .make = make_,       \
        .launch = launch, .peaks = peaks                                                           \
    }
const vxg__getter vxg__getter_peak = ROW("peak", make_peak, 1);
const vxg__getter vxg__getter_tensor = ROW("tensor", make_tensor, 0);
const vxg__getter vxg__getter_vector = ROW("vector", make_vector, 0);
