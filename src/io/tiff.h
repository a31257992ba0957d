/* TIFF files that are open for reading (tiff_read.c), as stacks and slices of a folder read them by
 * blocks (tiff_stack.c, tiff_slices.c). */
#ifndef VXG_IO_TIFF_H
#define VXG_IO_TIFF_H

#include "io/io.h"

typedef struct vxg__tiff vxg__tiff;
/* VXG_ERR_INPUT: no TIFF file of strips of one sample, pages that differ, more pixels than the file
 * can hold. */
int vxg__tiff_open(const char *path, vxg__tiff **out);
void vxg__tiff_close(vxg__tiff *t); /* NULL is fine */

typedef struct vxg__tiff_facts {
    vxg_dtype dtype;
    int64_t pages, ny, nx;
    int64_t strip;   /* rows that are unpacked together; 1: any */
    double voxel[3]; /* z, y, x; 0: unknown */
    char unit[16];
    vxg_file_id id;
} vxg__tiff_facts;
void vxg__tiff_describe(vxg__tiff *t, vxg__tiff_facts *f);
/* Rows and columns of one page that lie inside it, as dtype: the file's own, float32 or float64. */
int vxg__tiff_box(vxg__tiff *t, int64_t page, const int64_t start[2], const int64_t count[2],
                  vxg_dtype dtype, void *dst);
int vxg__tiff_unchanged(const vxg__tiff *t); /* since it was opened */

/* The rows' functions. A stack is (page, row, column), also with one page. */
int vxg__tiff_stack_open(const char *path, const vxg_block_opts *opts, vxg_block_reader **out);
int vxg__tiff_sniff(const uint8_t *head, size_t n);
int vxg__tiff_slices_open(const char *path, const vxg_block_opts *opts, vxg_block_reader **out);
int vxg__tiff_slices_sniff(const char *path);
/* What both have in common: info of `pages` pages, and what a block costs. */
void vxg__tiff_info(const vxg__tiff_facts *f, int64_t pages, vxg_block_reader *r);
int vxg__tiff_cost(vxg_block_reader *self, const int64_t *start, const int64_t *count,
                   vxg_block_cost *out);

#endif
