/* Scan to volume for any geometry: the volume is cut into slabs of slices, each is made from the
 * band of detector rows its rays meet. The cut follows from geometry and volume alone, so no bit
 * depends on memory or threads. */
#include "ct/pipeline/pipeline.h"

#include <math.h>
#include <string.h>

#define SLAB_BYTES ((int64_t)256 << 20) /* a band of projections is wanted below this */
#define SLAB_MOST 64
#define SLAB_LEAST 8

/* The scan's geometry with rows [r0, r1) alone. */
static int band_geometry(const vxg_ct_geometry *geo, int64_t r0, int64_t r1,
                         vxg_ct_geometry **out) {
    const int64_t n = vxg_ct_geometry_nviews(geo), nv = vxg_ct_geometry_nv(geo);
    const double shift = 0.5 * (double)(r0 + r1 - nv);
    vxg_ct_view *views = vxg__calloc((size_t)n, sizeof *views);
    *out = NULL;
    if (!views) return VXG_ERR_MEMORY;
    const int curved = vxg_ct_geometry_detector(geo) == VXG_CT_DETECTOR_CURVED;
    for (int64_t i = 0; i < n; i++) {
        views[i] = *vxg_ct_geometry_view(geo, i);
        for (int k = 0; k < 3 && !curved; k++) views[i].d[k] += shift * views[i].V[k];
    }
    vxg_ct_views o = {.beam = vxg_ct_geometry_beam(geo),
                      .detector = vxg_ct_geometry_detector(geo),
                      .nviews = n,
                      .nv = curved ? nv : r1 - r0,
                      .nu = vxg_ct_geometry_nu(geo),
                      .column_offset = vxg_ct_geometry_column_offset(geo),
                      .views = views};
    int status = vxg_ct_geometry_new(&o, out);
    vxg__free(views);
    return status;
}

/* Slices [z0, z1) of a volume. */
static vxg_ct_volume slab_volume(const vxg_ct_volume *vol, int64_t z0, int64_t z1) {
    vxg_ct_volume s = *vol;
    const double shift = 0.5 * (double)(z0 + z1 - vol->nz) * vol->dz;
    for (int k = 0; k < 3; k++) s.center[k] += vol->rotation[3 * k + 2] * shift;
    s.nz = z1 - z0;
    return s;
}

/* Row a world point falls on, NaN behind the source. */
static double row_of(const vxg_ct_geometry *geo, const vxg_ct_view *v, const double *p) {
    double n[3], ray[3], to[3], un[3];
    const int cone = vxg_ct_geometry_beam(geo) == VXG_CT_BEAM_CONE;
    vxg__cross3(v->U, v->V, n);
    for (int k = 0; k < 3; k++) ray[k] = cone ? p[k] - v->s[k] : v->r[k];
    const double *from = cone ? v->s : p;
    for (int k = 0; k < 3; k++) to[k] = v->d[k] - from[k];
    const double t = vxg__dot3(n, to) / vxg__dot3(n, ray);
    if (!isfinite(t) || (cone && !(t > 0))) return NAN;
    for (int k = 0; k < 3; k++) to[k] = from[k] + t * ray[k] - v->d[k];
    vxg__cross3(n, v->U, un); /* in the detector, at right angles to U */
    return vxg__dot3(to, un) / vxg__dot3(v->V, un) + 0.5 * (double)(vxg_ct_geometry_nv(geo) - 1);
}

/* Rows the slab's corners fall on: its convex hull falls between them. */
static void slab_rows(const vxg_ct_geometry *geo, const vxg_ct_volume *slab, int64_t *r0,
                      int64_t *r1) {
    const int64_t nv = vxg_ct_geometry_nv(geo);
    double lo = INFINITY, hi = -INFINITY;
    *r0 = 0, *r1 = nv;
    if (vxg_ct_geometry_detector(geo) == VXG_CT_DETECTOR_CURVED) return;
    for (int64_t i = 0; i < vxg_ct_geometry_nviews(geo); i++)
        for (int corner = 0; corner < 8; corner++) {
            const double half[3] = {(corner & 1 ? 0.5 : -0.5) * (double)slab->nx * slab->dx,
                                    (corner & 2 ? 0.5 : -0.5) * (double)slab->ny * slab->dy,
                                    (corner & 4 ? 0.5 : -0.5) * (double)slab->nz * slab->dz};
            double p[3];
            for (int k = 0; k < 3; k++)
                p[k] = slab->center[k] + vxg__dot3(slab->rotation + 3 * k, half);
            const double row = row_of(geo, vxg_ct_geometry_view(geo, i), p);
            if (isnan(row)) return; /* the source lies within: all rows */
            lo = row < lo ? row : lo, hi = row > hi ? row : hi;
        }
    /* interpolation reaches one row beyond */
    lo = floor(lo) - 1, hi = ceil(hi) + 2;
    *r0 = lo < 0 ? 0 : lo > (double)(nv - 1) ? nv - 1 : (int64_t)lo;
    *r1 = hi > (double)nv ? nv : hi < (double)(*r0 + 1) ? *r0 + 1 : (int64_t)hi;
}

static int64_t slab_cut(vxg__slab_plan *p, int64_t slices) {
    int64_t most = 0;
    p->nslabs = (p->vol.nz + slices - 1) / slices;
    for (int64_t i = 0; i < p->nslabs; i++) {
        vxg__slab *s = &p->slabs[i];
        s->z0 = i * slices, s->z1 = s->z0 + slices < p->vol.nz ? s->z0 + slices : p->vol.nz;
        const vxg_ct_volume slab = slab_volume(&p->vol, s->z0, s->z1);
        slab_rows(p->geo, &slab, &s->r0, &s->r1);
        most = s->r1 - s->r0 > most ? s->r1 - s->r0 : most;
    }
    return most;
}

/* Two bands, two slabs and the operator's own copy of the band. */
static int64_t plan_bytes(const vxg__slab_plan *p, int64_t slices, int64_t rows) {
    return 4 * (3 * vxg_ct_geometry_nviews(p->geo) * rows * vxg_ct_geometry_nu(p->geo) +
                2 * slices * p->vol.ny * p->vol.nx);
}

static int make_plan(vxg__slab_plan *p, int64_t max_memory, int64_t *slices, int64_t *bytes) {
    const int64_t view = 4 * vxg_ct_geometry_nviews(p->geo) * vxg_ct_geometry_nu(p->geo);
    int64_t rows = 0;
    p->slabs = vxg__calloc((size_t)((p->vol.nz + SLAB_LEAST - 1) / SLAB_LEAST), sizeof *p->slabs);
    if (!p->slabs) return VXG_ERR_MEMORY;
    for (*slices = SLAB_MOST; *slices >= SLAB_LEAST; *slices /= 2) {
        rows = slab_cut(p, *slices);
        if (rows <= SLAB_BYTES / view || *slices == SLAB_LEAST) break;
    }
    *bytes = plan_bytes(p, *slices, rows);
    VXG_FAIL_IF(max_memory > 0 && *bytes > max_memory, VXG_ERR_MEMORY,
                "this geometry needs %lld MB at once: %lld slices come from %lld rows of %lld "
                "projections (--max-memory allows %lld MB)",
                (long long)(*bytes / 1000000), (long long)*slices, (long long)rows,
                (long long)vxg_ct_geometry_nviews(p->geo), (long long)(max_memory / 1000000));
    return VXG_OK;
}

int vxg__slab_operator(vxg_device *dev, const vxg__slab_plan *plan, int64_t i,
                       const vxg_ct_recon_opts *opts, vxg_op **out) {
    const vxg__slab s = plan->slabs[i];
    const vxg_ct_volume vol = slab_volume(&plan->vol, s.z0, s.z1);
    /* weights are those of the whole scan, whatever rows the slab sees */
    const vxg_ct_fdk_opts cone = {
        .window = opts->window, .cutoff = opts->cutoff, .whole = plan->geo};
    const vxg_ct_fbp_opts parallel = {
        .window = opts->window, .cutoff = opts->cutoff, .whole = plan->geo};
    vxg_ct_geometry *geo;
    *out = NULL;
    VXG_TRY(band_geometry(plan->geo, s.r0, s.r1, &geo));
    int status = vxg_ct_geometry_beam(geo) == VXG_CT_BEAM_PARALLEL
                     ? vxg_ct_fbp(dev, geo, &vol, &parallel, out)
                     : vxg_ct_fdk(dev, geo, &vol, &cone, out);
    vxg_ct_geometry_release(geo);
    return status;
}

static int check_fit(const vxg_scan_reader *scan, const vxg_ct_recon_opts *opts,
                     const vxg_ct_geometry *geo) {
    const int64_t views = opts->view_end ? opts->view_end - opts->view_begin : scan->nviews;
    const int64_t cols = opts->col_end ? opts->col_end - opts->col_begin : scan->ncols;
    const int64_t has[] = {vxg_ct_geometry_nviews(geo), vxg_ct_geometry_nv(geo),
                           vxg_ct_geometry_nu(geo)};
    const int64_t want[] = {views, scan->nrows, cols};
    static const char *const names[] = {"projections", "rows", "columns"};
    for (int i = 0; i < 3; i++)
        VXG_FAIL_IF(has[i] != want[i], VXG_ERR_INPUT, "the geometry has %lld %s, %s has %lld",
                    (long long)has[i], names[i], scan->path, (long long)want[i]);
    return VXG_OK;
}

int vxg_ct_reconstruct_views(vxg_device *dev, vxg_scan_reader *scan, const vxg_ct_geometry *geo,
                             const vxg_ct_volume *vol, const vxg_ct_recon_opts *opts,
                             vxg_volume_writer *writer, vxg_ct_recon_stats *stats) {
    vxg__slab_plan plan = {.geo = geo};
    VXG_TRY(vxg__pipeline_arguments(dev, scan, opts, writer));
    VXG_READ(vxg_ct_recon_opts, opts);
    if (stats) VXG_TRY(VXG_OUT_CHECK(vxg_ct_recon_stats, stats));
    vxg_ct_recon_opts o = *opts;
    vxg_ct_recon_stats found;
    int64_t slices = 0, bytes = 0;
    VXG_FAIL_IF(!geo, VXG_ERR_ARGUMENT, "reconstruct: geometry is NULL");
    VXG_TRY(vxg__ct_volume_check(vol, &plan.vol));
    VXG_TRY(check_fit(scan, opts, geo));
    o.row_begin = o.row_end = 0; /* bands are chosen here */
    int status = make_plan(&plan, opts->max_memory, &slices, &bytes);
    if (!status) status = vxg__reconstruct_slabs(dev, scan, &plan, &o, writer, &found);
    if (!status && stats) {
        found.chunk = slices, found.peak_bytes = bytes;
        status = VXG_OUT(vxg_ct_recon_stats, stats, &found);
    }
    vxg__free(plan.slabs);
    return status;
}
