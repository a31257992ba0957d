/* The response out of the data themselves: C. M. W. Tax et al., NeuroImage 86, 2014. A response
 * that is too round deconvolves all voxels; those with one peak make the next response, along their
 * peaks, until it stays as it is. */
#include "array/launch.h"
#include "dwi/dwi.h"

#include <math.h>
#include <string.h>

enum { ZONAL = VXG_SH_MOST / 2 + 1 };

typedef struct calibration {
    vxg_recursive_opts opts;
    const vxg_gradients *g;
    vxg_queue *queue;
    vxg_device *dev;
    int shell, terms; /* zonal ones */
    int64_t count;    /* voxels at the beginning */
    int64_t left;     /* voxels that are looked at, list's */
    uint32_t *list;
    double *signals; /* volumes, count */
    double *peaks;   /* 2 values and 3 numbers of the first direction; each count */
    vxg_array series, sh, directions, values; /* of the voxels at the beginning, side by side */
} calibration;

static int take_options(vxg_recursive_opts *o, const vxg_recursive_opts *given) {
    VXG_TRY(VXG_IN(vxg_recursive_opts, o, given));
    VXG_TRY(vxg__progress_check(o->progress));
    const double *const all[] = {&o->peak_threshold, &o->fa, &o->trace, &o->convergence};
    static const char *const names[] = {"peak_threshold", "fa", "trace", "convergence"};
    for (int i = 0; i < 4; i++)
        VXG_FAIL_IF(!(*all[i] >= 0) || *all[i] >= 1, VXG_ERR_ARGUMENT, "response: %s is %g",
                    names[i], *all[i]);
    VXG_FAIL_IF(o->iterations < 0 || o->iterations > 1000, VXG_ERR_ARGUMENT,
                "response: %d iterations", o->iterations);
    if (o->order == 0) o->order = 8;
    if (o->iterations == 0) o->iterations = 8;
    if (o->peak_threshold == 0) o->peak_threshold = 0.01;
    if (o->fa == 0) o->fa = 0.08;
    if (o->trace == 0) o->trace = 0.0021;
    if (o->convergence == 0) o->convergence = 0.001;
    VXG_FAIL_IF(!vxg_sh_count(o->order), VXG_ERR_ARGUMENT,
                "response: order %d; an even number from 0 to %d is expected", o->order,
                VXG_SH_MOST);
    return VXG_OK;
}

/* The tensor of an FA and a trace whose second and third eigenvalue are the same. */
static void round_tensor(double fa, double trace, double eigenvalues[3]) {
    const double part = fa / sqrt(3 - 2 * fa * fa);
    eigenvalues[0] = trace / 3 * (1 + 2 * part);
    eigenvalues[1] = eigenvalues[2] = trace / 3 * (1 - part);
}

/* ---- Arrays of the voxels of the list ---- */

/* All volumes of the voxels of the list, here and as an array of their own. */
static int gather(calibration *c, const vxg_array *dwi, int64_t all, const uint32_t *voxels) {
    const int64_t shape[2] = {c->g->n, c->count};
    double *one = vxg__calloc((size_t)all + 1, sizeof *one);
    int status = one ? VXG_OK : VXG_ERR_MEMORY;
    for (int64_t i = 0; i < c->g->n && !status; i++) {
        status = vxg__volume_fetch(c->queue, dwi, i, all, one);
        for (int64_t v = 0; v < c->count && !status; v++)
            c->signals[i * c->count + v] = one[voxels ? (int64_t)voxels[v] : v];
    }
    vxg__free(one);
    const vxg_real real = vxg__arithmetic(dwi->dtype);
    return status ? status
                  : vxg__array_from_doubles(c->dev, real, 2, shape, c->signals, &c->series);
}

static int make_arrays(calibration *c, const vxg_array *dwi, int64_t all, const uint32_t *list) {
    const int64_t n = c->count;
    const int64_t sh[2] = {vxg_sh_count(c->opts.order), n}, three[2] = {6, n}, two[2] = {2, n};
    c->list = vxg__calloc((size_t)n + 1, sizeof *c->list);
    c->signals = vxg__calloc((size_t)(n * c->g->n) + 1, sizeof *c->signals);
    c->peaks = vxg__calloc((size_t)n + 1, 8 * sizeof *c->peaks);
    if (!c->list || !c->signals || !c->peaks) return VXG_ERR_MEMORY;
    for (int64_t v = 0; v < n; v++) c->list[v] = (uint32_t)v;
    c->left = n;
    VXG_TRY(gather(c, dwi, all, list));
    VXG_TRY(vxg_array_new(c->dev, dwi->dtype, 2, sh, &c->sh));
    VXG_TRY(vxg_array_new(c->dev, dwi->dtype, 2, three, &c->directions));
    return vxg_array_new(c->dev, dwi->dtype, 2, two, &c->values);
}

/* ---- One iteration ---- */

/* The two highest peaks of what this response makes of the voxels. */
static int deconvolve(calibration *c, const vxg_response *r) {
    vxg_progress quiet; /* asked, and not told of every fit */
    VXG_TRY(VXG_IN(vxg_progress, &quiet, c->opts.progress));
    quiet.report = NULL;
    const vxg_csd_opts csd = {
        .size = sizeof csd, .order = c->opts.order, .shell = c->shell, .progress = &quiet};
    const vxg_peaks_opts peaks = {.size = sizeof peaks,
                                  .peaks = 2,
                                  .relative_threshold = c->opts.peak_threshold,
                                  .min_separation = 25,
                                  .progress = &quiet};
    const vxg_peaks_maps maps = {.directions = c->directions, .values = c->values};
    vxg_array list = {0};
    int status = vxg_array_new(c->dev, VXG_U32, 1, &c->left, &list);
    if (!status) status = vxg_array_write(c->queue, &list, c->list);
    if (!status) status = vxg_dwi_csd(c->queue, c->g, &c->series, &list, r, &csd, &c->sh);
    if (!status) status = vxg_dwi_peaks(c->queue, &c->sh, &list, c->opts.sphere, &peaks, &maps);
    if (!status) status = vxg__array_fetch(c->queue, &c->values, c->peaks);
    if (!status) status = vxg__array_fetch(c->queue, &c->directions, c->peaks + 2 * c->count);
    vxg_array_release(&list);
    return status;
}

/* Voxels whose second peak is next to nothing beside the first are left. */
static void keep_single(calibration *c) {
    int64_t kept = 0;
    for (int64_t i = 0; i < c->left; i++) {
        const uint32_t v = c->list[i];
        const double first = c->peaks[v], second = c->peaks[c->count + v];
        if (first != 0 && second / first < c->opts.peak_threshold) c->list[kept++] = v;
    }
    c->left = kept;
}

/* Legendre's polynomials of even degree at x, as harmonics of m = 0. */
static void zonal_at(int terms, double x, double *out) {
    double before = 1, now = x;
    out[0] = sqrt(1 / (4 * M_PI));
    for (int l = 2; l < 2 * terms; l++) {
        const double next = ((2 * l - 1) * x * now - (l - 1) * before) / l;
        before = now, now = next;
        if (l % 2 == 0) out[l / 2] = now * sqrt((2 * l + 1) / (4 * M_PI));
    }
}

/* The zonal harmonics that fit a voxel's signals best, along its peak. work: what a fit takes. */
static int fit_voxel(const calibration *c, uint32_t v, double *work, double *zonal) {
    const int64_t n = c->g->shell_count[c->shell];
    double *rows = work, *inverse = work + n * c->terms;
    const double *peak = c->peaks + 2 * c->count + v;
    for (int64_t i = 0, k = 0; i < c->g->n; i++) {
        if (c->g->shell[i] != c->shell) continue;
        const double *d = c->g->directions + 3 * i;
        const double x = d[0] * peak[0] + d[1] * peak[c->count] + d[2] * peak[2 * c->count];
        zonal_at(c->terms, x, rows + k++ * c->terms);
    }
    VXG_TRY(vxg__pseudo_inverse(n, c->terms, rows, NULL, inverse, "response"));
    for (int64_t i = 0, k = 0; i < c->g->n; i++) {
        if (c->g->shell[i] != c->shell) continue;
        for (int t = 0; t < c->terms; t++)
            zonal[t] += inverse[t * n + k] * c->signals[i * c->count + v];
        k++;
    }
    return VXG_OK;
}

/* The mean of the fits, and of the unweighted signals. */
static int average(const calibration *c, vxg_response *r) {
    const int64_t n = c->g->shell_count[c->shell];
    double *work = vxg__calloc((size_t)(2 * n * c->terms) + 1, sizeof *work), sum[ZONAL] = {0};
    double s0 = 0;
    int status = work ? VXG_OK : VXG_ERR_MEMORY;
    for (int64_t i = 0; i < c->left && !status; i++) {
        status = fit_voxel(c, c->list[i], work, sum);
        for (int64_t k = 0; k < c->g->n; k++)
            if (!c->g->shell[k]) s0 += c->signals[k * c->count + c->list[i]];
    }
    vxg__free(work);
    if (status) return status;
    *r = (vxg_response){.size = sizeof *r,
                        .order = c->opts.order,
                        .b = c->g->shell_b[c->shell],
                        .voxels = c->left,
                        .s0 = s0 / (double)(c->left * c->g->shell_count[0])};
    for (int t = 0; t < c->terms; t++) r->zonal[t] = sum[t] / (double)c->left;
    return VXG_OK;
}

static int iterate(calibration *c, vxg_response *r) {
    double before[ZONAL], eigenvalues[3];
    for (int t = 0; t < ZONAL; t++) before[t] = 1;
    round_tensor(c->opts.fa, c->opts.trace, eigenvalues);
    VXG_TRY(vxg_response_tensor(c->g, c->shell, c->opts.order, eigenvalues, 1, r));
    for (int i = 0; i < c->opts.iterations; i++) {
        int same = 1;
        vxg__report(c->opts.progress, "deconvolutions", i, c->opts.iterations);
        VXG_TRY(deconvolve(c, r));
        keep_single(c);
        VXG_FAIL_IF(!c->left, VXG_ERR_NUMERICAL,
                    "response: no voxel of %lld has a single peak after %d iterations",
                    (long long)c->count, i + 1);
        VXG_TRY(average(c, r));
        for (int t = 0; t < c->terms; t++) {
            same &= fabs((before[t] - r->zonal[t]) / before[t]) < c->opts.convergence;
            before[t] = r->zonal[t];
        }
        if (same) break;
    }
    vxg__report(c->opts.progress, "deconvolutions", c->opts.iterations, c->opts.iterations);
    return VXG_OK;
}

int vxg_response_recursive(vxg_queue *queue, const vxg_gradients *g, const vxg_array *dwi,
                           const vxg_array *voxels, const vxg_recursive_opts *given,
                           vxg_response *out) {
    calibration c = {.g = g, .queue = queue};
    vxg__voxels v;
    VXG_TRY(vxg__gradients_check(g, "response"));
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "response: out is NULL");
    VXG_TRY(VXG_FIXED(vxg_response, out));
    VXG_TRY(take_options(&c.opts, given));
    VXG_TRY(vxg__voxels_begin(&v, queue, dwi, voxels, "response"));
    VXG_FAIL_IF(v.volumes != g->n, VXG_ERR_ARGUMENT, "response: %lld volumes and a table of %lld",
                (long long)v.volumes, (long long)g->n);
    VXG_FAIL_IF(!g->shell_count[0], VXG_ERR_INPUT, "response: there is no unweighted volume");
    VXG_FAIL_IF(c.opts.shell == 0 && g->nshells > 2, VXG_ERR_ARGUMENT,
                "response: the table has %d shells; say which is meant", g->nshells - 1);
    c.shell = c.opts.shell ? c.opts.shell : 1;
    VXG_FAIL_IF(c.shell < 1 || c.shell >= g->nshells, VXG_ERR_ARGUMENT, "response: shell %d of %d",
                c.shell, g->nshells - 1);
    VXG_FAIL_IF(!v.count, VXG_ERR_INPUT, "response: there is no voxel");
    c.dev = v.dev, c.count = v.count, c.terms = c.opts.order / 2 + 1;
    uint32_t *list = vxg__calloc((size_t)v.count + 1, sizeof *list);
    vxg_response found = {0};
    int status = list ? VXG_OK : VXG_ERR_MEMORY;
    if (!status && voxels) status = vxg_array_read(queue, voxels, list);
    if (!status) status = make_arrays(&c, dwi, v.all, voxels ? list : NULL);
    if (!status) status = iterate(&c, &found);
    if (!status) *out = found;
    vxg_array *const all[] = {&c.series, &c.sh, &c.directions, &c.values};
    for (int i = 0; i < 4; i++) vxg_array_release(all[i]);
    vxg__free(list), vxg__free(c.list), vxg__free(c.signals), vxg__free(c.peaks);
    return status;
}
