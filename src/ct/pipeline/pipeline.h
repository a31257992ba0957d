/* What the scan-to-volume pipelines share: the part of a scan, its correction, host memory beside
 * device memory. */
#ifndef VXG_CT_PIPELINE_H
#define VXG_CT_PIPELINE_H

#include "ct/ct.h"

/* The part of a scan that is used, and its angles in radians (owned). */
typedef struct vxg__scan_part {
    int64_t v0, v1, r0, r1, c0, c1, nviews, ncols;
    double *angles;
} vxg__scan_part;
int vxg__scan_plan(const vxg_scan_reader *scan, const vxg_ct_recon_opts *opts, vxg__scan_part *p);

typedef struct vxg__scan_fields { /* mean flat and dark of some rows, (rows, ncols) */
    float *flat, *dark;
} vxg__scan_fields;
int vxg__scan_read_fields(vxg_scan_reader *scan, const vxg__scan_part *p, int64_t r0, int64_t r1,
                          vxg__scan_fields *f);
/* proj (p->nviews, rows, ncols) counts become line integrals, rings removed; bad values of rows
 * [skip0, skip1) are not counted. */
int vxg__scan_correct(const vxg__scan_part *p, const vxg_ct_recon_opts *opts, int64_t rows,
                      const vxg__scan_fields *f, int64_t skip0, int64_t skip1, float *proj,
                      vxg_ct_bad_counts *bad);

/* A device array with host memory beside it; on the cpu device they are the same bytes. */
typedef struct vxg__staging {
    vxg_array array;
    float *host, *owned;
} vxg__staging;
int vxg__staging_new(vxg_device *dev, int64_t n, vxg__staging *s);
void vxg__staging_free(vxg__staging *s);
/* The array under a shape of rank 3, borrowed. */
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
                           vxg_ct_bad_counts *bad);

#endif
