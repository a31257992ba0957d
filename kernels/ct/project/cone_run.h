/* Runs of voxels along z, one run per item. */
#ifndef K_CT_CONE_RUN
#define K_CT_CONE_RUN
#include "kernels/ct/project/cone_place.h"

#define CONE_RUN 8 /* VXG_CONE_RUN of src/ct/project/cone_backproject.h */

K_FN void cone_run_store(K_GLOBAL real *vol, K_PRIVATE const real *sum, const int z0, const int nz,
                         const k_long slice, const int accumulate) {
    for (int k = 0; k < CONE_RUN; k++) {
        if (z0 + k >= nz) return;
        K_GLOBAL real *at = vol + k * slice;
        *at = accumulate ? *at + sum[k] : sum[k];
    }
}
#endif
