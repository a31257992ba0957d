/* Gradient tables: what volumes were weighted with, in scanner coordinates, and their shells. */
#include "dwi/dwi.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOST_VOLUMES ((int64_t)1 << 20)

static int is_alive(const vxg_gradients *g) {
    return vxg__object_is(g, VXG_KIND_GRADIENTS);
}
int vxg__gradients_check(const vxg_gradients *g, const char *what) {
    VXG_FAIL_IF(!is_alive(g), VXG_ERR_ARGUMENT, "%s: the gradient table is NULL or was released",
                what);
    return VXG_OK;
}

static void destroy(vxg_gradients *g) {
    if (!g) return;
    vxg__free(g->b), vxg__free(g->directions), vxg__free(g->shell);
    vxg__free(g->shell_b), vxg__free(g->shell_count);
    vxg__object_free(g);
}

static int take_options(const vxg_gradients_opts *given, vxg_gradients_opts *o) {
    VXG_TRY(VXG_IN(vxg_gradients_opts, o, given));
    const double *const all[] = {&o->b0_threshold, &o->unit_tolerance, &o->shell_tolerance};
    static const char *const names[] = {"b0_threshold", "unit_tolerance", "shell_tolerance"};
    for (int i = 0; i < 3; i++)
        VXG_FAIL_IF(!(*all[i] >= 0) || *all[i] > 1e6, VXG_ERR_ARGUMENT, "gradients: %s is %g",
                    names[i], *all[i]);
    if (o->b0_threshold == 0) o->b0_threshold = 50;
    if (o->unit_tolerance == 0) o->unit_tolerance = 0.01;
    if (o->shell_tolerance == 0) o->shell_tolerance = 80;
    return VXG_OK;
}

static int take_volume(vxg_gradients *g, int64_t i, const double *direction) {
    const double b = g->b[i], *const d = direction + 3 * i;
    double *const to = g->directions + 3 * i;
    VXG_FAIL_IF(!isfinite(b) || b < 0 || b > 1e6, VXG_ERR_INPUT,
                "volume %lld: b is %g s/mm2; 0 to 1000000 is expected", (long long)i, b);
    const double length = sqrt(vxg__dwi_dot(d, d));
    const int is_unit = fabs(length - 1) <= g->opts.unit_tolerance;
    /* A small b still weights a little, along a direction that may be given. */
    if (b == 0 || (b <= g->opts.b0_threshold && !is_unit)) return VXG_OK;
    VXG_FAIL_IF(!isfinite(length) || length == 0, VXG_ERR_INPUT,
                "volume %lld: b is %g s/mm2 and its direction is %g %g %g", (long long)i, b, d[0],
                d[1], d[2]);
    VXG_FAIL_IF(!is_unit, VXG_ERR_INPUT,
                "volume %lld: its direction %g %g %g has the length %g, not 1", (long long)i, d[0],
                d[1], d[2], length);
    for (int k = 0; k < 3; k++) to[k] = d[k] / length;
    return VXG_OK;
}

/* Sorted b-values fall into shells where the gap is wide. */
static int find_shells(vxg_gradients *g) {
    double *sorted = vxg__calloc((size_t)g->n + 1, sizeof *sorted);
    int64_t weighted = 0;
    if (!sorted) return VXG_ERR_MEMORY;
    for (int64_t i = 0; i < g->n; i++)
        if (g->b[i] > g->opts.b0_threshold) sorted[weighted++] = g->b[i];
    qsort(sorted, (size_t)weighted, sizeof *sorted, vxg__compare_doubles);
    g->nshells = 1 + (weighted > 0);
    for (int64_t i = 1; i < weighted; i++)
        g->nshells += sorted[i] - sorted[i - 1] > g->opts.shell_tolerance;
    g->shell_b = vxg__calloc((size_t)g->nshells, sizeof *g->shell_b);
    g->shell_count = vxg__calloc((size_t)g->nshells, sizeof *g->shell_count);
    const int status = g->shell_b && g->shell_count ? VXG_OK : VXG_ERR_MEMORY;
    for (int64_t i = 0; i < g->n && !status; i++) {
        int s = g->b[i] > g->opts.b0_threshold;
        for (int64_t k = 1; s && k < weighted && sorted[k] <= g->b[i]; k++)
            s += sorted[k] - sorted[k - 1] > g->opts.shell_tolerance;
        g->shell[i] = s;
        g->shell_count[s]++;
        g->shell_b[s] += g->b[i];
    }
    for (int s = 0; s < g->nshells && !status; s++)
        g->shell_b[s] = s && g->shell_count[s] ? g->shell_b[s] / (double)g->shell_count[s] : 0;
    vxg__free(sorted);
    return status;
}

int vxg_gradients_new(int64_t n, const double *b, const double *directions,
                      const vxg_gradients_opts *given, vxg_gradients **out) {
    vxg_gradients_opts opts;
    VXG_FAIL_IF(!b || !directions || !out, VXG_ERR_ARGUMENT,
                "gradients: b, directions or out is NULL");
    *out = NULL;
    VXG_TRY(take_options(given, &opts));
    VXG_FAIL_IF(n < 1 || n > MOST_VOLUMES, VXG_ERR_INPUT,
                "gradients: %lld volumes; 1 to %lld are expected", (long long)n,
                (long long)MOST_VOLUMES);
    vxg_gradients *g = vxg__object_new(VXG_KIND_GRADIENTS, sizeof *g);
    if (!g) return VXG_ERR_MEMORY;
    g->references = 1, g->n = n, g->opts = opts;
    g->b = vxg__calloc((size_t)n, sizeof *g->b);
    g->directions = vxg__calloc((size_t)n, 3 * sizeof *g->directions);
    g->shell = vxg__calloc((size_t)n, sizeof *g->shell);
    int status = g->b && g->directions && g->shell ? VXG_OK : VXG_ERR_MEMORY;
    if (!status) memcpy(g->b, b, (size_t)n * sizeof *b);
    for (int64_t i = 0; i < n && !status; i++) status = take_volume(g, i, directions);
    if (!status) status = find_shells(g);
    if (status) {
        destroy(g);
        return status;
    }
    *out = g;
    return VXG_OK;
}

/* The image's axes in scanner coordinates, as unit vectors: axis[k] are the columns of the affine.
 */
static int axes_of(const double affine[12], double axis[3][3], double *determinant) {
    double c[3];
    for (int k = 0; k < 3; k++) {
        double length = 0;
        for (int i = 0; i < 3; i++) axis[k][i] = affine[4 * i + k];
        length = sqrt(vxg__dwi_dot(axis[k], axis[k]));
        VXG_FAIL_IF(!isfinite(length) || length == 0, VXG_ERR_INPUT,
                    "gradients: axis %d of the affine has the length %g", k, length);
        for (int i = 0; i < 3; i++) axis[k][i] /= length;
    }
    vxg__dwi_cross(axis[0], axis[1], c);
    *determinant = vxg__dwi_dot(c, axis[2]);
    VXG_FAIL_IF(fabs(*determinant) < 1e-3, VXG_ERR_INPUT,
                "gradients: the affine's axes lie in a plane (determinant %g)", *determinant);
    return VXG_OK;
}

int vxg_gradients_fsl(int64_t nb, const double *b, int64_t rows, int64_t columns,
                      const double *vectors, const double affine[12],
                      const vxg_gradients_opts *opts, vxg_gradients **out) {
    double axis[3][3], determinant = 0;
    VXG_FAIL_IF(!b || !vectors || !affine || !out, VXG_ERR_ARGUMENT,
                "gradients: b, vectors, affine or out is NULL");
    *out = NULL;
    VXG_FAIL_IF(!(rows == 3 && columns == nb) && !(columns == 3 && rows == nb), VXG_ERR_INPUT,
                "gradients: %lld b-values and vectors of %lld x %lld; 3 x %lld or %lld x 3 is "
                "expected",
                (long long)nb, (long long)rows, (long long)columns, (long long)nb, (long long)nb);
    VXG_FAIL_IF(nb < 1 || nb > MOST_VOLUMES, VXG_ERR_INPUT, "gradients: %lld volumes",
                (long long)nb);
    VXG_TRY(axes_of(affine, axis, &determinant));
    double *d = vxg__calloc((size_t)nb, 3 * sizeof *d);
    if (!d) return VXG_ERR_MEMORY;
    const int across = rows == 3 && columns == nb; /* 3 x 3: as FSL writes it */
    for (int64_t i = 0; i < nb; i++) {
        for (int k = 0; k < 3; k++) {
            double v = across ? vectors[k * nb + i] : vectors[3 * i + k];
            if (k == 0 && determinant > 0) v = -v;
            for (int c = 0; c < 3; c++) d[3 * i + c] += v * axis[k][c];
        }
    }
    const int status = vxg_gradients_new(nb, b, d, opts, out);
    vxg__free(d);
    return status;
}

int vxg_gradients_mrtrix(int64_t n, const double *table, const vxg_gradients_opts *opts,
                         vxg_gradients **out) {
    VXG_FAIL_IF(!table || !out, VXG_ERR_ARGUMENT, "gradients: table or out is NULL");
    *out = NULL;
    VXG_FAIL_IF(n < 1 || n > MOST_VOLUMES, VXG_ERR_INPUT, "gradients: %lld volumes", (long long)n);
    double *d = vxg__calloc((size_t)n, 4 * sizeof *d), *const b = d + 3 * n;
    if (!d) return VXG_ERR_MEMORY;
    for (int64_t i = 0; i < n; i++) {
        const double *const row = table + 4 * i;
        const int none = isnan(row[0]) || isnan(row[1]) || isnan(row[2]);
        b[i] = none ? 0 : row[3];
        for (int k = 0; k < 3; k++) d[3 * i + k] = none ? 0 : row[k];
    }
    const int status = vxg_gradients_new(n, b, d, opts, out);
    vxg__free(d);
    return status;
}

int vxg_gradients_take(const vxg_gradients *g, int64_t count, const int64_t *volumes,
                       vxg_gradients **out) {
    VXG_TRY(vxg__gradients_check(g, "gradients"));
    VXG_FAIL_IF(!volumes || !out, VXG_ERR_ARGUMENT, "gradients: volumes or out is NULL");
    *out = NULL;
    VXG_FAIL_IF(count < 1 || count > MOST_VOLUMES, VXG_ERR_ARGUMENT, "gradients: %lld volumes",
                (long long)count);
    double *d = vxg__calloc((size_t)count, 4 * sizeof *d), *const b = d + 3 * count;
    int status = d ? VXG_OK : VXG_ERR_MEMORY;
    for (int64_t i = 0; i < count && !status; i++) {
        const int64_t v = volumes[i];
        if (v < 0 || v >= g->n) {
            status = vxg_error_set(VXG_ERR_ARGUMENT, "gradients: volume %lld of %lld", (long long)v,
                                   (long long)g->n);
            break;
        }
        b[i] = g->b[v];
        memcpy(d + 3 * i, g->directions + 3 * v, 3 * sizeof *d);
    }
    if (!status) status = vxg_gradients_new(count, b, d, &g->opts, out);
    vxg__free(d);
    return status;
}

vxg_gradients *vxg_gradients_retain(vxg_gradients *g) {
    if (!is_alive(g)) return NULL;
    __atomic_add_fetch(&g->references, 1, __ATOMIC_RELAXED);
    return g;
}
void vxg_gradients_release(vxg_gradients *g) {
    if (is_alive(g) && __atomic_sub_fetch(&g->references, 1, __ATOMIC_ACQ_REL) == 0) destroy(g);
}
int64_t vxg_gradients_count(const vxg_gradients *g) {
    return is_alive(g) ? g->n : 0;
}
const double *vxg_gradients_b(const vxg_gradients *g) {
    return is_alive(g) ? g->b : NULL;
}
const double *vxg_gradients_directions(const vxg_gradients *g) {
    return is_alive(g) ? g->directions : NULL;
}
int vxg_gradients_shells(const vxg_gradients *g) {
    return is_alive(g) ? g->nshells : 0;
}
double vxg_gradients_shell_b(const vxg_gradients *g, int shell) {
    return is_alive(g) && shell >= 0 && shell < g->nshells ? g->shell_b[shell] : 0;
}
int64_t vxg_gradients_shell_count(const vxg_gradients *g, int shell) {
    return is_alive(g) && shell >= 0 && shell < g->nshells ? g->shell_count[shell] : 0;
}
int vxg_gradients_shell_of(const vxg_gradients *g, int64_t volume) {
    return is_alive(g) && volume >= 0 && volume < g->n ? g->shell[volume] : -1;
}
