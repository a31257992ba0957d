/* What the scan-to-volume pipelines share: the part of a scan, host memory beside device memory,
 * how much there may be of it, what is refused. */
#include <math.h>

#include "ct/pipeline/pipeline.h"

/* ---- The part of a scan ---- */
static int range(const char *name, int64_t n, int64_t *begin, int64_t *end) {
    if (*end == 0) *end = n; /* to the last */
    VXG_FAIL_IF(*begin < 0 || *end > n || *begin >= *end, VXG_ERR_ARGUMENT,
                "%s %lld:%lld: the scan has %lld", name, (long long)*begin, (long long)*end,
                (long long)n);
    return VXG_OK;
}

int vxg__scan_plan(const vxg_scan_reader *scan, const vxg_ct_recon_opts *opts, vxg__scan_part *p) {
    *p = (vxg__scan_part){.r0 = opts->row_begin,
                          .r1 = opts->row_end,
                          .v0 = opts->view_begin,
                          .v1 = opts->view_end,
                          .c0 = opts->col_begin,
                          .c1 = opts->col_end};
    VXG_TRY(range("rows", scan->nrows, &p->r0, &p->r1));
    VXG_TRY(range("projections", scan->nviews, &p->v0, &p->v1));
    VXG_TRY(range("columns", scan->ncols, &p->c0, &p->c1));
    VXG_FAIL_IF(!opts->no_minus_log && scan->nflats == 0, VXG_ERR_INPUT,
                "%s: the scan has no flat fields; if the data are line integrals already, say so "
                "(no_minus_log)",
                scan->path);
    p->nviews = p->v1 - p->v0, p->ncols = p->c1 - p->c0;
    p->angles = vxg__calloc((size_t)p->nviews, sizeof *p->angles);
    if (!p->angles) return VXG_ERR_MEMORY;
    for (int64_t i = 0; i < p->nviews; i++)
        p->angles[i] = scan->theta[p->v0 + i] * (M_PI / 180) * (opts->reverse ? -1 : 1);
    return VXG_OK;
}

/* ---- Host memory that is device memory on the cpu ---- */
#define MOST_PINNED ((size_t)256 << 20) /* bytes of one */
int vxg__staging_new(vxg_device *dev, int64_t n, vxg__staging *s) {
    *s = (vxg__staging){0};
    VXG_TRY(vxg_array_new(dev, VXG_F32, 1, &n, &s->array));
    s->host = vxg_buffer_host(s->array.buffer);
    if (s->host) return VXG_OK;
    /* A device copies from pinned memory by itself. It is taken from all programs: of little. */
    const size_t bytes = (size_t)n * sizeof(float);
    if (bytes <= MOST_PINNED && vxg_buffer_new_with(dev, bytes, VXG_BUFFER_PINNED, &s->pinned))
        vxg_error_clear(); /* it has none, or none is left */
    s->owned = vxg_buffer_pinned(s->pinned);
    if (!s->pinned) s->owned = vxg__calloc((size_t)n, sizeof(float));
    if ((s->host = s->owned)) return VXG_OK;
    vxg_array_release(&s->array);
    return VXG_ERR_MEMORY;
}
void vxg__staging_free(vxg__staging *s) {
    vxg_array_release(&s->array);
    if (!s->pinned) vxg__free(s->owned);
    vxg_buffer_release(s->pinned);
    *s = (vxg__staging){0};
}
vxg_array vxg__staging_array(const vxg__staging *s, const int64_t *shape) {
    vxg_array a = s->array; /* borrowed, at most as large */
    a.ndim = 3;
    for (int i = 2; i >= 0; i--) {
        a.shape[i] = shape[i];
        a.stride[i] = i == 2 ? 1 : a.stride[i + 1] * shape[i + 1];
    }
    return a;
}

/* ---- What is refused ---- */
int vxg__check_slices(const float *vol, int64_t z0, int64_t nz, int64_t ny, int64_t nx) {
    const int64_t area = ny * nx, at = vxg__ct_first_nonfinite(vol, nz * area);
    VXG_FAIL_IF(at >= 0, VXG_ERR_NUMERICAL,
                "slice %lld, row %lld, column %lld of the volume is not a finite number: the "
                "projections hold values too large to compute with",
                (long long)(z0 + at / area), (long long)(at % area / nx), (long long)(at % nx));
    return VXG_OK;
}

int64_t vxg__pipeline_room(const vxg_device *dev, int64_t max_memory) {
    const int64_t gib = (int64_t)1 << 30, part = vxg_device_get_info(dev)->memory / 8;
    if (max_memory > 0) return max_memory;
    return part < gib ? gib : part > 16 * gib ? 16 * gib : part;
}

int vxg__pipeline_arguments(vxg_device *dev, const vxg_scan_reader *scan,
                            const vxg_ct_recon_opts *opts, const vxg_volume_writer *writer) {
    vxg_ct_recon_opts o;
    VXG_FAIL_IF(!dev || !scan || !opts || !writer, VXG_ERR_ARGUMENT,
                "reconstruct: device, scan, opts or writer is NULL");
    VXG_TRY(VXG_IN(vxg_ct_recon_opts, &o, opts));
    VXG_TRY(vxg__progress_check(o.progress));
    VXG_FAIL_IF(o.ring_size < 0, VXG_ERR_ARGUMENT, "reconstruct: ring_size is %d columns",
                o.ring_size);
    VXG_FAIL_IF(o.max_memory < 0, VXG_ERR_ARGUMENT, "reconstruct: max_memory is %lld bytes",
                (long long)o.max_memory);
    VXG_FAIL_IF(!scan->read || !scan->theta, VXG_ERR_ARGUMENT,
                "reconstruct: the scan has no read function or no angles");
    VXG_FAIL_IF(!writer->write, VXG_ERR_ARGUMENT, "reconstruct: the writer cannot write");
    return VXG_OK;
}

int vxg__pipeline_all_slices(const vxg_ct_recon_opts *opts) {
    VXG_FAIL_IF(opts->slice_begin || opts->slice_end, VXG_ERR_ARGUMENT,
                "reconstruct: slices are chosen of filtered backprojection with a geometry alone");
    return VXG_OK;
}
