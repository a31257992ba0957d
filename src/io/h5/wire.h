/* What the library and its HDF5 helper say to each other.
 *
 * The helper (helper.c) is a process of its own that opens, walks and reads HDF5 files; a file that
 * crashes, hangs or bloats libhdf5 does it there. One request and one reply at a time go over a
 * socket: a head of fixed size, then a body of numbers and texts. Elements and stored chunks lie in
 * a window of memory that both see. The library believes nothing a reply says without a check.
 */
#ifndef VXG_IO_H5_WIRE_H
#define VXG_IO_H5_WIRE_H

#include "base/base.h"

#define VXG__H5_WIRE 2 /* the version of what follows */

enum vxg__h5_request {
    VXG__H5_OPEN = 1, /* path, follow -> file's id of 7 numbers */
    VXG__H5_KIND,     /* path -> vxg__h5_kind */
    VXG__H5_LIST,     /* path of a group, most -> n, then kind and name of each */
    VXG__H5_TEXT,     /* path, attribute -> text, numbers as text, "" when there is none */
    VXG__H5_DATASET,  /* of (-1: the file itself, else a dataset's number), file name ("": the
                         file of `of`), path -> the dataset's description (describe.c) */
    VXG__H5_CHUNKS,   /* dataset, place in the window, room, n, n offsets of ndim numbers ->
                         n done, then bytes and filter mask of each */
    VXG__H5_BOX,      /* dataset, place in the window, ndim starts, ndim counts -> */
    VXG__H5_CLOSE,    /* dataset -> */
    VXG__H5_FILES     /* first, most -> how many files there are, then of each: path, whether it
                         was opened, id of 7 numbers. They are those that were opened so far; with
                         first 0 those that open virtual datasets name too */
};

typedef enum vxg__h5_kind {
    VXG__H5_NOTHING,
    VXG__H5_GROUP,
    VXG__H5_SET, /* a dataset */
    VXG__H5_OTHER
} vxg__h5_kind;

enum vxg__h5_layout {
    VXG__H5_COMPACT,
    VXG__H5_CONTIGUOUS, /* also in external raw files */
    VXG__H5_CHUNKED,
    VXG__H5_VIRTUAL,
    VXG__H5_UNALLOCATED /* contiguous, and no element was ever written */
};

enum { VXG__H5_RANK = 32, VXG__H5_FILTERS = 32, VXG__H5_MOST_MAPS = 100000 };

/* A body. Reading past the end sets bad and gives 0 or "". */
typedef struct vxg__h5_body {
    uint8_t *p;
    size_t n, room, at;
    int bad; /* also: no memory while it was written */
} vxg__h5_body;

typedef struct vxg__h5_head {
    uint32_t bytes;         /* of the body */
    int32_t what;           /* a request; of a reply the status */
    int32_t wire, reserved; /* the version */
} vxg__h5_head;
#define VXG__H5_MOST_BODY ((size_t)64 << 20)

void vxg__h5_put(vxg__h5_body *b, int64_t v);
void vxg__h5_put_words(vxg__h5_body *b, const char *text);
int64_t vxg__h5_take(vxg__h5_body *b);
const char *vxg__h5_take_words(vxg__h5_body *b); /* inside the body */
void vxg__h5_body_clear(vxg__h5_body *b);        /* empty; its memory stays */
void vxg__h5_body_free(vxg__h5_body *b);

/* Sends and receives everything. 0, or -1 with errno; receiving: 0 also at the end of the stream,
 * told apart by *got. timeout in ms, < 0: none; -1 with ETIMEDOUT. */
int vxg__h5_send(int fd, const vxg__h5_head *head, const vxg__h5_body *body);
int vxg__h5_receive(int fd, int timeout, vxg__h5_head *head, vxg__h5_body *body, int *got);

#endif
