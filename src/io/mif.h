/* MRtrix's image files: words of their headers, for reading and for writing. */
#ifndef VXG_IO_MIF_H
#define VXG_IO_MIF_H

#include "io/grid.h"

enum { VXG__MIF_AXES = 16 }; /* at most, also those of one element */

typedef struct vxg__mif {
    int ndim;
    int64_t dim[VXG__MIF_AXES];
    double vox[VXG__MIF_AXES]; /* NaN: unknown */
    int order[VXG__MIF_AXES];  /* of the layout: 0 the fastest; -1: not said */
    int backwards[VXG__MIF_AXES];
    int rows; /* of the transform */
    double transform[16];
    int typed, turned, bits;
    vxg_dtype dtype;
    int scaled;
    double scaling[2]; /* value = scaling[0] + scaling[1] * element */
    char *file;        /* the elements' file, NULL: not said; "": this one */
    int64_t offset;
} vxg__mif;

/* One line "key: value" of the header into m; *known 0: the key is none of the format's. */
int vxg__mif_line(const char *path, vxg__mif *m, const char *key, const char *value, int *known);
/* MRtrix's word for a type in this machine's byte order; NULL: there is none. */
const char *vxg__mif_type(vxg_dtype dtype);
/* Whether the header has a meaning of its own for the key. */
int vxg__mif_reserved(const char *key);

#endif
