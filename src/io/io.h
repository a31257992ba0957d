/* Private side of io: outputs that appear whole or not at all, and the formats behind io.h. */
#ifndef VXG_IO_PRIVATE_H
#define VXG_IO_PRIVATE_H

#include <voxgrad/io.h>
#include "base/base.h"

#include <stdint.h>
#include <sys/stat.h>

int vxg__io_register_options(void); /* once; options.c */

/* The folder of an output. Missing ones are made, and removed again when the output is abandoned.
 */
typedef struct vxg__folder {
    char *name; /* "." when the path has no folder */
    int made;   /* how many of its last components were made */
} vxg__folder;
int vxg__folder_make(const char *path, vxg__folder *f);
void vxg__folder_undo(vxg__folder *f); /* removes what was made, if empty, and frees */
void vxg__folder_keep(vxg__folder *f); /* frees */

/* A file written under a temporary name. */
typedef struct vxg__output {
    char *path, *temp; /* final (links followed) and temporary name */
    int fd, force;
    vxg_outputs *set, *own; /* own: its set is of this file alone, and committed with it */
    struct stat old;        /* the file it replaces; st_mode 0: none */
} vxg__output;
/* Claims the path unless the set did before. VXG_ERR_OUTPUT when it exists without force, is not a
 * regular file, is one of the set's inputs, is being written by another run or cannot be made. */
int vxg__output_open(const char *path, int force, vxg_outputs *set, vxg__output *out);
/* Brings it to the disk, closes it and hands it to its set; abandons on failure; frees. */
int vxg__output_commit(vxg__output *out);
void vxg__output_abandon(vxg__output *out);
/* A temporary file of that name, for its owner alone when it will replace a file; as open does. */
int vxg__temp_open(const char *temp, int private_file);
/* Gives it the rights of the file it replaces, brings it to the disk, closes it. */
int vxg__output_done(int fd, const struct stat *old, const char *path);
/* outputs.c: the claim on a path, or on a folder/prefix of numbered slices, which is used now. */
typedef struct vxg__claim vxg__claim;
int vxg__outputs_use(vxg_outputs *set, const char *path, int slices, int force, vxg__claim **out);
/* One more file, complete, in the folder of a claim: temp becomes path; temp NULL: the file at path
 * goes, and is there again when the set fails. */
int vxg__outputs_add_file(vxg_outputs *set, const char *path, const char *temp, int force);
/* The text with every byte that is not UTF-8, and every control character (but ends of lines, where
 * lines is set), as \xHH. NULL: out of memory. */
char *vxg__plain_words(const char *text, int lines);
/* The fewest digits that are read as the same number; "nan", "inf". */
enum { VXG__NUMBER = 32 };
void vxg__number_word(double x, char out[VXG__NUMBER]);
/* NNNNN of what follows the prefix in a slice's name, "_NNNNN.tiff"; -1: it is no such name. */
int64_t vxg__slice_number(const char *rest);
/* n bytes from offset on: VXG_ERR_INPUT when the file ends before; path is for the message. */
int vxg__read_exact(int fd, void *data, size_t n, int64_t offset, const char *path);
/* All bytes or VXG_ERR_OUTPUT with the reason; path is only for the message. offset < 0: append. */
int vxg__write_all(int fd, const void *data, size_t n, int64_t offset, const char *path);
/* Makes sure the disk takes that many bytes, so that a full disk shows before the work is done. */
int vxg__reserve(int fd, int64_t bytes, const char *path);
struct stat;
/* One file and, as far as its size and times tell, the same contents. The time of the last change
 * of any kind (st_ctim) is compared too, as nobody can put that one back. */
int vxg__stat_same(const struct stat *a, const struct stat *b);
void vxg__file_id(const struct stat *st, vxg_file_id *out);

/* Counts of a shape: 0 and a message when a size is not positive or the product is over 2^40. */
int vxg__count(int ndim, const int64_t *shape, int64_t *count);

/* Headers of uncompressed formats: the bytes in front of the elements. */
int vxg__npy_header(vxg_text *out, vxg_dtype dtype, int ndim, const int64_t *shape);
typedef struct vxg__tiff_layout {
    vxg_dtype dtype; /* real */
    int64_t pages, ny, nx;
    const double *voxel; /* z, y, x; 0: unknown */
    const char *unit;
    const char *software; /* the first page's Software tag; NULL: none */
} vxg__tiff_layout;
/* Header and directories; elements of page p follow at *size + p times the bytes of a page. Classic
 * TIFF when all offsets fit into 32 bits and big is 0. Free *bytes with vxg__free. */
int vxg__tiff_fits(double size); /* as a pixel size */
int vxg__tiff_header(const vxg__tiff_layout *layout, int big, uint8_t **bytes, int64_t *size);
/* Says in the log that TIFF cannot hold one of the pixel sizes, voxel[1] and voxel[2]. */
void vxg__tiff_tell(const double voxel[3], const char *unit);

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
/* Appends the bytes of a PNG file. */
int vxg__png_text(const vxg_picture *pic, vxg_text *out);

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
