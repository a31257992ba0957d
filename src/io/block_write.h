/* Files that are "a header, then the elements in C order": boxes of whole slices along the first
 * axis go to their place in any order. Room is reserved when the file is opened; it gets its name
 * when it is finished. */
#ifndef VXG_IO_BLOCK_WRITE_H
#define VXG_IO_BLOCK_WRITE_H

#include "io/io.h"

/* Writes everything but the elements into the file that is open; *offset: where they start. */
typedef int vxg__block_header(const vxg__output *out, const char *path, const vxg_block_info *info,
                              int64_t *offset);
/* packed: the whole file is packed by gzip when it is finished. */
int vxg__block_writer_open(const char *path, const vxg_block_create_opts *opts, int packed,
                           vxg__block_header *header, vxg_block_writer **out);
int64_t vxg__block_bytes(const vxg_block_info *info); /* of all elements */

/* The formats' rows. */
int vxg__npy_block_create(const char *path, const vxg_block_create_opts *o, vxg_block_writer **out);
int vxg__h5_block_create(const char *path, const vxg_block_create_opts *o, vxg_block_writer **out);
int vxg__tiff_block_create(const char *path, const vxg_block_create_opts *o,
                           vxg_block_writer **out);

#endif
