/* Writing TRX: the parts while streamlines come, and what becomes of them. */
#ifndef VXG_IO_TRX_WRITE_H
#define VXG_IO_TRX_WRITE_H

#include "io/trx.h"

/* An array: in a scratch file, or in a file of a folder. */
typedef struct vxg__trx_part {
    char *name; /* of the member */
    int scratch;
    vxg__output out;
    vxg__sink sink;
} vxg__trx_part;

enum { VXG__TRX_POSITIONS, VXG__TRX_OFFSETS, VXG__TRX_COLUMNS }; /* parts; columns follow */

typedef struct vxg__trx_out {
    vxg_tract_writer base;
    char *path;
    int folder, force, broken, offset_bits;
    vxg__output out;        /* the zip file; of a folder header.json */
    vxg_outputs *set, *own; /* of a folder */
    vxg__trx_part *parts;
    int nparts;
    int64_t lines, points;
    uint32_t narrow; /* checksum of the offsets as 32-bit numbers */
} vxg__trx_out;

/* Puts the parts together and hands the outputs to their set. */
int vxg__trx_assemble(vxg__trx_out *t);
/* A folder that is there already: its arrays go when the new ones come, or are in the way. */
int vxg__trx_look_at_old(const vxg__trx_out *t);
int vxg__trx_check_attributes(const char *path, const vxg_tract_info *info);

#endif
