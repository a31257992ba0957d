/* Responses: the signal of one fibre, of a tensor or of the voxels that look most like one. */
#include "array/launch.h"
#include "dwi/dwi.h"

#include <math.h>
#include <string.h>

/* S = s0 exp(-b g' D g), D of cylindrical form along z: eigenvalues[0] along z, [1] along y, [2]
 * along x. */
static double signal_of(double b, const double *g, const double *eigenvalues, double s0) {
    return s0 * exp(-b * (eigenvalues[0] * g[2] * g[2] + eigenvalues[1] * g[1] * g[1] +
                          eigenvalues[2] * g[0] * g[0]));
}

int vxg_response_tensor(const vxg_gradients *g, int shell, int order, const double eigenvalues[3],
                        double s0, vxg_response *out) {
    VXG_TRY(vxg__gradients_check(g, "response"));
    VXG_FAIL_IF(!eigenvalues || !out, VXG_ERR_ARGUMENT, "response: eigenvalues or out is NULL");
    VXG_TRY(VXG_FIXED(vxg_response, out));
    const int64_t terms = vxg_sh_count(order);
    VXG_FAIL_IF(!terms, VXG_ERR_ARGUMENT,
                "response: order %d; an even number from 0 to %d is expected", order, VXG_SH_MOST);
    VXG_FAIL_IF(shell == 0 && g->nshells > 2, VXG_ERR_ARGUMENT,
                "response: the table has %d shells; say which is meant", g->nshells - 1);
    if (shell == 0) shell = 1;
    VXG_FAIL_IF(shell < 1 || shell >= g->nshells, VXG_ERR_ARGUMENT, "response: shell %d of %d",
                shell, g->nshells - 1);
    VXG_FAIL_IF(!(s0 > 0) || !isfinite(s0), VXG_ERR_ARGUMENT, "response: s0 is %g", s0);
    for (int i = 0; i < 3; i++)
        VXG_FAIL_IF(!(eigenvalues[i] > 0) || eigenvalues[i] > 1, VXG_ERR_ARGUMENT,
                    "response: an eigenvalue is %g mm2/s", eigenvalues[i]);
    const int64_t n = g->shell_count[shell];
    double *d = vxg__calloc((size_t)(n * (4 + 2 * terms)), sizeof *d), *s = d + 3 * n;
    if (!d) return VXG_ERR_MEMORY;
    double *b = s + n, *inverse = b + n * terms;
    for (int64_t i = 0, k = 0; i < g->n; i++)
        if (g->shell[i] == shell) {
            memcpy(d + 3 * k, g->directions + 3 * i, 3 * sizeof *d);
            s[k++] = signal_of(g->b[i], g->directions + 3 * i, eigenvalues, s0);
        }
    int status = vxg_sh_matrix(VXG_SH_TOURNIER07, order, n, d, b);
    if (!status) status = vxg__pseudo_inverse(n, terms, b, NULL, inverse, "response");
    if (!status) {
        *out =
            (vxg_response){.size = sizeof *out, .order = order, .s0 = s0, .b = g->shell_b[shell]};
        memcpy(out->eigenvalues, eigenvalues, sizeof out->eigenvalues);
        for (int l = 0; l <= order; l += 2)
            for (int64_t i = 0; i < n; i++)
                out->zonal[l / 2] += inverse[(l * (l + 1) / 2) * n + i] * s[i];
    }
    vxg__free(d);
    return status;
}

/* ---- From the data ---- */
typedef struct voxel_means {
    double first, second, s0;
    int64_t count;
} voxel_means;

/* values (3, all) and fa (1, all) of the voxels of the list; series: the unweighted signals' mean.
 */
static void average(const double *values, const double *fa, const double *b0, int64_t all,
                    const uint32_t *list, int64_t count, double least, voxel_means *m) {
    for (int64_t i = 0; i < count; i++) {
        const int64_t v = list ? (int64_t)list[i] : i;
        if (!(fa[v] > least)) continue;
        m->first += values[v], m->second += values[all + v], m->s0 += b0[v];
        m->count++;
    }
    if (!m->count) return;
    m->first /= (double)m->count, m->second /= (double)m->count, m->s0 /= (double)m->count;
}

int vxg__array_fetch(vxg_queue *queue, const vxg_array *a, double *out) {
    const int64_t n = vxg_array_count(a);
    if (a->dtype == VXG_F64) return vxg_array_read(queue, a, out);
    float *f = vxg__calloc((size_t)n, sizeof *f);
    if (!f) return VXG_ERR_MEMORY;
    const int status = vxg_array_read(queue, a, f);
    for (int64_t i = 0; i < n && !status; i++) out[i] = (double)f[i];
    vxg__free(f);
    return status;
}

int vxg__volume_fetch(vxg_queue *queue, const vxg_array *dwi, int64_t i, int64_t all, double *out) {
    vxg_array volume = *dwi;
    volume.ndim = 1, volume.shape[0] = all, volume.stride[0] = 1;
    volume.offset = dwi->offset + i * all;
    return vxg__array_fetch(queue, &volume, out);
}

int vxg__mean_unweighted(vxg_queue *queue, const vxg_gradients *g, const vxg_array *dwi,
                         int64_t all, double *one, double *mean) {
    const int64_t n = g ? g->n : dwi->shape[0], count = g ? g->shell_count[0] : n;
    memset(mean, 0, (size_t)all * sizeof *mean);
    for (int64_t i = 0; i < n; i++) {
        if (g && g->shell[i]) continue;
        VXG_TRY(vxg__volume_fetch(queue, dwi, i, all, one));
        for (int64_t v = 0; v < all; v++) mean[v] += one[v] / (double)count;
    }
    return VXG_OK;
}

static int auto_means(vxg_queue *queue, const vxg_gradients *g, const vxg_array *dwi,
                      const vxg_array *voxels, double least, voxel_means *m) {
    vxg__voxels v;
    vxg_tensor_maps maps = {0};
    const vxg_tensor_opts opts = {.iterations = 1};
    VXG_TRY(vxg__voxels_begin(&v, queue, dwi, voxels, "response"));
    const int64_t three[2] = {3, v.all}, one[2] = {1, v.all};
    double *values = vxg__calloc((size_t)v.all + 1, 6 * sizeof *values);
    uint32_t *list = vxg__calloc((size_t)v.count + 1, sizeof *list);
    double *fa = values + 3 * v.all, *b0 = fa + v.all, *work = b0 + v.all;
    int status = values && list ? VXG_OK : VXG_ERR_MEMORY;
    if (!status) status = vxg_array_new(v.dev, dwi->dtype, 2, three, &maps.eigenvalues);
    if (!status) status = vxg_array_new(v.dev, dwi->dtype, 2, one, &maps.fa);
    if (!status) status = vxg_dwi_tensor(queue, g, dwi, voxels, &opts, &maps);
    if (!status) status = vxg__array_fetch(queue, &maps.eigenvalues, values);
    if (!status) status = vxg__array_fetch(queue, &maps.fa, fa);
    if (!status) status = vxg__mean_unweighted(queue, g, dwi, v.all, work, b0);
    if (!status && voxels) status = vxg_array_read(queue, voxels, list);
    if (!status) average(values, fa, b0, v.all, voxels ? list : NULL, v.count, least, m);
    vxg_array_release(&maps.eigenvalues), vxg_array_release(&maps.fa);
    vxg__free(values), vxg__free(list);
    return status;
}

int vxg_response_auto(vxg_queue *queue, const vxg_gradients *g, const vxg_array *dwi,
                      const vxg_array *voxels, int shell, int order, double fa, vxg_response *out) {
    voxel_means m = {0};
    VXG_TRY(vxg__gradients_check(g, "response"));
    VXG_FAIL_IF(!out, VXG_ERR_ARGUMENT, "response: out is NULL");
    VXG_TRY(VXG_FIXED(vxg_response, out));
    VXG_FAIL_IF(!(fa >= 0) || fa >= 1, VXG_ERR_ARGUMENT, "response: the least FA is %g", fa);
    VXG_FAIL_IF(!g->shell_count[0], VXG_ERR_INPUT, "response: there is no unweighted volume");
    VXG_TRY(auto_means(queue, g, dwi, voxels, fa > 0 ? fa : 0.7, &m));
    VXG_FAIL_IF(!m.count, VXG_ERR_NUMERICAL, "response: no voxel has an FA above %g",
                fa > 0 ? fa : 0.7);
    const double eigenvalues[3] = {m.first, m.second, m.second};
    VXG_TRY(vxg_response_tensor(g, shell, order, eigenvalues, m.s0, out));
    out->voxels = m.count;
    return VXG_OK;
}
