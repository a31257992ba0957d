/* Lists of formats: what rows of files by blocks and rows of streamlines have in common. */
#ifndef VXG_ARRAY_ROWS_H
#define VXG_ARRAY_ROWS_H

#include "base/base.h"

enum { VXG__MOST_ROWS = 64 };

/* What a list looks at of a row. */
typedef struct vxg__row {
    const char *name, *summary, *extensions;
    int (*sniff)(const uint8_t *head, size_t n);
    int (*sniff_path)(const char *path);
    int read, written; /* whether it is */
} vxg__row;

/* The rows as their owner declares them lie in `own`, VXG__MOST_ROWS elements of `size` bytes. */
typedef struct vxg__rows {
    void *own;
    size_t size;
    int count; /* atomic: rows are complete before they count */
    vxg__row row[VXG__MOST_ROWS];
} vxg__rows;

/* Adds a row and copies the owner's. VXG_ERR_ARGUMENT: something is missing, a name that is there,
 * no room. Thread-safe. */
int vxg__rows_add(vxg__rows *rows, const vxg__row *row, const void *own);
int vxg__rows_count(const vxg__rows *rows);
const void *vxg__rows_at(const vxg__rows *rows, int i); /* the owner's; NULL beyond the last */
const void *vxg__rows_find(const vxg__rows *rows, const char *name);
/* The row that reads the file: of that name, or, format NULL, whose sniff knows it best. */
int vxg__rows_open(const vxg__rows *rows, const char *path, const char *format, const void **own);
/* The row that writes it: of that name, or, format NULL, of the ending of path. */
int vxg__rows_create(const vxg__rows *rows, const char *path, const char *format, const void **own);

#endif
