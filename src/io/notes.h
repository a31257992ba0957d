/* What a file says of its axes beside their sizes, as names and texts: attributes of an HDF5
 * dataset, lines behind the elements of an NPY file.
 *
 *   axes "z:y:x"; voxel_size, a number an axis, 0: unknown; voxel_unit of all of them ("pixel":
 *   none) or axis_units "s:mm:mm"; affine, 12 numbers, and affine_unit; slope and intercept. */
#ifndef VXG_IO_NOTES_H
#define VXG_IO_NOTES_H

#include "io/io.h"

/* Whether the options' info is one that can be written: steps that are lengths, names without ":",
 * finite numbers, complete attributes. */
int vxg__notes_check(const char *path, const vxg_block_info *info);
/* Whether there is anything to say. */
int vxg__notes_any(const vxg_block_info *info);

typedef struct vxg__notes_out {
    int (*text)(void *context, const char *name, const char *text);
    int (*numbers)(void *context, const char *name, const double *x, int n);
    void *context;
} vxg__notes_out;
int vxg__notes_write(const vxg_block_info *info, const vxg__notes_out *out);

/* Finds the text of a name, numbers with spaces between them; "": there is none. */
typedef int vxg__notes_get(void *context, const char *name, char *out, size_t size);
/* Names, steps, units, affine and slope into info, whose axes have their counts. What makes no
 * sense is left unknown. */
int vxg__notes_read(vxg_block_info *info, vxg__notes_get *get, void *context);

/* The attributes as lines "name=text"; control characters would break the readers' line by line
 * parsing. vxg__free *out. */
int vxg__notes_lines(const vxg_attribute *attributes, int n, char **out);

#endif
