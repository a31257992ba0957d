/* Readers of files that are a header and elements in any order of axes (NIfTI, MIF): boxes through
 * steps, attributes, what a box costs. */
#ifndef VXG_IO_GRID_H
#define VXG_IO_GRID_H

#include "io/stream.h"

typedef struct vxg__grid {
    vxg_block_reader base;
    vxg__stream file, other;    /* the header's file; the elements' where that is another */
    int64_t offset;             /* bytes in front of the elements */
    int64_t bytes;              /* of all elements */
    int64_t step[VXG_MAX_DIMS]; /* elements from one to the next along an axis of the block, < 0:
                                   they stand backwards */
    int64_t first;              /* which element has index 0 on all axes */
    int turned, bits; /* the other byte order; 8 elements in a byte, the highest bit first */
    int64_t max_memory;
    vxg_attribute *list;
    int nlist, room;
    void *buffers;
} vxg__grid;

/* A reader whose file is open, all else still to be said. */
int vxg__grid_new(const char *path, const vxg_block_opts *opts, const char *format,
                  vxg__grid **out);
vxg__stream *vxg__grid_data(vxg__grid *g);
/* One more attribute; control characters but ends of lines become words. */
int vxg__grid_attribute(vxg__grid *g, const char *name, const char *text);
/* An axis in the order of files, 0 the fastest, of `ndim`: its place in the block and its name. */
void vxg__grid_axis(vxg__grid *g, int ndim, int fastest, int64_t count, int64_t step);
/* Checks that the elements are in the file. On success the reader is complete. */
int vxg__grid_ready(vxg__grid *g, vxg_block_reader **out);
void vxg__grid_close(vxg__grid *g); /* NULL is fine */

/* Rows of 4 with voxel (0, 0, 0) so that the middle of the first three axes is the origin: where a
 * file says nothing else. 0: a step is unknown. */
int vxg__grid_centred(const vxg_block_info *info, double affine[12]);
/* Whether its 3 x 3 part is finite and can be inverted. */
int vxg__affine_good(const double affine[12]);
/* Millimetres in a unit of length, "" being one; 0: it is none of m, mm, um. */
double vxg__millimetres(const char *unit);
/* Lengths of the columns. */
void vxg__affine_steps(const double affine[12], double step[3]);
const char *vxg__attribute_of(const vxg_block_info *info, const char *name); /* NULL: none */

/* The formats' rows (nifti.c, nifti_write.c, mif.c, mif_write.c). */
int vxg__nifti_sniff(const uint8_t *head, size_t n);
int vxg__nifti_sniff_path(const char *path);
int vxg__nifti_open(const char *path, const vxg_block_opts *opts, vxg_block_reader **out);
int vxg__nifti_create(const char *path, const vxg_block_create_opts *o, vxg_block_writer **out);
int vxg__mif_sniff(const uint8_t *head, size_t n);
int vxg__mif_open(const char *path, const vxg_block_opts *opts, vxg_block_reader **out);
int vxg__mif_create(const char *path, const vxg_block_create_opts *o, vxg_block_writer **out);

#endif
