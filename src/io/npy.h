/* NPY headers and elements, for files read whole (npy.c) and by blocks (npy_block.c). */
#ifndef VXG_IO_NPY_H
#define VXG_IO_NPY_H

#include "io/io.h"

typedef struct vxg__npy_info {
    vxg_dtype dtype;
    int turned; /* the other byte order than this machine's */
    int ndim;
    int64_t shape[VXG_MAX_DIMS], count, offset;
} vxg__npy_info;

int vxg__npy_look(int fd, int64_t file_bytes, const char *path, vxg__npy_info *info);
/* n elements from element `at` on, as float32, float64 or the file's own type;
 * complex ones as such alone. */
int vxg__npy_read_run(int fd, const char *path, const vxg__npy_info *info, int64_t at, int64_t n,
                      vxg_dtype dtype, void *dst);
int vxg__npy_block_open(const char *path, const vxg_block_opts *opts, vxg_block_reader **out);

#endif
