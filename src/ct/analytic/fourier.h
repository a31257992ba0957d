/* What the pipeline knows of Fourier reconstruction beside the operator. */
#ifndef VXG_CT_ANALYTIC_FOURIER_H
#define VXG_CT_ANALYTIC_FOURIER_H

#include <voxgrad/ct.h>

/* Whether a scan of these sizes is reconstructed so where nobody chooses: it is faster and its
 * memory is bounded. A rule about sizes alone, so that no bit depends on time, memory or how many
 * slices there are. side: voxels along x and y. */
int vxg__fourier_pays(const vxg_device *dev, int64_t nviews, int64_t columns, int64_t side);
/* Bytes of the operator's tables, those of the device and those of the host. */
int64_t vxg__fourier_table_bytes(int64_t nviews, int64_t columns, int64_t side);
#endif
