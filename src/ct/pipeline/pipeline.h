/* What the scan-to-volume pipelines share: the part of a scan, its correction, host memory beside
 * device memory. */
#ifndef VXG_CT_PIPELINE_H
#define VXG_CT_PIPELINE_H

#include <pthread.h>

#include "ct/geometry/geometry.h"
#include "ct/prep/prep.h"

/* The part of a scan that is used, and its angles in radians (owned). */
typedef struct vxg__scan_part {
    int64_t v0, v1, r0, r1, c0, c1, nviews, ncols;
    double *angles;
} vxg__scan_part;
int vxg__scan_plan(const vxg_scan_reader *scan, const vxg_ct_recon_opts *opts, vxg__scan_part *p);

typedef struct vxg__scan_fields { /* mean flat and dark of some rows, (rows, ncols) */
    float *flat, *dark;
} vxg__scan_fields;

/* Reads rows of a scan and makes them line integrals: correct.c. */
typedef struct vxg__corrector {
    vxg_scan_reader *scan;
    const vxg__scan_part *part;
    const vxg_ct_recon_opts *opts;
    pthread_mutex_t *reading; /* held while the scan is read; NULL: one thread does all */
    int64_t ring_lanes;       /* rows whose rings are removed at once */
    int64_t seen0, seen1;     /* detector rows whose values are counted */
    vxg_ct_bad_counts bad;
    int64_t values, repaired, empty_rows;
} vxg__corrector;
/* Values and fields of rows [r0, r1): (nviews, rows, ncols) and (rows, ncols). */
int vxg__correct_read(const vxg__corrector *c, int64_t r0, int64_t r1, float *proj,
                      const vxg__scan_fields *f);
/* Counts of rows [r0, r1) become line integrals, bad values are repaired, rings removed. Each row
 * is counted once, however often it comes. */
int vxg__correct_rows(vxg__corrector *c, int64_t r0, int64_t r1, const vxg__scan_fields *f,
                      float *proj);
/* After all rows: an error when too little of the scan is good. */
int vxg__correct_judge(const vxg__corrector *c);
/* Bytes a row takes while its rings are removed. */
int64_t vxg__ring_bytes(const vxg__scan_part *p);

/* A device array with host memory beside it; on the cpu device they are the same bytes. */
typedef struct vxg__staging {
    vxg_array array;
    float *host, *owned;
} vxg__staging;
int vxg__staging_new(vxg_device *dev, int64_t n, vxg__staging *s);
void vxg__staging_free(vxg__staging *s);
/* The array under a shape of rank 3, borrowed. */
/* What every pipeline refuses of its arguments. */
int vxg__pipeline_arguments(vxg_device *dev, const vxg_scan_reader *scan,
                            const vxg_ct_recon_opts *opts, const vxg_volume_writer *writer);
vxg_array vxg__staging_array(const vxg__staging *s, const int64_t *shape);

/* Slices [z0, z1) of the volume come from detector rows [r0, r1) of the scan. */
typedef struct vxg__slab {
    int64_t r0, r1, z0, z1;
} vxg__slab;

/* How a scan of any geometry is cut: a function of the geometry and the volume alone, so that no
 * bit depends on memory or threads. */
typedef struct vxg__slab_plan {
    const vxg_ct_geometry *geo; /* the used views and columns, all rows of the scan */
    vxg_ct_volume vol;
    vxg__slab *slabs;
    int64_t nslabs;
} vxg__slab_plan;
/* Rows of slab i to its slices, as one operator. */
int vxg__slab_operator(vxg_device *dev, const vxg__slab_plan *plan, int64_t i,
                       const vxg_ct_recon_opts *opts, vxg_op **out);
int vxg__reconstruct_slabs(vxg_device *dev, vxg_scan_reader *scan, const vxg__slab_plan *plan,
                           const vxg_ct_recon_opts *opts, vxg_volume_writer *writer,
                           vxg_ct_recon_stats *stats);

#endif
