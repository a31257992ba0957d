/* Datasets as the library sees them: what they are, and blocks of them as floats or doubles.
 *
 * Stored chunks are unpacked here, within exact bounds, by several threads at once and beside
 * libhdf5 (decode.c): a chunk that is too short, too long or damaged is an error that names it.
 * Filters that are not known here run in the helper. A virtual dataset is read source by source. */
#ifndef VXG_IO_H5_DATASET_H
#define VXG_IO_H5_DATASET_H

#include "io/h5/session.h"

typedef struct vxg__h5_filter {
    int64_t id, value; /* value: the filter's first parameter */
    int available;     /* to the helper */
    char name[40];
} vxg__h5_filter;
enum { VXG__H5_DEFLATE = 1, VXG__H5_SHUFFLE = 2, VXG__H5_FLETCHER32 = 3 };

typedef struct vxg__h5_axis { /* of a pattern of blocks: begin of the first, steps, counts, sizes */
    int64_t start, step, count, block;
} vxg__h5_axis;

typedef struct vxg__h5_map { /* a part of a virtual dataset and where its elements are */
    int nto, nfrom;          /* axes; 0: all there is; -1: no regular pattern */
    vxg__h5_axis to[VXG_MAX_DIMS], from[VXG_MAX_DIMS];
    const char *file, *name; /* file ".": the same */
} vxg__h5_map;

typedef struct vxg__h5_source vxg__h5_source;

typedef struct vxg__h5_dataset {
    vxg__h5_session *session; /* NULL: none */
    int64_t number;
    int ndim, depth; /* depth: of virtual datasets in virtual datasets */
    int64_t shape[VXG_MAX_DIMS], chunk[VXG_MAX_DIMS];
    const char *dtype; /* "uint16"... */
    char kind;         /* u, i, f */
    int64_t bytes;     /* of one element in the file */
    int big;           /* byte order: big endian */
    int layout, raw, plain_edges;
    int64_t offset, stored, file_bytes;
    int nfilters, native; /* native: all filters are known here */
    vxg__h5_filter filters[VXG__H5_FILTERS];
    vxg__h5_map *maps;
    int64_t nmaps;
    char *words;             /* of the maps' names */
    vxg__h5_source *sources; /* that are open */
    int covered;             /* by sources: 1: all of it; -1: not all, or it is not known */
} vxg__h5_dataset;

int vxg__h5_kind_of(vxg__h5_session *s, const char *path, vxg__h5_kind *kind);
int vxg__h5_exists(vxg__h5_session *s, const char *path, int *exists);
/* "" where there is none or it cannot be read; only VXG_ERR_MEMORY is a failure. */
int vxg__h5_text_of(vxg__h5_session *s, const char *path, const char *attribute, char *out,
                    size_t size);

/* Opens a dataset and checks rank (0..VXG_MAX_DIMS), element type and that the file can hold it.
 * title is how messages call it: "a.h5: exchange/data". */
int vxg__h5_dataset_open(vxg__h5_session *s, const char *path, const char *title,
                         vxg__h5_dataset *out);
void vxg__h5_dataset_close(vxg__h5_dataset *d);

enum vxg__h5_as { /* the type of what is read */
                  VXG__H5_AS_FLOAT,
                  VXG__H5_AS_DOUBLE,
                  VXG__H5_AS_IS /* the file's own, in this machine's byte order */
};
/* Reads a block (all of it with start NULL) in C order. */
int vxg__h5_dataset_read(vxg__h5_dataset *d, const char *title, const int64_t *start,
                         const int64_t *count, enum vxg__h5_as as, void *dst);
/* The block sizes in which elements are cheapest to read (1 where any is), and the bytes that
 * reading takes beside dst, the helper included; the window counts in both processes. Of a virtual
 * dataset: of its first source. */
int vxg__h5_dataset_grain(vxg__h5_dataset *d, int64_t *grain, int64_t *memory);
/* A small dataset whole, as doubles; memory is taken only when the file really holds that many. */
int vxg__h5_read_doubles(vxg__h5_session *s, const char *path, const char *title, double **out,
                         int64_t *count);

/* ---- inside ---- */

/* A block on its way: where its first element goes, and how far apart neighbours on each axis are
 * there, in elements. */
typedef struct vxg__h5_target {
    void *dst;
    enum vxg__h5_as as;
    int64_t bytes; /* of an element there */
    int64_t step[VXG_MAX_DIMS];
} vxg__h5_target;

int vxg__h5_describe(vxg__h5_session *s, int64_t of, const char *file, const char *path,
                     vxg__h5_dataset *out); /* asks; no title in messages */
int vxg__h5_check_dataset(vxg__h5_dataset *d);
/* read.c, virtual.c: a block that lies in the dataset. */
int vxg__h5_read_block(vxg__h5_dataset *d, const int64_t *start, const int64_t *count,
                       const vxg__h5_target *to);
int vxg__h5_read_virtual(vxg__h5_dataset *d, const int64_t *start, const int64_t *count,
                         const vxg__h5_target *to);
/* cover.c: VXG_ERR_INPUT with the place when no source holds an element of the block. */
int vxg__h5_covered(vxg__h5_dataset *d, const int64_t *start, const int64_t *count);
int vxg__h5_virtual_grain(vxg__h5_dataset *d, int64_t *grain, int64_t *memory);
void vxg__h5_sources_close(vxg__h5_dataset *d);

/* decode.c: undoes the filters of a stored chunk of n bytes into a or b, which have room for
 * vxg__h5_decode_room bytes each. NULL, and *out is the chunk; or what is wrong, in words. */
int64_t vxg__h5_decode_room(const vxg__h5_dataset *d, int64_t chunk_bytes);
const char *vxg__h5_decode(const vxg__h5_dataset *d, uint32_t mask, int64_t chunk_bytes,
                           const uint8_t *stored, int64_t n, uint8_t *a, uint8_t *b,
                           const uint8_t **out);
int vxg__h5_filter_known(int64_t id);
const char *vxg__h5_filter_name(const vxg__h5_filter *f); /* "LZ4 (32004)" without the number */

/* convert.c: a box of `count` out of elements in the file's type (neighbours `from_step` apart). */
void vxg__h5_convert(const vxg__h5_dataset *d, const uint8_t *from, const int64_t *from_step,
                     const int64_t *count, const vxg__h5_target *to, const int64_t *place);
#endif
