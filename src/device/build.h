/* What the backends that compile at run time share. */
#ifndef VXG_BUILD_H
#define VXG_BUILD_H

#include "device/backend.h"

/* A program that did not compile: the whole log and the numbered source go to the log callback, the
 * log's beginning into the message. A user's text is an argument error, the library's own a device
 * error. */
int vxg__build_failed(const char *name, int is_user, const char *compiler, const char *log,
                      const char *source);

/* What a program of the library is known by on its device: the file and the definitions; NULL
 * without memory. */
char *vxg__unit_name(const char *unit, const char *options);

/* Items per group in x, y, z for a launch of single items: powers of two, at most `limit` together
 * and max[axis] each, wide along x because neighbours in x are neighbours in memory. */
void vxg__group_shape(const int64_t global[3], int64_t limit, const int64_t max[3], int64_t out[3]);

#endif
