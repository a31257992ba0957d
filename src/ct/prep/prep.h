/* Corrections of projections, for part of a scan. */
#ifndef VXG_CT_PREP_H
#define VXG_CT_PREP_H

#include <voxgrad/ct.h>

#include "base/base.h"

/* vxg_ct_normalize of part of a scan: arguments are right, and all pixels may be dead. Pixels
 * [skip0, skip1) of a view are corrected but not counted. A NaN floor makes bad values and those of
 * dead pixels NaN, for vxg__ct_repair. Returns 1 when any value was bad, counted or not. */
int vxg__ct_normalize(float *data, int64_t nviews, int64_t n, const float *flat, const float *dark,
                      double floor, int64_t skip0, int64_t skip1, vxg_ct_bad_counts *counts);
int vxg__ct_all_dead(void); /* the error of a scan whose pixels are all dead */

/* ---- Bad values of projections (nviews, nv, nu), marked by NaN (repair.c) ---- */
/* Infinite values become NaN; returns 1 when there is any. Values of pixels [skip0, skip1) of a
 * view are not counted in *nonfinite. */
int vxg__ct_mark(float *data, int64_t nviews, int64_t n, int64_t skip0, int64_t skip1,
                 int64_t *nonfinite);
/* Interpolates within each row of the detector: along the row, or where the row of a view holds no
 * good value from the views before and after. bad[r] becomes the number of NaN of row r, negative
 * when the row has no good value in any view and was left alone. */
void vxg__ct_repair(float *data, int64_t nviews, int64_t nv, int64_t nu, int64_t *bad);
/* Rows without good values (bad[r] < 0) between good ones, up to VXG__CT_REPAIRED_ROWS neighbours,
 * are interpolated, which makes bad[r] positive; others become 0. The source gives corrected rows
 * that are not held: row r, counted from the first that is held, into (nviews, nu); *good: 0 it
 * holds no good value, -1 there is no such row. NULL: there are no more rows. */
#define VXG__CT_REPAIRED_ROWS 4
typedef int (*vxg__row_source)(void *context, int64_t r, float *row, int *good);
int vxg__ct_repair_rows(float *data, int64_t nviews, int64_t nv, int64_t nu, int64_t *bad,
                        vxg__row_source source, void *context);
/* The place of the first value that is not a number, -1: there is none. */
int64_t vxg__ct_first_nonfinite(const float *x, int64_t n);

/* vxg_ct_ring_sort of a sinogram whose views lie `pitch` apart. */
int vxg__ct_ring_sort(float *sinogram, int64_t nviews, int64_t nu, int64_t pitch, int size);
#endif
