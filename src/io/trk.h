/* TRK, TrackVis's format: where things stand in its header of 1000 bytes. */
#ifndef VXG_IO_TRK_H
#define VXG_IO_TRK_H

#include "io/tracts.h"

enum {
    VXG__TRK_HEAD = 1000,
    VXG__TRK_DIM = 6,       /* 3 int16 */
    VXG__TRK_VOXEL = 12,    /* 3 float */
    VXG__TRK_NSCALARS = 36, /* int16 */
    VXG__TRK_SCALARS = 38,  /* 10 names of 20 bytes */
    VXG__TRK_NPROPERTIES = 238,
    VXG__TRK_PROPERTIES = 240,
    VXG__TRK_AFFINE = 440, /* vox_to_ras, 16 float; the last is 0 where it is not set */
    VXG__TRK_ORDER = 948,  /* 4 bytes */
    VXG__TRK_COUNT = 988,  /* int32; 0: not known */
    VXG__TRK_VERSION = 992,
    VXG__TRK_HDR_SIZE = 996, /* which tells the byte order */
    VXG__TRK_NAMES = 10,
    VXG__TRK_NAME = 20
};

/* Whether it is three letters of three different axes. */
int vxg__trk_order_good(const char *order);

#endif
