/* A scan that is open: what scan.c finds out and scan_read.c reads. */
#ifndef VXG_IO_SCAN_H
#define VXG_IO_SCAN_H

#include "io/h5_block.h"

/* The frames of one kind: frame i is frame map[i] of the dataset, or i itself without a map. A
 * dataset of rank 2 is one frame. */
typedef struct vxg__frames {
    vxg_block_reader *data; /* NULL: none */
    const char *name;
    int64_t n;
    int64_t *map;
    int rowless; /* (view, column): one detector row */
    /* of prepare: a file of floats (frame, row, column of [scratch_c0, scratch_c1)) */
    int prepared, scratch;
    int64_t scratch_c0, scratch_c1;
} vxg__frames;

typedef struct vxg__scan {
    vxg_scan_reader reader;
    vxg__h5_session *file;
    double *theta;
    char unit[16], pixel_odd[64], angle_odd[48];
    char title[1024];     /* "a.h5: exchange/data", for messages */
    char names[3][256];   /* paths in the file of the frames' datasets */
    vxg_scan_file *files; /* of the last call that asked for them */
    char *file_names;
    vxg_block_reader *sets[3]; /* by vxg_frame_kind; NXtomo: one for all kinds */
    vxg__frames kinds[3];
} vxg__scan;

/* "a.h5: exchange/data", for messages; valid until the next call. */
const char *vxg__scan_title(vxg__scan *s, const char *name);
void vxg__scan_reader_functions(vxg__scan *s);
void vxg__scan_free(vxg__scan *s);

#endif
