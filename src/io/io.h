/* Private side of io: outputs that appear whole or not at all, and the formats behind io.h. */
#ifndef VXG_IO_PRIVATE_H
#define VXG_IO_PRIVATE_H

#include <voxgrad/io.h>
#include "base/base.h"

#include <stdint.h>

/* The folder of an output. Missing ones are made, and removed again when the output is abandoned.
 */
typedef struct vxg__folder {
    char *name; /* "." when the path has no folder */
    int made;   /* how many of its last components were made */
} vxg__folder;
int vxg__folder_make(const char *path, vxg__folder *f);
void vxg__folder_undo(vxg__folder *f); /* removes what was made, if empty, and frees */
void vxg__folder_keep(vxg__folder *f); /* frees */

/* A file written under a temporary name. A path that is a device or pipe is written directly. */
typedef struct vxg__output {
    char *path, *temp; /* final and temporary name; temp NULL: written directly */
    vxg__folder folder;
    int fd, force;
    vxg_outputs *set; /* that renames it; NULL: commit does */
} vxg__output;
/* VXG_ERR_OUTPUT when the path exists without force or cannot be made. */
int vxg__output_open(const char *path, int force, vxg_outputs *set, vxg__output *out);
/* Closes and renames, or hands the closed file to its set; abandons on failure; frees. */
int vxg__output_commit(vxg__output *out);
void vxg__output_abandon(vxg__output *out);
/* outputs.c: the set takes what out holds, whose file is closed, and empties it. */
int vxg__outputs_add(vxg_outputs *set, vxg__output *out);
/* One more file, whose folder is another's: temp, closed, becomes path; temp NULL: the file at path
 * goes, and is there again when the set fails. */
int vxg__outputs_add_file(vxg_outputs *set, const char *path, const char *temp, int force);
/* Moves a finished temporary file to its name; without force never onto an existing file. */
int vxg__output_rename(const char *temp, const char *path, int force);
/* All bytes or VXG_ERR_OUTPUT with the reason; path is only for the message. offset < 0: append. */
int vxg__write_all(int fd, const void *data, size_t n, int64_t offset, const char *path);
/* Makes sure the disk takes that many bytes, so that a full disk shows before the work is done. */
int vxg__reserve(int fd, int64_t bytes, const char *path);
/* Name for a temporary file beside folder/name; unique in this process. NULL: out of memory. */
char *vxg__temp_name(const char *folder, const char *name);

/* Counts of a shape: 0 and a message when a size is not positive or the product is over 2^40. */
int vxg__count(int ndim, const int64_t *shape, int64_t *count);

/* Headers of uncompressed float formats: the bytes in front of the elements. */
int vxg__npy_header(vxg_text *out, vxg_dtype dtype, int ndim, const int64_t *shape);
typedef struct vxg__tiff_layout {
    int64_t pages, ny, nx;
    const double *voxel; /* z, y, x; 0: unknown */
    const char *unit;
    const char *software; /* the first page's Software tag; NULL: none */
} vxg__tiff_layout;
/* Header and directories; elements of page p follow at *size + p ny nx 4. Classic TIFF when all
 * offsets fit into 32 bits and big is 0. Free *bytes with vxg__free. */
int vxg__tiff_header(const vxg__tiff_layout *layout, int big, uint8_t **bytes, int64_t *size);
/* An HDF5 file at path (truncated) with exchange/data allocated; offset of its elements. */
int vxg__h5_volume_create(const char *path, const vxg_volume_writer_opts *opts, int64_t *offset);

int vxg__tiff_read(const char *path, int64_t file_bytes, float **data, int64_t shape[3]);
int vxg__h5_read(const char *path, float **data, int64_t shape[3]);

/* Drawing (picture.c): coverage 0..1 blends a colour over a pixel; outside pixels are dropped. */
typedef struct vxg__colour {
    uint8_t r, g, b;
} vxg__colour;
void vxg__blend(vxg_picture *p, int64_t x, int64_t y, vxg__colour c, double coverage);
void vxg__fill_rect(vxg_picture *p, int64_t x, int64_t y, int64_t w, int64_t h, vxg__colour c,
                    double alpha);
void vxg__line(vxg_picture *p, double x0, double y0, double x1, double y1, double width,
               vxg__colour c);
/* Text turned by quarter turns counter-clockwise (0 or 1); (x, y) is the upper left corner of the
 * unturned text, or the lower left corner of the turned one. */
void vxg__text_draw(vxg_picture *p, double x, double y, int scale, vxg__colour c, int turned,
                    const char *text);
int64_t vxg__text_width(const char *text, int scale); /* of one line, in pixels */
extern const uint8_t vxg__font[95][7];                /* rows, bit 4 is the left dot */

/* Slice pictures (slices.c): an image with a step between elements in both directions. */
typedef struct vxg__plane {
    const float *data;
    int64_t rows, cols, row_step, col_step;
} vxg__plane;
typedef struct vxg__window {
    float lo, hi;
} vxg__window;
/* Draws the plane into a w x h box at (x, y): box average when smaller, linear when larger. */
int vxg__plane_draw(vxg_picture *p, const vxg__plane *plane, int64_t x, int64_t y, int64_t w,
                    int64_t h, vxg__window window);

#endif
