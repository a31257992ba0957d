/* What the converters of scan geometry share. */
#ifndef VXG_CT_GEOMETRY_CONVERT_H
#define VXG_CT_GEOMETRY_CONVERT_H

#include "ct/geometry/tools.h"

/* A copy that ends with a zero byte. vxg__free it. */
int vxg__ct_text_copy(const char *text, size_t n, const char *what, char **out);
/* `in` with its zeros filled in; refused with `what` where it is rotated. */
int vxg__ct_straight_volume(const vxg_ct_volume *in, const char *what, vxg_ct_volume *out);
/* All numbers of a text, comments (#) and separators left out. vxg__free them. */
int vxg__ct_numbers(const char *text, const char *what, double **out, int64_t *count);
int vxg__ct_detector_size(const vxg_ct_detector_size *size, const char *what);
int vxg__ct_text_done(vxg_text *t, char **out); /* the text, or VXG_ERR_MEMORY */
#endif
