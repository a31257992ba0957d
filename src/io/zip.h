/* Zip files as TRX uses them: members stored or deflated, read from front to back; written stored.
 * All sizes are checked against the file before memory is taken. */
#ifndef VXG_IO_ZIP_H
#define VXG_IO_ZIP_H

#include "io/tracts.h"

typedef struct vxg__zip_member {
    char *name;
    int64_t place;        /* of the local header */
    int64_t packed, size; /* bytes in the file, and unpacked */
    uint32_t crc;
    int deflated;
} vxg__zip_member;

typedef struct vxg__zip {
    vxg__zip_member *members; /* folders are left out */
    int64_t count, begin;     /* begin: of the central directory in the file */
} vxg__zip;

/* Reads the central directory of a file of so many bytes. VXG_ERR_INPUT: damaged; encrypted; a name
 * that leads out of the folder or is there twice; members that lie over one another. */
int vxg__zip_open(int fd, const char *path, int64_t bytes, vxg__zip *z);
void vxg__zip_free(vxg__zip *z);
/* Where a member's bytes begin, which its local header says. */
int vxg__zip_place(int fd, const char *path, const vxg__zip *z, const vxg__zip_member *m,
                   int64_t *at);

/* One member, or a file alone, from front to back. */
typedef struct vxg__zip_stream {
    int fd, own_fd; /* own_fd: closed with the stream */
    const char *path;
    char *name;          /* of the member, for messages; "": a file */
    int64_t at, end;     /* the next byte of the file, and the last one's */
    int64_t given, size; /* unpacked bytes */
    uint32_t crc, wanted;
    int summed; /* 1: wanted is known */
    void *inflate;
} vxg__zip_stream;
int vxg__zip_stream_member(int fd, const char *path, const vxg__zip *z, const vxg__zip_member *m,
                           vxg__zip_stream *s);
int vxg__zip_stream_file(const char *path, vxg__zip_stream *s);
/* The next n bytes. The checksum is compared when the last one is read. VXG_ERR_INPUT: there are
 * not so many, or they are damaged. */
int vxg__zip_stream_read(vxg__zip_stream *s, void *to, size_t n);
void vxg__zip_stream_close(vxg__zip_stream *s);

/* ---- Writing: members one after the other, stored ---- */
typedef struct vxg__zip_out {
    vxg__sink sink;
    vxg_text directory;
    int64_t count;
} vxg__zip_out;
int vxg__zip_begin(int fd, const char *path, vxg__zip_out *z);
/* The header of a member, whose bytes the caller adds to the sink then. */
int vxg__zip_add(vxg__zip_out *z, const char *name, int64_t size, uint32_t crc);
int vxg__zip_end(vxg__zip_out *z); /* the directory, and all bytes to the file */
void vxg__zip_out_free(vxg__zip_out *z);

#endif
