/* HDF5 with its rough edges covered: one lock, silent errors with their reason kept, element types
 * limited to plain numbers. Every function but enter/leave expects the lock to be held. */
#ifndef VXG_IO_H5_H
#define VXG_IO_H5_H

#include "io/io.h"

#ifdef VXG_HAVE_HDF5
#include <hdf5.h>

/* The lock, and HDF5's error printing off until leave. Not recursive. */
typedef struct vxg__h5_guard {
    H5E_auto2_t print;
    void *context;
} vxg__h5_guard;
void vxg__h5_enter(vxg__h5_guard *g);
void vxg__h5_leave(vxg__h5_guard *g);

/* Sets the message and adds HDF5's own innermost reason; to be called right after the failed call.
 */
int vxg__h5_fail(int status, const char *format, ...) VXG_PRINTF(2, 3);

int vxg__h5_open(const char *path, hid_t *file, int64_t *bytes);

/* A dataset of plain numbers with its sizes. */
typedef struct vxg__h5_dataset {
    hid_t id; /* < 0: none */
    int ndim;
    int64_t shape[VXG_MAX_DIMS];
    const char *dtype; /* "uint16"... */
    int64_t bytes;     /* of one element in the file */
} vxg__h5_dataset;
#define VXG__H5_NONE ((vxg__h5_dataset){.id = -1})
int vxg__h5_exists(hid_t where, const char *path); /* every link of the path, checked one by one */
/* Opens where/name and checks rank (0..VXG_MAX_DIMS), element type and that the file can hold it.
 * title is how messages call it: "a.h5: exchange/data". */
int vxg__h5_dataset_open(hid_t where, const char *name, const char *title, int64_t file_bytes,
                         vxg__h5_dataset *out);
void vxg__h5_dataset_close(vxg__h5_dataset *d);
/* Reads a block (all of it with start NULL) as mem_type (H5T_NATIVE_FLOAT...). */
int vxg__h5_dataset_read(const vxg__h5_dataset *d, const char *title, const int64_t *start,
                         const int64_t *count, hid_t mem_type, void *dst);
/* A small dataset whole, as doubles; memory is taken only when the file really holds that many. */
int vxg__h5_read_doubles(hid_t where, const char *name, const char *title, int64_t file_bytes,
                         double **out, int64_t *count);
/* A text attribute; "" when there is none or it is no short text. */
void vxg__h5_text_attribute(hid_t object, const char *name, char *out, size_t size);
/* Writing: a text attribute; the root dataset "implements", by which Data Exchange files say what
 * they hold; a dataset with its elements in one piece, allocated at once so that they can be
 * written at *offset of the file later. */
int vxg__h5_put_text(hid_t object, const char *name, const char *text);
int vxg__h5_put_implements(hid_t file, const char *groups);
int vxg__h5_put_data(hid_t group, const char *name, hid_t type, int ndim, const int64_t *shape,
                     hid_t *id, int64_t *offset);

#endif
#endif
