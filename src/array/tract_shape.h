/* What functions on batches of streamlines check first. */
#ifndef VXG_ARRAY_TRACT_SHAPE_H
#define VXG_ARRAY_TRACT_SHAPE_H

#include <voxgrad/tracts.h>

#include "base/base.h"

/* Offsets that rise from 0, positions of float32 or float64 that are there. */
int vxg__batch_check(const vxg_tract_batch *b);

#endif
