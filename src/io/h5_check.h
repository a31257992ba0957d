/* Looks over the metadata of an HDF5 file before libhdf5 does (h5_check.c, h5_check_message.c).
 *
 * libhdf5 trusts sizes and addresses in the old metadata formats, which carry no checksums: a
 * damaged file makes it read outside its buffers, recurse or loop without end. Here every structure
 * that can be reached by hard links is checked to lie in the file and to agree with its neighbours.
 * Formats with checksums (fractal heaps, version 2 B-trees, chunk indexes of version 4 layouts) are
 * left to libhdf5. Source: HDF5 File Format Specification, versions 1.1 to 3.0.
 */
#ifndef VXG_IO_H5_CHECK_H
#define VXG_IO_H5_CHECK_H

#include "io/io.h"

typedef struct vxg__h5_check {
    int fd;
    const char *path;
    int64_t bytes, base; /* of the file; where its addresses count from */
    int address, length; /* sizes in bytes of addresses and lengths in this file */
    int64_t *seen;       /* hash set of what was visited, 0: empty */
    int64_t seen_count, seen_room;
    int depth; /* of groups in groups */
} vxg__h5_check;

/* Bytes of the file and a place in them. Reading past the end sets bad and gives 0. */
typedef struct vxg__h5_bytes {
    const uint8_t *p, *end;
    int bad;
    int64_t at;      /* of the first byte in the file, for messages */
    uint8_t *memory; /* what to free */
} vxg__h5_bytes;

int vxg__h5_damaged(const vxg__h5_check *c, int64_t at, const char *what);
/* Loads n bytes at an address; VXG_ERR_INPUT when they are not all in the file. */
int vxg__h5_load(const vxg__h5_check *c, uint64_t address, uint64_t n, const char *what,
                 vxg__h5_bytes *out);
uint64_t vxg__h5_take(vxg__h5_bytes *b, int n); /* n-byte little-endian number */
void vxg__h5_skip(vxg__h5_bytes *b, uint64_t n);
/* A part of n bytes, which b then has behind it. */
vxg__h5_bytes vxg__h5_part(vxg__h5_bytes *b, uint64_t n);
uint64_t vxg__h5_address(const vxg__h5_check *c, vxg__h5_bytes *b); /* UINT64_MAX: undefined */
/* 1 when the key was there before; -1 without memory. */
int vxg__h5_visit(vxg__h5_check *c, int64_t key);

/* What a dataset's messages say, collected while they are read. */
typedef struct vxg__h5_object {
    int has_space, has_type, has_layout; /* 2: there, but shared and so not known here */
    int rank;
    double points; /* elements */
    int type_class;
    uint64_t type_size;
    int layout_class; /* 0 compact, 1 contiguous, 2 chunked, 3 virtual */
    int layout_version;
    int chunk_rank; /* with the element's axis */
    double chunk_bytes;
    uint64_t storage; /* compact: bytes; chunked: address of the B-tree */
    int deflate;      /* its place, when stored chunks are deflate streams of the chunk; else -1 */
    int resizing;     /* a filter that changes the size is there */
} vxg__h5_object;

int vxg__h5_check_object(vxg__h5_check *c, uint64_t address);
/* An old group: its B-tree and its local heap. */
int vxg__h5_check_group(vxg__h5_check *c, uint64_t tree, uint64_t heap);
/* An object of a global heap collection, of exactly so many bytes: libhdf5 copies as many as the
 * object has into room for as many as are wanted. UINT64_MAX: any. */
int vxg__h5_check_global(vxg__h5_check *c, uint64_t address, uint64_t index, uint64_t bytes);
/* One message of an object header. Continuations are handled by the caller. */
int vxg__h5_check_message(vxg__h5_check *c, vxg__h5_object *o, int type, int flags,
                          vxg__h5_bytes *b);

/* Checks the file behind fd. */
int vxg__h5_check_file(const char *path, int fd, int64_t bytes);

#endif
