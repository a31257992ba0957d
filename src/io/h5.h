/* libhdf5 inside this process: one lock, silent errors with their reason kept. It writes here;
 * files are read by the helper (h5/wire.h). Every function but enter/leave expects the lock to be
 * held. */
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

/* IEEE binary16, as numpy and h5py write it; close it. */
hid_t vxg__h5_half(H5T_order_t order);

/* Writing: a text attribute; the root dataset "implements", by which Data Exchange files say what
 * they hold; a dataset with its elements in one piece, allocated at once so that they can be
 * written at *offset of the file later. */
int vxg__h5_put_text(hid_t object, const char *name, const char *text);
int vxg__h5_put_implements(hid_t file, const char *groups);
int vxg__h5_put_data(hid_t group, const char *name, hid_t type, int ndim, const int64_t *shape,
                     hid_t *id, int64_t *offset);

#endif
#endif
