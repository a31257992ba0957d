/* Private side of streamlines: what TRK, TCK and TRX share. */
#ifndef VXG_IO_TRACTS_H
#define VXG_IO_TRACTS_H

#include <voxgrad/tracts.h>

#include "io/io.h"

#include <string.h>

/* ---- A file from front to back ---- */
typedef struct vxg__source {
    int fd;
    char *path;
    struct stat was;
    int64_t size, begin; /* bytes of the file; where in it the buffer begins */
    uint8_t *buffer;
    size_t room, held, at;
} vxg__source;
/* Opens a regular file with a buffer of `room` bytes. */
int vxg__source_open(const char *path, size_t room, vxg__source *s);
void vxg__source_close(vxg__source *s);
int64_t vxg__source_at(const vxg__source *s); /* bytes from the file's begin */
int64_t vxg__source_left(const vxg__source *s);
void vxg__source_seek(vxg__source *s, int64_t at);
/* *p: the next bytes, *n of them, at least `least`, which is at most the buffer's room.
 * VXG_ERR_INPUT: the file ends before. vxg__source_skip: so many of them are done with. */
int vxg__source_peek(vxg__source *s, size_t least, const uint8_t **p, size_t *n);
void vxg__source_skip(vxg__source *s, size_t n);
int vxg__source_same(const vxg__source *s); /* VXG_ERR_INPUT: it changed while it was read */
/* Bytes of a buffer for reading within max_memory (0: none said), of which it takes a part. */
size_t vxg__source_room(int64_t max_memory);

/* ---- Streamlines on their way to the caller ---- */
typedef struct vxg__grown {
    void *p;
    size_t bytes;
} vxg__grown;
typedef struct vxg__lines {
    const vxg_tract_info *info;
    vxg_dtype dtype;
    int64_t lines, points; /* complete ones and those of the streamline that grows */
    int64_t most_lines, most_points, most_bytes; /* of a batch; 0 bytes: not said */
    vxg__grown offsets, positions, *values; /* values: of point columns, then of line columns */
    const void **point_values, **line_values;
} vxg__lines;
/* max_memory: the caller's limit, of which batches take three quarters at most. */
int vxg__lines_new(const vxg_tract_info *info, int64_t max_memory, vxg__lines *b);
void vxg__lines_free(vxg__lines *b);
void vxg__lines_begin(vxg__lines *b, int64_t most_lines, int64_t most_points, vxg_dtype dtype);
/* How many points one more streamline of this batch may have; -1: there is no more. An empty batch
 * takes any. */
int64_t vxg__lines_left(const vxg__lines *b);
/* Room for so many points in all, and one more streamline. */
int vxg__lines_room(vxg__lines *b, int64_t points, const char *path);
/* Element `at` of the positions (3 a point) and of a column (`components` each). */
static inline void *vxg__lines_position(const vxg__lines *b, int64_t at) {
    return (char *)b->positions.p + (size_t)at * 3 * vxg_dtype_size(b->dtype);
}
void *vxg__lines_point_value(const vxg__lines *b, int column, int64_t point);
void *vxg__lines_line_value(const vxg__lines *b, int column, int64_t line);
int64_t *vxg__lines_offsets(const vxg__lines *b);
void vxg__lines_end(vxg__lines *b); /* the streamline that grew ends at b->points */
void vxg__lines_give(vxg__lines *b, vxg_tract_batch *out);

/* ---- Info ---- */
int vxg__tract_info_copy(const vxg_tract_info *from, vxg_tract_info *to);
void vxg__tract_info_free(vxg_tract_info *info); /* of vxg__tract_info_copy, and lists of readers */
/* A name out of a file as one that a column may have: what may not be there becomes '_', and a name
 * that another of the n columns has gets a number. */
void vxg__tract_name(const char *from, size_t length, const vxg_tract_column *others, int n,
                     char name[64]);
/* Whether the affine leads voxels to places of their own. */
int vxg__tract_affine_good(const double affine[12]);

/* ---- Bytes on their way to a file ---- */
typedef struct vxg__sink {
    int fd;
    const char *path; /* for messages */
    int64_t done;     /* bytes handed in */
    uint8_t *buffer;
    size_t held;
    int sum; /* 1: crc is kept */
    uint32_t crc;
} vxg__sink;
int vxg__sink_open(int fd, const char *path, vxg__sink *s);
int vxg__sink_add(vxg__sink *s, const void *bytes, size_t n);
int vxg__sink_flush(vxg__sink *s);
void vxg__sink_free(vxg__sink *s);

/* ---- Files of a header, then one streamline after the other: TRK and TCK (tract_lines.c) ---- */
typedef struct vxg__line_file vxg__line_file;
struct vxg__line_file {
    vxg_tract_writer base;
    vxg__output out;
    vxg__sink sink;
    int size, broken;        /* size: TCK's bytes of a number; broken: a call has failed */
    int64_t lines, count_at; /* so far; where the header has its count */
    int (*add_line)(vxg__line_file *t, const vxg_tract_batch *b, int64_t line);
    int (*end)(vxg__line_file *t); /* what stands behind the last one, then the header's count */
};
/* like: its functions, size and count_at are the new file's. */
int vxg__line_file_create(const char *path, const vxg_tract_create_opts *o,
                          const vxg__line_file *like, const void *head, size_t bytes,
                          vxg_tract_writer **out);

/* ---- Numbers ---- */
static inline uint32_t vxg__u16le(const uint8_t *p) {
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}
static inline uint32_t vxg__u32le(const uint8_t *p) {
    return vxg__u16le(p) | vxg__u16le(p + 2) << 16;
}
static inline uint64_t vxg__u64le(const uint8_t *p) {
    return (uint64_t)vxg__u32le(p) | (uint64_t)vxg__u32le(p + 4) << 32;
}
void vxg__put_le(uint8_t *p, uint64_t v, int bytes);

/* ---- The formats' rows ---- */
int vxg__trk_sniff(const uint8_t *head, size_t n);
int vxg__trk_open(const char *path, const vxg_tract_open_opts *o, vxg_tract_reader **out);
int vxg__trk_create(const char *path, const vxg_tract_create_opts *o, vxg_tract_writer **out);
int vxg__tck_sniff(const uint8_t *head, size_t n);
int vxg__tck_open(const char *path, const vxg_tract_open_opts *o, vxg_tract_reader **out);
int vxg__tck_create(const char *path, const vxg_tract_create_opts *o, vxg_tract_writer **out);
int vxg__trx_sniff(const uint8_t *head, size_t n);
int vxg__trx_sniff_path(const char *path);
int vxg__trx_open(const char *path, const vxg_tract_open_opts *o, vxg_tract_reader **out);
int vxg__trx_create(const char *path, const vxg_tract_create_opts *o, vxg_tract_writer **out);

#endif
