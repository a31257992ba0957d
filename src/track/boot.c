/* The bootstrap's field and tables (kernels/track/boot.k). The harmonics B at the shell's
 * directions have an orthonormal basis U = B L'^-1, L L' = B'B; the hat matrix is U U', a volume's
 * leverage the square of its row. */
#include "array/launch.h"
#include "track/track.h"

#include <math.h>
#include <string.h>

/* As boot.k has room for; directions are a multiple of STRIP, GAPS are read behind them. */
enum { MOST_FIELD = 512, MOST_WEIGHTED = 256, MOST_TERMS = 64, STRIP = 128, GAPS = 32 };

/* u (n, k): an orthonormal basis of the columns of b (n, k), by the Gram-Schmidt process, each
 * column twice. */
static int orthonormal(int64_t n, int64_t k, const double *b, double *u) {
    for (int64_t c = 0; c < k; c++) {
        double before = 0, after = 0;
        for (int64_t i = 0; i < n; i++) {
            u[i * k + c] = b[i * k + c];
            before += b[i * k + c] * b[i * k + c];
        }
        for (int twice = 0; twice < 2; twice++)
            for (int64_t e = 0; e < c; e++) {
                double dot = 0;
                for (int64_t i = 0; i < n; i++) dot += u[i * k + c] * u[i * k + e];
                for (int64_t i = 0; i < n; i++) u[i * k + c] -= dot * u[i * k + e];
            }
        for (int64_t i = 0; i < n; i++) after += u[i * k + c] * u[i * k + c];
        VXG_FAIL_IF(!(after > 1e-16 * before), VXG_ERR_NUMERICAL,
                    "bootstrap: %lld directions do not determine %lld harmonics", (long long)n,
                    (long long)k);
        for (int64_t i = 0; i < n; i++) u[i * k + c] /= sqrt(after);
    }
    return VXG_OK;
}

/* ---- The path from neighbour to neighbour that the directions stand along ---- */
typedef struct boot_path {
    int32_t *order, *place; /* directions along it, and where each stands */
    uint8_t *linked;        /* 1: neighbour of the one before it */
    int32_t *work;
} boot_path;
static void path_free(boot_path *p) {
    vxg__free(p->order), vxg__free(p->place), vxg__free(p->linked), vxg__free(p->work);
}

/* Of a direction's neighbours that are not on the path yet the one that has the fewest such; -1:
 * none. left: how many each has; -1 of those on the path. */
static int32_t next_on_path(const vxg_sphere *s, const int32_t *left, int32_t at) {
    const int32_t *pairs = NULL;
    const int64_t edges = vxg_sphere_edges(s, &pairs);
    int32_t best = -1;
    for (int64_t e = 0; e < 2 * edges; e++) {
        const int32_t other = pairs[e ^ 1];
        if (pairs[e] == at && left[other] >= 0 && (best < 0 || left[other] < left[best]))
            best = other;
    }
    return best;
}

static int make_path(const vxg_sphere *s, boot_path *p) {
    const int32_t *pairs = NULL;
    const int64_t n = vxg_sphere_count(s), edges = vxg_sphere_edges(s, &pairs);
    p->order = vxg__calloc((size_t)n, sizeof *p->order);
    p->place = vxg__calloc((size_t)n, sizeof *p->place);
    p->linked = vxg__calloc((size_t)n, 1);
    int32_t *left = p->work = vxg__calloc((size_t)n, sizeof *left);
    if (!p->order || !p->place || !p->linked || !left) return VXG_ERR_MEMORY;
    for (int64_t e = 0; e < 2 * edges; e++) left[pairs[e]]++;
    for (int64_t i = 0; i < n; i++) {
        int32_t next = i ? next_on_path(s, left, p->order[i - 1]) : 0;
        p->linked[i] = i && next >= 0;
        for (int32_t k = 0; next < 0; k++)
            if (left[k] >= 0) next = k;
        for (int64_t e = 0; e < 2 * edges; e++)
            if (pairs[e] == next && left[pairs[e ^ 1]] > 0) left[pairs[e ^ 1]]--;
        left[next] = -1, p->order[i] = next, p->place[next] = (int32_t)i;
    }
    return VXG_OK;
}

/* ---- Tables ---- */
/* Directions, U, scale, matrix, basis, gaps, one behind the other. */
static int64_t count_tables(const vxg__tracker *t) {
    const vxg__odf_plan *p = &t->plan;
    return VXG__TRACK_SETUP + 3 * t->directions + p->terms * t->weighted + t->weighted +
           p->columns * t->wide + (p->terms + 1) * t->directions + GAPS;
}
static void fill_tables(const vxg__tracker *t, const boot_path *path, const double *u,
                        const double *b, double *to) {
    const vxg__odf_plan *p = &t->plan;
    const int64_t own = vxg_sphere_count(t->sphere), n = t->directions;
    const double *d = vxg_sphere_directions(t->sphere);
    memcpy(to, t->setup, sizeof t->setup);
    to += VXG__TRACK_SETUP;
    for (int k = 0; k < 3; k++, to += n)
        for (int64_t i = 0; i < own; i++) to[i] = d[3 * path->order[i] + k];
    for (int64_t k = 0; k < p->terms; k++, to += t->weighted)
        for (int64_t i = 0; i < p->weighted; i++) to[i] = u[i * p->terms + k];
    for (int64_t i = 0; i < p->weighted; i++) {
        double leverage = 0;
        for (int64_t k = 0; k < p->terms; k++) leverage += pow(u[i * p->terms + k], 2);
        to[i] = leverage < 1 - 1e-9 ? 1 / sqrt(1 - leverage) : 0;
    }
    to += t->weighted;
    for (int64_t c = 0; c < p->columns; c++, to += t->wide)
        for (int64_t k = 0; k < p->terms; k++) to[k] = p->matrix[k * p->columns + c];
    for (int64_t k = 0; k < p->terms; k++, to += n) /* those behind the last repeat the first */
        for (int64_t i = 0; i < n; i++) to[i] = b[path->order[i < own ? i : 0] * p->terms + k];
    for (int64_t i = 0; i < n + GAPS; i++) to[i] = i < own && path->linked[i] ? 0 : 1e30;
}

static int make_tables(vxg__tracker *t, const boot_path *path, const double *u) {
    const int64_t count = count_tables(t), own = vxg_sphere_count(t->sphere), k = t->plan.terms;
    double *all = vxg__calloc((size_t)(count + own * k), sizeof *all), *b = all + count;
    if (!all) return VXG_ERR_MEMORY;
    int status = vxg_sh_matrix(t->plan.opts.basis, t->plan.opts.order, own,
                               vxg_sphere_directions(t->sphere), b);
    if (!status) {
        fill_tables(t, path, u, b, all);
        status = vxg__array_from_doubles(t->dev, t->real, 1, &count, all, &t->tables);
    }
    vxg__free(all);
    return status;
}

/* One volume of the series after the other to its place, then U' of the weighted ones. */
static int make_field(vxg__tracker *t, const vxg_array *series, const double *u) {
    const vxg__odf_plan *p = &t->plan;
    const int64_t terms[2] = {p->terms, t->voxels};
    VXG_TRY(vxg__track_field_new(t, t->room, NULL));
    for (int64_t i = 0; i < p->weighted + p->unweighted; i++) {
        vxg_array volume = *series;
        volume.offset += p->order[i] * t->voxels;
        VXG_TRY(vxg__track_turn(t, &volume, 1, i < p->weighted ? i : t->from + i - p->weighted));
    }
    vxg__voxels v;
    vxg_array flat = *series, rows = {0}, matrix = {0}, tiles = {0}, result = {0};
    flat.ndim = 2, flat.shape[1] = t->voxels, flat.stride[0] = t->voxels, flat.stride[1] = 1;
    VXG_TRY(vxg__voxels_begin(&v, t->queue, &flat, NULL, "bootstrap"));
    double *m = vxg__calloc((size_t)(p->terms * v.volumes), sizeof *m);
    int status = m ? VXG_OK : VXG_ERR_MEMORY;
    for (int64_t k = 0; k < p->terms && !status; k++)
        for (int64_t i = 0; i < p->weighted; i++)
            m[k * v.volumes + p->order[i]] = u[i * p->terms + k];
    if (!status) status = vxg__tiles_matrix(&v, p->terms, v.volumes, m, &matrix);
    if (!status) status = vxg__tiles_new(&v, v.volumes, &tiles);
    if (!status) status = vxg__tiles_new(&v, p->terms, &result);
    if (!status) status = vxg_array_new(t->dev, vxg_real_dtype(t->real), 2, terms, &rows);
    const vxg__tile_rows all = {p->terms, 0, 0, p->terms, 1};
    for (int64_t first = 0; first < v.count && !status; first += v.block) {
        const int64_t left = v.count - first, n = left < v.block ? left : v.block;
        status = vxg__voxels_pack(&v, &flat, first, n, &tiles);
        if (!status)
            status = vxg__tiles_product(&v, &matrix, p->terms, v.volumes, &tiles, v.volumes, 0, n,
                                        &result);
        if (!status) status = vxg__voxels_unpack(&v, &result, &all, first, n, &rows);
    }
    if (!status) status = vxg__track_turn(t, &rows, p->terms, t->kept);
    vxg_array_release(&rows), vxg_array_release(&matrix), vxg_array_release(&tiles);
    vxg_array_release(&result);
    vxg__free(m);
    return status;
}

static int make(vxg__tracker *t, const vxg_track_field *field) {
    vxg__odf_plan *p = &t->plan;
    VXG_FAIL_IF(!field->gradients || t->numbers != vxg_gradients_count(field->gradients),
                VXG_ERR_ARGUMENT, "track: the series has %lld volumes, the gradient table %lld",
                (long long)t->numbers, (long long)vxg_gradients_count(field->gradients));
    t->directions = vxg__pad(vxg_sphere_count(t->sphere), STRIP);
    VXG_TRY(vxg__odf_plan_make(field->gradients, field->model, p));
    VXG_FAIL_IF(p->opts.kind != VXG_ODF_CSA && p->opts.kind != VXG_ODF_OPDT, VXG_ERR_ARGUMENT,
                "bootstrap: the model is neither that of constant solid angle nor of orientation "
                "probability");
    t->basis = p->opts.basis;
    t->weighted = vxg__pad(p->weighted, 32), t->unweighted = p->unweighted;
    t->from = t->weighted, t->kept = t->from + p->unweighted;
    t->wide = vxg__pad(p->terms, 16), t->room = vxg__pad(t->kept + p->terms, 16);
    VXG_FAIL_IF(t->weighted > MOST_WEIGHTED || t->room > MOST_FIELD || t->wide > MOST_TERMS,
                VXG_ERR_UNSUPPORTED,
                "bootstrap: %lld weighted, %lld unweighted volumes and %lld harmonics; %d and %d "
                "are done, %d in all",
                (long long)p->weighted, (long long)p->unweighted, (long long)p->terms,
                MOST_WEIGHTED, MOST_TERMS, MOST_FIELD);
    const int64_t n = p->weighted, k = p->terms;
    VXG_FAIL_IF(n <= k, VXG_ERR_ARGUMENT,
                "bootstrap: %lld directions and %lld harmonics leave no residuals to draw from; a "
                "lower order is needed",
                (long long)n, (long long)k);
    double *b = vxg__calloc((size_t)(2 * n * k), sizeof *b), *u = b + n * k;
    if (!b) return VXG_ERR_MEMORY;
    int status = vxg_sh_matrix(p->opts.basis, p->opts.order, n, p->directions, b);
    if (!status) status = orthonormal(n, k, b, u);
    boot_path path = {0};
    if (!status) status = make_path(t->sphere, &path);
    if (!status) status = make_tables(t, &path, u);
    if (!status) status = make_field(t, &field->values, u);
    if (!status) status = vxg__sphere_neighbours(t->sphere, path.place, t->dev, t->queue, &t->near);
    path_free(&path);
    vxg__free(b);
    return status;
}

static void launch(const vxg__tracker *t, vxg_launch *l) {
    const vxg__odf_plan *p = &t->plan;
    const double apart = t->opts.min_separation > 0 ? t->opts.min_separation : 25;
    const double share = t->opts.relative_peak_threshold;
    const int64_t ints[] = {t->opts.attempts,
                            vxg_sphere_is_symmetric(t->sphere),
                            p->weighted,
                            t->weighted,
                            t->unweighted,
                            t->from,
                            t->kept,
                            p->terms,
                            t->wide,
                            p->opts.kind == VXG_ODF_CSA ? 2 : 3,
                            t->opts.rules == VXG_TRACK_CUSLINES};
    l->ints[4] = (int)t->directions, l->ints[5] = (int)vxg_sphere_count(t->sphere);
    for (size_t i = 0; i < sizeof ints / sizeof *ints; i++) l->ints[11 + i] = (int)ints[i];
    l->reals[2] = p->opts.min_signal;
    l->reals[3] = share == 0 ? 0.5 : share < 0 ? 0 : share;
    l->reals[4] = cos(apart * (M_PI / 180));
    l->reals[5] = t->opts.rules == VXG_TRACK_CUSLINES ? 0.05 : 0;
    l->reals[6] = t->opts.angular_weight;
    l->nreals = 7;
    vxg__push_array(l, &t->near);
}

/* The orientation function of the signals as they are: tiles of signals become its harmonics. */
static int fit_seeds(const vxg__tracker *t, int64_t n, vxg_array *tiles) {
    vxg__odf_plan plan = t->plan;
    vxg__odf_tables tables = {0};
    vxg_array sh = {0};
    vxg__voxels v = {.dev = t->dev, .queue = t->queue, .real = t->real, .count = n};
    int32_t *order = vxg__calloc((size_t)(plan.weighted + plan.unweighted), sizeof *order);
    if (!order) return VXG_ERR_MEMORY;
    /* In the field the volumes stand in the plan's order, with padding between. */
    for (int64_t i = 0; i < plan.weighted + plan.unweighted; i++)
        order[i] = (int32_t)(i < plan.weighted ? i : t->from + i - plan.weighted);
    plan.order = order, plan.volumes = tiles->shape[1];
    v.block = vxg__tile_items(n), v.volumes = plan.volumes;
    int status = vxg__odf_tables_make(&v, &plan, &tables);
    if (!status) status = vxg__tiles_new(&v, plan.terms, &sh);
    if (!status) status = vxg__odf_tiles(&v, &plan, &tables, tiles, n, &sh);
    vxg__odf_tables_free(&tables);
    vxg__free(order);
    vxg_array_release(status ? &sh : tiles);
    if (!status) *tiles = sh;
    return status;
}

static int peaks(const vxg__tracker *t, const vxg_array *seeds, int64_t n, vxg_array *out) {
    vxg_array tiles = {0};
    int status = vxg__track_gather(t, seeds, n, t->kept, &tiles);
    if (!status) status = fit_seeds(t, n, &tiles);
    if (!status) status = vxg__track_tile_peaks(t, &tiles, n, 1, out);
    vxg_array_release(&tiles);
    return status;
}

const vxg__getter vxg__getter_bootstrap = {.name = "bootstrap",
                                           .kernel = "track_boot",
                                           .max_angle = 60,
                                           .make = make,
                                           .launch = launch,
                                           .peaks = peaks};
