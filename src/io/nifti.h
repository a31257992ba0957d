/* NIfTI headers of both versions: fields of their bytes, for reading and for writing. */
#ifndef VXG_IO_NIFTI_H
#define VXG_IO_NIFTI_H

#include "io/grid.h"

enum { VXG__NIFTI_1 = 348, VXG__NIFTI_2 = 540 }; /* bytes of a header, which it begins with */

typedef struct vxg__nifti {
    int bytes, big; /* VXG__NIFTI_1 or _2; the byte order */
    int pair;       /* the elements are in a file of their own */
    double dim[8], pixdim[8];
    double datatype, bitpix, vox_offset, slope, inter, cal_max, cal_min, units, intent, qform,
        sform, quatern[3], qoffset[3], srow[12];
    char descrip[81], intent_name[17];
} vxg__nifti;

/* What n first bytes of a file begin with: VXG__NIFTI_1 or _2, and the byte order; 0: neither. */
int vxg__nifti_begins(const uint8_t *head, size_t n, int *big);
/* Whether the header's magic is one; *pair as in the struct. */
int vxg__nifti_magic(const uint8_t *head, int bytes, int *pair);
void vxg__nifti_get(const uint8_t *head, vxg__nifti *h);       /* bytes and big are set */
void vxg__nifti_put(const vxg__nifti *h, uint8_t *head);       /* head is zero */
const char *vxg__nifti_type(int datatype, vxg_dtype *dtype);   /* NULL: *dtype; else its name */
int vxg__nifti_code(vxg_dtype dtype);                          /* 0: none */
void vxg__nifti_sform(const vxg__nifti *h, double affine[12]); /* in the header's unit */
/* The affine of the quaternion; 0: there is none that makes sense. */
int vxg__nifti_qform(const vxg__nifti *h, int ndim, double affine[12]);
/* The quaternion of an affine, if it is rotation, steps > 0 and perhaps the third axis turned
 * round; else 0. Sets quatern, qoffset and pixdim[0]. */
int vxg__nifti_turn(vxg__nifti *h, const double affine[12]);

/* Words of xyzt_units: of length and of what the fourth axis counts. */
const char *vxg__nifti_length(int units);
const char *vxg__nifti_time(int units);
int vxg__nifti_unit(const char *word, int fourth); /* -1: there is no such unit */

#endif
